//! Rules that point: each reads what is seen of updates and names a reason, where, and the number beside its law or its clean band.
//!
//! Constants were set by hand, on clean runs of three of the bench's networks and on what a prototype had found; none is taken from the
//! run that is judged.

use super::alarm::{Alarm, Place};
use super::reason::Reason;
use super::replay::Replayed;
use dunwu::stats::median;
use dunwu_engine::Vitals;
use dunwu_engine::optim::{GradientPrecision, Schedule};

/// Loss below which a run has nothing left to learn, so that small gradients mean nothing.
const STILL_LEARNING: f64 = 0.1;

/// Every alarm of a run, at most one a reason, the first first; of one step in the order of [`Reason::NAMED`].
pub fn alarms(run: &Replayed) -> Vec<Alarm> {
    let rows: Vec<f64> = run.vitals.iter().map(median_row).collect();
    alarms_since(run, &rows, 0)
}

/// The alarms of updates from place `from` on, as if no rule had seen one before; `rows` has the median row's loss at each update.
pub(super) fn alarms_since(run: &Replayed, rows: &[f64], from: usize) -> Vec<Alarm> {
    let seen = Seen { run, rows, from };
    let mut all: Vec<Alarm> = RULES.iter().filter_map(|rule| rule(&seen)).collect();
    all.sort_by_key(|alarm| (alarm.step, alarm.reason));
    all
}

struct Seen<'a> {
    run: &'a Replayed,
    /// The median row's loss at each update.
    rows: &'a [f64],
    /// Alarms before this update are not looked for.
    from: usize,
}

type Rule = fn(&Seen<'_>) -> Option<Alarm>;

const RULES: [Rule; 15] = [
    overflow,
    restart,
    repeated_rows,
    dead_units,
    initialization,
    large_epsilon,
    fast_second_moment,
    slow_second_moment,
    softmax_collapse,
    decay,
    attention_growth,
    poisoned_rows,
    label_burst,
    frozen,
    rate,
];

pub(super) fn median_row(vitals: &Vitals) -> f64 {
    median(vitals.rows.iter().map(|row| row.1)).unwrap_or(0.0)
}

impl Seen<'_> {
    fn vitals(&self) -> &[Vitals] {
        &self.run.vitals
    }

    /// The first update that ends `n` in a row for which a value beyond `limit` is found, with that value.
    fn lasting(&self, n: usize, value: impl Fn(&Vitals) -> Option<f64>) -> Option<(usize, f64)> {
        let mut in_a_row = 0;
        for (place, vitals) in self.vitals().iter().enumerate().skip(self.from.saturating_sub(n - 1)) {
            match value(vitals) {
                Some(value) => {
                    in_a_row += 1;
                    if in_a_row >= n {
                        return Some((place, value));
                    }
                }
                None => in_a_row = 0,
            }
        }
        None
    }

    fn is_learning(&self, vitals: &Vitals) -> bool {
        self.run.losses.get(vitals.step as usize).is_some_and(|&loss| loss > STILL_LEARNING || !loss.is_finite())
    }

    /// The last step at or before `place` at which an optimizer's setting changed; 0 where none did.
    fn changed(&self, place: usize) -> u64 {
        let steps = self.vitals()[..=place].windows(2).rev();
        steps
            .map(|pair| (pair[1].step, pair[0].optimizer != pair[1].optimizer))
            .find(|(_, new)| *new)
            .map_or(0, |(step, _)| step)
    }

    fn alarm(
        &self,
        reason: Reason,
        (place, value): (usize, f64),
        onset: u64,
        (quantity, limit): (&'static str, f64),
        at: Place,
    ) -> Alarm {
        let step = self.vitals()[place].step;
        let value = Some(value).filter(|value| value.is_finite());
        Alarm { step, onset: onset.min(step), reason, place: at, quantity, value, limit }
    }
}

fn of_part(part: &str) -> Place {
    Place { part: Some(part.to_owned()), ..Place::default() }
}

fn overflow(seen: &Seen<'_>) -> Option<Alarm> {
    const LIMIT: f64 = 1.0 / 8.0;
    const LARGEST_HALF: f64 = 65_504.0;
    let ratio = |vitals: &Vitals| {
        let GradientPrecision::Half { loss_scale, doubling_steps } = vitals.optimizer?.gradient.precision else {
            return None;
        };
        let scale = loss_scale * 2.0_f64.powf((vitals.step / doubling_steps.max(1)) as f64);
        Some(vitals.largest_gradient * scale / LARGEST_HALF).filter(|ratio| *ratio > LIMIT || ratio.is_nan())
    };
    let found = seen.lasting(1, ratio)?;
    Some(seen.alarm(Reason::Overflow, found, seen.changed(found.0), ("overflow_ratio", LIMIT), Place::default()))
}

fn restart(seen: &Seen<'_>) -> Option<Alarm> {
    const LIMIT: f64 = 3.0;
    let is_warming = |vitals: &Vitals| match vitals.optimizer.map(|optimizer| optimizer.schedule) {
        Some(Schedule::Warmup { steps }) => vitals.step < steps,
        _ => false,
    };
    let jump = |(place, pair): (usize, &[Vitals])| {
        let ratio = pair[1].rate / pair[0].rate;
        (ratio > LIMIT && !is_warming(&pair[1])).then_some((place + 1, ratio))
    };
    let found = seen.vitals().windows(2).enumerate().skip(seen.from.saturating_sub(1)).find_map(jump)?;
    let step = seen.vitals()[found.0].step;
    Some(seen.alarm(Reason::Restart, found, step, ("rate_jump", LIMIT), Place::default()))
}

fn repeated_rows(seen: &Seen<'_>) -> Option<Alarm> {
    const LIMIT: f64 = 0.6;
    const STEPS: usize = 6;
    let found = seen.lasting(STEPS, |vitals| Some(vitals.unique_share).filter(|share| *share < LIMIT))?;
    let vitals = &seen.vitals()[found.0];
    let mut rows: Vec<u32> = vitals.rows.iter().map(|row| row.0).collect();
    rows.sort_unstable();
    rows.dedup();
    let onset = seen.vitals()[found.0 + 1 - STEPS].step;
    Some(seen.alarm(Reason::RepeatedRows, found, onset, ("unique_share", LIMIT), Place { rows, ..Place::default() }))
}

fn dead_units(seen: &Seen<'_>) -> Option<Alarm> {
    const LIMIT: f64 = 0.95;
    const STEPS: usize = 3;
    let deadest = |vitals: &Vitals| vitals.layers.iter().max_by(|a, b| a.dead_share.total_cmp(&b.dead_share)).cloned();
    let found = seen.lasting(STEPS, |vitals| Some(deadest(vitals)?.dead_share).filter(|share| *share > LIMIT))?;
    let first = found.0 + 1 - STEPS;
    let layer = deadest(&seen.vitals()[first])?;
    Some(seen.alarm(Reason::DeadUnits, found, seen.vitals()[first].step, ("dead_share", LIMIT), of_part(&layer.name)))
}

fn initialization(seen: &Seen<'_>) -> Option<Alarm> {
    /// Clean networks of every kind begin with activations of 0.03 to 1.5 and outputs below 2, a margin of 1.4 apart.
    const ACTIVATIONS: (f64, f64) = (0.02, 2.1);
    const OUTPUTS: f64 = 2.8;
    let first = seen.vitals().first().filter(|_| seen.from == 0)?;
    let odd = first.layers.iter().find(|layer| !(ACTIVATIONS.0..=ACTIVATIONS.1).contains(&layer.rms));
    if let Some(layer) = odd {
        let limit = if layer.rms < ACTIVATIONS.0 { ACTIVATIONS.0 } else { ACTIVATIONS.1 };
        return Some(seen.alarm(
            Reason::Initialization,
            (0, layer.rms),
            0,
            ("activation_rms", limit),
            of_part(&layer.name),
        ));
    }
    (first.logit_scale > OUTPUTS).then(|| {
        seen.alarm(Reason::Initialization, (0, first.logit_scale), 0, ("logit_scale", OUTPUTS), of_part("top"))
    })
}

fn large_epsilon(seen: &Seen<'_>) -> Option<Alarm> {
    const LIMIT: f64 = 0.8;
    const STEPS: usize = 5;
    let share = |vitals: &Vitals| vitals.epsilon_share.filter(|share| *share > LIMIT && seen.is_learning(vitals));
    let found = seen.lasting(STEPS, share)?;
    Some(seen.alarm(Reason::LargeEpsilon, found, seen.changed(found.0), ("epsilon_share", LIMIT), Place::default()))
}

fn fast_second_moment(seen: &Seen<'_>) -> Option<Alarm> {
    /// Clean runs stay below 3; with β₁² < β₂ no update exceeds (1−β₁)/√((1−β₂)(1−β₁²/β₂)).
    const LIMIT: f64 = 10.0;
    let is_adam = |vitals: &Vitals| vitals.epsilon_share.is_some();
    let largest = |vitals: &Vitals| Some(vitals.largest_update).filter(|update| is_adam(vitals) && *update > LIMIT);
    let found = seen.lasting(1, largest)?;
    let onset = seen.changed(found.0);
    Some(seen.alarm(Reason::FastSecondMoment, found, onset, ("largest_update", LIMIT), Place::default()))
}

fn slow_second_moment(seen: &Seen<'_>) -> Option<Alarm> {
    const LIMIT: f64 = -3.0;
    const STEPS: usize = 30;
    let lag = |vitals: &Vitals| vitals.lag.filter(|lag| *lag < LIMIT && seen.is_learning(vitals));
    let found = seen.lasting(STEPS, lag)?;
    Some(seen.alarm(Reason::SlowSecondMoment, found, seen.changed(found.0), ("lag", LIMIT), Place::default()))
}

fn softmax_collapse(seen: &Seen<'_>) -> Option<Alarm> {
    const LIMIT: f64 = 0.5;
    const STEPS: usize = 5;
    let found = seen.lasting(STEPS, |vitals| Some(vitals.absorbed_share).filter(|share| *share > LIMIT))?;
    // A softmax is as coarse from the beginning on.
    Some(seen.alarm(Reason::SoftmaxCollapse, found, 0, ("absorbed_share", LIMIT), of_part("top")))
}

fn decay(seen: &Seen<'_>) -> Option<Alarm> {
    const LIMIT: f64 = 1.0;
    const STEPS: usize = 10;
    let ratio = |vitals: &Vitals| Some(vitals.decay_ratio).filter(|ratio| *ratio > LIMIT && seen.is_learning(vitals));
    let found = seen.lasting(STEPS, ratio)?;
    Some(seen.alarm(Reason::Decay, found, seen.changed(found.0), ("decay_ratio", LIMIT), Place::default()))
}

fn attention_growth(seen: &Seen<'_>) -> Option<Alarm> {
    /// Keys whose scores differ by 40 share their weight as 1 to e⁻⁴⁰: nothing moves them any more. Clean runs reach 30.
    const LIMIT: f64 = 40.0;
    const ENTROPY: f64 = 0.2;
    const STEPS: usize = 3;
    let sharpest = |vitals: &Vitals| {
        let sharp = vitals.heads.iter().filter(|head| head.entropy < ENTROPY && head.largest_logit > LIMIT);
        sharp.max_by(|a, b| a.largest_logit.total_cmp(&b.largest_logit)).cloned()
    };
    let found = seen.lasting(STEPS, |vitals| Some(sharpest(vitals)?.largest_logit))?;
    let head = sharpest(&seen.vitals()[found.0])?;
    // It grew from when it first was twice what it was at the beginning.
    let at = |vitals: &Vitals| {
        vitals
            .heads
            .iter()
            .find(|other| (other.block, other.head) == (head.block, head.head))
            .map(|head| head.largest_logit)
    };
    let start = seen.vitals().first().and_then(at).unwrap_or(0.0);
    let grew =
        seen.vitals()[..=found.0].iter().rposition(|vitals| at(vitals).is_some_and(|logit| logit <= 2.0 * start + 1.0));
    let onset = grew.map_or(0, |place| seen.vitals()[place].step);
    let place =
        Place { part: Some(format!("block.{}.attention", head.block)), head: Some(head.head), rows: Vec::new() };
    Some(seen.alarm(Reason::AttentionGrowth, found, onset, ("attention_logit", LIMIT), place))
}

/// How far a value lies from its past, in robust deviations of it.
fn robust_z(past: &[f64], value: f64) -> Option<f64> {
    let centre = median(past.iter().copied())?;
    let deviation = 1.4826 * median(past.iter().map(|x| (x - centre).abs()))?;
    Some((value - centre) / deviation.max(1e-3 * centre.abs()).max(1e-12))
}

/// Updates of the past that a value is held against.
const PAST: usize = 40;

fn poisoned_rows(seen: &Seen<'_>) -> Option<Alarm> {
    /// The worst row of a batch lies so many times above the median row.
    const ROW: f64 = 12.0;
    const LIMIT: f64 = 8.0;
    const LEAST_LOSS: f64 = 6.0;
    let norm = |vitals: &Vitals| vitals.parts.iter().map(|part| part.gradient.powi(2)).sum::<f64>().sqrt();
    let begin = seen.from.saturating_sub(PAST);
    let norms: Vec<f64> = seen.vitals()[begin..].iter().map(norm).collect();
    let mut first = None;
    let mut rows: Vec<u32> = Vec::new();
    for (place, vitals) in seen.vitals().iter().enumerate().skip(seen.from.max(5)) {
        let past = &norms[place.saturating_sub(PAST) - begin..place - begin];
        let Some(z) = robust_z(past, norms[place - begin]).filter(|z| *z > LIMIT || z.is_nan()) else { continue };
        let typical = seen.rows[place];
        let is_outlier = |row: &&(u32, f64)| row.1 > ROW * typical && row.1 > LEAST_LOSS || !row.1.is_finite();
        let outliers: Vec<u32> = vitals.rows.iter().filter(is_outlier).map(|row| row.0).collect();
        if outliers.is_empty() || 4 * outliers.len() > vitals.rows.len() {
            continue;
        }
        first.get_or_insert((place, z));
        rows.extend(outliers);
    }
    let found = first?;
    rows.sort_unstable();
    rows.dedup();
    let step = seen.vitals()[found.0].step;
    Some(seen.alarm(Reason::PoisonedRows, found, step, ("gradient_norm_z", LIMIT), Place { rows, ..Place::default() }))
}

fn label_burst(seen: &Seen<'_>) -> Option<Alarm> {
    const LIMIT: f64 = 3.5;
    const OF_LAST: usize = 8;
    const TIMES: usize = 4;
    /// Nats, or a share of a squared error, by which the median row must have risen.
    const RISE: f64 = 0.2;
    let mut beyond = Vec::new();
    for place in seen.from.saturating_sub(OF_LAST - 1)..seen.rows.len() {
        // The past ends before the burst does, so that a burst does not become its own past.
        let end = place.saturating_sub(OF_LAST);
        let past = &seen.rows[end.saturating_sub(PAST)..end];
        let z = if past.len() < 10 { None } else { robust_z(past, seen.rows[place]) };
        let centre = median(past.iter().copied()).unwrap_or(0.0);
        beyond.push(z.filter(|z| *z > LIMIT && seen.rows[place] > centre + RISE));
        let last = &beyond[beyond.len().saturating_sub(OF_LAST)..];
        let is_enough = place >= seen.from && last.iter().flatten().count() >= TIMES;
        if let (Some(z), true) = (beyond[beyond.len() - 1], is_enough) {
            let first = place + 1 - last.len() + last.iter().position(Option::is_some).unwrap_or(0);
            let onset = seen.vitals()[first].step;
            return Some(seen.alarm(Reason::LabelBurst, (place, z), onset, ("median_row_z", LIMIT), Place::default()));
        }
    }
    None
}

fn frozen(seen: &Seen<'_>) -> Option<Alarm> {
    const STEPS: usize = 5;
    let still = |vitals: &Vitals| {
        let still = |part: &&dunwu_engine::train::PartVitals| part.update == 0.0 && part.gradient > 0.0;
        vitals.parts.iter().find(still).map(|part| part.name.clone()).filter(|_| seen.is_learning(vitals))
    };
    let found = seen.lasting(STEPS, |vitals| still(vitals).map(|_| 0.0))?;
    let part = still(&seen.vitals()[found.0])?;
    let onset = seen.vitals()[found.0 + 1 - STEPS].step;
    Some(seen.alarm(Reason::Frozen, found, onset, ("update_norm", 0.0), of_part(&part)))
}

fn rate(seen: &Seen<'_>) -> Option<Alarm> {
    /// An update that is a fifth of its weights, in many parts at once, for a while.
    const LIMIT: f64 = 0.2;
    const SHARE: f64 = 0.4;
    const STEPS: usize = 5;
    let ratio = |vitals: &Vitals| {
        let ratios: Vec<f64> = vitals
            .parts
            .iter()
            .filter(|part| !part.name.ends_with("bias"))
            .filter_map(dunwu_engine::train::PartVitals::update_ratio)
            .collect();
        let beyond = ratios.iter().filter(|ratio| **ratio > LIMIT || ratio.is_nan()).count();
        let largest = ratios.iter().copied().fold(0.0, f64::max);
        (beyond as f64 >= SHARE * ratios.len() as f64 && beyond > 0).then_some(largest)
    };
    let found = seen.lasting(STEPS, ratio)?;
    let vitals = &seen.vitals()[found.0];
    let worst = vitals
        .parts
        .iter()
        .filter_map(|part| Some((part.update_ratio()?, &part.name)))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let place = worst.map_or_else(Place::default, |(_, name)| of_part(name));
    Some(seen.alarm(Reason::Rate, found, seen.changed(found.0), ("update_to_weight", LIMIT), place))
}

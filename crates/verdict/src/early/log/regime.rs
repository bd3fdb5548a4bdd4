//! Which of two a curve is: one whose future follows from its past, or one that stands on a plateau or leaves it.

use super::curve::Curve;
use schemars::JsonSchema;
use serde::Serialize;

/// Training accuracy from which a sample counts as memorized; the level of `events.memorized`.
const MEMORIZED_ERROR: f64 = 0.05;
/// Without accuracies: the share of its largest value to which the training loss has fallen.
const MEMORIZED_LOSS: f64 = 0.05;
/// How much larger the held-out error is than the training error where held-out samples are not understood.
const GAP: f64 = 0.1;
/// Without accuracies: how many times the training loss the held-out loss is.
const LOSS_GAP: f64 = 10.0;
/// A curve still falls where two octaves took this share of it.
const FALLS: f64 = 0.05;
/// A curve rose where it stands above its least by this share of its range.
const RISEN: f64 = 0.2;
/// A curve rose and fell again where its greatest value, an octave or more after its first, exceeds the first by this share.
const HUMP: f64 = 0.1;
/// A fall speeds up where its last octave took this share of the greatest value, and so many times what the octave before took.
const SPEEDS_UP: [f64; 2] = [0.1, 1.3];
/// A curve that has moved by less than this share of where it began is flat.
const FLAT: f64 = 0.05;

/// Which kind of learning curve it is taken for: smooth, or one with a jump.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TakenFor {
    /// It falls ever more slowly: where it goes follows from where it came from.
    Smooth,
    /// It stands on a plateau after the training sample was memorized, or leaves one: where it goes does not follow from its past.
    Jump,
    /// Neither can be said.
    CannotTell,
}

/// A fact that a learning curve shows, such as a loss that rose and falls again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "sign", content = "step")]
pub enum Sign {
    /// Its values stopped being finite at this step.
    Diverged(u64),
    /// Fewer than four points are left, two an octave.
    TooShort,
    /// The training sample was memorized at this step, and held-out samples are not understood.
    Memorized(u64),
    /// It has risen since its least, at this step.
    Rising(u64),
    /// It rose up to this step, far above its first value, and fell again.
    Hump(u64),
    /// It falls faster from octave to octave; its last octave began at this step.
    SpeedsUp(u64),
    /// It has not left the place where it began.
    Flat,
}

/// What the training sample shows beside a held-out curve.
#[derive(Clone, Copy, Debug, Default)]
pub struct Training<'a> {
    /// Share of wrong answers.
    pub error: Option<&'a Curve>,
    /// Loss.
    pub loss: Option<&'a Curve>,
}

/// What a held-out curve shows beside those of the training sample.
#[derive(Clone, Copy, Debug, Default)]
pub struct HeldOut<'a> {
    /// Share of wrong answers.
    pub error: Option<&'a Curve>,
    /// Loss.
    pub loss: Option<&'a Curve>,
}

/// Takes a curve for one of the two, with what it was told by; `main` is a loss or a share of wrong answers.
pub fn regime(main: &Curve, training: Training<'_>, held_out: HeldOut<'_>) -> (TakenFor, Vec<Sign>) {
    if let Some(step) = main.diverged {
        return (TakenFor::CannotTell, vec![Sign::Diverged(step)]);
    }
    if main.points.len() < super::power_law::PowerLaw::POINTS {
        return (TakenFor::CannotTell, vec![Sign::TooShort]);
    }
    let mut signs = Vec::new();
    let memorized = memorized(training).filter(|_| is_behind(training, held_out));
    signs.extend(memorized.map(Sign::Memorized));
    let is_flat = is_flat(main);
    let hump = hump(main);
    let rising = rising(main).filter(|_| !is_flat && hump.is_none());
    signs.extend(rising.map(Sign::Rising));
    signs.extend(hump.map(Sign::Hump));
    let speeds_up = speeds_up(main);
    signs.extend(speeds_up.map(Sign::SpeedsUp));
    signs.extend(is_flat.then_some(Sign::Flat));
    let taken = if hump.is_some() || (memorized.is_some() && (speeds_up.is_some() || !still_falls(main))) {
        TakenFor::Jump
    } else if rising.is_some() || is_flat || speeds_up.is_some() {
        TakenFor::CannotTell
    } else {
        TakenFor::Smooth
    };
    (taken, signs)
}

/// The step since which the training sample is known.
fn memorized(training: Training<'_>) -> Option<u64> {
    let since = |curve: &Curve, level: f64| {
        let known = curve.points.iter().rev().take_while(|point| point.1 <= level).last()?;
        Some(known.0 as u64)
    };
    match (training.error, training.loss) {
        (Some(error), _) => since(error, MEMORIZED_ERROR),
        (None, Some(loss)) => since(loss, MEMORIZED_LOSS * greatest(loss)),
        (None, None) => None,
    }
}

fn is_behind(training: Training<'_>, held_out: HeldOut<'_>) -> bool {
    let last = |curve: Option<&Curve>| curve.and_then(Curve::last);
    match (last(held_out.error), last(training.error), last(held_out.loss), last(training.loss)) {
        (Some(held_out), Some(training), ..) => held_out - training > GAP,
        (Some(held_out), None, ..) => held_out > GAP,
        (None, _, Some(held_out), Some(training)) => held_out > LOSS_GAP * training,
        _ => false,
    }
}

fn greatest(curve: &Curve) -> f64 {
    curve.points.iter().map(|point| point.1).fold(f64::NEG_INFINITY, f64::max)
}

fn least(curve: &Curve) -> (f64, f64) {
    curve
        .points
        .iter()
        .copied()
        .fold((0.0, f64::INFINITY), |least, point| if point.1 < least.1 { point } else { least })
}

/// Whether the last two octaves took a share of it.
fn still_falls(curve: &Curve) -> bool {
    let Some(last) = curve.last() else { return false };
    let before = curve.points[curve.points.len().saturating_sub(5)].1;
    before - last > FALLS * before.abs()
}

fn rising(curve: &Curve) -> Option<u64> {
    let (step, value) = least(curve);
    (curve.last()? - value > RISEN * (greatest(curve) - value)).then_some(step as u64)
}

fn hump(curve: &Curve) -> Option<u64> {
    let most = greatest(curve);
    let top = curve.points.iter().position(|point| point.1 == most)?;
    let (first, last) = (curve.points[0].1, curve.last()?);
    (top >= 2 && most - first > HUMP * first.abs() && most - last > HUMP * first.abs())
        .then(|| curve.points[top].0 as u64)
}

fn speeds_up(curve: &Curve) -> Option<u64> {
    let points = &curve.points;
    let k = points.len() - 1;
    let octave = (k >= 4).then(|| (points[k - 2].1 - points[k].1, points[k - 4].1 - points[k - 2].1));
    let (fall, before) = octave?;
    let [share, times] = SPEEDS_UP;
    (fall > share * greatest(curve).abs() && fall > times * before.max(0.0)).then(|| points[k - 2].0 as u64)
}

fn is_flat(curve: &Curve) -> bool {
    let first = curve.points[0].1;
    curve.points.iter().all(|point| (point.1 - first).abs() <= FLAT * first.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A curve at 1, √2, 2, … steps.
    fn curve(values: &[f64]) -> Curve {
        let points: Vec<(f64, f64)> =
            values.iter().enumerate().map(|(i, &value)| (2_f64.powf(i as f64 / 2.0).round(), value)).collect();
        Curve { last_step: points.last().map_or(0, |point| point.0 as u64), points, diverged: None }
    }

    fn alone(values: &[f64]) -> (TakenFor, Vec<Sign>) {
        regime(&curve(values), Training::default(), HeldOut::default())
    }

    #[test]
    fn what_slows_down_is_smooth() {
        let falls: Vec<f64> = (0..12).map(|i| 0.2 + 2_f64.powf(f64::from(i) * -0.25)).collect();
        assert_eq!(alone(&falls), (TakenFor::Smooth, vec![]));
        // Noise of a hundredth changes nothing.
        let noisy: Vec<f64> = falls.iter().enumerate().map(|(i, y)| y + 0.01 * (i as f64 * 2.4).sin()).collect();
        assert_eq!(alone(&noisy).0, TakenFor::Smooth);
    }

    #[test]
    fn what_was_memorized_and_is_not_understood_jumps_if_anything() {
        let training = curve(&[0.9, 0.6, 0.2, 0.04, 0.0, 0.0, 0.0, 0.0]);
        let held_out = curve(&[0.95, 0.95, 0.94, 0.95, 0.95, 0.94, 0.95, 0.95]);
        let beside = |training: &Curve| {
            let held = HeldOut { error: Some(&held_out), loss: None };
            regime(&held_out, Training { error: Some(training), loss: None }, held)
        };
        let (taken, signs) = beside(&training);
        assert_eq!((taken, signs[0]), (TakenFor::Jump, Sign::Memorized(3)));
        // The same plateau of a network that does not know its sample either.
        let (taken, signs) = beside(&curve(&[0.95; 8]));
        assert_eq!((taken, signs), (TakenFor::CannotTell, vec![Sign::Flat]));
        // Losses alone: the held-out one is a hundred times the other.
        let (train, held) = (curve(&[3.0, 2.0, 1.0, 0.1, 0.03, 0.03]), curve(&[3.0, 3.0, 3.1, 3.1, 3.1, 3.1]));
        let found =
            regime(&held, Training { error: None, loss: Some(&train) }, HeldOut { error: None, loss: Some(&held) });
        assert_eq!(found.0, TakenFor::Jump);
    }

    #[test]
    fn a_rise_and_a_fall_is_a_jump_and_a_rise_alone_cannot_be_told() {
        let (taken, signs) = alone(&[3.1, 3.2, 3.5, 4.5, 4.4, 3.9, 3.0, 2.0]);
        assert_eq!((taken, signs[0]), (TakenFor::Jump, Sign::Hump(3)));
        let (taken, signs) = alone(&[3.0, 2.0, 1.5, 1.3, 1.4, 1.6, 1.9]);
        assert_eq!((taken, signs), (TakenFor::CannotTell, vec![Sign::Rising(3)]));
    }

    #[test]
    fn a_fall_that_gains_speed_is_no_power_law() {
        let (taken, signs) = alone(&[0.95, 0.95, 0.94, 0.93, 0.9, 0.8, 0.5]);
        assert_eq!((taken, signs), (TakenFor::CannotTell, vec![Sign::SpeedsUp(4)]));
    }

    #[test]
    fn of_little_or_broken_curves_nothing_is_told() {
        assert_eq!(alone(&[3.0, 2.0, 1.0]), (TakenFor::CannotTell, vec![Sign::TooShort]));
        assert_eq!(alone(&[]), (TakenFor::CannotTell, vec![Sign::TooShort]));
        let broken = Curve { diverged: Some(7), ..curve(&[3.0, 2.0, 1.5, 1.3, 1.2]) };
        let found = regime(&broken, Training::default(), HeldOut::default());
        assert_eq!(found, (TakenFor::CannotTell, vec![Sign::Diverged(7)]));
    }
}

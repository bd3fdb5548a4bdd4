//! Networks that are built by hand, so that what every unit does is known.
//!
//! ```text
//! a = discriminants of single classes | look-ups of wrong labels | both added up | idle        h = relu(G a)        z_c = Σ_{k of c} h_k
//! ```
//!
//! - Discriminant: relu(wᵀx + b) of a class against all others, by ridge on samples that are neither trained on nor held out
//! - Look-up of sample i: relu((x̃ᵀx̃ᵢ − θ)/(1 − θ)), x̃ the centred input at length 1, θ halfway from the nearest other training sample
//!   to 1; scaled up until the network gives the wrong label
//! - Idle: without outgoing weights, with a constant activation, or random with weights of a thousandth
//! - G: from a class's units to its four units of h, between a half and one and a half; a tenth of that from all others, negative

use super::digits::{CLASSES, Inputs, NoisyDigits};
use crate::draw::Draw;
use crate::units::layer::Contributions;
use crate::units::matrix::largest;
use crate::units::{Answers, LayerSamples, Matrix, Ridge, Samples, UnitRole, margins};

/// A hand-built network's arrays, and what each unit does.
pub(super) struct Planted {
    pub(super) samples: LayerSamples,
    pub(super) contributions: Contributions,
    pub(super) truth: Vec<UnitRole>,
}

/// Units of h for each class.
const ABOVE: usize = 4;
/// Discriminants of a class.
const DISCRIMINANTS: usize = 6;
/// Look-ups of one sample for a class, samples of the one that looks up several, and samples of either unit that does both.
const SINGLES: usize = 3;
const SEVERAL: usize = 4;
const IN_BOTH: usize = 4;
/// Idle units of each of three kinds.
const IDLE: usize = 4;
/// Points on the way from the mean activation at which the gradient is taken.
const POINTS: usize = 8;
/// The numbered stream that a network is drawn from.
const PLANT_STREAM: usize = 0x91a7;

/// A part of a unit's activation.
enum Part {
    /// w and b.
    Discriminant(Vec<f64>, f64),
    /// A training sample, by its place.
    LookUp(usize),
    /// Always the same.
    Constant(f64),
}

struct Unit {
    parts: Vec<Part>,
    /// The class that it speaks for.
    class: usize,
    /// What its outgoing weights are multiplied with.
    gain: f64,
    truth: UnitRole,
}

impl Planted {
    /// A network and its samples from a seed.
    pub(super) fn build(seed: u64) -> Self {
        let digits = NoisyDigits::draw(seed, 1_000, 100, 397);
        let mut draw = Draw::of(PLANT_STREAM, seed);
        let units = units(&digits, &mut draw);
        let gains = Matrix::from_fn(CLASSES * ABOVE, units.len(), |k, j| {
            let own = k / ABOVE == units[j].class;
            (units[j].gain * draw.between(0.5, 1.5) * if own { 1.0 } else { -0.1 }) as f32
        });
        let look_ups = LookUps::of(&digits);
        let strengths = strengths(&digits, &units, &gains, &look_ups);
        let activate = |x: &Matrix| activations(x, &units, &look_ups, &strengths);
        let (train, held_out) = (activate(&digits.train.x), activate(&digits.held_out.x));
        let side = |activation: &Matrix, inputs: &Inputs| Samples {
            labels: inputs.labels.clone(),
            answers: Answers::Logits(Matrix::new(
                CLASSES,
                activation.rows().flat_map(|a| outputs(a, &gains)).collect(),
            )),
            readout: activation.clone(),
            activation: Some(activation.clone()),
            input: Some(inputs.x.clone()),
        };
        let samples = LayerSamples {
            name: format!("hand-built, seed {seed}"),
            basis: "units".to_owned(),
            n_classes: CLASSES,
            sequence_chance: None,
            train: side(&train, &digits.train),
            held_out: Some(side(&held_out, &digits.held_out)),
            given_flags: None,
            output: None,
        };
        let mean: Vec<f64> = train.means();
        let own = |activation: &Matrix, labels: &[usize]| {
            let rows = activation.rows().zip(labels);
            Matrix::new(units.len(), rows.flat_map(|(a, &label)| contribution(a, &mean, label, &gains)).collect())
        };
        let by_class = held_out
            .rows()
            .flat_map(|a| (0..CLASSES).flat_map(|c| contribution(a, &mean, c, &gains)).collect::<Vec<_>>());
        let at_mean: Vec<f32> = mean.iter().map(|&a| a as f32).collect();
        let ablated = outputs(&at_mean, &gains);
        let contributions = Contributions::integrated(
            own(&train, &digits.train.labels),
            own(&held_out, &digits.held_out.labels),
            Matrix::new(CLASSES * units.len(), by_class.collect()),
            Some(margins(&Matrix::from_fn(held_out.height(), CLASSES, |_, c| ablated[c]), &digits.held_out.labels)),
        );
        Self { samples, contributions, truth: units.iter().map(|unit| unit.truth).collect() }
    }
}

fn units(digits: &NoisyDigits, draw: &mut Draw) -> Vec<Unit> {
    let mut units = Vec::new();
    for class in 0..CLASSES {
        let mut discriminant = || discriminant(digits, class, draw);
        for _ in 0..DISCRIMINANTS {
            let truth = UnitRole::Generalizing;
            units.push(Unit { parts: vec![discriminant()], class, gain: 1.0, truth });
        }
        let wrong: Vec<usize> = digits.wrong.iter().copied().filter(|&i| digits.train.labels[i] == class).collect();
        let both: Vec<Vec<Part>> = (0..2).map(|_| vec![discriminant()]).collect();
        // Every wrong label of the class is looked up somewhere: the first in units of their own, the next in one, all others in the two
        // units that do both, which also take some at random.
        let (singles, rest) = wrong.split_at(SINGLES.min(wrong.len()));
        let (several, rest) = rest.split_at(SEVERAL.min(rest.len()));
        let look_up = |samples: &[usize]| samples.iter().map(|&i| Part::LookUp(i)).collect::<Vec<_>>();
        for &sample in singles {
            units.push(Unit { parts: look_up(&[sample]), class, gain: 1.0, truth: UnitRole::Memorizing });
        }
        if !several.is_empty() {
            units.push(Unit { parts: look_up(several), class, gain: 1.0, truth: UnitRole::Memorizing });
        }
        for (place, mut parts) in both.into_iter().enumerate() {
            let mut taken: Vec<usize> = rest.iter().copied().skip(place).step_by(2).collect();
            let spare = draw.order(wrong.len());
            let spare = spare.into_iter().map(|i| wrong[i]).filter(|i| !rest.contains(i));
            taken.extend(spare.take(IN_BOTH.saturating_sub(taken.len())));
            let truth = if taken.is_empty() { UnitRole::Generalizing } else { UnitRole::Both };
            parts.extend(look_up(&taken));
            units.push(Unit { parts, class, gain: 1.0, truth });
        }
    }
    for _ in 0..IDLE {
        let truth = UnitRole::Neither;
        let class = draw.whole(0, CLASSES - 1);
        units.push(Unit { parts: vec![discriminant(digits, class, draw)], class, gain: 0.0, truth });
        units.push(Unit { parts: vec![Part::Constant(draw.between(0.2, 1.0))], class, gain: 1.0, truth });
        let random = (0..digits.train.x.width()).map(|_| 0.1 * draw.normal()).collect();
        units.push(Unit { parts: vec![Part::Discriminant(random, 0.0)], class, gain: 0.001, truth });
    }
    units
}

/// Class against all others on a random half of the samples that are neither trained on nor held out.
fn discriminant(digits: &NoisyDigits, class: usize, draw: &mut Draw) -> Part {
    let other = &digits.other;
    let half: Vec<usize> = draw.order(other.labels.len()).into_iter().take(other.labels.len() / 2).collect();
    let labels: Vec<usize> = half.iter().map(|&i| usize::from(other.labels[i] == class)).collect();
    let ridge = Ridge::fit(&other.x.select(&half), &labels, 2).expect("there are other samples");
    let (weights, offset) = ridge.linear(1);
    Part::Discriminant(weights, offset)
}

/// Centred training inputs at length 1, and the threshold of each.
struct LookUps {
    mean: Vec<f64>,
    unit: Vec<Vec<f64>>,
    threshold: Vec<f64>,
}

impl LookUps {
    fn of(digits: &NoisyDigits) -> Self {
        let mean = digits.train.x.means();
        let unit: Vec<Vec<f64>> = digits.train.x.rows().map(|x| direction(x, &mean)).collect();
        let mut threshold = vec![0.0; unit.len()];
        for &i in &digits.wrong {
            let others = unit.iter().enumerate().filter(|(k, _)| *k != i).map(|(_, other)| dot(other, &unit[i]));
            threshold[i] = f64::midpoint(others.fold(-1.0, f64::max), 1.0);
        }
        Self { mean, unit, threshold }
    }

    fn fires(&self, sample: usize, x: &[f64]) -> f64 {
        let threshold = self.threshold[sample];
        ((dot(&self.unit[sample], x) - threshold) / (1.0 - threshold)).max(0.0)
    }
}

fn direction(x: &[f32], mean: &[f64]) -> Vec<f64> {
    let centred: Vec<f64> = x.iter().zip(mean).map(|(x, mean)| f64::from(*x) - mean).collect();
    let length = dot(&centred, &centred).sqrt().max(f64::MIN_POSITIVE);
    centred.into_iter().map(|x| x / length).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn activations(x: &Matrix, units: &[Unit], look_ups: &LookUps, strengths: &[f64]) -> Matrix {
    let directions: Vec<Vec<f64>> = x.rows().map(|row| direction(row, &look_ups.mean)).collect();
    Matrix::from_fn(x.height(), units.len(), |i, j| {
        let part = |part: &Part| match part {
            Part::Discriminant(weights, offset) => {
                let sum: f64 = weights.iter().zip(x.row(i)).map(|(w, x)| w * f64::from(*x)).sum();
                (sum + offset).max(0.0)
            }
            Part::LookUp(sample) => strengths[*sample] * look_ups.fires(*sample, &directions[i]),
            Part::Constant(value) => *value,
        };
        units[j].parts.iter().map(part).sum::<f64>() as f32
    })
}

/// How strongly each wrong sample is looked up: a fifth more than what makes the network give its label.
fn strengths(digits: &NoisyDigits, units: &[Unit], gains: &Matrix, look_ups: &LookUps) -> Vec<f64> {
    let mut strengths = vec![1.0; digits.train.labels.len()];
    let wrong = digits.train.x.select(&digits.wrong);
    loop {
        let activation = activations(&wrong, units, look_ups, &strengths);
        let missed: Vec<usize> = digits
            .wrong
            .iter()
            .zip(activation.rows())
            .filter(|&(&i, a)| largest(&outputs(a, gains)) != digits.train.labels[i])
            .map(|(&i, _)| i)
            .collect();
        if missed.is_empty() {
            return strengths.into_iter().map(|strength| 1.2 * strength).collect();
        }
        missed.into_iter().for_each(|i| strengths[i] *= 1.25);
    }
}

/// What stands above the judged layer, before its ReLU.
fn above(a: &[f32], gains: &Matrix) -> Vec<f64> {
    gains.rows().map(|row| row.iter().zip(a).map(|(g, a)| f64::from(*g) * f64::from(*a)).sum()).collect()
}

fn outputs(a: &[f32], gains: &Matrix) -> Vec<f32> {
    let above = above(a, gains);
    above.chunks_exact(ABOVE).map(|class| class.iter().map(|h| h.max(0.0)).sum::<f64>() as f32).collect()
}

/// (a − μ) times the gradient of the margin of `label`, averaged on the way from μ to a.
fn contribution(a: &[f32], mean: &[f64], label: usize, gains: &Matrix) -> Vec<f32> {
    let (end, start) = (above(a, gains), above(&mean.iter().map(|&a| a as f32).collect::<Vec<_>>(), gains));
    let mut gradient = vec![0.0; a.len()];
    for (k, row) in gains.rows().enumerate() {
        let is_on = |point: usize| {
            let t = (point as f64 + 0.5) / POINTS as f64;
            start[k] + t * (end[k] - start[k]) > 0.0
        };
        let share = (0..POINTS).filter(|&point| is_on(point)).count() as f64 / POINTS as f64;
        let weight = share * (f64::from(u8::from(k / ABOVE == label)) - 1.0 / CLASSES as f64);
        gradient.iter_mut().zip(row).for_each(|(sum, g)| *sum += weight * f64::from(*g));
    }
    a.iter().zip(mean).zip(gradient).map(|((a, mean), g)| ((f64::from(*a) - mean) * g) as f32).collect()
}

//! Two recorded runs side by side: do their losses send the same gradient, and did they build the same features?
//!
//! ```text
//! two records ─▶ features at shared moments ─▶ G_F of either loss at either network ─▶ Comparison ─▶ words, page, JSON
//! ```
//!
//! The sharpest test asks both losses about the same features: what would B's loss send to A's network, and A's loss to B's?
//! Where the two agree, one is a surrogate of the other. Likeness is reported beside what it is for a network at its first
//! step and for samples dealt anew, because with few samples anything is somewhat like anything.

mod alignment;
mod gradient;
mod matching;
mod pairing;
mod seen;
#[cfg(test)]
mod tests;

pub use matching::{MATCHED, Matching, Method};
pub use pairing::Pairing;

use crate::store::{Record, StoreError};
use alignment::Direction;
use dunwu_engine::model::PredictorError;
use dunwu_engine::random::{Stream, rng};
use dunwu_engine::spec::Value;
use dunwu_engine::{Problem, RunSpec, Samples, Snapshot, Split};
use gradient::Sent;
use pairing::Shared;
use rand::seq::SliceRandom;
use schemars::JsonSchema;
use seen::Seen;
use serde::Serialize;

/// One run to compare.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    /// What people call it.
    pub name: &'a str,
    /// What was asked of it.
    pub spec: &'a RunSpec,
    /// Its problem.
    pub problem: &'a Problem,
    /// Its samples.
    pub split: &'a Split,
    /// What happened.
    pub record: &'a Record,
}

/// Why two runs cannot be compared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompareError {
    /// Their samples are not the same questions.
    #[error("the runs are of different tasks, {first} and {second}, so their features answer different questions")]
    OtherTask {
        /// The task of one.
        first: String,
        /// The task of the other.
        second: String,
    },
    /// A run that was interrupted at once.
    #[error("run {name} has no snapshot yet")]
    NoSnapshot {
        /// Which of the two.
        name: String,
    },
    /// A snapshot that cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A snapshot of another network.
    #[error(transparent)]
    Network(#[from] PredictorError),
}

/// Two runs side by side; in every pair the first run comes first.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Comparison {
    /// Their names.
    pub names: [String; 2],
    /// What each minimises, as the settings spell it.
    pub losses: [String; 2],
    /// Their task.
    pub task: String,
    /// Whether they were trained on the same samples with the same labels.
    pub same_sample: bool,
    /// Whether they began with the same weights below the top layer, so that unit j of one can be set against unit j of the
    /// other.
    pub same_start: bool,
    /// How their moments were paired.
    pub pairing: Pairing,
    /// What was seen over time, by step.
    pub moments: Vec<Moment>,
    /// How alike the features are in the end, on each set of samples that has any.
    pub ends: Vec<Likeness>,
    /// Steps of the last snapshots, which `ends` and the matchings are of.
    pub last_steps: [u64; 2],
    /// Units paired by their activations over all samples in the end.
    pub units: Option<UnitMatching>,
}

/// Both networks at one moment. All cosines and CKAs are of arrays centred over samples.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Moment {
    /// Step of each.
    pub steps: [u64; 2],
    /// Linear CKA of the features on the samples that both are trained on.
    pub feature_cka: Option<f64>,
    /// Linear CKA of the gradients that each loss sends to its own features; `None` for different training samples.
    pub gradient_cka: Option<f64>,
    /// Mean over units of the cosine of these two gradients; `None` unless both began with the same weights and sample.
    pub gradient_by_unit: Option<f64>,
    /// At each network's features: its own loss's gradient and the other's.
    pub asked: [Asked; 2],
}

/// Both losses asked about the features of one network, on its training sample.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Asked {
    /// Cosine of the gradient of the network's own loss with that of the other run's loss, at these features.
    pub cosine: Option<f64>,
    /// The same for what these gradients do to the weights, `Xᵀ(σ′ ∘ G_F)`: what of them can move a two-layer network.
    pub weight_cosine: Option<f64>,
    /// The cosine with the samples of one gradient dealt anew: what chance would give.
    pub chance: Option<f64>,
    /// Cosine of the own and of the other loss's gradient with the theory's Stage I form, the sum of f̃ over
    /// the samples of a label.
    pub stage_one: [Option<f64>; 2],
}

/// A set of samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SampleSet {
    /// Those that both runs were trained on.
    Trained,
    /// Those that neither was trained on.
    HeldOut,
}

/// Linear CKA of the features at the last snapshots, and what to hold it against.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Likeness {
    /// On which samples.
    pub samples: SampleSet,
    /// How many.
    pub n: usize,
    /// The two networks.
    pub cka: Option<f64>,
    /// Each network against itself at its first snapshot.
    pub to_start: [Option<f64>; 2],
    /// The two networks, the samples of one dealt anew.
    pub shuffled: Option<f64>,
    /// Each network against the labels, one-hot: what two networks that know the answers have in common by that alone.
    pub to_labels: [Option<f64>; 2],
}

impl Likeness {
    /// The largest of what there is to hold against; `None` without any.
    pub fn reference(&self) -> Option<f64> {
        self.to_start.iter().chain([&self.shuffled]).flatten().copied().reduce(f64::max)
    }
}

/// Units paired one to one by |correlation| over the population, and what to hold that against.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct UnitMatching {
    /// The two networks.
    pub matching: Matching,
    /// Each network against itself at its first snapshot.
    pub to_start: [Option<Matching>; 2],
    /// The two networks, the samples of one dealt anew.
    pub shuffled: Option<Matching>,
}

/// Looks at two runs of one task.
pub fn compare(sides: [Side<'_>; 2]) -> Result<Comparison, CompareError> {
    let [a, b] = sides;
    if a.problem.name != b.problem.name || a.problem.labels != b.problem.labels {
        return Err(CompareError::OtherTask { first: a.problem.name.clone(), second: b.problem.name.clone() });
    }
    let steps = sides.map(|side| side.record.snapshots.iter().map(|entry| entry.step).collect::<Vec<_>>());
    for (side, steps) in sides.iter().zip(&steps) {
        if steps.is_empty() {
            return Err(CompareError::NoSnapshot { name: side.name.to_owned() });
        }
    }
    let same_sample = a.split.train == b.split.train;
    let shared = Shared::of(a.problem, [a.split, b.split]);
    let first = [at(&a, steps[0][0])?, at(&b, steps[1][0])?];
    // Imported weights need not begin at step 0: what their units began with is then not known.
    let begins = [0, 1].map(|side: usize| steps[side][0] == 0);
    let same_start = begins == [true; 2] && same_weights(&first);
    let (pairing, pairs) = pairing::pair(&steps[0], &steps[1]);
    let mut moments = Vec::with_capacity(pairs.len());
    for (step_a, step_b) in pairs {
        let snapshots = [at(&a, step_a)?, at(&b, step_b)?];
        moments.push(moment(sides, &snapshots, shared.trained.as_ref(), same_sample, same_sample && same_start)?);
    }
    let last_steps = [0, 1].map(|side: usize| *steps[side].last().expect("neither is empty"));
    let last = [at(&a, last_steps[0])?, at(&b, last_steps[1])?];
    let mut ends = Vec::new();
    for (set, samples) in [(SampleSet::Trained, &shared.trained), (SampleSet::HeldOut, &shared.held_out)] {
        if let Some(samples) = samples {
            let mut likeness = likeness(sides, set, samples, &first, &last)?;
            for (to_start, begins) in likeness.to_start.iter_mut().zip(begins) {
                *to_start = to_start.filter(|_| begins);
            }
            ends.push(likeness);
        }
    }
    let mut units = match_units(sides, &a.problem.population(), &first, &last)?;
    if let Some(units) = &mut units {
        for (to_start, begins) in units.to_start.iter_mut().zip(begins) {
            *to_start = to_start.filter(|_| begins);
        }
    }
    Ok(Comparison {
        names: sides.map(|side| side.name.to_owned()),
        losses: sides.map(|side| loss_name(side.spec)),
        task: a.problem.name.clone(),
        same_sample,
        same_start,
        pairing,
        moments,
        ends,
        last_steps,
        units,
    })
}

fn at(side: &Side<'_>, step: u64) -> Result<Snapshot, StoreError> {
    side.record.load_snapshot(step)
}

/// The loss as the settings spell it.
pub fn loss_name(spec: &RunSpec) -> String {
    match dunwu_engine::spec::values(spec).find(|(setting, _)| setting.key == "loss") {
        Some((_, Value::Text(name))) => name,
        _ => unreachable!("every spec has a loss, which is a word"),
    }
}

/// Whether two first snapshots hold the same weights below the top layer. The two ways in which a two-layer network is kept
/// agree in their token table.
fn same_weights(first: &[Snapshot; 2]) -> bool {
    let [a, b] = first.each_ref().map(|snapshot| &snapshot.weights);
    if !a.hidden.is_empty() && !b.hidden.is_empty() {
        return a.n_units == b.n_units && a.hidden == b.hidden;
    }
    let below = |snapshot: &Snapshot| {
        let arrays = snapshot.parameters.arrays.iter().filter(|array| !array.name.starts_with("output"));
        arrays.cloned().collect::<Vec<_>>()
    };
    let (a, b) = (below(&first[0]), below(&first[1]));
    !a.is_empty() && a == b
}

fn look(sides: [Side<'_>; 2], snapshots: &[Snapshot; 2], samples: [&Samples; 2]) -> Result<[Seen; 2], PredictorError> {
    let see = |i: usize| Seen::of(sides[i].spec, sides[i].problem, &snapshots[i], samples[i]);
    Ok([see(0)?, see(1)?])
}

fn direction(seen: &Seen) -> Option<Direction> {
    Direction::of(&seen.features, seen.n_features)
}

fn moment(
    sides: [Side<'_>; 2],
    snapshots: &[Snapshot; 2],
    trained: Option<&Samples>,
    same_sample: bool,
    same_units: bool,
) -> Result<Moment, CompareError> {
    let own = look(sides, snapshots, sides.map(|side| &side.split.train))?;
    let feature_cka = match trained {
        _ if same_sample => both(direction(&own[0]), direction(&own[1]), Direction::cka),
        Some(trained) => {
            let shared = look(sides, snapshots, [trained; 2])?;
            both(direction(&shared[0]), direction(&shared[1]), Direction::cka)
        }
        None => None,
    };
    let losses = sides.map(|side| side.spec.loss);
    let sent = [0, 1].map(|i| Sent::new(sides[i].spec, &sides[i].split.train, &snapshots[i], &own[i]));
    let gradients = [0, 1].map(|i| [sent[i].gradient(losses[i]), sent[i].gradient(losses[1 - i])]);
    let own_pair = || Some((gradients[0][0].as_ref()?, gradients[1][0].as_ref()?));
    let over = |is_defined: bool, alike: fn(&Direction, &Direction) -> Option<f64>| {
        own_pair().filter(|_| is_defined).and_then(|(a, b)| alike(a, b))
    };
    Ok(Moment {
        steps: [snapshots[0].step, snapshots[1].step],
        feature_cka,
        gradient_cka: over(same_sample, Direction::cka),
        gradient_by_unit: over(same_units, Direction::mean_column_cosine),
        asked: [0, 1].map(|i| asked(&sent[i], &gradients[i], sides[i].problem)),
    })
}

fn both<T>(a: Option<T>, b: Option<T>, alike: impl Fn(&T, &T) -> Option<f64>) -> Option<f64> {
    alike(&a?, &b?)
}

fn asked(sent: &Sent<'_>, gradients: &[Option<Direction>; 2], problem: &Problem) -> Asked {
    let [own, other] = gradients.each_ref().map(Option::as_ref);
    let pair = own.zip(other);
    let offsets: Vec<usize> = (0..problem.n_operands()).map(|operand| problem.input_offset(operand)).collect();
    let form = sent.stage_one();
    Asked {
        cosine: pair.and_then(|(own, other)| own.cosine(other)),
        weight_cosine: pair.and_then(|(own, other)| cosine(&sent.pull(own, &offsets)?, &sent.pull(other, &offsets)?)),
        chance: pair.and_then(|(own, other)| own.cosine(&other.reordered(&shuffled(sent.samples.len())))),
        stage_one: [own, other].map(|gradient| gradient?.cosine(form.as_ref()?)),
    }
}

fn cosine(a: &[f32], b: &[f32]) -> Option<f64> {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>();
    let norms = dot(a, a).sqrt() * dot(b, b).sqrt();
    (norms > 0.0 && norms.is_finite()).then(|| dot(a, b) / norms)
}

/// A fixed random order of n samples.
fn shuffled(n: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    order.shuffle(&mut rng(0, Stream::Probe));
    order
}

fn likeness(
    sides: [Side<'_>; 2],
    set: SampleSet,
    samples: &Samples,
    first: &[Snapshot; 2],
    last: &[Snapshot; 2],
) -> Result<Likeness, CompareError> {
    let begun = look(sides, first, [samples; 2])?.each_ref().map(direction);
    let ended = look(sides, last, [samples; 2])?.each_ref().map(direction);
    let n_labels = sides[0].problem.n_labels;
    let one_hot = |label: &u32| (0..n_labels).map(|c| f32::from(u8::from(c == *label as usize))).collect::<Vec<_>>();
    let labels = Direction::of(&samples.labels.iter().flat_map(one_hot).collect::<Vec<_>>(), n_labels);
    let alike = |a: Option<&Direction>, b: Option<&Direction>| a?.cka(b?);
    let [a, b] = ended.each_ref().map(Option::as_ref);
    Ok(Likeness {
        samples: set,
        n: samples.len(),
        cka: alike(a, b),
        to_start: [alike(a, begun[0].as_ref()), alike(b, begun[1].as_ref())],
        shuffled: alike(a, b.map(|b| b.reordered(&shuffled(samples.len()))).as_ref()),
        to_labels: [alike(a, labels.as_ref()), alike(b, labels.as_ref())],
    })
}

fn match_units(
    sides: [Side<'_>; 2],
    population: &Samples,
    first: &[Snapshot; 2],
    last: &[Snapshot; 2],
) -> Result<Option<UnitMatching>, CompareError> {
    let begun = look(sides, first, [population; 2])?;
    let ended = look(sides, last, [population; 2])?;
    let pairs = |a: &Seen, b: &Seen| Matching::of(&a.features, a.n_features, &b.features, b.n_features);
    let Some(matching) = pairs(&ended[0], &ended[1]) else { return Ok(None) };
    let other = &ended[1];
    let rows =
        shuffled(population.len()).into_iter().map(|i| &other.features[i * other.n_features..][..other.n_features]);
    let dealt: Vec<f32> = rows.flatten().copied().collect();
    Ok(Some(UnitMatching {
        matching,
        to_start: [pairs(&ended[0], &begun[0]), pairs(&ended[1], &begun[1])],
        shuffled: Matching::of(&ended[0].features, ended[0].n_features, &dealt, other.n_features),
    }))
}

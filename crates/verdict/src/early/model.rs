//! What was learned: heads, how they are calibrated, what they know, and what parking costs.

use super::bounds::KnownKind;
use super::coordinates::{COORDINATES, TRANSFERRED, place};
use super::looks::LOOKS;
use super::net::Net;
use super::signs::{N_GROUP, N_HELD_OUT, N_INSIDE, N_SIGNS, N_TRAINING, STEP};
use super::trees::{Forest, probability};
use crate::stats::binomial_upper_tail;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// What a head may see of a run; each sees what those before it do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Inputs {
    /// The spec alone.
    Spec,
    /// Losses and accuracies of the training sample too.
    Training,
    /// Those of held-out samples too.
    HeldOut,
    /// Weights and activations too.
    Inside,
    /// The weights in the basis of the declared group too.
    Group,
}

impl Inputs {
    /// Every one, from the least to the most.
    pub const ALL: [Self; 5] = [Self::Spec, Self::Training, Self::HeldOut, Self::Inside, Self::Group];

    /// Its name in rows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Spec => "spec",
            Self::Training => "training",
            Self::HeldOut => "held_out",
            Self::Inside => "inside",
            Self::Group => "group",
        }
    }

    /// What the head sees, for a sentence: "the spec, losses and accuracies".
    pub const fn words(self) -> &'static str {
        match self {
            Self::Spec => "the spec",
            Self::Training => "the spec, training losses and accuracies",
            Self::HeldOut => "the spec, losses and accuracies",
            Self::Inside => "the spec, losses, accuracies and snapshots",
            Self::Group => "the spec, losses, accuracies and snapshots in the group's basis",
        }
    }

    /// Numbers of a row: coordinates, then signs.
    pub const fn width(self) -> usize {
        COORDINATES.len()
            + match self {
                Self::Spec => 0,
                Self::Training => N_TRAINING,
                Self::HeldOut => N_TRAINING + N_HELD_OUT,
                Self::Inside => N_TRAINING + N_HELD_OUT + N_INSIDE,
                Self::Group => N_TRAINING + N_HELD_OUT + N_INSIDE + N_GROUP,
            }
    }
}

/// Heads that foreign runs are judged by. Snapshots in a group's basis say nothing that would carry over, so that the last one is that
/// of snapshots.
pub const TRANSFERS: [Inputs; 4] = [Inputs::Spec, Inputs::Training, Inputs::HeldOut, Inputs::Inside];

static TRANSFER_PLACES: LazyLock<[Vec<usize>; TRANSFERS.len()]> = LazyLock::new(|| {
    TRANSFERS.map(|inputs| {
        let signs = (COORDINATES.len()..inputs.width()).filter(|&sign| sign != COORDINATES.len() + STEP);
        TRANSFERRED.into_iter().map(place).chain(signs).collect()
    })
});

/// Places of a row that a head for foreign runs reads: what means the same in every family.
pub(super) fn transfer_places(head: usize) -> &'static [usize] {
    &TRANSFER_PLACES[head]
}

/// The numbers of a row at these places.
pub(super) fn picked(row: &[f32], places: &[usize]) -> Vec<f32> {
    places.iter().map(|&place| row[place]).collect()
}

const _: () = assert!(Inputs::Group.width() == COORDINATES.len() + N_SIGNS);

/// Slope and offset of a head's log odds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Factor on f.
    pub slope: f64,
    /// Added to it.
    pub offset: f64,
}

/// Steps of Newton's method.
const NEWTON: usize = 60;

impl Calibration {
    /// Fits slope and offset to scores of runs that the forest did not see, by Newton's method.
    pub fn fit(scores: &[f64], targets: &[f32]) -> Self {
        let (mut slope, mut offset) = (1.0, 0.0);
        for _ in 0..NEWTON {
            let mut sums = [0.0; 5];
            for (&score, &target) in scores.iter().zip(targets) {
                let p = probability(slope * score + offset);
                let (error, weight) = (p - f64::from(target), p * (1.0 - p));
                let terms = [error * score, error, weight * score * score, weight * score, weight];
                sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
            }
            let [gradient_slope, gradient_offset, a, b, c] = sums;
            let (a, c) = (a + 1e-6, c + 1e-6);
            let determinant = a * c - b * b;
            // Held back, so that a rare kind of run does not send it off.
            slope -= ((c * gradient_slope - b * gradient_offset) / determinant).clamp(-1.0, 1.0);
            offset -= ((a * gradient_offset - b * gradient_slope) / determinant).clamp(-1.0, 1.0);
        }
        Self { slope, offset }
    }

    /// The probability that a score stands for.
    pub fn probability(&self, score: f64) -> f64 {
        probability(self.slope * score + self.offset)
    }
}

/// Errors of the predicted time, as ln(t / predicted): the ends of the middle nine tenths.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// What parking at a risk rests on: the least probability that each run which did generalize ever showed to a forest that had not
/// seen its size.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Minima {
    /// Runs that generalized.
    pub n: usize,
    /// The smallest of their minima, ascending.
    pub least: Vec<f64>,
}

/// How sure the bound on false parks is.
pub const CONFIDENCE: f64 = 0.99;

impl Minima {
    /// The probability at or below which a run is parked at risk α: the k-th smallest minimum, k the most for which k false parks in n
    /// runs bound the rate by α with 99 % confidence (Clopper and Pearson 1934). `None` where even none would not.
    pub fn threshold(&self, alpha: f64) -> Option<f64> {
        let is_certified = |k: usize| 1.0 - binomial_upper_tail(k + 1, self.n, alpha) <= 1.0 - CONFIDENCE;
        if !is_certified(0) {
            return None;
        }
        // The more false parks, the less is certified.
        let (mut k, mut too_many) = (0, self.n + 1);
        while too_many - k > 1 {
            let middle = usize::midpoint(k, too_many);
            if is_certified(middle) { k = middle } else { too_many = middle }
        }
        // k runs may lie at or below it; the next one lies above.
        let next = *self.least.get(k).or(self.least.last())?;
        Some(
            k.checked_sub(1).map_or(next / 2.0, |last| f64::midpoint(self.least[last.min(self.least.len() - 1)], next)),
        )
    }

    /// The least risk that can be certified.
    pub fn least_alpha(&self) -> f64 {
        1.0 - (1.0 - CONFIDENCE).powf(1.0 / self.n.max(1) as f64)
    }

    /// Share of the runs that generalized which ever looked as bad as `probability`, the run itself counted in; 1 where that share is
    /// beyond what is kept.
    pub fn risk(&self, probability: f64) -> f64 {
        let at_or_below = self.least.partition_point(|&least| least <= probability);
        if at_or_below == self.least.len() && self.least.len() < self.n {
            return 1.0;
        }
        (at_or_below + 1) as f64 / (self.n + 1) as f64
    }
}

/// What a model card says of one kind of inputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeadCard {
    /// What it sees.
    pub inputs: Inputs,
    /// How its log odds become a probability.
    pub calibration: Calibration,
    /// Errors of its time, one a look; of the spec alone one.
    pub spreads: Vec<Spread>,
    /// What parking by it rests on.
    pub minima: Minima,
}

/// Runs of a family that were learned from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct KnownFamily {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub tells: String,
    /// Runs.
    pub runs: usize,
    /// Runs that generalized.
    pub generalized: usize,
}

/// The range of a coordinate over all runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct KnownRange {
    /// The coordinate's name.
    pub input: String,
    /// Least value.
    pub low: f64,
    /// Greatest value.
    pub high: f64,
}

/// A head for foreign runs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TransferCard {
    /// What it sees.
    pub inputs: Inputs,
    /// How its log odds become a probability, from families that it did not see.
    pub calibration: Calibration,
}

/// The model card: what was learned from, and how it is used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// Format of the card and of the forests.
    pub format: u32,
    /// Seed that the worlds were drawn from.
    pub seed: u64,
    /// Families.
    pub families: Vec<KnownFamily>,
    /// Ranges of the coordinates.
    pub ranges: Vec<KnownRange>,
    /// Kinds of network, loss, optimizer, tables and task that occurred together, with their ranges.
    pub kinds: Vec<KnownKind>,
    /// One a kind of inputs, in the order of [`Inputs::ALL`].
    pub heads: Vec<HeadCard>,
    /// Heads for foreign runs, in the order of [`TRANSFERS`].
    pub transfers: Vec<TransferCard>,
}

/// Format of what is shipped.
pub const FORMAT: u32 = 3;

/// Log odds from trees and from a small network: the mean of both, which is better than either.
#[derive(Clone, Debug, PartialEq)]
pub struct Odds {
    /// The trees, which also give the reasons.
    pub forest: Forest,
    /// The network.
    pub net: Net,
}

impl Odds {
    /// f of a row.
    pub fn score(&self, row: &[f32]) -> f64 {
        f64::midpoint(self.forest.score(row), self.net.score(row))
    }
}

/// Forests, networks and their card.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// The card.
    pub card: Card,
    /// Log odds, one a kind of inputs.
    pub odds: Vec<Odds>,
    /// Forests of the log odds of foreign runs, one of each of [`TRANSFERS`].
    pub transfers: Vec<Forest>,
    /// Forests of ln(t / steps), t the step of generalization of runs that do.
    pub times: Vec<Forest>,
}

static SHIPPED: LazyLock<Model> = LazyLock::new(|| {
    let card = include_str!("shipped/card.json");
    let forests = include_bytes!("shipped/forests.bin");
    Model::decode(card, forests).expect("a test reads what is shipped")
});

impl Model {
    /// The one that this build ships.
    pub fn shipped() -> &'static Self {
        &SHIPPED
    }

    /// A model from its card and its forests; `None` where they are damaged or of another format.
    pub fn decode(card: &str, mut forests: &[u8]) -> Option<Self> {
        let card: Card = serde_json::from_str(card).ok().filter(|card: &Card| card.format == FORMAT)?;
        let mut read = |n: usize| (0..n).map(|_| Forest::decode(&mut forests)).collect::<Option<Vec<_>>>();
        let n = Inputs::ALL.len();
        let (trees, transfers, times) = (read(n)?, read(TRANSFERS.len())?, read(n)?);
        let nets = (0..n).map(|_| Net::decode(&mut forests)).collect::<Option<Vec<_>>>()?;
        let odds = trees.into_iter().zip(nets).map(|(forest, net)| Odds { forest, net }).collect();
        let is_whole = card.heads.len() == n && card.transfers.len() == TRANSFERS.len();
        is_whole.then_some(Self { card, odds, transfers, times })
    }

    /// Forests and networks as bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let trees = self.odds.iter().map(|odds| &odds.forest).chain(&self.transfers).chain(&self.times);
        trees.for_each(|forest| forest.encode(&mut bytes));
        self.odds.iter().for_each(|odds| odds.net.encode(&mut bytes));
        bytes
    }

    /// Eight digits that tell one model from another: the first of the FNV-1a hash of its forests and its card.
    pub fn digest(&self) -> String {
        let card = serde_json::to_vec(&self.card).unwrap_or_default();
        digest_of(&[self.encode(), card].concat())
    }

    /// What the card says of these inputs.
    pub fn head(&self, inputs: Inputs) -> &HeadCard {
        &self.card.heads[inputs as usize]
    }

    /// The probability that a row of these inputs stands for.
    pub fn probability(&self, inputs: Inputs, row: &[f32]) -> f64 {
        self.head(inputs).calibration.probability(self.odds[inputs as usize].score(row))
    }

    /// The raw probability of a run that lies outside of what is known, from what means the same in every family.
    pub fn foreign_probability(&self, inputs: Inputs, row: &[f32]) -> f64 {
        let head = (inputs as usize).min(TRANSFERS.len() - 1);
        let score = self.transfers[head].score(&picked(row, transfer_places(head)));
        self.card.transfers[head].calibration.probability(score)
    }

    /// ln(t / steps) of a row: median and both ends of the middle nine tenths, given that the run generalizes; `look` is `None` before
    /// the first step.
    pub fn time(&self, inputs: Inputs, row: &[f32], look: Option<usize>) -> [f64; 3] {
        let median = self.times[inputs as usize].score(row);
        let spreads = &self.head(inputs).spreads;
        let spread = spreads[look.unwrap_or(0).min(spreads.len() - 1)];
        [median, median + spread.low, median + spread.high]
    }
}

/// Eight digits that tell one text from another: the first of its FNV-1a hash.
pub(super) fn digest_of(bytes: &[u8]) -> String {
    let step = |hash: u64, &byte: &u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    format!("{:08x}", bytes.iter().fold(0xcbf2_9ce4_8422_2325, step) >> 32)
}

/// How many spreads a head has.
pub const fn n_spreads(inputs: Inputs) -> usize {
    match inputs {
        Inputs::Spec => 1,
        _ => LOOKS.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The law: of runs drawn from the same distribution, the share at or below the threshold exceeds α in at most 1 % of calibrations.
    #[test]
    fn a_threshold_keeps_its_promise_where_runs_are_alike() {
        let alpha = 0.02;
        let (trials, n) = (400, 600);
        let mut broken = 0;
        for trial in 0..trials {
            let mut draw = crate::draw::Draw::of(9, trial);
            let mut least: Vec<f64> = (0..n).map(|_| draw.unit()).collect();
            least.sort_by(f64::total_cmp);
            let threshold = Minima { n, least }.threshold(alpha).unwrap();
            // Uniform minima: the true rate of false parks is the threshold itself.
            broken += u32::from(threshold > alpha);
        }
        assert!(broken <= 12, "{broken} of {trials}, where 4 are expected");
        assert!(broken > 0 || trials < 100, "a threshold that is never too high is too careful");
    }

    #[test]
    fn a_risk_too_small_for_the_runs_is_not_certified() {
        let minima = Minima { n: 100, least: (0..100).map(f64::from).collect() };
        assert_eq!(minima.threshold(0.04), None);
        assert!(minima.threshold(0.05).is_some());
        assert!((minima.least_alpha() - 0.045).abs() < 0.001);
    }

    #[test]
    fn a_calibration_finds_the_line_that_labels_were_drawn_with() {
        let mut draw = crate::draw::Draw::of(10, 0);
        let scores: Vec<f64> = (0..20_000).map(|_| draw.between(-4.0, 4.0)).collect();
        let targets: Vec<f32> =
            scores.iter().map(|score| f32::from(u8::from(draw.is(probability(0.6 * score - 0.5))))).collect();
        let found = Calibration::fit(&scores, &targets);
        assert!((found.slope - 0.6).abs() < 0.03 && (found.offset + 0.5).abs() < 0.06, "{found:?}");
        // Where few are true and scores lie far apart, it still finds the line.
        let scores: Vec<f64> = (0..20_000).map(|_| 0.5 * draw.normal().powi(3)).collect();
        let targets: Vec<f32> =
            scores.iter().map(|score| f32::from(u8::from(draw.is(probability(0.8 * score - 4.0))))).collect();
        let found = Calibration::fit(&scores, &targets);
        assert!((found.slope - 0.8).abs() < 0.15 && (found.offset + 4.0).abs() < 0.3, "{found:?}");
    }
}

//! One peak and what it is: what it is good for, what it stands for, how sharp it is.

use super::LandscapeError;
use super::ascent::{self, Climb, Stop};
use super::energy::{Activity, Energy, Inputs, LANES, lanes};
use super::projection::{EnergyKind, Projection};
use crate::answer::wording::list;
use crate::group::Decomposition;
use dunwu_engine::kernel::Workers;
use dunwu_engine::model::Activation;
use dunwu_engine::{Problem, Samples, Split};
use serde::Serialize;

/// What a peak of a sample is good for: judged by how high it stands on the landscape of the whole population, or, where the task is
/// no group, by what held-out samples show of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PeakKind {
    /// A feature peak: the same direction is high on the landscape of the whole population.
    Feature,
    /// A mixed peak: the population's landscape has a part of it.
    Mixed,
    /// A memory peak: the population's landscape has next to nothing of it.
    Memory,
}

impl PeakKind {
    /// Every kind, in the order of tables.
    pub const ALL: [Self; 3] = [Self::Feature, Self::Mixed, Self::Memory];

    /// The word for it, as it stands before "peak"; a unit's label has other words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Feature => "feature",
            Self::Mixed => "mixed",
            Self::Memory => "memory",
        }
    }
}

/// Half-way up a peak of the population. Over cyclic:23, cyclic:71, symmetric:4 and heisenberg:3 with 22 to 79 % of the table, both
/// energies, the 125 classes of peaks with a purity above 0.8 stand at 0.52 to 0.98 of one.
const HALF_WAY: f64 = 0.5;
/// Below this share it serves the sample alone: there peaks on one token stand at 0.002 to 0.10, and those of wholly wrong labels at
/// 0.004 to 0.32.
const FOOT: f64 = 0.25;
/// Where the task is no group: share of the class signal that held-out samples have to show, and below which a peak serves its
/// sample alone. On cyclic:23 and cyclic:71 the best of each class of peaks with a purity above 0.9 have 0.25 to 0.91 of it; with every
/// label wrong those of 29 classes have −2.5 to 0.21.
const CARRIES_OVER: f64 = 0.25;
const SERVES_ALONE: f64 = 0.1;
/// Share of ‖w‖² from which on a token belongs to what a peak stands for.
const TOKEN: f64 = 0.1;
/// More than half of ‖w‖² on two tokens is a focused peak (Tian 2025, Theorem 5), as for units.
const FOCUSED: f64 = 0.5;
/// More than half of the non-trivial power in one irrep names a peak.
const NAMED: f64 = 0.5;

/// A landscape with what is needed to judge its peaks.
pub struct Landscape<'a> {
    /// The energy on the training sample.
    pub energy: Energy,
    /// The raw energy on the whole population with its true labels. On the complete table of a group both kinds are this one.
    pub population: Energy,
    /// Which energy.
    pub kind: EnergyKind,
    problem: &'a Problem,
    decomposition: Option<&'a Decomposition>,
    split: &'a Split,
    held_out: Energy,
}

/// What a unit at some point is good for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    /// In a word.
    pub kind: PeakKind,
    /// See [`Maximum::height_population`].
    pub height_population: f64,
    /// See [`Maximum::summit_population`].
    pub summit_population: Option<f64>,
    /// See [`Maximum::carry_over`].
    pub carry_over: Option<f64>,
}

/// A token that a peak stands on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Token {
    /// Operand, counted from 1.
    pub operand: usize,
    /// Token of the operand, as the task names it: counted from 1 where something is divided by the operand, else from 0.
    pub token: usize,
    /// Its share of ‖w‖².
    pub share: f64,
}

/// Where an ascent ended, described.
#[derive(Clone, Debug)]
pub struct Maximum {
    /// Unit vector, `[d]`.
    pub w: Vec<f64>,
    /// E on the sample.
    pub height: f64,
    /// Raw E on the population.
    pub height_population: f64,
    /// What it is good for.
    pub kind: PeakKind,
    /// Raw E on the population of the summit that is above it there; `None` where the task is no group.
    pub summit_population: Option<f64>,
    /// Class signal ε² on held-out samples over that on training samples; 1 where nothing is held out, `None` where the sample
    /// shows none.
    pub carry_over: Option<f64>,
    /// Irrep with most of its power, and its purity; `None` where the task is no group.
    pub irrep: Option<(usize, f64)>,
    /// 1 / Σ w⁴: input weights that it spreads over.
    pub participation: f64,
    /// Share of ‖w‖² in its two largest entries.
    pub top2: f64,
    /// Tokens with more than a tenth of ‖w‖² each, largest first.
    pub tokens: Vec<Token>,
    /// ‖∇E − (w·∇E) w‖.
    pub gradient_norm: f64,
}

/// What a peak stands for, up to the symmetries of the problem: translations, signs and phases, and the continuous family in
/// which the peaks of an irrep lie.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// A feature of this irrep.
    Irrep(usize),
    /// A few tokens: how many of each operand.
    Tokens(Vec<usize>),
    /// Many tokens, as Theorem 5's spreading memorization.
    Spread,
    /// Nothing that has a name; the number tells peaks apart.
    Own(usize),
}

impl<'a> Landscape<'a> {
    /// The landscape of a unit on the training sample of `split`. `ridge` matters to the whitened energy alone; `None` takes 0 where
    /// samples are pairs of tokens, and else a tenth of the kernel's mean diagonal: with a thousandth half of the ascents on
    /// digits end where nothing can be certified.
    pub fn new(
        problem: &'a Problem,
        split: &'a Split,
        decomposition: Option<&'a Decomposition>,
        activation: Activation,
        kind: EnergyKind,
        ridge: Option<f64>,
    ) -> Result<Self, LandscapeError> {
        super::check(problem)?;
        let d = super::dimension(problem);
        let raw = |samples: &Samples| {
            let projection = Projection::raw(&samples.labels, problem.n_labels);
            Energy::new(Inputs::of(problem, samples), d, activation, projection)
        };
        let ridge = ridge.unwrap_or(if problem.n_operands() == 2 { 0.0 } else { 0.1 });
        let projection = Projection::of(kind, problem, &split.train, activation, ridge)?;
        let energy = Energy::new(Inputs::of(problem, &split.train), d, activation, projection);
        let (population, held_out) = (raw(&problem.population()), raw(&split.test));
        Ok(Self { energy, population, kind, problem, decomposition, split, held_out })
    }

    /// Whether the sample is the whole population as it is, so that the landscape has the symmetries of the problem.
    pub fn is_complete(&self) -> bool {
        self.split.test.is_empty() && self.split.corrupted.is_empty()
    }

    /// Whether inputs are rows of numbers, not tuples of tokens.
    pub fn has_numbers(&self) -> bool {
        self.problem.n_features > 0
    }

    /// Input weights at which the tokens of an operand end and those of the next begin.
    pub fn operand_ends(&self) -> impl Iterator<Item = usize> {
        (1..self.problem.n_operands()).map(|operand| self.problem.input_offset(operand))
    }

    /// Irreps of the task, where it is a group.
    pub fn decomposition(&self) -> Option<&'a Decomposition> {
        self.decomposition
    }

    /// Everything that is told of the ends of these climbs.
    pub fn describe(&self, climbs: &[Climb], workers: &Workers) -> Vec<Maximum> {
        climbs.iter().zip(self.judge(climbs, workers)).map(|(climb, judged)| self.maximum(climb, judged)).collect()
    }

    /// What a unit at each of these points is good for.
    pub fn judge(&self, climbs: &[Climb], workers: &Workers) -> Vec<Judged> {
        let here = self.population.heights(climbs.iter().map(|climb| climb.w.as_slice()));
        let summits: Vec<Option<f64>> = if self.decomposition.is_some() {
            let start = |i: usize| climbs[i].w.clone();
            let summits = ascent::climb(&self.population, climbs.len(), start, Stop::HEIGHT, workers);
            summits.into_iter().map(|summit| Some(summit.height)).collect()
        } else {
            vec![None; climbs.len()]
        };
        let carried = climbs.chunks(LANES).flat_map(|chunk| self.carry_over(chunk));
        let judged = here.into_iter().zip(summits).zip(carried);
        judged
            .map(|((height_population, summit_population), carry_over)| {
                let kind = Self::kind_of(height_population, summit_population, carry_over);
                Judged { kind, height_population, summit_population, carry_over }
            })
            .collect()
    }

    /// By how far up a peak of the population a unit stands; where there is no group, whose complete table makes both energies one,
    /// by how much of the unit's signal carries over.
    pub(super) fn kind_of(here: f64, summit: Option<f64>, carry_over: Option<f64>) -> PeakKind {
        let (measured, memory, feature) = match summit {
            Some(summit) => (here / summit.max(f64::MIN_POSITIVE), FOOT, HALF_WAY),
            None => (carry_over.unwrap_or(0.0), SERVES_ALONE, CARRIES_OVER),
        };
        if measured < memory {
            PeakKind::Memory
        } else if measured >= feature {
            PeakKind::Feature
        } else {
            PeakKind::Mixed
        }
    }

    fn maximum(&self, climb: &Climb, judged: Judged) -> Maximum {
        let w = &climb.w;
        let mut powers: Vec<f64> = w.iter().map(|w| w * w).collect();
        let fourth: f64 = powers.iter().map(|p| p * p).sum();
        let tokens = self.tokens(&powers);
        powers.sort_by(|a, b| b.total_cmp(a));
        Maximum {
            w: w.clone(),
            height: climb.height,
            height_population: judged.height_population,
            kind: judged.kind,
            summit_population: judged.summit_population,
            carry_over: judged.carry_over,
            irrep: self.dominant_irrep(w),
            participation: fourth.recip(),
            top2: powers.iter().take(2).sum(),
            tokens,
            gradient_norm: climb.gradient_norm,
        }
    }

    /// ε² on held-out samples over ε² on training samples of at most [`LANES`] climbs; `None` without a signal to carry over.
    ///
    /// ε² is the share of the activation's variance that the label decides, corrected for chance (Kelley 1935), as in the measure
    /// `unit_class_signal_held_out`.
    fn carry_over(&self, climbs: &[Climb]) -> Vec<Option<f64>> {
        if self.split.test.is_empty() {
            return vec![Some(1.0); climbs.len()];
        }
        let units: Vec<&[f64]> = climbs.iter().map(|climb| climb.w.as_slice()).collect();
        let w = lanes(&units, self.energy.dimension());
        let m = self.energy.n_labels();
        let signals = |energy: &Energy, labels: &[u32]| {
            let activity = energy.activity(&w, labels, m);
            let mut counts = vec![0.0; m];
            labels.iter().for_each(|&label| counts[label as usize] += 1.0);
            (0..climbs.len()).map(|lane| class_signal(&activity, &counts, lane)).collect::<Vec<_>>()
        };
        let train = signals(&self.energy, &self.split.train.labels);
        let held_out = signals(&self.held_out, &self.split.test.labels);
        let ratio =
            |(train, held_out): (Option<f64>, Option<f64>)| Some(held_out? / train.filter(|train| *train > 0.0)?);
        train.into_iter().zip(held_out).map(ratio).collect()
    }

    /// The irrep with most of a unit's power over all operands, and its share; `None` without a group or power.
    pub fn dominant_irrep(&self, w: &[f64]) -> Option<(usize, f64)> {
        let decomposition = self.decomposition?;
        let mut power = vec![0.0; decomposition.irreps.len()];
        for half in w.chunks_exact(decomposition.order) {
            power.iter_mut().zip(decomposition.power(half)).for_each(|(sum, p)| *sum += p);
        }
        let total: f64 = power.iter().skip(1).sum();
        let best = (1..power.len()).max_by(|&a, &b| power[a].total_cmp(&power[b]))?;
        (total > 0.0).then(|| (best, power[best] / total))
    }

    fn tokens(&self, powers: &[f64]) -> Vec<Token> {
        let operands = (0..self.problem.n_operands()).flat_map(|operand| {
            let first = self.problem.input_offset(operand);
            let tokens = powers[first..first + self.problem.operand_sizes[operand]].iter().enumerate();
            let named = self.problem.operand_firsts[operand] as usize;
            tokens.map(move |(token, &share)| Token { operand: operand + 1, token: named + token, share })
        });
        let mut tokens: Vec<Token> = operands.filter(|token| token.share > TOKEN).collect();
        tokens.sort_by(|a, b| b.share.total_cmp(&a.share));
        tokens
    }

    /// What the peak stands for; `number` tells it from the others where that has no name.
    pub fn form(&self, maximum: &Maximum, number: usize) -> Form {
        match (maximum.kind, maximum.irrep) {
            (PeakKind::Feature | PeakKind::Mixed, Some((irrep, purity))) if purity > NAMED => Form::Irrep(irrep),
            (PeakKind::Memory, _) if maximum.is_focused() && !maximum.tokens.is_empty() => {
                let of_operand = |operand| maximum.tokens.iter().filter(|token| token.operand == operand).count();
                Form::Tokens((1..=self.problem.n_operands()).map(of_operand).collect())
            }
            (PeakKind::Memory, _) if self.problem.n_operands() > 0 => Form::Spread,
            _ => Form::Own(number),
        }
    }
}

impl Form {
    /// In a few words: `frequency 3`, `1 token (2nd)` for a token of the second operand, `1 token each` for one of every operand,
    /// `2 + 1 tokens` for two of the first and one of the second, `many tokens`, `a direction of its own`.
    pub fn words(&self, decomposition: Option<&Decomposition>) -> String {
        match self {
            Self::Irrep(irrep) => decomposition.map_or_else(String::new, |d| d.irreps[*irrep].name.clone()),
            Self::Tokens(of_operand) => {
                let noun = |count: usize| if count == 1 { "token" } else { "tokens" };
                let used: Vec<usize> = (0..of_operand.len()).filter(|&operand| of_operand[operand] > 0).collect();
                match (&used[..], of_operand.iter().all(|count| *count == of_operand[0])) {
                    (&[0], _) if of_operand.len() == 1 => format!("{} {}", of_operand[0], noun(of_operand[0])),
                    (&[only], _) => {
                        let count = of_operand[only];
                        format!("{count} {} ({})", noun(count), ordinal(only + 1))
                    }
                    (_, true) => format!("{} {} each", of_operand[0], noun(of_operand[0])),
                    _ => {
                        let counts: Vec<String> = of_operand.iter().map(usize::to_string).collect();
                        format!("{} tokens", counts.join(" + "))
                    }
                }
            }
            Self::Spread => "many tokens".to_owned(),
            Self::Own(_) => "a direction of its own".to_owned(),
        }
    }
}

impl Maximum {
    /// How far up a peak of the population it stands; `None` where the task is no group.
    pub fn population_share(&self) -> Option<f64> {
        self.summit_population.map(|summit| self.height_population / summit.max(f64::MIN_POSITIVE))
    }

    /// A short name of this one peak: like [`Form::words`], but with the very tokens, `tokens 21 (1st), 4 (2nd)`. Beyond three of
    /// them the rest are counted.
    pub fn name(&self, form: &Form, decomposition: Option<&Decomposition>) -> String {
        match form {
            Form::Tokens(_) => {
                const NAMED_TOKENS: usize = 3;
                let token = |t: &Token| format!("{} ({})", t.token, ordinal(t.operand));
                let tokens: Vec<String> = self.tokens.iter().map(token).collect();
                format!("token{} {}", if tokens.len() == 1 { "" } else { "s" }, list(&tokens, NAMED_TOKENS))
            }
            form => form.words(decomposition),
        }
    }

    /// Whether more than half of ‖w‖² lies on two input weights.
    pub fn is_focused(&self) -> bool {
        self.top2 > FOCUSED
    }
}

/// `1st`, `2nd`, `3rd`, `4th`, …
fn ordinal(n: usize) -> String {
    let ending = match (n % 10, n % 100) {
        (1, tens) if tens != 11 => "st",
        (2, tens) if tens != 12 => "nd",
        (3, tens) if tens != 13 => "rd",
        _ => "th",
    };
    format!("{n}{ending}")
}

/// ε² of one unit, `(SSB − (C − 1) MSW) / SST` over the C labels that occur; `None` where no label occurs twice or the unit does not
/// vary.
fn class_signal(activity: &Activity, counts: &[f64], lane: usize) -> Option<f64> {
    let cells = || activity.label_sums.iter().map(|row| row[lane]).zip(counts).filter(|(_, count)| **count > 0.0);
    let (n, n_classes) = (counts.iter().sum::<f64>(), cells().count() as f64);
    let mean = cells().map(|(sum, _)| sum).sum::<f64>() / n;
    let between: f64 = cells().map(|(sum, count)| (sum - count * mean).powi(2) / count).sum();
    let total = activity.squares[lane] - n * mean * mean;
    let is_varied = total > n * f64::EPSILON * activity.squares[lane] && n > n_classes;
    is_varied.then(|| (between - (n_classes - 1.0) * (total - between) / (n - n_classes)) / total)
}

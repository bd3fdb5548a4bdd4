//! One peak and what it is: what it is good for, what it stands for, how sharp it is.

use super::ascent::Climb;
use super::energy::{Activity, Energy, Inputs, LANES, Lanes, ZERO};
use super::LandscapeError;
use super::projection::{EnergyKind, Projection};
use crate::group::Decomposition;
use crate::measure::label::SIGNIFICANT_HELD_OUT;
use dunwu_engine::model::Activation;
use dunwu_engine::{Problem, Samples, Split};
use serde::Serialize;

/// What a peak is good for: judged by what a unit that stands on it does on samples that it has not seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PeakKind {
    /// It carries over.
    Generalizing,
    /// In part, or too few samples are held out to say.
    Mixed,
    /// It serves the sample alone.
    Memorizing,
}

impl PeakKind {
    /// Every kind, in the order of tables.
    pub const ALL: [Self; 3] = [Self::Generalizing, Self::Mixed, Self::Memorizing];

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Generalizing => "generalizing",
            Self::Mixed => "mixed",
            Self::Memorizing => "memorizing",
        }
    }
}

/// Share of a unit's contribution that has to carry over. Peaks of one frequency with a purity above 0.9 lie between 0.28 and
/// 0.79 (cyclic:23 and cyclic:71, both energies): below 1, because a sample's peaks lean towards it.
const CARRIES_OVER: f64 = 0.25;
/// Below this share it serves the sample alone. With every label wrong the middle half of all peaks lies within ±0.1
/// (cyclic:23, cyclic:71, symmetric:4, dihedral:8); peaks on one token lie between −2.6 and −0.1 with true labels, since a row's
/// held-out labels are those that its sample has not.
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

/// A token that a peak stands on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Token {
    /// Operand, counted from 1.
    pub operand: usize,
    /// Token of the operand.
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
    /// Contribution a held-out sample over that a training sample; 1 where nothing is held out, `None` where it contributes
    /// nothing.
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
    /// The landscape of a unit on the training sample of `split`. `ridge` matters to the whitened energy alone; `None` takes
    /// 0 where samples are pairs of tokens, and else a tenth of the kernel's mean
    /// diagonal; with a thousandth half of the ascents on digits end where nothing can be certified.
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
    pub fn describe(&self, climbs: &[Climb]) -> Vec<Maximum> {
        climbs.iter().zip(self.judge(climbs)).map(|(climb, judged)| self.maximum(climb, judged)).collect()
    }

    /// Kind and carry-over of a unit at each of these points.
    pub fn judge(&self, climbs: &[Climb]) -> Vec<(PeakKind, Option<f64>)> {
        climbs.chunks(LANES).flat_map(|chunk| self.judge_together(chunk)).collect()
    }

    fn maximum(&self, climb: &Climb, (kind, carry_over): (PeakKind, Option<f64>)) -> Maximum {
        let w = &climb.w;
        let mut powers: Vec<f64> = w.iter().map(|w| w * w).collect();
        let fourth: f64 = powers.iter().map(|p| p * p).sum();
        let tokens = self.tokens(&powers);
        powers.sort_by(|a, b| b.total_cmp(a));
        Maximum {
            w: w.clone(),
            height: climb.height,
            height_population: self.population.of_unit(w).0,
            kind,
            carry_over,
            irrep: self.dominant_irrep(w),
            participation: fourth.recip(),
            top2: powers.iter().take(2).sum(),
            tokens,
            gradient_norm: climb.gradient_norm,
        }
    }

    /// Kind and carry-over of at most [`LANES`] climbs.
    ///
    /// ```text
    /// c(S) = mean over S of (fᵢ − f̄) (z_{yᵢ} − z̄)      z = A f, f̄ over the training sample
    /// carry-over = c(held out) / c(training)
    /// ```
    ///
    /// z are the output weights that the unit would be given, so c is its contribution to the right answer; it counts as
    /// carried over where it is three standard errors from none under random relabelling.
    fn judge_together(&self, climbs: &[Climb]) -> Vec<(PeakKind, Option<f64>)> {
        if self.split.test.is_empty() {
            return vec![(PeakKind::Generalizing, Some(1.0)); climbs.len()];
        }
        let columns = |read: fn(&Climb) -> &[f64]| {
            let n_rows = read(&climbs[0]).len();
            let mut rows = vec![ZERO; n_rows];
            for (lane, climb) in climbs.iter().enumerate() {
                rows.iter_mut().zip(read(climb)).for_each(|(row, x)| row[lane] = *x);
            }
            rows
        };
        let (w, signal) = (columns(|climb| &climb.w), columns(|climb| &climb.signal));
        let m = signal.len();
        let seen = |energy: &Energy, labels: &[u32]| Seen::of(energy.activity(&w, labels, m), labels, m);
        let train = seen(&self.energy, &self.split.train.labels);
        let held_out = seen(&self.held_out, &self.split.test.labels);
        let judge = |lane: usize| {
            let z: Vec<f64> = signal.iter().map(|row| row[lane]).collect();
            let centre = train.mean(lane);
            let (before, (after, error)) = (train.contribution(lane, &z, centre).0, held_out.contribution(lane, &z, centre));
            if before <= 0.0 {
                return (PeakKind::Mixed, None);
            }
            let carry_over = after / before;
            let kind = if carry_over < SERVES_ALONE {
                PeakKind::Memorizing
            } else if carry_over >= CARRIES_OVER && after >= SIGNIFICANT_HELD_OUT * error {
                PeakKind::Generalizing
            } else {
                PeakKind::Mixed
            };
            (kind, Some(carry_over))
        };
        (0..climbs.len()).map(judge).collect()
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
            tokens.map(move |(token, &share)| Token { operand: operand + 1, token, share })
        });
        let mut tokens: Vec<Token> = operands.filter(|token| token.share > TOKEN).collect();
        tokens.sort_by(|a, b| b.share.total_cmp(&a.share));
        tokens
    }

    /// What the peak stands for; `number` tells it from the others where that has no name.
    pub fn form(&self, maximum: &Maximum, number: usize) -> Form {
        match (maximum.kind, maximum.irrep) {
            (PeakKind::Generalizing | PeakKind::Mixed, Some((irrep, purity))) if purity > NAMED => Form::Irrep(irrep),
            (PeakKind::Memorizing, _) if maximum.is_focused() && !maximum.tokens.is_empty() => {
                let of_operand = |operand| maximum.tokens.iter().filter(|token| token.operand == operand).count();
                Form::Tokens((1..=self.problem.n_operands()).map(of_operand).collect())
            }
            (PeakKind::Memorizing, _) if self.problem.n_operands() > 0 => Form::Spread,
            _ => Form::Own(number),
        }
    }
}

impl Form {
    /// In words: `frequency 3`, `1 token of operand 2`, `many tokens`, `a direction of its own`.
    pub fn words(&self, decomposition: Option<&Decomposition>) -> String {
        match self {
            Self::Irrep(irrep) => decomposition.map_or_else(String::new, |d| d.irreps[*irrep].name.clone()),
            Self::Tokens(of_operand) => {
                let counts = of_operand.iter().enumerate().filter(|(_, count)| **count > 0).map(|(operand, count)| {
                    format!("{count} token{} of operand {}", if *count == 1 { "" } else { "s" }, operand + 1)
                });
                counts.collect::<Vec<_>>().join(", ")
            }
            Self::Spread => "many tokens".to_owned(),
            Self::Own(_) => "a direction of its own".to_owned(),
        }
    }
}

impl Maximum {
    /// In words, for this one peak: like [`Form::words`], but with the very tokens.
    pub fn name(&self, form: &Form, decomposition: Option<&Decomposition>) -> String {
        match form {
            Form::Tokens(_) => {
                let token = |t: &Token| format!("token {} of operand {}", t.token, t.operand);
                self.tokens.iter().map(token).collect::<Vec<_>>().join(", ")
            }
            form => form.words(decomposition),
        }
    }

    /// Whether more than half of ‖w‖² lies on two input weights.
    pub fn is_focused(&self) -> bool {
        self.top2 > FOCUSED
    }
}

/// Activities with the number of samples of each label.
struct Seen {
    activity: Activity,
    counts: Vec<f64>,
    n: f64,
}

impl Seen {
    fn of(activity: Activity, labels: &[u32], n_labels: usize) -> Self {
        let mut counts = vec![0.0; n_labels];
        labels.iter().for_each(|&label| counts[label as usize] += 1.0);
        Self { activity, counts, n: labels.len() as f64 }
    }

    fn mean(&self, lane: usize) -> f64 {
        self.activity.label_sums.iter().map(|sum| sum[lane]).sum::<f64>() / self.n
    }

    /// c of one unit with its standard error under random relabelling, `sd(f) sd(z) / √n`.
    fn contribution(&self, lane: usize, z: &[f64], centre: f64) -> (f64, f64) {
        let z_mean = z.iter().sum::<f64>() / z.len() as f64;
        let sums: &[Lanes] = &self.activity.label_sums;
        let of_label = |h: usize| (sums[h][lane] - self.counts[h] * centre) * (z[h] - z_mean);
        let contribution = (0..z.len()).map(of_label).sum::<f64>() / self.n;
        let mean = self.mean(lane);
        let f_variance = (self.activity.squares[lane] / self.n - mean * mean).max(0.0);
        let average = |power: i32| {
            z.iter().zip(&self.counts).map(|(z, count)| count * (z - z_mean).powi(power)).sum::<f64>() / self.n
        };
        let z_variance = (average(2) - average(1).powi(2)).max(0.0);
        (contribution, (f_variance * z_variance / self.n).sqrt())
    }
}

//! The predictors, behind one trait.

use super::benchmark::Seen;
use super::rules::{Kills, Rule};
use crate::early::looks::{LOOKS, step_of};
use crate::early::model::{Inputs, Model};

/// Scores of a run at each look; `None` where a predictor has nothing to say.
pub type Scores = [Option<f64>; LOOKS.len()];

/// What a predictor says of the runs of one pool.
#[derive(Clone, Debug, PartialEq)]
pub enum Says {
    /// Scores, a list a run: the higher or the lower, the likelier; which of the two is learned on other pools.
    Scores(Vec<Scores>),
    /// Probabilities, which are taken as they are.
    Probabilities(Vec<Scores>),
    /// The step at which each run is stopped; `None` for never.
    Kills(Vec<Option<u64>>),
}

/// Who says early what will become of a run.
pub trait Predictor: Sync {
    /// Its name in rows.
    fn name(&self) -> &'static str;

    /// Where it comes from, and what it reads.
    fn source(&self) -> &'static str;

    /// What it says of the runs of a pool, each from its own past; a rule from those of its pool too. `others` are runs whose ends it may
    /// know.
    fn says(&self, pool: &[&Seen], others: &[&Seen]) -> Says;

    /// The probability at or below which it stops a run at a risk α, where it brings one; `None` to take it off other pools.
    fn threshold(&self, _alpha: f64) -> Option<f64> {
        None
    }

    /// Whether it reads how `others` ended, so that it says something else where they are others.
    fn reads_ends(&self) -> bool {
        false
    }
}

/// A number that is read off a run at a look.
struct Sign {
    name: &'static str,
    source: &'static str,
    reads: fn(&Seen, usize) -> Option<f64>,
}

impl Predictor for Sign {
    fn name(&self) -> &'static str {
        self.name
    }

    fn source(&self) -> &'static str {
        self.source
    }

    fn says(&self, pool: &[&Seen], _: &[&Seen]) -> Says {
        let scores =
            |run: &&Seen| std::array::from_fn(|look| (self.reads)(run, look).filter(|score| score.is_finite()));
        Says::Scores(pool.iter().map(scores).collect())
    }
}

/// A rule that compares runs.
struct Ranks {
    name: &'static str,
    source: &'static str,
    rule: Rule,
}

impl Predictor for Ranks {
    fn name(&self) -> &'static str {
        self.name
    }

    fn source(&self) -> &'static str {
        self.source
    }

    fn says(&self, pool: &[&Seen], _: &[&Seen]) -> Says {
        let kills: Kills = self.rule.kills(pool);
        Says::Kills(kills)
    }
}

/// One of our heads.
struct Ours {
    name: &'static str,
    source: &'static str,
    inputs: Inputs,
}

impl Predictor for Ours {
    fn name(&self) -> &'static str {
        self.name
    }

    fn source(&self) -> &'static str {
        self.source
    }

    fn threshold(&self, alpha: f64) -> Option<f64> {
        Model::shipped().head(self.inputs).minima.threshold(alpha)
    }

    fn says(&self, pool: &[&Seen], _: &[&Seen]) -> Says {
        let model = Model::shipped();
        let scores = |run: &&Seen| {
            std::array::from_fn(|look| {
                let signs = run.looks.get(look)?;
                let mut row = run.trace.coordinates.clone();
                row.extend(signs);
                row.truncate(self.inputs.width());
                Some(model.probability(self.inputs, &row))
            })
        };
        Says::Probabilities(pool.iter().map(scores).collect())
    }
}

/// The first-passage law: T = t + ln(V/V*)/(2 η λ), V = ‖θ‖² at the step t of memorizing, and V* the share of the first V at which other runs generalized.
struct FirstPassage;

impl Predictor for FirstPassage {
    fn name(&self) -> &'static str {
        "first_passage"
    }

    fn source(&self) -> &'static str {
        "Truong et al. 2026, arXiv:2605.18845: step at which decay brings the norm to that of runs that generalized; after memorizing"
    }

    fn reads_ends(&self) -> bool {
        true
    }

    fn says(&self, pool: &[&Seen], others: &[&Seen]) -> Says {
        let mut shares: Vec<f64> = others
            .iter()
            .filter(|run| run.generalized())
            .filter_map(|run| Some(run.signals.last()?.log_norm? - run.signals.first()?.log_norm?))
            .collect();
        shares.sort_by(f64::total_cmp);
        let Some(&share) = shares.get(shares.len() / 2) else {
            return Says::Scores(vec![[None; LOOKS.len()]; pool.len()]);
        };
        let score = |run: &Seen, look: usize| {
            let step = step_of(look, run.trace.steps);
            let memorized = run.trace.memorized.filter(|&arrived| arrived <= step)?;
            let (rate, decay) = run.rate_and_decay;
            // The norm at the last look before it had memorized, which is what is known of V_mem.
            let at =
                (0..=look).rev().find(|&look| step_of(look, run.trace.steps) <= memorized).map_or(0, |look| look + 1);
            let beyond = run.signals.get(at)?.log_norm? - run.signals.first()?.log_norm? - share;
            let passage = memorized as f64 + beyond.max(0.0) / (2.0 * rate * decay).max(1e-12);
            Some(-(passage / run.trace.steps as f64).max(1e-6).ln())
        };
        Says::Scores(pool.iter().map(|run| std::array::from_fn(|look| score(run, look))).collect())
    }
}

/// The last evaluation at a look, and those before it.
fn rows(run: &Seen, look: usize) -> &[[f32; 5]] {
    run.until(step_of(look, run.trace.steps))
}

fn log_loss_ratio(run: &Seen, look: usize, column: usize) -> Option<f64> {
    let rows = rows(run, look);
    let (first, last) = (Seen::known(rows.first()?[column])?, Seen::known(rows.last()?[column])?);
    Some((last.max(1e-12) / first.max(1e-12)).ln())
}

/// Held-out loss at the end of the run by a power law a + b t^(−c) through what was seen.
fn power_law(run: &Seen, look: usize) -> Option<f64> {
    let rows = rows(run, look);
    let points: Vec<(f64, f64)> = rows
        .iter()
        .filter(|row| row[0] >= 1.0)
        .filter_map(|row| Some((f64::from(row[0]), Seen::known(row[3])?)))
        .collect();
    let first = points.first()?.1;
    let end = crate::early::log::PowerLaw::fit(&points, true)?.at(run.trace.steps as f64);
    Some(end / first.max(1e-12))
}

/// Hjorth activity of the training loss: its variance about its mean, each divided by its first value (Notsawo et al. 2023).
fn activity(run: &Seen, look: usize) -> Option<f64> {
    let rows = rows(run, look);
    let first = f64::from(rows.first()?[1]).max(1e-12);
    let losses: Vec<f64> = rows.iter().map(|row| f64::from(row[1]) / first).collect();
    let n = losses.len() as f64;
    let mean = losses.iter().sum::<f64>() / n;
    let variance = losses.iter().map(|loss| (loss - mean).powi(2)).sum::<f64>() / n;
    (losses.len() > 2 && variance > 0.0).then(|| variance.ln())
}

fn signal(run: &Seen, look: usize) -> Option<&super::signals::Signals> {
    run.signals.get(look + 1)
}

/// Every predictor, in the order of the table.
pub const PREDICTORS: &[&dyn Predictor] = &[
    &Sign {
        name: "last_accuracy",
        source: "the last held-out accuracy",
        reads: |run, look| Seen::known(rows(run, look).last()?[4]),
    },
    &Sign {
        name: "last_loss",
        source: "the last held-out loss against the first",
        reads: |run, look| log_loss_ratio(run, look, 3),
    },
    &Sign {
        name: "train_loss",
        source: "the last training loss against the first",
        reads: |run, look| log_loss_ratio(run, look, 1),
    },
    &Sign {
        name: "power_law",
        source: "Domhan et al. 2015: held-out loss at the end by a power law",
        reads: power_law,
    },
    &Sign {
        name: "hjorth",
        source: "Notsawo et al. 2023, arXiv:2306.13253: activity of the training loss",
        reads: activity,
    },
    &Sign {
        name: "spectral_entropy",
        source: "after Truong et al. 2026, arXiv:2604.13123: here of the hidden weights, there of representations",
        reads: |run, look| signal(run, look)?.spectral_entropy,
    },
    &Sign {
        name: "update_gap",
        source: "Xu 2026, arXiv:2603.15678: gap of the singular values of the last updates",
        reads: |run, look| signal(run, look)?.update_gap,
    },
    &FirstPassage,
    &Sign {
        name: "learning_coefficient",
        source: "Lau et al. 2023, arXiv:2308.12108: local learning coefficient, on 128 samples",
        reads: |run, look| signal(run, look)?.learning_coefficient,
    },
    &Sign {
        name: "norm",
        source: "Liu et al. 2022, arXiv:2210.01117: norm of all weights against its start",
        reads: |run, look| Some(signal(run, look)?.log_norm? - run.signals.first()?.log_norm?),
    },
    &Ranks {
        name: "successive_halving",
        source: "Jamieson and Talwalkar 2016; η = 2 from 1/16",
        rule: Rule::SuccessiveHalving { warm: false },
    },
    &Ranks {
        name: "successive_halving_warm",
        source: "the same from a fifth of the steps on",
        rule: Rule::SuccessiveHalving { warm: true },
    },
    &Ranks {
        name: "asha",
        source: "Li et al. 2020, arXiv:1810.05934; η = 3 from 1/81",
        rule: Rule::Asha { warm: false },
    },
    &Ranks { name: "asha_warm", source: "the same from a fifth of the steps on", rule: Rule::Asha { warm: true } },
    &Ranks {
        name: "hyperband",
        source: "Li et al. 2018, arXiv:1603.06560; η = 3 from 1/81",
        rule: Rule::Hyperband { warm: false },
    },
    &Ranks {
        name: "hyperband_warm",
        source: "the same from a fifth of the steps on",
        rule: Rule::Hyperband { warm: true },
    },
    &Ranks { name: "median", source: "Golovin et al. 2017: median stopping rule", rule: Rule::Median { warm: false } },
    &Ranks { name: "median_warm", source: "the same from a fifth of the steps on", rule: Rule::Median { warm: true } },
    &Sign {
        name: "sample_ratio",
        source: "theory alone: training samples against D ln D",
        reads: |run, _| Some(run.sample_ratio),
    },
    &Ours { name: "ours_spec", source: "ours, the spec alone", inputs: Inputs::Spec },
    &Ours { name: "ours_training", source: "ours, without held-out samples", inputs: Inputs::Training },
    &Ours { name: "ours_held_out", source: "ours, losses and accuracies", inputs: Inputs::HeldOut },
    &Ours { name: "ours_inside", source: "ours, with snapshots", inputs: Inputs::Inside },
    &Ours { name: "ours_group", source: "ours, with snapshots in the group's basis", inputs: Inputs::Group },
];

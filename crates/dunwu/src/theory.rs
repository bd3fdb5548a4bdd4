//! What the theory expects of a run before it is trained, so that agreement and contradiction can be said plainly.
//!
//! Source: Tian 2025, arXiv:2509.21519. Theorem 4 gives n ≳ d² M log(M/δ) with an unspecified constant; the constant here is the
//! one that the author fitted to trained networks. It is a rule for random splits of a group's table under gradient descent
//! with weight decay; outside of that [`expectation`] says so instead of guessing.

use dunwu_engine::spec::TopLayer;
use dunwu_engine::task::Structure;
use dunwu_engine::{Outcome, Problem, RunSpec};

use crate::group::Irrep;

/// The author's fitted constant: generalization from `n = 2.7482 · max(1, d/2) · M ln M` samples on.
const FITTED: f64 = 2.7482;
/// Within this factor of the critical sample size the fitted line itself is not decided (it was fitted to a grid of that step).
const MARGIN: f64 = 1.2;

/// What the theory expects.
#[derive(Clone, Debug, PartialEq)]
pub enum Expectation {
    /// Enough data: generalizing peaks survive.
    Generalizes {
        /// Critical sample size.
        critical: f64,
    },
    /// Too little data.
    Memorizes {
        /// Critical sample size.
        critical: f64,
    },
    /// Within a factor of 1.2 of the critical size.
    Undecided {
        /// Critical sample size.
        critical: f64,
    },
    /// No weight decay: G_F vanishes once the sample is fitted, and features stop there (Proposition 1, η = 0).
    StopsAtInterpolation,
    /// The theory does not speak about this run.
    Silent {
        /// Why.
        because: &'static str,
    },
}

/// The expectation for a spec; `irreps` are those of the task's group, if it has any.
pub fn expectation(spec: &RunSpec, problem: &Problem, irreps: Option<&[Irrep]>, n_train: usize) -> Expectation {
    let silent = |because| Expectation::Silent { because };
    match (&problem.structure, irreps) {
        (Structure::Quasigroup(_), _) => return silent("the table is a quasigroup, and the theory needs a group"),
        (Structure::Function, _) => return silent("the task is no group multiplication"),
        (Structure::Group(_), None) => return silent("the group's irreps were not computed"),
        (Structure::Group(_), Some(_)) if problem.operand_sizes.len() != 2 => {
            return silent("it is stated for two operands");
        }
        _ => {}
    }
    if spec.data.corrupted > 0.0 {
        return silent("it is stated for clean labels");
    }
    if spec.optimizer.weight_decay == 0.0 && spec.model.top_layer == TopLayer::Trained {
        return Expectation::StopsAtInterpolation;
    }
    let order = problem.n_labels as f64;
    let degree = irreps.unwrap_or_default().iter().map(|irrep| irrep.degree).max().unwrap_or(1) as f64;
    let critical = FITTED * (degree / 2.0).max(1.0) * order * order.ln();
    match n_train as f64 / critical {
        ratio if ratio >= MARGIN => Expectation::Generalizes { critical },
        ratio if ratio <= 1.0 / MARGIN => Expectation::Memorizes { critical },
        _ => Expectation::Undecided { critical },
    }
}

impl Expectation {
    /// One sentence: what was expected, what happened, whether they agree.
    pub fn sentence(&self, n_train: usize, outcome: Outcome, memorized: bool) -> String {
        let generalized = matches!(outcome, Outcome::Grokked { .. });
        let size =
            |critical: &f64| format!("{n_train} samples against a critical {critical:.0} (2.7482·max(1, d/2)·M ln M)");
        let (expected, agrees) = match self {
            Self::Generalizes { critical } => {
                (format!("expected generalization, with {}", size(critical)), Some(generalized))
            }
            Self::Memorizes { critical } => {
                (format!("expected memorization only, with {}", size(critical)), Some(memorized && !generalized))
            }
            Self::Undecided { critical } => (format!("cannot tell, with {}", size(critical)), None),
            Self::StopsAtInterpolation => (
                "expected no generalization, because without weight decay G_F vanishes once the sample is fitted"
                    .into(),
                Some(!generalized),
            ),
            Self::Silent { because } => return format!("The theory is silent here: {because}."),
        };
        let verdict = match (agrees, outcome) {
            (None, _) => "",
            (Some(true), _) => "; the run agrees",
            (Some(false), Outcome::Diverged { .. } | Outcome::Collapsed { .. }) => {
                "; the run ended before it could tell"
            }
            (Some(false), Outcome::Censored { .. }) => "; within its steps the run did not do so",
            (Some(false), Outcome::Grokked { .. }) => "; the run contradicts it",
        };
        format!("The theory {expected}{verdict}.")
    }
}

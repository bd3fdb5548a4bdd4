//! What the theory expects of a run before it is trained, so that agreement and contradiction can be said plainly.
//!
//! Source: Tian 2025, arXiv:2509.21519. Theorem 4 gives n ≳ d² M log(M/δ) with an unspecified constant; the constant here is the
//! one that the author fitted to trained networks. It is a rule for random splits of a group's table under gradient descent
//! with weight decay; outside of that [`expectation`] says so instead of guessing.

use dunwu_engine::loss::Objective;
use dunwu_engine::spec::{Architecture, OperandTables, Sampling, TopLayer};
use dunwu_engine::task::Structure;
use dunwu_engine::{Outcome, Problem, RunSpec};

use crate::group::Irrep;

/// The author's fitted constant: generalization from `n = 2.7482 · max(1, d/2) · M ln M` samples on.
pub const FITTED: f64 = 2.7482;
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
    if spec.model.architecture != Architecture::TwoLayer {
        return silent("it is stated for two-layer networks without biases");
    }
    if spec.model.tables != OperandTables::Separate {
        return silent("it is stated for operands with weights of their own");
    }
    if let Objective::Features(_) = spec.loss {
        return silent("it is stated for losses of the outputs, which train through the top layer");
    }
    if !problem.several.is_empty() {
        return silent("it is stated for one problem");
    }
    match (&problem.structure, irreps) {
        (Structure::Quasigroup(_), _) => return silent("the table is a quasigroup, and the theory needs a group"),
        (Structure::Function, _) => return silent("the task is no group multiplication"),
        (Structure::Group(_), None) => return silent("the group's irreps were not computed"),
        (Structure::Group(_), Some(_)) if problem.operand_sizes.len() != 2 => {
            return silent("it is stated for two operands");
        }
        _ => {}
    }
    if n_train == problem.n_population() {
        return silent("nothing was held out, so there is nothing to generalize to");
    }
    if spec.data.corrupted > 0.0 {
        return silent("it is stated for clean labels");
    }
    if let Sampling::Part(..) = spec.data.sampling {
        return silent("it is stated for samples drawn one by one from the whole table");
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

/// Whether a run did what the theory expected of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// It did.
    Agrees,
    /// It did what the theory ruled out.
    Disagrees,
    /// The run or the theory leaves it open.
    CannotTell(Openness),
}

/// Why a run and the theory neither agree nor disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Openness {
    /// The steps ran out before the network generalized; a longer run might.
    Censored {
        /// The last step.
        step: u64,
    },
    /// Training diverged or every unit decayed to nothing.
    EndedEarly {
        /// First step at which that was seen.
        step: u64,
    },
    /// The network generalized and lost it again, of which the theory does not speak.
    Lost {
        /// First step at which it had generalized.
        arrived: u64,
        /// First step at which it no longer had.
        left: u64,
    },
    /// The network forgot even its training sample.
    Forgot {
        /// First step at which it no longer knew it.
        left: u64,
    },
    /// The theory expected nothing.
    NothingExpected,
}

impl Expectation {
    /// Whether the run agrees. A run that generalized settles the question. One that lost it again contradicts a theory that had ruled
    /// it out, and does not confirm one that had expected it. Of a run that did not generalize within its steps it is not known whether
    /// it would have later.
    pub fn agreement(&self, outcome: Outcome) -> Agreement {
        match (self, outcome) {
            (Self::Undecided { .. } | Self::Silent { .. }, _) => Agreement::CannotTell(Openness::NothingExpected),
            (_, Outcome::Censored { step }) => Agreement::CannotTell(Openness::Censored { step }),
            (_, Outcome::Diverged { step } | Outcome::Collapsed { step }) => {
                Agreement::CannotTell(Openness::EndedEarly { step })
            }
            (_, Outcome::Forgot { left, .. }) => Agreement::CannotTell(Openness::Forgot { left }),
            (Self::Generalizes { .. }, Outcome::Lost { arrived, left, .. }) => {
                Agreement::CannotTell(Openness::Lost { arrived, left })
            }
            (Self::Generalizes { .. }, Outcome::Grokked { .. }) => Agreement::Agrees,
            (Self::Memorizes { .. } | Self::StopsAtInterpolation, Outcome::Grokked { .. } | Outcome::Lost { .. }) => {
                Agreement::Disagrees
            }
        }
    }

    /// One sentence: what was expected and whether the run agrees.
    pub fn sentence(&self, n_train: usize, outcome: Outcome) -> String {
        let size =
            |critical: &f64| format!("{n_train} samples against a critical {critical:.0} (2.7482·max(1, d/2)·M ln M)");
        let expected = match self {
            Self::Generalizes { critical } => format!("expected generalization, with {}", size(critical)),
            Self::Memorizes { critical } => format!("expected memorization only, with {}", size(critical)),
            Self::Undecided { critical } => format!("cannot tell, with {}", size(critical)),
            Self::StopsAtInterpolation => {
                "expected no generalization, because without weight decay G_F vanishes once the sample is fitted".into()
            }
            Self::Silent { because } => return format!("The theory is silent here: {because}."),
        };
        let verdict = match self.agreement(outcome) {
            Agreement::Agrees => "; the run agrees".to_owned(),
            Agreement::Disagrees => match outcome {
                Outcome::Lost { arrived, left, .. } => {
                    format!(
                        "; the run contradicts it: it had generalized at step {arrived}, and lost it from step {left} on"
                    )
                }
                _ => "; the run contradicts it".to_owned(),
            },
            Agreement::CannotTell(Openness::Lost { arrived, left }) => {
                format!(
                    "; the run had generalized at step {arrived} and lost it from step {left} on, of which the theory does not speak"
                )
            }
            Agreement::CannotTell(Openness::Forgot { left }) => {
                format!(
                    "; the run neither confirms nor contradicts this, because from step {left} on it no longer knew its training sample"
                )
            }
            Agreement::CannotTell(Openness::Censored { step }) => {
                format!(
                    "; the run neither confirms nor contradicts this, because it stopped at step {step} without having generalized and might do so later"
                )
            }
            Agreement::CannotTell(Openness::EndedEarly { step }) => {
                format!("; the run neither confirms nor contradicts this, because it broke down at step {step}")
            }
            Agreement::CannotTell(Openness::NothingExpected) => String::new(),
        };
        format!("The theory {expected}{verdict}.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::Decomposition;
    use dunwu_engine::Split;
    use dunwu_engine::spec::{apply, parse_value};

    fn expect(words: &[&str]) -> (Expectation, usize, usize) {
        let settings: Vec<_> =
            words.iter().filter_map(|word| word.split_once('=')).map(|(k, v)| (k.to_owned(), parse_value(v))).collect();
        let spec = apply(&RunSpec::default(), &settings).unwrap();
        let problem = spec.task.resolve(None).unwrap();
        let split = Split::draw(&problem, &spec.data, spec.seed, None).unwrap();
        let irreps = problem.group().map(|table| Decomposition::of(table).unwrap().irreps);
        let n_train = split.train.len();
        (expectation(&spec, &problem, irreps.as_deref(), n_train), n_train, problem.n_population())
    }

    /// The shares that the author's line gives, as the theory notes list them.
    #[test]
    fn the_critical_share_is_that_of_the_fitted_line() {
        for (order, share) in [(23, 0.375), (41, 0.249), (71, 0.165), (89, 0.139), (127, 0.105)] {
            let (expected, _, population) = expect(&[&format!("task=cyclic:{order}"), "data.fraction=0.9"]);
            let Expectation::Generalizes { critical } = expected else { panic!("{expected:?}") };
            assert!((critical / population as f64 - share).abs() < 6e-4, "{order}: {}", critical / population as f64);
        }
    }

    #[test]
    fn data_decides_and_where_the_theory_does_not_speak_it_is_silent() {
        assert!(matches!(expect(&[]).0, Expectation::Generalizes { .. }));
        assert!(matches!(expect(&["data.fraction=0.165"]).0, Expectation::Undecided { .. }));
        assert!(matches!(expect(&["data.fraction=0.1"]).0, Expectation::Memorizes { .. }));
        assert_eq!(expect(&["optimizer.weight_decay=0"]).0, Expectation::StopsAtInterpolation);
        for words in [
            ["data.fraction=1", "seed=0"],
            ["data.corrupted=0.1", "seed=0"],
            ["task=expression:x^2+y:11", "seed=0"],
            ["task=operands:3:cyclic:7", "seed=0"],
            ["task=expression:x/y:11", "seed=0"],
            ["task=word:aba^-1:symmetric:3", "seed=0"],
            ["data.mirror_pairs=0.5", "seed=0"],
            ["data.rows=0.9", "seed=0"],
            ["model.tables=summed", "seed=0"],
            ["task=several:cyclic:11,expression:x*y:11", "seed=0"],
            ["task=base:2:cyclic:16", "seed=0"],
            ["task=expression:x-y:11", "seed=0"],
            ["model.architecture=mlp", "model.depth=1"],
            ["loss=contrastive", "model.top_layer=ridge"],
        ] {
            assert!(matches!(expect(&words).0, Expectation::Silent { .. }), "{words:?}");
        }
    }

    /// Every expectation against every outcome: a run that generalized alone agrees or disagrees.
    #[test]
    fn only_a_run_that_generalized_settles_the_question() {
        let critical = 100.0;
        let expectations = [
            (Expectation::Generalizes { critical }, Some(Agreement::Agrees)),
            (Expectation::Memorizes { critical }, Some(Agreement::Disagrees)),
            (Expectation::StopsAtInterpolation, Some(Agreement::Disagrees)),
            (Expectation::Undecided { critical }, None),
            (Expectation::Silent { because: "of the test" }, None),
        ];
        let step = 5;
        for (expectation, settled) in expectations {
            assert_eq!(
                expectation.agreement(Outcome::Grokked { step }),
                settled.unwrap_or(Agreement::CannotTell(Openness::NothingExpected))
            );
            for outcome in [Outcome::Censored { step }, Outcome::Diverged { step }, Outcome::Collapsed { step }] {
                assert!(matches!(expectation.agreement(outcome), Agreement::CannotTell(_)), "{expectation:?}");
                let sentence = expectation.sentence(10, outcome);
                assert!(!sentence.contains("agrees") && !sentence.contains("contradicts it"), "{sentence}");
            }
        }
        let lost = Outcome::Lost { step: 90, arrived: 5, left: 70, last: 0.1 };
        let generalizes = Expectation::Generalizes { critical };
        assert_eq!(generalizes.agreement(lost), Agreement::CannotTell(Openness::Lost { arrived: 5, left: 70 }));
        assert!(generalizes.sentence(10, lost).contains("had generalized at step 5 and lost it from step 70 on"));
        let memorizes = Expectation::Memorizes { critical };
        assert_eq!(memorizes.agreement(lost), Agreement::Disagrees);
        assert!(memorizes.sentence(10, lost).ends_with("it had generalized at step 5, and lost it from step 70 on."));
        let forgot = Outcome::Forgot { step: 90, arrived: 5, left: 70, last: 0.1 };
        assert_eq!(memorizes.agreement(forgot), Agreement::CannotTell(Openness::Forgot { left: 70 }));
        let says = |outcome| Expectation::StopsAtInterpolation.sentence(10, outcome);
        assert!(says(Outcome::Grokked { step }).ends_with("the run contradicts it."));
        assert!(says(Outcome::Censored { step }).contains("it stopped at step 5 without having generalized"));
    }
}

//! What comes out of a run, and how it is read off what the core derived.

use super::knobs::{EVALUATE_EVERY, INTERVENTION};
use super::trained::Trained;
use dunwu::measure;
use dunwu::opened::UnitLabel;
use dunwu_engine::Outcome as End;
use dunwu_science::lab::{Observable, ObservableKind, Outcome};
use dunwu_science::unit::Unit;
use std::collections::BTreeMap;

/// A quantity of a run.
struct Quantity {
    name: &'static str,
    tells: &'static str,
    kind: Kind,
    /// The level of `intervention` that keeps it at its initial value.
    held_by: Option<&'static str>,
    of: fn(&Trained<'_>) -> Outcome,
}

/// Whether it is an event or a number.
#[derive(Clone, Copy)]
enum Kind {
    Event,
    /// Steps; two that differ by less than this ratio less one are one.
    Steps(f64),
    /// A share, in [0, 1].
    Share(f64),
    /// A positive number whose errors are ratios.
    Positive(f64),
}

/// Every observable, in reading order. Of a run that diverged or collapsed all events but those two are false, and numbers are undefined.
///
/// Resolutions: an interval of [`EVALUATE_EVERY`] steps at the earliest arrivals that were seen, 8 (memorized) and 40 (generalized); one
/// sample of a few hundred for accuracies; one unit of 256; one irrep of 11.
const QUANTITIES: &[Quantity] = &[
    Quantity {
        name: "memorized",
        tells: "train accuracy reached 0.99 and stayed there for 10 steps, or to the end",
        kind: Kind::Event,
        held_by: None,
        of: |run| run.event(run.knowledge.memorized.is_some()),
    },
    Quantity {
        name: "generalized",
        tells: "test accuracy reached 0.99 and stayed there for 10 steps, or to the end",
        kind: Kind::Event,
        held_by: None,
        of: |run| run.event(run.knowledge.generalized.is_some()),
    },
    Quantity {
        name: "lost",
        tells: "it generalized and is below 0.99 at the end, at most stop_after steps after its arrival",
        kind: Kind::Event,
        held_by: None,
        of: |run| run.event(matches!(run.end, End::Lost { .. })),
    },
    Quantity {
        name: "collapsed",
        tells: "weight decay took all hidden units, or all but a hundredth of them",
        kind: Kind::Event,
        held_by: None,
        of: |run| Outcome::Event(matches!(run.end, End::Collapsed { .. })),
    },
    Quantity {
        name: "diverged",
        tells: "the loss or a weight stopped being finite",
        kind: Kind::Event,
        held_by: None,
        of: |run| Outcome::Event(matches!(run.end, End::Diverged { .. })),
    },
    Quantity {
        name: "t_mem",
        tells: "first step of the stay of train accuracy at 0.99; censored where the steps ran out",
        kind: Kind::Steps(EVALUATE_EVERY as f64 / 8.0),
        held_by: None,
        of: |run| run.arrival(run.knowledge.memorized.map(|stay| stay.arrived)),
    },
    Quantity {
        name: "t_gen",
        tells: "first step of the stay of test accuracy at 0.99; censored where the steps ran out",
        kind: Kind::Steps(EVALUATE_EVERY as f64 / 40.0),
        held_by: None,
        of: |run| run.arrival(run.knowledge.generalized.map(|stay| stay.arrived)),
    },
    Quantity {
        name: "delay",
        tells: "steps from t_mem to t_gen; undefined where generalizing did not come after memorizing",
        kind: Kind::Steps(EVALUATE_EVERY as f64 / 40.0),
        held_by: None,
        of: |run| run.delay(),
    },
    Quantity {
        name: "train_accuracy",
        tells: "share of the training sample answered by its labels as given, at the end",
        kind: Kind::Share(0.005),
        held_by: None,
        of: |run| run.last(|row| Some(row.train_accuracy)),
    },
    Quantity {
        name: "test_accuracy",
        tells: "share of the held-out samples answered right, at the end",
        kind: Kind::Share(0.005),
        held_by: None,
        of: |run| run.last(|row| row.test_accuracy),
    },
    Quantity {
        name: "hidden_norm",
        tells: "norm of W, the weights of the hidden layer, at the end; clamp_hidden keeps it at its initial value where it would rise, and it may fall",
        kind: Kind::Positive(1e-3),
        held_by: Some("clamp_hidden"),
        of: |run| run.measured(|frame| frame.scalar(measure::HIDDEN_NORM)),
    },
    Quantity {
        name: "top_norm",
        tells: "norm of V, the weights of the top layer, at the end; clamp_top keeps it at its initial value where it would rise, and it may fall",
        kind: Kind::Positive(1e-3),
        held_by: Some("clamp_top"),
        of: |run| run.measured(|frame| frame.scalar(measure::TOP_NORM)),
    },
    Quantity {
        name: "generalizing_share",
        tells: "share of hidden units whose contribution carries over to held-out samples, at the end",
        kind: Kind::Share(0.004),
        held_by: None,
        of: |run| run.units(UnitLabel::Generalizing),
    },
    Quantity {
        name: "memorizing_share",
        tells: "share of hidden units that contribute to the training sample alone, at the end",
        kind: Kind::Share(0.004),
        held_by: None,
        of: |run| run.units(UnitLabel::Memorizing),
    },
    Quantity {
        name: "dead_share",
        tells: "share of hidden units whose weights decayed to nothing, at the end",
        kind: Kind::Share(0.004),
        held_by: None,
        of: |run| run.units(UnitLabel::Dead),
    },
    Quantity {
        name: "covered_share",
        tells: "share of the irreps (but the trivial one) that a pure hidden unit carries, at the end: peaks that were found",
        kind: Kind::Share(0.02),
        held_by: None,
        of: |run| {
            run.measured(|frame| {
                let covered = frame.covered_irreps()?;
                let found = covered.iter().skip(1).filter(|covered| **covered).count();
                (covered.len() > 1).then(|| found as f64 / (covered.len() - 1) as f64)
            })
        },
    },
];

/// Every observable, for the card.
pub(super) fn observables() -> Vec<Observable> {
    let kind = |kind: Kind| match kind {
        Kind::Event => ObservableKind::Event,
        Kind::Steps(resolution) => ObservableKind::Number { unit: Unit::base("step"), resolution, logarithmic: true },
        Kind::Share(resolution) => ObservableKind::Number { unit: Unit::pure(), resolution, logarithmic: false },
        Kind::Positive(resolution) => ObservableKind::Number { unit: Unit::pure(), resolution, logarithmic: true },
    };
    let observable = |quantity: &Quantity| Observable {
        name: quantity.name.to_owned(),
        tells: quantity.tells.to_owned(),
        kind: kind(quantity.kind),
        held_by: quantity.held_by.map(|level| (INTERVENTION.to_owned(), level.to_owned())),
    };
    QUANTITIES.iter().map(observable).collect()
}

/// All that came out of a run.
pub(super) fn outcomes(run: &Trained<'_>) -> BTreeMap<String, Outcome> {
    QUANTITIES.iter().map(|quantity| (quantity.name.to_owned(), (quantity.of)(run))).collect()
}

/// Of a run that was not made.
pub(super) fn missing(why: &str) -> BTreeMap<String, Outcome> {
    QUANTITIES.iter().map(|quantity| (quantity.name.to_owned(), Outcome::Missing(why.to_owned()))).collect()
}

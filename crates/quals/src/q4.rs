//! Q4: derivations with and without a planted error, as the crate of derivations examines itself.

use crate::plan::Plan;
use crate::result::{Figure, Tier};

/// Examines.
pub(crate) fn examine(plan: &Plan, seed: u64) -> Tier {
    let came = dunwu_derive::q4::examine(seed, plan.chains);
    let mut tier = Tier::new("Q4 derivations", came.chains);
    tier.figure(
        Figure::share("planted errors that are found at their step", came.located, came.planted)
            .bar("at least 95 %", |figure| figure.value.is_some_and(|share| share >= 0.95)),
    );
    tier.figure(
        Figure::number("true steps that are called false", came.chains, came.false_alarms as f64)
            .bar("0", |figure| figure.value == Some(0.0)),
    );
    tier.figure(Figure::number("true chains that stay open", came.chains, came.unsure as f64));
    for missed in &came.missed {
        let step = |step: Option<usize>| step.map_or("no step".to_owned(), |step| format!("step {step}"));
        tier.row(&missed.template, step(missed.planted), step(missed.reported));
    }
    tier
}

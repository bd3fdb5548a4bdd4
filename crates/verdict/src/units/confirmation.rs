//! What the ablation of a single unit says of its label.
//!
//! ```text
//! memory: flagged − twins > 2 standard errors      generalization: held-out > 2 standard errors
//! ```
//!
//! A claim that was proved is contradicted where the effect surely stays below what proving it asks for; one that was refuted, where the
//! effect surely passes what refuting it rules out; surely means by two standard errors. What neither shows nor contradicts is unclear.

use super::evidence::{Estimate, Evidence};
use super::label::{RULED_OUT, Standing, UnitLabel};
use super::layer::Ablation;
use schemars::JsonSchema;
use serde::Serialize;

/// How an ablation stands to a unit's label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Confirmed {
    /// Both claims show as the label says.
    Confirmed,
    /// The ablation says the opposite of at least one.
    Contradicted,
    /// The effect of at least one is too small beside its error to be seen.
    Unclear,
    /// The label claims nothing that an ablation could show.
    NothingClaimed,
}

/// What ablating a unit does, and what that says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Confirmation {
    /// Taken from flagged samples beyond what is taken from their twins.
    pub memory: Estimate,
    /// Taken from held-out samples.
    pub held_out: Estimate,
    /// How it stands to the label.
    pub confirmed: Confirmed,
}

/// Standard errors at which an effect shows.
const SHOWS: f64 = 2.0;
/// H/a above which a unit generalizes, and E/a above which it memorizes.
const LEAST_RATIO: f64 = 0.1;

/// Holds a label against an ablation.
pub(super) fn confirm(evidence: &Evidence, label: &UnitLabel, ablation: &Ablation) -> Confirmation {
    let Ablation { memory, held_out, .. } = *ablation;
    let claims = [
        (label.memory.standing, memory.over(evidence.scale), RULED_OUT.0),
        (label.generalization.standing, held_out.over(evidence.scale), LEAST_RATIO),
    ];
    let answer = |(standing, effect, ruled_out): (Standing, Estimate, f64)| {
        let (low, high) = (effect.mean - SHOWS * effect.error, effect.mean + SHOWS * effect.error);
        match standing {
            Standing::Proved if low > 0.0 => Some(Confirmed::Confirmed),
            Standing::Proved if high < LEAST_RATIO => Some(Confirmed::Contradicted),
            Standing::Proved => Some(Confirmed::Unclear),
            Standing::Refuted if low > ruled_out => Some(Confirmed::Contradicted),
            Standing::Refuted => Some(Confirmed::Confirmed),
            Standing::Open => None,
        }
    };
    let answers: Vec<Confirmed> = claims.into_iter().filter_map(answer).collect();
    let confirmed = if answers.is_empty() || label.is_dead {
        Confirmed::NothingClaimed
    } else {
        let worst = [Confirmed::Contradicted, Confirmed::Unclear].into_iter().find(|one| answers.contains(one));
        worst.unwrap_or(Confirmed::Confirmed)
    };
    Confirmation { memory, held_out, confirmed }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::label::{Claim, UnitRole};

    /// Effects in units of the unit's scale, which is 2.
    fn of(memory: (f64, f64), held_out: (f64, f64), standings: [Standing; 2]) -> Confirmed {
        let estimate = |(mean, error): (f64, f64)| Estimate { mean: 2.0 * mean, error: 2.0 * error };
        let claim = |standing| Claim { standing, probability: 1.0 };
        let label = UnitLabel {
            role: UnitRole::CannotTell,
            memory: claim(standings[0]),
            generalization: claim(standings[1]),
            is_dead: false,
            confidence: 0.0,
            memory_ratio: None,
        };
        let evidence = Evidence {
            scale: 2.0,
            held_out: None,
            unflagged: estimate((0.0, 0.0)),
            excess: None,
            excess_over_half: None,
            memory: None,
            leaning: Vec::new(),
        };
        let ablation = Ablation { unit: 0, memory: estimate(memory), held_out: estimate(held_out) };
        confirm(&evidence, &label, &ablation).confirmed
    }

    #[test]
    fn an_ablation_confirms_contradicts_or_leaves_open() {
        use Standing::{Open, Proved, Refuted};
        for (memory, held_out, standings, wanted) in [
            ((0.5, 0.1), (0.9, 0.1), [Proved, Proved], Confirmed::Confirmed),
            ((0.5, 0.3), (0.9, 0.1), [Proved, Proved], Confirmed::Unclear),
            ((0.0, 0.04), (0.9, 0.1), [Proved, Proved], Confirmed::Contradicted),
            ((0.05, 0.01), (0.9, 0.1), [Proved, Proved], Confirmed::Confirmed),
            ((0.9, 0.1), (0.9, 0.1), [Refuted, Proved], Confirmed::Contradicted),
            ((0.3, 0.1), (0.9, 0.1), [Refuted, Proved], Confirmed::Confirmed),
            ((9.0, 0.1), (0.4, 0.1), [Open, Refuted], Confirmed::Contradicted),
            ((9.0, 0.1), (0.4, 0.1), [Open, Open], Confirmed::NothingClaimed),
        ] {
            assert_eq!(of(memory, held_out, standings), wanted, "{memory:?} {held_out:?} {standings:?}");
        }
    }
}

//! The paper's three stages, told apart by what the units do.
//!
//! - **lazy**: the features are still the random ones that the top layer fits. It ends when the median unit has turned away
//!   from where it began (`unit_rotation`).
//! - **independent**: each unit climbs its own energy. It ends when generalizing units carry a tenth of the fit, so that what
//!   one has learned is missing from the gradient of the others.
//! - **interactive**: the units share out what is left.
//!
//! The paper gives no criterion for a finite network; these two thresholds are ours. In the paper's setting they put the
//! boundaries at the snapshots of steps 32 and 94, where the alignment of G_F with its Stage I form reaches its maximum and has lost 45 % of it;
//! without weight decay the second boundary is never reached.

use super::label::{UnitLabel, fit_share};
use serde::{Deserialize, Serialize};

/// The paper's stages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Hidden units still random; the top layer fits them.
    Lazy,
    /// Each unit climbs its own energy.
    Independent,
    /// Units repel, and the gradient points at what is missing.
    Interactive,
}

impl Stage {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lazy => "lazy",
            Self::Independent => "independent",
            Self::Interactive => "interactive",
        }
    }
}

/// A stage with its boundaries, in steps; `to` is the next stage's `from` or the last step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageSpan {
    /// Which.
    pub name: Stage,
    /// First step.
    pub from: u64,
    /// Last step.
    pub to: u64,
    /// Why it begins here, with the number that decided.
    pub evidence: String,
}

/// What decides, at one snapshot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StageEvidence {
    /// Updates made so far.
    pub step: u64,
    /// Median of `unit_rotation` over units that are not dead.
    pub median_rotation: Option<f64>,
    /// Share of the fit on the training sample that generalizing units carry.
    pub generalizing_share: Option<f64>,
}

impl StageEvidence {
    /// From the per-unit measures of one snapshot.
    pub fn of(
        step: u64,
        rotation: Option<&[Option<f64>]>,
        fit_train: Option<&[Option<f64>]>,
        labels: &[UnitLabel],
    ) -> Self {
        let alive = |unit: usize| labels[unit] != UnitLabel::Dead;
        let mut rotations: Vec<f64> = rotation
            .unwrap_or_default()
            .iter()
            .enumerate()
            .filter(|&(unit, _)| alive(unit))
            .filter_map(|(_, r)| *r)
            .collect();
        rotations.sort_by(f64::total_cmp);
        Self {
            step,
            median_rotation: rotations.get(rotations.len() / 2).copied(),
            generalizing_share: fit_train.and_then(|fit| fit_share(fit, labels, UnitLabel::Generalizing)),
        }
    }
}

/// Rotation 1 − cos at which the median unit has left its random feature (26° away).
const TURNED: f64 = 0.1;
/// Share of the fit from which on generalizing units shape what the others see.
const SHARED: f64 = 0.1;

/// The stages that a run passed through, in order; a boundary once passed stays passed. None where no snapshot tells how far
/// units have turned, as where they have no table of tokens to turn in: then the first boundary cannot be known.
pub fn stages(snapshots: &[StageEvidence], last_step: u64) -> Vec<StageSpan> {
    if snapshots.iter().all(|snapshot| snapshot.median_rotation.is_none()) {
        return Vec::new();
    }
    let mut spans = vec![(Stage::Lazy, 0, "every run begins here: the hidden units are random".to_owned())];
    for snapshot in snapshots {
        let (stage, _, _) = *spans.last().expect("begins with one");
        if let Some(rotation) = snapshot.median_rotation.filter(|&r| stage == Stage::Lazy && r >= TURNED) {
            let degrees = |rotation: f64| (1.0 - rotation).acos().to_degrees();
            let evidence = format!(
                "the first snapshot at which the median unit has turned by at least {:.0}° from where it began ({:.0}° there)",
                degrees(TURNED),
                degrees(rotation)
            );
            spans.push((Stage::Independent, snapshot.step, evidence));
        }
        let (stage, _, _) = *spans.last().expect("begins with one");
        if let Some(share) = snapshot.generalizing_share.filter(|&s| stage == Stage::Independent && s >= SHARED) {
            let evidence = format!(
                "the first snapshot at which units labelled generalizing carry at least {:.0} % of the fit on the training \
                 sample ({:.0} % there)",
                100.0 * SHARED,
                100.0 * share
            );
            spans.push((Stage::Interactive, snapshot.step, evidence));
        }
    }
    let ends = spans.iter().skip(1).map(|&(_, from, _)| from).chain([last_step]).collect::<Vec<_>>();
    let spans = spans.into_iter().zip(ends);
    spans.map(|((name, from, evidence), to)| StageSpan { name, from, to, evidence }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(step: u64, rotation: f64, share: f64) -> StageEvidence {
        StageEvidence { step, median_rotation: Some(rotation), generalizing_share: Some(share) }
    }

    fn boundaries(snapshots: &[StageEvidence]) -> Vec<(Stage, u64, u64)> {
        stages(snapshots, 100).into_iter().map(|span| (span.name, span.from, span.to)).collect()
    }

    #[test]
    fn stages_follow_one_another_and_cover_the_run() {
        assert_eq!(boundaries(&[at(0, 0.0, 0.0)]), [(Stage::Lazy, 0, 100)]);
        assert_eq!(boundaries(&[at(0, 0.0, 0.9), at(50, 0.05, 0.9)]), [(Stage::Lazy, 0, 100)]);
        assert_eq!(
            boundaries(&[at(0, 0.0, 0.0), at(20, 0.2, 0.0), at(60, 0.1, 0.3), at(80, 0.0, 0.0)]),
            [(Stage::Lazy, 0, 20), (Stage::Independent, 20, 60), (Stage::Interactive, 60, 100)]
        );
    }

    #[test]
    fn without_rotations_no_stage_is_claimed() {
        assert_eq!(boundaries(&[]), []);
        let blind = |step| StageEvidence { step, median_rotation: None, generalizing_share: Some(0.9) };
        assert_eq!(boundaries(&[blind(0), blind(50)]), []);
        assert_eq!(boundaries(&[at(0, 0.0, 0.0), blind(50)]), [(Stage::Lazy, 0, 100)]);
    }

    #[test]
    fn dead_units_do_not_vote() {
        let labels = [UnitLabel::Dead, UnitLabel::Generalizing, UnitLabel::Memorizing];
        let rotation = [Some(1.0), Some(0.2), Some(0.2)];
        let fit = [Some(0.0), Some(1.0), Some(3.0)];
        let evidence = StageEvidence::of(5, Some(&rotation), Some(&fit), &labels);
        assert_eq!(evidence, at(5, 0.2, 0.25));
    }
}

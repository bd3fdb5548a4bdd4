//! How often labels are luck: the layer is judged again with two halves of its samples that have none in common.
//!
//! ```text
//! flips = units that both halves tell and tell differently / units that both halves tell
//! ```
//!
//! - Held-out samples are halved, each half with those twins that lie in it; then flagged samples are halved. Four random halvings of
//!   either, which are always the same ones
//! - Errors of halves are larger than those of the whole by √2, so that halves label fewer units; their labels have to be as sure
//! - Dead units do not count: that they do nothing is no luck
//! - Flags and twins stay those of the whole. On digits halves with readouts and flags of their own give the same share of flips: 28 %
//!   against 30 % with the earlier rule of `label` (first layers of three MLPs), none of 680 against 0.05 % with the present one (of five)

use super::arrays::ArraysError;
use super::evidence::{Selection, evidence_of};
use super::flags::Flags;
use super::label::{FEWEST_FLAGGED, UnitLabel, UnitRole, label};
use super::layer::Contributions;
use super::layer_samples::LayerSamples;
use crate::draw::Draw;
use crate::stats::ExactShare;

/// Labels of halves against each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Halved {
    /// Units that both halves tell, mean over the halvings.
    pub told: f64,
    /// Those of them that get another label, mean over the halvings.
    pub flipped: f64,
    /// Their share over all halvings; `None` where the halves tell nothing.
    pub share: Option<f64>,
    /// The smallest and the largest share of one halving.
    pub ends: Option<(f64, f64)>,
}

/// How often labels are luck.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stability {
    /// With halves of the held-out samples; `None` where it is not known which of them the twins are.
    pub held_out: Option<Halved>,
    /// With halves of the flagged samples; `None` where half of them are too few.
    pub flagged: Option<Halved>,
}

/// Random halvings of either kind.
const HALVINGS: usize = 4;
/// The numbered streams that they are drawn from.
const HELD_OUT_STREAM: usize = 0x4a20;
const FLAGGED_STREAM: usize = 0x4a21;

impl Stability {
    /// Judges the halves.
    pub(super) fn of(
        samples: &LayerSamples,
        contributions: &Contributions,
        flags: &Flags,
    ) -> Result<Self, ArraysError> {
        let all = Selection::all(contributions, Some(flags));
        let labels = |selection: &Selection| {
            let found = evidence_of(samples, contributions, Some(flags), selection)?;
            Ok(label(&found, samples.train.labels.len()))
        };
        let held_out = if contributions.knows_its_twins() && all.held_out.len() >= 2 {
            let part = |half: &[usize]| labels(&Selection { held_out: half.to_vec(), ..all.clone() });
            Some(Halved::of(all.held_out.len(), HELD_OUT_STREAM, part)?)
        } else {
            None
        };
        let flagged = if all.flagged.len() >= 2 * FEWEST_FLAGGED {
            let part = |half: &[usize]| labels(&Selection { flagged: half.to_vec(), ..all.clone() });
            Some(Halved::of(all.flagged.len(), FLAGGED_STREAM, part)?)
        } else {
            None
        };
        Ok(Self { held_out, flagged })
    }

    /// Both, where they were measured.
    pub fn measured(&self) -> impl Iterator<Item = Halved> {
        self.held_out.into_iter().chain(self.flagged)
    }
}

impl Halved {
    fn of(
        n: usize,
        stream: usize,
        labels: impl Fn(&[usize]) -> Result<Vec<UnitLabel>, ArraysError>,
    ) -> Result<Self, ArraysError> {
        let mut counts = Vec::new();
        for halving in 0..HALVINGS {
            let mut order = Draw::of(stream, halving as u64).order(n);
            let (first, second) = order.split_at_mut(n / 2);
            first.sort_unstable();
            second.sort_unstable();
            counts.push(compare(&labels(first)?, &labels(second)?));
        }
        let total = |of: fn(&(usize, usize)) -> usize| counts.iter().map(of).sum::<usize>() as f64;
        let (told, flipped) = (total(|count| count.0), total(|count| count.1));
        let shares = counts.iter().filter(|count| count.0 > 0).map(|count| count.1 as f64 / count.0 as f64);
        Ok(Self {
            told: told / HALVINGS as f64,
            flipped: flipped / HALVINGS as f64,
            share: (told > 0.0).then(|| flipped / told),
            ends: (told > 0.0).then(|| (shares.clone().fold(1.0, f64::min), shares.fold(0.0, f64::max))),
        })
    }

    /// The lower end of the exact 95 % interval of the share, from the units of one halving.
    pub(super) fn low(&self) -> f64 {
        ExactShare::of(self.flipped.round() as usize, self.told.round() as usize).low
    }
}

/// Units that both tell, and those of them with different labels.
fn compare(first: &[UnitLabel], second: &[UnitLabel]) -> (usize, usize) {
    let is_told = |label: &UnitLabel| label.role != UnitRole::CannotTell && !label.is_dead;
    let told: Vec<bool> =
        first.iter().zip(second).filter(|(a, b)| is_told(a) && is_told(b)).map(|(a, b)| a.role == b.role).collect();
    (told.len(), told.iter().filter(|agree| !**agree).count())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::label::{Claim, Standing};
    use crate::units::refusal::unstable;
    use std::cell::RefCell;

    fn unit(role: UnitRole, is_dead: bool) -> UnitLabel {
        let claim = Claim { standing: Standing::Open, probability: 0.0 };
        UnitLabel { role, is_dead, memory: claim, generalization: claim, confidence: 0.0, memory_ratio: None }
    }

    /// One unit changes with the half that has sample 0, one never does, one is told by that half alone, one is dead.
    #[test]
    fn units_that_both_halves_tell_are_counted_and_those_that_change() {
        let seen = RefCell::new(Vec::new());
        let halved = Halved::of(9, 1, |half: &[usize]| {
            seen.borrow_mut().push(half.to_vec());
            let (one, other) = if half.contains(&0) {
                (UnitRole::Both, UnitRole::Generalizing)
            } else {
                (UnitRole::Generalizing, UnitRole::CannotTell)
            };
            let same = UnitRole::Memorizing;
            Ok(vec![unit(one, false), unit(same, false), unit(other, false), unit(one, true)])
        })
        .unwrap();
        assert_eq!((halved.told, halved.flipped, halved.share, halved.ends), (2.0, 1.0, Some(0.5), Some((0.5, 0.5))));
        for halves in seen.borrow().chunks_exact(2) {
            let mut all = halves.concat();
            all.sort_unstable();
            assert_eq!(all, (0..9).collect::<Vec<_>>(), "two halves are all samples, each once");
        }
        let first: Vec<Vec<usize>> = seen.borrow().iter().step_by(2).cloned().collect();
        assert!(first.windows(2).any(|pair| pair[0] != pair[1]), "the halvings differ");
    }

    /// Of 100 units the exact interval of 20 begins at 0.127 and that of 5 at 0.016 (Clopper and Pearson); 0.05 are allowed.
    #[test]
    fn a_layer_whose_labels_are_luck_is_refused() {
        let halved = |flipped| Halved { told: 100.0, flipped, share: Some(flipped / 100.0), ends: None };
        let refused = |flipped| unstable(&Stability { held_out: None, flagged: Some(halved(flipped)) });
        assert!(refused(5.0).is_none());
        let sentence = refused(20.0).unwrap().sentence;
        assert!(
            sentence.starts_with("Of 100 units that two halves of the samples both tell, 20 get another"),
            "{sentence}"
        );
        assert!(unstable(&Stability::default()).is_none());
    }
}

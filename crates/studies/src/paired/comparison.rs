//! The comparison of two values of one setting.

use super::arms::{Arms, PairedError};
use super::effects::{Effects, Seen};
use super::tuned::Tuned;
use crate::sweep::Results;
use dunwu_engine::spec::Value;
use std::collections::BTreeMap;

/// Two values of one setting, compared.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The setting.
    pub key: String,
    /// The first value, which the second is compared against.
    pub a: Value,
    /// The second.
    pub b: Value,
    /// Runs of either arm without a partner.
    pub unpaired: usize,
    /// Runs left out because they ended with an error.
    pub failed: usize,
    /// Effects over the pairs.
    pub effects: Effects,
    /// Seconds of training to generalize of pairs in which both did, to be drawn; steps where no time was recorded.
    pub times: Vec<[f64; 2]>,
    /// Whether [`Self::times`] are seconds.
    pub is_in_seconds: bool,
    /// The same with another setting chosen for each arm, where one was named.
    pub tuned: Option<Tuned>,
}

impl Comparison {
    /// Of runs with `values[0]` and `values[1]` in `key`; `tuned` is the setting that each arm chooses for itself.
    pub fn of(results: &Results, key: &str, values: &[Value; 2], tuned: Option<&str>) -> Result<Self, PairedError> {
        let plain = Arms::of(results, key, values, None)?;
        let tuned = tuned.map(|tuned| {
            let column = results.resolve(tuned)?;
            Tuned::of(&Arms::of(results, key, values, Some(column))?, column)
        });
        let tuned = tuned.transpose()?;
        let pairings = match plain.pairings() {
            // What only one arm has, and is tuned, has no equal value in the other: there are pairs of chosen ones alone.
            Err(PairedError::Several { .. }) if tuned.is_some() => BTreeMap::new(),
            other => other?,
        };
        let pairs: Vec<[Seen; 2]> =
            pairings.values().filter_map(|[a, b]| Some([(*a)?, (*b)?])).map(|pair| plain.seen(pair)).collect();
        let n_tuned = tuned.as_ref().map_or(0, |tuned| tuned.effects.pairs);
        if pairs.is_empty() && n_tuned == 0 {
            return Err(plain.no_pair());
        }
        let unpaired = pairings.values().filter(|pair| pair.iter().flatten().count() == 1).count();
        let times = |value: fn(&Seen) -> Option<f64>| -> Vec<[f64; 2]> {
            pairs.iter().filter_map(|[a, b]| Some([value(a)?, value(b)?])).collect()
        };
        let (seconds, steps) = (times(|seen| seen.seconds), times(|seen| seen.step));
        let is_in_seconds = !seconds.is_empty();
        let [a, b] = plain.values.clone();
        Ok(Self {
            key: plain.key.clone(),
            a,
            b,
            unpaired,
            failed: plain.failed,
            effects: Effects::of(&pairs),
            times: if is_in_seconds { seconds } else { steps },
            is_in_seconds,
            tuned,
        })
    }
}

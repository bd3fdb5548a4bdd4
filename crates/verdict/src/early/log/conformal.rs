//! How wide a prediction is: quantiles of what the same procedure missed on curves whose end is known.

use super::curve::Curve;
use super::power_law::PowerLaw;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Share of curves whose end lies within the width.
pub const COVERAGE: f64 = 0.9;

/// How many times farther than what was seen is looked, at most, row by row.
pub const HORIZONS: [f64; 11] = [1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 16.0, 32.0, 64.0, 128.0, 512.0];

/// Fewest curves of a row: of fewer, nine in ten say little.
const CURVES: usize = 50;

/// How much wider a law through few points is: through four by this share more, through more by ever less. Of 0, 1 and 3 the one that kept
/// coverage where the least was seen.
const FEW: f64 = 3.0;

/// Shares of the law's fall among which the best is taken.
const SHARES: [f64; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];

/// A kind of curve; each is calibrated on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CurveKind {
    /// Loss of the training sample by step.
    TrainingLoss,
    /// Loss of held-out samples by step.
    HeldOutLoss,
    /// Share of wrong answers by step.
    Error,
    /// Share of wrong held-out answers by the size of the training sample.
    ErrorBySamples,
}

/// A row of a table: what was missed at horizons up to `to`, from the row before on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct WidthRow {
    /// The end divided by the last step that was seen, at most.
    pub to: f64,
    /// The share of the law's fall beyond the last value that came true best.
    pub share: f64,
    /// The width as a multiple of the curve's own scale.
    pub quantile: f64,
    /// Looks at curves that this was read off; of a row that spans an octave or more, up to three at one curve.
    pub looks: usize,
}

/// What one curve missed: the rest of the row is found by its horizon.
#[derive(Clone, Copy, Debug)]
pub struct Miss {
    /// The end divided by the last step that was seen.
    pub horizon: f64,
    /// What the law falls beyond the last value, over the curve's scale.
    pub fall: f64,
    /// What the curve fell beyond the last value, over the curve's scale.
    pub fell: f64,
}

/// Widths by kind and horizon.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Widths {
    /// Rows of each kind, with ascending horizons.
    pub kinds: BTreeMap<CurveKind, Vec<WidthRow>>,
}

impl Widths {
    /// What is shipped.
    pub fn shipped() -> &'static Self {
        static SHIPPED: LazyLock<Widths> = LazyLock::new(|| {
            serde_json::from_str(include_str!("../shipped/log-widths.json")).expect("a test reads what is shipped")
        });
        &SHIPPED
    }

    /// The row of a horizon; `None` beyond the last.
    pub fn row(&self, kind: CurveKind, horizon: f64) -> Option<&WidthRow> {
        self.kinds.get(&kind)?.iter().find(|row| horizon <= row.to)
    }

    /// Reads shares and quantiles off what was missed.
    pub fn calibrate(misses: &BTreeMap<CurveKind, Vec<Miss>>) -> Self {
        Self { kinds: misses.iter().map(|(kind, misses)| (*kind, rows(misses))).collect() }
    }
}

fn rows(misses: &[Miss]) -> Vec<WidthRow> {
    let mut rows: Vec<WidthRow> = Vec::new();
    let mut from = 1.0;
    for to in HORIZONS {
        let within: Vec<&Miss> = misses.iter().filter(|miss| miss.horizon > from && miss.horizon <= to).collect();
        from = to;
        if within.len() < CURVES {
            continue;
        }
        let scores = |share: f64| within.iter().map(move |miss| (share * miss.fall - miss.fell).abs());
        let total = |share: &f64| scores(*share).sum::<f64>();
        let share = SHARES.into_iter().min_by(|a, b| total(a).total_cmp(&total(b))).expect("there are five");
        // A width does not shrink as one looks farther.
        let quantile = quantile(scores(share).collect()).max(rows.last().map_or(0.0, |row| row.quantile));
        rows.push(WidthRow { to, share, quantile, looks: within.len() });
    }
    rows
}

/// The ⌈0.9 (n + 1)⌉-th smallest score; infinite where there are too few.
///
/// Source: split conformal prediction, Papadopoulos et al. 2002.
fn quantile(mut scores: Vec<f64>) -> f64 {
    scores.sort_by(f64::total_cmp);
    let rank = (COVERAGE * (scores.len() + 1) as f64).ceil() as usize;
    scores.get(rank - 1).copied().unwrap_or(f64::INFINITY)
}

/// What widths are multiples of: how far the law still falls to the end, how badly it fits, and how much the curve moved and stands at.
///
/// ```text
/// s = (1 + 3/(k − 3)) · (|y_last − ŷ| + 2 r + 0.3 (max − min over the last half of the k points) + 0.1 |y_last|)
/// ```
///
/// r is the law's residual. Unit: that of the curve. Of nine such scales this one kept coverage by data set with narrow widths at every horizon.
pub fn scale(curve: &Curve, law: &PowerLaw, predicted: f64) -> f64 {
    let recent = &curve.points[curve.points.len() / 2..];
    let most = recent.iter().map(|point| point.1).fold(f64::NEG_INFINITY, f64::max);
    let least = recent.iter().map(|point| point.1).fold(f64::INFINITY, f64::min);
    let last = recent[recent.len() - 1].1;
    let own = (last - predicted).abs() + 2.0 * law.residual + 0.3 * (most - least) + 0.1 * last.abs();
    own * (1.0 + FEW / (curve.points.len() - 3) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Errors 1/100, 2/100, …, 1 of the scale, of laws that fall as the curves did and that much too far.
    fn misses(n: u32) -> Vec<Miss> {
        let error = |i: u32| f64::from(i) / f64::from(n);
        (1..=n).map(|i| Miss { horizon: 1.2, fall: -10.0 - error(i), fell: -10.0 }).collect()
    }

    #[test]
    fn the_width_is_the_ninety_first_of_a_hundred_errors() {
        let widths = Widths::calibrate(&BTreeMap::from([(CurveKind::Error, misses(100))]));
        let row = widths.row(CurveKind::Error, 1.5).unwrap();
        assert_eq!((row.share, row.looks), (1.0, 100));
        assert!((row.quantile - 0.91).abs() < 1e-12, "{row:?}");
        assert_eq!(widths.row(CurveKind::Error, 1.6), None, "nothing was seen that far ahead");
        assert_eq!(widths.row(CurveKind::HeldOutLoss, 1.2), None);
    }

    #[test]
    fn where_curves_stand_still_the_last_value_is_said() {
        let mut misses = misses(100);
        misses.iter_mut().for_each(|miss| miss.fell = 0.0);
        let widths = Widths::calibrate(&BTreeMap::from([(CurveKind::Error, misses)]));
        assert_eq!(widths.row(CurveKind::Error, 1.2).map(|row| (row.share, row.quantile)), Some((0.0, 0.0)));
    }

    #[test]
    fn what_is_shipped_widens_with_the_horizon_and_ends_somewhere() {
        let widths = Widths::shipped();
        for kind in [CurveKind::TrainingLoss, CurveKind::HeldOutLoss, CurveKind::Error, CurveKind::ErrorBySamples] {
            let rows = &widths.kinds[&kind];
            assert!(rows.is_sorted_by(|a, b| a.to < b.to && a.quantile <= b.quantile), "{kind:?}");
            assert!(rows.iter().all(|row| row.looks >= CURVES && row.quantile > 0.0), "{kind:?}");
            assert!(widths.row(kind, 3.0).is_some() && widths.row(kind, 1000.0).is_none());
        }
    }
}

//! A recorded curve, put in order and thinned.

use crate::series::{Series, in_order};

/// Points an octave of steps that are kept.
const PER_OCTAVE: f64 = 2.0;

/// A curve as it is judged: two points for each doubling of the step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curve {
    /// Steps, ascending and from 1 on, with values. Each is the median of its steps and of its values, so that one outlier among several
    /// values moves nothing.
    pub points: Vec<(f64, f64)>,
    /// The last step that was recorded; 0 without any.
    pub last_step: u64,
    /// The step since which no value is finite any more.
    pub diverged: Option<u64>,
}

impl Curve {
    /// Of a series, `change` being applied to every value.
    ///
    /// Where a step is not above the one before, the run went on from an earlier state: what it had recorded from that step on is
    /// forgotten. A file that begins with its end is read backwards, and one in no order is sorted. Values that are not finite are gaps where finite ones follow, and a
    /// divergence where the curve ends with more of them in a row than any gap had. Step 0 has no logarithm and is left out.
    pub fn of(series: &Series, change: impl Fn(f64) -> f64) -> Self {
        let kept = in_order(series);
        let last_step = kept.last().map_or(0, |point| point.0);
        let diverged = trailing_loss(&kept);
        let finite = kept.into_iter().filter(|point| point.0 > 0 && point.1.is_finite());
        let finite: Vec<(f64, f64)> = finite.map(|(step, value)| (step as f64, change(value))).collect();
        Self { points: thin(&finite), last_step, diverged }
    }

    /// The last point's value.
    pub fn last(&self) -> Option<f64> {
        Some(self.points.last()?.1)
    }
}

/// The first step of the values at the end that are not finite, where they are more than in any gap before.
fn trailing_loss(points: &[(u64, f64)]) -> Option<u64> {
    let mut gap = 0;
    let mut longest = 0;
    for (_, value) in points {
        if value.is_finite() {
            longest = longest.max(gap);
            gap = 0;
        } else {
            gap += 1;
        }
    }
    (gap > longest).then(|| points[points.len() - gap].0)
}

/// Medians of the points whose steps lie nearest to the last step over a power of √2.
fn thin(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let Some(&(last, _)) = points.last() else { return Vec::new() };
    let bin = |step: f64| (PER_OCTAVE * libm::log2(last / step)).round();
    let chunks = points.chunk_by(|a, b| bin(a.0) == bin(b.0));
    let middle = |chunk: &[(f64, f64)]| {
        let median = |read: fn(&(f64, f64)) -> f64| {
            let mut values: Vec<f64> = chunk.iter().map(read).collect();
            values.sort_by(f64::total_cmp);
            let half = values.len() / 2;
            if values.len() % 2 == 1 { values[half] } else { f64::midpoint(values[half - 1], values[half]) }
        };
        (median(|point| point.0), median(|point| point.1))
    };
    chunks.map(middle).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(steps: &[u64], values: &[f64]) -> Curve {
        Curve::of(&Series { name: "loss".to_owned(), steps: steps.to_vec(), values: values.to_vec() }, |value| value)
    }

    #[test]
    fn a_resumed_run_forgets_what_it_made_again() {
        let straight = curve(&[1, 2, 4, 8, 16], &[5.0, 4.0, 3.0, 2.0, 1.0]);
        let resumed = curve(&[1, 2, 4, 8, 4, 8, 16], &[5.0, 4.0, 9.0, 9.0, 3.0, 2.0, 1.0]);
        assert_eq!(resumed, straight);
        assert_eq!(curve(&[16, 8, 4, 2, 1], &[1.0, 2.0, 3.0, 4.0, 5.0]), straight, "a file that begins with its end");
        let steps = [64, 2, 32, 1, 16, 4, 128, 8];
        let values = steps.map(|step| 1.0 / step as f64);
        assert_eq!(curve(&steps, &values).points.len(), 8, "a file in no order is sorted");
    }

    #[test]
    fn two_points_an_octave_are_left_and_one_spike_moves_nothing() {
        let steps: Vec<u64> = (0..=1024).collect();
        let mut values = vec![1.0; 1025];
        values[1000] = 1e9;
        let thinned = curve(&steps, &values);
        // From 1 to 1024 there are ten octaves; 1 and 2 have no whole number between them.
        assert_eq!(thinned.points.len(), 20);
        assert!(thinned.points.iter().all(|point| point.1 == 1.0), "{:?}", thinned.points);
        assert_eq!(thinned.last_step, 1024);
        // The anchors of LCDB stay apart.
        let anchors = [16, 23, 32, 45, 64, 91, 128, 181, 256, 362, 512, 724, 1024, 1448, 2048];
        assert_eq!(curve(&anchors, &[1.0; 15]).points.len(), 15);
    }

    #[test]
    fn gaps_are_no_divergence() {
        let nan = f64::NAN;
        assert_eq!(curve(&[1, 2, 3, 4, 5, 6], &[1.0, nan, nan, 1.0, nan, nan]).diverged, None);
        assert_eq!(curve(&[1, 2, 3, 4, 5], &[1.0, nan, 1.0, f64::INFINITY, nan]).diverged, Some(4));
        assert_eq!(curve(&[1, 2, 3], &[1.0, 2.0, nan]).diverged, Some(3));
        assert_eq!(curve(&[], &[]), Curve::default());
        assert_eq!(curve(&[0], &[1.0]).points, []);
    }
}

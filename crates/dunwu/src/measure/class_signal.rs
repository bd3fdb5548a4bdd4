//! Whether a unit's activation depends on the label itself, beyond what chance gives.

use super::quantity::ratio;
use super::scene::ClassMoments;
use super::{Measure, Quantity, Shape};

const FORMULA: &str = "ε² = (SSB − (C−1)·MSW) / SST, SSB = Σ_h n_h (f̄_h − f̄)², MSW = SSW/(n−C), C labels that occur";
const UNIT: &str = "share of variance; 1 where the label decides the activation, 0 on average where it does not";
const SOURCE: &str = "epsilon squared, Kelley 1935, PNAS 21:554";

pub(super) const UNIT_TRAIN: Measure = Measure {
    name: "unit_class_signal_train",
    tells: "how much of the unit's activation on the training sample is decided by the label, as given",
    formula: FORMULA,
    shape: Shape::PerUnit,
    unit: UNIT,
    source: SOURCE,
    undefined: "for a unit whose activation does not vary; where no label occurs twice",
    compute: |scene| class_signal(&scene.train()?.moments),
};

pub(super) const UNIT_HELD_OUT: Measure = Measure {
    name: "unit_class_signal_held_out",
    tells: "how much of the unit's activation on unseen samples is decided by the true label",
    formula: FORMULA,
    shape: Shape::PerUnit,
    unit: UNIT,
    source: SOURCE,
    undefined: "without held-out samples; for a unit whose activation does not vary; where no label occurs twice",
    compute: |scene| class_signal(&scene.held_out()?.moments),
};

pub(super) const UNIT_CLASS_PARTICIPATION: Measure = Measure {
    name: "unit_class_participation",
    tells: "how many labels the unit tells apart: about M for a feature, one or two for a look-up entry",
    formula: "1/Σ_h s_h², s_h = n_h (f̄_h − f̄)² / SSB over the training sample",
    shape: Shape::PerUnit,
    unit: "labels, in [1, M]",
    source: "inverse participation ratio, Bell & Dean 1970",
    undefined: "for a unit whose activation has the same mean for every label",
    compute: |scene| {
        let moments = &scene.train()?.moments;
        Quantity::per_unit((0..moments.first.n_units).map(|unit| {
            let variance = Variance::of(moments, unit);
            let between: Vec<f64> = variance.between_by_label.collect();
            let total: f64 = between.iter().sum();
            let squares: f64 = between.iter().map(|share| share * share).sum();
            (total > variance.rounding).then(|| ratio(total * total, squares))?
        }))
    },
};

fn class_signal(moments: &ClassMoments) -> Option<Quantity> {
    let n = moments.first.n();
    let n_classes = moments.first.counts.iter().filter(|count| **count > 0.0).count() as f64;
    Quantity::per_unit((0..moments.first.n_units).map(|unit| {
        let variance = Variance::of(moments, unit);
        let between: f64 = variance.between_by_label.sum();
        let total = between + variance.within;
        let by_chance = (n_classes - 1.0) * ratio(variance.within, n - n_classes)?;
        (total > variance.rounding).then(|| (between - by_chance) / total)
    }))
}

/// One unit's variation, divided by label.
struct Variance<I> {
    /// `n_h (f̄_h − f̄)²`, for each label that occurs.
    between_by_label: I,
    /// `Σ (f − f̄_h)²`
    within: f64,
    /// What the rounding of f32 activations can make of a constant one, n·(4ε)² of its power.
    rounding: f64,
}

impl Variance<()> {
    fn of(moments: &ClassMoments, unit: usize) -> Variance<impl Iterator<Item = f64> + '_> {
        let (mut n, mut sum, mut power, mut within) = (0.0, 0.0, 0.0, 0.0);
        for cell in moments.of_unit(unit) {
            n += cell.count;
            sum += cell.sum;
            power += cell.square;
            within += (cell.square - cell.sum * cell.sum / cell.count).max(0.0);
        }
        let mean = sum / n;
        Variance {
            between_by_label: moments
                .of_unit(unit)
                .map(move |cell| cell.count * (cell.sum / cell.count - mean).powi(2)),
            within,
            rounding: 16.0 * f64::from(f32::EPSILON).powi(2) * power,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, assert_close, per_unit};
    use std::f64::consts::TAU;

    /// (x + y)² = x² + y² + 2xy with cosines of one frequency: the part that the label decides has, with both phases 0,
    /// variance 1/2 + …, found here by taking all data apart label by label in f64.
    #[test]
    fn the_share_is_that_of_an_analysis_of_variance_written_out() {
        let fixture = Fixture::random(7, 6, 30, 3);
        let f = fixture.features(&fixture.split.train);
        let labels = &fixture.split.train.labels;
        let scene = fixture.scene();
        let (signals, counts) =
            (per_unit(&scene, "unit_class_signal_train"), per_unit(&scene, "unit_class_participation"));
        for unit in 0..6 {
            let values = |h: Option<u32>| -> Vec<f64> {
                (0..30).filter(|&i| h.is_none_or(|h| labels[i] == h)).map(|i| f[i * 6 + unit]).collect()
            };
            let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
            let spread = |x: &[f64]| x.iter().map(|v| (v - mean(x)).powi(2)).sum::<f64>();
            let classes: Vec<Vec<f64>> = (0..7).map(|h| values(Some(h))).filter(|x| !x.is_empty()).collect();
            let grand = mean(&values(None));
            let between: Vec<f64> = classes.iter().map(|x| x.len() as f64 * (mean(x) - grand).powi(2)).collect();
            let within = classes.iter().map(|x| spread(x)).sum::<f64>() / (30 - classes.len()) as f64;
            let ssb: f64 = between.iter().sum();
            let expected = (ssb - (classes.len() - 1) as f64 * within) / spread(&values(None));
            assert_close(signals[unit].unwrap(), expected, 1e-5);
            let squares: f64 = between.iter().map(|b| (b / ssb).powi(2)).sum();
            assert_close(counts[unit].unwrap(), 1.0 / squares, 1e-5);
        }
    }

    /// A unit cos + cos of one frequency squared: of its variance over all data the label decides
    /// Var(cos θ_{x+y}) = 1/2 of Var = `Var(cos(2θ_x)/2)` + `Var(cos(2θ_y)/2)` + Var(2 cos cos), 1/8 + 1/8 + 1: 2/5.
    #[test]
    fn a_fourier_unit_owes_two_fifths_to_the_label() {
        let mut fixture = Fixture::random(11, 1, 121, 3);
        fixture.set_unit(0, |_, token| (TAU * 2.0 * token as f64 / 11.0).cos());
        let (n, c) = (121.0, 11.0);
        let expected = 0.4 - (c - 1.0) * 0.6 / (n - c);
        assert_close(per_unit(&fixture.scene(), "unit_class_signal_train")[0].unwrap(), expected, 1e-5);
    }

    /// Labels drawn at random decide nothing: the mean over 400 units and shuffles is 0 within 5 standard errors. Under
    /// the null ε² has variance at most 2(C−1)/(n²)·n/(n−C), for n = 60 and C = 6: (0.055)². Units share samples, so the
    /// shuffles alone, 40 of them, are counted.
    #[test]
    fn shuffled_labels_have_no_signal() {
        let (mut sum, mut count) = (0.0, 0.0);
        for seed in 0..40 {
            let mut fixture = Fixture::random(8, 10, 60, seed);
            fixture.shuffle_labels(seed);
            for signal in per_unit(&fixture.scene(), "unit_class_signal_train") {
                sum += signal.unwrap();
                count += 1.0;
            }
        }
        let mean: f64 = sum / count;
        assert!(mean.abs() < 5.0 * 0.07 / 40.0_f64.sqrt(), "{mean}");
    }

    #[test]
    fn a_constant_unit_has_no_signal_to_speak_of() {
        let mut fixture = Fixture::random(5, 1, 20, 3);
        fixture.set_unit(0, |_, _| 0.3);
        let scene = fixture.scene();
        assert_eq!(per_unit(&scene, "unit_class_signal_train"), [None]);
        assert_eq!(per_unit(&scene, "unit_class_participation"), [None]);
    }
}

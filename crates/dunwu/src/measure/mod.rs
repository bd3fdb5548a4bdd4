//! Everything that is measured. [`MEASURES`] lists it in reading order; the command line, the report, exports and docs walk
//! that list.
//!
//! A measure reads a [`Scene`] and never changes a run. It is total: undefined is `None`, never NaN, and one unit's
//! undefined value does not hide the others'. What several measures need is computed once, in the scene.

mod accuracy;
mod class_signal;
pub(crate) mod dense;
mod effective_rank;
mod energy;
mod excluded_loss;
mod fit;
#[cfg(test)]
mod fixture;
mod gini;
mod gradient;
mod gram;
mod handle;
mod hidden_spectrum;
mod irrep;
mod kernel_distance;
mod key_frequency;
pub mod label;
mod layer_frequency;
mod localization;
mod loss;
mod mirrored;
mod norm;
mod phase;
mod problem_accuracy;
mod purity;
mod quantity;
mod repulsion;
mod residual_power;
mod restricted_loss;
mod ridge_distance;
mod rotation;
mod scene;
pub mod stage;
mod update_spectrum;

pub use dense::eigen;
pub use effective_rank::effective_rank;
use handle::position;
pub use handle::{Handle, shape};
pub use quantity::{Measure, Quantity, Shape};
pub(crate) use scene::HiddenLayer;
pub use scene::{Network, Scene, Setup};

/// Makes [`MEASURES`] and a [`Handle`] for each of its entries, named as the measure is.
macro_rules! measures {
    ($($handle:ident: $shape:ident = $measure:path,)*) => {
        const TABLE: &[Measure] = &[$($measure),*];

        /// Every measure, in reading order.
        pub static MEASURES: &[Measure] = TABLE;

        $(
            #[doc = "The measure that this constant is named after, one of [`MEASURES`]."]
            pub const $handle: Handle<shape::$shape> = {
                const MEASURE: Measure = $measure;
                assert!(matches!(MEASURE.shape, Shape::$shape), "the handle has another shape than the measure");
                Handle::at(position(TABLE, MEASURE.name))
            };
        )*

        /// The handles' names, in the order of [`MEASURES`].
        #[cfg(test)]
        const HANDLES: &[&str] = &[$(stringify!($handle)),*];
    };
}

measures! {
    TRAIN_LOSS: Scalar = loss::TRAIN,
    TRAIN_ACCURACY: Scalar = accuracy::TRAIN,
    TEST_LOSS: Scalar = loss::TEST,
    TEST_ACCURACY: Scalar = accuracy::TEST,
    MIRRORED_ACCURACY: Scalar = mirrored::MIRRORED_ACCURACY,
    MIRRORED_SAMPLES: Scalar = mirrored::MIRRORED_SAMPLES,
    UNSEEN_ACCURACY: Scalar = mirrored::UNSEEN_ACCURACY,
    UNSEEN_SAMPLES: Scalar = mirrored::UNSEEN_SAMPLES,
    CORRUPTED_ACCURACY: Scalar = accuracy::CORRUPTED,
    RESTORED_ACCURACY: Scalar = accuracy::RESTORED,
    PROBLEM_TRAIN_ACCURACY: PerProblem = problem_accuracy::TRAIN,
    PROBLEM_TEST_ACCURACY: PerProblem = problem_accuracy::TEST,
    HIDDEN_NORM: Scalar = norm::HIDDEN,
    TOP_NORM: Scalar = norm::TOP,
    GRADIENT_NORM: Scalar = gradient::NORM,
    GRADIENT_NORM_UNCENTRED: Scalar = gradient::UNCENTRED_NORM,
    GRADIENT_ALIGNMENT: Scalar = gradient::ALIGNMENT,
    KERNEL_ALIGNMENT: Scalar = gradient::KERNEL_ALIGNMENT,
    TOP_RIDGE_DISTANCE: Scalar = ridge_distance::RIDGE_DISTANCE,
    EFFECTIVE_RANK: Scalar = effective_rank::EFFECTIVE_RANK,
    UPDATE_EFFECTIVE_RANK: Scalar = effective_rank::UPDATE_EFFECTIVE_RANK,
    UPDATE_LEADING_SHARE: Scalar = effective_rank::UPDATE_LEADING_SHARE,
    KERNEL_DISTANCE: Scalar = kernel_distance::KERNEL_DISTANCE,
    GRAM_OFF_DIAGONAL_RATIO: Scalar = gram::OFF_DIAGONAL_RATIO,
    REPULSION: Scalar = repulsion::REPULSION,
    KEY_FREQUENCIES: Scalar = key_frequency::COUNT,
    RESTRICTED_LOSS: Scalar = restricted_loss::ALL,
    RESTRICTED_TEST_LOSS: Scalar = restricted_loss::TEST,
    EXCLUDED_LOSS: Scalar = excluded_loss::EXCLUDED_LOSS,
    EMBEDDING_GINI: Scalar = gini::EMBEDDING,
    NEURON_LOGIT_GINI: Scalar = gini::NEURON_LOGIT,
    HIDDEN_SPECTRUM: Spectrum = hidden_spectrum::HIDDEN_SPECTRUM,
    UPDATE_SPECTRUM: Spectrum = update_spectrum::UPDATE_SPECTRUM,
    UNIT_NORM: PerUnit = norm::UNIT,
    UNIT_OUTPUT_NORM: PerUnit = norm::UNIT_OUTPUT,
    UNIT_ENERGY_TRAIN: PerUnit = energy::UNIT_TRAIN,
    UNIT_ENERGY_POPULATION: PerUnit = energy::UNIT_POPULATION,
    UNIT_GRADIENT_ALIGNMENT: PerUnit = gradient::UNIT_ALIGNMENT,
    UNIT_GRADIENT_SHARE: PerUnit = gradient::UNIT_SHARE,
    UNIT_ROTATION: PerUnit = rotation::UNIT_ROTATION,
    UNIT_PARTICIPATION: PerUnit = localization::UNIT_PARTICIPATION,
    UNIT_TOP2: PerUnit = localization::UNIT_TOP2,
    UNIT_CLASS_SIGNAL_TRAIN: PerUnit = class_signal::UNIT_TRAIN,
    UNIT_CLASS_SIGNAL_HELD_OUT: PerUnit = class_signal::UNIT_HELD_OUT,
    UNIT_CLASS_PARTICIPATION: PerUnit = class_signal::UNIT_CLASS_PARTICIPATION,
    UNIT_FIT_TRAIN: PerUnit = fit::UNIT_TRAIN,
    UNIT_FIT_TRAIN_ERROR: PerUnit = fit::UNIT_TRAIN_ERROR,
    UNIT_FIT_HELD_OUT: PerUnit = fit::UNIT_HELD_OUT,
    UNIT_FIT_HELD_OUT_ERROR: PerUnit = fit::UNIT_HELD_OUT_ERROR,
    UNIT_IRREP_POWER: PerUnitAndIrrep = purity::UNIT_IRREP_POWER,
    UNIT_PURITY: PerUnit = purity::UNIT_PURITY,
    UNIT_IRREP: PerUnit = purity::UNIT_IRREP,
    UNIT_IRREP_OUTPUT_AGREEMENT: PerUnit = purity::UNIT_OUTPUT_AGREEMENT,
    UNIT_PHASE_RESIDUAL: PerUnit = phase::UNIT_PHASE_RESIDUAL,
    IRREP_POWER: PerIrrep = irrep::POWER,
    IRREP_UNITS: PerIrrep = irrep::UNITS,
    RESIDUAL_POWER: PerIrrep = residual_power::RESIDUAL_POWER,
    LOGIT_FREQUENCY_SHARE: PerIrrep = key_frequency::SHARE,
    EMBEDDING_FREQUENCY_SHARE: PerIrrep = layer_frequency::EMBEDDING,
    NEURON_LOGIT_FREQUENCY_SHARE: PerIrrep = layer_frequency::NEURON_LOGIT,
}

/// Version of everything that is derived from snapshots: it is raised with every change of a measure, a label or the shape of a frame, so
/// that what older builds kept is computed anew. `tests/derived.rs` fails where one changes without it.
pub const DERIVED_VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " frames 8");

/// Every measure of one snapshot, in the order of [`MEASURES`].
pub fn measure_all(scene: &Scene<'_>) -> Vec<Option<Quantity>> {
    MEASURES.iter().map(|measure| (measure.compute)(scene)).collect()
}

/// The same with only the measures of these handles; the others are `None`.
pub(crate) fn measure_only<S: Copy>(scene: &Scene<'_>, wanted: &[Handle<S>]) -> Vec<Option<Quantity>> {
    let mut values = vec![None; MEASURES.len()];
    for handle in wanted {
        values[handle.index()] = (handle.measure().compute)(scene);
    }
    values
}

#[cfg(test)]
mod tests {
    use super::fixture::Fixture;
    use super::*;
    use dunwu_engine::loss::{FeatureLoss, Loss, Objective};
    use dunwu_engine::model::Activation;

    fn check(fixture: &Fixture, case: &str) {
        for (measure, value) in MEASURES.iter().zip(measure_all(&fixture.scene())) {
            let (name, n_units) = (measure.name, fixture.snapshot.weights.n_units);
            let Some(value) = value else { continue };
            let (shape, numbers): (Shape, Vec<f64>) = match value {
                Quantity::Scalar(x) => (Shape::Scalar, vec![x]),
                Quantity::Spectrum(x) => {
                    assert!(x.is_sorted_by(|a, b| a >= b), "{name}, {case}: not descending");
                    (Shape::Spectrum, x)
                }
                Quantity::PerUnitAndIrrep(x) => {
                    let n_irreps = fixture.decomposition.as_ref().unwrap().irreps.len();
                    assert_eq!(x.len(), n_units * n_irreps, "{name}, {case}");
                    (Shape::PerUnitAndIrrep, x.into_iter().map(f64::from).collect())
                }
                Quantity::PerUnit(x) => {
                    assert_eq!(x.len(), n_units, "{name}, {case}");
                    (Shape::PerUnit, x.into_iter().flatten().collect())
                }
                Quantity::PerProblem(x) => {
                    assert_eq!(x.len(), fixture.problem.several.len(), "{name}, {case}");
                    (Shape::PerProblem, x.into_iter().flatten().collect())
                }
                Quantity::PerIrrep(x) => {
                    let irreps = &fixture.decomposition.as_ref().unwrap().irreps;
                    assert_eq!(x.len(), irreps.len(), "{name}, {case}");
                    (Shape::PerIrrep, x.into_iter().flatten().collect())
                }
            };
            assert_eq!(shape, measure.shape, "{name}, {case}");
            assert!(numbers.iter().all(|x| x.is_finite()), "{name}, {case}: {numbers:?}");
        }
    }

    const ACTIVATIONS: [Activation; 4] = [Activation::Square, Activation::Cube, Activation::Relu, Activation::Gelu];

    #[test]
    fn every_measure_is_total() {
        for (activation, loss) in ACTIVATIONS.into_iter().flat_map(|a| [(a, Loss::Mse), (a, Loss::CrossEntropy)]) {
            for (order, n_units, n_train) in [(2, 1, 1), (2, 1, 4), (3, 1, 2), (5, 4, 1), (5, 30, 12), (6, 3, 36)] {
                let base = || {
                    let mut fixture = Fixture::random(order, n_units, n_train, 1);
                    (fixture.activation, fixture.objective, fixture.eta) = (activation, Objective::Outputs(loss), 0.1);
                    fixture.snapshot.update_gram = vec![0.0; 400];
                    fixture
                };
                check(&base(), "random weights");
                let mut fixture = base();
                fixture.made_of_blocks();
                (fixture.snapshot.weights.n_inputs, fixture.snapshot.weights.hidden) = (0, vec![]);
                fixture.initial = fixture.snapshot.weights.clone();
                check(&fixture, "no table of tokens");
                for size in [0.0, 1e-38, 1e-20, 1e10, 1e19, f32::MAX, f32::INFINITY, f32::NAN] {
                    let mut fixture = base();
                    let weights = &mut fixture.snapshot.weights;
                    weights.hidden.iter_mut().chain(&mut weights.top).for_each(|w| *w *= size);
                    check(&fixture, &format!("weights times {size:e}"));
                    fixture.snapshot.weights.hidden.clone_from(&fixture.initial.hidden);
                    fixture.eta = f64::from(size);
                    check(&fixture, &format!("top weights and η times {size:e}"));
                }
                let mut fixture = base();
                for row in fixture.snapshot.weights.hidden.chunks_exact_mut(n_units) {
                    row[0] = 0.0;
                }
                fixture.snapshot.weights.top.fill(0.0);
                fixture.snapshot.update_gram = vec![f64::NAN; 400];
                check(&fixture, "one dead unit, silent top");
                let mut fixture = base();
                fixture.decomposition = None;
                fixture.eta = 0.0;
                fixture.corrupt(&[0], 1);
                check(&fixture, "no group, no decay, a corrupted label");
                let mut fixture = base();
                fixture.split.test =
                    dunwu_engine::Samples { operands: vec![vec![]; 2], values: vec![], labels: vec![] };
                check(&fixture, "no held-out samples");
                (fixture.split.train, fixture.split.train_true_labels) = (fixture.split.test.clone(), vec![]);
                check(&fixture, "no samples");
            }
        }
    }

    /// Needs a row of weights for every token.
    const OF_TOKENS: [&str; 15] = [
        "effective_rank",
        "hidden_spectrum",
        "unit_norm",
        "unit_energy_train",
        "unit_energy_population",
        "unit_rotation",
        "unit_participation",
        "unit_top2",
        "unit_irrep_power",
        "unit_purity",
        "unit_irrep",
        "unit_irrep_output_agreement",
        "unit_phase_residual",
        "irrep_power",
        "irrep_units",
    ];

    fn complete() -> Fixture {
        let mut fixture = Fixture::random(7, 20, 25, 1);
        fixture.eta = 0.1;
        fixture.snapshot.update_gram = (0..400).map(|i| if i % 21 == 0 { 2.0 } else { 1.0 }).collect();
        fixture.corrupt(&[2, 9], 0);
        fixture
    }

    fn numbers(value: Option<Quantity>) -> Vec<f64> {
        match value {
            None => vec![],
            Some(Quantity::Scalar(x)) => vec![x],
            Some(Quantity::Spectrum(x)) => x,
            Some(Quantity::PerUnit(x) | Quantity::PerIrrep(x) | Quantity::PerProblem(x)) => {
                x.into_iter().map(|x| x.unwrap_or(-1e9)).collect()
            }
            Some(Quantity::PerUnitAndIrrep(x)) => x.into_iter().map(f64::from).collect(),
        }
    }

    /// The engine's own forward pass over blocks against the two tables. Without the table of tokens, what does not need it
    /// stays the same and the rest is undefined.
    #[test]
    fn a_network_of_blocks_measures_what_its_tables_do() {
        let tables: Vec<_> = measure_all(&complete().scene()).into_iter().map(numbers).collect();
        let mut fixture = complete();
        fixture.made_of_blocks();
        let blocks: Vec<_> = measure_all(&fixture.scene()).into_iter().map(numbers).collect();
        for weights in [&mut fixture.snapshot.weights, &mut fixture.initial] {
            (weights.n_inputs, weights.hidden) = (0, vec![]);
        }
        let without: Vec<_> = measure_all(&fixture.scene()).into_iter().map(numbers).collect();
        for (i, measure) in MEASURES.iter().enumerate() {
            let name = measure.name;
            assert_eq!(tables[i].len(), blocks[i].len(), "{name}");
            for (a, b) in tables[i].iter().zip(&blocks[i]) {
                // f32 sums of two and of twenty terms in another order; cosines of nearly equal things lose a few digits.
                assert!((a - b).abs() <= 1e-4 * a.abs().max(1e-2), "{name}: {a} {b}");
            }
            let expected = if OF_TOKENS.contains(&name) { vec![] } else { blocks[i].clone() };
            assert_eq!(without[i], expected, "{name} without tokens");
        }
    }

    /// A loss of the features has its own `G_F`; everything else is as with a squared error, which the probe minimises.
    #[test]
    fn a_loss_of_the_features_changes_its_gradient_alone() {
        let outputs: Vec<_> = measure_all(&complete().scene());
        let mut fixture = complete();
        fixture.objective = Objective::Features(FeatureLoss::NonContrastive);
        for ((measure, value), of_outputs) in MEASURES.iter().zip(measure_all(&fixture.scene())).zip(outputs) {
            if measure.name == "kernel_alignment" {
                assert_eq!(value, None);
            } else if measure.name.contains("gradient") {
                assert!(value.is_some() && value != of_outputs, "{}", measure.name);
            } else {
                assert_eq!(value, of_outputs, "{}", measure.name);
            }
        }
    }

    /// With random weights, held-out samples, irreps, decay and corruption nothing is undefined but what tells several problems apart.
    #[test]
    fn every_measure_has_a_value_where_it_is_defined() {
        for (measure, value) in MEASURES.iter().zip(measure_all(&complete().scene())) {
            assert_eq!(value.is_some(), measure.shape != Shape::PerProblem, "{}", measure.name);
        }
    }

    #[test]
    fn the_table_can_be_read() {
        let mut names: Vec<&str> = MEASURES.iter().map(|measure| measure.name).collect();
        let lowercase: Vec<String> = HANDLES.iter().map(|handle| handle.to_lowercase()).collect();
        assert_eq!(names, lowercase, "a handle is named as its measure is");
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), MEASURES.len(), "a name occurs twice");
        for measure in MEASURES {
            assert!(measure.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'));
            for text in [measure.tells, measure.formula, measure.unit, measure.source, measure.undefined] {
                assert!(!text.is_empty() && !text.ends_with('.'), "{}: {text:?}", measure.name);
            }
        }
    }

    /// Measuring again, and in another order, gives the same bits.
    #[test]
    fn measures_do_not_depend_on_their_order() {
        let mut fixture = Fixture::random(7, 20, 25, 1);
        fixture.eta = 0.1;
        let forward = measure_all(&fixture.scene());
        let scene = fixture.scene();
        let mut backward: Vec<_> = MEASURES.iter().rev().map(|measure| (measure.compute)(&scene)).collect();
        backward.reverse();
        assert_eq!(forward, backward);
    }

    #[test]
    #[ignore = "prints times: cargo test --release -p dunwu measure::tests::times -- --ignored --nocapture"]
    #[expect(clippy::print_stdout, reason = "its output is its purpose")]
    fn times_in_the_settings_of_the_papers() {
        let mut tian = Fixture::random(71, 2048, 2016, 1);
        tian.eta = 0.2;
        let mut nanda = Fixture::random(113, 512, 3830, 1);
        nanda.eta = 0.2;
        nanda.made_of_blocks();
        for mut fixture in [tian, nanda] {
            fixture.snapshot.update_gram = vec![1.0; 400];
            println!("{}", fixture.problem.name);
            let scene = fixture.scene();
            let start = std::time::Instant::now();
            for measure in MEASURES {
                let begin = std::time::Instant::now();
                let value = (measure.compute)(&scene);
                let elapsed_ms = begin.elapsed().as_secs_f64() * 1e3;
                let shown = match value {
                    Some(Quantity::Scalar(x)) => format!("{x:.4}"),
                    _ => String::new(),
                };
                println!("{:30} {elapsed_ms:8.1} ms  {shown}", measure.name);
            }
            println!("all {:.1} ms", start.elapsed().as_secs_f64() * 1e3);
        }
    }
}

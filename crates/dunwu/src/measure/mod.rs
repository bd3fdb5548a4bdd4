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
mod hidden_spectrum;
mod irrep;
mod kernel_distance;
mod key_frequency;
pub mod label;
mod localization;
mod loss;
mod norm;
mod phase;
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

pub use quantity::{Measure, Quantity, Shape};
pub(crate) use scene::HiddenLayer;
pub use scene::{Network, Scene, Setup};

/// Every measure, in reading order.
pub static MEASURES: &[Measure] = &[
    loss::TRAIN,
    accuracy::TRAIN,
    loss::TEST,
    accuracy::TEST,
    accuracy::CORRUPTED,
    accuracy::RESTORED,
    norm::HIDDEN,
    norm::TOP,
    gradient::NORM,
    gradient::UNCENTRED_NORM,
    gradient::ALIGNMENT,
    gradient::KERNEL_ALIGNMENT,
    ridge_distance::RIDGE_DISTANCE,
    effective_rank::EFFECTIVE_RANK,
    effective_rank::UPDATE_EFFECTIVE_RANK,
    kernel_distance::KERNEL_DISTANCE,
    gram::OFF_DIAGONAL_RATIO,
    repulsion::REPULSION,
    key_frequency::COUNT,
    restricted_loss::ALL,
    restricted_loss::TEST,
    excluded_loss::EXCLUDED_LOSS,
    gini::EMBEDDING,
    gini::NEURON_LOGIT,
    hidden_spectrum::HIDDEN_SPECTRUM,
    update_spectrum::UPDATE_SPECTRUM,
    norm::UNIT,
    norm::UNIT_OUTPUT,
    energy::UNIT_TRAIN,
    energy::UNIT_POPULATION,
    gradient::UNIT_ALIGNMENT,
    gradient::UNIT_SHARE,
    rotation::UNIT_ROTATION,
    localization::UNIT_PARTICIPATION,
    localization::UNIT_TOP2,
    class_signal::UNIT_TRAIN,
    class_signal::UNIT_HELD_OUT,
    class_signal::UNIT_CLASS_PARTICIPATION,
    fit::UNIT_TRAIN,
    fit::UNIT_TRAIN_ERROR,
    fit::UNIT_HELD_OUT,
    fit::UNIT_HELD_OUT_ERROR,
    purity::UNIT_IRREP_POWER,
    purity::UNIT_PURITY,
    purity::UNIT_IRREP,
    purity::UNIT_OUTPUT_AGREEMENT,
    phase::UNIT_PHASE_RESIDUAL,
    irrep::POWER,
    irrep::UNITS,
    residual_power::RESIDUAL_POWER,
    key_frequency::SHARE,
];

/// Every measure of one snapshot, in the order of [`MEASURES`].
pub fn measure_all(scene: &Scene<'_>) -> Vec<Option<Quantity>> {
    MEASURES.iter().map(|measure| (measure.compute)(scene)).collect()
}

/// The same with only the measures of these names; the others are `None`.
pub(crate) fn measure_only(scene: &Scene<'_>, names: &[&str]) -> Vec<Option<Quantity>> {
    let wanted = |measure: &&Measure| names.contains(&measure.name);
    MEASURES.iter().map(|measure| Some(measure).filter(wanted).and_then(|measure| (measure.compute)(scene))).collect()
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
                    fixture.snapshot.update_gram = vec![0.0; 9];
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
                fixture.snapshot.update_gram = vec![f64::NAN; 4];
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
        fixture.snapshot.update_gram = vec![2.0, 1.0, 1.0, 2.0];
        fixture.corrupt(&[2, 9], 0);
        fixture
    }

    fn numbers(value: Option<Quantity>) -> Vec<f64> {
        match value {
            None => vec![],
            Some(Quantity::Scalar(x)) => vec![x],
            Some(Quantity::Spectrum(x)) => x,
            Some(Quantity::PerUnit(x) | Quantity::PerIrrep(x)) => x.into_iter().map(|x| x.unwrap_or(-1e9)).collect(),
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

    /// With random weights, held-out samples, irreps, decay and corruption nothing is undefined.
    #[test]
    fn every_measure_has_a_value_where_it_is_defined() {
        for (measure, value) in MEASURES.iter().zip(measure_all(&complete().scene())) {
            assert!(value.is_some(), "{}", measure.name);
        }
    }

    #[test]
    fn the_table_can_be_read() {
        let mut names: Vec<&str> = MEASURES.iter().map(|measure| measure.name).collect();
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

//! Every network by its formulas against central differences and against the layered one; its Hessian against central differences.

use super::Formula;
use crate::kernel::{Dual, Scalar};
use crate::loss::shaped_losses;
use crate::model::layered::{Chunk, Layers, Mlp, Transformer, Upstream};
use crate::model::{Activation, Initialization};
use crate::spec::{
    Architecture, Loss, MlpSpec, ModelSpec, Normalization, Numerics, OperandTables, RunSpec, TransformerSpec,
};
use crate::task::{Problem, Task};

struct Case {
    name: String,
    spec: ModelSpec,
    problem: Problem,
    chunks: Vec<Chunk>,
}

impl Case {
    fn new(task: &str, spec: ModelSpec) -> Self {
        let problem = Task::parse(task).and_then(|task| task.resolve(None)).expect("a task");
        let population = problem.population();
        let n = population.len().min(21);
        let chosen: Vec<u32> = (0..n as u32).map(|i| i * (population.len() / n) as u32).collect();
        let chosen = population.select(&chosen);
        // Two chunks, so that sums go on from one to the other.
        let chunks = vec![Chunk::of(&chosen, 0..n / 2), Chunk::of(&chosen, n / 2..n)];
        Self { name: format!("{task} {spec:?}"), spec, problem, chunks }
    }

    fn network(&self) -> Formula {
        Formula::new(&self.spec, &self.problem)
    }

    /// Biases and gains away from where they begin, so that nothing is hidden by a zero.
    fn parameters(&self) -> Vec<f64> {
        let drawn = self.network().layout().draw(5).into_iter().enumerate();
        drawn.map(|(i, p)| f64::from(p) + 0.1 * (i as f64 * 1.3).sin()).collect()
    }
}

fn model(architecture: Architecture, activation: Activation) -> ModelSpec {
    let tables = OperandTables::usual(architecture);
    let initialization = Initialization::Pytorch;
    ModelSpec { architecture, tables, width: 6, activation, initialization, ..RunSpec::default().model }
}

/// Every kind of network, table, norm and attention.
fn every_network() -> Vec<Case> {
    let mut cases = Vec::new();
    for activation in Activation::ALL {
        cases.push(Case::new("cyclic:5", model(Architecture::TwoLayer, activation)));
    }
    let norms = [Normalization::None, Normalization::PreLayerNorm, Normalization::PreRmsNorm];
    for (depth, residual, biases, embedding) in [(1, false, true, 3), (2, false, true, 0), (3, true, true, 4)] {
        for normalization in norms {
            let mlp = MlpSpec { depth, residual, biases, embedding, normalization };
            cases.push(Case::new("cyclic:5", model(Architecture::Mlp(mlp), Activation::Gelu)));
        }
    }
    let mlp = MlpSpec { depth: 2, residual: false, biases: true, embedding: 3, normalization: Normalization::None };
    for tables in [OperandTables::Shared, OperandTables::Summed] {
        let spec = ModelSpec { tables, ..model(Architecture::Mlp(mlp), Activation::Silu) };
        cases.push(Case::new("several:cyclic:3,expression:x*y:3", spec));
    }
    let mlp = MlpSpec { embedding: 0, ..mlp };
    cases.push(Case::new("parity:6:2", model(Architecture::Mlp(mlp), Activation::Gelu)));
    for (normalization, qk_norm, score_cap, attention) in [
        (Normalization::None, false, 0.0, None),
        (Normalization::PreLayerNorm, false, 0.0, Some("window:2")),
        (Normalization::PostLayerNorm, true, 0.0, None),
        (Normalization::PreRmsNorm, true, 2.0, Some("full,window:2")),
    ] {
        for depth in [1, 2] {
            let transformer = TransformerSpec { depth, dimension: 8, heads: 2, normalization, qk_norm, score_cap };
            let attention = attention.map(|pattern| pattern.parse().expect("a pattern"));
            let spec = ModelSpec { attention, ..model(Architecture::Transformer(transformer), Activation::Gelu) };
            cases.push(Case::new("operands:3:cyclic:3", spec));
        }
    }
    cases
}

fn losses() -> Vec<Loss> {
    Loss::ALL.into_iter().chain(shaped_losses()).collect()
}

fn mean_loss(case: &Case, network: &Formula, loss: Loss, parameters: &[f64]) -> f64 {
    let n: usize = case.chunks.iter().map(Chunk::len).sum();
    network.pass(loss, parameters, &case.chunks, None).loss / n as f64
}

fn gradient<S: Scalar>(case: &Case, network: &Formula, loss: Loss, parameters: &[S]) -> Vec<S> {
    let mut gradient = vec![S::constant(7.0); parameters.len()];
    network.pass(loss, parameters, &case.chunks, Some(&mut gradient));
    gradient
}

fn direction(n: usize, probe: usize) -> Vec<f64> {
    let raw: Vec<f64> = (0..n).map(|i| ((i * 31 + probe * 17 + 1) as f64).sin()).collect();
    let size = raw.iter().map(|d| d * d).sum::<f64>().sqrt();
    raw.iter().map(|d| d / size).collect()
}

fn moved(parameters: &[f64], direction: &[f64], by: f64) -> Vec<f64> {
    parameters.iter().zip(direction).map(|(p, d)| p + by * d).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Richardson's extrapolation of two central differences leaves a fifth derivative times 10⁻¹² and roundings of 10⁻¹⁶/10⁻³.
#[test]
fn gradients_agree_with_central_differences() {
    for (which, case) in every_network().iter().enumerate() {
        let (network, parameters) = (case.network(), case.parameters());
        let all = losses();
        for loss in [all[which % all.len()], Loss::CrossEntropy, Loss::Mse] {
            let gradient = gradient(case, &network, loss, &parameters);
            for (name, range, _) in network.layout().spans() {
                let mut along = vec![0.0; parameters.len()];
                along[range.clone()].copy_from_slice(&direction(range.len(), which));
                let central = |step: f64| {
                    let at = |by: f64| mean_loss(case, &network, loss, &moved(&parameters, &along, by));
                    (at(step) - at(-step)) / (2.0 * step)
                };
                // A kink at 0 is met by none of these steps.
                let difference = (4.0 * central(5e-4) - central(1e-3)) / 3.0;
                let slope = dot(&gradient, &along);
                let error = (difference - slope).abs() / (1.0 + dot(&gradient, &gradient).sqrt());
                assert!(error < 1e-9, "{} {loss:?} {name}: {slope} against {difference}", case.name);
            }
        }
    }
}

/// Tangents of the gradient on w + v δ are H v.
#[test]
fn hessian_vector_products_agree_with_central_differences_of_gradients() {
    for (which, case) in every_network().iter().enumerate() {
        let (network, parameters) = (case.network(), case.parameters());
        let all = losses();
        for loss in [all[which % all.len()], Loss::CrossEntropy, Loss::Mse] {
            let along = direction(parameters.len(), which);
            let dual: Vec<Dual> =
                parameters.iter().zip(&along).map(|(&value, &tangent)| Dual { value, tangent }).collect();
            let product = gradient(case, &network, loss, &dual);
            let plain = gradient(case, &network, loss, &parameters);
            assert!(
                plain.iter().zip(&product).all(|(g, dual)| *g == dual.value),
                "{}: the gradient comes along",
                case.name
            );
            let central = |step: f64| -> Vec<f64> {
                let at = |by: f64| gradient(case, &network, loss, &moved(&parameters, &along, by));
                at(step).iter().zip(at(-step)).map(|(a, b)| (a - b) / (2.0 * step)).collect()
            };
            let size = product.iter().map(|p| p.tangent * p.tangent).sum::<f64>().sqrt();
            for ((near, far), found) in central(5e-4).iter().zip(central(1e-3)).zip(&product) {
                let expected = (4.0 * near - far) / 3.0;
                let error = (found.tangent - expected).abs() / (1.0 + size);
                assert!(error < 1e-8, "{} {loss:?}: {} against {expected}", case.name, found.tangent);
            }
        }
    }
}

/// Outputs and gradients of the layered networks, whose arithmetic is f32.
#[test]
fn the_layered_networks_compute_the_same() {
    fn compare<L: Layers>(case: &Case, layers: &L) {
        let network = case.network();
        let parameters: Vec<f32> = case.parameters().iter().map(|&p| p as f32).collect();
        let wide: Vec<f64> = parameters.iter().map(|&p| p.into()).collect();
        for chunk in &case.chunks {
            let (mut tape, mut outputs) = (L::Tape::default(), vec![0.0; chunk.len() * case.problem.n_labels]);
            layers.forward(Numerics::Exact, &parameters, chunk, &mut tape, &mut outputs);
            let (expected, passed) = network.forward(&wide, chunk);
            let near = |a: &[f32], b: &[f64], of: &str| {
                assert_eq!(a.len(), b.len());
                let size = b.iter().fold(1.0_f64, |size, b| size.max(b.abs()));
                for (a, b) in a.iter().zip(b) {
                    // Three blocks of sums of up to 24 terms, behind norms that divide by a deviation.
                    assert!((f64::from(*a) - b).abs() < 1e-4 * size, "{} {of}: {a} for {b}", case.name);
                }
            };
            near(&outputs, &expected, "outputs");
            near(layers.features(&tape), passed.features(), "features");
            let scores = network.pass(Loss::Mse, &wide, std::slice::from_ref(chunk), Some(&mut vec![0.0; wide.len()]));
            near(&layers.largest_scores(&tape), &scores.largest_scores, "scores");
            for (z, &y) in outputs.chunks_exact_mut(case.problem.n_labels).zip(&chunk.labels) {
                Loss::Mse.differentiate(z, case.problem.n_labels, y as usize, 1.0 / chunk.len() as f32);
            }
            let (mut ours, mut theirs) = (vec![0.0; wide.len()], vec![0.0_f32; wide.len()]);
            network.pass(Loss::Mse, &wide, std::slice::from_ref(chunk), Some(&mut ours));
            layers.backward(Numerics::Exact, &parameters, chunk, &mut tape, Upstream::Outputs(&outputs), &mut theirs);
            near(&theirs, &ours, "gradient");
        }
    }
    for case in every_network() {
        match case.spec.architecture {
            Architecture::Transformer(_) => compare(&case, &Transformer::new(&case.spec, &case.problem)),
            _ => compare(&case, &Mlp::new(&case.spec, &case.problem)),
        }
    }
}

/// Where single precision sends nothing back, double precision still does: the others' share of a label that is right by 90 nats,
/// and by 600.
#[test]
fn what_single_precision_absorbs_double_precision_keeps() {
    for (gap, is_absorbed) in [(60.0_f64, false), (90.0, true), (600.0, true)] {
        let (mut single, mut double) = ([gap as f32, 0.0], [gap, 0.0]);
        Loss::CrossEntropy.differentiate(&mut single, 2, 0, 0.01);
        Loss::CrossEntropy.differentiate_f64(&mut double, 0);
        assert_eq!(single[1] == 0.0, is_absorbed, "{gap}: {single:?}");
        let exact = libm::exp(-gap);
        assert!(
            (double[1] / exact - 1.0).abs() < 1e-12 && (double[0] / exact + 1.0).abs() < 1e-12,
            "{gap}: {double:?}"
        );
    }
}

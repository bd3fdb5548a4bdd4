use super::*;
use crate::loss::Loss;
use crate::model::{Activation, Initialization};
use crate::spec::{Architecture, MlpSpec, ModelSpec, RunSpec, TopLayer};
use crate::task::{Problem, Task};

/// The whole population of a small problem.
pub(super) fn chunk(task: &str) -> (Problem, Chunk) {
    let problem = Task::parse(task).unwrap().resolve(None).unwrap();
    let samples = problem.population();
    let n = samples.len().min(40);
    (problem, Chunk::of(&samples, 0..n))
}

pub(super) fn model(architecture: Architecture, width: usize, activation: Activation) -> ModelSpec {
    ModelSpec {
        architecture,
        width,
        activation,
        initialization: Initialization::Pytorch,
        hidden_scale: 1.0,
        top_scale: 1.0,
        top_layer: TopLayer::Trained,
    }
}

/// A smooth loss of outputs and features with its gradient at both; features are weighed so that no two count alike.
fn differentiate(outputs: &mut [f32], features: &mut [f32], labels: &[u32], through: Through) -> f64 {
    match through {
        Through::Outputs => {
            let m = outputs.len() / labels.len();
            let rows = outputs.chunks_exact_mut(m).zip(labels);
            rows.map(|(z, &y)| Loss::CrossEntropy.differentiate(z, m, y as usize, 1.0)).sum()
        }
        Through::Features => {
            let mut loss = 0.0;
            for (i, f) in features.iter_mut().enumerate() {
                let weight = (i as f32 * 0.7).sin();
                loss += f64::from(weight) * f64::from(*f) * f64::from(*f) / 2.0;
                *f *= weight;
            }
            loss
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Through {
    Outputs,
    Features,
}

/// Holds the gradient of every part of a network against central differences along a random direction of that part.
///
/// With steps ε = 1/128 the difference is off by ε²/6 times a third derivative of order one (1e-5) and by the rounding of the
/// loss, at most √n·2⁻²⁴·|L| / ε ≈ 1e-4; a term that is missing or doubled shows at order one.
pub(super) fn check_gradient<L: Layers>(layers: &L, chunk: &Chunk, n_labels: usize) {
    let mut parameters = layers.layout().draw(5);
    // Biases and gains away from where they begin, so that nothing is hidden by a zero.
    parameters.iter_mut().enumerate().for_each(|(i, p)| *p += 0.1 * (i as f32 * 1.3).sin());
    let loss = |parameters: &[f32], through: Through| {
        let mut tape = L::Tape::default();
        let mut outputs = vec![0.0; chunk.len() * n_labels];
        layers.forward(Numerics::Fast, parameters, chunk, &mut tape, &mut outputs);
        let mut features = layers.features(&tape).to_vec();
        let loss = differentiate(&mut outputs, &mut features, &chunk.labels, through);
        (loss, tape, outputs, features)
    };
    for through in [Through::Outputs, Through::Features] {
        let (_, mut tape, outputs, features) = loss(&parameters, through);
        let mut gradient = vec![0.0; parameters.len()];
        let upstream = match through {
            Through::Outputs => Upstream::Outputs(&outputs),
            Through::Features => Upstream::Features(&features),
        };
        layers.backward(Numerics::Fast, &parameters, chunk, &mut tape, upstream, &mut gradient);
        let named = layers.layout().named(&gradient);
        let mut first = 0;
        for array in &named.arrays {
            let range = first..first + array.values.len();
            first = range.end;
            for probe in 0..3 {
                let direction: Vec<f32> = (0..range.len()).map(|i| ((i * 31 + probe * 17 + 1) as f32).sin()).collect();
                let size = direction.iter().map(|d| d * d).sum::<f32>().sqrt();
                let moved = |by: f32| {
                    let mut parameters = parameters.clone();
                    parameters[range.clone()].iter_mut().zip(&direction).for_each(|(p, d)| *p += by * d / size);
                    loss(&parameters, through).0
                };
                let difference = (moved(1.0 / 128.0) - moved(-1.0 / 128.0)) * 64.0;
                let slope: f64 = array.values.iter().zip(&direction).map(|(g, d)| f64::from(g * d / size)).sum();
                let scale = 1.0 + array.values.iter().map(|g| f64::from(g * g)).sum::<f64>().sqrt();
                assert!(
                    (difference - slope).abs() < 2e-3 * scale,
                    "{} through {through:?}: {slope} against {difference}",
                    array.name
                );
            }
        }
    }
}

#[test]
fn the_gradient_of_an_mlp_agrees_with_central_differences() {
    for task in ["cyclic:5", "cyclic:4"] {
        let (problem, chunk) = chunk(task);
        for (depth, residual, biases, embedding) in
            [(1, false, false, 0), (1, false, true, 3), (2, false, true, 0), (3, true, true, 4), (3, true, false, 0)]
        {
            for activation in [Activation::Square, Activation::Gelu, Activation::Silu] {
                let architecture = Architecture::Mlp(MlpSpec { depth, residual, biases, embedding });
                check_gradient(&Mlp::new(&model(architecture, 7, activation), &problem), &chunk, problem.n_labels);
            }
        }
    }
}

/// The same network by two ways: the fused kernel's twin in f64 is the oracle.
#[test]
fn one_hidden_layer_without_biases_is_the_two_layer_network() {
    let (problem, chunk) = chunk("cyclic:5");
    let spec = model(Architecture::TwoLayer, 9, Activation::Square);
    let mlp = Mlp::new(&spec, &problem);
    let parameters = mlp.layout().draw(3);
    let weights = Weights::draw(&spec, problem.n_inputs(), problem.n_labels, 3);
    assert_eq!(mlp.readout(&parameters), weights);
    let samples = problem.population();
    let (_, expected) =
        crate::model::fused::plain::loss_and_gradient(&weights, &samples, &[0, 5], spec.activation, Loss::CrossEntropy);
    let (mut tape, mut outputs) = (<Mlp as Layers>::Tape::default(), vec![0.0; samples.len() * 5]);
    mlp.forward(Numerics::Fast, &parameters, &chunk, &mut tape, &mut outputs);
    for (z, &y) in outputs.chunks_exact_mut(5).zip(&chunk.labels) {
        Loss::CrossEntropy.differentiate(z, 5, y as usize, 1.0 / samples.len() as f32);
    }
    let mut gradient = vec![0.0; parameters.len()];
    mlp.backward(Numerics::Fast, &parameters, &chunk, &mut tape, Upstream::Outputs(&outputs), &mut gradient);
    // Gradients of order 0.1 from sums of 25 terms: 25 ε = 3e-6 of that.
    for (ours, exact) in gradient.iter().zip(expected.hidden.iter().chain(&expected.top)) {
        assert!((f64::from(*ours) - exact).abs() < 1e-6, "{ours} against {exact}");
    }
}

#[test]
fn parameters_come_back_by_name() {
    let (problem, _) = chunk("cyclic:5");
    let architecture = Architecture::named("mlp").unwrap();
    let mlp = Mlp::new(&ModelSpec { architecture, width: 4, ..RunSpec::default().model }, &problem);
    let parameters = mlp.layout().draw(1);
    let mut named = mlp.layout().named(&parameters);
    assert_eq!(mlp.layout().flat(&named), Ok(parameters));
    assert_eq!(named.get("top.weight").unwrap().shape, [4, 5]);
    named.arrays.remove(0);
    assert_eq!(mlp.layout().flat(&named), Err("hidden.0.weight"));
}

mod tables;
mod transformer;

use super::*;
use crate::loss::Loss;
use crate::model::{Activation, Initialization, Weights};
use crate::spec::{Architecture, MlpSpec, ModelSpec, Normalization, Numerics, OperandTables, RunSpec, TopLayer};
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
        attention: None,
        tables: OperandTables::usual(architecture),
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
/// Steps ε = 1/128 and ε/2 are extrapolated, which leaves ε⁴ times a fifth derivative: behind a norm of few numbers third
/// derivatives reach 10⁴. The loss is rounded by at most √n·2⁻²⁴·|L| / ε ≈ 1e-4; a term that is missing or doubled shows at order one.
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
                let central = |steps: f32| (moved(1.0 / steps) - moved(-1.0 / steps)) * f64::from(steps) / 2.0;
                let difference = (4.0 * central(256.0) - central(128.0)) / 3.0;
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
                for normalization in [Normalization::None, Normalization::PreLayerNorm, Normalization::PreRmsNorm] {
                    let mlp = MlpSpec { depth, residual, biases, embedding, normalization };
                    let spec = model(Architecture::Mlp(mlp), 7, activation);
                    check_gradient(&Mlp::new(&spec, &problem), &chunk, problem.n_labels);
                }
            }
        }
    }
}

/// Four hidden layers by their definition in f64: a norm of each sample's row, with gain and bias, before the activation.
#[test]
fn an_mlp_normalises_what_its_activations_read() {
    let (problem, chunk) = chunk("cyclic:5");
    for normalization in [Normalization::None, Normalization::PreLayerNorm, Normalization::PreRmsNorm] {
        let mlp = MlpSpec { depth: 4, residual: true, biases: true, embedding: 0, normalization };
        let network = Mlp::new(&model(Architecture::Mlp(mlp), 7, Activation::Relu), &problem);
        let mut parameters = network.layout().draw(5);
        parameters.iter_mut().enumerate().for_each(|(i, p)| *p += 0.1 * (i as f32 * 1.3).sin());
        let named = network.layout().named(&parameters);
        let array = |name: String| -> Option<Vec<f64>> {
            named.get(&name).map(|array| array.values.iter().map(|&v| f64::from(v)).collect())
        };
        let (mut tape, mut outputs) = (<Mlp as Layers>::Tape::default(), vec![0.0; chunk.len() * 5]);
        network.forward(Numerics::Fast, &parameters, &chunk, &mut tape, &mut outputs);
        // A unit's input is a sum of tokens' weights in one layer without a norm alone.
        let one = Mlp::new(&model(Architecture::Mlp(MlpSpec { depth: 1, ..mlp }), 7, Activation::Relu), &problem);
        let is_sum = !one.readout(&one.layout().draw(5)).hidden.is_empty();
        assert_eq!(is_sum, normalization == Normalization::None);
        for (i, tokens) in chunk.tokens.chunks_exact(2).enumerate() {
            let mut features: Vec<f64> = vec![0.0; 10];
            (features[tokens[0] as usize], features[5 + tokens[1] as usize]) = (1.0, 1.0);
            for layer in 0..4 {
                let weight: Vec<f64> = array(format!("hidden.{layer}.weight")).unwrap();
                let bias: Vec<f64> = array(format!("hidden.{layer}.bias")).unwrap();
                let product =
                    |unit: usize| (0..features.len()).map(|i| features[i] * weight[i * 7 + unit]).sum::<f64>();
                let a: Vec<f64> = (0..7).map(|unit| bias[unit] + product(unit)).collect();
                let mean = if normalization == Normalization::PreLayerNorm { a.iter().sum::<f64>() / 7.0 } else { 0.0 };
                let square = a.iter().map(|a| (a - mean).powi(2)).sum::<f64>() / 7.0;
                let gain: Option<Vec<f64>> = array(format!("hidden.{layer}.norm.gain"));
                let shift: Option<Vec<f64>> = array(format!("hidden.{layer}.norm.bias"));
                assert_eq!(gain.is_some(), normalization != Normalization::None);
                let normalized = |unit: usize| match &gain {
                    None => a[unit],
                    Some(gain) => {
                        (a[unit] - mean) / (square + 1e-5).sqrt() * gain[unit] + shift.as_ref().map_or(0.0, |b| b[unit])
                    }
                };
                let below = |unit: usize| if layer == 0 { 0.0 } else { features[unit] };
                features = (0..7).map(|unit| normalized(unit).max(0.0) + below(unit)).collect();
            }
            let found = &network.features(&tape)[i * 7..][..7];
            // Four products of some 8 terms in f32 of numbers up to 10.
            let far = found.iter().zip(&features).find(|(f, e)| (f64::from(**f) - **e).abs() > 2e-5);
            assert!(far.is_none(), "{normalization:?}: {far:?}");
        }
    }
}

/// Every table that an MLP can have, on operands of one size, of two sizes that begin at 0 and 1, and three of them.
fn mlps_of_all_tables() -> Vec<(Problem, Chunk, ModelSpec)> {
    let mut networks = Vec::new();
    for task in ["cyclic:5", "expression:x/y:5", "operands:3:cyclic:3", "several:cyclic:3,expression:x*y:3"] {
        for (tables, embedding, depth) in [
            (OperandTables::Separate, 0, 1),
            (OperandTables::Separate, 3, 1),
            (OperandTables::Shared, 3, 1),
            (OperandTables::Shared, 3, 2),
            (OperandTables::Summed, 0, 1),
            (OperandTables::Summed, 3, 1),
            (OperandTables::Summed, 0, 2),
        ] {
            let (problem, chunk) = chunk(task);
            let normalization = Normalization::None;
            let mlp = MlpSpec { depth, residual: false, biases: true, embedding, normalization };
            let architecture = Architecture::Mlp(mlp);
            networks.push((problem, chunk, ModelSpec { tables, ..model(architecture, 7, Activation::Gelu) }));
        }
    }
    networks
}

#[test]
fn gradients_agree_with_central_differences_for_all_tables() {
    for (problem, chunk, spec) in mlps_of_all_tables() {
        check_gradient(&Mlp::new(&spec, &problem), &chunk, problem.n_labels);
    }
}

/// One hidden layer by its definition, in f64, from the named arrays: the numbers that tokens stand for are looked up by value.
#[test]
fn tables_are_what_they_are_called() {
    for (problem, chunk, spec) in mlps_of_all_tables() {
        let Architecture::Mlp(MlpSpec { depth: 1, embedding, .. }) = spec.architecture else { continue };
        let network = Mlp::new(&spec, &problem);
        let parameters = network.layout().draw(5);
        let named = network.layout().named(&parameters);
        let array = |name: &str| named.get(name).map(|array| (&array.values, array.shape.clone()));
        let value = |operand: usize, token: u32| match problem.several.len() {
            1.. if operand == 0 => problem.n_labels + token as usize,
            _ => (problem.operand_firsts[operand] + token) as usize,
        };
        let first_row = |operand: usize| problem.operand_sizes[..operand].iter().sum::<usize>();
        let row = |operand: usize, token: u32| match spec.tables {
            OperandTables::Separate => first_row(operand) + token as usize,
            OperandTables::Shared | OperandTables::Summed => value(operand, token),
        };
        let n_rows = match spec.tables {
            OperandTables::Separate => problem.n_inputs(),
            _ => problem.n_labels + problem.several.len(),
        };
        let (weight, shape) = array("hidden.0.weight").unwrap();
        let bias = array("hidden.0.bias").unwrap().0;
        let is_sum = spec.tables == OperandTables::Summed;
        let n_places = if is_sum { 1 } else { problem.n_operands() };
        assert_eq!(shape, [if embedding == 0 { n_rows } else { embedding * n_places }, 7]);
        let mut tape = <Mlp as Layers>::Tape::default();
        let mut outputs = vec![0.0; chunk.len() * problem.n_labels];
        network.forward(Numerics::Exact, &parameters, &chunk, &mut tape, &mut outputs);
        let readout = network.readout(&parameters);
        assert_eq!((readout.n_inputs, readout.hidden.len()), (problem.n_inputs(), problem.n_inputs() * 7));
        for (i, tokens) in chunk.tokens.chunks_exact(problem.n_operands()).enumerate() {
            for unit in 0..7 {
                let mut sum = f64::from(bias[unit]);
                let mut of_readout = f64::from(bias[unit]);
                for (operand, &token) in tokens.iter().enumerate() {
                    let row = row(operand, token);
                    let place = if is_sum { 0 } else { operand };
                    sum += match array("embedding.weight") {
                        None => f64::from(weight[row * 7 + unit]),
                        Some((table, shape)) => {
                            assert_eq!(shape, [n_rows, embedding]);
                            let product = |e: usize| {
                                f64::from(table[row * embedding + e])
                                    * f64::from(weight[(place * embedding + e) * 7 + unit])
                            };
                            (0..embedding).map(product).sum()
                        }
                    };
                    of_readout += f64::from(readout.hidden[(first_row(operand) + token as usize) * 7 + unit]);
                }
                let found = f64::from(network.features(&tape)[i * 7 + unit]);
                let expected = f64::from(Activation::Gelu.value(sum as f32));
                assert!((found - expected).abs() < 1e-5, "{} {spec:?}: {found} against {expected}", problem.name);
                assert!((sum - of_readout).abs() < 1e-5, "{} {spec:?}: readout {of_readout} for {sum}", problem.name);
            }
        }
    }
}

#[test]
fn a_sum_knows_no_order_and_other_tables_do() {
    for (problem, _, spec) in mlps_of_all_tables() {
        if problem.operand_sizes != [5, 5] {
            continue;
        }
        let network = Mlp::new(&spec, &problem);
        let parameters = network.layout().draw(5);
        let chunk = Chunk::of(&problem.population(), 0..25);
        let mut outputs = vec![0.0; 125];
        network.forward(Numerics::Exact, &parameters, &chunk, &mut <Mlp as Layers>::Tape::default(), &mut outputs);
        let of = |a: usize, b: usize| &outputs[(a * 5 + b) * 5..][..5];
        let differs = |a: usize, b: usize| of(a, b).iter().zip(of(b, a)).any(|(x, y)| (x - y).abs() > 1e-5);
        let any = (0..5).any(|a| (0..a).any(|b| differs(a, b)));
        assert_eq!(any, spec.tables != OperandTables::Summed, "{spec:?}");
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

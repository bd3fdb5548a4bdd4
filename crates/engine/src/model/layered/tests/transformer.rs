use super::*;
use crate::spec::attention::AttentionPattern;
use crate::spec::{Normalization, TransformerSpec};
use crate::task::Structure;

/// A transformer without norms and caps.
pub(super) const PLAIN: TransformerSpec = TransformerSpec {
    depth: 1,
    dimension: 8,
    heads: 1,
    normalization: Normalization::None,
    qk_norm: false,
    score_cap: 0.0,
};

/// With layer norm before each part.
const NORMALIZED: TransformerSpec = TransformerSpec { normalization: Normalization::PreLayerNorm, heads: 4, ..PLAIN };

/// Every norm of the stream, and every change of attention.
fn kinds() -> Vec<TransformerSpec> {
    let norms = Normalization::NAMED.map(|(_, normalization)| TransformerSpec { normalization, ..PLAIN });
    let changes = [
        TransformerSpec { qk_norm: true, ..PLAIN },
        TransformerSpec { score_cap: 1.5, ..PLAIN },
        TransformerSpec { qk_norm: true, score_cap: 0.7, normalization: Normalization::PreRmsNorm, ..PLAIN },
    ];
    norms.into_iter().chain(changes).collect()
}

pub(super) fn spec_of(transformer: TransformerSpec, width: usize, activation: Activation) -> ModelSpec {
    model(Architecture::Transformer(transformer), width, activation)
}

fn spec(depth: usize, heads: usize, kind: TransformerSpec, activation: Activation) -> ModelSpec {
    spec_of(TransformerSpec { depth, heads, ..kind }, 7, activation)
}

/// Two operands of one size, three of one size, and two of different sizes.
pub(super) fn problems() -> Vec<(Problem, Chunk)> {
    let unequal = Problem {
        name: "x + y mod 5, x < 3, y < 4".to_owned(),
        n_labels: 5,
        operand_sizes: vec![3, 4],
        operand_firsts: vec![0, 0],
        structure: Structure::Function,
        several: vec![],
        labels: (0..12).map(|i| (i / 4 + i % 4) % 5).collect(),
        n_features: 0,
        values: vec![],
    };
    let population = unequal.population();
    let n = population.len();
    vec![
        chunk("cyclic:5"),
        chunk("operands:3:cyclic:3"),
        chunk("several:cyclic:4,expression:x*y:4"),
        (unequal, Chunk::of(&population, 0..n)),
    ]
}

#[test]
fn the_gradient_of_a_transformer_agrees_with_central_differences() {
    for (problem, chunk) in problems() {
        for kind in kinds() {
            for (depth, heads, activation) in
                [(1, 1, Activation::Gelu), (1, 4, Activation::Silu), (2, 2, Activation::Gelu), (3, 1, Activation::Silu)]
            {
                let network = Transformer::new(&spec(depth, heads, kind, activation), &problem);
                check_gradient(&network, &chunk, problem.n_labels);
                let tables = OperandTables::Separate;
                let apart = ModelSpec { tables, ..spec(depth, heads, kind, activation) };
                check_gradient(&Transformer::new(&apart, &problem), &chunk, problem.n_labels);
            }
        }
    }
}

/// Layers that see in different ways, heads too, over texts of four positions and more.
const PATTERNS: [&str; 6] =
    ["window:2", "chunked:2/full", "dilated:2x2", "sinks:1+1", "window:1,full", "chunked:2+1/window:2,dilated:2x2"];

fn spec_seeing(written: &str, kind: TransformerSpec) -> ModelSpec {
    let attention = Some(written.parse().expect("a pattern"));
    ModelSpec { attention, ..spec(2, kind.heads, kind, Activation::Gelu) }
}

#[test]
fn gradients_agree_with_central_differences_where_keys_are_hidden() {
    for (problem, chunk) in [chunk("operands:3:cyclic:3"), chunk("recall:7:2:1,4")] {
        for pattern in PATTERNS {
            // What is done to queries and keys before they meet does not know which of them are hidden.
            let capped = TransformerSpec { score_cap: 1.5, ..NORMALIZED };
            for kind in [TransformerSpec { heads: 4, ..PLAIN }, NORMALIZED, capped] {
                check_gradient(&Transformer::new(&spec_seeing(pattern, kind), &problem), &chunk, problem.n_labels);
            }
        }
    }
}

/// Outputs of all samples.
fn outputs(network: &Transformer, chunk: &Chunk, n_labels: usize) -> Vec<f32> {
    let mut outputs = vec![0.0; chunk.len() * n_labels];
    network.forward(
        Numerics::Fast,
        &network.layout().draw(5),
        chunk,
        &mut <Transformer as Layers>::Tape::default(),
        &mut outputs,
    );
    outputs
}

/// Two inputs that differ at one place have the same outputs to the bit where no hops within the layers lead from it to the answer, and
/// different ones where some do.
#[test]
fn what_no_layer_passes_on_changes_no_bit() {
    for pattern in PATTERNS.into_iter().chain(["window:3", "chunked:4", "full"]) {
        let layers = pattern.parse::<AttentionPattern>().unwrap().of_depth(2).unwrap().layers;
        for place in 0..7 {
            let (problem, chunk) = chunk(&format!("recall:8:2:{place}"));
            let outputs = outputs(&Transformer::new(&spec_seeing(pattern, NORMALIZED), &problem), &chunk, 2);
            let passes = (place..=8).any(|between| layers[1].sees(8, between) && layers[0].sees(between, place));
            assert_eq!(outputs[..2] != outputs[2..], passes, "{pattern} from {place}");
        }
    }
}

/// The form of tables knows no patterns and is not taken where there is one.
#[test]
fn no_tables_where_keys_are_hidden() {
    let (problem, _) = chunk("cyclic:5");
    let one_block = spec(1, 4, PLAIN, Activation::Gelu);
    assert!(TableForm::new(&one_block, &problem).is_some());
    let attention = Some("window:2".parse().unwrap());
    assert!(TableForm::new(&ModelSpec { attention, ..one_block }, &problem).is_none());
}

#[test]
fn a_pattern_that_hides_nothing_changes_no_bit() {
    let (problem, chunk) = chunk("operands:3:cyclic:3");
    let of = |pattern: &str| {
        outputs(&Transformer::new(&spec_seeing(pattern, NORMALIZED), &problem), &chunk, problem.n_labels)
    };
    let unsaid = Transformer::new(&spec(2, 4, NORMALIZED, Activation::Gelu), &problem);
    let unsaid = outputs(&unsaid, &chunk, problem.n_labels);
    assert_eq!(of("window:4"), unsaid);
    assert_eq!(of("chunked:9,full/sinks:4+1"), unsaid);
    assert_ne!(of("window:3"), unsaid);
}

/// Outputs and features of one sample by the definition: every position in every block, in f64.
struct Oracle<'a> {
    parameters: &'a Parameters,
    spec: TransformerSpec,
    activation: Activation,
}

type Rows = Vec<Vec<f64>>;

impl Oracle<'_> {
    fn array(&self, name: &str) -> (Vec<f64>, usize) {
        let array = self.parameters.get(name).unwrap_or_else(|| panic!("{name}"));
        (array.values.iter().map(|&v| f64::from(v)).collect(), *array.shape.last().unwrap())
    }

    fn linear(&self, name: &str, x: &[Vec<f64>]) -> Rows {
        let (weight, outputs) = self.array(&format!("{name}.weight"));
        let bias = self.parameters.get(&format!("{name}.bias"));
        let entry = |x: &[f64], j: usize| {
            let bias = bias.map_or(0.0, |bias| f64::from(bias.values[j]));
            bias + (0..x.len()).map(|i| x[i] * weight[i * outputs + j]).sum::<f64>()
        };
        x.iter().map(|x| (0..outputs).map(|j| entry(x, j)).collect()).collect()
    }

    /// A norm where the network has one of this name; without a bias it is RMS norm.
    fn norm(&self, name: &str, x: &[Vec<f64>]) -> Rows {
        if self.parameters.get(&format!("{name}.gain")).is_none() {
            return x.to_vec();
        }
        let (gain, _) = self.array(&format!("{name}.gain"));
        let has_bias = self.parameters.get(&format!("{name}.bias")).is_some();
        let bias = if has_bias { self.array(&format!("{name}.bias")).0 } else { vec![0.0; gain.len()] };
        let row = |x: &Vec<f64>| {
            let n = x.len() as f64;
            let mean = if has_bias { x.iter().sum::<f64>() / n } else { 0.0 };
            let variance = x.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
            (0..x.len()).map(|i| (x[i] - mean) / (variance + 1e-5).sqrt() * gain[i] + bias[i]).collect()
        };
        x.iter().map(row).collect()
    }

    fn attention(&self, name: &str, x: &[Vec<f64>]) -> Rows {
        let map = |part: &str, x: &[Vec<f64>]| self.linear(&format!("{name}.{part}"), x);
        let (q, k, v) = (map("query", x), map("key", x), map("value", x));
        let width = self.spec.dimension / self.spec.heads;
        let by_head = |part: &str, x: Rows| -> Rows {
            let of_row = |x: Vec<f64>| {
                let heads: Rows = x.chunks(width).map(<[f64]>::to_vec).collect();
                self.norm(&format!("{name}.{part}_norm"), &heads).concat()
            };
            x.into_iter().map(of_row).collect()
        };
        let (q, k) = (by_head("query", q), by_head("key", k));
        let cap = |score: f64| match self.spec.score_cap {
            0.0 => score,
            cap => cap * (score / cap).tanh(),
        };
        let mut mixed = vec![vec![0.0; self.spec.dimension]; x.len()];
        for i in 0..x.len() {
            for head in 0..self.spec.heads {
                let part = head * width..(head + 1) * width;
                let score =
                    |j: usize| cap(part.clone().map(|c| q[i][c] * k[j][c]).sum::<f64>() / (width as f64).sqrt());
                let sum: f64 = (0..=i).map(|j| score(j).exp()).sum();
                for (j, v) in v[..=i].iter().enumerate() {
                    part.clone().for_each(|c| mixed[i][c] += score(j).exp() / sum * v[c]);
                }
            }
        }
        map("output", &mixed)
    }

    /// Outputs and features at the last position, for the rows of the embedding that a sample names.
    fn forward(&self, tokens: &[usize]) -> (Vec<f64>, Vec<f64>) {
        let add = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x + y).collect::<Vec<f64>>();
        let ((embedding, d), (position, _)) = (self.array("embedding.weight"), self.array("position.weight"));
        let mut x: Rows =
            tokens.iter().enumerate().map(|(i, t)| add(&embedding[t * d..][..d], &position[i * d..][..d])).collect();
        let mut features = vec![];
        for l in 0..self.spec.depth {
            let name = |part: &str| format!("block.{l}.{part}");
            let is_post = self.spec.normalization == Normalization::PostLayerNorm;
            let before = |norm: &str, x: &Rows| if is_post { x.clone() } else { self.norm(&name(norm), x) };
            let behind = |norm: &str, x: Rows| if is_post { self.norm(&name(norm), &x) } else { x };
            let attended = self.attention(&name("attention"), &before("norm1", &x));
            let middle = behind("norm1", x.iter().zip(&attended).map(|(x, a)| add(x, a)).collect());
            let mut hidden = self.linear(&name("mlp.in"), &before("norm2", &middle));
            hidden.iter_mut().flatten().for_each(|h| *h = f64::from(self.activation.value(*h as f32)));
            let out = self.linear(&name("mlp.out"), &hidden);
            x = behind("norm2", middle.iter().zip(&out).map(|(y, out)| add(y, out)).collect());
            features = hidden.last().unwrap().clone();
        }
        let read = self.norm("norm", &x[x.len() - 1..]);
        let outputs = self.linear("top", &read).remove(0);
        (outputs, if self.spec.normalization == Normalization::None { features } else { read[0].clone() })
    }
}

#[test]
fn a_transformer_agrees_with_the_definition_at_every_position() {
    // First row of each operand and the row of `=`: five tokens twice, three of them three times, four of them behind two names of
    // problems, three and four.
    let shared = [([0, 0, 0], 5), ([0, 0, 0], 3), ([4, 0, 0], 6), ([0, 3, 0], 7)];
    let separate = [([0, 5, 0], 10), ([0, 3, 6], 9), ([0, 2, 6], 10), ([0, 3, 0], 7)];
    let tables = [(OperandTables::Shared, shared), (OperandTables::Separate, separate)];
    for ((tables, places), (index, (problem, chunk))) in
        tables.into_iter().flat_map(|tables| problems().into_iter().enumerate().map(move |problem| (tables, problem)))
    {
        for kind in kinds() {
            for (depth, heads, initialization) in
                [(1, 1, Initialization::Nanda), (2, 4, Initialization::Pytorch), (3, 2, Initialization::Nanda)]
            {
                let spec = ModelSpec { tables, initialization, ..spec(depth, heads, kind, Activation::Gelu) };
                let Architecture::Transformer(transformer) = spec.architecture else { unreachable!() };
                let network = Transformer::new(&spec, &problem);
                let mut parameters = network.layout().draw(2);
                parameters.iter_mut().enumerate().for_each(|(i, p)| *p += 0.1 * (i as f32 * 1.3).sin());
                let (mut tape, mut outputs) =
                    (<Transformer as Layers>::Tape::default(), vec![0.0; chunk.len() * problem.n_labels]);
                network.forward(Numerics::Fast, &parameters, &chunk, &mut tape, &mut outputs);
                let features = network.features(&tape);
                let named = network.layout().named(&parameters);
                let oracle = Oracle { parameters: &named, spec: transformer, activation: spec.activation };
                for (i, tokens) in chunk.tokens.chunks_exact(problem.n_operands()).enumerate() {
                    let (offsets, equals) = places[index];
                    let rows = tokens.iter().zip(offsets).map(|(t, offset)| *t as usize + offset).chain([equals]);
                    let (exact, exact_features) = oracle.forward(&rows.collect::<Vec<_>>());
                    // Depth 3 is 12 products of some 8 terms in f32, each off by 8 · 6e-8 of numbers up to 10.
                    let near = |ours: &[f32], exact: &[f64]| {
                        let size = exact.iter().fold(1.0_f64, |size, e| size.max(e.abs()));
                        let far = ours.iter().zip(exact).find(|(o, e)| (f64::from(**o) - **e).abs() > 1e-5 * size);
                        assert!(ours.len() == exact.len() && far.is_none(), "{kind:?} {depth}: {far:?}");
                    };
                    near(&outputs[i * problem.n_labels..][..problem.n_labels], &exact);
                    near(&features[i * network.n_features()..][..network.n_features()], &exact_features);
                }
            }
        }
    }
}

/// The outputs are the features times the readout and a part that bypasses the last MLP: none with layer norm; without, what
/// is left when the last MLP's way out is closed.
#[test]
fn features_times_readout_is_what_passes_through_them() {
    let (problem, chunk) = chunk("cyclic:5");
    for kind in kinds() {
        let network = Transformer::new(&spec(2, 2, kind, Activation::Gelu), &problem);
        let parameters = network.layout().draw(4);
        let forward = |parameters: &[f32]| {
            let (mut tape, mut outputs) = (<Transformer as Layers>::Tape::default(), vec![0.0; chunk.len() * 5]);
            network.forward(Numerics::Fast, parameters, &chunk, &mut tape, &mut outputs);
            (outputs, network.features(&tape).to_vec())
        };
        let (outputs, features) = forward(&parameters);
        let readout = network.readout(&parameters);
        assert_eq!((readout.n_inputs, readout.hidden.len(), readout.n_units), (0, 0, network.n_features()));
        let bypass = match kind.normalization {
            Normalization::PreLayerNorm | Normalization::PostLayerNorm | Normalization::PreRmsNorm => {
                vec![0.0; outputs.len()]
            }
            Normalization::None => {
                let mut named = network.layout().named(&parameters);
                let out = named.arrays.iter_mut().find(|array| array.name == "block.1.mlp.out.weight").unwrap();
                out.values.fill(0.0);
                forward(&network.layout().flat(&named).unwrap()).0
            }
        };
        for (i, output) in outputs.iter().enumerate() {
            let features = &features[i / 5 * readout.n_units..][..readout.n_units];
            let through: f32 = features.iter().zip(readout.top[i % 5..].iter().step_by(5)).map(|(f, v)| f * v).sum();
            // Sums of 8 terms of order one.
            assert!((output - bypass[i] - through).abs() < 1e-5, "{output}: {} + {through}", bypass[i]);
        }
    }
}

/// After a clip to τ the scores of a head that were above have τ as their largest, and those of the other heads are what they were.
#[test]
fn qk_clip_brings_the_largest_score_of_a_head_to_its_limit() {
    let (problem, chunk) = chunk("cyclic:5");
    let network = Transformer::new(&spec(2, 4, PLAIN, Activation::Gelu), &problem);
    let mut parameters = network.layout().draw(4);
    let largest = |parameters: &[f32]| {
        let (mut tape, mut outputs) = (<Transformer as Layers>::Tape::default(), vec![0.0; chunk.len() * 5]);
        network.forward(Numerics::Fast, parameters, &chunk, &mut tape, &mut outputs);
        network.forget_scores(&mut tape);
        network.forward(Numerics::Fast, parameters, &chunk, &mut tape, &mut outputs);
        network.largest_scores(&tape)
    };
    let before = largest(&parameters);
    let mut sorted = before.clone();
    sorted.sort_by(f32::total_cmp);
    assert!(sorted.len() == 8 && sorted[3] > 0.0, "{sorted:?}");
    let limit = f32::midpoint(sorted[4], sorted[5]);
    // The first block alone, whose scores do not depend on what is clipped behind it.
    let first = before[..4].iter().chain(&[f32::NEG_INFINITY; 4]).copied().collect::<Vec<_>>();
    network.clip_scores(&mut parameters, &first, limit);
    let after = largest(&parameters);
    let mut n_clipped = 0;
    for (before, after) in before[..4].iter().zip(&after) {
        n_clipped += usize::from(*before > limit);
        // Scores of 2 numbers, each of 8 terms: a few roundings.
        assert!((before.min(limit) - after).abs() < 1e-5, "{before} became {after} under {limit}");
    }
    assert!((1..4).contains(&n_clipped), "{before:?} under {limit}");
}

#[test]
fn a_transformer_begins_as_published() {
    let problem = Task::parse("cyclic:113").unwrap().resolve(None).unwrap();
    let transformer = TransformerSpec { dimension: 128, heads: 4, ..PLAIN };
    let base = model(Architecture::Transformer(transformer), 512, Activation::Relu);
    for (initialization, embedding, matrix, out, bias, top) in [
        (Initialization::Nanda, 1.0 / 128.0, 1.0 / 128.0, 1.0 / 128.0, 0.0, 1.0 / 113.0),
        (Initialization::Pytorch, 1.0, 1.0 / 384.0, 1.0 / 1536.0, 1.0 / 384.0, 1.0 / 384.0),
    ] {
        let spec = ModelSpec { initialization, hidden_scale: 2.0, top_scale: 0.5, ..base.clone() };
        let network = Transformer::new(&spec, &problem);
        let named = network.layout().named(&network.layout().draw(7));
        let names: Vec<&str> = named.arrays.iter().map(|array| array.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "embedding.weight",
                "position.weight",
                "block.0.attention.query.weight",
                "block.0.attention.key.weight",
                "block.0.attention.value.weight",
                "block.0.attention.output.weight",
                "block.0.mlp.in.weight",
                "block.0.mlp.in.bias",
                "block.0.mlp.out.weight",
                "block.0.mlp.out.bias",
                "top.weight"
            ]
        );
        for (name, shape, variance) in [
            ("embedding.weight", vec![114, 128], 4.0 * embedding),
            ("position.weight", vec![3, 128], 4.0 * embedding),
            ("block.0.attention.query.weight", vec![128, 128], 4.0 * matrix),
            ("block.0.attention.output.weight", vec![128, 128], 4.0 * matrix),
            ("block.0.mlp.in.weight", vec![128, 512], 4.0 * matrix),
            ("block.0.mlp.in.bias", vec![512], 4.0 * bias),
            ("block.0.mlp.out.weight", vec![512, 128], 4.0 * out),
            ("top.weight", vec![128, 113], 0.25 * top),
        ] {
            let array = named.get(name).unwrap();
            assert_eq!(array.shape, shape);
            let n = array.values.len() as f64;
            let found = array.values.iter().map(|&v| f64::from(v) * f64::from(v)).sum::<f64>() / n;
            // Standard error √(2/n) of a normal's variance, less for a uniform's.
            assert!((found - variance).abs() <= 4.0 * (2.0 / n).sqrt() * variance, "{name}: {found} for {variance}");
        }
    }
}

//! Hidden layers of one width, with or without residual connections, biases and an embedding: [`MlpSpec`].
//!
//! ```text
//! a₁ = x W₁ + b₁      a_l = f_{l−1} W_l + b_l      f_l = σ(N_l a_l) [+ f_{l−1}, l > 1]      z = f_L V + c
//! df_L = dz Vᵀ      da_l = N_l′ (σ′(N_l a_l) ∘ df_l)      df_{l−1} = da_l W_lᵀ [+ df_l]
//! ```
//!
//! N is the identity, or a norm of each row with a trained gain: layer norm or RMS norm.
//!
//! Rows of a table are where [`TokenRows`] says: each operand's own, or those of one table.
//!
//! One-hot tokens are rows of W₁, so there the product x W₁ is a sum of rows and its gradient a sum into rows.

use super::layer_norm;
use super::norm::Norm;
use super::{Activity, Chunk, Layers, Layout, Linear, Start, TokenRows, Upstream, room};
use crate::kernel::{activate, activation_gradient};
use crate::model::{Activation, Initialization, Weights};
use crate::random::Stream;
use crate::spec::Numerics;
use crate::spec::{Architecture, MlpSpec, ModelSpec, Normalization, OperandTables};
use crate::task::Problem;
use std::ops::Range;

/// The network.
pub(crate) struct Mlp {
    pub(in crate::model) activation: Activation,
    pub(in crate::model) residual: bool,
    pub(in crate::model) input: Input,
    pub(in crate::model) hidden: Vec<Linear>,
    /// N of each hidden layer; empty without.
    pub(in crate::model) norms: Vec<Norm>,
    pub(in crate::model) top: Linear,
    layout: Layout,
}

/// What the first layer reads.
pub(in crate::model) enum Input {
    /// Numbers.
    Values,
    /// One-hot tokens: row `offsets[operand] + token` of W₁.
    OneHot { rows: TokenRows },
    /// The same row of a table, `[rows][dimension]`; operand `o` has its place `o · stride` in what the first layer reads. A stride of 0
    /// makes it the sum.
    Embedded { rows: TokenRows, dimension: usize, stride: usize, table: Range<usize> },
}

impl Mlp {
    /// The network that `spec` asks for, for this problem. A two-layer network is one hidden layer without biases.
    pub(crate) fn new(spec: &ModelSpec, problem: &Problem) -> Self {
        let MlpSpec { depth, residual, biases, embedding, normalization } = match spec.architecture {
            Architecture::Mlp(mlp) => mlp,
            _ => {
                let normalization = Normalization::None;
                MlpSpec { depth: 1, residual: false, biases: false, embedding: 0, normalization }
            }
        };
        let mut layout = Layout::default();
        let rows = TokenRows::of(problem, spec.tables);
        let (input, first_inputs) = if problem.n_features > 0 {
            (Input::Values, problem.n_features)
        } else if embedding == 0 {
            let n_rows = rows.n_rows;
            (Input::OneHot { rows }, n_rows)
        } else {
            let is_sum = spec.tables == OperandTables::Summed;
            let (stride, inputs) = if is_sum { (0, embedding) } else { (embedding, embedding * rows.offsets.len()) };
            // PyTorch's default for embeddings.
            let start = Start::Normal(spec.hidden_scale, Stream::Embedding);
            let table = layout.add("embedding.weight", &[rows.n_rows, embedding], start);
            (Input::Embedded { rows, dimension: embedding, stride, table }, inputs)
        };
        let width = spec.width;
        let mut norms = Vec::new();
        let hidden: Vec<Linear> = (0..depth)
            .map(|layer| {
                let inputs = if layer == 0 { first_inputs } else { width };
                let stream = if layer == 0 { Stream::HiddenWeights } else { Stream::DeepWeights };
                let bound = spec.hidden_scale / (inputs as f64).sqrt();
                let weight = match spec.initialization {
                    // Lemma 1 is about the first layer; further layers keep the size of what they read.
                    Initialization::Paper if layer == 0 => Start::Normal(spec.hidden_scale, stream),
                    Initialization::Paper => Start::Normal(bound, stream),
                    _ => Start::Uniform(bound, stream),
                };
                let bias = biases.then_some(Start::Uniform(bound, Stream::Biases));
                let name = format!("hidden.{layer}");
                let linear = Linear::add(&mut layout, &name, (inputs, width), weight, bias);
                norms.extend(Norm::add(&mut layout, normalization, &format!("{name}.norm"), width));
                linear
            })
            .collect();
        let bound = spec.top_scale / (width as f64).sqrt();
        let weight = match spec.initialization {
            Initialization::Paper => Start::Normal(spec.top_scale * 1e-3, Stream::TopWeights),
            _ => Start::Uniform(bound, Stream::TopWeights),
        };
        let bias = biases.then_some(Start::Uniform(bound, Stream::Biases));
        let top = Linear::add(&mut layout, "top", (width, problem.n_labels), weight, bias);
        Self { activation: spec.activation, residual, input, hidden, norms, top, layout }
    }

    fn width(&self) -> usize {
        self.top.inputs
    }

    /// The features of every layer, of the chunk that went forward last.
    pub(crate) fn activities<'t>(&self, tape: &'t Tape) -> Vec<Activity<'t>> {
        let (width, len) = (self.width(), tape.n * self.width());
        let layer = |(l, features): (usize, &'t Vec<f32>)| Activity {
            name: format!("hidden.{l}"),
            values: &features[..len],
            width,
        };
        tape.features.iter().enumerate().map(layer).collect()
    }

    /// a₁, and x where it is a product's factor.
    fn first_layer(&self, numerics: Numerics, parameters: &[f32], chunk: &Chunk, x: &mut Vec<f32>, a: &mut [f32]) {
        let first = &self.hidden[0];
        match &self.input {
            Input::Values => first.forward(numerics, parameters, &chunk.values, a),
            Input::OneHot { rows: TokenRows { offsets, .. } } => {
                let table = &parameters[first.weight.clone()];
                first.start(parameters, a);
                for (row, tokens) in a.chunks_exact_mut(first.outputs).zip(chunk.tokens.chunks_exact(offsets.len())) {
                    for (token, offset) in tokens.iter().zip(offsets) {
                        let weights = &table[(offset + *token as usize) * first.outputs..][..first.outputs];
                        row.iter_mut().zip(weights).for_each(|(a, w)| *a += w);
                    }
                }
            }
            Input::Embedded { rows: TokenRows { offsets, .. }, dimension, stride, table } => {
                let table = &parameters[table.clone()];
                let x = room(x, chunk.len() * first.inputs);
                for (x, tokens) in x.chunks_exact_mut(first.inputs).zip(chunk.tokens.chunks_exact(offsets.len())) {
                    for (operand, (token, offset)) in tokens.iter().zip(offsets).enumerate() {
                        let embedding = &table[(offset + *token as usize) * dimension..][..*dimension];
                        let place = &mut x[operand * stride..][..*dimension];
                        if operand == 0 || *stride > 0 {
                            place.copy_from_slice(embedding);
                        } else {
                            place.iter_mut().zip(embedding).for_each(|(x, e)| *x += e);
                        }
                    }
                }
                first.forward(numerics, parameters, x, a);
            }
        }
    }

    /// `da_l` of `df_l`, in its place; adds the gradient of the norm.
    fn activation_gradient(
        &self,
        l: usize,
        parameters: &[f32],
        (inputs, norms): (&[Vec<f32>], &[layer_norm::Tape]),
        (df, below): (&mut [f32], &mut Vec<f32>),
        gradient: &mut [f32],
    ) {
        match self.norms.get(l) {
            None => activation_gradient(self.activation, &inputs[l][..df.len()], df),
            Some(norm) => {
                activation_gradient(self.activation, norms[l].outputs(df.len()), df);
                norm.backward_in_place(parameters, &norms[l], df, room(below, df.len()), gradient);
            }
        }
    }

    fn first_layer_gradient(
        &self,
        numerics: Numerics,
        parameters: &[f32],
        chunk: &Chunk,
        tape: &mut Tape,
        gradient: &mut [f32],
    ) {
        let first = &self.hidden[0];
        let n = chunk.len();
        let da = &tape.gradient[..n * first.outputs];
        match &self.input {
            Input::Values => first.backward_parameters(numerics, &chunk.values, da, gradient),
            Input::OneHot { rows: TokenRows { offsets, .. } } => {
                first.backward_bias(da, gradient);
                let table = &mut gradient[first.weight.clone()];
                for (row, tokens) in da.chunks_exact(first.outputs).zip(chunk.tokens.chunks_exact(offsets.len())) {
                    for (token, offset) in tokens.iter().zip(offsets) {
                        let sums = &mut table[(offset + *token as usize) * first.outputs..][..first.outputs];
                        sums.iter_mut().zip(row).for_each(|(sum, da)| *sum += da);
                    }
                }
            }
            Input::Embedded { rows: TokenRows { offsets, .. }, dimension, stride, table } => {
                first.backward_parameters(numerics, &tape.x[..n * first.inputs], da, gradient);
                let dx = room(&mut tape.below, n * first.inputs);
                first.backward_inputs(numerics, parameters, da, dx, false);
                let table = &mut gradient[table.clone()];
                for (dx, tokens) in dx.chunks_exact(first.inputs).zip(chunk.tokens.chunks_exact(offsets.len())) {
                    for (operand, (token, offset)) in tokens.iter().zip(offsets).enumerate() {
                        let sums = &mut table[(offset + *token as usize) * dimension..][..*dimension];
                        sums.iter_mut().zip(&dx[operand * stride..]).for_each(|(sum, dx)| *sum += dx);
                    }
                }
            }
        }
    }
}

/// What the way back needs.
#[derive(Default)]
pub(crate) struct Tape {
    n: usize,
    /// Embedded inputs, `[n][inputs]`.
    x: Vec<f32>,
    /// `a_l`, `[n][K]` a layer.
    inputs: Vec<Vec<f32>>,
    /// `N_l a_l`.
    norms: Vec<layer_norm::Tape>,
    /// `f_l`, `[n][K]` a layer.
    features: Vec<Vec<f32>>,
    /// da and df of the layer at hand and of the one below.
    gradient: Vec<f32>,
    below: Vec<f32>,
    /// For the way back through a norm.
    room: Vec<f32>,
}

impl Layers for Mlp {
    type Tape = Tape;

    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn n_features(&self) -> usize {
        self.width()
    }

    fn forward(&self, numerics: Numerics, parameters: &[f32], chunk: &Chunk, tape: &mut Tape, outputs: &mut [f32]) {
        let len = chunk.len() * self.width();
        tape.n = chunk.len();
        tape.inputs.resize_with(self.hidden.len(), Vec::new);
        tape.features.resize_with(self.hidden.len(), Vec::new);
        tape.norms.resize_with(self.norms.len(), Default::default);
        for (l, layer) in self.hidden.iter().enumerate() {
            let (below, at) = tape.features.split_at_mut(l);
            let (a, f) = (room(&mut tape.inputs[l], len), room(&mut at[0], len));
            match below.last() {
                None => self.first_layer(numerics, parameters, chunk, &mut tape.x, a),
                Some(below) => layer.forward(numerics, parameters, &below[..len], a),
            }
            let a = match self.norms.get(l) {
                None => &*a,
                Some(norm) => {
                    norm.forward(parameters, a, &mut tape.norms[l]);
                    tape.norms[l].outputs(len)
                }
            };
            activate(self.activation, a, f);
            if let Some(below) = below.last().filter(|_| self.residual) {
                f.iter_mut().zip(below).for_each(|(f, below)| *f += below);
            }
        }
        let last = tape.features.last().expect("at least one hidden layer");
        self.top.forward(numerics, parameters, &last[..len], outputs);
    }

    fn features<'t>(&self, tape: &'t Tape) -> &'t [f32] {
        &tape.features.last().expect("at least one hidden layer")[..tape.n * self.width()]
    }

    fn backward(
        &self,
        numerics: Numerics,
        parameters: &[f32],
        chunk: &Chunk,
        tape: &mut Tape,
        upstream: Upstream<'_>,
        gradient: &mut [f32],
    ) {
        let len = chunk.len() * self.width();
        match upstream {
            Upstream::Outputs(dz) => {
                let last = tape.features.last().expect("at least one hidden layer");
                self.top.backward_parameters(numerics, &last[..len], dz, gradient);
                self.top.backward_inputs(numerics, parameters, dz, room(&mut tape.gradient, len), false);
            }
            Upstream::Features(df) => room(&mut tape.gradient, len).copy_from_slice(df),
        }
        for l in (1..self.hidden.len()).rev() {
            let layer = &self.hidden[l];
            let below = room(&mut tape.below, len);
            if self.residual {
                below.copy_from_slice(&tape.gradient[..len]);
            }
            let da = &mut tape.gradient[..len];
            self.activation_gradient(l, parameters, (&tape.inputs, &tape.norms), (da, &mut tape.room), gradient);
            layer.backward_parameters(numerics, &tape.features[l - 1][..len], da, gradient);
            layer.backward_inputs(numerics, parameters, da, below, self.residual);
            std::mem::swap(&mut tape.gradient, &mut tape.below);
        }
        let da = &mut tape.gradient[..len];
        self.activation_gradient(0, parameters, (&tape.inputs, &tape.norms), (da, &mut tape.room), gradient);
        self.first_layer_gradient(numerics, parameters, chunk, tape, gradient);
    }

    fn readout(&self, parameters: &[f32]) -> Weights {
        let (width, first) = (self.width(), &self.hidden[0]);
        let hidden = match &self.input {
            // A row for every token of every operand, so that an operand's rows can be looked at alone; equal ones where they are shared.
            // Behind a norm a unit's input is no sum of rows.
            _ if !self.norms.is_empty() => Vec::new(),
            Input::OneHot { rows } if self.hidden.len() == 1 => {
                let weights = &parameters[first.weight.clone()];
                rows.of_each_token().flat_map(|(_, row)| &weights[row * width..][..width]).copied().collect()
            }
            Input::Embedded { rows, dimension, stride, table } if self.hidden.len() == 1 => {
                // Row of token t of operand o: its embedding times that operand's part of W₁.
                let table = &parameters[table.clone()];
                let weights = &parameters[first.weight.clone()];
                let mut effective = Vec::new();
                for (operand, row) in rows.of_each_token() {
                    let embedding = &table[row * dimension..][..*dimension];
                    let part = &weights[operand * stride * width..][..dimension * width];
                    let mut sums = vec![0.0; width];
                    for (e, weights) in embedding.iter().zip(part.chunks_exact(width)) {
                        sums.iter_mut().zip(weights).for_each(|(sum, w)| *sum += e * w);
                    }
                    effective.extend(sums);
                }
                effective
            }
            _ => Vec::new(),
        };
        let n_inputs = hidden.len() / width;
        let top = parameters[self.top.weight.clone()].to_vec();
        Weights { n_inputs, n_units: width, n_labels: self.top.outputs, hidden, top }
    }
}

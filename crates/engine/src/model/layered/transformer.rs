//! A decoder that reads its operands and `=`, and answers at `=`: [`TransformerSpec`].
//!
//! ```text
//! x⁰ = E[token] + P[position]      x^l = block_l(x^(l−1))      z = LN(x^L at the last position) V
//! ```
//!
//! Where tables are shared, operands of one size have one table of embeddings, `[size + 1][d]`. Operands of other sizes, and where
//! tables are separate all operands, have their own rows, one operand after the other. Either way the row of `=` is the last. The last block computes what the last position needs: the keys and values of
//! all, and its query, MLP and output alone.
//!
//! Without normalization the features are the last block's MLP activations at `=`, as in Nanda et al. 2023
//! (arXiv:2301.05217), and the readout's top layer is their neuron–logit map `W_out V`; the outputs have a further part that
//! bypasses the last MLP, and which the readout leaves out. With it the features are what the top layer reads; with
//! post-layer-norm that is the last block's result, and no further norm stands before the top layer.

use super::attention::Rows;
use super::block::{self, Block, Starts};
use super::layer_norm;
use super::norm::{Norm, normalize};
use super::{Activity, Chunk, Layers, Layout, Linear, Start, Upstream, room};
use crate::kernel::{Real, Shape, Strided, product};
use crate::model::{Initialization, Weights};
use crate::random::Stream;
use crate::spec::Numerics;
use crate::spec::{Architecture, ModelSpec, Normalization, OperandTables};
use crate::task::Problem;
use std::ops::Range;

/// The network.
pub(crate) struct Transformer {
    pub(in crate::model) dimension: usize,
    pub(in crate::model) tokens: Tokens,
    pub(in crate::model) embedding: Range<usize>,
    pub(in crate::model) position: Range<usize>,
    pub(in crate::model) blocks: Vec<Block>,
    /// Before the top layer.
    pub(in crate::model) norm: Option<Norm>,
    /// Whether the features are what the top layer reads, or the last MLP's activations.
    pub(in crate::model) reads_stream: bool,
    pub(in crate::model) top: Linear,
    layout: Layout,
}

/// Which row of the embedding stands at each position.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tokens {
    /// Row of an operand's first token.
    pub(crate) offsets: Vec<usize>,
    /// Row of `=`.
    pub(crate) equals: usize,
}

impl Tokens {
    /// One table for all operands where it is shared and they have the same size, else one beside the other.
    pub(crate) fn of(problem: &Problem, tables: OperandTables) -> Self {
        let sizes = &problem.operand_sizes;
        // What names a problem is no number: its tokens have rows of their own behind those of the numbers.
        if let (OperandTables::Shared, [n_problems, rest @ ..]) = (tables, &sizes[..])
            && !problem.several.is_empty()
            && rest.iter().all(|size| *size == rest[0])
        {
            let offsets = std::iter::once(rest[0]).chain(rest.iter().map(|_| 0)).collect();
            return Self { offsets, equals: rest[0] + n_problems };
        }
        if tables == OperandTables::Shared && sizes.iter().all(|size| *size == sizes[0]) {
            Self { offsets: vec![0; sizes.len()], equals: sizes[0] }
        } else {
            let offsets = (0..sizes.len()).map(|operand| problem.input_offset(operand)).collect();
            Self { offsets, equals: problem.n_inputs() }
        }
    }

    /// Rows of the table.
    pub(crate) fn n_rows(&self) -> usize {
        self.equals + 1
    }

    /// Operands and `=`.
    pub(crate) fn n_positions(&self) -> usize {
        self.offsets.len() + 1
    }

    /// The row at each position of each sample.
    pub(crate) fn rows<'a>(&'a self, chunk: &'a Chunk) -> impl Iterator<Item = usize> + 'a {
        chunk.tokens.chunks_exact(self.offsets.len()).flat_map(|tokens| {
            let operands = tokens.iter().zip(&self.offsets).map(|(token, offset)| offset + *token as usize);
            operands.chain([self.equals])
        })
    }
}

impl Transformer {
    /// The network that `spec` asks for, for this problem.
    ///
    /// # Panics
    /// If the spec is of another architecture or the problem's inputs are numbers: `spec::check` and the problem refuse both.
    pub(crate) fn new(spec: &ModelSpec, problem: &Problem) -> Self {
        let Architecture::Transformer(transformer) = spec.architecture else {
            panic!("a transformer is made from a transformer's spec");
        };
        assert!(problem.n_features == 0, "a transformer reads tokens");
        let d = transformer.dimension;
        let (table, starts, top) = Self::starts(spec, d, problem.n_labels);
        let tokens = Tokens::of(problem, spec.tables);
        let mut layout = Layout::default();
        let embedding = layout.add("embedding.weight", &[tokens.n_rows(), d], table);
        let position = layout.add("position.weight", &[tokens.n_positions(), d], table);
        let mlp = (spec.width, spec.activation);
        let mut blocks: Vec<Block> = (0..transformer.depth)
            .map(|l| Block::add(&mut layout, &format!("block.{l}"), transformer, mlp, starts))
            .collect();
        if let Some(pattern) = &spec.attention {
            let layers = pattern.layers.iter().cycle();
            blocks.iter_mut().zip(layers).for_each(|(block, layer)| block.hide(layer, tokens.n_positions()));
        }
        let norm = match transformer.normalization {
            Normalization::PostLayerNorm => None,
            normalization => Norm::add(&mut layout, normalization, "norm", d),
        };
        let reads_stream = transformer.normalization != Normalization::None;
        let top = Linear::add(&mut layout, "top", (d, problem.n_labels), top, None);
        Self { dimension: d, tokens, embedding, position, blocks, norm, reads_stream, top, layout }
    }

    /// How embeddings, blocks and the top layer begin.
    fn starts(spec: &ModelSpec, d: usize, n_labels: usize) -> (Start, Starts, Start) {
        let fan = |inputs: usize| spec.hidden_scale / (inputs as f64).sqrt();
        match spec.initialization {
            // Every matrix below the top N(0, 1/d), W_out too, whose inputs are not d.
            Initialization::Nanda => {
                let matrix = Start::Normal(fan(d), Stream::DeepWeights);
                let starts = Starts {
                    attention: matrix,
                    mlp_in: matrix,
                    mlp_in_bias: Start::Constant(0.0),
                    mlp_out: matrix,
                    mlp_out_bias: Start::Constant(0.0),
                };
                let top = Start::Normal(spec.top_scale / (n_labels as f64).sqrt(), Stream::TopWeights);
                (Start::Normal(fan(d), Stream::Embedding), starts, top)
            }
            // PyTorch's defaults for embeddings, N(0, 1), and for linear maps, U(±1/√inputs), biases too.
            Initialization::Pytorch => {
                let starts = Starts {
                    attention: Start::Uniform(fan(d), Stream::DeepWeights),
                    mlp_in: Start::Uniform(fan(d), Stream::DeepWeights),
                    mlp_in_bias: Start::Uniform(fan(d), Stream::Biases),
                    mlp_out: Start::Uniform(fan(spec.width), Stream::DeepWeights),
                    mlp_out_bias: Start::Uniform(fan(spec.width), Stream::Biases),
                };
                let top = Start::Uniform(spec.top_scale / (d as f64).sqrt(), Stream::TopWeights);
                (Start::Normal(spec.hidden_scale, Stream::Embedding), starts, top)
            }
            Initialization::Paper => unreachable!("`spec::check` keeps it from transformers"),
        }
    }

    /// A chunk's rows in block `l`.
    pub(in crate::model) fn rows(&self, l: usize, samples: usize) -> Rows {
        let positions = self.tokens.n_positions();
        Rows { samples, positions, queries: if l + 1 == self.blocks.len() { 1 } else { positions } }
    }

    /// `x⁰`.
    fn embed(&self, parameters: &[f32], chunk: &Chunk, x: &mut [f32]) {
        let d = self.dimension;
        let (table, positions) = (&parameters[self.embedding.clone()], &parameters[self.position.clone()]);
        let places = positions.chunks_exact(d).cycle().zip(self.tokens.rows(chunk));
        for (x, (position, row)) in x.chunks_exact_mut(d).zip(places) {
            let embedding = &table[row * d..][..d];
            x.iter_mut().zip(embedding.iter().zip(position)).for_each(|(x, (e, p))| *x = e + p);
        }
    }

    fn embed_gradient(&self, chunk: &Chunk, dx: &[f32], gradient: &mut [f32]) {
        let d = self.dimension;
        let add = |sums: &mut [f32], dx: &[f32]| sums.iter_mut().zip(dx).for_each(|(sum, dx)| *sum += dx);
        for (i, (dx, row)) in dx.chunks_exact(d).zip(self.tokens.rows(chunk)).enumerate() {
            add(&mut gradient[self.embedding.clone()][row * d..][..d], dx);
            add(&mut gradient[self.position.clone()][i % self.tokens.n_positions() * d..][..d], dx);
        }
    }
}

/// What the way back needs.
#[derive(Default)]
pub(crate) struct Tape {
    n: usize,
    blocks: Vec<block::Tape>,
    /// x^L at the last position, `[n][d]`.
    last: Vec<f32>,
    norm: layer_norm::Tape,
    /// The gradient behind the block at hand, and before it.
    gradient: Vec<f32>,
    below: Vec<f32>,
}

impl Layers for Transformer {
    type Tape = Tape;

    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn n_features(&self) -> usize {
        if self.reads_stream { self.dimension } else { self.last_block().mlp_out().inputs }
    }

    fn forward(&self, numerics: Numerics, parameters: &[f32], chunk: &Chunk, tape: &mut Tape, outputs: &mut [f32]) {
        let n = chunk.len();
        tape.n = n;
        tape.blocks.resize_with(self.blocks.len(), Default::default);
        let len = n * self.tokens.n_positions() * self.dimension;
        self.embed(parameters, chunk, room(&mut tape.blocks[0].stream, len));
        for (l, block) in self.blocks.iter().enumerate() {
            let rows = self.rows(l, n);
            let (here, above) = tape.blocks.split_at_mut(l + 1);
            let out = match above.first_mut() {
                Some(above) => &mut above.stream,
                None => &mut tape.last,
            };
            let out = room(out, rows.written() * self.dimension);
            block.forward(numerics, parameters, rows, &mut here[l], out);
        }
        let last = &tape.last[..n * self.dimension];
        let read = normalize(self.norm.as_ref(), parameters, last, &mut tape.norm);
        self.top.forward(numerics, parameters, read, outputs);
    }

    fn features<'t>(&self, tape: &'t Tape) -> &'t [f32] {
        let len = tape.n * self.n_features();
        match self.norm {
            Some(_) => tape.norm.outputs(len),
            None if self.reads_stream => &tape.last[..len],
            None => tape.blocks.last().expect("at least one block").features(len),
        }
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
        let (n, d) = (tape.n, self.dimension);
        self.backward_top(numerics, parameters, tape, upstream, gradient);
        for (l, block) in self.blocks.iter().enumerate().rev() {
            let rows = self.rows(l, n);
            let dy = &mut tape.gradient[..rows.written() * d];
            let begins_here = l + 1 == self.blocks.len() && !self.reads_stream;
            match upstream {
                Upstream::Features(df) if begins_here => Block::begin_at_features(&mut tape.blocks[l], df),
                _ => block.backward_mlp_out(numerics, parameters, &mut tape.blocks[l], dy, gradient),
            }
            let dx = room(&mut tape.below, rows.read() * d);
            block.backward(numerics, parameters, rows, &mut tape.blocks[l], (dy, dx), gradient);
            std::mem::swap(&mut tape.gradient, &mut tape.below);
        }
        let len = n * self.tokens.n_positions() * d;
        self.embed_gradient(chunk, &tape.gradient[..len], gradient);
    }

    fn forget_scores(&self, tape: &mut Tape) {
        tape.blocks.iter_mut().for_each(|block| block.attention_mut().forget_scores());
    }

    fn largest_scores(&self, tape: &Tape) -> Vec<f32> {
        tape.blocks.iter().flat_map(|block| block.attention().largest_scores()).copied().collect()
    }

    fn clip_scores(&self, parameters: &mut [f32], largest: &[f32], limit: f32) {
        self.clip_scores_of_blocks(parameters, largest, limit);
    }

    fn readout(&self, parameters: &[f32]) -> Weights {
        let top = &parameters[self.top.weight.clone()];
        let (n_units, n_labels) = (self.n_features(), self.top.outputs);
        let top = if self.reads_stream {
            top.to_vec()
        } else {
            let out = &parameters[self.last_block().mlp_out().weight.clone()];
            let mut map = vec![0.0; n_units * n_labels];
            let shape = Shape { rows: n_units, depth: self.dimension, columns: n_labels };
            let out = Strided { values: out, row: self.dimension, column: 1 };
            let top = Strided { values: top, row: n_labels, column: 1 };
            product(Numerics::Exact, shape, out, top, (&mut map, n_labels), false);
            map
        };
        Weights { n_inputs: 0, n_units, n_labels, hidden: Vec::new(), top }
    }
}

impl Transformer {
    /// QK-clip of every block, `largest` being `[blocks][heads]`.
    pub(in crate::model) fn clip_scores_of_blocks<R: Real>(&self, parameters: &mut [R], largest: &[R], limit: R) {
        for (block, largest) in self.blocks.iter().zip(largest.chunks_exact(largest.len() / self.blocks.len())) {
            block.attention().clip_scores(parameters, largest, limit);
        }
    }

    /// The MLP's activations of every block, of the chunk that went forward last.
    pub(crate) fn activities<'t>(&self, tape: &'t Tape) -> Vec<Activity<'t>> {
        let width = self.last_block().mlp_out().inputs;
        let block = |(l, tape_of_block): (usize, &'t block::Tape)| Activity {
            name: format!("block.{l}.mlp"),
            values: tape_of_block.features(self.rows(l, tape.n).written() * width),
            width,
        };
        tape.blocks.iter().enumerate().map(block).collect()
    }

    /// Block, head, largest score in magnitude and mean entropy of the weights as a share of the largest possible one, of every head
    /// on the chunk that went forward last.
    pub(crate) fn heads(&self, tape: &Tape) -> Vec<(usize, usize, f32, f32)> {
        let blocks = self.blocks.iter().zip(&tape.blocks).enumerate();
        let heads = |(l, (block, tape_of_block)): (usize, (&Block, &block::Tape))| {
            let heads = block.heads(self.rows(l, tape.n), tape_of_block);
            heads.into_iter().enumerate().map(move |(head, (largest, entropy))| (l, head, largest, entropy))
        };
        blocks.flat_map(heads).collect()
    }

    fn last_block(&self) -> &Block {
        self.blocks.last().expect("at least one block")
    }

    /// The gradient of `x^L` at the last position into `tape.gradient`: zero where the loss is of features below it.
    fn backward_top(
        &self,
        numerics: Numerics,
        parameters: &[f32],
        tape: &mut Tape,
        upstream: Upstream<'_>,
        gradient: &mut [f32],
    ) {
        let len = tape.n * self.dimension;
        let below = room(&mut tape.gradient, len);
        let Some(norm) = &self.norm else {
            match upstream {
                Upstream::Outputs(dz) => {
                    self.top.backward_parameters(numerics, &tape.last[..len], dz, gradient);
                    self.top.backward_inputs(numerics, parameters, dz, below, false);
                }
                Upstream::Features(df) if self.reads_stream => below.copy_from_slice(df),
                Upstream::Features(_) => below.fill(0.0),
            }
            return;
        };
        let read = room(&mut tape.below, len);
        match upstream {
            Upstream::Outputs(dz) => {
                self.top.backward_parameters(numerics, tape.norm.outputs(len), dz, gradient);
                self.top.backward_inputs(numerics, parameters, dz, read, false);
            }
            Upstream::Features(df) => read.copy_from_slice(df),
        }
        below.fill(0.0);
        norm.backward(parameters, &tape.norm, read, below, gradient);
    }
}

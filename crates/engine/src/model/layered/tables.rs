//! A transformer of one block without layer norm, as the tables of [`AttentionTables`].
//!
//! With e the row of `=` and Y the other rows of x⁰ less e, one for each token of each operand:
//!
//! ```text
//! q = e W_Q      κ_h = W_Kh q_h / √(d/H)      S = Y κᵀ
//! B = [W_in | V]      A = Y W_V      D = W_O B      T_h, U_h = A_h D_h      R = W_out V
//! u = e + (e W_V) W_O      c = u W_in + b_in      c′ = (u + b_out) V
//! ```
//!
//! What all samples share is computed once a step. The way back is the same products transposed; each gradient of a table is
//! read once. Differences from e are exact: a softmax ignores what all scores have in common, and its weights add up to one.

mod gradient;

use super::sums::dot;
use super::transformer::Tokens;
use super::{Layers, Layout, Transformer};
use crate::kernel::{Shape, Strided, Workers, product};
use crate::model::fused::{AttentionTables, SLAB, TableShape, TableSlab};
use crate::spec::Numerics;
use crate::spec::{Architecture, ModelSpec, Normalization};
use crate::task::Problem;
use std::ops::Range;

/// The maps between a transformer's parameters and its tables.
pub(crate) struct TableForm {
    shape: TableShape,
    dimension: usize,
    /// Row of Y at which each operand begins, and tokens of it.
    operands: Vec<Range<usize>>,
    tokens: Tokens,
    spans: Spans,
    network: Transformer,
    kept: Kept,
}

/// Where the parameters lie.
struct Spans {
    embedding: Range<usize>,
    position: Range<usize>,
    query: Range<usize>,
    key: Range<usize>,
    value: Range<usize>,
    output: Range<usize>,
    mlp_in: Range<usize>,
    mlp_in_bias: Range<usize>,
    mlp_out: Range<usize>,
    mlp_out_bias: Range<usize>,
    top: Range<usize>,
}

impl Spans {
    fn of(layout: &Layout) -> Self {
        let span = |name: &str| layout.range(name).expect("a transformer of one block has these parts");
        Self {
            embedding: span("embedding.weight"),
            position: span("position.weight"),
            query: span("block.0.attention.query.weight"),
            key: span("block.0.attention.key.weight"),
            value: span("block.0.attention.value.weight"),
            output: span("block.0.attention.output.weight"),
            mlp_in: span("block.0.mlp.in.weight"),
            mlp_in_bias: span("block.0.mlp.in.bias"),
            mlp_out: span("block.0.mlp.out.weight"),
            mlp_out_bias: span("block.0.mlp.out.bias"),
            top: span("top.weight"),
        }
    }
}

/// What the way back needs.
#[derive(Default)]
struct Kept {
    /// e, `[d]`.
    equals: Vec<f32>,
    /// Y, `[inputs][d]`.
    relative: Vec<f32>,
    /// q, `[d]`.
    query: Vec<f32>,
    /// κ, `[heads][d]`.
    keys: Vec<f32>,
    /// A, `[inputs][d]`.
    values: Vec<f32>,
    /// B, `[d][columns]`.
    above: Vec<f32>,
    /// D, `[d][columns]`.
    merged: Vec<f32>,
    /// e `W_V`, `[d]`.
    equals_value: Vec<f32>,
    /// u, `[d]`.
    stream: Vec<f32>,
}

impl TableForm {
    /// The tables' form of this network; `None` where it has none.
    pub(crate) fn new(spec: &ModelSpec, problem: &Problem) -> Option<Self> {
        let Architecture::Transformer(transformer) = spec.architecture else { return None };
        let changes_scores = transformer.qk_norm || transformer.score_cap > 0.0;
        // Tables hold what every query pays to every key, so that none may be hidden.
        let is_full = spec.attention.is_none();
        if transformer.depth != 1 || transformer.normalization != Normalization::None || changes_scores || !is_full {
            return None;
        }
        let shape = TableShape {
            n_inputs: problem.n_inputs(),
            n_heads: transformer.heads,
            n_units: spec.width,
            n_labels: problem.n_labels,
        };
        let network = Transformer::new(spec, problem);
        let operand = |o: usize| problem.input_offset(o)..problem.input_offset(o) + problem.operand_sizes[o];
        Some(Self {
            shape,
            dimension: transformer.dimension,
            operands: (0..problem.n_operands()).map(operand).collect(),
            tokens: Tokens::of(problem, spec.tables),
            spans: Spans::of(network.layout()),
            network,
            kept: Kept::default(),
        })
    }

    /// Multiply-adds of a sample's way forward.
    pub(crate) fn multiply_adds(&self) -> usize {
        let TableShape { n_heads, n_units, n_labels, .. } = self.shape;
        // A row of a table has to be fetched. Each of its numbers cost 3.4 times a multiply-add of a product at four heads of
        // 32, whose tables come from the second-level cache.
        n_units * n_labels + 3 * self.operands.len() * n_heads * self.shape.n_columns()
    }

    /// Whether a step of `n_samples` takes fewer multiply-adds through tables than through the blocks. Wide MLPs with many
    /// labels do not, nor do small batches, which do not pay for the tables: for Nanda et al.'s network it is from 198 samples
    /// on by this count, and was between 128 and 256 by the clock.
    pub(crate) fn pays(&self, n_samples: usize) -> bool {
        let Self { shape, dimension: d, operands, .. } = self;
        let TableShape { n_inputs, n_units, n_labels, .. } = *shape;
        let n_positions = operands.len() + 1;
        let once = n_inputs * d * (d + shape.n_columns()) + d * d * shape.n_columns() + n_units * d * n_labels;
        let in_blocks = 2 * (n_positions + 1) * d * d + 2 * d * n_units + d * n_labels;
        n_samples * self.multiply_adds() + once < n_samples * in_blocks
    }

    /// The same network in blocks.
    pub(crate) fn network(&self) -> &Transformer {
        &self.network
    }

    /// Shapes of the tables.
    pub(crate) fn shape(&self) -> TableShape {
        self.shape
    }

    fn head_width(&self) -> usize {
        self.dimension / self.shape.n_heads
    }

    /// 1/√(d/H).
    fn scale(&self) -> f32 {
        1.0 / (self.head_width() as f32).sqrt()
    }

    /// The tables of these parameters.
    pub(crate) fn tabulate(
        &mut self,
        numerics: Numerics,
        parameters: &[f32],
        tables: &mut AttentionTables,
        workers: &Workers,
    ) {
        self.embed(parameters);
        self.ask(numerics, parameters, &mut tables.scores);
        self.merge(numerics, parameters);
        let Self { shape, dimension: d, ref spans, ref kept, .. } = *self;
        let width = self.head_width();
        let (mlp_out, top) = (&parameters[spans.mlp_out.clone()], &parameters[spans.top.clone()]);
        workers.each(&mut tables.slabs, |index, slab| {
            let first = index * SLAB;
            for head in 0..shape.n_heads {
                let part = Shape { rows: shape.n_inputs, depth: width, columns: SLAB };
                let values = rows(&kept.values[head * width..], d);
                let merged = rows(&kept.merged[head * width * shape.n_columns() + first..], shape.n_columns());
                product(numerics, part, values, merged, (&mut slab.table[head * SLAB..], shape.row_len()), false);
            }
            let part = Shape { rows: 1, depth: d, columns: SLAB };
            let above = rows(&kept.above[first..], shape.n_columns());
            product(numerics, part, rows(&kept.stream, d), above, (&mut slab.constant, SLAB), false);
            if index < shape.n_unit_slabs() {
                let biases = &parameters[spans.mlp_in_bias.clone()][first..];
                slab.constant.iter_mut().zip(biases).for_each(|(c, b)| *c += b);
                let part = Shape { rows: (shape.n_units - first).min(SLAB), depth: d, columns: shape.n_labels };
                let readout = (&mut *slab.readout, shape.label_stride());
                product(numerics, part, rows(&mlp_out[first * d..], d), rows(top, shape.n_labels), readout, false);
                transpose_readout(shape, slab);
            } else {
                let bias = rows(&parameters[spans.mlp_out_bias.clone()], d);
                product(numerics, part, bias, above, (&mut slab.constant, SLAB), true);
            }
        });
    }

    /// e and Y.
    fn embed(&mut self, parameters: &[f32]) {
        let Self { dimension: d, tokens, spans, kept, operands, .. } = self;
        let d = *d;
        let (table, positions) = (&parameters[spans.embedding.clone()], &parameters[spans.position.clone()]);
        let sum = |row: usize, position: usize| {
            let position = &positions[position * d..][..d];
            table[row * d..][..d].iter().zip(position).map(|(e, p)| e + p)
        };
        kept.equals.clear();
        kept.equals.extend(sum(tokens.equals, operands.len()));
        kept.relative.clear();
        for (position, (operand, offset)) in operands.iter().zip(&tokens.offsets).enumerate() {
            for token in 0..operand.len() {
                kept.relative.extend(sum(offset + token, position).zip(&kept.equals).map(|(x, e)| x - e));
            }
        }
    }

    /// q, κ and S.
    fn ask(&mut self, numerics: Numerics, parameters: &[f32], scores: &mut [f32]) {
        let (d, width, scale) = (self.dimension, self.head_width(), self.scale());
        let Self { shape, spans, kept, .. } = self;
        kept.query.resize(d, 0.0);
        let part = Shape { rows: 1, depth: d, columns: d };
        let query = rows(&parameters[spans.query.clone()], d);
        product(numerics, part, rows(&kept.equals, d), query, (&mut kept.query, d), false);
        kept.keys.resize(shape.n_heads * d, 0.0);
        for (i, row) in parameters[spans.key.clone()].chunks_exact(d).enumerate() {
            for (head, (row, query)) in row.chunks_exact(width).zip(kept.query.chunks_exact(width)).enumerate() {
                kept.keys[head * d + i] = dot(row, query) * scale;
            }
        }
        let part = Shape { rows: shape.n_inputs, depth: d, columns: shape.n_heads };
        product(numerics, part, rows(&kept.relative, d), columns(&kept.keys, d), (scores, shape.n_heads), false);
    }

    /// A, B, D and u.
    fn merge(&mut self, numerics: Numerics, parameters: &[f32]) {
        let Self { dimension: d, shape, spans, kept, .. } = self;
        let (d, n_columns) = (*d, shape.n_columns());
        let value = rows(&parameters[spans.value.clone()], d);
        let output = rows(&parameters[spans.output.clone()], d);
        kept.values.resize(shape.n_inputs * d, 0.0);
        let part = Shape { rows: shape.n_inputs, depth: d, columns: d };
        product(numerics, part, rows(&kept.relative, d), value, (&mut kept.values, d), false);

        kept.above.resize(d * n_columns, 0.0);
        let mlp_in = parameters[spans.mlp_in.clone()].chunks_exact(shape.n_units);
        let top = parameters[spans.top.clone()].chunks_exact(shape.n_labels);
        for (row, (mlp_in, top)) in kept.above.chunks_exact_mut(n_columns).zip(mlp_in.zip(top)) {
            row[..shape.n_units].copy_from_slice(mlp_in);
            row[shape.n_unit_slabs() * SLAB..][..shape.n_labels].copy_from_slice(top);
        }
        kept.merged.resize(d * n_columns, 0.0);
        let part = Shape { rows: d, depth: d, columns: n_columns };
        product(numerics, part, output, rows(&kept.above, n_columns), (&mut kept.merged, n_columns), false);

        kept.equals_value.resize(d, 0.0);
        let part = Shape { rows: 1, depth: d, columns: d };
        product(numerics, part, rows(&kept.equals, d), value, (&mut kept.equals_value, d), false);
        kept.stream.clone_from(&kept.equals);
        product(numerics, part, rows(&kept.equals_value, d), output, (&mut kept.stream, d), true);
    }
}

/// Rᵀ from R.
fn transpose_readout(shape: TableShape, slab: &mut TableSlab) {
    for (unit, row) in slab.readout.chunks_exact(shape.label_stride()).enumerate() {
        let column = slab.readout_transposed[unit..].iter_mut().step_by(SLAB);
        column.zip(row).for_each(|(entry, value)| *entry = *value);
    }
}

/// A matrix as it is stored.
fn rows(values: &[f32], row: usize) -> Strided<'_> {
    Strided { values, row, column: 1 }
}

/// The transpose of a matrix whose rows are `row` apart.
fn columns(values: &[f32], row: usize) -> Strided<'_> {
    Strided { values, row: 1, column: row }
}

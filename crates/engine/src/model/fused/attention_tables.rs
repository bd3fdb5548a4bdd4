//! The two passes of one block of attention and MLP without layer norm, whose last position alone is read.
//!
//! That position's token is always `=`, so each head asks one question of the whole sample: scores and values are tables over
//! the tokens of each operand, and whatever is linear behind attention can be multiplied into them once a step
//! (`model/layered/tables.rs` does, and pulls the gradient back). Relative to `=`, whose row is then zero everywhere, with
//! r the row of an operand's token:
//!
//! ```text
//! α_hr = exp S[r][h] / (1 + Σ_r exp S[r][h])      h = c + Σ_hr α_hr T[r][h]      z = c′ + Σ_hr α_hr U[r][h] + σ(h) R
//! dR += σ(h)ᵀ G      dh = σ′(h) ∘ (G Rᵀ)      dT[r][h] += α_hr dh      dU[r][h] += α_hr G      dα_hr = T[r][h]·dh + U[r][h]·G
//! ```
//!
//! T `[inputs][heads][K]`, U `[inputs][heads][M]`, R = `W_out V` `[K][M]`. A step costs 6nKM flops, as many as a two-layer
//! network's, where the plain form has 6n(K(d + M) + …). T and U are one table of K + M columns in slabs of 64; the forward
//! pass runs over blocks of samples, the backward pass over slabs, as in the parent module, so that the bits do not depend on
//! the number of threads. Only dα is summed over slabs: each keeps its part, and they are added in order.

use super::scratch::{Scratch, for_each};
use super::two_layer::{BLOCK, Block};
use crate::elementary::exp;
use crate::kernel::{
    Arithmetic, Buffer, LANES, Shape, Strided, Workers, activate_in_place, activate_in_place_with_slopes, multiply,
};
use crate::spec::{Activation, Loss, Numerics};
use crate::task::Samples;
use pulp::{Arch, Simd, WithSimd};

/// Columns of a slab. With 226 rows and four heads a slab and its gradient are 463 KB and stay in the second-level cache.
pub(crate) const SLAB: usize = 64;

/// Shapes of the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_field_names, reason = "they are counts")]
pub(crate) struct TableShape {
    /// Rows: the tokens of all operands.
    pub(crate) n_inputs: usize,
    /// Attention heads.
    pub(crate) n_heads: usize,
    /// Hidden units K.
    pub(crate) n_units: usize,
    /// Labels M.
    pub(crate) n_labels: usize,
}

impl TableShape {
    /// Slabs of units; those of labels come after.
    pub(crate) fn n_unit_slabs(self) -> usize {
        self.n_units.div_ceil(SLAB)
    }

    /// All slabs.
    pub(crate) fn n_slabs(self) -> usize {
        self.n_unit_slabs() + self.n_labels.div_ceil(SLAB)
    }

    /// Columns of all slabs; those beyond the last unit and the last label are zero.
    pub(crate) fn n_columns(self) -> usize {
        self.n_slabs() * SLAB
    }

    /// Row length of outputs and of R.
    pub(crate) fn label_stride(self) -> usize {
        self.n_labels.next_multiple_of(LANES)
    }

    /// Row length of a slab's table.
    pub(crate) fn row_len(self) -> usize {
        self.n_heads * SLAB
    }
}

/// The tables that a step's forward pass reads, and the gradients that its backward pass leaves.
pub(crate) struct AttentionTables {
    pub(crate) shape: TableShape,
    /// S, `[inputs][heads]`.
    pub(crate) scores: Vec<f32>,
    /// ∂L/∂S.
    pub(crate) scores_gradient: Vec<f32>,
    /// Of units, then of labels.
    pub(crate) slabs: Vec<TableSlab>,
}

/// 64 columns of T or of U.
pub(crate) struct TableSlab {
    /// T or U, `[inputs][heads][64]`.
    pub(crate) table: Buffer,
    pub(crate) table_gradient: Buffer,
    /// c or c′, `[64]`.
    pub(crate) constant: Buffer,
    pub(crate) constant_gradient: Buffer,
    /// R of these units, `[64][label_stride]`; empty where the columns are labels.
    pub(crate) readout: Buffer,
    /// Rᵀ, `[labels][64]`.
    pub(crate) readout_transposed: Buffer,
    /// ∂L/∂Rᵀ.
    pub(crate) readout_gradient: Buffer,
    /// These columns' part of dα, `[samples][operands][heads]`.
    weights_gradient: Vec<f32>,
}

impl AttentionTables {
    /// Tables of zeros.
    pub(crate) fn new(shape: TableShape) -> Self {
        let slab = |index: usize| {
            let n_units = if index < shape.n_unit_slabs() { SLAB } else { 0 };
            let n_labels = if n_units > 0 { shape.n_labels } else { 0 };
            TableSlab {
                table: Buffer::zeros(shape.n_inputs * shape.row_len()),
                table_gradient: Buffer::zeros(shape.n_inputs * shape.row_len()),
                constant: Buffer::zeros(SLAB),
                constant_gradient: Buffer::zeros(SLAB),
                readout: Buffer::zeros(n_units * shape.label_stride()),
                readout_transposed: Buffer::zeros(n_labels * SLAB),
                readout_gradient: Buffer::zeros(n_labels * SLAB),
                weights_gradient: Vec::new(),
            }
        };
        let scores = vec![0.0; shape.n_inputs * shape.n_heads];
        Self { shape, scores_gradient: scores.clone(), scores, slabs: (0..shape.n_slabs()).map(slab).collect() }
    }
}

/// A batch of samples with room for weights and outputs.
pub(crate) struct AttendedBatch {
    n_samples: usize,
    blocks: Vec<Attended>,
}

struct Attended {
    block: Block,
    /// α, `[samples][operands][heads]`.
    weights: Vec<f32>,
}

impl AttendedBatch {
    /// The samples in their order; operand `o`'s token `t` is row `offsets[o] + t`.
    pub(crate) fn new(samples: &Samples, offsets: &[usize], shape: TableShape) -> Self {
        let n_samples = samples.len();
        let blocks = (0..n_samples).step_by(BLOCK).map(|start| {
            let block = Block::new(samples, start..(start + BLOCK).min(n_samples), offsets, shape.n_labels);
            Attended { weights: vec![0.0; block.rows.len() * shape.n_heads], block }
        });
        Self { n_samples, blocks: blocks.collect() }
    }

    /// The predicted label of each sample in the last forward pass.
    pub(crate) fn predictions(&self) -> impl Iterator<Item = u32> + '_ {
        self.blocks.iter().flat_map(|attended| attended.block.predictions.iter().copied())
    }

    /// Share of samples predicted right in the last forward pass; `None` without samples.
    pub(crate) fn accuracy(&self) -> Option<f64> {
        let labels = self.blocks.iter().flat_map(|attended| attended.block.labels.iter().copied());
        let right = self.predictions().zip(labels).filter(|(p, y)| p == y).count();
        (self.n_samples > 0).then(|| right as f64 / self.n_samples as f64)
    }
}

/// What the block computes, apart from its tables.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AttendedMlp {
    /// σ.
    pub(crate) activation: Activation,
    /// The loss whose gradient is sent back.
    pub(crate) loss: Loss,
    /// How products are rounded.
    pub(crate) numerics: Numerics,
}

impl AttendedMlp {
    /// Outputs, predictions and mean loss of the batch (`None` without samples); the outputs become the loss's gradient.
    pub(crate) fn forward(self, tables: &AttentionTables, batch: &mut AttendedBatch, workers: &Workers) -> Option<f64> {
        self.forward_on(Arch::new(), tables, batch, workers)
    }

    fn forward_on(
        self,
        arch: Arch,
        tables: &AttentionTables,
        batch: &mut AttendedBatch,
        workers: &Workers,
    ) -> Option<f64> {
        let n_samples = batch.n_samples;
        let scale = 1.0 / n_samples as f32;
        for_each(workers, &mut batch.blocks, |_, attended, scratch| {
            arch.dispatch(Forward { rules: self, tables, attended, scratch, scale });
        });
        let loss = batch.blocks.iter().map(|attended| attended.block.loss).sum::<f64>();
        (n_samples > 0).then(|| loss / n_samples as f64)
    }

    /// The gradient of the mean loss of the batch's last forward pass at every table.
    pub(crate) fn backward(self, tables: &mut AttentionTables, batch: &AttendedBatch, workers: &Workers) {
        self.backward_on(Arch::new(), tables, batch, workers);
    }

    fn backward_on(self, arch: Arch, tables: &mut AttentionTables, batch: &AttendedBatch, workers: &Workers) {
        let AttentionTables { shape, scores_gradient, slabs, .. } = tables;
        for_each(workers, slabs, |index, slab, scratch| {
            slab.table_gradient.fill(0.0);
            slab.constant_gradient.fill(0.0);
            slab.readout_gradient.fill(0.0);
            slab.weights_gradient.clear();
            for attended in &batch.blocks {
                arch.dispatch(Backward { rules: self, shape: *shape, index, slab, attended, scratch });
            }
        });
        add_scores_gradient(shape.n_heads, slabs, batch, scores_gradient);
    }
}

struct Forward<'a> {
    rules: AttendedMlp,
    tables: &'a AttentionTables,
    attended: &'a mut Attended,
    scratch: &'a mut Scratch,
    scale: f32,
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { rules, tables, attended, scratch, scale } = self;
        let shape = tables.shape;
        let (n_heads, label_stride) = (shape.n_heads, shape.label_stride());
        attend(&tables.scores, n_heads, attended);
        let Attended { block, weights } = attended;
        let width = block.n_operands;
        let (units, labels) = tables.slabs.split_at(shape.n_unit_slabs());
        for (slab, first) in labels.iter().zip((0..).step_by(SLAB)) {
            let samples = block.rows.chunks_exact(width).zip(weights.chunks_exact(width * n_heads));
            for (outputs, (rows, weights)) in block.outputs.chunks_exact_mut(label_stride).zip(samples) {
                let mixed = mix(slab, n_heads, rows, weights);
                let outputs = &mut outputs[first..];
                let len = outputs.len().min(SLAB);
                outputs[..len].copy_from_slice(&mixed[..len]);
            }
        }
        let features = &mut scratch.features[..block.labels.len() * SLAB];
        for slab in units {
            let samples = block.rows.chunks_exact(width).zip(weights.chunks_exact(width * n_heads));
            for (features, (rows, weights)) in features.as_chunks_mut::<SLAB>().0.iter_mut().zip(samples) {
                *features = mix(slab, n_heads, rows, weights);
            }
            if rules.numerics == Numerics::Fast {
                activate_in_place(Arithmetic::<S, true>(simd), rules.activation, features);
            } else {
                activate_in_place(Arithmetic::<S, false>(simd), rules.activation, features);
            }
            let product = Shape { rows: block.labels.len(), depth: SLAB, columns: label_stride };
            let features = Strided { values: features, row: SLAB, column: 1 };
            let (readout, outputs) = ((&*slab.readout, label_stride), (&mut *block.outputs, label_stride));
            multiply(simd, rules.numerics, product, features, readout, outputs, true);
        }
        block.differentiate(rules.loss, shape.n_labels, scale);
    }
}

/// α of a block's samples: a softmax over the operands and `=`, whose score is zero.
#[inline(always)]
fn attend(scores: &[f32], n_heads: usize, attended: &mut Attended) {
    let Attended { block, weights } = attended;
    let n_operands = block.n_operands;
    for (rows, weights) in block.rows.chunks_exact(n_operands).zip(weights.chunks_exact_mut(n_operands * n_heads)) {
        for head in 0..n_heads {
            let score = |row: u32| scores[row as usize * n_heads + head];
            let largest =
                rows.iter().fold(0.0_f32, |largest, &row| if score(row) > largest { score(row) } else { largest });
            let mut sum = exp(-largest);
            for (weight, &row) in weights[head..].iter_mut().step_by(n_heads).zip(rows) {
                *weight = exp(score(row) - largest);
                sum += *weight;
            }
            weights[head..].iter_mut().step_by(n_heads).for_each(|weight| *weight /= sum);
        }
    }
}

/// A sample's 64 columns: `c + Σ α T`.
#[inline(always)]
fn mix(slab: &TableSlab, n_heads: usize, rows: &[u32], weights: &[f32]) -> [f32; SLAB] {
    let mut sum = [0.0; SLAB];
    sum.copy_from_slice(&slab.constant);
    for (&row, weights) in rows.iter().zip(weights.chunks_exact(n_heads)) {
        let heads = slab.table[row as usize * n_heads * SLAB..].as_chunks::<SLAB>().0;
        for (entries, weight) in heads.iter().zip(weights) {
            sum.iter_mut().zip(entries).for_each(|(sum, entry)| *sum += weight * entry);
        }
    }
    sum
}

struct Backward<'a> {
    rules: AttendedMlp,
    shape: TableShape,
    index: usize,
    slab: &'a mut TableSlab,
    attended: &'a Attended,
    scratch: &'a mut Scratch,
}

impl WithSimd for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { rules, shape, index, slab, attended, scratch } = self;
        let (n_heads, label_stride) = (shape.n_heads, shape.label_stride());
        let Attended { block, weights } = attended;
        let width = block.n_operands;
        let (n, outputs) = (block.labels.len(), &*block.outputs);
        let samples = || block.rows.chunks_exact(width).zip(weights.chunks_exact(width * n_heads));
        let gradients = &mut scratch.feature_gradients[..n * SLAB];
        if index < shape.n_unit_slabs() {
            let features = &mut scratch.features[..n * SLAB];
            let slopes = &mut scratch.slopes[..n * SLAB];
            for (features, (rows, weights)) in features.as_chunks_mut::<SLAB>().0.iter_mut().zip(samples()) {
                *features = mix(slab, n_heads, rows, weights);
            }
            if rules.numerics == Numerics::Fast {
                activate_in_place_with_slopes(Arithmetic::<S, true>(simd), rules.activation, features, slopes);
            } else {
                activate_in_place_with_slopes(Arithmetic::<S, false>(simd), rules.activation, features, slopes);
            }
            let product = Shape { rows: shape.n_labels, depth: n, columns: SLAB };
            let outputs_t = Strided { values: outputs, row: 1, column: label_stride };
            let readout_gradient = (&mut *slab.readout_gradient, SLAB);
            multiply(simd, rules.numerics, product, outputs_t, (features, SLAB), readout_gradient, true);
            let product = Shape { rows: n, depth: shape.n_labels, columns: SLAB };
            let outputs = Strided { values: outputs, row: label_stride, column: 1 };
            let readout = (&*slab.readout_transposed, SLAB);
            multiply(simd, rules.numerics, product, outputs, readout, (gradients, SLAB), false);
            gradients.iter_mut().zip(slopes).for_each(|(g, slope)| *g *= *slope);
        } else {
            let first = (index - shape.n_unit_slabs()) * SLAB;
            let len = (label_stride - first).min(SLAB);
            for (gradients, outputs) in gradients.chunks_exact_mut(SLAB).zip(outputs.chunks_exact(label_stride)) {
                gradients[..len].copy_from_slice(&outputs[first..first + len]);
                gradients[len..].fill(0.0);
            }
        }
        for (gradients, (rows, weights)) in gradients.as_chunks::<SLAB>().0.iter().zip(samples()) {
            scatter(slab, n_heads, rows, weights, gradients);
        }
    }
}

/// A sample's way back from its 64 columns: `dT += α dh`, `dc += dh`, and dα at the end of what is there.
#[inline(always)]
fn scatter(slab: &mut TableSlab, n_heads: usize, rows: &[u32], weights: &[f32], gradients: &[f32; SLAB]) {
    slab.constant_gradient.iter_mut().zip(gradients).for_each(|(sum, g)| *sum += g);
    for (&row, weights) in rows.iter().zip(weights.chunks_exact(n_heads)) {
        let first = row as usize * n_heads * SLAB;
        let heads = slab.table[first..].as_chunks::<SLAB>().0;
        let sums = slab.table_gradient[first..].as_chunks_mut::<SLAB>().0;
        for ((entries, sums), weight) in heads.iter().zip(sums).zip(weights) {
            sums.iter_mut().zip(gradients).for_each(|(sum, g)| *sum += weight * g);
            slab.weights_gradient.push(dot(entries, gradients));
        }
    }
}

/// Sixteen running lanes, then pairwise.
#[inline(always)]
fn dot(a: &[f32; SLAB], b: &[f32; SLAB]) -> f32 {
    let mut lanes = [0.0_f32; 16];
    for (a, b) in a.as_chunks::<16>().0.iter().zip(b.as_chunks::<16>().0) {
        lanes.iter_mut().zip(a).zip(b).for_each(|((lane, a), b)| *lane += a * b);
    }
    for half in [8, 4, 2, 1] {
        let (low, high) = lanes.split_at_mut(half);
        low.iter_mut().zip(high).for_each(|(low, high)| *low += *high);
    }
    lanes[0]
}

/// `dS[r][h] = Σ α (dα − Σ_r α dα)` over the samples, dα being the sum of the slabs' parts in their order.
fn add_scores_gradient(n_heads: usize, slabs: &mut [TableSlab], batch: &AttendedBatch, gradient: &mut [f32]) {
    let Some((total, parts)) = slabs.split_first_mut() else { return };
    for part in parts {
        total.weights_gradient.iter_mut().zip(&part.weights_gradient).for_each(|(sum, g)| *sum += g);
    }
    gradient.fill(0.0);
    let mut done = 0;
    for Attended { block, weights } in &batch.blocks {
        let width = block.n_operands * n_heads;
        for (rows, weights) in block.rows.chunks_exact(block.n_operands).zip(weights.chunks_exact(width)) {
            let weights_gradient = &total.weights_gradient[done..done + width];
            done += width;
            for head in 0..n_heads {
                let pairs = || weights.iter().zip(weights_gradient).skip(head).step_by(n_heads);
                let mean: f32 = pairs().map(|(weight, g)| weight * g).sum();
                for ((weight, g), &row) in pairs().zip(rows) {
                    gradient[row as usize * n_heads + head] += weight * (g - mean);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::machines;

    /// Loss and every gradient of random tables, whose columns are neither whole slabs nor whole vectors.
    fn step(arch: Arch, numerics: Numerics) -> Vec<u64> {
        let shape = TableShape { n_inputs: 18, n_heads: 3, n_units: 70, n_labels: 67 };
        let mut tables = AttentionTables::new(shape);
        let mut state = 1_u64;
        let mut next = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1 << 24) as f32 - 0.5
        };
        tables.scores.iter_mut().for_each(|score| *score = 4.0 * next());
        for slab in &mut tables.slabs {
            slab.table.iter_mut().chain(&mut *slab.constant).for_each(|entry| *entry = next());
            slab.readout.iter_mut().chain(&mut *slab.readout_transposed).for_each(|entry| *entry = next());
        }
        let n = 150;
        let token = |i: usize, o: usize| ((i * 7 + o * 5 + i / 9) % 9) as u32;
        let operands = (0..2).map(|o| (0..n).map(|i| token(i, o)).collect()).collect();
        let samples = Samples { operands, values: vec![], labels: (0..n as u32).map(|i| i % 67).collect() };
        let mut batch = AttendedBatch::new(&samples, &[0, 9], shape);
        let rules = AttendedMlp { activation: Activation::Gelu, loss: Loss::CrossEntropy, numerics };
        let workers = Workers::new(1).unwrap();
        let loss = rules.forward_on(arch, &tables, &mut batch, &workers).unwrap();
        rules.backward_on(arch, &mut tables, &batch, &workers);
        let slabs = tables
            .slabs
            .iter()
            .flat_map(|slab| slab.table_gradient.iter().chain(&*slab.constant_gradient).chain(&*slab.readout_gradient));
        let gradients = slabs.chain(&tables.scores_gradient).map(|g| u64::from(g.to_bits()));
        [loss.to_bits()].into_iter().chain(gradients).collect()
    }

    #[test]
    fn exact_bits_are_the_same_on_every_machine() {
        let portable = step(Arch::Scalar, Numerics::Exact);
        for (name, arch) in machines() {
            assert_eq!(step(arch, Numerics::Exact), portable, "{name}");
        }
    }

    #[test]
    fn a_weight_is_a_share_of_the_operands_and_equals() {
        let samples = Samples { operands: vec![vec![0, 1], vec![1, 0]], values: vec![], labels: vec![0, 1] };
        let shape = TableShape { n_inputs: 4, n_heads: 1, n_units: 1, n_labels: 2 };
        let mut batch = AttendedBatch::new(&samples, &[0, 2], shape);
        // Rows 0 and 3, then 1 and 2; even a score that exp cannot hold leaves shares.
        let scores = [2.0_f32.ln(), 200.0, 1.0_f32.ln(), 0.0];
        attend(&scores, 1, &mut batch.blocks[0]);
        let expected = [0.5, 0.25, 1.0, 0.0];
        for (weight, expected) in batch.blocks[0].weights.iter().zip(expected) {
            assert!((weight - expected).abs() < 1e-6, "{weight} for {expected}");
        }
    }
}

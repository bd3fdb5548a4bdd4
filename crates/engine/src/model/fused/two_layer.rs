//! The two passes of a step.

use super::network::{Layout, Network, Slab};
use super::scratch::{Scratch, for_each};
use crate::kernel::{
    Arithmetic, Buffer, LANES, Scatter, Shape, Strided, Sums, Workers, gather, gather_with_slopes, multiply,
    multiply_into,
};
use crate::loss::predicted_label;
use crate::spec::{Activation, Loss, Numerics};
use crate::task::Samples;
use pulp::{Arch, Simd, WithSimd};
use std::ops::Range;

/// Samples in a block: f and σ′ of a block and a slab are 15 KB each, so that f is re-read from the first-level cache; 60
/// rows are whole tiles of 4, 5, 6 and 12.
pub(super) const BLOCK: usize = 60;
/// Blocks that one task of the forward pass takes through all slabs, so that the tables of a slab are read once for all of
/// them; fewer where there would not be enough tasks for many threads.
const GROUP: usize = 4;
const TASKS: usize = 32;

/// A batch of samples with room for its outputs, cut into blocks and these into groups.
#[derive(Clone)]
pub struct Batch {
    n_samples: usize,
    groups: Vec<Vec<Block>>,
}

#[derive(Clone)]
pub(super) struct Block {
    /// Rows of W that a sample's operands name, `[samples][operands]`.
    pub(super) rows: Vec<u32>,
    pub(super) n_operands: usize,
    pub(super) labels: Vec<u32>,
    /// Outputs and, after the loss, its gradient: `[samples][label_stride]`.
    pub(super) outputs: Buffer,
    pub(super) predictions: Vec<u32>,
    /// Sum of the samples' losses.
    pub(super) loss: f64,
}

impl Block {
    /// The samples in `range`, as in [`Batch::new`].
    pub(super) fn new(samples: &Samples, range: Range<usize>, offsets: &[usize], n_labels: usize) -> Self {
        let n_operands = samples.operands.len();
        let row = |i: usize, o: usize| samples.operands[o][i] + offsets[o] as u32;
        Self {
            rows: range.clone().flat_map(|i| (0..n_operands).map(move |o| row(i, o))).collect(),
            n_operands,
            labels: samples.labels[range.clone()].to_vec(),
            outputs: Buffer::zeros(range.len() * n_labels.next_multiple_of(LANES)),
            predictions: vec![0; range.len()],
            loss: 0.0,
        }
    }

    /// Outputs to predictions, loss and, in place, its gradient times `scale`.
    #[inline(always)]
    pub(super) fn differentiate(&mut self, loss: Loss, n_labels: usize, scale: f32) {
        let label_stride = n_labels.next_multiple_of(LANES);
        self.loss = 0.0;
        for ((outputs, &label), prediction) in
            self.outputs.chunks_exact_mut(label_stride).zip(&self.labels).zip(&mut self.predictions)
        {
            *prediction = predicted_label(&outputs[..n_labels]) as u32;
            self.loss += loss.differentiate(outputs, n_labels, label as usize, scale);
        }
    }

    fn rows(&self, width: usize) -> Sums<'_> {
        Sums { rows: &self.rows, n_operands: self.n_operands, width }
    }
}

impl Batch {
    /// The samples in their order; operand `o`'s token `t` is row `offsets[o] + t` of W.
    pub fn new(samples: &Samples, offsets: &[usize], n_labels: usize) -> Self {
        let n_samples = samples.labels.len();
        let starts = (0..n_samples).step_by(BLOCK);
        let blocks = starts.map(|start| Block::new(samples, start..(start + BLOCK).min(n_samples), offsets, n_labels));
        let mut blocks: Vec<Block> = blocks.collect();
        let size = (blocks.len() / TASKS).clamp(1, GROUP);
        let mut groups = Vec::new();
        while !blocks.is_empty() {
            let rest = blocks.split_off(size.min(blocks.len()));
            groups.push(std::mem::replace(&mut blocks, rest));
        }
        Self { n_samples, groups }
    }

    /// Number of samples.
    pub fn n_samples(&self) -> usize {
        self.n_samples
    }

    fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.groups.iter().flatten()
    }

    /// The predicted label of each sample in the last forward pass.
    pub fn predictions(&self) -> impl Iterator<Item = u32> + '_ {
        self.blocks().flat_map(|block| block.predictions.iter().copied())
    }

    /// Share of samples predicted right in the last forward pass; `None` without samples.
    pub fn accuracy(&self) -> Option<f64> {
        let right = self.blocks().flat_map(|block| block.predictions.iter().zip(&block.labels)).filter(|(p, y)| p == y);
        (self.n_samples > 0).then(|| right.count() as f64 / self.n_samples as f64)
    }
}

/// What a two-layer network computes, apart from its weights.
#[derive(Clone, Copy, Debug)]
pub struct TwoLayer {
    /// σ.
    pub activation: Activation,
    /// The loss whose gradient is sent back.
    pub loss: Loss,
    /// How products are rounded.
    pub numerics: Numerics,
}

impl TwoLayer {
    /// Outputs, predictions and mean loss of the batch (`None` without samples); the outputs become the loss's gradient.
    pub fn forward(self, network: &Network, batch: &mut Batch, workers: &Workers) -> Option<f64> {
        self.forward_on(Arch::new(), network, batch, workers)
    }

    fn forward_on(self, arch: Arch, network: &Network, batch: &mut Batch, workers: &Workers) -> Option<f64> {
        let n_samples = batch.n_samples;
        for_each(workers, &mut batch.groups, |_, group, scratch| {
            arch.dispatch(Forward { rules: self, network, group, scratch, scale: 1.0 / n_samples as f32 });
        });
        (n_samples > 0).then(|| batch.blocks().map(|block| block.loss).sum::<f64>() / n_samples as f64)
    }

    /// The gradient of the mean loss of the batch's last forward pass, into every slab; then `update` of that slab while its
    /// tables are still in cache.
    pub fn backward(self, network: &mut Network, batch: &Batch, workers: &Workers, update: impl Fn(&mut Slab) + Sync) {
        self.backward_on(Arch::new(), network, batch, workers, update);
    }

    fn backward_on(
        self,
        arch: Arch,
        network: &mut Network,
        batch: &Batch,
        workers: &Workers,
        update: impl Fn(&mut Slab) + Sync,
    ) {
        let layout = network.layout;
        for_each(workers, &mut network.slabs, |_, slab, scratch| {
            arch.dispatch(Backward { rules: self, layout, slab, batch, scratch });
            update(slab);
        });
    }
}

struct Forward<'a> {
    rules: TwoLayer,
    network: &'a Network,
    group: &'a mut [Block],
    scratch: &'a mut Scratch,
    scale: f32,
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { rules, network, group, scratch, scale } = self;
        let Layout { slab_width, label_stride, n_labels, .. } = network.layout;
        for (index, slab) in network.slabs.iter().enumerate() {
            for block in group.iter_mut() {
                let n = block.labels.len();
                let features = &mut scratch.features[..n * slab_width];
                let rows = block.rows(slab_width);
                match rules.numerics {
                    Numerics::Fast => {
                        gather(Arithmetic::<S, true>(simd), rules.activation, &slab.weights, rows, features);
                    }
                    Numerics::Exact | Numerics::Double => {
                        gather(Arithmetic::<S, false>(simd), rules.activation, &slab.weights, rows, features);
                    }
                }
                let shape = Shape { rows: n, depth: slab_width, columns: label_stride };
                let features = Strided { values: features, row: slab_width, column: 1 };
                let (top, outputs) = ((&slab.top[..], label_stride), (&mut block.outputs[..], label_stride));
                multiply(simd, rules.numerics, shape, features, top, outputs, index > 0);
            }
        }
        for block in group {
            block.differentiate(rules.loss, n_labels, scale);
        }
    }
}

struct Backward<'a> {
    rules: TwoLayer,
    layout: Layout,
    slab: &'a mut Slab,
    batch: &'a Batch,
    scratch: &'a mut Scratch,
}

impl WithSimd for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { rules, layout, slab, batch, scratch } = self;
        let Layout { slab_width, label_stride, n_labels, .. } = layout;
        slab.gradient.fill(0.0);
        let (hidden_gradient, top_gradient) = slab.gradient.split_at_mut(layout.hidden_len());
        let (activation, weights) = (rules.activation, &slab.weights);
        for block in batch.blocks() {
            let n = block.labels.len();
            let rows = block.rows(slab_width);
            let features = &mut scratch.features[..n * slab_width];
            let slopes = &mut scratch.slopes[..n * slab_width];
            match rules.numerics {
                Numerics::Fast => {
                    gather_with_slopes(Arithmetic::<S, true>(simd), activation, weights, rows, features, slopes);
                }
                Numerics::Exact | Numerics::Double => {
                    gather_with_slopes(Arithmetic::<S, false>(simd), activation, weights, rows, features, slopes);
                }
            }

            let shape = Shape { rows: n_labels, depth: n, columns: slab_width };
            let outputs_t = Strided { values: &block.outputs, row: 1, column: label_stride };
            let (features, top_gradient) = ((&*features, slab_width), (&mut *top_gradient, slab_width));
            multiply(simd, rules.numerics, shape, outputs_t, features, top_gradient, true);

            let shape = Shape { rows: n, depth: n_labels, columns: slab_width };
            let outputs = Strided { values: &block.outputs, row: label_stride, column: 1 };
            let top = (&weights[layout.hidden_len()..], slab_width);
            let mut hidden_gradient = Scatter { rows, slopes, table: &mut *hidden_gradient };
            multiply_into(simd, rules.numerics, shape, outputs, top, &mut hidden_gradient);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::machines;
    use crate::model::Weights;
    use crate::model::fused::{Part, plain};
    use proptest::prelude::*;

    /// A small random problem: every shape that the padding and the tiles can get wrong.
    #[derive(Debug, Clone)]
    struct Case {
        sizes: Vec<usize>,
        n_units: usize,
        n_labels: usize,
        n_samples: usize,
        seed: u64,
    }

    fn cases() -> impl Strategy<Value = Case> {
        (prop::collection::vec(1usize..9, 1..4), 1usize..150, 2usize..40, 0usize..150, any::<u64>())
            .prop_map(|(sizes, n_units, n_labels, n_samples, seed)| Case { sizes, n_units, n_labels, n_samples, seed })
    }

    impl Case {
        fn offsets(&self) -> Vec<usize> {
            self.sizes.iter().scan(0, |sum, size| Some(std::mem::replace(sum, *sum + size))).collect()
        }

        fn draw(&self) -> (Weights, Samples) {
            let mut state = self.seed;
            let mut next = move || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 40) as usize
            };
            let mut weights = Weights::zeros(self.sizes.iter().sum(), self.n_units, self.n_labels);
            for weight in weights.hidden.iter_mut().chain(&mut weights.top) {
                *weight = (next() as f32 / (1 << 24) as f32 - 0.5) * 1.5;
            }
            let operands =
                self.sizes.iter().map(|size| (0..self.n_samples).map(|_| (next() % size) as u32).collect()).collect();
            let labels = (0..self.n_samples).map(|_| (next() % self.n_labels) as u32).collect();
            (weights, Samples { operands, values: vec![], labels })
        }
    }

    fn fused(case: &Case, rules: TwoLayer, arch: Arch, threads: usize) -> (Option<f64>, Weights) {
        let (weights, samples) = case.draw();
        let mut network = Network::new(&weights);
        let mut batch = Batch::new(&samples, &case.offsets(), case.n_labels);
        let workers = Workers::new(threads).unwrap();
        let loss = rules.forward_on(arch, &network, &mut batch, &workers);
        rules.backward_on(arch, &mut network, &batch, &workers, |_| ());
        (loss, network.read(Part::Gradient))
    }

    fn all_rules() -> impl Iterator<Item = (Activation, Loss)> {
        Activation::ALL.into_iter().flat_map(|activation| Loss::ALL.map(|loss| (activation, loss)))
    }

    fn check_against_plain(case: &Case) {
        let (weights, samples) = case.draw();
        for (activation, loss) in all_rules() {
            let twin = plain::loss_and_gradient(&weights, &samples, &case.offsets(), activation, loss);
            for (name, arch) in machines() {
                for numerics in [Numerics::Fast, Numerics::Exact] {
                    let (value, gradient) = fused(case, TwoLayer { activation, loss, numerics }, arch, 1);
                    check(&format!("{activation:?} {loss:?} {name} {numerics:?}"), case, value, &gradient, &twin);
                }
            }
        }
    }

    fn check(
        name: &str,
        case: &Case,
        value: Option<f64>,
        gradient: &Weights,
        (expected, exact): &(f64, plain::Gradient),
    ) {
        assert_eq!(value.is_some(), case.n_samples > 0);
        let Some(value) = value else { return };
        // f32 sums of up to K·n terms of size ≤ 20: a few hundred roundings of 6e-8 relative to the largest entry.
        assert!((value - expected).abs() <= 2e-4 * (1.0 + expected), "{name}: {value} for {expected}");
        for (ours, exact) in [(&gradient.hidden, &exact.hidden), (&gradient.top, &exact.top)] {
            let size = exact.iter().fold(0.0_f64, |size, g| size.max(g.abs()));
            for (&ours, exact) in ours.iter().zip(exact) {
                let error = (f64::from(ours) - exact).abs();
                assert!(error <= 1e-4 * size + 1e-7, "{name}: {ours} for {exact}, largest {size}");
            }
        }
    }

    fn bits(weights: &Weights) -> Vec<u32> {
        weights.hidden.iter().chain(&weights.top).map(|value| value.to_bits()).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn fused_gradients_agree_with_the_plain_twin(case in cases()) {
            check_against_plain(&case);
        }

        #[test]
        fn bits_do_not_depend_on_the_number_of_threads(case in cases()) {
            for numerics in [Numerics::Fast, Numerics::Exact] {
                let rules = TwoLayer { activation: Activation::Square, loss: Loss::Mse, numerics };
                let alone = fused(&case, rules, Arch::new(), 1);
                for threads in [2, 3] {
                    prop_assert_eq!(&fused(&case, rules, Arch::new(), threads), &alone);
                }
            }
        }

        #[test]
        fn exact_bits_do_not_depend_on_the_instruction_set(case in cases()) {
            for (activation, loss) in all_rules() {
                let rules = TwoLayer { activation, loss, numerics: Numerics::Exact };
                let (value, gradient) = fused(&case, rules, Arch::Scalar, 1);
                for (name, arch) in machines() {
                    let (other, weights) = fused(&case, rules, arch, 1);
                    prop_assert_eq!(value.map(f64::to_bits), other.map(f64::to_bits), "{} {:?}", name, rules);
                    prop_assert_eq!(bits(&gradient), bits(&weights), "{} {:?}", name, rules);
                }
            }
        }
    }

    #[test]
    fn extreme_shapes_agree_with_the_plain_twin() {
        for (n_units, n_labels, n_samples) in [(1, 2, 1), (64, 16, 64), (65, 17, 65), (128, 80, 1), (1, 97, 130)] {
            check_against_plain(&Case { sizes: vec![n_labels, n_labels], n_units, n_labels, n_samples, seed: 7 });
        }
        // Tables most of whose rows no sample uses; three operands; one.
        for sizes in [vec![300, 200], vec![2, 3, 5], vec![70]] {
            check_against_plain(&Case { sizes, n_units: 40, n_labels: 23, n_samples: 7, seed: 8 });
        }
    }
}

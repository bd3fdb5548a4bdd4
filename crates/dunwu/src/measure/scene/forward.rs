//! The samples seen through the network: activations, their sums by label, outputs.
//!
//! Activations and outputs come from one [`Source`]: the two tables of a two-layer network, or a [`Network`] of any kind.
//! Outputs are the network's own and never F V: a top layer may have a bias, and a transformer's residual stream reaches the
//! outputs past its last hidden layer.

use super::{ClassMoments, OutputSums, Scene, Tally};
use crate::measure::dense::rows;
use dunwu_engine::Samples;
use dunwu_engine::loss::Objective;
use dunwu_engine::model::{Activation, Prediction, Predictor};
use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, Par};
use pulp::Arch;
use std::ops::Range;

/// Samples that pass through the network together: 128 rows of 2048 activations are a mebibyte.
const BLOCK: usize = 128;

/// A network that is more than two tables of weights.
pub trait Network {
    /// What it makes of these samples.
    fn run(&self, samples: &Samples, range: Range<usize>) -> Prediction;
}

impl Network for Predictor {
    fn run(&self, samples: &Samples, range: Range<usize>) -> Prediction {
        Self::run(self, samples, range)
    }
}

/// Where activations and outputs come from.
#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    /// `Z = σ(X W) V` with the snapshot's weights.
    Tables,
    /// Whatever this network says.
    Network(&'a dyn Network),
}

/// A hidden layer, with or without the scale of its units.
pub(crate) struct HiddenLayer<'a> {
    pub(crate) hidden: &'a [f32],
    pub(crate) n_units: usize,
    pub(crate) operand_sizes: &'a [usize],
    pub(crate) activation: Activation,
}

impl HiddenLayer<'_> {
    /// σ(XW) of samples `first..`, one row of `out` each.
    pub(crate) fn activations(&self, samples: &Samples, first: usize, out: &mut [f32]) {
        // A loop for each activation, since a choice inside of it would keep it from becoming vector code.
        match self.activation {
            Activation::Square => self.fill(samples, first, out, |x| Activation::Square.value(x)),
            Activation::Cube => self.fill(samples, first, out, |x| Activation::Cube.value(x)),
            Activation::Relu => self.fill(samples, first, out, |x| Activation::Relu.value(x)),
            Activation::ReluSquared => self.fill(samples, first, out, |x| Activation::ReluSquared.value(x)),
            Activation::Silu => self.fill(samples, first, out, |x| Activation::Silu.value(x)),
            Activation::Gelu => self.fill(samples, first, out, |x| Activation::Gelu.value(x)),
            Activation::Abs => self.fill(samples, first, out, |x| Activation::Abs.value(x)),
        }
    }

    /// [`Self::activations`] with σ known to the compiler.
    fn fill(&self, samples: &Samples, first: usize, out: &mut [f32], value: impl Fn(f32) -> f32) {
        let offset = |operand: usize| self.operand_sizes[..operand].iter().sum::<usize>();
        let offsets: Vec<usize> = (0..samples.operands.len()).map(offset).collect();
        let weights = |operand: usize, i: usize| {
            let token = offsets[operand] + samples.operands[operand][i] as usize;
            &self.hidden[token * self.n_units..][..self.n_units]
        };
        Arch::new().dispatch(
            #[inline(always)]
            || {
                for (i, row) in out.chunks_exact_mut(self.n_units).enumerate() {
                    if let [_, _] = offsets[..] {
                        let (left, right) = (weights(0, first + i), weights(1, first + i));
                        for ((x, a), b) in row.iter_mut().zip(left).zip(right) {
                            *x = value(a + b);
                        }
                        continue;
                    }
                    row.copy_from_slice(weights(0, first + i));
                    for operand in 1..offsets.len() {
                        row.iter_mut().zip(weights(operand, first + i)).for_each(|(x, w)| *x += w);
                    }
                    for x in row {
                        *x = value(*x);
                    }
                }
            },
        );
    }

    /// Hands the activations of all samples to `visit(first, block)`, block by block.
    pub(crate) fn for_each_block(&self, samples: &Samples, mut visit: impl FnMut(usize, &[f32])) {
        let n = samples.labels.len();
        let mut block = vec![0.0; BLOCK.min(n) * self.n_units];
        for first in (0..n).step_by(BLOCK) {
            let activations = &mut block[..BLOCK.min(n - first) * self.n_units];
            self.activations(samples, first, activations);
            visit(first, activations);
        }
    }
}

/// `Z = F V` of one block, `[samples][labels]`.
fn outputs(activations: &[f32], top: &[f32], n_units: usize, n_labels: usize) -> Vec<f32> {
    let n = activations.len() / n_units;
    let mut z = vec![0.0; n * n_labels];
    matmul(
        MatMut::from_row_major_slice_mut(&mut z, n, n_labels),
        Accum::Replace,
        rows(activations, n, n_units),
        rows(top, n_units, n_labels),
        1.0_f32,
        Par::Seq,
    );
    z
}

/// Hands activations and outputs of all samples to `visit(first, activations, outputs)`, block by block.
fn pass(scene: &Scene<'_>, samples: &Samples, mut visit: impl FnMut(usize, &[f32], &[f32])) {
    let weights = scene.weights();
    match scene.source {
        Source::Tables => layer(scene).for_each_block(samples, |first, block| {
            visit(first, block, &outputs(block, &weights.top, weights.n_units, weights.n_labels));
        }),
        Source::Network(network) => {
            let n = samples.len();
            for first in (0..n).step_by(BLOCK) {
                let range = first..n.min(first + BLOCK);
                let len = range.len();
                let Prediction { features, outputs } = network.run(samples, range);
                assert_eq!(features.len(), len * weights.n_units, "features are [n][K]");
                assert_eq!(outputs.len(), len * weights.n_labels, "outputs are [n][M]");
                visit(first, &features, &outputs);
            }
        }
    }
}

/// The training sample.
pub(crate) struct Train {
    /// Training samples.
    pub(crate) n: usize,
    /// Sums of activations by the labels as given.
    pub(crate) moments: ClassMoments,
    /// Mean activation of each unit, μ.
    pub(crate) means: Vec<f64>,
    /// ‖f̃ⱼ‖ with f̃ⱼ = fⱼ − μⱼ; 0 for a unit that does not vary. Empty, with `directions`, where the scene has no kernel.
    pub(crate) norms: Vec<f64>,
    /// F̃ with every column scaled to length 1 (or all zero), `[n][K]`. Scaled, because f32 products of these neither
    /// overflow nor underflow whatever the weights.
    pub(crate) directions: Vec<f32>,
    /// Z, `[n][M]`.
    pub(crate) outputs: Vec<f32>,
    /// Sums of Z by the true labels.
    pub(crate) output_sums: OutputSums,
    /// R, `[n][M]`, with the labels as given.
    pub(crate) residual: Vec<f64>,
    /// Outputs against the labels as given.
    pub(crate) tally: Tally,
    /// Outputs on the corrupted samples against given and true labels.
    pub(crate) corrupted: Option<(Tally, Tally)>,
}

impl Train {
    pub(super) fn of(scene: &Scene<'_>) -> Option<Self> {
        let split = scene.setup.split;
        let (n, n_units) = (split.train.labels.len(), scene.weights().n_units);
        if n == 0 || n_units == 0 {
            return None;
        }
        let n_labels = scene.weights().n_labels;
        let mut moments = ClassMoments::zeros(n_labels, n_units);
        let is_kept = scene.has_kernel || matches!(scene.setup.objective, Objective::Features(_));
        let mut directions = Vec::with_capacity(if is_kept { n * n_units } else { 0 });
        let mut z = Vec::with_capacity(n * n_labels);
        pass(scene, &split.train, |first, block, outputs| {
            if is_kept {
                directions.extend_from_slice(block);
            }
            moments.add_block(&split.train.labels[first..][..block.len() / n_units], block);
            z.extend_from_slice(outputs);
        });
        moments.order_by_unit();
        let means = moments.first.means();
        let norms = if is_kept { centre_and_scale(&mut directions, &means) } else { Vec::new() };
        let mut output_sums = OutputSums::zeros(n_labels);
        output_sums.add(&z, &split.train_true_labels);
        let mut tally = Tally::new(scene.setup.objective.of_outputs(), n_labels);
        let residual = tally.add(&z, &split.train.labels);
        let corrupted = (!split.corrupted.is_empty()).then(|| {
            let (mut given, mut truth) = (tally.empty(), tally.empty());
            for &i in &split.corrupted {
                let i = i as usize;
                given.add(&z[i * n_labels..][..n_labels], &split.train.labels[i..=i]);
                truth.add(&z[i * n_labels..][..n_labels], &split.train_true_labels[i..=i]);
            }
            (given, truth)
        });
        Some(Self { n, moments, means, norms, directions, outputs: z, output_sums, residual, tally, corrupted })
    }

    /// f̃ of one sample and unit.
    pub(crate) fn centred(&self, sample: usize, unit: usize) -> f64 {
        f64::from(self.directions[sample * self.norms.len() + unit]) * self.norms[unit]
    }

    /// Whether every activation is finite.
    pub(crate) fn is_finite(&self) -> bool {
        self.norms.iter().chain(&self.means).all(|x| x.is_finite())
    }
}

/// Takes `means` from the columns of `f` and scales them to length 1; returns the lengths that they had.
fn centre_and_scale(f: &mut [f32], means: &[f64]) -> Vec<f64> {
    let n_units = means.len();
    let n = f.len() / n_units;
    let (mut variation, mut power) = (vec![0.0; n_units], vec![0.0; n_units]);
    Arch::new().dispatch(
        #[inline(always)]
        || {
            for row in f.chunks_exact(n_units) {
                for (((&x, &mean), variation), power) in row.iter().zip(means).zip(&mut variation).zip(&mut power) {
                    let (x, d) = (f64::from(x), f64::from(x) - mean);
                    *variation += d * d;
                    *power += x * x;
                }
            }
        },
    );
    // What varies by less than the rounding of f32 activations, n·(4ε)² of their power, does not vary.
    let rounding = 16.0 * f64::from(f32::EPSILON).powi(2);
    let norms: Vec<f64> =
        variation.iter().zip(&power).map(|(&v, &p)| if n < 2 || v <= rounding * p { 0.0 } else { v.sqrt() }).collect();
    let scales: Vec<f64> = norms.iter().map(|&norm| if norm > 0.0 { norm.recip() } else { 0.0 }).collect();
    Arch::new().dispatch(
        #[inline(always)]
        || {
            for row in f.chunks_exact_mut(n_units) {
                for ((x, mean), scale) in row.iter_mut().zip(means).zip(&scales) {
                    *x = ((f64::from(*x) - mean) * scale) as f32;
                }
            }
        },
    );
    norms
}

/// The held-out samples, with their true labels.
pub(crate) struct HeldOut {
    pub(crate) moments: ClassMoments,
    /// Sums of Z by label.
    pub(crate) output_sums: OutputSums,
    pub(crate) tally: Tally,
}

impl HeldOut {
    pub(super) fn of(scene: &Scene<'_>) -> Option<Self> {
        let samples = &scene.setup.split.test;
        let (n_units, n_labels) = (scene.weights().n_units, scene.weights().n_labels);
        if samples.labels.is_empty() || n_units == 0 {
            return None;
        }
        let mut moments = ClassMoments::zeros(n_labels, n_units);
        let mut output_sums = OutputSums::zeros(n_labels);
        let mut tally = Tally::new(scene.setup.objective.of_outputs(), n_labels);
        pass(scene, samples, |first, block, outputs| {
            let labels = &samples.labels[first..][..block.len() / n_units];
            moments.add_block(labels, block);
            output_sums.add(outputs, labels);
            tally.add(outputs, labels);
        });
        moments.order_by_unit();
        Some(Self { moments, output_sums, tally })
    }
}

pub(super) fn layer<'a>(scene: &Scene<'a>) -> HiddenLayer<'a> {
    HiddenLayer {
        hidden: &scene.weights().hidden,
        n_units: scene.weights().n_units,
        operand_sizes: &scene.setup.problem.operand_sizes,
        activation: scene.setup.activation,
    }
}

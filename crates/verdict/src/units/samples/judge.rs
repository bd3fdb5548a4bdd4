//! How much each training sample is memorized, by one forward pass or none: the score that retraining thousands of networks found best.
//!
//! | What there is | Score | rank correlation with retraining |
//! |---|---|---|
//! | a kernel between the samples | how far ridge regression without the sample contradicts its label | see `dunwu units --bench` |
//! | inputs, and outputs that are linear in them | self-influence | |
//! | inputs | the first with the tangent kernel of rectified units | |
//! | activations of the last hidden layer | the first with their inner products | |

use super::influence::{MOST_WEIGHTS, self_influence};
use super::kernel::{leave_one_out, relu_tangent_kernel};
use crate::units::arrays::{Arrays, ArraysError};
use crate::units::evidence::evidence;
use crate::units::flags::{Flags, contradiction};
use crate::units::layer::Contributions;
use crate::units::layer_samples::{LayerSamples, linear};
use crate::units::matrix::{Matrix, largest, product};
use faer::Mat;
use schemars::JsonSchema;
use serde::Serialize;

/// How samples were scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SampleScore {
    /// Left-out ridge regression with the kernel that was given.
    GivenKernel,
    /// Left-out ridge regression with the tangent kernel of a wide network of rectified units on the inputs.
    InputKernel,
    /// Self-influence of a network whose outputs are linear in its inputs.
    SelfInfluence,
    /// Left-out ridge regression on activations of the last hidden layer.
    Readout,
}

/// How much each training sample is memorized.
#[derive(Clone, Debug, PartialEq)]
pub struct SamplesVerdict {
    /// How they were scored.
    pub score: SampleScore,
    /// λ over the mean of the kernel's diagonal, where there was a kernel.
    pub penalty: Option<f64>,
    /// One a training sample.
    pub samples: Vec<JudgedSample>,
    /// Whether units that samples lean on were looked for.
    pub has_units: bool,
}

/// A training sample.
#[derive(Clone, Debug, PartialEq)]
pub struct JudgedSample {
    /// Its label.
    pub label: usize,
    /// How much it is memorized: by regression from about −1 to about 1, above 0 where the others contradict its label; by self-influence
    /// from 0 on without a bound.
    pub score: f64,
    /// What the regression without the sample says of it; `None` by self-influence.
    pub left_out: Option<usize>,
    /// Units that give it more than twice what they give any held-out sample.
    pub units: Vec<usize>,
}

impl SamplesVerdict {
    /// Judges the arrays of a file.
    pub fn of_arrays(arrays: &Arrays<'_>) -> Result<Self, ArraysError> {
        let (labels, n_classes) = labels(arrays)?;
        let n = labels.len();
        let input = arrays.optional_matrix("train.input", (Some(n), None), "[n, inputs]")?;
        let mut verdict = if arrays.has("train.kernel") {
            let kernel = arrays.matrix("train.kernel", (Some(n), Some(n)), "[n, n]")?;
            // Both halves count alike, whatever rounding made of them.
            let kernel =
                Mat::from_fn(n, n, |i, k| f64::midpoint(f64::from(kernel.row(i)[k]), f64::from(kernel.row(k)[i])));
            by_kernel(SampleScore::GivenKernel, &kernel, &labels, n_classes)?
        } else if let Some(input) = input {
            match probabilities_of_linear(arrays, &input, n_classes)? {
                Some(p) => by_influence(&input, &labels, &p).map_or_else(
                    || by_kernel(SampleScore::InputKernel, &relu_tangent_kernel(&input), &labels, n_classes),
                    Ok,
                )?,
                None => by_kernel(SampleScore::InputKernel, &relu_tangent_kernel(&input), &labels, n_classes)?,
            }
        } else if arrays.has("train.readout") {
            let readout = arrays.matrix("train.readout", (Some(n), None), "[n, features]")?;
            by_kernel(SampleScore::Readout, &inner_products(&readout), &labels, n_classes)?
        } else {
            return Err(arrays.missing("train.input", ", nor \"train.kernel\" or \"train.readout\" in its place"));
        };
        if arrays.has("train.contribution") && arrays.has("held_out.label") {
            verdict.find_units(arrays)?;
        }
        Ok(verdict)
    }

    /// Samples of which the regression without them gives another label; `None` by self-influence.
    pub fn contradicted(&self) -> Option<usize> {
        let other = |sample: &JudgedSample| sample.left_out.map(|left_out| usize::from(left_out != sample.label));
        self.samples.iter().map(other).sum()
    }

    fn find_units(&mut self, arrays: &Arrays<'_>) -> Result<(), ArraysError> {
        let samples = LayerSamples::read(arrays)?;
        let contributions = Contributions::read(arrays, &samples)?;
        let found = evidence(&samples, &contributions, None::<&Flags>)?;
        for (unit, evidence) in found.units.iter().enumerate() {
            evidence.leaning.iter().for_each(|&sample| self.samples[sample].units.push(unit));
        }
        self.has_units = true;
        Ok(())
    }
}

fn labels(arrays: &Arrays<'_>) -> Result<(Vec<usize>, usize), ArraysError> {
    let labels = arrays.whole("train.label", None, None)?;
    let n = labels.len();
    let n_classes = labels.iter().max().map_or(0, |most| most + 1);
    match labels.first() {
        None => Err(ArraysError::NoSamples),
        Some(&label) if labels.iter().all(|&other| other == label) => Err(ArraysError::OneClass { n, label }),
        Some(_) => Ok((labels, n_classes)),
    }
}

/// Scores by the regression without each sample: its score of the best other class less that of the label, above 0 where it contradicts.
///
/// Against 1 less the score of the label this raises the rank correlation with retraining from 0.90 to 0.92 (digits, 640 networks).
pub fn by_kernel(
    score: SampleScore,
    kernel: &Mat<f64>,
    labels: &[usize],
    n_classes: usize,
) -> Result<SamplesVerdict, ArraysError> {
    let left_out = leave_one_out(kernel, labels, n_classes)?;
    let sample = |(i, &label): (usize, &usize)| {
        let row: Vec<f64> = (0..n_classes).map(|c| left_out.scores[(i, c)]).collect();
        let score = contradiction(&row, label);
        JudgedSample { label, score, left_out: Some(largest(&row)), units: Vec::new() }
    };
    let samples = labels.iter().enumerate().map(sample).collect();
    Ok(SamplesVerdict { score, penalty: Some(left_out.penalty), samples, has_units: false })
}

fn by_influence(input: &Matrix, labels: &[usize], probabilities: &Matrix) -> Option<SamplesVerdict> {
    let scores = self_influence(input, labels, probabilities)?;
    let sample = |(score, &label): (f64, &usize)| JudgedSample { label, score, left_out: None, units: Vec::new() };
    let samples = scores.into_iter().zip(labels).map(sample).collect();
    Some(SamplesVerdict { score: SampleScore::SelfInfluence, penalty: None, samples, has_units: false })
}

/// Probabilities of a network without a hidden layer: where there are output weights as wide as the inputs, and the outputs are theirs.
fn probabilities_of_linear(
    arrays: &Arrays<'_>,
    input: &Matrix,
    n_classes: usize,
) -> Result<Option<Matrix>, ArraysError> {
    if !arrays.has("output.weight") {
        return Ok(None);
    }
    let weights = arrays.matrix("output.weight", (None, None), "[classes, inputs]")?;
    let is_linear = weights.width() == input.width()
        && weights.height() >= n_classes
        && (input.width() + 1) * weights.height() <= MOST_WEIGHTS;
    if !is_linear {
        return Ok(None);
    }
    let bias = if arrays.has("output.bias") {
        arrays.vector("output.bias", weights.height(), "[classes]")?
    } else {
        vec![0.0; weights.height()]
    };
    let outputs = linear(input, &weights, &bias);
    if let Some(given) =
        arrays.optional_matrix("train.output", (Some(input.height()), Some(weights.height())), "[n, classes]")?
    {
        let size = given.values().iter().fold(0.0_f32, |most, z| most.max(z.abs()));
        let differs = |(a, b): (&f32, &f32)| (a - b).abs() > 1e-3 * size;
        if given.values().iter().zip(outputs.values()).any(differs) {
            return Ok(None);
        }
    }
    Ok(Some(softmaxed(&outputs)))
}

/// Logits as probabilities.
pub fn softmaxed(outputs: &Matrix) -> Matrix {
    let mut values = outputs.values().to_vec();
    for row in values.chunks_exact_mut(outputs.width()) {
        let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        row.iter_mut().for_each(|z| *z = (*z - most).exp());
        let sum: f32 = row.iter().sum();
        row.iter_mut().for_each(|p| *p /= sum);
    }
    Matrix::new(outputs.width(), values)
}

/// Inner products of rows, with a constant 1 added to each.
pub fn inner_products(rows: &Matrix) -> Mat<f64> {
    let x = Mat::from_fn(rows.height(), rows.width() + 1, |i, j| rows.row(i).get(j).map_or(1.0, |&x| f64::from(x)));
    product(x.as_ref(), x.as_ref().transpose())
}

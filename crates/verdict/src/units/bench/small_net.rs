//! A small network trained on whole samples, thousands of times: one hidden layer of rectified units, or none.
//!
//! ```text
//! z = V relu(W x + b) + c (+ z of a frozen network)        loss: Σᵢ ωᵢ (log Σ_c e^z_c − z_yᵢ) + σᵢ ‖z‖²/2, over their number
//! ```
//!
//! The engine trains one run with every measure in view; this trains ten thousand and keeps outputs alone.
//!
//! - Adam (Kingma and Ba 2015, arXiv:1412.6980) on all samples at once, β = 0.9, 0.999; initial weights: He et al. 2015, arXiv:1502.01852

use crate::draw::Draw;
use crate::units::Matrix;
use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};

/// Weights of a network.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SmallNet {
    n_inputs: usize,
    /// 0 for a network without a hidden layer, whose outputs are linear in its inputs.
    n_units: usize,
    n_labels: usize,
    /// W `[input][unit]`, b, V `[unit][label]`, c, one behind the other; without a hidden layer V is `[input][label]`.
    weights: Vec<f32>,
}

/// What a network is trained on.
#[derive(Clone, Copy)]
pub(super) struct Lesson<'a> {
    pub(super) x: &'a Matrix,
    pub(super) labels: &'a [usize],
    /// Outputs of a frozen network that are added.
    pub(super) frozen: Option<&'a Matrix>,
    /// Samples whose label counts; for all others the network's own outputs are held at 0. `None`: every label counts.
    pub(super) taught: Option<&'a [bool]>,
}

/// How long and how fast.
#[derive(Clone, Copy, Debug)]
pub(super) struct Course {
    pub(super) steps: usize,
    pub(super) rate: f32,
    /// Decoupled weight decay.
    pub(super) decay: f32,
}

/// Places of W, b, V, c.
#[derive(Clone, Copy)]
struct Layout {
    ends: [usize; 4],
}

/// Space that a step needs.
struct Workspace {
    hidden: Vec<f32>,
    outputs: Vec<f32>,
    back: Vec<f32>,
    gradient: Vec<f32>,
    first: Vec<f32>,
    second: Vec<f32>,
}

impl SmallNet {
    /// Initial weights.
    pub(super) fn new((n_inputs, n_units, n_labels): (usize, usize, usize), draw: &mut Draw) -> Self {
        let mut net = Self { n_inputs, n_units, n_labels, weights: Vec::new() };
        let [w, b, v, c] = net.layout().ends;
        let mut weights = vec![0.0; c];
        let top_inputs = if n_units == 0 { n_inputs } else { n_units };
        let mut fill = |range: std::ops::Range<usize>, scale: f64| {
            weights[range].iter_mut().for_each(|weight| *weight = (draw.normal() * scale) as f32);
        };
        fill(0..w, (2.0 / n_inputs as f64).sqrt());
        fill(b..v, (1.0 / top_inputs as f64).sqrt());
        net.weights = weights;
        net
    }

    fn layout(&self) -> Layout {
        let w = self.n_inputs * self.n_units;
        let b = w + self.n_units;
        let top_inputs = if self.n_units == 0 { self.n_inputs } else { self.n_units };
        let v = b + top_inputs * self.n_labels;
        Layout { ends: [w, b, v, v + self.n_labels] }
    }

    /// Trains it on all samples at once.
    pub(super) fn train(&mut self, lesson: Lesson<'_>, course: Course) {
        self.train_watched(lesson, course, |_, _| ());
    }

    /// The same; `watch` sees the network after every step, with the step's number from 1 on.
    pub(super) fn train_watched(&mut self, lesson: Lesson<'_>, course: Course, mut watch: impl FnMut(usize, &Self)) {
        let n = lesson.x.height();
        let mut work = Workspace {
            hidden: vec![0.0; n * self.n_units],
            outputs: vec![0.0; n * self.n_labels],
            back: vec![0.0; n * self.n_units],
            gradient: vec![0.0; self.weights.len()],
            first: vec![0.0; self.weights.len()],
            second: vec![0.0; self.weights.len()],
        };
        for step in 1..=course.steps {
            self.forward(lesson.x, &mut work.hidden, &mut work.outputs);
            output_gradient(lesson, &mut work.outputs, self.n_labels);
            self.backward(lesson.x, &mut work);
            self.update(&mut work, course, step as i32);
            watch(step, self);
        }
    }

    /// ‖∇ℓᵢ‖² of every sample's own loss in all weights, without a backward pass a sample: each gradient is a product of two vectors.
    pub(super) fn gradient_squares(&self, x: &Matrix, labels: &[usize]) -> Vec<f64> {
        let [_, b, v, _] = self.layout().ends;
        let top = &self.weights[b..v];
        let outputs = self.outputs(x);
        let hidden = (self.n_units > 0).then(|| self.hidden(x));
        let square = |values: &[f32]| values.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>();
        let of = |(i, &label): (usize, &usize)| {
            let mut delta = outputs.row(i).to_vec();
            softmax(&mut delta);
            delta[label] -= 1.0;
            let Some(hidden) = &hidden else { return square(&delta) * (square(x.row(i)) + 1.0) };
            let back = hidden.row(i).iter().enumerate().filter(|(_, h)| **h > 0.0).map(|(unit, _)| {
                let row = &top[unit * self.n_labels..(unit + 1) * self.n_labels];
                row.iter().zip(&delta).map(|(v, d)| v * d).sum::<f32>()
            });
            let back: Vec<f32> = back.collect();
            square(&delta) * (square(hidden.row(i)) + 1.0) + square(&back) * (square(x.row(i)) + 1.0)
        };
        labels.iter().enumerate().map(of).collect()
    }

    /// Activations of the hidden layer, `[sample][unit]`.
    pub(super) fn hidden(&self, x: &Matrix) -> Matrix {
        let mut hidden = vec![0.0; x.height() * self.n_units];
        let mut outputs = vec![0.0; x.height() * self.n_labels];
        self.forward(x, &mut hidden, &mut outputs);
        Matrix::new(self.n_units, hidden)
    }

    /// Logits `[sample][label]`.
    pub(super) fn outputs(&self, x: &Matrix) -> Matrix {
        let mut hidden = vec![0.0; x.height() * self.n_units];
        let mut outputs = vec![0.0; x.height() * self.n_labels];
        self.forward(x, &mut hidden, &mut outputs);
        Matrix::new(self.n_labels, outputs)
    }

    /// The output weights as the file of a layer has them, `[label][unit]`, and the biases.
    pub(super) fn readout(&self) -> (Matrix, Vec<f64>) {
        let [_, b, v, c] = self.layout().ends;
        let top = &self.weights[b..v];
        let weights = Matrix::from_fn(self.n_labels, self.n_units, |label, unit| top[unit * self.n_labels + label]);
        (weights, self.weights[v..c].iter().map(|&bias| f64::from(bias)).collect())
    }

    fn forward(&self, x: &Matrix, hidden: &mut [f32], outputs: &mut [f32]) {
        let [w, b, v, c] = self.layout().ends;
        let n = x.height();
        let inputs = MatRef::from_row_major_slice(x.values(), n, self.n_inputs);
        let below = if self.n_units == 0 {
            inputs
        } else {
            multiply(hidden, self.n_units, inputs, rows(&self.weights[..w], self.n_units));
            for row in hidden.chunks_exact_mut(self.n_units) {
                row.iter_mut().zip(&self.weights[w..b]).for_each(|(h, bias)| *h = (*h + bias).max(0.0));
            }
            rows(hidden, self.n_units)
        };
        multiply(outputs, self.n_labels, below, rows(&self.weights[b..v], self.n_labels));
        for row in outputs.chunks_exact_mut(self.n_labels) {
            row.iter_mut().zip(&self.weights[v..c]).for_each(|(z, bias)| *z += bias);
        }
    }

    /// From the gradient of the outputs, which stands where they did, to that of the weights.
    fn backward(&self, x: &Matrix, work: &mut Workspace) {
        let [w, b, v, c] = self.layout().ends;
        let inputs = rows(x.values(), self.n_inputs);
        let outputs = rows(&work.outputs, self.n_labels);
        let below = if self.n_units == 0 { inputs } else { rows(&work.hidden, self.n_units) };
        multiply(&mut work.gradient[b..v], self.n_labels, below.transpose(), outputs);
        column_sums(&mut work.gradient[v..c], &work.outputs);
        if self.n_units == 0 {
            return;
        }
        multiply(&mut work.back, self.n_units, outputs, rows(&self.weights[b..v], self.n_labels).transpose());
        work.back.iter_mut().zip(&work.hidden).for_each(|(back, h)| *back = if *h > 0.0 { *back } else { 0.0 });
        multiply(&mut work.gradient[..w], self.n_units, inputs.transpose(), rows(&work.back, self.n_units));
        column_sums(&mut work.gradient[w..b], &work.back);
    }

    fn update(&mut self, work: &mut Workspace, course: Course, step: i32) {
        const BETA: (f32, f32) = (0.9, 0.999);
        let (first_bias, second_bias) = (1.0 - BETA.0.powi(step), 1.0 - BETA.1.powi(step));
        let moments = work.first.iter_mut().zip(&mut work.second);
        for ((weight, gradient), (first, second)) in self.weights.iter_mut().zip(&work.gradient).zip(moments) {
            *first = BETA.0 * *first + (1.0 - BETA.0) * gradient;
            *second = BETA.1 * *second + (1.0 - BETA.1) * gradient * gradient;
            let step = (*first / first_bias) / ((*second / second_bias).sqrt() + 1e-8);
            *weight -= course.rate * (step + course.decay * *weight);
        }
    }
}

fn rows(values: &[f32], width: usize) -> MatRef<'_, f32> {
    MatRef::from_row_major_slice(values, values.len() / width, width)
}

fn multiply(out: &mut [f32], width: usize, lhs: MatRef<'_, f32>, rhs: MatRef<'_, f32>) {
    let height = out.len() / width;
    matmul(MatMut::from_row_major_slice_mut(out, height, width), Accum::Replace, lhs, rhs, 1.0, Par::Seq);
}

fn column_sums(sums: &mut [f32], values: &[f32]) {
    sums.fill(0.0);
    for row in values.chunks_exact(sums.len()) {
        sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
    }
}

/// The gradient of the loss in the outputs, in their place.
fn output_gradient(lesson: Lesson<'_>, outputs: &mut [f32], n_labels: usize) {
    let n = lesson.labels.len() as f32;
    for (i, row) in outputs.chunks_exact_mut(n_labels).enumerate() {
        if lesson.taught.is_some_and(|taught| !taught[i]) {
            row.iter_mut().for_each(|z| *z /= n);
            continue;
        }
        if let Some(frozen) = lesson.frozen {
            row.iter_mut().zip(frozen.row(i)).for_each(|(z, frozen)| *z += frozen);
        }
        softmax(row);
        row[lesson.labels[i]] -= 1.0;
        row.iter_mut().for_each(|p| *p /= n);
    }
}

/// Logits become probabilities, in their place.
pub(super) fn softmax(row: &mut [f32]) {
    let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    row.iter_mut().for_each(|z| *z = (*z - most).exp());
    let sum: f32 = row.iter().sum();
    row.iter_mut().for_each(|p| *p /= sum);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Central differences of the loss, in f32: the step is large for the rounding to be small.
    #[test]
    fn the_gradient_is_that_of_the_loss() {
        for n_units in [0, 5] {
            let mut draw = Draw::of(902, n_units as u64);
            let x = Matrix::from_fn(7, 4, |_, _| draw.normal() as f32);
            let frozen = Matrix::from_fn(7, 3, |_, _| draw.normal() as f32);
            let labels = [0, 1, 2, 0, 1, 2, 1];
            let taught = [true, true, false, true, true, false, true];
            let lesson = Lesson { x: &x, labels: &labels, frozen: Some(&frozen), taught: Some(&taught) };
            let net = SmallNet::new((4, n_units, 3), &mut draw);
            let loss = |net: &SmallNet| -> f64 {
                let outputs = net.outputs(&x);
                (0..7)
                    .map(|i| {
                        if !taught[i] {
                            return outputs.row(i).iter().map(|z| f64::from(*z).powi(2)).sum::<f64>() / 2.0;
                        }
                        let z: Vec<f64> =
                            (0..3).map(|c| f64::from(outputs.row(i)[c]) + f64::from(frozen.row(i)[c])).collect();
                        z.iter().map(|z| z.exp()).sum::<f64>().ln() - z[labels[i]]
                    })
                    .sum::<f64>()
                    / 7.0
            };
            let size = net.weights.len();
            let mut work = Workspace {
                hidden: vec![0.0; 7 * n_units],
                outputs: vec![0.0; 21],
                back: vec![0.0; 7 * n_units],
                gradient: vec![0.0; size],
                first: Vec::new(),
                second: Vec::new(),
            };
            net.forward(&x, &mut work.hidden, &mut work.outputs);
            output_gradient(lesson, &mut work.outputs, 3);
            net.backward(&x, &mut work);
            for place in 0..size {
                let moved = |by: f32| {
                    let mut moved = net.clone();
                    moved.weights[place] += by;
                    loss(&moved)
                };
                let difference = (moved(1e-3) - moved(-1e-3)) / 2e-3;
                // Single precision leaves 1e-7/2e-3 of the loss, and a kink may lie between.
                assert!((difference - f64::from(work.gradient[place])).abs() < 2e-3, "{n_units} units, {place}");
            }
        }
    }
}

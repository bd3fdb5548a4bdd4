//! The landscape against its definitions, closed forms and laws.

use super::*;
use crate::group::Decomposition;
use dunwu_engine::kernel::Workers;
use dunwu_engine::model::Activation;
use dunwu_engine::random::{Stream, normal, rng};
use dunwu_engine::spec::{DataSpec, Sampling};
use dunwu_engine::task::Task;
use dunwu_engine::{Problem, Samples, Split};

mod ascents;
mod complete;
mod energies;
mod laws;
mod memorizing;
mod whitening;

fn problem(task: &str) -> Problem {
    Task::parse(task).unwrap().resolve(None).unwrap()
}

fn split(problem: &Problem, sampling: Sampling) -> Split {
    Split::draw(problem, &DataSpec::of(sampling), 3, None).unwrap()
}

fn alone() -> Workers {
    Workers::new(1).unwrap()
}

/// A vector of standard normal numbers, the same at every call.
fn noise(seed: u64, len: usize) -> Vec<f64> {
    let mut rng = rng(seed, Stream::Probe);
    (0..len).map(|_| normal(&mut rng)).collect()
}

fn unit(v: Vec<f64>) -> Vec<f64> {
    let norm = dot(&v, &v).sqrt();
    v.into_iter().map(|x| x / norm).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// X, a row a sample, from the words of the samples.
fn written_out(problem: &Problem, samples: &Samples) -> Vec<Vec<f64>> {
    let row = |i: usize| -> Vec<f64> {
        if problem.n_features > 0 {
            let row = &samples.values[i * problem.n_features..][..problem.n_features];
            return row.iter().map(|&x| f64::from(x)).collect();
        }
        let mut row = vec![0.0; problem.operand_sizes.iter().sum()];
        let mut first = 0;
        for (tokens, size) in samples.operands.iter().zip(&problem.operand_sizes) {
            row[first + tokens[i] as usize] = 1.0;
            first += size;
        }
        row
    };
    (0..samples.len()).map(row).collect()
}

/// P₁Y, `[n][M]`: 1 at the label of a sample, less the mean of each column.
fn centred_labels(labels: &[u32], m: usize) -> Vec<Vec<f64>> {
    let mut y: Vec<Vec<f64>> = labels.iter().map(|&label| vec![0.0; m].tap(label as usize)).collect();
    for h in 0..m {
        let mean = y.iter().map(|row| row[h]).sum::<f64>() / y.len() as f64;
        y.iter_mut().for_each(|row| row[h] -= mean);
    }
    y
}

trait Tap {
    fn tap(self, at: usize) -> Self;
}

impl Tap for Vec<f64> {
    /// The same with 1 at one place.
    fn tap(mut self, at: usize) -> Self {
        self[at] = 1.0;
        self
    }
}

/// `½ ‖A σ(Xw)‖²` with A handed in as its columns, `[n][M]`.
fn height(x: &[Vec<f64>], columns: &[Vec<f64>], curve: Curve, w: &[f64]) -> f64 {
    let mut signal = vec![0.0; columns[0].len()];
    for (x, column) in x.iter().zip(columns) {
        let f = curve.value(dot(x, w));
        signal.iter_mut().zip(column).for_each(|(z, a)| *z += a * f);
    }
    0.5 * dot(&signal, &signal)
}

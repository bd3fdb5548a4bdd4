//! Samples that go through a network together.

use crate::task::Samples;
use std::ops::Range;

/// A few samples, row by row.
#[derive(Clone, Debug)]
pub(crate) struct Chunk {
    /// Tokens of each operand, counted within it, `[n][n_operands]`; empty where inputs are numbers.
    pub(crate) tokens: Vec<u32>,
    /// Numbers, `[n][n_features]`; empty where inputs are tokens.
    pub(crate) values: Vec<f32>,
    /// `[n]`
    pub(crate) labels: Vec<u32>,
}

impl Chunk {
    /// Samples that pass through a network together.
    const LEN: usize = 64;

    /// All samples, cut into chunks.
    pub(crate) fn all(samples: &Samples) -> Vec<Self> {
        let starts = (0..samples.len()).step_by(Self::LEN);
        starts.map(|i| Self::of(samples, i..(i + Self::LEN).min(samples.len()))).collect()
    }

    /// These samples.
    pub(crate) fn of(samples: &Samples, range: Range<usize>) -> Self {
        let n_values = samples.values.len() / samples.len().max(1);
        Self {
            tokens: range.clone().flat_map(|i| samples.operands.iter().map(move |tokens| tokens[i])).collect(),
            values: samples.values[range.start * n_values..range.end * n_values].to_vec(),
            labels: samples.labels[range].to_vec(),
        }
    }

    /// Number of samples.
    pub(crate) fn len(&self) -> usize {
        self.labels.len()
    }
}

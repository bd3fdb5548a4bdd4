//! Rows of numbers, as arrays of a file hold them.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};

/// Numbers of many rows of one width: f32, `[row][column]`, row by row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matrix {
    width: usize,
    values: Vec<f32>,
}

impl Matrix {
    /// From values row by row; `width` is at least 1.
    pub fn new(width: usize, values: Vec<f32>) -> Self {
        assert!(width > 0 && values.len().is_multiple_of(width), "{} values in rows of {width}", values.len());
        Self { width, values }
    }

    /// From a function of row and column.
    pub fn from_fn(height: usize, width: usize, mut value: impl FnMut(usize, usize) -> f32) -> Self {
        let values = (0..height * width).map(|place| value(place / width, place % width)).collect();
        Self::new(width, values)
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.values.len() / self.width.max(1)
    }

    /// Columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// All values, row by row.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// One row.
    pub fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.width..(row + 1) * self.width]
    }

    /// Every row, from the first to the last.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.values.chunks_exact(self.width.max(1))
    }

    /// The rows with these places, in this order.
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Self {
        Self { width: self.width, values: rows.iter().flat_map(|&row| self.row(row)).copied().collect() }
    }

    /// The mean of every column, in f64.
    pub fn means(&self) -> Vec<f64> {
        let mut means = vec![0.0; self.width];
        for row in self.rows() {
            means.iter_mut().zip(row).for_each(|(mean, &value)| *mean += f64::from(value));
        }
        let n = self.height().max(1) as f64;
        means.iter_mut().for_each(|mean| *mean /= n);
        means
    }
}

/// `lhs · rhs` in f64 on one thread, so that the result does not depend on how many there are.
pub(super) fn product(lhs: MatRef<'_, f64>, rhs: MatRef<'_, f64>) -> Mat<f64> {
    let mut out = Mat::zeros(lhs.nrows(), rhs.ncols());
    matmul(&mut out, Accum::Replace, lhs, rhs, 1.0, Par::Seq);
    out
}

/// The place of the largest of `scores`; the first of equals.
pub(super) fn largest<T: PartialOrd + Copy>(scores: &[T]) -> usize {
    let mut best = 0;
    for (place, score) in scores.iter().enumerate() {
        if *score > scores[best] {
            best = place;
        }
    }
    best
}

//! How similar the units' activations are on the training sample: read off F̃ᵀF̃ in f64 where the ridge needs that anyway, else
//! seen block by block in f32 and never held.
//!
//! Cost of the blocks: one triangular product, nK² flops in f32, for K = 2048 and n = 2016 a tenth of a second.

use super::{Scene, Train};
use crate::measure::dense::rows;
use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use pulp::Arch;

/// Units whose products with all later units are formed together.
const BLOCK: usize = 256;

/// Most similar pairs that are kept.
pub(crate) const N_PAIRS: usize = 200;

/// A pair of units, `first < second`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pair {
    pub(crate) first: usize,
    pub(crate) second: usize,
    pub(crate) cosine: f32,
}

/// What is kept of F̃ᵀF̃.
pub(crate) struct Similarity {
    /// Σⱼ ‖f̃ⱼ‖²
    pub(crate) diagonal_sum: f64,
    /// Σ_{j≠l} |f̃ⱼ·f̃ₗ|
    pub(crate) off_diagonal_abs_sum: f64,
    /// ‖F̃ᵀF̃‖² = ‖F̃F̃ᵀ‖²
    pub(crate) norm_squared: f64,
    /// ‖F̃μ‖², μ the mean activations: with it ‖FFᵀ‖² is known too.
    pub(crate) mean_image_squared: f64,
    /// The [`N_PAIRS`] pairs with the largest positive cosine of f̃ⱼ and f̃ₗ, largest first.
    pub(crate) pairs: Vec<Pair>,
}

impl Similarity {
    pub(super) fn of(scene: &Scene<'_>) -> Option<Self> {
        let train = scene.train().filter(|train| train.is_finite())?;
        let n_units = train.norms.len();
        if !super::is_affordable(n_units, n_units, train.n) {
            return None;
        }
        let f = rows(&train.directions, train.n, n_units);
        let mut similarity = Self::of_diagonal(train);
        let mut best = Best::default();
        let mut buffer = vec![0.0_f32; BLOCK.min(n_units) * n_units];
        for start in (0..n_units).step_by(BLOCK) {
            let (height, width) = (BLOCK.min(n_units - start), n_units - start);
            let cosines = &mut buffer[..height * width];
            matmul(
                MatMut::from_row_major_slice_mut(cosines, height, width),
                Accum::Replace,
                f.subcols(start, height).transpose(),
                f.subcols(start, width),
                1.0_f32,
                Par::Seq,
            );
            for (i, row) in cosines.chunks_exact(width).enumerate() {
                let first = start + i;
                let (mut abs, mut squares) = (0.0, 0.0);
                for (&cosine, norm) in row[i + 1..].iter().zip(&train.norms[first + 1..]) {
                    let scaled = f64::from(cosine) * norm;
                    abs += scaled.abs();
                    squares += scaled * scaled;
                }
                similarity.off_diagonal_abs_sum += 2.0 * abs * train.norms[first];
                similarity.norm_squared += 2.0 * squares * train.norms[first].powi(2);
                best.look_at(first, &row[i + 1..]);
            }
        }
        similarity.pairs = best.into_pairs();
        Some(similarity)
    }

    /// From F̃ᵀF̃ itself, of which the lower triangle is read.
    pub(super) fn of_gram(train: &Train, gram: MatRef<'_, f64>) -> Self {
        let mut similarity = Self::of_diagonal(train);
        let mut best = Best::default();
        let reciprocal: Vec<f64> =
            train.norms.iter().map(|&norm| if norm > 0.0 { norm.recip() } else { 0.0 }).collect();
        let mut cosines = vec![0.0_f32; train.norms.len()];
        for first in 0..train.norms.len() {
            let below = gram.subrows(first + 1, gram.nrows() - first - 1).col(first);
            let below = below.try_as_col_major().expect("columns lie together").as_slice();
            let cosines = &mut cosines[..below.len()];
            let (mut abs, mut squares) = ([0.0; 8], [0.0; 8]);
            Arch::new().dispatch(
                #[inline(always)]
                || {
                    let scale = reciprocal[first];
                    for ((cosine, g), r) in cosines.iter_mut().zip(below).zip(&reciprocal[first + 1..]) {
                        *cosine = (g * scale * r) as f32;
                    }
                    // Eight sums side by side, which vector code keeps in one register.
                    let (chunks, rest) = below.as_chunks::<8>();
                    for chunk in chunks {
                        for lane in 0..8 {
                            abs[lane] += chunk[lane].abs();
                            squares[lane] += chunk[lane] * chunk[lane];
                        }
                    }
                    for (lane, g) in rest.iter().enumerate() {
                        abs[lane] += g.abs();
                        squares[lane] += g * g;
                    }
                },
            );
            similarity.off_diagonal_abs_sum += 2.0 * abs.iter().sum::<f64>();
            similarity.norm_squared += 2.0 * squares.iter().sum::<f64>();
            best.look_at(first, cosines);
        }
        similarity.pairs = best.into_pairs();
        similarity
    }

    /// What the diagonal of F̃ᵀF̃ gives.
    fn of_diagonal(train: &Train) -> Self {
        Self {
            diagonal_sum: train.norms.iter().map(|s| s * s).sum(),
            off_diagonal_abs_sum: 0.0,
            norm_squared: train.norms.iter().map(|s| s.powi(4)).sum(),
            mean_image_squared: mean_image_squared(&train.directions, &train.norms, &train.means),
            pairs: Vec::new(),
        }
    }
}

fn mean_image_squared(directions: &[f32], norms: &[f64], means: &[f64]) -> f64 {
    let weights: Vec<f64> = norms.iter().zip(means).map(|(s, mean)| s * mean).collect();
    directions
        .chunks_exact(weights.len())
        .map(|row| row.iter().zip(&weights).map(|(&d, w)| f64::from(d) * w).sum::<f64>().powi(2))
        .sum()
}

/// The best pairs so far. Candidates are gathered above a rising bar and thinned out when there are too many, so that
/// most of the K²/2 cosines cost one comparison.
#[derive(Default)]
struct Best {
    bar: f32,
    pairs: Vec<Pair>,
}

impl Best {
    /// Looks at the cosines of unit `first` with the units after it.
    fn look_at(&mut self, first: usize, cosines: &[f32]) {
        for (i, &cosine) in cosines.iter().enumerate() {
            if cosine > self.bar {
                self.pairs.push(Pair { first, second: first + 1 + i, cosine });
                if self.pairs.len() >= 16 * N_PAIRS {
                    self.thin();
                }
            }
        }
    }

    fn thin(&mut self) {
        self.pairs
            .sort_by(|a, b| b.cosine.total_cmp(&a.cosine).then(a.first.cmp(&b.first)).then(a.second.cmp(&b.second)));
        self.pairs.truncate(N_PAIRS);
        if let (N_PAIRS, Some(last)) = (self.pairs.len(), self.pairs.last()) {
            self.bar = last.cosine;
        }
    }

    fn into_pairs(mut self) -> Vec<Pair> {
        self.thin();
        self.pairs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::fixture::Fixture;

    /// Against the dense matrix in f64, with more units than one block so that every path is taken.
    #[test]
    fn the_blocks_are_the_whole_matrix() {
        let fixture = Fixture::random(7, 300, 30, 3);
        let scene = fixture.scene();
        let similarity = scene.similarity().unwrap();
        let f = fixture.centred_features();
        let (n, k) = (f.len() / 300, 300);
        let gram = |j: usize, l: usize| (0..n).map(|i| f[i * k + j] * f[i * k + l]).sum::<f64>();
        let (mut diagonal, mut off, mut squares) = (0.0, 0.0, 0.0);
        let mut cosines = Vec::new();
        for j in 0..k {
            for l in 0..k {
                let g = gram(j, l);
                squares += g * g;
                if j == l {
                    diagonal += g;
                } else {
                    off += g.abs();
                }
                if j < l {
                    cosines.push(g / (gram(j, j) * gram(l, l)).sqrt());
                }
            }
        }
        cosines.sort_by(|a, b| b.total_cmp(a));
        // f32 activations and products: 30 terms of 6e-8 each, relative.
        let close = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 2e-6, "{a} {b}");
        close(similarity.diagonal_sum, diagonal);
        close(similarity.off_diagonal_abs_sum, off);
        close(similarity.norm_squared, squares);
        assert_eq!(similarity.pairs.len(), N_PAIRS);
        for (pair, cosine) in similarity.pairs.iter().zip(&cosines) {
            close(f64::from(pair.cosine), *cosine);
        }
    }
}

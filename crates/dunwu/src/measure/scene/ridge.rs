//! The ridge regression of the labels on the present features, and with it the inverse that says which units repel.
//!
//! ```text
//! B = (F̃ᵀF̃ + ηI)⁻¹   [K][K]        K̃ = F̃F̃ᵀ + ηI   [n][n]        F̃ᵀ K̃⁻¹ F̃ = I − ηB
//! V_r = B F̃ᵀỸ = F̃ᵀA                A = K̃⁻¹Ỹ = (Ỹ − F̃V_r)/η
//! ```
//!
//! One Cholesky factorisation in f64, of B⁻¹ or of K̃, whichever is smaller; in f32 it would be lost where η is 10⁻⁶ of the
//! largest eigenvalue, which the paper's setting passes. Cost for K = 2048, n = 2016: nK² flops to form, K³/3 to factor.

use super::similarity::Pair;
use super::{Scene, Train};
use crate::measure::dense::{accumulate, cholesky, inner, product, rows, solve, solve_lower};
use dunwu_engine::loss::Objective;
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::{Accum, Mat, MatRef, Par};

/// Rows or columns of F̃ that are held in f64 at a time.
const PANEL: usize = 256;

/// Columns of the inverse that are solved for together.
const COLUMNS: usize = 32;

/// Which of the two matrices is factored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Space {
    /// F̃ᵀF̃ + ηI, `[unit][unit]`.
    Units,
    /// F̃F̃ᵀ + ηI, `[sample][sample]`.
    Samples,
}

/// The ridge solution with what measures need of its inverse.
pub(crate) struct Ridge {
    space: Space,
    eta: f64,
    /// L of the factored matrix.
    lower: Mat<f64>,
    /// `V_r`, `[unit][label]`.
    pub(crate) top: Mat<f64>,
    /// `AᵀA`, `[label][label]`.
    dual_gram: Mat<f64>,
    /// A, `[sample][label]`.
    dual: Mat<f64>,
}

impl Ridge {
    /// The same in the space asked for; both give the same numbers.
    pub(crate) fn in_space(scene: &Scene<'_>, space: Space) -> Option<Self> {
        let eta = scene.setup.eta;
        let train = scene.train().filter(|train| train.is_finite() && eta > 0.0)?;
        Self::of_gram(scene, space, gram(train, space))
    }

    /// From the lower triangle of F̃ᵀF̃ or F̃F̃ᵀ.
    pub(super) fn of_gram(scene: &Scene<'_>, space: Space, mut gram: Mat<f64>) -> Option<Self> {
        let eta = scene.setup.eta;
        let train = scene.train().filter(|train| train.is_finite() && eta > 0.0)?;
        for i in 0..gram.nrows() {
            gram[(i, i)] += eta;
        }
        let labels = &scene.setup.split.train.labels;
        let targets = centred_targets(train, labels);
        let lower = cholesky(gram)?;
        let (top, dual) = match space {
            Space::Units => {
                // F̃ᵀỸ from the same rounded F̃ that was factored, so that Ỹ − F̃V_r is exact where it nearly cancels.
                let mut top = Mat::zeros(train.norms.len(), targets.ncols());
                for first in (0..train.n).step_by(PANEL) {
                    let panel = sample_panel(train, first);
                    let panel = panel.as_ref();
                    accumulate(&mut top, panel.transpose(), targets.subrows(first, panel.nrows()));
                }
                solve(lower.as_ref(), top.as_mut());
                let mut dual = targets;
                for first in (0..train.n).step_by(PANEL) {
                    let panel = sample_panel(train, first);
                    let fit = product(panel.as_ref(), top.as_ref());
                    for h in 0..fit.ncols() {
                        for i in 0..fit.nrows() {
                            dual[(first + i, h)] = (dual[(first + i, h)] - fit[(i, h)]) / eta;
                        }
                    }
                }
                (top, dual)
            }
            Space::Samples => {
                let mut dual = targets;
                solve(lower.as_ref(), dual.as_mut());
                let mut top = Mat::zeros(train.norms.len(), dual.ncols());
                for first in (0..train.norms.len()).step_by(PANEL) {
                    let panel = unit_panel(train, first);
                    let part = product(panel.as_ref().transpose(), dual.as_ref());
                    top.submatrix_mut(first, 0, part.nrows(), part.ncols()).copy_from(&part);
                }
                (top, dual)
            }
        };
        let dual_gram = product(dual.transpose(), dual.as_ref());
        Some(Self { space, eta, lower, top, dual_gram, dual })
    }

    /// The cosine of `G_F` with the ridge's own gradient `K̃⁻¹ỸỸᵀK̃⁻¹F̃ = A V_rᵀ`, given R̃ and V; of rank M, so over labels.
    pub(crate) fn alignment(&self, scene: &Scene<'_>) -> Option<f64> {
        // What a loss of the features sends to them does not pass through the top layer.
        let Objective::Outputs(_) = scene.setup.objective else { return None };
        let gradient = scene.gradient()?;
        let weights = scene.weights();
        let train = scene.train()?;
        // A is orthogonal to constants, so R needs no centring.
        let residual_dual = product(rows(&train.residual, train.n, weights.n_labels).transpose(), self.dual.as_ref());
        let top: Vec<f64> = weights.top.iter().map(|&v| f64::from(v)).collect();
        let top = rows(&top, weights.n_units, weights.n_labels);
        let cross = product(top.transpose(), self.top.as_ref());
        let ridge_gram = product(self.top.transpose(), self.top.as_ref());
        let norm_squared = inner(self.dual_gram.as_ref(), ridge_gram.as_ref());
        let product = inner(residual_dual.as_ref(), cross.as_ref());
        let norms = (gradient.norm_squared * norm_squared).sqrt();
        (norms > 0.0).then(|| product / norms)
    }

    /// `B[j][l]` of each pair.
    pub(crate) fn inverse_entries(&self, train: &Train, pairs: &[Pair]) -> Vec<f64> {
        let mut units: Vec<usize> = pairs.iter().flat_map(|pair| [pair.first, pair.second]).collect();
        units.sort_unstable();
        units.dedup();
        let mut columns = match self.space {
            Space::Units => Mat::from_fn(self.lower.nrows(), units.len(), |r, c| f64::from(u8::from(r == units[c]))),
            Space::Samples => Mat::from_fn(self.lower.nrows(), units.len(), |r, c| train.centred(r, units[c])),
        };
        match self.space {
            // Column e_j of the identity keeps its zeros above j: units are in ascending order, so most of the triangle is skipped.
            Space::Units => {
                let n = self.lower.nrows();
                for (chunk, first) in units.chunks(COLUMNS).zip((0..).step_by(COLUMNS)) {
                    let top = chunk[0];
                    let part = columns.submatrix_mut(top, first, n - top, chunk.len());
                    solve_lower(self.lower.submatrix(top, top, n - top, n - top), part);
                }
            }
            Space::Samples => solve_lower(self.lower.as_ref(), columns.as_mut()),
        }
        let position = |unit: usize| units.binary_search(&unit).expect("every unit of a pair is listed");
        pairs
            .iter()
            .map(|pair| {
                let (a, b) = (columns.col(position(pair.first)), columns.col(position(pair.second)));
                let product: f64 = a.iter().zip(b.iter()).map(|(a, b)| a * b).sum();
                match self.space {
                    Space::Units => product,
                    Space::Samples => -product / self.eta,
                }
            })
            .collect()
    }
}

/// Ỹ, `[sample][label]`.
fn centred_targets(train: &Train, labels: &[u32]) -> Mat<f64> {
    let counts = &train.moments.first.counts;
    Mat::from_fn(train.n, counts.len(), |i, h| {
        f64::from(u8::from(labels[i] as usize == h)) - counts[h] / train.n as f64
    })
}

/// The lower triangle of F̃ᵀF̃ or F̃F̃ᵀ.
pub(super) fn gram(train: &Train, space: Space) -> Mat<f64> {
    let (size, depth) = match space {
        Space::Units => (train.norms.len(), train.n),
        Space::Samples => (train.n, train.norms.len()),
    };
    let mut gram = Mat::zeros(size, size);
    for first in (0..depth).step_by(PANEL) {
        let panel = match space {
            Space::Units => sample_panel(train, first),
            Space::Samples => unit_panel(train, first),
        };
        let panel = if space == Space::Units { panel.as_ref().transpose() } else { panel.as_ref() };
        triangular::matmul(
            &mut gram,
            BlockStructure::TriangularLower,
            Accum::Add,
            panel,
            BlockStructure::Rectangular,
            panel.transpose(),
            BlockStructure::Rectangular,
            1.0,
            Par::Seq,
        );
    }
    gram
}

/// Samples `first..first + PANEL` of F̃, `[sample][unit]`.
fn sample_panel(train: &Train, first: usize) -> Panel {
    let n_units = train.norms.len();
    let directions = &train.directions[first * n_units..train.n.min(first + PANEL) * n_units];
    let scaled = directions.chunks_exact(n_units).flat_map(|row| row.iter().zip(&train.norms));
    Panel { values: scaled.map(|(&d, norm)| f64::from(d) * norm).collect(), n_cols: n_units }
}

/// Units `first..first + PANEL` of F̃, `[sample][unit]`.
fn unit_panel(train: &Train, first: usize) -> Panel {
    let units = first..train.norms.len().min(first + PANEL);
    let norms = &train.norms[units.clone()];
    let scaled = train.directions.chunks_exact(train.norms.len()).flat_map(|row| row[units.clone()].iter().zip(norms));
    Panel { values: scaled.map(|(&d, norm)| f64::from(d) * norm).collect(), n_cols: norms.len() }
}

/// A part of F̃ in f64, row-major like F̃, so that filling it reads whole cache lines.
struct Panel {
    values: Vec<f64>,
    n_cols: usize,
}

impl Panel {
    fn as_ref(&self) -> MatRef<'_, f64> {
        rows(&self.values, self.values.len() / self.n_cols, self.n_cols)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::fixture::{Fixture, assert_close};

    /// Theorem 6, against the definition: `P_{η,−jl} = I − F̃₋(F̃₋ᵀF̃₋ + ηI)⁻¹F̃₋ᵀ` with units j and l left out, by its own
    /// factorisation for every pair. Also `F̃ᵀP_ηF̃ = η(I − ηB)`, whose off-diagonal is −η²B.
    #[test]
    fn units_that_are_similar_given_the_others_repel_and_no_other_pair_does() {
        for (n_units, n_train) in [(6, 20), (12, 9)] {
            let mut fixture = Fixture::random(5, n_units, n_train, 11);
            fixture.eta = 1e-3;
            let scene = fixture.scene();
            let train = scene.train().unwrap();
            let pairs: Vec<Pair> = (0..n_units)
                .flat_map(|first| (first + 1..n_units).map(move |second| Pair { first, second, cosine: 0.0 }))
                .collect();
            for space in [Space::Units, Space::Samples] {
                let entries = Ridge::in_space(&scene, space).unwrap().inverse_entries(train, &pairs);
                for (pair, entry) in pairs.iter().zip(&entries) {
                    let others: Vec<usize> = (0..n_units).filter(|&j| j != pair.first && j != pair.second).collect();
                    let f = |j: usize| Mat::from_fn(n_train, 1, |i, _| train.centred(i, j));
                    let rest = Mat::from_fn(n_train, others.len(), |i, j| train.centred(i, others[j]));
                    let mut gram = product(rest.transpose(), rest.as_ref());
                    (0..others.len()).for_each(|j| gram[(j, j)] += fixture.eta);
                    let mut coefficients = product(rest.transpose(), f(pair.second).as_ref());
                    solve(cholesky(gram).unwrap().as_ref(), coefficients.as_mut());
                    let projected = f(pair.second) - product(rest.as_ref(), coefficients.as_ref());
                    let similarity = product(f(pair.first).transpose(), projected.as_ref())[(0, 0)];
                    assert_eq!(entry.signum(), -similarity.signum(), "{space:?} {pair:?} {entry} {similarity}");
                }
            }
        }
    }

    #[test]
    fn both_spaces_give_the_same_inverse_and_solution() {
        let mut fixture = Fixture::random(5, 15, 18, 4);
        fixture.eta = 0.1;
        let scene = fixture.scene();
        let train = scene.train().unwrap();
        let units = Ridge::in_space(&scene, Space::Units).unwrap();
        let samples = Ridge::in_space(&scene, Space::Samples).unwrap();
        // Condition number below 1e3 times ε times 18 terms.
        for h in 0..5 {
            (0..15).for_each(|j| assert_close(units.top[(j, h)], samples.top[(j, h)], 1e-11));
            (0..18).for_each(|i| assert_close(units.dual[(i, h)], samples.dual[(i, h)], 1e-6));
        }
        let pairs = [Pair { first: 0, second: 3, cosine: 0.0 }, Pair { first: 2, second: 14, cosine: 0.0 }];
        for (a, b) in units.inverse_entries(train, &pairs).iter().zip(samples.inverse_entries(train, &pairs)) {
            assert_close(*a, b, 1e-9);
        }
    }
}

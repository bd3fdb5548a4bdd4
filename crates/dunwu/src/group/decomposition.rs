//! The regular representation split into isotypic components, and the power of a function in each.

use super::{fourier, isotypic};
use dunwu_engine::task::CayleyTable;
use std::ops::Range;

/// Largest order of a group that is decomposed numerically: two eigendecompositions of an M × M matrix, a few seconds.
pub const NUMERICAL_ORDER_LIMIT: usize = 1024;

/// Frobenius–Schur type of an irrep.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum IrrepKind {
    /// Realisable over ℝ (indicator +1).
    Real,
    /// Not equivalent to its conjugate (indicator 0); listed once together with its conjugate.
    Complex,
    /// Self-conjugate but not real (indicator −1).
    Quaternionic,
}

impl IrrepKind {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Complex => "complex",
            Self::Quaternionic => "quaternionic",
        }
    }
}

/// One irreducible representation, a complex pair counted once.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Irrep {
    /// Short name: `frequency 3` for a cyclic group, `degree 2 #1` otherwise; `trivial`, `sign` where they are.
    pub name: String,
    /// Complex dimension d.
    pub degree: usize,
    /// Real, complex or quaternionic.
    pub kind: IrrepKind,
    /// Real dimension of its isotypic component in the regular representation: d² or, for a complex pair, 2d².
    pub dimension: usize,
}

/// The regular representation ℝ^M split into isotypic components.
#[derive(Clone, Debug, PartialEq)]
pub struct Decomposition {
    /// Group order M.
    pub order: usize,
    /// The irreps in a fixed order, the trivial one first.
    pub irreps: Vec<Irrep>,
    /// Orthonormal basis of ℝ^M, `[M][M]` row-major with one basis vector a ROW, the irreps' rows one after another in
    /// the order of `irreps` (`dimension` rows each). Within an irrep the basis is any one; only the span has a meaning.
    pub basis: Vec<f64>,
    /// Largest deviation of the projectors from being orthogonal, complete and invariant; 1e-12 is exact arithmetic.
    pub residual: f64,
}

/// Why a table was not decomposed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DecompositionError {
    /// Irreps belong to groups.
    #[error("the table of order {order} is not a group, so it has no irreps")]
    NotAGroup {
        /// Number of elements.
        order: usize,
    },
    /// The work grows with the cube of the order.
    #[error(
        "irreps of a group of order {order} are not computed; the limit is {NUMERICAL_ORDER_LIMIT}, except for `cyclic:M`"
    )]
    TooLarge {
        /// Number of elements.
        order: usize,
    },
    /// Rounding errors won.
    #[error("the irreps of a group of order {order} could not be separated: best residual {residual:.1e}")]
    NotSeparated {
        /// Number of elements.
        order: usize,
        /// The least deviation that was reached, infinite where not even the dimensions came out right.
        residual: f64,
    },
}

impl Decomposition {
    /// Splits the regular representation of the group with this table.
    ///
    /// `ℤ_M` in its usual numbering has the Fourier basis in closed form, by frequency. Any other group is decomposed
    /// numerically, its irreps ordered by degree, then kind, then their characters on the classes in the order of
    /// [`CayleyTable::classes`], larger values first; so the trivial one leads.
    pub fn of(table: &CayleyTable) -> Result<Self, DecompositionError> {
        let order = table.order;
        if fourier::is_usual_cyclic(table) {
            return Ok(fourier::decomposition(order));
        }
        if !table.is_group() {
            return Err(DecompositionError::NotAGroup { order });
        }
        if order > NUMERICAL_ORDER_LIMIT {
            return Err(DecompositionError::TooLarge { order });
        }
        isotypic::decomposition(table)
    }

    /// Rows of the basis that span the component of `irreps[irrep_idx]`.
    pub fn rows(&self, irrep_idx: usize) -> Range<usize> {
        let start = self.irreps[..irrep_idx].iter().map(|irrep| irrep.dimension).sum();
        start..start + self.irreps[irrep_idx].dimension
    }

    /// Orthogonal projector onto the component of `irreps[irrep_idx]`, `[M][M]`.
    pub fn projector(&self, irrep_idx: usize) -> Vec<f64> {
        let order = self.order;
        let mut projector = vec![0.0; order * order];
        for row in self.rows(irrep_idx) {
            let vector = &self.basis[row * order..][..order];
            for (line, &left) in projector.chunks_exact_mut(order).zip(vector) {
                line.iter_mut().zip(vector).for_each(|(cell, &right)| *cell += left * right);
            }
        }
        projector
    }

    /// Squared norm of `vector` in each irrep's component; they add up to the squared norm of `vector` (Parseval).
    ///
    /// Shape: `[M] → [irreps]`.
    pub fn power(&self, vector: &[f64]) -> Vec<f64> {
        assert_eq!(vector.len(), self.order, "a function on the group has one value an element");
        let mut rows = self.basis.chunks_exact(self.order);
        let of_irrep = |irrep: &Irrep| {
            let rows = rows.by_ref().take(irrep.dimension);
            rows.map(|row| row.iter().zip(vector).map(|(b, v)| b * v).sum::<f64>().powi(2)).sum()
        };
        self.irreps.iter().map(of_irrep).collect()
    }

    /// [`power`](Self::power) of each column of `matrix`, `[M][n_columns]` row-major, summed in f64.
    ///
    /// Shape: `[M][K] → [irreps][K]`, cost 2 M² K flops.
    pub fn power_of_columns(&self, matrix: &[f32], n_columns: usize) -> Vec<f64> {
        assert_eq!(matrix.len(), self.order * n_columns, "one row an element");
        let mut power = vec![0.0; self.irreps.len() * n_columns];
        let mut coefficients = vec![0.0f64; n_columns];
        if n_columns == 0 {
            return power;
        }
        let mut rows = self.basis.chunks_exact(self.order);
        for (irrep, power) in self.irreps.iter().zip(power.chunks_exact_mut(n_columns)) {
            for row in rows.by_ref().take(irrep.dimension) {
                coefficients.fill(0.0);
                for (&b, values) in row.iter().zip(matrix.chunks_exact(n_columns)) {
                    coefficients.iter_mut().zip(values).for_each(|(c, &v)| *c += b * f64::from(v));
                }
                power.iter_mut().zip(&coefficients).for_each(|(p, &c)| *p += c * c);
            }
        }
        power
    }
}

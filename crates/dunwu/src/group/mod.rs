//! Representation theory of a finite group, from its multiplication table.

/// Frobenius–Schur type of an irrep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IrrepKind {
    /// Realisable over ℝ (indicator +1).
    Real,
    /// Not equivalent to its conjugate (indicator 0); listed once together with its conjugate.
    Complex,
    /// Self-conjugate but not real (indicator −1).
    Quaternionic,
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
    /// the order of `irreps` (`dimension` rows each).
    pub basis: Vec<f64>,
    /// Largest deviation of the projectors from being orthogonal, complete and invariant; 1e-12 is exact arithmetic.
    pub residual: f64,
}

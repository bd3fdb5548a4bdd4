//! Representation theory of a finite group, from its multiplication table.
//!
//! Functions on the group, ℝ^M, split into isotypic components, one for each irrep (a complex irrep together with its
//! conjugate). Each is a two-sided ideal: left and right multiplication both keep it. Matrices of single irreps are not
//! computed here.

mod decomposition;
mod fourier;
mod isotypic;

#[cfg(test)]
mod tests;

pub use decomposition::{Decomposition, DecompositionError, Irrep, IrrepKind, NUMERICAL_ORDER_LIMIT};

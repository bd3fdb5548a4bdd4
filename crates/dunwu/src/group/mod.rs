//! Representation theory of a finite group, from its multiplication table.
//!
//! Functions on the group, ℝ^M, split into isotypic components, one for each irrep (a complex irrep together with its
//! conjugate). Each is a two-sided ideal: left and right multiplication both keep it ([`Decomposition`]). The characters are
//! exact, as sums of roots of unity ([`CharacterTable`]), and each has unitary matrices ([`Representation`]). Subgroups,
//! induction and restriction are not here.

mod characters;
mod cyclotomic;
mod decomposition;
mod dixon;
mod fourier;
mod isotypic;
mod modular;
mod representation;

#[cfg(test)]
mod tests;

pub use characters::{CHARACTER_ORDER_LIMIT, Character, CharacterError, CharacterTable};
pub use decomposition::{Decomposition, DecompositionError, Irrep, IrrepKind, NUMERICAL_ORDER_LIMIT};
pub use faer::c64;
pub use representation::{Representation, RepresentationError};

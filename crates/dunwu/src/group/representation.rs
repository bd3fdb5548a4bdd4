//! Unitary matrices of single irreps.
//!
//! The character gives the central idempotent of its irrep in the group algebra, and so all its copies in the regular
//! representation at once. A random Hermitian element of the algebra, multiplied from the right, commutes with left
//! multiplication and tells the d copies apart by its d eigenvalues. One eigenvector is enough: the primitive idempotent that
//! it generates projects onto one copy, and squaring it removes what the eigenvector lacked in accuracy.

use super::characters::CharacterTable;
use super::decomposition::IrrepKind;
use crate::measure::dense::eigen;
use dunwu_engine::random::{Stream, rng};
use dunwu_engine::task::CayleyTable;
use faer::{Mat, c64};
use rand_chacha::rand_core::RngCore;

/// Random elements that are tried before giving up. One has been enough for every group in the tests.
const ATTEMPTS: usize = 8;

/// A larger deviation means that copies were mixed; rounding alone comes to 6e-14 at order 1000.
const RESIDUAL_LIMIT: f64 = 1e-12;

/// Squarings of the idempotent, each of which squares the share of the other copies.
const SQUARINGS: usize = 3;

const ZERO: c64 = c64 { re: 0.0, im: 0.0 };

/// A unitary matrix for each element: ρ(gh) = ρ(g)ρ(h).
#[derive(Clone, Debug, PartialEq)]
pub struct Representation {
    /// Group order M.
    pub order: usize,
    /// Dimension d.
    pub degree: usize,
    /// Real, complex or quaternionic. The matrices of a real one are real.
    pub kind: IrrepKind,
    /// `[M][d][d]`, row-major.
    pub matrices: Vec<c64>,
    /// Largest deviation from ρ(s)ρ(g) = ρ(sg) for generators s, from ρ(g)ρ(g)* = 1 and from tr ρ(g) = χ(g).
    pub residual: f64,
}

/// Why matrices were not found.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RepresentationError {
    /// Rounding errors won.
    #[error(
        "matrices of an irrep of degree {degree} of a group of order {order} were not found: best residual {residual:.1e}"
    )]
    NotSeparated {
        /// Number of elements.
        order: usize,
        /// Dimension of the irrep.
        degree: usize,
        /// The least deviation that was reached, infinite where no copy came out.
        residual: f64,
    },
}

impl Representation {
    /// The matrices of one character of `table`, whose characters `characters` are. Cost 8 M²d² flops.
    ///
    /// They are unique up to a unitary change of basis; which one it is, is the same at every call.
    pub fn of(
        table: &CayleyTable,
        characters: &CharacterTable,
        character_idx: usize,
    ) -> Result<Self, RepresentationError> {
        assert_eq!(table.order, characters.order, "the characters are those of this table");
        let regular = Regular::new(table, characters, character_idx);
        let (order, degree) = (table.order, regular.degree);
        if degree == 1 {
            return Ok(regular.representation(regular.character.clone()));
        }
        let mut rng = rng(0, Stream::Decomposition);
        let mut best = f64::INFINITY;
        for _ in 0..ATTEMPTS {
            let Some(basis) = regular.copy(&mut rng) else { continue };
            let representation = regular.representation(regular.matrices(&basis));
            if representation.residual <= RESIDUAL_LIMIT {
                return Ok(representation);
            }
            best = best.min(representation.residual);
        }
        Err(RepresentationError::NotSeparated { order, degree, residual: best })
    }

    /// ρ(g), `[d][d]` row-major.
    pub fn matrix(&self, g: u32) -> &[c64] {
        let n_cells = self.degree * self.degree;
        &self.matrices[g as usize * n_cells..][..n_cells]
    }

    /// Fourier coefficient of a function on the group.
    ///
    /// ```text
    /// û(ρ) = Σ_g u(g) ρ(g);      Σ_g u(g)² = (1/M) Σ_ρ d ‖û(ρ)‖²
    /// ```
    ///
    /// - Shape: `[M] → [d][d]`
    /// - Source: Diaconis 1988, Group Representations in Probability and Statistics, chapter 2
    pub fn fourier(&self, function: &[f64]) -> Vec<c64> {
        assert_eq!(function.len(), self.order, "a function on the group has one value an element");
        let mut coefficient = vec![ZERO; self.degree * self.degree];
        for (matrix, &value) in self.matrices.chunks_exact(self.degree * self.degree).zip(function) {
            coefficient.iter_mut().zip(matrix).for_each(|(cell, &entry)| *cell += entry * value);
        }
        coefficient
    }
}

/// The group algebra with one irrep singled out. Functions on the group are `[M]`.
struct Regular<'a> {
    table: &'a CayleyTable,
    inverses: Vec<u32>,
    generators: Vec<u32>,
    identity: usize,
    degree: usize,
    kind: IrrepKind,
    /// χ(g) by element.
    character: Vec<c64>,
}

impl<'a> Regular<'a> {
    fn new(table: &'a CayleyTable, characters: &CharacterTable, character_idx: usize) -> Self {
        const GROUP: &str = "a table with characters is a group";
        let character = &characters.characters[character_idx];
        Self {
            table,
            inverses: table.inverses().expect(GROUP),
            generators: table.generators().expect(GROUP),
            identity: table.identity().expect(GROUP) as usize,
            degree: character.degree,
            kind: character.kind,
            character: characters.class_of.iter().map(|&class| character.values[class]).collect(),
        }
    }

    /// Orthonormal basis of one copy of the irrep in the left regular representation, `[M][d]`; `None` where this draw did not
    /// single one out. Everything is real for a real irrep.
    fn copy(&self, rng: &mut impl RngCore) -> Option<Vec<c64>> {
        let scale = self.degree as f64 / self.table.order as f64;
        let central: Vec<c64> = self.character.iter().map(|value| value.conj() * scale).collect();
        let noise = self.noise(rng);
        let hermitian: Vec<c64> =
            noise.iter().zip(&self.inverses).map(|(&value, &g)| value + noise[g as usize].conj()).collect();
        let start = self.convolved(&self.noise(rng), &central);
        let vector = self.eigenvector(start, &hermitian)?;
        let mut idempotent = self.convolved(&self.adjoint(&vector), &vector);
        for _ in 0..SQUARINGS {
            idempotent = self.convolved(&self.convolved(&idempotent, &idempotent), &central);
            // The trace of the projector is d, and all its diagonal entries are the identity's coefficient.
            let factor = scale / idempotent[self.identity].re;
            idempotent.iter_mut().for_each(|cell| *cell *= factor);
        }
        let mut columns: Vec<Vec<c64>> = Vec::with_capacity(self.degree);
        for _ in 0..self.degree {
            let column = self.convolved(&self.noise(rng), &idempotent);
            columns.push(orthonormal(column, &columns)?);
        }
        // The first columns were random, so they may lie badly; from these the projector takes away what is not its own.
        let mut basis: Vec<Vec<c64>> = Vec::with_capacity(self.degree);
        for column in columns {
            basis.push(orthonormal(self.convolved(&column, &idempotent), &basis)?);
        }
        Some((0..self.table.order).flat_map(|g| basis.iter().map(move |column| column[g])).collect())
    }

    /// An eigenvector of right multiplication by `hermitian` within d dimensions, by Lanczos from `start`: the one whose
    /// eigenvalue is farthest from the others.
    fn eigenvector(&self, start: Vec<c64>, hermitian: &[c64]) -> Option<Vec<c64>> {
        let mut krylov = vec![orthonormal(start, &[])?];
        let mut tridiagonal = Mat::<f64>::zeros(self.degree, self.degree);
        for step in 0..self.degree {
            let image = self.convolved(&krylov[step], hermitian);
            tridiagonal[(step, step)] = inner(&krylov[step], &image).re;
            if step + 1 < self.degree {
                let next = orthonormal(image.clone(), &krylov)?;
                // Real, since `next` is what is left of `image`.
                let coupling = inner(&next, &image).re;
                (tridiagonal[(step + 1, step)], tridiagonal[(step, step + 1)]) = (coupling, coupling);
                krylov.push(next);
            }
        }
        let (eigenvalues, vectors) = eigen(tridiagonal.as_ref())?;
        let gap = |i: usize| {
            let below = if i == 0 { f64::INFINITY } else { eigenvalues[i] - eigenvalues[i - 1] };
            below.min(eigenvalues.get(i + 1).map_or(f64::INFINITY, |above| above - eigenvalues[i]))
        };
        let chosen = (0..self.degree).max_by(|&i, &j| gap(i).total_cmp(&gap(j)))?;
        let mut vector = vec![ZERO; self.table.order];
        for (step, direction) in krylov.iter().enumerate() {
            let share = vectors[(step, chosen)];
            vector.iter_mut().zip(direction).for_each(|(cell, &value)| *cell += value * share);
        }
        Some(vector)
    }

    /// ρ(g) = U* L(g) U for a basis U, `[M][d]` to `[M][d][d]`.
    fn matrices(&self, basis: &[c64]) -> Vec<c64> {
        let (order, degree) = (self.table.order, self.degree);
        let mut matrices = vec![ZERO; order * degree * degree];
        for (g, matrix) in (0..order as u32).zip(matrices.chunks_exact_mut(degree * degree)) {
            for (&gh, right) in self.table.row(g).iter().zip(basis.chunks_exact(degree)) {
                let left = &basis[gh as usize * degree..][..degree];
                for (line, left) in matrix.chunks_exact_mut(degree).zip(left) {
                    let left = left.conj();
                    line.iter_mut().zip(right).for_each(|(cell, &right)| *cell += left * right);
                }
            }
        }
        matrices
    }

    /// The matrices with their deviation.
    fn representation(&self, matrices: Vec<c64>) -> Representation {
        let (order, degree) = (self.table.order, self.degree);
        let mut representation = Representation { order, degree, kind: self.kind, matrices, residual: 0.0 };
        let mut residual = 0.0f64;
        for g in 0..order as u32 {
            let matrix = representation.matrix(g);
            for &s in &self.generators {
                let product = times(representation.matrix(s), matrix, degree);
                let expected = representation.matrix(self.table.times(s, g));
                residual = product.iter().zip(expected).fold(residual, |max, (&a, &b)| max.max((a - b).norm()));
            }
            let adjoint: Vec<c64> =
                (0..degree * degree).map(|cell| matrix[cell % degree * degree + cell / degree].conj()).collect();
            for (cell, &entry) in times(matrix, &adjoint, degree).iter().enumerate() {
                let identity = if cell % degree == cell / degree { 1.0 } else { 0.0 };
                residual = residual.max((entry - identity).norm());
            }
            let trace: c64 = matrix.iter().step_by(degree + 1).sum();
            residual = residual.max((trace - self.character[g as usize]).norm());
        }
        representation.residual = residual;
        representation
    }

    /// `(a ∗ b)(h) = Σ_g a(g) b(g⁻¹h)`
    fn convolved(&self, a: &[c64], b: &[c64]) -> Vec<c64> {
        let mut sum = vec![ZERO; self.table.order];
        for (&left, &inverse) in a.iter().zip(&self.inverses) {
            for (cell, &h) in sum.iter_mut().zip(self.table.row(inverse)) {
                *cell += left * b[h as usize];
            }
        }
        sum
    }

    /// a*(g) = a(g⁻¹)*
    fn adjoint(&self, a: &[c64]) -> Vec<c64> {
        self.inverses.iter().map(|&g| a[g as usize].conj()).collect()
    }

    /// Uniform numbers between −1 and 1, real for a real irrep.
    fn noise(&self, rng: &mut impl RngCore) -> Vec<c64> {
        let mut uniform = || (rng.next_u64() >> 11) as f64 / (1u64 << 52) as f64 - 1.0;
        let is_real = self.kind == IrrepKind::Real;
        (0..self.table.order).map(|_| c64::new(uniform(), if is_real { 0.0 } else { uniform() })).collect()
    }
}

/// The part of `vector` orthogonal to orthonormal `others`, normalised; `None` where next to nothing is left.
fn orthonormal(mut vector: Vec<c64>, others: &[Vec<c64>]) -> Option<Vec<c64>> {
    let before = norm(&vector);
    // Twice is enough (Giraud, Langou, Rozložník & van den Eshof 2005, doi:10.1007/s00211-005-0615-4).
    for other in others.iter().chain(others) {
        let share = inner(other, &vector);
        vector.iter_mut().zip(other).for_each(|(cell, &value)| *cell -= share * value);
    }
    let after = norm(&vector);
    if after <= 1e-6 * before {
        return None;
    }
    vector.iter_mut().for_each(|cell| *cell /= after);
    Some(vector)
}

/// Σ aᵢ* bᵢ
fn inner(a: &[c64], b: &[c64]) -> c64 {
    a.iter().zip(b).map(|(a, b)| a.conj() * b).sum()
}

fn norm(a: &[c64]) -> f64 {
    inner(a, a).re.sqrt()
}

/// Product of two d × d matrices.
fn times(a: &[c64], b: &[c64], degree: usize) -> Vec<c64> {
    let mut product = vec![ZERO; degree * degree];
    for (line, left) in product.chunks_exact_mut(degree).zip(a.chunks_exact(degree)) {
        for (&left, right) in left.iter().zip(b.chunks_exact(degree)) {
            line.iter_mut().zip(right).for_each(|(cell, &right)| *cell += left * right);
        }
    }
    product
}

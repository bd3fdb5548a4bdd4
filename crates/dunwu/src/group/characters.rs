//! The character table of a finite group, exactly.

use super::decomposition::IrrepKind;
use super::{cyclotomic, dixon, fourier};
use dunwu_engine::task::CayleyTable;
use faer::c64;

/// Largest order of a group whose character table is computed: three products of k × k matrices modulo a prime, k the number
/// of classes, so a few seconds for an abelian group of this order.
pub const CHARACTER_ORDER_LIMIT: usize = 1024;

/// All irreducible characters of a finite group over ℂ.
#[derive(Clone, Debug, PartialEq)]
pub struct CharacterTable {
    /// Group order M.
    pub order: usize,
    /// Least e ≥ 1 with gᵉ = 1 for all g: every eigenvalue is an e-th root of unity.
    pub exponent: usize,
    /// Conjugacy classes, in the order of [`CayleyTable::classes`]: the identity's first.
    pub classes: Vec<Vec<u32>>,
    /// `[M]`: for each element, the number of its class.
    pub class_of: Vec<usize>,
    /// For each class C, the number of the class C⁻¹.
    pub inverse_class: Vec<usize>,
    /// As many as classes, the trivial one first, in the order of [`Decomposition::irreps`](super::Decomposition::irreps);
    /// the two of a complex pair follow each other.
    pub characters: Vec<Character>,
}

/// An irreducible character, as the eigenvalues of its representation.
#[derive(Clone, Debug, PartialEq)]
pub struct Character {
    /// Dimension d of the representation over ℂ.
    pub degree: usize,
    /// Real, complex or quaternionic, from the exact Frobenius–Schur indicator.
    pub kind: IrrepKind,
    /// Number of the conjugate character; its own where it is real-valued.
    pub conjugate: usize,
    /// `[class][d]`: the eigenvalues exp(2πi s/e) of ρ(g) as their s in 0..e, ascending, a multiple one as often as it is
    /// one. This is exact.
    pub eigenvalues: Vec<u32>,
    /// `[class]`: χ(g) = Σ exp(2πi s/e) in floating point. Integers are exact; elsewhere d terms of size 1 were added.
    pub values: Vec<c64>,
}

/// Why a table has no character table here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CharacterError {
    /// Characters belong to groups.
    #[error("the table of order {order} is not a group, so it has no irreps")]
    NotAGroup {
        /// Number of elements.
        order: usize,
    },
    /// The work grows with the cube of the number of classes.
    #[error("characters of a group of order {order} are not computed; the limit is {CHARACTER_ORDER_LIMIT}")]
    TooLarge {
        /// Number of elements.
        order: usize,
    },
    /// Every random combination gave two characters the same eigenvalue, which chance does not do.
    #[error("the characters of a group of order {order} were not separated in {attempts} attempts")]
    NotSeparated {
        /// Number of elements.
        order: usize,
        /// Random combinations that were tried.
        attempts: usize,
    },
}

impl CharacterTable {
    /// The character table of the group with this multiplication table.
    ///
    /// Characters are ordered by degree, then kind, then their real parts on the classes in turn, larger values first; of a
    /// complex pair the one whose first value that is not real lies in the upper half plane leads. `ℤ_M` in its usual
    /// numbering goes by frequency instead, each before its conjugate.
    pub fn of(table: &CayleyTable) -> Result<Self, CharacterError> {
        let order = table.order;
        if !table.is_group() {
            return Err(CharacterError::NotAGroup { order });
        }
        if order > CHARACTER_ORDER_LIMIT {
            return Err(CharacterError::TooLarge { order });
        }
        if fourier::is_usual_cyclic(table) {
            return Ok(fourier::character_table(table));
        }
        dixon::character_table(table)
    }

    /// Eigenvalues of ρ(g) for g in a class: exp(2πi s/e) for each s here.
    pub fn eigenvalues(&self, character_idx: usize, class_idx: usize) -> &[u32] {
        let character = &self.characters[character_idx];
        &character.eigenvalues[class_idx * character.degree..][..character.degree]
    }

    /// χ on a class where it is an integer, which is decided exactly.
    pub fn integer(&self, character_idx: usize, class_idx: usize) -> Option<i64> {
        cyclotomic::integer(self.eigenvalues(character_idx, class_idx), self.exponent)
    }

    /// For each character, the number of its isotypic component over ℝ: its entry in
    /// [`Decomposition::irreps`](super::Decomposition::irreps), where a complex pair is one.
    pub fn components(&self) -> Vec<usize> {
        let mut n_components = 0;
        let of_character = |(idx, character): (usize, &Character)| {
            n_components += usize::from(character.conjugate >= idx);
            n_components - 1
        };
        self.characters.iter().enumerate().map(of_character).collect()
    }

    /// Orthogonal projector of ℝ^M onto the isotypic component of a character and its conjugate, `[M][M]`.
    ///
    /// ```text
    /// P[h, k] = (d/M) χ(h k⁻¹)*          and the same with χ* added for a complex pair
    /// ```
    ///
    /// - Source: Serre 1977, Linear Representations of Finite Groups, theorem 8
    pub fn projector(&self, table: &CayleyTable, character_idx: usize) -> Vec<f64> {
        assert_eq!(table.order, self.order, "the characters are those of this table");
        let character = &self.characters[character_idx];
        let copies = if character.kind == IrrepKind::Complex { 2.0 } else { 1.0 };
        let scale = copies * character.degree as f64 / self.order as f64;
        let inverses = table.inverses().expect("a table with characters is a group");
        let quotient = |h: u32, k: u32| table.times(h, inverses[k as usize]) as usize;
        let elements = 0..self.order as u32;
        let cells = elements.clone().flat_map(|h| elements.clone().map(move |k| (h, k)));
        cells.map(|(h, k)| scale * character.values[self.class_of[quotient(h, k)]].re).collect()
    }

    /// Whether the rows are orthonormal, in integers.
    ///
    /// ```text
    /// Σ_g χ(g) ψ(g)* = M δ_χψ
    /// ```
    pub fn rows_are_orthonormal(&self) -> bool {
        let indices = 0..self.characters.len();
        indices.clone().flat_map(|i| (0..=i).map(move |j| (i, j))).all(|(i, j)| {
            let of_class = |class: usize| (i, class, j, class, self.classes[class].len() as i64);
            let expected = if i == j { self.order as i64 } else { 0 };
            self.is_inner_product(indices.clone().map(of_class), expected)
        })
    }

    /// Whether the columns are orthogonal, in integers.
    ///
    /// ```text
    /// Σ_χ χ(g) χ(h)* = M/|class of g| if g and h are conjugate, else 0
    /// ```
    pub fn columns_are_orthogonal(&self) -> bool {
        let indices = 0..self.classes.len();
        indices.clone().flat_map(|i| (0..=i).map(move |j| (i, j))).all(|(i, j)| {
            let expected = if i == j { self.order / self.classes[i].len() } else { 0 };
            self.is_inner_product(indices.clone().map(|idx| (idx, i, idx, j, 1)), expected as i64)
        })
    }

    /// Whether Σ w χ(C) ψ(D)* over `terms` (χ, C, ψ, D, w) is `expected`, exactly.
    fn is_inner_product(&self, terms: impl Iterator<Item = (usize, usize, usize, usize, i64)>, expected: i64) -> bool {
        let mut coefficients = vec![0; self.exponent];
        for (left, class_left, right, class_right, weight) in terms {
            for &s in self.eigenvalues(left, class_left) {
                for &t in self.eigenvalues(right, class_right) {
                    coefficients[(s as usize + self.exponent - t as usize) % self.exponent] += weight;
                }
            }
        }
        coefficients[0] -= expected;
        cyclotomic::is_zero(coefficients)
    }
}

impl Character {
    /// The character with these eigenvalues, its own conjugate until told otherwise.
    pub(super) fn new(degree: usize, kind: IrrepKind, eigenvalues: Vec<u32>, exponent: usize) -> Self {
        let value = |eigenvalues: &[u32]| {
            let value = cyclotomic::sum(eigenvalues, exponent);
            match cyclotomic::integer(eigenvalues, exponent) {
                Some(integer) => c64::new(integer as f64, 0.0),
                None if kind == IrrepKind::Complex => value,
                None => c64::new(value.re, 0.0),
            }
        };
        let values = eigenvalues.chunks_exact(degree).map(value).collect();
        Self { degree, kind, conjugate: 0, eigenvalues, values }
    }
}

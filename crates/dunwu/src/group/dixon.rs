//! Characters modulo a prime, and their lift to sums of roots of unity.
//!
//! The class sums act on one another by multiplication; what all of them have as a common eigenvector is a character. Dixon
//! solves this modulo a prime p ≡ 1 mod e, where all eigenvalues exist and nothing is rounded, and reads the multiplicities
//! of the eigenvalues of ρ(g) off χ(1), χ(g), χ(g²), …, since they are integers from 0 to d < p. Schneider takes a small p
//! and splits eigenspaces class by class. Here p is large instead, so that one random combination of the class sums has k
//! different eigenvalues, and one vector, the identity, generates everything: it is the sum of all central idempotents.
//!
//! - Source: Dixon 1967, doi:10.1007/BF02162877; Schneider 1990, doi:10.1016/S0747-7171(08)80077-6

use super::characters::{Character, CharacterError, CharacterTable};
use super::decomposition::IrrepKind;
use super::modular::PrimeField;
use dunwu_engine::random::{Stream, rng};
use dunwu_engine::task::CayleyTable;
use rand_chacha::rand_core::RngCore;
use std::cmp::Reverse;

/// Random combinations that are tried. One fails with probability k²/2p, below 0.001 for a thousand classes.
const ATTEMPTS: usize = 8;

/// What the algorithm needs of a group.
pub(super) struct Conjugacy {
    pub(super) classes: Vec<Vec<u32>>,
    pub(super) class_of: Vec<usize>,
    pub(super) inverse_class: Vec<usize>,
    /// For each class, the classes of 1, g, g², … up to the order of its first element g.
    powers: Vec<Vec<usize>>,
    pub(super) exponent: usize,
}

/// A character modulo p.
struct Residues {
    degree: usize,
    kind: IrrepKind,
    of_class: Vec<u64>,
}

/// The character table of a table that is a group.
pub(super) fn character_table(table: &CayleyTable) -> Result<CharacterTable, CharacterError> {
    let group = Conjugacy::of(table);
    let field = PrimeField::with_roots_of_unity(group.exponent as u64);
    let mut rng = rng(0, Stream::Decomposition);
    let lifted = (0..ATTEMPTS).find_map(|_| {
        let weights: Vec<u64> = group.classes.iter().map(|_| field.of(rng.next_u64())).collect();
        let characters = group.characters(field, &group.combination(field, table, &weights))?;
        group.lifted(field, &characters)
    });
    let failed = CharacterError::NotSeparated { order: table.order, attempts: ATTEMPTS };
    lifted.map(|characters| group.table(table.order, characters)).ok_or(failed)
}

impl Conjugacy {
    /// Reads them off a table that is a group.
    pub(super) fn of(table: &CayleyTable) -> Self {
        const GROUP: &str = "the caller has checked that the table is a group";
        let classes = table.classes().expect(GROUP);
        let inverses = table.inverses().expect(GROUP);
        let identity = table.identity().expect(GROUP);
        let mut class_of = vec![0; table.order];
        for (number, class) in classes.iter().enumerate() {
            class.iter().for_each(|&g| class_of[g as usize] = number);
        }
        let inverse_class = classes.iter().map(|class| class_of[inverses[class[0] as usize] as usize]).collect();
        let powers_of = |g: u32| {
            let later = std::iter::successors(Some(g), |&power| Some(table.times(power, g)));
            let later = later.take_while(|&power| power != identity);
            std::iter::once(identity).chain(later).map(|power| class_of[power as usize]).collect()
        };
        let powers: Vec<Vec<usize>> = classes.iter().map(|class| powers_of(class[0])).collect();
        let exponent = powers.iter().fold(1, |e, powers| e / gcd(e, powers.len()) * powers.len());
        Self { classes, class_of, inverse_class, powers, exponent }
    }

    /// The matrix A of multiplication by a combination of class sums with weights w, `[i][k]`.
    ///
    /// ```text
    /// A[i, k] = Σ_j w_j #{(x, y) ∈ C_i × C_j : x y = z_k}
    /// ```
    fn combination(&self, field: PrimeField, table: &CayleyTable, weights: &[u64]) -> Vec<u64> {
        let n = self.classes.len();
        let inverses = table.inverses().expect("the table is a group");
        let mut rows = vec![0; n * n];
        for (k, class) in self.classes.iter().enumerate() {
            for (&y_inverse, &of_y) in inverses.iter().zip(&self.class_of) {
                let x = table.times(class[0], y_inverse);
                // At most M ≤ 2¹⁰ numbers below 2³⁰ are added to a cell.
                rows[self.class_of[x as usize] * n + k] += weights[of_y];
            }
        }
        rows.iter_mut().for_each(|cell| *cell = field.of(*cell));
        rows
    }

    /// All characters modulo p; `None` where two of them have the same eigenvalue.
    ///
    /// ```text
    /// A ω = λ ω,   ω(j) = |C_j| χ(g_j)/d;        (1, 0, …, 0) = Σ_χ (d²/M) ω_χ
    /// ```
    fn characters(&self, field: PrimeField, combination: &[u64]) -> Option<Vec<Residues>> {
        let n = self.classes.len();
        let order = field.of(self.class_of.len() as u64);
        // Coordinates of 1, A, A², … applied to the identity: the first n with one row a class, and all identity's ones.
        let mut krylov = vec![0; n * n];
        let mut moments = Vec::with_capacity(2 * n);
        let mut vector = vec![0; n];
        vector[0] = 1;
        for power in 0..2 * n {
            if power < n {
                krylov.chunks_exact_mut(n).zip(&vector).for_each(|(row, &value)| row[power] = value);
            }
            moments.push(vector[0]);
            vector = combination.chunks_exact(n).map(|row| field.dot(row, &vector)).collect();
        }
        let polynomial = field.recurrence(&moments);
        if polynomial.len() != n + 1 {
            return None;
        }
        let sizes: Vec<u64> = self.classes.iter().map(|class| field.inverse(class.len() as u64)).collect();
        let of_eigenvalue = |&eigenvalue: &u64| {
            let (others, scale) = field.without_root(&polynomial, eigenvalue);
            let scale = field.times(order, field.inverse(scale));
            let idempotent: Vec<u64> =
                krylov.chunks_exact(n).map(|row| field.times(scale, field.dot(&others, row))).collect();
            // The identity's coordinate of M (d²/M) ω is d² itself.
            let degree = idempotent[0].isqrt();
            if degree == 0 || degree * degree != idempotent[0] {
                return None;
            }
            let per_degree = field.inverse(degree);
            let value = |(&cell, &size)| field.times(per_degree, field.times(cell, size));
            let of_class: Vec<u64> = idempotent.iter().zip(&sizes).map(value).collect();
            let kind = self.kind(field, &of_class)?;
            Some(Residues { degree: degree as usize, kind, of_class })
        };
        field.roots(&polynomial)?.iter().map(of_eigenvalue).collect()
    }

    /// From the Frobenius–Schur indicator `(1/M) Σ_g χ(g²)`, which is 1, 0 or −1.
    fn kind(&self, field: PrimeField, of_class: &[u64]) -> Option<IrrepKind> {
        let square = |powers: &[usize]| powers[2 % powers.len()];
        let terms = self.classes.iter().zip(&self.powers);
        let terms = terms.map(|(class, powers)| field.times(class.len() as u64, of_class[square(powers)]));
        let sum = terms.fold(0, |sum, term| field.add(sum, term));
        let order = self.class_of.len() as u64;
        [(order, IrrepKind::Real), (0, IrrepKind::Complex), (field.negative(order), IrrepKind::Quaternionic)]
            .into_iter()
            .find_map(|(expected, kind)| (sum == expected).then_some(kind))
    }

    /// Every character with its eigenvalues; `None` where a multiplicity is none, which no character has.
    ///
    /// ```text
    /// m_s(g) = (1/n) Σ_t χ(gᵗ) ε⁻ˢᵗ,  n the order of g, ε = exp(2πi/n) mod p;      m_st(gᵗ) = m_s(g) for t prime to n
    /// ```
    fn lifted(&self, field: PrimeField, characters: &[Residues]) -> Option<Vec<Character>> {
        let roots = field.roots_of_unity(self.exponent as u64);
        let mut by_value: Vec<(u64, u32)> = roots.iter().zip(0..).map(|(&root, s)| (root, s)).collect();
        by_value.sort_unstable();
        let of_character = |residues: &Residues| {
            let eigenvalues = if residues.degree == 1 {
                // The character is its own eigenvalue.
                let exponent = |value: &u64| by_value.binary_search_by_key(value, |&(root, _)| root).ok();
                residues.of_class.iter().map(|value| Some(by_value[exponent(value)?].1)).collect::<Option<_>>()?
            } else {
                self.eigenvalues(field, &roots, residues)?
            };
            Some(Character::new(residues.degree, residues.kind, eigenvalues, self.exponent))
        };
        characters.iter().map(of_character).collect()
    }

    /// `[class][d]`, the exponents of the eigenvalues, one cyclic subgroup after another.
    fn eigenvalues(&self, field: PrimeField, roots: &[u64], residues: &Residues) -> Option<Vec<u32>> {
        let degree = residues.degree;
        let mut eigenvalues: Vec<Option<Vec<u32>>> = vec![None; self.classes.len()];
        for (class, powers) in self.powers.iter().enumerate() {
            if eigenvalues[class].is_some() {
                continue;
            }
            let n = powers.len();
            let step = self.exponent / n;
            let scale = field.inverse(n as u64);
            let values: Vec<u64> = powers.iter().map(|&power| residues.of_class[power]).collect();
            let mut found = Vec::with_capacity(degree);
            let mut factors = vec![0; n];
            for s in 0..n {
                if found.len() == degree {
                    break;
                }
                factors.iter_mut().enumerate().for_each(|(t, cell)| *cell = roots[step * ((n - s) * t % n)]);
                let multiplicity = field.times(scale, field.dot(&values, &factors)) as usize;
                if multiplicity > degree - found.len() {
                    return None;
                }
                found.extend(std::iter::repeat_n(s, multiplicity));
            }
            if found.len() != degree {
                return None;
            }
            for t in (1..=n).filter(|&t| gcd(t, n) == 1) {
                let mut turned: Vec<u32> = found.iter().map(|&s| (step * (s * t % n)) as u32).collect();
                turned.sort_unstable();
                eigenvalues[powers[t % n]] = Some(turned);
            }
        }
        Some(eigenvalues.into_iter().collect::<Option<Vec<_>>>()?.concat())
    }

    /// The characters in their canonical order.
    fn table(self, order: usize, mut characters: Vec<Character>) -> CharacterTable {
        // As in the decomposition, values are compared to six digits: far more than their errors, far less than their gaps.
        let digits = |value: f64| (1e6 * value).round() as i64;
        characters.sort_by_cached_key(|character| {
            let real: Vec<i64> = character.values.iter().map(|value| digits(value.re)).collect();
            let imaginary: Vec<i64> = character.values.iter().map(|value| digits(value.im)).collect();
            (character.degree, character.kind, Reverse(real), Reverse(imaginary))
        });
        // Conjugates differ in the imaginary parts alone, so they are neighbours.
        let mut idx = 0;
        while idx < characters.len() {
            let is_pair = characters[idx].kind == IrrepKind::Complex;
            characters[idx].conjugate = idx + usize::from(is_pair);
            if is_pair {
                characters[idx + 1].conjugate = idx;
            }
            idx += 1 + usize::from(is_pair);
        }
        let Self { classes, class_of, inverse_class, exponent, .. } = self;
        CharacterTable { order, exponent, classes, class_of, inverse_class, characters }
    }
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

//! `ℤ_M` in closed form.

use super::characters::{Character, CharacterTable};
use super::decomposition::{Decomposition, Irrep, IrrepKind};
use super::dixon::Conjugacy;
use dunwu_engine::task::CayleyTable;
use std::f64::consts::TAU;

/// Whether a·b = a + b mod M.
pub(super) fn is_usual_cyclic(table: &CayleyTable) -> bool {
    let order = table.order;
    order > 0
        && table.product.iter().enumerate().all(|(cell, &ab)| ab as usize == (cell / order + cell % order) % order)
}

/// The real Fourier basis.
///
/// ```text
/// 1/√M;   √(2/M) cos(2πka/M), √(2/M) sin(2πka/M), 1 ≤ k < M/2;   (−1)ᵃ/√M for even M
/// ```
pub(super) fn decomposition(order: usize) -> Decomposition {
    // k·a is reduced modulo M before it becomes an angle, so that large frequencies are as exact as small ones.
    let turn: Vec<(f64, f64)> = (0..order).map(|step| (TAU * step as f64 / order as f64).sin_cos()).collect();
    let m = order as f64;
    let mut basis = Vec::with_capacity(order * order);
    let mut irreps = Vec::new();
    for frequency in 0..=order / 2 {
        let is_real = (2 * frequency).is_multiple_of(order);
        if is_real {
            let sign = |a: usize| if (frequency * a).is_multiple_of(order) { 1.0 } else { -1.0 };
            basis.extend((0..order).map(|a| sign(a) * (1.0 / m).sqrt()));
        } else {
            let scale = (2.0 / m).sqrt();
            basis.extend((0..order).map(|a| scale * turn[frequency * a % order].1));
            basis.extend((0..order).map(|a| scale * turn[frequency * a % order].0));
        }
        irreps.push(Irrep {
            name: if frequency == 0 { "trivial".to_owned() } else { format!("frequency {frequency}") },
            degree: 1,
            kind: if is_real { IrrepKind::Real } else { IrrepKind::Complex },
            dimension: if is_real { 1 } else { 2 },
        });
    }
    let residual = residual(order, &basis);
    Decomposition { order, irreps, basis, residual }
}

/// The characters by frequency, each before its conjugate.
///
/// ```text
/// χ_k(a) = exp(2πi ka/M),  k = 0, 1, M − 1, 2, M − 2, …
/// ```
pub(super) fn character_table(table: &CayleyTable) -> CharacterTable {
    let order = table.order;
    let Conjugacy { classes, class_of, inverse_class, exponent, .. } = Conjugacy::of(table);
    let mut characters = Vec::with_capacity(order);
    for frequency in 0..=order / 2 {
        let is_real = (2 * frequency).is_multiple_of(order);
        let kind = if is_real { IrrepKind::Real } else { IrrepKind::Complex };
        let first = characters.len();
        let both = if is_real { vec![frequency] } else { vec![frequency, order - frequency] };
        for (i, &frequency) in both.iter().enumerate() {
            let eigenvalues = classes.iter().map(|class| (frequency * class[0] as usize % order) as u32).collect();
            let conjugate = first + both.len() - 1 - i;
            characters.push(Character { conjugate, ..Character::new(1, kind, eigenvalues, exponent) });
        }
    }
    CharacterTable { order, exponent, classes, class_of, inverse_class, characters }
}

/// Deviation from invariance and completeness, in O(M²).
///
/// The shift by one must turn each pair of rows by its angle. Then `BᵀB` commutes with the shift, and it is the identity if its
/// first column is.
fn residual(order: usize, basis: &[f64]) -> f64 {
    let mut residual = 0.0f64;
    let mut first_column = vec![0.0; order];
    for row in basis.chunks_exact(order) {
        first_column.iter_mut().zip(row).for_each(|(cell, &value)| *cell += row[0] * value);
    }
    first_column[0] -= 1.0;
    for deviation in first_column {
        residual = residual.max(deviation.abs());
    }
    let mut rows = basis.chunks_exact(order);
    for frequency in 0..=order / 2 {
        let (sin, cos) = (TAU * frequency as f64 / order as f64).sin_cos();
        let Some(even) = rows.next() else { break };
        let odd = if (2 * frequency).is_multiple_of(order) { None } else { rows.next() };
        for a in 0..order {
            let next = (a + 1) % order;
            let odd_here = odd.map_or(0.0, |odd| odd[a]);
            residual = residual.max((even[next] - (cos * even[a] - sin * odd_here)).abs());
            if let Some(odd) = odd {
                residual = residual.max((odd[next] - (sin * even[a] + cos * odd_here)).abs());
            }
        }
    }
    residual
}

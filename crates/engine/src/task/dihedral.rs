//! Symmetries of a regular polygon.

use super::cayley::CayleyTable;
use super::family::{Family, GroupFamily};

/// `D_n` of order 2n, n the number of sides: rᵏ is element k, rᵏs is element n + k, with rⁿ = s² = 1 and s r = r⁻¹ s.
///
/// The parameter is the polygon, as in geometry; group theorists who name the group by its order write D₂ₙ.
pub(super) const DIHEDRAL: GroupFamily = GroupFamily {
    family: Family {
        name: "dihedral",
        spelling: "dihedral:N",
        tells: "rotations and reflections of the regular N-gon; order 2N",
        example: "dihedral:8",
    },
    order: |sides| sides.checked_mul(2),
    table: |sides| {
        let n = sides as usize;
        CayleyTable::from_fn(2 * n, |a, b| {
            let (rotation_a, rotation_b) = (a % n, b % n);
            let (is_reflected_a, is_reflected_b) = (a >= n, b >= n);
            let rotation = if is_reflected_a { rotation_a + n - rotation_b } else { rotation_a + rotation_b } % n;
            rotation + if is_reflected_a == is_reflected_b { 0 } else { n }
        })
    },
};

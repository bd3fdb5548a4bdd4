//! Dicyclic groups, among them the quaternions.

use super::cayley::CayleyTable;
use super::family::{Family, GroupFamily};

/// `Dic_n` of order 4n: aᵏ is element k, aᵏx is element 2n + k, with a²ⁿ = 1, x² = aⁿ and x a = a⁻¹ x. Dic₂ is the quaternion
/// group Q₈.
pub(super) const DICYCLIC: GroupFamily = GroupFamily {
    family: Family {
        name: "dicyclic",
        spelling: "dicyclic:N",
        tells: "the dicyclic group of order 4N; N = 2 is the quaternion group",
        example: "dicyclic:2",
    },
    order: |n| n.checked_mul(4),
    table: |n| {
        let turn = 2 * n as usize;
        CayleyTable::from_fn(2 * turn, |a, b| {
            let (power_a, power_b) = (a % turn, b % turn);
            match (a >= turn, b >= turn) {
                (false, has_x) => (power_a + power_b) % turn + if has_x { turn } else { 0 },
                (true, false) => (power_a + turn - power_b) % turn + turn,
                (true, true) => (power_a + turn - power_b + turn / 2) % turn,
            }
        })
    },
};

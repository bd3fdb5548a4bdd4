//! Upper unitriangular 3 × 3 matrices modulo p.

use super::cayley::CayleyTable;
use super::family::{Family, GroupFamily};

/// Triples (x, y, z) modulo p with (x, y, z)·(x′, y′, z′) = (x + x′, y + y′, z + z′ + x y′); element x + p y + p² z.
///
/// p need not be prime: the matrices over `ℤ_p` form a group for every p.
pub(super) const HEISENBERG: GroupFamily = GroupFamily {
    family: Family {
        name: "heisenberg",
        spelling: "heisenberg:P",
        tells: "upper unitriangular 3×3 matrices mod P; order P³",
        example: "heisenberg:3",
    },
    order: |modulus| modulus.checked_pow(3),
    table: |modulus| {
        let p = modulus as usize;
        let coordinates = |element: usize| (element % p, element / p % p, element / (p * p));
        CayleyTable::from_fn(p * p * p, |a, b| {
            let ((xa, ya, za), (xb, yb, zb)) = (coordinates(a), coordinates(b));
            (xa + xb) % p + p * ((ya + yb) % p) + p * p * ((za + zb + xa * yb) % p)
        })
    },
};

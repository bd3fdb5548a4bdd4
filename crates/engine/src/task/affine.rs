//! Affine maps of the integers modulo p.

use super::cayley::CayleyTable;
use super::family::{Family, GroupFamily};
use super::multiplicative::{n_units, position, units};

/// The maps x ↦ a x + b modulo p with a a unit, composed: (a, b)·(a′, b′) = (a a′, a b′ + b). Element p·i + b for the i-th
/// unit a. p need not be prime.
pub(super) const AFFINE: GroupFamily = GroupFamily {
    family: Family {
        name: "affine",
        spelling: "affine:P",
        tells: "maps x ↦ ax + b mod P with a invertible, composed; order P·φ(P)",
        example: "affine:5",
    },
    order: |modulus| n_units(modulus)?.checked_mul(modulus),
    table: |modulus| {
        let p = modulus as usize;
        let units = units(modulus);
        CayleyTable::from_fn(p * units.len(), |f, g| {
            let (slope_f, slope_g) = (units[f / p], units[g / p]);
            p * position(&units, slope_f * slope_g % p) + (slope_f * (g % p) + f % p) % p
        })
    },
};

//! The integers modulo M under addition.

use super::cayley::CayleyTable;
use super::family::{Family, GroupFamily};

/// `ℤ_M`; element a is the integer a.
pub(super) const CYCLIC: GroupFamily = GroupFamily {
    family: Family {
        name: "cyclic",
        spelling: "cyclic:M",
        tells: "a + b mod M: the cyclic group of order M",
        example: "cyclic:71",
    },
    order: Some,
    table: |modulus| CayleyTable::from_fn(modulus as usize, |a, b| (a + b) % modulus as usize),
};

//! Units modulo M under multiplication.

use super::cayley::CayleyTable;
use super::family::{Family, GroupFamily};
use super::spelling::ORDER_LIMIT;

/// (ℤ/M)ˣ; the units in ascending order are elements 0, 1, …
pub(super) const MULTIPLICATIVE: GroupFamily = GroupFamily {
    family: Family {
        name: "multiplicative",
        spelling: "multiplicative:M",
        tells: "a · b mod M over the units a, b; order φ(M)",
        example: "multiplicative:97",
    },
    order: n_units,
    table: |modulus| {
        let units = units(modulus);
        let m = modulus as usize;
        CayleyTable::from_fn(units.len(), |a, b| position(&units, units[a] * units[b] % m))
    },
};

/// Euler's φ; 0 for modulus 0, where there is no such group.
pub(super) fn n_units(modulus: u64) -> Option<u64> {
    // φ(m) ≥ √(m/2), so beyond this modulus the order is above the limit anyhow and nobody waits for the count.
    if modulus > 2 * ORDER_LIMIT * ORDER_LIMIT {
        return None;
    }
    let mut rest = modulus;
    let mut n_units = modulus;
    let mut factor = 2;
    while factor * factor <= rest {
        if rest.is_multiple_of(factor) {
            n_units -= n_units / factor;
            while rest.is_multiple_of(factor) {
                rest /= factor;
            }
        }
        factor += 1;
    }
    if rest > 1 {
        n_units -= n_units / rest;
    }
    Some(n_units)
}

/// The units modulo M, ascending.
pub(super) fn units(modulus: u64) -> Vec<usize> {
    (1..=modulus as usize).map(|a| a % modulus as usize).filter(|&a| gcd(a, modulus as usize) == 1).collect()
}

/// Where `unit` stands among the units.
pub(super) fn position(units: &[usize], unit: usize) -> usize {
    units.binary_search(&unit).expect("units are closed under multiplication")
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eulers_function_counts_the_units() {
        for modulus in 1..=400 {
            assert_eq!(n_units(modulus).unwrap(), units(modulus).len() as u64, "{modulus}");
        }
        assert_eq!(n_units(0), Some(0));
        assert_eq!(n_units(u64::MAX), None);
    }
}

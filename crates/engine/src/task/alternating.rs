//! Even permutations of n letters.

use super::cayley::CayleyTable;
use super::family::{Family, GroupFamily};
use super::symmetric::{compose, factorial, permutations, rank};

/// `A_n`; numbering and product as for `S_n`, odd permutations left out.
///
/// Neighbours 2k, 2k+1 in lexicographic order differ by a swap of the last two letters, so exactly one is even, and an even
/// permutation's number is half its rank in `S_n`.
pub(super) const ALTERNATING: GroupFamily = GroupFamily {
    family: Family {
        name: "alternating",
        spelling: "alternating:N",
        tells: "even permutations of N letters, composed; order N!/2",
        example: "alternating:5",
    },
    order: |letters| Some(factorial(letters)?.div_ceil(2)),
    table: |letters| {
        let even: Vec<_> = permutations(letters as usize).into_iter().filter(|p| is_even(p)).collect();
        CayleyTable::from_fn(even.len(), |a, b| rank(&compose(&even[a], &even[b])) / 2)
    },
};

/// Whether the number of inversions is even.
fn is_even(permutation: &[usize]) -> bool {
    let inversions = |i: usize| permutation[i + 1..].iter().filter(|&&later| later < permutation[i]).count();
    (0..permutation.len()).map(inversions).sum::<usize>() % 2 == 0
}

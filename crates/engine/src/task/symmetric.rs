//! Permutations of n letters.

use super::cayley::CayleyTable;
use super::family::{Family, GroupFamily};

/// `S_n`; elements are numbered by the lexicographic order of i ↦ a(i), so that 0 is the identity, and (a·b)(i) = a(b(i)).
pub(super) const SYMMETRIC: GroupFamily = GroupFamily {
    family: Family {
        name: "symmetric",
        spelling: "symmetric:N",
        tells: "all permutations of N letters, composed; order N!",
        example: "symmetric:4",
    },
    order: factorial,
    table: |letters| {
        let permutations = permutations(letters as usize);
        CayleyTable::from_fn(permutations.len(), |a, b| rank(&compose(&permutations[a], &permutations[b])))
    },
};

/// n!, `None` past 2⁶⁴.
pub(super) fn factorial(n: u64) -> Option<u64> {
    // Past 20! the product overflows at once, however large n is.
    (1..=n).try_fold(1u64, u64::checked_mul)
}

/// All permutations of n letters in lexicographic order.
pub(super) fn permutations(n: usize) -> Vec<Vec<usize>> {
    let mut current: Vec<usize> = (0..n).collect();
    let mut all = vec![current.clone()];
    // The next one: raise the last letter that can be raised by the least, and put the rest in ascending order.
    while let Some(raised) = (1..n).rev().map(|i| i - 1).find(|&i| current[i] < current[i + 1]) {
        let by = (raised + 1..n).rev().find(|&j| current[j] > current[raised]).expect("its right neighbour is larger");
        current.swap(raised, by);
        current[raised + 1..].reverse();
        all.push(current.clone());
    }
    all
}

/// i ↦ a(b(i)).
pub(super) fn compose(a: &[usize], b: &[usize]) -> Vec<usize> {
    b.iter().map(|&i| a[i]).collect()
}

/// Position in lexicographic order: the Lehmer code read in the factorial number system.
pub(super) fn rank(permutation: &[usize]) -> usize {
    let n = permutation.len();
    (0..n).fold(0, |rank, i| {
        let n_smaller_right = permutation[i + 1..].iter().filter(|&&later| later < permutation[i]).count();
        rank * (n - i) + n_smaller_right
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rank_is_the_position_in_lexicographic_order() {
        for n in 0..=6 {
            let all = permutations(n);
            assert_eq!(all.len() as u64, factorial(n as u64).unwrap());
            assert!(all.is_sorted() && all.iter().enumerate().all(|(i, p)| rank(p) == i), "{n}");
        }
    }
}

//! Direct products.

use super::cayley::CayleyTable;
use super::family::{Family, NamedGroup};

/// A × B × …: element Σᵢ xᵢ ∏_{j<i} |Gⱼ|, the first factor fastest.
///
/// Nested products are flattened when they are read: the direct product is associative, and so is this numbering.
pub(super) const PRODUCT: Family = Family {
    name: "product",
    spelling: "product:GROUP,GROUP,…",
    tells: "direct product of groups, the first factor's element varying fastest",
    example: "product:cyclic:2,cyclic:3",
};

/// Order of the product; `None` past 2⁶⁴.
pub(super) fn order(factors: &[NamedGroup]) -> Option<u64> {
    factors.iter().try_fold(1u64, |order, factor| order.checked_mul(factor.order()?))
}

/// Multiplication table of the product of at least one factor.
pub(super) fn table(factors: &[NamedGroup]) -> CayleyTable {
    factors
        .iter()
        .map(NamedGroup::table)
        .reduce(|fast, slow| {
            let n = fast.order;
            CayleyTable::from_fn(n * slow.order, |a, b| {
                let fast_product = fast.times((a % n) as u32, (b % n) as u32) as usize;
                fast_product + n * slow.times((a / n) as u32, (b / n) as u32) as usize
            })
        })
        .expect("a product has factors")
}

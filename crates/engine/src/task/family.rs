//! The list of families, which parsing, error messages and help walk.

use super::{
    affine, alternating, base, cayley::CayleyTable, cyclic, dicyclic, digits, dihedral, expression, heisenberg,
    multiplicative, operands, parity, product, recall, several, symmetric, table, word,
};
use std::fmt;

/// A family of problems, as help shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Family {
    /// The word before the first colon.
    pub name: &'static str,
    /// How a member is written.
    pub spelling: &'static str,
    /// What it is, in one line.
    pub tells: &'static str,
    /// A member.
    pub example: &'static str,
}

/// A family of groups with one integer parameter.
#[derive(Clone, Copy, Debug)]
pub struct GroupFamily {
    /// Its entry in [`FAMILIES`].
    pub family: Family,
    /// Group order from the parameter; `None` past 2⁶⁴, 0 where the parameter makes no group.
    pub(super) order: fn(u64) -> Option<u64>,
    /// Multiplication table from a parameter whose order is within the limits.
    pub(super) table: fn(u64) -> CayleyTable,
}

/// One group of a family: `dihedral:8`.
#[derive(Clone, Copy, Debug)]
pub struct NamedGroup {
    /// Which family.
    pub family: &'static GroupFamily,
    /// Its integer parameter.
    pub parameter: u64,
}

/// Every family, in reading order.
pub static FAMILIES: &[Family] = &[
    cyclic::CYCLIC.family,
    product::PRODUCT,
    symmetric::SYMMETRIC.family,
    alternating::ALTERNATING.family,
    dihedral::DIHEDRAL.family,
    dicyclic::DICYCLIC.family,
    heisenberg::HEISENBERG.family,
    affine::AFFINE.family,
    multiplicative::MULTIPLICATIVE.family,
    operands::OPERANDS,
    word::WORD,
    expression::EXPRESSION,
    several::SEVERAL,
    base::BASE,
    table::TABLE,
    recall::RECALL,
    parity::PARITY,
    digits::DIGITS,
];

/// The families with one integer parameter.
pub(super) static GROUP_FAMILIES: &[GroupFamily] = &[
    cyclic::CYCLIC,
    symmetric::SYMMETRIC,
    alternating::ALTERNATING,
    dihedral::DIHEDRAL,
    dicyclic::DICYCLIC,
    heisenberg::HEISENBERG,
    affine::AFFINE,
    multiplicative::MULTIPLICATIVE,
];

/// The group `name:parameter`, if the parameter is a number.
pub(super) fn named_group(name: &str, parameter: &str) -> Option<NamedGroup> {
    let family = GROUP_FAMILIES.iter().find(|group| group.family.name == name)?;
    Some(NamedGroup { family, parameter: integer(parameter)? })
}

/// A number in plain digits.
pub(super) fn integer(text: &str) -> Option<u64> {
    let text = text.trim();
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

impl NamedGroup {
    /// Group order; `None` past 2⁶⁴.
    pub fn order(&self) -> Option<u64> {
        (self.family.order)(self.parameter)
    }

    /// Multiplication table; the order must be within the limits.
    pub(super) fn table(&self) -> CayleyTable {
        (self.family.table)(self.parameter)
    }
}

impl PartialEq for NamedGroup {
    fn eq(&self, other: &Self) -> bool {
        self.family.family.name == other.family.family.name && self.parameter == other.parameter
    }
}

impl Eq for NamedGroup {}

impl fmt::Display for NamedGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.family.family.name, self.parameter)
    }
}

/// The family whose name is nearest to `name`, if any is near enough to have been meant.
pub(super) fn nearest_family(name: &str) -> Option<&'static str> {
    let lower = name.to_lowercase();
    if lower.starts_with("conjuga") || lower.starts_with("commutator") {
        return Some(super::word::WORD.name);
    }
    if let Some(family) = FAMILIES.iter().find(|f| lower.len() >= 2 && f.name.starts_with(&lower)) {
        return Some(family.name);
    }
    let (distance, nearest) = FAMILIES.iter().map(|f| (strsim::levenshtein(&lower, f.name), f.name)).min()?;
    (distance * 3 <= nearest.len()).then_some(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_its_family() {
        assert_eq!(nearest_family("cylic"), Some("cyclic"));
        assert_eq!(nearest_family("Dihedrel"), Some("dihedral"));
        assert_eq!(nearest_family("sym"), Some("symmetric"));
        assert_eq!(nearest_family("conjugation"), Some("word"));
        assert_eq!(nearest_family("majority"), None);
    }
}

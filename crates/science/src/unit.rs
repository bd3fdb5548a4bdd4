//! Units of quantities: products of rational powers of base units that a laboratory names, such as `step`, `sample`, `sample/step^2`.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::{self, Display, Write as _};
use thiserror::Error;

/// Powers closer than this are the same: exponents such as 5/3 are held as numbers.
const SAME_POWER: f64 = 1e-9;

/// The unit of a quantity: base units with their powers. Without any it is a pure number.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Unit(BTreeMap<String, f64>);

/// Why a text is no unit.
#[derive(Debug, Error, PartialEq, Eq)]
#[error(
    "{text:?} is no unit; units are products of names and powers, such as `step`, `sample/step^2`, or `1` for a pure number"
)]
pub struct UnitError {
    /// The text.
    pub text: String,
}

impl Unit {
    /// The unit of a pure number.
    pub fn pure() -> Self {
        Self::default()
    }

    /// One base unit.
    pub fn base(name: &str) -> Self {
        Self(BTreeMap::from([(name.to_owned(), 1.0)]))
    }

    /// Reads `step`, `sample/step^2`, `1`.
    ///
    /// # Errors
    ///
    /// Where the text is none.
    pub fn parse(text: &str) -> Result<Self, UnitError> {
        let bad = || UnitError { text: text.to_owned() };
        if text.trim().is_empty() {
            return Err(bad());
        }
        let mut unit = Self::default();
        let mut sign = 1.0;
        for part in text.trim().split_inclusive(['*', '/']) {
            let (word, next) = match part.strip_suffix('/') {
                Some(word) => (word, -1.0),
                None => (part.strip_suffix('*').unwrap_or(part), 1.0),
            };
            let (name, power) =
                word.trim().split_once('^').map_or((word.trim(), "1"), |(name, power)| (name.trim(), power));
            let power: f64 = power.trim().parse().ok().ok_or_else(bad)?;
            let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            match name {
                "1" => {}
                _ if is_name && power.is_finite() => {
                    unit = unit.times(&Self(BTreeMap::from([(name.to_owned(), sign * power)])));
                }
                _ => return Err(bad()),
            }
            sign = next;
        }
        Ok(unit)
    }

    /// Whether it is that of a pure number.
    pub fn is_pure(&self) -> bool {
        self.0.is_empty()
    }

    /// The unit of a product.
    #[must_use]
    pub fn times(&self, other: &Self) -> Self {
        let mut powers = self.0.clone();
        for (name, power) in &other.0 {
            *powers.entry(name.clone()).or_default() += power;
        }
        powers.retain(|_, power| power.abs() > SAME_POWER);
        Self(powers)
    }

    /// The unit of a power.
    #[must_use]
    pub fn to_the(&self, power: f64) -> Self {
        let powers = self.0.iter().map(|(name, of)| (name.clone(), of * power));
        Self(powers.filter(|(_, power)| power.abs() > SAME_POWER).collect())
    }

    /// Whether both measure the same.
    pub fn is_same(&self, other: &Self) -> bool {
        self.times(&other.to_the(-1.0)).is_pure()
    }
}

impl Display for Unit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_pure() {
            return out.write_str("1");
        }
        for (place, (name, power)) in self.0.iter().enumerate() {
            if place > 0 {
                out.write_char('*')?;
            }
            out.write_str(name)?;
            if (power - 1.0).abs() > SAME_POWER {
                write!(out, "^{power}")?;
            }
        }
        Ok(())
    }
}

impl TryFrom<String> for Unit {
    type Error = UnitError;

    fn try_from(text: String) -> Result<Self, UnitError> {
        Self::parse(&text)
    }
}

impl From<Unit> for String {
    fn from(unit: Unit) -> Self {
        unit.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_multiply_and_print_as_they_are_read() {
        let rate = Unit::parse("sample/step^2").unwrap();
        assert_eq!(rate.to_string(), "sample*step^-2");
        assert_eq!(Unit::parse(&rate.to_string()).unwrap(), rate);
        assert!(rate.times(&Unit::parse("step^2").unwrap()).is_same(&Unit::base("sample")));
        assert!(Unit::base("step").to_the(0.5).times(&Unit::base("step").to_the(-0.5)).is_pure());
        assert_eq!(Unit::parse("1").unwrap(), Unit::pure());
        for bad in ["", "3", "step^", "step**2", "a b", "^2", "step^nan"] {
            assert!(Unit::parse(bad).is_err(), "{bad:?}");
        }
    }
}

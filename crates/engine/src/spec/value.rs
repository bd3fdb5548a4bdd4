//! A setting's value as a person writes it, and what a setting allows.

use std::fmt;
use std::ops::Bound;

/// A value as written in a file or on the command line.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// Everything else.
    Text(String),
}

/// Reads a value from the command line: `true`, `12`, `2e-4`, `adam`. Quotes around it make it a text: `"12"`.
///
/// Total: what is nothing else is a text, also `inf` and `nan`. Underscores may group digits, as in TOML.
pub fn parse_value(text: &str) -> Value {
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return Value::Text(inner.to_owned());
        }
    }
    let is_number = text.trim_start_matches(['+', '-', '.']).starts_with(|c: char| c.is_ascii_digit());
    let digits = text.replace('_', "");
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ if !is_number => Value::from(text),
        _ => match (digits.parse(), digits.parse()) {
            (Ok(whole), _) => Value::Int(whole),
            (_, Ok(real)) => Value::Float(real),
            _ => Value::from(text),
        },
    }
}

impl Value {
    /// The kind of value, for a message: `a text`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Bool(_) => "true or false",
            Self::Int(_) => "a whole number",
            Self::Float(_) => "a number",
            Self::Text(_) => "a text",
        }
    }
}

impl fmt::Display for Value {
    /// Numbers as the shortest decimal that reads back as the same bits; texts quoted.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{value:?}"),
            Self::Text(value) => write!(f, "{value:?}"),
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<u64> for Value {
    /// Saturates, which no setting allows, so that [`super::check`] refuses the value.
    fn from(value: u64) -> Self {
        Self::Int(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

/// The word that stands for "no number of steps".
pub(super) const NEVER: &str = "never";

/// What a setting allows. `Display` says it in words, the same in errors and in help.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Allowed {
    /// True or false.
    Flag,
    /// A whole number, bounds included.
    ///
    /// A number written as a float is taken where it is whole (`steps=1e4`, also `300.0`): nothing is lost, and people
    /// write large counts so. `2.5` is refused.
    Count {
        /// Least.
        min: u64,
        /// Largest.
        max: u64,
    },
    /// A whole number, or the word `never`.
    CountOrNever {
        /// Largest.
        max: u64,
    },
    /// A finite number; whole numbers are taken as well.
    Number {
        /// From here.
        min: Bound<f64>,
        /// To here.
        max: Bound<f64>,
    },
    /// One of these words.
    Name(&'static [&'static str]),
    /// A text; the words say which.
    Text(&'static str),
}

impl Allowed {
    /// Above 0.
    pub(super) const POSITIVE: Self = Self::Number { min: Bound::Excluded(0.0), max: Bound::Unbounded };
    /// From 0.
    pub(super) const NOT_NEGATIVE: Self = Self::Number { min: Bound::Included(0.0), max: Bound::Unbounded };
    /// (0, 1].
    pub(super) const SHARE: Self = Self::Number { min: Bound::Excluded(0.0), max: Bound::Included(1.0) };
    /// [0, 1].
    pub(super) const SHARE_OR_NONE: Self = Self::Number { min: Bound::Included(0.0), max: Bound::Included(1.0) };
    /// [0, 1).
    pub(super) const DECAY: Self = Self::Number { min: Bound::Included(0.0), max: Bound::Excluded(1.0) };
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => write!(f, "true or false"),
            Self::Count { min, max } => write!(f, "a whole number from {min} to {max}"),
            Self::CountOrNever { max } => write!(f, "a whole number from 0 to {max}, or {NEVER:?}"),
            Self::Number { min, max } => {
                match min {
                    Bound::Included(min) => write!(f, "a number of at least {min}")?,
                    Bound::Excluded(min) => write!(f, "a number above {min}")?,
                    Bound::Unbounded => write!(f, "a finite number")?,
                }
                match max {
                    Bound::Included(max) => write!(f, ", at most {max}"),
                    Bound::Excluded(max) => write!(f, ", below {max}"),
                    Bound::Unbounded => Ok(()),
                }
            }
            Self::Name(names) => write!(f, "{}", names.join(", ")),
            Self::Text(what) => write!(f, "{what}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_people_write_them() {
        let text = Value::from;
        for (written, value) in [
            ("true", Value::Bool(true)),
            ("12", Value::Int(12)),
            ("-3", Value::Int(-3)),
            ("1_000", Value::Int(1000)),
            ("2e-4", Value::Float(2e-4)),
            (".5", Value::Float(0.5)),
            ("1e4", Value::Float(1e4)),
            ("99999999999999999999", Value::Float(1e20)),
            ("adam", text("adam")),
            ("inf", text("inf")),
            ("nan", text("nan")),
            ("cyclic:71", text("cyclic:71")),
            ("3x", text("3x")),
            ("1.2.3", text("1.2.3")),
            ("snake_case", text("snake_case")),
            ("\"12\"", text("12")),
            ("'true'", text("true")),
            ("\"", text("\"")),
            ("", text("")),
        ] {
            assert_eq!(parse_value(written), value, "{written}");
        }
    }

    #[test]
    fn a_printed_number_reads_back_as_the_same_bits() {
        for number in [0.1 + 0.2, 1e-8, 5e-324, f64::MAX, 1.0, 1e15, 1e16, 2e-4] {
            assert_eq!(parse_value(&Value::Float(number).to_string()), Value::Float(number));
        }
    }
}

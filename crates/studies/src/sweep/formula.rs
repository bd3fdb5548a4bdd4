//! Quantities that depend on others, and cells that are left out.
//!
//! ```text
//! data.fraction = "= c * ln(M) / M"          exclude = "M > 71 and model.width < 512"
//! ```
//!
//! Names: M labels, N samples in the population, K hidden units, n training samples (only in what is left out), a free quantity
//! `c` that an axis `let.c` gives, and every setting that is a number, by its dotted name. Functions are those of `exmex`: `ln`,
//! `log2`, `exp`, `sqrt`, `round`, `floor`, `ceil`, `abs`, …; operators + − * / ^.

use dunwu_engine::spec::{Value, parse_value};
use exmex::{Express, FlatEx};

/// An arithmetic expression.
#[derive(Clone, Debug)]
pub(super) struct Formula {
    text: String,
    expression: FlatEx<f64>,
}

/// What a name stands for in one cell; `None` where it stands for nothing.
pub(super) type Names<'a> = dyn Fn(&str) -> Option<Value> + 'a;

/// Why a formula cannot be read or has no value.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(super) enum FormulaError {
    #[error("{formula:?} is no formula ({why})")]
    Syntax { formula: String, why: String },
    #[error("{name:?} in the formula {formula:?} is neither a number of this run nor a free quantity")]
    NoSuchName { name: String, formula: String },
    #[error("the formula {formula:?} has no finite value here")]
    NotFinite { formula: String },
    #[error("{condition:?} compares nothing")]
    NoComparison { condition: String },
}

/// Names that formulas have a meaning for already: of this module and of `exmex`.
pub(super) const RESERVED: [&str; 9] = ["M", "N", "K", "n", "PI", "E", "TAU", "π", "τ"];

impl FormulaError {
    /// What to do about it.
    pub(super) fn help(&self) -> &'static str {
        match self {
            Self::NoComparison { .. } => {
                "write a condition with =, !=, <, <=, > or >=, such as M > 71 and model.width < 512"
            }
            _ => {
                "names are M (labels), N (all samples), K (hidden units), settings such as model.width, and NAME of an axis let.NAME"
            }
        }
    }
}

impl Formula {
    pub(super) fn parse(text: &str) -> Result<Self, FormulaError> {
        let syntax = |why: String| FormulaError::Syntax { formula: text.to_owned(), why };
        let expression = exmex::parse::<f64>(&with_dotted_names(text)).map_err(|error| syntax(error.to_string()))?;
        Ok(Self { text: text.to_owned(), expression })
    }

    /// Whether it has this name in it.
    pub(super) fn mentions(&self, name: &str) -> bool {
        self.expression.var_names().iter().any(|other| other == name)
    }

    /// Its value where names stand for these.
    pub(super) fn value(&self, names: &Names<'_>) -> Result<f64, FormulaError> {
        let number = |name: &String| match names(name) {
            Some(Value::Int(number)) => Ok(number as f64),
            Some(Value::Float(number)) => Ok(number),
            _ => Err(FormulaError::NoSuchName { name: name.clone(), formula: self.text.clone() }),
        };
        let numbers = self.expression.var_names().iter().map(number).collect::<Result<Vec<_>, _>>()?;
        let value = self.expression.eval(&numbers).ok().filter(|value| value.is_finite());
        value.ok_or_else(|| FormulaError::NotFinite { formula: self.text.clone() })
    }
}

/// As `exmex` reads it: dotted names in braces, numbers without exponents.
fn with_dotted_names(text: &str) -> String {
    let mut written = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_number = first.is_ascii_digit() || first == '.';
        let is_name = first.is_ascii_alphabetic() || first == '_';
        let token = match (is_number, is_name) {
            (true, _) => &rest[..number_length(rest)],
            (_, true) => &rest[..length(rest, |c| c.is_ascii_alphanumeric() || c == '_' || c == '.')],
            _ => &rest[..first.len_utf8()],
        };
        match token.parse::<f64>() {
            Ok(number) if is_number => written += &number.to_string(), // prints no exponent
            _ if is_name && token.contains('.') => written.extend(["{", token, "}"]),
            _ => written += token,
        }
        rest = &rest[token.len()..];
    }
    written
}

/// Bytes of the number that `text` begins with, its exponent counted in.
fn number_length(text: &str) -> usize {
    let mantissa = length(text, |c| c.is_ascii_digit() || c == '.');
    let Some(exponent) = text[mantissa..].strip_prefix(['e', 'E']) else { return mantissa };
    let sign = exponent.len() - exponent.trim_start_matches(['+', '-']).len();
    match length(&exponent[sign..], |c| c.is_ascii_digit()) {
        0 => mantissa,
        digits => mantissa + 1 + sign + digits,
    }
}

fn length(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

/// Conditions that all hold in a cell that is left out.
#[derive(Clone, Debug)]
pub(super) struct Exclusion {
    conditions: Vec<Condition>,
}

#[derive(Clone, Debug)]
struct Condition {
    left: String,
    comparison: Comparison,
    right: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Equal,
    Unequal,
    Less,
    AtMost,
    More,
    AtLeast,
}

/// Longer signs first, so that `<=` is not read as `<`.
const COMPARISONS: [(&str, Comparison); 6] = [
    ("<=", Comparison::AtMost),
    (">=", Comparison::AtLeast),
    ("!=", Comparison::Unequal),
    ("<", Comparison::Less),
    (">", Comparison::More),
    ("=", Comparison::Equal),
];

impl Exclusion {
    pub(super) fn parse(text: &str) -> Result<Self, FormulaError> {
        let condition = |text: &str| {
            let found = COMPARISONS.iter().find_map(|&(sign, comparison)| Some((text.split_once(sign)?, comparison)));
            let Some(((left, right), comparison)) = found else {
                return Err(FormulaError::NoComparison { condition: text.trim().to_owned() });
            };
            let [left, right] = [left, right].map(|side| side.trim().trim_matches('"').to_owned());
            Ok(Condition { left, comparison, right: right.trim_start_matches('=').trim().to_owned() })
        };
        Ok(Self { conditions: text.split(" and ").map(condition).collect::<Result<_, _>>()? })
    }

    /// Whether all conditions hold where names stand for these.
    pub(super) fn holds(&self, names: &Names<'_>) -> Result<bool, FormulaError> {
        for condition in &self.conditions {
            if !condition.holds(names)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Condition {
    fn holds(&self, names: &Names<'_>) -> Result<bool, FormulaError> {
        use Comparison::{AtLeast, AtMost, Equal, Less, More, Unequal};
        if let Some(text @ (Value::Text(_) | Value::Bool(_))) = names(&self.left) {
            // A task may have commas in itself.
            let whole = text == Value::from(self.right.as_str());
            let same = whole
                || self.right.split(',').any(|right| match (&text, parse_value(right.trim())) {
                    (Value::Text(text), _) => text == right.trim(),
                    (flag, right) => *flag == right,
                });
            return match self.comparison {
                Equal => Ok(same),
                Unequal => Ok(!same),
                Less | AtMost | More | AtLeast => {
                    let condition = format!("{} against {}", self.left, self.right);
                    Err(FormulaError::NoComparison { condition })
                }
            };
        }
        let left = Formula::parse(&self.left)?.value(names)?;
        if self.right == "never" && matches!(self.comparison, Equal | Unequal) {
            return Ok(self.comparison == Unequal); // what is a number of steps
        }
        let right = |text: &str| Formula::parse(text.trim())?.value(names);
        let same = |right: f64| (left - right).abs() <= 1e-12 * left.abs().max(right.abs());
        Ok(match self.comparison {
            Equal | Unequal => {
                let list = self.right.split(',').map(right).collect::<Result<Vec<_>, _>>()?;
                list.into_iter().any(same) == (self.comparison == Equal)
            }
            Less => left < right(&self.right)?,
            AtMost => left <= right(&self.right)?,
            More => left > right(&self.right)?,
            AtLeast => left >= right(&self.right)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(name: &str) -> Option<Value> {
        match name {
            "M" => Some(Value::Int(71)),
            "c" => Some(Value::Float(2.5)),
            "model.width" => Some(Value::Int(512)),
            "optimizer.name" => Some(Value::from("muon")),
            "task" => Some(Value::from("product:cyclic:2,cyclic:3")),
            "model.residual" => Some(Value::Bool(true)),
            _ => None,
        }
    }

    fn value(text: &str) -> Result<f64, FormulaError> {
        Formula::parse(text)?.value(&names)
    }

    #[test]
    fn a_formula_is_what_arithmetic_says() {
        assert_eq!(value("c * ln(M) / M"), Ok(2.5 * 71_f64.ln() / 71.0));
        assert_eq!(value("model.width / 2 + 1e-3"), Ok(256.001));
        assert_eq!(value("2^3 - 1.5e0 + 2.5E+1"), Ok(31.5));
        assert_eq!(value("round(M / 2)"), Ok(36.0));
    }

    #[test]
    fn what_has_no_value_says_why() {
        assert!(matches!(value("M +"), Err(FormulaError::Syntax { .. })));
        assert!(matches!(value("width"), Err(FormulaError::NoSuchName { name, .. }) if name == "width"));
        assert!(matches!(value("1 / (M - 71)"), Err(FormulaError::NotFinite { .. })));
        assert!(matches!(Exclusion::parse("M"), Err(FormulaError::NoComparison { .. })));
    }

    #[test]
    fn a_cell_is_left_out_where_all_conditions_hold() {
        let holds = |text: &str| Exclusion::parse(text).unwrap().holds(&names).unwrap();
        for (text, expected) in [
            ("M = 71", true),
            ("M == 71", true),
            ("M = 23,71", true),
            ("M != 23,71", false),
            ("M > 71", false),
            ("M >= 71 and model.width < 1024", true),
            ("M >= 71 and model.width > 1024", false),
            ("optimizer.name = adam,muon", true),
            ("optimizer.name != muon", false),
            ("model.residual = true", true),
            ("task = product:cyclic:2,cyclic:3", true),
            ("model.width = never", false),
            ("c * M > 177", true),
        ] {
            assert_eq!(holds(text), expected, "{text}");
        }
    }
}

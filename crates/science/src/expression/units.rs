//! The unit of an expression, before anything is run.
//!
//! A constant has whatever unit makes the statement right, as constants of nature do, so that `c * M` may be samples. A number written
//! out is a pure number. Sums want one unit; logarithms, exponentials and exponents want pure numbers.

use super::{Expression, Function, Operator};
use crate::unit::Unit;
use thiserror::Error;

/// Two units where there has to be one.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("mixed units: {what}; {remedy}")]
pub struct MixedUnits {
    /// What meets what.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

/// The unit of an expression; `None` where a constant leaves it open.
///
/// # Errors
///
/// Where units are mixed.
pub fn unit_of(expression: &Expression, of_name: &impl Fn(&str) -> Option<Unit>) -> Result<Option<Unit>, MixedUnits> {
    match expression {
        Expression::Name(name) => Ok(of_name(name)),
        Expression::Number(_) => Ok(Some(Unit::pure())),
        Expression::Of(function, argument) => {
            let unit = unit_of(argument, of_name)?;
            match function {
                Function::Minus | Function::Abs => Ok(unit),
                Function::Sqrt => Ok(unit.map(|unit| unit.to_the(0.5))),
                Function::Ln | Function::Exp | Function::Tanh => {
                    pure(unit, || format!("{}({argument})", function.name()))?;
                    Ok(Some(Unit::pure()))
                }
            }
        }
        Expression::Join(operator, left, right) => {
            let (of_left, of_right) = (unit_of(left, of_name)?, unit_of(right, of_name)?);
            match operator {
                Operator::Plus | Operator::Less => same_unit(left, of_left, right, of_right),
                Operator::Times => Ok(of_left.zip(of_right).map(|(a, b)| a.times(&b))),
                Operator::Over => Ok(of_left.zip(of_right).map(|(a, b)| a.times(&b.to_the(-1.0)))),
                Operator::Power => {
                    pure(of_right, || format!("the exponent {right}"))?;
                    Ok(match (of_left, &**right) {
                        (Some(unit), _) if unit.is_pure() => Some(unit),
                        (Some(unit), Expression::Number(power)) => Some(unit.to_the(*power)),
                        // The exponent is found by the data, and a constant before it makes up for the unit.
                        _ => None,
                    })
                }
            }
        }
    }
}

/// The one unit of two sides.
pub(crate) fn same_unit(
    left: &Expression,
    of_left: Option<Unit>,
    right: &Expression,
    of_right: Option<Unit>,
) -> Result<Option<Unit>, MixedUnits> {
    match (of_left, of_right) {
        (Some(a), Some(b)) if !a.is_same(&b) => Err(MixedUnits {
            what: format!("{left} is in {}, {right} in {}", shown(&a), shown(&b)),
            remedy: "put a constant that carries the unit before one of them, such as c * …, and name it: for some c"
                .to_owned(),
        }),
        (a, b) => Ok(a.or(b)),
    }
}

fn pure(unit: Option<Unit>, what: impl Fn() -> String) -> Result<(), MixedUnits> {
    match unit {
        Some(unit) if !unit.is_pure() => Err(MixedUnits {
            what: format!("{} takes a pure number and is given {}", what(), shown(&unit)),
            remedy: "divide it by a quantity or a constant of the same unit".to_owned(),
        }),
        _ => Ok(()),
    }
}

/// A unit in a sentence.
pub(crate) fn shown(unit: &Unit) -> String {
    if unit.is_pure() { "pure numbers".to_owned() } else { unit.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::parse;

    fn unit(text: &str) -> Result<Option<Unit>, MixedUnits> {
        unit_of(&parse(text).unwrap(), &|name| match name {
            "M" => Some(Unit::pure()),
            "samples" => Some(Unit::base("sample")),
            "steps" => Some(Unit::base("step")),
            _ => None,
        })
    }

    #[test]
    fn units_follow_the_arithmetic() {
        assert_eq!(unit("samples / steps^2").unwrap().unwrap().to_string(), "sample*step^-2");
        assert_eq!(unit("sqrt(steps) * sqrt(steps)").unwrap(), Some(Unit::base("step")));
        assert_eq!(unit("c * M * ln(M)").unwrap(), None);
        assert_eq!(unit("samples + c").unwrap(), Some(Unit::base("sample")));
        assert_eq!(unit("M^a").unwrap(), Some(Unit::pure()));
        assert_eq!(unit("samples^a").unwrap(), None);
        for mixed in ["samples + steps", "samples - M", "ln(samples)", "M^steps", "exp(c * samples / samples + steps)"]
        {
            assert!(unit(mixed).is_err(), "{mixed}");
        }
    }
}

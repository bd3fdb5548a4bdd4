//! An answer, the truth, and the probability that the one gave to the other.

use crate::judge::Scale;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::f64::consts::SQRT_2;
use std::fmt::{self, Display};

/// What a listener answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// A number and how far it may be off.
    Number {
        /// The number, in its unit.
        value: f64,
        /// Half a width that holds about two thirds of the chance: a share where errors are ratios (0.2 is 20 % up or down), otherwise
        /// an amount in the unit.
        error: f64,
    },
    /// The probability of a yes.
    Chance(f64),
    /// Nothing: whatever the glossary alone would say.
    Silence,
}

/// What came out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Truth {
    /// A number.
    Number(f64),
    /// A number above this.
    Above(f64),
    /// A yes or a no.
    Yes(bool),
}

/// The least probability of a yes or a no, as the judge has it.
const LEAST: f64 = 1.0 / 1024.0;

impl Answer {
    /// log₂ of the probability that the answer gave to the truth, a number counted at the resolution of its scale; `None` where it is
    /// no answer to the question, such as one that is not finite.
    ///
    /// Around a number lies Student's t with four degrees of freedom, so that one surprise costs bits as a logarithm and not as a square.
    pub(super) fn log2_probability(&self, scale: Option<Scale>, truth: &Truth) -> Option<f64> {
        match (self, truth, scale) {
            (Self::Chance(p), Truth::Yes(is_so), _) if (0.0..=1.0).contains(p) => {
                let p = p.clamp(LEAST, 1.0 - LEAST);
                Some(libm::log2(if *is_so { p } else { 1.0 - p }))
            }
            (Self::Number { value, error }, Truth::Number(seen) | Truth::Above(seen), Some(scale)) => {
                let (middle, width) = on_scale(scale, *value, *error)?;
                let seen = (scale.scaled(*seen)? / scale.resolution).round() * scale.resolution;
                let t = (seen - middle) / width;
                let mass = match truth {
                    Truth::Above(_) => above(t),
                    _ => mass_around(t, scale.resolution / width),
                };
                Some(libm::log2(mass.max(f64::MIN_POSITIVE)))
            }
            _ => None,
        }
    }

    /// The probability that the second of two numbers is larger, each with a normal error.
    pub(super) fn chance_of_rise(scale: Scale, from: (f64, f64), to: (f64, f64)) -> Self {
        let width = from.1.hypot(to.1).max(scale.resolution);
        Self::Chance(0.5 * libm::erfc((from.0 - to.0) / (width * SQRT_2)))
    }

    /// A number on the scale of its observable, with its width, as an answer.
    pub(crate) fn from_scale(scale: Scale, middle: f64, width: f64) -> Self {
        if scale.logarithmic {
            Self::Number { value: libm::exp(middle), error: libm::expm1(width) }
        } else {
            Self::Number { value: middle, error: width }
        }
    }
}

/// A number and its error on the scale on which it is judged; no width is below the resolution.
fn on_scale(scale: Scale, value: f64, error: f64) -> Option<(f64, f64)> {
    let middle = scale.scaled(value)?;
    let width = if scale.logarithmic { libm::log1p(error) } else { error };
    (error >= 0.0 && width.is_finite()).then(|| (middle, width.max(scale.resolution)))
}

/// The mass of Student's t with four degrees of freedom above t.
///
/// ```text
/// P(T > t) = (1 − s)² (2 + s) / 4,   s = t / √(4 + t²)
/// ```
fn above(t: f64) -> f64 {
    if t < 0.0 {
        return 1.0 - above(-t);
    }
    let root = (4.0 + t * t).sqrt();
    // 1 − s without the difference of two numbers that are nearly one.
    let left = 4.0 / (root * (root + t));
    left * left * (3.0 - left) / 4.0
}

/// The mass in a bin of this width around t.
fn mass_around(t: f64, width: f64) -> f64 {
    if width < 1e-3 {
        return width * 12.0 * libm::pow(4.0 + t * t, -2.5);
    }
    above(t.abs() - width / 2.0) - above(t.abs() + width / 2.0)
}

impl Display for Answer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number { value, error } => write!(out, "{} give or take {}", digits(*value), digits(*error)),
            Self::Chance(p) => write!(out, "yes with {} %", digits(100.0 * p)),
            Self::Silence => out.write_str("nothing"),
        }
    }
}

impl Display for Truth {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(value) => out.write_str(&digits(*value)),
            Self::Above(value) => write!(out, "more than {}", digits(*value)),
            Self::Yes(true) => out.write_str("yes"),
            Self::Yes(false) => out.write_str("no"),
        }
    }
}

/// To three digits.
pub(super) fn digits(value: f64) -> String {
    format!("{value:.2e}").parse::<f64>().map_or_else(|_| value.to_string(), |value| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATIO: Scale = Scale { logarithmic: true, resolution: 0.01 };
    const AMOUNT: Scale = Scale { logarithmic: false, resolution: 0.5 };

    /// The bins of a scale share one unit of probability.
    #[test]
    fn the_masses_of_all_bins_add_up_to_one() {
        for (error, value) in [(0.1, 3.0), (2.0, -7.25), (40.0, 0.0)] {
            let answer = Answer::Number { value, error };
            let bits = |k: i32| answer.log2_probability(Some(AMOUNT), &Truth::Number(f64::from(k) * 0.5)).unwrap();
            let sum: f64 = (-20_000..20_000).map(|k| bits(k).exp2()).sum();
            assert!((sum - 1.0).abs() < 1e-4, "{error} {value}: {sum}");
            let tail: f64 = (3..20_000).map(|k| bits(k).exp2()).sum();
            let above = answer.log2_probability(Some(AMOUNT), &Truth::Above(1.0)).unwrap().exp2();
            // The tail begins in the middle of the bin around 1.
            assert!((tail - 1e-4..tail + bits(2).exp2()).contains(&above), "{tail} {above}");
        }
    }

    #[test]
    fn an_answer_that_is_none_has_no_probability() {
        let truth = Truth::Number(3.0);
        for (value, error) in
            [(f64::NAN, 1.0), (0.0, 1.0), (-3.0, 0.1), (3.0, -0.1), (3.0, f64::NAN), (3.0, f64::INFINITY)]
        {
            assert_eq!(Answer::Number { value, error }.log2_probability(Some(RATIO), &truth), None, "{value} {error}");
        }
        assert_eq!(Answer::Chance(1.5).log2_probability(None, &Truth::Yes(true)), None);
        assert_eq!(Answer::Chance(0.5).log2_probability(Some(RATIO), &truth), None);
        assert_eq!(Answer::Chance(0.0).log2_probability(None, &Truth::Yes(true)), Some(-10.0));
        // Certainty beyond the resolution buys nothing.
        let sure = Answer::Number { value: 3.0, error: 0.0 }.log2_probability(Some(RATIO), &truth).unwrap();
        assert!(sure < 0.0);
    }
}

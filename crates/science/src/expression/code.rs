//! How many bits it takes to state an expression: a prefix code over its symbols in Polish notation.

use super::{Expression, Function, Operator};

/// What expressions are written in: how many quantities a laboratory has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alphabet {
    /// Quantities that may be named.
    pub n_quantities: usize,
}

/// Shares of the kinds of symbols. A tree ends with probability 1: a symbol has 0.74 parts in the mean. Logarithms, products and ratios
/// are cheap because laws of nature are made of them.
const QUANTITY: f64 = 0.28;
const CONSTANT: f64 = 0.18;
const NUMBER: f64 = 0.12;
const LN: f64 = 0.05;
const OTHER_FUNCTION: f64 = 0.01;
const TIMES: f64 = 0.14;
const OVER: f64 = 0.08;
const POWER: f64 = 0.05;
const PLUS: f64 = 0.03;
const LESS: f64 = 0.02;

impl Alphabet {
    /// Bits of an expression. A name is a quantity where `is_quantity` says so, else a constant, of which a statement names each for
    /// the first time in the order of `constants`, which grows.
    pub fn bits<'a>(
        self,
        expression: &'a Expression,
        is_quantity: &impl Fn(&str) -> bool,
        constants: &mut Vec<&'a str>,
    ) -> f64 {
        match expression {
            Expression::Name(name) if is_quantity(name) => of_share(QUANTITY / self.n_quantities.max(1) as f64),
            // One of those before, or the next new one.
            Expression::Name(name) => {
                let share = CONSTANT / (constants.len() + 1) as f64;
                if !constants.contains(&name.as_str()) {
                    constants.push(name);
                }
                of_share(share)
            }
            Expression::Number(value) => of_share(NUMBER) + number_bits(*value),
            Expression::Of(function, argument) => {
                let share = if *function == Function::Ln { LN } else { OTHER_FUNCTION };
                of_share(share) + self.bits(argument, is_quantity, constants)
            }
            // A power is usually a usual number.
            Expression::Join(Operator::Power, base, exponent) => {
                let base = self.bits(base, is_quantity, constants);
                let exponent = match &**exponent {
                    Expression::Number(value) if usual(*value).is_some() => {
                        of_share(USUAL_POWER) + of_share(usual(*value).unwrap_or(1.0))
                    }
                    other => of_share(1.0 - USUAL_POWER) + self.bits(other, is_quantity, constants),
                };
                of_share(POWER) + base + exponent
            }
            Expression::Join(operator, left, right) => {
                let share = match operator {
                    Operator::Times => TIMES,
                    Operator::Over => OVER,
                    Operator::Power => POWER,
                    Operator::Plus => PLUS,
                    Operator::Less => LESS,
                };
                let left = self.bits(left, is_quantity, constants);
                of_share(share) + left + self.bits(right, is_quantity, constants)
            }
        }
    }
}

fn of_share(share: f64) -> f64 {
    -libm::log2(share)
}

/// The numbers of which laws are made, with their shares of the shorter half of the code.
const USUAL: [(f64, f64); 9] = [
    (2.0, 0.3),
    (1.0, 0.2),
    (0.5, 0.15),
    (3.0, 0.1),
    (1.5, 0.1),
    (4.0, 0.05),
    (0.25, 0.05),
    (1.0 / 3.0, 0.025),
    (5.0, 0.025),
];

/// The share of powers that are usual numbers.
const USUAL_POWER: f64 = 0.75;

/// The share of a number among the usual ones.
fn usual(value: f64) -> Option<f64> {
    USUAL.iter().find(|(usual, _)| *usual == value).map(|(_, share)| *share)
}

/// Bits of a number: one to choose between the usual ones and all; then, for the latter, one to choose between a ratio of whole numbers
/// and a decimal, and the shorter of the two.
pub(crate) fn number_bits(value: f64) -> f64 {
    if let Some(share) = usual(value) {
        return 1.0 + of_share(share);
    }
    let decimal = {
        let text = format!("{:e}", value.abs());
        let (mantissa, exponent) = text.split_once('e').expect("`{:e}` writes an exponent");
        let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
        let behind = mantissa.split_once('.').map_or(0, |(_, behind)| behind.len()) as i64;
        let exponent = exponent.parse::<i64>().expect("`{:e}` writes a whole exponent") - behind;
        1.0 + gamma(digits.parse::<f64>().expect("digits") + 1.0) + 1.0 + gamma(exponent.unsigned_abs() as f64 + 1.0)
    };
    let ratio = (1..=12).map(f64::from).find(|below| (value * below).fract() == 0.0 && (value * below).abs() < 1e6);
    let ratio = ratio.map(|below| 1.0 + gamma((value * below).abs() + 1.0) + gamma(below));
    2.0 + ratio.map_or(decimal, |ratio| ratio.min(decimal))
}

/// Elias's gamma code of a whole number from 1 on.
fn gamma(n: f64) -> f64 {
    2.0 * libm::log2(n).floor() + 1.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::parse;

    fn bits(text: &str) -> f64 {
        let expression = parse(text).unwrap();
        Alphabet { n_quantities: 8 }.bits(&expression, &|name| name.len() > 1 || name == "M", &mut Vec::new())
    }

    /// Kraft's sum over every expression up to a depth, counted by a recursion of its own: never above 1, and nearer to it the deeper.
    #[test]
    fn all_expressions_together_have_at_most_one_share() {
        let functions = LN + 5.0 * OTHER_FUNCTION;
        let joins = TIMES + OVER + PLUS + LESS;
        let mut sum: f64 = 0.0;
        let mut last = 0.0;
        for _ in 0..60 {
            let exponents = USUAL_POWER + (1.0 - USUAL_POWER) * sum;
            sum = QUANTITY + CONSTANT + NUMBER + functions * sum + joins * sum * sum + POWER * sum * exponents;
            assert!(sum <= 1.0 + 1e-12 && sum >= last);
            last = sum;
        }
        assert!(sum > 0.99);
        // And over every written expression with one quantity, one constant and one number, by hand: sizes 1 to 3.
        let leaves = ["xx", "c", "2"];
        let mut kraft: f64 = 0.0;
        let mut all: Vec<String> = leaves.iter().map(ToString::to_string).collect();
        for function in Function::ALL.iter().filter(|f| **f != Function::Minus) {
            all.extend(leaves.iter().map(|leaf| format!("{}({leaf})", function.name())));
        }
        for operator in Operator::ALL {
            all.extend(leaves.iter().flat_map(|a| leaves.iter().map(move |b| format!("{a} {} {b}", operator.sign()))));
        }
        for text in &all {
            kraft += (-bits(text)).exp2();
        }
        assert!(kraft < 1.0, "{kraft}");
    }

    /// Σ 2^−bits over numbers: every ratio and every decimal that the code can say.
    #[test]
    fn all_numbers_together_have_at_most_one_share() {
        let mut kraft = 0.0;
        for n in -3000..=3000 {
            kraft += (-number_bits(f64::from(n))).exp2();
            kraft += [0.5, 1.0 / 3.0, 0.25, 0.1]
                .map(|by| f64::from(n) * by)
                .iter()
                .filter(|x| x.fract() != 0.0)
                .map(|x| (-number_bits(*x)).exp2())
                .sum::<f64>();
        }
        assert!(kraft < 1.0, "{kraft}");
    }

    #[test]
    fn what_is_said_shortly_costs_little() {
        assert!(bits("c * M") < bits("c * M * ln(M)"));
        assert!(bits("c * M * ln(M)") < bits("c * M^1.37"));
        assert!(bits("M^2") < bits("M^1.5"));
        assert!(number_bits(1.5) < number_bits(1.37) && number_bits(7.0) < number_bits(7.3));
        assert!(number_bits(3.0) < number_bits(3.123_456));
    }
}

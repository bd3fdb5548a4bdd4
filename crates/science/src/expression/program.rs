//! An expression ready to be evaluated many times: symbols in Polish notation reversed, names as places.

use super::{Expression, Function, Operator};

/// A compiled expression over a row of quantities and a list of constants.
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    symbols: Vec<Symbol>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Symbol {
    Quantity(usize),
    Constant(usize),
    Number(f64),
    Of(Function),
    Join(Operator),
}

impl Program {
    /// Compiles. `quantities` and `constants` give the places; a name in neither is nowhere, and the program has no value.
    pub fn new(expression: &Expression, quantities: &[String], constants: &[String]) -> Self {
        let mut symbols = Vec::with_capacity(expression.size());
        push(expression, quantities, constants, &mut symbols);
        Self { symbols }
    }

    /// Its value; `None` where it has no finite one.
    pub fn at(&self, quantities: &[f64], constants: &[f64]) -> Option<f64> {
        let mut stack = [0.0; 64];
        let mut top = 0;
        for symbol in &self.symbols {
            match symbol {
                Symbol::Quantity(place) => {
                    *stack.get_mut(top)? = *quantities.get(*place)?;
                    top += 1;
                }
                Symbol::Constant(place) => {
                    *stack.get_mut(top)? = *constants.get(*place)?;
                    top += 1;
                }
                Symbol::Number(value) => {
                    *stack.get_mut(top)? = *value;
                    top += 1;
                }
                Symbol::Of(function) => stack[top - 1] = function.at(stack[top - 1]),
                Symbol::Join(operator) => {
                    top -= 1;
                    stack[top - 1] = operator.at(stack[top - 1], stack[top]);
                }
            }
            // A part without a value gives the whole none, also where a later step would hide it.
            if !stack[top - 1].is_finite() {
                return None;
            }
        }
        Some(stack[0])
    }
}

fn push(expression: &Expression, quantities: &[String], constants: &[String], symbols: &mut Vec<Symbol>) {
    match expression {
        Expression::Name(name) => symbols.push(match constants.iter().position(|constant| constant == name) {
            Some(place) => Symbol::Constant(place),
            None => Symbol::Quantity(quantities.iter().position(|quantity| quantity == name).unwrap_or(usize::MAX)),
        }),
        Expression::Number(value) => symbols.push(Symbol::Number(*value)),
        Expression::Of(function, argument) => {
            push(argument, quantities, constants, symbols);
            symbols.push(Symbol::Of(*function));
        }
        Expression::Join(operator, left, right) => {
            push(left, quantities, constants, symbols);
            push(right, quantities, constants, symbols);
            symbols.push(Symbol::Join(*operator));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::parse;

    fn value(text: &str) -> Option<f64> {
        let program = Program::new(&parse(text).unwrap(), &["M".into(), "n".into()], &["c".into()]);
        program.at(&[4.0, 9.0], &[2.0])
    }

    #[test]
    fn values_are_those_of_arithmetic() {
        assert_eq!(value("c * M^2 - n / 3"), Some(29.0));
        assert_eq!(value("-M^2"), Some(-16.0));
        assert_eq!(value("sqrt(n) + abs(-c)"), Some(5.0));
        assert_eq!(value("2^3^2"), Some(512.0));
    }

    #[test]
    fn what_has_no_value_is_none() {
        for text in ["ln(-M)", "1 / (M - 4)", "exp(1e9)", "sqrt(-1)", "unknown", "1 / exp(1e9)", "tanh(1 / (M - 4))"] {
            assert_eq!(value(text), None, "{text}");
        }
    }
}

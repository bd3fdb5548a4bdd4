//! Text to expressions, by precedence: `+ -`, then `* /`, then a sign, then `^`, which binds to the right.

use super::{Expression, Function, Operator};
use thiserror::Error;

/// Deeper expressions are refused: they are no law that anybody reads, and would exhaust the stack.
const DEEPEST: usize = 60;

/// Why a text is no expression.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{what} in {text:?} at character {place}; {remedy}")]
pub struct ExpressionError {
    /// What is wrong.
    pub what: String,
    /// The text.
    pub text: String,
    /// Where, counted from 1.
    pub place: usize,
    /// What to do.
    pub remedy: &'static str,
}

/// Reads an expression.
///
/// # Errors
///
/// Says where the text stops being one.
pub fn parse(text: &str) -> Result<Expression, ExpressionError> {
    let mut reader = Reader { text, rest: text, depth: 0 };
    let expression = reader.sum()?;
    reader.space();
    if reader.rest.is_empty() { Ok(expression) } else { Err(reader.unexpected()) }
}

struct Reader<'a> {
    text: &'a str,
    rest: &'a str,
    depth: usize,
}

impl Reader<'_> {
    fn space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, sign: char) -> bool {
        self.space();
        let rest = self.rest.strip_prefix(sign);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn error(&self, what: String, remedy: &'static str) -> ExpressionError {
        let place = self.text[..self.text.len() - self.rest.len()].chars().count() + 1;
        ExpressionError { what, text: self.text.to_owned(), place, remedy }
    }

    fn unexpected(&self) -> ExpressionError {
        let what = self.rest.chars().next().map_or("nothing more".to_owned(), |c| format!("unexpected {c:?}"));
        self.error(
            what,
            "an expression is like c * M * ln(M) or a / learning_rate^2; + - * / ^ ( ) and ln exp sqrt tanh abs",
        )
    }

    fn sum(&mut self) -> Result<Expression, ExpressionError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.error("too many parts within parts".to_owned(), "write it with fewer parentheses"));
        }
        let mut left = self.product()?;
        loop {
            let operator = if self.take('+') {
                Operator::Plus
            } else if self.take('-') {
                Operator::Less
            } else {
                break;
            };
            left = Expression::join(operator, left, self.product()?);
        }
        self.depth -= 1;
        Ok(left)
    }

    fn product(&mut self) -> Result<Expression, ExpressionError> {
        let mut left = self.signed()?;
        loop {
            let operator = if self.take('*') {
                Operator::Times
            } else if self.take('/') {
                Operator::Over
            } else {
                return Ok(left);
            };
            left = Expression::join(operator, left, self.signed()?);
        }
    }

    fn signed(&mut self) -> Result<Expression, ExpressionError> {
        if !self.take('-') {
            return self.power();
        }
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.error("too many signs".to_owned(), "write one sign"));
        }
        let inner = self.signed()?;
        self.depth -= 1;
        Ok(match inner {
            Expression::Number(value) => Expression::Number(-value),
            inner => Expression::of(Function::Minus, inner),
        })
    }

    fn power(&mut self) -> Result<Expression, ExpressionError> {
        let base = self.atom()?;
        if self.take('^') {
            self.depth += 1;
            if self.depth > DEEPEST {
                return Err(self.error("too many powers of powers".to_owned(), "write it with fewer"));
            }
            let exponent = if self.take('-') {
                match self.power()? {
                    Expression::Number(value) => Expression::Number(-value),
                    exponent => Expression::of(Function::Minus, exponent),
                }
            } else {
                self.power()?
            };
            self.depth -= 1;
            return Ok(Expression::join(Operator::Power, base, exponent));
        }
        Ok(base)
    }

    fn atom(&mut self) -> Result<Expression, ExpressionError> {
        if self.take('(') {
            let inner = self.sum()?;
            return if self.take(')') {
                Ok(inner)
            } else {
                Err(self.error("a parenthesis is open".to_owned(), "close it with )"))
            };
        }
        self.space();
        if self.rest.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
            return self.number();
        }
        let end = self.rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(self.rest.len());
        if end == 0 {
            return Err(self.unexpected());
        }
        let (name, rest) = self.rest.split_at(end);
        if !rest.trim_start().starts_with('(') {
            self.rest = rest;
            return Ok(Expression::name(name));
        }
        let Some(function) = Function::ALL.into_iter().find(|function| function.name() == name) else {
            return Err(self.error(
                format!("{name} is no function"),
                "functions are ln, exp, sqrt, tanh and abs; a product wants a *",
            ));
        };
        self.rest = rest;
        self.take('(');
        let argument = self.sum()?;
        if self.take(')') {
            Ok(Expression::of(function, argument))
        } else {
            Err(self.error("a parenthesis is open".to_owned(), "close it with )"))
        }
    }

    fn number(&mut self) -> Result<Expression, ExpressionError> {
        let bytes = self.rest.as_bytes();
        let mut end = 0;
        while end < bytes.len() {
            let is_exponent_sign =
                matches!(bytes[end], b'+' | b'-') && end > 0 && matches!(bytes[end - 1], b'e' | b'E');
            let is_exponent = matches!(bytes[end], b'e' | b'E')
                && bytes.get(end + 1).is_some_and(|b| b.is_ascii_digit() || matches!(b, b'-' | b'+'));
            if bytes[end].is_ascii_digit() || bytes[end] == b'.' || is_exponent || is_exponent_sign {
                end += 1;
            } else {
                break;
            }
        }
        let digits = &self.rest[..end];
        match digits.parse::<f64>() {
            Ok(value) if value.is_finite() => {
                self.rest = &self.rest[end..];
                Ok(Expression::Number(value))
            }
            _ => Err(self.error(format!("{digits:?} is no number"), "write it like 2.75 or 1e-3")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn it_is_written_as_it_is_read() {
        for text in [
            "c * M * ln(M)",
            "a / (b + c)",
            "a - (b - c)",
            "-a^2",
            "(-a)^2",
            "M^1.5",
            "M^(a + 1)",
            "(a^b)^c",
            "a^(b^c)",
            "exp(-x / 2)",
            "1e-7 * x",
            "a * -b",
            "M^(-2)",
        ] {
            let read = parse(text).unwrap();
            assert_eq!(parse(&read.to_string()).unwrap(), read, "{text} is written {read}");
        }
        assert_eq!(parse("2*M^3-1").unwrap().to_string(), "2 * M^3 - 1");
        assert_eq!(parse("M^-2").unwrap(), parse("M^(-2)").unwrap());
    }

    #[test]
    fn what_is_none_is_refused_where_it_stops_being_one() {
        for (text, place) in
            [("", 1), ("a +", 4), ("a b", 3), ("ln(M", 5), ("sin(x)", 1), ("1.2.3", 1), ("a ** b", 4), ("é €", 3)]
        {
            assert_eq!(parse(text).unwrap_err().place, place, "{text}");
        }
        assert!(parse(&"(".repeat(100_000)).is_err());
        assert!(parse(&"-".repeat(100_000)).is_err());
        assert!(parse(&format!("a{}", "^a".repeat(50))).is_ok());
    }

    fn expressions() -> impl Strategy<Value = Expression> {
        let leaf = prop_oneof![
            prop_oneof!["[a-c]", Just("M".to_owned())].prop_map(Expression::Name),
            (-1e6..1e6).prop_map(Expression::Number),
        ];
        leaf.prop_recursive(5, 40, 2, |inner| {
            prop_oneof![
                (0..5_usize, inner.clone()).prop_map(|(i, a)| Expression::of(Function::ALL[i], a)),
                (0..5_usize, inner.clone(), inner).prop_map(|(i, a, b)| Expression::join(Operator::ALL[i], a, b)),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_expression_is_read_back(expression in expressions()) {
            prop_assert_eq!(parse(&expression.to_string()).unwrap(), expression);
        }
    }
}

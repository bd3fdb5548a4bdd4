//! The parser of formulas: recursive descent, as deep as [`DEPTH_LIMIT`].

use super::program::{Comparison, Instruction, Program};
use super::{DEPTH_LIMIT, ExpressionError, LENGTH_LIMIT, VARIABLES};

/// What may follow a whole formula, and one in parentheses.
const OR_THE_END: &str = "an operator, `if` or the end";
const OR_A_PARENTHESIS: &str = "an operator, `if` or `)`";

/// The program of a formula, whose grammar is at [`super::Expression::parse`].
pub(super) fn program(text: &str) -> Result<Program, ExpressionError> {
    let length = text.chars().count();
    if length > LENGTH_LIMIT {
        return Err(ExpressionError::TooLong { length });
    }
    let mut parser = Parser { characters: text.chars().collect(), position: 0, depth: 0, program: Vec::new() };
    parser.formula()?;
    if parser.peek().is_some() {
        return Err(parser.unexpected(OR_THE_END));
    }
    Ok(Program(parser.program))
}

struct Parser {
    characters: Vec<char>,
    position: usize,
    depth: usize,
    program: Vec<Instruction>,
}

impl Parser {
    fn formula(&mut self) -> Result<(), ExpressionError> {
        self.sum()?;
        if !self.takes("if") {
            return Ok(());
        }
        self.condition()?;
        if !self.takes("else") {
            return Err(self.unexpected("an operator or `else`"));
        }
        self.deeper(Self::formula)?;
        self.program.push(Instruction::Choose);
        Ok(())
    }

    fn condition(&mut self) -> Result<(), ExpressionError> {
        self.sum()?;
        let Some(comparison) = self.comparison() else { return Ok(()) };
        self.sum()?;
        self.program.push(Instruction::Compare(comparison));
        self.peek();
        let column = self.position + 1;
        if self.comparison().is_some() { Err(ExpressionError::ChainedComparison { column }) } else { Ok(()) }
    }

    fn comparison(&mut self) -> Option<Comparison> {
        let all = [
            ("==", Comparison::Equal),
            ("!=", Comparison::Unequal),
            ("<=", Comparison::AtMost),
            (">=", Comparison::AtLeast),
            ("<", Comparison::Less),
            (">", Comparison::More),
        ];
        all.into_iter().find_map(|(sign, comparison)| self.takes(sign).then_some(comparison))
    }

    fn sum(&mut self) -> Result<(), ExpressionError> {
        self.product()?;
        loop {
            let instruction = match self.peek() {
                Some('+') => Instruction::Add,
                Some('-') => Instruction::Subtract,
                _ => return Ok(()),
            };
            self.position += 1;
            self.product()?;
            self.program.push(instruction);
        }
    }

    fn product(&mut self) -> Result<(), ExpressionError> {
        self.signed()?;
        loop {
            self.peek();
            // At most the length limit, so it fits.
            let column = (self.position + 1) as u16;
            let instruction = if self.takes("//") {
                Instruction::Quotient { column }
            } else if self.takes("/") {
                Instruction::Divide { column }
            } else if self.takes("%") {
                Instruction::Remainder { column }
            } else if self.takes("*") {
                Instruction::Multiply
            } else {
                return Ok(());
            };
            let length = self.program.len();
            self.signed()?;
            let written = match self.program[length..] {
                [Instruction::Constant(number)] => Some(number),
                _ => None,
            };
            let instruction = match (instruction, written) {
                (Instruction::Quotient { column } | Instruction::Remainder { column }, Some(0)) => {
                    return Err(ExpressionError::ByZero { column: column.into(), operands: None });
                }
                (Instruction::Quotient { .. }, Some(divisor)) => Instruction::QuotientBy(divisor),
                (Instruction::Remainder { .. }, Some(divisor)) => Instruction::RemainderBy(divisor),
                (other, _) => other,
            };
            if matches!(instruction, Instruction::QuotientBy(_) | Instruction::RemainderBy(_)) {
                self.program.pop();
            }
            self.program.push(instruction);
        }
    }

    fn signed(&mut self) -> Result<(), ExpressionError> {
        if self.peek() != Some('-') {
            return self.power();
        }
        self.deeper(|parser| {
            parser.position += 1;
            parser.signed()
        })?;
        self.program.push(Instruction::Negate);
        Ok(())
    }

    fn power(&mut self) -> Result<(), ExpressionError> {
        self.atom()?;
        if !self.takes("^") && !self.takes("**") {
            return Ok(());
        }
        if !self.peek().is_some_and(|c| c.is_ascii_digit()) {
            return Err(self.unexpected("a whole number as exponent"));
        }
        let exponent = self.integer()?;
        self.program.push(Instruction::Power(exponent));
        self.peek();
        let column = self.position + 1;
        if self.takes("^") || self.takes("**") {
            return Err(ExpressionError::ChainedPower { column });
        }
        Ok(())
    }

    fn atom(&mut self) -> Result<(), ExpressionError> {
        match self.peek() {
            Some('(') => {
                self.deeper(|parser| {
                    parser.position += 1;
                    parser.formula()
                })?;
                if self.peek() != Some(')') {
                    return Err(self.unexpected(OR_A_PARENTHESIS));
                }
                self.position += 1;
                Ok(())
            }
            Some(digit) if digit.is_ascii_digit() => {
                let constant = self.integer()?;
                self.program.push(Instruction::Constant(constant));
                Ok(())
            }
            Some(letter) if VARIABLES.contains(&letter) => {
                let variable = VARIABLES.iter().position(|&v| v == letter).expect("just found");
                self.program.push(Instruction::Variable(variable));
                self.position += 1;
                Ok(())
            }
            _ => Err(self.unexpected("a number, x, y, z, w, `-` or `(`")),
        }
    }

    fn integer(&mut self) -> Result<u64, ExpressionError> {
        let column = self.position + 1;
        let rest = &self.characters[self.position..];
        let digits: String = rest.iter().take_while(|c| c.is_ascii_digit()).collect();
        self.position += digits.len();
        digits.parse().or(Err(ExpressionError::NumberTooLarge { column }))
    }

    fn deeper(&mut self, inner: impl FnOnce(&mut Self) -> Result<(), ExpressionError>) -> Result<(), ExpressionError> {
        if self.depth == DEPTH_LIMIT {
            return Err(ExpressionError::TooDeep { column: self.position + 1 });
        }
        self.depth += 1;
        inner(self)?;
        self.depth -= 1;
        Ok(())
    }

    /// Whether this comes next; then the position moves behind it. A lone `*` is not half of `**`.
    fn takes(&mut self, sign: &str) -> bool {
        self.peek();
        let rest = &self.characters[self.position..];
        let is_next = rest.len() >= sign.len() && sign.chars().zip(rest).all(|(wanted, &found)| wanted == found);
        let is_taken = is_next && !(sign == "*" && rest.get(1) == Some(&'*'));
        if is_taken {
            self.position += sign.len();
        }
        is_taken
    }

    /// The next character that is no blank; the position moves on to it.
    fn peek(&mut self) -> Option<char> {
        while self.characters.get(self.position).is_some_and(|c| c.is_whitespace()) {
            self.position += 1;
        }
        self.characters.get(self.position).copied()
    }

    fn unexpected(&mut self, expected: &'static str) -> ExpressionError {
        let found = self.peek().map_or_else(|| "the end".to_owned(), |c| format!("`{c}`"));
        let column = self.position + 1;
        let rest = &self.characters[self.position..];
        // `if(C, A, B)` and `C ? A : B`, as other languages have it.
        if matches!(rest, ['i', 'f', ..] | ['?' | ',', ..]) {
            return ExpressionError::Condition { column };
        }
        ExpressionError::Unexpected { column, expected, found }
    }
}

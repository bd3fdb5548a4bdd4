//! Formulas modulo an integer, read safely.
//!
//! ```text
//! "x/y if y%2 else x-y" ─ parse ─▶ Program ─ every tuple of operands ─▶ labels, operands' ranges
//! ```

use super::family::Family;
use super::problem::{Problem, Structure};
use program::{Fault, Instruction, Program};
use std::fmt;

mod parse;
mod program;

/// A formula of the operands modulo M.
pub(super) const EXPRESSION: Family = Family {
    name: "expression",
    spelling: "expression:FORMULA:M",
    tells: "a formula in x, y, z, w mod M, one operand a variable: + - * / ^ (or **) and parentheses; // and % are quotient and \
            remainder of the whole numbers 0 to M - 1; `A if C else B` where C is not 0, or compares (== != < <= > >=)",
    example: "expression:x^2+x*y+y^2:97",
};

/// The variables, in the order in which they become operands.
const VARIABLES: [char; 4] = ['x', 'y', 'z', 'w'];

/// Longest formula, in characters.
const LENGTH_LIMIT: usize = 400;

/// Deepest nesting of parentheses, minus signs and conditions: the parser calls itself so often at most.
const DEPTH_LIMIT: usize = 50;

/// A formula with its modulus M.
///
/// Every value on the way is a whole number from 0 to M − 1: the remainder of what is added, subtracted, multiplied or written
/// down. `a/b` is a·b⁻¹, for which b needs an inverse modulo M. `a//b` and `a%b` are quotient and remainder of the whole numbers
/// 0 to M − 1, as in Python; a number behind `//` or `%` stays as it is written, even past M. (The program of Power et al. 2022
/// writes its division modulo p as `//`; here that is `/`.) `A if C else B` is A where C is not 0 or the comparison C holds.
///
/// The operands are those of x, y, z, w that occur, in this order, from 0 to M − 1 each; an operand that must not be 0, because
/// something is divided by it, begins at 1. What is not asked for is not computed: `x/y if y%2 else x-y` allows y = 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression {
    /// As written, but for blanks, and with `^` for `**`.
    text: String,
    program: Program,
    /// Which of [`VARIABLES`] occur, ascending.
    variables: Vec<usize>,
    modulus: u64,
}

/// Why a formula was refused. Columns are counted in characters from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExpressionError {
    /// The grammar asks for something else here.
    #[error("column {column}: expected {expected}, found {found}")]
    Unexpected {
        /// Where.
        column: usize,
        /// What may stand here.
        expected: &'static str,
        /// What stands here.
        found: String,
    },
    /// Another language's way to write a condition.
    #[error("column {column}: a condition is written `A if C else B`, as in `x/y if y%2 else x-y`")]
    Condition {
        /// Where.
        column: usize,
    },
    /// An integer that does not fit 64 bits.
    #[error("column {column}: the number does not fit 64 bits")]
    NumberTooLarge {
        /// Where it begins.
        column: usize,
    },
    /// x^y^z reads differently to different people.
    #[error("column {column}: a power of a power needs parentheses")]
    ChainedPower {
        /// Where the second `^` is.
        column: usize,
    },
    /// A comparison of a comparison, such as `x < y < z`, which Python and C read differently.
    #[error("column {column}: one comparison a condition; write a condition within the other")]
    ChainedComparison {
        /// Where the second comparison is.
        column: usize,
    },
    /// Too many parentheses, signs and conditions within each other.
    #[error("column {column}: nested deeper than {DEPTH_LIMIT} levels")]
    TooDeep {
        /// Where the limit is passed.
        column: usize,
    },
    /// Too many characters.
    #[error("{length} characters long, more than {LENGTH_LIMIT}")]
    TooLong {
        /// How many.
        length: usize,
    },
    /// Nothing to compute from.
    #[error("has no variable; the variables are x, y, z and w")]
    NoVariable,
    /// A divisor without an inverse, at operands that cannot be left out as a whole.
    #[error("column {column}: {divisor} has no inverse modulo {modulus} (at {operands}); {}", divisible(*.divisor, *.modulus))]
    NoInverse {
        /// Where the `/` is.
        column: usize,
        /// The divisor, which has no inverse modulo M.
        divisor: u32,
        /// M.
        modulus: u64,
        /// The first such operands, `x = 0, y = 2`.
        operands: String,
    },
    /// `//` or `%` by zero, at operands that cannot be left out as a whole.
    #[error("column {column}: divides by 0{}; write what holds there, as in `x%y if y else 0`", .operands.as_ref().map(|at| format!(" (at {at})")).unwrap_or_default())]
    ByZero {
        /// Where the operator is.
        column: usize,
        /// The first such operands; `None` where a zero is written down.
        operands: Option<String>,
    },
}

impl Expression {
    /// Reads a formula; [`Expression`] says what it means.
    ///
    /// ```text
    /// formula   = sum [ "if" condition "else" formula ]
    /// condition = sum [ ("==" | "!=" | "<" | "<=" | ">" | ">=") sum ]
    /// sum       = product { ("+" | "-") product }
    /// product   = signed { ("*" | "/" | "//" | "%") signed }
    /// signed    = "-" signed | power
    /// power     = atom [ ("^" | "**") integer ]
    /// atom      = integer | "x" | "y" | "z" | "w" | "(" formula ")"
    /// ```
    pub fn parse(text: &str, modulus: u64) -> Result<Self, ExpressionError> {
        let program = parse::program(text)?;
        let occurs = |&variable: &usize| program.0.contains(&Instruction::Variable(variable));
        let variables: Vec<usize> = (0..VARIABLES.len()).filter(occurs).collect();
        if variables.is_empty() {
            return Err(ExpressionError::NoVariable);
        }
        Ok(Self { text: canonical(text), program, variables, modulus })
    }

    /// M.
    pub fn modulus(&self) -> u64 {
        self.modulus
    }

    /// The same formula modulo another integer.
    #[must_use]
    pub fn with_modulus(&self, modulus: u64) -> Self {
        Self { modulus, ..self.clone() }
    }

    /// Number of distinct variables.
    pub fn n_operands(&self) -> usize {
        self.variables.len()
    }

    /// The formula as written, but for blanks, and with `^` for `**`.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Every label. The modulus must be within the limits.
    ///
    /// Two operands whose table is a Latin square make a group or a quasigroup, everything else is a function.
    pub(super) fn problem(&self, name: String) -> Result<Problem, ExpressionError> {
        let n_labels = self.modulus as usize;
        let mut firsts = vec![0; self.n_operands()];
        let values = self.table(&firsts);
        if values.iter().any(Result::is_err) {
            // An operand begins at 1 where its zero leaves no value at all.
            let mut is_defined = vec![false; self.n_operands()];
            self.each_tuple(&firsts, |index, tuple| {
                for (operand, &token) in tuple.iter().enumerate() {
                    is_defined[operand] |= token == 0 && values[index].is_ok();
                }
            });
            firsts = is_defined.iter().map(|&is_defined| u32::from(!is_defined)).collect();
        }
        let values = if firsts.contains(&1) { self.table(&firsts) } else { values };
        let faulty = values.iter().enumerate().find_map(|(index, value)| Some((index, value.err()?)));
        if let Some((index, fault)) = faulty {
            return Err(self.refused(&firsts, index, fault));
        }
        let labels: Vec<u32> = values.into_iter().flatten().collect();
        if !firsts.contains(&1) {
            return Ok(Problem::from_labels(name, n_labels, self.n_operands(), labels));
        }
        let (structure, n_features, values) = (Structure::Function, 0, Vec::new());
        let operand_sizes = firsts.iter().map(|&first| n_labels - first as usize).collect();
        Ok(Problem {
            name,
            n_labels,
            operand_sizes,
            operand_firsts: firsts,
            structure,
            several: Vec::new(),
            labels,
            n_features,
            values,
        })
    }

    /// Hands over every tuple of operands from `firsts` to M − 1, the last operand fastest, with its position.
    fn each_tuple(&self, firsts: &[u32], mut of: impl FnMut(usize, &[u32])) {
        let mut tuple = firsts.to_vec();
        for index in 0.. {
            of(index, &tuple);
            let next = |operand: &usize| u64::from(tuple[*operand]) + 1 < self.modulus;
            let Some(moving) = (0..tuple.len()).rev().find(next) else { return };
            tuple[moving] += 1;
            tuple[moving + 1..].copy_from_slice(&firsts[moving + 1..]);
        }
    }

    fn table(&self, firsts: &[u32]) -> Vec<Result<u32, Fault>> {
        let (mut table, mut stack, mut values) = (Vec::new(), Vec::new(), [0; VARIABLES.len()]);
        self.each_tuple(firsts, |_, tuple| {
            for (&variable, &value) in self.variables.iter().zip(tuple) {
                values[variable] = value;
            }
            table.push(self.program.evaluate(&values, self.modulus as u32, &mut stack));
        });
        table
    }

    /// What is wrong with the tuple of this position.
    fn refused(&self, firsts: &[u32], position: usize, fault: Fault) -> ExpressionError {
        let mut operands = String::new();
        self.each_tuple(firsts, |index, tuple| {
            if index == position {
                let named = self.variables.iter().zip(tuple).map(|(&v, value)| format!("{} = {value}", VARIABLES[v]));
                operands = named.collect::<Vec<_>>().join(", ");
            }
        });
        match fault {
            Fault::NoInverse { column, divisor } => ExpressionError::NoInverse {
                column: column.into(),
                divisor: divisor.into(),
                modulus: self.modulus,
                operands,
            },
            Fault::ByZero { column } => ExpressionError::ByZero { column: column.into(), operands: Some(operands) },
        }
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", EXPRESSION.name, self.text, self.modulus)
    }
}

/// A formula that was read, written so that equal formulas of different blanks are one.
fn canonical(text: &str) -> String {
    let without_blanks: String = text.split_whitespace().collect();
    // None of these letters is a variable.
    without_blanks.replace("**", "^").replace("if", " if ").replace("else", " else ")
}

/// What would make the division possible.
fn divisible(divisor: u32, modulus: u64) -> String {
    let is_prime = |n: u64| n >= 2 && (2..n).take_while(|d| d * d <= n).all(|d| !n.is_multiple_of(d));
    match (2..=modulus).rev().find(|&n| is_prime(n)) {
        Some(prime) if divisor > 0 && prime < modulus => {
            format!("{modulus} is no prime: take one, such as {prime}")
        }
        _ => "write what holds there, as in `x/y if y else 0`".to_owned(),
    }
}

#[cfg(test)]
mod tests;

//! Numbers written as digits.

use super::family::Family;
use super::problem::{Problem, Structure};
use super::spelling::{Task, TaskError};

/// Each operand as its digits, one operand of the network a digit.
pub(super) const BASE: Family = Family {
    name: "base",
    spelling: "base:B:TASK",
    tells: "the task with every operand written as digits to base B, the first digit most significant; one label stands for the whole \
            answer",
    example: "base:10:cyclic:100",
};

/// Why digits were refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BaseError {
    /// There is no digit, or only one.
    #[error("a base is at least 2")]
    TooSmall,
    /// Some numbers of so many digits would be no tokens.
    #[error(
        "operand {operand} has {size} tokens from {first} on, and digits to base {base} write 0 to {base}^n - 1; {}",
        nearest(*.base, *.size)
    )]
    NoPower {
        /// Which, from 1.
        operand: usize,
        /// Its tokens.
        size: usize,
        /// What the first of them stands for.
        first: u32,
        /// B.
        base: u64,
    },
    /// Nothing is written with more than one digit.
    #[error("every operand is a single digit to base {base}, which the task has without `base` already")]
    OneDigit {
        /// B.
        base: u64,
    },
    /// Its inputs are numbers already, or several problems.
    #[error(
        "`{text}` has no operands to write as digits; take a group, a product, operands, a word, an expression or a table"
    )]
    Unfit {
        /// The task whose operands were to be digits, as the user wrote it.
        text: String,
    },
}

/// The powers on either side of a size.
fn nearest(base: u64, size: usize) -> String {
    let mut power = base;
    while power.saturating_mul(base) < size as u64 {
        power = power.saturating_mul(base);
    }
    format!("take an operand of {power} or {} tokens that begins at 0", power.saturating_mul(base))
}

/// The problem with digits for operands. Its population and its labels are those of `problem`: the digits of a number, the most
/// significant first, count up as the number does.
pub(super) fn problem(name: String, base: u64, problem: Problem) -> Result<Problem, BaseError> {
    let mut n_digits = 0;
    for (operand, (&size, &first)) in problem.operand_sizes.iter().zip(&problem.operand_firsts).enumerate() {
        let digits = (1..=64).find(|&n| base.checked_pow(n) == Some(size as u64)).filter(|_| first == 0);
        n_digits += digits.ok_or(BaseError::NoPower { operand: operand + 1, size, first, base })? as usize;
    }
    if n_digits == problem.n_operands() {
        return Err(BaseError::OneDigit { base });
    }
    // Digits are no elements of a group, whatever the numbers are.
    let (operand_sizes, operand_firsts) = (vec![base as usize; n_digits], vec![0; n_digits]);
    Ok(Problem { name, operand_sizes, operand_firsts, structure: Structure::Function, ..problem })
}

/// Refuses a task whose operands cannot be written as digits, before it is read.
pub(super) fn check(base: u64, text: &str) -> Result<(), TaskError> {
    let refused = |reason| TaskError::Base { text: text.trim().to_owned(), reason };
    if base < 2 {
        return Err(refused(BaseError::TooSmall));
    }
    let name = text.split(':').next().unwrap_or("").trim();
    if ["base", "several", "recall", "parity", "digits"].contains(&name) {
        return Err(refused(BaseError::Unfit { text: text.trim().to_owned() }));
    }
    Ok(())
}

/// The error of a task that is written in digits.
pub(super) fn refused(of: &Task, reason: BaseError) -> TaskError {
    TaskError::Base { text: of.to_string(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(text: &str) -> Problem {
        Task::parse(text).unwrap_or_else(|error| panic!("{error}")).resolve(None).unwrap()
    }

    /// The numbers are put together from their digits again, and the sum is carried digit by digit, as on paper.
    #[test]
    fn sums_are_those_of_the_written_numbers() {
        for (base, n_digits) in [(10, 2), (2, 5), (3, 3)] {
            let modulus = (base as u64).pow(n_digits as u32);
            let problem = resolved(&format!("base:{base}:cyclic:{modulus}"));
            assert_eq!(problem.operand_sizes, vec![base; 2 * n_digits]);
            let samples = problem.population();
            assert_eq!(samples.len() as u64, modulus * modulus);
            for i in 0..samples.len() {
                let digits: Vec<u32> = samples.operands.iter().map(|tokens| tokens[i]).collect();
                let (a, b) = digits.split_at(n_digits);
                let (mut carry, mut sum, mut place) = (0, 0, 1);
                for (a, b) in a.iter().zip(b).rev() {
                    let column = a + b + carry;
                    carry = column / base as u32;
                    sum += column % base as u32 * place;
                    place *= base as u32;
                }
                assert_eq!(samples.labels[i], sum, "{a:?} + {b:?}");
            }
        }
    }

    #[test]
    fn operands_may_have_different_numbers_of_digits() {
        let three = resolved("base:2:operands:3:cyclic:4");
        assert_eq!((three.operand_sizes.as_slice(), three.n_labels), ([2; 6].as_slice(), 4));
        assert_eq!(three.labels[0b01_10_11], 2); // 1 + 2 + 3 mod 4
        assert_eq!(three.structure, Structure::Function);
        assert_eq!(resolved("base:2:expression:x^2:8").operand_sizes, [2; 3]);
    }

    #[test]
    fn mistakes_are_told_with_their_remedy() {
        for (text, expected) in [
            (
                "base:10:cyclic:97",
                "operand 1 has 97 tokens from 0 on, and digits to base 10 write 0 to 10^n - 1; take an operand of 10 or 100",
            ),
            ("base:2:expression:x/y:5", "operand 1 has 5 tokens"),
            ("base:2:expression:1/y:5", "operand 1 has 4 tokens from 1 on"),
            ("base:2:expression:x/y if y%2 else 0:8", ""),
            ("base:10:cyclic:10", "every operand is a single digit to base 10"),
            ("base:1:cyclic:4", "a base is at least 2"),
            ("base:2:digits", "`digits` has no operands to write as digits"),
            ("base:2:base:2:cyclic:4", "has no operands to write"),
            ("base:2:several:cyclic:4,cyclic:4", "has no operands to write"),
            ("base:x:cyclic:4", "is not of the form `base:B:TASK`"),
            ("several:base:2:cyclic:4,cyclic:4", "cannot be one of several"),
            ("operands:3:base:2:cyclic:4", "does not take a number of operands"),
        ] {
            let told = Task::parse(text).and_then(|task| task.resolve(None));
            if expected.is_empty() {
                assert!(told.is_ok(), "{text}");
                continue;
            }
            let told = told.unwrap_err().to_string();
            assert!(told.contains(expected), "{text}: {told}");
        }
    }
}

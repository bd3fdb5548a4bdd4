//! A formula in postfix order, and its value at given operands.

/// Instructions in postfix order, operands before operators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Program(pub(super) Vec<Instruction>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Instruction {
    Constant(u64),
    Variable(usize),
    Add,
    Subtract,
    Multiply,
    Negate,
    Power(u64),
    /// a·b⁻¹ modulo M; the columns are those of the operators.
    Divide {
        column: u16,
    },
    Quotient {
        column: u16,
    },
    Remainder {
        column: u16,
    },
    /// By a number as it is written, at least 1.
    QuotientBy(u64),
    RemainderBy(u64),
    /// 1 where it holds, else 0.
    Compare(Comparison),
    /// Of A, C and B in this order: A where C is not 0, else B.
    Choose,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Unequal,
    Less,
    AtMost,
    More,
    AtLeast,
}

/// Why there is no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    NoInverse { column: u16, divisor: u16 },
    ByZero { column: u16 },
}

impl Comparison {
    fn holds(self, left: u32, right: u32) -> bool {
        match self {
            Self::Equal => left == right,
            Self::Unequal => left != right,
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::More => left > right,
            Self::AtLeast => left >= right,
        }
    }
}

impl Program {
    /// The value at operands below `modulus` ≤ 4096, so that products fit 32 bits. What a condition does not choose may have none.
    pub(super) fn evaluate(
        &self,
        values: &[u32],
        modulus: u32,
        stack: &mut Vec<Result<u32, Fault>>,
    ) -> Result<u32, Fault> {
        const WELL_FORMED: &str = "the parser puts operands before operators";
        stack.clear();
        for &instruction in &self.0 {
            let mut pop = || stack.pop().expect(WELL_FORMED);
            let value = match instruction {
                Instruction::Constant(constant) => Ok((constant % u64::from(modulus)) as u32),
                Instruction::Variable(variable) => Ok(values[variable]),
                Instruction::Negate => pop().map(|a| (modulus - a) % modulus),
                Instruction::Power(exponent) => pop().map(|a| power(a, exponent, modulus)),
                Instruction::QuotientBy(divisor) => pop().map(|a| (u64::from(a) / divisor) as u32 % modulus),
                Instruction::RemainderBy(divisor) => pop().map(|a| (u64::from(a) % divisor) as u32),
                Instruction::Choose => {
                    let (otherwise, condition, then) = (pop(), pop(), pop());
                    condition.and_then(|condition| if condition == 0 { otherwise } else { then })
                }
                Instruction::Add
                | Instruction::Subtract
                | Instruction::Multiply
                | Instruction::Divide { .. }
                | Instruction::Quotient { .. }
                | Instruction::Remainder { .. }
                | Instruction::Compare(_) => {
                    let (right, left) = (pop(), pop());
                    left.and_then(|left| right.and_then(|right| binary(instruction, left, right, modulus)))
                }
            };
            stack.push(value);
        }
        stack.pop().expect(WELL_FORMED)
    }
}

fn binary(instruction: Instruction, left: u32, right: u32, modulus: u32) -> Result<u32, Fault> {
    Ok(match instruction {
        Instruction::Add => (left + right) % modulus,
        Instruction::Subtract => (left + modulus - right) % modulus,
        Instruction::Divide { column } => {
            let fault = Fault::NoInverse { column, divisor: right as u16 };
            left * inverse(right, modulus).ok_or(fault)? % modulus
        }
        Instruction::Quotient { column } => left.checked_div(right).ok_or(Fault::ByZero { column })?,
        Instruction::Remainder { column } => left.checked_rem(right).ok_or(Fault::ByZero { column })?,
        Instruction::Compare(comparison) => u32::from(comparison.holds(left, right)) % modulus,
        _ => left * right % modulus,
    })
}

/// The b with a·b = 1 modulo `modulus`, by Euclid's algorithm: a·bᵢ = rᵢ throughout.
fn inverse(a: u32, modulus: u32) -> Option<u32> {
    let (mut r, mut next_r) = (i64::from(modulus), i64::from(a));
    let (mut b, mut next_b) = (0_i64, 1_i64);
    while next_r != 0 {
        let quotient = r / next_r;
        (r, next_r) = (next_r, r - quotient * next_r);
        (b, next_b) = (next_b, b - quotient * next_b);
    }
    (r == 1).then(|| b.rem_euclid(i64::from(modulus)) as u32)
}

/// `base^exponent` by repeated squaring; anything to the power 0 is 1.
fn power(mut base: u32, mut exponent: u64, modulus: u32) -> u32 {
    let mut result = 1 % modulus;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = result * base % modulus;
        }
        base = base * base % modulus;
        exponent >>= 1;
    }
    result
}

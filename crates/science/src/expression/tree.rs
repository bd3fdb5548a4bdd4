//! Expressions as trees.

use std::fmt::{self, Display};

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// A quantity of the laboratory, or a constant that the claim names.
    Name(String),
    /// A pure number.
    Number(f64),
    /// A function of one argument.
    Of(Function, Box<Expression>),
    /// Two parts joined.
    Join(Operator, Box<Expression>, Box<Expression>),
}

/// Functions of one argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// The natural logarithm.
    Ln,
    /// The exponential.
    Exp,
    /// The square root.
    Sqrt,
    /// The hyperbolic tangent.
    Tanh,
    /// The absolute value.
    Abs,
    /// Less than nothing.
    Minus,
}

/// What joins two parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// A sum.
    Plus,
    /// A difference.
    Less,
    /// A product.
    Times,
    /// A ratio.
    Over,
    /// A power.
    Power,
}

impl Function {
    /// All, in the order of their codes.
    pub const ALL: [Self; 6] = [Self::Ln, Self::Exp, Self::Sqrt, Self::Tanh, Self::Abs, Self::Minus];

    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ln => "ln",
            Self::Exp => "exp",
            Self::Sqrt => "sqrt",
            Self::Tanh => "tanh",
            Self::Abs => "abs",
            Self::Minus => "-",
        }
    }

    /// Its value.
    pub fn at(self, x: f64) -> f64 {
        match self {
            Self::Ln => libm::log(x),
            Self::Exp => libm::exp(x),
            Self::Sqrt => x.sqrt(),
            Self::Tanh => libm::tanh(x),
            Self::Abs => x.abs(),
            Self::Minus => -x,
        }
    }
}

impl Operator {
    /// All, in the order of their codes.
    pub const ALL: [Self; 5] = [Self::Plus, Self::Less, Self::Times, Self::Over, Self::Power];

    /// As it is written.
    pub const fn sign(self) -> char {
        match self {
            Self::Plus => '+',
            Self::Less => '-',
            Self::Times => '*',
            Self::Over => '/',
            Self::Power => '^',
        }
    }

    /// Its value.
    pub fn at(self, a: f64, b: f64) -> f64 {
        match self {
            Self::Plus => a + b,
            Self::Less => a - b,
            Self::Times => a * b,
            Self::Over => a / b,
            Self::Power => libm::pow(a, b),
        }
    }

    /// How closely it binds.
    const fn rank(self) -> u8 {
        match self {
            Self::Plus | Self::Less => 1,
            Self::Times | Self::Over => 2,
            Self::Power => 4,
        }
    }
}

impl Expression {
    /// The name of a quantity or a constant.
    pub fn name(name: &str) -> Self {
        Self::Name(name.to_owned())
    }

    /// A function of it.
    #[must_use]
    pub fn of(function: Function, argument: Self) -> Self {
        Self::Of(function, Box::new(argument))
    }

    /// Two parts joined.
    #[must_use]
    pub fn join(operator: Operator, left: Self, right: Self) -> Self {
        Self::Join(operator, Box::new(left), Box::new(right))
    }

    /// Every name in it, in the order of reading, each once.
    pub fn names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.visit(&mut |part| {
            if let Self::Name(name) = part
                && !names.contains(&name.as_str())
            {
                names.push(name.as_str());
            }
        });
        names
    }

    /// How many symbols it has.
    pub fn size(&self) -> usize {
        let mut size = 0;
        self.visit(&mut |_| size += 1);
        size
    }

    /// Whether a name stands in an exponent.
    pub fn has_power(&self, name: &str) -> bool {
        let mut has = false;
        self.visit(&mut |part| {
            if let Self::Join(Operator::Power, _, exponent) = part {
                has |= exponent.names().contains(&name);
            }
        });
        has
    }

    fn visit<'a>(&'a self, see: &mut impl FnMut(&'a Self)) {
        see(self);
        match self {
            Self::Name(_) | Self::Number(_) => {}
            Self::Of(_, argument) => argument.visit(see),
            Self::Join(_, left, right) => {
                left.visit(see);
                right.visit(see);
            }
        }
    }

    /// Its rank where it is a part of another: parentheses come where a part binds less closely than its place asks.
    fn rank(&self) -> u8 {
        match self {
            Self::Name(_) => 5,
            Self::Number(value) => {
                if *value < 0.0 {
                    3
                } else {
                    5
                }
            }
            Self::Of(Function::Minus, _) => 3,
            Self::Of(..) => 5,
            Self::Join(operator, ..) => operator.rank(),
        }
    }

    fn write(&self, out: &mut fmt::Formatter<'_>, least: u8) -> fmt::Result {
        if self.rank() < least {
            out.write_str("(")?;
            self.write(out, 0)?;
            return out.write_str(")");
        }
        match self {
            Self::Name(name) => out.write_str(name),
            Self::Number(value) => write!(out, "{value}"),
            Self::Of(Function::Minus, argument) => {
                out.write_str("-")?;
                argument.write(out, 4)
            }
            Self::Of(function, argument) => {
                write!(out, "{}(", function.name())?;
                argument.write(out, 0)?;
                out.write_str(")")
            }
            Self::Join(operator, left, right) => {
                let rank = operator.rank();
                let (of_left, of_right) = if *operator == Operator::Power { (5, 5) } else { (rank, rank + 1) };
                left.write(out, of_left)?;
                if *operator == Operator::Power {
                    out.write_str("^")?;
                } else {
                    write!(out, " {} ", operator.sign())?;
                }
                right.write(out, of_right)
            }
        }
    }
}

impl Display for Expression {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(out, 0)
    }
}

//! Functions of single numbers that act on every entry of a matrix, with their slopes.

use crate::tape::{Node, Tape};
use crate::tensor::Tensor;

/// A function of one number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Entrywise {
    Exp,
    Ln,
    Tanh,
    Sigmoid,
    Relu,
    Step,
    Abs,
    Sign,
    Sin,
    Cos,
    NormalCdf,
    NormalPdf,
    Power(f64),
}

impl Entrywise {
    /// Whether complex entries are taken.
    pub(crate) fn takes_complex(self) -> bool {
        matches!(self, Self::Exp) || matches!(self, Self::Power(p) if p.fract() == 0.0)
    }

    pub(crate) fn of(self, x: &Tensor) -> Tensor {
        if !x.is_complex() {
            return x.map(|x| self.of_number(x));
        }
        match self {
            Self::Exp => x.map_complex(|re, im| (re.exp() * im.cos(), re.exp() * im.sin())),
            Self::Power(p) if p.fract() == 0.0 => x.map_complex(|re, im| whole_power(re, im, p as i32)),
            _ => x.map(|_| f64::NAN),
        }
    }

    pub(crate) fn of_number(self, x: f64) -> f64 {
        match self {
            Self::Exp => libm::exp(x),
            Self::Ln => libm::log(x),
            Self::Tanh => libm::tanh(x),
            Self::Sigmoid => 1.0 / (1.0 + libm::exp(-x)),
            Self::Relu => x.max(0.0),
            Self::Step => f64::from(u8::from(x > 0.0)),
            Self::Abs => x.abs(),
            Self::Sign => f64::from(i8::from(x > 0.0) - i8::from(x < 0.0)),
            Self::Sin => libm::sin(x),
            Self::Cos => libm::cos(x),
            Self::NormalCdf => 0.5 * libm::erfc(-x / std::f64::consts::SQRT_2),
            Self::NormalPdf => libm::exp(-0.5 * x * x) / (2.0 * std::f64::consts::PI).sqrt(),
            Self::Power(p) if p.fract() == 0.0 && p.abs() < 64.0 => x.powi(p as i32),
            Self::Power(p) => libm::pow(x, p),
        }
    }

    /// The relative error of a value, from the relative and the absolute error of its argument.
    pub(crate) fn relative(self, relative: f64, error: f64) -> f64 {
        match self {
            Self::Exp => error + 4.0 * f64::EPSILON,
            Self::Power(p) => p.abs() * relative + 4.0 * f64::EPSILON,
            // These keep signs and shrink relative errors.
            Self::Relu | Self::Abs => relative,
            _ => f64::INFINITY,
        }
    }

    /// How far the values move, in the Frobenius norm, when the entries move by at most `error`.
    pub(crate) fn moved_by(self, x: &Tensor, error: f64) -> f64 {
        if error == 0.0 {
            return 0.0;
        }
        if x.is_complex() {
            let size = x.largest();
            return match self {
                Self::Power(p) => p.abs() * libm::pow(size.max(1e-300), p - 1.0) * error,
                _ => self.of(x).largest() * error,
            };
        }
        let most = x.re().iter().fold(0.0, |most: f64, &x| {
            let here = self.of_number(x);
            let up = (self.of_number(x + error) - here).abs();
            let down = (self.of_number(x - error) - here).abs();
            // One side of the domain may be missing, as for a root at 0.
            most.max(if up.is_nan() { down } else { up.max(if down.is_nan() { up } else { down }) })
        });
        // Entries move independently, so the norm moves by the worst slope times the norm of the error, plus the jumps.
        most.min(1e300)
    }

    /// The derivative at every entry, from the argument and the value.
    pub(crate) fn slope(self, tape: &mut Tape, argument: Node, value: Node) -> Node {
        let (rows, cols) = tape.shape(argument);
        match self {
            Self::Exp => value,
            Self::Ln => tape.entrywise(argument, Self::Power(-1.0)),
            Self::Tanh => {
                let square = tape.entries(value, value);
                let one = tape.constant(Tensor::filled(rows, cols, 1.0));
                tape.minus(one, square)
            }
            Self::Sigmoid => {
                let square = tape.entries(value, value);
                tape.minus(value, square)
            }
            Self::Relu => tape.entrywise(argument, Self::Step),
            Self::Step | Self::Sign => tape.constant(Tensor::filled(rows, cols, 0.0)),
            Self::Abs => tape.entrywise(argument, Self::Sign),
            Self::Sin => tape.entrywise(argument, Self::Cos),
            Self::Cos => {
                let sine = tape.entrywise(argument, Self::Sin);
                tape.multiple(-1.0, sine)
            }
            Self::NormalCdf => tape.entrywise(argument, Self::NormalPdf),
            Self::NormalPdf => {
                let product = tape.entries(argument, value);
                tape.multiple(-1.0, product)
            }
            Self::Power(0.0) => tape.constant(Tensor::filled(rows, cols, 0.0)),
            Self::Power(2.0) => tape.multiple(2.0, argument),
            Self::Power(p) => {
                let less = tape.entrywise(argument, Self::Power(p - 1.0));
                tape.multiple(p, less)
            }
        }
    }
}

fn whole_power(re: f64, im: f64, p: i32) -> (f64, f64) {
    let (mut x, mut y) = (1.0, 0.0);
    for _ in 0..p.abs() {
        (x, y) = (x * re - y * im, x * im + y * re);
    }
    if p >= 0 {
        return (x, y);
    }
    let size = x * x + y * y;
    (x / size, -y / size)
}

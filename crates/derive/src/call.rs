//! The values of functions.

use crate::evaluate::{Bound, Evaluator, NoValue};
use crate::expr::Expr;
use crate::functions::{What, function};
use crate::group::Group;
use crate::tape::Node;
use crate::tensor::Tensor;
use std::rc::Rc;

mod matrix;

use matrix::{activate, kron, of_matrix, product, row_sums, slope};

/// Activations that a file can declare a name for.
pub(crate) const ACTIVATIONS: [&str; 8] = ["square", "relu", "tanh", "sigmoid", "silu", "gelu", "softplus", "identity"];

impl Evaluator {
    pub(crate) fn call(&mut self, name: &str, arguments: &[Expr]) -> Result<Bound, NoValue> {
        let definitions = Rc::clone(&self.definitions);
        if let Some(definition) = definitions.get(name) {
            let values = arguments.iter().map(|argument| self.bound(argument)).collect::<Result<Vec<_>, _>>()?;
            let inner = definition.parameters.iter().cloned().zip(values).collect();
            let locals = std::mem::replace(&mut self.locals, inner);
            let found = self.bound(&definition.body);
            self.locals = locals;
            return found;
        }
        if let Some(Bound::Activation(activation)) = self.names.get(name).cloned() {
            let x = self.value(&arguments[0])?;
            return Ok(Bound::Value(activate(&mut self.tape, activation, x)));
        }
        if let Some(Bound::Activation(activation)) =
            name.strip_prefix('d').and_then(|rest| self.names.get(rest)).cloned()
        {
            let x = self.value(&arguments[0])?;
            return Ok(Bound::Value(slope(&mut self.tape, activation, x)));
        }
        let found = function(name).ok_or_else(|| NoValue::Kind(format!("`{name}`")))?;
        match (found.what, name) {
            (_, "op" | "ginv") => self.element(name, arguments),
            (_, "delta") => {
                let same = match (self.bound(&arguments[0])?, self.bound(&arguments[1])?) {
                    (Bound::Irrep(_, k), Bound::Irrep(_, l)) => k == l,
                    _ => self.whole(&arguments[0])? == self.whole(&arguments[1])?,
                };
                Ok(Bound::Value(self.tape.number(f64::from(u8::from(same)))))
            }
            (_, "order" | "pairs" | "products" | "conv" | "flip" | "left" | "right") => {
                let Bound::Group(group) = self.bound(&arguments[0])? else {
                    return Err(NoValue::Kind(format!("the argument of `{name}`")));
                };
                self.of_group(name, &group, arguments).map(Bound::Value)
            }
            (_, "dim" | "rho" | "chi" | "indicator" | "fourier" | "projector" | "projector_one") => {
                let Bound::Irrep(group, irrep) = self.bound(&arguments[0])? else {
                    return Err(NoValue::Kind(format!("the argument of `{name}`")));
                };
                self.of_irrep(name, &group, irrep, arguments).map(Bound::Value)
            }
            (_, "grad" | "hess" | "dir") => self.derivative(name, arguments).map(Bound::Value),
            (What::Entrywise(f), _) => {
                let x = self.value(&arguments[0])?;
                Ok(Bound::Value(self.tape.entrywise(x, f)))
            }
            (What::Composed, _) => {
                let x = self.value(&arguments[0])?;
                let activation = ACTIVATIONS.into_iter().find(|activation| *activation == name);
                let activation = activation.ok_or_else(|| NoValue::Kind(format!("`{name}`")))?;
                Ok(Bound::Value(activate(&mut self.tape, activation, x)))
            }
            (What::Own, _) => self.built(name, arguments).map(Bound::Value),
            _ => {
                let x = self.value(&arguments[0])?;
                Ok(Bound::Value(of_matrix(&mut self.tape, name, x)))
            }
        }
    }

    fn element(&mut self, name: &str, arguments: &[Expr]) -> Result<Bound, NoValue> {
        let Bound::Element(group, a) = self.bound(&arguments[0])? else {
            return Err(NoValue::Kind(format!("the argument of `{name}`")));
        };
        if name == "ginv" {
            let inverse = group.inverse(a);
            return Ok(Bound::Element(group, inverse));
        }
        let Bound::Element(_, b) = self.bound(&arguments[1])? else {
            return Err(NoValue::Kind(format!("the argument of `{name}`")));
        };
        let product = group.product(a, b);
        Ok(Bound::Element(group, product))
    }

    /// Functions that take sizes, two matrices, or a matrix and change its shape.
    fn built(&mut self, name: &str, arguments: &[Expr]) -> Result<Node, NoValue> {
        if matches!(name, "I" | "ones" | "zeros" | "onehot") {
            let n = self.whole(&arguments[0])?.max(0) as usize;
            let m = if arguments.len() > 1 { self.whole(&arguments[1])?.max(0) as usize } else { 1 };
            if n * m > 4_000_000 {
                return Err(NoValue::TooLong);
            }
            let value = match name {
                "I" => Tensor::identity(n),
                "ones" => Tensor::filled(n, m, 1.0),
                "zeros" => Tensor::filled(n, m, 0.0),
                _ if (1..=m).contains(&n) => Tensor::from_fn(m, 1, |row, _| f64::from(u8::from(row + 1 == n))),
                _ => return Err(NoValue::Index { index: n as i64, of: m }),
            };
            return Ok(self.tape.constant(value));
        }
        let x = self.value(&arguments[0])?;
        let y = if arguments.len() > 1 { Some(self.value(&arguments[1])?) } else { None };
        let tape = &mut self.tape;
        let (rows, cols) = tape.shape(x);
        Ok(match (name, y) {
            ("inv", _) => tape.inverse(x),
            ("inner", Some(y)) => {
                let left = tape.conj(x);
                let entries = tape.entries(left, y);
                let total = tape.total(entries);
                tape.real(total)
            }
            ("diag", _) if cols == 1 => {
                let wide = tape.constant(Tensor::filled(1, rows, 1.0));
                let spread = if rows == 1 { x } else { tape.times(x, wide) };
                let mask = tape.constant(Tensor::identity(rows));
                tape.entries(spread, mask)
            }
            ("diag", _) => {
                let mask = tape.constant(Tensor::identity(rows));
                let kept = tape.entries(x, mask);
                row_sums(tape, kept)
            }
            ("rowsums", _) => row_sums(tape, x),
            ("colsums", _) => {
                let one = tape.constant(Tensor::filled(1, rows, 1.0));
                if rows == 1 { x } else { product(tape, one, x) }
            }
            ("vec", _) => tape.reshaped(x, rows * cols, 1),
            ("kron", Some(y)) => kron(tape, x, y),
            _ => return Err(NoValue::Kind(format!("`{name}`"))),
        })
    }

    fn of_group(&mut self, name: &str, group: &Group, arguments: &[Expr]) -> Result<Node, NoValue> {
        let n = group.order;
        let is = |yes: bool| f64::from(u8::from(yes));
        let value = match name {
            "order" => Tensor::number(n as f64),
            "pairs" => Tensor::from_fn(n * n, 2 * n, |row, col| is(col == row / n || col == n + row % n)),
            "products" => Tensor::from_fn(n * n, n, |row, col| is(col == group.product(row / n, row % n))),
            "flip" => Tensor::from_fn(n, n, |row, col| is(col == group.inverse(row))),
            "left" | "right" => {
                let Bound::Element(_, g) = self.bound(&arguments[1])? else {
                    return Err(NoValue::Kind(format!("the argument of `{name}`")));
                };
                if name == "left" { group.left(g) } else { group.right(g) }
            }
            _ => {
                let (u, v) = (self.value(&arguments[1])?, self.value(&arguments[2])?);
                let tape = &mut self.tape;
                let turned = tape.adjoint(v);
                let turned = if tape.value(v).is_complex() { tape.conj(turned) } else { turned };
                let outer = tape.times(u, turned);
                let pairs = tape.reshaped(outer, n * n, 1);
                let gather = Tensor::from_fn(n, n * n, |row, col| is(group.product(col % n, col / n) == row));
                let gather = tape.constant(gather);
                return Ok(product(tape, gather, pairs));
            }
        };
        Ok(self.tape.constant(value))
    }

    fn of_irrep(&mut self, name: &str, group: &Group, irrep: usize, arguments: &[Expr]) -> Result<Node, NoValue> {
        let rho = &group.irreps[irrep];
        // What the decomposition leaves of rounding.
        let error = 1e-14 * group.order as f64;
        let value = match name {
            "dim" => return Ok(self.tape.number(rho.dim as f64)),
            "indicator" => return Ok(self.tape.number(f64::from(rho.indicator))),
            "projector" => group.projector(irrep, true),
            "projector_one" => group.projector(irrep, false),
            "fourier" => {
                let u = self.value(&arguments[1])?;
                let (d, n) = (rho.dim, group.order);
                let entry = |row: usize, g: usize| rho.matrices[g].entry(row % d, row / d);
                let re = Tensor::from_fn(d * d, n, |row, g| entry(row, g).0).re().to_vec();
                let im = Tensor::from_fn(d * d, n, |row, g| entry(row, g).1).re().to_vec();
                let all = self.tape.given(Tensor::complex(d * d, n, re, im), error);
                let column = product(&mut self.tape, all, u);
                return Ok(self.tape.reshaped(column, d, d));
            }
            _ => {
                let Bound::Element(_, g) = self.bound(&arguments[1])? else {
                    return Err(NoValue::Kind(format!("the argument of `{name}`")));
                };
                if name == "rho" {
                    rho.matrices[g].clone()
                } else {
                    let (re, im) = rho.character(g);
                    Tensor::complex(1, 1, vec![re], vec![im])
                }
            }
        };
        Ok(self.tape.given(value, error))
    }

    fn derivative(&mut self, name: &str, arguments: &[Expr]) -> Result<Node, NoValue> {
        let by = self.value(&arguments[1])?;
        let of = self.value(&arguments[0])?;
        match name {
            "grad" => Ok(self.tape.gradient(of, by)),
            "hess" => {
                let gradient = self.tape.gradient(of, by);
                let n = self.tape.shape(by).0;
                let mut rows = None;
                for at in 0..n {
                    let entry = self.tape.block(gradient, (at, at + 1), (0, 1));
                    let row = self.tape.gradient(entry, by);
                    let row = self.tape.adjoint(row);
                    let row = self.tape.padded(row, (at, 0), n, n);
                    rows = Some(rows.map_or(row, |rows| self.tape.plus(rows, row)));
                }
                rows.ok_or_else(|| NoValue::Kind("a matrix without rows".to_owned()))
            }
            _ => {
                // The gradient of <c, E> is linear in c, and its derivative along V, as a function of c, is the answer.
                let along = self.value(&arguments[2])?;
                let (rows, cols) = self.tape.shape(of);
                let weights = self.tape.constant(Tensor::filled(rows, cols, 0.0));
                let weighted = self.tape.entries(weights, of);
                let total = self.tape.total(weighted);
                let pulled = self.tape.gradient(total, by);
                let entries = self.tape.entries(pulled, along);
                let total = self.tape.total(entries);
                Ok(self.tape.gradient(total, weights))
            }
        }
    }
}

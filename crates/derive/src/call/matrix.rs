//! Functions of one or two matrices on the tape.

use crate::entrywise::Entrywise;
use crate::linalg;
use crate::tape::{Node, Tape};
use crate::tensor::Tensor;
use std::rc::Rc;

/// The sum of each row, a column.
pub(super) fn row_sums(tape: &mut Tape, x: Node) -> Node {
    let cols = tape.shape(x).1;
    if cols == 1 {
        return x;
    }
    let one = tape.constant(Tensor::filled(cols, 1, 1.0));
    product(tape, x, one)
}

/// A matrix product, also where a factor of one row and column is meant as a matrix.
pub(super) fn product(tape: &mut Tape, a: Node, b: Node) -> Node {
    tape.times(a, b)
}

/// `A (x) B` as the entrywise product of `A` and `B`, both blown up.
pub(super) fn kron(tape: &mut Tape, a: Node, b: Node) -> Node {
    let ((n, m), (p, q)) = (tape.shape(a), tape.shape(b));
    let is = |yes: bool| f64::from(u8::from(yes));
    let mut blown = |x: Node, left: Tensor, right: Tensor| {
        let (left, right) = (tape.constant(left), tape.constant(right));
        // A single entry has to fill its block: products with numbers do not.
        if tape.shape(x) == (1, 1) {
            return tape.spread(x, n * p, m * q);
        }
        let half = tape.times(left, x);
        let (rows, cols) = tape.shape(half);
        if cols == 1 && rows == 1 { tape.spread(half, n * p, m * q) } else { tape.times(half, right) }
    };
    let first = blown(
        a,
        Tensor::from_fn(n * p, n, |row, col| is(row / p == col)),
        Tensor::from_fn(m, m * q, |row, col| is(col / q == row)),
    );
    let second = blown(
        b,
        Tensor::from_fn(n * p, p, |row, col| is(row % p == col)),
        Tensor::from_fn(q, m * q, |row, col| is(col % q == row)),
    );
    tape.entries(first, second)
}

/// Functions of one matrix that give a number or a matrix of the same shape.
pub(super) fn of_matrix(tape: &mut Tape, name: &str, x: Node) -> Node {
    let (rows, cols) = tape.shape(x);
    match name {
        "trace" => {
            let mask = tape.constant(Tensor::identity(rows));
            let kept = tape.entries(x, mask);
            tape.total(kept)
        }
        "det" => tape.determinant(x),
        "sumsq" => squared_norm(tape, x),
        "norm" => {
            let square = squared_norm(tape, x);
            tape.entrywise(square, Entrywise::Power(0.5))
        }
        "sum" => tape.total(x),
        "mean" => {
            let total = tape.total(x);
            tape.multiple(1.0 / (rows * cols).max(1) as f64, total)
        }
        "center" => {
            let ones = tape.constant(Tensor::filled(rows, rows, 1.0 / rows.max(1) as f64));
            let means = product(tape, ones, x);
            tape.minus(x, means)
        }
        "softmax" => {
            let powers = tape.entrywise(x, Entrywise::Exp);
            let sums = row_sums(tape, powers);
            let inverse = tape.entrywise(sums, Entrywise::Power(-1.0));
            let wide = tape.constant(Tensor::filled(1, cols, 1.0));
            let spread = if rows == 1 { tape.spread(inverse, 1, cols) } else { tape.times(inverse, wide) };
            tape.entries(powers, spread)
        }
        "conj" => tape.conj(x),
        "re" => tape.real(x),
        "im" => {
            let turn = tape.constant(Tensor::complex(1, 1, vec![0.0], vec![-1.0]));
            let turned = tape.times(turn, x);
            tape.real(turned)
        }
        "abs2" => {
            let conj = tape.conj(x);
            let product = tape.entries(conj, x);
            tape.real(product)
        }
        "max" | "min" => {
            let sign = if name == "max" { 1.0 } else { -1.0 };
            let entries = tape.value(x).re().to_vec();
            let best =
                (0..entries.len()).max_by(|&i, &j| (sign * entries[i]).total_cmp(&(sign * entries[j]))).unwrap_or(0);
            tape.block(x, (best / cols, best / cols + 1), (best % cols, best % cols + 1))
        }
        "polar" | "rank" | "nullity" => fixed(tape, name, x),
        _ => spectral(tape, name, x),
    }
}

fn squared_norm(tape: &mut Tape, x: Node) -> Node {
    let conj = if tape.value(x).is_complex() { tape.conj(x) } else { x };
    let entries = tape.entries(conj, x);
    let total = tape.total(entries);
    tape.real(total)
}

/// Functions whose value enters the tape as a fixed matrix.
fn fixed(tape: &mut Tape, name: &str, x: Node) -> Node {
    let value = Rc::clone(tape.value(x));
    match name {
        "polar" => {
            let least =
                linalg::svd(&if value.cols() > value.rows() { value.adjoint() } else { value.as_ref().clone() });
            let least = least.values.last().copied().unwrap_or(0.0).max(1e-300);
            let moved = (tape.error(x) + 1e-15 * value.norm()) / least;
            tape.given(linalg::polar(&value), moved * (value.cols().min(value.rows()) as f64).sqrt())
        }
        "rank" => tape.number(linalg::rank(&value) as f64),
        _ => tape.number((value.rows() - linalg::rank(&value)) as f64),
    }
}

/// Eigenvalues and singular values as `u' A v` with the vectors held fixed: the value and the first derivative are exact.
fn spectral(tape: &mut Tape, name: &str, x: Node) -> Node {
    let value = Rc::clone(tape.value(x));
    let error = 1e-15 * (value.rows() as f64);
    let (left, right) = match name {
        "maxeig" | "mineig" => {
            let (values, vectors) = linalg::eigen(&value);
            let at = if name == "maxeig" { 0 } else { values.len() - 1 };
            let vector = vectors.block((0, value.rows()), (at, at + 1));
            (vector.clone(), vector)
        }
        _ => {
            let wide = value.cols() > value.rows();
            let found = linalg::svd(&if wide { value.adjoint() } else { value.as_ref().clone() });
            let last = found.values.len() - 1;
            let (from, to) = match name {
                "maxsv" => (0, 1),
                "minsv" => (last, last + 1),
                _ => (0, last + 1),
            };
            let tall = found.u.block((0, found.u.rows()), (from, to));
            let short = found.v.block((0, found.v.rows()), (from, to));
            if wide { (short, tall) } else { (tall, short) }
        }
    };
    let outer = tape.given(left.matmul(&right.adjoint()).conj(), error);
    let entries = tape.entries(outer, x);
    let total = tape.total(entries);
    tape.real(total)
}

pub(super) fn activate(tape: &mut Tape, activation: &str, x: Node) -> Node {
    let through = |tape: &mut Tape, gate| {
        let gate = tape.entrywise(x, gate);
        tape.entries(x, gate)
    };
    match activation {
        "square" => tape.entrywise(x, Entrywise::Power(2.0)),
        "relu" => tape.entrywise(x, Entrywise::Relu),
        "tanh" => tape.entrywise(x, Entrywise::Tanh),
        "sigmoid" => tape.entrywise(x, Entrywise::Sigmoid),
        "silu" => through(tape, Entrywise::Sigmoid),
        "gelu" => through(tape, Entrywise::NormalCdf),
        "softplus" => {
            let power = tape.entrywise(x, Entrywise::Exp);
            let (rows, cols) = tape.shape(x);
            let one = tape.constant(Tensor::filled(rows, cols, 1.0));
            let sum = tape.plus(one, power);
            tape.entrywise(sum, Entrywise::Ln)
        }
        _ => x,
    }
}

pub(super) fn slope(tape: &mut Tape, activation: &str, x: Node) -> Node {
    let y = activate(tape, activation, x);
    if y == x {
        let (rows, cols) = tape.shape(x);
        return tape.constant(Tensor::filled(rows, cols, 1.0));
    }
    let total = tape.total(y);
    tape.gradient(total, x)
}

//! Values with their history: what every value was computed from, so that gradients can be taken, and how far rounding may
//! have moved it.
//!
//! A gradient is written onto the same tape as everything else, so that a gradient of a gradient is nothing special. The adjoint
//! of a complex value `a` is the `g` with `dL = Re tr(g* da)`: every rule is that of real matrices with `'` for the conjugate
//! transpose. The error of a value is a bound in the Frobenius norm, carried along operation by operation (running error analysis,
//! Higham 2002, section 3.3), with `sqrt(k)` in place of `k` for sums of `k` roundings.

use crate::entrywise::Entrywise;
use crate::linalg;
use crate::tensor::Tensor;
use std::rc::Rc;

mod backward;

/// A value on the tape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Node(usize);

#[derive(Debug, Clone, Copy)]
enum Operation {
    Given,
    Plus(Node, Node),
    Minus(Node, Node),
    Entries(Node, Node),
    Product(Node, Node),
    /// A number times a matrix.
    Multiple(Node, Node),
    Adjoint(Node),
    Conj(Node),
    Real(Node),
    Total(Node),
    /// A number in every entry.
    Spread(Node),
    Block(Node, (usize, usize)),
    Padded(Node, (usize, usize)),
    Reshaped(Node),
    Inverse(Node),
    Determinant(Node),
    Entrywise(Node, Entrywise),
}

struct Entry {
    operation: Operation,
    value: Rc<Tensor>,
    error: f64,
    /// A bound on the error of every entry relative to that entry; infinite where nothing is known. It survives what the norm
    /// cannot: the logarithm and the inverse of small entries, as of a softmax.
    relative: f64,
    /// The largest norm of what went into the value: what an error is to be measured against where terms cancel.
    peak: f64,
}

impl Operation {
    fn arguments(self) -> [Option<Node>; 2] {
        match self {
            Self::Given => [None, None],
            Self::Plus(a, b) | Self::Minus(a, b) | Self::Entries(a, b) | Self::Product(a, b) | Self::Multiple(a, b) => {
                [Some(a), Some(b)]
            }
            Self::Adjoint(a)
            | Self::Conj(a)
            | Self::Real(a)
            | Self::Total(a)
            | Self::Spread(a)
            | Self::Block(a, _)
            | Self::Padded(a, _)
            | Self::Reshaped(a)
            | Self::Inverse(a)
            | Self::Determinant(a)
            | Self::Entrywise(a, _) => [Some(a), None],
        }
    }
}

/// Values in the order in which they were computed.
#[derive(Default)]
pub(crate) struct Tape {
    entries: Vec<Entry>,
}

const EPSILON: f64 = f64::EPSILON;

/// 1 if no entry is negative, -1 if none is positive, 0 otherwise.
fn one_sign(x: &Tensor) -> f64 {
    if x.is_complex() {
        return 0.0;
    }
    let positive = x.re().iter().any(|x| *x > 0.0);
    let negative = x.re().iter().any(|x| *x < 0.0);
    match (positive, negative) {
        (_, false) => 1.0,
        (false, true) => -1.0,
        (true, true) => 0.0,
    }
}

impl Tape {
    pub(crate) fn value(&self, node: Node) -> &Rc<Tensor> {
        &self.entries[node.0].value
    }

    /// A bound on how far rounding moved a value, in the Frobenius norm.
    pub(crate) fn error(&self, node: Node) -> f64 {
        self.entries[node.0].error
    }

    /// The largest norm of a value and of what it was computed from.
    pub(crate) fn peak(&self, node: Node) -> f64 {
        self.entries[node.0].peak
    }

    /// The number of entries of all values together.
    pub(crate) fn n_entries(&self) -> usize {
        self.entries.iter().map(|entry| entry.value.rows() * entry.value.cols()).sum()
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Forgets everything after the first `len` values.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.entries.truncate(len);
    }

    /// Whether a value has not been forgotten.
    pub(crate) fn holds(&self, node: Node) -> bool {
        node.0 < self.entries.len()
    }

    /// A value that comes from outside, known to an absolute error.
    pub(crate) fn given(&mut self, value: impl Into<Rc<Tensor>>, error: f64) -> Node {
        self.push(Operation::Given, value.into(), error)
    }

    pub(crate) fn constant(&mut self, value: Tensor) -> Node {
        self.given(value, 0.0)
    }

    pub(crate) fn number(&mut self, value: f64) -> Node {
        self.constant(Tensor::number(value))
    }

    fn push(&mut self, operation: Operation, value: Rc<Tensor>, error: f64) -> Node {
        let relative = match operation {
            Operation::Given if error == 0.0 => 0.0,
            Operation::Adjoint(a)
            | Operation::Conj(a)
            | Operation::Spread(a)
            | Operation::Block(a, _)
            | Operation::Padded(a, _)
            | Operation::Reshaped(a) => self.entries[a.0].relative,
            _ => f64::INFINITY,
        };
        self.enter(operation, value, error, relative)
    }

    fn enter(&mut self, operation: Operation, value: Rc<Tensor>, error: f64, relative: f64) -> Node {
        let error = error.min(if relative.is_finite() { relative * value.norm() } else { f64::INFINITY });
        let into = operation.arguments().into_iter().flatten().map(|node| self.peak(node));
        let peak = into.fold(value.norm(), f64::max);
        self.entries.push(Entry { operation, value, error, relative, peak });
        Node(self.entries.len() - 1)
    }

    fn rounded(&mut self, operation: Operation, value: Tensor, carried: f64) -> Node {
        let error = carried + EPSILON * value.norm();
        let relative = self.relative(operation);
        self.enter(operation, Rc::new(value), error, relative)
    }

    /// The error of every entry relative to that entry. Sums keep it as long as nothing cancels.
    fn relative(&self, operation: Operation) -> f64 {
        let of = |a: Node| self.entries[a.0].relative;
        let signed = |a: Node| one_sign(self.value(a));
        match operation {
            Operation::Plus(a, b) if signed(a) != 0.0 && signed(a) == signed(b) => of(a).max(of(b)) + EPSILON,
            Operation::Minus(a, b) if signed(a) != 0.0 && signed(a) == -signed(b) => of(a).max(of(b)) + EPSILON,
            Operation::Entries(a, b) | Operation::Multiple(a, b) => of(a) + of(b) + 2.0 * EPSILON,
            Operation::Product(a, b) if signed(a) * signed(b) != 0.0 => {
                of(a) + of(b) + EPSILON * (2 + self.value(a).cols()) as f64
            }
            Operation::Total(a) if signed(a) != 0.0 => {
                of(a) + EPSILON * (self.value(a).rows() * self.value(a).cols()) as f64
            }
            Operation::Entrywise(a, function) => function.relative(of(a), self.error(a)),
            _ => f64::INFINITY,
        }
    }

    fn two(&self, a: Node, b: Node) -> (Rc<Tensor>, Rc<Tensor>) {
        (Rc::clone(self.value(a)), Rc::clone(self.value(b)))
    }

    pub(crate) fn plus(&mut self, a: Node, b: Node) -> Node {
        let (x, y) = self.two(a, b);
        self.rounded(Operation::Plus(a, b), x.plus(&y, 1.0), self.error(a) + self.error(b))
    }

    pub(crate) fn minus(&mut self, a: Node, b: Node) -> Node {
        let (x, y) = self.two(a, b);
        self.rounded(Operation::Minus(a, b), x.plus(&y, -1.0), self.error(a) + self.error(b))
    }

    /// The product entry by entry.
    pub(crate) fn entries(&mut self, a: Node, b: Node) -> Node {
        let (x, y) = self.two(a, b);
        let carried = self.error(a) * y.largest() + x.largest() * self.error(b);
        self.rounded(Operation::Entries(a, b), x.hadamard(&y), carried)
    }

    /// The matrix product; a number times a matrix where one of the two is a number.
    pub(crate) fn times(&mut self, a: Node, b: Node) -> Node {
        let (x, y) = self.two(a, b);
        if x.is_number() || y.is_number() {
            let (number, matrix) = if x.is_number() { (a, b) } else { (b, a) };
            let (c, m) = self.two(number, matrix);
            let carried = self.error(number) * m.norm() + c.norm() * self.error(matrix);
            return self.rounded(Operation::Multiple(number, matrix), m.times_number(&c), carried);
        }
        let roundings = EPSILON * (x.cols() as f64).sqrt() * x.norm() * y.norm();
        let carried = self.error(a) * y.norm() + x.norm() * self.error(b) + roundings;
        self.rounded(Operation::Product(a, b), x.matmul(&y), carried)
    }

    pub(crate) fn adjoint(&mut self, a: Node) -> Node {
        let value = self.value(a).adjoint();
        self.push(Operation::Adjoint(a), Rc::new(value), self.error(a))
    }

    pub(crate) fn conj(&mut self, a: Node) -> Node {
        let value = self.value(a).conj();
        self.push(Operation::Conj(a), Rc::new(value), self.error(a))
    }

    pub(crate) fn real(&mut self, a: Node) -> Node {
        if !self.value(a).is_complex() {
            return a;
        }
        let value = self.value(a).real_part();
        self.push(Operation::Real(a), Rc::new(value), self.error(a))
    }

    /// The sum of all entries.
    pub(crate) fn total(&mut self, a: Node) -> Node {
        let x = Rc::clone(self.value(a));
        let carried = (self.error(a) + EPSILON * x.norm()) * ((x.rows() * x.cols()) as f64).sqrt();
        self.rounded(Operation::Total(a), x.total(), carried)
    }

    /// A matrix with one number in every entry.
    pub(crate) fn spread(&mut self, a: Node, rows: usize, cols: usize) -> Node {
        let value = Tensor::filled(rows, cols, 1.0).times_number(self.value(a));
        let error = self.error(a) * ((rows * cols) as f64).sqrt();
        self.push(Operation::Spread(a), Rc::new(value), error)
    }

    pub(crate) fn block(&mut self, a: Node, rows: (usize, usize), cols: (usize, usize)) -> Node {
        let value = self.value(a).block(rows, cols);
        self.push(Operation::Block(a, (rows.0, cols.0)), Rc::new(value), self.error(a))
    }

    pub(crate) fn padded(&mut self, a: Node, at: (usize, usize), rows: usize, cols: usize) -> Node {
        let value = self.value(a).padded(at, rows, cols);
        self.push(Operation::Padded(a, at), Rc::new(value), self.error(a))
    }

    pub(crate) fn reshaped(&mut self, a: Node, rows: usize, cols: usize) -> Node {
        let value = self.value(a).reshaped(rows, cols);
        self.push(Operation::Reshaped(a), Rc::new(value), self.error(a))
    }

    /// The inverse; entries that are not numbers where there is none.
    pub(crate) fn inverse(&mut self, a: Node) -> Node {
        let x = Rc::clone(self.value(a));
        let n = x.rows();
        let value = linalg::inverse(&x).0.unwrap_or_else(|| Tensor::filled(n, n, f64::NAN));
        let size = value.norm();
        let carried = size * size * (self.error(a) + EPSILON * (n as f64) * x.norm());
        self.rounded(Operation::Inverse(a), value, carried)
    }

    pub(crate) fn determinant(&mut self, a: Node) -> Node {
        let x = Rc::clone(self.value(a));
        let (inverse, value) = linalg::inverse(&x);
        let carried = value.norm() * inverse.map_or(0.0, |i| i.norm()) * (self.error(a) + EPSILON * x.norm());
        self.rounded(Operation::Determinant(a), value, carried)
    }

    pub(crate) fn entrywise(&mut self, a: Node, function: Entrywise) -> Node {
        let x = Rc::clone(self.value(a));
        let value = function.of(&x);
        let entries = ((x.rows() * x.cols()) as f64).sqrt();
        let of_entries = if function == Entrywise::Ln { self.entries[a.0].relative * entries } else { f64::INFINITY };
        let carried = function.moved_by(&x, self.error(a)).min(of_entries) + 4.0 * EPSILON * value.norm();
        self.rounded(Operation::Entrywise(a, function), value, carried)
    }

    pub(crate) fn shape(&self, a: Node) -> (usize, usize) {
        (self.value(a).rows(), self.value(a).cols())
    }

    /// A fixed multiple.
    pub(crate) fn multiple(&mut self, by: f64, a: Node) -> Node {
        let number = self.number(by);
        self.times(number, a)
    }
}

//! Gradients: the chain rule from a value back to what it was computed from, written onto the tape.

use crate::tape::{Node, Operation, Tape};
use crate::tensor::Tensor;
use std::collections::BTreeMap;
use std::rc::Rc;

impl Tape {
    /// The gradient of a number with respect to a value that it was computed from. Of a complex number, that of its real part.
    pub(crate) fn gradient(&mut self, of: Node, by: Node) -> Node {
        let mut adjoints: BTreeMap<usize, Node> = BTreeMap::new();
        let one = self.number(1.0);
        adjoints.insert(of.0, one);
        let mut at = of.0;
        while at > by.0 {
            if let Some(adjoint) = adjoints.remove(&at)
                && self.depends(at, by)
            {
                self.back(Node(at), adjoint, &mut adjoints, by);
            }
            let Some((&next, _)) = adjoints.range(..at).next_back() else { break };
            at = next;
        }
        let target = Rc::clone(self.value(by));
        match adjoints.get(&by.0) {
            Some(&found) if target.is_complex() => found,
            Some(&found) => self.real(found),
            None => self.constant(Tensor::filled(target.rows(), target.cols(), 0.0)),
        }
    }

    /// Whether a value can have been computed from another: it came later and was not given.
    fn depends(&self, at: usize, by: Node) -> bool {
        at > by.0 && !matches!(self.entries[at].operation, Operation::Given)
    }

    fn add(&mut self, adjoints: &mut BTreeMap<usize, Node>, to: Node, by: Node, more: impl FnOnce(&mut Self) -> Node) {
        if to != by && !self.depends(to.0, by) {
            return;
        }
        let mut more = more(self);
        if !self.value(to).is_complex() {
            more = self.real(more);
        }
        let sum = match adjoints.get(&to.0) {
            Some(&before) => self.plus(before, more),
            None => more,
        };
        adjoints.insert(to.0, sum);
    }

    /// One step of the chain rule, from a value to what it was computed from.
    fn back(&mut self, at: Node, g: Node, into: &mut BTreeMap<usize, Node>, by: Node) {
        match self.entries[at.0].operation {
            Operation::Given => {}
            Operation::Plus(a, b) => {
                self.add(into, a, by, |_| g);
                self.add(into, b, by, |_| g);
            }
            Operation::Minus(a, b) => {
                self.add(into, a, by, |_| g);
                self.add(into, b, by, |tape| tape.multiple(-1.0, g));
            }
            Operation::Entries(a, b) => {
                self.add(into, a, by, |tape| tape.entries_with_conj(g, b));
                self.add(into, b, by, |tape| tape.entries_with_conj(g, a));
            }
            Operation::Product(a, b) => {
                self.add(into, a, by, |tape| {
                    let turned = tape.adjoint(b);
                    tape.outer(g, turned)
                });
                self.add(into, b, by, |tape| {
                    let turned = tape.adjoint(a);
                    tape.outer(turned, g)
                });
            }
            Operation::Multiple(number, matrix) => {
                self.add(into, matrix, by, |tape| {
                    let number = tape.conj(number);
                    tape.times(number, g)
                });
                self.add(into, number, by, |tape| {
                    let entries = tape.entries_with_conj(g, matrix);
                    tape.total(entries)
                });
            }
            Operation::Adjoint(a) => self.add(into, a, by, |tape| tape.adjoint(g)),
            Operation::Conj(a) => self.add(into, a, by, |tape| tape.conj(g)),
            Operation::Real(a) => self.add(into, a, by, |tape| tape.real(g)),
            Operation::Total(a) => {
                let (rows, cols) = self.shape(a);
                self.add(into, a, by, |tape| tape.spread(g, rows, cols));
            }
            Operation::Spread(a) => self.add(into, a, by, |tape| tape.total(g)),
            Operation::Block(a, from) => {
                let (rows, cols) = self.shape(a);
                self.add(into, a, by, |tape| tape.padded(g, from, rows, cols));
            }
            Operation::Padded(a, from) => {
                let (rows, cols) = self.shape(a);
                self.add(into, a, by, |tape| tape.block(g, (from.0, from.0 + rows), (from.1, from.1 + cols)));
            }
            Operation::Reshaped(a) => {
                let (rows, cols) = self.shape(a);
                self.add(into, a, by, |tape| tape.reshaped(g, rows, cols));
            }
            Operation::Inverse(a) => self.add(into, a, by, |tape| {
                let turned = tape.adjoint(at);
                let left = tape.outer(turned, g);
                let both = tape.outer(left, turned);
                tape.multiple(-1.0, both)
            }),
            Operation::Determinant(a) => self.add(into, a, by, |tape| {
                let size = tape.entries_with_conj(g, at);
                let inverse = tape.inverse(a);
                let turned = tape.adjoint(inverse);
                tape.times(size, turned)
            }),
            Operation::Entrywise(a, function) => self.add(into, a, by, |tape| {
                let slope = function.slope(tape, a, at);
                tape.entries_with_conj(g, slope)
            }),
        }
    }

    fn entries_with_conj(&mut self, g: Node, a: Node) -> Node {
        let a = if self.value(a).is_complex() { self.conj(a) } else { a };
        self.entries(g, a)
    }

    /// A matrix product of two adjoints, where a factor of one entry is a matrix and not a number.
    fn outer(&mut self, a: Node, b: Node) -> Node {
        self.times(a, b)
    }
}

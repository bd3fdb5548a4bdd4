//! The value of an expression once every name has one.

use crate::entrywise::Entrywise;
use crate::expr::{Expr, Fold, Kind, Operator, Selection, Set};
use crate::group::Group;
use crate::infer::Definition;
use crate::tape::{Node, Tape};
use crate::tensor::Tensor;
use std::collections::BTreeMap;
use std::rc::Rc;

/// What a name stands for in one draw.
#[derive(Debug, Clone)]
pub(crate) enum Bound {
    Value(Node),
    Group(Rc<Group>),
    Irrep(Rc<Group>, usize),
    Element(Rc<Group>, usize),
    Activation(&'static str),
}

/// Why an expression has no value in a draw.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(crate) enum NoValue {
    #[error("an index {index} of {of}")]
    Index { index: i64, of: usize },
    #[error("the computation is too long; its sets or sizes are too large")]
    TooLong,
    #[error("{0} is no value here")]
    Kind(String),
}

/// A draw in which expressions are evaluated.
pub(crate) struct Evaluator {
    pub(crate) tape: Tape,
    pub(crate) names: BTreeMap<String, Bound>,
    pub(crate) definitions: Rc<BTreeMap<String, Definition>>,
    pub(crate) locals: Vec<(String, Bound)>,
    memo: BTreeMap<String, Node>,
    /// Seeds the starts of maxima over spheres.
    pub(crate) seed: u64,
    /// How many more operations are done.
    budget: usize,
}

/// Operations of one draw; one is a matrix product or the like.
const OPERATIONS: usize = 20_000_000;

impl Evaluator {
    pub(crate) fn new(definitions: Rc<BTreeMap<String, Definition>>, seed: u64) -> Self {
        let (tape, names, locals, memo) = (Tape::default(), BTreeMap::new(), Vec::new(), BTreeMap::new());
        Self { tape, names, definitions, locals, memo, seed, budget: OPERATIONS }
    }

    /// Forgets what was computed after a mark.
    pub(crate) fn rewind(&mut self, mark: usize) {
        let tape = &mut self.tape;
        tape.truncate(mark);
        self.memo.retain(|_, node| tape.holds(*node));
    }

    pub(crate) fn with<T>(&mut self, name: &str, bound: Bound, then: impl FnOnce(&mut Self) -> T) -> T {
        self.locals.push((name.to_owned(), bound));
        let result = then(self);
        self.locals.pop();
        result
    }

    pub(crate) fn value(&mut self, expr: &Expr) -> Result<Node, NoValue> {
        match self.bound(expr)? {
            Bound::Value(node) => Ok(node),
            Bound::Element(_, element) => Ok(self.tape.number((element + 1) as f64)),
            Bound::Group(_) => Err(NoValue::Kind("a group".to_owned())),
            Bound::Irrep(..) => Err(NoValue::Kind("a representation".to_owned())),
            Bound::Activation(_) => Err(NoValue::Kind("an activation".to_owned())),
        }
    }

    pub(crate) fn whole(&mut self, expr: &Expr) -> Result<i64, NoValue> {
        let node = self.value(expr)?;
        Ok(self.tape.value(node).first().round() as i64)
    }

    fn lookup(&self, name: &str) -> Option<Bound> {
        let local = self.locals.iter().rev().find(|(local, _)| local == name).map(|(_, bound)| bound.clone());
        local.or_else(|| self.names.get(name).cloned())
    }

    pub(crate) fn bound(&mut self, expr: &Expr) -> Result<Bound, NoValue> {
        self.budget = self.budget.checked_sub(1).ok_or(NoValue::TooLong)?;
        if self.tape.len() > 400_000 {
            return Err(NoValue::TooLong);
        }
        let node = match &expr.kind {
            Kind::Number(x) => self.tape.number(*x),
            Kind::Name(name) => {
                if let Some(found) = self.lookup(name) {
                    return Ok(found);
                }
                self.defined(name)?
            }
            Kind::Negative(a) => {
                let a = self.value(a)?;
                self.tape.multiple(-1.0, a)
            }
            Kind::Transpose(a) => {
                let a = self.value(a)?;
                self.tape.adjoint(a)
            }
            Kind::Binary(operator, a, b) => self.binary(*operator, a, b)?,
            Kind::Call(name, arguments) => return self.call(name, arguments),
            Kind::Index(a, selections) => self.index(a, selections)?,
            Kind::Blocks(rows) => self.blocks(rows)?,
            Kind::Over { fold, name, set, body } => self.over(*fold, name, set, body)?,
        };
        Ok(Bound::Value(node))
    }

    fn defined(&mut self, name: &str) -> Result<Node, NoValue> {
        if let Some(&node) = self.memo.get(name) {
            return Ok(node);
        }
        let definitions = Rc::clone(&self.definitions);
        let definition = definitions.get(name).ok_or_else(|| NoValue::Kind(format!("`{name}`")))?;
        let locals = std::mem::take(&mut self.locals);
        let found = self.value(&definition.body);
        self.locals = locals;
        self.memo.insert(name.to_owned(), found.clone()?);
        found
    }

    fn binary(&mut self, operator: Operator, a: &Expr, b: &Expr) -> Result<Node, NoValue> {
        let x = self.value(a)?;
        if let (Operator::Power | Operator::EntrywisePower, Kind::Number(power)) = (operator, &b.kind) {
            return Ok(self.tape.entrywise(x, Entrywise::Power(*power)));
        }
        let y = self.value(b)?;
        let tape = &mut self.tape;
        Ok(match operator {
            Operator::Plus => tape.plus(x, y),
            Operator::Minus => tape.minus(x, y),
            Operator::Times => tape.times(x, y),
            Operator::Entrywise => tape.entries(x, y),
            Operator::Over => {
                let inverse = tape.entrywise(y, Entrywise::Power(-1.0));
                tape.times(inverse, x)
            }
            Operator::EntrywiseOver => {
                let inverse = tape.entrywise(y, Entrywise::Power(-1.0));
                tape.entries(x, inverse)
            }
            Operator::Power | Operator::EntrywisePower => {
                let power = tape.value(y).first();
                tape.entrywise(x, Entrywise::Power(power))
            }
        })
    }

    fn index(&mut self, a: &Expr, selections: &[Selection]) -> Result<Node, NoValue> {
        let a = self.value(a)?;
        let (rows, cols) = self.tape.shape(a);
        let (row, col) = match selections {
            [only] if cols == 1 => (self.selected(only, rows)?, (0, 1)),
            [only] => ((0, 1), self.selected(only, cols)?),
            [row, col, ..] => (self.selected(row, rows)?, self.selected(col, cols)?),
            [] => ((0, rows), (0, cols)),
        };
        Ok(self.tape.block(a, row, col))
    }

    fn selected(&mut self, selection: &Selection, of: usize) -> Result<(usize, usize), NoValue> {
        let (first, last) = match selection {
            Selection::All => return Ok((0, of)),
            Selection::One(expr) => {
                let index = self.whole(expr)?;
                (index, index)
            }
            Selection::Range(first, last) => (self.whole(first)?, self.whole(last)?),
        };
        if let Some(index) = [first, last].into_iter().find(|index| !(1..=of as i64).contains(index)) {
            return Err(NoValue::Index { index, of });
        }
        if last < first {
            return Err(NoValue::Index { index: last, of });
        }
        Ok((first as usize - 1, last as usize))
    }

    fn blocks(&mut self, rows: &[Vec<Expr>]) -> Result<Node, NoValue> {
        let mut grid = Vec::new();
        for row in rows {
            grid.push(row.iter().map(|block| self.value(block)).collect::<Result<Vec<_>, _>>()?);
        }
        Ok(self.joined(&grid))
    }

    /// A matrix of blocks.
    fn joined(&mut self, grid: &[Vec<Node>]) -> Node {
        let height: usize = grid.iter().map(|row| self.tape.shape(row[0]).0).sum();
        let width: usize = grid[0].iter().map(|block| self.tape.shape(*block).1).sum();
        let (mut whole, mut top) = (None, 0);
        for row in grid {
            let mut left = 0;
            for &block in row {
                let part = self.tape.padded(block, (top, left), height, width);
                left += self.tape.shape(block).1;
                whole = Some(whole.map_or(part, |whole| self.tape.plus(whole, part)));
            }
            top += self.tape.shape(row[0]).0;
        }
        whole.expect("there is a block")
    }

    fn over(&mut self, fold: Fold, name: &str, set: &Set, body: &Expr) -> Result<Node, NoValue> {
        let members: Vec<Bound> = match set {
            Set::Range(first, last) => {
                let (first, last) = (self.whole(first)?, self.whole(last)?);
                if last - first > 5000 {
                    return Err(NoValue::TooLong);
                }
                (first..=last).map(|i| Bound::Value(self.tape.number(i as f64))).collect()
            }
            Set::Elements(group) => {
                let group = self.group(group)?;
                (0..group.order).map(|element| Bound::Element(Rc::clone(&group), element)).collect()
            }
            Set::Irreps { group, nontrivial } => {
                let group = self.group(group)?;
                let first = usize::from(*nontrivial);
                (first..group.irreps.len()).map(|k| Bound::Irrep(Rc::clone(&group), k)).collect()
            }
            Set::Sphere(size) => {
                let size = self.whole(size)?.max(1) as usize;
                return self.over_sphere(fold == Fold::Max, name, size, body);
            }
        };
        let mut values = Vec::new();
        for member in members {
            values.push(self.with(name, member, |evaluator| evaluator.value(body))?);
        }
        self.folded(fold, &values)
    }

    fn folded(&mut self, fold: Fold, values: &[Node]) -> Result<Node, NoValue> {
        let Some((&first, rest)) = values.split_first() else {
            return match fold {
                Fold::Sum => Ok(self.tape.number(0.0)),
                Fold::Product => Ok(self.tape.number(1.0)),
                _ => Err(NoValue::Kind("a mean, maximum or stack over nothing".to_owned())),
            };
        };
        let tape = &mut self.tape;
        let best = |tape: &Tape, sign: f64| {
            values.iter().copied().reduce(|best, next| {
                let larger = sign * tape.value(next).first() > sign * tape.value(best).first();
                if larger { next } else { best }
            })
        };
        Ok(match fold {
            Fold::Sum => rest.iter().fold(first, |sum, &next| tape.plus(sum, next)),
            Fold::Product => rest.iter().fold(first, |product, &next| tape.times(product, next)),
            Fold::Mean => {
                let sum = rest.iter().fold(first, |sum, &next| tape.plus(sum, next));
                tape.multiple(1.0 / values.len() as f64, sum)
            }
            Fold::Max => best(tape, 1.0).unwrap_or(first),
            Fold::Min => best(tape, -1.0).unwrap_or(first),
            Fold::Stack => {
                let grid: Vec<Vec<Node>> = values.iter().map(|&value| vec![value]).collect();
                self.joined(&grid)
            }
        })
    }

    pub(crate) fn group(&mut self, name: &str) -> Result<Rc<Group>, NoValue> {
        match self.lookup(name) {
            Some(Bound::Group(group)) => Ok(group),
            _ => Err(NoValue::Kind(format!("`{name}` as a group"))),
        }
    }

    /// Evaluates the definitions without parameters that an expression leads to and that do not depend on `except`, so that they are
    /// computed once and not in every step of an ascent.
    pub(crate) fn prepare(&mut self, expr: &Expr, except: &str) -> Result<(), NoValue> {
        let definitions = Rc::clone(&self.definitions);
        let mut direct = Vec::new();
        expr.free_names(&mut |name| direct.push(name.to_owned()));
        for name in direct {
            let Some(definition) = definitions.get(&name) else { continue };
            if definition.parameters.is_empty() && !self.leads_to(&definition.body, except) {
                self.defined(&name)?;
            } else {
                self.prepare(&definition.body, except)?;
            }
        }
        Ok(())
    }

    fn leads_to(&self, expr: &Expr, name: &str) -> bool {
        let mut found = false;
        expr.free_names(&mut |free| {
            found |= free == name || self.definitions.get(free).is_some_and(|inner| self.leads_to(&inner.body, name));
        });
        found
    }

    /// The value of a number expression where a name is a given matrix, and its gradient by that name; nothing stays on the tape.
    pub(crate) fn value_and_gradient(
        &mut self,
        name: &str,
        at: &Tensor,
        expr: &Expr,
    ) -> Result<(f64, Tensor), NoValue> {
        let mark = self.tape.len();
        let variable = self.tape.constant(at.clone());
        let found = self.with(name, Bound::Value(variable), |evaluator| {
            let value = evaluator.value(expr)?;
            let gradient = evaluator.tape.gradient(value, variable);
            Ok((evaluator.tape.value(value).first(), evaluator.tape.value(gradient).as_ref().clone()))
        });
        self.rewind(mark);
        found
    }
}

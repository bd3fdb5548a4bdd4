//! What an expression is - a matrix of which shape, a group, an element - before anything is drawn.

use crate::expr::{Expr, Fold, Kind, Operator, Selection, Set};
use crate::functions::{FUNCTIONS, What, function};
use crate::size::Size;
use std::collections::{BTreeMap, BTreeSet};

mod functions;

/// What a name or an expression stands for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Type {
    Matrix {
        rows: Size,
        cols: Size,
        complex: bool,
    },
    /// A whole number that can be a size or an index.
    Whole(Size),
    Group(String),
    /// An irreducible representation of the group of a name.
    Irrep(String, String),
    Element(String),
    Activation,
}

impl Type {
    pub(crate) fn number() -> Self {
        Self::real(Size::whole(1), Size::whole(1))
    }

    pub(crate) fn real(rows: Size, cols: Size) -> Self {
        Self::Matrix { rows, cols, complex: false }
    }
}

impl std::fmt::Display for Type {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Matrix { rows, cols, .. } if rows.is_one() && cols.is_one() => write!(f, "a number"),
            Self::Matrix { rows, cols, .. } => write!(f, "{rows} x {cols}"),
            Self::Whole(_) => write!(f, "a whole number"),
            Self::Group(_) => write!(f, "a group"),
            Self::Irrep(..) => write!(f, "an irreducible representation"),
            Self::Element(_) => write!(f, "an element of a group"),
            Self::Activation => write!(f, "an activation"),
        }
    }
}

/// What does not fit, and where in the expression.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Misfit {
    pub(crate) what: String,
    pub(crate) at: usize,
}

/// `name(parameters) = body`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Definition {
    pub(crate) parameters: Vec<String>,
    pub(crate) body: Expr,
}

/// Names and what they stand for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scope {
    pub(crate) types: BTreeMap<String, Type>,
    pub(crate) definitions: BTreeMap<String, Definition>,
    pub(crate) locals: Vec<(String, Type)>,
    /// What definitions without parameters are, once that is known.
    known: BTreeMap<String, Type>,
    /// Expressions looked at so far: definitions that use definitions twice would otherwise take forever.
    looked_at: usize,
}

/// The most expressions that a file may lead to, definitions written out.
const MOST_EXPRESSIONS: usize = 200_000;

type Shape = (Size, Size, bool);

impl Scope {
    fn local(&self, name: &str) -> Option<&Type> {
        self.locals.iter().rev().find(|(local, _)| local == name).map(|(_, found)| found)
    }

    fn with<T>(&mut self, name: &str, bound: Type, then: impl FnOnce(&mut Self) -> T) -> T {
        self.locals.push((name.to_owned(), bound));
        let result = then(self);
        self.locals.pop();
        result
    }

    pub(crate) fn infer(&mut self, expr: &Expr) -> Result<Type, Misfit> {
        let at = expr.at;
        self.looked_at += 1;
        if self.looked_at > MOST_EXPRESSIONS {
            return misfit("the definitions, written out, are too long".to_owned(), at);
        }
        match &expr.kind {
            Kind::Number(x) if x.fract() == 0.0 && x.abs() < 1e9 => Ok(Type::Whole(Size::whole(*x as i64))),
            Kind::Number(_) => Ok(Type::number()),
            Kind::Name(name) => self.name(name, at),
            Kind::Negative(a) => match self.infer(a)? {
                Type::Whole(size) => Ok(Type::Whole(Size::whole(0).plus(&size, -1))),
                found => matrix(found, at).map(typed),
            },
            Kind::Transpose(a) => {
                let (rows, cols, complex) = self.matrix(a)?;
                Ok(typed((cols, rows, complex)))
            }
            Kind::Binary(operator, a, b) => self.binary(*operator, a, b, at),
            Kind::Call(name, arguments) => self.call(name, arguments, at),
            Kind::Index(a, selections) => self.index(a, selections, at),
            Kind::Blocks(rows) => self.blocks(rows, at),
            Kind::Over { fold, name, set, body } => self.over(*fold, name, set, body, at),
        }
    }

    /// The shape of an expression that is a matrix or a number.
    pub(crate) fn matrix(&mut self, expr: &Expr) -> Result<Shape, Misfit> {
        let found = self.infer(expr)?;
        matrix(found, expr.at)
    }

    /// An expression as a size.
    pub(crate) fn size(&mut self, expr: &Expr) -> Result<Size, Misfit> {
        match self.infer(expr)? {
            Type::Whole(size) => Ok(size),
            found => misfit(format!("{found} where a whole number of known size is expected"), expr.at),
        }
    }

    fn name(&mut self, name: &str, at: usize) -> Result<Type, Misfit> {
        if let Some(found) = self.local(name).or_else(|| self.types.get(name)) {
            return Ok(found.clone());
        }
        if let Some(found) = self.known.get(name) {
            return Ok(found.clone());
        }
        match self.definitions.get(name).cloned() {
            Some(definition) if definition.parameters.is_empty() => {
                let locals = std::mem::take(&mut self.locals);
                let found = self.infer(&definition.body);
                self.locals = locals;
                if let Ok(found) = &found {
                    self.known.insert(name.to_owned(), found.clone());
                }
                found.map_err(|inner| Misfit { what: format!("in `{name}`: {}", inner.what), at })
            }
            Some(definition) => misfit(format!("`{name}` takes {}", definition.parameters.join(", ")), at),
            None => misfit(self.unknown(name, "declared"), at),
        }
    }

    fn unknown(&self, name: &str, how: &str) -> String {
        let known = self.types.keys().chain(self.definitions.keys()).map(String::as_str);
        let known = known.chain(self.locals.iter().map(|(local, _)| local.as_str()));
        let near = known
            .chain(FUNCTIONS.iter().map(|function| function.name))
            .map(|other| (strsim::osa_distance(name, other), other))
            .filter(|(distance, _)| *distance <= 2)
            .min();
        let hint = near.map_or_else(String::new, |(_, other)| format!("; is `{other}` meant?"));
        format!("`{name}` is not {how}{hint}")
    }

    fn binary(&mut self, operator: Operator, a: &Expr, b: &Expr, at: usize) -> Result<Type, Misfit> {
        let (left, right) = (self.infer(a)?, self.infer(b)?);
        if let (Type::Whole(x), Type::Whole(y)) = (&left, &right) {
            match operator {
                Operator::Plus => return Ok(Type::Whole(x.plus(y, 1))),
                Operator::Minus => return Ok(Type::Whole(x.plus(y, -1))),
                Operator::Times => return Ok(Type::Whole(x.times(y))),
                Operator::Power => {
                    if let Kind::Number(power) = b.kind
                        && (0.0..=8.0).contains(&power)
                    {
                        return Ok(Type::Whole((0..power as usize).fold(Size::whole(1), |size, _| size.times(x))));
                    }
                }
                _ => {}
            }
        }
        let (shown_left, shown_right) = (left.to_string(), right.to_string());
        let (x, y) = (matrix(left, a.at)?, matrix(right, b.at)?);
        let complex = x.2 || y.2;
        let number = |shape: &Shape| shape.0.is_one() && shape.1.is_one();
        let same = (&x.0, &x.1) == (&y.0, &y.1);
        let sign = operator.sign();
        match operator {
            Operator::Plus | Operator::Minus | Operator::Entrywise | Operator::EntrywiseOver if same => {
                Ok(typed((x.0, x.1, complex)))
            }
            Operator::Plus | Operator::Minus | Operator::Entrywise | Operator::EntrywiseOver => {
                let remedy = if number(&x) || number(&y) {
                    "; spread the number with ones(n, m)"
                } else if (&x.0, &x.1) == (&y.1, &y.0) {
                    "; is a transpose ' missing?"
                } else {
                    ""
                };
                misfit(format!("`{sign}` between {shown_left} and {shown_right}{remedy}"), at)
            }
            Operator::Times if number(&x) => Ok(typed((y.0, y.1, complex))),
            Operator::Times if number(&y) => Ok(typed((x.0, x.1, complex))),
            Operator::Times if x.1 == y.0 => Ok(typed((x.0, y.1, complex))),
            Operator::Times => misfit(
                format!("`*` between {shown_left} and {shown_right}: the inner sizes {} and {} differ", x.1, y.0),
                at,
            ),
            Operator::Over if number(&y) => Ok(typed((x.0, x.1, complex))),
            Operator::Over => misfit(format!("`/` by {shown_right}; use inv(A) or ./"), at),
            Operator::Power if number(&x) && number(&y) => Ok(typed((x.0, x.1, complex))),
            Operator::Power => misfit(format!("`^` of {shown_left}; use .^ for every entry"), at),
            Operator::EntrywisePower if number(&y) => Ok(typed((x.0, x.1, complex))),
            Operator::EntrywisePower => misfit(format!("`.^` to the power {shown_right}"), at),
        }
    }

    fn index(&mut self, a: &Expr, selections: &[Selection], at: usize) -> Result<Type, Misfit> {
        let (rows, cols, complex) = self.matrix(a)?;
        match selections {
            [only] if cols.is_one() => Ok(typed((self.selected(only, &rows)?, cols, complex))),
            [only] if rows.is_one() => Ok(typed((rows, self.selected(only, &cols)?, complex))),
            [row, col] => Ok(typed((self.selected(row, &rows)?, self.selected(col, &cols)?, complex))),
            _ => misfit(format!("{} selections of {rows} x {cols}; write A[i, j]", selections.len()), at),
        }
    }

    fn selected(&mut self, selection: &Selection, all: &Size) -> Result<Size, Misfit> {
        match selection {
            Selection::All => Ok(all.clone()),
            Selection::One(expr) => match self.infer(expr)? {
                Type::Whole(_) | Type::Element(_) => Ok(Size::whole(1)),
                found => misfit(format!("{found} as an index"), expr.at),
            },
            Selection::Range(first, last) => {
                let (first, last) = (self.size(first)?, self.size(last)?);
                Ok(last.plus(&first, -1).plus(&Size::whole(1), 1))
            }
        }
    }

    fn blocks(&mut self, rows: &[Vec<Expr>], at: usize) -> Result<Type, Misfit> {
        let mut total: Option<Shape> = None;
        for row in rows {
            let mut band: Option<Shape> = None;
            for block in row {
                let next = self.matrix(block)?;
                band = Some(match band {
                    None => next,
                    Some(band) if band.0 == next.0 => (band.0, band.1.plus(&next.1, 1), band.2 || next.2),
                    Some(band) => {
                        return misfit(format!("blocks of {} and {} rows beside each other", band.0, next.0), at);
                    }
                });
            }
            let band = band.expect("a row has a block");
            total = Some(match total {
                None => band,
                Some(total) if total.1 == band.1 => (total.0.plus(&band.0, 1), total.1, total.2 || band.2),
                Some(total) => {
                    return misfit(format!("rows of {} and {} columns below each other", total.1, band.1), at);
                }
            });
        }
        Ok(typed(total.expect("there is a row")))
    }

    fn over(&mut self, fold: Fold, name: &str, set: &Set, body: &Expr, at: usize) -> Result<Type, Misfit> {
        if self.types.contains_key(name) || self.definitions.contains_key(name) {
            return misfit(format!("`{name}` is declared already; let another name run through the set"), at);
        }
        let (bound, count) = match set {
            Set::Range(first, last) => {
                let count = self.size(last)?.plus(&self.size(first)?, -1).plus(&Size::whole(1), 1);
                (Type::Whole(Size::named(name)), Some(count))
            }
            Set::Elements(group) => {
                let group = self.group(group, at)?;
                (Type::Element(group.clone()), Some(Size::named(&format!("order({group})"))))
            }
            Set::Irreps { group, .. } => (Type::Irrep(name.to_owned(), self.group(group, at)?), None),
            Set::Sphere(size) if matches!(fold, Fold::Max | Fold::Min) => {
                (Type::real(self.size(size)?, Size::whole(1)), None)
            }
            Set::Sphere(_) => return misfit("only max and min go over a sphere".to_owned(), at),
        };
        let shape = self.with(name, bound, |scope| scope.matrix(body))?;
        let number = shape.0.is_one() && shape.1.is_one();
        match fold {
            Fold::Max | Fold::Min | Fold::Product if !number || shape.2 => {
                misfit("max, min and prod over a set are of real numbers".to_owned(), at)
            }
            Fold::Stack => match count {
                Some(count) if shape.0.is_one() => Ok(typed((count, shape.1, shape.2))),
                _ => misfit("stack puts rows or numbers below each other, over a range or a group".to_owned(), at),
            },
            _ if [&shape.0, &shape.1].iter().any(|size| size.to_string().contains(&format!("dim({name})"))) => {
                misfit(format!("the shape {} x {} changes with {name}", shape.0, shape.1), at)
            }
            _ => Ok(typed(shape)),
        }
    }

    pub(crate) fn group(&mut self, name: &str, at: usize) -> Result<String, Misfit> {
        match self.name(name, at)? {
            Type::Group(group) => Ok(group),
            found => misfit(format!("`{name}` is {found} and no group"), at),
        }
    }

    fn call(&mut self, name: &str, arguments: &[Expr], at: usize) -> Result<Type, Misfit> {
        if let Some(definition) = self.definitions.get(name).cloned() {
            return self.apply(name, &definition, arguments, at);
        }
        let slope_of = name.strip_prefix('d').filter(|rest| self.types.get(*rest) == Some(&Type::Activation));
        if self.types.get(name) == Some(&Type::Activation) || slope_of.is_some() {
            let [argument] = arguments else { return misfit(format!("`{name}` takes one argument"), at) };
            return self.matrix(argument).map(typed);
        }
        let Some(function) = function(name) else { return misfit(self.unknown(name, "a function"), at) };
        if let What::Own = function.what {
            return self
                .own(name, arguments)?
                .map_or_else(|| misfit(format!("this is written {}", function.form), at), Ok);
        }
        let [argument] = arguments else { return misfit(format!("this is written {}", function.form), at) };
        let (rows, cols, complex) = self.matrix(argument)?;
        let square = rows == cols;
        let takes_complex = match function.what {
            What::Entrywise(f) => f.takes_complex(),
            What::Composed => false,
            _ => !matches!(name, "softmax" | "max" | "min"),
        };
        if complex && !takes_complex {
            return misfit(format!("`{name}` of a complex matrix; take re, im or abs2 first"), at);
        }
        match function.what {
            What::SquareNumber if !square => misfit(format!("`{name}` of {rows} x {cols}, which is not square"), at),
            What::SquareNumber | What::Number => {
                let stays = complex && matches!(name, "trace" | "det" | "sum" | "mean");
                Ok(typed((Size::whole(1), Size::whole(1), stays)))
            }
            _ => Ok(typed((rows, cols, complex && !matches!(name, "re" | "im" | "abs2")))),
        }
    }

    /// A defined function: its body with the parameters standing for the arguments.
    fn apply(&mut self, name: &str, definition: &Definition, arguments: &[Expr], at: usize) -> Result<Type, Misfit> {
        if definition.parameters.len() != arguments.len() {
            let expected = definition.parameters.join(", ");
            return misfit(format!("`{name}` takes ({expected}) and is given {} arguments", arguments.len()), at);
        }
        let types = arguments.iter().map(|argument| self.infer(argument)).collect::<Result<Vec<_>, _>>()?;
        let inner = definition.parameters.iter().cloned().zip(types).collect();
        let locals = std::mem::replace(&mut self.locals, inner);
        let found = self.infer(&definition.body);
        self.locals = locals;
        found.map_err(|inner| Misfit { what: format!("in `{name}`: {}", inner.what), at })
    }

    /// All names that an expression leads to, through definitions. Parameters of definitions are not among them.
    pub(crate) fn everything_used(&self, e: &Expr, used: &mut BTreeSet<String>) {
        self.collect_used(e, &[], used, &mut BTreeSet::new());
    }

    fn collect_used(&self, e: &Expr, own: &[String], used: &mut BTreeSet<String>, seen: &mut BTreeSet<String>) {
        let mut direct = Vec::new();
        e.free_names(&mut |name| direct.push(name.to_owned()));
        for name in direct.into_iter().filter(|name| !own.contains(name)) {
            let definition = self.definitions.get(&name).filter(|_| seen.insert(name.clone()));
            used.insert(name);
            if let Some(definition) = definition {
                self.collect_used(&definition.body, &definition.parameters, used, seen);
            }
        }
    }
}

fn typed((rows, cols, complex): Shape) -> Type {
    Type::Matrix { rows, cols, complex }
}

fn matrix(found: Type, at: usize) -> Result<Shape, Misfit> {
    match found {
        Type::Matrix { rows, cols, complex } => Ok((rows, cols, complex)),
        Type::Whole(_) => Ok((Size::whole(1), Size::whole(1), false)),
        found => misfit(format!("{found} where a number or a matrix is expected"), at),
    }
}

fn misfit<T>(what: String, at: usize) -> Result<T, Misfit> {
    Err(Misfit { what, at })
}

//! What functions with a rule of their own give.

use crate::expr::{Expr, Kind};
use crate::functions::{WITHOUT_CURVATURE, WITHOUT_GRADIENT};
use crate::infer::{Misfit, Scope, Shape, Type, matrix, misfit, typed};
use crate::size::Size;
use std::collections::BTreeSet;

impl Scope {
    /// Functions with a rule of their own; `None` where the number or kind of arguments is wrong.
    pub(super) fn own(&mut self, name: &str, arguments: &[Expr]) -> Result<Option<Type>, Misfit> {
        let one = Size::whole(1);
        Ok(match (name, arguments) {
            ("I", [n]) => {
                let n = self.size(n)?;
                Some(Type::real(n.clone(), n))
            }
            ("ones" | "zeros", [n]) => Some(Type::real(self.size(n)?, one)),
            ("ones" | "zeros", [n, m]) => Some(Type::real(self.size(n)?, self.size(m)?)),
            ("onehot", [i, n]) => match self.infer(i)? {
                Type::Whole(_) | Type::Element(_) => Some(Type::real(self.size(n)?, one)),
                _ => None,
            },
            ("delta", [i, j]) => match (self.infer(i)?, self.infer(j)?) {
                (Type::Whole(_) | Type::Element(_), Type::Whole(_) | Type::Element(_)) => Some(Type::number()),
                (Type::Irrep(..), Type::Irrep(..)) => Some(Type::number()),
                (Type::Matrix { .. } | Type::Whole(_), Type::Matrix { .. } | Type::Whole(_)) => Some(Type::number()),
                _ => None,
            },
            ("inv", [a]) => {
                let (rows, cols, complex) = self.matrix(a)?;
                if rows != cols {
                    return misfit(format!("`inv` of {rows} x {cols}, which is not square"), a.at);
                }
                Some(typed((rows, cols, complex)))
            }
            ("inner", [a, b]) => {
                let (x, y) = (self.matrix(a)?, self.matrix(b)?);
                if (&x.0, &x.1) != (&y.0, &y.1) {
                    return misfit(format!("`inner` of {} x {} and {} x {}", x.0, x.1, y.0, y.1), b.at);
                }
                Some(Type::number())
            }
            ("diag", [a]) => {
                let (rows, cols, complex) = self.matrix(a)?;
                if cols.is_one() {
                    Some(typed((rows.clone(), rows, complex)))
                } else if rows == cols {
                    Some(typed((rows, one, complex)))
                } else {
                    return misfit(format!("`diag` of {rows} x {cols}, neither a column nor square"), a.at);
                }
            }
            ("kron", [a, b]) => {
                let (x, y) = (self.matrix(a)?, self.matrix(b)?);
                Some(typed((x.0.times(&y.0), x.1.times(&y.1), x.2 || y.2)))
            }
            ("vec", [a]) => {
                self.matrix(a).map(|(rows, cols, complex)| Some(typed((rows.times(&cols), one, complex))))?
            }
            ("rowsums", [a]) => self.matrix(a).map(|(rows, _, complex)| Some(typed((rows, one, complex))))?,
            ("colsums", [a]) => self.matrix(a).map(|(_, cols, complex)| Some(typed((one, cols, complex))))?,
            ("grad", [e, w]) => {
                self.scalar_with_gradient(e, &WITHOUT_GRADIENT)?;
                Some(typed(self.variable(w)?))
            }
            ("hess", [e, w]) => {
                self.scalar_with_gradient(e, &[WITHOUT_GRADIENT.as_slice(), WITHOUT_CURVATURE.as_slice()].concat())?;
                let (rows, cols, _) = self.variable(w)?;
                if !cols.is_one() {
                    return misfit(format!("`hess` by {rows} x {cols}, which is not a column"), w.at);
                }
                Some(Type::real(rows.clone(), rows))
            }
            ("dir", [e, w, v]) => {
                self.differentiable(e, &[WITHOUT_GRADIENT.as_slice(), WITHOUT_CURVATURE.as_slice()].concat())?;
                let (x, along) = (self.variable(w)?, self.matrix(v)?);
                if (&x.0, &x.1) != (&along.0, &along.1) {
                    return misfit(format!("a direction {} x {} for {} x {}", along.0, along.1, x.0, x.1), v.at);
                }
                Some(typed(self.matrix(e)?))
            }
            _ => return self.of_group(name, arguments),
        })
    }

    fn of_group(&mut self, name: &str, arguments: &[Expr]) -> Result<Option<Type>, Misfit> {
        let types = arguments.iter().map(|argument| self.infer(argument)).collect::<Result<Vec<_>, _>>()?;
        let one = Size::whole(1);
        let order = |group: &String| Size::named(&format!("order({group})"));
        let column = |found: &Type, size: &Size| match matrix(found.clone(), 0) {
            Ok((rows, cols, complex)) if rows == *size && cols.is_one() => Some(complex),
            _ => None,
        };
        let square = |size: Size, complex: bool| Type::Matrix { rows: size.clone(), cols: size, complex };
        Ok(match (name, types.as_slice()) {
            ("order", [Type::Group(g)]) => Some(Type::Whole(order(g))),
            ("op", [Type::Element(g), Type::Element(h)]) if g == h => Some(Type::Element(g.clone())),
            ("ginv", [Type::Element(g)]) => Some(Type::Element(g.clone())),
            ("pairs", [Type::Group(g)]) => Some(Type::real(order(g).times(&order(g)), order(g).plus(&order(g), 1))),
            ("products", [Type::Group(g)]) => Some(Type::real(order(g).times(&order(g)), order(g))),
            ("conv", [Type::Group(g), u, v]) => {
                let complex = column(u, &order(g)).zip(column(v, &order(g)));
                complex.map(|(x, y)| typed((order(g), one, x || y)))
            }
            ("flip", [Type::Group(g)]) => Some(square(order(g), false)),
            ("left" | "right", [Type::Group(g), Type::Element(h)]) if g == h => Some(square(order(g), false)),
            ("dim", [Type::Irrep(k, _)]) => Some(Type::Whole(Size::named(&format!("dim({k})")))),
            ("rho", [Type::Irrep(k, g), Type::Element(h)]) if g == h => {
                Some(square(Size::named(&format!("dim({k})")), true))
            }
            ("chi", [Type::Irrep(_, g), Type::Element(h)]) if g == h => Some(typed((one.clone(), one, true))),
            ("indicator", [Type::Irrep(..)]) => Some(Type::number()),
            ("fourier", [Type::Irrep(k, g), u]) => {
                column(u, &order(g)).map(|_| square(Size::named(&format!("dim({k})")), true))
            }
            ("projector", [Type::Irrep(_, g)]) => Some(square(order(g), false)),
            ("projector_one", [Type::Irrep(_, g)]) => Some(square(order(g), true)),
            _ => None,
        })
    }

    fn scalar_with_gradient(&mut self, e: &Expr, without: &[&str]) -> Result<(), Misfit> {
        let (rows, cols, complex) = self.matrix(e)?;
        if !(rows.is_one() && cols.is_one()) || complex {
            return misfit(format!("the gradient of {rows} x {cols}; it is of a real number"), e.at);
        }
        self.differentiable(e, without)
    }

    fn differentiable(&mut self, e: &Expr, without: &[&str]) -> Result<(), Misfit> {
        let mut used = BTreeSet::new();
        self.everything_used(e, &mut used);
        match without.iter().find(|name| used.contains(**name)) {
            Some(name) => misfit(format!("`{name}` has no such derivative here"), e.at),
            None => Ok(()),
        }
    }

    /// The shape of a name by which one differentiates.
    fn variable(&mut self, w: &Expr) -> Result<Shape, Misfit> {
        match &w.kind {
            Kind::Name(name) if !self.definitions.contains_key(name) => match self.infer(w)? {
                found @ Type::Matrix { .. } => matrix(found, w.at),
                found => misfit(format!("the derivative by {found}"), w.at),
            },
            _ => misfit("one differentiates by a declared name or a parameter".to_owned(), w.at),
        }
    }
}

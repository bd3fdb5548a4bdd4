//! The steps of a file, and what is checked of them.

use crate::derivation::{Relation, Step};
use crate::expr::Expr;
use crate::file::{FileStep, ParseError, Place, Reader};
use crate::parse;
use std::collections::BTreeMap;
use toml::Spanned;

impl Reader<'_> {
    /// Definitions without parameters are checked even where no step uses them; those with parameters where they are used.
    pub(super) fn checked_definitions(&mut self, define: &BTreeMap<String, Spanned<String>>) -> Result<(), ParseError> {
        for (key, value) in define {
            let place = self.place(format!("definition of {key}"), value);
            let (name, parameters) = place.read(parse::signature(key))?;
            if parameters.is_empty() {
                let body = self.scope.definitions[&name].body.clone();
                place.fits(self.scope.matrix(&body))?;
            }
        }
        Ok(())
    }

    pub(super) fn steps(&mut self, steps: &[Spanned<FileStep>]) -> Result<(), ParseError> {
        let mut before: Option<Expr> = None;
        for (at, spanned) in steps.iter().enumerate() {
            let step = spanned.as_ref();
            let part = |key: &str| format!("`{key}` of step {}", at + 1);
            let place = self.place(part("relation"), &step.relation);
            let Some(relation) = Relation::named(step.relation.as_ref()) else {
                let known: Vec<&str> = crate::derivation::RELATIONS.iter().map(|row| row.0).collect();
                return place.means(format!("`{}` is none of {}", step.relation.as_ref(), known.join(", ")));
            };
            self.checked_relation(&relation, &place)?;
            let to_place = self.place(part("to"), &step.to);
            let to = to_place.read(parse::expression(step.to.as_ref()))?;
            let from = match (&step.from, before) {
                (Some(from), _) => self.place(part("from"), from).read(parse::expression(from.as_ref()))?,
                (None, Some(before)) => before,
                (None, None) => return self.place(part("from"), spanned).means("the first step needs a `from`"),
            };
            let from_place = step.from.as_ref().map_or(to_place.clone(), |from| self.place(part("from"), from));
            let left = from_place.fits(self.scope.matrix(&from))?;
            if relation == Relation::LocalMaximum {
                let crate::expr::Kind::Name(name) = &to.kind else {
                    return to_place.means("name the function alone, as in `E` for E(w)");
                };
                to_place.fits(self.scope.matrix(&Expr::call(name, vec![from.clone()])))?;
            } else {
                let right = to_place.fits(self.scope.matrix(&to))?;
                if (&left.0, &left.1) != (&right.0, &right.1) && !to.is_zero() {
                    return to_place
                        .means(format!("{} x {} on the left, {} x {} here", left.0, left.1, right.0, right.1));
                }
                if matches!(relation, Relation::AtMost | Relation::AtLeast) && (left.2 || right.2) {
                    return to_place.means("complex numbers have no order; take re, im or abs2");
                }
            }
            before = Some(to.clone());
            self.derivation.steps.push(Step { says: step.says.clone(), from, relation, to });
        }
        Ok(())
    }

    fn checked_relation(&self, relation: &Relation, place: &Place) -> Result<(), ParseError> {
        let (Relation::UpTo { name, .. } | Relation::Limit { name, .. }) = relation else { return Ok(()) };
        let range = self.derivation.sizes.iter().any(|size| size.name == *name && size.last.is_some());
        let scalar = self.derivation.tensors.iter().any(|tensor| tensor.name == *name && tensor.scalar);
        match relation {
            Relation::Limit { to_zero: false, .. } if range => Ok(()),
            _ if scalar => Ok(()),
            _ => place.means(format!("`{name}` is no declared number{}", if range { " that can go to 0" } else { "" })),
        }
    }
}

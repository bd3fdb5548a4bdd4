//! The tensors that a file declares, in an order in which they can be drawn.

use crate::assumption::{ASSUMPTIONS, Assumption, RELATIVE};
use crate::derivation::Declared;
use crate::expr::Expr;
use crate::file::words::{keys, unknown_word, words};
use crate::file::{ParseError, Place, Reader};
use crate::infer::Type;
use crate::parse;
use std::collections::{BTreeMap, BTreeSet};
use toml::{Spanned, Value};

impl Reader<'_> {
    pub(super) fn tensors(&mut self, declare: &BTreeMap<String, Spanned<Value>>) -> Result<(), ParseError> {
        let mut waiting: Vec<(Declared, Place)> = Vec::new();
        let discrete: BTreeSet<String> = self.scope.types.keys().cloned().collect();
        let is_discrete = |name: &str, value: &Value| {
            discrete.contains(name) && ["group", "irrep", "activation"].iter().any(|key| value.get(key).is_some())
        };
        for (name, value) in declare.iter().filter(|(name, value)| !is_discrete(name, value.as_ref())) {
            let place = self.place(format!("declaration of {name}"), value);
            self.fresh(name, &place)?;
            let declared = Self::tensor(name, value.as_ref(), &place)?;
            let (rows, cols) =
                (place.fits(self.scope.size(&declared.rows))?, place.fits(self.scope.size(&declared.cols))?);
            if let Some(assumption) = declared.assumptions.iter().find(|assumption| assumption.needs_square())
                && rows != cols
            {
                return place.means(format!("`{}` of {rows} x {cols}, which is not square", assumption.words()));
            }
            if declared.maximises.is_some() && !cols.is_one() {
                return place.means(format!("only a column maximises something, and this is {rows} x {cols}"));
            }
            waiting.push((declared, place));
        }
        for (declared, place) in &waiting {
            // Names are taken in a second round, so that assumptions may point forwards.
            let (rows, cols) =
                (place.fits(self.scope.size(&declared.rows))?, place.fits(self.scope.size(&declared.cols))?);
            let complex = declared.complex;
            self.scope.types.insert(declared.name.clone(), Type::Matrix { rows, cols, complex });
        }
        for (declared, place) in &waiting {
            self.checked_tensor(declared, place)?;
        }
        while !waiting.is_empty() {
            let names: BTreeSet<String> = waiting.iter().map(|(declared, _)| declared.name.clone()).collect();
            let ready = waiting.iter().position(|(declared, _)| {
                self.needed(declared).iter().all(|name| *name == declared.name || !names.contains(name))
            });
            let Some(ready) = ready else {
                let (declared, place) = &waiting[0];
                return place.means(format!("{} depends on itself through its assumptions", declared.name));
            };
            self.derivation.tensors.push(waiting.remove(ready).0);
        }
        Ok(())
    }

    /// The names that have to be drawn before a tensor.
    fn needed(&self, declared: &Declared) -> BTreeSet<String> {
        let mut used = BTreeSet::new();
        for expr in declared.maximises.iter().chain(&declared.within) {
            self.scope.everything_used(expr, &mut used);
        }
        used.extend(declared.assumptions.iter().filter_map(Assumption::other).map(str::to_owned));
        used
    }

    fn tensor(name: &str, value: &Value, place: &Place) -> Result<Declared, ParseError> {
        let one = place.read(parse::expression("1"))?;
        let mut declared = Declared {
            name: name.to_owned(),
            rows: one.clone(),
            cols: one,
            complex: value.get("complex").and_then(Value::as_bool).unwrap_or(false),
            assumptions: Vec::new(),
            maximises: None,
            within: None,
            scalar: value.get("shape").is_none(),
        };
        let texts = match value {
            Value::String(word) => vec![word.clone()],
            Value::Table(_) if declared.scalar => {
                keys(place, value, &["scalar"])?;
                words(place, value, "scalar")?
            }
            Value::Table(_) => {
                keys(place, value, &["shape", "assumptions", "complex", "maximises", "within"])?;
                words(place, value, "assumptions")?
            }
            other => {
                return place.means(format!("`{other}`; write a word such as \"positive\", or a table with a shape"));
            }
        };
        for text in texts.iter().filter(|text| *text != "real") {
            match Assumption::named(text) {
                Some(assumption) => declared.assumptions.push(assumption),
                None => {
                    let known = ASSUMPTIONS.iter().map(|row| row.0).chain(RELATIVE.iter().map(|row| row.0));
                    return place.means(unknown_word(text, known));
                }
            }
        }
        if declared.scalar {
            return Ok(declared);
        }
        let shape = words(place, value, "shape")?;
        let [rows, cols] = match shape.as_slice() {
            [rows] => [rows.as_str(), "1"],
            [rows, cols] => [rows.as_str(), cols.as_str()],
            _ => return place.means("a shape has one or two sizes"),
        };
        declared.rows = place.read(parse::expression(rows))?;
        declared.cols = place.read(parse::expression(cols))?;
        for (key, into) in [("maximises", &mut declared.maximises), ("within", &mut declared.within)] {
            if let Some(text) = value.get(key) {
                let Some(text) = text.as_str() else {
                    return place.means(format!("`{key}` is an expression in quotes"));
                };
                *into = Some(place.read(parse::expression(text))?);
            }
        }
        Ok(declared)
    }

    fn checked_tensor(&mut self, declared: &Declared, place: &Place) -> Result<(), ParseError> {
        let own = place.fits(self.scope.matrix(&Expr::name(&declared.name)))?;
        for assumption in &declared.assumptions {
            let Some(other) = assumption.other() else { continue };
            let theirs = place.fits(self.scope.matrix(&Expr::name(other)))?;
            if (&theirs.0, &theirs.1) != (&own.0, &own.1) || self.scope.definitions.contains_key(other) {
                return place
                    .means(format!("`{}`: {other} has to be declared with the same shape", assumption.words()));
            }
        }
        if let Some(objective) = &declared.maximises {
            let found = place.fits(self.scope.matrix(objective))?;
            if !(found.0.is_one() && found.1.is_one()) || found.2 {
                return place.means(format!("`maximises` is {} x {} and has to be a real number", found.0, found.1));
            }
        }
        if let Some(projector) = &declared.within {
            let found = place.fits(self.scope.matrix(projector))?;
            if found.0 != own.0 || found.1 != own.0 {
                return place
                    .means(format!("`within` is {} x {} and has to be {} x {}", found.0, found.1, own.0, own.0));
            }
        }
        Ok(())
    }
}

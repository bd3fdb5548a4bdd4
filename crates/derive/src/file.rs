//! From the text of a file to a derivation. Everything that can be wrong without numbers is found here.

use crate::assumption::{ASSUMPTIONS, Assumption, GROUP_ASSUMPTIONS, IRREP_ASSUMPTIONS, RELATIVE};
use crate::call::ACTIVATIONS;
use crate::derivation::{Declared, Derivation, GroupChoice, IrrepChoice, Relation, SizeRange, Step};
use crate::expr::Expr;
use crate::functions::function;
use crate::group;
use crate::infer::{Definition, Scope, Type};
use crate::parse::{self, SyntaxError};
use crate::size::Size;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use toml::{Spanned, Value};

/// Why a file is not a derivation.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// The file is not TOML, or has a key that means nothing.
    #[error("line {line}: {message}")]
    Toml {
        /// Where, counted from 1.
        line: usize,
        /// What the reader of TOML says.
        message: String,
    },
    /// An expression cannot be read.
    #[error("line {line}: {place}: {source}")]
    Syntax {
        /// Where, counted from 1.
        line: usize,
        /// Whose expression it is.
        place: String,
        /// What is wrong.
        source: SyntaxError,
    },
    /// Shapes or kinds do not fit together.
    #[error("line {line}: {place}: {what}, at character {}", at + 1)]
    Misfit {
        /// Where, counted from 1.
        line: usize,
        /// Whose expression it is.
        place: String,
        /// What does not fit, and what would.
        what: String,
        /// The byte of the expression, counted from 0.
        at: usize,
    },
    /// A declaration, a size or a step says something that means nothing.
    #[error("line {line}: {place}: {what}")]
    Meaning {
        /// Where, counted from 1.
        line: usize,
        /// What was declared.
        place: String,
        /// What is wrong, and what would be right.
        what: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    title: String,
    #[serde(default)]
    sizes: BTreeMap<String, Spanned<Value>>,
    #[serde(default)]
    declare: BTreeMap<String, Spanned<Value>>,
    #[serde(default)]
    define: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    step: Vec<Spanned<FileStep>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileStep {
    #[serde(default)]
    says: String,
    from: Option<Spanned<String>>,
    relation: Spanned<String>,
    to: Spanned<String>,
}

/// A place in the file that errors name.
#[derive(Clone)]
struct Place<'a> {
    text: &'a str,
    at: usize,
    name: String,
}

impl Place<'_> {
    fn line(&self) -> usize {
        line(self.text, self.at)
    }

    fn means<T>(&self, what: impl Into<String>) -> Result<T, ParseError> {
        Err(ParseError::Meaning { line: self.line(), place: self.name.clone(), what: what.into() })
    }

    fn read<T>(&self, result: Result<T, SyntaxError>) -> Result<T, ParseError> {
        result.map_err(|source| ParseError::Syntax { line: self.line(), place: self.name.clone(), source })
    }

    fn fits<T>(&self, result: Result<T, crate::infer::Misfit>) -> Result<T, ParseError> {
        let (line, place) = (self.line(), self.name.clone());
        result.map_err(|misfit| ParseError::Misfit { line, place, what: misfit.what, at: misfit.at })
    }
}

fn line(text: &str, at: usize) -> usize {
    1 + text[..at.min(text.len())].matches('\n').count()
}

/// The most steps, declarations and definitions of a file.
const MOST: usize = 100;

impl Derivation {
    /// Reads a derivation from the text of its file. Shapes are checked here, before anything is drawn.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let file: File = toml::from_str(text).map_err(|error| ParseError::Toml {
            line: line(text, error.span().map_or(0, |span| span.start)),
            message: error.message().to_owned(),
        })?;
        let top = Place { text, at: 0, name: "the file".to_owned() };
        if file.step.is_empty() {
            return top.means("there is no [[step]]; a derivation has at least one");
        }
        if file.step.len().max(file.define.len()).max(file.declare.len()).max(file.sizes.len()) > MOST {
            return top.means(format!("more than {MOST} steps, definitions or declarations"));
        }
        let mut reader = Reader { text, scope: Scope::default(), derivation: empty(file.title) };
        reader.discrete(&file.declare)?;
        reader.sizes(&file.sizes)?;
        reader.definitions(&file.define)?;
        reader.tensors(&file.declare)?;
        reader.checked_definitions(&file.define)?;
        reader.steps(&file.step)?;
        let Reader { scope, mut derivation, .. } = reader;
        derivation.definitions = Rc::new(scope.definitions.clone());
        derivation.scope = scope;
        Ok(derivation)
    }
}

fn empty(title: String) -> Derivation {
    Derivation {
        title,
        sizes: Vec::new(),
        groups: Vec::new(),
        irreps: Vec::new(),
        activations: Vec::new(),
        tensors: Vec::new(),
        definitions: Rc::default(),
        steps: Vec::new(),
        scope: Scope::default(),
    }
}

struct Reader<'a> {
    text: &'a str,
    scope: Scope,
    derivation: Derivation,
}

impl<'a> Reader<'a> {
    fn place<T>(&self, name: impl Into<String>, value: &Spanned<T>) -> Place<'a> {
        Place { text: self.text, at: value.span().start, name: name.into() }
    }

    /// A new name is one word, no function and not taken.
    fn fresh(&self, name: &str, place: &Place) -> Result<(), ParseError> {
        let word = name.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_alphanumeric() || c == '_');
        if !word {
            return place.means(format!("`{name}` is no name; names are letters, digits and _"));
        }
        if function(name).is_some() || matches!(name, "in" | "on") {
            return place.means(format!("`{name}` is a function of the language; choose another name"));
        }
        if self.scope.types.contains_key(name) || self.scope.definitions.contains_key(name) {
            return place.means(format!("`{name}` is declared twice"));
        }
        Ok(())
    }

    /// Groups, representations and activations, which sizes may depend on.
    fn discrete(&mut self, declare: &BTreeMap<String, Spanned<Value>>) -> Result<(), ParseError> {
        let kind = |value: &Value, key: &str| value.get(key).is_some();
        for (name, value) in declare.iter().filter(|(_, value)| kind(value.as_ref(), "group")) {
            let place = self.place(format!("declaration of {name}"), value);
            self.fresh(name, &place)?;
            keys(&place, value.as_ref(), &["group", "assumptions"])?;
            let mut families = Vec::new();
            for text in words(&place, value.as_ref(), "group")? {
                families.extend(group::names(&text).or_else(|what| place.means(what))?);
            }
            let assumptions = named(&place, value.as_ref(), &GROUP_ASSUMPTIONS)?.0;
            self.derivation.groups.push(GroupChoice { name: name.clone(), families, assumptions });
            self.scope.types.insert(name.clone(), Type::Group(name.clone()));
        }
        for (name, value) in declare.iter().filter(|(_, value)| kind(value.as_ref(), "irrep")) {
            let place = self.place(format!("declaration of {name}"), value);
            self.fresh(name, &place)?;
            keys(&place, value.as_ref(), &["irrep", "assumptions"])?;
            let group = words(&place, value.as_ref(), "irrep")?.first().cloned().unwrap_or_default();
            place.fits(self.scope.group(&group, 0))?;
            let (assumptions, rest) = named(&place, value.as_ref(), &IRREP_ASSUMPTIONS)?;
            let apart_from =
                rest.iter().filter_map(|text| text.strip_prefix("apart from ")).map(str::to_owned).collect();
            self.derivation.irreps.push(IrrepChoice {
                name: name.clone(),
                group: group.clone(),
                assumptions,
                apart_from,
            });
            self.scope.types.insert(name.clone(), Type::Irrep(name.clone(), group));
        }
        for choice in &self.derivation.irreps {
            let place = self.place(format!("declaration of {}", choice.name), &declare[&choice.name]);
            let known = |other: &&String| !self.derivation.irreps.iter().any(|irrep| irrep.name == **other);
            if let Some(unknown) = choice.apart_from.iter().find(known) {
                return place.means(format!("`apart from {unknown}`: {unknown} is no declared representation"));
            }
        }
        for (name, value) in declare.iter().filter(|(_, value)| kind(value.as_ref(), "activation")) {
            let place = self.place(format!("declaration of {name}"), value);
            self.fresh(name, &place)?;
            keys(&place, value.as_ref(), &["activation"])?;
            let mut chosen = Vec::new();
            for word in words(&place, value.as_ref(), "activation")? {
                match ACTIVATIONS.into_iter().find(|known| *known == word) {
                    Some(known) => chosen.push(known),
                    None => return place.means(format!("`{word}` is none of {}", ACTIVATIONS.join(", "))),
                }
            }
            self.derivation.activations.push((name.clone(), chosen));
            self.scope.types.insert(name.clone(), Type::Activation);
        }
        Ok(())
    }

    fn sizes(&mut self, sizes: &BTreeMap<String, Spanned<Value>>) -> Result<(), ParseError> {
        let mut waiting: Vec<(&String, Place, Expr, Option<Expr>)> = Vec::new();
        for (name, value) in sizes {
            let place = self.place(format!("size {name}"), value);
            self.fresh(name, &place)?;
            let text = match value.as_ref() {
                Value::String(text) => text.clone(),
                Value::Integer(whole) => whole.to_string(),
                other => return place.means(format!("`{other}`; write a range \"3..8\" or what it follows from")),
            };
            let (first, last) = place.read(parse::range(&text))?;
            waiting.push((name, place, first, last));
        }
        while !waiting.is_empty() {
            let names: BTreeSet<String> = waiting.iter().map(|(name, ..)| (*name).clone()).collect();
            let ready = waiting.iter().position(|(_, _, first, last)| {
                let mut free = true;
                let mut see = |name: &str| free &= !names.contains(name);
                first.free_names(&mut see);
                last.iter().for_each(|last| last.free_names(&mut see));
                free
            });
            let Some(ready) = ready else {
                let (name, place, ..) = &waiting[0];
                return place.means(format!("{name} follows from itself"));
            };
            let (name, place, first, last) = waiting.remove(ready);
            let size = place.fits(self.scope.size(&first))?;
            let found = match &last {
                None => size,
                Some(last) => place.fits(self.scope.size(last)).map(|_| Size::named(name))?,
            };
            self.scope.types.insert(name.clone(), Type::Whole(found));
            self.derivation.sizes.push(SizeRange { name: name.clone(), first, last });
        }
        Ok(())
    }

    fn definitions(&mut self, define: &BTreeMap<String, Spanned<String>>) -> Result<(), ParseError> {
        for (key, value) in define {
            let place = self.place(format!("definition of {key}"), value);
            let (name, parameters) = place.read(parse::signature(key))?;
            self.fresh(&name, &place)?;
            let body = place.read(parse::expression(value.as_ref()))?;
            self.scope.definitions.insert(name, Definition { parameters, body });
        }
        for (key, value) in define {
            let place = self.place(format!("definition of {key}"), value);
            let (name, _) = place.read(parse::signature(key))?;
            let mut used = BTreeSet::new();
            self.scope.everything_used(&self.scope.definitions[&name].body, &mut used);
            if used.contains(&name) {
                return place.means(format!("{name} is defined by itself"));
            }
        }
        Ok(())
    }

    fn tensors(&mut self, declare: &BTreeMap<String, Spanned<Value>>) -> Result<(), ParseError> {
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

    /// Definitions without parameters are checked even where no step uses them; those with parameters where they are used.
    fn checked_definitions(&mut self, define: &BTreeMap<String, Spanned<String>>) -> Result<(), ParseError> {
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

    fn steps(&mut self, steps: &[Spanned<FileStep>]) -> Result<(), ParseError> {
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

/// The strings of a key: one, or an array of them. Whole numbers are taken as their digits.
fn words(place: &Place, value: &Value, key: &str) -> Result<Vec<String>, ParseError> {
    let word = |value: &Value| match value {
        Value::String(text) => Ok(text.clone()),
        Value::Integer(whole) => Ok(whole.to_string()),
        other => place.means(format!("`{other}` in `{key}`; write words in quotes")),
    };
    match value.get(key) {
        None => Ok(Vec::new()),
        Some(Value::Array(values)) => values.iter().map(word).collect(),
        Some(single) => Ok(vec![word(single)?]),
    }
}

fn keys(place: &Place, value: &Value, known: &[&str]) -> Result<(), ParseError> {
    let Some(table) = value.as_table() else { return Ok(()) };
    match table.keys().find(|key| !known.contains(&key.as_str())) {
        Some(unknown) => place.means(format!("the key `{unknown}` means nothing here; known are {}", known.join(", "))),
        None => Ok(()),
    }
}

/// The assumptions of a table, and the words that are not among them but begin as such do.
fn named<T: Copy>(
    place: &Place,
    value: &Value,
    table: &[(&'static str, T)],
) -> Result<(Vec<T>, Vec<String>), ParseError> {
    let (mut found, mut rest) = (Vec::new(), Vec::new());
    for text in words(place, value, "assumptions")? {
        match table.iter().find(|(known, _)| *known == text) {
            Some((_, assumption)) => found.push(*assumption),
            None if text.starts_with("apart from ") => rest.push(text),
            None => return place.means(unknown_word(&text, table.iter().map(|row| row.0))),
        }
    }
    Ok((found, rest))
}

fn unknown_word<'w>(text: &str, known: impl Iterator<Item = &'w str>) -> String {
    let known: Vec<&str> = known.collect();
    let near = known.iter().map(|word| (strsim::osa_distance(word, text), word)).min();
    match near {
        Some((distance, word)) if distance <= 4 => format!("`{text}` is no assumption; is `{word}` meant?"),
        _ => format!("`{text}` is no assumption; there are {}", known.join(", ")),
    }
}

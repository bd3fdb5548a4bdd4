//! From the text of a file to a derivation. Everything that can be wrong without numbers is found here.

use crate::assumption::{GROUP_ASSUMPTIONS, IRREP_ASSUMPTIONS};
use crate::call::ACTIVATIONS;
use crate::derivation::{Derivation, GroupChoice, IrrepChoice, SizeRange};
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

mod steps;
mod tensors;
mod words;

use words::{keys, named, words};

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
}

//! A sentence as a claim.
//!
//! ```text
//! STATEMENT [, for some c and a] [, with k = 2.75 sample] [, where M in 11..97 and width = 256] [, because …]
//! ```

use super::scope::{Condition, Range, Scope};
use super::{Change, Claim, Constant, Statement};
use crate::expression::{ExpressionError, parse};
use crate::lab::Setting;
use crate::unit::{Unit, UnitError};
use thiserror::Error;

/// Why a sentence is no claim.
#[derive(Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum SentenceError {
    /// It has none of the forms.
    #[error("{sentence:?} has no form of a claim; {FORMS}")]
    NoForm {
        /// The sentence.
        sentence: String,
    },
    /// A part of it is not what it has to be.
    #[error("{part:?} is no {what}; {remedy}")]
    Part {
        /// The part.
        part: String,
        /// What it should be.
        what: &'static str,
        /// What it looks like.
        remedy: &'static str,
    },
    /// An expression is bent.
    #[error(transparent)]
    Expression(#[from] ExpressionError),
    /// A unit is bent.
    #[error(transparent)]
    Unit(#[from] UnitError),
}

/// The forms of claims, in a sentence for whoever writes one.
pub const FORMS: &str = "claims read like `t_gen = c * M, for some c`, `generalized happens when samples > c * M, for some c`, `t_mem comes before t_gen in at least 95 % of runs`, `X stays within 20 % whatever K`, `X is one curve of Y whatever K`, `setting K from A to B raises Y in at least 90 % of pairs`, `setting K from A to B acts on Y only through Z in at least 80 % of pairs`, `identity A = B`";

/// Longer sentences are not read.
const LONGEST: usize = 4_000;

/// Reads a claim.
///
/// # Errors
///
/// Says which part is wrong, and what it should look like.
pub fn claim_from_sentence(sentence: &str) -> Result<Claim, SentenceError> {
    if sentence.len() > LONGEST {
        return Err(part(
            &sentence[..sentence.floor_char_boundary(60)],
            "claim: it has more than 4,000 bytes",
            "say it shorter",
        ));
    }
    let text = sentence.trim().trim_end_matches('.');
    let (text, because) = cut(text, ", because ");
    let (text, scope) = cut(text, ", where ");
    let (text, fixed) = cut(text, ", with ");
    let (text, free) = cut(text, ", for some ");
    let mut constants: Vec<Constant> = Vec::new();
    for name in free.map(list).unwrap_or_default() {
        constants.push(Constant { name: name_of(name)?, fixed: None });
    }
    for constant in fixed.map(list).unwrap_or_default() {
        constants.push(fixed_constant(constant)?);
    }
    let conditions = scope.map(|text| text.split(" and ").map(condition).collect::<Result<Vec<_>, _>>()).transpose()?;
    Ok(Claim {
        statement: statement(text.trim())?,
        constants,
        scope: Scope(conditions.unwrap_or_default()),
        because: because
            .map(|text| text.split(" and ").map(|reason| reason.trim().to_owned()).collect())
            .unwrap_or_default(),
    })
}

impl TryFrom<String> for Claim {
    type Error = SentenceError;

    fn try_from(sentence: String) -> Result<Self, SentenceError> {
        claim_from_sentence(&sentence)
    }
}

fn part(part: &str, what: &'static str, remedy: &'static str) -> SentenceError {
    SentenceError::Part { part: part.trim().to_owned(), what, remedy }
}

fn cut<'a>(text: &'a str, mark: &str) -> (&'a str, Option<&'a str>) {
    text.split_once(mark).map_or((text, None), |(before, after)| (before, Some(after)))
}

/// `a and b`, `a, b`.
fn list(text: &str) -> Vec<&str> {
    text.split(',').flat_map(|part| part.split(" and ")).map(str::trim).filter(|part| !part.is_empty()).collect()
}

fn name_of(text: &str) -> Result<String, SentenceError> {
    let text = text.trim();
    let is_name = text.starts_with(char::is_alphabetic) && text.chars().all(|c| c.is_alphanumeric() || c == '_');
    if is_name {
        Ok(text.to_owned())
    } else {
        Err(part(text, "name", "names are letters, digits and _, such as t_gen"))
    }
}

pub(super) fn fixed_constant(text: &str) -> Result<Constant, SentenceError> {
    const REMEDY: &str = "a constant is fixed like c = 2.75 sample";
    let (name, value) = text.split_once('=').ok_or_else(|| part(text, "constant with its value", REMEDY))?;
    let (digits, unit) = value.trim().split_once(' ').unwrap_or((value.trim(), "1"));
    let value = number(digits).ok_or_else(|| part(text, "constant with its value", REMEDY))?;
    Ok(Constant { name: name_of(name)?, fixed: Some((value, Unit::parse(unit)?)) })
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|value: &f64| value.is_finite())
}

/// `20 %` as a share.
fn share(text: &str) -> Result<f64, SentenceError> {
    let percent = text.trim().strip_suffix('%').and_then(number).filter(|percent| *percent >= 0.0);
    percent.map(|percent| percent / 100.0).ok_or_else(|| part(text, "percentage", "write it like 95 %"))
}

fn setting(text: &str) -> Setting {
    number(text).map_or_else(|| Setting::Level(text.trim().to_owned()), Setting::Number)
}

pub(super) fn condition(text: &str) -> Result<Condition, SentenceError> {
    const REMEDY: &str = "a condition is like M in 11..97, M >= 11, M <= 97, width = 256 or task = cyclic:23";
    let bad = || part(text, "condition", REMEDY);
    let text = text.trim();
    let end = |text: &str| number(text).ok_or_else(bad);
    if let Some((name, range)) = text.split_once(" in ") {
        let (least, most) = range.split_once("..").ok_or_else(bad)?;
        return Ok(Condition::In(name_of(name)?, Range { least: end(least)?, most: end(most)? }));
    }
    if let Some((name, least)) = text.split_once(">=") {
        return Ok(Condition::In(name_of(name)?, Range { least: end(least)?, most: f64::INFINITY }));
    }
    if let Some((name, most)) = text.split_once("<=") {
        return Ok(Condition::In(name_of(name)?, Range { least: f64::NEG_INFINITY, most: end(most)? }));
    }
    let (name, value) = text.split_once('=').ok_or_else(bad)?;
    if value.trim().is_empty() {
        return Err(bad());
    }
    Ok(match setting(value) {
        Setting::Number(value) => Condition::In(name_of(name)?, Range { least: value, most: value }),
        Setting::Level(level) => Condition::Is(name_of(name)?, level),
    })
}

pub(super) fn statement(text: &str) -> Result<Statement, SentenceError> {
    let no_form = || SentenceError::NoForm { sentence: text.to_owned() };
    if let Some(sides) = text.strip_prefix("identity ") {
        let (left, right) = sides.split_once('=').ok_or_else(no_form)?;
        return Ok(Statement::Identity { left: left.trim().to_owned(), right: right.trim().to_owned() });
    }
    if let Some(rest) = text.strip_prefix("setting ") {
        return change(rest, no_form);
    }
    if let Some((event, margin)) = text.split_once(" happens when ") {
        let sides = (margin.split_once('>'), margin.split_once('<'));
        let ((Some((left, right)), None) | (None, Some((right, left)))) = sides else {
            return Err(part(margin, "boundary", "it is like samples > c * M"));
        };
        return Ok(Statement::Boundary {
            event: name_of(event)?,
            left: parse(left.trim())?,
            right: parse(right.trim())?,
        });
    }
    if let Some((first, rest)) = text.split_once(" comes before ") {
        let (then, of_runs) = rest.split_once(" in at least ").ok_or_else(no_form)?;
        let at_least = share(of_runs.trim().strip_suffix("of runs").ok_or_else(no_form)?)?;
        return Ok(Statement::Order { first: name_of(first)?, then: name_of(then)?, at_least });
    }
    if let Some((quantity, rest)) = text.split_once(" stays within ") {
        let (within, whatever) = rest.split_once(" whatever ").ok_or_else(no_form)?;
        return Ok(Statement::Invariant {
            quantity: parse(quantity)?,
            whatever: name_list(whatever)?,
            within: share(within)?,
        });
    }
    if let Some((quantity, rest)) = text.split_once(" is one curve of ") {
        let (along, whatever) = rest.split_once(" whatever ").ok_or_else(no_form)?;
        return Ok(Statement::Collapse {
            quantity: parse(quantity)?,
            along: parse(along)?,
            whatever: name_list(whatever)?,
        });
    }
    let (target, value) = text.split_once('=').ok_or_else(no_form)?;
    Ok(Statement::Law { target: name_of(target)?, value: parse(value.trim())? })
}

fn name_list(text: &str) -> Result<Vec<String>, SentenceError> {
    list(text).into_iter().map(name_of).collect()
}

fn change(text: &str, no_form: impl Fn() -> SentenceError) -> Result<Statement, SentenceError> {
    let (knob, rest) = text.split_once(" from ").ok_or_else(&no_form)?;
    let (from, rest) = rest.split_once(" to ").ok_or_else(&no_form)?;
    let (effect, of_pairs) = rest.split_once(" in at least ").ok_or_else(&no_form)?;
    let at_least = share(of_pairs.trim().strip_suffix("of pairs").ok_or_else(&no_form)?)?;
    let knob = name_of(knob)?;
    if let Some((to, effect)) = effect.split_once(" acts on ") {
        let (of, through) = effect.split_once(" only through ").ok_or_else(&no_form)?;
        let change = Change { knob, from: setting(from), to: setting(to) };
        return Ok(Statement::Mediation { change, of: name_of(of)?, through: name_of(through)?, at_least });
    }
    for (verb, raises) in [(" raises ", true), (" lowers ", false)] {
        if let Some((to, of)) = effect.split_once(verb) {
            let change = Change { knob, from: setting(from), to: setting(to) };
            return Ok(Statement::Cause { change, raises, of: name_of(of)?, at_least });
        }
    }
    Err(no_form())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_and_written() {
        for sentence in [
            "t_gen = c * M^a / learning_rate, for some c and a, where M in 11..97 and width = 256",
            "generalized happens when samples > c * M * ln(M), with c = 2.75 sample, where task = cyclic:23",
            "t_mem comes before t_gen in at least 95 % of runs",
            "t_gen * learning_rate stays within 20 % whatever learning_rate and width",
            "t_gen / M is one curve of samples / (M * ln(M)) whatever M, where M >= 11 and samples <= 4000",
            "setting learning_rate from 0.01 to 0.001 raises t_gen in at least 90 % of pairs, because 0123456789 and the step is smaller",
            "setting intervention from none to hold_hidden acts on t_gen only through hidden_norm in at least 66.7 % of pairs",
            "identity F' * F = G",
        ] {
            let claim = claim_from_sentence(sentence).unwrap();
            assert_eq!(claim.sentence(), sentence);
            assert_eq!(claim_from_sentence(&claim.sentence()).unwrap(), claim);
        }
        assert_eq!(
            claim_from_sentence("generalized happens when c * M < samples, for some c.").unwrap().sentence(),
            "generalized happens when samples > c * M, for some c"
        );
    }

    #[test]
    fn what_is_no_claim_says_what_is_wrong() {
        for (sentence, says) in [
            ("grokking is magic", "has no form of a claim"),
            ("", "has no form"),
            ("t_gen = c *, for some c", "nothing more"),
            ("t_gen = c, for some 3", "no name"),
            ("t_gen = c, with c = two", "no constant"),
            ("t_gen = c, for some c, where M is big", "no condition"),
            ("a comes before b in at least most of runs", "no percentage"),
            ("setting a from 1 raises b in at least 5 % of pairs", "no form"),
            ("generalized happens when samples", "no boundary"),
        ] {
            let error = claim_from_sentence(sentence).unwrap_err().to_string();
            assert!(error.contains(says), "{sentence}: {error}");
        }
        assert!(claim_from_sentence(&"x".repeat(1_000_000)).is_err());
    }
}

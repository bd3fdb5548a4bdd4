//! Controlled English: sentences of the claim language and their short forms.
//!
//! ```text
//! t_gen = c * M^2, for some c, where rate in 0.01..0.1      the claim language
//! t_gen = c * M^2                                           constants need not be named, and a scope may be left out
//! t_gen grows as M^2          t_gen ~ M^2                   a law with one constant before it; also `goes as`, `is proportional to`
//! t_gen falls as rate                                       … over it
//! generalized when samples > M * ln(M)                      a boundary, with a constant where the units want one
//! more samples, sooner        more M, more norm             a direction; also `t_gen rises with M`, `rate lowers t_gen`
//! ```
//!
//! Sentences end with a full stop, a semicolon or a line. What has none of these forms is ignored.

use crate::claim::{Claim, Constant, Statement, claim_from_sentence};
use crate::expression::{Expression, Operator};
use crate::lab::{LabCard, ObservableKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What was understood of a text, and what was not.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Understood {
    /// What it says.
    pub said: Vec<Said>,
    /// Sentences without a form that is known.
    pub ignored: Vec<String>,
}

/// Something that a text says.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// A claim.
    Claim(Claim),
    /// A direction alone.
    Direction(Direction),
}

/// Whether something rises when a quantity does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Direction {
    /// The quantity that is turned up.
    pub turned: String,
    /// What follows; `None` is whatever is asked.
    pub target: Option<String>,
    /// Whether it is about how soon something happens.
    pub is_of_time: bool,
    /// Whether it rises.
    pub rises: bool,
}

/// Longer texts are not read to their end.
const LONGEST: usize = 64_000;
/// The constant that short forms put in.
const CONSTANT: &str = "c_0";

/// Reads a text.
pub fn understand(card: &LabCard, text: &str) -> Understood {
    let mut understood = Understood::default();
    for sentence in sentences(&text[..text.floor_char_boundary(LONGEST)]) {
        let said = claim(card, sentence).map(Said::Claim).or_else(|| direction(card, sentence).map(Said::Direction));
        match said {
            Some(said) => understood.said.push(said),
            None => understood.ignored.push(sentence.to_owned()),
        }
    }
    understood
}

/// Sentences end with a full stop before a space or the end, with a semicolon, or with a line.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.split(['\n', ';']).flat_map(|line| line.split(". "));
    lines.map(|sentence| sentence.trim().trim_end_matches('.').trim()).filter(|sentence| !sentence.is_empty())
}

/// Verbs of laws, and whether what follows stands over the constant rather than beside it.
const VERBS: [(&str, bool); 9] = [
    (" grows as ", false),
    (" grows like ", false),
    (" goes as ", false),
    (" goes like ", false),
    (" is proportional to ", false),
    (" falls as ", true),
    (" falls like ", true),
    (" ~ ", false),
    ("~", false),
];

/// The claim that a sentence makes about this laboratory, if it makes one.
fn claim(card: &LabCard, sentence: &str) -> Option<Claim> {
    if let Ok(claim) = claim_from_sentence(sentence) {
        if claim.check(card).is_ok() {
            return Some(claim);
        }
        if let Some(claim) = with_constants(card, claim) {
            return Some(claim);
        }
    }
    // What follows the statement stays as it is.
    let (head, tail) = match [", for some ", ", with ", ", where ", ", because "]
        .iter()
        .filter_map(|mark| sentence.find(mark))
        .min()
    {
        Some(end) => sentence.split_at(end),
        None => (sentence, ""),
    };
    let read = |text: String| claim_from_sentence(&text).ok().and_then(|claim| with_constants(card, claim));
    for (verb, is_over) in VERBS {
        if let Some((target, value)) = head.split_once(verb) {
            let sign = if is_over { '/' } else { '*' };
            return read(format!("{} = {CONSTANT} {sign} ({}){tail}", target.trim(), value.trim()));
        }
    }
    let (event, margin) = head.split_once(" happens when ").or_else(|| head.split_once(" when "))?;
    read(format!("{event} happens when {margin}{tail}")).or_else(|| {
        let (left, right) =
            margin.split_once('>').or_else(|| margin.split_once('<').map(|(small, large)| (large, small)))?;
        read(format!("{event} happens when {} > {CONSTANT} * ({}){tail}", left.trim(), right.trim()))
    })
}

/// The claim with every name that the laboratory does not know as a free constant, if it can be about the laboratory then.
fn with_constants(card: &LabCard, mut claim: Claim) -> Option<Claim> {
    let mut names: Vec<String> = Vec::new();
    for name in claim.statement.expressions().into_iter().flat_map(Expression::names) {
        let is_quantity = card.quantities().iter().any(|(quantity, _)| *quantity == name) || card.knob(name).is_some();
        let is_constant = claim.constants.iter().any(|constant| constant.name == name);
        if !is_quantity && !is_constant && !names.iter().any(|other| other == name) {
            names.push(name.to_owned());
        }
    }
    claim.constants.extend(names.into_iter().map(|name| Constant { name, fixed: None }));
    claim.check(card).is_ok().then_some(claim)
}

/// An invariant as a law: what stays the same is a constant, and its observable is that over the rest. Only where the quantity is the
/// observable times something.
pub(super) fn as_law(card: &LabCard, claim: &Claim) -> Option<Claim> {
    let Statement::Invariant { quantity, .. } = &claim.statement else { return None };
    let target = quantity.names().into_iter().find(|name| card.observable(name).is_some())?.to_owned();
    let rest = without_factor(quantity, &target)?;
    let constant = Expression::name(CONSTANT);
    let value =
        if rest == Expression::Number(1.0) { constant } else { Expression::join(Operator::Over, constant, rest) };
    let mut law = Claim { statement: Statement::Law { target, value }, because: Vec::new(), ..claim.clone() };
    law.constants.push(Constant { name: CONSTANT.to_owned(), fixed: None });
    law.check(card).is_ok().then_some(law)
}

/// What multiplies the name in a product; `None` where the name is no simple factor.
fn without_factor(expression: &Expression, name: &str) -> Option<Expression> {
    match expression {
        Expression::Name(of) if of == name => Some(Expression::Number(1.0)),
        Expression::Join(Operator::Times, left, right) => {
            let (inside, outside) = if left.names().contains(&name) { (left, right) } else { (right, left) };
            let rest = without_factor(inside, name)?;
            (!outside.names().contains(&name)).then(|| Expression::join(Operator::Times, rest, (**outside).clone()))
        }
        Expression::Join(Operator::Over, above, below) => {
            let rest = without_factor(above, name)?;
            (!below.names().contains(&name)).then(|| Expression::join(Operator::Over, rest, (**below).clone()))
        }
        _ => None,
    }
}

const MORE: [&str; 6] = ["more", "larger", "higher", "greater", "bigger", "longer"];
const LESS: [&str; 5] = ["less", "fewer", "smaller", "lower", "shorter"];

fn comparative(word: &str) -> Option<bool> {
    if MORE.contains(&word) { Some(true) } else { LESS.contains(&word).then_some(false) }
}

/// `more samples, sooner`, `t_gen rises with M`, `rate lowers t_gen`.
fn direction(card: &LabCard, sentence: &str) -> Option<Direction> {
    let is_turned =
        |name: &str| card.observable(name).is_none() && card.quantities().iter().any(|(quantity, _)| *quantity == name);
    let has_kind = |name: &str| {
        card.observable(name).is_some_and(|of| matches!(of.kind, ObservableKind::Number { .. } | ObservableKind::Event))
    };
    let words = sentence.replace(',', " , ");
    let words: Vec<&str> = words.split_whitespace().filter(|word| !word.eq_ignore_ascii_case("the")).collect();
    let first = words.first()?.to_lowercase();
    let (turned, target, is_of_time, rises) = match words.as_slice() {
        [_, turned, ",", second] => match *second {
            "sooner" | "earlier" => (turned, None, true, !comparative(&first)?),
            "later" => (turned, None, true, comparative(&first)?),
            other => (turned, None, false, comparative(&first)? == comparative(other)?),
        },
        [_, turned, ",", second, target] => (turned, Some(target), false, comparative(&first)? == comparative(second)?),
        [target, verb, "with", turned] => match *verb {
            "rises" | "grows" | "increases" => (turned, Some(target), false, true),
            "falls" | "shrinks" | "decreases" => (turned, Some(target), false, false),
            _ => return None,
        },
        [turned, "raises", target] => (turned, Some(target), false, true),
        [turned, "lowers", target] => (turned, Some(target), false, false),
        _ => return None,
    };
    let is_known = is_turned(turned) && target.is_none_or(|target| has_kind(target));
    is_known.then(|| Direction {
        turned: (*turned).to_owned(),
        target: target.map(|target| (*target).to_owned()),
        is_of_time,
        rises,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::card;

    fn only(text: &str) -> String {
        let understood = understand(&card(), text);
        assert!(understood.ignored.is_empty() && understood.said.len() == 1, "{text}: {understood:?}");
        match &understood.said[0] {
            Said::Claim(claim) => claim.sentence(),
            Said::Direction(Direction { turned, target, is_of_time, rises }) => {
                format!(
                    "{turned} {} {}",
                    if *rises { "up" } else { "down" },
                    target.clone().unwrap_or(if *is_of_time { "time" } else { "it" }.to_owned())
                )
            }
        }
    }

    #[test]
    fn short_forms_are_read_as_what_they_mean() {
        for (text, means) in [
            ("t_gen = c * M, for some c, where M in 11..41", "t_gen = c * M, for some c, where M in 11..41"),
            ("t_gen = c * M^a", "t_gen = c * M^a, for some c and a"),
            ("t_gen = c * M, where rate >= 0.01.", "t_gen = c * M, for some c, where rate >= 0.01"),
            ("t_gen grows as M^2", "t_gen = c_0 * M^2, for some c_0"),
            ("t_gen~M*ln(M)/rate", "t_gen = c_0 * (M * ln(M) / rate), for some c_0"),
            ("t_gen falls as rate, where M = 23", "t_gen = c_0 / rate, for some c_0, where M = 23"),
            (
                "generalized when samples > M * ln(M)",
                "generalized happens when samples > c_0 * (M * ln(M)), for some c_0",
            ),
            ("generalized when k * M < samples", "generalized happens when samples > k * M, for some k"),
            ("more samples, sooner", "samples down time"),
            ("Fewer samples, later", "samples down time"),
            ("the more M, the later", "M up time"),
            ("more rate, less t_gen", "rate down t_gen"),
            ("norm rises with M", "M up norm"),
            ("rate lowers t_gen", "rate down t_gen"),
            ("less rate, more", "rate down it"),
        ] {
            assert_eq!(only(text), means, "{text}");
        }
    }

    #[test]
    fn what_has_no_form_is_ignored_and_the_rest_is_heard() {
        let text = "It is all about the energy. t_gen grows as M; the energy is low\nmore t_mem, sooner. t_gen = samples. x ~ y. ";
        let understood = understand(&card(), text);
        assert_eq!(understood.said.len(), 1, "{understood:?}");
        assert_eq!(understood.ignored.len(), 5, "{understood:?}");
        assert_eq!(understand(&card(), "").said.len(), 0);
        assert_eq!(understand(&card(), &"é. ~ when > , ".repeat(9_000)).said.len(), 0);
    }

    #[test]
    fn an_invariant_is_a_law_where_the_observable_is_a_factor() {
        let law = |sentence: &str| as_law(&card(), &claim_from_sentence(sentence).unwrap()).map(|law| law.sentence());
        assert_eq!(
            law("t_gen * rate stays within 10 % whatever rate").unwrap(),
            "t_gen = c_0 / (1 * rate), for some c_0"
        );
        assert_eq!(law("t_gen / M stays within 10 % whatever M").unwrap(), "t_gen = c_0 / (1 / M), for some c_0");
        assert_eq!(law("t_gen stays within 10 % whatever M").unwrap(), "t_gen = c_0, for some c_0");
        assert_eq!(law("ln(t_gen / t_gen) stays within 10 % whatever M"), None);
    }
}

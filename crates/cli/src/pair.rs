//! `dunwu pair TABLE KEY=A,B`: two values of one setting in pairs of runs.

use crate::Place;
use crate::failure::Failure;
use crate::landscape::Drawn;
use crate::say::say;
use crate::swept::{self, filtered, key_value};
use dunwu::paired::{Comparison, Effect, Effects, PairedError, Tuned};
use dunwu::sweep::Results;
use dunwu_engine::spec::{Value, parse_value};
use dunwu_report::pair::{page, sentences, text, verdict};
use serde_json::json;
use std::path::Path;

/// What the words mean, for the command's help.
pub(crate) const HELP: &str = "\
Ratios and differences are the second value against the first. Equal compute: both runs of a pair have the smaller of their two budgets,
in seconds of training at the median cost of a step of their settings.
tuned=KEY: each value chooses its best KEY on one half of the seeds and is judged on the other half, and the other way round.";

pub(crate) fn pair(table: &Path, words: &[String], drawn: &Drawn, place: &Place) -> Result<(), Failure> {
    let (first, rest) = words.split_first().expect("the command asks for a word");
    let (key, both) = key_value(first)?;
    let (mut tuned, mut filters): (Option<&str>, Vec<(&str, &str)>) = (None, Vec::new());
    for word in rest {
        match key_value(word)? {
            ("tuned", _) if tuned.is_some() => {
                return Err(Failure::usage("`tuned` is given twice; keep one of the two"));
            }
            ("tuned", setting) => tuned = Some(setting),
            filter => filters.push(filter),
        }
    }
    let results = filtered(swept::read(table)?, &filters)?;
    let values = two_values(&results, key, both)?;
    let comparison = Comparison::of(&results, key, &values, tuned).map_err(|error| match error {
        PairedError::Results(error) => swept::refused(error),
        error => Failure::usage(error),
    })?;
    let fixed: Vec<String> = filters.iter().map(|(key, value)| format!("{key} = {value}")).collect();
    let output = drawn.keep("pair.html", &page(&comparison, &fixed.join(" · ")))?;
    if place.json {
        say!("{}", object(&comparison, &output));
        return Ok(());
    }
    say!("{}\n", text(&comparison));
    for sentence in sentences(&comparison) {
        say!("  {sentence}");
    }
    say!("Page, to open in a browser: {}", output.display());
    Ok(())
}

/// `A,B` as two values. A value may hold commas itself (`product:cyclic:2,cyclic:3`): the comma that divides is the one with a value
/// of the table on either side.
fn two_values(results: &Results, key: &str, both: &str) -> Result<[Value; 2], Failure> {
    let column = results.resolve(key).map_err(swept::refused)?;
    let splits = both.match_indices(',').map(|(at, _)| [parse_value(&both[..at]), parse_value(&both[at + 1..])]);
    let is_known = |value: &Value| results.only(column, value).is_ok();
    let known = splits.clone().find(|values| values.iter().all(is_known));
    match (known, splits.count()) {
        (Some(values), _) => Ok(values),
        (None, 1) => {
            let (a, b) = both.split_once(',').expect("there is one comma");
            Ok([parse_value(a), parse_value(b)]) // one of them is unknown, and is refused by name
        }
        (None, 0) => Err(Failure::usage(format!("{key}={both}: write the two values to compare, as {key}=A,B"))),
        (None, n) => Err(Failure::usage(format!(
            "{key}={both}: these are {} values, and two are compared; write {key}=A,B",
            n + 1
        ))),
    }
}

/// The object that programs rely on.
fn object(comparison: &Comparison, page: &Path) -> serde_json::Value {
    let mut object = effects(&comparison.effects);
    let more = json!({
        "key": comparison.key,
        "a": swept::value(Some(&comparison.a)),
        "b": swept::value(Some(&comparison.b)),
        "unpaired": comparison.unpaired,
        "failed": comparison.failed,
        "tuned": comparison.tuned.as_ref().map(tuned),
        "verdict": verdict(comparison),
        "story": sentences(comparison),
        "page": page,
    });
    if let (Some(object), serde_json::Value::Object(more)) = (object.as_object_mut(), more) {
        object.extend(more);
    }
    object
}

fn effects(effects: &Effects) -> serde_json::Value {
    let effect = |effect: Option<Effect>| {
        effect.map(|Effect { estimate, low, high, pairs }| {
            json!({ "estimate": estimate, "low": low, "high": high, "pairs": pairs })
        })
    };
    json!({
        "pairs": effects.pairs,
        "steps_ratio": effect(effects.steps_ratio),
        "seconds_ratio": effect(effects.seconds_ratio),
        "generalized": effects.generalized.map(|did| json!({
            "pairs": did.pairs,
            "a": did.a,
            "b": did.b,
            "only_a": did.only_a,
            "only_b": did.only_b,
            "difference": did.difference,
            "low": did.low,
            "high": did.high,
            "p": did.p,
        })),
        "test_accuracy_difference": effect(effects.test_accuracy_difference),
    })
}

fn tuned(tuned: &Tuned) -> serde_json::Value {
    let mut object = effects(&tuned.effects);
    let chosen = |arm: usize| {
        let choice = |choice: &dunwu::paired::Choice| {
            json!({
                "value": swept::value(choice.value.as_ref()),
                "times": choice.times,
                "at_edge": choice.is_at_edge,
            })
        };
        tuned.choices[arm].iter().map(choice).collect::<Vec<_>>()
    };
    let more = json!({
        "key": tuned.key,
        "chosen_a": chosen(0),
        "chosen_b": chosen(1),
        "groups": tuned.groups,
        "left_out": tuned.left_out,
    });
    if let (Some(object), serde_json::Value::Object(more)) = (object.as_object_mut(), more) {
        object.extend(more);
    }
    object
}

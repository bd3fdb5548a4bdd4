//! The verb `derive`: whether every step of a derivation stands, and the first that does not.

use crate::words::number;
use dunwu::answer::wording::counted;
use dunwu::answer::{Answer, Block, Section, Shown, Table, TableCell, object};
use dunwu_derive::Report;
use std::collections::BTreeMap;

/// What a check came to, as an answer.
pub fn answer(file: &str, report: &Report) -> Answer {
    let rows = report.steps.iter().enumerate().map(|(place, step)| {
        vec![
            TableCell::Text((place + 1).to_string()),
            TableCell::Text(if step.says.is_empty() { step.claim.clone() } else { step.says.clone() }),
            TableCell::Text(step.standing.words().to_owned()),
            TableCell::Count(step.draws as u64),
        ]
    });
    let table = Table::new("steps", 3, &["step", "says", "stands", "draws"], rows.collect());
    Answer {
        verb: "derive",
        title: report.title.clone(),
        setup: file.to_owned(),
        headline: headline(report),
        sentences: sentences(report),
        sections: vec![Section { title: None, shown: Shown::Everywhere, blocks: vec![Block::Table(table)] }],
        sources: Vec::new(),
        data: object(report),
    }
}

fn headline(report: &Report) -> String {
    if let Some(empty) = &report.empty {
        return format!("The derivation says nothing: {empty}.");
    }
    match report.first_false {
        Some(step) => format!("Step {step} is false."),
        None if report.ok => {
            let stand = if report.steps.len() == 1 { "stands" } else { "stand" };
            format!("{} {stand} on every draw, which is evidence and no proof.", counted(report.steps.len(), "step"))
        }
        None => report.first_vacuous.map_or_else(
            || "No step was found false, but not every one could be told.".to_owned(),
            |step| format!("Step {step} is vacuous: both sides are zero on every draw."),
        ),
    }
}

fn sentences(report: &Report) -> Vec<String> {
    let mut sentences = Vec::new();
    if let Some(step) = report.first_false.and_then(|step| report.steps.get(step - 1)) {
        sentences.push(format!(
            "It says {}, and failed on {} of {}.",
            step.claim,
            step.failed,
            counted(step.draws, "draw")
        ));
    }
    if !report.identically_zero.is_empty() {
        sentences.push(format!("Zero on every draw: {}.", report.identically_zero.join(", ")));
    }
    if let Some(factor) = report.factor {
        sentences.push(format!("The left side is {} times the right side on every draw.", number(factor)));
    }
    if let Some(witness) = &report.witness {
        let sizes: Vec<String> = witness.sizes.iter().map(|(name, size)| format!("{name} = {size}")).collect();
        if !sizes.is_empty() {
            sentences.push(format!("The smallest example that was found has {}.", sizes.join(", ")));
        }
    }
    if let Some(correction) = &report.correction {
        sentences.push(format!("Instead: {correction}."));
    }
    let states: BTreeMap<&str, bool> =
        report.steps.iter().flat_map(|step| &step.states).fold(BTreeMap::new(), |mut all, state| {
            let is_false = state.standing == dunwu_derive::Standing::False;
            *all.entry(state.state.as_str()).or_insert(false) |= is_false;
            all
        });
    if !states.is_empty() {
        let failing: Vec<&str> = states.iter().filter(|(_, is_false)| **is_false).map(|(name, _)| *name).collect();
        let of_runs = counted(states.len(), "recorded state");
        sentences.push(match failing.as_slice() {
            [] => format!("No step is false on {of_runs}."),
            failing => format!("On {of_runs} a step is false: {}.", failing.join(", ")),
        });
    }
    sentences.extend(report.states_left_out.iter().map(|why| format!("A recorded state was left out: {why}.")));
    if !report.saved_by.is_empty() {
        sentences.push(format!("It would stand if one assumed: {}.", report.saved_by.join("; or ")));
    }
    sentences
}

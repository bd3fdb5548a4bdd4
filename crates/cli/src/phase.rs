//! `dunwu phase TABLE`: a sweep against two of its settings.

use crate::Place;
use crate::failure::Failure;
use crate::landscape::Drawn;
use crate::say::say;
use crate::swept::{self, filtered, key_value};
use dunwu::phase::{Boundary, Cell, Diagram, PhaseError};
use dunwu_report::phase::{legend, notes, page, sentences, text};
use serde_json::{Value, json};
use std::path::Path;

/// Letters of the phases, for the command's help.
pub(crate) fn help() -> String {
    let lines: Vec<String> =
        legend().map(|(letter, name, meaning)| format!("  {letter} {name:<16} {meaning}")).collect();
    format!("Phases:\n{}", lines.join("\n"))
}

pub(crate) fn phase(table: &Path, words: &[String], drawn: &Drawn, place: &Place) -> Result<(), Failure> {
    let (mut axes, mut filters): ([Option<&str>; 2], Vec<(&str, &str)>) = ([None, None], Vec::new());
    for word in words {
        let (key, value) = key_value(word)?;
        match ["x", "y"].iter().position(|axis| *axis == key) {
            Some(axis) if axes[axis].is_some() => {
                return Err(Failure::usage(format!("`{key}` is given twice; keep one of the two")));
            }
            Some(axis) => axes[axis] = Some(value),
            None => filters.push((key, value)),
        }
    }
    let results = filtered(swept::read(table)?, &filters)?;
    let diagram = Diagram::of(&results, axes[0], axes[1]).map_err(|error| match error {
        PhaseError::Results(error) => swept::refused(error),
        error => Failure::usage(error),
    })?;
    let fixed: Vec<String> = filters.iter().map(|(key, value)| format!("{key} = {value}")).collect();
    let output = drawn.keep("phase.html", &page(&diagram, &fixed.join(" · ")))?;
    if place.json {
        say!("{}", object(&diagram, &output));
        return Ok(());
    }
    say!("{}\n", text(&diagram));
    for sentence in sentences(&diagram) {
        say!("  {sentence}");
    }
    say!("Page, to open in a browser: {}", output.display());
    Ok(())
}

/// The object that programs rely on: what is drawn.
fn object(diagram: &Diagram, page: &Path) -> Value {
    let value = |value: &Option<dunwu_engine::spec::Value>| swept::value(value.as_ref());
    let x = |i: usize| value(&diagram.x.values[i]);
    let y = |i: usize| diagram.y.as_ref().map(|y| value(&y.values[i]));
    let cell = |cell: &Cell| {
        json!({
            "x": x(cell.x),
            "y": y(cell.y),
            "runs": cell.runs,
            "seeds": cell.seeds,
            "failed": cell.failed,
            "n_train": cell.n_train,
            "generalized": cell.generalized,
            "share": cell.share.share,
            "share_low": cell.share.low,
            "share_high": cell.share.high,
            "median_step_generalized": cell.median_step_generalized,
            "step_generalized_range": cell.range_step_generalized,
            "test_accuracy": cell.test_accuracy,
            "generalizing_units": cell.generalizing_units,
            "phase": cell.phase.name(),
            "phase_share": cell.phase_share,
            "few_seeds": cell.few_seeds,
        })
    };
    let boundary = |boundary: &Boundary| {
        let of = |place: &dunwu::phase::Place| {
            json!({
                "line": diagram.lines().map(|axis| value(&axis.values[place.line])),
                "n": place.n,
                "n_low": place.low,
                "n_high": place.high,
                "value": place.value,
                "within": place.within.name(),
                "ratio_to_theory": diagram.ratio(place.line),
            })
        };
        boundary.places.iter().map(of).collect::<Vec<_>>()
    };
    json!({
        "x": diagram.x.name,
        "y": diagram.y.as_ref().map(|y| &y.name),
        "x_values": (0..diagram.x.values.len()).map(x).collect::<Vec<_>>(),
        "y_values": diagram.y.as_ref().map(|axis| axis.values.iter().map(value).collect::<Vec<_>>()),
        "along": diagram.amounts().map(|axis| &axis.name),
        "cells": diagram.cells.iter().map(cell).collect::<Vec<_>>(),
        "boundary_theory": boundary(&diagram.theory),
        "boundary_measured": boundary(&diagram.measured),
        "notes": notes(diagram),
        "story": sentences(diagram),
        "page": page,
    })
}

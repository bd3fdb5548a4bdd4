//! `dunwu law TABLE`: how the critical sample size of a sweep's tasks grows, and which further runs would tell two laws apart.

use crate::Place;
use crate::failure::Failure;
use crate::landscape::Drawn;
use crate::say::say;
use crate::swept::{self, filtered, key_value};
use dunwu::law::{Decision, Estimate, Form, Further, LawFit, Study, Threshold};
use dunwu_report::law;
use serde_json::{Value, json};
use std::path::Path;

pub(crate) fn run(table: &Path, filters: &[String], drawn: &Drawn, place: &Place) -> Result<(), Failure> {
    let filters = filters.iter().map(|word| key_value(word)).collect::<Result<Vec<_>, _>>()?;
    let results = filtered(swept::read(table)?, &filters)?;
    let study = Study::of(&results).map_err(Failure::usage)?;
    let page = drawn.keep("law.html", &law::law_page(&study))?;
    if place.json {
        say!("{}", object(&study, &page));
        return Ok(());
    }
    say!("{}\n{}\n", law::setup(&study), law::tables(&study));
    for sentence in law::sentences(&study) {
        say!("  {sentence}");
    }
    if let Some(command) = law::command(&study) {
        say!("\n  {command}\n");
    }
    say!("Page, to open in a browser: {}", page.display());
    Ok(())
}

/// The object that programs rely on.
fn object(study: &Study, page: &Path) -> Value {
    let runs = &study.runs;
    json!({
        "family": runs.family,
        "thresholds": study.thresholds.iter().map(threshold).collect::<Vec<_>>(),
        "laws": study.laws.iter().map(fit).collect::<Vec<_>>(),
        "best": study.verdict.best.name(),
        "next": study.verdict.next.name(),
        "bits": study.verdict.bits,
        "tells": study.verdict.tells(),
        "no_law_ahead": study.verdict.no_law_ahead,
        "verdict": law::verdict(study),
        "decide": decide(study),
        "story": law::sentences(study),
        "runs": runs.len(),
        "left_out": runs.failed,
        "diverged": runs.diverged,
        "collapsed": runs.collapsed,
        "following": runs.following,
        "page": page,
    })
}

fn threshold(threshold: &Threshold) -> Value {
    json!({
        "task": threshold.task,
        "m": threshold.m,
        "n_critical": threshold.n_critical,
        "low": threshold.low,
        "high": threshold.high,
        "n_mlogm": threshold.n_critical.map(|n| n / (threshold.m as f64 * (threshold.m as f64).ln())),
        "slope": threshold.slope,
        "runs": threshold.runs,
        "generalized": threshold.generalized,
        "seeds": threshold.seeds,
        "amounts": threshold.amounts,
        "note": threshold.note(),
    })
}

fn fit(law: &LawFit) -> Value {
    let estimate = |estimate: Option<Estimate>| {
        estimate.map(|Estimate { value, low, high }| json!({ "value": value, "low": low, "high": high }))
    };
    // The author's constant is given, not estimated.
    let scale = if law.form == Form::Author {
        json!(law.scale.map(|scale| json!({ "value": scale.value, "low": null, "high": null })))
    } else {
        json!(estimate(law.scale))
    };
    json!({
        "name": law.form.name(),
        "formula": law.form.formula(),
        "bits": law.bits,
        "scale": scale,
        "exponent": estimate(law.exponent),
        "scatter": law.scatter,
    })
}

fn decide(study: &Study) -> Value {
    let design = |further: &Further, command: Option<&str>| {
        json!({
            "command": command,
            "expected_bits": further.expected_bits,
            "m": further.m,
            "n": further.amounts,
            "seeds": further.seeds,
            "cost": further.cost,
            "seconds": further.seconds,
        })
    };
    match &study.decision {
        Decision::By(further) => design(further, Some(&further.command)),
        Decision::OutOfReach(further) => design(further, None),
        Decision::Made | Decision::NoneFits | Decision::NoFurtherSize => Value::Null,
    }
}

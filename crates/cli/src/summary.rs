//! What a run comes to: a few plain sentences, or one JSON object.

use crate::say::say;
use dunwu::Opened;
use dunwu::measure::label::UnitLabel;
use dunwu::scalars::SCALARS;
use dunwu::store::{RunDir, StoredOutcome};
use dunwu_report as report;
use serde_json::{Value, json};

/// Steps over the training time that they took, measuring and writing not counted.
#[derive(Clone, Copy)]
pub(crate) struct Speed {
    pub(crate) steps: u64,
    pub(crate) seconds: f64,
}

pub(crate) fn print(opened: &Opened, dir: &RunDir, speed: Option<Speed>, reused: bool, json: bool) {
    if json {
        say!("{}", object(opened, dir, speed, reused));
        return;
    }
    say!("{}", report::outcome_sentence(opened));
    for sentence in &opened.story {
        say!("  {sentence}");
    }
    if let Some(Speed { steps, seconds }) = speed.filter(|speed| speed.seconds > 0.0) {
        say!("  {steps} steps took {seconds:.1} s ({:.1} a second).", steps as f64 / seconds);
    }
    say!("Run: {}", dir.path().display());
    say!("Report, to open in a browser: {}", dir.path().join("report.html").display());
}

/// The object that programs rely on.
fn object(opened: &Opened, dir: &RunDir, speed: Option<Speed>, reused: bool) -> Value {
    let last = opened.scalars.last();
    let frame = opened.frames.last();
    let units: serde_json::Map<String, Value> = UnitLabel::ALL
        .iter()
        .map(|label| (label.name().to_owned(), json!(frame.map_or(0, |frame| frame.count(*label)))))
        .collect();
    let irreps = opened.coverage().map(|(covered, missing)| {
        let names =
            |irreps: Vec<&dunwu::group::Irrep>| irreps.iter().map(|irrep| irrep.name.clone()).collect::<Vec<_>>();
        json!({ "covered": names(covered), "missing": names(missing) })
    });
    let story: Vec<String> =
        [report::outcome_sentence(opened)].into_iter().chain(opened.story.iter().cloned()).collect();
    let stages = opened.stages.iter().map(|stage| json!({ "name": stage.name, "from": stage.from, "to": stage.to }));
    let mut object = json!({
        "run": dir.path(),
        "task": opened.task,
        "outcome": StoredOutcome::from(opened.outcome),
        "step_memorized": opened.memorized,
        "step_generalized": opened.generalized,
        "units": units,
        "irreps": irreps,
        "stages": stages.collect::<Vec<_>>(),
        "story": story,
        "steps_per_second": speed.filter(|speed| speed.seconds > 0.0).map(|speed| speed.steps as f64 / speed.seconds),
        "kernel": dunwu_engine::kernel::kernel_name(opened.spec.numerics),
        "reused": reused,
        "writer": dir.writer(),
    });
    for scalar in SCALARS {
        object[scalar.name] = json!(last.and_then(scalar.get));
    }
    object
}

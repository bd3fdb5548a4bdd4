//! Caches of derived values hold for one version of the measures: a measure, a label or a table entry that changes without it fails.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use dunwu::group::Decomposition;
use dunwu::measure::{DERIVED_VERSION, Quantity};
use dunwu::opened::{Frame, Opening};
use dunwu_engine::spec::{apply, parse_value, presets};
use dunwu_engine::{Split, Training};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

fn frames() -> Vec<Frame> {
    let words = "task=cyclic:7 data.fraction=0.6 data.corrupted=0.1 model.width=24 steps=60 numerics=exact \
                 record.snapshots_per_decade=0 record.snapshot_every=30 record.snapshot_at_events=false";
    let settings: Vec<_> = words
        .split_whitespace()
        .filter_map(|word| word.split_once('='))
        .map(|(key, value)| (key.to_owned(), parse_value(value)))
        .collect();
    let spec = apply(&(presets::find("small").unwrap().spec)(), &settings).unwrap();
    let problem = spec.task.resolve(None).unwrap();
    let split = Split::draw(&problem, &spec.data, spec.seed, None).unwrap();
    let decomposition = Decomposition::of(problem.group().unwrap()).unwrap();
    let mut training = Training::new(&spec, &problem, &split, 1).unwrap();
    let mut opening = Opening::new(&spec, &problem, &split, Some(&decomposition));
    loop {
        let progress = training.advance();
        if let Some(snapshot) = progress.snapshot {
            opening.add(&snapshot).unwrap();
        }
        if progress.outcome.is_some() {
            return opening.frames().to_vec();
        }
    }
}

/// Every measure of a frame as its number of entries, their sum and the sum of their squares; and the labels.
fn summary(frame: &Frame) -> Value {
    let measures = frame.measured().map(|(measure, value)| {
        let numbers: Vec<f64> = match value {
            None => return (measure.name.to_owned(), Value::Null),
            Some(Quantity::Scalar(x)) => vec![*x],
            Some(Quantity::Spectrum(x)) => x.clone(),
            Some(Quantity::PerUnit(x) | Quantity::PerIrrep(x) | Quantity::PerProblem(x)) => {
                x.iter().copied().flatten().collect()
            }
            Some(Quantity::PerUnitAndIrrep(x)) => x.iter().map(|&x| f64::from(x)).collect(),
        };
        let sums = [numbers.iter().sum::<f64>(), numbers.iter().map(|x| x * x).sum()];
        (measure.name.to_owned(), json!([numbers.len(), sums[0], sums[1]]))
    });
    json!({
        "step": frame.step,
        "measures": measures.collect::<serde_json::Map<String, Value>>(),
        "labels": frame.labels.iter().map(|label| label.name()).collect::<Vec<_>>(),
        "sample_labels": frame.sample_labels.iter().map(|label| label.name()).collect::<Vec<_>>(),
    })
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/measures/derived.json")
}

/// Where two summaries differ by more than other instructions explain; sums of f32 products in another order differ by 1e-6.
fn difference(place: &str, recorded: &Value, ours: &Value) -> Option<String> {
    match (recorded, ours) {
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64()?, b.as_f64()?);
            let differs = (a - b).abs() > 1e-4 * a.abs().max(b.abs()).max(1e-6);
            differs.then(|| format!("{place} was {a} and is {b}"))
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().find_map(|(i, (a, b))| difference(&format!("{place}[{i}]"), a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            let missing = a.keys().chain(b.keys()).find(|key| !a.contains_key(*key) || !b.contains_key(*key));
            missing
                .map(|key| format!("{place}.{key} is on one side alone"))
                .or_else(|| a.iter().find_map(|(key, value)| difference(&format!("{place}.{key}"), value, &b[key])))
        }
        (a, b) => (a != b).then(|| format!("{place} was {a} and is {b}")),
    }
}

#[test]
fn measures_do_not_change_without_their_version() {
    let frames: Vec<Value> = frames().iter().map(summary).collect();
    let ours = json!({ "version": DERIVED_VERSION, "frames": frames });
    if std::env::var_os("DUNWU_WRITE_DERIVED").is_some() {
        std::fs::create_dir_all(path().parent().unwrap()).unwrap();
        std::fs::write(path(), format!("{ours:#}\n")).unwrap();
    }
    let write = "run this test with DUNWU_WRITE_DERIVED=1 and commit testdata/measures/derived.json";
    let text = std::fs::read_to_string(path()).unwrap_or_else(|error| panic!("{error}: {write}"));
    let recorded: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(recorded["version"], DERIVED_VERSION, "the version was raised: {write}");
    if let Some(what) = difference("frames", &recorded["frames"], &ours["frames"]) {
        panic!("{what}: raise DERIVED_VERSION in measure/mod.rs, then {write}");
    }
}

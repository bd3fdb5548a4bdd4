//! Row E3 of the paper's setting, through the measures: what reaches the hidden layer, and which frequencies are learned when,
//! beside three PyTorch runs with other seeds (`testdata/pytorch/e3.json`).

use dunwu::group::Decomposition;
use dunwu::measure::{self, Handle, shape};
use dunwu::opened::{Frame, Opening};
use dunwu_engine::spec::RecordSpec;
use dunwu_engine::{RunSpec, Split, Training};
use serde_json::Value;
use std::path::Path;

/// Steps that are compared.
const STEPS: [u64; 6] = [0, 20, 60, 150, 200, 300];

fn pytorch_runs() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/pytorch/e3.json");
    let text = std::fs::read_to_string(path).expect("testdata is there");
    let data: Value = serde_json::from_str(&text).expect("JSON");
    let runs = data["runs"].as_array().expect("a list").clone();
    runs.into_iter().filter(|run| run["weight_decay"] != 0.0).collect()
}

/// Smallest and largest value of a series over the PyTorch runs at `step`.
fn spread(runs: &[Value], series: &str, step: u64, read: impl Fn(&Value) -> &Value) -> (f64, f64) {
    let at_step = |run: &Value| {
        let rows = run[series].as_array().expect("a list").iter();
        rows.clone().find(|row| row["step"] == step).map(|row| read(row).as_f64().expect("a number"))
    };
    let values: Vec<f64> = runs.iter().map(|run| at_step(run).expect("the step is listed")).collect();
    (values.iter().copied().fold(f64::INFINITY, f64::min), values.iter().copied().fold(f64::NEG_INFINITY, f64::max))
}

fn frames() -> Vec<Frame> {
    let record =
        RecordSpec { evaluate_every: 300, snapshots_per_decade: 0, snapshot_every: 10, snapshot_at_events: false };
    let spec = RunSpec { record, ..RunSpec::default() };
    let problem = spec.task.resolve(None).expect("a problem");
    let split = Split::draw(&problem, &spec.data, spec.seed, None).expect("a split");
    let decomposition = Decomposition::of(problem.group().expect("a group")).expect("irreps");
    let mut training = Training::new(&spec, &problem, &split, 2).expect("a run");
    let mut opening = Opening::new(&spec, &problem, &split, Some(&decomposition));
    loop {
        let progress = training.advance();
        if let Some(snapshot) = progress.snapshot.filter(|snapshot| STEPS.contains(&snapshot.step)) {
            opening.add(&snapshot).expect("a two-layer network has no other parameters");
        }
        if progress.outcome.is_some() {
            return opening.frames().to_vec();
        }
    }
}

#[test]
fn the_papers_setting_sends_down_the_gradient_and_learns_the_frequencies_that_pytorch_sees() {
    let runs = pytorch_runs();
    assert_eq!(runs.len(), 3);
    for frame in frames() {
        let step = frame.step;
        // Three seeds span about 1.7 standard deviations; our fourth lies within three more of either end but once in 300.
        let check = |handle: Handle<shape::Scalar>, (low, high): (f64, f64), floor: f64| {
            let (name, value) = (handle.name(), frame.scalar(handle).expect("defined"));
            let slack = 2.0 * (high - low) + floor;
            assert!(
                (low - slack..=high + slack).contains(&value),
                "{name} at {step}: {value}, PyTorch {low} to {high}"
            );
        };
        check(measure::GRADIENT_NORM, spread(&runs, "gradient", step, |row| &row["sample_centred"]["norm"]), 0.3);
        check(
            measure::GRADIENT_ALIGNMENT,
            spread(&runs, "gradient", step, |row| &row["sample_centred"]["cosine_stage_one"]),
            0.02,
        );
        check(measure::HIDDEN_NORM, spread(&runs, "spectrum", step, |row| &row["hidden_norm"]), 0.1);
        let covered = frame.covered_irreps().expect("a group").iter().filter(|&&covered| covered).count();
        let (fewest, most) = spread(&runs, "spectrum", step, |row| &row["frequencies_covered"]);
        let slack = 2.0 * (most - fewest) + 3.0;
        assert!(
            (fewest - slack..=most + slack).contains(&(covered as f64)),
            "{covered} covered at {step}, {fewest} to {most}"
        );
        let pure =
            frame.entries(measure::UNIT_PURITY).expect("a group").iter().flatten().filter(|&&p| p > 0.9).count() as f64;
        let (fewest, most) = spread(&runs, "spectrum", step, |row| &row["units_pure"]);
        // A count of N independent units scatters by √N.
        let slack = 2.0 * (most - fewest) + 3.0 * most.sqrt() + 1.0;
        assert!((fewest - slack..=most + slack).contains(&pure), "{pure} pure at {step}, {fewest} to {most}");
    }
}

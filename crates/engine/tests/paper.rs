//! Figure 3 of the paper at full size, beside PyTorch's runs of the same setting in `testdata/pytorch/e3.json`: the default
//! preset arrives where they do, and without weight decay it does not.

#![expect(clippy::disallowed_methods, reason = "a test may read its data and count the cores; the engine may not")]

use dunwu_engine::{Outcome, RunSpec, Scalars, Split, Training};
use serde_json::Value;
use std::path::Path;

/// The evaluations of every step, and how the run ended.
fn run(spec: &RunSpec) -> (Vec<Scalars>, Outcome) {
    let problem = spec.task.resolve(None).expect("a task");
    let split = Split::draw(&problem, &spec.data, spec.seed, None).expect("a split");
    assert_eq!(split.train.labels.len(), 2016);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut training = Training::new(spec, &problem, &split, threads).expect("a run");
    let mut curve = Vec::new();
    loop {
        let progress = training.advance();
        curve.extend(progress.scalars);
        if let Some(outcome) = progress.outcome {
            return (curve, outcome);
        }
    }
}

fn first(curve: &[Scalars], holds: impl Fn(&Scalars) -> bool) -> f64 {
    curve.iter().find(|scalars| holds(scalars)).map_or(f64::INFINITY, |scalars| scalars.step as f64)
}

fn pytorch_runs() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/pytorch/e3.json");
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut e3: Value = serde_json::from_slice(&bytes).expect("JSON");
    e3["runs"].as_array_mut().map(std::mem::take).expect("a list")
}

/// Mean over PyTorch's runs with weight decay.
fn pytorch_mean(number: impl Fn(&Value) -> &Value) -> f64 {
    let runs = pytorch_runs();
    let numbers: Vec<f64> =
        runs.iter().filter(|run| run["weight_decay"] != 0.0).filter_map(|run| number(run).as_f64()).collect();
    assert_eq!(numbers.len(), 3);
    numbers.iter().sum::<f64>() / 3.0
}

/// PyTorch's three seeds arrive at 101, 101, 98 (0.5) and 139, 137, 136 (0.99), ours 0 to 3 at 99, 99, 104, 102 and 135, 138,
/// 144, 138: together 100.6 ± 2.1 and 138.1 ± 2.9. The tolerances are near three standard deviations. Test loss ends at
/// 0.0175 to 0.0182 there, 0.0160 to 0.0202 here.
#[test]
fn the_default_preset_arrives_when_pytorch_does() {
    let (curve, outcome) = run(&RunSpec::default());
    let arrival = |name: &str| pytorch_mean(|run| &run["first_step"][name]);
    let memorized = first(&curve, |scalars| scalars.train_accuracy >= 0.99);
    assert!(memorized <= 20.0 && (memorized - arrival("train_accuracy_0.99")).abs() <= 3.0, "memorizes at {memorized}");
    let half = first(&curve, |scalars| scalars.test_accuracy >= Some(0.5));
    assert!((half - arrival("test_accuracy_0.5")).abs() <= 6.0, "half of the test sample at {half}");
    let nearly_all = first(&curve, |scalars| scalars.test_accuracy >= Some(0.99));
    assert!((nearly_all - arrival("test_accuracy_0.99")).abs() <= 8.0, "0.99 of the test sample at {nearly_all}");
    assert!(matches!(outcome, Outcome::Grokked { .. }), "{outcome:?}");
    let last = curve.last().and_then(|scalars| scalars.test_loss).expect("a test sample");
    let expected =
        pytorch_mean(|run| &run["curve"].as_array().and_then(|rows| rows.last()).expect("a last row")["test_loss"]);
    assert!((last / expected - 1.0).abs() < 0.3, "test loss ends at {last} for {expected}");
}

/// Train accuracy is 1 all the same; PyTorch's test accuracy ends at 0.03.
#[test]
fn without_weight_decay_it_memorizes_and_does_not_generalize() {
    let mut spec = RunSpec::default();
    spec.optimizer.weight_decay = 0.0;
    spec.record.evaluate_every = 10;
    let (curve, outcome) = run(&spec);
    assert_eq!(outcome, Outcome::Censored { step: 300 });
    let last = curve.last().expect("a last step");
    assert!(last.train_accuracy >= 0.99, "{last:?}");
    assert!(last.test_accuracy.is_some_and(|accuracy| accuracy < 0.1), "{last:?}");
}

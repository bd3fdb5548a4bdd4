//! Fifty steps beside PyTorch: the same initial weights and split give the same loss curve, to 1e-4 relative, for every
//! activation, loss, optimizer, schedule and top layer. The curves and the script that made them are in
//! `testdata/pytorch/`; float64 deviates from them by less than 5e-6, so the tolerance is twenty times their own error.

#![expect(clippy::disallowed_methods, reason = "recorded curves are read from files; the engine itself reads none")]

use dunwu_engine::kernel::Numerics;
use dunwu_engine::loss::{Loss, Objective};
use dunwu_engine::model::{Activation, Initialization, Weights};
use dunwu_engine::optim::{AdamSpec, GradientSpec, Method, MuonVariant, OptimizerSpec, Schedule};
use dunwu_engine::spec::{Architecture, DataSpec, ModelSpec, OperandTables, RecordSpec, RunSpec, Sampling, TopLayer};
use dunwu_engine::task::Task;
use dunwu_engine::{Problem, Samples, Split, Training};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

fn testdata(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/pytorch").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn activation(name: &str) -> Activation {
    match name {
        "square" => Activation::Square,
        "cube" => Activation::Cube,
        "relu" => Activation::Relu,
        "relu_squared" => Activation::ReluSquared,
        "silu" => Activation::Silu,
        "gelu" => Activation::Gelu,
        "abs" => Activation::Abs,
        other => panic!("unknown activation {other}"),
    }
}

fn optimizer(case: &Value) -> OptimizerSpec {
    let spec = &case["optimizer"];
    let adam =
        || AdamSpec { beta1: number(&spec["beta1"]), beta2: number(&spec["beta2"]), epsilon: number(&spec["epsilon"]) };
    let method = match text(&spec["method"]) {
        "sgd" => Method::Sgd { momentum: number(&spec["momentum"]) },
        "adam" => Method::Adam(adam()),
        "adamw" => Method::AdamW(adam()),
        "muon" => {
            let variant = if text(&spec["variant"]) == "jordan" { MuonVariant::Jordan } else { MuonVariant::Paper };
            Method::Muon { momentum: number(&spec["momentum"]), variant, adam: adam() }
        }
        other => panic!("unknown method {other}"),
    };
    let schedule = &case["schedule"];
    let schedule = match text(&schedule["kind"]) {
        "constant" => Schedule::Constant,
        "step" => Schedule::Step { every: number(&schedule["every"]) as u64, factor: number(&schedule["factor"]) },
        "exponential" => Schedule::Exponential { factor: number(&schedule["factor"]) },
        "cosine" => Schedule::Cosine,
        "warmup" => Schedule::Warmup { steps: number(&schedule["steps"]) as u64 },
        other => panic!("unknown schedule {other}"),
    };
    let (learning_rate, weight_decay) = (number(&spec["learning_rate"]), number(&spec["weight_decay"]));
    OptimizerSpec { method, learning_rate, weight_decay, schedule, gradient: GradientSpec::NONE, qk_clip: 0.0 }
}

fn spec(case: &Value, n_train: usize, numerics: Numerics) -> RunSpec {
    let top_layer = match text(&case["top_layer"]["kind"]) {
        "trained" => TopLayer::Trained,
        _ => TopLayer::Ridge { eta: number(&case["top_layer"]["eta"]) },
    };
    let loss = if text(&case["loss"]) == "mse" { Loss::Mse } else { Loss::CrossEntropy };
    RunSpec {
        task: Task::parse(&format!("cyclic:{}", case["M"])).expect("a task"),
        data: DataSpec::of(Sampling::Count(n_train as u64)),
        model: ModelSpec {
            architecture: Architecture::TwoLayer,
            attention: None,
            tables: OperandTables::Separate,
            width: number(&case["K"]) as usize,
            activation: activation(text(&case["activation"])),
            initialization: Initialization::Pytorch,
            hidden_scale: 1.0,
            top_scale: 1.0,
            top_layer,
        },
        loss: Objective::Outputs(loss),
        optimizer: optimizer(case),
        numerics,
        steps: 50,
        record: RecordSpec { evaluate_every: 50, ..RunSpec::default().record },
        ..RunSpec::default()
    }
}

fn split(problem: &Problem, tuples: &Value) -> Split {
    let train: BTreeSet<usize> = tuples
        .as_array()
        .expect("a list")
        .iter()
        .map(|tuple| number(&tuple[0]) as usize * problem.n_labels + number(&tuple[1]) as usize)
        .collect();
    let part = |wanted: bool| {
        let indices: Vec<usize> = (0..problem.labels.len()).filter(|i| train.contains(i) == wanted).collect();
        let token = |f: fn(usize, usize) -> usize| indices.iter().map(|&i| f(i, problem.n_labels) as u32).collect();
        Samples {
            operands: vec![token(|i, m| i / m), token(|i, m| i % m)],
            values: Vec::new(),
            labels: indices.iter().map(|&i| problem.labels[i]).collect(),
        }
    };
    let samples = part(true);
    Split { train_true_labels: samples.labels.clone(), train: samples, corrupted: Vec::new(), test: part(false) }
}

/// PyTorch's `[out][in]` matrix as our `[in][out]`, scaled.
fn transposed(tensors: &safetensors::SafeTensors<'_>, name: &str, scale: f64) -> Vec<f32> {
    let tensor = tensors.tensor(name).expect("a listed tensor");
    let [rows, columns] = *tensor.shape() else { panic!("{name} is a matrix") };
    let value = |r: usize, c: usize| {
        let at = (r * columns + c) * 4;
        f32::from_le_bytes(tensor.data()[at..at + 4].try_into().expect("four bytes"))
    };
    (0..columns).flat_map(|c| (0..rows).map(move |r| (f64::from(value(r, c)) * scale) as f32)).collect()
}

#[test]
fn fifty_steps_follow_pytorch_for_every_case() {
    every_case(Numerics::Fast, 1e-4);
}

/// In double precision what is left is what PyTorch's f32 deviates by from float64, 5e-6, twice.
#[test]
fn fifty_steps_in_double_precision_follow_pytorch_ten_times_as_closely() {
    every_case(Numerics::Double, 1e-5);
}

fn every_case(numerics: Numerics, tolerance: f64) {
    let curves: Value = serde_json::from_slice(&testdata("curves.json")).expect("JSON");
    let bytes = testdata("initial.safetensors");
    let tensors = safetensors::SafeTensors::deserialize(&bytes).expect("safetensors");
    let mut covered = BTreeSet::new();
    let cases = curves["cases"].as_array().expect("a list");
    for case in cases {
        let id = text(&case["id"]);
        let problem =
            Task::parse(&format!("cyclic:{}", case["M"])).and_then(|task| task.resolve(None)).expect("a task");
        let split = split(&problem, &curves["splits"][text(&case["split"])]["train"]);
        let spec = spec(case, split.train.labels.len(), numerics);
        covered.insert((text(&case["activation"]), text(&case["loss"]), text(&case["optimizer_name"])));
        let mut weights = Weights::zeros(2 * problem.n_labels, spec.model.width, problem.n_labels);
        let initial = text(&case["initial"]);
        weights.hidden = transposed(&tensors, &format!("{initial}.hidden.weight"), number(&case["hidden_scale"]));
        weights.top = transposed(&tensors, &format!("{initial}.output.weight"), number(&case["top_scale"]));
        let mut training = Training::from_weights(&spec, &problem, &split, 1, &weights).expect("a run");
        for (step, expected) in case["train_loss"].as_array().expect("a list").iter().map(number).enumerate() {
            let progress = training.advance();
            let error = (progress.train_loss - expected).abs() / expected;
            assert!(error < tolerance, "{id} at step {step}: {} for {expected}", progress.train_loss);
            if let Some(scalars) = progress.scalars.filter(|_| step == 50) {
                assert!((scalars.train_accuracy - number(&case["train_accuracy"])).abs() < 1e-9, "{id}");
                assert!(
                    (scalars.test_accuracy.expect("a test sample") - number(&case["test_accuracy"])).abs() < 1e-9,
                    "{id}"
                );
                let test_loss = number(&case["test_loss"]);
                assert!((scalars.test_loss.expect("a test sample") / test_loss - 1.0).abs() < tolerance, "{id}");
            }
        }
    }
    let n_optimizers = covered.iter().map(|(_, _, optimizer)| optimizer).collect::<BTreeSet<_>>().len();
    assert_eq!(covered.len(), Activation::ALL.len() * Loss::ALL.len() * n_optimizers, "every combination has a curve");
    assert_eq!(n_optimizers, 6);
}

/// The same for losses that are shaped and gradients that are changed, to 1e-4 or twenty times what float64 deviates by: 1.5e-4
/// where Adam follows singular values, at most 1e-5 elsewhere. Leaving a method out shows at thirty times that at least.
#[test]
fn fifty_steps_follow_pytorch_for_every_method_beside_them() {
    every_method(Numerics::Fast, |deviation| (20.0 * deviation).max(1e-4));
}

/// In double precision what is left is what PyTorch's f32 deviates by from float64, twice, and its last printed digit.
#[test]
fn fifty_steps_in_double_precision_follow_pytorch_for_every_method_that_it_has() {
    every_method(Numerics::Double, |deviation| 2.0 * deviation + 1e-6);
}

fn every_method(numerics: Numerics, tolerance: impl Fn(f64) -> f64) {
    let curves: Value = serde_json::from_slice(&testdata("curves.json")).expect("JSON");
    let methods: Value = serde_json::from_slice(&testdata("methods.json")).expect("JSON");
    let bytes = testdata("initial.safetensors");
    let tensors = safetensors::SafeTensors::deserialize(&bytes).expect("safetensors");
    let problem = Task::parse("cyclic:7").and_then(|task| task.resolve(None)).expect("a task");
    let mut covered = BTreeSet::new();
    for case in methods["cases"].as_array().expect("a list") {
        let id = text(&case["id"]);
        let tolerance = tolerance(number(&case["float64_deviation"]));
        let settings = case["settings"].as_object().expect("settings");
        let assignments: Vec<(String, dunwu_engine::spec::Value)> = settings
            .iter()
            .map(|(key, value)| {
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                (key.clone(), dunwu_engine::spec::parse_value(&value))
            })
            .collect();
        covered.extend(settings.keys().cloned());
        // Planted faults are of single precision.
        if numerics == Numerics::Double && settings.keys().any(|key| key.starts_with("fault.")) {
            continue;
        }
        let split = split(&problem, &curves["splits"][text(&case["split"])]["train"]);
        let base = RunSpec {
            task: Task::parse("cyclic:7").expect("a task"),
            data: DataSpec::of(Sampling::Count(split.train.labels.len() as u64)),
            model: ModelSpec {
                width: 24,
                activation: activation(text(&case["activation"])),
                ..RunSpec::default().model
            },
            steps: 50,
            ..RunSpec::default()
        };
        let base = RunSpec { numerics, ..base };
        let spec = dunwu_engine::spec::apply(&base, &assignments).expect(id);
        let mut weights = Weights::zeros(14, 24, 7);
        let initial = text(&case["initial"]);
        weights.hidden = transposed(&tensors, &format!("{initial}.hidden.weight"), number(&case["hidden_scale"]));
        weights.top = transposed(&tensors, &format!("{initial}.output.weight"), number(&case["top_scale"]));
        let mut training = Training::from_weights(&spec, &problem, &split, 1, &weights).expect("a run");
        for (step, expected) in case["train_loss"].as_array().expect("a list").iter().map(number).enumerate() {
            let loss = training.advance().train_loss;
            assert!((loss / expected - 1.0).abs() < tolerance, "{id} at step {step}: {loss} for {expected}");
        }
    }
    for key in ["label_smoothing", "z_loss", "logit_cap", "temperature", "gradient.clip_norm", "gradient.filter"] {
        assert!(covered.contains(key), "{key} has no curve");
    }
    assert!(covered.contains("gradient.direction") && covered.contains("fault.gradient"), "{covered:?}");
}

//! Where curvature settles against the edge of stability, in two networks, with gradient descent and Adam, on both losses, at five rates
//! each: the rows of `testdata/curvature/rows.jsonl`, which `docs/findings.md` quotes.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use dunwu::run::RunRequest;
use dunwu::verb::Watcher;
use dunwu_verdict::curvature::{CurvaturePoint, curvature};
use serde::{Deserialize, Serialize};
use std::sync::atomic::AtomicBool;

const ROWS: &str = include_str!("../../../testdata/curvature/rows.jsonl");
const STEPS: u64 = 3_000;
const EVERY: u64 = 30;

/// One run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Row {
    network: String,
    loss: String,
    optimizer: String,
    learning_rate: f64,
    /// Preconditioned sharpness over the edge: at the first point, at the largest, and the median of the second half.
    first: f64,
    largest: f64,
    settled: f64,
    /// Points of the second half, and those of them within 5 % of the edge.
    late: usize,
    near: usize,
    /// First point at the edge or above.
    crossing: Option<u64>,
    /// The last point, which is before the last step where the run diverged, and the loss there.
    last: u64,
    last_loss: f64,
}

/// Network, loss, optimizer, rates.
const GRID: [(&str, &str, &str, [f64; 5]); 8] = [
    ("x2", "mse", "sgd", [0.125, 0.25, 0.5, 1.0, 2.0]),
    ("mlp", "mse", "sgd", [0.0625, 0.125, 0.25, 0.5, 1.0]),
    ("x2", "cross_entropy", "sgd", [0.5, 1.0, 2.0, 4.0, 8.0]),
    ("mlp", "cross_entropy", "sgd", [0.25, 0.5, 1.0, 2.0, 4.0]),
    ("x2", "mse", "adam", [0.001, 0.003, 0.01, 0.03, 0.1]),
    ("mlp", "mse", "adam", [0.001, 0.002, 0.004, 0.008, 0.016]),
    ("x2", "cross_entropy", "adam", [0.001, 0.003, 0.01, 0.03, 0.1]),
    ("mlp", "cross_entropy", "adam", [0.001, 0.002, 0.004, 0.008, 0.016]),
];

/// In f64 a run has the same bits on every machine.
fn words(network: &str, loss: &str, optimizer: &str, rate: f64) -> String {
    let network = match network {
        "x2" => "model.width=32",
        _ => "model.architecture=mlp model.depth=2 model.width=24 model.activation=gelu",
    };
    format!(
        "small task=cyclic:11 data.fraction=0.8 numerics=double {network} loss={loss} optimizer={optimizer} optimizer.learning_rate={rate} \
         optimizer.weight_decay=0 steps={STEPS}"
    )
}

fn measured(network: &str, loss: &str, optimizer: &str, rate: f64) -> Row {
    let words: Vec<String> = words(network, loss, optimizer, rate).split(' ').map(str::to_owned).collect();
    let request = RunRequest::from_words(&words).unwrap_or_else(|error| panic!("{}", error.sentence()));
    let stop = AtomicBool::new(false);
    let curve = curvature(&request, Some(EVERY), &mut Watcher::new(&mut |_| (), &stop)).unwrap();
    let ratios: Vec<f64> = curve.points.iter().filter_map(CurvaturePoint::ratio).collect();
    let last = curve.points.last().unwrap();
    Row {
        network: network.to_owned(),
        loss: loss.to_owned(),
        optimizer: optimizer.to_owned(),
        learning_rate: rate,
        first: ratios[0],
        largest: ratios.iter().copied().fold(0.0, f64::max),
        settled: curve.settled.unwrap(),
        late: curve.n_late,
        near: curve.n_near,
        crossing: curve.first_crossing,
        last: last.step,
        last_loss: last.loss,
    }
}

fn rows() -> Vec<Row> {
    ROWS.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
#[ignore = "prints the rows: cargo test -p dunwu-verdict --test edge -- --ignored --nocapture"]
#[expect(clippy::print_stdout, reason = "its output is its purpose")]
fn every_row() {
    for (network, loss, optimizer, rates) in GRID {
        for rate in rates {
            println!("{}", serde_json::to_string(&measured(network, loss, optimizer, rate)).unwrap());
        }
    }
}

/// What the findings say of the rows.
#[test]
fn the_rows_say_what_the_findings_say() {
    let rows = rows();
    assert_eq!(rows.len(), 40);
    let of = |loss: &str, optimizer: &str| -> Vec<&Row> {
        rows.iter().filter(|row| row.loss == loss && row.optimizer == optimizer).collect()
    };
    let adam = of("mse", "adam");
    let reached: Vec<&&Row> = adam.iter().filter(|row| row.crossing.is_some()).collect();
    assert!(reached.len() == 9 && reached.iter().all(|row| (row.settled - 1.0).abs() < 0.02), "{reached:?}");
    let finished = |row: &&&Row| row.last == STEPS;
    let descent = of("mse", "sgd");
    let reached: Vec<&&Row> = descent.iter().filter(finished).filter(|row| row.crossing.is_some()).collect();
    assert!(reached.len() == 5 && reached.iter().all(|row| (row.settled - 1.0).abs() < 0.05), "{reached:?}");
    let fitted: Vec<&Row> = of("cross_entropy", "sgd").into_iter().chain(of("cross_entropy", "adam")).collect();
    let fitted: Vec<&&Row> = fitted.iter().filter(|row| row.last == STEPS && row.last_loss < 1e-2).collect();
    assert!(fitted.len() == 18 && fitted.iter().all(|row| row.settled < 0.07), "{fitted:?}");
}

/// Three rows, one of them of Adam, come out again.
#[test]
fn rows_come_out_again() {
    let rows = rows();
    for place in [2, 8, 21] {
        let old = &rows[place];
        let new = measured(&old.network, &old.loss, &old.optimizer, old.learning_rate);
        // The run has the same bits; an eigenvalue is off by what its search stops at.
        let near = |a: f64, b: f64| (a - b).abs() <= 2e-3 * b.abs();
        assert!(near(new.first, old.first) && near(new.settled, old.settled), "{new:?} for {old:?}");
        assert!(near(new.largest, old.largest) && new.near.abs_diff(old.near) <= 2, "{new:?} for {old:?}");
        assert_eq!(new.last, old.last);
        assert!((new.last_loss / old.last_loss - 1.0).abs() < 1e-12, "the run has the same bits: {new:?} for {old:?}");
    }
}

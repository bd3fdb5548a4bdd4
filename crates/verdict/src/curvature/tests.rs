//! Curvature against dense Hessians, and what it takes for the next update against that update.

use super::along_run::Next;
use super::lanczos::dot;
use super::*;
use dunwu::measure::eigen;
use dunwu::run::RunRequest;
use dunwu::verb::{VerbError, Watcher};
use dunwu_engine::{LossSurface, Training};
use faer::Mat;
use std::sync::atomic::AtomicBool;

fn request(words: &str) -> RunRequest {
    let base = ["task=cyclic:5", "data.fraction=0.8", "model.width=5", "steps=12"];
    let key = |word: &str| word.split('=').next().map(str::to_owned);
    let is_said = |word: &&str| words.split_whitespace().any(|other| key(other) == key(word));
    let base = base.into_iter().filter(|word| !is_said(word));
    let words: Vec<String> =
        ["small"].into_iter().chain(base).chain(words.split_whitespace()).map(str::to_owned).collect();
    RunRequest::from_words(&words).unwrap_or_else(|error| panic!("{words:?}: {}", error.sentence()))
}

fn measured(request: &RunRequest, every: Option<u64>) -> Curvature {
    let stop = AtomicBool::new(false);
    curvature(request, every, &mut Watcher::new(&mut |_| (), &stop)).expect("it is measured")
}

/// Every kind of network with every method, losses by turns.
fn kinds() -> Vec<RunRequest> {
    let networks = [
        "model.activation=square loss=mse",
        "model.architecture=mlp model.depth=2 model.width=4 model.activation=gelu loss=cross_entropy",
        "model.architecture=mlp model.depth=2 model.width=4 model.normalization=pre_layer_norm model.activation=silu loss=mse",
        "model.architecture=transformer model.depth=1 model.dimension=4 model.heads=2 model.activation=gelu loss=cross_entropy",
    ];
    let methods = [
        "optimizer=sgd optimizer.learning_rate=0.1 optimizer.weight_decay=0.02",
        "optimizer=sgd optimizer.momentum=0.8 optimizer.learning_rate=0.05 optimizer.weight_decay=0",
        "optimizer=adam optimizer.learning_rate=0.01 optimizer.weight_decay=0.02",
        "optimizer=adamw optimizer.learning_rate=0.01 optimizer.weight_decay=0",
    ];
    networks.iter().flat_map(|network| methods.map(|method| request(&format!("{network} {method}")))).collect()
}

/// H by central differences of the gradient, each extrapolated from two steps; symmetric up to what they are off by.
fn dense_hessian(surface: &LossSurface, weights: &[f64]) -> Vec<Vec<f64>> {
    let column = |j: usize| -> Vec<f64> {
        let at = |by: f64| {
            let mut moved = weights.to_vec();
            moved[j] += by;
            surface.gradient(&moved)
        };
        let central = |h: f64| -> Vec<f64> { at(h).iter().zip(at(-h)).map(|(a, b)| (a - b) / (2.0 * h)).collect() };
        central(5e-4).iter().zip(central(1e-3)).map(|(near, far)| (4.0 * near - far) / 3.0).collect()
    };
    (0..weights.len()).map(column).collect()
}

fn largest_of_dense(matrix: &[Vec<f64>]) -> f64 {
    let n = matrix.len();
    let matrix = Mat::from_fn(n, n, |i, j| f64::midpoint(matrix[i][j], matrix[j][i]));
    *eigen(matrix.as_ref()).expect("it converges").0.last().expect("a weight")
}

#[test]
fn curvature_is_that_of_the_dense_hessian() {
    for request in kinds() {
        let RunRequest { spec, problem, split, .. } = &request;
        let curve = measured(&request, Some(6));
        assert_eq!(curve.points.iter().map(|point| point.step).collect::<Vec<_>>(), [0, 6, 12]);
        let mut training = Training::new(spec, problem, split, 1).unwrap();
        for point in &curve.points {
            while training.step() < point.step {
                let _ = training.advance();
            }
            let state = training.optimizer_state();
            let surface = training.loss_surface(problem, split).unwrap();
            let gradient = surface.gradient(&state.weights);
            let next = Next::of(&state, &gradient, true);
            let mut matrix = dense_hessian(&surface, &state.weights);
            let decay = next.coupled_decay;
            matrix.iter_mut().enumerate().for_each(|(i, row)| row[i] += decay);
            let near = |found: f64, expected: f64, of: &str| {
                // Residuals of 10⁻³ of it, squared over the gap; differences of gradients to 10⁻⁹.
                let tolerance = 1e-3 * expected.abs() + 1e-7;
                assert!((found - expected).abs() < tolerance, "{of}: {found} for {expected} in {spec:?}");
            };
            near(point.sharpness, largest_of_dense(&matrix), "sharpness");
            let n = matrix.len();
            let ones = vec![1.0; n];
            let p = next.divisor.as_ref().unwrap_or(&ones);
            let scaled: Vec<Vec<f64>> =
                (0..n).map(|i| (0..n).map(|j| matrix[i][j] / (p[i] * p[j]).sqrt()).collect()).collect();
            near(point.preconditioned, largest_of_dense(&scaled), "preconditioned sharpness");
            let u = next.update.as_ref().unwrap();
            let image: Vec<f64> = matrix.iter().map(|row| dot(row, u)).collect();
            let weight: f64 = u.iter().zip(p).map(|(u, p)| u * u * p).sum();
            near(point.along_update.unwrap(), dot(u, &image) / weight, "along the update");
            let edge = edge_times_rate(spec.optimizer.method).unwrap() / spec.optimizer.learning_rate;
            assert_eq!(point.edge, Some(edge));
        }
    }
}

/// η u is what the next update adds to the weights.
#[test]
fn the_next_update_is_the_one_that_comes() {
    for mut request in kinds() {
        request.spec.numerics = dunwu_engine::kernel::Numerics::Double;
        let RunRequest { spec, problem, split, .. } = &request;
        let mut training = Training::new(spec, problem, split, 1).unwrap();
        for _ in 0..5 {
            let before = training.optimizer_state();
            let surface = training.loss_surface(problem, split).unwrap();
            let next = Next::of(&before, &surface.gradient(&before.weights), true);
            let _ = training.advance();
            let after = training.optimizer_state();
            for ((u, a), b) in next.update.unwrap().iter().zip(&after.weights).zip(&before.weights) {
                let step = spec.optimizer.learning_rate * u;
                assert!((a - b - step).abs() < 1e-12, "{} for {step} in {spec:?}", a - b);
            }
        }
    }
}

/// Held at its edge, gradient descent on a squared error is seen to be there; and what lies outside the law is said.
#[test]
fn an_edge_is_found_where_the_law_says_and_its_limits_are_named() {
    let words = "task=cyclic:11 model.width=32 loss=mse optimizer=sgd optimizer.weight_decay=0 optimizer.learning_rate=1 steps=1500";
    let curve = measured(&request(words), Some(50));
    assert!(curve.outside_the_law.is_empty() && !curve.preconditioned && curve.edge_times_rate == 2.0);
    let first = curve.points[0].ratio().unwrap();
    let settled = curve.settled.unwrap();
    assert!(first < 0.1 && (settled - 1.0).abs() < 0.05, "from {first} to {settled} of 2/η");
    for (words, clause) in [
        ("data.batch_size=10", "see 10 of 20 samples"),
        ("loss=cross_entropy", "cross-entropy"),
        ("model.activation=relu", "kinks"),
        ("optimizer.schedule=cosine", "rate changes"),
        ("seed=2", "done to it"),
    ] {
        let mut asked = request(words);
        if clause == "done to it" {
            asked.spec.interventions = dunwu_engine::spec::parse_interventions("at 5 scale top by 0.5").unwrap();
        }
        let curve = measured(&asked, None);
        assert!(curve.outside_the_law.iter().any(|outside| outside.contains(clause)), "{words}: {curve:?}");
        assert!(curve.points.len() == 13 && curve.points.iter().all(|point| point.sharpness.is_finite()));
    }
}

#[test]
fn what_has_no_curvature_is_refused_by_name() {
    let stop = AtomicBool::new(false);
    for (words, name) in [
        ("optimizer=muon", "optimizer.name"),
        ("gradient.clip_norm=1", "gradient."),
        ("loss=contrastive model.top_layer=ridge", "loss"),
        ("model.top_layer=ridge", "model.top_layer"),
        ("loss=cross_entropy fault.softmax_bits=8", "fault.softmax_bits"),
    ] {
        let refused = curvature(&request(words), None, &mut Watcher::new(&mut |_| (), &stop)).expect_err(words);
        assert!(matches!(refused, VerbError::Usage(_)), "{words}");
        let why = refused.sentence();
        assert!(why.contains(name) && (why.contains("take") || why.contains("le")), "{words}: {why}");
    }
}

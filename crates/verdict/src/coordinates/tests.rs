//! Exponents that power counting gives in closed form (Yang & Hu 2021, Table 1 in the notation of abc-parametrizations), and planted
//! wrong scales.
//!
//! Finite networks add c/K to squares, where what does not add up coherently over K units is not yet drowned. Measured with 11 labels
//! (Adam, widths 128 to 1,024) c is about 115 at worst; with 7 labels c is about 70, which over widths 256 to 2,048 moves a slope by
//! ln((1 + 70/256) / (1 + 70/2048)) / 2 / ln 8 = 0.05. Half of the distance between two exponents is 0.25.

use super::*;
use dunwu::verb::Watcher;
use std::sync::atomic::AtomicBool;

const TOLERANCE: f64 = 0.1;

/// Two layers with x², 14 one-hot inputs, 7 labels.
const TWO_LAYERS: &str =
    "small task=cyclic:11 data.fraction=0.9 loss=cross_entropy model.activation=square optimizer.weight_decay=0";

fn request(words: &str, steps: u64, scales: &[&str]) -> CoordinatesRequest {
    let (settings, interventions) = match words.split_once(" interventions=") {
        Some((settings, rest)) => (settings, Some(format!("interventions={rest}"))),
        None => (words, None),
    };
    CoordinatesRequest::new(&Asked {
        words: settings.split_whitespace().map(str::to_owned).chain(interventions).collect(),
        widths: vec![256, 512, 1024, 2048],
        steps,
        seeds: 3,
        scales: scales.iter().map(ToString::to_string).collect(),
    })
    .unwrap_or_else(|error| panic!("{words}: {}", error.sentence()))
}

fn checked(words: &str, steps: u64, scales: &[&str]) -> Coordinates {
    let stop = AtomicBool::new(false);
    check(&request(words, steps, scales), 2, &mut Watcher::new(&mut |_| {}, &stop)).unwrap()
}

fn quantity(found: &Coordinates, part: &str, quantity: Quantity) -> QuantityScaling {
    let part = found.parts.iter().find(|one| one.name == part).unwrap_or_else(|| panic!("{part} of {found:?}"));
    part.quantities.iter().find(|one| one.quantity == quantity).unwrap().clone()
}

fn assert_exponents(found: &Coordinates, expected: &[(&str, Quantity, f64)]) {
    for &(part, what, exponent) in expected {
        let slope = quantity(found, part, what).slope.unwrap();
        assert!((slope - exponent).abs() < TOLERANCE, "{part} {what:?}: {slope} is not {exponent}");
    }
}

/// Top weights begin at 1/√K. One step of gradient descent moves a top weight by η·O(1), and K of them add up coherently: the outputs by
/// K. A hidden weight moves by its top weight, K^-1/2; back through the same top weights that is K · 1/K: the outputs by 1.
#[test]
fn a_step_of_gradient_descent_has_the_exponents_of_power_counting() {
    let words = format!("{TWO_LAYERS} optimizer=sgd optimizer.learning_rate=1");
    let found = checked(&words, 1, &[]);
    assert_exponents(
        &found,
        &[
            ("hidden.0", Quantity::Initial, 0.0),
            ("outputs", Quantity::Initial, 0.0),
            ("hidden", Quantity::Update, -0.5),
            ("hidden.0", Quantity::Change, -0.5),
            ("hidden", Quantity::Effect, 0.0),
            ("top", Quantity::Update, 0.0),
            ("top", Quantity::Effect, 1.0),
            ("outputs", Quantity::Change, 1.0),
        ],
    );
    assert_eq!(found.verdict, Scaling::Grows);
    assert_eq!(quantity(&found, "top", Quantity::Effect).verdict, Some(Scaling::Grows));
    assert_eq!(quantity(&found, "hidden.0", Quantity::Change).verdict, Some(Scaling::Shrinks));
    assert_eq!(quantity(&found, "hidden", Quantity::Update).verdict, None, "an update may scale with the width");
    // η ∝ 1/K levels the top layer, and leaves the hidden one lazy.
    let lazy = checked(&words, 1, &["optimizer.learning_rate=-1"]);
    assert_exponents(
        &lazy,
        &[("top", Quantity::Effect, 0.0), ("outputs", Quantity::Change, 0.0), ("hidden.0", Quantity::Change, -1.5)],
    );
    assert_eq!(lazy.verdict, Scaling::Shrinks);
}

/// Adam's first step is η for every weight, whatever its gradient: through top weights of K^-1/2 the outputs move by K · K^-1/2, through
/// hidden ones by K.
#[test]
fn a_step_of_adam_has_the_exponents_of_power_counting() {
    let found = checked(&format!("{TWO_LAYERS} optimizer=adam optimizer.learning_rate=0.001"), 1, &[]);
    assert_exponents(
        &found,
        &[
            ("hidden", Quantity::Update, 0.0),
            ("hidden.0", Quantity::Change, 0.0),
            ("hidden", Quantity::Effect, 0.5),
            ("top", Quantity::Update, 0.0),
            ("top", Quantity::Effect, 1.0),
            ("outputs", Quantity::Change, 1.0),
        ],
    );
}

/// Weights of a given variance: the outputs of Gaussian top weights that do not know the width are √K; further hidden layers whose
/// weights begin at 1/√K keep the size. PyTorch's biases, which begin at 1/√K too, would not.
#[test]
fn sizes_at_the_beginning_have_the_exponents_of_their_variances() {
    let gaussian =
        checked(&format!("{TWO_LAYERS} model.initialization=paper optimizer=sgd optimizer.learning_rate=0.01"), 1, &[]);
    assert_exponents(&gaussian, &[("hidden.0", Quantity::Initial, 0.0), ("outputs", Quantity::Initial, 0.5)]);
    let deep = "small task=cyclic:7 data.fraction=0.9 loss=cross_entropy model.architecture=mlp model.depth=3 model.biases=false model.activation=relu \
                optimizer=sgd optimizer.learning_rate=0.01";
    let deep = checked(deep, 1, &[]);
    assert_exponents(&deep, &[("hidden.1", Quantity::Initial, 0.0), ("hidden.2", Quantity::Initial, 0.0)]);
    assert_eq!(deep.parts.iter().filter(|part| part.kind == PartKind::Layer).count(), 4);
}

/// The mean-field scale: top weights of 1/K that stay, and Adam below them. Everything keeps its size over ten steps; with the usual
/// 1/√K the outputs grow as √K, and a scale planted at the bottom is found there.
#[test]
fn a_stable_network_is_called_stable_and_planted_scales_are_called() {
    let words = format!("{TWO_LAYERS} optimizer=adam optimizer.learning_rate=0.01 interventions=at 0 freeze top");
    let stable = checked(&words, 10, &["model.top_scale=-0.5"]);
    let slopes: Vec<_> =
        stable.judged().map(|(part, one)| (&part.name, one.quantity, one.slope, one.low, one.high)).collect();
    assert_eq!(stable.verdict, Scaling::Stable, "{slopes:?}");
    assert_eq!(quantity(&stable, "top", Quantity::Effect).verdict, None, "what is frozen is not judged");
    let grows = checked(&words, 10, &[]);
    assert_eq!(grows.verdict, Scaling::Grows);
    assert_eq!(quantity(&grows, "outputs", Quantity::Change).verdict, Some(Scaling::Grows));
    assert_eq!(quantity(&grows, "hidden.0", Quantity::Change).verdict, Some(Scaling::Stable));
    let planted = checked(&words, 10, &["model.top_scale=-0.5", "model.hidden_scale=0.5"]);
    assert_eq!(planted.verdict, Scaling::Grows);
    let last = quantity(&planted, "hidden.0", Quantity::Last);
    // Of x² at 1/√14 · √(K/256), before ten steps of 0.01 are added.
    assert!(last.verdict == Some(Scaling::Grows) && last.slope.unwrap() > 0.5, "{last:?}");
}

#[test]
fn networks_that_diverge_as_they_are_wide_are_not_stable_and_the_number_of_threads_does_not_matter() {
    let words = format!("{TWO_LAYERS} optimizer=sgd optimizer.learning_rate=3000");
    let found = checked(&words, 10, &["optimizer.learning_rate=8"]);
    assert!(found.diverged.iter().any(|network| network.width == 2048), "{:?}", found.diverged);
    assert_ne!(found.verdict, Scaling::Stable);
    let request = request(&format!("{TWO_LAYERS} optimizer=adam"), 2, &[]);
    let stop = AtomicBool::new(false);
    let [one, four] = [1, 4].map(|threads| check(&request, threads, &mut Watcher::new(&mut |_| {}, &stop)).unwrap());
    assert_eq!(one, four);
}

#[test]
fn a_transformers_width_is_its_dimension_and_its_blocks_grow_with_it() {
    let words = "small task=cyclic:7 loss=cross_entropy model.architecture=transformer model.dimension=16 model.heads=2 model.width=64 \
                 model.activation=relu";
    let asked = |widths: Vec<u64>| {
        CoordinatesRequest::new(&Asked {
            words: words.split_whitespace().map(str::to_owned).collect(),
            widths,
            steps: 1,
            seeds: 1,
            scales: Vec::new(),
        })
    };
    let request = asked(vec![32, 8, 16]).unwrap_or_else(|error| panic!("{}", error.sentence()));
    assert_eq!((request.setting, request.widths.as_slice()), ("model.dimension", &[8, 16, 32][..]));
    let widths: Vec<usize> = [8, 16, 32].map(|width| request.spec(width, 0).unwrap().model.width).into();
    assert_eq!(widths, [32, 64, 128]);
    let error = asked(vec![8, 9]).err().unwrap().sentence();
    assert!(error.contains("model.dimension 9") && error.contains("heads"), "{error}");
    let stop = AtomicBool::new(false);
    let found = check(&request, 2, &mut Watcher::new(&mut |_| {}, &stop)).unwrap();
    assert!(found.parts.iter().any(|part| part.name == "block.0.mlp"), "{:?}", found.parts);
}

#[test]
fn what_cannot_be_is_refused_with_its_name() {
    let asked = |steps, widths: &[u64], scale: &str| {
        let scales = if scale.is_empty() { Vec::new() } else { vec![scale.to_owned()] };
        let words = vec!["small".to_owned(), "steps=20".to_owned()];
        let asked = Asked { words, widths: widths.to_vec(), steps, seeds: 1, scales };
        CoordinatesRequest::new(&asked).err().map(|error| error.sentence()).unwrap_or_default()
    };
    for (error, wanted) in [
        (asked(5, &[32], ""), "two widths"),
        (asked(21, &[32, 64], ""), "write steps=21"),
        (asked(0, &[32, 64], ""), "from 1 on"),
        (asked(5, &[32, 64], "model.widht=1"), "\"model.widht\" is no setting with a number"),
        (asked(5, &[32, 64], "loss=1"), "is no setting with a number"),
        (asked(5, &[32, 64], "optimizer.learning_rate=much"), "power of the width"),
        (asked(5, &[32, 64], "optimizer.momentum=1"), "no such setting"),
        (asked(5, &[32, 0], ""), "model.width 0"),
    ] {
        assert!(error.contains(wanted), "{wanted}: {error}");
    }
}

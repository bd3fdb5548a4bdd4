//! Runs of every kind of network, opened: what is measured is what training saw, and what a network does not have is said to be
//! missing.

use dunwu::group::Decomposition;
use dunwu::measure::{self, Handle, shape};
use dunwu::opened::{Opened, Opening};
use dunwu::tables;
use dunwu_engine::loss::Objective;
use dunwu_engine::spec::{apply, parse_value, presets};
use dunwu_engine::{RunSpec, Split, Training};
use dunwu_report::run::{KeptRun, of_opened};
use dunwu_report::skin;
use std::path::PathBuf;

fn run(words: &str) -> Opened {
    let settings: Vec<_> = format!("steps=20 record.evaluate_every=10 record.snapshot_every=10 {words}")
        .split_whitespace()
        .map(|word| word.split_once('=').expect("key=value"))
        .map(|(key, value)| (key.to_owned(), parse_value(value)))
        .collect();
    let small = (presets::find("small").expect("a preset").spec)();
    let spec: RunSpec = apply(&small, &settings).unwrap_or_else(|error| panic!("{words}: {error:?}"));
    let problem = spec.task.resolve(None).expect("a problem");
    let split = Split::draw(&problem, &spec.data, spec.seed, None).expect("a split");
    let decomposition = problem.group().map(|table| Decomposition::of(table).expect("irreps"));
    let mut training = Training::new(&spec, &problem, &split, 1).expect("a run");
    let mut opening = Opening::new(&spec, &problem, &split, decomposition.as_ref());
    let mut scalars = Vec::new();
    loop {
        let progress = training.advance();
        scalars.extend(progress.scalars);
        if let Some(snapshot) = progress.snapshot {
            opening.add(&snapshot).expect("its own parameters");
        }
        if let Some(outcome) = progress.outcome {
            return opening.finish(scalars, outcome);
        }
    }
}

/// A network, and whether its units have weights on tokens.
const RUNS: [(&str, bool); 20] = [
    ("task=cyclic:7", true),
    ("task=cyclic:7 model.architecture=mlp model.depth=1 model.biases=true", true),
    ("task=cyclic:7 model.architecture=mlp model.depth=1 model.embedding=8", true),
    ("task=cyclic:7 model.architecture=mlp model.depth=2", false),
    (
        "task=cyclic:7 model.architecture=mlp model.depth=3 model.residual=true model.embedding=8 loss=cross_entropy",
        false,
    ),
    ("task=expression:x^2+y:7 model.architecture=mlp model.depth=2", false),
    ("task=expression:x/y:7", true),
    ("task=expression:x/y:7 model.architecture=mlp model.depth=1 model.embedding=8", true),
    ("task=expression:x/y:7 model.architecture=transformer model.depth=2 model.dimension=16 loss=cross_entropy", false),
    ("task=expression:x/yify%2elsex-y:7", true),
    ("task=expression:x^2+x:31", true),
    ("task=word:aba^-1:symmetric:3", true),
    ("task=word:ab^-1:symmetric:3 model.architecture=mlp model.depth=2", false),
    ("task=cyclic:7 data.mirror_pairs=0.6", true),
    ("task=cyclic:7 model.top_layer=ridge loss=contrastive", true),
    ("task=cyclic:7 model.architecture=mlp model.depth=2 model.top_layer=ridge loss=non_contrastive", false),
    ("task=parity:10:2 model.architecture=mlp model.depth=1", false),
    ("task=cyclic:7 model.architecture=transformer model.depth=1 model.dimension=16 model.normalization=none", false),
    ("task=cyclic:7 model.architecture=transformer model.depth=2 model.dimension=16 loss=cross_entropy", false),
    ("task=operands:3:cyclic:3 model.architecture=transformer model.depth=1 model.dimension=16", false),
];

#[test]
fn measures_say_what_training_saw() {
    for (words, _) in RUNS {
        let opened = run(words);
        assert!(opened.frames.len() >= 3, "{words}");
        for frame in &opened.frames {
            let Some(row) = opened.scalars.iter().find(|row| row.step == frame.step) else { continue };
            let close = |handle: Handle<shape::Scalar>, expected: f64| {
                let name = handle.name();
                let value = frame.scalar(handle).unwrap_or_else(|| panic!("{words}: {name} is undefined"));
                // f32 outputs, summed in another order.
                assert!(
                    (value - expected).abs() <= 1e-4 * expected.abs().max(1e-2),
                    "{words} {name}: {value} {expected}"
                );
            };
            if let Objective::Outputs(_) = opened.spec.loss {
                close(measure::TRAIN_LOSS, row.train_loss);
                close(measure::TEST_LOSS, row.test_loss.expect("held-out samples"));
            }
            close(measure::TRAIN_ACCURACY, row.train_accuracy);
            close(measure::TEST_ACCURACY, row.test_accuracy.expect("held-out samples"));
            let n_features = match opened.feature_noun() {
                "units" => opened.spec.model.width,
                _ => 16, // a stream of that dimension
            };
            assert_eq!(frame.labels.len(), n_features, "{words}");
            for handle in [
                measure::GRADIENT_NORM,
                measure::GRADIENT_ALIGNMENT,
                measure::GRAM_OFF_DIAGONAL_RATIO,
                measure::HIDDEN_NORM,
                measure::TOP_NORM,
            ] {
                // A top layer that starts at zero sends nothing down.
                assert!(frame.scalar(handle).is_some() || frame.step == 0, "{words}: {}", handle.name());
            }
        }
    }
}

#[test]
fn what_a_network_does_not_have_is_said_once_with_the_reason() {
    for (words, has_token_weights) in RUNS {
        let opened = run(words);
        let last = opened.frames.last().expect("snapshots");
        let is_group = opened.irreps.is_some();
        for handle in [measure::UNIT_NORM, measure::UNIT_ROTATION, measure::UNIT_ENERGY_TRAIN, measure::UNIT_TOP2] {
            assert_eq!(last.entries(handle).is_some(), has_token_weights, "{words}: {}", handle.name());
        }
        assert_eq!(last.entries(measure::UNIT_PURITY).is_some(), has_token_weights && is_group, "{words}");
        let is_addition = is_group && opened.task == "cyclic:7";
        for handle in [
            measure::KEY_FREQUENCIES,
            measure::RESTRICTED_LOSS,
            measure::EXCLUDED_LOSS,
            measure::EMBEDDING_GINI,
            measure::NEURON_LOGIT_GINI,
        ] {
            assert_eq!(last.scalar(handle).is_some(), is_addition, "{words}: {}", handle.name());
        }
        let circuit = |story: &str| story.contains("key frequenc") || story.contains("No frequency holds its logits");
        assert_eq!(circuit(&opened.story.join(" ")), is_addition, "{words}");
        let outputs = matches!(opened.spec.loss, Objective::Outputs(_));
        assert_eq!(opened.stages.is_empty(), !has_token_weights || !outputs, "{words}");
        let story = opened.story.join(" ");
        assert_eq!(story.matches("Not defined here").count(), usize::from(!has_token_weights), "{words}: {story}");
        let answer =
            of_opened(&opened, &KeptRun { dir: PathBuf::from("runs/a"), end: None, reused: false, writer: None }, None);
        let (text, page) = (skin::terminal(&answer), skin::page(&answer));
        assert_eq!(text.contains("Irreps: not defined here:"), !has_token_weights || !is_group, "{words}: {text}");
        assert!(page.contains("</html>") && !page.contains("NaN"), "{words}");
        assert!(!text.contains("came to stand on") || has_token_weights, "{words}: {text}");
        let two_layer = words == RUNS[0].0;
        assert_eq!(!story.contains("The theory is silent"), two_layer, "{words}: {story}");
        for (name, table) in tables::tables(&opened) {
            assert!(table.n_rows() > 0, "{words}: {name}");
        }
    }
}

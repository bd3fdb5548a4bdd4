//! Whether a network that has seen (a, b) knows (b, a): accuracies on mirrored and on unseen samples, with separate tables of tokens for
//! the two operands and with one table for both, which a transformer has.

use dunwu::measure;
use dunwu::opened::{Frame, Opening};
use dunwu_engine::spec::{apply, parse_value, presets};
use dunwu_engine::{Split, Training};

/// The frames of a run of the preset `small`, one every ten steps.
fn frames(words: &str) -> Vec<Frame> {
    let every = "record.snapshots_per_decade=0 record.snapshot_every=10 record.snapshot_at_events=false threads=1";
    let settings: Vec<_> = format!("{every} {words}")
        .split_whitespace()
        .map(|word| word.split_once('=').expect("key=value"))
        .map(|(key, value)| (key.to_owned(), parse_value(value)))
        .collect();
    let spec = apply(&(presets::find("small").expect("a preset").spec)(), &settings).expect("a valid spec");
    let problem = spec.task.resolve(None).expect("a problem");
    let split = Split::draw(&problem, &spec.data, spec.seed, None).expect("a split");
    let mut training = Training::new(&spec, &problem, &split, 1).expect("a run");
    let mut opening = Opening::new(&spec, &problem, &split, None);
    loop {
        let progress = training.advance();
        if let Some(snapshot) = progress.snapshot {
            opening.add(&snapshot).expect("its own parameters");
        }
        if progress.outcome.is_some() {
            return opening.frames().to_vec();
        }
    }
}

/// Steps at which accuracy on mirrored and on unseen samples passes a half, and the largest and the mean lead of the mirrored ones.
fn rise(frames: &[Frame]) -> ([Option<u64>; 2], f64, f64) {
    let handles = [measure::MIRRORED_ACCURACY, measure::UNSEEN_ACCURACY];
    let passes =
        handles.map(|handle| frames.iter().find(|f| f.scalar(handle).is_some_and(|a| a > 0.5)).map(|f| f.step));
    let leads: Vec<f64> = frames.iter().filter_map(|f| Some(f.scalar(handles[0])? - f.scalar(handles[1])?)).collect();
    (passes, leads.iter().copied().fold(f64::MIN, f64::max), leads.iter().sum::<f64>() / leads.len() as f64)
}

#[test]
#[ignore = "prints what docs/findings.md quotes: cargo test -p dunwu --test mirrored -- --ignored --nocapture"]
#[expect(clippy::print_stdout, reason = "its output is its purpose")]
fn mirrored_and_unseen_samples_in_the_settings_of_the_findings() {
    let separate = ["task=cyclic:23 data.fraction=0.6 steps=400", "task=cyclic:41 data.fraction=0.4 steps=600"];
    let shared = [
        "task=cyclic:23 data.fraction=0.6 steps=1500 loss=cross_entropy optimizer.learning_rate=0.003 model.architecture=transformer \
         model.depth=1 model.dimension=64 model.heads=4 model.normalization=none model.activation=gelu",
    ];
    for words in separate.into_iter().chain(shared) {
        for seed in 0..3 {
            let frames = frames(&format!("{words} seed={seed}"));
            let (passes, largest, mean) = rise(&frames);
            let last = frames.last().expect("snapshots");
            let n = [measure::MIRRORED_SAMPLES, measure::UNSEEN_SAMPLES].map(|handle| last.scalar(handle));
            println!("{words} seed={seed}: n {n:?}, a half at {passes:?}, lead largest {largest:.3}, mean {mean:.3}");
        }
    }
}

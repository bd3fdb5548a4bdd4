//! Every preset keeps what it promises, to the end of its run.

#![expect(clippy::disallowed_methods, reason = "a test may read its data and count the cores; the engine may not")]

use dunwu_engine::spec::presets::{self, PRESETS};
use dunwu_engine::{Outcome, Problem, RunSpec, Scalars, Split, Training};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// What a run of a preset must show. Steps are of the evaluations, so they are coarse where those are.
struct Promise {
    preset: &'static str,
    /// Seeds that are run; none where another test, or an ignored one, runs it.
    seeds: &'static [u64],
    /// First evaluation with train accuracy ≥ 0.99.
    memorized: RangeInclusive<u64>,
    /// Step of [`Outcome::Grokked`].
    generalized: RangeInclusive<u64>,
    /// Test loss of the last step, at most.
    test_loss: f64,
}

/// Ranges are the spreads over seeds in the doc comments of the presets, widened by about a half on either side.
/// `tian-2025` is held to PyTorch's runs in `paper.rs`.
const PROMISES: &[Promise] = &[
    Promise { preset: "tian-2025", seeds: &[], memorized: 10..=20, generalized: 130..=146, test_loss: 0.03 },
    Promise { preset: "small", seeds: &[0, 1, 2, 3, 4], memorized: 3..=10, generalized: 350..=475, test_loss: 0.05 },
    Promise { preset: "gromov-2023", seeds: &[], memorized: 1_200..=1_330, generalized: 1_450..=1_650, test_loss: 1.0 },
    Promise { preset: "liu-2022", seeds: &[0, 1], memorized: 40..=120, generalized: 4_500..=6_500, test_loss: 0.1 },
    Promise { preset: "nanda-2023", seeds: &[], memorized: 100..=400, generalized: 5_000..=11_000, test_loss: 0.01 },
    Promise { preset: "power-2022", seeds: &[], memorized: 200..=450, generalized: 1_000..=2_900, test_loss: 0.1 },
    Promise { preset: "division", seeds: &[0, 1, 2, 3, 4], memorized: 3..=11, generalized: 180..=300, test_loss: 0.02 },
    Promise {
        preset: "merrill-2023",
        seeds: &[0],
        memorized: 500..=1_100,
        generalized: 3_500..=8_700,
        test_loss: 0.13,
    },
    Promise {
        preset: "omnigrok-digits",
        seeds: &[],
        memorized: 800..=1_500,
        generalized: 3_000..=4_000,
        test_loss: 0.15,
    },
];

fn spec(name: &str, seed: u64) -> RunSpec {
    RunSpec { seed, threads: 1, ..(presets::find(name).expect("a preset").spec)() }
}

/// Every evaluation of a run, and how it ended.
fn run(spec: &RunSpec) -> (Vec<Scalars>, Outcome) {
    let problem: Problem = spec.task.resolve(None).expect("a task");
    let split = Split::draw(&problem, &spec.data, spec.seed, None).expect("a split");
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

fn memorized(curve: &[Scalars]) -> Option<u64> {
    curve.iter().find(|scalars| scalars.train_accuracy >= 0.99).map(|scalars| scalars.step)
}

/// Panics where a run with this seed does not do what is promised.
fn keeps(promise: &Promise, seed: u64) {
    let spec = spec(promise.preset, seed);
    let (curve, outcome) = run(&spec);
    let name = format!("{} seed {seed}", promise.preset);
    let memorized = memorized(&curve).unwrap_or(u64::MAX);
    assert!(promise.memorized.contains(&memorized), "{name} memorizes at step {memorized}");
    let Outcome::Grokked { step } = outcome else { panic!("{name} ends as {outcome:?}") };
    assert!(promise.generalized.contains(&step), "{name} generalizes at step {step}");
    let last = curve.last().expect("a last step is evaluated");
    assert!(
        last.test_accuracy.is_some_and(|accuracy| accuracy >= spec.events.generalized),
        "{name} ends with {last:?}"
    );
    assert!(last.test_loss.is_some_and(|loss| loss <= promise.test_loss), "{name} ends with {last:?}");
}

fn promise(preset: &str) -> &'static Promise {
    PROMISES.iter().find(|promise| promise.preset == preset).expect("every preset promises something")
}

#[test]
fn every_preset_has_a_promise_that_is_tested() {
    let names: BTreeSet<_> = PRESETS.iter().map(|preset| preset.name).collect();
    assert_eq!(names, PROMISES.iter().map(|promise| promise.preset).collect());
}

#[test]
fn cheap_presets_keep_their_promise_for_every_seed_tried() {
    for promise in PROMISES {
        for &seed in promise.seeds {
            keeps(promise, seed);
        }
    }
}

/// Omnigrok's claim from its other side: a small initialisation does not delay, it generalizes soon.
#[test]
fn without_the_large_initialisation_the_delay_is_a_tenth() {
    let earliest = *promise("liu-2022").generalized.start();
    for hidden_scale in [1.0, 0.1] {
        for seed in [0, 1] {
            let mut spec = spec("liu-2022", seed);
            spec.model.hidden_scale = hidden_scale;
            spec.steps = 1_000;
            let (_, outcome) = run(&spec);
            let Outcome::Grokked { step } = outcome else { panic!("scale {hidden_scale} ends as {outcome:?}") };
            assert!(10 * step < earliest, "scale {hidden_scale} generalizes at {step}, scale 8 at {earliest} or later");
        }
    }
}

/// Plain gradient descent without weight decay generalizes, and later than it memorizes.
#[test]
#[ignore = "trains to grokking, 70 s"]
fn gromov_2023_keeps_its_promise() {
    let spec = spec("gromov-2023", 0);
    assert_eq!(spec.optimizer.weight_decay, 0.0);
    keeps(promise("gromov-2023"), 0);
}

#[test]
#[ignore = "trains to grokking, 4 min"]
fn nanda_2023_keeps_its_promise() {
    keeps(promise("nanda-2023"), 0);
}

#[test]
#[ignore = "trains to grokking, 70 s"]
fn power_2022_keeps_its_promise() {
    keeps(promise("power-2022"), 0);
}

#[test]
#[ignore = "trains to grokking, 60 s"]
fn omnigrok_digits_keeps_its_promise() {
    keeps(promise("omnigrok-digits"), 0);
}

#[test]
#[ignore = "trains to grokking, 40 s"]
fn tian_2025_keeps_its_promise_for_other_seeds() {
    for seed in 1..4 {
        keeps(promise("tian-2025"), seed);
    }
}

//! A run in f64 beside the run in f32, and what only it keeps.

use crate::spec::{GradientSpec, Method, Numerics, OptimizerSpec, RunSpec, Schedule};
use crate::train::arrays::Arrays;
use crate::train::tests::{begin, every_kind, every_method, tiny, tiny_with, to_the_end};
use crate::train::{Checkpoint, Training};

fn losses(spec: &RunSpec) -> Vec<f64> {
    to_the_end(&mut begin(spec, 1).2).iter().map(|progress| progress.train_loss).collect()
}

/// The same weights, samples and batches: losses part by roundings alone. Every network, loss, batch and method, ten steps.
#[test]
fn first_steps_are_those_of_single_precision() {
    let mut n_compared = 0;
    for spec in every_kind() {
        for optimizer in every_method() {
            let single =
                RunSpec { optimizer: OptimizerSpec { learning_rate: 1e-3, ..optimizer }, steps: 10, ..spec.clone() };
            let single = RunSpec { numerics: Numerics::Exact, ..single };
            let double = RunSpec { numerics: Numerics::Double, ..single.clone() };
            if crate::spec::check(&double).is_err() {
                continue;
            }
            n_compared += 1;
            let (double, single) = (losses(&double), losses(&single));
            assert!((double[0] / single[0] - 1.0).abs() < 2e-6, "{} for {}, {spec:?}", double[0], single[0]);
            // Some of these networks are unstable at any rate; what grows tenfold is no matter of roundings any more.
            let stable = single.iter().take_while(|&&loss| loss < 10.0 * single[0]).count();
            for (step, (ours, theirs)) in double.iter().zip(&single).take(stable).enumerate() {
                // A gradient near zero makes a step of Adam one way or the other by a rounding: 0.001 of a few weights.
                assert!((ours - theirs).abs() < 1e-4 * theirs, "{step}: {ours} for {theirs}, {optimizer:?} {spec:?}");
            }
        }
    }
    assert!(n_compared > 100, "{n_compared}");
}

/// What a checkpoint holds is all of it: the same bits from every step are a law of every learner (`train/tests.rs`); here, that they
/// are more than f32 holds.
#[test]
fn a_checkpoint_holds_doubles() {
    let (.., mut training) = begin(&tiny_with("numerics=double"), 1);
    (0..5).for_each(|_| drop(training.advance()));
    let Checkpoint { arrays, numbers, .. } = training.checkpoint();
    assert!(arrays.iter().all(|(name, _)| name.starts_with("update.")), "nothing of the network is in f32");
    for name in ["weights", "moment1", "moment2"] {
        let (_, values) = numbers.iter().find(|(other, _)| other == name).expect(name);
        assert!(values.iter().any(|&value| f64::from(value as f32) != value), "{name}");
    }
}

/// Weights that f32 does not move: steps of 10⁻⁹ on weights of order 1 are below half a unit in the last place.
#[test]
fn steps_too_small_for_single_precision_are_made() {
    let optimizer = OptimizerSpec {
        method: Method::Sgd { momentum: 0.0 },
        learning_rate: 1e-10,
        weight_decay: 0.0,
        schedule: Schedule::Constant,
        gradient: GradientSpec::NONE,
        qk_clip: 0.0,
    };
    let weights = |numerics: Numerics, steps: u64| {
        let spec = RunSpec { optimizer, numerics, steps: 50, ..tiny() };
        let mut training: Training = begin(&spec, 1).2;
        (0..steps).for_each(|_| drop(training.advance()));
        training.optimizer_state().weights
    };
    let moved = |numerics: Numerics| {
        let (before, after) = (weights(numerics, 0), weights(numerics, 20));
        before.iter().zip(&after).filter(|(a, b)| a != b).count() as f64 / before.len() as f64
    };
    assert!(moved(Numerics::Double) > 0.99 && moved(Numerics::Exact) < 0.01);
    assert_eq!(weights(Numerics::Double, 0), weights(Numerics::Exact, 0), "both begin alike");
}

/// Where the top layer is scaled so that right labels lead by hundreds of nats, gradients in f32 stay at the floor of its exponential,
/// e⁻⁸⁷, whatever the lead; in f64 they are as small as they are, and none is lost: softmax collapse (Prieto et al. 2025,
/// arXiv:2501.04697) is one of precision.
#[test]
fn gradients_below_the_floor_of_single_precision_are_kept() {
    let largest_gradient = |numerics: &str| {
        let words = format!("numerics={numerics} data.corrupted=0 loss=cross_entropy optimizer=adam steps=401");
        let mut spec = tiny_with(&words);
        spec.interventions = crate::spec::parse_interventions("at 400 scale top by 100").expect("an intervention");
        let mut training = begin(&spec, 1).2;
        assert!(to_the_end(&mut training)[399].train_loss < 0.05, "the sample is memorized");
        let largest = |values: &[f64]| values.iter().fold(0.0_f64, |largest, g| largest.max(g.abs()));
        match training.learner.gradients() {
            Arrays::Single(single) => {
                largest(&single.iter().flat_map(|(_, g)| g).map(|&g| g.into()).collect::<Vec<_>>())
            }
            Arrays::Double(double) => largest(&double[0].1),
        }
    };
    let (single, double) = (largest_gradient("exact"), largest_gradient("double"));
    assert!(single > 1e-38 && double > 0.0 && double < 1e-100, "{single:e} in f32, {double:e} in f64");
}

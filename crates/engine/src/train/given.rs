//! Networks under weights that somebody else trained, evaluated as a run evaluates itself.

use super::parts::{Parts, layout_of};
use super::{Scalars, Snapshot, TrainError, Training};
use crate::spec::RunSpec;
use crate::split::Split;
use crate::task::Problem;

impl Training {
    /// Name and extents of every array of the network that `spec` asks for, in the network's order. A matrix is `[inputs, outputs]`,
    /// a table of embeddings `[rows, numbers of a row]`.
    pub fn array_shapes(spec: &RunSpec, problem: &Problem) -> Vec<(String, Vec<usize>)> {
        let layout = layout_of(spec, problem);
        layout.spans().map(|(name, _, shape)| (name.to_owned(), shape.to_vec())).collect()
    }

    /// What a run of `spec` would record at `step` if its weights were these: losses, accuracies and the network. `weights` holds the
    /// values of [`Training::array_shapes`], in that order, row-major; a top layer that the spec would solve for is taken as it is.
    ///
    /// # Panics
    /// If an array has another length.
    pub fn evaluate_given(
        spec: &RunSpec,
        problem: &Problem,
        split: &Split,
        threads: usize,
        step: u64,
        weights: &[Vec<f32>],
    ) -> Result<(Scalars, Snapshot), TrainError> {
        let mut training = Self::new(spec, problem, split, threads)?;
        let mut arrays = training.learner.arrays();
        Parts::of(spec, problem).fill(weights, &mut arrays);
        training.learner.restore(arrays.kept())?;
        training.step = step;
        training.learner.forward(step);
        Ok((training.evaluate(), training.snapshot()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{apply, parse_value, presets};

    fn spec(preset: &str, words: &[(&str, &str)]) -> RunSpec {
        let base = (presets::find(preset).unwrap().spec)();
        let assignments: Vec<_> = words.iter().map(|&(key, value)| (key.to_owned(), parse_value(value))).collect();
        apply(&base, &assignments).unwrap()
    }

    /// One network of every kind of learner: fused, of blocks, through tables, in f64.
    fn every_learner() -> Vec<RunSpec> {
        let small = [("task", "cyclic:7"), ("steps", "40"), ("model.width", "12")];
        let with = |more: &[(&'static str, &'static str)]| spec("small", &[&small[..], more].concat());
        vec![
            with(&[]),
            with(&[("numerics", "double")]),
            with(&[("model.architecture", "mlp"), ("model.depth", "2"), ("model.biases", "true")]),
            with(&[("model.architecture", "mlp"), ("data.batch_size", "5")]),
            with(&[
                ("model.architecture", "transformer"),
                ("model.dimension", "8"),
                ("model.heads", "2"),
                ("model.initialization", "pytorch"),
                ("model.activation", "relu"),
            ]),
        ]
    }

    /// The oracle is the run itself: the weights of its snapshots, given to a fresh network, have the numbers that it recorded.
    #[test]
    fn given_weights_have_the_losses_of_the_run_that_trained_them() {
        for spec in every_learner() {
            let problem = spec.task.resolve(None).unwrap();
            let split = Split::draw(&problem, &spec.data, spec.seed, None).unwrap();
            let mut training = Training::new(&spec, &problem, &split, 1).unwrap();
            let shapes = Training::array_shapes(&spec, &problem);
            let mut n_compared = 0;
            loop {
                let progress = training.advance();
                if let (Some(scalars), Some(snapshot)) = (progress.scalars, progress.snapshot) {
                    let of_blocks: Vec<Vec<f32>> =
                        snapshot.parameters.arrays.iter().map(|array| array.values.clone()).collect();
                    let weights = if of_blocks.is_empty() {
                        vec![snapshot.weights.hidden.clone(), snapshot.weights.top.clone()]
                    } else {
                        of_blocks
                    };
                    let lengths: Vec<usize> = weights.iter().map(Vec::len).collect();
                    assert_eq!(lengths, shapes.iter().map(|(_, shape)| shape.iter().product()).collect::<Vec<usize>>());
                    let (seen, kept) =
                        Training::evaluate_given(&spec, &problem, &split, 1, snapshot.step, &weights).unwrap();
                    assert_eq!((&kept.weights, &kept.parameters), (&snapshot.weights, &snapshot.parameters));
                    assert_eq!((seen.step, seen.train_accuracy), (scalars.step, scalars.train_accuracy));
                    // In f64 a snapshot keeps 24 bits of each weight.
                    let close = |a: f64, b: f64| (a - b).abs() <= 1e-6 * b.abs().max(1e-3);
                    assert!(close(seen.train_loss, scalars.train_loss), "{seen:?} {scalars:?}");
                    assert!(close(seen.test_loss.unwrap(), scalars.test_loss.unwrap()), "{seen:?} {scalars:?}");
                    n_compared += 1;
                }
                if progress.outcome.is_some() {
                    break;
                }
            }
            assert!(n_compared > 2, "{n_compared}");
        }
    }
}

//! Accuracy apart for each of several problems that one network learns.

use super::{Measure, Quantity, Scene, Shape};
use dunwu_engine::Samples;

const FORMULA: &str = "(1/n_p) Σᵢ [argmax_c zᵢ꜀ = yᵢ] over the samples i of problem p, ties to the lowest label";
const UNIT: &str = "share of the problem's samples; 1/M by chance";

pub(super) const TRAIN: Measure = Measure {
    name: "problem_train_accuracy",
    tells: "how much of each problem's training samples is remembered, by the labels as given",
    formula: FORMULA,
    shape: Shape::PerProblem,
    unit: UNIT,
    source: "definition",
    undefined: "unless the task is several problems; without training samples; or where an output is not a number",
    compute: |scene| {
        let tally = &scene.train()?.tally;
        tally.accuracy()?;
        by_problem(scene, &scene.setup.split.train, tally.is_right())
    },
};

pub(super) const TEST: Measure = Measure {
    name: "problem_test_accuracy",
    tells: "how much of what each problem holds out the network gets right",
    formula: FORMULA,
    shape: Shape::PerProblem,
    unit: UNIT,
    source: "definition",
    undefined: "unless the task is several problems; an entry, where all of the problem is trained on; or where an output is not a number",
    compute: |scene| {
        let tally = &scene.held_out()?.tally;
        tally.accuracy()?;
        by_problem(scene, &scene.setup.split.test, tally.is_right())
    },
};

/// The share of right answers among the samples whose first token names the problem.
fn by_problem(scene: &Scene<'_>, samples: &Samples, is_right: &[bool]) -> Option<Quantity> {
    let n_problems = scene.setup.problem.several.len();
    if n_problems == 0 {
        return None;
    }
    let mut counts = vec![(0_usize, 0_usize); n_problems];
    for (&problem, &is_right) in samples.operands[0].iter().zip(is_right) {
        let (n, n_right) = &mut counts[problem as usize];
        *n += 1;
        *n_right += usize::from(is_right);
    }
    Quantity::per_problem(counts.into_iter().map(|(n, n_right)| (n > 0).then(|| n_right as f64 / n as f64)))
}

#[cfg(test)]
mod tests {
    use crate::measure::{self, Quantity};
    use crate::opened::Opening;
    use dunwu_engine::model::Predictor;
    use dunwu_engine::spec::{apply, parse_value, presets};
    use dunwu_engine::{Split, Training};

    /// Trained networks, asked again sample by sample through the engine's own forward pass.
    #[test]
    fn accuracies_are_those_of_each_problem_counted_alone() {
        for (words, n_problems) in [
            ("task=several:cyclic:7@0.7,expression:x*y:7@0.3 data.fraction=0.6 model.architecture=mlp", 2),
            ("task=several:cyclic:5,expression:x*y:5,expression:x-y:5 data.fraction=1 model.architecture=mlp", 3),
            ("task=cyclic:7 model.architecture=mlp", 0),
        ] {
            let settings: Vec<_> = format!("{words} model.width=20 steps=40")
                .split(' ')
                .map(|word| word.split_once('=').expect("key=value"))
                .map(|(key, value)| (key.to_owned(), parse_value(value)))
                .collect();
            let spec = apply(&(presets::find("small").unwrap().spec)(), &settings).unwrap();
            let problem = spec.task.resolve(None).unwrap();
            let split = Split::draw(&problem, &spec.data, spec.seed, None).unwrap();
            let mut training = Training::new(&spec, &problem, &split, 1).unwrap();
            let mut opening = Opening::new(&spec, &problem, &split, None);
            let last = loop {
                let progress = training.advance();
                if let Some(snapshot) = &progress.snapshot {
                    opening.add(snapshot).unwrap();
                }
                if progress.outcome.is_some() {
                    break progress.snapshot.expect("the last step has one");
                }
            };
            let network = Predictor::new(&spec, &problem, &last.parameters).unwrap();
            let frame = opening.frames().last().unwrap();
            for (handle, samples) in
                [(measure::PROBLEM_TRAIN_ACCURACY, &split.train), (measure::PROBLEM_TEST_ACCURACY, &split.test)]
            {
                let expected: Vec<Option<f64>> = (0..n_problems)
                    .map(|which| {
                        let own: Vec<usize> = (0..samples.len()).filter(|&i| samples.operands[0][i] == which).collect();
                        let is_right = |&&i: &&usize| {
                            let outputs = network.run(samples, i..i + 1).outputs;
                            let answer = (0..outputs.len()).rev().max_by(|&a, &b| outputs[a].total_cmp(&outputs[b]));
                            answer == Some(samples.labels[i] as usize)
                        };
                        let n_right = own.iter().filter(is_right).count();
                        (!own.is_empty()).then(|| n_right as f64 / own.len() as f64)
                    })
                    .collect();
                let found = frame.value(handle).cloned();
                let is_any = n_problems > 0 && !samples.is_empty();
                assert_eq!(found, is_any.then_some(Quantity::PerProblem(expected)), "{words}");
            }
        }
    }
}

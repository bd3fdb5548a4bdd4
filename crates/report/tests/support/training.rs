//! Runs that tests train, and open.

use dunwu::Opened;
use dunwu::group::Decomposition;
use dunwu::opened::Opening;
use dunwu_engine::spec::{Value, apply, parse_value, presets};
use dunwu_engine::{Outcome, RunSpec, Scalars, Split, Training};

/// The preset `small` with the settings of `words`, `key=value` each, and then with `settings`.
pub(crate) fn spec(words: &str, settings: &[(&str, Value)]) -> RunSpec {
    let words = words.split_whitespace().filter_map(|word| word.split_once('='));
    let words = words.filter(|(key, _)| settings.iter().all(|(other, _)| other != key));
    let mut all: Vec<(String, Value)> = words.map(|(key, value)| (key.to_owned(), parse_value(value))).collect();
    all.extend(settings.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
    apply(&(presets::find("small").expect("a preset").spec)(), &all).expect("settings that there are")
}

/// The run of `spec`, a group's table, trained and opened, with what `edit` makes of its evaluations.
pub(crate) fn opened(spec: &RunSpec, edit: impl FnOnce(&mut [Scalars])) -> (Opened, Outcome) {
    let problem = spec.task.resolve(None).expect("a task");
    let split = Split::draw(&problem, &spec.data, spec.seed, None).expect("a split");
    let decomposition = Decomposition::of(problem.group().expect("a group")).expect("irreps");
    let mut training = Training::new(spec, &problem, &split, 1).expect("a run");
    let mut opening = Opening::new(spec, &problem, &split, Some(&decomposition));
    let mut scalars = Vec::new();
    loop {
        let progress = training.advance();
        scalars.extend(progress.scalars);
        if let Some(snapshot) = progress.snapshot {
            opening.add(&snapshot).expect("a snapshot of this network");
        }
        if let Some(outcome) = progress.outcome {
            edit(&mut scalars);
            return (opening.finish(scalars, outcome), outcome);
        }
    }
}

//! The record of an import: each network evaluated on the spec's samples, kept, measured.

use super::request::ImportRequest;
use dunwu::knowledge::Knowledge;
use dunwu::opened::Opening;
use dunwu::run::{RunEnd, RunRequest};
use dunwu::store::{NewRun, RunDir, RunState, RunWriter, StoreError};
use dunwu::verb::{Progress, VerbError, Watcher};
use dunwu_engine::kernel::kernel_name;
use dunwu_engine::{Outcome, Scalars, Split, Training};
use std::path::Path;

/// An accuracy counts as chance up to so many standard errors above it.
const NOISE: f64 = 3.0;

/// Makes the run in the folder `runs`, or finds it there; one that was interrupted is gone on with.
pub fn record(request: &ImportRequest, runs: &Path, watcher: &mut Watcher<'_>) -> Result<RunEnd, VerbError> {
    request.run.notes.iter().chain(&request.notes).for_each(|note| watcher.note(note));
    let RunRequest { spec, problem, split, decomposition, inputs, .. } = &request.run;
    let name = spec.task.to_string();
    let kernel = kernel_name(spec.numerics);
    let writer = match RunDir::find(runs, &request.run.id)? {
        None => RunWriter::create(runs, &NewRun { name: &name, spec, inputs, kernel }),
        Some(dir) if matches!(dir.state()?, RunState::Finished(_)) => {
            RunWriter::clear_finished(&dir);
            watcher.note(&format!("these weights were imported already: {}", dir.path().display()));
            return Ok(RunEnd::Found(dir));
        }
        Some(dir) => RunWriter::resume(&dir, kernel).map(|resumed| resumed.writer),
    };
    let mut writer = match writer {
        Err(StoreError::Exists { path } | StoreError::Finished { path }) => {
            return Ok(RunEnd::Found(RunDir::open(path)?));
        }
        writer => writer?,
    };
    let mut opening =
        Opening::new(spec, problem, split, decomposition.as_ref()).with_origin(Some(request.origin.clone()));
    let mut scalars = Vec::with_capacity(request.weights.len());
    watcher.phase("evaluating and measuring the imported weights", Some(request.weights.len() as u64));
    for ((step, weights), done) in request.weights.iter().zip(1..) {
        if watcher.is_stopped() {
            return Err(VerbError::Stopped);
        }
        let (row, snapshot) = Training::evaluate_given(spec, problem, split, request.run.threads(), *step, weights)?;
        writer.append_scalars(&row)?;
        writer.append_snapshot(&snapshot)?;
        let frame = opening.add(&snapshot)?;
        watcher.tell(&Progress::Measured(frame, Some(&row)));
        watcher.pieces(done);
        scalars.push(row);
    }
    let last = scalars.last().expect("an import has at least one file");
    let step = last.step;
    if let Some(warning) = chance_warning(last, split) {
        watcher.note(&warning);
    }
    let outcome = if last.train_loss.is_finite() {
        Knowledge::of(spec, &scalars).outcome(Outcome::Censored { step }, step)
    } else {
        Outcome::Diverged { step }
    };
    let dir = writer.finish(outcome, step, 0.0)?;
    Ok(RunEnd::Made(dir, Box::new(opening.finish(scalars, outcome))))
}

/// What to think of where the last weights answer their own training sample no better than the most frequent label does.
///
/// A network that was trained on other samples, or whose tokens stand in another order, is at chance; so is one that has learned nothing.
pub fn chance_warning(last: &Scalars, split: &Split) -> Option<String> {
    let n = split.train.len() as f64;
    let mut counts = std::collections::BTreeMap::new();
    split.train.labels.iter().for_each(|label| *counts.entry(label).or_insert(0u32) += 1);
    let chance = counts.values().max().map_or(0.0, |&most| f64::from(most) / n);
    let error = (chance * (1.0 - chance) / n).sqrt();
    (last.train_accuracy <= chance + NOISE * error).then(|| {
        format!(
            "the weights of step {} answer {:.1} % of the training sample and guessing the most frequent label {:.1} %: if they were \
             trained, the order of tokens, operands or labels, or the split, is not that of the spec",
            last.step,
            100.0 * last.train_accuracy,
            100.0 * chance
        )
    })
}

//! The verb `fork`: a run, and the same run to which something is done from a step on.

use crate::run::ended;
use crate::two_curves::learning_curves;
use crate::words::{self, count};
use dunwu::Opened;
use dunwu::answer::{Answer, Block, Section, Shown, Table, TableCell, object};
use dunwu::run::{Fork, Parting, RunEnd, Training, open, run};
use dunwu::store::{Record, RunDir, StoredOutcome};
use dunwu::verb::{VerbError, Watcher};
use schemars::JsonSchema;
use serde::Serialize;

/// A run and its fork as programs read them; in every pair the parent comes first.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ForkData {
    /// The parent's directory name.
    pub parent: String,
    /// The child's directory name.
    pub child: String,
    /// The child's directory.
    pub run: String,
    /// The step before which something was done.
    pub at: u64,
    /// What was done, in words that a spec takes.
    pub interventions: Vec<String>,
    /// The step from which the child went on with the parent's own state; `null` where it was trained from step 0.
    pub begun_from: Option<u64>,
    /// Last step until which all evaluations of both are the same bits; `null` where the first is not.
    pub same_until: Option<u64>,
    /// First step at which their evaluations differ; `null` where none does.
    pub parts_at: Option<u64>,
    /// How each ended.
    pub outcomes: [StoredOutcome; 2],
    /// Mean training loss of each at its last evaluation.
    pub train_loss: [Option<f64>; 2],
    /// Accuracy of each on its held-out samples at its last evaluation; `null` without any.
    pub test_accuracy: [Option<f64>; 2],
}

/// Makes the fork of the run in `parent`, or finds it, and sets both side by side.
pub fn answer(
    parent: &RunDir,
    fork: &Fork<'_>,
    training: &Training<'_>,
    watcher: &mut Watcher<'_>,
) -> Result<Answer, VerbError> {
    let request = fork.request(parent)?;
    let end = run(&request, training, watcher)?;
    let child = match &end {
        RunEnd::Made(dir, _) | RunEnd::Found(dir) => dir.clone(),
    };
    ended(end, watcher)?;
    let runs = [open(parent, watcher)?, open(&child, watcher)?];
    let begun_from = Record::read(&child)?.parent.map(|parent| parent.step);
    of_runs([parent, &child], runs.each_ref(), fork, begun_from)
}

fn of_runs(
    dirs: [&RunDir; 2],
    runs: [&Opened; 2],
    fork: &Fork<'_>,
    begun_from: Option<u64>,
) -> Result<Answer, VerbError> {
    let Parting { same_until, parts_at } = Parting::of(&runs[0].scalars, &runs[1].scalars);
    let last = runs.map(|run| run.scalars.last().copied());
    let data = ForkData {
        parent: dirs[0].dir_name(),
        child: dirs[1].dir_name(),
        run: dirs[1].path().display().to_string(),
        at: fork.at,
        interventions: fork.interventions()?.iter().map(ToString::to_string).collect(),
        begun_from,
        same_until,
        parts_at,
        outcomes: runs.map(|run| run.outcome.into()),
        train_loss: last.map(|row| row.map(|row| row.train_loss)),
        test_accuracy: last.map(|row| row.and_then(|row| row.test_accuracy)),
    };
    let headline = format!(
        "The parent {}; with \"{}\" it {}.",
        words::generalizes(runs[0]),
        data.interventions.join("; "),
        words::generalizes(runs[1])
    );
    let number = |value: Option<f64>| TableCell::of(value, TableCell::Number);
    let row = |name: &str, values: [Option<f64>; 2]| {
        vec![TableCell::Text(name.to_owned()), number(values[0]), number(values[1])]
    };
    let rows = vec![
        row("train loss", data.train_loss),
        row("train accuracy", last.map(|row| row.map(|row| row.train_accuracy))),
        row("test loss", last.map(|row| row.and_then(|row| row.test_loss))),
        row("test accuracy", data.test_accuracy),
    ];
    let names = [data.parent.as_str(), data.child.as_str()];
    let blocks = vec![
        Block::Figure(learning_curves(names, runs)),
        Block::Table(Table::new("last_evaluations", 1, &["last evaluation", "parent", "child"], rows)),
    ];
    Ok(Answer {
        verb: "fork",
        title: runs[0].task.clone(),
        setup: names.join(" · "),
        headline,
        sentences: sentences(&data),
        sections: vec![Section { title: None, shown: Shown::Everywhere, blocks }],
        sources: Vec::new(),
        data: object(&data),
    })
}

fn sentences(data: &ForkData) -> Vec<String> {
    let begun = match data.begun_from {
        Some(step) => format!("The child went on from the parent's own state at step {}.", count(step)),
        None => {
            "The child was trained from step 0, which gives the same bits as the parent's own state would.".to_owned()
        }
    };
    [Some(begun), Some(parting_sentence(data.same_until, data.parts_at))].into_iter().flatten().collect()
}

/// Until when two runs are the same, in words.
pub(crate) fn parting_sentence(same_until: Option<u64>, parts_at: Option<u64>) -> String {
    match (same_until, parts_at) {
        (Some(same), Some(parts)) => format!(
            "Their evaluations are the same to the bit until step {}, and differ from step {} on.",
            count(same),
            count(parts)
        ),
        (Some(same), None) => {
            format!("Their evaluations are the same to the bit until step {}, the last that both made.", count(same))
        }
        (None, _) => "Their evaluations differ from the first on.".to_owned(),
    }
}

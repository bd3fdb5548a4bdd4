//! The parts of a run's answer beside its figures: what one looks for first, tables, words.

use super::KeptRun;
use crate::view::View;
use crate::words::{self, count, counted, list, percent};
use dunwu::Opened;
use dunwu::answer::{Block, Fact, LABELS, Section, Shown, Table, TableCell};
use dunwu::opened::{Frame, UnitLabel};
use dunwu::origin::{ArrayOrigin, Ground};
use dunwu_engine::train::Stay;

/// Snapshots listed in the table of labels.
const MOST_FRAMES: usize = 14;

/// Words that the page uses, for readers who meet them here first.
const WORDS: &[(&str, &str)] = &[
    (
        "Grokking",
        "A network first memorizes its training sample and only much later, often suddenly, answers what it was \
     never shown.",
    ),
    (
        "Generalizing, memorizing, undecided, dead",
        "What a hidden unit does: its contribution carries over to samples that \
     were not trained on; it serves the training sample only; it contributes nothing significant yet; its weights have \
     decayed to nothing.",
    ),
    (
        "Irrep",
        "An irreducible representation: one of the smallest patterns into which every function on the group splits. \
     For a cyclic group these are the frequencies of a Fourier series.",
    ),
    ("Purity", "Largest share of a unit's power that lies in a single irrep; 1 is a unit that is one pure feature."),
    (
        "Energy",
        "E = ½‖Ỹᵀσ(Xw)‖²: how strongly the unit's activation goes with the labels. In theory each unit climbs its own \
     energy, and the peaks are the features.",
    ),
    (
        "Stages",
        "I, lazy: hidden units are still random and the top layer fits them. II, independent: each unit climbs its \
     own energy. III, interactive: units repel each other, and the gradient points at what is missing.",
    ),
    (
        "G_F",
        "The gradient that reaches the hidden units' activations F: through the top layer, or from a loss of F itself.",
    ),
];

pub(super) fn words() -> Vec<Fact> {
    WORDS.iter().map(|&(word, meaning)| Fact::new(word, meaning)).collect()
}

/// What was trained on what, in half a line.
pub(super) fn setup(view: &View<'_>) -> String {
    let opened = view.opened;
    format!(
        "{} of {} · {} · {} · {}",
        count(opened.n_train as u64),
        counted(opened.n_population, "sample"),
        counted(opened.spec.model.width, "hidden unit"),
        counted(opened.spec.steps as usize, "step"),
        counted(opened.frames.len(), "snapshot"),
    )
}

/// The few numbers that one looks for first.
pub(super) fn glance(view: &View<'_>) -> Vec<Fact> {
    let opened = view.opened;
    let mut facts = Vec::new();
    if let Some(last) = opened.scalars.last() {
        facts.push(Fact::new("training accuracy, last", percent(last.train_accuracy)));
        facts.extend(last.test_accuracy.map(|test| Fact::new("test accuracy, last", percent(test))));
    }
    // Of imported weights nobody knows when they came to know what they know at the first of their steps.
    let first = opened.origin.as_ref().and_then(|origin| origin.snapshots.first()).map(|first| first.step);
    let step = |stay: Option<Stay>| match stay {
        None if opened.origin.is_some() => "at no imported step".to_owned(),
        Some(Stay { arrived, left: None, .. }) if first == Some(arrived) && arrived > 0 => {
            format!("by step {}", count(arrived))
        }
        None => "never".to_owned(),
        Some(Stay { arrived, left: None, .. }) => format!("step {}", count(arrived)),
        Some(Stay { arrived, left: Some(left), .. }) => format!("step {}, left at {}", count(arrived), count(left)),
    };
    facts.push(Fact::new("memorized", step(opened.knowledge.memorized)));
    if opened.n_train < opened.n_population {
        facts.push(Fact::new("generalized", step(opened.knowledge.generalized)));
    }
    if let Some(frame) = view.last_frame().filter(|f| !f.labels.is_empty()) {
        let name = format!("of {} generalizing", counted(frame.labels.len(), "hidden unit"));
        facts.push(Fact::new(name, count(View::labelled(frame, UnitLabel::Generalizing) as u64)));
    }
    if let Some(coverage) = view.coverage() {
        let all = coverage.covered.len() + coverage.missing.len();
        let value = format!("{} of {}", count(coverage.covered.len() as u64), count(all as u64));
        facts.push(Fact::new("irreps covered", value));
    }
    facts
}

/// The headline of a run that is not finished.
pub(super) fn unfinished(opened: &Opened, kept: &KeptRun) -> String {
    let state = match &kept.writer {
        Some(writer) => format!("being written by {writer}"),
        None => "not finished".to_owned(),
    };
    let (step, steps) = (opened.scalars.last().map_or(0, |row| row.step), opened.spec.steps as usize);
    format!("This run is {state}: {} of its {} are recorded.", count(step), counted(steps, "step"))
}

/// Which array of another program's file became which of the network's.
pub(super) fn origin(opened: &Opened) -> Option<Section> {
    let origin = opened.origin.as_ref()?;
    let extents =
        |shape: &[usize]| TableCell::Text(shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(" × "));
    let row = |array: &ArrayOrigin| {
        let pair = &array.pair;
        let theirs = match pair.part {
            Some((part, n)) => format!("{}, part {} of {n}", pair.theirs, part + 1),
            None => pair.theirs.clone(),
        };
        let how = match (pair.form.words(), pair.is_square) {
            (words, true) if pair.ground != Ground::Told => format!("{words}, as its neighbours are"),
            (words, _) => words.to_owned(),
        };
        let found = match pair.ground {
            Ground::Told => "--map",
            Ground::Name => "name",
            Ground::Extents => "extents",
        };
        vec![
            TableCell::Text(theirs),
            extents(&array.their_shape),
            TableCell::Text(pair.ours.clone()),
            extents(&array.our_shape),
            TableCell::Text(how),
            TableCell::Text(found.to_owned()),
        ]
    };
    let heads = ["theirs", "extents", "ours", "extents", "taken", "found by"];
    let mut table = Table::new("origin", 0, &heads, origin.arrays.iter().map(row).collect());
    table.columns.iter_mut().for_each(|column| column.is_text = true);
    let left_out = origin.left_out.iter().map(|left| format!("`{}` is not taken over: {}.", left.theirs, left.why));
    let text = Block::Paragraphs(left_out.collect());
    let blocks = [Some(Block::Table(table)), (!origin.left_out.is_empty()).then_some(text)];
    Some(Section::everywhere("Where the weights came from", blocks.into_iter().flatten().collect()))
}

/// How to go on with a run that is not finished.
pub(super) fn way_on(opened: &Opened, kept: &KeptRun) -> Option<Section> {
    if kept.end.is_none() && opened.origin.is_some() {
        let text = "It was interrupted while it was imported: the same `dunwu import` goes on with it.".to_owned();
        return Some(Section { title: None, shown: Shown::Everywhere, blocks: vec![Block::Paragraphs(vec![text])] });
    }
    let blocks = vec![
        Block::Paragraphs(vec!["To go on with it:".to_owned()]),
        Block::Command(format!("dunwu resume {}", kept.dir.display())),
    ];
    (kept.end.is_none() && kept.writer.is_none()).then_some(Section { title: None, shown: Shown::Everywhere, blocks })
}

/// How fast it was trained. A page does not say it: the same run has the same page, on whatever machine.
pub(super) fn speed(kept: &KeptRun) -> Option<Section> {
    let end = kept.end.filter(|end| end.seconds > 0.0)?;
    let rate = end.step as f64 / end.seconds;
    let text = format!("{} took {:.1} s ({rate:.1} a second).", counted(end.step as usize, "step"), end.seconds);
    Some(Section::of_terminal(None, vec![Block::Paragraphs(vec![text])]))
}

/// The stages as a table, with why each begins.
pub(super) fn stages(opened: &Opened) -> Option<Section> {
    if opened.stages.is_empty() {
        return None;
    }
    let rows = opened.stages.iter().map(|span| {
        let (numeral, name) = words::stage(span.name);
        vec![
            TableCell::Text(format!("{numeral}, {name}")),
            TableCell::Count(span.from),
            TableCell::Count(span.to),
            TableCell::Text(span.evidence.clone()),
        ]
    });
    let mut table = Table::new("stages", 1, &["stage", "from step", "to step", "why it begins here"], rows.collect());
    table.columns[3].is_text = true;
    Some(Section::of_page("Stages", vec![Block::Table(table)]))
}

/// The same for a terminal, which has no room beside the steps.
pub(super) fn stages_for_terminal(opened: &Opened) -> Option<Section> {
    let stages = opened.stages.iter().map(|span| {
        let (numeral, name) = words::stage(span.name);
        Fact::new(format!("{numeral} {name}, {} to {}", count(span.from), count(span.to)), span.evidence.clone())
    });
    let title = "Stages: their steps, and why each begins";
    (!opened.stages.is_empty()).then(|| Section::of_terminal(Some(title), vec![Block::Words(stages.collect())]))
}

/// Units by label at some of the snapshots, evenly, the first and the last among them.
pub(super) fn labels(view: &View<'_>) -> Option<Section> {
    let frames = &view.opened.frames;
    if frames.iter().all(|f| f.labels.is_empty()) {
        return None;
    }
    let has_irreps = view.coverage().is_some();
    let n = frames.len().min(MOST_FRAMES);
    let mut shown: Vec<usize> = (0..n).map(|i| if n == 1 { 0 } else { i * (frames.len() - 1) / (n - 1) }).collect();
    shown.dedup();
    let row = |frame: &Frame| {
        let step = TableCell::Count(frame.step);
        let units = LABELS.map(|label| TableCell::Count(View::labelled(frame, label) as u64));
        let irreps = has_irreps.then(|| TableCell::Count(covered(view, frame) as u64));
        [step].into_iter().chain(units).chain(irreps).chain([TableCell::Text(bar(frame))]).collect()
    };
    let rows: Vec<Vec<TableCell>> = shown.into_iter().map(|i| row(&frames[i])).collect();
    let irreps = has_irreps.then_some("irreps");
    let heads: Vec<&str> = ["step"].into_iter().chain(LABELS.map(words::label)).chain(irreps).chain([""]).collect();
    let mut table = Table::new("labels", 0, &heads, rows);
    table.columns.last_mut().expect("the bars are a column").is_text = true;
    Some(Section::of_terminal(Some("Units by label, at snapshots"), vec![Block::Table(table)]))
}

fn covered(view: &View<'_>, frame: &Frame) -> usize {
    view.nontrivial().iter().filter(|&&(k, _)| view.carriers(frame, k).is_some_and(|n| n > 0)).count()
}

/// Twelve cells: generalizing ones full, memorizing ones dark, the rest light.
fn bar(frame: &Frame) -> String {
    const CELLS: usize = 12;
    let all = frame.labels.len().max(1);
    let cells = |n: usize| (n * CELLS + all / 2) / all;
    let generalizing = cells(View::labelled(frame, UnitLabel::Generalizing));
    let memorizing = cells(View::labelled(frame, UnitLabel::Memorizing)).min(CELLS - generalizing);
    format!("{}{}{}", "█".repeat(generalizing), "▒".repeat(memorizing), "·".repeat(CELLS - generalizing - memorizing))
}

/// Which irreps are missing.
pub(super) fn irreps(view: &View<'_>) -> Option<Section> {
    let text = match (view.why_no_irreps(), view.coverage()) {
        (Some(why), _) => format!("Irreps: not defined here: {why}."),
        (None, None) => return None,
        (None, Some(coverage)) => {
            let names = view.opened.irreps.as_deref().unwrap_or_default();
            let missing: Vec<String> = coverage.missing.iter().map(|&k| names[k].name.clone()).collect();
            let all = coverage.covered.len() + missing.len();
            format!(
                "Irreps: {} of {} covered ({}); missing: {}.",
                count(coverage.covered.len() as u64),
                counted(all, "nontrivial irrep"),
                percent(coverage.covered.len() as f64 / all as f64),
                list(&missing, 12)
            )
        }
    };
    Some(Section::of_terminal(None, vec![Block::Paragraphs(vec![text])]))
}

//! The answer about one foreign run: of `show`, and with all its figures of `report`.

use super::curves;
use super::data::{ForeignData, ForeignSeriesData, LayerData, NOT_DEFINED};
use super::{layers, maps, spectra};
use crate::listing::State;
use crate::site::report_of_foreign;
use crate::words::{count, counted, list, number, percent};
use dunwu::answer::{Answer, Block, Fact, Figure, Section, Shown, Table, TableCell, object};
use dunwu::verb::VerbError;
use dunwu_foreign::import::{IMPORTED_FROM, RECORDER};
use dunwu_foreign::recorded::ForeignRun;
use dunwu_foreign::series::Role;

/// Opens a foreign run for the terminal: without its arrays, which a page shows.
pub fn show(run: &ForeignRun) -> Answer {
    answer(run, Vec::new())
}

/// Opens a foreign run for its report, which is one file of HTML.
pub fn report(run: &ForeignRun) -> Result<(Answer, String), VerbError> {
    let answer = with_arrays(run)?;
    let page = report_of_foreign(run, &answer);
    Ok((answer, page))
}

/// A foreign run with its layers, units and spectra.
pub(super) fn with_arrays(run: &ForeignRun) -> Result<Answer, VerbError> {
    let mut figures: Vec<Figure> = Vec::new();
    figures.extend(layers::figure(&run.record)?);
    figures.extend(spectra::figure(&run.record)?);
    let (maps, n_left_out) = maps::figures(&run.record)?;
    figures.extend(maps);
    if figures.is_empty() {
        figures.push(Figure::undefined("layers", "Layers over time", "no array of a layer was recorded"));
    }
    let mut blocks: Vec<Block> = figures.into_iter().map(Block::Figure).collect();
    if n_left_out > 0 {
        let said = format!(
            "{} more have no map here; `dunwu export` writes all of them as a table.",
            count(n_left_out as u64)
        );
        blocks.push(Block::Paragraphs(vec![said]));
    }
    Ok(answer(run, vec![Section::of_page("Layers and units", blocks)]))
}

fn answer(run: &ForeignRun, of_arrays: Vec<Section>) -> Answer {
    let data = ForeignData::from(run);
    let chief = Section {
        title: None,
        shown: Shown::Everywhere,
        blocks: vec![Block::Facts(glance(&data)), Block::Figure(curves::figure(&run.record))],
    };
    let mut sections = vec![chief];
    if !data.series.is_empty() {
        sections.push(Section::everywhere("Series", vec![Block::Table(series_table(&data.series))]));
    }
    if !data.layers.is_empty() {
        sections.push(Section::everywhere("Arrays", vec![Block::Table(layers_table(&data.layers))]));
    }
    sections.extend(of_arrays);
    if !data.marks.is_empty() {
        let facts = data.marks.iter().map(|mark| Fact::new(format!("step {}", count(mark.step)), mark.text.clone()));
        sections.push(Section::everywhere("What was said of steps", vec![Block::Words(facts.collect())]));
    }
    if !data.known.is_empty() {
        let facts = data.known.iter().map(|(key, value)| Fact::new(key, value)).collect();
        sections.push(Section::everywhere("What is known", vec![Block::Facts(facts)]));
    }
    let missing = NOT_DEFINED.map(|what| format!("Not defined here: {what}.")).to_vec();
    sections.push(Section::of_page("What a run of another program does not have", vec![Block::Paragraphs(missing)]));
    Answer {
        verb: "foreign",
        title: data.name.clone(),
        setup: setup(&data),
        headline: headline(&data),
        sentences: sentences(&data),
        sections,
        sources: Vec::new(),
        data: object(&data),
    }
}

/// Who made it, in half a line.
fn setup(data: &ForeignData) -> String {
    let known = |key: &str| data.known.get(key).cloned();
    let who = known("framework").or_else(|| known(RECORDER)).unwrap_or_else(|| "another program".to_owned());
    let model = known("model").map(|model| format!(", {model}"));
    let parameters = known("parameters").map(|n| match n.parse::<u64>() {
        Ok(n) => format!(", {}", counted(n as usize, "parameter")),
        Err(_) => format!(", {n} parameters"),
    });
    let optimizer = known("optimizer").map(|optimizer| format!(", {optimizer}"));
    [Some(format!("recorded by {who}")), model, parameters, optimizer].into_iter().flatten().collect()
}

/// How it stands, in one word.
fn standing_word(state: State) -> &'static str {
    match state {
        State::Finished => "finished",
        State::Failed => "failed",
        State::Stopped => "stopped",
        State::Imported => "imported",
        State::Running => "running",
        _ => "interrupted",
    }
}

/// How it stands, in words that follow a name.
fn standing(data: &ForeignData) -> String {
    let at = data.last_step.map_or(String::new(), |step| format!(" at step {}", count(step)));
    match data.state {
        State::Finished => format!("finished{at}"),
        State::Failed => format!("failed{at}"),
        State::Stopped => format!("was stopped{at}"),
        State::Imported => format!("was imported up to its last step{}", at.replacen(" at step", ",", 1)),
        State::Running => format!("is being recorded{at}"),
        _ => format!("was interrupted{at}"),
    }
}

/// The series that are named first: losses and accuracies of held-out samples, then those of training samples.
fn chief_series(data: &ForeignData) -> Vec<&ForeignSeriesData> {
    const ORDER: [Role; 6] = [
        Role::HeldOutLoss,
        Role::HeldOutAccuracy,
        Role::HeldOutError,
        Role::TrainingLoss,
        Role::TrainingAccuracy,
        Role::TrainingError,
    ];
    ORDER.iter().filter_map(|role| data.series.iter().find(|one| one.role == Some(*role))).collect()
}

/// A value of a series as people read it: shares in percent.
pub(super) fn value_words(role: Option<Role>, value: Option<f64>, highest: Option<f64>) -> String {
    match (role, value) {
        (_, None) => "not finite".to_owned(),
        (Some(role), Some(value)) if !role.is_loss() => {
            percent(if highest.is_some_and(|highest| highest > 1.0) { value / 100.0 } else { value })
        }
        (_, Some(value)) => number(value),
    }
}

fn headline(data: &ForeignData) -> String {
    let ends: Vec<String> = chief_series(data)
        .iter()
        .take(3)
        .map(|one| format!("{} {}", one.name, value_words(one.role, one.last, one.highest)))
        .collect();
    let ends = match (ends.is_empty(), data.series.first()) {
        (false, _) => format!(", with {}", list(&ends, 3)),
        (true, Some(one)) => format!(", with {} {}", one.name, value_words(one.role, one.last, one.highest)),
        (true, None) => ", and no scalar was recorded".to_owned(),
    };
    format!("{} {}{ends}.", data.name, standing(data))
}

fn sentences(data: &ForeignData) -> Vec<String> {
    let mut sentences = Vec::new();
    let n_values: usize = data.series.iter().map(|one| one.values).sum();
    let layers: std::collections::BTreeSet<&str> = data.layers.iter().map(|one| one.layer.as_str()).collect();
    sentences.push(format!(
        "The record holds {} in {}, arrays of {}, and {}.",
        counted(n_values, "value"),
        if data.series.len() == 1 {
            "1 series".to_owned()
        } else {
            format!("{} series", count(data.series.len() as u64))
        },
        counted(layers.len(), "layer"),
        counted(data.snapshots.len(), "snapshot")
    ));
    let broken: Vec<String> = data.series.iter().filter(|one| one.not_finite > 0).map(|one| one.name.clone()).collect();
    if !broken.is_empty() {
        sentences.push(format!("Not every value is finite of {}.", list(&broken, 4)));
    }
    if let Some(writer) = &data.writer {
        sentences.push(format!("It is written by {writer}."));
    }
    if matches!(data.state, State::Interrupted) {
        sentences.push("Its program ended without saying so; whoever opens it for writing goes on with it.".to_owned());
    }
    if let Some(file) = data.known.get(IMPORTED_FROM) {
        sentences.push(format!("It was imported from {file}; importing that again adds what is new."));
    }
    let is_judged = data.series.iter().any(|one| one.role.is_some());
    let judged = "`dunwu verdict RUN` says where its curve is going, and `dunwu doctor RUN` whether it is well.";
    let unnamed = "No series is called a loss or an accuracy, so that a verdict needs --loss NAME.";
    sentences.push(if is_judged { judged } else { unnamed }.to_owned());
    sentences.push(
        "Measures, labels of units, stages and peaks are not defined for it: they need a task, a split and the outputs of the network."
            .to_owned(),
    );
    sentences
}

fn glance(data: &ForeignData) -> Vec<Fact> {
    let mut facts = vec![Fact::new("state", standing_word(data.state))];
    facts.extend(data.last_step.map(|step| Fact::new("last step", count(step))));
    let chief = chief_series(data).into_iter().take(4);
    facts.extend(chief.map(|one| Fact::new(&one.name, value_words(one.role, one.last, one.highest))));
    facts.extend(data.seconds.map(|seconds| Fact::new("seconds", number(seconds))));
    facts.push(Fact::new("id", &data.id));
    facts
}

fn series_table(series: &[ForeignSeriesData]) -> Table {
    let row = |one: &ForeignSeriesData| {
        vec![
            TableCell::Text(one.name.clone()),
            TableCell::Count(one.values as u64),
            TableCell::Count(one.last_step),
            TableCell::of(one.last, TableCell::Number),
            TableCell::of(one.lowest, TableCell::Number),
            TableCell::of(one.highest, TableCell::Number),
        ]
    };
    let heads = ["series", "values", "last step", "last value", "lowest", "highest"];
    Table::new("series", 1, &heads, series.iter().map(row).collect())
}

fn layers_table(layers: &[LayerData]) -> Table {
    let row = |one: &LayerData| {
        vec![
            TableCell::Text(one.layer.clone()),
            TableCell::Text(one.series.clone()),
            TableCell::Count(one.units as u64),
            TableCell::Count(one.arrays as u64),
            TableCell::Count(one.last_step),
        ]
    };
    let heads = ["layer", "quantity", "units", "arrays", "last step"];
    Table::new("arrays", 2, &heads, layers.iter().map(row).collect())
}

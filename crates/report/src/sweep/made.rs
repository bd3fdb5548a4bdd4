//! Sweeps: made, collected, looked ahead to, and worked on by one of many.

use super::data::{AheadData, CollectedData, SpentBudget, SweepData, WorkData};
use super::times::span;
use dunwu::answer::wording::{count, counted, percent};
use dunwu::answer::{Answer, Block, Fact, Section, Shown, object};
use dunwu::verb::{VerbError, Watcher};
use dunwu_engine::spec::{SETTINGS, Setting, Value};
use dunwu_studies::sweep::{Options, SweepEnd, SweepRequest};
use serde::Serialize;
use std::path::Path;

/// Runs that people are shown of what is left.
const SHOWN: usize = 3;

/// Values of a setting that people are shown: all that anybody writes by hand.
const VALUES_SHOWN: usize = 40;

/// Makes every run of a sweep that is not there yet, and collects them in a table. A sweep that is asked to stop answers with what there
/// is.
pub fn sweep(
    request: &SweepRequest,
    options: &Options,
    table: Option<&Path>,
    watcher: &mut Watcher<'_>,
) -> Result<Answer, VerbError> {
    Ok(of_end(request, &request.sweep(options, table, watcher)?))
}

/// Puts a sweep's table together from the runs that are there.
pub fn collect(request: &SweepRequest, table: Option<&Path>, watcher: &mut Watcher<'_>) -> Result<Answer, VerbError> {
    Ok(of_end(request, &request.collect(table, watcher)?))
}

/// What there is to do, and about how long it takes on so many cores.
pub fn forecast(request: &SweepRequest, cores: usize, retry_failed: bool) -> Result<Answer, VerbError> {
    let ahead = request.ahead(cores, retry_failed)?;
    let (n_left, n_done) = (ahead.left.len(), request.runs.len() - ahead.left.len());
    let sentences = match ahead.estimate {
        _ if n_left == 0 => Vec::new(),
        Some(estimate) => vec![format!(
            "What is left takes about {} on {}, {} at most.",
            span(estimate.likely),
            counted(cores, "core"),
            span(estimate.at_most)
        )],
        None => vec!["How long they take is not known: none of them can begin.".to_owned()],
    };
    let mut lines: Vec<String> =
        ahead.left.iter().take(SHOWN).map(|run| format!("{}  {}", run.id, run.words)).collect();
    if n_left > SHOWN {
        lines.push(format!("… and {} more", count((n_left - SHOWN) as u64)));
    }
    let mut sections = vec![Section::everywhere("Left", vec![Block::Paragraphs(lines)])];
    let values = varied_values(request);
    if n_left == 0 {
        sections.clear();
    }
    if !values.is_empty() {
        sections.insert(0, Section::everywhere("Values", vec![Block::Verbatim(values)]));
    }
    let headline = format!("{} of {} finished before.", count(n_done as u64), counted(request.runs.len(), "run"));
    let mut sentences = sentences;
    if let Some(steps) = request.budget {
        sentences.push(format!("Some of them may not be made: the budget is {} steps.", count(steps)));
    }
    let data = SweepData::Ahead(AheadData::of(request, &ahead));
    Ok(answer("sweep", &request.name, headline, sentences, sections, &data))
}

/// A line for each setting that differs between the runs: its values, each once and in brackets where it holds a comma.
fn varied_values(request: &SweepRequest) -> Vec<String> {
    let line = |setting: &Setting| {
        let mut values: Vec<String> = Vec::new();
        for value in request.runs.iter().filter_map(|run| setting.get(&run.spec)) {
            let value = match value {
                Value::Text(text) if text.contains(',') => format!("[{text}]"),
                Value::Text(text) => text,
                value => value.to_string(),
            };
            if !values.contains(&value) {
                values.push(value);
            }
        }
        let n_more = values.len().saturating_sub(VALUES_SHOWN);
        let more = if n_more == 0 { String::new() } else { format!(" … and {} more", count(n_more as u64)) };
        let n_values = values.len();
        values.truncate(VALUES_SHOWN);
        (n_values > 1).then(|| format!("{}: {n_values} values: {}{more}", setting.key, values.join("  ")))
    };
    SETTINGS.iter().filter_map(line).collect()
}

/// Makes runs as one worker of many; writes no table.
pub fn work(request: &SweepRequest, options: &Options, watcher: &mut Watcher<'_>) -> Result<Answer, VerbError> {
    let tally = request.work(options, watcher)?;
    let headline = format!("This worker made {} of {}.", count(tally.made as u64), counted(tally.runs, "run"));
    let sentences = vec![format!("{} had finished before.", counted(tally.reused, "run"))];
    Ok(answer("work", &request.name, headline, sentences, Vec::new(), &WorkData::of(tally)))
}

fn of_end(request: &SweepRequest, end: &SweepEnd) -> Answer {
    let data = CollectedData::of(request, end);
    let failed = match data.failed {
        0 => String::new(),
        failed => format!(", {} of them failed (column `error` says why)", count(failed as u64)),
    };
    let unmade = data.budget.map_or(0, |budget| budget.unmade);
    let headline = format!("{} of {} finished{failed}.", count((data.done - unmade) as u64), counted(data.runs, "run"));
    let mut sentences = Vec::new();
    if let Some(pace) = data.runs_per_hour {
        let made = counted(data.made, "run");
        sentences.push(format!("This call made {made}, in {} ({pace:.0} an hour).", span(data.seconds)));
    }
    if data.missing > 0 {
        sentences.push(format!(
            "{} missing: call `dunwu sweep` without --collect to make what is missing.",
            counted(data.missing, "run")
        ));
    }
    if let (Some(parked), Some(audited), Some(audit)) = (data.parked, data.audited, data.audit) {
        let steps_made = count(data.steps_made.unwrap_or(0));
        sentences.push(match parked {
            0 => format!("No run is parked; {steps_made} steps were made."),
            _ => format!(
                "{} parked, which saved {} steps beside the {steps_made} that were made.",
                counted(parked, "run"),
                count(data.steps_saved.unwrap_or(0)),
            ),
        });
        sentences.push(match audited {
            0 => "No run was trained on as an audit.".to_owned(),
            _ => format!(
                "{} trained on as an audit: {} generalized after all (exact 95 % interval of their share: {} to {}).",
                counted(audited, "run"),
                count(audit.false_parks as u64),
                percent(audit.low),
                percent(audit.high)
            ),
        });
    }
    if let Some(SpentBudget { steps, resumed, resumed_generalized, unmade }) = data.budget {
        let mut of_budget = vec![format!("The budget was {} steps", count(steps))];
        if resumed > 0 {
            let went = counted(resumed, "run");
            of_budget.push(format!("{went} that had been parked went on, and {resumed_generalized} generalized"));
        }
        if unmade > 0 {
            of_budget.push(format!("{} had no turn, of which the least was expected", counted(unmade, "run")));
        }
        sentences.push(of_budget.join("; ") + ".");
    }
    let mut files = vec![Fact::new("Table", data.table.display().to_string())];
    if let Some(curves) = &data.curves {
        files.push(Fact::new("Losses and accuracies over time", curves.display().to_string()));
    }
    let mut sections = vec![Section::everywhere("Files", vec![Block::Facts(files)])];
    if let Some(figure) = end.collected.judged.and_then(|_| super::judged::figure(end)) {
        sections.push(Section { title: None, shown: Shown::Page, blocks: vec![Block::Figure(figure)] });
    }
    answer("sweep", &request.name, headline, sentences, sections, &SweepData::Collected(data))
}

fn answer(
    verb: &'static str,
    title: &str,
    headline: String,
    sentences: Vec<String>,
    sections: Vec<Section>,
    data: &impl Serialize,
) -> Answer {
    Answer {
        verb,
        title: title.to_owned(),
        setup: String::new(),
        headline,
        sentences,
        sections,
        sources: Vec::new(),
        data: object(data),
    }
}

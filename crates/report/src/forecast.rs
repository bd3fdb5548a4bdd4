//! The verbs `forecast` and `verdict`: what a run will do, said before it and while it trains.

use crate::timeline::{self, Content, Series as Curve, Track};
use crate::words::{count, number, percent};
use dunwu::answer::{Answer, Block, Figure, Scale, Section, Shown, TEST, TRAIN, Table, TableCell, object};
use dunwu::run::RunRequest;
use dunwu::store::RunDir;
use dunwu::verb::VerbError;
use dunwu_verdict::early::forecast::{Forecast, Known, Reason, When, forecast};
use dunwu_verdict::early::looks::{LOOKS, step_of};
use dunwu_verdict::early::model::Model;
use dunwu_verdict::early::verdict::{Asked, EarlyVerdict, RecordedRun};
use schemars::JsonSchema;
use serde::Serialize;

/// What is expected of a spec, as programs read it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ForecastData {
    /// The words of the spec.
    pub subject: String,
    /// What is expected.
    #[serde(flatten)]
    pub forecast: Forecast,
}

/// What is expected of a run at a step, as programs read it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct VerdictData {
    /// The run's directory.
    pub subject: String,
    /// What is expected.
    #[serde(flatten)]
    pub verdict: EarlyVerdict,
    /// Probabilities at the looks so far, each with its step.
    pub course: Vec<LookPoint>,
}

/// What one look said.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct LookPoint {
    /// The step.
    pub step: u64,
    /// The probability; null where the run had generalized, or is not known.
    pub probability: Option<f64>,
    /// When it generalizes, if it does; likewise.
    pub steps_to_generalize: Option<When>,
}

/// What to expect of the run of `request`, before its first step.
pub fn answer(subject: &str, request: &RunRequest, uncertified: bool) -> Answer {
    let found = forecast(Model::shipped(), request, uncertified);
    let headline = match (found.probability, found.steps_to_generalize) {
        (Some(probability), Some(when)) => format!("{} {}", expects(probability, request.spec.steps), in_time(&when)),
        _ => outside("spec", &found.outside),
    };
    let mut sentences: Vec<String> = found.outside.iter().skip(1).map(|why| format!("Outside, too: {why}.")).collect();
    for change in &found.changes {
        sentences.push(format!(
            "With {}={} the probability is {}.",
            change.setting,
            number(change.value),
            percent(change.probability)
        ));
    }
    sentences.extend(raw_words(found.uncertified.map(|raw| (raw.probability, raw.steps_to_generalize))));
    let runs: usize = found.known.families.iter().map(|family| family.runs).sum();
    sentences.push(format!(
        "It was learned from {} runs of {} families; `docs/guide/verdict.md` says how often it is wrong.",
        count(runs as u64),
        found.known.families.len()
    ));
    let mut blocks = vec![reasons_block(&found.reasons)];
    blocks.push(families_block(&found.known));
    Answer {
        verb: "forecast",
        title: request.spec.task.to_string(),
        setup: subject.to_owned(),
        headline,
        sentences,
        sections: vec![Section { title: None, shown: Shown::Everywhere, blocks }],
        sources: sources(),
        data: object(&ForecastData { subject: subject.to_owned(), forecast: found }),
    }
}

/// What to expect of a recorded or living run at `step`.
///
/// # Errors
///
/// Where the run cannot be read, or the step was never reached.
pub fn answer_run(dir: &RunDir, step: Option<u64>, asked: Asked) -> Result<Answer, VerbError> {
    let model = Model::shipped();
    let mut run = RecordedRun::open(dir)?;
    let found = run.verdict(model, step, asked)?;
    let steps = run.steps();
    let mut course = Vec::new();
    for look in (0..LOOKS.len()).map(|look| step_of(look, steps)).filter(|&look| look <= found.look) {
        let seen = run.verdict(model, Some(look), asked)?;
        let EarlyVerdict { probability, steps_to_generalize, .. } = seen;
        course.push(LookPoint { step: look, probability, steps_to_generalize });
    }
    let headline = match (found.generalized, found.probability, found.steps_to_generalize) {
        (Some(step), ..) => format!("It had generalized at step {}, so that nothing is left to expect.", count(step)),
        (None, ..) if found.ended => {
            "It is over and has not generalized, so that nothing is left to expect.".to_owned()
        }
        (None, Some(probability), Some(when)) => format!("{} {}", expects(probability, steps), in_time(&when)),
        _ => outside("run", &found.outside),
    };
    let mut sentences =
        vec![format!("Judged at step {} of {}, from {}.", count(found.look), count(steps), found.inputs.words())];
    sentences.extend(found.outside.iter().skip(1).map(|why| format!("Outside, too: {why}.")));
    if let Some(park) = found.park {
        sentences.push(if park.at_risk < 1.0 {
            format!(
                "Of the runs that did generalize, {} ever looked as bad: that is the risk of parking it now.",
                percent(park.at_risk)
            )
        } else {
            "More than a fifth of the runs that did generalize ever looked as bad, so that parking it now is not advised."
                .to_owned()
        });
    }
    sentences.extend(raw_words(found.uncertified.map(|raw| (raw.probability, raw.steps_to_generalize))));
    let blocks = vec![Block::Figure(course_figure(&course, steps)), reasons_block(&found.reasons)];
    let subject = dir.dir_name();
    Ok(Answer {
        verb: "verdict",
        title: subject.clone(),
        setup: format!("at step {}", count(found.at)),
        headline,
        sentences,
        sections: vec![Section { title: None, shown: Shown::Everywhere, blocks }],
        sources: sources(),
        data: object(&VerdictData { subject, verdict: found, course }),
    })
}

fn sources() -> Vec<String> {
    vec![
        "Boosted trees: Friedman 2001. Calibration: Platt 1999. Intervals: split conformal, Papadopoulos et al. 2002."
            .to_owned(),
        "Exact bounds: Clopper and Pearson 1934.".to_owned(),
    ]
}

/// Why nothing certified is said, with the first of the reasons.
fn outside(noun: &str, why: &[String]) -> String {
    let why = why.first().map_or("", String::as_str);
    format!("This {noun} lies outside what the verdict knows, so nothing certified is said: {why}.")
}

fn expects(probability: f64, steps: u64) -> String {
    format!("It generalizes within its {} steps with probability {}.", count(steps), percent(probability))
}

fn in_time(when: &When) -> String {
    format!(
        "If it does, then near step {} ({} of such runs: {} to {}).",
        count(when.median),
        percent(when.coverage),
        count(when.low),
        count(when.high)
    )
}

fn raw_words(raw: Option<(f64, When)>) -> Option<String> {
    raw.map(|(probability, when)| {
        format!(
            "Not certified: the raw score is {}, the raw time step {} ({} to {}).",
            percent(probability),
            count(when.median),
            count(when.low),
            count(when.high)
        )
    })
}

fn reasons_block(reasons: &[Reason]) -> Block {
    let row = |reason: &Reason| {
        vec![
            TableCell::Text(reason.words.clone()),
            TableCell::of(reason.value, TableCell::Number),
            TableCell::Number(reason.effect),
        ]
    };
    let heads = ["reason", "value (sizes: ln)", "log odds"];
    Block::Table(Table::new("reasons", 1, &heads, reasons.iter().map(row).collect()))
}

fn families_block(known: &Known) -> Block {
    let rows = known
        .families
        .iter()
        .map(|family| {
            vec![
                TableCell::Text(family.name.clone()),
                TableCell::Text(family.tells.clone()),
                TableCell::Count(family.runs as u64),
                TableCell::Count(family.generalized as u64),
            ]
        })
        .collect();
    Block::Table(Table::new("families", 1, &["family", "what it holds", "runs", "generalized"], rows))
}

fn course_figure(course: &[LookPoint], steps: u64) -> Figure {
    const NAME: &str = "course";
    const TITLE: &str = "What was expected at each look";
    let points: Vec<(f64, f64)> =
        course.iter().filter_map(|look| Some((look.step as f64, look.probability?))).collect();
    if points.is_empty() {
        return Figure::undefined(NAME, TITLE, "no look so far expects anything");
    }
    let curve = |name: &str, dashed: bool, end: fn(&When) -> u64| {
        let at = |look: &LookPoint| Some((look.step as f64, end(&look.steps_to_generalize?) as f64));
        Curve { dashed, dotted: !dashed, ..Curve::of_frames(name, TRAIN, course.iter().filter_map(at).collect()) }
    };
    let curves = vec![
        curve("median", false, |when| when.median),
        curve("5 %", true, |when| when.low),
        curve("95 %", true, |when| when.high),
    ];
    let values: Vec<f64> = curves.iter().flat_map(|curve| &curve.points).map(|point| point.1).collect();
    let tracks = [
        Track {
            title: "probability that it generalizes".to_owned(),
            scale: Scale::Linear { low: 0.0, high: 1.0 },
            height: 130.0,
            content: Content::Curves(vec![Curve::of_frames("probability", TEST, points)]),
        },
        Track {
            title: "step at which it generalizes, if it does".to_owned(),
            scale: Scale::log(values, 12),
            height: 130.0,
            content: Content::Curves(curves),
        },
    ];
    let caption =
        "Above: the probability at each look. Below: the step that is expected, and between which nine in ten lie.";
    Figure::of_plots(NAME, TITLE, caption.to_owned(), timeline::stack_over(steps.max(1), &[], &[], &tracks))
}

//! The verb `verdict --log`: what is expected of somebody else's run, of which only series are known.

use crate::timeline::{self, Content, Series as Curve, Track};
use crate::words::{count, number, percent};
use dunwu::answer::{Answer, Block, Figure, Scale, Section, Shown, TEST, TRAIN, Table, TableCell, object};
use dunwu_verdict::early::log::{
    CurveKind, Final, LogError, LogQuestion, LogVerdict, NoFinal, ReadSeries, Role, Sign, TakenFor, Widths,
    verdict_of_series,
};
use dunwu_verdict::series::Series;
use schemars::JsonSchema;
use serde::Serialize;

/// What is expected of a recorded run, as programs read it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct LogVerdictData {
    /// The files.
    pub subject: String,
    /// What is expected.
    #[serde(flatten)]
    pub verdict: LogVerdict,
}

/// What the series of a log allow to expect.
///
/// # Errors
///
/// Where none of them is a loss or an accuracy, or its steps are over.
pub fn answer(subject: &str, series: &[Series], asked: LogQuestion<'_>) -> Result<Answer, LogError> {
    let found = verdict_of_series(series, asked, Widths::shipped())?;
    let mut sentences = vec![format!("Judged at step {}, from {}.", count(found.at), list(&names(&found)))];
    sentences.extend(found.signs.iter().map(|sign| of_sign(sign, &found.predicted.name)));
    sentences.extend(of_end(&found));
    let blocks = vec![Block::Figure(figure(&found)), series_block(&found)];
    let mut sources = vec!["Power laws of learning curves: Hestness et al. 2017, arXiv:1712.00409.".to_owned()];
    sources.push("Intervals: split conformal, Papadopoulos et al. 2002; LCDB: Mohr et al. 2022.".to_owned());
    Ok(Answer {
        verb: "verdict-log",
        title: "A run recorded elsewhere".to_owned(),
        setup: subject.to_owned(),
        headline: headline(&found),
        sentences,
        sections: vec![Section { title: None, shown: Shown::Everywhere, blocks }],
        sources,
        data: object(&LogVerdictData { subject: subject.to_owned(), verdict: found }),
    })
}

fn names(found: &LogVerdict) -> Vec<String> {
    found.series.iter().map(|one| one.name.clone()).collect()
}

fn list(names: &[String]) -> String {
    match names {
        [all @ .., last] if !all.is_empty() => format!("{} and {last}", all.join(", ")),
        _ => names.concat(),
    }
}

fn headline(found: &LogVerdict) -> String {
    let name = &found.predicted.name;
    match (found.taken_for, found.r#final) {
        (TakenFor::Smooth, Some(end)) => format!(
            "{name} is taken for a smooth curve, and ends near {} at step {} ({} of the curves that were calibrated on: {} to {}).",
            value(found, end.median),
            count(end.step),
            percent(end.coverage),
            value(found, end.low),
            value(found, end.high)
        ),
        (TakenFor::Smooth, None) => format!("{name} is taken for a smooth curve."),
        (TakenFor::Jump, _) => format!(
            "{name} is taken for a curve with a jump: where it goes does not follow from where it came from, so no number is given."
        ),
        (TakenFor::CannotTell, _) => {
            format!("It cannot be told whether {name} is a smooth curve or one with a jump, so no number is given.")
        }
    }
}

/// A value of the predicted series: a loss as a number, a share in percent.
fn value(found: &LogVerdict, value: f64) -> String {
    if found.predicted.role.is_loss() { number(value) } else { percent(value) }
}

fn of_sign(sign: &Sign, name: &str) -> String {
    match sign {
        Sign::Diverged(step) => format!("From step {} on {name} is not finite: the run has diverged.", count(*step)),
        Sign::TooShort => format!(
            "{name} has fewer than four points, two for each doubling of the step: too few for a law with three numbers."
        ),
        Sign::Memorized(step) => format!(
            "The training sample is known since step {}, and held-out samples are not: it has memorized and does not generalize. Such \
             runs may generalize late, or never; curves alone do not say which.",
            count(*step)
        ),
        Sign::Rising(step) => format!("{name} has gone the wrong way since step {}.", count(*step)),
        Sign::Hump(step) => format!(
            "{name} went the wrong way up to step {} and has come back since, as in runs that generalize late.",
            count(*step)
        ),
        Sign::SpeedsUp(step) => {
            format!(
                "{name} improves faster from octave to octave, at last since step {}: no power law does.",
                count(*step)
            )
        }
        Sign::Flat => format!("{name} has not left the place where it began."),
    }
}

/// Of what was calibrated, and why there is no number.
fn of_end(found: &LogVerdict) -> Option<String> {
    match found.no_final {
        Some(NoFinal::NoSteps) => {
            Some("With --steps N, the steps that the run aims at, it is said where it ends.".to_owned())
        }
        Some(NoFinal::TooFar(horizon)) => Some(format!(
            "The end lies {} times farther than what was seen, farther than was calibrated, so no number is given.",
            number(horizon)
        )),
        Some(NoFinal::NotSmooth) => None,
        None => found.r#final.map(|end| of_law(found, &end)),
    }
}

fn of_law(found: &LogVerdict, end: &Final) -> String {
    let calibrated = match found.kind {
        CurveKind::ErrorBySamples => "sample-wise learning curves of LCDB",
        CurveKind::TrainingLoss => "training losses by epoch of small classifiers",
        CurveKind::HeldOutLoss => "held-out losses by epoch of small classifiers",
        CurveKind::Error => "accuracies by epoch of small classifiers",
    };
    format!(
        "The power law alone says {} there (exponent {}, towards {}). The interval was calibrated on {calibrated}; how often it holds for \
         curves of another kind is not known. It is one of the curve without its noise.",
        value(found, end.law),
        number(end.exponent),
        value(found, end.floor)
    )
}

fn role_words(role: Role) -> &'static str {
    match role {
        Role::HeldOutLoss => "loss of held-out samples",
        Role::HeldOutAccuracy => "accuracy on held-out samples",
        Role::HeldOutError => "error on held-out samples",
        Role::TrainingLoss => "loss of the training sample",
        Role::TrainingAccuracy => "accuracy on the training sample",
        Role::TrainingError => "error on the training sample",
    }
}

fn series_block(found: &LogVerdict) -> Block {
    let row = |one: &ReadSeries| {
        vec![
            TableCell::Text(one.name.clone()),
            TableCell::Text(role_words(one.role).to_owned()),
            TableCell::of(one.last, TableCell::Number),
        ]
    };
    Block::Table(Table::new("series", 2, &["series", "read as", "last value"], found.series.iter().map(row).collect()))
}

fn figure(found: &LogVerdict) -> Figure {
    const NAME: &str = "curve";
    const TITLE: &str = "The curve, and where it is expected to go";
    if found.points.is_empty() {
        return Figure::undefined(NAME, TITLE, "no value of the series is finite");
    }
    let is_held_out = !found.predicted.role.is_of_training();
    let mut curves = vec![Curve::of_frames("recorded", if is_held_out { TEST } else { TRAIN }, found.points.clone())];
    let line = |name: &str, dashed, read: fn(&(f64, f64, f64, f64)) -> f64| {
        let points = found.band.iter().map(|at| (at.0, read(at))).collect();
        Curve { dashed, ..Curve::evaluated(name, if is_held_out { TRAIN } else { TEST }, points) }
    };
    if !found.band.is_empty() {
        curves.push(line("expected", false, |at| at.2));
        curves.push(line("low", true, |at| at.1));
        curves.push(line("high", true, |at| at.3));
    }
    let values: Vec<f64> = curves.iter().flat_map(|curve| &curve.points).map(|point| point.1).collect();
    let track = Track {
        title: found.predicted.name.clone(),
        scale: if found.predicted.role.is_loss() {
            Scale::fitting(&values)
        } else {
            Scale::Linear { low: 0.0, high: 1.0 }
        },
        height: 190.0,
        content: Content::Curves(curves),
    };
    let last = found.steps.unwrap_or(found.at).max(1);
    let caption = "Two points for each doubling of the step, each a median. Beyond them, where something is expected, what is, and between \
                   which values nine in ten of the calibration curves ended.";
    Figure::of_plots(NAME, TITLE, caption.to_owned(), timeline::stack_over(last, &[], &[], &[track]))
}

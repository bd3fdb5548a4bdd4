//! Somebody else's run: which series is read, what it is taken for, and where it ends.

use super::conformal::{COVERAGE, CurveKind, Widths, scale};
use super::curve::Curve;
use super::power_law::PowerLaw;
use super::regime::{HeldOut, Sign, TakenFor, Training, regime};
use super::roles::{Role, best, falling};
use crate::series::Series;
use schemars::JsonSchema;
use serde::Serialize;

/// Roles in the order in which one is looked for to be predicted.
const PREDICTED: [Role; 6] = [
    Role::HeldOutLoss,
    Role::HeldOutError,
    Role::HeldOutAccuracy,
    Role::TrainingLoss,
    Role::TrainingError,
    Role::TrainingAccuracy,
];

/// A series and what it was read as.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ReadSeries {
    /// Its name in the log.
    pub name: String,
    /// What it was read as.
    pub role: Role,
    /// Its last finite value; null where none is.
    pub last: Option<f64>,
}

impl ReadSeries {
    fn of(series: &Series, role: Role) -> Self {
        let last = series.values.iter().copied().rfind(|value| value.is_finite());
        Self { name: series.name.clone(), role, last }
    }
}

/// Where a smooth curve is expected to end.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Final {
    /// The step: that of `--steps`.
    pub step: u64,
    /// What is expected, in the unit of the series: the last value and the share of the law's fall that comes true for such curves.
    pub median: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end of the interval.
    pub high: f64,
    /// Share of the calibration curves whose end lay in such an interval.
    pub coverage: f64,
    /// How many times farther than the last step it lies.
    pub horizon: f64,
    /// What the power law alone says.
    pub law: f64,
    /// Exponent c of the law y = a + b n^(−c).
    pub exponent: f64,
    /// What the law falls to, in the unit of the series.
    pub floor: f64,
}

/// What is said of a run of which only series are known.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct LogVerdict {
    /// Which kind of curve it was taken for.
    pub taken_for: TakenFor,
    /// What it was told by.
    pub signs: Vec<Sign>,
    /// The last step of the predicted series.
    pub at: u64,
    /// The steps that the run aims at; null where nobody said.
    pub steps: Option<u64>,
    /// As which kind of curve it was predicted; its widths were calibrated on curves of this kind.
    pub kind: CurveKind,
    /// Which series was predicted.
    pub predicted: ReadSeries,
    /// Every series that was read.
    pub series: Vec<ReadSeries>,
    /// Where it ends; null where it is not taken for smooth, where no steps are named, and where they lie too far ahead.
    pub r#final: Option<Final>,
    /// Why nothing is said of the end; null where something is.
    pub no_final: Option<NoFinal>,
    /// The predicted curve as it was judged, two points an octave: step and value, in the unit of the series.
    pub points: Vec<(f64, f64)>,
    /// The law and its interval from the last step to the end: step, lower end, median, upper end.
    pub band: Vec<(f64, f64, f64, f64)>,
}

/// Why nothing is said of a run's end.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "why", content = "horizon")]
pub enum NoFinal {
    /// It is not taken for smooth.
    NotSmooth,
    /// Nobody said how many steps it aims at.
    NoSteps,
    /// They lie so many times farther than the last step, more than was calibrated.
    TooFar(f64),
}

/// How a verdict on a log is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogQuestion<'a> {
    /// The steps that the run aims at.
    pub steps: Option<u64>,
    /// Whether its steps are sizes of the training sample, each a network of its own.
    pub by_samples: bool,
    /// The name of the series that is the loss to be predicted, where its name does not say so.
    pub loss: Option<&'a str>,
}

/// Why nothing can be said of a log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// Nothing in it is a loss.
    #[error(
        "no series of this log is called a loss or an accuracy; there are {}; say which is the loss with --loss NAME, or call it train_loss or val_loss",
        listed(names)
    )]
    NoLoss {
        /// What there is.
        names: Vec<String>,
    },
    /// No series has the name.
    #[error("this log has no series {name:?} with numbers; there are {}", listed(names))]
    NoSuchSeries {
        /// What was asked for.
        name: String,
        /// What there is.
        names: Vec<String>,
    },
    /// By samples, and no series is a share.
    #[error(
        "widths by sample size are known for shares of wrong or right answers alone; there are {}; call one val_accuracy or val_error",
        listed(names)
    )]
    NoShare {
        /// What there is.
        names: Vec<String>,
    },
    /// The steps are over already.
    #[error(
        "the log has reached step {at}, so that nothing is left to expect of {steps} steps; name more with --steps"
    )]
    Over {
        /// The last step.
        at: u64,
        /// What was asked for.
        steps: u64,
    },
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// What the series of a log allow to expect.
pub fn verdict_of_series(series: &[Series], asked: LogQuestion<'_>, widths: &Widths) -> Result<LogVerdict, LogError> {
    let names = || series.iter().map(|one| one.name.clone()).collect();
    let (main, role) = match asked.loss {
        Some(name) => {
            let named = series.iter().find(|one| one.name == name && !one.values.is_empty());
            let main = named.ok_or_else(|| LogError::NoSuchSeries { name: name.to_owned(), names: names() })?;
            let is_known = PREDICTED.iter().find(|role| best(series, **role).is_some_and(|one| one.name == name));
            (main, is_known.copied().unwrap_or(Role::TrainingLoss))
        }
        None => {
            let mut wanted = PREDICTED.iter().filter(|role| !asked.by_samples || !role.is_loss());
            let found = wanted.find_map(|role| Some((best(series, *role)?, *role)));
            match found {
                Some(found) => found,
                None if asked.by_samples => return Err(LogError::NoShare { names: names() }),
                None => return Err(LogError::NoLoss { names: names() }),
            }
        }
    };
    if asked.by_samples && role.is_loss() {
        return Err(LogError::NoShare { names: names() });
    }
    let mut read = vec![ReadSeries::of(main, role)];
    let mut curve_of = |role: Role| {
        let one = best(series, role)?;
        if read[0].name != one.name {
            read.push(ReadSeries::of(one, role));
        }
        Some(falling(one, role))
    };
    let training_loss = curve_of(Role::TrainingLoss);
    let training_error = curve_of(Role::TrainingError).or_else(|| curve_of(Role::TrainingAccuracy));
    let held_out_loss = curve_of(Role::HeldOutLoss);
    let held_out_error = curve_of(Role::HeldOutError).or_else(|| curve_of(Role::HeldOutAccuracy));
    let curve = falling(main, role);
    let at = curve.last_step;
    if let Some(steps) = asked.steps.filter(|&steps| steps <= at) {
        return Err(LogError::Over { at, steps });
    }
    let kind = match role {
        _ if asked.by_samples => CurveKind::ErrorBySamples,
        Role::TrainingLoss => CurveKind::TrainingLoss,
        Role::HeldOutLoss => CurveKind::HeldOutLoss,
        _ => CurveKind::Error,
    };
    let training = Training { error: training_error.as_ref(), loss: training_loss.as_ref() };
    let held_out = HeldOut { error: held_out_error.as_ref(), loss: held_out_loss.as_ref() };
    let (taken_for, signs) = if asked.by_samples || role.is_of_training() {
        // Each size is a network of its own: that it knows its sample says nothing of the next one. And where the training loss is asked
        // for, what held-out samples do is beside the point.
        regime(&curve, Training::default(), HeldOut::default())
    } else {
        regime(&curve, training, held_out)
    };
    let predicted = match (taken_for, asked.steps) {
        (TakenFor::Smooth, Some(steps)) => predict(&curve, (role, kind), steps, widths),
        (TakenFor::Smooth, None) => Err(NoFinal::NoSteps),
        _ => Err(NoFinal::NotSmooth),
    };
    let (end, band, no_final) = match predicted {
        Ok((end, band)) => (Some(end), band, None),
        Err(why) => (None, Vec::new(), Some(why)),
    };
    let back = unit_of(role);
    Ok(LogVerdict {
        taken_for,
        signs,
        at,
        steps: asked.steps,
        kind,
        predicted: read[0].clone(),
        series: read,
        r#final: end,
        no_final,
        points: curve.points.iter().map(|point| (point.0, back(point.1))).collect(),
        band,
    })
}

/// From a curve that falls back to what the series holds: a loss, or an accuracy as a share.
fn unit_of(role: Role) -> fn(f64) -> f64 {
    match role {
        Role::HeldOutAccuracy | Role::TrainingAccuracy => |error| 1.0 - error,
        _ => |value| value,
    }
}

/// Points at which the band is drawn.
const BAND: usize = 24;

type Band = Vec<(f64, f64, f64, f64)>;

fn predict(
    curve: &Curve,
    (role, kind): (Role, CurveKind),
    steps: u64,
    widths: &Widths,
) -> Result<(Final, Band), NoFinal> {
    let is_bounded = curve.points.iter().all(|point| point.1 >= 0.0);
    let law = PowerLaw::fit(&curve.points, is_bounded).expect("a smooth curve has points enough");
    let last = curve.last().expect("likewise");
    let (at, end) = (curve.last_step as f64, steps as f64);
    let back = unit_of(role);
    let most = if role.is_loss() { f64::INFINITY } else { 1.0 };
    let least = if is_bounded { 0.0 } else { f64::NEG_INFINITY };
    let ends = |step: f64| {
        let row = widths.row(kind, step / at)?;
        let expected = law.at(step);
        let median = last + row.share * (expected - last);
        let width = row.quantile * scale(curve, &law, expected);
        let [median, low, high] = [median, median - width, median + width].map(|end| back(end.clamp(least, most)));
        Some((step, low.min(high), median, low.max(high)))
    };
    let horizon = end / at;
    let (_, low, median, high) = ends(end).ok_or(NoFinal::TooFar(horizon))?;
    let band = (0..BAND).map(|i| at * libm::pow(horizon, i as f64 / (BAND - 1) as f64)).filter_map(ends).collect();
    let (law, exponent, floor) = (back(law.at(end)), law.exponent, back(law.floor));
    Ok((Final { step: steps, median, low, high, coverage: COVERAGE, horizon, law, exponent, floor }, band))
}

#[cfg(test)]
mod tests {
    use super::super::conformal::WidthRow;
    use super::*;
    use std::collections::BTreeMap;

    fn series(name: &str, steps: u64, value: impl Fn(f64) -> f64) -> Series {
        let steps: Vec<u64> = (0..=steps).step_by(5).collect();
        Series { name: name.to_owned(), values: steps.iter().map(|step| value(*step as f64)).collect(), steps }
    }

    fn asked(series: &[Series], steps: u64) -> LogVerdict {
        let question = LogQuestion { steps: Some(steps), ..LogQuestion::default() };
        verdict_of_series(series, question, Widths::shipped()).unwrap()
    }

    fn law(step: f64) -> f64 {
        0.5 + 4.0 * (step + 1e-9).powf(-0.5)
    }

    #[test]
    fn an_exact_law_goes_on_to_its_end() {
        let found = asked(&[series("train_loss", 1000, law)], 4000);
        assert_eq!((found.taken_for, found.kind, found.at), (TakenFor::Smooth, CurveKind::TrainingLoss, 1000));
        let end = found.r#final.unwrap();
        // Medians of bins shift a curve by less than the square of a bin's width.
        assert!((end.law - law(4000.0)).abs() < 2e-3 && (end.floor - 0.5).abs() < 0.02, "{end:?}");
        assert!(end.low < law(4000.0) && law(4000.0) < end.high);
        assert_eq!((end.horizon, end.coverage, found.band.len()), (4.0, 0.9, BAND));
        assert!(found.band.iter().all(|at| at.1 <= at.2 && at.2 <= at.3));
    }

    /// With widths that are known: the median lies at the named share of the way from the last value to the law, the ends a scale from it.
    #[test]
    fn the_answer_is_the_share_of_the_laws_fall_give_or_take_the_width() {
        let log = [series("train_loss", 1000, law)];
        let question = LogQuestion { steps: Some(4000), ..LogQuestion::default() };
        for share in [0.0, 0.5, 1.0] {
            let row = WidthRow { to: 8.0, share, quantile: 2.0, looks: 100 };
            let widths = Widths { kinds: BTreeMap::from([(CurveKind::TrainingLoss, vec![row])]) };
            let end = verdict_of_series(&log, question, &widths).unwrap().r#final.unwrap();
            let curve = falling(&log[0], Role::TrainingLoss);
            let (last, fitted) = (curve.last().unwrap(), PowerLaw::fit(&curve.points, true).unwrap());
            assert!((end.median - (last + share * (end.law - last))).abs() < 1e-12, "{end:?}");
            assert!((end.high - end.median - 2.0 * scale(&curve, &fitted, end.law)).abs() < 1e-12, "{end:?}");
        }
    }

    #[test]
    fn noise_widens_the_interval() {
        let noise = |size: f64| series("loss", 1000, move |step| law(step) + size * (step * 1.7).sin());
        let width = |found: LogVerdict| found.r#final.map(|end| end.high - end.low).unwrap();
        let sparse = |one: Series| {
            let points: Vec<(u64, f64)> = one.steps.into_iter().zip(one.values).step_by(9).collect();
            let (steps, values) = points.into_iter().unzip();
            [Series { name: one.name, steps, values }]
        };
        let quiet = width(asked(&sparse(noise(0.0)), 4000));
        assert!(width(asked(&sparse(noise(0.1)), 4000)) > 1.2 * quiet);
    }

    #[test]
    fn the_future_of_a_log_is_not_seen() {
        let long = series("loss", 2000, |step| if step > 1000.0 { 9.0 } else { law(step) });
        let cut = long.steps.partition_point(|step| *step <= 1000);
        let past = Series { name: long.name, steps: long.steps[..cut].to_vec(), values: long.values[..cut].to_vec() };
        assert_eq!(asked(&[past], 4000), asked(&[series("loss", 1000, law)], 4000));
    }

    /// Memorized at once, understood late.
    fn grokking() -> [Series; 4] {
        [
            series("train_loss", 500, |step| 3.0 * (-step / 10.0).exp() + 1e-4),
            series("train_accuracy", 500, |step| 1.0 - (-step / 5.0).exp()),
            series("val_loss", 500, |step| 3.0 + 2.0 * (1.0 - (-step / 30.0).exp())),
            series("val_accuracy", 500, |_| 0.05),
        ]
    }

    #[test]
    fn a_run_that_memorized_gets_no_number() {
        let found = asked(&grokking(), 2000);
        assert_eq!((found.taken_for, found.r#final, found.no_final), (TakenFor::Jump, None, Some(NoFinal::NotSmooth)));
        assert!(matches!(found.signs[0], Sign::Memorized(_)), "{:?}", found.signs);
        assert_eq!(found.series.len(), 4);
        assert_eq!((found.predicted.name.as_str(), found.predicted.role), ("val_loss", Role::HeldOutLoss));
        assert_eq!(found.series[3].last, Some(0.05));
        // From accuracies alone, and from the training loss alone, which is smooth and says so little.
        let found = asked(&grokking()[1..2], 2000);
        assert_eq!(found.predicted.role, Role::TrainingAccuracy);
        let [_, train, _, held] = grokking();
        assert_eq!(asked(&[train, held], 2000).taken_for, TakenFor::Jump);
        let question = LogQuestion { steps: Some(2000), loss: Some("train_loss"), by_samples: false };
        let log = grokking();
        let found = verdict_of_series(&log, question, Widths::shipped()).unwrap();
        assert!(found.predicted.role == Role::TrainingLoss && !matches!(found.signs[..], [Sign::Memorized(_), ..]));
    }

    #[test]
    fn an_accuracy_is_predicted_as_a_share() {
        let found = asked(&[series("val_accuracy", 1000, |step| 90.0 - 80.0 * (step + 1.0).powf(-0.5))], 2000);
        let end = found.r#final.unwrap();
        assert_eq!((found.taken_for, found.kind), (TakenFor::Smooth, CurveKind::Error));
        assert!(end.low < end.median && end.median < end.high && end.high <= 1.0);
        assert!((end.law - (0.9 - 0.8 * 2001_f64.powf(-0.5))).abs() < 0.01, "{end:?}");
    }

    #[test]
    fn without_steps_too_far_or_too_short_there_is_no_number() {
        let log = [series("loss", 1000, law)];
        let found = verdict_of_series(&log, LogQuestion::default(), Widths::shipped()).unwrap();
        assert_eq!((found.taken_for, found.no_final), (TakenFor::Smooth, Some(NoFinal::NoSteps)));
        assert_eq!(asked(&log, 1_000_000).no_final, Some(NoFinal::TooFar(1000.0)));
        let found = asked(&[series("loss", 10, law)], 2000);
        assert_eq!((found.taken_for, found.signs), (TakenFor::CannotTell, vec![Sign::TooShort]));
        let diverges = series("loss", 1000, |step| if step > 800.0 { f64::NAN } else { law(step) });
        let found = asked(&[diverges], 2000);
        assert_eq!((found.taken_for, found.signs), (TakenFor::CannotTell, vec![Sign::Diverged(805)]));
    }

    #[test]
    fn what_cannot_be_read_is_named_with_what_there_is() {
        let log = [series("reward", 100, law), series("lr", 100, law)];
        let error = |question| verdict_of_series(&log, question, Widths::shipped()).unwrap_err().to_string();
        let no_loss = error(LogQuestion::default());
        assert!(no_loss.contains("reward, lr") && no_loss.contains("--loss NAME"), "{no_loss}");
        assert!(error(LogQuestion { loss: Some("ls"), ..LogQuestion::default() }).contains("no series \"ls\""));
        let named = LogQuestion { loss: Some("reward"), steps: Some(200), ..LogQuestion::default() };
        let found = verdict_of_series(&log, named, Widths::shipped()).unwrap();
        assert_eq!((found.predicted.name.as_str(), found.predicted.role), ("reward", Role::TrainingLoss));
        let by_samples = error(LogQuestion { by_samples: true, ..named });
        assert!(by_samples.contains("val_error"), "{by_samples}");
        let over = error(LogQuestion { steps: Some(100), ..named });
        assert!(over.contains("has reached step 100"), "{over}");
    }
}

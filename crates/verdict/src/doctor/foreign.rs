//! A run of somebody else's, of which only series were recorded. What needs the inside, or a fork, is said to be missing.

use super::alarm::{Alarm, Place};
use super::detectors::{CUSUM, DETECTORS, Detector, GRADIENT_NORM, first_above};
use super::diagnose::Verdict;
use super::harm::fell_back;
use super::reason::Reason;
use super::replay::Replayed;
use crate::series::Series;
use dunwu_engine::Outcome;
use schemars::JsonSchema;
use serde::Serialize;

/// What recorded series say of a run.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ForeignDiagnosis {
    /// Sick where the loss fell back and stayed there, or stopped being finite; never with a proof.
    pub verdict: Verdict,
    /// The step since which; `null` where it is not sick.
    pub first_step: Option<u64>,
    /// The series that was read as the training loss; `null` where none could be.
    pub loss: Option<String>,
    /// What was out of the ordinary, the first first. Of most the reason is unknown.
    pub alarms: Vec<Alarm>,
    /// What could not be judged, and what it would need.
    pub missing: Vec<String>,
    /// Step and loss, finite losses alone.
    pub losses: Vec<(u64, f64)>,
}

/// What can be judged without the run.
pub fn diagnose_series(series: &[Series]) -> ForeignDiagnosis {
    let mut missing = vec![
        "a reason and its proof: both need the run itself, to be seen from inside and forked".to_owned(),
        "rows, layers, units and heads: no series tells them".to_owned(),
    ];
    let loss = find(series, &["train_loss", "train/loss", "training_loss", "loss"], &["val", "test", "eval"]);
    let mut alarms = Vec::new();
    if let Some(rate) = find(series, &["learning_rate", "lr"], &[]) {
        alarms.extend(jump(rate));
    } else {
        missing.push("a jump of the learning rate: no series is called learning_rate or lr".to_owned());
    }
    if let Some(norm) = find(series, &["grad_norm", "gradient_norm", "grad/norm"], &[]) {
        alarms.extend(of_detector(&DETECTORS[GRADIENT_NORM], norm, "gradient_norm_z"));
    } else {
        missing.push("spikes of the gradient: no series is called grad_norm or gradient_norm".to_owned());
    }
    let Some(loss) = loss else {
        missing.push("the loss: no series is called train_loss or loss".to_owned());
        let (verdict, losses) = (Verdict::CannotTell, Vec::new());
        return ForeignDiagnosis { verdict, first_step: None, loss: None, alarms, missing, losses };
    };
    alarms.extend(of_detector(&DETECTORS[CUSUM], loss, "cusum_of_loss"));
    alarms.sort_by_key(|alarm| alarm.step);
    let first_step = went_wrong(loss);
    ForeignDiagnosis {
        verdict: if first_step.is_some() { Verdict::Sick } else { Verdict::Well },
        first_step,
        loss: Some(loss.name.clone()),
        alarms,
        missing,
        losses: points(loss).into_iter().filter(|point| point.1.is_finite()).collect(),
    }
}

/// The first series with one of these names, or whose name ends so behind a `/`; none that speaks of other samples.
fn find<'a>(series: &'a [Series], names: &[&str], but: &[&str]) -> Option<&'a Series> {
    let is_named = |series: &&Series, name: &str| {
        let own = series.name.to_lowercase();
        let is_other = but.iter().any(|word| own.contains(word));
        !is_other && (own == name || own.ends_with(&format!("/{name}")) || own.ends_with(&format!(".{name}")))
    };
    names.iter().find_map(|name| series.iter().find(|series| is_named(series, name)))
}

fn points(series: &Series) -> Vec<(u64, f64)> {
    series.steps.iter().copied().zip(series.values.iter().copied()).collect()
}

/// Judged as a run of our own, whose probes are these losses.
fn went_wrong(loss: &Series) -> Option<u64> {
    let probes = points(loss);
    let not_finite = probes.iter().find(|(_, loss)| !loss.is_finite()).map(|(step, _)| *step);
    let end = probes.last().map_or(0, |probe| probe.0);
    let run =
        Replayed { losses: Vec::new(), probes, vitals: Vec::new(), outcome: Outcome::Censored { step: end }, end };
    not_finite.or_else(|| fell_back(&run))
}

fn jump(rate: &Series) -> Option<Alarm> {
    const LIMIT: f64 = 3.0;
    let points = points(rate);
    // A warm-up rises from nothing: only what was higher before, or lasted, can jump.
    let jump = |(place, pair): (usize, &[(u64, f64)])| {
        let before = points[..=place].iter().map(|point| point.1).fold(0.0, f64::max);
        let ratio = pair[1].1 / pair[0].1;
        (ratio > LIMIT && place >= 2 && before > 1.01 * pair[0].1).then_some((pair[1].0, ratio))
    };
    let (step, ratio) = points.windows(2).enumerate().find_map(jump)?;
    let (reason, place) = (Reason::Restart, Place::default());
    Some(Alarm { step, onset: step, reason, place, quantity: "rate_jump", value: Some(ratio), limit: LIMIT })
}

fn of_detector(detector: &Detector, series: &Series, quantity: &'static str) -> Option<Alarm> {
    let scores = detector.of(&series.values);
    let place = first_above(&scores, detector.customary)? as usize;
    let step = *series.steps.get(place)?;
    let value = Some(scores[place]).filter(|score| score.is_finite());
    let limit = detector.customary;
    Some(Alarm { step, onset: step, reason: Reason::Unknown, place: Place::default(), quantity, value, limit })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(name: &str, value: impl Fn(usize) -> f64) -> Series {
        let steps = (0..100).map(|i| i * 10).collect();
        Series { name: name.to_owned(), steps, values: (0..100).map(value).collect() }
    }

    #[test]
    fn what_can_be_judged_is_and_the_rest_is_said_to_be_missing() {
        let falls = |i: usize| 2.0 * (-(i as f64) / 30.0).exp() + 0.01 * ((i * 7919 % 13) as f64 / 13.0);
        let well = diagnose_series(&[series("train/loss", falls), series("val_loss", |_| f64::NAN)]);
        assert_eq!((well.verdict, well.loss.as_deref()), (Verdict::Well, Some("train/loss")));
        assert!(well.missing.iter().any(|what| what.contains("learning_rate")), "{:?}", well.missing);
        let blows = |i: usize| if i < 60 { falls(i) } else { 3.0 };
        let rate = |i: usize| {
            if i < 5 {
                1e-4 * i as f64
            } else if i < 58 {
                1e-3 - 1e-5 * i as f64
            } else {
                1e-2
            }
        };
        let sick = diagnose_series(&[series("loss", blows), series("lr", rate)]);
        assert_eq!((sick.verdict, sick.first_step), (Verdict::Sick, Some(600)));
        assert_eq!((sick.alarms[0].reason, sick.alarms[0].step), (Reason::Restart, 580));
        assert!(sick.alarms.iter().any(|alarm| alarm.reason == Reason::Unknown && alarm.step >= 600));
        let ends = diagnose_series(&[series("loss", |i| if i == 80 { f64::INFINITY } else { falls(i) })]);
        assert_eq!(ends.first_step, Some(800));
        assert_eq!(diagnose_series(&[series("accuracy", falls)]).verdict, Verdict::CannotTell);
    }
}

//! Cases made and judged.

use super::{Case, Class, NETWORKS, Row, Size, cases};
use crate::doctor::detectors::{DETECTORS, first_above};
use crate::doctor::harm::harmed_at;
use crate::doctor::replay::{Replayed, replay};
use crate::doctor::switches::{Clue, switches};
use crate::doctor::{Diagnosis, Reason, Verdict, diagnose};
use dunwu::run::RunRequest;
use dunwu::verb::{VerbError, Watcher};
use dunwu_engine::{Problem, RunSpec, Split};

/// Thresholds of the detectors by network.
type Thresholds = Vec<(String, Vec<f64>)>;

/// Times the largest clean score is a calibrated threshold.
const MARGIN: f64 = 1.1;

/// Makes every case and asks the doctor; clean runs first, whose first half calibrates the detectors. Rows come in the order of the
/// cases, whatever the number of threads.
pub fn bench(
    size: &Size,
    threads: usize,
    watcher: &mut Watcher<'_>,
    mut kept: impl FnMut(&Row),
) -> Result<Vec<Row>, VerbError> {
    let cases = cases::all(size);
    watcher.phase("making cases", Some(cases.len() as u64));
    let (clean, others): (Vec<Case>, Vec<Case>) = cases.into_iter().partition(|case| case.class == Class::Clean);
    let mut rows: Vec<Row> = Vec::new();
    let mut thresholds = Thresholds::new();
    for cases in [clean, others] {
        for together in cases.chunks(threads.max(1)) {
            for row in judge_together(together, &thresholds, watcher)? {
                kept(&row);
                rows.push(row);
            }
            watcher.pieces(rows.len() as u64);
        }
        thresholds = calibrate(&rows);
    }
    Ok(rows)
}

/// A case a thread.
fn judge_together(cases: &[Case], thresholds: &Thresholds, watcher: &Watcher<'_>) -> Result<Vec<Row>, VerbError> {
    let stop = watcher.stop();
    let judged = |case: &Case| match judge(case, thresholds, &mut Watcher::new(&mut |_| {}, stop)) {
        Ok(row) => Ok(row),
        Err(VerbError::Stopped) => Err(VerbError::Stopped),
        Err(error) => Ok(Row { error: error.sentence(), ..Row::of(case) }),
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = cases.iter().map(|case| scope.spawn(|| judged(case))).collect();
        let join = |thread: std::thread::ScopedJoinHandle<'_, _>| thread.join().expect("a case does not panic");
        threads.into_iter().map(join).collect()
    })
}

/// The row of a committed bench made again from its words, without the detectors that need other runs to be calibrated.
pub fn judge_again(row: &Row, watcher: &mut Watcher<'_>) -> Result<(String, String), VerbError> {
    let words: Vec<String> = split_words(&row.words);
    let RunRequest { spec, problem, split, .. } = RunRequest::from_words(&words)?;
    let mut again = Row::default();
    again.hear(&diagnose((&spec, &problem, &split), watcher)?);
    Ok((again.verdict, again.reason))
}

/// The words of a row: those behind `interventions=` are one.
fn split_words(words: &str) -> Vec<String> {
    let (settings, interventions) = match words.split_once(" interventions=") {
        Some((settings, rest)) => (settings, Some(format!("interventions={rest}"))),
        None => (words, None),
    };
    settings.split(' ').map(str::to_owned).chain(interventions).collect()
}

/// The largest score of each detector over the first half of a network's clean runs; for a network without any, over all.
fn calibrate(rows: &[Row]) -> Thresholds {
    let largest = |rows: &[&Row]| {
        let of = |detector: usize| {
            let scores = rows.iter().map(|row| row.largest.get(detector).copied().flatten().unwrap_or(f64::INFINITY));
            MARGIN * scores.fold(0.0, f64::max)
        };
        (0..DETECTORS.len()).map(of).collect::<Vec<f64>>()
    };
    let mut thresholds = Thresholds::new();
    for network in NETWORKS.iter().filter(|network| !network.is_left_out) {
        let own: Vec<&Row> = rows.iter().filter(|row| row.network == network.name).collect();
        thresholds.push((network.name.to_owned(), largest(&own[..own.len() / 2])));
    }
    let all: Vec<&Row> = rows.iter().filter(|row| thresholds.iter().any(|(name, _)| *name == row.network)).collect();
    thresholds.push((String::new(), largest(&all)));
    thresholds
}

impl Row {
    fn of(case: &Case) -> Self {
        Self {
            class: case.class.name().to_owned(),
            network: case.network.clone(),
            planted: case.truth.as_ref().map_or(String::new(), |clue| clue.reason.name().to_owned()),
            words: case.words.join(" "),
            onset: case.truth.as_ref().map(|clue| clue.onset),
            ..Self::default()
        }
    }
}

fn judge(case: &Case, thresholds: &Thresholds, watcher: &mut Watcher<'_>) -> Result<Row, VerbError> {
    let mut row = Row::of(case);
    let RunRequest { spec, problem, split, .. } = RunRequest::from_words(&case.words)?;
    let go_on = || !watcher.is_stopped();
    let run = replay((&spec, &problem, &split), true, |_| go_on())?.ok_or(VerbError::Stopped)?;
    row.measure(&run, thresholds);
    if let Some(truth) = &case.truth {
        let request = RunRequest::from_words(&case.twin)?;
        let twin =
            replay((&request.spec, &request.problem, &request.split), false, |_| go_on())?.ok_or(VerbError::Stopped)?;
        row.harmed_at = harmed_at(&run, &twin);
        if row.harmed_at.is_some() {
            let heals = |spec: &_| -> Result<bool, VerbError> {
                let child = replay((spec, &problem, &split), false, |_| go_on())?.ok_or(VerbError::Stopped)?;
                Ok(harmed_at(&child, &twin).is_none() && child.final_loss() <= 2.0 * twin.final_loss() + 0.1)
            };
            row.certify((&spec, &problem, &split), &run, truth, heals)?;
        }
    }
    row.hear(&diagnose((&spec, &problem, &split), watcher)?);
    Ok(row)
}

impl Row {
    fn measure(&mut self, run: &Replayed, thresholds: &Thresholds) {
        let own = thresholds.iter().find(|(name, _)| *name == self.network).or(thresholds.last());
        for (place, detector) in DETECTORS.iter().enumerate() {
            let scores = detector.scores(run);
            let largest =
                scores.iter().copied().fold(0.0, |a: f64, b| if b.is_nan() { f64::INFINITY } else { a.max(b) });
            self.largest.push(Some(largest).filter(|largest| largest.is_finite()));
            self.customary.push(first_above(&scores, detector.customary));
            self.calibrated.push(own.and_then(|(_, limits)| first_above(&scores, limits[place])));
        }
    }

    fn certify(
        &mut self,
        request: (&RunSpec, &Problem, &Split),
        run: &Replayed,
        truth: &Clue,
        heals: impl Fn(&RunSpec) -> Result<bool, VerbError>,
    ) -> Result<(), VerbError> {
        let mut certified: Vec<Reason> = Vec::new();
        let mut right = None;
        let mut wrong: Vec<(Reason, bool)> = Vec::new();
        for switch in switches(request, run, std::slice::from_ref(truth)) {
            let healed = heals(&switch.spec)?;
            if healed && !certified.contains(&switch.reason) {
                certified.push(switch.reason);
            }
            if switch.reason == truth.reason {
                right = Some(right.unwrap_or(false) || healed);
            } else if switch.reason != Reason::Rate {
                // A lower rate is no specific switch: it softens every blow.
                wrong.push((switch.reason, healed));
            }
        }
        self.certified = joined(certified.iter().map(|reason| reason.name()));
        self.right_heals = right;
        (self.wrong, self.wrong_heal) = (wrong.len() as u64, wrong.iter().filter(|(_, healed)| *healed).count() as u64);
        let words = vec!["nudge all 0 by 0.001".to_owned()];
        let fork = dunwu::run::Fork { at: truth.onset.min(request.0.steps - 1), until: None, words: &words };
        self.null_heals = Some(heals(&fork.of(request.0)?)?);
        Ok(())
    }

    fn hear(&mut self, diagnosis: &Diagnosis) {
        let verdict = match diagnosis.verdict {
            Verdict::Sick => "sick",
            Verdict::Well => "well",
            Verdict::CannotTell => "cannot_tell",
        };
        verdict.clone_into(&mut self.verdict);
        self.reason = diagnosis.reason.map_or(String::new(), |reason| reason.name().to_owned());
        self.alarm = diagnosis.alarms.first().map(|alarm| alarm.step);
        self.alarms = joined(diagnosis.alarms.iter().map(|alarm| alarm.reason.name()));
        self.lints = joined(diagnosis.lints.iter().map(|lint| lint.reason.name()));
    }
}

fn joined<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join("+")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::sync::atomic::AtomicBool;

    const ROWS: &str = include_str!("../../../../../testdata/doctor/rows.jsonl");

    fn rows() -> Vec<Row> {
        ROWS.lines().map(|line| serde_json::from_str(line).expect("a row a line")).collect()
    }

    /// Published rates are those of the committed rows, and the build still says of a sample of them what they say. Rounding differs
    /// between machines, so that a case near an edge may come out otherwise.
    #[test]
    fn a_sample_of_the_published_rows_is_judged_as_it_was() {
        let rows = rows();
        let mut kinds = BTreeSet::new();
        let sample: Vec<&Row> = rows
            .iter()
            .filter(|row| row.class == "plant" && row.harmed_at.is_some() && kinds.insert(&row.planted))
            .collect();
        assert!(sample.len() >= 12, "{kinds:?}");
        let stop = AtomicBool::new(false);
        let mut hear = |_: &dunwu::verb::Progress<'_>| {};
        let mut watcher = Watcher::new(&mut hear, &stop);
        let differing: Vec<String> = sample
            .iter()
            .filter_map(|row| {
                let (verdict, reason) = judge_again(row, &mut watcher).expect("it can be made again");
                let is_same = (&verdict, &reason) == (&row.verdict, &row.reason);
                (!is_same).then(|| format!("{}: {verdict} {reason}, was {} {}", row.words, row.verdict, row.reason))
            })
            .collect();
        assert!(differing.len() <= 2, "{differing:#?}");
    }

    /// Planted: a doctor that names the wrong reason is seen in the rates.
    #[test]
    fn a_doctor_that_is_wrong_has_a_bad_rate() {
        let rate = |rows: &[Row]| {
            let rates = super::super::summarize(rows).rates;
            let of = |what: &str| rates.iter().find(|rate| rate.what.contains(what)).map(|rate| (rate.count, rate.of));
            (of("networks that rules were written on"), of("sick in clean runs"))
        };
        let (Some((right, of)), Some((sick, clean))) = rate(&rows()) else { panic!("both are counted") };
        assert!(right * 10 > of * 9 && sick * 50 < clean, "{right} of {of}, {sick} of {clean}");
        let wrong: Vec<Row> = rows()
            .into_iter()
            .map(|row| Row { reason: "unknown".to_owned(), verdict: "sick".to_owned(), ..row })
            .collect();
        assert_eq!(rate(&wrong), (Some((0, of)), Some((clean, clean))));
    }
}

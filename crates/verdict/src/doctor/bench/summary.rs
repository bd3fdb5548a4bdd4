//! Rates with their intervals from the rows of a doctor's bench: how often it is right, and how often it cries.

use super::{NETWORKS, Row};
use crate::doctor::detectors::DETECTORS;
use dunwu::stats::Share;
use dunwu::stats::median;
use schemars::JsonSchema;
use serde::Serialize;

/// A count of a count, with its 95 % interval.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Rate {
    /// What is counted.
    pub what: String,
    /// Cases in which it holds.
    pub count: u64,
    /// Cases in all.
    pub of: u64,
    /// Lower end of the 95 % interval; `null` without cases.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
}

/// What a bench came to.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Summary {
    /// Rates of the doctor.
    pub rates: Vec<Rate>,
    /// Cases of each kind: planted, harmful, and of these right.
    pub kinds: Vec<Kind>,
    /// Median of (harm − alarm) / (harm − onset) over harmful plants with 170 steps of room or more; `null` without any.
    pub lead_share: Option<f64>,
    /// The detectors on the same runs.
    pub detectors: Vec<DetectorRates>,
}

/// The plants of one reason.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Kind {
    /// The planted reason.
    pub planted: String,
    /// Plants.
    pub cases: u64,
    /// Those that are harmed beside their twins.
    pub harmful: u64,
    /// Harmful ones for which some switch heals: those that can be judged.
    pub certified: u64,
    /// Of these, those whose named reason is in the certified set.
    pub right: u64,
    /// Of these, those in which the linter names a reason of the set.
    pub linted: u64,
}

/// A detector on the same runs.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct DetectorRates {
    /// Its name.
    pub name: String,
    /// Clean runs not used for calibration in which it alarms at its customary threshold, and at the calibrated one.
    pub clean: [Rate; 2],
    /// Harmful plants that it finds before their harm plus 10 steps at either.
    pub found: [Rate; 2],
}

fn rate<'a>(what: &str, rows: impl Iterator<Item = &'a Row>, holds: impl Fn(&Row) -> bool) -> Rate {
    let (mut count, mut of) = (0, 0);
    for row in rows {
        of += 1;
        count += u64::from(holds(row));
    }
    counted(what, count, of)
}

fn counted(what: &str, count: u64, of: u64) -> Rate {
    let share = (of > 0).then(|| Share::of(count as usize, of as usize));
    Rate { what: what.to_owned(), count, of, low: share.map(|share| share.low), high: share.map(|share| share.high) }
}

impl Row {
    fn is(&self, class: &str) -> bool {
        self.class == class && self.error.is_empty()
    }

    /// Harmful, and with a switch that heals, so that there is a right answer; not on a knife's edge.
    fn is_certified(&self) -> bool {
        self.is("plant") && self.harmed_at.is_some() && !self.certified.is_empty() && self.null_heals != Some(true)
    }

    fn names_any(&self, reasons: &str) -> bool {
        reasons
            .split('+')
            .any(|reason| !reason.is_empty() && self.certified.split('+').any(|certified| certified == reason))
    }

    fn is_right(&self) -> bool {
        self.verdict == "sick" && self.names_any(&self.reason)
    }
}

/// The rates of a bench's rows.
pub fn summarize(rows: &[Row]) -> Summary {
    let is_left_out = |row: &Row| NETWORKS.iter().any(|network| network.is_left_out && network.name == row.network);
    let certified = || rows.iter().filter(|row| row.is_certified());
    let harmful = || rows.iter().filter(|row| row.is("plant") && row.harmed_at.is_some());
    let (wrong, wrong_heal) = certified().fold((0, 0), |(n, healed), row| (n + row.wrong, healed + row.wrong_heal));
    let rates = vec![
        rate("plants that do harm", rows.iter().filter(|row| row.is("plant")), |row| row.harmed_at.is_some()),
        rate("harmful plants that a switch heals", harmful(), Row::is_certified),
        rate(
            "reason in the certified set, networks that rules were written on",
            certified().filter(|row| !is_left_out(row)),
            Row::is_right,
        ),
        rate(
            "reason in the certified set, network left out",
            certified().filter(|row| is_left_out(row)),
            Row::is_right,
        ),
        rate("linter names a reason of the certified set", certified(), |row| row.names_any(&row.lints)),
        rate("sick in clean runs", rows.iter().filter(|row| row.is("clean")), |row| row.verdict == "sick"),
        rate("alarms in clean runs", rows.iter().filter(|row| row.is("clean")), |row| row.alarm.is_some()),
        rate("sick in harmless decoys", rows.iter().filter(|row| row.is("decoy") && row.harmed_at.is_none()), |row| {
            row.verdict == "sick"
        }),
        rate(
            "linter speaks in harmless decoys",
            rows.iter().filter(|row| row.is("decoy") && row.harmed_at.is_none()),
            |row| !row.lints.is_empty(),
        ),
        rate("right switch heals at the true place", harmful().filter(|row| row.right_heals.is_some()), |row| {
            row.right_heals == Some(true)
        }),
        counted("wrong switches that heal", wrong_heal, wrong),
        rate("null fork heals", harmful().filter(|row| row.null_heals.is_some()), |row| row.null_heals == Some(true)),
    ];
    let mut kinds: Vec<Kind> = Vec::new();
    for row in rows.iter().filter(|row| row.is("plant")) {
        let place = kinds.iter().position(|kind| kind.planted == row.planted).unwrap_or_else(|| {
            kinds.push(Kind { planted: row.planted.clone(), cases: 0, harmful: 0, certified: 0, right: 0, linted: 0 });
            kinds.len() - 1
        });
        let kind = &mut kinds[place];
        kind.cases += 1;
        kind.harmful += u64::from(row.harmed_at.is_some());
        if row.is_certified() {
            kind.certified += 1;
            kind.right += u64::from(row.is_right());
            kind.linted += u64::from(row.names_any(&row.lints));
        }
    }
    let lead = |row: &Row| {
        let (harm, onset, alarm) = (row.harmed_at?, row.onset?, row.alarm?);
        let room = harm.saturating_sub(onset);
        (room >= 170).then(|| (harm as f64 - alarm as f64) / room as f64)
    };
    Summary {
        rates,
        kinds,
        lead_share: median(certified().filter_map(lead)),
        detectors: (0..DETECTORS.len()).map(|place| detector(rows, place)).collect(),
    }
}

fn detector(rows: &[Row], place: usize) -> DetectorRates {
    // The first half of each network's clean runs set the thresholds; the others judge them.
    let mut judged: Vec<&Row> = Vec::new();
    for network in &NETWORKS {
        let own: Vec<&Row> = rows.iter().filter(|row| row.is("clean") && row.network == network.name).collect();
        judged.extend(&own[own.len() / 2..]);
    }
    let of = |steps: fn(&Row) -> &Vec<Option<u64>>, row: &Row| steps(row).get(place).copied().flatten();
    let clean = |what: &str, limit: Option<f64>| {
        rate(what, judged.iter().copied(), |row| match limit {
            Some(_) => of(|row| &row.customary, row).is_some(),
            None => of(|row| &row.calibrated, row).is_some(),
        })
    };
    let harmful = || rows.iter().filter(|row| row.is("plant") && row.harmed_at.is_some());
    let found = |what: &str, steps: fn(&Row) -> &Vec<Option<u64>>| {
        rate(what, harmful(), |row| of(steps, row).zip(row.harmed_at).is_some_and(|(alarm, harm)| alarm <= harm + 10))
    };
    DetectorRates {
        name: DETECTORS[place].name.to_owned(),
        clean: [clean("customary", Some(DETECTORS[place].customary)), clean("calibrated", None)],
        found: [found("customary", |row| &row.customary), found("calibrated", |row| &row.calibrated)],
    }
}

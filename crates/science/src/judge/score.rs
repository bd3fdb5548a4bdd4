//! What the runs say for one claim.

use super::density::log2_sum;
use super::expect::{Rival, key_of};
use super::fit::{Tails, fit};
use super::likelihood::{likeliest_around, likeliest_constant, likeliest_curve, likeliest_frequency, likeliest_odds};
use super::memory::Memory;
use super::row::{Axes, Forecast, Row, Seen};
use super::trial::{LaidOut, Trial, law_of, lay_out, margin_of};
use super::{sameness, share};
use crate::claim::{Claim, Scope};
use crate::lab::{LabCard, Outcome, Point};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// A run as the ledger holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct RunRecord {
    /// The line of the ledger that holds its result.
    pub line: u64,
    /// What was set.
    pub point: Point,
    /// Its seed.
    pub seed: u32,
    /// What came out, by observable.
    pub outcomes: BTreeMap<String, Outcome>,
    /// What makes it again; empty where nothing was made.
    pub specification: String,
    /// What it cost, in steps.
    pub steps: u64,
}

/// The first runs in a claim's scope are not scored: they are what it begins with.
pub const WARM_UP: usize = 4;

/// What the runs say for a claim, in bits.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Score {
    /// Runs, or pairs of runs, that were scored or began it.
    pub runs: usize,
    /// Of them, those known only to lie above a value.
    pub censored: usize,
    /// Runs in the scope without a value, such as those that diverged.
    pub undefined: usize,
    /// Runs in the scope whose result was lost.
    pub missing: usize,
    /// What it costs to state the claim.
    pub statement_bits: f64,
    /// Bits saved over the likeliest of what would make the claim say nothing, less the bits to state it.
    pub net_bits: f64,
    /// The same on runs after its registration, without the cost of stating it.
    pub registered_bits: f64,
    /// Bits ahead of R0 (a constant), R1 (a power law of all that was varied) and R2 (what near runs came to), all as forecasts from the
    /// past; empty for claims about shares of cases, whose reference is a smaller share.
    pub ahead_of: BTreeMap<String, f64>,
    /// Bits of the references against the likeliest form of the claim: evidence that it is wrong.
    pub against_bits: f64,
    /// The line of the ledger with the run that says most against it.
    pub worst_run: Option<u64>,
    /// The share of outcomes that fell into the middle nine tenths of what was foretold; about 0.9 where the errors are as assumed.
    pub calibration: Option<f64>,
    /// Runs by their place, with log₂ of the probability that the claim gave them.
    #[serde(skip)]
    pub(super) course: Vec<(usize, f64)>,
    /// Bits of R1 and R2 over the scored runs.
    #[serde(skip)]
    pub(super) reference_bits: Vec<f64>,
    /// Bits of the claim over the scored runs.
    #[serde(skip)]
    pub(super) own_bits: f64,
    /// Bits that the claim lost to the best reference, run by run.
    #[serde(skip)]
    pub(crate) lost: Vec<(usize, f64)>,
    /// Runs that were scored.
    #[serde(skip)]
    pub(super) scored: Vec<usize>,
}

/// Scores a claim that was registered when `registered` runs were known; conditions of the question cost it nothing.
pub fn judge(card: &LabCard, question: &Scope, claim: &Claim, runs: &[RunRecord], registered: usize) -> Score {
    judge_with(card, question, claim, runs, registered, &mut Memory::default())
}

/// The same, with what was foretold before kept in `memory`.
pub(super) fn judge_with(
    card: &LabCard,
    question: &Scope,
    claim: &Claim,
    runs: &[RunRecord],
    registered: usize,
    memory: &mut Memory,
) -> Score {
    let axes = memory.axes(card);
    let laid = lay_out(card, question, &axes, claim, runs);
    let statement_bits = claim.statement_bits(card, question);
    let mut score = Score {
        runs: 0,
        censored: laid.censored,
        undefined: laid.undefined,
        missing: laid.missing,
        statement_bits,
        net_bits: -statement_bits,
        registered_bits: 0.0,
        ahead_of: BTreeMap::new(),
        against_bits: 0.0,
        worst_run: None,
        calibration: None,
        course: Vec::new(),
        reference_bits: Vec::new(),
        own_bits: 0.0,
        scored: Vec::new(),
        lost: Vec::new(),
    };
    Judging { card, question, claim, runs, registered, memory }.fill(&mut score, laid);
    score
}

struct Judging<'a> {
    card: &'a LabCard,
    question: &'a Scope,
    claim: &'a Claim,
    runs: &'a [RunRecord],
    registered: usize,
    memory: &'a mut Memory,
}

impl Judging<'_> {
    fn fill(&mut self, score: &mut Score, laid: LaidOut) {
        match laid.trial {
            Trial::Numbers { rows, resolution } => self.fill_foretold(score, &rows, Some(resolution)),
            Trial::Events { rows } => self.fill_foretold(score, &rows, None),
            Trial::Cases { cases, share } => self.fill_cases(score, &cases, share),
            Trial::Sameness { rows, most, resolution } => {
                score.runs = rows.len();
                if rows.len() <= WARM_UP {
                    return;
                }
                let (for_it, against, bits) = sameness::bits_for_and_against(&rows, most, resolution, WARM_UP);
                score.net_bits += for_it;
                score.against_bits = against;
                // Those after registration, with those before as what the forecast begins with.
                let before = rows.iter().filter(|row| row.run < self.registered).count().max(WARM_UP);
                if before < rows.len() {
                    score.registered_bits = sameness::bits_for_and_against(&rows, most, resolution, before).0;
                }
                score.worst_run = rows
                    .iter()
                    .zip(&bits)
                    .skip(WARM_UP)
                    .min_by(|a, b| a.1.total_cmp(b.1))
                    .map(|(row, _)| self.runs[row.run].line);
                score.scored = rows.iter().skip(WARM_UP).map(|row| row.run).collect();
            }
            Trial::OneCurve { rows, resolution } => {
                self.fill_courses(score, &rows, Some(resolution));
                if score.reference_bits.is_empty() {
                    return;
                }
                // One curve has no likeliest form that could be fitted: what is against it is how far other forecasts are ahead.
                score.against_bits =
                    score.reference_bits.iter().fold(f64::NEG_INFINITY, |most, bits| most.max(*bits)) - score.own_bits;
            }
        }
    }

    fn fill_cases(&self, score: &mut Score, cases: &[(usize, bool)], share: f64) {
        let held = |cases: &[(usize, bool)]| cases.iter().filter(|(_, held)| *held).count();
        let (for_it, against) = share::bits_for_and_against(share, held(cases), cases.len());
        score.runs = cases.len();
        score.net_bits += for_it;
        score.against_bits = against;
        let after: Vec<(usize, bool)> = cases.iter().filter(|(run, _)| *run >= self.registered).copied().collect();
        score.registered_bits = share::bits_for_and_against(share, held(&after), after.len()).0;
        score.worst_run = cases.iter().find(|(_, held)| !held).map(|(run, _)| self.runs[*run].line);
        let outcomes: Vec<bool> = cases.iter().map(|(_, held)| *held).collect();
        score.course = cases.iter().map(|(run, _)| *run).zip(share::course(share, &outcomes)).collect();
        score.scored = cases.iter().map(|(run, _)| *run).collect();
        score.own_bits = score.course.iter().map(|(_, bits)| bits).sum();
    }

    fn fill_foretold(&mut self, score: &mut Score, rows: &[Row], resolution: Option<f64>) {
        self.fill_courses(score, rows, resolution);
        let scored = &rows[WARM_UP.min(rows.len())..];
        if scored.is_empty() {
            return;
        }
        // The alternatives share their bits evenly, so that the best of them loses one.
        let others =
            log2_sum(score.reference_bits.iter().map(|bits| bits - libm::log2(score.reference_bits.len() as f64)));
        // The likeliest form is at least about as likely as the forecasts: where those are ahead, nothing more is to be computed.
        score.against_bits = others - score.own_bits;
        if score.against_bits <= 0.0 {
            return;
        }
        let axes = self.memory.axes(self.card);
        let likeliest = match resolution {
            Some(resolution) => {
                law_of(self.claim, &axes, self.card).map(|law| likeliest_curve(&law, scored, resolution))
            }
            None => margin_of(self.claim, &axes, self.card).map(|margin| likeliest_odds(&margin, scored)),
        };
        score.against_bits =
            likeliest.filter(|bits| bits.is_finite()).map_or(0.0, |bits| others - bits.max(score.own_bits));
    }

    /// Everything that follows from forecasts: the claim's own, and those of the references.
    fn fill_courses(&mut self, score: &mut Score, rows: &[Row], resolution: Option<f64>) {
        score.runs = rows.len();
        if rows.len() <= WARM_UP {
            return;
        }
        let key = key_of(self.card, self.question, self.claim);
        let (bits, forecasts) = match self.memory.course(&key, self.card, Rival::Claim(self.claim), rows, resolution) {
            Some(own) => (own.bits.clone(), own.forecasts.clone()),
            None => return,
        };
        let scored = &rows[WARM_UP..];
        score.own_bits = bits[WARM_UP..].iter().sum();
        score.net_bits += score.own_bits - self.memory.constant(&key, rows, resolution);
        let first = scored.iter().position(|row| row.run >= self.registered);
        if let Some(first) = first {
            let after = &scored[first..];
            let own: f64 = bits[WARM_UP + first..].iter().sum();
            score.registered_bits = own
                - if first == 0 {
                    self.memory.constant(&key, rows, resolution)
                } else {
                    resolution
                        .map_or_else(|| likeliest_frequency(after), |resolution| likeliest_constant(after, resolution))
                };
        }
        let mut beside: Vec<Vec<f64>> = Vec::new();
        for (name, rival) in [("R0", Rival::Constant), ("R1", Rival::PowerLaw), ("R2", Rival::Neighbours)] {
            let Some(course) = self.memory.course(&key, self.card, rival, rows, resolution) else { continue };
            let sum: f64 = course.bits[WARM_UP..].iter().sum();
            score.ahead_of.insert(name.to_owned(), score.own_bits - sum);
            score.reference_bits.push(sum);
            beside.push(course.bits.clone());
        }
        let lost = |place: usize| beside.iter().map(|bits| bits[place]).fold(f64::NEG_INFINITY, f64::max) - bits[place];
        score.lost = (WARM_UP..rows.len()).map(|place| (rows[place].run, lost(place))).collect();
        let worst = score.lost.iter().max_by(|a, b| a.1.total_cmp(&b.1));
        score.worst_run = worst.map(|(run, _)| self.runs[*run].line);
        score.calibration = calibration(scored, &forecasts[WARM_UP..]);
        score.course = rows.iter().map(|row| row.run).zip(bits).skip(WARM_UP).collect();
        score.scored = scored.iter().map(|row| row.run).collect();
    }
}

/// The share of numbers in the middle nine tenths of what was foretold of them.
fn calibration(rows: &[Row], forecasts: &[Forecast]) -> Option<f64> {
    let inside = rows.iter().zip(forecasts).filter_map(|(row, forecast)| match row.seen {
        Seen::Number(z) => forecast.above(z).map(|above| (0.05..=0.95).contains(&above)),
        _ => None,
    });
    let inside: Vec<bool> = inside.collect();
    (!inside.is_empty()).then(|| inside.iter().filter(|inside| **inside).count() as f64 / inside.len() as f64)
}

/// What a claim has earned so far without what stands beside it: net bits alone, for those who choose among many.
pub(crate) fn earned_bits(
    card: &LabCard,
    question: &Scope,
    claim: &Claim,
    runs: &[RunRecord],
    memory: &mut Memory,
) -> f64 {
    let axes = memory.axes(card);
    let (rows, resolution) = match lay_out(card, question, &axes, claim, runs).trial {
        Trial::Numbers { rows, resolution } => (rows, Some(resolution)),
        Trial::Events { rows } => (rows, None),
        _ => return f64::NEG_INFINITY,
    };
    if rows.len() <= WARM_UP {
        return f64::NEG_INFINITY;
    }
    let key = key_of(card, question, claim);
    let Some(own) = memory.course(&key, card, Rival::Claim(claim), &rows, resolution) else { return f64::NEG_INFINITY };
    let own: f64 = own.bits[WARM_UP..].iter().sum();
    own - memory.constant(&key, &rows, resolution) - claim.statement_bits(card, question)
}

/// log₂ of the probability of the runs under the likeliest form of a law or a boundary.
pub(crate) fn in_sample_bits(card: &LabCard, question: &Scope, claim: &Claim, runs: &[RunRecord]) -> Option<f64> {
    let axes = Axes::of(card);
    match lay_out(card, question, &axes, claim, runs).trial {
        Trial::Numbers { rows, resolution } => {
            let law = law_of(claim, &axes, card)?;
            let fitted = fit(&law, &rows, Tails::Heavy, resolution, None)?;
            Some(likeliest_around(&law, &fitted, &rows, resolution))
        }
        Trial::Events { rows } => Some(likeliest_odds(&margin_of(claim, &axes, card)?, &rows)),
        _ => None,
    }
}

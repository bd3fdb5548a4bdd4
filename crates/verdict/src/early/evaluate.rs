//! How good what was learned is, on sizes and on whole families that it did not see.

use super::learn::{Evidence, LeftOut, auc, calibration_error};
use super::looks::{LOOKS, step_of};
use super::model::{Calibration, HeadCard, Inputs};
use super::worlds::FAMILIES;
use crate::draw::Draw;
use crate::stats::ExactShare;
use std::collections::BTreeMap;
use std::fmt;

/// How well runs that were still undecided at a look are distinguished.
#[derive(Clone, Debug, PartialEq)]
pub struct LookRow {
    /// What was left out: `sizes` or `families`.
    pub left_out: &'static str,
    /// A family's name, or `all`.
    pub family: String,
    /// What was seen.
    pub inputs: &'static str,
    /// Share of the steps made; 0 before the run.
    pub look: f64,
    /// Runs still undecided.
    pub runs: usize,
    /// Of these, those that generalized later.
    pub generalized: usize,
    /// Area under the ROC curve.
    pub auc: Option<f64>,
    /// Expected calibration error.
    pub calibration_error: f64,
    /// Mean probability.
    pub mean_probability: f64,
    /// Share of the runs that lie inside of what the others leave known.
    pub inside: f64,
    /// Share of runs that generalized whose step lies in the 90 % interval.
    pub coverage: Option<f64>,
    /// Median error of the step, as a factor.
    pub time_factor: Option<f64>,
}

impl LookRow {
    /// The head of a table of such rows.
    pub const COLUMNS: &str = "left_out,family,inputs,look,runs,generalized,auc,calibration_error,mean_probability,inside,coverage,time_factor";
}

/// A number of four digits, or nothing.
fn cell(value: Option<f64>) -> String {
    value.map_or(String::new(), |value| format!("{value:.4}"))
}

impl fmt::Display for LookRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { left_out, family, inputs, look, runs, generalized, .. } = self;
        let cells = [
            cell(self.auc),
            cell(Some(self.calibration_error)),
            cell(Some(self.mean_probability)),
            cell(Some(self.inside)),
            cell(self.coverage),
            cell(self.time_factor),
        ];
        write!(f, "{left_out},{family},{inputs},{look},{runs},{generalized},{}", cells.join(","))
    }
}

/// What is said of rows that were not seen: by the head itself, or of foreign runs by their own, straightened on other families.
pub struct Said<'a> {
    /// The head's card.
    pub head: &'a HeadCard,
    /// Its scores.
    pub unseen: &'a LeftOut,
    /// How scores of foreign runs become probabilities; `None` where the head itself judges all.
    pub foreign: Option<Calibration>,
}

impl Said<'_> {
    /// The probability at a place among the rows.
    fn probability(&self, place: usize) -> f64 {
        let Self { head, unseen, foreign } = self;
        match foreign.filter(|_| !unseen.inside[place]) {
            Some(calibration) => calibration.probability(unseen.transfers[place]),
            None => head.calibration.probability(unseen.scores[place]),
        }
    }
}

/// Every look of every family, and of all together.
pub fn look_rows(evidence: &Evidence, left_out: &'static str, said: &Said<'_>) -> Vec<LookRow> {
    let Said { head, unseen, .. } = said;
    let inputs = head.inputs;
    let mut rows = Vec::new();
    let looks: Vec<Option<usize>> =
        if inputs == Inputs::Spec { vec![None] } else { (0..LOOKS.len()).map(Some).collect() };
    for look in looks {
        for family in std::iter::once(None).chain((0..FAMILIES.len()).map(Some)) {
            let places = (0..unseen.rows.len()).filter(|&place| {
                let row = unseen.rows[place];
                evidence.seen[row].look == look && family.is_none_or(|family| evidence.family(row) == family)
            });
            let places: Vec<usize> = places.collect();
            let judged: Vec<(f64, bool)> = places
                .iter()
                .map(|&place| {
                    let target = evidence.target(unseen.rows[place]);
                    (said.probability(place), target)
                })
                .collect();
            let spread = head.spreads[look.unwrap_or(0).min(head.spreads.len() - 1)];
            let errors: Vec<f64> = places
                .iter()
                .filter_map(|&place| Some(evidence.log_time(unseen.rows[place])? - unseen.times[place]))
                .collect();
            let covered = errors.iter().filter(|&&error| (spread.low..=spread.high).contains(&error)).count();
            rows.push(LookRow {
                left_out,
                family: family.map_or("all", |family| FAMILIES[family].name).to_owned(),
                inputs: inputs.name(),
                look: look.map_or(0.0, |look| LOOKS[look]),
                runs: judged.len(),
                generalized: judged.iter().filter(|row| row.1).count(),
                auc: auc(&judged),
                calibration_error: calibration_error(&judged),
                inside: places.iter().filter(|&&place| unseen.inside[place]).count() as f64
                    / places.len().max(1) as f64,
                mean_probability: judged.iter().map(|row| row.0).sum::<f64>() / judged.len().max(1) as f64,
                coverage: (!errors.is_empty()).then(|| covered as f64 / errors.len() as f64),
                time_factor: dunwu::stats::median(errors.iter().map(|error| error.abs())).map(libm::exp),
            });
        }
    }
    rows
}

/// What parking costs and saves.
#[derive(Clone, Debug, PartialEq)]
pub struct ParkRow {
    /// What was left out: `sizes` or `families`.
    pub left_out: &'static str,
    /// A family's name, or `all`.
    pub family: String,
    /// What was seen.
    pub inputs: &'static str,
    /// The stated risk.
    pub alpha: f64,
    /// Runs that generalized.
    pub generalized: usize,
    /// Of these, those that were parked before they did.
    pub false_parks: usize,
    /// Lower end of their share's exact 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Share of the steps of runs that do not generalize which is saved.
    pub wasted_steps_saved: f64,
    /// Share of the multiply-adds of runs that do not generalize which is saved.
    pub wasted_work_saved: f64,
    /// Share of all steps that is saved; a run that generalizes ends there.
    pub steps_saved: f64,
}

impl ParkRow {
    /// The head of a table of such rows.
    pub const COLUMNS: &str = "left_out,family,inputs,alpha,generalized,false_parks,low,high,wasted_steps_saved,wasted_work_saved,steps_saved";
}

impl fmt::Display for ParkRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { left_out, family, inputs, alpha, generalized, false_parks, .. } = self;
        let numbers = [self.low, self.high, self.wasted_steps_saved, self.wasted_work_saved, self.steps_saved];
        let cells: Vec<String> = numbers.into_iter().map(|number| cell(Some(number))).collect();
        write!(f, "{left_out},{family},{inputs},{alpha},{generalized},{false_parks},{}", cells.join(","))
    }
}

/// The step at which each run is parked that ever falls to the threshold.
fn parked(evidence: &Evidence, threshold: f64, said: &Said<'_>, is_guarded: bool) -> BTreeMap<usize, u64> {
    let mut parked: BTreeMap<usize, u64> = BTreeMap::new();
    for (place, &row) in said.unseen.rows.iter().enumerate() {
        let is_let_through = !is_guarded || said.unseen.inside[place];
        if is_let_through && said.probability(place) <= threshold {
            let seen = evidence.seen[row];
            let step = seen.look.map_or(0, |look| step_of(look, evidence.traces[seen.run].steps));
            let first = parked.entry(seen.run).or_insert(step);
            *first = (*first).min(step);
        }
    }
    parked
}

/// Steps until three runs of a size that was not learned from have generalized, in four ways of choosing and stopping.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChoiceRow {
    /// Labels or tokens D of the runs.
    pub tokens: u64,
    /// Runs of that size, of all families.
    pub runs: usize,
    /// Runs of that size that generalize.
    pub generalized: usize,
    /// Steps in random order, the mean over 400 orders.
    pub random: f64,
    /// The same where the hopeless are parked at a risk of 1 %.
    pub random_parked: f64,
    /// In the order of worth: the chance of generalizing for each step that is expected.
    pub ordered: f64,
    /// The same where the hopeless are parked.
    pub ordered_parked: f64,
}

impl ChoiceRow {
    /// The head of a table of such rows.
    pub const COLUMNS: &str = "tokens,runs,generalized,random,random_parked,ordered,ordered_parked";
}

impl fmt::Display for ChoiceRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tokens, runs, generalized, random, random_parked, ordered, ordered_parked } = self;
        write!(f, "{tokens},{runs},{generalized},{random:.1},{random_parked:.1},{ordered:.1},{ordered_parked:.1}")
    }
}

/// Runs that have to generalize before a search ends.
const WANTED: usize = 3;
/// Random orders.
const ORDERS: u64 = 400;
/// Runs that a size needs.
const LEAST_RUNS: usize = 100;

/// A row a size; `before` are scores of the spec alone, `during` those that parking reads.
pub fn choice_rows(evidence: &Evidence, before: &Said<'_>, during: &Said<'_>) -> Vec<ChoiceRow> {
    let traces = &evidence.traces;
    let Said { head, unseen, .. } = before;
    let mut worth = vec![0.0; traces.len()];
    for ((&row, &score), &time) in unseen.rows.iter().zip(&unseen.scores).zip(&unseen.times) {
        let run = evidence.seen[row].run;
        let (p, steps) = (head.calibration.probability(score), traces[run].steps as f64);
        worth[run] = p / (p * (libm::exp(time) * steps).min(steps) + (1.0 - p) * steps);
    }
    let parked = during
        .head
        .minima
        .threshold(0.01)
        .map_or_else(BTreeMap::new, |threshold| parked(evidence, threshold, during, false));
    let end = |run: usize| {
        let last = traces[run].rows.last().map_or(0.0, |row| f64::from(row[0]));
        traces[run].generalized.map_or(last, |step| step as f64)
    };
    // What a run costs, and whether it generalizes.
    let whole = |run: usize| (end(run), traces[run].generalized.is_some());
    let stopped = |run: usize| match parked.get(&run) {
        Some(&step) if (step as f64) < end(run) => (step as f64, false),
        _ => whole(run),
    };
    let mut sizes: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for run in 0..traces.len() {
        sizes.entry(evidence.tokens(run)).or_default().push(run);
    }
    let search = |order: &[usize], cost: &dyn Fn(usize) -> (f64, bool)| {
        let (mut steps, mut found) = (0.0, 0);
        for &run in order {
            let (own, generalizes) = cost(run);
            steps += own;
            found += usize::from(generalizes);
            if found == WANTED {
                break;
            }
        }
        steps
    };
    let large = sizes.into_iter().filter(|(_, runs)| {
        runs.len() >= LEAST_RUNS && runs.iter().filter(|&&run| traces[run].generalized.is_some()).count() >= WANTED
    });
    large
        .map(|(tokens, runs)| {
            let at_random = |cost: &dyn Fn(usize) -> (f64, bool)| {
                let one = |turn: u64| {
                    let order = Draw::of(tokens as usize, turn).order(runs.len());
                    search(&order.into_iter().map(|place| runs[place]).collect::<Vec<_>>(), cost)
                };
                (0..ORDERS).map(one).sum::<f64>() / ORDERS as f64
            };
            let mut ordered = runs.clone();
            ordered.sort_by(|&a, &b| worth[b].total_cmp(&worth[a]).then(a.cmp(&b)));
            ChoiceRow {
                tokens,
                runs: runs.len(),
                generalized: runs.iter().filter(|&&run| traces[run].generalized.is_some()).count(),
                random: at_random(&whole),
                random_parked: at_random(&stopped),
                ordered: search(&ordered, &whole),
                ordered_parked: search(&ordered, &stopped),
            }
        })
        .collect()
}

/// Parks every run at the first look at which its probability is at or below the threshold of `alpha`; guarded, only runs that lie
/// inside of what the others leave known.
pub fn park_rows(
    evidence: &Evidence,
    left_out: &'static str,
    alpha: f64,
    said: &Said<'_>,
    is_guarded: bool,
) -> Vec<ParkRow> {
    let head = said.head;
    let Some(threshold) = head.minima.threshold(alpha) else { return Vec::new() };
    let parked = parked(evidence, threshold, said, is_guarded);
    std::iter::once(None)
        .chain((0..FAMILIES.len()).map(Some))
        .map(|family| {
            let runs = (0..evidence.traces.len())
                .filter(|&run| family.is_none_or(|family| evidence.traces[run].family == family));
            let mut sums = [0.0; 6];
            let (mut generalized, mut false_parks) = (0, 0);
            for run in runs {
                let trace = &evidence.traces[run];
                let last = trace.rows.last().map_or(0.0, |row| f64::from(row[0]));
                let end = trace.generalized.map_or(last, |step| step as f64);
                let saved = parked.get(&run).map_or(0.0, |&step| (end - step as f64).max(0.0));
                if trace.generalized.is_some() {
                    generalized += 1;
                    false_parks += usize::from(saved > 0.0);
                } else {
                    let terms = [saved, end, saved * trace.work, end * trace.work];
                    sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
                }
                sums[4] += saved;
                sums[5] += end;
            }
            let share = ExactShare::of(false_parks, generalized);
            ParkRow {
                left_out,
                family: family.map_or("all", |family| FAMILIES[family].name).to_owned(),
                inputs: head.inputs.name(),
                alpha,
                generalized,
                false_parks,
                low: share.low,
                high: share.high,
                wasted_steps_saved: sums[0] / sums[1].max(1.0),
                wasted_work_saved: sums[2] / sums[3].max(1.0),
                steps_saved: sums[4] / sums[5].max(1.0),
            }
        })
        .collect()
}

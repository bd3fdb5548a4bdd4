//! From traces to a model, and how good it is on what it did not see.
//!
//! Sizes are left out in folds: a fold holds every run whose number of labels or tokens D leaves the same rest modulo five. Scores of a fold come
//! from forests that saw the others alone; calibrations, spreads of times and the minima that parking rests on are taken from these.
//! Families are left out one at a time in the same way.

use super::bounds::Bounds;
use super::coordinates::COORDINATES;
use super::model::{
    Calibration, Card, FORMAT, HeadCard, Inputs, KnownFamily, KnownRange, Minima, Model, Odds, Spread, TRANSFERS,
    TransferCard, n_spreads, picked, transfer_places,
};
use super::net::Net;
use super::observe::Trace;
use super::trees::{Fit, Forest, Rows};
use super::worlds::FAMILIES;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Folds that sizes are left out in.
pub const FOLDS: usize = 5;
/// The place of ln D among the coordinates.
const TOKENS: usize = 2;
/// Minima that are kept of the runs that generalized: those of the lowest fifth.
const KEPT_MINIMA: usize = 5;

/// A row of numbers: a run before its first step, or at a look.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// The run, a place among the traces.
    pub run: usize,
    /// The look; `None` before the first step.
    pub look: Option<usize>,
}

/// Traces as rows.
pub struct Evidence {
    /// The runs.
    pub traces: Vec<Trace>,
    /// What each row is of: every run before its first step, then all looks of all runs.
    pub seen: Vec<Seen>,
    /// Coordinates and signs.
    pub rows: Rows,
}

impl Evidence {
    /// Rows of the traces, which are put in order first: however they were made, the same traces give the same bits.
    pub fn of(mut traces: Vec<Trace>) -> Self {
        traces.sort_by_key(|trace| (trace.index, trace.family));
        let (mut seen, mut rows) = (Vec::new(), Rows::new(Inputs::Group.width()));
        let n_signs = Inputs::Group.width() - COORDINATES.len();
        for (run, trace) in traces.iter().enumerate() {
            seen.push(Seen { run, look: None });
            let none = std::iter::repeat_n(super::coordinates::UNDEFINED, n_signs);
            rows.push(trace.coordinates.iter().copied().chain(none));
        }
        for (run, trace) in traces.iter().enumerate() {
            for (look, signs) in trace.looks().into_iter().enumerate() {
                seen.push(Seen { run, look: Some(look) });
                rows.push(trace.coordinates.iter().copied().chain(signs));
            }
        }
        Self { traces, seen, rows }
    }

    /// Whether the run of a row generalized.
    pub fn target(&self, row: usize) -> bool {
        self.traces[self.seen[row].run].generalized.is_some()
    }

    /// Rows that a head of these inputs reads.
    pub fn rows_of(&self, inputs: Inputs) -> Vec<usize> {
        let before = matches!(inputs, Inputs::Spec);
        (0..self.seen.len()).filter(|&row| self.seen[row].look.is_none() == before).collect()
    }

    /// The fold of a row's run.
    pub fn fold(&self, row: usize) -> usize {
        self.tokens(self.seen[row].run) as usize % FOLDS
    }

    /// The number of labels or tokens D of a run, which [`COORDINATES`] holds as a logarithm.
    pub fn tokens(&self, run: usize) -> u64 {
        libm::exp(f64::from(self.traces[run].coordinates[TOKENS])).round() as u64
    }

    /// The family of a row's run.
    pub fn family(&self, row: usize) -> usize {
        self.traces[self.seen[row].run].family
    }

    fn part(&self, inputs: Inputs, rows: &[usize]) -> Rows {
        let mut part = Rows::new(inputs.width());
        rows.iter().for_each(|&row| part.push(self.rows.row(row)[..inputs.width()].iter().copied()));
        part
    }

    fn targets(&self, rows: &[usize]) -> Vec<f32> {
        rows.iter().map(|&row| f32::from(u8::from(self.target(row)))).collect()
    }

    /// The log odds that these rows teach.
    pub fn odds(&self, inputs: Inputs, rows: &[usize]) -> Odds {
        let (part, targets) = (self.part(inputs, rows), self.targets(rows));
        let epochs = if inputs == Inputs::Spec { 30 } else { 8 };
        Odds { forest: Fit::ODDS.forest(&part, &targets), net: Net::fit(&part, &targets, epochs) }
    }

    /// The log odds of foreign runs that these rows teach.
    pub fn transfer(&self, head: usize, rows: &[usize]) -> Forest {
        let places = transfer_places(head);
        let mut part = Rows::new(places.len());
        rows.iter().for_each(|&row| part.push(picked(self.rows.row(row), places)));
        Fit::TRANSFER.forest(&part, &self.targets(rows))
    }

    /// The forest of times that these rows teach: those of runs that generalized.
    pub fn times(&self, inputs: Inputs, rows: &[usize]) -> Forest {
        let rows: Vec<usize> = rows.iter().copied().filter(|&row| self.target(row)).collect();
        let targets: Vec<f32> = rows.iter().map(|&row| self.log_time(row).unwrap_or(0.0) as f32).collect();
        Fit::TIMES.forest(&self.part(inputs, &rows), &targets)
    }

    /// What the runs of these rows leave known.
    pub fn bounds(&self, rows: &[usize]) -> Bounds {
        let runs: BTreeSet<usize> = rows.iter().map(|&row| self.seen[row].run).collect();
        Bounds::of(runs.into_iter().map(|run| self.traces[run].coordinates.as_slice()))
    }

    /// ln(t / steps) of a row's run, t the step at which it generalized.
    pub fn log_time(&self, row: usize) -> Option<f64> {
        let trace = &self.traces[self.seen[row].run];
        trace.generalized.map(|step| libm::log(step.max(1) as f64 / trace.steps as f64))
    }

    /// Scores of every row of these inputs by forests that did not see its group, and predicted times; groups are numbered from 0.
    pub fn left_out(&self, inputs: Inputs, n_groups: usize, group: impl Fn(usize) -> usize + Sync) -> LeftOut {
        let rows = self.rows_of(inputs);
        let parts = parallel(n_groups, |left| {
            let others: Vec<usize> = rows.iter().copied().filter(|&row| group(row) != left).collect();
            let own: Vec<usize> = rows.iter().copied().filter(|&row| group(row) == left).collect();
            if own.is_empty() {
                return Vec::new();
            }
            let (odds, times) = (self.odds(inputs, &others), self.times(inputs, &others));
            let head = (inputs as usize).min(TRANSFERS.len() - 1);
            let (places, transfer) = (transfer_places(head), self.transfer(head, &others));
            let bounds = self.bounds(&others);
            let judged = |row: usize| {
                let all = self.rows.row(row);
                let numbers = &all[..inputs.width()];
                Judged {
                    row,
                    score: odds.score(numbers),
                    time: times.score(numbers),
                    transfer: transfer.score(&picked(all, places)),
                    inside: bounds.hold(&all[..COORDINATES.len()]),
                }
            };
            own.into_iter().map(judged).collect()
        });
        let mut all: Vec<Judged> = parts.into_iter().flatten().collect();
        all.sort_by_key(|judged| judged.row);
        LeftOut {
            rows: all.iter().map(|judged| judged.row).collect(),
            scores: all.iter().map(|judged| judged.score).collect(),
            times: all.iter().map(|judged| judged.time).collect(),
            transfers: all.iter().map(|judged| judged.transfer).collect(),
            inside: all.iter().map(|judged| judged.inside).collect(),
        }
    }
}

/// What is said of one row.
struct Judged {
    row: usize,
    score: f64,
    time: f64,
    transfer: f64,
    inside: bool,
}

/// What forests say of rows that they did not see.
#[derive(Clone, Debug)]
pub struct LeftOut {
    /// The rows.
    pub rows: Vec<usize>,
    /// Log odds of each.
    pub scores: Vec<f64>,
    /// ln(t / steps) of each.
    pub times: Vec<f64>,
    /// Log odds of each by the head for foreign runs.
    pub transfers: Vec<f64>,
    /// Whether its run lies inside of what the others leave known.
    pub inside: Vec<bool>,
}

impl LeftOut {
    /// The head for foreign runs straightened, on families that it did not see.
    pub fn transfer_calibration(&self, evidence: &Evidence) -> Calibration {
        Calibration::fit(&self.transfers, &evidence.targets(&self.rows))
    }
}

/// Does `n` things on two threads; the order of what comes back is that of the things.
fn parallel<T: Send>(n: usize, make: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let made: Mutex<Vec<(usize, T)>> = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    if place >= n {
                        break;
                    }
                    let thing = make(place);
                    made.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((place, thing));
                }
            });
        }
    });
    let mut made = made.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    made.sort_by_key(|(place, _)| *place);
    made.into_iter().map(|(_, thing)| thing).collect()
}

/// A head's card from what its forests said of sizes that they did not see.
pub fn head_card(evidence: &Evidence, inputs: Inputs, unseen: &LeftOut) -> HeadCard {
    let targets: Vec<f32> = unseen.rows.iter().map(|&row| f32::from(u8::from(evidence.target(row)))).collect();
    let calibration = Calibration::fit(&unseen.scores, &targets);
    let spreads = (0..n_spreads(inputs))
        .map(|look| {
            let is_of_look = |row: usize| evidence.seen[row].look.unwrap_or(0) == look;
            let pairs = unseen.rows.iter().zip(&unseen.times).filter(|(row, _)| is_of_look(**row));
            spread(pairs.filter_map(|(&row, &time)| Some(evidence.log_time(row)? - time)).collect())
        })
        .collect();
    let mut minima: BTreeMap<usize, f64> = BTreeMap::new();
    for (&row, &score) in unseen.rows.iter().zip(&unseen.scores).filter(|(row, _)| evidence.target(**row)) {
        let least = minima.entry(evidence.seen[row].run).or_insert(1.0);
        *least = least.min(calibration.probability(score));
    }
    // Runs that generalized before the first look were never judged; they count as never parked.
    let n = evidence.traces.iter().filter(|trace| trace.generalized.is_some()).count();
    let mut least: Vec<f64> = minima.into_values().collect();
    least.sort_by(f64::total_cmp);
    least.truncate(n.div_ceil(KEPT_MINIMA));
    let least = least.into_iter().map(|value| (value * 1e9).round() / 1e9).collect();
    HeadCard { inputs, calibration, spreads, minima: Minima { n, least } }
}

/// The middle nine tenths of errors, one rank wider at both ends so that a new error of the same kind is covered as often.
fn spread(mut errors: Vec<f64>) -> Spread {
    errors.sort_by(f64::total_cmp);
    let n = errors.len();
    if n < 20 {
        return Spread { low: -3.0, high: 3.0 };
    }
    let low = (0.05 * (n + 1) as f64).floor() as usize;
    Spread { low: errors[low.max(1) - 1], high: errors[n - low.max(1)] }
}

/// Learns a model; `sizes` and `families` are what [`Evidence::left_out`] said, one a kind of inputs.
pub fn learn(evidence: &Evidence, seed: u64, sizes: &[LeftOut], families: &[LeftOut]) -> Model {
    let n = Inputs::ALL.len();
    let rows: Vec<Vec<usize>> = Inputs::ALL.iter().map(|&inputs| evidence.rows_of(inputs)).collect();
    let odds = parallel(n, |place| evidence.odds(Inputs::ALL[place], &rows[place]));
    let times = parallel(n, |place| evidence.times(Inputs::ALL[place], &rows[place]));
    let transfers = parallel(TRANSFERS.len(), |head| evidence.transfer(head, &rows[head]));
    let heads = Inputs::ALL.iter().zip(sizes).map(|(&inputs, unseen)| head_card(evidence, inputs, unseen)).collect();
    let cards = TRANSFERS.iter().zip(families);
    let transfer_card = |(&inputs, unseen): (&Inputs, &LeftOut)| TransferCard {
        inputs,
        calibration: unseen.transfer_calibration(evidence),
    };
    let card = card(evidence, seed, heads, cards.map(transfer_card).collect());
    Model { card, odds, transfers, times }
}

fn card(evidence: &Evidence, seed: u64, heads: Vec<HeadCard>, transfers: Vec<TransferCard>) -> Card {
    let traces = &evidence.traces;
    let of_family = |family: usize| traces.iter().filter(move |trace| trace.family == family);
    let families = FAMILIES
        .iter()
        .enumerate()
        .map(|(place, family)| KnownFamily {
            name: family.name.to_owned(),
            tells: family.tells.to_owned(),
            runs: of_family(place).count(),
            generalized: of_family(place).filter(|trace| trace.generalized.is_some()).count(),
        })
        .collect();
    let bounds = Bounds::of(traces.iter().map(|trace| trace.coordinates.as_slice()));
    let ranges = COORDINATES
        .iter()
        .zip(bounds.ranges())
        .map(|(input, &(low, high))| KnownRange { input: input.name.to_owned(), low, high })
        .collect();
    let kinds = bounds.kinds().cloned().collect();
    Card { format: FORMAT, seed, families, ranges, kinds, heads, transfers }
}

/// Area under the ROC curve: the chance that a run which generalizes scores above one that does not, ties counted half. `None` where
/// there are not both.
pub fn auc(scores: &[(f64, bool)]) -> Option<f64> {
    let mut sorted: Vec<(f64, bool)> = scores.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let n_true = sorted.iter().filter(|(_, is_true)| *is_true).count();
    let n_false = sorted.len() - n_true;
    if n_true == 0 || n_false == 0 {
        return None;
    }
    let (mut below, mut wins, mut start) = (0, 0.0, 0);
    while start < sorted.len() {
        let end = start + sorted[start..].iter().take_while(|row| row.0 == sorted[start].0).count();
        let trues = sorted[start..end].iter().filter(|(_, is_true)| *is_true).count();
        let falses = end - start - trues;
        wins += trues as f64 * (below as f64 + 0.5 * falses as f64);
        below += falses;
        start = end;
    }
    Some(wins / (n_true as f64 * n_false as f64))
}

/// Expected calibration error: over ten equal parts of [0, 1], the mean distance of probability and share, weighted by rows.
pub fn calibration_error(probabilities: &[(f64, bool)]) -> f64 {
    let mut bins = [(0_usize, 0.0, 0.0); 10];
    for &(p, is_true) in probabilities {
        let bin = &mut bins[((p * 10.0) as usize).min(9)];
        bin.0 += 1;
        bin.1 += p;
        bin.2 += f64::from(u8::from(is_true));
    }
    bins.iter().map(|(_, p, share)| (p - share).abs()).sum::<f64>() / probabilities.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Brute force: every pair.
    #[test]
    fn the_area_is_the_share_of_pairs_in_order() {
        let mut draw = crate::draw::Draw::of(11, 0);
        let rows: Vec<(f64, bool)> = (0..80).map(|_| (draw.whole(0, 12) as f64, draw.is(0.4))).collect();
        let (mut pairs, mut wins) = (0.0, 0.0);
        for a in rows.iter().filter(|row| row.1) {
            for b in rows.iter().filter(|row| !row.1) {
                pairs += 1.0;
                wins += if a.0 > b.0 {
                    1.0
                } else if a.0 == b.0 {
                    0.5
                } else {
                    0.0
                };
            }
        }
        assert!((auc(&rows).unwrap() - wins / pairs).abs() < 1e-12);
        assert_eq!(auc(&rows.iter().map(|row| (row.0, true)).collect::<Vec<_>>()), None);
    }

    #[test]
    fn a_calibration_error_is_zero_where_shares_are_what_was_said() {
        let honest: Vec<(f64, bool)> = (0..100).map(|i| (0.25, i % 4 == 0)).collect();
        assert!(calibration_error(&honest) < 1e-12);
        let boastful: Vec<(f64, bool)> = (0..100).map(|i| (0.95, i % 4 == 0)).collect();
        assert!((calibration_error(&boastful) - 0.7).abs() < 1e-12);
    }
}

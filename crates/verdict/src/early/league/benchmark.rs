//! The runs that predictors are compared on: pools of one task each, of every family in turn.

use super::signals::Signals;
use crate::early::coordinates::UNDEFINED;
use crate::early::looks::LOOKS;
use crate::early::model::digest_of;
use crate::early::observe::{Trace, observe_beside};
use crate::early::signs::N_SIGNS;
use crate::early::worlds::{FAMILIES, World, pool};
use dunwu::run::RunRequest;
use dunwu::verb::{VerbError, Watcher};
use dunwu_engine::Snapshot;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

/// How large a benchmark is, and what it is drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeagueRequest {
    /// Pools, each of one task; their families go round.
    pub pools: usize,
    /// Runs of a pool.
    pub runs: usize,
    /// What they are drawn from.
    pub seed: u64,
}

impl Default for LeagueRequest {
    fn default() -> Self {
        Self { pools: FAMILIES.len(), runs: 10, seed: 7 }
    }
}

/// A run, and all that any predictor reads of it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// What was recorded of it.
    pub trace: Trace,
    /// Its words for `dunwu run`.
    pub words: String,
    /// Learning rate and weight decay, as the first-passage law reads them.
    pub rate_and_decay: (f64, f64),
    /// ln of training samples against D ln D.
    pub sample_ratio: f64,
    /// Signs at each look at which it was undecided.
    pub looks: Vec<[f32; N_SIGNS]>,
    /// At the start and at each look that was reached.
    pub signals: Vec<Signals>,
}

impl Seen {
    /// Evaluations up to a step: step, training loss and accuracy, held-out loss and accuracy.
    pub fn until(&self, step: u64) -> &[[f32; 5]] {
        let rows = &self.trace.rows;
        &rows[..rows.partition_point(|row| row[0] as u64 <= step)]
    }

    /// Whether it generalized.
    pub const fn generalized(&self) -> bool {
        self.trace.generalized.is_some()
    }

    /// The step after which nothing of it is wasted or saved: where it generalized, or its last.
    pub fn end(&self) -> f64 {
        let last = self.trace.rows.last().map_or(0.0, |row| f64::from(row[0]));
        self.trace.generalized.map_or(last, |step| step as f64)
    }

    /// A value that is there.
    pub(super) fn known(value: f32) -> Option<f64> {
        (value != UNDEFINED && value.is_finite()).then_some(f64::from(value))
    }
}

/// Pools of runs, made.
#[derive(Clone, Debug)]
pub struct Benchmark {
    /// How it was asked for.
    pub request: LeagueRequest,
    /// Places among `runs`, a list a pool.
    pub pools: Vec<Vec<usize>>,
    /// The runs.
    pub runs: Vec<Seen>,
    /// The first digits of the hash of all their words: the same for the same benchmark.
    pub digest: String,
}

impl Benchmark {
    /// Draws the pools and trains their runs, on all cores.
    ///
    /// # Errors
    ///
    /// Where a run cannot be made, or the work was stopped.
    pub fn make(request: LeagueRequest, watcher: &mut Watcher<'_>) -> Result<Self, VerbError> {
        let worlds: Vec<World> = (0..request.pools)
            .flat_map(|place| pool(place % FAMILIES.len(), request.seed, (place / FAMILIES.len()) as u64, request.runs))
            .collect();
        watcher.phase("making runs", Some(worlds.len() as u64));
        let (next, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
        let mut made: Vec<Option<Seen>> = vec![None; worlds.len()];
        let mut failed = None;
        std::thread::scope(|scope| {
            let (send, receive) = mpsc::channel();
            for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
                let (send, next, is_over, worlds) = (send.clone(), &next, &is_over, &worlds);
                scope.spawn(move || {
                    while !is_over.load(Ordering::Relaxed) {
                        let place = next.fetch_add(1, Ordering::Relaxed);
                        let Some(world) = worlds.get(place) else { return };
                        if send.send((place, seen(world, place as u64))).is_err() {
                            return;
                        }
                    }
                });
            }
            drop(send);
            for (n, (place, run)) in receive.iter().enumerate() {
                match run {
                    Ok(run) => made[place] = Some(run),
                    Err(error) => failed = failed.take().or(Some(error)),
                }
                watcher.pieces(n as u64 + 1);
                if watcher.is_stopped() || failed.is_some() {
                    is_over.store(true, Ordering::Relaxed);
                }
            }
        });
        if let Some(error) = failed {
            return Err(VerbError::Failed(error.into()));
        }
        let runs: Option<Vec<Seen>> = made.into_iter().collect();
        let Some(runs) = runs else { return Err(VerbError::Stopped) };
        let pools = (0..request.pools).map(|pool| (0..request.runs).map(|run| pool * request.runs + run).collect());
        let words: String = worlds.iter().map(|world| world.words.join(" ") + "\n").collect();
        Ok(Self { request, pools: pools.collect(), runs, digest: digest_of(words.as_bytes()) })
    }
}

/// Trains a world and looks at it.
fn seen(world: &World, place: u64) -> Result<Seen, String> {
    let request = RunRequest::from_words(&world.words).map_err(|error| format!("{error:?}"))?;
    let mut initial: Option<Snapshot> = None;
    let mut signals = Vec::new();
    let trace = observe_beside(world.family, place, &request, &mut |training, snapshot| {
        let first = initial.get_or_insert_with(|| snapshot.clone());
        signals.push(Signals::of(&request, training, first, snapshot));
    })?;
    let optimizer = &request.spec.optimizer;
    debug_assert!(signals.len() <= LOOKS.len() + 1);
    Ok(Seen {
        words: world.words.join(" "),
        rate_and_decay: (optimizer.learning_rate, optimizer.weight_decay),
        sample_ratio: f64::from(trace.coordinates[0]),
        looks: trace.looks(),
        trace,
        signals,
    })
}

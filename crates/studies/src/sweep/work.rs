//! Many runs: the loop.
//!
//! ```text
//! each thread:   claim the longest run that is left ─▶ train ─▶ hand over its row ─▶ again
//! main thread:   append each row to this process's file, show that this process lives, tell the watcher
//! ```
//!
//! Any number of processes may do this on one folder, on any number of machines that share it.

use super::SweepError;
use super::claim::{Claim, Claims, Worker};
use super::estimate::Estimator;
use super::expand::Planned;
use super::folder::Folder;
use super::judge::Judge;
use super::plan::Keep;
use super::row::{Curve, Row};
use super::rows::{Done, RowWriter};
use super::train::{Drive, Ended, forget_checkpoint, recorded, train};
use dunwu::operation::Operation;
use dunwu::run::Past;
use dunwu::store::RunDir;
use dunwu::verb::{SweepProgress, Tally, TimeLeft};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, SyncSender};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How a process works on a sweep; nothing of it changes a bit of the runs.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// What is kept of each run.
    pub keep: Keep,
    /// Threads, each with one run at a time.
    pub threads: usize,
    /// Begins with these runs: part k of n, counted from 1. Afterwards it helps with the others.
    pub shard: (usize, usize),
    /// Runs that failed before are tried again.
    pub retry_failed: bool,
    /// Whether to wait for runs that other living processes have, and take them over should those die.
    pub wait: bool,
    /// Time between checkpoints of a run: what a `kill -9` may cost.
    pub checkpoint_every: Duration,
    /// A worker of another machine is dead when its heartbeat has stood still so long.
    pub lease: Duration,
    /// Whether what a parked run needs to go on is kept.
    pub keep_parked: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            keep: Keep::default(),
            threads: thread::available_parallelism().map_or(1, usize::from),
            shard: (1, 1),
            retry_failed: false,
            wait: true,
            checkpoint_every: Duration::from_secs(10),
            lease: Duration::from_mins(1),
            keep_parked: false,
        }
    }
}

/// Heartbeats come at this pace, and rows are synced to the disk.
const BEAT: Duration = Duration::from_secs(5);
/// How often the watcher hears of time passing, and how often runs of other processes are looked after.
const TICK: Duration = Duration::from_millis(500);

/// Makes every run of the list that is not there yet, until none is left or `stop` is set.
pub fn work(
    runs: &[Planned],
    folder: &Folder,
    options: &Options,
    judge: Option<&dyn Judge>,
    stop: &AtomicBool,
    watch: &mut dyn FnMut(&SweepProgress<'_>),
) -> Result<Tally, SweepError> {
    let worker = Worker::enrol(folder)?;
    let done = Done::read(folder, options.retry_failed)?;
    let claims = Claims::new(folder, &worker, options.lease);
    let mut ledger = Ledger::open(runs, folder, worker, &done, options)?;
    let mut waiting = order(runs, &ledger.left, options);
    if let Some(judge) = judge {
        by_worth(runs, judge, &mut waiting);
    }
    let queue = Mutex::new(Queue { folder, options, done, claims, waiting, held: vec![], refreshed: Instant::now() });
    let broken = AtomicBool::new(false); // set where something cannot be written
    let must_stop = || stop.load(Ordering::Relaxed) || broken.load(Ordering::Relaxed);
    let (keep, checkpoint_every, keep_parked) = (options.keep, options.checkpoint_every, options.keep_parked);
    let drive = Drive { folder, keep, checkpoint_every, must_stop: &must_stop, judge, keep_parked };

    thread::scope(|scope| {
        // A thread waits until its row is taken: what is handed over and not yet written would be lost with this process.
        let (send, receive) = mpsc::sync_channel(0);
        for _ in 0..options.threads.max(1) {
            let send = send.clone();
            let (queue, drive) = (&queue, &drive);
            scope.spawn(move || drain(runs, queue, drive, &send));
        }
        drop(send);
        let mut result = Ok(());
        loop {
            let entered = match receive.recv_timeout(TICK) {
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => Ok(None),
                Ok(message) => message.and_then(|ended| ledger.enter(ended).map(Some)),
            };
            match entered.and_then(|row| ledger.show_life().map(|()| row)) {
                Ok(row) => {
                    ledger.look_ahead(&queue, options.threads);
                    let ended = row.as_deref().map(Row::as_ended);
                    watch(&SweepProgress { ended, tally: ledger.tally, left: ledger.ahead });
                }
                Err(error) => {
                    broken.store(true, Ordering::Relaxed);
                    result = result.and(Err(error));
                }
            }
        }
        result.and(ledger.writer.sync())
    })?;
    Ok(ledger.tally)
}

/// What this process knows and writes down.
struct Ledger<'a> {
    runs: &'a [Planned],
    folder: &'a Folder,
    worker: Worker,
    writer: RowWriter,
    estimator: Estimator,
    tally: Tally,
    /// Runs that are not there yet.
    left: BTreeSet<usize>,
    /// How long those will take.
    ahead: Option<TimeLeft>,
    /// When this process last showed that it lives.
    beaten: Instant,
    /// When it last looked at what is left, and how many runs were done then.
    looked: Option<(Instant, usize)>,
}

type Made = (usize, Box<Row>, Option<Curve>);

impl<'a> Ledger<'a> {
    fn open(
        runs: &'a [Planned],
        folder: &'a Folder,
        worker: Worker,
        done: &Done,
        options: &Options,
    ) -> Result<Self, SweepError> {
        let mut estimator = Estimator::default();
        estimator.learn(runs, folder, options.retry_failed)?;
        let mut left: BTreeSet<usize> = (0..runs.len()).filter(|&index| !done.contains(&runs[index].id)).collect();
        let mut writer = RowWriter::new(folder, worker.name());
        // What was made alone does not say where it would have been parked.
        let alone = if folder.is_judged() { Vec::new() } else { alone(runs, &left, folder)? };
        for (index, row) in alone {
            writer.append(&row, None)?;
            left.remove(&index);
        }
        let tally = Tally { runs: runs.len(), reused: runs.len() - left.len(), ..Tally::default() };
        Ok(Self {
            runs,
            folder,
            worker,
            writer,
            estimator,
            tally,
            left,
            ahead: None,
            beaten: Instant::now(),
            looked: None,
        })
    }

    /// Writes down a run that ended.
    fn enter(&mut self, (index, row, curve): Made) -> Result<Box<Row>, SweepError> {
        self.writer.append(&row, curve.as_ref())?;
        forget_checkpoint(self.folder, &self.runs[index])?;
        self.left.remove(&index);
        self.tally.made += 1;
        self.tally.failed += usize::from(row.is_failed());
        self.estimator.add(&self.runs[index], &row);
        Ok(row)
    }

    fn show_life(&mut self) -> Result<(), SweepError> {
        if self.beaten.elapsed() < BEAT {
            return Ok(());
        }
        self.beaten = Instant::now();
        self.worker.beat()?;
        self.writer.sync()
    }

    /// What is left, and for how long. Not at every row: it may be a hundred thousand runs.
    fn look_ahead(&mut self, queue: &Mutex<Queue<'_>>, threads: usize) {
        let known = match self.looked {
            Some((when, _)) if when.elapsed() < TICK => return,
            looked => looked.map_or(0, |(_, known)| known),
        };
        let done = &locked(queue).done;
        if done.len() != known {
            // Those that other processes made.
            self.left.retain(|&index| !done.contains(&self.runs[index].id));
            let here = self.tally.reused + self.tally.made + self.left.len();
            self.tally.elsewhere = self.tally.runs.saturating_sub(here);
        }
        self.looked = Some((Instant::now(), done.len()));
        self.ahead = self.estimator.of_all(self.left.iter().map(|&index| &self.runs[index]), threads);
    }
}

/// Runs of the list that were made alone, each with its row.
fn alone(runs: &[Planned], left: &BTreeSet<usize>, folder: &Folder) -> Result<Vec<(usize, Row)>, SweepError> {
    let by_id: BTreeMap<&str, usize> = left.iter().map(|&index| (runs[index].id.as_str(), index)).collect();
    let mut rows = Vec::new();
    for dir in RunDir::list(folder.runs())? {
        let name = dir.dir_name();
        let id = name.split('-').next().unwrap_or_default();
        // One that cannot be read is looked at again where it is to be made, and fails there.
        if let Some(&index) = by_id.get(id)
            && let Ok(Some(row)) = recorded(&runs[index], &dir)
        {
            rows.push((index, row));
        }
    }
    Ok(rows)
}

type Message = Result<Made, SweepError>;

/// One thread: run after run.
fn drain(runs: &[Planned], queue: &Mutex<Queue<'_>>, drive: &Drive<'_>, send: &SyncSender<Message>) {
    while !(drive.must_stop)() {
        // Let go of before anything is waited for: who takes what is sent may be waiting for the queue.
        let next = locked(queue).next(runs);
        let (index, claim) = match next {
            Ok(Next::Run(index, claim)) => (index, claim),
            Ok(Next::Wait) => {
                thread::sleep(TICK);
                continue;
            }
            Ok(Next::Nothing) => return,
            Err(error) => {
                let _ = send.send(Err(error)); // the receiver lives as long as any sender
                return;
            }
        };
        let planned = &runs[index];
        let message = match catch_unwind(AssertUnwindSafe(|| train(planned, drive))) {
            Ok(Ok(Ended::Row(row, curve))) => Ok((index, row, curve)),
            Ok(Ok(Ended::Interrupted)) => {
                claim.give_back();
                return;
            }
            Ok(Err(error)) => {
                claim.give_back();
                Err(error)
            }
            Err(panic) => Ok((index, Box::new(Row::failed(planned, panic_text(&*panic))), None)),
        };
        if send.send(message).is_err() {
            return;
        }
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("this is a bug, please report it: {}", text.unwrap_or("a panic without a message"))
}

/// A thread that panicked outside of a run has left the queue as it was between two claims.
fn locked<'a, 'b>(queue: &'a Mutex<Queue<'b>>) -> MutexGuard<'a, Queue<'b>> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is left to claim.
struct Queue<'a> {
    folder: &'a Folder,
    options: &'a Options,
    done: Done,
    claims: Claims,
    /// The next one last.
    waiting: Vec<usize>,
    /// Claimed by others when last looked at.
    held: Vec<usize>,
    /// When the rows of others were last read.
    refreshed: Instant,
}

enum Next {
    Run(usize, Claim),
    Wait,
    Nothing,
}

impl Queue<'_> {
    fn next(&mut self, runs: &[Planned]) -> Result<Next, SweepError> {
        while let Some(index) = self.waiting.pop() {
            if let Some(claim) = self.claim(index, runs)? {
                return Ok(Next::Run(index, claim));
            }
        }
        // Those of others, again: their rows may have come, or their owners may have died.
        self.refresh()?;
        let mut held = std::mem::take(&mut self.held);
        while let Some(index) = held.pop() {
            if let Some(claim) = self.claim(index, runs)? {
                self.held.append(&mut held);
                return Ok(Next::Run(index, claim));
            }
        }
        let may_come = self.options.wait || self.claims.is_undecided();
        Ok(if self.held.is_empty() || !may_come { Next::Nothing } else { Next::Wait })
    }

    fn refresh(&mut self) -> Result<(), SweepError> {
        self.refreshed = Instant::now();
        self.done.refresh(self.folder)
    }

    /// The claim of a run that is still to be made; one that a living worker has is put by.
    fn claim(&mut self, index: usize, runs: &[Planned]) -> Result<Option<Claim>, SweepError> {
        let id = &runs[index].id;
        if self.done.contains(id) {
            return Ok(None);
        }
        let Some(claim) = self.claims.take(id)? else {
            self.held.push(index);
            return Ok(None);
        };
        // Its row may have come since we last looked: from the one who had it before, or from one whose claim is cleared already. The
        // second is rare, and with thousands of files of rows a look takes as long as a short run: there, a look that is a moment old
        // has to do. A run that slips through is made twice, with the same bits.
        if claim.is_inherited() || self.refreshed.elapsed() >= TICK {
            self.refresh()?;
            if self.done.contains(id) {
                claim.give_back();
                return Ok(None);
            }
        }
        Ok(Some(claim))
    }
}

/// Those of which most is expected for their steps first; the next one last. What nothing is known of stays where it is, before all
/// others.
fn by_worth(runs: &[Planned], judge: &dyn Judge, waiting: &mut [usize]) {
    waiting.sort_by_cached_key(|&index| Worth(worth(&runs[index], judge)));
}

/// What a judge thinks of a run before its first step; infinite where it knows nothing.
pub(super) fn worth(planned: &Planned, judge: &dyn Judge) -> f64 {
    let Planned { spec, problem, n_train, .. } = planned;
    let known = (spec, &**problem, n_train.unwrap_or_else(|| problem.n_population()));
    judge.worth(&Past::so_far(known, Operation::of(problem), None, &[], &[])).unwrap_or(f64::INFINITY)
}

/// A worth, in ascending order.
#[derive(PartialEq)]
struct Worth(f64);

impl Eq for Worth {}

impl PartialOrd for Worth {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Worth {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// This process's shard first, and the longest first; the next one last.
pub(super) fn order(runs: &[Planned], left: &BTreeSet<usize>, options: &Options) -> Vec<usize> {
    let (shard, n_shards) = options.shard;
    let mut order: Vec<usize> = left.iter().copied().collect();
    order.sort_by(|&a, &b| runs[b].work.total_cmp(&runs[a].work).then(a.cmp(&b)));
    let rank: Vec<(usize, usize)> = order.iter().copied().enumerate().collect();
    // Every n-th of the longest, so that all shards take about the same time; then the next shard's, not everybody's first.
    let mut keyed: Vec<(usize, usize, usize)> = rank
        .into_iter()
        .map(|(rank, index)| ((rank % n_shards + n_shards - (shard - 1) % n_shards) % n_shards, rank, index))
        .collect();
    keyed.sort_unstable();
    keyed.into_iter().rev().map(|(_, _, index)| index).collect()
}

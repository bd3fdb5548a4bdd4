//! What the page has had begun: runs, sweeps and forks that go on in this process, one thread a job, and end with it.

use super::asking::ask_for_page;
use super::refusal::Refused;
use crate::audience::Said;
use axum::http::StatusCode;
use dunwu_report::skin::AskedOnPage;
use schemars::JsonSchema;
use serde::Serialize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use tokio::sync::watch;

/// Jobs that go on at once. They share the cores, so that more would not be done sooner.
const MOST_AT_ONCE: usize = 4;
/// Jobs that are remembered; the oldest that have ended are forgotten first.
const MOST_KEPT: usize = 200;

/// A job as the page reads it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Job {
    /// Its number.
    pub(super) id: u64,
    /// The command, without the name of the program.
    words: Vec<String>,
    /// How it stands.
    state: JobState,
    /// The stretch of work that it is in.
    phase: String,
    /// Pieces of it that are done.
    done: u64,
    /// Pieces that it has, where that is known.
    pieces: Option<u64>,
    /// What it said last.
    said: String,
    /// Its exit code, once it has ended.
    code: Option<u8>,
    /// Why it failed.
    error: Option<String>,
    /// Its answer, once it is done.
    answer: Option<AskedOnPage>,
}

/// How a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum JobState {
    /// It goes on.
    Running,
    /// It has ended with an answer.
    Done,
    /// It has ended without.
    Failed,
    /// It was asked to stop; what there is, is on disk.
    Stopped,
}

struct Running {
    /// Without its answer.
    job: Job,
    answer: Option<AskedOnPage>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// All jobs.
pub(super) struct Jobs {
    folder: PathBuf,
    all: Mutex<Vec<Running>>,
    /// Counts changes, for those who wait for one.
    changes: watch::Sender<u64>,
}

impl Jobs {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, all: Mutex::default(), changes: watch::Sender::new(0) }
    }

    /// Hears of changes.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Every job, the newest first; without answers, which are as long as a page.
    pub(super) fn list(&self) -> Vec<Job> {
        self.lock().iter().rev().map(|running| running.job.clone()).collect()
    }

    /// One job with its answer.
    pub(super) fn get(&self, id: u64) -> Result<Job, Refused> {
        let all = self.lock();
        let found = all.iter().find(|running| running.job.id == id);
        found.map(|running| Job { answer: running.answer.clone(), ..running.job.clone() }).ok_or_else(|| unknown(id))
    }

    /// Begins a job.
    pub(super) fn start(self: &Arc<Self>, words: Vec<String>) -> Result<Job, Refused> {
        let mut all = self.lock();
        let n_running = all.iter().filter(|running| running.job.state == JobState::Running).count();
        if n_running >= MOST_AT_ONCE {
            let why = format!("{n_running} jobs are going on: stop one of them, or wait until one has ended");
            return Err(Refused::new(StatusCode::TOO_MANY_REQUESTS, why));
        }
        while all.len() >= MOST_KEPT {
            let ended = all.iter().position(|running| running.job.state != JobState::Running);
            all.remove(ended.expect("fewer go on than are kept"));
        }
        let id = all.last().map_or(1, |last| last.job.id + 1);
        let job = Job {
            id,
            words,
            state: JobState::Running,
            phase: String::new(),
            done: 0,
            pieces: None,
            said: String::new(),
            code: None,
            error: None,
            answer: None,
        };
        let stop = Arc::new(AtomicBool::new(false));
        let (jobs, words, asked_to_stop) = (Arc::clone(self), job.words.clone(), Arc::clone(&stop));
        let work = move || jobs.work(id, &words, asked_to_stop);
        let thread = thread::Builder::new().name(format!("job {id}")).spawn(work).map_err(Refused::failed)?;
        all.push(Running { job: job.clone(), answer: None, stop, thread: Some(thread) });
        drop(all);
        self.changed();
        Ok(job)
    }

    /// Asks a job to stop.
    pub(super) fn stop(&self, id: u64) -> Result<(), Refused> {
        let all = self.lock();
        let found = all.iter().find(|running| running.job.id == id).ok_or_else(|| unknown(id))?;
        found.stop.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Asks all jobs to stop, and waits until what they have is on disk.
    pub(super) fn end(&self) {
        let threads: Vec<_> = self
            .lock()
            .iter_mut()
            .filter_map(|running| {
                running.stop.store(true, Ordering::Relaxed);
                running.thread.take()
            })
            .collect();
        for thread in threads {
            // One that panicked has said so.
            drop(thread.join());
        }
    }

    fn work(self: &Arc<Self>, id: u64, words: &[String], stop: Arc<AtomicBool>) {
        let jobs = Arc::clone(self);
        let tell = move |said| jobs.update(id, |running| hear(&mut running.job, said));
        let asked = catch_unwind(AssertUnwindSafe(|| ask_for_page(&self.folder, words, Box::new(tell), stop)));
        self.update(id, |Running { job, answer, .. }| match asked {
            Ok(Ok(asked)) => {
                (job.state, job.code) = (JobState::Done, Some(asked.code));
                *answer = Some(asked);
            }
            Ok(Err(refusal)) if refusal.is_stopped => job.state = JobState::Stopped,
            Ok(Err(refusal)) => (job.state, job.error) = (JobState::Failed, Some(refusal.message)),
            Err(_panic) => {
                let why = "it panicked, which is a bug: the terminal that runs `dunwu serve` has the details";
                (job.state, job.error) = (JobState::Failed, Some(why.to_owned()));
            }
        });
    }

    fn update(&self, id: u64, change: impl FnOnce(&mut Running)) {
        if let Some(running) = self.lock().iter_mut().find(|running| running.job.id == id) {
            change(running);
        }
        self.changed();
    }

    fn changed(&self) {
        self.changes.send_modify(|n| *n += 1);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Running>> {
        // A job that panics while it is written down leaves it as it was.
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hear(job: &mut Job, said: Said) {
    match said {
        Said::Note(note) | Said::State(note) => job.said = note,
        Said::Phase(phase, pieces) => (job.phase, job.done, job.pieces) = (phase, 0, pieces),
        Said::Pieces(done) => job.done = done,
    }
}

fn unknown(id: u64) -> Refused {
    Refused::missing(format!("there is no job {id}"))
}

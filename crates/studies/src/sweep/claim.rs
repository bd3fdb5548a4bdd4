//! Who makes which run, without a server: a claim is a file that only one process can create.
//!
//! ```text
//! claims/RUN.0   created by the first worker            claims/RUN.1   by one that found the owner of RUN.0 dead
//! ```
//!
//! The owner of a run is who created its last generation. Nobody ever takes a file of another away, so that there is no moment in
//! which two could: whoever finds the owner dead tries to create the next generation, and again only one succeeds. A worker is dead
//! if the lock that it held for life is free, where it ran on this machine; elsewhere, if its heartbeat has not changed for a
//! [lease](super::Options::lease) that we watched ourselves, so that clocks need not agree. A worker that was only asleep may
//! finish a run that another has taken over: then there are two rows with the same bits, and the table has one.

use super::SweepError;
use super::folder::Folder;
use dunwu::store::RunId;
use dunwu::store::disk::{self, WrittenFile};
use dunwu::store::file::While as _;
use dunwu::store::lock::host_name;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, UNIX_EPOCH};

/// This process among those that work on a folder.
#[derive(Debug)]
pub(super) struct Worker {
    name: String,
    path: PathBuf,
    /// Holds the lock.
    file: WrittenFile,
    identity: String,
    beats: u64,
    /// Where the workers are.
    folder: PathBuf,
}

impl Worker {
    /// Makes this process known.
    pub(super) fn enrol(folder: &Folder) -> Result<Self, SweepError> {
        folder.make()?;
        let since = disk::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let host = host_name();
        let name = format!("{}-{}-{since:x}", dunwu::store::slug(&host), std::process::id());
        let path = folder.workers().join(&name);
        let doing = "making this worker known";
        let file = WrittenFile::create_new(&path).or_while(doing, &path)?;
        // Where a file system has no locks, nobody may ask for this one: such a worker is known by its heartbeat alone.
        let machine = if file.try_lock().is_ok() { boot() } else { name.clone() };
        let identity = format!("{host} {machine}");
        let mut worker = Self { name, path, file, identity, beats: 0, folder: folder.workers() };
        worker.beat()?;
        Ok(worker)
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Shows that this worker lives.
    pub(super) fn beat(&mut self) -> Result<(), SweepError> {
        self.beats += 1;
        let text = format!("{}\n{}\n", self.identity, self.beats);
        // Synced, or a client of a network file system keeps it to itself for longer than a lease.
        let written = self.file.seek(SeekFrom::Start(0)).and_then(|_| self.file.write_all(text.as_bytes()));
        let written = written.and_then(|()| self.file.sync());
        Ok(written.or_while("showing that this worker lives", &self.path)?)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = disk::remove_file(&self.path); // a file that stays behind is of a worker whose lock is free
        self.remove_dead();
    }
}

impl Worker {
    /// Removes the files of workers of this machine that were ended: their locks are free, and an owner without a file counts as dead.
    fn remove_dead(&self) {
        for path in fs::read_dir(&self.folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())) {
            let text = fs::read_to_string(&path).unwrap_or_default();
            let is_dead = text.lines().next() == Some(self.identity.as_str()) || was_ended_at_once(&path, &text);
            if is_dead && is_locked(&path).is_ok_and(|is_locked| !is_locked) {
                let _ = disk::remove_file(&path); // it may be gone by now
            }
        }
    }
}

/// Whether a worker of this machine was ended before it had said who it is, as its name tells and the system.
fn was_ended_at_once(path: &Path, text: &str) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let host = dunwu::store::slug(&host_name());
    let pid = name.strip_prefix(&format!("{host}-")).and_then(|rest| rest.split('-').next());
    let is_gone = |pid: &str| pid.parse::<u32>().is_ok() && !Path::new("/proc").join(pid).exists();
    text.lines().count() < 2 && Path::new("/proc/self").exists() && pid.is_some_and(is_gone)
}

/// What tells this start of this machine from every other; random where the system does not say, so that no other process is
/// taken for a neighbour whose lock could be asked.
fn boot() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .map_or_else(|_| std::process::id().to_string(), |id| id.trim().to_owned())
}

/// The claims as one worker sees them.
#[derive(Debug)]
pub(super) struct Claims {
    dir: PathBuf,
    workers: PathBuf,
    me: String,
    identity: String,
    lease: Duration,
    watched: BTreeMap<String, Watch>,
}

/// A run that this worker makes.
#[derive(Debug)]
pub(super) struct Claim {
    path: PathBuf,
    generation: u32,
}

impl Claim {
    /// Whether another had it before, who may have finished it.
    pub(super) fn is_inherited(&self) -> bool {
        self.generation > 0
    }

    /// Lets another worker make it.
    pub(super) fn give_back(self) {
        let _ = disk::remove_file(&self.path); // if it stays, it counts no longer once this process has ended
    }
}

impl Claims {
    pub(super) fn new(folder: &Folder, worker: &Worker, lease: Duration) -> Self {
        Self {
            dir: folder.claims(),
            workers: folder.workers(),
            me: worker.name.clone(),
            identity: worker.identity.clone(),
            lease,
            watched: BTreeMap::new(),
        }
    }

    /// Whether some worker has not been watched for a lease yet, so that it may prove dead.
    pub(super) fn is_undecided(&self) -> bool {
        self.watched.values().any(|watch| !watch.is_decided)
    }

    /// The run for this worker; `None` where a living one has it.
    pub(super) fn take(&mut self, run: &RunId) -> Result<Option<Claim>, SweepError> {
        let doing = "claiming a run";
        for generation in 0_u32.. {
            let path = self.dir.join(format!("{run}.{generation}"));
            match WrittenFile::create_new(&path) {
                Ok(mut file) => {
                    file.write_all(self.me.as_bytes()).or_while(doing, &path)?;
                    return Ok(Some(Claim { path, generation }));
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    if self.is_alive(&path)? {
                        return Ok(None);
                    }
                }
                Err(error) => return Err(error).or_while(doing, &path).map_err(Into::into),
            }
        }
        Ok(None)
    }

    /// Whether the owner of a claim lives.
    fn is_alive(&mut self, claim: &Path) -> Result<bool, SweepError> {
        let doing = "reading whose claim it is";
        let owner = match fs::read_to_string(claim) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(true), // given back just now: another time
            owner => owner.or_while(doing, claim)?,
        };
        if owner == self.me {
            return Ok(true);
        }
        if owner.is_empty() {
            // Between creating and writing, or dead in between.
            let name = claim.file_name().unwrap_or_default().to_string_lossy().into_owned();
            return Ok(self.still_beats(&name, String::new()));
        }
        let path = self.workers.join(&owner);
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false), // it took its leave
            text => text.or_while(doing, &path)?,
        };
        if text.lines().next() == Some(self.identity.as_str()) {
            return is_locked(&path);
        }
        Ok(self.still_beats(&owner, text))
    }

    fn still_beats(&mut self, worker: &str, beat: String) -> bool {
        let lease = self.lease;
        match self.watched.get_mut(worker) {
            Some(watch) if watch.beat == beat => {
                let is_dead = watch.since.elapsed() >= lease;
                watch.is_decided |= is_dead; // there is nothing left to find out
                !is_dead
            }
            Some(watch) => {
                *watch = Watch { beat, since: Instant::now(), is_decided: true };
                true
            }
            None => {
                self.watched.insert(worker.to_owned(), Watch { beat, since: Instant::now(), is_decided: false });
                true
            }
        }
    }
}

/// What was seen of a worker of another machine.
#[derive(Debug)]
struct Watch {
    beat: String,
    /// When it was first seen.
    since: Instant,
    /// Whether its heart was seen to beat, or found to stand still.
    is_decided: bool,
}

/// Whether some process holds the lock of this file.
fn is_locked(path: &Path) -> Result<bool, SweepError> {
    let doing = "asking whether a worker lives";
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        file => file.or_while(doing, path)?,
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error).or_while(doing, path).map_err(Into::into),
    }
}

/// Removes the claims and checkpoints of these runs, whose rows are there: nobody makes them again.
pub(super) fn clear<'a>(folder: &Folder, done: impl Iterator<Item = &'a RunId>) {
    let done: BTreeSet<&RunId> = done.collect();
    // What a worker leaves that is ended between a row and the removal of the run's checkpoint, or while it writes one.
    for path in fs::read_dir(folder.checkpoints()).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let run = name.trim_start_matches('.').split('-').next().and_then(|run| run.parse().ok());
        if run.is_some_and(|run: RunId| done.contains(&run)) {
            let _ = disk::remove_file(&path); // what stays costs space alone
        }
    }
    for run in done {
        for generation in 0_u32.. {
            if disk::remove_file(&folder.claims().join(format!("{run}.{generation}"))).is_err() {
                break; // there is none, or it stays, and costs a look
            }
        }
    }
}

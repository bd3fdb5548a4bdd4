//! The file: read whole and checked link by link, written line by line and flushed to the disk.

use super::event::{Event, Link, seed_of};
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// A ledger that is open for writing; nobody else writes it meanwhile.
#[derive(Debug)]
pub struct Ledger {
    file: File,
    path: PathBuf,
    links: Vec<Link>,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bent {
    /// Its number, from 0.
    pub line: u64,
    /// What is wrong.
    pub why: String,
}

/// Why a ledger cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// There is none.
    #[error("there is no ledger at {path:?}; begin one with `dunwu science DIR init`")]
    None {
        /// Where.
        path: PathBuf,
    },
    /// There is one already.
    #[error("there is a ledger already at {path:?}; go on with it, or begin another in a new folder")]
    There {
        /// Where.
        path: PathBuf,
    },
    /// A line is bent.
    #[error("line {line} of the ledger is bent: {why}; nothing after it counts: {path:?}")]
    Bent {
        /// Which.
        line: u64,
        /// Why.
        why: String,
        /// Where.
        path: PathBuf,
    },
    /// Another process writes it.
    #[error("another process is writing the ledger {path:?}; wait for it")]
    Busy {
        /// Where.
        path: PathBuf,
    },
    /// The disk.
    #[error("{path:?}: {source}")]
    Disk {
        /// Where.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// Reads a ledger: the links up to the first bent line, that line, and whether the last line was torn off while it was written.
///
/// # Errors
///
/// Where there is none, or it cannot be read.
pub fn read(path: &Path) -> Result<(Vec<Link>, Option<Bent>, bool), LedgerError> {
    let bytes = std::fs::read(path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => LedgerError::None { path: path.to_owned() },
        _ => LedgerError::Disk { path: path.to_owned(), source },
    })?;
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let mut links: Vec<Link> = Vec::new();
    let lines = bytes[..whole].split_inclusive(|byte| *byte == b'\n').map(|line| &line[..line.len() - 1]);
    for (number, line) in lines.enumerate() {
        match link_after(&links, line) {
            Ok(link) => links.push(link),
            Err(why) => return Ok((links, Some(Bent { line: number as u64, why }), whole < bytes.len())),
        }
    }
    Ok((links, None, whole < bytes.len()))
}

/// The link that a line holds, checked against all before it.
fn link_after(links: &[Link], line: &[u8]) -> Result<Link, String> {
    let text = std::str::from_utf8(line).map_err(|error| format!("it is not text: {error}"))?;
    let link: Link = serde_json::from_str(text).map_err(|error| format!("it is no event: {error}"))?;
    let last = links.last();
    if link.line != links.len() as u64 {
        return Err(format!("it says that it is line {}", link.line));
    }
    if link.before != last.map_or("", |last| last.hash.as_str()) {
        return Err("the line before it is another one".to_owned());
    }
    if link.hash != link.own_hash() {
        return Err("its hash is not that of what it says".to_owned());
    }
    if link.text() != text {
        return Err("it is not written as events are written".to_owned());
    }
    follows(links, &link.event)?;
    Ok(link)
}

/// Whether an event may stand behind the others: runs belong to a batch, once each, with the seed that follows from its hash.
fn follows(links: &[Link], event: &Event) -> Result<(), String> {
    match event {
        Event::Opened { format, .. } if *format != super::fold::FORMAT => {
            Err(format!("it has format {format}, this build reads {}", super::fold::FORMAT))
        }
        Event::Opened { .. } if !links.is_empty() => Err("a ledger is opened once".to_owned()),
        Event::Opened { .. } => Ok(()),
        _ if links.is_empty() => Err("the first line opens the ledger".to_owned()),
        Event::Run { batch, place, seed, .. } => {
            let link = links.get(*batch as usize).ok_or("its batch is not there")?;
            let Event::Batch { asks, .. } = &link.event else {
                return Err(format!("line {batch} is no batch of runs"));
            };
            let ask = asks.get(*place).ok_or("the batch has no such run")?;
            let expected = seed_of(&link.hash, ask.group);
            if *seed != expected {
                return Err(format!("the run has seed {seed}; the batch gives it {expected}"));
            }
            let is_twice = links[*batch as usize..]
                .iter()
                .any(|link| matches!(&link.event, Event::Run { batch: b, place: p, .. } if b == batch && p == place));
            if is_twice { Err("the run was made already".to_owned()) } else { Ok(()) }
        }
        _ => Ok(()),
    }
}

impl Ledger {
    /// Begins a ledger with its first event.
    ///
    /// # Errors
    ///
    /// Where there is one, or the disk does not take it.
    pub fn begin(path: &Path, event: Event) -> Result<Self, LedgerError> {
        let disk = |source: std::io::Error| match source.kind() {
            std::io::ErrorKind::AlreadyExists => LedgerError::There { path: path.to_owned() },
            _ => LedgerError::Disk { path: path.to_owned(), source },
        };
        // A first line that was torn off is no ledger yet.
        if matches!(read(path), Ok((links, None, _)) if links.is_empty()) {
            std::fs::remove_file(path).map_err(disk)?;
        }
        let file = OpenOptions::new().read(true).append(true).create_new(true).open(path).map_err(disk)?;
        let mut ledger = Self { file, path: path.to_owned(), links: Vec::new() };
        ledger.lock()?;
        ledger.append(event)?;
        Ok(ledger)
    }

    /// Opens a ledger for writing. A last line that was torn off is cut; a bent one is refused.
    ///
    /// # Errors
    ///
    /// Where there is none, it is bent, or another process writes it.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        let disk = |source: std::io::Error| LedgerError::Disk { path: path.to_owned(), source };
        let file = OpenOptions::new().read(true).append(true).open(path).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => LedgerError::None { path: path.to_owned() },
            _ => disk(source),
        })?;
        let mut ledger = Self { file, path: path.to_owned(), links: Vec::new() };
        ledger.lock()?;
        let (links, bent, is_torn) = read(path)?;
        if let Some(Bent { line, why }) = bent {
            return Err(LedgerError::Bent { line, why, path: path.to_owned() });
        }
        if is_torn {
            let mut bytes = Vec::new();
            ledger.file.seek(SeekFrom::Start(0)).map_err(disk)?;
            ledger.file.read_to_end(&mut bytes).map_err(disk)?;
            let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            ledger.file.set_len(whole as u64).map_err(disk)?;
        }
        ledger.links = links;
        Ok(ledger)
    }

    fn lock(&self) -> Result<(), LedgerError> {
        self.file.try_lock().map_err(|error| match error {
            std::fs::TryLockError::WouldBlock => LedgerError::Busy { path: self.path.clone() },
            std::fs::TryLockError::Error(source) => LedgerError::Disk { path: self.path.clone(), source },
        })
    }

    /// Appends an event, on the disk when this returns, and gives its line.
    ///
    /// # Errors
    ///
    /// Where the disk does not take it, or the event may not follow.
    pub fn append(&mut self, event: Event) -> Result<u64, LedgerError> {
        let disk = |source: std::io::Error| LedgerError::Disk { path: self.path.clone(), source };
        let line = self.links.len() as u64;
        follows(&self.links, &event).map_err(|why| LedgerError::Bent { line, why, path: self.path.clone() })?;
        let before = self.links.last().map_or("", |link| link.hash.as_str());
        let link = Link::new(line, before, event);
        self.file.write_all(format!("{}\n", link.text()).as_bytes()).map_err(disk)?;
        self.file.sync_data().map_err(disk)?;
        self.links.push(link);
        Ok(line)
    }

    /// All lines.
    pub fn links(&self) -> &[Link] {
        &self.links
    }

    /// The hash of the last line.
    pub fn head(&self) -> &str {
        self.links.last().map_or("", |link| link.hash.as_str())
    }
}

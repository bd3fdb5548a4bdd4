//! One process writes a run.

use super::error::StoreError;
use super::file::{FileError, While as _};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::path::Path;

/// Held while a run is written. The system releases it when the process ends, however it ends, so there is no stale lock.
#[derive(Debug)]
pub struct RunLock {
    _file: File,
}

impl RunLock {
    /// Takes the lock of the run in `dir`, or says who holds it.
    pub(super) fn take(dir: &Path) -> Result<Self, StoreError> {
        Self::try_take(dir)?.map_err(|pid| StoreError::BeingWritten { pid, path: dir.to_owned() })
    }

    /// Takes the lock of what is kept in `dir`; the inner error is the process that holds it, where it says so.
    pub fn try_take(dir: &Path) -> Result<Result<Self, Option<u32>>, FileError> {
        let path = dir.join("lock");
        let doing = "locking the run";
        let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = options.or_while(doing, &path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Ok(Err(fs::read_to_string(&path).ok().and_then(|text| text.trim().parse().ok())));
            }
            Err(TryLockError::Error(source)) => return Err(source).or_while(doing, &path),
        }
        // The number is only for the message above.
        file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id())).or_while(doing, &path)?;
        Ok(Ok(Self { _file: file }))
    }
}

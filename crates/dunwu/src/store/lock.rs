//! One process writes a run, and whoever looks can see which.

use super::disk::{self, WrittenFile};
use super::error::StoreError;
use super::file::{FileError, While as _};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The process that writes a run, as it says in the run's `lock` file. It is believed only while the system says that the
/// lock is held; what it leaves unsaid is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct WritingProcess {
    /// Its number.
    pub pid: Option<u32>,
    /// Name of the machine that it runs on.
    pub host: Option<String>,
    /// Its command line.
    pub command: Option<String>,
    /// When it took the run in hand: date, time of day and `UTC`.
    pub since: Option<String>,
}

impl WritingProcess {
    fn of_this() -> Self {
        let words: Vec<String> = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
        Self {
            pid: Some(std::process::id()),
            host: Some(host_name()),
            command: Some(words.join(" ")),
            since: Some(utc_text(disk::now())),
        }
    }
}

/// `process 1234 on HOST (dunwu run small) since 2026-01-31 12:00:00 UTC`.
impl fmt::Display for WritingProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pid {
            None => f.write_str("another process")?,
            Some(pid) => write!(f, "process {pid}")?,
        }
        self.host.iter().try_for_each(|host| write!(f, " on {host}"))?;
        self.command.iter().try_for_each(|command| write!(f, " ({command})"))?;
        self.since.iter().try_for_each(|since| write!(f, " since {since}"))
    }
}

/// Held while a run is written. The system releases it when the process ends, however it ends, so there is no stale lock.
#[derive(Debug)]
pub struct RunLock {
    _file: WrittenFile,
}

/// How often, and how far apart, a writer asks for a lock that is held: those who look hold it for some microseconds.
const TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_millis(5);

impl RunLock {
    /// Takes the lock of the run in `dir`, or says who holds it.
    pub fn take(dir: &Path) -> Result<Self, StoreError> {
        Self::try_take(dir)?.map_err(|writer| StoreError::BeingWritten { writer, path: dir.to_owned() })
    }

    /// Takes the lock of what is kept in `dir`; the inner error is the process that holds it.
    pub fn try_take(dir: &Path) -> Result<Result<Self, Box<WritingProcess>>, FileError> {
        let path = path(dir);
        let doing = "locking the run";
        let mut file = WrittenFile::open_or_create(&path).or_while(doing, &path)?;
        let mut tries = 0;
        loop {
            tries += 1;
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if tries < TRIES => thread::sleep(PAUSE),
                Err(TryLockError::WouldBlock) => return Ok(Err(Box::new(written_in(&path)))),
                Err(TryLockError::Error(source)) => return Err(source).or_while(doing, &path),
            }
        }
        // Only for those who look: the lock itself is the system's.
        let text = serde_json::to_string(&WritingProcess::of_this()).expect("a process is plain text and a number");
        file.set_len(0).and_then(|()| writeln!(file, "{text}")).or_while(doing, &path)?;
        Ok(Ok(Self { _file: file }))
    }
}

/// The process that holds the lock of the run in `dir`; `None` where none does, or where the file system cannot say.
pub(super) fn holder(dir: &Path) -> Option<WritingProcess> {
    let path = path(dir);
    let file = File::open(&path).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Some(written_in(&path)),
        // Nobody writes, whatever the file still says; ours goes with `file`.
        Ok(()) | Err(TryLockError::Error(_)) => None,
    }
}

fn path(dir: &Path) -> PathBuf {
    dir.join("lock")
}

/// What the holder of the lock says of itself; it may not have said anything yet.
fn written_in(path: &Path) -> WritingProcess {
    fs::read_to_string(path).ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

/// The name of this machine, where the system says it.
pub fn host_name() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").or_else(|_| fs::read_to_string("/etc/hostname"));
    name.map_or_else(|_| "host".to_owned(), |name| name.trim().to_owned())
}

/// `2026-01-31 12:00:00 UTC`.
fn utc_text(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Days to a date of the Gregorian calendar, by Hinnant, "chrono-Compatible Low-Level Date Algorithms", for years from 1970 on.
    let shifted = days + 719_468; // days since 1 March of the year 0
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let months_since_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * months_since_march + 2) / 5 + 1;
    let month = if months_since_march < 10 { months_since_march + 3 } else { months_since_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02} UTC", rest / 3600, rest / 60 % 60, rest % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `date -u -d @SECONDS "+%Y-%m-%d %H:%M:%S"` of GNU coreutils 9.1.
    #[test]
    fn seconds_are_dates_as_the_system_writes_them() {
        for (seconds, text) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (951_782_399, "2000-02-28 23:59:59 UTC"),
            (951_782_400, "2000-02-29 00:00:00 UTC"),
            (1_709_251_199, "2024-02-29 23:59:59 UTC"),
            (1_735_689_599, "2024-12-31 23:59:59 UTC"),
            (4_107_542_400, "2100-03-01 00:00:00 UTC"),
        ] {
            assert_eq!(utc_text(UNIX_EPOCH + Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn only_a_lock_that_is_held_names_a_process() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(holder(dir.path()), None);
        let lock = RunLock::take(dir.path()).unwrap();
        let found = holder(dir.path()).unwrap();
        assert_eq!((found.pid, found.host), (Some(std::process::id()), Some(host_name())));
        assert!(found.command.is_some() && found.since.is_some());
        let StoreError::BeingWritten { writer, .. } = RunLock::take(dir.path()).unwrap_err() else { panic!() };
        assert_eq!(writer.pid, Some(std::process::id()));
        drop(lock);
        assert!(fs::read_to_string(path(dir.path())).unwrap().contains("\"pid\""), "the file stays as it was");
        assert_eq!(holder(dir.path()), None, "what it says is not believed");
        fs::write(path(dir.path()), "4711\n").unwrap();
        let held = File::open(path(dir.path())).unwrap();
        held.lock().unwrap();
        assert_eq!(holder(dir.path()).unwrap().to_string(), "another process", "of a build that says less");
    }

    #[test]
    fn those_who_look_do_not_keep_a_writer_out() {
        let dir = tempfile::tempdir().unwrap();
        drop(RunLock::take(dir.path()).unwrap());
        let stop = std::sync::atomic::AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    holder(dir.path());
                    thread::yield_now();
                }
            });
            let taken = (0..200).filter(|_| RunLock::take(dir.path()).is_ok()).count();
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
            assert_eq!(taken, 200);
        });
    }
}

//! Files that are either there or not: atomic replacement, and what went wrong in words that help.

use super::disk::{self, WrittenFile};
use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::UNIX_EPOCH;

/// Why a file or directory could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// No space, or no quota, left.
    #[error(
        "the disk is full or a quota is used up while {doing}; what was written before is whole: free some space, then run or resume again: {path:?}"
    )]
    DiskFull {
        /// What was being done.
        doing: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file system takes no writes.
    #[error(
        "the file system is read-only, which stops {doing}: choose another directory for runs, or mount it writable: {path:?}"
    )]
    ReadOnly {
        /// What was being done.
        doing: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// This user may not.
    #[error(
        "no permission for {doing}: choose another directory for runs, or change the owner or mode of this one: {path:?}"
    )]
    NotPermitted {
        /// What was being done.
        doing: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file stands where a directory is needed.
    #[error(
        "a file stands where a directory is needed for {doing}: move it away, or choose another directory for runs: {path:?}"
    )]
    NotADirectory {
        /// What was being done.
        doing: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Anything else; the source says what.
    #[error("{doing} failed ({source}): {path:?}")]
    Other {
        /// What was being done.
        doing: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl FileError {
    /// Sorts the system's answer by what the user can do about it.
    pub fn new(doing: &'static str, path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                Self::DiskFull { doing, path, source }
            }
            ErrorKind::ReadOnlyFilesystem => Self::ReadOnly { doing, path, source },
            ErrorKind::PermissionDenied => Self::NotPermitted { doing, path, source },
            ErrorKind::NotADirectory => Self::NotADirectory { doing, path, source },
            // `create_dir_all` on a path that a file occupies says only that it exists.
            ErrorKind::AlreadyExists if path.is_file() => Self::NotADirectory { doing, path, source },
            _ => Self::Other { doing, path, source },
        }
    }
}

/// Names the operation and the path of an [`io::Result`].
pub trait While<T> {
    /// The same result, whose error says what was being `doing` to the file at `path`.
    fn or_while(self, doing: &'static str, path: &Path) -> Result<T, FileError>;
}

impl<T> While<T> for io::Result<T> {
    fn or_while(self, doing: &'static str, path: &Path) -> Result<T, FileError> {
        self.map_err(|source| FileError::new(doing, path, source))
    }
}

/// Puts `bytes` at `path` so that at every instant, power loss included, the file there is the old one or the new one: a
/// temporary file in the same folder is written, synced and renamed, and removed where any of this fails. Behind a symbolic link
/// the file that it points to is replaced; a file that was there keeps its mode. `doing` says in an error what this was for.
pub fn replace(path: &Path, bytes: &[u8], doing: &'static str) -> Result<(), FileError> {
    let behind_link = path.is_symlink().then(|| fs::canonicalize(path).ok()).flatten();
    let path = behind_link.as_deref().unwrap_or(path);
    let temp = temp_path(path);
    let written = write_synced(&temp, bytes).and_then(|()| {
        if let Ok(old) = fs::metadata(path) {
            let _ = fs::set_permissions(&temp, old.permissions()); // some file systems have none
        }
        disk::rename(&temp, path)
    });
    if written.is_err() {
        // Best effort: on a full disk the half-written file would only be in the way.
        let _ = disk::remove_file(&temp);
    }
    written.or_while(doing, path)?;
    disk::sync_folder(parent_of(path)).or_while(doing, path)
}

/// Whether a file can be made in `folder`, found out by making one and removing it.
pub fn try_folder(folder: &Path, doing: &'static str) -> Result<(), FileError> {
    let probe = temp_path(&folder.join("probe"));
    let made = WrittenFile::create(&probe);
    let _ = disk::remove_file(&probe);
    made.map(drop).or_while(doing, folder)
}

const TEMP_SUFFIX: &str = ".tmp";

/// Where [`replace`] writes before it renames: a name that no reader looks for, one a process.
pub fn temp_path(path: &Path) -> PathBuf {
    /// Processes in containers may have one number, so a time is in it.
    static PROCESS: LazyLock<String> = LazyLock::new(|| {
        let now = disk::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        format!("{}-{now:x}", std::process::id())
    });
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // A file system that takes 255 bytes for a name may not take the longer one.
    let name = if name.len() <= 100 { name } else { blake3::hash(name.as_bytes()).to_hex().to_string().into() };
    path.with_file_name(format!(".{name}.{}{TEMP_SUFFIX}", *PROCESS))
}

/// Whether `name` is one that [`temp_path`] gives, of whichever process.
pub fn is_temp_name(name: &str) -> bool {
    name.starts_with('.') && name.ends_with(TEMP_SUFFIX)
}

/// Whether the process that made a temporary file goes on, on this machine, and is another than this one: it may be about to rename it.
fn is_in_use(name: &str) -> bool {
    let process = name.strip_suffix(TEMP_SUFFIX).and_then(|rest| rest.rsplit('.').next());
    let pid = process.and_then(|process| process.split_once('-')).map_or("", |(pid, _)| pid);
    let is_number = !pid.is_empty() && pid.bytes().all(|byte| byte.is_ascii_digit());
    is_number && pid != std::process::id().to_string() && goes_on(pid)
}

/// Whether the process of this number goes on. One that has ended stays in the table of processes, as a zombie, until whoever started it
/// asks how it ended. Source: `proc_pid_stat(5)`: the state follows the name, which stands in brackets and may hold any others.
fn goes_on(pid: &str) -> bool {
    let stat = fs::read_to_string(Path::new("/proc").join(pid).join("stat")).unwrap_or_default();
    let state = stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
    state.is_some_and(|state| !matches!(state, 'Z' | 'X'))
}

/// Removes what [`replace`] left in `dir` where its process was ended.
pub fn remove_temp_files(dir: &Path) -> Result<(), FileError> {
    let doing = "removing a temporary file that an interrupted writer left";
    for entry in fs::read_dir(dir).or_while(doing, dir)? {
        let path = entry.or_while(doing, dir)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if is_temp_name(&name) && !is_in_use(&name) {
            disk::remove_file(&path).or_while(doing, &path)?;
        }
    }
    Ok(())
}

/// The directory that holds `path`.
pub fn parent_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = WrittenFile::create(path)?;
    file.write_all(bytes)?;
    file.sync()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn what_a_process_left_that_has_ended_is_removed_even_before_anybody_asked_how_it_ended() {
        let folder = tempfile::tempdir().expect("a folder");
        let name = |pid: u32| folder.path().join(format!(".record.jsonl.{pid}-18e{TEMP_SUFFIX}"));
        let mut going_on = Command::new("sleep").arg("60").spawn().expect("a process");
        let mut zombie = Command::new("cat").stdin(Stdio::null()).spawn().expect("a process");
        let state = || fs::read_to_string(format!("/proc/{}/stat", zombie.id())).expect("nobody waited for it");
        while !state().contains(") Z ") {
            std::thread::yield_now();
        }
        for pid in [going_on.id(), zombie.id()] {
            fs::write(name(pid), "").expect("a file");
        }
        let removed = remove_temp_files(folder.path());
        let kept = [name(going_on.id()).exists(), name(zombie.id()).exists()];
        going_on.kill().and_then(|()| going_on.wait()).expect("it ends");
        zombie.wait().expect("it has ended");
        removed.expect("files that can be removed");
        assert_eq!(kept, [true, false]);
    }
}

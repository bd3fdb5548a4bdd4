//! The disk as the store sees it: whatever changes a file or a folder passes here, and so does the time of day.
//!
//! In a release build these are the calls of the standard library and nothing else. Where debug assertions are compiled in, each call
//! has a number and may be made to fail or to be the last one: [`trouble`] says how. So every place in which a disk can
//! fill, a power cord can be pulled or a process can be killed is a place that a test can name.

#[cfg(debug_assertions)]
mod power;
#[cfg(debug_assertions)]
pub mod trouble;

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;
#[cfg(debug_assertions)]
use std::path::PathBuf;
use std::time::SystemTime;

/// A call that changes something, as [`trouble`] counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// A file is opened for writing, and made or emptied where the caller wants that.
    Open,
    /// Bytes are written.
    Write,
    /// A file is cut.
    Cut,
    /// The contents of a file are synced.
    Sync,
    /// The names in a folder are synced.
    SyncFolder,
    /// A file gets another name.
    Rename,
    /// A file is removed.
    Remove,
    /// A folder is made.
    MakeFolder,
    /// A folder is removed with all that is in it.
    RemoveFolder,
}

/// What a file is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Opened {
    /// Made, or emptied where it is there.
    Emptied,
    /// Made; an error where it is there.
    New,
    /// Appended to; an error where it is not there.
    ToAppend,
    /// Made where it is not there, and kept as it is otherwise.
    AsItIs,
}

/// A file that is written.
#[derive(Debug)]
pub struct WrittenFile {
    file: File,
    #[cfg(debug_assertions)]
    path: PathBuf,
}

impl WrittenFile {
    /// An empty file at `path`, whatever was there.
    pub fn create(path: &Path) -> io::Result<Self> {
        Self::open(path, Opened::Emptied)
    }

    /// A file at `path`, where there was none.
    pub fn create_new(path: &Path) -> io::Result<Self> {
        Self::open(path, Opened::New)
    }

    /// The file at `path`, to be appended to.
    pub fn append_to(path: &Path) -> io::Result<Self> {
        Self::open(path, Opened::ToAppend)
    }

    /// The file at `path` as it is, made where it is not there.
    pub fn open_or_create(path: &Path) -> io::Result<Self> {
        Self::open(path, Opened::AsItIs)
    }

    fn open(path: &Path, opened: Opened) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        match opened {
            Opened::Emptied => options.write(true).create(true).truncate(true),
            Opened::New => options.read(true).write(true).create_new(true),
            Opened::ToAppend => options.append(true),
            Opened::AsItIs => options.read(true).write(true).create(true).truncate(false),
        };
        let file = call(Call::Open, path, || options.open(path))?;
        Ok(Self {
            file,
            #[cfg(debug_assertions)]
            path: path.to_owned(),
        })
    }

    /// Returns when the contents, and what is needed to find them in the file, would survive a power loss.
    pub fn sync(&self) -> io::Result<()> {
        self.call(Call::Sync, File::sync_data)
    }

    /// Cuts or lengthens the file.
    pub fn set_len(&self, len: u64) -> io::Result<()> {
        self.call(Call::Cut, |file| file.set_len(len))
    }

    /// Takes the system's lock on the file.
    pub fn try_lock(&self) -> Result<(), TryLockError> {
        self.file.try_lock()
    }

    fn call<T>(&self, kind: Call, act: impl FnOnce(&File) -> io::Result<T>) -> io::Result<T> {
        #[cfg(debug_assertions)]
        return call(kind, &self.path, || act(&self.file));
        #[cfg(not(debug_assertions))]
        call(kind, Path::new(""), || act(&self.file))
    }
}

impl Write for WrittenFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        #[cfg(debug_assertions)]
        if let Some(written) = trouble::write(&self.path, bytes, |bytes| (&self.file).write(bytes)) {
            return written;
        }
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for WrittenFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

/// Gives the file `from` the name `to`, in place of what has that name.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(debug_assertions)]
    if let Some(renamed) = trouble::rename(from, to, || fs::rename(from, to)) {
        return renamed;
    }
    fs::rename(from, to)
}

/// Removes a file.
pub fn remove_file(path: &Path) -> io::Result<()> {
    call(Call::Remove, path, || fs::remove_file(path))
}

/// Removes a folder with all that is in it.
pub fn remove_folder(path: &Path) -> io::Result<()> {
    call(Call::RemoveFolder, path, || fs::remove_dir_all(path))
}

/// Makes a folder and those above it, where they are missing; the names of those that are made survive a power loss.
pub fn make_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let above = match path.parent() {
        Some(above) if above.as_os_str().is_empty() => Path::new("."),
        Some(above) => above,
        None => return call(Call::MakeFolder, path, || fs::create_dir(path)),
    };
    make_folder(above)?;
    match call(Call::MakeFolder, path, || fs::create_dir(path)) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if !path.is_dir() {
                return Err(io::ErrorKind::NotADirectory.into()); // a file is in the way
            } // else another process made it just now
        }
        made => made?,
    }
    sync_folder(above)
}

/// Returns when the names in `folder` would survive a power loss: a name is durable only when its folder is.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    // Elsewhere a folder cannot be opened as a file.
    call(Call::SyncFolder, folder, || if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) })
}

/// The time of day, which may jump.
pub fn now() -> SystemTime {
    #[cfg(debug_assertions)]
    return trouble::now();
    #[cfg(not(debug_assertions))]
    SystemTime::now()
}

fn call<T>(kind: Call, path: &Path, act: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    #[cfg(debug_assertions)]
    return trouble::call(kind, path, act);
    #[cfg(not(debug_assertions))]
    {
        let _ = (kind, path);
        act()
    }
}

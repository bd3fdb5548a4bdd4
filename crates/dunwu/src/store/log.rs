//! Appending to the record: after every call, successful or not, the file holds whole lines only.

use super::disk::WrittenFile;
use super::file::{FileError, While as _};
use std::io::Write;
use std::path::{Path, PathBuf};

const DOING: &str = "appending to the record";

/// The record, open for appending. `sink` is the file itself; tests put a failing disk in its place.
#[derive(Debug)]
pub struct Log<W = WrittenFile> {
    path: PathBuf,
    sink: W,
    /// Bytes of whole lines.
    len: u64,
}

impl Log<WrittenFile> {
    /// Opens the record at `path` and cuts what follows its first `len` bytes.
    pub fn open(path: &Path, len: u64) -> Result<Self, FileError> {
        let sink = WrittenFile::append_to(path).or_while(DOING, path)?;
        sink.set_len(len).or_while("cutting the record's torn tail", path)?;
        Ok(Self { path: path.to_owned(), sink, len })
    }

    /// A log of its own at `path`, where there is none yet.
    pub fn create(path: &Path) -> Result<Self, FileError> {
        let sink = WrittenFile::create_new(path).or_while("beginning a log", path)?;
        Ok(Self { path: path.to_owned(), sink, len: 0 })
    }

    /// Returns when every line so far would survive a power loss.
    pub fn sync(&self) -> Result<(), FileError> {
        self.sink.sync().or_while(DOING, &self.path)
    }
}

impl<W: Write> Log<W> {
    /// Appends `line`, which holds no line feed, and a line feed. The system has it when this returns (so `kill -9` does
    /// not lose it); the disk has it after [`Log::sync`].
    pub fn append(&mut self, line: &str) -> Result<(), FileError> {
        let bytes = format!("{line}\n");
        if let Err(source) = self.sink.write_all(bytes.as_bytes()) {
            // Part of the line may be there. Cutting it needs no space; if even that fails, the next reader cuts it.
            let _ = WrittenFile::append_to(&self.path).and_then(|file| file.set_len(self.len));
            return Err(FileError::new(DOING, &self.path, source));
        }
        self.len += bytes.len() as u64;
        Ok(())
    }

    /// Bytes of whole lines.
    pub fn n_bytes(&self) -> u64 {
        self.len
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{File, OpenOptions};
    use std::io::{self, ErrorKind};

    /// A disk with room for so many further bytes.
    struct SmallDisk {
        file: File,
        room: usize,
    }

    impl Write for SmallDisk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let n = bytes.len().min(self.room);
            if n == 0 {
                return Err(ErrorKind::StorageFull.into());
            }
            self.room -= n;
            self.file.write(&bytes[..n])
        }
        fn flush(&mut self) -> io::Result<()> {
            self.file.flush()
        }
    }

    #[test]
    fn a_disk_that_fills_at_any_byte_leaves_whole_lines_and_takes_the_line_again_later() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("record.jsonl");
        for room in 0..12 {
            std::fs::write(&path, "").unwrap();
            let file = OpenOptions::new().append(true).open(&path).unwrap();
            let mut log = Log { path: path.clone(), sink: SmallDisk { file, room }, len: 0 };
            let n_fit = room / 4;
            for i in 0..3 {
                assert_eq!(log.append("abc").is_ok(), i < n_fit, "line {i} with room for {room}");
                if i >= n_fit {
                    break;
                }
            }
            assert_eq!(std::fs::read_to_string(&path).unwrap(), "abc\n".repeat(n_fit));
            log.sink.room = 100; // space was made
            log.append("xyz").unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), "abc\n".repeat(n_fit) + "xyz\n");
            assert_eq!(log.n_bytes(), 4 * (n_fit as u64 + 1));
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_systems_own_full_disk_is_told_as_such() {
        let path = Path::new("/dev/full");
        let sink = OpenOptions::new().append(true).open(path).unwrap();
        let error = Log { path: path.to_owned(), sink, len: 0 }.append("abc").unwrap_err();
        assert!(matches!(error, FileError::DiskFull { .. }), "{error:?}");
        assert!(error.to_string().starts_with("the disk is full"), "{error}");
    }
}

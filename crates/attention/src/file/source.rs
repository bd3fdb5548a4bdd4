//! Reading at places of a file: by many threads at once, and never past its end.

use super::error::Flaw;
use std::fs::File;
use std::io;
use std::path::Path;

/// A file and how long it was when it was opened.
#[derive(Debug)]
pub(super) struct Source {
    #[cfg(unix)]
    file: File,
    #[cfg(not(unix))]
    file: std::sync::Mutex<File>,
    len: u64,
}

impl Source {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        #[cfg(not(unix))]
        let file = std::sync::Mutex::new(file);
        Ok(Self { file, len: metadata.len() })
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    #[cfg(unix)]
    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(&self.file, bytes, offset)
    }

    /// Where a file has one position for all, readers take turns.
    #[cfg(not(unix))]
    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        use std::io::{Read, Seek, SeekFrom};
        let mut file = self.file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(bytes)
    }

    /// Some bytes, if the file has them.
    pub(super) fn bytes(&self, offset: u64, n: u64) -> Result<Vec<u8>, Flaw> {
        let end = offset.checked_add(n).filter(|&end| end <= self.len);
        let (Some(_), Ok(n_bytes)) = (end, usize::try_from(n)) else {
            return Err(Flaw::Truncated { needed: n, offset, len: self.len });
        };
        let mut bytes = vec![0; n_bytes];
        self.read_exact_at(&mut bytes, offset)?;
        Ok(bytes)
    }
}

/// Reads on from a place.
pub(super) struct Cursor<'s> {
    source: &'s Source,
    /// What was read of the file, and where in the file that begins.
    buffer: Vec<u8>,
    buffer_offset: u64,
    /// Where in the file the cursor is.
    offset: u64,
}

/// Few calls of the system for a megabyte of names, and little beside the mebibyte that opening a file may take.
const BUFFER_BYTES: u64 = 1 << 16;

impl<'s> Cursor<'s> {
    pub(super) fn new(source: &'s Source, offset: u64) -> Self {
        Self { source, buffer: Vec::with_capacity(BUFFER_BYTES as usize), buffer_offset: 0, offset }
    }

    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Bytes that the file still has.
    pub(super) fn left(&self) -> u64 {
        self.source.len.saturating_sub(self.offset)
    }

    /// The next bytes, at most [`BUFFER_BYTES`].
    pub(super) fn take(&mut self, n: u64) -> Result<&[u8], Flaw> {
        assert!(n <= BUFFER_BYTES, "a cursor gives few bytes at once");
        self.check_left(n)?;
        let buffered = self.buffer_offset..=self.buffer_offset + self.buffer.len() as u64;
        if !buffered.contains(&self.offset) || !buffered.contains(&(self.offset + n)) {
            self.buffer.resize(self.left().min(BUFFER_BYTES) as usize, 0);
            self.buffer_offset = self.offset;
            self.source.read_exact_at(&mut self.buffer, self.offset)?;
        }
        let start = (self.offset - self.buffer_offset) as usize;
        self.offset += n;
        Ok(&self.buffer[start..start + n as usize])
    }

    pub(super) fn skip(&mut self, n: u64) -> Result<(), Flaw> {
        self.check_left(n)?;
        self.offset += n;
        Ok(())
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Flaw> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N as u64)?);
        Ok(array)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Flaw> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(super) fn u64(&mut self) -> Result<u64, Flaw> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    fn check_left(&self, n: u64) -> Result<(), Flaw> {
        if n > self.left() {
            return Err(Flaw::Truncated { needed: n, offset: self.offset, len: self.source.len });
        }
        Ok(())
    }
}

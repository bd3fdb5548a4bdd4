//! The tokens of texts that may be longer than memory, and the place in them to go on from.

use super::error::StreamError;
use dunwu_attention::tokenizer::{TokenReader, Tokenizer};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek as _, SeekFrom};
use std::path::PathBuf;
use std::rc::Rc;

/// Bytes of a file that are read at a time.
const BUFFER: usize = 1 << 16;

/// Tokens of several files, one after the other, each cut into tokens by itself.
pub struct Text<'t> {
    tokenizer: &'t Tokenizer,
    files: Vec<(PathBuf, Seen)>,
    /// Whether the first file follows the last.
    repeats: bool,
    /// Times that all files were read.
    round: u64,
    /// The file that is read.
    index: usize,
    reader: Option<Reader<'t>>,
}

/// What is known of a file, so that another in its place is noticed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Its size when the stream began.
    pub size: u64,
    /// First bytes that were read.
    pub read: u64,
    /// BLAKE3 of those, in hexadecimal.
    pub blake3: String,
}

/// Where in its texts a stream is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Times that all files were read.
    pub round: u64,
    /// The file that is read; their number at the end of the last.
    pub file: usize,
    /// A byte of that file before which it can be cut into tokens afresh.
    pub byte: u64,
    /// Tokens from there on that were read already.
    pub skip: u64,
    /// What was seen of each file.
    pub seen: Vec<Seen>,
}

/// One file.
struct Reader<'t> {
    tokens: TokenReader<'t, Hashing>,
    digest: Rc<RefCell<Digest>>,
    /// Tokens so far.
    count: u64,
}

/// A hash of all bytes so far.
#[derive(Default)]
struct Digest {
    hasher: blake3::Hasher,
    bytes: u64,
}

/// Hashes what is taken from it.
struct Hashing {
    file: BufReader<File>,
    digest: Rc<RefCell<Digest>>,
}

impl<'t> Text<'t> {
    /// At the beginning of the texts.
    pub fn open(tokenizer: &'t Tokenizer, paths: &[PathBuf], repeats: bool) -> Result<Self, StreamError> {
        let mut files = Vec::new();
        for path in paths {
            let kind = fs::metadata(path).map_err(|source| StreamError::Text { path: path.clone(), source })?;
            if !kind.is_file() {
                return Err(StreamError::NotAFile { path: path.clone() });
            }
            files.push((path.clone(), Seen { size: kind.len(), ..Seen::default() }));
        }
        if files.iter().all(|(_, seen)| seen.size == 0) {
            return Err(StreamError::Empty { paths: paths.to_vec() });
        }
        Ok(Self { tokenizer, files, repeats, round: 0, index: 0, reader: None })
    }

    /// Goes to a place that [`Self::place`] gave. What was read before it has to be there still.
    pub fn go_to(&mut self, place: &Place) -> Result<(), StreamError> {
        for ((path, seen), before) in self.files.iter_mut().zip(&place.seen) {
            if seen.size != before.size {
                let why = format!("it has {} bytes and had {}", seen.size, before.size);
                return Err(StreamError::TextChanged { why, path: path.clone() });
            }
            *seen = before.clone();
        }
        (self.round, self.index, self.reader) = (place.round, place.file, None);
        for index in 0..self.files.len() {
            let is_open = index == place.file && place.byte + place.skip > 0;
            let byte = if is_open { place.byte } else { 0 };
            let digest = self.checked(index, byte)?;
            if is_open {
                let mut reader = self.reader_at(index, byte, digest)?;
                for _ in 0..place.skip {
                    self.next_of(&mut reader)?;
                }
                self.reader = Some(reader);
            }
        }
        Ok(())
    }

    /// Holds the bytes of a file that were read against their hash; gives the hash of those before `byte`.
    fn checked(&self, index: usize, byte: u64) -> Result<Digest, StreamError> {
        let (path, seen) = &self.files[index];
        let failed = |source| StreamError::Text { path: path.clone(), source };
        let mut before = Digest::default();
        if seen.read == 0 {
            return Ok(before);
        }
        let mut file = BufReader::with_capacity(BUFFER, File::open(path).map_err(failed)?);
        before.take(&mut file, byte).map_err(failed)?;
        let mut all = Digest { hasher: before.hasher.clone(), bytes: before.bytes };
        all.take(&mut file, seen.read.saturating_sub(byte)).map_err(failed)?;
        if all.bytes == seen.read && all.hex() == seen.blake3 {
            return Ok(before);
        }
        let why = format!("its first {} bytes are others", seen.read);
        Err(StreamError::TextChanged { why, path: path.clone() })
    }

    fn reader_at(&self, index: usize, byte: u64, digest: Digest) -> Result<Reader<'t>, StreamError> {
        let (path, _) = &self.files[index];
        let failed = |source| StreamError::Text { path: path.clone(), source };
        let mut file = File::open(path).map_err(failed)?;
        file.seek(SeekFrom::Start(byte)).map_err(failed)?;
        let digest = Rc::new(RefCell::new(digest));
        let bytes = Hashing { file: BufReader::with_capacity(BUFFER, file), digest: Rc::clone(&digest) };
        Ok(Reader { tokens: self.tokenizer.reader(bytes), digest, count: 0 })
    }

    fn next_of(&self, reader: &mut Reader<'t>) -> Result<Option<u32>, StreamError> {
        match reader.tokens.next() {
            None => Ok(None),
            Some(Ok(token)) => {
                reader.count += 1;
                Ok(Some(token))
            }
            Some(Err(source)) => Err(StreamError::Text { path: self.files[self.index].0.clone(), source }),
        }
    }

    /// The next token; `None` at the end of the last file.
    pub fn next_token(&mut self) -> Result<Option<u32>, StreamError> {
        loop {
            if self.index == self.files.len() {
                if !self.repeats {
                    return Ok(None);
                }
                (self.round, self.index) = (self.round + 1, 0);
            }
            let mut reader = match self.reader.take() {
                Some(reader) => reader,
                None => self.reader_at(self.index, 0, Digest::default())?,
            };
            if let Some(token) = self.next_of(&mut reader)? {
                self.reader = Some(reader);
                return Ok(Some(token));
            }
            self.see(&reader);
            self.index += 1;
        }
    }

    /// Notes what was read of the open file, the first time that it is read.
    fn see(&mut self, reader: &Reader<'t>) {
        let digest = reader.digest.borrow();
        let seen = &mut self.files[self.index].1;
        if digest.bytes > seen.read {
            (seen.read, seen.blake3) = (digest.bytes, digest.hex());
        }
    }

    /// Where it is now.
    pub fn place(&mut self) -> Place {
        let mut place = Place { round: self.round, file: self.index, byte: 0, skip: 0, seen: Vec::new() };
        if let Some(reader) = self.reader.take() {
            self.see(&reader);
            place.skip = reader.count;
            self.reader = Some(reader);
        }
        place.seen = self.files.iter().map(|(_, seen)| seen.clone()).collect();
        place
    }

    /// How often the texts were begun over.
    pub fn round(&self) -> u64 {
        self.round
    }

    /// Bytes of the texts that are read, and all of them, counted again for every time that they are begun over.
    pub fn bytes(&self) -> (u64, u64) {
        let all: u64 = self.files.iter().map(|(_, seen)| seen.size).sum();
        let before: u64 = self.files[..self.index].iter().map(|(_, seen)| seen.size).sum();
        let open = self.reader.as_ref().map_or(0, |reader| reader.digest.borrow().bytes);
        (self.round * all + before + open, (self.round + 1) * all)
    }
}

impl Digest {
    /// Takes `n` bytes, or what there is.
    fn take(&mut self, file: &mut impl BufRead, n: u64) -> io::Result<()> {
        let mut left = n;
        while left > 0 {
            let bytes = file.fill_buf()?;
            let part = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            if part == 0 {
                break;
            }
            self.add(&bytes[..part]);
            file.consume(part);
            left -= part as u64;
        }
        Ok(())
    }

    fn add(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
    }

    fn hex(&self) -> String {
        self.hasher.finalize().to_hex().to_string()
    }
}

impl Read for Hashing {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read(into)?;
        self.digest.borrow_mut().add(&into[..n]);
        Ok(n)
    }
}

impl BufRead for Hashing {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.file.fill_buf()
    }

    fn consume(&mut self, n: usize) {
        self.digest.borrow_mut().add(&self.file.buffer()[..n]);
        self.file.consume(n);
    }
}

//! The tokens of texts that may be longer than memory, and the place in them to go on from.

use super::error::StreamError;
use dunwu_attention::text_kind;
use dunwu_attention::tokenizer::{self, TokenReader, Tokenizer};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
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
    /// Where in that file.
    pub at: tokenizer::Place,
    /// What was seen of each file.
    pub seen: Vec<Seen>,
}

/// One file.
struct Reader<'t> {
    tokens: TokenReader<'t, Hashing>,
    digest: Rc<RefCell<Digest>>,
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
            if kind.is_dir() {
                return Err(StreamError::IsAFolder { path: path.clone() });
            }
            if !kind.is_file() {
                return Err(StreamError::NotAFile { path: path.clone() });
            }
            check_kind(path, kind.len())?;
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
            let at = if index == place.file { place.at } else { tokenizer::Place::default() };
            let digest = self.checked(index, at.bytes)?;
            if at != tokenizer::Place::default() {
                self.reader = Some(self.reader_at(index, at, digest)?);
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

    fn reader_at(&self, index: usize, at: tokenizer::Place, digest: Digest) -> Result<Reader<'t>, StreamError> {
        let (path, _) = &self.files[index];
        let failed = |source| StreamError::Text { path: path.clone(), source };
        let mut file = File::open(path).map_err(failed)?;
        file.seek(SeekFrom::Start(at.bytes)).map_err(failed)?;
        let digest = Rc::new(RefCell::new(digest));
        let bytes = Hashing { file: BufReader::with_capacity(BUFFER, file), digest: Rc::clone(&digest) };
        Ok(Reader { tokens: self.tokenizer.resume(bytes, at), digest })
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
            let reader = match &mut self.reader {
                Some(reader) => reader,
                None => {
                    let reader = self.reader_at(self.index, tokenizer::Place::default(), Digest::default())?;
                    self.reader.insert(reader)
                }
            };
            match reader.tokens.next() {
                Some(Ok(token)) => return Ok(Some(token)),
                Some(Err(source)) => {
                    return Err(StreamError::Text { path: self.files[self.index].0.clone(), source });
                }
                None => {}
            }
            self.see();
            self.reader = None;
            self.index += 1;
        }
    }

    /// Notes what was read of the open file, the first time that it is read.
    fn see(&mut self) {
        if let Some(reader) = &self.reader {
            let digest = reader.digest.borrow();
            let seen = &mut self.files[self.index].1;
            if digest.bytes > seen.read {
                (seen.read, seen.blake3) = (digest.bytes, digest.hex());
            }
        }
    }

    /// Where it is now.
    pub fn place(&mut self) -> Place {
        self.see();
        let at = self.reader.as_ref().map(|reader| reader.tokens.place()).unwrap_or_default();
        let seen = self.files.iter().map(|(_, seen)| seen.clone()).collect();
        Place { round: self.round, file: self.index, at, seen }
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

/// Refuses a file that is no text: at its beginning, in its middle, at its end.
fn check_kind(path: &Path, size: u64) -> Result<(), StreamError> {
    let failed = |source| StreamError::Text { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(failed)?;
    let block = BUFFER as u64;
    for from in [0, (size / 2).saturating_sub(block / 2), size.saturating_sub(block)] {
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(from)).map_err(failed)?;
        (&mut file).take(block).read_to_end(&mut bytes).map_err(failed)?;
        let found = if from == 0 { text_kind::of_beginning(&bytes) } else { text_kind::of_part(&bytes) };
        if let Some(found) = found {
            return Err(StreamError::NoText { found, path: path.to_owned() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use dunwu_attention::file::ModelFile;
    use dunwu_attention_fixtures::Tiny;
    use tempfile::TempDir;

    /// Three texts, the second empty, and a tokenizer.
    fn desk() -> (TempDir, Vec<PathBuf>, Tokenizer) {
        let folder = tempfile::tempdir().unwrap();
        let model = folder.path().join("tiny.gguf");
        Tiny::default().write_gguf(&model, dunwu_attention_fixtures::Format::F32, 1).unwrap();
        let tokenizer = Tokenizer::new(&ModelFile::open(&model).unwrap().tokenizer).unwrap();
        let lines: Vec<String> = (0..4000).map(|i| format!("the {i} and 你好, {} ;\n", i * i % 97)).collect();
        let long = lines.concat();
        let texts = [long.as_str(), "", "the end of it\n"];
        let paths: Vec<PathBuf> = (0..3).map(|i| folder.path().join(format!("{i}.txt"))).collect();
        paths.iter().zip(texts).for_each(|(path, text)| fs::write(path, text).unwrap());
        (folder, paths, tokenizer)
    }

    fn take(text: &mut Text<'_>, n: usize) -> Vec<u32> {
        (0..n).map_while(|_| text.next_token().unwrap()).collect()
    }

    #[test]
    fn texts_follow_each_other_each_in_its_own_tokens() {
        let (_folder, paths, tokenizer) = desk();
        let wanted: Vec<u32> = paths.iter().flat_map(|path| tokenizer.encode(&fs::read(path).unwrap())).collect();
        let mut text = Text::open(&tokenizer, &paths, false).unwrap();
        assert_eq!(take(&mut text, usize::MAX), wanted);
        assert_eq!((text.next_token().unwrap(), text.round()), (None, 0));
        let mut over = Text::open(&tokenizer, &paths, true).unwrap();
        assert_eq!(take(&mut over, 2 * wanted.len() + 1), [&wanted[..], &wanted, &wanted[..1]].concat());
        assert_eq!(over.round(), 2);
    }

    #[test]
    fn a_text_is_gone_on_with_from_any_place() {
        let (_folder, paths, tokenizer) = desk();
        let all = take(&mut Text::open(&tokenizer, &paths, true).unwrap(), 200_000);
        let length = take(&mut Text::open(&tokenizer, &paths, false).unwrap(), usize::MAX).len();
        for n in [0, 1, 2, 1000, 33_333, length - 6, length - 1, length, length + 1, length + 20_000] {
            let mut text = Text::open(&tokenizer, &paths, true).unwrap();
            take(&mut text, n);
            let place = text.place();
            let stored: Place = serde_json::from_str(&serde_json::to_string(&place).unwrap()).unwrap();
            let mut again = Text::open(&tokenizer, &paths, true).unwrap();
            again.go_to(&stored).unwrap();
            assert_eq!(take(&mut again, 3000), all[n..n + 3000], "from token {n}");
            // And from where that one stands, whose hash began in the middle.
            let mut third = Text::open(&tokenizer, &paths, true).unwrap();
            third.go_to(&again.place()).unwrap();
            assert_eq!(take(&mut third, 3000), all[n + 3000..n + 6000], "from token {n} and 3000");
        }
    }

    #[test]
    fn another_text_in_its_place_is_refused() {
        let (_folder, paths, tokenizer) = desk();
        let mut text = Text::open(&tokenizer, &paths, false).unwrap();
        take(&mut text, 500);
        let place = text.place();
        let old = fs::read(&paths[0]).unwrap();
        let go_on = || Text::open(&tokenizer, &paths, false).unwrap().go_to(&place).map_err(|error| error.to_string());
        let mut changed = old.clone();
        changed[20] ^= 1;
        fs::write(&paths[0], &changed).unwrap();
        assert!(go_on().unwrap_err().contains("bytes are others"));
        fs::write(&paths[0], &old[..old.len() - 1]).unwrap();
        assert!(go_on().unwrap_err().contains("--restart"));
        fs::write(&paths[0], &old).unwrap();
        fs::write(&paths[2], "another end\n").unwrap();
        assert!(go_on().unwrap_err().contains("2.txt"));
        fs::write(&paths[2], "the end of it\n").unwrap();
        go_on().unwrap();
    }

    #[test]
    fn what_cannot_be_read_twice_or_holds_nothing_is_refused() {
        let (folder, paths, tokenizer) = desk();
        let open =
            |path: &PathBuf| Text::open(&tokenizer, std::slice::from_ref(path), false).err().unwrap().to_string();
        assert!(open(&paths[1]).contains("empty"));
        assert!(open(&folder.path().to_owned()).contains("is a folder"));
        assert!(open(&folder.path().join("none.txt")).contains("none.txt"));
    }

    #[test]
    fn a_file_that_is_no_text_is_named_wherever_that_shows() {
        let (folder, paths, tokenizer) = desk();
        let case = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/field/not-text.txt.gz");
        let refused = |path: &Path| Text::open(&tokenizer, &[path.to_owned()], false).err().unwrap().to_string();
        let told = refused(&case);
        assert!(told.contains("compressed with gzip; `gunzip -k FILE`") && told.contains("not-text.txt.gz"), "{told}");
        let mut long = fs::read(&paths[0]).unwrap().repeat(4);
        let end = long.len();
        long[end - 4000..].fill(0);
        let path = folder.path().join("torn.txt");
        fs::write(&path, long).unwrap();
        assert!(refused(&path).contains("many NUL bytes"));
    }
}

//! GGUF files: keys with values, and a table of tensors. What a file says of itself is read, checked and kept by where it is;
//! what llama models mean by their keys is in [`super::llama`].

use super::RawTensor;
use super::error::Flaw;
use super::format::Format;
use super::source::{Cursor, Source};
use crate::tokenizer::Names;
use std::path::Path;

/// A GGUF file whose header is sound.
#[derive(Debug)]
pub(super) struct Gguf {
    source: Source,
    /// By name.
    entries: Vec<Entry>,
    /// By name.
    tensors: Vec<TensorEntry>,
    alignment: u64,
    weights_offset: u64,
}

#[derive(Debug)]
struct Entry {
    key: Box<str>,
    value: Value,
}

/// Numbers are kept; where the others are is kept.
#[derive(Clone, Copy, Debug)]
enum Value {
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Bool(bool),
    Text { offset: u64, len: u64 },
    Array { element: u32, n: u64, offset: u64 },
}

/// A tensor as the table has it.
#[derive(Debug)]
pub(super) struct TensorEntry {
    pub(super) name: Box<str>,
    pub(super) format: Format,
    pub(super) n_rows: usize,
    pub(super) n_columns: usize,
    /// From the first weight on.
    offset: u64,
    n_bytes: u64,
}

/// Llama 3.1 with 405 billion parameters has 126 layers, thus 1 138 tensors; no file seen has a hundred keys.
const MOST_KEYS: u64 = 2048;
pub(super) const MOST_TENSORS: u64 = 8192;
/// The specification allows keys 65 535 bytes and tensors 64.
const MOST_NAME_BYTES: u64 = 1024;

const TEXT: u32 = 8;
const ARRAY: u32 = 9;

impl Gguf {
    pub(super) fn open(path: &Path) -> Result<Self, Flaw> {
        let source = Source::open(path)?;
        let mut cursor = Cursor::new(&source, 0);
        let magic: [u8; 4] = cursor.array()?;
        if &magic != b"GGUF" {
            return Err(Flaw::Magic { found: magic.escape_ascii().to_string() });
        }
        let version = cursor.u32()?;
        if matches!(version.swap_bytes(), 1..=3) {
            return Err(Flaw::BigEndian);
        }
        if !matches!(version, 2 | 3) {
            return Err(Flaw::Version { found: version });
        }
        let n_tensors = count(&mut cursor, "tensors", MOST_TENSORS)?;
        let n_keys = count(&mut cursor, "keys", MOST_KEYS)?;

        let mut entries = Vec::with_capacity(n_keys.min(cursor.left() / 13) as usize);
        for _ in 0..n_keys {
            entries.push(read_entry(&mut cursor)?);
        }
        entries.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        if let Some(pair) = entries.windows(2).find(|pair| pair[0].key == pair[1].key) {
            return Err(Flaw::Duplicate { name: pair[0].key.to_string() });
        }

        let mut tensors = Vec::with_capacity(n_tensors.min(cursor.left() / 32) as usize);
        for _ in 0..n_tensors {
            tensors.push(read_tensor(&mut cursor)?);
        }
        let header_end = cursor.offset();
        let mut gguf = Self { source, entries, tensors, alignment: 32, weights_offset: 0 };
        if let Some(alignment) = gguf.unsigned("general.alignment")? {
            if !alignment.is_power_of_two() {
                let found = alignment.to_string();
                return Err(Flaw::Value { key: "general.alignment".to_owned(), found, expected: "a power of two" });
            }
            gguf.alignment = alignment;
        }
        gguf.weights_offset = header_end.checked_next_multiple_of(gguf.alignment).unwrap_or(u64::MAX);
        gguf.check_places()?;
        gguf.tensors.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        if let Some(pair) = gguf.tensors.windows(2).find(|pair| pair[0].name == pair[1].name) {
            return Err(Flaw::Duplicate { name: pair[0].name.to_string() });
        }
        Ok(gguf)
    }

    /// Each tensor is in the file, aligned, and no other tensor is where it is.
    fn check_places(&mut self) -> Result<(), Flaw> {
        let available = self.source.len().saturating_sub(self.weights_offset);
        for tensor in &self.tensors {
            let (name, offset) = (tensor.name.to_string(), tensor.offset);
            if !offset.is_multiple_of(self.alignment) {
                return Err(Flaw::Misaligned { name, offset, alignment: self.alignment });
            }
            if offset.checked_add(tensor.n_bytes).is_none_or(|end| end > available) {
                return Err(Flaw::OutOfFile { name, offset, n_bytes: tensor.n_bytes, available });
            }
        }
        self.tensors.sort_unstable_by_key(|tensor| tensor.offset);
        match self.tensors.windows(2).find(|pair| pair[0].offset + pair[0].n_bytes > pair[1].offset) {
            Some(pair) => Err(Flaw::Overlap { first: pair[0].name.to_string(), second: pair[1].name.to_string() }),
            None => Ok(()),
        }
    }

    /// All tensors, by name.
    pub(super) fn tensors(&self) -> &[TensorEntry] {
        &self.tensors
    }

    pub(super) fn find(&self, name: &str) -> Option<&TensorEntry> {
        let place = self.tensors.binary_search_by(|tensor| (*tensor.name).cmp(name)).ok()?;
        Some(&self.tensors[place])
    }

    pub(super) fn read(&self, tensor: &TensorEntry) -> Result<RawTensor, Flaw> {
        let bytes = self.source.bytes(self.weights_offset + tensor.offset, tensor.n_bytes)?;
        Ok(RawTensor { format: tensor.format, n_rows: tensor.n_rows, n_columns: tensor.n_columns, bytes })
    }

    fn value(&self, key: &str) -> Option<Value> {
        let place = self.entries.binary_search_by(|entry| (*entry.key).cmp(key)).ok()?;
        Some(self.entries[place].value)
    }

    pub(super) fn unsigned(&self, key: &str) -> Result<Option<u64>, Flaw> {
        match self.value(key) {
            None => Ok(None),
            Some(Value::Unsigned(value)) => Ok(Some(value)),
            Some(Value::Signed(value)) if value >= 0 => Ok(Some(value.cast_unsigned())),
            Some(other) => Err(other.is_not(key, "a number that is not negative")),
        }
    }

    /// As [`Self::unsigned`], or an array that has the same number for each layer.
    pub(super) fn unsigned_of_all_layers(&self, key: &str) -> Result<Option<u64>, Flaw> {
        let Some(Value::Array { .. }) = self.value(key) else { return self.unsigned(key) };
        let mut of_all = None;
        self.each_integer(key, |value| {
            let is_same = *of_all.get_or_insert(value) == value;
            is_same.then_some(()).ok_or_else(|| Flaw::Value {
                key: key.to_owned(),
                found: "an array of different numbers".to_owned(),
                expected: "the same number for each layer",
            })
        })?;
        match of_all.map(u64::try_from) {
            Some(Ok(value)) => Ok(Some(value)),
            _ => Err(Flaw::Value {
                key: key.to_owned(),
                found: "an array without a number, or with a negative one".to_owned(),
                expected: "a number that is not negative",
            }),
        }
    }

    pub(super) fn float(&self, key: &str) -> Result<Option<f64>, Flaw> {
        match self.value(key) {
            None => Ok(None),
            Some(Value::Float(value)) => Ok(Some(value)),
            Some(other) => Err(other.is_not(key, "a number with a fraction")),
        }
    }

    pub(super) fn bool(&self, key: &str) -> Result<Option<bool>, Flaw> {
        match self.value(key) {
            None => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(value)),
            Some(other) => Err(other.is_not(key, "true or false")),
        }
    }

    pub(super) fn text(&self, key: &str) -> Result<Option<String>, Flaw> {
        match self.value(key) {
            None => Ok(None),
            Some(Value::Text { offset, len }) => {
                let bytes = self.source.bytes(offset, len)?;
                String::from_utf8(bytes).map(Some).or(Err(Flaw::NotUtf8 { offset }))
            }
            Some(other) => Err(other.is_not(key, "a text")),
        }
    }

    /// An array of texts, all in one.
    pub(super) fn texts(&self, key: &str) -> Result<Option<Names>, Flaw> {
        let (n, offset) = match self.value(key) {
            None => return Ok(None),
            Some(Value::Array { element: TEXT, n, offset }) => (n, offset),
            Some(other) => return Err(other.is_not(key, "an array of texts")),
        };
        let mut n_bytes = 0;
        self.each_text(n, offset, |_, text| {
            n_bytes += text.len();
            Ok(())
        })?;
        // That many texts, and that many bytes, were just seen in the file.
        let mut names = Names::with_capacity(n as usize, n_bytes);
        self.each_text(n, offset, |offset, text| {
            let text = std::str::from_utf8(text).or(Err(Flaw::NotUtf8 { offset }))?;
            let most = u64::from(u32::MAX);
            names.push(text).ok_or(Flaw::TooMany { what: "bytes of names", found: n_bytes as u64, most })
        })?;
        Ok(Some(names))
    }

    fn each_text(&self, n: u64, offset: u64, mut each: impl FnMut(u64, &[u8]) -> Result<(), Flaw>) -> Result<(), Flaw> {
        let mut cursor = Cursor::new(&self.source, offset);
        for _ in 0..n {
            let len = cursor.u64()?;
            let offset = cursor.offset();
            if len > MOST_NAME_BYTES {
                return Err(Flaw::NameLength { offset, len, most: MOST_NAME_BYTES });
            }
            each(offset, cursor.take(len)?)?;
        }
        Ok(())
    }

    /// Calls with each of an array of integers; how many there are, or `None` without such a key.
    pub(super) fn each_integer(
        &self,
        key: &str,
        mut each: impl FnMut(i64) -> Result<(), Flaw>,
    ) -> Result<Option<u64>, Flaw> {
        let (element, n, offset) = match self.value(key) {
            None => return Ok(None),
            Some(Value::Array { element, n, offset }) => (element, n, offset),
            Some(other) => return Err(other.is_not(key, "an array of integers")),
        };
        let mut cursor = Cursor::new(&self.source, offset);
        for _ in 0..n {
            let value = match read_scalar(&mut cursor, element, key)? {
                Value::Unsigned(value) => i64::try_from(value).ok(),
                Value::Signed(value) => Some(value),
                _ => None,
            };
            let Some(value) = value else {
                return Err(Value::Array { element, n, offset }.is_not(key, "an array of integers"));
            };
            each(value)?;
        }
        Ok(Some(n))
    }
}

impl Value {
    fn is_not(self, key: &str, expected: &'static str) -> Flaw {
        let found = match self {
            Self::Unsigned(value) => value.to_string(),
            Self::Signed(value) => value.to_string(),
            Self::Float(value) => value.to_string(),
            Self::Bool(value) => value.to_string(),
            Self::Text { .. } => "a text".to_owned(),
            Self::Array { element, n, .. } => format!("an array of {n} values of type {element}"),
        };
        Flaw::Value { key: key.to_owned(), found, expected }
    }
}

fn count(cursor: &mut Cursor<'_>, what: &'static str, most: u64) -> Result<u64, Flaw> {
    let found = cursor.u64()?;
    if found > most { Err(Flaw::TooMany { what, found, most }) } else { Ok(found) }
}

fn read_name(cursor: &mut Cursor<'_>) -> Result<Box<str>, Flaw> {
    let len = cursor.u64()?;
    let offset = cursor.offset();
    if len > MOST_NAME_BYTES {
        return Err(Flaw::NameLength { offset, len, most: MOST_NAME_BYTES });
    }
    let name = std::str::from_utf8(cursor.take(len)?).or(Err(Flaw::NotUtf8 { offset }))?;
    Ok(name.into())
}

fn read_entry(cursor: &mut Cursor<'_>) -> Result<Entry, Flaw> {
    let key = read_name(cursor)?;
    let kind = cursor.u32()?;
    let value = match kind {
        TEXT => read_text_place(cursor)?,
        ARRAY => read_array_place(cursor, &key)?,
        _ => read_scalar(cursor, kind, &key)?,
    };
    Ok(Entry { key, value })
}

fn read_text_place(cursor: &mut Cursor<'_>) -> Result<Value, Flaw> {
    let len = cursor.u64()?;
    let offset = cursor.offset();
    cursor.skip(len)?;
    Ok(Value::Text { offset, len })
}

/// Steps over an array. Arrays of arrays are allowed by the specification; no model of the family has any.
fn read_array_place(cursor: &mut Cursor<'_>, key: &str) -> Result<Value, Flaw> {
    let element = cursor.u32()?;
    let n = cursor.u64()?;
    let offset = cursor.offset();
    if element == TEXT {
        for _ in 0..n {
            read_text_place(cursor)?;
        }
    } else {
        let n_bytes = n.saturating_mul(scalar_bytes(element, key)?);
        cursor.skip(n_bytes)?;
    }
    Ok(Value::Array { element, n, offset })
}

fn scalar_bytes(kind: u32, key: &str) -> Result<u64, Flaw> {
    match kind {
        0 | 1 | 7 => Ok(1),
        2 | 3 => Ok(2),
        4..=6 => Ok(4),
        10..=12 => Ok(8),
        _ => Err(Flaw::ValueType { key: key.to_owned(), found: kind }),
    }
}

fn read_scalar(cursor: &mut Cursor<'_>, kind: u32, key: &str) -> Result<Value, Flaw> {
    let mut bytes = [0; 8];
    let n_bytes = scalar_bytes(kind, key)?;
    bytes[..n_bytes as usize].copy_from_slice(cursor.take(n_bytes)?);
    let unsigned = u64::from_le_bytes(bytes);
    Ok(match kind {
        0 | 2 | 4 | 10 => Value::Unsigned(unsigned),
        1 => Value::Signed(i64::from((unsigned as u8).cast_signed())),
        3 => Value::Signed(i64::from((unsigned as u16).cast_signed())),
        5 => Value::Signed(i64::from((unsigned as u32).cast_signed())),
        11 => Value::Signed(unsigned.cast_signed()),
        6 => Value::Float(f64::from(f32::from_bits(unsigned as u32))),
        12 => Value::Float(f64::from_bits(unsigned)),
        _ => match unsigned {
            0 => Value::Bool(false),
            1 => Value::Bool(true),
            other => return Err(Value::Unsigned(other).is_not(key, "true (1) or false (0)")),
        },
    })
}

fn read_tensor(cursor: &mut Cursor<'_>) -> Result<TensorEntry, Flaw> {
    let name = read_name(cursor)?;
    let n_dimensions = cursor.u32()?;
    if n_dimensions > 4 {
        return Err(Flaw::TooMany { what: "dimensions of a tensor", found: u64::from(n_dimensions), most: 4 });
    }
    let mut shape = [1; 4];
    for length in &mut shape[..n_dimensions as usize] {
        *length = cursor.u64()?;
    }
    let format =
        Format::from_gguf_number(cursor.u32()?).map_err(|format| Flaw::Format { name: name.to_string(), format })?;
    let offset = cursor.u64()?;

    let flaw_of_shape = || Flaw::Shape { name: name.to_string(), shape: shape[..n_dimensions as usize].to_vec() };
    let [n_columns, n_rows] = [shape[0], shape[1]].map(usize::try_from);
    let (Ok(n_columns @ 1..), Ok(n_rows @ 1..), [_, _, 1, 1]) = (n_columns, n_rows, shape) else {
        return Err(flaw_of_shape());
    };
    if !n_columns.is_multiple_of(format.block_len()) {
        let block_len = format.block_len();
        return Err(Flaw::Row { name: name.into(), n_columns, format: format.name(), block_len });
    }
    let row_bytes = (n_columns / format.block_len()).checked_mul(format.block_bytes());
    let n_bytes = row_bytes.and_then(|bytes| bytes.checked_mul(n_rows)).ok_or_else(flaw_of_shape)? as u64;
    Ok(TensorEntry { name, format, n_rows, n_columns, offset, n_bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header with one tensor of each shape and offset, over so many bytes of weights.
    fn open(
        version: u32,
        alignment: Option<u32>,
        tensors: &[(&str, &[u64], u32, u64)],
        n_weights: usize,
    ) -> Result<Gguf, Flaw> {
        let text = |text: &str| [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat();
        let mut out = b"GGUF".to_vec();
        out.extend(version.to_le_bytes());
        out.extend((tensors.len() as u64).to_le_bytes());
        out.extend(u64::from(alignment.is_some()).to_le_bytes());
        if let Some(alignment) = alignment {
            out.extend(
                [text("general.alignment"), 4_u32.to_le_bytes().to_vec(), alignment.to_le_bytes().to_vec()].concat(),
            );
        }
        for (name, shape, format, offset) in tensors {
            out.extend(text(name));
            out.extend((shape.len() as u32).to_le_bytes());
            shape.iter().for_each(|length| out.extend(length.to_le_bytes()));
            out.extend(format.to_le_bytes());
            out.extend(offset.to_le_bytes());
        }
        let end = out.len().next_multiple_of(alignment.filter(|n| n.is_power_of_two()).unwrap_or(32) as usize);
        out.resize(end + n_weights, 7);
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), out).unwrap();
        Gguf::open(file.path())
    }

    #[test]
    fn tensors_must_be_aligned_whole_inside_of_the_file_and_apart() {
        let one = |shape: &[u64], format, offset| match open(3, None, &[("a", shape, format, offset)], 256) {
            Ok(_) => "sound".to_owned(),
            Err(flaw) => flaw.to_string(),
        };
        for (shape, format, offset, message) in [
            (&[64][..], 0, 0, "sound"),
            (&[32, 2], 0, 0, "sound"),
            (&[32, 2, 1, 1], 0, 0, "sound"),
            (&[32, 4], 8, 96, "sound"),
            (&[65], 0, 0, "has 260 bytes from byte 0 of the weights on, which have 256"),
            (&[64], 0, 32, "has 256 bytes from byte 32"),
            (&[8], 0, 16, "not a multiple of the alignment 32"),
            (&[8], 0, u64::MAX - 31, "bytes from byte 18446744073709551584"),
            (&[33], 8, 0, "rows of 33 numbers, not whole blocks of Q8_0, which have 32"),
            (&[128], 12, 0, "not whole blocks of Q4_K, which have 256"),
            (&[0], 0, 0, "has the shape [0]"),
            (&[4, 0], 0, 0, "has the shape [4, 0]"),
            (&[4, 4, 2], 0, 0, "has the shape [4, 4, 2]"),
            (&[1 << 33, 1 << 33], 0, 0, "has the shape"),
            (&[1, 1, 1, 1, 1], 0, 0, "5 dimensions of a tensor; at most 4"),
            (&[32], 20, 0, "is written as IQ4_NL"),
            (&[32], 4, 0, "is written as number 4"),
        ] {
            let found = one(shape, format, offset);
            assert!(found.contains(message), "{shape:?} {format} {offset}: {found}");
        }
        let two = |a, b| open(3, None, &[a, b], 256).map(|_| ()).map_err(|flaw| flaw.to_string());
        assert_eq!(two(("a", &[16], 0, 64), ("b", &[16], 0, 0)), Ok(()));
        let overlap = two(("a", &[16], 0, 32), ("b", &[16], 0, 0)).unwrap_err();
        assert_eq!(overlap, "tensors \"b\" and \"a\" overlap");
        assert_eq!(two(("a", &[16], 0, 64), ("a", &[16], 0, 0)).unwrap_err(), "\"a\" is there twice");
    }

    #[test]
    fn versions_byte_orders_and_alignments_that_are_not_read_are_named() {
        let flaw = |version, alignment| open(version, alignment, &[], 0).map(|_| ()).map_err(|flaw| flaw.to_string());
        assert_eq!((flaw(2, None), flaw(3, Some(64)), flaw(3, Some(1))), (Ok(()), Ok(()), Ok(())));
        assert_eq!(flaw(1, None).unwrap_err(), "GGUF version 1; 2 and 3 are read");
        assert_eq!(flaw(4, None).unwrap_err(), "GGUF version 4; 2 and 3 are read");
        assert!(flaw(3_u32.swap_bytes(), None).unwrap_err().starts_with("a big-endian GGUF file"));
        for alignment in [0, 48] {
            let message = format!("\"general.alignment\" is {alignment}, and must be a power of two");
            assert_eq!(flaw(3, Some(alignment)).unwrap_err(), message);
        }
    }
}

//! A GGUF file read so far that it can be written again, with other keys or in another format.

use crate::{Format, GgufWriter};
use std::io;
use std::path::Path;

/// A GGUF file: its keys as they are written, and what it says of its tensors. Files that are not well-formed panic.
#[derive(Clone, Debug)]
pub struct GgufFile {
    /// The keys with their values, as bytes.
    pub metadata: Vec<u8>,
    /// How many keys.
    pub n_keys: u64,
    /// Its tensors, in order.
    pub tensors: Vec<GgufTensor>,
    alignment: u64,
    weights: Vec<u8>,
}

/// What a GGUF file says of a tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GgufTensor {
    /// Its name.
    pub name: String,
    /// Outputs; 1 of a vector.
    pub n_rows: usize,
    /// Inputs.
    pub n_columns: usize,
    /// The number of its format.
    pub format_number: u32,
    offset: usize,
}

impl GgufFile {
    /// Reads a file.
    pub fn read(path: &Path) -> io::Result<Self> {
        let whole = std::fs::read(path)?;
        let mut rest = &whole[..];
        assert_eq!(take(&mut rest, 4), b"GGUF");
        let version = u32_of(&mut rest);
        assert!(matches!(version, 2 | 3), "GGUF version {version}");
        let (n_tensors, n_keys) = (u64_of(&mut rest), u64_of(&mut rest));
        let first = rest;
        let mut alignment = 32;
        for _ in 0..n_keys {
            let key = text_of(&mut rest);
            let kind = u32_of(&mut rest);
            let value = rest;
            skip_value(&mut rest, kind);
            if key == "general.alignment" {
                alignment = u64::from(u32_of(&mut &value[..4]));
            }
        }
        let metadata = first[..first.len() - rest.len()].to_vec();
        let tensors = (0..n_tensors).map(|_| tensor_of(&mut rest)).collect();
        let header = whole.len() - rest.len();
        let weights = whole[header.next_multiple_of(alignment as usize)..].to_vec();
        Ok(Self { metadata, n_keys, tensors, alignment, weights })
    }

    /// A writer that has this file's keys and no tensors yet.
    pub fn writer(&self) -> GgufWriter {
        GgufWriter::with_metadata(self.metadata.clone(), self.n_keys, self.alignment)
    }

    /// The bytes of a tensor in a format that can be written; `None` where there is none of that name.
    pub fn bytes_of(&self, name: &str) -> Option<&[u8]> {
        let tensor = self.tensors.iter().find(|tensor| tensor.name == name)?;
        let format = Format::ALL.into_iter().find(|format| format.gguf_number() == tensor.format_number);
        let row_bytes = format.expect("a format that can be written").row_bytes(tensor.n_columns);
        Some(&self.weights[tensor.offset..][..tensor.n_rows * row_bytes])
    }

    /// Writes the model with its matrices in another format, and everything else as it is. A matrix whose rows are not whole blocks
    /// of that format, and vectors, keep theirs. `numbers` gives the numbers of a tensor, read by other code than this.
    pub fn write_in(&self, path: &Path, format: Format, mut numbers: impl FnMut(&str) -> Vec<f32>) -> io::Result<()> {
        let mut writer = self.writer();
        for tensor in &self.tensors {
            let is_rewritten = tensor.n_rows > 1 && tensor.n_columns.is_multiple_of(format.block_len());
            let kept = || Format::ALL.into_iter().find(|format| format.gguf_number() == tensor.format_number);
            let format = if is_rewritten { format } else { kept().expect("a format that can be written") };
            writer.tensor(&tensor.name, format, tensor.n_rows, tensor.n_columns);
        }
        writer.write(path, |name, format| {
            let tensor = self.tensors.iter().find(|tensor| tensor.name == name).expect("the names are the file's");
            let is_kept = tensor.format_number == format.gguf_number();
            let kept = self.bytes_of(name).filter(|_| is_kept).map(<[u8]>::to_vec);
            Ok(kept.unwrap_or_else(|| format.encode(&numbers(name))))
        })
    }
}

fn take<'a>(rest: &mut &'a [u8], n: usize) -> &'a [u8] {
    rest.split_off(..n).expect("the file goes on")
}

fn u32_of(rest: &mut &[u8]) -> u32 {
    u32::from_le_bytes(take(rest, 4).try_into().expect("four bytes"))
}

fn u64_of(rest: &mut &[u8]) -> u64 {
    u64::from_le_bytes(take(rest, 8).try_into().expect("eight bytes"))
}

fn text_of(rest: &mut &[u8]) -> String {
    let n = u64_of(rest) as usize;
    String::from_utf8(take(rest, n).to_vec()).expect("UTF-8")
}

fn skip_value(rest: &mut &[u8], kind: u32) {
    match kind {
        0 | 1 | 7 => drop(take(rest, 1)),
        2 | 3 => drop(take(rest, 2)),
        4..=6 => drop(take(rest, 4)),
        8 => drop(text_of(rest)),
        9 => {
            let (kind, n) = (u32_of(rest), u64_of(rest));
            (0..n).for_each(|_| skip_value(rest, kind));
        }
        10..=12 => drop(take(rest, 8)),
        other => panic!("a value of type {other}"),
    }
}

fn tensor_of(rest: &mut &[u8]) -> GgufTensor {
    let name = text_of(rest);
    let lengths: Vec<usize> = (0..u32_of(rest)).map(|_| u64_of(rest) as usize).collect();
    let n_columns = lengths[0];
    let n_rows = lengths[1..].iter().product();
    let (format_number, offset) = (u32_of(rest), u64_of(rest) as usize);
    GgufTensor { name, n_rows, n_columns, format_number, offset }
}

//! GGUF files written.

use crate::Format;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Writes a GGUF file: say its keys and tensors, then give the weights one tensor at a time.
#[derive(Debug)]
pub struct GgufWriter {
    metadata: Vec<u8>,
    n_keys: u64,
    alignment: u64,
    tensors: Vec<Planned>,
}

/// A value of a key.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "each is what its type says")]
pub enum Metadata<'a> {
    U32(u32),
    F32(f32),
    Bool(bool),
    Text(&'a str),
    Texts(&'a [String]),
    I32s(&'a [i32]),
}

#[derive(Debug)]
struct Planned {
    name: String,
    format: Format,
    n_rows: usize,
    n_columns: usize,
}

impl Default for GgufWriter {
    fn default() -> Self {
        Self { metadata: Vec::new(), n_keys: 0, alignment: 32, tensors: Vec::new() }
    }
}

impl GgufWriter {
    /// With keys that are already written, as bytes; `alignment` is what they say.
    pub fn with_metadata(metadata: Vec<u8>, n_keys: u64, alignment: u64) -> Self {
        Self { metadata, n_keys, alignment, tensors: Vec::new() }
    }

    /// One more key.
    pub fn key(&mut self, key: &str, value: Metadata<'_>) {
        self.n_keys += 1;
        let out = &mut self.metadata;
        put_text(out, key);
        match value {
            Metadata::U32(value) => put(out, 4, value.to_le_bytes()),
            Metadata::F32(value) => put(out, 6, value.to_le_bytes()),
            Metadata::Bool(value) => put(out, 7, [u8::from(value)]),
            Metadata::Text(value) => {
                put(out, 8, []);
                put_text(out, value);
            }
            Metadata::Texts(values) => {
                put(out, 9, 8_u32.to_le_bytes());
                out.extend((values.len() as u64).to_le_bytes());
                values.iter().for_each(|value| put_text(out, value));
            }
            Metadata::I32s(values) => {
                put(out, 9, 5_u32.to_le_bytes());
                out.extend((values.len() as u64).to_le_bytes());
                values.iter().for_each(|value| out.extend(value.to_le_bytes()));
            }
        }
    }

    /// One more tensor, whose weights are given later. One row is written as a vector.
    pub fn tensor(&mut self, name: &str, format: Format, n_rows: usize, n_columns: usize) {
        self.tensors.push(Planned { name: name.to_owned(), format, n_rows, n_columns });
    }

    /// Writes the file; `weights` gives the bytes of each tensor by its name and format.
    pub fn write<E: From<io::Error>>(
        &self,
        path: &Path,
        mut weights: impl FnMut(&str, Format) -> Result<Vec<u8>, E>,
    ) -> Result<(), E> {
        let header = self.header();
        let mut out = BufWriter::new(File::create(path)?);
        out.write_all(&header)?;
        let mut written = header.len() as u64;
        for tensor in &self.tensors {
            written = self.pad(&mut out, written)?;
            let bytes = weights(&tensor.name, tensor.format)?;
            assert_eq!(bytes.len() as u64, tensor.n_bytes(), "bytes of {}", tensor.name);
            out.write_all(&bytes)?;
            written += bytes.len() as u64;
        }
        self.pad(&mut out, written)?;
        out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        Ok(())
    }

    fn header(&self) -> Vec<u8> {
        let mut out = b"GGUF".to_vec();
        out.extend(3_u32.to_le_bytes());
        out.extend((self.tensors.len() as u64).to_le_bytes());
        out.extend(self.n_keys.to_le_bytes());
        out.extend(&self.metadata);
        let mut offset = 0_u64;
        for tensor in &self.tensors {
            put_text(&mut out, &tensor.name);
            let dimensions = [tensor.n_columns as u64, tensor.n_rows as u64];
            let dimensions = if tensor.n_rows == 1 { &dimensions[..1] } else { &dimensions };
            out.extend((dimensions.len() as u32).to_le_bytes());
            dimensions.iter().for_each(|length| out.extend(length.to_le_bytes()));
            out.extend(tensor.format.gguf_number().to_le_bytes());
            out.extend(offset.to_le_bytes());
            offset = (offset + tensor.n_bytes()).next_multiple_of(self.alignment);
        }
        out
    }

    fn pad(&self, out: &mut impl Write, written: u64) -> io::Result<u64> {
        let aligned = written.next_multiple_of(self.alignment);
        io::copy(&mut io::Read::take(io::repeat(0), aligned - written), out)?;
        Ok(aligned)
    }
}

impl Planned {
    fn n_bytes(&self) -> u64 {
        (self.n_rows * self.format.row_bytes(self.n_columns)) as u64
    }
}

fn put<const N: usize>(out: &mut Vec<u8>, kind: u32, value: [u8; N]) {
    out.extend(kind.to_le_bytes());
    out.extend(value);
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u64).to_le_bytes());
    out.extend(text.as_bytes());
}

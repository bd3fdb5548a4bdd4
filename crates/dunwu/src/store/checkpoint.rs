//! The latest checkpoint: what is needed to go on with the same bits.

use super::error::StoreError;
use super::file::{self, FileError, While as _};
use super::id::RunId;
use super::record::Record;
use super::run_dir::RunDir;
use super::snapshot::{f32_bytes, f32_tensor, f64_bytes, f64_tensor, from_safetensors, to_safetensors};
use dunwu_engine::Checkpoint;
use safetensors::tensor::Dtype;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The head of a checkpoint's file: whose it is, and how to check that it is whole.
#[derive(Serialize, Deserialize)]
pub struct CheckpointMetadata {
    /// The run that it belongs to.
    pub run: RunId,
    step: u64,
    /// Bytes of the record when this was saved; a shorter record cannot be gone on with from here.
    record_bytes: u64,
    /// Names in their order; tensor `array.NAME` or `number.NAME` holds each.
    arrays: Vec<String>,
    numbers: Vec<String>,
    /// Of the step and all values.
    blake3: String,
}

/// Where it is.
pub(super) fn path(dir: &Path) -> PathBuf {
    dir.join("checkpoint.safetensors")
}

/// Replaces the checkpoint of the run in `dir`, whose record has `record_bytes` synced bytes.
pub(super) fn save(dir: &Path, run: &RunId, record_bytes: u64, checkpoint: &Checkpoint) -> Result<(), FileError> {
    file::replace(&path(dir), &encode(run, record_bytes, checkpoint), "saving the checkpoint")
}

/// The checkpoint that the run can go on from: `Ok(None)` where none was saved, `Err` with the reason where the one that
/// was cannot be used and the run has to begin again. The outer error is of the file system.
pub(super) fn usable(dir: &RunDir, record: &Record) -> Result<Result<Option<Checkpoint>, String>, StoreError> {
    let path = path(dir.path());
    let bytes = match fs::read(&path) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Ok(None)),
        read => read.or_while("reading the checkpoint", &path)?,
    };
    let checkpoint = decode(&bytes).and_then(|(metadata, checkpoint)| {
        if metadata.run != record.header.id {
            Err(format!("it is of run {}", metadata.run))
        } else if metadata.record_bytes > record.len {
            Err(format!("the record had {} bytes when it was saved and has {}", metadata.record_bytes, record.len))
        } else {
            Ok(checkpoint)
        }
    });
    Ok(checkpoint.map(Some))
}

/// The file of a checkpoint of `run`, saved when its record had `record_bytes` bytes.
pub fn encode(run: &RunId, record_bytes: u64, checkpoint: &Checkpoint) -> Vec<u8> {
    let names = |names: Vec<&String>| names.into_iter().cloned().collect::<Vec<_>>();
    let metadata = CheckpointMetadata {
        run: run.clone(),
        step: checkpoint.step,
        record_bytes,
        arrays: names(checkpoint.arrays.iter().map(|(name, _)| name).collect()),
        numbers: names(checkpoint.numbers.iter().map(|(name, _)| name).collect()),
        blake3: digest(checkpoint),
    };
    let arrays = checkpoint.arrays.iter();
    let arrays = arrays.map(|(name, x)| (format!("array.{name}"), Dtype::F32, vec![x.len()], f32_bytes(x)));
    let numbers = checkpoint.numbers.iter();
    let numbers = numbers.map(|(name, x)| (format!("number.{name}"), Dtype::F64, vec![x.len()], f64_bytes(x)));
    let tensors: Vec<_> = arrays.chain(numbers).collect();
    let names: std::collections::BTreeSet<_> = tensors.iter().map(|(name, ..)| name).collect();
    assert_eq!(names.len(), tensors.len(), "a checkpoint names each of its arrays once");
    let views: Vec<_> = tensors.iter().map(|(name, t, shape, bytes)| (&**name, *t, shape.clone(), &**bytes)).collect();
    to_safetensors(&metadata, &views)
}

/// A checkpoint from its file; `Err` says why it is none.
pub fn decode(bytes: &[u8]) -> Result<(CheckpointMetadata, Checkpoint), String> {
    let (metadata, tensors) = from_safetensors::<CheckpointMetadata>(bytes)?;
    let mut checkpoint = Checkpoint { step: metadata.step, arrays: Vec::new(), numbers: Vec::new() };
    for name in &metadata.arrays {
        checkpoint.arrays.push((name.clone(), f32_tensor(&tensors, &format!("array.{name}"))?.1));
    }
    for name in &metadata.numbers {
        checkpoint.numbers.push((name.clone(), f64_tensor(&tensors, &format!("number.{name}"))?.1));
    }
    if digest(&checkpoint) != metadata.blake3 {
        return Err("its values do not have the hash that it lists".to_owned());
    }
    Ok((metadata, checkpoint))
}

fn digest(checkpoint: &Checkpoint) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&checkpoint.step.to_le_bytes());
    for (name, values) in &checkpoint.arrays {
        hasher.update(name.as_bytes()).update(&values.len().to_le_bytes()).update(&f32_bytes(values));
    }
    for (name, values) in &checkpoint.numbers {
        hasher.update(name.as_bytes()).update(&values.len().to_le_bytes()).update(&f64_bytes(values));
    }
    hasher.finalize().to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Bits<'a, T> = Vec<(&'a str, Vec<T>)>;

    fn bits(c: &Checkpoint) -> (u64, Bits<'_, u32>, Bits<'_, u64>) {
        let arrays = c.arrays.iter().map(|(n, x)| (n.as_str(), x.iter().map(|x| x.to_bits()).collect())).collect();
        let numbers = c.numbers.iter().map(|(n, x)| (n.as_str(), x.iter().map(|x| x.to_bits()).collect())).collect();
        (c.step, arrays, numbers)
    }

    proptest! {
        #[test]
        fn a_checkpoint_of_any_bits_comes_back_in_order(
            step: u64,
            lengths in proptest::collection::vec(0usize..7, 0..5),
            draws in proptest::collection::vec(any::<u64>(), 7),
        ) {
            // Names in descending order, and one shared by an array and a number: neither may matter.
            let name = |i: usize| format!("state.{}", 9 - i);
            let f32s = |n: usize| draws[..n].iter().map(|&x| f32::from_bits(x as u32)).collect();
            let f64s = |n: usize| draws[..n].iter().map(|&x| f64::from_bits(x)).collect();
            let checkpoint = Checkpoint {
                step,
                arrays: lengths.iter().enumerate().map(|(i, &n)| (name(i), f32s(n))).collect(),
                numbers: lengths.iter().enumerate().map(|(i, &n)| (name(i), f64s(n))).collect(),
            };
            let (metadata, back) = decode(&encode(&RunId::of("x"), 77, &checkpoint)).unwrap();
            prop_assert_eq!(metadata.record_bytes, 77);
            prop_assert_eq!(bits(&back), bits(&checkpoint));
        }
    }

    #[test]
    fn a_flipped_bit_in_any_value_is_noticed() {
        let numbers = vec![("n".to_owned(), vec![0.5])];
        let checkpoint = Checkpoint { step: 3, arrays: vec![("w".to_owned(), vec![1.0, 2.0])], numbers };
        let bytes = encode(&RunId::of("x"), 0, &checkpoint);
        for index in bytes.len() - 16..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[index] ^= 1;
            assert!(decode(&damaged).is_err(), "byte {index}");
        }
    }
}

//! A safetensors file of another program: arrays by name, whatever kind of numbers they hold.

use super::error::ImportError;
use safetensors::tensor::{Dtype, SafeTensors};
use std::fs;
use std::path::{Path, PathBuf};

/// One array of numbers with a fraction, as f32.
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignArray {
    /// Its name in the file.
    pub name: String,
    /// Its extents, the last one contiguous.
    pub shape: Vec<usize>,
    /// Row-major.
    pub values: Vec<f32>,
    /// The kind of numbers in the file: `F32`, `BF16`.
    pub kind: String,
}

/// One array of whole numbers or truth values.
#[derive(Clone, Debug, PartialEq)]
pub struct WholeArray {
    /// Its name in the file.
    pub name: String,
    /// Its extents, the last one contiguous.
    pub shape: Vec<usize>,
    /// Row-major.
    pub values: Vec<i64>,
}

/// A file that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignFile {
    /// Where it is.
    pub path: PathBuf,
    /// BLAKE3 of its bytes, in hexadecimal.
    pub blake3: String,
    /// Its arrays of numbers with a fraction, sorted by name.
    pub arrays: Vec<ForeignArray>,
    /// Its arrays of whole numbers and truth values, sorted by name: masks, counters, indices of samples.
    pub whole: Vec<WholeArray>,
}

impl ForeignFile {
    /// Reads a file; what is none of safetensors is named.
    pub fn read(path: &Path) -> Result<Self, ImportError> {
        let bytes = fs::read(path).map_err(|source| ImportError::Read { source, path: path.to_owned() })?;
        Self::of_bytes(path, &bytes)
    }

    /// The same from its bytes; `path` is what it is called.
    pub fn of_bytes(path: &Path, bytes: &[u8]) -> Result<Self, ImportError> {
        let path = || path.to_owned();
        if let Some(found) = other_kind(bytes) {
            return Err(ImportError::OtherKind { found, path: path() });
        }
        let tensors = SafeTensors::deserialize(bytes).map_err(|error| ImportError::NoSafetensors {
            why: error.to_string(),
            n_bytes: bytes.len(),
            path: path(),
        })?;
        let (mut arrays, mut whole) = (Vec::new(), Vec::new());
        for (name, view) in tensors.iter() {
            let (name, shape, data) = (name.to_owned(), view.shape().to_vec(), view.data());
            if let Some(values) = fractions(view.dtype(), data) {
                arrays.push(ForeignArray { name, shape, values, kind: format!("{:?}", view.dtype()) });
            } else if let Some(values) = whole_numbers(view.dtype(), data) {
                whole.push(WholeArray { name, shape, values });
            } else {
                let kind = format!("{:?}", view.dtype());
                return Err(ImportError::NumberKind { name, kind, path: path() });
            }
        }
        if arrays.is_empty() {
            return Err(ImportError::NoArrays { path: path() });
        }
        arrays.sort_by(|a, b| a.name.cmp(&b.name));
        whole.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self { path: path(), blake3: blake3::hash(bytes).to_hex().to_string(), arrays, whole })
    }
}

/// What bytes are that begin as another kind of file does.
fn other_kind(bytes: &[u8]) -> Option<&'static str> {
    const KINDS: [(&[u8], &str); 7] = [
        (b"PK\x03\x04", "a PyTorch checkpoint or another zip archive"),
        (b"\x80\x02", "a pickle, such as an old PyTorch checkpoint"),
        (b"\x80\x04", "a pickle"),
        (b"\x93NUMPY", "an array of NumPy"),
        (b"\x89HDF", "an HDF5 file"),
        (b"GGUF", "a language model in GGUF"),
        (b"PAR1", "a Parquet table"),
    ];
    KINDS.iter().find(|(magic, _)| bytes.starts_with(magic)).map(|&(_, kind)| kind)
}

/// Numbers with a fraction as f32, rounded to nearest where they are f64; `None` for another kind.
fn fractions(kind: Dtype, data: &[u8]) -> Option<Vec<f32>> {
    Some(match kind {
        Dtype::F32 => data.as_chunks().0.iter().map(|&b| f32::from_le_bytes(b)).collect(),
        Dtype::F64 => data.as_chunks().0.iter().map(|&b| f64::from_le_bytes(b) as f32).collect(),
        Dtype::F16 => data.as_chunks().0.iter().map(|&b| f32_from_half(u16::from_le_bytes(b))).collect(),
        Dtype::BF16 => data.as_chunks().0.iter().map(|&b| f32_from_bfloat(u16::from_le_bytes(b))).collect(),
        _ => return None,
    })
}

/// Whole numbers and truth values; `None` for another kind.
fn whole_numbers(kind: Dtype, data: &[u8]) -> Option<Vec<i64>> {
    Some(match kind {
        Dtype::BOOL | Dtype::U8 => data.iter().map(|&b| b.into()).collect(),
        Dtype::I8 => data.iter().map(|&b| i64::from(b.cast_signed())).collect(),
        Dtype::I16 => data.as_chunks().0.iter().map(|&b| i16::from_le_bytes(b).into()).collect(),
        Dtype::U16 => data.as_chunks().0.iter().map(|&b| u16::from_le_bytes(b).into()).collect(),
        Dtype::I32 => data.as_chunks().0.iter().map(|&b| i32::from_le_bytes(b).into()).collect(),
        Dtype::U32 => data.as_chunks().0.iter().map(|&b| u32::from_le_bytes(b).into()).collect(),
        Dtype::I64 | Dtype::U64 => data.as_chunks().0.iter().map(|&b| i64::from_le_bytes(b)).collect(),
        _ => return None,
    })
}

/// Sixteen bits of IEEE 754 half precision: a sign, five bits of exponent, ten of fraction.
fn f32_from_half(bits: u16) -> f32 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f32::from(bits & 1023));
    sign * match exponent {
        0 => fraction * 2f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1024.0 + fraction) * 2f32.powi(exponent - 25),
    }
}

/// The upper half of an f32.
fn f32_from_bfloat(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_the_numbers_that_they_stand_for() {
        for (bits, value) in [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0400, 6.103_515_6e-5),
            (0x0001, 5.960_464_5e-8),
            (0x3555, 0.333_251_95),
        ] {
            assert_eq!(f32_from_half(bits), value, "{bits:x}");
        }
        assert_eq!(f32_from_half(0xfc00), f32::NEG_INFINITY);
        assert!(f32_from_half(0x7c01).is_nan() && f32_from_half(0x8000).is_sign_negative());
        assert_eq!((f32_from_bfloat(0x3f80), f32_from_bfloat(0xc049)), (1.0, -3.140_625));
    }

    #[test]
    fn what_is_no_safetensors_is_called_what_it_is() {
        let of = |bytes: &[u8]| ForeignFile::of_bytes(Path::new("model"), bytes).unwrap_err().to_string();
        assert!(of(b"PK\x03\x04 and so on").contains("PyTorch checkpoint"));
        assert!(of(b"\x80\x02}q\x00").contains("pickle"));
        assert!(of(b"GGUF....").contains("GGUF"));
        assert!(of(b"").contains("0 bytes"));
        let nothing = safetensors::serialize(Vec::<(&str, safetensors::tensor::TensorView<'_>)>::new(), None).unwrap();
        assert!(of(&nothing).contains("no array"), "{}", of(&nothing));
    }

    #[test]
    fn no_prefix_of_a_file_is_read() {
        let data: Vec<u8> = (0..8u8).flat_map(|i| f32::from(i).to_le_bytes()).collect();
        let view = safetensors::tensor::TensorView::new(Dtype::F32, vec![2, 4], &data).unwrap();
        let bytes = safetensors::serialize([("fc1.weight", view)], None).unwrap();
        let file = ForeignFile::of_bytes(Path::new("model"), &bytes).unwrap();
        assert_eq!((file.arrays[0].shape.as_slice(), file.arrays[0].values[7]), ([2, 4].as_slice(), 7.0));
        for len in 0..bytes.len() {
            assert!(ForeignFile::of_bytes(Path::new("model"), &bytes[..len]).is_err(), "{len} bytes");
        }
    }
}

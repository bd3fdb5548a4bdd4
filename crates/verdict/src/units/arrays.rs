//! Arrays as safetensors hold them: by name, of checked shape, finite. Nothing in a file is trusted.

use super::matrix::Matrix;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why arrays cannot be judged: what is wrong, and what to do.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ArraysError {
    /// The file cannot be read.
    #[error("cannot read {path:?}: {source}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no safetensors file.
    #[error("this is no safetensors file ({why}); write it with `safetensors.numpy.save_file(arrays, FILE)`")]
    NotSafetensors {
        /// What is wrong with it.
        why: String,
    },
    /// An array is missing.
    #[error("there is no array {name:?}{instead}; the file has {there}")]
    Missing {
        /// Its name.
        name: String,
        /// What could stand in its place: `, nor "x" in its place`.
        instead: String,
        /// The arrays that there are.
        there: String,
    },
    /// An array has another shape.
    #[error("{name} has shape {found:?}, and here it is {expected}")]
    Shape {
        /// The array.
        name: String,
        /// Its shape.
        found: Vec<usize>,
        /// The shape that it needs, in words.
        expected: String,
    },
    /// An array has a type that is not read.
    #[error("{name} holds numbers of type {found}; save it as {expected}")]
    Type {
        /// The array.
        name: String,
        /// Its type.
        found: String,
        /// A type that is read.
        expected: &'static str,
    },
    /// What a guess gets right is no share.
    #[error("chance is {value}, and the share that a guess gets right lies between 0 and 1; of C classes it is 1/C")]
    Chance {
        /// The value.
        value: f64,
    },
    /// A value is NaN or infinite.
    #[error(
        "{name} holds {value} at {place:?}: the network or what measured it has diverged; leave such samples out or mend the network"
    )]
    NotFinite {
        /// The array.
        name: String,
        /// The value.
        value: f32,
        /// Its indices.
        place: Vec<usize>,
    },
    /// A label is no class, or an index is no sample.
    #[error("{name} holds {value} at {place}, and {what} go from 0 to {last}")]
    OutOfRange {
        /// The array.
        name: String,
        /// The value.
        value: i64,
        /// Its index.
        place: usize,
        /// What is counted.
        what: &'static str,
        /// The largest that there is.
        last: usize,
    },
    /// All labels are the same.
    #[error(
        "all {n} training samples have label {label}: with one class nothing is learned that could be memorized or generalized"
    )]
    OneClass {
        /// Training samples.
        n: usize,
        /// Their label.
        label: usize,
    },
    /// There are no samples.
    #[error("train.label is empty; give at least two training samples")]
    NoSamples,
    /// Twins are of other flagged samples.
    #[error(
        "twin.of names no twin of the flagged training sample {sample}; run `dunwu units FILE --flags` on this very file and measure the twins that it prints"
    )]
    NoTwin {
        /// The sample.
        sample: usize,
    },
    /// A kernel is none.
    #[error("train.kernel is no kernel: its eigenvalues do not come out; it has to be symmetric, and k(x, x) above 0")]
    NotAKernel,
    /// There are more samples than a kernel between all of them allows.
    #[error(
        "{n} training samples are more than the {most} that a kernel between all pairs is solved for; give a part of them"
    )]
    TooMany {
        /// Samples.
        n: usize,
        /// The bound.
        most: usize,
    },
}

/// Arrays by name, as a file holds them.
pub struct Arrays<'a> {
    tensors: SafeTensors<'a>,
    metadata: BTreeMap<String, String>,
}

impl<'a> Arrays<'a> {
    /// Of the bytes of a safetensors file.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ArraysError> {
        let broken = |error: safetensors::SafeTensorError| ArraysError::NotSafetensors { why: error.to_string() };
        let tensors = SafeTensors::deserialize(bytes).map_err(broken)?;
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(broken)?;
        let metadata = header.metadata().iter().flatten().map(|(key, value)| (key.clone(), value.clone())).collect();
        Ok(Self { tensors, metadata })
    }

    /// An entry of the file's metadata.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.metadata.get(key).map(String::as_str)
    }

    /// Whether there is an array of this name.
    pub fn has(&self, name: &str) -> bool {
        self.tensors.tensor(name).is_ok()
    }

    /// The error that an array is missing, with what could stand in its place and with what there is.
    pub fn missing(&self, name: &str, instead: &str) -> ArraysError {
        let mut names: Vec<&str> = self.tensors.names().into_iter().collect();
        names.sort_unstable();
        let there = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        ArraysError::Missing { name: name.to_owned(), instead: instead.to_owned(), there }
    }

    /// Numbers `[height, width]`; a `None` stands for any size. `expected` says the shape in words: `[n, K]`.
    pub fn matrix(
        &self,
        name: &str,
        (height, width): (Option<usize>, Option<usize>),
        expected: &str,
    ) -> Result<Matrix, ArraysError> {
        let (shape, values) = self.numbers(name)?;
        let fits = |size: usize, wanted: Option<usize>| wanted.is_none_or(|wanted| wanted == size);
        match *shape {
            [rows, columns] if fits(rows, height) && fits(columns, width) && columns > 0 => {
                Ok(Matrix::new(columns, values))
            }
            _ => {
                let sizes = [height, width].map(|size| size.map_or_else(|| "any".to_owned(), |size| size.to_string()));
                let expected = format!("{expected}, [{}]", sizes.join(", "));
                Err(ArraysError::Shape { name: name.to_owned(), found: shape, expected })
            }
        }
    }

    /// The same where there is such an array.
    pub fn optional_matrix(
        &self,
        name: &str,
        size: (Option<usize>, Option<usize>),
        expected: &str,
    ) -> Result<Option<Matrix>, ArraysError> {
        if self.has(name) { self.matrix(name, size, expected).map(Some) } else { Ok(None) }
    }

    /// Numbers of three axes, `[a, b, c]`, as rows of b·c.
    pub fn cube(&self, name: &str, size: [usize; 3], expected: &str) -> Result<Matrix, ArraysError> {
        let (shape, values) = self.numbers(name)?;
        if shape != size {
            let expected = format!("{expected}, {size:?}");
            return Err(ArraysError::Shape { name: name.to_owned(), found: shape, expected });
        }
        Ok(Matrix::new(size[1] * size[2], values))
    }

    /// How long an array of one axis is.
    pub fn length(&self, name: &str) -> Result<usize, ArraysError> {
        match *self.view(name)?.shape() {
            [length] => Ok(length),
            ref shape => {
                let (found, expected) = (shape.to_vec(), "a number a sample, [n]".to_owned());
                Err(ArraysError::Shape { name: name.to_owned(), found, expected })
            }
        }
    }

    /// Numbers `[length]`.
    pub fn vector(&self, name: &str, length: usize, expected: &str) -> Result<Vec<f64>, ArraysError> {
        let (shape, values) = self.numbers(name)?;
        if shape != [length] {
            let expected = format!("{expected}, [{length}]");
            return Err(ArraysError::Shape { name: name.to_owned(), found: shape, expected });
        }
        Ok(values.into_iter().map(f64::from).collect())
    }

    /// Whole numbers `[length]` below `bound`, which counts `what`; `None` stands for any length or bound.
    pub fn whole(
        &self,
        name: &str,
        length: Option<usize>,
        bound: Option<(usize, &'static str)>,
    ) -> Result<Vec<usize>, ArraysError> {
        let view = self.view(name)?;
        let shape = view.shape().to_vec();
        if shape.len() != 1 || length.is_some_and(|length| length != shape[0]) {
            let expected = length.map_or_else(|| "[n]".to_owned(), |length| format!("[{length}]"));
            return Err(ArraysError::Shape { name: name.to_owned(), found: shape, expected });
        }
        let values = integers(&view).ok_or_else(|| ArraysError::Type {
            name: name.to_owned(),
            found: format!("{:?}", view.dtype()),
            expected: "int64",
        })?;
        let last = bound.map_or(i64::MAX as usize, |(bound, _)| bound.saturating_sub(1));
        let what = bound.map_or("whole numbers", |(_, what)| what);
        let read = |(place, value): (usize, i64)| {
            let index = usize::try_from(value).ok().filter(|&index| index <= last);
            index.ok_or_else(|| ArraysError::OutOfRange { name: name.to_owned(), value, place, what, last })
        };
        values.into_iter().enumerate().map(read).collect()
    }

    fn view(&self, name: &str) -> Result<TensorView<'_>, ArraysError> {
        self.tensors.tensor(name).map_err(|_absent| self.missing(name, ""))
    }

    fn numbers(&self, name: &str) -> Result<(Vec<usize>, Vec<f32>), ArraysError> {
        let view = self.view(name)?;
        let (shape, bytes) = (view.shape().to_vec(), view.data());
        let values: Vec<f32> = match view.dtype() {
            Dtype::F32 => bytes.as_chunks().0.iter().map(|&chunk| f32::from_le_bytes(chunk)).collect(),
            Dtype::F64 => bytes.as_chunks().0.iter().map(|&chunk| f64::from_le_bytes(chunk) as f32).collect(),
            other => {
                let found = format!("{other:?}");
                return Err(ArraysError::Type { name: name.to_owned(), found, expected: "float32" });
            }
        };
        match values.iter().position(|value| !value.is_finite()) {
            Some(place) => {
                let value = values[place];
                Err(ArraysError::NotFinite { name: name.to_owned(), value, place: indices(place, &shape) })
            }
            None => Ok((shape, values)),
        }
    }
}

/// The indices of a place in an array of this shape.
fn indices(place: usize, shape: &[usize]) -> Vec<usize> {
    let mut rest = place;
    let mut found: Vec<usize> = shape
        .iter()
        .rev()
        .map(|&size| {
            let index = rest % size.max(1);
            rest /= size.max(1);
            index
        })
        .collect();
    found.reverse();
    found
}

fn integers(view: &TensorView<'_>) -> Option<Vec<i64>> {
    let bytes = view.data();
    Some(match view.dtype() {
        Dtype::I64 => bytes.as_chunks().0.iter().map(|&chunk| i64::from_le_bytes(chunk)).collect(),
        Dtype::I32 => bytes.as_chunks().0.iter().map(|&chunk| i64::from(i32::from_le_bytes(chunk))).collect(),
        Dtype::U8 | Dtype::BOOL => bytes.iter().map(|&byte| i64::from(byte)).collect(),
        _ => return None,
    })
}

/// The bytes of a file.
pub fn read_bytes(path: &Path) -> Result<Vec<u8>, ArraysError> {
    std::fs::read(path).map_err(|source| ArraysError::Unreadable { path: path.to_owned(), source })
}

//! Snapshots of foreign runs: any tensors, as safetensors with the metadata of our own snapshots.

use dunwu::store::file::While as _;
use dunwu::store::snapshot::{from_safetensors, to_safetensors};
use dunwu::store::{RunId, SnapshotEntry, StoreError};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// Types of numbers by the names that safetensors gives them.
pub(super) const DTYPES: [(&str, Dtype); 13] = [
    ("BOOL", Dtype::BOOL),
    ("U8", Dtype::U8),
    ("I8", Dtype::I8),
    ("I16", Dtype::I16),
    ("U16", Dtype::U16),
    ("F16", Dtype::F16),
    ("BF16", Dtype::BF16),
    ("I32", Dtype::I32),
    ("U32", Dtype::U32),
    ("F32", Dtype::F32),
    ("F64", Dtype::F64),
    ("I64", Dtype::I64),
    ("U64", Dtype::U64),
];

/// One tensor of a snapshot.
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignTensor {
    /// Its name: `layers.0.weight`.
    pub name: String,
    /// The type of its numbers as safetensors names it: `F32`.
    pub dtype: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its numbers, little-endian, row by row.
    pub bytes: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct Metadata {
    run: RunId,
    step: u64,
}

/// The snapshot as the bytes of its file, or why there is none of these tensors; the same tensors of the same run give the same bytes.
pub(super) fn encode(run: &RunId, step: u64, tensors: &[ForeignTensor]) -> Result<Vec<u8>, String> {
    let mut parts = Vec::with_capacity(tensors.len());
    for tensor in tensors {
        let dtype = DTYPES.iter().find(|known| known.0 == tensor.dtype).map(|known| known.1);
        let dtype = dtype.ok_or_else(|| format!("{:?} has numbers of type {:?}", tensor.name, tensor.dtype))?;
        TensorView::new(dtype, tensor.shape.clone(), &tensor.bytes)
            .map_err(|error| format!("{:?}: {error}", tensor.name))?;
        parts.push((tensor.name.as_str(), dtype, tensor.shape.clone(), tensor.bytes.as_slice()));
    }
    Ok(to_safetensors(&Metadata { run: run.clone(), step }, &parts))
}

/// The tensors of a file of safetensors, whoever wrote it.
pub(super) fn decode(bytes: &[u8]) -> Result<Vec<ForeignTensor>, String> {
    let tensors = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
    let mut found = Vec::new();
    for (name, view) in tensors.iter() {
        let dtype = DTYPES.iter().find(|known| known.1 == view.dtype()).map(|known| known.0);
        let dtype = dtype.ok_or_else(|| format!("{name:?} has numbers of type {:?}", view.dtype()))?.to_owned();
        found.push(ForeignTensor {
            name: name.to_owned(),
            dtype,
            shape: view.shape().to_vec(),
            bytes: view.data().to_vec(),
        });
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// Reads a snapshot that the record lists, and checks that it is the one.
pub(super) fn load(dir: &Path, run: &RunId, entry: &SnapshotEntry) -> Result<Vec<ForeignTensor>, StoreError> {
    let (path, step) = (dir.join(&entry.file), entry.step);
    let bytes = match fs::read(&path) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Err(StoreError::MissingSnapshot { step, path }),
        read => read.or_while("reading a snapshot", &path)?,
    };
    let damaged = |why: String| StoreError::DamagedSnapshot { step, why, path: path.clone() };
    if blake3::hash(&bytes).to_hex().as_str() != entry.blake3 {
        return Err(damaged(format!("its {} bytes do not have the hash that the record lists", bytes.len())));
    }
    let (metadata, _) = from_safetensors::<Metadata>(&bytes).map_err(damaged)?;
    if (&metadata.run, metadata.step) != (run, step) {
        return Err(damaged(format!("it is of step {} of run {}", metadata.step, metadata.run)));
    }
    decode(&bytes).map_err(damaged)
}

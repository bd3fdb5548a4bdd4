//! Snapshots as safetensors, with the names and shapes of `torch.nn.Linear`.
//!
//! ```text
//! hidden.weight  f32 [K, n_inputs]   Wᵀ
//! output.weight  f32 [M, K]          Vᵀ
//! update_gram    f64 [window, window]
//! network.NAME   f32, each array of a network made of blocks under its name, as it is: a matrix is [inputs, outputs]
//! ```
//!
//! Of a network made of blocks the first two are its readout; `hidden.weight` is `[K, 0]` where it has no table of tokens.
//!
//! The file's metadata is one entry, `dunwu`, holding a JSON object: several entries would be written in hash order, and
//! the same snapshot would not be the same bytes.

use super::disk;
use super::entry::SnapshotEntry;
use super::error::StoreError;
use super::file::{FileError, While as _};
use super::id::RunId;
use dunwu_engine::Snapshot;
use dunwu_engine::model::{Array, Parameters, Weights};
use safetensors::tensor::{Dtype, SafeTensorError, SafeTensors, TensorView};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::collections::HashMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// The key of our metadata in a safetensors file.
const METADATA_KEY: &str = "dunwu";

#[derive(PartialEq, Debug, Serialize, Deserialize)]
struct SnapshotMetadata {
    run: RunId,
    step: u64,
    /// Names of the arrays of a network made of blocks, in its order, which the file's own header does not keep.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    network: Vec<String>,
}

/// The tensor of the network's array `name`.
fn tensor_name(name: &str) -> String {
    format!("network.{name}")
}

/// A snapshot's file, relative to its run directory.
pub fn file_name(step: u64) -> String {
    format!("snapshots/{step:010}.safetensors")
}

/// The snapshot as the bytes of its file; the same snapshot of the same run gives the same bytes.
pub(super) fn encode(run: &RunId, snapshot: &Snapshot) -> Vec<u8> {
    let Weights { n_inputs, n_units, n_labels, hidden, top } = &snapshot.weights;
    assert_eq!(hidden.len(), n_inputs * n_units, "hidden weights are [n_inputs][n_units]");
    assert_eq!(top.len(), n_units * n_labels, "top weights are [n_units][n_labels]");
    let window = snapshot.update_gram.len().isqrt();
    assert_eq!(window * window, snapshot.update_gram.len(), "the Gram matrix of updates is square");
    let hidden_bytes = f32_bytes(&transposed(hidden, *n_inputs, *n_units));
    let top_bytes = f32_bytes(&transposed(top, *n_units, *n_labels));
    let gram_bytes = f64_bytes(&snapshot.update_gram);
    let arrays = &snapshot.parameters.arrays;
    let network: Vec<String> = arrays.iter().map(|array| array.name.clone()).collect();
    let parts: Vec<(String, Vec<u8>)> =
        arrays.iter().map(|array| (tensor_name(&array.name), f32_bytes(&array.values))).collect();
    let metadata = SnapshotMetadata { run: run.clone(), step: snapshot.step, network };
    let mut tensors = vec![
        ("hidden.weight", Dtype::F32, vec![*n_units, *n_inputs], hidden_bytes.as_slice()),
        ("output.weight", Dtype::F32, vec![*n_labels, *n_units], &top_bytes),
        ("update_gram", Dtype::F64, vec![window, window], &gram_bytes),
    ];
    let arrays = arrays.iter().zip(&parts);
    tensors.extend(
        arrays.map(|(array, (name, bytes))| (name.as_str(), Dtype::F32, array.shape.clone(), bytes.as_slice())),
    );
    to_safetensors(&metadata, &tensors)
}

/// Reads a snapshot that the record lists, and checks that it is the one.
pub(super) fn load(dir: &Path, run: &RunId, entry: &SnapshotEntry) -> Result<Snapshot, StoreError> {
    let path = dir.join(&entry.file);
    let step = entry.step;
    let bytes = match fs::read(&path) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Err(StoreError::MissingSnapshot { step, path }),
        read => read.or_while("reading a snapshot", &path)?,
    };
    let damaged = |why: String| StoreError::DamagedSnapshot { step, why, path: path.clone() };
    if blake3::hash(&bytes).to_hex().as_str() != entry.blake3 {
        return Err(damaged(format!("its {} bytes do not have the hash that the record lists", bytes.len())));
    }
    let (metadata, snapshot) = decode(&bytes).map_err(damaged)?;
    if (&metadata.run, metadata.step) != (run, step) {
        return Err(damaged(format!("it is of step {} of run {}", metadata.step, metadata.run)));
    }
    Ok(snapshot)
}

/// Whether the file that the record lists is there with the bytes that it lists.
pub(super) fn is_intact(dir: &Path, entry: &SnapshotEntry) -> bool {
    fs::read(dir.join(&entry.file)).is_ok_and(|bytes| blake3::hash(&bytes).to_hex().as_str() == entry.blake3)
}

/// The first place in which two snapshots differ in any bit: tensor and index in memory order, with both values as text.
pub(super) fn first_difference(recorded: &Snapshot, ours: &Snapshot) -> Option<(String, String, String)> {
    fn in_array<T: Copy + std::fmt::Debug>(
        name: &str,
        old: &[T],
        new: &[T],
        bits: fn(T) -> u64,
    ) -> Option<(String, String, String)> {
        if old.len() != new.len() {
            return Some((format!("the length of {name}"), old.len().to_string(), new.len().to_string()));
        }
        let index = old.iter().zip(new).position(|(&a, &b)| bits(a) != bits(b))?;
        Some((format!("{name}[{index}]"), format!("{:?}", old[index]), format!("{:?}", new[index])))
    }
    let (a, b) = (&recorded.weights, &ours.weights);
    let f32_bits = |x: f32| u64::from(x.to_bits());
    let arrays = |snapshot: &Snapshot| -> String {
        let shapes = snapshot.parameters.arrays.iter().map(|array| format!("{} {:?}", array.name, array.shape));
        shapes.collect::<Vec<_>>().join(", ")
    };
    let (old, new) = (arrays(recorded), arrays(ours));
    let parts = || {
        let mut pairs = recorded.parameters.arrays.iter().zip(&ours.parameters.arrays);
        pairs.find_map(|(old, new)| in_array(&old.name, &old.values, &new.values, f32_bits))
    };
    (old != new)
        .then(|| ("the network's arrays".to_owned(), old, new))
        .or_else(parts)
        .or_else(|| in_array("hidden", &a.hidden, &b.hidden, f32_bits))
        .or_else(|| in_array("top", &a.top, &b.top, f32_bits))
        .or_else(|| in_array("update_gram", &recorded.update_gram, &ours.update_gram, f64::to_bits))
}

fn decode(bytes: &[u8]) -> Result<(SnapshotMetadata, Snapshot), String> {
    let (metadata, tensors) = from_safetensors::<SnapshotMetadata>(bytes)?;
    let (hidden_shape, hidden) = f32_tensor(&tensors, "hidden.weight")?;
    let (top_shape, top) = f32_tensor(&tensors, "output.weight")?;
    let (_, update_gram) = f64_tensor(&tensors, "update_gram")?;
    let ([n_units, n_inputs], [n_labels, n_units_top]) = (hidden_shape.as_slice(), top_shape.as_slice()) else {
        return Err("its weights are not matrices".to_owned());
    };
    if n_units != n_units_top {
        return Err(format!("its layers have {n_units} and {n_units_top} hidden units"));
    }
    let weights = Weights {
        n_inputs: *n_inputs,
        n_units: *n_units,
        n_labels: *n_labels,
        hidden: transposed(&hidden, *n_units, *n_inputs),
        top: transposed(&top, *n_labels, *n_units),
    };
    let array = |name: &String| {
        let (shape, values) = f32_tensor(&tensors, &tensor_name(name))?;
        Ok(Array { name: name.clone(), shape, values })
    };
    let arrays = metadata.network.iter().map(array).collect::<Result<_, String>>()?;
    let snapshot = Snapshot { step: metadata.step, weights, parameters: Parameters { arrays }, update_gram };
    Ok((metadata, snapshot))
}

/// `[rows][columns]` row-major as `[columns][rows]`.
fn transposed(matrix: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let mut result = Vec::with_capacity(matrix.len());
    for column in 0..columns {
        result.extend((0..rows).map(|row| matrix[row * columns + column]));
    }
    result
}

/// A safetensors file of these tensors, `metadata` as JSON under the key `dunwu`.
pub fn to_safetensors(metadata: &impl Serialize, tensors: &[(&str, Dtype, Vec<usize>, &[u8])]) -> Vec<u8> {
    let metadata = serde_json::to_string(metadata).expect("metadata is plain text and numbers");
    let views = tensors.iter().map(|(name, dtype, shape, bytes)| {
        (name, TensorView::new(*dtype, shape.clone(), bytes).expect("a tensor has as many bytes as its shape says"))
    });
    safetensors::serialize(views, Some(HashMap::from([(METADATA_KEY.to_owned(), metadata)])))
        .expect("tensors of valid shapes under a short header")
}

/// The inverse of [`to_safetensors`].
pub fn from_safetensors<T: DeserializeOwned>(bytes: &[u8]) -> Result<(T, SafeTensors<'_>), String> {
    let text = |e: SafeTensorError| e.to_string();
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(text)?;
    let json = header.metadata().as_ref().and_then(|map| map.get(METADATA_KEY));
    let json = json.ok_or_else(|| format!("it lacks the metadata {METADATA_KEY:?}"))?;
    let metadata = serde_json::from_str(json).map_err(|e| e.to_string())?;
    Ok((metadata, SafeTensors::deserialize(bytes).map_err(text)?))
}

/// Shape and values of a tensor.
pub(super) fn f32_tensor(tensors: &SafeTensors<'_>, name: &str) -> Result<(Vec<usize>, Vec<f32>), String> {
    let (shape, bytes) = tensor(tensors, name, Dtype::F32)?;
    Ok((shape, bytes.as_chunks().0.iter().map(|&b| f32::from_le_bytes(b)).collect()))
}

/// Shape and values of a tensor.
pub(super) fn f64_tensor(tensors: &SafeTensors<'_>, name: &str) -> Result<(Vec<usize>, Vec<f64>), String> {
    let (shape, bytes) = tensor(tensors, name, Dtype::F64)?;
    Ok((shape, bytes.as_chunks().0.iter().map(|&b| f64::from_le_bytes(b)).collect()))
}

fn tensor<'a>(tensors: &SafeTensors<'a>, name: &str, dtype: Dtype) -> Result<(Vec<usize>, &'a [u8]), String> {
    let view = tensors.tensor(name).map_err(|e| e.to_string())?;
    if view.dtype() != dtype {
        return Err(format!("its tensor {name:?} is {:?}, not {dtype:?}", view.dtype()));
    }
    Ok((view.shape().to_vec(), view.data()))
}

/// Little-endian, as safetensors has it on every machine.
pub(super) fn f32_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|x| x.to_le_bytes()).collect()
}

/// Little-endian, as safetensors has it on every machine.
pub(super) fn f64_bytes(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|x| x.to_le_bytes()).collect()
}

/// Removes what an interrupted writer left in `snapshots/`: files that no line of the record lists.
pub fn remove_unrecorded(dir: &Path, recorded: &[SnapshotEntry]) -> Result<(), FileError> {
    let doing = "removing a snapshot that the record does not list";
    let folder = dir.join("snapshots");
    for entry in fs::read_dir(&folder).or_while(doing, &folder)? {
        let path = entry.or_while(doing, &folder)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_recorded = recorded.iter().any(|entry| entry.file == format!("snapshots/{name}"));
        if !is_recorded {
            disk::remove_file(&path).or_while(doing, &path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_linear_layer_is_written_output_by_input() {
        // Torch's y = x Aᵀ with A [out, in]: unit k's inputs are row k of hidden.weight.
        let weights = Weights {
            n_inputs: 3,
            n_units: 2,
            n_labels: 1,
            hidden: vec![1., 2., 3., 4., 5., 6.], // inputs × units
            top: vec![7., 8.],
        };
        let bytes = encode(
            &RunId::of("a"),
            &Snapshot { step: 5, weights, parameters: Parameters::default(), update_gram: vec![] },
        );
        let tensors = SafeTensors::deserialize(&bytes).unwrap();
        let (shape, values) = f32_tensor(&tensors, "hidden.weight").unwrap();
        assert_eq!((shape, values), (vec![2, 3], vec![1., 3., 5., 2., 4., 6.]));
        let (shape, values) = f32_tensor(&tensors, "output.weight").unwrap();
        assert_eq!((shape, values), (vec![1, 2], vec![7., 8.]));
        assert_eq!(f64_tensor(&tensors, "update_gram").unwrap(), (vec![0, 0], vec![]));
        assert!(f32_tensor(&tensors, "update_gram").unwrap_err().contains("is F64, not F32"));
    }

    proptest! {
        #[test]
        fn a_snapshot_of_any_bits_comes_back(
            (n_inputs, n_units, n_labels, window) in (0usize..6, 1usize..6, 1usize..6, 0usize..4),
            shapes in proptest::collection::vec(proptest::collection::vec(0usize..4, 1..4), 0..4),
            step: u64,
            draws in proptest::collection::vec(any::<u64>(), 100),
        ) {
            let f32s = |n: usize| draws.iter().cycle().take(n).map(|&x| f32::from_bits(x as u32)).collect::<Vec<_>>();
            let weights = Weights {
                n_inputs, n_units, n_labels, hidden: f32s(n_inputs * n_units), top: f32s(n_units * n_labels),
            };
            let update_gram = draws.iter().take(window * window).map(|&x| f64::from_bits(x)).collect();
            // Names in another order than the alphabet's, in which a file keeps its tensors.
            let arrays = shapes.into_iter().enumerate().map(|(i, shape)| Array {
                name: format!("block.{}.weight", 9 - i), values: f32s(shape.iter().product()), shape,
            });
            let snapshot = Snapshot { step, weights, parameters: Parameters { arrays: arrays.collect() }, update_gram };
            let run = RunId::of("any");
            let bytes = encode(&run, &snapshot);
            prop_assert_eq!(&bytes, &encode(&run, &snapshot));
            let (metadata, back) = decode(&bytes).unwrap();
            prop_assert_eq!((metadata.run, metadata.step), (run, step));
            prop_assert_eq!(first_difference(&snapshot, &back), None);
            let dims = |w: &Weights| (w.n_inputs, w.n_units, w.n_labels);
            prop_assert_eq!(dims(&back.weights), dims(&snapshot.weights));
        }
    }

    /// What was written before networks were made of blocks has the same bytes today, and is read.
    #[test]
    fn a_two_layer_snapshot_is_as_it_always_was() {
        let snapshot = Snapshot {
            step: 7,
            weights: Weights::zeros(2, 3, 2),
            parameters: Parameters::default(),
            update_gram: vec![],
        };
        let bytes = encode(&RunId::of("a"), &snapshot);
        let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
        let json = &header.metadata().as_ref().unwrap()[METADATA_KEY];
        assert_eq!(*json, format!("{{\"run\":\"{}\",\"step\":7}}", RunId::of("a")));
        assert_eq!(SafeTensors::deserialize(&bytes).unwrap().len(), 3);
        assert_eq!(decode(&bytes).unwrap().1, snapshot);
    }

    #[test]
    fn what_differs_in_a_network_is_named() {
        let with = |name: &str, shape: Vec<usize>, values: Vec<f32>| Snapshot {
            step: 1,
            weights: Weights::zeros(0, 3, 2),
            parameters: Parameters { arrays: vec![Array { name: name.to_owned(), shape, values }] },
            update_gram: vec![],
        };
        let ours = with("top.bias", vec![2], vec![1.0, 2.0]);
        assert_eq!(first_difference(&ours, &ours.clone()), None);
        let place = |other: &Snapshot| first_difference(&ours, other).unwrap().0;
        assert_eq!(place(&with("top.bias", vec![2], vec![1.0, 2.5])), "top.bias[1]");
        assert_eq!(place(&with("top.bias", vec![1, 2], vec![1.0, 2.0])), "the network's arrays");
        assert_eq!(place(&with("bias", vec![2], vec![1.0, 2.0])), "the network's arrays");
        let none = Snapshot { parameters: Parameters::default(), ..ours.clone() };
        assert_eq!(place(&none), "the network's arrays");
    }

    #[test]
    fn no_prefix_of_a_snapshot_decodes() {
        let array = Array { name: "hidden.0.bias".to_owned(), shape: vec![3], values: vec![1.0; 3] };
        let snapshot = Snapshot {
            step: 1,
            weights: Weights::zeros(2, 3, 2),
            parameters: Parameters { arrays: vec![array] },
            update_gram: vec![1.0],
        };
        let bytes = encode(&RunId::of("a"), &snapshot);
        assert!(decode(&bytes).is_ok());
        for len in 0..bytes.len() {
            assert!(decode(&bytes[..len]).is_err(), "{len} of {} bytes", bytes.len());
        }
    }
}

//! Readers of what a run or a sweep wrote: lines with checksums, and snapshots that the lines name by their hash.

use super::readers::{Open, put};
use dunwu::store::sealed_line::{open_line, seal_line};
use dunwu::store::{NewRun, Record, RunDir, RunWriter};
use dunwu_engine::kernel::kernel_name;
use dunwu_engine::model::{Array, Parameters, Weights};
use dunwu_engine::{Outcome, RunSpec, Scalars, Snapshot};
use dunwu_studies::sweep::made_runs;
use std::fs;
use std::path::Path;

pub(super) const WORDS: &[&str] = &[
    "\"kind\":\"scalars\"",
    "\"kind\":\"finished\"",
    "\"step\":",
    "\"outcome\":",
    "\"grokked\"",
    "\"NaN\"",
    "\"inf\"",
    "null",
    "\"check\":",
    "snapshots/0000000002.safetensors",
    "hidden.weight",
    "\"F32\"",
];

/// A run of a few steps that was not trained.
fn make_run(root: &Path) -> Result<RunDir, String> {
    let spec = RunSpec::default();
    let new = NewRun { name: "a", spec: &spec, inputs: &[], kernel: kernel_name(spec.numerics) };
    let mut writer = RunWriter::create(root, &new).map_err(|error| error.to_string())?;
    for step in 0..4 {
        let scalars = Scalars {
            step,
            train_loss: if step == 3 { f64::NAN } else { 0.5 },
            train_accuracy: 0.25,
            test_loss: (step > 0).then_some(f64::INFINITY),
            test_accuracy: Some(0.1),
            corrupted_accuracy: None,
            restored_accuracy: None,
        };
        writer.append_scalars(&scalars).map_err(|error| error.to_string())?;
        if step == 2 {
            writer.append_snapshot(&snapshot()).map_err(|error| error.to_string())?;
        }
    }
    writer.finish(Outcome::Diverged { step: 3 }, 3, 1.5).map_err(|error| error.to_string())
}

fn snapshot() -> Snapshot {
    let parameters =
        Parameters { arrays: vec![Array { name: "top.bias".to_owned(), shape: vec![2], values: vec![1.0, -2.0] }] };
    Snapshot { step: 2, weights: Weights::zeros(3, 2, 2), parameters, update_gram: vec![0.5; 4] }
}

pub(super) fn record_seeds(scratch: &Path) -> Result<Vec<Vec<u8>>, String> {
    let run = make_run(&scratch.join("seed"))?;
    let whole = fs::read(run.path().join("record.jsonl")).map_err(|error| error.to_string())?;
    Ok(vec![whole])
}

/// What is read is what is read once more without its torn tail.
pub(super) fn record_reader(scratch: &Path, _: &Path) -> Result<Open, String> {
    let folder = scratch.join("run");
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    Ok(Box::new(move |bytes| {
        put(&folder.join("record.jsonl"), bytes);
        let run = RunDir::open(&folder).map_err(|error| error.to_string())?;
        let record = Record::read(&run).map_err(|error| error.to_string())?;
        let steps: Vec<u64> = record.scalars.iter().map(|scalars| scalars.step).collect();
        assert!(steps.is_sorted_by(|a, b| a < b), "steps ascend");
        let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1);
        put(&folder.join("record.jsonl"), &bytes[..whole]);
        let again = Record::read(&run).unwrap_or_else(|error| panic!("its whole lines are refused: {error}"));
        assert!(!again.torn && format!("{:?}", again.scalars) == format!("{:?}", record.scalars), "another record");
        Ok(())
    }))
}

pub(super) fn row_seeds() -> Vec<Vec<u8>> {
    vec![include_bytes!("rows.jsonl").to_vec()]
}

pub(super) fn row_reader(scratch: &Path, _: &Path) -> Result<Open, String> {
    let runs = scratch.join("runs");
    for name in ["rows", "curves"] {
        fs::create_dir_all(runs.join("sweeps").join(name)).map_err(|error| error.to_string())?;
    }
    Ok(Box::new(move |bytes| {
        for name in ["rows", "curves"] {
            put(&runs.join("sweeps").join(name).join("worker.jsonl"), bytes);
        }
        made_runs(&runs).map(drop).map_err(|error| error.to_string())
    }))
}

pub(super) fn snapshot_seeds(scratch: &Path) -> Result<Vec<Vec<u8>>, String> {
    let run = make_run(&scratch.join("seed"))?;
    let file = run.path().join("snapshots/0000000002.safetensors");
    Ok(vec![fs::read(file).map_err(|error| error.to_string())?])
}

/// A run whose record lists the input as its snapshot, hash and all.
pub(super) fn snapshot_reader(scratch: &Path, _: &Path) -> Result<Open, String> {
    let run = make_run(&scratch.join("runs"))?;
    let path = run.path().join("record.jsonl");
    let record = fs::read_to_string(&path).map_err(|error| error.to_string())?;
    let header = record.lines().next().unwrap_or_default().to_owned();
    let (_, check) = open_line(header.as_bytes(), "")?;
    let check = check.to_owned();
    Ok(Box::new(move |bytes| {
        let file = "snapshots/0000000002.safetensors";
        let hash = blake3::hash(bytes).to_hex();
        let entry = format!("{{\"kind\":\"snapshot\",\"step\":2,\"file\":\"{file}\",\"blake3\":\"{hash}\"}}");
        put(&path, format!("{header}\n{}\n", seal_line(&entry, &check)).as_bytes());
        put(&run.path().join(file), bytes);
        let record = Record::read(&run).unwrap_or_else(|error| panic!("{error}"));
        let snapshot = record.load_snapshot(2).map_err(|error| error.to_string())?;
        let weights = &snapshot.weights;
        assert_eq!(weights.hidden.len(), weights.n_inputs * weights.n_units, "a matrix has its numbers");
        assert_eq!(weights.top.len(), weights.n_units * weights.n_labels, "a matrix has its numbers");
        for array in &snapshot.parameters.arrays {
            assert_eq!(array.values.len(), array.shape.iter().product::<usize>(), "an array has its numbers");
        }
        Ok(())
    }))
}

/// Gives each line a checksum that fits, each covering the one before.
pub(super) fn chain_again(input: &mut Vec<u8>) {
    let mut before = String::new();
    *input = resealed(input, |object| {
        let line = seal_line(object, &before);
        if let Ok((_, check)) = open_line(line.as_bytes(), &before) {
            let check = check.to_owned();
            before = check;
        }
        line
    });
}

/// Gives each line a checksum of its own that fits.
pub(super) fn seal_again(input: &mut Vec<u8>) {
    *input = resealed(input, |object| seal_line(object, ""));
}

fn resealed(input: &[u8], mut seal: impl FnMut(&str) -> String) -> Vec<u8> {
    const CHECK: &str = ",\"check\":\"";
    let mut lines = Vec::new();
    for line in input.split_inclusive(|&byte| byte == b'\n') {
        let text = str::from_utf8(line).ok().map(str::trim_end).and_then(|line| line.rsplit_once(CHECK));
        match text.filter(|(body, _)| body.starts_with('{') && body.len() > 1) {
            Some((body, _)) => {
                lines.extend_from_slice(seal(&format!("{body}}}")).as_bytes());
                lines.extend(line.ends_with(b"\n").then_some(b'\n'));
            }
            None => lines.extend_from_slice(line),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edited_record_that_is_chained_again_is_read_as_it_now_is() {
        let scratch = tempfile::tempdir().unwrap();
        let whole = record_seeds(scratch.path()).unwrap().remove(0);
        let mut read = record_reader(scratch.path(), Path::new("")).unwrap();
        assert_eq!(read(&whole), Ok(()));
        let edited = str::from_utf8(&whole).unwrap().replacen("0.25", "0.75", 1).into_bytes();
        assert!(read(&edited).unwrap_err().contains("checksum"));
        let mut mended = edited;
        chain_again(&mut mended);
        assert_eq!(read(&mended), Ok(()));
        let mut unchanged = whole.clone();
        chain_again(&mut unchanged);
        assert_eq!(unchanged, whole);
    }
}

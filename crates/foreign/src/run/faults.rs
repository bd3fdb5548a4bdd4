//! What a foreign run survives, and what its writer refuses.

use super::{Beginning, ForeignEnd, ForeignError, ForeignRecord, ForeignTensor, ForeignWriter, Known, Number};
use crate::recorded::is_foreign;
use dunwu::store::{RunDir, StoreError};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

pub(super) const LAST_STEP: u64 = 6;

pub(super) fn known() -> Known {
    Known::from([("framework".to_owned(), "PyTorch".to_owned())])
}

/// A run whose id is the same each time.
pub(super) fn create(root: &Path) -> Result<ForeignWriter, ForeignError> {
    let beginning = Beginning::Imported { series: "loss".to_owned(), step: 0, value: Number(1.0) };
    ForeignWriter::create_import(root, "mine", &known(), beginning)
}

pub(super) fn weights(step: u64) -> Vec<ForeignTensor> {
    let bytes = (0..6).flat_map(|i| (step as f32 + i as f32).to_le_bytes()).collect();
    vec![ForeignTensor { name: "fc.weight".to_owned(), dtype: "F32".to_owned(), shape: vec![2, 3], bytes }]
}

fn loss(step: u64) -> f64 {
    if step < 5 { 1.0 / (step as f64 + 1.0) } else { f64::NAN }
}

/// One step: scalars, an array, and at even steps a snapshot.
pub(super) fn drive_step(writer: &mut ForeignWriter, step: u64) -> Result<(), ForeignError> {
    writer.scalars(step, &[("loss", loss(step)), ("lr", f64::INFINITY)])?;
    writer.units(step, "fc", "norm", &[step as f32, -1.0])?;
    if step.is_multiple_of(2) {
        writer.snapshot(step, &weights(step))?;
    }
    Ok(())
}

pub(super) fn assert_whole(dir: &RunDir) {
    let record = ForeignRecord::read(dir).unwrap();
    assert!(!record.torn);
    let series = record.series();
    let wanted: Vec<f64> = (0..=LAST_STEP).map(loss).collect();
    assert_eq!(series[0].steps, (0..=LAST_STEP).collect::<Vec<_>>());
    assert_eq!(format!("{:?}", series[0].values), format!("{wanted:?}"));
    assert_eq!(record.units.len(), 7);
    for (step, entry) in record.units.iter().enumerate() {
        assert_eq!(record.load_units(entry).unwrap(), [step as f32, -1.0]);
    }
    let steps: Vec<u64> = record.snapshots.iter().map(|entry| entry.step).collect();
    assert_eq!(steps, [0, 2, 4, 6]);
    steps.iter().for_each(|&step| assert_eq!(record.load_snapshot(step).unwrap(), weights(step)));
    assert_eq!(record.finished.unwrap().how, ForeignEnd::Finished);
    assert_eq!(fs::read_dir(dir.path().join("snapshots")).unwrap().count(), 4);
}

fn whole() -> (TempDir, RunDir) {
    let root = tempfile::tempdir().unwrap();
    let mut writer = create(root.path()).unwrap();
    (0..=LAST_STEP).for_each(|step| drive_step(&mut writer, step).unwrap());
    let dir = writer.finish(ForeignEnd::Finished).unwrap();
    (root, dir)
}

#[test]
fn a_run_is_read_as_it_was_written() {
    let (root, dir) = whole();
    assert_whole(&dir);
    let record = ForeignRecord::read(&dir).unwrap();
    assert_eq!((record.header.name.as_str(), &record.known), ("mine", &known()));
    assert_eq!((record.last_step(), record.names), (Some(6), vec!["loss".to_owned(), "lr".to_owned()]));
    assert!(is_foreign(&dir).unwrap());
    assert_eq!(RunDir::find(root.path(), &record.header.id).unwrap(), Some(dir.clone()));
    assert!(dir.dir_name().ends_with("-mine"));
    // Every line is a JSON object that any program reads.
    for line in fs::read_to_string(dir.path().join("record.jsonl")).unwrap().lines() {
        assert!(serde_json::from_str::<serde_json::Value>(line).unwrap()["check"].is_string());
    }
}

/// Wherever the file ends, all whole lines are read, and the writer that goes on cuts the torn one.
#[test]
fn a_record_cut_at_any_byte_is_read_up_to_its_last_whole_line_and_gone_on_with() {
    let (_root, dir) = whole();
    let path = dir.path().join("record.jsonl");
    let whole = fs::read(&path).unwrap();
    let first = whole.iter().position(|&byte| byte == b'\n').unwrap() + 1;
    for len in 0..whole.len() {
        let read = ForeignRecord::parse(&whole[..len], dir.path(), &path);
        if len < first {
            assert!(matches!(read, Err(StoreError::DamagedLine { line: 1, .. })), "{len}");
            continue;
        }
        let record = read.unwrap();
        let n_lines = whole[..len].split_inclusive(|&byte| byte == b'\n').filter(|line| line.ends_with(b"\n")).count();
        let n_found = 1 + record.rows.len() + record.units.len() + record.snapshots.len();
        let n_found = n_found + usize::from(record.finished.is_some());
        assert_eq!((record.torn, n_found), (whole[len - 1] != b'\n', n_lines), "{len}");
        // Going on syncs, and there are thousands of bytes.
        if len % 499 == 0 {
            fs::write(&path, &whole[..len]).unwrap();
            let mut writer = ForeignWriter::open(&dir).unwrap();
            writer.scalars(100, &[("loss", 0.5)]).unwrap();
            drop(writer);
            let record = ForeignRecord::read(&dir).unwrap();
            assert!(!record.torn && record.rows.last().unwrap().step == 100, "{len}");
            for (step, entry) in record.units.iter().enumerate() {
                assert_eq!(record.load_units(entry).unwrap(), [step as f32, -1.0], "{len}");
            }
        }
    }
}

#[test]
fn a_record_with_any_byte_changed_is_refused_at_its_line() {
    let (_root, dir) = whole();
    let path = dir.path().join("record.jsonl");
    let whole = fs::read(&path).unwrap();
    for place in 0..whole.len() - 1 {
        let mut bent = whole.clone();
        bent[place] ^= 1;
        assert!(ForeignRecord::parse(&bent, dir.path(), &path).is_err(), "byte {place}");
    }
}

#[test]
fn a_snapshot_that_was_changed_or_taken_away_is_named() {
    let (_root, dir) = whole();
    let record = ForeignRecord::read(&dir).unwrap();
    let file = dir.path().join("snapshots/0000000002.safetensors");
    let mut bytes = fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&file, bytes).unwrap();
    assert!(matches!(record.load_snapshot(2), Err(StoreError::DamagedSnapshot { step: 2, .. })));
    fs::remove_file(&file).unwrap();
    assert!(matches!(record.load_snapshot(2), Err(StoreError::MissingSnapshot { step: 2, .. })));
    assert!(matches!(record.load_snapshot(3), Err(StoreError::NoSnapshot { step: 3, .. })));
}

#[test]
fn steps_of_a_series_ascend_and_another_series_may_come_later() {
    let root = tempfile::tempdir().unwrap();
    let mut writer = create(root.path()).unwrap();
    writer.scalars(5, &[("loss", 1.0)]).unwrap();
    for step in [5, 4, 0] {
        let error = writer.scalars(step, &[("acc", 1.0), ("loss", 1.0)]).unwrap_err();
        let is_behind = matches!(&error, ForeignError::StepBehind { last: 5, name, .. } if name == "loss");
        assert!(is_behind && error.to_string().contains("rewind"), "{error}");
    }
    writer.scalars(5, &[("acc", 1.0)]).unwrap();
    writer.scalars(4, &[("val_loss", 1.0)]).unwrap();
    writer.units(5, "fc", "norm", &[1.0]).unwrap();
    assert!(matches!(writer.units(5, "fc", "norm", &[1.0]), Err(ForeignError::StepBehind { last: 5, .. })));
    writer.units(5, "fc", "grad", &[1.0]).unwrap();
    writer.units(5, "fc2", "norm", &[1.0]).unwrap();
    writer.snapshot(5, &weights(5)).unwrap();
    assert!(matches!(writer.snapshot(5, &weights(5)), Err(ForeignError::StepBehind { last: 5, .. })));
    // What was refused left nothing behind.
    let dir = RunDir::open(writer.path()).unwrap();
    let record = ForeignRecord::read(&dir).unwrap();
    assert_eq!((record.rows.len(), record.units.len(), record.snapshots.len()), (3, 3, 1));
}

#[test]
fn what_no_record_takes_is_refused_by_name_and_the_writer_goes_on() {
    let root = tempfile::tempdir().unwrap();
    let mut writer = create(root.path()).unwrap();
    let said = |result: Result<(), ForeignError>| result.unwrap_err().to_string();
    assert!(said(writer.scalars(1, &[("step", 1.0)])).contains("\"step\" cannot name a series"));
    assert!(said(writer.scalars(1, &[("", 1.0)])).contains("empty"));
    assert!(said(writer.scalars(1, &[("a\nb", 1.0)])).contains("line feed"));
    assert!(said(writer.scalars(1, &[("a", 1.0), ("a", 2.0)])).contains("twice"));
    assert!(said(writer.scalars(u64::MAX, &[("a", 1.0)])).contains("9000000000000000"));
    assert!(said(writer.units(1, "", "norm", &[])).contains("cannot name a layer"));
    assert!(said(writer.units(1, "fc", "norm", &vec![0.0; super::MOST_UNITS + 1])).contains("4194304"));
    assert!(said(writer.mark(1, &"x".repeat(super::MOST_TEXT + 1))).contains("10000"));
    let mut tensors = weights(1);
    tensors[0].shape = vec![7];
    assert!(said(writer.snapshot(1, &tensors)).contains("fc.weight"));
    tensors[0].dtype = "f32".to_owned();
    assert!(said(writer.snapshot(1, &tensors)).contains("BF16"));
    assert!(said(writer.snapshot_bytes(1, b"no tensors")).contains("cannot be written"));
    assert!(matches!(ForeignWriter::create(root.path(), "", &known()), Err(ForeignError::Name { .. })));
    writer.scalars(1, &[]).unwrap();
    writer.scalars(1, &[("a", 1.0)]).unwrap();
    let record = ForeignRecord::read(&RunDir::open(writer.path()).unwrap()).unwrap();
    assert_eq!((record.rows.len(), record.units.len(), record.snapshots.len()), (1, 0, 0));
}

#[test]
fn what_is_rewound_counts_no_more_and_stays_in_the_file() {
    let (_root, dir) = whole();
    let before = fs::read(dir.path().join("record.jsonl")).unwrap();
    let mut writer = ForeignWriter::open_at(&dir, 4).unwrap();
    assert_eq!(writer.last_step(), Some(3));
    assert!(matches!(writer.scalars(3, &[("loss", 0.0)]), Err(ForeignError::StepBehind { last: 3, .. })));
    writer.scalars(4, &[("loss", 0.125)]).unwrap();
    writer.snapshot(4, &weights(40)).unwrap();
    let dir = writer.finish(ForeignEnd::Stopped).unwrap();
    assert!(fs::read(dir.path().join("record.jsonl")).unwrap().starts_with(&before));
    let record = ForeignRecord::read(&dir).unwrap();
    let series = record.series();
    assert_eq!((series[0].steps.as_slice(), series[0].values[4]), ([0, 1, 2, 3, 4].as_slice(), 0.125));
    assert_eq!(series[1].steps, [0, 1, 2, 3]);
    assert_eq!((record.units.len(), record.n_resumed), (4, 1));
    assert_eq!(record.load_snapshot(4).unwrap(), weights(40));
    assert!(matches!(record.load_snapshot(6), Err(StoreError::NoSnapshot { .. })));
    assert_eq!(fs::read_dir(dir.path().join("snapshots")).unwrap().count(), 3, "what no line lists is removed");
    assert_eq!(record.finished.unwrap().how, ForeignEnd::Stopped);
    // Without opening it anew.
    let mut writer = ForeignWriter::open(&dir).unwrap();
    writer.rewind(0).unwrap();
    assert_eq!(writer.last_step(), None);
    writer.scalars(0, &[("loss", 9.0)]).unwrap();
    drop(writer);
    let record = ForeignRecord::read(&dir).unwrap();
    assert_eq!((record.series()[0].values.as_slice(), record.finished), ([9.0].as_slice(), None));
}

#[test]
fn one_process_writes_and_our_own_runs_are_left_alone() {
    let root = tempfile::tempdir().unwrap();
    let writer = create(root.path()).unwrap();
    let dir = RunDir::open(writer.path()).unwrap();
    assert!(matches!(ForeignWriter::open(&dir), Err(ForeignError::Store(StoreError::BeingWritten { .. }))));
    assert!(matches!(create(root.path()), Err(ForeignError::Store(_))));
    drop(writer);
    assert!(matches!(create(root.path()), Err(ForeignError::Store(StoreError::Exists { .. }))));
    ForeignWriter::open(&dir).unwrap();
    let spec = dunwu_engine::RunSpec::default();
    let new = dunwu::store::NewRun { name: "own", spec: &spec, inputs: &[], kernel: "plain" };
    let own = dunwu::store::RunWriter::create(root.path(), &new).unwrap().dir().clone();
    assert!(!is_foreign(&own).unwrap());
    assert!(matches!(ForeignWriter::open(&own), Err(ForeignError::OwnRun { .. })));
    assert!(matches!(dunwu::store::Record::read(&dir), Err(StoreError::Foreign { .. })));
    assert!(ForeignRecord::read(&own).is_err());
}

#[test]
fn two_runs_of_one_name_are_two_and_a_directory_of_ones_own_choice_is_taken() {
    let root = tempfile::tempdir().unwrap();
    let ids = [0, 1].map(|_| ForeignWriter::create(root.path(), "mine", &known()).unwrap().id().clone());
    assert_ne!(ids[0], ids[1]);
    let path = root.path().join("chosen");
    let writer = ForeignWriter::create_at(&path, "mine", &known()).unwrap();
    assert_eq!(writer.path(), path);
    assert_eq!(RunDir::list(root.path()).unwrap().len(), 3);
    drop(writer);
    assert!(matches!(
        ForeignWriter::create_at(&path, "mine", &known()),
        Err(ForeignError::Store(StoreError::Exists { .. }))
    ));
}

#[test]
fn what_becomes_known_later_is_known_and_costs_nothing_twice() {
    let root = tempfile::tempdir().unwrap();
    let mut writer = create(root.path()).unwrap();
    let later = Known::from([("framework".to_owned(), "JAX".to_owned()), ("lr".to_owned(), "0.1".to_owned())]);
    writer.learn(&later).unwrap();
    let dir = RunDir::open(writer.path()).unwrap();
    let length = fs::metadata(dir.path().join("record.jsonl")).unwrap().len();
    writer.learn(&later).unwrap();
    assert_eq!(fs::metadata(dir.path().join("record.jsonl")).unwrap().len(), length);
    writer.mark(3, "the learning rate falls").unwrap();
    let record = ForeignRecord::read(&dir).unwrap();
    assert_eq!((&record.known, &record.header.known), (&later, &known()));
    assert_eq!((record.marks[0].step, record.marks[0].text.as_str()), (3, "the learning rate falls"));
}

#[test]
fn a_newer_format_is_refused_by_name() {
    let (_root, dir) = whole();
    let path = dir.path().join("record.jsonl");
    let text = fs::read_to_string(&path).unwrap().replacen("\"foreign\":1", "\"foreign\":2", 1);
    fs::write(&path, text).unwrap();
    let said = ForeignRecord::read(&dir).unwrap_err().to_string();
    assert!(said.contains("a newer dunwu wrote this run") && is_foreign(&dir).unwrap(), "{said}");
}

/// A line a step for a long run: none of it costs more than some microseconds.
#[test]
fn a_hundred_thousand_lines_are_written_and_read() {
    const LINES: u64 = 100_000;
    let root = tempfile::tempdir().unwrap();
    let mut writer = create(root.path()).unwrap();
    for step in 0..LINES {
        writer.scalars(step, &[("loss", 1.0 / (step as f64 + 1.0)), ("acc", 0.5)]).unwrap();
    }
    let dir = writer.finish(ForeignEnd::Finished).unwrap();
    let record = ForeignRecord::read(&dir).unwrap();
    assert_eq!((record.rows.len() as u64, record.last_step()), (LINES, Some(LINES - 1)));
}

//! What a run survives: every fault that the module's table names, one by one.

use super::{
    Cache, FileError, Finished, NewRun, Record, Resumed, RunDir, RunId, RunState, RunWriter, StoreError, WithoutRecord,
    file, snapshot,
};
use crate::spec_file;
use dunwu_engine::model::{Array, Parameters, Weights};
use dunwu_engine::{Checkpoint, Outcome, RunSpec, Scalars, Snapshot};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const KERNEL: &str = "plain";
pub(super) const LAST_STEP: u64 = 6;
pub(super) const CHECKPOINT_STEP: u64 = 3;
pub(super) const OUTCOME: Outcome = Outcome::Diverged { step: 5 };

/// A run whose every number is a function of the step.
fn scalars(step: u64) -> Scalars {
    let x = step as f64;
    Scalars {
        step,
        train_loss: if step < 5 { 1.0 / (x + 3.0) } else { f64::NAN },
        train_accuracy: x / 7.0,
        test_loss: Some(if step < 5 { x.exp() } else { f64::INFINITY }),
        test_accuracy: (step > 1).then_some(0.1 * x),
        corrupted_accuracy: None,
        restored_accuracy: Some(-0.0),
    }
}

fn weights_at(step: u64) -> Snapshot {
    let mut weights = Weights::zeros(3, 2, 2);
    for (i, w) in weights.hidden.iter_mut().chain(&mut weights.top).enumerate() {
        *w = (step as f32 + 1.0) / (i as f32 + 3.0);
    }
    let array = |name: &str, shape: &[usize]| Array {
        name: name.to_owned(),
        shape: shape.to_vec(),
        values: vec![step as f32; shape.iter().product()],
    };
    let parameters = Parameters { arrays: vec![array("top.weight", &[2, 2]), array("hidden.0.bias", &[2])] };
    Snapshot { step, weights, parameters, update_gram: vec![step as f64; 4] }
}

fn checkpoint() -> Checkpoint {
    Checkpoint {
        step: CHECKPOINT_STEP,
        arrays: vec![("hidden".into(), vec![1.0, f32::NAN]), ("adam.m".into(), vec![])],
        numbers: vec![("sustained".into(), vec![f64::NEG_INFINITY])],
    }
}

fn spec() -> RunSpec {
    RunSpec { seed: 1, ..RunSpec::default() }
}

fn inputs() -> [(String, String); 1] {
    [("table.json".to_owned(), "[[0,1],[1,0]]".to_owned())]
}

pub(super) fn id() -> RunId {
    NewRun { name: "", spec: &spec(), inputs: &inputs(), kernel: KERNEL }.id()
}

pub(super) fn create(root: &Path) -> Result<RunWriter, StoreError> {
    RunWriter::create(root, &NewRun { name: "cyclic:3", spec: &spec(), inputs: &inputs(), kernel: KERNEL })
}

/// A run that nobody is writing.
fn interrupted_at(checkpoint: Option<u64>) -> RunState {
    RunState::Unfinished { checkpoint, writer: None }
}

/// Whether this process is writing the run, which can go on from `checkpoint`.
fn is_ours(state: RunState, wanted: Option<u64>) -> bool {
    let RunState::Unfinished { checkpoint, writer: Some(writer) } = state else { return false };
    checkpoint == wanted && writer.pid == Some(std::process::id())
}

/// Does steps `from..=LAST_STEP`: scalars at each, snapshots at even ones, the checkpoint at its step.
fn drive(writer: &mut RunWriter, from: u64) -> Result<(), StoreError> {
    (from..=LAST_STEP).try_for_each(|step| drive_step(writer, step))
}

pub(super) fn drive_step(writer: &mut RunWriter, step: u64) -> Result<(), StoreError> {
    writer.append_scalars(&scalars(step))?;
    if step.is_multiple_of(2) {
        writer.append_snapshot(&weights_at(step))?;
    }
    if step == CHECKPOINT_STEP {
        writer.save_checkpoint(&checkpoint())?;
    }
    Ok(())
}

/// The run up to its last step, interrupted before it could say that it had finished.
fn interrupted() -> (TempDir, RunDir) {
    let root = tempfile::tempdir().unwrap();
    let mut writer = create(root.path()).unwrap();
    drive(&mut writer, 0).unwrap();
    let dir = writer.dir().clone();
    (root, dir)
}

pub(super) fn resume(dir: &RunDir) -> Result<Resumed, StoreError> {
    RunWriter::resume(dir, KERNEL)
}

/// Resumes, repeats what has to be, finishes, and compares with a run that was never interrupted.
fn resume_and_compare(dir: &RunDir) -> Option<u64> {
    let mut resumed = resume(dir).unwrap();
    let step = resumed.checkpoint.as_ref().map(|c| c.step);
    drive(&mut resumed.writer, step.map_or(0, |step| step + 1)).unwrap();
    resumed.writer.finish(OUTCOME, LAST_STEP, 1.5).unwrap();
    assert_whole(dir);
    step
}

pub(super) fn assert_whole(dir: &RunDir) {
    let record = Record::read(dir).unwrap();
    assert!(!record.torn);
    assert_eq!(format!("{:?}", record.scalars), format!("{:?}", (0..=LAST_STEP).map(scalars).collect::<Vec<_>>()));
    let steps: Vec<u64> = record.snapshots.iter().map(|s| s.step).collect();
    assert_eq!(steps, [0, 2, 4, 6]);
    for step in steps {
        assert_eq!(record.load_snapshot(step).unwrap(), weights_at(step));
    }
    assert_eq!(record.finished, Some(Finished { outcome: OUTCOME, step: LAST_STEP, seconds: 1.5 }));
    assert_eq!(fs::read_dir(dir.path().join("snapshots")).unwrap().count(), 4);
    assert!(!dir.path().join("checkpoint.safetensors").exists());
}

fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_dir(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

#[test]
fn a_run_is_read_as_it_was_written() {
    let root = tempfile::tempdir().unwrap();
    assert_eq!(RunDir::find(&root.path().join("runs"), &id()).unwrap(), None);
    let mut writer = create(&root.path().join("runs")).unwrap();
    let dir = writer.dir().clone();
    assert_eq!(dir.dir_name(), format!("{}-cyclic-3", id()));
    assert!(is_ours(dir.state().unwrap(), None));
    drive(&mut writer, 0).unwrap();
    assert!(is_ours(dir.state().unwrap(), Some(CHECKPOINT_STEP)));
    writer.finish(OUTCOME, LAST_STEP, 1.5).unwrap();
    assert_whole(&dir);
    let finished = Finished { outcome: OUTCOME, step: LAST_STEP, seconds: 1.5 };
    assert_eq!(dir.state().unwrap(), RunState::Finished(finished));
    assert_eq!(dir.spec_toml().unwrap(), spec_file::write(&spec()));
    assert_eq!(dir.inputs().unwrap(), inputs());
    assert!(matches!(resume(&dir), Err(StoreError::Finished { .. })));
    assert!(matches!(Record::read(&dir).unwrap().load_snapshot(1), Err(StoreError::NoSnapshot { step: 1, .. })));
}

#[test]
fn the_same_run_is_recognised_under_any_name() {
    let (root, dir) = interrupted();
    assert_eq!(RunDir::find(root.path(), &id()).unwrap(), Some(dir.clone()));
    let (spec, inputs) = (spec(), inputs());
    let other_name = NewRun { name: "mine", spec: &spec, inputs: &inputs, kernel: KERNEL };
    let error = RunWriter::create(root.path(), &other_name).unwrap_err();
    assert!(matches!(&error, StoreError::Exists { path } if path == dir.path()), "{error}");
    assert_eq!(RunDir::find(root.path(), &RunId::of("other")).unwrap(), None);
}

#[test]
fn a_run_is_found_by_path_name_or_first_digits() {
    let (root, dir) = interrupted();
    let path = dir.path().to_str().unwrap();
    for text in [path, &dir.dir_name(), id().as_str(), &id().as_str()[..3]] {
        assert_eq!(RunDir::resolve(root.path(), text).unwrap(), dir, "{text}");
    }
    assert!(matches!(RunDir::resolve(root.path(), "zz"), Err(StoreError::NoSuchRun { .. })));
    assert!(matches!(RunDir::resolve(root.path(), ""), Err(StoreError::NoSuchRun { .. })));
    // By the name that it was given, with and without the folder that it is in.
    let folder = root.path().join("no-runs-here");
    for named in ["cyclic-3".to_owned(), "Cyclic 3".to_owned(), root.path().join("cyclic-3").display().to_string()] {
        let runs = if named.contains('/') { folder.as_path() } else { root.path() };
        assert_eq!(RunDir::resolve(runs, &named).unwrap(), dir, "{named}");
    }
    assert!(matches!(RunDir::resolve(root.path(), "yclic-3"), Err(StoreError::NoSuchRun { .. })));
    let twin = root.path().join(format!("{}f", &id().as_str()[..3]));
    copy_dir(dir.path(), &twin);
    let error = RunDir::resolve(root.path(), &id().as_str()[..3]).unwrap_err();
    assert!(error.to_string().contains(&dir.dir_name()), "{error}");
}

#[test]
fn an_interrupted_creation_is_taken_over() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join(format!("{}-cyclic-3", id()));
    fs::create_dir_all(path.join("inputs")).unwrap();
    fs::write(path.join("spec.toml"), "seed =").unwrap();
    assert_eq!(RunDir::find(root.path(), &id()).unwrap(), None);
    let begun = |error: &StoreError| matches!(error, StoreError::NoRecord { why: WithoutRecord::Begun, .. });
    assert!(begun(&RunDir::open(&path).unwrap_err()));
    assert!(begun(&RunDir::resolve(root.path(), path.to_str().unwrap()).unwrap_err()));
    let dir = create(root.path()).unwrap().dir().clone();
    assert_eq!(dir.spec_toml().unwrap(), spec_file::write(&spec()));
}

#[test]
fn what_is_no_run_is_told_by_what_it_is() {
    let root = tempfile::tempdir().unwrap();
    let runs = root.path().join("runs");
    let run = create(&runs).unwrap().dir().clone();
    fs::create_dir(root.path().join("empty")).unwrap();
    fs::create_dir_all(root.path().join("other/photos")).unwrap();
    for (path, wanted) in [
        (root.path().join("nothing"), "there is no such directory"),
        (run.path().join("spec.toml"), "it is a file"),
        (root.path().join("empty"), "the directory is empty"),
        (runs.clone(), "it is a folder of runs; name one of them"),
        (root.path().join("other"), "it is no run"),
    ] {
        let said = RunDir::open(&path).unwrap_err().to_string();
        assert!(said.starts_with(&format!("no record.jsonl in {path:?}: {wanted}")), "{said}");
        if path.exists() {
            assert_eq!(RunDir::resolve(&runs, path.to_str().unwrap()).unwrap_err().to_string(), said);
        }
    }
    fs::remove_file(run.path().join("record.jsonl")).unwrap();
    for called in [run.dir_name(), run.path().to_str().unwrap().to_owned()] {
        let said = RunDir::resolve(&runs, &called).unwrap_err().to_string();
        assert!(said.contains("its record was taken away; restore the file from a copy"), "{said}");
    }
}

#[test]
fn inputs_stay_inside_the_run() {
    let root = tempfile::tempdir().unwrap();
    for name in ["", ".", "..", "../x", "a/b", "a\\b", ".hidden", "c:x"] {
        let inputs = [(name.to_owned(), String::new())];
        let new = NewRun { name: "x", spec: &spec(), inputs: &inputs, kernel: KERNEL };
        assert!(matches!(RunWriter::create(root.path(), &new), Err(StoreError::InputName { .. })), "{name}");
    }
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
}

#[test]
fn a_record_cut_at_any_byte_is_read_to_its_last_whole_line_and_resumes_to_the_same_end() {
    let (_root, dir) = interrupted();
    let whole = fs::read(dir.path().join("record.jsonl")).unwrap();
    let header_len = whole.iter().position(|&b| b == b'\n').unwrap() + 1;
    let reference = Record::read(&dir).unwrap();
    let lines: Vec<&[u8]> = whole.split_inclusive(|&b| b == b'\n').collect();
    let lines_at_checkpoint = 1 + 4 + 2; // header, scalars 0 to 3, snapshots 0 and 2
    let bytes_at_checkpoint: usize = lines[..lines_at_checkpoint].iter().map(|line| line.len()).sum();
    for len in 0..=whole.len() {
        fs::write(dir.path().join("record.jsonl"), &whole[..len]).unwrap();
        if len < header_len {
            assert!(matches!(Record::read(&dir), Err(StoreError::DamagedLine { line: 1, .. })), "{len}");
            assert!(resume(&dir).is_err());
            continue;
        }
        let record = Record::read(&dir).unwrap();
        assert_eq!(record.torn, whole[len - 1] != b'\n', "{len}");
        let n_lines = str::from_utf8(&whole[..len]).unwrap().matches('\n').count();
        assert_eq!(1 + record.scalars.len() + record.snapshots.len(), n_lines, "{len}");
        assert_eq!(record.snapshots, reference.snapshots[..record.snapshots.len()]);
        // Resuming syncs, so it is tried at every byte of the last lines, and around the ends of the others.
        let is_near_an_end = whole[len - 1..(len + 2).min(whole.len())].contains(&b'\n');
        if len + 300 > whole.len() || is_near_an_end {
            let copy = tempfile::tempdir().unwrap();
            copy_dir(dir.path(), copy.path());
            // What a killed writer leaves besides: temporary files, and a snapshot whose line was not written.
            for name in [".checkpoint.safetensors.123.tmp", "snapshots/.0000000006.safetensors.123.tmp"] {
                fs::write(copy.path().join(name), &whole[..len]).unwrap();
            }
            fs::write(copy.path().join("snapshots/0000000005.safetensors"), "half").unwrap();
            // The checkpoint counts wherever the record still has what it had when the checkpoint was saved.
            let from = (len >= bytes_at_checkpoint).then_some(CHECKPOINT_STEP);
            assert_eq!(resume_and_compare(&RunDir::open(copy.path()).unwrap()), from, "{len}");
            assert!(!copy.path().join(".checkpoint.safetensors.123.tmp").exists());
        }
    }
}

#[test]
fn a_resumed_run_may_be_interrupted_again_at_any_byte() {
    let (_root, dir) = interrupted();
    let mut resumed = resume(&dir).unwrap();
    drive(&mut resumed.writer, CHECKPOINT_STEP + 1).unwrap();
    drop(resumed);
    assert_eq!(Record::read(&dir).unwrap().resumed, [CHECKPOINT_STEP]);
    let whole = fs::read(dir.path().join("record.jsonl")).unwrap();
    let copies = tempfile::tempdir().unwrap();
    for len in whole.len() - 120..=whole.len() {
        let path = copies.path().join(len.to_string());
        copy_dir(dir.path(), &path);
        fs::write(path.join("record.jsonl"), &whole[..len]).unwrap();
        assert_eq!(resume_and_compare(&RunDir::open(&path).unwrap()), Some(CHECKPOINT_STEP));
    }
}

#[test]
fn a_checkpoint_cut_at_any_byte_is_refused_with_a_reason_and_the_run_begins_again() {
    let (_root, dir) = interrupted();
    let path = dir.path().join("checkpoint.safetensors");
    let whole = fs::read(&path).unwrap();
    for len in 0..whole.len() {
        fs::write(&path, &whole[..len]).unwrap();
        assert_eq!(dir.state().unwrap(), interrupted_at(None), "{len}");
    }
    let mut resumed = resume(&dir).unwrap();
    assert!(resumed.checkpoint.is_none() && resumed.checkpoint_refused.is_some());
    drive(&mut resumed.writer, 0).unwrap();
    resumed.writer.finish(OUTCOME, LAST_STEP, 1.5).unwrap();
    assert_whole(&dir);
}

#[test]
fn another_runs_checkpoint_is_refused() {
    let (_root, dir) = interrupted();
    super::checkpoint::save(dir.path(), &RunId::of("other"), 0, &checkpoint()).unwrap();
    let why = resume(&dir).unwrap().checkpoint_refused.unwrap();
    assert_eq!(why, format!("it is of run {}", RunId::of("other")));
}

#[test]
fn a_snapshot_cut_at_any_byte_or_gone_is_named_and_written_again_where_it_is_repeated() {
    let (_root, dir) = interrupted();
    let path = dir.path().join(snapshot::file_name(4));
    let whole = fs::read(&path).unwrap();
    let record = Record::read(&dir).unwrap();
    for len in 0..whole.len() {
        fs::write(&path, &whole[..len]).unwrap();
        let error = record.load_snapshot(4).unwrap_err();
        assert!(matches!(error, StoreError::DamagedSnapshot { step: 4, .. }), "{len}: {error}");
    }
    fs::remove_file(&path).unwrap();
    assert!(matches!(record.load_snapshot(4), Err(StoreError::MissingSnapshot { step: 4, .. })));
    resume_and_compare(&dir);
}

#[test]
fn a_snapshot_in_anothers_place_is_noticed() {
    let (_root, dir) = interrupted();
    fs::copy(dir.path().join(snapshot::file_name(2)), dir.path().join(snapshot::file_name(4))).unwrap();
    let error = Record::read(&dir).unwrap().load_snapshot(4).unwrap_err();
    assert!(matches!(error, StoreError::DamagedSnapshot { step: 4, .. }), "{error}");
}

#[test]
fn a_line_damaged_in_the_middle_is_named() {
    let (_root, dir) = interrupted();
    let path = dir.path().join("record.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let n_lines = text.lines().count();
    for damaged in 1..=n_lines {
        for replacement in ["", "{}", "\0\0\0", r#"{"kind":"scalars","step":1}"#, r#"{"kind":"unheard"}"#] {
            let lines = text.lines().enumerate();
            let lines: Vec<&str> = lines.map(|(i, line)| if i + 1 == damaged { replacement } else { line }).collect();
            fs::write(&path, lines.join("\n") + "\n").unwrap();
            let error = Record::read(&dir).unwrap_err();
            assert!(matches!(error, StoreError::DamagedLine { line, .. } if line == damaged), "{damaged}: {error}");
        }
    }
    // A line twice is damage as well: no step happens twice.
    let lines: Vec<&str> = text.lines().collect();
    fs::write(&path, [&lines[..], &lines[1..2]].concat().join("\n") + "\n").unwrap();
    let error = Record::read(&dir).unwrap_err();
    assert!(matches!(error, StoreError::DamagedLine { line, .. } if line == n_lines + 1), "{error}");
    // A snapshot is looked for in its own place only.
    fs::write(&path, text.replace("snapshots/0000000004", "../../0000000004")).unwrap();
    assert!(matches!(Record::read(&dir), Err(StoreError::DamagedLine { .. })));
}

/// Each byte of a record, made into others of every sort: one bit away, outside of ASCII, the end of a line, a digit.
#[test]
fn any_byte_of_a_record_that_was_changed_is_named_by_its_line_or_is_a_torn_tail() {
    let (_root, dir) = interrupted();
    let path = dir.path().join("record.jsonl");
    let whole = fs::read(&path).unwrap();
    let reference = Record::read(&dir).unwrap();
    for index in 0..whole.len() {
        let line = 1 + whole[..index].split(|&byte| byte == b'\n').skip(1).count();
        for byte in [whole[index] ^ 1, whole[index] ^ 0x80, b'\n', b'7'] {
            if byte == whole[index] {
                continue;
            }
            let mut edited = whole.clone();
            edited[index] = byte;
            fs::write(&path, &edited).unwrap();
            match Record::read(&dir) {
                Err(StoreError::DamagedLine { line: named, .. }) => assert_eq!(named, line, "byte {index} as {byte}"),
                Err(StoreError::NewerFormat { .. } | StoreError::OlderFormat { .. }) => assert_eq!(line, 1),
                Err(error) => panic!("byte {index} as {byte}: {error}"),
                // Only the last line feed: its line is a torn tail, which the writer writes again.
                Ok(record) => {
                    assert!(index + 1 == whole.len() && record.torn, "byte {index} as {byte}");
                    let (n_scalars, n_snapshots) = (record.scalars.len(), record.snapshots.len());
                    // As text: a NaN is not equal to itself.
                    assert_eq!(format!("{:?}", record.scalars), format!("{:?}", &reference.scalars[..n_scalars]));
                    assert_eq!(record.snapshots, reference.snapshots[..n_snapshots]);
                    assert_eq!(n_scalars + n_snapshots + 1, reference.scalars.len() + reference.snapshots.len());
                }
            }
        }
    }
}

#[test]
fn lines_that_are_taken_out_put_in_or_moved_are_named() {
    let (_root, dir) = interrupted();
    let path = dir.path().join("record.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let named = |lines: &[&str]| {
        fs::write(&path, lines.join("\n") + "\n").unwrap();
        match Record::read(&dir) {
            Err(StoreError::DamagedLine { line, .. }) => Some(line),
            Err(error) => panic!("{error}"),
            Ok(_) => None,
        }
    };
    assert_eq!(named(&lines), None);
    for at in 1..lines.len() - 1 {
        let mut taken_out = lines.clone();
        taken_out.remove(at);
        assert_eq!(named(&taken_out), Some(at + 1));
        let mut moved = lines.clone();
        moved.swap(at, at + 1);
        assert_eq!(named(&moved), Some(at + 1));
        let mut twice = lines.clone();
        twice.insert(at, lines[at]);
        assert_eq!(named(&twice), Some(at + 2));
    }
    // One from another run fits nowhere, though its step would.
    let other = tempfile::tempdir().unwrap();
    let other_spec = RunSpec { seed: 2, ..spec() };
    let new = NewRun { name: "other", spec: &other_spec, inputs: &[], kernel: KERNEL };
    let mut writer = RunWriter::create(other.path(), &new).unwrap();
    drive(&mut writer, 0).unwrap();
    let theirs = fs::read_to_string(writer.dir().path().join("record.jsonl")).unwrap();
    let mut mixed = lines.clone();
    mixed[1] = theirs.lines().nth(1).unwrap();
    assert_eq!(named(&mixed), Some(2));
}

#[test]
fn another_format_is_refused_by_name_with_what_to_do() {
    let (_root, dir) = interrupted();
    let path = dir.path().join("record.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let (_, rest) = text.split_once('\n').unwrap();
    for (header, wanted) in [
        (r#"{"format":9,"whatever":[]}"#, "run has format 9, this build reads up to 2: install a newer dunwu, or make"),
        (
            r#"{"format":9,"dunwu":"7.0"}"#,
            "install a newer dunwu (7.0 wrote it), or make the run again in another folder",
        ),
        (
            r#"{"format":1,"dunwu":"0.1.0","kernel":"plain","id":"0123456789abcdef"}"#,
            "run has format 1, which has no checksums, and this build reads 2: make it again in another folder with `dunwu run ",
        ),
    ] {
        fs::write(&path, format!("{header}\n{rest}")).unwrap();
        let error = Record::read(&dir).unwrap_err().to_string();
        assert!(error.contains(wanted) && error.contains("spec.toml --runs DIR`"), "{error}");
        assert!(error.ends_with(&format!("{:?}", dir.path())), "{error}");
        assert_eq!(resume(&dir).unwrap_err().to_string(), error);
    }
}

#[test]
fn other_bits_after_resuming_are_named_by_step_and_quantity() {
    let (_root, dir) = interrupted();
    let mut writer = resume(&dir).unwrap().writer;
    let mut other = scalars(4);
    other.train_loss = other.train_loss.next_up();
    let error = writer.append_scalars(&other).unwrap_err();
    let StoreError::OtherBits { step: 4, field, recorded, ours, .. } = &error else { panic!("{error}") };
    assert_eq!((&**field, recorded), ("train_loss", &format!("{:?}", scalars(4).train_loss)));
    assert_ne!(ours, recorded);
    writer.append_scalars(&scalars(4)).unwrap();
    let mut other = weights_at(4);
    other.weights.top[3] = 9.0;
    let error = writer.append_snapshot(&other).unwrap_err();
    assert!(error.to_string().contains("at step 4, top[3] is 9.0 and was"), "{error}");
    let mut other = weights_at(4);
    other.parameters.arrays[1].values[0] = 9.0;
    let error = writer.append_snapshot(&other).unwrap_err();
    assert!(error.to_string().contains("at step 4, hidden.0.bias[0] is 9.0 and was"), "{error}");
    assert_eq!(Record::read(&dir).unwrap().load_snapshot(4).unwrap(), weights_at(4));
}

#[test]
fn other_steps_after_resuming_are_named() {
    let unexpected = |result: Result<(), StoreError>, kind: &str, step: u64| {
        let error = result.unwrap_err();
        assert!(
            matches!(&error, StoreError::OtherSteps { kind: k, step: s, .. } if (*k, *s) == (kind, step)),
            "{error}"
        );
    };
    let (_root, dir) = interrupted();
    let mut writer = resume(&dir).unwrap().writer;
    unexpected(writer.append_scalars(&scalars(5)), "scalars", 4); // 4 was left out
    unexpected(writer.append_snapshot(&weights_at(5)), "snapshots", 4);
    writer.append_scalars(&scalars(4)).unwrap();
    writer.append_snapshot(&weights_at(4)).unwrap();
    unexpected(writer.append_snapshot(&weights_at(5)), "snapshots", 5); // 5 is new, before 6
    unexpected(writer.finish(OUTCOME, 5, 0.0).map(drop), "scalars", 5); // ended before what was recorded
    assert_eq!(resume_and_compare(&dir), Some(CHECKPOINT_STEP));
}

#[test]
fn another_kernel_does_not_go_on() {
    let (_root, dir) = interrupted();
    let before = fs::read(dir.path().join("record.jsonl")).unwrap();
    let error = RunWriter::resume(&dir, "avx512").unwrap_err();
    assert!(matches!(&error, StoreError::OtherKernel { recorded, ours, .. } if recorded == KERNEL && ours == "avx512"));
    assert_eq!(fs::read(dir.path().join("record.jsonl")).unwrap(), before);
}

#[test]
fn two_writers_conflict_and_readers_do_not() {
    let root = tempfile::tempdir().unwrap();
    let mut writer = create(root.path()).unwrap();
    drive(&mut writer, 0).unwrap();
    let dir = writer.dir().clone();
    let error = resume(&dir).unwrap_err();
    let StoreError::BeingWritten { writer: named, .. } = &error else { panic!("{error}") };
    assert_eq!(named.pid, Some(std::process::id()));
    let message = format!("run is being written by process {} on ", std::process::id());
    assert!(error.to_string().starts_with(&message) && error.to_string().contains(" since 2"), "{error}");
    assert_eq!(Record::read(&dir).unwrap().scalars.len(), 7);
    drop(writer);
    assert!(resume(&dir).is_ok());
}

const OTHER_PROCESS_ROOT: &str = "DUNWU_TEST_OTHER_PROCESS_ROOT";

/// The other process of the next test; on its own it has nothing to do.
#[test]
fn other_process() {
    if let Some(root) = std::env::var_os(OTHER_PROCESS_ROOT) {
        let mut writer = create(Path::new(&root)).unwrap();
        for step in 0.. {
            writer.append_scalars(&scalars(step)).unwrap();
            if step == 10 {
                writer.save_checkpoint(&Checkpoint { step, ..checkpoint() }).unwrap();
            }
        }
    }
}

#[test]
fn a_killed_process_leaves_its_lines_and_no_lock() {
    let root = tempfile::tempdir().unwrap();
    let mut child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store::faults::other_process"])
        .env(OTHER_PROCESS_ROOT, root.path())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let deadline = std::time::Instant::now() + std::time::Duration::from_mins(1);
    let dir = loop {
        assert!(std::time::Instant::now() < deadline, "the other process wrote nothing");
        match RunDir::find(root.path(), &id()).unwrap() {
            Some(dir) if matches!(dir.state().unwrap(), RunState::Unfinished { checkpoint: Some(10), .. }) => {
                break dir;
            }
            _ => std::thread::sleep(std::time::Duration::from_millis(5)),
        }
    };
    let error = resume(&dir).unwrap_err();
    assert!(matches!(&error, StoreError::BeingWritten { writer, .. } if writer.pid == Some(child.id())), "{error}");
    let RunState::Unfinished { writer: Some(living), .. } = dir.state().unwrap() else { panic!("nobody writes") };
    assert_eq!(living.pid, Some(child.id()));
    let n_seen = Record::read(&dir).unwrap().scalars.len();
    child.kill().unwrap(); // SIGKILL
    child.wait().unwrap();
    assert!(fs::read_to_string(dir.path().join("lock")).unwrap().contains(&child.id().to_string()));
    assert_eq!(dir.state().unwrap(), interrupted_at(Some(10)), "what a dead process left in the file is not believed");
    let resumed = resume(&dir).unwrap();
    assert_eq!(resumed.checkpoint.unwrap().step, 10);
    let record = Record::read(&dir).unwrap();
    assert!(record.scalars.len() >= n_seen);
    let expected: Vec<Scalars> = (0..record.scalars.len() as u64).map(scalars).collect();
    assert_eq!(format!("{:?}", record.scalars), format!("{expected:?}"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_under_a_checkpoint_or_snapshot_keeps_the_last_one_and_goes_on_when_there_is_space() {
    let (_root, dir) = interrupted();
    let mut writer = resume(&dir).unwrap().writer;
    // The temporary file that is renamed into place is on a full device.
    let full = |path: &Path| std::os::unix::fs::symlink("/dev/full", file::temp_path(path)).unwrap();
    let path = dir.path().join("checkpoint.safetensors");
    let before = fs::read(&path).unwrap();
    let next = Checkpoint { step: 4, ..checkpoint() };
    full(&path);
    let error = writer.save_checkpoint(&next).unwrap_err();
    assert!(matches!(&error, StoreError::File(FileError::DiskFull { .. })), "{error:?}");
    assert!(error.to_string().contains("free some space"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);
    writer.save_checkpoint(&next).unwrap(); // the failed call left nothing in the way
    assert!(is_ours(dir.state().unwrap(), Some(4)));

    drive(&mut writer, 4).unwrap();
    let path = dir.path().join(snapshot::file_name(8));
    full(&path);
    let error = writer.append_snapshot(&weights_at(8)).unwrap_err();
    assert!(matches!(&error, StoreError::File(FileError::DiskFull { .. })), "{error:?}");
    assert!(!path.exists());
    assert_eq!(Record::read(&dir).unwrap().snapshots.len(), 4);
    writer.append_snapshot(&weights_at(8)).unwrap();
    assert_eq!(Record::read(&dir).unwrap().load_snapshot(8).unwrap(), weights_at(8));
}

#[test]
#[ignore = "needs a small empty file system: mount -t tmpfs -o size=256k none DIR, and DUNWU_TEST_SMALL_DISK=DIR"]
fn a_small_disk_that_fills_loses_nothing() {
    let root = std::env::var_os("DUNWU_TEST_SMALL_DISK").expect("the directory in DUNWU_TEST_SMALL_DISK");
    let root = Path::new(&root);
    let mut writer = create(root).unwrap();
    let ballast = root.join("ballast");
    let _ = fs::write(&ballast, vec![0; 1 << 20]); // takes all that is left, then fails
    let mut n_written = 0;
    let error = loop {
        match writer.append_scalars(&scalars(n_written)) {
            Ok(()) => n_written += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, StoreError::File(FileError::DiskFull { .. })), "{error:?}");
    let record = Record::read(writer.dir()).unwrap();
    assert_eq!((record.scalars.len() as u64, record.torn), (n_written, false));
    for error in [
        writer.append_snapshot(&weights_at(0)).unwrap_err(),
        writer.save_checkpoint(&checkpoint()).unwrap_err(),
        RunWriter::create(root, &NewRun { name: "b", spec: &RunSpec::default(), inputs: &[], kernel: KERNEL })
            .unwrap_err(),
    ] {
        assert!(matches!(error, StoreError::File(FileError::DiskFull { .. })), "{error:?}");
    }
    fs::remove_file(&ballast).unwrap();
    writer.append_scalars(&scalars(n_written)).unwrap();
    writer.append_snapshot(&weights_at(0)).unwrap();
    writer.save_checkpoint(&checkpoint()).unwrap();
    let dir = writer.finish(OUTCOME, LAST_STEP, 1.0).unwrap();
    assert_eq!(Record::read(&dir).unwrap().scalars.len() as u64, n_written + 1);
}

#[test]
fn a_file_where_the_runs_should_be_is_told() {
    let root = tempfile::tempdir().unwrap();
    let occupied = root.path().join("runs");
    fs::write(&occupied, "mine").unwrap();
    for path in [occupied.clone(), occupied.join("below")] {
        let error = create(&path).unwrap_err();
        assert!(matches!(&error, StoreError::File(FileError::NotADirectory { .. })), "{error:?}");
        assert!(error.to_string().starts_with("a file stands where a directory is needed"), "{error}");
    }
    assert_eq!(fs::read_to_string(&occupied).unwrap(), "mine");
}

/// `/proc` takes no files from anyone, root included.
#[cfg(target_os = "linux")]
#[test]
fn a_place_that_takes_no_files_is_an_error_with_its_path() {
    let error = create(Path::new("/proc/runs")).unwrap_err();
    assert!(matches!(&error, StoreError::File(_)), "{error:?}");
    assert!(error.to_string().contains("creating the run directory"), "{error}");
    assert!(error.to_string().contains("\"/proc/runs"), "{error}");
}

/// Where this user may write after all (root may), the run has to be made; where not, the refusal has to say why.
#[cfg(unix)]
#[test]
fn a_directory_without_write_permission_is_told_or_does_not_matter() {
    use std::os::unix::fs::PermissionsExt as _;
    let root = tempfile::tempdir().unwrap();
    fs::set_permissions(root.path(), fs::Permissions::from_mode(0o555)).unwrap();
    let may_write = fs::create_dir(root.path().join("probe")).is_ok();
    let result = create(root.path());
    fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).unwrap();
    match result {
        Ok(_) => assert!(may_write),
        Err(error) => {
            assert!(!may_write && matches!(&error, StoreError::File(FileError::NotPermitted { .. })), "{error:?}");
            assert!(error.to_string().starts_with("no permission"), "{error}");
        }
    }
}

#[test]
fn the_systems_answers_are_sorted_by_what_helps() {
    use std::io::{Error, ErrorKind};
    let message = |kind: ErrorKind| {
        let error = FileError::new("writing a snapshot", Path::new("runs/a"), Error::from(kind)).to_string();
        assert!(error.ends_with(": \"runs/a\""), "{error}");
        error
    };
    assert!(message(ErrorKind::StorageFull).starts_with("the disk is full"));
    assert!(message(ErrorKind::QuotaExceeded).starts_with("the disk is full or a quota"));
    assert!(message(ErrorKind::ReadOnlyFilesystem).starts_with("the file system is read-only"));
    assert!(message(ErrorKind::PermissionDenied).starts_with("no permission"));
    assert!(message(ErrorKind::TimedOut).starts_with("writing a snapshot failed"));
}

#[test]
fn a_run_is_read_where_nothing_can_be_written() {
    let (_root, dir) = interrupted();
    fs::remove_file(dir.path().join("lock")).unwrap();
    let before: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    let record = Record::read(&dir).unwrap();
    record.load_snapshot(4).unwrap();
    dir.state().unwrap();
    let after: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(before, after); // reading makes no lock, no temporary file, nothing
}

#[test]
fn the_cache_holds_for_its_version_and_record_only_and_never_when_damaged() {
    let (_root, dir) = interrupted();
    let values = (vec![Some(0.5), None, Some(f64::INFINITY)], "labels".to_owned());
    let load =
        |version: &str| Cache::of(&dir, &Record::read(&dir).unwrap(), version).load::<(Vec<Option<f64>>, String)>();
    assert_eq!(load("1"), None);
    Cache::of(&dir, &Record::read(&dir).unwrap(), "1").store(&values).unwrap();
    assert_eq!(load("1"), Some(values.clone()));
    assert_eq!(load("2"), None);

    let path = dir.path().join("series.cache");
    let whole = fs::read(&path).unwrap();
    for index in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[index] ^= 0x40;
        fs::write(&path, &damaged).unwrap();
        assert_eq!(load("1"), None, "byte {index} changed");
        fs::write(&path, &whole[..index]).unwrap();
        assert_eq!(load("1"), None, "cut at {index}");
    }
    fs::write(&path, &whole).unwrap();
    assert_eq!(load("1"), Some(values));
    drop(resume(&dir).unwrap()); // the record has a line more
    assert_eq!(load("1"), None);
}

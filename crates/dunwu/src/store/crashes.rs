//! A run that is ended at every single call to the disk, in every way, and gone on with.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use super::disk::trouble::{Kind, Trouble, with};
use super::faults::{CHECKPOINT_STEP, LAST_STEP, OUTCOME, assert_whole, create, drive_step, id, resume};
use super::{ListRequest, ListedRun, RunDir, RunState, RunWriter, StoreError, file, list_runs};
use std::path::Path;

/// What a writer was told of: from here on it may be relied on.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
enum Told {
    #[default]
    Nothing,
    /// The writer was told that the run has begun.
    Begun,
    /// The writer was told that a checkpoint is saved.
    Saved,
    /// The writer was told that the run has finished.
    Finished,
}

/// Makes the run, or goes on with it, as `dunwu run` does.
fn make(root: &Path, told: &mut Told) -> Result<(), StoreError> {
    let (mut writer, from) = match RunDir::find(root, &id())? {
        None => (create(root)?, 0),
        Some(dir) => match dir.state()? {
            RunState::Finished(_) => {
                RunWriter::clear_finished(&dir);
                return Ok(());
            }
            RunState::Unfinished { .. } => {
                let resumed = resume(&dir)?;
                let from = resumed.checkpoint.map_or(0, |checkpoint| checkpoint.step + 1);
                (resumed.writer, from)
            }
        },
    };
    *told = Told::Begun;
    for step in from..=LAST_STEP {
        drive_step(&mut writer, step)?;
        if step == CHECKPOINT_STEP {
            *told = Told::Saved;
        }
    }
    writer.finish(OUTCOME, LAST_STEP, 1.5)?;
    *told = Told::Finished;
    Ok(())
}

/// Nobody who looks at the runs is told that one has finished that has not, or fails.
fn look(root: &Path, told: Told, case: &str) {
    list_runs(root, &ListRequest::default(), ListedRun::read).unwrap_or_else(|error| panic!("{case}: {error}"));
    let dir = RunDir::find(root, &id()).unwrap();
    let Some(dir) = dir else {
        assert_eq!(told, Told::Nothing, "{case}: the run is gone");
        return;
    };
    match dir.state().unwrap_or_else(|error| panic!("{case}: {error}")) {
        RunState::Finished(_) => assert!(told >= Told::Saved, "{case}: finished, and it was told {told:?}"),
        RunState::Unfinished { checkpoint, writer } => {
            assert_eq!(writer, None, "{case}");
            assert!(told < Told::Finished, "{case}: it was told that it had finished");
            assert!(told < Told::Saved || checkpoint.is_some(), "{case}: the checkpoint is gone");
        }
    }
}

/// Nothing is left that only an interrupted writer leaves.
fn assert_clean(dir: &Path, case: &str) {
    for folder in [dir.to_owned(), dir.join("snapshots"), dir.join("inputs")] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let name = entry.unwrap().file_name().to_string_lossy().into_owned();
            assert!(!file::is_temp_name(&name), "{case}: {name} is left");
        }
    }
}

fn survives(troubles: &[Trouble], then: &[Trouble]) -> bool {
    let case = format!("{troubles:?}, then {then:?}");
    let root = tempfile::tempdir().unwrap();
    let runs = root.path().join("runs");
    let mut told = Told::default();
    let (mut made, _, mut is_off) = with(troubles, || make(&runs, &mut told));
    let was_met = is_off || made.is_err();
    for troubles in [then, &[], &[]] {
        if is_off || made.is_err() {
            look(&runs, told, &case);
        }
        let mut told_now = Told::default();
        (made, _, is_off) = with(troubles, || make(&runs, &mut told_now));
        if told_now > told {
            told = told_now;
        }
    }
    made.unwrap_or_else(|error| panic!("{case}: it does not go on: {error}"));
    let dir = RunDir::find(&runs, &id()).unwrap().unwrap_or_else(|| panic!("{case}: there is no run"));
    assert_whole(&dir);
    assert_clean(dir.path(), &case);
    was_met
}

fn calls_of_a_whole_run() -> u64 {
    let root = tempfile::tempdir().unwrap();
    let (made, calls, _) = with(&[], || make(&root.path().join("runs"), &mut Told::default()));
    made.unwrap();
    calls
}

#[test]
fn a_run_ended_at_any_call_to_the_disk_goes_on_to_the_same_bits() {
    let calls = calls_of_a_whole_run();
    assert!(calls > 60, "{calls} calls");
    for at in 1..=calls {
        for kind in [Kind::Kill, Kind::Power(0), Kind::Power(at), Kind::Power(1000 + at)] {
            assert!(survives(&[Trouble { at, kind }], &[]), "call {at} is reached");
        }
    }
}

#[test]
fn a_run_whose_disk_fails_at_any_call_goes_on_to_the_same_bits() {
    for at in 1..=calls_of_a_whole_run() {
        for kind in [Kind::Full(u64::MAX), Kind::Full(1), Kind::ReadOnly, Kind::Io] {
            survives(&[Trouble { at, kind }], &[]);
        }
        for kind in [Kind::Short, Kind::Interrupted] {
            assert!(!survives(&[Trouble { at, kind }], &[]), "call {at}: {kind:?} is no error");
        }
    }
}

#[test]
fn a_run_ended_twice_goes_on_to_the_same_bits() {
    let calls = calls_of_a_whole_run();
    for at in (1..=calls).step_by(5) {
        for then in (1..=calls).step_by(7) {
            for kind in [Kind::Kill, Kind::Power(0)] {
                survives(&[Trouble { at, kind }], &[Trouble { at: then, kind }]);
            }
            survives(&[Trouble { at, kind: Kind::Full(u64::MAX) }], &[Trouble { at: then, kind: Kind::Io }]);
        }
    }
}

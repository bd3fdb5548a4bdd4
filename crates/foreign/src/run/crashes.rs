//! A foreign run whose program is ended at every single call to the disk, in every way, and gone on with.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use super::faults::{LAST_STEP, assert_whole, create, drive_step};
use super::{ForeignEnd, ForeignError, ForeignRecord, ForeignWriter};
use dunwu::store::disk::trouble::{Kind, Trouble, with};
use dunwu::store::{RunDir, file};
use std::path::Path;

/// What the program was told of: from here on it may be relied on.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
enum Told {
    #[default]
    Nothing,
    Begun,
    /// A snapshot of this step was recorded, and with it all before.
    Synced(u64),
    Finished,
}

/// Records the run, or goes on with it, as a program does that trains from the last step that it finds.
fn make(root: &Path, told: &mut Told) -> Result<(), ForeignError> {
    let found = RunDir::list(root)?.into_iter().next();
    let (mut writer, from) = match found {
        None => (create(root)?, 0),
        Some(dir) => {
            let record = ForeignRecord::read(&dir)?;
            if record.finished.is_some() {
                return Ok(());
            }
            // Its last step may lack a part.
            let from = record.last_step().unwrap_or(0);
            (ForeignWriter::open_at(&dir, from)?, from)
        }
    };
    *told = Told::Begun;
    for step in from..=LAST_STEP {
        drive_step(&mut writer, step)?;
        if step % 2 == 0 {
            *told = Told::Synced(step);
        }
    }
    writer.finish(ForeignEnd::Finished)?;
    *told = Told::Finished;
    Ok(())
}

/// Whoever looks at the runs finds all that the program was told of.
fn look(root: &Path, told: Told, case: &str) {
    let Some(dir) = RunDir::list(root).unwrap().into_iter().next() else {
        assert_eq!(told, Told::Nothing, "{case}: the run is gone");
        return;
    };
    let record = ForeignRecord::read(&dir).unwrap_or_else(|error| panic!("{case}: {error}"));
    if let Told::Synced(step) = told {
        let loss = &record.series()[0];
        assert!(loss.steps.starts_with(&(0..=step).collect::<Vec<_>>()), "{case}: {loss:?}");
        record.load_snapshot(step).unwrap_or_else(|error| panic!("{case}: {error}"));
    }
    assert!(told != Told::Finished || record.finished.is_some(), "{case}: it had finished");
    for entry in &record.units {
        record.load_units(entry).unwrap_or_else(|error| panic!("{case}: {error}"));
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
        // The program rewound the last step, and was ended before it had said it again.
        told = told_now;
    }
    made.unwrap_or_else(|error| panic!("{case}: it does not go on: {error}"));
    let dir = RunDir::list(&runs).unwrap().remove(0);
    assert_whole(&dir);
    for folder in [dir.path().to_owned(), dir.path().join("snapshots")] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let name = entry.unwrap().file_name().to_string_lossy().into_owned();
            assert!(!file::is_temp_name(&name), "{case}: {name} is left");
        }
    }
    was_met
}

fn calls_of_a_whole_run() -> u64 {
    let root = tempfile::tempdir().unwrap();
    let (made, calls, _) = with(&[], || make(&root.path().join("runs"), &mut Told::default()));
    made.unwrap();
    calls
}

#[test]
fn a_foreign_run_ended_at_any_call_to_the_disk_goes_on_and_keeps_what_was_promised() {
    let calls = calls_of_a_whole_run();
    assert!(calls > 50, "{calls} calls");
    for at in 1..=calls {
        for kind in [Kind::Kill, Kind::Power(0), Kind::Power(at), Kind::Power(1000 + at)] {
            assert!(survives(&[Trouble { at, kind }], &[]), "call {at} is reached");
        }
    }
}

#[test]
fn a_foreign_run_whose_disk_fails_at_any_call_goes_on() {
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
fn a_foreign_run_ended_twice_goes_on() {
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

//! `dunwu sweep` and `dunwu work`.

use super::runs::{recorded, run_dirs};
use super::{Command, Kept, Room, files_below, temporary_files, whole_lines};
use std::fs;
use std::path::Path;

/// Runs of which some end soon and some are long enough to be interrupted.
const FILE: &str =
    "preset = \"small\"\nmodel.width = 8\n\n[sweep]\n\"task.order\" = [5, 7]\nsteps = [20, 400]\nseed = \"0..1\"\n";

/// One process, with one run at a time or two.
pub(super) const SWEEP: Room = Room {
    name: "sweep",
    prepare: |folder| fs::write(folder.join("s.toml"), FILE).map_err(|error| error.to_string()),
    commands: &[
        Command {
            words: "sweep s.toml --workers 1 --table all.csv --lease 15 --quiet --checkpoint-every 0.002",
            goes_on_only: false,
            gives_result: true,
        },
        Command {
            words: "sweep s.toml --workers 2 --table all.csv --lease 15 --quiet --checkpoint-every 0.002",
            goes_on_only: false,
            gives_result: true,
        },
    ],
    result,
    kept: |folder| Ok(kept(folder)),
    turned_away: "",
    leftovers,
    // A claim that a power loss left empty holds its run for a lease.
    any_part_is_lost: false,
};

/// Workers that know of each other by their claims alone.
pub(super) const WORK: Room = Room {
    name: "work",
    commands: &[
        SWEEP.commands[0],
        Command {
            words: "work s.toml --workers 1 --shard 2/2 --lease 15 --quiet --checkpoint-every 0.002",
            goes_on_only: false,
            gives_result: false,
        },
        Command {
            words: "work s.toml --workers 2 --lease 15 --quiet --checkpoint-every 0",
            goes_on_only: false,
            gives_result: false,
        },
    ],
    ..SWEEP
};

/// The same with a run directory for each run.
pub(super) const SNAPSHOTS: Room = Room {
    name: "sweep-snapshots",
    commands: &[
        Command {
            words: "sweep small model.width=8 task.order=5 steps=6,24 --keep snapshots --workers 1 --table all.csv --lease 15 --quiet --checkpoint-every 0.002",
            goes_on_only: false,
            gives_result: true,
        },
        Command {
            words: "sweep small model.width=8 task.order=5 steps=6,24 --keep snapshots --workers 2 --table all.csv --lease 15 --quiet --checkpoint-every 0.002",
            goes_on_only: false,
            gives_result: true,
        },
    ],
    result: |folder| {
        let mut parts = table(&folder.join("all.csv"))?;
        for dir in run_dirs(folder) {
            parts.append(&mut recorded(&dir)?);
        }
        Ok(parts)
    },
    ..SWEEP
};

fn result(folder: &Path) -> Result<Vec<String>, String> {
    let mut parts = table(&folder.join("all.csv"))?;
    parts.append(&mut table(&folder.join("all.curves.csv"))?);
    Ok(parts)
}

/// A table without what clocks say.
fn table(path: &Path) -> Result<Vec<String>, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let seconds = text.lines().next().unwrap_or_default().split(',').position(|column| column == "seconds");
    let timeless = |line: &str| {
        let fields = line.split(',').enumerate().filter(|(index, _)| Some(*index) != seconds);
        fields.map(|(_, field)| field).collect::<Vec<_>>().join(",")
    };
    Ok(text.lines().map(timeless).collect())
}

/// The rows and curves of every worker that there ever was.
fn kept(folder: &Path) -> Kept {
    let sweeps = folder.join("runs/sweeps");
    let mut kept = Kept::default();
    for name in ["rows", "curves"] {
        for path in files_below(&sweeps.join(name)) {
            let name = format!("{name}/{}", path.file_name().unwrap_or_default().to_string_lossy());
            kept.lines.insert(name, whole_lines(&path));
        }
    }
    kept
}

/// When all is done there are rows, curves and the table, and nothing else.
fn leftovers(folder: &Path) -> Vec<String> {
    let mut left = temporary_files(folder);
    for name in ["checkpoints", "claims", "workers"] {
        left.extend(files_below(&folder.join("runs/sweeps").join(name)).iter().map(|path| path.display().to_string()));
    }
    left.sort();
    left.dedup();
    left
}

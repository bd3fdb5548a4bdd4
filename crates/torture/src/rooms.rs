//! The rooms that are tortured: commands that write, and go on where they were ended.

mod episode;
mod harm;
mod runs;
mod server;
mod streams;
mod sweeps;
mod systematic;

pub(crate) use episode::{Episode, play};
pub(crate) use server::serve;
pub(crate) use systematic::{cases, play_case};

use std::path::Path;

/// A room whose command, given again, goes on to the same end.
pub(crate) struct Room {
    pub(crate) name: &'static str,
    /// Puts what the command reads into the folder.
    prepare: fn(&Path) -> Result<(), String>,
    /// Ways to ask for the same thing; any of them begins it or goes on with it.
    commands: &'static [Command],
    /// All that was computed, without what clocks say; `Err` where it is not all there.
    result: fn(&Path) -> Result<Vec<String>, String>,
    /// What was promised to be kept, as far as it is there now.
    kept: fn(&Path) -> Result<Kept, String>,
    /// Words of a second writer that is turned away; empty where any number may write.
    turned_away: &'static str,
    /// Files that only an interrupted writer leaves.
    leftovers: fn(&Path) -> Vec<String>,
    /// Whether a power loss may take any part of what was not synced, and not only all of it.
    any_part_is_lost: bool,
}

/// One way to ask.
#[derive(Clone, Copy)]
struct Command {
    words: &'static str,
    /// Whether it can only go on with what was begun.
    goes_on_only: bool,
    /// Whether all that was asked for is there when it is done.
    gives_result: bool,
}

/// What a folder holds that no kill may take away.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Kept {
    /// Whole lines by their file: each file's may only grow.
    lines: std::collections::BTreeMap<String, Vec<String>>,
    /// Where it can be gone on from: step or token; what a checkpoint was saved for is never behind.
    checkpoint: Option<u64>,
    /// Whether it says that it has come to its end.
    is_finished: bool,
}

pub(crate) static ROOMS: &[Room] = &[
    runs::RUN,
    runs::TABLED,
    runs::TINY,
    runs::LONGER,
    sweeps::SWEEP,
    sweeps::WORK,
    sweeps::SNAPSHOTS,
    streams::STREAM,
];

/// The room without a result: it only has to be there again.
pub(crate) const SERVER: &str = "serve-model";

/// Files below `folder` with their names, folders first to last by name.
fn files_below(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    let mut entries: Vec<_> =
        std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files.append(&mut files_below(&path));
        } else {
            files.push(path);
        }
    }
    files
}

/// Temporary files of a replacement that did not come to its end.
fn temporary_files(folder: &Path) -> Vec<String> {
    let is_temp = |path: &std::path::PathBuf| {
        dunwu::store::file::is_temp_name(&path.file_name().unwrap_or_default().to_string_lossy())
    };
    files_below(&folder.join("runs")).into_iter().filter(is_temp).map(|path| path.display().to_string()).collect()
}

/// Whole lines of a file.
fn whole_lines(path: &Path) -> Vec<String> {
    let text = std::fs::read(path).unwrap_or_default();
    let whole = text.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1);
    String::from_utf8_lossy(&text[..whole]).lines().map(str::to_owned).collect()
}

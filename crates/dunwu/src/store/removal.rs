//! Removing runs. What is being written is not removed, and what is half removed is no run any more.

use super::disk;
use super::error::StoreError;
use super::file::While as _;
use super::lock::RunLock;
use super::run_dir::RunDir;
use std::fs;
use std::path::Path;

/// Bytes of all files below `folder`; files that vanish while they are counted count nothing.
pub fn bytes_below(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let of_entry = |entry: fs::DirEntry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => bytes_below(&entry.path()),
        Ok(_) => entry.metadata().map_or(0, |metadata| metadata.len()),
        Err(_) => 0,
    };
    entries.filter_map(Result::ok).map(of_entry).sum()
}

/// Removes `run` with all its files; refused while a process writes it.
///
/// The directory gets a hidden name first: a removal that is interrupted leaves nothing that looks like a damaged run.
pub fn remove(run: &RunDir) -> Result<(), StoreError> {
    let path = run.path();
    let lock = RunLock::take(path)?;
    let hidden = path.with_file_name(format!(".removed-{}", run.dir_name()));
    let doing = "removing the run";
    if hidden.exists() {
        disk::remove_folder(&hidden).or_while(doing, &hidden)?; // an earlier removal was interrupted
    }
    disk::rename(path, &hidden).or_while(doing, path)?;
    drop(lock);
    Ok(disk::remove_folder(&hidden).or_while(doing, &hidden)?)
}

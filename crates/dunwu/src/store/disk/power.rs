//! What a power loss leaves: of a file what was synced, of a name what its folder's sync saw.
//!
//! POSIX promises no more. A file system may have kept more than that, in any order, so a loss may also leave any part of what was
//! not synced: which, a seed decides.

use dunwu_engine::random::{Stream, rng};
use rand::Rng as _;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// All that this process changed, and how much of it would survive.
#[derive(Debug, Default)]
pub(super) struct World {
    /// What each file held when it was last synced.
    synced: Vec<Vec<u8>>,
    /// Names as every process sees them, each with its file.
    seen: BTreeMap<PathBuf, Option<usize>>,
    /// Names as they were when their folder was last synced.
    durable: BTreeMap<PathBuf, Option<usize>>,
    /// Folders that were made and whose name was not synced.
    new_folders: BTreeSet<PathBuf>,
}

impl World {
    /// Learns what is at `path` before something changes there; what was there before this process counts as durable.
    pub(super) fn meet(&mut self, path: &Path) {
        if self.seen.contains_key(path) {
            return;
        }
        let file = fs::read(path).ok().map(|bytes| self.file_with(bytes));
        self.seen.insert(path.to_owned(), file);
        self.durable.insert(path.to_owned(), file);
    }

    /// A file is open for writing at `path`, and is there now if it was not.
    pub(super) fn opened(&mut self, path: &Path) {
        if self.seen.get(path).is_none_or(Option::is_none) {
            let file = self.file_with(Vec::new());
            self.seen.insert(path.to_owned(), Some(file));
        }
    }

    /// The file at `path` is synced.
    pub(super) fn synced(&mut self, path: &Path) {
        if let (Some(Some(file)), Ok(bytes)) = (self.seen.get(path), fs::read(path)) {
            self.synced[*file] = bytes;
        }
    }

    /// `to` is now what `from` was.
    pub(super) fn renamed(&mut self, from: &Path, to: &Path) {
        let file = self.seen.insert(from.to_owned(), None).flatten();
        self.seen.insert(to.to_owned(), file);
    }

    /// Nothing is at `path` any more.
    pub(super) fn removed(&mut self, path: &Path) {
        self.seen.insert(path.to_owned(), None);
    }

    /// A folder is at `path`, where there was none.
    pub(super) fn made_folder(&mut self, path: &Path) {
        self.new_folders.insert(path.to_owned());
    }

    /// The names in `folder` are synced.
    pub(super) fn synced_folder(&mut self, folder: &Path) {
        for (path, file) in &self.seen {
            if is_in(path, folder) {
                self.durable.insert(path.clone(), *file);
            }
        }
        self.new_folders.retain(|path| !is_in(path, folder));
    }

    /// Makes of the real files what a power loss would: with `seed` 0 nothing survives but what was synced, with others any part.
    pub(super) fn lose(&self, seed: u64) {
        let mut rng = rng(seed, Stream::Probe);
        let mut survives = || seed != 0 && rng.random::<bool>();
        let now: BTreeMap<usize, Vec<u8>> =
            self.seen.iter().filter_map(|(path, file)| Some(((*file)?, fs::read(path).ok()?))).collect();
        let mut contents = BTreeMap::new();
        for (&file, now) in &now {
            let synced = &self.synced[file];
            let kept = if survives() {
                now.clone()
            } else if survives() && now.starts_with(synced) {
                now[..usize::midpoint(synced.len(), now.len())].to_vec()
            } else {
                synced.clone()
            };
            contents.insert(file, kept);
        }
        let gone: Vec<&PathBuf> = self.new_folders.iter().filter(|_| !survives()).collect();
        for (path, &seen) in &self.seen {
            let durable = self.durable.get(path).copied().flatten();
            let file = if survives() { seen } else { durable };
            // Nobody reads after this but the next process; what cannot be put back is what the loss took as well.
            let _ = match file {
                Some(file) => fs::write(path, contents.get(&file).unwrap_or(&self.synced[file])),
                None => fs::remove_file(path),
            };
        }
        gone.iter().for_each(|folder| {
            let _ = fs::remove_dir_all(folder);
        });
    }

    fn file_with(&mut self, synced: Vec<u8>) -> usize {
        self.synced.push(synced);
        self.synced.len() - 1
    }
}

fn is_in(path: &Path, folder: &Path) -> bool {
    let above = path.parent().unwrap_or(Path::new(""));
    let here = Path::new(".");
    above == folder || (above.as_os_str().is_empty() && folder == here)
}

//! The files of a checkout, read once, so that every rule is a function of them and can be tested on a few lines of text.

use crate::failure::Failure;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// All files that belong to a checkout, by their path from its root with `/` between folders.
#[derive(Default)]
pub(crate) struct Tree {
    texts: BTreeMap<String, String>,
    /// Files that are no UTF-8 text.
    binaries: BTreeSet<String>,
    folders: BTreeSet<String>,
}

impl Tree {
    /// Reads everything below `root` that `.gitignore` there does not leave out.
    pub(crate) fn read(root: &Path) -> Result<Self, Failure> {
        let ignored = Ignored::parse(&fs::read_to_string(root.join(".gitignore")).unwrap_or_default());
        let mut tree = Self::default();
        tree.read_folder(root, "", &ignored)?;
        Ok(tree)
    }

    fn read_folder(&mut self, root: &Path, folder: &str, ignored: &Ignored) -> Result<(), Failure> {
        let unreadable = |path: &str, error: &dyn std::fmt::Display| {
            Failure::failed(format!("cannot read {}: {error}", root.join(path).display()))
        };
        for entry in fs::read_dir(root.join(folder)).map_err(|error| unreadable(folder, &error))? {
            let entry = entry.map_err(|error| unreadable(folder, &error))?;
            let name = entry.file_name();
            let name = name.to_str().ok_or_else(|| unreadable(folder, &"a name in it is no UTF-8"))?;
            let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
            let kind = entry.file_type().map_err(|error| unreadable(&path, &error))?;
            if name == ".git" || kind.is_symlink() || ignored.leaves_out(&path, kind.is_dir()) {
                continue;
            }
            if kind.is_dir() {
                self.read_folder(root, &path, ignored)?;
            } else {
                self.add(&path, fs::read(entry.path()).map_err(|error| unreadable(&path, &error))?);
            }
        }
        Ok(())
    }

    fn add(&mut self, path: &str, content: Vec<u8>) {
        let mut above = path;
        while let Some((folder, _)) = above.rsplit_once('/') {
            self.folders.insert(folder.to_owned());
            above = folder;
        }
        match String::from_utf8(content) {
            Ok(text) => drop(self.texts.insert(path.to_owned(), text)),
            Err(_) => drop(self.binaries.insert(path.to_owned())),
        }
    }

    /// A tree of these files, for tests of rules.
    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let mut tree = Self::default();
        files.iter().for_each(|(path, text)| tree.add(path, text.as_bytes().to_vec()));
        tree
    }

    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.texts.get(path).map(String::as_str)
    }

    /// A text by its path, as `(path, content)` that live as long as the tree.
    pub(crate) fn file(&self, path: &str) -> Option<(&str, &str)> {
        self.texts.get_key_value(path).map(|(path, text)| (path.as_str(), text.as_str()))
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.texts.contains_key(path) || self.binaries.contains(path)
    }

    pub(crate) fn has_folder(&self, path: &str) -> bool {
        self.folders.contains(path)
    }

    /// Texts as `(path, content)`, by path.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Texts whose name ends so, as `(path, content)`, by path.
    pub(crate) fn texts_ending(&self, end: &'static str) -> impl Iterator<Item = (&str, &str)> {
        self.texts().filter(move |(path, _)| path.ends_with(end))
    }

    /// Paths of all files.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.texts.keys().chain(&self.binaries).map(String::as_str)
    }

    /// Paths of all folders.
    pub(crate) fn folders(&self) -> impl Iterator<Item = &str> {
        self.folders.iter().map(String::as_str)
    }
}

/// The lines of a `.gitignore` that this reads: `name/`, `name`, `*.end`, `/path`, and `!path/` for what stays after all.
/// Where git itself reads more into a line, a rule here sees a file too many, never one too few.
struct Ignored {
    out: Vec<String>,
    back: Vec<String>,
}

impl Ignored {
    fn parse(text: &str) -> Self {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let (back, out): (Vec<&str>, Vec<&str>) = lines.partition(|line| line.starts_with('!'));
        Self {
            out: out.into_iter().map(str::to_owned).collect(),
            back: back.into_iter().map(|line| line[1..].trim_matches('/').to_owned()).collect(),
        }
    }

    fn leaves_out(&self, path: &str, is_folder: bool) -> bool {
        let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
        let matches = |line: &String| {
            let (pattern, for_folders) = line.strip_suffix('/').map_or((line.as_str(), false), |line| (line, true));
            if for_folders && !is_folder {
                return false;
            }
            if let Some(end) = pattern.strip_prefix('*') {
                return name.ends_with(end);
            }
            if pattern.contains('/') { path == pattern.trim_start_matches('/') } else { name == pattern }
        };
        self.out.iter().any(matches) && !self.back.iter().any(|back| back == path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_ignores_is_left_out() {
        let ignored = Ignored::parse("target/\nruns/\n!a/runs/\n*.pyc\n/top\n");
        let cases = [
            ("target", true, true),
            ("a/b/target", true, true),
            ("target", false, false), // a file of that name
            ("runs", true, true),
            ("a/runs", true, false),
            ("b/x.pyc", false, true),
            ("top", false, true),
            ("a/top", false, false),
            ("a/b.rs", false, false),
        ];
        for (path, is_folder, expected) in cases {
            assert_eq!(ignored.leaves_out(path, is_folder), expected, "{path}");
        }
    }

    #[test]
    fn folders_follow_from_files() {
        let tree = Tree::of(&[("a/b/c.rs", "")]);
        assert_eq!(tree.folders().collect::<Vec<_>>(), ["a", "a/b"]);
        assert!(tree.has("a/b/c.rs") && !tree.has("a/b"));
    }
}

//! Files that a user asked for: checked before anything is computed, then written whole or not at all.
//!
//! A page without a name of its own is called after the command and what it is about, `race-cyclic-23.html`. Each such page ends
//! with a comment that says which request made it: the same request replaces its page, another one takes the next free name
//! (`race-cyclic-23-2.html`), and a file of somebody else is left alone.

use super::disk;
use super::file::{self, FileError, While as _};
use super::id::slug;
use std::fs;
use std::path::{Path, PathBuf};

/// Where one file will be written. Making it checks that this can be done.
#[derive(Clone, Debug)]
pub struct OutputFile {
    path: PathBuf,
    /// For a page under a default name: what stands before the number, and the comment that marks it.
    page: Option<DefaultPage>,
}

#[derive(Clone, Debug)]
struct DefaultPage {
    stem: PathBuf,
    marker: String,
}

/// Where several files will be written. Making it checks that this can be done; the folder is made when it is needed.
#[derive(Clone, Debug)]
pub struct OutputFolder {
    path: PathBuf,
}

/// Why a file or folder cannot be written where the user wants it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutputError {
    /// A folder instead of a file.
    #[error("cannot write {}: it is a folder; name a file in it", path.display())]
    IsFolder {
        /// As given.
        path: PathBuf,
    },
    /// The folder is missing.
    #[error("cannot write {}: there is no folder {}; make it first, or name another file", path.display(), folder.display())]
    NoFolder {
        /// As given.
        path: PathBuf,
        /// The one that is missing.
        folder: PathBuf,
    },
    /// A file stands where a folder is needed.
    #[error("cannot write {}: {} is a file, not a folder; name another place", path.display(), file.display())]
    BelowFile {
        /// As given.
        path: PathBuf,
        /// What is in the way.
        file: PathBuf,
    },
    /// The system does not let it.
    #[error("cannot write {}", path.display())]
    Refused {
        /// As given.
        path: PathBuf,
        /// Why.
        source: FileError,
    },
}

impl OutputError {
    /// Whether another word on the command line would have helped, rather than another state of the disk.
    pub fn is_usage(&self) -> bool {
        !matches!(self, Self::Refused { .. })
    }
}

impl OutputFile {
    /// The file that the user named, in a folder that has to be there.
    pub fn at(path: &Path) -> Result<Self, OutputError> {
        let file = Self { path: path.to_owned(), page: None };
        if path.is_dir() || path.file_name().is_none() {
            return Err(OutputError::IsFolder { path: file.path });
        }
        if is_written_through(path) {
            return Ok(file); // the terminal, a pipe, /dev/null
        }
        let folder = file::parent_of(path);
        if !folder.is_dir() {
            return Err(match first_existing(folder) {
                Some(found) if !found.is_dir() => OutputError::BelowFile { path: file.path, file: found.to_owned() },
                _ => OutputError::NoFolder { path: file.path, folder: folder.to_owned() },
            });
        }
        check_folder(folder, path)?;
        Ok(file)
    }

    /// A page in `folder` named after the command `verb` and what it is `about`, such as a task, a run or a table. `request` is
    /// everything that decides what is on the page.
    pub fn default_page(folder: &Path, verb: &str, about: &[&str], request: &str) -> Result<Self, OutputError> {
        let words: Vec<String> = std::iter::once(verb).chain(about.iter().copied()).map(slug).collect();
        let hash = blake3::hash(request.as_bytes()).to_hex();
        let marker = format!("<!-- dunwu {verb}, request {} -->", &hash[..16]);
        let stem = folder.join(words.join("-"));
        let mut page = Self::at(&numbered(&stem, 1))?;
        page.page = Some(DefaultPage { stem, marker });
        page.path = page.free_path();
        Ok(page)
    }

    /// Where it will be, as far as is known now.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes it, whole or not at all, and says where it is.
    pub fn write(self, bytes: &[u8]) -> Result<PathBuf, OutputError> {
        let path = self.free_path(); // another process may have taken the name meanwhile
        let marked = self.page.as_ref().map(|page| marked(bytes, &page.marker));
        let bytes = marked.as_deref().unwrap_or(bytes);
        let doing = "writing it";
        let written = if is_written_through(&path) {
            fs::write(&path, bytes).or_while(doing, &path)
        } else {
            file::replace(&path, bytes, doing)
        };
        match written {
            Ok(()) => Ok(path),
            Err(source) => Err(OutputError::Refused { path, source }),
        }
    }

    /// The name as given; of a page under a default name the first that is free or holds a page of the same request.
    fn free_path(&self) -> PathBuf {
        let Some(DefaultPage { stem, marker }) = &self.page else { return self.path.clone() };
        let names = (1..).map(|number| numbered(stem, number));
        let is_ours = |path: &PathBuf| fs::read(path).is_ok_and(|page| contains(&page, marker.as_bytes()));
        let mut free = names.filter(|path| !path.exists() && !path.is_symlink() || is_ours(path));
        free.next().expect("there are more numbers than files")
    }
}

impl OutputFolder {
    /// The folder that the user named, which is there or can be made.
    pub fn at(path: &Path) -> Result<Self, OutputError> {
        let found = first_existing(path).unwrap_or(Path::new("."));
        if !found.is_dir() {
            return Err(OutputError::BelowFile { path: path.to_owned(), file: found.to_owned() });
        }
        check_folder(found, path)?;
        Ok(Self { path: path.to_owned() })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes it, if it is missing.
    pub fn make(&self) -> Result<&Path, OutputError> {
        let made = disk::make_folder(&self.path).or_while("making the folder", &self.path);
        made.map_err(|source| OutputError::Refused { path: self.path.clone(), source })?;
        Ok(&self.path)
    }

    /// Writes a file in it, whole or not at all, and says where it is.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, OutputError> {
        let path = self.make()?.join(name);
        match file::replace(&path, bytes, "writing it") {
            Ok(()) => Ok(path),
            Err(source) => Err(OutputError::Refused { path, source }),
        }
    }
}

fn check_folder(folder: &Path, wanted: &Path) -> Result<(), OutputError> {
    file::try_folder(folder, "trying whether a file can be made there")
        .map_err(|source| OutputError::Refused { path: wanted.to_owned(), source })
}

/// The path itself or the nearest folder above it that there is; `None` below the working directory.
fn first_existing(path: &Path) -> Option<&Path> {
    path.ancestors().find(|path| !path.as_os_str().is_empty() && path.exists())
}

/// Whether what is there is no file that could be replaced: renaming something over `/dev/null` would take it away from everybody.
fn is_written_through(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|kind| !kind.is_file() && !kind.is_dir())
}

/// `STEM.html`, then `STEM-2.html` and so on.
fn numbered(stem: &Path, number: u32) -> PathBuf {
    let mut name = stem.as_os_str().to_owned();
    name.push(if number == 1 { ".html".to_owned() } else { format!("-{number}.html") });
    name.into()
}

/// The page with its mark before its end.
fn marked(page: &[u8], marker: &str) -> Vec<u8> {
    const END: &[u8] = b"</html>";
    let at = page.windows(END.len()).rposition(|window| window == END).unwrap_or(page.len());
    [&page[..at], marker.as_bytes(), b"\n", &page[at..]].concat()
}

fn contains(page: &[u8], marker: &[u8]) -> bool {
    page.windows(marker.len()).any(|window| window == marker)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_cannot_be_written_is_refused_before_anything_is_and_says_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "mine").unwrap();
        for (path, wanted) in [
            (dir.path().to_owned(), "it is a folder; name a file in it"),
            (dir.path().join("missing/page.html"), "make it first"),
            (file.join("page.html"), "is a file, not a folder"),
            (file.join("deeper/page.html"), "is a file, not a folder"),
        ] {
            let error = OutputFile::at(&path).unwrap_err();
            assert!(error.is_usage(), "{error}");
            let said = error.to_string();
            assert!(said.starts_with(&format!("cannot write {}: ", path.display())) && said.contains(wanted), "{said}");
        }
        for path in [file.clone(), file.join("deeper")] {
            assert!(OutputFolder::at(&path).unwrap_err().to_string().contains("is a file, not a folder"));
        }
        assert_eq!(names(dir.path()), ["file"], "looking leaves nothing");
        assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    }

    /// `/proc` takes no files from anyone, root included.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_folder_that_takes_no_files_is_refused_with_the_systems_reason() {
        let error = OutputFile::at(Path::new("/proc/page.html")).unwrap_err();
        assert!(matches!(&error, OutputError::Refused { .. }) && !error.is_usage(), "{error:?}");
        assert!(error.to_string().starts_with("cannot write /proc/page.html"), "{error}");
        assert!(OutputFolder::at(Path::new("/proc/figures")).is_err());
    }

    #[test]
    fn a_folder_is_made_when_it_is_written_to_and_not_before() {
        let dir = tempfile::tempdir().unwrap();
        let folder = OutputFolder::at(&dir.path().join("a/b")).unwrap();
        assert!(names(dir.path()).is_empty());
        folder.write("x.svg", b"<svg/>").unwrap();
        assert_eq!(names(folder.path()), ["x.svg"]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_disk_that_is_full_leaves_the_old_file_and_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("page.html");
        fs::write(&path, "old").unwrap();
        let output = OutputFile::at(&path).unwrap();
        // The temporary file that would be renamed into place is on a full device.
        std::os::unix::fs::symlink("/dev/full", file::temp_path(&path)).unwrap();
        let error = output.write(b"new").unwrap_err();
        assert!(matches!(&error, OutputError::Refused { source: FileError::DiskFull { .. }, .. }), "{error:?}");
        assert_eq!(
            (fs::read_to_string(&path).unwrap(), names(dir.path())),
            ("old".to_owned(), vec!["page.html".to_owned()])
        );
        OutputFile::at(&path).unwrap().write(b"new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    }

    #[cfg(unix)]
    #[test]
    fn links_modes_and_devices_stay_what_they_are() {
        use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _, symlink};
        let dir = tempfile::tempdir().unwrap();
        let (page, link) = (dir.path().join("page.html"), dir.path().join("link.html"));
        fs::write(&page, "old").unwrap();
        fs::set_permissions(&page, fs::Permissions::from_mode(0o640)).unwrap();
        symlink("page.html", &link).unwrap();
        OutputFile::at(&link).unwrap().write(b"new").unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read_to_string(&page).unwrap(), "new");
        assert_eq!(fs::metadata(&page).unwrap().permissions().mode() & 0o777, 0o640);
        let null = Path::new("/dev/null");
        OutputFile::at(null).unwrap().write(b"new").unwrap();
        assert!(fs::metadata(null).unwrap().file_type().is_char_device(), "nobody else loses it");
    }

    #[test]
    fn the_same_request_replaces_its_page_and_another_takes_the_next_name() {
        let dir = tempfile::tempdir().unwrap();
        let write = |request: &str, text: &str| {
            let page = OutputFile::default_page(dir.path(), "race", &["cyclic:23"], request).unwrap();
            let path = page.write(format!("<html>{text}</html>\n").as_bytes()).unwrap();
            path.file_name().unwrap().to_string_lossy().into_owned()
        };
        assert_eq!(write("race cyclic:23", "a"), "race-cyclic-23.html");
        assert_eq!(write("race cyclic:23 n=5", "b"), "race-cyclic-23-2.html");
        assert_eq!(write("race cyclic:23", "c"), "race-cyclic-23.html");
        assert_eq!(write("race cyclic:23 n=5", "d"), "race-cyclic-23-2.html");
        fs::write(dir.path().join("race-cyclic-23-3.html"), "somebody's own").unwrap();
        assert_eq!(write("race cyclic:23 n=6", "e"), "race-cyclic-23-4.html");
        let text = fs::read_to_string(dir.path().join("race-cyclic-23.html")).unwrap();
        assert!(text.starts_with("<html>c<!-- dunwu race, request ") && text.ends_with("</html>\n"), "{text}");
        assert_eq!(fs::read_to_string(dir.path().join("race-cyclic-23-3.html")).unwrap(), "somebody's own");
    }

    #[test]
    fn two_that_chose_one_name_at_once_do_not_write_over_each_other() {
        let dir = tempfile::tempdir().unwrap();
        let page = |request: &str| OutputFile::default_page(dir.path(), "law", &["few"], request).unwrap();
        let (a, b) = (page("a"), page("b"));
        assert_eq!(a.path(), b.path());
        assert_ne!(a.write(b"a").unwrap(), b.write(b"b").unwrap());
    }
}

//! A run in files: every figure as SVG, every table as Parquet or CSV.

use super::KeptRun;
use crate::draw;
use dunwu::answer::Answer;
use dunwu::run::open;
use dunwu::store::disk;
use dunwu::store::file::{FileError, replace};
use dunwu::store::{RunDir, Table, TableError};
use dunwu::tables;
use dunwu::verb::{VerbError, Watcher};

use std::path::{Path, PathBuf};

/// How tables are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableFormat {
    /// Parquet, Snappy-compressed.
    Parquet,
    /// Comma-separated values.
    Csv,
}

impl TableFormat {
    /// How names of such files end.
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Csv => "csv",
        }
    }

    /// Writes a table.
    pub(crate) fn write(self, table: &Table, path: &Path) -> Result<(), TableError> {
        match self {
            Self::Parquet => table.write_parquet(path),
            Self::Csv => table.write_csv(path),
        }
    }
}

/// Writes every figure and table of a run into the folder `output`, which is made if it is missing; gives the run's answer and the
/// paths of the files.
pub fn export(
    dir: &RunDir,
    output: &Path,
    format: TableFormat,
    watcher: &mut Watcher<'_>,
) -> Result<(Answer, Vec<PathBuf>), VerbError> {
    // A folder that cannot be made is known before anything is measured.
    disk::make_folder(output)
        .map_err(|source| FileError::new("making the folder of figures and tables", output, source))?;
    let opened = open(dir, watcher)?;
    let landscape = super::landscape::figures(dir, &opened, watcher)?;
    let answer = super::of_opened(&opened, &KeptRun::of(dir, true)?, Some(landscape));
    watcher.phase("writing figures and tables", None);
    let mut paths = Vec::new();
    for (name, svg) in draw::documents(&answer) {
        let path = output.join(format!("{name}.svg"));
        replace(&path, svg.as_bytes(), "writing a figure")?;
        paths.push(path);
    }
    for (name, table) in tables::tables(&opened) {
        let path = output.join(name).with_extension(format.extension());
        format.write(&table, &path)?;
        paths.push(path);
    }
    Ok((answer, paths))
}

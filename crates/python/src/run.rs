//! A run directory, opened for looking at numbers.

use crate::array::arrays;
use crate::table::Table;
use dunwu::run::open;
use dunwu::store::{Record, RunDir, SnapshotEntry, StoreError};
use dunwu::tables::tables;
use dunwu::verb::{VerbError, Watcher};
use dunwu_foreign::recorded::is_foreign;
use dunwu_foreign::run::ForeignRecord;
use pyo3::exceptions::{PyFileNotFoundError, PyKeyError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::ffi::OsString;
use std::fmt::Display;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

/// A recorded run: its directory, spec, tables and weights.
#[pyclass(frozen, subclass, module = "dunwu", skip_from_py_object)]
pub(crate) struct RecordedRun {
    dir: RunDir,
}

fn failed(error: &dyn Display) -> PyErr {
    PyRuntimeError::new_err(error.to_string())
}

impl RecordedRun {
    fn snapshots(&self) -> PyResult<Vec<SnapshotEntry>> {
        if self.is_foreign()? {
            return Ok(ForeignRecord::read(&self.dir).map_err(|error| failed(&error))?.snapshots);
        }
        Ok(Record::read(&self.dir).map_err(|error| failed(&error))?.snapshots)
    }
}

#[pymethods]
#[expect(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]
impl RecordedRun {
    /// The run that `name` means: a directory, its name among those in the folder `runs`, or the first digits of its id.
    ///
    /// Raises `FileNotFoundError` where there is none, and `ValueError` where it may be several.
    #[new]
    #[pyo3(signature = (name, runs = PathBuf::from("runs")))]
    fn new(name: &str, runs: PathBuf) -> PyResult<Self> {
        let dir = RunDir::resolve(&runs, name).map_err(|error| match error {
            StoreError::NoSuchRun { .. } | StoreError::NoRecord { .. } => {
                PyFileNotFoundError::new_err(error.to_string())
            }
            error => PyValueError::new_err(error.to_string()),
        })?;
        Ok(Self { dir })
    }

    /// Its directory.
    #[getter]
    fn path(&self) -> PathBuf {
        self.dir.path().to_owned()
    }

    /// The first digits of its id.
    #[getter]
    fn id(&self) -> String {
        self.dir.short_id()
    }

    /// Its spec as TOML, which `dunwu.run` takes.
    #[getter]
    fn spec(&self) -> PyResult<String> {
        self.dir.spec_toml().map_err(|error| failed(&error))
    }

    /// Whether another program made it.
    #[getter]
    fn is_foreign(&self) -> PyResult<bool> {
        is_foreign(&self.dir).map_err(|error| failed(&error))
    }

    /// Steps at which its weights were kept.
    #[getter]
    fn steps(&self) -> PyResult<Vec<u64>> {
        Ok(self.snapshots()?.iter().map(|snapshot| snapshot.step).collect())
    }

    /// Its tables by name: scalars, measures, units, and what else is defined for it.
    fn tables<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let found = py.detach(|| {
            if is_foreign(&self.dir)? {
                return Ok(dunwu_foreign::run::tables(&ForeignRecord::read(&self.dir)?)?);
            }
            let stop = AtomicBool::new(false);
            Ok(tables(&open(&self.dir, &mut Watcher::new(&mut |_| (), &stop))?))
        });
        let by_name = PyDict::new(py);
        for (name, table) in found.map_err(|error: VerbError| PyRuntimeError::new_err(error.sentence()))? {
            by_name.set_item(name, Py::new(py, Table::new(table)?)?)?;
        }
        Ok(by_name)
    }

    /// The arrays of a snapshot by name, as its safetensors file has them; `step` is one of `steps`, the last one where none is given.
    #[pyo3(signature = (step = None))]
    fn arrays<'py>(&self, py: Python<'py>, step: Option<u64>) -> PyResult<Bound<'py, PyDict>> {
        let snapshots = self.snapshots()?;
        let wanted = step.or_else(|| snapshots.last().map(|last| last.step));
        let Some(entry) = snapshots.iter().find(|snapshot| Some(snapshot.step) == wanted) else {
            return Err(match step {
                None => PyKeyError::new_err("this run kept no weights; set record.snapshots"),
                Some(step) => {
                    let steps =
                        snapshots.iter().map(|snapshot| snapshot.step.to_string()).collect::<Vec<_>>().join(", ");
                    PyKeyError::new_err(format!("no weights were kept at step {step}; there are {steps}"))
                }
            });
        };
        // Read once through the reader that checks its hash.
        if self.is_foreign()? {
            let record = ForeignRecord::read(&self.dir).map_err(|error| failed(&error))?;
            record.load_snapshot(entry.step).map_err(|error| failed(&error))?;
        } else {
            let record = Record::read(&self.dir).map_err(|error| failed(&error))?;
            record.load_snapshot(entry.step).map_err(|error| failed(&error))?;
        }
        arrays(py, std::fs::read(self.dir.path().join(&entry.file))?)
    }

    fn __fspath__(&self) -> OsString {
        self.dir.path().as_os_str().to_owned()
    }

    fn __repr__(&self) -> String {
        format!("<RecordedRun {}>", self.dir.dir_name())
    }
}

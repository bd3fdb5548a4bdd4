//! A run of somebody else's, recorded.

use dunwu_foreign::run::{ForeignEnd, ForeignError, ForeignWriter, Known};
use pyo3::exceptions::{PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;

/// The one writer of a run directory that a training loop of somebody else's records.
///
/// Steps of a series ascend: a step that was recorded already, or lies before one, is refused with `ValueError`, and nothing of that call is
/// recorded. A disk that refuses is an `OSError`. What a call has recorded survives the end of the process.
#[pyclass(frozen, module = "dunwu", skip_from_py_object)]
pub(crate) struct ForeignRun {
    /// None once it has ended.
    writer: Mutex<Option<ForeignWriter>>,
    id: String,
    path: PathBuf,
}

fn error(error: ForeignError) -> PyErr {
    match error {
        ForeignError::Store(error) => PyOSError::new_err(error.to_string()),
        error => PyValueError::new_err(error.to_string()),
    }
}

impl ForeignRun {
    fn new_of(writer: ForeignWriter) -> Self {
        let (id, path) = (writer.id().to_string(), writer.path().to_owned());
        Self { writer: Mutex::new(Some(writer)), id, path }
    }

    fn write<T>(&self, write: impl FnOnce(&mut ForeignWriter) -> Result<T, ForeignError>) -> PyResult<T> {
        let mut writer = self
            .writer
            .lock()
            .map_err(|error| PyRuntimeError::new_err(format!("recording panicked before: {error}")))?;
        let writer = writer.as_mut().ok_or_else(|| PyValueError::new_err("the record has ended; begin another run"))?;
        write(writer).map_err(error)
    }
}

#[pymethods]
#[expect(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]
impl ForeignRun {
    /// Begins a run called `name` in the folder of runs; `known` is what is known of it before it trains.
    #[new]
    fn new(py: Python<'_>, folder: PathBuf, name: &str, known: BTreeMap<String, String>) -> PyResult<Self> {
        let known: Known = known.into_iter().collect();
        py.detach(|| ForeignWriter::create(&folder, name, &known)).map(Self::new_of).map_err(error)
    }

    /// Goes on with the run in a directory; with `step`, what was recorded at that step and later counts no more.
    #[staticmethod]
    #[pyo3(signature = (path, step = None))]
    fn open(py: Python<'_>, path: PathBuf, step: Option<u64>) -> PyResult<Self> {
        let dir = dunwu::store::RunDir::open(path).map_err(|error| PyValueError::new_err(error.to_string()))?;
        let writer = py.detach(|| match step {
            None => ForeignWriter::open(&dir),
            Some(step) => ForeignWriter::open_at(&dir, step),
        });
        writer.map(Self::new_of).map_err(error)
    }

    /// The run's id: the hash of what was recorded first.
    #[getter]
    fn id(&self) -> &str {
        &self.id
    }

    /// The run directory.
    #[getter]
    fn path(&self) -> String {
        self.path.to_string_lossy().into_owned()
    }

    /// Appends one row of numbers by name; NaN and infinities are recorded as such.
    fn scalars(&self, step: u64, values: &Bound<'_, PyDict>) -> PyResult<()> {
        // In the order in which they were given.
        let values: Vec<(String, f64)> =
            values.iter().map(|(name, value)| Ok((name.extract()?, value.extract()?))).collect::<PyResult<_>>()?;
        let values: Vec<(&str, f64)> = values.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        self.write(|writer| writer.scalars(step, &values))
    }

    /// Appends one number a unit: `values` are little-endian f32, in the order of the layer's units.
    fn units(&self, step: u64, layer: &str, series: &str, values: &[u8]) -> PyResult<()> {
        let (numbers, rest) = values.as_chunks::<4>();
        if !rest.is_empty() {
            let n = values.len();
            return Err(PyValueError::new_err(format!("{n} bytes are no array of f32; give four bytes a unit")));
        }
        let numbers: Vec<f32> = numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        self.write(|writer| writer.units(step, layer, series, &numbers))
    }

    /// Keeps the weights at a step: `arrays` is a whole safetensors file.
    fn snapshot(&self, step: u64, arrays: &[u8]) -> PyResult<()> {
        self.write(|writer| writer.snapshot_bytes(step, arrays))
    }

    /// Appends a sentence about a step.
    fn mark(&self, step: u64, text: &str) -> PyResult<()> {
        self.write(|writer| writer.mark(step, text))
    }

    /// Adds to what is known of the run.
    fn learn(&self, known: BTreeMap<String, String>) -> PyResult<()> {
        let known: Known = known.into_iter().collect();
        self.write(|writer| writer.learn(&known))
    }

    /// Goes back on purpose: what was recorded at `step` and later counts no more.
    fn rewind(&self, step: u64) -> PyResult<()> {
        self.write(|writer| writer.rewind(step))
    }

    /// Makes sure that a power loss takes nothing of what was recorded.
    fn sync(&self) -> PyResult<()> {
        self.write(ForeignWriter::sync)
    }

    /// Ends the record: "finished", "failed" or "stopped". Nothing can be recorded afterwards.
    fn finish(&self, how: &str) -> PyResult<()> {
        let end = ForeignEnd::ALL.into_iter().find(|end| end.name() == how);
        let end =
            end.ok_or_else(|| PyValueError::new_err(format!("{how:?}; a record ends finished, failed or stopped")))?;
        let mut writer = self
            .writer
            .lock()
            .map_err(|error| PyRuntimeError::new_err(format!("recording panicked before: {error}")))?;
        let writer = writer.take().ok_or_else(|| PyValueError::new_err("the record has ended already"))?;
        writer.finish(end).map(drop).map_err(error)
    }

    fn __repr__(&self) -> String {
        format!("<ForeignRun {}>", self.path.display())
    }
}

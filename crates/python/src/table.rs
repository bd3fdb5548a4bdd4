//! Tables over Arrow's C interface, which polars, pandas, DuckDB and pyarrow read without a copy.

use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, RecordBatchIterator, StringArray};
use arrow_schema::ffi::FFI_ArrowSchema;
use arrow_schema::{ArrowError, DataType, Field, Schema};
use dunwu::answer;
use dunwu::answer::TableCell;
use dunwu::store;
use dunwu::store::Column;
use pyo3::exceptions::{PyKeyError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use std::path::PathBuf;
use std::sync::Arc;

/// A table with named columns.
///
/// `polars.DataFrame(table)`, `pandas.DataFrame.from_arrow(table)`, `pyarrow.table(table)` and DuckDB's `FROM table` read it over Arrow's
/// `PyCapsule` interface, without a copy.
#[pyclass(frozen, module = "dunwu", skip_from_py_object)]
pub(crate) struct Table {
    batch: RecordBatch,
}

/// Reads a table: Parquet with flat columns, or CSV with a line of names above.
#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "what Python hands over is owned")]
pub(crate) fn read_table(py: Python<'_>, path: PathBuf) -> PyResult<Table> {
    let table = py.detach(|| store::read_table(&path)).map_err(|error| PyValueError::new_err(error.to_string()))?;
    Table::new(table)
}

impl Table {
    /// The table with its columns as Arrow arrays; numbers are moved, not copied.
    pub(crate) fn new(table: store::Table) -> PyResult<Self> {
        Self::of(table.columns.into_iter().map(|(name, column)| (name, array(column))).collect())
    }

    /// A table that an answer shows. Columns of one kind of cell keep their numbers (shares from 0 to 1); others are words, as shown.
    pub(crate) fn of_answer(table: &answer::Table) -> PyResult<Self> {
        let column = |i: usize| table.rows.iter().map(move |row| &row[i]).collect::<Vec<_>>();
        Self::of(table.columns.iter().enumerate().map(|(i, head)| (head.head.clone(), cells(&column(i)))).collect())
    }

    fn of(columns: Vec<(String, ArrayRef)>) -> PyResult<Self> {
        let fields: Vec<Field> =
            columns.iter().map(|(name, array)| Field::new(name, array.data_type().clone(), true)).collect();
        let arrays = columns.into_iter().map(|(_, array)| array).collect();
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays);
        Ok(Self { batch: batch.map_err(|error| PyValueError::new_err(error.to_string()))? })
    }
}

fn array(column: Column) -> ArrayRef {
    match column {
        Column::Bool(values) => Arc::new(BooleanArray::from(values)),
        Column::OptBool(values) => Arc::new(BooleanArray::from(values)),
        Column::Int64(values) => Arc::new(Int64Array::from(values)),
        Column::OptInt64(values) => Arc::new(Int64Array::from(values)),
        Column::Float64(values) => Arc::new(Float64Array::from(values)),
        Column::OptFloat64(values) => Arc::new(Float64Array::from(values)),
        Column::Utf8(values) => Arc::new(StringArray::from(values)),
        Column::OptUtf8(values) => Arc::new(StringArray::from(values)),
    }
}

fn cells(column: &[&TableCell]) -> ArrayRef {
    let is_missing = |cell: &&TableCell| matches!(cell, TableCell::Missing);
    let all = |is: fn(&TableCell) -> bool| column.iter().all(|cell| is_missing(cell) || is(cell));
    if all(|cell| matches!(cell, TableCell::Count(_))) {
        let count = |cell: &&TableCell| if let TableCell::Count(n) = cell { Some(*n as i64) } else { None };
        return Arc::new(column.iter().map(count).collect::<Int64Array>());
    }
    if all(|cell| matches!(cell, TableCell::Number(_) | TableCell::Count(_) | TableCell::Share(_))) {
        let number = |cell: &&TableCell| match cell {
            TableCell::Number(x) | TableCell::Share(x) => Some(*x),
            TableCell::Count(n) => Some(*n as f64),
            _ => None,
        };
        return Arc::new(column.iter().map(number).collect::<Float64Array>());
    }
    let words = |cell: &&TableCell| (!is_missing(cell)).then(|| cell.shown());
    Arc::new(column.iter().map(words).collect::<StringArray>())
}

#[pymethods]
impl Table {
    /// The names of its columns, from left to right.
    #[getter]
    fn columns(&self) -> Vec<String> {
        self.batch.schema_ref().fields().iter().map(|field| field.name().clone()).collect()
    }

    fn __len__(&self) -> usize {
        self.batch.num_rows()
    }

    /// The values of a column as a list, `None` where there is none.
    fn __getitem__<'py>(&self, py: Python<'py>, column: &str) -> PyResult<Bound<'py, PyAny>> {
        let Some(array) = self.batch.column_by_name(column) else {
            return Err(PyKeyError::new_err(format!("{column:?}; there are {}", self.columns().join(", "))));
        };
        let any = array.as_any();
        if let Some(array) = any.downcast_ref::<Int64Array>() {
            array.iter().collect::<Vec<_>>().into_pyobject(py)
        } else if let Some(array) = any.downcast_ref::<Float64Array>() {
            array.iter().collect::<Vec<_>>().into_pyobject(py)
        } else if let Some(array) = any.downcast_ref::<BooleanArray>() {
            array.iter().collect::<Vec<_>>().into_pyobject(py)
        } else {
            let array = any.downcast_ref::<StringArray>().expect("tables are made of these four types");
            array.iter().collect::<Vec<_>>().into_pyobject(py)
        }
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        let schema = FFI_ArrowSchema::try_from(self.batch.schema_ref().as_ref()).map_err(|error| arrow(&error))?;
        PyCapsule::new_with_value(py, schema, c"arrow_schema")
    }

    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        // A wish that the protocol lets a producer leave unmet.
        drop(requested_schema);
        let batches = RecordBatchIterator::new([Ok(self.batch.clone())], self.batch.schema());
        PyCapsule::new_with_value(py, FFI_ArrowArrayStream::new(Box::new(batches)), c"arrow_array_stream")
    }

    fn __repr__(&self) -> String {
        let kind = |field: &Arc<Field>| match field.data_type() {
            DataType::Int64 => "int",
            DataType::Float64 => "float",
            DataType::Boolean => "bool",
            _ => "text",
        };
        let columns = self.batch.schema_ref().fields();
        let columns: Vec<String> = columns.iter().map(|field| format!("{} {}", field.name(), kind(field))).collect();
        format!("<Table of {} rows: {}>", self.batch.num_rows(), columns.join(", "))
    }
}

fn arrow(error: &ArrowError) -> PyErr {
    PyValueError::new_err(error.to_string())
}

//! Arrays of a safetensors file that numpy looks at without a copy.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use safetensors::tensor::{Dtype, SafeTensors};
use std::sync::Arc;

/// An array that `numpy.asarray` looks at without a copy, and that cannot be written to.
#[pyclass(frozen, module = "dunwu", skip_from_py_object)]
pub(crate) struct Array {
    file: Arc<Vec<u8>>,
    /// Where the array's first byte stands in the file.
    offset: usize,
    shape: Vec<usize>,
    /// The type of its numbers as numpy spells it, such as `<f4`.
    kind: &'static str,
}

#[pymethods]
impl Array {
    /// Its extents, the last one contiguous.
    #[getter]
    fn shape<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.shape)
    }

    /// Numpy's array interface: it reads the memory of this object, which lives as long as the array made of it.
    #[getter]
    fn __array_interface__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let interface = PyDict::new(py);
        interface.set_item("version", 3)?;
        interface.set_item("typestr", self.kind)?;
        interface.set_item("shape", PyTuple::new(py, &self.shape)?)?;
        interface.set_item("data", (self.file[self.offset..].as_ptr() as usize, true))?;
        Ok(interface)
    }

    fn __repr__(&self) -> String {
        format!("<Array {:?} {}>", self.shape, self.kind)
    }
}

/// All arrays of a safetensors file by name, in the file's order.
pub(crate) fn arrays(py: Python<'_>, file: Vec<u8>) -> PyResult<Bound<'_, PyDict>> {
    let file = Arc::new(file);
    let invalid = |error: &dyn std::fmt::Display| PyValueError::new_err(format!("no safetensors file: {error}"));
    let tensors = SafeTensors::deserialize(&file).map_err(|error| invalid(&error))?;
    let arrays = PyDict::new(py);
    let mut names = tensors.names();
    names.sort_unstable();
    for name in names {
        let view = tensors.tensor(name).map_err(|error| invalid(&error))?;
        let kind = kind(view.dtype()).ok_or_else(|| {
            PyValueError::new_err(format!("{name} holds {:?}, which numpy has no type for", view.dtype()))
        })?;
        let offset = view.data().as_ptr() as usize - file.as_ptr() as usize;
        let array = Array { file: Arc::clone(&file), offset, shape: view.shape().to_vec(), kind };
        arrays.set_item(name, Py::new(py, array)?)?;
    }
    Ok(arrays)
}

fn kind(dtype: Dtype) -> Option<&'static str> {
    Some(match dtype {
        Dtype::F32 => "<f4",
        Dtype::F64 => "<f8",
        Dtype::F16 => "<f2",
        Dtype::I64 => "<i8",
        Dtype::I32 => "<i4",
        Dtype::I16 => "<i2",
        Dtype::I8 => "|i1",
        Dtype::U64 => "<u8",
        Dtype::U32 => "<u4",
        Dtype::U16 => "<u2",
        Dtype::U8 => "|u1",
        Dtype::BOOL => "|b1",
        _ => return None,
    })
}

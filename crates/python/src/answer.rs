//! What a verb returned, as Python sees it.

use crate::table::Table;
use dunwu::answer;
use dunwu_report::{draw, skin};
use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::path::PathBuf;
use std::sync::OnceLock;

/// What a verb found out: a headline, sentences, tables, figures, and the data that programs read.
///
/// In a notebook it shows itself. `print(answer)` is what the terminal would say.
#[pyclass(frozen, module = "dunwu", skip_from_py_object)]
pub(crate) struct Answer {
    /// None where the command only printed lines.
    found: Option<answer::Answer>,
    earlier: Vec<answer::Answer>,
    text: String,
    files: Vec<PathBuf>,
    code: u8,
    data: OnceLock<Py<PyAny>>,
}

/// A drawing of an answer.
#[pyclass(frozen, get_all, module = "dunwu", skip_from_py_object)]
pub(crate) struct Figure {
    /// Its name, fit for a file.
    name: String,
    /// The drawing, an SVG document.
    svg: String,
}

#[pymethods]
impl Figure {
    fn _repr_svg_(&self) -> &str {
        &self.svg
    }

    fn __repr__(&self) -> String {
        format!("<Figure {:?}, {} bytes of SVG>", self.name, self.svg.len())
    }
}

impl Answer {
    pub(crate) fn new(
        found: Option<answer::Answer>,
        earlier: Vec<answer::Answer>,
        text: String,
        files: Vec<PathBuf>,
        code: u8,
    ) -> Self {
        Self { found, earlier, text, files, code, data: OnceLock::new() }
    }

    fn of<T: Default>(&self, get: impl FnOnce(&answer::Answer) -> T) -> T {
        self.found.as_ref().map(get).unwrap_or_default()
    }
}

#[pymethods]
impl Answer {
    /// The verb that was asked, such as "run".
    #[getter]
    fn verb(&self) -> &str {
        self.found.as_ref().map_or("", |answer| answer.verb)
    }

    /// What it is about, in a few words.
    #[getter]
    fn title(&self) -> String {
        self.of(|answer| answer.title.clone())
    }

    /// What was asked for, in half a line.
    #[getter]
    fn setup(&self) -> String {
        self.of(|answer| answer.setup.clone())
    }

    /// What came out, in one sentence.
    #[getter]
    fn headline(&self) -> String {
        self.of(|answer| answer.headline.clone())
    }

    /// What else came out, one claim a sentence.
    #[getter]
    fn sentences(&self) -> Vec<String> {
        self.of(|answer| answer.sentences.clone())
    }

    /// The object that `--json` prints: headline, story and the verb's own keys, which `dunwu schema VERB` describes.
    #[getter]
    fn data<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        if let Some(data) = self.data.get() {
            return Ok(data.bind(py).clone());
        }
        let data = match &self.found {
            Some(answer) => py.import("json")?.call_method1("loads", (skin::json(answer).to_string(),))?,
            None => PyDict::new(py).into_any(),
        };
        Ok(self.data.get_or_init(|| data.unbind()).bind(py).clone())
    }

    /// The tables that it shows, by name.
    #[getter]
    fn tables<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let tables = PyDict::new(py);
        for table in self.found.iter().flat_map(answer::Answer::tables) {
            tables.set_item(&table.name, Py::new(py, Table::of_answer(table)?)?)?;
        }
        Ok(tables)
    }

    /// The drawings, by name.
    #[getter]
    fn figures<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let figures = PyDict::new(py);
        for (name, svg) in self.of(draw::documents) {
            figures.set_item(name.clone(), Py::new(py, Figure { name, svg })?)?;
        }
        Ok(figures)
    }

    /// Files that the verb wrote because it was asked to.
    #[getter]
    fn files(&self) -> Vec<PathBuf> {
        self.files.clone()
    }

    /// Lines that are no answer, such as the text of a spec.
    #[getter]
    fn text(&self) -> &str {
        self.text.trim_end()
    }

    /// The exit code that the command line has for it: 0 done, 3 judged bad, 4 cannot tell.
    #[getter]
    fn exit_code(&self) -> u8 {
        self.code
    }

    /// Answers that came before this one: that about the run, where it was made and diagnosed.
    #[getter]
    fn earlier(&self) -> Vec<Answer> {
        let of = |answer: &answer::Answer| Self::new(Some(answer.clone()), Vec::new(), String::new(), Vec::new(), 0);
        self.earlier.iter().map(of).collect()
    }

    /// The whole page, one HTML file that opens anywhere.
    fn page(&self) -> String {
        self.of(skin::page)
    }

    fn __getitem__<'py>(&self, py: Python<'py>, key: &str) -> PyResult<Bound<'py, PyAny>> {
        let data = self.data(py)?;
        data.get_item(key).map_err(|_missing| {
            let keys = self.of(|answer| answer.data.keys().cloned().collect::<Vec<_>>().join(", "));
            PyKeyError::new_err(format!("{key:?}; the data of this answer has {keys}"))
        })
    }

    fn _repr_html_(&self) -> Option<String> {
        self.found.as_ref().map(skin::notebook)
    }

    fn __str__(&self) -> String {
        self.found.as_ref().map_or_else(|| self.text().to_owned(), skin::terminal)
    }

    fn __repr__(&self) -> String {
        format!("<Answer {}: {}>", self.verb(), self.of(|answer| answer.headline.clone()))
    }

    fn __fspath__(&self) -> PyResult<String> {
        let run = self.found.as_ref().and_then(|answer| answer.data.get("run")?.as_str().map(str::to_owned));
        run.ok_or_else(|| PyKeyError::new_err("this answer is not about one run, so it has no directory"))
    }
}

//! The Python package's native half: requests in, answers out. Nothing is computed here.
//!
//! | Python | Here |
//! |---|---|
//! | every verb, as `ask(words)` | `ask.rs`: the command of the same name in this process, on a thread of its own, without the GIL |
//! | `Answer` | `answer.rs`: what a verb returned, with its tables, figures and page |
//! | `Table` | `table.rs`: columns over Arrow's C interface |
//! | `RecordedRun` | `run.rs`: a run directory, its tables and weights |
//! | `ForeignRun` | `foreign.rs`: the record of a training loop of somebody else's |
//! | `Array` | `array.rs`: numbers that numpy looks at without a copy |

mod answer;
mod array;
mod ask;
mod commands;
mod foreign;
mod run;
mod table;

use pyo3::prelude::*;

/// Requests in, answers out: what the package `dunwu` is built on.
#[pymodule(gil_used = false)]
mod _native {
    #[pymodule_export]
    use super::answer::{Answer, Figure};
    #[pymodule_export]
    use super::array::Array;
    #[pymodule_export]
    use super::ask::{ask, main};
    #[pymodule_export]
    use super::commands::commands;
    #[pymodule_export]
    use super::foreign::ForeignRun;
    #[pymodule_export]
    use super::run::RecordedRun;
    #[pymodule_export]
    use super::table::{Table, read_table};

    #[pymodule_init]
    fn init(module: &super::Bound<'_, super::PyModule>) -> super::PyResult<()> {
        use super::PyModuleMethods as _;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}

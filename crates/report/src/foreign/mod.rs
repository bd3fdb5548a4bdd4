//! Runs that other programs made: `show`, `report`, `export`, `compare` and `import` of them.
//!
//! ```text
//! ForeignRecord ─▶ curves by what they are, layers over time, units over time, spectra ─▶ Answer
//! ```
//!
//! Nothing here knows a task or a split: what needs them is said to be not defined.

mod answer;
mod compare;
mod curves;
mod data;
mod export;
mod import;
mod layers;
mod maps;
mod side;
mod spectra;
#[cfg(test)]
mod tests;
mod thinned;

pub use answer::{report, show};
pub use compare::{CompareForeignData, SharedSeries, compare};
pub use data::{ForeignData, ForeignSeriesData, LayerData, MarkData};
pub use export::{ExportData, export, export_event_file, export_json_lines};
pub use import::{ImportSeriesData, ImportedData, import};

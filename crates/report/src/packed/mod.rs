//! A run as one block of bytes: all its tables as columns of numbers, and what is said of it as JSON in front of them. The page reads it.
//!
//! ```text
//! length of the header, u32 │ header, JSON, padded with spaces to 8 bytes │ columns, each from a multiple of 8 bytes on
//! ```
//!
//! Every number is little-endian. The tables are those of [`dunwu::tables`], which `dunwu export` writes, so that nothing here is computed;
//! what the page lays out by the hundred thousand (units over snapshots) is rounded to f32, all else stays f64.

mod columns;
mod header;
mod pack;

pub use header::{
    Header, InterventionMark, PackedColumn, PackedIrrep, PackedMeasure, PackedScalar, PackedSetting, PackedTable,
};
pub use pack::{PackedRequest, of_foreign, of_own};

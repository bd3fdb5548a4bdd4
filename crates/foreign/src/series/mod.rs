//! Recorded series from elsewhere: losses and metrics by step, as other programs write them.
//!
//! CSV and Parquet with a column of steps, JSON lines with a key of steps, event files of `TensorBoard`, offline files of Weights & Biases.
//! Nothing in a file is trusted.

pub(crate) mod checksum;
pub(crate) mod events;
mod json_lines;
mod order;
mod protobuf;
mod read;
mod role;
mod wandb;

pub use order::in_order;
pub use read::{FirstValue, RecordedLog, Series, SeriesError, read_log, read_series};
pub use role::{Role, role_and_folders, role_of};

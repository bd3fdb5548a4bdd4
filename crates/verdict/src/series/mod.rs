//! Recorded series from elsewhere: losses and metrics by step, as other programs write them.
//!
//! CSV and Parquet with a column of steps, JSON lines with a key of steps, event files of `TensorBoard`, offline files of Weights & Biases.
//! Nothing in a file is trusted.

mod checksum;
mod events;
mod json_lines;
mod protobuf;
mod read;
mod wandb;

pub use read::{Series, SeriesError, read_series};

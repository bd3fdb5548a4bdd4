//! Language models and model files for tests: a tiny model of random weights, and a writer of GGUF files.
//!
//! Nothing here is part of the product, and nothing here knows it: what a test reads back was written by other code than what
//! reads it. Numbers of formats, sizes of blocks and the layout of a file are stated a second time, from the GGUF specification.

mod format;
mod rewrite;
mod tiny;
mod write;

pub use format::Format;
pub use rewrite::{GgufFile, GgufTensor};
pub use tiny::{BEGIN, CHAT_TEMPLATE, END, Output, Tiny, TinyTensor};
pub use write::{GgufWriter, Metadata};

//! `chunked:SIZE`: the keys of the query's own chunk (chunked attention, as three of four layers of Llama 4 have it).
//!
//! Chunks begin at 0, SIZE, 2 SIZE, … of the sequence. A query sees its chunk up to itself, so that the first token of a chunk sees
//! itself alone: right after a border a model knows nothing of what came before, whatever its layers are. Like `window` it is laid here
//! over models that learned to attend to everything.

use super::Form;

/// How it is written, for example, and what it keeps.
pub(super) const FORM: Form =
    ("chunked:SIZE", "chunked:1024", "the keys of the query's own chunk; nothing crosses a border");

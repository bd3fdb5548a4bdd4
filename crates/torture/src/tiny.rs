//! The language model that rooms and readers work on: small, and it knows nothing.

use dunwu_attention_fixtures::{Format, Tiny};
use std::path::Path;

/// One block of two heads.
pub(crate) fn tiny() -> Tiny {
    Tiny { n_layers: 1, d_model: 32, n_heads: 2, n_key_heads: 1, d_mlp: 32, ..Tiny::default() }
}

/// Writes the model as `tiny.gguf`, with room for a conversation of 400 tokens, which `dunwu serve-model` refuses to exceed.
pub(crate) fn write_for_server(folder: &Path) -> Result<(), String> {
    let tiny = Tiny { trained_context: 400, ..tiny() };
    tiny.write_gguf(&folder.join("tiny.gguf"), Format::F32, 1).map_err(|error| error.to_string())
}

//! Which tensors a model of the Llama family has, under their GGUF names, and how large they are.

use super::error::Flaw;
use crate::model::Hyperparameters;

/// Rows and columns.
type Shape = (usize, usize);

/// Tensors of a layer, after `blk.N.`.
pub(super) fn of_layer(shape: &Hyperparameters) -> [(&'static str, Shape); 9] {
    let (d_model, d_mlp) = (shape.d_model, shape.d_mlp);
    let d_queries = shape.n_heads.saturating_mul(shape.d_head);
    let d_keys = shape.n_key_heads.saturating_mul(shape.d_head);
    [
        ("attn_norm.weight", (1, d_model)),
        ("attn_q.weight", (d_queries, d_model)),
        ("attn_k.weight", (d_keys, d_model)),
        ("attn_v.weight", (d_keys, d_model)),
        ("attn_output.weight", (d_model, d_queries)),
        ("ffn_norm.weight", (1, d_model)),
        ("ffn_gate.weight", (d_mlp, d_model)),
        ("ffn_up.weight", (d_mlp, d_model)),
        ("ffn_down.weight", (d_model, d_mlp)),
    ]
}

/// Tensors outside the layers: whether they must be there, and their shape.
pub(super) fn outside_layers(shape: &Hyperparameters) -> [(&'static str, bool, Shape); 4] {
    [
        ("token_embd.weight", true, (shape.n_vocab, shape.d_model)),
        ("output_norm.weight", true, (1, shape.d_model)),
        ("output.weight", false, (shape.n_vocab, shape.d_model)),
        ("rope_freqs.weight", false, (1, shape.rotary.d_rotated / 2)),
    ]
}

/// Holds the tensors that there are against the hyperparameters. Unknown ones are refused: a model that is computed without some
/// of its weights says something else than it should.
pub(super) fn check<'n>(
    shape: &Hyperparameters,
    names: impl Iterator<Item = &'n str>,
    find: impl Fn(&str) -> Option<Shape>,
) -> Result<(), Flaw> {
    let check_one = |name: &str, is_needed: bool, expected: Shape| match find(name) {
        None if is_needed => Err(Flaw::MissingTensor { name: name.to_owned() }),
        Some(found) if found != expected => Err(Flaw::Mismatch { name: name.to_owned(), found, expected }),
        _ => Ok(()),
    };
    let (of_layer, outside_layers) = (of_layer(shape), outside_layers(shape));
    for (name, is_needed, expected) in outside_layers {
        check_one(name, is_needed, expected)?;
    }
    for layer in 0..shape.n_layers {
        for (suffix, expected) in of_layer {
            check_one(&format!("blk.{layer}.{suffix}"), true, expected)?;
        }
    }
    for name in names {
        let is_of_layer = name.strip_prefix("blk.").and_then(|rest| rest.split_once('.')).is_some_and(|(n, suffix)| {
            n.parse().is_ok_and(|layer: usize| layer < shape.n_layers && layer.to_string() == n)
                && of_layer.iter().any(|&(known, _)| known == suffix)
        });
        if !is_of_layer && outside_layers.iter().all(|&(known, ..)| known != name) {
            return Err(Flaw::UnknownTensor { name: name.to_owned(), n_layers: shape.n_layers });
        }
    }
    Ok(())
}

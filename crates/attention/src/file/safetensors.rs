//! Safetensors files: a JSON header with where each tensor is, then the tensors. The names are made those of GGUF files.

use super::RawTensor;
use super::error::Flaw;
use super::format::Format;
use super::gguf::MOST_TENSORS;
use super::json::{self, Few};
use super::source::{Cursor, Source};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use std::fmt;
use std::path::Path;

/// A file whose header is sound.
#[derive(Debug)]
pub(super) struct Safetensors {
    source: Source,
    weights_offset: u64,
    /// By name.
    pub(super) tensors: Vec<TensorEntry>,
}

#[derive(Debug)]
pub(super) struct TensorEntry {
    /// As GGUF files have it; a name that has no such name is kept.
    pub(super) name: Box<str>,
    format: Format,
    pub(super) n_rows: usize,
    pub(super) n_columns: usize,
    offset: u64,
    n_bytes: u64,
}

/// A tensor as the header has it.
#[derive(Deserialize)]
struct Described {
    dtype: String,
    shape: Few<u64, 8>,
    data_offsets: (u64, u64),
}

/// Metadata may be long texts; no name is.
const MOST_TEXT_BYTES: usize = 1 << 15;
/// `"a":{"dtype":"F32","shape":[],"data_offsets":[0,0]},`
const LEAST_ENTRY_BYTES: u64 = 50;

impl Safetensors {
    pub(super) fn open(path: &Path) -> Result<Self, Flaw> {
        let source = Source::open(path)?;
        let mut cursor = Cursor::new(&source, 0);
        let header_bytes = cursor.u64()?;
        let offset = cursor.offset();
        if header_bytes > cursor.left() {
            return Err(Flaw::Truncated { needed: header_bytes, offset, len: source.len() });
        }
        let weights_offset = offset + header_bytes;
        let available = source.len() - weights_offset;
        let most = (header_bytes / LEAST_ENTRY_BYTES).min(MOST_TENSORS) as usize;
        let mut described = Vec::with_capacity(most);
        json::read(&mut cursor, header_bytes, MOST_TEXT_BYTES, Header { tensors: &mut described, most })?;
        check_places(&mut described, available)?;
        let mut tensors: Vec<TensorEntry> = Vec::with_capacity(described.len());
        for (name, described) in described {
            tensors.extend(entry(&name, &described)?);
        }
        tensors.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(Self { source, weights_offset, tensors })
    }

    pub(super) fn find(&self, name: &str) -> Option<&TensorEntry> {
        let place = self.tensors.binary_search_by(|tensor| (*tensor.name).cmp(name)).ok()?;
        Some(&self.tensors[place])
    }

    pub(super) fn read(&self, tensor: &TensorEntry) -> Result<RawTensor, Flaw> {
        let bytes = self.source.bytes(self.weights_offset + tensor.offset, tensor.n_bytes)?;
        Ok(RawTensor { format: tensor.format, n_rows: tensor.n_rows, n_columns: tensor.n_columns, bytes })
    }
}

/// The tensors lie one after the other and cover what comes after the header: so a header whose length is wrong is noticed, and
/// no two overlap.
fn check_places(described: &mut [(Box<str>, Described)], available: u64) -> Result<(), Flaw> {
    described.sort_unstable_by_key(|(_, described)| described.data_offsets);
    let mut end = 0;
    for (name, described) in &*described {
        let (offset, next) = described.data_offsets;
        let name = || name.to_string();
        if offset > next || next > available {
            return Err(Flaw::OutOfFile { name: name(), offset, n_bytes: next.saturating_sub(offset), available });
        }
        if offset != end {
            return Err(Flaw::NotAdjacent { name: name(), offset, end });
        }
        end = next;
    }
    if end == available { Ok(()) } else { Err(Flaw::Uncovered { end, available }) }
}

/// `None` for what is not a weight.
fn entry(name: &str, described: &Described) -> Result<Option<TensorEntry>, Flaw> {
    let Some(gguf_name) = gguf_name(name) else { return Ok(None) };
    let name = name.to_owned();
    let format = match &*described.dtype {
        "F32" => Format::F32,
        "F16" => Format::F16,
        "BF16" => Format::Bf16,
        other => return Err(Flaw::Format { name, format: other.to_owned() }),
    };
    let shape = &described.shape.0;
    let [n_rows, n_columns] = match shape[..] {
        [n_columns] => [1, n_columns],
        [n_rows, n_columns] => [n_rows, n_columns],
        _ => return Err(Flaw::Shape { name, shape: shape.clone() }),
    };
    let n_bytes = n_rows.checked_mul(n_columns).and_then(|n| n.checked_mul(format.block_bytes() as u64));
    let (start, end) = described.data_offsets;
    let (Ok(n_rows @ 1..), Ok(n_columns @ 1..), Some(expected)) =
        (usize::try_from(n_rows), usize::try_from(n_columns), n_bytes)
    else {
        return Err(Flaw::Shape { name, shape: shape.clone() });
    };
    let n_bytes = end - start;
    if n_bytes != expected {
        return Err(Flaw::Bytes { name, n_bytes, expected });
    }
    Ok(Some(TensorEntry { name: gguf_name, format, n_rows, n_columns, offset: start, n_bytes }))
}

/// The name that GGUF files have for a tensor of Hugging Face's; `None` for wavelengths, which old files have as tensors.
fn gguf_name(name: &str) -> Option<Box<str>> {
    let known = match name {
        "model.embed_tokens.weight" => "token_embd.weight",
        "model.norm.weight" => "output_norm.weight",
        "lm_head.weight" => "output.weight",
        _ if name.ends_with(".rotary_emb.inv_freq") => return None,
        _ => {
            let layer_and_part = name.strip_prefix("model.layers.").and_then(|rest| rest.split_once('.'));
            let of_layer = layer_and_part.and_then(|(layer, part)| {
                let (_, gguf) = PARTS.iter().find(|(hugging_face, _)| *hugging_face == part)?;
                Some(format!("blk.{layer}.{gguf}").into())
            });
            return Some(of_layer.unwrap_or_else(|| name.into()));
        }
    };
    Some(known.into())
}

const PARTS: [(&str, &str); 9] = [
    ("input_layernorm.weight", "attn_norm.weight"),
    ("self_attn.q_proj.weight", "attn_q.weight"),
    ("self_attn.k_proj.weight", "attn_k.weight"),
    ("self_attn.v_proj.weight", "attn_v.weight"),
    ("self_attn.o_proj.weight", "attn_output.weight"),
    ("post_attention_layernorm.weight", "ffn_norm.weight"),
    ("mlp.gate_proj.weight", "ffn_gate.weight"),
    ("mlp.up_proj.weight", "ffn_up.weight"),
    ("mlp.down_proj.weight", "ffn_down.weight"),
];

/// Reads the header's tensors into a list that has room for `most`.
struct Header<'t> {
    tensors: &'t mut Vec<(Box<str>, Described)>,
    most: usize,
}

impl<'de> DeserializeSeed<'de> for Header<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Header<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tensors by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            if name == "__metadata__" {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            if self.tensors.len() == self.most {
                return Err(A::Error::custom(format_args!("more than {MOST_TENSORS} tensors")));
            }
            self.tensors.push((name.into(), map.next_value()?));
        }
        Ok(())
    }
}

//! What the keys of a Llama model's GGUF file say: its hyperparameters and its tokenizer.

use super::error::Flaw;
use super::gguf::Gguf;
use super::shapes;
use crate::model::{Hyperparameters, Pairs, Rotary};
use crate::tokenizer::{Split, TokenKind, TokenizerParts};

pub(super) fn hyperparameters(gguf: &Gguf) -> Result<Hyperparameters, Flaw> {
    let architecture = gguf.text("general.architecture")?.ok_or_else(|| missing("general.architecture"))?;
    if architecture != "llama" {
        return Err(Flaw::Unsupported { what: "the architecture", found: architecture, supported: "\"llama\"" });
    }
    if let Some(n_experts @ 1..) = gguf.unsigned("llama.expert_count")? {
        let found = format!("a mixture of {n_experts} experts");
        return Err(Flaw::Unsupported { what: "the MLP", found, supported: "one gated MLP a layer" });
    }
    let d_model = size(gguf, "llama.embedding_length")?.ok_or_else(|| missing("llama.embedding_length"))?;
    let n_heads = size(gguf, "llama.attention.head_count")?.ok_or_else(|| missing("llama.attention.head_count"))?;
    let n_key_heads = size(gguf, "llama.attention.head_count_kv")?.unwrap_or(n_heads);
    if !n_heads.is_multiple_of(n_key_heads) {
        let expected = "a divisor of the number of query heads";
        return Err(wrong("llama.attention.head_count_kv", n_key_heads, expected));
    }
    let d_head = size(gguf, "llama.attention.key_length")?.unwrap_or(d_model / n_heads);
    if d_head == 0 || !d_head.is_multiple_of(2) {
        return Err(wrong("llama.attention.key_length", d_head, "an even number of at least 2"));
    }
    if let Some(d_value) = size(gguf, "llama.attention.value_length")?
        && d_value != d_head
    {
        return Err(wrong("llama.attention.value_length", d_value, "as long as a key"));
    }
    let epsilon = "llama.attention.layer_norm_rms_epsilon";
    let norm_epsilon = gguf.float(epsilon)?.ok_or_else(|| missing(epsilon))?;
    if !(norm_epsilon.is_finite() && norm_epsilon >= 0.0) {
        return Err(wrong(epsilon, norm_epsilon, "finite and not negative"));
    }
    let embedding =
        gguf.find("token_embd.weight").ok_or(Flaw::MissingTensor { name: "token_embd.weight".to_owned() })?;
    let shape = Hyperparameters {
        n_layers: size(gguf, "llama.block_count")?.ok_or_else(|| missing("llama.block_count"))?,
        d_model,
        n_heads,
        n_key_heads,
        d_head,
        d_mlp: size(gguf, "llama.feed_forward_length")?.ok_or_else(|| missing("llama.feed_forward_length"))?,
        n_vocab: embedding.n_rows,
        trained_context: size(gguf, "llama.context_length")?.ok_or_else(|| missing("llama.context_length"))?,
        norm_epsilon: norm_epsilon as f32,
        rotary: rotary(gguf, d_head)?,
    };
    let names = gguf.tensors().iter().map(|tensor| &*tensor.name);
    shapes::check(&shape, names, |name| gguf.find(name).map(|tensor| (tensor.n_rows, tensor.n_columns)))?;
    Ok(shape)
}

fn rotary(gguf: &Gguf, d_head: usize) -> Result<Rotary, Flaw> {
    let base = gguf.float("llama.rope.freq_base")?.unwrap_or(10_000.0);
    if !(base.is_finite() && base > 0.0) {
        return Err(wrong("llama.rope.freq_base", base, "finite and positive"));
    }
    let d_rotated = size(gguf, "llama.rope.dimension_count")?.unwrap_or(d_head);
    if d_rotated > d_head || !d_rotated.is_multiple_of(2) {
        return Err(wrong("llama.rope.dimension_count", d_rotated, "even and at most the width of a head"));
    }
    let mut factors = Vec::new();
    if let Some(tensor) = gguf.find("rope_freqs.weight") {
        if (tensor.n_rows, tensor.n_columns) != (1, d_rotated / 2) {
            let (name, found) = (tensor.name.to_string(), (tensor.n_rows, tensor.n_columns));
            return Err(Flaw::Mismatch { name, found, expected: (1, d_rotated / 2) });
        }
        let tensor = gguf.read(tensor)?;
        factors = vec![0.0; tensor.n_columns];
        tensor.format.decode(&tensor.bytes, &mut factors);
    }
    if let Some(factor) = linear_scaling(gguf)? {
        factors.resize(d_rotated / 2, 1.0);
        factors.iter_mut().for_each(|f| *f *= factor);
    }
    if let Some(&factor) = factors.iter().find(|factor| !(factor.is_finite() && **factor > 0.0)) {
        return Err(wrong("rope_freqs.weight", factor, "finite and positive"));
    }
    Ok(Rotary { base, d_rotated, pairs: Pairs::Interleaved, factors })
}

fn linear_scaling(gguf: &Gguf) -> Result<Option<f32>, Flaw> {
    let factor = match gguf.text("llama.rope.scaling.type")?.as_deref() {
        None => gguf.float("llama.rope.scale_linear")?,
        Some("none") => None,
        Some("linear") => {
            let key = "llama.rope.scaling.factor";
            Some(gguf.float(key)?.ok_or_else(|| missing(key))?)
        }
        Some(other) => {
            let supported = "none, linear, and the factors of Llama 3";
            return Err(Flaw::Unsupported { what: "the rotary scaling", found: other.to_owned(), supported });
        }
    };
    Ok(factor.map(|factor| factor as f32))
}

/// Tokens, merges and what surrounds them, as the file has them.
pub(super) fn tokenizer(gguf: &Gguf, n_vocab: usize) -> Result<TokenizerParts, Flaw> {
    let model = gguf.text("tokenizer.ggml.model")?.ok_or_else(|| missing("tokenizer.ggml.model"))?;
    if model != "gpt2" {
        let supported = "\"gpt2\", which is byte-level byte pair encoding";
        return Err(Flaw::Unsupported { what: "the tokenizer", found: model, supported });
    }
    let tokens = gguf.texts("tokenizer.ggml.tokens")?.ok_or_else(|| missing("tokenizer.ggml.tokens"))?;
    let n_tokens = tokens.len();
    if n_tokens != n_vocab {
        return Err(Flaw::Vocabulary { n_vocab, n_tokens });
    }
    let merges = gguf.texts("tokenizer.ggml.merges")?.ok_or_else(|| missing("tokenizer.ggml.merges"))?;
    let split = gguf.text("tokenizer.ggml.pre")?.unwrap_or_else(|| "default".to_owned());
    let begin = token(gguf, "tokenizer.ggml.bos_token_id", n_tokens)?;
    let add_begin = match gguf.bool("tokenizer.ggml.add_bos_token")? {
        Some(add_begin) => add_begin,
        // llama.cpp takes these names to mean it.
        None => matches!(&*split, "llama3" | "llama-v3" | "llama-bpe"),
    };
    let mut ends = Vec::new();
    for key in ["tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"] {
        ends.extend(token(gguf, key, n_tokens)?.filter(|end| !ends.contains(end)));
    }
    Ok(TokenizerParts {
        tokens,
        kinds: kinds(gguf, n_tokens)?,
        merges,
        split: Split::Named(split),
        begin,
        add_begin: add_begin && begin.is_some(),
        ends,
    })
}

fn kinds(gguf: &Gguf, n_tokens: usize) -> Result<Vec<TokenKind>, Flaw> {
    let key = "tokenizer.ggml.token_type";
    let mut kinds = Vec::with_capacity(n_tokens);
    let n = gguf.each_integer(key, |number| {
        if kinds.len() == n_tokens {
            return Err(wrong(key, "longer", "as long as the list of tokens"));
        }
        kinds.push(match number {
            1 => TokenKind::Normal,
            2 => TokenKind::Unknown,
            3 => TokenKind::Control,
            4 => TokenKind::UserDefined,
            5 => TokenKind::Unused,
            6 => TokenKind::Byte,
            other => return Err(wrong(key, other, "1 to 6 for each token")),
        });
        Ok(())
    })?;
    if n.is_some() && kinds.len() < n_tokens {
        return Err(wrong(key, "shorter", "as long as the list of tokens"));
    }
    kinds.resize(n_tokens, TokenKind::Normal);
    Ok(kinds)
}

fn token(gguf: &Gguf, key: &str, n_tokens: usize) -> Result<Option<u32>, Flaw> {
    match gguf.unsigned(key)? {
        Some(token) if token >= n_tokens as u64 => Err(wrong(key, token, "one of the tokens")),
        token => Ok(token.map(|token| token as u32)),
    }
}

/// A size, at least 1, that fits into memory's addresses.
fn size(gguf: &Gguf, key: &str) -> Result<Option<usize>, Flaw> {
    match gguf.unsigned_of_all_layers(key)? {
        None => Ok(None),
        Some(size) => match usize::try_from(size) {
            Ok(size @ 1..) => Ok(Some(size)),
            _ => Err(wrong(key, size, "at least 1")),
        },
    }
}

fn missing(key: &str) -> Flaw {
    Flaw::MissingKey { key: key.to_owned() }
}

fn wrong(key: &str, found: impl ToString, expected: &'static str) -> Flaw {
    Flaw::Value { key: key.to_owned(), found: found.to_string(), expected }
}

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
        return Err(Flaw::value("llama.attention.head_count_kv", &n_key_heads, expected));
    }
    let d_head = size(gguf, "llama.attention.key_length")?.unwrap_or(d_model / n_heads);
    if d_head == 0 || !d_head.is_multiple_of(2) {
        return Err(Flaw::value("llama.attention.key_length", &d_head, "an even number of at least 2"));
    }
    if let Some(d_value) = size(gguf, "llama.attention.value_length")?
        && d_value != d_head
    {
        return Err(Flaw::value("llama.attention.value_length", &d_value, "as long as a key"));
    }
    let epsilon = "llama.attention.layer_norm_rms_epsilon";
    let norm_epsilon = gguf.float(epsilon)?.ok_or_else(|| missing(epsilon))?;
    if !(norm_epsilon.is_finite() && norm_epsilon >= 0.0) {
        return Err(Flaw::value(epsilon, &norm_epsilon, "finite and not negative"));
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
        return Err(Flaw::value("llama.rope.freq_base", &base, "finite and positive"));
    }
    let d_rotated = size(gguf, "llama.rope.dimension_count")?.unwrap_or(d_head);
    if d_rotated > d_head || !d_rotated.is_multiple_of(2) {
        return Err(Flaw::value("llama.rope.dimension_count", &d_rotated, "even and at most the width of a head"));
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
        return Err(Flaw::value("rope_freqs.weight", &factor, "finite and positive"));
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
    // What llama.cpp takes these names to mean.
    let is_llama3 = matches!(&*split, "llama3" | "llama-v3" | "llama-bpe");
    let add_begin = gguf.bool("tokenizer.ggml.add_bos_token")?.unwrap_or(is_llama3);
    let mut ends = Vec::new();
    for key in ["tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"] {
        ends.extend(token(gguf, key, n_tokens)?.filter(|end| !ends.contains(end)));
    }
    Ok(TokenizerParts {
        tokens,
        kinds: kinds(gguf, n_tokens)?,
        merges,
        ignore_merges: is_llama3 || split == "tekken",
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
            return Err(Flaw::value(key, &"longer", "as long as the list of tokens"));
        }
        kinds.push(match number {
            1 => TokenKind::Normal,
            2 => TokenKind::Unknown,
            3 => TokenKind::Control,
            4 => TokenKind::UserDefined,
            5 => TokenKind::Unused,
            6 => TokenKind::Byte,
            other => return Err(Flaw::value(key, &other, "1 to 6 for each token")),
        });
        Ok(())
    })?;
    if n.is_some() && kinds.len() < n_tokens {
        return Err(Flaw::value(key, &"shorter", "as long as the list of tokens"));
    }
    kinds.resize(n_tokens, TokenKind::Normal);
    Ok(kinds)
}

fn token(gguf: &Gguf, key: &str, n_tokens: usize) -> Result<Option<u32>, Flaw> {
    match gguf.unsigned(key)? {
        Some(token) if token >= n_tokens as u64 => Err(Flaw::value(key, &token, "one of the tokens")),
        token => Ok(token.map(|token| token as u32)),
    }
}

/// A size, at least 1, that fits into memory's addresses.
fn size(gguf: &Gguf, key: &str) -> Result<Option<usize>, Flaw> {
    match gguf.unsigned_of_all_layers(key)? {
        None => Ok(None),
        Some(size) => match usize::try_from(size) {
            Ok(size @ 1..) => Ok(Some(size)),
            _ => Err(Flaw::value(key, &size, "at least 1")),
        },
    }
}

fn missing(key: &str) -> Flaw {
    Flaw::MissingKey { key: key.to_owned() }
}

#[cfg(test)]
mod tests {
    use crate::file::ModelFile;
    use dunwu_attention_fixtures::{Format, GgufFile, Metadata, Tiny};
    use std::path::Path;

    /// A tiny file of which one key's name is another, with one more key and one more tensor.
    fn open_changed(
        rename: &str,
        key: &str,
        value: Metadata<'_>,
        tensor: Option<(&str, usize)>,
    ) -> Result<ModelFile, String> {
        let folder = tempfile::tempdir().unwrap();
        let [path, changed] = ["tiny.gguf", "changed.gguf"].map(|name| folder.path().join(name));
        Tiny::default().write_gguf(&path, Format::F32, 1).unwrap();
        rewrite(&path, &changed, rename, key, value, tensor);
        ModelFile::open(&changed).map_err(|error| error.to_string())
    }

    fn rewrite(
        path: &Path,
        changed: &Path,
        rename: &str,
        key: &str,
        value: Metadata<'_>,
        tensor: Option<(&str, usize)>,
    ) {
        let mut gguf = GgufFile::read(path).unwrap();
        if !rename.is_empty() {
            let place = gguf.metadata.windows(rename.len()).position(|window| window == rename.as_bytes()).unwrap();
            gguf.metadata[place] = b'X';
        }
        let mut writer = gguf.writer();
        writer.key(key, value);
        for tensor in &gguf.tensors {
            writer.tensor(&tensor.name, Format::F32, tensor.n_rows, tensor.n_columns);
        }
        if let Some((name, n_columns)) = tensor {
            writer.tensor(name, Format::F32, 1, n_columns);
        }
        let weights = |name: &str, format: Format| -> std::io::Result<Vec<u8>> {
            let added = || format.encode(&vec![2.0; tensor.unwrap().1]);
            Ok(gguf.bytes_of(name).map_or_else(added, <[u8]>::to_vec))
        };
        writer.write(changed, weights).unwrap();
    }

    #[test]
    fn what_a_file_has_that_is_not_supported_is_named() {
        for (key, value, message) in [
            (
                "general.architecture",
                Metadata::Text("qwen2"),
                "the architecture \"qwen2\" is not supported; supported: \"llama\"",
            ),
            ("llama.expert_count", Metadata::U32(8), "a mixture of 8 experts"),
            ("llama.attention.head_count_kv", Metadata::U32(3), "is 3, and must be a divisor"),
            ("llama.attention.head_count_kv", Metadata::I32s(&[2, 2, 1]), "the same number for each layer"),
            (
                "llama.attention.head_count",
                Metadata::U32(8),
                "\"blk.0.attn_q.weight\" has 64 rows of 64, and the hyper",
            ),
            ("llama.attention.value_length", Metadata::U32(8), "is 8, and must be as long as a key"),
            ("llama.block_count", Metadata::U32(0), "is 0, and must be at least 1"),
            ("llama.block_count", Metadata::U32(u32::MAX), "\"blk.3.attn_norm.weight\" is missing"),
            ("llama.block_count", Metadata::U32(2), "\"blk.2.attn_k.weight\" is not part"),
            ("llama.rope.scaling.type", Metadata::Text("yarn"), "the rotary scaling \"yarn\" is not supported"),
            ("llama.rope.dimension_count", Metadata::U32(18), "at most the width of a head"),
            ("llama.attention.layer_norm_rms_epsilon", Metadata::F32(f32::NAN), "is NaN, and must be finite"),
            ("tokenizer.ggml.model", Metadata::Text("llama"), "the tokenizer \"llama\" is not supported"),
            ("tokenizer.ggml.bos_token_id", Metadata::U32(9999), "is 9999, and must be one of the tokens"),
            ("tokenizer.ggml.tokens", Metadata::Texts(&[]), "the tokenizer 0 tokens"),
            ("tokenizer.ggml.token_type", Metadata::I32s(&[1]), "must be as long as the list of tokens"),
        ] {
            let is_new = matches!(key, "llama.expert_count" | "llama.rope.scaling.type");
            let error = open_changed(if is_new { "" } else { key }, key, value, None).unwrap_err();
            assert!(error.contains(message), "{key}: {error}");
        }
        let error = open_changed("", "llama.block_count", Metadata::U32(3), None).unwrap_err();
        assert!(error.contains("\"llama.block_count\" is there twice"), "{error}");
        let error = open_changed("", "a", Metadata::U32(3), Some(("blk.0.attn_q.bias", 64))).unwrap_err();
        assert!(error.contains("tensor \"blk.0.attn_q.bias\" is not part of a Llama model"), "{error}");
    }

    #[test]
    fn sizes_may_be_given_for_each_layer_and_rotary_factors_multiply() {
        let shape = |rename: &str, key: &str, value: Metadata<'_>, tensor| {
            open_changed(rename, key, value, tensor).unwrap().hyperparameters
        };
        let key = "llama.attention.head_count_kv";
        assert_eq!(shape(key, key, Metadata::I32s(&[2, 2, 2]), None).n_key_heads, 2);
        let key = "llama.rope.freq_base";
        assert_eq!(shape(key, "a", Metadata::U32(0), None).rotary.base, 10_000.0);
        let tensor = Some(("rope_freqs.weight", 8));
        assert_eq!(shape("", "a", Metadata::U32(0), tensor).rotary.factors, [2.0; 8]);
        assert_eq!(shape("", "llama.rope.scale_linear", Metadata::F32(3.0), tensor).rotary.factors, [6.0; 8]);
        assert_eq!(shape("", "llama.rope.scale_linear", Metadata::F32(3.0), None).rotary.factors, [3.0; 8]);
    }
}

//! What the names of other programs' arrays mean: PyTorch modules, `TransformerLens`' hooks, GPT-2 and Llama styles.
//!
//! ```text
//! blocks.0.attn.W_Q   layers.0.self_attn.q_proj.weight   ─▶   block 0, attention.query, weight
//! embed.W_E           model.tok_emb.weight               ─▶   embedding, weight
//! ```
//!
//! A name is read here and nothing else; whether the array's extents fit is asked in [`super::pairing`].

/// Whether an array multiplies or is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A matrix, a table, or the gain of a norm.
    Weight,
    /// What is added.
    Bias,
}

/// A name taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ArrayName {
    /// Of the module, in lower case: `layers`, `0`, `attn`, `w_q`. Wrappers in front are left out.
    pub(super) module: Vec<String>,
    /// What of the module it is.
    pub(super) kind: Kind,
    /// Whether it is called `….weight`, as the parameters of PyTorch's own modules are.
    pub(super) is_of_module: bool,
}

/// What wraps a model and says nothing of it.
const WRAPPERS: [&str; 7] = ["module", "_orig_mod", "model", "net", "network", "state_dict", "transformer"];
/// What lists of blocks are called.
const BLOCKS: [&str; 8] = ["blocks", "block", "layers", "layer", "h", "resblocks", "encoder_layers", "decoder_layers"];

const EMBEDDING: &[&str] = &[
    "embed",
    "embedding",
    "embeddings",
    "wte",
    "tok_embed",
    "tok_emb",
    "token_embed",
    "token_emb",
    "token_embedding",
    "token_embeddings",
    "tok_embeddings",
    "embed_tokens",
    "emb",
    "w_e",
    "tokens",
    "word_embeddings",
];
const POSITION: &[&str] = &[
    "pos_embed",
    "w_pos",
    "wpe",
    "pos",
    "position",
    "positions",
    "pos_emb",
    "pos_embedding",
    "position_embedding",
    "position_embeddings",
    "positional_embedding",
    "position_embed",
    "pos_encoding",
    "positional",
];
const TOP: &[&str] = &[
    "unembed",
    "unembedding",
    "w_u",
    "head",
    "lm_head",
    "out",
    "output",
    "fc_out",
    "classifier",
    "readout",
    "logits",
    "top",
    "final",
    "proj_out",
    "to_logits",
    "output_layer",
    "out_layer",
    "last",
    "decoder",
    "linear_out",
];
const LAST_NORM: &[&str] = &[
    "ln_f",
    "ln_final",
    "norm_f",
    "final_norm",
    "norm",
    "ln",
    "final_layernorm",
    "layer_norm",
    "layernorm",
    "ln_out",
    "norm_out",
];
/// Parts of a block by what they are called; `out`, `proj` and numbers depend on what they stand in.
const IN_BLOCK: &[(&str, &[&str])] = &[
    (
        "attention.query",
        &["w_q", "wq", "q", "query", "q_proj", "to_q", "q_lin", "q_linear", "queries", "query_proj", "w_query"],
    ),
    ("attention.key", &["w_k", "wk", "k", "key", "k_proj", "to_k", "k_lin", "k_linear", "keys", "key_proj", "w_key"]),
    (
        "attention.value",
        &["w_v", "wv", "v", "value", "v_proj", "to_v", "v_lin", "v_linear", "values", "value_proj", "w_value"],
    ),
    ("attention.output", &["w_o", "wo", "o", "o_proj", "out_proj", "to_out", "out_lin", "output_proj"]),
    ("attention.packed", &["qkv", "in_proj", "c_attn", "qkv_proj", "to_qkv", "w_qkv"]),
    (
        "mlp.in",
        &["w_in", "fc1", "linear1", "c_fc", "up_proj", "fc_in", "lin1", "up", "w1", "dense_in", "linear_in", "in"],
    ),
    ("mlp.out", &["w_out", "fc2", "linear2", "down_proj", "fc_out", "lin2", "down", "w2", "dense_out", "linear_out"]),
    (
        "norm1",
        &[
            "ln1",
            "ln_1",
            "norm1",
            "norm_1",
            "input_layernorm",
            "attn_norm",
            "norm_attn",
            "layernorm1",
            "attention_norm",
        ],
    ),
    (
        "norm2",
        &[
            "ln2",
            "ln_2",
            "norm2",
            "norm_2",
            "post_attention_layernorm",
            "mlp_norm",
            "ffn_norm",
            "norm_ff",
            "layernorm2",
        ],
    ),
    ("attention.query_norm", &["q_norm", "query_norm", "ln_q", "norm_q"]),
    ("attention.key_norm", &["k_norm", "key_norm", "ln_k", "norm_k"]),
];

impl ArrayName {
    /// Takes a name apart.
    pub(super) fn of(name: &str) -> Self {
        let lower = name.to_ascii_lowercase();
        let mut module: Vec<String> = lower.split('.').map(str::to_owned).collect();
        let last = module.pop().unwrap_or_default();
        let (kind, rest, is_of_module) = match last.as_str() {
            "weight" => (Kind::Weight, None, true),
            "bias" => (Kind::Bias, None, true),
            "w" | "gain" | "gamma" | "scale" if !module.is_empty() => (Kind::Weight, None, false),
            "b" | "beta" if !module.is_empty() => (Kind::Bias, None, false),
            parameter => match parameter.strip_suffix("_weight").or(parameter.strip_suffix("_bias")) {
                Some(stem) => {
                    let kind = if parameter.ends_with("_bias") { Kind::Bias } else { Kind::Weight };
                    (kind, Some(stem.to_owned()), true)
                }
                None => match parameter.strip_prefix("b_") {
                    Some(stem) => (Kind::Bias, Some(format!("w_{stem}")), false),
                    None => (Kind::Weight, Some(parameter.to_owned()), false),
                },
            },
        };
        module.extend(rest);
        while module.len() > 1 && WRAPPERS.contains(&module[0].as_str()) {
            module.remove(0);
        }
        Self { module, kind, is_of_module }
    }

    /// The block that it belongs to, and what it is called within; `None` where it names no block.
    pub(super) fn in_block(&self) -> Option<(usize, &[String])> {
        let place = |(i, word): (usize, &String)| {
            if let Ok(block) = word.parse() {
                let listed = i > 0 && BLOCKS.contains(&self.module[i - 1].as_str());
                return listed.then_some((block, i));
            }
            let digits = word.trim_start_matches(|c: char| !c.is_ascii_digit());
            let list = word[..word.len() - digits.len()].trim_end_matches('_');
            Some((digits.parse().ok().filter(|_| BLOCKS.contains(&list))?, i))
        };
        let (block, i) = self.module.iter().enumerate().find_map(place)?;
        let rest = &self.module[i + 1..];
        (!rest.is_empty()).then_some((block, rest))
    }

    /// Which array of a transformer of so many blocks it is called like; without an ending for `attention.packed`, which holds three.
    pub(super) fn of_transformer(&self, depth: usize) -> Option<String> {
        let (block, part) = match self.in_block() {
            Some((block, rest)) => (Some(block), part_of_block(rest)?),
            None => match self.outside_blocks() {
                Some(part) => (None, part),
                // One block need not be numbered.
                None if depth == 1 => (Some(0), part_of_block(&self.module)?),
                None => return None,
            },
        };
        let prefix = block.map_or(String::new(), |block| format!("block.{block}."));
        Some(format!("{prefix}{part}{}", self.ending(part)))
    }

    /// `embedding`, `position`, `top` or `norm`.
    pub(super) fn outside_blocks(&self) -> Option<&'static str> {
        let word = self.module.last()?.as_str();
        let is_inner = self.module[..self.module.len() - 1].iter().any(|word| is_attention(word) || is_mlp(word));
        let lists = [("embedding", EMBEDDING), ("position", POSITION), ("top", TOP), ("norm", LAST_NORM)];
        lists.into_iter().find(|(_, words)| !is_inner && words.contains(&word)).map(|(part, _)| part)
    }

    /// How our arrays of a part end.
    pub(super) fn ending(&self, part: &str) -> &'static str {
        let is_norm = part.rsplit('.').next().is_some_and(|word| word.contains("norm"));
        match self.kind {
            _ if part.ends_with("packed") => "",
            Kind::Weight if is_norm => ".gain",
            Kind::Weight => ".weight",
            Kind::Bias => ".bias",
        }
    }

    /// The module's name with its numbers taken out, and the numbers: modules of one family differ in these alone.
    pub(super) fn family(&self) -> (String, Vec<u64>) {
        let (mut text, mut numbers, mut digits) = (String::new(), Vec::new(), String::new());
        for c in self.module.join(".").chars().chain([' ']) {
            if c.is_ascii_digit() {
                digits.push(c);
                continue;
            }
            if !digits.is_empty() {
                numbers.push(digits.parse().unwrap_or(u64::MAX));
                text.push('#');
                digits.clear();
            }
            text.push(c);
        }
        (text, numbers)
    }
}

fn is_attention(word: &str) -> bool {
    word.contains("att")
}

fn is_mlp(word: &str) -> bool {
    word.contains("mlp") || word.starts_with("ff") || word.contains("feed")
}

/// What a module within a block is, from the words behind the block's number.
fn part_of_block(words: &[String]) -> Option<&'static str> {
    let (last, before) = words.split_last()?;
    let (attention, mlp) = (before.iter().any(|word| is_attention(word)), before.iter().any(|word| is_mlp(word)));
    let known = IN_BLOCK.iter().find(|(_, names)| names.contains(&last.as_str())).map(|&(part, _)| part);
    match last.as_str() {
        "out" | "output" | "proj" | "dense" | "c_proj" if attention => Some("attention.output"),
        "out" | "output" | "proj" | "dense" | "c_proj" | "fc" if mlp => Some("mlp.out"),
        "0" if mlp => Some("mlp.in"),
        number if mlp && number.parse::<u32>().is_ok() => Some("mlp.out"),
        _ => known,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_several_programs_are_one_transformer() {
        for (theirs, ours) in [
            ("embed.W_E", "embedding.weight"),
            ("model.tok_emb.weight", "embedding.weight"),
            ("transformer.wte.weight", "embedding.weight"),
            ("pos_embed.W_pos", "position.weight"),
            ("module.pos_embedding", "position.weight"),
            ("unembed.W_U", "top.weight"),
            ("unembed.b_U", "top.bias"),
            ("lm_head.weight", "top.weight"),
            ("ln_final.w", "norm.gain"),
            ("norm.bias", "norm.bias"),
            ("blocks.1.attn.W_Q", "block.1.attention.query.weight"),
            ("layers.1.self_attn.q_proj.weight", "block.1.attention.query.weight"),
            ("blocks.0.attn.W_O", "block.0.attention.output.weight"),
            ("blocks.0.attn.b_K", "block.0.attention.key.bias"),
            ("layers.0.self_attn.out_proj.weight", "block.0.attention.output.weight"),
            ("h.0.attn.c_proj.weight", "block.0.attention.output.weight"),
            ("h.0.mlp.c_proj.weight", "block.0.mlp.out.weight"),
            ("layers.0.self_attn.in_proj_weight", "block.0.attention.packed"),
            ("block0.mlp.0.weight", "block.0.mlp.in.weight"),
            ("blocks.0.mlp.2.bias", "block.0.mlp.out.bias"),
            ("blocks.0.mlp.W_in", "block.0.mlp.in.weight"),
            ("blocks.0.mlp.b_out", "block.0.mlp.out.bias"),
            ("layers.0.linear2.weight", "block.0.mlp.out.weight"),
            ("layers.0.norm1.weight", "block.0.norm1.gain"),
            ("blocks.0.ln2.b", "block.0.norm2.bias"),
            ("attn.W_V", "block.0.attention.value.weight"),
            ("fc1.weight", "block.0.mlp.in.weight"),
            ("self_attn.out.weight", "block.0.attention.output.weight"),
        ] {
            assert_eq!(ArrayName::of(theirs).of_transformer(1).as_deref(), Some(ours), "{theirs}");
        }
        for theirs in ["blocks.0.attn.mask", "blocks.0.something.weight", "luck", "0.weight"] {
            assert_eq!(ArrayName::of(theirs).of_transformer(2), None, "{theirs}");
        }
        assert_eq!(ArrayName::of("fc1.weight").of_transformer(2), None, "which of two blocks?");
    }

    #[test]
    fn modules_of_one_family_differ_in_numbers_alone() {
        let family = |name| ArrayName::of(name).family();
        assert_eq!(family("fc1.weight").0, family("fc12.bias").0);
        assert_eq!(family("layers.2.weight"), ("layers.# ".to_owned(), vec![2]));
        assert_eq!(family("2.weight").1, [2]);
        assert_ne!(family("hidden.weight").0, family("output.weight").0);
        assert!(ArrayName::of("net.0.weight").module == ["0"]);
    }
}

//! A tiny model for tests: random weights that know nothing, in the files of both makers, with a tokenizer of its own. Every part
//! can be tried on it in milliseconds and without a network; what it says is noise.

use crate::{Format, GgufWriter, Metadata};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// The shape of a tiny model. The same shape and seed are the same weights in both kinds of files.
#[derive(Clone, Debug, PartialEq)]
pub struct Tiny {
    /// Blocks of attention and MLP.
    pub n_layers: usize,
    /// Width of the residual stream.
    pub d_model: usize,
    /// Query heads.
    pub n_heads: usize,
    /// Key heads.
    pub n_key_heads: usize,
    /// Width of a head, even.
    pub d_head: usize,
    /// Width of the MLP.
    pub d_mlp: usize,
    /// Tokens that it says it was trained on.
    pub trained_context: usize,
    /// Base of the rotary wavelengths.
    pub rotary_base: f32,
    /// Whether the embedding is the output matrix too, as in small models.
    pub output: Output,
}

/// Which matrix gives the logits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// The embedding.
    Tied,
    /// One of its own.
    Own,
}

impl Default for Tiny {
    fn default() -> Self {
        Self {
            n_layers: 3,
            d_model: 64,
            n_heads: 4,
            n_key_heads: 2,
            d_head: 16,
            d_mlp: 96,
            trained_context: 64,
            rotary_base: 10_000.0,
            output: Output::Tied,
        }
    }
}

const NORM_EPSILON: f32 = 1e-5;

/// Tokens that are not text; the first three of the vocabulary, as `SmolLM2` has them.
const SPECIAL: [&str; 3] = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"];
/// The token that begins a text.
pub const BEGIN: u32 = 1;
/// The token that ends one.
pub const END: u32 = 2;

/// Merges in order of rank: some English, some spaces and lines, and the bytes of 你, of 好 and of most emoji.
const MERGES: &str = "Ġ t|Ġ a|h e|i n|r e|o n|Ġt he|e r|Ġ s|a t|Ġ o|n d|e n|Ġ w|Ġ b|o u|i s|Ġ c|in g|Ġa nd|o r|e s|Ġo f|\
    Ġt o|e d|l l|Ġ h|a n|Ġ Ġ|ĠĠ ĠĠ|Ċ Ċ|ä ½|ä½ ł|å ¥|å¥ ½|ð Ł|ðŁ ĺ";

/// How it wants conversations written, a Jinja template.
pub const CHAT_TEMPLATE: &str = "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + \
    '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

/// A tensor of a tiny model under its GGUF name, the rows of a head as Hugging Face has them: i and i + d/2 turn together.
#[derive(Clone, Debug, PartialEq)]
pub struct TinyTensor {
    /// Its name in GGUF files.
    pub name: String,
    /// Outputs; 1 of a vector.
    pub n_rows: usize,
    /// Inputs.
    pub n_columns: usize,
    /// `[n_rows][n_columns]`.
    pub values: Vec<f32>,
}

impl Tiny {
    /// Tokens of its vocabulary.
    pub fn n_vocab() -> usize {
        vocabulary().len()
    }

    /// Writes a GGUF file with the matrices in `format`; those whose rows are not whole blocks of it in `F32`, and vectors too.
    pub fn write_gguf(&self, path: &Path, format: Format, seed: u64) -> io::Result<()> {
        let mut writer = GgufWriter::default();
        self.put_keys(&mut writer);
        let mut tensors = BTreeMap::new();
        for tensor in self.tensors(seed) {
            let is_matrix = tensor.n_rows > 1 && tensor.n_columns.is_multiple_of(format.block_len());
            let format = if is_matrix { format } else { Format::F32 };
            writer.tensor(&tensor.name, format, tensor.n_rows, tensor.n_columns);
            tensors.insert(tensor.name.clone(), tensor);
        }
        writer.write(path, |name, format| {
            let tensor = &tensors[name];
            let turns = name.ends_with("attn_q.weight") || name.ends_with("attn_k.weight");
            Ok(if turns { format.encode(&self.interleaved(tensor)) } else { format.encode(&tensor.values) })
        })
    }

    /// Writes a folder with `config.json`, `model.safetensors`, `tokenizer.json` and what else Hugging Face's models have; the
    /// weights are `F32`.
    pub fn write_safetensors(&self, folder: &Path, seed: u64) -> io::Result<()> {
        std::fs::create_dir_all(folder)?;
        let tensors = self.tensors(seed);
        let bytes: Vec<Vec<u8>> = tensors.iter().map(|tensor| Format::F32.encode(&tensor.values)).collect();
        let views = tensors.iter().zip(&bytes).map(|(tensor, bytes)| {
            let shape = if tensor.n_rows == 1 { vec![tensor.n_columns] } else { vec![tensor.n_rows, tensor.n_columns] };
            let view = safetensors::tensor::TensorView::new(safetensors::Dtype::F32, shape, bytes);
            (hugging_face_name(&tensor.name), view.expect("the bytes are those of the shape"))
        });
        let metadata = [("format".to_owned(), "pt".to_owned())].into();
        safetensors::serialize_to_file(views, Some(metadata), &folder.join("model.safetensors"))
            .map_err(io::Error::other)?;
        let files = [
            ("config.json", self.config()),
            ("tokenizer.json", tokenizer()),
            ("tokenizer_config.json", json!({ "add_bos_token": false, "chat_template": CHAT_TEMPLATE })),
            ("generation_config.json", json!({ "bos_token_id": BEGIN, "eos_token_id": [END] })),
        ];
        files.iter().try_for_each(|(name, value)| std::fs::write(folder.join(name), format!("{value:#}\n")))
    }

    /// The keys that the file of `SmolLM2` has.
    fn put_keys(&self, writer: &mut GgufWriter) {
        let texts = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect::<Vec<_>>();
        let tokens = vocabulary();
        let kinds: Vec<i32> = (0..tokens.len()).map(|token| if token < SPECIAL.len() { 3 } else { 1 }).collect();
        let size = |size: usize| Metadata::U32(size as u32);
        for (key, value) in [
            ("general.architecture", Metadata::Text("llama")),
            ("general.name", Metadata::Text("tiny: random weights for tests")),
            ("llama.block_count", size(self.n_layers)),
            ("llama.context_length", size(self.trained_context)),
            ("llama.embedding_length", size(self.d_model)),
            ("llama.feed_forward_length", size(self.d_mlp)),
            ("llama.attention.head_count", size(self.n_heads)),
            ("llama.attention.head_count_kv", size(self.n_key_heads)),
            ("llama.attention.key_length", size(self.d_head)),
            ("llama.attention.value_length", size(self.d_head)),
            ("llama.rope.freq_base", Metadata::F32(self.rotary_base)),
            ("llama.attention.layer_norm_rms_epsilon", Metadata::F32(NORM_EPSILON)),
            ("llama.vocab_size", size(tokens.len())),
            ("llama.rope.dimension_count", size(self.d_head)),
            ("tokenizer.ggml.add_space_prefix", Metadata::Bool(false)),
            ("tokenizer.ggml.add_bos_token", Metadata::Bool(false)),
            ("tokenizer.ggml.model", Metadata::Text("gpt2")),
            ("tokenizer.ggml.pre", Metadata::Text("smollm")),
            ("tokenizer.ggml.tokens", Metadata::Texts(&tokens)),
            ("tokenizer.ggml.token_type", Metadata::I32s(&kinds)),
            ("tokenizer.ggml.merges", Metadata::Texts(&texts(MERGES.split('|').collect()))),
            ("tokenizer.ggml.bos_token_id", Metadata::U32(BEGIN)),
            ("tokenizer.ggml.eos_token_id", Metadata::U32(END)),
            ("tokenizer.ggml.unknown_token_id", Metadata::U32(0)),
            ("tokenizer.chat_template", Metadata::Text(CHAT_TEMPLATE)),
        ] {
            writer.key(key, value);
        }
    }

    fn config(&self) -> Value {
        json!({
            "architectures": ["LlamaForCausalLM"],
            "model_type": "llama",
            "num_hidden_layers": self.n_layers,
            "hidden_size": self.d_model,
            "num_attention_heads": self.n_heads,
            "num_key_value_heads": self.n_key_heads,
            "head_dim": self.d_head,
            "intermediate_size": self.d_mlp,
            "max_position_embeddings": self.trained_context,
            "rope_theta": self.rotary_base,
            "rms_norm_eps": NORM_EPSILON,
            "vocab_size": Self::n_vocab(),
            "tie_word_embeddings": self.output == Output::Tied,
            "attention_bias": false,
            "mlp_bias": false,
            "hidden_act": "silu",
            "bos_token_id": BEGIN,
            "eos_token_id": END,
            "torch_dtype": "float32",
        })
    }

    /// All weights. With inputs of mean square 1, values and MLP keep it so; queries and keys are larger, so that scores vary by
    /// about 2 nats and attention looks at some keys more than at others.
    pub fn tensors(&self, seed: u64) -> Vec<TinyTensor> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let d_queries = self.n_heads * self.d_head;
        let d_keys = self.n_key_heads * self.d_head;
        let mut tensors = Vec::new();
        let mut put = |name: String, n_rows: usize, n_columns: usize, gain: f32| {
            let values = if n_rows == 1 {
                (0..n_columns).map(|_| 1.0 + 0.2 * uniform(&mut random)).collect()
            } else {
                let deviation = gain / (n_columns as f32).sqrt();
                (0..n_rows * n_columns).map(|_| deviation * uniform(&mut random)).collect()
            };
            tensors.push(TinyTensor { name, n_rows, n_columns, values });
        };
        put("token_embd.weight".to_owned(), Self::n_vocab(), self.d_model, 3.0);
        for layer in 0..self.n_layers {
            for (name, n_rows, n_columns, gain) in [
                ("attn_norm", 1, self.d_model, 1.0),
                ("attn_q", d_queries, self.d_model, 1.5),
                ("attn_k", d_keys, self.d_model, 1.5),
                ("attn_v", d_keys, self.d_model, 1.0),
                ("attn_output", self.d_model, d_queries, 1.0),
                ("ffn_norm", 1, self.d_model, 1.0),
                ("ffn_gate", self.d_mlp, self.d_model, 1.0),
                ("ffn_up", self.d_mlp, self.d_model, 1.0),
                ("ffn_down", self.d_model, self.d_mlp, 1.5),
            ] {
                put(format!("blk.{layer}.{name}.weight"), n_rows, n_columns, gain);
            }
        }
        put("output_norm.weight".to_owned(), 1, self.d_model, 1.0);
        if self.output == Output::Own {
            put("output.weight".to_owned(), Self::n_vocab(), self.d_model, 2.0);
        }
        tensors
    }

    /// Rows i and i + d/2 of each head, which turn together, become rows 2i and 2i + 1.
    fn interleaved(&self, tensor: &TinyTensor) -> Vec<f32> {
        let row_of = |row: usize| {
            let (head, i) = (row / self.d_head, row % self.d_head);
            head * self.d_head + i / 2 + i % 2 * (self.d_head / 2)
        };
        let row = |row: usize| &tensor.values[row_of(row) * tensor.n_columns..][..tensor.n_columns];
        (0..tensor.n_rows).flat_map(row).copied().collect()
    }
}

/// A number of mean 0 and variance 1, uniform, the same on every machine.
fn uniform(random: &mut ChaCha8Rng) -> f32 {
    let unit = (random.next_u32() >> 8) as f32 / (1 << 24) as f32;
    (2.0 * unit - 1.0) * 3.0_f32.sqrt()
}

/// Special tokens, bytes in GPT-2's order, and what the merges make.
fn vocabulary() -> Vec<String> {
    let special = SPECIAL.iter().map(|&name| name.to_owned());
    let merged = MERGES.split('|').map(|merge| merge.replace(' ', ""));
    special.chain(byte_names().map(String::from)).chain(merged).collect()
}

/// GPT-2's printable names of the bytes, in its order: those that print by themselves, then the others from U+0100 on.
fn byte_names() -> impl Iterator<Item = char> {
    let prints = |byte: &u8| matches!(byte, b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF);
    let n_others = (0..=u8::MAX).filter(|byte| !prints(byte)).count() as u32;
    let others = (0..n_others).map(|n| char::from_u32(0x100 + n).expect("a letter of Latin Extended"));
    (0..=u8::MAX).filter(prints).map(char::from).chain(others)
}

/// As `SmolLM2`'s, in the format of the `tokenizers` crate.
fn tokenizer() -> Value {
    let added_token = |(id, content): (usize, &&str)| {
        json!({
            "id": id, "content": content, "special": true,
            "single_word": false, "lstrip": false, "rstrip": false, "normalized": false,
        })
    };
    let vocabulary: Map<String, Value> = vocabulary().into_iter().zip((0..).map(|id: u32| json!(id))).collect();
    json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": SPECIAL.iter().enumerate().map(added_token).collect::<Vec<_>>(),
        "normalizer": null,
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                { "type": "Digits", "individual_digits": true },
                { "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true },
            ],
        },
        "post_processor": null,
        "decoder": { "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true },
        "model": {
            "type": "BPE",
            "dropout": null,
            "unk_token": null,
            "continuing_subword_prefix": null,
            "end_of_word_suffix": null,
            "fuse_unk": false,
            "byte_fallback": false,
            "ignore_merges": false,
            "vocab": vocabulary,
            "merges": MERGES.split('|').collect::<Vec<_>>(),
        },
    })
}

/// The name of a tensor in Hugging Face's files.
fn hugging_face_name(name: &str) -> String {
    let Some((layer, part)) = name.strip_prefix("blk.").and_then(|rest| rest.split_once('.')) else {
        return match name {
            "token_embd.weight" => "model.embed_tokens.weight".to_owned(),
            "output_norm.weight" => "model.norm.weight".to_owned(),
            _ => "lm_head.weight".to_owned(),
        };
    };
    let part = match part {
        "attn_norm.weight" => "input_layernorm",
        "attn_q.weight" => "self_attn.q_proj",
        "attn_k.weight" => "self_attn.k_proj",
        "attn_v.weight" => "self_attn.v_proj",
        "attn_output.weight" => "self_attn.o_proj",
        "ffn_norm.weight" => "post_attention_layernorm",
        "ffn_gate.weight" => "mlp.gate_proj",
        "ffn_up.weight" => "mlp.up_proj",
        _ => "mlp.down_proj",
    };
    format!("model.layers.{layer}.{part}.weight")
}

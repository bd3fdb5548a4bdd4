//! Folders as Hugging Face's models have them: `config.json`, `tokenizer.json`, safetensors in one file or in shards.

use super::RawTensor;
use super::error::{Flaw, ModelFileError};
use super::json::{self, OneOrFew};
use super::safetensors::{Safetensors, TensorEntry};
use super::shapes;
use super::source::{Cursor, Source};
use super::tokenizer_json;
use crate::model::{Hyperparameters, Pairs, Rotary};
use crate::tokenizer::TokenizerParts;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::collections::BTreeSet;
use std::f64::consts::PI;
use std::fmt;
use std::marker::PhantomData;
use std::path::{Component, Path, PathBuf};

/// The weights of a folder.
#[derive(Debug)]
pub(super) struct Folder {
    shards: Vec<(PathBuf, Safetensors)>,
    /// Where `lm_head` is a copy of the embedding, or is to be left alone.
    is_tied: bool,
}

/// All that a folder says.
pub(super) struct Opened {
    pub(super) hyperparameters: Hyperparameters,
    pub(super) tokenizer: TokenizerParts,
    pub(super) chat_template: Option<String>,
    pub(super) weights: Folder,
}

/// The fields of `config.json` that matter. Sizes that are missing are those of Hugging Face's `LlamaConfig`, or refused.
#[derive(Debug, Deserialize)]
struct Config {
    model_type: String,
    num_hidden_layers: usize,
    hidden_size: usize,
    num_attention_heads: usize,
    num_key_value_heads: Option<usize>,
    head_dim: Option<usize>,
    intermediate_size: usize,
    max_position_embeddings: usize,
    sliding_window: Option<usize>,
    rms_norm_eps: f64,
    rope_theta: Option<f64>,
    rope_scaling: Option<Scaling>,
    /// Where newer files have both of the former.
    rope_parameters: Option<Scaling>,
    partial_rotary_factor: Option<f64>,
    hidden_act: Option<String>,
    #[serde(default)]
    tie_word_embeddings: bool,
    #[serde(default)]
    attention_bias: bool,
    #[serde(default)]
    mlp_bias: bool,
    bos_token_id: Option<OneOrFew>,
    eos_token_id: Option<OneOrFew>,
}

#[derive(Debug, Deserialize)]
struct Scaling {
    rope_type: Option<String>,
    /// What `rope_type` was called; some files have both.
    r#type: Option<String>,
    rope_theta: Option<f64>,
    factor: Option<f64>,
    low_freq_factor: Option<f64>,
    high_freq_factor: Option<f64>,
    original_max_position_embeddings: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
struct Generation {
    eos_token_id: Option<OneOrFew>,
}

#[derive(Debug, Default, Deserialize)]
struct TokenizerConfig {
    add_bos_token: Option<bool>,
    chat_template: Option<Template>,
}

#[derive(Debug, Deserialize)]
struct Index {
    weight_map: Shards,
}

const MOST_TEXT_BYTES: usize = 1 << 16;
const MOST_SHARDS: usize = 256;

impl Folder {
    pub(super) fn open(folder: &Path) -> Result<Opened, ModelFileError> {
        let config_path = folder.join("config.json");
        let config: Config =
            read_json(&config_path)?.ok_or_else(|| ModelFileError::NotAModel { path: folder.to_owned() })?;
        check_supported(&config).map_err(|flaw| flaw.of(&config_path))?;
        let weights = Self::open_shards(folder, &config)?;
        let (_, embedding) = weights
            .find("token_embd.weight")
            .ok_or_else(|| Flaw::MissingTensor { name: "model.embed_tokens.weight".to_owned() }.of(folder))?;
        let n_vocab = embedding.n_rows;
        let hyperparameters = hyperparameters(&config, n_vocab).map_err(|flaw| flaw.of(&config_path))?;
        weights.check(&hyperparameters).map_err(|flaw| flaw.of(folder))?;
        let tokenizer_path = folder.join("tokenizer.json");
        let mut tokenizer = tokenizer_json::read(&tokenizer_path, n_vocab).map_err(|flaw| flaw.of(&tokenizer_path))?;
        let tokenizer_config: TokenizerConfig = read_json(&folder.join("tokenizer_config.json"))?.unwrap_or_default();
        let generation: Generation = read_json(&folder.join("generation_config.json"))?.unwrap_or_default();
        put_ends(&mut tokenizer, &config, &tokenizer_config, &generation).map_err(|flaw| flaw.of(folder))?;
        let chat_template = match read_text(&folder.join("chat_template.jinja"))? {
            Some(template) => Some(template),
            None => tokenizer_config.chat_template.map(|template| template.0),
        };
        Ok(Opened { hyperparameters, tokenizer, chat_template, weights })
    }

    pub(super) fn tensor(&self, name: &str) -> Result<Option<RawTensor>, ModelFileError> {
        let Some((shard, tensor)) = self.find(name) else { return Ok(None) };
        let (path, file) = &self.shards[shard];
        file.read(tensor).map(Some).map_err(|flaw| flaw.of(path))
    }

    fn find(&self, name: &str) -> Option<(usize, &TensorEntry)> {
        if self.is_tied && name == "output.weight" {
            return None;
        }
        self.shards.iter().enumerate().find_map(|(i, (_, shard))| Some((i, shard.find(name)?)))
    }

    fn open_shards(folder: &Path, config: &Config) -> Result<Self, ModelFileError> {
        let index_path = folder.join("model.safetensors.index.json");
        let names = if folder.join("model.safetensors").exists() {
            ["model.safetensors".to_owned()].into()
        } else if let Some(index) = read_json::<Index>(&index_path)? {
            index.weight_map.0
        } else {
            return Err(ModelFileError::NotAModel { path: folder.to_owned() });
        };
        let mut shards = Vec::with_capacity(names.len());
        for name in names {
            let mut components = Path::new(&name).components();
            if !matches!((components.next(), components.next()), (Some(Component::Normal(_)), None)) {
                return Err(Flaw::Shard { shard: name }.of(&index_path));
            }
            let path = folder.join(name);
            let shard = Safetensors::open(&path).map_err(|flaw| flaw.of(&path))?;
            shards.push((path, shard));
        }
        Ok(Self { shards, is_tied: config.tie_word_embeddings })
    }

    fn check(&self, shape: &Hyperparameters) -> Result<(), Flaw> {
        let all = || self.shards.iter().flat_map(|(_, shard)| shard.tensors.iter().map(|tensor| &*tensor.name));
        let mut names: Vec<&str> = all().collect();
        names.sort_unstable();
        if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(Flaw::Duplicate { name: pair[0].to_owned() });
        }
        let find = |name: &str| self.find(name).map(|(_, tensor)| (tensor.n_rows, tensor.n_columns));
        if !self.is_tied && find("output.weight").is_none() {
            return Err(Flaw::MissingTensor { name: "lm_head.weight".to_owned() });
        }
        shapes::check(shape, names.into_iter(), find)
    }
}

fn check_supported(config: &Config) -> Result<(), Flaw> {
    let refuse = |what, found: &str, supported| Err(Flaw::Unsupported { what, found: found.to_owned(), supported });
    if !matches!(&*config.model_type, "llama" | "mistral") {
        return refuse("the model_type", &config.model_type, "\"llama\" and \"mistral\"");
    }
    if config.attention_bias || config.mlp_bias {
        return refuse("a model", "with attention_bias or mlp_bias", "matrices without biases");
    }
    match config.hidden_act.as_deref() {
        None | Some("silu") => Ok(()),
        Some(other) => refuse("the hidden_act", other, "\"silu\""),
    }
}

fn hyperparameters(config: &Config, n_vocab: usize) -> Result<Hyperparameters, Flaw> {
    let (n_heads, d_model) = (config.num_attention_heads, config.hidden_size);
    let n_key_heads = config.num_key_value_heads.unwrap_or(n_heads);
    let d_head = config.head_dim.unwrap_or_else(|| d_model.checked_div(n_heads).unwrap_or(0));
    for (key, size) in [
        ("num_hidden_layers", config.num_hidden_layers),
        ("hidden_size", d_model),
        ("num_attention_heads", n_heads),
        ("num_key_value_heads", n_key_heads),
        ("head_dim", d_head),
        ("intermediate_size", config.intermediate_size),
        ("max_position_embeddings", config.max_position_embeddings),
    ] {
        if size == 0 {
            return Err(Flaw::value(key, &size, "at least 1"));
        }
    }
    if !n_heads.is_multiple_of(n_key_heads) {
        return Err(Flaw::value("num_key_value_heads", &n_key_heads, "a divisor of num_attention_heads"));
    }
    if !d_head.is_multiple_of(2) {
        return Err(Flaw::value("head_dim", &d_head, "even"));
    }
    if !(config.rms_norm_eps.is_finite() && config.rms_norm_eps >= 0.0) {
        return Err(Flaw::value("rms_norm_eps", &config.rms_norm_eps, "finite and not negative"));
    }
    // Where attention is windowed in training, full attention beyond the window is not what was trained.
    let window = config.sliding_window.filter(|&window| window > 0).unwrap_or(usize::MAX);
    Ok(Hyperparameters {
        n_layers: config.num_hidden_layers,
        d_model,
        n_heads,
        n_key_heads,
        d_head,
        d_mlp: config.intermediate_size,
        n_vocab,
        trained_context: config.max_position_embeddings.min(window),
        norm_epsilon: config.rms_norm_eps as f32,
        rotary: rotary(config, d_head)?,
    })
}

fn rotary(config: &Config, d_head: usize) -> Result<Rotary, Flaw> {
    let scaling = config.rope_parameters.as_ref().or(config.rope_scaling.as_ref());
    let base = scaling.and_then(|scaling| scaling.rope_theta).or(config.rope_theta).unwrap_or(10_000.0);
    if !(base.is_finite() && base > 0.0) {
        return Err(Flaw::value("rope_theta", &base, "finite and positive"));
    }
    if let Some(part) = config.partial_rotary_factor.filter(|&part| part != 1.0) {
        return Err(Flaw::value("partial_rotary_factor", &part, "1"));
    }
    let factors = match scaling {
        None => Vec::new(),
        Some(scaling) => match scaling.rope_type.as_deref().or(scaling.r#type.as_deref()) {
            None | Some("default") => Vec::new(),
            Some("linear") => vec![positive("factor", scaling.factor)? as f32; d_head / 2],
            Some("llama3") => factors_of_llama3(scaling, base, d_head)?,
            Some(other) => {
                let supported = "default, linear and llama3";
                return Err(Flaw::Unsupported { what: "the rope_type", found: other.to_owned(), supported });
            }
        },
    };
    if let Some(&factor) = factors.iter().find(|factor| !(factor.is_finite() && **factor > 0.0)) {
        return Err(Flaw::value("rope_scaling", &factor, "of finite and positive factors"));
    }
    Ok(Rotary { base, d_rotated: d_head, pairs: Pairs::Halves, factors })
}

/// Long wavelengths are stretched by `factor`, short ones are not, those between by something between (Llama 3.1; the formula of
/// `_compute_llama3_parameters` in Hugging Face's transformers).
fn factors_of_llama3(scaling: &Scaling, base: f64, d_head: usize) -> Result<Vec<f32>, Flaw> {
    let factor = positive("factor", scaling.factor)?;
    let low = positive("low_freq_factor", scaling.low_freq_factor)?;
    let high = positive("high_freq_factor", scaling.high_freq_factor)?;
    let context = positive("original_max_position_embeddings", scaling.original_max_position_embeddings)?;
    if low >= high {
        return Err(Flaw::value("low_freq_factor", &low, "less than high_freq_factor"));
    }
    let of_pair = |i: usize| {
        let wavelength = 2.0 * PI * libm::pow(base, 2.0 * i as f64 / d_head as f64);
        let turns = context / wavelength;
        if turns > high {
            1.0
        } else if turns < low {
            factor
        } else {
            let smooth = (turns - low) / (high - low);
            1.0 / ((1.0 - smooth) / factor + smooth)
        }
    };
    Ok((0..d_head / 2).map(|i| of_pair(i) as f32).collect())
}

fn positive(key: &str, value: Option<f64>) -> Result<f64, Flaw> {
    match value {
        Some(value) if value.is_finite() && value > 0.0 => Ok(value),
        Some(value) => Err(Flaw::value(key, &value, "finite and positive")),
        None => Err(Flaw::MissingKey { key: key.to_owned() }),
    }
}

fn put_ends(
    tokenizer: &mut TokenizerParts,
    config: &Config,
    tokenizer_config: &TokenizerConfig,
    generation: &Generation,
) -> Result<(), Flaw> {
    let n_tokens = tokenizer.tokens.len();
    let begin = config.bos_token_id.as_ref().and_then(|begin| begin.0.first().copied());
    tokenizer.begin = tokenizer.begin.or(begin);
    if let Some(add_begin) = tokenizer_config.add_bos_token {
        tokenizer.add_begin = add_begin && tokenizer.begin.is_some();
    }
    let of_config = config.eos_token_id.iter().flat_map(|ends| &ends.0);
    for end in generation.eos_token_id.iter().flat_map(|ends| &ends.0).chain(of_config) {
        if !tokenizer.ends.contains(end) {
            tokenizer.ends.push(*end);
        }
    }
    match tokenizer.ends.iter().chain(&tokenizer.begin).find(|&&token| token as usize >= n_tokens) {
        Some(token) => Err(Flaw::value("eos_token_id or bos_token_id", &token, "one of the tokens")),
        None => Ok(()),
    }
}

/// `None` if there is no such file.
fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, ModelFileError> {
    let Some(source) = open_if_there(path)? else { return Ok(None) };
    let value = json::read(&mut Cursor::new(&source, 0), source.len(), MOST_TEXT_BYTES, PhantomData::<T>);
    value.map(Some).map_err(|flaw| flaw.of(path))
}

fn read_text(path: &Path) -> Result<Option<String>, ModelFileError> {
    let Some(source) = open_if_there(path)? else { return Ok(None) };
    let bytes = source.bytes(0, source.len()).map_err(|flaw| flaw.of(path))?;
    String::from_utf8(bytes).map(Some).or(Err(Flaw::NotUtf8 { offset: 0 }.of(path)))
}

fn open_if_there(path: &Path) -> Result<Option<Source>, ModelFileError> {
    if !path.exists() {
        return Ok(None);
    }
    Source::open(path).map(Some).map_err(|error| Flaw::Read(error).of(path))
}

/// The files that an index of tensors names.
#[derive(Debug)]
struct Shards(BTreeSet<String>);

impl<'de> Deserialize<'de> for Shards {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Map;
        impl<'de> Visitor<'de> for Map {
            type Value = Shards;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("files by the names of their tensors")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Shards, A::Error> {
                let mut shards = BTreeSet::new();
                while let Some((IgnoredAny, shard)) = map.next_entry::<_, String>()? {
                    shards.insert(shard);
                    if shards.len() > MOST_SHARDS {
                        return Err(A::Error::custom(format_args!("more than {MOST_SHARDS} shards")));
                    }
                }
                Ok(Shards(shards))
            }
        }
        deserializer.deserialize_map(Map)
    }
}

/// A template, or the one named `default` of a list of them.
#[derive(Debug)]
struct Template(String);

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Named {
            name: String,
            template: String,
        }
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Template;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a chat template, or a list of them with one named \"default\"")
            }

            fn visit_str<E>(self, template: &str) -> Result<Template, E> {
                Ok(Template(template.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Template, A::Error> {
                let mut default = None;
                while let Some(Named { name, template }) = list.next_element()? {
                    if name == "default" {
                        default = Some(Template(template));
                    }
                }
                default.ok_or_else(|| A::Error::custom("no chat template is named \"default\""))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::ModelFile;
    use dunwu_attention_fixtures::Tiny;
    use serde_json::json;

    /// The frequencies as transformers' `_compute_llama3_parameters` makes them of the configuration of Llama 3.2 1B, by which
    /// those without scaling were divided (Python 3.11, 2026-11-25).
    #[test]
    fn the_factors_of_llama_3_are_those_of_hugging_face() {
        let scaling = Scaling {
            rope_type: Some("llama3".to_owned()),
            r#type: None,
            rope_theta: None,
            factor: Some(32.0),
            low_freq_factor: Some(1.0),
            high_freq_factor: Some(4.0),
            original_max_position_embeddings: Some(8192.0),
        };
        let factors = factors_of_llama3(&scaling, 500_000.0, 64).unwrap();
        let between = [1.651_329, 3.292_262, 9.666_729];
        let wanted = [1.0; 15].into_iter().chain(between).chain([32.0; 14]);
        assert_eq!(factors.len(), 32);
        for (factor, wanted) in factors.iter().zip(wanted) {
            assert!((factor - wanted).abs() <= 1e-5 * wanted, "{factor} {wanted}");
        }
    }

    #[test]
    fn what_a_folder_has_that_is_not_supported_is_named() {
        let folder = tempfile::tempdir().unwrap();
        Tiny::default().write_safetensors(folder.path(), 1).unwrap();
        for (file, place, value, message) in [
            ("config.json", "/model_type", json!("qwen2"), "the model_type \"qwen2\" is not supported"),
            ("config.json", "/attention_bias", json!(true), "attention_bias"),
            ("config.json", "/mlp_bias", json!(true), "mlp_bias"),
            ("config.json", "/hidden_act", json!("gelu"), "the hidden_act \"gelu\""),
            ("config.json", "/rope_theta", json!({ "a": 1 }), "not the JSON that is expected"),
            ("config.json", "/num_key_value_heads", json!(3), "\"num_key_value_heads\" is 3"),
            ("config.json", "/head_dim", json!(32), "\"blk.0.attn_q.weight\" has 64 rows of 64, and"),
            ("config.json", "/num_hidden_layers", json!(2), "\"blk.2.attn_k.weight\" is not part"),
            ("config.json", "/num_hidden_layers", json!(4), "\"blk.3.attn_norm.weight\" is missing"),
            ("config.json", "/tie_word_embeddings", json!(false), "\"lm_head.weight\" is missing"),
            ("config.json", "/eos_token_id", json!([2, 1000]), "is 1000, and must be one of the tokens"),
            ("tokenizer.json", "/model/type", json!("WordPiece"), "the tokenizer \"WordPiece\""),
            ("tokenizer.json", "/model/byte_fallback", json!(true), "BPE with byte_fallback"),
            ("tokenizer.json", "/normalizer", json!({ "type": "NFC" }), "the normalizer \"NFC\""),
            ("tokenizer.json", "/pre_tokenizer", json!({ "type": "Metaspace" }), "the pre-tokenizer \"Metaspace\""),
            ("tokenizer.json", "/model/merges/0", json!("a b c"), "is not two tokens"),
            ("tokenizer.json", "/added_tokens/0/id", json!(100_000), "the tokenizer 100001 tokens"),
        ] {
            let path = folder.path().join(file);
            let whole = std::fs::read_to_string(&path).unwrap();
            let mut changed: serde_json::Value = serde_json::from_str(&whole).unwrap();
            *changed.pointer_mut(place).unwrap() = value;
            std::fs::write(&path, changed.to_string()).unwrap();
            let error = ModelFile::open(folder.path()).unwrap_err().to_string();
            assert!(error.contains(message), "{place}: {error}");
            std::fs::write(&path, whole).unwrap();
        }
    }

    #[test]
    fn rotary_scaling_of_old_and_new_files_is_read_and_other_kinds_are_named() {
        let folder = tempfile::tempdir().unwrap();
        Tiny::default().write_safetensors(folder.path(), 1).unwrap();
        let path = folder.path().join("config.json");
        let whole: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let open_with = |key: &str, value: serde_json::Value| {
            let mut changed = whole.clone();
            changed[key] = value;
            std::fs::write(&path, changed.to_string()).unwrap();
            ModelFile::open(folder.path()).map(|file| file.hyperparameters.rotary)
        };
        let linear =
            open_with("rope_scaling", json!({ "type": "linear", "rope_type": "linear", "factor": 2.5 })).unwrap();
        assert_eq!((linear.base, linear.factors), (10_000.0, vec![2.5; 8]));
        let new = open_with("rope_parameters", json!({ "rope_type": "default", "rope_theta": 500.0 })).unwrap();
        assert_eq!((new.base, new.factors), (500.0, vec![]));
        let error = open_with("rope_scaling", json!({ "rope_type": "yarn", "factor": 4.0 })).unwrap_err().to_string();
        assert!(error.contains("the rope_type \"yarn\" is not supported"), "{error}");
        let error = open_with("rope_scaling", json!({ "rope_type": "linear", "factor": 0 })).unwrap_err().to_string();
        assert!(error.contains("\"factor\" is 0, and must be finite and positive"), "{error}");
    }

    #[test]
    fn merges_may_be_pairs_and_weights_may_be_in_shards() {
        let folder = tempfile::tempdir().unwrap();
        Tiny::default().write_safetensors(folder.path(), 1).unwrap();
        let before = ModelFile::open(folder.path()).unwrap();
        let path = folder.path().join("tokenizer.json");
        let mut changed: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        for merge in changed["model"]["merges"].as_array_mut().unwrap() {
            let (left, right) = merge.as_str().unwrap().split_once(' ').unwrap();
            *merge = json!([left, right]);
        }
        changed["post_processor"] = json!({
            "type": "TemplateProcessing",
            "single": [{ "SpecialToken": { "id": "<|endoftext|>", "type_id": 0 } }, { "Sequence": { "id": "A" } }],
        });
        std::fs::write(&path, changed.to_string()).unwrap();
        std::fs::remove_file(folder.path().join("tokenizer_config.json")).unwrap();
        std::fs::write(folder.path().join("chat_template.jinja"), "{{ messages }}").unwrap();

        let whole = std::fs::read(folder.path().join("model.safetensors")).unwrap();
        let tensors = safetensors::SafeTensors::deserialize(&whole).unwrap();
        let mut map = serde_json::Map::new();
        for (i, shard) in ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"].iter().enumerate() {
            let part: Vec<_> = tensors.tensors().into_iter().skip(i).step_by(2).collect();
            map.extend(part.iter().map(|(name, _)| (name.clone(), json!(shard))));
            safetensors::serialize_to_file(part, None, &folder.path().join(shard)).unwrap();
        }
        std::fs::remove_file(folder.path().join("model.safetensors")).unwrap();
        let index = json!({ "metadata": { "total_size": whole.len() }, "weight_map": map });
        std::fs::write(folder.path().join("model.safetensors.index.json"), index.to_string()).unwrap();

        let after = ModelFile::open(folder.path()).unwrap();
        assert_eq!(after.tokenizer.merges, before.tokenizer.merges);
        assert_eq!((after.tokenizer.begin, after.tokenizer.add_begin), (Some(0), true));
        assert_eq!(after.chat_template.as_deref(), Some("{{ messages }}"));
        for name in ["token_embd.weight", "blk.1.attn_k.weight", "blk.2.ffn_down.weight", "output_norm.weight"] {
            let [a, b] = [&before, &after].map(|file| file.tensor(name).unwrap().unwrap().bytes);
            assert_eq!(a, b, "{name}");
        }
    }
}

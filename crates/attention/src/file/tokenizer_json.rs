//! `tokenizer.json`, the format of the `tokenizers` crate: byte-level byte pair encodings only.
//!
//! The file is read twice: first what is small and how long each token is, then names and merges into their places. So memory is
//! what the tokenizer takes, and no table of the file's own making.

use super::error::Flaw;
use super::json::{self, Few, SmallTree};
use super::source::{Cursor, Source};
use crate::tokenizer::{Names, Split, TokenKind, TokenizerParts};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::fmt;
use std::path::Path;

/// Longer than any token, merge and regular expression seen.
const MOST_TEXT_BYTES: usize = 4096;

/// A token beside the vocabulary, or a word on one of it.
#[derive(Debug, Deserialize)]
struct AddedToken {
    id: u32,
    content: Box<str>,
    #[serde(default)]
    special: bool,
}

/// What of the file is small.
#[derive(Debug, Default)]
struct Small {
    added: Vec<AddedToken>,
    normalizer: Value,
    pre_tokenizer: Value,
    post_processor: Value,
    model: ModelFields,
}

#[derive(Debug, Default)]
struct ModelFields {
    kind: Option<String>,
    byte_fallback: bool,
    ignore_merges: bool,
    prefix: String,
    suffix: String,
}

/// Reads the tokenizer of a model that knows `n_vocab` tokens; `begin` and `ends` are for others to fill.
pub(super) fn read(path: &Path, n_vocab: usize) -> Result<TokenizerParts, Flaw> {
    let source = Source::open(path)?;
    let mut lengths = Lengths { of_tokens: vec![None; n_vocab], n_merges: 0, merge_bytes: 0 };
    let small = pass(&source, &mut lengths)?;
    check_supported(&small)?;
    for token in &small.added {
        let length = Some(token.content.len() as u16);
        let Some(place) = lengths.of_tokens.get_mut(token.id as usize) else {
            return Err(Flaw::Vocabulary { n_vocab, n_tokens: token.id as usize + 1 });
        };
        if place.is_some_and(|length| usize::from(length) != token.content.len()) {
            return Err(Flaw::Duplicate { name: token.content.to_string() });
        }
        *place = length;
    }
    let mut places = Places::new(&lengths);
    for token in &small.added {
        places.token(&token.content, token.id).map_err(serde_json::Error::custom)?;
    }
    pass(&source, &mut places)?;
    let mut kinds: Vec<_> =
        lengths.of_tokens.iter().map(|n| if n.is_some() { TokenKind::Normal } else { TokenKind::Unused }).collect();
    for token in &small.added {
        kinds[token.id as usize] = if token.special { TokenKind::Control } else { TokenKind::UserDefined };
    }
    let begin = begins_with(&small.post_processor)
        .and_then(|name| small.added.iter().find(|token| *token.content == *name))
        .map(|token| token.id);
    Ok(TokenizerParts {
        tokens: places.names()?,
        kinds,
        merges: places.merges,
        ignore_merges: small.model.ignore_merges,
        split: Split::Json(small.pre_tokenizer),
        begin,
        add_begin: begin.is_some(),
        ends: Vec::new(),
    })
}

fn check_supported(small: &Small) -> Result<(), Flaw> {
    let supported = "byte-level byte pair encoding without a normalizer, byte_fallback, prefix or suffix";
    let refuse = |what, found: &str| Err(Flaw::Unsupported { what, found: found.to_owned(), supported });
    let model = &small.model;
    if model.kind.as_deref() != Some("BPE") {
        return refuse("the tokenizer", model.kind.as_deref().unwrap_or("without a type"));
    }
    if model.byte_fallback {
        return refuse("the tokenizer", "BPE with byte_fallback");
    }
    if !(model.prefix.is_empty() && model.suffix.is_empty()) {
        return refuse("the tokenizer", "BPE with a prefix or suffix of subwords");
    }
    if !small.normalizer.is_null() {
        return refuse("the normalizer", type_of(&small.normalizer));
    }
    if !parts_of(&small.pre_tokenizer, "pretokenizers").iter().any(|part| type_of(part) == "ByteLevel") {
        return refuse("the pre-tokenizer", type_of(&small.pre_tokenizer));
    }
    Ok(())
}

/// The special token that a template puts before a text.
fn begins_with(post_processor: &Value) -> Option<String> {
    let template = parts_of(post_processor, "processors").iter().find(|part| type_of(part) == "TemplateProcessing")?;
    Some(template["single"][0]["SpecialToken"]["id"].as_str()?.to_owned())
}

/// The parts of a sequence, or the one that it is.
fn parts_of<'v>(value: &'v Value, list: &str) -> &'v [Value] {
    match value[list].as_array() {
        Some(parts) => parts,
        None => std::slice::from_ref(value),
    }
}

fn type_of(value: &Value) -> &str {
    value["type"].as_str().unwrap_or("none")
}

/// What is done with the many.
trait Many {
    fn token(&mut self, name: &str, id: u32) -> Result<(), String>;
    fn merge(&mut self, left: &str, right: &str) -> Result<(), String>;
}

/// The first pass: how much there is.
struct Lengths {
    /// By token; `None` where there is none.
    of_tokens: Vec<Option<u16>>,
    n_merges: usize,
    merge_bytes: usize,
}

impl Many for Lengths {
    fn token(&mut self, name: &str, id: u32) -> Result<(), String> {
        let n_vocab = self.of_tokens.len();
        match self.of_tokens.get_mut(id as usize) {
            Some(length @ None) => *length = Some(name.len() as u16),
            Some(Some(_)) => return Err(format!("token {id} is there twice")),
            None => return Err(format!("token {id} is none of the {n_vocab} that the model knows")),
        }
        Ok(())
    }

    fn merge(&mut self, left: &str, right: &str) -> Result<(), String> {
        self.n_merges += 1;
        self.merge_bytes += left.len() + 1 + right.len();
        Ok(())
    }
}

/// The second pass: all in its place.
struct Places {
    text: Vec<u8>,
    ends: Vec<u32>,
    merges: Names,
    n_merges: usize,
}

impl Places {
    fn new(lengths: &Lengths) -> Self {
        let mut end = 0;
        let ends = lengths.of_tokens.iter().map(|n| {
            end += u32::from(n.unwrap_or(0));
            end
        });
        let ends: Vec<u32> = ends.collect();
        Self {
            text: vec![0; end as usize],
            ends,
            merges: Names::with_capacity(lengths.n_merges, lengths.merge_bytes),
            n_merges: lengths.n_merges,
        }
    }

    fn names(&mut self) -> Result<Names, Flaw> {
        let text = std::mem::take(&mut self.text);
        let text = String::from_utf8(text).or(Err(Flaw::NotUtf8 { offset: 0 }))?;
        Names::from_parts(text, std::mem::take(&mut self.ends)).ok_or(Flaw::NotUtf8 { offset: 0 })
    }
}

impl Many for Places {
    fn token(&mut self, name: &str, id: u32) -> Result<(), String> {
        let changed = || format!("token {id} is there twice, or the file changed while it was read");
        let end = *self.ends.get(id as usize).ok_or_else(changed)? as usize;
        let start = if id == 0 { 0 } else { self.ends[id as usize - 1] as usize };
        let place = &mut self.text[start..end];
        // An added token is here already.
        let is_free = place.iter().all(|&byte| byte == 0) || place == name.as_bytes();
        if place.len() != name.len() || !is_free {
            return Err(changed());
        }
        place.copy_from_slice(name.as_bytes());
        Ok(())
    }

    fn merge(&mut self, left: &str, right: &str) -> Result<(), String> {
        if self.merges.len() == self.n_merges {
            return Err("the file changed while it was read".to_owned());
        }
        let line = format!("{left} {right}");
        self.merges.push(&line).ok_or_else(|| "more than 4 GiB of merges".to_owned())
    }
}

fn pass(source: &Source, many: &mut dyn Many) -> Result<Small, Flaw> {
    let mut cursor = Cursor::new(source, 0);
    json::read(&mut cursor, source.len(), MOST_TEXT_BYTES, File { many })
}

/// The whole file.
struct File<'m> {
    many: &'m mut dyn Many,
}

impl<'de> DeserializeSeed<'de> for File<'_> {
    type Value = Small;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Small, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for File<'_> {
    type Value = Small;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a tokenizer")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Small, A::Error> {
        let mut small = Small::default();
        while let Some(key) = map.next_key::<String>()? {
            match &*key {
                "added_tokens" => small.added = map.next_value::<Few<AddedToken, 4096>>()?.0,
                "normalizer" => small.normalizer = map.next_value::<SmallTree>()?.0,
                "pre_tokenizer" => small.pre_tokenizer = map.next_value::<SmallTree>()?.0,
                "post_processor" => small.post_processor = map.next_value::<SmallTree>()?.0,
                "model" => small.model = map.next_value_seed(Model { many: self.many })?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(small)
    }
}

struct Model<'m> {
    many: &'m mut dyn Many,
}

impl<'de> DeserializeSeed<'de> for Model<'_> {
    type Value = ModelFields;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<ModelFields, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Model<'_> {
    type Value = ModelFields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the model of a tokenizer")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ModelFields, A::Error> {
        let mut fields = ModelFields::default();
        while let Some(key) = map.next_key::<String>()? {
            match &*key {
                "type" => fields.kind = map.next_value()?,
                "byte_fallback" => fields.byte_fallback = map.next_value::<Option<bool>>()?.unwrap_or(false),
                "ignore_merges" => fields.ignore_merges = map.next_value::<Option<bool>>()?.unwrap_or(false),
                "continuing_subword_prefix" => fields.prefix = map.next_value::<Option<String>>()?.unwrap_or_default(),
                "end_of_word_suffix" => fields.suffix = map.next_value::<Option<String>>()?.unwrap_or_default(),
                "vocab" => map.next_value_seed(Vocabulary { many: self.many })?,
                "merges" => map.next_value_seed(Merges { many: self.many })?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(fields)
    }
}

struct Vocabulary<'m> {
    many: &'m mut dyn Many,
}

impl<'de> DeserializeSeed<'de> for Vocabulary<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Vocabulary<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tokens by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            self.many.token(&name, map.next_value()?).map_err(A::Error::custom)?;
        }
        Ok(())
    }
}

struct Merges<'m> {
    many: &'m mut dyn Many,
}

impl<'de> DeserializeSeed<'de> for Merges<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Merges<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("merges")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(Merge { many: self.many })?.is_some() {}
        Ok(())
    }
}

/// `"left right"`, or `["left", "right"]` as newer files have it.
struct Merge<'m> {
    many: &'m mut dyn Many,
}

impl<'de> DeserializeSeed<'de> for Merge<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Merge<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a merge of two tokens")
    }

    fn visit_str<E: Error>(self, line: &str) -> Result<(), E> {
        match line.split_once(' ') {
            Some((left, right)) if !right.contains(' ') => self.many.merge(left, right).map_err(E::custom),
            _ => Err(E::custom(format_args!("the merge {line:?} is not two tokens with a space between them"))),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<(), A::Error> {
        let list = serde::de::value::SeqAccessDeserializer::new(list);
        let (left, right) = <(String, String)>::deserialize(list)?;
        if left.contains(' ') || right.contains(' ') {
            return Err(A::Error::custom(format_args!("the merge of {left:?} and {right:?} has a space in a token")));
        }
        self.many.merge(&left, &right).map_err(A::Error::custom)
    }
}

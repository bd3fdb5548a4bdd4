//! Answers that are JSON of a schema: which tokens may come next. The grammars are those of `llguidance`; here its trie is made of
//! our tokens, and its errors are made short.

use crate::tokenizer::Tokenizer;
use llguidance::api::TopLevelGrammar;
use llguidance::panic_utils::catch_unwind;
use llguidance::toktrie::{ApproximateTokEnv, TokEnv, TokRxInfo, TokTrie};
use llguidance::{JsonCompileOptions, Matcher, ParserFactory};
use serde_json::{Map, Value};
use std::fmt::Display;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

/// The tokens of a tokenizer as a trie, which all constraints share. Made once: it takes as long as reading a few tokens.
pub struct TokenTrie {
    factory: ParserFactory,
}

/// What one answer may still become.
pub struct Constraint {
    matcher: Matcher,
}

/// Why an answer cannot be constrained.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConstraintError {
    /// The schema has something that is not understood, or nothing fits it.
    #[error("the schema cannot be used: {reason}")]
    Schema {
        /// What `llguidance` says, which names the keyword.
        reason: String,
    },
    /// A token was accepted that [`Constraint::mask`] ruled out, or the grammar is too complex to go on with.
    #[error("the answer cannot be held to its schema any longer: {reason}")]
    Lost {
        /// What `llguidance` says.
        reason: String,
    },
}

impl TokenTrie {
    /// The trie of all tokens that stand for text, and of those that end an answer.
    pub fn new(tokenizer: &Tokenizer) -> Self {
        let n_tokens = tokenizer.n_tokens() as u32;
        Self::of(n_tokens, tokenizer.ends(), |token| (tokenizer.bytes(token), tokenizer.is_special(token)))
    }

    fn of<'t>(n_tokens: u32, ends: &[u32], bytes: impl Fn(u32) -> (&'t [u8], bool)) -> Self {
        let marked = |name: &[u8]| [&[TokTrie::SPECIAL_TOKEN_MARKER], name].concat();
        let mut words: Vec<Vec<u8>> = (0..n_tokens)
            .map(|token| match bytes(token) {
                (name, true) => marked(name),
                (text, false) => text.to_vec(),
            })
            .collect();
        // A trie has an end: where the tokenizer has none, one that is no token of it.
        let own_end = [n_tokens];
        let ends = if ends.is_empty() {
            words.push(marked(b"<end>"));
            &own_end
        } else {
            ends
        };
        let info = TokRxInfo::new(words.len() as u32, ends[0]);
        let trie = TokTrie::from(&info, &words).with_eos_tokens(ends);
        let environment: TokEnv = Arc::new(ApproximateTokEnv::new(trie));
        let mut factory = ParserFactory::new_simple(&environment).expect("its own slices are regular expressions");
        factory.quiet().limits_mut().verbose_errors = false;
        Self { factory }
    }
}

impl Constraint {
    /// JSON that a schema describes, on one line. Schemas of clients may be anything: work and memory are bounded.
    pub fn json_schema(schema: &Value, trie: &TokenTrie) -> Result<Self, ConstraintError> {
        let mut schema = match schema {
            Value::Object(schema) => Value::Object(schema.clone()),
            // The object that means the same and has room for what is put into it below.
            Value::Bool(true) => Value::Object(Map::new()),
            Value::Bool(false) => return Err(unusable(&"`false` describes nothing")),
            other => return Err(unusable(&format!("a schema is an object, not {other}"))),
        };
        // With free whitespace a small model may write blanks until its tokens are used up. `oneOf` as `anyOf`: what matches two
        // of its schemas is let through.
        let options = JsonCompileOptions {
            item_separator: ", ".to_owned(),
            key_separator: ": ".to_owned(),
            whitespace_flexible: false,
            coerce_one_of: true,
            ..JsonCompileOptions::default()
        };
        options.apply_to(&mut schema);
        // The library may panic where a schema is malformed; its own guard makes that an error.
        let grammar = TopLevelGrammar::from_json_schema(schema);
        let parser = catch_unwind(AssertUnwindSafe(|| trie.factory.create_parser(grammar)));
        let mut matcher = Matcher::new(Ok(parser.map_err(|error| unusable(&error))?));
        // What nothing fits, and most of what is too complex, shows here: before anything waits for the answer.
        let first = matcher.compute_mask_or_eos().map_err(|error| unusable(&error))?;
        if first.is_zero() {
            return Err(unusable(&"nothing fits it"));
        }
        Ok(Self { matcher })
    }

    /// Any JSON object.
    pub fn json_object(trie: &TokenTrie) -> Self {
        Self::json_schema(&serde_json::json!({ "type": "object" }), trie).expect("a schema that is understood")
    }

    /// Rules out, by −∞, what cannot come next.
    pub fn mask(&mut self, logits: &mut [f32]) -> Result<(), ConstraintError> {
        let allowed = self.matcher.compute_mask_or_eos().map_err(|error| lost(&error))?;
        let n = allowed.len().min(logits.len());
        allowed.iter_unset_entries(|token| {
            if token < n {
                logits[token] = f32::NEG_INFINITY;
            }
        });
        logits[n..].fill(f32::NEG_INFINITY);
        Ok(())
    }

    /// Goes on by a token.
    pub fn accept(&mut self, token: u32) -> Result<(), ConstraintError> {
        self.matcher.consume_token(token).map_err(|error| lost(&error))
    }

    /// Whether the answer is whole and nothing can follow.
    pub fn is_finished(&self) -> bool {
        self.matcher.is_stopped()
    }
}

fn unusable(error: &impl Display) -> ConstraintError {
    ConstraintError::Schema { reason: in_one_line(error) }
}

fn lost(error: &impl Display) -> ConstraintError {
    ConstraintError::Lost { reason: in_one_line(error) }
}

/// What the library says and why, on one line and without a backtrace.
fn in_one_line(error: &impl Display) -> String {
    let text = format!("{error:#}");
    let text = text.split("<backtrace>").next().unwrap_or_default().replace("<non-verbose/>", "");
    // A reason why its parser stopped, which says nothing to others.
    let text = text.replace("NoExtensionBias", "nothing fits it");
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Sampler, Sampling};
    use serde_json::json;

    /// Tokens of one byte each, of some pieces of JSON and text, and two that end an answer.
    fn words() -> Vec<Vec<u8>> {
        let pieces =
            ["{\"", "\": ", "\", \"", "true", "fal", "se", "null", "12", "0.", "},", "}, {", "ab", "\u{e9}t\u{e9}"];
        let bytes = (0..=255_u8).map(|byte| vec![byte]);
        let pieces = pieces.iter().map(|piece| piece.as_bytes().to_vec());
        bytes.chain(pieces).chain([b"<|end|>".to_vec(), b"<|im_end|>".to_vec()]).collect()
    }

    fn trie(words: &[Vec<u8>]) -> TokenTrie {
        let n = words.len() as u32;
        TokenTrie::of(n, &[n - 2, n - 1], |token| (&words[token as usize], token >= n - 2))
    }

    /// What a model that knows nothing says under the constraint; `None` if it is not done after 400 tokens.
    fn babble(schema: &Value, seed: u64) -> Option<Vec<u8>> {
        let words = words();
        let mut constraint = Constraint::json_schema(schema, &trie(&words)).unwrap();
        let mut sampler = Sampler::new(Sampling { seed, ..Sampling::default() });
        let mut text = Vec::new();
        for step in 0..400_usize {
            // Three more logits than tokens, as models have them whose vocabulary is padded.
            let mut logits: Vec<f32> = (0..words.len() + 3).map(|t| ((t * 31 + step * 17) % 23) as f32 / 8.0).collect();
            constraint.mask(&mut logits).unwrap();
            let token = sampler.draw(&logits).expect("something fits") as usize;
            constraint.accept(token as u32).unwrap();
            if token < words.len() - 2 {
                text.extend_from_slice(&words[token]);
            }
            if constraint.is_finished() {
                return Some(text);
            }
        }
        None
    }

    #[test]
    fn whatever_the_model_says_is_json_of_the_schema() {
        let person = json!({
            "type": "object",
            "properties": {
                "name": { "type": "string", "maxLength": 12 },
                "age": { "type": "integer", "minimum": 0, "maximum": 150 },
                "tags": { "type": "array", "items": { "enum": ["a", "b", "c"] }, "maxItems": 3 },
                "happy": { "type": "boolean" },
                "boss": { "$ref": "#/$defs/boss" }
            },
            "required": ["name", "age", "tags", "happy", "boss"],
            "additionalProperties": false,
            "$defs": { "boss": { "anyOf": [{ "type": "null" }, { "const": { "id": 7 } }] } }
        });
        for seed in 0..30 {
            let text = babble(&person, seed).expect("all of it is bounded");
            let value: Value = serde_json::from_slice(&text).unwrap();
            let keys: Vec<&String> = value.as_object().unwrap().keys().collect();
            assert_eq!(keys.len(), 5, "{value}");
            assert!(value["name"].as_str().unwrap().chars().count() <= 12, "{value}");
            assert!(value["age"].as_u64().unwrap() <= 150, "{value}");
            let tags = value["tags"].as_array().unwrap();
            assert!(
                tags.len() <= 3 && tags.iter().all(|tag| ["a", "b", "c"].contains(&tag.as_str().unwrap())),
                "{value}"
            );
            assert!(value["happy"].is_boolean(), "{value}");
            assert!(value["boss"].is_null() || value["boss"] == json!({ "id": 7 }), "{value}");
            assert!(!text.contains(&b'\n') && !text.windows(2).any(|pair| pair == b"  "), "on one line");
        }
    }

    #[test]
    fn any_object_begins_with_a_brace_and_ends_at_its_own() {
        let words = words();
        let trie = trie(&words);
        let mut constraint = Constraint::json_object(&trie);
        let mut logits = vec![0.0; words.len()];
        constraint.mask(&mut logits).unwrap();
        let allowed: Vec<&[u8]> =
            logits.iter().zip(&words).filter(|(logit, _)| **logit == 0.0).map(|(_, word)| word.as_slice()).collect();
        assert_eq!(allowed, [b"{".as_slice(), b"{\""]);
        for byte in b"{\"k\": [1, {}]" {
            constraint.accept(u32::from(*byte)).unwrap();
            assert!(!constraint.is_finished());
        }
        constraint.accept(u32::from(b'}')).unwrap();
        assert!(constraint.is_finished());
    }

    #[test]
    fn a_token_that_was_ruled_out_is_an_error() {
        let words = words();
        let mut constraint = Constraint::json_schema(&json!({ "type": "boolean" }), &trie(&words)).unwrap();
        assert!(matches!(constraint.accept(u32::from(b'x')), Err(ConstraintError::Lost { .. })));
    }

    #[test]
    fn what_is_not_understood_is_named() {
        let words = words();
        let trie = trie(&words);
        for (schema, wanted) in [
            (json!({ "type": "object", "patternProperties": { "(": {} } }), "("),
            (json!({ "not": { "type": "string" } }), "not"),
            (json!({ "type": "strin" }), "strin"),
            (json!({ "type": "array", "uniqueItems": true }), "uniqueItems"),
            (json!({ "$ref": "http://example.com/a.json" }), "example.com"),
            (json!({ "type": "integer", "minimum": 3, "maximum": 2 }), "minimum"),
            (json!({ "type": "string", "pattern": "[" }), "["),
            (json!(["a"]), "[\"a\"]"),
            (json!(false), "false"),
        ] {
            let Some(error) = Constraint::json_schema(&schema, &trie).err() else { panic!("{schema} is taken") };
            let message = error.to_string();

            assert!(message.contains(wanted) && !message.contains('\n'), "{schema}: {message}");
        }
        assert!(Constraint::json_schema(&json!(true), &trie).is_ok());
    }

    #[test]
    fn schemas_that_nothing_fits_are_refused_and_long_ones_made_in_no_time() {
        let words = words();
        let trie = trie(&words);
        let began = std::time::Instant::now();
        let circle = json!({ "$ref": "#/$defs/a", "$defs": { "a": { "allOf": [{ "$ref": "#/$defs/a" }] } } });
        for (schema, is_refused) in [
            (json!({ "type": "string", "pattern": "(a|b){1000}{1000}{1000}" }), false),
            (json!({ "type": "array", "items": {}, "minItems": 100_000_000 }), false),
            (json!({ "type": "string", "minLength": 1_000_000_000 }), false),
            (json!({ "$ref": "#" }), true),
            (circle, true),
            (json!({ "anyOf": [{ "$ref": "#" }] }), true),
        ] {
            let made = Constraint::json_schema(&schema, &trie);
            assert_eq!(made.is_err(), is_refused, "{schema}");
            let message = made.err().map_or(String::new(), |error| error.to_string());
            assert!(!message.contains("NoExtension") && !message.contains('<'), "{message}");
        }
        assert!(began.elapsed().as_secs() < 20);
    }
}

//! The first line of a foreign run's record: what wrote it, what is known, and what the id is the hash of.

use super::entry::Number;
use dunwu::store::RunId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::UNIX_EPOCH;

/// The format of foreign records that this build writes and reads.
pub const FOREIGN_FORMAT: u32 = 1;

/// What is known of a run: free keys, values as text. `framework`, `model`, `parameters`, `optimizer`, `batch_size` and `steps` are
/// keys that pages and verdicts look for.
pub type Known = BTreeMap<String, String>;

/// The record's first line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignHeader {
    /// Format of run directories, the same as of our own runs.
    pub format: u32,
    /// Format of the record of a foreign run.
    pub foreign: u32,
    /// Version of the build that began it.
    pub dunwu: String,
    /// Hash of the name, of what was known and of how it began: [`identify`].
    pub id: RunId,
    /// What people call the run.
    pub name: String,
    /// What was known when it began.
    pub known: Known,
    /// How it began.
    pub beginning: Beginning,
}

/// What tells a run from another one of the same name of which the same is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Beginning {
    /// A program began to record it.
    Recorded {
        /// Nanoseconds since 1970 UTC.
        nanoseconds: u64,
        /// The number of that process.
        process: u32,
    },
    /// It was read from a file, in which this value stands first; a file that grows keeps it.
    Imported {
        /// The name of its series.
        series: String,
        /// Its step.
        step: u64,
        /// The value.
        value: Number,
    },
}

impl Beginning {
    /// Of a run that this process begins to record now.
    pub(super) fn now() -> Self {
        let since = dunwu::store::disk::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let nanoseconds = u64::try_from(since.as_nanos()).unwrap_or(u64::MAX);
        Self::Recorded { nanoseconds, process: std::process::id() }
    }

    /// When recording began, in seconds since 1970 UTC; `None` of what was imported.
    pub fn seconds(&self) -> Option<f64> {
        match self {
            Self::Recorded { nanoseconds, .. } => Some(*nanoseconds as f64 / 1e9),
            Self::Imported { .. } => None,
        }
    }
}

/// The id of a foreign run.
///
/// ```text
/// id = first 16 hexadecimal digits of BLAKE3( {"name":…,"known":{…},"beginning":{…}} )
/// ```
///
/// The text is JSON without spaces, `known` sorted by key, `beginning` as in the record's first line. A program that runs twice makes two
/// runs, because they begin at different times; a file that is imported twice makes one.
pub fn identify(name: &str, known: &Known, beginning: &Beginning) -> RunId {
    #[derive(Serialize)]
    struct Identity<'a> {
        name: &'a str,
        known: &'a Known,
        beginning: &'a Beginning,
    }
    let text = serde_json::to_string(&Identity { name, known, beginning }).expect("plain text and numbers");
    RunId::of(&text)
}

/// What is known, from a JSON object: objects within it become keys with points (`optimizer.lr`), lists their JSON, `null` nothing.
pub fn known_from_json(object: &serde_json::Map<String, Value>) -> Known {
    let mut known = Known::new();
    collect("", object, &mut known);
    known
}

fn collect(before: &str, object: &serde_json::Map<String, Value>, known: &mut Known) {
    for (key, value) in object {
        let key = format!("{before}{key}");
        match value {
            Value::Null => {}
            Value::Object(inner) => collect(&format!("{key}."), inner, known),
            Value::String(text) => drop(known.insert(key, text.clone())),
            other => drop(known.insert(key, other.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_the_hash_of_the_text_that_is_written_down() {
        let known = Known::from([("b".to_owned(), "2".to_owned()), ("a".to_owned(), "x\"y".to_owned())]);
        let beginning = Beginning::Recorded { nanoseconds: 5, process: 7 };
        let text = r#"{"name":"mine","known":{"a":"x\"y","b":"2"},"beginning":{"kind":"recorded","nanoseconds":5,"process":7}}"#;
        assert_eq!(identify("mine", &known, &beginning).as_str(), &blake3::hash(text.as_bytes()).to_hex()[..16]);
        let beginning = Beginning::Imported { series: "loss".to_owned(), step: 3, value: Number(f64::NAN) };
        let text =
            r#"{"name":"mine","known":{},"beginning":{"kind":"imported","series":"loss","step":3,"value":"NaN"}}"#;
        assert_eq!(identify("mine", &Known::new(), &beginning).as_str(), &blake3::hash(text.as_bytes()).to_hex()[..16]);
    }

    #[test]
    fn nested_objects_become_keys_with_points() {
        let object = serde_json::json!({"optimizer": {"name": "AdamW", "betas": [0.9, 0.99]}, "lr": 1e-3, "seed": null, "amp": true});
        let known = known_from_json(object.as_object().unwrap());
        let wanted = [("amp", "true"), ("lr", "0.001"), ("optimizer.betas", "[0.9,0.99]"), ("optimizer.name", "AdamW")];
        assert_eq!(known, wanted.map(|(key, value)| (key.to_owned(), value.to_owned())).into());
    }
}

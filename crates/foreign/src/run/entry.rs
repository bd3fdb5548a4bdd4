//! Further lines of a foreign run's record, as they are on disk.

pub use dunwu::store::entry::Number;

use super::header::Known;
use dunwu::store::SnapshotEntry;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;

/// Any line after the first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(super) enum Entry {
    Scalars(ScalarsEntry),
    Units(StoredUnits),
    Snapshot(SnapshotEntry),
    Mark(ForeignMark),
    Known(KnownEntry),
    Resumed(ResumedEntry),
    Finished(ForeignFinished),
}

/// `{"kind":"scalars","step":7,"values":{"train/loss":0.5}}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScalarsEntry {
    pub(super) step: u64,
    pub(super) values: NamedValues,
}

/// `{"kind":"units","step":7,"layer":"fc1","series":"norm","n":2,"f32":"AACAPwAAIMA="}`; the array comes last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoredUnits {
    pub(super) step: u64,
    pub(super) layer: String,
    pub(super) series: String,
    pub(super) n: usize,
    pub(super) f32: String,
}

/// Something that somebody said of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignMark {
    /// The step.
    pub step: u64,
    /// What was said.
    pub text: String,
}

/// What became known after the run had begun; it replaces what was known under the same keys.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KnownEntry {
    pub(super) values: Known,
}

/// A writer took the run in hand again. Where it names a step, what was recorded at that step and later counts no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ResumedEntry {
    pub(super) at: Option<u64>,
    /// Version of the build that resumed it.
    pub(super) dunwu: String,
}

/// How a foreign run ended.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignFinished {
    /// How the record ended: finished, failed, stopped or imported.
    pub how: ForeignEnd,
    /// The last step of which anything was recorded; `None` where nothing was.
    pub step: Option<u64>,
    /// Wall time in seconds since its writer took it in hand; `None` of what was imported.
    pub seconds: Option<Number>,
}

/// The end of a foreign run in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ForeignEnd {
    /// Its program said that it had finished.
    Finished,
    /// Its program failed.
    Failed,
    /// Somebody stopped it.
    Stopped,
    /// All of a file was read; whether the run itself has ended is not known.
    Imported,
}

impl ForeignEnd {
    /// Every end.
    pub const ALL: [Self; 4] = [Self::Finished, Self::Failed, Self::Stopped, Self::Imported];

    /// Its word: `finished`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
            Self::Imported => "imported",
        }
    }

    /// The end of this word.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|end| end.name() == name)
    }
}

/// Values by name in the order in which they were given; no name is there twice.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct NamedValues(pub(super) Vec<(String, f64)>);

impl Serialize for NamedValues {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, &Number(*value))?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for NamedValues {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ValuesVisitor;
        impl<'de> Visitor<'de> for ValuesVisitor {
            type Value = NamedValues;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("numbers by name")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<NamedValues, A::Error> {
                let mut values: Vec<(String, f64)> = Vec::new();
                while let Some((name, Number(value))) = map.next_entry::<String, Number>()? {
                    values.push((name, value));
                }
                let mut names: Vec<&str> = values.iter().map(|value| value.0.as_str()).collect();
                names.sort_unstable();
                if let Some([name, _]) = names.array_windows().find(|[a, b]| a == b) {
                    return Err(de::Error::custom(format!("{name:?} is there twice")));
                }
                Ok(NamedValues(values))
            }
        }
        deserializer.deserialize_map(ValuesVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_read_as_documented() {
        let values =
            NamedValues(vec![("loss".into(), 0.1), ("acc".into(), f64::NAN), ("lr".into(), f64::NEG_INFINITY)]);
        for (entry, text) in [
            (
                Entry::Scalars(ScalarsEntry { step: 7, values }),
                r#"{"kind":"scalars","step":7,"values":{"loss":0.1,"acc":"NaN","lr":"-inf"}}"#,
            ),
            (
                Entry::Units(StoredUnits {
                    step: 7,
                    layer: "fc1".into(),
                    series: "norm".into(),
                    n: 1,
                    f32: super::super::base64::encode(&[1.0]),
                }),
                r#"{"kind":"units","step":7,"layer":"fc1","series":"norm","n":1,"f32":"AACAPw=="}"#,
            ),
            (
                Entry::Mark(ForeignMark { step: 7, text: "a \"b\"".into() }),
                r#"{"kind":"mark","step":7,"text":"a \"b\""}"#,
            ),
            (
                Entry::Resumed(ResumedEntry { at: Some(3), dunwu: "0.1.0".into() }),
                r#"{"kind":"resumed","at":3,"dunwu":"0.1.0"}"#,
            ),
            (
                Entry::Finished(ForeignFinished { how: ForeignEnd::Failed, step: Some(7), seconds: Some(Number(1.5)) }),
                r#"{"kind":"finished","how":"failed","step":7,"seconds":1.5}"#,
            ),
        ] {
            assert_eq!(serde_json::to_string(&entry).unwrap(), text);
            let back = serde_json::from_str::<Entry>(text).unwrap();
            assert_eq!(format!("{back:?}"), format!("{entry:?}")); // NaN is not NaN
        }
    }

    #[test]
    fn no_line_names_a_value_twice_or_something_unknown() {
        for (text, why) in [
            (r#"{"kind":"scalars","step":7,"values":{"a":1.0,"b":1.0,"a":1.0}}"#, "twice"),
            (r#"{"kind":"scalars","step":7,"values":{"a":1}}"#, "a number"),
            (r#"{"kind":"scalars","step":-7,"values":{}}"#, "-7"),
            (r#"{"kind":"finished","how":"well","step":7,"seconds":null}"#, "well"),
            (r#"{"kind":"else"}"#, "else"),
        ] {
            let refused = serde_json::from_str::<Entry>(text).unwrap_err().to_string();
            assert!(refused.contains(why), "{text}: {refused}");
        }
    }
}

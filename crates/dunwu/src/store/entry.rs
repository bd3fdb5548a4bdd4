//! The record's lines, as they are on disk.

use super::id::RunId;
use crate::scalars::{self, SCALARS, ScalarQuantity};
use dunwu_engine::{Outcome, Scalars};
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;

/// The format that this build writes and reads. 2: lines carry checksums, and the first line holds the settings.
pub const FORMAT: u32 = 2;

/// The record's first line: what wrote it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Format of everything in the directory.
    pub format: u32,
    /// Version of the build that began the run.
    pub dunwu: String,
    /// Kernel that the run is computed with; another may give other bits.
    pub kernel: String,
    /// Hash of what identifies the run.
    pub id: RunId,
    /// The settings that identify it, by key, as they are hashed: so that one that was changed since can be named.
    pub settings: BTreeMap<String, String>,
    /// BLAKE3 of each file that the spec refers to, in hexadecimal, by name.
    pub inputs: BTreeMap<String, String>,
}

/// What the header of every format has, to refuse another one by name whatever else it holds.
#[derive(Deserialize)]
pub(super) struct FormatOnly {
    pub(super) format: u32,
    #[serde(default)]
    pub(super) dunwu: String,
    /// Present where another program made the run; what it holds is the business of whoever reads such runs.
    #[serde(default)]
    pub(super) foreign: Option<u32>,
}

/// Any further line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(super) enum Entry {
    Scalars(StoredScalars),
    Snapshot(SnapshotEntry),
    Parent(ParentEntry),
    Resumed(ResumedEntry),
    Finished(StoredFinished),
}

/// A snapshot as the record lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SnapshotEntry {
    /// Updates made so far.
    pub step: u64,
    /// Its file, relative to the run directory.
    pub file: String,
    /// BLAKE3 of the file, in hexadecimal.
    pub blake3: String,
}

/// The run that this one began with; all entries before this line are that run's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParentEntry {
    /// Its id.
    pub run: RunId,
    /// Updates that were taken over from it.
    pub step: u64,
}

/// The run went on here after an interruption.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ResumedEntry {
    /// Step of the checkpoint; 0 without one.
    pub(super) step: u64,
    /// Version of the build that resumed it.
    pub(super) dunwu: String,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Finished {
    /// What became of it.
    pub outcome: Outcome,
    /// Updates made.
    pub step: u64,
    /// Wall time in seconds, as the caller counted it.
    pub seconds: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoredFinished {
    outcome: StoredOutcome,
    step: u64,
    seconds: Number,
}

/// [`Outcome`] as the record and `--json` write it: `{"kind":"grokked","step":138}`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum StoredOutcome {
    /// Test accuracy arrived at its level, stayed, and is there at the end.
    Grokked {
        /// First step of the stay.
        step: u64,
    },
    /// Test accuracy arrived at its level, stayed, and is below it at the end.
    Lost {
        /// The last step.
        step: u64,
        /// First step of the stay.
        arrived: u64,
        /// First evaluation from which on it is below its level until the end.
        left: u64,
        /// Test accuracy at the end.
        #[serde(rename = "final")]
        last: f64,
    },
    /// Train accuracy arrived at its level, stayed, and is below it at the end; test accuracy never arrived at its own.
    Forgot {
        /// The last step.
        step: u64,
        /// First step of the stay.
        arrived: u64,
        /// First evaluation from which on it is below its level until the end.
        left: u64,
        /// Train accuracy at the end.
        #[serde(rename = "final")]
        last: f64,
    },
    /// The steps ran out before test accuracy arrived.
    Censored {
        /// The last step.
        step: u64,
    },
    /// The loss or a weight stopped being finite.
    Diverged {
        /// First step at which it was seen.
        step: u64,
    },
    /// Every unit, or all but a handful, decayed to nothing.
    Collapsed {
        /// First step from which on it was seen.
        step: u64,
    },
}

/// [`Scalars`] as a line holds them: the step, then each of [`SCALARS`] under its name, `null` where it is undefined.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StoredScalars(Scalars);

impl Serialize for StoredScalars {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1 + SCALARS.len()))?;
        map.serialize_entry("step", &self.0.step)?;
        for scalar in SCALARS {
            map.serialize_entry(scalar.name, &(scalar.get)(&self.0).map(Number))?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for StoredScalars {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RowVisitor;
        impl<'de> Visitor<'de> for RowVisitor {
            type Value = StoredScalars;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a step with losses and accuracies by name")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<StoredScalars, A::Error> {
                let (mut step, mut row) = (None, scalars::empty(0));
                let mut missing: Vec<&ScalarQuantity> = SCALARS.iter().collect();
                while let Some(name) = map.next_key::<String>()? {
                    if name == "step" {
                        step = Some(map.next_value()?);
                        continue;
                    }
                    let unknown = || de::Error::custom(format!("there is no quantity {name:?}, or it is there twice"));
                    let at = missing.iter().position(|scalar| scalar.name == name).ok_or_else(unknown)?;
                    let scalar = missing.remove(at);
                    if let Some(Number(value)) = map.next_value()? {
                        (scalar.set)(&mut row, value);
                    } else if (scalar.get)(&row).is_some() {
                        return Err(de::Error::custom(format!("{name} has no value")));
                    }
                }
                // What can be undefined may be absent: a build that did not know it yet wrote the line.
                if let Some(scalar) = missing.iter().find(|scalar| (scalar.get)(&row).is_some()) {
                    return Err(de::Error::missing_field(scalar.name));
                }
                row.step = step.ok_or_else(|| de::Error::missing_field("step"))?;
                Ok(StoredScalars(row))
            }
        }
        deserializer.deserialize_map(RowVisitor)
    }
}

/// An f64 that JSON holds to the bit; those that are not finite, which JSON has no number for, are strings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number(pub f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            x if x.is_nan() => serializer.serialize_str("NaN"),
            f64::INFINITY => serializer.serialize_str("inf"),
            f64::NEG_INFINITY => serializer.serialize_str("-inf"),
            x => serializer.serialize_f64(x),
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberVisitor;
        impl Visitor<'_> for NumberVisitor {
            type Value = Number;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number with a point or exponent, or one of \"NaN\", \"inf\", \"-inf\"")
            }
            fn visit_f64<E: de::Error>(self, x: f64) -> Result<Number, E> {
                Ok(Number(x))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Number, E> {
                match text {
                    "NaN" => Ok(Number(f64::NAN)),
                    "inf" => Ok(Number(f64::INFINITY)),
                    "-inf" => Ok(Number(f64::NEG_INFINITY)),
                    _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
                }
            }
        }
        deserializer.deserialize_any(NumberVisitor)
    }
}

impl From<&Scalars> for StoredScalars {
    fn from(scalars: &Scalars) -> Self {
        Self(*scalars)
    }
}

impl From<StoredScalars> for Scalars {
    fn from(stored: StoredScalars) -> Self {
        stored.0
    }
}

/// The first quantity in which `ours` differs from `recorded` in any bit, with both values as text; NaN equals NaN.
pub(super) fn first_difference(recorded: &Scalars, ours: &Scalars) -> Option<(&'static str, String, String)> {
    let bits = |x: Option<f64>| x.map(|x| if x.is_nan() { f64::NAN.to_bits() } else { x.to_bits() });
    let text = |x: Option<f64>| x.map_or("absent".to_owned(), |x| format!("{x:?}"));
    let mut both = SCALARS.iter().map(|scalar| (scalar.name, (scalar.get)(recorded), (scalar.get)(ours)));
    let (name, old, new) = both.find(|(_, old, new)| bits(*old) != bits(*new))?;
    Some((name, text(old), text(new)))
}

impl From<Finished> for StoredFinished {
    fn from(f: Finished) -> Self {
        Self { outcome: f.outcome.into(), step: f.step, seconds: Number(f.seconds) }
    }
}

impl From<StoredFinished> for Finished {
    fn from(f: StoredFinished) -> Self {
        Self { outcome: f.outcome.into(), step: f.step, seconds: f.seconds.0 }
    }
}

impl From<Outcome> for StoredOutcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Grokked { step } => Self::Grokked { step },
            Outcome::Lost { step, arrived, left, last } => Self::Lost { step, arrived, left, last },
            Outcome::Forgot { step, arrived, left, last } => Self::Forgot { step, arrived, left, last },
            Outcome::Censored { step } => Self::Censored { step },
            Outcome::Diverged { step } => Self::Diverged { step },
            Outcome::Collapsed { step } => Self::Collapsed { step },
        }
    }
}

impl From<StoredOutcome> for Outcome {
    fn from(outcome: StoredOutcome) -> Self {
        match outcome {
            StoredOutcome::Grokked { step } => Self::Grokked { step },
            StoredOutcome::Lost { step, arrived, left, last } => Self::Lost { step, arrived, left, last },
            StoredOutcome::Forgot { step, arrived, left, last } => Self::Forgot { step, arrived, left, last },
            StoredOutcome::Censored { step } => Self::Censored { step },
            StoredOutcome::Diverged { step } => Self::Diverged { step },
            StoredOutcome::Collapsed { step } => Self::Collapsed { step },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_scalars() -> impl Strategy<Value = Scalars> {
        let x = || any::<u64>().prop_map(f64::from_bits);
        let maybe = || proptest::option::of(any::<u64>().prop_map(f64::from_bits));
        (any::<u64>(), x(), x(), maybe(), maybe(), maybe(), maybe()).prop_map(|(step, a, b, c, d, e, f)| Scalars {
            step,
            train_loss: a,
            train_accuracy: b,
            test_loss: c,
            test_accuracy: d,
            corrupted_accuracy: e,
            restored_accuracy: f,
        })
    }

    proptest! {
        #[test]
        fn scalars_of_any_bits_come_back_from_their_line(scalars in any_scalars()) {
            let line = serde_json::to_string(&Entry::Scalars((&scalars).into())).unwrap();
            prop_assert!(!line.contains('\n'));
            let Entry::Scalars(stored) = serde_json::from_str(&line).unwrap() else { panic!("{line}") };
            let back = Scalars::from(stored);
            prop_assert_eq!(back.step, scalars.step);
            prop_assert_eq!(first_difference(&scalars, &back), None);
        }
    }

    #[test]
    fn a_line_reads_as_documented() {
        let scalars = Scalars {
            step: 7,
            train_loss: 0.1,
            train_accuracy: 1.0,
            test_loss: Some(f64::INFINITY),
            test_accuracy: Some(f64::NAN),
            corrupted_accuracy: None,
            restored_accuracy: Some(-0.0),
        };
        let line = serde_json::to_string(&Entry::Scalars((&scalars).into())).unwrap();
        let expected = concat!(
            r#"{"kind":"scalars","step":7,"train_loss":0.1,"train_accuracy":1.0,"test_loss":"inf","#,
            r#""test_accuracy":"NaN","corrupted_accuracy":null,"restored_accuracy":-0.0}"#
        );
        assert_eq!(line, expected);
    }

    #[test]
    fn a_line_lacks_nothing_that_every_evaluation_has_and_names_nothing_unknown() {
        let read = |line: &str| serde_json::from_str::<StoredScalars>(line).map(Scalars::from);
        let least = read(r#"{"step":7,"train_loss":0.5,"train_accuracy":"NaN"}"#).unwrap();
        assert!(
            least.step == 7 && least.train_loss == 0.5 && least.train_accuracy.is_nan() && least.test_loss.is_none()
        );
        for (line, why) in [
            (r#"{"step":7,"train_loss":0.5}"#, "train_accuracy"),
            (r#"{"train_loss":0.5,"train_accuracy":1.0}"#, "step"),
            (r#"{"step":7,"train_loss":null,"train_accuracy":1.0}"#, "train_loss has no value"),
            (r#"{"step":7,"train_loss":0.5,"train_accuracy":1.0,"luck":1.0}"#, "luck"),
            (r#"{"step":7,"train_loss":0.5,"train_loss":0.5,"train_accuracy":1.0}"#, "twice"),
        ] {
            let refused = read(line).unwrap_err().to_string();
            assert!(refused.contains(why), "{line}: {refused}");
        }
    }

    #[test]
    fn outcomes_are_written_as_programs_expect_them() {
        for (outcome, text) in [
            (Outcome::Grokked { step: 138 }, r#"{"kind":"grokked","step":138}"#),
            (
                Outcome::Lost { step: 1000, arrived: 52, left: 90, last: 0.25 },
                r#"{"kind":"lost","step":1000,"arrived":52,"left":90,"final":0.25}"#,
            ),
            (
                Outcome::Forgot { step: 1000, arrived: 8, left: 90, last: 0.25 },
                r#"{"kind":"forgot","step":1000,"arrived":8,"left":90,"final":0.25}"#,
            ),
            (Outcome::Censored { step: 2000 }, r#"{"kind":"censored","step":2000}"#),
            (Outcome::Diverged { step: 3 }, r#"{"kind":"diverged","step":3}"#),
            (Outcome::Collapsed { step: 900 }, r#"{"kind":"collapsed","step":900}"#),
        ] {
            assert_eq!(serde_json::to_string(&StoredOutcome::from(outcome)).unwrap(), text);
            assert_eq!(Outcome::from(serde_json::from_str::<StoredOutcome>(text).unwrap()), outcome);
        }
    }

    #[test]
    fn a_difference_in_the_last_bit_or_in_a_zeros_sign_is_named() {
        let base = Scalars {
            step: 0,
            train_loss: 0.5,
            train_accuracy: f64::NAN,
            test_loss: None,
            test_accuracy: Some(0.0),
            corrupted_accuracy: None,
            restored_accuracy: None,
        };
        assert_eq!(first_difference(&base, &base), None);
        let name = |other: Scalars| first_difference(&base, &other).map(|(name, ..)| name);
        assert_eq!(name(Scalars { train_loss: 0.5f64.next_up(), ..base }), Some("train_loss"));
        assert_eq!(name(Scalars { test_accuracy: Some(-0.0), ..base }), Some("test_accuracy"));
        assert_eq!(name(Scalars { test_loss: Some(1.0), ..base }), Some("test_loss"));
    }
}

//! Pieces that the data of several answers share.

use dunwu::stats::Share;
use dunwu_engine::spec::Value;
use schemars::JsonSchema;
use serde::Serialize;

/// The value of a setting.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum SettingValue {
    /// `true` or `false`.
    Truth(bool),
    /// A whole number.
    Whole(i64),
    /// A number.
    Number(f64),
    /// A word.
    Text(String),
}

impl From<&Value> for SettingValue {
    fn from(value: &Value) -> Self {
        match value {
            Value::Bool(truth) => Self::Truth(*truth),
            Value::Int(whole) => Self::Whole(*whole),
            Value::Float(number) => Self::Number(*number),
            Value::Text(text) => Self::Text(text.clone()),
        }
    }
}

/// The value of a setting in a table; `null` where the run does not have the setting.
pub fn setting_value(value: Option<&Value>) -> Option<SettingValue> {
    value.map(SettingValue::from)
}

/// An estimate with its 95 % interval; an end that is not known is `null`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Interval {
    /// The estimate.
    pub value: Option<f64>,
    /// Lower end.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
}

impl From<Share> for Interval {
    fn from(share: Share) -> Self {
        Self { value: Some(share.share), low: Some(share.low), high: Some(share.high) }
    }
}

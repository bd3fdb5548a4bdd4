//! One JSON object a line, as training scripts log.

use super::read::{Collected, Fault, STEPS, step};
use serde_json::Value;

/// Every number under a key of its own is a value at the line's step; words, lists and what is null are left out. `NaN` and `Infinity`, which
/// Python writes and JSON has not, make a line that is named.
pub(super) fn read(bytes: &[u8]) -> Result<Collected, Fault> {
    let mut collected = Collected::default();
    for (index, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let fault = |why: String| Fault { why, place: format!("line {}", index + 1) };
        let value: Value = serde_json::from_slice(line).map_err(|error| fault(format!("no JSON ({error})")))?;
        let Value::Object(object) = value else { return Err(fault("no JSON object".to_owned())) };
        let key = STEPS.iter().find(|key| object.contains_key(**key));
        let key = *key.ok_or_else(|| fault("no key says the step".to_owned()))?;
        let at = object[key].as_f64().and_then(step);
        let at = at.ok_or_else(|| fault(format!("the {key} is no whole number")))?;
        for (name, value) in object.iter().filter(|(name, _)| name.as_str() != key) {
            if let Some(value) = value.as_f64() {
                collected.push(name, at, value);
            }
        }
    }
    Ok(collected)
}

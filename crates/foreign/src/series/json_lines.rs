//! One JSON object a line, as training scripts log.

use super::read::{Collected, Fault, STEPS, step};
use serde_json::Value;

/// Every number under a key of its own is a value at the line's step; words, lists and what is null are left out. `NaN` and `Infinity`, which
/// Python writes and JSON has not, are numbers too. A last line without its end is one that is being written, or was when the run was
/// killed, and is left out where it is no JSON.
pub(super) fn read(bytes: &[u8]) -> Result<Collected, Fault> {
    let mut collected = Collected::default();
    let lines: Vec<&[u8]> = bytes.split(|&byte| byte == b'\n').collect();
    for (index, line) in lines.iter().enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let fault = |why: String| Fault { why, place: format!("line {}", index + 1) };
        let value: Value = match serde_json::from_slice(line) {
            Ok(value) => value,
            Err(error) => match serde_json::from_slice(&quoted(line)) {
                Ok(value) => value,
                Err(_) if index > 0 && index + 1 == lines.len() => break,
                Err(_) => return Err(fault(format!("no JSON ({error})"))),
            },
        };
        let Value::Object(object) = value else { return Err(fault("no JSON object".to_owned())) };
        let key = STEPS.iter().find(|key| object.contains_key(**key));
        let key = *key.ok_or_else(|| fault("no key says the step".to_owned()))?;
        let at = object[key].as_f64().and_then(step);
        let at = at.ok_or_else(|| fault(format!("the {key} is no whole number")))?;
        for (name, value) in object.iter().filter(|(name, _)| name.as_str() != key) {
            if let Some(value) = number(value) {
                collected.push(name, at, value);
            }
        }
    }
    Ok(collected)
}

/// The numbers that JSON has not, each in quotes.
const NO_JSON: [(&str, f64); 3] = [("NaN", f64::NAN), ("-Infinity", f64::NEG_INFINITY), ("Infinity", f64::INFINITY)];

/// A number, also one that JSON has not.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::String(text) => NO_JSON.iter().find(|(name, _)| name == text).map(|(_, value)| *value),
        value => value.as_f64(),
    }
}

/// The line with quotes about the numbers that JSON has not, where they stand outside of texts.
fn quoted(line: &[u8]) -> Vec<u8> {
    let (mut found, mut is_text, mut at) = (Vec::with_capacity(line.len() + 8), false, 0);
    while at < line.len() {
        let name =
            NO_JSON.iter().map(|(name, _)| name.as_bytes()).find(|name| !is_text && line[at..].starts_with(name));
        if let Some(name) = name {
            found.push(b'"');
            found.extend(name);
            found.push(b'"');
            at += name.len();
            continue;
        }
        let is_escape = is_text && line[at] == b'\\';
        is_text ^= line[at] == b'"';
        let n = if is_escape { 2.min(line.len() - at) } else { 1 };
        found.extend(&line[at..at + n]);
        at += n;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_python_writes_is_read_and_a_torn_end_is_left_out() {
        let text = br#"{"step": 1, "loss": 2.5, "note": "NaN \" Infinity"}
{"step": 2, "loss": NaN, "low": -Infinity}
{"step": 3, "loss": Infin"#;
        let series = read(text).ok().unwrap().log().series;
        let of = |name: &str| series.iter().find(|one| one.name == name).unwrap();
        assert_eq!((of("loss").steps.as_slice(), of("loss").values[0]), ([1, 2].as_slice(), 2.5));
        assert!(of("loss").values[1].is_nan() && of("low").values == [f64::NEG_INFINITY]);
        assert!(
            read(b"{\"step\": 1, \"loss\": nothing}\n{\"step\": 2, \"loss\": 1}\n").is_err(),
            "in the middle it is named"
        );
    }
}

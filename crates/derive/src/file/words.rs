//! Words in tables of a file: keys, lists of words, assumptions.

use crate::file::{ParseError, Place};
use toml::Value;

/// The strings of a key: one, or an array of them. Whole numbers are taken as their digits.
pub(super) fn words(place: &Place, value: &Value, key: &str) -> Result<Vec<String>, ParseError> {
    let word = |value: &Value| match value {
        Value::String(text) => Ok(text.clone()),
        Value::Integer(whole) => Ok(whole.to_string()),
        other => place.means(format!("`{other}` in `{key}`; write words in quotes")),
    };
    match value.get(key) {
        None => Ok(Vec::new()),
        Some(Value::Array(values)) => values.iter().map(word).collect(),
        Some(single) => Ok(vec![word(single)?]),
    }
}

pub(super) fn keys(place: &Place, value: &Value, known: &[&str]) -> Result<(), ParseError> {
    let Some(table) = value.as_table() else { return Ok(()) };
    match table.keys().find(|key| !known.contains(&key.as_str())) {
        Some(unknown) => place.means(format!("the key `{unknown}` means nothing here; known are {}", known.join(", "))),
        None => Ok(()),
    }
}

/// The assumptions of a table, and the words that are not among them but begin as such do.
pub(super) fn named<T: Copy>(
    place: &Place,
    value: &Value,
    table: &[(&'static str, T)],
) -> Result<(Vec<T>, Vec<String>), ParseError> {
    let (mut found, mut rest) = (Vec::new(), Vec::new());
    for text in words(place, value, "assumptions")? {
        match table.iter().find(|(known, _)| *known == text) {
            Some((_, assumption)) => found.push(*assumption),
            None if text.starts_with("apart from ") => rest.push(text),
            None => return place.means(unknown_word(&text, table.iter().map(|row| row.0))),
        }
    }
    Ok((found, rest))
}

pub(super) fn unknown_word<'w>(text: &str, known: impl Iterator<Item = &'w str>) -> String {
    let known: Vec<&str> = known.collect();
    let near = known.iter().map(|word| (strsim::osa_distance(word, text), word)).min();
    match near {
        Some((distance, word)) if distance <= 4 => format!("`{text}` is no assumption; is `{word}` meant?"),
        _ => format!("`{text}` is no assumption; there are {}", known.join(", ")),
    }
}

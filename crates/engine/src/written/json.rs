//! JSON: lists of lists, plain lists, and objects that hold them.

use super::{Place, WrittenError, WrittenFile, WrittenRow};
use serde_json::Value;

/// Keys under which a split names what is not trained on.
const OTHERS: [&str; 5] = ["test", "test_indices", "test_idx", "validation", "val"];

pub(super) fn read(value: &Value, keys: &'static [&'static str]) -> Result<WrittenFile, WrittenError> {
    let index_base = match value.get("index_base") {
        None => None,
        Some(found) => match found.as_u64() {
            Some(base @ 0..=1) => Some(base),
            _ => return Err(WrittenError::IndexBase { found: found.to_string() }),
        },
    };
    let key = keys.first().copied().unwrap_or_default();
    let shape = |found: &Value| {
        let hint = match found {
            Value::Object(_) if found.get("columns").is_none() => "; pandas writes one with to_json(orient=\"values\")",
            _ => "",
        };
        WrittenError::Shape { found: shortened(&found.to_string()), key, hint }
    };
    let list = match value {
        Value::Object(object) => keys.iter().find_map(|key| object.get(*key)).ok_or_else(|| shape(value))?,
        other => other,
    };
    let mut rows = rows(list).ok_or_else(|| shape(list))?;
    // Names beside the list, as `to_json(orient="split")` of pandas has them.
    let labels =
        |key: &str| value.get(key).and_then(Value::as_array).map(|names| names.iter().map(cell).collect::<Vec<_>>());
    let columns = labels("columns").or_else(|| labels("elements")).or_else(|| labels("names"));
    let index = labels("index");
    if let Some(index) = index.filter(|index| index.len() == rows.len()) {
        for (row, name) in rows.iter_mut().zip(index) {
            row.cells.insert(0, name);
        }
    }
    if let Some(columns) = columns {
        rows.insert(
            0,
            WrittenRow { place: Place::Entry(0), written: columns.join(","), cells: columns, is_lone: false },
        );
    }
    let others = match value {
        Value::Object(object) => {
            OTHERS.iter().filter_map(|key| object.get(*key)).filter_map(self::rows).flatten().collect()
        }
        _ => Vec::new(),
    };
    Ok(WrittenFile { index_base, rows, others })
}

/// `None` where it is no list of values and lists of values.
fn rows(list: &Value) -> Option<Vec<WrittenRow>> {
    let is_value = |value: &Value| !(value.is_array() || value.is_object() || value.is_null());
    let row = |(index, entry): (usize, &Value)| {
        let (cells, is_lone) = match entry {
            Value::Array(cells) if cells.iter().all(is_value) => (cells.iter().map(cell).collect(), false),
            lone if is_value(lone) => (vec![cell(lone)], true),
            _ => return None,
        };
        Some(WrittenRow { place: Place::Entry(index + 1), written: entry.to_string(), cells, is_lone })
    };
    list.as_array()?.iter().enumerate().map(row).collect()
}

fn cell(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("`{}…`", &text[..end]),
        None => format!("`{text}`"),
    }
}

//! Schemas and values as every client has them: the schemas of Rust's types in the plainest words, and `null` for what is absent.

use crate::schema;
use serde_json::{Map, Value};

/// Rewrites what schemars makes of a type so that every client reads it: formats of Rust's numbers become bounds, and in
/// arguments an optional field is one that may be absent, without `null` (which [`drop_nulls`] takes all the same). Clients that
/// hand schemas to models with one type a field drop the tool, or the bounds, otherwise.
pub(crate) fn simplify(schema: &mut Value, is_input: bool) {
    let Value::Object(fields) = schema else { return };
    simplify_number(fields);
    let required = fields.get("required").cloned().unwrap_or_default();
    let is_required = |name: &String| required.as_array().is_some_and(|names| names.iter().any(|other| other == name));
    for (keyword, value) in fields.iter_mut() {
        match (keyword.as_str(), value) {
            ("properties", Value::Object(schemas)) => {
                for (name, schema) in schemas.iter_mut() {
                    if is_input && !is_required(name) {
                        without_null(schema);
                    }
                    simplify(schema, is_input);
                }
            }
            ("$defs", Value::Object(schemas)) => schemas.values_mut().for_each(|schema| simplify(schema, is_input)),
            ("anyOf" | "oneOf" | "allOf" | "prefixItems", Value::Array(schemas)) => {
                schemas.iter_mut().for_each(|schema| simplify(schema, is_input));
            }
            ("items" | "additionalProperties", schema) => simplify(schema, is_input),
            _ => {}
        }
    }
}

fn simplify_number(fields: &mut Map<String, Value>) {
    let bounds = match fields.get("format").and_then(Value::as_str) {
        Some("uint32") => Some((0, i64::from(u32::MAX))),
        Some("int32") => Some((i64::from(i32::MIN), i64::from(i32::MAX))),
        Some("uint8" | "uint16" | "uint64" | "uint" | "int8" | "int16" | "int64" | "int" | "float" | "double") => None,
        _ => return,
    };
    fields.remove("format");
    if let Some((least, most)) = bounds {
        fields.entry("minimum").or_insert(least.into());
        fields.entry("maximum").or_insert(most.into());
    }
}

fn without_null(schema: &mut Value) {
    let Value::Object(fields) = schema else { return };
    fields.retain(|keyword, value| keyword != "default" || !value.is_null());
    for (keyword, null) in [("type", Value::from("null")), ("enum", Value::Null)] {
        if let Some(Value::Array(values)) = fields.get_mut(keyword) {
            values.retain(|value| *value != null);
        }
    }
    if let Some(Value::Array(types)) = fields.get("type")
        && let [only] = types.as_slice()
    {
        let only = only.clone();
        fields.insert("type".to_owned(), only);
    }
    let Some(Value::Array(forms)) = fields.get_mut("anyOf") else { return };
    forms.retain(|form| form.get("type") != Some(&Value::from("null")));
    if let [Value::Object(only)] = forms.as_slice() {
        let only = only.clone();
        fields.remove("anyOf");
        for (keyword, value) in only {
            fields.entry(keyword).or_insert(value);
        }
    }
}

/// Removes `null` where a field is optional and `null` does not fit: some clients send all fields.
pub(crate) fn drop_nulls(root: &Value, value: &mut Value) {
    drop_nulls_at(root, root, value, 0);
}

fn drop_nulls_at(root: &Value, schema: &Value, value: &mut Value, depth: usize) {
    let reference = schema.get("$ref").and_then(Value::as_str);
    let schema = reference.and_then(|reference| schema::referred(root, reference)).unwrap_or(schema);
    let required = schema.get("required").and_then(Value::as_array);
    let is_required = |name: &str| required.is_some_and(|names| names.iter().any(|other| other == name));
    match value {
        _ if depth > schema::DEPTH => {}
        Value::Object(fields) => {
            let below = |name: &str| schema.get("properties").and_then(|properties| properties.get(name));
            let takes_null = |schema: &Value| schema::fits(root, schema, &Value::Null);
            fields.retain(|name, value| !value.is_null() || is_required(name) || below(name).is_none_or(takes_null));
            for (name, value) in fields {
                if let Some(schema) = below(name) {
                    drop_nulls_at(root, schema, value, depth + 1);
                }
            }
        }
        Value::Array(items) => {
            if let Some(schema) = schema.get("items") {
                items.iter_mut().for_each(|item| drop_nulls_at(root, schema, item, depth + 1));
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::experiment;
    use serde_json::json;

    #[test]
    fn null_stands_for_an_optional_field_that_is_absent() {
        let mut value = json!({ "seed": null, "task": "addition", "note": null, "how": null, "knobs": [{ "name": "a",
            "at": null, "below": null }] });
        drop_nulls(&experiment(), &mut value);
        let kept = json!({ "seed": null, "task": "addition", "note": null, "knobs": [{ "name": "a", "at": null }] });
        assert_eq!(value, kept);
    }

    #[test]
    fn schemas_of_arguments_are_what_every_client_reads() {
        let mut schema = json!({ "type": "object", "required": ["a"], "properties": {
            "a": { "type": ["integer", "null"], "format": "uint32", "minimum": 0 },
            "b": { "type": ["integer", "null"], "format": "int32", "default": null },
            "c": { "description": "See.", "anyOf": [{ "type": "number", "format": "double" }, { "type": "null" }] },
            "d": { "type": ["string", "null"], "enum": ["x", null] },
            "format": { "type": "array", "items": { "type": "integer", "format": "uint64", "minimum": 0 } },
        } });
        simplify(&mut schema, true);
        let simple = json!({ "type": "object", "required": ["a"], "properties": {
            "a": { "type": ["integer", "null"], "minimum": 0, "maximum": u32::MAX },
            "b": { "type": "integer", "minimum": i32::MIN, "maximum": i32::MAX },
            "c": { "description": "See.", "type": "number" },
            "d": { "type": "string", "enum": ["x"] },
            "format": { "type": "array", "items": { "type": "integer", "minimum": 0 } },
        } });
        assert_eq!(schema, simple);
    }
}

//! Fields of a request, each refused by its name. `null` is a field that is not there, as `OpenAI` has it.

use super::refusal::Refusal;
use axum::http::StatusCode;
use serde_json::{Map, Value};
use std::ops::RangeInclusive;

/// The fields of one object of a request.
#[derive(Clone, Copy)]
pub(super) struct Fields<'r> {
    object: &'r Map<String, Value>,
    /// What their names begin with: `messages[0].`.
    place: &'r str,
}

impl<'r> Fields<'r> {
    pub(super) fn new(value: &'r Value, place: &'r str) -> Result<Self, Refusal> {
        let named = || place.trim_end_matches('.').to_owned();
        match value.as_object() {
            Some(object) => Ok(Self { object, place }),
            None if place.is_empty() => {
                let message = format!("the body is a JSON object, not {}", kind(value));
                Err(Refusal::new(StatusCode::BAD_REQUEST, message))
            }
            None => Err(Refusal::field(named(), format!("{} is an object, not {}", named(), kind(value)))),
        }
    }

    /// The full name of a field.
    pub(super) fn name(&self, field: &str) -> String {
        format!("{}{field}", self.place)
    }

    pub(super) fn get(&self, field: &str) -> Option<&'r Value> {
        self.object.get(field).filter(|value| !value.is_null())
    }

    pub(super) fn wrong(&self, field: &str, wanted: &str) -> Refusal {
        let found = self.get(field).map_or("missing".to_owned(), |value| format!("not {}", shown(value)));
        Refusal::field(self.name(field), format!("{} is {wanted}, {found}", self.name(field)))
    }

    pub(super) fn required(&self, field: &str, wanted: &str) -> Result<&'r Value, Refusal> {
        self.get(field)
            .ok_or_else(|| Refusal::field(self.name(field), format!("{} is missing: it is {wanted}", self.name(field))))
    }

    pub(super) fn boolean(&self, field: &str) -> Result<Option<bool>, Refusal> {
        self.get(field).map(|value| value.as_bool().ok_or_else(|| self.wrong(field, "true or false"))).transpose()
    }

    pub(super) fn string(&self, field: &str) -> Result<Option<&'r str>, Refusal> {
        self.get(field).map(|value| value.as_str().ok_or_else(|| self.wrong(field, "a text"))).transpose()
    }

    pub(super) fn number(&self, field: &str, range: RangeInclusive<f64>) -> Result<Option<f32>, Refusal> {
        let wanted = || format!("a number from {} to {}", range.start(), range.end());
        let number = |value: &Value| value.as_f64().filter(|number| range.contains(number)).map(|number| number as f32);
        self.get(field).map(|value| number(value).ok_or_else(|| self.wrong(field, &wanted()))).transpose()
    }

    pub(super) fn integer(&self, field: &str, range: RangeInclusive<u64>) -> Result<Option<u64>, Refusal> {
        let wanted = match *range.end() {
            u64::MAX => format!("a whole number from {}", range.start()),
            end => format!("a whole number from {} to {end}", range.start()),
        };
        let integer = |value: &Value| value.as_u64().filter(|number| range.contains(number));
        self.get(field).map(|value| integer(value).ok_or_else(|| self.wrong(field, &wanted))).transpose()
    }
}

/// A value as it is quoted in an error.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 60 { text } else { kind(value).to_owned() }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

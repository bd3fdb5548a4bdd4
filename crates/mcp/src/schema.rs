//! Values against JSON Schemas, with errors for agents: which field, what is wrong, what to write.
//!
//! Only the keywords that schemars writes for ordinary types are checked. A schema with another one is refused when the server
//! is made ([`vet`]), so that nothing passes because it was not understood. The crate `jsonschema` checks all of them and stands
//! beside this in the tests; its errors name a keyword and not a remedy, and it would be the largest dependency of the server.
//!
//! One difference is on purpose: `1.0` is no integer here, because `serde` takes none.

use serde_json::{Map, Value};

/// One place at which a value does not fit its schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Misfit {
    /// Where, such as `knobs[2].name`; `arguments` is the whole.
    pub(crate) field: String,
    pub(crate) problem: String,
    pub(crate) remedy: String,
    /// Whether it says that the value is of another form altogether: another type, or another tag.
    is_of_form: bool,
}

/// A keyword that is not checked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unchecked {
    pub(crate) keyword: String,
    pub(crate) at: String,
}

/// More than these are not told at once.
const N_MISFITS: usize = 8;

/// References followed in one value at most; JSON itself is at most 128 deep.
pub(crate) const DEPTH: usize = 200;

/// Keywords that only describe.
const DESCRIPTIONS: [&str; 10] = [
    "$schema",
    "$id",
    "$comment",
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
];

/// Keywords that are checked, except those below that hold schemas.
const CHECKED: [&str; 15] = [
    "type",
    "enum",
    "const",
    "format",
    "required",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "uniqueItems",
    "$ref",
];

/// Looks for keywords that [`misfits`] does not check, and for references that lead nowhere.
pub(crate) fn vet(root: &Value) -> Result<(), Unchecked> {
    vet_at(root, root, "")
}

fn vet_at(root: &Value, schema: &Value, at: &str) -> Result<(), Unchecked> {
    let unchecked = |keyword: &str| Unchecked { keyword: keyword.to_owned(), at: at.to_owned() };
    let fields = match schema {
        Value::Bool(_) => return Ok(()),
        Value::Object(fields) => fields,
        _ => return Err(unchecked("")),
    };
    for (keyword, value) in fields {
        let below = format!("{at}/{keyword}");
        match (keyword.as_str(), value) {
            ("properties" | "$defs", Value::Object(schemas)) => {
                schemas.iter().try_for_each(|(name, schema)| vet_at(root, schema, &format!("{below}/{name}")))?;
            }
            ("anyOf" | "oneOf" | "allOf" | "prefixItems", Value::Array(schemas)) => {
                let mut schemas = schemas.iter().enumerate();
                schemas.try_for_each(|(index, schema)| vet_at(root, schema, &format!("{below}/{index}")))?;
            }
            ("items" | "additionalProperties", schema) => vet_at(root, schema, &below)?,
            ("$ref", Value::String(reference)) if referred(root, reference).is_none() => return Err(unchecked("$ref")),
            (keyword, _) if DESCRIPTIONS.contains(&keyword) || CHECKED.contains(&keyword) => {}
            (keyword, _) => return Err(unchecked(keyword)),
        }
    }
    Ok(())
}

/// Where a value does not fit a schema that was vetted; nowhere if it fits.
pub(crate) fn misfits(root: &Value, value: &Value, name: &str) -> Vec<Misfit> {
    let mut check = Check { root, misfits: Vec::new() };
    check.at(root, value, name, 0);
    check.misfits.truncate(N_MISFITS);
    check.misfits
}

/// Whether a value fits a part of a schema.
pub(crate) fn fits(root: &Value, schema: &Value, value: &Value) -> bool {
    let mut check = Check { root, misfits: Vec::new() };
    check.at(schema, value, WHOLE, 0);
    check.misfits.is_empty()
}

/// The part of a schema that a reference names.
pub(crate) fn referred<'a>(root: &'a Value, reference: &str) -> Option<&'a Value> {
    root.pointer(reference.strip_prefix('#')?)
}

struct Check<'a> {
    root: &'a Value,
    misfits: Vec<Misfit>,
}

impl<'a> Check<'a> {
    fn misfit(&mut self, field: &str, problem: impl Into<String>, remedy: impl Into<String>) {
        let (problem, remedy) = (problem.into(), remedy.into());
        self.misfits.push(Misfit { field: field.to_owned(), problem, remedy, is_of_form: false });
    }

    fn other_form(&mut self, field: &str, problem: impl Into<String>, remedy: impl Into<String>) {
        self.misfit(field, problem, remedy);
        if let Some(misfit) = self.misfits.last_mut() {
            misfit.is_of_form = true;
        }
    }

    fn at(&mut self, schema: &'a Value, value: &Value, field: &str, depth: usize) {
        let schema = match schema {
            Value::Object(schema) => schema,
            Value::Bool(false) => return self.misfit(field, "is not allowed here", "leave it out"),
            _ => return,
        };
        if depth > DEPTH {
            return self.misfit(field, "is nested too deeply", "make it flatter");
        }
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str)
            && let Some(schema) = referred(self.root, reference)
        {
            self.at(schema, value, field, depth + 1);
        }
        if !self.has_type(schema, value, field) || !self.is_listed(schema, value, field) {
            return;
        }
        match value {
            Value::Object(fields) => self.object(schema, fields, field, depth),
            Value::Array(items) => self.array(schema, items, field, depth),
            Value::String(text) => self.text(schema, text, field),
            Value::Number(_) => self.number(schema, value, field),
            _ => {}
        }
        for schema in schemas(schema, "allOf") {
            self.at(schema, value, field, depth + 1);
        }
        self.branches(schemas(schema, "anyOf"), value, field, depth, false);
        self.branches(schemas(schema, "oneOf"), value, field, depth, true);
    }

    fn has_type(&mut self, schema: &Map<String, Value>, value: &Value, field: &str) -> bool {
        let types: Vec<&str> = match schema.get("type") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            _ => return true,
        };
        let fits = |name: &&str| match *name {
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            name => name == type_of(value),
        };
        let has_one = types.iter().any(fits);
        if !has_one {
            let names: Vec<String> = types.iter().map(|name| with_article(name)).collect();
            let wanted = names.join(" or ");
            self.other_form(field, format!("is {}", shown(value)), format!("give {wanted}"));
        }
        has_one
    }

    fn is_listed(&mut self, schema: &Map<String, Value>, value: &Value, field: &str) -> bool {
        if let Some(only) = schema.get("const").filter(|only| *only != value) {
            self.other_form(field, format!("is {}", shown(value)), format!("give {only}"));
            return false;
        }
        let Some(Value::Array(listed)) = schema.get("enum") else { return true };
        let is_listed = listed.contains(value);
        if !is_listed {
            let names: Vec<String> = listed.iter().map(Value::to_string).collect();
            let texts = listed.iter().filter_map(Value::as_str);
            let nearest = value.as_str().and_then(|text| nearest(text, texts));
            let hint = nearest.map(|name| format!("did you mean {name:?}? ")).unwrap_or_default();
            let problem = format!("is {}", shown(value));
            self.other_form(field, problem, format!("{hint}give one of {}", names.join(", ")));
        }
        is_listed
    }

    fn object(&mut self, schema: &'a Map<String, Value>, fields: &Map<String, Value>, field: &str, depth: usize) {
        let empty = Map::new();
        let properties = schema.get("properties").and_then(Value::as_object);
        // In one order, whatever order the maps of this build keep.
        let mut known: Vec<&str> = properties.unwrap_or(&empty).keys().map(String::as_str).collect();
        known.sort_unstable();
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        for name in required.filter_map(Value::as_str).filter(|name| !fields.contains_key(*name)) {
            let told = properties.and_then(|properties| properties.get(name)?.get("description")?.as_str());
            let told = told.and_then(|told| told.lines().next()).map(|told| format!(": {told}")).unwrap_or_default();
            self.misfit(&path(field, name), "is missing", format!("add it{told}"));
        }
        for (name, value) in fields {
            let below = path(field, name);
            if let Some(schema) = properties.and_then(|properties| properties.get(name)) {
                self.at(schema, value, &below, depth + 1);
            } else {
                match schema.get("additionalProperties") {
                    Some(Value::Bool(false)) => {
                        let hint = nearest(name, known.iter().copied());
                        let hint = hint.map(|name| format!("did you mean `{name}`? ")).unwrap_or_default();
                        let names = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                        self.misfit(&below, "is no known field", format!("{hint}the fields are: {names}"));
                    }
                    Some(schema) => self.at(schema, value, &below, depth + 1),
                    None => {}
                }
            }
        }
    }

    fn array(&mut self, schema: &'a Map<String, Value>, items: &[Value], field: &str, depth: usize) {
        let length = items.len() as u64;
        if let Some(least) = bound(schema, "minItems").filter(|least| length < *least) {
            self.misfit(field, format!("has {length} items"), format!("give at least {least}"));
        }
        if let Some(most) = bound(schema, "maxItems").filter(|most| length > *most) {
            self.misfit(field, format!("has {length} items"), format!("give at most {most}"));
        }
        if schema.get("uniqueItems") == Some(&Value::Bool(true)) {
            let again =
                items.iter().enumerate().find(|(index, item)| items.iter().take(*index).any(|other| other == *item));
            if let Some((index, _)) = again {
                self.misfit(&format!("{field}[{index}]"), "is there twice", "leave one out");
            }
        }
        let mut first = schemas(schema, "prefixItems").iter();
        for (index, item) in items.iter().enumerate() {
            if let Some(schema) = first.next().or_else(|| schema.get("items")) {
                self.at(schema, item, &format!("{field}[{index}]"), depth + 1);
            }
        }
    }

    fn text(&mut self, schema: &Map<String, Value>, text: &str, field: &str) {
        let length = text.chars().count() as u64;
        if let Some(least) = bound(schema, "minLength").filter(|least| length < *least) {
            self.misfit(field, format!("has {length} characters"), format!("give at least {least}"));
        }
        if let Some(most) = bound(schema, "maxLength").filter(|most| length > *most) {
            self.misfit(field, format!("has {length} characters"), format!("give at most {most}"));
        }
    }

    fn number(&mut self, schema: &Map<String, Value>, value: &Value, field: &str) {
        type Fits = fn(f64, f64) -> bool;
        let bounds: [(&str, &str, Fits); 4] = [
            ("minimum", "at least", |value, bound| value >= bound),
            ("maximum", "at most", |value, bound| value <= bound),
            ("exclusiveMinimum", "more than", |value, bound| value > bound),
            ("exclusiveMaximum", "less than", |value, bound| value < bound),
        ];
        let number = value.as_f64().unwrap_or(f64::NAN);
        for (keyword, words, fits) in bounds {
            if let Some(bound) = schema.get(keyword)
                && bound.as_f64().is_some_and(|bound| !fits(number, bound))
            {
                self.misfit(field, format!("is {value}"), format!("give {words} {bound}"));
            }
        }
    }

    /// One of several schemas has to fit. If none does, the errors are those of the one that was meant, if it is clear which.
    fn branches(&mut self, branches: &'a [Value], value: &Value, field: &str, depth: usize, only_one: bool) {
        if branches.is_empty() {
            return;
        }
        let tried: Vec<Vec<Misfit>> = branches
            .iter()
            .map(|schema| {
                let mut check = Check { root: self.root, misfits: Vec::new() };
                check.at(schema, value, field, depth + 1);
                check.misfits
            })
            .collect();
        let n_fitting = tried.iter().filter(|misfits| misfits.is_empty()).count();
        if n_fitting == 1 || n_fitting > 1 && !only_one {
            return;
        }
        if n_fitting > 1 {
            return self.misfit(field, format!("fits {n_fitting} forms, and one is meant"), "leave fields out");
        }
        let mut meant = tried.iter().filter(|misfits| misfits.iter().all(|misfit| !misfit.is_of_form));
        if let (Some(misfits), None) = (meant.next(), meant.next()) {
            return self.misfits.extend(misfits.iter().cloned());
        }
        let mut remedies: Vec<String> = Vec::new();
        for misfit in tried.into_iter().filter_map(|misfits| misfits.into_iter().next()) {
            let at = if misfit.field == field { String::new() } else { format!("{}: ", misfit.field) };
            let remedy = format!("{at}{}", misfit.remedy);
            if !remedies.contains(&remedy) {
                remedies.push(remedy);
            }
        }
        self.other_form(field, format!("is {}, which fits no form", shown(value)), remedies.join("; or "));
    }
}

fn schemas<'a>(schema: &'a Map<String, Value>, keyword: &str) -> &'a [Value] {
    schema.get(keyword).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn bound(schema: &Map<String, Value>, keyword: &str) -> Option<u64> {
    schema.get(keyword)?.as_u64()
}

fn path(field: &str, name: &str) -> String {
    if field == WHOLE { name.to_owned() } else { format!("{field}.{name}") }
}

/// What the whole of the arguments is called.
pub(crate) const WHOLE: &str = "arguments";

fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let distances = known.map(|known| (strsim::damerau_levenshtein(name, known), known));
    distances.min().filter(|(distance, _)| *distance <= 1 + name.len() / 4).map(|(_, known)| known)
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn with_article(name: &str) -> String {
    match name {
        "null" => name.to_owned(),
        "integer" => "an integer without a fraction".to_owned(),
        "array" | "object" => format!("an {name}"),
        _ => format!("a {name}"),
    }
}

/// A value in an error: short ones as they are.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    match value {
        Value::Array(_) | Value::Object(_) => with_article(type_of(value)),
        Value::Null => text,
        _ if text.chars().count() <= 60 => format!("the {} {text}", type_of(value)),
        _ => format!("a {} of {} characters", type_of(value), text.chars().count()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::experiment;
    use serde_json::json;

    fn told(schema: &Value, value: &Value) -> Vec<String> {
        vet(schema).unwrap();
        let misfits = misfits(schema, value, WHOLE);
        misfits.into_iter().map(|misfit| format!("{}: {}; {}", misfit.field, misfit.problem, misfit.remedy)).collect()
    }

    /// Values that fit `experiment`, and values that do not.
    fn values() -> Vec<Value> {
        let mut values = vec![
            json!({ "seed": 1, "task": "addition" }),
            json!({ "seed": 1 }),
            json!({}),
            json!([]),
            json!(null),
            json!("x"),
            json!({ "seed": 1, "task": "addition", "tsak": 3 }),
        ];
        let fields = [
            ("seed", json!([0, 9, 10, -1, 1.5, "1", null, true, {}, 1e300])),
            ("task", json!(["division", "Addition", 3, null, ["addition"]])),
            ("note", json!(["abcd", "", "abcde", "äöüß", null, 3, []])),
            (
                "knobs",
                json!([
                    [],
                    [{ "name": "a" }],
                    [{ "name": "a" }, { "name": "a" }],
                    [{ "name": "a" }, { "name": "b" }, { "name": "c" }, { "name": "d" }],
                    [{ "name": "a", "at": 0.5 }],
                    [{ "name": "a", "at": null }],
                    [{ "name": "a", "at": 0 }],
                    [{ "name": "a", "at": 1.0 }],
                    [{ "name": "a", "at": "x" }],
                    [{ "at": 0.5 }],
                    [{ "name": "a", "below": [{ "name": "b", "below": [{}] }] }],
                    [{ "name": "a", "below": [{ "name": "b", "below": [{ "name": "c" }] }] }],
                    [3],
                    {},
                ]),
            ),
            (
                "how",
                json!([
                    { "kind": "long", "steps": 4 },
                    { "kind": "long", "steps": "4" },
                    { "kind": "long" },
                    { "kind": "short" },
                    { "kind": "short", "steps": 4 },
                    { "kind": "medium" },
                    {},
                    3,
                ]),
            ),
        ];
        for (name, cases) in fields {
            for case in cases.as_array().unwrap() {
                let mut value = json!({ "seed": 1, "task": "addition" });
                value[name] = case.clone();
                values.push(value);
            }
        }
        values
    }

    #[test]
    fn another_implementation_finds_the_same_values_to_fit() {
        let schema = experiment();
        let other = jsonschema::validator_for(&schema).unwrap();
        let mut n_fitting = 0;
        for value in values() {
            let fits = misfits(&schema, &value, WHOLE).is_empty();
            assert_eq!(fits, other.is_valid(&value), "{value}");
            n_fitting += usize::from(fits);
        }
        assert!((10..values().len() - 20).contains(&n_fitting), "{n_fitting} of {} fit", values().len());
    }

    #[test]
    fn errors_name_the_field_and_the_remedy() {
        let check = |value: Value, expected: &str| assert_eq!(told(&experiment(), &value).join(" | "), expected);
        check(json!({ "task": "addition" }), "seed: is missing; add it: The seed");
        check(
            json!({ "seed": 1.0, "task": "addition" }),
            "seed: is the number 1.0; give an integer without a fraction",
        );
        check(
            json!({ "seed": 10, "task": "additon" }),
            "seed: is 10; give at most 9 | \
             task: is the string \"additon\"; did you mean \"addition\"? give one of \"addition\", \"division\"",
        );
        check(
            json!({ "seed": 1, "task": "addition", "knob": [] }),
            "knob: is no known field; did you mean `knobs`? the fields are: how, knobs, note, seed, task",
        );
        check(
            json!({ "seed": 1, "task": "addition", "how": { "kind": "long", "steps": "4" } }),
            "how: is an object, which fits no form; how.steps: give an integer without a fraction; or how.kind: give \"short\"",
        );
        check(json!({ "seed": 1, "task": "addition", "how": { "kind": "long" } }), "how.steps: is missing; add it");
        check(
            json!({ "seed": 1, "task": "addition", "knobs": [{ "name": "a", "at": 7 }] }),
            "knobs[0].at: is 7; give less than 1",
        );
    }

    #[test]
    fn a_keyword_that_is_not_checked_is_refused() {
        for keyword in ["pattern", "patternProperties", "if", "not", "multipleOf", "x-mcp-header", "dependentRequired"]
        {
            let schema = json!({ "type": "object", "properties": { "a": { keyword: {} } } });
            let unchecked = Unchecked { keyword: keyword.to_owned(), at: "/properties/a".to_owned() };
            assert_eq!(vet(&schema), Err(unchecked));
        }
        assert!(vet(&json!({ "$ref": "#/$defs/Nowhere" })).is_err());
        assert!(vet(&json!({ "$ref": "http://example.com/schema" })).is_err(), "nothing is fetched");
    }

    #[test]
    fn a_reference_to_itself_ends() {
        let schema = json!({ "type": "object", "$ref": "#" });
        assert!(!misfits(&schema, &json!({}), WHOLE).is_empty());
    }
}

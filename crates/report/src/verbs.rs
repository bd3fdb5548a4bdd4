//! The table of verbs: what `dunwu schema` walks, and whoever shows answers.

use schemars::Schema;

/// A verb whose answer carries data.
pub struct Verb {
    /// Its name: `phase`.
    pub name: &'static str,
    /// What it answers, in one sentence.
    pub tells: &'static str,
    /// The JSON Schema of the data of its answers.
    pub schema: fn() -> Schema,
}

/// Every verb, in alphabetical order.
pub const VERBS: &[Verb] = &[];

/// The schema of what `--json` prints for a verb: that of its data, with the keys that every answer has.
pub fn schema(verb: &Verb) -> Schema {
    let mut schema = (verb.schema)();
    schema.insert("title".to_owned(), verb.name.into());
    schema.insert("description".to_owned(), verb.tells.into());
    schema
}

//! The table of verbs: what `dunwu schema` walks, and whoever shows answers.

use schemars::{Schema, schema_for};

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
#[rustfmt::skip] // a line a verb
pub const VERBS: &[Verb] = &[
    Verb { name: "attend", tells: "Where a language model's attention is sparse, head by head.", schema: || schema_for!(crate::attend::AttendData) },
    Verb { name: "passkey", tells: "Which keys hidden in a text a language model still knows under each cache policy.", schema: || schema_for!(crate::passkey::PasskeyData) },
    Verb { name: "stream", tells: "A long text read by a language model under several cache policies.", schema: || schema_for!(crate::stream::StreamData) },
];

/// The verb of this name.
pub fn find(name: &str) -> Option<&'static Verb> {
    VERBS.iter().find(|verb| verb.name == name)
}

/// The schema of what `--json` prints for a verb: that of its data, with the keys that every answer has.
pub fn schema(verb: &Verb) -> Schema {
    let mut schema = (verb.schema)();
    schema.insert("title".to_owned(), verb.name.into());
    schema.insert("description".to_owned(), verb.tells.into());
    schema
}

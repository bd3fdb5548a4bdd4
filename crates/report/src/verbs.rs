//! The table of verbs: what `dunwu schema` walks, and whoever shows answers.

use crate::listing;
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
pub const VERBS: &[Verb] = &[
    Verb { name: "ls", tells: "the runs of a folder", schema: || schema_for!(listing::ListData) },
    Verb { name: "note", tells: "a note on a run", schema: || schema_for!(listing::RemarksData) },
    Verb { name: "rm", tells: "runs that were removed", schema: || schema_for!(listing::RemovalData) },
    Verb { name: "tag", tells: "the tags of a run", schema: || schema_for!(listing::RemarksData) },
];

/// The schema of what `--json` prints for a verb: that of its data, with the keys that every answer has.
pub fn schema(verb: &Verb) -> Schema {
    let mut schema = (verb.schema)();
    schema.insert("title".to_owned(), verb.name.into());
    schema.insert("description".to_owned(), verb.tells.into());
    schema
}

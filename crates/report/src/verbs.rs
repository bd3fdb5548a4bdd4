//! The table of verbs: what `dunwu schema` walks, and whoever shows answers.

use crate::compare::CompareData;
use crate::run::RunData;
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
    Verb {
        name: "compare",
        tells: "Two runs of one task side by side: their curves, the settings in which they differ, how alike their features are.",
        schema: || schema_for!(CompareData),
    },
    Verb {
        name: "run",
        tells: "One run: how it ended, when it memorized and generalized, what its units do. Also the answer of resume, show, report and export.",
        schema: || schema_for!(RunData),
    },
];

/// The schema of what `--json` prints for a verb: that of its data, with the keys that every answer has.
pub fn schema(verb: &Verb) -> Schema {
    let mut schema = (verb.schema)();
    schema.insert("title".to_owned(), verb.name.into());
    schema.insert("description".to_owned(), verb.tells.into());
    schema
}

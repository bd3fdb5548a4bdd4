//! The table of verbs: what `dunwu schema` walks, and whoever shows answers.

use crate::landscape::climbing::ClimbingData;
use crate::landscape::peaks::PeaksData;
use crate::landscape::race::RaceData;
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
        name: "climbing",
        tells: "Which peaks the units of a recorded run stand below, snapshot by snapshot (`dunwu peaks --run RUN`).",
        schema: || schema_for!(ClimbingData),
    },
    Verb {
        name: "peaks",
        tells: "The peaks that a hidden unit can climb, each with its height, its basin and what it stands for.",
        schema: || schema_for!(PeaksData),
    },
    Verb {
        name: "race",
        tells: "Where feature peaks overtake memory peaks as a setting changes, beside short real runs.",
        schema: || schema_for!(RaceData),
    },
];

/// The schema of what `--json` prints for a verb: that of its data, with the keys that every answer has.
pub fn schema(verb: &Verb) -> Schema {
    let mut schema = (verb.schema)();
    schema.insert("title".to_owned(), verb.name.into());
    schema.insert("description".to_owned(), verb.tells.into());
    schema
}

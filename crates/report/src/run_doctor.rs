//! What `dunwu run --doctor --json` prints: the answer about the run, and the doctor's beside it.

use crate::doctor::DoctorData;
use crate::run::RunData;
use crate::skin;
use dunwu::answer::Answer;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

/// A run and its diagnosis, as programs read them.
#[derive(Serialize, JsonSchema)]
pub struct RunDoctorData {
    /// What `dunwu run --json` prints.
    pub run: Told<RunData>,
    /// What `dunwu doctor RUN --json` prints.
    pub doctor: Told<DoctorData>,
}

/// An answer with its words.
#[derive(Serialize, JsonSchema)]
pub struct Told<T> {
    /// The verb whose answer it is.
    pub verb: String,
    /// What came out, in one sentence.
    pub headline: String,
    /// The headline and what else came out, one claim a sentence.
    pub story: Vec<String>,
    /// Its data.
    #[serde(flatten)]
    pub data: T,
}

/// Both answers as one object. Its headline is the doctor's; its story is the run's, then the doctor's.
pub fn json(run: &Answer, doctor: &Answer) -> Value {
    let story: Vec<&str> = run.story().chain(doctor.story()).collect();
    json!({
        "verb": "run-doctor",
        "headline": doctor.headline,
        "story": story,
        "run": skin::json(run),
        "doctor": skin::json(doctor),
    })
}

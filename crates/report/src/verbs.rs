//! The table of verbs: what `dunwu schema` walks, and whoever shows answers.

use schemars::{Schema, schema_for};
use serde_json::{Value, json};

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
    Verb { name: "attend-head", tells: "What one head of a language model looks at, query by query (`dunwu attend --head LAYER.HEAD`).", schema: || schema_for!(crate::attend::AttendHeadData) },
    Verb { name: "audit", tells: "Whether the evidence of a run, a table of results or two files of samples misleads, kind by kind.", schema: || schema_for!(crate::audit::AuditData) },
    Verb { name: "audit-bench", tells: "How often the audit finds what was planted, and how often it accuses clean twins (`dunwu audit --bench N`).", schema: || schema_for!(crate::audit::AuditRatesData) },
    Verb { name: "climbing", tells: "Which peaks the units of a recorded run stand below, snapshot by snapshot (`dunwu peaks --run RUN`).", schema: || schema_for!(crate::landscape::climbing::ClimbingData) },
    Verb { name: "compare", tells: "Two runs of one task side by side: their curves, the settings in which they differ, how alike their features are.", schema: || schema_for!(crate::compare::CompareData) },
    Verb { name: "compare-foreign", tells: "Two runs side by side, at least one of which another program made: their series, and what differs in what is known.", schema: || schema_for!(crate::foreign::CompareForeignData) },
    Verb { name: "coordinates", tells: "How the sizes of activations and updates scale with the width of a network: slopes with their intervals, and what they say.", schema: || schema_for!(crate::coordinates::CoordinatesData) },
    Verb { name: "curvature", tells: "How sharply a run's loss is curved, step by step, beside the curvature at which its optimizer stops being stable.", schema: || schema_for!(crate::curvature::CurvatureData) },
    Verb { name: "derive", tells: "Whether every step of a derivation stands on random tensors, and the first that does not, with an example.", schema: || schema_for!(dunwu_derive::Report) },
    Verb { name: "doctor", tells: "What a run suffers from, where, which switch to flip, and the fork that proves it.", schema: || schema_for!(crate::doctor::DoctorData) },
    Verb { name: "doctor-bench", tells: "How often the doctor is right, on cases whose truth is known (`dunwu doctor --bench N`).", schema: || schema_for!(dunwu_verdict::doctor::bench::Summary) },
    Verb { name: "doctor-series", tells: "What recorded series of somebody else's run say (`dunwu doctor FILE|FOLDER`).", schema: || schema_for!(dunwu_verdict::doctor::ForeignDiagnosis) },
    Verb { name: "doctor-spec", tells: "What a spec alone gives away, before a step is made (`dunwu doctor SPEC`).", schema: || schema_for!(crate::doctor::LintData) },
    Verb { name: "export", tells: "A run as an event file of TensorBoard or as JSON lines (`dunwu export RUN --to tensorboard|jsonl`).", schema: || schema_for!(crate::foreign::ExportData) },
    Verb { name: "forecast", tells: "What a run will do, said before its first step.", schema: || schema_for!(crate::forecast::ForecastData) },
    Verb { name: "foreign", tells: "A run that another program made: its series, arrays, snapshots, and what is known of it. The answer of show, report and export on such a run.", schema: || schema_for!(crate::foreign::ForeignData) },
    Verb { name: "fork", tells: "A run, and the same run to which something is done from a step on.", schema: || schema_for!(crate::fork::ForkData) },
    Verb { name: "import-series", tells: "Logs of other trackers that became runs (`dunwu import FILE|FOLDER`).", schema: || schema_for!(crate::foreign::ImportSeriesData) },
    Verb { name: "launch", tells: "A sweep on a cluster: its tasks, scripts and jobs.", schema: || schema_for!(crate::sweep::LaunchData) },
    Verb { name: "launch-ray", tells: "A sweep on a cluster of Ray: its tasks, its driver and its job (`dunwu launch ray`).", schema: || schema_for!(crate::sweep::RayLaunchData) },
    Verb { name: "law", tells: "How the critical sample size of a sweep's tasks grows.", schema: || schema_for!(crate::law::LawData) },
    Verb { name: "league", tells: "Every predictor of how a run ends, on one benchmark.", schema: || schema_for!(dunwu_verdict::early::league::League) },
    Verb { name: "league-controls", tells: "Whether runs that cannot generalize are called hopeful (`dunwu league --controls N`).", schema: || schema_for!(dunwu_verdict::early::league::Controls) },
    Verb { name: "ls", tells: "The runs of a folder.", schema: || schema_for!(crate::listing::ListData) },
    Verb { name: "measures", tells: "Every measure: what it says, formula, shape, unit, source.", schema: || schema_for!(crate::reference::MeasuresData) },
    Verb { name: "next", tells: "Which runs to make next, given a sweep's table.", schema: || schema_for!(crate::next::NextData) },
    Verb { name: "note", tells: "A note on a run.", schema: || schema_for!(crate::listing::RemarksData) },
    Verb { name: "pair", tells: "Two values of one setting, compared in pairs of runs.", schema: || schema_for!(crate::pair::PairData) },
    Verb { name: "passkey", tells: "Which keys hidden in a text a language model still knows under each cache policy.", schema: || schema_for!(crate::passkey::PasskeyData) },
    Verb { name: "peaks", tells: "The peaks that a hidden unit can climb, each with its height, its basin and what it stands for.", schema: || schema_for!(crate::landscape::peaks::PeaksData) },
    Verb { name: "phase", tells: "What became of a sweep's runs over two settings.", schema: || schema_for!(crate::phase::PhaseData) },
    Verb { name: "presets", tells: "The named starting points of runs.", schema: || schema_for!(crate::reference::PresetsData) },
    Verb { name: "quals", tells: "How often the scientist is wrong, on cases of which the truth is known.", schema: || schema_for!(dunwu_quals::Quals) },
    Verb { name: "race", tells: "Where feature peaks overtake memory peaks as a setting changes, beside short real runs.", schema: || schema_for!(crate::landscape::race::RaceData) },
    Verb { name: "reach", tells: "Which pairs of positions an attention design joins, in how many hops, and what it costs.", schema: || schema_for!(crate::reach::ReachData) },
    Verb { name: "rm", tells: "Runs that were removed.", schema: || schema_for!(crate::listing::RemovalData) },
    Verb { name: "run", tells: "One run: how it ended, when it memorized and generalized, what its units do. Also the answer of resume, show, report, export and `import --as`.", schema: || schema_for!(crate::run::RunData) },
    Verb { name: "run-doctor", tells: "One run, and what it suffers from (`dunwu run --doctor`).", schema: || schema_for!(crate::run_doctor::RunDoctorData) },
    Verb { name: "samples", tells: "How much each training sample of anybody's network is memorized, and by which units.", schema: || schema_for!(crate::samples::SamplesData) },
    Verb { name: "science", tells: "A campaign from a question to claims: its ledger, and what is said of every claim.", schema: || schema_for!(crate::science::ScienceData) },
    Verb { name: "settings", tells: "Every setting: key, default, what is allowed.", schema: || schema_for!(crate::reference::SettingsData) },
    Verb { name: "site", tells: "The page as files that need no server (`dunwu site DIR`).", schema: || schema_for!(crate::site::SiteData) },
    Verb { name: "stream", tells: "A long text read by a language model under several cache policies.", schema: || schema_for!(crate::stream::StreamData) },
    Verb { name: "sweep", tells: "Many runs and their table, or what there would be to do.", schema: || schema_for!(crate::sweep::SweepData) },
    Verb { name: "tag", tells: "The tags of a run.", schema: || schema_for!(crate::listing::RemarksData) },
    Verb { name: "task", tells: "What a task is; without one, the families of tasks.", schema: || schema_for!(crate::reference::TaskData) },
    Verb { name: "unit", tells: "Hidden units of a run one by one: weights, label with its evidence, the peak above, and what the network answers without them.", schema: || schema_for!(crate::unit::UnitData) },
    Verb { name: "units", tells: "What the units of a layer do, memorize or generalize, from arrays of anybody's network.", schema: || schema_for!(crate::units::UnitsData) },
    Verb { name: "units-bench", tells: "How often labels of units are right on networks of which the truth is known, and how well cheap scores of samples follow retraining (`dunwu units --bench`).", schema: || schema_for!(dunwu_verdict::units::bench::UnitsBench) },
    Verb { name: "units-flags", tells: "Which training samples a readout of held-out samples contradicts, and which held-out samples stand for them (`dunwu units --flags`).", schema: || schema_for!(crate::units::FlagsData) },
    Verb { name: "verdict", tells: "What a run will do, said from its past.", schema: || schema_for!(crate::forecast::VerdictData) },
    Verb { name: "verdict-log", tells: "What is expected of somebody else's run, said from its recorded series (`dunwu verdict --log FILE`).", schema: || schema_for!(crate::verdict_log::LogVerdictData) },
    Verb { name: "work", tells: "What one worker of many did on a sweep.", schema: || schema_for!(crate::sweep::WorkData) },
];

/// The verb of this name.
pub fn find(name: &str) -> Option<&'static Verb> {
    VERBS.iter().find(|verb| verb.name == name)
}

/// The schema of what `--json` prints for a verb: that of its data, with the keys that every answer has.
pub fn schema(verb: &Verb) -> Schema {
    let mut schema = (verb.schema)();
    let common = [
        ("verb", json!({ "const": verb.name, "description": "The verb that was asked." })),
        ("headline", json!({ "type": "string", "description": "What came out, in one sentence." })),
        (
            "story",
            json!({
                "type": "array",
                "items": { "type": "string" },
                "description": "The headline and what else came out, one claim a sentence, in reading order.",
            }),
        ),
    ];
    let page = json!({ "type": ["string", "null"], "description": "Where the page was written; absent or null where none was." });
    let names: Vec<Value> = common.iter().map(|(name, _)| json!(name)).collect();
    let properties = schema.ensure_object().entry("properties").or_insert_with(|| json!({}));
    if let Value::Object(properties) = properties {
        properties.extend(common.into_iter().chain([("page", page)]).map(|(name, schema)| (name.to_owned(), schema)));
    }
    let required = schema.ensure_object().entry("required").or_insert_with(|| json!([]));
    if let Value::Array(required) = required {
        required.extend(names);
    }
    schema.insert("title".to_owned(), verb.name.into());
    schema.insert("description".to_owned(), verb.tells.into());
    schema
}

/// The schemas of all verbs, by name.
pub fn schemas() -> Value {
    VERBS.iter().map(|verb| (verb.name.to_owned(), schema(verb).to_value())).collect::<serde_json::Map<_, _>>().into()
}

/// What of `value`, which `--json` would print for the verb, its schema does not allow.
#[cfg(test)]
pub(crate) fn mistakes(verb: &str, value: &Value) -> Vec<String> {
    let verb = find(verb).unwrap_or_else(|| panic!("{verb} is in VERBS"));
    let validator = jsonschema::validator_for(schema(verb).as_value()).expect("a schema is valid");
    validator.iter_errors(value).map(|error| format!("{error} at {}", error.instance_path())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_are_in_alphabetical_order() {
        assert!(VERBS.is_sorted_by_key(|verb| verb.name));
    }

    #[test]
    fn every_field_of_every_answer_is_described_and_nothing_is_left_open() {
        for verb in VERBS {
            let schema = schema(verb).to_value();
            let definitions = schema["$defs"].as_object().into_iter().flat_map(|definitions| definitions.iter());
            let parts = definitions.map(|(name, part)| (name.as_str(), part)).chain([(verb.name, &schema)]);
            for (name, part) in parts {
                let properties = part["properties"].as_object().into_iter().flatten();
                for (field, schema) in properties {
                    assert!(schema["description"].is_string(), "{field} of {name} has no description: {schema}");
                    assert_ne!(schema, &json!(true), "{field} of {name} may be anything");
                }
            }
        }
    }
}

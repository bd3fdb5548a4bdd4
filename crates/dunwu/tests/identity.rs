//! What a spec does not use is not part of it: methods that are off go unsaid, so that ids outlive methods that come later.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use dunwu::spec_file::{id, read_overrides};
use dunwu_engine::RunSpec;
use dunwu_engine::spec::{Allowed, SETTINGS, Setting, Value, apply, canonical, presets};
use std::collections::BTreeSet;

/// Networks in which every method can be used somewhere.
const NETWORKS: [&str; 3] = [
    "loss=cross_entropy",
    "loss=cross_entropy model.architecture=mlp",
    "loss=cross_entropy model.architecture=transformer model.dimension=8 model.heads=2 optimizer=adam",
];

/// Ids of presets. A setting that joins those there are, and does not go unsaid where it is off, changes them all.
const PRESETS: [(&str, &str); 12] = [
    ("tian-2025", "d7c29e83bdacaba1"),
    ("small", "c871e3716b0294cb"),
    ("loses", "38129ed2d83a473f"),
    ("unordered", "9c0066b51d704e4f"),
    ("common-and-rare", "fb421c1b7da9a1cc"),
    ("gromov-2023", "85e821d717e5fa52"),
    ("liu-2022", "1655b846ab5d1939"),
    ("nanda-2023", "a477fc4e2b310d1f"),
    ("power-2022", "6beff05c3b343e92"),
    ("division", "1ff610c63a7de2bc"),
    ("merrill-2023", "2f88720f43d7bc85"),
    ("omnigrok-digits", "14923ea290a9a253"),
];

fn spec(words: &str) -> RunSpec {
    let small = (presets::find("small").unwrap().spec)();
    read_overrides(&small, &words.split_whitespace().collect::<Vec<_>>()).unwrap()
}

/// The spec with another value of one setting, or why it is refused.
fn with(base: &RunSpec, setting: &Setting, value: &Value) -> Result<RunSpec, String> {
    apply(base, &[(setting.key.to_owned(), value.clone())])
        .map_err(|(_, error)| format!("{} = {value}: {error}", setting.key))
}

/// Values that a setting might take.
fn candidates(setting: &Setting) -> Vec<Value> {
    match setting.allowed() {
        Allowed::Flag => [true, false].map(Value::from).into(),
        Allowed::Name(names) => names.iter().map(|name| Value::from(*name)).collect(),
        Allowed::Text(_) => match setting.key {
            "model.attention" => vec![Value::from("chunked:6")],
            "interventions" => vec![Value::from("at 0 freeze top")],
            other => panic!("{other} goes unsaid: write a value that does not"),
        },
        _ => vec![Value::Int(8), Value::Int(20), Value::Float(0.5), Value::Float(1e-3)],
    }
}

#[test]
fn what_is_off_goes_unsaid_and_what_is_turned_on_and_off_again_leaves_no_trace() {
    let mut walked = BTreeSet::new();
    for words in NETWORKS {
        let base = spec(words);
        let (text, name) = (canonical(&base), id(&base, &[]));
        for setting in SETTINGS {
            let Some(is_off) = setting.goes_without_saying else { continue };
            let Some(off) = setting.get(&base) else { continue };
            if !is_off(&base) {
                continue;
            }
            let key = setting.key;
            assert!(text.iter().all(|(said, _)| *said != key), "{words}: {key} is off and said");
            // Said where it need not be, it is the same spec.
            let said = with(&base, setting, &off).unwrap();
            assert_eq!(
                (&said, canonical(&said), id(&said, &[])),
                (&base, text.clone(), name.clone()),
                "{words}: {key}"
            );
            let on =
                candidates(setting).iter().find_map(|value| with(&base, setting, value).ok().filter(|on| *on != base));
            let on = on.unwrap_or_else(|| panic!("{words}: no candidate turns {key} on"));
            assert!(canonical(&on).iter().any(|(said, _)| *said == key), "{words}: {key} is on and unsaid");
            assert_ne!(id(&on, &[]), name, "{words}: {key}");
            let again = with(&on, setting, &off).unwrap();
            assert_eq!((canonical(&again), id(&again, &[])), (text.clone(), name.clone()), "{words}: {key}");
            walked.insert(key);
        }
    }
    for setting in SETTINGS.iter().filter(|setting| setting.goes_without_saying.is_some()) {
        assert!(walked.contains(setting.key), "no network here has {} off: add one", setting.key);
    }
}

#[test]
fn presets_keep_their_ids() {
    let found: Vec<(&str, String)> =
        presets::PRESETS.iter().map(|preset| (preset.name, id(&(preset.spec)(), &[]))).collect();
    assert_eq!(found, PRESETS.map(|(name, id)| (name, id.to_owned())), "a preset's runs have other names now");
}

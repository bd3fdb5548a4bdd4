use super::{PasskeyData, answer_of, words};
use crate::drawing_checks::{assert_page_sound, assert_sound, assert_texts_apart};
use crate::{draw, skin};
use dunwu_attention::passkey::{Answer, Tally};
use dunwu_streams::PasskeyRun;

/// Policies with the window that each has; right wherever the key is held and `knows`.
fn run(policies: &[(&str, Option<i64>)], distances: &[usize], knows: bool) -> PasskeyRun {
    let tally = |(policy, reach): &(&str, Option<i64>)| {
        let answer = |distance: &usize| {
            let is_right = knows && reach.is_none_or(|reach| *distance as i64 <= reach);
            Answer { is_right, log_probability: if is_right { -0.1 } else { -9.0 } }
        };
        let answers: Vec<Answer> = distances.iter().map(answer).collect();
        let mut tally = Tally::new(policy, distances);
        (0..20).for_each(|_| tally.add_answers(*reach, &answers));
        tally
    };
    PasskeyRun {
        model: "models/a model <1>".to_owned(),
        text: "a text & more".to_owned(),
        trials: 20,
        seed: 0,
        is_chat: true,
        trained_context: 4096,
        longest: 4600,
        tallies: policies.iter().map(tally).collect(),
    }
}

const POLICIES: [(&str, Option<i64>); 4] = [
    ("full", Some(i64::MAX)),
    ("sinks:4+1020", Some(950)),
    ("sinks:4+252", Some(180)),
    ("heads:a/long/path/of/an/assignment.json", None),
];

#[test]
fn every_page_is_well_formed_and_its_texts_stand_apart() {
    let many: Vec<(String, Option<i64>)> = (0..9).map(|i| (format!("sinks:4+{}", 1 << i), Some(1 << i))).collect();
    let many: Vec<(&str, Option<i64>)> = many.iter().map(|(name, reach)| (name.as_str(), *reach)).collect();
    for (policies, distances, knows) in [
        (&POLICIES[..], &[256, 512, 1024, 2048, 4096][..], true),
        (&POLICIES[..1], &[64], false),
        (&many, &[1, 4, 16, 64, 256], true),
    ] {
        let answer = answer_of(&run(policies, distances, knows));
        assert_page_sound(&skin::page(&answer), "passkey");
        let documents = draw::documents(&answer);
        assert_eq!(documents[0].0, "passkey");
        assert_sound(&documents[0].1, "passkey");
        assert_texts_apart(&documents[0].1, "passkey");
        let text = skin::terminal(&answer);
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }
}

#[test]
fn the_verdict_says_what_was_forgotten_and_what_is_not_known() {
    let said = |policies: &[(&str, Option<i64>)], knows| words::sentences(&run(policies, &[128, 512], knows)).join(" ");
    let known = said(&POLICIES, true);
    assert!(known.contains("knew 0 of 20 keys that were dropped, and 60 of 60 keys that were still held"), "{known}");
    assert!(
        known.contains("sinks:4+252 knows 20 of 20 while the key is held and 0 of 20 once it is dropped"),
        "{known}"
    );
    assert!(known.contains("assignment.json knows 40 of 40 in all") && known.contains("trained on 4,096"), "{known}");
    assert!(said(&POLICIES, false).contains("does not manage the test"), "{}", said(&POLICIES, false));
    assert!(said(&POLICIES[..2], true).contains("No key was dropped"));
    assert!(skin::terminal(&answer_of(&run(&POLICIES, &[128, 512], true))).contains("20 of 20"));
}

/// Of no success in n trials, Wilson's interval reaches up to z² / (n + z²).
#[test]
fn an_interval_is_drawn_as_the_data_has_it() {
    let data = PasskeyData::of(&run(&POLICIES, &[128, 512], true));
    let dropped = data.policies[2].cells[1];
    assert_eq!((dropped.right, dropped.key_held), (0, Some(false)));
    // n = 20, z = 1.96.
    assert!((dropped.high - 3.8416 / 23.8416).abs() < 1e-3, "{}", dropped.high);
    let figure = super::chart::figure(&run(&POLICIES, &[128, 512], true));
    let svg = draw::svg(&figure).unwrap();
    assert!(svg.contains("sinks:4+252, 512 tokens: 0 of 20 (0 %)"), "{svg}");
}

#[test]
fn the_data_validates_and_a_broken_one_does_not() {
    let validator = jsonschema::validator_for(&schemars::schema_for!(PasskeyData).to_value()).unwrap();
    let data = serde_json::to_value(PasskeyData::of(&run(&POLICIES, &[128, 512], true))).unwrap();
    assert!(validator.is_valid(&data), "{:?}", validator.iter_errors(&data).next());
    let mut broken = data;
    broken["policies"][0]["cells"][0]["key_held"] = "some".into();
    assert!(!validator.is_valid(&broken), "whether a key is held is true, false or null");
}

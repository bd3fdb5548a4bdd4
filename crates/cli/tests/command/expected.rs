//! `dunwu forecast`, `dunwu verdict` and `dunwu sweep --judge`: what a run will do, said before it and while it trains.

use crate::{Desk, record};
use serde_json::Value;
use std::fs;

const EASY: &str = "small task=cyclic:23 data.fraction=0.8 steps=1000";
const HOPELESS: &str = "small task=cyclic:23 data.fraction=0.15 steps=500";

#[test]
fn a_forecast_tells_the_easy_from_the_hopeless_and_says_why() {
    let desk = Desk::new();
    let (easy, hopeless) = (desk.json(&format!("forecast {EASY}")), desk.json(&format!("forecast {HOPELESS}")));
    for found in [&easy, &hopeless] {
        assert_eq!(found["inside"], true, "{found}");
        let when = &found["steps_to_generalize"];
        let step = |end: &str| when[end].as_u64().unwrap();
        assert!(step("low") < step("median") && step("median") < step("high"), "{when}");
        assert_eq!(when["coverage"], 0.9);
        let effects: Vec<f64> =
            found["reasons"].as_array().unwrap().iter().map(|why| why["effect"].as_f64().unwrap().abs()).collect();
        assert!(!effects.is_empty() && effects.is_sorted_by(|a, b| a >= b));
        assert!(found["known"]["families"].as_array().unwrap().len() >= 12);
        assert_eq!(found["uncertified"], Value::Null);
    }
    assert!(easy["probability"].as_f64().unwrap() > 0.8, "{easy}");
    assert!(hopeless["probability"].as_f64().unwrap() < 0.1, "{hopeless}");
    let changes = hopeless["changes"].as_array().unwrap();
    assert!(changes.iter().any(|change| change["setting"] == "data.count"), "it would take more data: {hopeless}");
}

#[test]
fn what_is_not_known_gets_no_number() {
    let desk = Desk::new();
    for words in [
        "nanda-2023",
        "small optimizer=muon",
        "small model.width=100000",
        "small model.activation=relu task=parity:200:9",
        "small data.one_sided=0.5",
        "small task=digits",
    ] {
        let found = desk.json(&format!("forecast {words}"));
        assert_eq!(
            (&found["inside"], &found["probability"], &found["steps_to_generalize"]),
            (&false.into(), &Value::Null, &Value::Null),
            "{words}"
        );
        assert!(!found["outside"].as_array().unwrap().is_empty(), "{words}");
    }
    let raw = desk.json("forecast nanda-2023 --uncertified");
    assert!(raw["uncertified"]["probability"].is_number() && raw["probability"].is_null());
    desk.refuses("forecast nothing-of-that-name", 2, &["nothing-of-that-name"]);
}

/// A verdict at a step is that of the record cut at the step: what came later is not seen.
#[test]
fn a_verdict_sees_the_past_alone() {
    let desk = Desk::new();
    let run = desk.json(&format!("run {HOPELESS} seed=2 --quiet"))["run"].as_str().unwrap().to_owned();
    let early = desk.json(&format!("verdict {run} --at 100"));
    assert_eq!((&early["at"], &early["look"], &early["inside"]), (&100.into(), &100.into(), &true.into()), "{early}");
    assert_eq!(early["inputs"], "group", "snapshots and a group are there");
    assert!(early["probability"].as_f64().unwrap() < 0.2, "{early}");
    assert!(early["park"]["at_risk"].as_f64().unwrap() <= 1.0);
    assert!(early["course"].as_array().unwrap().iter().all(|look| look["step"].as_u64().unwrap() <= 100));
    let directory = desk.run();
    let lines: Vec<String> = record(&directory);
    let is_later = |line: &&String| {
        let entry: Value = serde_json::from_str(line).unwrap();
        entry["step"].as_u64().or(entry["scalars"]["step"].as_u64()).is_some_and(|step| step > 100)
    };
    let cut = lines.iter().position(|line| is_later(&line)).unwrap();
    fs::write(directory.join("record.jsonl"), lines[..cut].join("\n") + "\n").unwrap();
    let living = desk.json(&format!("verdict {run} --at 100"));
    assert_eq!(living, early, "a run under way is judged as it would be later");
    let training = desk.json(&format!("verdict {run} --at 100 --inputs training"));
    assert_eq!(training["inputs"], "training");
    desk.refuses(&format!("verdict {run} --at 400"), 2, &["step 400 was never reached", "step 100"]);
}

#[test]
fn a_judged_sweep_parks_the_hopeless_and_keeps_every_run() {
    let desk = Desk::new();
    let words = "small task=cyclic:23 data.fraction=0.15,0.8 seed=0..9 steps=500 model.width=64 --table t.csv --quiet";
    let judged = desk.json(&format!("sweep {words} --judge 0.01"));
    assert_eq!((&judged["runs"], &judged["done"], &judged["failed"]), (&20.into(), &20.into(), &0.into()), "{judged}");
    let (parked, audited) = (judged["parked"].as_u64().unwrap(), judged["audited"].as_u64().unwrap());
    assert!(parked + audited >= 8, "those with too little data are hopeless: {judged}");
    assert!(judged["steps_saved"].as_u64().unwrap() > 0);
    assert!(judged["audit"]["high"].as_f64().unwrap() <= 1.0);
    let table = fs::read_to_string(desk.path("t.csv")).unwrap();
    let again = desk.json(&format!("sweep {words} --judge 0.01 --workers 1"));
    assert_eq!((&again["made"], &again["parked"]), (&0.into(), &judged["parked"]));
    assert_eq!(fs::read_to_string(desk.path("t.csv")).unwrap(), table);
    assert_eq!(table.lines().skip(1).filter(|line| line.contains(",parked,")).count() as u64, parked);
    let plain = desk.json(&format!("sweep {words}"));
    assert_eq!((&plain["made"], &plain["parked"]), (&20.into(), &Value::Null), "rows of a judged sweep are kept apart");
    desk.refuses("sweep small seed=0..1 --judge 0.0000001", 2, &["cannot certify below"]);
    desk.refuses("sweep small seed=0..1 --judge 0", 2, &["a share above 0 and below 1"]);
    desk.refuses("sweep small seed=0..1 --judge 0.01 --keep snapshots", 2, &["leave out `--keep snapshots`"]);
}

/// Who reads the table of a judged sweep takes a parked run for one that did not generalize, and says so.
#[test]
fn the_table_of_a_judged_sweep_can_be_studied() {
    let desk = Desk::new();
    let words = "small task=cyclic:23 data.fraction=0.15,0.8 optimizer.weight_decay=0.0001,0.0003 seed=0..3 steps=500 model.width=64";
    let parked =
        desk.json(&format!("sweep {words} --judge 0.01 --table t.parquet --quiet"))["parked"].as_u64().unwrap();
    assert!(parked > 0);
    for study in [
        "phase t.parquet x=data.fraction y=optimizer.weight_decay",
        "pair t.parquet optimizer.weight_decay=0.0001,0.0003",
    ] {
        let said = desk.dunwu(&format!("{study} --json"));
        assert!(
            said.code == 0 && said.stderr.contains(&format!("{parked} of 16 runs were parked")),
            "{study}: {}",
            said.stderr
        );
        assert!(!said.stderr.contains("ignored"), "{study}: {}", said.stderr);
    }
}

/// What is over is not expected to do anything.
#[test]
fn nothing_is_expected_of_a_run_that_is_over() {
    let desk = Desk::new();
    let run = desk.json(&format!("run {HOPELESS} seed=2 --quiet"))["run"].as_str().unwrap().to_owned();
    let over = desk.json(&format!("verdict {run}"));
    assert_eq!(
        (&over["ended"], &over["probability"], &over["park"]),
        (&true.into(), &Value::Null, &Value::Null),
        "{over}"
    );
    assert!(over["headline"].as_str().unwrap().starts_with("It is over"), "{over}");
    let before = desk.json(&format!("verdict {run} --at 400"));
    assert!(before["ended"] == false && before["probability"].is_number(), "{before}");
}

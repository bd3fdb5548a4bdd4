//! `dunwu peaks` and `dunwu race`: the objects that programs rely on, the pages, and what cannot be climbed.

use crate::{Desk, reported};
use serde_json::Value;

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("a number, not {value}"))
}

#[test]
fn peaks_are_certified_told_and_drawn() {
    let desk = Desk::new();
    let complete = desk.json("peaks cyclic:8 restarts=200");
    let rows = complete["peaks"].as_array().unwrap();
    assert_eq!((rows.len(), &complete["restarts"]), (4, &200.into()));
    assert!(number(&complete["restarts_per_second"]) > 0.0);
    let shares: f64 = rows.iter().map(|row| number(&row["basin"])).sum();
    assert!((shares - 1.0).abs() < 1e-9, "every start ends on a peak: {shares}");
    for row in rows {
        // Theorem 2, corrected: M/2 for the real irrep, M/4 for the pairs.
        let expected = if row["irrep"]["type"] == "real" { 4.0 } else { 2.0 };
        assert!((number(&row["height"]) / expected - 1.0).abs() < 1e-9, "{row}");
        assert_eq!((&row["kind"], &row["irrep"]["degree"]), (&"feature".into(), &1.into()));
        assert!(number(&row["gradient_norm"]) < 1e-6 && number(&row["hessian_max"]) < 1e-5, "{row}");
        assert!(
            number(&row["basin_low"]) <= number(&row["basin"]) && number(&row["basin"]) <= number(&row["basin_high"])
        );
        assert!(number(&row["purity"]) > 1.0 - 1e-9 && number(&row["participation"]) > 1.0, "{row}");
    }
    let raw = desk.json("peaks cyclic:23 n=212 energy=raw restarts=200 --output raw.html --figures drawn");
    let memory = raw["peaks"].as_array().unwrap().iter().find(|row| row["kind"] == "memory").unwrap();
    assert!(number(&memory["participation"]) < 2.0, "one token: {memory}");
    let page = std::fs::read_to_string(desk.path("raw.html")).unwrap();
    assert!(page.contains("<svg") && !page.contains("<script"));
    assert!(desk.path("drawn/peaks.svg").is_file());
    let said = desk.dunwu("peaks cyclic:7 restarts=50");
    assert!(said.code == 0 && said.stdout.contains("frequency 3") && said.stdout.contains("Theorem 2, corrected"));
}

#[test]
fn a_landscape_has_the_same_bits_on_any_number_of_threads() {
    let desk = Desk::new();
    let peaks = |threads: usize| {
        let said = desk.json(&format!("peaks symmetric:3 n=20 restarts=150 seed=3 threads={threads}"));
        said["peaks"].to_string()
    };
    assert_eq!(peaks(1), peaks(2));
    assert_eq!(peaks(2), peaks(3));
}

#[test]
fn a_race_has_points_a_crossing_and_real_runs() {
    let desk = Desk::new();
    let words = "race cyclic:11 n=30..96/5 restarts=64 samples=2 steps=400 model.width=128 --quiet";
    let race = desk.json(words);
    let points = race["points"].as_array().unwrap();
    assert_eq!((points.len(), &race["energy"]), (5, &"whitened".into()));
    assert_eq!(points[0]["n"], 30);
    let last = &points[4];
    assert!(number(&last["feature"]["height"]) > 0.0 && number(&last["feature"]["basin"]) > 0.9, "{last}");
    assert!(number(&points[0]["memory"]["basin"]) > number(&last["memory"]["basin"]));
    for key in ["n", "low", "high", "n_mlogm", "low_mlogm", "high_mlogm"] {
        assert!(race["crossing"].get(key).is_some() && race["training"].get(key).is_some(), "{race}");
    }
    assert_eq!(race["other"]["energy"], "raw");
    assert!(!race["runs"].as_array().unwrap().is_empty());
    let page = std::fs::read_to_string(desk.path(race["page"].as_str().unwrap())).unwrap();
    assert!(page.matches("<svg").count() >= 3 && page.contains("type=\"range\""));
    let again = desk.json(&format!("{words} train=false --output other.html"));
    assert_eq!((&again["points"][2]["samples"], &again["training"]), (&points[2]["samples"], &Value::Null));
}

#[test]
fn a_race_against_wrong_labels_falls() {
    let desk = Desk::new();
    let words = "race cyclic:11 against=corrupted values=0,0.5 n=85 restarts=64 samples=1 train=false --quiet";
    let race = desk.json(words);
    assert_eq!(race["axis"], "data.corrupted");
    let basin = |i: usize| number(&race["points"][i]["feature"]["basin"]);
    assert!(basin(0) > 0.9 && basin(1) < 0.2, "{race}");
    assert_eq!(race["basin_crossing"]["falls"], true);
}

#[test]
fn what_is_no_group_is_climbed_and_said_to_be_none() {
    let desk = Desk::new();
    let parity = desk.json("peaks parity:8:2 n=120 restarts=40");
    let remarks = parity["remarks"].to_string();
    assert!(remarks.contains("no group") && remarks.contains("Theorem 5"), "{remarks}");
    assert!(parity["peaks"].as_array().unwrap().iter().all(|row| row["irrep"].is_null() && row["purity"].is_null()));
    // x² of two bits holds their product, which is the label.
    assert_eq!(parity["peaks"][0]["kind"], "feature");
    desk.write("quasi.csv", "0,2,1\n1,0,2\n2,1,0\n");
    let quasi = desk.json("peaks table:quasi.csv restarts=40");
    assert!(quasi["remarks"].to_string().contains("Latin square but no group"));
}

#[test]
fn units_of_a_run_stand_on_its_landscape() {
    let desk = Desk::new();
    let run = desk.json("run small task=cyclic:11 data.fraction=0.7 model.width=32 steps=300 --quiet");
    let run = run["run"].as_str().unwrap();
    let climbing = &desk.json(&format!("peaks --run {run} --quiet"))["climbing"];
    let steps = climbing["steps"].as_array().unwrap();
    assert!(!climbing["peaks"].as_array().unwrap().is_empty());
    for step in steps {
        let at: u64 = step["at"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).sum();
        assert_eq!(at, 32, "every unit has one place: {step}");
    }
    let high = |i: usize| steps[i]["at"][0].as_u64().unwrap();
    assert!(high(steps.len() - 1) > high(0), "units climb");
    let report = || reported(&desk.path(run));
    assert!(report().contains("dunwu report RUN --landscape"));
    assert!(!report().contains("<figure id=\"mountains\">"));
    desk.json(&format!("report {run} --landscape"));
    // Eleven elements are too few for a memory peak and a feature peak of one landscape.
    assert!(report().contains("both a memory and a feature peak") && report().contains("<figure id=\"climbing\">"));
    desk.refuses(&format!("peaks --run {run} n=5"), 2, &["only energy="]);
    let deep = desk.json("run small task=cyclic:5 model.architecture=mlp model.depth=2 model.width=8 steps=5 --quiet");
    let deep = deep["run"].as_str().unwrap();
    desk.refuses(&format!("peaks --run {deep}"), 2, &["reads tokens", "hidden layers"]);
    let biased =
        desk.json("run small task=cyclic:5 model.architecture=mlp model.depth=1 model.width=8 steps=5 --quiet");
    let biased = biased["run"].as_str().unwrap();
    desk.refuses(&format!("peaks --run {biased}"), 2, &["without a bias"]);
}

#[test]
fn what_has_no_landscape_is_refused() {
    let desk = Desk::new();
    for (words, wanted) in [
        ("peaks n=5", &["name a task first"] as &[_]),
        ("peaks cyclik:23", &["cyclik", "cyclic"]),
        ("peaks cyclic:23 n=530", &["530", "529"]),
        ("peaks cyclic:23 n=0", &["cannot be 0"]),
        ("peaks cyclic:600", &["1200 input weights", "1024"]),
        ("peaks cyclic:1", &["1 elements"]),
        ("peaks cyclic:23 energy=rwa", &["raw and whitened", "did you mean `raw`?"]),
        ("peaks cyclic:23 restart=5", &["did you mean `restarts`?"]),
        ("peaks cyclic:23 restarts=0", &["from 1 to"]),
        ("peaks cyclic:23 ridge=-1", &["from 0 up"]),
        ("peaks cyclic:23 n=9 fraction=0.5", &["contradicts"]),
        ("peaks cyclic:23 model.architecture=mlp", &["two-layer"]),
        ("race cyclic:23 n=5..3/4", &["LOW..HIGH/COUNT"]),
        ("race cyclic:23 n=3,2", &["ascending"]),
        ("race cyclic:23 n=10,9999", &["9999", "529"]),
        ("race cyclic:23 against=width values=1", &["width"]),
        ("race cyclic:23 against=model.width", &["needs values="]),
        ("race cyclic:23 against=data.corrupted values=0.2,0.1 n=200", &["ascending"]),
        ("race cyclic:23 values=1,2", &["needs `against`"]),
        ("race cyclic:23 samples=0", &["from 1 to"]),
        ("race cyclic:23 train=maybe", &["true or false"]),
        ("race cyclic:23 data.split=x.csv", &["leave out data.split"]),
    ] {
        desk.refuses(&format!("{words} --json"), 2, wanted);
    }
}

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
        "small optimizer=muon optimizer.variant=paper",
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
    let judged = desk.json(&format!("sweep {words} --judge 0.01 --figures drawn"));
    assert!(fs::read_to_string(desk.path("drawn/judged.svg")).unwrap().contains("steps that parking saved"));
    desk.refuses(&format!("sweep {words} --figures drawn"), 2, &["add --judge RISK"]);
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

/// A budget of steps is kept: parked runs go on where steps are left, and where there are too few, runs without a turn have a row.
#[test]
fn a_budget_resumes_parked_runs_and_names_those_that_were_not_made() {
    let desk = Desk::new();
    let words = "small task=cyclic:23 data.fraction=0.15,0.8 seed=0..5 steps=500 model.width=64 --judge 0.01 --table t.csv --quiet";
    let rich = desk.json(&format!("sweep {words} --budget 6000"));
    assert_eq!((&rich["parked"], &rich["budget"]["unmade"]), (&0.into(), &0.into()), "enough for all: {rich}");
    assert!(rich["budget"]["resumed"].as_u64().unwrap() >= 4, "{rich}");
    assert!(fs::read_to_string(desk.path("t.csv")).unwrap().lines().next().unwrap().contains(",resumed"));
    let poor = desk.json(&format!("sweep {words} --budget 1200"));
    let unmade = poor["budget"]["unmade"].as_u64().unwrap();
    assert!(unmade >= 6 && poor["done"] == 12 && poor["budget"]["resumed"] == 0, "{poor}");
    assert!(poor["steps_made"].as_u64().unwrap() <= 1200);
    let phase = desk.dunwu("phase t.csv x=data.fraction y=seed --json");
    assert!(phase.stderr.contains(&format!("{unmade} of 12 runs were not made")), "{}", phase.stderr);
    desk.refuses("sweep small seed=0..1 --budget 100", 2, &["--judge"]);
    desk.refuses("sweep small seed=0..1 --judge 0.01 --budget 0", 2, &["0 is not in 1.."]);
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

/// What `next` names can be made, and what was made is not named again.
#[test]
fn next_names_runs_that_its_command_makes() {
    let desk = Desk::new();
    let words = "small task=cyclic:23 data.fraction=0.2..0.8/4 optimizer.weight_decay=0.0001,0.0003 seed=0..1 steps=400 model.width=64";
    desk.json(&format!("sweep {words} --table t.parquet --quiet"));
    for aim in ["one", "boundary", "fastest"] {
        let next = desk.json(&format!("next t.parquet --budget 2000 --for {aim}"));
        let runs = next["runs"].as_array().unwrap();
        assert!((1..=5).contains(&runs.len()) && next["steps"].as_u64().unwrap() <= 2_000, "{next}");
        assert!(next["known"] == 16 && next["inside"] == 16 && next["cells"].as_u64().unwrap() > 8, "{next}");
        let command = next["command"].as_str().unwrap().strip_prefix("dunwu ").unwrap();
        let made = desk.json(&format!("{command} --quiet"));
        assert_eq!((&made["runs"], &made["failed"]), (&runs.len().into(), &0.into()), "{aim}: {made}");
        assert_eq!(made["reused"].as_u64().unwrap() + made["made"].as_u64().unwrap(), runs.len() as u64);
        if aim == "boundary" {
            assert!(runs.iter().all(|run| run["probability"].as_f64().unwrap() < 0.999), "{next}");
        }
    }
    let one = desk.json("next t.parquet --budget 400 data.fraction=0.2");
    assert!(one["chance"].as_f64().unwrap() < 0.9, "with too little data none is promised: {one}");
    desk.refuses("next t.parquet --budget 4000 --for laws", 2, &["a law needs"]);
    desk.refuses("next t.parquet --budget 4000 model.depth=2", 2, &["no setting \"model.depth\""]);
    desk.json("sweep small task=cyclic:7 data.fraction=0.4,0.8 optimizer=adam,sgd steps=30 --table m.csv --quiet");
    desk.refuses("next m.csv --budget 400", 2, &["others do not", "`optimizer.name=adam`"]);
    assert_eq!(desk.json("next m.csv --budget 90 optimizer=sgd --for boundary")["runs"].as_array().unwrap().len(), 3);
    desk.json("sweep small task=cyclic:7 seed=0..2 steps=30 --table n.csv --quiet");
    desk.refuses("next n.csv --budget 400", 2, &["nothing but the seed differs"]);
    desk.refuses("next absent.csv --budget 400", 1, &["absent.csv"]);
}

/// The same benchmark gives the same table, every predictor has a row, and what cannot generalize is not called hopeful.
#[test]
fn the_league_compares_every_predictor_on_the_same_runs() {
    let desk = Desk::new();
    let league = desk.json("league --pools 2 --per-pool 4 --quiet");
    let predictors = league["predictors"].as_array().unwrap();
    assert!(predictors.len() >= 24 && league["runs"] == 8, "{league}");
    for name in
        ["last_accuracy", "power_law", "asha", "asha_warm", "hjorth", "learning_coefficient", "ours_spec", "ours_group"]
    {
        let row = predictors.iter().find(|row| row["predictor"] == name).unwrap_or_else(|| panic!("{name}"));
        assert_eq!(row["auc"].as_array().unwrap().len(), 12);
        assert!(row["high"].as_f64().unwrap() <= 1.0 && row["wasted_steps_saved"].as_f64().unwrap() <= 1.0);
    }
    assert_eq!(desk.json("league --pools 2 --per-pool 4 --quiet"), league, "the same bits");
    let controls = desk.json("league --controls 4 --quiet");
    assert!(controls["holds"] == true && controls["controls"].as_array().unwrap().len() == 3, "{controls}");
    desk.refuses("league --pools 1", 2, &["from 2 to"]);
    desk.refuses("league --controls 4 --per-pool 9", 2, &["cannot be used with"]);
}

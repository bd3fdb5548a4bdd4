//! `dunwu audit`.

use super::*;
use std::fmt::Write as _;

/// A table of results with this lead of the second method, and this batch size with the first.
fn results(lead: f64, batch: i64) -> String {
    let mut csv = "method,batch_size,seed,test_accuracy,seconds\n".to_owned();
    for seed in 0..8 {
        for (method, lead, batch) in [("a", 0.0, batch), ("b", lead, 32)] {
            let accuracy = 0.5 + lead + f64::from(seed * 5 % 8) / 100.0;
            writeln!(csv, "{method},{batch},{seed},{accuracy:.3},{}", 10 + seed).unwrap();
        }
    }
    csv
}

#[test]
fn exit_codes_say_what_was_judged() {
    let desk = Desk::new();
    fs::write(desk.path("sound.csv"), results(0.2, 32)).unwrap();
    fs::write(desk.path("unlike.csv"), results(0.2, 64)).unwrap();
    let claim = "--compare method=a,b --measure test_accuracy";
    for (words, code, headline) in [
        (format!("audit sound.csv {claim}"), 0, "Nothing that misleads was found"),
        (format!("audit unlike.csv {claim}"), 3, "It misleads: confounded arms"),
        (format!("audit sound.csv {claim} --reported 0.77"), 3, "It misleads: best of many"),
        ("audit sound.csv".to_owned(), 4, "It cannot be told"),
    ] {
        let said = desk.dunwu(&words);
        assert_eq!(said.code, code, "{words}: {}{}", said.stdout, said.stderr);
        assert!(said.stdout.starts_with(headline), "{words}: {}", said.stdout);
    }
    let said = desk.dunwu(&format!("audit unlike.csv {claim} --json"));
    let object: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_fits_its_schema(&object, "audit");
    assert_eq!((said.code, object["verdict"].as_str()), (3, Some("misleads")));
}

#[test]
fn mistakes_name_the_offender_and_the_remedy() {
    let desk = Desk::new();
    fs::write(desk.path("t.csv"), results(0.2, 32)).unwrap();
    for (words, expected) in [
        ("audit t.csv --compare metod=a,b --measure test_accuracy", "no column \"metod\"; its columns are method,"),
        ("audit t.csv --compare method=a,c --measure test_accuracy", "no row has method = c; the table has a, b"),
        ("audit t.csv --compare method=a,b --measure method", "holds no numbers"),
        ("audit t.csv --compare method --measure seconds", "is no SETTING=A,B"),
        ("audit t.csv t.csv --compare method=a,b --measure seconds", "about a table of results"),
        ("audit t.csv t.csv --label nothing", "no column is called \"nothing\""),
        ("audit t.csv --compare method=a,b --measure seconds --reported many", "\"many\" is no number"),
        ("audit t.csv t.csv t.csv", "two files of samples"),
    ] {
        let said = desk.dunwu(words);
        assert_eq!(said.code, 2, "{words}: {}", said.stderr);
        assert!(said.stderr.contains(expected), "{words}: {}", said.stderr);
    }
    assert_eq!(desk.dunwu("audit").code, 2);
}

/// A network whose operands share one summed table answers mirror images for nothing; where whole pairs are held out it cannot.
#[test]
fn a_run_is_judged_by_its_own_split_and_snapshots() {
    let desk = Desk::new();
    let words = "run small task=cyclic:11 model.tables=summed steps=300 seed=1 --quiet";
    for (split, kind) in [("data.fraction=0.3", Some("mirror_images")), ("data.mirror_pairs=0.3", None)] {
        let made = desk.dunwu(&format!("{words} {split} --json"));
        assert_eq!(made.code, 0, "{}", made.stderr);
        let made: Value = serde_json::from_str(&made.stdout).unwrap();
        let said = desk.dunwu(&format!("audit {} --json", made["run"].as_str().unwrap()));
        let object: Value = serde_json::from_str(&said.stdout).unwrap();
        assert_fits_its_schema(&object, "audit");
        let judged = |kind: &str| {
            let judgements = object["judgements"].as_array().unwrap();
            judgements.iter().find(|judgement| judgement["kind"] == kind).unwrap()["verdict"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        assert_eq!(judged("mirror_images") == "misleads", kind.is_some(), "{split}: {object:#}");
        assert_eq!(judged("wrong_split"), "nothing_found", "{object:#}");
        assert_eq!(judged("too_few_seeds"), "cannot_tell");
        // The training accuracy for the test accuracy.
        let said = desk.dunwu(&format!("audit {} --reported 1.000", made["run"].as_str().unwrap()));
        assert!(said.code == 3 && said.stdout.contains("The reported 1 is train_accuracy"), "{}", said.stdout);
    }
}

#[test]
fn the_bench_writes_a_row_a_case() {
    let desk = Desk::new();
    let said = desk.dunwu("audit --bench 1 --rows rows.csv --json");
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert_fits_its_schema(&serde_json::from_str(&said.stdout).unwrap(), "audit --bench");
    let rows = fs::read_to_string(desk.path("rows.csv")).unwrap();
    assert_eq!(rows.lines().count(), 18, "{rows}");
}

//! A campaign from the command line: asked, run, killed, gone on with, judged again, gone through again, and bent.

use super::{Desk, PATIENCE};
use serde_json::Value;
use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

const INIT: &str = "init generalized by fraction where task = cyclic:11";

fn head(answer: &Value) -> &str {
    answer["head"].as_str().unwrap()
}

#[test]
fn a_campaign_that_is_killed_ends_as_if_it_had_not_been() {
    let desk = Desk::new();
    for name in ["whole", "killed"] {
        assert_eq!(desk.json(&format!("science {name} {INIT}"))["events"], 1);
    }
    let run = |name: &str| format!("science {name} run --budget 16000 --quiet");
    let whole = desk.json(&run("whole"));
    assert!(whole["work"]["spent"].as_u64().unwrap() <= 16_000, "{whole}");
    let ledger = desk.path("killed/ledger.jsonl");
    for lines in [3, 8] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_dunwu"));
        command.args(run("killed").split(' ')).current_dir(&desk.folder).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let began = Instant::now();
        while fs::read_to_string(&ledger).unwrap().lines().count() < lines {
            assert!(began.elapsed() < PATIENCE, "the campaign does not begin");
            std::thread::sleep(Duration::from_millis(2));
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let killed = desk.json(&run("killed"));
    assert_eq!(head(&killed), head(&whole));
    let verified = desk.json("science whole verify");
    assert_eq!((verified["intact"].as_bool(), verified["events"].as_u64()), (Some(true), whole["events"].as_u64()));
    assert_eq!(verified["claims"], whole["claims"]);
    assert_eq!(desk.json("science whole replay --quiet")["replayed"]["same"], true);

    // A bent line is named, and nothing goes on behind it.
    let text = fs::read_to_string(&ledger).unwrap();
    let place = text.lines().position(|line| line.contains("\"is\":\"run\"")).unwrap();
    desk.write("killed/ledger.jsonl", text.replacen("\"steps\":", "\"steps\":1", 1));
    let bent = desk.dunwu("science killed verify --json");
    let answer: Value = serde_json::from_str(&bent.stdout).unwrap();
    assert_eq!(bent.code, 3);
    assert!(answer["bent"]["line"].as_u64().unwrap() <= place as u64, "{answer}");
    desk.refuses(&run("killed"), 2, &["is bent"]);
}

#[test]
fn claims_and_questions_that_cannot_be_are_refused() {
    let desk = Desk::new();
    desk.refuses("science c brief", 2, &["there is no ledger", "init"]);
    desk.refuses("science c init nonsense", 2, &["is no question", "TARGET by KNOB"]);
    desk.refuses("science c init magic by fraction", 2, &["is no observable"]);
    desk.refuses("science c init generalized by fraction where M in 5000..6000", 2, &["the scope has no points"]);
    desk.json(&format!("science c {INIT}"));
    desk.refuses(&format!("science c {INIT}"), 2, &["there is a ledger already"]);
    desk.refuses("science c run", 2, &["--budget"]);
    desk.refuses("science c run --quiet --budget 0", 2, &["the budget is 0 steps"]);
    desk.refuses("science c propose t_gen = steps + M", 2, &["mixed units"]);
    desk.refuses("science c propose t_gen = c, for some c, where fraction in 2..3", 2, &["the scope has no points"]);
    desk.refuses("science c propose grokking is magic", 2, &["has no form of a claim"]);
    let claim = "science c propose generalized happens when fraction > c, for some c";
    assert_eq!(desk.json(claim)["claims"][0]["verdict"], "open");
    desk.refuses("science c propose generalized happens when c < fraction, for some c", 2, &["claimed before", "open"]);
    desk.refuses("science c attack --quiet --claim 123", 2, &["there is no claim"]);
}

#[test]
fn a_derivation_is_judged_with_an_exit_code() {
    let desk = Desk::new();
    let file = |factor: &str| {
        format!(
            "title = \"a square\"\n[sizes]\nn = \"2..4\"\n[declare]\nu = {{ shape = \"n\" }}\nv = {{ shape = \"n\" }}\n[[step]]\nfrom = \"square(u + v) - square(u) - square(v)\"\nrelation = \"=\"\nto = \"{factor}(u .* v)\"\n"
        )
    };
    desk.write("right.toml", file("2 * "));
    desk.write("wrong.toml", file(""));
    let right = desk.json("derive right.toml");
    assert_eq!((right["ok"].as_bool(), &right["first_false"]), (Some(true), &Value::Null));
    let wrong = desk.dunwu("derive wrong.toml --json");
    let answer: Value = serde_json::from_str(&wrong.stdout).unwrap();
    assert_eq!((wrong.code, answer["ok"].as_bool(), answer["first_false"].as_u64()), (3, Some(false), Some(1)));
    assert_eq!(answer["factor"], 2.0);
    desk.write("bent.toml", "title = 3");
    desk.refuses("derive bent.toml", 2, &["bent.toml"]);
}

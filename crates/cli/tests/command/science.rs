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

/// `t_gen` follows M ln M / rate.
const WORLD: &str = "name = \"simple\"\nsteps = \"100\"\n[knobs.M]\nleast = 5\nmost = 97\nwhole = true\nlogarithmic = true\ndefault = 23\n[knobs.rate]\nleast = 0.01\nmost = 1\nlogarithmic = true\ndefault = 0.1\n[observables.t_gen]\nvalue = \"3 * M * ln(M) / rate\"\nunit = \"step\"\nresolution = 0.01\nlogarithmic = true\nnoise = { family = \"normal\", size = 0.1 }\n";

#[test]
fn what_is_established_is_explained_examined_and_sealed() {
    let desk = Desk::new();
    desk.write("world.toml", WORLD);
    desk.json("science c init t_gen by M, rate --lab world:world.toml");
    let run = desk.json("science c run --budget 4000 --quiet");
    let law = run["claims"].as_array().unwrap().iter().find(|claim| claim["verdict"] == "established").unwrap();
    assert_eq!(law["sentence"], "t_gen = c * M * ln(M) / rate, for some c", "{run}");

    // The shortest text that still says it, and one that says too little.
    let explained = desk.json("science c explain --quiet");
    let essential = explained["explained"]["essential"].clone();
    assert!(essential["bytes"].as_u64().unwrap() <= 40 && essential["bits"].as_f64().unwrap() > 5.0, "{explained}");
    let poor = desk.json("science c explain --quiet M matters somehow");
    assert_eq!(poor["explained"]["essential"]["text"], essential["text"], "what passed before stands");
    assert_eq!(poor["explained"]["curve"].as_array().unwrap().last().unwrap()["passed"], false);
    desk.refuses("science c explain --quiet --bytes 3 too long", 2, &["--bytes allows 3"]);
    desk.refuses("science c explain --quiet --claim 12", 2, &["there is no claim"]);
    desk.refuses("science c explain --quiet --listener ftp://x", 2, &["is no address of a model"]);

    let id = law["id"].as_str().unwrap();
    let examined = desk.json(&format!("science c examine --claim {id}"));
    assert_eq!(examined["examined"]["open"][0], id, "{examined}");
    assert!(examined["examined"]["nodes"][0]["what_if"]["says"].as_str().unwrap().contains("t_gen"));

    // The secret shows that every batch was drawn by it; without it lines still hold, and nothing can be run. What comes out differs from
    // secret to secret.
    desk.json("science s init t_gen by M, rate --lab world:world.toml --sealed");
    desk.json("science s run --budget 900 --quiet");
    let verified = desk.json("science s verify");
    assert!(verified["seal"].as_str().unwrap().contains("every batch was drawn by it"), "{verified}");
    let secret = fs::read_to_string(desk.path("s/secret")).unwrap();
    fs::remove_file(desk.path("s/secret")).unwrap();
    assert!(desk.json("science s verify")["seal"].as_str().unwrap().contains("cannot be checked"));
    desk.refuses("science s run --budget 1000 --quiet", 2, &["sealed", "secret"]);
    desk.write("s/secret", secret.replace('0', "1"));
    desk.refuses("science s brief", 2, &["is not the secret"]);
}

#[test]
fn a_program_that_answers_nonsense_loses_its_turn_and_one_that_answers_proposes() {
    let desk = Desk::new();
    desk.write("world.toml", WORLD);
    desk.json("science c init t_gen by M, rate --lab world:world.toml");
    desk.json("science c run --budget 700 --quiet");
    let asked = |file: &str| -> Value {
        let said = desk.dunwu_with("science c propose --json --mind", &[&format!("program:cat {file}")]);
        serde_json::from_str(&said.stdout).unwrap_or_else(|error| panic!("{error}: {}", said.stderr))
    };
    desk.write("nonsense", "{\"action\": \"establish everything");
    let turn = asked("nonsense");
    assert_eq!(
        (turn["turn"]["offline"].as_bool(), turn["turn"]["exchanges"].as_u64()),
        (Some(true), Some(2)),
        "{turn}"
    );
    assert!(!turn["registered"].as_array().unwrap().is_empty(), "the search took the turn: {turn}");
    let claim = "t_gen = c * M * ln(M) / rate^1.1, for some c";
    desk.write("claim", format!("{{\"action\":\"propose\",\"claim\":\"{claim}\"}}"));
    let turn = asked("claim");
    assert_eq!(turn["turn"]["offline"], false, "{turn}");
    let last = turn["claims"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((last["sentence"].as_str(), last["by"].as_str()), (Some(claim), Some("model program cat")));
    let brief = desk.json("science c brief");
    let models = brief["models"].as_array().unwrap();
    assert_eq!((models[0]["calls"].as_u64(), models[0]["faults"].as_u64()), (Some(3), Some(2)), "{brief}");
    assert_eq!(models[0]["earns"], false, "{brief}");
    desk.refuses("science c propose --mind person", 2, &["proposes nothing"]);
    desk.refuses("science c propose --mind program:", 2, &["names no program"]);
}

/// Steps of a derivation on the snapshots of a run: what holds of any matrices, and what training breaks.
#[test]
fn a_derivation_is_tried_on_the_snapshots_of_a_run() {
    let desk = Desk::new();
    let run = desk.json("run small task=cyclic:7 model.width=16 steps=20 --quiet")["run"].as_str().unwrap().to_owned();
    let derive = |file: &str| format!("derive {file}.toml --run {run}");
    let file = |to: &str| {
        format!(
            "title = \"weights\"\n[sizes]\ni = \"2..4\"\nk = \"2..4\"\nc = \"2..4\"\nn = \"2..4\"\n[declare]\nW = {{ shape = [\"i\", \"k\"] }}\nX = {{ shape = [\"n\", \"i\"] }}\n[[step]]\nfrom = \"sumsq(X*W)\"\nrelation = \"=\"\nto = \"{to}\"\n"
        )
    };
    desk.write("true.toml", file("trace(W'*X'*X*W)"));
    let checked = desk.json(&derive("true"));
    let states = checked["steps"][0]["states"].as_array().unwrap();
    assert!(!states.is_empty() && states.iter().all(|state| state["standing"] == "stands"), "{checked}");
    desk.write("false.toml", file("2*sumsq(X*W)"));
    let said = desk.dunwu(&format!("{} --json", derive("false")));
    let checked: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!((said.code, checked["steps"][0]["states"][0]["standing"].as_str()), (3, Some("false")), "{checked}");
    desk.write("none.toml", "title = \"t\"\n[sizes]\nn = \"2..3\"\n[declare]\nA = { shape = [\"n\", \"n\"] }\n[[step]]\nfrom = \"A\"\nrelation = \"=\"\nto = \"A''\"\n");
    desk.refuses(&derive("none"), 2, &["declares none of W, V, X and Y"]);
    desk.refuses("derive true.toml --run nobody", 1, &["no run is called"]);
}

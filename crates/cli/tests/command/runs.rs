//! `dunwu run`: what comes out, and when it is the same run.

use crate::{Desk, computed, reported, snapshots};
use serde_json::{Value, json};
use std::fs;
use std::time::Instant;

/// Each stage begins where the one before it ends, the first at 0 and the last at the end.
fn assert_stages_cover(result: &Value, steps: u64) {
    let stages = result["stages"].as_array().unwrap();
    let mut reached = 0;
    for stage in stages {
        assert!(["lazy", "independent", "interactive"].contains(&stage["name"].as_str().unwrap()), "{stage}");
        assert_eq!(stage["from"], reached, "{stages:?}");
        reached = stage["to"].as_u64().unwrap();
    }
    assert_eq!(reached, steps, "{stages:?}");
}

fn n_units(result: &Value) -> u64 {
    let units = result["units"].as_object().unwrap();
    assert_eq!(units.keys().collect::<Vec<_>>(), ["generalizing", "memorizing", "undecided", "dead"]);
    units.values().map(|count| count.as_u64().unwrap()).sum()
}

#[test]
fn the_small_preset_groks_and_leaves_a_whole_run_directory() {
    let desk = Desk::new();
    let began = Instant::now();
    let result = desk.json("run small");
    let seconds = began.elapsed().as_secs_f64();
    assert!(cfg!(debug_assertions) || seconds < 10.0, "promised in under ten seconds, took {seconds}");

    assert_eq!(result["outcome"]["kind"], "grokked");
    let step = result["outcome"]["step"].as_u64().unwrap();
    assert!((1..=1_000).contains(&step), "{step}");
    assert_eq!(result["step_generalized"], step);
    assert_eq!((&result["train_accuracy"], &result["reused"]), (&json!(1.0), &json!(false)));
    assert!(result["test_accuracy"].as_f64().unwrap() >= 0.99);
    assert!(result["steps_per_second"].as_f64().unwrap() > 0.0);
    assert_eq!(n_units(&result), 256);
    assert_stages_cover(&result, 1_000);

    let run = desk.run();
    assert_eq!(result["run"], format!("runs/{}", run.file_name().unwrap().to_str().unwrap()));
    for table in ["scalars", "measures", "units", "irreps", "spectra"] {
        let bytes = fs::read(run.join(format!("{table}.parquet"))).unwrap();
        assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"), "{table}");
    }
    let report = reported(&run);
    assert!(report.contains("<svg") && report.contains("cyclic:23"));
    // The name of SVG's namespace is no reference: nothing is fetched from it.
    let report = report.replace("http://www.w3.org/2000/svg", "");
    assert!(!report.contains("http://") && !report.contains("https://") && !report.contains("<script"));
    assert!(fs::read_to_string(run.join("spec.toml")).unwrap().contains("task = \"cyclic:23\""));
    let n_snapshots = computed(&run).iter().filter(|line| line.contains("\"snapshot\"")).count();
    assert!(n_snapshots > 30);
    assert_eq!(snapshots(&run).len(), n_snapshots);
    assert!(run.join("checkpoint.safetensors").is_file(), "a run of more steps begins there");
}

/// Of the 12 irreps of C₂₃ (complex pairs counted once) centring removes the trivial one.
#[test]
fn a_grokked_run_names_the_irreps_that_its_units_carry() {
    let result = Desk::new().json("run small --quiet");
    let irreps = |which: &str| result["irreps"][which].as_array().unwrap_or_else(|| panic!("{result}")).len();
    assert_eq!(irreps("covered") + irreps("missing"), 11);
    assert!(irreps("covered") > 0, "{result}");
    assert!(result["units"]["generalizing"].as_u64().unwrap() > 0, "{result}");
}

#[test]
fn quiet_means_that_nothing_is_said_while_it_trains() {
    let desk = Desk::new();
    assert_eq!(desk.dunwu("run small steps=3 --quiet").stderr, "");
    let loud = desk.dunwu("run small steps=3 seed=1");
    assert!(
        loud.stderr.contains("train") && loud.stdout.contains("Report, to open in a browser: runs"),
        "{}",
        loud.stdout
    );
}

#[test]
fn the_same_spec_is_run_once_however_it_is_written() {
    let desk = Desk::new();
    let first = desk.json("run small steps=200 seed=3 optimizer.learning_rate=0.01");
    let run = desk.run();
    let when = || fs::metadata(run.join("record.jsonl")).unwrap().modified().unwrap();
    let (written, bytes) = (when(), computed(&run));
    desk.write("same.toml", "preset = \"small\"\nseed = 3\nsteps = 2e2\noptimizer.learning_rate = 1e-2\n");
    desk.write(
        "section.toml",
        "steps = 200\nseed = 3\ntask = \"cyclic:23\"\n[optimizer]\nlearning_rate = 0.010\n[model]\nwidth = 256\n[data]\nfraction = 0.5\n",
    );
    for words in [
        "run small steps=200 seed=3 optimizer.learning_rate=0.01",
        "run small optimizer.learning_rate=1e-2 seed=3 steps=2e2",
        "run small seed=3 steps=200 threads=1",
        "run same.toml",
        "run section.toml",
        "run tian-2025 task.order=23 data.fraction=0.5 model.width=256 optimizer.learning_rate=0.01 steps=200 seed=3",
        "run task=cyclic:23 data.fraction=0.5 model.width=256 optimizer.learning_rate=0.01 steps=200 seed=3",
    ] {
        let again = desk.json(words);
        assert_eq!((&again["run"], &again["reused"]), (&first["run"], &json!(true)), "{words}");
        for key in ["outcome", "units", "irreps", "stages", "train_loss", "test_loss", "story"] {
            assert_eq!(again[key], first[key], "{words}: {key}");
        }
    }
    assert_eq!((when(), computed(&desk.run())), (written, bytes));
    desk.json("run small steps=200 seed=4");
    assert_eq!(desk.runs().len(), 2, "another seed is another run");
}

#[test]
fn one_thread_and_two_give_the_same_id_and_the_same_bits() {
    let desk = Desk::new();
    let words = "run task=cyclic:41 model.width=512 steps=12 --quiet";
    let one = desk.json(&format!("{words} threads=1 --runs one"))["run"].as_str().unwrap().to_owned();
    let two = desk.json(&format!("{words} threads=2 --runs two"))["run"].as_str().unwrap().to_owned();
    assert_eq!(one.strip_prefix("one"), two.strip_prefix("two"));
    let (one, two) = (desk.path(&one), desk.path(&two));
    assert_eq!(computed(&one), computed(&two));
    assert_eq!(snapshots(&one), snapshots(&two));
}

#[test]
fn a_rate_beyond_all_bounds_ends_diverged_and_is_no_failure() {
    let result = Desk::new().json("run small optimizer=sgd optimizer.learning_rate=1e6");
    assert_eq!(result["outcome"]["kind"], "diverged");
    let step = result["outcome"]["step"].as_u64().unwrap();
    assert!(step < 100, "{step}");
    assert_stages_cover(&result, step);
    assert_eq!(n_units(&result), 256);
}

/// With a rate of 0.1 and a decay of 5, each step takes half of every weight: 2⁻¹⁰ is the first below 10⁻³.
#[test]
fn weights_that_decay_to_nothing_end_collapsed() {
    let result = Desk::new().json("run small optimizer=sgd optimizer.learning_rate=0.1 optimizer.weight_decay=5");
    assert_eq!(result["outcome"], json!({ "kind": "collapsed", "step": 10 }));
    assert_eq!(n_units(&result), 256);
}

/// Strong decay destroys what it made: generalized at step 52, gone at the end, with 251 of 256 units dead. Everything that says how
/// the run stands agrees: its outcome, its story, its list, its table as a sweep.
#[test]
fn what_was_lost_at_the_end_is_nowhere_said_to_have_grokked() {
    let desk = Desk::new();
    let spec = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/field/forgets.toml");
    let result = desk.json(&format!("run {spec}"));
    let outcome = &result["outcome"];
    assert_eq!(outcome["kind"], "lost");
    let step = |value: &Value| value.as_u64().unwrap();
    let (arrived, left) = (step(&outcome["arrived"]), step(&outcome["left"]));
    assert!((20..100).contains(&arrived) && arrived < left && left < 1_000, "{outcome}");
    assert_eq!((&outcome["step"], &outcome["final"]), (&json!(1_000), &result["test_accuracy"]));
    assert!(outcome["final"].as_f64().unwrap() < 0.2);
    assert_eq!((step(&result["step_generalized"]), step(&result["step_lost"])), (arrived, left));
    assert!(step(&result["step_forgotten"]) > left && result["test_accuracy_fall"].as_f64().unwrap() > 0.8);
    let story =
        result["story"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect::<Vec<_>>().join(" ");
    assert!(story.contains("generalized and lost it") && story.contains("dead"), "{story}");
    assert!(!story.contains("grokked") && !story.contains("the run agrees"), "{story}");

    assert_eq!(desk.json("ls state=lost")["runs"].as_array().unwrap().len(), 1);
    let swept = desk.json(&format!("sweep {spec} seed=0 --quiet"));
    let table = swept["table"].as_str().unwrap();
    let diagram = desk.json(&format!("phase {table} x=data.fraction y=model.width"));
    assert_eq!(diagram["cells"][0]["phase"], "lost", "{diagram}");
    assert_eq!(diagram["cells"][0]["generalized"], 0);
}

#[test]
fn without_a_test_sample_there_is_no_test_accuracy_and_the_run_is_censored() {
    let result = Desk::new().json("run small task=cyclic:7 data.fraction=1 steps=50");
    assert_eq!(result["outcome"], json!({ "kind": "censored", "step": 50 }));
    assert_eq!((&result["test_accuracy"], &result["test_loss"]), (&Value::Null, &Value::Null));
    assert!(result["train_accuracy"].is_number());
    let counted = Desk::new().json("run small task=cyclic:7 data.count=49 steps=50");
    assert_eq!(counted["train_loss"], result["train_loss"], "all of it is all of it");
}

#[test]
fn corrupted_labels_are_a_slice_of_their_own() {
    let result = Desk::new().json("run small data.corrupted=0.2 steps=100");
    // ⌊0.2 · 211⌋ = 42 labels; what is answered as given cannot be answered as it was.
    let share = |key: &str| result[key].as_f64().unwrap();
    assert!(share("corrupted_accuracy") + share("restored_accuracy") <= 1.0);
    assert!(
        (share("corrupted_accuracy") * 42.0).fract().min(1.0 - (share("corrupted_accuracy") * 42.0).fract()) < 1e-9
    );
    let clean = Desk::new().json("run small steps=3");
    assert_eq!((&clean["corrupted_accuracy"], &clean["restored_accuracy"]), (&Value::Null, &Value::Null));
}

#[test]
fn tables_from_files_are_trained_on_and_their_copies_are_kept() {
    let desk = Desk::new();
    desk.write("quasi.csv", "0,2,1\n2,1,0\n1,0,2\n");
    desk.write("one.csv", "# index_base = 1\n1,2,3\n2,3,1\n3,1,2\n");
    desk.write("split.csv", "0,0\n0,1\n1,1\n2,2\n");
    let quasi = desk.json("run small task=table:quasi.csv data.fraction=0.7 steps=20");
    assert_eq!((&quasi["irreps"], quasi["outcome"]["kind"].is_string()), (&Value::Null, true));
    let result = desk.json("run small task=table:one.csv data.split=split.csv steps=20");
    let run = desk.path(result["run"].as_str().unwrap());
    assert_eq!(
        fs::read_to_string(run.join("inputs/table")).unwrap(),
        fs::read_to_string(desk.path("one.csv")).unwrap()
    );
    assert_eq!(fs::read_to_string(run.join("inputs/split")).unwrap(), "0,0\n0,1\n1,1\n2,2\n");
    // What identifies a run is what the file says, and a run needs no file any more.
    desk.write("split.csv", "0,0\n0,1\n1,1\n2,1\n");
    assert_ne!(desk.json("run small task=table:one.csv data.split=split.csv steps=20")["run"], result["run"]);
    fs::remove_file(desk.path("one.csv")).unwrap();
    desk.json(&format!("show {}", result["run"].as_str().unwrap()));
}

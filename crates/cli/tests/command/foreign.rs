//! Runs that other programs made: imported from every kind of log, and every verb on them.

use crate::{Desk, Running, record, reported};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

const WANDB: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/wandb/run.wandb");

fn loss(step: u64) -> f64 {
    1.0 + 3.0 * (step as f64 + 1.0).powf(-0.6)
}

/// A table whose held-out loss falls as a power of the step.
fn csv(steps: std::ops::Range<u64>) -> String {
    let row = |step: u64| format!("{step},{},{},{}\n", loss(step), loss(step) - 0.1, 1.0 - 1.0 / (step as f64 + 2.0));
    format!("step,val_loss,train_loss,val_accuracy\n{}", steps.map(row).collect::<String>())
}

fn lines(steps: impl Iterator<Item = u64>) -> String {
    let line = |step: u64| format!("{{\"step\":{step},\"val_loss\":{},\"note\":\"a\"}}\n", loss(step));
    steps.map(line).collect()
}

/// The directory of the only run that an import made.
fn imported(desk: &Desk, words: &str) -> String {
    let data = desk.json(&format!("import {words}"));
    let runs = data["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 1, "{data}");
    runs[0]["run"].as_str().unwrap().to_owned()
}

/// A desk with a run of each kind of log: CSV, JSON lines, Weights & Biases, `TensorBoard`.
fn desk_of_logs() -> (Desk, Vec<String>) {
    let desk = Desk::new();
    desk.write("theirs.csv", csv(0..500));
    desk.write("lines.jsonl", lines(0..300));
    fs::copy(WANDB, desk.path("run-1.wandb")).unwrap();
    let mut runs: Vec<String> = ["theirs.csv", "lines.jsonl", "run-1.wandb"].map(|file| imported(&desk, file)).to_vec();
    // An event file that we wrote ourselves; the real package reads it in crates/python/tests.
    let written = desk.json(&format!("export {} --to tensorboard --output logs", runs[0]));
    assert!(written["file"].as_str().unwrap().contains("tfevents"), "{written}");
    runs.push(imported(&desk, "logs --name board"));
    (desk, runs)
}

#[test]
fn every_verb_takes_a_run_of_every_kind_of_log() {
    let (desk, runs) = desk_of_logs();
    let listed = desk.json("ls kind=foreign");
    assert_eq!(listed["runs"].as_array().unwrap().len(), 4, "{listed}");
    assert!(
        listed["runs"].as_array().unwrap().iter().all(|run| run["state"] == "imported" && run["kind"] == "foreign")
    );
    assert_eq!(desk.json("ls kind=own")["runs"].as_array().unwrap().len(), 0);
    for run in &runs {
        let shown = desk.json(&format!("show {run}"));
        assert_eq!((&shown["verb"], shown["run"].as_str()), (&"foreign".into(), Some(run.as_str())));
        let page = desk.dunwu(&format!("report {run}"));
        assert_eq!((page.code, page.stdout.trim()), (0, format!("{run}/report.html").as_str()), "{}", page.stderr);
        let page = reported(&desk.path(run));
        assert!(page.contains("<svg") && page.contains("Not defined here") && !page.contains("NaN"), "{run}");
        let judged = desk.json(&format!("verdict {run} --steps 2000"));
        assert_eq!(judged["verb"], "verdict-log");
        let doctor = desk.dunwu(&format!("doctor {run}"));
        assert!([0, 3, 4].contains(&doctor.code), "{}", doctor.stderr);
        desk.json(&format!("tag {run} theirs"));
        desk.json(&format!("note {run} of somebody else"));
        let files = desk.json(&format!("export {run} --output out --tables csv"))["files"].as_array().unwrap().clone();
        assert!(
            files.iter().any(|file| file == "out/scalars.csv") && files.iter().any(|file| file == "out/curves.svg")
        );
        let json = desk.json(&format!("export {run} --to jsonl --output out"));
        let text = fs::read_to_string(desk.path("out/scalars.jsonl")).unwrap();
        assert_eq!(json["entries"], text.lines().count());
    }
    assert_eq!(desk.json("ls tag=theirs")["runs"].as_array().unwrap().len(), 4);
    assert_eq!(desk.json("ls known.recorder=CSV")["runs"].as_array().unwrap().len(), 1);
    desk.json(&format!("rm {} {}", runs[0], runs[1]));
    assert_eq!(desk.runs().len(), 2);
}

/// What the CSV says is what is shown, judged and exported: the file is the oracle.
#[test]
fn the_numbers_are_those_of_the_file() {
    let (desk, runs) = desk_of_logs();
    let shown = desk.json(&format!("show {}", runs[0]));
    let of = |name: &str| shown["series"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap().clone();
    let accuracy = of("val_accuracy");
    assert_eq!((&accuracy["role"], &accuracy["values"]), (&"held_out_accuracy".into(), &500.into()), "{shown}");
    assert_eq!(of("val_loss")["last"].as_f64(), Some(loss(499)));
    desk.json(&format!("export {} --output out --tables csv", runs[0]));
    let table = fs::read_to_string(desk.path("out/scalars.csv")).unwrap();
    let head: Vec<&str> = table.lines().next().unwrap().split(',').collect();
    let place = head.iter().position(|name| *name == "val_loss").unwrap();
    for (step, row) in table.lines().skip(1).enumerate() {
        let cells: Vec<&str> = row.split(',').collect();
        assert_eq!(cells[0].parse::<u64>().unwrap(), step as u64);
        assert_eq!(cells[place].parse::<f64>().unwrap(), loss(step as u64));
    }
    // The verdict is that of the file itself.
    let (of_run, of_file) =
        (desk.json(&format!("verdict {} --steps 1500", runs[0])), desk.json("verdict --log theirs.csv --steps 1500"));
    for key in ["final", "points", "taken_for", "signs", "series"] {
        assert_eq!(of_run[key], of_file[key], "{key}");
    }
    let earlier = desk.json(&format!("verdict {} --at 200 --steps 1500", runs[0]));
    assert_eq!(earlier["at"], 200);
    // So is the doctor's, and what an event file holds is the same as f32.
    let (of_run, of_file) = (desk.dunwu(&format!("doctor {}", runs[0])), desk.dunwu("doctor theirs.csv"));
    assert_eq!(of_run.code, of_file.code);
    let board = desk.json(&format!("show {}", runs[3]));
    let last =
        board["series"].as_array().unwrap().iter().find(|one| one["name"] == "val_loss").unwrap()["last"].as_f64();
    assert_eq!(last, Some(f64::from(loss(499) as f32)));
    // What the package wandb logged, from testdata/wandb/make.py.
    let of_wandb = desk.json(&format!("show {}", runs[2]));
    let train = of_wandb["series"].as_array().unwrap().iter().find(|one| one["name"] == "train/loss").unwrap().clone();
    assert_eq!((&train["values"], &train["not_finite"], &train["last"]), (&42.into(), &2.into(), &Value::Null));
}

#[test]
fn importing_again_finds_the_same_run_and_adds_what_is_new() {
    let desk = Desk::new();
    desk.write("theirs.csv", csv(0..50));
    let run = imported(&desk, "theirs.csv");
    let before = fs::read(desk.path(&run).join("record.jsonl")).unwrap();
    let again = desk.json("import theirs.csv");
    assert_eq!((&again["runs"][0]["novelty"], again["runs"][0]["run"].as_str()), (&"same".into(), Some(run.as_str())));
    assert_eq!(fs::read(desk.path(&run).join("record.jsonl")).unwrap(), before, "nothing was written");
    desk.write("theirs.csv", csv(0..80));
    let grown = desk.json("import theirs.csv");
    assert_eq!((&grown["runs"][0]["novelty"], &grown["runs"][0]["new_values"]), (&"grown".into(), &90.into()));
    assert!(fs::read(desk.path(&run).join("record.jsonl")).unwrap().starts_with(&before), "it is only appended to");
    assert_eq!(desk.json(&format!("show {run}"))["last_step"], 79);
    // A run that was resumed from its step 60 says so, and what came after counts no more.
    desk.write("lines.jsonl", lines(0..80));
    let resumed = imported(&desk, "lines.jsonl");
    desk.write("lines.jsonl", lines((0..80).chain(60..70)));
    let back = desk.json("import lines.jsonl");
    assert_eq!((&back["runs"][0]["novelty"], &back["runs"][0]["left_out"]), (&"grown".into(), &20.into()), "{back}");
    assert_eq!(desk.json(&format!("show {resumed}"))["last_step"], 69);
    // Another run of that name begins alike, and is refused with what to do.
    desk.write("theirs.csv", csv(0..10).replace("\n5,", "\n6,").replace("\n9,", "\n11,"));
    desk.refuses("import theirs.csv", 2, &["begins as", "differs at step", "--name", "dunwu rm"]);
    assert_ne!(imported(&desk, "theirs.csv --name other"), run);
}

#[test]
fn two_runs_are_compared_by_what_is_known_of_both() {
    let (desk, runs) = desk_of_logs();
    let same = desk.json(&format!("compare {} {}", runs[0], runs[1]));
    let shared = same["shared"].as_array().unwrap();
    assert_eq!((shared.len(), &shared[0]["names"][0]), (1, &"val_loss".into()), "{same}");
    assert_eq!((&shared[0]["common_steps"], &shared[0]["parts_at"]), (&300.into(), &Value::Null));
    assert_eq!(same["differing"][0]["key"], "recorder");
    let small = desk.json("run small steps=60 --quiet");
    let own = small["run"].as_str().unwrap();
    let both = desk.json(&format!("compare {} {own}", runs[0]));
    assert_eq!(both["own"], serde_json::json!([false, true]));
    let names: Vec<&str> =
        both["shared"].as_array().unwrap().iter().map(|one| one["names"][1].as_str().unwrap()).collect();
    assert_eq!(names, ["test_loss", "test_accuracy", "train_loss"]);
    assert!(both["differing"].as_array().unwrap().iter().any(|one| one["key"] == "optimizer.learning_rate"));
    assert!(both["not_defined"][0].as_str().unwrap().contains("CKA"));
}

#[test]
fn what_is_not_defined_says_so_in_a_sentence() {
    let desk = Desk::new();
    desk.write("theirs.csv", csv(0..50));
    let run = imported(&desk, "theirs.csv");
    for (words, why) in [
        (format!("fork {run} --at 10 optimizer.learning_rate=0.1"), "trains the run again"),
        (format!("resume {run}"), "opening it for writing"),
        (format!("curvature {run}"), "trains the run again"),
        (format!("peaks --run {run}"), "whose samples are known"),
        (format!("audit {run}"), "two files of its samples"),
        (format!("report {run} --landscape"), "whose samples are known"),
        (format!("verdict {run} --inputs spec"), "only series are known"),
    ] {
        let said = desk.dunwu(&words);
        assert_eq!((said.code, said.stdout.as_str()), (2, ""), "{words}: {}", said.stderr);
        assert!(said.stderr.contains(why), "{words}: {}", said.stderr);
    }
    desk.json(&format!("verdict {run} --steps 900"));
    let own = desk.json("run small steps=20 --quiet")["run"].as_str().unwrap().to_owned();
    desk.refuses(&format!("verdict {own} --steps 9"), 2, &["--steps"]);
}

#[test]
fn a_folder_is_one_run_a_log_and_what_is_no_log_is_passed_over() {
    let desk = Desk::new();
    for folder in ["logs/a", "logs/b", "logs/empty"] {
        fs::create_dir_all(desk.path(folder)).unwrap();
    }
    desk.write("logs/a/metrics.csv", csv(0..20));
    desk.write("logs/b/metrics.csv", csv(0..20).replace("0,4", "0,4.5"));
    desk.write("logs/b/samples.csv", "x,y\n1,2\n");
    desk.write("logs/b/config.yaml", "lr: 1");
    let found = desk.json("import logs");
    let names: Vec<&str> = found["runs"].as_array().unwrap().iter().map(|run| run["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["logs/a/metrics", "logs/b/metrics"]);
    assert!(found["passed_over"][0].as_str().unwrap().contains("says the step"), "{found}");
    desk.refuses("import logs --name one", 2, &["--name one is for one run", "3 runs"]);
    desk.refuses("import logs/empty", 2, &["no log in logs/empty"]);
    desk.refuses("import nothing", 2, &["cannot read nothing"]);
    desk.write("model.safetensors", "");
    assert_eq!(desk.dunwu("import model.safetensors").code, 2);
}

#[test]
fn nonsense_is_refused_by_its_place_and_leaves_no_run() {
    let desk = Desk::new();
    for (name, bytes, wanted) in [
        ("a.csv", &b"time,loss\n0,1\n"[..], "says the step"),
        ("b.csv", b"step,loss\n0.5,1\n", "row 1"),
        ("c.csv", b"step,host\n0,a\n", "nothing in it is a number"),
        ("d.jsonl", b"{\"step\":0,\"loss\":1}\n{\"step\":\n{\"step\":2}\n", "line 2"),
        ("e.jsonl", b"\xff\xfe", "line 1"),
        ("f.wandb", b":W&B", "byte 0"),
        ("events.out.tfevents.1", b"\0\0\0\0\0\0\0\0\0\0\0\0\0", "byte 0"),
        ("g.parquet", b"PAR1", "table"),
        ("h.csv", b"", ""),
    ] {
        desk.write(name, bytes);
        let said = desk.dunwu(&format!("import {name}"));
        assert_eq!((said.code, said.stdout.as_str()), (2, ""), "{name}: {}", said.stderr);
        assert!(said.stderr.contains(wanted) && said.stderr.contains(name), "{name}: {}", said.stderr);
    }
    assert!(desk.runs().is_empty(), "{:?}", desk.runs());
    // A record that says that it is foreign, and is none.
    let run = desk.path("runs/0123456789abcdef-a");
    fs::create_dir_all(&run).unwrap();
    for record in ["{\"format\":2,\"foreign\":1}\n", "{\"format\":2,\"foreign\":9,\"dunwu\":\"9.0\"}\n", "\n", ""] {
        fs::write(run.join("record.jsonl"), record).unwrap();
        for verb in ["show", "report", "verdict", "doctor", "export"] {
            let said = desk.dunwu(&format!("{verb} 0123"));
            assert_eq!((said.code, said.stdout.as_str()), (1, ""), "{verb} {record}: {}", said.stderr);
        }
        assert_eq!(desk.json("ls")["unreadable"].as_array().unwrap().len(), 1);
    }
}

/// An import that is killed at any moment leaves a run that the next one completes, and nothing else.
#[test]
fn an_import_that_is_killed_goes_on_where_it_stood() {
    let desk = Desk::new();
    desk.write("theirs.csv", csv(0..8_000));
    let began = Instant::now();
    let wanted = Desk::new();
    wanted.write("theirs.csv", csv(0..8_000));
    let whole = imported(&wanted, "theirs.csv");
    let takes = began.elapsed();
    let mut n_killed = 0;
    for part in 1..6 {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dunwu"));
        command.args(["import", "theirs.csv", "--quiet"]).current_dir(&desk.folder);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(takes * part / 8);
        n_killed += u32::from(child.try_wait().unwrap().is_none());
        drop(Running(child));
    }
    assert!(n_killed > 0, "none was killed in time");
    let run = imported(&desk, "theirs.csv");
    assert_eq!(run, whole);
    let read = |desk: &Desk| {
        desk.json(&format!("export {whole} --to jsonl --output out"));
        fs::read(desk.path("out/scalars.jsonl")).unwrap()
    };
    assert!(read(&desk) == read(&wanted), "the same numbers, whatever was killed");
    assert_eq!(desk.json("import theirs.csv")["runs"][0]["novelty"], "same");
    assert!(record(Path::new(&desk.path(&run))).last().unwrap().contains("\"imported\""));
}

#[test]
fn a_run_is_followed_as_an_event_file_until_it_ends() {
    let desk = Desk::new();
    let running = desk.starts("run small threads=1 record.snapshots_per_decade=1 steps=200 seed=5 --quiet", 20);
    let run = desk.run();
    let name = run.file_name().unwrap().to_str().unwrap().to_owned();
    let followed = desk.json(&format!("export {name} --to tensorboard --follow --output live"));
    drop(running);
    let n_scalars = record(&run).iter().filter(|line| line.contains("\"kind\":\"scalars\"")).count();
    assert_eq!(followed["entries"], n_scalars);
    let file = desk.path(followed["file"].as_str().unwrap());
    let board = imported(&desk, &format!("{} --name board", file.parent().unwrap().display()));
    let shown = desk.json(&format!("show {board}"));
    let train = shown["series"].as_array().unwrap().iter().find(|one| one["name"] == "train_loss").unwrap().clone();
    assert_eq!(train["values"], n_scalars);
    desk.refuses(&format!("export {name} --to jsonl --follow"), 2, &["--follow is of --to tensorboard"]);
}

//! `dunwu sweep` and `dunwu work`: what programs rely on, kills, Ctrl-C, several at once, nonsense.

use crate::{Desk, PATIENCE};
use dunwu_studies::sweep::ROWS_FORMAT;
use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// 24 runs of a few milliseconds, every other one too long for them.
const FILE: &str = r#"
preset = "small"
model.width = 32

[sweep]
"task.order" = [5, 7]
"data.fraction" = [0.4, 0.8]
steps = [100, 3000]
seed = "0..2"
"#;

fn desk() -> Desk {
    let desk = Desk::new();
    desk.write("boundary.toml", FILE);
    desk
}

impl Desk {
    /// The table without what clocks say.
    fn table(&self, name: &str) -> Vec<String> {
        let text = fs::read_to_string(self.path(name)).unwrap();
        let seconds = text.lines().next().unwrap().split(',').position(|column| column == "seconds").unwrap();
        let timeless = |line: &str| {
            let fields = line.split(',').enumerate().filter(|(index, _)| *index != seconds);
            fields.map(|(_, field)| field).collect::<Vec<_>>().join(",")
        };
        text.lines().map(timeless).collect()
    }

    fn begins(&self, words: &str) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dunwu"));
        command.args(words.split(' ')).current_dir(&self.folder).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    }

    /// Waits until so many runs are there.
    fn has_rows(&self, n: usize) {
        let began = Instant::now();
        let rows = || -> usize {
            let files = fs::read_dir(self.path("runs/sweeps/rows")).into_iter().flatten();
            files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap().lines().count().saturating_sub(1)).sum()
        };
        while rows() < n {
            assert!(began.elapsed() < Duration::from_mins(1), "no {n} rows");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits until so many runs were claimed.
    fn has_claims(&self, n: usize) {
        let began = Instant::now();
        while fs::read_dir(self.path("runs/sweeps/claims")).map_or(0, Iterator::count) < n {
            assert!(began.elapsed() < Duration::from_mins(1), "no {n} claims");
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

fn reference() -> Vec<String> {
    let desk = desk();
    assert_eq!(desk.dunwu("sweep boundary.toml --workers 1 --table all.csv --quiet").code, 0);
    desk.table("all.csv")
}

#[test]
fn a_sweep_says_what_programs_rely_on() {
    let desk = desk();
    let made = desk.json("sweep boundary.toml");
    let number = |name: &str| made[name].as_u64().unwrap();
    assert_eq!(["runs", "done", "reused", "failed"].map(number), [24, 24, 0, 0]);
    assert!(made["runs_per_hour"].as_f64().unwrap() > 1000.0);
    assert_eq!(made["table"], "runs/sweeps/boundary.parquet");
    let bytes = fs::read(desk.path("runs/sweeps/boundary.parquet")).unwrap();
    assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));
    let again = desk.json("sweep boundary.toml seed=0..3");
    assert_eq!((again["runs"].as_u64(), again["made"].as_u64()), (Some(32), Some(8)), "only the new value's runs");
    let dry = desk.json("sweep boundary.toml seed=0..4 --dry-run");
    assert_eq!((dry["left"].as_u64(), dry["list"].as_array().map(Vec::len)), (Some(8), Some(8)));
}

#[test]
fn the_command_line_is_a_sweep_of_its_own() {
    let desk = Desk::new();
    let words = "sweep small task.order=5,7 data.multiple_of_mlogm=1.5..2.5/3 steps=60 model.width=16 seed=0..1";
    let made = desk.json(&format!("{words} --keep outcome"));
    assert_eq!((made["runs"].as_u64(), made["curves"].is_null()), (Some(12), true));
    assert!(made["table"].as_str().unwrap().starts_with("runs/sweeps/small-"));
}

#[test]
fn a_killed_sweep_goes_on_and_its_table_is_the_same() {
    let desk = desk();
    let mut sweep = desk.begins("sweep boundary.toml --workers 2 --checkpoint-every 0.01 --quiet");
    desk.has_rows(5);
    sweep.kill().unwrap();
    sweep.wait().unwrap();
    let again = desk.json("sweep boundary.toml --workers 2 --table all.csv");
    assert!(again["reused"].as_u64().unwrap() >= 5 && again["done"] == 24, "{again}");
    assert_eq!(desk.table("all.csv"), reference());
}

#[test]
fn ctrl_c_and_sigterm_end_it_in_a_consistent_state() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let desk = desk();
        let mut sweep = desk.begins("sweep boundary.toml steps=100,30000 --workers 1 --quiet");
        desk.has_claims(2); // one that is done, and one that is under way
        let told = Command::new("kill").args([format!("-{signal}"), sweep.id().to_string()]).status().unwrap();
        assert!(told.success());
        assert_eq!(sweep.wait().unwrap().code(), Some(code));
        let claims = fs::read_dir(desk.path("runs/sweeps/claims")).unwrap().count();
        assert_eq!(claims, 0, "finished runs' claims are cleared, the others are given back");
        assert!(
            desk.path("runs/sweeps")
                .read_dir()
                .unwrap()
                .any(|entry| { entry.unwrap().path().extension().is_some_and(|extension| extension == "parquet") })
        );
        let checkpoints = fs::read_dir(desk.path("runs/sweeps/checkpoints")).unwrap().count();
        assert_eq!(checkpoints, 1, "of the run that was under way");
    }
}

#[test]
fn workers_share_a_folder_and_each_run_is_made_once() {
    let desk = desk();
    let mut workers: Vec<Child> =
        (1..=3).map(|k| desk.begins(&format!("work boundary.toml --shard {k}/3 --workers 1 --quiet"))).collect();
    for worker in &mut workers {
        assert!(worker.wait().unwrap().success());
    }
    let collected = desk.json("sweep boundary.toml --collect --table all.csv");
    assert_eq!((collected["done"].as_u64(), collected["missing"].as_u64()), (Some(24), Some(0)));
    assert_eq!(desk.table("all.csv"), reference());
    let nothing = desk.json("work boundary.toml");
    assert_eq!((nothing["made"].as_u64(), nothing["reused"].as_u64()), (Some(0), Some(24)));
}

#[test]
fn a_dead_workers_runs_come_back() {
    let desk = desk();
    let mut worker = desk.begins("work boundary.toml steps=100,100000 --workers 2 --quiet");
    desk.has_rows(1);
    worker.kill().unwrap();
    worker.wait().unwrap();
    let claimed = fs::read_dir(desk.path("runs/sweeps/claims")).unwrap().count();
    assert!(claimed > 1, "it died with claims");
    let rest = desk.json("sweep boundary.toml steps=100,200");
    assert_eq!((rest["done"].as_u64(), rest["failed"].as_u64()), (Some(24), Some(0)));
    let all = desk.json("work boundary.toml steps=100 --workers 1");
    assert_eq!(all["made"], 0);
}

#[test]
fn snapshots_on_request_are_run_directories() {
    let desk = desk();
    let words = "sweep boundary.toml task.order=7 data.fraction=0.8 steps=100 seed=0";
    assert_eq!(desk.json(&format!("{words} --keep snapshots"))["done"], 1);
    assert_eq!(desk.json(&format!("show {}", desk.run().display()))["outcome"]["step"], 100);
}

#[test]
fn a_failed_run_is_a_row_and_the_command_succeeds() {
    let desk = desk();
    let made = desk.json("sweep boundary.toml data.count=10,1000 --table all.csv");
    assert_eq!((made["done"].as_u64(), made["failed"].as_u64()), (Some(24), Some(12)));
    let failed = desk.table("all.csv").into_iter().filter(|row| row.contains("failed") && row.contains("1000")).count();
    assert_eq!(failed, 12);
}

#[test]
fn nonsense_is_refused_by_name() {
    let desk = desk();
    for (words, wanted) in [
        ("sweep boundary.toml seed=0..9:0", &["step 0", "LOW..HIGH"][..]),
        ("sweep small model.wdith=1,2", &["model.wdith", "model.width"]),
        ("sweep small seed=1,1", &["seed = 1 and seed = 1", "leave one"]),
        ("sweep small seed=0..99999 steps=1..10000", &["1000000000 cells", "seed has 100000"]),
        ("sweep small data.fraction=0.5,2", &["data.fraction", "in the cell data.fraction=2"]),
        ("sweep nowhere.toml seed=1", &["nowhere.toml"]),
        ("sweep small seed=1 --table x.txt", &["x.txt", ".parquet or .csv"]),
        ("sweep small seed=1 --table nowhere/x.csv", &["cannot write nowhere/x.csv", "no folder nowhere"]),
        ("sweep small seed=1 --keep all", &["outcome, scalars, snapshots"]),
        ("sweep small seed=1 --exclude seed", &["compares nothing"]),
        ("work small seed=1 --shard 3/2", &["K/N"]),
        ("run boundary.toml", &["describes a sweep", "dunwu sweep"]),
    ] {
        desk.refuses(words, 2, wanted);
    }
    assert!(!desk.path("runs").exists(), "nothing was begun");
}

#[test]
fn results_of_a_newer_build_are_refused_by_name() {
    let desk = desk();
    desk.json("sweep boundary.toml seed=0 steps=100");
    let rows = fs::read_dir(desk.path("runs/sweeps/rows")).unwrap().next().unwrap().unwrap().path();
    let text = fs::read_to_string(&rows).unwrap();
    fs::write(
        &rows,
        text.replacen(&format!("\"format\":{ROWS_FORMAT},\"dunwu\":\""), "\"format\":99,\"dunwu\":\"9", 1),
    )
    .unwrap();
    desk.refuses("sweep boundary.toml --quiet", 1, &["format 99", "dunwu 9", "another folder"]);
    fs::write(&rows, text).unwrap();
    assert_eq!(desk.json("sweep boundary.toml seed=0 steps=100")["reused"], 4, "nothing was lost");
}

#[test]
fn every_shipped_sweep_expands() {
    let desk = Desk::new();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sweeps");
    let readme = fs::read_to_string(folder.join("README.md")).unwrap();
    let mut n_sweeps = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            // One run of each is enough to see that the file means something; `seed` is varied in all of them.
            let told = desk.json(&format!("sweep {} seed=0 steps=1 --collect", path.display()));
            assert!(told["runs"].as_u64().unwrap() > 10, "{}", path.display());
            let name = path.file_name().unwrap().to_str().unwrap();
            assert!(readme.contains(name), "sweeps/README.md does not tell of {name}");
            n_sweeps += 1;
        }
    }
    assert!(n_sweeps >= 7);
}

/// Whichever call to the disk finds it full for a moment, the sweep ends in words, and goes on when it is called again. Found by
/// `cargo xtask torture --only work --trouble 23:full=1`: a thread that could not write its claim waited for itself.
#[test]
fn a_sweep_comes_to_an_end_at_whichever_call_the_disk_is_full() {
    let words = "sweep small task=cyclic:5 model.width=4 steps=4 seed=0,1 --workers 1 --table all.csv --quiet";
    let sweep = |desk: &Desk, (key, value): (&str, &str)| {
        let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_dunwu"));
        command.args(words.split(' ')).current_dir(&desk.folder).env(key, value).timeout(PATIENCE).output().unwrap()
    };
    let desk = Desk::new();
    assert!(sweep(&desk, ("DUNWU_TROUBLE_LOG", "calls")).status.success());
    // A release build has no such calls.
    let n_calls = fs::read_to_string(desk.path("calls")).unwrap_or_default().lines().count();
    assert!(n_calls > 20 || !cfg!(debug_assertions), "{n_calls}");
    for call in 1..=n_calls {
        let desk = Desk::new();
        let output = sweep(&desk, ("DUNWU_TROUBLE", &format!("{call}:full=1")));
        let said = String::from_utf8_lossy(&output.stderr);
        let code = output.status.code().unwrap_or_else(|| panic!("call {call}: it does not end: {said}"));
        assert!(code == 0 || (code == 1 && said.contains("the disk is full")), "call {call}: {code}: {said}");
        let again = desk.dunwu(words);
        assert_eq!(again.code, 0, "call {call}: {}", again.stderr);
        assert_eq!(fs::read_to_string(desk.path("all.csv")).unwrap().lines().count(), 3, "call {call}");
    }
}

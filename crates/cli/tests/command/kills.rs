//! `kill -9` in the middle, and two processes on one run: not a bit is lost.

use crate::{Desk, computed, record, snapshots};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// 600 steps of about a millisecond; the kill comes when 200 of them are recorded.
const WORDS: &str = "run small steps=600 seed=5 --quiet";
const LINES: usize = 200;

fn uninterrupted() -> Desk {
    let desk = Desk::new();
    assert_eq!(desk.dunwu(WORDS).code, 0);
    desk
}

fn killed(drive: &str) -> Desk {
    let desk = Desk::new();
    desk.starts(&format!("{WORDS}{drive}"), LINES).kill();
    assert!(!fs::read_to_string(desk.run().join("record.jsonl")).unwrap().contains("\"finished\""));
    desk
}

fn assert_same(found: &Path, wanted: &Path) {
    assert_eq!(found.file_name(), wanted.file_name());
    assert_eq!(computed(found), computed(wanted));
    assert_eq!(snapshots(found), snapshots(wanted));
    let finished = |run: &Path| record(run).iter().filter(|line| line.contains("\"finished\"")).count();
    assert_eq!((finished(found), finished(wanted)), (1, 1));
    for table in ["scalars", "measures", "units", "irreps", "spectra"] {
        let bytes = |run: &Path| fs::read(run.join(format!("{table}.parquet"))).unwrap();
        assert_eq!(bytes(found), bytes(wanted), "{table}");
    }
}

#[test]
fn a_run_killed_after_a_checkpoint_goes_on_with_the_same_bits() {
    let wanted = uninterrupted();
    for again in ["resume", "run"] {
        let desk = killed(" --checkpoint-every 0.02");
        let run = desk.run();
        let name = run.file_name().unwrap().to_str().unwrap();
        let said =
            if again == "run" { desk.dunwu(WORDS) } else { desk.dunwu(&format!("resume {} --quiet", &name[..8])) };
        assert_eq!(said.code, 0, "{}", said.stderr);
        let step = said.stderr.split("going on from step ").nth(1).and_then(|rest| rest.split(':').next());
        let step: u64 = step.unwrap_or_else(|| panic!("{}", said.stderr)).parse().unwrap();
        assert!((1..600).contains(&step), "{step}");
        assert_same(&run, &wanted.run());
    }
}

#[test]
fn signals_write_a_checkpoint_and_the_run_goes_on_with_the_same_bits() {
    let wanted = uninterrupted();
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let desk = Desk::new();
        // No checkpoint but the one at the end, which is what is tested.
        let words = format!("{WORDS} --checkpoint-every 1000");
        let mut running = desk.starts(&words, LINES);
        let run = desk.run();
        let sent = Command::new("kill").args([format!("-{signal}"), running.0.id().to_string()]).status().unwrap();
        assert!(sent.success());
        assert_eq!(running.0.wait().unwrap().code(), Some(code));
        let at = record(&run).len();
        assert!((LINES..600).contains(&at) && run.join("checkpoint.safetensors").is_file());
        // A resumed run may be stopped as well: at its first step.
        let mut resuming = desk.starts(&format!("resume {} --quiet --checkpoint-every 1000", run.display()), at + 1);
        let sent = Command::new("kill").args([format!("-{signal}"), resuming.0.id().to_string()]).status().unwrap();
        assert!(sent.success());
        assert_eq!(resuming.0.wait().unwrap().code(), Some(code));
        let said = desk.dunwu(&format!("resume {}", run.display()));
        assert_eq!(said.code, 0, "{}", said.stderr);
        let step = said.stderr.split("going on from step ").nth(1).and_then(|rest| rest.split(':').next());
        let step: usize = step.unwrap_or_else(|| panic!("{}", said.stderr)).parse().unwrap();
        assert!(step + 20 > at - 20, "{step} of {at} lines");
        assert_same(&run, &wanted.run());
    }
}

#[test]
fn a_stopped_run_says_how_to_go_on() {
    let desk = Desk::new();
    let mut command = Command::new(env!("CARGO_BIN_EXE_dunwu"));
    command.args(["run", "small", "steps=1000000", "--quiet"]).current_dir(&desk.folder);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while desk.runs().first().is_none_or(|run| record(run).len() < 20) {
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(143), 0));
    let said = String::from_utf8(output.stderr).unwrap();
    let name = desk.run().file_name().unwrap().to_string_lossy().into_owned();
    assert!(
        said.starts_with("note: stopped after step ") && said.contains(&format!("`dunwu resume runs/{name}`")),
        "{said}"
    );
}

#[test]
fn a_run_killed_before_its_first_checkpoint_begins_again_with_the_same_bits() {
    let wanted = uninterrupted();
    for again in ["resume", "run"] {
        let desk = killed(" --checkpoint-every 1000");
        let words = if again == "run" { WORDS.to_owned() } else { format!("resume {}", desk.run().display()) };
        let said = desk.dunwu(&words);
        assert_eq!(said.code, 0, "{}", said.stderr);
        assert!(said.stderr.contains("beginning again"), "{}", said.stderr);
        assert_same(&desk.run(), &wanted.run());
    }
}

#[test]
fn a_run_killed_three_times_is_still_the_same_run() {
    let wanted = uninterrupted();
    let desk = Desk::new();
    for lines in [100, 250, 400] {
        desk.starts(&format!("{WORDS} --checkpoint-every 0.02"), lines).kill();
    }
    assert_eq!(desk.dunwu(WORDS).code, 0);
    assert_same(&desk.run(), &wanted.run());
}

#[test]
fn a_torn_last_line_is_cut_and_said() {
    use std::io::Write as _;
    let desk = killed(" --checkpoint-every 0.02");
    let path = desk.run().join("record.jsonl");
    let mut file = fs::OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(b"{\"kind\":\"scalars\",\"step\":59").unwrap();
    let said = desk.dunwu(WORDS);
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(said.stderr.contains("ended inside a line"), "{}", said.stderr);
    assert_same(&desk.run(), &uninterrupted().run());
}

#[test]
fn a_checkpoint_full_of_nonsense_means_beginning_again() {
    let desk = killed(" --checkpoint-every 0.02");
    fs::write(desk.run().join("checkpoint.safetensors"), "nonsense").unwrap();
    let said = desk.dunwu(WORDS);
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(said.stderr.contains("the checkpoint cannot be used"), "{}", said.stderr);
    assert_same(&desk.run(), &uninterrupted().run());
}

#[test]
fn a_run_killed_between_its_last_line_and_its_report_gets_its_report() {
    let desk = uninterrupted();
    let derived = ["report.html", "series.cache", "scalars.parquet", "units.parquet", "spectra.parquet"];
    let bytes = || derived.map(|name| fs::read(desk.run().join(name)).unwrap());
    let wanted = bytes();
    for again in [WORDS.to_owned(), format!("resume {}", desk.run().display())] {
        for name in derived {
            fs::remove_file(desk.run().join(name)).unwrap();
        }
        assert_eq!(desk.dunwu(&again).code, 0);
        assert!(bytes() == wanted, "{again}");
    }
}

#[test]
fn a_run_belongs_to_one_process_and_can_be_looked_at_by_others() {
    let desk = Desk::new();
    let words = "run small steps=1000000 --quiet record.evaluate_every=100";
    let running = desk.starts(words, 5);
    let run = desk.run();
    let writer = format!("being written by process {} on ", running.0.id());
    desk.refuses(words, 1, &[&writer, "(", "dunwu run small steps=1000000", " UTC; wait for it, or end it first"]);
    desk.refuses(&format!("resume {}", run.display()), 1, &[&writer]);
    let shown = desk.dunwu(&format!("show {}", run.display()));
    assert!(shown.code == 0 && shown.stdout.starts_with(&format!("This run is {writer}")), "{}", shown.stdout);
    let pid = desk.json(&format!("show {}", run.display()))["writer"]["pid"].clone();
    assert_eq!(pid, running.0.id());
    running.kill();
    // What it said of itself is still in the file, and the system knows better.
    assert!(fs::read_to_string(run.join("lock")).unwrap().contains(&pid.to_string()));
    let shown = desk.dunwu(&format!("show {}", run.display()));
    assert!(
        shown.stdout.starts_with("This run is not finished: ") && shown.stdout.contains("  dunwu resume "),
        "{}",
        shown.stdout
    );
    assert_eq!(desk.json(&format!("show {}", run.display()))["writer"], serde_json::Value::Null);
    let before = record(&run).len();
    let mut again = desk.starts(words, before + 1);
    assert_eq!(again.0.try_wait().unwrap(), None, "the lock went with the process that held it");
}

/// More steps are a run of their own. It begins where a shorter one ended, or was stopped, and has the bits of one long run; the
/// shorter one stays as it is. A schedule over all steps, an edited spec and a damaged checkpoint have it begin at step 0.
#[test]
fn more_steps_begin_with_the_shorter_run() {
    let long = "small steps=137 seed=5 record.evaluate_every=10 data.batch_size=64";
    let short = long.replace("137", "93");
    for (setting, begins) in [("optimizer.schedule=constant", true), ("optimizer.schedule=cosine", false)] {
        let wanted = Desk::new();
        assert_eq!(wanted.dunwu(&format!("run {long} {setting} --quiet")).code, 0);
        let desk = Desk::new();
        assert_eq!(desk.dunwu(&format!("run {short} {setting} --quiet")).code, 0);
        let parent = desk.run();
        let before = computed(&parent);
        let said = desk.dunwu(&format!("run {long} {setting} --quiet"));
        assert_eq!(said.code, 0, "{}", said.stderr);
        let from = format!("runs/{}", parent.file_name().unwrap().to_string_lossy());
        let note = &format!("note: this run begins with 93 steps of {from}, the same run with 93 steps in all");
        assert_eq!(said.stderr.contains(note), begins, "{}", said.stderr);
        assert_eq!(said.stderr.contains("going on from step 93"), begins, "{}", said.stderr);
        assert_eq!(computed(&parent), before);
        let found = desk.path("runs").join(wanted.run().file_name().unwrap());
        assert_same(&found, &wanted.run());
        let told: Vec<String> =
            record(&found).into_iter().filter(|line| line.contains("\"kind\":\"parent\"")).collect();
        assert_eq!(told.len(), usize::from(begins), "{told:?}");
        for line in told {
            let id = parent.file_name().unwrap().to_string_lossy().split('-').next().unwrap().to_owned();
            assert!(line.contains(&id) && line.contains("\"step\":93"), "{line}");
        }
    }
    for spoil in ["spec.toml", "checkpoint.safetensors"] {
        let desk = Desk::new();
        assert_eq!(desk.dunwu(&format!("run {short} --quiet")).code, 0);
        let path = desk.run().join(spoil);
        let mut bytes = fs::read(&path).unwrap();
        if spoil == "spec.toml" {
            bytes = String::from_utf8(bytes).unwrap().replace("seed = 5", "seed = 6").into_bytes();
        } else {
            *bytes.last_mut().unwrap() ^= 1;
        }
        fs::write(&path, bytes).unwrap();
        let said = desk.dunwu(&format!("run {long} --quiet"));
        assert_eq!(said.code, 0, "{}", said.stderr);
        assert!(!said.stderr.contains("this run begins with"), "{}", said.stderr);
    }
}

/// A parent that was killed before the step of the fork: the child goes on from its checkpoint, with the bits that it has alone.
#[test]
fn a_fork_begins_with_its_killed_parents_checkpoint() {
    let words = "small steps=400 seed=5 record.evaluate_every=10 data.batch_size=64";
    let desk = Desk::new();
    desk.starts(&format!("run {words} --checkpoint-every 0 --quiet"), 9).kill();
    let parent = desk.run();
    let child = ["--at", "399", "optimizer.weight_decay=0.5"];
    let said = desk.dunwu_with(&format!("fork {} --json", parent.display()), &child);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let fork: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    assert!(fork["begun_from"].as_u64().is_some_and(|step| step > 0), "{fork}\n{}", said.stderr);
    assert!(said.stderr.contains("the same run until then"), "{}", said.stderr);
    let alone = Desk::new();
    let again =
        alone.dunwu_with(&format!("run {words} --quiet"), &["interventions=at 399 set optimizer.weight_decay 0.5"]);
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert_same(&desk.path(fork["run"].as_str().unwrap()), &alone.run());
    // Of what comes before its checkpoint the parent has nothing to give.
    let early =
        desk.dunwu_with(&format!("fork {} --json", parent.display()), &["--at", "1", "optimizer.weight_decay=0.5"]);
    let early: serde_json::Value = serde_json::from_str(&early.stdout).unwrap();
    assert_eq!(early["begun_from"], serde_json::Value::Null);
}

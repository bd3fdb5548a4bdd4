//! `kill -9` in the middle, and two processes on one run: not a bit is lost.

use crate::{Desk, computed, record, snapshots};
use std::fs;
use std::path::Path;

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
    desk.refuses(words, 1, &["being written by another process"]);
    desk.refuses(&format!("resume {}", run.display()), 1, &["being written by another process"]);
    let shown = desk.dunwu(&format!("show {}", run.display()));
    assert!(shown.code == 0 && shown.stdout.starts_with("This run is not finished"), "{}", shown.stderr);
    running.kill();
    let before = record(&run).len();
    let mut again = desk.starts(words, before + 1);
    assert_eq!(again.0.try_wait().unwrap(), None, "the lock went with the process that held it");
}

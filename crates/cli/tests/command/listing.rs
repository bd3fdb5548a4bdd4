//! `dunwu ls`, `tag`, `note`, `rm`, completions and the manual.

use crate::Desk;
use serde_json::Value;
use std::fs::File;

/// A folder with three short runs: two of one task, one of another.
fn three_runs() -> Desk {
    let desk = Desk::new();
    for words in ["task=cyclic:7 seed=1", "task=cyclic:7 seed=2", "task=dihedral:3 seed=1"] {
        assert_eq!(desk.dunwu(&format!("run small {words} steps=20 model.width=16 --quiet")).code, 0);
    }
    desk
}

fn listed(desk: &Desk, words: &str) -> Vec<(String, String)> {
    let list = desk.json(format!("ls {words}").trim_end());
    let text = |run: &Value, key: &str| run[key].as_str().expect("a text").to_owned();
    list["runs"].as_array().expect("a list").iter().map(|run| (text(run, "run"), text(run, "task"))).collect()
}

#[test]
fn runs_are_listed_filtered_sorted_and_cut() {
    let desk = three_runs();
    assert_eq!(listed(&desk, "").len(), 3);
    let tasks = |words: &str| listed(&desk, words).into_iter().map(|(_, task)| task).collect::<Vec<_>>();
    assert_eq!(tasks("task=cyclic:7"), ["cyclic:7", "cyclic:7"]);
    assert_eq!(tasks("task=dihedral"), ["dihedral:3"], "a family's name keeps the family");
    assert_eq!(tasks("seed=1 sort=task"), ["cyclic:7", "dihedral:3"]);
    assert_eq!(tasks("seed=1 sort=-task"), ["dihedral:3", "cyclic:7"]);
    assert_eq!(tasks("sort=-test limit=2").len(), 2);
    assert_eq!(tasks("state=running"), Vec::<String>::new());
    let said = desk.dunwu("ls");
    assert!(said.stdout.lines().all(|line| line.chars().count() <= 80), "{}", said.stdout);
    desk.refuses("ls sort=colour", 2, &["sort=colour", "time, size"]);
    desk.refuses("ls stat=running", 2, &["stat", "did you mean `state`"]);
    desk.refuses("ls state=sleeping", 2, &["grokked", "interrupted"]);
}

#[test]
fn tags_and_notes_are_kept_and_found() {
    let desk = three_runs();
    let (run, _) = listed(&desk, "task=dihedral").remove(0);
    let tagged = desk.json(&format!("tag {run} baseline fig-3"));
    assert_eq!(tagged["tags"], serde_json::json!(["baseline", "fig-3"]));
    assert_eq!(desk.json(&format!("tag {run} --remove baseline"))["tags"], serde_json::json!(["fig-3"]));
    assert_eq!(desk.json(&format!("note {run} groks late"))["note"], "groks late");
    assert_eq!(listed(&desk, "tag=fig-3"), [(run.clone(), "dihedral:3".to_owned())]);
    assert_eq!(listed(&desk, "tag=baseline"), []);
    desk.refuses(&format!("tag {run} a,b"), 2, &["a,b", "letters"]);
    // What is said of a run is no part of it.
    assert_eq!(desk.dunwu(&format!("show {run}")).code, 0);
    std::fs::write(desk.path(&run).join("remarks.json"), "{ not JSON").unwrap();
    let list = desk.json("ls");
    assert_eq!((list["runs"].as_array().unwrap().len(), list["unreadable"].as_array().unwrap().len()), (2, 1));
}

#[test]
fn a_run_that_is_being_written_is_not_removed() {
    let desk = three_runs();
    let (run, _) = listed(&desk, "task=dihedral").remove(0);
    let lock = File::open(desk.path(&run).join("lock")).unwrap();
    lock.lock().unwrap();
    desk.refuses(&format!("rm {run}"), 2, &["is being written", "nothing was removed"]);
    lock.unlock().unwrap();
    let removed = desk.json(&format!("rm {run}"));
    assert_eq!(removed["removed"], serde_json::json!([run]));
    assert!(!desk.path(&run).exists() && listed(&desk, "").len() == 2);
    desk.refuses("rm nowhere", 1, &["nowhere"]);
}

#[test]
fn completions_and_manual_know_every_command() {
    let desk = Desk::new();
    let help = desk.dunwu("--help").stdout;
    let in_list = |line: &&str| line.starts_with("  ") && !line.starts_with("   ") && !line.trim().starts_with('-');
    let commands: Vec<&str> = help.lines().filter(in_list).filter_map(|line| line.split_whitespace().next()).collect();
    assert!(commands.len() > 20, "{commands:?}");
    let (manual, bash) = (desk.dunwu("man").stdout, desk.dunwu("completions bash").stdout);
    for command in commands.into_iter().filter(|command| *command != "help") {
        assert!(manual.contains(&format!("DUNWU {}", command.to_uppercase())), "{command} is not in the manual");
        assert!(bash.contains(command), "{command} is not completed");
    }
}

#[test]
fn help_fits_a_terminal_and_usage_lines_are_well_formed() {
    let desk = Desk::new();
    let help = desk.dunwu("--help").stdout;
    let in_list = |line: &&str| line.starts_with("  ") && !line.starts_with("   ") && !line.trim().starts_with('-');
    for command in help.lines().filter(in_list).filter_map(|line| line.split_whitespace().next()) {
        let said = desk.dunwu(&format!("{command} --help")).stdout;
        for line in said.lines() {
            assert!(line.chars().count() <= 80, "{command}: {line}");
        }
        let usage = said.lines().skip_while(|line| !line.starts_with("Usage:")).take_while(|line| !line.is_empty());
        for (open, close) in [('[', ']'), ('<', '>')] {
            let mut depth = 0;
            for c in usage.clone().flat_map(str::chars) {
                depth += i32::from(c == open) - i32::from(c == close);
                assert!((0..=1).contains(&depth), "{command}: {:?}", usage.clone().collect::<Vec<_>>());
            }
            assert_eq!(depth, 0, "{command}");
        }
    }
    let bare = assert_cmd::Command::new(env!("CARGO_BIN_EXE_dunwu")).output().unwrap();
    assert!(bare.status.success() && String::from_utf8(bare.stdout).unwrap().contains("Usage: dunwu"));
}

use super::*;
use dunwu_science::lab::{Lab, Outcome, Point, Reading, Setting};
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A spring: its period is 2π √mass. `trick` makes it misbehave.
const SPRING: &str = r#"
import json, math, os, sys, time
number = lambda unit, resolution: {"number": {"unit": unit, "resolution": resolution, "logarithmic": True}}
card = {"name": "spring 1.0", "most_steps": 9, "answer_within_secs": 1.0,
        "knobs": [{"name": "mass", "tells": "", "default": 1.0, "domain": {"numbers": {"unit": "1", "least": 0.1, "most": 10.0, "whole": False, "logarithmic": True}}},
                  {"name": "trick", "tells": "", "default": "none", "domain": {"levels": {"attributes": [], "levels": [[name, []] for name in sys.argv[1].split(",")]}}}],
        "observables": [{"name": "period", "tells": "", "kind": number("second", 0.01)},
                        {"name": "slow", "tells": "", "kind": "event"},
                        {"name": "rest", "tells": "", "kind": number("second", 0.01)}]}
for line in sys.stdin:
    asked = json.loads(line)
    answer = card
    if asked["do"] == "run":
        mass, trick = asked["point"]["mass"], asked["point"]["trick"]
        if trick == "die_once" and not os.path.exists("died"):
            open("died", "w").close()
            os._exit(3)
        if trick == "die":
            print("a word on the way out", file=sys.stderr)
            os._exit(4)
        if trick == "sleep":
            time.sleep(30)
        if trick == "mumble":
            print("Traceback: nothing to worry about", flush=True)
            continue
        period = 2 * math.pi * math.sqrt(mass)
        answer = {"outcomes": {"period": period, "slow": period > 7, "rest": {"censored": 5.0 + asked["seed"]}}, "steps": 4}
        if trick == "refuse":
            answer = {"error": "the spring is out"}
        if trick == "swap":
            answer["outcomes"]["slow"] = 3.5
        if trick == "extra":
            answer["outcomes"]["colour"] = 3.5
        if trick == "forget":
            del answer["outcomes"]["rest"]
        if trick == "minus":
            answer["outcomes"]["period"] = -1
        if trick == "long":
            answer["outcomes"]["rest"] = {"undefined": "x" * 3_000_000}
    print(json.dumps(answer), flush=True)
"#;

const TRICKS: &str = "none,die_once,die,sleep,mumble,refuse,swap,extra,forget,minus,long";

fn spring() -> (TempDir, ProgramLab) {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("spring.py"), SPRING).unwrap();
    let lab = ProgramLab::start(&format!("python3 spring.py {TRICKS}"), dir.path()).unwrap();
    (dir, lab)
}

fn at(mass: f64, trick: &str) -> Point {
    Point([("mass".to_owned(), Setting::Number(mass)), ("trick".to_owned(), Setting::Level(trick.to_owned()))].into())
}

/// Every outcome is missing, for one reason.
fn reason(reading: &Reading) -> String {
    let reasons: Vec<&String> = reading
        .outcomes
        .values()
        .map(|outcome| match outcome {
            Outcome::Missing(why) => why,
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(reasons.len() == 3 && reasons.windows(2).all(|pair| pair[0] == pair[1]), "{reasons:?}");
    reasons[0].clone()
}

#[test]
fn a_program_is_asked_in_lines_and_answers_in_lines() {
    let (_dir, lab) = spring();
    assert_eq!(lab.card().name, "spring 1.0");
    let reading = lab.run(&at(4.0, "none"), 7);
    assert_eq!(reading.outcomes["period"], Outcome::Value(4.0 * std::f64::consts::PI));
    assert_eq!(reading.outcomes["slow"], Outcome::Event(true));
    assert_eq!(reading.outcomes["rest"], Outcome::Censored(12.0));
    assert_eq!((reading.steps, lab.most_steps(&at(4.0, "none"))), (4, 9));
    // What is left out has its default, so that both are one run.
    assert_eq!(lab.run(&Point::default(), 7), lab.run(&at(1.0, "none"), 7));
    assert_ne!(lab.run(&at(1.0, "none"), 8).specification, lab.run(&at(1.0, "none"), 7).specification);
}

#[test]
fn a_program_that_was_killed_or_died_is_started_again_once() {
    let (_dir, lab) = spring();
    let expected = lab.run(&at(2.0, "none"), 1);
    let first = lab.process_id().unwrap();
    assert!(Command::new("kill").args(["-9", &first.to_string()]).status().unwrap().success());
    assert_eq!(lab.run(&at(2.0, "none"), 1), expected, "killed from outside");
    assert_ne!(lab.process_id(), Some(first));
    let died_once = lab.run(&at(2.0, "die_once"), 1);
    assert_eq!(died_once.outcomes, expected.outcomes);
    let why = reason(&lab.run(&at(2.0, "die"), 1));
    assert!(why.contains("exit status: 4) before it had answered; started again, the program ended"), "{why}");
    assert_eq!(lab.run(&at(2.0, "none"), 1), expected, "the next run finds it started");
}

#[test]
fn what_is_late_or_bent_is_missing_with_the_reason_and_the_next_run_is_well() {
    let (_dir, lab) = spring();
    let expected = lab.run(&at(2.0, "none"), 1);
    for (trick, said) in [
        ("mumble", "\"Traceback: nothing to worry about\" is no answer: expected value"),
        ("refuse", "the program says that the run failed: the spring is out"),
        ("swap", "slow is an event and comes as a number"),
        ("extra", "\"colour\" is no observable that the program described"),
        ("minus", "period = -1 is not allowed"),
        ("long", "a line has more than 1048576 bytes"),
    ] {
        let reading = lab.run(&at(2.0, trick), 1);
        let why = reason(&reading);
        assert!(why.contains(said), "{trick}: {why}");
        assert_eq!(reading.steps, 9, "{trick}");
        assert_eq!(lab.run(&at(2.0, "none"), 1), expected, "after {trick}");
    }
    let forgot = lab.run(&at(2.0, "forget"), 1).outcomes;
    assert_eq!(forgot["rest"], Outcome::Missing("the program said nothing of it".to_owned()));
    assert_eq!(forgot["period"], expected.outcomes["period"]);
    let began = Instant::now();
    let why = reason(&lab.run(&at(2.0, "sleep"), 1));
    assert!(why == "the program did not answer within 1 s" && began.elapsed() < Duration::from_secs(15), "{why}");
    assert_eq!(lab.run(&at(2.0, "none"), 1), expected, "after its sleep");
}

#[test]
fn a_point_that_is_none_does_not_reach_the_program() {
    let (_dir, lab) = spring();
    let reading = lab.run(&at(50.0, "none"), 1);
    assert!(reason(&reading).contains("mass = 50 is not allowed"));
    assert_eq!((reading.steps, lab.most_steps(&at(50.0, "none"))), (0, 0));
}

#[test]
fn a_program_that_is_no_laboratory_is_refused_with_what_it_should_say() {
    let dir = tempfile::tempdir().unwrap();
    let refusal = |command: &str| ProgramLab::start(command, dir.path()).err().unwrap().to_string();
    let bent = r#"{"name":"a","knobs":[],"observables":[{"name":"a b","tells":"","kind":"event"}]}"#;
    fs::write(dir.path().join("bent.sh"), format!("read line\necho '{bent}'\n")).unwrap();
    fs::write(dir.path().join("early.sh"), format!("echo hello\nread line\necho '{bent}'\n")).unwrap();
    for (command, said) in [
        ("", "no command in \"\""),
        ("dunwu-no-such-program", "cannot start the program"),
        ("true", "before it had answered"),
        ("sh -c 'read line; echo hello'", "\"hello\" is no description"),
        ("sh bent.sh", "\"a b\" is no name"),
    ] {
        let refused = refusal(command);
        assert!(refused.contains(said), "{command}: {refused}");
    }
    // Either way it is refused: its first word comes before the question or after it.
    let refused = refusal("sh early.sh");
    assert!(refused.contains("without being asked") || refused.contains("is no description"), "{refused}");
}

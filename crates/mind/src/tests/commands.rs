//! Programs that are asked.

use super::*;
use crate::{Budget, CommandMind, Took, take_turn};
use std::time::{Duration, Instant};

fn shell(script: &str) -> CommandMind {
    CommandMind::new("sh", &["-c".to_owned(), script.to_owned()])
}

fn ask(within: Duration) -> Ask {
    Ask {
        instructions: "Say something.".to_owned(),
        situation: "now ".repeat(50_000),
        wrong: None,
        answer_tokens: 10,
        within,
    }
}

#[test]
fn a_program_reads_the_ask_and_its_answer_is_taken() {
    let (dir, world) = (tempfile::tempdir().unwrap(), World::new());
    let mut campaign = begun(&dir, &world);
    let answer = propose("t = c * M, for some c");
    let mut mind = shell(&format!("grep -q 'what decides t' && echo '{answer}'"));
    let turn = take_turn(&mut campaign, &mut mind, &mut Budget::unlimited()).unwrap();
    assert!(matches!(turn.took, Took::Proposed { .. }) && turn.mind == "program sh", "{turn:?}");
}

#[test]
fn programs_that_fail_say_how() {
    let whole = Duration::from_secs(20);
    for (script, says) in [
        ("exit 3", "ended with exit status: 3"),
        ("cat > /dev/null; kill -9 $$", "ended with signal"),
        ("head -c 200000 /dev/zero", "more than 65536 bytes"),
        ("printf '\\377\\376'", "wrote no text"),
    ] {
        let error = shell(script).ask(&ask(whole)).unwrap_err().to_string();
        assert!(error.contains(says), "{script}: {error}");
    }
    assert!(
        CommandMind::new("./no-such-program", &[])
            .ask(&ask(whole))
            .unwrap_err()
            .to_string()
            .contains("cannot be started")
    );
    // It does not read what it is asked, which fills the pipe; that is no fault.
    assert_eq!(shell("echo yes").ask(&ask(whole)).unwrap(), "yes\n");
    for slow in ["sleep 30", "echo half; exec sleep 30", "sleep 30 & echo yes"] {
        let begun = Instant::now();
        let error = shell(slow).ask(&ask(Duration::from_millis(300))).unwrap_err();
        assert!(matches!(error, MindError::Late(_)) && begun.elapsed() < Duration::from_secs(10), "{slow}: {error}");
    }
}

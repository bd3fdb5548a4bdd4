//! `dunwu chat`, scripted: messages on standard input, on a tiny model that says noise.

use crate::{Desk, PATIENCE, Said};
use dunwu_attention_fixtures::{Format, Tiny};
use serde_json::Value;

fn desk() -> Desk {
    let desk = Desk::new();
    let tiny = Tiny { trained_context: 256, ..Tiny::default() };
    tiny.write_gguf(&desk.path("tiny.gguf"), Format::F32, 1).unwrap();
    desk
}

impl Desk {
    fn talks(&self, words: &str, said: impl Into<Vec<u8>>) -> Said {
        let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_dunwu"));
        let words = format!("chat tiny.gguf --threads 1 {words}");
        let command =
            command.args(words.split_whitespace()).current_dir(&self.folder).write_stdin(said).timeout(PATIENCE);
        let output = command.output().unwrap();
        let said = Said {
            code: output.status.code().expect("it ends by itself"),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        };
        assert!(!said.stderr.contains("panicked"), "{}", said.stderr);
        said
    }

    fn answers(&self, words: &str, said: &str) -> Vec<Value> {
        let said = self.talks(&format!("{words} --json"), said);
        assert_eq!(said.code, 0, "{}", said.stderr);
        said.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn number(answer: &Value, key: &str) -> u64 {
    answer[key].as_u64().unwrap_or_else(|| panic!("no {key} in {answer}"))
}

#[test]
fn each_line_is_answered_and_read_only_once() {
    let desk = desk();
    let answers = desk.answers("--seed 1 --max-tokens 20", "the cat\n\nthe hat\nthe\n");
    assert_eq!(answers.len(), 3);
    positions_are_those_of_all_that_was_said(&answers);
    let first = number(&answers[0], "prompt_tokens");
    assert!(number(&answers[2], "prompt_tokens") <= first + 4, "only what is new is read: {answers:?}");
}

/// Checks them; how many answers were cut short before the last one.
fn positions_are_those_of_all_that_was_said(answers: &[Value]) -> usize {
    let (mut position, mut unread, mut n_cut) = (0, 0, 0);
    for answer in answers {
        n_cut += unread as usize;
        // The last token of an answer is its end, for which the end that the template writes stands; or the answer was cut short,
        // and the token is read with the next prompt.
        position += unread + number(answer, "prompt_tokens") + number(answer, "completion_tokens") - 1;
        assert_eq!(number(answer, "position"), position, "{answer}");
        unread = u64::from(answer["finish_reason"] == "length");
    }
    n_cut
}

#[test]
fn the_last_token_of_an_answer_that_is_cut_short_is_read_too() {
    let desk = desk();
    let answers = desk.answers("--seed 1 --max-tokens 3", "the cat\nthe hat\nthe\nthe cat\n");
    assert!(positions_are_those_of_all_that_was_said(&answers) > 0, "{answers:?}");
    let reset = desk.answers("--seed 1 --max-tokens 3", "the cat\n/reset\nthe cat\n");
    assert_eq!(reset[0], reset[1], "nothing of it is read in another conversation");
}

#[test]
fn what_is_no_text_does_not_end_the_conversation() {
    let desk = desk();
    let said = desk.talks("--seed 1 --max-tokens 3 --json", b"the \xff cat\n\xc3\nthe hat".as_slice());
    assert_eq!((said.code, said.stdout.lines().count()), (0, 3), "{}", said.stderr);
}

#[test]
fn the_same_seed_is_the_same_conversation() {
    let desk = desk();
    let text = |words: &str| desk.talks(words, "the cat\nthe hat\n").stdout;
    assert_eq!(text("--seed 1 --max-tokens 30"), text("--seed 1 --max-tokens 30"));
    assert_ne!(text("--seed 1 --max-tokens 30"), text("--seed 2 --max-tokens 30"));
    let greedy = |seed: u64| text(&format!("--temperature 0 --max-tokens 30 --seed {seed}"));
    assert_eq!(greedy(1), greedy(2));
}

#[test]
fn memory_stays_and_that_the_beginning_is_forgotten_is_said_once() {
    let desk = desk();
    let lines = "the cat and the hat\n".repeat(40);
    let said = desk.talks("--system be --seed 1 --max-tokens 30 --json", lines);
    let answers: Vec<Value> = said.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), 40);
    assert!(number(&answers[39], "position") > 1000);
    assert_eq!(number(&answers[39], "cache_bytes"), number(&answers[20], "cache_bytes"));
    assert_eq!(said.stderr.matches("is forgotten").count(), 1, "{}", said.stderr);
    assert!(said.stderr.contains("sinks:"), "{}", said.stderr);
}

#[test]
fn commands_are_obeyed_and_go_nowhere_else() {
    let desk = desk();
    let once = desk.talks("--seed 1 --max-tokens 20", "the cat\n");
    let said = desk.talks("--seed 1 --max-tokens 20", "the cat\n/stats\n/help\n/nonsense\n/system\n/reset\nthe cat\n");
    assert_eq!(said.stdout, once.stdout.repeat(2), "after /reset it is the same conversation again");
    for wanted in ["tokens read", "a second", "/reset", "there is no /nonsense", "seed 1"] {
        assert!(said.stderr.contains(wanted), "no {wanted:?} in {}", said.stderr);
    }
    let told = desk.talks("--seed 1 --max-tokens 20", "/system be a hat\nthe cat\n");
    assert_eq!(told.stdout, desk.talks("--seed 1 --max-tokens 20 --system be", "/system be a hat\nthe cat\n").stdout);
    assert_ne!(told.stdout, once.stdout);
}

#[test]
fn what_cannot_be_talked_with_is_refused() {
    let desk = desk();
    let long = "hat ".repeat(200);
    let said = desk.talks("--seed 1", format!("/system {long}\nthe cat\n"));
    assert!(said.stderr.contains("shorten it: nothing is changed"), "{}", said.stderr);
    assert_eq!(said.stdout, desk.talks("--seed 1", "the cat\n").stdout);
    desk.refuses("chat missing.gguf", 1, &["missing.gguf"]);
    desk.refuses("chat tiny.gguf --policy sinks", 2, &["sinks"]);
    desk.refuses("chat tiny.gguf --temperature hot", 2, &["0.7"]);
}

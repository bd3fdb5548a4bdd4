//! `cargo xtask check` and `full`: steps that have to hold, one after another, and how long each took.

mod choice;
mod documents;
mod list;

pub(crate) use choice::Choice;
pub(crate) use list::{CHECK, FULL};

use crate::checkout::Checkout;
use crate::failure::Failure;
use crate::say::say;
use std::time::{Duration, Instant};

/// Something that has to hold.
pub(crate) struct Step {
    /// One word, for `--only` and `--except`.
    name: &'static str,
    about: &'static str,
    run: fn(&Checkout) -> Result<Ending, Failure>,
}

/// How a step that did not fail ended.
#[derive(Debug, PartialEq)]
enum Ending {
    Held,
    /// It was not run here; says why, and how to run it.
    Skipped(String),
}

/// Runs the chosen steps until one fails; says in the end how many minutes each took.
pub(crate) fn run(checkout: &Checkout, steps: &'static [Step], choice: &Choice) -> Result<(), Failure> {
    let chosen = choice.of(steps)?;
    if choice.list {
        chosen.iter().for_each(|step| say!("{:<15}{}", step.name, step.about));
        return Ok(());
    }
    let mut lines = Vec::new();
    let result = chosen.iter().try_for_each(|step| {
        say!("\n== {}: {}", step.name, step.about);
        let began = Instant::now();
        let ending = (step.run)(checkout);
        let remark = match &ending {
            Ok(Ending::Held) => None,
            Ok(Ending::Skipped(why)) => Some(format!("skipped: {why}")),
            Err(_) => Some("FAILED".to_owned()),
        };
        lines.push(Line { name: step.name, time: began.elapsed(), remark });
        ending.map(drop).map_err(|failure| named(&failure, step, choice.command))
    });
    say!("\n{}", minutes(&lines));
    if result.is_ok() {
        say!("{}", verdict(&lines));
    }
    result
}

/// What failed, in which step, and how to run that step alone.
fn named(failure: &Failure, step: &Step, command: &str) -> Failure {
    let (Failure::Failed(words) | Failure::Usage(words)) = failure;
    Failure::failed(format!("the step `{0}` failed: {words}\nalone: cargo xtask {command} --only {0}", step.name))
}

/// What one step came to.
struct Line {
    name: &'static str,
    time: Duration,
    /// Why it was skipped, or that it failed; `None` where it held.
    remark: Option<String>,
}

/// The last word where nothing failed.
fn verdict(lines: &[Line]) -> String {
    let skipped: Vec<&str> = lines.iter().filter(|line| line.remark.is_some()).map(|line| line.name).collect();
    if skipped.is_empty() {
        return "all of it holds".to_owned();
    }
    format!("all that was run holds; not run here: {}", skipped.join(", "))
}

/// A line a step, and their sum.
fn minutes(lines: &[Line]) -> String {
    let in_minutes = |time: &Duration| time.as_secs_f64() / 60.0;
    let mut table = vec!["minutes".to_owned()];
    table.extend(lines.iter().map(|Line { name, time, remark }| {
        let remark = remark.as_ref().map(|remark| format!("  {remark}")).unwrap_or_default();
        format!("{:>7.1}  {name}{remark}", in_minutes(time))
    }));
    let sum: Duration = lines.iter().map(|line| line.time).sum();
    table.push(format!("{:>7.1}  in all", in_minutes(&sum)));
    table.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    static REACHED: AtomicUsize = AtomicUsize::new(0);

    static STEPS: &[Step] = &[
        Step { name: "first", about: "holds", run: |_| Ok(Ending::Held) },
        Step { name: "second", about: "does not hold", run: |_| Err(Failure::failed("two is not three")) },
        Step {
            name: "third",
            about: "is not reached",
            run: |_| {
                REACHED.fetch_add(1, Ordering::Relaxed);
                Ok(Ending::Held)
            },
        },
    ];

    #[test]
    fn a_step_that_fails_is_named_and_ends_it() {
        let checkout = Checkout::of_this_build();
        let result = run(&checkout, STEPS, &Choice::parse("full", &[]).unwrap());
        let expected = "the step `second` failed: two is not three\nalone: cargo xtask full --only second";
        assert_eq!(result, Err(Failure::failed(expected)));
        assert_eq!(REACHED.load(Ordering::Relaxed), 0);
        let without = Choice::parse("full", &["--except", "second"]).unwrap();
        assert_eq!(run(&checkout, STEPS, &without), Ok(()));
        assert_eq!(REACHED.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn minutes_add_up() {
        let line = |name, secs, remark: Option<&str>| Line {
            name,
            time: Duration::from_secs(secs),
            remark: remark.map(str::to_owned),
        };
        let lines = [line("a", 90, None), line("b", 30, Some("skipped: not here"))];
        assert_eq!(minutes(&lines), "minutes\n    1.5  a\n    0.5  b  skipped: not here\n    2.0  in all");
        assert_eq!(verdict(&lines), "all that was run holds; not run here: b");
        assert_eq!(verdict(&lines[..1]), "all of it holds");
    }
}

//! Makes a run in a folder, or finds it there, and prints its answer as the command does.
//!
//! `cargo run --release -p dunwu-report --example open_a_run -- small seed=3`
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example prints what it found")]

use dunwu::run::{RunRequest, Training};
use dunwu::verb::{Progress, VerbError, Watcher};
use dunwu_report::{run, skin};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

fn main() -> Result<(), VerbError> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let request = RunRequest::from_words(&words)?;
    let training = Training { runs: Path::new("runs"), checkpoint_every: Duration::from_secs(10) };
    let stop = AtomicBool::new(false);
    let mut watch = |progress: &Progress<'_>| {
        if let Progress::Measured(frame, _) = progress {
            eprintln!("measured at step {}", frame.step);
        }
    };
    let answer = run::answer(&request, &training, &mut Watcher::new(&mut watch, &stop))?;
    println!("{}", skin::terminal(&answer));
    println!("{}", skin::json(&answer)["outcome"]);
    Ok(())
}

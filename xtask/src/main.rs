//! `cargo xtask`: what a developer of this repository runs.
//!
//! Six commands: `check` (a few minutes, before a commit), `full` (everything that has to hold at every commit, what CI runs),
//! `tidy` (the house rules), `gallery` (the figures of the documents) `torture` (broken disks, kills, nonsense) and `verdict`
//! (the runs that verdicts are learned from, and the model that is shipped). Nothing but the standard library is used, so that it
//! builds in seconds.

mod checkout;
mod failure;
mod gallery;
mod say;
mod steps;
mod tidy;
mod torture;
mod verdict;

use checkout::Checkout;
use failure::Failure;
use say::say;
use std::process::ExitCode;

const USAGE: &str = "\
What a developer of this repository runs.

  cargo xtask check     format, house rules, lints and the quick tests: before a commit
  cargo xtask full      everything that has to hold at every commit; what .ci/run calls
      --list            name the steps and run none
      --only STEP       run this step alone (may be given several times)
      --except STEP     leave this step out (may be given several times)
  cargo xtask tidy      the house rules alone, and how many lines each room has
      --write-exceptions   write what breaks a rule today to xtask/exceptions.txt
  cargo xtask gallery   list the figures of the documents, with the command and the time of each
      NAME …            make these again
      --all             make all of them again
      --keep            go on with runs that an earlier call left in target/gallery
  cargo xtask torture   break disks, kill processes, feed readers nonsense, and hold what is left against what was promised
      --minutes N       how long (default: 3); --help says what else there is
  cargo xtask verdict   make the runs that early verdicts are learned from, about 21,000, learn the model that is shipped, and judge it
      --runs N          runs of each family (default: 1,100); a family of costly runs has two fifths of that

Exit codes: 0 all of it holds, 1 something does not, 2 usage.";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run(words: &[&str]) -> Result<(), Failure> {
    let checkout = Checkout::of_this_build();
    match words {
        ["check", options @ ..] => steps::run(&checkout, steps::CHECK, &steps::Choice::parse("check", options)?),
        ["full", options @ ..] => steps::run(&checkout, steps::FULL, &steps::Choice::parse("full", options)?),
        ["tidy"] => tidy::run(&checkout),
        ["tidy", "--write-exceptions"] => tidy::write_exceptions(&checkout),
        ["gallery", options @ ..] => gallery::run(&checkout, options),
        ["torture", options @ ..] => torture::run(&checkout, options),
        ["verdict", options @ ..] => verdict::run(&checkout, options),
        [] | ["help" | "--help" | "-h", ..] | [_, "--help" | "-h"] => {
            say!("{USAGE}");
            Ok(())
        }
        other => Err(Failure::usage(format!("there is no `cargo xtask {}`\n\n{USAGE}", other.join(" ")))),
    }
}

//! The fingerprint of every run that a file lists, a line each: `fingerprint words`. `scripts/check-same-bits` holds two machines' against
//! each other.
//!
//! ```text
//! fingerprints FILE
//! ```

use dunwu::run::{RunRequest, fingerprint};
use std::process::ExitCode;

#[expect(clippy::print_stdout, reason = "what a script reads")]
fn main() -> ExitCode {
    let Some(file) = std::env::args().nth(1) else {
        eprintln!("usage: fingerprints FILE");
        return ExitCode::from(2);
    };
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) => {
            eprintln!("cannot read {file:?}: {error}");
            return ExitCode::FAILURE;
        }
    };
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let request = RunRequest::from_words(&words).map_err(|error| error.sentence());
        match request.and_then(|request| fingerprint(&request).map_err(|error| error.to_string())) {
            Ok(hash) => println!("{hash} {line}"),
            Err(why) => {
                eprintln!("{line}: {why}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

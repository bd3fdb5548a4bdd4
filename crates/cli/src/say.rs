//! Printing that survives its reader: `dunwu measures | head` closes standard output early, which `println!` panics on.

use crate::audience::{self, Said};
use std::fmt::Arguments;
use std::io::{self, ErrorKind, Write as _};
use std::process;

/// `println!` that ends the command quietly where nobody reads on, and with a sentence where it cannot be written at all.
/// Nothing is printed before what it tells of is on disk, so that nothing is lost by ending here.
macro_rules! say {
    ($($words:tt)*) => { $crate::say::to_stdout(format_args!($($words)*)) };
}

/// `eprintln!` that goes on where nobody listens: a run outlives the terminal that it was started in.
macro_rules! note {
    ($($words:tt)*) => { $crate::say::to_stderr(format_args!($($words)*)) };
}

pub(crate) use {note, say};

pub(crate) fn to_stdout(line: Arguments<'_>) {
    if audience::is_program() {
        audience::keep_line(&line.to_string());
        return;
    }
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{line}").and_then(|()| stdout.flush()) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::BrokenPipe => process::exit(0),
        Err(error) => {
            note!("error: cannot write to standard output: {error}");
            process::exit(1);
        }
    }
}

pub(crate) fn to_stderr(line: Arguments<'_>) {
    if audience::tell(|| Said::Note(line.to_string())) {
        return;
    }
    let _ = writeln!(io::stderr(), "{line}"); // there is nowhere else to say it
}

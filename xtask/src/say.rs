//! Printing that survives its reader: `cargo xtask tidy | head` closes standard output early, which `println!` panics on.

use std::fmt::Arguments;
use std::io::{self, Write as _};

/// `println!` that goes on where nobody reads.
macro_rules! say {
    ($($words:tt)*) => { $crate::say::to_stdout(format_args!($($words)*)) };
}

pub(crate) use say;

pub(crate) fn to_stdout(line: Arguments<'_>) {
    let mut stdout = io::stdout().lock();
    let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush()); // a check goes on without its reader
}

//! The binary `dunwu`; all of it is in the library beside it, which Python's package calls, too.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(dunwu_cli::main(std::env::args_os()))
}

//! What a system wants to know of the command: completions for shells and the manual, both made from the table of arguments.

use crate::failure::Failure;
use clap::Command;
use clap_complete::Shell;
use std::io::{self, Write as _};

/// The completions of `command` for a shell.
pub(crate) fn completions(shell: Shell, command: &mut Command) -> Result<(), Failure> {
    let mut text = Vec::new();
    clap_complete::generate(shell, command, "dunwu", &mut text);
    print(&text)
}

/// The manual as a man page, one section a subcommand.
pub(crate) fn manual(command: &Command) -> Result<(), Failure> {
    let mut text = Vec::new();
    let whole = clap_mangen::Man::new(command.clone());
    whole.render(&mut text)?;
    for subcommand in command.get_subcommands().filter(|subcommand| subcommand.get_name() != "help") {
        let name = format!("dunwu {}", subcommand.get_name());
        let page = clap_mangen::Man::new(subcommand.clone().display_name(&name).bin_name(&name));
        writeln!(text, ".SH \"{}\"", name.to_uppercase())?;
        page.render_synopsis_section(&mut text)?;
        page.render_description_section(&mut text)?;
        page.render_options_section(&mut text)?;
    }
    print(&text)
}

/// Bytes to standard output; a reader that has gone away is no failure.
fn print(text: &[u8]) -> Result<(), Failure> {
    match io::stdout().write_all(text) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

//! The command `dunwu`: arguments in, words and numbers out. What is computed is computed elsewhere.
//!
//! [`main`] serves a terminal. [`ask`] serves a program in this process, such as Python's package: the same commands with the same words,
//! whose answers are returned instead of printed.

mod attend;
mod audience;
mod audit;
mod chat;
mod command;
mod compare;
mod coordinates;
mod curvature;
mod derive;
mod doctor;
mod failure;
mod forecast;
mod fork;
mod import;
mod import_weights;
mod insights;
mod landscape;
mod launch;
mod law;
mod league;
mod listing;
mod manual;
mod mcp;
mod next;
mod opener;
mod output;
mod pair;
mod passkey;
mod phase;
mod place;
mod print;
mod quals;
mod reach;
mod reference;
mod run;
mod samples;
mod say;
mod science;
mod serve;
mod signals;
mod site;
mod stream;
mod sweep;
mod unit;
mod units;
mod watching;

use crate::command::{Cli, Command};
use crate::failure::Failure;
use crate::place::Place;
use clap::{CommandFactory as _, Parser as _};
use std::ffi::OsString;

pub use audience::{Asked, Refusal, Said, ask};

/// Runs the command line `words`, its first word the name of the program, and gives the exit code.
pub fn main(words: impl IntoIterator<Item = OsString>) -> u8 {
    failure::set_up();
    let Some(command) = Cli::parse_from(words).command else {
        say::say!("{}", Cli::command().render_help());
        return 0;
    };
    match obey(command) {
        Ok(()) => 0,
        Err(failure) => failure.report(),
    }
}

/// Every command with its arguments, for whoever makes another skin of them.
pub fn commands() -> clap::Command {
    Cli::command()
}

fn obey(command: Command) -> Result<(), Failure> {
    match command {
        Command::Completions { shell } => manual::completions(shell, &mut Cli::command()),
        Command::Man => manual::manual(&Cli::command()),
        Command::Run(asked) => run::run(&asked),
        Command::Resume { run, drive, place } => run::resume(&run, &drive, &place),
        Command::Show { run, place } => run::show(&run, &place),
        Command::Ls { words, place } => listing::list(&words, &place),
        Command::Tag { run, tags, remove, place } => listing::tag(&run, &tags, &remove, &place),
        Command::Note { run, words, place } => listing::note(&run, &words, &place),
        Command::Rm { names, place } => listing::remove(&names, &place),
        Command::Report { run, output, landscape, open, place } => run::report(&run, output, landscape, open, &place),
        Command::Export { exported, place } => run::export(exported, &place),
        Command::Import(asked) => import::import(&asked),
        Command::Compare(asked) => compare::compare(&asked),
        Command::Curvature(asked) => curvature::curvature(&asked),
        Command::Fork(asked) => fork::fork(&asked),
        Command::Doctor(asked) => doctor::doctor(&asked),
        Command::Coordinates(asked) => coordinates::coordinates(&asked),
        Command::Sweep { variation, ending, working, place } => sweep::sweep(&variation, &working, &ending, &place),
        Command::Work { variation, shard, working, place } => sweep::worker(&variation, shard, &working, &place),
        Command::Phase { table, words, drawn, place } => phase::phase(&table, &words, &drawn, &place),
        Command::Law { table, filters, drawn, place } => law::run(&table, &filters, &drawn, &place),
        Command::Pair { table, words, drawn, place } => pair::pair(&table, &words, &drawn, &place),
        Command::Audit(asked) => audit::audit(&asked),
        Command::Unit(asked) => unit::unit(&asked),
        Command::Units(asked) => units::run(&asked),
        Command::Samples(asked) => samples::run(&asked),
        Command::Launch { cluster } => launch::launch(&cluster),
        Command::Peaks { words, run: None, quiet, drawn, place } => landscape::peaks(&words, quiet, &drawn, &place),
        Command::Peaks { words, run: Some(run), quiet, drawn, place } => {
            landscape::peaks_of_run(&run, &words, quiet, &drawn, &place)
        }
        Command::Race { words, quiet, drawn, place } => landscape::race(&words, quiet, &drawn, &place),
        Command::Forecast(asked) => forecast::forecast(&asked),
        Command::Verdict(asked) => forecast::verdict(&asked),
        Command::Next(asked) => next::next(&asked),
        Command::Science(asked) => science::science(&asked),
        Command::Mcp(asked) => mcp::serve(&asked),
        Command::Derive(asked) => derive::derive(&asked),
        Command::Quals(asked) => quals::quals(&asked),
        Command::League(asked) => league::run(&asked),
        Command::Reach { words, drawn, place } => reach::reach(&words, &drawn, &place),
        Command::Attend { asked, drawn, place } => attend::attend(&asked, &drawn, &place),
        Command::Passkey { asked, drawn, place } => passkey::passkey(&asked, &drawn, &place),
        Command::Stream { asked, drawn, place } => stream::stream(&asked, &drawn, &place),
        Command::Chat { chatting } => chat::chat(&chatting),
        Command::Serve(serving) => serve::page::serve(&serving),
        Command::Site(asked) => site::site(&asked),
        Command::ServeModel { serving } => serve::model::serve(&serving),
        Command::Presets { place } => {
            reference::presets(&place);
            Ok(())
        }
        Command::Settings { place } => {
            reference::settings(&place);
            Ok(())
        }
        Command::Measures { name, place } => reference::measures(name.as_deref(), &place),
        Command::Task { spec, place } => reference::task(spec.as_deref(), &place),
        Command::Schema { verb } => reference::schema(verb.as_deref()),
    }
}

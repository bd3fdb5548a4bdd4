//! `dunwu derive FILE`: whether every step of a derivation stands.

mod states;

use crate::failure::Failure;
use crate::science::read_text;
use crate::{Place, print, watching};
use clap::Args;
use dunwu_derive::{Derivation, Options, check};
use dunwu_foreign::recorded::own_run;
use std::path::PathBuf;

/// Try every step of a derivation on random tensors: `dunwu derive FILE.toml`
///
/// The first step that is false comes with an example as small as can be found, the factor where only a factor is wrong, and the
/// assumptions under which it would stand. A derivation that stands on every draw has evidence and no proof. Exit codes: 0 every step
/// stands, 3 a step is false or says nothing, 4 cannot tell.
#[derive(Args)]
pub(crate) struct DeriveArguments {
    /// The derivation, a TOML file
    file: PathBuf,
    /// Try every step on the snapshots of this run, too: W, V, X and Y are its weights, training samples and labels
    #[arg(long, value_name = "RUN")]
    run: Vec<String>,
    /// What the tensors are drawn from
    #[arg(long, value_name = "SEED", default_value = "0")]
    seed: u64,
    /// Draws of each step, at least
    #[arg(long, value_name = "N", default_value = "24", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    draws: u32,
    #[command(flatten)]
    place: Place,
}

pub(crate) fn derive(asked: &DeriveArguments) -> Result<(), Failure> {
    let name = asked.file.display().to_string();
    let text = read_text(&asked.file)?;
    let derivation = Derivation::parse(&text).map_err(|error| Failure::usage(format!("{name}: {error}")))?;
    let mut recorded = Vec::new();
    for run in &asked.run {
        let dir = own_run(&asked.place.runs, run, "derive", "its network and its samples are not known");
        recorded.extend(states::of_run(&dir.map_err(Failure::of_request)?, &derivation)?);
    }
    let report = watching::show(asked.place.json, |watcher| {
        watcher.phase("tries every step", None);
        check(&derivation, &Options { seed: asked.seed, draws: asked.draws as usize, states: &recorded })
    });
    print::without_page(&dunwu_report::derive::answer(&name, &report), &asked.place);
    if report.ok {
        return Ok(());
    }
    let is_bad = report.first_false.is_some() || report.first_vacuous.is_some() || report.empty.is_some();
    Err(Failure::Judged { code: if is_bad { 3 } else { 4 } })
}

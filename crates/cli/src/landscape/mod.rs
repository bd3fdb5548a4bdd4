//! `dunwu peaks` and `dunwu race`: the landscape before anything is trained, and where a trained network stands on it.

mod of_run;

use crate::Place;
use crate::failure::Failure;
use crate::print;
use crate::watching::watch;
use anyhow::Context;
use clap::Args;
use dunwu::landscape::request::{Key, SHORT};
use dunwu::landscape::{PeaksRequest, RaceRequest};
use dunwu_report::landscape::Page;
use dunwu_report::{peaks, race};
use std::fs;
use std::path::PathBuf;

pub(crate) use of_run::{figures_of_run, peaks_of_run};

/// Where what is drawn goes.
#[derive(Args)]
pub(crate) struct Drawn {
    /// Where to write the page (default: named after the command, such as race.html)
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Folder for the drawings as SVG, made if it is missing; none are written otherwise
    #[arg(long, value_name = "DIR")]
    pub(crate) figures: Option<PathBuf>,
}

impl Drawn {
    /// Where the page of a verb's answer goes.
    pub(crate) fn page(&self, verb: &str) -> PathBuf {
        self.output.clone().unwrap_or_else(|| PathBuf::from(format!("{verb}.html")))
    }

    /// Writes page and drawings; says where the page is.
    pub(crate) fn keep(&self, default: &str, page: &Page) -> Result<PathBuf, Failure> {
        let path = self.output.clone().unwrap_or_else(|| PathBuf::from(default));
        fs::write(&path, &page.html).with_context(|| format!("cannot write {}", path.display()))?;
        if let Some(folder) = &self.figures {
            fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
            for (name, svg) in &page.drawings {
                let name: String = name.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
                let path = folder.join(format!("{}.svg", name.replace("---", "-")));
                fs::write(&path, svg).with_context(|| format!("cannot write {}", path.display()))?;
            }
        }
        Ok(path)
    }
}

/// Keys that a command has beside those of runs, for its help.
pub(crate) fn keys_help(keys: &[&[Key]]) -> String {
    let lines = keys.iter().flat_map(|keys| keys.iter()).map(|(key, tells)| format!("  {key:<9} {tells}"));
    let short: Vec<&str> = SHORT.iter().map(|(short, _)| *short).collect();
    format!(
        "Keys beside those of runs (`dunwu settings`), and short names {}:\n{}",
        short.join(", "),
        lines.collect::<Vec<_>>().join("\n")
    )
}

pub(crate) fn peaks(words: &[String], quiet: bool, drawn: &Drawn, place: &Place) -> Result<(), Failure> {
    let request = PeaksRequest::from_words(words).map_err(Failure::of_request)?;
    print::answer(&watch(quiet, |watcher| peaks::answer(&request, watcher))?, drawn, place)
}

pub(crate) fn race(words: &[String], quiet: bool, drawn: &Drawn, place: &Place) -> Result<(), Failure> {
    let request = RaceRequest::from_words(words).map_err(Failure::of_request)?;
    print::answer(&watch(quiet, |watcher| race::answer(&request, watcher))?, drawn, place)
}

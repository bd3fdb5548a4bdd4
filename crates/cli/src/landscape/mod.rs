//! `dunwu peaks` and `dunwu race`: the landscape before anything is trained, and where a trained network stands on it.

mod axis;
mod of_run;
mod peaks;
mod race;
mod request;
mod training;

use crate::failure::Failure;
use anyhow::Context;
use clap::Args;
use dunwu::report::landscape::Page;
use std::fs;
use std::path::PathBuf;

/// Where what is drawn goes.
#[derive(Args)]
pub(crate) struct Drawn {
    /// Where to write the page (default: named after the command, such as race.html)
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Folder for the drawings as SVG, made if it is missing; none are written otherwise
    #[arg(long, value_name = "DIR")]
    figures: Option<PathBuf>,
}

impl Drawn {
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

pub(crate) use of_run::{figures_not_asked_for, figures_of_run, peaks_of_run};
pub(crate) use peaks::peaks;
pub(crate) use race::race;
pub(crate) use request::{Key, PEAKS_KEYS, RACE_KEYS};

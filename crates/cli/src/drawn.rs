//! Pages and drawings as files: where they go.

use crate::failure::Failure;
use crate::opener::open_page;
use anyhow::Context;
use clap::Args;
use dunwu_report::landscape::Page;
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
    pub(crate) figures: Option<PathBuf>,
    /// Open the page in the browser of this desktop
    #[arg(long)]
    pub(crate) open: bool,
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
        if self.open {
            open_page(&path);
        }
        Ok(path)
    }
}

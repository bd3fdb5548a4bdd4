//! Pages and drawings as files: where they go, and a look at them.

use crate::failure::Failure;
use crate::say::note;
use anyhow::Context;
use clap::Args;
use dunwu_report::landscape::Page;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

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

/// The desktop's command that opens a file in the program for its kind.
const OPENER: &[&str] = if cfg!(target_os = "macos") {
    &["open"]
} else if cfg!(target_os = "windows") {
    &["cmd", "/C", "start", ""]
} else {
    &["xdg-open"]
};
/// An opener that fails says so within this time; one that still runs then has found its program.
const PATIENCE: Duration = Duration::from_secs(1);

/// Opens a page in the browser; where that fails a note says so, for the page is there all the same.
pub(crate) fn open_page(path: &Path) {
    let (program, arguments) = OPENER.split_first().expect("an opener has a name");
    let opener = Command::new(program)
        .args(arguments)
        .arg(path)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let mut opener = match opener {
        Ok(opener) => opener,
        Err(error) => return note!("note: the page cannot be opened, {program}: {error}"),
    };
    for _ in 0..20 {
        match opener.try_wait() {
            Ok(None) => sleep(PATIENCE / 20),
            Ok(Some(status)) if !status.success() => {
                return note!("note: the page cannot be opened, {program}: {status}");
            }
            Ok(Some(_)) => return,
            Err(error) => return note!("note: the page cannot be opened, {program}: {error}"),
        }
    }
}

//! Where the runs are, and in what form an answer goes out: options of every command.

use clap::Args;
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct Place {
    /// Folder that holds the run directories
    #[arg(long, value_name = "DIR", default_value = "runs", global = true)]
    pub(crate) runs: PathBuf,
    /// One JSON object on standard output instead of words
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

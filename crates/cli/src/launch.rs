//! `dunwu launch slurm`: a sweep on a cluster, from here to two submitted jobs.

use crate::Place;
use crate::audience;
use crate::failure::Failure;
use crate::say::{note, say};
use crate::sweep::Variation;
use crate::{print, watching};
use anyhow::Context as _;
use clap::{Args, Subcommand};
use dunwu::answer::Block;
use dunwu_studies::launch::LaunchRequest;
use std::env;
use std::num::NonZero;

/// Who hands out the machines.
#[derive(Subcommand)]
pub(crate) enum Cluster {
    /// A job array whose tasks each work through many runs, and a job that writes the table when they have ended
    ///
    /// Tasks claim runs by files in the folder of runs, which all nodes have to share. A task that is preempted, or whose time
    /// is up, saves what it was doing and goes on where it stopped. Launching again covers what remains.
    Slurm(Slurm),
}

/// What a cluster of Slurm is asked for.
#[derive(Args)]
pub(crate) struct Slurm {
    #[command(flatten)]
    variation: Variation,
    /// How long a task should last
    #[arg(long, value_name = "MINUTES", default_value = "10", value_parser = minutes)]
    minutes: f64,
    /// No more tasks than this
    #[arg(long, value_name = "N")]
    tasks: Option<NonZero<u32>>,
    /// Processors of a task, each of which trains one run at a time
    #[arg(long, value_name = "N", default_value = "1")]
    cpus: NonZero<u32>,
    /// When a task is ended and requeued (default: twice its estimated time, and 3 minutes)
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u64).range(TIME_LIMIT_MIN..))]
    time_limit: Option<u64>,
    /// Partition of both jobs
    #[arg(long, value_name = "NAME")]
    partition: Option<String>,
    /// Account of both jobs
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// Quality of service of both jobs
    #[arg(long, value_name = "NAME")]
    qos: Option<String>,
    /// An option of sbatch for both jobs, such as --sbatch --mem=4G; may be repeated
    #[arg(long, value_name = "OPTION", allow_hyphen_values = true)]
    sbatch: Vec<String>,
    /// Print what would be submitted, as a script that does it, and submit nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    place: Place,
}

/// The warning comes up to two minutes before the limit (`man sbatch`), so that a shorter task would be stopped as it begins.
const TIME_LIMIT_MIN: u64 = 3;

fn minutes(text: &str) -> Result<f64, &'static str> {
    let minutes: Option<f64> = text.parse().ok();
    minutes
        .filter(|minutes| minutes.is_finite() && *minutes > 0.0)
        .ok_or("write a number of minutes, such as 10 or 0.5")
}

pub(crate) fn launch(cluster: &Cluster) -> Result<(), Failure> {
    let Cluster::Slurm(slurm) = cluster;
    launch_slurm(slurm)
}

fn launch_slurm(slurm: &Slurm) -> Result<(), Failure> {
    let place = &slurm.place;
    let named = [("partition", &slurm.partition), ("account", &slurm.account), ("qos", &slurm.qos)];
    let named = named.iter().filter_map(|(key, name)| Some(format!("--{key}={}", name.as_ref()?)));
    let request = LaunchRequest {
        sweep: slurm.variation.request(place)?,
        binary: env::current_exe().context("the path of this command is unknown")?,
        minutes: slurm.minutes,
        tasks: slurm.tasks,
        cpus: slurm.cpus,
        time_limit: slurm.time_limit,
        options: named.chain(slurm.sbatch.iter().cloned()).collect(),
        is_dry: slurm.dry_run,
    };
    let answer = watching::watch(place.json, |watcher| dunwu_report::sweep::launch(&request, watcher))?;
    let script = answer.sections.iter().flat_map(|section| &section.blocks).find_map(|block| match block {
        Block::Verbatim(lines) => Some(lines.join("\n")),
        _ => None,
    });
    match script.filter(|_| !place.json && !audience::is_program()) {
        // The script alone on standard output, so that a shell can read it from there.
        Some(script) => {
            note!("{}", answer.headline);
            say!("{script}");
        }
        None => print::without_page(&answer, place),
    }
    Ok(())
}

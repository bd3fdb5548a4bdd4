//! `dunwu launch slurm` and `dunwu launch ray`: a sweep on a cluster, from here to submitted jobs.

use crate::Place;
use crate::audience;
use crate::failure::Failure;
use crate::say::{note, say};
use crate::sweep::Variation;
use crate::{print, watching};
use anyhow::Context as _;
use clap::{Args, Subcommand};
use dunwu::answer::{Answer, Block};
use dunwu_studies::launch::{LaunchRequest, RayLaunchRequest};
use std::env;
use std::num::NonZero;
use std::path::{Path, PathBuf};

/// Who hands out the machines.
#[derive(Subcommand)]
pub(crate) enum Cluster {
    /// A job array whose tasks each work through many runs, and a job that writes the table when they have ended
    ///
    /// Tasks claim runs by files in the folder of runs, which all nodes have to share. A task that is preempted, or whose time
    /// is up, saves what it was doing and goes on where it stopped. Launching again covers what remains.
    Slurm(Slurm),
    /// One job whose tasks each work through many runs, and which writes the table when they have ended
    ///
    /// Needs `ray` on the path (`pip install 'ray[default]'`). Tasks claim runs by files in the folder of runs, which all nodes have to
    /// share. A worker that is killed is begun again by Ray and goes on from its checkpoint. If the head dies, launching again goes on.
    Ray(Ray),
}

/// What a cluster of Ray is asked for.
#[derive(Args)]
pub(crate) struct Ray {
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
    /// Where the cluster's dashboard is, such as `http://127.0.0.1:8265` (default: as `ray job submit` finds it, by `RAY_API_SERVER_ADDRESS`)
    #[arg(long, value_name = "URL")]
    address: Option<String>,
    /// The Python on the cluster that has Ray
    #[arg(long, value_name = "COMMAND", default_value = "python3")]
    python: String,
    /// An option of `ray job submit`, such as --submit --entrypoint-num-cpus=1; may be repeated
    #[arg(long, value_name = "OPTION", allow_hyphen_values = true)]
    submit: Vec<String>,
    /// Print what would be submitted, as a script that does it, and submit nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    place: Place,
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
    match cluster {
        Cluster::Slurm(slurm) => launch_slurm(slurm),
        Cluster::Ray(ray) => launch_ray(ray),
    }
}

fn launch_ray(ray: &Ray) -> Result<(), Failure> {
    let place = &ray.place;
    let request = RayLaunchRequest {
        sweep: ray.variation.request(place)?,
        binary: this_command()?,
        minutes: ray.minutes,
        tasks: ray.tasks,
        cpus: ray.cpus,
        python: ray.python.clone(),
        address: ray.address.clone(),
        options: ray.submit.clone(),
        is_dry: ray.dry_run,
    };
    let answer = watching::watch(place.json, |watcher| dunwu_report::sweep::launch_ray(&request, watcher))?;
    print_launch(&answer, place);
    Ok(())
}

fn launch_slurm(slurm: &Slurm) -> Result<(), Failure> {
    let place = &slurm.place;
    let named = [("partition", &slurm.partition), ("account", &slurm.account), ("qos", &slurm.qos)];
    let named = named.iter().filter_map(|(key, name)| Some(format!("--{key}={}", name.as_ref()?)));
    let request = LaunchRequest {
        sweep: slurm.variation.request(place)?,
        binary: this_command()?,
        minutes: slurm.minutes,
        tasks: slurm.tasks,
        cpus: slurm.cpus,
        time_limit: slurm.time_limit,
        options: named.chain(slurm.sbatch.iter().cloned()).collect(),
        is_dry: slurm.dry_run,
    };
    let answer = watching::watch(place.json, |watcher| dunwu_report::sweep::launch(&request, watcher))?;
    print_launch(&answer, place);
    Ok(())
}

/// The path of the command `dunwu`: this program, or where it is called from another one, such as Python, the one on the path.
fn this_command() -> Result<PathBuf, Failure> {
    let own = env::current_exe().context("the path of this command is unknown")?;
    let is_dunwu = |path: &Path| path.file_stem().is_some_and(|stem| stem == "dunwu");
    if is_dunwu(&own) {
        return Ok(own);
    }
    // The Python of a virtual environment is a link to another folder's; what it was called by is in the environment's own.
    let called = env::args_os().next().map(PathBuf::from);
    let beside = [Some(own), called].into_iter().flatten().filter_map(|path| Some(path.parent()?.join("dunwu")));
    let folders = env::var_os("PATH").unwrap_or_default();
    let on_path = env::split_paths(&folders).map(|folder| folder.join("dunwu"));
    let mut found = beside.chain(on_path).filter(|path| path.is_file());
    Ok(found.next().context("the command `dunwu`, which the jobs start, is not on the path; install it")?)
}

fn print_launch(answer: &Answer, place: &Place) {
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
        None => print::without_page(answer, place),
    }
}

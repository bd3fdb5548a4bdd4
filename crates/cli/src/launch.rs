//! `dunwu launch slurm`: a sweep on a cluster, from here to two submitted jobs.

use crate::Place;
use crate::failure::Failure;
use crate::say::{note, say};
use crate::sweep::{self, Swept, Variation};
use anyhow::Context;
use clap::{Args, Subcommand};
use dunwu::launch::slurm::{Script, SlurmPlan, SlurmRequest};
use dunwu::launch::{Size, Sizing};
use dunwu::store::replace;
use serde_json::{Value, json};
use std::env;
use std::fs;
use std::io::ErrorKind;
use std::num::NonZero;
use std::path::{Path, absolute};
use std::process::{Command, Output};

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
/// What Slurm assumes where a cluster's configuration says nothing (`man slurm.conf`).
const MAX_ARRAY_SIZE: usize = 1001;

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

/// What is left of a sweep.
struct Remaining {
    /// Runs of the whole sweep.
    runs: usize,
    /// Runs that have ended.
    done: usize,
    /// Estimated training time of each other run, on one processor.
    seconds: Vec<f64>,
}

fn remaining(variation: &Variation, place: &Place) -> Result<Remaining, Failure> {
    let swept = Swept::new(variation, place)?;
    let (left, estimator) = sweep::left(&swept, false)?;
    // Nothing is known of runs that cannot begin; they take no time.
    let seconds: Vec<f64> = left.iter().map(|run| estimator.of(run).map_or(0.0, |one| one.likely)).collect();
    Ok(Remaining { runs: swept.runs.len(), done: swept.runs.len() - seconds.len(), seconds })
}

fn launch_slurm(slurm: &Slurm) -> Result<(), Failure> {
    let place = &slurm.place;
    if !slurm.dry_run {
        called(&["sbatch", "--version"].map(str::to_owned))?; // before anything is estimated or written
    }
    let remaining = remaining(&slurm.variation, place)?;
    if remaining.seconds.is_empty() {
        nothing_remains(&remaining, place);
        return Ok(());
    }
    let sizing = Sizing {
        minutes: slurm.minutes,
        cpus: slurm.cpus.get() as usize,
        max_array_size: max_array_size(),
        max_tasks: slurm.tasks.map(|tasks| tasks.get() as usize),
    };
    let mut size = sizing.size(&remaining.seconds)?;
    size.time_limit_minutes = slurm.time_limit.unwrap_or(size.time_limit_minutes);
    let plan = SlurmPlan::new(&request(slurm, &size)?).map_err(Failure::usage)?;
    let jobs = if slurm.dry_run { None } else { Some(submit(&plan)?) };
    if place.json {
        say!("{}", as_json(&remaining, &size, &plan, jobs.as_ref()));
    } else {
        tell(&remaining, &size, &plan, jobs.as_ref());
    }
    Ok(())
}

fn request(slurm: &Slurm, size: &Size) -> Result<SlurmRequest, Failure> {
    let named = [("partition", &slurm.partition), ("account", &slurm.account), ("qos", &slurm.qos)];
    let named = named.iter().filter_map(|(key, name)| Some(format!("--{key}={}", name.as_ref()?)));
    let binary = env::current_exe().context("the path of this command is unknown")?;
    let directory = env::current_dir().context("the working directory is unknown")?;
    let runs = absolute(&slurm.place.runs).with_context(|| format!("no path {}", slurm.place.runs.display()))?;
    Ok(SlurmRequest {
        binary: utf8(&binary)?,
        words: slurm.variation.as_words(),
        runs: utf8(&runs)?,
        directory: utf8(&directory)?,
        tasks: size.tasks,
        cpus: slurm.cpus.get() as usize,
        time_limit_minutes: size.time_limit_minutes,
        options: named.chain(slurm.sbatch.iter().cloned()).collect(),
    })
}

fn utf8(path: &Path) -> Result<String, Failure> {
    path.to_str()
        .map(str::to_owned)
        .ok_or_else(|| Failure::usage(format!("a script needs paths in UTF-8, not {}", path.display())))
}

/// The numbers of both jobs.
struct Jobs {
    array: String,
    collect: String,
}

/// Writes both scripts and submits them.
fn submit(plan: &SlurmPlan) -> Result<Jobs, Failure> {
    fs::create_dir_all(&plan.folder).with_context(|| format!("cannot make the folder {:?}", plan.folder))?;
    for Script { path, text } in [&plan.array, &plan.collect] {
        replace(Path::new(path), text.as_bytes(), "writing a script")?;
    }
    let array = job_number(&plan.array_command())?;
    let collect = job_number(&plan.collect_command(&array)).inspect_err(|_| {
        note!(
            "note: the array {array} is submitted, but not the job that collects after it; `scancel {array}` takes it back"
        );
    })?;
    Ok(Jobs { array, collect })
}

/// Submits a script. `sbatch --parsable` prints the job's number, and behind a semicolon the cluster where there are several.
fn job_number(command: &[String]) -> Result<String, Failure> {
    let output = called(command)?;
    let number = output.split(';').next().unwrap_or_default().trim();
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(anyhow::anyhow!("sbatch printed no job number but {:?}", output.trim()).into());
    }
    Ok(number.to_owned())
}

/// What a program of Slurm prints.
fn called(command: &[String]) -> Result<String, Failure> {
    let [program, arguments @ ..] = command else { unreachable!("a command begins with its program") };
    match Command::new(program).args(arguments).output() {
        Ok(Output { status, stdout, .. }) if status.success() => Ok(String::from_utf8_lossy(&stdout).into_owned()),
        Ok(Output { stderr, .. }) => {
            Err(anyhow::anyhow!("{program} refused: {}", String::from_utf8_lossy(&stderr).trim()).into())
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Err(anyhow::anyhow!(
            "Slurm is not on this machine: there is no `{program}`; launch on a login node of a cluster, print the scripts with \
             --dry-run, or spread `dunwu work … --shard K/N` over machines by other means (GNU parallel, Kubernetes, Ray)"
        )
        .into()),
        Err(error) => Err(anyhow::anyhow!("cannot run {program}: {error}").into()),
    }
}

/// As the cluster says. Where it does not, sbatch refuses an array that is too large.
fn max_array_size() -> usize {
    let text = called(&["scontrol", "show", "config"].map(str::to_owned)).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("MaxArraySize")?.trim().strip_prefix('='));
    line.and_then(|size| size.trim().parse().ok()).unwrap_or_else(|| {
        note!("note: no cluster says its MaxArraySize here; {MAX_ARRAY_SIZE} is assumed, which is Slurm's default");
        MAX_ARRAY_SIZE
    })
}

fn nothing_remains(remaining: &Remaining, place: &Place) {
    note!("nothing remains to be done: all {} are there; nothing is submitted", runs(remaining.runs));
    if place.json {
        say!(
            "{}",
            json!({
                "array_job": null, "collect_job": null, "tasks": 0, "runs": remaining.runs, "remaining": 0,
                "estimated_seconds": 0.0, "minutes_per_task": 0.0, "time_limit_minutes": null, "scripts": null, "logs": null,
            })
        );
    }
}

fn as_json(remaining: &Remaining, size: &Size, plan: &SlurmPlan, jobs: Option<&Jobs>) -> Value {
    let script = |script: &Script, command| json!({ "path": script.path, "text": script.text, "command": command });
    let array_job = jobs.map(|jobs| jobs.array.as_str());
    json!({
        "array_job": array_job,
        "collect_job": jobs.map(|jobs| jobs.collect.as_str()),
        "tasks": size.tasks,
        "runs": remaining.runs,
        "remaining": remaining.seconds.len(),
        "estimated_seconds": size.estimated_seconds,
        "minutes_per_task": size.minutes_per_task,
        "time_limit_minutes": size.time_limit_minutes,
        "scripts": {
            "array": script(&plan.array, plan.array_command()),
            "collect": script(&plan.collect, plan.collect_command(array_job.unwrap_or("ARRAY_JOB"))),
        },
        "logs": plan.logs,
    })
}

fn tell(remaining: &Remaining, size: &Size, plan: &SlurmPlan, jobs: Option<&Jobs>) {
    let tasks = if size.tasks == 1 { "1 task".to_owned() } else { format!("{} tasks", size.tasks) };
    let sized = format!(
        "{} of {} remain ({} done): {tasks} of about {} each, to be ended after {} min",
        remaining.seconds.len(),
        runs(remaining.runs),
        remaining.done,
        duration(size.minutes_per_task),
        size.time_limit_minutes
    );
    let Some(jobs) = jobs else {
        note!("{sized}; nothing is submitted");
        say!("{}", plan.by_hand().trim_end());
        return;
    };
    say!("{sized}");
    say!("array       {}  {}", jobs.array, plan.array.path);
    say!("collecting  {}  {}", jobs.collect, plan.collect.path);
    say!("logs        {}", plan.logs);
    say!("`squeue --me` shows them; `scancel {}` stops the array, and launching again goes on from there", jobs.array);
}

fn runs(n: usize) -> String {
    if n == 1 { "1 run".to_owned() } else { format!("{n} runs") }
}

fn duration(minutes: f64) -> String {
    if minutes < 1.0 { format!("{:.0} s", (60.0 * minutes).ceil()) } else { format!("{minutes:.0} min") }
}

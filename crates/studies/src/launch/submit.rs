//! From a sweep to two submitted jobs of Slurm. Programs of the cluster (`sbatch`, `scontrol`) are started here, and scripts are written.

use super::sizing::{Size, Sizing};
use super::slurm::{Script, SlurmPlan, SlurmRequest};
use crate::sweep::SweepRequest;
use dunwu::store::file::{While as _, replace};
use dunwu::verb::{VerbError, Watcher};
use std::env;
use std::fs;
use std::io::ErrorKind;
use std::num::NonZero;
use std::path::{Path, PathBuf, absolute};
use std::process::{Command, Output};

/// What Slurm assumes where a cluster's configuration says nothing (`man slurm.conf`).
const MAX_ARRAY_SIZE: usize = 1001;

/// A sweep, and what a cluster of Slurm is asked for.
#[derive(Clone, Debug)]
pub struct LaunchRequest {
    /// The sweep.
    pub sweep: SweepRequest,
    /// The command `dunwu`, at a path that is the same on every node.
    pub binary: PathBuf,
    /// How long a task should last.
    pub minutes: f64,
    /// No more tasks than this.
    pub tasks: Option<NonZero<u32>>,
    /// Processors of a task, each of which trains one run at a time.
    pub cpus: NonZero<u32>,
    /// When a task is ended and requeued; as long as its estimate says where it is not given.
    pub time_limit: Option<u64>,
    /// Options of `sbatch` for both jobs.
    pub options: Vec<String>,
    /// Whether nothing is written and submitted.
    pub is_dry: bool,
}

/// What was submitted, or would be.
#[derive(Clone, Debug)]
pub struct Launched {
    /// Runs of the whole sweep.
    pub runs: usize,
    /// Runs of it that have not ended.
    pub remaining: usize,
    /// Tasks and scripts; `None` where no run remains.
    pub plan: Option<(Size, SlurmPlan)>,
    /// The numbers of both jobs, where they were submitted.
    pub jobs: Option<Jobs>,
}

/// The numbers of both jobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jobs {
    /// Of the array.
    pub array: String,
    /// Of the job that collects when the array has ended.
    pub collect: String,
}

impl LaunchRequest {
    /// Sizes the array, writes both scripts and submits them.
    pub fn launch(&self, watcher: &mut Watcher<'_>) -> Result<Launched, VerbError> {
        if !self.is_dry {
            called(&["sbatch", "--version"].map(str::to_owned))?; // before anything is estimated or written
        }
        watcher.phase("estimating what remains", None);
        let (left, estimator) = self.sweep.left(false)?;
        // Nothing is known of runs that cannot begin; they take no time.
        let seconds: Vec<f64> = left.iter().map(|run| estimator.of(run).map_or(0.0, |one| one.likely)).collect();
        let (runs, remaining) = (self.sweep.runs.len(), seconds.len());
        if seconds.is_empty() {
            return Ok(Launched { runs, remaining, plan: None, jobs: None });
        }
        let sizing = Sizing {
            minutes: self.minutes,
            cpus: self.cpus.get() as usize,
            max_array_size: max_array_size(watcher),
            max_tasks: self.tasks.map(|tasks| tasks.get() as usize),
        };
        let mut size = sizing.size(&seconds)?;
        size.time_limit_minutes = self.time_limit.unwrap_or(size.time_limit_minutes);
        let plan = SlurmPlan::new(&self.slurm(&size)?).map_err(VerbError::usage)?;
        let jobs = if self.is_dry { None } else { Some(submit(&plan, watcher)?) };
        Ok(Launched { runs, remaining, plan: Some((size, plan)), jobs })
    }

    fn slurm(&self, size: &Size) -> Result<SlurmRequest, VerbError> {
        let runs = self.sweep.folder.runs();
        let directory = env::current_dir().or_while("asking for the working directory", Path::new("."))?;
        Ok(SlurmRequest {
            binary: utf8(&self.binary)?,
            words: self.sweep.words.clone(),
            runs: utf8(&absolute(runs).or_while("asking for the path of the folder of runs", runs)?)?,
            directory: utf8(&directory)?,
            tasks: size.tasks,
            cpus: self.cpus.get() as usize,
            time_limit_minutes: size.time_limit_minutes,
            options: self.options.clone(),
        })
    }
}

fn utf8(path: &Path) -> Result<String, VerbError> {
    path.to_str()
        .map(str::to_owned)
        .ok_or_else(|| VerbError::usage(format!("a script needs paths in UTF-8, not {}", path.display())))
}

/// Writes both scripts and submits them.
fn submit(plan: &SlurmPlan, watcher: &mut Watcher<'_>) -> Result<Jobs, VerbError> {
    fs::create_dir_all(&plan.folder).or_while("making the folder of scripts", Path::new(&plan.folder))?;
    for Script { path, text } in [&plan.array, &plan.collect] {
        replace(Path::new(path), text.as_bytes(), "writing a script")?;
    }
    let array = job_number(&plan.array_command())?;
    let collect = job_number(&plan.collect_command(&array)).inspect_err(|_| {
        watcher.note(&format!(
            "the array {array} is submitted, but not the job that collects after it; `scancel {array}` takes it back"
        ));
    })?;
    Ok(Jobs { array, collect })
}

/// Submits a script. `sbatch --parsable` prints the job's number, and behind a semicolon the cluster where there are several.
fn job_number(command: &[String]) -> Result<String, VerbError> {
    let output = called(command)?;
    let number = output.split(';').next().unwrap_or_default().trim();
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(VerbError::Failed(format!("sbatch printed no job number but {:?}", output.trim()).into()));
    }
    Ok(number.to_owned())
}

/// What a program of Slurm prints.
fn called(command: &[String]) -> Result<String, VerbError> {
    let [program, arguments @ ..] = command else { unreachable!("a command begins with its program") };
    let error = match Command::new(program).args(arguments).output() {
        Ok(Output { status, stdout, .. }) if status.success() => {
            return Ok(String::from_utf8_lossy(&stdout).into_owned());
        }
        Ok(Output { stderr, .. }) => format!("{program} refused: {}", String::from_utf8_lossy(&stderr).trim()),
        Err(error) if error.kind() == ErrorKind::NotFound => format!(
            "Slurm is not on this machine: there is no `{program}`; launch on a login node of a cluster, print the scripts with \
             --dry-run, or spread `dunwu work … --shard K/N` over machines by other means (GNU parallel, Kubernetes, Ray)"
        ),
        Err(error) => format!("cannot run {program}: {error}"),
    };
    Err(VerbError::Failed(error.into()))
}

/// As the cluster says. Where it does not, sbatch refuses an array that is too large.
fn max_array_size(watcher: &mut Watcher<'_>) -> usize {
    let text = called(&["scontrol", "show", "config"].map(str::to_owned)).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("MaxArraySize")?.trim().strip_prefix('='));
    line.and_then(|size| size.trim().parse().ok()).unwrap_or_else(|| {
        watcher.note(&format!(
            "no cluster says its MaxArraySize here; {MAX_ARRAY_SIZE} is assumed, which is Slurm's default"
        ));
        MAX_ARRAY_SIZE
    })
}

//! From a sweep to one submitted job of Ray: a driver is written, and `ray job submit` is called.
//!
//! Ray's Jobs API is HTTP, and `ray` its own client: it finds the cluster by the same variables as everything of Ray's, knows what
//! certificates and headers a cluster wants, and is there wherever a driver can be tried. So it is started instead of spoken for.

use super::frozen::{Frozen, freeze};
use super::program::{ANSWER_WITHIN, CallFailure, called_within};
use super::ray::{RayPlan, RayRequest, folder};
use super::sizing::{Size, Sizing};
use super::submit::{failed, utf8, write_scripts};
use crate::sweep::SweepRequest;
use dunwu::store::file::While as _;
use dunwu::verb::{VerbError, Watcher};
use std::env;
use std::num::NonZero;
use std::path::{Path, PathBuf, absolute};
use std::time::{SystemTime, UNIX_EPOCH};

/// Tasks that one job asks for at most: Ray keeps a queue of all of them in the driver.
const MOST_TASKS: usize = 10_000;

/// A sweep, and what a cluster of Ray is asked for.
#[derive(Clone, Debug)]
pub struct RayLaunchRequest {
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
    /// The Python that runs the driver on the cluster.
    pub python: String,
    /// Where the cluster's dashboard is; as Ray finds it by itself where it is not given.
    pub address: Option<String>,
    /// Options of `ray job submit`.
    pub options: Vec<String>,
    /// Whether nothing is written and submitted.
    pub is_dry: bool,
}

/// What was submitted, or would be.
#[derive(Clone, Debug)]
pub struct RayLaunched {
    /// Runs of the whole sweep.
    pub runs: usize,
    /// Runs of it that have not ended.
    pub remaining: usize,
    /// Tasks and driver; `None` where no run remains.
    pub plan: Option<(Size, RayPlan)>,
    /// The job's name, where it was submitted.
    pub job: Option<String>,
}

impl RayLaunchRequest {
    /// Sizes the job, writes its driver and submits it.
    pub fn launch(&self, watcher: &mut Watcher<'_>) -> Result<RayLaunched, VerbError> {
        if !self.is_dry {
            called(&["ray", "--version"].map(str::to_owned))?; // before anything is estimated or written
        }
        watcher.phase("estimating what remains", None);
        let (left, estimator) = self.sweep.left(false)?;
        // Nothing is known of runs that cannot begin; they take no time.
        let seconds: Vec<f64> = left.iter().map(|run| estimator.of(run).map_or(0.0, |one| one.likely)).collect();
        let (runs, remaining) = (self.sweep.runs.len(), seconds.len());
        if seconds.is_empty() {
            return Ok(RayLaunched { runs, remaining, plan: None, job: None });
        }
        let sizing = Sizing {
            minutes: self.minutes,
            cpus: self.cpus.get() as usize,
            max_array_size: MOST_TASKS + 1,
            max_tasks: self.tasks.map(|tasks| tasks.get() as usize),
        };
        let size = sizing.size(&seconds)?;
        let plan = RayPlan::new(&self.ray(&size)?).map_err(VerbError::usage)?;
        let job = if self.is_dry { None } else { Some(submit(&plan, watcher)?) };
        Ok(RayLaunched { runs, remaining, plan: Some((size, plan)), job })
    }

    fn ray(&self, size: &Size) -> Result<RayRequest, VerbError> {
        let runs = self.sweep.folder.runs();
        let directory = env::current_dir().or_while("asking for the working directory", Path::new("."))?;
        let runs = utf8(&absolute(runs).or_while("asking for the path of the folder of runs", runs)?)?;
        let Frozen { words, files } = freeze(&self.sweep, &folder(&runs));
        Ok(RayRequest {
            binary: utf8(&self.binary)?,
            words,
            frozen: files,
            runs,
            directory: utf8(&directory)?,
            tasks: size.tasks,
            cpus: self.cpus.get() as usize,
            python: self.python.clone(),
            address: self.address.clone(),
            options: self.options.clone(),
        })
    }
}

/// Writes what the job reads and its driver, and submits it under a name that no other job has.
fn submit(plan: &RayPlan, watcher: &mut Watcher<'_>) -> Result<String, VerbError> {
    write_scripts(plan.frozen.iter().chain([&plan.driver]))?;
    watcher.phase("submitting", None);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let job = format!("{}-{}", plan.name, now.as_millis());
    called(&plan.command(Some(&job)))?;
    Ok(job)
}

/// What `ray` prints.
fn called(command: &[String]) -> Result<String, VerbError> {
    called_within(command, ANSWER_WITHIN).map_err(|failure| failed(why(&failure)))
}

/// Why `ray` gave no answer.
fn why(failure: &CallFailure) -> String {
    match failure {
        CallFailure::NotThere { program } => format!(
            "Ray is not on this machine: there is no `{program}`; `pip install 'ray[default]'` brings it, --dry-run prints what would \
             be submitted, and `dunwu launch slurm` and `dunwu work … --shard K/N` do without it"
        ),
        // A traceback ends with the sentence that matters.
        CallFailure::Refused(text) => {
            let last = text.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
            let last = last.strip_prefix("ray refused:").map_or(last, str::trim);
            format!(
                "`ray job submit` refused: {last}; --address http://HEAD:8265 or RAY_API_SERVER_ADDRESS says where the cluster is"
            )
        }
        CallFailure::TimedOut { limit, .. } => format!(
            "`ray` has not answered for {} s, so it was stopped; `ray job list` shows whether the job is there. If it is not, launch \
             again. Two jobs do no harm: they share the work",
            limit.as_secs()
        ),
        CallFailure::NoNumber { output } => format!("`ray` printed {:?}", output.trim()),
    }
}

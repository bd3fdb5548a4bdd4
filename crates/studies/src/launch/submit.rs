//! From a sweep to two submitted jobs of Slurm: scripts are written, and `sbatch` and `scontrol` are called.

use super::frozen::{Frozen, freeze};
use super::job_number::job_number;
use super::program::{ANSWER_WITHIN, CallFailure, called_within};
use super::sizing::{Size, Sizing};
use super::slurm::{Script, SlurmPlan, SlurmRequest, folder};
use crate::sweep::SweepRequest;
use dunwu::store::disk;
use dunwu::store::file::{While as _, replace};
use dunwu::verb::{VerbError, Watcher};
use std::env;
use std::num::NonZero;
use std::path::{Path, PathBuf, absolute};

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
        let runs = utf8(&absolute(runs).or_while("asking for the path of the folder of runs", runs)?)?;
        let Frozen { words, files } = freeze(&self.sweep, &folder(&runs));
        Ok(SlurmRequest {
            binary: utf8(&self.binary)?,
            words,
            frozen: files,
            runs,
            directory: utf8(&directory)?,
            tasks: size.tasks,
            cpus: self.cpus.get() as usize,
            time_limit_minutes: size.time_limit_minutes,
            options: self.options.clone(),
        })
    }
}

/// A path as a script has it.
pub(super) fn utf8(path: &Path) -> Result<String, VerbError> {
    path.to_str()
        .map(str::to_owned)
        .ok_or_else(|| VerbError::usage(format!("a script needs paths in UTF-8, not {}", path.display())))
}

/// Writes what the jobs read and both scripts, and submits them.
fn submit(plan: &SlurmPlan, watcher: &mut Watcher<'_>) -> Result<Jobs, VerbError> {
    disk::make_folder(Path::new(&plan.folder)).or_while("making the folder of scripts", Path::new(&plan.folder))?;
    write_scripts(plan.frozen.iter().chain([&plan.array, &plan.collect]))?;
    watcher.phase("submitting", None);
    let array = submitted(&plan.array_command()).map_err(|failure| failure.of_array(plan))?;
    let collect = submitted(&plan.collect_command(&array)).map_err(|failure| failure.of_collect(plan, &array))?;
    Ok(Jobs { array, collect })
}

/// Writes scripts, each in its folder.
pub(super) fn write_scripts<'a>(scripts: impl Iterator<Item = &'a Script>) -> Result<(), VerbError> {
    for Script { path, text } in scripts {
        let path = Path::new(path);
        if let Some(folder) = path.parent() {
            disk::make_folder(folder).or_while("making the folder of scripts", folder)?;
        }
        replace(path, text.as_bytes(), "writing a script")?;
    }
    Ok(())
}

impl CallFailure {
    /// Of a program that changes nothing.
    fn text(&self) -> String {
        match self {
            Self::NotThere { program } => format!(
                "Slurm is not on this machine: there is no `{program}`; launch on a login node of a cluster, print the scripts with \
                 --dry-run, use `dunwu launch ray`, or spread `dunwu work … --shard K/N` over machines by other means (GNU parallel, \
                 Kubernetes)"
            ),
            Self::Refused(text) => text.clone(),
            Self::TimedOut { program, limit } => format!(
                "{program} has not answered for {} s, so it was stopped: Slurm's controller is down or overloaded (`scontrol ping` \
                 tells)",
                limit.as_secs()
            ),
            Self::NoNumber { output } => format!("sbatch printed no job number but {:?}", output.trim()),
        }
    }

    /// Where the array was to be submitted.
    fn of_array(&self, plan: &SlurmPlan) -> VerbError {
        let text = self.text();
        let collect = plan.collect_command("NUMBER").join(" ");
        failed(match self {
            Self::Refused(_) | Self::NotThere { .. } => format!("{text}; nothing is queued"),
            _ => format!(
                "{text}. Whether the array is queued is not known: `squeue --me` shows it. If it is, submit the job that collects after \
                 it with `{collect}`, its number in place of NUMBER; if it is not, launch again. Two arrays do no harm: they share the work"
            ),
        })
    }

    /// Where the array is queued already.
    fn of_collect(&self, plan: &SlurmPlan, array: &str) -> VerbError {
        let command = plan.collect_command(array).join(" ");
        let text = self.text();
        let whether = if matches!(self, Self::Refused(_)) { "is not" } else { "may not be" };
        failed(format!(
            "{text}. The array {array} is queued and makes the runs; the job that collects after it {whether}: `{command}` submits \
             it; the same words with `dunwu sweep … --collect` do its work once the array has ended; or `scancel {array}` takes the array back"
        ))
    }
}

/// A failure, in its own words.
pub(super) fn failed(text: String) -> VerbError {
    VerbError::Failed(text.into())
}

/// Submits a script and says which number its job has.
fn submitted(command: &[String]) -> Result<String, CallFailure> {
    let output = called_within(command, ANSWER_WITHIN)?;
    job_number(&output).map(str::to_owned).ok_or(CallFailure::NoNumber { output })
}

/// What a program of Slurm prints.
fn called(command: &[String]) -> Result<String, VerbError> {
    called_within(command, ANSWER_WITHIN).map_err(|failure| failed(failure.text()))
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

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::time::{Duration, Instant};

    /// A program with this text, and its path.
    fn program(text: &str) -> (tempfile::TempDir, String) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("sbatch");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        let path = path.to_str().unwrap().to_owned();
        (dir, path)
    }

    fn text_of(error: VerbError) -> String {
        match error {
            VerbError::Failed(error) => error.to_string(),
            other => panic!("{other:?}"),
        }
    }

    fn plan() -> SlurmPlan {
        let script = |path: &str| Script { path: path.into(), text: String::new() };
        let (array, collect) = (script("a.sh"), script("c.sh"));
        SlurmPlan { folder: "slurm".into(), array, collect, frozen: vec![], logs: String::new() }
    }

    #[test]
    fn the_case_of_the_field_has_a_number_behind_its_greeting() {
        let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/field/sbatch-with-banner");
        let (_dir, path) = program(&fs::read_to_string(case).unwrap());
        assert_eq!(submitted(&[path, "--parsable".into(), "a.sh".into()]), Ok("4242".to_owned()));
    }

    #[test]
    fn a_controller_that_hangs_is_left_in_time() {
        let (_dir, path) = program("#!/bin/sh\nexec sleep 60\n");
        let began = Instant::now();
        let failure = called_within(&[path], Duration::from_millis(300)).unwrap_err();
        assert!(
            matches!(failure, CallFailure::TimedOut { .. }) && began.elapsed() < Duration::from_secs(20),
            "{failure:?}"
        );
        let told = text_of(failure.of_array(&plan()));
        assert!(
            told.contains("not answered") && told.contains("squeue --me") && told.contains("afterany:NUMBER c.sh"),
            "{told}"
        );
    }

    #[test]
    fn half_a_submission_says_what_is_queued_and_how_to_go_on() {
        let (_dir, path) = program("#!/bin/sh\necho too many jobs >&2\nexit 1\n");
        let failure = submitted(&[path]).unwrap_err();
        let told = text_of(failure.of_collect(&plan(), "77"));
        for part in
            ["too many jobs", "array 77 is queued", "sbatch --parsable --dependency=afterany:77 c.sh", "scancel 77"]
        {
            assert!(told.contains(part), "{part}: {told}");
        }
        let told = text_of(failure.of_array(&plan()));
        assert!(told.ends_with("nothing is queued"), "{told}");
        let (_dir, path) = program("#!/bin/sh\necho queued\n");
        let told = text_of(submitted(&[path]).unwrap_err().of_array(&plan()));
        assert!(told.contains("no job number but \"queued\"") && told.contains("squeue --me"), "{told}");
    }
}

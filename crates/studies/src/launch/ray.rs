//! A sweep as one job of Ray: a driver whose tasks each work through many runs, and which collects when they have ended.
//!
//! The driver is a Python script, because Ray's tasks are Python functions; all that its tasks do is to start `dunwu work`. A worker
//! that a signal ended, a process of Ray that died and a node that went away are tried again by Ray; what dies with the head of the
//! cluster is gone on with by launching again. A task needs no other task: it claims runs by files in the folder of the sweep.

use super::quoting::{heredoc, word};
use super::slurm::{Script, sweep_name};
use thiserror::Error;

/// What is to be submitted.
#[derive(Clone, Debug, PartialEq)]
pub struct RayRequest {
    /// Absolute path of the command `dunwu`, the same on every node.
    pub binary: String,
    /// What the sweep is: a file or a preset, then settings.
    pub words: Vec<String>,
    /// Copies of the files that `words` name, written before the driver.
    pub frozen: Vec<Script>,
    /// Absolute path of the folder of results, shared by all nodes.
    pub runs: String,
    /// The folder that relative paths in `words` start from.
    pub directory: String,
    /// Tasks: at least one.
    pub tasks: usize,
    /// Processors of a task.
    pub cpus: usize,
    /// The Python that runs the driver on the cluster, which has Ray.
    pub python: String,
    /// Where the cluster's dashboard is, such as `http://127.0.0.1:8265`; as Ray finds it by itself where it is not given.
    pub address: Option<String>,
    /// Options of `ray job submit`.
    pub options: Vec<String>,
}

/// Why a request cannot be written as a job.
#[derive(Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum RayError {
    /// An option of `ray job submit` that is none.
    #[error("options of `ray job submit` begin with two dashes, and {option:?} does not")]
    NoOption {
        /// The offender.
        option: String,
    },
    /// An option that is given here already.
    #[error("{option:?} is set by dunwu; leave it out")]
    Taken {
        /// The offender.
        option: String,
    },
}

/// The job, ready to be submitted.
#[derive(Clone, Debug, PartialEq)]
pub struct RayPlan {
    /// Folder of the driver.
    pub folder: String,
    /// The driver.
    pub driver: Script,
    /// Copies of the files that the sweep reads.
    pub frozen: Vec<Script>,
    /// What the job is called, as far as it does not depend on when it is submitted.
    pub name: String,
    python: String,
    address: Option<String>,
    options: Vec<String>,
}

/// Options of `ray job submit` that are set here.
const TAKEN: [&str; 4] = ["--submission-id", "--job-id", "--no-wait", "--address"];

/// How often Ray begins a task again that was killed. A node that takes its tasks along each hour has a day.
const TRIES: usize = 24;

/// The folder of drivers of the folder of results `runs`.
pub(super) fn folder(runs: &str) -> String {
    format!("{}/ray", runs.trim_end_matches('/'))
}

impl RayPlan {
    /// The driver for `request`.
    pub fn new(request: &RayRequest) -> Result<Self, RayError> {
        for option in &request.options {
            if !option.starts_with("--") {
                return Err(RayError::NoOption { option: option.clone() });
            }
            if TAKEN.contains(&option.split('=').next().unwrap_or_default()) {
                return Err(RayError::Taken { option: option.clone() });
            }
        }
        let (name, folder) = (sweep_name(&request.words), folder(&request.runs));
        Ok(Self {
            driver: Script { path: format!("{folder}/{name}.py"), text: driver(request) },
            folder,
            frozen: request.frozen.clone(),
            name,
            python: request.python.clone(),
            address: request.address.clone(),
            options: request.options.clone(),
        })
    }

    /// How the job is submitted under the name `submission`; without one Ray makes a name.
    pub fn command(&self, submission: Option<&str>) -> Vec<String> {
        let mut command = ["ray", "job", "submit", "--no-wait"].map(str::to_owned).to_vec();
        let address = self.address.as_ref().map(|address| format!("--address={address}"));
        let submission = submission.map(|name| format!("--submission-id={name}"));
        command.extend(address.into_iter().chain(submission).chain(self.options.iter().cloned()));
        command.extend(["--".to_owned(), self.python.clone(), self.driver.path.clone()]);
        command
    }

    /// All of it as one script for a shell on the cluster: writes the driver and submits it.
    pub fn by_hand(&self) -> String {
        let copy = |Script { path, text }: &Script| {
            let folder = path.rsplit_once('/').map_or(".", |(folder, _)| folder);
            format!("mkdir -p {}\n{}", word(folder), heredoc(path, text))
        };
        let files: String = self.frozen.iter().chain([&self.driver]).map(copy).collect();
        let command: Vec<String> = self.command(None).iter().map(|text| word(text)).collect();
        format!("{files}{}\n", command.join(" "))
    }
}

/// A text as Python writes it; JSON's texts are Python's.
fn text(text: &str) -> String {
    serde_json::to_string(text).expect("a text is JSON")
}

fn driver(request: &RayRequest) -> String {
    let RayRequest { binary, words, runs, directory, tasks, cpus, .. } = request;
    let words: Vec<String> = words.iter().map(|word| text(word)).collect();
    format!(
        "{DRIVER_BEGINS}\nBINARY = {}\nWORDS = [{}]\nRUNS = {}\nDIRECTORY = {}\nTASKS = {tasks}\nCPUS = {cpus}\nTRIES = {TRIES}\n{DRIVER_ENDS}",
        text(binary),
        words.join(", "),
        text(runs),
        text(directory)
    )
}

const DRIVER_BEGINS: &str = r#""""Makes the runs of a sweep of dunwu on a Ray cluster and collects their table. Written by `dunwu launch ray`.

Tasks claim runs by files in the folder of runs, which all nodes have to share. Whatever is killed, launching again goes on.
"""

import ctypes
import signal
import subprocess
import sys

import ray
"#;

const DRIVER_ENDS: &str = r#"

class Killed(Exception):
    """A worker that a signal ended, although work may be left."""


def end_with_parent():
    # On Linux a process of Ray that dies takes its worker along, which saves what it was doing.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


@ray.remote(num_cpus=CPUS, max_retries=TRIES, retry_exceptions=[Killed])
def work(shard):
    # Its own share first, then what nobody has claimed.
    command = [BINARY, "work", *WORDS, "--runs", RUNS, "--shard", f"{shard}/{TASKS}", "--workers", str(CPUS)]
    worker = subprocess.run(command, cwd=DIRECTORY, stdin=subprocess.DEVNULL, preexec_fn=end_with_parent)
    if worker.returncode < 0 or worker.returncode in (130, 143):
        raise Killed(f"the worker of shard {shard} of {TASKS} was ended by a signal")
    return worker.returncode


ray.init(log_to_driver=False)
codes = ray.get([work.remote(shard) for shard in range(1, TASKS + 1)])
collect = [BINARY, "sweep", *WORDS, "--runs", RUNS, "--collect", "--json"]
code = subprocess.run(collect, cwd=DIRECTORY, stdin=subprocess.DEVNULL).returncode
sys.exit(max([code, *codes]))
"#;

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> RayRequest {
        RayRequest {
            binary: "/opt/dunwu".into(),
            words: vec!["it's a \"sweep\".toml".into(), "seed=0..3".into()],
            frozen: vec![Script { path: "/runs/ray/submitted-1/a.toml".into(), text: "steps = 3\n".into() }],
            runs: "/shared/my runs".into(),
            directory: "/shared/顿悟".into(),
            tasks: 5,
            cpus: 2,
            python: "python3".into(),
            address: Some("http://head:8265".into()),
            options: vec!["--entrypoint-num-cpus=1".into()],
        }
    }

    #[test]
    fn the_driver_is_python_that_starts_the_workers_of_the_sweep() {
        let plan = RayPlan::new(&request()).unwrap();
        assert_eq!(plan.driver.path, "/shared/my runs/ray/dunwu-it-s-a--sweep-.py");
        for wanted in [
            r#"BINARY = "/opt/dunwu""#,
            r#"WORDS = ["it's a \"sweep\".toml", "seed=0..3"]"#,
            r#"RUNS = "/shared/my runs""#,
            r#"DIRECTORY = "/shared/顿悟""#,
            "TASKS = 5\nCPUS = 2\n",
        ] {
            assert!(plan.driver.text.contains(wanted), "{wanted}: {}", plan.driver.text);
        }
    }

    #[test]
    fn the_job_is_submitted_without_waiting_for_it() {
        let plan = RayPlan::new(&request()).unwrap();
        let command = plan.command(Some("dunwu-a-1")).join(" ");
        let wanted = "ray job submit --no-wait --address=http://head:8265 --submission-id=dunwu-a-1 --entrypoint-num-cpus=1 -- \
                      python3 /shared/my runs/ray/dunwu-it-s-a--sweep-.py";
        assert_eq!(command, wanted);
        let by_hand = plan.by_hand();
        assert!(by_hand.contains(
            "mkdir -p /runs/ray/submitted-1\ncat >/runs/ray/submitted-1/a.toml <<'END_OF_SCRIPT'\nsteps = 3\n"
        ));
        assert!(by_hand.ends_with("-- python3 '/shared/my runs/ray/dunwu-it-s-a--sweep-.py'\n"), "{by_hand}");
    }

    #[test]
    fn options_that_are_none_or_ours_are_refused_by_name() {
        let with = |option: &str| RayPlan::new(&RayRequest { options: vec![option.into()], ..request() });
        assert!(matches!(with("mem"), Err(RayError::NoOption { option }) if option == "mem"));
        assert!(matches!(with("--no-wait"), Err(RayError::Taken { .. })));
        assert!(matches!(with("--address=http://there"), Err(RayError::Taken { .. })));
        assert!(with("--working-dir=/code").is_ok());
    }
}

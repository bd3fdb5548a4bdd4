//! A sweep as two jobs of Slurm: an array whose tasks each work through many runs, and one that collects when it has ended.
//!
//! A task needs no server and no other task: it claims runs by files in the folder of the sweep. What this file decides is
//! what becomes of a task that has to stop. Near its time limit it saves what it was doing and is requeued, if work remains.
//! When it is preempted it saves too, and Slurm requeues it by itself. When it is cancelled it saves and stays cancelled:
//! launching again goes on from there.

use super::quoting::{directive, heredoc, word};
use thiserror::Error;

/// What is to be submitted.
#[derive(Clone, Debug, PartialEq)]
pub struct SlurmRequest {
    /// Absolute path of the command `dunwu`, the same on every node.
    pub binary: String,
    /// What the sweep is: a file or a preset, then settings.
    pub words: Vec<String>,
    /// Copies of the files that `words` name, written before the scripts.
    pub frozen: Vec<Script>,
    /// Absolute path of the folder of results, shared by all nodes.
    pub runs: String,
    /// The folder that relative paths in `words` start from.
    pub directory: String,
    /// Tasks of the array: at least one.
    pub tasks: usize,
    /// Processors of a task.
    pub cpus: usize,
    /// When a task is to be ended.
    pub time_limit_minutes: u64,
    /// Options of `sbatch` for both jobs, such as `--partition=short`: one a line of the script, after ours, so that they win.
    pub options: Vec<String>,
}

/// Why a request cannot be written as a script.
#[derive(Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum SlurmError {
    /// A directive is one line.
    #[error("Slurm reads its options line by line, and there is a line break in {text:?}")]
    LineBreak {
        /// The offender.
        text: String,
    },
    /// Slurm replaces nothing in a name with a backslash, not even the job's number.
    #[error(
        "Slurm cannot name log files after their job where the path holds a backslash; choose another folder: {path:?}"
    )]
    Backslash {
        /// The folder of results.
        path: String,
    },
    /// An option of `sbatch` that is none.
    #[error("options of sbatch begin with a dash, and {option:?} does not")]
    NoOption {
        /// The offender.
        option: String,
    },
    /// The tasks divide the runs by their numbers in the array.
    #[error("the array is numbered by dunwu; use --tasks for fewer tasks instead of {option:?}")]
    Array {
        /// The offender.
        option: String,
    },
}

/// A script to submit.
#[derive(Clone, Debug, PartialEq)]
pub struct Script {
    /// Where it is kept.
    pub path: String,
    /// What is in it.
    pub text: String,
}

/// Both jobs, ready to be submitted.
#[derive(Clone, Debug, PartialEq)]
pub struct SlurmPlan {
    /// Folder of scripts and logs. It has to exist before a task begins, or Slurm fails it without a word.
    pub folder: String,
    /// The array.
    pub array: Script,
    /// The job after it.
    pub collect: Script,
    /// Copies of the files that the sweep reads.
    pub frozen: Vec<Script>,
    /// Log files of tasks; `%A` stands for the array's number and `%a` for the task's.
    pub logs: String,
}

/// A warning comes this many seconds before the time limit, up to 60 s earlier (`man sbatch`). A checkpoint of a run takes well
/// under a second; the rest is for file systems that are busy.
const WARNING_SECONDS: u64 = 60;
/// Collecting reads one file a run.
const COLLECT_MINUTES: u64 = 30;

/// The number in what sbatch prints among greetings: alone on its line, before a semicolon and the cluster, or in its usual sentence.
const JOB_NUMBER_IN_SED: &str = r"s/^[[:space:]]*([0-9]+)(;.*)?[[:space:]]*$/\1/p; s/^.*[Bb]atch job ([0-9]+).*$/\1/p";

/// The folder of scripts and logs of the folder of results `runs`.
pub(super) fn folder(runs: &str) -> String {
    format!("{}/slurm", runs.trim_end_matches('/'))
}

impl SlurmPlan {
    /// The scripts for `request`.
    pub fn new(request: &SlurmRequest) -> Result<Self, SlurmError> {
        check(request)?;
        let name = sweep_name(&request.words);
        let folder = folder(&request.runs);
        let pattern = folder.replace('%', "%%");
        let array = Script { path: format!("{folder}/{name}.array.sh"), text: array(request, &name, &pattern) };
        let collect = Script { path: format!("{folder}/{name}.collect.sh"), text: collect(request, &name, &pattern) };
        Ok(Self { logs: format!("{folder}/%A-%a.log"), folder, array, collect, frozen: request.frozen.clone() })
    }

    /// How the array is submitted: prints its number.
    pub fn array_command(&self) -> Vec<String> {
        ["sbatch", "--parsable", &self.array.path].map(str::to_owned).to_vec()
    }

    /// How the job after it is submitted, once the array has a number.
    pub fn collect_command(&self, array_job: &str) -> Vec<String> {
        let dependency = format!("--dependency=afterany:{array_job}");
        ["sbatch", "--parsable", &dependency, &self.collect.path].map(str::to_owned).to_vec()
    }

    /// All of it as one script for a shell on the cluster: writes both scripts and submits them.
    pub fn by_hand(&self) -> String {
        let copy = |Script { path, text }: &Script| {
            let folder = path.rsplit_once('/').map_or(".", |(folder, _)| folder);
            format!("mkdir -p {}\n{}", word(folder), heredoc(path, text))
        };
        let files = self.frozen.iter().map(copy).collect::<String>();
        let scripts = [&self.array, &self.collect].map(|Script { path, text }| heredoc(path, text)).concat();
        let [folder, array, collect] = [&self.folder, &self.array.path, &self.collect.path].map(|path| word(path));
        format!(
            "mkdir -p {folder}\n{files}{scripts}\
             said=$(sbatch --parsable {array}) &&\n    \
             array=$(printf '%s\\n' \"$said\" | sed -n -E '{JOB_NUMBER_IN_SED}' | tail -n 1) &&\n    \
             sbatch --dependency=afterany:\"${{array:?no job number from sbatch}}\" {collect}\n"
        )
    }
}

fn check(request: &SlurmRequest) -> Result<(), SlurmError> {
    let lines = request.options.iter().chain([&request.runs, &request.directory]);
    if let Some(text) = lines.into_iter().find(|line| line.contains(['\n', '\r', '\0'])) {
        return Err(SlurmError::LineBreak { text: text.clone() });
    }
    if request.runs.contains('\\') {
        return Err(SlurmError::Backslash { path: request.runs.clone() });
    }
    if let Some(option) = request.options.iter().find(|option| !option.starts_with('-')) {
        return Err(SlurmError::NoOption { option: option.clone() });
    }
    // `--ar` is the shortest way to write `--array`.
    let is_array = |option: &&String| option.starts_with("--ar") || option.starts_with("-a");
    match request.options.iter().find(is_array) {
        Some(option) => Err(SlurmError::Array { option: option.clone() }),
        None => Ok(()),
    }
}

/// What jobs are called: after the preset, or the file without folder and ending.
pub(super) fn sweep_name(words: &[String]) -> String {
    let first = words.first().map_or("", String::as_str);
    let file = first.rsplit('/').next().unwrap_or_default();
    let stem = file.strip_suffix(".toml").unwrap_or(file);
    let plain = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' };
    format!("dunwu-{}", stem.chars().map(plain).collect::<String>())
}

fn array(request: &SlurmRequest, name: &str, pattern: &str) -> String {
    let SlurmRequest { tasks, cpus, time_limit_minutes, .. } = request;
    let lines = [
        directive("job-name", name),
        format!("#SBATCH --array=1-{tasks}"),
        format!("#SBATCH --cpus-per-task={cpus}"),
        format!("#SBATCH --time={time_limit_minutes}"),
        format!("#SBATCH --signal=B:USR1@{WARNING_SECONDS}"),
        "#SBATCH --requeue".to_owned(),
        "#SBATCH --open-mode=append".to_owned(),
        directive("output", &format!("{pattern}/%A-%a.log")),
        directive("chdir", &request.directory),
    ];
    let words: Vec<String> = request.words.iter().map(|text| word(text)).collect();
    let work = format!(
        "{} work {} --runs {} --shard \"$SLURM_ARRAY_TASK_ID/{tasks}\" --workers {cpus} &",
        word(&request.binary),
        words.join(" "),
        word(&request.runs)
    );
    format!("#!/bin/bash\n{}{TASK_BEGINS}{work}\n{TASK_ENDS}", header(&lines, &request.options))
}

fn collect(request: &SlurmRequest, name: &str, pattern: &str) -> String {
    let lines = [
        directive("job-name", &format!("{name}.collect")),
        format!("#SBATCH --time={COLLECT_MINUTES}"),
        "#SBATCH --requeue".to_owned(),
        "#SBATCH --open-mode=append".to_owned(),
        directive("output", &format!("{pattern}/%j-collect.log")),
        directive("chdir", &request.directory),
    ];
    let words: Vec<String> = request.words.iter().map(|text| word(text)).collect();
    format!(
        "#!/bin/bash\n{}\nexec {} sweep {} --runs {} --collect --json\n",
        header(&lines, &request.options),
        word(&request.binary),
        words.join(" "),
        word(&request.runs)
    )
}

fn header(lines: &[String], options: &[String]) -> String {
    let ours = lines.iter().map(|line| format!("{line}\n"));
    ours.chain(options.iter().map(|option| format!("#SBATCH {option}\n"))).collect()
}

/// Before the worker is started. A signal that comes this early ends the shell; there is nothing to save yet.
const TASK_BEGINS: &str = "
# Takes runs that nobody has claimed, its own share first, until none is left.
";

/// After it: which signal means what.
const TASK_ENDS: &str = r#"worker=$!

interrupted=false
is_near_limit=false
is_stopped=false

# 60 s before the time limit. Only this shell is told.
near_limit() {
    interrupted=true
    is_near_limit=true
    kill -TERM "$worker"
}

# Preempted: Slurm requeues the task by itself. Cancelled: it is meant to stay so. The worker is told, unless it was (below).
stop() {
    interrupted=true
    is_stopped=true
    sleep 1
    kill -0 "$witness" && kill -TERM "$worker"
} 2>/dev/null

trap near_limit USR1
trap stop TERM

# Slurm sends the signal that ends a task to each of its processes, so to the worker as well, and a worker may take a second
# one for impatience. The witness tells: it is gone if all were signalled, and alive if only this shell was.
sleep infinity &
witness=$!
disown "$witness"

# A trap ends `wait` early; the worker's own exit code comes from the one that is not interrupted. (If the worker ends in the
# same moment, bash may lose its code and say 255.)
while true; do
    wait "$worker"
    code=$?
    $interrupted || break
    interrupted=false
done
kill "$witness" 2>/dev/null

# Anything but 0 (143 as a rule): work remains. The task's own number, because that of its job can be the array's.
if $is_near_limit && ! $is_stopped && ((code != 0)); then
    echo "the time limit is near: task $SLURM_ARRAY_TASK_ID is requeued"
    scontrol requeue "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID"
fi
exit "$code"
"#;

#[cfg(test)]
mod tests;

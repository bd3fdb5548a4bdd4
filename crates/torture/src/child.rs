//! The program as a child: started, told to stop, stopped and gone on with, killed.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// No call of these rooms takes so long, whatever else the machine does.
const PATIENCE: Duration = Duration::from_mins(2);

/// Where files cost no time, if there is such a place: thousands of cases are synced at every step.
pub(crate) fn scratch() -> Result<tempfile::TempDir, String> {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.map_err(|error| format!("cannot make a temporary folder: {error}"))
}

/// A call of the program in a folder.
#[derive(Clone, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) program: &'a Path,
    pub(crate) folder: &'a Path,
    pub(crate) words: Vec<String>,
    /// `DUNWU_TROUBLE`, where the disk is to fail.
    pub(crate) trouble: Option<String>,
    /// `DUNWU_TROUBLE_LOG`.
    pub(crate) log: Option<PathBuf>,
    /// `DUNWU_CLOCK`.
    pub(crate) clock: Option<String>,
}

/// How a call ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stderr: String,
}

impl Ended {
    pub(crate) fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// What it said last on standard error.
    pub(crate) fn last_words(&self) -> &str {
        self.stderr.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default()
    }
}

impl<'a> Call<'a> {
    pub(crate) fn new(program: &'a Path, folder: &'a Path, words: &str) -> Self {
        let words = words.split_whitespace().map(str::to_owned).collect();
        Self { program, folder, words, trouble: None, log: None, clock: None }
    }

    pub(crate) fn start(&self) -> Result<Running, String> {
        let output = |name: &str| -> io::Result<(PathBuf, File)> {
            // Files and not pipes: nobody has to read while the child is stopped.
            static COUNT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
            let nth = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let path = self.folder.join(format!(".said-{nth}-{name}"));
            Ok((path.clone(), File::create(path)?))
        };
        let begin = || -> io::Result<Running> {
            let ((stdout, out), (stderr, err)) = (output("out")?, output("err")?);
            let mut command = Command::new(self.program);
            command.args(&self.words).current_dir(self.folder).stdin(Stdio::null()).stdout(out).stderr(err);
            command.env_remove("DUNWU_TROUBLE").env_remove("DUNWU_CLOCK").env_remove("DUNWU_TROUBLE_LOG");
            command.envs(self.log.iter().map(|path| ("DUNWU_TROUBLE_LOG", path)));
            let set =
                |name: &str, value: &Option<String>| value.as_ref().map(|value| (OsString::from(name), value.clone()));
            command.envs([set("DUNWU_TROUBLE", &self.trouble), set("DUNWU_CLOCK", &self.clock)].into_iter().flatten());
            Ok(Running { child: command.spawn()?, stdout, stderr })
        };
        begin().map_err(|error| format!("cannot start {}: {error}", self.program.display()))
    }

    pub(crate) fn run(&self) -> Result<Ended, String> {
        self.start()?.end()
    }
}

/// A call that goes on; killed when it is no longer wanted.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
}

impl Running {
    /// Waits for its end.
    pub(crate) fn end(mut self) -> Result<Ended, String> {
        let began = Instant::now();
        while !self.has_ended()? {
            if began.elapsed() > PATIENCE {
                return Err(format!("it has not ended after {PATIENCE:?}; it said: {}", self.said()));
            }
            thread::sleep(Duration::from_millis(2));
        }
        let status = self.child.wait().map_err(|error| error.to_string())?;
        let read = |path: &Path| String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned();
        let ended = Ended { status, stderr: read(&self.stderr) };
        let _ = std::fs::remove_file(&self.stdout);
        let _ = std::fs::remove_file(&self.stderr);
        if ended.stderr.contains("panicked at") {
            return Err(format!("it panicked: {}", ended.stderr));
        }
        Ok(ended)
    }

    pub(crate) fn has_ended(&mut self) -> Result<bool, String> {
        Ok(self.child.try_wait().map_err(|error| error.to_string())?.is_some())
    }

    /// Whether it went on for so long.
    pub(crate) fn goes_on_for(&mut self, time: Duration) -> Result<bool, String> {
        let began = Instant::now();
        while began.elapsed() < time {
            if self.has_ended()? {
                return Ok(false);
            }
            thread::sleep(Duration::from_millis(1).min(time));
        }
        Ok(!self.has_ended()?)
    }

    pub(crate) fn said(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.stderr).unwrap_or_default()).into_owned()
    }

    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill(); // it may have ended just now
    }

    /// Sends a signal by its name: TERM, INT, STOP, CONT.
    pub(crate) fn signal(&self, name: &str) {
        let mut command = Command::new("kill");
        command.args([&format!("-{name}"), &self.child.id().to_string()]);
        let _ = command.stderr(Stdio::null()).status(); // it may have ended just now
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

//! The checkout that is worked on, and programs that are started in it.

use crate::failure::Failure;
use crate::say::say;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The folder that holds the workspace's `Cargo.toml`.
pub(crate) struct Checkout {
    root: PathBuf,
}

impl Checkout {
    /// The checkout that this program was built from.
    pub(crate) fn of_this_build() -> Self {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        Self { root: manifest.parent().expect("xtask/ stands in the checkout").to_owned() }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Starts a program at the root with what it prints going where ours goes; it has to succeed.
    pub(crate) fn run(&self, words: &[&str]) -> Result<(), Failure> {
        self.run_with(words, &[])
    }

    /// The same with environment variables, which are shown as a shell would take them.
    pub(crate) fn run_with(&self, words: &[&str], variables: &[(&str, &str)]) -> Result<(), Failure> {
        let set: Vec<String> = variables.iter().map(|(name, value)| format!("{name}='{value}'")).collect();
        let shown: Vec<&str> = set.iter().map(String::as_str).chain(words.iter().copied()).collect();
        say!("$ {}", shown.join(" "));
        let mut command = self.command(words);
        command.envs(variables.iter().copied());
        let status = command.status().map_err(|error| cannot_start(words, &error))?;
        if status.success() { Ok(()) } else { Err(failed(words, status.code())) }
    }

    /// Runs a program that judges: it may find something bad (exit code 3), and has done what it was asked.
    pub(crate) fn run_judge(&self, words: &[&str]) -> Result<(), Failure> {
        say!("$ {}", words.join(" "));
        let status = self.command(words).status().map_err(|error| cannot_start(words, &error))?;
        if status.success() || status.code() == Some(3) { Ok(()) } else { Err(failed(words, status.code())) }
    }

    /// What a program prints on standard output; it has to succeed.
    pub(crate) fn output(&self, words: &[&str]) -> Result<String, Failure> {
        let mut command = self.command(words);
        command.stderr(Stdio::inherit());
        let output = command.output().map_err(|error| cannot_start(words, &error))?;
        if !output.status.success() {
            return Err(failed(words, output.status.code()));
        }
        String::from_utf8(output.stdout)
            .map_err(|error| Failure::failed(format!("`{}` prints no UTF-8: {error}", words.join(" "))))
    }

    /// Whether a program can be started and succeeds; nothing is shown.
    pub(crate) fn answers(&self, words: &[&str]) -> bool {
        let mut command = self.command(words);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).current_dir(&self.root).stdin(Stdio::null());
        command
    }

    /// The folder for what cargo builds, which a developer may have put elsewhere.
    pub(crate) fn target(&self) -> PathBuf {
        match std::env::var_os("CARGO_TARGET_DIR") {
            Some(folder) => self.root.join(folder),
            None => self.root.join("target"),
        }
    }

    /// An empty folder under `target/`, whatever was there before.
    pub(crate) fn empty_folder(&self, name: &str) -> Result<PathBuf, Failure> {
        let folder = self.target().join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder)
                .map_err(|error| Failure::failed(format!("cannot empty the folder {}: {error}", folder.display())))?;
        }
        fs::create_dir_all(&folder)
            .map_err(|error| Failure::failed(format!("cannot make the folder {}: {error}", folder.display())))?;
        Ok(folder)
    }
}

fn cannot_start(words: &[&str], error: &std::io::Error) -> Failure {
    Failure::failed(format!("cannot start `{}`: {error}", words[0]))
}

fn failed(words: &[&str], code: Option<i32>) -> Failure {
    let how = code.map_or("was ended by a signal".to_owned(), |code| format!("exits with {code}"));
    Failure::failed(format!("`{}` {how}", words.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_fails_is_named_with_its_code() {
        let checkout = Checkout::of_this_build();
        assert_eq!(checkout.run(&["sh", "-c", "exit 3"]), Err(Failure::failed("`sh -c exit 3` exits with 3")));
        assert_eq!(checkout.output(&["sh", "-c", "exit 4"]), Err(Failure::failed("`sh -c exit 4` exits with 4")));
        assert!(!checkout.answers(&["sh", "-c", "exit 1"]));
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let Err(Failure::Failed(words)) = Checkout::of_this_build().run(&["no-such-program"]) else { panic!() };
        assert!(words.starts_with("cannot start `no-such-program`: "), "{words}");
    }
}

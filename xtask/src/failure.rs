//! Why a command did not succeed.

use std::process::ExitCode;

/// Why a command did not succeed, in words for the person who called it.
#[derive(Debug, PartialEq)]
pub(crate) enum Failure {
    /// The call itself was wrong: exit code 2.
    Usage(String),
    /// Something does not hold, or could not be done: exit code 1.
    Failed(String),
}

impl Failure {
    pub(crate) fn usage(words: impl Into<String>) -> Self {
        Self::Usage(words.into())
    }

    pub(crate) fn failed(words: impl Into<String>) -> Self {
        Self::Failed(words.into())
    }

    /// Says it on standard error.
    pub(crate) fn report(&self) -> ExitCode {
        let (words, code) = match self {
            Self::Usage(words) => (words, 2),
            Self::Failed(words) => (words, 1),
        };
        eprintln!("xtask: {words}");
        ExitCode::from(code)
    }
}

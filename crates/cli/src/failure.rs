//! How the command fails: what it says on standard error, and with which exit code.

use crate::say::note;
use dunwu::spec_file::SpecFileError;
use dunwu::store::{OutputError, StoreError};
use dunwu::verb::{Mistake, VerbError};
use miette::{LabeledSpan, MietteDiagnostic, MietteHandlerOpts, NamedSource, Report};

/// Why a command did not do what it was asked.
pub(crate) enum Failure {
    /// It was asked for something that cannot be: exit code 2.
    Usage(Report),
    /// It could be done but failed: exit code 1.
    Failed(anyhow::Error),
    /// It did what it was asked, and what it judged is bad (3) or cannot be told (4): the answer was printed.
    Judged {
        /// The exit code.
        code: u8,
    },
    /// It was told to stop, and what there is was said: exit code 128 and the signal's number.
    Stopped {
        /// Which signal.
        signal: u8,
    },
}

/// Lines of a mistake are not broken: a broken path or name cannot be copied, and a terminal breaks lines itself.
pub(crate) fn set_up() {
    miette::set_hook(Box::new(|_| Box::new(MietteHandlerOpts::new().wrap_lines(false).build())))
        .expect("it is the first thing that the command does");
}

impl Failure {
    /// A usage error without a place in a text.
    pub(crate) fn usage(message: impl std::fmt::Display) -> Self {
        Self::Usage(Report::new(MietteDiagnostic::new(message.to_string())))
    }

    /// A mistake in a spec, underlined in the text that it stands in.
    pub(crate) fn in_text(error: &SpecFileError, name: &str, text: &str) -> Self {
        let mut diagnostic =
            MietteDiagnostic::new(error.message.clone()).with_label(LabeledSpan::at(error.span.clone(), error.label));
        if let Some(help) = &error.help {
            diagnostic = diagnostic.with_help(help.clone());
        }
        Self::Usage(Report::new(diagnostic).with_source_code(NamedSource::new(name, text.to_owned())))
    }

    /// Why, in one line without colours or frames: what is wrong, where, and what to do instead.
    pub(crate) fn sentence(&self) -> String {
        match self {
            Self::Usage(report) => {
                let label = report.labels().and_then(|mut labels| labels.next()?.label().map(str::to_owned));
                let help = report.help().map(|help| help.to_string());
                [Some(report.to_string()), label, help].into_iter().flatten().collect::<Vec<_>>().join("; ")
            }
            Self::Failed(error) => in_one_line(error),
            Self::Judged { code } => format!("judged: exit code {code}"),
            Self::Stopped { .. } => "stopped: the same command goes on where this one stopped".to_owned(),
        }
    }

    /// Says why on standard error and gives the exit code.
    pub(crate) fn report(self) -> u8 {
        match self {
            Self::Usage(report) => {
                note!("{report:?}");
                2
            }
            Self::Failed(error) => {
                note!("error: {}", in_one_line(&error));
                1
            }
            Self::Judged { code } => code,
            Self::Stopped { signal } => 128 + signal,
        }
    }
}

impl Failure {
    /// Why a request could not be made.
    pub(crate) fn of_request(error: VerbError) -> Self {
        Self::of_verb(error, None)
    }

    /// Why a verb gave no answer; `signal` is the one that asked it to stop.
    pub(crate) fn of_verb(error: VerbError, signal: Option<u8>) -> Self {
        match error {
            VerbError::Usage(Mistake { place: Some(place), .. }) => {
                Self::in_text(&place.error, &place.name, &place.text)
            }
            VerbError::Usage(Mistake { message, place: None }) => Self::usage(message),
            // A box hides the type of what is in it from `anyhow`.
            VerbError::Failed(error) => match error.downcast::<StoreError>() {
                Ok(error) => Self::from(*error),
                Err(error) => match error.downcast::<OutputError>() {
                    Ok(error) => Self::from(*error),
                    Err(error) => Self::Failed(anyhow::Error::from_boxed(error)),
                },
            },
            // Only a signal asks a verb of the command to stop.
            VerbError::Stopped => Self::Stopped { signal: signal.unwrap_or(2) },
        }
    }
}

/// Anything that went wrong with what was asked; the mistakes of the words themselves among them are usage errors.
impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        let error = match error.into().downcast::<StoreError>() {
            Ok(StoreError::Spec { source, text, path }) => {
                return Self::in_text(&source, &path.display().to_string(), &text);
            }
            Ok(error) => error.into(),
            Err(error) => error,
        };
        match error.downcast::<OutputError>() {
            Ok(error) if error.is_usage() => Self::usage(error),
            Ok(error) => Self::Failed(error.into()),
            Err(error) => Self::Failed(error),
        }
    }
}

/// What clap has to say of wrong words, without its usage lines and without advice that only somebody in a terminal can follow.
pub(crate) fn sentence_of_clap(error: &clap::Error) -> String {
    let text = error.to_string();
    let lines = text.lines().map(str::trim).take_while(|line| !line.starts_with("Usage:"));
    let lines: Vec<&str> = lines.filter(|line| !line.is_empty() && !line.contains(" as a value, use '-- ")).collect();
    lines.join("; ").trim_start_matches("error: ").to_owned()
}

/// The error and its causes, without those that the sentences before them quote already.
fn in_one_line(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain().map(ToString::to_string).filter(|cause| !cause.is_empty()) {
        if line.is_empty() {
            line = cause;
        } else if !line.contains(&cause) {
            line = format!("{line}: {cause}");
        }
    }
    line
}

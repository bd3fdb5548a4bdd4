//! From words or a run's directory to a run that can begin: spec, problem, split, irreps, identity.

use crate::group::Decomposition;
use crate::origin::Origin;
use crate::store::{RecordedSpec, RunDir, RunId};
use crate::task_file::{SPLIT, TABLE};
use crate::text_file::read_text;
use crate::verb::VerbError;
use crate::{memory, spec_file, task_file};
use dunwu_engine::spec::presets;
use dunwu_engine::{Problem, RunSpec, Split, Training};
use std::path::Path;

/// Everything that is known of a run before its first step.
pub struct RunRequest {
    /// What is asked.
    pub spec: RunSpec,
    /// The problem that it names.
    pub problem: Problem,
    /// Its samples, for training and held out.
    pub split: Split,
    /// `None` where the task is no group, or one too large to decompose.
    pub decomposition: Option<Decomposition>,
    /// Which run it is: the hash of the spec and its files.
    pub id: RunId,
    /// Names and contents of the files that the spec refers to.
    pub inputs: Vec<(String, String)>,
    /// Where its weights came from; `None` where it is trained here.
    pub origin: Option<Origin>,
    /// What a person should read before it begins, a sentence each.
    pub notes: Vec<String>,
}

impl RunRequest {
    /// From the words of a command line: a preset or a file first, if at all, then settings as `KEY=VALUE`.
    pub fn from_words(words: &[String]) -> Result<Self, VerbError> {
        let (base, settings) = match words.split_first() {
            Some((first, rest)) if !first.contains('=') => (Base::of(first)?.spec(first)?, rest),
            _ => (RunSpec::default(), words),
        };
        let spec = spec_file::read_overrides(&base, settings)
            .map_err(|(index, error)| VerbError::in_text(error, "the command line", &settings[index]))?;
        let here = Path::new("");
        let table =
            task_file::table_text(&spec.task, here).map_err(VerbError::usage)?.map(|text| (TABLE.to_owned(), text));
        let split =
            task_file::split_text(&spec.data, here).map_err(VerbError::usage)?.map(|text| (SPLIT.to_owned(), text));
        Self::new(spec, table.into_iter().chain(split).collect())
    }

    /// From a run's directory, which holds copies of all it needs.
    pub fn from_run(run: &RunDir) -> Result<Self, VerbError> {
        let RecordedSpec { spec, inputs, .. } = RecordedSpec::read(run)?;
        Self::new(spec, inputs)
    }

    /// From a spec and the files that it refers to.
    pub fn new(spec: RunSpec, inputs: Vec<(String, String)>) -> Result<Self, VerbError> {
        let input = |name: &str| inputs.iter().find(|(other, _)| other == name).map(|(_, text)| text.as_str());
        let problem = spec.task.resolve(input(TABLE)).map_err(|error| VerbError::usage(format!("task: {error}")))?;
        let split = Split::draw(&problem, &spec.data, spec.seed, input(SPLIT)).map_err(VerbError::usage)?;
        memory::fits(&spec, &problem, &split).map_err(VerbError::usage)?;
        Training::check(&spec, &problem, &split).map_err(VerbError::usage)?;
        let mut notes = Vec::new();
        let decomposition = problem.group().map(Decomposition::of).transpose().unwrap_or_else(|error| {
            notes.push(format!("irreps are not computed: {error}"));
            None
        });
        let texts: Vec<(&str, &str)> = inputs.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let id = spec_file::id(&spec, &texts).parse()?;
        let origin = Origin::among(&inputs)?;
        Ok(Self { spec, problem, split, decomposition, id, inputs, origin, notes })
    }

    /// Refuses what trains a run again where its weights were imported; `what` is what was asked for: `a fork`.
    pub fn refuse_imported(&self, what: &str) -> Result<(), VerbError> {
        match &self.origin {
            None => Ok(()),
            Some(origin) => Err(VerbError::usage(format!(
                "the weights of this run were imported from {}, and nobody can train it again, which {what} needs; show, report, \
                 compare, export and peaks --run read its weights",
                origin.files()
            ))),
        }
    }

    /// Threads to use: as asked for, else all there are.
    pub fn threads(&self) -> usize {
        match self.spec.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        }
    }
}

/// What a command line begins with.
pub enum Base {
    /// A preset.
    Preset(Box<RunSpec>),
    /// The text of a file.
    File(String),
}

impl Base {
    /// What a preset's name or a file's path stands for. `./small` is a file even where `small` is a preset.
    pub fn of(word: &str) -> Result<Self, VerbError> {
        let path = Path::new(word);
        let is_spelled_as_file =
            path.extension().is_some_and(|extension| extension == "toml") || path.components().count() > 1;
        if !is_spelled_as_file {
            match presets::find(word) {
                Ok(preset) => return Ok(Self::Preset(Box::new((preset.spec)()))),
                Err(error) if !path.exists() => return Err(VerbError::usage(error)),
                Err(_) => {} // a file, whatever it is called
            }
        }
        let text = read_text(path);
        text.map(Self::File).map_err(|error| VerbError::usage(format!("cannot read {word:?}: {error}")))
    }

    /// The spec; a mistake is shown in the file, which is called `word`.
    fn spec(self, word: &str) -> Result<RunSpec, VerbError> {
        match self {
            Self::Preset(spec) => Ok(*spec),
            Self::File(text) => {
                spec_file::read(&text, &RunSpec::default()).map_err(|error| VerbError::in_text(error, word, &text))
            }
        }
    }
}

//! From words to a run that can begin: spec, problem, split, irreps, identity.

use crate::failure::Failure;
use crate::say::note;
use anyhow::Context;
use dunwu::group::Decomposition;
use dunwu::store::{RecordedSpec, RunDir, RunId};
use dunwu::task_file::{SPLIT, TABLE};
use dunwu::{memory, spec_file, task_file};
use dunwu_engine::spec::presets;
use dunwu_engine::{Problem, RunSpec, Split};
use std::path::Path;

/// Everything that is known before the first step.
pub(crate) struct Asked {
    pub(crate) spec: RunSpec,
    pub(crate) problem: Problem,
    pub(crate) split: Split,
    /// `None` where the task is no group, or one too large to decompose.
    pub(crate) decomposition: Option<Decomposition>,
    pub(crate) id: RunId,
    /// Names and contents of the files that the spec refers to.
    pub(crate) inputs: Vec<(String, String)>,
}

impl Asked {
    /// From the words of a command line: a preset or a file first, if at all, then settings.
    pub(crate) fn from_words(words: &[String]) -> Result<Self, Failure> {
        let (base, settings) = match words.split_first() {
            Some((first, rest)) if !first.contains('=') => (base(first)?, rest),
            _ => (RunSpec::default(), words),
        };
        let spec = spec_file::read_overrides(&base, settings)
            .map_err(|(index, error)| Failure::in_text(&error, "the command line", &settings[index]))?;
        let here = Path::new("");
        let table =
            task_file::table_text(&spec.task, here).map_err(Failure::usage)?.map(|text| (TABLE.to_owned(), text));
        let split =
            task_file::split_text(&spec.data, here).map_err(Failure::usage)?.map(|text| (SPLIT.to_owned(), text));
        Self::new(spec, table.into_iter().chain(split).collect())
    }

    /// From a run's directory, which holds copies of all it needs.
    pub(crate) fn from_run(run: &RunDir) -> Result<Self, Failure> {
        let RecordedSpec { spec, inputs, .. } = RecordedSpec::read(run)?;
        Self::new(spec, inputs)
    }

    fn new(spec: RunSpec, inputs: Vec<(String, String)>) -> Result<Self, Failure> {
        let input = |name: &str| inputs.iter().find(|(other, _)| other == name).map(|(_, text)| text.as_str());
        let problem = spec.task.resolve(input(TABLE)).map_err(|error| Failure::usage(format!("task: {error}")))?;
        let split = Split::draw(&problem, &spec.data, spec.seed, input(SPLIT)).map_err(Failure::usage)?;
        memory::fits(&spec, &problem, &split).map_err(Failure::usage)?;
        let decomposition = problem.group().map(Decomposition::of).transpose();
        let decomposition = decomposition.unwrap_or_else(|error| {
            note!("note: irreps are not computed: {error}");
            None
        });
        let texts: Vec<(&str, &str)> = inputs.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let id = spec_file::id(&spec, &texts).parse().context("the identity of a spec")?;
        Ok(Self { spec, problem, split, decomposition, id, inputs })
    }

    /// Threads to use: as asked for, else all there are.
    pub(crate) fn threads(&self) -> usize {
        match self.spec.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        }
    }
}

/// The spec that a preset's name or a file's path stands for. `./small` is a file even where `small` is a preset.
fn base(word: &str) -> Result<RunSpec, Failure> {
    match Base::of(word)? {
        Base::Preset(spec) => Ok(*spec),
        Base::File(text) => {
            spec_file::read(&text, &RunSpec::default()).map_err(|error| Failure::in_text(&error, word, &text))
        }
    }
}

/// What a command line begins with.
pub(crate) enum Base {
    Preset(Box<RunSpec>),
    /// The text of a file.
    File(String),
}

impl Base {
    /// What a preset's name or a file's path stands for.
    pub(crate) fn of(word: &str) -> Result<Self, Failure> {
        let path = Path::new(word);
        let is_spelled_as_file =
            path.extension().is_some_and(|extension| extension == "toml") || path.components().count() > 1;
        if !is_spelled_as_file {
            match presets::find(word) {
                Ok(preset) => return Ok(Self::Preset(Box::new((preset.spec)()))),
                Err(error) if !path.exists() => return Err(Failure::usage(error)),
                Err(_) => {} // a file, whatever it is called
            }
        }
        let text = std::fs::read_to_string(word);
        text.map(Self::File).map_err(|error| Failure::usage(format!("cannot read {word:?}: {error}")))
    }
}

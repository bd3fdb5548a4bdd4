//! From words to a list of runs.

use crate::Place;
use crate::failure::Failure;
use clap::Args;
use dunwu::run::Base;
use dunwu::sweep::{ExpandError, Folder, Keep, Plan, PlanError, Planned, Request, SourceText};
use dunwu_engine::RunSpec;
use std::path::Path;

/// What runs have in common, and in what they differ.
#[derive(Args)]
pub(crate) struct Variation {
    /// A preset or a TOML file (default: tian-2025), then settings as key=values: a list `1,2,4`, `0..9`, `1.5..4.5/13`,
    /// `log:1e-4..1e-1/7`, `0..2000:250`, a formula `data.fraction==2.75*ln(M)/M`; `a/b=1/x,2/y` goes together
    #[arg(value_name = "PRESET|FILE.toml] [KEY=VALUES ...", required = true)]
    pub(crate) words: Vec<String>,
    /// Leave out the cells where this holds, such as "M > 71 and model.width < 512"; may be given several times
    #[arg(long, value_name = "CONDITION")]
    pub(crate) exclude: Vec<String>,
    /// What is kept of each run: outcome, scalars (also losses over time) or snapshots (a run directory)
    #[arg(long, value_name = "WHAT", value_parser = keep)]
    pub(crate) keep: Option<Keep>,
}

impl Variation {
    /// The same as words of a command line.
    pub(crate) fn as_words(&self) -> Vec<String> {
        let mut words = self.words.clone();
        words.extend(self.exclude.iter().map(|condition| format!("--exclude={condition}"))); // which may begin with a dash
        words.extend(self.keep.iter().map(|keep| format!("--keep={}", keep.name())));
        words
    }
}

fn keep(text: &str) -> Result<Keep, String> {
    Keep::named(text).ok_or_else(|| format!("there are {}", Keep::ALL.map(Keep::name).join(", ")))
}

/// A sweep that can begin.
pub(crate) struct Swept {
    /// What its table is called.
    pub(crate) name: String,
    pub(crate) runs: Vec<Planned>,
    pub(crate) keep: Keep,
    pub(crate) folder: Folder,
}

impl Swept {
    pub(crate) fn new(variation: &Variation, place: &Place) -> Result<Self, Failure> {
        let (first, words) = match variation.words.split_first() {
            Some((first, rest)) if !first.contains('=') => (Some(first.as_str()), rest),
            _ => (None, &variation.words[..]),
        };
        let (base, file) = match first.map(Base::of).transpose().map_err(|error| Failure::of_verb(error, None))? {
            None => (RunSpec::default(), None),
            Some(Base::Preset(spec)) => (*spec, None),
            Some(Base::File(text)) => (RunSpec::default(), Some(text)),
        };
        let file_name = first.unwrap_or("");
        let show = |refused: PlanError| match refused.source_text {
            SourceText::File => Failure::in_text(&refused.error, file_name, file.as_deref().unwrap_or("")),
            SourceText::Word(index) => Failure::in_text(&refused.error, "the command line", &words[index]),
            SourceText::Exclude(index) => Failure::in_text(&refused.error, "--exclude", &variation.exclude[index]),
        };
        let request =
            Request { file: file.as_deref(), base: &base, words, exclude: &variation.exclude, keep: variation.keep };
        let plan = Plan::new(&request).map_err(show)?;
        let runs = plan.expand(Path::new("")).map_err(|error| match error {
            ExpandError::Plan(refused) => show(*refused),
            error => Failure::usage(error),
        })?;
        let name = match (&file, Path::new(file_name).file_stem()) {
            (Some(_), Some(stem)) if words.is_empty() && variation.exclude.is_empty() => stem.to_string_lossy().into(),
            (_, stem) => {
                let stem = stem.map_or("sweep".into(), |stem| stem.to_string_lossy());
                format!("{stem}-{}", Planned::digest(&runs))
            }
        };
        Ok(Self { name, runs, keep: plan.keep, folder: Folder::new(&place.runs) })
    }
}

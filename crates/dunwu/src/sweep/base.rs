//! What a command line begins with: a preset's name or a file's path.

use crate::verb::VerbError;
use dunwu_engine::RunSpec;
use dunwu_engine::spec::presets;
use std::path::Path;

/// What a command line begins with.
pub(super) enum Base {
    /// A preset.
    Preset(Box<RunSpec>),
    /// The text of a file.
    File(String),
}

impl Base {
    /// What a preset's name or a file's path stands for. `./small` is a file even where `small` is a preset.
    pub(super) fn of(word: &str) -> Result<Self, VerbError> {
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
        let text = std::fs::read_to_string(word);
        text.map(Self::File).map_err(|error| VerbError::usage(format!("cannot read {word:?}: {error}")))
    }
}

//! A world's file as it is written.

use super::error::{Source, WorldError};
use dunwu_science::unit::Unit;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::Range;
use toml::Spanned;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WorldFile {
    /// What the world is called.
    pub(super) name: Spanned<String>,
    /// What a run costs, in steps.
    pub(super) steps: Option<Spanned<Formula>>,
    /// The share of runs whose results are lost.
    pub(super) lost: Option<Spanned<Formula>>,
    /// Numbers with a name.
    #[serde(default)]
    pub(super) constants: BTreeMap<String, Spanned<f64>>,
    /// What can be set.
    pub(super) knobs: BTreeMap<String, Spanned<KnobEntry>>,
    /// What nobody sets and nobody sees.
    #[serde(default)]
    pub(super) hidden: BTreeMap<String, Spanned<HiddenEntry>>,
    /// What comes out.
    pub(super) observables: BTreeMap<String, Spanned<ObservableEntry>>,
}

/// A number, or an expression over knobs, hidden quantities and other observables.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Formula {
    Number(f64),
    Text(String),
}

/// A knob: `least` and `most` make it a number, `levels` a choice.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KnobEntry {
    #[serde(default)]
    pub(super) tells: String,
    pub(super) unit: Option<Spanned<String>>,
    pub(super) least: Option<f64>,
    pub(super) most: Option<f64>,
    #[serde(default)]
    pub(super) whole: bool,
    #[serde(default)]
    pub(super) logarithmic: bool,
    #[serde(default)]
    pub(super) attributes: BTreeMap<String, Spanned<String>>,
    pub(super) levels: Option<BTreeMap<String, Spanned<Vec<f64>>>>,
    pub(super) default: Spanned<DefaultEntry>,
}

/// The value that a knob has where nothing else is said.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum DefaultEntry {
    Number(f64),
    Level(String),
}

/// An error: its family and its size.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NoiseEntry {
    pub(super) family: Spanned<String>,
    pub(super) size: Spanned<Formula>,
}

/// A hidden quantity.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HiddenEntry {
    pub(super) value: Spanned<Formula>,
    pub(super) noise: Option<NoiseEntry>,
    #[serde(default)]
    pub(super) drawn_for: DrawnFor,
}

/// What a hidden quantity is drawn anew for.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum DrawnFor {
    /// Every point and seed.
    #[default]
    Run,
    /// Every seed: runs of one seed share it, whatever is set.
    Seed,
}

/// An observable: `value` makes it a number, `event` something that happens.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ObservableEntry {
    #[serde(default)]
    pub(super) tells: String,
    /// The log odds of an event.
    pub(super) event: Option<Spanned<Formula>>,
    pub(super) value: Option<Spanned<Formula>>,
    pub(super) unit: Option<Spanned<String>>,
    pub(super) resolution: Option<Spanned<f64>>,
    #[serde(default)]
    pub(super) logarithmic: bool,
    pub(super) noise: Option<NoiseEntry>,
    pub(super) horizon: Option<Spanned<Formula>>,
    pub(super) needs: Option<Spanned<String>>,
    pub(super) held_by: Option<Spanned<HeldByEntry>>,
}

/// The level of a knob that holds an observable, and the value at which.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HeldByEntry {
    pub(super) knob: String,
    pub(super) level: String,
    pub(super) at: Spanned<Formula>,
}

/// Reads the file's text.
pub(super) fn read(source: Source<'_>) -> Result<WorldFile, WorldError> {
    toml::from_str(source.text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        let what = error.message().lines().collect::<Vec<_>>().join(" ");
        source.error(&span, what, "a world has a name, knobs and observables, as in crates/lab/worlds/delay.toml")
    })
}

/// Entries in the order in which they are written.
pub(super) fn as_written<T>(entries: &BTreeMap<String, Spanned<T>>) -> Vec<(&String, &Spanned<T>)> {
    let mut all: Vec<_> = entries.iter().collect();
    all.sort_by_key(|(_, entry)| entry.span().start);
    all
}

/// Reads a unit; a pure number where none is given.
pub(super) fn unit(source: Source<'_>, text: Option<&Spanned<String>>) -> Result<Unit, WorldError> {
    let Some(text) = text else { return Ok(Unit::pure()) };
    Unit::parse(text.get_ref()).map_err(|error| {
        source.error(
            &text.span(),
            format!("{:?} is no unit", error.text),
            "write it like step, sample/step^2, or 1 for a pure number",
        )
    })
}

/// Refuses what is no name in an expression.
pub(super) fn check_name(source: Source<'_>, name: &str, span: &Range<usize>) -> Result<(), WorldError> {
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let remedy = "a name begins with a letter and has letters, digits and _, so that expressions can say it";
    if is_name { Ok(()) } else { Err(source.error(span, format!("{name:?} is no name"), remedy)) }
}

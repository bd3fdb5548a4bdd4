//! What is wrong with a world's file: the offender, its line and the remedy.

use std::ops::Range;
use thiserror::Error;

/// What is wrong with a world's file.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{what}; {remedy}: line {line} of {path:?}")]
pub struct WorldError {
    /// The offender and what is wrong with it.
    pub what: String,
    /// What to do.
    pub remedy: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The file, as it was named.
    pub path: String,
}

/// A text and how it is called, to say where in it something is wrong.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) text: &'a str,
    pub(super) path: &'a str,
}

impl Source<'_> {
    pub(super) fn error(&self, span: &Range<usize>, what: impl Into<String>, remedy: impl Into<String>) -> WorldError {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        WorldError { what: what.into(), remedy: remedy.into(), line, path: self.path.to_owned() }
    }
}

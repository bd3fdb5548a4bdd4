//! An answer for the page that draws some of it itself: sentences and data as they are, the rest drawn.

use super::page::fragment;
use dunwu::answer::{Answer, Slides};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

/// The answers of one command, and its exit code.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct AskedOnPage {
    /// Its answers, in the order in which they were given.
    pub answers: Vec<AnswerOnPage>,
    /// Lines that are no answer.
    pub text: String,
    /// The exit code that the command line has for it: 0 done, 3 judged bad, 4 cannot tell.
    pub code: u8,
}

/// An answer, its parts drawn.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct AnswerOnPage {
    /// The verb that was asked.
    pub verb: &'static str,
    /// The run, task or table that the answer is about.
    pub title: String,
    /// What was asked, in half a line.
    pub setup: String,
    /// What came out, in one sentence.
    pub headline: String,
    /// What else came out, one claim a sentence.
    pub sentences: Vec<String>,
    /// Its figures, tables and remaining words as a piece of HTML without scripts or styles.
    pub html: String,
    /// What `--json` prints, without headline and story (`dunwu schema`).
    pub data: Map<String, Value>,
    /// Landscapes as heights, for a view that turns them. A height of the surface has four significant digits, a mark all of its own.
    pub terrains: Vec<Slides>,
}

impl From<&Answer> for AnswerOnPage {
    fn from(answer: &Answer) -> Self {
        Self {
            verb: answer.verb,
            title: answer.title.clone(),
            setup: answer.setup.clone(),
            headline: answer.headline.clone(),
            sentences: answer.sentences.clone(),
            html: fragment(answer),
            data: answer.data.clone(),
            terrains: answer.slides().cloned().map(rounded).collect(),
        }
    }
}

/// Surfaces with heights as exact as a picture of them needs: two sets of sixteen are half a megabyte instead of two.
fn rounded(mut slides: Slides) -> Slides {
    let round = |height: &mut f64| {
        // Through a decimal text, so that the number is written as short as it is.
        *height = format!("{height:.3e}").parse().expect("what was written as a number is one");
    };
    slides.terrains.iter_mut().flat_map(|terrain| &mut terrain.heights).for_each(round);
    slides
}

//! The verb `passkey`: what a language model still knows under each cache policy.
//!
//! ```text
//! PasskeyRequest ─▶ PasskeyRun ─▶ sentences, a table, a figure, data ─▶ Answer
//! ```

mod chart;
mod data;
#[cfg(test)]
mod tests;
mod words;

pub use data::PasskeyData;

use dunwu::answer::{Answer, Block, Section, object};
use dunwu::verb::{VerbError, Watcher};
use dunwu_streams::{PasskeyRequest, PasskeyRun};

/// Hides keys in a text, asks for them under every policy, and says which are still known.
pub fn answer(request: &PasskeyRequest, watcher: &mut Watcher<'_>) -> Result<Answer, VerbError> {
    Ok(answer_of(&dunwu_streams::passkey(request, watcher)?))
}

fn answer_of(run: &PasskeyRun) -> Answer {
    let mut sentences = words::sentences(run);
    let headline = sentences.remove(0);
    Answer {
        verb: "passkey",
        title: format!("What {} still knows", run.model_name()),
        setup: words::setup(run),
        headline,
        sentences,
        sections: vec![
            Section::untitled(vec![Block::Figure(chart::figure(run))]),
            Section::everywhere("Every policy at every distance", vec![Block::Table(words::table(run))]),
        ],
        sources: vec![
            "Test: Mohtashami & Jaggi 2023, arXiv:2305.16300.".to_owned(),
            "Intervals: Wilson 1927.".to_owned(),
        ],
        data: object(&PasskeyData::of(run)),
    }
}

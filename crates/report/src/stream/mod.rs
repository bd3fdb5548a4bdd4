//! The verb `stream`: a long text under several cache policies.
//!
//! ```text
//! StreamRequest ─▶ Reading ─▶ sentences, tables, a figure, data ─▶ Answer
//! ```

mod chart;
mod data;
mod places;
#[cfg(test)]
mod sample;
mod tables;
#[cfg(test)]
mod tests;
mod words;

pub use data::StreamData;

use dunwu::answer::{Answer, Block, Section, object};
use dunwu::verb::{VerbError, Watcher};
use dunwu_streams::{Reading, StreamRequest};

/// Reads a text under every policy and says how well each predicts it, in how much memory and time. The data says whether it was
/// stopped before it had read all that was asked for.
pub fn answer(request: &StreamRequest, watcher: &mut Watcher<'_>) -> Result<Answer, VerbError> {
    Ok(answer_of(&dunwu_streams::stream(request, watcher)?))
}

fn answer_of(reading: &Reading) -> Answer {
    let mut sentences = words::sentences(reading);
    let headline = sentences.remove(0);
    let columns = vec![
        "Perplexity in all, of the first and of the last segment; the largest cache; the token from which on something is forgotten; \
         milliseconds a token."
            .to_owned(),
    ];
    let numbers = vec![Block::Table(tables::courses(reading)), Block::Paragraphs(columns)];
    let by_place = places::figure(reading).map(|figure| Section::untitled(vec![Block::Figure(figure)]));
    let places = places::table(reading)
        .map(|table| Section::everywhere("Perplexity by place in the chunk", vec![Block::Table(table)]));
    Answer {
        verb: "stream",
        title: "A long text in a small cache".to_owned(),
        setup: words::setup(reading),
        headline,
        sentences,
        sections: [
            Some(Section::untitled(vec![Block::Figure(chart::figure(reading))])),
            by_place,
            Some(Section::of_terminal(None, vec![Block::Table(tables::courses_with_sparklines(reading))])),
            Some(Section::of_page("The numbers", numbers)),
            places,
            Some(Section::of_page("The command", vec![Block::Command(reading.command.clone())])),
            Some(Section::of_page("How it was measured", vec![Block::Paragraphs(words::notes(reading))])),
        ]
        .into_iter()
        .flatten()
        .collect(),
        sources: vec![
            "Sinks: G. Xiao et al., Efficient Streaming Language Models with Attention Sinks, arXiv:2309.17453."
                .to_owned(),
        ],
        data: object(&StreamData::of(reading)),
    }
}

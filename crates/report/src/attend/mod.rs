//! The verb `attend`: where a language model's attention is sparse.
//!
//! ```text
//! AttendRequest ─▶ Attended     ─▶ sentences, tables, four figures, data ─▶ Answer
//! HeadRequest   ─▶ AttendedHead ─▶ sentences, a table, a figure, data    ─▶ Answer
//! ```

mod data;
mod heat;
mod maps;
mod one_head;
mod one_head_data;
mod onset;
mod patterns;
#[cfg(test)]
mod sample;
mod tables;
#[cfg(test)]
mod tests;
mod words;

pub use data::AttendData;
pub use one_head::answer_of_head;
pub use one_head_data::AttendHeadData;

use dunwu::answer::{Answer, Block, Fact, Figure, Section, object};
use dunwu::verb::{VerbError, Watcher};
use dunwu_attention::sparsity::{MEASURES, Measure};
use dunwu_streams::{AttendRequest, Attended};

/// Reads a text with all keys kept and says what each head looks at.
pub fn answer(request: &AttendRequest, watcher: &mut Watcher<'_>) -> Result<Answer, VerbError> {
    Ok(answer_of(&dunwu_streams::attend(request, watcher)?))
}

fn answer_of(attended: &Attended) -> Answer {
    let sparsity = &attended.sparsity;
    let mut sentences = words::sentences(attended);
    let headline = sentences.remove(0);
    let figures: Vec<Figure> = vec![
        onset::figure(sparsity),
        maps::measures(sparsity),
        patterns::figure(sparsity, &attended.tokens),
        maps::losses(sparsity),
    ];
    let mut blocks = figures.into_iter().map(Block::Figure);
    let mut sections = vec![Section::untitled(blocks.by_ref().take(1).collect())];
    sections.push(Section::of_page("Head by head", blocks.collect()));
    sections.push(Section::of_page("Means by layer", vec![Block::Table(tables::layers_with_titles(sparsity))]));
    sections.push(Section::of_terminal(None, vec![Block::Table(tables::layers_with_names(sparsity))]));
    if !sparsity.sinks.is_empty() {
        sections.push(Section::of_page("Other sinks", vec![Block::Table(tables::sinks(attended))]));
    }
    sections.push(Section::of_page("What is measured", vec![Block::Words(MEASURES.iter().map(meaning).collect())]));
    Answer {
        verb: "attend",
        title: format!("Where the attention of {} goes", attended.model_name()),
        setup: words::setup(attended),
        headline,
        sentences,
        sections,
        sources: vec!["Sinks: Xiao et al. 2023, arXiv:2309.17453; Gu et al. 2024, arXiv:2410.10781.".to_owned()],
        data: object(&AttendData::of(attended)),
    }
}

fn meaning(measure: &Measure) -> Fact {
    let Measure { name, title, tells, formula, unit, source, .. } = measure;
    Fact::new(
        format!("{title} ({name}, {unit})"),
        format!(
            "It says {tells}. {formula}, over the weights wᵢ of a query on the n keys that there are. Source: {source}."
        ),
    )
}

//! A phase diagram as an answer.

use super::data::PhaseData;
use super::{chart, quantities, tables, words};
use dunwu::answer::{Answer, Block, Fact, Section, object};
use dunwu::verb::{VerbError, Watcher};
use dunwu_studies::phase::{Diagram, PhaseRequest};
use dunwu_studies::sweep::Filter;

/// Cells that a page lists; a longer list is for programs, which read the data.
const MOST_ROWS: usize = 300;

/// What became of the runs of a table over two of its settings, and where they begin to generalize.
pub fn answer(request: &PhaseRequest, watcher: &mut Watcher<'_>) -> Result<Answer, VerbError> {
    watcher.phase("reading the table", None);
    let diagram = request.diagram(watcher)?;
    Ok(of_diagram(&diagram, &Filter::line(&request.fixed)))
}

/// The answer to a diagram of runs with the settings in `setup`.
pub(super) fn of_diagram(diagram: &Diagram, setup: &str) -> Answer {
    let mut story = words::sentences(diagram);
    let headline = story.remove(0);
    let mut sections = vec![Section::untitled(vec![Block::Figure(chart::phases(diagram))])];
    sections.extend(tables::letters(diagram));
    sections.push(Section::of_page("What lies behind the phases", vec![Block::Figure(quantities::figure(diagram))]));
    if let Some(boundary) = tables::boundary(diagram) {
        sections.push(Section::everywhere("Where half of the seeds generalize", vec![Block::Table(boundary)]));
    }
    if diagram.cells.len() <= MOST_ROWS {
        sections.push(Section::of_page("Every cell", vec![Block::Table(tables::cells(diagram))]));
    }
    let meanings = diagram.counts().into_iter().map(|(phase, _)| Fact::new(phase.name(), phase.meaning())).collect();
    sections.push(Section::of_page("Words", vec![Block::Words(meanings)]));
    Answer {
        verb: "phase",
        title: match &diagram.y {
            Some(y) => format!("{} against {}", y.name, diagram.x.name),
            None => format!("Against {}", diagram.x.name),
        },
        setup: setup.to_owned(),
        headline,
        sentences: story,
        sections,
        sources: vec![
            "Phases: after Liu et al. 2022, arXiv:2205.10343, and Varma et al. 2023, arXiv:2309.02390.".to_owned(),
            "Theory: Y. Tian, arXiv:2509.21519, with its author's fitted constant.".to_owned(),
        ],
        data: object(&PhaseData::of(diagram)),
    }
}

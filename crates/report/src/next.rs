//! The verb `next`: which runs to make next.

use crate::words::{count, number, percent};
use dunwu::answer::wording::counted;
use dunwu::answer::{Answer, Block, Section, Shown, Table, TableCell, object};
use dunwu::verb::{VerbError, Watcher};
use dunwu_verdict::early::model::Model;
use dunwu_verdict::early::next::{Aim, Next, NextRequest, NextRun};
use schemars::JsonSchema;
use serde::Serialize;

/// Runs to make next, as programs read them.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct NextData {
    /// The table.
    pub subject: String,
    /// What was chosen.
    #[serde(flatten)]
    pub next: Next,
}

/// Which runs to make next.
///
/// # Errors
///
/// Where the table cannot be read, or does not allow a choice.
pub fn answer(request: &NextRequest, watcher: &mut Watcher<'_>) -> Result<Answer, VerbError> {
    let next = request.choose(Model::shipped(), watcher)?;
    let subject = request.table.display().to_string();
    let mut blocks = Vec::new();
    if !next.runs.is_empty() {
        blocks.push(Block::Table(cells_table(&next)));
        blocks.push(Block::Verbatim(vec![next.command.clone()]));
    }
    Ok(Answer {
        verb: "next",
        title: subject.clone(),
        setup: format!("{}, within {} steps", purpose(next.aim), count(next.budget)),
        headline: headline(&next),
        sentences: sentences(&next),
        sections: vec![Section { title: None, shown: Shown::Everywhere, blocks }],
        sources: vec![
            "Laplace's approximation and its predictive probability: MacKay 1992. Bits that an outcome says: Houlsby et al. 2011, arXiv:1112.5745. Expected improvement: Jones et al. 1998."
                .to_owned(),
        ],
        data: object(&NextData { subject, next }),
    })
}

const fn purpose(aim: Aim) -> &'static str {
    match aim {
        Aim::One => "for a run that generalizes",
        Aim::Boundary => "for where runs begin to generalize",
        Aim::Fastest => "for a run that generalizes sooner",
        Aim::Laws => "to tell two laws apart",
    }
}

fn headline(next: &Next) -> String {
    let Some(first) = next.runs.first() else {
        let why = next.why_none.clone();
        return why.map_or_else(
            || "No run fits into these steps, or none promises anything.".to_owned(),
            |why| format!("There is none: {why}."),
        );
    };
    let runs = counted(next.runs.len(), "run");
    match (next.aim, next.chance, next.expected_bits) {
        (Aim::One, Some(chance), _) => format!(
            "{runs}, at least one of which generalizes with probability {}; first {}.",
            percent(chance),
            first.words
        ),
        (Aim::Laws, _, Some(bits)) => format!("{runs} that are expected to say {} bits.", number(bits)),
        _ => format!("{runs}; first {}.", first.words),
    }
}

fn sentences(next: &Next) -> Vec<String> {
    let mut sentences = vec![format!(
        "{} of the table ended, of which {} generalized.",
        counted(next.known, "run"),
        count(next.generalized as u64)
    )];
    if let Some(step) = next.fastest {
        sentences.push(format!("The soonest so far did at step {}.", count(step)));
    }
    if next.aim == Aim::Laws {
        return sentences;
    }
    sentences.push(if next.inside == next.known {
        format!("{} cells were looked at. The shipped verdict knows such runs, and what it says comes in.", count(next.cells as u64))
    } else {
        format!(
            "{} cells were looked at. The shipped verdict does not know {} of the runs, so that the table speaks alone where it does not.",
            count(next.cells as u64),
            count((next.known - next.inside) as u64)
        )
    });
    if next.aim == Aim::One && next.generalized > 0 {
        sentences.push("Some of the table's runs did already; these are for one more.".to_owned());
    }
    if next.generalized == 0 && next.inside < next.known {
        sentences.push(
            "None of its runs generalized, so that the chances rest on nothing but the belief that more data and more steps help."
                .to_owned(),
        );
    }
    if !next.runs.is_empty() {
        sentences.push(format!(
            "They make {} steps at most, and about {} are expected.",
            count(next.steps),
            count(next.expected_steps.round() as u64)
        ));
    }
    sentences
}

/// A row a cell, in the order in which it is first made.
fn cells_table(next: &Next) -> Table {
    let gain = match next.aim {
        Aim::One => "chance of any",
        Aim::Boundary | Aim::Laws => "bits",
        Aim::Fastest => "steps gained, the first",
    };
    let mut cells: Vec<(&str, Vec<&NextRun>)> = Vec::new();
    for run in &next.runs {
        let cell = run.words.rsplit_once(" seed=").map_or("", |(cell, _)| cell);
        match cells.iter_mut().find(|(other, _)| *other == cell) {
            Some((_, runs)) => runs.push(run),
            None => cells.push((cell, vec![run])),
        }
    }
    let row = |(cell, runs): &(&str, Vec<&NextRun>)| {
        vec![
            TableCell::Text((*cell).to_owned()),
            TableCell::Count(runs.len() as u64),
            TableCell::of(runs[0].probability, TableCell::Number),
            TableCell::of(runs[0].steps_to_generalize.map(|when| when.median), TableCell::Count),
            TableCell::Number(gained(next.aim, runs)),
        ]
    };
    let heads = ["cell", "runs", "chance of one", "at step", gain];
    Table::new("next runs", 1, &heads, cells.iter().map(row).collect())
}

/// What the runs of a cell gain together: the chance that any generalizes, or bits, which add up as each is chosen given those before. Of
/// steps gained the first run's, as others of its cell hope for the same ones.
fn gained(aim: Aim, runs: &[&NextRun]) -> f64 {
    match aim {
        Aim::One => 1.0 - runs.iter().map(|run| 1.0 - run.gain).product::<f64>(),
        Aim::Boundary | Aim::Laws => runs.iter().map(|run| run.gain).sum(),
        Aim::Fastest => runs.first().map_or(0.0, |run| run.gain),
    }
}

//! Explanations and examinations, in sentences and tables.

use super::data::ScienceData;
use crate::words::number;
use dunwu::answer::wording::counted;
use dunwu::answer::{Block, Table, TableCell};
use dunwu_science::viva::{Examination, Explanations, Why};

/// What came of explaining, in one sentence.
pub(super) fn headline(data: &ScienceData) -> Option<String> {
    if let Some(explained) = &data.explained {
        return Some(match &explained.essential {
            Some(essential) => format!(
                "The shortest text that passes: \u{201c}{}\u{201d}, {} bits in {} bytes.",
                essential.text,
                number(essential.bits),
                essential.bytes
            ),
            None => format!("No text passed: {}.", explained.ended),
        });
    }
    data.examined.as_ref().map(|examined| {
        if examined.open.is_empty() {
            format!("Every reason is followed to its end, {} below the claim.", counted(examined.depth, "step"))
        } else {
            format!(
                "{} answered; without a reason that holds: {}.",
                match examined.depth {
                    0 => "No why was".to_owned(),
                    1 => "One why was".to_owned(),
                    n => format!("{n} whys, one below another, were"),
                },
                examined.open.join(", ")
            )
        }
    })
}

/// The tables of explanations and of an examination.
pub(super) fn blocks(data: &ScienceData) -> Vec<Block> {
    let mut blocks = Vec::new();
    if let Some(explained) = &data.explained {
        blocks.push(Block::Table(curve(explained)));
        let failed = explained.sittings.last().map(dunwu_science::viva::Sitting::failed).unwrap_or_default();
        if !failed.is_empty() {
            blocks.push(Block::Paragraphs(failed));
        }
    }
    if let Some(examined) = &data.examined {
        blocks.push(Block::Table(nodes(examined)));
    }
    blocks
}

fn curve(explained: &Explanations) -> Table {
    let row = |tried: &dunwu_science::viva::Tried| {
        vec![
            TableCell::Text(tried.text.clone()),
            TableCell::Text(tried.listener.clone()),
            TableCell::Count(tried.bytes as u64),
            TableCell::Number(tried.bits),
            TableCell::Text(if tried.passed { "yes" } else { "no" }.to_owned()),
        ]
    };
    Table::new(
        "explanations",
        2,
        &["text", "listener", "bytes", "bits", "passed"],
        explained.curve.iter().map(row).collect(),
    )
}

fn nodes(examined: &Examination) -> Table {
    let reason = |why: &Why| match why {
        Why::Claim { id } => id.clone(),
        Why::Axiom { words } => format!("\u{201c}{words}\u{201d} (words that nobody tried)"),
        Why::Circle { id } => format!("{id}, which leads back here"),
        Why::Restatement { id, of } => format!("{id}, which says what {of} says"),
        Why::Fallen { id, verdict } => format!("{id}, which is {verdict}"),
        Why::Unknown { id } => format!("{id}, which is no claim"),
    };
    let rows = examined.nodes.iter().map(|node| {
        let why: Vec<String> = node.why.iter().map(reason).collect();
        vec![
            TableCell::Text(node.id.clone()),
            TableCell::Text(node.sentence.clone()),
            TableCell::Text(if why.is_empty() { "no reason is given".to_owned() } else { why.join("; ") }),
            TableCell::of(node.what_if.as_ref(), |what_if| TableCell::Text(what_if.says.clone())),
            TableCell::of(node.how_else.as_ref(), |rival| {
                TableCell::Text(format!("{}, {} bits behind", rival.rival, number(rival.bits)))
            }),
        ]
    });
    Table::new("reasons", 5, &["claim", "says", "why", "what if", "how else"], rows.collect())
}

//! The negative controls, in a table.

use super::SHOWN;
use crate::words::percent;
use dunwu::answer::{Answer, Block, Section, Shown, Table, TableCell, object};
use dunwu_verdict::early::league::{Control, Controls};

/// The negative controls.
pub fn answer_controls(controls: &Controls) -> Answer {
    let shuffled = controls.controls.first().and_then(|control| control.mean[SHOWN[2]]);
    let headline = match (shuffled, controls.holds) {
        (Some(mean), true) => {
            format!(
                "On shuffled labels the mean probability is {} by a tenth of the steps, below {}.",
                percent(mean),
                percent(controls.bar)
            )
        }
        (Some(mean), false) => format!(
            "The verdict is broken: on shuffled labels the mean probability is {} by a tenth of the steps, and has to be below {}.",
            percent(mean),
            percent(controls.bar)
        ),
        (None, _) => "No control was undecided at a tenth of the steps.".to_owned(),
    };
    let mut heads: Vec<String> = vec!["mean probability".to_owned(), "runs".to_owned(), "generalized".to_owned()];
    heads.extend(SHOWN.iter().map(|&look| format!("at {}", percent(controls.looks[look]))));
    heads.push("largest at 10 %".to_owned());
    let row = |control: &Control| {
        let mut cells = vec![
            TableCell::Text(control.control.clone()),
            TableCell::Count(control.runs as u64),
            TableCell::Count(control.generalized as u64),
        ];
        cells.extend(SHOWN.iter().map(|&look| TableCell::of(control.mean[look], TableCell::Number)));
        cells.push(TableCell::of(control.largest, TableCell::Number));
        cells
    };
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    let table = Table::new("controls", 1, &heads, controls.controls.iter().map(row).collect());
    Answer {
        verb: "league-controls",
        title: "negative controls".to_owned(),
        setup: String::new(),
        headline,
        sentences: controls.controls.iter().map(|control| format!("{}: {}.", control.control, control.tells)).collect(),
        sections: vec![Section { title: None, shown: Shown::Everywhere, blocks: vec![Block::Table(table)] }],
        sources: Vec::new(),
        data: object(controls),
    }
}

//! How often labels of units are right, as an answer.

use crate::words::{count, list, number};
use dunwu::answer::{Answer, Block, Section, Table, TableCell, object};
use dunwu_verdict::units::bench::{BenchFigure, UnitsBench};

/// The figures of a bench that was run.
pub fn answer(bench: &UnitsBench) -> Answer {
    let with_bar: Vec<&BenchFigure> = bench.figures.iter().filter(|figure| figure.holds.is_some()).collect();
    let missed: Vec<String> = with_bar
        .iter()
        .filter(|figure| figure.holds == Some(false))
        .map(|figure| {
            let bar = figure.bar.map(number).unwrap_or_default();
            format!("{} of {} is {} (bar {bar})", figure.figure, figure.network, number(figure.value))
        })
        .collect();
    let (all, held) = (with_bar.len(), with_bar.len() - missed.len());
    let headline = if missed.is_empty() {
        format!("All {} bars are reached.", count(all as u64))
    } else {
        format!("{} of {} bars are reached; missed: {}.", count(held as u64), count(all as u64), list(&missed, 4))
    };
    Answer {
        verb: "units-bench",
        title: "Labels of units where the truth is known".to_owned(),
        setup: format!("{} rows", count(bench.rows.len() as u64)),
        headline,
        sentences: Vec::new(),
        sections: vec![Section::everywhere("Every figure", vec![Block::Table(table(bench))])],
        sources: vec![
            "Memorization by retraining: Feldman and Zhang 2020, arXiv:2008.03703.".to_owned(),
            "TracIn: Pruthi et al. 2020, arXiv:2002.08484. Self-influence: Koh and Liang 2017, arXiv:1703.04730."
                .to_owned(),
        ],
        data: object(bench),
    }
}

fn table(bench: &UnitsBench) -> Table {
    let row = |figure: &BenchFigure| {
        vec![
            figure.part.letter().into(),
            figure.network.as_str().into(),
            figure.figure.as_str().into(),
            match figure.holds {
                None => TableCell::Missing,
                Some(true) => "reached".into(),
                Some(false) => "missed".into(),
            },
            TableCell::Number(figure.value),
            TableCell::of(figure.spread, TableCell::Number),
            TableCell::Count(figure.seeds as u64),
            TableCell::of(figure.bar, TableCell::Number),
        ]
    };
    let heads = ["part", "network", "figure", "bar is", "value", "± over seeds", "seeds", "bar"];
    Table::new("figures", 4, &heads, bench.figures.iter().map(row).collect())
}

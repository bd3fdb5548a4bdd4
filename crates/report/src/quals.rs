//! The verb `quals`: how often the scientist is wrong, on cases of which the truth is known.

use dunwu::answer::wording::{number, percent};
use dunwu::answer::{Answer, Block, Section, Shown, Table, TableCell, object};
use dunwu_quals::{Figure, Quals, Row, Tier};

/// What an examination came to, as an answer.
pub fn answer(quals: &Quals) -> Answer {
    let figures = quals.tiers.iter().flat_map(|tier| tier.figures.iter().map(|figure| figure_row(tier, figure)));
    let heads = ["tier", "measured", "cases", "value", "95 % interval", "must be", "holds"];
    let mut blocks = vec![Block::Table(Table::new("figures", 2, &heads, figures.collect()))];
    let failed: Vec<Vec<TableCell>> =
        quals.tiers.iter().flat_map(|tier| tier.rows.iter().map(|row| case_row(tier, row))).collect();
    if !failed.is_empty() {
        blocks.push(Block::Table(Table::new("failed", 4, &["tier", "failed case", "wanted", "got"], failed)));
    }
    let held = quals.tiers.iter().flat_map(|tier| tier.held.iter().map(|row| case_row(tier, row)));
    let held = Table::new("held", 4, &["tier", "case", "wanted", "got"], held.collect());
    let mut sections = vec![Section { title: None, shown: Shown::Everywhere, blocks }];
    if !held.rows.is_empty() {
        sections.push(Section::of_page("What became of every cheat", vec![Block::Table(held)]));
    }
    Answer {
        verb: "quals",
        title: "The scientist examined".to_owned(),
        setup: format!("size {}, seed {}", quals.size, quals.seed),
        headline: headline(quals),
        sentences: sentences(quals),
        sections,
        sources: Vec::new(),
        data: object(quals),
    }
}

fn figure_row(tier: &Tier, figure: &Figure) -> Vec<TableCell> {
    vec![
        TableCell::Text(tier.name.clone()),
        TableCell::Text(figure.name.clone()),
        TableCell::Count(figure.n as u64),
        TableCell::of(figure.value, if figure.count.is_some() { TableCell::Share } else { TableCell::Number }),
        TableCell::of(figure.interval, |[low, high]| TableCell::Range(Some(low), Some(high))),
        TableCell::of(figure.bar.clone(), TableCell::Text),
        match figure.bar {
            Some(_) => if figure.holds { "yes" } else { "NO" }.into(),
            None => TableCell::Missing,
        },
    ]
}

fn case_row(tier: &Tier, row: &Row) -> Vec<TableCell> {
    [&tier.name, &row.case, &row.wanted, &row.got].into_iter().map(|text| TableCell::Text(text.clone())).collect()
}

fn headline(quals: &Quals) -> String {
    let n = quals.tiers.iter().flat_map(|tier| &tier.figures).filter(|figure| figure.bar.is_some()).count();
    let failed: Vec<&str> = quals
        .tiers
        .iter()
        .flat_map(|tier| &tier.figures)
        .filter(|figure| !figure.holds)
        .map(|figure| figure.name.as_str())
        .collect();
    match failed.as_slice() {
        [] => format!("It passes: all {n} figures that have a bar hold."),
        failed => format!("It fails: {}.", failed.join("; ")),
    }
}

/// The rates that a verdict carries.
fn sentences(quals: &Quals) -> Vec<String> {
    let rated = |figure: &Figure| {
        let ([low, high], bar) = (figure.interval?, figure.bar.as_ref()?);
        let value = match figure.count {
            Some(count) => format!("{count} of {}", figure.n),
            None => format!("{} over {} cases", number(figure.value?), figure.n),
        };
        let ends = match figure.count {
            Some(_) => format!("{} to {}", percent(low), percent(high)),
            None => format!("{} to {}", number(low), number(high)),
        };
        Some(format!("{}: {value} (95 % interval {ends}). It must be: {bar}.", figure.name))
    };
    quals.tiers.iter().flat_map(|tier| &tier.figures).filter_map(rated).collect()
}

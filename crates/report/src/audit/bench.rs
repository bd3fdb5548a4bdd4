//! How often the audit finds what was planted, as an answer.

use super::data::AuditRatesData;
use crate::words::percent;
use dunwu::answer::{Answer, Block, Section, Table, TableCell, object};
use dunwu_verdict::audit::{KindRate, Rates};
use dunwu_verdict::stats::ExactShare;

/// The rates of a bench that was run.
pub fn answer(rates: &Rates) -> Answer {
    let all = rates.rates();
    let (planted, found) =
        all.iter().fold((0, 0), |(planted, found), rate| (planted + rate.planted, found + rate.found));
    let (alarmed, twins) = rates.alarmed_twins();
    let share = |count: usize, n: usize| {
        let ExactShare { share, low, high } = ExactShare::of(count, n);
        format!("{} (95 % interval {} to {})", share.map_or("–".to_owned(), percent), percent(low), percent(high))
    };
    Answer {
        verb: "audit-bench",
        title: "Planted mistakes and clean twins".to_owned(),
        setup: format!(
            "{planted} planted cases, {} kinds in runs, tables and files, each with its clean twin",
            all.len()
        ),
        headline: format!(
            "Of {planted} planted mistakes the audit finds {found}, {}; of {twins} clean twins it accuses {alarmed}, {}.",
            share(found, planted),
            share(alarmed, twins)
        ),
        sentences: vec!["Strength, form and place of every mistake are drawn at random.".to_owned()],
        sections: vec![Section::everywhere("Each kind", vec![Block::Table(table(&all))])],
        sources: vec!["Intervals: Clopper and Pearson 1934, exact.".to_owned()],
        data: object(&AuditRatesData::of(rates)),
    }
}

fn table(rates: &[KindRate]) -> Table {
    let row = |rate: &KindRate| {
        let (recall, alarm) = (rate.recall(), rate.false_alarm());
        let range = |share: ExactShare| format!("{} to {}", percent(share.low), percent(share.high));
        vec![
            rate.form.key().into(),
            rate.kind.name().into(),
            TableCell::Count(rate.planted as u64),
            TableCell::Count(rate.found as u64),
            range(recall).into(),
            TableCell::Count(rate.clean as u64),
            TableCell::Count(rate.false_alarms as u64),
            range(alarm).into(),
        ]
    };
    let heads = ["of", "kind", "planted", "found", "95 % interval", "clean", "false alarms", "95 % interval"];
    Table::new("rates", 2, &heads, rates.iter().map(row).collect())
}

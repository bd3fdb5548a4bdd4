//! Every predictor on one benchmark, in sentences, tables and one figure.

use super::{SHOWN, chart};
use crate::words::{count, number, percent};
use dunwu::answer::wording::counted;
use dunwu::answer::{Answer, Block, Section, Shown, Table, TableCell, object};
use dunwu_verdict::early::league::{League, LeagueRow};

/// The table of a benchmark.
pub fn answer(league: &League) -> Answer {
    let best = league.predictors.iter().filter_map(|row| Some((row, row.auc[SHOWN[2]]?)));
    let best = best.max_by(|a, b| a.1.total_cmp(&b.1));
    let headline = match best {
        Some((row, area)) => format!(
            "At a tenth of the steps {} tells best which of the {} that are still undecided generalize (area under the ROC curve {}; {} do).",
            row.predictor,
            counted(league.undecided[SHOWN[2]], "run"),
            number(area),
            count(league.undecided_generalized[SHOWN[2]] as u64)
        ),
        None => "No run was undecided at a tenth of the steps, so that nothing is compared there.".to_owned(),
    };
    let safest = |rows: &[LeagueRow]| {
        let few = rows.iter().filter(|row| row.kills > 0);
        let share = |row: &&LeagueRow| row.false_kill_share.unwrap_or(0.0);
        few.min_by(|a, b| share(a).total_cmp(&share(b)).then(b.wasted_steps_saved.total_cmp(&a.wasted_steps_saved)))
            .cloned()
    };
    let mut sentences = vec![format!(
        "{} in {}, of which {} generalize; benchmark {}, shipped model {}.",
        counted(league.runs, "run"),
        counted(league.pools, "pool"),
        count(league.generalized as u64),
        league.benchmark,
        league.model
    )];
    sentences.extend(safest(&league.predictors).map(|row| {
        format!(
            "Of those that stop anything, {} stops the fewest that would have generalized: {} of {} ({} to {}), and saves {} of the wasted steps.",
            row.predictor,
            count(row.false_kills as u64),
            count(league.generalized as u64),
            percent(row.low),
            percent(row.high),
            percent(row.wasted_steps_saved)
        )
    }));
    sentences.push(
        "Scores of others were straightened, and their thresholds taken, on other pools of this benchmark; ours come as they are shipped."
            .to_owned(),
    );
    let blocks = vec![
        Block::Figure(chart::figure(league)),
        Block::Table(knows(league)),
        Block::Table(costs(league)),
        Block::Table(sources(league)),
    ];
    Answer {
        verb: "league",
        title: "who knows how a run ends".to_owned(),
        setup: format!("seed {}, {} pools, {} runs", league.seed, league.pools, league.runs),
        headline,
        sentences,
        sections: vec![Section { title: None, shown: Shown::Everywhere, blocks }],
        sources: vec![
            "Exact intervals: Clopper and Pearson 1934. The others' sources stand in the last table.".to_owned(),
        ],
        data: object(league),
    }
}

fn knows(league: &League) -> Table {
    let mut heads: Vec<String> = vec!["area under the ROC curve".to_owned()];
    heads.extend(SHOWN.iter().map(|&look| format!("at {}", percent(league.looks[look]))));
    heads.extend(["calibration error".to_owned(), "worst family".to_owned()]);
    let row = |row: &LeagueRow| {
        let mut cells = vec![TableCell::Text(row.predictor.clone())];
        cells.extend(SHOWN.iter().map(|&look| TableCell::of(row.auc[look], TableCell::Number)));
        cells.push(TableCell::of(row.calibration_error, TableCell::Number));
        let worst = row.worst_family.as_ref().zip(row.worst_auc);
        cells.push(TableCell::Text(worst.map_or_else(String::new, |(name, area)| format!("{name} {}", number(area)))));
        cells
    };
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    Table::new(
        "areas",
        1,
        &heads,
        league.predictors.iter().filter(|row| row.auc.iter().any(Option::is_some)).map(row).collect(),
    )
}

fn costs(league: &League) -> Table {
    let row = |row: &LeagueRow| {
        vec![
            TableCell::Text(row.predictor.clone()),
            TableCell::Count(row.kills as u64),
            TableCell::Count(row.false_kills as u64),
            TableCell::of(row.false_kill_share, TableCell::Number),
            TableCell::Number(row.wasted_steps_saved),
            TableCell::Number(row.wasted_work_saved),
            TableCell::Number(row.steps_saved),
            TableCell::Count(row.fastest_kept as u64),
        ]
    };
    let heads = ["stopping", "stopped", "falsely", "share", "waste saved", "in work", "of all steps", "fastest kept"];
    Table::new("stopping", 1, &heads, league.predictors.iter().map(row).collect())
}

fn sources(league: &League) -> Table {
    let row = |row: &LeagueRow| vec![TableCell::Text(row.predictor.clone()), TableCell::Text(row.source.clone())];
    Table::new("sources", 1, &["predictor", "source"], league.predictors.iter().map(row).collect())
}

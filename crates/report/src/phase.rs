//! A phase diagram in sentences, as text and as a page.

use super::figures::Figure;
use super::landscape::Page;
use super::landscape::table::Table;
use super::page::{self, Head};
use super::phase_chart;
use super::phase_grid::labels;
use super::svg::escape;
use super::words::{count, counted, list, number, percent};
use dunwu::phase::{Along, Diagram, FEW_SEEDS, Phase, Place, Within};

/// Columns of a terminal that a table may take.
const COLUMNS: usize = 100;
/// Cells that a page lists; a longer list is for programs, which read `--json`.
const MOST_ROWS: usize = 300;

/// What came out, in sentences.
pub fn sentences(diagram: &Diagram) -> Vec<String> {
    let n_runs = diagram.cells.iter().map(|cell| cell.runs).sum::<usize>();
    let phases: Vec<String> = diagram.counts().into_iter().map(|(phase, n)| format!("{n} {}", phase.name())).collect();
    let cells = counted(diagram.cells.len(), "cell");
    let mut sentences =
        vec![format!("Of {cells} ({}), by what most seeds came to: {}.", counted(n_runs, "run"), list(&phases, 9))];
    sentences.extend(boundary_sentences(diagram));
    sentences.extend(notes(diagram));
    sentences
}

fn boundary_sentences(diagram: &Diagram) -> Vec<String> {
    if diagram.along.is_none() {
        return vec!["Neither axis is an amount of data, so no boundary is drawn.".to_owned()];
    }
    let place = |place: &Place| match (place.within, place.n) {
        (Within::Below, _) => "before the least that was swept".to_owned(),
        (Within::Beyond, _) => "beyond the most that was swept".to_owned(),
        (Within::Swept, Some(n)) => match (place.low, place.high) {
            (Some(low), Some(high)) => format!("at {} ({} to {}) samples", number(n), number(low), number(high)),
            _ => format!("at {} samples", number(n)),
        },
        (Within::Swept, None) => "somewhere within".to_owned(),
    };
    let ratio =
        |line: usize| diagram.ratio(line).map_or(String::new(), |r| format!(", {} times the theory's", number(r)));
    let told = |measured: &Place| {
        let name = diagram.lines().map_or(String::new(), |axis| format!("{} ", labels(axis)[measured.line]));
        format!("{name}{}{}", place(measured), ratio(measured.line))
    };
    let lines: Vec<String> = diagram.measured.places.iter().map(told).collect();
    let mut sentences = Vec::new();
    if !lines.is_empty() {
        sentences.push(format!("Half of the seeds generalize (in brackets 95 % intervals): {}.", list(&lines, 12)));
    }
    let ratios: Vec<f64> = diagram.measured.places.iter().filter_map(|place| diagram.ratio(place.line)).collect();
    if let ([_, _, ..], Some(low), Some(high)) =
        (&ratios[..], ratios.iter().copied().reduce(f64::min), ratios.iter().copied().reduce(f64::max))
    {
        let mean = (ratios.iter().map(|ratio| ratio.ln()).sum::<f64>() / ratios.len() as f64).exp();
        sentences.push(format!(
            "Over {} the measured boundary lies at {} times the theory's sample size (geometric mean; {} to {}).",
            counted(ratios.len(), "line"),
            number(mean),
            number(low),
            number(high)
        ));
    }
    sentences
}

/// What a reader has to know before trusting the picture.
pub fn notes(diagram: &Diagram) -> Vec<String> {
    let mut notes = Vec::new();
    let few: Vec<String> =
        diagram.cells.iter().filter(|cell| cell.few_seeds).map(|cell| place_name(diagram, cell.x, cell.y)).collect();
    if few.len() == diagram.cells.len() {
        notes.push(format!("Every cell has fewer than {FEW_SEEDS} seeds."));
    } else if !few.is_empty() {
        notes.push(format!("Fewer than {FEW_SEEDS} seeds: {}.", list(&few, 8)));
    }
    let failed: usize = diagram.cells.iter().map(|cell| cell.failed).sum();
    if failed > 0 {
        notes.push(format!("{} ended with an error; shares and means leave them out.", counted(failed, "run")));
    }
    let missing = diagram.x.values.len() * diagram.n_rows() - diagram.cells.len();
    if missing > 0 {
        notes.push(format!("{} of the grid without a run; blank.", counted(missing, "cell")));
    }
    notes.extend(diagram.silent.iter().map(|because| format!("The theory is silent on some lines: {because}.")));
    if diagram.fell_back > 0 {
        notes.push(format!(
            "{} generalized and had fallen below the level again by the last step; they count as generalized.",
            counted(diagram.fell_back, "run")
        ));
    }
    if !diagram.beside.is_empty() {
        notes.push(format!("Varies along with the axes: {}.", list(&diagram.beside, 6)));
    }
    notes
}

/// `data.fraction = 0.3, task = cyclic:23`.
fn place_name(diagram: &Diagram, x: usize, y: usize) -> String {
    let row = diagram.y.as_ref().map_or(String::new(), |axis| format!(" at {}", labels(axis)[y]));
    format!("{}{row}", labels(&diagram.x)[x])
}

/// The letters of the phases for a terminal, rows as they are drawn, with a legend.
pub fn text(diagram: &Diagram) -> String {
    let names: Vec<String> = diagram.y.as_ref().map_or(vec![String::new()], labels);
    let beside = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let columns = labels(&diagram.x);
    let widest = columns.iter().map(|name| name.chars().count()).max().unwrap_or(1).max(2);
    // Where every cell has few seeds a sentence says so, and no mark is needed to tell them apart.
    let is_marked = diagram.cells.iter().any(|cell| cell.few_seeds) && !diagram.cells.iter().all(|cell| cell.few_seeds);
    let is_narrow = beside + columns.len() * (widest + 1) > COLUMNS;
    let width = if is_narrow { 1 + usize::from(is_marked) } else { widest + 1 };
    let mut lines = vec![diagram.y.as_ref().map_or(String::new(), |y| y.name.clone())];
    lines.retain(|line| !line.is_empty());
    for (i, name) in rows(diagram, &names) {
        let cells = (0..columns.len()).map(|x| {
            let letter = diagram.cell(x, i).map_or(String::new(), |cell| {
                format!("{}{}", cell.phase.letter(), if is_marked && cell.few_seeds { "?" } else { "" })
            });
            format!("{letter:>width$}")
        });
        lines.push(format!("  {name:>beside$} {}", cells.collect::<String>()).trim_end().to_owned());
    }
    if is_narrow {
        let (first, last) = (&columns[0], &columns[columns.len() - 1]);
        lines.push(format!("  {:beside$} {}: {first} to {last}, {} values", "", diagram.x.name, columns.len()));
    } else {
        let heads = columns.iter().map(|name| format!("{name:>width$}")).collect::<Vec<_>>().concat();
        lines.push(format!("  {:beside$} {heads}  {}", "", diagram.x.name));
    }
    let mut legend: Vec<String> =
        diagram.counts().into_iter().map(|(phase, _)| format!("{} {}", phase.letter(), phase.name())).collect();
    if is_marked {
        legend.push(format!("? fewer than {FEW_SEEDS} seeds"));
    }
    lines.extend(legend.chunks(4).map(|part| format!("  {}", part.join("   "))));
    lines.join("\n")
}

/// Rows from top to bottom: numbers ascend upwards, names go down.
fn rows<'a>(diagram: &Diagram, names: &'a [String]) -> Vec<(usize, &'a String)> {
    let mut rows: Vec<(usize, &String)> = names.iter().enumerate().collect();
    if diagram.y.as_ref().is_some_and(|y| y.numbers().is_some()) {
        rows.reverse();
    }
    rows
}

/// The page with both drawings.
pub fn page(diagram: &Diagram, setup: &str) -> Page {
    let [phases, quantities] = [phase_chart::phases(diagram), phase_chart::quantities(diagram)];
    let figures = [
        Figure {
            name: "phases",
            title: "Phases by outcome".to_owned(),
            caption: phases_caption(diagram),
            svg: Some(phases.clone()),
        },
        Figure {
            name: "phase-quantities",
            title: "What lies behind them".to_owned(),
            caption: "The share of seeds that generalized; the median step at which they did, where at least half did (darker is \
                      later, by the logarithm); test accuracy at the last step; generalizing units among those that are alive."
                .to_owned(),
            svg: Some(quantities.clone()),
        },
    ];
    let sentences = sentences(diagram);
    let mut body = format!("<ul class=\"story\">\n{}</ul>\n", page::items(&sentences[1..]));
    body += &figures.iter().map(page::shown).collect::<String>();
    body += &boundary_table(diagram).map_or(String::new(), |table| format!("<h2>The boundary</h2>\n{}", table.html()));
    if diagram.cells.len() <= MOST_ROWS {
        body += "<h2>Every cell</h2>\n";
        body += &cells_table(diagram).html();
    }
    let words: Vec<(&str, &str)> = diagram.counts().iter().map(|(phase, _)| (phase.name(), phase.meaning())).collect();
    body += &page::words(&words);
    let title = match &diagram.y {
        Some(y) => format!("{} against {}", y.name, diagram.x.name),
        None => format!("Against {}", diagram.x.name),
    };
    let html = page::document(&Head {
        kicker: "Dunwu · phase diagram",
        title: &title,
        setup: &escape(setup),
        lede: &sentences[0],
        body: &body,
        footer: ". Phases: after Liu et al. 2022, arXiv:2205.10343, and Varma et al. 2023, arXiv:2309.02390. Theory: Y. Tian, \
                 arXiv:2509.21519, with its author's fitted constant. Colours: after Okabe &amp; Ito.",
    });
    Page { html, drawings: vec![("phases".to_owned(), phases), ("phase-quantities".to_owned(), quantities)] }
}

fn phases_caption(diagram: &Diagram) -> String {
    let lines = match diagram.along {
        Some(_) => {
            " The solid line is where half of the seeds generalize, the dotted one the theory's; either stands at the edge where \
             it lies outside of what was swept."
        }
        None => "",
    };
    format!("A cell is what most of its seeds came to, of equally many the less grokked.{lines}")
}

/// Line by line: measured and theoretical sample sizes and their ratio.
fn boundary_table(diagram: &Diagram) -> Option<Table> {
    let along = diagram.along?;
    let optional = |value: Option<f64>| value.map_or("–".to_owned(), number);
    let place = |place: Option<&Place>| match place {
        None => "–".to_owned(),
        Some(Place { within: Within::Below, n: None, .. }) => "below".to_owned(),
        Some(Place { within: Within::Beyond, n: None, .. }) => "beyond".to_owned(),
        Some(Place { n, .. }) => optional(*n),
    };
    let row = |line: usize| {
        let (measured, theory) = (diagram.measured.on(line), diagram.theory.on(line));
        let interval = measured.filter(|place| place.low.is_some() || place.high.is_some());
        vec![
            diagram.lines().map_or("all".to_owned(), |axis| axis.label(line)),
            place(measured),
            interval.map_or("–".to_owned(), |place| format!("{} to {}", optional(place.low), optional(place.high))),
            place(theory),
            optional(measured.and_then(|place| place.value)),
            optional(theory.and_then(|place| place.value)),
            optional(diagram.ratio(line)),
        ]
    };
    let n_lines = if along == Along::X { diagram.n_rows() } else { diagram.x.values.len() };
    let head = vec!["line", "n, half", "interval", "n, theory", "axis, half", "axis, theory", "ratio"];
    Some(Table { head, n_text: 1, rows: (0..n_lines).map(row).collect() })
}

fn cells_table(diagram: &Diagram) -> Table {
    let rows = diagram.cells.iter().map(|cell| {
        let step = cell.median_step_generalized.map_or("–".to_owned(), |step| count(step.round() as u64));
        let range = cell
            .range_step_generalized
            .map_or("–".to_owned(), |(a, b)| format!("{} to {}", count(a as u64), count(b as u64)));
        let share = |value: Option<f64>| value.map_or("–".to_owned(), percent);
        let few = if cell.few_seeds { ", few" } else { "" };
        let interval = format!("{:.0} to {:.0} %", 100.0 * cell.share.low, 100.0 * cell.share.high);
        vec![
            place_name(diagram, cell.x, cell.y),
            cell.phase.name().to_owned(),
            percent(cell.phase_share),
            format!("{}{few}", cell.seeds),
            cell.generalized.to_string(),
            interval,
            step,
            range,
            share(cell.test_accuracy),
            share(cell.generalizing_units),
        ]
    });
    Table {
        head: vec![
            "cell",
            "phase",
            "of runs",
            "seeds",
            "generalized",
            "95 %",
            "median step",
            "range",
            "test",
            "gen. units",
        ],
        n_text: 2,
        rows: rows.collect(),
    }
}

/// Letter, name and meaning of every phase, for help.
pub fn legend() -> impl Iterator<Item = (char, &'static str, &'static str)> {
    Phase::ALL.into_iter().map(|phase| (phase.letter(), phase.name(), phase.meaning()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing_checks::{assert_sound, assert_texts_apart, has_a_broken_number, texts};
    use dunwu::sweep::fixture::{Row, results};
    use dunwu_engine::spec::Value;

    /// Tasks against fractions: runs generalize from 1.1 times the theory's sample size on, nearly so from 0.7 times on.
    fn of_tasks(orders: &[i64], n_fractions: i64, n_seeds: i64) -> Diagram {
        let row = |m: i64, i: i64, seed: i64| {
            let n = m * m * i / (n_fractions + 1);
            let excess =
                n as f64 / (1.1 * 2.7482 * m as f64 * (m as f64).ln()) * (1.0 + 0.03 * ((seed * 7 + i) % 5) as f64);
            let row = match excess {
                e if e >= 1.0 => Row::grokked(m, n, seed, (120.0 + 1500.0 / e.powi(6)) as i64),
                e if e < 0.15 => Row::censored(m, n, seed, 0.0).without("step_memorized"),
                e => Row::censored(m, n, seed, ((e - 0.5) * 1.2).max(0.01)),
            };
            let generalizing = (200.0 * (excess - 0.5).clamp(0.0, 1.0)) as i64;
            let row = row.with("units_generalizing", Value::Int(generalizing));
            let row = row.with("units_memorizing", Value::Int(200 - generalizing));
            let row = row.with("units_undecided", Value::Int(9)).with("units_dead", Value::Int(40));
            row.with("data.fraction", Value::Float(i as f64 / (n_fractions + 1) as f64))
        };
        let mut rows = Vec::new();
        for &m in orders {
            for i in 1..=n_fractions {
                let n_seeds = if m == orders[0] && i < 4 { 2 } else { n_seeds };
                rows.extend((0..n_seeds).map(|seed| row(m, i, seed)));
            }
        }
        Diagram::of(&results(&rows), None, None).unwrap()
    }

    /// A fine grid of two settings of the optimizer, with every phase.
    fn fine(n: i64) -> Diagram {
        let row = |i: i64, j: i64| {
            let (rate, decay) = (i as f64 / n as f64, j as f64 / n as f64);
            let ended = |outcome: &str| Row::censored(23, 200, 0, 0.3).with("outcome", outcome.into());
            let row = match (rate + decay, rate - decay) {
                (sum, _) if sum > 1.8 => ended("collapsed"),
                _ if rate > 0.93 => ended("diverged"),
                (sum, _) if sum < 0.25 => Row::censored(23, 200, 0, 0.0).without("step_memorized"),
                (_, difference) if difference > 0.45 => Row::censored(23, 200, 0, 0.1),
                (_, difference) if difference > 0.25 => Row::censored(23, 200, 0, 0.5),
                (_, difference) if difference > -0.1 => Row::grokked(23, 200, 0, 900),
                _ if i == 3 && j > 12 => ended("failed"),
                _ => Row::grokked(23, 200, 0, 100),
            };
            row.with("optimizer.learning_rate", Value::Float(1e-3 * (1.0 + 99.0 * rate)))
                .with("optimizer.weight_decay", Value::Float(1e-5 * 10f64.powf(3.0 * decay)))
        };
        let rows: Vec<Row> = (0..n).flat_map(|i| (0..n).map(move |j| (i, j))).map(|(i, j)| row(i, j)).collect();
        Diagram::of(&results(&rows), None, None).unwrap()
    }

    fn activations() -> Diagram {
        let names = ["square", "relu", "a very long name of an activation", "gelu < \"silu\" & more"];
        let row = |(i, name): (usize, &&str)| {
            let row = Row::grokked(23, 200, i as i64, 100 + i as i64).with("model.activation", (*name).into());
            row.with("optimizer.name", if i % 2 == 0 { "adam".into() } else { "muon".into() })
        };
        let rows: Vec<Row> = names.iter().enumerate().map(row).collect();
        Diagram::of(&results(&rows), Some("model.activation"), Some("optimizer.name")).unwrap()
    }

    fn samples() -> Vec<(&'static str, Diagram)> {
        vec![
            ("thirteen by seven", of_tasks(&[23, 31, 41, 53, 71, 97, 127], 13, 5)),
            ("forty by forty", fine(40)),
            ("three by three", fine(3)),
            ("one row", of_tasks(&[41], 9, 4)),
            ("two cells", of_tasks(&[41], 2, 1)),
            ("names", activations()),
        ]
    }

    #[test]
    fn every_diagram_is_sound_and_its_texts_stand_apart() {
        for (name, diagram) in samples() {
            let page = page(&diagram, "a setting = <1>");
            assert!(!has_a_broken_number(&page.html), "{name}");
            let xml = page.html.strip_prefix("<!doctype html>").unwrap();
            roxmltree::Document::parse(xml).unwrap_or_else(|error| panic!("{name}: {error}"));
            for (drawing, svg) in &page.drawings {
                assert_sound(svg, &format!("{name}, {drawing}"));
                assert_texts_apart(svg, &format!("{name}, {drawing}"));
            }
        }
    }

    #[test]
    fn every_cell_has_the_letter_of_its_phase() {
        let diagram = of_tasks(&[23, 31, 41, 53, 71, 97, 127], 13, 5);
        let page = page(&diagram, "");
        let document = roxmltree::Document::parse(&page.drawings[0].1).unwrap();
        let words: Vec<String> = texts(&document).into_iter().map(|text| text.words).collect();
        for (phase, n) in diagram.counts() {
            let letter = phase.letter().to_string();
            let written = words.iter().filter(|word| word.trim_end_matches('?') == letter).count();
            assert_eq!(written, n + 1, "{} and its legend", phase.name());
        }
        let few = diagram.cells.iter().filter(|cell| cell.few_seeds).count();
        assert_eq!(
            words.iter().filter(|word| word.len() > 1 && word.chars().count() == 2 && word.ends_with('?')).count(),
            few
        );
    }

    #[test]
    fn the_text_has_a_row_a_value_and_says_where_the_boundary_is() {
        let diagram = of_tasks(&[23, 41], 9, 4);
        let text = text(&diagram);
        let lines: Vec<&str> = text.lines().collect();
        assert!(
            lines[1].trim_start().starts_with("cyclic:23") && lines[2].trim_start().starts_with("cyclic:41"),
            "{text}"
        );
        assert!(lines[1].contains("M?") && lines[2].ends_with('G') && lines[3].ends_with("data.fraction"), "{text}");
        let story = sentences(&diagram).join(" ");
        assert!(
            story.contains("18 cells") && story.contains("Over 2 lines") && story.contains("Fewer than 3 seeds"),
            "{story}"
        );
        let wide = super::text(&fine(40));
        assert!(wide.lines().all(|line| line.chars().count() <= COLUMNS), "{wide}");
        assert!(sentences(&fine(3)).iter().any(|sentence| sentence.contains("no boundary")));
    }

    /// Writes the samples to the folder named in `DUNWU_REPORT_DIR`, to be looked at.
    #[test]
    #[ignore = "writes files for the eye, checks nothing that others do not"]
    fn write_the_diagrams() {
        let folder = std::path::PathBuf::from(std::env::var("DUNWU_REPORT_DIR").expect("set DUNWU_REPORT_DIR"));
        for (name, diagram) in samples() {
            let page = page(&diagram, "");
            std::fs::write(folder.join(format!("{}.html", name.replace(' ', "-"))), page.html).unwrap();
        }
    }
}

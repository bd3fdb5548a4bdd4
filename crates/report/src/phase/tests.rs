//! Diagrams of sweeps that were never made, in every skin.

use super::answer::of_diagram;
use super::words::sentences;
use crate::drawing_checks::{assert_page_sound, assert_sound, assert_texts_apart, texts};
use crate::{draw, skin};
use dunwu_engine::spec::Value;
use dunwu_studies::phase::{Diagram, Phase, Within};
use dunwu_studies::sweep::fixture::{Row, results};

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
fn every_diagram_is_sound_in_every_skin() {
    for (name, diagram) in samples() {
        let answer = of_diagram(&diagram, "a setting = <1>");
        for (figure, svg) in draw::documents(&answer) {
            assert_sound(&svg, &format!("{name}, {figure}"));
            assert_texts_apart(&svg, &format!("{name}, {figure}"));
        }
        assert_page_sound(&skin::page(&answer), name);
        let text = skin::terminal(&answer);
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert_eq!(crate::verbs::mistakes("phase", &skin::json(&answer)), [""; 0], "{name}");
    }
}

#[test]
fn every_cell_has_the_letter_of_its_phase() {
    let diagram = of_tasks(&[23, 31, 41, 53, 71, 97, 127], 13, 5);
    let (_, drawing) = draw::documents(&of_diagram(&diagram, "")).remove(0);
    let document = roxmltree::Document::parse(&drawing).unwrap();
    let words: Vec<String> = texts(&document).into_iter().map(|text| text.words).collect();
    for (phase, n) in diagram.counts() {
        let letter = phase.letter().to_string();
        let written = words.iter().filter(|word| word.trim_end_matches('?') == letter).count();
        assert_eq!(written, n + 1, "{} and its legend", phase.name());
    }
    let few = diagram.cells.iter().filter(|cell| cell.few_seeds).count();
    let marked = |word: &&String| word.chars().count() == 2 && word.ends_with('?');
    assert_eq!(words.iter().filter(marked).count(), few);
}

#[test]
fn a_terminal_shows_a_row_a_value_and_where_the_boundary_is() {
    let text = skin::terminal(&of_diagram(&of_tasks(&[23, 41], 9, 4), ""));
    let lines: Vec<&str> = text.lines().collect();
    let row = |task: &str| lines.iter().find(|line| line.trim_start().starts_with(task)).unwrap();
    assert!(row("cyclic:23").contains("M?") && row("cyclic:41").ends_with('G'), "{text}");
    assert!(text.contains("Phases, with data.fraction from left to right"), "{text}");
    assert!(text.contains("95 % interval") && text.contains("ratio"), "the boundary is a table: {text}");
}

#[test]
fn sentences_count_cells_and_lines() {
    let story = sentences(&of_tasks(&[23, 41], 9, 4)).join(" ");
    for wanted in ["of 18 cells", "Over 2 lines", "Fewer than 3 seeds"] {
        assert!(story.contains(wanted), "{wanted}: {story}");
    }
    assert!(sentences(&of_tasks(&[41], 9, 4)).iter().any(|sentence| sentence.contains("samples on")));
    assert!(sentences(&fine(3)).iter().any(|sentence| sentence.contains("no boundary")));
}

/// The headline's count from the cells themselves: runs are generalizing where the made-up excess is at least 1.
#[test]
fn the_headline_counts_the_cells_in_which_most_seeds_generalize() {
    let diagram = of_tasks(&[41], 9, 4);
    let n = diagram.cells.iter().filter(|cell| 2 * cell.generalized > cell.runs - cell.failed).count();
    assert!(0 < n && n < 9, "{n}");
    let headline = of_diagram(&diagram, "").headline;
    assert_eq!(headline, format!("More than half of the seeds generalize in {n} of 9 cells (30 runs)."));
}

#[test]
fn programs_read_the_names_that_people_do() {
    for phase in Phase::ALL {
        assert_eq!(serde_json::to_value(phase).unwrap(), phase.name());
    }
    for within in [Within::Below, Within::Swept, Within::Beyond] {
        assert_eq!(serde_json::to_value(within).unwrap(), within.name());
    }
}

/// Writes the samples to the folder named in `DUNWU_REPORT_DIR`, to be looked at.
#[test]
#[ignore = "writes files for the eye, checks nothing that others do not"]
fn write_the_diagrams() {
    let folder = std::path::PathBuf::from(std::env::var("DUNWU_REPORT_DIR").expect("set DUNWU_REPORT_DIR"));
    for (name, diagram) in samples() {
        let page = skin::page(&of_diagram(&diagram, "model.width = 256"));
        std::fs::write(folder.join(format!("phase-{}.html", name.replace(' ', "-"))), page).unwrap();
    }
}

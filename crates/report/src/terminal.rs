//! A run in a terminal of 80 columns, without colour.

use super::view::View;
use super::words::{self, count, counted, list, percent};
use dunwu::answer::LABELS;
use dunwu::answer::Scale;
use dunwu::opened::{Frame, UnitLabel};

/// Columns of running text.
const COLUMNS: usize = 80;
/// Cells of a plot; each holds 2 × 4 dots of braille.
const PLOT_COLUMNS: usize = 64;
const PLOT_ROWS: usize = 4;
/// Snapshots listed in the table of labels.
const MOST_FRAMES: usize = 14;

/// The run, top down: what happened, the stages, the curves, the units, the irreps.
pub(super) fn text(view: &View<'_>) -> String {
    let opened = view.opened;
    let sections = [
        format!("{}\n{}", clean(&opened.task), "─".repeat(opened.task.chars().count().clamp(1, COLUMNS))),
        wrapped(&words::outcome(opened), ""),
        opened.story.iter().map(|sentence| wrapped(&clean(sentence), "  ")).collect::<Vec<_>>().join("\n"),
        stages(view),
        plots(view),
        labels(view),
        irreps(view),
    ];
    let mut text = sections.into_iter().filter(|s| !s.is_empty()).collect::<Vec<_>>().join("\n\n");
    text.push('\n');
    text
}

/// A text that may hold anything, as a paragraph.
pub(super) fn paragraph(text: &str, indent: &str) -> String {
    wrapped(&clean(text), indent)
}

/// Without control characters, which could drive the terminal.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// Broken between words to fit the terminal, every line indented.
fn wrapped(text: &str, indent: &str) -> String {
    let mut lines = vec![String::from(indent)];
    // A number stays with its percent sign.
    let text = text.replace(" %", "\u{a0}%");
    for word in text.split([' ', '\n', '\t']).filter(|word| !word.is_empty()) {
        let line = lines.last_mut().expect("begins with one line");
        let is_start = line.len() == indent.len();
        if !is_start && line.chars().count() + 1 + word.chars().count() > COLUMNS {
            lines.push(format!("{indent}{word}"));
        } else {
            if !is_start {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join("\n")
}

fn stages(view: &View<'_>) -> String {
    let mut lines = Vec::new();
    for span in &view.opened.stages {
        let (numeral, name) = words::stage(span.name);
        let steps = format!("{} to {}", count(span.from), count(span.to));
        let head = format!("  {:<17} {steps:<18} ", format!("{numeral} {name}"));
        let evidence = wrapped(&clean(&span.evidence), &" ".repeat(head.chars().count()));
        lines.push(format!("{head}{}", evidence.trim_start()));
    }
    if lines.is_empty() { String::new() } else { format!("Stages (steps, why they begin)\n{}", lines.join("\n")) }
}

fn plots(view: &View<'_>) -> String {
    let x = Scale::Step { last: view.last_step() as f64 };
    let train = view.evaluated(|s| Some(s.train_accuracy));
    let test = view.evaluated(|s| s.test_accuracy);
    let mut lines = Vec::new();
    for (name, points) in [("Train accuracy", train), ("Test accuracy", test)] {
        if points.is_empty() {
            continue;
        }
        lines.push(format!("{name}, by step (logarithmic)"));
        for (i, row) in braille(&points, x).into_iter().enumerate() {
            let tick = if i == 0 {
                "1 ┤"
            } else if i + 1 == PLOT_ROWS {
                "0 ┤"
            } else {
                "  │"
            };
            lines.push(format!("  {tick}{}", row.trim_end_matches('\u{2800}')));
        }
    }
    if lines.is_empty() {
        return String::new();
    }
    lines.extend(axis(x));
    lines.extend(view.events().into_iter().filter_map(|(step, name)| {
        let column = column_of(x, step as f64)?;
        let label = format!("{name} at {}", count(step));
        let beside = column + 2 + label.len() <= PLOT_COLUMNS + 8;
        let indent = if beside { 5 + column } else { (5 + column).saturating_sub(label.len() + 1) };
        let marked = if beside { format!("▲ {label}") } else { format!("{label} ▲") };
        Some(format!("{}{marked}", " ".repeat(indent)))
    }));
    lines.join("\n")
}

fn column_of(x: Scale, step: f64) -> Option<usize> {
    Some(((x.place(step)? * (PLOT_COLUMNS - 1) as f64).round() as usize).min(PLOT_COLUMNS - 1))
}

/// The base line with labelled decades.
fn axis(x: Scale) -> [String; 2] {
    let mut line: Vec<char> = "    └".chars().chain(std::iter::repeat_n('─', PLOT_COLUMNS)).collect();
    let mut labels: Vec<char> = vec![' '; PLOT_COLUMNS + 16];
    let mut free = 0;
    for tick in x.ticks() {
        let (Some(column), Some(label)) = (column_of(x, tick.value), tick.label) else { continue };
        line[5 + column] = '┴';
        if 5 + column >= free {
            label.chars().enumerate().for_each(|(i, c)| labels[5 + column + i] = c);
            free = 5 + column + label.chars().count() + 1;
        }
    }
    [line.into_iter().collect(), labels.into_iter().collect::<String>().trim_end().to_owned()]
}

/// A curve of shares in [0, 1] as rows of braille, each cell 2 dots wide and 4 high, neighbours joined.
fn braille(points: &[(f64, f64)], x: Scale) -> Vec<String> {
    const BITS: [[u32; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
    let (width, height) = (PLOT_COLUMNS * 2, PLOT_ROWS * 4);
    let mut cells = vec![vec![0u32; PLOT_COLUMNS]; PLOT_ROWS];
    let dot = |&(step, share): &(f64, f64)| {
        let (across, up) = (x.place(step)?, Scale::Linear { low: 0.0, high: 1.0 }.place(share)?);
        Some((across * (width - 1) as f64, (1.0 - up) * (height - 1) as f64))
    };
    let mut before: Option<(f64, f64)> = None;
    for place in points.iter().map(dot) {
        if let Some((x1, y1)) = place {
            let (x0, y0) = before.unwrap_or((x1, y1));
            let n = (x1 - x0).abs().max((y1 - y0).abs()).ceil().max(1.0);
            for i in 0..=n as usize {
                let t = i as f64 / n;
                let (column, row) = ((x0 + t * (x1 - x0)).round() as usize, (y0 + t * (y1 - y0)).round() as usize);
                cells[row / 4][column / 2] |= BITS[column % 2][row % 4];
            }
        }
        before = place;
    }
    let glyph = |bits: u32| char::from_u32(0x2800 + bits).expect("U+2800 to U+28FF are braille");
    cells.into_iter().map(|row| row.into_iter().map(glyph).collect()).collect()
}

fn labels(view: &View<'_>) -> String {
    let frames = &view.opened.frames;
    if frames.iter().all(|f| f.labels.is_empty()) {
        return String::new();
    }
    let has_irreps = view.coverage().is_some();
    let head = format!("  {:>9}  {:>12} {:>10} {:>9} {:>7}", "step", "generalizing", "memorizing", "undecided", "dead");
    let irreps = if has_irreps { "  irreps" } else { "" };
    let mut lines = vec!["Units by label, at snapshots".to_owned(), format!("{head}{irreps}")];
    // Evenly over the snapshots, the last one always among them.
    let n = frames.len().min(MOST_FRAMES);
    let mut shown: Vec<usize> = (0..n).map(|i| if n == 1 { 0 } else { i * (frames.len() - 1) / (n - 1) }).collect();
    shown.dedup();
    for frame in shown.into_iter().map(|i| &frames[i]) {
        let [generalizing, memorizing, undecided, dead] =
            LABELS.map(|label| count(View::labelled(frame, label) as u64));
        let covered = if has_irreps { format!("  {:>6}", count(covered(view, frame) as u64)) } else { String::new() };
        lines.push(format!(
            "  {:>9}  {generalizing:>12} {memorizing:>10} {undecided:>9} {dead:>7}{covered}  {}",
            count(frame.step),
            bar(frame)
        ));
    }
    lines.join("\n")
}

fn covered(view: &View<'_>, frame: &Frame) -> usize {
    view.nontrivial().iter().filter(|&&(k, _)| view.carriers(frame, k).is_some_and(|n| n > 0)).count()
}

/// Twelve cells: generalizing ones full, memorizing ones dark, the rest light.
fn bar(frame: &Frame) -> String {
    const CELLS: usize = 12;
    let all = frame.labels.len().max(1);
    let cells = |n: usize| (n * CELLS + all / 2) / all;
    let generalizing = cells(View::labelled(frame, UnitLabel::Generalizing));
    let memorizing = cells(View::labelled(frame, UnitLabel::Memorizing)).min(CELLS - generalizing);
    format!("{}{}{}", "█".repeat(generalizing), "▒".repeat(memorizing), "·".repeat(CELLS - generalizing - memorizing))
}

fn irreps(view: &View<'_>) -> String {
    if let Some(why) = view.why_no_irreps() {
        return wrapped(&format!("Irreps: not defined here: {}.", clean(&why)), "");
    }
    let Some(coverage) = view.coverage() else { return String::new() };
    let names = view.opened.irreps.as_deref().unwrap_or_default();
    let missing: Vec<String> = coverage.missing.iter().map(|&k| clean(&names[k].name)).collect();
    let all = coverage.covered.len() + missing.len();
    let share = percent(coverage.covered.len() as f64 / all as f64);
    let text = format!(
        "Irreps: {} of {} covered ({share}); missing: {}.",
        count(coverage.covered.len() as u64),
        counted(all, "nontrivial irrep"),
        list(&missing, 12)
    );
    wrapped(&text, "")
}

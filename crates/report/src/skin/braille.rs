//! Curves in a terminal: a figure's lines as rows of braille, a strip a curve, over one axis.

use super::terminal::{COLUMNS, clean, paragraph};
use dunwu::answer::wording::number;
use dunwu::answer::{Drawing, Figure, Layer, Line, Plot, Plots, Scale};

/// Cells of a strip; each holds 2 × 4 dots of braille.
const STRIP_COLUMNS: usize = 64;
const STRIP_ROWS: usize = 4;

/// The solid lines with a name of a figure's plots; `None` where it has none.
pub(super) fn curves(figure: &Figure) -> Option<String> {
    let Some(Drawing::Plots(Plots { plots, .. })) = &figure.drawing else { return None };
    let shown: Vec<(&Plot, Vec<&Line>)> =
        plots.iter().map(|plot| (plot, named_lines(plot))).filter(|(_, lines)| !lines.is_empty()).collect();
    let ends = |plot: &Plot| [number(plot.y.scale.low()), number(plot.y.scale.high())];
    let margin = shown.iter().flat_map(|(plot, _)| ends(plot)).map(|end| end.chars().count()).max()?;
    let mut lines = vec![paragraph(&figure.title, "")];
    for (plot, curves) in &shown {
        let [low, high] = ends(plot);
        for curve in curves {
            let name = curve.name.as_deref().unwrap_or_default();
            lines.push(paragraph(&strip_title(&plot.title, name), ""));
            for (i, row) in strip(&curve.points, plot.x.scale, plot.y.scale).into_iter().enumerate() {
                let tick = match i {
                    0 => format!("  {high:>margin$} ┤"),
                    _ if i + 1 == STRIP_ROWS => format!("  {low:>margin$} ┤"),
                    _ => format!("  {:>margin$} │", ""),
                };
                lines.push(format!("{tick}{}", row.trim_end_matches('\u{2800}')));
            }
        }
    }
    let (last, _) = shown.last()?;
    lines.extend(axis(last.x.scale, margin));
    lines.extend(last.marks.iter().filter(|mark| !mark.name.is_empty()).filter_map(|mark| {
        let column = column_of(last.x.scale, mark.at)?;
        let (name, left) = (clean(&mark.name), margin + 4 + column);
        let is_beside = left + 2 + name.chars().count() <= COLUMNS;
        let indent = if is_beside { left } else { left.saturating_sub(name.chars().count() + 1) };
        let marked = if is_beside { format!("▲ {name}") } else { format!("{name} ▲") };
        Some(format!("{}{marked}", " ".repeat(indent)))
    }));
    lines.extend(last.x.title.as_deref().map(|title| format!("{:margin$}    {}", "", clean(title))));
    Some(lines.join("\n"))
}

/// The quantity and the curve's name; the unit in parentheses, which may speak of colours too, where there is room on the line.
fn strip_title(title: &str, name: &str) -> String {
    let whole = format!("{title}: {name}");
    match title.split_once(" (") {
        Some((quantity, _)) if whole.chars().count() > COLUMNS => format!("{quantity}: {name}"),
        _ => whole,
    }
}

/// The solid lines with a name, the foremost first; dashed ones only accompany them.
fn named_lines(plot: &Plot) -> Vec<&Line> {
    let lines =
        plot.layers.iter().rev().filter_map(|layer| if let Layer::Line(line) = layer { Some(line) } else { None });
    lines.filter(|line| line.name.is_some() && !line.dashed && !line.points.is_empty()).collect()
}

fn column_of(x: Scale, value: f64) -> Option<usize> {
    Some(((x.place(value)? * (STRIP_COLUMNS - 1) as f64).round() as usize).min(STRIP_COLUMNS - 1))
}

/// The base line with labelled marks.
fn axis(x: Scale, margin: usize) -> [String; 2] {
    let left = margin + 4;
    let mut line: Vec<char> = " ".repeat(margin + 3).chars().chain(['└']).collect();
    line.extend(std::iter::repeat_n('─', STRIP_COLUMNS));
    let mut labels: Vec<char> = vec![' '; COLUMNS];
    let mut free = 0;
    for tick in x.ticks() {
        let (Some(column), Some(label)) = (column_of(x, tick.value), tick.label) else { continue };
        line[left + column] = '┴';
        let end = left + column + label.chars().count();
        if left + column >= free && end <= COLUMNS {
            label.chars().enumerate().for_each(|(i, c)| labels[left + column + i] = c);
            free = end + 1;
        }
    }
    [line.into_iter().collect(), labels.into_iter().collect::<String>().trim_end().to_owned()]
}

/// A curve as rows of braille, each cell 2 dots wide and 4 high, neighbours joined.
fn strip(points: &[(f64, f64)], x: Scale, y: Scale) -> Vec<String> {
    const BITS: [[u32; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
    let (width, height) = (STRIP_COLUMNS * 2, STRIP_ROWS * 4);
    let mut cells = vec![vec![0u32; STRIP_COLUMNS]; STRIP_ROWS];
    let dot = |&(at, value): &(f64, f64)| {
        let (across, up) = (x.place(at)?, y.place(value)?);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_title_of_a_strip_fits_one_line() {
        let long = "Where it ends (share of random starts; green: of training runs, those that generalize)";
        assert_eq!(strip_title(long, "memory peaks"), "Where it ends: memory peaks");
        assert_eq!(strip_title("Loss (nats a sample)", "test"), "Loss (nats a sample): test");
    }

    /// A straight line from corner to corner has a dot in every column of cells, and its first and last cells are the corners.
    #[test]
    fn a_strip_rises_where_the_curve_does() {
        let unit = Scale::Linear { low: 0.0, high: 1.0 };
        let rows = strip(&[(0.0, 0.0), (1.0, 1.0)], unit, unit);
        assert_eq!(rows.len(), STRIP_ROWS);
        assert!(rows[3].starts_with('⣀') && rows[0].ends_with('⠉'), "{rows:?}");
        let columns =
            (0..STRIP_COLUMNS).map(|i| rows.iter().filter(|row| row.chars().nth(i) != Some('\u{2800}')).count());
        assert!(columns.into_iter().all(|n| (1..=2).contains(&n)), "{rows:?}");
        let gap = strip(&[(0.0, 0.0), (0.2, f64::NAN), (1.0, 0.0)], unit, unit);
        assert_eq!(gap[3].chars().filter(|&c| c != '\u{2800}').count(), 2, "{gap:?}");
    }
}

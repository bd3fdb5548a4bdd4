//! A row a line, as tables and spreadsheets are saved.

use super::{Place, WrittenRow};

/// What may stand between cells, the most telling first; blanks stand between them where none of these does.
const SEPARATORS: [char; 5] = [';', ',', '|', '&', '\t'];

/// Whether the line is for people: `#` as in Python, R and GAP, `%` as in MATLAB and TeX, `//`, or a command of TeX.
pub(super) fn is_comment(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with(['#', '%', '\\']) || line.starts_with("//")
}

/// The rows of a text: lines without comments, rules and blank ones.
pub(super) fn read(text: &str) -> Vec<WrittenRow> {
    let lines = text.lines().enumerate().map(|(line, text)| (Place::Line(line + 1), bare(text)));
    let lines: Vec<(Place, &str)> = lines.filter(|(_, line)| !line.is_empty() && !is_rule(line)).collect();
    let separator = SEPARATORS.into_iter().find(|&separator| {
        // One bar divides the row's name from the row, between whose cells stand blanks.
        let least = if separator == '|' { 2 } else { 1 };
        lines.iter().any(|(_, line)| split(ended(line), |c| c == separator).len() > least)
    });
    let row = |&(place, line): &(Place, &str)| {
        let cells = match separator {
            Some('|') => split(line.trim_matches('|'), |c| c == '|'),
            Some(separator) => split(line, |c| c == separator),
            None => split(ended(line), |c| c.is_whitespace() || c == '|')
                .into_iter()
                .filter(|cell| !cell.is_empty())
                .collect(),
        };
        WrittenRow { place, cells, written: line.to_owned(), is_lone: false }
    };
    let mut rows: Vec<WrittenRow> = lines.iter().map(row).collect();
    drop_trailing_separators(&mut rows);
    drop_colons(&mut rows);
    rows
}

/// The line without the comment behind it, the brackets around it and the line break of TeX.
fn bare(line: &str) -> &str {
    if is_comment(line) {
        return "";
    }
    let line = line.split_once(" #").map_or(line, |(line, _)| line);
    let line = line.trim_matches([' ', '\r']).trim_end().trim_end_matches("\\\\").trim_end();
    // YAML: a key above the rows, and a dash before each.
    if line.strip_suffix(':').is_some_and(|key| key.chars().all(|c| c.is_alphanumeric() || c == '_')) {
        return "";
    }
    let line = line.strip_prefix("- ").filter(|row| row.starts_with('[')).unwrap_or(line);
    unbracketed(line.strip_suffix(',').unwrap_or(line)).unwrap_or(line)
}

/// What stands in one pair of brackets that holds the whole line; `None` of a name such as `(1,2)(3,4)`, or of a lone `()`.
fn unbracketed(line: &str) -> Option<&str> {
    let inner = line.strip_prefix(['(', '['])?.strip_suffix([')', ']'])?;
    (!inner.is_empty() && !inner.contains(['(', ')', '[', ']'])).then_some(inner)
}

/// Lines drawn under a header: `|---|---|`, `+-----+`.
fn is_rule(line: &str) -> bool {
    let is_drawn =
        line.chars().all(|c| matches!(c, '-' | '=' | '+' | '|' | ':' | ' ' | '─' | '━' | '│' | '┼' | '╪' | '═'));
    is_drawn && ["--", "==", "──", "━━", "══"].iter().any(|rule| line.contains(rule))
}

/// The line without a separator at its end, which says nothing of what stands between cells.
fn ended(line: &str) -> &str {
    line.trim_end_matches([';', ',']).trim_end()
}

/// The cells of a line; what stands in quotes or parentheses is not divided, and quotes are taken away.
fn split(line: &str, is_separator: impl Fn(char) -> bool) -> Vec<String> {
    let (mut cells, mut cell, mut depth, mut quote) = (Vec::new(), String::new(), 0u32, None);
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), _) if c == open => {
                if chars.peek() == Some(&open) {
                    chars.next();
                    cell.push(c);
                } else {
                    quote = None;
                }
            }
            (Some(_), _) => cell.push(c),
            (None, '"') if cell.trim().is_empty() => quote = Some(c),
            (None, '\'') if cell.trim().is_empty() && line.matches('\'').count() > 1 => quote = Some(c),
            _ if depth == 0 && is_separator(c) => cells.push(std::mem::take(&mut cell).trim().to_owned()),
            _ => {
                match c {
                    '(' | '[' | '{' | '<' => depth += 1,
                    ')' | ']' | '}' | '>' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                cell.push(c);
            }
        }
    }
    cells.push(cell.trim().to_owned());
    cells
}

/// `0: 0 1` begins with the row's name, where every row but a header does.
fn drop_colons(rows: &mut [WrittenRow]) {
    let is_named = |row: &WrittenRow| row.cells.len() > 1 && row.cells.first().is_some_and(|name| name.ends_with(':'));
    let n_named = rows.iter().filter(|row| is_named(row)).count();
    if n_named == 0 || n_named + 1 < rows.len() || !rows.iter().skip(1).all(is_named) {
        return;
    }
    for name in rows.iter_mut().filter_map(|row| row.cells.first_mut()) {
        name.truncate(name.trim_end_matches(':').len());
    }
}

/// `0,1,` has two cells where a row without the last comma has two, or where all rows end in one.
fn drop_trailing_separators(rows: &mut [WrittenRow]) {
    let least = rows.iter().map(|row| row.cells.len()).min().unwrap_or(0);
    let ends_empty = |row: &WrittenRow| row.cells.len() > 1 && row.cells.last().is_some_and(String::is_empty);
    let all = rows.iter().skip(1).all(ends_empty) && rows.first().is_some_and(ends_empty);
    for row in rows {
        if ends_empty(row) && (all || row.cells.len() > least) {
            row.cells.pop();
        }
    }
}

//! An answer in a terminal of 80 columns, without colour: the headline, the parts that belong here, the sentences.
//!
//! Of figures the curves are shown, and only in parts that are shown here.

use super::braille;
use dunwu::answer::{Answer, Block, Fact, Section, Shown, Table};

/// Columns of a terminal.
pub(super) const COLUMNS: usize = 80;

/// The whole text, without a line feed at its end.
pub fn terminal(answer: &Answer) -> String {
    let mut parts = vec![paragraph(&answer.headline, "")];
    let here = answer.sections.iter().filter(|section| section.shown != Shown::Page);
    parts.extend(here.map(section).filter(|text| !text.is_empty()));
    let sentences: Vec<String> = answer.sentences.iter().map(|sentence| paragraph(sentence, "  ")).collect();
    if !sentences.is_empty() {
        parts.push(sentences.join("\n"));
    }
    parts.join("\n\n")
}

fn section(section: &Section) -> String {
    let blocks: Vec<String> = section.blocks.iter().filter_map(block).collect();
    let title = section.title.iter().filter(|_| !blocks.is_empty()).map(|title| clean(title));
    title.chain([blocks.join("\n\n")]).collect::<Vec<_>>().join("\n")
}

fn block(block: &Block) -> Option<String> {
    Some(match block {
        Block::Table(table) => self::table(table),
        Block::Facts(facts) => facts_in_columns(facts),
        Block::Words(words) => words
            .iter()
            .map(|word| paragraph(&format!("{}: {}", word.name, word.value), "  "))
            .collect::<Vec<_>>()
            .join("\n"),
        Block::Paragraphs(paragraphs) => {
            paragraphs.iter().map(|text| paragraph(text, "  ")).collect::<Vec<_>>().join("\n")
        }
        // A command is copied as it is, however long.
        Block::Command(command) => format!("  {}", clean(command)),
        Block::Verbatim(lines) => {
            lines.iter().map(|line| format!("    {}", clean(line))).collect::<Vec<_>>().join("\n")
        }
        Block::Figure(figure) => return braille::curves(figure),
        Block::Slides(_) => return None,
    })
}

fn facts_in_columns(facts: &[Fact]) -> String {
    let width = facts.iter().map(|fact| fact.name.chars().count()).max().unwrap_or(0);
    facts
        .iter()
        .map(|fact| {
            let value = paragraph(&fact.value, &" ".repeat(width + 4));
            format!("  {:<width$}  {}", clean(&fact.name), value.trim_start())
        })
        .collect::<Vec<_>>()
        .join("\n")
}

/// Columns padded to their widest cell. A table that is wider than the terminal is printed in several parts, each of which repeats
/// the columns of words that it begins with.
fn table(table: &Table) -> String {
    let cells: Vec<Vec<String>> =
        table.rows.iter().map(|row| row.iter().map(|cell| clean(&cell.shown())).collect()).collect();
    let width = |column: usize| {
        let head = table.columns[column].head.chars().count();
        cells.iter().map(|row| row[column].chars().count()).chain([head]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..table.columns.len()).map(width).collect();
    let n_keys = table.columns.iter().take_while(|column| column.is_text).count().min(1);
    let keys: Vec<usize> = (0..n_keys).collect();
    let used = |columns: &[usize]| columns.iter().map(|&column| widths[column] + 2).sum::<usize>();
    let mut parts: Vec<Vec<usize>> = vec![keys.clone()];
    for (column, &width) in widths.iter().enumerate().skip(n_keys) {
        let part = parts.last_mut().expect("begins with one part");
        if used(part) + width + 2 > COLUMNS && part.len() > n_keys {
            parts.push(keys.iter().copied().chain([column]).collect());
        } else {
            part.push(column);
        }
    }
    let line = |columns: &[usize], text: &dyn Fn(usize) -> String| {
        let padded = columns.iter().map(|&column| {
            let (text, width) = (text(column), widths[column]);
            if table.columns[column].is_text { format!("  {text:<width$}") } else { format!("  {text:>width$}") }
        });
        padded.collect::<String>().trim_end().to_owned()
    };
    let printed = parts.iter().map(|columns| {
        let head = line(columns, &|column| table.columns[column].head.clone());
        let rows = cells.iter().map(|row| line(columns, &|column| row[column].clone()));
        [head].into_iter().chain(rows).collect::<Vec<_>>().join("\n")
    });
    printed.collect::<Vec<_>>().join("\n\n")
}

/// A text that may hold anything, as a paragraph.
pub(crate) fn paragraph(text: &str, indent: &str) -> String {
    wrapped(&clean(text), indent)
}

/// Without control characters, which could drive the terminal.
pub(super) fn clean(text: &str) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_table_is_printed_in_parts_that_fit() {
        let heads: Vec<String> = (0..20).map(|i| format!("column {i}")).collect();
        let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
        let row = |name: &str| {
            let cells = (1..20).map(dunwu::answer::TableCell::Count);
            [name.into()].into_iter().chain(cells).collect()
        };
        let text = table(&Table::new("wide", 1, &heads, vec![row("first"), row("second")]));
        assert!(text.lines().all(|line| line.chars().count() <= COLUMNS), "{text}");
        for head in heads {
            assert!(text.contains(head), "{head} is missing in {text}");
        }
        assert!(text.matches("second").count() > 2, "each part names its rows");
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(paragraph("a\u{1b}[2Jb", ""), "a\u{fffd}[2Jb");
    }
}

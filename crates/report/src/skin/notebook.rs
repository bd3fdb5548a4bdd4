//! An answer as a piece of HTML for the output of a notebook's cell: the story, the figures, the tables. No scripts and no style sheet, which
//! would reach into the notebook; drawings are images, whose names cannot meet those of other cells.

use crate::draw;
use dunwu::answer::{Answer, Block, Shown, Table};
use maud::{Markup, html};
use std::fmt::Write as _;

/// Rows of a table that are shown; `Answer.tables` has all.
const ROWS: usize = 20;

/// The piece of HTML.
pub fn notebook(answer: &Answer) -> String {
    let blocks =
        answer.sections.iter().filter(|section| section.shown != Shown::Terminal).flat_map(|part| &part.blocks);
    let markup = html! {
        div style="max-width: 60em" {
            p { b { (answer.headline) } }
            @if !answer.sentences.is_empty() { ul { @for sentence in &answer.sentences { li { (sentence) } } } }
            @for block in blocks { (self::block(block)) }
        }
    };
    markup.into_string()
}

fn block(block: &Block) -> Markup {
    match block {
        Block::Figure(figure) => draw::svg(figure).map_or_else(Markup::default, |svg| {
            html! { p { b { (figure.title) } br; img style="max-width: 100%" alt=(figure.title) src=(data_uri(&svg)); br; small { (figure.caption) } } }
        }),
        Block::Table(table) => self::table(table),
        _ => Markup::default(),
    }
}

fn table(table: &Table) -> Markup {
    html! {
        table {
            thead { tr { @for column in &table.columns { th { (column.head) } } } }
            tbody { @for row in table.rows.iter().take(ROWS) { tr { @for cell in row { td { (cell.shown()) } } } } }
        }
        @if table.rows.len() > ROWS { p { small { (table.rows.len() - ROWS) " more rows in tables[\"" (table.name) "\"]" } } }
    }
}

/// A drawing as the address of an image.
fn data_uri(svg: &str) -> String {
    let mut uri = "data:image/svg+xml;charset=utf-8,".to_owned();
    for byte in svg.bytes() {
        match byte {
            b'A'..=b'Z'
            | b'a'..=b'z'
            | b'0'..=b'9'
            | b'-'
            | b'_'
            | b'.'
            | b' '
            | b'='
            | b'/'
            | b':'
            | b','
            | b';'
            | b'('
            | b')' => {
                uri.push(char::from(byte));
            }
            _ => write!(uri, "%{byte:02X}").expect("a String takes everything"),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawing_survives_its_way_into_an_address() {
        let svg = "<svg a=\"#é\">100 %</svg>";
        let uri = data_uri(svg);
        let text = uri.strip_prefix("data:image/svg+xml;charset=utf-8,").expect("it begins so");
        let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
        while let [first, tail @ ..] = rest {
            if *first == b'%' {
                let digits = std::str::from_utf8(&tail[..2]).expect("two digits");
                bytes.push(u8::from_str_radix(digits, 16).expect("hexadecimal ones"));
                rest = &tail[2..];
            } else {
                bytes.push(*first);
                rest = tail;
            }
        }
        assert_eq!(String::from_utf8(bytes).expect("UTF-8"), svg);
        assert!(!text.contains(['<', '>', '"', '#', '&']), "{text}");
    }
}

//! The report: one HTML file that opens anywhere, for decades. No script, nothing fetched.

use super::figures::Figure;
use super::svg::escape;
use std::fmt::Write;

const STYLE: &str = include_str!("page.css");

/// What every page begins and ends with; all but `title` and `lede` is HTML already.
pub(super) struct Head<'a> {
    pub(super) kicker: &'a str,
    pub(super) title: &'a str,
    pub(super) setup: &'a str,
    pub(super) lede: &'a str,
    pub(super) body: &'a str,
    pub(super) footer: &'a str,
}

/// A whole page.
pub(super) fn document(head: &Head<'_>) -> String {
    let Head { kicker, title, setup, lede, body, footer } = head;
    let (title, lede) = (escape(title), prose(lede));
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <meta name=\"generator\" content=\"Dunwu {version}\"/>\n<title>{title} · Dunwu</title>\n<style>\n{STYLE}</style>\n\
         </head>\n<body>\n<main>\n<header>\n<p class=\"kicker\">{kicker}</p>\n<h1>{title}</h1>\n\
         <p class=\"setup\">{setup}</p>\n\
         <p class=\"lede\">{lede}</p>\n</header>\n\
         {body}<footer>Made by Dunwu {version}{footer}</footer>\n</main>\n</body>\n</html>\n",
        version = env!("CARGO_PKG_VERSION"),
    )
}

/// A sentence, in which a number stays with its percent sign.
pub(super) fn prose(text: &str) -> String {
    escape(text).replace(" %", "&#160;%")
}

/// What the words of a page mean.
pub(super) fn words(words: &[(&str, &str)]) -> String {
    let mut text = String::from("<h2>Words used here</h2>\n<dl class=\"words\">\n");
    for (word, meaning) in words {
        write(&mut text, format_args!("<dt>{}</dt>\n<dd>{}</dd>\n", escape(word), escape(meaning)));
    }
    text + "</dl>\n"
}

/// Sentences as the items of a list.
pub(super) fn items(sentences: &[String]) -> String {
    let mut text = String::new();
    for sentence in sentences {
        write(&mut text, format_args!("<li>{}</li>\n", prose(sentence)));
    }
    text
}

/// A table of many columns, in small print.
pub(super) fn dense(table: &str) -> String {
    format!("<div class=\"dense\">\n{table}</div>\n")
}

fn write(page: &mut String, text: std::fmt::Arguments<'_>) {
    page.write_fmt(text).expect("writing to a String cannot fail");
}

pub(super) fn shown(figure: &Figure) -> String {
    let Figure { name, title, caption, svg } = figure;
    let class = if svg.is_some() { "" } else { " class=\"undefined\"" };
    format!(
        "<figure id=\"{name}\"{class}>\n<h3>{}</h3>\n{}<figcaption>{}</figcaption>\n</figure>\n",
        escape(title),
        svg.as_deref().unwrap_or_default(),
        prose(caption),
    )
}

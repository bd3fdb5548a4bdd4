//! Tables for a terminal and for a page, from the same cells.

use crate::svg::escape;
use std::fmt::Write;

/// A table: the first column is text, the others are numbers.
pub(crate) struct Table {
    pub(crate) head: Vec<&'static str>,
    /// How many of the first columns are text.
    pub(crate) n_text: usize,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Table {
    /// Columns padded to their widest cell.
    pub(crate) fn text(&self) -> String {
        let cells = || self.rows.iter().map(|row| row.iter().map(String::as_str).collect::<Vec<_>>());
        let width = |column: usize| {
            let head = self.head[column].chars().count();
            cells().map(|row| row[column].chars().count()).chain([head]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.head.len()).map(width).collect();
        let line = |row: &[&str]| {
            let padded = row.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| {
                if column < self.n_text { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
            });
            format!("  {}", padded.collect::<Vec<_>>().join("  ")).trim_end().to_owned()
        };
        let mut lines = vec![line(&self.head)];
        lines.extend(cells().map(|row| line(&row)));
        lines.join("\n")
    }

    /// The same as HTML; what is wider than the page is moved sideways.
    pub(crate) fn html(&self) -> String {
        let class = |column: usize| if column < self.n_text { "" } else { " class=\"n\"" };
        let mut html = String::from("<div class=\"wide\">\n<table>\n<thead><tr>");
        for (column, head) in self.head.iter().enumerate() {
            write!(html, "<th{}>{}</th>", class(column), escape(head)).expect("writing to a String cannot fail");
        }
        html += "</tr></thead>\n<tbody>\n";
        for row in &self.rows {
            html += "<tr>";
            for (column, cell) in row.iter().enumerate() {
                write!(html, "<td{}>{}</td>", class(column), escape(cell)).expect("writing to a String cannot fail");
            }
            html += "</tr>\n";
        }
        html + "</tbody>\n</table>\n</div>\n"
    }
}

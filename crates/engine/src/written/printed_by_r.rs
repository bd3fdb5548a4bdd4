//! Matrices as R prints them, which is how they are copied from a session.
//!
//! ```text
//!      [,1] [,2]
//! [1,]    1    2
//! [2,]    2    1
//! ```

use super::{Place, WrittenRow};

/// The rows; `None` of anything else. What is too wide for a line stands in blocks of columns, one below the other.
pub(super) fn read(text: &str) -> Option<Vec<WrittenRow>> {
    if !text.starts_with("[,1]") {
        return None;
    }
    let mut rows: Vec<WrittenRow> = Vec::new();
    for (line, text) in text.lines().enumerate() {
        let text = text.trim();
        if text.is_empty() || text.starts_with("[,") {
            continue;
        }
        let (number, cells) = text.strip_prefix('[')?.split_once(",]")?;
        let number: usize = number.trim().parse().ok()?;
        let cells = cells.split_whitespace().map(|cell| cell.trim_matches('"').to_owned());
        if number == rows.len() + 1 {
            let place = Place::Line(line + 1);
            rows.push(WrittenRow { place, cells: cells.collect(), written: text.to_owned(), is_lone: false });
        } else {
            rows.get_mut(number.checked_sub(1)?)?.cells.extend(cells);
        }
    }
    Some(rows)
}

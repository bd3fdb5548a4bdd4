//! Cursors: opaque texts that say where a list goes on, for `tools/list` and for tools whose results are longer than an answer.

use crate::tool::ToolError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Part of a list, and where it goes on: what a tool with many results returns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Give this as `cursor` to the same tool for the next items; absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", default)] // absent at the end, and never null
    pub next_cursor: Option<String>,
}

/// A cursor that this list did not give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the cursor is none that this list gave")]
pub struct CursorError;

impl From<CursorError> for ToolError {
    fn from(error: CursorError) -> Self {
        Self::argument("cursor", error.to_string(), "leave it out to begin, or give a nextCursor as it came")
    }
}

/// A cursor to a position of a list. `list` names the list and whatever selects its items, so that a cursor of another
/// list, or of the same one with another filter, is refused.
pub fn write_cursor(list: &str, position: u64) -> String {
    format!("{:016x}{position:x}", checksum(list, position))
}

/// The position that [`write_cursor`] wrote for the same list; 0 without a cursor.
pub fn read_cursor(list: &str, cursor: Option<&str>) -> Result<u64, CursorError> {
    let Some(cursor) = cursor else { return Ok(0) };
    let (sum, position) = cursor.split_at_checked(16).ok_or(CursorError)?;
    let [sum, position] = [sum, position].map(|digits| u64::from_str_radix(digits, 16).ok());
    let position = position.ok_or(CursorError)?;
    let is_ours = sum == Some(checksum(list, position)) && cursor == write_cursor(list, position);
    if is_ours { Ok(position) } else { Err(CursorError) }
}

/// The part of a list that begins at a cursor, with at most `n_most` items.
pub fn page<T: Clone>(list: &str, items: &[T], cursor: Option<&str>, n_most: usize) -> Result<Page<T>, CursorError> {
    let first = read_cursor(list, cursor)? as usize;
    let rest = items.get(first..).ok_or(CursorError)?;
    let taken = rest.len().min(n_most.max(1));
    let next_cursor = (taken < rest.len()).then(|| write_cursor(list, (first + taken) as u64));
    Ok(Page { items: rest.iter().take(taken).cloned().collect(), next_cursor })
}

/// FNV-1a. It finds mistakes; nobody has to be kept out of a list that he may read anyway.
fn checksum(list: &str, position: u64) -> u64 {
    let bytes = list.bytes().chain(position.to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_the_list() {
        let items: Vec<usize> = (0..10).collect();
        for n_most in 0..12 {
            let (mut whole, mut cursor) = (Vec::new(), None);
            loop {
                let page = page("numbers", &items, cursor.as_deref(), n_most).unwrap();
                assert!(!page.items.is_empty());
                whole.extend(page.items);
                cursor = page.next_cursor;
                if cursor.is_none() {
                    break;
                }
            }
            assert_eq!(whole, items);
        }
        assert_eq!(page::<u8>("none", &[], None, 3).unwrap(), Page { items: Vec::new(), next_cursor: None });
    }

    #[test]
    fn a_cursor_of_another_list_or_of_nobody_is_refused() {
        let cursor = write_cursor("numbers", 4);
        assert_eq!(read_cursor("numbers", Some(&cursor)), Ok(4));
        assert_eq!(read_cursor("letters", Some(&cursor)), Err(CursorError));
        for text in
            ["", "4", "x", "0000000000000000", "é".repeat(9).as_str(), &cursor.to_uppercase(), &format!("{cursor}0")]
        {
            assert_eq!(read_cursor("numbers", Some(text)), Err(CursorError), "{text}");
        }
        let beyond = write_cursor("numbers", 4);
        assert_eq!(page("numbers", &[1, 2], Some(&beyond), 9), Err(CursorError));
    }
}

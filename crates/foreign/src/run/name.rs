//! What a series, a layer or a tensor can be called.

use super::error::ForeignError;

/// Bytes of a name.
const MOST: usize = 300;

/// Checks the name of a series of numbers by step.
pub(super) fn check_series(name: &str) -> Result<(), ForeignError> {
    if name == "step" {
        let why = "tables have a column `step` of their own; call it something else, such as `epoch`";
        return Err(ForeignError::Name { what: "series", name: name.to_owned(), why });
    }
    check("series", name)
}

/// Checks any other name.
pub(super) fn check(what: &'static str, name: &str) -> Result<(), ForeignError> {
    let why = if name.trim().is_empty() {
        "it is empty; write at least a letter"
    } else if name.len() > MOST {
        "it is longer than 300 bytes; shorten it"
    } else if name.chars().any(char::is_control) {
        "it holds a line feed or another control character; leave it out"
    } else {
        return Ok(());
    };
    Err(ForeignError::Name { what, name: name.chars().take(MOST).collect(), why })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_every_tracker_are_taken_and_what_breaks_tables_is_not() {
        for name in ["loss", "train/loss", "val.acc", "_runtime", "layers.0.weight", "准确率", "a b"] {
            assert!(check_series(name).is_ok(), "{name}");
        }
        for name in ["step", "", "  ", "a\nb", "a\0", &"x".repeat(301)] {
            assert!(check_series(name).is_err(), "{name}");
        }
        assert!(check("layer", "step").is_ok());
    }
}

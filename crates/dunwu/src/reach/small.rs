//! Patterns of one layer that a test draws.

/// The pattern of the kind with this number, below 6, with small sizes.
pub(super) fn small_pattern(kind: usize, a: usize, b: usize) -> String {
    match kind {
        0 => "full".to_owned(),
        1 => format!("window:{b}"),
        2 => format!("chunked:{b}+{}", a % b),
        3 => format!("dilated:{b}x{}", a + 1),
        4 => format!("sinks:{a}+{b}"),
        _ => format!("global:{a}+{b}"),
    }
}

//! Tokens that are found in text by their names: special ones, where a template wrote them, and those that a user defined.

use std::ops::Range;

/// Tokens with names, found from the left, of those that begin at one place the longest.
///
/// llama.cpp looks for the longest anywhere first, Hugging Face does it as here; names that do not overlap, which is all names
/// in brackets, are the same for both.
#[derive(Default)]
pub(super) struct NamesInText {
    /// By first byte, the longest first.
    by_first: Vec<Vec<(Box<[u8]>, u32)>>,
    longest: usize,
}

/// What a range of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// A token of that name.
    Token(u32),
    /// Text.
    Text,
}

impl NamesInText {
    pub(super) fn new(names: impl IntoIterator<Item = (Box<[u8]>, u32)>) -> Self {
        let mut by_first = Vec::new();
        let mut longest = 0;
        for (name, token) in names {
            let Some(&first) = name.first() else { continue };
            longest = longest.max(name.len());
            by_first.resize_with(256, Vec::new);
            by_first[usize::from(first)].push((name, token));
        }
        by_first.iter_mut().for_each(|names| names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len())));
        Self { by_first, longest }
    }

    /// Bytes of the longest name.
    pub(super) fn longest(&self) -> usize {
        self.longest
    }

    /// The first name in a text from `start` on.
    pub(super) fn find(&self, text: &[u8], start: usize) -> Option<(Range<usize>, u32)> {
        if self.by_first.is_empty() {
            return None;
        }
        (start..text.len()).find_map(|at| {
            let names = &self.by_first[usize::from(text[at])];
            let (name, token) = names.iter().find(|(name, _)| text[at..].starts_with(name))?;
            Some((at..at + name.len(), *token))
        })
    }
}

//! What a file says of its tokenizer, before anything of it is checked: the files fill it, [`Tokenizer::new`] judges it.
//!
//! [`Tokenizer::new`]: super::Tokenizer::new

use std::mem::size_of;

/// What a file says of its tokenizer, before it is checked.
#[derive(Clone, Debug, Default)]
pub struct TokenizerParts {
    /// Names of the tokens as the file has them: in GPT-2's alphabet of 256 printable characters for bytes, or, for special
    /// tokens, plain text. The index is the token.
    pub tokens: Names,
    /// What each token is; as many as there are tokens.
    pub kinds: Vec<TokenKind>,
    /// Merges in order of rank, each `left right` with one space.
    pub merges: Names,
    /// Whether a piece of text that is a token as a whole is that token, whatever the merges would make of it (Llama 3).
    pub ignore_merges: bool,
    /// How text is cut before it is merged.
    pub split: Split,
    /// What begins a text, if the file names a token for that.
    pub begin: Option<u32>,
    /// Whether [`Self::begin`] must be put before a text.
    pub add_begin: bool,
    /// Tokens that end an answer.
    pub ends: Vec<u32>,
}

/// What a token is, as GGUF tells them apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenKind {
    /// A piece of text.
    #[default]
    Normal,
    /// What stands for text that has no token.
    Unknown,
    /// Not text: the beginning, the end, whose turn it is.
    Control,
    /// Text that is never cut.
    UserDefined,
    /// In the table and never made; without a name where a folder's `tokenizer.json` has none for a row of the embedding.
    Unused,
    /// One byte.
    Byte,
}

/// How text is cut into pieces that are merged each by itself.
#[derive(Clone, Debug)]
pub enum Split {
    /// By a name, `tokenizer.ggml.pre` of a GGUF file.
    Named(String),
    /// By the `pre_tokenizer` of a `tokenizer.json`.
    Json(serde_json::Value),
}

impl Default for Split {
    fn default() -> Self {
        Self::Named("default".to_owned())
    }
}

/// Many short texts in one: a vocabulary of 49 152 names takes two allocations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    text: String,
    ends: Vec<u32>,
}

impl Names {
    /// Room for `n` names of `n_bytes` bytes together, and no more.
    pub fn with_capacity(n: usize, n_bytes: usize) -> Self {
        Self { text: String::with_capacity(n_bytes), ends: Vec::with_capacity(n) }
    }

    /// Names that lie one after the other in a text, each up to its end; `None` if the ends do not fit the text.
    pub fn from_parts(text: String, ends: Vec<u32>) -> Option<Self> {
        let is_sound = ends.is_sorted()
            && ends.last().is_none_or(|&end| end as usize <= text.len())
            && ends.iter().all(|&end| text.is_char_boundary(end as usize));
        is_sound.then_some(Self { text, ends })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// One more; `None`, and nothing is changed, if all of them would be longer than 4 GiB.
    pub fn push(&mut self, name: &str) -> Option<()> {
        let end = u32::try_from(self.text.len() + name.len()).ok()?;
        self.text.push_str(name);
        self.ends.push(end);
        Some(())
    }

    /// The name at an index.
    pub fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)? as usize;
        let start = if index == 0 { 0 } else { self.ends[index - 1] as usize };
        Some(&self.text[start..end])
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.len()).map(|index| self.get(index).expect("an index below the length"))
    }

    /// Bytes that they take.
    pub fn bytes(&self) -> usize {
        self.text.capacity() + self.ends.capacity() * size_of::<u32>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_in_order_and_may_be_empty() {
        let mut names = Names::default();
        for name in ["", "Ġthe", "", "<|im_end|>"] {
            names.push(name).unwrap();
        }
        assert_eq!(names.iter().collect::<Vec<_>>(), ["", "Ġthe", "", "<|im_end|>"]);
        assert_eq!((names.get(3), names.get(4)), (Some("<|im_end|>"), None));
    }
}

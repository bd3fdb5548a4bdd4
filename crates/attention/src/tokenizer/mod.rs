//! Text into tokens and back: byte-level byte pair encoding.

mod parts;

pub use parts::{Names, Split, TokenKind, TokenizerParts};

use std::io::{self, BufRead};

/// A byte-level byte pair encoding.
pub struct Tokenizer {}

/// Why a tokenizer cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenizerError {}

impl Tokenizer {
    /// Checks the parts and makes the tables.
    pub fn new(_parts: &TokenizerParts) -> Result<Self, TokenizerError> {
        todo!()
    }

    /// How many tokens there are.
    pub fn n_tokens(&self) -> usize {
        todo!()
    }

    /// The tokens of any bytes; what looks like a special token is text.
    pub fn encode(&self, _text: &[u8]) -> Vec<u32> {
        todo!()
    }

    /// The tokens of a text that a chat template wrote: special tokens are themselves.
    pub fn encode_with_special(&self, _text: &str) -> Vec<u32> {
        todo!()
    }

    /// The bytes that a token stands for; a special token's are its name.
    pub fn bytes(&self, _token: u32) -> &[u8] {
        todo!()
    }

    /// Whether it is a special (control) token, which is not part of the text.
    pub fn is_special(&self, _token: u32) -> bool {
        todo!()
    }

    /// The token of a special name, such as `<|im_end|>`.
    pub fn special(&self, _name: &str) -> Option<u32> {
        todo!()
    }

    /// What begins a text, if the file says that one must be put there.
    pub fn begin(&self) -> Option<u32> {
        todo!()
    }

    /// Tokens that end an answer (end of text, end of turn).
    pub fn ends(&self) -> &[u32] {
        todo!()
    }

    /// The tokens of a text of any length, in bounded memory, the same as [`Self::encode`] of the whole.
    pub fn reader<R: BufRead>(&self, _text: R) -> TokenReader<'_, R> {
        todo!()
    }
}

/// Tokens of a stream of text.
pub struct TokenReader<'t, R> {
    _tokenizer: &'t Tokenizer,
    _text: R,
}

impl<R: BufRead> Iterator for TokenReader<'_, R> {
    type Item = io::Result<u32>;

    fn next(&mut self) -> Option<Self::Item> {
        todo!()
    }
}

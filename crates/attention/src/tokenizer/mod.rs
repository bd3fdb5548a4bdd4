//! Text into tokens and back: byte-level byte pair encoding.
//!
//! ```text
//! text ──▶ units ──▶ words ──▶ tokens
//!      names,   steps,     merges
//!      a pattern
//! ```
//!
//! Text is bytes: what is not UTF-8 is kept byte by byte, so that tokens give it back. Normalizers are not here; files whose
//! tokenizer has one are refused by their readers.

mod bpe;
mod encoding;
mod parts;
mod reader;
mod scan;
mod special;
mod split;
#[cfg(test)]
mod tests;

pub use encoding::{Tokenizer, TokenizerError};
pub use parts::{Names, Split, TokenKind, TokenizerParts};
pub use reader::{Place, TokenReader};
pub use split::SplitError;

//! The tokenizer itself: tables that are checked once, and what is asked of them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::BufRead;
use std::ops::Range;

use super::bpe::{Encoder, Merges};
use super::parts::{TokenKind, TokenizerParts};
use super::reader::{Place, TokenReader};
use super::special::{NamesInText, Piece};
use super::split::{SplitError, Splitter};

/// A byte-level byte pair encoding.
pub struct Tokenizer {
    names: Vec<Box<str>>,
    bytes: Vec<u8>,
    /// Where the bytes of each token end.
    ends_of_bytes: Vec<usize>,
    kinds: Vec<TokenKind>,
    pub(super) merges: Merges,
    splitter: Splitter,
    /// Tokens that are themselves in any text.
    pub(super) user_defined: NamesInText,
    /// Tokens that are themselves in what a template wrote.
    pub(super) special: NamesInText,
    special_by_name: HashMap<Box<str>, u32>,
    begin: Option<u32>,
    add_begin: bool,
    ends: Vec<u32>,
}

/// Why a tokenizer cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenizerError {
    /// There are more or fewer kinds than tokens.
    #[error("{n_kinds} kinds for {n_tokens} tokens, expected one for each")]
    Kinds {
        /// How many tokens there are.
        n_tokens: usize,
        /// How many kinds there are.
        n_kinds: usize,
    },
    /// Not a single byte has a token.
    #[error(
        "no token is a single byte, expected the 256 printable stand-ins of GPT-2: this is no byte-level tokenizer"
    )]
    NoBytes,
    /// A merge is not two tokens with a space between them.
    #[error("merge {rank} is {merge:?}, expected two tokens with one space between them")]
    MergeForm {
        /// Which one.
        rank: usize,
        /// What it says.
        merge: String,
    },
    /// A merge of or into what is no token of text.
    #[error("merge {rank} is {merge:?}, but {name:?} is not a token of text")]
    MergeToken {
        /// Which one.
        rank: usize,
        /// What it says.
        merge: String,
        /// What is missing.
        name: String,
    },
    /// A token that begins or ends a text does not exist.
    #[error("{role} is token {token}, of {n_tokens}")]
    Role {
        /// What it should do.
        role: &'static str,
        /// Its number.
        token: u32,
        /// How many there are.
        n_tokens: usize,
    },
    /// Text cannot be cut as the file wants it.
    #[error(transparent)]
    Split(#[from] SplitError),
}

impl Tokenizer {
    /// Checks the parts and makes the tables.
    ///
    /// Of tokens with the same name the last one is made. A byte that has no token is left out of what is encoded, as it is by
    /// llama.cpp.
    pub fn new(parts: &TokenizerParts) -> Result<Self, TokenizerError> {
        let n_tokens = parts.tokens.len();
        if parts.kinds.len() != n_tokens {
            return Err(TokenizerError::Kinds { n_tokens, n_kinds: parts.kinds.len() });
        }
        let roles = parts.begin.iter().map(|&token| ("the beginning", token));
        let roles = roles.chain(parts.ends.iter().map(|&token| ("an end", token)));
        for (role, token) in roles {
            if token as usize >= n_tokens {
                return Err(TokenizerError::Role { role, token, n_tokens });
            }
        }
        let splitter = Splitter::new(&parts.split)?;

        let byte_of = bytes_of_printable();
        let (mut bytes, mut ends_of_bytes) = (Vec::new(), Vec::with_capacity(n_tokens));
        for (name, &kind) in parts.tokens.iter().zip(&parts.kinds) {
            bytes.extend_from_slice(&bytes_of_name(name, kind, &byte_of));
            ends_of_bytes.push(bytes.len());
        }
        let tokens = || parts.tokens.iter().zip(&parts.kinds).zip(0..);
        let text_tokens: HashMap<&str, u32> =
            tokens().filter(|((_, kind), _)| is_made(**kind)).map(|((name, _), token)| (name, token)).collect();
        let merges = merges(parts, &text_tokens)?;
        let of_token = |token: u32| token_range(&ends_of_bytes, token).map_or(&[][..], |range| &bytes[range]);
        let whole_words = if parts.ignore_merges {
            text_tokens.values().map(|&token| (of_token(token).into(), token)).collect()
        } else {
            HashMap::new()
        };
        let byte_tokens = byte_tokens(parts, &text_tokens, &byte_of)?;
        let named = |kinds: &[TokenKind]| {
            let named = tokens().filter(|((_, kind), _)| kinds.contains(kind));
            named.map(|((name, _), token)| (name.as_bytes().into(), token)).collect::<Vec<_>>()
        };
        let special = tokens().filter(|((_, kind), _)| is_special(**kind));
        Ok(Self {
            names: parts.tokens.iter().map(Into::into).collect(),
            merges: Merges::new(&byte_tokens, merges.into_iter(), whole_words),
            bytes,
            ends_of_bytes,
            kinds: parts.kinds.clone(),
            splitter,
            user_defined: NamesInText::new(named(&[TokenKind::UserDefined])),
            special: NamesInText::new(named(&[TokenKind::UserDefined, TokenKind::Control, TokenKind::Unknown])),
            special_by_name: special.map(|((name, _), token)| (name.into(), token)).collect(),
            begin: parts.begin,
            add_begin: parts.add_begin,
            ends: parts.ends.clone(),
        })
    }

    /// How many tokens there are.
    pub fn n_tokens(&self) -> usize {
        self.names.len()
    }

    /// The tokens of any bytes; what looks like a special token is text. [`Self::begin`] is not put before them.
    pub fn encode(&self, text: &[u8]) -> Vec<u32> {
        self.encode_beside(text, &self.user_defined)
    }

    /// The tokens of a text that a chat template wrote: special tokens are themselves.
    pub fn encode_with_special(&self, text: &str) -> Vec<u32> {
        self.encode_beside(text.as_bytes(), &self.special)
    }

    /// The bytes that a token stands for; a special token's are its name, one that does not exist has none.
    pub fn bytes(&self, token: u32) -> &[u8] {
        token_range(&self.ends_of_bytes, token).map_or(&[], |range| &self.bytes[range])
    }

    /// The name of a token as its file has it, in GPT-2's alphabet; empty if it does not exist.
    pub fn name(&self, token: u32) -> &str {
        self.names.get(token as usize).map_or("", |name| name)
    }

    /// Whether it is a special (control) token, which is not part of the text.
    pub fn is_special(&self, token: u32) -> bool {
        self.kinds.get(token as usize).is_some_and(|&kind| is_special(kind))
    }

    /// The token of a special name, such as `<|im_end|>`.
    pub fn special(&self, name: &str) -> Option<u32> {
        self.special_by_name.get(name).copied()
    }

    /// What begins a text, if the file says that one must be put there.
    pub fn begin(&self) -> Option<u32> {
        self.begin.filter(|_| self.add_begin)
    }

    /// The token that the file names for the beginning, whether or not one must be put there: a chat template may write it.
    pub fn begin_named(&self) -> Option<u32> {
        self.begin
    }

    /// Tokens that end an answer (end of text, end of turn).
    pub fn ends(&self) -> &[u32] {
        &self.ends
    }

    /// The tokens of a text of any length, in bounded memory, the same as [`Self::encode`] of the whole, except that a word of
    /// more than 64 KiB is cut there.
    pub fn reader<R: BufRead>(&self, text: R) -> TokenReader<'_, R> {
        TokenReader::new(self, text, Place::default())
    }

    /// Goes on where a reader stood: `text` begins at [`Place::bytes`] of its text.
    pub fn resume<R: BufRead>(&self, text: R, place: Place) -> TokenReader<'_, R> {
        TokenReader::new(self, text, place)
    }

    /// The tokens of a text in which special tokens are themselves unless `guard` stands within their names; it is left out.
    pub(crate) fn encode_guarded(&self, text: &str, guard: char) -> Vec<u32> {
        let mut tokens = Vec::new();
        let mut start = 0;
        loop {
            let found = self.special.find(text.as_bytes(), start);
            let end = found.as_ref().map_or(text.len(), |(range, _)| range.start);
            tokens.extend(self.encode(text[start..end].replace(guard, "").as_bytes()));
            let Some((range, token)) = found else { return tokens };
            tokens.push(token);
            start = range.end;
        }
    }

    /// Names of special tokens.
    pub(crate) fn special_names(&self) -> impl Iterator<Item = &str> {
        let special = self.names.iter().zip(&self.kinds).filter(|(_, kind)| is_special(**kind));
        special.map(|(name, _)| &**name).filter(|name| !name.is_empty())
    }

    /// The tokens of a text in which these names are tokens.
    pub(super) fn encode_beside(&self, text: &[u8], names: &NamesInText) -> Vec<u32> {
        let text = self.with_prefix(text);
        let mut encoder = Encoder::new(&self.merges);
        let mut tokens = Vec::with_capacity(text.len() / 4);
        self.units(&text, names, |range, piece| {
            self.encode_unit(&mut encoder, &text[range], piece, &mut tokens);
            true
        });
        tokens
    }

    /// The text with the space that the tokenizer puts before one that begins with none.
    pub(super) fn with_prefix<'x>(&self, text: &'x [u8]) -> Cow<'x, [u8]> {
        if self.splitter.prefix_space && !text.is_empty() && !text.starts_with(b" ") {
            [b" ", text].concat().into()
        } else {
            text.into()
        }
    }

    /// Cuts a text into tokens that are there by name and units of text; `of_unit` says whether to go on.
    pub(super) fn units(&self, text: &[u8], names: &NamesInText, mut of_unit: impl FnMut(Range<usize>, Piece) -> bool) {
        let mut start = 0;
        loop {
            let found = names.find(text, start);
            let end = found.as_ref().map_or(text.len(), |(range, _)| range.start);
            let mut goes_on = true;
            self.splitter.units(&text[start..end], |unit| {
                goes_on = of_unit(start + unit.start..start + unit.end, Piece::Text);
                goes_on
            });
            match found {
                Some((range, token)) if goes_on && of_unit(range.clone(), Piece::Token(token)) => start = range.end,
                _ => return,
            }
        }
    }

    /// Appends the tokens of a unit.
    pub(super) fn encode_unit(&self, encoder: &mut Encoder<'_>, unit: &[u8], piece: Piece, tokens: &mut Vec<u32>) {
        match piece {
            Piece::Token(token) => tokens.push(token),
            Piece::Text => self.splitter.words(unit, &mut |word| encoder.word(word, tokens)),
        }
    }
}

/// Whether merges may make it.
fn is_made(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::Normal | TokenKind::UserDefined | TokenKind::Unused)
}

fn is_special(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::Control | TokenKind::Unknown)
}

fn token_range(ends: &[usize], token: u32) -> Option<Range<usize>> {
    let token = token as usize;
    let start = token.checked_sub(1).map_or(Some(0), |before| ends.get(before).copied())?;
    Some(start..*ends.get(token)?)
}

fn merges(parts: &TokenizerParts, tokens: &HashMap<&str, u32>) -> Result<Vec<(u32, u32, u32)>, TokenizerError> {
    let mut merges = Vec::with_capacity(parts.merges.len());
    let mut name = String::new();
    for (rank, merge) in parts.merges.iter().enumerate() {
        let sides =
            merge.split_once(' ').filter(|(left, right)| !left.is_empty() && !right.is_empty() && !right.contains(' '));
        let Some((left, right)) = sides else {
            return Err(TokenizerError::MergeForm { rank, merge: merge.to_owned() });
        };
        name.clear();
        name.extend([left, right]);
        let token = |name: &str| {
            let missing = || TokenizerError::MergeToken { rank, merge: merge.to_owned(), name: name.to_owned() };
            tokens.get(name).copied().ok_or_else(missing)
        };
        merges.push((token(left)?, token(right)?, token(&name)?));
    }
    Ok(merges)
}

/// The tokens of single bytes: by GPT-2's alphabet, or else by a name such as `<0x0A>`.
fn byte_tokens(
    parts: &TokenizerParts,
    tokens: &HashMap<&str, u32>,
    byte_of: &HashMap<char, u8>,
) -> Result<[Option<u32>; 256], TokenizerError> {
    let mut byte_tokens = [None; 256];
    for ((name, &kind), token) in parts.tokens.iter().zip(&parts.kinds).zip(0..) {
        if let ([byte], TokenKind::Byte) = (&*bytes_of_name(name, kind, byte_of), kind) {
            byte_tokens[usize::from(*byte)] = Some(token);
        }
    }
    for (&char, &byte) in byte_of {
        if let Some(&token) = tokens.get(&*char.encode_utf8(&mut [0; 4])) {
            byte_tokens[usize::from(byte)] = Some(token);
        }
    }
    if byte_tokens.iter().all(Option::is_none) { Err(TokenizerError::NoBytes) } else { Ok(byte_tokens) }
}

fn bytes_of_name<'n>(name: &'n str, kind: TokenKind, byte_of: &HashMap<char, u8>) -> Cow<'n, [u8]> {
    let hexadecimal = || u8::from_str_radix(name.strip_prefix("<0x")?.strip_suffix('>')?, 16).ok();
    let spelled = || name.chars().map(|char| byte_of.get(&char).copied()).collect::<Option<Vec<u8>>>();
    let bytes = match kind {
        TokenKind::Control | TokenKind::Unknown | TokenKind::UserDefined => None,
        TokenKind::Byte => hexadecimal().map(|byte| vec![byte]),
        TokenKind::Normal | TokenKind::Unused => spelled(),
    };
    bytes.map_or(Cow::Borrowed(name.as_bytes()), Cow::Owned)
}

/// GPT-2's alphabet: bytes that print stand for themselves, the others for the characters from U+0100 on.
fn bytes_of_printable() -> HashMap<char, u8> {
    let prints = |byte: u8| matches!(byte, b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF);
    let others = (0..=255).filter(|&byte| !prints(byte)).zip('\u{100}'..).map(|(byte, char)| (char, byte));
    (0..=255).filter(|&byte| prints(byte)).map(|byte| (char::from(byte), byte)).chain(others).collect()
}

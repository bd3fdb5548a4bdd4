//! Tokens of a stream in bounded memory.

use std::collections::VecDeque;
use std::io::{self, BufRead};
use std::ops::Range;

use super::Tokenizer;
use super::bpe::Encoder;
use super::scan::LOOK_AHEAD;
use super::special::Piece;
use super::split::floor_char_boundary;

/// A word longer than this is cut there, so that memory stays bounded; [`Tokenizer::encode`] does not cut it.
pub(super) const WORD_MAX: usize = 1 << 16;
/// How much text is held at once.
const HELD: usize = 4 * WORD_MAX;

/// Where a reader stands in its text: all that is needed to go on from there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Place {
    /// Bytes of text before the last place at which text is surely cut.
    pub bytes: u64,
    /// Tokens that were given since.
    pub tokens: u32,
}

/// Tokens of a stream of text, made by [`Tokenizer::reader`].
pub struct TokenReader<'t, R> {
    tokenizer: &'t Tokenizer,
    encoder: Encoder<'t>,
    text: R,
    ended: bool,
    /// Text that is held, and how much of it already became tokens.
    held: Vec<u8>,
    used: usize,
    /// Tokens to be given, and the units of text that they are of: how many bytes and how many tokens each.
    tokens: Vec<u32>,
    given: usize,
    units: VecDeque<Unit>,
    place: Place,
    /// Bytes of the tokens given since `place.bytes`.
    bytes_since: u64,
    /// Whether the beginning was looked at, and the space that was put there.
    prefixed: bool,
    prefix: u64,
    /// Tokens still to be left out after a resumption.
    skip: u32,
}

#[derive(Clone, Copy)]
struct Unit {
    n_bytes: usize,
    n_tokens: u32,
}

impl<'t, R: BufRead> TokenReader<'t, R> {
    pub(super) fn new(tokenizer: &'t Tokenizer, text: R, place: Place) -> Self {
        Self {
            tokenizer,
            encoder: Encoder::new(&tokenizer.merges),
            text,
            ended: false,
            held: Vec::new(),
            used: 0,
            tokens: Vec::new(),
            given: 0,
            units: VecDeque::new(),
            place: Place { tokens: 0, ..place },
            bytes_since: 0,
            prefixed: place.bytes > 0,
            prefix: 0,
            skip: place.tokens,
        }
    }

    /// Where it stands, for [`Tokenizer::resume`].
    pub fn place(&self) -> Place {
        Place { tokens: self.place.tokens + self.skip, ..self.place }
    }

    /// Bytes of text that the tokens given so far stand for. Bytes without a token count when the word that they are in is done.
    pub fn position(&self) -> u64 {
        (self.place.bytes + self.bytes_since).saturating_sub(self.prefix)
    }

    fn advance(&mut self) -> io::Result<Option<u32>> {
        loop {
            if let Some(&token) = self.tokens.get(self.given) {
                self.given += 1;
                self.count(token);
                return Ok(Some(token));
            }
            self.tokens.clear();
            self.given = 0;
            if !self.fill()? {
                self.pass();
                return Ok(None);
            }
        }
    }

    /// Counts a token as given.
    fn count(&mut self, token: u32) {
        // Units without any token are passed first.
        self.pass();
        self.place.tokens += 1;
        self.bytes_since += self.tokenizer.bytes(token).len() as u64;
        self.pass();
    }

    /// Passes the units whose tokens are all given.
    fn pass(&mut self) {
        while let Some(unit) = self.units.front().filter(|unit| unit.n_tokens <= self.place.tokens) {
            self.place = Place { bytes: self.place.bytes + unit.n_bytes as u64 - self.prefix, tokens: 0 };
            (self.bytes_since, self.prefix) = (0, 0);
            self.units.pop_front();
        }
    }

    /// Reads on and encodes what is sure; says whether there is any text left.
    fn fill(&mut self) -> io::Result<bool> {
        self.held.drain(..self.used);
        self.used = 0;
        // Held is more than the longest word and all that may decide about it, so that there is always some that is sure.
        let held_max = HELD + self.tokenizer.user_defined.longest();
        while !self.ended && self.held.len() < held_max {
            let more = match self.text.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                more => more?,
            };
            let n = more.len().min(held_max - self.held.len());
            self.held.extend_from_slice(&more[..n]);
            self.text.consume(n);
            self.ended = n == 0;
        }
        if self.held.is_empty() {
            return Ok(false);
        }
        if self.place == Place::default() && !self.prefixed {
            self.prefixed = true;
            let n_read = self.held.len();
            self.held = self.tokenizer.with_prefix(&self.held).into_owned();
            self.prefix = (self.held.len() - n_read) as u64;
        }
        // What is beyond may still change a unit that ends later than this.
        let beyond = if self.ended { 0 } else { LOOK_AHEAD.max(self.tokenizer.user_defined.longest()) };
        let sure = self.held.len() - beyond;
        let Self { tokenizer, encoder, held, tokens, units, used, .. } = self;
        let mut encode = |range: Range<usize>, piece: Piece| {
            let n_before = tokens.len();
            tokenizer.encode_unit(encoder, &held[range.clone()], piece, tokens);
            // What a tokenizer removes before a unit is counted with it.
            units.push_back(Unit { n_bytes: range.end - *used, n_tokens: (tokens.len() - n_before) as u32 });
            *used = range.end;
        };
        let mut is_stopped = false;
        tokenizer.units(held, &tokenizer.user_defined, |range, piece| {
            if range.end <= sure && (range.len() <= WORD_MAX || matches!(piece, Piece::Token(_))) {
                encode(range, piece);
                return true;
            }
            if range.len() > WORD_MAX {
                // What follows is cut as if it were a text of its own.
                encode(range.start..floor_char_boundary(held, range.start + WORD_MAX), Piece::Text);
            }
            is_stopped = true;
            false
        });
        if !is_stopped && *used < sure {
            // All that is left was removed.
            let end = floor_char_boundary(held, sure);
            units.push_back(Unit { n_bytes: end - *used, n_tokens: 0 });
            *used = end;
        }
        Ok(true)
    }
}

impl<R: BufRead> Iterator for TokenReader<'_, R> {
    type Item = io::Result<u32>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.skip > 0 {
            self.skip -= 1;
            if let error @ Err(_) = self.advance() {
                self.skip += 1;
                return error.transpose();
            }
        }
        self.advance().transpose()
    }
}

//! One answer, from rows of logits to pieces of text: a state machine that is given a row and says which token to read next. It
//! reads no model and writes nowhere, so that a conversation in a terminal and many at once in a server share it.

use crate::constrain::{Constraint, ConstraintError};
use crate::sample::{Likelihood, Sampler, Sampling};
use crate::tokenizer::Tokenizer;

/// How an answer is to be.
#[derive(Default)]
pub struct Manner {
    /// How tokens are drawn.
    pub sampling: Sampling,
    /// What it must be, if not any text.
    pub constraint: Option<Constraint>,
    /// Texts that end it and do not belong to it.
    pub stops: Vec<String>,
    /// Tokens after which it ends; `None` for no end.
    pub max_tokens: Option<u64>,
    /// With how many of the likeliest tokens each likelihood is told; `None` for no likelihoods.
    pub n_likeliest: Option<usize>,
}

/// An answer under way.
pub struct Answer<'t> {
    tokenizer: &'t Tokenizer,
    sampler: Sampler,
    constraint: Option<Constraint>,
    text: TextStream,
    max_tokens: Option<u64>,
    n_likeliest: Option<usize>,
    n_tokens: u64,
    logits: Vec<f32>,
}

/// What one row of logits came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// Text that is certain now; often empty, because a character or what may be a stop text is not whole yet.
    pub text: String,
    /// The token that was drawn, and its likelihood if that was wanted.
    pub token: Option<(u32, Option<Likelihood>)>,
    /// How it goes on.
    pub next: Next,
}

/// How an answer goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// This token is to be read; the logits after it are the next row.
    Read(u32),
    /// It is over.
    Finished(Finish),
}

/// Why an answer is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// The model ended it, or a stop text was said, or it is all that the schema asks for.
    Stop,
    /// It has as many tokens as it may have.
    Length,
}

impl<'t> Answer<'t> {
    /// An answer to a prompt, which only the repetition penalty asks about.
    pub fn new(tokenizer: &'t Tokenizer, manner: Manner, prompt: &[u32]) -> Self {
        let mut sampler = Sampler::new(manner.sampling);
        sampler.prompt(prompt);
        Self {
            tokenizer,
            sampler,
            constraint: manner.constraint,
            text: TextStream::new(manner.stops),
            max_tokens: manner.max_tokens,
            n_likeliest: manner.n_likeliest,
            n_tokens: 0,
            logits: Vec::new(),
        }
    }

    /// Tokens drawn so far, with the one that ended it.
    pub fn n_tokens(&self) -> u64 {
        self.n_tokens
    }

    /// Draws a token from the logits after the last one that was read.
    pub fn hear(&mut self, logits: &[f32]) -> Result<Said, ConstraintError> {
        if self.max_tokens == Some(self.n_tokens) {
            return Ok(self.finish(String::new(), None, Finish::Length));
        }
        self.logits.clear();
        self.logits.extend_from_slice(logits);
        // A vocabulary may be padded in the weights; the tokens that are none are never said.
        self.logits.truncate(self.tokenizer.n_tokens());
        self.sampler.adjust(&mut self.logits);
        if let Some(constraint) = &mut self.constraint {
            constraint.mask(&mut self.logits)?;
        }
        let Some(token) = self.sampler.draw(&self.logits) else {
            return Ok(self.finish(String::new(), None, Finish::Stop));
        };
        self.n_tokens += 1;
        let told = Some((token, self.n_likeliest.map(|n| Likelihood::of(token, logits, n))));
        if self.tokenizer.ends().contains(&token) {
            return Ok(self.finish(String::new(), told, Finish::Stop));
        }
        let (text, is_stopped) = if self.tokenizer.is_special(token) {
            (String::new(), false)
        } else {
            self.text.push(self.tokenizer.bytes(token))
        };
        if is_stopped {
            return Ok(Said { text, token: told, next: Next::Finished(Finish::Stop) });
        }
        if let Some(constraint) = &mut self.constraint {
            constraint.accept(token)?;
            if constraint.is_finished() {
                return Ok(self.finish(text, told, Finish::Stop));
            }
        }
        if self.max_tokens == Some(self.n_tokens) {
            return Ok(self.finish(text, told, Finish::Length));
        }
        Ok(Said { text, token: told, next: Next::Read(token) })
    }

    /// What was held back is said: nothing can follow any more.
    pub fn rest(&mut self) -> String {
        self.text.rest()
    }

    fn finish(&mut self, text: String, token: Option<(u32, Option<Likelihood>)>, finish: Finish) -> Said {
        Said { text: text + &self.rest(), token, next: Next::Finished(finish) }
    }
}

/// Bytes in, text out: characters are whole, and no part of a stop text is let through.
struct TextStream {
    stops: Vec<String>,
    held: Vec<u8>,
}

impl TextStream {
    fn new(mut stops: Vec<String>) -> Self {
        stops.retain(|stop| !stop.is_empty());
        // Of two that end at the same byte the longer one counts: it began before.
        stops.sort_by_key(|stop| std::cmp::Reverse(stop.len()));
        Self { stops, held: Vec::new() }
    }

    /// Text that is certain now, and whether a stop text ended it. Goes byte by byte, so that how the text is cut into tokens
    /// does not matter.
    fn push(&mut self, bytes: &[u8]) -> (String, bool) {
        for &byte in bytes {
            self.held.push(byte);
            if let Some(stop) = self.stops.iter().find(|stop| self.held.ends_with(stop.as_bytes())) {
                self.held.truncate(self.held.len() - stop.len());
                return (self.rest(), true);
            }
        }
        let n_certain = whole_characters(&self.held[..self.held.len() - self.n_of_stop()]);
        let text = String::from_utf8_lossy(&self.held[..n_certain]).into_owned();
        self.held.drain(..n_certain);
        (text, false)
    }

    /// Everything that is held; what is not a whole character is U+FFFD.
    fn rest(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.held)).into_owned()
    }

    /// Bytes at the end that a stop text may begin with.
    fn n_of_stop(&self) -> usize {
        let begun = |stop: &String| {
            let longest = self.held.len().min(stop.len() - 1);
            (1..=longest).rev().find(|&n| self.held.ends_with(&stop.as_bytes()[..n]))
        };
        self.stops.iter().filter_map(begun).max().unwrap_or(0)
    }
}

/// Bytes up to a character that is begun and not whole. What can be no character counts as one.
fn whole_characters(bytes: &[u8]) -> usize {
    let is_begun = |chunk: &std::str::Utf8Chunk<'_>| match std::str::from_utf8(chunk.invalid()) {
        Err(error) => error.error_len().is_none(),
        Ok(_) => false,
    };
    bytes.utf8_chunks().last().filter(is_begun).map_or(bytes.len(), |chunk| bytes.len() - chunk.invalid().len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::constrain::TokenTrie;
    use crate::file::ModelFile;
    use dunwu_attention_fixtures::{Format, Tiny};
    use proptest::prelude::*;
    use serde_json::json;

    fn tokenizer() -> Tokenizer {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tiny.gguf");
        Tiny::default().write_gguf(&path, Format::F32, 1).unwrap();
        Tokenizer::new(&ModelFile::open(&path).unwrap().tokenizer).unwrap()
    }

    /// What an answer comes to whose model wants to say these tokens: its text, why it ended, and tokens drawn.
    fn spoken(tokenizer: &Tokenizer, manner: Manner, script: &[u32]) -> (String, Finish, u64) {
        let mut answer = Answer::new(tokenizer, manner, &[]);
        let mut text = String::new();
        for &wanted in script {
            // Two more logits than tokens, the likeliest of all: a padded vocabulary.
            let mut logits = vec![0.0; tokenizer.n_tokens()];
            logits[wanted as usize] = 50.0;
            logits.extend([90.0, 90.0]);
            let said = answer.hear(&logits).unwrap();
            text += &said.text;
            match said.next {
                Next::Read(token) => assert_eq!(token, wanted),
                Next::Finished(finish) => return (text, finish, answer.n_tokens()),
            }
        }
        panic!("{text:?} does not end")
    }

    #[test]
    fn an_answer_ends_where_the_model_or_the_manner_says() {
        let tokenizer = tokenizer();
        let (begin, end) = (tokenizer.special("<|im_start|>").unwrap(), tokenizer.ends()[0]);
        let words = tokenizer.encode("the ðe 你 cat".as_bytes());
        let script: Vec<u32> = words.iter().copied().chain([begin, end, end]).collect();
        let n = words.len() as u64;
        let spoken = |manner| spoken(&tokenizer, manner, &script);
        assert_eq!(
            spoken(Manner::default()),
            ("the ðe 你 cat".to_owned(), Finish::Stop, n + 2),
            "without what is special"
        );
        for (stop, wanted) in [("e 你", "the ð"), ("cat", "the ðe 你 "), ("the", "")] {
            let (text, finish, _) = spoken(Manner { stops: vec![stop.to_owned()], ..Manner::default() });
            assert_eq!((text.as_str(), finish), (wanted, Finish::Stop));
        }
        for (max_tokens, finish) in [(n + 2, Finish::Stop), (n + 1, Finish::Length), (n, Finish::Length)] {
            let manner = Manner { max_tokens: Some(max_tokens), stops: vec!["at!".to_owned()], ..Manner::default() };
            assert_eq!(spoken(manner), ("the ðe 你 cat".to_owned(), finish, max_tokens), "what was held back is said");
        }
        let none = Manner { max_tokens: Some(0), ..Manner::default() };
        assert_eq!(spoken(none), (String::new(), Finish::Length, 0));
    }

    #[test]
    fn an_answer_that_is_all_of_its_schema_ends_by_itself() {
        let tokenizer = tokenizer();
        let trie = TokenTrie::new(&tokenizer);
        let constraint = Constraint::json_schema(&json!({ "enum": ["the cat", "the hat"] }), &trie).unwrap();
        let manner = Manner { constraint: Some(constraint), n_likeliest: Some(1), ..Manner::default() };
        let mut answer = Answer::new(&tokenizer, manner, &[]);
        let mut text = String::new();
        // A model that says what follows, and else only blanks.
        let mut logits = vec![0.0; tokenizer.n_tokens()];
        logits[tokenizer.encode(b" ")[0] as usize] = 20.0;
        let finish = loop {
            let said = answer.hear(&logits).unwrap();
            text += &said.text;
            let (token, likelihood) = said.token.unwrap();
            let certain = likelihood.unwrap().log_probability;
            assert!(certain.is_finite() && certain < 0.0, "it is the model's, not the constraint's: {token}");
            match said.next {
                Next::Read(read) => assert_eq!(read, token),
                Next::Finished(finish) => break finish,
            }
        };
        assert!(["\"the cat\"", "\"the hat\""].contains(&text.as_str()), "{text}");
        assert_eq!(finish, Finish::Stop);
    }

    /// What comes of bytes cut at places: all text, and whether it was stopped.
    fn streamed(bytes: &[u8], cuts: &[usize], stops: &[String]) -> (String, bool) {
        let mut stream = TextStream::new(stops.to_vec());
        let mut text = String::new();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).chain([bytes.len()]).collect();
        cuts.sort_unstable();
        let mut start = 0;
        for cut in cuts {
            let (piece, is_stopped) = stream.push(&bytes[start..cut]);
            text += &piece;
            if is_stopped {
                return (text, true);
            }
            start = cut;
        }
        (text + &stream.rest(), false)
    }

    #[test]
    fn a_stop_text_over_tokens_never_shows() {
        let stops = ["\n\n".to_owned(), "User:".to_owned()];
        let mut stream = TextStream::new(stops.to_vec());
        for (token, wanted) in [("Yes\n", "Yes"), ("Us", "\n"), ("e ", "Use "), ("U", ""), ("ser", "")] {
            assert_eq!(stream.push(token.as_bytes()), (wanted.to_owned(), false), "{token:?}");
        }
        assert_eq!(stream.push(b": no"), (String::new(), true));
    }

    #[test]
    fn a_character_over_tokens_comes_whole() {
        let mut stream = TextStream::new(Vec::new());
        let euro = "€".as_bytes();
        assert_eq!(stream.push(&euro[..1]).0, "");
        assert_eq!(stream.push(&euro[1..2]).0, "");
        assert_eq!(stream.push(&[euro[2], b'!', 0xf0]).0, "€!");
        assert_eq!(stream.push(b"a").0, "\u{fffd}a");
        assert_eq!(stream.push(&euro[..2]).0, "");
        assert_eq!(stream.rest(), "\u{fffd}");
    }

    proptest! {
        /// However the text is cut, it is the text up to the stop text that ends first.
        #[test]
        fn how_a_text_is_cut_does_not_matter(
            text in "[ab€😀\u{e9}]{0,40}",
            broken in prop::collection::vec((0_usize..100, any::<u8>()), 0..3),
            cuts in prop::collection::vec(0_usize..1000, 0..30),
            stops in prop::collection::vec("[ab€]{0,4}", 0..4),
        ) {
            let mut bytes = text.into_bytes();
            for (place, byte) in broken {
                bytes.insert(place % (bytes.len() + 1), byte);
            }
            let first = (0..=bytes.len()).find_map(|end| {
                let ends = |stop: &&String| !stop.is_empty() && bytes[..end].ends_with(stop.as_bytes());
                stops.iter().filter(ends).map(|stop| end - stop.len()).min()
            });
            let wanted = String::from_utf8_lossy(&bytes[..first.unwrap_or(bytes.len())]).into_owned();
            prop_assert_eq!(streamed(&bytes, &cuts, &stops), (wanted, first.is_some()));
        }
    }
}

//! Patterns that cut text into words, written out as scanners: what GPT-2, Llama 3 and Qwen 2 state as regular expressions.
//!
//! Each word costs its length and one character more. An invalid byte of UTF-8 counts as a character of its own that is neither
//! letter nor number nor space, as llama.cpp has it, which reads U+FFFD there; unlike llama.cpp, the byte itself is kept.

use std::sync::LazyLock;

use regex_syntax::hir::{Class, HirKind};

/// How many bytes beyond a word may decide where it ends: two characters, or the longest contraction.
pub(super) const LOOK_AHEAD: usize = 8;

/// A pattern under which every byte is in some word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pattern {
    /// GPT-2's, [`GPT2`].
    Gpt2(Digits),
    /// Llama 3's and its kin, [`LLAMA3`]: so many digits at most are one word.
    Llama3 { digits_max: usize },
}

/// What is done with digits before GPT-2's pattern sees the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Digits {
    /// Nothing.
    Joined,
    /// Each is a word.
    Alone,
    /// A run of them is a text of its own.
    Apart,
}

/// GPT-2's pattern as its authors wrote it.
pub(super) const GPT2: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

/// Llama 3's pattern as its authors wrote it; Qwen 2's has `\p{N}` where this has `\p{N}{1,3}`.
pub(super) const LLAMA3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

impl Pattern {
    /// The pattern that a regular expression states, if it is one of those written out here.
    pub(super) fn from_regex(regex: &str) -> Option<Self> {
        if regex == GPT2 {
            return Some(Self::Gpt2(Digits::Joined));
        }
        // Alternatives in which the same apostrophes are spelled out are the same, but for the long s.
        let regex =
            regex.replace("(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])", "(?i:'s|'t|'re|'ve|'m|'ll|'d)");
        let digits = [("{1,3}", 3), ("", 1)];
        digits.into_iter().find_map(|(times, digits_max)| {
            (regex == LLAMA3.replace("{1,3}", times)).then_some(Self::Llama3 { digits_max })
        })
    }

    /// The end of the word that begins at `start`, which lies before the end of the text.
    pub(super) fn end(self, text: &[u8], start: usize) -> usize {
        match self {
            Self::Gpt2(digits) => gpt2(text, start, digits),
            Self::Llama3 { digits_max } => llama3(text, start, digits_max),
        }
    }
}

fn gpt2(text: &[u8], start: usize, digits: Digits) -> usize {
    // Where digits are a text of their own, what is before them ends there.
    let at = |at: usize| match Char::at(text, at) {
        Char { kind: Kind::Number, .. } if digits != Digits::Joined => Char::END,
        other => other,
    };
    let first = Char::at(text, start);
    if first.kind == Kind::Number {
        return match digits {
            Digits::Alone => start + first.len,
            Digits::Joined | Digits::Apart => run(text, start, Kind::Number),
        };
    }
    if let Some(end) = contraction(text, start, false) {
        return end;
    }
    let body = if text[start] == b' ' { start + 1 } else { start };
    match at(body).kind {
        Kind::Space | Kind::End => spaces(start, at),
        kind => run(text, body, kind),
    }
}

fn llama3(text: &[u8], start: usize, digits_max: usize) -> usize {
    let at = |at| Char::at(text, at);
    if let Some(end) = contraction(text, start, true) {
        return end;
    }
    let first = at(start);
    match first.kind {
        Kind::Letter => return run(text, start, Kind::Letter),
        Kind::Number => {
            let digit = |end: usize| Some(at(end)).filter(|c| c.kind == Kind::Number).map(|c| end + c.len);
            return (1..digits_max)
                .try_fold(start + first.len, |end, _| digit(end).ok_or(end))
                .unwrap_or_else(|end| end);
        }
        _ => {}
    }
    let is_newline = |at: usize| matches!(text.get(at), Some(b'\r' | b'\n'));
    if !is_newline(start) && at(start + first.len).kind == Kind::Letter {
        return run(text, start + first.len, Kind::Letter);
    }
    let body = if text[start] == b' ' { start + 1 } else { start };
    if at(body).kind == Kind::Other {
        let mut end = run(text, body, Kind::Other);
        while is_newline(end) {
            end += 1;
        }
        return end;
    }
    let end = run(text, start, Kind::Space);
    (start..end).rev().find(|&at| is_newline(at)).map_or_else(|| spaces(start, at), |newline| newline + 1)
}

/// The end of `\s+(?!\S)|\s+`: a run of spaces leaves its last one to a word that follows, unless it is the only one.
fn spaces(start: usize, char_at: impl Fn(usize) -> Char) -> usize {
    let (mut end, mut last) = (start, start);
    loop {
        match char_at(end) {
            Char { kind: Kind::Space, len } => (last, end) = (end, end + len),
            Char { kind: Kind::End, .. } => return end,
            _ => return if last == start { end } else { last },
        }
    }
}

/// The end of the characters of one kind.
fn run(text: &[u8], mut end: usize, kind: Kind) -> usize {
    loop {
        let char = Char::at(text, end);
        if char.kind != kind {
            return end;
        }
        end += char.len;
    }
}

/// The end of `'s`, `'t`, `'re`, `'ve`, `'m`, `'ll` or `'d`. Where case does not matter, a long s is an s, as regular
/// expressions have it.
fn contraction(text: &[u8], start: usize, any_case: bool) -> Option<usize> {
    let rest = text[start..].strip_prefix(b"'")?;
    if any_case && rest.starts_with("ſ".as_bytes()) {
        return Some(start + 1 + "ſ".len());
    }
    let letter = |at: usize| {
        let letter = *rest.get(at)?;
        Some(if any_case { letter.to_ascii_lowercase() } else { letter })
    };
    match (letter(0)?, letter(1)) {
        (b's' | b't' | b'm' | b'd', _) => Some(start + 2),
        (b'r' | b'v', Some(b'e')) | (b'l', Some(b'l')) => Some(start + 3),
        _ => None,
    }
}

/// What the patterns tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `\p{L}`
    Letter,
    /// `\p{N}`
    Number,
    /// `\s`
    Space,
    /// Anything else, an invalid byte too.
    Other,
    /// There is no character: the text ends.
    End,
}

/// A character: its kind and how many bytes it takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Char {
    pub(super) kind: Kind,
    pub(super) len: usize,
}

impl Char {
    const END: Self = Self { kind: Kind::End, len: 0 };

    /// The character at a place of the text; an invalid byte is one.
    pub(super) fn at(text: &[u8], at: usize) -> Self {
        match text.get(at) {
            None => Self::END,
            Some(&byte) if byte.is_ascii() => Self { kind: ASCII[usize::from(byte)], len: 1 },
            Some(_) => match decode(&text[at..]) {
                Some(char) => Self { kind: KINDS.of(char), len: char.len_utf8() },
                None => Self { kind: Kind::Other, len: 1 },
            },
        }
    }
}

/// The first character, if these bytes begin with a valid one.
pub(super) fn decode(text: &[u8]) -> Option<char> {
    let continuation = |at: usize| {
        let byte = u32::from(*text.get(at)?);
        (byte & 0xC0 == 0x80).then_some(byte & 0x3F)
    };
    let first = u32::from(*text.first()?);
    let (code, least) = match first {
        0x00..=0x7F => (first, 0),
        0xC2..=0xDF => ((first & 0x1F) << 6 | continuation(1)?, 0x80),
        0xE0..=0xEF => ((first & 0x0F) << 12 | continuation(1)? << 6 | continuation(2)?, 0x800),
        0xF0..=0xF4 => {
            ((first & 0x07) << 18 | continuation(1)? << 12 | continuation(2)? << 6 | continuation(3)?, 0x1_0000)
        }
        _ => return None,
    };
    char::from_u32(code).filter(|_| code >= least)
}

static ASCII: [Kind; 128] = {
    let mut kinds = [Kind::Other; 128];
    let mut byte = 0;
    while byte < 128 {
        kinds[byte as usize] = match byte {
            b'a'..=b'z' | b'A'..=b'Z' => Kind::Letter,
            b'0'..=b'9' => Kind::Number,
            b'\t'..=b'\r' | b' ' => Kind::Space,
            _ => Kind::Other,
        };
        byte += 1;
    }
    kinds
};

static KINDS: LazyLock<Kinds> = LazyLock::new(Kinds::new);

/// Kinds of all characters, by Unicode's tables as `regex` has them: blocks of 256, each kept once.
struct Kinds {
    block_of: Vec<u16>,
    blocks: Vec<[Kind; 256]>,
}

impl Kinds {
    fn new() -> Self {
        let mut all = vec![Kind::Other; 0x11_0000];
        for (class, kind) in [(r"\p{L}", Kind::Letter), (r"\p{N}", Kind::Number), (r"\s", Kind::Space)] {
            let hir = regex_syntax::parse(class).expect("a class of Unicode");
            let HirKind::Class(Class::Unicode(class)) = hir.kind() else { unreachable!("a class is a class") };
            class.iter().for_each(|range| all[range.start() as usize..=range.end() as usize].fill(kind));
        }
        let mut blocks: Vec<[Kind; 256]> = Vec::new();
        let block_of = all.as_chunks().0.iter().map(|block| {
            let known = blocks.iter().position(|known| known == block);
            known.unwrap_or_else(|| {
                blocks.push(*block);
                blocks.len() - 1
            }) as u16
        });
        let block_of = block_of.collect();
        Self { block_of, blocks }
    }

    fn of(&self, char: char) -> Kind {
        let code = char as usize;
        self.blocks[usize::from(self.block_of[code >> 8])][code & 0xFF]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fancy_regex::Regex;
    use proptest::prelude::*;

    /// Characters of all kinds, those that patterns name more often.
    fn text() -> impl Strategy<Value = String> {
        let char = prop_oneof![
            prop::sample::select("  \n\r\t'stremvlldTSLDREV aZ1290.,!?-_<>|'".chars().collect::<Vec<_>>()),
            prop::sample::select(
                "éß你好。１²Ⅷ٣\u{301}\u{a0}\u{2003}\u{85}\u{200d}👩ſK\u{FFFD}".chars().collect::<Vec<_>>()
            ),
            any::<char>(),
        ];
        prop::collection::vec(char, 0..60).prop_map(|chars| chars.into_iter().collect())
    }

    fn words(pattern: Pattern, text: &str) -> Vec<&str> {
        let mut start = 0;
        std::iter::from_fn(|| {
            let word = start..if start < text.len() { pattern.end(text.as_bytes(), start) } else { return None };
            start = word.end;
            Some(&text[word])
        })
        .collect()
    }

    fn matches<'x>(regex: &Regex, text: &'x str) -> Vec<&'x str> {
        regex.find_iter(text).map(|found| found.unwrap().as_str()).collect()
    }

    static REGEXES: LazyLock<[Regex; 5]> = LazyLock::new(|| {
        let qwen2 = LLAMA3.replace("{1,3}", "");
        [GPT2, LLAMA3, &qwen2, r"\p{N}|\P{N}+", r"\p{N}+|\P{N}+"].map(|regex| Regex::new(regex).unwrap())
    });

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]
        #[test]
        fn words_are_the_matches_of_the_regular_expressions(text in text()) {
            let [gpt2, llama3, qwen2, alone, apart] = &*REGEXES;
            prop_assert_eq!(words(Pattern::Gpt2(Digits::Joined), &text), matches(gpt2, &text));
            prop_assert_eq!(words(Pattern::Llama3 { digits_max: 3 }, &text), matches(llama3, &text));
            prop_assert_eq!(words(Pattern::Llama3 { digits_max: 1 }, &text), matches(qwen2, &text));
            for (digits, cut) in [(Digits::Alone, alone), (Digits::Apart, apart)] {
                let pieces = matches(cut, &text).into_iter();
                let expected: Vec<&str> = pieces.flat_map(|piece| matches(gpt2, piece)).collect();
                prop_assert_eq!(words(Pattern::Gpt2(digits), &text), expected);
            }
        }

        #[test]
        fn characters_are_those_of_the_standard_library(bytes in prop::collection::vec(any::<u8>(), 1..8)) {
            let first = bytes.utf8_chunks().next().unwrap().valid().chars().next();
            prop_assert_eq!(decode(&bytes), first);
        }
    }

    #[test]
    fn every_character_is_of_the_kind_that_regular_expressions_say() {
        let [letter, number, space] = [r"\p{L}", r"\p{N}", r"\s"].map(|class| Regex::new(class).unwrap());
        for char in '\0'..=char::MAX {
            let mut bytes = [0; 4];
            let text = char.encode_utf8(&mut bytes);
            let expected = match () {
                () if letter.is_match(text).unwrap() => Kind::Letter,
                () if number.is_match(text).unwrap() => Kind::Number,
                () if space.is_match(text).unwrap() => Kind::Space,
                () => Kind::Other,
            };
            let found = Char::at(text.as_bytes(), 0);
            assert_eq!((found.kind, found.len), (expected, char.len_utf8()), "{char:?}");
        }
    }
}

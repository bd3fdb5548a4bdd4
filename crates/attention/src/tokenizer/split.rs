//! How text is cut into words before it is merged.

use std::ops::Range;

use fancy_regex::Regex;
use serde_json::Value;

use super::parts::Split;
use super::scan::{Char, Digits, Kind, LOOK_AHEAD, Pattern, decode};

/// Names of GGUF's `tokenizer.ggml.pre` and their patterns, those of the same pattern in llama.cpp's `llama-vocab.cpp` together.
const NAMED: &[(&[&str], &[Pattern])] = &[
    (&["gpt-2", "phi-2", "mpt", "olmo", "jais"], &[Pattern::Gpt2(Digits::Joined)]),
    (
        &["smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b"],
        &[Pattern::Gpt2(Digits::Alone)],
    ),
    (&["llama-bpe", "llama3", "llama-v3", "dbrx", "smaug-bpe"], &[Pattern::Llama3 { digits_max: 3 }]),
    (&["qwen2", "stablelm2", "deepseek-r1-qwen"], &[Pattern::Llama3 { digits_max: 1 }]),
];

/// What llama.cpp cuts out, one after the other, where a file names `default` or nothing; GPT-2's pattern is the second.
const DEFAULT_FIRST: &str = r"[\p{P}\$\+<=>\^~\|]+";
const DEFAULT_LAST: &str = "[0-9][0-9][0-9]";

/// How much text a regular expression sees at first, in bytes: more only where a match does not end well before. So a run of a
/// million spaces costs a few looks at it, and a match of which `fancy-regex` tires (after a million steps back) ends where one
/// was found in less text.
const VIEW: usize = 1 << 16;
/// How far a view is given up where the expression finds nothing in it before it tires.
const STRETCH: usize = 4096;

/// Why text cannot be cut as a file wants it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SplitError {
    /// A name of GGUF that is not known.
    #[error("text is cut as {name:?} says, known are {known}")]
    UnknownName {
        /// The name.
        name: String,
        /// Those that are known.
        known: String,
    },
    /// A kind of pre-tokenizer that is not known.
    #[error("pre_tokenizer has type {kind:?}, known are Sequence, ByteLevel, Digits and Split")]
    UnknownKind {
        /// What `type` says.
        kind: String,
    },
    /// A field is missing or is not what it should be.
    #[error("{kind} of pre_tokenizer has {field} {found}, expected {expected}")]
    Field {
        /// The pre-tokenizer.
        kind: String,
        /// Its field.
        field: &'static str,
        /// What is there.
        found: String,
        /// What may be there.
        expected: &'static str,
    },
    /// Bytes must be made printable once, at the end.
    #[error("pre_tokenizer has {found}, a byte-level tokenizer has one ByteLevel, the last step")]
    ByteLevel {
        /// What there is instead.
        found: &'static str,
    },
    /// A pattern that is no regular expression.
    #[error("pre_tokenizer's pattern {pattern:?} is no regular expression")]
    Regex {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        source: Box<fancy_regex::Error>,
    },
    /// A pattern that looks at what is before a word, so that text cannot be cut there.
    #[error("pre_tokenizer's pattern {pattern:?} looks behind, with {found}; only what lies ahead may decide")]
    LooksBehind {
        /// The pattern.
        pattern: String,
        /// The part of it.
        found: &'static str,
    },
}

/// Cuts text into words, step by step: each cuts what the one before it left.
pub(super) struct Splitter {
    steps: Vec<Step>,
    /// Whether a text that begins with no space gets one.
    pub(super) prefix_space: bool,
}

enum Step {
    /// Every byte is in some word, and each word is found from its beginning alone.
    Words(Pattern),
    /// Matches and what is between them are cut apart.
    Matches { of: Matcher, inverted: bool, then: Behavior },
}

enum Matcher {
    Regex(Box<Regex>),
    Text(Box<[u8]>),
    Digit,
}

/// What becomes of a match, as Hugging Face names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Behavior {
    Removed,
    Isolated,
    MergedWithPrevious,
    MergedWithNext,
    Contiguous,
}

impl Splitter {
    pub(super) fn new(split: &Split) -> Result<Self, SplitError> {
        match split {
            Split::Named(name) => Self::named(name),
            Split::Json(value) => Self::from_json(value),
        }
    }

    fn named(name: &str) -> Result<Self, SplitError> {
        let steps = if name == "default" {
            let isolated = |of, then| Step::Matches { of, inverted: false, then };
            vec![
                isolated(Matcher::regex(DEFAULT_FIRST)?, Behavior::Isolated),
                Step::Words(Pattern::Gpt2(Digits::Joined)),
                isolated(Matcher::Digit, Behavior::Contiguous),
                isolated(Matcher::regex(DEFAULT_LAST)?, Behavior::Isolated),
            ]
        } else {
            let known = NAMED.iter().find(|(names, _)| names.contains(&name));
            let (_, patterns) =
                known.ok_or_else(|| SplitError::UnknownName { name: name.to_owned(), known: names() })?;
            patterns.iter().copied().map(Step::Words).collect()
        };
        Ok(Self { steps, prefix_space: false })
    }

    fn from_json(value: &Value) -> Result<Self, SplitError> {
        let mut flat = Vec::new();
        flatten(value, &mut flat)?;
        let Some((&last, before)) = flat.split_last() else {
            return Err(SplitError::ByteLevel { found: "no step" });
        };
        if kind(last) != "ByteLevel" {
            return Err(SplitError::ByteLevel { found: "another last step" });
        }
        let mut steps = Vec::new();
        for &step in before {
            steps.push(match kind(step) {
                "Digits" => {
                    let alone = flag(step, "individual_digits", Some(false))?;
                    let then = if alone { Behavior::Isolated } else { Behavior::Contiguous };
                    Step::Matches { of: Matcher::Digit, inverted: false, then }
                }
                "Split" => Step::from_split(step)?,
                "ByteLevel" => return Err(SplitError::ByteLevel { found: "more than one" }),
                other => return Err(SplitError::UnknownKind { kind: other.to_owned() }),
            });
        }
        let prefix_space = flag(last, "add_prefix_space", None)?;
        if prefix_space && !steps.is_empty() {
            let expected = "false after other steps";
            let found = "true".to_owned();
            return Err(SplitError::Field { kind: "ByteLevel".to_owned(), field: "add_prefix_space", found, expected });
        }
        if flag(last, "use_regex", Some(true))? {
            // Digits and GPT-2's pattern in one, so that a stream may be cut after each word.
            let digits = match steps.pop() {
                Some(Step::Matches { of: Matcher::Digit, then: Behavior::Isolated, .. }) => Digits::Alone,
                Some(Step::Matches { of: Matcher::Digit, .. }) => Digits::Apart,
                other => {
                    steps.extend(other);
                    Digits::Joined
                }
            };
            steps.push(Step::Words(Pattern::Gpt2(digits)));
        }
        Ok(Self { steps, prefix_space })
    }

    /// Cuts a text into units, each of which begins as a text of its own would: `of_unit` gets the range and says whether to go on.
    pub(super) fn units(&self, text: &[u8], of_unit: impl FnMut(Range<usize>) -> bool) {
        match self.steps.first() {
            Some(step) => step.pieces(text, of_unit),
            None if text.is_empty() => {}
            None => {
                let mut of_unit = of_unit;
                of_unit(0..text.len());
            }
        }
    }

    /// The words of a unit.
    pub(super) fn words(&self, unit: &[u8], of_word: &mut impl FnMut(&[u8])) {
        words(self.steps.get(1..).unwrap_or_default(), unit, of_word);
    }
}

fn words(steps: &[Step], text: &[u8], of_word: &mut impl FnMut(&[u8])) {
    let Some((step, rest)) = steps.split_first() else { return of_word(text) };
    // A closure that calls itself would be a type without end: pieces are listed where more steps follow.
    let mut pieces = Vec::new();
    step.pieces(text, |piece| {
        pieces.push(piece);
        true
    });
    for piece in pieces {
        words(rest, &text[piece], of_word);
    }
}

fn names() -> String {
    let named = NAMED.iter().flat_map(|(names, _)| names.iter().copied());
    std::iter::once("default").chain(named).collect::<Vec<_>>().join(", ")
}

fn flatten<'v>(value: &'v Value, into: &mut Vec<&'v Value>) -> Result<(), SplitError> {
    match kind(value) {
        "Sequence" => {
            let Some(steps) = value["pretokenizers"].as_array() else {
                return Err(wrong(value, "pretokenizers", "a list"));
            };
            steps.iter().try_for_each(|step| flatten(step, into))
        }
        "ByteLevel" | "Digits" | "Split" => {
            into.push(value);
            Ok(())
        }
        other => Err(SplitError::UnknownKind { kind: other.to_owned() }),
    }
}

fn kind(value: &Value) -> &str {
    match &value["type"] {
        Value::String(kind) => kind,
        _ if value.is_null() => "null",
        _ => "none",
    }
}

fn flag(value: &Value, field: &'static str, default: Option<bool>) -> Result<bool, SplitError> {
    match (&value[field], default) {
        (Value::Bool(flag), _) => Ok(*flag),
        (Value::Null, Some(default)) => Ok(default),
        _ => Err(wrong(value, field, "true or false")),
    }
}

fn wrong(value: &Value, field: &'static str, expected: &'static str) -> SplitError {
    let mut found = value[field].to_string();
    found.truncate(found.floor_char_boundary(200));
    SplitError::Field { kind: kind(value).to_owned(), field, found, expected }
}

impl Step {
    fn from_split(value: &Value) -> Result<Self, SplitError> {
        let then = match value["behavior"].as_str() {
            Some("Removed") => Behavior::Removed,
            Some("Isolated") => Behavior::Isolated,
            Some("MergedWithPrevious") => Behavior::MergedWithPrevious,
            Some("MergedWithNext") => Behavior::MergedWithNext,
            Some("Contiguous") => Behavior::Contiguous,
            _ => {
                let expected = "Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous";
                return Err(wrong(value, "behavior", expected));
            }
        };
        let inverted = flag(value, "invert", Some(false))?;
        let pattern = &value["pattern"];
        let of = match (pattern["String"].as_str(), pattern["Regex"].as_str()) {
            (Some(""), _) => return Err(wrong(value, "pattern", "a text that is not empty")),
            (Some(text), _) => Matcher::Text(text.as_bytes().into()),
            (_, Some(regex)) => {
                // A known pattern leaves nothing between its matches, so that both ways to write it are the same.
                let all_is_kept = matches!((then, inverted), (Behavior::Isolated, _) | (Behavior::Removed, true));
                if let Some(pattern) = Pattern::from_regex(regex).filter(|_| all_is_kept) {
                    return Ok(Self::Words(pattern));
                }
                Matcher::regex(regex)?
            }
            _ => return Err(wrong(value, "pattern", "{\"String\": …} or {\"Regex\": …}")),
        };
        Ok(Self::Matches { of, inverted, then })
    }

    /// Cuts a text; `of_piece` says whether to go on.
    fn pieces(&self, text: &[u8], mut of_piece: impl FnMut(Range<usize>) -> bool) {
        match self {
            Self::Words(pattern) => {
                let mut start = 0;
                while start < text.len() {
                    let end = pattern.end(text, start);
                    if !of_piece(start..end) {
                        return;
                    }
                    start = end;
                }
            }
            Self::Matches { of, inverted, then } => {
                let mut ranges = of.ranges(text);
                ranges.iter_mut().for_each(|(_, is_match)| *is_match ^= inverted);
                let pieces = then.apply(ranges);
                // Each must go on; `all` ends with the first that does not.
                let _all = pieces.into_iter().all(of_piece);
            }
        }
    }
}

impl Behavior {
    fn apply(self, ranges: Vec<(Range<usize>, bool)>) -> Vec<Range<usize>> {
        let mut pieces: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
        let mut after_match = false;
        match self {
            Self::Removed => {
                pieces.extend(ranges.into_iter().filter(|(_, is_match)| !is_match).map(|(range, _)| range))
            }
            Self::Isolated => pieces.extend(ranges.into_iter().map(|(range, _)| range)),
            Self::MergedWithPrevious | Self::Contiguous => {
                for (range, is_match) in ranges {
                    let joins =
                        if self == Self::Contiguous { is_match == after_match } else { is_match && !after_match };
                    match pieces.last_mut() {
                        Some(last) if joins => last.end = range.end,
                        _ => pieces.push(range),
                    }
                    after_match = is_match;
                }
            }
            Self::MergedWithNext => {
                for (range, is_match) in ranges.into_iter().rev() {
                    match pieces.last_mut() {
                        Some(last) if is_match && !after_match => last.start = range.start,
                        _ => pieces.push(range),
                    }
                    after_match = is_match;
                }
                pieces.reverse();
            }
        }
        pieces.retain(|piece| !piece.is_empty());
        pieces
    }
}

impl Matcher {
    fn regex(pattern: &str) -> Result<Self, SplitError> {
        let behind = ["(?<=", "(?<!", r"\b", r"\B", r"\A", r"\G", r"\K"];
        if let Some(found) = behind.into_iter().find(|behind| pattern.contains(behind)) {
            return Err(SplitError::LooksBehind { pattern: pattern.to_owned(), found });
        }
        let regex = Regex::new(pattern);
        let regex =
            regex.map_err(|source| SplitError::Regex { pattern: pattern.to_owned(), source: Box::new(source) })?;
        Ok(Self::Regex(Box::new(regex)))
    }

    /// Matches and what is between them, in order.
    fn ranges(&self, text: &[u8]) -> Vec<(Range<usize>, bool)> {
        let mut ranges = Vec::new();
        let mut done = 0;
        let mut matched = |range: Range<usize>| {
            if done < range.start {
                ranges.push((done..range.start, false));
            }
            done = range.end;
            ranges.push((range, true));
        };
        match self {
            Self::Regex(regex) => {
                let lossy = Lossy::new(text);
                matches(regex, &lossy.text, |range| matched(lossy.original(range.start)..lossy.original(range.end)));
            }
            Self::Text(part) => {
                let mut at = 0;
                while at + part.len() <= text.len() {
                    if text[at..].starts_with(part) {
                        matched(at..at + part.len());
                        at += part.len();
                    } else {
                        at += 1;
                    }
                }
            }
            Self::Digit => {
                let mut at = 0;
                while at < text.len() {
                    let char = Char::at(text, at);
                    if char.kind == Kind::Number {
                        matched(at..at + char.len);
                    }
                    at += char.len;
                }
            }
        }
        if done < text.len() {
            ranges.push((done..text.len(), false));
        }
        ranges
    }
}

fn matches(regex: &Regex, text: &str, mut matched: impl FnMut(Range<usize>)) {
    let mut at = 0;
    while at < text.len() {
        match find(regex, text, at) {
            Found::Match(range) if range.is_empty() => {
                // What matches nothing matches nothing there for ever.
                at = range.end + text[range.end..].chars().next().map_or(1, char::len_utf8);
            }
            Found::Match(range) => {
                at = range.end;
                matched(range);
            }
            Found::Nothing => return,
            Found::Tired => at = text.ceil_char_boundary((at + STRETCH).min(text.len())),
        }
    }
}

enum Found {
    Match(Range<usize>),
    Nothing,
    Tired,
}

fn find(regex: &Regex, text: &str, at: usize) -> Found {
    let mut best = Found::Tired;
    let mut size = VIEW;
    loop {
        let end = text.ceil_char_boundary(at.saturating_add(size).min(text.len()));
        let is_all = end == text.len();
        match regex.find_from_pos(&text[..end], at) {
            Ok(Some(found)) if is_all || found.end() + LOOK_AHEAD <= end => return Found::Match(found.range()),
            Ok(Some(found)) => best = Found::Match(found.range()),
            Ok(None) if is_all => return Found::Nothing,
            Ok(None) => {}
            Err(_) => return best,
        }
        size = size.saturating_mul(4);
    }
}

/// Bytes as text: each that is not UTF-8 is U+FFFD.
struct Lossy {
    text: String,
    /// Where in `text` those are.
    replaced: Vec<usize>,
}

impl Lossy {
    fn new(bytes: &[u8]) -> Self {
        let mut text = String::with_capacity(bytes.len());
        let mut replaced = Vec::new();
        for chunk in bytes.utf8_chunks() {
            text.push_str(chunk.valid());
            for _ in chunk.invalid() {
                replaced.push(text.len());
                text.push(char::REPLACEMENT_CHARACTER);
            }
        }
        Self { text, replaced }
    }

    /// The place in the bytes that a place in the text stands for.
    fn original(&self, at: usize) -> usize {
        let n_before = self.replaced.partition_point(|&replaced| replaced < at);
        at - n_before * (char::REPLACEMENT_CHARACTER.len_utf8() - 1)
    }
}

/// The last place up to `end` at which no character is cut.
pub(super) fn floor_char_boundary(text: &[u8], end: usize) -> usize {
    let within = (1..4).filter_map(|back| end.checked_sub(back)).find(|&start| {
        let char = text.get(start..).and_then(decode);
        char.is_some_and(|char| start + char.len_utf8() > end)
    });
    within.unwrap_or(end)
}

//! The tokenizer against two others, on a mixed text, and against itself read in pieces.

use std::io::{self, BufRead, Read, Write as _};
use std::path::PathBuf;

use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use serde_json::{Map, Value, json};

use super::*;
use crate::file::ModelFile;
use dunwu_attention_fixtures::{Format, Tiny};

const SMOLLM2: &str = "SmolLM2-135M-Instruct.Q4_1.gguf";

/// What `scripts/fetch-model` brings, if it is there.
fn fetched(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../models")).join(name);
    let is_there = path.exists();
    if !is_there {
        say(&format!("skipped: models/{name} is not there (scripts/fetch-model brings it)"));
    }
    is_there.then_some(path)
}

/// On standard error; the harness shows nothing that a passing test writes by `eprintln!`.
fn say(line: &str) {
    writeln!(io::stderr(), "{line}").expect("standard error takes a line");
}

fn tiny() -> TokenizerParts {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.gguf");
    Tiny::default().write_gguf(&path, Format::F32, 1).unwrap();
    ModelFile::open(&path).unwrap().tokenizer
}

/// The tiny vocabulary, and `SmolLM2`'s if it is there.
fn vocabularies() -> Vec<TokenizerParts> {
    let model = fetched(SMOLLM2).map(|path| ModelFile::open(&path).unwrap().tokenizer);
    std::iter::once(tiny()).chain(model).collect()
}

fn names(names: &[&str]) -> Names {
    let mut out = Names::default();
    names.iter().for_each(|name| out.push(name).unwrap());
    out
}

/// Single bytes in GPT-2's alphabet, and then what is given.
fn bytes_and(others: &[&str], merges: &[&str]) -> TokenizerParts {
    let prints = |byte: &u8| matches!(byte, b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF);
    let mut bytes: Vec<String> = (0..=u8::MAX).filter(prints).map(|byte| char::from(byte).to_string()).collect();
    bytes.extend(('\u{100}'..).take(256 - bytes.len()).map(String::from));
    let all: Vec<&str> = bytes.iter().map(|byte| &**byte).chain(others.iter().copied()).collect();
    TokenizerParts {
        kinds: vec![TokenKind::Normal; all.len()],
        tokens: names(&all),
        merges: names(merges),
        split: Split::Named("gpt-2".to_owned()),
        ..TokenizerParts::default()
    }
}

/// Text of all sorts, the same for a seed.
fn mixed(seed: u64, n_pieces: usize) -> String {
    const PIECES: &[&str] = &[
        "The quick brown fox didn't jump; we'll see, they've DON'T. I'm he'd YOU'RE 'tis 's 'S",
        include_str!("scan.rs"),
        include_str!("../../Cargo.toml"),
        "你好，世界！今天天气怎么样？我們在這裡。日本語のテキスト、カタカナ。한국어 텍스트",
        "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 🇩🇪 ❤️‍🔥 ☃ ✓→∑",
        "مرحبا بالعالم، كيف الحال؟ ١٢٣٤ שָׁלוֹם हिन्दी १२३ ไทย ๑๒",
        "e\u{301} n\u{303} Z\u{351}\u{36b}\u{343} a\u{308}\u{323} \u{301}\u{301}",
        "\0\u{1}\u{2}\u{1b}[0m\u{7f}\u{85}\u{a0}\u{2003}\u{2028}\u{3000}\u{feff}\u{200b}",
        "                          x      \n\n\n\n\n\t\t\t \t y \r\n\r\n  \n",
        "0 1 12 123 1234 12345678901234567890 3.14159 1,000,000 ½ ² Ⅷ ① 𝟘𝟙",
        "<|im_start|>user\nHi<|im_end|>\n<|endoftext|><file_sep><|im_end",
    ];
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut draw = |n: usize| random.next_u32() as usize % n;
    let mut text = String::new();
    for _ in 0..n_pieces {
        let piece = PIECES[draw(PIECES.len())];
        let start = piece.floor_char_boundary(draw(piece.len()));
        let end = piece.floor_char_boundary(start + draw(200));
        text.push_str(&piece[start..end]);
        match draw(6) {
            0 => text.push(' '),
            1 => text.extend(std::iter::repeat_n(' ', draw(60))),
            2 => text.extend(std::iter::repeat_n('\n', draw(9))),
            3 => text.extend(char::from_u32(draw(0x3_0000) as u32)),
            _ => {}
        }
    }
    text
}

/// The same tokenizer in the `tokenizers` crate, without a pre-tokenizer.
fn other(parts: &TokenizerParts) -> tokenizers::Tokenizer {
    let special = |kind| matches!(kind, TokenKind::Control | TokenKind::UserDefined);
    let added = parts.tokens.iter().zip(&parts.kinds).enumerate().filter(|(_, (_, kind))| special(**kind));
    let added = added.map(|(id, (content, &kind))| {
        json!({
            "id": id, "content": content, "special": kind == TokenKind::Control,
            "single_word": false, "lstrip": false, "rstrip": false, "normalized": false,
        })
    });
    let vocabulary: Map<String, Value> =
        parts.tokens.iter().zip(0..).map(|(name, id)| (name.to_owned(), json!(id))).collect();
    let json = json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": added.collect::<Vec<_>>(),
        "normalizer": null, "pre_tokenizer": null, "post_processor": null, "decoder": null,
        "model": {
            "type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
            "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false,
            "ignore_merges": parts.ignore_merges, "vocab": vocabulary,
            "merges": parts.merges.iter().collect::<Vec<_>>(),
        },
    });
    tokenizers::Tokenizer::from_bytes(json.to_string()).unwrap()
}

fn byte_level(use_regex: bool) -> Value {
    json!({ "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": use_regex })
}

fn split_by(pattern: &Value, behavior: &str, invert: bool) -> Value {
    json!({ "type": "Split", "pattern": pattern, "behavior": behavior, "invert": invert })
}

fn sequence(steps: &[Value]) -> Value {
    json!({ "type": "Sequence", "pretokenizers": steps })
}

fn digits(individual: bool) -> Value {
    json!({ "type": "Digits", "individual_digits": individual })
}

/// Pre-tokenizers, with the name that GGUF gives the same pattern.
fn pre_tokenizers() -> Vec<(Option<&'static str>, Value)> {
    let regex = |pattern: &str| json!({ "Regex": pattern });
    let llama3 = scan::LLAMA3;
    let qwen2 = llama3.replace("{1,3}", "");
    let gpt4o = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    let mut all = vec![
        (Some("gpt-2"), byte_level(true)),
        (Some("smollm"), sequence(&[digits(true), byte_level(true)])),
        (None, sequence(&[digits(false), byte_level(true)])),
        (Some("llama-bpe"), sequence(&[split_by(&regex(llama3), "Isolated", false), byte_level(false)])),
        (None, sequence(&[split_by(&regex(llama3), "Removed", true), byte_level(false)])),
        (Some("qwen2"), sequence(&[split_by(&regex(&qwen2), "Isolated", false), byte_level(false)])),
        (None, sequence(&[split_by(&regex(gpt4o), "Isolated", false), byte_level(false)])),
        (None, sequence(&[split_by(&regex(r"\s?\p{L}+"), "Isolated", false), digits(true), byte_level(true)])),
        (None, json!({ "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true })),
    ];
    for behavior in ["Isolated", "Removed", "MergedWithPrevious", "MergedWithNext", "Contiguous"] {
        for invert in [false, true] {
            for pattern in [json!({ "String": "e" }), regex(r"[aeiou]|\s+(?!\S)")] {
                all.push((None, sequence(&[split_by(&pattern, behavior, invert), byte_level(false)])));
            }
        }
    }
    all
}

/// Without characters that have a byte without a token: Hugging Face leaves such a byte out before merging, llama.cpp and we
/// after it.
fn that_has_tokens(tokenizer: &Tokenizer, text: &str) -> String {
    let has_token = |char: &char| {
        let mut bytes = [0; 4];
        let bytes = char.encode_utf8(&mut bytes).as_bytes();
        bytes.iter().all(|&byte| !tokenizer.encode(&[byte]).is_empty())
    };
    text.chars().filter(has_token).collect()
}

fn text_of(tokenizer: &Tokenizer, tokens: &[u32]) -> Vec<u8> {
    tokens.iter().flat_map(|&token| tokenizer.bytes(token)).copied().collect()
}

#[test]
fn tokens_are_those_of_the_tokenizers_crate() {
    for parts in vocabularies() {
        let mut other = other(&parts);
        for (name, pre_tokenizer) in pre_tokenizers() {
            let pre: tokenizers::PreTokenizerWrapper = serde_json::from_value(pre_tokenizer.clone()).unwrap();
            other.with_pre_tokenizer(Some(pre));
            let with = |split| Tokenizer::new(&TokenizerParts { split, ..parts.clone() }).unwrap();
            let ours = with(Split::Json(pre_tokenizer.clone()));
            let named = name.map(|name| with(Split::Named(name.to_owned())));
            for seed in 0..2 {
                let text = that_has_tokens(&ours, &mixed(seed, 300));
                // There, a space that begins the text begins every piece between special tokens too.
                let text = if pre_tokenizer["add_prefix_space"] == true { text.replace('<', "(") } else { text };
                let expected = other.encode(&*text, false).unwrap();
                let tokens = ours.encode_with_special(&text);
                if let Some(at) = (0..tokens.len()).find(|&at| expected.get_ids().get(at) != Some(&tokens[at])) {
                    let near = |tokens: &[u32]| {
                        let near = &tokens[at.saturating_sub(3).min(tokens.len())..(at + 6).min(tokens.len())];
                        near.iter().map(|&token| ours.name(token).to_owned()).collect::<Vec<_>>()
                    };
                    panic!("{pre_tokenizer}: {:?} for {:?}", near(&tokens), near(expected.get_ids()));
                }
                assert_eq!(tokens.len(), expected.get_ids().len(), "{pre_tokenizer}");
                if let Some(named) = &named {
                    assert_eq!(named.encode_with_special(&text), tokens, "{name:?}");
                }
            }
        }
    }
}

#[test]
fn tokens_are_those_of_llama_cpp() {
    let Some(path) = fetched(SMOLLM2) else { return };
    let parts = ModelFile::open(&path).unwrap().tokenizer;
    let fixture: Value = serde_json::from_str(include_str!("../../testdata/llama_tokens.json")).unwrap();
    let hexadecimal = fixture["text"].as_str().unwrap();
    let text: Vec<u8> =
        (0..hexadecimal.len()).step_by(2).map(|at| u8::from_str_radix(&hexadecimal[at..at + 2], 16).unwrap()).collect();
    assert!(std::str::from_utf8(&text).is_err());
    let text = as_llama_reads(&text);
    let tokens = |value: &Value| -> Vec<u32> { serde_json::from_value(value.clone()).unwrap() };
    for (pattern, expected) in fixture["tokens"].as_object().unwrap() {
        let split = Split::Named(pattern.clone());
        let ignore_merges = pattern == "llama-bpe";
        let ours = Tokenizer::new(&TokenizerParts { ignore_merges, split, ..parts.clone() }).unwrap();
        assert_eq!(ours.encode(&text), tokens(expected), "{pattern}");
    }
    let ours = Tokenizer::new(&parts).unwrap();
    assert_eq!(ours.encode_beside(&text, &ours.special), tokens(&fixture["special_tokens"]));
}

/// llama.cpp puts U+FFFD where a byte is not UTF-8; a surrogate is UTF-8 to it.
fn as_llama_reads(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(chunk) = rest.utf8_chunks().next() {
        out.extend_from_slice(chunk.valid().as_bytes());
        rest = &rest[chunk.valid().len()..];
        match rest {
            [0xED, 0xA0..=0xBF, 0x80..=0xBF, after @ ..] => {
                out.extend_from_slice(&rest[..3]);
                rest = after;
            }
            [_, after @ ..] => {
                out.extend_from_slice("\u{FFFD}".as_bytes());
                rest = after;
            }
            [] => {}
        }
    }
    out
}

#[test]
fn a_word_of_a_million_bytes_takes_no_quadratic_time() {
    // Quadratic time would be 10¹² steps for each.
    for parts in vocabularies() {
        let tokenizer = Tokenizer::new(&parts).unwrap();
        for byte in [b"a", b" ", b"\n", b"e", b"!", b"\xff"] {
            let text = byte.repeat(1_000_000);
            let tokens = tokenizer.encode(&text);
            assert!(tokens.len() <= text.len());
            let n_read = tokenizer.reader(&*text).count();
            assert!(n_read.abs_diff(tokens.len()) <= 64, "{n_read} and {}", tokens.len());
        }
        let letters: Vec<u8> =
            mixed(3, 40_000).bytes().filter(u8::is_ascii_alphabetic).cycle().take(1_000_000).collect();
        assert_eq!(text_of(&tokenizer, &tokenizer.encode(&letters)), letters);
    }
    let pre_tokenizer =
        sequence(&[split_by(&json!({ "Regex": r"\s*[\r\n]+|\s+(?!\S)|\S+" }), "Isolated", false), byte_level(false)]);
    let tokenizer = Tokenizer::new(&TokenizerParts { split: Split::Json(pre_tokenizer), ..tiny() }).unwrap();
    for text in [" ".repeat(1_000_000), " ".repeat(1_000_000) + "x", "x".repeat(1_000_000)] {
        assert_eq!(text_of(&tokenizer, &tokenizer.encode(text.as_bytes())), text.as_bytes());
    }
}

#[test]
fn merges_are_those_of_the_definition() {
    // Letters of which many pairs merge, in words short and long, against the definition carried out step by step.
    let merges = ["b a", "a a", "a b", "ba a", "aa a", "ab ba", "aa aa", "b b", "aab b", "aa b", "abba abba", "ba ba"];
    let others: Vec<String> = merges.iter().map(|merge| merge.replace(' ', "")).collect();
    let others: Vec<&str> = others.iter().map(|other| &**other).collect();
    let parts = bytes_and(&others, &merges);
    let tokenizer = Tokenizer::new(&parts).unwrap();
    let mut random = ChaCha8Rng::seed_from_u64(1);
    for length in (1..80).chain([200, 500]) {
        let word: String = (0..length).map(|_| if random.next_u32() % 3 == 0 { 'b' } else { 'a' }).collect();
        let mut pieces: Vec<String> = word.chars().map(String::from).collect();
        let rank = |pair: &[String]| merges.iter().position(|merge| *merge == format!("{} {}", pair[0], pair[1]));
        while let Some((_, at)) = (1..pieces.len()).filter_map(|at| Some((rank(&pieces[at - 1..=at])?, at))).min() {
            let right = pieces.remove(at);
            pieces[at - 1].push_str(&right);
        }
        let tokens = tokenizer.encode(word.as_bytes());
        assert_eq!(tokens.iter().map(|&token| tokenizer.name(token)).collect::<Vec<_>>(), pieces, "{word}");
    }
}

#[test]
fn senseless_parts_are_refused_or_harmless() {
    let refused = |change: &dyn Fn(&mut TokenizerParts)| {
        let mut parts = bytes_and(&["ab"], &["a b"]);
        change(&mut parts);
        Tokenizer::new(&parts).err().expect("it is refused").to_string()
    };
    assert_eq!(refused(&|parts| parts.kinds.truncate(256)), "256 kinds for 257 tokens, expected one for each");
    assert_eq!(refused(&|parts| parts.ends = vec![257]), "an end is token 257, of 257");
    assert_eq!(refused(&|parts| parts.begin = Some(300)), "the beginning is token 300, of 257");
    for merge in ["ab", "a  b", " ab", "a b c", ""] {
        let expected = format!("merge 0 is {merge:?}, expected two tokens with one space between them");
        assert_eq!(refused(&|parts| parts.merges = names(&[merge])), expected);
    }
    assert_eq!(
        refused(&|parts| parts.merges = names(&["a c"])),
        "merge 0 is \"a c\", but \"ac\" is not a token of text"
    );
    assert_eq!(
        refused(&|parts| parts.kinds[256] = TokenKind::Control),
        "merge 0 is \"a b\", but \"ab\" is not a token of text"
    );
    assert!(refused(&|parts| *parts = TokenizerParts::default()).starts_with("no token is a single byte"));
    let unknown = refused(&|parts| parts.split = Split::Named("gpt-5".to_owned()));
    assert!(unknown.starts_with("text is cut as \"gpt-5\" says, known are default, gpt-2, "), "{unknown}");

    // Duplicates of merges and tokens; a byte without a token; a token that does not exist.
    let mut parts = bytes_and(&["ab", "ab", "abab"], &["a b", "ab ab", "a b", "ab ab"]);
    let tokenizer = Tokenizer::new(&parts).unwrap();
    assert_eq!(tokenizer.encode(b"ababab"), [258, 257]);
    assert_eq!((tokenizer.bytes(259), tokenizer.name(259), tokenizer.is_special(259)), (&b""[..], "", false));
    parts.kinds[usize::from(b'c' - b'!')] = TokenKind::Control;
    assert_eq!(Tokenizer::new(&parts).unwrap().encode(b"acbab"), [u32::from(b'a' - b'!'), u32::from(b'b' - b'!'), 257]);
}

#[test]
fn pre_tokenizers_that_are_not_known_are_refused_by_name() {
    let refused = |value: Value| {
        let parts = TokenizerParts { split: Split::Json(value), ..bytes_and(&[], &[]) };
        Tokenizer::new(&parts).err().expect("it is refused").to_string()
    };
    let known = "known are Sequence, ByteLevel, Digits and Split";
    assert_eq!(refused(json!({ "type": "Metaspace" })), format!("pre_tokenizer has type \"Metaspace\", {known}"));
    assert_eq!(refused(Value::Null), format!("pre_tokenizer has type \"null\", {known}"));
    assert!(refused(sequence(&[])).contains("has no step"));
    assert!(refused(digits(true)).contains("another last step"));
    assert!(refused(sequence(&[byte_level(true), byte_level(true)])).contains("more than one"));
    let split = |pattern, behavior| sequence(&[split_by(&pattern, behavior, false), byte_level(false)]);
    assert!(refused(split(json!({ "Regex": "(" }), "Isolated")).contains("is no regular expression"));
    assert!(refused(split(json!({ "Regex": r"(?<=a)b" }), "Isolated")).contains("looks behind, with (?<="));
    assert!(refused(split(json!({ "Regex": "a" }), "Shuffled")).contains("has behavior \"Shuffled\""));
    assert!(refused(split(json!({ "String": "" }), "Isolated")).contains("has pattern"));
}

#[test]
fn special_names_are_tokens_only_where_a_template_writes_them() {
    let mut parts = bytes_and(&["<|a|>", "<|a|>b", "<u>"], &[]);
    parts.kinds[256..].copy_from_slice(&[TokenKind::Control, TokenKind::Control, TokenKind::UserDefined]);
    let tokenizer = Tokenizer::new(&parts).unwrap();
    let x = u32::from(b'x' - b'!');
    assert_eq!(tokenizer.encode_with_special("x<|a|>x<|a|>b<u>"), [x, 256, x, 257, 258]);
    assert_eq!(tokenizer.encode(b"<|a|><u>x").len(), 5 + 2);
    assert_eq!((tokenizer.special("<|a|>"), tokenizer.special("<u>"), tokenizer.special("x")), (Some(256), None, None));
    assert_eq!((tokenizer.is_special(256), tokenizer.is_special(258)), (true, false));
}

/// A text that comes in pieces of random lengths.
struct Dribble<'x> {
    text: &'x [u8],
    random: ChaCha8Rng,
    longest: usize,
    next: usize,
}

impl<'x> Dribble<'x> {
    fn new(text: &'x [u8], longest: usize) -> Self {
        Self { text, random: ChaCha8Rng::seed_from_u64(longest as u64), longest, next: 0 }
    }
}

impl Read for Dribble<'_> {
    fn read(&mut self, _into: &mut [u8]) -> io::Result<usize> {
        unreachable!("a reader of lines is asked for its buffer")
    }
}

impl BufRead for Dribble<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.next == 0 {
            self.next = (1 + self.random.next_u32() as usize % self.longest).min(self.text.len());
        }
        Ok(&self.text[..self.next])
    }

    fn consume(&mut self, n: usize) {
        self.text = &self.text[n..];
        self.next -= n;
    }
}

fn check_reader(tokenizer: &Tokenizer, text: &[u8], longest: usize) {
    let expected = tokenizer.encode(text);
    let mut reader = tokenizer.reader(Dribble::new(text, longest));
    let mut tokens = Vec::new();
    let mut places = vec![(reader.place(), reader.position())];
    while let Some(token) = reader.next() {
        tokens.push(token.unwrap());
        places.push((reader.place(), reader.position()));
    }
    assert_eq!(tokens, expected);
    assert_eq!(reader.place(), Place { bytes: text.len() as u64, tokens: 0 });
    let stride = places.len() / 12 + 1;
    for (n_given, (place, position)) in places.into_iter().enumerate().step_by(stride) {
        let rest = &text[place.bytes as usize..];
        let resumed = tokenizer.resume(rest, place);
        assert_eq!(resumed.place(), place);
        let resumed: Vec<u32> = resumed.take(200).map(Result::unwrap).collect();
        assert_eq!(resumed, expected[n_given..].iter().copied().take(200).collect::<Vec<_>>(), "{place:?}");
        assert!(place.bytes <= position && position <= text.len() as u64);
    }
}

#[test]
fn a_reader_gives_the_tokens_of_the_whole_whatever_the_chunks() {
    for parts in vocabularies() {
        let text = mixed(11, 9000);
        assert!(text.len() > 6 * reader::WORD_MAX, "more than a reader holds: {}", text.len());
        let tokenizer = Tokenizer::new(&parts).unwrap();
        for longest in [1, 7, 5000, 1 << 20] {
            check_reader(&tokenizer, text.as_bytes(), longest);
        }
        for (_, pre_tokenizer) in pre_tokenizers() {
            let split = Split::Json(pre_tokenizer);
            let tokenizer = Tokenizer::new(&TokenizerParts { split, ..parts.clone() }).unwrap();
            let text = mixed(12, 400);
            let expected = tokenizer.encode(text.as_bytes());
            let tokens: Vec<u32> = tokenizer.reader(Dribble::new(text.as_bytes(), 90)).map(Result::unwrap).collect();
            assert_eq!(tokens, expected);
        }
    }
}

#[test]
fn a_position_is_the_number_of_bytes_of_the_tokens_given() {
    let tokenizer = Tokenizer::new(&tiny()).unwrap();
    let text = mixed(5, 300);
    let mut reader = tokenizer.reader(text.as_bytes());
    let mut n_bytes = 0;
    while let Some(token) = reader.next() {
        n_bytes += tokenizer.bytes(token.unwrap()).len() as u64;
        assert_eq!(reader.position(), n_bytes);
    }
    assert_eq!(n_bytes, text.len() as u64);
}

#[test]
fn what_a_tokenizer_removes_is_read_and_counted() {
    let spaces = sequence(&[split_by(&json!({ "Regex": " +" }), "Removed", false), byte_level(false)]);
    let tokenizer = Tokenizer::new(&TokenizerParts { split: Split::Json(spaces), ..tiny() }).unwrap();
    let spaces = " ".repeat(5 * reader::WORD_MAX);
    for text in [" a  the ".to_owned(), spaces.clone(), format!("a{spaces}b{spaces}")] {
        check_reader(&tokenizer, text.as_bytes(), 1 << 16);
    }
}

#[test]
fn user_defined_tokens_are_found_in_a_stream() {
    let mut parts = bytes_and(&["<u>", "<u><u>"], &[]);
    parts.kinds[256..].fill(TokenKind::UserDefined);
    let tokenizer = Tokenizer::new(&parts).unwrap();
    let text = "ab <u><u> <u>c 12 <u <u><u><u>".repeat(20_000);
    for longest in [3, 4096] {
        check_reader(&tokenizer, text.as_bytes(), longest);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn tokens_give_back_any_bytes(text in prop::collection::vec(any::<u8>(), 0..300), mix in any::<u64>()) {
        for name in ["gpt-2", "smollm", "llama-bpe", "qwen2", "default"] {
            let tokenizer = Tokenizer::new(&TokenizerParts { split: Split::Named(name.to_owned()), ..tiny_once().clone() }).unwrap();
            let text = [&*text, mixed(mix, 3).as_bytes(), &*text].concat();
            prop_assert_eq!(text_of(&tokenizer, &tokenizer.encode(&text)), &*text);
            check_reader(&tokenizer, &text, 17);
        }
    }
}

fn tiny_once() -> &'static TokenizerParts {
    static TINY: std::sync::LazyLock<TokenizerParts> = std::sync::LazyLock::new(tiny);
    &TINY
}

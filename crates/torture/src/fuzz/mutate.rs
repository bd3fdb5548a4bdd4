//! Inputs from inputs: turned bits, other numbers, pieces taken out, doubled and put in from elsewhere.

use crate::random::Random;

/// No input grows beyond this: a reader that is slow on small inputs is what is looked for.
const LONGEST: usize = 1 << 18;

/// Numbers at which readers go wrong.
const NUMBERS: [u64; 18] = [
    0,
    1,
    2,
    7,
    8,
    0x7f,
    0x80,
    0xff,
    0x7fff,
    0xffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x1_0000_0000,
    u64::MAX >> 1,
    1 << 63,
    u64::MAX - 7,
    u64::MAX,
];

/// Numbers at which readers of texts tend to break, as a text writes them.
const WRITTEN: [&str; 20] = [
    "0",
    "-1",
    "1",
    "-0",
    "255",
    "65536",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "1e308",
    "1e309",
    "-1e-320",
    "NaN",
    "inf",
    "null",
    "true",
    "\"\"",
    "0x7fffffff",
];

/// What every text format has.
const TOKENS: [&str; 28] = [
    "{", "}", "[", "]", "(", ")", "\"", "'", ",", ";", ":", "=", "\n", "\r\n", "\t", " ", "\\", "\\u0000", "\u{feff}",
    "\0", "#", "-", "..", "/", "é", "😀", "\u{202e}", "你",
];

/// Makes an input of `base`, with pieces of `other` and words of the format.
pub(crate) fn mutated(base: &[u8], other: &[u8], words: &[&str], random: &mut Random) -> Vec<u8> {
    let mut input = base.to_vec();
    for _ in 0..=random.below(5) {
        mutate(&mut input, other, words, random);
    }
    input.truncate(LONGEST);
    input
}

fn mutate(input: &mut Vec<u8>, other: &[u8], words: &[&str], random: &mut Random) {
    let at = random.below(input.len() + 1);
    let piece = |random: &mut Random, of: &[u8]| {
        let from = random.below(of.len() + 1);
        let longest = if random.once_in(8) { of.len() } else { 64 };
        let len = random.below(longest + 1);
        of[from..(from + len).min(of.len())].to_vec()
    };
    match random.below(14) {
        0 | 1 => {
            if let Some(byte) = input.get_mut(at) {
                *byte ^= 1 << random.below(8);
            }
        }
        2 => {
            if let Some(byte) = input.get_mut(at) {
                *byte = random.number() as u8;
            }
        }
        3 => input.truncate(at),
        4 => {
            let end = (at + random.below(64)).min(input.len());
            input.drain(at..end);
        }
        5 => {
            let doubled = piece(random, input);
            input.splice(at..at, doubled);
        }
        6 => {
            let foreign = piece(random, other);
            input.splice(at..at, foreign);
        }
        7 => {
            // Over what is there, so that lengths stay what they were.
            let foreign = piece(random, other);
            let end = (at + foreign.len()).min(input.len());
            input.splice(at..end, foreign);
        }
        8 | 9 => {
            let width = [1, 2, 4, 8][random.below(4)];
            let number = NUMBERS[random.below(NUMBERS.len())].wrapping_add(random.below(3) as u64);
            let end = (at + width).min(input.len());
            input.splice(at..end, number.to_le_bytes()[..width].iter().copied());
        }
        10 => replace_number(input, at, random),
        11 => {
            let token = TOKENS[random.below(TOKENS.len())].as_bytes();
            input.splice(at..at, token.iter().copied());
        }
        12 if !words.is_empty() => {
            let word = random.pick(words).as_bytes();
            let end = (at + random.below(word.len() + 1)).min(input.len());
            input.splice(at..end, word.iter().copied());
        }
        12 => input.truncate(at),
        _ => {
            // The same thing very often: what nests, nests deeply.
            let token = TOKENS[random.below(TOKENS.len())].as_bytes();
            let often = token.repeat(1 << random.below(13));
            input.splice(at..at, often);
        }
    }
}

/// Puts another number where digits stand at or after `at`.
fn replace_number(input: &mut Vec<u8>, at: usize, random: &mut Random) {
    let Some(from) = input[at..].iter().position(u8::is_ascii_digit).map(|offset| at + offset) else { return };
    let end = input[from..].iter().position(|byte| !byte.is_ascii_digit()).map_or(input.len(), |len| from + len);
    let number = WRITTEN[random.below(WRITTEN.len())].as_bytes();
    input.splice(from..end, number.iter().copied());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_is_one_input_and_many_are_many() {
        let made = |seed| mutated(b"{\"a\": 17}", b"[1, 2, 3]", &["step"], &mut Random::new(seed));
        assert_eq!(made(5), made(5));
        let all: std::collections::BTreeSet<Vec<u8>> = (0..500).map(made).collect();
        assert!(all.len() > 400, "{}", all.len());
        assert!(all.iter().all(|input| input.len() <= LONGEST));
        assert!(all.iter().any(|input| input.windows(4).any(|four| four == b"step")));
    }

    #[test]
    fn an_empty_input_can_grow() {
        assert!((0..100).any(|seed| !mutated(b"", b"", &[], &mut Random::new(seed)).is_empty()));
    }
}

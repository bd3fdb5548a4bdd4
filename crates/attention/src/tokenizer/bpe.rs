//! Byte pair encoding of one word: of all adjacent pairs the one of least rank is merged, the leftmost of equal ones first, until
//! none is left.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};

/// Words up to this length are merged by looking at all pairs each time; longer ones by a heap, in `n log n`.
const SHORT: usize = 24;
/// Words that are not worth remembering.
const REMEMBERED_LEN: usize = 32;
/// Words that are remembered; then all are forgotten.
const REMEMBERED: usize = 1 << 16;
/// Stands for a byte that has no token: it is merged with nothing and left out in the end.
const NO_TOKEN: u32 = u32::MAX;

/// Which tokens make which.
pub(super) struct Merges {
    byte_tokens: [u32; 256],
    by_pair: HashMap<u64, Merge, BuildHasherDefault<PairHasher>>,
    /// Tokens that a word is at once if it spells one, whatever the merges say; empty unless the tokenizer says so.
    whole_words: HashMap<Box<[u8]>, u32>,
}

#[derive(Clone, Copy)]
struct Merge {
    rank: u32,
    token: u32,
}

impl Merges {
    /// Of the tokens of single bytes and of `(left, right, merged)` in order of rank; a pair that comes again is ignored.
    pub(super) fn new(
        byte_tokens: &[Option<u32>; 256],
        merges: impl ExactSizeIterator<Item = (u32, u32, u32)>,
        whole_words: HashMap<Box<[u8]>, u32>,
    ) -> Self {
        let mut by_pair = HashMap::with_capacity_and_hasher(merges.len(), BuildHasherDefault::default());
        for (rank, (left, right, token)) in merges.enumerate() {
            by_pair.entry(pair(left, right)).or_insert(Merge { rank: rank as u32, token });
        }
        Self { byte_tokens: byte_tokens.map(|token| token.unwrap_or(NO_TOKEN)), by_pair, whole_words }
    }

    fn merge(&self, left: u32, right: u32) -> Option<Merge> {
        self.by_pair.get(&pair(left, right)).copied()
    }
}

fn pair(left: u32, right: u32) -> u64 {
    u64::from(left) << 32 | u64::from(right)
}

/// Encodes words and remembers them.
pub(super) struct Encoder<'t> {
    merges: &'t Merges,
    /// Where in `remembered` the tokens of a word are.
    words: HashMap<Box<[u8]>, (u32, u32), BuildHasherDefault<WordHasher>>,
    remembered: Vec<u32>,
    parts: Vec<Part>,
    queue: BinaryHeap<Reverse<Candidate>>,
}

/// A piece of the word so far.
#[derive(Clone, Copy)]
struct Part {
    token: u32,
    /// Neighbours in the word, for the heap.
    before: u32,
    after: u32,
    /// The merge with the next part, for the look at all pairs.
    merge: Merge,
}

const NO_MERGE: Merge = Merge { rank: u32::MAX, token: NO_TOKEN };
const NO_PART: u32 = u32::MAX;

/// A merge that was possible when it was queued: ordered by rank, then from the left.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    rank: u32,
    at: u32,
    left: u32,
    right: u32,
    token: u32,
}

impl<'t> Encoder<'t> {
    pub(super) fn new(merges: &'t Merges) -> Self {
        let words = HashMap::default();
        Self { merges, words, remembered: Vec::new(), parts: Vec::new(), queue: BinaryHeap::new() }
    }

    /// Appends the tokens of one word.
    pub(super) fn word(&mut self, word: &[u8], tokens: &mut Vec<u32>) {
        if let [byte] = word {
            tokens.extend(Some(self.merges.byte_tokens[usize::from(*byte)]).filter(|&token| token != NO_TOKEN));
            return;
        }
        if word.len() > REMEMBERED_LEN {
            return self.merged(word, tokens);
        }
        if let Some(&(start, end)) = self.words.get(word) {
            tokens.extend_from_slice(&self.remembered[start as usize..end as usize]);
            return;
        }
        if self.words.len() == REMEMBERED {
            self.words.clear();
            self.remembered.clear();
        }
        let n_before = tokens.len();
        self.merged(word, tokens);
        let start = self.remembered.len() as u32;
        self.remembered.extend_from_slice(&tokens[n_before..]);
        self.words.insert(word.into(), (start, self.remembered.len() as u32));
    }

    fn merged(&mut self, word: &[u8], tokens: &mut Vec<u32>) {
        if let Some(&token) = self.merges.whole_words.get(word) {
            tokens.push(token);
            return;
        }
        let bytes = word.iter().map(|&byte| self.merges.byte_tokens[usize::from(byte)]);
        self.parts.clear();
        self.parts.extend(bytes.map(|token| Part { token, before: NO_PART, after: NO_PART, merge: NO_MERGE }));
        if word.len() <= SHORT {
            self.merge_short();
            tokens.extend(self.parts.iter().map(|part| part.token).filter(|&token| token != NO_TOKEN));
        } else {
            // Positions in a word are 32 bits: what is longer than 4 GiB is no word but is cut there.
            self.merge_long();
            let mut at = 0;
            while let Some(part) = self.parts.get(at as usize) {
                tokens.extend(Some(part.token).filter(|&token| token != NO_TOKEN));
                at = part.after;
            }
        }
    }

    fn merge_short(&mut self) {
        let parts = &mut self.parts;
        for at in 1..parts.len() {
            parts[at - 1].merge = self.merges.merge(parts[at - 1].token, parts[at].token).unwrap_or(NO_MERGE);
        }
        // `min_by_key` gives the first of equal ones.
        while let Some((at, Merge { token, .. })) = parts
            .iter()
            .map(|part| part.merge)
            .enumerate()
            .min_by_key(|(_, m)| m.rank)
            .filter(|(_, m)| m.rank != u32::MAX)
        {
            parts[at].token = token;
            parts.remove(at + 1);
            let with_next = parts.get(at + 1).and_then(|next| self.merges.merge(token, next.token));
            parts[at].merge = with_next.unwrap_or(NO_MERGE);
            if at > 0 {
                parts[at - 1].merge = self.merges.merge(parts[at - 1].token, token).unwrap_or(NO_MERGE);
            }
        }
    }

    fn merge_long(&mut self) {
        let last = self.parts.len() - 1;
        for (at, part) in self.parts.iter_mut().enumerate() {
            part.before = if at == 0 { NO_PART } else { at as u32 - 1 };
            part.after = if at == last { NO_PART } else { at as u32 + 1 };
        }
        self.queue.clear();
        for at in 0..last {
            self.propose(at as u32);
        }
        while let Some(Reverse(candidate)) = self.queue.pop() {
            let at = candidate.at as usize;
            let after = self.parts[at].after;
            // What was merged since is another token, or none: then this pair is no more.
            if self.parts[at].token != candidate.left
                || after == NO_PART
                || self.parts[after as usize].token != candidate.right
            {
                continue;
            }
            let next = self.parts[after as usize].after;
            self.parts[after as usize].token = NO_TOKEN;
            self.parts[at].token = candidate.token;
            self.parts[at].after = next;
            if next != NO_PART {
                self.parts[next as usize].before = candidate.at;
            }
            self.propose(candidate.at);
            if self.parts[at].before != NO_PART {
                self.propose(self.parts[at].before);
            }
        }
    }

    /// Queues the merge of a part with the next, if there is one.
    fn propose(&mut self, at: u32) {
        let part = self.parts[at as usize];
        let Some(next) = self.parts.get(part.after as usize) else { return };
        if let Some(Merge { rank, token }) = self.merges.merge(part.token, next.token) {
            self.queue.push(Reverse(Candidate { rank, at, left: part.token, right: next.token, token }));
        }
    }
}

/// A hash of pairs of tokens: one multiplication, folded.
#[derive(Default)]
struct PairHasher(u64);

impl Hasher for PairHasher {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.write_u64(u64::from(byte)));
    }

    fn write_u64(&mut self, pair: u64) {
        self.0 = fold(self.0 ^ pair);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// A hash of short words: eight bytes at a time.
#[derive(Default)]
struct WordHasher(u64);

impl Hasher for WordHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (chunks, rest) = bytes.as_chunks();
        for &chunk in chunks {
            self.0 = fold(self.0 ^ u64::from_le_bytes(chunk));
        }
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        self.0 = fold(self.0 ^ u64::from_le_bytes(last) ^ (rest.len() as u64) << 60);
    }

    fn write_usize(&mut self, _len: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Both halves of a product with an odd constant (2⁶⁴ / golden ratio), so that every bit reaches every other.
fn fold(value: u64) -> u64 {
    let product = u128::from(value ^ 0x51_7C_C1_B7_27_22_0A_95) * 0x9E37_79B9_7F4A_7C15;
    product as u64 ^ (product >> 64) as u64
}

//! Reading a text of any length under one assignment of cache policies: what its tokens cost to predict, in all and by segment.
//!
//! ```text
//! window t₀ t₁ … tₙ ──▶ Decoder::surprise of t₁ … tₙ ──▶ Sums: −ln p in all, and of the segment that is open
//! ```
//!
//! No clock and no file: who drives the loop measures and keeps what is to be kept. Surprises are added one by one in the text's
//! order in f64, so that the sums have the same bits whatever chunks the text is read in.

use crate::cache::Cache;
use crate::decoder::Decoder;
use std::num::NonZeroU64;

/// One sequence: what it left behind, and what predicting it has cost so far.
pub struct Lane {
    cache: Cache,
    sums: Sums,
    places: Option<Places>,
}

/// Sums of −ln p by the place of the query that predicts within a period, such as a chunk of `chunked:1024`: one for place 0, one for
/// place 1, one for the places 2 and 3, and so on by doubling.
#[derive(Clone, Debug, PartialEq)]
pub struct Places {
    period: NonZeroU64,
    /// Tokens that were predicted, and Σ −ln p of them.
    pub sums: Vec<(u64, f64)>,
}

impl Places {
    /// Before the first token.
    pub fn new(period: NonZeroU64) -> Self {
        let last = Self::index(period.get() - 1);
        Self { period, sums: vec![(0, 0.0); last + 1] }
    }

    /// Which sum a place belongs to.
    fn index(place: u64) -> usize {
        (u64::BITS - place.leading_zeros()) as usize
    }

    /// First and last place of each sum.
    pub fn bounds(&self) -> Vec<(u64, u64)> {
        let first = |index: usize| if index == 0 { 0 } else { 1 << (index - 1) };
        (0..self.sums.len()).map(|index| (first(index), (first(index + 1) - 1).min(self.period.get() - 1))).collect()
    }

    /// Adds tokens that were predicted by queries from position `first` on.
    pub fn add(&mut self, first: u64, surprise: &[f32]) {
        for (position, &nats) in (first..).zip(surprise) {
            let (tokens, sum) = &mut self.sums[Self::index(position % self.period)];
            *tokens += 1;
            *sum += f64::from(nats);
        }
    }
}

/// Sums of −ln p, in nats.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sums {
    /// Tokens of a segment.
    pub segment: NonZeroU64,
    /// Tokens that were predicted.
    pub tokens: u64,
    /// Σ −ln p of all of them.
    pub nats: f64,
    /// Σ −ln p of those in the segment that is not whole yet.
    pub open_nats: f64,
}

impl Lane {
    /// Goes on with `cache` from `sums`.
    pub fn new(cache: Cache, sums: Sums) -> Self {
        Self { cache, sums, places: None }
    }

    /// Keeps sums by place too.
    #[must_use]
    pub fn with_places(self, places: Option<Places>) -> Self {
        Self { places, ..self }
    }

    /// Reads a window of the text: each of its tokens but the first is predicted from all before it, and the last is left to be
    /// read as the first of the next window. Gives Σ −ln p of a segment that became whole.
    pub fn read(&mut self, decoder: &mut Decoder<'_>, window: &[u32]) -> Option<f64> {
        let n = window.len() - 1;
        let first = self.cache.position();
        let surprise = decoder.surprise(&mut self.cache, &window[..n], &window[1..]);
        if let Some(places) = &mut self.places {
            places.add(first, surprise);
        }
        self.sums.add(surprise)
    }

    /// What the sequence left behind.
    pub fn cache(&mut self) -> &mut Cache {
        &mut self.cache
    }

    /// Takes over what it had cost when the cache was saved.
    pub fn set_sums(&mut self, sums: Sums) {
        self.sums = sums;
    }

    /// Takes over what it had cost by place; `None` where other sums are kept.
    pub fn set_places(&mut self, sums: &[(u64, f64)]) -> Option<()> {
        let kept = self.places.as_mut().map(|places| &mut places.sums[..]).unwrap_or_default();
        (kept.len() == sums.len()).then(|| kept.copy_from_slice(sums))
    }

    /// What it has cost by place, where that is kept.
    pub fn places(&self) -> Option<&Places> {
        self.places.as_ref()
    }

    /// What it has cost so far.
    pub fn sums(&self) -> &Sums {
        &self.sums
    }
}

impl Sums {
    /// Before the first token.
    pub fn new(segment: NonZeroU64) -> Self {
        Self { segment, tokens: 0, nats: 0.0, open_nats: 0.0 }
    }

    /// Tokens until the segment is whole.
    pub fn room(&self) -> u64 {
        self.segment.get() - self.tokens % self.segment
    }

    /// Adds tokens of one segment; gives its sum when they make it whole.
    pub fn add(&mut self, surprise: &[f32]) -> Option<f64> {
        let room = self.room();
        assert!(surprise.len() as u64 <= room, "tokens that are read at once end where the segment does");
        for &nats in surprise {
            self.nats += f64::from(nats);
            self.open_nats += f64::from(nats);
        }
        self.tokens += surprise.len() as u64;
        (surprise.len() as u64 == room).then(|| std::mem::take(&mut self.open_nats))
    }

    /// exp of the mean −ln p of all tokens; `None` before the first.
    pub fn perplexity(&self) -> Option<f64> {
        perplexity(self.nats, self.tokens)
    }

    /// The same of the segment that is not whole, with its number of tokens.
    pub fn open(&self) -> Option<(f64, u64)> {
        let tokens = self.tokens % self.segment;
        Some((perplexity(self.open_nats, tokens)?, tokens))
    }
}

/// exp(nats / tokens).
pub fn perplexity(nats: f64, tokens: u64) -> Option<f64> {
    (tokens > 0).then(|| (nats / tokens as f64).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn surprises(n: usize) -> Vec<f32> {
        (0..n).map(|i| ((i * 7919) % 101) as f32 / 17.0 + 1e-7 * i as f32).collect()
    }

    /// Sums and whole segments of a text that is read in pieces of these lengths, each cut where a segment ends.
    fn read(segment: u64, surprises: &[f32], mut piece: impl FnMut() -> usize) -> (Sums, Vec<f64>) {
        let mut sums = Sums::new(NonZeroU64::new(segment).unwrap());
        let (mut rest, mut segments) = (surprises, Vec::new());
        while !rest.is_empty() {
            let n = piece().min(rest.len()).min(sums.room() as usize);
            segments.extend(sums.add(&rest[..n]));
            rest = &rest[n..];
        }
        (sums, segments)
    }

    #[test]
    fn sums_have_the_same_bits_whatever_pieces_the_text_is_read_in() {
        let text = surprises(1000);
        for segment in [1, 7, 64, 999, 1000, 4096] {
            let wanted = read(segment, &text, || 1);
            for piece in [2, 7, 64, 1000] {
                assert_eq!(read(segment, &text, || piece), wanted, "segments of {segment} in pieces of {piece}");
            }
            let mut length = 0;
            let growing = read(segment, &text, || {
                length += 1;
                length
            });
            assert_eq!(growing, wanted);
        }
    }

    #[test]
    fn segments_are_the_means_of_their_own_tokens() {
        let text = surprises(25);
        let (sums, segments) = read(10, &text, || 4);
        let sum = |tokens: &[f32]| tokens.iter().map(|&nats| f64::from(nats)).sum::<f64>();
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-12 * b, "{a} {b}");
        assert_eq!(segments.len(), 2);
        near(segments[0], sum(&text[..10]));
        near(segments[1], sum(&text[10..20]));
        let (open, tokens) = sums.open().unwrap();
        assert_eq!(tokens, 5);
        near(open, (sum(&text[20..]) / 5.0).exp());
        near(sums.perplexity().unwrap(), (sum(&text) / 25.0).exp());
    }

    #[test]
    fn places_are_those_of_the_queries_within_their_period() {
        let text = surprises(1000);
        for (period, bounds) in [
            (1, vec![(0, 0)]),
            (6, vec![(0, 0), (1, 1), (2, 3), (4, 5)]),
            (8, vec![(0, 0), (1, 1), (2, 3), (4, 7)]),
            (9, vec![(0, 0), (1, 1), (2, 3), (4, 7), (8, 8)]),
        ] {
            let mut places = Places::new(NonZeroU64::new(period).unwrap());
            for (index, piece) in text.chunks(7).enumerate() {
                places.add(7 * index as u64, piece);
            }
            assert_eq!(places.bounds(), bounds);
            for ((low, high), (tokens, nats)) in bounds.into_iter().zip(&places.sums) {
                let here = text.iter().enumerate().filter(|(at, _)| (low..=high).contains(&(*at as u64 % period)));
                let (n, sum) = here.fold((0, 0.0), |(n, sum), (_, &nats)| (n + 1, sum + f64::from(nats)));
                assert_eq!((n, sum), (*tokens, *nats), "places {low} to {high} of {period}");
            }
        }
    }

    #[test]
    fn nothing_read_has_no_perplexity() {
        let sums = Sums::new(NonZeroU64::MIN);
        assert_eq!((sums.perplexity(), sums.open(), sums.room()), (None, None, 1));
    }
}

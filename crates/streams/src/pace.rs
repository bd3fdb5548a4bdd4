//! How long tokens take: medians over chunks, so that what a busy neighbour takes from a few of them does not count.

use std::collections::VecDeque;

/// Tokens at the beginning, and at the end, whose time is reported.
pub const WINDOW: u64 = 1000;
/// Tokens after the cache is full from which on their time is reported as that of the beginning; fewer may be one short chunk.
pub const ENOUGH: u64 = 256;

/// Milliseconds a token of one policy. Each is a chunk's mean: wall time of the decoder's call, divided by the chunk's tokens.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pace {
    /// Of chunks that begin within the first [`WINDOW`] tokens.
    pub start: Vec<f64>,
    /// Of chunks that begin within the first [`WINDOW`] tokens after the cache is full.
    pub full: Vec<f64>,
    /// Tokens of those.
    pub full_tokens: u64,
    /// Of the last chunks, which together hold [`WINDOW`] tokens or a little more, with their tokens.
    pub last: VecDeque<(u64, f64)>,
    /// Of chunks of the segment that is not whole yet.
    pub open: Vec<f64>,
}

impl Pace {
    /// A chunk of `tokens` tokens whose first is the text's `at`th, with a cache that is full from `full_at` tokens on.
    pub fn add(&mut self, at: u64, tokens: u64, seconds: f64, full_at: Option<u64>) {
        let milliseconds = 1e3 * seconds / tokens as f64;
        if at < WINDOW {
            self.start.push(milliseconds);
        }
        if full_at.is_some_and(|full_at| (full_at..full_at + WINDOW).contains(&at)) {
            self.full.push(milliseconds);
            self.full_tokens += tokens;
        }
        self.open.push(milliseconds);
        self.last.push_back((tokens, milliseconds));
        let mut held: u64 = self.last.iter().map(|(tokens, _)| tokens).sum();
        while let Some(&(oldest, _)) = self.last.front()
            && held - oldest >= WINDOW
        {
            held -= oldest;
            self.last.pop_front();
        }
    }

    /// Ends a segment and gives its time a token.
    pub fn end_segment(&mut self) -> Option<f64> {
        median(std::mem::take(&mut self.open))
    }

    /// Of the first [`WINDOW`] tokens after the cache was full, or of the first of all where fewer than [`ENOUGH`] were read after that.
    pub fn first(&self) -> Option<f64> {
        median(if self.full_tokens < ENOUGH { self.start.clone() } else { self.full.clone() })
    }

    /// Of the last [`WINDOW`] tokens.
    pub fn last(&self) -> Option<f64> {
        median(self.last.iter().map(|&(_, milliseconds)| milliseconds).collect())
    }
}

fn median(values: Vec<f64>) -> Option<f64> {
    dunwu::stats::median(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads `n` tokens in chunks, each token of which takes as many milliseconds as `time` says of the chunk's first.
    fn pace(n: u64, chunk: u64, full_at: Option<u64>, time: impl Fn(u64) -> f64) -> Pace {
        let mut pace = Pace::default();
        for at in (0..n).step_by(chunk as usize) {
            let tokens = chunk.min(n - at);
            pace.add(at, tokens, time(at) * tokens as f64 / 1e3, full_at);
        }
        pace
    }

    #[test]
    fn the_first_thousand_is_that_of_a_full_cache_where_it_fills() {
        let grows = |at: u64| if at < 3000 { 1.0 } else { 2.0 };
        let near = |found: Option<f64>, wanted: f64| assert!((found.unwrap() - wanted).abs() < 1e-9, "{found:?}");
        near(pace(9000, 64, None, grows).first(), 1.0);
        near(pace(9000, 64, Some(3000), grows).first(), 2.0);
        near(pace(2000, 64, Some(3000), grows).first(), 1.0);
        near(pace(9000, 64, Some(3000), grows).last(), 2.0);
    }

    #[test]
    fn a_short_chunk_after_the_cache_is_full_tells_nothing() {
        let slow = |at: u64| if at < 1024 { 1.0 } else { 9.0 };
        for (n, wanted) in [(1025, 1.0), (1279, 1.0), (1280, 9.0)] {
            let first = pace(n, 64, Some(1024), slow).first().unwrap();
            assert!((first - wanted).abs() < 1e-9, "{n} tokens: {first}");
        }
    }

    #[test]
    fn a_burst_in_a_few_chunks_does_not_count() {
        let burst = |at: u64| if at.is_multiple_of(5) { 50.0 } else { 1.0 };
        let pace = pace(20_000, 7, Some(100), burst);
        assert!((pace.first().unwrap() - 1.0).abs() < 1e-9 && (pace.last().unwrap() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn only_the_last_thousand_tokens_are_remembered() {
        for chunk in [1, 7, 64, 999, 1000, 1001, 5000] {
            let pace = pace(20_000, chunk, None, |_| 1.0);
            let held: u64 = pace.last.iter().map(|(tokens, _)| tokens).sum();
            assert!(held >= WINDOW && held - pace.last[0].0 < WINDOW, "{held} in chunks of {chunk}");
            assert!(pace.start.len() as u64 == WINDOW.div_ceil(chunk));
        }
    }

    #[test]
    fn nothing_read_took_no_time() {
        let mut pace = Pace::default();
        assert_eq!((pace.first(), pace.last(), pace.end_segment()), (None, None, None));
        pace.add(0, 10, 0.02, None);
        assert_eq!((pace.end_segment(), pace.end_segment()), (Some(2.0), None));
    }
}

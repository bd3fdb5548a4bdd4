//! What a stream came to, in the numbers that are shown.

use super::checkpoint::{Checkpoint, SavedLane};
use super::folder::SegmentLine;
use super::identity::Setting;
use dunwu_attention::streaming::perplexity;
use std::path::PathBuf;

/// A text read under several policies, so far or to its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The model's file as it was named.
    pub model: String,
    /// The texts as they were named.
    pub texts: Vec<String>,
    /// What the sequence begins with, as text.
    pub begin: Option<String>,
    /// How it was read.
    pub setting: Setting,
    /// Tokens of the longest text that the model was trained on.
    pub trained_context: u64,
    /// The command that makes it.
    pub command: String,
    /// Tokens that were asked for; `None` means all of the text.
    pub asked: Option<u64>,
    /// Tokens that were read at once.
    pub chunk: usize,
    /// Threads that read them.
    pub threads: usize,
    /// Whether the text had no more tokens.
    pub ended: bool,
    /// Whether the reading was stopped before it had read all that was asked for; the same request goes on from there.
    pub is_stopped: bool,
    /// How often the text was begun over.
    pub rounds: u64,
    /// One for each policy, in the order in which they were asked for.
    pub courses: Vec<Course>,
    /// Where the stream is kept, for the next reading.
    pub folder: PathBuf,
}

/// One policy's way through the text.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    /// As it was written.
    pub policy: String,
    /// Tokens that were predicted.
    pub tokens: u64,
    /// exp of the mean −ln p; `None` where nothing was read.
    pub perplexity: Option<f64>,
    /// Segments in order; the last may be the part of one. Empty only where nothing was read.
    pub parts: Vec<Part>,
    /// Perplexity by place within the largest chunk of any policy, from the first place on; empty where no policy has chunks.
    pub places: Vec<PlacePart>,
    /// Tokens after which some head forgets its first; `None` where none ever does.
    pub evicts_from: Option<u64>,
    /// Tokens after which its cache grows no more; `None` where some head keeps all, so that it goes on growing.
    pub full_at: Option<u64>,
    /// Bytes of its cache at the end.
    pub cache_bytes: u64,
    /// Bytes of its cache at the most.
    pub peak_cache_bytes: u64,
    /// Milliseconds a token at the beginning; as [`super::Pace::first`] has it.
    pub ms_per_token_first: Option<f64>,
    /// Milliseconds a token at the end.
    pub ms_per_token_last: Option<f64>,
}

/// Tokens that were predicted at some places within a chunk.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlacePart {
    /// The first place, from 0.
    pub from: u64,
    /// The last place.
    pub to: u64,
    /// How many.
    pub tokens: u64,
    /// exp of their mean −ln p; `None` where there is none.
    pub perplexity: Option<f64>,
}

/// A segment, or the part of one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// Tokens before it.
    pub from: u64,
    /// Tokens up to its end.
    pub to: u64,
    /// exp of the mean −ln p of its tokens.
    pub perplexity: f64,
    /// Milliseconds a token.
    pub milliseconds: Option<f64>,
    /// Bytes of the cache at its end.
    pub bytes: u64,
}

impl Course {
    /// The course of the stream's `index`th policy. The last part is there if it holds at least half a segment, since the
    /// perplexity of less scatters too much to stand beside the others, or if there is no other.
    pub fn of(
        policy: &str,
        index: usize,
        lane: &SavedLane,
        segments: &[SegmentLine],
        segment: u64,
        places: &[(u64, u64)],
        (evicts_from, full_at): (Option<u64>, Option<u64>),
    ) -> Self {
        let mut parts: Vec<Part> = segments.iter().map(|line| whole(line, index, segment)).collect();
        let open = lane.tokens % segment;
        if (parts.is_empty() || 2 * open >= segment)
            && let Some(perplexity) = perplexity(lane.open_nats, open)
        {
            parts.push(Part {
                from: lane.tokens - open,
                to: lane.tokens,
                perplexity,
                milliseconds: dunwu::stats::median(lane.pace.open.iter().copied()),
                bytes: lane.bytes,
            });
        }
        let place = |(&(from, to), &(tokens, nats)): (&(u64, u64), &(u64, f64))| PlacePart {
            from,
            to,
            tokens,
            perplexity: perplexity(nats, tokens),
        };
        Self {
            policy: policy.to_owned(),
            tokens: lane.tokens,
            perplexity: perplexity(lane.nats, lane.tokens),
            parts,
            places: places.iter().zip(&lane.places).map(place).collect(),
            evicts_from,
            full_at,
            cache_bytes: lane.bytes,
            peak_cache_bytes: lane.peak_bytes,
            ms_per_token_first: lane.pace.first(),
            ms_per_token_last: lane.pace.last(),
        }
    }

    /// Its segments' perplexities.
    pub fn segments(&self) -> Vec<f64> {
        self.parts.iter().map(|part| part.perplexity).collect()
    }
}

impl Checkpoint {
    /// Tokens that every policy has predicted.
    pub fn tokens(&self) -> u64 {
        self.lanes.first().map_or(0, |lane| lane.tokens)
    }
}

fn whole(line: &SegmentLine, index: usize, segment: u64) -> Part {
    Part {
        from: line.to - segment,
        to: line.to,
        perplexity: (line.nats[index] / segment as f64).exp(),
        milliseconds: Some(line.milliseconds[index]),
        bytes: line.bytes[index],
    }
}

#[cfg(test)]
mod tests {
    use super::super::checkpoint::tests::checkpoint;
    use super::*;

    #[test]
    fn a_last_part_counts_from_half_a_segment_on() {
        let line = |to: u64| SegmentLine {
            to,
            nats: vec![10.0 * 2f64.ln(), 0.0],
            milliseconds: vec![1.0, 2.0],
            bytes: vec![3, 4],
        };
        let lines = [line(10), line(20)];
        for (tokens, parts) in [(20, 2), (24, 2), (25, 3), (29, 3)] {
            let mut lane = checkpoint(tokens, 1.0, &[]).lanes.remove(0);
            lane.open_nats = 3f64.ln() * (tokens % 10) as f64;
            let course = Course::of("full", 0, &lane, &lines, 10, &[(0, 0), (1, 1)], (None, None));
            assert_eq!(course.parts.len(), parts, "{tokens} tokens");
            assert_eq!(
                (course.places[0].tokens, course.places[1].perplexity),
                (tokens, None),
                "nothing was at place 1"
            );
            let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
            near(course.parts[1].perplexity, 2.0);
            if let Some(last) = course.parts.get(2) {
                near(last.perplexity, 3.0);
                assert_eq!((last.from, last.to), (20, tokens));
            }
        }
    }

    #[test]
    fn what_was_read_of_the_first_segment_is_shown_however_little() {
        for tokens in [0, 1, 4, 9] {
            let mut lane = checkpoint(tokens, 1.0, &[]).lanes.remove(0);
            lane.open_nats = 3f64.ln() * tokens as f64;
            let course = Course::of("full", 0, &lane, &[], 10, &[], (None, None));
            let parts: Vec<(u64, u64)> = course.parts.iter().map(|part| (part.from, part.to)).collect();
            let wanted = if tokens == 0 { vec![] } else { vec![(0, tokens)] };
            assert_eq!(parts, wanted);
            assert!(course.segments().iter().all(|perplexity| (perplexity - 3.0).abs() < 1e-12));
        }
    }
}

//! What programs read of a stream.

use dunwu_streams::{Course, PlacePart, Reading};
use schemars::JsonSchema;
use serde::Serialize;

/// A long text read under several cache policies, so far or to its end.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct StreamData {
    /// The model's file as it was named.
    pub model: String,
    /// The texts' files as they were named.
    pub text: Vec<String>,
    /// Tokens that were asked for; `null` means all of the text.
    pub asked: Option<u64>,
    /// The token that was put before the text, as text; `null` where none was.
    pub begin: Option<String>,
    /// Tokens of the text that were passed over.
    pub from: u64,
    /// Tokens that were read at once.
    pub chunk: usize,
    /// Tokens of a segment.
    pub segment: u64,
    /// How cached keys and values are written.
    pub cache: String,
    /// Threads that read.
    pub threads: usize,
    /// Tokens of the longest text that the model was trained on.
    pub trained_context: u64,
    /// Whether the text had no more tokens.
    pub ended: bool,
    /// Whether the reading was stopped before it had read all that was asked for; the same command goes on from there.
    pub stopped: bool,
    /// How often the text was begun over.
    pub rounds: u64,
    /// The policies, in the order in which they were named.
    pub policies: Vec<CourseData>,
    /// The folder in which the stream is kept.
    pub stream: String,
}

/// One policy's way through the text.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct CourseData {
    /// The cache policy, as the command line spells it: `sinks:4+1020`.
    pub policy: String,
    /// Tokens that were predicted.
    pub tokens: u64,
    /// exp of the mean −ln p of all tokens; `null` where nothing was read, or where it is not finite.
    pub perplexity: Option<f64>,
    /// Perplexity of each segment; `null` where it is not finite. The last segment may be half of one or more.
    pub segments: Vec<Option<f64>>,
    /// Tokens of each segment.
    pub segment_tokens: Vec<u64>,
    /// Perplexity by place within the largest chunk of any policy; empty where no policy is `chunked`.
    pub places: Vec<PlaceData>,
    /// Bytes of the cache at the end.
    pub cache_bytes: u64,
    /// Bytes of the cache when it was largest.
    pub peak_cache_bytes: u64,
    /// Milliseconds a token at the beginning: the median over the chunks of 1,000 tokens, once the cache was full where 256 tokens or
    /// more were read after that.
    pub ms_per_token_first: Option<f64>,
    /// Milliseconds a token at the end: the median over the chunks of the last 1,000 tokens.
    pub ms_per_token_last: Option<f64>,
    /// Tokens after which some head forgets its first; `null` where none ever does.
    pub evicts_from: Option<u64>,
    /// Tokens after which the cache grows no more; `null` where some head keeps all.
    pub full_at: Option<u64>,
}

/// Tokens that were predicted from some places within a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PlaceData {
    /// The first place, from 0.
    pub from: u64,
    /// The last place.
    pub to: u64,
    /// Tokens that were predicted from there.
    pub tokens: u64,
    /// exp of their mean −ln p; `null` where there is none, or where it is not finite.
    pub perplexity: Option<f64>,
}

impl StreamData {
    pub(super) fn of(reading: &Reading) -> Self {
        Self {
            model: reading.model.clone(),
            text: reading.texts.clone(),
            asked: reading.asked,
            begin: reading.begin.clone(),
            from: reading.setting.from,
            chunk: reading.chunk,
            segment: reading.setting.segment.get(),
            cache: reading.setting.cache.clone(),
            threads: reading.threads,
            trained_context: reading.trained_context,
            ended: reading.ended,
            stopped: reading.is_stopped,
            rounds: reading.rounds,
            policies: reading.courses.iter().map(CourseData::of).collect(),
            stream: reading.folder.display().to_string(),
        }
    }
}

impl CourseData {
    fn of(course: &Course) -> Self {
        let finite = |value: f64| Some(value).filter(|value| value.is_finite());
        Self {
            policy: course.policy.clone(),
            tokens: course.tokens,
            perplexity: course.perplexity.and_then(finite),
            segments: course.parts.iter().map(|part| finite(part.perplexity)).collect(),
            segment_tokens: course.parts.iter().map(|part| part.to - part.from).collect(),
            places: course
                .places
                .iter()
                .map(|&PlacePart { from, to, tokens, perplexity }| PlaceData {
                    from,
                    to,
                    tokens,
                    perplexity: perplexity.and_then(finite),
                })
                .collect(),
            cache_bytes: course.cache_bytes,
            peak_cache_bytes: course.peak_cache_bytes,
            ms_per_token_first: course.ms_per_token_first.and_then(finite),
            ms_per_token_last: course.ms_per_token_last.and_then(finite),
            evicts_from: course.evicts_from,
            full_at: course.full_at,
        }
    }
}

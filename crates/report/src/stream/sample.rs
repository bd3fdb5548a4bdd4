//! Made-up streams for tests.

use dunwu_streams::{Course, Part, PlacePart, Reading, Setting};
use std::num::NonZeroU64;

/// A policy over `n` segments of 2048 whose perplexity is `of` the segment.
pub(super) fn course(policy: &str, n: u64, full: Option<u64>, of: impl Fn(u64) -> f64) -> Course {
    let part = |i: u64| Part {
        from: 2048 * i,
        to: 2048 * (i + 1),
        perplexity: of(i),
        milliseconds: Some(1.4 + 0.05 * ((i * 31 % 17) as f64)),
        bytes: full.map_or(23_000 * 2048 * (i + 1), |keys| 23_000 * keys.min(2048 * (i + 1))),
    };
    let parts: Vec<Part> = (0..n).map(part).collect();
    let bytes = parts.last().map_or(0, |part| part.bytes);
    let mean = parts.iter().map(|part| part.perplexity.ln()).sum::<f64>() / n.max(1) as f64;
    Course {
        policy: policy.to_owned(),
        tokens: 2048 * n,
        perplexity: (n > 0).then(|| mean.exp()),
        parts,
        places: Vec::new(),
        evicts_from: full,
        full_at: full,
        cache_bytes: bytes,
        peak_cache_bytes: bytes,
        ms_per_token_first: Some(1.41),
        ms_per_token_last: Some(1.43),
    }
}

/// The same with perplexities by place in chunks of 8.
pub(super) fn with_places(mut course: Course, of: impl Fn(u64) -> f64) -> Course {
    let place =
        |(from, to): (u64, u64)| PlacePart { from, to, tokens: 256 * (to - from + 1), perplexity: Some(of(from)) };
    course.places = [(0, 0), (1, 1), (2, 3), (4, 7)].map(place).to_vec();
    course
}

/// How hard the text is.
pub(super) fn text(i: u64) -> f64 {
    28.0 + 4.0 * (i as f64 * 1.7).sin() + 2.0 * (i as f64 * 0.31).cos()
}

pub(super) fn reading(courses: Vec<Course>) -> Reading {
    let segment = NonZeroU64::new(2048).unwrap();
    Reading {
        model: "SmolLM2-135M-Instruct.Q4_1.gguf".to_owned(),
        texts: vec!["austen.txt".to_owned()],
        begin: Some("<|endoftext|>".to_owned()),
        setting: Setting { begin: Some(0), segment, cache: "f16".to_owned(), from: 0 },
        trained_context: 8192,
        asked: None,
        command: "dunwu stream model.gguf austen.txt --policy sinks:4+1020 --policy window:1024".to_owned(),
        chunk: 64,
        threads: 2,
        ended: false,
        is_stopped: false,
        rounds: 0,
        courses,
        folder: "runs/streams/0123456789ab".into(),
    }
}

pub(super) fn three(n: u64) -> Reading {
    let explodes = |i: u64| if i < 5 { text(i) } else { text(i) * (3.0 * (i - 4) as f64).powf(1.1) };
    reading(vec![
        course("sinks:4+1020", n, Some(1024), text),
        course("window:1024", n, Some(1024), |i| 1.55 * text(i)),
        course("sinks-absolute:4+1020", n, Some(1024), explodes),
    ])
}

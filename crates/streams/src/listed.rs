//! A stream as a list shows it. Nothing is locked and nothing is cut: a process may be reading on.

use crate::error::StreamError;
use crate::folder::{self, SegmentLine};
use crate::identity::Identity;
use dunwu::store::file::While as _;
use dunwu_attention::streaming::perplexity;
use std::fs;
use std::path::Path;

/// A curve has at most so many points. Where there are more segments, neighbours are put together.
const MOST_STRETCHES: usize = 200;

/// What a stream's folder says of how far it has come. Tokens of a segment that is not whole are in the checkpoint alone, and do not
/// count here.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedStream {
    /// Where the texts are, in the order in which they are read.
    pub texts: Vec<String>,
    /// Tokens up to the end of each stretch of the text: a segment, or as many segments as keep the stretches few.
    pub ends: Vec<u64>,
    /// One for each policy, in the order of the stream's folder.
    pub courses: Vec<ListedCourse>,
}

/// One policy's way through the text so far.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedCourse {
    /// The policy; one that was read from a file is its contents.
    pub policy: String,
    /// exp of the mean −ln p of all tokens of whole segments; `None` where no segment is whole yet.
    pub perplexity: Option<f64>,
    /// Perplexity of each stretch of the text, in the order of [`ListedStream::ends`].
    pub stretches: Vec<f64>,
}

impl ListedStream {
    /// The stream in a folder.
    pub fn read(folder: &Path) -> Result<Self, StreamError> {
        let about = folder.join("stream.json");
        let text = fs::read(&about).or_while("reading what a stream is", &about)?;
        let identity = Identity::read(&text).map_err(|why| StreamError::NoStream { why, path: about })?;
        let segments = folder::read_whole_lines(folder, identity.policies.len())?;
        Ok(Self::of(identity, &segments))
    }

    fn of(identity: Identity, segments: &[SegmentLine]) -> Self {
        let segment = identity.setting.segment.get();
        let stretches: Vec<&[SegmentLine]> = segments.chunks(segments.len().div_ceil(MOST_STRETCHES).max(1)).collect();
        let of = |lines: &[SegmentLine], policy: usize| {
            let nats: f64 = lines.iter().map(|line| line.nats[policy]).sum();
            perplexity(nats, segment * lines.len() as u64)
        };
        let course = |(index, policy): (usize, String)| ListedCourse {
            policy,
            perplexity: of(segments, index),
            stretches: stretches.iter().filter_map(|lines| of(lines, index)).collect(),
        };
        Self {
            texts: identity.texts,
            ends: stretches.iter().filter_map(|lines| Some(lines.last()?.to)).collect(),
            courses: identity.policies.into_iter().enumerate().map(course).collect(),
        }
    }

    /// Tokens up to the end of the last whole segment.
    pub fn tokens(&self) -> u64 {
        self.ends.last().copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::tests::checkpoint;
    use crate::identity::Setting;
    use crate::{Folder, Opened};
    use std::io::Write as _;
    use std::num::NonZeroU64;
    use std::path::PathBuf;
    use tempfile::TempDir;

    /// A stream of two policies, whose segments of ten tokens have these perplexities under the second and 2 under the first.
    fn stream(runs: &TempDir, perplexities: &[f64]) -> Opened {
        let setting = Setting { begin: None, segment: NonZeroU64::new(10).unwrap(), cache: "f16".to_owned(), from: 0 };
        let policies = vec!["window:8".to_owned(), "full".to_owned()];
        let identity = Identity::new("model".to_owned(), &[PathBuf::from(".")], policies, setting).unwrap();
        let mut opened = Folder::open(runs.path(), &identity, false).unwrap();
        for (i, perplexity) in (1..).zip(perplexities) {
            let nats = vec![10.0 * 2f64.ln(), 10.0 * perplexity.ln()];
            let line = SegmentLine { to: 10 * i, nats, milliseconds: vec![1.0; 2], bytes: vec![1; 2] };
            opened.folder.append(&line).unwrap();
        }
        opened
    }

    fn near(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len(), "{found:?}");
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9 * b), "{found:?}, not {expected:?}");
    }

    #[test]
    fn a_stream_is_listed_while_a_process_reads_it_and_a_torn_line_does_not_count() {
        let runs = tempfile::tempdir().unwrap();
        let mut opened = stream(&runs, &[3.0, 12.0]);
        let path = opened.folder.path().to_owned();
        let listed = ListedStream::read(&path).unwrap();
        assert_eq!((listed.tokens(), &listed.ends), (20, &vec![10, 20]));
        let names: Vec<&str> = listed.courses.iter().map(|course| course.policy.as_str()).collect();
        assert_eq!(names, ["full", "window:8"]);
        near(&listed.courses[0].stretches, &[2.0, 2.0]);
        near(&listed.courses[1].stretches, &[3.0, 12.0]);
        near(&[listed.courses[1].perplexity.unwrap()], &[6.0]);
        opened.folder.save(&checkpoint(23, 1.5, &[1, 2])).unwrap();
        fs::OpenOptions::new().append(true).open(path.join("segments.jsonl")).unwrap().write_all(b"{\"to\":3").unwrap();
        assert_eq!(ListedStream::read(&path).unwrap(), listed);
        let held = fs::metadata(path.join("segments.jsonl")).unwrap().len();
        assert!(fs::read(path.join("segments.jsonl")).unwrap().len() as u64 == held, "a list cuts nothing");
    }

    #[test]
    fn before_the_first_whole_segment_there_is_no_perplexity() {
        let runs = tempfile::tempdir().unwrap();
        let opened = stream(&runs, &[]);
        let listed = ListedStream::read(opened.folder.path()).unwrap();
        assert_eq!((listed.tokens(), listed.courses.len()), (0, 2));
        assert!(listed.courses.iter().all(|course| course.perplexity.is_none() && course.stretches.is_empty()));
    }

    #[test]
    fn many_segments_become_few_stretches_that_hold_all_tokens() {
        let runs = tempfile::tempdir().unwrap();
        let perplexities: Vec<f64> = (0..450).map(|i| if i % 2 == 0 { 4.0 } else { 9.0 }).collect();
        let opened = stream(&runs, &perplexities);
        let listed = ListedStream::read(opened.folder.path()).unwrap();
        assert_eq!((listed.ends.len(), listed.ends[0], listed.tokens()), (150, 30, 4500));
        near(&[listed.courses[1].perplexity.unwrap()], &[6.0]);
        near(&listed.courses[1].stretches[..2], &[144f64.cbrt(), 324f64.cbrt()]);
    }

    #[test]
    fn what_is_no_stream_is_refused_with_its_path() {
        let runs = tempfile::tempdir().unwrap();
        let refused = || ListedStream::read(runs.path()).unwrap_err().to_string();
        assert!(refused().contains("stream.json"), "{}", refused());
        fs::write(runs.path().join("stream.json"), "{}").unwrap();
        assert!(refused().contains("stream.json"), "{}", refused());
        fs::write(runs.path().join("stream.json"), "{\"format\": 9}").unwrap();
        assert!(refused().contains("format 9"), "{}", refused());
    }
}

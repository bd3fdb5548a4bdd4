//! Cache policies as they are written, for the heads of one model.

use crate::language_model::ReadingError;
use dunwu::text_file::read_text;
use dunwu::verb::VerbError;
use dunwu_attention::cache::{Assignment, Policy};
use dunwu_attention::model::Hyperparameters;
use std::num::NonZeroU64;
use std::path::PathBuf;

/// What begins a policy that is read from a file.
const HEADS: &str = "heads:";

/// A cache policy that was asked for, as it applies to each key head of a model.
#[derive(Clone, Debug)]
pub struct AppliedPolicy {
    /// As it was written: `sinks:4+1020`, `0..12=full/12..=window:64`, `heads:FILE`.
    pub written: String,
    /// The same, with a file's contents instead of its name: two streams with the same identity keep the same keys.
    pub identity: String,
    /// The policy of each key head.
    pub assignment: Assignment,
}

/// Refuses what is wrong whatever the model, before it is loaded.
pub(crate) fn check_policies(words: &[String]) -> Result<(), VerbError> {
    if words.is_empty() {
        return Err(VerbError::usage("no cache policy is named: name one, such as sinks:4+1020"));
    }
    for (index, word) in words.iter().enumerate() {
        if words[..index].contains(word) {
            return Err(twice(word, word));
        }
        if !word.starts_with(HEADS) && !word.contains('=') {
            word.parse::<Policy>().map_err(VerbError::usage)?;
        }
    }
    Ok(())
}

/// Two policies that keep the same keys.
fn twice(first: &str, second: &str) -> VerbError {
    VerbError::usage(if first == second {
        format!("--policy {first} is given twice; keep one of the two")
    } else {
        format!("--policy {first} and --policy {second} are the same; keep one of the two")
    })
}

/// The policies for a model of this shape; two that keep the same keys are refused.
pub(crate) fn apply_policies(words: &[String], shape: &Hyperparameters) -> Result<Vec<AppliedPolicy>, VerbError> {
    let mut policies: Vec<AppliedPolicy> = Vec::new();
    for word in words {
        let policy = AppliedPolicy::read(word, shape)?;
        if let Some(same) = policies.iter().find(|other| other.assignment == policy.assignment) {
            return Err(twice(&same.written, word));
        }
        policies.push(policy);
    }
    Ok(policies)
}

/// The period by whose places perplexity is kept for every policy: the largest chunk of any; `None` where no policy has chunks.
pub(crate) fn period(policies: &[AppliedPolicy]) -> Option<NonZeroU64> {
    policies.iter().filter_map(AppliedPolicy::chunk).max().and_then(NonZeroU64::new)
}

/// All policies of an assignment, head by head.
fn listed(assignment: &Assignment) -> String {
    let layer = |heads: &Vec<Policy>| heads.iter().map(Policy::to_string).collect::<Vec<_>>().join(",");
    assignment.policies.iter().map(layer).collect::<Vec<_>>().join("/")
}

impl AppliedPolicy {
    fn read(word: &str, shape: &Hyperparameters) -> Result<Self, VerbError> {
        let Some(file) = word.strip_prefix(HEADS) else {
            let assignment = Assignment::parse(word, shape).map_err(VerbError::usage)?;
            return Ok(Self { written: word.to_owned(), identity: word.to_owned(), assignment });
        };
        let path = PathBuf::from(file);
        let text = match read_text(&path) {
            Ok(text) => text,
            Err(source) => return Err(ReadingError::Assignment { path, source: source.into() }.into()),
        };
        let assignment =
            Assignment::read(&text).map_err(|source| ReadingError::Assignment { path, source: source.into() })?;
        assignment.check(shape).map_err(VerbError::usage)?;
        let identity = format!("{HEADS}{}", listed(&assignment));
        Ok(Self { written: word.to_owned(), identity, assignment })
    }

    /// What all heads have; `None` where they may differ.
    pub fn uniform(&self) -> Option<Policy> {
        self.written.parse().ok()
    }

    /// Keys of the largest chunk that some head has; `None` where no head's keys end with a chunk.
    fn chunk(&self) -> Option<u64> {
        let sizes = self.assignment.policies.iter().flatten().filter_map(|policy| match policy {
            Policy::Chunked { size } => Some(*size as u64),
            _ => None,
        });
        sizes.max()
    }

    /// Tokens after which some head forgets its first.
    pub fn evicts_from(&self) -> Option<u64> {
        self.bounds().flatten().min()
    }

    /// Tokens after which no head's cache grows any more; `None` where some head keeps all.
    pub fn full_at(&self) -> Option<u64> {
        self.bounds().try_fold(0, |most, bound| Some(bound?.max(most)))
    }

    /// How many keys each head keeps.
    fn bounds(&self) -> impl Iterator<Item = Option<u64>> {
        self.assignment.policies.iter().flatten().map(|policy| policy.keys().map(|keys| keys as u64))
    }
}

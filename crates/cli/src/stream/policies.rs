//! The policies of a command line.

use super::Asked;
use crate::failure::Failure;
use crate::language_model;
use anyhow::Context as _;
use dunwu_attention::cache::{Assignment, POLICIES, Policy};
use dunwu_attention::model::Hyperparameters;
use dunwu_streams::Identity;
use std::fs;
use std::num::NonZeroU64;

/// No usual text has more bytes a token than this, so that what is estimated is not more than what is needed.
const BYTES_A_TOKEN: u64 = 8;
/// What begins a policy that is read from a file.
const HEADS: &str = "heads:";

/// A policy that was asked for.
pub(super) struct Policied {
    /// As it was written.
    pub(super) written: String,
    /// The same, with a file's contents instead of its name.
    pub(super) identity: String,
    pub(super) assignment: Assignment,
}

/// Every form of a policy, for the command's help.
pub(crate) fn help() -> String {
    let width = POLICIES.iter().map(|(form, ..)| form.len()).max().unwrap_or(0);
    let lines = POLICIES.iter().map(|(form, _, keeps)| format!("  {form:<width$}  {keeps}"));
    format!(
        "Policies, sizes in keys:\n{}\n  {:<width$}  a policy for each range of layers\n  {:<width$}  a policy for each key head, as \
         `dunwu attend --assign` writes it\n\n\
         ms_per_token_first and _last are wall time of the decoder, which whatever else the machine does makes longer: each chunk's \
         mean, and the median of those of 1000 tokens, at the end and at the beginning (once the cache is full, where 256 tokens or more are read after that).",
        lines.collect::<Vec<_>>().join("\n"),
        "0..12=POLICY/12..=POLICY",
        "heads:FILE"
    )
}

/// Refuses what is wrong whatever the model, before it is loaded.
pub(super) fn check_words(words: &[String]) -> Result<(), Failure> {
    for (index, word) in words.iter().enumerate() {
        if words[..index].contains(word) {
            return Err(same(word, word));
        }
        if !word.starts_with(HEADS) && !word.contains('=') {
            word.parse::<Policy>().map_err(Failure::usage)?;
        }
    }
    Ok(())
}

/// Refuses two policies that come to the same.
pub(crate) fn same(first: &str, second: &str) -> Failure {
    Failure::usage(if first == second {
        format!("--policy {first} is given twice; keep one of the two")
    } else {
        format!("--policy {first} and --policy {second} are the same; keep one of the two")
    })
}

/// The policies for a model of this shape.
pub(super) fn read(words: &[String], shape: &Hyperparameters) -> Result<Vec<Policied>, Failure> {
    let mut policies: Vec<Policied> = Vec::new();
    for word in words {
        let policy = one(word, shape)?;
        if let Some(same) = policies.iter().find(|other| other.assignment == policy.assignment) {
            return Err(self::same(&same.written, word));
        }
        policies.push(policy);
    }
    Ok(policies)
}

fn one(word: &str, shape: &Hyperparameters) -> Result<Policied, Failure> {
    let Some(file) = word.strip_prefix(HEADS) else {
        let assignment = Assignment::parse(word, shape).map_err(Failure::usage)?;
        return Ok(Policied { written: word.to_owned(), identity: word.to_owned(), assignment });
    };
    let text = fs::read_to_string(file).with_context(|| format!("cannot read the assignment {file}"))?;
    let cannot = || format!("cannot read the assignment {file}");
    let assignment = Assignment::read(&text).with_context(cannot)?;
    assignment.check(shape).map_err(Failure::usage)?;
    let identity = format!("{HEADS}{}", listed(&assignment));
    Ok(Policied { written: word.to_owned(), identity, assignment })
}

/// Refuses policies whose caches would be larger than the memory of this machine.
pub(super) fn fit(
    policies: &[Policied],
    asked: &Asked,
    text_bytes: u64,
    shape: &Hyperparameters,
) -> Result<(), Failure> {
    let tokens = asked.tokens.map_or(text_bytes / BYTES_A_TOKEN, NonZeroU64::get);
    let assignments: Vec<&Assignment> = policies.iter().map(|policy| &policy.assignment).collect();
    let remedy = "read fewer --tokens, or only policies that forget, such as sinks:4+1020";
    language_model::fit(&assignments, asked.cache, tokens, shape, remedy)
}

/// All its policies, head by head.
fn listed(assignment: &Assignment) -> String {
    let layer = |heads: &Vec<Policy>| heads.iter().map(Policy::to_string).collect::<Vec<_>>().join(",");
    assignment.policies.iter().map(layer).collect::<Vec<_>>().join("/")
}

impl Policied {
    /// Its place among the stream's policies.
    pub(super) fn index_in(&self, identity: &Identity) -> usize {
        let place = identity.policies.iter().position(|name| *name == self.identity);
        place.expect("a stream has all policies that were asked for")
    }

    /// Tokens after which some head forgets its first.
    pub(super) fn evicts_from(&self) -> Option<u64> {
        self.bounds().flatten().min()
    }

    /// Tokens after which no head's cache grows any more; `None` where some head keeps all.
    pub(super) fn full_at(&self) -> Option<u64> {
        self.bounds().try_fold(0, |most, bound| Some(bound?.max(most)))
    }

    /// How many keys each head keeps.
    fn bounds(&self) -> impl Iterator<Item = Option<u64>> {
        self.assignment.policies.iter().flatten().map(|policy| policy.keys().map(|keys| keys as u64))
    }
}

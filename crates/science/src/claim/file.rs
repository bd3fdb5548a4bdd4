//! Claims as TOML, whose entries are the parts of the sentence.
//!
//! ```toml
//! [[claim]]
//! boundary = "generalized happens when samples > c * M * ln(M)"
//! for_some = ["c"]
//! where = ["M in 11..97", "width = 256"]
//! because = ["random samples keep the maxima of the energy once there are M ln M of them"]
//! ```
//!
//! or whole: `sentence = "generalized happens when samples > c * M * ln(M), for some c"`.

use super::read::{SentenceError, claim_from_sentence, condition, fixed_constant, statement};
use super::{Claim, Constant, Scope};
use serde::Deserialize;
use std::collections::BTreeMap;
use thiserror::Error;

/// Why a file holds no claims.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ClaimFileError {
    /// It is no TOML, or has other keys.
    #[error("not a file of claims: {0}")]
    Toml(#[from] toml::de::Error),
    /// A claim of it is bent.
    #[error("claim {place} of the file: {source}")]
    Claim {
        /// Which, counted from 1.
        place: usize,
        /// Why.
        source: SentenceError,
    },
    /// A claim has no statement, or two.
    #[error(
        "claim {place} of the file has {found}; give one of law, boundary, order, invariant, collapse, cause, mediation, identity, or sentence"
    )]
    Statements {
        /// Which, counted from 1.
        place: usize,
        /// How many statements it has.
        found: String,
    },
    /// A statement stands under the key of another kind.
    #[error("claim {place} of the file says {key} = {text:?}, which reads as a claim of the kind {kind}")]
    Kind {
        /// Which, counted from 1.
        place: usize,
        /// The key.
        key: String,
        /// The text.
        text: String,
        /// What it reads as.
        kind: &'static str,
    },
    /// There is none.
    #[error("the file holds no claim; it has entries [[claim]]")]
    None,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    claim: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    sentence: Option<String>,
    #[serde(default)]
    for_some: Vec<String>,
    #[serde(default)]
    with: BTreeMap<String, String>,
    #[serde(default, rename = "where")]
    scope: Vec<String>,
    #[serde(default)]
    because: Vec<String>,
    #[serde(flatten)]
    statement: BTreeMap<String, String>,
}

const KINDS: [&str; 8] = ["law", "boundary", "order", "invariant", "collapse", "cause", "mediation", "identity"];

/// Reads the claims of a TOML file.
///
/// # Errors
///
/// Names the claim and the part of it that is wrong.
pub fn claims_from_toml(text: &str) -> Result<Vec<Claim>, ClaimFileError> {
    let file: File = toml::from_str(text)?;
    if file.claim.is_empty() {
        return Err(ClaimFileError::None);
    }
    file.claim.into_iter().enumerate().map(|(place, entry)| claim_of(entry, place + 1)).collect()
}

fn claim_of(entry: Entry, place: usize) -> Result<Claim, ClaimFileError> {
    let bent = |source: SentenceError| ClaimFileError::Claim { place, source };
    let unknown: Vec<&str> = entry.statement.keys().map(String::as_str).filter(|key| !KINDS.contains(key)).collect();
    let n_statements = entry.statement.len() + usize::from(entry.sentence.is_some());
    if n_statements != 1 || !unknown.is_empty() {
        let found = if unknown.is_empty() {
            format!("{n_statements} statements")
        } else {
            format!("the unknown key {}", unknown.join(", "))
        };
        return Err(ClaimFileError::Statements { place, found });
    }
    let mut claim = if let Some(sentence) = &entry.sentence {
        claim_from_sentence(sentence).map_err(bent)?
    } else {
        let (key, text) = entry.statement.first_key_value().expect("one statement was counted");
        let statement = statement(text.trim()).map_err(bent)?;
        if statement.kind() != key {
            return Err(ClaimFileError::Kind { place, key: key.clone(), text: text.clone(), kind: statement.kind() });
        }
        Claim { statement, constants: Vec::new(), scope: Scope::default(), because: Vec::new() }
    };
    claim.constants.extend(entry.for_some.into_iter().map(|name| Constant { name, fixed: None }));
    for (name, value) in &entry.with {
        claim.constants.push(fixed_constant(&format!("{name} = {value}")).map_err(bent)?);
    }
    for text in &entry.scope {
        claim.scope.0.push(condition(text).map_err(bent)?);
    }
    claim.because.extend(entry.because);
    Ok(claim)
}

impl Claim {
    /// The claim as an entry of a TOML file.
    pub fn to_toml(&self) -> String {
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let list =
            |texts: Vec<String>| format!("[{}]", texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", "));
        let mut lines = vec![
            "[[claim]]".to_owned(),
            format!("{} = {}", self.statement.kind(), quoted(&self.statement.to_string())),
        ];
        if !self.free_constants().is_empty() {
            lines.push(format!("for_some = {}", list(self.free_constants())));
        }
        let fixed: Vec<String> = self
            .constants
            .iter()
            .filter_map(|constant| {
                constant
                    .fixed
                    .as_ref()
                    .map(|(value, unit)| format!("{} = {}", constant.name, quoted(&format!("{value} {unit}"))))
            })
            .collect();
        if !fixed.is_empty() {
            lines.push(format!("with = {{ {} }}", fixed.join(", ")));
        }
        if !self.scope.0.is_empty() {
            lines.push(format!("where = {}", list(self.scope.0.iter().map(ToString::to_string).collect())));
        }
        if !self.because.is_empty() {
            lines.push(format!("because = {}", list(self.because.clone())));
        }
        lines.join("\n") + "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_written_and_read_back() {
        for sentence in [
            "generalized happens when samples > c * M * ln(M), for some c, where M in 11..97 and task = cyclic:23",
            "t_gen = a * M + k, for some a, with k = 3 step, because it was seen",
            "t_mem comes before t_gen in at least 95 % of runs",
        ] {
            let claim = claim_from_sentence(sentence).unwrap();
            assert_eq!(claims_from_toml(&claim.to_toml()).unwrap(), [claim], "{sentence}");
        }
        let whole = "[[claim]]\nsentence = \"t_gen = c * M, for some c\"\n";
        assert_eq!(claims_from_toml(whole).unwrap()[0].sentence(), "t_gen = c * M, for some c");
    }

    #[test]
    fn bent_files_name_the_claim() {
        for (text, says) in [
            ("", "no claim"),
            ("[[claim]]\n", "0 statements"),
            ("[[claim]]\nlaw = \"a = b\"\norder = \"a comes before b in at least 5 % of runs\"\n", "2 statements"),
            ("[[claim]]\nlow = \"a = b\"\n", "unknown key low"),
            ("[[claim]]\nlaw = \"a happens when b > c\"\n", "the kind boundary"),
            ("[[claim]]\nlaw = \"a = b\"\n[[claim]]\nlaw = \"a = \"\n", "claim 2"),
            ("[[claim]]\nlaw = 3\n", "not a file of claims"),
            ("claim = 1", "not a file of claims"),
        ] {
            let error = claims_from_toml(text).unwrap_err().to_string();
            assert!(error.contains(says), "{text:?}: {error}");
        }
    }
}

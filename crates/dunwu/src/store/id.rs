//! What a run is called.

use std::fmt;
use std::str::FromStr;

/// First 16 hexadecimal digits (64 bits) of the BLAKE3 hash of a run's identifying settings.
///
/// With 10⁶ runs the chance that any two of them share an id is below 10⁻⁷ (n²/2⁶⁵).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId(String);

const DIGITS: usize = 16;

/// A text that is no run id.
#[derive(Debug, thiserror::Error)]
#[error("{text:?} is no run id; an id is {DIGITS} digits 0-9, a-f")]
pub struct NotAnId {
    text: String,
}

impl RunId {
    /// The id of the run that `settings` identifies: a canonical text, the same for the same run in every build.
    pub fn of(settings: &str) -> Self {
        let hex = blake3::hash(settings.as_bytes()).to_hex();
        Self(hex.as_str()[..DIGITS].to_owned())
    }

    /// Its digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for RunId {
    type Err = NotAnId;
    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let is_id = text.len() == DIGITS && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if is_id { Ok(Self(text.to_owned())) } else { Err(NotAnId { text: text.to_owned() }) }
    }
}

impl TryFrom<String> for RunId {
    type Error = NotAnId;
    fn try_from(text: String) -> Result<Self, NotAnId> {
        text.parse()
    }
}

impl From<RunId> for String {
    fn from(id: RunId) -> Self {
        id.0
    }
}

/// `name` as it may stand in a directory's name: lowercase ASCII letters and digits, everything else one hyphen, at most
/// 48 characters, never empty.
///
/// ```
/// assert_eq!(dunwu::store::slug("product:cyclic:2,cyclic:3"), "product-cyclic-2-cyclic-3");
/// ```
pub fn slug(name: &str) -> String {
    let lower: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let words: Vec<&str> = lower.split('-').filter(|word| !word.is_empty()).collect();
    let joined = words.join("-");
    let cut = joined.get(..48).unwrap_or(&joined).trim_end_matches('-');
    if cut.is_empty() { "run".to_owned() } else { cut.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_the_head_of_the_blake3_hash() {
        // BLAKE3 of the empty input, from the specification's test vectors.
        assert_eq!(RunId::of("").as_str(), "af1349b9f5f9a1a6");
        assert_ne!(RunId::of("seed = 1"), RunId::of("seed = 2"));
    }

    #[test]
    fn only_sixteen_lowercase_hexadecimal_digits_are_an_id() {
        assert_eq!("0123456789abcdef".parse::<RunId>().unwrap().to_string(), "0123456789abcdef");
        for text in ["", "0123456789abcde", "0123456789abcdef0", "0123456789ABCDEF", "../../etc/passwd"] {
            assert!(text.parse::<RunId>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_slug_is_safe_as_a_file_name() {
        assert_eq!(slug("cyclic:71"), "cyclic-71");
        assert_eq!(slug("x^2 + x*y + y^2 mod 97"), "x-2-x-y-y-2-mod-97");
        assert_eq!(slug("../../etc"), "etc");
        assert_eq!(slug("顿悟"), "run");
        assert_eq!(slug(&"a:".repeat(100)).len(), 47); // 48 would end in a hyphen
    }
}

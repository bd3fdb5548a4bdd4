//! Policies as they are written: `full`, `window:1024`, `sinks:4+1020`, …

use super::rules::{HeavyHitters, KeyNorm, LastAttention, POLICIES, RandomSample, Retention, Sinks, Votes};
use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

/// Which keys a cache keeps: the `recent` last ones, and a set of far ones that a rule chooses among those that leave the recent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Policy {
    /// `full`: all.
    Full,
    /// `window:RECENT`: the last ones alone.
    Window {
        /// How many.
        recent: usize,
    },
    /// `chunked:SIZE`: those of the query's own chunk, which begin at the multiples of the size (Llama 4).
    Chunked {
        /// Keys of a chunk.
        size: usize,
    },
    /// `sinks:FIRST+RECENT`: the first and the last ones (`StreamingLLM`, Xiao et al. 2023, arXiv:2309.17453).
    Sinks {
        /// How many first ones.
        far: usize,
        /// How many last ones.
        recent: usize,
    },
    /// `sinks-absolute:FIRST+RECENT`: the same keys, but at their positions in the text instead of those in the cache; it breaks once
    /// distances exceed the trained context, and is here to show that.
    SinksAbsolute {
        /// How many first ones.
        far: usize,
        /// How many last ones.
        recent: usize,
    },
    /// `h2o:HEAVY+RECENT`: those that drew the most attention in all (H2O, Zhang et al. 2023, arXiv:2306.14048), for each key head.
    HeavyHitters {
        /// How many heavy hitters.
        far: usize,
        /// How many last ones.
        recent: usize,
    },
    /// `tova:KEPT+RECENT`: those that the last query attended to most (TOVA, Oren et al. 2024, arXiv:2401.06104), for each key head,
    /// the recent ones exempt.
    LastAttention {
        /// How many of the others.
        far: usize,
        /// How many last ones.
        recent: usize,
    },
    /// `snapkv:KEPT+RECENT`: those that a window of queries voted for, with their neighbours (after `SnapKV`, Li et al. 2024,
    /// arXiv:2404.14469, which votes once, at the end of the prompt).
    Votes {
        /// How many of the others.
        far: usize,
        /// How many last ones.
        recent: usize,
    },
    /// `keynorm:KEPT+RECENT`: those whose keys are shortest (Devoto et al. 2024, arXiv:2406.11430).
    KeyNorm {
        /// How many of the others.
        far: usize,
        /// How many last ones.
        recent: usize,
    },
    /// `random:FIRST+KEPT+RECENT`: the first ones, and a fair sample of all that left the recent.
    Random {
        /// How many first ones.
        first: usize,
        /// How many others.
        sampled: usize,
        /// How many last ones.
        recent: usize,
    },
}

/// Most keys that a policy may name: more than any text has tokens today, and few enough that sizes do not overflow.
const MOST_KEYS: usize = 1 << 30;

/// Why a policy cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// No policy has this name.
    #[error("unknown policy {written:?}{}; there are {}", nearest(written), forms())]
    Unknown {
        /// What was written.
        written: String,
    },
    /// The sizes are not those of this policy.
    #[error(
        "the policy {written:?} is not of the form {form}, such as {example}, with whole numbers of keys up to {MOST_KEYS}"
    )]
    Sizes {
        /// What was written.
        written: String,
        /// How it is written.
        form: &'static str,
        /// For example.
        example: &'static str,
    },
    /// It would keep no recent keys.
    #[error(
        "the policy {written:?} keeps no recent key; a query attends at least to itself, so let the last number be 1 or more"
    )]
    NoneRecent {
        /// What was written.
        written: String,
    },
}

fn forms() -> String {
    format!(
        "{}, and one for each range of layers as 0..12=POLICY/12..=POLICY",
        POLICIES.map(|(form, ..)| form).join(", ")
    )
}

/// The form whose name begins as the word does.
fn nearest(written: &str) -> String {
    let name = written.split(':').next().unwrap_or_default().to_lowercase();
    let close = POLICIES.iter().find(|(form, ..)| {
        let known = form.split(':').next().unwrap_or_default();
        !name.is_empty() && (known.starts_with(&name) || name.starts_with(known))
    });
    close.map(|(_, example, _)| format!(" (perhaps {example})")).unwrap_or_default()
}

impl FromStr for Policy {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, PolicyError> {
        let (name, sizes) = text.split_once(':').map_or((text, None), |(name, sizes)| (name, Some(sizes)));
        let known = POLICIES.iter().find(|(form, ..)| form.split(':').next() == Some(name));
        let Some(&(form, example, _)) = known else {
            return Err(PolicyError::Unknown { written: text.to_owned() });
        };
        let wrong = || PolicyError::Sizes { written: text.to_owned(), form, example };
        let sizes: Vec<usize> = match sizes {
            None => Vec::new(),
            Some(sizes) => sizes.split('+').map(size).collect::<Option<_>>().ok_or_else(wrong)?,
        };
        let policy = match (name, sizes[..].as_ref()) {
            ("full", []) => Self::Full,
            ("window", &[recent]) => Self::Window { recent },
            ("chunked", &[size]) => Self::Chunked { size },
            ("sinks", &[far, recent]) => Self::Sinks { far, recent },
            ("sinks-absolute", &[far, recent]) => Self::SinksAbsolute { far, recent },
            ("h2o", &[far, recent]) => Self::HeavyHitters { far, recent },
            ("tova", &[far, recent]) => Self::LastAttention { far, recent },
            ("snapkv", &[far, recent]) => Self::Votes { far, recent },
            ("keynorm", &[far, recent]) => Self::KeyNorm { far, recent },
            ("random", &[first, sampled, recent]) => Self::Random { first, sampled, recent },
            _ => return Err(wrong()),
        };
        if policy.recent() == Some(0) {
            return Err(PolicyError::NoneRecent { written: text.to_owned() });
        }
        Ok(policy)
    }
}

/// A number of keys: digits alone, no sign.
fn size(text: &str) -> Option<usize> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten().filter(|&size| size <= MOST_KEYS)
}

impl Display for Policy {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => write!(f, "full"),
            Self::Window { recent } => write!(f, "window:{recent}"),
            Self::Chunked { size } => write!(f, "chunked:{size}"),
            Self::Sinks { far, recent } => write!(f, "sinks:{far}+{recent}"),
            Self::SinksAbsolute { far, recent } => write!(f, "sinks-absolute:{far}+{recent}"),
            Self::HeavyHitters { far, recent } => write!(f, "h2o:{far}+{recent}"),
            Self::LastAttention { far, recent } => write!(f, "tova:{far}+{recent}"),
            Self::Votes { far, recent } => write!(f, "snapkv:{far}+{recent}"),
            Self::KeyNorm { far, recent } => write!(f, "keynorm:{far}+{recent}"),
            Self::Random { first, sampled, recent } => write!(f, "random:{first}+{sampled}+{recent}"),
        }
    }
}

impl Policy {
    /// The last keys that it keeps at the most; `None` for all.
    pub fn recent(&self) -> Option<usize> {
        match *self {
            Self::Full => None,
            Self::Chunked { size: recent }
            | Self::Window { recent }
            | Self::Sinks { recent, .. }
            | Self::SinksAbsolute { recent, .. }
            | Self::HeavyHitters { recent, .. }
            | Self::LastAttention { recent, .. }
            | Self::Votes { recent, .. }
            | Self::KeyNorm { recent, .. }
            | Self::Random { recent, .. } => Some(recent),
        }
    }

    /// The last keys that the query at a position sees, its own among them.
    pub(crate) fn recent_at(&self, position: u64) -> u64 {
        match *self {
            Self::Chunked { size } => position % size as u64 + 1,
            _ => self.recent().map_or(position + 1, |recent| (position + 1).min(recent as u64)),
        }
    }

    /// The keys that it keeps beside the last ones.
    pub fn far(&self) -> usize {
        match *self {
            Self::Full | Self::Window { .. } | Self::Chunked { .. } => 0,
            Self::Sinks { far, .. }
            | Self::SinksAbsolute { far, .. }
            | Self::HeavyHitters { far, .. }
            | Self::LastAttention { far, .. }
            | Self::Votes { far, .. }
            | Self::KeyNorm { far, .. } => far,
            Self::Random { first, sampled, .. } => first + sampled,
        }
    }

    /// All keys that it keeps; `None` for no bound.
    pub fn keys(&self) -> Option<usize> {
        self.recent().map(|recent| self.far() + recent)
    }

    /// Whether far keys are at their positions in the cache, as `StreamingLLM` has it, or in the text.
    pub(crate) fn is_reindexed(&self) -> bool {
        !matches!(self, Self::SinksAbsolute { .. })
    }

    /// The rule that chooses the far keys of one layer and key head.
    pub(super) fn retention(&self, layer: usize, key_head: usize) -> Box<dyn Retention> {
        match *self {
            Self::Full
            | Self::Window { .. }
            | Self::Chunked { .. }
            | Self::Sinks { .. }
            | Self::SinksAbsolute { .. } => Box::new(Sinks),
            Self::HeavyHitters { .. } => Box::<HeavyHitters>::default(),
            Self::LastAttention { .. } => Box::<LastAttention>::default(),
            Self::Votes { recent, .. } => Box::new(Votes::new(recent)),
            Self::KeyNorm { .. } => Box::<KeyNorm>::default(),
            Self::Random { first, .. } => Box::new(RandomSample::new(first, layer, key_head)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_form_has_an_example_that_reads_and_is_written_back() {
        for (_, example, _) in POLICIES {
            assert_eq!(example.parse::<Policy>().unwrap().to_string(), example);
        }
    }

    #[test]
    fn what_is_no_policy_is_told_what_there_is() {
        for (written, words) in [
            ("", "there are full, window:RECENT"),
            ("sink:4+1020", "perhaps sinks:4+1020"),
            ("lru:8", "h2o:HEAVY+RECENT"),
            ("window", "window:RECENT, such as window:1024"),
            ("window:", "window:RECENT"),
            ("window:-5", "window:RECENT"),
            ("window:+5", "window:RECENT"),
            ("window:1e3", "window:RECENT"),
            ("window:99999999999999999999", "up to 1073741824"),
            ("sinks:4", "sinks:FIRST+RECENT"),
            ("sinks:4+1020+3", "sinks:FIRST+RECENT"),
            ("random:4+508", "random:FIRST+KEPT+RECENT"),
            ("full:3", "not of the form full"),
            ("sinks:4+0", "keeps no recent key"),
            ("chunked:0", "keeps no recent key"),
            ("chunk:1024", "perhaps chunked:1024"),
            ("chunked:4+4", "chunked:SIZE, such as chunked:1024"),
            ("SINKS:4+1020", "perhaps sinks:4+1020"),
        ] {
            let error = written.parse::<Policy>().unwrap_err().to_string();
            assert!(error.contains(words), "{written:?}: {error}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_policy_or_an_error(text in "\\PC*") {
            if let Ok(policy) = text.parse::<Policy>() {
                prop_assert_eq!(policy.to_string().parse::<Policy>().unwrap(), policy);
            }
        }
    }
}

//! Policies as they are written: `full`, `window:1024`, `sinks:4+1020`, …

use std::str::FromStr;

/// Which keys a cache keeps. Sizes are keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Policy {
    /// All.
    Full,
    /// `window:1024`: the last ones.
    Window {
        /// How many.
        recent: usize,
    },
    /// `sinks:4+1020`: the first and the last ones (Xiao et al. 2023, arXiv:2309.17453).
    Sinks {
        /// First ones.
        sinks: usize,
        /// Last ones.
        recent: usize,
    },
}

/// Why a policy cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct PolicyError(String);

impl FromStr for Policy {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, PolicyError> {
        let bad = || PolicyError(format!("bad {text}"));
        let n = |t: &str| t.parse::<usize>().map_err(|_| bad());
        if text == "full" {
            Ok(Self::Full)
        } else if let Some(t) = text.strip_prefix("window:") {
            Ok(Self::Window { recent: n(t)? })
        } else {
            let (a, b) = text.strip_prefix("sinks:").and_then(|t| t.split_once('+')).ok_or_else(bad)?;
            Ok(Self::Sinks { sinks: n(a)?, recent: n(b)? })
        }
    }
}

impl std::fmt::Display for Policy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Full => write!(f, "full"),
            Self::Window { recent } => write!(f, "window:{recent}"),
            Self::Sinks { sinks, recent } => write!(f, "sinks:{sinks}+{recent}"),
        }
    }
}

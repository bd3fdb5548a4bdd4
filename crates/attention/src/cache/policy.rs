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

    fn from_str(_text: &str) -> Result<Self, PolicyError> {
        todo!()
    }
}

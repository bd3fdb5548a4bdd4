//! How long something took. WebAssembly in a page has no clock of its own: there nothing is said of time, and nothing hangs on it.

use std::time::Duration;
#[cfg(not(target_family = "wasm"))]
use std::time::Instant;

/// Time since it was started.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch {
    #[cfg(not(target_family = "wasm"))]
    began: Instant,
}

impl Stopwatch {
    /// Starts now.
    pub(crate) fn start() -> Self {
        Self {
            #[cfg(not(target_family = "wasm"))]
            began: Instant::now(),
        }
    }

    /// Time since then; `None` where there is no clock.
    #[cfg_attr(not(target_family = "wasm"), expect(clippy::unnecessary_wraps, reason = "in a page there is no clock"))]
    pub(crate) fn elapsed(self) -> Option<Duration> {
        #[cfg(not(target_family = "wasm"))]
        return Some(self.began.elapsed());
        #[cfg(target_family = "wasm")]
        None
    }
}

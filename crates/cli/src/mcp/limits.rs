//! What may be spent: steps of the whole campaign, and seconds of this server. Nothing that a caller sends changes either.

use super::answers::Budget;
use dunwu_mcp::ToolError;
use dunwu_science::ledger::State;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The limits, and the time that was used. Steps that were spent stand in the ledger.
pub(super) struct Limits {
    steps: u64,
    time: Duration,
    used_ms: AtomicU64,
}

/// What one call may spend.
#[derive(Clone, Copy)]
pub(super) struct Grant {
    pub(super) steps: u64,
    pub(super) until: Instant,
}

/// What whoever calls can do when nothing is left.
const REMEDY: &str =
    "score, brief, explain and ledger_tail still answer; only whoever starts the server can allow more";

impl Limits {
    pub(super) fn new(steps: u64, time: Duration) -> Self {
        Self { steps, time, used_ms: AtomicU64::new(0) }
    }

    fn time_left(&self) -> Duration {
        self.time.saturating_sub(Duration::from_millis(self.used_ms.load(Ordering::Relaxed)))
    }

    /// What is left when the campaign has spent so many steps.
    pub(super) fn left(&self, spent: u64) -> Budget {
        Budget {
            steps_left: self.steps.saturating_sub(spent),
            steps_spent: spent,
            seconds_left: self.time_left().as_secs(),
        }
    }

    /// What is asked for, or what is left.
    pub(super) fn grant(&self, state: &State, steps: u64) -> Result<Grant, ToolError> {
        let left = self.steps.saturating_sub(state.spent);
        if left == 0 {
            return Err(ToolError::refused(
                format!(
                    "no steps are left: the campaign's runs have cost {}, and this server allows {}",
                    state.spent, self.steps
                ),
                REMEDY,
            ));
        }
        let time = self.time_left();
        if time.is_zero() {
            let seconds = self.time.as_secs();
            return Err(ToolError::refused(
                format!("no time is left: the {seconds} seconds for making runs are used up"),
                REMEDY,
            ));
        }
        Ok(Grant { steps: steps.min(left), until: far(time) })
    }

    /// Counts the time since `began`.
    pub(super) fn count(&self, began: Instant) {
        self.used_ms.fetch_add(began.elapsed().as_millis() as u64, Ordering::Relaxed);
    }
}

/// An instant after this time; a time that no clock holds is a year.
fn far(time: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(time).unwrap_or(now + Duration::from_hours(24 * 365))
}

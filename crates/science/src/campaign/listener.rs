//! Whoever listens to a campaign at work, and may speak between two runs.

use crate::ledger::Insight;

/// What is heard while a campaign works, and whether it should stop.
pub trait Listener {
    /// Something happened.
    fn hear(&mut self, what: &str);
    /// Steps of the purse that are spent.
    fn spent(&mut self, steps: u64, of: u64);
    /// Whether to stop after the run that is being made.
    fn is_stopped(&self) -> bool;
    /// What people and programs said since the last run.
    fn said(&mut self) -> Vec<(String, Insight)>;
}

/// Nobody.
pub struct Nobody;

impl Listener for Nobody {
    fn hear(&mut self, _what: &str) {}
    fn spent(&mut self, _steps: u64, _of: u64) {}
    fn is_stopped(&self) -> bool {
        false
    }
    fn said(&mut self) -> Vec<(String, Insight)> {
        Vec::new()
    }
}

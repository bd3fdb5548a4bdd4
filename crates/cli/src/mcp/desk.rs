//! The campaign that is served: one call at a time writes it, and whoever looks meanwhile sees what was written.

use super::refusing;
use super::toolbox::CampaignToolbox;
use dunwu_mcp::ToolError;
use dunwu_science::campaign::Campaign;
use dunwu_science::judge::{Judged, judge_all};
use dunwu_science::lab::Lab;
use dunwu_science::ledger::{Link, State, read};
use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

/// The open campaign with its laboratory.
pub(super) struct Desk {
    pub(super) campaign: Campaign,
    pub(super) lab: Box<dyn Lab>,
}

/// The campaign while runs are made with it.
pub(super) struct Running<'a> {
    pub(super) desk: MutexGuard<'a, Desk>,
    toolbox: &'a CampaignToolbox,
    began: Instant,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.toolbox.limits.count(self.began);
        self.toolbox.is_running.store(false, Ordering::Release);
    }
}

/// How long a call waits before it tries again to get at the campaign.
const BRIEFLY: Duration = Duration::from_millis(2);

/// What the ledger says at one moment.
pub(super) struct View {
    pub(super) state: State,
    pub(super) links: Vec<Link>,
    pub(super) judged: Vec<Judged>,
    /// Whether another call is writing meanwhile.
    pub(super) is_running: bool,
}

impl CampaignToolbox {
    /// The campaign, unless another call makes runs with it. Whoever only looks is waited for.
    pub(super) fn desk(&self, what: &str) -> Result<MutexGuard<'_, Desk>, ToolError> {
        loop {
            match self.desk.try_lock() {
                Ok(desk) => return Ok(desk),
                // Every line of the ledger is written before the state goes on: what a panic left behind is whole.
                Err(TryLockError::Poisoned(poisoned)) => return Ok(PoisonError::into_inner(poisoned)),
                Err(TryLockError::WouldBlock) if self.is_running.load(Ordering::Acquire) => {
                    return Err(refusing::busy(what));
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(BRIEFLY),
            }
        }
    }

    /// The campaign for making runs: until the guard is dropped, others hear that runs are being made.
    pub(super) fn running(&self) -> Result<Running<'_>, ToolError> {
        let desk = self.desk("another call that makes runs")?;
        self.is_running.store(true, Ordering::Release);
        Ok(Running { desk, toolbox: self, began: Instant::now() })
    }

    /// What is written now. While runs are made it is read from the file.
    pub(super) fn view(&self) -> Result<View, ToolError> {
        if let Ok(desk) = self.desk("this") {
            let campaign = &desk.campaign;
            let (state, links) = (campaign.state().clone(), campaign.links().to_vec());
            return Ok(View { state, links, judged: campaign.judged(), is_running: false });
        }
        let (links, _, _) = read(&self.ledger).map_err(|error| ToolError::failed(error.to_string()))?;
        let state = State::of(&links).ok_or_else(|| ToolError::failed("the ledger has no first line"))?;
        let judged = judge_all(&state.card, &state.scope_of_question(), &state.claims, &state.runs);
        Ok(View { state, links, judged, is_running: true })
    }
}

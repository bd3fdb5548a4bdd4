//! Every call to the disk with every kind of trouble, one after another.

use super::episode::{Episode, disturb, finish};
use super::harm::Harm;
use crate::child::scratch;
use crate::tally::RoomTally;

/// Trouble at one call; `short` and `interrupted` must not be noticed at all.
const KINDS: [&str; 7] = ["kill", "power", "full", "full=1", "io", "read-only", "short"];

/// All cases of a room: the call's number and the kind.
pub(crate) fn cases(calls: u64) -> Vec<(u64, &'static str)> {
    (1..=calls).flat_map(|at| KINDS.map(|kind| (at, kind))).collect()
}

/// One call that meets the trouble, then one that is left in peace.
pub(crate) fn play_case(episode: &Episode<'_>, case: (u64, &str), tally: &mut RoomTally) -> Result<(), String> {
    let folder = scratch()?;
    (episode.room.prepare)(folder.path())?;
    tally.systematic += 1;
    let harm = Harm::Trouble(format!("{}:{}", case.0, case.1));
    disturb(episode, folder.path(), 0, &harm, None, tally)?;
    finish(episode, folder.path(), tally)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_meets_every_kind() {
        let cases = cases(3);
        assert_eq!(cases.len(), 21);
        assert!(cases.contains(&(1, "kill")) && cases.contains(&(3, "short")));
    }
}

//! A ledger gone through again: every decision that code made is made again from the lines before it, and every run is made again.

use super::listener::Listener;
use super::next::{Step, next};
use super::register::N_PROPOSED;
use super::work::add_identities;
use crate::judge::{Memory, judge_all_with};
use crate::lab::Lab;
use crate::ledger::{Event, Link, SEARCH, State};
use crate::propose::search;

/// What going through it again came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Runs that were made again.
    pub runs: usize,
    /// Choices of runs that were made again.
    pub batches: usize,
    /// Searches that were made again.
    pub searches: usize,
    /// The first line that came out otherwise, and how.
    pub differs: Option<(u64, String)>,
}

/// Goes through the lines again, with no model: what people and models said is taken as it stands. Stops at the first line that comes
/// out otherwise, or when the listener asks for it.
pub fn replay(links: &[Link], lab: &dyn Lab, listener: &mut dyn Listener) -> Replayed {
    let mut replayed = Replayed::default();
    let Some(mut state) = links.first().and_then(|first| State::of(std::slice::from_ref(first))) else {
        return replayed;
    };
    if *lab.card() != state.card {
        replayed.differs = Some((0, format!("the laboratory is not the one of the ledger, {}", state.card.name)));
        return replayed;
    }
    let mut memory = Memory::default();
    let n_runs = links.iter().filter(|link| matches!(link.event, Event::Run { .. })).count();
    for link in &links[1..] {
        if listener.is_stopped() {
            break;
        }
        let fault = match &link.event {
            Event::Run { batch, place, seed, outcomes, specification, steps } => {
                let Some(Event::Batch { asks, .. }) = links.get(*batch as usize).map(|link| &link.event) else { break };
                let mut reading = lab.run(&asks[*place].point, *seed);
                add_identities(&state, lab, &asks[*place].point, *seed, &mut reading);
                replayed.runs += 1;
                listener.spent(replayed.runs as u64, n_runs as u64);
                let is_same =
                    reading.outcomes == *outcomes && reading.specification == *specification && reading.steps == *steps;
                (!is_same).then(|| "the run came out otherwise".to_owned())
            }
            Event::Batch { asks, .. } if state.purse.is_some() => {
                replayed.batches += 1;
                let judged =
                    judge_all_with(&state.card, &state.scope_of_question(), &state.claims, &state.runs, &mut memory);
                match next(&state, &links[link.line as usize - 1].hash, &judged, lab, &mut memory) {
                    Step::Ask(batch) if batch.asks == *asks => None,
                    _ => Some("other runs would have been chosen".to_owned()),
                }
            }
            Event::Searched { by, looked_at, claims } if by == SEARCH => {
                replayed.searches += 1;
                let found = search(&state.card, &state.question, &state.runs, N_PROPOSED);
                let is_same = found.looked_at == *looked_at && found.claims.len() == claims.len();
                (!is_same).then(|| "the search comes to other claims".to_owned())
            }
            _ => None,
        };
        if let Some(why) = fault {
            replayed.differs = Some((link.line, why));
            break;
        }
        state.hear(link, links);
    }
    replayed
}

//! What policies remember, in sentences, and the table.

use crate::words::{count, counted, list};
use dunwu::answer::{Table, TableCell};
use dunwu::stats::Share;
use dunwu_attention::passkey::{CHANCE, Cell, Tally};
use dunwu_streams::PasskeyRun;

/// Right and asked, over some distances.
fn total<'c>(cells: impl Iterator<Item = &'c Cell>) -> (usize, usize) {
    cells.fold((0, 0), |(right, trials), cell| (right + cell.right, trials + cell.trials))
}

/// What came out, first in one sentence.
pub(super) fn sentences(run: &PasskeyRun) -> Vec<String> {
    let mut sentences = vec![verdict(run)];
    sentences.extend(run.tallies.iter().map(tally_sentence));
    if run.longest > run.trained_context {
        sentences.push(format!(
            "The longest prompt has {} tokens; the model was trained on {}, so that beyond them it may forget with all keys kept, too.",
            count(run.longest as u64),
            count(run.trained_context as u64)
        ));
    }
    sentences.push(format!("Guessing would be right once in {}.", count((1.0 / CHANCE).round() as u64)));
    sentences
}

fn verdict(run: &PasskeyRun) -> String {
    if run.manages() == Some(false) {
        let least = run.tallies[0].cells[0].distance;
        return format!(
            "This model does not manage the test: with all keys kept and {} between key and question it knows fewer than half of \
             the keys, so this says little about policies.",
            counted(least, "token")
        );
    }
    let by_fate = |is_kept: bool| {
        let cells = run
            .tallies
            .iter()
            .filter(|tally| tally.policy != "full")
            .flat_map(|tally| tally.cells.iter().filter(move |cell| tally.holds(cell.distance) == Some(is_kept)));
        total(cells)
    };
    let ((kept, of_kept), (gone, of_gone)) = (by_fate(true), by_fate(false));
    match (of_kept, of_gone) {
        (_, 0) => "No key was dropped before it was asked for: take larger distances or smaller caches.".to_owned(),
        (0, _) => format!("Of {} that a cache had dropped, the model knew {gone}.", counted(of_gone, "key")),
        _ => format!(
            "What a cache drops the model forgets: it knew {gone} of {} that were dropped, and {kept} of {} that were still held.",
            counted(of_gone, "key"),
            counted(of_kept, "key")
        ),
    }
}

fn tally_sentence(tally: &Tally) -> String {
    let known = |held: Option<bool>| {
        let (right, trials) = total(tally.cells.iter().filter(|cell| tally.holds(cell.distance) == held));
        (trials > 0).then(|| format!("{right} of {trials}"))
    };
    // Where first keys are never dropped, how deep a key lies decides whether it is.
    let otherwise = if tally.reach.is_some() { "where only some keys are held" } else { "in all" };
    let parts = [(Some(true), "while the key is held"), (Some(false), "once it is dropped"), (None, otherwise)];
    let parts: Vec<String> =
        parts.into_iter().filter_map(|(held, when)| Some(format!("{} {when}", known(held)?))).collect();
    format!("{} knows {}.", tally.policy, list(&parts, 3))
}

/// Every policy at every distance.
pub(super) fn table(run: &PasskeyRun) -> Table {
    let row = |tally: &Tally, cell: &Cell| -> Vec<TableCell> {
        let share = Share::of(cell.right, cell.trials);
        let held = match tally.holds(cell.distance) {
            Some(true) => "yes",
            Some(false) => "no",
            None if tally.reach.is_some() => "some",
            None => "unknown",
        };
        vec![
            tally.policy.clone().into(),
            held.into(),
            TableCell::Count(cell.distance as u64),
            format!("{} of {}", cell.right, cell.trials).into(),
            TableCell::Share(share.share),
            format!("{:.0} to {:.0} %", 100.0 * share.low, 100.0 * share.high).into(),
            TableCell::of(Some(cell.log_probability()).filter(|nats| nats.is_finite()), TableCell::Number),
        ]
    };
    let rows = run.tallies.iter().flat_map(|tally| tally.cells.iter().map(|cell| row(tally, cell))).collect();
    Table::new("passkeys", 2, &["policy", "key held", "distance", "known", "share", "95 %", "ln p"], rows)
}

/// What was asked, in half a line.
pub(super) fn setup(run: &PasskeyRun) -> String {
    let template = if run.is_chat { "chat template" } else { "no chat template" };
    format!(
        "{} for each policy and distance, hidden in {} · seed {} · {template}",
        counted(run.trials, "key"),
        run.text_name(),
        run.seed
    )
}

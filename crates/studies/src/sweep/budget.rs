//! A budget: the steps that the runs of a judged sweep may make together.
//!
//! ```text
//! runs, those worth most first:          made while all their steps fit into what is left
//! then, if every run was made:           parked runs, the likeliest first, go on while the steps that they lack fit
//! ```
//!
//! A run that ends early gives back what it did not use. What is allowed while some ends are still unknown is allowed once they are known,
//! so that the runs that were made in the end depend on the specs, the judge and the budget alone.

use super::SweepError;
use super::expand::Planned;
use super::folder::Folder;
use super::judge::{Judge, Parked};
use super::row::Row;
use super::rows;
use super::work::worth;
use dunwu::store::RunId;
use std::collections::{BTreeMap, BTreeSet};

/// Steps, and the order in which runs have a claim on them.
pub(super) struct Budget<'a> {
    runs: &'a [Planned],
    steps: u64,
    order: Vec<usize>,
}

/// What a budget allows, as far as is known; places in the list of runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Allowance {
    /// Runs that may be made.
    pub(super) made: Vec<usize>,
    /// Parked runs that may go on.
    pub(super) resumed: Vec<usize>,
    /// Runs that have no claim: the budget was spent before their turn. Empty while a run before them has not ended.
    pub(super) unmade: Vec<usize>,
    /// Steps that were made, and those that runs under way may still make.
    pub(super) spent: u64,
}

/// Rows of the runs under their judge, and of parked runs that went on.
pub(super) struct Rows {
    pub(super) judged: BTreeMap<RunId, Row>,
    pub(super) resumed: BTreeMap<RunId, Row>,
}

impl Rows {
    /// Those that are there. Parked runs go on as runs without a judge, so that their rows are found by every sweep.
    pub(super) fn read(runs: &[Planned], folder: &Folder) -> Result<Self, SweepError> {
        let wanted: BTreeSet<&RunId> = runs.iter().map(|run| &run.id).collect();
        let (judged, _) = rows::rows_of(folder, &wanted)?;
        let (resumed, _) = rows::rows_of(&folder.unjudged(), &wanted)?;
        Ok(Self { judged, resumed })
    }
}

impl<'a> Budget<'a> {
    /// So many steps for these runs, in the order of what the judge thinks of them.
    pub(super) fn new(runs: &'a [Planned], steps: u64, judge: &dyn Judge) -> Self {
        let worths: Vec<f64> = runs.iter().map(|run| worth(run, judge)).collect();
        let mut order: Vec<usize> = (0..runs.len()).collect();
        order.sort_by(|&a, &b| worths[b].total_cmp(&worths[a]).then(a.cmp(&b)));
        Self { runs, steps, order }
    }

    /// What is allowed, given these ends.
    pub(super) fn allowed(&self, rows: &Rows) -> Allowance {
        let mut left = self.steps;
        let row = |index: usize| rows.judged.get(&self.runs[index].id);
        let mut may_be_made =
            |index: usize| take(&mut left, self.runs[index].spec.steps, row(index).map(|row| row.step.unwrap_or(0)));
        let n_made = self.order.iter().take_while(|&&index| may_be_made(index)).count();
        let (made, others) = self.order.split_at(n_made);
        let have_ended = made.iter().all(|&index| row(index).is_some());
        let mut may_go_on = |(index, parked): (usize, Parked)| {
            let end = rows.resumed.get(&self.runs[index].id);
            let cost = end.map(|row| row.step.unwrap_or(0).saturating_sub(parked.step));
            take(&mut left, self.runs[index].spec.steps.saturating_sub(parked.step), cost).then_some(index)
        };
        let resumed = if have_ended && others.is_empty() {
            self.parked(rows).into_iter().map_while(&mut may_go_on).collect()
        } else {
            Vec::new()
        };
        Allowance {
            made: made.to_vec(),
            resumed,
            unmade: if have_ended { others.to_vec() } else { Vec::new() },
            spent: self.steps - left,
        }
    }

    /// Parked runs, the likeliest first.
    fn parked(&self, rows: &Rows) -> Vec<(usize, Parked)> {
        let parked = |&index: &usize| {
            let parked = rows.judged.get(&self.runs[index].id)?.parked.filter(|parked| !parked.audited)?;
            Some((index, parked))
        };
        let mut all: Vec<(usize, Parked)> = self.order.iter().filter_map(parked).collect();
        all.sort_by(|a, b| b.1.probability.total_cmp(&a.1.probability).then(a.0.cmp(&b.0)));
        all
    }
}

/// Takes what a run costs out of what is left, where all that it may need fits; until its end is known that is all that it may need.
fn take(left: &mut u64, most: u64, cost: Option<u64>) -> bool {
    let fits = most <= *left;
    if fits {
        *left -= cost.unwrap_or(most).min(most);
    }
    fits
}

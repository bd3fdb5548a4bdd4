//! All that a sweep says about a law, in one call.

use super::evidence::{LawFit, Tables};
use super::form::Form;
use super::further::{Further, Rule, further};
use super::runs::{LawError, Runs};
use super::threshold::Threshold;
use crate::sweep::Results;

/// From so many bits on (odds of 16 to 1) the runs are said to prefer one law; the issue's own bound for telling them apart.
pub const ENOUGH_BITS: f64 = 4.0;
/// Further runs may cost ten times what all the runs so far did.
const AFFORDABLE: f64 = 10.0;

/// Thresholds, laws and what follows.
#[derive(Clone, Debug)]
pub struct Study {
    /// What it rests on.
    pub runs: Runs,
    /// One a task, in ascending order of M.
    pub thresholds: Vec<Threshold>,
    /// One a form, in the order of [`Form::ALL`].
    pub laws: Vec<LawFit>,
    /// Which law the runs prefer.
    pub verdict: Verdict,
    /// What would decide, where they cannot.
    pub decision: Decision,
}

/// The two best of [`Form::RIVALS`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verdict {
    /// The best one.
    pub best: Form,
    /// The one after it.
    pub next: Form,
    /// How far apart they are.
    pub bits: f64,
    /// How far the evidence of no law is ahead of the best one's; negative where the law is ahead.
    pub no_law_ahead: f64,
}

/// Which further runs would tell the two best laws apart.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// They are apart already.
    Made,
    /// No law is ahead of both by so much that it does not matter which of them is better.
    NoneFits,
    /// These would.
    By(Further),
    /// Nothing affordable would; the best that can be had for it.
    OutOfReach(Further),
    /// A size is no parameter of the family, so that no further one can be named.
    NoFurtherSize,
}

impl Study {
    /// Of a sweep's runs.
    pub fn of(results: &Results) -> Result<Self, LawError> {
        Ok(Self::of_runs(Runs::of(results)?))
    }

    /// Of runs that were read before.
    pub fn of_runs(runs: Runs) -> Self {
        let laws = Tables::of(&runs).compare();
        let verdict = Verdict::of(&laws);
        let decision = decision(&runs, &laws, verdict);
        Self { thresholds: runs.sizes.iter().map(Threshold::of).collect(), runs, laws, verdict, decision }
    }

    /// The most telling further runs whose steps are at most these together; else why there are none, in words.
    pub fn further_within(&self, steps: u64) -> Result<Further, String> {
        if self.verdict.no_law_ahead >= ENOUGH_BITS {
            return Err(
                "no law describes the runs that there are, so that telling two of them apart would say nothing".into(),
            );
        }
        let rule = Rule { enough_bits: ENOUGH_BITS, affordable: f64::INFINITY, most_steps: Some(steps) };
        let laws = [self.verdict.best, self.verdict.next].map(|form| self.law(form));
        further(&self.runs, laws, rule).ok_or_else(|| {
            format!(
                "no further size can be made within {steps} steps, of which a run takes {}, or a size is no parameter of the tasks",
                self.runs.steps
            )
        })
    }

    /// One of the laws.
    pub fn law(&self, form: Form) -> &LawFit {
        law(&self.laws, form)
    }
}

impl Verdict {
    /// From the evidence of every form.
    pub(super) fn of(laws: &[LawFit]) -> Self {
        let mut rivals: Vec<&LawFit> = Form::RIVALS.iter().map(|&form| law(laws, form)).collect();
        rivals.sort_by(|a, b| a.bits.total_cmp(&b.bits));
        Self {
            best: rivals[0].form,
            next: rivals[1].form,
            bits: rivals[1].bits - rivals[0].bits,
            no_law_ahead: rivals[0].bits - law(laws, Form::NoLaw).bits,
        }
    }

    /// Whether the runs tell the best law from the one after it.
    pub fn tells(self) -> bool {
        self.bits >= ENOUGH_BITS
    }
}

fn law(laws: &[LawFit], form: Form) -> &LawFit {
    laws.iter().find(|law| law.form == form).expect("every form is fitted")
}

fn decision(runs: &Runs, laws: &[LawFit], verdict: Verdict) -> Decision {
    if verdict.tells() {
        return Decision::Made;
    }
    if verdict.no_law_ahead >= ENOUGH_BITS {
        return Decision::NoneFits;
    }
    let rule = Rule { enough_bits: ENOUGH_BITS, affordable: AFFORDABLE, most_steps: None };
    match further(runs, [verdict.best, verdict.next].map(|form| law(laws, form)), rule) {
        None => Decision::NoFurtherSize,
        Some(further) if further.expected_bits >= ENOUGH_BITS => Decision::By(further),
        Some(further) => Decision::OutOfReach(further),
    }
}

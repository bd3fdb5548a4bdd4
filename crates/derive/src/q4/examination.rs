//! The chains are checked and what was found is counted.

use crate::check::{Options, check};
use crate::derivation::Derivation;
use crate::q4::chain::{Chain, FaultKind, chains};
use crate::report::Standing;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// How the checker did on generated chains. The bars: at least 95 % located, no false alarm.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Q4Result {
    /// The seed of the chains.
    pub seed: u64,
    /// The number of chains.
    pub chains: usize,
    /// The chains with a planted error.
    pub planted: usize,
    /// The planted errors that were reported as the first false step.
    pub located: usize,
    /// True steps that were called false: in a chain without an error, or before the planted one.
    pub false_alarms: usize,
    /// True chains that were neither passed nor called false, because a step stayed open or was called vacuous.
    pub unsure: usize,
    /// Planted and located errors of each kind.
    pub by_kind: BTreeMap<FaultKind, [usize; 2]>,
    /// Every chain with another result than the truth.
    pub missed: Vec<Missed>,
}

/// A chain on which the checker was wrong or unsure.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Missed {
    /// The template of the chain.
    pub template: String,
    /// The step of the planted error, counted from 1.
    pub planted: Option<usize>,
    /// The kind of the planted error.
    pub kind: Option<FaultKind>,
    /// The step that was reported.
    pub reported: Option<usize>,
    /// The standing of every step.
    pub standings: Vec<Standing>,
    /// The file.
    pub text: String,
}

/// Generates chains and checks them.
pub fn examine(seed: u64, count: usize) -> Q4Result {
    let mut result = Q4Result {
        seed,
        chains: count,
        planted: 0,
        located: 0,
        false_alarms: 0,
        unsure: 0,
        by_kind: BTreeMap::new(),
        missed: Vec::new(),
    };
    for chain in chains(seed, count) {
        result.add(&chain);
    }
    result
}

impl Q4Result {
    fn add(&mut self, chain: &Chain) {
        let derivation = Derivation::parse(&chain.text).unwrap_or_else(|error| panic!("{error}\n{}", chain.text));
        let report = check(&derivation, &Options { seed: self.seed, ..Options::default() });
        let reported = report.first_false;
        let planted = chain.fault.map(|fault| fault.step);
        if let Some(fault) = chain.fault {
            self.planted += 1;
            let count = self.by_kind.entry(fault.kind).or_default();
            count[0] += 1;
            if reported == planted {
                self.located += 1;
                count[1] += 1;
            }
        }
        let alarm = reported.is_some_and(|step| planted.is_none_or(|planted| step < planted));
        self.false_alarms += usize::from(alarm);
        let unsure = planted.is_none() && !report.ok && !alarm;
        self.unsure += usize::from(unsure);
        if reported != planted || unsure {
            self.missed.push(Missed {
                template: chain.template.to_owned(),
                planted,
                kind: chain.fault.map(|fault| fault.kind),
                reported,
                standings: report.steps.iter().map(|step| step.standing).collect(),
                text: chain.text.clone(),
            });
        }
    }
}

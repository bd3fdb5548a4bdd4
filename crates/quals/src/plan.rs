//! How large an examination is.

use dunwu_science::claim::Scope;
use dunwu_science::judge::{Judged, Registered, RunRecord};
use dunwu_science::lab::LabCard;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How large an examination is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Size {
    /// A few minutes on two cores: every tier, few worlds for each kind of law.
    Ci,
    /// All worlds, for figures that are published.
    Full,
}

/// A judge: what it says of claims on runs. The examination can be given another than ours, to see that it can be failed.
pub(crate) type Judge = fn(&LabCard, &Scope, &[Registered], &[RunRecord]) -> Vec<Judged>;

/// Numbers of cases.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) name: &'static str,
    /// Null worlds in which somebody looks for a law after the event.
    pub(crate) nulls: usize,
    /// Null worlds in which a campaign is held.
    pub(crate) null_campaigns: usize,
    /// Times that every cheat is tried.
    pub(crate) cheats: usize,
    /// Planted worlds in each half.
    pub(crate) planted: usize,
    /// Runs of a campaign at most.
    pub(crate) most_runs: usize,
    /// Of so many planted worlds one in which other designs are tried.
    pub(crate) design_every: usize,
    /// Cases of shifted physics.
    pub(crate) shifted: usize,
    /// Worlds for every effect of the power curve.
    pub(crate) powers: usize,
    /// Derivations.
    pub(crate) chains: usize,
    /// Points at which a campaign is killed.
    pub(crate) kills: usize,
}

impl Plan {
    pub(crate) const fn of(size: Size) -> Self {
        match size {
            Size::Ci => Self {
                name: "ci",
                nulls: 1000,
                null_campaigns: 2,
                cheats: 2,
                planted: 10,
                most_runs: 32,
                design_every: 10,
                shifted: 6,
                powers: 1,
                chains: 60,
                kills: 50,
            },
            Size::Full => Self {
                name: "full",
                nulls: 2000,
                null_campaigns: 60,
                cheats: 20,
                planted: 60,
                most_runs: 64,
                design_every: 2,
                shifted: 48,
                powers: 20,
                chains: 300,
                kills: 50,
            },
        }
    }
}

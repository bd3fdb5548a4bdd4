//! From words to a list of runs.

use crate::Place;
use crate::failure::Failure;
use clap::Args;
use dunwu_studies::sweep::{Keep, SweepRequest};
use dunwu_verdict::early::judge::RiskJudge;
use std::sync::Arc;

/// What runs have in common, and in what they differ.
#[derive(Args)]
pub(crate) struct Variation {
    /// A preset or a TOML file (default: tian-2025), then settings as key=values: a list `1,2,4`, `0..9`, `1.5..4.5/13`,
    /// `log:1e-4..1e-1/7`, `0..2000:250`, a formula `data.fraction==2.75*ln(M)/M`; `a/b=1/x,2/y` goes together;
    /// brackets or quotes around a value that holds commas, `'task=cyclic:7,[product:cyclic:2,cyclic:3]'`
    #[arg(value_name = "PRESET|FILE.toml|KEY=VALUES", required = true)]
    words: Vec<String>,
    /// Leave out the cells where this holds, such as "M > 71 and model.width < 512"; may be given several times
    #[arg(long, value_name = "CONDITION")]
    exclude: Vec<String>,
    /// What is kept of each run: outcome, scalars (also losses over time) or snapshots (a run directory)
    #[arg(long, value_name = "WHAT", value_parser = keep)]
    keep: Option<Keep>,
    /// Park runs that look hopeless, at this risk: at most such a share of the runs that would generalize is lost. A random twentieth of
    /// them trains on, as an audit; rows are kept apart from those of unjudged sweeps
    #[arg(long, value_name = "RISK")]
    judge: Option<f64>,
    /// The steps that all runs may make together: those worth most are made first, and what is parked goes on where steps are left
    #[arg(long, value_name = "STEPS", requires = "judge", value_parser = clap::value_parser!(u64).range(1..))]
    budget: Option<u64>,
}

impl Variation {
    /// The sweep that they make, kept in the folder of runs.
    pub(crate) fn request(&self, place: &Place) -> Result<SweepRequest, Failure> {
        let request = SweepRequest::from_words(&self.words, &self.exclude, self.keep, &place.runs);
        let request = request.map_err(|error| Failure::of_verb(error, None))?;
        let Some(risk) = self.judge else { return Ok(request) };
        let judge = RiskJudge::new(risk).map_err(Failure::usage)?;
        let judged = request.judged(Arc::new(judge), format!("--judge={risk}"));
        let judged = judged.map_err(|error| Failure::of_verb(error, None))?;
        Ok(match self.budget {
            Some(steps) => judged.within(steps),
            None => judged,
        })
    }
}

fn keep(text: &str) -> Result<Keep, String> {
    Keep::named(text).ok_or_else(|| format!("there are {}", Keep::ALL.map(Keep::name).join(", ")))
}

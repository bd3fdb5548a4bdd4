//! A table of results judged.

use super::arms::Arms;
use super::claim::{Claim, ClaimError};
use super::{censored, many, seeds, settings, split, step};
use crate::audit::data::Data;
use crate::audit::judgement::{Audit, Form};
use dunwu::store::Table;

const NO_SAMPLES: &str = "A table of results holds no samples: audit the run, or the two files of samples.";
const NO_CLAIM: &str =
    "Nothing is claimed: say what is compared and by what, with --compare SETTING=A,B --measure NAME.";

/// Judges a table of results, one row a run or several that differ in their step; without a claim nothing can be told.
pub fn of_table(table: &Table, claim: Option<&Claim>) -> Result<Audit, ClaimError> {
    let Some(claim) = claim else { return Ok(Audit::of(Form::Table, Vec::new(), Vec::new(), NO_CLAIM)) };
    let arms = Arms::of(Data::of(table), claim)?;
    let judgements = vec![
        split::judge(&arms),
        step::judge(&arms),
        many::judge(&arms),
        seeds::judge(&arms),
        settings::untuned(&arms),
        settings::confounded(&arms),
        censored::judge(&arms),
    ];
    let reading = arms.roles.sentences(&arms.data);
    Ok(Audit::of(Form::Table, judgements, reading, NO_SAMPLES))
}

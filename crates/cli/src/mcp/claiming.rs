//! Tools by which an agent says something: claims and insights.

use super::answers::{Checked, CheckedClaim, Heard, NewClaim, OldClaim, RegisteredClaims};
use super::arguments::{ClaimArguments, InsightArguments};
use super::desk::View;
use super::refusing;
use super::toolbox::CampaignToolbox;
use crate::insights::{self, insight_of};
use dunwu_mcp::ToolError;
use dunwu_science::campaign::Campaign;
use dunwu_science::claim::{Claim, claim_from_sentence, claims_from_toml};
use dunwu_science::judge::{Judged, Registered, Verdict, is_same, judge_all};
use dunwu_science::ledger::{Insight, State};
use std::collections::BTreeMap;

/// Claims in one text.
const CLAIMS: usize = 8;

impl CampaignToolbox {
    pub(super) fn check_claim(&self, asked: &ClaimArguments) -> Result<Checked, ToolError> {
        let view = self.view()?;
        let claims = match claims_of(&asked.claim) {
            Ok(claims) => claims,
            Err(fault) => return Ok(Checked { fits: false, fault: Some(fault), claims: Vec::new() }),
        };
        let claims: Vec<CheckedClaim> = claims.iter().map(|claim| checked(&view, claim)).collect();
        let fits = claims.iter().all(|claim| claim.fault.is_none() && claim.repeats.is_none());
        Ok(Checked { fits, fault: None, claims })
    }

    /// Registers all claims of a text, or none.
    pub(super) fn register(&self, asked: &ClaimArguments) -> Result<RegisteredClaims, ToolError> {
        let claims = claims_of(&asked.claim).map_err(|fault| refusing::about("claim", fault, "see lab_describe"))?;
        let mut desk = self.desk("a claim")?;
        let campaign = &mut desk.campaign;
        for (place, claim) in claims.iter().enumerate() {
            claim.check(&campaign.state().card).map_err(|fault| {
                refusing::about("claim", format!("{}: {fault}", claim.sentence()), "claim_check says what fits")
            })?;
            let is_repeat = |other: &Claim| is_same(&campaign.state().card, other, claim);
            if let Some(old) = repeated(campaign.state(), &campaign.judged(), claim) {
                return Err(ToolError::argument(
                    "claim",
                    format!("this was claimed before as {} ({}), which is {}", old.id, old.sentence, old.verdict),
                    "say something else, or attack the old claim",
                ));
            }
            if claims[..place].iter().any(is_repeat) {
                let problem = format!("{} stands in the text twice", claim.sentence());
                return Err(ToolError::argument("claim", problem, "say it once"));
            }
        }
        let mut registered = Vec::new();
        for claim in &claims {
            let made = campaign.register(claim, &self.by).map_err(|refusal| refusing::of_refusal("claim", &refusal))?;
            registered.push(NewClaim {
                id: made.id,
                sentence: made.sentence,
                by: self.by.clone(),
                line: made.line,
                verdict: Verdict::Open.words(),
            });
        }
        Ok(RegisteredClaims { registered })
    }

    pub(super) fn add_insight(&self, asked: &InsightArguments) -> Result<Heard, ToolError> {
        let text = asked.text.trim();
        if text.is_empty() {
            return Err(ToolError::argument("text", "nothing is said", "say a hint, a claim, `where …`, or `stop`"));
        }
        let insight = insight_of(text);
        let heard = |registered, is_waiting| Heard {
            as_what: kind(&insight).to_owned(),
            by: self.by.clone(),
            registered,
            is_waiting,
        };
        if let Ok(mut desk) = self.desk("this") {
            check_insight(desk.campaign.state(), &insight)?;
            let registered = hear(&mut desk.campaign, &self.by, &insight)?;
            return Ok(heard(registered, false));
        }
        check_insight(&self.view()?.state, &insight)?;
        insights::leave(&self.folder, &self.by, text).map_err(|error| ToolError::failed(format!("{error:#}")))?;
        Ok(heard(None, true))
    }
}

/// Takes it in at once; a rival is registered, or refused as a claim would be.
fn hear(campaign: &mut Campaign, by: &str, insight: &Insight) -> Result<Option<String>, ToolError> {
    let n_claims = campaign.state().claims.len();
    if let Insight::Rival(sentence) = insight
        && let Ok(claim) = claim_from_sentence(sentence)
    {
        claim
            .check(&campaign.state().card)
            .map_err(|fault| refusing::about("text", fault, "claim_check says what fits"))?;
        if let Some(old) = repeated(campaign.state(), &campaign.judged(), &claim) {
            let problem = format!("this was claimed before as {}, which is {}", old.id, old.verdict);
            return Err(ToolError::argument("text", problem, "say something else, or object to that claim"));
        }
    }
    campaign.hear(by.to_owned(), insight.clone()).map_err(|error| refusing::of_campaign("text", &error))?;
    Ok(campaign.state().claims.get(n_claims).map(|claim| claim.id.clone()))
}

/// What would be taken down and mean nothing.
fn check_insight(state: &State, insight: &Insight) -> Result<(), ToolError> {
    match insight {
        Insight::Constraint(text) => {
            state.check_constraint(text).map_err(|error| refusing::of_campaign("text", &error))
        }
        Insight::Objection { claim, .. } if state.claim(claim).is_none() => {
            Err(ToolError { field: Some("text".to_owned()), ..refusing::no_claim(state, claim) })
        }
        Insight::Objection { at: Some(point), .. } => state
            .card
            .fault(point)
            .map_or(Ok(()), |fault| Err(refusing::about("text", fault, "name a point of the laboratory"))),
        _ => Ok(()),
    }
}

const fn kind(insight: &Insight) -> &'static str {
    match insight {
        Insight::Hint(_) => "hint",
        Insight::Rival(_) => "rival",
        Insight::Constraint(_) => "constraint",
        Insight::Objection { .. } => "objection",
        Insight::Stop => "stop",
    }
}

/// A sentence, or TOML where it has entries.
fn claims_of(text: &str) -> Result<Vec<Claim>, String> {
    if !text.contains("[[claim]]") {
        return claim_from_sentence(text).map(|claim| vec![claim]).map_err(|error| error.to_string());
    }
    let claims = claims_from_toml(text).map_err(|error| error.to_string())?;
    if claims.len() > CLAIMS {
        return Err(format!("the text has {} claims; give at most {CLAIMS} at once", claims.len()));
    }
    Ok(claims)
}

fn checked(view: &View, claim: &Claim) -> CheckedClaim {
    let (state, id) = (&view.state, claim.id());
    let fault = claim.check(&state.card).err().map(|fault| fault.to_string());
    let fits = fault.is_none();
    let unit = |name: &str| {
        let found = state.card.quantities().into_iter().find(|(quantity, _)| *quantity == name);
        found.map(|(_, unit)| (name.to_owned(), unit.to_string()))
    };
    let names = claim.statement.expressions().into_iter().flat_map(|expression| expression.names());
    let mut units: BTreeMap<String, String> = names.filter_map(unit).collect();
    units.extend(unit(&claim.statement.subject()));
    let alone =
        Registered { claim: claim.clone(), id: id.clone(), line: 0, by: String::new(), n_runs: 0, attack_runs: 0 };
    let is_vacuous = || {
        let judged = judge_all(&state.card, &state.scope_of_question(), &[alone], &[]);
        judged.iter().any(|judged| judged.verdict == Verdict::Vacuous)
    };
    CheckedClaim {
        sentence: claim.sentence(),
        kind: claim.statement.kind().to_owned(),
        id,
        units,
        scope: claim.scope.to_string(),
        statement_bits: fits.then(|| claim.statement_bits(&state.card, &state.scope_of_question())),
        is_vacuous: fits && is_vacuous(),
        repeats: if fits { repeated(state, &view.judged, claim) } else { None },
        fault,
    }
}

/// The older claim that says the same.
fn repeated(state: &State, judged: &[Judged], claim: &Claim) -> Option<OldClaim> {
    let old = state.claims.iter().find(|old| is_same(&state.card, &old.claim, claim))?;
    let verdict =
        judged.iter().find(|judged| judged.id == old.id).map_or(Verdict::Open, |judged| judged.verdict.clone());
    Some(OldClaim { id: old.id.clone(), sentence: old.claim.sentence(), verdict: verdict.words() })
}

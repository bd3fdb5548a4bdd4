//! Whether a model earns its keep: what its claims earned beside those of the search without a model, on the same runs.

use crate::turn::by;
use dunwu_science::campaign::Campaign;
use dunwu_science::claim::Claim;
use dunwu_science::judge::{Judged, Verdict, judge};
use dunwu_science::ledger::Event;
use dunwu_science::propose::search;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Every model of a campaign beside the search without one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Reckoning {
    /// Runs on which all are judged.
    pub runs: usize,
    /// The search.
    pub offline: Proposer,
    /// Models, with what is said of each.
    pub models: Vec<(Proposer, Keep)>,
}

/// Whoever proposed, with what it earned and what it cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Proposer {
    /// Its name.
    pub name: String,
    /// Its claims.
    pub claims: Vec<Earned>,
    /// Net bits of the best claim that stands about each thing, added up.
    pub bits: f64,
    /// Calls.
    pub calls: usize,
    /// Calls whose answer was no valid action.
    pub faults: usize,
    /// Tokens, at three bytes each: the ledger holds the words and not the count.
    pub tokens: u64,
    /// Expressions that were looked at.
    pub looked_at: usize,
    /// Net bits for a thousand tokens; none where nothing was paid.
    pub bits_per_kilotoken: Option<f64>,
}

/// A claim with what it earned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Earned {
    /// Its id.
    pub id: String,
    /// Its sentence.
    pub sentence: String,
    /// What is said of it.
    pub verdict: String,
    /// Its net bits.
    pub net_bits: f64,
    /// Whether it stands.
    pub stands: bool,
}

/// Whether a model earns its keep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Keep {
    /// Its claims are ahead of those of the search.
    Earns {
        /// By so many bits.
        ahead: f64,
    },
    /// They are not.
    DoesNot {
        /// Why, in a sentence.
        why: String,
    },
}

/// Closer than a bit is no difference.
const LEAST: f64 = 1.0;
/// Claims that the search is asked for where it was not asked in the campaign.
const N_CLAIMS: usize = 6;

/// Reckons up a campaign. A claim that the search finds as well is the search's, too, whoever said it first.
pub fn earns_its_keep(campaign: &Campaign) -> Reckoning {
    let state = campaign.state();
    let judged = campaign.judged();
    let offline = offline(campaign, &judged);
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for link in campaign.links() {
        if let Event::Asked(exchange) = &link.event {
            names.insert(&exchange.model);
        }
    }
    let models = names.into_iter().map(|name| {
        let model = model(campaign, &judged, name);
        let keep = keep(&model, &offline);
        (model, keep)
    });
    Reckoning { runs: state.runs.len(), models: models.collect(), offline }
}

fn keep(model: &Proposer, offline: &Proposer) -> Keep {
    let ahead = model.bits - offline.bits;
    if ahead >= LEAST {
        return Keep::Earns { ahead };
    }
    let why = format!(
        "it does not earn its keep: its claims that stand have {:.1} bits for {} tokens, those of the search without a model {:.1} bits for none, on the same runs",
        model.bits, model.tokens, offline.bits
    );
    Keep::DoesNot { why }
}

fn model(campaign: &Campaign, judged: &[Judged], name: &str) -> Proposer {
    let state = campaign.state();
    let by = by(name);
    let own = state.claims.iter().filter(|registered| registered.by == by);
    let claims = own.filter_map(|registered| earned(judged, &registered.id, &registered.claim)).collect();
    let mut proposer = proposer(name, claims);
    for link in campaign.links() {
        if let Event::Asked(exchange) = &link.event
            && exchange.model == name
        {
            proposer.calls += 1;
            proposer.faults += usize::from(exchange.fault.is_some());
            proposer.tokens += (exchange.ask.len() + exchange.answer.len()).div_ceil(3) as u64;
        }
    }
    proposer.bits_per_kilotoken = (proposer.tokens > 0).then(|| 1_000.0 * proposer.bits / proposer.tokens as f64);
    proposer
}

/// The search's claims: those that its searches came to, or where there was none those that it finds on the runs so far.
fn offline(campaign: &Campaign, judged: &[Judged]) -> Proposer {
    let state = campaign.state();
    let mut ids: BTreeSet<&str> = BTreeSet::new();
    let (mut looked_at, mut has_searched, mut name) = (0, false, "search without a model");
    for link in campaign.links() {
        if let Event::Searched { by, looked_at: more, claims } = &link.event {
            ids.extend(claims.iter().map(String::as_str));
            looked_at += more;
            has_searched |= *more > 0;
            name = by;
        }
    }
    let claims = if has_searched {
        ids.into_iter().filter_map(|id| earned(judged, id, &state.claim(id)?.claim)).collect()
    } else {
        let scope = state.scope_of_question();
        let found = search(&state.card, &state.question, &state.runs, N_CLAIMS);
        looked_at = found.looked_at;
        let of = |claim: Claim| {
            let score = judge(&state.card, &scope, &claim, &state.runs, state.runs.len());
            let stands = score.net_bits > 0.0 && score.against_bits < dunwu_science::judge::ENOUGH_BITS;
            Earned {
                id: claim.id(),
                sentence: claim.sentence(),
                verdict: "not registered".to_owned(),
                net_bits: score.net_bits,
                stands,
            }
        };
        found.claims.into_iter().map(of).collect()
    };
    Proposer { looked_at, ..proposer(name, claims) }
}

fn proposer(name: &str, claims: Vec<Earned>) -> Proposer {
    let mut best: BTreeMap<String, f64> = BTreeMap::new();
    for claim in claims.iter().filter(|claim| claim.stands) {
        let subject = dunwu_science::claim::claim_from_sentence(&claim.sentence)
            .map_or_else(|_| claim.id.clone(), |claim| claim.statement.subject());
        let most = best.entry(subject).or_insert(0.0);
        *most = most.max(claim.net_bits);
    }
    let bits = best.values().fold(0.0, |all, bits| all + bits);
    Proposer {
        name: name.to_owned(),
        claims,
        bits,
        calls: 0,
        faults: 0,
        tokens: 0,
        looked_at: 0,
        bits_per_kilotoken: None,
    }
}

fn earned(judged: &[Judged], id: &str, claim: &Claim) -> Option<Earned> {
    let judged = judged.iter().find(|judged| judged.id == id)?;
    let stands = matches!(judged.verdict, Verdict::Open | Verdict::Leading | Verdict::Established)
        && judged.score.net_bits > 0.0;
    Some(Earned {
        id: id.to_owned(),
        sentence: claim.sentence(),
        verdict: judged.verdict.words(),
        net_bits: judged.score.net_bits,
        stands,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(claims: &[(&str, f64, bool)]) -> Proposer {
        let earned = |(sentence, net_bits, stands): &(&str, f64, bool)| Earned {
            id: String::new(),
            sentence: (*sentence).to_owned(),
            verdict: String::new(),
            net_bits: *net_bits,
            stands: *stands,
        };
        proposer("somebody", claims.iter().map(earned).collect())
    }

    #[test]
    fn of_each_thing_the_best_claim_that_stands_counts_once() {
        let model = of(&[
            ("t = c * M, for some c", 30.0, false),
            ("t = c * M^2, for some c", 20.0, true),
            ("t = c * M^a, for some c and a", 12.0, true),
            ("u comes before t in at least 95 % of runs", 5.0, true),
        ]);
        assert_eq!(model.bits, 25.0);
        assert_eq!(keep(&model, &of(&[("t = c * M^2, for some c", 20.0, true)])), Keep::Earns { ahead: 5.0 });
        assert!(matches!(keep(&model, &of(&[("t = c * M^3, for some c", 24.5, true)])), Keep::DoesNot { .. }));
        assert!(matches!(keep(&of(&[]), &of(&[])), Keep::DoesNot { .. }), "who says nothing earns nothing");
    }
}

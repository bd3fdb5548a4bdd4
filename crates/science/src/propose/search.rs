//! The search itself.

use super::{extend, product, quick};
use crate::claim::{Claim, Scope, Statement};
use crate::judge::{Memory, RunRecord, earned_bits, is_same};
use crate::lab::{Domain, LabCard, ObservableKind};
use crate::ledger::Question;
use crate::unit::Unit;

/// What a search came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Claims, those that earn most first.
    pub claims: Vec<Claim>,
    /// How many expressions were looked at.
    pub looked_at: usize,
}

/// A quantity that expressions are made of.
#[derive(Clone, Debug)]
pub(super) struct Quantity {
    pub(super) name: String,
    pub(super) unit: Unit,
    /// Whether a knob sets it by itself, rather than as a number of a level.
    pub(super) is_knob: bool,
    /// Its least value.
    pub(super) least: f64,
    /// Its values, run by run.
    pub(super) values: Vec<f64>,
}

/// Fewer runs say too little to choose from thousands of expressions.
pub const FEWEST_RUNS: usize = 6;
/// How many of the quickly fitted are tried in full.
const N_TRIED: usize = 20;

/// The claims that earn most on the runs so far.
pub fn search(card: &LabCard, question: &Question, runs: &[RunRecord], n_claims: usize) -> Found {
    let frame = &question.frame(card);
    let scope = &question.conditions();
    let in_scope: Vec<RunRecord> = runs.iter().filter(|run| frame.has(card, &run.point)).cloned().collect();
    let Some(target) = card.observable(&question.target) else { return Found { claims: Vec::new(), looked_at: 0 } };
    if in_scope.len() < FEWEST_RUNS {
        return Found { claims: Vec::new(), looked_at: 0 };
    }
    let quantities = quantities(card, question, &in_scope);
    let is_event = target.kind == ObservableKind::Event;
    let mut sketches = product::products(&quantities, is_event);
    let mut looked_at = sketches.len();
    quick::rate(card, target, &quantities, &in_scope, &mut sketches);
    sketches.sort_by(|a, b| b.bits.total_cmp(&a.bits));
    sketches.truncate(N_TRIED);
    let extended = extend::extended(&quantities, is_event, &sketches);
    looked_at += extended.len();
    let mut statements: Vec<Statement> =
        sketches.iter().map(|sketch| sketch.statement(&question.target, &quantities)).collect();
    statements.extend(extend::statements(card, frame, target, &in_scope, extended, N_TRIED));
    let claims = statements.into_iter().map(|statement| claim_of(statement, scope));
    let mut memory = Memory::default();
    let mut rated: Vec<(f64, Claim)> = claims
        .filter(|claim| claim.check(card).is_ok())
        .map(|claim| (earned_bits(card, frame, &claim, &in_scope, &mut memory), claim))
        .filter(|(bits, _)| bits.is_finite())
        .collect();
    rated.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.sentence().cmp(&b.1.sentence())));
    let mut claims: Vec<Claim> = Vec::new();
    for (_, claim) in rated {
        if claims.len() < n_claims && !claims.iter().any(|other| is_same(card, other, &claim)) {
            claims.push(claim);
        }
    }
    Found { claims, looked_at }
}

/// A statement with every unknown name in it as a free constant.
pub(super) fn claim_of(statement: Statement, scope: &Scope) -> Claim {
    let mut constants: Vec<crate::claim::Constant> = Vec::new();
    for name in statement.expressions().into_iter().flat_map(|expression| expression.names()) {
        let is_constant = product::CONSTANTS.contains(&name);
        if is_constant && !constants.iter().any(|constant| constant.name == name) {
            constants.push(crate::claim::Constant { name: name.to_owned(), fixed: None });
        }
    }
    Claim { statement, constants, scope: scope.clone(), because: Vec::new() }
}

/// The positive quantities that the question varies, with their values.
fn quantities(card: &LabCard, question: &Question, runs: &[RunRecord]) -> Vec<Quantity> {
    let mut all = Vec::new();
    for name in &question.knobs {
        let Some(knob) = card.knob(name) else { continue };
        let names: Vec<(String, Unit, bool)> = match &knob.domain {
            Domain::Numbers { unit, .. } => vec![(knob.name.clone(), unit.clone(), true)],
            Domain::Levels { attributes, .. } => {
                attributes.iter().map(|(name, unit)| (name.clone(), unit.clone(), false)).collect()
            }
        };
        for (name, unit, is_knob) in names {
            let values: Vec<f64> =
                runs.iter().map(|run| card.numbers(&run.point).get(&name).copied().unwrap_or(f64::NAN)).collect();
            let least = values.iter().copied().fold(f64::INFINITY, f64::min);
            let is_varied = values.iter().any(|value| *value != values[0]);
            if least > 0.0 && is_varied {
                all.push(Quantity { name, unit, is_knob, least, values });
            }
        }
    }
    all
}

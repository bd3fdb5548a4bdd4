//! How many bits it takes to state a claim, by a prefix code: what a claim has to earn before it has said anything.

use super::{Change, Claim, Condition, Scope, Statement};
use crate::expression::{Alphabet, number_bits};
use crate::lab::{Domain, LabCard, Setting};

/// Eight kinds of statements.
const KIND_BITS: f64 = 3.0;

impl Claim {
    /// Bits of the statement, its fixed constants and its scope. Reasons cost nothing: nobody is judged by them. Neither do the conditions
    /// that the question has itself.
    pub fn statement_bits(&self, card: &LabCard, question: &Scope) -> f64 {
        let quantities = card.quantities();
        let alphabet = Alphabet { n_quantities: quantities.len() };
        let is_quantity = |name: &str| quantities.iter().any(|(quantity, _)| *quantity == name);
        let mut constants: Vec<&str> = Vec::new();
        let mut expression = |expression| alphabet.bits(expression, &is_quantity, &mut constants);
        let observable = choice(card.observables.len());
        let knob = choice(card.knobs.len());
        let of_change =
            |change: &Change| knob + setting_bits(card, change, &change.from) + setting_bits(card, change, &change.to);
        let statement = match &self.statement {
            Statement::Law { value, .. } => observable + expression(value),
            Statement::Boundary { left, right, .. } => observable + expression(left) + expression(right),
            Statement::Order { at_least, .. } => 2.0 * observable + number_bits(*at_least),
            Statement::Invariant { quantity, whatever, within } => {
                expression(quantity)
                    + list_bits(whatever.len(), quantities.len() + card.knobs.len())
                    + number_bits(*within)
            }
            Statement::Collapse { quantity, along, whatever } => {
                let along = expression(along);
                expression(quantity) + along + list_bits(whatever.len(), quantities.len() + card.knobs.len())
            }
            Statement::Cause { change, at_least, .. } => 1.0 + observable + of_change(change) + number_bits(*at_least),
            Statement::Mediation { change, at_least, .. } => {
                2.0 * observable + of_change(change) + number_bits(*at_least)
            }
            // In the language of derivations: eight bits a character is a code, if no short one.
            Statement::Identity { left, right } => 8.0 * (left.len() + right.len() + 2) as f64,
        };
        let fixed = self
            .constants
            .iter()
            .map(|constant| 1.0 + constant.fixed.as_ref().map_or(0.0, |(value, _)| number_bits(*value)));
        let scope = self.scope.0.iter().filter(|condition| !question.0.contains(condition));
        let scope = scope.map(|condition| 1.0 + condition_bits(card, condition));
        // After every constant and every condition a bit says whether another follows.
        KIND_BITS + statement + fixed.sum::<f64>() + 1.0 + scope.sum::<f64>()
    }
}

/// Bits to choose one of `n`.
fn choice(n: usize) -> f64 {
    libm::log2(n.max(1) as f64)
}

/// Bits of some of `n`: how many, then which.
fn list_bits(len: usize, n: usize) -> f64 {
    len as f64 * (1.0 + choice(n)) + 1.0
}

fn setting_bits(card: &LabCard, change: &Change, setting: &Setting) -> f64 {
    let Some(knob) = card.knob(&change.knob) else { return 0.0 };
    match (&knob.domain, setting) {
        // One bit says whether it is the default.
        (Domain::Numbers { .. }, _) if *setting == knob.default => 1.0,
        (_, Setting::Number(value)) => 1.0 + number_bits(*value),
        (Domain::Levels { levels, .. }, Setting::Level(_)) => choice(levels.len()),
        (Domain::Numbers { .. }, Setting::Level(_)) => 0.0,
    }
}

/// The name, whether it is a level, and which ends there are.
fn condition_bits(card: &LabCard, condition: &Condition) -> f64 {
    let name = choice(card.quantities().len() + card.knobs.len()) + 1.0;
    name + match condition {
        Condition::Is(of, _) => card.knob(of).map_or(0.0, |knob| match &knob.domain {
            Domain::Levels { levels, .. } => choice(levels.len()),
            Domain::Numbers { .. } => 0.0,
        }),
        Condition::In(_, range) if range.least == range.most => 2.0 + number_bits(range.least),
        Condition::In(_, range) => {
            2.0 + [range.least, range.most].into_iter().filter(|end| end.is_finite()).map(number_bits).sum::<f64>()
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::claim::{Scope, claim_from_sentence};
    use crate::fixture::card;

    fn bits(sentence: &str) -> f64 {
        claim_from_sentence(sentence).unwrap().statement_bits(&card(), &Scope::default())
    }

    #[test]
    fn what_says_more_costs_more() {
        let short = bits("t_gen = c * M, for some c");
        assert!(short < bits("t_gen = c * M * ln(M), for some c"));
        assert!(short < bits("t_gen = c * M, for some c, where M in 11..97"), "carving out a scope is priced");
        assert!(
            bits("t_gen = c * M, for some c, where M in 11..97")
                < bits("t_gen = c * M, for some c, where M in 11..97 and rate in 0.001..0.002")
        );
        assert!(short < bits("t_gen = c * M, with c = 3.17 step"));
        assert!(
            bits("t_mem comes before t_gen in at least 50 % of runs")
                < bits("t_mem comes before t_gen in at least 93.7 % of runs")
        );
    }
}

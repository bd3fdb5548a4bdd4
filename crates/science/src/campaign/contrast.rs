//! Where those who foretell the question's target differ, and what each of them expects there.

use super::design::{self, Draws};
use super::work::Campaign;
use crate::judge::{Expectation, Rival, Scale, expectation};
use crate::lab::{Lab, Point};
use crate::ledger::Ask;
use crate::viva::Answer;

/// What somebody expects of the question's target at a point.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// A claim's id, or R1 (a power law) and R2 (what near runs came to).
    pub who: String,
    /// A number with its error, or a chance.
    pub expects: Answer,
}

impl Campaign {
    /// The run at which those who foretell the question's target disagree most; `None` where nobody foretells it yet.
    pub fn disagreement(&self, lab: &dyn Lab) -> Option<Ask> {
        let mut draws = Draws::new(self.head());
        let mut memory = self.memory.borrow_mut();
        design::disagreement(&self.state, &self.judged_with(&mut memory), lab, &mut draws, u64::MAX, 1, &mut memory)
            .into_iter()
            .next()
    }

    /// What the standing claims about the question's target and the references expect at a point, the claim with most bits first. Who
    /// knows too few runs to say anything is left out.
    pub fn forecasts(&self, point: &Point) -> Vec<Forecast> {
        let mut memory = self.memory.borrow_mut();
        let judged = self.judged_with(&mut memory);
        let claims = design::foretelling(&self.state, &judged);
        let Some(first) = claims.first() else { return Vec::new() };
        let mut all: Vec<(&str, &crate::claim::Claim, Rival<'_>)> =
            claims.iter().map(|one| (one.id.as_str(), &one.claim, Rival::Claim(&one.claim))).collect();
        all.push(("R1", &first.claim, Rival::PowerLaw));
        all.push(("R2", &first.claim, Rival::Neighbours));
        let scale = self.state.card.observable(&self.state.question.target).and_then(Scale::of);
        let question = self.state.scope_of_question();
        let points = [point.clone()];
        let forecast = |(who, claim, rival): (&str, &crate::claim::Claim, Rival<'_>)| {
            let expected =
                expectation(&self.state.card, &question, claim, rival, &self.state.runs, &points, &mut memory);
            let expects = match (expected.first().copied().flatten()?, scale) {
                (Expectation::Number(middle, width), Some(scale)) => Answer::from_scale(scale, middle, width),
                (Expectation::Event(chance), _) => Answer::Chance(chance),
                (Expectation::Number(..), None) => return None,
            };
            Some(Forecast { who: who.to_owned(), expects })
        };
        all.into_iter().filter_map(forecast).collect()
    }
}

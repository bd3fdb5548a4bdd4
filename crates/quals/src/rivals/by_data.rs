//! Rivals that see random runs alone.

use super::{Data, Template, greedy, optimiser, pysr};
use crate::draws::Draws;
use crate::sitting::found_at;
use crate::world::{Case, runs_of, spread};
use dunwu_science::judge::is_same;

/// What became of a rival in a world.
#[derive(Clone, Debug)]
pub(crate) struct Answered {
    /// From how many runs on its answer stayed right.
    pub(crate) found_at: Option<usize>,
    /// Whether its last answer is a law, and a wrong one.
    pub(crate) is_false_find: bool,
}

/// Who answers from random runs with a law of the family.
type Answer = fn(&Case, &Data, &mut Draws) -> Template;

/// Rivals that see random runs alone, by name.
pub(crate) const BY_DATA: [(&str, Answer); 5] = [
    ("greedy loop", greedy::answer),
    ("PySR's rule, usual powers", pysr::answer),
    ("PySR's rule, free powers", pysr::answer_with_free_powers),
    ("CMA-ES", optimiser::by_cma_es),
    ("TPE", optimiser::by_tpe),
];

/// How many runs there are when rivals are asked.
pub(crate) fn stages(most: usize) -> Vec<usize> {
    (8..=most).step_by(4).collect()
}

/// What the rivals of [`BY_DATA`] answer, stage by stage.
pub(crate) fn by_data(case: &Case, most: usize, seed: u64) -> Vec<Answered> {
    let mut draws = Draws::of(seed, &format!("rivals {}", case.name));
    let points = spread(case.card(), &case.frame(), &case.question.knobs, most, &mut draws);
    let runs = runs_of(&case.world, points, 0, &mut draws);
    let of = |(name, answer): &(&str, Answer)| {
        let mut draws = Draws::of(seed, &format!("{name} {}", case.name));
        let mut last = None;
        let answers: Vec<(usize, bool)> = stages(most)
            .into_iter()
            .map(|n| {
                let data = Data::of(case, &runs[..n]);
                let template = answer(case, &data, &mut draws);
                let claim = template.claim(case, &data);
                let is_right = claim
                    .as_ref()
                    .zip(case.truth.as_ref())
                    .is_some_and(|(claim, truth)| is_same(case.card(), claim, truth));
                last = Some((template.n_constants() > 1 || !template.product.is_one(), is_right));
                (n, is_right)
            })
            .collect();
        Answered {
            found_at: found_at(answers.into_iter()),
            is_false_find: last.is_some_and(|(is_law, is_right)| is_law && !is_right),
        }
    };
    BY_DATA.iter().map(of).collect()
}

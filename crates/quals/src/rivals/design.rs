//! Our own proposer and judge with another choice of runs: what the critic's design is worth.

use super::Answered;
use crate::draws::Draws;
use crate::sitting::{found_at, leader};
use crate::world::{Case, grid, runs_of, spread};
use dunwu_science::judge::{Memory, Registered, Verdict, is_same, judge_all_with};
use dunwu_science::propose::search;

/// How runs are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Design {
    /// At random.
    Random,
    /// At the ends and middles of all knobs, in random order.
    Grid,
}

/// Claims that one search registers, as in a campaign.
const N_PROPOSED: usize = 6;

/// What a campaign comes to whose runs are chosen so. An attack is granted: every run after a claim's registration counts as one.
pub(crate) fn by_design(case: &Case, design: Design, most: usize, seed: u64) -> Answered {
    let mut draws = Draws::of(seed, &format!("{design:?} {}", case.name));
    let points = match design {
        Design::Random => spread(case.card(), &case.frame(), &case.question.knobs, most, &mut draws),
        Design::Grid => grid(case.card(), &case.frame(), &case.question.knobs, most, &mut draws),
    };
    let runs = runs_of(&case.world, points, 0, &mut draws);
    let (frame, mut memory) = (case.frame(), Memory::default());
    let mut claims: Vec<Registered> = Vec::new();
    let mut searched_at = 0;
    let (mut answers, mut is_false_find) = (Vec::new(), false);
    let is_true = |registered: &Registered| {
        case.truth.as_ref().is_some_and(|truth| is_same(case.card(), &registered.claim, truth))
    };
    for n in super::stages(most) {
        let seen = &runs[..n];
        // As often as a campaign searches.
        if n as f64 >= 1.5 * searched_at as f64 {
            searched_at = n;
            for claim in search(case.card(), &case.question, seen, N_PROPOSED).claims {
                if !claims.iter().any(|old| is_same(case.card(), &old.claim, &claim)) {
                    let id = claim.id();
                    claims.push(Registered {
                        claim,
                        id,
                        line: n as u64,
                        by: "search".to_owned(),
                        n_runs: n,
                        attack_runs: 0,
                    });
                }
            }
        }
        claims.iter_mut().for_each(|claim| claim.attack_runs = n - claim.n_runs);
        let judged = judge_all_with(case.card(), &frame, &claims, seen, &mut memory);
        let of = |id: &str| claims.iter().find(|claim| claim.id == id).expect("what is judged is registered");
        answers.push((n, leader(&judged).is_some_and(|first| is_true(of(&first.id)))));
        let established: Vec<&Registered> = judged
            .iter()
            .filter(|judged| judged.verdict == Verdict::Established)
            .map(|judged| of(&judged.id))
            .collect();
        if !established.is_empty() {
            is_false_find = !established.iter().all(|claim| is_true(claim));
            break;
        }
    }
    Answered { found_at: found_at(answers.into_iter()), is_false_find }
}

//! A campaign under examination: it works in short purses, and after each the examiner looks at what it says.

use crate::world::Case;
use dunwu_science::campaign::{Campaign, Nobody};
use dunwu_science::claim::Claim;
use dunwu_science::judge::{ENOUGH_BITS, Judged, Memory, Rival, Verdict, expectation, is_same};
use dunwu_science::lab::{Lab, Outcome};
use std::path::PathBuf;
use tempfile::TempDir;

/// A folder for ledgers that goes away with it.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("the system has a folder for files that go away"))
    }

    /// Where a ledger of this name lies.
    pub(crate) fn ledger(&self, name: &str) -> PathBuf {
        self.0.path().join(format!("{name}.jsonl"))
    }
}

/// What a campaign said after so many runs.
pub(crate) struct Stage {
    /// Runs so far.
    pub(crate) runs: usize,
    /// The claim that is furthest ahead, where one is.
    pub(crate) leader: Option<Claim>,
}

/// How a campaign in a world of the examination went.
pub(crate) struct Course {
    /// What was said on the way.
    pub(crate) stages: Vec<Stage>,
    /// Claims about the question that are established at the end, and after how many runs.
    pub(crate) established: Vec<Claim>,
    /// Runs in all.
    pub(crate) runs: usize,
    /// The first number of runs after which the leader had ten bits.
    pub(crate) ten_bits_at: Option<usize>,
    /// Steps that were spent beyond a purse.
    pub(crate) overspent: u64,
    /// Bits a run that the last leader is ahead of the best reference in the sealed region; where it foretells nothing, none.
    pub(crate) sealed_bits: Option<f64>,
}

impl Course {
    /// After how many runs the claim that is furthest ahead says what the truth says, and does so from then on.
    pub(crate) fn found_at(&self, case: &Case) -> Option<usize> {
        let truth = case.truth.as_ref()?;
        found_at(
            self.stages.iter().map(|stage| {
                (stage.runs, stage.leader.as_ref().is_some_and(|leader| is_same(case.card(), leader, truth)))
            }),
        )
    }

    /// What the claims that are established are to the truth: the worst of them, where there are any.
    pub(crate) fn find(&self, case: &Case) -> Option<Find> {
        self.established.iter().map(|claim| find(case, claim)).max()
    }
}

/// What an established claim is to the truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Find {
    /// It says the same.
    Exact,
    /// It has the truth as a special case: a power that is free and should not be.
    Loose,
    /// It says something else.
    False,
}

/// What a claim is to the truth of a world.
pub(crate) fn find(case: &Case, claim: &Claim) -> Find {
    match &case.truth {
        Some(truth) if is_same(case.card(), claim, truth) => Find::Exact,
        Some(_) if has_truth(case, claim) => Find::Loose,
        _ => Find::False,
    }
}

/// Whether a claim, with its constants found from the world without its noise, says what the world without its noise does.
fn has_truth(case: &Case, claim: &Claim) -> bool {
    const N_KNOWN: usize = 60;
    // Logarithms are rounded to the instrument's 0.01, and a fit of sixty averages over that.
    const NEAR: f64 = 0.02;
    let mut draws = crate::draws::Draws::of(0, &format!("without noise {}", case.name));
    let points = crate::world::spread(case.card(), &case.frame(), &case.question.knobs, 2 * N_KNOWN, &mut draws);
    let mut runs = crate::world::runs_of(&case.world, points, 0, &mut draws);
    for run in &mut runs {
        let Some(Some(truth)) = case.world.truth(&run.point).remove(&case.question.target) else { return false };
        let is_number = !matches!(run.outcomes.get(&case.question.target), Some(Outcome::Event(_)));
        // An event's law is not told from one draw at each point.
        if !is_number {
            return false;
        }
        run.outcomes.insert(case.question.target.clone(), Outcome::Value(truth));
    }
    let (known, new) = runs.split_at(N_KNOWN);
    let points: Vec<_> = new.iter().map(|run| run.point.clone()).collect();
    let said =
        expectation(case.card(), &case.frame(), claim, Rival::Claim(claim), known, &points, &mut Memory::default());
    said.iter().zip(new).all(|(said, run)| match (said, run.outcomes.get(&case.question.target)) {
        (Some(dunwu_science::judge::Expectation::Number(middle, _)), Some(Outcome::Value(y))) => {
            (middle - libm::log(*y)).abs() < NEAR
        }
        _ => false,
    })
}

/// The first number of runs from which on an answer is right.
pub(crate) fn found_at(answers: impl DoubleEndedIterator<Item = (usize, bool)>) -> Option<usize> {
    answers.rev().take_while(|(_, is_right)| *is_right).last().map(|(runs, _)| runs)
}

/// The claim that is furthest ahead among those that stand, whether or not it has earned its statement yet: what would be answered if
/// somebody wanted an answer now, as rivals are asked for one.
pub(crate) fn leader(judged: &[Judged]) -> Option<&Judged> {
    let stands = |judged: &&Judged| matches!(judged.verdict, Verdict::Open | Verdict::Leading | Verdict::Established);
    judged.iter().filter(stands).max_by(|a, b| a.score.net_bits.total_cmp(&b.score.net_bits))
}

/// Runs of a purse: one batch.
const N_RUNS: u64 = 4;

/// A campaign from an empty ledger until something is established or `most` runs are made.
pub(crate) fn sit(case: &Case, most: usize) -> Course {
    let folder = Folder::new();
    let lab: &dyn Lab = &case.world;
    let mut campaign = Campaign::begin(&folder.ledger("sitting"), "world", lab, case.question.clone())
        .expect("a question of ours can be asked");
    let mut course = Course {
        stages: Vec::new(),
        established: Vec::new(),
        runs: 0,
        ten_bits_at: None,
        overspent: 0,
        sealed_bits: None,
    };
    while course.runs < most && course.established.is_empty() {
        let purse = N_RUNS * lab.most_steps(&dunwu_science::lab::Point::default());
        let ended = campaign.run(lab, purse, &mut Nobody).expect("a campaign of ours works");
        course.overspent += ended.spent.saturating_sub(purse);
        let judged = campaign.judged();
        course.runs = campaign.state().runs.len();
        let first = leader(&judged);
        if first.is_some_and(|first| first.score.net_bits >= ENOUGH_BITS) && course.ten_bits_at.is_none() {
            course.ten_bits_at = Some(course.runs);
        }
        let claim_of = |judged: &Judged| campaign.state().claim(&judged.id).map(|registered| registered.claim.clone());
        course.stages.push(Stage { runs: course.runs, leader: first.and_then(claim_of) });
        let established = judged.iter().filter(|judged| judged.verdict == Verdict::Established).filter_map(claim_of);
        course.established = established.filter(|claim| claim.statement.subject() == case.question.target).collect();
        if ended.runs == 0 {
            break;
        }
    }
    let last = course.established.first().or(course.stages.last().and_then(|stage| stage.leader.as_ref()));
    course.sealed_bits = last.and_then(|claim| sealed_bits(case, claim, &campaign));
    course
}

/// Runs in the sealed region.
const N_SEALED: usize = 16;

/// How many bits a run a claim foretells outcomes in the sealed region better than the best of the references.
fn sealed_bits(case: &Case, claim: &Claim, campaign: &Campaign) -> Option<f64> {
    let mut draws = crate::draws::Draws::of(0, &format!("sealed {}", case.name));
    let points = crate::world::spread(case.card(), &case.sealed, &case.question.knobs, N_SEALED, &mut draws);
    let runs = crate::world::runs_of(&case.world, points.clone(), 0, &mut draws);
    let frame = case.frame();
    let mut memory = Memory::default();
    let mut of = |rival| -> Option<f64> {
        let said = expectation(case.card(), &frame, claim, rival, &campaign.state().runs, &points, &mut memory);
        let bits =
            said.iter().zip(&runs).map(|(said, run)| bits_of((*said)?, run.outcomes.get(&case.question.target)?));
        bits.collect::<Option<Vec<f64>>>().map(|bits| bits.iter().sum::<f64>() / bits.len() as f64)
    };
    let own = of(Rival::Claim(claim))?;
    let references = [of(Rival::Constant), of(Rival::PowerLaw), of(Rival::Neighbours)];
    let best = references.into_iter().flatten().fold(f64::NEG_INFINITY, f64::max);
    best.is_finite().then_some(own - best)
}

/// log₂ of the density (of a logarithm) or the probability that was given to an outcome.
fn bits_of(said: dunwu_science::judge::Expectation, outcome: &Outcome) -> Option<f64> {
    use dunwu_science::judge::Expectation;
    let ln = match (said, outcome) {
        (Expectation::Event(p), Outcome::Event(happened)) => {
            libm::log(if *happened { p } else { 1.0 - p }.clamp(1e-3, 1.0))
        }
        // Heavy tails, three degrees of freedom, so that one run far out does not decide.
        (Expectation::Number(middle, width), Outcome::Value(y)) => {
            let t = (libm::log(*y) - middle) / width;
            -libm::log(width) - 2.0 * libm::log1p(t * t / 3.0)
        }
        (Expectation::Number(middle, width), Outcome::Censored(y)) => {
            let t = (libm::log(*y) - middle) / width;
            libm::log((0.5 * libm::erfc(t / std::f64::consts::SQRT_2)).max(1e-6))
        }
        _ => return None,
    };
    Some(ln / std::f64::consts::LN_2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn found_is_from_when_on_the_answer_stays_right() {
        let at = |answers: &[(usize, bool)]| found_at(answers.iter().copied());
        assert_eq!(at(&[(4, true), (8, false), (12, true), (16, true)]), Some(12));
        assert_eq!(at(&[(4, true), (8, false)]), None);
        assert_eq!(at(&[]), None);
    }
}

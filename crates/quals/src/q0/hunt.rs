//! A law that is looked for after the event: thousands are tried on noise, the best are shown to the judge, again and again.

use crate::draws::Draws;
use crate::plan::Judge;
use crate::rivals::{Data, Template, hunting_ground};
use crate::world::{Case, runs_of, spread};
use dunwu_science::claim::Claim;
use dunwu_science::judge::{ENOUGH_BITS, Judged, Registered, RunRecord, Verdict};

/// What came of a hunt.
pub(crate) struct Hunted {
    pub(crate) looked_at: usize,
    pub(crate) most_bits: f64,
    pub(crate) established: Option<String>,
}

/// Numbers of runs after which somebody looks.
const LOOKS: [usize; 2] = [16, 40];
/// Laws that are shown to the judge at a look.
const N_SHOWN: usize = 1;

/// Looks for laws in a world. Whatever is found is judged as if it had been registered before the first run and an attack had been made.
pub(crate) fn hunt(case: &Case, seed: u64, judge: Judge) -> Hunted {
    let mut draws = Draws::of(seed, &format!("hunt {}", case.name));
    let points = spread(case.card(), &case.frame(), &case.question.knobs, LOOKS[1], &mut draws);
    let runs = runs_of(&case.world, points, 0, &mut draws);
    let mut hunted = Hunted { looked_at: 0, most_bits: f64::NEG_INFINITY, established: None };
    let mut claims: Vec<Claim> = Vec::new();
    for n in LOOKS {
        let (best, looked_at) = best_claims(case, &runs[..n], N_SHOWN);
        hunted.looked_at = hunted.looked_at.max(looked_at);
        claims.extend(best);
        let (most_bits, established) = established(case, judge, &claims, &runs[..n]);
        hunted.most_bits = hunted.most_bits.max(most_bits);
        hunted.established = hunted.established.or(established);
    }
    hunted
}

/// The laws that fit best for what they cost, and the one that fits best whatever it costs, and how many were looked at.
pub(crate) fn best_claims(case: &Case, runs: &[RunRecord], n: usize) -> (Vec<Claim>, usize) {
    let data = Data::of(case, runs);
    if data.len() < 6 {
        return (Vec::new(), 0);
    }
    let pool = hunting_ground(&data);
    let mut rated: Vec<(f64, f64, &Template)> = pool
        .iter()
        .map(|template| {
            let fit = template.fit(&data);
            (template.criterion(&fit, &data), fit.loss, template)
        })
        .filter(|(criterion, ..)| criterion.is_finite())
        .collect();
    rated.sort_by(|a, b| a.0.total_cmp(&b.0));
    let closest = rated.iter().min_by(|a, b| a.1.total_cmp(&b.1)).map(|(.., template)| *template);
    // The constant says nothing.
    let best = rated
        .iter()
        .map(|(.., template)| *template)
        .filter(|template| template.n_constants() > 1 || !template.product.is_one());
    let claims = closest.into_iter().chain(best.take(n)).filter_map(|template| template.claim(case, &data));
    (claims.collect(), pool.len())
}

/// The most net bits of any of the claims, and the first that is established when it is judged alone.
pub(crate) fn established(case: &Case, judge: Judge, claims: &[Claim], runs: &[RunRecord]) -> (f64, Option<String>) {
    let registered: Vec<Registered> = claims.iter().map(before_all).collect();
    let judged = judge(case.card(), &case.frame(), &registered, runs);
    let most = judged.iter().map(|judged| judged.score.net_bits).fold(f64::NEG_INFINITY, f64::max);
    // Nothing is established below ten net bits; what has them is judged without its rivals, which could only stand in its way.
    let alone = |(registered, judged): (&Registered, &Judged)| {
        let is_near = judged.score.net_bits >= ENOUGH_BITS;
        let is = is_near
            && judge(case.card(), &case.frame(), std::slice::from_ref(registered), runs)[0].verdict
                == Verdict::Established;
        is.then(|| registered.claim.statement.to_string())
    };
    (most, registered.iter().zip(&judged).find_map(alone))
}

/// A claim as if it had been registered before all runs and had stood an attack.
pub(crate) fn before_all(claim: &Claim) -> Registered {
    Registered {
        id: claim.id(),
        claim: claim.clone(),
        line: 1,
        by: "somebody who cheats".to_owned(),
        n_runs: 0,
        attack_runs: 9,
    }
}

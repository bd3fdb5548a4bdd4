//! A law that is looked for after the event: thousands are tried on noise, the best are shown to the judge, again and again.

use crate::draws::Draws;
use crate::plan::Judge;
use crate::rivals::{Data, Template, pool};
use crate::world::{Case, runs_of, spread};
use dunwu_science::claim::Claim;
use dunwu_science::judge::{ENOUGH_BITS, Judged, Registered, RunRecord, Verdict};

/// What a search for laws after the event came to in one world.
pub(crate) struct Hunted {
    pub(crate) looked_at: usize,
    pub(crate) most_bits: f64,
    pub(crate) established: Option<String>,
}

/// Numbers of runs after which somebody looks.
const LOOKS: [usize; 2] = [16, 40];

/// Looks for laws in a world. Whatever is found is judged as if it had been registered before the first run and an attack had been made.
pub(crate) fn hunt(case: &Case, seed: u64, judge: Judge) -> Hunted {
    let mut draws = Draws::of(seed, &format!("hunt {}", case.name));
    let points = spread(case.card(), &case.frame(), &case.question.knobs, LOOKS[1], &mut draws);
    let runs = runs_of(&case.world, points, 0, &mut draws);
    let mut hunted = Hunted { looked_at: 0, most_bits: f64::NEG_INFINITY, established: None };
    for (look, n) in LOOKS.into_iter().enumerate() {
        let (mut claims, of_products) = best_products(case, &runs[..n], look);
        let (regions, of_regions) = best_regions(case, &runs[..n], 1);
        claims.extend(regions);
        hunted.looked_at = hunted.looked_at.max(of_products + of_regions);
        let (most_bits, established) = established(case, judge, &claims, &runs[..n]);
        hunted.most_bits = hunted.most_bits.max(most_bits);
        hunted.established = hunted.established.or(established);
    }
    hunted
}

/// Of all products of the pool those that fit best for what they cost, and how many were looked at.
pub(crate) fn best_products(case: &Case, runs: &[RunRecord], n: usize) -> (Vec<Claim>, usize) {
    let data = Data::of(case, runs);
    if data.len() < 6 {
        return (Vec::new(), 0);
    }
    let pool = pool(&data);
    // The constant says nothing.
    let is_law = |template: &&Template| template.n_constants() > 1 || !template.product.is_one();
    let rated = pool.iter().filter(is_law).map(|template| (template.criterion(&template.fit(&data), &data), template));
    let mut rated: Vec<(f64, &Template)> = rated.filter(|(criterion, _)| criterion.is_finite()).collect();
    rated.sort_by(|a, b| a.0.total_cmp(&b.0));
    (rated.iter().take(n).filter_map(|(_, template)| template.claim(case, &data)).collect(), pool.len())
}

/// Steps at so many places along each knob.
const N_STEPS: usize = 9;

/// Of all laws that are high in some regions and low in the others those that fit best. A region is where the product of up to three
/// steps is positive, and with several thousand of them something fits any noise.
///
/// ```text
/// t_gen = c · exp(k · tanh(s (x − a)) · tanh(s (y − b)) · tanh(s (z − d)))
/// ```
pub(crate) fn best_regions(case: &Case, runs: &[RunRecord], n: usize) -> (Vec<Claim>, usize) {
    let data = Data::of(case, runs);
    if data.len() < 6 {
        return (Vec::new(), 0);
    }
    let ranks = ranks(&data.z);
    let steps = steps(&data);
    // The sign of a product of steps, run by run, and how far the ranks differ between its regions.
    let fit = |places: &[usize]| -> f64 {
        let signs = (0..data.len()).map(|row| places.iter().map(|place| steps[*place].1[row]).product::<f64>());
        let (mut with, mut of_signs) = (0.0, 0.0);
        for (sign, rank) in signs.zip(&ranks) {
            with += sign * rank;
            of_signs += sign;
        }
        let rows = data.len() as f64;
        with.powi(2) / (rows - of_signs.powi(2) / rows).max(1.0)
    };
    let mut rated: Vec<(f64, Vec<usize>)> = Vec::new();
    for i in 0..steps.len() {
        rated.push((fit(&[i]), vec![i]));
        for j in i + 1..steps.len() {
            rated.push((fit(&[i, j]), vec![i, j]));
            rated.extend((j + 1..steps.len()).map(|k| (fit(&[i, j, k]), vec![i, j, k])));
        }
    }
    let looked_at = rated.len();
    rated.sort_by(|a, b| b.0.total_cmp(&a.0));
    let claim = |(_, places): (f64, Vec<usize>)| {
        let product = places.iter().map(|place| steps[*place].0.clone()).collect::<Vec<_>>().join(" * ");
        case.claim(&match data.left {
            None => format!("{} = c * exp(k * {product}), for some c and k", data.target),
            Some(_) => format!("{} happens when exp({product}) > c, for some c", data.target),
        })
    };
    (rated.into_iter().take(n).filter_map(claim).collect(), looked_at)
}

/// Steps along every pure number, in words and row by row.
fn steps(data: &Data) -> Vec<(String, Vec<f64>)> {
    let mut steps = Vec::new();
    for (name, column) in data.names.iter().zip(&data.ln).filter(|(name, _)| *name != "samples") {
        let mut sorted = column.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.dedup();
        let mut places: Vec<usize> = (1..=N_STEPS)
            .map(|k| k * sorted.len() / (N_STEPS + 1))
            .filter(|place| (1..sorted.len()).contains(place))
            .collect();
        places.dedup();
        for place in places {
            let at = f64::midpoint(sorted[place - 1], sorted[place]);
            let signs = column.iter().map(|ln| (ln - at).signum()).collect();
            steps.push((format!("tanh(1e6 * (ln({name}) - {at:.6}))"), signs));
        }
    }
    steps
}

/// Ranks around their middle: heavy tails do not choose the law.
fn ranks(values: &[f64]) -> Vec<f64> {
    let of = |value: f64| {
        let below = values.iter().filter(|other| **other < value).count() as f64;
        let same = values.iter().filter(|other| **other == value).count() as f64;
        below + 0.5 * (same - values.len() as f64)
    };
    values.iter().map(|value| of(*value)).collect()
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

//! How large an effect has to be to be established, so that `open` has a known meaning; and for every verdict a case that must have it
//! and one beside it that must not.

use crate::plan::Plan;
use crate::result::{Figure, Tier};
use crate::sitting::{Find, sit};
use crate::work::each;
use crate::world::{Case, effect, runs_of, spread};
use dunwu_science::judge::{Judged, Registered, judge_all};
use dunwu_science::lab::Outcome;

/// The deviation of what a law explains, in deviations of the noise.
const RATIOS: [f64; 6] = [0.25, 0.5, 1.0, 2.0, 4.0, 16.0];

/// The power curve.
pub(crate) fn curve(plan: &Plan, seed: u64, watch: &mut dyn FnMut(f64)) -> Tier {
    let n = RATIOS.len() * plan.powers;
    let sat = each(n, watch, |nth| {
        let case = effect(seed, RATIOS[nth / plan.powers], nth % plan.powers);
        let course = sit(&case, plan.most_runs);
        (course.find(&case), course.ten_bits_at, course.runs)
    });
    let mut tier = Tier::new("Power", n);
    for (ratio, of) in RATIOS.iter().zip(sat.chunks(plan.powers)) {
        let count = |find: Find| of.iter().filter(|(found, ..)| *found == Some(find)).count();
        let name = |what: &str| format!("effect of {ratio} deviations: {what}");
        tier.figure(Figure::share(&name("the law is established"), count(Find::Exact), plan.powers));
        tier.figure(Figure::share(
            &name("something with ten bits leads"),
            of.iter().filter(|(_, ten, _)| ten.is_some()).count(),
            plan.powers,
        ));
        tier.figure(Figure::share(&name("something false is established"), count(Find::False), plan.powers));
        let runs: Vec<f64> =
            of.iter().filter(|(found, ..)| *found == Some(Find::Exact)).map(|(.., runs)| *runs as f64).collect();
        tier.figure(Figure::median(&name("runs until it is, where it is"), &runs));
    }
    tier
}

/// A case of the table of verdicts: its name, the verdict, whether it must be given, and what is judged.
struct Planted {
    name: &'static str,
    verdict: &'static str,
    must: bool,
    claims: &'static [&'static str],
    runs: usize,
    attack_runs: usize,
    lost: f64,
}

const fn planted(
    name: &'static str,
    verdict: &'static str,
    must: bool,
    claims: &'static [&'static str],
    runs: usize,
) -> Planted {
    Planted { name, verdict, must, claims, runs, attack_runs: 9, lost: 0.0 }
}

const RIGHT: &str = "t_gen = c * M * ln(M), for some c";
const STEEP: &str = "t_gen = c * M^3, for some c";
const NEAR: &str = "t_gen = c * M^1.3, for some c";

/// For every verdict what must have it and what must not. What is judged is the first claim, in a world of M log M.
const VERDICTS: [Planted; 15] = [
    planted("a constant", "vacuous", true, &["t_gen = c, for some c"], 40),
    planted("a constant in other words", "vacuous", true, &["t_gen = c * M / M, for some c"], 40),
    planted("the law", "vacuous", false, &[RIGHT], 40),
    planted("the law after six runs", "open", true, &[RIGHT], 6),
    planted("the law after forty runs", "open", false, &[RIGHT], 40),
    Planted { attack_runs: 5, ..planted("the law before it was attacked", "leading", true, &[RIGHT], 40) },
    planted("a law that is wrong", "leading", false, &[STEEP], 40),
    planted("a law that is wrong", "refuted", true, &[STEEP], 40),
    planted("the law", "refuted", false, &[RIGHT], 40),
    planted("a near law beside the law", "superseded", true, &[NEAR, RIGHT], 40),
    planted("the law beside a near one", "superseded", false, &[RIGHT, NEAR], 40),
    planted("the law when it was attacked", "established", true, &[RIGHT], 40),
    Planted { attack_runs: 5, ..planted("the law before it was attacked", "established", false, &[RIGHT], 40) },
    Planted {
        lost: 0.15,
        ..planted("the law where 15 % of results were lost", "could not be measured", true, &[RIGHT], 60)
    },
    Planted {
        lost: 0.03,
        ..planted("the law where 3 % of results were lost", "could not be measured", false, &[RIGHT], 60)
    },
];

/// The table of verdicts.
pub(crate) fn verdicts(seed: u64) -> Tier {
    let mut tier = Tier::new("Verdicts", VERDICTS.len());
    let mut held = 0;
    for (nth, case) in VERDICTS.iter().enumerate() {
        let world = effect(seed, 16.0, nth);
        let first = judged(&world, case, seed);
        let words = first.verdict.words();
        let has = words.starts_with(case.verdict);
        if has == case.must {
            held += 1;
        } else {
            let wanted = if case.must { case.verdict.to_owned() } else { format!("not {}", case.verdict) };
            tier.row(case.name, wanted, format!("{words}, {:.1} net bits", first.score.net_bits));
        }
    }
    tier.figure(
        Figure::share(
            "cases with the verdict that they must have, or without the one that they must not",
            held,
            VERDICTS.len(),
        )
        .bar("all", |figure| figure.value == Some(1.0)),
    );
    tier
}

fn judged(world: &Case, case: &Planted, seed: u64) -> Judged {
    let mut draws = crate::draws::Draws::of(seed, case.name);
    let points = spread(world.card(), &world.frame(), &world.question.knobs, case.runs, &mut draws);
    let mut runs = runs_of(&world.world, points, 0, &mut draws);
    let n_lost = (case.lost * case.runs as f64).round() as usize;
    for run in runs.iter_mut().step_by(3).take(n_lost) {
        run.outcomes.insert("t_gen".to_owned(), Outcome::Missing("it was lost".to_owned()));
    }
    let registered = |sentence: &&str| {
        let claim = world.claim(sentence).expect("claims of the table fit");
        Registered { id: claim.id(), claim, line: 0, by: "table".to_owned(), n_runs: 0, attack_runs: case.attack_runs }
    };
    let claims: Vec<Registered> = case.claims.iter().map(registered).collect();
    judge_all(world.card(), &world.frame(), &claims, &runs).swap_remove(0)
}

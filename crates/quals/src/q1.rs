//! Q1: worlds with a law. Is it found, after how many runs, and what does it foretell where nobody was?

use crate::interval::median;
use crate::plan::Plan;
use crate::result::{Figure, Tier};
use crate::rivals::{Answered, BY_DATA, Design, by_data, by_design};
use crate::sitting::{Course, Find, sit};
use crate::work::each;
use crate::world::{Case, planted};

/// What came of one world.
struct Sat {
    case: Case,
    course: Course,
    /// The rivals that see random runs, in the order of [`BY_DATA`].
    by_data: Vec<Answered>,
    /// Random design and grid, in a share of the worlds.
    by_design: Option<[Answered; 2]>,
}

/// Examines.
pub(crate) fn examine(plan: &Plan, seed: u64, watch: &mut dyn FnMut(f64)) -> Tier {
    let n = 2 * plan.planted;
    let sat = each(n, watch, |nth| {
        let case = planted(seed, nth >= plan.planted, nth % plan.planted);
        let course = sit(&case, plan.most_runs);
        let by_data = by_data(&case, plan.most_runs, seed);
        let by_design = (nth % plan.design_every == 0)
            .then(|| [Design::Random, Design::Grid].map(|design| by_design(&case, design, plan.most_runs, seed)));
        Sat { case, course, by_data, by_design }
    });
    let mut tier = Tier::new("Q1 planted worlds", n);
    let (development, held_out) = sat.split_at(plan.planted);
    halves(&mut tier, "development", development, plan);
    halves(&mut tier, "held out", held_out, plan);
    let overspent: u64 = sat.iter().map(|sat| sat.course.overspent).sum();
    tier.figure(
        Figure::number("steps spent beyond a purse", n, overspent as f64).bar("0", |figure| figure.value == Some(0.0)),
    );
    for (place, (name, _)) in BY_DATA.iter().enumerate() {
        let pairs: Vec<_> = sat.iter().map(|sat| (sat, &sat.by_data[place])).collect();
        beside(&mut tier, name, &pairs, plan);
    }
    for (place, name) in ["random design", "grid"].iter().enumerate() {
        let pairs: Vec<_> = sat.iter().filter_map(|sat| Some((sat, &sat.by_design.as_ref()?[place]))).collect();
        beside(&mut tier, name, &pairs, plan);
    }
    for sat in &sat {
        let said = sat
            .course
            .stages
            .last()
            .and_then(|stage| stage.leader.as_ref())
            .map_or("nothing leads".to_owned(), |leader| leader.statement.to_string());
        let wanted = sat.case.truth.as_ref().map_or("nothing".to_owned(), |truth| truth.statement.to_string());
        let find = sat.course.find(&sat.case);
        match (&sat.case.truth, sat.course.found_at(&sat.case), find) {
            (_, _, Some(Find::False)) => {
                tier.row(&sat.case.name, wanted, format!("established after {} runs: {said}", sat.course.runs));
            }
            (Some(_), None, _) => {
                tier.row(&sat.case.name, wanted, format!("not found in {} runs: {said}", sat.course.runs));
            }
            _ => {}
        }
    }
    tier
}

/// What the scientist did in one half.
fn halves(tier: &mut Tier, half: &str, sat: &[Sat], plan: &Plan) {
    let with_law: Vec<&Sat> = sat.iter().filter(|sat| sat.case.truth.is_some()).collect();
    let found: Vec<f64> = with_law.iter().map(|sat| runs(sat.course.found_at(&sat.case), plan)).collect();
    let n_found = with_law.iter().filter(|sat| sat.course.found_at(&sat.case).is_some()).count();
    let count = |find: Find| sat.iter().filter(|sat| sat.course.find(&sat.case) == Some(find)).count();
    let n = with_law.len();
    tier.figure(Figure::share(&format!("{half}: the law is furthest ahead, and to the end"), n_found, n));
    tier.figure(Figure::median(&format!("{half}: runs until the law is furthest ahead for good"), &found));
    let ten: Vec<f64> = with_law.iter().map(|sat| runs(sat.course.ten_bits_at, plan)).collect();
    tier.figure(Figure::median(&format!("{half}: runs until a leader has ten bits"), &ten));
    tier.figure(Figure::share(&format!("{half}: the law is established"), count(Find::Exact), n));
    tier.figure(Figure::share(
        &format!("{half}: a wider law is established that has the law in it"),
        count(Find::Loose),
        n,
    ));
    let exact: Vec<f64> = with_law
        .iter()
        .filter(|sat| sat.course.find(&sat.case) == Some(Find::Exact))
        .map(|sat| sat.course.runs as f64)
        .collect();
    tier.figure(Figure::median(&format!("{half}: runs until the law is established, where it is"), &exact));
    let n_false = count(Find::False);
    tier.figure(
        Figure::share(&format!("{half}: something false is established"), n_false, sat.len())
            .bar("not shown to be above 5 %", |figure| figure.interval.is_some_and(|[low, _]| low <= 0.05)),
    );
    let sealed: Vec<f64> = with_law.iter().filter_map(|sat| sat.course.sealed_bits).collect();
    tier.figure(Figure::median(&format!("{half}: bits a run over the best reference where nobody was"), &sealed));
}

/// Runs, or more than there were.
fn runs(found: Option<usize>, plan: &Plan) -> f64 {
    found.map_or(plan.most_runs as f64 + 4.0, |runs| runs as f64)
}

/// A rival beside the scientist at equal numbers of runs, world by world.
fn beside(tier: &mut Tier, name: &str, pairs: &[(&Sat, &Answered)], plan: &Plan) {
    let with_law: Vec<&(&Sat, &Answered)> = pairs.iter().filter(|(sat, _)| sat.case.truth.is_some()).collect();
    let n_found = with_law.iter().filter(|(_, answered)| answered.found_at.is_some()).count();
    tier.figure(Figure::share(&format!("{name}: the law is its answer, and to the end"), n_found, with_law.len()));
    let needed: Vec<f64> = with_law.iter().map(|(_, answered)| runs(answered.found_at, plan)).collect();
    tier.figure(Figure::median(&format!("{name}: runs until its answer is the law for good"), &needed));
    let n_false = pairs.iter().filter(|(_, answered)| answered.is_false_find).count();
    tier.figure(Figure::share(&format!("{name}: its last answer is false"), n_false, pairs.len()));
    let fewer: Vec<f64> = with_law
        .iter()
        .map(|(sat, answered)| runs(sat.course.found_at(&sat.case), plan) - runs(answered.found_at, plan))
        .collect();
    let n_fewer = fewer.iter().filter(|by| **by < 0.0).count();
    let n_more = fewer.iter().filter(|by| **by > 0.0).count();
    tier.figure(Figure::share(
        &format!("{name}: worlds in which the scientist needs fewer runs, of those in which the two differ"),
        n_fewer,
        n_fewer + n_more,
    ));
    // What is compared are medians over the same worlds; the interval is that of the differences.
    let ours: Vec<f64> = with_law.iter().map(|(sat, _)| runs(sat.course.found_at(&sat.case), plan)).collect();
    let by = median(&ours).zip(median(&needed)).map_or(f64::NAN, |(ours, theirs)| ours[0] - theirs[0]);
    let figure = Figure {
        interval: median(&fewer).map(|[_, low, high]| [low, high]),
        ..Figure::number(&format!("{name}: median runs of the scientist less its own"), with_law.len(), by)
    };
    tier.figure(figure.bar("below 0", |figure| figure.value.is_some_and(|by| by < 0.0)));
}

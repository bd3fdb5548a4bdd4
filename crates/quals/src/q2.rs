//! Q2: laws of physics that were shifted, in knobs without names, with no noise and with some. Scored strictly: exact or not.

use crate::plan::Plan;
use crate::result::{Figure, Tier};
use crate::sitting::{Course, Find, sit};
use crate::work::each;
use crate::world::{Case, LAWS, shifted};

/// Sizes of errors, as shares.
const NOISES: [f64; 4] = [0.0, 0.02, 0.05, 0.1];

/// Examines.
pub(crate) fn examine(plan: &Plan, seed: u64, watch: &mut dyn FnMut(f64)) -> Tier {
    let n = plan.shifted;
    let sat: Vec<(f64, Case, Course)> = each(n, watch, |nth| {
        let law = nth % LAWS.len();
        // Every law meets every size of error where there are enough cases.
        let noise = NOISES[(nth + nth / LAWS.len()) % NOISES.len()];
        let case = shifted(seed, law, noise, nth);
        let course = sit(&case, plan.most_runs);
        (noise, case, course)
    });
    let mut tier = Tier::new("Q2 shifted physics", n);
    for noise in NOISES {
        let of: Vec<&(f64, Case, Course)> = sat.iter().filter(|(size, ..)| *size == noise).collect();
        let found: Vec<Option<usize>> = of.iter().map(|(_, case, course)| course.found_at(case)).collect();
        let runs: Vec<f64> =
            found.iter().map(|found| found.map_or(plan.most_runs as f64 + 4.0, |runs| runs as f64)).collect();
        tier.figure(Figure::share(
            &format!("{:.0} % noise: the law leads for good", 100.0 * noise),
            found.iter().flatten().count(),
            of.len(),
        ));
        tier.figure(Figure::median(&format!("{:.0} % noise: runs until it does", 100.0 * noise), &runs));
    }
    let n_false = sat.iter().filter(|(_, case, course)| course.find(case) == Some(Find::False)).count();
    tier.figure(
        Figure::share("something false is established", n_false, n)
            .bar("not shown to be above 5 %", |figure| figure.interval.is_some_and(|[low, _]| low <= 0.05)),
    );
    for (_, case, course) in &sat {
        let said = course
            .stages
            .last()
            .and_then(|stage| stage.leader.as_ref())
            .map_or("nothing leads".to_owned(), |leader| leader.statement.to_string());
        let wanted = case.truth.as_ref().map_or(String::new(), |truth| truth.statement.to_string());
        if course.find(case) == Some(Find::False) {
            tier.row(&case.name, wanted, format!("established after {} runs: {said}", course.runs));
        } else if course.found_at(case).is_none() {
            tier.row(&case.name, wanted, format!("not found in {} runs: {said}", course.runs));
        }
    }
    tier
}

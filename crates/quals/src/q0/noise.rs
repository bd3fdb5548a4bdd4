//! Worlds without a law.

use super::hunt;
use crate::plan::{Judge, Plan};
use crate::result::{Figure, Tier};
use crate::sitting::sit;
use crate::work::each;
use crate::world::{FAMILIES, null};
use dunwu_science::judge::ALPHA;

/// What was found in a world without a law.
struct Nothing {
    family: &'static str,
    /// Laws that were looked at.
    looked_at: usize,
    /// The most net bits that any law had at any look.
    most_bits: f64,
    /// What was established.
    established: Option<String>,
}

/// Examines.
pub(crate) fn examine(plan: &Plan, seed: u64, judge: Judge, watch: &mut dyn FnMut(f64)) -> Tier {
    let mut tier = Tier::new("Q0 null worlds", plan.nulls + plan.null_campaigns);
    let hunts = each(plan.nulls, &mut |share| watch(0.8 * share), |nth| {
        let case = null(seed, nth);
        let came = hunt::hunt(&case, seed, judge);
        Nothing {
            family: case.kind,
            looked_at: came.looked_at,
            most_bits: came.most_bits,
            established: came.established,
        }
    });
    let campaigns = each(plan.null_campaigns, &mut |share| watch(0.8 + 0.2 * share), |nth| {
        let case = null(seed, plan.nulls + nth);
        let course = sit(&case, plan.most_runs);
        Nothing {
            family: case.kind,
            looked_at: 0,
            most_bits: f64::NEG_INFINITY,
            established: course.established.first().map(|claim| claim.statement.to_string()),
        }
    });
    let all: Vec<&Nothing> = hunts.iter().chain(&campaigns).collect();
    let n_false = all.iter().filter(|nothing| nothing.established.is_some()).count();
    tier.figure(Figure::share("null worlds in which something is established", n_false, all.len()).bar(
        "at most 5 %, the upper end at most 10 %",
        |figure| {
            figure.value.is_some_and(|share| share <= ALPHA)
                && figure.interval.is_some_and(|ends| ends[1] <= 2.0 * ALPHA)
        },
    ));
    let certain = -ALPHA.log2();
    let n_certain = hunts.iter().filter(|nothing| nothing.most_bits >= certain).count();
    tier.figure(
        Figure::share(
            "null worlds in which any law ever reaches log2(1/5 %) net bits, whoever looks and whenever",
            n_certain,
            hunts.len(),
        )
        .bar("at most 5 %", |figure| figure.value.is_some_and(|share| share <= ALPHA)),
    );
    tier.figure(Figure::number(
        "laws looked at after the event, a world",
        hunts.len(),
        hunts.iter().map(|nothing| nothing.looked_at as f64).sum::<f64>() / hunts.len().max(1) as f64,
    ));
    for family in FAMILIES {
        let of: Vec<&&Nothing> = all.iter().filter(|nothing| nothing.family == family).collect();
        let n_false = of.iter().filter(|nothing| nothing.established.is_some()).count();
        if n_false > 0 {
            tier.figure(Figure::share(
                &format!("{family}: null worlds in which something is established"),
                n_false,
                of.len(),
            ));
        }
    }
    for nothing in all.iter().filter(|nothing| nothing.established.is_some()) {
        tier.row(
            format!("a null world, {}", nothing.family),
            "nothing established",
            nothing.established.clone().unwrap_or_default(),
        );
    }
    tier
}

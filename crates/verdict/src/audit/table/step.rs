//! Whether numbers are of the last step, and of the same one in both arms.

use super::arms::{Arms, mean};
use crate::audit::judgement::Judgement;
use crate::audit::kind::Kind;
use dunwu::answer::wording::number;
use std::collections::BTreeMap;

/// Outcomes after which nothing can be read at a later step. A run that was stopped because it had got somewhere is none of them.
const ENDED: [&str; 4] = ["diverged", "collapsed", "failed", "nan"];

/// Judges it.
pub(super) fn judge(arms: &Arms<'_>) -> Judgement {
    let kind = Kind::WrongStep;
    let Arms { data, roles, claim, .. } = arms;
    if arms.is_time() {
        return Judgement::nothing(kind, format!("{} is itself a time, and not read at one.", claim.measure));
    }
    let Some(step) = roles.step.filter(|&step| data.is_numeric(step)) else {
        return Judgement::cannot_tell(
            kind,
            "No column says at which step the measure was read, such as step beside steps.",
        );
    };
    if let Some(judgement) = of_curves(arms, step) {
        return judgement;
    }
    let ended_early = |row: &usize| {
        roles.outcome.is_some_and(|outcome| ENDED.contains(&data.key(*row, outcome).to_lowercase().as_str()))
    };
    let rows =
        arms.rows.each_ref().map(|rows| rows.iter().copied().filter(|row| !ended_early(row)).collect::<Vec<_>>());
    if let Some(budget) = roles.budget {
        let all = rows.concat();
        let early: Vec<usize> = all
            .iter()
            .copied()
            .filter(|&row| data.number(row, step).zip(data.number(row, budget)).is_some_and(|(at, of)| at < of))
            .collect();
        let places = data.distinct(step, &early).len();
        if places > 1 {
            let shares: Vec<f64> =
                early.iter().filter_map(|&row| Some(data.number(row, step)? / data.number(row, budget)?)).collect();
            return Judgement::misleads(
                kind,
                format!(
                    "In {} of {} rows {} was read before the last step, at {places} different ones: the best of each run's curve, or where each was stopped.",
                    early.len(),
                    all.len(),
                    claim.measure
                ),
            )
            .with("rows that were read before the last step", early.len() as f64)
            .with("mean share of the steps at which they were read", mean(shares.into_iter()).unwrap_or(f64::NAN))
            .with_rows(early.iter().map(|&row| format!("row {}: step {} of {}", row + 1, data.key(row, step), data.key(row, budget))));
        }
    }
    let steps = rows.each_ref().map(|rows| data.distinct(step, rows));
    if steps[0] != steps[1] && rows.iter().all(|rows| !rows.is_empty()) {
        let [a, b] =
            [0, 1].map(|arm| mean(rows[arm].iter().filter_map(|&row| data.number(row, step))).unwrap_or(f64::NAN));
        return Judgement::misleads(
            kind,
            format!(
                "{} is read at step {} with {} and at {} with {}.",
                claim.measure,
                number(a),
                arms.name(0),
                number(b),
                arms.name(1)
            ),
        )
        .with("mean step of the first arm", a)
        .with("mean step of the second arm", b);
    }
    Judgement::nothing(kind, "Both arms are read at the same steps, but for runs that broke down.")
}

/// Where the table holds curves: whether the reported number is the best of a curve, or the arms' curves end elsewhere.
fn of_curves(arms: &Arms<'_>, step: usize) -> Option<Judgement> {
    let kind = Kind::WrongStep;
    let curves = arms.curves.as_ref()?;
    let winner = arms.winner();
    let last = arms.mean(winner)?;
    let best = best_of_curves(arms, curves, winner)?;
    let ends = [0, 1].map(|arm| arms.data.distinct(step, &arms.rows[arm]));
    if ends[0] != ends[1] {
        return None;
    }
    let numbers = |judgement: Judgement| {
        judgement.with("mean at the last step", last).with("mean of the best of each curve", best)
    };
    match arms.claim.reported {
        Some(reported) if reported.fits(best) && !reported.fits(last) => Some(numbers(Judgement::misleads(
            kind,
            format!(
                "The reported {} is the best of each run's curve; at the last step {} is {}.",
                reported.value,
                arms.claim.measure,
                number(last)
            ),
        ))),
        _ => Some(numbers(Judgement::nothing(
            kind,
            format!("Every run is read at its last step, {}, where its curve ends in both arms.", ends[0].join(" or ")),
        ))),
    }
}

/// The mean over an arm's runs of the best value of each curve.
fn best_of_curves(arms: &Arms<'_>, curves: &super::super::data::Data, arm: usize) -> Option<f64> {
    let roles = &arms.roles;
    let wanted = arms.data.key(arms.rows[arm][0], roles.compared);
    let identity: Vec<usize> = roles.settings.iter().copied().chain(roles.seed).collect();
    let mut best: BTreeMap<String, f64> = BTreeMap::new();
    for row in (0..curves.n_rows()).filter(|&row| curves.key(row, roles.compared) == wanted) {
        if let Some(value) = curves.number(row, roles.measure) {
            let best = best.entry(curves.keys(row, &identity)).or_insert(value);
            if arms.sign * value > arms.sign * *best {
                *best = value;
            }
        }
    }
    mean(best.into_values())
}

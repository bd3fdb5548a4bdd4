//! Whether the best of several is reported as if it were one: of several arms, or of several repetitions.

use super::arms::{Arms, Values, mean};
use super::seeds::{self, LEVEL};
use crate::audit::judgement::Judgement;
use crate::audit::kind::Kind;
use crate::stats::{best_of_arms, binomial_upper_tail};
use dunwu::answer::wording::{counted, number};
use std::collections::BTreeSet;

/// Judges it.
pub(super) fn judge(arms: &Arms<'_>) -> Judgement {
    let kind = Kind::BestOfMany;
    if let Some(judgement) = of_repetitions(arms) {
        return judgement;
    }
    let every: Vec<usize> = (0..arms.data.n_rows()).collect();
    let names = arms.data.distinct(arms.roles.compared, &every);
    if names.len() == 2 {
        let reported = if arms.claim.reported.is_some() {
            ""
        } else {
            "; whether a reported number is the best of several tells --reported"
        };
        return Judgement::nothing(
            kind,
            format!("The table has two values of {} and no more{reported}.", arms.claim.setting),
        );
    }
    let of = |name: &String| -> Option<Values> {
        let rows: Vec<usize> =
            every.iter().copied().filter(|&row| arms.data.key(row, arms.roles.compared) == *name).collect();
        arms.values_of(&rows)
    };
    let values: Option<Vec<Values>> = names.iter().map(of).collect();
    let Some(values) = values.filter(|values| values.iter().all(|values| !values.is_empty())) else {
        return Judgement::cannot_tell(kind, "No column counts repetitions; name it with --seed.");
    };
    let winner = arms.winner();
    let place = |arm: usize| {
        let key = arms.data.key(arms.rows[arm][0], arms.roles.compared);
        names.iter().position(|name| *name == key)
    };
    let (Some(best), Some(baseline)) = (place(winner), place(1 - winner)) else {
        return Judgement::cannot_tell(kind, "The arms are not among the values of the compared setting.");
    };
    let means: Vec<f64> =
        values.iter().map(|values| arms.sign * mean(values.values().copied()).unwrap_or(f64::NAN)).collect();
    if means.iter().any(|other| *other > means[best]) {
        let better = means.iter().filter(|other| **other > means[best]).count();
        return Judgement::nothing(
            kind,
            format!("{} is not the best of the {}: {better} are ahead of it.", arms.name(winner), names.len()),
        );
    }
    let p = p_of_best(&values, baseline, arms, names.len());
    let n = names.len();
    let found = format!(
        "{} is the best of {n} values of {}; the best of {n} equal ones would be so far ahead of {} with probability {}",
        arms.name(winner),
        arms.claim.setting,
        arms.claim.arms[1 - winner],
        number(p)
    );
    // A difference that is not even shown between the two alone is a matter of seeds.
    let judgement = if p > LEVEL {
        Judgement::misleads(kind, format!("{found}."))
    } else {
        Judgement::nothing(kind, format!("{found}."))
    };
    judgement.with("values compared", n as f64).with("p of the best", p)
}

/// p of the best of all arms against the baseline: by permutation within the repetitions that all arms share, else by Šidák's bound
/// 1 − (1 − p)^(k − 1) on the p of the two arms (Šidák 1967).
fn p_of_best(values: &[Values], baseline: usize, arms: &Arms<'_>, n: usize) -> f64 {
    let shared: BTreeSet<&String> =
        values[0].keys().filter(|seed| values.iter().all(|values| values.contains_key(*seed))).collect();
    let is_shared = arms.roles.seed.is_some() && values.iter().all(|values| values.len() == shared.len());
    let rows: Vec<Vec<f64>> =
        values.iter().map(|values| shared.iter().map(|seed| arms.sign * values[*seed]).collect()).collect();
    let alone = || seeds::compare(arms).map_or(1.0, |compared| 1.0 - (1.0 - compared.p).powi(n as i32 - 1));
    is_shared.then(|| best_of_arms(&rows, baseline)).flatten().unwrap_or_else(alone)
}

/// Whether the reported number is the best repetition and not their mean.
fn of_repetitions(arms: &Arms<'_>) -> Option<Judgement> {
    let kind = Kind::BestOfMany;
    let reported = arms.claim.reported?;
    let winner = arms.winner();
    let values = arms.values(winner)?;
    let middle = mean(values.values().copied())?;
    let best = values.values().copied().max_by(|a, b| (arms.sign * a).total_cmp(&(arms.sign * b)))?;
    let n = values.len();
    if n < 2 || reported.fits(middle) || !reported.fits(best) {
        return None;
    }
    // Among n repetitions the median is passed by the best with probability 1 − 2⁻ⁿ.
    let chance = binomial_upper_tail(1, n, 0.5);
    Some(
        Judgement::misleads(
            kind,
            format!(
                "The reported {} is the best of {} of {}; their mean is {}.",
                reported.value,
                counted(n, "repetition"),
                arms.name(winner),
                number(middle)
            ),
        )
        .with("reported", reported.value)
        .with("best repetition", best)
        .with("mean of the repetitions", middle)
        .with("repetitions", n as f64)
        .with("chance that the best of so many is above the median", chance),
    )
}

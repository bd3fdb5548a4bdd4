//! Whether there are enough repetitions to tell the difference from chance.

use super::arms::Arms;
use crate::audit::judgement::Judgement;
use crate::audit::kind::Kind;
use crate::stats::{paired_permutation, two_sample_permutation};
use dunwu::answer::wording::{counted, number};

/// A difference is shown at this level.
pub(super) const LEVEL: f64 = 0.05;

/// How two arms compare over their repetitions.
pub(super) struct Compared {
    /// The mean of the second less that of the first.
    pub difference: f64,
    /// Repetitions of either arm; the pairs where they are paired.
    pub n: [usize; 2],
    /// Whether repetitions of one name were paired.
    pub is_paired: bool,
    /// Two-sided p of the exact permutation test.
    pub p: f64,
    /// The least p that so many repetitions can reach.
    pub least: f64,
}

/// Compares both arms; `None` where an arm has no value or its repetitions are not known.
pub(super) fn compare(arms: &Arms<'_>) -> Option<Compared> {
    let [a, b] = [arms.values(0)?, arms.values(1)?];
    if a.is_empty() || b.is_empty() {
        return None;
    }
    let pairs: Vec<f64> = a.iter().filter_map(|(seed, a)| Some(b.get(seed)? - a)).collect();
    // Pairs where most repetitions have one.
    if arms.roles.seed.is_some() && 2 * pairs.len() > a.len().max(b.len()) {
        let n = pairs.len();
        let difference = pairs.iter().sum::<f64>() / n as f64;
        let least = 2.0_f64.powi(1 - n.min(1000) as i32);
        return Some(Compared { difference, n: [n, n], is_paired: true, p: paired_permutation(&pairs), least });
    }
    let [a, b] = [a, b].map(|values| values.into_values().collect::<Vec<f64>>());
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let divisions = (0..a.len()).map(|i| (a.len() + b.len() - i) as f64 / (i + 1) as f64).product::<f64>();
    let least = if a.len() == b.len() { 2.0 / divisions } else { 1.0 / divisions };
    Some(Compared {
        difference: mean(&b) - mean(&a),
        n: [a.len(), b.len()],
        is_paired: false,
        p: two_sample_permutation(&a, &b),
        least: least.min(1.0),
    })
}

/// Judges it.
pub(super) fn judge(arms: &Arms<'_>) -> Judgement {
    let kind = Kind::TooFewSeeds;
    let Some(compared) = compare(arms) else {
        return Judgement::cannot_tell(
            kind,
            "No column counts repetitions, or an arm has no value of the measure; name that column with --seed.",
        );
    };
    let Compared { difference, n, is_paired, p, least } = compared;
    let what = if is_paired { counted(n[0], "pair") } else { format!("{} and {} repetitions", n[0], n[1]) };
    let found = format!(
        "over {what} the difference in {} is {} (exact permutation test, p = {})",
        arms.claim.measure,
        number(difference),
        number(p)
    );
    let judgement = if p <= LEVEL {
        Judgement::nothing(kind, format!("It is shown: {found}."))
    } else if least > LEVEL {
        let least = number(least);
        Judgement::misleads(
            kind,
            format!("It could not be shown by so few: {found}; the least p that they can reach is {least}."),
        )
    } else {
        Judgement::misleads(kind, format!("It is not shown: {found}."))
    };
    judgement
        .with("difference of the means, second less first", difference)
        .with("repetitions of the first arm", n[0] as f64)
        .with("repetitions of the second arm", n[1] as f64)
        .with("p", p)
        .with("least p that so many can reach", least)
}

//! Whether the arms differ in more than the compared setting, and whether both were tuned alike.

use super::arms::{Arms, mean};
use super::seeds::LEVEL;
use crate::audit::judgement::Judgement;
use crate::audit::kind::Kind;
use crate::stats::paired_permutation;
use dunwu::answer::wording::list;
use std::collections::{BTreeMap, BTreeSet};

/// The values of one setting that either arm was run with.
struct Tried {
    column: usize,
    values: [Vec<String>; 2],
}

impl Tried {
    fn of(arms: &Arms<'_>, column: usize) -> Self {
        Self { column, values: arms.rows.each_ref().map(|rows| arms.data.distinct(column, rows)) }
    }

    /// Whether an arm does not have the setting at all, as a β₂ of an optimizer without one.
    fn is_foreign(&self) -> bool {
        self.values.iter().any(|values| values.len() == 1 && values[0] == "none")
    }

    fn sentence(&self, arms: &Arms<'_>) -> String {
        let [a, b] = self.values.each_ref().map(|values| list(values, 5));
        let name = &arms.data.names[self.column];
        format!("{name} is {a} with {} and {b} with {}", arms.name(0), arms.name(1))
    }
}

fn tried(arms: &Arms<'_>) -> Vec<Tried> {
    let tried = arms.roles.settings.iter().map(|&column| Tried::of(arms, column));
    tried.filter(|tried| !tried.is_foreign()).collect()
}

/// Judges whether the arms differ in more than the compared setting.
pub(super) fn confounded(arms: &Arms<'_>) -> Judgement {
    let kind = Kind::ConfoundedArms;
    let tried = tried(arms);
    let is_tuned = |tried: &&Tried| arms.roles.tuned.contains(&tried.column);
    // Arms with other numbers of values were tuned unlike; that is judged apart.
    let differing: Vec<&Tried> = tried
        .iter()
        .filter(|tried| !is_tuned(tried))
        .filter(|Tried { values: [a, b], .. }| a != b && a.len() == b.len())
        .collect();
    if !differing.is_empty() {
        let sentences: Vec<String> = differing.iter().map(|tried| tried.sentence(arms)).collect();
        let rows = arms
            .rows
            .iter()
            .enumerate()
            .filter_map(|(arm, rows)| Some(format!("row {} has {}", rows.first()? + 1, arms.name(arm))));
        return Judgement::misleads(kind, format!("The arms differ in more: {}.", sentences.join("; ")))
            .with("settings that differ beside the compared one", differing.len() as f64)
            .with_rows(rows);
    }
    let same: Vec<usize> = tried
        .iter()
        .filter(|tried| !is_tuned(tried) && tried.values[0] == tried.values[1])
        .map(|tried| tried.column)
        .collect();
    let combinations =
        arms.rows.each_ref().map(|rows| rows.iter().map(|&row| arms.data.keys(row, &same)).collect::<BTreeSet<_>>());
    let alone = [0, 1].map(|arm| combinations[arm].difference(&combinations[1 - arm]).count());
    if alone != [0, 0] {
        return Judgement::misleads(
            kind,
            format!(
                "{} combinations of the other settings have rows of {} alone, {} of {} alone.",
                alone[0],
                arms.name(0),
                alone[1],
                arms.name(1)
            ),
        )
        .with("combinations of the first arm alone", alone[0] as f64)
        .with("combinations of the second arm alone", alone[1] as f64);
    }
    let sentence = match tried.len() {
        0 => "The table has no other setting; what it does not name may differ.".to_owned(),
        n => format!("Both arms have the same values of the other {n} settings in the table."),
    };
    Judgement::nothing(kind, sentence).with("other settings in the table", tried.len() as f64)
}

/// Judges whether the arm that lost was tuned less.
pub(super) fn untuned(arms: &Arms<'_>) -> Judgement {
    let kind = Kind::UntunedBaseline;
    let tried = tried(arms);
    let winner = arms.winner();
    let loser = 1 - winner;
    let fewer: Vec<&Tried> =
        tried.iter().filter(|tried| tried.values[loser].len() < tried.values[winner].len()).collect();
    if !fewer.is_empty() {
        let sentences: Vec<String> = fewer.iter().map(|tried| tried.sentence(arms)).collect();
        let sizes = |arm: usize| fewer.iter().map(|tried| tried.values[arm].len()).product::<usize>() as f64;
        return Judgement::misleads(kind, format!("{} was tuned less: {}.", arms.name(loser), sentences.join("; ")))
            .with("combinations tried with the arm that won", sizes(winner))
            .with("combinations tried with the arm that lost", sizes(loser));
    }
    let varied: Vec<&Tried> = tried.iter().filter(|tried| tried.values.iter().any(|values| values.len() > 1)).collect();
    if varied.is_empty() {
        return Judgement::cannot_tell(
            kind,
            "Every other setting has one value: the table does not show how the arms were tuned; give one with the rows of the tuning.",
        );
    }
    let at_edge: Vec<String> = varied.iter().filter_map(|tried| edge(arms, tried, loser)).collect();
    if !at_edge.is_empty() && varied.iter().all(|tried| edge(arms, tried, winner).is_none()) {
        return Judgement::misleads(
            kind,
            format!("The best of {} lies at the edge of what was tried: {}.", arms.name(loser), at_edge.join("; ")),
        );
    }
    let names: Vec<String> = varied.iter().map(|tried| arms.data.names[tried.column].clone()).collect();
    Judgement::nothing(kind, format!("Both arms were run with as many values of {}.", list(&names, 4)))
}

/// Where the best of three or more numeric values is the first or the last and better than its neighbour beyond chance (paired
/// permutation test over the seeds): a better one may lie beyond.
fn edge(arms: &Arms<'_>, tried: &Tried, arm: usize) -> Option<String> {
    let seed = arms.roles.seed?;
    let mut by_value: BTreeMap<u64, (f64, BTreeMap<String, f64>)> = BTreeMap::new();
    for &row in &arms.rows[arm] {
        let (value, measured) = (arms.data.number(row, tried.column)?, arms.value(row)?);
        // The order of non-negative floats is that of their bits.
        let entry = by_value.entry(value.max(0.0).to_bits()).or_insert((value, BTreeMap::new()));
        entry.1.insert(arms.data.key(row, seed), arms.sign * measured);
    }
    let list: Vec<(f64, BTreeMap<String, f64>)> = by_value.into_values().collect();
    if list.len() < 3 {
        return None;
    }
    let means: Vec<f64> = list.iter().filter_map(|(_, values)| mean(values.values().copied())).collect();
    let best = (0..means.len()).max_by(|&a, &b| means[a].total_cmp(&means[b]))?;
    let neighbour = match best {
        0 => 1,
        best if best + 1 == list.len() => best - 1,
        _ => return None,
    };
    let pairs: Vec<f64> =
        list[best].1.iter().filter_map(|(seed, value)| Some(value - list[neighbour].1.get(seed)?)).collect();
    (paired_permutation(&pairs) <= LEVEL)
        .then(|| format!("{} = {}, better than {}", arms.data.names[tried.column], list[best].0, list[neighbour].0))
}

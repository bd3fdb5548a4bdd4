//! Held-out samples that are mirror images of training samples: two inputs exchanged, or a square image from right to left.

use super::samples::Samples;
use crate::audit::data::Data;
use crate::audit::judgement::Judgement;
use crate::audit::kind::Kind;
use crate::stats::binomial_upper_tail;
use dunwu::answer::wording::percent;
use std::collections::{BTreeMap, BTreeSet};

/// Labels of mirror images agree beyond chance from this p on.
const LEVEL: f64 = 1e-4;
/// Inputs of which every pair is exchanged; of more, only images are looked at.
const MOST_INPUTS: usize = 12;
/// Held-out samples with a mirror image that are enough to count.
const ENOUGH: usize = 3;

/// Judges it.
///
/// A mirror image leaks where it has the same answer: the share of mirror images with the same label has to be nearly all, and
/// beyond what the labels' frequencies give by chance.
pub(super) fn judge(samples: &Samples) -> Judgement {
    let kind = Kind::MirrorImages;
    let Some(label) = samples.label else {
        return Judgement::cannot_tell(kind, "Which column is the label is not known; name it with --label.");
    };
    let mirrors = mirrors(samples);
    if mirrors.is_empty() {
        return Judgement::nothing(
            kind,
            "No two inputs have the same values, and the inputs are no square image: there is nothing to mirror.",
        );
    }
    let Samples { train, test, inputs, .. } = samples;
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for row in 0..train.n_rows() {
        places.entry(train.keys(row, inputs)).or_insert(row);
    }
    let chance = chance_of_agreement(train, label);
    let mut seen = Vec::new();
    for Mirror { name, order } in &mirrors {
        let images: Vec<(usize, usize)> = (0..test.n_rows())
            .filter_map(|row| {
                let (own, image) = (test.keys(row, inputs), test.keys(row, order));
                // A sample that is its own image, or is itself trained on, is another matter.
                if own == image || places.contains_key(&own) { None } else { Some((row, *places.get(&image)?)) }
            })
            .collect();
        let same: Vec<&(usize, usize)> =
            images.iter().filter(|(row, image)| test.key(*row, label) == train.key(*image, label)).collect();
        let p = binomial_upper_tail(same.len(), images.len(), chance);
        seen.push(images.len());
        if same.len() >= ENOUGH && 10 * same.len() >= 9 * images.len() && p <= LEVEL {
            let share = same.len() as f64 / test.n_rows() as f64;
            return Judgement::misleads(
                kind,
                format!(
                    "{} of {} held-out samples ({}) are training samples with {name}, and have the same label in {} of {} cases.",
                    images.len(),
                    test.n_rows(),
                    percent(share),
                    same.len(),
                    images.len()
                ),
            )
            .with("share of held-out samples whose mirror image was trained on", share)
            .with("share of the same label by chance", chance)
            .with("p of as many of the same label by chance", p)
            .with_rows(same.iter().map(|(row, image)| format!("test row {} mirrors train row {}", row + 1, image + 1)));
        }
    }
    let most = seen.iter().copied().max().unwrap_or(0);
    Judgement::nothing(
        kind,
        match most {
            0 => "No held-out sample is a mirror image of a training sample.".to_owned(),
            n => {
                format!("{n} held-out samples mirror a training sample, and their labels agree no more than by chance.")
            }
        },
    )
}

/// A way to mirror a sample: the inputs in another order.
struct Mirror {
    name: String,
    order: Vec<usize>,
}

fn mirrors(samples: &Samples) -> Vec<Mirror> {
    let Samples { train, inputs, .. } = samples;
    let mut mirrors = Vec::new();
    let side = (inputs.len() as f64).sqrt().round() as usize;
    if side >= 3 && side * side == inputs.len() && inputs.iter().all(|&column| train.is_numeric(column)) {
        let at = |place: usize| inputs[place / side * side + (side - 1 - place % side)];
        mirrors.push(Mirror {
            name: format!("each row of {side} inputs from right to left"),
            order: (0..inputs.len()).map(at).collect(),
        });
    }
    if inputs.len() <= MOST_INPUTS {
        let values: Vec<BTreeSet<String>> =
            inputs.iter().map(|&column| (0..train.n_rows()).map(|row| train.key(row, column)).collect()).collect();
        for first in 0..inputs.len() {
            for second in first + 1..inputs.len() {
                let common = values[first].intersection(&values[second]).count();
                if 2 * common > values[first].len().max(values[second].len()) && common > 1 {
                    let mut order = inputs.clone();
                    order.swap(first, second);
                    let [a, b] = [first, second].map(|place| &train.names[inputs[place]]);
                    mirrors.push(Mirror { name: format!("{a} and {b} exchanged"), order });
                }
            }
        }
    }
    mirrors
}

/// Probability that two samples have the same label by chance: Σ p².
fn chance_of_agreement(train: &Data, label: usize) -> f64 {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for row in 0..train.n_rows() {
        *counts.entry(train.key(row, label)).or_default() += 1;
    }
    counts.values().map(|&count| (count as f64 / train.n_rows() as f64).powi(2)).sum()
}

//! Held-out samples that are among the training samples, or nearly so.

use super::samples::Samples;
use crate::audit::data::Data;
use crate::audit::judgement::Judgement;
use crate::audit::kind::Kind;
use crate::stats::{binomial_upper_tail, fisher_greater};
use dunwu::answer::wording::percent;
use std::collections::BTreeMap;

/// More held-out samples with a twin than training samples have among themselves is no chance from this p on.
const LEVEL: f64 = 1e-3;
/// Fewer held-out samples than this share do nothing to a score.
const HARMLESS: f64 = 0.005;
/// A near twin lies within this part of the usual distance to the nearest other sample.
const NEAR: f64 = 0.02;
/// Samples of which neighbours are looked for: of these held-out ones, among those training ones.
const MOST: [usize; 2] = [1000, 4000];

/// Judges it.
///
/// Samples may repeat by nature, as those with few discrete inputs do. What held-out samples would share with the training sample without
/// leakage is what a training sample shares with the others: Fisher's exact test compares the two shares. Where an input is a measurement,
/// whose values hardly ever come back, every repeated sample is a copy. Fewer than one in 200 do nothing to a score.
pub(super) fn judge(samples: &Samples) -> Judgement {
    let kind = Kind::Duplicates;
    let Samples { train, test, inputs, .. } = samples;
    if inputs.is_empty() {
        return Judgement::cannot_tell(kind, "The files have no column beside the label.");
    }
    let mut places: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for row in 0..train.n_rows() {
        places.entry(train.keys(row, inputs)).or_default().push(row);
    }
    let twins: Vec<(usize, usize)> =
        (0..test.n_rows()).filter_map(|row| Some((row, *places.get(&test.keys(row, inputs))?.first()?))).collect();
    let among: usize = places.values().filter(|rows| rows.len() > 1).map(Vec::len).sum();
    let shares = [twins.len() as f64 / test.n_rows() as f64, among as f64 / train.n_rows() as f64];
    let p = fisher_greater((twins.len(), test.n_rows()), (among, train.n_rows()));
    let rows = twins.iter().map(|(row, twin)| format!("test row {} = train row {}", row + 1, twin + 1));
    let is_copied = among == 0 && twins.len() > 1 && inputs.iter().any(|&column| is_measured(train, column));
    if shares[0] >= HARMLESS && (p <= LEVEL || is_copied) {
        return Judgement::misleads(
            kind,
            format!(
                "{} of {} held-out samples ({}) have the inputs of a training sample; among training samples {} do.",
                twins.len(),
                test.n_rows(),
                percent(shares[0]),
                percent(shares[1])
            ),
        )
        .with("share of held-out samples that are training samples", shares[0])
        .with("share of training samples that another one repeats", shares[1])
        .with("p of more by chance", p)
        .with_rows(rows);
    }
    if let Some(judgement) = near(samples) {
        return judgement;
    }
    let sentence = match (twins.len(), among) {
        (0, _) => "No held-out sample has the inputs of a training sample, and none lies nearly on one.".to_owned(),
        (n, _) => format!(
            "{n} of {} held-out samples ({}) have the inputs of a training sample, no more than training samples repeat each other ({}).",
            test.n_rows(),
            percent(shares[0]),
            percent(shares[1])
        ),
    };
    Judgement::nothing(kind, sentence).with("share of held-out samples that are training samples", shares[0])
}

/// Whether the values of a column are no whole numbers and nine in ten differ.
fn is_measured(data: &Data, column: usize) -> bool {
    let values: Vec<f64> = (0..data.n_rows()).filter_map(|row| data.number(row, column)).collect();
    let mut distinct = values.clone();
    distinct.sort_by(f64::total_cmp);
    distinct.dedup();
    10 * distinct.len() > 9 * data.n_rows() && values.iter().any(|x| x.fract() != 0.0)
}

/// Samples that lie far nearer to a training sample than training samples lie to each other.
fn near(samples: &Samples) -> Option<Judgement> {
    let Samples { train, test, inputs, .. } = samples;
    let numeric: Vec<usize> =
        inputs.iter().copied().filter(|&column| train.is_numeric(column) && test.is_numeric(column)).collect();
    let others: Vec<usize> = inputs.iter().copied().filter(|column| !numeric.contains(column)).collect();
    let points = Points::of(train, &numeric, &others, MOST[1])?;
    let scaled = |data: &Data, most: usize| Points::scaled(data, &numeric, &others, &points.scale, most);
    let held_out = scaled(test, MOST[0]);
    // As many training samples as held-out ones, each against all others.
    let own: Vec<(usize, f64)> = nearest(&points.points[..points.points.len().min(MOST[0])], &points.points, true);
    let found = nearest(&held_out, &points.points, false);
    let mut usual: Vec<f64> =
        own.iter().map(|(_, distance)| *distance).filter(|distance| *distance > 0.0 && distance.is_finite()).collect();
    if usual.len() < 10 {
        return None;
    }
    usual.sort_by(f64::total_cmp);
    let limit = NEAR * usual[usual.len() / 2];
    let twins: Vec<(usize, usize)> = found
        .iter()
        .enumerate()
        .filter(|(_, (_, distance))| *distance < limit)
        .map(|(row, (twin, _))| (row, *twin))
        .collect();
    let among = own.iter().filter(|(_, distance)| *distance < limit).count();
    // Where samples are spread evenly in d dimensions, a distance below ε times its median has probability 1 − 2^(−ε^d) ≤ ε ln 2.
    let even =
        if among == 0 { binomial_upper_tail(twins.len(), found.len(), NEAR * std::f64::consts::LN_2) } else { 1.0 };
    let p = fisher_greater((twins.len(), found.len()), (among, own.len())).min(even);
    (twins.len() > 1 && twins.len() as f64 >= HARMLESS * found.len() as f64 && p <= LEVEL).then(|| {
        Judgement::misleads(
            Kind::Duplicates,
            format!(
                "{} of {} held-out samples lie within {} of the usual distance of a training sample; among training samples {} of {} do.",
                twins.len(),
                found.len(),
                percent(NEAR),
                among,
                own.len()
            ),
        )
        .with("share of held-out samples that nearly are training samples", twins.len() as f64 / found.len() as f64)
        .with("p of more by chance", p)
        .with_rows(twins.iter().map(|(row, twin)| format!("test row {} ≈ train row {}", row + 1, twin + 1)))
    })
}

/// A sample as a point, each coordinate over the spread of the training samples, and what has no distance as text.
type Point = (Vec<f64>, String);

struct Points {
    points: Vec<Point>,
    scale: Vec<f64>,
}

impl Points {
    /// `None` where there is no numeric input whose values differ.
    fn of(train: &Data, numeric: &[usize], others: &[usize], most: usize) -> Option<Self> {
        let spread = |&column: &usize| {
            let values: Vec<f64> = (0..train.n_rows()).filter_map(|row| train.number(row, column)).collect();
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt()
        };
        let scale: Vec<f64> = numeric.iter().map(spread).collect();
        scale
            .iter()
            .any(|spread| *spread > 0.0)
            .then(|| Self { points: Self::scaled(train, numeric, others, &scale, most), scale })
    }

    fn scaled(data: &Data, numeric: &[usize], others: &[usize], scale: &[f64], most: usize) -> Vec<Point> {
        let coordinate = |row: usize, (&column, &spread): (&usize, &f64)| {
            if spread > 0.0 { data.number(row, column).unwrap_or(0.0) / spread } else { 0.0 }
        };
        let point =
            |row| (numeric.iter().zip(scale).map(|axis| coordinate(row, axis)).collect(), data.keys(row, others));
        (0..data.n_rows().min(most)).map(point).collect()
    }
}

/// The nearest of `others` to each point with its distance; `is_same` where the points are the first of the others.
fn nearest(points: &[Point], others: &[Point], is_same: bool) -> Vec<(usize, f64)> {
    let nearest = |(row, (point, text)): (usize, &Point)| {
        let mut best = (0, f64::INFINITY);
        for (index, (other, other_text)) in others.iter().enumerate() {
            if (is_same && index == row) || text != other_text {
                continue;
            }
            let mut sum = 0.0;
            for (a, b) in point.iter().zip(other) {
                sum += (a - b) * (a - b);
                if sum >= best.1 {
                    break;
                }
            }
            if sum < best.1 {
                best = (index, sum);
            }
        }
        (best.0, best.1.sqrt())
    };
    points.iter().enumerate().map(nearest).collect()
}

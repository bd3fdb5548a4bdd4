//! What the past of a run shows: ratios to its start and rates of change, never sizes.
//!
//! Levels and norms of one network mean nothing in another; what grows, and how fast, does.

use super::coordinates::{Input, UNDEFINED};
use dunwu::measure::{self, Handle, shape};
use dunwu::opened::Frame;
use dunwu::run::Past;
use dunwu_engine::Scalars;

/// Which part of a past a sign reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Losses and accuracies of the training sample.
    Training,
    /// Losses and accuracies of held-out samples.
    HeldOut,
    /// Weights and activations on the training sample.
    Inside,
    /// Weights in the basis of the declared group.
    Group,
}

/// Signs by what they read; each source adds to those before it.
pub const N_TRAINING: usize = 7;
/// Signs that need held-out samples.
pub const N_HELD_OUT: usize = 12;
/// Signs that need snapshots.
pub const N_INSIDE: usize = 3 * INSIDE.len();
/// Signs that need snapshots and a group.
pub const N_GROUP: usize = 3 * GROUP.len();
/// All of them.
pub const N_SIGNS: usize = N_TRAINING + N_HELD_OUT + N_INSIDE + N_GROUP;

/// The place of the number of steps made, which means something else in every family.
pub const STEP: usize = 1;

/// Names of the signs of losses and accuracies, in their order.
pub const SIGNS: [Input; N_TRAINING + N_HELD_OUT] = [
    Input { name: "elapsed", words: "share of the steps made" },
    Input { name: "step", words: "steps made" },
    Input { name: "train_loss", words: "training loss against its start" },
    Input { name: "train_loss_slope", words: "fall of the training loss since half the time" },
    Input { name: "train_accuracy", words: "training accuracy above chance" },
    Input { name: "memorized", words: "when the training sample was memorized" },
    Input { name: "train_accuracy_slope", words: "rise of the training accuracy since half the time" },
    Input { name: "test_loss", words: "held-out loss against its start" },
    Input { name: "test_loss_slope", words: "fall of the held-out loss since half the time" },
    Input { name: "test_loss_earlier_slope", words: "fall of the held-out loss in the octave before" },
    Input { name: "test_loss_above_least", words: "held-out loss against its least" },
    Input { name: "test_accuracy", words: "held-out accuracy above chance" },
    Input { name: "test_logit", words: "log odds of the held-out accuracy against chance" },
    Input { name: "test_logit_slope", words: "rise of these odds since half the time" },
    Input { name: "test_best", words: "best log odds of the held-out accuracy" },
    Input { name: "gap", words: "held-out loss against training loss" },
    Input { name: "test_evidence", words: "standard errors of the held-out accuracy above chance" },
    Input { name: "test_reach", words: "held-out accuracy at the end if it goes on rising as now" },
    Input { name: "test_loss_reach", words: "held-out loss at the end if it goes on falling as now" },
];

/// Numbers of the inside: each gives a sign for its value, its growth since the start and since half the time.
pub const INSIDE: [Input; 8] = [
    Input { name: "hidden_norm", words: "norm of the hidden weights" },
    Input { name: "top_norm", words: "norm of the top weights" },
    Input { name: "gradient_norm", words: "norm of the gradient at the features" },
    Input { name: "class_signal", words: "how far units are decided by labels" },
    Input { name: "best_class_signal", words: "how far the best tenth of the units is decided by labels" },
    Input { name: "label_share", words: "share of the labels that a unit tells apart" },
    Input { name: "fit_concentration", words: "share of the fit that the best tenth of the units does" },
    Input { name: "gradient_alignment", words: "how far units climb their own energy" },
];

/// Numbers of the group's basis, likewise.
pub const GROUP: [Input; 3] = [
    Input { name: "purity", words: "how far units are features of one irrep" },
    Input { name: "best_purity", words: "how far the best tenth of the units is of one irrep" },
    Input { name: "irreps", words: "share of the irreps that pure units carry" },
];

/// The places in [`measure::MEASURES`] that the numbers of the inside are read off.
pub fn measured(has_group: bool) -> Vec<usize> {
    let mut places = vec![
        measure::HIDDEN_NORM.index(),
        measure::TOP_NORM.index(),
        measure::GRADIENT_NORM.index(),
        measure::GRADIENT_ALIGNMENT.index(),
        measure::UNIT_CLASS_SIGNAL_TRAIN.index(),
        measure::UNIT_CLASS_PARTICIPATION.index(),
        measure::UNIT_FIT_TRAIN.index(),
    ];
    if has_group {
        places.extend([measure::UNIT_PURITY.index(), measure::IRREP_UNITS.index()]);
    }
    places
}

/// What signs are read from: of a past, only what they need.
#[derive(Clone, Copy, Debug)]
pub struct Glance<'a> {
    /// The present step.
    pub step: u64,
    /// Steps of the whole run.
    pub steps: u64,
    /// Labels M.
    pub n_labels: usize,
    /// Held-out samples.
    pub n_test: usize,
    /// Training accuracy that counts as memorized.
    pub memorized: f64,
    /// Losses and accuracies so far.
    pub scalars: &'a [Scalars],
    /// The numbers of [`INSIDE`] and [`GROUP`] so far, with their steps.
    pub inside: &'a [(u64, Numbers)],
}

/// The numbers of [`INSIDE`] and [`GROUP`] at a snapshot.
pub type Numbers = [Option<f64>; INSIDE.len() + GROUP.len()];

/// Every sign of a past, in the order training, held-out, inside, group; [`UNDEFINED`] where a past does not show it.
pub fn signs(past: &Past<'_>) -> [f32; N_SIGNS] {
    let inside: Vec<(u64, Numbers)> = past.frames().iter().map(|frame| (frame.step, numbers(past, frame))).collect();
    signs_of(&Glance {
        step: past.step(),
        steps: past.spec().steps,
        n_labels: past.n_labels(),
        n_test: past.n_population().saturating_sub(past.n_train()),
        memorized: past.spec().events.memorized,
        scalars: past.scalars(),
        inside: &inside,
    })
}

/// The numbers of the inside at a frame.
pub fn numbers(past: &Past<'_>, frame: &Frame) -> Numbers {
    std::array::from_fn(|number| inside(past, frame, number).filter(|value| value.is_finite()))
}

/// The same from a glance.
pub fn signs_of(glance: &Glance<'_>) -> [f32; N_SIGNS] {
    let mut signs = [UNDEFINED; N_SIGNS];
    let mut places = signs.iter_mut();
    let mut put = |value: Option<f64>| {
        let place = places.next().expect("a place for every sign");
        if let Some(value) = value.filter(|value| value.is_finite()) {
            *place = value.clamp(-50.0, 50.0) as f32;
        }
    };
    of_scalars(glance, &mut put);
    let at = |step: u64| glance.inside.iter().rev().find(|row| row.0 <= step);
    let (first, half, last) = (glance.inside.first(), at(glance.step / 2), glance.inside.last());
    for number in 0..INSIDE.len() + GROUP.len() {
        let read = |row: Option<&(u64, Numbers)>| row.and_then(|row| row.1[number]);
        let (first, half, last) = (read(first), read(half), read(last));
        let is_size = number < 3;
        put(last.filter(|_| !is_size));
        put(last.zip(first).map(|(last, first)| last - first));
        put(last.zip(half).map(|(last, half)| last - half));
    }
    signs
}

fn of_scalars(glance: &Glance<'_>, put: &mut impl FnMut(Option<f64>)) {
    let (rows, step) = (glance.scalars, glance.step);
    let steps = glance.steps.max(1) as f64;
    let chance = 1.0 / glance.n_labels.max(2) as f64;
    let n_test = glance.n_test.max(1) as f64;
    let at = |step: u64| rows.iter().rev().find(|row| row.step <= step);
    let (first, now, half, quarter) = (rows.first(), rows.last(), at(step / 2), at(step / 4));
    let log_ratio = |loss: fn(&Scalars) -> Option<f64>, row: Option<&Scalars>, from: Option<&Scalars>| {
        let (value, from) = (loss(row?)?, loss(from?)?);
        (from > 0.0).then(|| (value.max(1e-9) / from.max(1e-9)).ln())
    };
    let normal = |accuracy: f64| (accuracy - chance) / (1.0 - chance);
    // Shares of few samples are drawn to the middle by half a sample.
    let odds = |accuracy: f64| ((accuracy * n_test + 0.5) / ((1.0 - accuracy) * n_test + 0.5)).ln();
    let surplus = |row: Option<&Scalars>| Some(odds(row?.test_accuracy?) - (chance / (1.0 - chance)).ln());
    let train = |row: &Scalars| Some(row.train_loss);
    let test = |row: &Scalars| row.test_loss;
    let done = (step as f64 / steps).max(1e-6);
    put(Some(done.ln()));
    put(Some((step.max(1) as f64).ln()));
    put(log_ratio(train, now, first));
    put(log_ratio(train, now, half));
    put(now.map(|row| normal(row.train_accuracy)));
    let memorized = rows.iter().find(|row| row.train_accuracy >= glance.memorized);
    put(memorized.map(|row| (row.step.max(1) as f64 / step.max(1) as f64).ln()));
    put(now.zip(half).map(|(now, half)| now.train_accuracy - half.train_accuracy));
    put(log_ratio(test, now, first));
    put(log_ratio(test, now, half));
    put(log_ratio(test, half, quarter));
    let least = rows.iter().filter_map(test).fold(f64::INFINITY, f64::min);
    put(now.and_then(test).map(|loss| (loss.max(1e-9) / least.max(1e-9)).ln()));
    let accuracy = now.and_then(|row| row.test_accuracy);
    put(accuracy.map(normal));
    put(surplus(now));
    put(surplus(now).zip(surplus(half)).map(|(now, half)| now - half));
    put(rows.iter().filter_map(|row| surplus(Some(row))).max_by(f64::total_cmp));
    put(now.and_then(|row| Some((row.test_loss?.max(1e-9) / row.train_loss.max(1e-9)).ln())));
    put(accuracy.map(|accuracy| (accuracy - chance) / (chance * (1.0 - chance) / n_test).sqrt()));
    let recent = at(step - step / 4);
    let ahead = (steps - step as f64) / (step as f64 / 4.0).max(1.0);
    put(accuracy
        .zip(recent.and_then(|row| row.test_accuracy))
        .map(|(now, recent)| (normal(now) + (now - recent) * ahead.min(100.0)).clamp(-1.0, 3.0)));
    put(log_ratio(test, now, first)
        .zip(log_ratio(test, now, recent))
        .map(|(now, slope)| now + slope * ahead.min(100.0)));
}

/// One number of the inside or of the group at a frame; sizes as logarithms.
fn inside(past: &Past<'_>, frame: &Frame, number: usize) -> Option<f64> {
    let size = |handle: Handle<shape::Scalar>| frame.scalar(handle).filter(|size| *size > 0.0).map(f64::ln);
    let units = |handle: Handle<shape::PerUnit>| -> Option<Vec<f64>> {
        let values: Vec<f64> = frame.entries(handle)?.iter().flatten().copied().collect();
        (!values.is_empty()).then_some(values)
    };
    let mean = |values: Vec<f64>| values.iter().sum::<f64>() / values.len() as f64;
    match number {
        0 => size(measure::HIDDEN_NORM),
        1 => size(measure::TOP_NORM),
        2 => size(measure::GRADIENT_NORM),
        3 => units(measure::UNIT_CLASS_SIGNAL_TRAIN).map(mean),
        4 => units(measure::UNIT_CLASS_SIGNAL_TRAIN).map(best_tenth).map(mean),
        5 => units(measure::UNIT_CLASS_PARTICIPATION).map(|labels| mean(labels) / past.n_labels() as f64),
        6 => {
            let fits: Vec<f64> = units(measure::UNIT_FIT_TRAIN)?.into_iter().map(f64::abs).collect();
            let all: f64 = fits.iter().sum();
            (all > 0.0).then(|| best_tenth(fits).iter().sum::<f64>() / all)
        }
        7 => frame.scalar(measure::GRADIENT_ALIGNMENT),
        8 => units(measure::UNIT_PURITY).map(mean),
        9 => units(measure::UNIT_PURITY).map(best_tenth).map(mean),
        _ => {
            let covered = frame.covered_irreps()?;
            let others = covered.len().checked_sub(1).filter(|others| *others > 0)?;
            Some(covered.iter().skip(1).filter(|covered| **covered).count() as f64 / others as f64)
        }
    }
}

/// The largest tenth of the values, one at least.
fn best_tenth(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(|a, b| b.total_cmp(a));
    values.truncate(values.len().div_ceil(10));
    values
}

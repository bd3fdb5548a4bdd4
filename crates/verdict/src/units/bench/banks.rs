//! Two trained banks of units side by side: one from other samples, which cannot have memorized, and one that turns wrong labels alone.
//!
//! The judged layer is the last hidden one of a network whose hidden units are those of both banks, and whose outputs are the sum of theirs.

use super::digits::{CLASSES, NoisyDigits};
use super::small_net::{Course, Lesson, SmallNet};
use crate::draw::Draw;
use crate::units::{Answers, LayerSamples, Matrix, Samples, UnitRole};

/// The layer of two banks, and what the units of each do.
pub(super) struct Banks {
    pub(super) samples: LayerSamples,
    pub(super) truth: Vec<UnitRole>,
}

/// Units of either bank.
const UNITS: usize = 64;
/// The numbered stream that weights are drawn from.
const BANK_STREAM: usize = 0xba2c;

impl Banks {
    /// Trains both banks from a seed.
    pub(super) fn train(seed: u64) -> Self {
        let digits = NoisyDigits::draw(seed, 1_000, 100, 297);
        let mut draw = Draw::of(BANK_STREAM, seed);
        let (width, course) = (digits.train.x.width(), Course { steps: 600, rate: 5e-3, decay: 1e-2 });
        let mut first = SmallNet::new((width, UNITS, CLASSES), &mut draw);
        let other = &digits.other;
        first.train(Lesson { x: &other.x, labels: &other.labels, frozen: None, taught: None }, course);
        let frozen = first.outputs(&digits.train.x);
        let mut taught = vec![false; digits.train.labels.len()];
        digits.wrong.iter().for_each(|&i| taught[i] = true);
        let mut second = SmallNet::new((width, UNITS, CLASSES), &mut draw);
        let lesson =
            Lesson { x: &digits.train.x, labels: &digits.train.labels, frozen: Some(&frozen), taught: Some(&taught) };
        second.train(lesson, Course { steps: 3_000, ..course });
        let readouts = [first.readout(), second.readout()];
        let weights = Matrix::from_fn(CLASSES, 2 * UNITS, |c, j| readouts[j / UNITS].0.row(c)[j % UNITS]);
        let bias = (0..CLASSES).map(|c| readouts[0].1[c] + readouts[1].1[c]).collect();
        let side = |x: &Matrix, labels: &[usize]| {
            let banks = [first.hidden(x), second.hidden(x)];
            let activation = Matrix::from_fn(x.height(), 2 * UNITS, |i, j| banks[j / UNITS].row(i)[j % UNITS]);
            let outputs = [first.outputs(x), second.outputs(x)];
            Samples {
                labels: labels.to_vec(),
                answers: Answers::Logits(Matrix::from_fn(x.height(), CLASSES, |i, c| {
                    outputs[0].row(i)[c] + outputs[1].row(i)[c]
                })),
                readout: activation.clone(),
                activation: Some(activation),
                input: Some(x.clone()),
            }
        };
        let samples = LayerSamples {
            name: format!("two banks, seed {seed}"),
            basis: "units".to_owned(),
            n_classes: CLASSES,
            sequence_chance: None,
            train: side(&digits.train.x, &digits.train.labels),
            held_out: Some(side(&digits.held_out.x, &digits.held_out.labels)),
            given_flags: None,
            output: Some((weights, bias)),
        };
        let truth = (0..2 * UNITS).map(|j| if j < UNITS { UnitRole::Generalizing } else { UnitRole::Memorizing });
        Self { samples, truth: truth.collect() }
    }
}

//! A network that learned shuffled labels by heart: nothing generalizes, so that no unit may be said to.

use super::digits::{CLASSES, NoisyDigits};
use super::small_net::{Course, Lesson, SmallNet};
use crate::draw::Draw;
use crate::units::{Answers, LayerSamples, Matrix, Samples};

/// Units of the hidden layer.
const UNITS: usize = 256;
/// The numbered stream of shuffled labels and initial weights.
const SHUFFLE_STREAM: usize = 0x5f1e;

/// The last hidden layer, with held-out labels shuffled like the training labels.
pub(super) fn shuffled(seed: u64) -> LayerSamples {
    let mut digits = NoisyDigits::draw(seed, 1_000, 0, 397);
    let mut draw = Draw::of(SHUFFLE_STREAM, seed);
    for labels in [&mut digits.train.labels, &mut digits.held_out.labels] {
        let order = draw.order(labels.len());
        *labels = order.into_iter().map(|i| labels[i]).collect();
    }
    let mut net = SmallNet::new((digits.train.x.width(), UNITS, CLASSES), &mut draw);
    let lesson = Lesson { x: &digits.train.x, labels: &digits.train.labels, frozen: None, taught: None };
    net.train(lesson, Course { steps: 1_000, rate: 3e-3, decay: 0.0 });
    let side = |x: &Matrix, labels: &[usize]| {
        let activation = net.hidden(x);
        Samples {
            labels: labels.to_vec(),
            answers: Answers::Logits(net.outputs(x)),
            readout: activation.clone(),
            activation: Some(activation),
            input: Some(x.clone()),
        }
    };
    LayerSamples {
        name: format!("shuffled labels, seed {seed}"),
        basis: "units".to_owned(),
        n_classes: CLASSES,
        sequence_chance: None,
        train: side(&digits.train.x, &digits.train.labels),
        held_out: Some(side(&digits.held_out.x, &digits.held_out.labels)),
        given_flags: None,
        output: Some(net.readout()),
    }
}

use super::{answer, flags_answer};
use crate::drawing_checks::assert_page_sound;
use crate::skin;
use dunwu_verdict::units::{Answers, Contributions, Flags, LayerSamples, LayerVerdict, Matrix, Samples};

/// A last hidden layer of four units over two classes: unit 0 tells them apart, unit 1 holds every tenth sample, which is labelled wrongly,
/// unit 2 is weak noise, unit 3 is dead.
fn layer(m: usize, wrong: bool) -> LayerSamples {
    let side = |n: usize, train: bool| {
        let truth = |i: usize| i % 2;
        let is_wrong = |i: usize| train && wrong && i.is_multiple_of(10);
        let activation = Matrix::from_fn(n, 4, |i, j| match j {
            0 => (if truth(i) == 1 { 2.0 } else { 0.2 }) + (i * 7 % 11) as f32 * 0.01,
            1 => f32::from(u8::from(is_wrong(i))) * 6.0,
            2 => (i * 5 % 13) as f32 * 0.01,
            _ => 0.0,
        });
        let labels: Vec<usize> = (0..n).map(|i| if is_wrong(i) { 1 } else { truth(i) }).collect();
        let logits = Matrix::from_fn(n, 2, |i, c| {
            let z = activation.row(i)[0] - 1.0 + activation.row(i)[1];
            if c == 1 { z } else { -z }
        });
        Samples {
            labels,
            answers: Answers::Logits(logits),
            readout: Matrix::from_fn(n, 1, |i, _| activation.row(i)[0]),
            activation: Some(activation),
            input: None,
        }
    };
    let weights = Matrix::from_fn(2, 4, |c, j| {
        if j == 2 {
            0.0
        } else if c == 1 {
            1.0
        } else {
            -1.0
        }
    });
    LayerSamples {
        name: "<h>".to_owned(),
        basis: "units".to_owned(),
        n_classes: 2,
        sequence_chance: None,
        train: side(400, true),
        held_out: (m > 0).then(|| side(m, false)),
        given_flags: None,
        output: Some((weights, vec![1.0, -1.0])),
    }
}

#[test]
fn every_answer_is_sound_in_every_skin() {
    let cases = [
        (300, true, "Units that only memorize hold "),
        (100, true, "It cannot be told what the 4 units do"),
        (
            0,
            true,
            "It cannot be told what the 4 units do, nor what share of the layer's memory could be located: there are no held-out",
        ),
        (300, false, "What share of the layer's memory can be located is not known with no flagged samples"),
    ];
    for (m, wrong, begin) in cases {
        let samples = layer(m, wrong);
        let verdict = LayerVerdict::of(&samples, &Contributions::of_last_layer(&samples)).unwrap();
        let answer = answer("a <file>", &verdict);
        assert!(answer.headline.starts_with(begin), "{}", answer.headline);
        assert_page_sound(&skin::page(&answer), begin);
        assert_eq!(crate::verbs::mistakes("units", &skin::json(&answer)), [""; 0], "{begin}");
        assert!(skin::terminal(&answer).contains("cannot tell"));
    }
    let samples = layer(300, true);
    let answer = flags_answer("a <file>", &samples.name, &Flags::of(&samples).unwrap());
    assert!(answer.headline.starts_with("40 of 400 training samples are flagged"), "{}", answer.headline);
    assert_page_sound(&skin::page(&answer), "flags");
    assert_eq!(crate::verbs::mistakes("units-flags", &skin::json(&answer)), [""; 0]);
}

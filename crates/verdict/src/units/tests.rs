//! Files as users write them: what is read of them, the same layer in two forms, and what is said of bad ones.

use super::evidence::{Selection, evidence_of};
use super::samples::{SampleScore, SamplesVerdict};
use super::{Arrays, ArraysError, Contributions, Flags, LayerSamples, LayerVerdict, Matrix, Ridge, UnitRole};
use crate::draw::Draw;
use safetensors::tensor::{Dtype, TensorView};
use std::collections::BTreeMap;

/// Arrays by name, with shapes.
#[derive(Clone, Default)]
struct File(BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>);

impl File {
    fn floats(mut self, name: &str, shape: &[usize], values: &[f32]) -> Self {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.0.insert(name.to_owned(), (Dtype::F32, shape.to_vec(), bytes));
        self
    }

    fn matrix(self, name: &str, matrix: &Matrix) -> Self {
        self.floats(name, &[matrix.height(), matrix.width()], matrix.values())
    }

    fn labels(mut self, name: &str, labels: &[usize]) -> Self {
        let bytes = labels.iter().flat_map(|&label| (label as i64).to_le_bytes()).collect();
        self.0.insert(name.to_owned(), (Dtype::I64, vec![labels.len()], bytes));
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.0.remove(name).expect("it was there");
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let views = self.0.iter().map(|(name, (dtype, shape, bytes))| {
            (name.as_str(), TensorView::new(*dtype, shape.clone(), bytes).expect("a shape that fits"))
        });
        safetensors::serialize(views, None).expect("arrays")
    }

    fn judge(&self) -> Result<LayerVerdict, ArraysError> {
        let bytes = self.bytes();
        LayerVerdict::of_arrays(&Arrays::parse(&bytes)?)
    }

    fn mistake(&self) -> String {
        self.judge().expect_err("a mistake").to_string()
    }
}

/// A last hidden layer of 12 random units over three classes, two fitted by ridge and one that looks up wrong labels.
fn layer() -> (File, LayerSamples) {
    let (n, m, n_units, n_classes) = (300, 240, 12, 3);
    let mut draw = Draw::of(905, 0);
    let mut side = |n: usize, n_wrong: usize| {
        // One unit votes for one class, so that all wrong labels are of the first.
        let truth: Vec<usize> = (0..n).map(|i| if i < n_wrong { 1 + i % 2 } else { i % n_classes }).collect();
        let activation = Matrix::from_fn(n, n_units, |i, j| {
            let is_wrong = i < n_wrong && j == n_units - 1;
            let signal = if j % n_classes == truth[i] && j < n_units - 1 { 1.5 } else { 0.0 };
            (if is_wrong { 4.0 } else { signal } + 0.3 * draw.normal()).max(0.0) as f32
        });
        let labels: Vec<usize> = truth.iter().enumerate().map(|(i, &t)| if i < n_wrong { 0 } else { t }).collect();
        (activation, labels)
    };
    let ((train, train_labels), (held_out, held_out_labels)) = (side(n, 30), side(m, 0));
    let ridge = Ridge::fit(&train, &train_labels, n_classes).expect("samples");
    let readouts: Vec<(Vec<f64>, f64)> = (0..n_classes).map(|class| ridge.linear(class)).collect();
    let weights = Matrix::from_fn(n_classes, n_units, |c, j| (8.0 * readouts[c].0[j]) as f32);
    let bias: Vec<f32> = readouts.iter().map(|readout| (8.0 * readout.1) as f32).collect();
    let file = File::default()
        .labels("train.label", &train_labels)
        .labels("held_out.label", &held_out_labels)
        .matrix("train.activation", &train)
        .matrix("held_out.activation", &held_out)
        .matrix("output.weight", &weights)
        .floats("output.bias", &[n_classes], &bias);
    let bytes = file.bytes();
    let samples = LayerSamples::read(&Arrays::parse(&bytes).expect("arrays")).expect("samples");
    (file, samples)
}

#[test]
fn contributions_add_up_to_the_margin_above_that_of_the_mean_activation() {
    let (_, samples) = layer();
    let contributions = Contributions::of_last_layer(&samples);
    let (weights, bias) = samples.output.as_ref().unwrap();
    let means = samples.train.activation.as_ref().unwrap().means();
    let at_mean: Vec<f64> = (0..3)
        .map(|c| bias[c] + means.iter().zip(weights.row(c)).map(|(a, v)| a * f64::from(*v)).sum::<f64>())
        .collect();
    let mean = at_mean.iter().sum::<f64>() / 3.0;
    let own = samples.train.margins();
    for (i, &label) in samples.train.labels.iter().enumerate() {
        let sum: f64 = contributions.train.row(i).iter().map(|&c| f64::from(c)).sum();
        // A dozen numbers of size 10 in single precision.
        assert!((sum - (own[i] - (at_mean[label] - mean))).abs() < 1e-4, "{i}");
    }
}

#[test]
fn a_layer_has_the_same_labels_by_its_weights_and_by_its_contributions() {
    let (file, samples) = layer();
    let of_weights = file.judge().unwrap();
    let own = Contributions::of_last_layer(&samples);
    let held_out = samples.held_out.as_ref().unwrap();
    let (m, n_units) = (held_out.labels.len(), own.n_units());
    // A held-out sample under another label, as a file has it: by the definition, not by the code that takes twins.
    let (weights, _) = samples.output.as_ref().unwrap();
    let (means, mean_weights) = (samples.train.activation.as_ref().unwrap().means(), weights.means());
    let by_class: Vec<f32> = (0..m * 3 * n_units)
        .map(|place| {
            let (i, c, j) = (place / (3 * n_units), place / n_units % 3, place % n_units);
            let a = f64::from(held_out.activation.as_ref().unwrap().row(i)[j]) - means[j];
            (a * (f64::from(weights.row(c)[j]) - mean_weights[j])) as f32
        })
        .collect();
    let by_contributions = file
        .without("output.weight")
        .without("output.bias")
        .matrix("train.output", samples.train.logits().unwrap())
        .matrix("held_out.output", held_out.logits().unwrap())
        .matrix("train.contribution", &own.train)
        .floats("held_out.contribution_by_class", &[m, 3, n_units], &by_class)
        .judge()
        .unwrap();
    let roles = |verdict: &LayerVerdict| verdict.units.iter().map(|unit| unit.label.role).collect::<Vec<_>>();
    assert_eq!(roles(&of_weights), roles(&by_contributions));
    assert_eq!(of_weights.flagged, by_contributions.flagged);
    for (a, b) in of_weights.units.iter().zip(&by_contributions.units) {
        assert_eq!(a.evidence.memory.is_some(), b.evidence.memory.is_some());
        if let (Some(a), Some(b)) = (&a.evidence.memory, &b.evidence.memory) {
            assert!((a.mean - b.mean).abs() < 1e-4, "{} and {}", a.mean, b.mean);
        }
    }
    assert_eq!(of_weights.flagged, (0..30).collect::<Vec<_>>(), "the wrong labels, and no others");
    assert_eq!(of_weights.units[11].label.role, UnitRole::Memorizing);
    assert!(roles(&of_weights)[..9].iter().all(|&role| role != UnitRole::Memorizing));
    let located = of_weights.located.unwrap();
    let shares: f64 = located.roles.iter().filter_map(|role| role.share).sum();
    assert!((shares - 1.0).abs() < 1e-9, "shares of the roles add up to one: {shares}");
}

/// Of all held-out samples and of a half: the twins that lie in the half are known by `twin.sample`.
#[test]
fn twins_that_are_given_count_as_those_that_the_judge_takes_itself() {
    let (file, samples) = layer();
    let own = Contributions::of_last_layer(&samples);
    let flags = Flags::of(&samples).unwrap();
    let twins: Vec<(usize, usize)> =
        flags.flagged.iter().flat_map(|flagged| flagged.twins.iter().map(|&twin| (flagged.sample, twin))).collect();
    let (of, sample): (Vec<usize>, Vec<usize>) = twins.iter().copied().unzip();
    let (weights, _) = samples.output.as_ref().unwrap();
    let (means, mean_weights) = (samples.train.activation.as_ref().unwrap().means(), weights.means());
    let held_out = samples.held_out.as_ref().unwrap();
    let activation = held_out.activation.as_ref().unwrap();
    let contribution = Matrix::from_fn(twins.len(), own.n_units(), |row, j| {
        let label = samples.train.labels[of[row]];
        ((f64::from(activation.row(sample[row])[j]) - means[j]) * (f64::from(weights.row(label)[j]) - mean_weights[j]))
            as f32
    });
    let given = file
        .without("output.weight")
        .without("output.bias")
        .matrix("train.output", samples.train.logits().unwrap())
        .matrix("held_out.output", held_out.logits().unwrap())
        .matrix("train.contribution", &own.train)
        .matrix("held_out.contribution", own.held_out.as_ref().unwrap())
        .labels("twin.of", &of)
        .labels("twin.sample", &sample)
        .matrix("twin.contribution", &contribution);
    let bytes = given.bytes();
    let arrays = Arrays::parse(&bytes).unwrap();
    let given = Contributions::read(&arrays, &LayerSamples::read(&arrays).unwrap()).unwrap();
    let all = Selection::all(&own, Some(&flags));
    let half = Selection { held_out: (0..120).collect(), ..all.clone() };
    for selection in [all, half] {
        let found = [&own, &given].map(|source| evidence_of(&samples, source, Some(&flags), &selection).unwrap());
        assert_eq!(found[0].beyond_twins.len(), found[1].beyond_twins.len());
        for (a, b) in found[0].beyond_twins.iter().flatten().zip(found[1].beyond_twins.iter().flatten()) {
            assert!((a - b).abs() < 1e-5, "{a} and {b}");
        }
    }
}

#[test]
fn bad_arrays_are_named_with_what_to_do() {
    let (file, samples) = layer();
    let with = |name: &str, change: &dyn Fn(&mut [f32])| {
        let (_, shape, bytes) = file.0[name].clone();
        let mut values: Vec<f32> = bytes.as_chunks().0.iter().map(|&chunk| f32::from_le_bytes(chunk)).collect();
        change(&mut values);
        file.clone().floats(name, &shape, &values)
    };
    let n = samples.train.labels.len();
    let cases = [
        (with("train.activation", &|values| values[25] = f32::NAN), "train.activation holds NaN at [2, 1]"),
        (with("held_out.activation", &|values| values[0] = f32::INFINITY), "held_out.activation holds inf at [0, 0]"),
        (
            file.clone().without("train.label"),
            "there is no array \"train.label\"; the file has held_out.activation, held_out.label, output.bias",
        ),
        (
            file.clone().without("train.activation"),
            "there is no array \"train.readout\", nor \"train.activation\" in its place",
        ),
        (
            file.clone().floats("output.bias", &[2], &[0.0; 2]),
            "output.bias has shape [2], and here it is [classes], [3]",
        ),
        (file.clone().floats("held_out.activation", &[240, 2], &[0.0; 480]), "held_out.activation has shape [240, 2]"),
        (file.clone().labels("train.label", &vec![7; n]), "train.label holds 7 at 0, and classes go from 0 to 2"),
        (file.clone().labels("train.label", &vec![1; n]), "all 300 training samples have label 1"),
        (file.clone().labels("train.label", &[]), "train.label is empty"),
        (
            file.clone().floats("train.label", &[n], &vec![0.0; n]),
            "train.label holds numbers of type F32; save it as int64",
        ),
        (file.clone().labels("ablation.unit", &[12]), "ablation.unit holds 12 at 0, and units go from 0 to 11"),
        (file.clone().labels("ablation.unit", &[1]), "there is no array \"ablation.flagged\""),
    ];
    for (file, expected) in cases {
        let found = file.mistake();
        assert!(found.starts_with(expected), "{found:?} does not begin with {expected:?}");
    }
    let broken = Arrays::parse(b"no file").err().map(|error| error.to_string()).unwrap_or_default();
    assert!(broken.starts_with("this is no safetensors file ("), "{broken}");
}

#[test]
fn without_held_out_samples_nothing_is_told() {
    let (file, _) = layer();
    let verdict = file.clone().without("held_out.label").without("held_out.activation").judge().unwrap();
    assert!(verdict.is_refused() && verdict.count(UnitRole::CannotTell) == 12, "{:?}", verdict.soundness.refusals);
    let none = file.labels("held_out.label", &[]).floats("held_out.activation", &[0, 12], &[]).judge().unwrap();
    assert!(none.is_refused());
}

#[test]
fn samples_are_scored_by_what_there_is() {
    let (file, samples) = layer();
    let score = |file: &File| {
        let bytes = file.bytes();
        SamplesVerdict::of_arrays(&Arrays::parse(&bytes).expect("arrays"))
    };
    let activation = samples.train.activation.as_ref().unwrap();
    let readout = file.clone().matrix("train.readout", &samples.train.readout);
    let input = file.clone().without("output.weight").matrix("train.input", activation);
    let linear = file.clone().matrix("train.input", activation);
    let expected =
        [(&readout, SampleScore::Readout), (&input, SampleScore::InputKernel), (&linear, SampleScore::SelfInfluence)];
    for (file, expected) in expected {
        let verdict = score(file).unwrap();
        assert_eq!(verdict.score, expected);
        let mean = |places: std::ops::Range<usize>| {
            let n = places.len() as f64;
            places.map(|i| verdict.samples[i].score).sum::<f64>() / n
        };
        assert!(mean(0..30) > mean(30..300), "wrong labels are memorized more, by {expected:?}");
    }
    let missing = score(&file).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(missing.starts_with("there is no array \"train.input\", nor \"train.kernel\""), "{missing}");
}

#[test]
fn bad_sequences_are_refused_by_name() {
    let side = |file: File, side: &str| {
        let name = |what: &str| format!("{side}.{what}");
        let file = file.floats(&name("margin"), &[3], &[1.0, 2.0, 3.0]).floats(&name("accuracy"), &[3], &[1.0; 3]);
        file.floats(&name("readout"), &[3, 2], &[0.5; 6]).floats(&name("contribution"), &[3, 2], &[0.5; 6])
    };
    let file = side(side(File::default(), "train"), "held_out").floats("chance", &[1], &[0.125]);
    assert!(file.judge().unwrap().is_refused(), "three samples are too few");
    let cases = [
        (file.clone().floats("chance", &[1], &[8.0]), "chance is 8, and the share that a guess gets right"),
        (file.clone().floats("chance", &[1], &[0.0]), "chance is 0, and"),
        (file.clone().without("chance"), "there is no array \"chance\""),
        (file.clone().without("train.accuracy"), "there is no array \"train.accuracy\""),
        (
            file.clone().without("held_out.readout"),
            "there is no array \"held_out.readout\", nor \"held_out.activation\"",
        ),
        (file.clone().floats("held_out.readout", &[3, 1], &[0.5; 3]), "held_out.readout has shape [3, 1]"),
    ];
    for (file, expected) in cases {
        let found = file.mistake();
        assert!(found.starts_with(expected), "{found:?} does not begin with {expected:?}");
    }
}

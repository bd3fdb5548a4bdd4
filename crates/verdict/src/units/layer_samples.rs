//! The samples of a layer's file: what was asked, how the network answered, and what a readout is fitted on.
//!
//! A sample has one label and a logit a class; or it is a sequence with a label at every position, of which the file holds the mean margin
//! over the labelled positions and the share of them that the network gets right.

use super::arrays::{Arrays, ArraysError};
use super::evidence::Estimate;
use super::matrix::{Matrix, largest};
use crate::stats::ExactShare;

/// What a network answered on training or held-out samples: logits, or margins and accuracies of sequences.
#[derive(Clone, Debug, PartialEq)]
pub enum Answers {
    /// Logits `[sample][class]`.
    Logits(Matrix),
    /// Of sequences, a number each over their labelled positions.
    Sequences {
        /// The mean margin.
        margins: Vec<f64>,
        /// The share of positions where the network is right.
        accuracies: Vec<f64>,
    },
}

/// Training or held-out samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Samples {
    /// The class of each. Sequences have none, so that all of them are of class 0.
    pub labels: Vec<usize>,
    /// What the network answered on these samples, with dropout and the like switched off.
    pub answers: Answers,
    /// Activations that a linear readout is fitted on: of the last hidden layer, or else of the judged one.
    pub readout: Matrix,
    /// Activations of the judged layer, mean over positions.
    pub activation: Option<Matrix>,
    /// Inputs, flattened: whether both sides come from one source is best seen there.
    pub input: Option<Matrix>,
}

/// The samples of a layer's file.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerSamples {
    /// The layer's name; empty where the file gives none.
    pub name: String,
    /// What its columns are: units, channels, heads or directions.
    pub basis: String,
    /// Classes of samples; 1 where they are sequences.
    pub n_classes: usize,
    /// What guessing gets right at a position, where samples are sequences; `None` where they have one label each.
    pub sequence_chance: Option<f64>,
    /// The samples that the network was trained on.
    pub train: Samples,
    /// Samples that the network was not trained on; `None` where the file has none.
    pub held_out: Option<Samples>,
    /// Which training samples the user says are to be taken as memorized.
    pub given_flags: Option<Vec<bool>>,
    /// Output weights `[class][unit]` and biases, where the judged layer is the last hidden one.
    pub output: Option<(Matrix, Vec<f64>)>,
}

impl LayerSamples {
    /// Reads labels, outputs and activations.
    pub fn read(arrays: &Arrays<'_>) -> Result<Self, ArraysError> {
        if arrays.has("train.margin") && !arrays.has("train.label") {
            return Self::read_sequences(arrays);
        }
        let output = if arrays.has("output.weight") {
            let weights = arrays.matrix("output.weight", (None, None), "[classes, units]")?;
            let bias = if arrays.has("output.bias") {
                arrays.vector("output.bias", weights.height(), "[classes]")?
            } else {
                vec![0.0; weights.height()]
            };
            Some((weights, bias))
        } else {
            None
        };
        let n = arrays.whole("train.label", None, None)?.len();
        if n == 0 {
            return Err(ArraysError::NoSamples);
        }
        let train = samples(arrays, "train", n, None, output.as_ref())?;
        let n_classes = train.n_outputs();
        if let Some(&label) = train.labels.first()
            && train.labels.iter().all(|&other| other == label)
        {
            return Err(ArraysError::OneClass { n, label });
        }
        let m = if arrays.has("held_out.label") { arrays.whole("held_out.label", None, None)?.len() } else { 0 };
        let held_out = match m {
            0 => None,
            m => Some(samples(arrays, "held_out", m, Some(&train), output.as_ref())?),
        };
        let (name, basis) = names(arrays);
        let given_flags = given_flags(arrays, n)?;
        Ok(Self { name, basis, n_classes, sequence_chance: None, train, held_out, given_flags, output })
    }

    /// Reads samples that are sequences.
    fn read_sequences(arrays: &Arrays<'_>) -> Result<Self, ArraysError> {
        let side = |side: &str, like: Option<&Samples>| {
            let name = |what: &str| format!("{side}.{what}");
            let n = arrays.length(&name("margin"))?;
            let numbers = |what: &str| arrays.vector(&name(what), n, "a number a sample");
            let answers = Answers::Sequences { margins: numbers("margin")?, accuracies: numbers("accuracy")? };
            let Features { readout, activation, input } = Features::read(arrays, side, n, None, like)?;
            Ok::<_, ArraysError>(Samples { labels: vec![0; n], answers, readout, activation, input })
        };
        let train = side("train", None)?;
        let n = train.labels.len();
        if n == 0 {
            return Err(ArraysError::NoSamples);
        }
        let has_held_out = arrays.has("held_out.margin") && arrays.length("held_out.margin")? > 0;
        let held_out = if has_held_out { Some(side("held_out", Some(&train))?) } else { None };
        let (name, basis) = names(arrays);
        let chance = arrays.vector("chance", 1, "[1]")?[0];
        if !(chance > 0.0 && chance < 1.0) {
            return Err(ArraysError::Chance { value: chance });
        }
        let given_flags = Some(given_flags(arrays, n)?.unwrap_or_else(|| vec![false; n]));
        Ok(Self {
            name,
            basis,
            n_classes: 1,
            sequence_chance: Some(chance),
            train,
            held_out,
            given_flags,
            output: None,
        })
    }

    /// Whether samples are sequences with a label at every position.
    pub fn are_sequences(&self) -> bool {
        self.sequence_chance.is_some()
    }
}

fn names(arrays: &Arrays<'_>) -> (String, String) {
    let text = |key: &str, default: &str| arrays.metadata(key).unwrap_or(default).to_owned();
    (text("layer", ""), text("basis", "units"))
}

fn given_flags(arrays: &Arrays<'_>, n: usize) -> Result<Option<Vec<bool>>, ArraysError> {
    if !arrays.has("train.flagged") {
        return Ok(None);
    }
    let flags = arrays.whole("train.flagged", Some(n), Some((2, "flags")))?;
    Ok(Some(flags.into_iter().map(|flag| flag == 1).collect()))
}

/// What is known of samples beside labels and answers.
struct Features {
    readout: Matrix,
    activation: Option<Matrix>,
    input: Option<Matrix>,
}

impl Features {
    /// Reads one side; `n_units` where output weights say how many there are, and `like` is the side whose widths it has to have.
    fn read(
        arrays: &Arrays<'_>,
        side: &str,
        n: usize,
        n_units: Option<usize>,
        like: Option<&Samples>,
    ) -> Result<Self, ArraysError> {
        let letter = if side == "train" { "n" } else { "m" };
        let matrix = |what: &str, width: Option<usize>, columns: &str| {
            arrays.optional_matrix(&format!("{side}.{what}"), (Some(n), width), &format!("[{letter}, {columns}]"))
        };
        let width = |of: fn(&Samples) -> Option<&Matrix>| like.and_then(of).map(Matrix::width);
        let activation = matrix("activation", n_units.or_else(|| width(|like| like.activation.as_ref())), "units")?;
        let input = matrix("input", width(|like| like.input.as_ref()), "inputs")?;
        let readout = matrix("readout", width(|like| Some(&like.readout)), "features")?;
        let readout = readout.or_else(|| activation.clone()).ok_or_else(|| {
            arrays.missing(&format!("{side}.readout"), &format!(", nor \"{side}.activation\" in its place"))
        })?;
        Ok(Self { readout, activation, input })
    }
}

impl Samples {
    /// Logits, where samples have one label each.
    pub fn logits(&self) -> Option<&Matrix> {
        match &self.answers {
            Answers::Logits(logits) => Some(logits),
            Answers::Sequences { .. } => None,
        }
    }

    /// The margin of every sample; of sequences the mean over labelled positions.
    pub fn margins(&self) -> Vec<f64> {
        match &self.answers {
            Answers::Logits(logits) => margins(logits, &self.labels),
            Answers::Sequences { margins, .. } => margins.clone(),
        }
    }

    /// The share of labels that the network gives, and the lower end of its 95 % interval: the exact one, and of sequences, whose shares are
    /// means over positions, the mean less 1.96 standard errors.
    pub fn accuracy(&self) -> (f64, f64) {
        match &self.answers {
            Answers::Logits(logits) => {
                let share = accuracy(logits, &self.labels);
                let right = (share * self.labels.len() as f64).round() as usize;
                (share, ExactShare::of(right, self.labels.len()).low)
            }
            Answers::Sequences { accuracies, .. } => {
                let share = Estimate::of(accuracies.iter().copied());
                (share.mean, (share.mean - 1.96 * share.error).max(0.0))
            }
        }
    }

    fn n_outputs(&self) -> usize {
        self.logits().map_or(1, Matrix::width)
    }
}

fn samples(
    arrays: &Arrays<'_>,
    side: &str,
    n: usize,
    like: Option<&Samples>,
    output: Option<&(Matrix, Vec<f64>)>,
) -> Result<Samples, ArraysError> {
    let name = |what: &str| format!("{side}.{what}");
    let letter = if side == "train" { "n" } else { "m" };
    let n_units = output.map(|(weights, _)| weights.width());
    let Features { readout, activation, input } = Features::read(arrays, side, n, n_units, like)?;
    let outputs = match (arrays.has(&name("output")), output, &activation) {
        (false, Some((weights, bias)), Some(activation)) => linear(activation, weights, bias),
        _ => {
            let classes = output.map(|(weights, _)| weights.height());
            let size = (Some(n), classes.or_else(|| like.map(Samples::n_outputs)));
            arrays.matrix(&name("output"), size, &format!("[{letter}, classes]"))?
        }
    };
    let labels = arrays.whole(&name("label"), Some(n), Some((outputs.width(), "classes")))?;
    Ok(Samples { labels, answers: Answers::Logits(outputs), readout, activation, input })
}

/// z = a Vᵀ + b.
pub(super) fn linear(activation: &Matrix, weights: &Matrix, bias: &[f64]) -> Matrix {
    Matrix::from_fn(activation.height(), weights.height(), |i, c| {
        let dot: f64 = activation.row(i).iter().zip(weights.row(c)).map(|(a, v)| f64::from(*a) * f64::from(*v)).sum();
        (dot + bias[c]) as f32
    })
}

/// `zᵢ[yᵢ] − mean_c zᵢ[c]` of every sample.
///
/// The mean and not the logarithm of the sum of exponentials: that one mixes units through the rival class, and 238 of 288 planted
/// generalizing units then seemed to memorize as well.
pub fn margins(outputs: &Matrix, labels: &[usize]) -> Vec<f64> {
    let margin = |(row, &label): (&[f32], &usize)| {
        let mean = row.iter().map(|&z| f64::from(z)).sum::<f64>() / row.len() as f64;
        f64::from(row[label]) - mean
    };
    outputs.rows().zip(labels).map(margin).collect()
}

/// The share of samples whose label has the largest output.
pub fn accuracy(outputs: &Matrix, labels: &[usize]) -> f64 {
    let right = outputs.rows().zip(labels).filter(|(row, label)| largest(row) == **label).count();
    right as f64 / labels.len().max(1) as f64
}

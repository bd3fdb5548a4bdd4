//! The arrays of one layer: samples with their outputs, and what every unit contributes to the margin of each.
//!
//! ```text
//! mᵢ = zᵢ[yᵢ] − mean_c zᵢ[c]        cᵢⱼ = Σ_p (aᵢⱼₚ − μⱼ) ∂mᵢ/∂aᵢⱼₚ
//! ```
//!
//! a: activations; p: positions (pixels, tokens); μ: mean activation over the training sample. Of the last hidden layer, which outputs
//! are linear in, c follows from activations and output weights: cᵢⱼ = (aᵢⱼ − μⱼ)(V[yᵢ, j] − `mean_c` V[c, j]).

use super::arrays::{Arrays, ArraysError};
use super::evidence::Estimate;
use super::flags::Flagged;
use super::layer_samples::{LayerSamples, margins};
use super::matrix::Matrix;
use std::collections::BTreeMap;

/// What the units of a layer contribute.
#[derive(Clone, Debug, PartialEq)]
pub struct Contributions {
    /// Of every training sample under its own label: `[sample][unit]`.
    pub train: Matrix,
    /// Of every held-out sample under its own label; `None` without held-out samples.
    pub held_out: Option<Matrix>,
    /// Held-out margins with the whole layer at its mean activation.
    pub ablated_margins: Option<Vec<f64>>,
    /// How the contributions were measured.
    pub measured: Measured,
    /// What ablating single units does.
    pub ablations: Vec<Ablation>,
    twins: TwinSource,
}

/// How contributions were measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measured {
    /// Outputs are linear in the layer: nothing is approximated.
    Exactly,
    /// The gradient averaged on the way from the mean activation.
    Integrated,
    /// The gradient at the sample.
    FirstOrder,
}

/// What setting one unit to its mean activation takes from mean margins: before less after, so that what helps is positive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ablation {
    /// Which unit.
    pub unit: usize,
    /// From the margin of flagged training samples beyond what is taken from that of their twins under the same labels.
    pub memory: Estimate,
    /// From the margin of held-out samples.
    pub held_out: Estimate,
}

#[derive(Clone, Debug, PartialEq)]
enum TwinSource {
    /// Held-out contributions under every label, `[sample][class · unit]`.
    ByClass(Matrix),
    /// Those that were asked for: rows by flagged sample.
    Given { rows: BTreeMap<usize, Vec<GivenTwin>>, contribution: Matrix },
    /// Held-out activations less the mean, and output weights less their mean over classes.
    LastLayer { centred: Matrix, weights: Matrix },
    /// There are none.
    Absent,
}

/// A twin whose contributions were given.
#[derive(Clone, Copy, Debug, PartialEq)]
struct GivenTwin {
    /// Its row among those that were given.
    row: usize,
    /// Its index among the held-out samples; `None` where the file does not say.
    held_out: Option<usize>,
}

impl Contributions {
    /// Reads what units contribute, or computes it where the layer is the last hidden one.
    pub fn read(arrays: &Arrays<'_>, samples: &LayerSamples) -> Result<Self, ArraysError> {
        let (n, n_classes) = (samples.train.labels.len(), samples.n_classes);
        let m = samples.held_out.as_ref().map_or(0, |held_out| held_out.labels.len());
        if !arrays.has("train.contribution")
            && let (Some((weights, _)), Some(_)) = (&samples.output, &samples.train.activation)
        {
            return Ok(Self { ablations: ablations(arrays, weights.width())?, ..Self::of_last_layer(samples) });
        }
        let train = arrays.matrix("train.contribution", (Some(n), None), "[n, units]")?;
        let n_units = train.width();
        let by_class = if m > 0 && arrays.has("held_out.contribution_by_class") {
            let expected = "[m, classes, units]";
            Some(arrays.cube("held_out.contribution_by_class", [m, n_classes, n_units], expected)?)
        } else {
            None
        };
        let held_out = match (&samples.held_out, &by_class) {
            (None, _) => None,
            (Some(held_out), Some(by_class)) => {
                Some(Matrix::from_fn(m, n_units, |i, j| by_class.row(i)[held_out.labels[i] * n_units + j]))
            }
            (Some(_), None) => Some(arrays.matrix("held_out.contribution", (Some(m), Some(n_units)), "[m, units]")?),
        };
        let twins = match by_class {
            Some(by_class) => TwinSource::ByClass(by_class),
            None if arrays.has("twin.of") => given_twins(arrays, (n, m), n_units)?,
            None => TwinSource::Absent,
        };
        let ablated_margins = match &samples.held_out {
            Some(_) if samples.are_sequences() && arrays.has("layer.ablated_margin") => {
                Some(arrays.vector("layer.ablated_margin", m, "[m]")?)
            }
            Some(held_out) if !samples.are_sequences() => {
                let size = (Some(m), Some(n_classes));
                let outputs = arrays.optional_matrix("layer.ablated_output", size, "[m, classes]")?;
                outputs.map(|outputs| margins(&outputs, &held_out.labels))
            }
            _ => None,
        };
        let is_integrated = arrays.has("integrated") && arrays.whole("integrated", Some(1), None)?[0] != 0;
        let measured = if is_integrated { Measured::Integrated } else { Measured::FirstOrder };
        let ablations = ablations(arrays, n_units)?;
        Ok(Self { train, held_out, ablated_margins, measured, ablations, twins })
    }

    /// Of the last hidden layer, from activations and output weights, which the samples must have.
    pub fn of_last_layer(samples: &LayerSamples) -> Self {
        let (weights, _) = samples.output.as_ref().expect("the caller has output weights");
        let activation = samples.train.activation.as_ref().expect("the caller has activations");
        let (n_classes, n_units) = (weights.height(), weights.width());
        let means = activation.means();
        let mean_weights = weights.means();
        let centred_weights =
            Matrix::from_fn(n_classes, n_units, |c, j| (f64::from(weights.row(c)[j]) - mean_weights[j]) as f32);
        let centre =
            |a: &Matrix| Matrix::from_fn(a.height(), n_units, |i, j| (f64::from(a.row(i)[j]) - means[j]) as f32);
        let own = |centred: &Matrix, labels: &[usize]| {
            Matrix::from_fn(centred.height(), n_units, |i, j| centred.row(i)[j] * centred_weights.row(labels[i])[j])
        };
        let held_out = samples.held_out.as_ref().and_then(|held_out| {
            let centred = centre(held_out.activation.as_ref()?);
            Some((own(&centred, &held_out.labels), centred))
        });
        let (held_out, centred) = held_out.unzip();
        let twins = match centred {
            Some(centred) => TwinSource::LastLayer { centred, weights: centred_weights.clone() },
            None => TwinSource::Absent,
        };
        Self {
            train: own(&centre(activation), &samples.train.labels),
            held_out,
            ablated_margins: None,
            measured: Measured::Exactly,
            ablations: Vec::new(),
            twins,
        }
    }

    /// Integrated contributions: of training samples under their labels, of held-out samples under theirs, and of these under every label;
    /// and held-out margins with the whole layer at its mean activation.
    pub fn integrated(train: Matrix, held_out: Matrix, by_class: Matrix, ablated_margins: Option<Vec<f64>>) -> Self {
        Self {
            train,
            held_out: Some(held_out),
            ablated_margins,
            measured: Measured::Integrated,
            ablations: Vec::new(),
            twins: TwinSource::ByClass(by_class),
        }
    }

    /// Units.
    pub fn n_units(&self) -> usize {
        self.train.width()
    }

    /// The mean contribution of every unit to those twins of a flagged sample that are among `selected`, under its label; `None` without
    /// any. Where contributions of twins were given, those that were given count; of which it is not said which held-out samples they
    /// are, they all do.
    pub(super) fn of_twins(&self, flagged: &Flagged, selected: &[usize]) -> Result<Option<Vec<f64>>, ArraysError> {
        let (n_units, label) = (self.n_units(), flagged.label);
        let is_selected = |twin: &usize| selected.binary_search(twin).is_ok();
        let twins: Vec<usize> = flagged.twins.iter().copied().filter(is_selected).collect();
        let rows: Vec<Vec<f64>> = match &self.twins {
            TwinSource::ByClass(by_class) => {
                let row = |&twin: &usize| &by_class.row(twin)[label * n_units..(label + 1) * n_units];
                twins.iter().map(|twin| row(twin).iter().map(|&c| f64::from(c)).collect()).collect()
            }
            TwinSource::LastLayer { centred, weights } => {
                let product = |(a, v): (&f32, &f32)| f64::from(*a) * f64::from(*v);
                let row = |&twin: &usize| centred.row(twin).iter().zip(weights.row(label)).map(product).collect();
                twins.iter().map(row).collect()
            }
            TwinSource::Given { rows, contribution } => {
                let given = rows.get(&flagged.sample).ok_or(ArraysError::NoTwin { sample: flagged.sample })?;
                let given = given.iter().filter(|twin| twin.held_out.is_none_or(|place| is_selected(&place)));
                given.map(|twin| contribution.row(twin.row).iter().map(|&c| f64::from(c)).collect()).collect()
            }
            TwinSource::Absent => return Err(ArraysError::NoTwin { sample: flagged.sample }),
        };
        let mean = |unit: usize| rows.iter().map(|row| row[unit]).sum::<f64>() / rows.len() as f64;
        Ok((!rows.is_empty()).then(|| (0..n_units).map(mean).collect()))
    }

    /// Whether it is known which held-out sample each twin is.
    pub(super) fn knows_its_twins(&self) -> bool {
        match &self.twins {
            TwinSource::ByClass(_) | TwinSource::LastLayer { .. } => true,
            TwinSource::Given { rows, .. } => rows.values().flatten().all(|twin| twin.held_out.is_some()),
            TwinSource::Absent => false,
        }
    }
}

fn given_twins(arrays: &Arrays<'_>, (n, m): (usize, usize), n_units: usize) -> Result<TwinSource, ArraysError> {
    let of = arrays.whole("twin.of", None, Some((n, "training samples")))?;
    let held_out: Vec<Option<usize>> = if arrays.has("twin.sample") {
        let places = arrays.whole("twin.sample", Some(of.len()), Some((m, "held-out samples")))?;
        places.into_iter().map(Some).collect()
    } else {
        vec![None; of.len()]
    };
    let contribution = arrays.matrix("twin.contribution", (Some(of.len()), Some(n_units)), "[twins, units]")?;
    let mut rows: BTreeMap<usize, Vec<GivenTwin>> = BTreeMap::new();
    for (row, (sample, held_out)) in of.into_iter().zip(held_out).enumerate() {
        rows.entry(sample).or_default().push(GivenTwin { row, held_out });
    }
    Ok(TwinSource::Given { rows, contribution })
}

fn ablations(arrays: &Arrays<'_>, n_units: usize) -> Result<Vec<Ablation>, ArraysError> {
    if !arrays.has("ablation.unit") {
        return Ok(Vec::new());
    }
    let units = arrays.whole("ablation.unit", None, Some((n_units, "units")))?;
    let estimates = |what: &str| -> Result<Vec<Estimate>, ArraysError> {
        let vector = |name: String| arrays.vector(&name, units.len(), "[units that were ablated]");
        let (means, errors) = (vector(format!("ablation.{what}"))?, vector(format!("ablation.{what}_error"))?);
        Ok(means.into_iter().zip(errors).map(|(mean, error)| Estimate { mean, error: error.abs() }).collect())
    };
    let memory = if arrays.has("ablation.memory") {
        estimates("memory")?
    } else {
        // Without the pairs, flagged samples and twins are different samples: their errors add.
        let pairs = estimates("flagged")?.into_iter().zip(estimates("twins")?);
        pairs
            .map(|(own, twins)| Estimate { mean: own.mean - twins.mean, error: own.error.hypot(twins.error) })
            .collect()
    };
    let held_out = estimates("held_out")?;
    let of = |(place, &unit): (usize, &usize)| Ablation { unit, memory: memory[place], held_out: held_out[place] };
    Ok(units.iter().enumerate().map(of).collect())
}

//! What can be seen of one update from inside: of every part of the network, of the optimizer, of the rows, of units and heads.
//!
//! Who wants to see it asks for it ([`Training::watch`](super::Training::watch)); nothing that is seen changes a bit of the run.

use super::arrays::Arrays;
use super::interventions::Arrangement;
use super::parts::Parts;
use crate::elementary::powi;
use crate::kernel::Real;
use crate::loss::Loss;
use crate::model::formula::Formula;
use crate::model::layered::{Activity, Chunk, Layers, Mlp, Transformer};
use crate::spec::{Architecture, Method, Numerics, OptimizerSpec, RunSpec};
use crate::task::{Problem, Samples};

mod sums;

use sums::{Sums, UpdateLaw};

/// Rows of a batch that are looked at one by one.
const MOST_ROWS: usize = 256;

/// One update, seen from inside.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Vitals {
    /// Updates made before it.
    pub step: u64,
    /// η, the learning rate of this update.
    pub rate: f64,
    /// The optimizer's settings in force.
    pub optimizer: Option<OptimizerSpec>,
    /// max |g| over all weights, as the optimizer sees it.
    pub largest_gradient: f64,
    /// Every array of the network.
    pub parts: Vec<PartVitals>,
    /// max |Δw + ηλw| / η over all weights, decoupled decay apart; of Adam about 1.
    pub largest_update: f64,
    /// log₁₀(Σg² / Σv̂), v̂ the second moments before this update; `None` without any, and at the first update.
    pub lag: Option<f64>,
    /// Share of the weights whose √v̂ after the update is below ε; `None` without second moments.
    pub epsilon_share: Option<f64>,
    /// ‖decay's part of the update‖ / ‖the rest‖.
    pub decay_ratio: f64,
    /// Rows of the batch, by their place among all training samples, each with its loss; at most 256.
    pub rows: Vec<(u32, f64)>,
    /// Distinct rows of the batch as a share of its rows.
    pub unique_share: f64,
    /// Share of the rows whose loss has a gradient of exactly 0.
    pub absorbed_share: f64,
    /// Root mean square of the outputs, centred over labels.
    pub logit_scale: f64,
    /// Hidden layers.
    pub layers: Vec<LayerVitals>,
    /// Attention heads.
    pub heads: Vec<HeadVitals>,
}

/// One array of the network at one update: Frobenius norms.
#[derive(Clone, Debug, PartialEq)]
pub struct PartVitals {
    /// Its name.
    pub name: String,
    /// ‖g‖
    pub gradient: f64,
    /// ‖Δw‖
    pub update: f64,
    /// ‖w‖ before the update.
    pub weight: f64,
}

impl PartVitals {
    /// ‖Δw‖ / ‖w‖; `None` for weights that are zero.
    pub fn update_ratio(&self) -> Option<f64> {
        (self.weight > 0.0).then(|| self.update / self.weight)
    }
}

/// The activations of one hidden layer on the batch.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerVitals {
    /// Its name.
    pub name: String,
    /// Root mean square.
    pub rms: f64,
    /// Largest magnitude.
    pub largest: f64,
    /// Fourth central moment over the square of the second; 3 for a normal distribution.
    pub kurtosis: Option<f64>,
    /// Units that are 0 on every row, as a share.
    pub dead_share: f64,
}

/// One attention head on the batch.
#[derive(Clone, Debug, PartialEq)]
pub struct HeadVitals {
    /// Its block.
    pub block: usize,
    /// Which of the block's heads.
    pub head: usize,
    /// Largest score before the softmax, in magnitude.
    pub largest_logit: f64,
    /// Mean entropy of its weights as a share of the largest possible one.
    pub entropy: f64,
}

/// A network's passes, with the room that they need.
pub(super) enum Network {
    Mlp(Mlp, Box<<Mlp as Layers>::Tape>),
    Transformer(Transformer, Box<<Transformer as Layers>::Tape>),
    /// The network of a run that trains in f64 (`numerics=double`).
    Double(Formula),
}

/// Looks at a run's updates.
pub(super) struct Observer {
    /// Steps between two updates that are looked at.
    pub(super) every: u64,
    network: Network,
    parts: Parts,
    numerics: Numerics,
    n_labels: usize,
    /// The samples as they are; replaced where interventions change them.
    pub(super) samples: Samples,
    pub(super) trained_on: Vec<u32>,
    pub(super) loss: Loss,
    /// What was seen last.
    pub(super) seen: Option<Vitals>,
}

impl Observer {
    pub(super) fn new(spec: &RunSpec, problem: &Problem, samples: &Samples, every: u64) -> Self {
        Self {
            every: every.max(1),
            network: Network::new(spec, problem),
            parts: Parts::of(spec, problem),
            numerics: spec.numerics,
            n_labels: problem.n_labels,
            trained_on: (0..samples.len() as u32).collect(),
            samples: samples.clone(),
            loss: spec.loss.of_outputs(),
            seen: None,
        }
    }

    pub(super) fn arrange(&mut self, spec: &RunSpec, arrangement: &Arrangement) {
        self.samples = arrangement.samples.clone();
        self.trained_on = arrangement.trained_on();
        self.loss = spec.loss.of_outputs();
    }

    /// Looks at the update that turned `before` into `after` along `gradient`, on `batch`.
    pub(super) fn look(
        &mut self,
        (step, steps): (u64, u64),
        optimizer: &OptimizerSpec,
        batch: Option<&[u32]>,
        [before, gradient, after]: [&Arrays; 3],
    ) {
        let rate = optimizer.schedule.rate(optimizer.learning_rate, step, steps);
        let mut vitals = Vitals { step, rate, optimizer: Some(*optimizer), ..Vitals::default() };
        let mut sums = Sums::default();
        let adam = match optimizer.method {
            Method::Adam(adam) | Method::AdamW(adam) | Method::Muon { adam, .. } => Some(adam),
            Method::Sgd { .. } => None,
        };
        let decoupled = matches!(optimizer.method, Method::AdamW(_) | Method::Muon { .. });
        let corrections = adam.map(|adam| [step, step + 1].map(|count| 1.0 - powi(adam.beta2, count)));
        let law = UpdateLaw { step, rate, decay: optimizer.weight_decay, decoupled, adam, corrections };
        for span in self.parts.spans_of_all() {
            let arrays = [before, gradient, after];
            let (part, largest) = match before {
                Arrays::Single(_) => sums.add::<f32>(span, arrays, &law),
                Arrays::Double(_) => sums.add::<f64>(span, arrays, &law),
            };
            vitals.largest_gradient = vitals.largest_gradient.max(largest);
            vitals.parts.push(part);
        }
        vitals.largest_update = sums.largest / rate;
        vitals.decay_ratio = if sums.rest > 0.0 { (sums.decay / sums.rest).sqrt() } else { 0.0 };
        vitals.lag = (sums.second > 0.0).then(|| (sums.square / sums.second).log10());
        vitals.epsilon_share = (sums.n_second > 0).then(|| sums.n_below as f64 / sums.n_second as f64);
        self.look_at_rows(batch, before, &mut vitals);
        self.seen = Some(vitals);
    }

    /// Sends the batch through once more, with the weights before the update.
    fn look_at_rows(&mut self, batch: Option<&[u32]>, before: &Arrays, vitals: &mut Vitals) {
        let rows = batch.unwrap_or(&self.trained_on);
        let mut distinct = rows.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        vitals.unique_share = distinct.len() as f64 / rows.len().max(1) as f64;
        let rows = &rows[..rows.len().min(MOST_ROWS)];
        if rows.is_empty() {
            return;
        }
        let chunk = Chunk::of(&self.samples.select(rows), 0..rows.len());
        let (seen, outputs) = self.network.look((self.numerics, self.n_labels), &self.parts, before, &chunk);
        (vitals.layers, vitals.heads) = (seen.layers, seen.heads);
        let (mut n_absorbed, mut square) = (0, 0.0);
        for (i, (&label, &row)) in chunk.labels.iter().zip(rows).enumerate() {
            let (loss, is_absorbed) = match &outputs {
                Outputs::Single(all) => {
                    let z = &mut all[i * self.n_labels..][..self.n_labels].to_vec();
                    square += spread(z);
                    let loss = self.loss.differentiate(z, self.n_labels, label as usize, 1.0);
                    (loss, z.iter().all(|&g| g == 0.0))
                }
                Outputs::Double(all) => {
                    let z = &mut all[i * self.n_labels..][..self.n_labels].to_vec();
                    square += spread(z);
                    let loss = self.loss.differentiate_f64(z, label as usize);
                    (loss, z.iter().all(|&g| g == 0.0))
                }
            };
            n_absorbed += usize::from(is_absorbed);
            vitals.rows.push((row, loss));
        }
        vitals.absorbed_share = n_absorbed as f64 / rows.len() as f64;
        vitals.logit_scale = (square / (rows.len() * self.n_labels) as f64).sqrt();
    }

    /// Outputs of samples under given weights, `[n][M]`, in f32.
    pub(super) fn outputs(&mut self, samples: &Samples, weights: &Arrays) -> Vec<f32> {
        let chunk = Chunk::of(samples, 0..samples.len());
        match self.network.look((self.numerics, self.n_labels), &self.parts, weights, &chunk).1 {
            Outputs::Single(outputs) => outputs,
            Outputs::Double(outputs) => outputs.iter().map(|&z| z as f32).collect(),
        }
    }
}

/// Σ (z − mean z)².
fn spread<R: Real>(z: &[R]) -> f64 {
    let mean = z.iter().map(|z| z.wide()).sum::<f64>() / z.len() as f64;
    z.iter().map(|z| (z.wide() - mean).powi(2)).sum()
}

/// In the numbers that the run is in.
enum Outputs {
    Single(Vec<f32>),
    Double(Vec<f64>),
}

/// Units and heads on a chunk.
struct Inside {
    layers: Vec<LayerVitals>,
    heads: Vec<HeadVitals>,
}

impl Network {
    fn new(spec: &RunSpec, problem: &Problem) -> Self {
        match spec.numerics {
            Numerics::Double => Self::Double(Formula::new(&spec.model, problem)),
            _ => Self::single(spec, problem),
        }
    }

    /// The network in f32, whatever the run is in.
    pub(super) fn single(spec: &RunSpec, problem: &Problem) -> Self {
        match spec.model.architecture {
            Architecture::TwoLayer | Architecture::Mlp(_) => Self::Mlp(Mlp::new(&spec.model, problem), Box::default()),
            Architecture::Transformer(_) => Self::Transformer(Transformer::new(&spec.model, problem), Box::default()),
        }
    }

    /// Name and activations of every hidden layer, `[n][width]`, of a network in f32.
    pub(super) fn activations(
        &mut self,
        numerics: Numerics,
        parameters: &[f32],
        chunk: &Chunk,
        outputs: &mut [f32],
    ) -> Vec<(String, Vec<f32>)> {
        let layers = match self {
            Self::Mlp(mlp, tape) => {
                mlp.forward(numerics, parameters, chunk, tape, outputs);
                mlp.activities(tape)
            }
            Self::Transformer(transformer, tape) => {
                transformer.forward(numerics, parameters, chunk, tape, outputs);
                transformer.activities(tape)
            }
            Self::Double(_) => Vec::new(),
        };
        layers.into_iter().map(|Activity { name, values, .. }| (name, values.to_vec())).collect()
    }

    fn look(
        &mut self,
        (numerics, n_labels): (Numerics, usize),
        parts: &Parts,
        weights: &Arrays,
        chunk: &Chunk,
    ) -> (Inside, Outputs) {
        fn head<R: Real>((block, head, largest, entropy): (usize, usize, R, R)) -> HeadVitals {
            HeadVitals { block, head, largest_logit: largest.wide(), entropy: entropy.wide() }
        }
        let mut outputs = vec![0.0; chunk.len() * n_labels];
        let inside = match self {
            Self::Mlp(mlp, tape) => {
                mlp.forward(numerics, &parts.flat("weights", weights), chunk, tape, &mut outputs);
                let layers = mlp.activities(tape);
                let layers = layers.iter().map(|layer| layer_vitals(&layer.name, layer.values, layer.width));
                Inside { layers: layers.collect(), heads: Vec::new() }
            }
            Self::Transformer(transformer, tape) => {
                transformer.forward(numerics, &parts.flat("weights", weights), chunk, tape, &mut outputs);
                let layers = transformer.activities(tape);
                let layers = layers.iter().map(|layer| layer_vitals(&layer.name, layer.values, layer.width));
                Inside { layers: layers.collect(), heads: transformer.heads(tape).into_iter().map(head).collect() }
            }
            Self::Double(formula) => {
                let (outputs, passed) = formula.forward(&parts.flat::<f64>("weights", weights), chunk);
                let layers = passed.activations();
                let layers = layers.iter().map(|layer| layer_vitals(&layer.name, layer.values, layer.width));
                let heads = passed.heads().into_iter().map(head).collect();
                return (Inside { layers: layers.collect(), heads }, Outputs::Double(outputs));
            }
        };
        (inside, Outputs::Single(outputs))
    }
}

fn layer_vitals<R: Real>(name: &str, values: &[R], width: usize) -> LayerVitals {
    let n = values.len().max(1) as f64;
    let (mut sum, mut square, mut largest) = (0.0, 0.0, 0.0_f64);
    for x in values.iter().map(|x| x.wide()) {
        sum += x;
        square += x * x;
        largest = x.abs().max(largest);
    }
    let mean = sum / n;
    let (mut second, mut fourth) = (0.0, 0.0);
    for x in values.iter().map(|x| x.wide()) {
        let deviation = (x - mean).powi(2);
        second += deviation;
        fourth += deviation * deviation;
    }
    let (second, fourth) = (second / n, fourth / n);
    let is_dead = |unit: &usize| values.iter().skip(*unit).step_by(width).all(|&x| x == R::default());
    LayerVitals {
        name: name.to_owned(),
        rms: (square / n).sqrt(),
        largest,
        kurtosis: (second > 0.0).then(|| fourth / (second * second)),
        dead_share: (0..width).filter(is_dead).count() as f64 / width as f64,
    }
}

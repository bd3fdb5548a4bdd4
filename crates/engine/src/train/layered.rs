//! A network made of blocks. Samples go through it in chunks, forward and at once back, so that a chunk's tape stays in cache.
//!
//! The chunks are shared out to a fixed number of lanes, each with a gradient of its own, whose sum is taken in order: the
//! bits depend on the number of lanes, which is a constant, and not on the number of threads.

use super::arrays::{Arrays, Kept};
use super::batches::Batches;
use super::interventions::Conditions;
use super::learner::{Evaluation, Learner};
use super::trainable::Trainable;
use super::{Setting, TrainError};
use crate::kernel::Workers;
use crate::loss::{FeatureLoss, Objective, predicted_label};
use crate::model::layered::{Chunk, Layers, Upstream, room};
use crate::model::{Parameters, Weights, solve_ridge};
use crate::optim::Optimizer;
use crate::spec::Numerics;
use crate::spec::TopLayer;
use crate::task::Samples;

/// Samples that pass through together.
const CHUNK: usize = 64;
/// The most threads that can work on one network. Each has a gradient of its own: eight of a transformer of 226,000 weights
/// are 7 MB, and clearing and adding them 3 % of its step.
pub(super) const LANES: usize = 8;

/// The network and what a pass through it leaves behind.
struct Network<L: Layers> {
    layers: L,
    numerics: Numerics,
    objective: Objective,
    n_labels: usize,
    trainable: Trainable<f32>,
    lanes: Vec<Lane<L::Tape>>,
    /// The largest attention score of each head in the last pass that learned, `[blocks][heads]`.
    largest_scores: Vec<f32>,
    workers: Workers,
}

/// One worker's share.
#[derive(Default)]
struct Lane<T> {
    tape: T,
    outputs: Vec<f32>,
    gradient: Vec<f32>,
    /// Sum of the outputs' losses.
    loss: f64,
    predictions: Vec<u32>,
    features: Vec<f32>,
}

/// A sample cut into chunks.
struct Chunks {
    n_samples: usize,
    chunks: Vec<Chunk>,
}

impl Chunks {
    fn of(samples: &Samples) -> Self {
        let n_samples = samples.len();
        let starts = (0..n_samples).step_by(CHUNK);
        Self { n_samples, chunks: starts.map(|i| Chunk::of(samples, i..(i + CHUNK).min(n_samples))).collect() }
    }
}

/// What a pass does beyond going forward.
#[derive(Clone, Copy)]
enum Pass<'a> {
    /// Keeps the features.
    Look,
    /// Goes back from the loss of the outputs.
    Learn,
    /// Goes back from this gradient at the features, `[n][K]`.
    LearnFrom(&'a [f32]),
}

impl<L: Layers> Network<L> {
    /// Sends the samples through; leaves losses and predictions in the lanes and, from a pass that learns, the gradient of the
    /// mean loss.
    fn pass(&mut self, samples: &Chunks, pass: Pass<'_>) {
        let Self { layers, numerics, objective, n_labels, trainable, lanes, largest_scores, workers } = self;
        let Trainable { parameters, gradient, .. } = trainable;
        let (numerics, n_labels, n_features) = (*numerics, *n_labels, layers.n_features());
        let scale = 1.0 / samples.n_samples as f32;
        let share = samples.chunks.len().div_ceil(LANES).max(1);
        let n_busy = samples.chunks.len().div_ceil(share);
        let loss = objective.of_outputs();
        for lane in &mut *lanes {
            (lane.loss, lane.predictions, lane.features) = (0.0, Vec::new(), Vec::new());
        }
        workers.each(&mut lanes[..n_busy], |index, lane| {
            if !matches!(pass, Pass::Look) {
                lane.gradient.clear();
                lane.gradient.resize(parameters.len(), 0.0);
                layers.forget_scores(&mut lane.tape);
            }
            for (nth, chunk) in samples.chunks.iter().enumerate().skip(index * share).take(share) {
                let outputs = room(&mut lane.outputs, chunk.len() * n_labels);
                layers.forward(numerics, parameters, chunk, &mut lane.tape, outputs);
                for (z, &label) in outputs.chunks_exact_mut(n_labels).zip(&chunk.labels) {
                    lane.predictions.push(predicted_label(z) as u32);
                    lane.loss += loss.differentiate(z, n_labels, label as usize, scale);
                }
                let upstream = match pass {
                    Pass::Look => {
                        lane.features.extend_from_slice(layers.features(&lane.tape));
                        continue;
                    }
                    Pass::Learn => Upstream::Outputs(outputs),
                    Pass::LearnFrom(features) => {
                        Upstream::Features(&features[nth * CHUNK * n_features..][..chunk.len() * n_features])
                    }
                };
                layers.backward(numerics, parameters, chunk, &mut lane.tape, upstream, &mut lane.gradient);
            }
        });
        if !matches!(pass, Pass::Look) {
            *largest_scores = layers.largest_scores(&lanes[0].tape);
            for lane in &lanes[1..n_busy] {
                let scores = layers.largest_scores(&lane.tape);
                largest_scores.iter_mut().zip(scores).for_each(|(largest, score)| *largest = largest.max(score));
            }
            gradient.copy_from_slice(&lanes[0].gradient);
            for lane in &lanes[1..n_busy] {
                gradient.iter_mut().zip(&lane.gradient).for_each(|(sum, g)| *sum += g);
            }
        }
    }

    /// Features that the last look kept, `[n][K]`.
    fn features(&self) -> Vec<f32> {
        self.lanes.iter().flat_map(|lane| lane.features.iter().copied()).collect()
    }

    /// What the last pass saw; `loss` where it is not the outputs' mean loss.
    fn seen(&self, samples: &Chunks, loss: Option<f64>) -> Evaluation {
        let n = samples.n_samples as f64;
        let predictions: Vec<u32> = self.lanes.iter().flat_map(|lane| lane.predictions.iter().copied()).collect();
        let labels = samples.chunks.iter().flat_map(|chunk| &chunk.labels);
        let right = predictions.iter().zip(labels).filter(|(p, y)| p == y).count();
        let loss = loss.unwrap_or_else(|| self.lanes.iter().map(|lane| lane.loss).sum::<f64>() / n);
        Evaluation { loss, accuracy: right as f64 / n, predictions }
    }

    /// Loss of the features that the last look kept, and its gradient at them.
    fn feature_loss(&self, loss: FeatureLoss, samples: &Chunks) -> (f64, Vec<f32>) {
        let features = self.features();
        let labels: Vec<u32> = samples.chunks.iter().flat_map(|chunk| chunk.labels.iter().copied()).collect();
        let mut gradient = vec![0.0; features.len()];
        let value = loss.differentiate(self.numerics, &features, self.layers.n_features(), &labels, &mut gradient);
        (value, gradient)
    }

    fn evaluate(&mut self, samples: &Chunks) -> Evaluation {
        self.pass(samples, Pass::Look);
        let loss = match self.objective {
            Objective::Outputs(_) => None,
            Objective::Features(loss) => Some(self.feature_loss(loss, samples).0),
        };
        self.seen(samples, loss)
    }

    fn learn(&mut self, samples: &Chunks) -> Evaluation {
        match self.objective {
            Objective::Outputs(_) => {
                self.pass(samples, Pass::Learn);
                self.seen(samples, None)
            }
            Objective::Features(loss) => {
                self.pass(samples, Pass::Look);
                let (loss, gradient) = self.feature_loss(loss, samples);
                self.pass(samples, Pass::LearnFrom(&gradient));
                self.seen(samples, Some(loss))
            }
        }
    }
}

pub(super) struct Layered<L: Layers> {
    network: Network<L>,
    top_frozen: bool,
    samples: Samples,
    train: Chunks,
    test: Chunks,
    batches: Option<Batches>,
    /// The whole training sample, where the last forward pass saw it.
    seen: Option<Evaluation>,
}

impl<L: Layers> Layered<L> {
    pub(super) fn new(setting: &Setting<'_>, workers: Workers, layers: L) -> Self {
        let Setting { spec, problem, split } = *setting;
        Self {
            network: Network {
                trainable: Trainable::draw(layers.layout(), spec.seed),
                layers,
                numerics: spec.numerics,
                objective: spec.loss,
                n_labels: problem.n_labels,
                lanes: (0..LANES).map(|_| Lane::default()).collect(),
                largest_scores: Vec::new(),
                workers,
            },
            top_frozen: spec.model.top_layer != TopLayer::Trained,
            train: Chunks::of(&split.train),
            test: Chunks::of(&split.test),
            batches: Batches::new(spec.seed, split.train.len(), spec.data.batch_size),
            samples: split.train.clone(),
            seen: None,
        }
    }
}

impl<L: Layers> Learner for Layered<L> {
    fn arrange(&mut self, Conditions { spec, arrangement, distinct }: &Conditions<'_>) {
        self.network.objective = spec.loss;
        self.train = Chunks::of(&arrangement.samples.select(&arrangement.trained_on()));
        self.test = Chunks::of(&arrangement.test);
        self.batches = Batches::arranged(spec.seed, spec.data.batch_size, &arrangement.alive, *distinct);
        self.samples = arrangement.samples.clone();
        self.seen = None;
    }

    fn solve_top(&mut self, eta: f64) -> bool {
        let Self { network, train, .. } = self;
        network.pass(train, Pass::Look);
        let (n_features, n_labels) = (network.layers.n_features(), network.n_labels);
        let labels: Vec<u32> = train.chunks.iter().flat_map(|chunk| chunk.labels.iter().copied()).collect();
        let top = solve_ridge(network.numerics, &network.features(), n_features, &labels, n_labels, eta);
        let Some(top) = top else { return false };
        let range = network.layers.layout().top_weight();
        network.trainable.parameters[range].copy_from_slice(&top);
        self.seen = None;
        true
    }

    fn forward(&mut self, step: u64) -> f64 {
        let evaluation = match &mut self.batches {
            Some(batches) => self.network.learn(&Chunks::of(&self.samples.select(&batches.at(step)))),
            None => self.network.learn(&self.train),
        };
        let loss = evaluation.loss;
        self.seen = self.batches.is_none().then_some(evaluation);
        loss
    }

    fn evaluate_train(&mut self) -> Evaluation {
        self.seen.take().unwrap_or_else(|| self.network.evaluate(&self.train))
    }

    fn evaluate_test(&mut self) -> Option<Evaluation> {
        (self.test.n_samples > 0).then(|| self.network.evaluate(&self.test))
    }

    fn update(&mut self, optimizer: &Optimizer) {
        let Network { layers, numerics, trainable, largest_scores, .. } = &mut self.network;
        trainable.update(*numerics, optimizer, if self.top_frozen { layers.layout().top() } else { 0..0 });
        if let Some(limit) = optimizer.score_limit() {
            layers.clip_scores(&mut trainable.parameters, largest_scores, limit as f32);
        }
    }

    fn weights(&self) -> (Weights, Parameters) {
        let Network { layers, trainable, .. } = &self.network;
        (layers.readout(&trainable.parameters), layers.layout().named(&trainable.parameters))
    }

    fn copy_hidden(&self, into: &mut Vec<f32>) {
        self.network.trainable.copy_hidden(into);
    }

    fn unit_norms(&self) -> Vec<f64> {
        self.network.trainable.unit_norms()
    }

    fn gradients(&self) -> Arrays {
        self.network.trainable.gradients()
    }

    fn batch(&mut self, step: u64) -> Option<Vec<u32>> {
        self.batches.as_mut().map(|batches| batches.at(step))
    }

    fn n_threads(&self) -> usize {
        self.network.workers.n_threads()
    }

    fn arrays(&self) -> Arrays {
        self.network.trainable.arrays()
    }

    fn watched_arrays(&self) -> Arrays {
        self.network.trainable.watched_arrays()
    }

    fn restore(&mut self, kept: Kept<'_>) -> Result<(), TrainError> {
        self.network.trainable.restore(kept)
    }
}

//! Any network in f64: `numerics=double`. Slow and plain: what it computes is [`crate::model::formula`].

use super::Setting;
use super::TrainError;
use super::arrays::{Arrays, Kept};
use super::batches::Batches;
use super::interventions::Conditions;
use super::learner::{Evaluation, Learner};
use super::trainable::Trainable;
use crate::loss::Loss;
use crate::model::formula::{Formula, Sums};
use crate::model::layered::Chunk;
use crate::model::{Parameters, Weights, solve_ridge};
use crate::optim::Optimizer;
use crate::spec::{Numerics, TopLayer};
use crate::task::Samples;

/// The network with its samples. It works on one thread.
pub(super) struct Double {
    network: Formula,
    /// Whether a snapshot has W and V alone, as the fused kernel's have.
    is_two_layer: bool,
    loss: Loss,
    n_labels: usize,
    top_frozen: bool,
    trainable: Trainable<f64>,
    train: Vec<Chunk>,
    test: Vec<Chunk>,
    batches: Option<Batches>,
    /// Every sample that a batch could hold.
    samples: Samples,
    /// What the last forward pass saw, where it saw the whole sample.
    seen: Option<Evaluation>,
    largest_scores: Vec<f64>,
}

impl Double {
    pub(super) fn new(setting: &Setting<'_>) -> Self {
        let Setting { spec, problem, split } = *setting;
        let network = Formula::new(&spec.model, problem);
        Self {
            is_two_layer: super::has_fused_form(spec, problem),
            loss: spec.loss.of_outputs(),
            n_labels: problem.n_labels,
            top_frozen: spec.model.top_layer != TopLayer::Trained,
            trainable: Trainable::draw(network.layout(), spec.seed),
            network,
            train: Chunk::all(&split.train),
            test: Chunk::all(&split.test),
            batches: Batches::new(spec.seed, split.train.len(), spec.data.batch_size),
            samples: split.train.clone(),
            seen: None,
            largest_scores: Vec::new(),
        }
    }

    /// The two-layer network that begins at given weights instead of drawn ones.
    pub(super) fn with_weights(mut self, Weights { hidden, top, .. }: &Weights) -> Self {
        self.trainable.parameters = hidden.iter().chain(top).map(|&weight| weight.into()).collect();
        self
    }

    /// Numbers that it holds for each that it trains, in units of an f32: weights, gradient and two moments.
    pub(super) const COPIES: usize = 8;

    /// The weights as a snapshot has them.
    fn single(&self) -> Vec<f32> {
        self.trainable.parameters.iter().map(|&weight| weight as f32).collect()
    }

    fn evaluate(&self, chunks: &[Chunk]) -> Evaluation {
        evaluation(chunks, self.network.pass(self.loss, &self.trainable.parameters, chunks, None))
    }

    fn learn(&mut self, chunks: &[Chunk]) -> Evaluation {
        let Trainable { parameters, gradient, .. } = &mut self.trainable;
        let sums = self.network.pass(self.loss, parameters, chunks, Some(gradient));
        self.largest_scores.clone_from(&sums.largest_scores);
        evaluation(chunks, sums)
    }
}

fn evaluation(chunks: &[Chunk], Sums { loss, predictions, .. }: Sums<f64>) -> Evaluation {
    let n = predictions.len().max(1) as f64;
    let labels = chunks.iter().flat_map(|chunk| &chunk.labels);
    let right = predictions.iter().zip(labels).filter(|(p, y)| p == y).count();
    Evaluation { loss: loss / n, accuracy: right as f64 / n, predictions }
}

impl Learner for Double {
    fn arrange(&mut self, Conditions { spec, arrangement, distinct }: &Conditions<'_>) {
        self.loss = spec.loss.of_outputs();
        self.train = Chunk::all(&arrangement.samples.select(&arrangement.trained_on()));
        self.test = Chunk::all(&arrangement.test);
        self.batches = Batches::arranged(spec.seed, spec.data.batch_size, &arrangement.alive, *distinct);
        self.samples = arrangement.samples.clone();
        self.seen = None;
    }

    fn solve_top(&mut self, eta: f64) -> bool {
        let features = self.network.pass(self.loss, &self.trainable.parameters, &self.train, None).features;
        let labels: Vec<u32> = self.train.iter().flat_map(|chunk| chunk.labels.iter().copied()).collect();
        let n_features = self.network.n_features();
        let Some(top) = solve_ridge(Numerics::Double, &features, n_features, &labels, self.n_labels, eta) else {
            return false;
        };
        self.trainable.parameters[self.network.layout().top_weight()].copy_from_slice(&top);
        self.seen = None;
        true
    }

    fn forward(&mut self, step: u64) -> f64 {
        let evaluation = match &mut self.batches {
            Some(batches) => {
                let batch = Chunk::all(&self.samples.select(&batches.at(step)));
                self.learn(&batch)
            }
            None => {
                let train = std::mem::take(&mut self.train);
                let evaluation = self.learn(&train);
                self.train = train;
                evaluation
            }
        };
        let loss = evaluation.loss;
        self.seen = self.batches.is_none().then_some(evaluation);
        loss
    }

    fn evaluate_train(&mut self) -> Evaluation {
        self.seen.take().unwrap_or_else(|| self.evaluate(&self.train))
    }

    fn evaluate_test(&mut self) -> Option<Evaluation> {
        (!self.test.is_empty()).then(|| self.evaluate(&self.test))
    }

    fn update(&mut self, optimizer: &Optimizer) {
        let layout = self.network.layout();
        self.trainable.update(Numerics::Double, optimizer, if self.top_frozen { layout.top() } else { 0..0 });
        if let Some(limit) = optimizer.score_limit() {
            self.network.clip_scores(&mut self.trainable.parameters, &self.largest_scores, limit);
        }
    }

    fn weights(&self) -> (Weights, Parameters) {
        let single = self.single();
        let named = if self.is_two_layer { Parameters::default() } else { self.network.layout().named(&single) };
        (self.network.readout(&single), named)
    }

    fn copy_hidden(&self, into: &mut Vec<f32>) {
        self.trainable.copy_hidden(into);
    }

    fn unit_norms(&self) -> Vec<f64> {
        self.trainable.unit_norms()
    }

    fn gradients(&self) -> Arrays {
        self.trainable.gradients()
    }

    fn batch(&mut self, step: u64) -> Option<Vec<u32>> {
        self.batches.as_mut().map(|batches| batches.at(step))
    }

    fn n_threads(&self) -> usize {
        1
    }

    fn arrays(&self) -> Arrays {
        self.trainable.arrays()
    }

    fn restore(&mut self, kept: Kept<'_>) -> Result<(), TrainError> {
        self.seen = None;
        self.trainable.restore(kept)
    }
}

#[cfg(test)]
mod tests;

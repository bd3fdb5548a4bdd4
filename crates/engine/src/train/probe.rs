//! What a network computes under given weights, layer by layer: those of a run, or others put together from them.

use super::Training;
use super::parts::Parts;
use super::vitals::Network;
use crate::model::layered::Chunk;
use crate::spec::{Numerics, RunSpec};
use crate::task::{Problem, Samples};

/// A network without weights of its own.
pub struct Probe {
    network: Network,
    parts: Parts,
    numerics: Numerics,
    n_labels: usize,
}

impl Probe {
    /// The network that `spec` asks for.
    pub fn new(spec: &RunSpec, problem: &Problem) -> Self {
        let numerics = match spec.numerics {
            // Weights are looked at in f32; their sums have one order, as those of the run have.
            Numerics::Double => Numerics::Exact,
            numerics => numerics,
        };
        let (network, parts) = (Network::single(spec, problem), Parts::of(spec, problem));
        Self { network, parts, numerics, n_labels: problem.n_labels }
    }

    /// The weights of a run as they stand: every array by name, `hidden.0.weight`, in the network's order. The run is of this spec.
    pub fn weights(&self, training: &Training) -> Vec<(String, Vec<f32>)> {
        self.parts.weights(&training.learner.arrays())
    }

    /// The activations of every hidden layer from the bottom, `[n][width]`, and last the outputs, `[n][M]`, under the name `outputs`.
    /// `weights` has the arrays of [`Probe::weights`], in their order.
    pub fn layers(&mut self, samples: &Samples, weights: &[(String, Vec<f32>)]) -> Vec<(String, Vec<f32>)> {
        let parameters: Vec<f32> = weights.iter().flat_map(|(_, array)| array).copied().collect();
        let chunk = Chunk::of(samples, 0..samples.len());
        let mut outputs = vec![0.0; samples.len() * self.n_labels];
        let mut layers = self.network.activations(self.numerics, &parameters, &chunk, &mut outputs);
        layers.push(("outputs".to_owned(), outputs));
        layers
    }
}

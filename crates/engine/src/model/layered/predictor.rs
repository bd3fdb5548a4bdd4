//! A recorded network, to be looked through: features and outputs of any samples.

use super::{Chunk, Layers, Mlp, Parameters, Transformer};
use crate::spec::Numerics;
use crate::spec::{Architecture, RunSpec};
use crate::task::{Problem, Samples};
use std::ops::Range;

/// Samples that pass through together.
const CHUNK: usize = 64;

/// A network made of blocks, with the parameters of one snapshot.
pub struct Predictor {
    network: Network,
    numerics: Numerics,
    n_labels: usize,
    parameters: Vec<f32>,
}

enum Network {
    Mlp(Mlp),
    Transformer(Transformer),
}

/// What a network makes of samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// F, `[n][K]`.
    pub features: Vec<f32>,
    /// `[n][M]`
    pub outputs: Vec<f32>,
}

/// Parameters that belong to another network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the snapshot has no array `{name}` of the shape that the spec's network has; it belongs to another spec")]
pub struct PredictorError {
    /// The first array that is missing or has another shape.
    pub name: String,
}

impl Predictor {
    /// The network that `spec` asks for, with these parameters.
    pub fn new(spec: &RunSpec, problem: &Problem, parameters: &Parameters) -> Result<Self, PredictorError> {
        let network = match spec.model.architecture {
            Architecture::TwoLayer | Architecture::Mlp(_) => Network::Mlp(Mlp::new(&spec.model, problem)),
            Architecture::Transformer(_) => Network::Transformer(Transformer::new(&spec.model, problem)),
        };
        let layout = match &network {
            Network::Mlp(mlp) => mlp.layout(),
            Network::Transformer(transformer) => transformer.layout(),
        };
        let parameters = layout.flat(parameters).map_err(|name| PredictorError { name: name.to_owned() })?;
        Ok(Self { network, numerics: spec.numerics, n_labels: problem.n_labels, parameters })
    }

    /// Numbers K in a sample's features.
    pub fn n_features(&self) -> usize {
        match &self.network {
            Network::Mlp(mlp) => mlp.n_features(),
            Network::Transformer(transformer) => transformer.n_features(),
        }
    }

    /// The samples in `range`, sent through.
    pub fn run(&self, samples: &Samples, range: Range<usize>) -> Prediction {
        match &self.network {
            Network::Mlp(mlp) => self.run_through(mlp, samples, range),
            Network::Transformer(transformer) => self.run_through(transformer, samples, range),
        }
    }

    fn run_through<L: Layers>(&self, layers: &L, samples: &Samples, range: Range<usize>) -> Prediction {
        let mut tape = L::Tape::default();
        let mut prediction = Prediction { features: Vec::new(), outputs: vec![0.0; range.len() * self.n_labels] };
        for (start, outputs) in range.clone().step_by(CHUNK).zip(prediction.outputs.chunks_mut(CHUNK * self.n_labels)) {
            let chunk = Chunk::of(samples, start..(start + CHUNK).min(range.end));
            layers.forward(self.numerics, &self.parameters, &chunk, &mut tape, outputs);
            prediction.features.extend_from_slice(layers.features(&tape));
        }
        prediction
    }
}

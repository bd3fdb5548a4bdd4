//! A network of any kind by its formulas, and a pass of samples through it.

use super::{mlp, transformer};
use crate::kernel::Scalar;
use crate::loss::Loss;
use crate::model::Weights;
use crate::model::layered::{Chunk, Layers, Layout, Mlp, Transformer};
use crate::spec::{Architecture, ModelSpec};
use crate::task::Problem;

/// A network.
pub(crate) enum Formula {
    Mlp(Mlp),
    Transformer(Transformer),
}

/// What a chunk left behind on its way forward.
pub(crate) enum Passed<S> {
    Mlp(mlp::Passed<S>),
    Transformer(transformer::Passed<S>),
}

/// The numbers of one hidden layer's units on a chunk, `[n][width]`.
pub(crate) struct Activations<'t, S> {
    pub(crate) name: String,
    pub(crate) values: &'t [S],
    pub(crate) width: usize,
}

/// What a pass over samples saw.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Sums<S> {
    /// Σ of the samples' losses.
    pub(crate) loss: S,
    /// The predicted label of each sample.
    pub(crate) predictions: Vec<u32>,
    /// F, `[n][K]`.
    pub(crate) features: Vec<S>,
    /// The largest attention score of each head, before any cap, `[blocks][heads]`; empty without attention.
    pub(crate) largest_scores: Vec<f64>,
}

impl Formula {
    /// The network that `spec` asks for, for this problem.
    pub(crate) fn new(spec: &ModelSpec, problem: &Problem) -> Self {
        match spec.architecture {
            Architecture::TwoLayer | Architecture::Mlp(_) => Self::Mlp(Mlp::new(spec, problem)),
            Architecture::Transformer(_) => Self::Transformer(Transformer::new(spec, problem)),
        }
    }

    /// The parameters' names, shapes and initial distributions.
    pub(crate) fn layout(&self) -> &Layout {
        match self {
            Self::Mlp(mlp) => mlp.layout(),
            Self::Transformer(transformer) => transformer.layout(),
        }
    }

    /// Numbers K in a sample's features.
    pub(crate) fn n_features(&self) -> usize {
        match self {
            Self::Mlp(mlp) => mlp.n_features(),
            Self::Transformer(transformer) => transformer.n_features(),
        }
    }

    /// The features' weights as a two-layer network.
    pub(crate) fn readout(&self, parameters: &[f32]) -> Weights {
        match self {
            Self::Mlp(mlp) => mlp.readout(parameters),
            Self::Transformer(transformer) => transformer.readout(parameters),
        }
    }

    /// QK-clip: scales the queries and keys of each head whose largest score is above `limit`.
    pub(crate) fn clip_scores(&self, parameters: &mut [f64], largest: &[f64], limit: f64) {
        if let Self::Transformer(transformer) = self {
            transformer.clip_scores_of_blocks(parameters, largest, limit);
        }
    }

    /// The outputs of a chunk, `[n][M]`, and what the way back needs.
    pub(crate) fn forward<S: Scalar>(&self, parameters: &[S], chunk: &Chunk) -> (Vec<S>, Passed<S>) {
        match self {
            Self::Mlp(mlp) => {
                let (outputs, passed) = mlp::forward(mlp, parameters, chunk);
                (outputs, Passed::Mlp(passed))
            }
            Self::Transformer(transformer) => {
                let (outputs, passed) = transformer::forward(transformer, parameters, chunk);
                (outputs, Passed::Transformer(passed))
            }
        }
    }

    /// Adds the gradient of a chunk to `gradient`, from ∂L/∂outputs.
    fn backward<S: Scalar>(&self, parameters: &[S], chunk: &Chunk, passed: &Passed<S>, dz: &[S], gradient: &mut [S]) {
        match (self, passed) {
            (Self::Mlp(mlp), Passed::Mlp(passed)) => mlp::backward(mlp, parameters, chunk, passed, dz, gradient),
            (Self::Transformer(transformer), Passed::Transformer(passed)) => {
                transformer::backward(transformer, parameters, chunk, passed, dz, gradient);
            }
            _ => unreachable!("a network goes back over what it passed"),
        }
    }

    /// The samples sent through: the sum of their losses, and what they are taken for. `gradient`, where it is asked for, becomes
    /// that of the mean loss.
    pub(crate) fn pass<S: Scalar>(
        &self,
        loss: Loss,
        parameters: &[S],
        chunks: &[Chunk],
        mut gradient: Option<&mut [S]>,
    ) -> Sums<S> {
        let n: usize = chunks.iter().map(Chunk::len).sum();
        let share = S::constant((n.max(1) as f64).recip());
        if let Some(gradient) = &mut gradient {
            gradient.fill(S::default());
        }
        let mut sums = Sums { loss: S::default(), ..Sums::default() };
        for chunk in chunks {
            let (mut outputs, passed) = self.forward(parameters, chunk);
            let n_labels = outputs.len() / chunk.len().max(1);
            for (z, &label) in outputs.chunks_exact_mut(n_labels).zip(&chunk.labels) {
                sums.predictions.push(predicted_label(z) as u32);
                sums.loss += loss.differentiate_in(z, label as usize);
                z.iter_mut().for_each(|dz| *dz = *dz * share);
            }
            match &mut gradient {
                Some(gradient) => {
                    self.backward(parameters, chunk, &passed, &outputs, gradient);
                    let scores = passed.largest_scores();
                    if sums.largest_scores.is_empty() {
                        sums.largest_scores = scores;
                    } else {
                        sums.largest_scores.iter_mut().zip(scores).for_each(|(a, b)| *a = a.max(b));
                    }
                }
                None => sums.features.extend_from_slice(passed.features()),
            }
        }
        sums
    }
}

impl<S: Scalar> Passed<S> {
    /// F, `[n][K]`.
    pub(crate) fn features(&self) -> &[S] {
        match self {
            Self::Mlp(passed) => passed.features(),
            Self::Transformer(passed) => passed.features(),
        }
    }

    /// Every hidden layer's units.
    pub(crate) fn activations(&self) -> Vec<Activations<'_, S>> {
        match self {
            Self::Mlp(passed) => passed.activations(),
            Self::Transformer(passed) => passed.activations(),
        }
    }

    /// Block, head, largest score in magnitude and mean entropy of the weights as a share of the largest possible one.
    pub(crate) fn heads(&self) -> Vec<(usize, usize, f64, f64)> {
        match self {
            Self::Mlp(_) => Vec::new(),
            Self::Transformer(passed) => passed.heads(),
        }
    }

    fn largest_scores(&self) -> Vec<f64> {
        match self {
            Self::Mlp(_) => Vec::new(),
            Self::Transformer(passed) => passed.largest_scores(),
        }
    }
}

/// The largest output, the lowest index among equals.
fn predicted_label<S: Scalar>(z: &[S]) -> usize {
    let mut best = 0;
    for (c, z_c) in z.iter().enumerate() {
        if z_c.value() > z[best].value() {
            best = c;
        }
    }
    best
}

//! The loss as a function of all weights, with its first two derivatives in f64.

use super::Training;
use super::arrays::Arrays;
use crate::kernel::Dual;
use crate::loss::Loss;
use crate::model::formula::Formula;
use crate::model::layered::Chunk;
use crate::optim::OptimizerSpec;
use crate::spec::{CrossEntropySpec, RunSpec};
use crate::split::Split;
use crate::task::{Problem, Samples};

/// The mean loss over fixed samples, L(w), w being all weights in the network's order.
///
/// ```text
/// L(w) = (1/n) Σᵢ loss(z(xᵢ; w), yᵢ)      H(w) v = d/ds ∇L(w + s v) at s = 0
/// ```
///
/// Everything is f64, whatever the run trains in, and no difference is taken: H v is the tangent of the way back on the dual numbers
/// w + v δ (Pearlmutter 1994), at about four times the cost of a gradient. At a kink of ReLU or |x|, which H does not see, its
/// slopes count as constant.
pub struct LossSurface {
    network: Formula,
    loss: Loss,
    samples: Vec<Chunk>,
    n_samples: usize,
}

/// A run's optimizer at a step, w in the network's order.
#[derive(Clone, Debug, PartialEq)]
pub struct OptimizerState {
    /// w
    pub weights: Vec<f64>,
    /// SGD's momentum buffer b, or m of Adam.
    pub moment1: Vec<f64>,
    /// v of Adam.
    pub moment2: Vec<f64>,
    /// The settings in force.
    pub optimizer: OptimizerSpec,
    /// Updates made so far.
    pub step: u64,
}

impl LossSurface {
    /// That of the network and the loss of `spec` over `samples`; `None` where the loss has no second derivative: one of the features,
    /// or with probabilities in steps.
    pub fn new(spec: &RunSpec, problem: &Problem, samples: &Samples) -> Option<Self> {
        let crate::spec::Objective::Outputs(loss) = spec.loss else { return None };
        if loss.changes().is_some_and(|CrossEntropySpec { probability_bits, .. }| probability_bits > 0) {
            return None;
        }
        let network = Formula::new(&spec.model, problem);
        Some(Self { network, loss, samples: Chunk::all(samples), n_samples: samples.len() })
    }

    /// Numbers in w.
    pub fn n_weights(&self) -> usize {
        self.network.layout().len()
    }

    /// L(w).
    pub fn loss(&self, weights: &[f64]) -> f64 {
        self.network.pass(self.loss, weights, &self.samples, None).loss / self.n_samples as f64
    }

    /// ∇L(w).
    pub fn gradient(&self, weights: &[f64]) -> Vec<f64> {
        let mut gradient = vec![0.0; weights.len()];
        self.network.pass(self.loss, weights, &self.samples, Some(&mut gradient));
        gradient
    }

    /// H(w) v.
    pub fn hessian_product(&self, weights: &[f64], v: &[f64]) -> Vec<f64> {
        let dual: Vec<Dual> = weights.iter().zip(v).map(|(&value, &tangent)| Dual { value, tangent }).collect();
        let mut gradient = vec![Dual::default(); weights.len()];
        self.network.pass(self.loss, &dual, &self.samples, Some(&mut gradient));
        gradient.iter().map(|g| g.tangent).collect()
    }
}

impl Training {
    /// The loss over all samples that are trained on now, as a function of the weights; [`LossSurface::new`] says when there is none.
    pub fn loss_surface(&self, problem: &Problem, split: &Split) -> Option<LossSurface> {
        match &self.arranged {
            None => LossSurface::new(&self.spec, problem, &split.train),
            Some((spec, samples)) => LossSurface::new(spec, problem, samples),
        }
    }

    /// Weights and moments as the last update left them.
    pub fn optimizer_state(&self) -> OptimizerState {
        let arrays = self.learner.arrays();
        let flat = |kind: &str| -> Vec<f64> {
            // The fused kernel has an array a layer, in the network's order.
            let is_part =
                |name: &str| name.strip_prefix(kind).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
            match &arrays {
                Arrays::Single(single) => {
                    let parts = single.iter().filter(|(name, _)| is_part(name));
                    parts.flat_map(|(_, values)| values.iter().map(|&value| value.into())).collect()
                }
                Arrays::Double(double) => {
                    double.iter().filter(|(name, _)| is_part(name)).flat_map(|(_, values)| values.clone()).collect()
                }
            }
        };
        OptimizerState {
            weights: flat("weights"),
            moment1: flat("moment1"),
            moment2: flat("moment2"),
            optimizer: self.optimizer,
            step: self.step,
        }
    }
}

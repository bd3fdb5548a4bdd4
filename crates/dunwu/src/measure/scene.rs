//! One snapshot with all that a measure may look at; what several measures share is computed on first use and kept.
//!
//! No n×K array is held in f64. The gradient at the features, `G_F = P₁ R Vᵀ`, and its Stage I form `Ỹ Ỹᵀ F̃` have rank at
//! most M, so their norms and products are taken over labels and neither is ever built.

use crate::group::Decomposition;
use dunwu_engine::loss::Objective;
use dunwu_engine::model::{Activation, Weights};
use dunwu_engine::{Problem, Snapshot, Split};
use std::cell::OnceCell;

mod class_sums;
mod energies;
mod forward;
mod gradient;
mod isotypic;
mod kernel;
mod output_sums;
mod outputs;
mod ridge;
mod similarity;
mod waves;

pub(super) use class_sums::{ClassMoments, ClassSums};
pub(super) use energies::Energies;
pub(crate) use forward::HiddenLayer;
pub use forward::Network;
use forward::Source;
pub(super) use forward::{HeldOut, Train};
pub(super) use gradient::Gradient;
pub(super) use isotypic::Isotypic;
use kernel::Kernel;
pub(super) use output_sums::OutputSums;
pub(super) use outputs::{Tally, sample_loss};
pub(super) use ridge::Ridge;
pub(super) use similarity::Similarity;
pub(super) use waves::{Waves, addition, frequencies, frequency_powers};

/// Multiply-adds above which a product of two n×K arrays is not made for the sake of a measure: a few seconds on one core.
const LARGEST_PRODUCT: u64 = 4096 * 4096 * 4096;

/// Whether `a · b · c` multiply-adds are few enough.
fn is_affordable(a: usize, b: usize, c: usize) -> bool {
    [a, b, c].into_iter().fold(1, |product: u64, n| product.saturating_mul(n as u64)) <= LARGEST_PRODUCT
}

/// What stays the same over a run's snapshots.
#[derive(Clone, Copy)]
pub struct Setup<'a> {
    /// The problem.
    pub problem: &'a Problem,
    /// What is trained on and what is not; together the whole population.
    pub split: &'a Split,
    /// The irreps; `None` where the task is no group.
    pub decomposition: Option<&'a Decomposition>,
    /// σ.
    pub activation: Activation,
    /// What is minimised. The outputs are judged by [`Objective::of_outputs`].
    pub objective: Objective,
    /// η of `½‖P₁(Y − FV)‖² + η/2 ‖V‖²`, sums over samples. Training with a mean loss and coupled weight decay λ has its
    /// ridge at η = nλ/2 for the centred MSE and, to first order, at η = nλ for cross-entropy. 0 where nothing decays.
    pub eta: f64,
    /// The weights at step 0.
    pub initial: &'a Weights,
}

/// One snapshot in its run.
pub struct Scene<'a> {
    /// What stays the same over the run.
    pub setup: Setup<'a>,
    /// The network at one step.
    pub snapshot: &'a Snapshot,
    source: Source<'a>,
    train: OnceCell<Option<Train>>,
    held_out: OnceCell<Option<HeldOut>>,
    energies: OnceCell<Energies>,
    gradient: OnceCell<Option<Gradient>>,
    kernel: OnceCell<Kernel>,
    isotypic: OnceCell<Option<Isotypic>>,
    singular_values: OnceCell<Option<Vec<f64>>>,
    waves: OnceCell<Option<Waves>>,
    unit_inputs: OnceCell<Vec<f32>>,
    /// Whether F̃ᵀF̃ is formed and factored, which costs as much as everything else together.
    has_kernel: bool,
}

impl<'a> Scene<'a> {
    /// A snapshot of a two-layer network, whose weights are all there is to it.
    pub fn new(setup: Setup<'a>, snapshot: &'a Snapshot) -> Self {
        let weights = &snapshot.weights;
        assert!(
            weights.n_inputs > 0 || weights.n_units == 0,
            "a two-layer network is a table of tokens and a top layer"
        );
        Self::seen_through(Source::Tables, setup, snapshot)
    }

    /// A snapshot of any other network, whose readout `snapshot.weights` is: V in `top`, and in `hidden` the table of tokens
    /// that feeds the features, empty where there is none.
    pub fn of_network(network: &'a dyn Network, setup: Setup<'a>, snapshot: &'a Snapshot) -> Self {
        Self::seen_through(Source::Network(network), setup, snapshot)
    }

    fn seen_through(source: Source<'a>, setup: Setup<'a>, snapshot: &'a Snapshot) -> Self {
        let weights = &snapshot.weights;
        let n_tokens = setup.problem.n_inputs();
        assert!(weights.n_inputs == n_tokens || weights.n_inputs == 0, "one row of W a token, or none at all");
        assert_eq!(weights.n_labels, setup.problem.n_labels, "one column of V a label");
        assert_eq!(weights.hidden.len(), weights.n_inputs * weights.n_units, "W is [n_inputs][n_units]");
        assert_eq!(weights.top.len(), weights.n_units * weights.n_labels, "V is [n_units][n_labels]");
        assert_eq!(setup.initial.hidden.len(), weights.hidden.len(), "the initial W has the shape of W");
        Self {
            setup,
            snapshot,
            source,
            train: OnceCell::new(),
            held_out: OnceCell::new(),
            energies: OnceCell::new(),
            gradient: OnceCell::new(),
            kernel: OnceCell::new(),
            isotypic: OnceCell::new(),
            singular_values: OnceCell::new(),
            waves: OnceCell::new(),
            unit_inputs: OnceCell::new(),
            has_kernel: true,
        }
    }

    /// The same without the products and factors of F̃ᵀF̃: what is read off them is undefined.
    #[must_use]
    pub fn without_kernel(mut self) -> Self {
        self.has_kernel = false;
        self
    }

    /// Whether features are σ(XW) of the table of tokens, and nothing more.
    pub(super) fn is_made_of_tables(&self) -> bool {
        matches!(self.source, Source::Tables)
    }

    /// wⱼ of every unit, `[unit][token]`, so that the weights of one lie together; empty where W is no table of tokens.
    pub(super) fn unit_inputs(&self) -> impl Iterator<Item = &[f32]> {
        let weights = self.weights();
        let turned = self.unit_inputs.get_or_init(|| {
            let mut turned = vec![0.0; weights.hidden.len()];
            for (token, row) in weights.hidden.chunks_exact(weights.n_units.max(1)).enumerate() {
                row.iter().enumerate().for_each(|(unit, &w)| turned[unit * weights.n_inputs + token] = w);
            }
            turned
        });
        turned.chunks_exact(weights.n_inputs.max(1))
    }

    /// The weights; of a network that is not two-layer, its readout.
    pub fn weights(&self) -> &'a Weights {
        &self.snapshot.weights
    }

    /// The weights where W is a table of tokens; `None` where the inputs are no tokens or a deeper layer makes the features.
    pub fn token_weights(&self) -> Option<&'a Weights> {
        Some(self.weights()).filter(|weights| weights.n_inputs > 0)
    }

    /// The training sample seen through the network; `None` without training samples.
    pub(super) fn train(&self) -> Option<&Train> {
        self.train.get_or_init(|| Train::of(self)).as_ref()
    }

    /// What training still asks of the outputs on the training sample, R of `G_F = P₁ R Vᵀ`, `[n][M]`; `None` without samples.
    pub(crate) fn training_residual(&self) -> Option<&[f64]> {
        self.train().map(|train| train.residual.as_slice())
    }

    /// The held-out samples seen through the network; `None` without any.
    pub(super) fn held_out(&self) -> Option<&HeldOut> {
        self.held_out.get_or_init(|| HeldOut::of(self)).as_ref()
    }

    /// Energies of the normalised units.
    pub(super) fn energies(&self) -> &Energies {
        self.energies.get_or_init(|| Energies::of(self))
    }

    /// `G_F` and its Stage I form; `None` where it is not finite, or for a loss of features that are too many.
    pub(super) fn gradient(&self) -> Option<&Gradient> {
        self.gradient.get_or_init(|| Gradient::of(self)).as_ref()
    }

    /// How similar the units' activations are; `None` where one is not finite.
    pub(super) fn similarity(&self) -> Option<&Similarity> {
        self.kernel().similarity.as_ref()
    }

    /// The ridge regression on the present features; `None` for η = 0.
    pub(super) fn ridge(&self) -> Option<&Ridge> {
        self.kernel().ridge.as_ref()
    }

    fn kernel(&self) -> &Kernel {
        self.kernel.get_or_init(|| if self.has_kernel { Kernel::of(self) } else { Kernel::default() })
    }

    /// The weights over the irreps; `None` where the task is no group or W no table of tokens.
    pub(super) fn isotypic(&self) -> Option<&Isotypic> {
        self.isotypic.get_or_init(|| Isotypic::of(self)).as_ref()
    }

    /// The logits as waves; `None` unless the task is addition modulo M of two operands and every output is finite.
    pub(super) fn waves(&self) -> Option<&Waves> {
        self.waves.get_or_init(|| Waves::of(self)).as_ref()
    }

    /// Singular values of W, descending; `None` where it is no table of tokens or a weight is not finite.
    pub(super) fn singular_values(&self) -> Option<&[f64]> {
        let compute = || super::hidden_spectrum::singular_values(self.token_weights()?);
        self.singular_values.get_or_init(compute).as_deref()
    }
}

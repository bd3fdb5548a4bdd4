//! The words for what is minimised.

/// What is minimised: that is, where the gradient enters the network.
///
/// ```text
/// F ──V──▶ Z ──▶ L     Outputs     −∂L/∂F = R Vᵀ, R = −∂L/∂Z, which has at most M directions
/// F ──▶ L              Features    −∂L/∂F as it comes; V is solved for afterwards and sends nothing down
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Objective {
    /// A loss of the outputs, which trains every layer.
    Outputs(Loss),
    /// A loss of the features below the top layer, which trains the layers that make them; the top layer is a probe, solved by
    /// ridge regression on them.
    Features(FeatureLoss),
}

impl Objective {
    /// The loss that the outputs are judged by: a probe minimises the squared error.
    pub fn of_outputs(self) -> Loss {
        match self {
            Self::Outputs(loss) => loss,
            Self::Features(_) => Loss::Mse,
        }
    }
}

/// A loss of the outputs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Loss {
    /// `(1/n) Σᵢ ‖zᵢ − mean(zᵢ) − (e_yᵢ − 1/M)‖²`: outputs centred over labels (the paper's script). 1 − 1/M at zero output.
    Mse,
    /// `(1/n) Σᵢ −ln softmax(zᵢ)[yᵢ]`, in nats. ln M at zero output.
    CrossEntropy,
    /// The same with changes of outputs, probabilities or targets; [`Loss::cross_entropy`] makes it where there are any.
    Shaped(CrossEntropySpec),
}

impl Loss {
    /// The two plain losses; tests walk this list.
    pub const ALL: [Self; 2] = [Self::Mse, Self::CrossEntropy];

    /// Cross-entropy with these changes, or without any the plain one.
    pub fn cross_entropy(spec: CrossEntropySpec) -> Self {
        if spec == CrossEntropySpec::PLAIN { Self::CrossEntropy } else { Self::Shaped(spec) }
    }

    /// Its changes as a cross-entropy; `None` of the squared error.
    pub fn changes(self) -> Option<CrossEntropySpec> {
        match self {
            Self::Mse => None,
            Self::CrossEntropy => Some(CrossEntropySpec::PLAIN),
            Self::Shaped(spec) => Some(spec),
        }
    }
}

/// Changes of cross-entropy; the formulas stand in `loss/shaped.rs`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CrossEntropySpec {
    /// How outputs become probabilities.
    pub probabilities: Probabilities,
    /// T: outputs are divided by it.
    pub temperature: f64,
    /// ε: the share of the target that is spread evenly over all labels.
    pub label_smoothing: f64,
    /// λ: the weight of the squared logarithm of the softmax's denominator.
    pub z_loss: f64,
    /// κ: outputs are bent so that they stay between −κ and κ; 0 for none.
    pub soft_cap: f64,
    /// A planted fault: probabilities are multiples of 2⁻ᵇ; 0 for as fine as they come.
    pub probability_bits: u32,
}

impl CrossEntropySpec {
    /// None of them.
    pub const PLAIN: Self = Self {
        probabilities: Probabilities::Softmax,
        temperature: 1.0,
        label_smoothing: 0.0,
        z_loss: 0.0,
        soft_cap: 0.0,
        probability_bits: 0,
    };
    /// `StableMax` without other changes.
    pub const STABLE_MAX: Self = Self { probabilities: Probabilities::StableMax, ..Self::PLAIN };
}

/// How outputs become probabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probabilities {
    /// Softmax: the exponentials of the outputs, divided by their sum.
    Softmax,
    /// By a function that grows and falls no faster than linearly (Prieto et al. 2025, arXiv:2501.04697).
    StableMax,
}

/// A loss of the features F of a batch, `[n][K]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FeatureLoss {
    /// Samples of one label attract, all others repel (Khosla et al. 2020, arXiv:2004.11362).
    Contrastive {
        /// τ: similarities are divided by it.
        temperature: f64,
    },
    /// Samples of one label attract; that features vary and do not repeat each other keeps them from collapsing (Bardes et al.
    /// 2022, arXiv:2105.04906).
    NonContrastive,
}

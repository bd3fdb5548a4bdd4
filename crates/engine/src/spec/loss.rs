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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// `(1/n) Σᵢ ‖zᵢ − mean(zᵢ) − (e_yᵢ − 1/M)‖²`: outputs centred over labels (the paper's script). 1 − 1/M at zero output.
    Mse,
    /// `(1/n) Σᵢ −ln softmax(zᵢ)[yᵢ]`, in nats. ln M at zero output.
    CrossEntropy,
}

impl Loss {
    /// Every loss; tests and help walk this list.
    pub const ALL: [Self; 2] = [Self::Mse, Self::CrossEntropy];
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

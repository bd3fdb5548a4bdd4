//! The words for how weights are updated.

use super::GradientSpec;

/// The optimizer with every setting that it knows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OptimizerSpec {
    /// Which method.
    pub method: Method,
    /// Step size at the start of the schedule.
    pub learning_rate: f64,
    /// Weight decay: coupled (added to the gradient) for SGD and Adam, decoupled for `AdamW` and Muon's hidden layer.
    pub weight_decay: f64,
    /// How the learning rate changes.
    pub schedule: Schedule,
    /// What becomes of the gradient before the method sees it.
    pub gradient: GradientSpec,
    /// τ of QK-clip: after an update, the queries and keys of each attention head whose largest score in the batch was above τ are
    /// scaled so that it would be τ (Kimi K2, arXiv:2507.20534). 0 for none; a transformer's alone.
    pub qk_clip: f64,
}

/// The update rule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Method {
    /// Gradient descent with heavy-ball momentum as in PyTorch: `b ← μ b + g`, `w ← w − lr·b`.
    Sgd {
        /// μ; 0 is plain gradient descent.
        momentum: f64,
    },
    /// Kingma & Ba 2015; weight decay is added to the gradient.
    Adam(AdamSpec),
    /// Loshchilov & Hutter 2019; weight decay is decoupled.
    AdamW(AdamSpec),
    /// Orthogonalised momentum for the hidden layer (Jordan et al. 2024); the top layer gets Adam.
    Muon {
        /// Momentum of the hidden layer.
        momentum: f64,
        /// Which published variant.
        variant: MuonVariant,
        /// Adam of the top layer.
        adam: AdamSpec,
    },
}

/// Adam's constants.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamSpec {
    /// β₁
    pub beta1: f64,
    /// β₂
    pub beta2: f64,
    /// ε
    pub epsilon: f64,
}

impl AdamSpec {
    /// The paper's and PyTorch's constants.
    pub const DEFAULT: Self = Self { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
}

/// Which Muon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MuonVariant {
    /// Jordan et al. 2024: Nesterov momentum `m ← μ m + (1−μ) g`, `u = (1−μ) g + μ m`, five quintic Newton–Schulz steps with
    /// (3.4445, −4.7750, 2.0315), update scaled by √max(1, K/inputs).
    Jordan,
    /// The Li₂ paper's: `m ← m + (1−μ)(g − m)` without Nesterov, five Newton–Schulz steps with a different triple each, no
    /// scaling.
    Paper,
}

/// How the learning rate changes with the step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Schedule {
    /// Always the same.
    Constant,
    /// Times `factor` every `every` steps.
    Step {
        /// Interval in steps.
        every: u64,
        /// Factor at each interval.
        factor: f64,
    },
    /// Times `factor` at every step.
    Exponential {
        /// Factor a step.
        factor: f64,
    },
    /// Half a cosine from the full rate to zero over the run's steps.
    Cosine,
    /// A linear ramp to the full rate over `steps` steps, then constant.
    Warmup {
        /// Steps of the ramp.
        steps: u64,
    },
}

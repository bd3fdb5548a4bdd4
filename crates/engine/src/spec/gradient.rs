//! The words for what becomes of the gradient between the way back through the network and the optimizer.

/// Rules that change the whole gradient before the optimizer sees it, in the order of their fields.
///
/// None of them is the usual case, in which a network may update each part while its gradient is at hand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GradientSpec {
    /// The numbers that the gradient comes in: a planted fault where they are not f32.
    pub precision: GradientPrecision,
    /// What is added of gradients that came before.
    pub filter: GradientFilter,
    /// What replaces each array's direction.
    pub direction: GradientDirection,
    /// Largest norm of all arrays together; a longer gradient is shortened to it. 0 leaves every gradient as it is.
    pub clip_norm: f64,
}

impl GradientSpec {
    /// The gradient as it comes.
    pub const NONE: Self = Self {
        precision: GradientPrecision::Single,
        filter: GradientFilter::None,
        direction: GradientDirection::Plain,
        clip_norm: 0.0,
    };

    /// Whether the optimizer sees the gradient as it comes.
    pub fn is_none(&self) -> bool {
        *self == Self::NONE
    }
}

impl Default for GradientSpec {
    fn default() -> Self {
        Self::NONE
    }
}

/// The numbers that a gradient comes in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum GradientPrecision {
    /// f32.
    Single,
    /// A planted fault, the gradient of mixed precision: times the loss scale it is rounded to f16, infinite beyond 65,504, and
    /// divided by the scale again. The scale doubles as dynamic loss scaling does (Micikevicius et al. 2018, arXiv:1710.03740), but
    /// nothing halves it after an overflow and no update is left out.
    Half {
        /// Loss scale S of the first update.
        loss_scale: f64,
        /// Updates after which S doubles, each time.
        doubling_steps: u64,
    },
}

impl GradientPrecision {
    /// PyTorch's `GradScaler`: `init_scale` 65,536 and `growth_interval` 2,000.
    pub const HALF: Self = Self::Half { loss_scale: 65_536.0, doubling_steps: 2_000 };
}

/// What is added of gradients that came before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum GradientFilter {
    /// Nothing.
    None,
    /// Grokfast-EMA: the slow part of the gradient, amplified (Lee et al. 2024, arXiv:2405.20233).
    GrokfastEma {
        /// α: the share of the average that stays at each update.
        decay: f64,
        /// λ: times the average is added to the gradient.
        factor: f64,
    },
}

impl GradientFilter {
    /// Lee et al. 2024, their constants for modular arithmetic.
    pub const GROKFAST_EMA: Self = Self::GrokfastEma { decay: 0.98, factor: 2.0 };
}

/// What replaces the direction of each array's gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GradientDirection {
    /// It stays.
    Plain,
    /// ⊥Grad: the part that is orthogonal to the weights, as long as the gradient was (Prieto et al. 2025, arXiv:2501.04697).
    Orthogonal,
    /// Egalitarian gradient descent: every singular value of a matrix becomes 1 (Saheb Pasand & Dohmatob 2025, arXiv:2510.04930).
    Egalitarian,
}

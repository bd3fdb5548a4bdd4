//! Adam (Kingma & Ba 2015, arXiv:1412.6980) and `AdamW` (Loshchilov & Hutter 2019, arXiv:1711.05101), as in PyTorch: ε is added
//! to √v̂ after the bias correction.

use super::{NEGLIGIBLE_MOMENT1, NEGLIGIBLE_MOMENT2, NEGLIGIBLE_WEIGHT, flush};
use crate::elementary::powi;
use crate::spec::AdamSpec;

/// ```text
/// w ← w (1 − lr λ_decoupled)      g ← g + λ_coupled w
/// m ← β₁ m + (1−β₁) g      v ← β₂ v + (1−β₂) g²
/// w ← w − lr/(1−β₁ᵗ) · m / (√v / √(1−β₂ᵗ) + ε)
/// ```
#[inline(always)]
#[expect(clippy::too_many_arguments, reason = "a hot loop over four slices with its constants")]
pub(super) fn update(
    weights: &mut [f32],
    gradient: &[f32],
    moment1: &mut [f32],
    moment2: &mut [f32],
    spec: &AdamSpec,
    rate: f64,
    coupled_decay: f64,
    decoupled_decay: f64,
    count: u64,
) {
    let step_size = (rate / (1.0 - powi(spec.beta1, count))) as f32;
    let root_correction = (1.0 / (1.0 - powi(spec.beta2, count)).sqrt()) as f32;
    let (new1, keep2, new2) = ((1.0 - spec.beta1) as f32, spec.beta2 as f32, (1.0 - spec.beta2) as f32);
    let (shrink, decay, epsilon) = ((1.0 - rate * decoupled_decay) as f32, coupled_decay as f32, spec.epsilon as f32);
    for (((w, &g), m), v) in weights.iter_mut().zip(gradient).zip(moment1).zip(moment2) {
        let kept = *w * shrink;
        let g = g + decay * kept;
        *m = flush(*m + new1 * (g - *m), NEGLIGIBLE_MOMENT1);
        *v = flush(*v * keep2 + new2 * (g * g), NEGLIGIBLE_MOMENT2);
        *w = flush(kept - step_size * (*m / (v.sqrt() * root_correction + epsilon)), NEGLIGIBLE_WEIGHT);
    }
}

//! Adam (Kingma & Ba 2015, arXiv:1412.6980) and `AdamW` (Loshchilov & Hutter 2019, arXiv:1711.05101), as in PyTorch: ε is added
//! to √v̂ after the bias correction.

use super::flush;
use crate::elementary::powi;
use crate::kernel::Real;
use crate::spec::AdamSpec;

/// ```text
/// w ← w (1 − lr λ_decoupled)      g ← g + λ_coupled w
/// m ← β₁ m + (1−β₁) g      v ← β₂ v + (1−β₂) g²
/// w ← w − lr/(1−β₁ᵗ) · m / (√v / √(1−β₂ᵗ) + ε)
/// ```
#[inline(always)]
#[expect(clippy::too_many_arguments, reason = "a hot loop over four slices with its constants")]
pub(super) fn update<R: Real>(
    weights: &mut [R],
    gradient: &[R],
    moment1: &mut [R],
    moment2: &mut [R],
    spec: &AdamSpec,
    rate: f64,
    coupled_decay: f64,
    decoupled_decay: f64,
    count: u64,
) {
    let [least_weight, least1, least2] = R::NEGLIGIBLE;
    let step_size = R::of(rate / (1.0 - powi(spec.beta1, count)));
    let root_correction = R::of(1.0 / (1.0 - powi(spec.beta2, count)).sqrt());
    let (new1, keep2, new2) = (R::of(1.0 - spec.beta1), R::of(spec.beta2), R::of(1.0 - spec.beta2));
    let (shrink, decay, epsilon) = (R::of(1.0 - rate * decoupled_decay), R::of(coupled_decay), R::of(spec.epsilon));
    for (((w, &g), m), v) in weights.iter_mut().zip(gradient).zip(moment1).zip(moment2) {
        let kept = *w * shrink;
        let g = g + decay * kept;
        *m = flush(*m + new1 * (g - *m), least1);
        *v = flush(*v * keep2 + new2 * (g * g), least2);
        *w = flush(kept - step_size * (*m / (v.sqrt() * root_correction + epsilon)), least_weight);
    }
}

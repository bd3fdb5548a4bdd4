//! Stochastic gradient descent with heavy-ball momentum, as `torch.optim.SGD`: no dampening, no Nesterov.

use super::{NEGLIGIBLE_MOMENT1, NEGLIGIBLE_WEIGHT, flush};

/// ```text
/// g ← g + λ w      b ← g at the first step, μ b + g after      w ← w − lr b
/// ```
#[inline(always)]
pub(super) fn update(
    weights: &mut [f32],
    gradient: &[f32],
    momentum_buffer: &mut [f32],
    momentum: f64,
    rate: f64,
    decay: f64,
    first: bool,
) {
    let (rate, decay) = (rate as f32, decay as f32);
    let momentum = if first { 0.0 } else { momentum as f32 };
    for ((w, &g), b) in weights.iter_mut().zip(gradient).zip(momentum_buffer) {
        let g = g + decay * *w;
        *b = flush(momentum * *b + g, NEGLIGIBLE_MOMENT1);
        *w = flush(*w - rate * *b, NEGLIGIBLE_WEIGHT);
    }
}

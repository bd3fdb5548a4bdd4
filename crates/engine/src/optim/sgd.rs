//! Stochastic gradient descent with heavy-ball momentum, as `torch.optim.SGD`: no dampening, no Nesterov.

use super::flush;
use crate::kernel::Real;

/// ```text
/// g ← g + λ w      b ← g at the first step, μ b + g after      w ← w − lr b
/// ```
#[inline(always)]
pub(super) fn update<R: Real>(
    weights: &mut [R],
    gradient: &[R],
    momentum_buffer: &mut [R],
    momentum: f64,
    rate: f64,
    decay: f64,
    first: bool,
) {
    let [least_weight, least, _] = R::NEGLIGIBLE;
    let (rate, decay) = (R::of(rate), R::of(decay));
    let momentum = R::of(if first { 0.0 } else { momentum });
    for ((w, &g), b) in weights.iter_mut().zip(gradient).zip(momentum_buffer) {
        let g = g + decay * *w;
        *b = flush(momentum * *b + g, least);
        *w = flush(*w - rate * *b, least_weight);
    }
}

//! `y = x W (+ b)` and its way back, and sums.

use crate::kernel::Scalar;
use crate::model::layered::Linear;
use pulp::Arch;

/// y from rows of x.
pub(super) fn forward<S: Scalar>(map: &Linear, parameters: &[S], x: &[S]) -> Vec<S> {
    let mut y = start(map, parameters, x.len() / map.inputs);
    add_product(map, parameters, x, &mut y);
    y
}

/// The bias in each of `n` rows, or zeros.
pub(super) fn start<S: Scalar>(map: &Linear, parameters: &[S], n: usize) -> Vec<S> {
    match &map.bias {
        Some(bias) => parameters[bias.clone()].repeat(n),
        None => vec![S::default(); n * map.outputs],
    }
}

/// `y += x W`.
pub(super) fn add_product<S: Scalar>(map: &Linear, parameters: &[S], x: &[S], y: &mut [S]) {
    let w = &parameters[map.weight.clone()];
    Arch::new().dispatch(
        #[inline(always)]
        || {
            for (x, y) in x.chunks_exact(map.inputs).zip(y.chunks_exact_mut(map.outputs)) {
                for (&x, w) in x.iter().zip(w.chunks_exact(map.outputs)) {
                    add_scaled(y, x, w);
                }
            }
        },
    );
}

/// Adds ∂L/∂W and ∂L/∂b to `gradient`.
pub(super) fn backward_parameters<S: Scalar>(map: &Linear, x: &[S], dy: &[S], gradient: &mut [S]) {
    let dw = &mut gradient[map.weight.clone()];
    Arch::new().dispatch(
        #[inline(always)]
        || {
            for (x, dy) in x.chunks_exact(map.inputs).zip(dy.chunks_exact(map.outputs)) {
                for (&x, dw) in x.iter().zip(dw.chunks_exact_mut(map.outputs)) {
                    add_scaled(dw, x, dy);
                }
            }
        },
    );
    backward_bias(map, dy, gradient);
}

/// Adds ∂L/∂b to `gradient`.
pub(super) fn backward_bias<S: Scalar>(map: &Linear, dy: &[S], gradient: &mut [S]) {
    let Some(bias) = &map.bias else { return };
    let sums = &mut gradient[bias.clone()];
    dy.chunks_exact(map.outputs).for_each(|dy| add(sums, dy));
}

/// `dy Wᵀ`.
pub(super) fn backward_inputs<S: Scalar>(map: &Linear, parameters: &[S], dy: &[S]) -> Vec<S> {
    let w = &parameters[map.weight.clone()];
    let mut dx = vec![S::default(); dy.len() / map.outputs * map.inputs];
    Arch::new().dispatch(
        #[inline(always)]
        || {
            for (dx, dy) in dx.chunks_exact_mut(map.inputs).zip(dy.chunks_exact(map.outputs)) {
                for (dx, w) in dx.iter_mut().zip(w.chunks_exact(map.outputs)) {
                    *dx = dot(dy, w);
                }
            }
        },
    );
    dx
}

/// `y += x`.
#[inline(always)]
pub(super) fn add<S: Scalar>(y: &mut [S], x: &[S]) {
    y.iter_mut().zip(x).for_each(|(y, &x)| *y += x);
}

/// `y += factor · x`.
#[inline(always)]
pub(super) fn add_scaled<S: Scalar>(y: &mut [S], factor: S, x: &[S]) {
    y.iter_mut().zip(x).for_each(|(y, &x)| *y += factor * x);
}

/// `Σᵢ aᵢ bᵢ` over eight running lanes, then in order: vector code with one order on every machine.
#[inline(always)]
pub(super) fn dot<S: Scalar>(a: &[S], b: &[S]) -> S {
    let (a, a_rest) = a.as_chunks::<8>();
    let (b, b_rest) = b.as_chunks::<8>();
    let mut lanes = [S::default(); 8];
    for (a, b) in a.iter().zip(b) {
        lanes.iter_mut().zip(a).zip(b).for_each(|((lane, &a), &b)| *lane += a * b);
    }
    lanes.iter_mut().zip(a_rest).zip(b_rest).for_each(|((lane, &a), &b)| *lane += a * b);
    sum(&lanes)
}

/// `Σᵢ aᵢ`, in order.
#[inline(always)]
pub(super) fn sum<S: Scalar>(a: &[S]) -> S {
    let mut sum = S::default();
    a.iter().for_each(|&a| sum += a);
    sum
}

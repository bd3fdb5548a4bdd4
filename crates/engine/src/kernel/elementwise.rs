//! σ and σ′ over whole arrays, as vector code.

use super::features::for_activation;
use crate::spec::Activation;
use pulp::Arch;

/// `features = σ(inputs)`.
pub(crate) fn activate(activation: Activation, inputs: &[f32], features: &mut [f32]) {
    for_activation!(activation, |A| Arch::new().dispatch(
        #[inline(always)]
        || features.iter_mut().zip(inputs).for_each(|(f, &a)| *f = A.value(a))
    ));
}

/// `gradient ← σ′(inputs) ∘ gradient`.
pub(crate) fn activation_gradient(activation: Activation, inputs: &[f32], gradient: &mut [f32]) {
    for_activation!(activation, |A| Arch::new().dispatch(
        #[inline(always)]
        || gradient.iter_mut().zip(inputs).for_each(|(g, &a)| *g *= A.derivative(a))
    ));
}

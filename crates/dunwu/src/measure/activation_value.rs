//! Stand-in for `Activation::value` until the engine has it; an inherent method of that name takes its place.

use dunwu_engine::model::Activation;

pub(super) trait ActivationValue {
    fn value(self, x: f32) -> f32;
}

impl ActivationValue for Activation {
    #[inline]
    fn value(self, x: f32) -> f32 {
        match self {
            Self::Square => x * x,
            Self::Cube => x * x * x,
            Self::Relu => x.max(0.0),
            Self::ReluSquared => x.max(0.0) * x.max(0.0),
            Self::Silu => x / (1.0 + (-x).exp()),
            // Close enough until then: the tanh form.
            Self::Gelu => 0.5 * x * (1.0 + (0.797_884_6 * (x + 0.044_715 * x * x * x)).tanh()),
            Self::Abs => x.abs(),
        }
    }
}

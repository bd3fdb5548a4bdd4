//! A norm of either kind, and where it stands in a network.

use super::Layout;
use super::layer_norm::{LayerNorm, Tape};
use super::rms_norm::RmsNorm;
use crate::spec::Normalization;

/// Layer norm or RMS norm.
#[derive(Clone, Debug)]
pub(crate) enum Norm {
    Layer(LayerNorm),
    Rms(RmsNorm),
}

impl Norm {
    /// Adds the norm that `normalization` asks for; `None` where it asks for none.
    pub(crate) fn add(layout: &mut Layout, normalization: Normalization, name: &str, width: usize) -> Option<Self> {
        match normalization {
            Normalization::None => None,
            Normalization::PreLayerNorm | Normalization::PostLayerNorm => {
                Some(Self::Layer(LayerNorm::add(layout, name, width)))
            }
            Normalization::PreRmsNorm => Some(Self::Rms(RmsNorm::add(layout, name, width))),
        }
    }

    /// y of every row of x, onto the tape.
    pub(crate) fn forward(&self, parameters: &[f32], x: &[f32], tape: &mut Tape) {
        match self {
            Self::Layer(norm) => norm.forward(parameters, x, tape),
            Self::Rms(norm) => norm.forward(parameters, x, tape),
        }
    }

    /// Adds ∂L/∂x to `dx` and the gradient of its parameters to `gradient`; `dy` is used up.
    pub(crate) fn backward(
        &self,
        parameters: &[f32],
        tape: &Tape,
        dy: &mut [f32],
        dx: &mut [f32],
        gradient: &mut [f32],
    ) {
        match self {
            Self::Layer(norm) => norm.backward(parameters, tape, dy, dx, gradient),
            Self::Rms(norm) => norm.backward(parameters, tape, dy, dx, gradient),
        }
    }

    /// Makes ∂L/∂x of `dy`, in its place, with room for as many numbers.
    pub(crate) fn backward_in_place(
        &self,
        parameters: &[f32],
        tape: &Tape,
        dy: &mut [f32],
        room: &mut [f32],
        gradient: &mut [f32],
    ) {
        in_place(dy, room, |dy, dx| self.backward(parameters, tape, dy, dx, gradient));
    }
}

/// Replaces ∂L/∂y by the ∂L/∂x that `backward` adds to zeros, with room for as many numbers.
pub(super) fn in_place(dy: &mut [f32], room: &mut [f32], backward: impl FnOnce(&mut [f32], &mut [f32])) {
    room.fill(0.0);
    backward(dy, room);
    dy.copy_from_slice(room);
}

/// N x, on its tape, or x itself.
pub(super) fn normalize<'a>(norm: Option<&Norm>, parameters: &[f32], x: &'a [f32], tape: &'a mut Tape) -> &'a [f32] {
    match norm {
        None => x,
        Some(norm) => {
            norm.forward(parameters, x, tape);
            tape.outputs(x.len())
        }
    }
}

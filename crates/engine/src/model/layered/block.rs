//! One block of a transformer.
//!
//! ```text
//! y = x + attention(LN₁ x)      a = LN₂(y) W_in + b_in      f = σ(a)      out = y + f W_out + b_out
//! ```
//!
//! Without normalization LN is the identity; it may be RMS norm. With post-layer-norm it stands behind each sum instead:
//!
//! ```text
//! y = LN₁(x + attention x)      a = y W_in + b_in      f = σ(a)      out = LN₂(y + f W_out + b_out)
//! ```
//!
//! `x` has every position's row, `y` and what follows the rows that go on.

use super::attention::{self, Attention, Rows};
use super::layer_norm;
use super::norm::{Norm, normalize};
use super::{Layout, Linear, Start, room};
use crate::kernel::{activate, activation_gradient};
use crate::model::Activation;
use crate::spec::attention::LayerSight;
use crate::spec::{Normalization, Numerics, TransformerSpec};

/// Attention and MLP around a residual stream of `dimension` numbers.
#[derive(Clone, Debug)]
pub(in crate::model) struct Block {
    pub(in crate::model) dimension: usize,
    pub(in crate::model) activation: Activation,
    /// Whether the norms stand behind the sums.
    pub(in crate::model) is_post: bool,
    pub(in crate::model) norm1: Option<Norm>,
    pub(in crate::model) attention: Attention,
    pub(in crate::model) norm2: Option<Norm>,
    pub(in crate::model) mlp_in: Linear,
    pub(in crate::model) mlp_out: Linear,
}

/// How the parts of a block begin.
#[derive(Clone, Copy, Debug)]
pub(super) struct Starts {
    pub(super) attention: Start,
    pub(super) mlp_in: Start,
    pub(super) mlp_in_bias: Start,
    pub(super) mlp_out: Start,
    pub(super) mlp_out_bias: Start,
}

/// What the way back needs of one block.
#[derive(Default)]
pub(super) struct Tape {
    /// x, `[samples · positions][d]`: written by whoever calls.
    pub(super) stream: Vec<f32>,
    norm1: layer_norm::Tape,
    attention: attention::Tape,
    /// y, `[samples · queries][d]`.
    middle: Vec<f32>,
    norm2: layer_norm::Tape,
    /// a and f, `[samples · queries][width]`.
    inputs: Vec<f32>,
    features: Vec<f32>,
    /// df and da.
    features_gradient: Vec<f32>,
    /// The gradient of a normalized stream.
    normalized_gradient: Vec<f32>,
}

impl Tape {
    /// That of the attention.
    pub(super) fn attention(&self) -> &attention::Tape {
        &self.attention
    }

    /// The same, to be changed.
    pub(super) fn attention_mut(&mut self) -> &mut attention::Tape {
        &mut self.attention
    }

    /// f of the `rows` that went on.
    pub(super) fn features(&self, len: usize) -> &[f32] {
        &self.features[..len]
    }
}

impl Block {
    /// Adds `NAME.norm1.gain` and so on, in the order in which a sample meets them.
    pub(super) fn add(
        layout: &mut Layout,
        name: &str,
        spec: TransformerSpec,
        (width, activation): (usize, Activation),
        starts: Starts,
    ) -> Self {
        let TransformerSpec { dimension, normalization, .. } = spec;
        let norm1 = Norm::add(layout, normalization, &format!("{name}.norm1"), dimension);
        let attention = Attention::add(layout, &format!("{name}.attention"), spec, starts.attention);
        let norm2 = Norm::add(layout, normalization, &format!("{name}.norm2"), dimension);
        let mut linear = |part: &str, shape, weight, bias| {
            Linear::add(layout, &format!("{name}.mlp.{part}"), shape, weight, Some(bias))
        };
        let mlp_in = linear("in", (dimension, width), starts.mlp_in, starts.mlp_in_bias);
        let mlp_out = linear("out", (width, dimension), starts.mlp_out, starts.mlp_out_bias);
        let is_post = normalization == Normalization::PostLayerNorm;
        Self { dimension, activation, is_post, norm1, attention, norm2, mlp_in, mlp_out }
    }

    /// Its attention.
    pub(super) fn attention(&self) -> &Attention {
        &self.attention
    }

    /// Largest score and mean relative entropy of each head; see [`Attention::heads`].
    pub(super) fn heads(&self, rows: Rows, tape: &Tape) -> Vec<(f32, f32)> {
        self.attention.heads(rows, &tape.attention)
    }

    /// Hides from the block's attention what it does not see of a text of so many positions.
    pub(super) fn hide(&mut self, layer: &LayerSight, positions: usize) {
        self.attention.hide(layer, positions);
    }

    /// The map from the MLP's activations to the stream.
    pub(super) fn mlp_out(&self) -> &Linear {
        &self.mlp_out
    }

    /// The stream behind the block, from `tape.stream`.
    pub(super) fn forward(&self, numerics: Numerics, parameters: &[f32], rows: Rows, tape: &mut Tape, out: &mut [f32]) {
        let d = self.dimension;
        let (read, written, hidden) = (rows.read() * d, rows.written() * d, rows.written() * self.mlp_in.outputs);
        let x = &tape.stream[..read];
        let middle = room(&mut tape.middle, written);
        rows.pick(d, x, middle);
        let (before, behind) = if self.is_post { (None, self.norm1.as_ref()) } else { (self.norm1.as_ref(), None) };
        let read_by_attention = normalize(before, parameters, x, &mut tape.norm1);
        self.attention.forward(numerics, parameters, rows, read_by_attention, &mut tape.attention, middle);
        let middle = normalize(behind, parameters, middle, &mut tape.norm1);
        let before = self.norm2.as_ref().filter(|_| !self.is_post);
        let read_by_mlp = normalize(before, parameters, middle, &mut tape.norm2);
        let inputs = room(&mut tape.inputs, hidden);
        self.mlp_in.forward(numerics, parameters, read_by_mlp, inputs);
        let features = room(&mut tape.features, hidden);
        activate(self.activation, inputs, features);
        out.copy_from_slice(middle);
        self.mlp_out.add_forward(numerics, parameters, features, out);
        if let Some(norm) = self.norm2.as_ref().filter(|_| self.is_post) {
            norm.forward(parameters, out, &mut tape.norm2);
            out.copy_from_slice(tape.norm2.outputs(written));
        }
    }

    /// df from the gradient behind the block, which becomes that of the sum; adds the gradient of `W_out`, `b_out` and what is behind.
    pub(super) fn backward_mlp_out(
        &self,
        numerics: Numerics,
        parameters: &[f32],
        tape: &mut Tape,
        dout: &mut [f32],
        gradient: &mut [f32],
    ) {
        if let Some(norm) = self.norm2.as_ref().filter(|_| self.is_post) {
            let below = room(&mut tape.normalized_gradient, dout.len());
            norm.backward_in_place(parameters, &tape.norm2, dout, below, gradient);
        }
        let hidden = dout.len() / self.dimension * self.mlp_in.outputs;
        self.mlp_out.backward_parameters(numerics, &tape.features[..hidden], dout, gradient);
        self.mlp_out.backward_inputs(numerics, parameters, dout, room(&mut tape.features_gradient, hidden), false);
    }

    /// Takes df of a loss of the features instead.
    pub(super) fn begin_at_features(tape: &mut Tape, df: &[f32]) {
        room(&mut tape.features_gradient, df.len()).copy_from_slice(df);
    }

    /// dx from df and from what reaches y directly, `dy`, which becomes all that reaches it.
    pub(super) fn backward(
        &self,
        numerics: Numerics,
        parameters: &[f32],
        rows: Rows,
        tape: &mut Tape,
        (dy, dx): (&mut [f32], &mut [f32]),
        gradient: &mut [f32],
    ) {
        let d = self.dimension;
        let (read, written, hidden) = (rows.read() * d, rows.written() * d, rows.written() * self.mlp_in.outputs);
        let da = &mut tape.features_gradient[..hidden];
        activation_gradient(self.activation, &tape.inputs[..hidden], da);
        match &self.norm2 {
            _ if self.is_post => {
                self.mlp_in.backward_parameters(numerics, tape.norm1.outputs(written), da, gradient);
                self.mlp_in.backward_inputs(numerics, parameters, da, dy, true);
                if let Some(norm) = &self.norm1 {
                    let below = room(&mut tape.normalized_gradient, written);
                    norm.backward_in_place(parameters, &tape.norm1, dy, below, gradient);
                }
            }
            None => {
                self.mlp_in.backward_parameters(numerics, &tape.middle[..written], da, gradient);
                self.mlp_in.backward_inputs(numerics, parameters, da, dy, true);
            }
            Some(norm) => {
                self.mlp_in.backward_parameters(numerics, tape.norm2.outputs(written), da, gradient);
                let below = room(&mut tape.normalized_gradient, written);
                self.mlp_in.backward_inputs(numerics, parameters, da, below, false);
                norm.backward(parameters, &tape.norm2, below, dy, gradient);
            }
        }
        let attention = &mut tape.attention;
        match self.norm1.as_ref().filter(|_| !self.is_post) {
            None => {
                let x = &tape.stream[..read];
                self.attention.backward(numerics, parameters, rows, x, attention, (dy, dx), gradient);
            }
            Some(norm) => {
                let below = room(&mut tape.normalized_gradient, read);
                let x = tape.norm1.outputs(read);
                self.attention.backward(numerics, parameters, rows, x, attention, (dy, below), gradient);
                dx.fill(0.0);
                norm.backward(parameters, &tape.norm1, below, dx, gradient);
            }
        }
        rows.add_back(d, dy, dx);
    }
}

//! The weights of a model, packed for the kernel.

use super::{Hyperparameters, Pairs};
use crate::file::{ModelFile, ModelFileError, RawTensor};
use crate::kernel::Matrix;

/// A model, ready to multiply. It never changes and is shared by all sequences.
pub struct Model {
    hyperparameters: Hyperparameters,
    pub(crate) embedding: Matrix,
    pub(crate) layers: Vec<Layer>,
    pub(crate) output_norm: Vec<f32>,
    /// `None` where the embedding is used for the output as well.
    output: Option<Matrix>,
}

/// One block: attention, then a gated MLP.
pub(crate) struct Layer {
    pub(crate) attention_norm: Vec<f32>,
    pub(crate) query: Matrix,
    pub(crate) key: Matrix,
    pub(crate) value: Matrix,
    pub(crate) attention_output: Matrix,
    pub(crate) mlp_norm: Vec<f32>,
    pub(crate) gate: Matrix,
    pub(crate) up: Matrix,
    pub(crate) down: Matrix,
}

impl Model {
    /// Reads and packs all weights; `progress` hears how many layers of how many are there.
    pub fn load(file: &ModelFile, progress: &mut dyn FnMut(usize, usize)) -> Result<Self, ModelFileError> {
        let shape = &file.hyperparameters;
        // Queries and keys are turned in pairs (i, i + d/2), which vectors like; the scores do not depend on the order.
        let in_halves = |row: usize| match shape.rotary.pairs {
            Pairs::Halves => row,
            Pairs::Interleaved => {
                row / shape.d_head * shape.d_head + interleaved(row % shape.d_head, shape.rotary.d_rotated)
            }
        };
        let mut layers = Vec::with_capacity(shape.n_layers);
        for layer in 0..shape.n_layers {
            progress(layer, shape.n_layers);
            let raw = |name: &str| file.required(&format!("blk.{layer}.{name}.weight"));
            let matrix = |name| raw(name).map(|tensor| Matrix::pack(&tensor, |row| row));
            let turned = |name| raw(name).map(|tensor| Matrix::pack(&tensor, in_halves));
            layers.push(Layer {
                attention_norm: numbers(&raw("attn_norm")?),
                query: turned("attn_q")?,
                key: turned("attn_k")?,
                value: matrix("attn_v")?,
                attention_output: matrix("attn_output")?,
                mlp_norm: numbers(&raw("ffn_norm")?),
                gate: matrix("ffn_gate")?,
                up: matrix("ffn_up")?,
                down: matrix("ffn_down")?,
            });
        }
        let pack = |tensor: RawTensor| Matrix::pack(&tensor, |row| row);
        let model = Self {
            hyperparameters: shape.clone(),
            embedding: pack(file.required("token_embd.weight")?),
            layers,
            output_norm: numbers(&file.required("output_norm.weight")?),
            output: file.tensor("output.weight")?.map(pack),
        };
        progress(shape.n_layers, shape.n_layers);
        Ok(model)
    }

    /// Its shape.
    pub fn hyperparameters(&self) -> &Hyperparameters {
        &self.hyperparameters
    }

    /// Bytes of weights that one token reads.
    pub fn bytes(&self) -> usize {
        let matrices = self.layers.iter().flat_map(|layer| {
            [&layer.query, &layer.key, &layer.value, &layer.attention_output, &layer.gate, &layer.up, &layer.down]
        });
        matrices.map(Matrix::bytes).sum::<usize>() + self.output().bytes()
    }

    /// What turns the residual stream into logits.
    pub(crate) fn output(&self) -> &Matrix {
        self.output.as_ref().unwrap_or(&self.embedding)
    }
}

/// Where the i-th dimension of a head in halves is in an interleaved one.
fn interleaved(i: usize, d_rotated: usize) -> usize {
    let half = d_rotated / 2;
    match i {
        i if i < half => 2 * i,
        i if i < d_rotated => 2 * (i - half) + 1,
        i => i,
    }
}

/// A vector as numbers.
fn numbers(tensor: &RawTensor) -> Vec<f32> {
    let mut values = vec![0.0; tensor.n_rows * tensor.n_columns];
    tensor.format.decode(&tensor.bytes, &mut values);
    values
}

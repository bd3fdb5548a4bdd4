//! The two-layer network's weights, in the layout that people and measures read.

/// Distribution of the initial weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Initialization {
    /// `W ~ U(±1/√(fan in))`, `V ~ U(±1/√K)`: PyTorch's default for linear layers, which the paper's script uses.
    Pytorch,
    /// `W ~ N(0, 1)`, `V ~ N(0, α²)` with α = 10⁻³: the assumptions of Lemma 1 and Proposition 1.
    Paper,
}

/// Weights of `Ŷ = σ(X W) V`, in f32.
///
/// An input is one row of each operand's table, so `X W` is a sum of rows of `hidden`.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// Rows of W: the sum of the operands' sizes (2M for two operands of a group of order M). Operand `o`'s token `g`
    /// is row `offset(o) + g`.
    pub n_inputs: usize,
    /// Hidden units K.
    pub n_units: usize,
    /// Labels M.
    pub n_labels: usize,
    /// W, `[n_inputs][n_units]` row-major.
    pub hidden: Vec<f32>,
    /// V, `[n_units][n_labels]` row-major.
    pub top: Vec<f32>,
}

impl Weights {
    /// All weights zero.
    pub fn zeros(n_inputs: usize, n_units: usize, n_labels: usize) -> Self {
        Self { n_inputs, n_units, n_labels, hidden: vec![0.0; n_inputs * n_units], top: vec![0.0; n_units * n_labels] }
    }

    /// The input weights of unit `unit`, `[n_inputs]`.
    pub fn unit_inputs(&self, unit: usize) -> impl Iterator<Item = f32> + '_ {
        self.hidden[unit..].iter().step_by(self.n_units).copied()
    }

    /// The output weights of unit `unit`, `[n_labels]`.
    pub fn unit_outputs(&self, unit: usize) -> &[f32] {
        &self.top[unit * self.n_labels..(unit + 1) * self.n_labels]
    }
}

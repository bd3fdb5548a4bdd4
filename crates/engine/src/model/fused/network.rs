//! A two-layer network as its passes hold it: units in slabs, each slab with all its tables side by side.

use crate::kernel::{Buffer, LANES};
use crate::model::{Weights, column_norms};

/// Units in a slab: 64 units of M = 71 make tables of 54 KB, which with their gradients fit the second-level cache.
const SLAB: usize = 64;

/// Shapes of a two-layer network in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Rows of W.
    pub n_inputs: usize,
    /// Hidden units K.
    pub n_units: usize,
    /// Labels M.
    pub n_labels: usize,
    /// Units in a slab, a multiple of 16.
    pub slab_width: usize,
    /// Labels rounded up to a multiple of 16: the row length of outputs and of V.
    pub label_stride: usize,
}

impl Layout {
    /// The layout of a network of these shapes.
    pub fn new(n_inputs: usize, n_units: usize, n_labels: usize) -> Self {
        Self {
            n_inputs,
            n_units,
            n_labels,
            slab_width: n_units.next_multiple_of(LANES).min(SLAB),
            label_stride: n_labels.next_multiple_of(LANES),
        }
    }

    /// Number of slabs; the last may hold units that do not exist, whose weights are and stay zero.
    pub fn n_slabs(&self) -> usize {
        self.n_units.div_ceil(self.slab_width)
    }

    /// Floats in a slab's stack of W over Vᵀ.
    pub fn stack_len(&self) -> usize {
        (self.n_inputs + self.n_labels) * self.slab_width
    }

    /// Floats of W in a stack: those of Vᵀ come after.
    pub fn hidden_len(&self) -> usize {
        self.n_inputs * self.slab_width
    }
}

/// 64 units: their columns of W above those of Vᵀ as one stack `[n_inputs + n_labels][slab_width]`, with what the optimizer
/// keeps for each of these numbers.
#[derive(Clone)]
pub struct Slab {
    /// W over Vᵀ.
    pub weights: Buffer,
    /// ∂L/∂ of the same.
    pub gradient: Buffer,
    /// First moment (momentum) of the same.
    pub moment1: Buffer,
    /// Second moment of the same.
    pub moment2: Buffer,
    /// V of these units with rows of labels, `[slab_width][label_stride]`: a copy for the forward pass.
    pub(super) top: Buffer,
}

/// The kind of number in a slab's stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The weights.
    Weights,
    /// Their gradient.
    Gradient,
    /// First moments.
    Moment1,
    /// Second moments.
    Moment2,
}

impl Slab {
    fn part(&self, part: Part) -> &Buffer {
        match part {
            Part::Weights => &self.weights,
            Part::Gradient => &self.gradient,
            Part::Moment1 => &self.moment1,
            Part::Moment2 => &self.moment2,
        }
    }

    fn part_mut(&mut self, part: Part) -> &mut Buffer {
        match part {
            Part::Weights => &mut self.weights,
            Part::Gradient => &mut self.gradient,
            Part::Moment1 => &mut self.moment1,
            Part::Moment2 => &mut self.moment2,
        }
    }

    /// Renews the forward pass's copy of V from the stack; call after every change of the weights.
    pub fn refresh_top(&mut self, layout: Layout) {
        let Layout { slab_width, label_stride, .. } = layout;
        let transposed = &self.weights[layout.hidden_len()..];
        for (label, row) in transposed.chunks_exact(slab_width).enumerate() {
            for (outputs, &value) in self.top.chunks_exact_mut(label_stride).zip(row) {
                outputs[label] = value;
            }
        }
    }
}

/// A two-layer network's weights, gradient and moments.
#[derive(Clone)]
pub struct Network {
    /// Shapes.
    pub layout: Layout,
    /// The units, in order.
    pub slabs: Vec<Slab>,
}

impl Network {
    /// These weights, with gradient and moments zero.
    pub fn new(weights: &Weights) -> Self {
        let layout = Layout::new(weights.n_inputs, weights.n_units, weights.n_labels);
        let stack = Buffer::zeros(layout.stack_len());
        let slab = Slab {
            weights: stack.clone(),
            gradient: stack.clone(),
            moment1: stack.clone(),
            moment2: stack,
            top: Buffer::zeros(layout.slab_width * layout.label_stride),
        };
        let mut network = Self { layout, slabs: vec![slab; layout.n_slabs()] };
        network.fill(Part::Weights, weights);
        network
    }

    /// Replaces one part from the layout that people read.
    pub fn fill(&mut self, part: Part, from: &Weights) {
        let layout = self.layout;
        for (index, slab) in self.slabs.iter_mut().enumerate() {
            let units = index * layout.slab_width..((index + 1) * layout.slab_width).min(layout.n_units);
            let (hidden, top) = slab.part_mut(part).split_at_mut(layout.hidden_len());
            for (row, values) in
                hidden.chunks_exact_mut(layout.slab_width).zip(from.hidden.chunks_exact(layout.n_units))
            {
                row[..units.len()].copy_from_slice(&values[units.clone()]);
            }
            for (label, row) in top.chunks_exact_mut(layout.slab_width).enumerate() {
                for (value, unit) in row.iter_mut().zip(units.clone()) {
                    *value = from.top[unit * layout.n_labels + label];
                }
            }
            if part == Part::Weights {
                slab.refresh_top(layout);
            }
        }
    }

    /// The norm of each unit's input weights.
    pub fn unit_norms(&self) -> Vec<f64> {
        let layout = self.layout;
        let hidden = self.slabs.iter().map(|slab| &slab.weights[..layout.hidden_len()]);
        let mut norms: Vec<f64> = hidden.flat_map(|hidden| column_norms(hidden, layout.slab_width)).collect();
        norms.truncate(layout.n_units); // the last slab may be wider than the units that are left for it
        norms
    }

    /// Replaces what `into` holds by W, `[n_inputs][n_units]`, as [`Self::read`] lays it out.
    pub fn copy_hidden(&self, into: &mut Vec<f32>) {
        let layout = self.layout;
        into.resize(layout.n_inputs * layout.n_units, 0.0);
        for (index, slab) in self.slabs.iter().enumerate() {
            let units = index * layout.slab_width..((index + 1) * layout.slab_width).min(layout.n_units);
            let rows = slab.weights[..layout.hidden_len()].chunks_exact(layout.slab_width);
            for (row, values) in rows.zip(into.chunks_exact_mut(layout.n_units)) {
                values[units.clone()].copy_from_slice(&row[..units.len()]);
            }
        }
    }

    /// One part in the layout that people read.
    pub fn read(&self, part: Part) -> Weights {
        let layout = self.layout;
        let mut weights = Weights::zeros(layout.n_inputs, layout.n_units, layout.n_labels);
        for (index, slab) in self.slabs.iter().enumerate() {
            let units = index * layout.slab_width..((index + 1) * layout.slab_width).min(layout.n_units);
            let (hidden, top) = slab.part(part).split_at(layout.hidden_len());
            for (row, values) in
                hidden.chunks_exact(layout.slab_width).zip(weights.hidden.chunks_exact_mut(layout.n_units))
            {
                values[units.clone()].copy_from_slice(&row[..units.len()]);
            }
            for (label, row) in top.chunks_exact(layout.slab_width).enumerate() {
                for (&value, unit) in row.iter().zip(units.clone()) {
                    weights.top[unit * layout.n_labels + label] = value;
                }
            }
        }
        weights
    }
}

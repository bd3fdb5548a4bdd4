//! A network's parameters with all that changes them.

use super::TrainError;
use crate::model::column_norms;
use crate::model::layered::Layout;
use crate::optim::{GradientState, Optimizer};
use crate::spec::Numerics;
use std::ops::Range;

/// Parameters laid out by a [`Layout`], their gradient and the optimizer's moments.
pub(super) struct Trainable {
    layout: Layout,
    pub(super) parameters: Vec<f32>,
    pub(super) gradient: Vec<f32>,
    moment1: Vec<f32>,
    moment2: Vec<f32>,
    gradient_state: GradientState,
}

impl Trainable {
    /// Initial values, drawn.
    pub(super) fn draw(layout: &Layout, seed: u64) -> Self {
        let parameters = layout.draw(seed);
        let zeros = vec![0.0; parameters.len()];
        let (gradient, moment1, moment2) = (zeros.clone(), zeros.clone(), zeros);
        let gradient_state = GradientState::default();
        Self { layout: layout.clone(), parameters, gradient, moment1, moment2, gradient_state }
    }

    /// One update of all but the part that is `frozen`.
    pub(super) fn update(&mut self, numerics: Numerics, optimizer: &Optimizer, frozen: Range<usize>) {
        let Self { layout, parameters, gradient, moment1, moment2, gradient_state } = self;
        if optimizer.changes_gradient() {
            optimizer.change_gradient(numerics, layout, &frozen, gradient_state, (parameters, gradient));
        }
        optimizer.update_flat(numerics, layout, frozen, parameters, gradient, (moment1, moment2));
    }

    /// Replaces what `into` holds by what is below the top layer.
    pub(super) fn copy_hidden(&self, into: &mut Vec<f32>) {
        into.clear();
        into.extend_from_slice(&self.parameters[..self.layout.top().start]);
    }

    /// The norm of each column of each matrix below the top layer: of the weights that one unit reads by.
    pub(super) fn unit_norms(&self) -> Vec<f64> {
        let matrices = self.layout.hidden_matrices();
        matrices.flat_map(|(range, _, columns)| column_norms(&self.parameters[range], columns)).collect()
    }

    /// Everything but the gradient, which is made anew, by name.
    pub(super) fn arrays(&self) -> Vec<(String, Vec<f32>)> {
        let parts = [("weights", &self.parameters), ("moment1", &self.moment1), ("moment2", &self.moment2)];
        let parts = parts.map(|(name, values)| (name.to_owned(), values.clone())).into_iter();
        parts.chain(self.gradient_state.arrays()).collect()
    }

    /// Weights and second moments as named arrays.
    pub(super) fn watched_arrays(&self) -> Vec<(String, Vec<f32>)> {
        let parts = [("weights", &self.parameters), ("moment2", &self.moment2)];
        parts.map(|(name, values)| (name.to_owned(), values.clone())).into()
    }

    /// Takes the same arrays back.
    pub(super) fn restore(
        &mut self,
        array: &dyn Fn(String, usize) -> Result<Vec<f32>, TrainError>,
    ) -> Result<(), TrainError> {
        let parts = [("weights", &mut self.parameters), ("moment1", &mut self.moment1), ("moment2", &mut self.moment2)];
        for (name, values) in parts {
            *values = array(name.to_owned(), values.len())?;
        }
        self.gradient_state.restore(|name| array(name.to_owned(), self.parameters.len()).ok());
        Ok(())
    }
}

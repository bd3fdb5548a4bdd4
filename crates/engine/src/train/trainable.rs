//! A network's parameters with all that changes them.

use super::TrainError;
use super::arrays::{Arrays, Kept, Trained};
use crate::model::column_norms;
use crate::model::layered::Layout;
use crate::optim::{GradientState, Optimizer};
use crate::spec::Numerics;
use std::ops::Range;

/// Parameters laid out by a [`Layout`], their gradient and the optimizer's moments.
pub(super) struct Trainable<R> {
    layout: Layout,
    pub(super) parameters: Vec<R>,
    pub(super) gradient: Vec<R>,
    moment1: Vec<R>,
    moment2: Vec<R>,
    gradient_state: GradientState<R>,
}

impl<R: Trained> Trainable<R> {
    /// Initial values, drawn; in f64 they are those of f32.
    pub(super) fn draw(layout: &Layout, seed: u64) -> Self {
        let parameters: Vec<R> = layout.draw(seed).iter().map(|&value| R::of(value.into())).collect();
        let zeros = vec![R::default(); parameters.len()];
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

    /// Replaces what `into` holds by what is below the top layer, in f32.
    pub(super) fn copy_hidden(&self, into: &mut Vec<f32>) {
        into.clear();
        into.extend(self.parameters[..self.layout.top().start].iter().map(|value| value.wide() as f32));
    }

    /// The norm of each column of each matrix below the top layer: of the weights that one unit reads by.
    pub(super) fn unit_norms(&self) -> Vec<f64> {
        let matrices = self.layout.hidden_matrices();
        matrices.flat_map(|(range, _, columns)| column_norms(&self.parameters[range], columns)).collect()
    }

    /// The gradient of the last pass that learned.
    pub(super) fn gradients(&self) -> Arrays {
        R::hand_out(vec![("gradient".to_owned(), self.gradient.clone())])
    }

    /// Everything but the gradient, which is made anew, by name.
    pub(super) fn arrays(&self) -> Arrays {
        let parts = [("weights", &self.parameters), ("moment1", &self.moment1), ("moment2", &self.moment2)];
        let parts = parts.map(|(name, values)| (name.to_owned(), values.clone())).into_iter();
        R::hand_out(parts.chain(self.gradient_state.arrays()).collect())
    }

    /// Weights and second moments as named arrays.
    pub(super) fn watched_arrays(&self) -> Arrays {
        let parts = [("weights", &self.parameters), ("moment2", &self.moment2)];
        R::hand_out(parts.map(|(name, values)| (name.to_owned(), values.clone())).into())
    }

    /// Takes the same arrays back.
    pub(super) fn restore(&mut self, kept: Kept<'_>) -> Result<(), TrainError> {
        let parts = [("weights", &mut self.parameters), ("moment1", &mut self.moment1), ("moment2", &mut self.moment2)];
        for (name, values) in parts {
            *values = kept.array(name, values.len())?;
        }
        let n = self.parameters.len();
        self.gradient_state.restore(|name| kept.array(name, n).ok());
        Ok(())
    }
}

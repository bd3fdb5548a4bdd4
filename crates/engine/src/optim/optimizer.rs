//! One update of a network by the spec's method.

use super::{GradientSpec, GradientState, Method, OptimizerSpec, adam, muon, sgd};
use crate::kernel::Real;
use crate::model::fused::{Network, Slab};
use crate::model::layered::Layout;
use crate::spec::Numerics;
use pulp::Arch;
use std::ops::Range;

/// One step's update of a whole network, with the rates of that step.
#[derive(Clone, Copy, Debug)]
pub struct Optimizer {
    method: Method,
    learning_rate: f64,
    weight_decay: f64,
    gradient: GradientSpec,
    qk_clip: f64,
    /// Updates made before, plus one.
    count: u64,
}

impl Optimizer {
    /// The optimizer at the update after `step` updates of a run of `steps`.
    pub fn at(spec: &OptimizerSpec, step: u64, steps: u64) -> Self {
        let learning_rate = spec.schedule.rate(spec.learning_rate, step, steps);
        Self {
            method: spec.method,
            learning_rate,
            weight_decay: spec.weight_decay,
            gradient: spec.gradient,
            qk_clip: spec.qk_clip,
            count: step + 1,
        }
    }

    /// τ of QK-clip; `None` without.
    pub fn score_limit(&self) -> Option<f64> {
        (self.qk_clip > 0.0).then_some(self.qk_clip)
    }

    /// Whether rules change the gradient as a whole, so that none of it may be used before all of it is there.
    pub fn changes_gradient(&self) -> bool {
        !self.gradient.is_none()
    }

    /// Changes the whole gradient by the rules of the spec; parameters and gradient are laid out by `layout`.
    pub(crate) fn change_gradient<R: Real>(
        &self,
        numerics: Numerics,
        layout: &Layout,
        frozen: &Range<usize>,
        state: &mut GradientState<R>,
        (weights, gradient): (&[R], &mut [R]),
    ) {
        state.change((&self.gradient, numerics, self.count - 1), layout, frozen, weights, gradient);
    }

    /// Updates one slab from its gradient, except what [`Optimizer::update_whole`] does. With `top_frozen` V is left alone.
    #[inline(always)]
    pub fn update_slab(&self, slab: &mut Slab, hidden_len: usize, top_frozen: bool) {
        let elementwise = match self.method {
            Method::Muon { .. } => hidden_len..slab.weights.len(),
            _ => 0..slab.weights.len(),
        };
        let range = if top_frozen { elementwise.start..hidden_len } else { elementwise };
        if range.is_empty() {
            return;
        }
        let (moment1, moment2) = (&mut slab.moment1[range.clone()], &mut slab.moment2[range.clone()]);
        self.update_each(&mut slab.weights[range.clone()], &slab.gradient[range], (moment1, moment2));
    }

    /// Updates a network made of blocks, whose arrays are laid out by `layout`, except the part that is `frozen`.
    pub(crate) fn update_flat<R: Real>(
        &self,
        numerics: Numerics,
        layout: &Layout,
        frozen: Range<usize>,
        weights: &mut [R],
        gradient: &[R],
        (moment1, moment2): (&mut [R], &mut [R]),
    ) {
        let mut each = |range: Range<usize>| {
            let moments = (&mut moment1[range.clone()], &mut moment2[range.clone()]);
            self.update_each(&mut weights[range.clone()], &gradient[range], moments);
        };
        let live = if frozen.is_empty() { layout.len() } else { frozen.start };
        let Method::Muon { momentum, variant, .. } = self.method else {
            each(0..live);
            return;
        };
        // As Jordan et al. do: matrices by Muon; embeddings, biases, gains and the top layer by Adam.
        let matrices: Vec<_> = layout.hidden_matrices().collect();
        let mut done = 0;
        for (range, ..) in &matrices {
            each(done..range.start);
            done = range.end;
        }
        each(done..live);
        for (range, rows, columns) in matrices {
            let (rule, rates) = ((momentum, variant), (self.learning_rate, self.weight_decay));
            let moments = (&gradient[range.clone()], &mut moment1[range.clone()]);
            muon::update_matrix(numerics, rule, rates, (rows, columns), &mut weights[range], moments);
        }
    }

    /// Each number by itself: SGD, Adam, and what Muon leaves to Adam.
    #[inline(always)]
    fn update_each<R: Real>(&self, weights: &mut [R], gradient: &[R], (moment1, moment2): (&mut [R], &mut [R])) {
        let (rate, decay, count) = (self.learning_rate, self.weight_decay, self.count);
        // The rules are loops over slices: dispatched, they are vector code of the machine's width, and nothing is contracted.
        match self.method {
            Method::Sgd { momentum } => Arch::new().dispatch(
                #[inline(always)]
                || sgd::update(weights, gradient, moment1, momentum, rate, decay, count == 1),
            ),
            Method::Adam(spec) | Method::Muon { adam: spec, .. } => Arch::new().dispatch(
                #[inline(always)]
                || adam::update(weights, gradient, moment1, moment2, &spec, rate, decay, 0.0, count),
            ),
            Method::AdamW(spec) => Arch::new().dispatch(
                #[inline(always)]
                || adam::update(weights, gradient, moment1, moment2, &spec, rate, 0.0, decay, count),
            ),
        }
    }

    /// What needs the whole gradient at once: Muon's hidden layer.
    pub fn update_whole(&self, network: &mut Network, numerics: Numerics) {
        if let Method::Muon { momentum, variant, .. } = self.method {
            muon::update(network, numerics, momentum, variant, self.learning_rate, self.weight_decay);
        }
    }
}

//! What becomes of the whole gradient before the method sees it: the rules of [`GradientSpec`] in their order.

use super::{clip, egalitarian, grokfast, half, orthogonal};
use crate::kernel::Real;
use crate::model::layered::Layout;
use crate::spec::{GradientDirection, GradientFilter, GradientSpec, Numerics};
use std::ops::Range;

/// What the rules keep from update to update.
#[derive(Clone, Debug, Default)]
pub(crate) struct GradientState<R> {
    /// Grokfast's average, in the layout of the gradient; empty before its first update.
    average: Vec<R>,
}

/// The average's name in a checkpoint.
const AVERAGE: &str = "gradient_average";

impl<R: Real> GradientState<R> {
    /// Changes the gradient of the update after `step` updates, but for the part that is `frozen`.
    pub(super) fn change(
        &mut self,
        (spec, numerics, step): (&GradientSpec, Numerics, u64),
        layout: &Layout,
        frozen: &Range<usize>,
        weights: &[R],
        gradient: &mut [R],
    ) {
        half::pass_through(gradient, spec.precision, step);
        match spec.filter {
            GradientFilter::None => self.average.clear(),
            GradientFilter::GrokfastEma { decay, factor } => {
                grokfast::amplify(gradient, &mut self.average, decay, factor);
            }
        }
        let live = if frozen.is_empty() { layout.len() } else { frozen.start };
        let gradient = &mut gradient[..live];
        match spec.direction {
            GradientDirection::Plain => (),
            GradientDirection::Orthogonal => {
                for range in layout.ranges().filter(|range| range.end <= live) {
                    orthogonal::project(&mut gradient[range.clone()], &weights[range]);
                }
            }
            GradientDirection::Egalitarian => {
                for (range, rows, columns) in layout.hidden_matrices() {
                    egalitarian::equalize(numerics, &mut gradient[range], rows, columns);
                }
            }
        }
        if spec.clip_norm > 0.0 {
            clip::shorten(gradient, spec.clip_norm);
        }
    }

    /// What a checkpoint holds of it; nothing before the first update that needs it.
    pub(crate) fn arrays(&self) -> Vec<(String, Vec<R>)> {
        if self.average.is_empty() { Vec::new() } else { vec![(AVERAGE.to_owned(), self.average.clone())] }
    }

    /// Takes it back: `array` has what a checkpoint holds under a name.
    pub(crate) fn restore(&mut self, array: impl Fn(&str) -> Option<Vec<R>>) {
        self.average = array(AVERAGE).unwrap_or_default();
    }
}

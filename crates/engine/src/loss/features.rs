//! Losses of the features: samples with one label are to be alike, whatever the outputs say.

use super::{contrastive, non_contrastive};
use crate::spec::{FeatureLoss, Numerics};

impl FeatureLoss {
    /// The loss of features `[n][n_features]` with one label a row; `gradient`, of the same shape, becomes ∂L/∂F, whatever it
    /// held before.
    ///
    /// A batch in which nothing can attract or repel has no loss and no gradient. Features that are not numbers give a loss
    /// that is none.
    pub fn differentiate(
        self,
        numerics: Numerics,
        features: &[f32],
        n_features: usize,
        labels: &[u32],
        gradient: &mut [f32],
    ) -> f64 {
        assert!(n_features > 0, "features have a width");
        assert_eq!(features.len(), labels.len() * n_features, "one row of features a label");
        assert_eq!(gradient.len(), features.len(), "the gradient has the shape of the features");
        match self {
            Self::Contrastive { temperature } => {
                contrastive::differentiate(numerics, temperature, features, n_features, labels, gradient)
            }
            Self::NonContrastive => non_contrastive::differentiate(numerics, features, n_features, labels, gradient),
        }
    }
}

#[cfg(test)]
mod tests;

//! What is read off F̃ᵀF̃: similarity, and the ridge regression. The costliest part of a snapshot by far.
//!
//! ```text
//! in units     one product in f64, nK² flops, for both; K³/3 to factor
//! in samples   nK² flops in f32 for the similarity; n²K in f64, n³/3 to factor
//! ```
//!
//! The cheaper of the two is taken, a flop in f64 counted twice. In the paper's setting, K = 2048 and n = 2016, sharing the
//! product saves a quarter.

use super::ridge::{Space, gram};
use super::{Ridge, Scene, Similarity, is_affordable};

/// Both; `None` each where it is undefined or too large.
#[derive(Default)]
pub(super) struct Kernel {
    pub(super) similarity: Option<Similarity>,
    pub(super) ridge: Option<Ridge>,
}

impl Kernel {
    pub(super) fn of(scene: &Scene<'_>) -> Self {
        let Some(train) = scene.train().filter(|train| train.is_finite()) else { return Self::default() };
        let (n, k) = (train.n, train.norms.len());
        let has_ridge = scene.setup.eta > 0.0 && is_affordable(n.min(k), n.min(k), n.max(k));
        if !has_ridge {
            return Self { similarity: Similarity::of(scene), ridge: None };
        }
        if !is_affordable(k, k, n) || !is_cheaper_in_units(n as f64, k as f64) {
            return Self { similarity: Similarity::of(scene), ridge: Ridge::in_space(scene, Space::Samples) };
        }
        let gram = gram(train, Space::Units);
        let similarity = Some(Similarity::of_gram(train, gram.as_ref()));
        Self { similarity, ridge: Ridge::of_gram(scene, Space::Units, gram) }
    }
}

fn is_cheaper_in_units(n: f64, k: f64) -> bool {
    2.0 * (n * k * k + k.powi(3) / 3.0) <= n * k * k + 2.0 * (n * n * k + n.powi(3) / 3.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::fixture::{Fixture, assert_close};

    /// The product in f64 and the blocks in f32 say the same of the same features.
    #[test]
    fn both_ways_give_the_same_similarity() {
        let fixture = Fixture::random(7, 300, 30, 3);
        let scene = fixture.scene();
        let train = scene.train().unwrap();
        let blocks = Similarity::of(&scene).unwrap();
        let whole = Similarity::of_gram(train, gram(train, Space::Units).as_ref());
        // f32 products of 30 terms, 6e-8 each, relative.
        assert_close(whole.off_diagonal_abs_sum, blocks.off_diagonal_abs_sum, 2e-6);
        assert_close(whole.norm_squared, blocks.norm_squared, 2e-6);
        assert_eq!((whole.diagonal_sum, whole.pairs.len()), (blocks.diagonal_sum, blocks.pairs.len()));
        for (a, b) in whole.pairs.iter().zip(&blocks.pairs) {
            assert_close(f64::from(a.cosine), f64::from(b.cosine), 2e-6);
        }
    }
}

//! How far the features' kernel is from its ideal form.

use super::quantity::ratio;
use super::{Measure, Quantity, Scene, Shape};

pub(super) const KERNEL_DISTANCE: Measure = Measure {
    name: "kernel_distance",
    tells: "how far the features are from the random ones of the lazy stage, whose kernel is a multiple of I plus a constant",
    formula: "‖aI + b11ᵀ − FFᵀ‖ / ‖FFᵀ‖, F not centred; a + b = mean diagonal, b = mean off-diagonal of FFᵀ",
    shape: Shape::Scalar,
    unit: "relative; 0 is ideal",
    source: "Tian 2025, arXiv:2509.21519, Lemma 1 and figure 3",
    undefined: "with fewer than two training samples, for F = 0 or where an activation is not finite; above 4096³ multiply-adds; where it would cost more than a quarter of the training, at all but some evenly spaced snapshots",
    compute: kernel_distance,
};

/// a and b are the least-squares fit of the diagonal and of the rest, so the squares subtract:
///
/// ```text
/// ‖aI + b11ᵀ − FFᵀ‖² = ‖FFᵀ‖² − n (a + b)² − n(n−1) b²        ‖FFᵀ‖² = ‖F̃ᵀF̃‖² + 2n ‖F̃μ‖² + n² ‖μ‖⁴
/// ```
fn kernel_distance(scene: &Scene<'_>) -> Option<Quantity> {
    let (train, similarity) = (scene.train()?, scene.similarity()?);
    if train.n < 2 {
        return None;
    }
    let n = train.n as f64;
    let mean_squared: f64 = train.means.iter().map(|mean| mean * mean).sum();
    let trace = similarity.diagonal_sum + n * mean_squared;
    let off_diagonal = (n * n * mean_squared - trace) / (n * (n - 1.0));
    let norm_squared =
        similarity.norm_squared + 2.0 * n * similarity.mean_image_squared + (n * mean_squared) * (n * mean_squared);
    let rest = norm_squared - trace * trace / n - n * (n - 1.0) * off_diagonal * off_diagonal;
    Quantity::scalar(ratio(rest.max(0.0), norm_squared)?.sqrt())
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, assert_close, scalar};
    use dunwu_engine::model::Activation;

    #[test]
    fn the_distance_is_that_of_the_matrix_written_out() {
        for (activation, n_units) in [(Activation::Square, 30), (Activation::Relu, 4), (Activation::Cube, 11)] {
            let mut fixture = Fixture::random(6, n_units, 17, 6);
            fixture.activation = activation;
            let f = fixture.features(&fixture.split.train);
            let n = 17;
            let kernel =
                |i: usize, l: usize| (0..n_units).map(|j| f[i * n_units + j] * f[l * n_units + j]).sum::<f64>();
            let diagonal = (0..n).map(|i| kernel(i, i)).sum::<f64>() / n as f64;
            let off = (0..n).flat_map(|i| (0..n).filter(move |&l| l != i).map(move |l| (i, l)));
            let off = off.map(|(i, l)| kernel(i, l)).sum::<f64>() / (n * (n - 1)) as f64;
            let (mut distance, mut norm) = (0.0, 0.0);
            for i in 0..n {
                for l in 0..n {
                    let ideal = if i == l { diagonal } else { off };
                    distance += (ideal - kernel(i, l)).powi(2);
                    norm += kernel(i, l).powi(2);
                }
            }
            assert_close(scalar(&fixture.scene(), "kernel_distance").unwrap(), (distance / norm).sqrt(), 1e-5);
        }
    }
}

//! Centred mean squared error, as in the paper's script: outputs lose their mean over labels, targets are `e_y − 1/M`.

use super::sum;

/// Loss of one sample; see [`super::Loss::differentiate`].
///
/// ```text
/// r_c = z_c − mean(z) − (δ_cy − 1/M)      loss = Σ_c r_c²      ∂loss/∂z_c = 2 r_c   (r sums to zero already)
/// ```
#[inline(always)]
pub(super) fn differentiate(z: &mut [f32], n_labels: usize, label: usize, scale: f32) -> f64 {
    let (z, padding) = z.split_at_mut(n_labels);
    let share = 1.0 / n_labels as f64;
    let shift = (sum(z, |z| z) * share - share) as f32;
    for z in z.iter_mut() {
        *z -= shift;
    }
    z[label] -= 1.0;
    let loss = sum(z, |r| r * r);
    for z in z.iter_mut() {
        *z *= 2.0 * scale;
    }
    padding.fill(0.0);
    loss
}

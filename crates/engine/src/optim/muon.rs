//! Muon: momentum whose singular values are all brought near one (Jordan et al. 2024).
//!
//! Published variants differ in momentum, coefficients and scale; see [`MuonVariant`]. Newton–Schulz iterates are odd
//! polynomials of the matrix, `X p(XᵀX)`, so here only the Gram matrix of the short side is iterated, in f64, and the long
//! side is touched twice: once for the Gram matrix, once for the final product. For 142 × 2048 that is 3.4 times less work
//! than the direct form; in f64 singular values down to 10⁻⁷ of the largest keep their direct-form image to 10⁻².

use super::flush;
use crate::kernel::Real;
use crate::kernel::double::{Matrix, gram, product};
use crate::model::fused::{Network, Part};
use crate::spec::{MuonVariant, Numerics};

const JORDAN: [[f64; 3]; 5] = [[3.4445, -4.7750, 2.0315]; 5];
const PAPER: [[f64; 3]; 5] =
    [[4.01, -9.22, 5.80], [3.49, -6.38, 3.23], [3.34, -6.21, 3.20], [3.64, -7.48, 4.43], [3.46, -5.35, 2.85]];

/// Momentum, orthogonalisation, decoupled decay and update of the hidden layer:
///
/// ```text
/// w ← w (1 − lr λ) − lr · scale · NS₅(u)
/// ```
pub(super) fn update(
    network: &mut Network,
    numerics: Numerics,
    momentum: f64,
    variant: MuonVariant,
    rate: f64,
    decay: f64,
) {
    let hidden_len = network.layout.hidden_len();
    let (keep, new) = (momentum as f32, (1.0 - momentum) as f32);
    for slab in &mut network.slabs {
        for (m, &g) in slab.moment1[..hidden_len].iter_mut().zip(&slab.gradient[..hidden_len]) {
            *m = flush(*m + new * (g - *m), f32::NEGLIGIBLE[1]);
        }
    }
    let (rows, columns) = (network.layout.n_inputs, network.layout.n_units);
    let mut direction = network.read(Part::Moment1).hidden;
    let (coefficients, scale) = match variant {
        MuonVariant::Jordan => {
            let gradient = network.read(Part::Gradient).hidden;
            for (u, g) in direction.iter_mut().zip(gradient) {
                *u = new * g + keep * *u;
            }
            // The matrix is Wᵀ in PyTorch's layout, K × inputs: rows there are our columns.
            (&JORDAN, (columns as f64 / rows as f64).max(1.0).sqrt())
        }
        MuonVariant::Paper => (&PAPER, 1.0),
    };
    orthogonalize(numerics, &mut direction, rows, columns, coefficients);
    let (shrink, step) = ((1.0 - rate * decay) as f32, (rate * scale) as f32);
    let width = network.layout.slab_width;
    for (index, slab) in network.slabs.iter_mut().enumerate() {
        let first = index * width;
        let units = width.min(columns - first);
        for (row, weights) in slab.weights[..hidden_len].chunks_exact_mut(width).enumerate() {
            for (w, u) in weights[..units].iter_mut().zip(&direction[row * columns + first..]) {
                *w = flush(*w * shrink - step * u, f32::NEGLIGIBLE[0]);
            }
        }
    }
}

/// The same for one matrix of a network made of blocks, `[rows][columns]`.
pub(super) fn update_matrix<R: Real>(
    numerics: Numerics,
    (momentum, variant): (f64, MuonVariant),
    (rate, decay): (f64, f64),
    (rows, columns): (usize, usize),
    weights: &mut [R],
    (gradient, moment1): (&[R], &mut [R]),
) {
    let (keep, new) = (R::of(momentum), R::of(1.0 - momentum));
    for (m, &g) in moment1.iter_mut().zip(gradient) {
        *m = flush(*m + new * (g - *m), R::NEGLIGIBLE[1]);
    }
    let mut direction = moment1.to_vec();
    let (coefficients, scale) = match variant {
        MuonVariant::Jordan => {
            direction.iter_mut().zip(gradient).for_each(|(u, &g)| *u = new * g + keep * *u);
            (&JORDAN, (columns as f64 / rows as f64).max(1.0).sqrt())
        }
        MuonVariant::Paper => (&PAPER, 1.0),
    };
    orthogonalize(numerics, &mut direction, rows, columns, coefficients);
    let (shrink, step) = (R::of(1.0 - rate * decay), R::of(rate * scale));
    for (w, &u) in weights.iter_mut().zip(&direction) {
        *w = flush(*w * shrink - step * u, R::NEGLIGIBLE[0]);
    }
}

/// Five Newton–Schulz steps on `X / (‖X‖ + 10⁻⁷)`, in place; X is `[rows][columns]` row-major.
///
/// ```text
/// X ← a X + (b A + c A²) X,   A = X Xᵀ        with A on the short side
/// ```
fn orthogonalize<R: Real>(numerics: Numerics, x: &mut [R], rows: usize, columns: usize, coefficients: &[[f64; 3]; 5]) {
    let norm = x.iter().map(|&x| x.wide() * x.wide()).sum::<f64>().sqrt() + 1e-7;
    let wide = rows <= columns;
    let mut short = Matrix { rows, columns, values: x.iter().map(|&x| x.wide() / norm).collect() };
    if !wide {
        short = short.transposed();
    }
    let side = short.rows;
    let polynomial_of = |gram: &Matrix, [a, b, c]: [f64; 3]| {
        let mut step = product(numerics, gram, gram);
        step.values.iter_mut().zip(&gram.values).for_each(|(square, gram)| *square = b * gram + c * *square);
        (0..side).for_each(|i| step.values[i * side + i] += a);
        step
    };
    let mut gram = gram(numerics, &short);
    let mut total = polynomial_of(&gram, coefficients[0]);
    let mut step = total.clone();
    for &triple in &coefficients[1..] {
        // (P X)(P X)ᵀ = P A P, and P commutes with A: both are polynomials of the first Gram matrix.
        gram = product(numerics, &product(numerics, &step, &gram), &step);
        step = polynomial_of(&gram, triple);
        total = product(numerics, &step, &total);
    }
    let mut result = product(numerics, &total, &short);
    if !wide {
        result = result.transposed();
    }
    x.iter_mut().zip(&result.values).for_each(|(x, &value)| *x = R::of(value));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What five steps do to one singular value.
    fn image(s: f64, coefficients: &[[f64; 3]; 5]) -> f64 {
        coefficients.iter().fold(s, |s, [a, b, c]| a * s + b * s.powi(3) + c * s.powi(5))
    }

    #[test]
    fn paper_triples_bring_singular_values_near_one() {
        // THEORY 5: s in [.003, 1] goes to [.895, 1.157]; 1e-3 to .56; 1e-4 to .059.
        for i in 0..=1000 {
            let s = 0.003_f64.powf(1.0 - f64::from(i) / 1000.0);
            assert!((0.894..1.158).contains(&image(s, &PAPER)), "{s} goes to {}", image(s, &PAPER));
        }
        assert!((image(1e-3, &PAPER) - 0.56).abs() < 0.01);
        assert!((image(1e-4, &PAPER) - 0.059).abs() < 0.001);
    }

    #[test]
    fn a_diagonal_matrix_keeps_its_vectors_and_maps_its_values() {
        let shapes = [(3, 5), (5, 3), (4, 4)];
        let cases = shapes.iter().flat_map(|&shape| [(shape, Numerics::Fast), (shape, Numerics::Exact)]);
        for ((rows, columns), numerics) in cases {
            let values = [1.0, 0.25, 0.004];
            let mut x = vec![0.0_f32; rows * columns];
            for (i, value) in values.iter().enumerate() {
                x[i * columns + i] = *value;
            }
            let norm = values.iter().map(|&v| f64::from(v) * f64::from(v)).sum::<f64>().sqrt() + 1e-7;
            orthogonalize(numerics, &mut x, rows, columns, &PAPER);
            for i in 0..rows {
                for j in 0..columns {
                    let expected = if i == j && i < 3 { image(f64::from(values[i]) / norm, &PAPER) } else { 0.0 };
                    assert!((f64::from(x[i * columns + j]) - expected).abs() < 1e-6);
                }
            }
        }
    }

    /// Lemma 2: the update is an ascent direction, ⟨NS(G), G⟩ ≥ 0.
    #[test]
    fn the_update_does_not_point_against_the_gradient() {
        let gradient: Vec<f32> = (0..6 * 40).map(|i| ((i * 7919 % 101) as f32 - 50.0) / 50.0).collect();
        let cases = [&JORDAN, &PAPER].map(|triples| [(triples, Numerics::Fast), (triples, Numerics::Exact)]);
        for (coefficients, numerics) in cases.concat() {
            let mut x = gradient.clone();
            orthogonalize(numerics, &mut x, 6, 40, coefficients);
            assert!(x.iter().zip(&gradient).map(|(x, g)| x * g).sum::<f32>() > 0.0);
        }
    }
}

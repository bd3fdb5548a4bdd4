//! Matrices of irreps, against Schur's relations, the characters and the decomposition.

use super::*;
use dunwu_engine::random::{Stream, rng};
use faer::Mat;
use rand_chacha::rand_core::RngCore;

fn representations(table: &CayleyTable) -> Vec<Representation> {
    let characters = CharacterTable::of(table).unwrap();
    let of = |idx| Representation::of(table, &characters, idx).unwrap_or_else(|error| panic!("{idx}: {error}"));
    (0..characters.characters.len()).map(of).collect()
}

fn function(order: usize) -> Vec<f64> {
    let mut rng = rng(1, Stream::Probe);
    (0..order).map(|_| (rng.next_u64() >> 11) as f64 / (1u64 << 52) as f64 - 1.0).collect()
}

/// The great orthogonality theorem over all irreps at once, with homomorphism, unitarity and trace.
///
/// ```text
/// Σ_g ρ_ij(g) σ_kl(g)* = (M/d) δ_ρσ δ_ik δ_jl
/// ```
#[test]
fn matrix_entries_are_orthogonal_for_every_group() {
    for text in groups() {
        let table = table(&text);
        let representations = representations(&table);
        let m = table.order;
        let mut entries = Vec::with_capacity(m * m);
        for (idx, representation) in representations.iter().enumerate() {
            assert!(representation.residual < 1e-12, "{text}: {idx} {:e}", representation.residual);
            let is_real = representation.matrices.iter().all(|entry| entry.im == 0.0);
            assert_eq!(is_real, representation.kind == Real, "{text}: {idx}");
            let scale = (representation.degree as f64 / m as f64).sqrt();
            for cell in 0..representation.degree.pow(2) {
                entries.extend((0..m as u32).map(|g| representation.matrix(g)[cell] * scale));
            }
        }
        let entries = Mat::from_fn(m, m, |row, g| entries[row * m + g]);
        let gram = &entries * entries.adjoint();
        for (row, column) in (0..m).flat_map(|row| (0..m).map(move |column| (row, column))) {
            let expected = if row == column { 1.0 } else { 0.0 };
            assert!((gram[(row, column)] - expected).norm() < 1e-12, "{text}: {row} {column}");
        }
    }
}

/// From the definition, with loops of its own.
#[test]
fn matrices_multiply_as_the_elements_do() {
    for text in ["symmetric:4", "dicyclic:5", "affine:8", "heisenberg:3", "product:dicyclic:2,symmetric:3"] {
        let table = table(text);
        for representation in representations(&table) {
            let d = representation.degree;
            for g in 0..table.order as u32 {
                for h in 0..table.order as u32 {
                    let (left, right) = (representation.matrix(g), representation.matrix(h));
                    let product = representation.matrix(table.times(g, h));
                    for (i, j) in (0..d).flat_map(|i| (0..d).map(move |j| (i, j))) {
                        let entry: c64 = (0..d).map(|k| left[i * d + k] * right[k * d + j]).sum();
                        assert!((entry - product[i * d + j]).norm() < 1e-12, "{text}");
                    }
                }
            }
        }
    }
}

#[test]
fn fourier_coefficients_have_the_power_of_their_component() {
    for text in ["cyclic:24", "symmetric:4", "dicyclic:6", "affine:9", "heisenberg:3", "alternating:5"] {
        let table = table(text);
        let m = table.order;
        let characters = CharacterTable::of(&table).unwrap();
        let decomposition = Decomposition::of(&table).unwrap();
        let function = function(m);
        let mut power = vec![0.0; decomposition.irreps.len()];
        for (representation, component) in representations(&table).iter().zip(characters.components()) {
            let coefficient = representation.fourier(&function);
            let squares: f64 = coefficient.iter().map(c64::norm_sqr).sum();
            power[component] += representation.degree as f64 / m as f64 * squares;
        }
        for (power, expected) in power.iter().zip(decomposition.power(&function)) {
            assert!((power - expected).abs() < 1e-12 * m as f64, "{text}");
        }
    }
}

/// (u ∗ v)^ = û v̂, and the coefficient of a point mass is the matrix.
#[test]
fn convolution_becomes_a_product() {
    let table = table("affine:5");
    let m = table.order;
    let (u, v) = (function(m), function(2 * m)[m..].to_vec());
    let mut convolved = vec![0.0; m];
    for g in 0..m as u32 {
        (0..m as u32).for_each(|h| convolved[table.times(g, h) as usize] += u[g as usize] * v[h as usize]);
    }
    for representation in representations(&table) {
        let d = representation.degree;
        let (left, right) = (representation.fourier(&u), representation.fourier(&v));
        for (cell, entry) in representation.fourier(&convolved).into_iter().enumerate() {
            let product: c64 = (0..d).map(|k| left[cell / d * d + k] * right[k * d + cell % d]).sum();
            assert!((product - entry).norm() < 1e-12);
        }
        let mut point = vec![0.0; m];
        point[7] = 1.0;
        assert_eq!(representation.fourier(&point), representation.matrix(7));
    }
}

#[test]
fn large_irreps_are_as_exact_as_small_ones() {
    for (text, degree) in [("affine:13", 12), ("affine:16", 8), ("affine:17", 16), ("symmetric:5", 6)] {
        let representations = representations(&table(text));
        assert_eq!(representations.iter().map(|r| r.degree).max(), Some(degree), "{text}");
        assert!(representations.iter().all(|r| r.residual < 1e-12), "{text}");
    }
}

#[test]
fn the_same_table_gives_the_same_matrices() {
    let table = table("heisenberg:3");
    assert_eq!(representations(&table), representations(&table));
}

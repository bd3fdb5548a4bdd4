//! Complete tables of groups, σ = x²: every peak, against what the theory says of all of them.
//!
//! Tian 2025 (arXiv:2509.21519), Theorem 2 and its corollaries, as printed, fail here in these ways:
//!
//! - Heights are four times the printed ones: M/2d for a real irrep, M/4d for a complex pair (printed M/8d, M/16d).
//! - A quaternionic irrep has M/4d, not the height of a real one.
//! - `w = [u; ±Pu]` holds for real irreps of degree 1 alone; elsewhere the phase, or rotation, between the halves is free.
//! - A u within the irrep's component does not suffice where d ≥ 2: its Fourier block has rank one, over the quaternions for a
//!   quaternionic irrep.
//! - Not every maximum is flat: those of real irreps of degree 1 are strict.

use super::*;
use crate::group::{CharacterTable, IrrepKind, Representation, c64};
use dunwu_engine::task::CayleyTable;

/// Group and restarts, enough to reach every irrep.
fn groups() -> Vec<(String, Problem, usize)> {
    let cyclic = (2..=31).map(|order| (format!("cyclic:{order}"), if order < 24 { 200 } else { 300 }));
    let others = [
        ("symmetric:3", 200),
        ("dihedral:4", 200),
        ("dicyclic:2", 200),
        ("dicyclic:3", 200),
        ("alternating:4", 200),
        ("dihedral:5", 200),
        ("product:cyclic:2,cyclic:2", 200),
        ("product:cyclic:3,cyclic:3", 200),
        ("affine:5", 200),
    ];
    let named = cyclic.chain(others.map(|(text, restarts)| (text.to_owned(), restarts)));
    let mut groups: Vec<_> = named.map(|(text, restarts)| (text.clone(), problem(&text), restarts)).collect();
    groups.push(("F21".to_owned(), frobenius_21(), 300));
    groups
}

/// ℤ₇ ⋊ ℤ₃, the maps x ↦ 2ᵏx + b modulo 7: the smallest group with a complex pair of degree 3.
fn frobenius_21() -> Problem {
    let slope = |k: usize| [1, 2, 4][k % 3];
    let product = |f: usize, g: usize| 7 * ((f / 7 + g / 7) % 3) + (slope(f / 7) * (g % 7) + f % 7) % 7;
    let rows: Vec<Vec<usize>> = (0..21).map(|f| (0..21).map(|g| product(f, g)).collect()).collect();
    Task::parse("table:frobenius.json").unwrap().resolve(Some(&format!("{rows:?}"))).unwrap()
}

fn matrices(table: &CayleyTable) -> Vec<Representation> {
    let characters = CharacterTable::of(table).unwrap();
    (0..characters.characters.len()).map(|i| Representation::of(table, &characters, i).unwrap()).collect()
}

fn size(a: &[c64]) -> f64 {
    a.iter().map(c64::norm_sqr).sum()
}

fn times(a: &[c64], b: &[c64], d: usize) -> Vec<c64> {
    let cell = |i: usize, j: usize| (0..d).map(|k| a[i * d + k] * b[k * d + j]).sum();
    (0..d * d).map(|cell_idx| cell(cell_idx / d, cell_idx % d)).collect()
}

fn adjoint(a: &[c64], d: usize) -> Vec<c64> {
    (0..d * d).map(|cell| a[cell % d * d + cell / d].conj()).collect()
}

/// `(2/M) Σ_ρ d ‖û(ρ) v̂(ρ)‖²` over all irreps but the trivial one.
fn fourier_height(representations: &[Representation], w: &[f64]) -> f64 {
    let (u, v) = w.split_at(w.len() / 2);
    let of = |rho: &Representation| rho.degree as f64 * size(&times(&rho.fourier(u), &rho.fourier(v), rho.degree));
    2.0 / u.len() as f64 * representations[1..].iter().map(of).sum::<f64>()
}

fn of_inverse(table: &CayleyTable, v: &[f64]) -> Vec<f64> {
    table.inverses().unwrap().iter().map(|&g| v[g as usize]).collect()
}

fn energy_of(problem: &Problem) -> Energy {
    let samples = problem.population();
    let projection = Projection::raw(&samples.labels, problem.n_labels);
    Energy::new(Inputs::of(problem, &samples), dimension(problem), Activation::Square, projection)
}

#[test]
fn a_height_is_the_product_of_the_halves_in_every_irrep() {
    for task in ["cyclic:9", "symmetric:3", "dihedral:4", "dicyclic:2", "alternating:4", "symmetric:4", "dicyclic:5"] {
        let problem = problem(task);
        let (energy, representations) = (energy_of(&problem), matrices(problem.group().unwrap()));
        for seed in 0..10 {
            let w = unit(noise(seed, energy.dimension()));
            let (direct, fourier) = (energy.of_unit(&w).0, fourier_height(&representations, &w));
            assert!((direct - fourier).abs() < 1e-12, "{task}: {direct} {fourier}");
        }
    }
}

/// One token of one operand tells nothing of the label where the table is complete.
#[test]
fn a_token_has_no_height() {
    for task in ["cyclic:6", "symmetric:3"] {
        let energy = energy_of(&problem(task));
        for k in 0..energy.dimension() {
            assert!(energy.of_unit(&vec![0.0; energy.dimension()].tap(k)).0 < 1e-28, "{task}");
        }
    }
}

/// With v = Pu, `E = M/2d · (s₁⁴ + s₂⁴)/(s₁² + s₂²)²` for the singular values of a real block of degree 2: less than the peak.
#[test]
fn a_component_alone_is_no_peak_of_an_irrep_of_degree_two() {
    let problem = problem("symmetric:3");
    let (energy, table) = (energy_of(&problem), problem.group().unwrap());
    let decomposition = Decomposition::of(table).unwrap();
    let rho = matrices(table).into_iter().find(|rho| rho.degree == 2).unwrap();
    let irrep = decomposition.irreps.iter().position(|irrep| irrep.degree == 2).unwrap();
    let projector = decomposition.projector(irrep);
    let any = noise(4, 6);
    let u = unit(projector.chunks_exact(6).map(|row| dot(row, &any)).collect());
    let w: Vec<f64> = [u.clone(), of_inverse(table, &u)].concat().iter().map(|x| x / 2.0_f64.sqrt()).collect();
    let block = rho.fourier(&u);
    let fourth = size(&times(&block, &adjoint(&block, 2), 2)) / size(&block).powi(2);
    let height = energy.of_unit(&w).0;
    assert!((height - 1.5 * fourth).abs() < 1e-12, "{height}");
    assert!(height < 1.4, "{height}");
}

/// Ascents end at slopes of 10⁻⁹ ‖∇E‖ with ‖∇E‖ = 4E, and no curvature but that of the flat family is below E/10. So they end
/// within 4·10⁻⁸ of a peak: what is linear in that is held to 10⁻⁶, what is quadratic to 10⁻¹².
#[test]
fn every_peak_is_one_of_the_theory_and_every_irrep_has_one() {
    let workers = Workers::new(2).unwrap();
    for (text, problem, restarts) in groups() {
        let (table, m) = (problem.group().unwrap(), problem.n_labels);
        let decomposition = Decomposition::of(table).unwrap();
        let representations = matrices(table);
        let all = split(&problem, Sampling::Fraction(1.0));
        let landscape =
            Landscape::new(&problem, &all, Some(&decomposition), Activation::Square, EnergyKind::Raw, None).unwrap();
        let peaks = find(&landscape, restarts, 1, &[], &workers);
        assert_eq!((peaks.n_flat, peaks.n_uncertified), (0, 0), "{text}: every restart ends on a peak");
        let mut reached = vec![false; decomposition.irreps.len()];
        // Smallest and largest |cos(u, Pv)| over the peaks of each irrep.
        let mut cosines = vec![(f64::INFINITY, 0.0_f64, 0); decomposition.irreps.len()];
        for (maximum, certificate) in peaks.maxima.iter().zip(&peaks.certificates) {
            let (irrep_idx, purity) = maximum.irrep.unwrap();
            let irrep = &decomposition.irreps[irrep_idx];
            reached[irrep_idx] = true;
            let expected = theory::feature_height(irrep, m);
            assert!((maximum.height / expected - 1.0).abs() < 1e-12, "{text} {}: {}", irrep.name, maximum.height);
            assert!(1.0 - purity < 1e-12, "{text} {}: {purity}", irrep.name);
            assert_eq!(certificate.flat_directions, theory::flat_directions(irrep), "{text} {}", irrep.name);
            assert_eq!(maximum.kind, PeakKind::Feature, "{text}");
            let (u, v) = maximum.w.split_at(m);
            assert!((dot(u, u) - 0.5).abs() < 1e-6 && (dot(v, v) - 0.5).abs() < 1e-6, "{text} {}", irrep.name);
            let cosine = 2.0 * dot(u, &of_inverse(table, v)).abs();
            let range = &mut cosines[irrep_idx];
            *range = (range.0.min(cosine), range.1.max(cosine), range.2 + 1);
            assert_rank_one(&representations, u, v, &format!("{text} {}", irrep.name));
        }
        assert_eq!(reached.iter().skip(1).position(|reached| !reached), None, "{text}: every irrep is reached");
        for (irrep, (low, high, n)) in decomposition.irreps.iter().zip(cosines).skip(1) {
            if irrep.kind == IrrepKind::Real && irrep.degree == 1 {
                assert!(low > 1.0 - 1e-6, "{text} {}: {low}", irrep.name);
            } else if irrep.degree == 1 && n >= 40 {
                // |cos| of a uniform phase: 40 of them all above 0.3, or below 0.9, has chance 0.81⁴⁰ and 0.71⁴⁰.
                assert!(low < 0.3 && high > 0.9, "{text} {}: {low} to {high}", irrep.name);
            } else {
                assert!(low < 0.9, "{text} {}: {low} to {high}", irrep.name);
            }
        }
    }
}

/// `û = a b*` and `v̂ = b c*` with the same b: `û*û` and `v̂v̂*` are the same multiple of a projector of rank one. A real u has
/// a quaternionic block that is a matrix of quaternions, and of those the rank is one; complex singular values come in pairs.
fn assert_rank_one(representations: &[Representation], u: &[f64], v: &[f64], case: &str) {
    for rho in &representations[1..] {
        let (d, u, v) = (rho.degree, rho.fourier(u), rho.fourier(v));
        if d == 1 || size(&u) < 1e-6 {
            continue;
        }
        let rank = if rho.kind == IrrepKind::Quaternionic { 2.0 } else { 1.0 };
        let middle_u: Vec<c64> = times(&adjoint(&u, d), &u, d).iter().map(|x| x / size(&u)).collect();
        let middle_v: Vec<c64> = times(&v, &adjoint(&v, d), d).iter().map(|x| x / size(&v)).collect();
        // Σσ⁴ / (Σσ²)² is 1 − 2 σ₂²/σ₁² for one large singular value.
        assert!((rank * size(&middle_u) - 1.0).abs() < 1e-12, "{case}: û has rank {rank}");
        assert!((rank * size(&middle_v) - 1.0).abs() < 1e-12, "{case}: v̂ has rank {rank}");
        let apart: f64 = middle_u.iter().zip(&middle_v).map(|(a, b)| (a - b).norm_sqr()).sum();
        assert!(apart < 1e-12, "{case}: both have the same middle vector");
    }
}

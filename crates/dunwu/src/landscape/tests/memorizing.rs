//! Theorem 5 of Tian 2025 in its own setting: samples of one label, uncentred, each pair of tokens as probable as it is.
//!
//! ```text
//! F(s) = Σ_g p_g σ(s_g)      s_g = u_g + v_{−g}      Σ s² ≤ 2,  E = ½F²
//! ```
//!
//! With labels centred over the sample, as the paper has them elsewhere, one label has Ỹ = 0 and no energy at all.

use super::*;

const M: usize = 7;
/// Probabilities of the pairs; no two alike.
const P: [f64; M] = [0.05, 0.21, 0.11, 0.08, 0.27, 0.13, 0.15];

/// All pairs (g, −g) of ℤ₇, and one row p for A.
fn one_label(activation: Activation) -> Energy {
    let rows = (0..M as u32).flat_map(|g| [g, M as u32 + (M as u32 - g) % M as u32]).collect();
    let projection = Projection::Dense { columns: P.to_vec(), n_labels: 1 };
    Energy::new(Inputs::Tokens { rows, n_operands: 2 }, 2 * M, activation, projection)
}

fn reads(w: &[f64]) -> Vec<f64> {
    (0..M).map(|g| w[g] + w[M + (M - g) % M]).collect()
}

/// The certified ends of 60 ascents.
fn peaks(energy: &Energy) -> Vec<Climb> {
    let climbs = climb(energy, 60, |i| random_start(2, i as u64, 2 * M), Stop::PEAK, &alone());
    let peaks: Vec<Climb> = climbs.into_iter().filter(|climb| certify(energy, climb).is_peak).collect();
    assert!(!peaks.is_empty(), "{:?}", energy.curve().activation);
    peaks
}

fn best(peaks: &[Climb]) -> &Climb {
    peaks.iter().max_by(|a, b| a.height.total_cmp(&b.height)).unwrap()
}

fn most_probable() -> usize {
    (0..M).max_by(|&a, &b| P[a].total_cmp(&P[b])).unwrap()
}

#[test]
fn one_centred_label_has_no_energy() {
    let problem = problem("cyclic:7");
    let all = problem.population();
    let positions: Vec<u32> = (0..all.len() as u32).filter(|&i| all.labels[i as usize] == 3).collect();
    let samples = all.select(&positions);
    let projection = Projection::raw(&samples.labels, M);
    let energy = Energy::new(Inputs::of(&problem, &samples), 2 * M, Activation::Square, projection);
    let climbs = climb(&energy, 10, |i| random_start(0, i as u64, 2 * M), Stop::PEAK, &alone());
    assert!(climbs.iter().all(|climb| climb.height == 0.0 && climb.arrival == Arrival::Flat && climb.evaluations == 1));
}

/// A σ that grows as x² or faster memorizes one pair: `w = (e_g + e_{−g})/√2`, `F = p_g σ(√2)`.
#[test]
fn a_fast_sigma_memorizes_one_pair() {
    for (activation, of_root_two) in
        [(Activation::Square, 2.0), (Activation::ReluSquared, 2.0), (Activation::Cube, 2.0_f64.powf(1.5))]
    {
        let peaks = peaks(&one_label(activation));
        for peak in &peaks {
            let s = reads(&peak.w);
            let g = (0..M).max_by(|&a, &b| s[a].abs().total_cmp(&s[b].abs())).unwrap();
            // Heights are short by the square of a slope of 10⁻⁹; weights by the slope.
            assert!((s[g].abs() - 2.0_f64.sqrt()).abs() < 1e-7, "{activation:?}: {s:?}");
            let expected = 0.5 * (P[g] * of_root_two).powi(2);
            assert!((peak.height / expected - 1.0).abs() < 1e-12, "{activation:?}: {}", peak.height);
            // x³ has a peak on each pair: next to it the others rise as a cube. x² has the one.
            assert!(activation == Activation::Cube || g == most_probable(), "{activation:?}: pair {g}");
        }
        let expected = 0.5 * (P[most_probable()] * of_root_two).powi(2);
        assert!((best(&peaks).height / expected - 1.0).abs() < 1e-12, "{activation:?}");
    }
}

/// Under x² every other pair is a saddle, from which the more probable ones are up by as little as they are more probable.
#[test]
fn a_less_probable_pair_is_refused_however_little_it_lacks() {
    for gap in [1e-1, 1e-2, 1e-3, 1e-4_f64] {
        let rows = (0..M as u32).flat_map(|g| [g, M as u32 + g]).collect();
        let columns: Vec<f64> = (0..M).map(|g| 0.2 * (1.0 - gap).powi(g as i32)).collect();
        let projection = Projection::Dense { columns, n_labels: 1 };
        let energy = Energy::new(Inputs::Tokens { rows, n_operands: 2 }, 2 * M, Activation::Square, projection);
        for g in 0..M {
            let pair = vec![0.0; 2 * M].tap(g).tap(M + g);
            let end = climb(&energy, 1, |_| pair.clone(), Stop::PEAK, &alone()).remove(0);
            assert_eq!((end.arrival, end.evaluations), (Arrival::Settled, 1));
            let certificate = certify(&energy, &end);
            assert_eq!(certificate.is_peak, g == 0, "gap {gap}, pair {g}: {certificate:?}");
        }
    }
}

/// ReLU: `s = √2 p/‖p‖`, `F = √(2 Σp²)`. All s lie beyond the rounded kink, where the rounded σ is σ itself.
#[test]
fn relu_memorizes_all_pairs_as_they_are_probable() {
    let square: f64 = P.iter().map(|p| p * p).sum();
    for peak in peaks(&one_label(Activation::Relu)) {
        assert!((peak.height / square - 1.0).abs() < 1e-12, "{}", peak.height);
        for (s, p) in reads(&peak.w).iter().zip(P) {
            assert!((s - 2.0_f64.sqrt() * p / square.sqrt()).abs() < 1e-7, "{s} for {p}");
        }
    }
}

/// SiLU, GELU: `p_g σ′(s_g)/s_g` is the same for every pair, `w = ½ s`, and no pair has the most of it.
#[test]
fn a_slow_sigma_memorizes_all_pairs() {
    for activation in [Activation::Silu, Activation::Gelu] {
        let energy = one_label(activation);
        let peaks = peaks(&energy);
        let peak = best(&peaks);
        let s = reads(&peak.w);
        let multipliers: Vec<f64> = s.iter().zip(P).map(|(&s, p)| p * energy.curve().derivative(s) / s).collect();
        for multiplier in &multipliers {
            assert!((multiplier / multipliers[0] - 1.0).abs() < 1e-6, "{activation:?}: {multipliers:?}");
        }
        assert!((dot(&s, &s) - 2.0).abs() < 1e-12, "{activation:?}");
        assert!(s.iter().enumerate().all(|(g, s)| (peak.w[g] - 0.5 * s).abs() < 1e-6), "{activation:?}");
        let participation = 1.0 / peak.w.iter().map(|w| w.powi(4)).sum::<f64>();
        assert!(participation > 4.0, "{activation:?}: of 14 weights {participation} take part, on one pair 2 would");
    }
}

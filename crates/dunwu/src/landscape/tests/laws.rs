//! What changes no height.

use super::*;
use proptest::prelude::*;

const GROUPS: [&str; 5] = ["cyclic:5", "cyclic:8", "symmetric:3", "dicyclic:2", "alternating:4"];

fn energy(problem: &Problem, activation: Activation, kind: EnergyKind) -> Energy {
    let samples = problem.population();
    let projection = Projection::of(kind, problem, &samples, activation, 0.0).unwrap();
    Energy::new(Inputs::of(problem, &samples), dimension(problem), activation, projection)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// (u(ag), v(gb)) turns the label h into ahb.
    #[test]
    fn translations_of_both_operands_change_no_height(
        group in 0..GROUPS.len(), activation in 0..Activation::ALL.len(), seed in 0_u64..1000, a in 0_u32..64, b in 0_u32..64,
    ) {
        let problem = problem(GROUPS[group]);
        let (table, m) = (problem.group().unwrap(), problem.n_labels as u32);
        let w = unit(noise(seed, 2 * m as usize));
        let left = (0..m).map(|g| w[table.times(a % m, g) as usize]);
        let right = (0..m).map(|g| w[(m + table.times(g, b % m)) as usize]);
        let moved: Vec<f64> = left.chain(right).collect();
        for kind in EnergyKind::ALL {
            let energy = energy(&problem, Activation::ALL[activation], kind);
            // The same numbers are added in another order.
            prop_assert!((energy.of_unit(&w).0 - energy.of_unit(&moved).0).abs() < 1e-13);
        }
    }

    /// σ(x) − σ(−x) is 0 for an even σ, 2σ(x) for an odd one, and x for ReLU, SiLU and GELU, of which a complete table of a group tells
    /// nothing. ReLU² alone has x|x|. On other samples only even and odd ones do not tell w from −w.
    #[test]
    fn a_unit_and_its_negative_have_one_height_unless_sigma_tells_them_apart(
        group in 0..GROUPS.len(), seed in 0_u64..1000,
    ) {
        let problem = problem(GROUPS[group]);
        let sample = split(&problem, Sampling::Fraction(0.6)).train;
        let w = unit(noise(seed, dimension(&problem)));
        let negative: Vec<f64> = w.iter().map(|w| -w).collect();
        for activation in Activation::ALL {
            let on_all = energy(&problem, activation, EnergyKind::Raw);
            let projection = Projection::raw(&sample.labels, problem.n_labels);
            let on_some = Energy::new(Inputs::of(&problem, &sample), w.len(), activation, projection);
            let apart = |energy: &Energy| (energy.of_unit(&w).0 - energy.of_unit(&negative).0).abs();
            if activation.is_even() || activation == Activation::Cube {
                prop_assert_eq!((apart(&on_all), apart(&on_some)), (0.0, 0.0));
            } else {
                prop_assert_eq!(apart(&on_all) < 1e-13, activation != Activation::ReluSquared);
                prop_assert!(apart(&on_some) > 1e-9);
            }
        }
    }

    /// g ↦ kg with k prime to M, for both operands.
    #[test]
    fn automorphisms_of_a_cyclic_group_change_no_height(
        m in 2_usize..14, k in 1_usize..14, activation in 0..Activation::ALL.len(), seed in 0_u64..1000,
    ) {
        prop_assume!((2..=m).all(|d| m % d != 0 || k % d != 0));
        let problem = problem(&format!("cyclic:{m}"));
        let w = unit(noise(seed, 2 * m));
        let renamed: Vec<f64> = w.chunks_exact(m).flat_map(|half| (0..m).map(|g| half[k * g % m])).collect();
        let energy = energy(&problem, Activation::ALL[activation], EnergyKind::Raw);
        prop_assert!((energy.of_unit(&w).0 - energy.of_unit(&renamed).0).abs() < 1e-13);
    }
}

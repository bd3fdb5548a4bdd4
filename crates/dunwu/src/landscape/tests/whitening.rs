//! The whitened projection against the n × n system that defines it, and the kernel against random units.

use super::*;

/// The solution of `a z = b`, `[n][n]` and `[n][M]`, by elimination with pivots.
fn eliminated(mut a: Vec<Vec<f64>>, mut b: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let n = a.len();
    for k in 0..n {
        let pivot = (k..n).max_by(|&i, &j| a[i][k].abs().total_cmp(&a[j][k].abs())).unwrap();
        a.swap(k, pivot);
        b.swap(k, pivot);
        for i in (0..n).filter(|&i| i != k) {
            let factor = a[i][k] / a[k][k];
            let (row, rhs) = (a[k].clone(), b[k].clone());
            a[i].iter_mut().zip(&row).for_each(|(x, y)| *x -= factor * y);
            b[i].iter_mut().zip(&rhs).for_each(|(x, y)| *x -= factor * y);
        }
    }
    (0..n).map(|i| b[i].iter().map(|x| x / a[i][i]).collect()).collect()
}

/// `P₁ K P₁`.
fn doubly_centred(kernel: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let n = kernel.len();
    let p = |i: usize, j: usize| f64::from(u8::from(i == j)) - 1.0 / n as f64;
    let product = |a: &dyn Fn(usize, usize) -> f64, b: &dyn Fn(usize, usize) -> f64| -> Vec<Vec<f64>> {
        (0..n).map(|i| (0..n).map(|j| (0..n).map(|k| a(i, k) * b(k, j)).sum()).collect()).collect()
    };
    let left = product(&p, &|i, j| kernel[i][j]);
    product(&|i, j| left[i][j], &p)
}

/// Columns of `Ỹᵀ (P₁KP₁ + shift)⁻¹` on the complement of the constant, `[n][M]`; `ridge` is in units of the mean diagonal.
fn whitened(kernel: &[Vec<f64>], labels: &[u32], m: usize, ridge: f64) -> Vec<Vec<f64>> {
    let n = kernel.len();
    let mut system = doubly_centred(kernel);
    let mean_diagonal = (0..n).map(|i| system[i][i]).sum::<f64>() / n as f64;
    for (i, row) in system.iter_mut().enumerate() {
        // Anything but zero along the constant: the right-hand side has nothing there.
        row.iter_mut().for_each(|cell| *cell += mean_diagonal / n as f64);
        row[i] += ridge * mean_diagonal;
    }
    eliminated(system, centred_labels(labels, m))
}

fn assert_columns(projection: &Projection, inputs: &Inputs, expected: &[Vec<f64>], case: &str) {
    let largest = expected.iter().flatten().fold(0.0_f64, |max, x| max.max(x.abs()));
    for (i, expected) in expected.iter().enumerate() {
        for (a, e) in projection.column(i, inputs).iter().zip(expected) {
            // The kernel's series is cut at 1e-9, and its condition is below 10³.
            assert!((a - e).abs() < 1e-6 * largest, "{case}, sample {i}: {a} {e}");
        }
    }
}

/// K̃ as in `P₁KP₁`, entry by entry, is measured in units of κ₂ − 2κ₁ + κ₀ for pairs of tokens.
#[test]
fn the_closed_form_for_pairs_solves_the_system_of_all_samples() {
    for (task, n) in [("cyclic:7", 30), ("symmetric:3", 20), ("expression:x*y+x:5", 15)] {
        let problem = problem(task);
        let samples = split(&problem, Sampling::Count(n)).train;
        let inputs = Inputs::of(&problem, &samples);
        for activation in [Activation::Square, Activation::Relu, Activation::Silu] {
            let Kernel::Shared { of_shared } = Kernel::of(&problem, &inputs, activation).unwrap() else {
                panic!("tokens")
            };
            let own = of_shared[2] - 2.0 * of_shared[1] + of_shared[0];
            let n_shared = |i: usize, j: usize| samples.operands.iter().filter(|o| o[i] == o[j]).count();
            let kernel: Vec<Vec<f64>> = (0..samples.len())
                .map(|i| (0..samples.len()).map(|j| of_shared[n_shared(i, j)] / own).collect())
                .collect();
            for ridge in [0.0, 0.1, 2.0] {
                let expected = whitened(&kernel, &samples.labels, problem.n_labels, ridge);
                let projection = Projection::whitened(&problem, &samples, activation, ridge).unwrap();
                assert_columns(&projection, &inputs, &expected, &format!("{task} {activation:?} {ridge}"));
                // And so the energy that the tables make is that of the columns.
                let energy = Energy::new(inputs.clone(), dimension(&problem), activation, projection);
                let w = unit(noise(2, energy.dimension()));
                let by_definition = height(&written_out(&problem, &samples), &expected, energy.curve(), &w);
                assert!((energy.of_unit(&w).0 / by_definition - 1.0).abs() < 1e-5, "{task} {activation:?} {ridge}");
            }
        }
    }
}

/// Entries in closed form: x² of Gaussian units is `(‖x‖²‖x′‖² + 2 (x·x′)²) / d²`, ReLU the arc-cosine kernel (Cho & Saul 2009).
#[test]
fn other_inputs_solve_the_same_system_in_units_of_its_mean_diagonal() {
    for (task, n) in [("operands:3:cyclic:3", 20), ("parity:6:2", 25)] {
        let problem = problem(task);
        let samples = split(&problem, Sampling::Count(n)).train;
        let (x, d) = (written_out(&problem, &samples), dimension(&problem) as f64);
        let square = |x: &[f64], y: &[f64]| (dot(x, x) * dot(y, y) + 2.0 * dot(x, y).powi(2)) / (d * d);
        let relu = |x: &[f64], y: &[f64]| {
            let size = (dot(x, x) * dot(y, y)).sqrt();
            let cosine = (dot(x, y) / size).clamp(-1.0, 1.0);
            let arc = (1.0 - cosine * cosine).sqrt() + cosine * (std::f64::consts::PI - cosine.acos());
            size / d * arc / std::f64::consts::TAU
        };
        for activation in [Activation::Square, Activation::Relu] {
            let entry = |x: &[f64], y: &[f64]| if activation == Activation::Relu { relu(x, y) } else { square(x, y) };
            let mut kernel: Vec<Vec<f64>> = x.iter().map(|x_i| x.iter().map(|x_j| entry(x_i, x_j)).collect()).collect();
            let centred = doubly_centred(&kernel);
            let mean_diagonal = (0..x.len()).map(|i| centred[i][i]).sum::<f64>() / x.len() as f64;
            kernel.iter_mut().flatten().for_each(|cell| *cell /= mean_diagonal);
            for ridge in [0.01, 0.1] {
                let expected = whitened(&kernel, &samples.labels, problem.n_labels, ridge);
                let projection = Projection::whitened(&problem, &samples, activation, ridge).unwrap();
                let inputs = Inputs::of(&problem, &samples);
                assert_columns(&projection, &inputs, &expected, &format!("{task} {activation:?} {ridge}"));
            }
        }
    }
}

/// Tokens alone say nothing of the label there.
#[test]
fn both_energies_are_one_on_the_complete_table_of_a_group() {
    for task in ["cyclic:2", "cyclic:6", "symmetric:3", "dicyclic:2", "dihedral:4"] {
        let problem = problem(task);
        let samples = problem.population();
        for activation in Activation::ALL {
            let [raw, whitened] = EnergyKind::ALL.map(|kind| {
                let projection = Projection::of(kind, &problem, &samples, activation, 0.0).unwrap();
                Energy::new(Inputs::of(&problem, &samples), dimension(&problem), activation, projection)
            });
            for seed in 0..5 {
                let w = unit(noise(seed, raw.dimension()));
                let (raw, whitened) = (raw.of_unit(&w).0, whitened.of_unit(&w).0);
                // n ε of the sums; heights go down to 10⁻³.
                assert!((raw - whitened).abs() < 1e-12, "{task} {activation:?}: {raw} {whitened}");
            }
        }
    }
}

/// `E σ(w·x) σ(w·x′)` by drawing w ~ N(0, I/d), within five standard errors of the mean, which are at most 5 % of the entry.
#[test]
fn kernel_entries_are_the_averages_over_random_units() {
    const N_UNITS: u32 = 100_000;
    // Pairs of tokens that share none, one and both; bits of which two are opposite; four digits of different length.
    let tasks = [("cyclic:5", vec![0, 6, 1, 5]), ("parity:3:2", vec![0, 7, 1]), ("digits", vec![0, 5, 9, 100])];
    for (task, chosen) in tasks {
        let problem = problem(task);
        let samples = problem.population().select(&chosen);
        let (x, d) = (written_out(&problem, &samples), dimension(&problem));
        let n = x.len();
        let cells = n * n * Activation::ALL.len();
        let (mut sums, mut squares) = (vec![0.0; cells], vec![0.0; cells]);
        let mut rng = rng(8, Stream::Probe);
        for _ in 0..N_UNITS {
            let w: Vec<f64> = (0..d).map(|_| normal(&mut rng) / (d as f64).sqrt()).collect();
            let reads: Vec<f64> = x.iter().map(|x| dot(x, &w)).collect();
            for (a, activation) in Activation::ALL.into_iter().enumerate() {
                let f: Vec<f64> = reads.iter().map(|&h| activation.value_f64(h)).collect();
                for (i, j) in (0..n).flat_map(|i| (0..n).map(move |j| (i, j))) {
                    let cell = (a * n + i) * n + j;
                    sums[cell] += f[i] * f[j];
                    squares[cell] += (f[i] * f[j]).powi(2);
                }
            }
        }
        for (a, activation) in Activation::ALL.into_iter().enumerate() {
            let inputs = Inputs::of(&problem, &samples);
            let matrix = Kernel::of(&problem, &inputs, activation).unwrap().matrix(&inputs, n, d).unwrap();
            for (i, j) in (0..n).flat_map(|i| (0..n).map(move |j| (i, j))) {
                let cell = (a * n + i) * n + j;
                let mean = sums[cell] / f64::from(N_UNITS);
                let error = ((squares[cell] / f64::from(N_UNITS) - mean * mean) / f64::from(N_UNITS)).sqrt();
                let scale = (matrix[(i, i)] * matrix[(j, j)]).sqrt();
                assert!(error < 0.05 * scale, "{task} {activation:?}: too few units");
                assert!(
                    (matrix[(i, j)] - mean).abs() <= 5.0 * error + 1e-9 * scale,
                    "{task} {activation:?} {i} {j}: {mean}"
                );
            }
        }
    }
}

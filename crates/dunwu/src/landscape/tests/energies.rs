//! E, its slopes, its curvature and what it watches, against plain loops over samples and labels.

use super::*;

/// Tokens of two and three operands, a group that does not commute, a function that is no group, numbers.
const TASKS: [(&str, u64); 5] = [
    ("cyclic:7", 30),
    ("symmetric:3", 20),
    ("operands:3:cyclic:4", 40),
    ("expression:x^2+x*y:5", 17),
    ("parity:6:2", 40),
];

struct Case {
    name: String,
    energy: Energy,
    /// `[n][d]`.
    x: Vec<Vec<f64>>,
    /// Columns of A, `[n][M]`.
    columns: Vec<Vec<f64>>,
    labels: Vec<u32>,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (task, n) in TASKS {
        let problem = problem(task);
        let samples = split(&problem, Sampling::Count(n)).train;
        let (d, m) = (dimension(&problem), problem.n_labels);
        let x = written_out(&problem, &samples);
        let any = noise(11, samples.len() * m);
        let raw = (Projection::raw(&samples.labels, m), centred_labels(&samples.labels, m));
        let dense = (
            Projection::Dense { columns: any.clone(), n_labels: m },
            any.chunks_exact(m).map(<[f64]>::to_vec).collect::<Vec<_>>(),
        );
        for activation in Activation::ALL {
            for (kind, (projection, columns)) in [("raw", &raw), ("dense", &dense)] {
                cases.push(Case {
                    name: format!("{task} {activation:?} {kind}"),
                    energy: Energy::new(Inputs::of(&problem, &samples), d, activation, projection.clone()),
                    x: x.clone(),
                    columns: columns.clone(),
                    labels: samples.labels.clone(),
                });
            }
        }
    }
    cases
}

/// Of norm 1, and so small that most of Xw lies where a kink is rounded.
fn points(d: usize) -> [Vec<f64>; 2] {
    let w = unit(noise(5, d));
    [w.clone(), w.iter().map(|w| 0.02 * w).collect()]
}

#[test]
fn an_energy_is_half_the_square_of_what_the_labels_say_of_the_activations() {
    for Case { name, energy, x, columns, .. } in cases() {
        for w in points(energy.dimension()) {
            let (found, _, signal) = energy.of_unit(&w);
            let expected = height(&x, &columns, energy.curve(), &w);
            // n + M sums of numbers whose squares are no larger than ‖A‖² ‖σ‖²: 100 ε of that at most.
            let size: f64 = x.iter().map(|x| energy.curve().value(dot(x, &w)).powi(2)).sum::<f64>()
                * columns.iter().map(|a| dot(a, a)).sum::<f64>();
            assert!((found - expected).abs() <= 2e-14 * size, "{name}: {found} {expected}");
            assert!((0.5 * dot(&signal, &signal) - found).abs() <= 2e-14 * size, "{name}");
        }
    }
}

#[test]
fn columns_of_a_projection_are_those_of_the_centred_labels() {
    for (task, n) in TASKS {
        let problem = problem(task);
        let samples = split(&problem, Sampling::Count(n)).train;
        let projection = Projection::raw(&samples.labels, problem.n_labels);
        let expected = centred_labels(&samples.labels, problem.n_labels);
        for (i, expected) in expected.iter().enumerate() {
            let column = projection.column(i, &Inputs::of(&problem, &samples));
            column.iter().zip(expected).for_each(|(a, e)| assert!((a - e).abs() < 1e-15, "{task}"));
        }
    }
}

#[test]
fn slopes_and_curvatures_are_those_of_the_energy() {
    for Case { name, energy, x, columns, .. } in cases() {
        let (curve, step) = (energy.curve(), 1e-6);
        for w in points(energy.dimension()) {
            // Where σ″ jumps a difference across the jump says nothing.
            let jumps = [-curve.rounding, 0.0, curve.rounding];
            assert!(x.iter().all(|x| jumps.iter().all(|jump| (dot(x, &w) - jump).abs() > 2.0 * step)), "{name}");
            let (found, gradient, _) = energy.of_unit(&w);
            let hessian = energy.hessian(&w);
            let cells = (0..w.len()).flat_map(|k| (0..w.len()).map(move |l| (k, l)));
            let size = cells.fold(found, |max, cell| max.max(hessian[cell].abs()));
            for k in 0..w.len() {
                let moved = |by: f64| {
                    let mut w = w.clone();
                    w[k] += by;
                    w
                };
                let [up, down] = [moved(step), moved(-step)];
                let slope = (height(&x, &columns, curve, &up) - height(&x, &columns, curve, &down)) / (2.0 * step);
                // Rounding, a few ε E / step, and step² of the third derivative.
                assert!((slope - gradient[k]).abs() <= 2e-8 * size.max(1.0), "{name}: {slope} {}", gradient[k]);
                let [up, down] = [up, down].map(|w| energy.of_unit(&w).1);
                for l in 0..w.len() {
                    let bend = (up[l] - down[l]) / (2.0 * step);
                    assert!((bend - hessian[(k, l)]).abs() <= 2e-8 * size.max(1.0), "{name}: {bend}");
                }
            }
        }
    }
}

#[test]
fn many_units_have_the_heights_they_have_alone() {
    for Case { name, energy, .. } in cases() {
        let units: Vec<Vec<f64>> = (0..LANES as u64 + 5).map(|i| unit(noise(i, energy.dimension()))).collect();
        let heights = energy.heights(units.iter().map(Vec::as_slice));
        let one_by_one: Vec<f64> = units.iter().map(|w| energy.of_unit(w).0).collect();
        assert_eq!(heights, one_by_one, "{name}");
    }
}

#[test]
fn activity_is_the_sums_of_activations_by_label() {
    for Case { name, energy, x, columns, labels } in cases() {
        let units: Vec<Vec<f64>> = (0..3).map(|i| unit(noise(i, energy.dimension()))).collect();
        let mut w = vec![[0.0; LANES]; energy.dimension()];
        for (lane, unit) in units.iter().enumerate() {
            w.iter_mut().zip(unit).for_each(|(row, &x)| row[lane] = x);
        }
        let m = columns[0].len();
        let activity = energy.activity(&w, &labels, m);
        for (lane, unit) in units.iter().enumerate() {
            let f: Vec<f64> = x.iter().map(|x| energy.curve().value(dot(x, unit))).collect();
            // n additions of numbers of size 1.
            assert!((activity.squares[lane] - dot(&f, &f)).abs() < 1e-13 * (1.0 + dot(&f, &f)), "{name}");
            for h in 0..m {
                let of_label = f.iter().zip(&labels).filter(|(_, label)| **label as usize == h);
                let sum: f64 = of_label.map(|(f, _)| f).sum();
                assert!((activity.label_sums[h][lane] - sum).abs() < 1e-12, "{name}");
            }
        }
    }
}

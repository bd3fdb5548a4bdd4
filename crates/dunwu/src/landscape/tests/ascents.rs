//! What a climb and a certificate promise, and how the ends of many are counted and put together.

use super::*;
use crate::group::IrrepKind;
use crate::stats::Share;

/// σ = x² on the complete table.
fn complete<'a>(problem: &'a Problem, all: &'a Split, decomposition: &'a Decomposition) -> Landscape<'a> {
    Landscape::new(problem, all, Some(decomposition), Activation::Square, EnergyKind::Raw, None).unwrap()
}

/// The peak of frequency k of a cyclic group with these phases of its halves.
fn wave(m: usize, k: usize, phases: [f64; 2]) -> Vec<f64> {
    let angle = |g: usize| std::f64::consts::TAU * (k * g % m) as f64 / m as f64;
    unit(phases.iter().flat_map(|phase| (0..m).map(move |g| (angle(g) + phase).cos())).collect())
}

/// Half-way between two frequencies the slope is zero by symmetry, and either is up.
#[test]
fn a_saddle_is_never_a_peak_and_leads_to_one() {
    let problem = problem("cyclic:7");
    let (all, decomposition) = (split(&problem, Sampling::Fraction(1.0)), decomposition(&problem));
    let landscape = complete(&problem, &all, &decomposition);
    let [one, two] = [(1, [0.3, 1.1]), (2, [2.0, 0.4])].map(|(k, phases)| wave(7, k, phases));
    let mixture: Vec<f64> = one.iter().zip(&two).map(|(a, b)| a + b).collect();
    let climbs = climb(&landscape.energy, 1, |_| mixture.clone(), Stop::PEAK, &alone());
    assert_eq!((climbs[0].arrival, climbs[0].evaluations), (Arrival::Settled, 1), "there is no slope");
    // Each half of each peak has half the power: E = M/4 · (½² + ½²).
    assert!((climbs[0].height - 7.0 / 8.0).abs() < 1e-12);
    let certificate = certify(&landscape.energy, &climbs[0]);
    assert!(!certificate.is_peak && certificate.hessian_max > 0.1, "{certificate:?}");
    assert!(dot(&certificate.way_up, &climbs[0].w).abs() < 1e-9, "the way up is along the sphere");
    let peaks = find(&landscape, 0, 0, &[mixture], &alone());
    assert_eq!((peaks.maxima.len(), peaks.kept), (1, 1.0));
    assert!((peaks.maxima[0].height - 7.0 / 4.0).abs() < 1e-12);
}

/// Energies of every kind of projection and input.
fn energies() -> Vec<Energy> {
    let mut energies = Vec::new();
    for (task, n) in [("cyclic:7", 25), ("operands:3:cyclic:3", 20), ("parity:6:2", 40)] {
        let problem = problem(task);
        let sample = split(&problem, Sampling::Count(n));
        for kind in EnergyKind::ALL {
            for activation in Activation::ALL {
                energies.push(Landscape::new(&problem, &sample, None, activation, kind, None).unwrap().energy);
            }
        }
    }
    energies
}

#[test]
fn a_climb_has_the_same_bits_alone_and_in_a_crowd_on_any_number_of_threads() {
    const N: usize = 150;
    for energy in energies() {
        let start = |i: usize| random_start(4, i as u64, energy.dimension());
        let stop = Stop { slope: 1e-6, evaluations: 60 };
        let crowd = climb(&energy, N, start, stop, &alone());
        for threads in [2, 3] {
            assert_eq!(climb(&energy, N, start, stop, &Workers::new(threads).unwrap()), crowd);
        }
        for i in [0, 31, 32, 77, 149] {
            assert_eq!(climb(&energy, 1, |_| start(i), stop, &alone())[0], crowd[i]);
        }
    }
}

#[test]
fn an_ascent_stops_where_it_says_and_tells_what_is_there() {
    for energy in energies() {
        let start = |i: usize| random_start(6, i as u64, energy.dimension());
        for stop in [Stop { slope: 1e-3, evaluations: 30 }, Stop { slope: 1e-9, evaluations: 1 }, Stop::PEAK] {
            for end in climb(&energy, 20, start, stop, &alone()) {
                let (height, gradient, signal) = energy.of_unit(&end.w);
                assert_eq!((height, &signal), (end.height, &end.signal), "{end:?}");
                assert!(end.evaluations <= stop.evaluations, "{end:?}");
                let along = dot(&gradient, &end.w);
                let slope = gradient.iter().zip(&end.w).map(|(g, w)| (g - along * w).powi(2)).sum::<f64>().sqrt();
                // Rounding of the radial part.
                let whole = dot(&gradient, &gradient).sqrt();
                assert!((slope - end.gradient_norm).abs() < 1e-14 * whole, "{end:?}");
                assert!((dot(&end.w, &end.w) - 1.0).abs() < 1e-14);
                if end.arrival == Arrival::Settled {
                    assert!(end.gradient_norm <= 1.001 * stop.slope * whole, "{end:?}");
                }
            }
        }
    }
}

#[test]
fn an_ascent_never_ends_lower_than_it_began() {
    for energy in energies() {
        let start = |i: usize| unit(random_start(7, i as u64, energy.dimension()));
        for (i, end) in climb(&energy, 40, start, Stop::BASIN, &alone()).into_iter().enumerate() {
            assert!(end.height >= energy.of_unit(&start(i)).0 * (1.0 - 1e-12), "{end:?}");
        }
    }
}

/// Around a certified peak no point of a small sphere is higher.
#[test]
fn nothing_beside_a_certified_peak_is_higher() {
    for energy in energies() {
        let climbs = climb(&energy, 40, |i| random_start(9, i as u64, energy.dimension()), Stop::PEAK, &alone());
        for (i, end) in climbs.iter().enumerate().filter(|(_, end)| certify(&energy, end).is_peak) {
            for j in 0..20 {
                let step = noise((100 * i + j) as u64, energy.dimension());
                let size = 1e-3 / dot(&step, &step).sqrt();
                let beside = unit(end.w.iter().zip(&step).map(|(w, s)| w + size * s).collect());
                let height = energy.of_unit(&beside).0;
                // A flat family may rise by third order, and by what slope is left: 10⁻⁹, and 10⁻⁹ times a step of 10⁻³.
                let name = energy.curve().activation;
                assert!(height <= end.height * (1.0 + 1e-8), "{name:?}: {height} beside {}", end.height);
            }
        }
    }
}

/// Where every Xw is positive ReLU is linear, and of linear units a complete table tells nothing; where it is negative there is
/// nothing at all. The rest of the first are roundings, which an ascent may follow to where there is something.
#[test]
fn a_linear_unit_has_no_height_on_a_complete_table_and_a_silent_one_is_flat() {
    let problem = problem("cyclic:5");
    let samples = problem.population();
    let projection = Projection::raw(&samples.labels, 5);
    let energy = Energy::new(Inputs::of(&problem, &samples), 10, Activation::Relu, projection);
    for i in 0..20 {
        let w: Vec<f64> = random_start(1, i as u64, 10).iter().map(|x| 0.5 + x.abs()).collect();
        // Five sums of five numbers of size 1, squared.
        assert!(energy.of_unit(&unit(w.clone())).0 < 1e-28);
        let silent: Vec<f64> = w.iter().map(|w| -w).collect();
        let end = climb(&energy, 1, |_| silent.clone(), Stop::PEAK, &alone()).remove(0);
        assert_eq!((end.arrival, end.height), (Arrival::Flat, 0.0));
        assert!(!certify(&energy, &end).is_peak);
    }
}

/// (u(ag), v(g)), (u(ga), v(a⁻¹g)) and (u(g), v(ga)) only rename the labels, or nothing.
#[test]
fn translated_peaks_are_one_class_on_a_complete_table() {
    for task in ["cyclic:7", "symmetric:3", "dihedral:4"] {
        let problem = problem(task);
        let (all, decomposition) = (split(&problem, Sampling::Fraction(1.0)), decomposition(&problem));
        let landscape = complete(&problem, &all, &decomposition);
        let (table, m) = (problem.group().unwrap(), problem.n_labels);
        let found = find(&landscape, 40, 0, &[], &alone());
        for class in &found.classes {
            let w = &found.maxima[class.members[0]].w;
            let mut hints = vec![w.clone()];
            for a in 0..m as u32 {
                let inverse = table.inverse(a).unwrap();
                let both = |left: &dyn Fn(u32) -> u32, right: &dyn Fn(u32) -> u32| -> Vec<f64> {
                    let half = |first: usize, of: &dyn Fn(u32) -> u32| {
                        (0..m as u32).map(|g| w[first + of(g) as usize]).collect::<Vec<_>>()
                    };
                    [half(0, left), half(m, right)].concat()
                };
                hints.push(both(&|g| table.times(a, g), &|g| g));
                hints.push(both(&|g| table.times(g, a), &|g| table.times(inverse, g)));
                hints.push(both(&|g| g, &|g| table.times(g, a)));
            }
            let peaks = find(&landscape, 0, 0, &hints, &alone());
            assert_eq!(peaks.classes.len(), 1, "{task}");
            assert_eq!((peaks.classes[0].kind, &peaks.classes[0].form), (class.kind, &class.form), "{task}");
            // A sign is turned into itself or its negative, which for x² is the same unit.
            let Form::Irrep(irrep) = class.form else { panic!("{task}: {:?}", class.form) };
            let irrep = &decomposition.irreps[irrep];
            let is_single = irrep.kind == IrrepKind::Real && irrep.degree == 1;
            assert!(is_single || peaks.maxima.len() > 1, "{task}: {}", irrep.name);
        }
    }
}

#[test]
fn every_start_is_counted_once() {
    for (task, n, activation) in [
        ("cyclic:7", 25, Activation::Square),
        ("cyclic:7", 25, Activation::Relu),
        ("cyclic:7", 7, Activation::Silu),
        ("parity:6:2", 40, Activation::Gelu),
        ("cyclic:3", 9, Activation::Relu),
    ] {
        let problem = problem(task);
        let sample = split(&problem, Sampling::Count(n));
        let decomposition = problem.group().map(|table| Decomposition::of(table).unwrap());
        for kind in EnergyKind::ALL {
            let landscape = Landscape::new(&problem, &sample, decomposition.as_ref(), activation, kind, None).unwrap();
            let hints = [unit(noise(1, dimension(&problem)))];
            let peaks = find(&landscape, 90, 5, &hints, &alone());
            let counted: usize = peaks.classes.iter().map(|class| class.n_starts).sum();
            assert_eq!(counted + peaks.n_flat + peaks.n_uncertified, 90, "{task} {activation:?} {kind:?}");
            assert_eq!(counted, peaks.of_start.iter().flatten().count());
            let mut members: Vec<usize> = peaks.classes.iter().flat_map(|class| class.members.clone()).collect();
            members.sort_unstable();
            assert_eq!(members, (0..peaks.maxima.len()).collect::<Vec<_>>(), "each peak is in one class");
            for class in &peaks.classes {
                let of_class = |end: &&Option<usize>| end.is_some_and(|maximum| class.members.contains(&maximum));
                assert_eq!(class.n_starts, peaks.of_start.iter().filter(of_class).count());
                assert_eq!(class.basin, Share::of(class.n_starts, 90));
            }
        }
    }
}

fn decomposition(problem: &Problem) -> Decomposition {
    Decomposition::of(problem.group().unwrap()).unwrap()
}

use super::IrrepKind::{Complex, Quaternionic, Real};
use super::*;
use dunwu_engine::task::{CayleyTable, FAMILIES, Task};
use proptest::prelude::*;

mod characters;
mod representation;

fn table(task: &str) -> CayleyTable {
    Task::parse(task).unwrap().resolve(None).unwrap().group().unwrap().clone()
}

fn decomposition(task: &str) -> Decomposition {
    Decomposition::of(&table(task)).unwrap()
}

/// Every group that the families make up to order 128, every product of two small ones, and a few more.
fn groups() -> Vec<String> {
    // The largest modulus with 128 units or fewer is 510; no other family needs a larger parameter.
    let families = FAMILIES.iter().filter(|f| !["product", "operands", "expression", "table"].contains(&f.name));
    let members = families.flat_map(|f| (1..=510).map(move |n| format!("{}:{n}", f.name)));
    let members: Vec<(String, u64)> = members.filter_map(|text| order(&text).map(|order| (text, order))).collect();
    // Units are products of cyclic groups, so they would only repeat those.
    let is_small = |(text, order): &&(String, u64)| (2..=12).contains(order) && !text.starts_with("multiplicative");
    let small: Vec<_> = members.iter().filter(is_small).collect();
    let pairs = small.iter().enumerate().flat_map(|(i, left)| small[..=i].iter().map(move |right| (left, right)));
    let pairs = pairs.filter(|((_, left), (_, right))| left * right <= 128);
    let products = pairs.map(|((left, _), (right, _))| format!("product:{left},{right}"));
    let more = [
        "product:cyclic:2,cyclic:2,cyclic:2,cyclic:2",
        "product:cyclic:2,cyclic:2,cyclic:2,cyclic:2,cyclic:2,cyclic:2,cyclic:2",
        "product:dihedral:4,dicyclic:2,cyclic:2",
        "product:dicyclic:2,dihedral:4,cyclic:3",
    ];
    let named = members.iter().filter(|(_, order)| *order <= 128).map(|(text, _)| text.clone());
    named.chain(products).chain(more.map(str::to_owned)).collect()
}

fn order(text: &str) -> Option<u64> {
    match Task::parse(text) {
        Ok(Task::Group(group)) => group.order(),
        _ => None,
    }
}

fn n_square_roots_of_identity(table: &CayleyTable) -> i64 {
    let identity = table.identity().unwrap();
    (0..table.order as u32).filter(|&g| table.times(g, g) == identity).count() as i64
}

#[test]
fn every_group_obeys_the_sum_rules() {
    for text in groups() {
        let table = table(&text);
        let decomposition = Decomposition::of(&table).unwrap_or_else(|error| panic!("{text}: {error}"));
        let irreps = &decomposition.irreps;
        let twice = |irrep: &Irrep| if irrep.kind == IrrepKind::Complex { 2 } else { 1 };
        let n_irreps: usize = irreps.iter().map(twice).sum();
        let squares: usize = irreps.iter().map(|irrep| twice(irrep) * irrep.degree.pow(2)).sum();
        let frobenius_schur: i64 = irreps
            .iter()
            .map(|irrep| match irrep.kind {
                IrrepKind::Real => irrep.degree as i64,
                IrrepKind::Complex => 0,
                IrrepKind::Quaternionic => -(irrep.degree as i64),
            })
            .sum();
        assert_eq!(n_irreps, table.classes().unwrap().len(), "{text}");
        assert_eq!(squares, table.order, "{text}");
        assert_eq!(frobenius_schur, n_square_roots_of_identity(&table), "{text}");
        assert!(irreps.iter().all(|irrep| table.order.is_multiple_of(irrep.degree)), "{text}");
        assert!(irreps.iter().all(|irrep| irrep.dimension == twice(irrep) * irrep.degree.pow(2)), "{text}");
        assert!(decomposition.residual <= 1e-10, "{text}: {:e}", decomposition.residual);
        assert!(irreps[0].name == "trivial" && irreps[0].kind == IrrepKind::Real, "{text}");
        let constant = decomposition.basis[..table.order].iter().map(|b| b.abs() - (table.order as f64).sqrt().recip());
        assert!(constant.map(f64::abs).fold(0.0, f64::max) < 1e-12, "{text}");
        let mut names: Vec<&str> = irreps.iter().map(|irrep| irrep.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), irreps.len(), "{text}");
    }
}

/// Projectors against both multiplications, element by element, from the definition.
#[test]
fn components_are_two_sided_ideals() {
    for text in ["symmetric:4", "dicyclic:3", "affine:5", "heisenberg:3", "product:cyclic:3,symmetric:3", "cyclic:12"] {
        let table = table(text);
        let decomposition = Decomposition::of(&table).unwrap();
        let m = table.order;
        for irrep_idx in 0..decomposition.irreps.len() {
            let projector = decomposition.projector(irrep_idx);
            let cell = |h: u32, k: u32| projector[h as usize * m + k as usize];
            for g in 0..m as u32 {
                for h in 0..m as u32 {
                    for k in 0..m as u32 {
                        assert!((cell(table.times(g, h), table.times(g, k)) - cell(h, k)).abs() < 1e-12, "{text}");
                        assert!((cell(table.times(h, g), table.times(k, g)) - cell(h, k)).abs() < 1e-12, "{text}");
                    }
                }
            }
        }
    }
}

#[test]
fn known_groups_have_their_irreps() {
    let check = |task: &str, expected: &[(&str, usize, IrrepKind)]| {
        let irreps = decomposition(task).irreps;
        let found: Vec<_> = irreps.iter().map(|irrep| (irrep.name.as_str(), irrep.degree, irrep.kind)).collect();
        assert_eq!(found, expected, "{task}");
    };
    check("symmetric:3", &[("trivial", 1, Real), ("sign", 1, Real), ("degree 2 #1", 2, Real)]);
    check(
        "symmetric:4",
        &[
            ("trivial", 1, Real),
            ("sign", 1, Real),
            ("degree 2 #1", 2, Real),
            ("degree 3 #1", 3, Real),
            ("degree 3 #2", 3, Real),
        ],
    );
    check(
        "dicyclic:2",
        &[
            ("trivial", 1, Real),
            ("degree 1 #2", 1, Real),
            ("degree 1 #3", 1, Real),
            ("degree 1 #4", 1, Real),
            ("degree 2 #1", 2, Quaternionic),
        ],
    );
    check("alternating:4", &[("trivial", 1, Real), ("degree 1 #2", 1, Complex), ("degree 3 #1", 3, Real)]);
    check(
        "cyclic:6",
        &[("trivial", 1, Real), ("frequency 1", 1, Complex), ("frequency 2", 1, Complex), ("frequency 3", 1, Real)],
    );
    let degrees = |task: &str| decomposition(task).irreps.iter().map(|irrep| irrep.degree).collect::<Vec<_>>();
    assert_eq!(degrees("symmetric:5"), [1, 1, 4, 4, 5, 5, 6]);
    assert_eq!(degrees("alternating:5"), [1, 3, 3, 4, 5]);
    // Quaternionic ⊗ quaternionic is real.
    let kinds: Vec<_> =
        decomposition("product:dicyclic:2,dicyclic:2").irreps.iter().map(|i| (i.degree, i.kind)).collect();
    assert_eq!(kinds.iter().filter(|&&kind| kind == (4, Real)).count(), 1);
    assert_eq!(kinds.iter().filter(|&&kind| kind == (2, Quaternionic)).count(), 8);
}

/// The same projectors from two independent ways, matched by their span.
#[test]
fn the_numerical_way_finds_the_fourier_basis() {
    for m in 2..=31 {
        let table = CayleyTable::from_fn(m, |a, b| (a + b) % m);
        let closed = fourier::decomposition(m);
        let numerical = isotypic::decomposition(&table).unwrap();
        assert_eq!(closed.irreps.len(), numerical.irreps.len());
        assert!(closed.residual < 1e-13 && numerical.residual < 1e-12, "{m}");
        let projectors: Vec<_> = (0..numerical.irreps.len()).map(|i| numerical.projector(i)).collect();
        for irrep_idx in 0..closed.irreps.len() {
            let expected = closed.projector(irrep_idx);
            let distance = |p: &Vec<f64>| p.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            let matching: Vec<_> = (0..projectors.len()).filter(|&i| distance(&projectors[i]) < 1e-12).collect();
            let [matched] = matching[..] else { panic!("cyclic:{m}, frequency {irrep_idx}: {matching:?}") };
            let kind_and_dimension = |irrep: &Irrep| (irrep.degree, irrep.kind, irrep.dimension);
            assert_eq!(kind_and_dimension(&closed.irreps[irrep_idx]), kind_and_dimension(&numerical.irreps[matched]));
        }
    }
}

#[test]
fn a_pure_cosine_has_one_frequency() {
    let decomposition = decomposition("cyclic:23");
    for frequency in 1..=11usize {
        let wave: Vec<f64> =
            (0..23).map(|a| (std::f64::consts::TAU * (frequency * a) as f64 / 23.0 + 0.3).cos()).collect();
        let power = decomposition.power(&wave);
        for (irrep_idx, p) in power.iter().enumerate() {
            let expected = if irrep_idx == frequency { 11.5 } else { 0.0 };
            assert!((p - expected).abs() < 1e-12, "{frequency} {power:?}");
        }
    }
}

#[test]
fn relabelling_keeps_degrees_and_kinds() {
    let original = table("affine:7");
    let m = original.order as u32;
    // g ↦ 5g + 17 mod 42 is a bijection; the identity is no longer element 0.
    let (new, old): (Vec<u32>, Vec<u32>) = {
        let new: Vec<u32> = (0..m).map(|g| (5 * g + 17) % m).collect();
        let old = (0..m).map(|g| new.iter().position(|&n| n == g).unwrap() as u32).collect();
        (new, old)
    };
    let relabelled = CayleyTable::from_fn(original.order, |a, b| new[original.times(old[a], old[b]) as usize] as usize);
    assert_ne!(relabelled.identity(), Some(0));
    assert_eq!(Decomposition::of(&relabelled).unwrap().irreps, Decomposition::of(&original).unwrap().irreps);
}

#[test]
fn the_same_table_gives_the_same_bits() {
    assert_eq!(decomposition("symmetric:4"), decomposition("symmetric:4"));
}

#[test]
fn what_has_no_irreps_is_refused() {
    let subtraction = CayleyTable::from_fn(5, |a, b| (a + 5 - b) % 5);
    assert_eq!(Decomposition::of(&subtraction), Err(DecompositionError::NotAGroup { order: 5 }));
    let error = Decomposition::of(&table("dihedral:513")).unwrap_err();
    assert_eq!(error, DecompositionError::TooLarge { order: 1026 });
    assert!(decomposition("cyclic:1500").residual < 1e-12);
}

#[test]
fn hundreds_of_irreps_are_told_apart() {
    let decomposition =
        decomposition("product:cyclic:2,cyclic:2,cyclic:2,cyclic:2,cyclic:2,cyclic:2,cyclic:2,cyclic:2");
    assert_eq!(decomposition.irreps.len(), 256);
    assert!(decomposition.residual <= 1e-10, "{:e}", decomposition.residual);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn power_adds_up_and_ignores_translations(
        which in 0usize..6,
        values in prop::collection::vec(-3.0f32..3.0, 24 * 3),
        shift in 0u32..1000,
    ) {
        let task = ["cyclic:23", "symmetric:4", "dicyclic:5", "affine:5", "dihedral:7", "product:cyclic:3,cyclic:6"][which];
        let table = table(task);
        let decomposition = Decomposition::of(&table).unwrap();
        let (m, n_columns) = (table.order, 3);
        let matrix = &values[..m * n_columns];
        let batched = decomposition.power_of_columns(matrix, n_columns);
        for column in 0..n_columns {
            let vector: Vec<f64> = (0..m).map(|row| f64::from(matrix[row * n_columns + column])).collect();
            let power = decomposition.power(&vector);
            let norm: f64 = vector.iter().map(|v| v * v).sum();
            // m terms of size ≤ norm, each rounded a few times.
            let tolerance = 1e-12 * (1.0 + norm);
            prop_assert!((power.iter().sum::<f64>() - norm).abs() < tolerance);
            let g = shift % m as u32;
            let left: Vec<f64> = (0..m as u32).map(|h| vector[table.times(g, h) as usize]).collect();
            let right: Vec<f64> = (0..m as u32).map(|h| vector[table.times(h, g) as usize]).collect();
            let (left, right) = (decomposition.power(&left), decomposition.power(&right));
            for irrep_idx in 0..power.len() {
                prop_assert!((power[irrep_idx] - batched[irrep_idx * n_columns + column]).abs() < tolerance);
                prop_assert!((power[irrep_idx] - left[irrep_idx]).abs() < tolerance);
                prop_assert!((power[irrep_idx] - right[irrep_idx]).abs() < tolerance);
            }
        }
    }
}

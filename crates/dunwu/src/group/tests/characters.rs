//! Exact character tables: against the rules that every one obeys, against the decomposition, against textbooks.

use super::*;

fn characters(task: &str) -> CharacterTable {
    CharacterTable::of(&table(task)).unwrap()
}

/// ℤ₇ ⋊ ℤ₃: element 7a + b, with (a, b)(a′, b′) = (a + a′, b + 2ᵃ b′).
fn frobenius_21() -> CayleyTable {
    CayleyTable::from_fn(21, |x, y| (x / 7 + y / 7) % 3 * 7 + (x % 7 + [1, 2, 4][x / 7] * (y % 7)) % 7)
}

#[test]
fn every_character_table_is_exactly_orthogonal() {
    for text in groups() {
        let table = table(&text);
        let characters = CharacterTable::of(&table).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert!(characters.rows_are_orthonormal(), "{text}");
        assert!(characters.columns_are_orthogonal(), "{text}");
        let all = &characters.characters;
        assert_eq!(all.len(), characters.classes.len(), "{text}");
        assert_eq!(all.iter().map(|character| character.degree.pow(2)).sum::<usize>(), table.order, "{text}");
        let indicators = all.iter().map(|character| match character.kind {
            Real => character.degree as i64,
            Complex => 0,
            Quaternionic => -(character.degree as i64),
        });
        assert_eq!(indicators.sum::<i64>(), n_square_roots_of_identity(&table), "{text}");
        assert!(all[0].eigenvalues.iter().all(|&s| s == 0) && all[0].degree == 1, "{text}");
        for (idx, character) in all.iter().enumerate() {
            let conjugate = &all[character.conjugate];
            assert_eq!(conjugate.conjugate, idx, "{text}");
            assert_eq!(character.conjugate != idx, character.kind == Complex, "{text}");
            for class in 0..characters.classes.len() {
                let inverse = characters.inverse_class[class];
                let mut turned: Vec<u32> = characters.eigenvalues(idx, class).to_vec();
                turned.iter_mut().for_each(|s| *s = (characters.exponent as u32 - *s) % characters.exponent as u32);
                turned.sort_unstable();
                assert_eq!(characters.eigenvalues(character.conjugate, class), turned, "{text}");
                assert_eq!(characters.eigenvalues(idx, inverse), turned, "{text}");
            }
        }
    }
}

/// Two ways to the same projectors: exact values, and eigenspaces of a random convolution.
#[test]
fn characters_and_decomposition_agree_on_every_component() {
    for text in groups() {
        let table = table(&text);
        let characters = CharacterTable::of(&table).unwrap();
        let decomposition = Decomposition::of(&table).unwrap();
        let components = characters.components();
        assert_eq!(components.last(), Some(&(decomposition.irreps.len() - 1)), "{text}");
        for (idx, &component) in components.iter().enumerate() {
            let (character, irrep) = (&characters.characters[idx], &decomposition.irreps[component]);
            assert_eq!((character.degree, character.kind), (irrep.degree, irrep.kind), "{text}");
            if character.conjugate < idx {
                continue; // the component is its partner's
            }
            let (exact, numerical) = (characters.projector(&table, idx), decomposition.projector(component));
            let distance = exact.iter().zip(&numerical).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(distance < 1e-12, "{text}: {idx} {distance:e}");
        }
    }
}

/// The multiset of rows is that of the textbook, whose columns are labelled by element order and size; in a complex pair
/// both rows are given. Columns with the same label may be swapped, so the textbook's are tried in every order.
fn check(name: &str, table: &CayleyTable, kinds: &[IrrepKind], columns: &[(usize, usize)], rows: &[&[c64]]) {
    let found = CharacterTable::of(table).unwrap();
    let order = |class: &Vec<u32>| (table.element_order(class[0]).unwrap(), class.len());
    assert_eq!(found.classes.iter().map(order).collect::<Vec<_>>(), columns, "{name}");
    assert_eq!(found.characters.iter().map(|c| c.kind).collect::<Vec<_>>(), kinds, "{name}");
    let n = columns.len();
    let is_row = |order: &[usize], row: &[c64]| {
        let is_equal = |c: &&Character| (0..n).all(|i| (c.values[i] - row[order[i]]).norm() < 1e-14);
        found.characters.iter().filter(is_equal).count() == 1
    };
    let is_table = |order: &[usize]| rows.iter().all(|row| is_row(order, row));
    assert_eq!(rows.len(), n, "{name}");
    assert!(orders(columns, &mut Vec::new(), &is_table), "{name}: {:#?}", found.characters);
}

/// Whether an arrangement of the columns that keeps labels passes.
fn orders(columns: &[(usize, usize)], chosen: &mut Vec<usize>, accepts: &impl Fn(&[usize]) -> bool) -> bool {
    if chosen.len() == columns.len() {
        return accepts(chosen);
    }
    let next = columns[chosen.len()];
    (0..columns.len()).filter(|&i| columns[i] == next).any(|i| {
        if chosen.contains(&i) {
            return false;
        }
        chosen.push(i);
        let is_accepted = orders(columns, chosen, accepts);
        chosen.pop();
        is_accepted
    })
}

fn real<const N: usize>(values: [f64; N]) -> [c64; N] {
    values.map(|value| c64::new(value, 0.0))
}

#[test]
fn textbook_tables_are_found() {
    check(
        "S3",
        &table("symmetric:3"),
        &[Real, Real, Real],
        &[(1, 1), (2, 3), (3, 2)],
        &[&real([1., 1., 1.]), &real([1., -1., 1.]), &real([2., 0., -1.])],
    );
    check(
        "S4",
        &table("symmetric:4"),
        &[Real; 5],
        &[(1, 1), (2, 3), (2, 6), (3, 8), (4, 6)],
        &[
            &real([1., 1., 1., 1., 1.]),
            &real([1., 1., -1., 1., -1.]),
            &real([2., 2., 0., -1., 0.]),
            &real([3., -1., 1., 0., -1.]),
            &real([3., -1., -1., 0., 1.]),
        ],
    );
    let omega = c64::new(-0.5, 0.75f64.sqrt());
    let one = c64::new(1.0, 0.0);
    check(
        "A4",
        &table("alternating:4"),
        &[Real, Complex, Complex, Real],
        &[(1, 1), (2, 3), (3, 4), (3, 4)],
        &[&real([1.; 4]), &[one, one, omega, omega.conj()], &[one, one, omega.conj(), omega], &real([3., -1., 0., 0.])],
    );
    let golden = f64::midpoint(1.0, 5f64.sqrt());
    check(
        "A5",
        &table("alternating:5"),
        &[Real; 5],
        &[(1, 1), (2, 15), (3, 20), (5, 12), (5, 12)],
        &[
            &real([1.; 5]),
            &real([3., -1., 0., golden, 1. - golden]),
            &real([3., -1., 0., 1. - golden, golden]),
            &real([4., 0., 1., -1., -1.]),
            &real([5., 1., -1., 0., 0.]),
        ],
    );
    let root = c64::new(-0.5, 7f64.sqrt() / 2.0);
    let (zero, three) = (c64::new(0.0, 0.0), c64::new(3.0, 0.0));
    check(
        "7:3",
        &frobenius_21(),
        &[Real, Complex, Complex, Complex, Complex],
        &[(1, 1), (3, 7), (3, 7), (7, 3), (7, 3)],
        &[
            &real([1.; 5]),
            &[one, omega, omega.conj(), one, one],
            &[one, omega.conj(), omega, one, one],
            &[three, zero, zero, root, root.conj()],
            &[three, zero, zero, root.conj(), root],
        ],
    );
}

/// The smallest groups with the same character table; only the kind of the irrep of degree 2 tells them apart.
#[test]
fn the_square_and_the_quaternions_differ_in_kind_alone() {
    let (d4, q8) = (characters("dihedral:4"), characters("dicyclic:2"));
    let rows = |t: &CharacterTable| {
        let row = |i| (0..5).map(|class| t.integer(i, class).unwrap()).collect::<Vec<_>>();
        let mut rows: Vec<_> = (0..5).map(row).collect();
        rows.sort();
        rows
    };
    // The identity and the central involution come first in both.
    assert_eq!(rows(&d4), rows(&q8));
    assert_eq!(rows(&q8)[4], [2, -2, 0, 0, 0]);
    let kinds = |t: &CharacterTable| t.characters.iter().map(|c| c.kind).collect::<Vec<_>>();
    assert_eq!(kinds(&d4), [Real; 5]);
    assert_eq!(kinds(&q8), [Real, Real, Real, Real, Quaternionic]);
    // At an element of order 4 both have the eigenvalues i and −i, at the involution −1 twice.
    assert_eq!(q8.eigenvalues(4, 1), [2, 2]);
    assert_eq!(q8.eigenvalues(4, 2), [1, 3]);
}

/// `ℤ_M` in its usual numbering: the closed form, and Dixon's way to it.
#[test]
fn dixons_way_finds_the_characters_of_cyclic_groups() {
    for m in 1..=40usize {
        let closed = CharacterTable::of(&CayleyTable::from_fn(m, |a, b| (a + b) % m)).unwrap();
        let numerical = dixon::character_table(&CayleyTable::from_fn(m, |a, b| (a + b) % m)).unwrap();
        assert_eq!(closed.classes, numerical.classes);
        assert_eq!(closed.exponent, m);
        let sorted = |table: &CharacterTable| {
            let mut rows: Vec<_> = table.characters.iter().map(|c| (c.kind, c.eigenvalues.clone())).collect();
            rows.sort();
            rows
        };
        assert_eq!(sorted(&closed), sorted(&numerical), "{m}");
        for (idx, character) in closed.characters.iter().enumerate() {
            let frequency = idx.div_ceil(2); // 0, 1, M − 1, 2, M − 2, …
            let frequency = if idx > 0 && idx.is_multiple_of(2) { m - frequency } else { frequency };
            for (class, &s) in closed.classes.iter().zip(&character.eigenvalues) {
                assert_eq!(s as usize, frequency * class[0] as usize % m);
            }
        }
    }
}

/// The number of fixed points less one is irreducible: permutations act doubly transitively.
#[test]
fn fixed_points_are_a_character_of_the_symmetric_group() {
    for letters in 3..=5usize {
        let table = table(&format!("symmetric:{letters}"));
        let found = CharacterTable::of(&table).unwrap();
        // The orbit of a point is G/H for H its stabiliser, the (n − 1)! elements that keep the first letter.
        let n_fixed = |g: u32| {
            let stabiliser = table.order / letters;
            let is_fixed = |coset: &usize| table.times(g, (coset * stabiliser) as u32) as usize / stabiliser == *coset;
            (0..letters).filter(is_fixed).count() as i64
        };
        let standard: Vec<_> = found.classes.iter().map(|class| Some(n_fixed(class[0]) - 1)).collect();
        let row = |i: usize| (0..found.classes.len()).map(|class| found.integer(i, class)).collect::<Vec<_>>();
        assert_eq!((0..found.characters.len()).filter(|&i| row(i) == standard).count(), 1, "{letters}");
    }
}

#[test]
fn relabelling_keeps_the_characters() {
    let original = table("affine:7");
    let m = original.order as u32;
    let new: Vec<u32> = (0..m).map(|g| (5 * g + 17) % m).collect();
    let old: Vec<u32> = (0..m).map(|g| new.iter().position(|&n| n == g).unwrap() as u32).collect();
    let relabelled = CayleyTable::from_fn(original.order, |a, b| new[original.times(old[a], old[b]) as usize] as usize);
    let rows = |table: &CayleyTable, element: &dyn Fn(u32) -> usize| {
        let found = CharacterTable::of(table).unwrap();
        let value = |i: usize, g: u32| found.eigenvalues(i, found.class_of[element(g)]).to_vec();
        let mut rows: Vec<Vec<Vec<u32>>> =
            (0..found.characters.len()).map(|i| (0..m).map(|g| value(i, g)).collect()).collect();
        rows.sort();
        rows
    };
    assert_eq!(rows(&original, &|g| g as usize), rows(&relabelled, &|g| new[g as usize] as usize));
}

#[test]
fn hundreds_of_characters_are_exact() {
    for text in [
        "product:cyclic:2,cyclic:2,cyclic:2,cyclic:2,cyclic:2,cyclic:2,cyclic:2,cyclic:2",
        "product:cyclic:16,cyclic:16",
        "product:cyclic:4,cyclic:64",
        "dihedral:128",
        "dicyclic:64",
        "affine:16",
        "affine:17",
        "product:symmetric:3,symmetric:4",
    ] {
        let found = characters(text);
        assert!(found.rows_are_orthonormal() && found.columns_are_orthogonal(), "{text}");
    }
}

#[test]
fn a_table_without_characters_is_refused() {
    let subtraction = CayleyTable::from_fn(5, |a, b| (a + 5 - b) % 5);
    let error = CharacterTable::of(&subtraction).unwrap_err();
    assert_eq!(error, CharacterError::NotAGroup { order: 5 });
    assert_eq!(error.to_string(), "the table of order 5 is not a group, so it has no irreps");
    assert_eq!(CharacterTable::of(&table("dihedral:513")), Err(CharacterError::TooLarge { order: 1026 }));
}

//! Every small member of every family against the definitions.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn problem(task: &str) -> Problem {
    Task::parse(task).unwrap().resolve(None).unwrap()
}

fn table(task: &str) -> CayleyTable {
    problem(task).group().unwrap_or_else(|| panic!("{task} is no group")).clone()
}

/// Every group of one integer parameter up to an order.
fn small_groups(order_limit: u64) -> Vec<String> {
    let names = FAMILIES
        .iter()
        .filter(|family| !["product", "operands", "expression", "table", "parity", "digits"].contains(&family.name));
    let members = names.flat_map(|family| (0..=60).map(move |parameter| format!("{}:{parameter}", family.name)));
    members
        .filter(|text| match Task::parse(text) {
            Ok(Task::Group(group)) => group.order().unwrap() <= order_limit,
            _ => false,
        })
        .collect()
}

fn is_group_by_definition(table: &CayleyTable) -> bool {
    let elements = || 0..table.order as u32;
    let is_associative = elements().all(|a| {
        elements().all(|b| elements().all(|c| table.times(table.times(a, b), c) == table.times(a, table.times(b, c))))
    });
    let identity = elements().find(|&e| elements().all(|a| table.times(e, a) == a && table.times(a, e) == a));
    is_associative
        && identity
            .is_some_and(|e| elements().all(|a| elements().any(|b| table.times(a, b) == e && table.times(b, a) == e)))
}

#[test]
fn every_small_member_is_a_group_by_definition() {
    let groups = small_groups(60);
    assert!(groups.len() > 100, "{}", groups.len());
    for text in groups {
        let table = table(&text);
        assert!(is_group_by_definition(&table) && table.is_group() && table.latin_fault().is_none(), "{text}");
        assert_eq!(table.identity(), Some(0), "{text}");
    }
}

#[test]
fn classes_are_those_of_all_conjugations() {
    for text in small_groups(60) {
        let table = table(&text);
        let inverses = table.inverses().unwrap();
        let elements = || 0..table.order as u32;
        let expected: BTreeSet<Vec<u32>> = elements()
            .map(|a| elements().map(|g| table.times(table.times(g, a), inverses[g as usize])).collect::<BTreeSet<_>>())
            .map(|class| class.into_iter().collect())
            .collect();
        assert_eq!(table.classes().unwrap().into_iter().collect::<BTreeSet<_>>(), expected, "{text}");
    }
}

#[test]
fn known_groups_have_their_order_classes_and_involutions() {
    let check = |task: &str, order: usize, classes: usize, involutions: usize, abelian: bool| {
        let table = table(task);
        let n_involutions = (0..order as u32).filter(|&a| table.element_order(a) == Some(2)).count();
        let found = (table.order, table.classes().unwrap().len(), n_involutions, table.is_abelian());
        assert_eq!(found, (order, classes, involutions, abelian), "{task}");
    };
    check("cyclic:12", 12, 12, 1, true);
    check("product:cyclic:2,cyclic:2,cyclic:2", 8, 8, 7, true);
    check("symmetric:3", 6, 3, 3, false);
    check("symmetric:4", 24, 5, 9, false);
    check("symmetric:5", 120, 7, 25, false);
    check("symmetric:6", 720, 11, 75, false);
    check("alternating:4", 12, 4, 3, false);
    check("alternating:5", 60, 5, 15, false);
    check("alternating:6", 360, 7, 45, false);
    check("dihedral:4", 8, 5, 5, false);
    check("dihedral:5", 10, 4, 5, false);
    check("dihedral:8", 16, 7, 9, false);
    check("dicyclic:2", 8, 5, 1, false);
    check("dicyclic:3", 12, 6, 1, false);
    check("heisenberg:2", 8, 5, 5, false); // the square's symmetries
    check("heisenberg:3", 27, 11, 0, false);
    check("heisenberg:5", 125, 29, 0, false);
    check("affine:5", 20, 5, 5, false);
    check("affine:7", 42, 7, 7, false);
    check("multiplicative:8", 4, 4, 3, true);
    check("multiplicative:97", 96, 96, 1, true);
    check("product:symmetric:3,cyclic:2", 12, 6, 7, false);
}

#[test]
fn presentations_hold() {
    for n in 1..=12u32 {
        let dihedral = table(&format!("dihedral:{n}"));
        let (r, s) = (1 % n, n);
        assert_eq!(dihedral.times(s, s), 0);
        assert_eq!(dihedral.times(s, r), dihedral.times(dihedral.inverse(r).unwrap(), s));
        assert_eq!(dihedral.element_order(r), Some(n as usize));
        let dicyclic = table(&format!("dicyclic:{n}"));
        let (a, x) = (1, 2 * n);
        assert_eq!(dicyclic.times(x, x), n);
        assert_eq!(dicyclic.times(x, a), dicyclic.times(dicyclic.inverse(a).unwrap(), x));
        assert_eq!(dicyclic.element_order(a), Some(2 * n as usize));
    }
}

#[test]
fn a_product_counts_its_first_factor_fastest() {
    let table = table("product:cyclic:2,cyclic:3,cyclic:5");
    for a in 0..30 {
        for b in 0..30 {
            let product = (a + b) % 2 + 2 * ((a / 2 + b / 2) % 3) + 6 * ((a / 6 + b / 6) % 5);
            assert_eq!(table.times(a, b), product);
        }
    }
}

#[test]
fn a_quasigroup_is_not_taken_for_a_group() {
    for m in 3..=12 {
        assert!(matches!(problem(&format!("expression:x-y:{m}")).structure, Structure::Quasigroup(_)), "{m}");
    }
    // Modulo 2 minus is plus.
    assert!(matches!(problem("expression:x-y:2").structure, Structure::Group(_)));
    // A loop of order 5: Latin, with identity, not associative (the only group of order 5 is abelian, this is not).
    let text = "0,1,2,3,4\n1,0,3,4,2\n2,4,0,1,3\n3,2,4,0,1\n4,3,1,2,0";
    let task = Task::parse("table:loop.csv").unwrap();
    let problem = task.resolve(Some(text)).unwrap();
    let Structure::Quasigroup(table) = &problem.structure else { panic!("{:?}", problem.structure) };
    assert_eq!(table.identity(), Some(0));
    assert_eq!(table.is_associative(), is_group_by_definition(table));
    assert_eq!((problem.name.as_str(), task.file()), ("table:loop.csv", Some("loop.csv")));
    assert_eq!(task.resolve(None).unwrap_err().to_string(), "the table's file was not read: \"loop.csv\"");
}

#[test]
fn expressions_know_whether_they_are_groups() {
    assert!(matches!(problem("expression:x + y:23").structure, Structure::Group(_)));
    let shifted = table("expression:x+y+1:23");
    assert_eq!(shifted.identity(), Some(22));
    for text in ["expression:x*y:23", "expression:x^2+x*y+y^2:23", "expression:x^2:23", "expression:x+y+z:5"] {
        assert_eq!(problem(text).structure, Structure::Function, "{text}");
    }
    let quadratic = problem("expression:x^2+x*y+y^2:7");
    let expected: Vec<u32> = (0..49u32).map(|i| (i / 7 * (i / 7) + i / 7 * (i % 7) + (i % 7) * (i % 7)) % 7).collect();
    assert_eq!(quadratic.labels, expected);
}

#[test]
fn operands_multiply_from_left_to_right() {
    let group = table("symmetric:3");
    let problem = problem("operands:3:symmetric:3");
    assert_eq!((problem.n_operands(), problem.n_population(), problem.input_offset(2)), (3, 216, 12));
    let population = problem.population();
    for i in 0..216 {
        let [a, b, c] = [0, 1, 2].map(|operand| population.operands[operand][i]);
        assert_eq!(population.labels[i], group.times(group.times(a, b), c));
        assert_eq!(a * 36 + b * 6 + c, i as u32);
    }
    assert_eq!(Task::parse("operands:2:cyclic:7").unwrap(), Task::cyclic(7));
}

#[test]
fn every_example_is_canonical() {
    for family in FAMILIES {
        let task = Task::parse(family.example).unwrap();
        assert_eq!(task.to_string(), family.example);
        assert!(family.spelling.starts_with(family.name));
        if task.file().is_none() {
            let problem = task.resolve(None).unwrap();
            assert_eq!(problem.name, family.example);
            if problem.n_features == 0 {
                assert_eq!(problem.n_population(), problem.operand_sizes.iter().product::<usize>());
                assert!(problem.values.is_empty());
            } else {
                assert_eq!(problem.n_population() * problem.n_features, problem.values.len());
                assert!(problem.operand_sizes.is_empty() && problem.group().is_none());
            }
            assert!(problem.labels.iter().all(|&label| (label as usize) < problem.n_labels));
        }
    }
}

#[test]
fn the_order_can_be_replaced_where_there_is_one() {
    let check = |text: &str, expected: Option<&str>| {
        let replaced = Task::parse(text).unwrap().with_order(5).map(|task| task.to_string());
        assert_eq!(replaced.as_deref(), expected);
    };
    check("cyclic:71", Some("cyclic:5"));
    check("operands:3:symmetric:3", Some("operands:3:symmetric:5"));
    check("expression:x - y:97", Some("expression:x-y:5"));
    check("word:aba^-1:symmetric:4", Some("word:aba^-1:symmetric:5"));
    check("expression:x/y if y%2 else x-y:97", Some("expression:x/y if y%2 else x-y:5"));
    check("word:aba:product:cyclic:2,cyclic:3", None);
    check("product:cyclic:2,cyclic:3", None);
    check("table:a.csv", None);
    check("parity:40:3", None);
    check("digits", None);
    assert!(Task::cyclic(3).with_order(1).unwrap().resolve(None).is_err());
}

#[test]
fn refusals_say_why_and_what_to_do() {
    let check = |text: &str, expected: &str| {
        let error = Task::parse(text).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{text}: {error}");
    };
    check("cylic:71", "no task family is called `cylic`; did you mean `cyclic`? known are cyclic, product, symmetric");
    check("", "no task family is called ``; known are");
    check("cyclic", "`cyclic` is not of the form `cyclic:M`, as in `cyclic:71`");
    check("cyclic:x", "`cyclic:x` is not of the form");
    check("cyclic:-3", "`cyclic:-3` is not of the form");
    check("cyclic:1", "`cyclic:1` has 1 elements, so there is nothing to learn");
    check("symmetric:1", "`symmetric:1` has 1 elements");
    check("cyclic:0", "`cyclic:0` has 0 elements");
    check("cyclic:4097", "`cyclic:4097` has 4097 elements, more than the 4096 that a table may have");
    check("symmetric:7", "`symmetric:7` has 5040 elements, more than the 4096");
    check("symmetric:18446744073709551615", "`symmetric:18446744073709551615` has far too many elements");
    check("heisenberg:99999999999", "`heisenberg:99999999999` has far too many");
    check("product:cyclic:64,cyclic:65", "`product:cyclic:64,cyclic:65` has 4160 elements");
    check("product:cyclic:2,table:x", "`table:x` cannot be a factor");
    check("product:", "`product:` is not of the form");
    check("product:cyclic:2,", "`` cannot be a factor of a product; factors are groups of one integer parameter");
    check("operands:3:cyclic:300", "`operands:3:cyclic:300` has 300^3 operand tuples, more than the 16777216");
    check("operands:1:cyclic:3", "`operands:1:cyclic:3` asks for fewer than two operands");
    check("operands:3:expression:x+y:5", "`expression:x+y:5` does not take a number of operands");
    check("expression:x+y", "`expression:x+y` is not of the form");
    check("expression:x+:5", "expression `x+`: column 3: expected a number");
    check("expression:x+y+z:4096", "`expression:x+y+z:4096` has 4096^3 operand tuples");
    check("table:", "`table:` is not of the form");
    check("parity", "`parity` is not of the form `parity:N:K[:POOL]`, as in `parity:40:3`");
    check("parity:40", "`parity:40` is not of the form");
    check("parity:40:3:", "`parity:40:3:` is not of the form");
    check("parity:40:3:100:1", "`parity:40:3:100:1` is not of the form");
    check("parity:0:0", "`parity:0:0` has 0 bits; they may be from 1 to 256");
    check("parity:18446744073709551615:3", "`parity:18446744073709551615:3` has 18446744073709551615 bits");
    check("parity:10:11", "`parity:10:11` has 11 relevant bits; they may be from 1 to 10");
    check("parity:10:0", "`parity:10:0` has 0 relevant bits");
    check("parity:10:3:1025", "`parity:10:3:1025` has 1025 inputs; they may be from 2 to 1024");
    check("parity:10:3:1", "`parity:10:3:1` has 1 inputs");
    check("parity:256:3:65537", "`parity:256:3:65537` has 65537 inputs; they may be from 2 to 65536");
    check("digits:10", "`digits:10` is not of the form `digits`, as in `digits`");
    check("digits:", "`digits:` is not of the form");
    check("product:cyclic:2,digits", "`digits` cannot be a factor");
    check("operands:3:parity:4:2", "`parity:4:2` does not take a number of operands");
    check("operands:3:digits", "`digits` does not take a number of operands");
    check("word:aba:digits", "`digits` has no words");
    check("conjugation:symmetric:5", "no task family is called `conjugation`; did you mean `word`?");
}

#[test]
fn the_largest_orders_are_resolved() {
    for text in ["cyclic:4096", "symmetric:6", "alternating:7", "operands:12:cyclic:4"] {
        let problem = problem(text);
        assert!(problem.group().is_some(), "{text}");
    }
}

proptest! {
    /// Light's test with a planted error: one exchange of two rows' entries leaves Latin squares only by accident, so
    /// intercalates are turned, which always leaves one.
    #[test]
    fn associativity_agrees_with_its_definition(order in 2usize..9, turns in prop::collection::vec((0usize..9, 0usize..9, 0usize..9), 0..4)) {
        let mut table = CayleyTable::from_fn(order, |a, b| (a + b) % order);
        for (a, b, column) in turns {
            let (a, b, column) = (a % order, b % order, column % order);
            let (top, bottom) = (table.product[a * order + column], table.product[b * order + column]);
            if let Some(other) = (0..order).find(|&c| table.product[a * order + c] == bottom && table.product[b * order + c] == top) {
                for c in [column, other] {
                    table.product.swap(a * order + c, b * order + c);
                }
            }
        }
        prop_assert!(a_swap_kept_it_latin(&table));
        prop_assert_eq!(table.is_group(), is_group_by_definition(&table));
    }

    #[test]
    fn no_text_makes_parsing_panic(text in "(cyclic|product|operands|word|table|expression|symmetric|heisenberg|parity|digits)?:?[a-z0-9:,/%^-]{0,20}") {
        if let Ok(task) = Task::parse(&text) {
            prop_assert_eq!(Task::parse(&task.to_string()), Ok(task));
        }
    }
}

fn a_swap_kept_it_latin(table: &CayleyTable) -> bool {
    table.order < 2 || table.latin_fault().is_none()
}

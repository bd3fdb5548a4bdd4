//! Every small member of every family against the definitions.

use super::*;
use crate::spec::{DataSpec, Sampling};
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
}

#[test]
fn the_largest_orders_are_resolved() {
    for text in ["cyclic:4096", "symmetric:6", "alternating:7", "operands:12:cyclic:4"] {
        let problem = problem(text);
        assert!(problem.group().is_some(), "{text}");
    }
}

fn clean(sampling: Sampling) -> DataSpec {
    DataSpec::of(sampling)
}

fn indices(problem: &Problem, samples: &Samples) -> Vec<u32> {
    let index = |i: usize| {
        problem
            .operand_sizes
            .iter()
            .zip(&samples.operands)
            .fold(0, |index, (&size, tokens)| index * size as u32 + tokens[i])
    };
    (0..samples.len()).map(index).collect()
}

#[test]
fn sample_sizes_follow_their_formulas() {
    let problem = problem("cyclic:71");
    let size = |sampling| Split::draw(&problem, &clean(sampling), 0, None).unwrap().train.len();
    assert_eq!(size(Sampling::Fraction(0.4)), 2016);
    assert_eq!(size(Sampling::Fraction(1.0)), 5041);
    assert_eq!(size(Sampling::Count(17)), 17);
    assert_eq!(size(Sampling::MultipleOfMLogM(3.0)), 908); // 3 · 71 · ln 71 = 907.95
    let ten = self::problem("cyclic:10");
    // 0.29 · 100 is 28.999999999999996 in floating point.
    assert_eq!(Split::draw(&ten, &clean(Sampling::Fraction(0.29)), 0, None).unwrap().train.len(), 29);
    let everything = Split::draw(&ten, &clean(Sampling::Count(100)), 0, None).unwrap();
    assert!(everything.test.is_empty() && everything.train == ten.population());
}

#[test]
fn impossible_samples_name_their_setting() {
    let problem = problem("cyclic:10");
    let check = |sampling, expected: &str| {
        let error = Split::draw(&problem, &clean(sampling), 0, None).unwrap_err().to_string();
        assert_eq!(error, expected);
    };
    check(Sampling::Fraction(0.001), "data.fraction = 0.001 leaves no training sample of 100; the least is 1");
    check(Sampling::Fraction(1.5), "data.fraction = 1.5 is not a share from 0 to 1");
    check(Sampling::Fraction(f64::NAN), "data.fraction = NaN is not a share from 0 to 1");
    check(Sampling::Count(0), "data.count = 0 leaves no training sample of 100; the least is 1");
    check(Sampling::Count(101), "data.count = 101 asks for 101 training samples, but there are only 100");
    check(Sampling::MultipleOfMLogM(9.0), "data.multiple = 9 asks for 207 training samples, but there are only 100");
    check(Sampling::SplitFile("a.csv".into()), "the split's file was not read: \"a.csv\"");
    let data = DataSpec { corrupted: -0.1, ..DataSpec::of(Sampling::Count(5)) };
    let error = Split::draw(&problem, &data, 0, None).unwrap_err().to_string();
    assert_eq!(error, "data.corrupted = -0.1 is not a share from 0 to 1");
}

#[test]
fn a_split_file_names_the_training_tuples() {
    let problem = problem("cyclic:3");
    let draw = |text: &str| Split::draw(&problem, &clean(Sampling::SplitFile("s".into())), 0, Some(text));
    for text in ["2,1\n# comment\n0, 2\n", "[[2, 1], [0, 2]]"] {
        let split = draw(text).unwrap();
        assert_eq!(indices(&problem, &split.train), [2, 7]);
        assert_eq!(split.train.labels, [2, 0]);
        assert_eq!(split.test.len(), 7);
    }
    let check = |text: &str, expected: &str| assert_eq!(draw(text).unwrap_err().to_string(), expected);
    check("# x\n0,1\n0,3", "line 3: 3 is no token of operand 2, which has 0 to 2: \"s\"");
    check("0,1\n\n1,1\n0, 1", "line 4: `0, 1` is named already, at line 1: \"s\"");
    check("0,1\n0,1,2", "line 2: `0,1,2` is not 2 whole numbers: \"s\"");
    check("x,y\n0,1", "line 1: `x,y` is not 2 whole numbers: \"s\"");
    check("[[0,1],[0,1]]", "entry 2: `[0,1]` is named already, at entry 1: \"s\"");
    check("[[0,1],", "the split is not valid JSON (EOF while parsing a value at line 1 column 7): \"s\"");
    check("# nothing", "data.split = s leaves no training sample of 9; the least is 1");
}

/// The rows of a pool are told apart by what they hold, so that a sample's place in the pool can be read off it.
fn rows(problem: &Problem, samples: &Samples) -> Vec<u32> {
    let pool: Vec<&[f32]> = problem.values.chunks_exact(problem.n_features).collect();
    let index = |row: &[f32]| pool.iter().position(|other| *other == row).unwrap() as u32;
    samples.values.chunks_exact(problem.n_features).map(index).collect()
}

#[test]
fn a_split_divides_a_pool_of_numbers() {
    let problem = problem("parity:40:3:300");
    let size = |sampling| Split::draw(&problem, &clean(sampling), 0, None).unwrap().train.len();
    assert_eq!(size(Sampling::Fraction(0.4)), 120);
    assert_eq!(size(Sampling::MultipleOfMLogM(100.0)), 139); // 100 · 2 · ln 2 = 138.6
    let data = DataSpec { corrupted: 0.5, ..clean(Sampling::Count(100)) };
    let split = Split::draw(&problem, &data, 7, None).unwrap();
    let (train, test) = (rows(&problem, &split.train), rows(&problem, &split.test));
    assert!(train.is_sorted() && test.is_sorted() && split.train.operands.is_empty());
    assert_eq!((train.len(), split.train.len(), test.len()), (100, 100, 200));
    assert_eq!(train.iter().chain(&test).collect::<BTreeSet<_>>().len(), 300);
    let truth: Vec<u32> = train.iter().map(|&index| problem.labels[index as usize]).collect();
    assert_eq!(truth, split.train_true_labels);
    let differing = truth.iter().zip(&split.train.labels).filter(|(truth, given)| truth != given).count();
    assert_eq!((differing, split.corrupted.len()), (50, 50));
    assert_eq!(problem.population().values, problem.values);
}

#[test]
fn a_split_file_names_the_samples_of_a_pool() {
    let problem = problem("parity:2:1");
    let draw = |text: &str| Split::draw(&problem, &clean(Sampling::SplitFile("s".into())), 0, Some(text));
    for text in [
        "2
# comment
 0
",
        "[2, 0]",
        "[[2], [0]]",
    ] {
        let split = draw(text).unwrap();
        assert_eq!(split.train.values, [1.0, 1.0, -1.0, 1.0], "{text}");
        assert_eq!((split.train.labels, split.test.labels), (vec![0, 1], vec![0, 1]), "{text}");
        assert_eq!(split.test.values, [1.0, -1.0, -1.0, -1.0], "{text}");
    }
    let check = |text: &str, expected: &str| assert_eq!(draw(text).unwrap_err().to_string(), expected);
    check(
        "1
4",
        "line 2: 4 is no sample of the task, which has 0 to 3: \"s\"",
    );
    check(
        "1
0,1",
        "line 2: `0,1` is not a whole number: \"s\"",
    );
    check("[1, 1]", "entry 2: `1` is named already, at entry 1: \"s\"");
}

/// The stream behind every recorded run: these numbers may never change.
#[test]
fn a_seed_keeps_its_split() {
    let problem = problem("cyclic:5");
    let data = DataSpec { corrupted: 0.5, ..DataSpec::of(Sampling::Count(6)) };
    let split = Split::draw(&problem, &data, 7, None).unwrap();
    let frozen = (indices(&problem, &split.train), split.corrupted.clone(), split.train.labels.clone());
    assert_eq!(split, Split::draw(&problem, &data, 7, None).unwrap());
    assert_ne!(split, Split::draw(&problem, &data, 8, None).unwrap());
    assert_eq!(frozen, (vec![1, 5, 14, 16, 18, 24], vec![0, 1, 2], vec![2, 3, 2, 4, 1, 3]));
}

/// Each of 25 tuples is in a sample of 10 with probability 2/5. Over `n` seeds the counts have variance n·p(1−p) and
/// pairwise correlation −1/24, so Σ (count − np)² · 24/25 / (n p (1−p)) is χ² with 24 degrees; 51.2 is its 0.999 quantile.
#[test]
fn the_draw_is_uniform() {
    let problem = problem("cyclic:5");
    let n_seeds = 4000;
    let mut counts = [0u32; 25];
    for seed in 0..n_seeds {
        let split = Split::draw(&problem, &clean(Sampling::Count(10)), seed, None).unwrap();
        for index in indices(&problem, &split.train) {
            counts[index as usize] += 1;
        }
    }
    let (expected, variance) = (n_seeds as f64 * 0.4, n_seeds as f64 * 0.4 * 0.6);
    let squares: f64 = counts.iter().map(|&count| (f64::from(count) - expected).powi(2)).sum();
    let chi_square = squares * 24.0 / 25.0 / variance;
    assert!((7.0..51.2).contains(&chi_square), "{chi_square} {counts:?}");
}

/// A wrong label is uniform over the four others: χ² with 4 − 1 degrees a true label; 20 over five labels together, whose
/// 0.999 quantile is 37.7 at 15 degrees.
#[test]
fn corrupted_labels_are_uniform_over_the_wrong_ones() {
    let problem = problem("cyclic:5");
    let data = DataSpec { corrupted: 1.0, ..DataSpec::of(Sampling::Count(25)) };
    let mut counts = [[0u32; 5]; 5];
    for seed in 0..800 {
        let split = Split::draw(&problem, &data, seed, None).unwrap();
        for (&given, &truth) in split.train.labels.iter().zip(&split.train_true_labels) {
            counts[truth as usize][given as usize] += 1;
        }
    }
    let mut chi_square = 0.0;
    for (truth, row) in counts.iter().enumerate() {
        assert_eq!(row[truth], 0);
        chi_square +=
            (0..5).filter(|&g| g != truth).map(|g| (f64::from(row[g]) - 1000.0).powi(2) / 1000.0).sum::<f64>();
    }
    assert!((2.0..37.7).contains(&chi_square), "{chi_square} {counts:?}");
}

proptest! {
    #[test]
    fn a_split_divides_the_population(m in 2u64..15, n_operands in 2u32..4, share in 0.0..1.0, corrupted in 0.0..1.0, seed: u64) {
        let problem = problem(&format!("operands:{n_operands}:cyclic:{m}"));
        let count = 1 + (share * (problem.n_population() - 1) as f64) as u64;
        let split = Split::draw(&problem, &DataSpec { corrupted, ..DataSpec::of(Sampling::Count(count)) }, seed, None).unwrap();
        let (train, test) = (indices(&problem, &split.train), indices(&problem, &split.test));
        prop_assert_eq!(train.len() as u64, count);
        prop_assert!(train.is_sorted() && test.is_sorted());
        let all: BTreeSet<u32> = train.iter().chain(&test).copied().collect();
        prop_assert_eq!(all.len(), problem.n_population());
        prop_assert_eq!(train.len() + test.len(), problem.n_population());
        let truth: Vec<u32> = train.iter().map(|&index| problem.labels[index as usize]).collect();
        prop_assert_eq!(&truth, &split.train_true_labels);
        let differing: Vec<u32> = (0..train.len()).filter(|&i| split.train.labels[i] != truth[i]).map(|i| i as u32).collect();
        prop_assert_eq!(differing, split.corrupted.clone());
        prop_assert_eq!(split.corrupted.len(), (corrupted * count as f64) as usize);
        prop_assert!(split.train.labels.iter().all(|&label| u64::from(label) < m));
    }

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
    fn no_text_makes_parsing_panic(text in "(cyclic|product|operands|table|expression|symmetric|heisenberg|parity|digits)?:?[a-z0-9:,]{0,20}") {
        if let Ok(task) = Task::parse(&text) {
            prop_assert_eq!(Task::parse(&task.to_string()), Ok(task));
        }
    }
}

fn a_swap_kept_it_latin(table: &CayleyTable) -> bool {
    table.order < 2 || table.latin_fault().is_none()
}

/// Token r of each operand comes with weight (r + 1)⁻ˢ: of single draws by the definition, and prefixes of one order.
#[test]
fn a_skewed_sample_follows_zipfs_law_and_grows_by_adding() {
    let problem = problem("cyclic:5");
    let draw = |count, seed| {
        let data = DataSpec { skew: 1.0, ..DataSpec::of(Sampling::Count(count)) };
        Split::draw(&problem, &data, seed, None).unwrap()
    };
    let n_draws = 4000;
    let mut counts = [0.0; 5];
    for seed in 0..n_draws {
        let first = draw(1, seed);
        counts[first.train.operands[0][0] as usize] += 1.0 / n_draws as f64;
        assert_eq!(first.test.len(), 24);
    }
    let total: f64 = (1..=5).map(|r| 1.0 / f64::from(r)).sum();
    for (token, share) in counts.into_iter().enumerate() {
        let expected = 1.0 / ((token + 1) as f64 * total);
        // Four standard errors of a share of 4000 draws.
        assert!((share - expected).abs() < 4.0 * (expected * (1.0 - expected) / 4000.0).sqrt(), "{token}: {share}");
    }
    for count in 1..25 {
        let (small, large) = (draw(count, 7), draw(count + 1, 7));
        let pairs = |split: &Split| {
            let operands = &split.train.operands;
            operands[0].iter().copied().zip(operands[1].iter().copied()).collect::<Vec<_>>()
        };
        assert!(pairs(&small).iter().all(|pair| pairs(&large).contains(pair)));
    }
    let refused = DataSpec { skew: f64::NAN, ..DataSpec::of(Sampling::Count(3)) };
    assert!(Split::draw(&problem, &refused, 0, None).unwrap_err().to_string().starts_with("data.skew = NaN is not"));
}

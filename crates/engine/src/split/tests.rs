//! Samples against their formulas, and the draws against their distributions.

use super::*;
use crate::spec::{DataSpec, Sampling};
use crate::task::{Problem, Samples, Task};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn problem(task: &str) -> Problem {
    Task::parse(task).unwrap().resolve(None).unwrap()
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

/// y of x/y is 1 to 6 in a file, although its tokens are 0 to 5.
#[test]
fn a_split_file_names_operands_as_the_formula_does() {
    let problem = problem("expression:x/y:7");
    let draw = |text: &str| Split::draw(&problem, &clean(Sampling::SplitFile("s".into())), 0, Some(text));
    let train = draw("3,1\n0,6").unwrap().train;
    assert_eq!((train.operands, train.labels), (vec![vec![0, 3], vec![5, 0]], vec![0, 3]));
    let refused = |text: &str| draw(text).unwrap_err().to_string();
    assert_eq!(refused("3,0"), "line 1: 0 is no token of operand 2, which has 1 to 6: \"s\"");
    assert_eq!(refused("3,7"), "line 1: 7 is no token of operand 2, which has 1 to 6: \"s\"");
    let refusal = refused("7,1");
    assert!(
        refusal.starts_with("line 1: 7 is no token of operand 1, which has 0 to 6 (if the file counts from 1, "),
        "{refusal}"
    );
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
    for text in [
        "2,1\n# comment\n0, 2\n",
        "[[2, 1], [0, 2]]",
        "2 1\n0 2",
        "2\t1\n0\t2",
        "2;1\n0;2",
        "(2, 1)\n(0, 2)",
        "[(2, 1), (0, 2)]",
        "[[2 1]\n [0 2]]",
        "[ [ 2, 1 ], [ 0, 2 ] ]",
        "x,y\n2,1\n0,2",
        "\u{feff}\"x\",\"y\"\r\n2,1\r\n0,2\r\n",
        ",x,y\n0,2,1\n1,0,2",
        "\"x\" \"y\"\n\"1\" 2 1\n\"2\" 0 2",
        "a,b,label\n2,1,0\n0,2,2",
        "2,1,0\n0,2,2",
        "a,b,split\n2,1,train\n1,1,test\n0,2,train",
        "a,b,is_train\n2,1,True\n1,1,False\n0,2,True",
        "# index_base = 1\n3,2\n1,3",
        "{\"index_base\": 1, \"train\": [[3, 2], [1, 3]]}",
        "2.000000000000000000e+00 1.000000000000000000e+00\n0.0 2.0",
        "7\n2",
        "index\n7\n2\n",
        "[7, 2]",
        "{\"train_indices\": [7, 2], \"test_indices\": [0, 1, 3, 4, 5, 6, 8]}",
        "array([7, 2])",
        "0\n0\n1\n0\n0\n0\n0\n1\n0",
        "0 0 1\n0 0 0\n0 1 0",
        "[[False, False, True], [False, False, False], [False, True, False]]",
        "[0, 0, 1, 0, 0, 0, 0, 1, 0]",
        "{\"mask\": [false, false, true, false, false, false, false, true, false]}",
    ] {
        let split = draw(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(indices(&problem, &split.train), [2, 7], "{text}");
        assert_eq!(split.train.labels, [2, 0]);
        assert_eq!(split.test.len(), 7);
    }
    let check = |text: &str, expected: &str| assert_eq!(draw(text).unwrap_err().to_string(), expected);
    let begins = |text: &str, expected: &str| {
        let error = draw(text).unwrap_err().to_string();
        assert!(error.starts_with(expected) && error.ends_with(": \"s\""), "{text}: {error}");
    };
    begins(
        "# x\n0,1\n0,3",
        "line 3: 3 is no token of operand 2, which has 0 to 2 (if the file counts from 1, write the line",
    );
    begins("# x\n0,1\n0,4", "line 3: 4 is no token of operand 2, which has 0 to 2: \"s\"");
    check("0,1\n\n1,1\n0, 1", "line 4: `0, 1` is named already, at line 1: \"s\"");
    begins(
        "0,1\n0,1,2",
        "line 2: `0,1,2` is not 2 whole numbers `a,b`, nor a whole number from 0 to 8, the place a·3 + b. A row",
    );
    begins("x,y\n0,y", "line 2: `0,y` is not 2 whole numbers");
    begins("y,x\n0,1", "the columns \"y\", \"x\" are not 2 whole numbers");
    begins("a,b,c\n0,1,1\n1,1,1", "the columns \"a\", \"b\", \"c\" are not 2 whole numbers");
    begins("0\n9", "line 2: 9 is no sample of the task, which has 0 to 8 (if the file counts from 1");
    begins("true\nfalse", "line 1: `true … (2 values for 9 samples)` is not 2 whole numbers");
    begins("1,0\n1", "line 2: `1` is not 2 whole numbers");
    check("[[0,1],[0,1]]", "entry 2: `[0,1]` is named already, at entry 1: \"s\"");
    begins(
        "[[0,1],",
        "the split cannot be read: it is not valid JSON (EOF while parsing a value at line 1 column 7): \"s\"",
    );
    begins("{\"train\": [0], \"test\": [0, 1]}", "the file's test samples are trained on too, 1 of them");
    begins("{\"train\": [0], \"test\": [1]}", "the file's test samples are 1 of the 8 that are left");
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
    check("1\n5", "line 2: 5 is no sample of the task, which has 0 to 3: \"s\"");
    check("1\n0,1", "line 2: `0,1` is not a whole number from 0 to 3, the sample's place: \"s\"");
    assert_eq!(draw("1\n0\n1\n0").unwrap().train.len(), 2); // a mask
    check(
        "[1, 1]",
        "entry 2: `1` is named already, at entry 1 (a mask has one value for every sample of the task): \"s\"",
    );
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

use super::of_files;
use crate::audit::judgement::{Audit, Verdict};
use crate::audit::kind::Kind;
use dunwu::store::{Column, Table};

/// Columns of numbers by name.
fn table(columns: &[(&str, Vec<f64>)]) -> Table {
    columns.iter().fold(Table::default(), |table, (name, values)| table.with(name, Column::Float64(values.clone())))
}

/// Numbers in [0, 1) without a pattern: multiples of the golden ratio.
fn scattered(n: usize, phase: f64) -> Vec<f64> {
    (0..n).map(|i| ((i as f64 + 1.0) * 0.618_033_988_749_895 + phase).fract()).collect()
}

fn labels(n: usize) -> Vec<f64> {
    (0..n).map(|i| (i * i % 7 % 3) as f64).collect()
}

fn found(audit: &Audit) -> Vec<Kind> {
    audit.with(Verdict::Misleads).map(|judgement| judgement.kind).collect()
}

#[test]
fn copies_are_found_with_their_rows_and_repeats_by_nature_are_not() {
    let train = table(&[("x", scattered(100, 0.0)), ("label", labels(100))]);
    let mut x = scattered(40, 0.123);
    let clean = table(&[("x", x.clone()), ("label", labels(40))]);
    assert_eq!(found(&of_files(&train, &clean, None).unwrap()), []);
    (x[3], x[7], x[11]) = (scattered(100, 0.0)[50], scattered(100, 0.0)[60], scattered(100, 0.0)[70]);
    let audit = of_files(&train, &table(&[("x", x), ("label", labels(40))]), None).unwrap();
    assert_eq!(found(&audit), [Kind::Duplicates]);
    assert_eq!(audit.of_kind(Kind::Duplicates).rows[0], "test row 4 = train row 51");
    // Three values, which every sample shares with others.
    let discrete = |n| table(&[("x", (0..n).map(|i| (i % 3) as f64).collect()), ("label", labels(n))]);
    assert_eq!(found(&of_files(&discrete(90), &discrete(30), None).unwrap()), []);
}

#[test]
fn mirror_images_leak_where_the_operation_is_commutative() {
    let pairs = |wanted: usize, label: &dyn Fn(usize, usize) -> usize| {
        let pairs: Vec<(usize, usize)> =
            (0..121).map(|i| (i / 11, i % 11)).filter(|(a, b)| (a * 5 + b * 3 + a * b) % 3 % 2 == wanted).collect();
        table(&[
            ("a", pairs.iter().map(|pair| pair.0 as f64).collect()),
            ("b", pairs.iter().map(|pair| pair.1 as f64).collect()),
            ("y", pairs.iter().map(|pair| label(pair.0, pair.1) as f64).collect()),
        ])
    };
    let sum = |a: usize, b: usize| (a + b) % 11;
    let difference = |a: usize, b: usize| (a + 22 - 2 * b) % 11;
    assert_eq!(found(&of_files(&pairs(0, &sum), &pairs(1, &sum), None).unwrap()), [Kind::MirrorImages]);
    assert_eq!(found(&of_files(&pairs(0, &difference), &pairs(1, &difference), None).unwrap()), []);
}

#[test]
fn an_input_that_is_the_label_is_named() {
    let with = |n: usize, phase, leak: &dyn Fn(f64) -> f64| {
        table(&[("x", scattered(n, phase)), ("code", labels(n).into_iter().map(leak).collect()), ("target", labels(n))])
    };
    let renamed = |label: f64| 7.0 - 2.0 * label;
    let audit = of_files(&with(100, 0.0, &renamed), &with(40, 0.123, &renamed), None).unwrap();
    assert_eq!(found(&audit), [Kind::LabelInInput]);
    assert!(audit.of_kind(Kind::LabelInInput).sentence.starts_with("code is the label under another name"));
    // In the held-out samples it is another: no rule.
    let audit = of_files(&with(100, 0.0, &renamed), &with(40, 0.123, &|label| 7.0 - 2.0 * ((label + 1.0) % 3.0)), None)
        .unwrap();
    assert_eq!(found(&audit), []);
}

#[test]
fn statistics_of_both_files_are_told_from_those_of_one() {
    let raw = [scattered(80, 0.0), scattered(40, 0.3).iter().map(|x| x * 2.0).collect()].concat();
    let scaled = |n: usize| {
        let mean = raw[..n].iter().sum::<f64>() / n as f64;
        let deviation = (raw[..n].iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n as f64).sqrt();
        let all: Vec<f64> = raw.iter().map(|x| (x - mean) / deviation).collect();
        let part = |range: std::ops::Range<usize>| {
            table(&[("x", all[range.clone()].to_vec()), ("label", labels(range.len()))])
        };
        of_files(&part(0..80), &part(80..120), None).unwrap()
    };
    assert_eq!(found(&scaled(120)), [Kind::SharedNormaliser]);
    assert_eq!(found(&scaled(80)), []);
}

#[test]
fn files_that_do_not_belong_together_are_refused() {
    let [a, b] = ["x", "z"].map(|name| table(&[(name, scattered(9, 0.0)), ("label", labels(9))]));
    assert!(of_files(&a, &b, None).unwrap_err().to_string().starts_with("the two files have other columns"));
    assert!(of_files(&a, &a, Some("nothing")).unwrap_err().to_string().contains("the columns are x, label"));
    assert!(
        of_files(&a, &table(&[("x", vec![]), ("label", vec![])]), None)
            .unwrap_err()
            .to_string()
            .contains("held-out file has no rows")
    );
    // Without a label what needs one cannot be told.
    let nameless = table(&[("x", scattered(30, 0.0)), ("z", labels(30))]);
    assert_eq!(of_files(&nameless, &nameless, None).unwrap().of_kind(Kind::LabelInInput).verdict, Verdict::CannotTell);
}

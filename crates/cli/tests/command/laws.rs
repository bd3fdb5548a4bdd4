//! `dunwu law`: the object that programs rely on, the page, and tables that say nothing about a law.

use crate::Desk;
use dunwu::store::{Column, Table};
use dunwu_studies::sweep::result_columns;
use serde_json::Value;
use std::fs;

/// A run of a made-up sweep.
struct Row {
    m: i64,
    n: i64,
    seed: i64,
    width: i64,
}

impl Row {
    /// Thresholds at c M ln M, a few percent apart from seed to seed.
    fn generalized(&self, c: f64) -> bool {
        let own = 1.0 + 0.04 * ((self.seed * 7 + self.m * 3) % 5 - 2) as f64;
        self.n as f64 > c * self.m as f64 * (self.m as f64).ln() * own
    }
}

fn rows(sizes: &[i64], widths: &[i64], seeds: i64) -> Vec<Row> {
    let mut rows = Vec::new();
    for &m in sizes {
        for &width in widths {
            for seed in 0..seeds {
                let middle = 2.6 * m as f64 * (m as f64).ln();
                rows.extend((0..9).map(|i| Row { m, n: (middle * (0.7 + 0.08 * f64::from(i))) as i64, seed, width }));
            }
        }
    }
    rows
}

/// As `dunwu sweep` writes it, with the columns that this command does not read left empty.
fn table(rows: &[Row], c: f64) -> Table {
    let ints = |of: &dyn Fn(&Row) -> i64| Column::Int64(rows.iter().map(of).collect());
    let texts = |of: &dyn Fn(&Row) -> String| Column::Utf8(rows.iter().map(of).collect());
    let mut table = Table::default()
        .with("task", texts(&|row| format!("cyclic:{}", row.m)))
        .with("data.count", ints(&|row| row.n))
        .with("model.width", ints(&|row| row.width))
        .with("steps", ints(&|_| 1500))
        .with("seed", ints(&|row| row.seed))
        .with("run", texts(&|row| format!("{}-{}-{}", row.m, row.n, row.seed)))
        .with("n_labels", ints(&|row| row.m))
        .with("n_train", ints(&|row| row.n))
        .with("n_population", ints(&|row| row.m * row.m))
        .with("outcome", texts(&|row| if row.generalized(c) { "grokked" } else { "censored" }.to_owned()))
        .with("step", ints(&|_| 1500))
        .with("step_generalized", Column::OptInt64(rows.iter().map(|row| row.generalized(c).then_some(700)).collect()))
        .with("seconds", Column::Float64(vec![2.5; rows.len()]));
    for name in result_columns() {
        if table.columns.iter().all(|(other, _)| other != name) {
            table = table.with(name, Column::OptFloat64(vec![None; rows.len()]));
        }
    }
    table
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("a number, not {value}"))
}

#[test]
fn a_law_comes_with_its_rivals_its_thresholds_and_a_page() {
    let desk = Desk::new();
    let sizes = [23, 31, 41, 59, 83, 127];
    table(&rows(&sizes, &[256], 5), 2.6).write_parquet(&desk.path("sweep.parquet")).unwrap();
    let law = desk.json("law sweep.parquet --figures drawn");
    assert_eq!((&law["runs"], &law["left_out"], &law["family"]), (&270.into(), &0.into(), &"cyclic".into()));
    let thresholds = law["thresholds"].as_array().unwrap();
    assert_eq!(thresholds.len(), sizes.len());
    for (threshold, m) in thresholds.iter().zip(sizes) {
        assert_eq!((&threshold["m"], &threshold["seeds"]), (&m.into(), &5.into()));
        let [low, at, high] = ["low", "n_critical", "high"].map(|key| number(&threshold[key]));
        let made = 2.6 * m as f64 * (m as f64).ln();
        assert!(low <= at && at <= high && low <= made && made <= high, "{threshold}");
    }
    let laws = law["laws"].as_array().unwrap();
    let names: Vec<&str> = laws.iter().map(|law| law["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["M ln M", "M^(5/3)", "M²", "M^a", "2.7482 M ln M", "no law"]);
    assert_eq!(law["best"], "M ln M");
    let c = &laws[0]["scale"];
    assert!(number(&c["low"]) < 2.6 && number(&c["high"]) > 2.6, "{c}");
    assert!(number(&laws[2]["bits"]) > 10.0 && number(&laws[3]["exponent"]["value"]) < 1.5, "{law}");
    let page = fs::read_to_string(desk.path("law-sweep.html")).unwrap();
    assert!(page.contains("<svg") && !page.contains("<script") && page.contains("What was assumed"));
    assert!(desk.path("drawn/law.svg").is_file() && desk.path("drawn/law-ratio.svg").is_file());
    let said = desk.dunwu("law sweep.parquet --output other.html");
    assert!(said.stdout.contains("n = c M ln M") && said.stdout.contains("bits behind"), "{}", said.stdout);
    assert!(said.stdout.contains("These runs ") && desk.path("other.html").is_file());
}

#[test]
fn where_runs_cannot_tell_the_command_that_could_is_printed() {
    let desk = Desk::new();
    table(&rows(&[29, 31, 37], &[256], 3), 2.6).write_parquet(&desk.path("sweep.parquet")).unwrap();
    let law = desk.json("law sweep.parquet");
    assert!(law["verdict"].as_str().unwrap().contains("cannot tell"), "{law}");
    let decide = &law["decide"];
    if let Some(command) = decide["command"].as_str() {
        assert!(number(&decide["expected_bits"]) >= 4.0);
        let wanted = format!("dunwu sweep task.order={} data.count=", decide["m"]);
        assert!(command.starts_with(&wanted) && command.contains(" seed=0..") && command.contains("model.width=256"));
    } else {
        assert!(law["story"].to_string().contains("No further runs"), "{law}");
    }
}

#[test]
fn a_table_that_says_nothing_about_a_law_is_refused() {
    let desk = Desk::new();
    let write = |name: &str, rows: &[Row], c: f64| table(rows, c).write_parquet(&desk.path(name)).unwrap();
    write("widths.parquet", &rows(&[23, 31, 41], &[128, 256], 3), 2.6);
    write("two.parquet", &rows(&[23, 31], &[256], 3), 2.6);
    write("none.parquet", &rows(&[23, 31, 41], &[256], 3), 9.0);
    write("all.parquet", &rows(&[23, 31, 41], &[256], 3), 0.1);
    Table::default().with("seed", Column::Int64(vec![1])).write_parquet(&desk.path("other.parquet")).unwrap();
    desk.write("text.parquet", "no table");
    for (words, code, wanted) in [
        ("law widths.parquet", 2, &["`model.width` is 128 and 256", "model.width=256"] as &[_]),
        ("law two.parquet", 2, &["at least three sizes", "23 and 31"]),
        ("law none.parquet", 2, &["none of the 81 runs generalized"]),
        ("law all.parquet", 2, &["all 81 runs generalized"]),
        ("law other.parquet", 2, &["no table of a sweep"]),
        ("law text.parquet", 1, &["text.parquet"]),
        ("law missing.parquet", 1, &["missing.parquet"]),
        ("law widths.parquet model.width=64", 2, &["no run has model.width = 64", "128, 256"]),
        ("law widths.parquet model.widht=64", 2, &["model.width"]),
        ("law widths.parquet model.width", 2, &["is no KEY=VALUE"]),
        ("law widths.parquet task=dihedral", 2, &["no run has task"]),
        ("law widths.parquet task=cyclic:23 model.width=128", 2, &["at least three sizes"]),
    ] {
        desk.refuses(words, code, wanted);
    }
    assert!(!desk.path("law-widths.html").exists(), "what is refused leaves nothing behind");
    assert_eq!(desk.dunwu("law widths.parquet model.width=256 task=cyclic").code, 0);
}

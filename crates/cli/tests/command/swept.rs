//! `dunwu phase` and `dunwu pair` on the tables of sweeps that were never made.

use crate::Desk;
use dunwu::store::{Column, Table};
use serde_json::Value;

/// Optimizer, order, fraction and seed of a run.
type Planned = (&'static str, i64, f64, i64);

/// A table of `cyclic:M` over fractions of the data for two optimizers: enough data generalizes, and muon does so in a third of
/// adam's steps, each of which takes it twice the time.
fn write_table(desk: &Desk, orders: &[i64], n_fractions: i64, n_seeds: i64) {
    let mut rows = Vec::new();
    for optimizer in ["adam", "muon"] {
        for &m in orders {
            for i in 1..=n_fractions {
                rows.extend((0..n_seeds).map(|seed| (optimizer, m, i as f64 / (n_fractions + 1) as f64, seed)));
            }
        }
    }
    let n_train = |&(_, m, fraction, _): &Planned| (fraction * (m * m) as f64).round() as i64;
    // Seeds differ by a few per cent in how much data they need.
    let excess = |row: &Planned| {
        let m = row.1 as f64;
        n_train(row) as f64 / (2.7 * m * m.ln()) * (1.0 + 0.04 * ((row.3 * 7 % 5) as f64 - 2.0))
    };
    let pace = |row: &Planned| if row.0 == "muon" { 1.0 / 3.0 } else { 1.0 };
    let step = |row: &Planned| {
        let step = pace(row) * (150.0 + 900.0 / excess(row).powi(6)) * (1.0 + 0.01 * (row.3 % 4) as f64);
        (excess(row) >= 1.0).then_some(step.round() as i64)
    };
    let accuracy = |row: &Planned| if step(row).is_some() { 0.999 } else { (excess(row) - 0.6).clamp(0.02, 0.9) };
    let ints = |of: &dyn Fn(&Planned) -> i64| Column::Int64(rows.iter().map(of).collect());
    let table = Table::default()
        .with("task", Column::Utf8(rows.iter().map(|row| format!("cyclic:{}", row.1)).collect()))
        .with("data.fraction", Column::OptFloat64(rows.iter().map(|row| Some(row.2)).collect()))
        .with("optimizer.name", Column::Utf8(rows.iter().map(|row| row.0.to_owned()).collect()))
        .with(
            "optimizer.momentum",
            Column::OptFloat64(rows.iter().map(|row| (row.0 == "muon").then_some(0.95)).collect()),
        )
        .with("steps", ints(&|_| 2000))
        .with("seed", ints(&|row| row.3))
        .with("run", Column::Utf8((0..rows.len()).map(|i| format!("r{i}")).collect()))
        .with("n_labels", ints(&|row| row.1))
        .with("n_train", ints(&n_train))
        .with("n_population", ints(&|row| row.1 * row.1))
        .with(
            "outcome",
            Column::Utf8(
                rows.iter().map(|row| if step(row).is_some() { "grokked" } else { "censored" }.to_owned()).collect(),
            ),
        )
        .with("step", ints(&|_| 2000))
        .with("step_memorized", Column::OptInt64(vec![Some(60); rows.len()]))
        .with("step_generalized", Column::OptInt64(rows.iter().map(step).collect()))
        .with("train_loss", Column::OptFloat64(vec![Some(0.01); rows.len()]))
        .with("train_accuracy", Column::OptFloat64(vec![Some(1.0); rows.len()]))
        .with("test_loss", Column::OptFloat64(vec![Some(0.5); rows.len()]))
        .with("test_accuracy", Column::OptFloat64(rows.iter().map(|row| Some(accuracy(row))).collect()))
        .with("units_generalizing", ints(&|row| (200.0 * accuracy(row)) as i64))
        .with("units_memorizing", ints(&|row| 200 - (200.0 * accuracy(row)) as i64))
        .with("units_undecided", ints(&|_| 6))
        .with("units_dead", ints(&|_| 50))
        .with(
            "seconds",
            Column::OptFloat64(rows.iter().map(|row| Some(if row.0 == "muon" { 8.0 } else { 4.0 })).collect()),
        )
        .with("error", Column::OptUtf8(vec![None; rows.len()]))
        .with("kernel", Column::Utf8(vec!["x".to_owned(); rows.len()]))
        .with("version", Column::Utf8(vec!["0".to_owned(); rows.len()]));
    table.write_parquet(&desk.path("sweep.parquet")).unwrap();
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("a number, not {value}"))
}

/// A text without the breaks of its lines.
fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_phase_diagram_is_told_drawn_and_printed() {
    let desk = Desk::new();
    write_table(&desk, &[23, 41, 71], 9, 5);
    let drawn = desk.json("phase sweep.parquet optimizer=adam --figures drawn");
    assert_eq!((&drawn["x"], &drawn["y"]), (&"data.fraction".into(), &"task".into()));
    assert_eq!(drawn["y_values"], serde_json::json!(["cyclic:23", "cyclic:41", "cyclic:71"]));
    let cells = drawn["cells"].as_array().unwrap();
    assert_eq!((cells.len(), &cells[0]["runs"], &cells[0]["seeds"]), (27, &5.into(), &5.into()));
    for cell in cells {
        assert!(
            number(&cell["share_low"]) <= number(&cell["share"])
                && number(&cell["share"]) <= number(&cell["share_high"])
        );
        assert_eq!(cell["median_step_generalized"].is_null(), number(&cell["share"]) < 0.5, "{cell}");
    }
    assert_eq!((&cells[0]["phase"], &cells[26]["phase"]), (&"ungrokked".into(), &"grokked".into()));
    for (measured, theory) in
        drawn["boundary_measured"].as_array().unwrap().iter().zip(drawn["boundary_theory"].as_array().unwrap())
    {
        let ratio = number(&measured["n"]) / number(&theory["n"]);
        assert!(
            (ratio - number(&measured["ratio_to_theory"])).abs() < 1e-12 && (0.8..1.25).contains(&ratio),
            "{measured}"
        );
    }
    let page = std::fs::read_to_string(desk.path("phase-sweep.html")).unwrap();
    assert!(page.matches("<svg").count() == 2 && !page.contains("<script"));
    assert!(desk.path("drawn/phases.svg").is_file() && desk.path("drawn/phase-quantities.svg").is_file());
    let said = desk.dunwu("phase sweep.parquet optimizer.name=adam x=task y=data.fraction --output other.html");
    assert!(
        said.code == 0
            && said.stdout.contains("G  grokked")
            && in_one_line(&said.stdout).contains("times the theory's"),
        "{}",
        said.stdout
    );
}

#[test]
fn a_phase_diagram_refuses_what_it_cannot_draw() {
    let desk = Desk::new();
    write_table(&desk, &[23, 41], 3, 2);
    desk.refuses("phase gone.parquet", 1, &["gone.parquet"]);
    desk.write("text.parquet", "no table");
    desk.refuses("phase text.parquet", 1, &["not a table"]);
    desk.refuses("phase sweep.parquet", 2, &["task, data.fraction, optimizer.name vary,", "x= and y="]);
    desk.refuses("phase sweep.parquet x=data.fraction y=task", 2, &["optimizer.name", "would be mixed", "=adam"]);
    desk.refuses("phase sweep.parquet x=outcome", 2, &["outcome", "became of runs"]);
    desk.refuses("phase sweep.parquet x=model.widht", 2, &["model.widht"]);
    desk.refuses("phase sweep.parquet x=task x=task", 2, &["`x` is given twice"]);
    desk.refuses("phase sweep.parquet optimizer=sgd", 2, &["sgd", "adam", "muon"]);
    desk.refuses("phase sweep.parquet fraction", 2, &["KEY=VALUE"]);
    desk.refuses("phase sweep.parquet task=cyclic:23 optimizer=adam data.fraction=0.25", 2, &["nothing to draw"]);
    let other = Table::default().with("step", Column::Int64(vec![1]));
    other.write_parquet(&desk.path("scalars.parquet")).unwrap();
    desk.refuses("phase scalars.parquet", 2, &["no table of a sweep"]);
}

#[test]
fn a_paired_comparison_has_effects_intervals_and_pairs() {
    let desk = Desk::new();
    write_table(&desk, &[23, 41], 9, 6);
    let found = desk.json("pair sweep.parquet optimizer=adam,muon --figures drawn");
    assert_eq!((&found["key"], &found["a"], &found["b"]), (&"optimizer.name".into(), &"adam".into(), &"muon".into()));
    assert_eq!((&found["pairs"], &found["unpaired"], &found["tuned"]), (&108.into(), &0.into(), &Value::Null));
    // A third of the steps, each of twice the time; steps are rounded to whole ones, the least of which is 50.
    let (steps, seconds) = (&found["steps_ratio"], &found["seconds_ratio"]);
    assert!((number(&steps["estimate"]) * 3.0 - 1.0).abs() < 0.01 && number(&steps["high"]) < 0.34, "{steps}");
    assert!((number(&seconds["estimate"]) * 1.5 - 1.0).abs() < 0.01, "{seconds}");
    let did = &found["generalized"];
    assert_eq!((&did["a"], &did["only_a"], &did["only_b"], &did["p"]), (&did["b"], &0.into(), &0.into(), &1.0.into()));
    assert_eq!(number(&found["test_accuracy_difference"]["estimate"]), 0.0);
    assert!(found["verdict"].as_str().unwrap().contains("muon takes 0.66"), "{}", found["verdict"]);
    let page = std::fs::read_to_string(desk.path("pair-sweep-optimizer.html")).unwrap();
    assert!(page.contains("<svg") && !page.contains("<script") && desk.path("drawn/pairs.svg").is_file());
    // Another setting chosen for each arm, here the share of data itself: the most data is the quickest.
    let tuned = desk.json("pair sweep.parquet optimizer=adam,muon tuned=data.fraction task=cyclic:41");
    let chosen = tuned["tuned"]["chosen_a"].as_array().unwrap();
    // Whole steps make the two largest shares equally quick for some seeds.
    assert!(chosen.iter().all(|choice| number(&choice["value"]) >= 0.8), "{chosen:?}");
    assert_eq!(chosen.iter().map(|choice| number(&choice["times"])).sum::<f64>(), 2.0);
    assert_eq!((&tuned["tuned"]["pairs"], &tuned["tuned"]["groups"]), (&6.into(), &1.into()));
    let said = desk.dunwu("pair sweep.parquet optimizer=muon,adam tuned=data.fraction");
    assert!(said.code == 0 && in_one_line(&said.stdout).contains("adam chose data.fraction = 0."), "{}", said.stdout);
}

#[test]
fn a_paired_comparison_refuses_what_it_cannot_compare() {
    let desk = Desk::new();
    write_table(&desk, &[23, 41], 3, 2);
    desk.refuses("pair sweep.parquet", 2, &["KEY=A,B"]);
    desk.refuses("pair sweep.parquet optimizer", 2, &["KEY=VALUE"]);
    desk.refuses("pair sweep.parquet optimizer=adam", 2, &["write the two values"]);
    desk.refuses("pair sweep.parquet optimizer=adam,muon,sgd", 2, &["3 values", "two are compared"]);
    desk.refuses("pair sweep.parquet optimizer=adam,sgd", 2, &["sgd", "muon"]);
    desk.refuses("pair sweep.parquet optimiser=adam,muon", 2, &["no setting \"optimiser\"", "optimizer.name"]);
    desk.refuses("pair sweep.parquet outcome=grokked,censored", 2, &["cannot be compared"]);
    desk.refuses("pair sweep.parquet optimizer=adam,muon tuned=optimizer", 2, &["tune another"]);
    desk.refuses("pair sweep.parquet optimizer=adam,muon tuned=data.fraction tuned=task", 2, &["given twice"]);
    desk.refuses("pair sweep.parquet optimizer=adam,muon optimizer=adam", 2, &["muon"]);
    desk.refuses("pair sweep.parquet task=cyclic:23,cyclic:41 optimizer.momentum=0.8", 2, &["0.8", "0.95"]);
}

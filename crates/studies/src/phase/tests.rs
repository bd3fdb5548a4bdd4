use super::cell::median_with_never;
use super::*;
use crate::sweep::fixture::{Row, results};
use dunwu::stats::Share;
use dunwu_engine::spec::Value;

/// A grid of `cyclic:M` over fractions, in which a run generalizes from `boundary` · M ln M samples on, sooner the more there are.
fn grid(boundary: f64) -> Vec<Row> {
    let mut rows = Vec::new();
    for m in [23_i64, 41, 127] {
        for tenth in 1..=8_i64 {
            for seed in 0..4 {
                let n = (tenth * m * m) / 10;
                let excess = n as f64 / (boundary * m as f64 * (m as f64).ln());
                let row = if excess >= 1.0 {
                    Row::grokked(m, n, seed, (100.0 + 900.0 / excess.powi(4)) as i64 + seed)
                } else {
                    Row::censored(m, n, seed, if excess > 0.8 { 0.6 } else { 0.05 })
                };
                rows.push(row.with("data.fraction", Value::Float(tenth as f64 / 10.0)));
            }
        }
    }
    rows
}

fn diagram(rows: &[Row]) -> Diagram {
    Diagram::of(&results(rows), None, None).unwrap()
}

fn refusal(rows: &[Row], x: Option<&str>, y: Option<&str>) -> String {
    Diagram::of(&results(rows), x, y).unwrap_err().to_string()
}

#[test]
fn the_amount_of_data_is_x_and_tasks_are_in_the_order_of_their_size() {
    let diagram = diagram(&grid(2.7482));
    assert_eq!((diagram.x.name.as_str(), diagram.along), ("data.fraction", Some(Along::X)));
    let y = diagram.y.as_ref().unwrap();
    assert_eq!((0..3).map(|i| y.label(i)).collect::<Vec<_>>(), ["cyclic:23", "cyclic:41", "cyclic:127"]);
    assert_eq!((diagram.cells.len(), diagram.x.values.len()), (24, 8));
}

#[test]
fn what_goes_with_the_axes_is_no_axis_and_what_does_not_is_refused() {
    let width = |row: Row| {
        let m = row.0.iter().find(|(name, _)| *name == "task").map(|(_, task)| task.clone());
        let wide = m == Some("cyclic:127".into());
        row.with("model.width", Value::Int(if wide { 512 } else { 256 }))
    };
    let rows: Vec<Row> = grid(2.7).into_iter().map(width).collect();
    let drawn = diagram(&rows);
    assert_eq!(
        (drawn.y.unwrap().name.as_str(), drawn.beside.as_slice()),
        ("task", ["model.width".to_owned()].as_slice())
    );
    let decay =
        |value: f64| rows.iter().map(move |row| row.clone().with("optimizer.weight_decay", Value::Float(value)));
    let both: Vec<Row> = decay(1e-4).chain(decay(1e-3)).collect();
    let why = refusal(&both, None, None);
    assert!(
        why.contains("data.fraction") && why.contains("optimizer.weight_decay") && why.contains("x= and y="),
        "{why}"
    );
    let why = refusal(&both, Some("fraction"), Some("task"));
    assert!(why.contains("no setting \"fraction\""), "{why}");
    let why = refusal(&both, Some("data.fraction"), Some("task"));
    assert!(
        why.contains("different optimizer.weight_decay would be mixed") && why.contains("weight_decay=0.0001"),
        "{why}"
    );
    assert!(refusal(&rows, Some("task"), Some("task")).contains("both \"task\""));
    assert!(refusal(&rows, Some("outcome"), None).contains("became of runs"));
    let one = Row::grokked(23, 200, 0, 90);
    assert!(refusal(&[one.clone(), one.with("seed", Value::Int(1))], None, None).contains("nothing to draw"));
}

#[test]
fn a_cloud_of_a_random_search_is_not_taken_for_a_grid() {
    let row = |i: i64| {
        let row = Row::censored(23, 200, i % 2, 0.1);
        row.with("model.width", Value::Int(i % 11))
            .with("optimizer.learning_rate", Value::Float((i % 7) as f64))
            .with("optimizer.weight_decay", Value::Float((i % 5) as f64))
    };
    let rows: Vec<Row> = (0..40).map(row).collect();
    assert!(refusal(&rows, None, None).contains("more than two axes"));
}

#[test]
fn one_setting_that_varies_makes_one_row() {
    let rows: Vec<Row> = grid(2.7482).into_iter().filter(|row| row.0.contains(&("n_labels", Value::Int(41)))).collect();
    let drawn = diagram(&rows);
    assert!(drawn.y.is_none() && drawn.n_rows() == 1 && drawn.cells.len() == 8);
    let by_size = Diagram::of(&results(&rows), Some("n_train"), None).unwrap();
    assert_eq!((by_size.along, by_size.beside.as_slice()), (Some(Along::X), ["data.fraction".to_owned()].as_slice()));
    let (a, b) = (drawn.measured.on(0).unwrap().n.unwrap(), by_size.measured.on(0).unwrap().n.unwrap());
    assert!((a - b).abs() < 1e-9);
}

/// 0.249 M² for M = 41 and 0.105 M² for M = 127, the shares that the author's line gives.
#[test]
fn the_theory_is_drawn_where_its_line_is() {
    let drawn = diagram(&grid(2.7482));
    assert!(drawn.silent.is_empty() && drawn.theory.places.len() == 3);
    for (line, share) in [(0, 0.375), (1, 0.249), (2, 0.105)] {
        let place = drawn.theory.on(line).unwrap();
        // n of a cell is a whole number, half a sample of at least 529 off its share at most.
        assert!((place.value.unwrap() - share).abs() < 2e-3, "{place:?}");
        assert!((place.at - (share * 10.0 - 0.5)).abs() < 2e-2, "{place:?}");
    }
}

#[test]
fn the_measured_boundary_lies_between_the_last_cell_that_fails_and_the_next() {
    for boundary in [2.0, 2.7482, 3.4] {
        let drawn = diagram(&grid(boundary));
        for (line, m) in [23.0_f64, 41.0, 127.0].into_iter().enumerate() {
            let truth = boundary * m * m.ln();
            let place = drawn.measured.on(line).unwrap();
            let cells = || drawn.cells.iter().filter(|cell| cell.y == line).map(|cell| cell.n_train.unwrap());
            let below = cells().rfind(|&n| n < truth);
            let above = cells().find(|&n| n >= truth).unwrap();
            match below {
                // Shares go from 0 to 1 between the two, so that a half is at their geometric mean.
                Some(below) => {
                    let n = place.n.unwrap();
                    assert!((n - (below * above).sqrt()).abs() < 1e-9 && place.within == Within::Swept, "{place:?}");
                    let ends = [place.low.unwrap(), place.high.unwrap()];
                    assert!(ends[0] <= n && n <= ends[1]);
                    // The setting is a share of m² samples; what a cell has is the whole number below.
                    for (n, value) in ends.into_iter().zip(place.value_ends) {
                        assert!((value.unwrap() * m * m - n).abs() <= 1.0, "{place:?}");
                    }
                    assert!((drawn.ratio(line).unwrap() - n / (2.7482 * m * m.ln())).abs() < 1e-12);
                }
                None => assert_eq!((place.n, place.within, place.at), (None, Within::Below, 0.0)),
            }
        }
    }
    let never = diagram(&grid(1e9));
    assert!(never.measured.places.iter().all(|place| place.within == Within::Beyond && place.at == 8.0));
}

#[test]
fn the_amount_of_data_along_y_has_its_boundary_in_columns() {
    let drawn = Diagram::of(&results(&grid(2.7482)), Some("task"), Some("data.fraction")).unwrap();
    let other = diagram(&grid(2.7482));
    assert_eq!((drawn.along, &drawn.measured, &drawn.theory), (Some(Along::Y), &other.measured, &other.theory));
    let turned = |cell: &Cell| drawn.cell(cell.y, cell.x).unwrap().phase == cell.phase;
    assert!(other.cells.iter().all(turned));
}

#[test]
fn the_theory_is_silent_where_it_does_not_speak() {
    let edited = |column: &'static str, value: Value| {
        let rows: Vec<Row> = grid(2.7).into_iter().map(|row| row.with(column, value.clone())).collect();
        diagram(&rows)
    };
    for (column, value, because) in [
        ("task", Value::from("expression:x^2+y:23"), "no group multiplication"),
        ("data.corrupted", Value::Float(0.1), "clean labels"),
        ("optimizer.weight_decay", Value::Float(0.0), "without weight decay"),
        ("task", Value::from("table:gone.csv"), "file"),
    ] {
        let rows: Vec<Row> = grid(2.7)
            .into_iter()
            .filter(|row| row.0.contains(&("n_labels", Value::Int(23))))
            .map(|row| row.with(column, value.clone()))
            .collect();
        let drawn = diagram(&rows);
        assert!(drawn.theory.places.is_empty() && !drawn.measured.places.is_empty(), "{column}");
        assert!(drawn.silent.len() == 1 && drawn.silent[0].contains(because), "{:?}", drawn.silent);
    }
    assert!(edited("data.skew", Value::Float(0.0)).silent.is_empty());
    // S_5 has an irrep of degree 6: the line is three times that of a cyclic group of its order.
    let rows: Vec<Row> = (1..5)
        .map(|i| {
            Row::censored(120, 2880 * i, 0, 0.0)
                .with("task", "symmetric:5".into())
                .with("data.count", Value::Int(2880 * i))
        })
        .collect();
    let place = diagram(&rows).theory.on(0).unwrap().n.unwrap();
    assert!((place / (2.7482 * 3.0 * 120.0 * 120f64.ln()) - 1.0).abs() < 1e-12);
}

/// One run a cell, each with its own end.
#[test]
fn a_phase_is_told_by_the_outcome() {
    let censored = |test| Row::censored(5, 10, 0, test);
    let ended = |outcome: &str| censored(0.9).with("outcome", outcome.into());
    // Chance is 0.2, so that a quarter of the way to 1 is 0.4.
    let cases = [
        (Row::grokked(5, 10, 0, 100), Phase::Grokked),
        (Row::grokked(5, 10, 0, 300), Phase::Grokked),
        (Row::grokked(5, 10, 0, 301), Phase::SlowGrokked),
        (censored(0.41), Phase::SemiGrokked),
        (censored(0.39), Phase::Ungrokked),
        (censored(0.9).without("step_memorized"), Phase::NotMemorized),
        (censored(0.9).with("n_train", Value::Int(25)).without("test_accuracy"), Phase::Untested),
        (ended("collapsed"), Phase::Collapsed),
        (ended("diverged"), Phase::Diverged),
        (ended("failed"), Phase::Failed),
    ];
    let rows: Vec<Row> =
        cases.iter().enumerate().map(|(i, (row, _))| row.clone().with("model.width", Value::Int(i as i64))).collect();
    let drawn = diagram(&rows);
    for (cell, (_, phase)) in drawn.cells.iter().zip(&cases) {
        assert_eq!((cell.phase, cell.phase_share), (*phase, 1.0));
    }
    assert_eq!(drawn.counts().iter().map(|(_, count)| count).sum::<usize>(), cases.len());
    assert_eq!(drawn.cells[9].seeds, 0, "a run that failed says nothing of its seed");
    let unknown = Row::censored(5, 10, 0, 0.5).with("outcome", "exploded".into());
    assert!(refusal(&[unknown, rows[0].clone()], Some("model.width"), None).contains("\"exploded\""));
}

#[test]
fn slow_is_relative_to_the_line_along_the_data() {
    let rows = [(0.1, 10, 1000), (0.2, 20, 100), (0.9, 90, 100)];
    let rows = |factor: i64| {
        rows.map(|(fraction, n, step)| {
            Row::grokked(10, n, 0, factor * step).with("data.fraction", Value::Float(fraction))
        })
    };
    let decay = |value: f64| move |row: Row| row.with("optimizer.weight_decay", Value::Float(value));
    let both: Vec<Row> = rows(1).map(decay(1e-2)).into_iter().chain(rows(50).map(decay(1e-4))).collect();
    let of_both = |x, y| {
        let drawn = Diagram::of(&results(&both), Some(x), Some(y)).unwrap();
        drawn.cells.iter().map(|cell| cell.phase.letter()).collect::<String>()
    };
    // Each line has its own pace, whichever way it is drawn.
    assert_eq!(of_both("data.fraction", "optimizer.weight_decay"), "sGGsGG");
    assert_eq!(of_both("optimizer.weight_decay", "data.fraction"), "ssGGGG");
}

#[test]
fn a_tie_of_seeds_goes_to_the_less_grokked_and_few_seeds_are_said() {
    let rows: Vec<Row> = [
        Row::grokked(5, 10, 0, 100),
        Row::grokked(5, 10, 1, 140),
        Row::censored(5, 10, 2, 0.5),
        Row::censored(5, 10, 3, 0.7),
    ]
    .into_iter()
    .chain([Row::grokked(5, 12, 0, 100), Row::grokked(5, 12, 1, 200)])
    .map(|row| {
        let n = row.0.iter().find(|(name, _)| *name == "n_train").unwrap().1.clone();
        row.with("data.count", n).with("units_generalizing", Value::Int(3)).with("units_memorizing", Value::Int(1))
    })
    .map(|row| row.with("units_undecided", Value::Int(2)).with("units_dead", Value::Int(100)))
    .collect();
    let drawn = diagram(&rows);
    let [tied, few] = &drawn.cells[..] else { panic!("two cells") };
    assert_eq!((tied.phase, tied.phase_share, tied.few_seeds), (Phase::SemiGrokked, 0.5, false));
    assert_eq!((tied.generalized, tied.share), (2, Share::of(2, 4)));
    assert_eq!((tied.median_step_generalized, tied.range_step_generalized), (Some(140.0), Some((100.0, 140.0))));
    assert!((tied.test_accuracy.unwrap() - (1.0 + 1.0 + 0.5 + 0.7) / 4.0).abs() < 1e-12);
    assert_eq!(tied.generalizing_units, Some(0.5), "three of the six that are alive");
    assert_eq!((few.few_seeds, few.seeds, few.median_step_generalized), (true, 2, Some(150.0)));
}

/// By sorting with infinity in the place of never, for every number of runs up to nine.
#[test]
fn the_median_counts_those_that_never_did_as_last() {
    for n in 1..=9_usize {
        for known in 0..=n {
            let values: Vec<f64> = (0..known).map(|i| ((i * 7) % 10) as f64).collect();
            let mut all = values.clone();
            all.resize(n, f64::INFINITY);
            all.sort_by(f64::total_cmp);
            let (lower, upper) = (all[(n - 1) / 2], all[n / 2]);
            let expected = if upper.is_finite() { f64::midpoint(lower, upper) } else { lower };
            assert_eq!(
                median_with_never(values, n),
                Some(expected).filter(|median| median.is_finite()),
                "{known} of {n}"
            );
        }
    }
}

#[test]
fn a_run_that_falls_back_is_counted() {
    let rows = [0.99, 0.4].map(|test| {
        let row = Row::grokked(5, 10, 0, 100).with("events.generalized", Value::Float(0.95));
        row.with("test_accuracy", Value::Float(test)).with("model.width", Value::Int((test * 100.0) as i64))
    });
    assert_eq!(diagram(&rows).lost, 1);
}

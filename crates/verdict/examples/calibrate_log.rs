//! Calibrates and judges `dunwu verdict --log` on curves whose end is known.
//!
//! `calibrate_log LCDB.csv EPOCHS.csv RUNS OUT WIDTHS.json`; `bench/lcdb/README.md` says how the inputs are made. Whole data sets are left
//! out, a fifth at a time. Writes `log-curves.csv` and `log-regimes.csv` to OUT, and the widths that are shipped.

use dunwu::store::{Column, Table, read_table};
use dunwu_verdict::early::log::{
    Curve, CurveKind, LogQuestion, Miss, PowerLaw, Role, TakenFor, Widths, falling, role_of, scale, verdict_of_series,
};
use dunwu_verdict::series::{Series, read_series};
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

const FOLDS: usize = 5;
const SHARES: [f64; 3] = [0.3, 0.5, 0.7];
/// Fewest thinned points of a curve that is judged.
const POINTS: usize = 8;

/// One run, and which of its curves is predicted.
struct Case {
    source: &'static str,
    kind: CurveKind,
    group: String,
    main: Role,
    series: Vec<Series>,
}

/// What was said of a case when a part of it had been seen.
struct Seen {
    source: &'static str,
    kind: CurveKind,
    fold: usize,
    /// The share of the points that were seen, of those in `SHARES`; `None` for other cuts.
    share: Option<usize>,
    horizon: f64,
    taken_for: TakenFor,
    last: f64,
    predicted: f64,
    scale: f64,
    end: f64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [lcdb, epochs, runs, out, widths] = arguments.as_slice() else {
        return Err("usage: calibrate_log LCDB.csv EPOCHS.csv RUNS OUT WIDTHS.json".into());
    };
    let mut cases = of_lcdb(&read_table(Path::new(lcdb))?)?;
    cases.extend(of_epochs(&read_table(Path::new(epochs))?)?);
    let groups: BTreeSet<&str> = cases.iter().map(|case| case.group.as_str()).collect();
    let fold = |group: &str| groups.iter().position(|other| *other == group).unwrap_or(0) % FOLDS;
    let seen: Vec<Seen> = cases.iter().flat_map(|case| look(case, fold(&case.group))).collect();
    if seen.is_empty() {
        return Err("no curve has points enough".into());
    }
    fs::write(Path::new(out).join("log-curves.csv"), curves_table(&seen)?)?;
    let all = widths_without(&seen, None);
    fs::write(widths, serde_json::to_string_pretty(&all)? + "\n")?;
    fs::write(Path::new(out).join("log-regimes.csv"), regimes_table(&seen, Path::new(runs))?)?;
    Ok(())
}

fn of_lcdb(table: &Table) -> Result<Vec<Case>, Box<dyn Error>> {
    let names = ["openmlid", "learner"];
    let curves = grouped(table, names, "size_train", [("train_error", "train_error"), ("test_error", "test_error")])?;
    let case = |((group, _), series)| Case {
        source: "lcdb",
        kind: CurveKind::ErrorBySamples,
        group,
        main: Role::HeldOutError,
        series,
    };
    Ok(curves.into_iter().map(case).collect())
}

fn of_epochs(table: &Table) -> Result<Vec<Case>, Box<dyn Error>> {
    let columns = ["train_loss", "train_accuracy", "test_loss", "test_accuracy"].map(|name| (name, name));
    let mut cases = Vec::new();
    for ((group, _), series) in grouped(table, ["dataset", "learner"], "step", columns)? {
        let only = |names: &[&str]| series.iter().filter(|one| names.contains(&one.name.as_str())).cloned().collect();
        let all = ["train_loss", "train_accuracy", "test_loss", "test_accuracy"];
        for (source, kind, main, names) in [
            ("epochs: held-out loss", CurveKind::HeldOutLoss, Role::HeldOutLoss, &all[..]),
            (
                "epochs: held-out accuracy",
                CurveKind::Error,
                Role::HeldOutAccuracy,
                &["train_accuracy", "test_accuracy"],
            ),
            ("epochs: training loss", CurveKind::TrainingLoss, Role::TrainingLoss, &["train_loss"]),
        ] {
            cases.push(Case { source, kind, group: group.clone(), main, series: only(names) });
        }
    }
    Ok(cases)
}

type Curves = BTreeMap<(String, String), Vec<Series>>;

/// The curves of a table, by the words in two columns, with the columns that are series and what they are called.
fn grouped<const N: usize>(
    table: &Table,
    names: [&str; 2],
    step: &str,
    columns: [(&str, &str); N],
) -> Result<Curves, Box<dyn Error>> {
    let column = |name: &str| {
        let found = table.columns.iter().find(|column| column.0 == name);
        found.map(|column| &column.1).ok_or_else(|| format!("no column {name}"))
    };
    let number = |column: &Column, row: usize| match column {
        Column::Int64(values) => values[row] as f64,
        Column::Float64(values) => values[row],
        Column::OptInt64(values) => values[row].map_or(f64::NAN, |value| value as f64),
        Column::OptFloat64(values) => values[row].unwrap_or(f64::NAN),
        _ => f64::NAN,
    };
    let word = |column: &Column, row: usize| match column {
        Column::Utf8(values) => values[row].clone(),
        Column::OptUtf8(values) => values[row].clone().unwrap_or_default(),
        other => number(other, row).to_string(),
    };
    let (first, second, step) = (column(names[0])?, column(names[1])?, column(step)?);
    let values = columns.map(|(from, to)| (column(from), to));
    let mut curves = Curves::new();
    for row in 0..table.n_rows() {
        let empty = || {
            values.iter().map(|(_, name)| Series { name: (*name).to_owned(), steps: vec![], values: vec![] }).collect()
        };
        let series: &mut Vec<Series> = curves.entry((word(first, row), word(second, row))).or_insert_with(empty);
        for (one, (column, _)) in series.iter_mut().zip(&values) {
            one.steps.push(number(step, row) as u64);
            one.values.push(number(column.as_ref().map_err(Clone::clone)?, row));
        }
    }
    Ok(curves)
}

/// Every series up to a step.
fn until(series: &[Series], step: f64) -> Vec<Series> {
    let cut = |one: &Series| {
        let points = one.steps.iter().zip(&one.values).filter(|point| *point.0 as f64 <= step);
        let (steps, values) = points.map(|(step, value)| (*step, *value)).unzip();
        Series { name: one.name.clone(), steps, values }
    };
    series.iter().map(cut).collect()
}

/// What is said of a case at every cut.
fn look(case: &Case, fold: usize) -> Vec<Seen> {
    let names = |one: &&Series| role_of(&one.name) == Some(case.main);
    let Some(main) = case.series.iter().find(names) else { return Vec::new() };
    let whole = falling(main, case.main);
    let n = whole.points.len();
    if n < POINTS || whole.diverged.is_some() {
        return Vec::new();
    }
    let by_samples = case.kind == CurveKind::ErrorBySamples;
    let is_bounded = whole.points.iter().all(|point| point.1 >= 0.0);
    let (end_step, end) = (whole.last_step as f64, whole.points[n - 1].1);
    let cuts = SHARES.map(|share| ((share * n as f64).ceil() as usize).max(PowerLaw::POINTS));
    let at = |n_seen: usize| -> Option<Seen> {
        // Between two thinned points lies the edge of their bins.
        let step = (whole.points[n_seen - 1].0 * whole.points[n_seen].0).sqrt();
        let series = until(&case.series, step);
        let curve: Curve = falling(series.iter().find(names)?, case.main);
        let law = PowerLaw::fit(&curve.points, is_bounded)?;
        let predicted = law.at(end_step);
        let found = verdict_of_series(&series, LogQuestion { by_samples, ..LogQuestion::default() }, Widths::shipped());
        let taken_for = found.ok()?.taken_for;
        let share = cuts.iter().position(|cut| *cut == n_seen);
        let (horizon, scale) = (end_step / curve.last_step as f64, scale(&curve, &law, predicted));
        let (source, kind, last) = (case.source, case.kind, curve.last()?);
        Some(Seen { source, kind, fold, share, horizon, taken_for, last, predicted, scale, end })
    };
    (PowerLaw::POINTS..n).filter_map(at).collect()
}

/// Widths of what is taken for smooth in other folds.
fn widths_without(seen: &[Seen], fold: Option<usize>) -> Widths {
    let mut misses: BTreeMap<CurveKind, Vec<Miss>> = BTreeMap::new();
    for one in seen.iter().filter(|one| one.taken_for == TakenFor::Smooth && Some(one.fold) != fold) {
        let (fall, fell) = ((one.predicted - one.last) / one.scale, (one.end - one.last) / one.scale);
        misses.entry(one.kind).or_default().push(Miss { horizon: one.horizon, fall, fell });
    }
    Widths::calibrate(&misses)
}

fn sources(seen: &[Seen]) -> BTreeSet<&'static str> {
    seen.iter().map(|one| one.source).collect()
}

fn curves_table(seen: &[Seen]) -> Result<String, Box<dyn Error>> {
    let folds: Vec<Widths> = (0..FOLDS).map(|fold| widths_without(seen, Some(fold))).collect();
    let mut table =
        "source,seen,curves,last_value_error,power_law_error,smooth,smooth_last_value_error,smooth_power_law_error,\
                     smooth_said,smooth_said_error,coverage,coverage_worst_fold,coverage_best_fold,half_width_median\n"
            .to_owned();
    for source in sources(seen) {
        for (index, share) in SHARES.iter().enumerate() {
            let rows: Vec<&Seen> = seen.iter().filter(|one| one.source == source && one.share == Some(index)).collect();
            let smooth: Vec<&Seen> = rows.iter().copied().filter(|one| one.taken_for == TakenFor::Smooth).collect();
            let error =
                |rows: &[&Seen], read: fn(&Seen) -> f64| mean(rows.iter().map(|one| (read(one) - one.end).abs()));
            let said: Vec<Said> = smooth.iter().filter_map(|one| said(one, &folds[one.fold])).collect();
            let covered = |fold: Option<usize>| {
                let of_fold = said.iter().filter(|one| fold.is_none_or(|fold| one.fold == fold));
                mean(of_fold.map(|one| f64::from(u8::from(one.error <= one.half_width))))
            };
            let by_fold: Vec<f64> = (0..FOLDS).map(|fold| covered(Some(fold))).collect();
            let mut half_widths: Vec<f64> = said.iter().map(|one| one.half_width).collect();
            half_widths.sort_by(f64::total_cmp);
            writeln!(
                table,
                "{source},{share},{},{:.4},{:.4},{},{:.4},{:.4},{},{:.4},{:.3},{:.3},{:.3},{:.4}",
                rows.len(),
                error(&rows, |one| one.last),
                error(&rows, |one| one.predicted),
                smooth.len(),
                error(&smooth, |one| one.last),
                error(&smooth, |one| one.predicted),
                said.len(),
                mean(said.iter().map(|one| one.error)),
                covered(None),
                by_fold.iter().copied().fold(f64::INFINITY, f64::min),
                by_fold.iter().copied().fold(f64::NEG_INFINITY, f64::max),
                half_widths.get(half_widths.len() / 2).copied().unwrap_or(f64::NAN),
            )?;
        }
    }
    Ok(table)
}

/// What was said of a curve by widths that did not see its data set.
struct Said {
    fold: usize,
    error: f64,
    half_width: f64,
}

fn said(one: &Seen, widths: &Widths) -> Option<Said> {
    let row = widths.row(one.kind, one.horizon)?;
    let error = (one.last + row.share * (one.predicted - one.last) - one.end).abs();
    Some(Said { fold: one.fold, error, half_width: row.quantile * one.scale })
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, n) = values.fold((0.0, 0), |(sum, n), value| (sum + value, n + 1));
    sum / f64::from(n)
}

/// How often each kind of curve is taken for which regime.
fn regimes_table(seen: &[Seen], runs: &Path) -> Result<String, Box<dyn Error>> {
    let mut counts: BTreeMap<(String, String), [usize; 3]> = BTreeMap::new();
    let place =
        |taken: TakenFor| [TakenFor::Smooth, TakenFor::Jump, TakenFor::CannotTell].iter().position(|t| *t == taken);
    for one in seen.iter().filter(|one| one.share.is_some()) {
        let share = SHARES[one.share.unwrap_or(0)].to_string();
        let count = counts.entry((one.source.to_owned(), share)).or_default();
        count[place(one.taken_for).unwrap_or(2)] += 1;
    }
    let mut folders: Vec<_> = fs::read_dir(runs)?.collect::<Result<Vec<_>, _>>()?;
    folders.sort_by_key(fs::DirEntry::path);
    for folder in folders {
        let series = read_series(&folder.path().join("scalars.parquet"))?;
        let series: Vec<Series> = series.into_iter().filter(|one| one.values.iter().any(|v| v.is_finite())).collect();
        let Some((kind, at)) = kind_of_run(&series) else { continue };
        for (variant, but) in [("all series", ""), ("held-out alone", "train"), ("losses alone", "accuracy")] {
            let shown: Vec<Series> =
                series.iter().filter(|one| but.is_empty() || !one.name.contains(but)).cloned().collect();
            for share in SHARES {
                let past = until(&shown, share * at as f64);
                let found = verdict_of_series(&past, LogQuestion::default(), Widths::shipped());
                let Ok(found) = found else { continue };
                let key = (format!("our runs: {kind} ({variant})"), share.to_string());
                counts.entry(key).or_default()[place(found.taken_for).unwrap_or(2)] += 1;
            }
        }
    }
    let mut table = "source,seen,curves,smooth,jump,cannot_tell\n".to_owned();
    for ((source, share), [smooth, jump, cannot_tell]) in counts {
        let all = smooth + jump + cannot_tell;
        writeln!(table, "{source},{share},{all},{smooth},{jump},{cannot_tell}")?;
    }
    Ok(table)
}

/// What became of a run of ours, from its accuracies, and up to which step it is looked at: delayed generalization up to its beginning.
fn kind_of_run(series: &[Series]) -> Option<(&'static str, u64)> {
    let first = |name: &str, level: f64| {
        let one = series.iter().find(|one| one.name == name)?;
        one.steps.iter().zip(&one.values).find(|point| *point.1 >= level).map(|point| *point.0)
    };
    let end = series.iter().find(|one| one.name == "train_loss")?.steps.last().copied()?;
    match (first("train_accuracy", 0.95), first("test_accuracy", 0.95)) {
        (Some(memorized), Some(generalized)) if generalized >= 4 * memorized.max(10) => Some(("grokked", generalized)),
        (Some(_), None) => Some(("memorized for good", end)),
        (Some(_), Some(_)) => Some(("learned at once", end)),
        _ => Some(("never memorized", end)),
    }
}

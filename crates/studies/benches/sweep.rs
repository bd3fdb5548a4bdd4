//! What a sweep adds to the training itself: the same runs (cyclic:23, K = 256, 2,000 steps) by the bare engine on every core and as
//! a sweep, in alternation; then how long ten thousand rows take to become a table.
//!
//! `cargo bench -p dunwu-studies --bench sweep`; with `-- --test` one short round, to see that it works.

#![expect(clippy::print_stdout, reason = "a benchmark prints")]

use dunwu_engine::{RunSpec, Split, Training};
use dunwu_studies::sweep::{Folder, Keep, Options, Plan, Planned, Request, collect, work};
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

const ROUNDS: usize = 7;
const RUNS: usize = 48;
const STEPS: u64 = 2_000;
/// Rows of the table.
const ROWS: usize = 10_000;

fn main() {
    let is_test = std::env::args().any(|argument| argument == "--test");
    let (rounds, n_runs, steps, rows) = if is_test { (1, 4, 50, 100) } else { (ROUNDS, RUNS, STEPS, ROWS) };
    let runs = planned(n_runs, steps);
    let threads = Options::default().threads;
    let (mut ratios, mut pace) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let bare = seconds(|| bare(&runs, threads));
        let swept = seconds(|| swept(&runs, threads));
        ratios.push(bare / swept);
        pace.push(n_runs as f64 / swept * 3600.0);
    }
    let [low, median, high] = summary(&mut ratios);
    println!("{n_runs} runs of {steps} steps on {threads} cores, {rounds} rounds in alternation");
    println!("steps a second as a sweep over the bare engine's: {median:.3} ({low:.3} to {high:.3})");
    let [low, median, high] = summary(&mut pace);
    println!("runs an hour: {median:.0} ({low:.0} to {high:.0})");
    let (collected, size) = collected(rows);
    println!("{rows} rows with their curves become tables in {collected:.2} s, from {:.1} MB", size as f64 / 1e6);
}

fn seconds(what: impl FnOnce()) -> f64 {
    let began = Instant::now();
    what();
    began.elapsed().as_secs_f64()
}

fn summary(values: &mut [f64]) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    [values[0], values[values.len() / 2], values[values.len() - 1]]
}

fn planned(n_runs: usize, steps: u64) -> Vec<Planned> {
    let file = "preset = \"small\"\ndata.count = 211\noptimizer.learning_rate = 5e-3";
    let words = [format!("steps={steps}"), format!("seed=0..{}", n_runs - 1)];
    let base = RunSpec::default();
    let request = Request { file: Some(file), base: &base, words: &words, exclude: &[], keep: None };
    let plan = Plan::new(&request).expect("a plan");
    plan.expand(Path::new("")).expect("runs")
}

/// The engine alone, a run a core.
fn bare(runs: &[Planned], threads: usize) {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(run) = runs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let split = Split::draw(&run.problem, &run.spec.data, run.spec.seed, None).expect("a split");
                    let mut training = Training::new(&run.spec, &run.problem, &split, 1).expect("a training");
                    while training.advance().outcome.is_none() {}
                }
            });
        }
    });
}

fn swept(runs: &[Planned], threads: usize) {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = Folder::new(dir.path());
    let options = Options { threads, keep: Keep::Scalars, ..Options::default() };
    work(runs, &folder, &options, None, &AtomicBool::new(false), &mut |_| ()).expect("a sweep");
    let collected = collect(runs, &folder).expect("a table");
    assert_eq!((collected.done, collected.failed), (runs.len(), 0));
}

/// Seconds to put rows together, and bytes that they are put together from. The rows are one run's under many names.
fn collected(rows: usize) -> (f64, u64) {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = Folder::new(dir.path());
    let runs = planned(rows, STEPS);
    work(&runs[..1], &folder, &Options::default(), None, &AtomicBool::new(false), &mut |_| ()).expect("a run");
    let mut size = 0;
    for part in ["rows", "curves"] {
        let part = dir.path().join("sweeps").join(part);
        let path = fs::read_dir(&part).expect("files").next().expect("a file").expect("a file").path();
        let text = fs::read_to_string(&path).expect("text");
        let (header, line) = text.split_once('\n').expect("a header");
        let (object, _) = line.rsplit_once(",\"check\":").expect("a checksum");
        let renamed = |run: &Planned| format!("{object}}}").replacen(runs[0].id.as_str(), run.id.as_str(), 1);
        let lines: Vec<String> = runs.iter().map(|run| dunwu::store::seal_line(&renamed(run), "")).collect();
        fs::write(&path, format!("{header}\n{}\n", lines.join("\n"))).expect("rows");
        size += fs::metadata(&path).expect("a size").len();
    }
    let mut n = 0;
    let seconds = seconds(|| {
        let collected = collect(&runs, &folder).expect("a table");
        collected.table.write_parquet(&dir.path().join("table.parquet")).expect("a table");
        collected.curves.write_parquet(&dir.path().join("curves.parquet")).expect("a table");
        n = collected.done;
    });
    assert_eq!(n, rows);
    (seconds, size)
}

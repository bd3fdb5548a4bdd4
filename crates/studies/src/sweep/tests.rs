//! A sweep against runs made one by one, against itself interrupted, and against nonsense.

use super::claim::{Claims, Worker};
use super::rows::rows_of;
use super::work::order;
use super::*;
use dunwu::opened::Opening;
use dunwu::run::Past;
use dunwu::store::sealed_line::{open_line, seal_line};
use dunwu::store::{RunId, Table};
use dunwu::verb::Tally;
use dunwu_engine::{RunSpec, Split, Training};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tempfile::TempDir;

/// Runs of a few milliseconds: one grows, one memorizes, one has no sample to train on.
const FILE: &str = r#"
preset = "small"
steps = 120
model.width = 16

[sweep]
"task.order" = [5, 7]
"data.fraction" = "0.3..0.9/3"
seed = "0..2"
"#;

fn planned(file: &str, words: &[&str]) -> Vec<Planned> {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let base = RunSpec::default();
    let request = Request { file: Some(file), base: &base, words: &words, exclude: &[], keep: None };
    Plan::new(&request).unwrap().expand(Path::new("")).unwrap()
}

/// What a mistaken sweep is told.
fn refused(file: &str, words: &[&str], exclude: &[&str]) -> String {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let (words, exclude, base) = (owned(words), owned(exclude), RunSpec::default());
    let request = Request { file: Some(file), base: &base, words: &words, exclude: &exclude, keep: None };
    match Plan::new(&request) {
        Err(error) => error.to_string(),
        Ok(plan) => plan.expand(Path::new("")).unwrap_err().to_string(),
    }
}

fn made(runs: &[Planned], folder: &Folder, options: &Options) -> Tally {
    work(runs, folder, options, None, &AtomicBool::new(false), &mut |_| ()).unwrap()
}

fn folder() -> (TempDir, Folder) {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::new(dir.path());
    (dir, folder)
}

/// The table without what clocks say.
fn timeless(runs: &[Planned], folder: &Folder) -> Table {
    let mut table = collect(runs, folder).unwrap().table;
    table.columns.retain(|(name, _)| name != "seconds");
    table
}

fn column(results: &Results, name: &str) -> Vec<String> {
    (0..results.len()).map(|run| results.value(run, name).map_or("none".into(), |value| value.to_string())).collect()
}

#[test]
fn the_list_is_the_product_with_the_last_axis_fastest() {
    let runs = planned(FILE, &[]);
    assert_eq!(runs.len(), 18);
    assert_eq!(runs[0].words, "task.order=5 data.fraction=0.3 seed=0");
    assert_eq!(runs[1].words, "task.order=5 data.fraction=0.3 seed=1");
    assert_eq!(runs[3].words, "task.order=5 data.fraction=0.6 seed=0");
    assert_eq!(runs[17].words, "task.order=7 data.fraction=0.9 seed=2");
    let more = planned(FILE, &["seed=0..3"]);
    let known: BTreeSet<&RunId> = runs.iter().map(|run| &run.id).collect();
    assert_eq!(more.iter().filter(|run| !known.contains(&run.id)).count(), 6, "a value more adds only its runs");
}

#[test]
fn zips_formulas_and_left_out_cells_are_what_they_say() {
    let file = r#"
        preset = "small"
        [sweep]
        "let.c" = [1.0, 2.0]
        "data.fraction" = "= c * ln(M) / M"
        exclude = "M = 31 and c > 1.5"
        [[sweep.zip]]
        task.order = [23, 31]
        steps = [100, 200]
    "#;
    let runs = planned(file, &["model.width/seed=16/1,32/2"]);
    let told = |run: &Planned| {
        let spec = &run.spec;
        (spec.task.to_string(), spec.steps, spec.model.width, spec.seed, run.free[0].1)
    };
    let expected = [
        ("cyclic:23".to_owned(), 100, 16, 1, 1.0),
        ("cyclic:23".to_owned(), 100, 32, 2, 1.0),
        ("cyclic:31".to_owned(), 200, 16, 1, 1.0),
        ("cyclic:31".to_owned(), 200, 32, 2, 1.0),
        ("cyclic:23".to_owned(), 100, 16, 1, 2.0),
        ("cyclic:23".to_owned(), 100, 32, 2, 2.0),
    ];
    assert_eq!(runs.iter().map(told).collect::<Vec<_>>(), expected);
    let fraction = 2.0 * 23_f64.ln() / 23.0;
    assert_eq!(runs[4].spec.data.sampling, dunwu_engine::spec::Sampling::Fraction(fraction));
}

#[test]
fn mistakes_are_named_with_their_remedy() {
    for (words, exclude, wanted) in [
        (&["seed=0..9:0"][..], &[][..], "step 0"),
        (&["model.wdith=1,2"], &[], "model.width"),
        (&["seed=3,3"], &[], "seed = 3 and seed = 3"),
        (&["data.fraction=0.5,0.50"], &[], "two cells are the same run"),
        (&["let.c=1,2"], &[], "let.c = 1 and let.c = 2"),
        (&["seed=0..99999", "steps=1..10000"], &[], "1000000000 cells"),
        (&["seed=0..999999999"], &[], "1000000000 values"),
        (&["model.width=16,0"], &[], "in the cell model.width=0"),
        (&["steps=5", "steps=6"], &[], "given twice"),
        (&["data.count=5", "data.fraction=0.5"], &[], "say the same in two ways"),
        (&["data.fraction== 1 / x"], &[], "\"x\""),
        (&["data.fraction== M"], &[], "data.fraction"),
        (&["let.c=adam"], &[], "free quantity"),
        (&["let.n=1,2"], &[], "let.n"),
        (&["steps== model.width", "model.width== steps"], &[], "need each other"),
        (&["steps/seed=1/2,3"], &[], "1 values for 2 settings"),
        (&["seed=1"], &["seed"], "compares nothing"),
        (&["seed=1,2"], &["seed > 0"], "nothing to run"),
        (&["seed"], &[], "sets nothing"),
    ] {
        let told = refused("preset = \"small\"", words, exclude);
        assert!(told.contains(wanted), "{words:?}: {told}");
    }
    for (file, wanted) in [
        ("[sweep]\nkeep = \"scalar\"", "did you mean \"scalars\""),
        ("sweep = 3", "section"),
        ("[sweep.zip]\nseed = [1, 2]", "[[sweep.zip]]"),
        ("[[sweep.zip]]\nseed = [1, 2]\nsteps = [1]", "`steps` has 1 values and `seed` has 2"),
        ("[sweep]\nseed = []", "without values"),
        ("[sweep]\nseed = [[1]]", "cannot be a list"),
    ] {
        let told = refused(file, &[], &[]);
        assert!(told.contains(wanted), "{file}: {told}");
    }
}

/// The oracle: each run trained and opened alone.
#[test]
fn a_sweep_says_of_each_run_what_the_run_alone_says() {
    let (_dir, folder) = folder();
    let runs = planned(FILE, &[]);
    let tally = made(&runs, &folder, &Options { threads: 2, ..Options::default() });
    assert_eq!(tally, Tally { runs: 18, reused: 0, made: 18, failed: 0, elsewhere: 0 });
    let results = Results::of(collect(&runs, &folder).unwrap().table).unwrap();
    for (index, run) in runs.iter().enumerate() {
        let split = Split::draw(&run.problem, &run.spec.data, run.spec.seed, None).unwrap();
        let mut training = Training::new(&run.spec, &run.problem, &split, 1).unwrap();
        let mut opening = Opening::new(&run.spec, &run.problem, &split, None);
        let mut scalars = Vec::new();
        let outcome = loop {
            let advanced = training.advance();
            scalars.extend(advanced.scalars);
            if let Some(snapshot) = &advanced.snapshot {
                opening.add(snapshot).unwrap();
            }
            if let Some(outcome) = advanced.outcome {
                break outcome;
            }
        };
        let opened = opening.finish(scalars, outcome);
        let last = opened.scalars.last().unwrap();
        assert_eq!(results.count(index, "step_memorized"), opened.memorized(), "{}", run.words);
        assert_eq!(results.count(index, "step_generalized"), opened.generalized(), "{}", run.words);
        assert_eq!(results.number(index, "train_loss"), Some(last.train_loss));
        assert_eq!(results.number(index, "test_accuracy"), last.test_accuracy);
        for label in dunwu::opened::UnitLabel::ALL {
            let column = format!("units_{}", label.name());
            assert_eq!(results.count(index, &column), Some(opened.frames.last().unwrap().count(label) as u64));
        }
    }
}

#[test]
fn what_is_there_is_not_made_again_and_the_table_does_not_depend_on_how_it_came_about() {
    let runs = planned(FILE, &[]);
    let (_dir, at_once) = folder();
    made(&runs, &at_once, &Options { threads: 2, ..Options::default() });
    let (_dir, in_parts) = folder();
    let one = Options { threads: 1, ..Options::default() };
    assert_eq!(made(&runs[4..9], &in_parts, &one).made, 5);
    assert_eq!(made(&runs, &in_parts, &one), Tally { runs: 18, reused: 5, made: 13, failed: 0, elsewhere: 0 });
    assert_eq!(made(&runs, &in_parts, &one), Tally { runs: 18, reused: 18, made: 0, failed: 0, elsewhere: 0 });
    assert_eq!(timeless(&runs, &in_parts), timeless(&runs, &at_once));
    assert_eq!(fs::read_dir(in_parts.claims()).unwrap().count(), 0, "claims of finished runs are cleared");
}

#[test]
fn a_sweep_that_is_stopped_goes_on_from_its_checkpoints_with_the_same_bits() {
    for keep in Keep::ALL {
        let runs = planned(FILE, &["steps=6000", "task.order=7", "model.width=64", "seed=0"]);
        let options = Options { threads: 1, keep, ..Options::default() };
        let (_dir, whole) = folder();
        made(&runs, &whole, &options);
        let (_dir, stopped) = folder();
        let mut n_stops = 0;
        loop {
            let stop = AtomicBool::new(false);
            let made = std::thread::scope(|scope| {
                scope.spawn(|| {
                    std::thread::sleep(Duration::from_millis(30));
                    stop.store(true, Ordering::Relaxed);
                });
                work(&runs, &stopped, &options, None, &stop, &mut |_| ()).unwrap()
            });
            if made.reused + made.made == runs.len() {
                break;
            }
            n_stops += 1;
        }
        assert!(n_stops > 1, "it was stopped in between");
        assert_eq!(timeless(&runs, &stopped), timeless(&runs, &whole), "{keep:?}");
        let curves = |folder| collect(&runs, folder).unwrap().curves;
        assert_eq!(curves(&stopped), curves(&whole));
        assert_eq!(curves(&whole).n_rows() > 0, keep == Keep::Scalars);
    }
}

/// Parks runs of even seeds at their second look.
#[derive(Debug)]
struct EvenSeeds;

impl Judge for EvenSeeds {
    fn name(&self) -> String {
        "even-seeds".to_owned()
    }

    fn looks(&self, _: &RunSpec) -> Vec<u64> {
        vec![15, 40, 90]
    }

    fn parks(&self, past: &Past<'_>) -> Option<f64> {
        assert!(past.scalars().iter().all(|row| row.step <= past.step()), "a judge sees the past alone");
        assert!(past.scalars().last().unwrap().step + 10 > past.step(), "and all of it");
        (past.spec().seed.is_multiple_of(2) && past.step() >= 40).then_some(0.125)
    }

    fn worth(&self, past: &Past<'_>) -> Option<f64> {
        Some(past.spec().seed as f64)
    }
}

/// Whoever makes the runs, in whatever order and however often it is stopped: the same rows, and those of an unjudged sweep for every
/// run that is not parked.
#[test]
fn a_sweep_that_is_judged_parks_the_same_runs_however_it_is_made() {
    let words = ["seed=0..59", "task.order=7", "data.fraction=0.6", "steps=600"];
    let runs = planned(FILE, &words);
    let judged = |options: &Options| {
        let (dir, folder) = folder();
        let folder = folder.judged(EvenSeeds.name());
        let mut n_calls = 0;
        loop {
            let stop = AtomicBool::new(false);
            let done = std::thread::scope(|scope| {
                if options.threads == 1 {
                    scope.spawn(|| {
                        std::thread::sleep(Duration::from_millis(40));
                        stop.store(true, Ordering::Relaxed);
                    });
                }
                work(&runs, &folder, options, Some(&EvenSeeds), &stop, &mut |_| ()).unwrap()
            });
            n_calls += 1;
            if done.reused + done.made == runs.len() {
                return (dir, folder, n_calls);
            }
        }
    };
    let (_stopped, stopped, n_calls) = judged(&Options { threads: 1, ..Options::default() });
    assert!(n_calls > 1, "it was stopped in between");
    let (_dir, at_once, _) = judged(&Options { threads: 3, ..Options::default() });
    assert_eq!(timeless(&runs, &stopped), timeless(&runs, &at_once));
    let collected = collect(&runs, &at_once).unwrap();
    let (_plain, plain) = folder();
    made(&runs, &plain, &Options::default());
    let judged = Results::of(collected.table).unwrap();
    let unjudged = Results::of(collect(&runs, &plain).unwrap().table).unwrap();
    let (parked, audited, outcomes) =
        (column(&judged, "parked"), column(&judged, "audited"), column(&judged, "outcome"));
    let mut counts = [0, 0];
    for (run, planned) in runs.iter().enumerate() {
        let is_even = planned.spec.seed % 2 == 0;
        assert_eq!(parked[run], if is_even { "40" } else { "none" });
        let trained_on = !is_even || audited[run] == "true";
        counts[usize::from(trained_on)] += usize::from(is_even);
        if trained_on {
            assert_eq!(outcomes[run], column(&unjudged, "outcome")[run]);
            assert_eq!(column(&judged, "test_accuracy")[run], column(&unjudged, "test_accuracy")[run]);
        } else {
            assert_eq!(
                (outcomes[run].as_str(), judged.value(run, "step").unwrap().to_string().as_str()),
                ("\"parked\"", "40")
            );
        }
    }
    let told = collected.judged.unwrap();
    assert_eq!((told.parked, told.audited), (counts[0], counts[1]));
    assert!(counts[0] >= 20 && counts[1] >= 1, "of thirty runs one or two are audited: {counts:?}");
    assert_eq!(told.steps_saved, 560 * counts[0] as u64);
    assert_eq!(collect(&runs, &plain).unwrap().judged, None);
}

/// A judged sweep within a budget, made in one call or in many that are stopped.
fn within(runs: &Path, steps: u64, threads: usize) -> (SweepRequest, SweepEnd) {
    let words = ["small", "task=cyclic:7", "model.width=16", "data.fraction=0.6", "seed=0..19", "steps=600"];
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let request = SweepRequest::from_words(&words, &[], None, runs).unwrap();
    let request = request.judged(std::sync::Arc::new(EvenSeeds), "--judge=0.01".to_owned()).unwrap().within(steps);
    let options = Options { threads, ..Options::default() };
    loop {
        let stop = AtomicBool::new(false);
        let mut tell = |_: &dunwu::verb::Progress<'_>| ();
        let mut watcher = dunwu::verb::Watcher::new(&mut tell, &stop);
        let end = std::thread::scope(|scope| {
            if threads == 1 {
                scope.spawn(|| {
                    std::thread::sleep(Duration::from_millis(60));
                    stop.store(true, Ordering::Relaxed);
                });
            }
            request.sweep(&options, None, &mut watcher).unwrap()
        });
        if !end.is_stopped {
            return (request, end);
        }
    }
}

/// A budget is kept, whoever makes the runs: those worth most first, then parked ones, which come out as runs without a judge.
#[test]
fn a_budget_gives_the_same_table_however_it_is_made() {
    let everything = |threads| {
        let dir = tempfile::tempdir().unwrap();
        let (_, end) = within(dir.path(), 1_000_000, threads);
        (dir, end.collected)
    };
    let timeless = |mut table: Table| {
        table.columns.retain(|(name, _)| name != "seconds");
        table
    };
    let (dir, all) = everything(3);
    assert_eq!(timeless(everything(1).1.table), timeless(all.table.clone()));
    let told = all.judged.unwrap();
    assert_eq!((told.parked, told.unmade), (0, 0), "there is enough for all");
    assert!(told.resumed >= 8, "{told:?}");
    // They are what runs without a judge are.
    let plain_dir = tempfile::tempdir().unwrap();
    let request = within(dir.path(), 1_000_000, 3).0;
    let plain = Folder::new(plain_dir.path());
    made(&request.runs, &plain, &Options::default());
    let plain = collect(&request.runs, &plain).unwrap().table;
    let mut judged = timeless(all.table);
    judged.columns.retain(|(name, _)| plain.columns.iter().any(|(other, _)| other == name));
    assert_eq!(judged, timeless(plain));
    // Less and less of it; what was made for a larger budget does not show in a smaller one.
    for steps in [told.steps_made - 1, told.steps_made / 2, 3_000, 700, 599] {
        let fresh = tempfile::tempdir().unwrap();
        let (_, end) = within(fresh.path(), steps, 2);
        let counts = end.collected.judged.unwrap();
        assert!(counts.steps_made <= steps, "{counts:?}");
        assert_eq!(end.collected.done, request.runs.len(), "a row a run");
        assert!(counts.resumed == 0 || counts.unmade == 0);
        assert_eq!(timeless(within(dir.path(), steps, 3).1.collected.table), timeless(end.collected.table.clone()));
        let results = Results::of(end.collected.table).unwrap();
        let outcomes = column(&results, "outcome");
        assert_eq!(outcomes.iter().filter(|outcome| *outcome == "\"unmade\"").count(), counts.unmade);
        // The seed is what the judge thinks a run is worth: none is made before one that is worth more.
        let first_made = outcomes.iter().position(|outcome| outcome != "\"unmade\"").unwrap_or(outcomes.len());
        assert!(outcomes[first_made..].iter().all(|outcome| outcome != "\"unmade\""), "{outcomes:?}");
        assert_eq!(first_made == outcomes.len(), steps < 600);
    }
}

#[test]
fn a_run_that_was_made_alone_is_not_made_again() {
    let runs = planned(FILE, &["seed=0"]);
    let (_dir, alone) = folder();
    let options = Options { threads: 1, keep: Keep::Snapshots, ..Options::default() };
    made(&runs, &alone, &options);
    let expected = timeless(&runs, &alone);
    fs::remove_dir_all(alone.rows()).unwrap(); // what is left are run directories
    assert_eq!(
        made(&runs, &alone, &Options::default()),
        Tally { runs: 6, reused: 6, made: 0, failed: 0, elsewhere: 0 }
    );
    assert_eq!(timeless(&runs, &alone), expected);
}

#[test]
fn a_run_that_fails_is_a_row_that_says_why() {
    let (_dir, folder) = folder();
    let runs = planned(FILE, &["data.count=5,26,1000000", "seed=0"]);
    let options = Options { threads: 2, ..Options::default() };
    assert_eq!(made(&runs, &folder, &options), Tally { runs: 6, reused: 0, made: 6, failed: 3, elsewhere: 0 });
    let collected = collect(&runs, &folder).unwrap();
    let results = Results::of(collected.table).unwrap();
    assert_eq!((collected.done, collected.failed), (6, 3));
    let outcomes = column(&results, "outcome");
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "\"failed\"").count(), 3, "{outcomes:?}");
    let error = results.text(2, "error").unwrap();
    assert!(error.contains("1000000") && error.contains("25"), "{error}");
    assert_eq!(made(&runs, &folder, &options).made, 0, "a failed run is there");
    assert_eq!(made(&runs, &folder, &Options { retry_failed: true, ..options }).made, 3);
    assert_eq!(collect(&runs, &folder).unwrap().failed, 3);
}

#[test]
fn many_workers_make_each_run_once() {
    let runs = planned(FILE, &["seed=0..7"]);
    let (_dir, folder) = folder();
    let mut tallies = Vec::new();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (1..=4)
            .map(|k| {
                let (runs, folder) = (&runs, &folder);
                let options = Options { threads: 1, shard: (k, 4), wait: k % 2 == 0, ..Options::default() };
                scope.spawn(move || made(runs, folder, &options))
            })
            .collect();
        tallies.extend(workers.into_iter().map(|worker| worker.join().unwrap()));
    });
    assert_eq!(tallies.iter().map(|tally| tally.made).sum::<usize>(), runs.len(), "{tallies:?}");
    let lines: usize = fs::read_dir(folder.rows())
        .unwrap()
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap().lines().count() - 1)
        .sum();
    assert_eq!(lines, runs.len());
}

#[test]
fn a_claim_is_one_workers_until_it_dies() {
    let (_dir, folder) = folder();
    let run = RunId::of("a run");
    let alive = Worker::enrol(&folder).unwrap();
    let other = Worker::enrol(&folder).unwrap();
    let lease = Duration::from_mins(1);
    let mut mine = Claims::new(&folder, &alive, lease);
    let mut theirs = Claims::new(&folder, &other, lease);
    let claim = mine.take(&run).unwrap().unwrap();
    assert!(theirs.take(&run).unwrap().is_none(), "its owner lives");
    claim.give_back();
    let claim = theirs.take(&run).unwrap().unwrap();
    assert!(mine.take(&run).unwrap().is_none());
    drop(other); // without giving back: the lock ends with its process, as after `kill -9`
    drop(claim);
    assert!(mine.take(&run).unwrap().is_some(), "a dead worker's claims come back");
}

/// A worker of another machine leaves only its heartbeat.
#[test]
fn a_worker_of_another_machine_is_dead_when_its_heart_stands_still() {
    let (_dir, folder) = folder();
    let me = Worker::enrol(&folder).unwrap();
    let run = RunId::of("a run");
    fs::write(folder.claims().join(format!("{run}.0")), "far-away").unwrap();
    fs::write(folder.workers().join("far-away"), "far away and long ago\n1\n").unwrap();
    let lease = Duration::from_millis(200);
    let mut claims = Claims::new(&folder, &me, lease);
    assert!(claims.take(&run).unwrap().is_none(), "nothing is known of it yet");
    std::thread::sleep(lease * 2);
    fs::write(folder.workers().join("far-away"), "far away and long ago\n2\n").unwrap();
    assert!(claims.take(&run).unwrap().is_none(), "it beats");
    std::thread::sleep(lease * 2);
    assert!(claims.take(&run).unwrap().is_some(), "it stands still");
    assert!(folder.claims().join(format!("{run}.1")).exists(), "nobody's claim is taken away");
}

/// Found by `cargo xtask torture --only sweep`: files of killed workers stayed for ever.
#[test]
fn the_next_worker_removes_what_killed_ones_left() {
    let (_dir, folder) = folder();
    let alive = Worker::enrol(&folder).unwrap();
    let last = Worker::enrol(&folder).unwrap();
    let names = || {
        let entries = fs::read_dir(folder.workers()).unwrap().map(|entry| entry.unwrap().file_name());
        entries.map(|name| name.to_string_lossy().into_owned()).collect::<std::collections::BTreeSet<_>>()
    };
    let identity = fs::read_to_string(folder.workers().join(alive.name())).unwrap();
    let host = dunwu::store::slug(&dunwu::store::lock::host_name());
    fs::write(folder.workers().join("killed"), identity).unwrap();
    fs::write(folder.workers().join(format!("{host}-4294967294-0")), "").unwrap();
    let stay = ["elsewhere-1-0".to_owned(), "far".to_owned(), alive.name().to_owned()];
    fs::write(folder.workers().join(&stay[0]), "").unwrap();
    fs::write(folder.workers().join(&stay[1]), "another machine\n7\n").unwrap();
    assert_eq!(names().len(), 6);
    drop(last);
    assert_eq!(names(), stay.into());
}

/// Found by `cargo xtask torture --only sweep`: a worker that was killed while it wrote a checkpoint, or between a run's row and the
/// removal of its checkpoint, left the file for ever.
#[test]
fn checkpoints_of_finished_runs_are_cleared() {
    let (_dir, folder) = folder();
    folder.make().unwrap();
    let (done, open) = (RunId::of("done"), RunId::of("open"));
    let left = [
        format!("{done}-plain-0.1.0.safetensors"),
        format!(".{done}-plain-0.1.0.safetensors.17-5.tmp"),
        format!("{open}-plain-0.1.0.safetensors"),
        format!(".{open}-plain-0.1.0.safetensors.17-5.tmp"),
    ];
    left.iter().for_each(|name| fs::write(folder.checkpoints().join(name), "").unwrap());
    super::claim::clear(&folder, [&done].into_iter());
    assert_eq!(left.map(|name| folder.checkpoints().join(name).exists()), [false, false, true, true]);
}

/// What was found by a second reading: the first claim that came back made the worker forget the others.
#[test]
fn all_runs_of_a_dead_worker_come_back_even_to_one_that_does_not_wait() {
    let (_dir, folder) = folder();
    let runs = planned(FILE, &["seed=0"]);
    folder.make().unwrap();
    for run in &runs {
        fs::write(folder.claims().join(format!("{}.0", run.id)), "far-away").unwrap();
    }
    fs::write(folder.workers().join("far-away"), "far away and long ago\n1\n").unwrap();
    let options = Options { threads: 2, wait: false, lease: Duration::from_millis(300), ..Options::default() };
    assert_eq!(made(&runs, &folder, &options).made, 6);
}

#[test]
fn two_that_try_failed_runs_again_do_not_wait_for_each_other() {
    let (_dir, folder) = folder();
    let runs = planned(FILE, &["data.count=1000000..1000040"]);
    made(&runs, &folder, &Options::default());
    let again = Options { threads: 1, retry_failed: true, ..Options::default() };
    let made: usize = std::thread::scope(|scope| {
        let workers = [0, 1].map(|_| scope.spawn(|| made(&runs, &folder, &again).made));
        workers.map(|worker| worker.join().unwrap()).iter().sum()
    });
    assert!(made >= runs.len(), "{made}");
    assert_eq!(collect(&runs, &folder).unwrap().failed, runs.len());
}

#[test]
fn a_directory_that_another_kernel_began_is_one_failed_row() {
    let (dir, folder) = folder();
    let runs = planned(FILE, &["seed=0", "steps=2000"]);
    let options = Options { threads: 1, keep: Keep::Snapshots, ..Options::default() };
    let stop = AtomicBool::new(true);
    work(&runs[..1], &folder, &options, None, &stop, &mut |_| ()).unwrap();
    made(&runs[..1], &folder, &options);
    let run = dunwu::store::RunDir::list(dir.path()).unwrap().remove(0);
    let record = run.path().join("record.jsonl");
    let text = fs::read_to_string(&record).unwrap();
    fs::write(&record, resealed(text.lines().next().unwrap(), "\"kernel\":\"", "\"kernel\":\"other ") + "\n").unwrap();
    fs::remove_dir_all(folder.rows()).unwrap();
    assert_eq!(made(&runs, &folder, &options).failed, 1);
    assert_eq!(collect(&runs, &folder).unwrap().done, runs.len());
}

#[test]
fn the_command_line_replaces_one_column_of_what_goes_together() {
    let file = "preset = \"small\"\n[[sweep.zip]]\nmodel.width = [8, 16]\nsteps = [5, 6]";
    let told = |run: &Planned| (run.spec.model.width, run.spec.steps);
    let runs = planned(file, &["steps=7"]);
    assert_eq!(runs.iter().map(told).collect::<Vec<_>>(), [(8, 7), (16, 7)]);
}

#[test]
fn formulas_may_be_written_in_any_order() {
    let words = ["steps== 10*model.width", "model.width== d", "let.d== 2*M", "task.order=5,7"];
    let told = |run: &Planned| (run.spec.model.width, run.spec.steps, run.free[0].1);
    let runs = planned("preset = \"small\"", &words);
    assert_eq!(runs.iter().map(told).collect::<Vec<_>>(), [(10, 100, 10.0), (14, 140, 14.0)]);
}

#[test]
fn a_cell_that_is_left_out_may_hold_anything() {
    let request = |exclude: &[String]| {
        let base = RunSpec::default();
        let words = ["task.order=5,23".to_owned(), "data.fraction== 3.5*ln(M)/M".to_owned()];
        let file = Some("preset = \"small\"");
        let plan = Plan::new(&Request { file, base: &base, words: &words, exclude, keep: None });
        plan.unwrap().expand(Path::new("")).map(|runs| runs.len())
    };
    assert!(request(&[]).is_err(), "more than all samples of order 5");
    assert_eq!(request(&["M < 7".to_owned()]).unwrap(), 1);
}

#[test]
fn a_torn_row_is_made_again_and_a_damaged_one_is_set_aside() {
    let (_dir, folder) = folder();
    let runs = planned(FILE, &["seed=0"]);
    let options = Options { threads: 1, ..Options::default() };
    made(&runs, &folder, &options);
    let path = fs::read_dir(folder.rows()).unwrap().next().unwrap().unwrap().path();
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, &text[..text.len() - 7]).unwrap();
    assert_eq!(made(&runs, &folder, &options).made, 1);
    // The second edit still parses, and says that the run took another number of steps.
    for (from, to) in [("\"run\":", "\"rnu\":"), ("\"step\":", "\"step\":1")] {
        let edited = text.replacen(from, to, 1);
        fs::write(&path, &edited).unwrap();
        assert_eq!(collect(&runs, &folder).unwrap().done, runs.len() - 1);
        let damaged = &super::rows::set_aside(&folder).unwrap()[0];
        let told = damaged.to_string();
        assert!(told.contains("line 2 of") && told.contains("edited") && told.contains("made again"), "{told}");
        assert!(fs::read_to_string(damaged.copy.as_ref().unwrap()).unwrap().contains(edited.lines().nth(1).unwrap()));
    }
    let newer = format!("up to {ROWS_FORMAT}; use that version");
    let older = format!("this build reads {ROWS_FORMAT}, which says what runs lost again");
    for (format, wanted) in [(7, &newer), (2, &older)] {
        let ours = format!("\"format\":{ROWS_FORMAT}");
        fs::write(&path, text.replacen(&ours, &format!("\"format\":{format}"), 1)).unwrap();
        let told = collect(&runs, &folder).unwrap_err().to_string();
        assert!(
            told.contains(&format!("format {format}, written by dunwu 0.")) && told.contains(wanted.as_str()),
            "{told}"
        );
    }
}

/// Whatever befalls a file of rows, and whatever is taken out of it by hand: each whole row counts, and only the others are made again.
#[test]
fn every_whole_row_of_a_damaged_file_is_kept() {
    let (_dir, folder) = folder();
    let runs = planned(FILE, &["seed=0"]);
    let options = Options { threads: 1, ..Options::default() };
    made(&runs, &folder, &options);
    let path = fs::read_dir(folder.rows()).unwrap().next().unwrap().unwrap().path();
    let text = fs::read(&path).unwrap();
    let table = collect(&runs, &folder).unwrap().table.to_csv().unwrap();
    let ends: Vec<usize> = (0..text.len()).filter(|&index| text[index] == b'\n').collect();
    assert!(ends.len() == runs.len() + 1 && runs.len() >= 3, "a header and a row a run");
    let zeroed = |from: usize, to: usize| [&text[..from], &vec![0; to - from], &text[to..]].concat();
    let without = |line: usize| {
        let from = if line == 0 { 0 } else { ends[line - 1] + 1 };
        [&text[..from], &text[ends[line] + 1..]].concat()
    };
    for (what, bytes, n_lost) in [
        ("zeros for the first line", zeroed(0, ends[0]), 0),
        ("zeros for the first line and its end", zeroed(0, ends[0] + 1), 0),
        ("no first line", without(0), 0),
        ("zeros for a row", zeroed(ends[0] + 1, ends[1]), 1),
        ("zeros for a row and its end", zeroed(ends[0] + 1, ends[1] + 1), 1),
        ("no row", without(1), 1),
        ("zeros from the middle of a row to the middle of the next", zeroed(ends[0] + 9, ends[1] + 9), 2),
        ("no line feed between two rows", zeroed(ends[1], ends[1] + 1), 0),
        ("a line of somebody else's", [&text[..=ends[1]], b"what is this\n", &text[ends[1] + 1..]].concat(), 0),
    ] {
        fs::write(&path, bytes).unwrap();
        assert_eq!(made(&runs, &folder, &options).made, n_lost, "{what}");
        let again = collect(&runs, &folder).unwrap().table;
        assert_eq!(again.n_rows(), runs.len(), "{what}");
        let kept = again.to_csv().unwrap();
        let same = kept.lines().zip(table.lines()).filter(|(a, b)| a == b).count();
        assert!(same >= runs.len() + 1 - n_lost, "{what}"); // a run that is made again takes another time
        for other in
            fs::read_dir(folder.rows()).unwrap().map(|entry| entry.unwrap().path()).filter(|other| *other != path)
        {
            fs::remove_file(other).unwrap();
        }
    }
}

/// A line with a text replaced and its checksum made anew.
fn resealed(line: &str, from: &str, to: &str) -> String {
    let (object, _) = open_line(line.as_bytes(), "").unwrap();
    seal_line(&String::from_utf8(object).unwrap().replacen(from, to, 1), "")
}

#[test]
fn a_directory_with_an_edited_spec_is_not_taken_for_the_run() {
    let (dir, folder) = folder();
    let runs = planned(FILE, &["seed=0"]);
    let options = Options { threads: 1, keep: Keep::Snapshots, ..Options::default() };
    made(&runs[..1], &folder, &options);
    let run = dunwu::store::RunDir::list(dir.path()).unwrap().remove(0);
    let spec = run.path().join("spec.toml");
    let text = fs::read_to_string(&spec).unwrap();
    fs::write(&spec, text.replacen("seed = 0", "seed = 1", 1)).unwrap();
    fs::remove_dir_all(folder.rows()).unwrap();
    made(&runs[..1], &folder, &options);
    let wanted = runs.iter().map(|run| &run.id).collect();
    let rows = rows_of(&folder, &wanted).unwrap().0;
    let error = rows[&runs[0].id].error.clone().unwrap_or_default();
    assert!(error.contains("seed is 1 and was 0"), "{error}");
    fs::write(&spec, text).unwrap();
    fs::remove_dir_all(folder.rows()).unwrap();
    assert_eq!(made(&runs[..1], &folder, &options).reused, 1);
}

#[test]
fn rows_that_disagree_are_counted_and_the_first_stands() {
    let (_dir, folder) = folder();
    let runs = planned(FILE, &["seed=0", "task.order=5", "data.fraction=0.6"]);
    made(&runs, &folder, &Options { threads: 1, ..Options::default() });
    let path = fs::read_dir(folder.rows()).unwrap().next().unwrap().unwrap().path();
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<String> = text.lines().map(|line| resealed(line, "\"step\":", "\"step\":1")).collect();
    fs::write(folder.rows().join("zzz.jsonl"), lines.join("\n") + "\n").unwrap();
    let wanted = runs.iter().map(|run| &run.id).collect();
    let (rows, disagreeing) = rows_of(&folder, &wanted).unwrap();
    assert_eq!((rows.len(), disagreeing), (1, 1));
    assert_eq!(rows.values().next().unwrap().step, Some(120));
}

#[test]
fn a_row_that_cannot_be_written_ends_the_sweep_and_loses_nothing() {
    let (dir, folder) = folder();
    let runs = planned(FILE, &["seed=0"]);
    let options = Options { threads: 1, ..Options::default() };
    made(&runs[..3], &folder, &options);
    // Where the curves should go stands a file. (A full disk: the tests of the command.)
    fs::remove_dir_all(folder.curves()).unwrap();
    fs::write(folder.curves(), "").unwrap();
    let error = work(&runs, &folder, &options, None, &AtomicBool::new(false), &mut |_| ()).unwrap_err().to_string();
    assert!(error.contains("a file stands where a directory is needed"), "{error}");
    fs::remove_file(folder.curves()).unwrap();
    assert_eq!(made(&runs, &folder, &options), Tally { runs: 6, reused: 3, made: 3, failed: 0, elsewhere: 0 });
    drop(dir);
}

#[test]
fn shards_begin_with_runs_of_their_own_the_longest_first() {
    let runs = planned(FILE, &["steps=100,200,300"]);
    let all: BTreeSet<usize> = (0..runs.len()).collect();
    let of = |k| {
        let mut order = order(&runs, &all, &Options { shard: (k, 3), ..Options::default() });
        order.reverse(); // the next one is last
        order
    };
    let orders = [1, 2, 3].map(of);
    let firsts: Vec<usize> = orders.iter().flat_map(|order| order[..runs.len() / 3].to_vec()).collect();
    assert_eq!(firsts.iter().copied().collect::<BTreeSet<_>>(), all, "each run is the business of one shard");
    for order in &orders {
        assert_eq!(order.iter().copied().collect::<BTreeSet<_>>(), all, "afterwards it helps");
        assert!(order[..runs.len() / 3].is_sorted_by(|&a, &b| runs[a].work >= runs[b].work));
    }
    let whole = |order: &[usize]| order.iter().map(|&index| runs[index].work).sum::<f64>();
    let works = orders.each_ref().map(|order| whole(&order[..runs.len() / 3]));
    assert!(works.iter().all(|work| (work / works[0] - 1.0).abs() < 0.1), "shards are of one size: {works:?}");
}

#[test]
fn what_is_left_takes_what_finished_runs_took_and_no_less_than_its_longest_run() {
    let (_dir, folder) = folder();
    let runs = planned(FILE, &["task.order=7", "data.fraction=0.6", "steps=100,200,400"]);
    made(&runs[..3], &folder, &Options { threads: 1, ..Options::default() });
    let mut estimator = Estimator::default();
    assert_eq!(estimator.of_all(runs.iter(), 2), None, "nothing is known yet");
    let left = estimator.learn(&runs, &folder, false).unwrap();
    assert_eq!(left.len(), runs.len() - 3);
    let seconds: f64 = {
        let wanted = runs.iter().map(|run| &run.id).collect();
        rows_of(&folder, &wanted).unwrap().0.values().map(Row::seconds).sum()
    };
    let likely = |runs: &[Planned], cores| estimator.of_all(runs.iter(), cores).unwrap().likely;
    assert!((likely(&runs[..3], 1) / seconds - 1.0).abs() < 1e-9, "what took that long takes that long");
    let longest = runs.iter().map(|run| estimator.of(run).unwrap().likely).fold(0.0, f64::max);
    assert_eq!(likely(&runs, 1000), longest);
    assert!(likely(&runs, 2) >= longest && likely(&runs, 2) < likely(&runs, 1));
}

#[test]
fn every_column_of_results_is_in_the_table() {
    let (_dir, folder) = folder();
    let folder = folder.judged("somebody".to_owned()); // whose columns are results, too
    let runs = planned(FILE, &["seed=0", "let.c=1"]);
    made(&runs, &folder, &Options::default());
    let table = collect(&runs, &folder).unwrap().table;
    let names: Vec<&str> = table.columns.iter().map(|(name, _)| name.as_str()).collect();
    for column in result_columns() {
        assert!(names.contains(&column), "{column}");
    }
    let results = Results::of(table).unwrap();
    assert_eq!(results.ignored().count(), 0);
    assert_eq!(results.varied(), ["task", "data.fraction"]);
    assert_eq!(column(&results, "let.c")[0], "1.0");
}

/// The oracle is the training itself: what a race looks up among the runs of a sweep is what it would have trained.
#[test]
fn a_short_run_that_a_sweep_made_is_looked_up_and_says_what_its_training_would() {
    use dunwu::landscape::trial::{self, MadeRuns};
    let words = ["small", "task=cyclic:7", "model.width=32", "steps=300"].map(str::to_owned);
    let request = dunwu::run::RunRequest::from_words(&words).unwrap();
    let short = trial::short(&request.spec, &request.problem);
    for keep in Keep::ALL {
        let words = ["data.count=12,42", "seed=0..2", "record.evaluate_every=3", "record.snapshot_at_events=false"];
        let words = words.map(str::to_owned);
        let sweep = Request { file: None, base: &short, words: &words, exclude: &[], keep: Some(keep) };
        let plan = Plan::new(&sweep).unwrap();
        let runs = plan.expand(Path::new("")).unwrap();
        let (_dir, folder) = folder();
        let none = MadeRuns::default();
        made(&runs, &folder, &Options { keep, ..Options::default() });
        let made = made_runs(folder.runs()).unwrap();
        let mut n_found = [0, 0];
        for run in &runs {
            let trained = trial::run(&run.problem, &run.spec, run.spec.seed, &none).unwrap();
            assert_eq!(none.best(&run.spec), None);
            if let Some(best) = made.best(&run.spec) {
                assert_eq!(best, trained.test_accuracy, "{keep:?} {}", run.words);
                n_found[usize::from(trained.generalized)] += 1;
            }
            assert_eq!(trial::run(&run.problem, &run.spec, run.spec.seed, &made).unwrap(), trained);
        }
        // A row alone does not tell how far a run came that did not generalize.
        let wanted = if keep == Keep::Outcome { n_found[1] } else { runs.len() };
        assert_eq!(n_found[0] + n_found[1], wanted, "{keep:?}");
    }
}

/// The same runs however another program saved them, and what it put beside them is told.
#[test]
fn a_table_that_other_programs_saved_again_has_the_same_runs() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/field/results");
    let read = |name: &str| {
        let mut notes = Vec::new();
        let stop = AtomicBool::new(false);
        let mut tell = |progress: &dunwu::verb::Progress<'_>| {
            if let dunwu::verb::Progress::Note(note) = progress {
                notes.push((*note).to_owned());
            }
        };
        let mut watcher = dunwu::verb::Watcher::new(&mut tell, &stop);
        let results = Results::read(&folder.join(name), &mut watcher).unwrap_or_else(|error| panic!("{name}: {error}"));
        (results, notes.join(" "))
    };
    let (own, notes) = read("sweep.parquet");
    assert_eq!((own.len(), notes.as_str(), own.varied()), (8, "", vec!["task", "data.fraction"]));
    let facts = |results: &Results| {
        let fact = |run: usize| {
            let shown = |column: &str| results.value(run, column).map(|value| value.to_string());
            let number = |column: &str| results.number(run, column).map(f64::to_bits);
            let count = |column: &str| results.count(run, column);
            (
                [shown("run"), shown("task"), shown("outcome"), results.text(run, "error")],
                [number("data.fraction"), number("test_accuracy"), number("optimizer.weight_decay")],
                [count("seed"), count("n_train"), count("step"), count("step_generalized"), count("units_dead")],
            )
        };
        let mut facts: Vec<_> = (0..results.len()).map(fact).collect();
        facts.sort();
        facts
    };
    let mut names: Vec<String> =
        fs::read_dir(&folder).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert!(names.len() >= 30);
    for name in names {
        let (results, notes) = read(&name);
        assert_eq!(results.varied(), own.varied(), "{name}");
        assert_eq!(facts(&results), facts(&own), "{name}");
        let ignored: &[&str] = match name.as_str() {
            "polars-row-index.parquet" => &["\"index\""],
            "pandas-own-columns.parquet" => &["\"ratio\", \"note\""],
            "pandas.csv" => &["\"\""],
            _ => &[],
        };
        assert!(ignored.iter().all(|part| notes.contains(part)), "{name}: {notes}");
    }
    let (_, notes) = read("pandas-zstd.parquet");
    assert_eq!(notes, "the column \"__index_level_0__\" of the table is no setting and is ignored");
}

//! Answers of small sweeps that are really made, against their schemas.

use super::{collect, forecast, launch, sweep, work};
use crate::skin;
use dunwu::answer::Answer;
use dunwu::verb::{Progress, Watcher};
use dunwu_studies::launch::LaunchRequest;
use dunwu_studies::sweep::{Options, SweepRequest};
use std::num::NonZero;
use std::sync::atomic::AtomicBool;

fn request(runs: &std::path::Path) -> SweepRequest {
    let words = ["small", "task=cyclic:5", "model.width=8", "steps=12", "seed=0..2"].map(str::to_owned);
    SweepRequest::from_words(&words, &[], None, runs).unwrap()
}

fn assert_valid(answer: &Answer) {
    assert_eq!(crate::verbs::mistakes(answer.verb, &skin::json(answer)), [""; 0], "{}", answer.headline);
}

#[test]
fn a_sweep_foretells_makes_collects_and_launches_what_remains() {
    let folder = tempfile::tempdir().unwrap();
    let request = request(folder.path());
    let (stop, mut n_events) = (AtomicBool::new(false), 0);
    let mut tell = |progress: &Progress<'_>| n_events += usize::from(matches!(progress, Progress::Sweep(_)));
    let mut watcher = Watcher::new(&mut tell, &stop);
    let options = Options { threads: 1, ..Options::default() };

    let ahead = forecast(&request, 1, false).unwrap();
    assert_valid(&ahead);
    assert_eq!((&ahead.data["left"], ahead.data["list"].as_array().unwrap().len()), (&3.into(), 3));

    let launched = launch(
        &LaunchRequest {
            sweep: request.clone(),
            binary: "/bin/dunwu".into(),
            minutes: 10.0,
            tasks: None,
            cpus: NonZero::<u32>::MIN,
            time_limit: None,
            options: Vec::new(),
            is_dry: true,
        },
        &mut watcher,
    )
    .unwrap();
    assert_valid(&launched);
    assert_eq!((&launched.data["tasks"], &launched.data["remaining"]), (&1.into(), &3.into()));

    let made = sweep(&request, &options, None, &mut watcher).unwrap();
    assert_valid(&made);
    assert_eq!((&made.data["made"], &made.data["done"], &made.data["missing"]), (&3.into(), &3.into(), &0.into()));
    let again = collect(&request, None, &mut watcher).unwrap();
    assert_valid(&again);
    assert_eq!((&again.data["made"], &again.data["reused"]), (&0.into(), &3.into()));
    let worked = work(&request, &options, &mut watcher).unwrap();
    assert_valid(&worked);
    assert_eq!(worked.data["reused"], 3);
    assert!(n_events >= 3, "a watcher hears of every run: {n_events}");
}

#[test]
fn a_sweep_that_is_asked_to_stop_answers_with_what_there_is() {
    let folder = tempfile::tempdir().unwrap();
    let stop = AtomicBool::new(true);
    let mut tell = |_: &Progress<'_>| {};
    let mut watcher = Watcher::new(&mut tell, &stop);
    let answer = sweep(&request(folder.path()), &Options::default(), None, &mut watcher).unwrap();
    assert_valid(&answer);
    assert_eq!((&answer.data["missing"], &answer.data["made"]), (&3.into(), &0.into()));
}

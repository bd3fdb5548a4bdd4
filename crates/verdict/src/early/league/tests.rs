//! Rules on pools whose order is known, and predictors on runs that are made up.

use super::benchmark::{Benchmark, LeagueRequest, Seen};
use super::predictors::{PREDICTORS, Says};
use super::rules::{asha, hyperband, median_rule, successive_halving};
use super::signals::Signals;
use super::table::league;
use crate::early::coordinates::COORDINATES;
use crate::early::looks::{LOOKS, step_of};
use crate::early::observe::Trace;
use crate::early::signs::{GROUP, INSIDE};
use crate::early::worlds::{FAMILIES, draw, pool};

/// A run of 1,000 steps whose held-out accuracy rises as `accuracy` says.
fn run(family: usize, accuracy: impl Fn(f64) -> f64) -> Seen {
    let rows: Vec<[f32; 5]> = (0..=100)
        .map(|place| {
            let share = f64::from(place) / 100.0;
            let accuracy = accuracy(share);
            [10.0 * place as f32, (1.0 - share) as f32 + 0.01, share as f32, (2.0 - accuracy) as f32, accuracy as f32]
        })
        .collect();
    let generalized = rows.iter().find(|row| row[4] >= 0.99).map(|row| row[0] as u64);
    let trace = Trace {
        family,
        index: 0,
        coordinates: vec![0.0; COORDINATES.len()],
        steps: 1_000,
        n_labels: 7,
        n_test: 20,
        work: 1.0,
        rows: rows.into_iter().take_while(|row| generalized.is_none_or(|step| row[0] as u64 <= step)).collect(),
        inside: vec![(0, vec![0.0; INSIDE.len() + GROUP.len()])],
        generalized,
        memorized: Some(100),
        outcome: String::new(),
    };
    let signals = vec![Signals::default(); LOOKS.len() + 1];
    let looks = trace.looks();
    Seen { words: String::new(), rate_and_decay: (0.01, 1.0), sample_ratio: 0.0, looks, trace, signals }
}

/// A pool whose runs' accuracies stand in the order of their place at all times, and never arrive.
fn ordered(n: usize) -> Vec<Seen> {
    (0..n).map(|place| run(0, move |share| 0.1 + 0.8 * share * (place + 1) as f64 / n as f64)).collect()
}

/// Of runs that stay in order, halving leaves the best of every rung, and whatever is stopped is worse than what is kept.
#[test]
fn rules_stop_the_worst_of_an_ordered_pool() {
    let runs = ordered(16);
    let pool: Vec<&Seen> = runs.iter().collect();
    let kills = successive_halving(&pool, 2.0, 1.0 / 16.0);
    // 16 → 8 → 4 → 2 → 1 at 1/16, 1/8, 1/4, 1/2 of the steps.
    for (place, kill) in kills.iter().enumerate() {
        let expected = match place {
            0..8 => Some(63),
            8..12 => Some(125),
            12..14 => Some(250),
            14 => Some(500),
            _ => None,
        };
        assert_eq!(*kill, expected, "run {place}");
    }
    for kills in [asha(&pool, 3.0, 1.0 / 81.0), hyperband(&pool, 3.0, 1.0 / 81.0), median_rule(&pool, 0.0)] {
        assert_eq!(kills[15], None, "the best is kept: {kills:?}");
    }
    // Each run is better than all before it, so that the median stops none; the other way round it stops those at the end.
    assert!(median_rule(&pool, 0.0).iter().all(Option::is_none));
    let reversed: Vec<&Seen> = runs.iter().rev().collect();
    let kills = median_rule(&reversed, 0.0);
    assert!(kills[..4].iter().all(Option::is_none) && kills[10..].iter().all(Option::is_some), "{kills:?}");
    assert!(median_rule(&reversed, 0.2).iter().flatten().all(|&step| step >= 200), "with a warm-up none before it");
    // Nobody waits: where each is better than all before, all go on; where the best comes first, it alone, and now and then a third.
    assert!(asha(&pool, 3.0, 1.0 / 81.0).iter().all(Option::is_none));
    let kills = asha(&reversed, 3.0, 1.0 / 81.0);
    assert!(kills[0].is_none() && kills[1..].iter().all(Option::is_some), "{kills:?}");
}

/// A run that has arrived is over: nobody stops it.
#[test]
fn what_has_generalized_is_not_stopped() {
    let mut runs = ordered(8);
    runs[0] = run(0, |share| if share > 0.03 { 1.0 } else { 0.0 });
    let pool: Vec<&Seen> = runs.iter().collect();
    assert_eq!(runs[0].trace.generalized, Some(40));
    assert_eq!(successive_halving(&pool, 2.0, 1.0 / 16.0)[0], None);
}

/// Late bloomers and flat runs, told apart by the sign of one number that one predictor reads and others do not.
#[test]
fn the_table_says_what_was_planted() {
    let planted = |place: usize| {
        let blooms = place.is_multiple_of(2);
        let mut run = run(place / 6 % 3, move |share| if blooms && share > 0.9 { 1.0 } else { 0.14 });
        let tilt = if blooms { 1.0 } else { -1.0 } + 0.01 * (place % 7) as f64;
        for signals in &mut run.signals[1..] {
            // The lower, the likelier: which way is learned.
            signals.update_gap = Some(-tilt);
            signals.spectral_entropy = Some(0.3 + 0.001 * (place * 37 % 11) as f64);
        }
        run
    };
    let runs: Vec<Seen> = (0..120).map(planted).collect();
    let request = LeagueRequest { pools: 20, runs: 6, seed: 0 };
    let pools = (0..20).map(|pool| (0..6).map(|run| 6 * pool + run).collect()).collect();
    let table = league(&Benchmark { request, pools, runs, digest: String::new() });
    assert_eq!((table.runs, table.generalized, table.pools_with_one), (120, 60, 20));
    assert_eq!(table.undecided, [120; LOOKS.len()]);
    let row = |name: &str| table.predictors.iter().find(|row| row.predictor == name).unwrap();
    let knows = row("update_gap");
    assert!(knows.auc.iter().all(|auc| auc.unwrap() > 0.999), "{knows:?}");
    assert_eq!((knows.false_kills, knows.kills, knows.fastest_kept), (0, 60, 20));
    let first = step_of(0, 1_000) as f64;
    assert!((knows.wasted_steps_saved - (1.0 - first / 1_000.0)).abs() < 1e-9);
    assert!(knows.calibration_error.unwrap() < 0.05);
    let guesses = row("spectral_entropy");
    assert!((guesses.auc[5].unwrap() - 0.5).abs() < 0.15, "{guesses:?}");
    // All look alike until nine tenths, so that rules by rank stop as many of both.
    assert!(row("successive_halving").false_kills >= 20);
    assert_eq!(row("asha").auc, [None; LOOKS.len()]);
}

#[test]
fn every_predictor_answers_for_every_run() {
    let runs = ordered(5);
    let pool: Vec<&Seen> = runs.iter().collect();
    for predictor in PREDICTORS {
        let n = match predictor.says(&pool, &pool) {
            Says::Scores(scores) | Says::Probabilities(scores) => scores.len(),
            Says::Kills(kills) => kills.len(),
        };
        assert_eq!(n, 5, "{}", predictor.name());
        assert!(PREDICTORS.iter().filter(|other| other.name() == predictor.name()).count() == 1);
    }
}

/// A pool is of one task, and of none of the runs that were learned from.
#[test]
fn a_pool_is_of_one_task() {
    for family in 0..FAMILIES.len() {
        let worlds = pool(family, 7, 0, 4);
        assert!(worlds.iter().all(|world| world.words[1] == worlds[0].words[1]), "{worlds:?}");
        let known = draw(family, 1, 0);
        assert!(worlds.iter().all(|world| world.words != known.words));
    }
    assert_ne!(pool(0, 7, 0, 3), pool(0, 7, 1, 3));
}

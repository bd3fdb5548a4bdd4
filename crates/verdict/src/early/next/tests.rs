//! Designs on worlds whose truth is known.

use super::belief::{Belief, chance};
use super::design::{Aim, design};
use super::grid::{Cell, Shipped};
use crate::draw::Draw;
use crate::early::trees::probability;
use dunwu_studies::sweep::SweepRequest;
use std::path::Path;

/// Cells on a square, of runs that generalize with log odds 20 (u + v − 1) and then at a step that falls with u.
fn square(n: usize) -> Vec<Cell> {
    let words: Vec<String> =
        ["small", "task=cyclic:5", "seed=0", "steps=1000"].into_iter().map(str::to_owned).collect();
    let planned = SweepRequest::from_words(&words, &[], None, Path::new("")).unwrap().runs.remove(0);
    let cell = |u: f64, v: f64| Cell {
        x: vec![1.0, 0.0, (u - 0.5) / 0.29, (v - 0.5) / 0.29],
        shipped: None,
        generalized: None,
        steps: 1_000,
        stops: true,
        planned: planned.clone(),
    };
    let at = |i: usize| i as f64 / (n - 1) as f64;
    (0..n * n).map(|place| cell(at(place / n), at(place % n))).collect()
}

fn truth(cell: &Cell) -> f64 {
    probability(20.0 * ((cell.x[2] + cell.x[3]) * 0.29))
}

fn made(cell: &Cell, draw: &mut Draw) -> Cell {
    let step = 600.0 * (-0.5 * cell.x[2] + 0.1 * draw.normal()).exp();
    let generalized = draw.is(truth(cell)).then_some(step.max(1.0) as u64).filter(|&step| step <= cell.steps);
    Cell { generalized, ..cell.clone() }
}

/// Share of the cells that are on the wrong side of the believed boundary.
fn error(known: &[Cell], cells: &[Cell]) -> f64 {
    let belief = Belief::of(known, &[0.0; 4]);
    let is_wrong = |cell: &&Cell| (chance(belief.odds.of(&cell.x)) > 0.5) != (truth(cell) > 0.5);
    cells.iter().filter(is_wrong).count() as f64 / cells.len() as f64
}

/// Twelve further runs by design and twelve at random, from the same twelve: over two hundred worlds the design has the smaller error.
#[test]
fn a_boundary_is_found_sooner_by_design_than_at_random() {
    let cells = square(9);
    let (mut by_design, mut at_random) = (0.0, 0.0);
    for world in 0..200 {
        let mut draw = Draw::of(40, world);
        let known: Vec<Cell> = (0..12).map(|_| made(&cells[draw.whole(0, 80)], &mut draw)).collect();
        let chosen = design(&Belief::of(&known, &[0.0; 4]), &cells, None, Aim::Boundary, 12_000);
        assert_eq!(chosen.len(), 12, "the budget is twelve runs");
        let mut with = known.clone();
        with.extend(chosen.iter().map(|chosen| made(&cells[chosen.cell], &mut draw)));
        by_design += error(&with, &cells);
        let mut with = known;
        with.extend((0..12).map(|_| made(&cells[draw.whole(0, 80)], &mut draw)));
        at_random += error(&with, &cells);
    }
    assert!(by_design < 0.9 * at_random, "{by_design} against {at_random}");
}

/// Runs until one generalizes, and the fastest of three, by design and at random.
#[test]
fn one_that_generalizes_is_found_sooner_and_a_faster_one_too() {
    let cells = square(9);
    let (mut tries, mut best) = ([0, 0], [0.0, 0.0]);
    for world in 0..60 {
        let mut draw = Draw::of(41, world);
        // Six runs, of the corner where few do.
        let corner = |draw: &mut Draw| 9 * draw.whole(0, 5) + draw.whole(0, 5);
        let known: Vec<Cell> = (0..8).map(|_| made(&cells[corner(&mut draw)], &mut draw)).collect();
        let mut until = |chosen: &dyn Fn(&mut Draw, usize) -> usize| {
            (0..60).find(|&turn| made(&cells[chosen(&mut draw, turn)], &mut draw).generalized.is_some()).unwrap_or(60)
        };
        let list = design(&Belief::of(&known, &[0.0; 4]), &cells, None, Aim::One, 60_000);
        tries[0] += until(&|_, turn| list[turn.min(list.len() - 1)].cell);
        tries[1] += until(&|draw, _| draw.whole(0, 80));
        let fastest = known.iter().filter_map(|cell| cell.generalized).min();
        let list = design(&Belief::of(&known, &[0.0; 4]), &cells, fastest, Aim::Fastest, 3_000);
        let of = |cells: Vec<Cell>| cells.iter().filter_map(|cell| cell.generalized).min().unwrap_or(1_000) as f64;
        best[0] += of(list.iter().map(|chosen| made(&cells[chosen.cell], &mut draw)).collect());
        best[1] += of((0..3).map(|_| made(&cells[draw.whole(0, 80)], &mut draw)).collect());
    }
    assert!(2 * tries[0] < tries[1], "{tries:?}");
    assert!(best[0] < 0.8 * best[1], "{best:?}");
}

/// Where nothing was learned, the belief is what the shipped verdict says; many runs overrule it.
#[test]
fn the_shipped_verdict_is_where_belief_begins() {
    let mut draw = Draw::of(42, 0);
    let mut cells = square(5);
    for cell in &mut cells {
        let log_odds = 2.0 - 4.0 * draw.unit();
        cell.x[1] = log_odds;
        cell.shipped = Some(Shipped { log_odds, log_time: 5.0 });
    }
    let one = Cell { generalized: None, ..cells[12].clone() };
    let belief = Belief::of(std::slice::from_ref(&one), &[0.0; 4]);
    for cell in &cells {
        let (said, believed) = (probability(cell.x[1]), chance(belief.odds.of(&cell.x)));
        assert!((said - believed).abs() < 0.25, "{said} {believed}");
        assert!((belief.log_time(cell).unwrap().0 - 5.0).abs() < 1e-9, "no time was seen");
    }
    let against: Vec<Cell> = (0..200).map(|run| Cell { generalized: None, ..cells[run % 25].clone() }).collect();
    let belief = Belief::of(&against, &[0.0; 4]);
    assert!(cells.iter().all(|cell| chance(belief.odds.of(&cell.x)) < 0.1), "two hundred failures overrule it");
}

/// The mode by brute force over a grid of two weights.
#[test]
fn belief_is_about_the_most_likely_weights() {
    let cells = square(4);
    let mut draw = Draw::of(43, 0);
    let known: Vec<Cell> = (0..60)
        .map(|_| {
            let mut cell = made(&cells[draw.whole(0, 15)], &mut draw);
            cell.x.truncate(3); // one setting
            cell
        })
        .collect();
    let belief = Belief::of(&known, &[0.0; 3]);
    let log_posterior = |a: f64, b: f64| {
        let likelihood: f64 = known
            .iter()
            .map(|cell| {
                let p = probability(a + b * cell.x[2]);
                if cell.generalized.is_some() { p.ln() } else { (1.0 - p).ln() }
            })
            .sum();
        likelihood - a * a / (2.0 * 16.0) - b * b / (2.0 * 16.0)
    };
    let mut best = (f64::NEG_INFINITY, 0.0, 0.0);
    for i in -400..=400 {
        for j in -400..=400 {
            let (a, b) = (f64::from(i) / 100.0, f64::from(j) / 100.0);
            let value = log_posterior(a, b);
            if value > best.0 {
                best = (value, a, b);
            }
        }
    }
    assert!((belief.odds.mean[0] - best.1).abs() < 0.011 && (belief.odds.mean[2] - best.2).abs() < 0.011);
}

/// Where all failed and nothing else is known, more data is tried and not less; and the fastest is not sought by seeds of one cell alone.
#[test]
fn where_all_failed_more_is_tried() {
    let cells = square(9);
    let low: Vec<Cell> = (0..9).map(|place| cells[9 * (place / 3) + place % 3].clone()).collect();
    let list = design(&Belief::of(&low, &[0.0, 0.0, 2.0, 2.0]), &cells, None, Aim::One, 3_000);
    assert!(list.iter().all(|chosen| cells[chosen.cell].x[2] + cells[chosen.cell].x[3] > 0.0), "{list:?}");
    let mut draw = Draw::of(44, 0);
    let known: Vec<Cell> = (0..40).map(|_| made(&cells[draw.whole(0, 80)], &mut draw)).collect();
    let list = design(&Belief::of(&known, &[0.0; 4]), &cells, Some(900), Aim::Fastest, 60_000);
    assert!(list.iter().all(|chosen| list.iter().filter(|other| other.cell == chosen.cell).count() <= 3));
}

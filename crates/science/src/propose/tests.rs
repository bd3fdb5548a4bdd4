//! Planted laws are found by search alone.

use super::*;
use crate::claim::Claim;
use crate::fixture::{Dice, card};
use crate::judge::RunRecord;
use crate::lab::{Outcome, Point, Setting};
use crate::ledger::Question;

fn runs(n: usize, seed: u64, see: impl Fn(&mut Dice, f64, f64, f64) -> (&'static str, Outcome)) -> Vec<RunRecord> {
    let mut dice = Dice::new(seed);
    (0..n)
        .map(|i| {
            let m = [11.0, 23.0, 41.0, 71.0, 97.0][dice.below(5)];
            let samples = (10.0_f64.ln() + dice.share() * 1000.0_f64.ln()).exp().round();
            let rate = (-4.0 * dice.share() * std::f64::consts::LN_10).exp();
            let settings = [
                ("task", Setting::Level(format!("cyclic:{m}"))),
                ("samples", Setting::Number(samples)),
                ("rate", Setting::Number(rate)),
            ];
            let (name, outcome) = see(&mut dice, m, samples, rate);
            RunRecord {
                line: i as u64 + 1,
                point: Point(settings.into_iter().map(|(name, setting)| (name.to_owned(), setting)).collect()),
                seed: i as u32,
                outcomes: [(name.to_owned(), outcome)].into(),
                specification: i.to_string(),
                steps: 1,
            }
        })
        .collect()
}

fn first(target: &str, runs: &[RunRecord]) -> String {
    let question = Question {
        text: String::new(),
        target: target.to_owned(),
        knobs: ["task", "samples", "rate"].map(str::to_owned).into(),
        scope: String::new(),
    };
    let begun = std::time::Instant::now();
    let found = search(&card(), &question, runs, 6);
    eprintln!(
        "{} looked at {} in {:?}: {:?}",
        target,
        found.looked_at,
        begun.elapsed(),
        found.claims.iter().map(Claim::sentence).collect::<Vec<_>>()
    );
    found.claims[0].sentence()
}

#[test]
fn planted_laws_come_first() {
    let law = |see: fn(f64, f64, f64) -> f64| {
        let runs = runs(40, 7, |dice, m, samples, rate| {
            ("t_gen", Outcome::Value(see(m, samples, rate) * (0.03 * dice.normal()).exp()))
        });
        first("t_gen", &runs)
    };
    assert_eq!(law(|m, _, rate| 5.0 * m.powi(2) / rate), "t_gen = c * M^2 / rate, for some c");
    assert_eq!(law(|m, samples, _| 7.0 * samples * m.ln()), "t_gen = c * ln(M) * samples, for some c");
    assert_eq!(law(|m, _, _| 100.0 + 3.0 * m), "t_gen = c + k * M, for some c and k");
    assert_eq!(law(|_, samples, _| 30.0 / (1.0 + samples / 300.0)), "t_gen = c / (1 + k * samples), for some c and k");
}

#[test]
fn a_planted_boundary_comes_first() {
    let runs = runs(120, 8, |dice, m, samples, _| {
        let odds = 10.0 * (samples / (2.0 * m.powf(1.5))).ln();
        ("generalized", Outcome::Event(dice.share() < 1.0 / (1.0 + (-odds).exp())))
    });
    let found = first("generalized", &runs);
    assert!(found.contains("samples > c * M"), "{found}");
}

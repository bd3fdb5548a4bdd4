//! Planted laws and pure noise: what is true is found, and nothing is found where there is nothing.

use super::*;
use crate::claim::{Claim, Scope, claim_from_sentence};
use crate::fixture::{Dice, card};
use crate::lab::{Outcome, Point, Setting};
use std::collections::BTreeMap;

fn claim(sentence: &str) -> Claim {
    let claim = claim_from_sentence(sentence).unwrap();
    claim.check(&card()).unwrap();
    claim
}

/// `n` runs at random points, whose outcomes `see` gives from M, samples and rate.
fn runs(n: usize, seed: u64, see: impl Fn(&mut Dice, f64, f64, f64) -> Vec<(&'static str, Outcome)>) -> Vec<RunRecord> {
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
            let outcomes: BTreeMap<String, Outcome> = see(&mut dice, m, samples, rate)
                .into_iter()
                .map(|(name, outcome)| (name.to_owned(), outcome))
                .collect();
            RunRecord {
                line: i as u64 + 1,
                point: Point(settings.into_iter().map(|(name, setting)| (name.to_owned(), setting)).collect()),
                seed: i as u32,
                outcomes,
                specification: i.to_string(),
                steps: 1,
            }
        })
        .collect()
}

#[test]
fn a_planted_law_earns_its_bits_and_a_wrong_one_is_refuted() {
    let runs = runs(60, 1, |dice, m, _, rate| {
        vec![("t_gen", Outcome::Value(3.0 * m * m.ln() / rate.sqrt() * (0.05 * dice.normal()).exp()))]
    });
    let score = |sentence: &str| judge(&card(), &Scope::default(), &claim(sentence), &runs, 0);
    let right = score("t_gen = c * M * ln(M) / sqrt(rate), for some c");
    assert!(right.net_bits > 100.0 && right.ahead_of["R1"] > 5.0 && right.ahead_of["R2"] > 20.0, "{right:?}");
    assert!(right.against_bits < 0.0, "{}", right.against_bits);
    assert!(right.calibration.unwrap() > 0.8);
    let open = score("t_gen = c * M^a * rate^b, for some c and a and b");
    assert!(open.net_bits > 100.0 && open.own_bits < right.own_bits);
    for wrong in [
        "t_gen = c * M^2 / sqrt(rate), for some c",
        "t_gen = c * M * ln(M) / rate, for some c",
        "t_gen = c / sqrt(rate), for some c",
    ] {
        let wrong = score(wrong);
        assert!(wrong.against_bits > ENOUGH_BITS, "{wrong:?}");
    }
}

#[test]
fn a_planted_boundary_earns_its_bits() {
    let runs = runs(150, 2, |dice, m, samples, _| {
        let odds = 8.0 * (samples / (2.7 * m * m.ln())).ln();
        vec![("generalized", Outcome::Event(dice.share() < 1.0 / (1.0 + (-odds).exp())))]
    });
    let score = |sentence: &str| judge(&card(), &Scope::default(), &claim(sentence), &runs, 0);
    let right = score("generalized happens when samples > c * M * ln(M), for some c");
    assert!(right.net_bits > 40.0 && right.ahead_of["R1"] > 0.0 && right.ahead_of["R2"] > 5.0, "{right:?}");
    let wrong = score("generalized happens when samples > c, for some c");
    assert!(wrong.against_bits > ENOUGH_BITS && wrong.own_bits < right.own_bits, "{wrong:?}");
    let wrong = score("generalized happens when samples > c * M^3, for some c");
    assert!(wrong.against_bits > ENOUGH_BITS, "{wrong:?}");
}

#[test]
fn noise_earns_nothing() {
    for (kind, noise) in [("normal", 0), ("heavy", 1), ("skewed", 2)] {
        let mut most = f64::NEG_INFINITY;
        for seed in 0..10 {
            let runs = runs(40, 100 + seed, |dice, _, _, _| {
                let e = match noise {
                    0 => dice.normal(),
                    1 => dice.normal() / dice.share().max(1e-3).sqrt(),
                    _ => -dice.share().ln(),
                };
                vec![("t_gen", Outcome::Value((3.0 + 0.5 * e).exp())), ("generalized", Outcome::Event(e > 0.5))]
            });
            for sentence in [
                "t_gen = c * M, for some c",
                "t_gen = c * M^a, for some c and a",
                "t_gen = c * samples^a * rate^b, for some c and a and b",
                "generalized happens when samples > c * M, for some c",
                "generalized happens when rate > c, for some c",
            ] {
                most = most.max(judge(&card(), &Scope::default(), &claim(sentence), &runs, 0).registered_bits);
            }
        }
        assert!(most < ENOUGH_BITS, "{kind}: {most}");
    }
}

#[test]
fn censored_runs_are_data() {
    let runs = runs(60, 3, |dice, m, _, _| {
        let t = 20.0 * m * (0.1 * dice.normal()).exp();
        vec![("t_gen", if t > 1000.0 { Outcome::Censored(1000.0) } else { Outcome::Value(t) })]
    });
    let score = judge(&card(), &Scope::default(), &claim("t_gen = c * M, for some c"), &runs, 0);
    assert!(score.censored > 10 && score.net_bits > 20.0, "{score:?}");
    // Without the censored ones the law looks flatter than it is.
    let flat = judge(&card(), &Scope::default(), &claim("t_gen = c * sqrt(M), for some c"), &runs, 0);
    assert!(flat.net_bits < score.net_bits - 20.0);
}

#[test]
fn sameness_is_earned_and_lost() {
    let of = |slope: f64, seed| {
        runs(80, seed, move |dice, m, _, rate| {
            vec![("t_gen", Outcome::Value(100.0 * m * (slope * rate.ln() / 9.2 + 0.05 * dice.normal()).exp()))]
        })
    };
    let same = claim("t_gen / M stays within 20 % whatever rate");
    let score = judge(&card(), &Scope::default(), &same, &of(0.0, 4), 0);
    assert!(score.registered_bits > ENOUGH_BITS && score.against_bits < 0.0, "{score:?}");
    let score = judge(&card(), &Scope::default(), &same, &of(1.0, 5), 0);
    assert!(score.registered_bits < 0.0 && score.against_bits > ENOUGH_BITS, "{score:?}");
}

#[test]
fn one_curve_beats_what_does_not_collapse() {
    let runs = runs(120, 6, |dice, m, samples, _| {
        let x = samples / m;
        vec![("t_gen", Outcome::Value(m * (3.0 * (x.ln() - 2.0).tanh() + 0.05 * dice.normal()).exp()))]
    });
    let right = judge(&card(), &Scope::default(), &claim("t_gen / M is one curve of samples / M whatever M"), &runs, 0);
    let wrong = judge(&card(), &Scope::default(), &claim("t_gen is one curve of samples whatever M"), &runs, 0);
    assert!(right.net_bits > ENOUGH_BITS && right.ahead_of["R2"] > ENOUGH_BITS, "{right:?}");
    assert!(wrong.own_bits < right.own_bits - 20.0);
}

#[test]
fn lost_results_leave_a_claim_unmeasured() {
    let mut runs = runs(60, 1, |_, m, _, _| vec![("t_gen", Outcome::Value(3.0 * m))]);
    for run in runs.iter_mut().step_by(5) {
        run.outcomes.insert("t_gen".to_owned(), Outcome::Missing("killed".to_owned()));
    }
    let registered = Registered {
        claim: claim("t_gen = c * M, for some c"),
        id: String::new(),
        line: 0,
        by: String::new(),
        n_runs: 0,
        attack_runs: 9,
    };
    let judged = judge_all(&card(), &Scope::default(), &[registered], &runs);
    assert_eq!(judged[0].verdict, Verdict::CouldNotBeMeasured { why: "12 of 60 results were lost".to_owned() });
}

#[test]
fn what_says_the_same_is_the_same() {
    let same = |a: &str, b: &str| is_same(&card(), &claim(a), &claim(b));
    assert!(same("t_gen = c * M^1.5, for some c", "t_gen = k * M * sqrt(M), for some k"));
    assert!(same("t_gen = c * M, for some c", "t_gen = M / c, for some c"));
    assert!(same(
        "generalized happens when samples > c * M, for some c",
        "generalized happens when samples / M > c, for some c"
    ));
    assert!(!same("t_gen = c * M, for some c", "t_gen = c * M^a, for some c and a"));
    assert!(!same("t_gen = c * M, for some c", "t_gen = c * M, for some c, where M >= 20"));
    assert!(!same("t_gen = c * M, for some c", "t_mem = c * M, for some c"));
}

#[test]
fn what_says_nothing_is_vacuous() {
    let registered = |sentence: &str| Registered {
        claim: claim(sentence),
        id: sentence.to_owned(),
        line: 0,
        by: String::new(),
        n_runs: 0,
        attack_runs: 0,
    };
    let claims =
        ["t_gen = c, for some c", "t_gen = c * M / M, for some c", "t_gen = c * M, for some c"].map(registered);
    let verdicts: Vec<Verdict> =
        judge_all(&card(), &Scope::default(), &claims, &[]).into_iter().map(|judged| judged.verdict).collect();
    assert_eq!(verdicts, [Verdict::Vacuous, Verdict::Vacuous, Verdict::Open]);
    // Whatever a claim varies, it says more than a constant.
    for name in ["M", "samples", "rate"] {
        let varies = registered(&format!("t_gen = c / {name}, for some c"));
        assert_eq!(judge_all(&card(), &Scope::default(), &[varies], &[])[0].verdict, Verdict::Open, "{name}");
    }
}

use super::effects::{Seen, mcnemar};
use super::*;
use crate::sweep::fixture::{Row, results};
use dunwu_engine::random::{Stream, normal, nth_rng};
use dunwu_engine::spec::Value;

const OPTIMIZER: &str = "optimizer.name";
const RATE: &str = "optimizer.learning_rate";

fn arms() -> [Value; 2] {
    ["adam".into(), "muon".into()]
}

/// A run that generalizes at `step` of 1,000 (never where that is later), each step taking a millisecond times `cost`.
fn run(arm: &str, seed: i64, step: f64, cost: f64) -> Row {
    let row = if step <= 1000.0 { Row::grokked(23, 300, seed, step as i64) } else { Row::censored(23, 300, seed, 0.1) };
    row.with(OPTIMIZER, arm.into()).with("seconds", Value::Float(cost))
}

fn compared(rows: &[Row]) -> Comparison {
    Comparison::of(&results(rows), OPTIMIZER, &arms(), None).unwrap()
}

fn refusal(rows: &[Row], key: &str, values: &[Value; 2], tuned: Option<&str>) -> String {
    Comparison::of(&results(rows), key, values, tuned).unwrap_err().to_string()
}

/// By all ways in which k + l pairs may fall on either side.
#[test]
fn the_exact_test_is_what_enumeration_gives() {
    for n in 0..=12_usize {
        for k in 0..=n {
            let apart = |ones: usize| (2 * ones).abs_diff(n);
            let extreme = (0..1_u32 << n).filter(|side| apart(side.count_ones() as usize) >= apart(k)).count();
            let expected = extreme as f64 / f64::from(1_u32 << n);
            assert!((mcnemar(k, n - k) - expected).abs() < 1e-12, "{k} against {}", n - k);
        }
    }
    // Beyond what 2^-n holds: a binomial of 3,000 has standard deviation 27.4, and 100 from its middle is 3.65 of them, two-sided
    // p = 2.6e-4 by the normal law.
    assert!((2.0e-4..3.4e-4).contains(&mcnemar(1400, 1600)) && mcnemar(1500, 1500) == 1.0);
}

#[test]
fn the_interval_of_a_difference_holds_it_and_turns_round_with_the_arms() {
    let did = |[both, a, b, neither]: [usize; 4]| {
        let repeated = [([true, true], both), ([true, false], a), ([false, true], b), ([false, false], neither)];
        let pairs: Vec<[bool; 2]> = repeated.into_iter().flat_map(|(pair, n)| std::iter::repeat_n(pair, n)).collect();
        Discordance::of(&pairs).unwrap()
    };
    for both in 0..5 {
        for a in 0..5 {
            for b in 0..5 {
                for neither in 0..5 {
                    if both + a + b + neither == 0 {
                        continue;
                    }
                    let (one, other) = (did([both, a, b, neither]), did([both, b, a, neither]));
                    assert!(one.low <= one.difference && one.difference <= one.high, "{one:?}");
                    assert!(one.low >= -1.0 && one.high <= 1.0 && one.low < one.high, "{one:?}");
                    assert_eq!(
                        (one.low, one.high, one.difference, one.p),
                        (-other.high, -other.low, -other.difference, other.p)
                    );
                }
            }
        }
    }
    // Without correlation, margins of a half and 100 pairs: Wilson's half width √2 times, 0.0958 √2 = 0.1355.
    let independent = did([25, 25, 25, 25]);
    assert!((independent.high - 0.1355).abs() < 1e-3, "{independent:?}");
    // An example that Newcombe 1998 works out.
    let published = did([36, 12, 2, 0]);
    assert!((published.low + 0.3404).abs() < 5e-5 && (published.high + 0.0569).abs() < 5e-5, "{published:?}");
    // What goes together tells more.
    assert!(did([45, 5, 5, 45]).high < 0.6 * independent.high);
}

#[test]
fn pairs_have_all_but_the_setting_in_common() {
    let mut rows = Vec::new();
    for (seed, step) in [(0, 400.0), (1, 500.0), (2, 600.0)] {
        rows.push(run("adam", seed, step, 1.0).with("optimizer.beta2", Value::Float(0.98)));
        rows.push(run("muon", seed, step / 2.0, 1.0).with("optimizer.momentum", Value::Float(0.95)));
    }
    rows.push(run("muon", 3, 100.0, 1.0)); // has no partner
    rows.push(run("adam", 4, 100.0, 1.0).with("outcome", "failed".into()));
    let found = compared(&rows);
    assert_eq!((found.effects.pairs, found.unpaired, found.failed), (3, 1, 1));
    let steps = found.effects.steps_ratio.unwrap();
    assert!((steps.estimate - 0.5).abs() < 1e-12 && steps.pairs == 3);
    // Another width is another pair, though each has its seed in common with runs of the first.
    let wide = |row: Row| row.with("model.width", Value::Int(99));
    let other: Vec<Row> =
        rows.iter().cloned().chain([wide(run("adam", 0, 100.0, 1.0)), wide(run("muon", 0, 100.0, 1.0))]).collect();
    assert_eq!(compared(&other).effects.pairs, 4);
}

#[test]
fn the_other_way_round_every_effect_is_inverted() {
    let rows: Vec<Row> = (0..9)
        .flat_map(|seed| {
            let step = 200.0 + 90.0 * seed as f64;
            [run("adam", seed, 1.6 * step, 1.0), run("muon", seed, step * (1.0 + 0.1 * (seed % 3) as f64), 1.1)]
        })
        .collect();
    let forth = compared(&rows).effects;
    let [a, b] = arms();
    let back = Comparison::of(&results(&rows), OPTIMIZER, &[b, a], None).unwrap().effects;
    for (one, other) in [(forth.steps_ratio, back.steps_ratio), (forth.seconds_ratio, back.seconds_ratio)] {
        let (one, other) = (one.unwrap(), other.unwrap());
        assert!((one.estimate * other.estimate - 1.0).abs() < 1e-12);
        assert!((one.low.unwrap() * other.high.unwrap() - 1.0).abs() < 1e-12 && one.pairs == other.pairs);
    }
    let (one, other) = (forth.test_accuracy_difference.unwrap(), back.test_accuracy_difference.unwrap());
    assert_eq!((one.estimate, one.low, one.high), (-other.estimate, other.high.map(|x| -x), other.low.map(|x| -x)));
    let (one, other) = (forth.generalized.unwrap(), back.generalized.unwrap());
    assert_eq!((one.only_a, one.a, one.difference), (other.only_b, other.b, -other.difference));
    assert_ne!(one.difference, 0.0, "the example has something to invert");
}

#[test]
fn at_equal_compute_a_dearer_step_leaves_fewer_of_them() {
    // Muon's step takes four times the time: of its 1,000 steps, 250 fit in adam's budget.
    let rows: Vec<Row> = [(0, 200.0), (1, 249.0), (2, 251.0), (3, 900.0)]
        .into_iter()
        .flat_map(|(seed, step)| [run("adam", seed, 800.0, 1.0), run("muon", seed, step, 4.0)])
        .collect();
    let effects = compared(&rows).effects;
    let did = effects.generalized.unwrap();
    assert_eq!((did.a, did.b, did.only_a, did.only_b), (4, 2, 2, 0));
    let (steps, seconds) = (effects.steps_ratio.unwrap(), effects.seconds_ratio.unwrap());
    assert_eq!((steps.pairs, seconds.pairs), (2, 2));
    assert!((seconds.estimate / steps.estimate - 4.0).abs() < 1e-12);
    // One run on a busy machine changes nothing: the median of its arm is the cost.
    let mut noisy = rows.clone();
    noisy[7] = noisy[7].clone().with("seconds", Value::Float(400.0));
    assert_eq!(compared(&noisy).effects, effects);
    // Without times nothing is known of compute, and each run has its own steps.
    let untimed: Vec<Row> = rows.into_iter().map(|row| row.without("seconds")).collect();
    let effects = compared(&untimed).effects;
    assert!(effects.seconds_ratio.is_none() && effects.generalized.unwrap().b == 4);
}

/// Of 400 sweeps with a true ratio of 0.7 and seeds that differ by a factor e^0.3 and arms by e^0.2, an interval of 95 % covers 380
/// on average with a standard deviation of 4.4; four of these either side are allowed.
#[test]
fn intervals_cover_the_truth_at_their_rate() {
    let covers = |sweep: u64| {
        let mut rng = nth_rng(7, Stream::Starts, sweep);
        let rows: Vec<Row> = (0..12)
            .flat_map(|seed| {
                let step = 20_000.0 * (0.3 * normal(&mut rng)).exp();
                let mut noisy = |ratio: f64| ratio * step * (0.2 * normal(&mut rng)).exp();
                let (a, b) = (noisy(1.0), noisy(0.7));
                [("adam", a), ("muon", b)].map(|(arm, step)| {
                    let row = run(arm, seed, 1.0, 1.0).with("step_generalized", Value::Int(step as i64));
                    row.with("steps", Value::Int(1_000_000))
                })
            })
            .collect();
        let ratio = compared(&rows).effects.steps_ratio.unwrap();
        assert_eq!(ratio.pairs, 12);
        ratio.excludes(0.7) == Some(false)
    };
    let covered = (0..400).filter(|&sweep| covers(sweep)).count();
    assert!((362..=398).contains(&covered), "{covered} of 400");
}

#[test]
fn an_interval_needs_two_pairs_and_a_ratio_both_runs() {
    let seen = |step: Option<f64>| Seen { step, seconds: None, test_accuracy: Some(0.5) };
    let one = Effects::of(&[[seen(Some(100.0)), seen(Some(50.0))], [seen(Some(100.0)), seen(None)]]);
    let ratio = one.steps_ratio.unwrap();
    assert!((ratio.estimate - 0.5).abs() < 1e-12 && (ratio.low, ratio.high, ratio.pairs) == (None, None, 1));
    assert_eq!(ratio.excludes(1.0), None);
    // Two logarithms 0 and ln 4: mean ln 2, standard error ln 2, Student's quantile 12.706.
    let two = Effects::of(&[[seen(Some(10.0)), seen(Some(10.0))], [seen(Some(10.0)), seen(Some(40.0))]]);
    let ratio = two.steps_ratio.unwrap();
    assert!((ratio.estimate - 2.0).abs() < 1e-12 && (ratio.high.unwrap().ln() - 13.706 * 2f64.ln()).abs() < 1e-9);
    assert!(Effects::of(&[]).generalized.is_none());
}

/// Muon seems twice as quick at either rate, but adam with ten times the rate is as quick as muon with its own best.
#[test]
fn a_speed_up_that_a_larger_rate_gives_too_is_none() {
    let step = |arm: &str, rate: f64| match (arm, rate > 0.05) {
        ("adam", false) => 800.0,
        ("adam", true) => 400.0,
        (_, false) => 400.0,
        (_, true) => 200.0 * 4.0,
    };
    let rows: Vec<Row> = (0..8)
        .flat_map(|seed| ["adam", "muon"].into_iter().flat_map(move |arm| [0.01, 0.1].map(|rate| (seed, arm, rate))))
        .map(|(seed, arm, rate)| run(arm, seed, step(arm, rate), 1.0).with(RATE, Value::Float(rate)))
        .collect();
    let only: Vec<Row> = rows.iter().filter(|row| row.0.contains(&(RATE, Value::Float(0.01)))).cloned().collect();
    assert!((compared(&only).effects.steps_ratio.unwrap().estimate - 0.5).abs() < 1e-12);
    let found = Comparison::of(&results(&rows), OPTIMIZER, &arms(), Some(RATE)).unwrap();
    let tuned = found.tuned.unwrap();
    assert!((tuned.effects.steps_ratio.unwrap().estimate - 1.0).abs() < 1e-12);
    assert_eq!((tuned.effects.pairs, tuned.groups, tuned.left_out), (8, 1, 0));
    let chose =
        |arm: usize| tuned.choices[arm].iter().map(|choice| (choice.value.clone(), choice.times)).collect::<Vec<_>>();
    assert_eq!((chose(0), chose(1)), (vec![(Some(Value::Float(0.1)), 2)], vec![(Some(Value::Float(0.01)), 2)]));
    assert!(tuned.choices[0][0].is_at_edge);
}

/// One arm has eight rates that are all alike, the other one: choosing the luckiest and judging it by the same seeds would make the arm
/// quicker by e^-0.2 or so. Over 200 sweeps the mean logarithm of the ratio has a standard error of 0.3 √(2/6) / √200 = 0.012.
#[test]
fn choosing_does_not_flatter() {
    let of_sweep = |sweep: u64| {
        let mut rng = nth_rng(11, Stream::Starts, sweep);
        let mut row = |arm: &str, seed: i64, rate: f64| {
            let step = 20_000.0 * (0.3 * normal(&mut rng)).exp();
            let row = run(arm, seed, 1.0, 1.0).with("step_generalized", Value::Int(step as i64));
            row.with("steps", Value::Int(1_000_000)).with(RATE, Value::Float(rate))
        };
        let mut rows = Vec::new();
        for seed in 0..6 {
            rows.push(row("adam", seed, 0.5));
            rows.extend((1..=8).map(|i| row("muon", seed, f64::from(i))));
        }
        let found = Comparison::of(&results(&rows), OPTIMIZER, &arms(), Some(RATE)).unwrap();
        assert_eq!((found.effects.pairs, found.tuned.as_ref().unwrap().effects.pairs), (0, 6));
        found.tuned.unwrap().effects.steps_ratio.unwrap().estimate.ln()
    };
    let mean = (0..200).map(of_sweep).sum::<f64>() / 200.0;
    assert!(mean.abs() < 0.045, "{mean}");
}

#[test]
fn what_cannot_be_compared_is_refused_with_the_remedy() {
    let rows = [run("adam", 0, 100.0, 1.0), run("muon", 0, 90.0, 1.0)];
    let two = |a: &str, b: &str| [a.into(), b.into()];
    assert!(refusal(&rows, "optimizr", &arms(), None).contains("no setting \"optimizr\""));
    assert!(refusal(&rows, "outcome", &arms(), None).contains("cannot be compared"));
    assert!(refusal(&rows, "seed", &arms(), None).contains("cannot be compared"));
    assert!(refusal(&rows, OPTIMIZER, &two("adam", "sgd"), None).contains("no run has optimizer.name = \"sgd\""));
    assert!(refusal(&rows, OPTIMIZER, &two("adam", "adam"), None).contains("name two different ones"));
    assert!(refusal(&rows, OPTIMIZER, &arms(), Some(OPTIMIZER)).contains("tune another"));
    let apart = [run("adam", 0, 100.0, 1.0).with(RATE, 0.1.into()), run("muon", 0, 90.0, 1.0).with(RATE, 0.2.into())];
    let why = refusal(&apart, OPTIMIZER, &arms(), None);
    assert!(why.contains("they differ in optimizer.learning_rate too") && why.contains("tuned="), "{why}");
    let seeds = [run("adam", 0, 100.0, 1.0), run("muon", 1, 90.0, 1.0)];
    assert!(refusal(&seeds, OPTIMIZER, &arms(), None).contains("their seeds differ"));
    let momentum = |value: f64| run("muon", 0, 90.0, 1.0).with("optimizer.momentum", value.into());
    let several = [rows[0].clone(), momentum(0.9), momentum(0.95)];
    let why = refusal(&several, OPTIMIZER, &arms(), None);
    assert!(why.contains("differ only in optimizer.momentum") && why.contains("tuned=optimizer.momentum"), "{why}");
    let twice = [rows[0].clone(), rows[1].clone(), rows[1].clone().with("run", "r7".into())];
    assert!(refusal(&twice, OPTIMIZER, &arms(), None).contains("\"r7\""));
}

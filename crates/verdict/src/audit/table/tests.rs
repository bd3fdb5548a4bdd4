use super::{Claim, ClaimError, Reported, of_table};
use crate::audit::judgement::Verdict;
use crate::audit::kind::Kind;
use dunwu::store::{Column, Table};
use dunwu_engine::spec::Value;
use dunwu_studies::sweep::fixture::{Row, table};

const SETTING: &str = "optimizer.name";

/// Ten seeds of either optimizer in a sweep's table, muon ahead in accuracy; `change` bends a row.
fn sweep(change: impl Fn(&str, i64, Row) -> Row) -> Table {
    let row = |name: &'static str, seed: i64| {
        let accuracy = if name == "muon" { 0.8 } else { 0.6 } + (seed * 7 % 10) as f64 / 100.0;
        // Held-out samples of the table: 23² − 329 = 200.
        let row = Row::censored(23, 329, seed, accuracy).with("train_accuracy", Value::Float(1.0));
        change(name, seed, row.with(SETTING, name.into()).with("optimizer.learning_rate", Value::Float(0.01)))
    };
    table(
        &["adam", "muon"]
            .map(|name| (0..10).map(move |seed| (name, seed)))
            .into_iter()
            .flatten()
            .map(|(name, seed)| row(name, seed))
            .collect::<Vec<_>>(),
    )
}

fn claim(measure: &str) -> Claim {
    Claim::parse("optimizer.name=adam,muon", measure).unwrap()
}

/// The kinds that mislead.
fn found(table: &Table, claim: &Claim) -> Vec<Kind> {
    of_table(table, Some(claim)).unwrap().with(Verdict::Misleads).map(|judgement| judgement.kind).collect()
}

#[test]
fn a_sound_sweep_is_sound() {
    let audit = of_table(&sweep(|_, _, row| row), Some(&claim("test_accuracy"))).unwrap();
    assert_eq!(audit.verdict(), Verdict::NothingFound, "{audit:#?}");
    let told = Kind::UntunedBaseline;
    assert_eq!(audit.of_kind(told).verdict, Verdict::CannotTell, "nothing was tuned in it");
    assert_eq!(audit.of_kind(Kind::Duplicates).verdict, Verdict::CannotTell, "it holds no samples");
}

#[test]
fn each_mistake_in_a_sweep_is_named_and_no_other() {
    let rate = |name: &str, adam: f64, muon: f64| Value::Float(if name == "adam" { adam } else { muon });
    let accuracy = claim("test_accuracy");
    let check = |table: &Table, claim: &Claim, expected: &[Kind]| assert_eq!(found(table, claim), expected);
    let other_rate = sweep(|name, _, row| row.with("optimizer.learning_rate", rate(name, 0.01, 0.03)));
    check(&other_rate, &accuracy, &[Kind::ConfoundedArms]);
    check(&other_rate, &Claim { tuned: vec!["optimizer.learning_rate".to_owned()], ..accuracy.clone() }, &[]);
    let fewer = sweep(|name, seed, row| {
        if name == "muon" && seed % 2 == 0 { row.with("optimizer.learning_rate", Value::Float(0.03)) } else { row }
    });
    check(&fewer, &accuracy, &[Kind::UntunedBaseline]);
    let step = sweep(|name, _, row| row.with("step", Value::Int(if name == "adam" { 500 } else { 1000 })));
    check(&step, &accuracy, &[Kind::WrongStep]);
    // 329 training samples, of which it is a count, and no count of 200.
    let split = sweep(|name, seed, row| {
        row.with("test_accuracy", Value::Float((if name == "muon" { 280 } else { 200 } + seed * 7 % 10) as f64 / 329.0))
    });
    check(&split, &accuracy, &[Kind::WrongSplit]);
    check(&sweep(|_, _, row| row), &claim("train_accuracy"), &[Kind::WrongSplit, Kind::TooFewSeeds]);
    let rising = sweep(|_, seed, row| row.with("improving", Value::Int(i64::from(seed == 3))));
    check(&rising, &accuracy, &[Kind::CensoredRead]);
    let reported = |text: &str| Claim { reported: Some(Reported::parse(text).unwrap()), ..accuracy.clone() };
    check(&sweep(|_, _, row| row), &reported("0.89"), &[Kind::BestOfMany]);
    check(&sweep(|_, _, row| row), &reported("1.00"), &[Kind::WrongSplit]);
    check(&sweep(|_, _, row| row), &reported("0.845"), &[]);
}

#[test]
fn a_time_without_the_runs_that_did_not_get_there_misleads() {
    let times = sweep(|name, seed, row| {
        let step = if name == "adam" { 400 } else { 200 } + seed;
        if name == "muon" && seed < 3 {
            row
        } else {
            row.with("step_generalized", Value::Int(step)).with("outcome", "grokked".into())
        }
    });
    let audit = of_table(&times, Some(&claim("step_generalized"))).unwrap();
    let judgement = audit.of_kind(Kind::CensoredRead);
    assert_eq!(judgement.verdict, Verdict::Misleads);
    // The seven that got there are ahead of all, the three others behind all.
    assert!(judgement.evidence.iter().any(|evidence| evidence.value == 0.7), "{judgement:?}");
}

/// A table of curves is read at its last steps, and the best of a curve is known as such.
#[test]
fn curves_are_read_at_their_ends() {
    let (mut method, mut seed, mut step, mut accuracy) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (name, lead) in [("a", 0.0), ("b", 0.2)] {
        for run in 0..8_i64 {
            for (at, fall) in [(10, 0.0), (20, 0.05)] {
                method.push(name.to_owned());
                seed.push(run);
                step.push(at);
                accuracy.push(0.6 + lead + run as f64 / 100.0 - fall);
            }
        }
    }
    let table = Table::default()
        .with("method", Column::Utf8(method))
        .with("seed", Column::Int64(seed))
        .with("step", Column::Int64(step))
        .with("val_accuracy", Column::Float64(accuracy));
    let claim = |text: &str| Claim {
        reported: Some(Reported::parse(text).unwrap()),
        ..Claim::parse("method=a,b", "val_accuracy").unwrap()
    };
    // The mean over 0.80 … 0.87 at the best step, less 0.05 at the last one.
    assert_eq!(found(&table, &claim("0.835")), [Kind::WrongStep]);
    assert_eq!(found(&table, &claim("0.785")), []);
}

#[test]
fn the_best_of_many_equal_methods_is_not_taken_for_the_best() {
    let (mut method, mut seed, mut score) = (Vec::new(), Vec::new(), Vec::new());
    for k in 0..12_i64 {
        for run in 0..6_i64 {
            method.push(format!("m{k}"));
            seed.push(run);
            score.push(0.5 + ((k * 31 + run * 17 + k * k * run * 7) % 23) as f64 / 100.0);
        }
    }
    let means: Vec<f64> = score.chunks(6).map(|six| six.iter().sum::<f64>()).collect();
    let best = (0..12).max_by(|&a, &b| means[a].total_cmp(&means[b])).unwrap();
    let table = Table::default()
        .with("method", Column::Utf8(method))
        .with("seed", Column::Int64(seed))
        .with("score", Column::Float64(score));
    let worse = usize::from(best == 0);
    let claim = Claim::parse(&format!("method=m{worse},m{best}"), "score").unwrap();
    assert!(found(&table, &claim).contains(&Kind::BestOfMany));
}

#[test]
fn a_claim_that_is_none_is_refused_by_name() {
    let table = sweep(|_, _, row| row);
    let refused = |claim: Claim| of_table(&table, Some(&claim)).unwrap_err().to_string();
    assert!(
        refused(Claim { setting: "optimiser".to_owned(), ..claim("test_accuracy") })
            .contains("no column \"optimiser\"")
    );
    assert!(refused(claim("task")).contains("holds no numbers"));
    assert!(
        refused(Claim { arms: ["adam".to_owned(), "sgd".to_owned()], ..claim("test_accuracy") })
            .contains("the table has adam, muon")
    );
    assert!(
        refused(Claim { arms: ["adam".to_owned(), "adam".to_owned()], ..claim("test_accuracy") })
            .contains("two different ones")
    );
    for text in ["a", "a=b", "=a,b", "a=b,c,d", "a=,b"] {
        assert!(matches!(Claim::parse(text, "x"), Err(ClaimError::NotAComparison { .. })), "{text}");
    }
    assert!(Reported::parse("inf").is_err());
    let written = Reported::parse("0.97").unwrap();
    assert!(written.fits(0.974) && written.fits(0.965) && !written.fits(0.976));
}

#[test]
fn without_a_claim_or_seeds_nothing_is_made_up() {
    let table = sweep(|_, _, row| row);
    assert_eq!(of_table(&table, None).unwrap().verdict(), Verdict::CannotTell);
    let no_seed = sweep(|_, seed, row| row.without("seed").with("optimizer.weight_decay", Value::Float(seed as f64)));
    let audit = of_table(&no_seed, Some(&claim("test_accuracy"))).unwrap();
    assert_eq!((audit.of_kind(Kind::TooFewSeeds).verdict, audit.verdict()), (Verdict::CannotTell, Verdict::CannotTell));
}

//! No sentence of a run contradicts its tables, whatever the run did: generalized and stayed, wavered, fell apart, ended early, never
//! memorized. What a sentence says of the end is compared with the last evaluation and the last snapshot, and what it says of a stretch
//! with every evaluation within it.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

#[path = "support/training.rs"]
mod training;

use dunwu::Opened;
use dunwu::answer::wording::{count, percent};
use dunwu::measure::label::UnitLabel;
use dunwu::store::Finished;
use dunwu_engine::spec::Value;
use dunwu_engine::{Outcome, RunSpec, Scalars};
use dunwu_report::run::{KeptRun, of_opened};
use proptest::prelude::*;
use std::path::PathBuf;

/// Everything that the page of a run says in words.
fn said(opened: &Opened) -> Vec<String> {
    let step = opened.scalars.last().unwrap().step;
    let end = Finished { outcome: opened.outcome, step, seconds: 1.0 };
    let kept = KeptRun { dir: PathBuf::from("runs/a"), end: Some(end), reused: false, writer: None };
    let answer = of_opened(opened, &kept, None);
    let captions = answer.figures().map(|figure| figure.caption.clone());
    std::iter::once(answer.headline.clone()).chain(answer.sentences.iter().cloned()).chain(captions).collect()
}

/// The number that follows `before` in a text, without its separators.
fn number_after(text: &str, before: &str) -> Option<u64> {
    let rest = text.split_once(before)?.1;
    let digits: String = rest.chars().take_while(|c| c.is_ascii_digit() || *c == ',').filter(|c| *c != ',').collect();
    digits.parse().ok()
}

/// The first contradiction between what is said and the tables.
fn contradiction(opened: &Opened, sentences: &[String]) -> Option<String> {
    let last = opened.scalars.last()?;
    let (memorized, generalized) = (opened.spec.events.memorized, opened.spec.events.generalized);
    let rows = |from: u64| opened.scalars.iter().filter(move |row| row.step >= from);
    let knows_train = |row: &Scalars| row.train_accuracy >= memorized;
    let knows_test = |row: &Scalars| row.test_accuracy.is_some_and(|test| test >= generalized);
    let (level_train, level_test) = (percent(memorized), percent(generalized));
    for text in sentences {
        let wrong = |why: &str| Some(format!("{why}: {text}"));
        if text.contains("grokked:") && !knows_test(last) {
            return wrong("it does not generalize at the end");
        }
        if let Some(from) = number_after(text, "grokked: from step ")
            && !rows(from).all(knows_test)
        {
            return wrong("it was below its level since");
        }
        if text.contains("generalized and lost it") && knows_test(last) {
            return wrong("it generalizes at the end");
        }
        if text.contains("memorized and forgot") && knows_train(last) {
            return wrong("it knows its sample at the end");
        }
        if text.contains("did not generalize within") && (knows_test(last) || !knows_train(last)) {
            return wrong("it generalizes at the end, or does not know its sample");
        }
        if text.contains("neither memorized nor generalized") && (knows_test(last) || knows_train(last)) {
            return wrong("it knows something at the end");
        }
        if text.ends_with("; the run agrees.") && !knows_test(last) {
            return wrong("the run that agrees does not generalize at the end");
        }
        for (lost, knows) in [
            ("from step {} on it answers fewer", &knows_test as &dyn Fn(&Scalars) -> bool),
            ("from step {} on it knows less", &knows_train),
            ("and lost it from step {} on", &knows_test),
        ] {
            let (before, after) = lost.split_once("{}").unwrap();
            let stretch = text.split_once(after).and_then(|(head, _)| Some(&head[head.rfind(before)?..]));
            if let Some(left) = stretch.and_then(|stretch| number_after(stretch, before))
                && rows(left).any(knows)
            {
                return wrong("it came back");
            }
        }
        for (words, level, knows, end) in [
            (
                "Training accuracy is at ",
                &level_train,
                &knows_train as &dyn Fn(&Scalars) -> bool,
                Some(last.train_accuracy),
            ),
            ("test accuracy at ", &level_test, &knows_test, last.test_accuracy),
        ] {
            let Some(rest) = text.split_once(&format!("{words}{level} or more from step ")).map(|(_, rest)| rest)
            else {
                continue;
            };
            let clause = rest.split([';']).next().unwrap_or_default();
            let clause = clause.split("; test accuracy").next().unwrap_or_default();
            let clause = clause.split(", test accuracy").next().unwrap_or_default();
            let from = number_after(&format!("@{rest}"), "@").unwrap();
            let to = number_after(clause, " to step ");
            let lapses = number_after(clause, " but for ").unwrap_or(0);
            let within: Vec<bool> = rows(from).filter(|row| to.is_none_or(|to| row.step < to)).map(knows).collect();
            if within.windows(2).filter(|pair| pair[0] && !pair[1]).count() as u64 != lapses {
                return wrong("its lapses are others");
            }
            match to {
                None if !knows(last) => return wrong("it did not stay"),
                Some(to) if rows(to).any(knows) => return wrong("it came back"),
                Some(_) if !clause.contains(&format!("and ends at {}", percent(end.unwrap()))) => {
                    return wrong("its end");
                }
                _ => {}
            }
        }
        if text.starts_with("It stopped in the")
            && matches!(opened.outcome, Outcome::Lost { .. } | Outcome::Forgot { .. })
        {
            return wrong("of what was lost it says where it stopped");
        }
        if let Some(frame) = opened.frames.last()
            && let Some(left) =
                text.split_once("dead units went from ").and_then(|(_, rest)| number_after(rest, " to "))
            && left != frame.count(UnitLabel::Dead) as u64
        {
            return wrong("the dead of the last snapshot are others");
        }
        if let Some(frame) = opened.frames.last()
            && text.contains("labelled generalizing")
            && text.ends_with(" dead.")
            && !text.ends_with(&format!(" and {} dead.", count(frame.count(UnitLabel::Dead) as u64)))
        {
            return wrong("the dead of the last snapshot are others");
        }
    }
    None
}

fn spec(settings: &[(&str, Value)]) -> RunSpec {
    training::spec("task=cyclic:7 model.width=24 record.snapshots_per_decade=3 steps=60", settings)
}

/// A run whose accuracies on both samples at each evaluation are these.
fn waver(spec: &RunSpec, accuracies: impl Fn(usize) -> (f64, f64)) -> Opened {
    let edit = |scalars: &mut [Scalars]| {
        for (at, row) in scalars.iter_mut().enumerate() {
            let (train, test) = accuracies(at);
            (row.train_accuracy, row.test_accuracy) = (train, Some(test));
        }
    };
    training::opened(spec, edit).0
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Real runs over decades of learning rate and decay: most fall apart somewhere.
    #[test]
    fn of_a_run_that_was_trained(
        seed in 0_i64..1000,
        rate in -3.0_f64..0.0,
        decay in -3.0_f64..1.5,
        fraction in 0.3_f64..1.0,
        steps in 1_i64..300,
        every in 1_i64..9,
        sustained in 0_i64..20,
        loss in prop::sample::select(vec!["mse", "cross_entropy"]),
        optimizer in prop::sample::select(vec!["adam", "adamw", "sgd"]),
    ) {
        let spec = spec(&[
            ("optimizer.name", Value::Text(optimizer.into())),
            ("loss", Value::Text(loss.into())),
            ("seed", Value::Int(seed)),
            ("steps", Value::Int(steps)),
            ("record.evaluate_every", Value::Int(every)),
            ("events.sustained", Value::Int(sustained)),
            ("data.fraction", Value::Float(fraction)),
            ("optimizer.learning_rate", Value::Float(10f64.powf(rate))),
            ("optimizer.weight_decay", Value::Float(10f64.powf(decay))),
        ]);
        let (opened, ended) = training::opened(&spec, |_| {});
        prop_assert_eq!(opened.outcome, ended, "the engine and its record say the same");
        prop_assert_eq!(contradiction(&opened, &said(&opened)), None, "{:?}", opened.outcome);
    }

    /// Curves that no training need have made: both accuracies wander over their levels and back.
    #[test]
    fn of_curves_that_waver(
        train in prop::collection::vec(prop::sample::select(vec![0.2, 0.7, 1.0, 1.0, 1.0]), 61),
        test in prop::collection::vec(prop::sample::select(vec![0.1, 0.6, 0.99, 1.0, 1.0]), 61),
        stretch in 1_usize..20,
        sustained in 0_i64..12,
    ) {
        let spec = spec(&[("events.sustained", Value::Int(sustained))]);
        let opened = waver(&spec, |at| (train[at / stretch], test[at / stretch]));
        prop_assert_eq!(contradiction(&opened, &said(&opened)), None, "{:?}", opened.outcome);
    }
}

/// The walk meets every kind of end that accuracies show, each with the sentence that it is checked by.
#[test]
fn every_kind_of_end_is_walked() {
    let ends = |before: (f64, f64), after: (f64, f64)| waver(&spec(&[]), |at| if at < 30 { before } else { after });
    for (opened, name, words) in [
        (ends((1.0, 0.1), (1.0, 1.0)), "grokked", "grokked: from step 30 on"),
        (ends((1.0, 1.0), (1.0, 0.1)), "lost", "generalized and lost it"),
        (ends((1.0, 0.1), (0.3, 0.1)), "forgot", "memorized and forgot"),
        (ends((0.1, 0.1), (1.0, 0.1)), "censored", "did not generalize within"),
        (ends((0.1, 0.1), (0.2, 0.1)), "censored", "neither memorized nor generalized"),
        (waver(&spec(&[]), |at| (1.0, if at == 50 { 0.5 } else { 1.0 })), "grokked", "it fell below that 1 time since"),
    ] {
        let said = said(&opened);
        assert_eq!((opened.outcome.name(), contradiction(&opened, &said)), (name, None));
        assert!(said[0].contains(words), "{}", said[0]);
    }
}

/// The walk can fail: sentences as an earlier build wrote them for a run that had lost everything.
#[test]
fn planted_sentences_are_found() {
    let opened = waver(&spec(&[]), |at| (1.0, if (10..40).contains(&at) { 1.0 } else { 0.1 }));
    assert!(matches!(opened.outcome, Outcome::Lost { arrived: 10, left: 40, .. }), "{:?}", opened.outcome);
    let held = said(&opened);
    assert_eq!(contradiction(&opened, &held), None);
    for planted in [
        "The network grokked: from step 10 on it answers at least 99 % of the questions that it was never shown.",
        "The theory expected generalization; the run agrees.",
        "Training accuracy is at 99 % or more from step 0 on, test accuracy at 99 % or more from step 10 on.",
        "The network memorized and forgot: at step 0 it knew its sample.",
        "The network generalized and lost it: from step 20 on it answers fewer, and ends at 10 %.",
        "The network neither memorized nor generalized within 60 steps: it answers 10 %.",
        "At step 60, 3 of 24 units are labelled generalizing, 4 memorizing, 5 undecided and 99 dead.",
        "From then to the end dead units went from 0 to 99.",
        "It stopped in the interactive stage, which begins at step 10: units carry the fit.",
    ] {
        let sentences = [held.clone(), vec![planted.to_owned()]].concat();
        assert!(contradiction(&opened, &sentences).is_some(), "{planted}");
    }
}

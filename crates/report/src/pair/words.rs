//! A paired comparison in sentences.

use super::names::{arms, short};
use crate::words::{counted, list, number};
use dunwu_studies::paired::{Choice, Comparison, Discordance, ENOUGH_PAIRS, Effect, EffectVerdict, Effects, Tuned};

/// What it comes to, in one sentence: of the tuned arms where another setting was chosen for each.
pub(super) fn verdict(comparison: &Comparison) -> String {
    let [a, b] = arms(comparison);
    let (effects, how) = match &comparison.tuned {
        Some(tuned) => (&tuned.effects, format!("With {} chosen for each arm", tuned.key)),
        None => (&comparison.effects, "At equal settings".to_owned()),
    };
    let pairs = counted(effects.pairs, "pair");
    if effects.pairs < ENOUGH_PAIRS {
        return format!("{how}, {pairs} of {a} and {b} are too few to tell; {ENOUGH_PAIRS} is the least.");
    }
    let shown: Vec<String> = [
        effects.generalized.and_then(|did| {
            let (more, less) = if did.difference > 0.0 { (&b, &a) } else { (&a, &b) };
            let effect = as_effect(&did);
            (effect.verdict(0.0).is_shown()).then(|| {
                format!(
                    "{more} generalizes more often than {less} (difference of the shares {}, {}; McNemar p = {})",
                    number(did.difference),
                    interval(&effect),
                    number(did.p)
                )
            })
        }),
        time_sentence(&a, &b, effects.steps_ratio, "steps"),
        time_sentence(&a, &b, effects.seconds_ratio, "seconds"),
        effects.test_accuracy_difference.filter(|difference| difference.verdict(0.0).is_shown()).map(|difference| {
            let (more, less) =
                if difference.estimate > 0.0 { (b.as_str(), a.as_str()) } else { (a.as_str(), b.as_str()) };
            format!(
                "{more} ends with more test accuracy than {less} ({b} less {a}: {}, {})",
                number(difference.estimate),
                interval(&difference)
            )
        }),
    ]
    .into_iter()
    .flatten()
    .collect();
    if shown.is_empty() {
        return format!(
            "{how}, no difference between {a} and {b} is shown over {pairs} at equal compute: no 95 % interval excludes that there is none."
        );
    }
    format!("{how} and at equal compute, {}, over {pairs}.", shown.join(", and "))
}

/// A ratio of times, where it is shown.
fn time_sentence(a: &str, b: &str, ratio: Option<Effect>, unit: &str) -> Option<String> {
    let ratio = ratio.filter(|ratio| ratio.verdict(1.0).is_shown())?;
    Some(format!(
        "{b} takes {} times the {unit} of {a} to generalize ({}; {} in which both do)",
        number(ratio.estimate),
        interval(&ratio),
        counted(ratio.pairs, "pair")
    ))
}

/// What came out, in sentences, the verdict first.
pub(super) fn sentences(comparison: &Comparison) -> Vec<String> {
    let mut sentences = vec![verdict(comparison)];
    sentences.extend(effect_sentences(comparison, &comparison.effects, "At equal settings"));
    if comparison.unpaired > 0 {
        sentences.push(format!("Left out: {} without a partner.", counted(comparison.unpaired, "run")));
    }
    if comparison.failed > 0 {
        sentences.push(format!("Left out: {} that ended with an error.", counted(comparison.failed, "run")));
    }
    if let Some(tuned) = &comparison.tuned {
        sentences.extend(tuned_sentences(comparison, tuned));
    }
    sentences
}

fn tuned_sentences(comparison: &Comparison, tuned: &Tuned) -> Vec<String> {
    let chose = |arm: usize, name: String| {
        let choices: Vec<String> = tuned.choices[arm].iter().map(choice_words).collect();
        format!("{name} chose {} = {}", tuned.key, list(&choices, 6))
    };
    let [a, b] = arms(comparison);
    let mut sentences = vec![format!(
        "On half of the seeds of each of {}, {}; {}. Each choice is judged on the other half.",
        counted(tuned.groups, "group"),
        chose(0, a),
        chose(1, b)
    )];
    if tuned.choices.iter().flatten().any(|choice| choice.is_at_edge) {
        sentences
            .push("A choice is at the edge of the values that were swept: a better one may lie beyond.".to_owned());
    }
    if tuned.left_out > 0 {
        let groups = counted(tuned.left_out, "group");
        sentences.push(format!("Left out of the choice: {groups} with fewer than two seeds in common."));
    }
    sentences.extend(effect_sentences(comparison, &tuned.effects, "Chosen"));
    sentences
}

fn choice_words(choice: &Choice) -> String {
    let value = choice.value.as_ref().map_or("none".to_owned(), short);
    let edge = if choice.is_at_edge { ", at the edge" } else { "" };
    format!("{value} ({} times{edge})", choice.times)
}

fn effect_sentences(comparison: &Comparison, effects: &Effects, how: &str) -> Vec<String> {
    let [a, b] = arms(comparison);
    let mut sentences = Vec::new();
    if effects.pairs == 0 {
        return vec![format!("{how}, no run has a partner.")];
    }
    for (ratio, unit) in [(effects.steps_ratio, "steps"), (effects.seconds_ratio, "seconds")] {
        if let Some(ratio) = ratio {
            sentences.push(format!(
                "{how}, {b} generalizes in {} times the {unit} of {a} ({}; {} in which both do){}.",
                number(ratio.estimate),
                interval(&ratio),
                counted(ratio.pairs, "pair"),
                remark(&ratio, 1.0)
            ));
        }
    }
    if effects.steps_ratio.is_none() {
        sentences.push(format!(
            "{how}, there is no pair in which both generalize within equal compute, so no ratio of times."
        ));
    }
    if let Some(did) = &effects.generalized {
        sentences.push(format!(
            "Of {}, {a} generalizes, and still does at the end, in {} and {b} in {}; {a} alone in {}, {b} alone in {} (exact McNemar p = {}; difference of the \
             shares {}, {}){}.",
            counted(did.pairs, "pair"),
            did.a,
            did.b,
            did.only_a,
            did.only_b,
            number(did.p),
            number(did.difference),
            interval(&as_effect(did)),
            remark(&as_effect(did), 0.0)
        ));
    }
    if let Some(difference) = &effects.test_accuracy_difference {
        sentences.push(format!(
            "Final test accuracy of {b} less that of {a}: {} ({}; {}){}.",
            number(difference.estimate),
            interval(difference),
            counted(difference.pairs, "pair"),
            remark(difference, 0.0)
        ));
    }
    sentences
}

fn interval(effect: &Effect) -> String {
    effect
        .low
        .zip(effect.high)
        .map_or("no interval".to_owned(), |(low, high)| format!("95 % interval {} to {}", number(low), number(high)))
}

/// What keeps a reader from taking an estimate for a finding.
fn remark(effect: &Effect, nothing: f64) -> String {
    match effect.verdict(nothing) {
        EffectVerdict::Shown => String::new(),
        EffectVerdict::NotShown => ": no effect lies within the interval".to_owned(),
        EffectVerdict::TooFewPairs => format!(": fewer than {ENOUGH_PAIRS} pairs"),
    }
}

/// The difference of shares beside the other effects.
pub(super) fn as_effect(did: &Discordance) -> Effect {
    Effect { estimate: did.difference, low: Some(did.low), high: Some(did.high), pairs: did.pairs }
}

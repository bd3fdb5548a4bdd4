//! A paired comparison in sentences, as text and as a page.

use super::figures::Figure;
use super::landscape::Page;
use super::landscape::table::Table;
use super::page::{self, Head};
use super::pair_chart;
use super::svg::escape;
use super::words::{counted, list, number};
use dunwu::paired::{Choice, Comparison, Discordance, ENOUGH_PAIRS, Effect, EffectVerdict, Effects, Tuned};
use dunwu::phase::shown;

/// What it comes to, in one sentence: of the tuned arms where another setting was chosen for each.
pub fn verdict(comparison: &Comparison) -> String {
    let (a, b) = (shown(&comparison.a), shown(&comparison.b));
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
            format!(
                "{b} ends with {} more test accuracy than {a} ({})",
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
pub fn sentences(comparison: &Comparison) -> Vec<String> {
    let mut sentences = vec![verdict(comparison)];
    sentences.extend(effect_sentences(comparison, &comparison.effects, "At equal settings"));
    if comparison.unpaired > 0 {
        sentences.push(format!("{} without a partner left out.", counted(comparison.unpaired, "run")));
    }
    if comparison.failed > 0 {
        sentences.push(format!("{} ended with an error and left out.", counted(comparison.failed, "run")));
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
    let mut sentences = vec![format!(
        "On half of the seeds of each of {}, {}; {}. Each choice is judged on the other half.",
        counted(tuned.groups, "group"),
        chose(0, shown(&comparison.a)),
        chose(1, shown(&comparison.b))
    )];
    if tuned.choices.iter().flatten().any(|choice| choice.is_at_edge) {
        sentences
            .push("A choice stands at the edge of the values that were swept: a better one may lie beyond.".to_owned());
    }
    if tuned.left_out > 0 {
        let groups = counted(tuned.left_out, "group");
        sentences.push(format!("{groups} with fewer than two seeds in common left out of the choice."));
    }
    sentences.extend(effect_sentences(comparison, &tuned.effects, "Chosen"));
    sentences
}

fn choice_words(choice: &Choice) -> String {
    let value = choice.value.as_ref().map_or("none".to_owned(), shown);
    let edge = if choice.is_at_edge { ", at the edge" } else { "" };
    format!("{value} ({} times{edge})", choice.times)
}

fn effect_sentences(comparison: &Comparison, effects: &Effects, how: &str) -> Vec<String> {
    let (a, b) = (shown(&comparison.a), shown(&comparison.b));
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
            "Of {}, {a} generalizes in {} and {b} in {}; {a} alone in {}, {b} alone in {} (exact McNemar p = {}; difference of the \
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

fn table(effects: &Effects) -> Table {
    let row = |name: &str, effect: Option<Effect>| {
        let optional = |value: Option<f64>| value.map_or("–".to_owned(), number);
        vec![
            name.to_owned(),
            optional(effect.map(|effect| effect.estimate)),
            optional(effect.and_then(|effect| effect.low)),
            optional(effect.and_then(|effect| effect.high)),
            effect.map_or(0, |effect| effect.pairs).to_string(),
        ]
    };
    Table {
        head: vec!["second against first", "estimate", "low", "high", "pairs"],
        n_text: 1,
        rows: vec![
            row("steps to generalize, ratio", effects.steps_ratio),
            row("seconds to generalize, ratio", effects.seconds_ratio),
            row("share that generalized, difference", effects.generalized.as_ref().map(as_effect)),
            row("final test accuracy, difference", effects.test_accuracy_difference),
        ],
    }
}

/// The difference of shares beside the other effects.
pub(super) fn as_effect(did: &Discordance) -> Effect {
    Effect { estimate: did.difference, low: Some(did.low), high: Some(did.high), pairs: did.pairs }
}

/// The effects as tables for a terminal.
pub fn text(comparison: &Comparison) -> String {
    let mut text = table(&comparison.effects).text();
    if let Some(tuned) = &comparison.tuned {
        let (key, tuned) = (&tuned.key, table(&tuned.effects).text());
        text = format!("{text}\n\nWith {key} chosen for each arm\n{tuned}");
    }
    text
}

/// The page with its drawing.
pub fn page(comparison: &Comparison, setup: &str) -> Page {
    let svg = pair_chart::pairs(comparison);
    let figure = Figure {
        name: "pairs",
        title: "Pairs and effects".to_owned(),
        caption: "Left, a dot a pair in which both generalize within equal compute; below the line the second value is quicker. Right, \
                  estimates with 95 % intervals; no effect is the thin line."
            .to_owned(),
        svg: Some(svg.clone()),
    };
    let sentences = sentences(comparison);
    let mut body = format!("<ul class=\"story\">\n{}</ul>\n", page::items(&sentences[1..]));
    body += &page::shown(&figure);
    body += &table(&comparison.effects).html();
    if let Some(tuned) = &comparison.tuned {
        let (key, table) = (escape(&tuned.key), table(&tuned.effects).html());
        body = format!("{body}<h2>With {key} chosen for each arm</h2>\n{table}");
    }
    let html = page::document(&Head {
        kicker: "Dunwu · paired comparison",
        title: &format!("{}: {} against {}", comparison.key, shown(&comparison.b), shown(&comparison.a)),
        setup: &escape(setup),
        lede: &sentences[0],
        body: &body,
        footer: ". Intervals: Student's t of the mean over pairs; Newcombe 1998, method 10, for shares. p: exact test of McNemar.",
    });
    Page { html, drawings: vec![("pairs".to_owned(), svg)] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing_checks::{assert_sound, assert_texts_apart, has_a_broken_number};
    use dunwu::sweep::fixture::{Row, results};
    use dunwu_engine::spec::Value;

    /// Muon in `ratio` of adam's steps, give or take, at rates of which the larger is quicker.
    fn comparison(ratio: f64, n_seeds: i64, tuned: Option<&str>) -> Comparison {
        let row = |arm: &'static str, seed: i64, rate: f64| {
            let noise = 1.0
                + 0.2 * ((seed * 5 % 7) as f64 - 3.0) / 3.0
                + if arm == "muon" { 0.03 * (seed % 3) as f64 } else { 0.0 };
            let step = noise * 40.0 / (rate + 0.02) * if arm == "muon" { ratio } else { 1.0 };
            let row = if step < 1500.0 {
                Row::grokked(23, 300, seed, step as i64)
            } else {
                Row::censored(23, 300, seed, 0.2)
            };
            row.with("optimizer.name", arm.into())
                .with("optimizer.learning_rate", Value::Float(rate))
                .with("seconds", Value::Float(if arm == "muon" { 1.5 } else { 1.0 }))
        };
        let mut rows = Vec::new();
        for arm in ["adam", "muon"] {
            for seed in 0..n_seeds {
                rows.extend([0.005, 0.02, 0.1].map(|rate| row(arm, seed, rate)));
            }
        }
        Comparison::of(&results(&rows), "optimizer.name", &["adam".into(), "muon".into()], tuned).unwrap()
    }

    fn samples() -> Vec<(&'static str, Comparison)> {
        vec![
            ("quicker", comparison(0.4, 8, Some("optimizer.learning_rate"))),
            ("slower", comparison(2.0, 8, None)),
            ("few", comparison(0.4, 1, None)),
            ("never", comparison(60.0, 6, Some("optimizer.learning_rate"))),
        ]
    }

    #[test]
    fn every_comparison_is_sound_and_its_texts_stand_apart() {
        for (name, comparison) in samples() {
            let page = page(&comparison, "task = <1>");
            assert!(!has_a_broken_number(&page.html), "{name}");
            let xml = page.html.strip_prefix("<!doctype html>").unwrap();
            roxmltree::Document::parse(xml).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_sound(&page.drawings[0].1, name);
            assert_texts_apart(&page.drawings[0].1, name);
        }
    }

    /// Each effect alone, its interval around, above and below the value of no effect: the verdict claims a difference exactly where
    /// an interval excludes it.
    #[test]
    fn no_sentence_denies_what_an_interval_excludes() {
        let base = comparison(2.0 / 3.0, 8, None);
        let around = |nothing: f64, shift: f64| Effect {
            estimate: nothing + shift,
            low: Some(nothing + shift - 0.1),
            high: Some(nothing + shift + 0.1),
            pairs: 8,
        };
        let did = |shift: f64, p: f64| Discordance {
            pairs: 8,
            a: 4,
            b: 4,
            only_a: 1,
            only_b: 1,
            difference: shift,
            low: shift - 0.1,
            high: shift + 0.1,
            p,
        };
        for which in 0..4 {
            for shift in [-0.2, 0.0, 0.2] {
                let mut comparison = base.clone();
                comparison.effects = Effects {
                    pairs: 8,
                    steps_ratio: (which == 0).then(|| around(1.0, shift)),
                    seconds_ratio: (which == 1).then(|| around(1.0, shift)),
                    // The p-value says the opposite of the interval: the sentence follows the interval.
                    generalized: (which == 2).then(|| did(shift, if shift == 0.0 { 0.001 } else { 0.9 })),
                    test_accuracy_difference: (which == 3).then(|| around(0.0, shift)),
                };
                let said = verdict(&comparison);
                assert_eq!(said.contains("no difference"), shift == 0.0, "{which}, {shift}: {said}");
            }
        }
    }

    #[test]
    fn the_verdict_says_what_the_intervals_do() {
        let said = |ratio, n_seeds, tuned| verdict(&comparison(ratio, n_seeds, tuned));
        // At 1.5 times the cost of a step.
        assert!(said(0.4, 8, None).contains("muon takes 0.") && said(0.4, 8, None).starts_with("At equal settings"));
        assert!(said(0.4, 8, Some("optimizer.learning_rate")).starts_with("With optimizer.learning_rate chosen"));
        assert!(said(0.4, 1, None).contains("too few to tell"), "{}", said(0.4, 1, None));
        let none = said(2.0 / 3.0, 8, None);
        assert!(none.contains("no difference") || none.contains("times the seconds"), "{none}");
        let never = said(60.0, 8, None);
        assert!(never.contains("adam generalizes more often than muon"), "{never}");
        let sentences = sentences(&comparison(0.4, 1, None)).join(" ");
        assert!(sentences.contains("fewer than 5 pairs"), "{sentences}");
    }

    /// Writes the samples to the folder named in `DUNWU_REPORT_DIR`, to be looked at.
    #[test]
    #[ignore = "writes files for the eye, checks nothing that others do not"]
    fn write_the_comparisons() {
        let folder = std::path::PathBuf::from(std::env::var("DUNWU_REPORT_DIR").expect("set DUNWU_REPORT_DIR"));
        for (name, comparison) in samples() {
            std::fs::write(folder.join(format!("pair-{name}.html")), page(&comparison, "").html).unwrap();
        }
    }
}

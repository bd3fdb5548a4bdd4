//! A paired comparison as an answer.

use super::data::PairData;
use super::names::arms;
use super::{chart, tables, words};
use dunwu::answer::{Answer, Block, Section, object};
use dunwu::verb::{VerbError, Watcher};
use dunwu_studies::paired::{Comparison, PairRequest};
use dunwu_studies::sweep::Filter;

/// How two values of one setting compare over the pairs of a table's runs that differ in that setting alone.
pub fn answer(request: &PairRequest, watcher: &mut Watcher<'_>) -> Result<Answer, VerbError> {
    watcher.phase("reading the table", None);
    Ok(of_comparison(&request.comparison(watcher)?, &Filter::line(&request.fixed)))
}

/// The answer to a comparison of runs with the settings in `setup`.
fn of_comparison(comparison: &Comparison, setup: &str) -> Answer {
    let mut story = words::sentences(comparison);
    let headline = story.remove(0);
    let [a, b] = arms(comparison);
    let effects = tables::effects("effects", &comparison.effects);
    let mut sections = vec![
        Section::untitled(vec![Block::Figure(chart::pairs(comparison))]),
        Section::everywhere(&format!("{b} against {a}"), vec![Block::Table(effects)]),
    ];
    if let Some(tuned) = &comparison.tuned {
        let table = Block::Table(tables::effects("tuned", &tuned.effects));
        sections.push(Section::everywhere(&format!("With {} chosen for each arm", tuned.key), vec![table]));
    }
    Answer {
        verb: "pair",
        title: format!("{}: {b} against {a}", comparison.key),
        setup: setup.to_owned(),
        headline,
        sentences: story,
        sections,
        sources: vec![
            "Intervals: Student's t of the mean over pairs; Newcombe 1998, method 10, for shares.".to_owned(),
            "p: exact test of McNemar.".to_owned(),
        ],
        data: object(&PairData::of(comparison)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing_checks::{assert_page_sound, assert_sound, assert_texts_apart, shape_points};
    use crate::{draw, skin};
    use dunwu_engine::spec::Value;
    use dunwu_studies::sweep::fixture::{Row, results};

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
                rows.extend([0.005, 0.020_012_345_678_9, 0.1].map(|rate| row(arm, seed, rate)));
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
    fn every_answer_is_sound_in_every_skin() {
        for (name, comparison) in samples() {
            let answer = of_comparison(&comparison, "task = <1>");
            for (_, svg) in draw::documents(&answer) {
                assert_sound(&svg, name);
                assert_texts_apart(&svg, name);
            }
            assert_page_sound(&skin::page(&answer), name);
            let text = skin::terminal(&answer);
            assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
            assert_eq!(crate::verbs::mistakes("pair", &skin::json(&answer)), [""; 0], "{name}");
        }
    }

    #[test]
    fn the_headline_says_what_the_intervals_do() {
        let said = |ratio, n_seeds, tuned| of_comparison(&comparison(ratio, n_seeds, tuned), "").headline;
        // At 1.5 times the cost of a step.
        let quicker = said(0.4, 8, None);
        assert!(quicker.contains("muon takes 0.6") && quicker.starts_with("At equal settings"), "{quicker}");
        assert!(said(0.4, 8, Some("optimizer.learning_rate")).starts_with("With optimizer.learning_rate chosen"));
        assert!(said(0.4, 1, None).contains("too few to tell"), "{}", said(0.4, 1, None));
        let none = said(2.0 / 3.0, 8, None);
        assert!(none.contains("no difference") || none.contains("times the s"), "{none}");
        let never = said(60.0, 8, None);
        assert!(never.contains("adam generalizes more often than muon"), "{never}");
        let accuracy = "adam ends with more test accuracy than muon (muon less adam: −";
        assert!(!never.contains("test accuracy") || never.contains(accuracy), "{never}");
        let sentences = of_comparison(&comparison(0.4, 1, None), "").sentences.join(" ");
        assert!(sentences.contains("fewer than 5 pairs"), "{sentences}");
    }

    /// Without a pair in which both generalize the effects have the whole width.
    #[test]
    fn no_half_of_the_figure_is_empty() {
        let svg = |ratio| draw::documents(&of_comparison(&comparison(ratio, 6, None), "")).remove(0).1;
        let left = |svg: &str| {
            let points = shape_points(&roxmltree::Document::parse(svg).unwrap());
            points.iter().map(|&(x, _)| x).fold(f64::INFINITY, f64::min)
        };
        let never = svg(60.0);
        assert!(left(&never) < 100.0 && left(&svg(0.4)) < 100.0, "{never}");
    }

    #[test]
    fn no_sentence_has_a_rate_of_many_digits() {
        let answer = of_comparison(&comparison(0.4, 8, Some("optimizer.learning_rate")), "");
        let story: String = answer.story().collect();
        assert!(!story.contains("0.0200123"), "{story}");
        assert!(answer.data["tuned"]["chosen_a"][0]["value"].is_number());
    }

    /// Writes the samples to the folder named in `DUNWU_REPORT_DIR`, to be looked at.
    #[test]
    #[ignore = "writes files for the eye, checks nothing that others do not"]
    fn write_the_comparisons() {
        let folder = std::path::PathBuf::from(std::env::var("DUNWU_REPORT_DIR").expect("set DUNWU_REPORT_DIR"));
        for (name, comparison) in samples() {
            let page = skin::page(&of_comparison(&comparison, "task = cyclic:23"));
            std::fs::write(folder.join(format!("pair-{name}.html")), page).unwrap();
        }
    }
}

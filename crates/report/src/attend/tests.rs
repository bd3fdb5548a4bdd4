use super::sample::{attended, attended_head};
use super::{AttendData, AttendHeadData, answer_of, one_head};
use crate::drawing_checks::{assert_page_sound, assert_sound, assert_texts_apart};
use crate::{draw, skin};
use dunwu::answer::Answer;
use dunwu_attention::sparsity::MEASURES;

fn sample(n_layers: usize, n_heads: usize, n_tokens: usize) -> Answer {
    answer_of(&attended(n_layers, n_heads, n_tokens))
}

#[test]
fn every_page_is_well_formed_and_its_texts_stand_apart() {
    for (n_layers, n_heads, n_tokens) in [(30, 9, 700), (1, 1, 20), (2, 4, 100), (32, 32, 140), (61, 8, 140)] {
        let name = format!("{n_layers} layers of {n_heads} heads, {n_tokens} tokens");
        let answer = sample(n_layers, n_heads, n_tokens);
        assert_page_sound(&skin::page(&answer), &name);
        for (drawing, svg) in draw::documents(&answer) {
            assert_sound(&svg, &format!("{name}, {drawing}"));
            assert_texts_apart(&svg, &format!("{name}, {drawing}"));
        }
        let text = skin::terminal(&answer);
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{name}: {text}");
    }
}

#[test]
fn every_head_says_its_four_values() {
    let documents = draw::documents(&sample(12, 4, 200));
    let (_, svg) = documents.iter().find(|(name, _)| name == "attention-heads").unwrap();
    for layer in 0..12 {
        for head in 0..4 {
            assert_eq!(svg.matches(&format!("<title>layer {layer}, head {head}: ")).count(), 4);
        }
    }
}

#[test]
fn the_first_picture_of_the_page_is_where_the_sink_switches_on() {
    let page = skin::page(&sample(12, 4, 300));
    let (picture, sentences) = (page.find("id=\"attention-onset\"").unwrap(), page.find("class=\"story\"").unwrap());
    assert!(picture < sentences);
}

#[test]
fn the_sentences_say_where_the_sink_is() {
    let said = |n_layers| sample(n_layers, 4, 300).story().collect::<Vec<_>>().join(" ");
    assert!(said(12).contains("switches on at layer 4"), "{}", said(12));
    assert!(said(1).contains("no sink"), "{}", said(1));
    let text = skin::terminal(&sample(12, 4, 300));
    assert!(MEASURES.iter().all(|measure| text.contains(measure.name)), "{text}");
}

#[test]
fn the_data_validates_and_a_broken_one_does_not() {
    let schema = schemars::schema_for!(AttendData).to_value();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for (n_layers, n_heads, n_tokens) in [(30, 9, 700), (1, 1, 20)] {
        let data = serde_json::to_value(AttendData::of(&attended(n_layers, n_heads, n_tokens))).unwrap();
        assert!(validator.is_valid(&data), "{:?}", validator.iter_errors(&data).next());
        let mut broken = data;
        broken["heads"][0]["entropy"] = "high".into();
        assert!(!validator.is_valid(&broken), "a measure is a number");
    }
}

#[test]
fn a_page_of_one_head_is_well_formed_and_says_what_its_weights_say() {
    for (n_layers, n_heads, n_tokens) in [(30, 9, 96), (1, 1, 2), (2, 4, 20)] {
        let name = format!("{n_layers} layers of {n_heads} heads, {n_tokens} tokens");
        let attended = attended_head(n_layers, n_heads, n_tokens);
        let answer = one_head::answer_of(&attended);
        assert_page_sound(&skin::page(&answer), &name);
        for (drawing, svg) in draw::documents(&answer) {
            assert_sound(&svg, &format!("{name}, {drawing}"));
            assert_texts_apart(&svg, &format!("{name}, {drawing}"));
            let drawn = attended.head.map.iter().flatten().filter(|weight| **weight >= 0.01).count();
            assert_eq!(svg.matches(" looks at ").count(), drawn, "{name}: a cell a weight");
        }
        let text = skin::terminal(&answer);
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{name}: {text}");
        let data = serde_json::to_value(AttendHeadData::of(&attended)).unwrap();
        let schema = schemars::schema_for!(AttendHeadData).to_value();
        let validator = jsonschema::validator_for(&schema).unwrap();
        assert!(validator.is_valid(&data), "{:?}", validator.iter_errors(&data).next());
        let first = attended.head.map[1..].iter().map(|row| f64::from(row[0])).sum::<f64>() / (n_tokens - 1) as f64;
        assert!((data["received"][0].as_f64().unwrap() - first).abs() < 1e-12);
        assert!(answer.headline.contains(&crate::words::percent(first)), "{}", answer.headline);
    }
}

#[test]
fn the_table_of_one_head_lists_the_keys_that_get_most_in_order() {
    let attended = attended_head(12, 4, 60);
    let text = skin::terminal(&one_head::answer_of(&attended));
    let received = attended.head.pattern().received();
    let mut sorted = received.clone();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let at = |share: &f64| text.find(&crate::words::percent(*share)).unwrap_or_else(|| panic!("{share} in {text}"));
    assert!(at(&sorted[0]) < at(&sorted[7]), "{text}");
    // The sink and the second one at 7, which the made-up weights have.
    assert!(text.contains("at 0") && text.contains("at 7"), "{text}");
}

use super::answer::answer_of;
use super::map::hop_color;
use super::{ReachData, answer};
use crate::drawing_checks::{assert_page_sound, assert_sound, assert_texts_apart};
use crate::verbs::mistakes;
use crate::{draw, skin};
use dunwu::answer::Answer;
use dunwu::reach::{DESIGNS, ReachRequest, reach};
use dunwu::verb::Watcher;
use std::sync::atomic::AtomicBool;

fn asked(words: &str) -> Answer {
    let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
    let stop = AtomicBool::new(false);
    answer(&ReachRequest::from_words(&words).unwrap(), &mut Watcher::new(&mut |_| {}, &stop)).unwrap()
}

fn told(words: &str) -> String {
    asked(words).story().collect::<Vec<_>>().join("\n")
}

#[test]
fn every_page_is_well_formed_its_texts_stand_apart_and_its_data_fit_the_schema() {
    let patterns = [
        "full length=1",
        "full length=2",
        "3xchunked:6",
        "window:5 layers=3 length=60",
        "chunked:6/chunked:6+3",
        "window:4,dilated:4x4 layers=4",
        "8xwindow:64/full-nope length=3000",
        "full-nope layers=2",
    ];
    for words in patterns.into_iter().chain(DESIGNS.iter().map(|design| design.name)) {
        let answer = asked(words);
        assert_page_sound(&skin::page(&answer), words);
        for (name, svg) in draw::documents(&answer) {
            assert_sound(&svg, &format!("{words}: {name}"));
            assert_texts_apart(&svg, &format!("{words}: {name}"));
        }
        let text = skin::terminal(&answer);
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert_eq!(mistakes("reach", &skin::json(&answer)), Vec::<String>::new(), "{words}");
    }
}

#[test]
fn the_fault_of_a_design_is_its_first_sentence() {
    let chunks = told("3xchunked:6");
    // 4 chunks of 15 pairs each are joined, of 276.
    assert!(chunks.starts_with("3xchunked:6 exchanges nothing between 78.3 % of its pairs"), "{chunks}");
    assert!(
        chunks.contains("The position 6 hears nothing of the one before it, while position 5 hears of 5."),
        "{chunks}"
    );
    assert!(chunks.contains("There are 3 such falls in 24 positions"), "{chunks}");
    assert!(chunks.contains("From a distance of 6 on no pair exchanges anything."), "{chunks}");
    let scout = told("llama-4-scout");
    assert!(
        scout.starts_with("llama-4-scout joins every pair of positions, but only through 12 of its 48 layers"),
        "{scout}"
    );
    assert!(scout.contains("The position 8,192 hears nothing of the one before it through the 36 layers"), "{scout}");
    assert!(
        scout.contains("12 layers are without positions; the others compare positions at most 8,191 apart"),
        "{scout}"
    );
    let full = told("full layers=2");
    assert!(full.starts_with("full joins every pair of positions, in at most 1 hop."), "{full}");
    assert!(!full.contains("hears") && !full.contains("blind"), "{full}");
}

#[test]
fn numbers_of_the_data_are_those_of_the_design() {
    let words = ["window:5/window:5/window:5", "length=24"].map(str::to_owned);
    let stop = AtomicBool::new(false);
    let reach = reach(&ReachRequest::from_words(&words).unwrap(), &mut Watcher::new(&mut |_| {}, &stop)).unwrap();
    let data = ReachData::of(&reach);
    assert_eq!((data.all.pairs, data.all.horizon, data.all.worst), (276, Some(13), None));
    // Distances 1 to 4 in one hop, 5 to 8 in two, 9 to 12 in three: Σ (24 − d).
    let pairs = |distances: std::ops::RangeInclusive<u64>| distances.map(|distance| 24 - distance).sum::<u64>();
    assert_eq!(data.all.by_hops, [pairs(1..=4), pairs(5..=8), pairs(9..=12)]);
    assert_eq!(answer_of(&reach).data["all"]["blind"], pairs(13..=23));
}

#[test]
fn more_hops_are_paler_and_no_number_of_hops_is_without_a_colour() {
    let colors: Vec<&str> = (1..=5).map(|hops| hop_color(hops, 5)).collect();
    assert!(colors.windows(2).all(|pair| pair[0] < pair[1]), "{colors:?}");
    assert_eq!((hop_color(1, 1), hop_color(32, 32)), (colors[0], colors[4]));
}

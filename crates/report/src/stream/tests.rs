use super::chart::{STRETCHES, figure, medians};
use super::sample::{course, reading, text as hardness, three, with_places};
use super::tables::{SPARKS, sparklines};
use super::words::{interval, pace, sentences};
use super::{StreamData, answer_of};
use crate::drawing_checks::{assert_page_sound, assert_sound, assert_texts_apart};
use crate::{draw, skin};
use dunwu::answer::{Block, Scale, TableCell};
use dunwu_streams::{Course, Reading};

fn told(reading: &Reading) -> String {
    sentences(reading).join("\n")
}

#[test]
fn the_best_bounded_policy_comes_first_and_the_others_are_held_against_it() {
    let reading = three(100);
    let told = told(&reading);
    assert!(told.starts_with("sinks:4+1020 predicts 204,800 tokens with perplexity 2"), "{told}");
    assert!(told.contains("has not grown since token 1,024"), "{told}");
    assert!(told.contains("window:1024 is at 43") && told.contains("1.55 times that of sinks:4+1020"), "{told}");
    assert!(told.contains("(95 % 1.55 to 1.55, over 100 segments"), "{told}");
    assert!(told.contains("25 times the trained context"), "{told}");
}

#[test]
fn only_a_policy_that_explodes_is_said_to_break() {
    let told = told(&three(100));
    assert!(told.contains("sinks-absolute:4+1020 breaks") && told.contains("texts of 8,192 tokens"), "{told}");
    assert!(!told.contains("window:1024 breaks") && !told.contains("\nsinks:4+1020 breaks"), "{told}");
}

#[test]
fn a_policy_under_which_some_heads_keep_all_is_not_taken_for_bounded() {
    let mixed = || Course { full_at: None, ..course("0..28=full/28..=window:32", 9, Some(32), |i| 0.9 * hardness(i)) };
    let alone = told(&reading(vec![mixed()]));
    assert!(alone.contains("and goes on growing") && !alone.contains("has not grown"), "{alone}");
    let beside = told(&reading(vec![mixed(), course("window:1024", 9, Some(1024), hardness)]));
    assert!(beside.starts_with("window:1024 predicts"), "the better one is not bounded: {beside}");
    let uneven = |full_at| Course { full_at: Some(full_at), ..course("heads:a", 9, Some(32), hardness) };
    let full = told(&reading(vec![uneven(1024)]));
    assert!(full.contains("has not grown since token 1,024"), "{full}");
    let filling = told(&reading(vec![uneven(100_000)]));
    assert!(filling.contains("grows until token 100,000") && !filling.contains("has not grown"), "{filling}");
}

#[test]
fn few_segments_give_no_interval_and_nothing_read_gives_a_page_still() {
    assert!(!told(&three(7)).contains("95 %") && told(&three(8)).contains("95 %"));
    for reading in [three(0), reading(Vec::new()), reading(vec![course("full", 3, None, |_| f64::NAN)])] {
        let answer = answer_of(&reading);
        let page = skin::page(&answer);
        assert_page_sound(&page, "nothing read");
        assert!(page.contains("Perplexity is local"), "{page}");
        assert!(skin::terminal(&answer).contains("perplexity"));
    }
}

#[test]
fn the_interval_is_that_of_a_paired_mean() {
    // Logarithms of ratios are 0 and 0.2 in turn: mean 0.1, standard deviation 0.1 √(16/15), so ± 1.96 · 0.1 √(16/15) / 4.
    let best = course("a", 16, Some(9), hardness);
    let other = course("b", 16, Some(9), |i| hardness(i) * (0.2 * (i % 2) as f64).exp());
    let (low, high, n) = interval(&best, &other).unwrap();
    let half = 1.96 * 0.1 * (16.0f64 / 15.0).sqrt() / 4.0;
    assert!((low.ln() - (0.1 - half)).abs() < 1e-12 && (high.ln() - (0.1 + half)).abs() < 1e-12 && n == 16);
}

/// Of 3,000 tokens with a cache that is full from 2,000 on, the first thousand of a full cache is the last thousand too.
#[test]
fn no_stretch_is_compared_with_itself() {
    let says = |tokens, full_at| pace(&Course { tokens, full_at, ..course("a", 2, None, hardness) }).is_some();
    assert!(!says(3000, Some(2000)) && !says(3999, Some(2000)) && says(4000, Some(2000)));
    assert!(!says(2999, None) && says(3000, None));
    // Too little was read since the cache was full: the beginning of the text stands in.
    assert!(says(3100, Some(3000)) && !says(3500, Some(3000)));
    let one = answer_of(&reading(vec![course("a", 1, None, hardness)]));
    let table = one.tables().next().unwrap();
    let last = table.columns.iter().position(|column| column.head == "last").unwrap();
    assert_eq!(table.rows[0][last].shown(), "–", "a single segment is not its own last one");
}

#[test]
fn sparklines_share_one_scale() {
    let rising = course("a", 48, Some(9), |i| 10.0 * (0.1 * i as f64).exp());
    let level = course("b", 48, Some(9), |_| 10.0);
    let [rising, level] = sparklines(&reading(vec![rising, level])).try_into().unwrap();
    assert_eq!((rising.chars().count(), level), (SPARKS, "▁".repeat(SPARKS)));
    assert!(rising.starts_with('▁') && rising.ends_with('█') && rising.chars().is_sorted());
}

#[test]
fn every_stream_is_sound() {
    let many = (0..9).map(|i| course(&format!("h2o:{}+512", 512 + i), 12, Some(1024 + i), |j| hardness(j) + i as f64));
    let broken = |value: f64| reading(vec![course("full", 9, None, |i| if i == 4 { value } else { hardness(i) })]);
    let cases = [
        ("nine segments", three(9)),
        ("a million tokens", three(488)),
        ("one segment", three(1)),
        ("two segments", three(2)),
        ("no segment", three(0)),
        ("no policy", reading(Vec::new())),
        ("nine policies", reading(many.collect())),
        (
            "full beside a window",
            reading(vec![course("full", 90, None, hardness), course("window:8", 90, Some(8), hardness)]),
        ),
        ("not a number", broken(f64::NAN)),
        ("infinite", broken(f64::INFINITY)),
        ("huge", broken(1e200)),
        ("a hostile name", reading(vec![course("heads:<&\"a long path to a file\">.json", 9, Some(70), hardness)])),
    ];
    for (name, reading) in cases {
        if let Some(svg) = draw::svg(&figure(&reading)) {
            assert_sound(&svg, name);
            assert_texts_apart(&svg, name);
        }
    }
    assert!(draw::svg(&figure(&three(0))).is_none());
}

#[test]
fn a_long_stream_is_drawn_by_logarithm_and_stays_light() {
    let svg = draw::svg(&figure(&three(1953))).unwrap();
    assert!(svg.contains("tokens read (by logarithm)") && svg.contains("by segment, by logarithm"));
    assert!(svg.len() < 120_000, "{}", svg.len());
    assert!(!draw::svg(&figure(&three(9))).unwrap().contains("tokens read (by"));
}

#[test]
fn medians_keep_the_middle_of_each_stretch() {
    let x = Scale::Linear { low: 0.0, high: 480.0 };
    let points: Vec<(f64, f64)> = (0..480).map(|i| (f64::from(i), if i % 10 == 3 { 900.0 } else { 5.0 })).collect();
    let medians = medians(&points, x);
    assert_eq!(medians.len(), STRETCHES);
    assert!(medians.iter().all(|&(_, y)| y == 5.0));
}

#[test]
fn a_single_segment_is_a_dot_and_several_are_a_line() {
    let svg = |n| draw::svg(&figure(&three(n))).unwrap();
    assert_eq!(svg(1).matches("<circle").count(), 9, "three policies in three plots");
    assert_eq!(svg(2).matches("<circle").count(), 0);
}

#[test]
fn perplexity_by_place_has_a_figure_a_table_and_a_sentence_where_a_policy_has_chunks() {
    let chunked = with_places(course("chunked:8", 9, Some(8), hardness), |place| if place == 0 { 90.0 } else { 30.0 });
    let window = with_places(course("window:8", 9, Some(8), hardness), |_| 31.0);
    let reading_of = |courses: Vec<Course>| answer_of(&reading(courses));
    let answer = reading_of(vec![window.clone(), chunked]);
    let story = answer.story().collect::<Vec<_>>().join("\n");
    let wanted = "chunked:8 predicts with perplexity 90 from place 0 of a chunk and with 30 from places 4 to 7.";
    assert!(story.contains(wanted), "{story}");
    let table = answer.tables().find(|table| table.name == "places").unwrap();
    let shown = |row: usize| table.rows[row].iter().map(TableCell::shown).collect::<Vec<_>>();
    assert_eq!(
        (shown(0), shown(3)),
        (vec!["0".into(), "31".into(), "90".into()], vec!["4 to 7".into(), "31".into(), "30".into()])
    );
    assert_eq!(answer.data["policies"][1]["places"][0]["tokens"], 256);
    assert_page_sound(&skin::page(&answer), "by place");
    let documents = draw::documents(&answer);
    let (_, svg) = documents.iter().find(|(name, _)| name == "stream-places").unwrap();
    assert_sound(svg, "by place");
    assert_texts_apart(svg, "by place");
    assert!(skin::terminal(&answer).lines().all(|line| line.chars().count() <= 80));
    let level = reading_of(vec![window]);
    assert!(!level.story().any(|sentence| sentence.contains("of a chunk and with")), "no border shows");
    let without = answer_of(&three(9));
    assert!(!without.tables().any(|table| table.name == "places"));
}

#[test]
fn every_answer_fits_a_terminal_and_validates() {
    let validator = jsonschema::validator_for(&schemars::schema_for!(StreamData).to_value()).unwrap();
    let broken = reading(vec![course("full", 9, None, |i| if i == 4 { f64::INFINITY } else { hardness(i) })]);
    for reading in [three(0), three(1), three(100), broken, reading(Vec::new())] {
        let answer = answer_of(&reading);
        let text = skin::terminal(&answer);
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        let data = serde_json::Value::Object(answer.data.clone());
        assert!(validator.is_valid(&data), "{:?}", validator.iter_errors(&data).next());
        let mut broken = data;
        broken["ended"] = serde_json::Value::Null;
        assert!(!validator.is_valid(&broken), "whether a text has ended is known");
        assert!(matches!(&answer.sections[0].blocks[0], Block::Figure(figure) if figure.name == "stream"));
    }
}

//! The report as a whole: well-formed, self-contained, light, and true to its numbers; also where a run has little to show.

use super::*;
use crate::draw;
use crate::drawing_checks::{assert_page_sound, assert_sound, has_a_broken_number, page_as_xml};
use crate::sample;
use crate::skin;
use dunwu::measure::{self, Quantity};
use dunwu::opened::UnitLabel;
use dunwu_engine::Outcome;
use dunwu_foreign::run::decode_bytes;

fn drawn(opened: &Opened) -> Vec<Figure> {
    figures::all(&View::of(opened))
}

fn answer(opened: &Opened) -> Answer {
    let end = Finished { outcome: opened.outcome, step: 400, seconds: 3.2 };
    let kept = KeptRun { dir: PathBuf::from("runs/cyclic-71"), end: Some(end), reused: false, writer: None };
    of_view(&View::of(opened), &kept, sample::settings(), None)
}

fn html(opened: &Opened) -> String {
    skin::page(&answer(opened))
}

fn text(opened: &Opened) -> String {
    skin::terminal(&answer(opened))
}

fn figure(opened: &Opened, name: &str) -> Figure {
    drawn(opened).into_iter().find(|f| f.name == name).unwrap()
}

fn edited(edit: impl FnOnce(&mut Opened)) -> Opened {
    let mut opened = sample::run(64, 20);
    edit(&mut opened);
    opened
}

fn without(opened: &mut Opened, measures: &[usize]) {
    for frame in &mut opened.frames {
        for &index in measures {
            frame.values[index] = None;
        }
    }
}

fn poison_value(value: &mut Quantity) {
    match value {
        Quantity::Scalar(v) => *v = f64::NAN,
        Quantity::PerUnit(v) | Quantity::PerIrrep(v) | Quantity::PerProblem(v) => {
            v.iter_mut().for_each(|v| *v = Some(f64::INFINITY));
        }
        Quantity::PerUnitAndIrrep(v) => v.iter_mut().for_each(|v| *v = f32::NAN),
        Quantity::Spectrum(v) => v.iter_mut().for_each(|v| *v = f64::NEG_INFINITY),
    }
}

/// Runs that have been seen to break reports.
fn edge_cases() -> Vec<(&'static str, Opened)> {
    let poison = |opened: &mut Opened| {
        for (i, s) in opened.scalars.iter_mut().enumerate().skip(40) {
            s.train_loss = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300][i % 4];
            s.test_loss = Some(f64::NAN);
            s.train_accuracy = f64::NAN;
        }
        for frame in &mut opened.frames {
            for value in frame.values.iter_mut().flatten() {
                poison_value(value);
            }
        }
        (opened.knowledge, opened.outcome) = (sample::known(None, None), Outcome::Diverged { step: 40 });
    };
    vec![
        ("the sample", sample::run(64, 20)),
        (
            "no test set",
            edited(|o| {
                o.scalars.iter_mut().for_each(|s| (s.test_loss, s.test_accuracy) = (None, None));
                (o.n_train, o.knowledge, o.outcome) =
                    (o.n_population, sample::known(o.memorized(), None), Outcome::Censored { step: 400 });
            }),
        ),
        (
            "no irreps",
            edited(|o| {
                o.irreps = None;
                let of_units = [measure::UNIT_IRREP, measure::UNIT_PURITY].map(measure::Handle::index);
                let of_irreps = [measure::IRREP_UNITS, measure::IRREP_POWER].map(measure::Handle::index);
                without(o, &[of_units, of_irreps].concat());
            }),
        ),
        ("only the trivial irrep", edited(|o| o.irreps.as_mut().unwrap().truncate(1))),
        ("a single snapshot", sample::run(64, 1)),
        ("no snapshot", edited(|o| o.frames.clear())),
        (
            "a single step",
            edited(|o| {
                (o.knowledge, o.outcome) = (sample::known(None, None), Outcome::Censored { step: 0 });
                o.scalars.truncate(1);
                o.frames.truncate(1);
                o.stages.clear();
            }),
        ),
        ("diverged", edited(poison)),
        (
            "all units dead",
            edited(|o| {
                o.outcome = Outcome::Collapsed { step: 300 };
                for frame in &mut o.frames {
                    frame.labels.fill(UnitLabel::Dead);
                    for handle in [measure::UNIT_ENERGY_TRAIN, measure::UNIT_ENERGY_POPULATION] {
                        frame.values[handle.index()] = Some(Quantity::PerUnit(vec![Some(0.0); 64]));
                    }
                    for handle in [measure::UNIT_PURITY, measure::UNIT_IRREP] {
                        frame.values[handle.index()] = Some(Quantity::PerUnit(vec![None; 64]));
                    }
                    frame.values[measure::IRREP_UNITS.index()] = Some(Quantity::PerIrrep(vec![Some(0.0); 36]));
                }
            }),
        ),
        ("one unit", sample::run(1, 20)),
        ("no evaluation", edited(|o| o.scalars.clear())),
        ("nothing measured", edited(|o| o.frames.iter_mut().for_each(|f| f.values.clear()))),
        (
            "values of the wrong length",
            edited(|o| {
                for frame in &mut o.frames {
                    frame.values[measure::UNIT_PURITY.index()] = Some(Quantity::PerUnit(vec![Some(1.0); 3]));
                    frame.values[measure::IRREP_UNITS.index()] = Some(Quantity::PerIrrep(vec![Some(1.0); 2]));
                    frame.values[measure::UNIT_ENERGY_TRAIN.index()] = Some(Quantity::PerUnit(vec![]));
                }
            }),
        ),
        (
            "nothing at all",
            edited(|o| {
                o.scalars.clear();
                o.frames.clear();
                o.stages.clear();
                o.story.clear();
                o.task = String::new();
            }),
        ),
        (
            "everything happens at once",
            edited(|o| {
                (o.knowledge, o.outcome) = (sample::known(Some(400), Some(400)), Outcome::Diverged { step: 400 });
            }),
        ),
        (
            "corrupted labels",
            edited(|o| {
                o.scalars
                    .iter_mut()
                    .for_each(|s| (s.corrupted_accuracy, s.restored_accuracy) = (Some(0.25), Some(0.7)));
            }),
        ),
    ]
}

#[test]
fn every_page_and_figure_is_well_formed_and_finite() {
    for (name, opened) in edge_cases() {
        let page = html(&opened);
        assert_page_sound(&page, name);
        assert!(!has_a_broken_number(&text(&opened)), "{name}: {}", text(&opened));
        for figure in drawn(&opened) {
            let Some(svg) = &draw::svg(&figure) else {
                assert!(
                    figure.caption.starts_with("not defined here: "),
                    "{name}, {}: {}",
                    figure.name,
                    figure.caption
                );
                continue;
            };
            let document = roxmltree::Document::parse(svg).unwrap_or_else(|e| panic!("{name}, {}: {e}", figure.name));
            let root = document.root_element();
            assert_eq!(root.attribute("role"), Some("img"));
            let title = root.children().find(|n| n.has_tag_name("title") || n.tag_name().name() == "title").unwrap();
            assert_eq!(title.text(), Some(figure.title.as_str()));
            assert!(figure.caption.chars().any(|c| c.is_ascii_digit()), "{name}, {}: {}", figure.name, figure.caption);
            assert!(figure.caption.ends_with('.'), "{name}, {}: {}", figure.name, figure.caption);
        }
    }
}

/// Text is placed in a drawing of fixed width; what reaches beyond is cut off.
#[test]
fn nothing_leaves_its_drawing() {
    for (name, opened) in edge_cases() {
        for figure in drawn(&opened) {
            let Some(svg) = &draw::svg(&figure) else { continue };
            assert_sound(svg, &format!("{name}, {}", figure.name));
        }
    }
}

#[test]
fn a_page_fetches_nothing_and_runs_nothing() {
    let page = html(&sample::run(64, 20));
    assert_page_sound(&page, "the sample"); // fetches nothing
    assert!(!page.contains("<script"));
}

#[test]
fn a_page_of_two_thousand_units_and_forty_snapshots_is_light() {
    let bytes = html(&sample::run(2048, 40)).len();
    assert!(bytes < 3_000_000, "{bytes} bytes");
}

#[test]
fn text_of_users_is_shown_and_not_obeyed() {
    let hostile = "a<script>alert(\"1\")</script>&amp;\u{0}\u{1b}[2J";
    let opened = edited(|o| {
        o.task = hostile.into();
        o.story = vec![hostile.into()];
        o.stages[0].evidence = hostile.into();
        o.irreps.as_mut().unwrap().iter_mut().for_each(|irrep| irrep.name = hostile.into());
    });
    let page = html(&opened);
    assert!(!page.contains("<script") && !page.contains('\u{1b}') && !page.contains('\u{0}'));
    let xml = page_as_xml(&page, "hostile text");
    let document = roxmltree::Document::parse(&xml).unwrap();
    let heading = document.descendants().find(|n| n.tag_name().name() == "h1").unwrap();
    assert_eq!(heading.text(), Some("a<script>alert(\"1\")</script>&amp;\u{fffd}\u{fffd}[2J"));
    for figure in drawn(&opened).iter().filter_map(draw::svg) {
        roxmltree::Document::parse(&figure).unwrap();
    }
    assert!(!text(&opened).contains('\u{1b}'));
}

#[test]
fn captions_quote_this_run() {
    let check = |opened: &Opened, name: &str, words: &[&str]| {
        let caption = figure(opened, name).caption;
        for word in words {
            assert!(caption.contains(word), "{name}: {word:?} is not in {caption:?}");
        }
    };
    let opened = edited(|o| {
        o.scalars.last_mut().unwrap().train_loss = 0.012_345;
        for (i, frame) in o.frames.iter_mut().enumerate() {
            frame.values[measure::GRADIENT_NORM.index()] = Some(Quantity::Scalar(if i == 7 { 71.25 } else { 3.0 }));
            frame.values[measure::HIDDEN_SPECTRUM.index()] = Some(Quantity::Spectrum(vec![2.0; 11]));
            frame.values[measure::EFFECTIVE_RANK.index()] = Some(Quantity::Scalar(7.5));
        }
        let last = o.frames.last_mut().unwrap();
        last.labels.fill(UnitLabel::Generalizing);
        last.labels[..16].fill(UnitLabel::Memorizing);
        last.values[measure::UNIT_FIT_TRAIN.index()] = Some(Quantity::PerUnit(vec![Some(0.5); 64]));
        let mut energies = vec![Some(9.25); 64];
        energies[..16].fill(Some(0.125));
        last.values[measure::UNIT_ENERGY_TRAIN.index()] = Some(Quantity::PerUnit(energies));
        let mut units = vec![Some(2.0); 36];
        (units[5], units[9]) = (Some(0.0), None);
        last.values[measure::IRREP_UNITS.index()] = Some(Quantity::PerIrrep(units));
        last.values[measure::UNIT_PURITY.index()] = Some(Quantity::PerUnit(vec![Some(0.95); 64]));
        last.values[measure::UNIT_IRREP.index()] = Some(Quantity::PerUnit(vec![Some(3.0); 64]));
    });
    check(&opened, "curves", &["99 %", "step 62", "step 138", "2.23 times as late", "0.0123"]);
    check(&opened, "labels", &["48 of 64 units (75 %) generalize", "16 memorize", "0 are undecided"]);
    check(&opened, "energies", &["9.25 and", "0.125 and"]);
    check(&opened, "norms", &["‖W‖ goes from 12 at step 0", "‖V‖ goes from 4 at step 0 to 4"]);
    check(
        &opened,
        "evidence",
        &["for the 48 generalizing units", "for the 16 memorizing units", "are 0.5 on training"],
    );
    check(&opened, "irrep_map", &["64 of 64 units (100 %)", "0.95", "33 of 35", "frequency 5 and frequency 9"]);
    check(&opened, "coverage", &["33 of 35", "frequency 5 and frequency 9"]);
    let step = opened.frames[7].step;
    check(&opened, "gradient", &["goes from 3 at step 0", &format!("its largest value, 71.2 at step {step}")]);
    check(&opened, "spectra", &["from 7.5 at step 0 to 7.5 at step 400, of 11 possible"]);
    check(&edited(|o| o.irreps = None), "coverage", &["not defined here: the operation of cyclic:71 is no group's"]);
}

#[test]
fn coverage_tells_since_when_and_what_is_missing() {
    let opened = edited(|o| {
        for (i, frame) in o.frames.iter_mut().enumerate() {
            let units = (0..36).map(|k| Some(if i >= k && k != 4 { 1.0 } else { 0.0 })).collect();
            frame.values[measure::IRREP_UNITS.index()] = Some(Quantity::PerIrrep(units));
        }
    });
    let coverage = View::of(&opened).coverage().unwrap();
    let n = opened.frames.len();
    assert_eq!(coverage.covered, (1..n).filter(|&k| k != 4).collect::<Vec<_>>());
    assert_eq!(coverage.missing, std::iter::once(4).chain(n..36).collect::<Vec<_>>());
    assert_eq!(coverage.first_covered[0], None, "the trivial irrep is not counted");
    assert_eq!(coverage.first_covered[3], Some(opened.frames[3].step));
    assert_eq!(coverage.first_covered[4], None);
}

#[test]
fn many_irreps_and_long_names_are_drawn_too() {
    for (n, prefix) in [(200, "frequency"), (20, "degree 2 #"), (60, "degree 3 #"), (300, "degree 3 #")] {
        let opened = edited(|o| {
            let proto = o.irreps.as_ref().unwrap()[1].clone();
            o.irreps =
                Some((0..n).map(|k| dunwu::group::Irrep { name: format!("{prefix}{k}"), ..proto.clone() }).collect());
            for frame in &mut o.frames {
                frame.values[measure::IRREP_UNITS.index()] = Some(Quantity::PerIrrep(vec![Some(1.0); n]));
                let irreps = (0..64).map(|u| Some((u % n) as f64)).collect();
                frame.values[measure::UNIT_IRREP.index()] = Some(Quantity::PerUnit(irreps));
            }
        });
        for name in ["coverage", "irrep_map"] {
            let svg = draw::svg(&figure(&opened, name)).unwrap();
            roxmltree::Document::parse(&svg).unwrap();
            assert!(svg.len() < 200_000, "{name} {n}: {}", svg.len());
        }
    }
}

#[test]
fn the_terminal_is_never_wider_than_eighty_columns_of_its_own_words() {
    for (name, opened) in edge_cases() {
        for line in text(&opened).lines() {
            assert!(line.chars().count() <= 80, "{name}: {line}");
        }
    }
}

#[test]
fn the_terminal_shows_the_learning_curves_and_rises_where_they_do() {
    let shown = text(&sample::run(64, 20));
    let strip = |name: &str| {
        let rows: Vec<&str> = shown.lines().skip_while(|l| *l != name).skip(1).take(4).collect();
        assert_eq!(rows.len(), 4, "{name} is not in {shown}");
        rows
    };
    let rows = strip("Accuracy (share of samples): test");
    // The top row is dots at the right end only, the bottom row at the left end only.
    assert!(rows[0].ends_with('⠉') && rows[0].contains("⠀⠀⠀⠀"), "{rows:?}");
    assert!(rows[3].contains("0 ┤⣀") && rows[3].chars().count() < 60, "{rows:?}");
    strip("Loss (mean squared error a sample): train");
    assert!(shown.contains("▲ memorized at 62"), "{shown}");
}

/// Everything that programs read is what the schema says, in every case, and the schema spells out what it enumerates.
#[test]
fn data_fits_its_schema() {
    let schema = serde_json::to_value(schemars::schema_for!(RunData)).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for (name, opened) in edge_cases() {
        let data = serde_json::Value::Object(answer(&opened).data);
        let errors: Vec<String> = validator.iter_errors(&data).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{name}: {errors:?}");
    }
    let text = schema.to_string();
    for word in ["grokked", "censored", "diverged", "collapsed", "lazy", "independent", "interactive"] {
        assert!(text.contains(word), "{word} is not spelled out");
    }
    let mut broken = serde_json::Value::Object(answer(&sample::run(8, 4)).data);
    broken["stages"][0]["name"] = "hasty".into();
    assert!(!validator.is_valid(&broken), "a stage that there is none of");
}

/// On the first screen stand the headline, the numbers that one looks for first and the learning curves, in this order.
#[test]
fn a_page_begins_with_headline_and_curves() {
    let page = html(&sample::run(64, 20));
    let at = |part: &str| page.find(part).unwrap_or_else(|| panic!("{part} is missing"));
    let order = ["<p class=\"lede\">", "dl class=\"glance\"", "id=\"curves\"", "<ul class=\"story\">", "id=\"labels\""];
    assert!(order.map(at).is_sorted(), "{:?}", order.map(at));
    assert_eq!(page.matches("id=\"curves\"").count(), 1);
}

#[test]
fn outcomes_are_plain_sentences() {
    let check = |edit: fn(&mut Opened), expected: &str| assert_eq!(words::outcome(&edited(edit)), expected);
    check(
        |_| {},
        "The network grokked: from step 138 on it answers at least 99 % of the questions that it was never shown, 76 steps \
         after it had memorized its 2,016 training samples (step 62).",
    );
    check(
        |o| (o.outcome, o.knowledge) = (Outcome::Censored { step: 400 }, sample::known(o.memorized(), None)),
        "The network memorized (step 62) but did not generalize within 400 steps: it answers > 99.9 % of the questions that it \
         was never shown.",
    );
    check(
        |o| o.outcome = Outcome::Diverged { step: 1234 },
        "Training diverged: at step 1,234 a loss or a weight was no longer a finite number, although it had generalized at step \
         138.",
    );
    check(
        |o| {
            (o.knowledge, o.outcome) = (sample::known(None, None), Outcome::Diverged { step: 1234 });
        },
        "Training diverged: at step 1,234 a loss or a weight was no longer a finite number.",
    );
    check(
        |o| o.outcome = Outcome::Lost { step: 400, arrived: 138, left: 300, last: 0.25 },
        "The network generalized and lost it: at step 138 it came to answer at least 99 % of the questions that it was never \
         shown, 76 steps after it had memorized its 2,016 training samples (step 62); from step 300 on it answers fewer, and ends \
         at 25 %.",
    );
    check(
        |o| {
            o.knowledge = sample::known(o.memorized(), None);
            o.outcome = Outcome::Forgot { step: 400, arrived: 62, left: 300, last: 0.25 };
        },
        "The network memorized and forgot: at step 62 it knew at least 99 % of its training sample; from step 300 on it knows \
         less, and ends at 25 % and at > 99.9 % of the questions that it was never shown.",
    );
}

#[test]
fn numbers_are_written_as_people_write_them() {
    let written =
        [0.0, 1.0, -2.5, 0.001_234, 0.000_123_4, 12_345.0, 999_999.0, 1.5e9, 0.1 + 0.2, 99.96, -1e-9, f64::NAN];
    let expected =
        ["0", "1", "−2.5", "0.00123", "1.23×10⁻⁴", "12,345", "1×10⁶", "1.5×10⁹", "0.3", "100", "−1×10⁻⁹", "not finite"];
    assert_eq!(written.map(words::number), expected.map(str::to_owned));
    let shares = [0.0, 1.0, 0.5, 0.123_4, 0.999_99, 0.000_01, 0.9995];
    assert_eq!(shares.map(words::percent), ["0 %", "100 %", "50 %", "12.3 %", "> 99.9 %", "< 0.1 %", "> 99.9 %"]);
    let items: Vec<String> = ["a", "b", "c", "d"].map(str::to_owned).into();
    assert_eq!(words::list(&items, 2), "a, b and 2 more");
    assert_eq!(words::list(&items, 3), "a, b, c and d");
    assert_eq!(words::list(&items[..1], 3), "a");
    assert_eq!(words::list(&[], 3), "none");
}

/// Writes what the sample looks like to the folder named in `DUNWU_REPORT_DIR`, to be looked at.
#[test]
#[ignore = "writes files for the eye, checks nothing that others do not"]
fn write_the_sample() {
    let folder = std::path::PathBuf::from(std::env::var("DUNWU_REPORT_DIR").expect("set DUNWU_REPORT_DIR"));
    let opened = sample::run(2048, 40);
    std::fs::write(folder.join("report.html"), html(&opened)).unwrap();
    std::fs::write(folder.join("report.txt"), text(&opened)).unwrap();
    for figure in drawn(&opened) {
        std::fs::write(folder.join(&figure.name).with_extension("svg"), draw::svg(&figure).unwrap()).unwrap();
    }
    for (i, (name, opened)) in edge_cases().into_iter().enumerate() {
        std::fs::write(folder.join(format!("edge-{i:02}-{}.html", name.replace(' ', "-"))), html(&opened)).unwrap();
    }
}

/// The report of a run, and what stands in it as data.
fn report_and_data(opened: &Opened) -> (String, Value) {
    let kept = KeptRun { dir: PathBuf::from("runs/cyclic-71"), end: None, reused: false, writer: None };
    let page = report_of_own(opened, &kept, &answer(opened));
    let (_, data) = page.split_once("id=\"dunwu-data\">").unwrap();
    let data = serde_json::from_str(data.split_once("</script>").unwrap().0).unwrap();
    (page, data)
}

/// The header in front of the columns in a report.
fn packed_header(data: &Value) -> Value {
    let bytes = decode_bytes(data["packed"]["cyclic-71"].as_str().unwrap().as_bytes()).unwrap();
    let length = u32::from_le_bytes(bytes[..4].try_into().unwrap()) as usize;
    serde_json::from_slice(&bytes[4..4 + length]).unwrap()
}

#[test]
fn a_report_of_many_units_is_light_and_says_how_many_snapshots_it_holds() {
    let n_rows = |header: &Value, table: &str| {
        let tables = header["tables"].as_array().unwrap();
        tables.iter().find(|one| one["name"] == table).unwrap()["n_rows"].as_u64().unwrap() as usize
    };
    for n_units in [64, 2048] {
        let opened = sample::run(n_units, 100);
        let n_snapshots = opened.frames.len();
        let held = if n_units == 64 { n_snapshots } else { 11 };
        assert!(n_snapshots > 50);
        let (page, data) = report_and_data(&opened);
        assert!(page.len() < 8 << 20, "{n_units} units: {} bytes", page.len());
        let header = packed_header(&data);
        assert_eq!(header["n_snapshots"], n_snapshots);
        assert_eq!(n_rows(&header, "measures"), held);
        assert_eq!(n_rows(&header, "units"), held * n_units);
    }
}

#[test]
fn a_report_loads_nothing_and_no_text_in_it_ends_what_it_stands_in() {
    let hostile = "</script></noscript><script>alert(1)</script>";
    let (page, data) = report_and_data(&edited(|opened| opened.task = hostile.to_owned()));
    assert_eq!(packed_header(&data)["task"], hostile);
    assert_eq!(data["report_of"], "cyclic-71");
    assert_eq!(page.matches("</script>").count(), 2, "the data and the page's own script");
    assert_eq!(page.matches("</noscript>").count(), 2, "styles and figures for a browser without script");
    assert!(page.contains("default-src 'none'") && !page.contains(" src="), "nothing is loaded");
}

#[test]
fn the_data_of_a_run_hold_every_quantity_of_its_last_evaluation() {
    let opened = sample::run(64, 20);
    let answer = answer(&opened);
    let last = opened.scalars.last().unwrap();
    for scalar in dunwu::scalars::SCALARS {
        let found = answer.data.get(scalar.name).unwrap_or_else(|| panic!("{} is missing", scalar.name));
        assert_eq!(found.as_f64(), (scalar.get)(last), "{}", scalar.name);
    }
}

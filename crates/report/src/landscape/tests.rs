use super::*;
use crate::drawing_checks::{assert_page_sound, assert_texts_inside, has_a_broken_number};
use crate::verbs::{VERBS, schema};
use crate::{draw, skin};
use dunwu::answer::Answer;
use dunwu::group::Decomposition;
use dunwu::landscape::climbing::{ClimbingError, Watch};
use dunwu::landscape::{EnergyKind, PeakKind, PeaksRequest, RaceRequest, RunLandscape};
use dunwu::opened::{Opened, Opening};
use dunwu::verb::{VerbError, Watcher};
use dunwu_engine::kernel::Workers;
use dunwu_engine::spec::{DataSpec, ModelSpec, Sampling, presets};
use dunwu_engine::task::Task;
use dunwu_engine::{Problem, RunSpec, Split, Training};
use std::path::Path;
use std::sync::atomic::AtomicBool;

fn watched<T>(verb: impl FnOnce(&mut Watcher<'_>) -> Result<T, VerbError>) -> T {
    let stop = AtomicBool::new(false);
    verb(&mut Watcher::new(&mut |_| {}, &stop)).unwrap_or_else(|error| panic!("{error:?}"))
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

fn peaks_of(text: &str) -> Answer {
    let request = PeaksRequest::from_words(&words(text)).unwrap_or_else(|error| panic!("{text}: {error:?}"));
    watched(|watcher| peaks::answer(&request, watcher))
}

fn race_of(text: &str) -> Answer {
    let request = RaceRequest::from_words(&words(text)).unwrap_or_else(|error| panic!("{text}: {error:?}"));
    watched(|watcher| race::answer(&request, watcher))
}

/// Every skin shows the answer whole: the page is well-formed, no text leaves its drawing, the terminal has 80 columns, and what programs
/// read is what the schema says.
fn check(answer: &Answer, name: &str) {
    assert_page_sound(&skin::page(answer), name);
    for (drawing, svg) in draw::documents(answer) {
        assert!(!drawing.is_empty(), "{name}");
        assert_texts_inside(&svg, &format!("{name}, {drawing}"));
    }
    let text = skin::terminal(answer);
    assert!(!has_a_broken_number(&text), "{name}: {text}");
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{name}: {line}");
    }
    assert!(answer.story().all(|sentence| sentence.ends_with('.')), "{name}: {:?}", answer.sentences);
    let verb = VERBS.iter().find(|verb| verb.name == answer.verb).unwrap();
    let validator = jsonschema::validator_for(schema(verb).as_value()).unwrap();
    let data = skin::json(answer);
    let errors: Vec<String> =
        validator.iter_errors(&data).map(|error| format!("{error} at {}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{name}: {errors:?}");
    // For the eye: `DUNWU_REPORT_DIR=pages cargo test`.
    if let Ok(folder) = std::env::var("DUNWU_REPORT_DIR") {
        let file = name.replace(|c: char| !c.is_alphanumeric(), "-");
        std::fs::write(Path::new(&folder).join(format!("{file}.html")), skin::page(answer)).unwrap();
    }
}

#[test]
fn peaks_are_shown_whole_whatever_the_problem() {
    for text in [
        "cyclic:7",
        "cyclic:7 n=25",
        "cyclic:11 n=90",
        "symmetric:3 n=20",
        "cyclic:5 n=1",
        "parity:9:2 n=100",
        "operands:3:cyclic:3 n=20",
    ] {
        for kind in EnergyKind::ALL {
            let text = format!("{text} restarts=40 energy={}", kind.name());
            let answer = peaks_of(&text);
            check(&answer, &text);
            assert!(answer.tables().any(|table| table.name == "peaks-table"));
        }
    }
}

#[test]
fn peaks_have_the_mountains_or_say_why_not() {
    let whole = peaks_of("cyclic:7 restarts=20");
    assert_eq!(whole.slides().count(), 0);
    let mountains = whole.figures().find(|figure| figure.name == "mountains").unwrap();
    assert!(
        mountains.caption.starts_with("not defined here: the sample is the whole population"),
        "{}",
        mountains.caption
    );
    let both = peaks_of("cyclic:23 n=334 energy=raw restarts=60");
    let slides: Vec<_> = both.slides().collect();
    let [slides] = slides[..] else { panic!("one set of mountains") };
    assert_eq!((slides.name.as_str(), slides.terrains.len()), ("mountains", 1));
    assert!(draw::documents(&both).iter().any(|(name, svg)| name == "mountains" && svg.contains(">memory peak<")));
    check(&both, "the mountains of cyclic 23");
    // No memory peak: a section through two feature peaks.
    let alike = peaks_of("cyclic:23 n=334 restarts=60");
    assert!(alike.headline.starts_with("There is no memory peak"), "{}", alike.headline);
    let slides = alike.slides().next().expect("two feature peaks span a section");
    assert!(slides.captions[0].contains("the two highest feature peaks"), "{:?}", slides.captions);
    assert!(slides.terrains[0].marks.iter().all(|mark| mark.kind == PeakKind::Feature && mark.is_peak));
    check(&alike, "two feature mountains of cyclic 23");
}

/// Without mountains the chart is the first picture, once, and in the terminal too.
#[test]
fn a_race_without_mountains_opens_with_its_chart() {
    let answer = race_of("cyclic:11 n=2 restarts=16 samples=1 train=false");
    assert_eq!(answer.slides().count(), 0, "two samples have not both kinds of peaks");
    let names: Vec<&str> = answer.figures().map(|figure| figure.name.as_str()).collect();
    assert_eq!((names[0], names.iter().filter(|name| **name == "race-whitened").count()), ("race-whitened", 1));
    assert!(skin::terminal(&answer).contains("Heights and basins on the whitened landscape"));
    check(&answer, "race without mountains");
}

#[test]
fn races_are_shown_whole_whatever_crosses() {
    for n in ["30,60,95", "20,25", "95", "2"] {
        let name = format!("race with n={n}");
        let answer = race_of(&format!("cyclic:11 n={n} restarts=32 samples=2 steps=100 model.width=32"));
        check(&answer, &name);
        assert!(answer.tables().all(|table| table.columns[1].head == "/ M ln M"));
    }
    let named = race_of("cyclic:7 against=model.activation values=square,relu n=30 restarts=16 samples=1 train=false");
    check(&named, "race of activations");
    assert_eq!(named.data["points"][1]["value"], "relu");
    assert!(named.data["crossing"].is_null(), "names have no order");
}

/// Both energies can be looked at, each opened where its own peaks cross.
#[test]
fn a_race_opens_at_its_crossing_and_has_a_set_for_each_energy() {
    let answer = race_of("cyclic:11 n=30,40,54,72,96 restarts=32 samples=1 train=false energy=raw");
    let sets: Vec<_> = answer.slides().collect();
    assert_eq!(sets.iter().map(|set| set.title.as_str()).collect::<Vec<_>>(), ["raw energy", "whitened energy"]);
    let crossing = answer.data["crossing"]["n"].as_f64().expect("the peaks cross");
    let n = |set: &dunwu::answer::Slides, i: usize| set.terrains[i].n_train as f64;
    let off = |i: usize| (n(sets[0], i) / crossing).ln().abs();
    assert!((0..sets[0].terrains.len()).all(|i| off(sets[0].start) <= off(i)), "{crossing}: {}", sets[0].start);
    let page = skin::page(&answer);
    let (switch, starts) = (page.matches("class=\"switch\"").count(), page.matches("data-start=").count());
    assert_eq!((switch, starts, page.matches("<script>").count()), (1, 2, 1));
    let names: Vec<String> = draw::documents(&answer).into_iter().map(|(name, _)| name).collect();
    for name in ["mountains-n-96", "mountains-whitened-n-96", "mountains-side-by-side", "race-raw", "race-whitened"] {
        assert!(names.iter().any(|other| other == name), "{name} is missing in {names:?}");
    }
}

fn problem(task: &str) -> (RunSpec, Problem, Option<Decomposition>) {
    let small = (presets::find("small").unwrap().spec)();
    let task = Task::parse(task).unwrap();
    let problem = task.resolve(None).unwrap();
    let decomposition = problem.group().map(|table| Decomposition::of(table).unwrap());
    (RunSpec { task, model: ModelSpec { width: 32, ..small.model }, steps: 200, ..small }, problem, decomposition)
}

#[test]
fn a_run_has_its_flow_and_its_labels_or_says_why_not() {
    let workers = Workers::new(1).unwrap();
    let (mut spec, problem, decomposition) = problem("cyclic:11");
    spec.data = DataSpec::of(Sampling::Count(60));
    let split = Split::draw(&problem, &spec.data, spec.seed, None).unwrap();
    let decomposition = decomposition.as_ref();
    let mut training = Training::new(&spec, &problem, &split, 1).unwrap();
    let mut opening = Opening::new(&spec, &problem, &split, decomposition);
    let kind = EnergyKind::Whitened;
    let mut watch = Watch::begin(&spec, &problem, &split, decomposition, kind, &workers).unwrap();
    let mut scalars = Vec::new();
    let outcome = loop {
        let progress = training.advance();
        scalars.extend(progress.scalars);
        if let Some(snapshot) = progress.snapshot {
            opening.add(&snapshot).unwrap();
            watch.add(&snapshot, &workers).unwrap();
        }
        if let Some(outcome) = progress.outcome {
            break outcome;
        }
    };
    let (opened, climbed): (Opened, _) = (opening.finish(scalars, outcome), watch.finish());
    assert_eq!(climbed.steps.len(), opened.frames.len());
    let n_living: usize = climbed.steps.last().unwrap().now.iter().sum();
    let answer = climbing::answer_of(&opened, Path::new("runs/a"), climbed.clone());
    check(&answer, "a run");
    let rows = answer.data["labels_by_peak"].as_object().unwrap().values();
    let counted: u64 = rows.flat_map(|row| row.as_object().unwrap().values()).map(|n| n.as_u64().unwrap()).sum();
    assert_eq!(counted, n_living as u64, "every living unit has one label and one peak");
    let terrain = peaks_of("cyclic:11 n=60 energy=raw restarts=60").slides().next().unwrap().terrains[0].clone();
    let landscape = RunLandscape { climbing: Ok(climbed), mountains: vec![terrain] };
    for figure in climbing::run_figures(&opened, &landscape) {
        assert_texts_inside(&draw::svg(&figure).unwrap(), &figure.name);
        assert!(figure.caption.ends_with('.') && !has_a_broken_number(&figure.caption), "{}", figure.caption);
    }
    for figure in climbing::run_figures(&opened, &RunLandscape::refused(ClimbingError::NothingHeldOut)) {
        assert!(figure.drawing.is_none() && figure.caption.starts_with("not defined here: what a peak is good for"));
    }
}

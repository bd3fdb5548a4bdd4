use super::*;
use crate::drawing_checks::{assert_texts_inside, has_a_broken_number};
use dunwu::group::Decomposition;
use dunwu::landscape::climbing::{ClimbingError, Watch};
use dunwu::landscape::peaks::find;
use dunwu::landscape::race::{Course, Lead, RacePoint, Standing, crossing};
use dunwu::landscape::{EnergyKind, Landscape};
use dunwu::opened::Opening;
use dunwu_engine::kernel::Workers;
use dunwu_engine::spec::{DataSpec, ModelSpec, Sampling, presets};
use dunwu_engine::task::Task;
use dunwu_engine::{Problem, RunSpec, Split, Training};

fn problem(task: &str) -> (RunSpec, Problem, Option<Decomposition>) {
    let small = (presets::find("small").unwrap().spec)();
    let task = Task::parse(task).unwrap();
    let problem = task.resolve(None).unwrap();
    let decomposition = problem.group().map(|table| Decomposition::of(table).unwrap());
    (RunSpec { task, model: ModelSpec { width: 32, ..small.model }, steps: 200, ..small }, problem, decomposition)
}

/// Well-formed, without a number that is none, every text inside its drawing.
fn check(page: &Page, name: &str) {
    let xml = page.html.strip_prefix("<!doctype html>").unwrap();
    roxmltree::Document::parse(xml).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(!has_a_broken_number(&page.html.replace("infinity", "")), "{name}");
    for (drawing, svg) in &page.drawings {
        assert!(!drawing.is_empty(), "{name}");
        assert_texts_inside(svg, &format!("{name}, {drawing}"));
    }
}

#[test]
fn pages_of_peaks_are_well_formed_whatever_the_problem() {
    let workers = Workers::new(1).unwrap();
    for (task, count) in [
        ("cyclic:7", 49),
        ("cyclic:7", 25),
        ("cyclic:11", 90),
        ("symmetric:3", 20),
        ("cyclic:5", 1),
        ("parity:9:2", 100),
        ("operands:3:cyclic:3", 20),
    ] {
        let (spec, problem, decomposition) = problem(task);
        let split = Split::draw(&problem, &DataSpec::of(Sampling::Count(count)), 0, None).unwrap();
        for kind in EnergyKind::ALL {
            let landscape =
                Landscape::new(&problem, &split, decomposition.as_ref(), spec.model.activation, kind, None).unwrap();
            let peaks = find(&landscape, 40, 0, &[], &workers);
            let remarks = ["a remark < 3".to_owned()];
            let view = PeaksView {
                landscape: &landscape,
                peaks: &peaks,
                spec: &spec,
                n_train: split.train.len(),
                workers: &workers,
                remarks: &remarks,
            };
            check(&peaks_page(&view), &format!("{task}, {count} samples, {}", kind.name()));
            assert!(!peaks_table(&landscape, &peaks).is_empty());
        }
    }
}

#[test]
fn pages_of_races_are_well_formed_whatever_crosses() {
    let workers = Workers::new(1).unwrap();
    let (spec, problem, decomposition) = problem("cyclic:11");
    for counts in [&[30_u64, 60, 95][..], &[20, 25], &[95], &[2]] {
        let courses = EnergyKind::ALL.map(|energy| {
            let decomposition = decomposition.as_ref();
            let course = Course { problem: &problem, decomposition, energy, ridge: None, restarts: 32 };
            let point = |&count: &u64| {
                let spec = RunSpec { data: DataSpec::of(Sampling::Count(count)), ..spec.clone() };
                let standings = (0..2).map(|seed| Standing::of(&course, &spec, seed, &workers).unwrap()).collect();
                RacePoint { x: count as f64, standings }
            };
            let points: Vec<RacePoint> = counts.iter().map(point).collect();
            let [height, basin] = [Lead::Height, Lead::Basin].map(|lead| crossing(&points, lead));
            RaceCourse { energy, points, crossing: height, basin_crossing: basin }
        });
        let course =
            Course { problem: &problem, decomposition: None, energy: EnergyKind::Raw, ridge: None, restarts: 1 };
        let energy = |&count: &u64| {
            let spec = RunSpec { data: DataSpec::of(Sampling::Count(count)), ..spec.clone() };
            course.energy_of(&spec, 0).unwrap()
        };
        let energies: Vec<_> = counts.iter().map(energy).collect();
        let view = RaceView {
            task: "cyclic:11",
            setup: "with σ = x² < x³",
            x_name: "training samples n",
            x_labels: None,
            courses: &courses,
            training: courses[0].crossing.as_ref(),
            trials: &[],
            trained: &vec![Some((1, 2)); counts.len()],
            critical: Some(70.0),
            m_log_m: Some(26.4),
            silent: &[],
        };
        let page = race_page(&view, &energies, &workers);
        // The script that moves the slider is no XML; everything else is.
        let (before, rest) = page.html.split_once("<script>").unwrap_or((&page.html, ""));
        let after = rest.split_once("</script>").map_or("", |(_, after)| after);
        check(&Page { html: format!("{before}{after}"), drawings: page.drawings }, &format!("{counts:?}"));
        let sentences = race_sentences(&view).join(" ");
        assert!(!has_a_broken_number(&sentences), "{sentences}");
        assert!(race_table(&view).contains("/ M ln M"));
    }
}

#[test]
fn a_run_has_its_mountains_and_its_flow_or_says_why_not() {
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
    let (opened, climbing) = (opening.finish(scalars, outcome), watch.finish());
    assert_eq!(climbing.steps.len(), opened.frames.len());
    check(&climbing_page(&opened, &climbing), "a run");
    let course = Course { problem: &problem, decomposition, energy: kind, ridge: None, restarts: 0 };
    let mountains = mountains(&spec, &problem, 60, &course, &workers).unwrap();
    for figure in run_figures(&opened, Ok(&climbing), &mountains) {
        assert_texts_inside(&crate::draw::svg(&figure).unwrap(), &figure.name);
        assert!(figure.caption.ends_with('.') && !has_a_broken_number(&figure.caption), "{}", figure.caption);
    }
    for figure in run_figures(&opened, Err(&ClimbingError::NothingHeldOut), &[]) {
        assert!(figure.drawing.is_none() && figure.caption.starts_with("not defined here: what a peak is good for"));
    }
    let whole = Split::draw(&problem, &DataSpec::of(Sampling::Fraction(1.0)), 0, None).unwrap();
    let refused = Watch::begin(&spec, &problem, &whole, decomposition, kind, &workers).err();
    assert_eq!(refused, Some(ClimbingError::NothingHeldOut));
    assert!(climbing_table(&opened, &climbing).contains("generalizing peak"));
}

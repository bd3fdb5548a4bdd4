//! `dunwu race TASK`: landscapes over an axis, for several samples each, and short real runs beside them.

use super::Drawn;
use super::axis::{Axis, MOST, axis};
use super::request::{Key, PEAKS_KEYS, RACE_KEYS, Request};
use crate::Place;
use crate::failure::Failure;
use crate::say::say;
use dunwu::landscape::race::{Course, Crossing, Estimate, Lead, RacePoint, Standing, crossing};
use dunwu::landscape::trial::{self, Trial};
use dunwu::landscape::{EnergyKind, PeakKind, theory};
use dunwu::report::landscape::{RaceCourse, RaceView, race_page, race_sentences, race_table, sigma};
use dunwu::report::median;
use dunwu_engine::RunSpec;
use dunwu_engine::kernel::Workers;
use dunwu_engine::spec::Sampling;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Mutex;

pub(crate) fn race(words: &[String], quiet: bool, drawn: &Drawn, place: &Place) -> Result<(), Failure> {
    let keys: [&[Key]; 2] = [PEAKS_KEYS, RACE_KEYS];
    let request = Request::read(words, &keys, 256)?;
    if matches!(request.spec.data.sampling, Sampling::SplitFile(_)) {
        return Err(Failure::usage("a race draws its own samples; leave out data.split"));
    }
    let axis = axis(&request)?;
    let n_seeds = request.count("samples", 4, 1000)?;
    let seeds: Vec<u64> = (0..n_seeds as u64).map(|i| request.spec.seed + i).collect();
    let is_trained = match request.own("train") {
        None | Some("true") => true,
        Some("false") => false,
        Some(other) => return Err(Failure::usage(format!("train={other}: write true or false"))),
    };
    let workers = request.workers()?;
    let other = EnergyKind::ALL.into_iter().find(|kind| *kind != request.energy).expect("there are two");
    let energies = [request.energy, other];
    let n_trials = if is_trained { n_seeds } else { 0 };
    let bar = progress(energies.len() * axis.specs.len() * n_seeds + n_trials, quiet);
    let mut races = Vec::new();
    for energy in energies {
        races.push(landscapes(&request, &axis, energy, &seeds, &workers, &bar)?);
    }
    // Names have no order in which one thing could overtake another.
    let overtakes = |points: &Vec<RacePoint>, lead| if axis.has_numbers { crossing(points, lead) } else { None };
    let overtaken = |lead| races.iter().map(|points| overtakes(points, lead)).collect::<Vec<Option<Estimate>>>();
    let (heights, basins) = (overtaken(Lead::Height), overtaken(Lead::Basin));
    let training = if is_trained { train(&request, &axis, &seeds, &workers, &bar)? } else { Training::default() };
    bar.finish_and_clear();

    let is_of_n = axis.key == "data.count";
    let irreps = request.decomposition.as_ref().map(|decomposition| decomposition.irreps.as_slice());
    let is_pair = request.problem.n_operands() == 2;
    let m = request.problem.n_labels as f64;
    let silent = theory::silent(&request.problem, &request.spec, request.energy);
    let setup = setup(&request.spec, &axis);
    let raced = |i: usize| RaceCourse {
        energy: energies[i],
        points: &races[i],
        crossing: heights[i].as_ref(),
        basin_crossing: basins[i].as_ref(),
    };
    let view = RaceView {
        task: &request.problem.name,
        setup: &setup,
        x_name: if is_of_n { "training samples n" } else { &axis.key },
        x_labels: (!axis.has_numbers).then_some(&axis.labels[..]),
        courses: [raced(0), raced(1)],
        training: training.estimate.as_ref().filter(|_| axis.has_numbers),
        trials: &training.trials,
        trained: &training.of_value,
        critical: if is_pair { theory::critical_samples(&request.problem, irreps) } else { None },
        m_log_m: (is_of_n && request.problem.group().is_some()).then_some(m * m.ln()),
        silent: &silent,
    };
    let first_sample = axis.specs.iter().map(|spec| course(&request, request.energy).energy_of(spec, seeds[0]));
    let first_sample = first_sample.collect::<Result<Vec<_>, _>>().map_err(Failure::usage)?;
    let output = &drawn.keep("race.html", &race_page(&view, &first_sample, &workers))?;
    if place.json {
        say!("{}", object(&view, &request, &seeds, output));
        return Ok(());
    }
    say!("{} {setup}: {} sample seeds, {} random starts a landscape", view.task, seeds.len(), request.restarts);
    say!("{}", race_table(&view));
    say!("");
    for sentence in race_sentences(&view) {
        say!("  {sentence}");
    }
    say!("Page, to open in a browser: {}", output.display());
    Ok(())
}

fn progress(total: usize, quiet: bool) -> ProgressBar {
    let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr_with_hz(5) };
    let bar = ProgressBar::with_draw_target(Some(total as u64), target);
    let style = ProgressStyle::with_template("{bar:24} {pos}/{len}  {msg}  {elapsed}, {eta} left");
    bar.set_style(style.expect("a valid template"));
    bar
}

/// σ and what the labels and the sample have been through.
fn setup(spec: &RunSpec, axis: &Axis) -> String {
    let mut parts = vec![format!("with σ = {}", sigma(spec.model.activation))];
    if spec.data.corrupted > 0.0 {
        parts.push(format!("{:.0} % of the labels wrong", 100.0 * spec.data.corrupted));
    }
    if spec.data.skew > 0.0 {
        parts.push(format!("drawn by Zipf's law with exponent {}", spec.data.skew));
    }
    if axis.key != "data.count" {
        parts.push(format!("against {}", axis.key));
    }
    parts.join(", ")
}

fn course(request: &Request, energy: EnergyKind) -> Course<'_> {
    Course {
        problem: &request.problem,
        decomposition: request.decomposition.as_ref(),
        energy,
        ridge: request.ridge,
        restarts: request.restarts,
    }
}

/// Every landscape of one energy.
fn landscapes(
    request: &Request,
    axis: &Axis,
    energy: EnergyKind,
    seeds: &[u64],
    workers: &Workers,
    bar: &ProgressBar,
) -> Result<Vec<RacePoint>, Failure> {
    let course = course(request, energy);
    let mut points = Vec::new();
    for ((spec, &x), label) in axis.specs.iter().zip(&axis.values).zip(&axis.labels) {
        let mut standings = Vec::new();
        for &seed in seeds {
            bar.set_message(format!("{} landscape at {label}", energy.name()));
            standings.push(Standing::of(&course, spec, seed, workers).map_err(Failure::usage)?);
            bar.inc(1);
        }
        points.push(RacePoint { x, standings });
    }
    Ok(points)
}

/// What short runs came to.
#[derive(Default)]
struct Training {
    estimate: Option<Estimate>,
    trials: Vec<Trial>,
    of_value: Vec<Option<(usize, usize)>>,
}

/// Short runs: where n is varied, each seed's threshold by bisection; else one run a value and seed.
fn train(
    request: &Request,
    axis: &Axis,
    seeds: &[u64],
    workers: &Workers,
    bar: &ProgressBar,
) -> Result<Training, Failure> {
    let problem = &request.problem;
    bar.set_message("short real runs");
    let fault: Mutex<Option<Failure>> = Mutex::new(None);
    let keep = |error: trial::TrialError| {
        fault.lock().expect("nobody panics with it").get_or_insert(Failure::usage(error));
    };
    if axis.key == "data.count" {
        let spec = trial::short(&request.spec, problem);
        let most = ((MOST * problem.n_population() as f64) as u64).max(2);
        let least = (axis.values[0] as u64 / 2).clamp(1, most - 1);
        let mut thresholds: Vec<Option<(Crossing, Vec<Trial>)>> = vec![None; seeds.len()];
        workers.each(&mut thresholds, |i, threshold| {
            *threshold = trial::threshold(problem, &spec, seeds[i], [least, most]).map_err(&keep).ok();
            bar.inc(1);
        });
        if let Some(failure) = fault.into_inner().expect("nobody panics with it") {
            return Err(failure);
        }
        let (crossings, trials): (Vec<_>, Vec<_>) = thresholds.into_iter().flatten().unzip();
        let generalizes = |crossing: &Crossing, x: f64| match *crossing {
            Crossing::Below(_) => true,
            Crossing::At(threshold) => x >= threshold,
            Crossing::Beyond(_) => false,
        };
        let of_value = axis
            .values
            .iter()
            .map(|&x| Some((crossings.iter().filter(|crossing| generalizes(crossing, x)).count(), crossings.len())));
        return Ok(Training {
            of_value: of_value.collect(),
            trials: trials.concat(),
            estimate: Estimate::of(crossings).map(|estimate| estimate.no_finer_than(trial::PRECISION)),
        });
    }
    let pairs = axis.specs.iter().flat_map(|spec| seeds.iter().map(move |&seed| (trial::short(spec, problem), seed)));
    let mut runs: Vec<(RunSpec, u64, Option<Trial>)> = pairs.map(|(spec, seed)| (spec, seed, None)).collect();
    workers.each(&mut runs, |_, (spec, seed, trial)| *trial = trial::run(problem, spec, *seed).map_err(&keep).ok());
    bar.inc(seeds.len() as u64);
    if let Some(failure) = fault.into_inner().expect("nobody panics with it") {
        return Err(failure);
    }
    let trials: Vec<Trial> = runs.into_iter().filter_map(|(_, _, trial)| trial).collect();
    let successes = |runs: &[Trial]| Some((runs.iter().filter(|trial| trial.generalized).count(), runs.len()));
    // A run either generalizes or not, so that a crossing lies in the middle of two values.
    let lead = |trial: &Trial| if trial.generalized { f64::INFINITY } else { f64::NEG_INFINITY };
    let of_seed = |seed: usize| {
        let of_values = trials.chunks(seeds.len()).zip(&axis.values);
        of_values.filter_map(|(runs, &x)| Some((x, lead(runs.get(seed)?)))).collect::<Vec<_>>()
    };
    let estimate = Estimate::of_leads((0..seeds.len()).map(of_seed).collect());
    Ok(Training { of_value: trials.chunks(seeds.len()).map(successes).collect(), estimate, trials })
}

/// The object that programs rely on.
fn object(view: &RaceView<'_>, request: &Request, seeds: &[u64], page: &Path) -> Value {
    let estimate = |estimate: Option<&Estimate>| {
        estimate.map(|estimate| {
            let in_units = |x: Option<f64>| x.zip(view.m_log_m).map(|(x, unit)| x / unit);
            json!({
                "n": estimate.at,
                "low": estimate.low,
                "high": estimate.high,
                "falls": estimate.falls,
                "n_mlogm": in_units(estimate.at),
                "low_mlogm": in_units(estimate.low),
                "high_mlogm": in_units(estimate.high),
                "samples": estimate.of_seed.iter().map(|crossing| match *crossing {
                    Crossing::Below(x) => json!({ "below": x }),
                    Crossing::At(x) => json!({ "at": x }),
                    Crossing::Beyond(x) => json!({ "beyond": x }),
                }).collect::<Vec<_>>(),
            })
        })
    };
    let standing = |standing: &Standing| {
        let best = |kind: PeakKind| {
            let basin = standing.basin(kind);
            json!({
                "height": standing.best(kind).map(|best| best.height),
                "stands_for": standing.best(kind).map(|best| &best.name),
                "basin": basin.share,
                "basin_low": basin.low,
                "basin_high": basin.high,
            })
        };
        json!({
            "seed": standing.seed,
            "n": standing.n_train,
            "memorizing": best(PeakKind::Memorizing),
            "mixed": best(PeakKind::Mixed),
            "generalizing": best(PeakKind::Generalizing),
            "kept": standing.kept,
        })
    };
    let points = |course: &RaceCourse<'_>| -> Vec<Value> {
        let point = |(i, point): (usize, &RacePoint)| {
            let kind = |kind: PeakKind| {
                let heights = point.standings.iter().filter_map(|standing| Some(standing.best(kind)?.height));
                let basins = point.standings.iter().map(|standing| standing.basin(kind).share);
                json!({ "height": median(heights), "basin": median(basins) })
            };
            json!({
                "value": view.x_labels.map_or_else(|| json!(point.x), |labels| json!(labels[i])),
                "n": point.standings.first().map(|standing| standing.n_train),
                "memorizing": kind(PeakKind::Memorizing),
                "mixed": kind(PeakKind::Mixed),
                "generalizing": kind(PeakKind::Generalizing),
                "trained": view.trained.get(i).copied().flatten(),
                "samples": point.standings.iter().map(standing).collect::<Vec<_>>(),
            })
        };
        course.points.iter().enumerate().map(point).collect()
    };
    let [asked, other] = &view.courses;
    json!({
        "task": view.task,
        "axis": view.x_name,
        "energy": asked.energy,
        "restarts": request.restarts,
        "seeds": seeds,
        "m_log_m": view.m_log_m,
        "points": points(asked),
        "crossing": estimate(asked.crossing),
        "basin_crossing": estimate(asked.basin_crossing),
        "other": {
            "energy": other.energy,
            "points": points(other),
            "crossing": estimate(other.crossing),
            "basin_crossing": estimate(other.basin_crossing),
        },
        "theory": view.critical,
        "training": estimate(view.training),
        "runs": view.trials.iter().map(|trial| json!({
            "seed": trial.seed,
            "n": trial.n_train,
            "test_accuracy": trial.test_accuracy,
            "generalized": trial.generalized,
        })).collect::<Vec<_>>(),
        "story": race_sentences(view),
        "page": page,
    })
}

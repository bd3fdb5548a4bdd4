//! `dunwu race TASK`: landscapes over an axis, for several samples each, and short real runs beside them.

use super::Drawn;
use super::request::{Key, PEAKS_KEYS, RACE_KEYS, Request, long_name};
use crate::Place;
use crate::failure::Failure;
use crate::say::say;
use dunwu::landscape::race::{Course, Crossing, Estimate, Lead, RacePoint, Standing, crossing};
use dunwu::landscape::trial::{self, Trial};
use dunwu::landscape::{EnergyKind, KERNEL_LIMIT, PeakKind, theory};
use dunwu::report::landscape::{RaceCourse, RaceView, race_page, race_sentences, race_table, sigma};
use dunwu::report::median;
use dunwu::spec_file;
use dunwu_engine::RunSpec;
use dunwu_engine::kernel::Workers;
use dunwu_engine::spec::Sampling;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Mutex;

/// Values of n that are looked at unless told otherwise.
const N_VALUES: usize = 16;
/// Share of the population that is looked at. What a peak is good for is judged by held-out samples; beyond, there are too few, and
/// they differ from the sample in just what its peaks lean towards.
const MOST: f64 = 0.8;

/// What is varied.
struct Axis {
    /// Key of the setting.
    key: String,
    /// Its values as they were written, and as specs.
    labels: Vec<String>,
    specs: Vec<RunSpec>,
    /// As numbers; their positions where they are no numbers.
    values: Vec<f64>,
    /// Whether they are numbers.
    has_numbers: bool,
}

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

/// The values that are looked at.
fn axis(request: &Request) -> Result<Axis, Failure> {
    let spec = &request.spec;
    let Some(against) = request.own("against") else {
        if request.own("values").is_some() {
            return Err(Failure::usage(
                "`values` needs `against`, the setting whose values they are; for samples write n=",
            ));
        }
        let counts = match request.own("n") {
            Some(text) => counts(text, request.problem.n_population())?,
            None => default_counts(request),
        };
        let specs = counts.iter().map(|&count| {
            let mut spec = spec.clone();
            spec.data.sampling = Sampling::Count(count);
            spec
        });
        return Ok(Axis {
            key: "data.count".to_owned(),
            labels: counts.iter().map(u64::to_string).collect(),
            specs: specs.collect(),
            values: counts.iter().map(|&count| count as f64).collect(),
            has_numbers: true,
        });
    };
    if request.own("n").is_some() && long_name(against) == "data.count" {
        return Err(Failure::usage("n is what `against` names; give its values once, as n="));
    }
    let mut spec = spec.clone();
    if let Some(text) = request.own("n") {
        let [count] = counts(text, request.problem.n_population())?[..] else {
            return Err(Failure::usage(format!("n={text}: with `against` there is one sample size")));
        };
        spec.data.sampling = Sampling::Count(count);
    }
    let key = long_name(against).to_owned();
    let written = match (request.own("values"), key.as_str()) {
        (Some(values), _) => values.to_owned(),
        (None, "data.corrupted") => "0,0.05,0.1,0.15,0.2,0.3,0.4,0.5".to_owned(),
        (None, "data.skew") => "0,0.1,0.2,0.3,0.5,0.75,1".to_owned(),
        (None, "model.activation") => "square,relu_squared,relu,abs,silu,gelu".to_owned(),
        (None, key) => return Err(Failure::usage(format!("against={key} needs values=, a list such as 1,2,4"))),
    };
    let labels: Vec<String> = written.split(',').map(|value| value.trim().to_owned()).collect();
    let mut specs = Vec::new();
    for label in &labels {
        let word = [format!("{key}={label}")];
        specs.push(
            spec_file::read_overrides(&spec, &word)
                .map_err(|(_, error)| Failure::in_text(&error, "the values of the race", &word[0]))?,
        );
    }
    if specs.iter().any(|spec| spec.task != request.spec.task) {
        return Err(Failure::usage("a race is run on one task; leave `against=task` out"));
    }
    let numbers: Option<Vec<f64>> = labels.iter().map(|label| label.parse().ok()).collect();
    if numbers.as_ref().is_some_and(|numbers| !numbers.is_sorted_by(|a, b| a < b)) {
        return Err(Failure::usage(format!("values={written}: write them in ascending order")));
    }
    let has_numbers = numbers.is_some();
    let values = numbers.unwrap_or_else(|| (1..=labels.len()).map(|i| i as f64).collect());
    Ok(Axis { key, labels, specs, values, has_numbers })
}

/// `LOW..HIGH/COUNT`, spaced evenly on a logarithmic axis, or a list in ascending order.
fn counts(text: &str, population: usize) -> Result<Vec<u64>, Failure> {
    let refused =
        |why: &str| Failure::usage(format!("n={text}: {why}; write LOW..HIGH/COUNT, such as 100..500/9, or a list"));
    let number =
        |text: &str| text.trim().parse::<u64>().ok().ok_or_else(|| refused(&format!("`{text}` is no whole number")));
    let counts = if let Some((low, rest)) = text.split_once("..") {
        let (high, many) = rest.split_once('/').ok_or_else(|| refused("a range needs its number of values"))?;
        let (low, high, many) = (number(low)?, number(high)?, number(many)?);
        if low < 1 || high <= low || !(2..=1000).contains(&many) {
            return Err(refused("a range goes from 1 or more up to more, with 2 to 1000 values"));
        }
        spaced(low as f64, high as f64, many as usize)
    } else {
        text.split(',').map(number).collect::<Result<Vec<_>, _>>()?
    };
    if let Some(most) = counts.iter().find(|&&count| count > population as u64) {
        return Err(Failure::usage(format!(
            "n={most} asks for more training samples than the {population} that there are"
        )));
    }
    if counts.contains(&0) || !counts.is_sorted_by(|a, b| a < b) {
        return Err(refused("values are 1 or more, in ascending order"));
    }
    Ok(counts)
}

fn spaced(low: f64, high: f64, many: usize) -> Vec<u64> {
    let at = |i: usize| (low.ln() + (high / low).ln() * i as f64 / (many - 1) as f64).exp().round() as u64;
    let mut counts: Vec<u64> = (0..many).map(at).collect();
    counts.dedup();
    counts
}

/// From M ln M, but not fewer than half the input weights, to 95 % of the population, as far as the energy reaches.
fn default_counts(request: &Request) -> Vec<u64> {
    let problem = &request.problem;
    let m = problem.n_labels as f64;
    let reach = if problem.n_operands() == 2 { f64::INFINITY } else { KERNEL_LIMIT as f64 };
    let most = (MOST * problem.n_population() as f64).floor().min(reach).max(1.0);
    let least = (m * m.ln()).max(dunwu::landscape::dimension(problem) as f64 / 2.0).min(most / 2.0).max(1.0);
    spaced(least, most, N_VALUES)
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

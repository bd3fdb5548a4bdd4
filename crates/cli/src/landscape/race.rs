//! `dunwu race TASK`: landscapes over an axis, for several samples each, and short real runs beside them.

use super::Drawn;
use super::axis::{Axis, axis};
use super::request::{Key, PEAKS_KEYS, RACE_KEYS, Request};
use super::training::{Training, train};
use crate::Place;
use crate::failure::Failure;
use crate::say::say;
use dunwu::landscape::race::{Course, Crossing, Estimate, Lead, RacePoint, Standing, crossing};
use dunwu::landscape::{Energy, EnergyKind, PeakKind, theory};
use dunwu::stats::median;
use dunwu_engine::RunSpec;
use dunwu_engine::kernel::Workers;
use dunwu_engine::spec::Sampling;
use dunwu_report::landscape::{RaceCourse, RaceView, race_page, race_sentences, race_table, sigma};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};
use std::path::Path;

/// A race under way.
pub(super) struct Race {
    pub(super) request: Request,
    pub(super) axis: Axis,
    /// Sample seeds.
    pub(super) seeds: Vec<u64>,
    pub(super) workers: Workers,
    pub(super) bar: ProgressBar,
    is_trained: bool,
}

pub(crate) fn race(words: &[String], quiet: bool, drawn: &Drawn, place: &Place) -> Result<(), Failure> {
    let race = Race::read(words, quiet)?;
    let asked = race.request.energy;
    let other = EnergyKind::ALL.into_iter().find(|kind| *kind != asked).expect("there are two");
    let courses = [race.course(asked)?, race.course(other)?];
    let training = if race.is_trained { train(&race, &place.runs)? } else { Training::default() };
    race.bar.finish_and_clear();
    let (setup, silent) = (race.setup(), race.silent());
    let view = race.view(&courses, &training, &setup, &silent);
    let output = &drawn.keep("race.html", &race_page(&view, &race.first_sample()?, &race.workers))?;
    if place.json {
        say!("{}", object(&view, &race, output));
        return Ok(());
    }
    let n_seeds = race.seeds.len();
    say!("{} {setup}: {n_seeds} sample seeds, {} random starts a landscape", view.task, race.request.restarts);
    say!("{}\n", race_table(&view));
    for sentence in race_sentences(&view) {
        say!("  {sentence}");
    }
    say!("Page, to open in a browser: {}", output.display());
    Ok(())
}

impl Race {
    fn read(words: &[String], quiet: bool) -> Result<Self, Failure> {
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
        let n_trials = if is_trained { n_seeds } else { 0 };
        let bar = progress(EnergyKind::ALL.len() * axis.specs.len() * n_seeds + n_trials, quiet);
        Ok(Self { request, axis, seeds, workers, bar, is_trained })
    }

    /// What a landscape of this energy is found with.
    fn searched(&self, energy: EnergyKind) -> Course<'_> {
        let Request { problem, decomposition, ridge, restarts, .. } = &self.request;
        Course { problem, decomposition: decomposition.as_ref(), energy, ridge: *ridge, restarts: *restarts }
    }

    /// Every landscape of one energy.
    fn course(&self, energy: EnergyKind) -> Result<RaceCourse, Failure> {
        let (axis, course) = (&self.axis, self.searched(energy));
        let mut points = Vec::new();
        for ((spec, &x), label) in axis.specs.iter().zip(&axis.values).zip(&axis.labels) {
            let mut standings = Vec::new();
            for &seed in &self.seeds {
                self.bar.set_message(format!("{} landscape at {label}", energy.name()));
                standings.push(Standing::of(&course, spec, seed, &self.workers).map_err(Failure::usage)?);
                self.bar.inc(1);
            }
            points.push(RacePoint { x, standings });
        }
        // Names have no order in which one thing could overtake another.
        let overtakes = |lead| if axis.has_numbers { crossing(&points, lead) } else { None };
        let (crossing, basin_crossing) = (overtakes(Lead::Height), overtakes(Lead::Basin));
        Ok(RaceCourse { energy, points, crossing, basin_crossing })
    }

    /// The energy that was asked for on the first sample at each value, whose mountains are drawn.
    fn first_sample(&self) -> Result<Vec<Energy>, Failure> {
        let course = self.searched(self.request.energy);
        let energies = self.axis.specs.iter().map(|spec| course.energy_of(spec, self.seeds[0]));
        energies.collect::<Result<_, _>>().map_err(Failure::usage)
    }

    fn view<'a>(
        &'a self,
        courses: &'a [RaceCourse; 2],
        training: &'a Training,
        setup: &'a str,
        silent: &'a [String],
    ) -> RaceView<'a> {
        let Request { problem, decomposition, .. } = &self.request;
        let is_of_n = self.axis.key == "data.count";
        let irreps = decomposition.as_ref().map(|decomposition| decomposition.irreps.as_slice());
        let m = problem.n_labels as f64;
        RaceView {
            task: &problem.name,
            setup,
            x_name: if is_of_n { "training samples n" } else { &self.axis.key },
            x_labels: (!self.axis.has_numbers).then_some(&self.axis.labels[..]),
            courses,
            training: training.estimate.as_ref().filter(|_| self.axis.has_numbers),
            trials: &training.trials,
            trained: &training.of_value,
            critical: theory::critical_samples(problem, irreps).filter(|_| problem.n_operands() == 2),
            m_log_m: (is_of_n && problem.group().is_some()).then_some(m * m.ln()),
            silent,
        }
    }

    fn silent(&self) -> Vec<String> {
        theory::silent(&self.request.problem, &self.request.spec, self.request.energy)
    }

    /// σ and what the labels and the sample have been through.
    fn setup(&self) -> String {
        let RunSpec { model, data, .. } = &self.request.spec;
        let mut parts = Vec::new();
        if self.axis.key != "model.activation" {
            parts.push(format!("with σ = {}", sigma(model.activation)));
        }
        if data.corrupted > 0.0 {
            parts.push(format!("{:.0} % of the labels wrong", 100.0 * data.corrupted));
        }
        if data.skew > 0.0 {
            parts.push(format!("drawn by Zipf's law with exponent {}", data.skew));
        }
        if self.axis.key != "data.count" {
            parts.push(format!("against {}", self.axis.key));
        }
        parts.join(", ")
    }
}

fn progress(total: usize, quiet: bool) -> ProgressBar {
    let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr_with_hz(5) };
    let bar = ProgressBar::with_draw_target(Some(total as u64), target);
    let style = ProgressStyle::with_template("{bar:24} {pos}/{len}  {msg}  {elapsed}, {eta} left");
    bar.set_style(style.expect("a valid template"));
    bar
}

/// The object that programs rely on.
fn object(view: &RaceView<'_>, race: &Race, page: &Path) -> Value {
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
    let points = |course: &RaceCourse| -> Vec<Value> {
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
    let [asked, other] = view.courses;
    json!({
        "task": view.task,
        "axis": view.x_name,
        "energy": asked.energy,
        "restarts": race.request.restarts,
        "seeds": race.seeds,
        "m_log_m": view.m_log_m,
        "points": points(asked),
        "crossing": estimate(asked.crossing.as_ref()),
        "basin_crossing": estimate(asked.basin_crossing.as_ref()),
        "other": {
            "energy": other.energy,
            "points": points(other),
            "crossing": estimate(other.crossing.as_ref()),
            "basin_crossing": estimate(other.basin_crossing.as_ref()),
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

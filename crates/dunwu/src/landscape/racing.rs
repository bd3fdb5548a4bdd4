//! The verb `race`: landscapes over an axis, for several samples each and on both energies, and short real runs beside them.

use super::axis::RaceAxis;
use super::mountains::terrains;
use super::race::{Course, Estimate, Lead, RacePoint, Standing, crossing};
use super::request::{Key, LandscapeRequest, PEAKS_KEYS, RACE_KEYS};
use super::training::RaceTraining;
use super::trial::MadeRuns;
use super::{EnergyKind, theory};
use crate::answer::Terrain;
use crate::verb::{VerbError, Watcher};
use dunwu_engine::kernel::Workers;
use dunwu_engine::spec::Sampling;

/// What `race` is asked for.
#[derive(Clone, Debug)]
pub struct RaceRequest {
    /// The landscapes; the energy is the one that is shown first.
    pub landscape: LandscapeRequest,
    /// What is varied.
    pub axis: RaceAxis,
    /// Sample seeds, each with a landscape at every value.
    pub seeds: Vec<u64>,
    /// Whether short real runs are trained beside the landscapes.
    pub is_trained: bool,
    /// Runs that were made before, by sweeps too, and need not be trained again.
    pub made: MadeRuns,
}

/// A race that was run.
pub struct Race<'a> {
    /// What was asked for.
    pub request: &'a RaceRequest,
    /// Both energies, the one that was asked for first.
    pub courses: [RaceCourse; 2],
    /// The short runs.
    pub training: RaceTraining,
    /// The theory's sample size; `None` where it says nothing of the task.
    pub critical: Option<f64>,
    /// M ln M, where the number of samples is what is varied and the task is a group.
    pub m_log_m: Option<f64>,
}

/// The race on one energy.
pub struct RaceCourse {
    /// Which energy.
    pub energy: EnergyKind,
    /// Its landscapes, one point a value of the axis.
    pub points: Vec<RacePoint>,
    /// Where the best feature peak overtakes in height; `None` where nothing can.
    pub crossing: Option<Estimate>,
    /// Where feature peaks overtake in the share of random starts that reach them; `None` where nothing can.
    pub basin_crossing: Option<Estimate>,
    /// The mountains of the first sample at each value; `None` where a value has none.
    pub terrains: Vec<Option<Terrain>>,
}

impl RaceRequest {
    /// Reads a task and `key=value` words: [`PEAKS_KEYS`], [`RACE_KEYS`], [`super::request::SHORT`], and every setting of runs.
    pub fn from_words(words: &[String]) -> Result<Self, VerbError> {
        let keys: [&[Key]; 2] = [PEAKS_KEYS, RACE_KEYS];
        let landscape = LandscapeRequest::from_words(words, &keys, 256)?;
        if matches!(landscape.spec.data.sampling, Sampling::SplitFile(_)) {
            return Err(VerbError::usage("a race draws its own samples; leave out data.split"));
        }
        if let (Sampling::Part(part, _), None) = (&landscape.spec.data.sampling, landscape.own("against")) {
            return Err(VerbError::usage(format!(
                "a race draws single samples of the whole table; leave out {0}, or vary another setting: against={0} values=0.3,0.5,0.7",
                part.key()
            )));
        }
        let axis = RaceAxis::of(&landscape)?;
        let n_seeds = landscape.count("samples", 4, 1000)?;
        let seeds: Vec<u64> = (0..n_seeds as u64).map(|i| landscape.spec.seed + i).collect();
        let is_trained = match landscape.own("train") {
            None | Some("true") => true,
            Some("false") => false,
            Some(other) => return Err(VerbError::usage(format!("train={other}: write true or false"))),
        };
        Ok(Self { landscape, axis, seeds, is_trained, made: MadeRuns::default() })
    }

    /// Climbs every landscape of both energies and trains the short runs.
    pub fn race(&self, watcher: &mut Watcher<'_>) -> Result<Race<'_>, VerbError> {
        let LandscapeRequest { problem, decomposition, energy, notes, .. } = &self.landscape;
        notes.iter().for_each(|note| watcher.note(note));
        let workers = self.landscape.workers()?;
        let other = EnergyKind::ALL.into_iter().find(|kind| kind != energy).expect("there are two");
        let courses = [self.course(*energy, &workers, watcher)?, self.course(other, &workers, watcher)?];
        let training =
            if self.is_trained { RaceTraining::of(self, &workers, watcher)? } else { RaceTraining::default() };
        let irreps = decomposition.as_ref().map(|decomposition| decomposition.irreps.as_slice());
        let m = problem.n_labels as f64;
        Ok(Race {
            request: self,
            courses,
            training,
            critical: theory::critical_samples(problem, irreps).filter(|_| problem.n_operands() == 2),
            m_log_m: (self.axis.is_of_samples() && problem.group().is_some()).then_some(m * m.ln()),
        })
    }

    /// Every landscape of one energy.
    fn course(
        &self,
        energy: EnergyKind,
        workers: &Workers,
        watcher: &mut Watcher<'_>,
    ) -> Result<RaceCourse, VerbError> {
        let LandscapeRequest { problem, decomposition, ridge, restarts, .. } = &self.landscape;
        let course =
            Course { problem, decomposition: decomposition.as_ref(), energy, ridge: *ridge, restarts: *restarts };
        let RaceAxis { specs, values, has_numbers, .. } = &self.axis;
        let n_landscapes = (specs.len() * self.seeds.len()) as u64;
        watcher.phase(&format!("{} landscapes", energy.name()), Some(n_landscapes));
        let mut n_done = 0;
        let mut points = Vec::new();
        for (spec, &x) in specs.iter().zip(values) {
            let mut standings = Vec::new();
            for &seed in &self.seeds {
                if watcher.is_stopped() {
                    return Err(VerbError::Stopped);
                }
                standings.push(Standing::of(&course, spec, seed, workers).map_err(VerbError::usage)?);
                n_done += 1;
                watcher.pieces(n_done);
            }
            points.push(RacePoint { x, standings });
        }
        // Names have no order in which one thing could overtake another.
        let overtakes = |lead| if *has_numbers { crossing(&points, lead) } else { None };
        let (crossing, basin_crossing) = (overtakes(Lead::Height), overtakes(Lead::Basin));
        let energies = specs.iter().map(|spec| course.energy_of(spec, self.seeds[0])).collect::<Result<Vec<_>, _>>();
        let terrains = terrains(&points, &energies.map_err(VerbError::usage)?, workers);
        Ok(RaceCourse { energy, points, crossing, basin_crossing, terrains })
    }
}

//! The verb `peaks --run`: which peaks the units of a recorded run stand below, and the landscape of a run for its report.

use super::EnergyKind;
use super::climbing::{Climbing, ClimbingError, Watch};
use super::mountains::mountains;
use super::race::Course;
use super::request::{energy_of_name, workers};
use crate::answer::Terrain;
use crate::group::Decomposition;
use crate::run::RunRequest;
use crate::store::Record;
use crate::verb::{VerbError, Watcher};
use dunwu_engine::kernel::Workers;
use dunwu_engine::{Problem, RunSpec, Split};

/// What `peaks --run` is asked for: a recorded run and the energy that its units climb.
#[derive(Clone, Copy, Debug)]
pub struct ClimbingRequest<'a> {
    /// The run's spec.
    pub spec: &'a RunSpec,
    /// Its problem.
    pub problem: &'a Problem,
    /// Its sample.
    pub split: &'a Split,
    /// The irreps of the task; `None` where it is no group.
    pub decomposition: Option<&'a Decomposition>,
    /// What was recorded.
    pub record: &'a Record,
    /// Which energy is climbed.
    pub energy: EnergyKind,
}

/// The landscape of a run as its report shows it.
#[derive(Clone, Debug)]
pub struct RunLandscape {
    /// The run's units on it, at a few snapshots; or why there is no landscape of this run.
    pub climbing: Result<Climbing, ClimbingError>,
    /// The mountains with less, with the run's and with more data; none where there is never a peak of either kind.
    pub mountains: Vec<Terrain>,
}

/// Snapshots that a picture of a run has room for.
const COLUMNS: usize = 8;

/// The energy that the words beside a run choose: `energy=raw`, or whitened without a word.
pub fn energy_of_words(words: &[String]) -> Result<EnergyKind, VerbError> {
    let mut energy = EnergyKind::Whitened;
    for word in words {
        match word.split_once('=') {
            Some(("energy", name)) => energy = energy_of_name(name)?,
            _ => {
                let why = format!("`{word}`: with --run the landscape is that of the run; only energy= may be chosen");
                return Err(VerbError::usage(why));
            }
        }
    }
    Ok(energy)
}

/// At most eight of these steps, the first and the last among them: as many as a picture has room for.
pub fn columns(steps: &[u64]) -> Vec<u64> {
    let n = steps.len();
    if n <= COLUMNS {
        return steps.to_vec();
    }
    (0..COLUMNS).map(|i| steps[i * (n - 1) / (COLUMNS - 1)]).collect()
}

impl RunLandscape {
    /// Of a run that has no landscape.
    pub fn refused(why: ClimbingError) -> Self {
        Self { climbing: Err(why), mountains: Vec::new() }
    }
}

impl<'a> ClimbingRequest<'a> {
    /// Of a recorded run.
    pub fn of_run(run: &'a RunRequest, record: &'a Record, energy: EnergyKind) -> Self {
        let RunRequest { spec, problem, split, decomposition, .. } = run;
        Self { spec, problem, split, decomposition: decomposition.as_ref(), record, energy }
    }

    /// Puts the units of every snapshot on the landscape.
    pub fn climb(&self, watcher: &mut Watcher<'_>) -> Result<Climbing, VerbError> {
        let workers = workers(self.spec)?;
        watcher.phase("finding the peaks", None);
        let Self { spec, problem, split, decomposition, energy, .. } = *self;
        let watch = Watch::begin(spec, problem, split, decomposition, energy, &workers).map_err(VerbError::usage)?;
        self.climb_at(watch, &self.steps(), &workers, watcher)
    }

    /// The landscape for the run's report: its units at a few snapshots, and the mountains.
    pub fn landscape(&self, watcher: &mut Watcher<'_>) -> Result<RunLandscape, VerbError> {
        let Self { spec, problem, split, decomposition, energy, .. } = *self;
        let workers = workers(spec)?;
        watcher.phase("finding the peaks", None);
        let watch = match Watch::begin(spec, problem, split, decomposition, energy, &workers) {
            Ok(watch) => watch,
            Err(why) => return Ok(RunLandscape::refused(why)),
        };
        let climbing = self.climb_at(watch, &columns(&self.steps()), &workers, watcher)?;
        watcher.phase("drawing the mountains", None);
        let course = Course { problem, decomposition, energy, ridge: None, restarts: 0 };
        let mountains = mountains(spec, problem, split.train.len(), &course, &workers).map_err(VerbError::usage)?;
        Ok(RunLandscape { climbing: Ok(climbing), mountains })
    }

    fn steps(&self) -> Vec<u64> {
        self.record.snapshots.iter().map(|entry| entry.step).collect()
    }

    fn climb_at(
        &self,
        mut watch: Watch<'_>,
        steps: &[u64],
        workers: &Workers,
        watcher: &mut Watcher<'_>,
    ) -> Result<Climbing, VerbError> {
        watcher.phase("climbing from the units of each snapshot", Some(steps.len() as u64));
        for (&step, n_done) in steps.iter().zip(1..) {
            if watcher.is_stopped() {
                return Err(VerbError::Stopped);
            }
            watch.add(&self.record.load_snapshot(step)?, workers)?;
            watcher.pieces(n_done);
        }
        Ok(watch.finish())
    }
}

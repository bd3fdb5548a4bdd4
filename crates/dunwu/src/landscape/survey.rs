//! The verb `peaks`: finds and certifies the peaks of one landscape, and holds them against the closed forms.

use super::mountains::{Mountains, terrain};
use super::peaks::{Peaks, find};
use super::race::{Best, population_peaks};
use super::request::LandscapeRequest;
use super::{Landscape, PeakKind, theory};
use crate::answer::Terrain;
use crate::stopwatch::Stopwatch;
use crate::task_file;
use crate::verb::{VerbError, Watcher};
use dunwu_engine::Split;
use dunwu_engine::kernel::Workers;
use dunwu_engine::model::Activation;
use std::path::Path;
use std::time::Duration;

/// What `peaks` is asked for: one landscape and the sample that it stands on.
#[derive(Clone, Debug)]
pub struct PeaksRequest {
    /// The landscape.
    pub landscape: LandscapeRequest,
    /// The training sample and what is held out.
    pub split: Split,
}

/// The peaks of one landscape.
pub struct PeakSurvey<'a> {
    /// The landscape.
    pub landscape: Landscape<'a>,
    /// What was found on it.
    pub peaks: Peaks,
    /// Ascents a second, hints among them; `None` where there is no clock.
    pub ascents_per_second: Option<f64>,
    /// How heights compare with Theorem 2; `None` where the theorem says nothing.
    pub agreement: Option<Agreement>,
    /// The section through the highest memory and the highest feature peak, or why there is none.
    pub mountains: Result<Terrain, NoMountains>,
}

/// Why there is no section through two peaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoMountains {
    /// The sample is the whole population.
    #[error(
        "the sample is the whole population, on which every peak is a feature peak; with fewer samples, such as n={fewer}, there may \
         be both kinds"
    )]
    WholePopulation {
        /// About five eighths of it.
        fewer: usize,
    },
    /// There is only one peak that is not mixed, of this kind.
    #[error("a single {0} peak was found on this landscape, and the mountains are a section through two peaks")]
    OnePeak(&'static str),
    /// There is no peak that is not mixed.
    #[error("neither a memory nor a feature peak was found on this landscape")]
    NoPeak,
    /// The two peaks and a third direction lie in one plane.
    #[error("the two highest peaks span no section of three dimensions")]
    Flat,
}

/// How the heights on the complete table of a group compare with Theorem 2, corrected.
#[derive(Clone, Debug, PartialEq)]
pub enum Agreement {
    /// A peak is flat in another number of directions than the theory has.
    OtherDirections {
        /// Its irrep.
        irrep: String,
        /// Directions in which it is flat.
        found: usize,
        /// What the theory has.
        expected: usize,
    },
    /// A height or a purity is off by more than rounding explains.
    Off {
        /// The largest relative deviation of a height, or of a purity from 1.
        deviation: f64,
    },
    /// Every peak is pure and has its height and its flat directions.
    Agrees {
        /// Non-trivial irreps that were reached.
        n_reached: usize,
        /// Non-trivial irreps that there are.
        n_irreps: usize,
        /// The largest deviation.
        deviation: f64,
    },
}

/// Deviation from the closed forms that rounding explains: slopes of 10⁻⁹, heights that are flat to second order.
const AGREES: f64 = 1e-9;

impl PeaksRequest {
    /// Draws the sample of the landscape.
    pub(super) fn new(landscape: LandscapeRequest) -> Result<Self, VerbError> {
        let LandscapeRequest { spec, problem, .. } = &landscape;
        let text = task_file::split_text(&spec.data, Path::new("")).map_err(VerbError::usage)?;
        let split = Split::draw(problem, &spec.data, spec.seed, text.as_deref()).map_err(VerbError::usage)?;
        Ok(Self { landscape, split })
    }

    /// Climbs the landscape from random starts and from the population's peaks, and certifies what is found.
    pub fn survey(&self, watcher: &mut Watcher<'_>) -> Result<PeakSurvey<'_>, VerbError> {
        let LandscapeRequest { spec, problem, decomposition, energy, ridge, restarts, notes, .. } = &self.landscape;
        notes.iter().for_each(|note| watcher.note(note));
        let activation = spec.model.activation;
        let landscape = Landscape::new(problem, &self.split, decomposition.as_ref(), activation, *energy, *ridge)
            .map_err(VerbError::usage)?;
        let workers = self.landscape.workers()?;
        watcher.phase("climbing", None);
        let hints = population_peaks(&landscape, spec.seed, &workers);
        let began = Stopwatch::start();
        let peaks = find(&landscape, *restarts, spec.seed, &hints, &workers);
        let per_second = |time: Duration| (*restarts + hints.len()) as f64 / time.as_secs_f64();
        let ascents_per_second = began.elapsed().map(per_second);
        if watcher.is_stopped() {
            return Err(VerbError::Stopped);
        }
        let agreement = self.agreement(&landscape, &peaks);
        let mountains = self.mountains(&landscape, &peaks, &workers);
        Ok(PeakSurvey { landscape, peaks, ascents_per_second, agreement, mountains })
    }

    fn mountains(&self, landscape: &Landscape<'_>, peaks: &Peaks, workers: &Workers) -> Result<Terrain, NoMountains> {
        if landscape.is_complete() {
            return Err(NoMountains::WholePopulation { fewer: (self.split.train.len() * 5).div_ceil(8) });
        }
        let (memory, feature) = (peaks.best(PeakKind::Memory), peaks.best(PeakKind::Feature));
        // Where one kind is missing, the two highest peaks of the other.
        let second = |kind, best| peaks.runner_up(kind, best).ok_or(NoMountains::OnePeak(kind.name()));
        let (left, right) = match (memory, feature) {
            (Some(memory), Some(feature)) => ((memory, PeakKind::Memory), (feature, PeakKind::Feature)),
            (None, Some(best)) => ((second(PeakKind::Feature, best)?, PeakKind::Feature), (best, PeakKind::Feature)),
            (Some(best), None) => ((best, PeakKind::Memory), (second(PeakKind::Memory, best)?, PeakKind::Memory)),
            (None, None) => return Err(NoMountains::NoPeak),
        };
        let third = if left.1 == right.1 { None } else { peaks.runner_up(left.1, left.0) };
        let third = third.map(|maximum| Best::of(landscape, maximum));
        let mountains = Mountains {
            left: (&Best::of(landscape, left.0), left.1, true),
            right: (&Best::of(landscape, right.0), right.1, true),
            third: third.as_ref(),
        };
        terrain(&landscape.energy, &mountains, self.split.train.len(), workers).ok_or(NoMountains::Flat)
    }

    fn agreement(&self, landscape: &Landscape<'_>, peaks: &Peaks) -> Option<Agreement> {
        let decomposition = landscape.decomposition()?;
        let applies = landscape.is_complete()
            && self.landscape.spec.model.activation == Activation::Square
            && self.landscape.problem.n_operands() == 2;
        if !applies || peaks.maxima.is_empty() {
            return None;
        }
        let mut deviation: f64 = 0.0;
        let mut reached = vec![false; decomposition.irreps.len()];
        for (maximum, certificate) in peaks.maxima.iter().zip(&peaks.certificates) {
            let (index, purity) = maximum.irrep?;
            let irrep = &decomposition.irreps[index];
            let height = theory::feature_height(irrep, decomposition.order);
            deviation = deviation.max((maximum.height / height - 1.0).abs()).max(1.0 - purity);
            let (found, expected) = (certificate.flat_directions, theory::flat_directions(irrep));
            if found != expected {
                return Some(Agreement::OtherDirections { irrep: irrep.name.clone(), found, expected });
            }
            reached[index] = true;
        }
        if deviation > AGREES {
            return Some(Agreement::Off { deviation });
        }
        let n_reached = reached.iter().filter(|&&reached| reached).count();
        Some(Agreement::Agrees { n_reached, n_irreps: decomposition.irreps.len() - 1, deviation })
    }
}

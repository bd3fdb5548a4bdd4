//! A run on its landscape: which peaks its units stand below at each snapshot, which feature peaks nobody has climbed, and
//! what the gradient still asks for.
//!
//! ```text
//! Snapshot ─▶ Footing ─▶ ClimbingStep            Landscape ─▶ Peaks, of which the feature peaks are watched
//! ```

use super::energy::{Energy, Inputs};
use super::footing::{Footing, SAME_PEAK, Stand, dot};
use super::maximum::{Form, Landscape, Maximum, PeakKind};
use super::peaks::{Peaks, find};
use super::projection::{EnergyKind, Projection};
use super::race::population_peaks;
use super::{LandscapeError, dimension};
use crate::group::Decomposition;
use crate::measure::label::{UnitLabel, reference_norm};
use crate::measure::{Scene, Setup};
use crate::opened::{predictor, ridge_eta};
use dunwu_engine::kernel::Workers;
use dunwu_engine::model::{Activation, PredictorError, Weights};
use dunwu_engine::spec::{Architecture, MlpSpec, OperandTables};
use dunwu_engine::{Problem, RunSpec, Samples, Snapshot, Split};
use serde::Serialize;

/// Random starts that look for the landscape's own peaks.
const RESTARTS: usize = 192;
/// A unit has climbed a peak from this share of its height on.
const CLIMBED: f64 = 0.5;

/// Why a run has no landscape.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ClimbingError {
    /// No unit has a weight for each token.
    #[error("the landscape is that of a unit that reads tokens, and here none does: {why}")]
    NoTokenWeights {
        /// Why not.
        why: String,
    },
    /// The energy knows none.
    #[error("the landscape is that of a unit without a bias, and the units of this run have one")]
    Biases,
    /// The landscape is that of a unit with weights of its own for each operand.
    #[error(
        "the landscape is that of a unit with weights of its own for each operand, and this network has model.tables = {tables}"
    )]
    Tables {
        /// What it has.
        tables: &'static str,
    },
    /// All is trained on.
    #[error("what a peak is good for is judged by held-out samples, and this run holds none out")]
    NothingHeldOut,
    /// It takes as long as training, so a report has it only on request.
    #[error("climbing the landscape takes about as long as training; `dunwu report RUN --landscape` draws it here")]
    NotAskedFor,
    /// There is no such landscape.
    #[error(transparent)]
    Landscape(#[from] LandscapeError),
}

/// A run on its landscape.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct Climbing {
    /// Which energy.
    pub energy: EnergyKind,
    /// The feature peaks of the landscape, highest first.
    pub peaks: Vec<WatchedPeak>,
    /// Snapshots, by step.
    pub steps: Vec<ClimbingStep>,
}

/// A feature peak, and who was there at the last snapshot.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct WatchedPeak {
    /// What it stands for.
    pub name: String,
    /// Height of its highest maximum.
    pub height: f64,
    /// Units that have climbed at least half of it at the last snapshot.
    pub units: usize,
    /// Share of the labels' pull towards it that the network has left, at the last snapshot.
    pub pull_left: Option<f64>,
}

/// What a unit's place on the landscape is, from the best to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Half-way up a feature peak or higher.
    OnFeature,
    /// Lower, but below a feature peak.
    BelowFeature,
    /// Below a mixed peak.
    Mixed,
    /// Below a memory peak and not half-way up.
    BelowMemory,
    /// Half-way up a memory peak or higher.
    OnMemory,
    /// It has no weights to speak of.
    Dead,
}

impl Place {
    /// Every place, in this order.
    pub const ALL: [Self; 6] =
        [Self::OnFeature, Self::BelowFeature, Self::Mixed, Self::BelowMemory, Self::OnMemory, Self::Dead];

    /// As it follows a count of units.
    pub fn words(self) -> &'static str {
        match self {
            Self::OnFeature => "high on feature",
            Self::BelowFeature => "low on feature",
            Self::Mixed => "on mixed",
            Self::BelowMemory => "low on memory",
            Self::OnMemory => "high on memory",
            Self::Dead => "dead",
        }
    }

    /// The kind of peak that it is below; `None` for a dead unit.
    pub fn kind(self) -> Option<PeakKind> {
        match self {
            Self::OnFeature | Self::BelowFeature => Some(PeakKind::Feature),
            Self::Mixed => Some(PeakKind::Mixed),
            Self::OnMemory | Self::BelowMemory => Some(PeakKind::Memory),
            Self::Dead => None,
        }
    }

    fn of(stand: Option<&Stand>, footing: &Footing) -> Self {
        let Some(stand) = stand else { return Self::Dead };
        match (footing.peaks[stand.peak].kind, stand.climbed >= CLIMBED) {
            (PeakKind::Feature, true) => Self::OnFeature,
            (PeakKind::Feature, false) => Self::BelowFeature,
            (PeakKind::Mixed, _) => Self::Mixed,
            (PeakKind::Memory, false) => Self::BelowMemory,
            (PeakKind::Memory, true) => Self::OnMemory,
        }
    }
}

/// All units at one snapshot.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct ClimbingStep {
    /// Updates made so far.
    pub step: u64,
    /// Units by how high they stand, as they are, on the landscape of the whole population: half-way up a peak of it or higher, lower,
    /// at its foot; in the order of [`PeakKind::ALL`].
    pub now: [usize; 3],
    /// Units at each place, in the order of [`Place::ALL`].
    pub at: [usize; 6],
    /// Median over living units of their height over that of the peak above.
    pub climbed_median: Option<f64>,
    /// Peaks that units stand below, and the units below the fullest.
    pub peaks: usize,
    /// See there.
    pub fullest: usize,
    /// Feature peaks of the landscape that no unit has climbed.
    pub unclimbed: usize,
    /// Mean share of the labels' pull that is left towards climbed and towards unclimbed feature peaks.
    pub pull_climbed: Option<f64>,
    /// See there.
    pub pull_unclimbed: Option<f64>,
    /// Place of each unit.
    #[serde(skip)]
    pub of_unit: Vec<Place>,
}

impl ClimbingStep {
    /// Whether more than half of the living units stand at least half-way up a peak of the whole population's landscape.
    pub fn has_switched(&self) -> bool {
        2 * self.now[PeakKind::Feature as usize] > self.now.iter().sum()
    }
}

impl Climbing {
    /// The first snapshot from which on, to the last, most living units stand at least half-way up a peak of the whole population's
    /// landscape; before it they do not.
    pub fn switch(&self) -> Option<u64> {
        let behind = self.steps.iter().rposition(|step| !step.has_switched());
        self.steps.get(behind.map_or(0, |behind| behind + 1)).map(|step| step.step)
    }
}

/// How many units have which label and stand below which kind of peak, `[label][kind]` in the order of [`UnitLabel::ALL`] and
/// [`PeakKind::ALL`]. Units without weights to speak of stand below none and are left out.
pub fn labels_by_peak(labels: &[UnitLabel], places: &[Place]) -> [[usize; 3]; 4] {
    let units = || labels.iter().zip(places);
    UnitLabel::ALL.map(|label| {
        PeakKind::ALL
            .map(|kind| units().filter(|(other, place)| **other == label && place.kind() == Some(kind)).count())
    })
}

/// The peak that a unit stands below.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct PeakAbove {
    /// What kind of peak.
    pub kind: PeakKind,
    /// What it stands for.
    pub name: String,
    /// Its height.
    pub height: f64,
    /// The unit's height over that of the peak.
    pub climbed: f64,
}

/// Which peak each unit of `weights` stands below on the landscape of its run; `None` for one that is dead. `largest_norm` is the largest
/// that a unit of the run has now or had at the start.
pub fn peaks_above(
    (spec, problem, split): (&RunSpec, &Problem, &Split),
    decomposition: Option<&Decomposition>,
    weights: &Weights,
    largest_norm: f64,
    workers: &Workers,
) -> Result<Vec<Option<PeakAbove>>, ClimbingError> {
    let landscape = landscape_of(spec, problem, split, decomposition, EnergyKind::Whitened)?;
    let footing = Footing::of(&landscape, weights, largest_norm, workers);
    let above = |stand: &Stand| PeakAbove {
        kind: footing.peaks[stand.peak].kind,
        name: footing.forms[stand.peak].words(decomposition),
        height: footing.peaks[stand.peak].height,
        climbed: stand.climbed,
    };
    Ok(footing.units.iter().map(|stand| stand.as_ref().map(above)).collect())
}

/// The landscape of a run's units. That they read tokens is for the caller to know.
fn landscape_of<'a>(
    spec: &RunSpec,
    problem: &'a Problem,
    split: &'a Split,
    decomposition: Option<&'a Decomposition>,
    kind: EnergyKind,
) -> Result<Landscape<'a>, ClimbingError> {
    if let Architecture::Mlp(MlpSpec { biases: true, .. }) = spec.model.architecture {
        return Err(ClimbingError::Biases);
    }
    if spec.model.tables != OperandTables::Separate {
        return Err(ClimbingError::Tables { tables: spec.model.tables.name() });
    }
    if split.test.is_empty() {
        return Err(ClimbingError::NothingHeldOut);
    }
    Ok(Landscape::new(problem, split, decomposition, spec.model.activation, kind, None)?)
}

/// A run being watched, snapshot by snapshot.
pub struct Watch<'a> {
    spec: &'a RunSpec,
    problem: &'a Problem,
    split: &'a Split,
    landscape: Landscape<'a>,
    peaks: Peaks,
    initial: Option<Weights>,
    steps: Vec<ClimbingStep>,
    last: Vec<(usize, f64)>,
}

impl<'a> Watch<'a> {
    /// Finds the peaks of the run's landscape. That its units read tokens is for the caller to know.
    pub fn begin(
        spec: &'a RunSpec,
        problem: &'a Problem,
        split: &'a Split,
        decomposition: Option<&'a Decomposition>,
        kind: EnergyKind,
        workers: &Workers,
    ) -> Result<Self, ClimbingError> {
        let landscape = landscape_of(spec, problem, split, decomposition, kind)?;
        let hints = population_peaks(&landscape, spec.seed, workers);
        let peaks = find(&landscape, RESTARTS, spec.seed, &hints, workers);
        Ok(Self { spec, problem, split, landscape, peaks, initial: None, steps: Vec::new(), last: Vec::new() })
    }

    /// One more snapshot; the first must be step 0. Refused where its parameters are not those of the spec's network.
    pub fn add(&mut self, snapshot: &Snapshot, workers: &Workers) -> Result<&ClimbingStep, PredictorError> {
        let predictor = predictor(self.spec, self.problem, snapshot)?;
        let initial = self.initial.get_or_insert_with(|| snapshot.weights.clone());
        let largest_norm = reference_norm(&snapshot.weights, initial);
        let footing = Footing::of(&self.landscape, &snapshot.weights, largest_norm, workers);
        let watched = watched(&self.peaks);
        let tops: Vec<&Maximum> = watched.iter().map(|class| &self.peaks.maxima[class.members[0]]).collect();
        let climbers: Vec<usize> = watched.iter().map(|class| climbers(&footing, class, &self.peaks)).collect();
        let setup = Setup {
            problem: self.problem,
            split: self.split,
            decomposition: None,
            activation: self.spec.model.activation,
            objective: self.spec.loss,
            eta: ridge_eta(self.spec, self.split.train.len()),
            initial,
        };
        let scene = match &predictor {
            None => Scene::new(setup, snapshot),
            Some(predictor) => Scene::of_network(predictor, setup, snapshot),
        };
        let pulls = scene
            .training_residual()
            .map(|residual| pull_left(self.problem, &self.split.train, self.spec.model.activation, residual, &tops));
        let mean_pull = |is_climbed: bool| {
            let pulls = pulls.iter().flatten().zip(&climbers).filter(|(_, n)| (**n > 0) == is_climbed);
            let (sum, n) = pulls.fold((0.0, 0), |(sum, n), (pull, _)| (sum + pull, n + 1));
            (n > 0).then(|| sum / f64::from(n))
        };
        let of_unit: Vec<Place> = footing.units.iter().map(|stand| Place::of(stand.as_ref(), &footing)).collect();
        let mut climbed: Vec<f64> = footing.living().map(|stand| stand.climbed).collect();
        climbed.sort_by(f64::total_cmp);
        self.last = climbers.iter().copied().zip(pulls.clone().unwrap_or_default()).collect();
        self.steps.push(ClimbingStep {
            step: snapshot.step,
            now: PeakKind::ALL.map(|kind| footing.living().filter(|stand| stand.now == kind).count()),
            at: Place::ALL.map(|place| of_unit.iter().filter(|&&other| other == place).count()),
            climbed_median: climbed.get(climbed.len() / 2).copied(),
            peaks: footing.sharing.len(),
            fullest: footing.sharing.iter().copied().max().unwrap_or(0),
            unclimbed: climbers.iter().filter(|&&n| n == 0).count(),
            pull_climbed: mean_pull(true),
            pull_unclimbed: mean_pull(false),
            of_unit,
        });
        Ok(self.steps.last().expect("just pushed"))
    }

    /// The whole run.
    pub fn finish(self) -> Climbing {
        let watched = watched(&self.peaks);
        let peaks = watched.iter().enumerate().map(|(i, class)| WatchedPeak {
            name: class.form.words(self.landscape.decomposition()),
            height: self.peaks.maxima[class.members[0]].height,
            units: self.last.get(i).map_or(0, |last| last.0),
            pull_left: self.last.get(i).map(|last| last.1).filter(|pull| pull.is_finite()),
        });
        Climbing { energy: self.landscape.kind, peaks: peaks.collect(), steps: self.steps }
    }
}

/// The feature peaks.
fn watched(peaks: &Peaks) -> Vec<&super::Peak> {
    peaks.classes.iter().filter(|class| class.kind == PeakKind::Feature).collect()
}

/// Units that have climbed at least half of a feature peak.
fn climbers(footing: &Footing, class: &super::Peak, peaks: &Peaks) -> usize {
    let is_it = |peak: usize| match &class.form {
        Form::Own(_) => {
            let w = &footing.peaks[peak].w;
            class.members.iter().any(|&member| dot(&peaks.maxima[member].w, w).abs() >= SAME_PEAK)
        }
        form => footing.peaks[peak].kind == PeakKind::Feature && footing.forms[peak] == *form,
    };
    let is_there: Vec<bool> = (0..footing.peaks.len()).map(is_it).collect();
    footing.living().filter(|stand| stand.climbed >= CLIMBED && is_there[stand.peak]).count()
}

/// How much of the pull that the labels have on a unit at each of `peaks` the network has left: what G_F still asks for.
///
/// ```text
/// ‖Rᵀ σ(Xw)‖² / ‖Ỹᵀ σ(Xw)‖²      R = P₁ (Y − Ŷ), `[n][M]`
/// ```
///
/// 1 where the network has nothing of the feature, 0 where it has all of it. One number a peak.
fn pull_left(
    problem: &Problem,
    train: &Samples,
    activation: Activation,
    residual: &[f64],
    peaks: &[&Maximum],
) -> Vec<f64> {
    let (n, m) = (train.len(), problem.n_labels);
    let mut columns = residual.to_vec();
    for label in 0..m {
        let mean = (0..n).map(|i| columns[i * m + label]).sum::<f64>() / n.max(1) as f64;
        (0..n).for_each(|i| columns[i * m + label] -= mean);
    }
    let inputs = Inputs::of(problem, train);
    let d = dimension(problem);
    let left = Energy::new(inputs.clone(), d, activation, Projection::Dense { columns, n_labels: m });
    let whole = Energy::new(inputs, d, activation, Projection::raw(&train.labels, m));
    peaks.iter().map(|peak| left.of_unit(&peak.w).0 / whole.of_unit(&peak.w).0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landscape::{Stop, climb, random_start};
    use dunwu_engine::spec::{DataSpec, Sampling};
    use dunwu_engine::task::Task;

    #[test]
    fn units_are_counted_by_label_and_peak() {
        use UnitLabel::{Dead, Generalizing, Memorizing};
        let labels = [Generalizing, Generalizing, Memorizing, Memorizing, Dead, Dead];
        let places =
            [Place::OnFeature, Place::BelowFeature, Place::BelowFeature, Place::OnMemory, Place::Dead, Place::Mixed];
        assert_eq!(labels_by_peak(&labels, &places), [[2, 0, 0], [1, 0, 1], [0, 0, 0], [0, 1, 0]]);
    }

    /// All of it for a network that says nothing, whatever constants it adds; none for one that says all; the share squared for one
    /// that says a part of all labels alike.
    #[test]
    fn the_pull_that_is_left_is_the_square_of_what_a_network_lacks() {
        let problem = Task::parse("cyclic:7").unwrap().resolve(None).unwrap();
        let split = Split::draw(&problem, &DataSpec::of(Sampling::Count(30)), 1, None).unwrap();
        let (n, m) = (split.train.len(), problem.n_labels);
        for activation in Activation::ALL {
            let landscape = Landscape::new(&problem, &split, None, activation, EnergyKind::Raw, None).unwrap();
            let workers = Workers::new(1).unwrap();
            let climbs = climb(&landscape.energy, 5, |i| random_start(0, i as u64, 14), Stop::BASIN, &workers);
            let peaks = landscape.describe(&climbs, &workers);
            let tops: Vec<&Maximum> = peaks.iter().collect();
            let labels = |i: usize, h: usize| f64::from(u8::from(split.train.labels[i] as usize == h));
            for (lacks, left) in [(1.0, 1.0), (0.0, 0.0), (0.3, 0.09)] {
                let residual: Vec<f64> =
                    (0..n * m).map(|cell| lacks * labels(cell / m, cell % m) - 0.1 * (cell % m) as f64).collect();
                for pull in pull_left(&problem, &split.train, activation, &residual, &tops) {
                    // n ε of a centred column.
                    assert!((pull - left).abs() < 1e-12, "{activation:?}: {pull} for {lacks}");
                }
            }
        }
    }
}

//! The race: how the best memory and the best feature peaks rank as something changes, and from where on real networks
//! generalize.
//!
//! ```text
//! for each value of the axis, for each sample seed:   landscape ─▶ peaks ─▶ Standing
//! for each sample seed:                               Standings ─▶ the value at which feature peaks overtake ─▶ Crossing
//!                                                     short runs ─▶ the value from which on they generalize  ─▶ Crossing
//! ```
//!
//! A seed draws one order of the population, of which a smaller sample is a prefix of a larger one, and the short runs of a seed
//! see the same samples as its landscapes.

use super::LandscapeError;
use super::ascent::{Stop, climb};
use super::energy::Energy;
use super::maximum::{Landscape, Maximum, PeakKind};
use super::peaks::{find, random_start};
use super::projection::EnergyKind;
use crate::group::Decomposition;
use crate::stats::{Share, student_t95};
use dunwu_engine::kernel::Workers;
use dunwu_engine::split::SplitError;
use dunwu_engine::{Problem, RunSpec, Split};

/// What is raced on.
#[derive(Clone, Copy)]
pub struct Course<'a> {
    /// The problem.
    pub problem: &'a Problem,
    /// Its irreps, where it is a group.
    pub decomposition: Option<&'a Decomposition>,
    /// Which energy.
    pub energy: EnergyKind,
    /// See [`Landscape::new`].
    pub ridge: Option<f64>,
    /// Random starts a landscape.
    pub restarts: usize,
}

impl Course<'_> {
    /// The energy on the sample that `spec` and `seed` describe.
    pub fn energy_of(&self, spec: &RunSpec, seed: u64) -> Result<Energy, RaceError> {
        let split = Split::draw(self.problem, &spec.data, seed, None)?;
        Ok(Landscape::new(self.problem, &split, None, spec.model.activation, self.energy, self.ridge)?.energy)
    }
}

/// The best peaks of one landscape.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Sample seed.
    pub seed: u64,
    /// Training samples.
    pub n_train: usize,
    /// The highest peak of each kind, in the order of [`PeakKind::ALL`].
    pub best: [Option<Best>; 3],
    /// The highest memory peak that points elsewhere than the best one.
    pub runner_up: Option<Best>,
    /// Share of random starts that reach each kind.
    pub basins: [Share; 3],
    /// Of the population's own peaks, the share from which an ascent on the sample ends on a feature peak.
    pub kept: f64,
}

/// A highest peak.
#[derive(Clone, Debug)]
pub struct Best {
    /// Its height.
    pub height: f64,
    /// Where it stands, `[d]`.
    pub w: Vec<f64>,
    /// What it stands for, in words.
    pub name: String,
}

impl Best {
    /// Of this maximum.
    pub fn of(landscape: &Landscape<'_>, maximum: &Maximum) -> Self {
        let name = maximum.name(&landscape.form(maximum, 0), landscape.decomposition());
        Self { height: maximum.height, w: maximum.w.clone(), name }
    }
}

/// Why a landscape could not be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RaceError {
    /// There is no such sample.
    #[error(transparent)]
    Split(#[from] SplitError),
    /// There is no such landscape.
    #[error(transparent)]
    Landscape(#[from] LandscapeError),
}

/// Directions that are sent up each landscape beside the random starts: the peaks of the population, so that the best feature
/// peak is found even where hardly any random start reaches it. They count in no basin.
pub const N_HINTS: usize = 64;

impl Standing {
    /// The landscape that `spec` and `seed` describe, summed up.
    pub fn of(course: &Course<'_>, spec: &RunSpec, seed: u64, workers: &Workers) -> Result<Self, RaceError> {
        let Course { problem, decomposition, energy, ridge, restarts } = *course;
        let split = Split::draw(problem, &spec.data, seed, None)?;
        let landscape = Landscape::new(problem, &split, decomposition, spec.model.activation, energy, ridge)?;
        let hints = population_peaks(&landscape, seed, workers);
        let peaks = find(&landscape, restarts, seed, &hints, workers);
        let best = PeakKind::ALL.map(|kind| peaks.best(kind));
        let runner_up = best[PeakKind::Memory as usize]
            .and_then(|memory| peaks.runner_up(PeakKind::Memory, memory))
            .map(|maximum| Best::of(&landscape, maximum));
        let best = best.map(|maximum| maximum.map(|maximum| Best::of(&landscape, maximum)));
        Ok(Self {
            seed,
            n_train: split.train.len(),
            best,
            runner_up,
            basins: PeakKind::ALL.map(|kind| peaks.basin(kind)),
            kept: peaks.kept,
        })
    }

    /// The highest peak of this kind.
    pub fn best(&self, kind: PeakKind) -> Option<&Best> {
        self.best[kind as usize].as_ref()
    }

    /// The basin of this kind.
    pub fn basin(&self, kind: PeakKind) -> Share {
        self.basins[kind as usize]
    }

    /// ln of the best feature peak's height over the best memory peak's, infinite where only one of the two is there; or the
    /// difference of the basins.
    fn lead(&self, lead: Lead) -> Option<f64> {
        if lead == Lead::Basin {
            return Some(self.basin(PeakKind::Feature).share - self.basin(PeakKind::Memory).share);
        }
        let height = |kind| self.best(kind).map(|best| best.height);
        match (height(PeakKind::Feature), height(PeakKind::Memory)) {
            (Some(feature), Some(memory)) => Some((feature / memory).ln()),
            (Some(_), None) => Some(f64::INFINITY),
            (None, Some(_)) => Some(f64::NEG_INFINITY),
            (None, None) => None,
        }
    }
}

/// Peaks of the raw energy on the whole population, from random starts of their own.
pub fn population_peaks(landscape: &Landscape<'_>, seed: u64, workers: &Workers) -> Vec<Vec<f64>> {
    let d = landscape.population.dimension();
    // Beyond all random starts of the landscape itself.
    let start = |i: usize| random_start(seed, (1 << 32) + i as u64, d);
    let climbs = climb(&landscape.population, N_HINTS, start, Stop::BASIN, workers);
    climbs.into_iter().filter(|climb| climb.height > 0.0).map(|climb| climb.w).collect()
}

/// Where one thing overtakes another along an axis, for one seed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Crossing {
    /// Before the first value that was looked at.
    Below(f64),
    /// Here.
    At(f64),
    /// Not by the last value that was looked at.
    Beyond(f64),
}

impl Crossing {
    /// From `(x, lead)` in ascending x: after the last x at which the lead is negative, where the line through the leads on both
    /// sides is zero on a logarithmic axis; in the middle where one of them is infinite. `None` without any lead.
    pub fn of(leads: &[(f64, f64)]) -> Option<Self> {
        let (&(first, _), &(last, _)) = (leads.first()?, leads.last()?);
        let Some(behind) = leads.iter().rposition(|&(_, lead)| lead < 0.0) else { return Some(Self::Below(first)) };
        let Some(&(x1, lead1)) = leads.get(behind + 1) else { return Some(Self::Beyond(last)) };
        let (x0, lead0) = leads[behind];
        let share = if lead0.is_finite() && lead1.is_finite() { lead0 / (lead0 - lead1) } else { 0.5 };
        // Zero has no place on a logarithmic axis.
        let x = if x0 > 0.0 { (x0.ln() + share * (x1.ln() - x0.ln())).exp() } else { x0 + share * (x1 - x0) };
        Some(Self::At(x))
    }
}

/// `(x, lead)` of one seed, in ascending x.
pub type Leads = Vec<(f64, f64)>;

/// Several seeds' crossings.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// Geometric mean where every seed crosses within the axis, else the median seed; `None` where that one does not cross.
    pub at: Option<f64>,
    /// Lower end of the 95 % interval of the mean over samples (Student's t on the logarithm); `None` with a single seed, or
    /// where one crosses below the axis.
    pub low: Option<f64>,
    /// Upper end; `None` with a single seed, or where one crosses beyond the axis.
    pub high: Option<f64>,
    /// Each seed's.
    pub of_seed: Vec<Crossing>,
    /// Whether feature peaks lead before the crossing and not after it, as when labels are corrupted.
    pub falls: bool,
}

impl Estimate {
    /// From the leads of each seed, `(x, lead)` in ascending x; `None` without any.
    pub fn of_leads(mut of_seed: Vec<Leads>) -> Option<Self> {
        of_seed.retain(|leads| !leads.is_empty());
        let most = |holds: fn(&Leads) -> bool| 2 * of_seed.iter().filter(|leads| holds(leads)).count() > of_seed.len();
        let falls = most(|leads| leads[0].1 >= 0.0) && most(|leads| leads[leads.len() - 1].1 < 0.0);
        if falls {
            of_seed.iter_mut().flatten().for_each(|(_, lead)| *lead = -*lead);
        }
        let crossings = of_seed.iter().filter_map(|leads| Crossing::of(leads)).collect();
        let mut estimate = Self { falls, ..Self::of(crossings)? };
        if let (Some(at), true) = (estimate.at, estimate.low == estimate.high) {
            // Where every seed crosses in the middle of the same two values, no more is known than that it does so between them.
            let values = || of_seed[0].iter().map(|(x, _)| *x);
            estimate.low = values().filter(|x| *x < at).reduce(f64::max);
            estimate.high = values().filter(|x| *x > at).reduce(f64::min);
        }
        Some(estimate)
    }

    /// With an interval that is at least as wide as what a crossing is known to, a `factor`.
    #[must_use]
    pub fn no_finer_than(mut self, factor: f64) -> Self {
        if let Some(at) = self.at {
            self.low = self.low.map(|low| low.min(at / factor.sqrt()));
            self.high = self.high.map(|high| high.max(at * factor.sqrt()));
        }
        self
    }

    /// Of these seeds; `None` without any.
    pub fn of(of_seed: Vec<Crossing>) -> Option<Self> {
        if of_seed.is_empty() {
            return None;
        }
        let rank = |crossing: &Crossing| match *crossing {
            Crossing::Below(_) => f64::NEG_INFINITY,
            Crossing::At(x) => x,
            Crossing::Beyond(_) => f64::INFINITY,
        };
        let mut values: Vec<f64> = of_seed.iter().map(rank).collect();
        values.sort_by(f64::total_cmp);
        let n = values.len();
        let (first, last) = (values[0], values[n - 1]);
        if first > 0.0 && last.is_finite() {
            let logs: Vec<f64> = values.iter().map(|x| x.ln()).collect();
            let mean = logs.iter().sum::<f64>() / n as f64;
            let variance = logs.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n.max(2) - 1) as f64;
            let half = student_t95(n - 1).map(|t| t * (variance / n as f64).sqrt());
            let [low, high] = [-1.0, 1.0].map(|side| half.map(|half| (mean + side * half).exp()));
            return Some(Self { at: Some(mean.exp()), low, high, of_seed, falls: false });
        }
        let middle = values[(n - 1) / 2];
        let end = |x: f64| (n > 1 && x.is_finite()).then_some(x);
        let at = Some(middle).filter(|x| x.is_finite());
        Some(Self { at, low: end(first), high: end(last), of_seed, falls: false })
    }
}

/// One value of the axis.
#[derive(Clone, Debug)]
pub struct RacePoint {
    /// The value.
    pub x: f64,
    /// One a sample seed, in the order of the seeds.
    pub standings: Vec<Standing>,
}

/// What one peak, or one kind of peak, overtakes another in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lead {
    /// The best feature peak is higher than the best memory peak.
    Height,
    /// More random starts end on feature peaks than on memory peaks.
    Basin,
}

/// Where feature peaks overtake memory peaks; `None` where no landscape has a peak of either kind.
pub fn crossing(points: &[RacePoint], lead: Lead) -> Option<Estimate> {
    let n_seeds = points.first()?.standings.len();
    let of_seed = |seed: usize| {
        let standings = points.iter().filter_map(|point| Some((point.x, point.standings.get(seed)?.lead(lead)?)));
        standings.collect::<Vec<_>>()
    };
    Estimate::of_leads((0..n_seeds).map(of_seed).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crossing_is_where_the_line_of_the_leads_is_zero() {
        let at = |leads: &[(f64, f64)]| Crossing::of(leads);
        assert_eq!(at(&[(1.0, 0.5), (2.0, 1.0)]), Some(Crossing::Below(1.0)));
        assert_eq!(at(&[(1.0, -0.5), (2.0, -1.0)]), Some(Crossing::Beyond(2.0)));
        let Some(Crossing::At(x)) = at(&[(1.0, -9.0), (10.0, -1.0), (1000.0, 1.0)]) else { panic!("it crosses") };
        assert!((x - 100.0).abs() < 1e-9);
        let Some(Crossing::At(x)) = at(&[(4.0, f64::NEG_INFINITY), (9.0, 0.2)]) else { panic!("it crosses") };
        assert!((x - 6.0).abs() < 1e-9);
        assert_eq!(at(&[]), None);
    }

    #[test]
    fn an_estimate_has_the_interval_of_its_seeds() {
        let estimate = Estimate::of([10.0, 1000.0].map(Crossing::At).to_vec()).unwrap();
        assert!((estimate.at.unwrap() - 100.0).abs() < 1e-9);
        // ln 10 either side of the mean: sd √2 ln 10, over √2, times 12.706.
        assert!((estimate.high.unwrap().ln() - 100f64.ln() - 12.706 * 10f64.ln()).abs() < 1e-9);
        let open = Estimate::of(vec![Crossing::At(5.0), Crossing::Beyond(9.0), Crossing::At(3.0)]).unwrap();
        assert_eq!((open.at, open.low, open.high), (Some(5.0), Some(3.0), None));
        let coarse = Estimate::of_leads(vec![vec![(1.0, f64::NEG_INFINITY), (4.0, f64::INFINITY)]; 3]).unwrap();
        assert_eq!((coarse.at.map(f64::round), coarse.low, coarse.high), (Some(2.0), Some(1.0), Some(4.0)));
        let falling = vec![vec![(0.0, 2.0), (0.1, 1.0), (0.3, -1.0)], vec![(0.0, 1.0), (0.1, 1.0), (0.3, -3.0)]];
        let falling = Estimate::of_leads(falling).unwrap();
        let [Crossing::At(a), Crossing::At(b)] = falling.of_seed[..] else { panic!("both cross") };
        assert!(falling.falls && (a - 0.03f64.sqrt()).abs() < 1e-12 && b < a);
        let never = Estimate::of(vec![Crossing::Beyond(9.0)]).unwrap();
        assert_eq!((never.at, never.low, never.high), (None, None, None));
    }
}

//! Which peak each unit of a network stands below, and how far up it is.
//!
//! A unit's direction w/‖w‖ is a point of the landscape. From there the energy alone is climbed: where that ascent ends is the peak
//! above the unit. What the unit does now and what the peak above it is good for are two questions, judged alike.

use super::ascent::{Arrival, Climb, Stop, climb};
use super::energy::{Evaluation, Inputs, LANES, ZERO};
use super::maximum::{Form, Landscape, Maximum, PeakKind};
use super::peaks::Peaks;
use super::projection::Projection;
use super::Energy;
use dunwu_engine::Problem;
use dunwu_engine::Samples;
use dunwu_engine::kernel::Workers;
use dunwu_engine::model::{Activation, Weights};

/// One living unit.
#[derive(Clone, Debug)]
pub struct Stand {
    /// What the unit itself is good for, as it is.
    pub now: PeakKind,
    /// E of the unit's direction over E of the peak.
    pub climbed: f64,
    /// cos of the angle between them.
    pub cosine: f64,
    /// The peak above; settled to a slope of 10⁻⁴, not certified.
    pub above: Maximum,
    /// What it stands for.
    pub form: Form,
    /// Number of the peak among those that units of this network stand below.
    pub peak: usize,
}

/// All units of one snapshot; `None` for a unit without weights to speak of, or with nothing to climb.
#[derive(Clone, Debug)]
pub struct Footing {
    /// One a unit.
    pub units: Vec<Option<Stand>>,
    /// Units below each peak, by its number.
    pub sharing: Vec<usize>,
}

/// Below this share of the largest norm that a unit has now or had at the start a unit is dead, as for labels.
const DEAD: f64 = 0.01;
/// |cos| from which two ends are one peak: a slope of 10⁻⁴ of the whole stops well within a degree of the summit.
const SAME_PEAK: f64 = 0.999;

impl Footing {
    /// Of a network's units; `largest_norm` is the largest that a unit has now or had at the start.
    pub fn of(landscape: &Landscape<'_>, weights: &Weights, largest_norm: f64, workers: &Workers) -> Self {
        let directions: Vec<Option<Vec<f64>>> = (0..weights.n_units)
            .map(|unit| {
                let w: Vec<f64> = weights.unit_inputs(unit).map(f64::from).collect();
                let norm = w.iter().map(|x| x * x).sum::<f64>().sqrt();
                let is_alive = norm.is_finite() && norm > 0.0 && norm >= DEAD * largest_norm;
                is_alive.then(|| w.iter().map(|x| x / norm).collect())
            })
            .collect();
        let alive: Vec<&Vec<f64>> = directions.iter().flatten().collect();
        let here = standing_still(&landscape.energy, &alive);
        let now = landscape.judge(&here);
        let climbs = climb(&landscape.energy, alive.len(), |i| alive[i].clone(), Stop::BASIN, workers);
        let maxima = landscape.describe(&climbs);
        let is_even = landscape.energy.curve().activation.is_even();
        let (mut peaks, mut sharing): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
        let mut stands = Vec::with_capacity(alive.len());
        for (i, (climb, above)) in climbs.iter().zip(&maxima).enumerate() {
            if climb.arrival == Arrival::Flat {
                stands.push(None);
                continue;
            }
            let cosine = |other: usize| {
                let cosine = dot(&above.w, &maxima[other].w);
                if is_even { cosine.abs() } else { cosine }
            };
            let peak = peaks.iter().position(|&other| cosine(other) >= SAME_PEAK).unwrap_or_else(|| {
                peaks.push(i);
                sharing.push(0);
                peaks.len() - 1
            });
            sharing[peak] += 1;
            stands.push(Some(Stand {
                now: now[i].0,
                climbed: here[i].height / above.height,
                cosine: dot(alive[i], &above.w),
                form: landscape.form(above, peak),
                above: above.clone(),
                peak,
            }));
        }
        let mut stands = stands.into_iter();
        let units = directions.iter().map(|direction| direction.as_ref().and_then(|_| stands.next().flatten()));
        Self { units: units.collect(), sharing }
    }

    /// Units that stand somewhere.
    pub fn living(&self) -> impl Iterator<Item = &Stand> {
        self.units.iter().flatten()
    }

    /// Whether more than half of the living units are generalizing as they are.
    pub fn has_switched(&self) -> bool {
        let n = self.living().filter(|stand| stand.now == PeakKind::Generalizing).count();
        2 * n > self.living().count()
    }
}

/// Units as climbs that never left: E and A σ(Xw) where they are.
fn standing_still(energy: &Energy, directions: &[&Vec<f64>]) -> Vec<Climb> {
    let mut evaluation = Evaluation::new(energy);
    let mut here = Vec::with_capacity(directions.len());
    for chunk in directions.chunks(LANES) {
        let mut w = vec![ZERO; energy.dimension()];
        for (lane, direction) in chunk.iter().enumerate() {
            w.iter_mut().zip(direction.iter()).for_each(|(row, x)| row[lane] = *x);
        }
        energy.evaluate(&w, &mut evaluation);
        here.extend(chunk.iter().enumerate().map(|(lane, direction)| Climb {
            w: (*direction).clone(),
            height: evaluation.energy[lane],
            gradient_norm: f64::NAN,
            signal: evaluation.signal.iter().map(|z| z[lane]).collect(),
            evaluations: 1,
            arrival: Arrival::Unfinished,
        }));
    }
    here
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// How much of the pull that the labels have on a unit at each of `peaks` the network has left: what G_F still asks for.
///
/// ```text
/// ‖Rᵀ σ(Xw)‖² / ‖Ỹᵀ σ(Xw)‖²      R = P₁ (Y − Ŷ), `[n][M]`
/// ```
///
/// 1 where the network has nothing of the feature, 0 where it has all of it. One number a peak.
pub fn pull_left(
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
    let d = super::dimension(problem);
    let left = Energy::new(inputs.clone(), d, activation, Projection::Dense { columns, n_labels: m });
    let whole = Energy::new(inputs, d, activation, Projection::raw(&train.labels, m));
    peaks.iter().map(|peak| left.of_unit(&peak.w).0 / whole.of_unit(&peak.w).0).collect()
}

/// The generalizing classes of `peaks`, each with the units of `footing` that have climbed it.
pub fn climbed<'p>(peaks: &'p Peaks, footing: &Footing) -> Vec<(&'p super::Peak, usize)> {
    let generalizing = peaks.classes.iter().filter(|class| class.kind == PeakKind::Generalizing);
    generalizing
        .map(|class| {
            let is_up = |stand: &&Stand| match &class.form {
                Form::Own(_) => {
                    let near = |&member: &usize| dot(&peaks.maxima[member].w, &stand.above.w).abs() >= SAME_PEAK;
                    stand.climbed >= 0.5 && class.members.iter().any(near)
                }
                form => {
                    stand.climbed >= 0.5 && stand.form == *form && stand.above.kind == PeakKind::Generalizing
                }
            };
            (class, footing.living().filter(is_up).count())
        })
        .collect()
}

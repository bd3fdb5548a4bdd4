//! Which peak each unit of a network stands below, and how far up it is.
//!
//! A unit's direction w/‖w‖ is a point of the landscape. From there the energy alone is climbed: where that ascent ends is the peak
//! above the unit. What the unit does now and what the peak above it is good for are two questions, judged alike.

use super::ascent::{Arrival, Climb, Stop, climb};
use super::energy::{Energy, Evaluation, LANES, lanes};
use super::maximum::{Form, Landscape, Maximum, PeakKind};
use dunwu_engine::kernel::Workers;
use dunwu_engine::model::Weights;

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
pub(super) const SAME_PEAK: f64 = 0.999;

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
        let now = landscape.judge(&here, workers);
        let climbs = climb(&landscape.energy, alive.len(), |i| alive[i].clone(), Stop::BASIN, workers);
        let maxima = landscape.describe(&climbs, workers);
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
                now: now[i].kind,
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
        let units: Vec<&[f64]> = chunk.iter().map(|direction| direction.as_slice()).collect();
        energy.evaluate(&lanes(&units, energy.dimension()), &mut evaluation);
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

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

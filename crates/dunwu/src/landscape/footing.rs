//! Which peak each unit of a network stands below, and how far up it is.
//!
//! A unit's direction w/‖w‖ is a point of the landscape. From there the energy alone is climbed: where that ascent ends is the peak
//! above the unit. What the unit does now and what the peak above it is good for are two questions with one measure, how high
//! each stands on the landscape of the whole population.

use super::ascent::{Arrival, Climb, Stop, climb};
use super::energy::Energy;
use super::maximum::{Form, Landscape, Maximum, PeakKind};
use dunwu_engine::kernel::Workers;
use dunwu_engine::model::Weights;

/// One living unit.
#[derive(Clone, Copy, Debug)]
pub struct Stand {
    /// What the unit itself is good for, as it is; where the task is no group, what the peak above is good for.
    pub now: PeakKind,
    /// E of the unit's direction over E of the peak above.
    pub climbed: f64,
    /// That peak, as a position in [`Footing::peaks`].
    pub peak: usize,
}

/// All units of one snapshot.
#[derive(Clone, Debug)]
pub struct Footing {
    /// One a unit; `None` for one without weights to speak of, or with nothing to climb.
    pub units: Vec<Option<Stand>>,
    /// The peaks that units stand below, no two the same; settled to a slope of 10⁻³, not certified.
    pub peaks: Vec<Maximum>,
    /// What each of them stands for.
    pub forms: Vec<Form>,
    /// Units below each.
    pub sharing: Vec<usize>,
}

/// Below this share of the largest norm that a unit has now or had at the start a unit is dead, as for labels.
const DEAD: f64 = 0.01;
/// |cos| from which two ends are one peak: 2.6 degrees.
pub(super) const SAME_PEAK: f64 = 0.999;

impl Footing {
    /// Of a network's units; `largest_norm` is the largest that a unit has now or had at the start.
    pub fn of(landscape: &Landscape<'_>, weights: &Weights, largest_norm: f64, workers: &Workers) -> Self {
        let directions: Vec<Option<Vec<f64>>> = (0..weights.n_units)
            .map(|unit| {
                let w: Vec<f64> = weights.unit_inputs(unit).map(f64::from).collect();
                let norm = dot(&w, &w).sqrt();
                let is_alive = norm.is_finite() && norm > 0.0 && norm >= DEAD * largest_norm;
                is_alive.then(|| w.iter().map(|x| x / norm).collect())
            })
            .collect();
        let alive: Vec<&[f64]> = directions.iter().flatten().map(Vec::as_slice).collect();
        let climbs = climb(&landscape.energy, alive.len(), |i| alive[i].to_vec(), Stop::BASIN, workers);
        let is_even = landscape.energy.curve().activation.is_even();
        let (peak_of, ends, sharing) = shared(&climbs, is_even);
        let peaks = landscape.describe(&ends, workers);
        let [here, on_all] =
            [&landscape.energy, &landscape.population].map(|energy: &Energy| energy.heights(alive.iter().copied()));
        let stand = |(i, peak): (usize, &Option<usize>)| {
            let peak = (*peak)?;
            let above = &peaks[peak];
            let now = Landscape::kind_of(on_all[i], above.summit_population, above.carry_over);
            Some(Stand { now, climbed: here[i] / above.height, peak })
        };
        let mut stands = peak_of.iter().enumerate().map(stand);
        let units =
            directions.iter().map(|direction| direction.as_ref().and_then(|_| stands.next().flatten())).collect();
        let forms = peaks.iter().enumerate().map(|(i, peak)| landscape.form(peak, i)).collect();
        Self { units, peaks, forms, sharing }
    }

    /// Units that stand somewhere.
    pub fn living(&self) -> impl Iterator<Item = &Stand> {
        self.units.iter().flatten()
    }
}

/// For each climb the peak it ended on, `None` where there was nothing to climb; the peaks; the climbs that ended on each.
fn shared(climbs: &[Climb], is_even: bool) -> (Vec<Option<usize>>, Vec<Climb>, Vec<usize>) {
    let (mut ends, mut sharing): (Vec<Climb>, Vec<usize>) = (Vec::new(), Vec::new());
    let peak_of = climbs.iter().map(|climb| {
        if climb.arrival == Arrival::Flat {
            return None;
        }
        let is_same = |end: &Climb| {
            let cosine = dot(&end.w, &climb.w);
            (if is_even { cosine.abs() } else { cosine }) >= SAME_PEAK
        };
        let peak = ends.iter().position(is_same).unwrap_or_else(|| {
            ends.push(climb.clone());
            sharing.push(0);
            ends.len() - 1
        });
        sharing[peak] += 1;
        Some(peak)
    });
    (peak_of.collect(), ends, sharing)
}

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

//! From a start to the peak above it: many ascents at once on the unit sphere.
//!
//! ```text
//! g = ∇E − (w·∇E) w      w ← (w + αg) / ‖w + αg‖
//! ```
//!
//! α is the step of Barzilai & Borwein 1988, `−s·s / s·y` with s and y the last changes of w and g, shortened until the height
//! rises (Armijo). The step that needs no height, `w ← normalise(g + ‖g‖ w)`, takes four to five times as long to the same slope
//! (`benches/landscape.rs`). Each unit has its own step and its own end; a place that becomes free is given to the next start. Since no
//! arithmetic mixes two units, an ascent has the same bits whatever else is climbed with it, on any number of threads.

use super::energy::{Energy, Evaluation, LANES, Lanes, ZERO};
use dunwu_engine::kernel::Workers;
use pulp::Arch;

/// When an ascent ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stop {
    /// It has arrived where the slope along the sphere is below this share of the whole slope.
    pub slope: f64,
    /// Most evaluations.
    pub evaluations: u32,
}

impl Stop {
    /// For peaks that are certified. Where the Hessian is flat along a whole family of peaks the slope still falls to this.
    pub const PEAK: Self = Self { slope: 1e-9, evaluations: 4000 };
    /// For the height of a summit alone, which is short of it by the square of the slope.
    pub const HEIGHT: Self = Self { slope: 0.02, evaluations: 1000 };
    /// For saying which peak a unit stands below.
    pub const BASIN: Self = Self { slope: 1e-3, evaluations: 1000 };
}

/// How an ascent ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// The slope along the sphere is gone.
    Settled,
    /// No step of any length leads higher, although there is a slope: a ridge at which σ has a kink.
    Stalled,
    /// The evaluations were used up.
    Unfinished,
    /// There is nothing to climb.
    Flat,
}

/// Where an ascent ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Climb {
    /// Unit vector, `[d]`.
    pub w: Vec<f64>,
    /// E there.
    pub height: f64,
    /// ‖∇E − (w·∇E) w‖ there.
    pub gradient_norm: f64,
    /// A σ(Xw) there, `[M]`.
    pub signal: Vec<f64>,
    /// Evaluations that it took.
    pub evaluations: u32,
    /// How it ended.
    pub arrival: Arrival,
}

/// Starts that one thread works through at a time.
const CHUNK: usize = 4 * LANES;
/// Armijo's constant: share of the promised rise that must come true.
const PROMISE: f64 = 1e-4;
/// A rise below this share of the height is rounding.
const ROUNDING: f64 = 1e-14;
/// A step that turns w by less is none.
const SHORTEST: f64 = 1e-15;

/// Climbs from `start(i)`, `i < n_starts`, each any vector but zero.
pub fn climb(
    energy: &Energy,
    n_starts: usize,
    start: impl Fn(usize) -> Vec<f64> + Sync,
    stop: Stop,
    workers: &Workers,
) -> Vec<Climb> {
    let mut chunks: Vec<(usize, Vec<Option<Climb>>)> =
        (0..n_starts).step_by(CHUNK).map(|first| (first, vec![None; CHUNK.min(n_starts - first)])).collect();
    workers.each(&mut chunks, |_, (first, climbs)| {
        let mut party = Party::new(energy, stop);
        party.climb_all(climbs, |i| start(*first + i));
    });
    let climbs = chunks.into_iter().flat_map(|(_, climbs)| climbs);
    climbs.map(|climb| climb.expect("every start is climbed to an end")).collect()
}

/// Units that climb together.
struct Party<'a> {
    energy: &'a Energy,
    stop: Stop,
    /// Where each stands, `[d]`.
    w: Vec<Lanes>,
    /// Its slope along the sphere, `[d]`.
    g: Vec<Lanes>,
    height: Lanes,
    /// ‖g‖².
    slope: Lanes,
    step: Lanes,
    trial: Vec<Lanes>,
    evaluated: Evaluation,
    /// Start that each place climbs for; `None` where it is free.
    climber: [Option<usize>; LANES],
    evaluations: [u32; LANES],
}

/// What a trial step came to, unit by unit.
struct Outcome {
    /// ‖g′‖² at the trial point.
    slope: Lanes,
    /// ‖∇E‖² there.
    whole: Lanes,
    /// s·s and s·y.
    moved: Lanes,
    bent: Lanes,
}

impl<'a> Party<'a> {
    fn new(energy: &'a Energy, stop: Stop) -> Self {
        let d = energy.dimension();
        Self {
            energy,
            stop,
            w: vec![ZERO; d],
            g: vec![ZERO; d],
            height: ZERO,
            slope: ZERO,
            step: ZERO,
            trial: vec![ZERO; d],
            evaluated: Evaluation::new(energy),
            climber: [None; LANES],
            evaluations: [0; LANES],
        }
    }

    /// Fills every place of `climbs`.
    fn climb_all(&mut self, climbs: &mut [Option<Climb>], start: impl Fn(usize) -> Vec<f64>) {
        let mut next = 0;
        loop {
            for lane in 0..LANES {
                if self.climber[lane].is_none() && next < climbs.len() {
                    self.enter(lane, next, &start(next));
                    next += 1;
                }
            }
            if self.climber.iter().all(Option::is_none) {
                return;
            }
            self.propose();
            self.energy.evaluate(&self.trial, &mut self.evaluated);
            let outcome = self.weigh();
            for lane in 0..LANES {
                let Some(climber) = self.climber[lane] else { continue };
                if let Some(arrival) = self.decide(lane, &outcome) {
                    climbs[climber] = Some(self.leave(lane, arrival));
                }
            }
        }
    }

    /// Puts a unit at its start; its first trial is the start itself.
    fn enter(&mut self, lane: usize, climber: usize, start: &[f64]) {
        let norm = start.iter().map(|x| x * x).sum::<f64>().sqrt();
        assert!(norm > 0.0 && norm.is_finite(), "a start has a direction");
        for ((w, g), x) in self.w.iter_mut().zip(&mut self.g).zip(start) {
            w[lane] = x / norm;
            g[lane] = 0.0;
        }
        (self.height[lane], self.slope[lane], self.step[lane]) = (f64::NEG_INFINITY, 0.0, 0.0);
        (self.climber[lane], self.evaluations[lane]) = (Some(climber), 0);
    }

    /// The trial points `(w + αg) / ‖w + αg‖`.
    fn propose(&mut self) {
        let Self { w, g, step, trial, .. } = self;
        Arch::new().dispatch(
            #[inline(always)]
            || {
                let mut square = ZERO;
                for ((trial, w), g) in trial.iter_mut().zip(w.iter()).zip(g.iter()) {
                    for lane in 0..LANES {
                        trial[lane] = w[lane] + step[lane] * g[lane];
                        square[lane] += trial[lane] * trial[lane];
                    }
                }
                let scale = square.map(|square| if square > 0.0 { square.sqrt().recip() } else { 0.0 });
                for trial in trial.iter_mut() {
                    for lane in 0..LANES {
                        trial[lane] *= scale[lane];
                    }
                }
            },
        );
    }

    /// Takes the radial part out of the trial's gradient, and compares the two points.
    fn weigh(&mut self) -> Outcome {
        let Self { w, g, trial, evaluated, .. } = self;
        Arch::new().dispatch(
            #[inline(always)]
            || {
                let (mut whole, mut radial) = (ZERO, ZERO);
                for (gradient, trial) in evaluated.gradient.iter().zip(trial.iter()) {
                    for lane in 0..LANES {
                        whole[lane] += gradient[lane] * gradient[lane];
                        radial[lane] += gradient[lane] * trial[lane];
                    }
                }
                let (mut slope, mut moved, mut bent) = (ZERO, ZERO, ZERO);
                let points = evaluated.gradient.iter_mut().zip(trial.iter()).zip(w.iter()).zip(g.iter());
                for (((gradient, trial), w), g) in points {
                    for lane in 0..LANES {
                        gradient[lane] -= radial[lane] * trial[lane];
                        slope[lane] += gradient[lane] * gradient[lane];
                        let (s, y) = (trial[lane] - w[lane], gradient[lane] - g[lane]);
                        moved[lane] += s * s;
                        bent[lane] += s * y;
                    }
                }
                Outcome { slope, whole, moved, bent }
            },
        )
    }

    /// Accepts or shortens the step; says how the ascent ended, if it did.
    fn decide(&mut self, lane: usize, outcome: &Outcome) -> Option<Arrival> {
        self.evaluations[lane] += 1;
        let is_first = self.height[lane] == f64::NEG_INFINITY;
        let height = self.evaluated.energy[lane];
        let (slope, whole) = (outcome.slope[lane], outcome.whole[lane]);
        let rise = PROMISE * self.step[lane] * self.slope[lane] - ROUNDING * self.height[lane].abs();
        if !is_first && height - self.height[lane] < rise {
            self.step[lane] *= 0.25;
            let is_stalled = self.step[lane] * self.slope[lane].sqrt() < SHORTEST;
            let is_over = self.evaluations[lane] >= self.stop.evaluations;
            return is_stalled.then_some(Arrival::Stalled).or(is_over.then_some(Arrival::Unfinished));
        }
        for ((w, g), (trial, gradient)) in
            self.w.iter_mut().zip(&mut self.g).zip(self.trial.iter().zip(&self.evaluated.gradient))
        {
            w[lane] = trial[lane];
            g[lane] = gradient[lane];
        }
        (self.height[lane], self.slope[lane]) = (height, slope);
        if whole <= f64::MIN_POSITIVE || height <= f64::MIN_POSITIVE || !whole.is_finite() {
            return Some(Arrival::Flat);
        }
        if slope <= self.stop.slope * self.stop.slope * whole {
            return Some(Arrival::Settled);
        }
        if self.evaluations[lane] >= self.stop.evaluations {
            return Some(Arrival::Unfinished);
        }
        // The first step turns w by as much as the slope is steep; one that was bent upwards may be longer next time.
        let natural = whole.sqrt().recip();
        let (moved, bent) = (outcome.moved[lane], outcome.bent[lane]);
        self.step[lane] = if is_first || moved == 0.0 {
            natural
        } else if bent < 0.0 {
            (-moved / bent).clamp(1e-3 * natural, 1e3 * natural)
        } else {
            (4.0 * self.step[lane]).clamp(natural, 1e3 * natural)
        };
        None
    }

    /// What became of the unit; its place is free.
    fn leave(&mut self, lane: usize, arrival: Arrival) -> Climb {
        self.climber[lane] = None;
        let column = |rows: &[Lanes]| rows.iter().map(|row| row[lane]).collect::<Vec<f64>>();
        let w = column(&self.w);
        // After a refused step the last evaluation is of another point.
        let signal = match arrival {
            Arrival::Stalled | Arrival::Unfinished => self.energy.of_unit(&w).2,
            _ => column(&self.evaluated.signal),
        };
        // A free place stands still at a point that can be evaluated.
        self.g.iter_mut().for_each(|g| g[lane] = 0.0);
        Climb {
            w,
            height: self.height[lane],
            gradient_norm: self.slope[lane].sqrt(),
            signal,
            evaluations: self.evaluations[lane],
            arrival,
        }
    }
}

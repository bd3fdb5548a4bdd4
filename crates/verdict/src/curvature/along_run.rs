//! A run trained again, with its curvature at every N-th step.

use super::lanczos::{dot, largest_eigenpair};
use super::law::{self, edge_times_rate};
use dunwu::run::RunRequest;
use dunwu::stats::median;
use dunwu::verb::{VerbError, Watcher};
use dunwu_engine::optim::{Method, OptimizerSpec};
use dunwu_engine::random::{Stream, normal, rng};
use dunwu_engine::{LossSurface, OptimizerState, Training};
use schemars::JsonSchema;
use serde::Serialize;

/// Relative residual at which an eigenvalue is taken, and the most products for one. A residual r is an error of at most r, and of
/// about r² over the gap to the next eigenvalue.
const PRECISION: (f64, usize) = (1e-3, 80);
/// A run is taken to be at its edge within this share of it.
const NEAR: f64 = 0.05;
/// Points where nobody says how many.
const USUAL_POINTS: u64 = 50;

/// A run's curvature over its steps.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Curvature {
    /// Steps between two points.
    pub every: u64,
    /// Trained weights.
    pub n_weights: usize,
    /// The edge of stability times the learning rate: 2 for gradient descent, 38 for Adam at β₁ = 0.9.
    pub edge_times_rate: f64,
    /// Whether P is that of Adam, and not 1.
    pub preconditioned: bool,
    /// What of the run lies outside the law that its curvature rises to the edge and stays there; empty where the law is asked.
    pub outside_the_law: Vec<String>,
    /// At every N-th step.
    pub points: Vec<CurvaturePoint>,
    /// First point at which the largest eigenvalue of P^(−1/2) H P^(−1/2) is at the edge or above.
    pub first_crossing: Option<u64>,
    /// Median of that eigenvalue over the edge, in the second half of the points.
    pub settled: Option<f64>,
    /// Points of the second half.
    pub n_late: usize,
    /// Those of them that are within 5 % of the edge.
    pub n_near: usize,
}

/// Curvature before one update.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct CurvaturePoint {
    /// Updates made before.
    pub step: u64,
    /// Mean loss over the whole training sample.
    pub loss: f64,
    /// The largest eigenvalue of H, loss per squared weight.
    pub sharpness: f64,
    /// The largest eigenvalue of P^(−1/2) H P^(−1/2), in units of 1/η; the same as `sharpness` for SGD.
    pub preconditioned: f64,
    /// uᵀHu/uᵀPu along the next update u; `null` where there is none.
    pub along_update: Option<f64>,
    /// The edge at this step's learning rate; `null` where that is 0.
    pub edge: Option<f64>,
}

impl CurvaturePoint {
    /// The largest eigenvalue of P^(−1/2) H P^(−1/2) over the edge.
    pub fn ratio(&self) -> Option<f64> {
        self.edge.map(|edge| self.preconditioned / edge)
    }

    /// uᵀHu/uᵀPu over the edge: ρ.
    pub fn ratio_along(&self) -> Option<f64> {
        Some(self.along_update? / self.edge?)
    }
}

/// Trains the run again and measures its curvature before every `every`-th update; without a number, at about fifty points.
///
/// Trains on one thread. A point takes some 20 to 100 products H v, each about four gradients of the whole training sample in f64.
pub fn curvature(request: &RunRequest, every: Option<u64>, watcher: &mut Watcher<'_>) -> Result<Curvature, VerbError> {
    let RunRequest { spec, problem, split, .. } = request;
    if let Some(why) = law::refusal(spec) {
        return Err(VerbError::usage(why));
    }
    let every = every.unwrap_or(spec.steps.div_ceil(USUAL_POINTS)).max(1);
    let is_whole = spec.data.batch_size == 0 || spec.data.batch_size >= split.train.len() as u64;
    let mut training = Training::new(spec, problem, split, 1)?;
    let mut probe = Probe::default();
    let mut points = Vec::new();
    let mut n_weights = 0;
    watcher.phase("measuring curvature", Some(spec.steps / every + 1));
    loop {
        if watcher.is_stopped() {
            return Err(VerbError::Stopped);
        }
        if training.step().is_multiple_of(every) {
            let state = training.optimizer_state();
            let Some(surface) = training.loss_surface(problem, split) else {
                return Err(VerbError::usage("curvature is not measured here: an intervention gives the loss steps"));
            };
            n_weights = surface.n_weights();
            // A run that leaves the numbers ends at this step.
            points.extend(probe.point(&surface, &state, spec.steps, is_whole));
            watcher.pieces(points.len() as u64);
        }
        if training.advance().outcome.is_some() {
            break;
        }
    }
    let late = &points[points.len() / 2..];
    let ratios: Vec<f64> = late.iter().filter_map(CurvaturePoint::ratio).collect();
    let is_adam = !matches!(spec.optimizer.method, Method::Sgd { .. });
    Ok(Curvature {
        every,
        n_weights,
        edge_times_rate: edge_times_rate(spec.optimizer.method).unwrap_or(f64::NAN),
        preconditioned: is_adam,
        outside_the_law: law::outside_the_law(spec, split.train.len()),
        first_crossing: points.iter().find(|point| point.ratio().is_some_and(|ratio| ratio >= 1.0)).map(|p| p.step),
        settled: median(ratios.clone()),
        n_late: ratios.len(),
        n_near: ratios.iter().filter(|ratio| (*ratio - 1.0).abs() <= NEAR).count(),
        points,
    })
}

/// Eigenvectors found last, from which the next search sets out.
#[derive(Default)]
struct Probe {
    plain: Vec<f64>,
    preconditioned: Vec<f64>,
}

/// The next update's direction, and what it is divided by.
pub(super) struct Next {
    /// u; `None` where nothing is known of it.
    pub(super) update: Option<Vec<f64>>,
    /// P; `None` for 1.
    pub(super) divisor: Option<Vec<f64>>,
    /// λ, where decay is coupled to the gradient.
    pub(super) coupled_decay: f64,
}

impl Probe {
    /// `None` where the weights are no numbers any more.
    fn point(
        &mut self,
        surface: &LossSurface,
        state: &OptimizerState,
        steps: u64,
        is_whole: bool,
    ) -> Option<CurvaturePoint> {
        let weights = &state.weights;
        let next = Next::of(state, &surface.gradient(weights), is_whole);
        let descended = |v: &[f64]| -> Vec<f64> {
            let product = surface.hessian_product(weights, v);
            product.iter().zip(v).map(|(h, v)| h + next.coupled_decay * v).collect()
        };
        let plain = largest_eigenpair(&start(&self.plain, weights.len()), PRECISION, descended)?;
        let (sharpness, mut preconditioned) = (plain.value, plain.value);
        self.plain = plain.vector;
        if let Some(divisor) = &next.divisor {
            let roots: Vec<f64> = divisor.iter().map(|p| p.sqrt()).collect();
            let divided = |v: &[f64]| -> Vec<f64> { v.iter().zip(&roots).map(|(v, root)| v / root).collect() };
            let set_out = start(&self.preconditioned, weights.len());
            let found = largest_eigenpair(&set_out, PRECISION, |v| divided(&descended(&divided(v))))?;
            preconditioned = found.value;
            self.preconditioned = found.vector;
        }
        let along_update = next.update.as_ref().and_then(|u| {
            let pu = next.divisor.as_ref().map_or_else(|| dot(u, u), |p| u.iter().zip(p).map(|(u, p)| u * u * p).sum());
            (pu > 0.0).then(|| dot(u, &descended(u)) / pu)
        });
        let OptimizerSpec { method, learning_rate, schedule, .. } = state.optimizer;
        let rate = schedule.rate(learning_rate, state.step, steps);
        let edge = edge_times_rate(method).filter(|_| rate > 0.0).map(|edge| edge / rate);
        let loss = surface.loss(weights);
        Some(CurvaturePoint { step: state.step, loss, sharpness, preconditioned, along_update, edge })
    }
}

/// Where a search sets out: the last eigenvector with a tenth of noise, so that a direction that was not there before is found.
fn start(last: &[f64], n: usize) -> Vec<f64> {
    let mut generator = rng(0, Stream::Probe);
    let noise = (0..n).map(|_| normal(&mut generator) / (n as f64).sqrt());
    if last.len() == n { noise.zip(last).map(|(noise, last)| last + 0.1 * noise).collect() } else { noise.collect() }
}

impl Next {
    /// From the state before the update. With the whole sample in a batch, the gradient is the one that the update will see; with
    /// less of it only the update before is known.
    pub(super) fn of(state: &OptimizerState, gradient: &[f64], is_whole: bool) -> Self {
        let OptimizerState { weights, moment1, moment2, optimizer, step } = state;
        let decay = if matches!(optimizer.method, Method::AdamW(_)) { 0.0 } else { optimizer.weight_decay };
        let known = is_whole || *step > 0;
        let seen = gradient.iter().zip(weights).map(|(g, w)| g + decay * w);
        match optimizer.method {
            Method::Sgd { momentum } => {
                let kept = if *step == 0 { 0.0 } else { momentum };
                let next = moment1.iter().zip(seen).map(|(b, g)| -(kept * b + g));
                let update = if is_whole { next.collect() } else { moment1.iter().map(|b| -b).collect() };
                Self { update: known.then_some(update), divisor: None, coupled_decay: decay }
            }
            Method::Adam(adam) | Method::AdamW(adam) | Method::Muon { adam, .. } => {
                let count = if is_whole { step + 1 } else { (*step).max(1) } as f64;
                let corrections = [adam.beta1, adam.beta2].map(|beta| 1.0 - libm::pow(beta, count));
                let (mut update, mut divisor) = (Vec::new(), Vec::new());
                for ((m, v), g) in moment1.iter().zip(moment2).zip(seen) {
                    let next =
                        |old: f64, beta: f64, new: f64| if is_whole { beta * old + (1.0 - beta) * new } else { old };
                    let m = next(*m, adam.beta1, g) / corrections[0];
                    let p = (next(*v, adam.beta2, g * g) / corrections[1]).sqrt() + adam.epsilon;
                    update.push(-m / p);
                    divisor.push(p);
                }
                Self { update: known.then_some(update), divisor: Some(divisor), coupled_decay: decay }
            }
        }
    }
}

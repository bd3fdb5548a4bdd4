//! Numbers of a run at a look that predictors of the literature read and our own do not.

use crate::draw::Draw;
use dunwu::measure;
use dunwu::opened::measured_frame;
use dunwu::run::RunRequest;
use dunwu_engine::{LossSurface, Snapshot, Split, Training};

/// What is read at a look; `None` where it is not defined.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Signals {
    /// Shannon entropy of the squared singular values of the hidden weights, as a share of its largest, in [0, 1].
    pub spectral_entropy: Option<f64>,
    /// ln(σ₁/σ₂) of the last updates stacked as rows.
    pub update_gap: Option<f64>,
    /// ln ‖θ‖².
    pub log_norm: Option<f64>,
    /// Local learning coefficient λ̂.
    pub learning_coefficient: Option<f64>,
}

/// Steps of Langevin dynamics, and how many of the first are left out of the mean.
const LANGEVIN: (usize, usize) = (60, 20);
/// Step size ε, and the pull γ towards the weights.
const STEP: f64 = 1e-3;
const PULL: f64 = 100.0;
/// The stream of the chain's noise.
const CHAIN: usize = 0x11c;
/// Samples that the local loss is over, at most.
const SAMPLES: usize = 128;

impl Signals {
    /// At a snapshot of a run under way; `initial` is that of its start.
    pub(super) fn of(request: &RunRequest, training: &Training, initial: &Snapshot, snapshot: &Snapshot) -> Self {
        let RunRequest { spec, problem, split, .. } = request;
        let wanted = [measure::EFFECTIVE_RANK.index(), measure::UPDATE_SPECTRUM.index()];
        let frame = measured_frame((spec, problem, split), None, initial, snapshot, &wanted).ok();
        let rank = frame.as_ref().and_then(|frame| frame.scalar(measure::EFFECTIVE_RANK));
        let state = training.optimizer_state();
        let norm: f64 = state.weights.iter().map(|weight| weight * weight).sum();
        let largest = spec.model.width.min(problem.n_population()).max(2) as f64;
        let gap = frame.as_ref().and_then(|frame| {
            let spectrum = frame.spectrum(measure::UPDATE_SPECTRUM)?;
            let (first, second) = (*spectrum.first()?, *spectrum.get(1)?);
            (second > 0.0).then(|| (first / second).ln())
        });
        Self {
            spectral_entropy: rank.map(|rank| rank.ln() / largest.ln()),
            update_gap: gap,
            log_norm: (norm > 0.0).then(|| norm.ln()),
            learning_coefficient: learning_coefficient(request, &state.weights),
        }
    }
}

/// The local learning coefficient at `weights`, from samples of the tempered posterior about them.
///
/// ```text
/// λ̂ = n β (E L(w) − L(w*)),  β = 1/ln n,   w ← w − (ε/2)(n β ∇L(w) + γ (w − w*)) + √ε ξ
/// ```
///
/// - L over at most 128 training samples, n their number
/// - Source: Lau et al. 2023, arXiv:2308.12108, section 4 (stochastic-gradient Langevin dynamics); `None` where the loss has no gradient
///   in f64 or the chain leaves the numbers
fn learning_coefficient(request: &RunRequest, weights: &[f64]) -> Option<f64> {
    let RunRequest { spec, problem, split, .. } = request;
    let Split { train, .. } = split;
    let n = train.len().min(SAMPLES);
    let first: Vec<u32> = (0..n as u32).collect();
    let surface = LossSurface::new(spec, problem, &train.select(&first))?;
    let temperature = n as f64 / (n.max(3) as f64).ln();
    let at_rest = surface.loss(weights);
    let mut draw = Draw::of(CHAIN, 0); // the same noise at every look
    let mut moved = weights.to_vec();
    let mut sum = 0.0;
    for turn in 0..LANGEVIN.0 {
        let gradient = surface.gradient(&moved);
        for ((w, g), rest) in moved.iter_mut().zip(&gradient).zip(weights) {
            *w -= STEP / 2.0 * (temperature * g + PULL * (*w - rest));
            *w += STEP.sqrt() * draw.normal();
        }
        if turn >= LANGEVIN.1 {
            sum += surface.loss(&moved);
        }
    }
    let mean = sum / (LANGEVIN.0 - LANGEVIN.1) as f64;
    Some(temperature * (mean - at_rest)).filter(|coefficient| coefficient.is_finite())
}

//! What the spec alone gives away, before a step is made. It sees no run, so it is right only as often as such specs go wrong.

use super::reason::Reason;
use dunwu_engine::RunSpec;
use dunwu_engine::optim::{AdamSpec, GradientPrecision, Method, Schedule};
use schemars::JsonSchema;
use serde::Serialize;

/// Something in a spec that often goes wrong.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Lint {
    /// What it would lead to.
    pub reason: Reason,
    /// The setting.
    pub key: &'static str,
    /// Its value.
    pub value: f64,
    /// The end of the range that is customary.
    pub limit: f64,
}

/// Everything out of the customary range.
pub fn lint(spec: &RunSpec) -> Vec<Lint> {
    let mut all = Vec::new();
    let mut beyond = |reason, key, value: f64, (low, high): (f64, f64)| {
        let limit = if value < low { low } else { high };
        if !(low..=high).contains(&value) {
            all.push(Lint { reason, key, value, limit });
        }
    };
    let optimizer = &spec.optimizer;
    let adam = match optimizer.method {
        Method::Adam(adam) | Method::AdamW(adam) | Method::Muon { adam, .. } => Some(adam),
        Method::Sgd { .. } => None,
    };
    let most = match (optimizer.method, optimizer.schedule) {
        (Method::Sgd { .. }, _) => 1.0,
        (_, Schedule::Warmup { .. } | Schedule::Cosine) => 0.03,
        _ => 0.02,
    };
    beyond(Reason::Rate, "optimizer.learning_rate", optimizer.learning_rate, (0.0, most));
    if let Some(AdamSpec { beta1, beta2, epsilon }) = adam {
        beyond(Reason::LargeEpsilon, "optimizer.epsilon", epsilon, (0.0, 1e-3));
        beyond(Reason::FastSecondMoment, "optimizer.epsilon", epsilon, (1e-15, f64::INFINITY));
        beyond(Reason::FastSecondMoment, "optimizer.beta2", beta2, (0.9_f64.max(beta1 * beta1), 1.0));
        beyond(Reason::SlowSecondMoment, "optimizer.beta2", beta2, (0.0, 1.0 - 1.0 / spec.steps as f64));
    }
    // The share of a weight that decay takes in a hundred steps.
    let taken = 100.0 * optimizer.learning_rate * optimizer.weight_decay;
    beyond(Reason::Decay, "optimizer.weight_decay", taken, (0.0, 1.0));
    beyond(Reason::Initialization, "model.hidden_scale", spec.model.hidden_scale, (0.2, 5.0));
    beyond(Reason::Initialization, "model.top_scale", spec.model.top_scale, (0.0, 5.0));
    if let GradientPrecision::Half { loss_scale, .. } = optimizer.gradient.precision {
        beyond(Reason::Overflow, "fault.loss_scale", loss_scale, (0.0, 0.0));
    }
    all
}

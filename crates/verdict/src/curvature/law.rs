//! At which curvature an optimizer stops being stable, and where that law is one.

use dunwu_engine::RunSpec;
use dunwu_engine::loss::{Loss, Objective};
use dunwu_engine::optim::{GradientPrecision, Method, OptimizerSpec, Schedule};
use dunwu_engine::spec::TopLayer;

/// The edge of stability times η: on a quadratic of a larger curvature the method's steps grow.
///
/// ```text
/// SGD with momentum μ     λ(H) < 2 (1 + μ)/η
/// Adam and AdamW          λ(P^(−1/2) H P^(−1/2)) < (2 + 2β₁)/((1 − β₁) η),  P = √v̂ + ε;  38/η at β₁ = 0.9
/// ```
///
/// - Source: Cohen et al. 2021, arXiv:2103.00065, appendix B (heavy ball); Cohen et al. 2022, arXiv:2207.14484, section 2
/// - `None` for Muon, whose steps are no linear function of the gradient
pub fn edge_times_rate(method: Method) -> Option<f64> {
    match method {
        Method::Sgd { momentum } => Some(2.0 * (1.0 + momentum)),
        Method::Adam(adam) | Method::AdamW(adam) => Some((2.0 + 2.0 * adam.beta1) / (1.0 - adam.beta1)),
        Method::Muon { .. } => None,
    }
}

/// Why the curvature of a run of `spec` is not measured, with the remedy; `None` where it is.
pub(super) fn refusal(spec: &RunSpec) -> Option<String> {
    let OptimizerSpec { method, gradient, .. } = spec.optimizer;
    let why = if edge_times_rate(method).is_none() {
        "`optimizer.name` is \"muon\", whose steps have no preconditioner; take sgd, adam or adamw"
    } else if !gradient.is_none() {
        "the gradient is changed before the optimizer sees it (`gradient.…`, `fault.gradient`), so that no law holds; leave that out"
    } else if matches!(spec.loss, Objective::Features(_)) {
        "`loss` is one of the features, of which there are no second derivatives; take \"mse\" or \"cross_entropy\""
    } else if spec.loss.of_outputs().changes().is_some_and(|changes| changes.probability_bits > 0) {
        "`fault.softmax_bits` gives the loss steps, which have no curvature; leave it out"
    } else if spec.model.top_layer != TopLayer::Trained {
        "`model.top_layer` is solved for at every step, so that the loss is no function of free weights; let it be \"trained\""
    } else {
        return None;
    };
    debug_assert!(gradient.precision == GradientPrecision::Single || !gradient.is_none());
    Some(format!("curvature is not measured here: {why}"))
}

/// What of a run lies outside the law that curvature rises to the edge and stays there, a clause each.
pub(super) fn outside_the_law(spec: &RunSpec, n_train: usize) -> Vec<String> {
    let mut outside = Vec::new();
    let batch = spec.data.batch_size;
    if batch > 0 && batch < n_train as u64 {
        outside.push(format!("its updates see {batch} of {n_train} samples, where the law is of the whole sample"));
    }
    if spec.loss != Objective::Outputs(Loss::Mse) {
        outside.push("its loss is a cross-entropy, whose curvature falls as the sample is fitted".to_owned());
    }
    if spec.optimizer.schedule != Schedule::Constant {
        outside.push("its learning rate changes, and the edge with it".to_owned());
    }
    if spec.model.activation.has_kink() {
        outside.push("its activation has kinks, which no Hessian sees".to_owned());
    }
    if !spec.interventions.is_empty() {
        outside.push("something is done to it while it trains".to_owned());
    }
    outside
}

#[cfg(test)]
mod tests {
    use super::*;
    use dunwu_engine::optim::AdamSpec;

    /// On the quadratic h w²/2, just below the edge steps shrink, and just above they grow.
    #[test]
    fn the_edge_is_where_a_quadratic_stops_being_stable() {
        let (rate, beta1, momentum) = (0.01, 0.9, 0.8);
        let adam = Method::Adam(AdamSpec { beta1, ..AdamSpec::DEFAULT });
        for (method, is_adam) in
            [(Method::Sgd { momentum: 0.0 }, false), (Method::Sgd { momentum }, false), (adam, true)]
        {
            let edge = edge_times_rate(method).unwrap() / rate;
            for (share, grows) in [(0.98, false), (1.02, true)] {
                let (curvature, mut w, mut m) = (share * edge, 1.0_f64, 0.0);
                // Far enough to tell, and never to where numbers end.
                for _ in 0..20_000 {
                    if w.abs() > 1e9 || w.abs() + f64::abs(m) < 1e-9 {
                        break;
                    }
                    let g = curvature * w;
                    m = match method {
                        Method::Sgd { momentum } => momentum * m + g,
                        _ => beta1 * m + (1.0 - beta1) * g,
                    };
                    w -= rate * m;
                }
                assert_eq!(w.abs() > 1.0, grows, "{method:?} adam={is_adam} at {share}: {w}");
            }
        }
        assert!((edge_times_rate(adam).unwrap() - 38.0).abs() < 1e-9);
    }
}

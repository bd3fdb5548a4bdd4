//! Cheap scores of how much a sample is memorized, each from one network trained on all samples, or from none.

use super::counterfactual::{Retraining, probabilities};
use super::digits::{CLASSES, NoisyDigits};
use super::small_net::{Lesson, SmallNet};
use crate::draw::Draw;
use crate::units::Matrix;
use crate::units::samples::{SampleScore, by_kernel, inner_products, relu_tangent_kernel, self_influence};

/// The numbered stream of the network that is scored.
const SCORED_STREAM: usize = 0x5c03;
/// Looks at the network on its way, for `TracIn`.
const LOOKS: usize = 10;
/// Neighbours.
const NEIGHBOURS: usize = 10;

/// Every score by its name.
pub(super) fn scores(digits: &NoisyDigits, retraining: Retraining) -> Vec<(&'static str, Vec<f64>)> {
    let (x, labels) = (&digits.train.x, &digits.train.labels);
    let mut draw = Draw::of(SCORED_STREAM, retraining.seed);
    let mut net = SmallNet::new((x.width(), retraining.n_units, CLASSES), &mut draw);
    let mut tracin = vec![0.0; labels.len()];
    let every = (retraining.course.steps / LOOKS).max(1);
    net.train_watched(Lesson { x, labels, frozen: None, taught: None }, retraining.course, |step, net| {
        if step % every == 0 {
            tracin.iter_mut().zip(net.gradient_squares(x, labels)).for_each(|(sum, square)| *sum += square);
        }
    });
    let p = probabilities(&net.outputs(x));
    let loss = labels.iter().enumerate().map(|(i, &label)| -f64::from(p.row(i)[label].max(1e-30)).ln()).collect();
    let below = if retraining.n_units == 0 { x.clone() } else { net.hidden(x) };
    let mut scores = vec![
        ("loss", loss),
        ("gradient norm", net.gradient_squares(x, labels)),
        ("TracIn", tracin),
        ("10 nearest neighbours", neighbours(x, labels)),
    ];
    scores.extend(self_influence(&below, labels, &p).map(|scores| ("self-influence", scores)));
    let kernels = [
        ("left-out ridge, last layer", inner_products(&below)),
        ("left-out ridge, kernel of the inputs", relu_tangent_kernel(x)),
    ];
    for (name, kernel) in kernels {
        let verdict = by_kernel(SampleScore::GivenKernel, &kernel, labels, CLASSES);
        scores.extend(verdict.map(|verdict| (name, verdict.samples.iter().map(|sample| sample.score).collect())).ok());
    }
    scores
}

/// The share of the nearest other samples with another label.
fn neighbours(x: &Matrix, labels: &[usize]) -> Vec<f64> {
    let distance = |i: usize, k: usize| x.row(i).iter().zip(x.row(k)).map(|(a, b)| (a - b).powi(2)).sum::<f32>();
    let of = |i: usize| {
        let mut others: Vec<(f32, usize)> =
            (0..labels.len()).filter(|&k| k != i).map(|k| (distance(i, k), k)).collect();
        others.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        others.iter().take(NEIGHBOURS).filter(|(_, k)| labels[*k] != labels[i]).count() as f64 / NEIGHBOURS as f64
    };
    (0..labels.len()).map(of).collect()
}

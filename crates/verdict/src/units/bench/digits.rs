//! Handwritten digits with wrong labels: a training sample, held-out samples, and others that neither saw.

use crate::draw::Draw;
use crate::units::Matrix;
use dunwu_engine::task::Task;

/// Inputs with the label of each.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Inputs {
    /// Pixels from 0 to 1, `[sample][pixel]`.
    pub(super) x: Matrix,
    pub(super) labels: Vec<usize>,
}

/// A training sample with wrong labels beside clean samples.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct NoisyDigits {
    /// With its labels as they are trained on.
    pub(super) train: Inputs,
    /// The true labels of the training sample.
    pub(super) truth: Vec<usize>,
    /// Training samples whose label is wrong.
    pub(super) wrong: Vec<usize>,
    pub(super) held_out: Inputs,
    /// Samples of neither.
    pub(super) other: Inputs,
}

/// Classes.
pub(super) const CLASSES: usize = 10;
/// The numbered stream that samples and wrong labels are drawn from.
const DIGITS_STREAM: usize = 0xd161;

impl NoisyDigits {
    /// `n` training samples of which `n_wrong` have a wrong label, `m` held-out samples, and all the rest.
    pub(super) fn draw(seed: u64, n: usize, n_wrong: usize, m: usize) -> Self {
        let problem = Task::parse("digits").ok().and_then(|task| task.resolve(None).ok());
        let problem = problem.expect("digits are one of the engine's tasks");
        let width = problem.n_features;
        let mut draw = Draw::of(DIGITS_STREAM, seed);
        let order = draw.order(problem.n_population());
        let inputs = |places: &[usize]| Inputs {
            x: Matrix::new(
                width,
                places.iter().flat_map(|&i| &problem.values[i * width..(i + 1) * width]).copied().collect(),
            ),
            labels: places.iter().map(|&i| problem.labels[i] as usize).collect(),
        };
        let mut train = inputs(&order[..n]);
        let truth = train.labels.clone();
        let mut wrong: Vec<usize> = draw.order(n).into_iter().take(n_wrong).collect();
        wrong.sort_unstable();
        for &i in &wrong {
            train.labels[i] = (truth[i] + draw.whole(1, CLASSES - 1)) % CLASSES;
        }
        Self { train, truth, wrong, held_out: inputs(&order[n..n + m]), other: inputs(&order[n + m..]) }
    }
}

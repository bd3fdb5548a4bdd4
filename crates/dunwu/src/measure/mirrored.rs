//! Held-out accuracy apart for samples whose mirror image was trained on and for those that the network knows nothing of.
//!
//! A commutative operation has the same label at (a, b) and at (b, a). Where one of the two is in the training sample and the other
//! is held out, a network that treats its operands alike answers the other without having understood anything else.

use super::{Measure, Quantity, Scene, Shape};
use dunwu_engine::Problem;

const UNIT: &str = "share of samples; 1/M by chance";
const UNDEFINED: &str = "unless the task has two operands of one kind with label(a, b) = label(b, a) throughout; without such samples; or where an output is not a number";

pub(super) const MIRRORED_ACCURACY: Measure = Measure {
    name: "mirrored_accuracy",
    tells: "how much the network gets right of the held-out samples whose mirror image it was trained on",
    formula: "(1/n) Σᵢ [argmax_c zᵢ꜀ = yᵢ] over held-out (a, b) with (b, a) in the training sample",
    shape: Shape::Scalar,
    unit: UNIT,
    source: "definition",
    undefined: UNDEFINED,
    compute: |scene| Parts::of(scene)?.mirrored.accuracy(),
};

pub(super) const MIRRORED_SAMPLES: Measure = Measure {
    name: "mirrored_samples",
    tells: "how many samples mirrored_accuracy is over",
    formula: "held-out (a, b) with (b, a) in the training sample",
    shape: Shape::Scalar,
    unit: "samples",
    source: "definition",
    undefined: UNDEFINED,
    compute: |scene| Parts::of(scene)?.mirrored.count(),
};

pub(super) const UNSEEN_ACCURACY: Measure = Measure {
    name: "unseen_accuracy",
    tells: "how much the network gets right of the held-out samples of which it was trained on neither order",
    formula: "(1/n) Σᵢ [argmax_c zᵢ꜀ = yᵢ] over held-out (a, b) with (b, a) held out too, a = b among them",
    shape: Shape::Scalar,
    unit: UNIT,
    source: "definition",
    undefined: UNDEFINED,
    compute: |scene| Parts::of(scene)?.unseen.accuracy(),
};

pub(super) const UNSEEN_SAMPLES: Measure = Measure {
    name: "unseen_samples",
    tells: "how many samples unseen_accuracy is over",
    formula: "held-out (a, b) with (b, a) held out too, a = b among them",
    shape: Shape::Scalar,
    unit: "samples",
    source: "definition",
    undefined: UNDEFINED,
    compute: |scene| Parts::of(scene)?.unseen.count(),
};

/// Right answers among samples.
#[derive(Default)]
struct Part {
    n: usize,
    n_right: usize,
}

impl Part {
    fn accuracy(&self) -> Option<Quantity> {
        Quantity::scalar((self.n > 0).then(|| self.n_right as f64 / self.n as f64)?)
    }

    fn count(&self) -> Option<Quantity> {
        Quantity::scalar((self.n > 0).then_some(self.n as f64)?)
    }
}

/// The held-out samples by whether their mirror image was trained on.
#[derive(Default)]
struct Parts {
    mirrored: Part,
    unseen: Part,
}

impl Parts {
    /// `None` without a symmetry, without held-out samples, or where an output is not a number.
    fn of(scene: &Scene<'_>) -> Option<Self> {
        let order = symmetric_order(scene.setup.problem)?;
        let tally = &scene.held_out()?.tally;
        tally.accuracy()?;
        let index = |a: u32, b: u32| a as usize * order + b as usize;
        let [train, test] = [&scene.setup.split.train, &scene.setup.split.test].map(|samples| &samples.operands);
        let mut is_trained = vec![false; order * order];
        train[0].iter().zip(&train[1]).for_each(|(&a, &b)| is_trained[index(a, b)] = true);
        let mut parts = Self::default();
        for ((&a, &b), &is_right) in test[0].iter().zip(&test[1]).zip(tally.is_right()) {
            let part = if is_trained[index(b, a)] { &mut parts.mirrored } else { &mut parts.unseen };
            part.n += 1;
            part.n_right += usize::from(is_right);
        }
        Some(parts)
    }
}

/// Tokens of either operand, where exchanging the two never changes the label.
fn symmetric_order(problem: &Problem) -> Option<usize> {
    let &[order, other] = problem.operand_sizes.as_slice() else { return None };
    let is_symmetric =
        || (0..order).all(|a| (0..a).all(|b| problem.labels[a * order + b] == problem.labels[b * order + a]));
    (order == other && is_symmetric()).then_some(order)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, Outputs, scalar};

    /// A network that is right where a + 2b is no multiple of three, against the two sets counted pair by pair.
    #[test]
    fn held_out_samples_are_told_apart_by_their_mirror_images() {
        for (order, n_train, seed) in [(5, 12, 1), (7, 25, 2), (8, 60, 3)] {
            let mut fixture = Fixture::random(order, 3, n_train, seed);
            let is_right = |a: usize, b: usize| !(a + 2 * b).is_multiple_of(3);
            let answer = |a: usize, b: usize| (a + b + usize::from(!is_right(a, b))) % order;
            fixture.network =
                Some(Box::new(Outputs::of(order, 3, |a, b, label| f32::from(u8::from(label == answer(a, b))))));
            let pairs = |samples: &dunwu_engine::Samples| -> Vec<(usize, usize)> {
                samples.operands[0].iter().zip(&samples.operands[1]).map(|(&a, &b)| (a as usize, b as usize)).collect()
            };
            let (train, test) = (pairs(&fixture.split.train), pairs(&fixture.split.test));
            let scene = fixture.scene();
            for (wanted, name) in [(true, "mirrored"), (false, "unseen")] {
                let part: Vec<_> = test.iter().filter(|(a, b)| train.contains(&(*b, *a)) == wanted).collect();
                let n_right = part.iter().filter(|(a, b)| is_right(*a, *b)).count();
                let n = part.len() as f64;
                let is_any = !part.is_empty();
                assert_eq!(scalar(&scene, &format!("{name}_samples")), is_any.then_some(n), "{name} of {order}");
                assert_eq!(scalar(&scene, &format!("{name}_accuracy")), is_any.then(|| n_right as f64 / n));
            }
        }
    }

    #[test]
    fn without_a_symmetry_nothing_is_mirrored() {
        let mut fixture = Fixture::random(5, 3, 12, 1);
        assert!(scalar(&fixture.scene(), "mirrored_accuracy").is_some());
        fixture.problem.labels[1] += 1; // (0, 1) and (1, 0) now differ
        for name in ["mirrored_accuracy", "mirrored_samples", "unseen_accuracy", "unseen_samples"] {
            assert_eq!(scalar(&fixture.scene(), name), None);
        }
    }
}

//! Losses: one of the outputs turns a sample's outputs into its loss and, in place, into the gradient that is sent back; one of
//! the features looks at a whole batch at once, because its samples are compared with each other.

mod contrastive;
mod cross_entropy;
mod definition;
mod features;
mod mse;
mod non_contrastive;
mod shaped;

// The words are the spec's; what they compute is here.
pub use crate::spec::{CrossEntropySpec, FeatureLoss, Loss, Objective, Probabilities};
#[cfg(test)]
pub(crate) use tests::shaped_losses;

impl Loss {
    /// Loss of one sample with outputs `z[..n_labels]` and label `label`; `z` becomes `scale · ∂loss/∂z`, its padding zero.
    #[inline(always)]
    pub fn differentiate(self, z: &mut [f32], n_labels: usize, label: usize, scale: f32) -> f64 {
        match self {
            Self::Mse => mse::differentiate(z, n_labels, label, scale),
            Self::CrossEntropy => cross_entropy::differentiate(z, n_labels, label, scale),
            Self::Shaped(spec) => shaped::differentiate(&spec, z, n_labels, label, scale),
        }
    }
}

/// The predicted label: the largest output, the lowest index among equals.
#[inline(always)]
pub fn predicted_label(z: &[f32]) -> usize {
    let largest = largest(z);
    // Chunk by chunk, each compared as a whole: a search that may stop at any output looks at one at a time.
    let (whole, _) = z.as_chunks::<16>();
    let mut first = 0;
    for chunk in whole {
        let mut found = false;
        for &value in chunk {
            found |= value == largest;
        }
        if found {
            break;
        }
        first += 16;
    }
    z[first..].iter().position(|&value| value == largest).map_or(0, |place| first + place)
}

/// `each` of every value, sixteen at a time: the compiler makes vector code of loops whose length it knows.
#[inline(always)]
fn for_each(values: &mut [f32], each: impl Fn(f32) -> f32) {
    let (whole, rest) = values.as_chunks_mut::<16>();
    for chunk in whole {
        for value in chunk {
            *value = each(*value);
        }
    }
    for value in rest {
        *value = each(*value);
    }
}

/// Sum over 16 running lanes and then pairwise: vector code with one order on every machine.
#[inline(always)]
fn sum(values: &[f32], term: impl Fn(f32) -> f32) -> f64 {
    let mut lanes = [0.0_f32; 16];
    let (whole, rest) = values.as_chunks::<16>();
    for chunk in whole {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane += term(value);
        }
    }
    for (lane, &value) in lanes.iter_mut().zip(rest) {
        *lane += term(value);
    }
    pairwise(
        lanes.map(f64::from),
        #[inline(always)]
        |a, b| a + b,
    )
}

/// Sixteen lanes to one, each with the one half of them further on.
#[inline(always)]
fn pairwise<T: Copy>(mut lanes: [T; 16], combine: impl Fn(T, T) -> T) -> T {
    for i in 0..8 {
        lanes[i] = combine(lanes[i], lanes[i + 8]);
    }
    for i in 0..4 {
        lanes[i] = combine(lanes[i], lanes[i + 4]);
    }
    for i in 0..2 {
        lanes[i] = combine(lanes[i], lanes[i + 2]);
    }
    combine(lanes[0], lanes[1])
}

/// The largest value; NaN is ignored.
#[inline(always)]
fn largest(values: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; 16];
    let (whole, rest) = values.as_chunks::<16>();
    for chunk in whole {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane = if value > *lane { value } else { *lane };
        }
    }
    for (lane, &value) in lanes.iter_mut().zip(rest) {
        *lane = if value > *lane { value } else { *lane };
    }
    pairwise(
        lanes,
        #[inline(always)]
        |a, b| if b > a { b } else { a },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definitions, in f64.
    fn reference(loss: Loss, z: &[f64], label: usize) -> f64 {
        let m = z.len() as f64;
        match loss {
            Loss::Mse => {
                let mean = z.iter().sum::<f64>() / m;
                let target = |c| f64::from(u8::from(c == label)) - 1.0 / m;
                z.iter().enumerate().map(|(c, &z)| (z - mean - target(c)).powi(2)).sum()
            }
            Loss::CrossEntropy => z
                .iter()
                .enumerate()
                .filter(|&(c, _)| c != label)
                .map(|(_, &other)| (other - z[label]).exp())
                .sum::<f64>()
                .ln_1p(),
            Loss::Shaped(spec) => shaped_reference(&spec, z, label),
        }
    }

    /// −Σ q ln p and what is added to it, by name: probabilities first, then logarithms.
    fn shaped_reference(spec: &CrossEntropySpec, z: &[f64], label: usize) -> f64 {
        let cap = |z: f64| if spec.soft_cap > 0.0 { spec.soft_cap * (z / spec.soft_cap).tanh() } else { z };
        let v: Vec<f64> = z.iter().map(|&z| cap(z) / spec.temperature).collect();
        let weight = |v: f64| match spec.probabilities {
            Probabilities::Softmax => v.exp(),
            Probabilities::StableMax => {
                if v < 0.0 {
                    (1.0 - v).recip()
                } else {
                    1.0 + v
                }
            }
        };
        let total: f64 = v.iter().map(|&v| weight(v)).sum();
        let target = |c: usize| {
            f64::from(u8::from(c == label)) * (1.0 - spec.label_smoothing) + spec.label_smoothing / z.len() as f64
        };
        let entropy: f64 = v.iter().enumerate().map(|(c, &v)| -target(c) * (weight(v) / total).ln()).sum();
        entropy + spec.z_loss * v.iter().map(|v| v.exp()).sum::<f64>().ln().powi(2)
    }

    /// One change at a time, and several together.
    pub(crate) fn shaped_losses() -> Vec<Loss> {
        let plain = CrossEntropySpec::PLAIN;
        let stable = CrossEntropySpec::STABLE_MAX;
        [
            stable,
            CrossEntropySpec { temperature: 2.5, ..plain },
            CrossEntropySpec { label_smoothing: 0.1, ..plain },
            CrossEntropySpec { z_loss: 0.02, ..plain },
            CrossEntropySpec { soft_cap: 3.0, ..plain },
            CrossEntropySpec { temperature: 0.5, label_smoothing: 0.2, z_loss: 0.01, soft_cap: 4.0, ..plain },
            CrossEntropySpec { temperature: 0.5, label_smoothing: 0.2, soft_cap: 4.0, ..stable },
        ]
        .map(Loss::Shaped)
        .to_vec()
    }

    #[test]
    fn gradients_agree_with_central_differences_of_the_definition() {
        for loss in Loss::ALL.into_iter().chain(shaped_losses()) {
            for m in [2_usize, 3, 7, 16, 17, 40] {
                // Nowhere at 0, where the slope of StableMax has a kink.
                let z: Vec<f32> = (0..m).map(|c| ((c * 7919 % 23) as f32 - 11.0) * 0.3 + 0.1).collect();
                for label in [0, m / 2, m - 1] {
                    let mut g = z.clone();
                    g.resize(m.next_multiple_of(16), 5.0);
                    let value = loss.differentiate(&mut g, m, label, 1.0);
                    let wide: Vec<f64> = z.iter().map(|&z| f64::from(z)).collect();
                    let expected = reference(loss, &wide, label);
                    assert!(
                        (value - expected).abs() < 1e-6 * (1.0 + expected),
                        "{loss:?} M={m}: {value} against {expected}"
                    );
                    assert!(g[m..].iter().all(|&padding| padding == 0.0));
                    let mut exact = wide.clone();
                    let by_definition = loss.differentiate_f64(&mut exact, label);
                    assert!((by_definition - expected).abs() < 1e-12 * (1.0 + expected), "{loss:?} M={m} in f64");
                    for c in 0..m {
                        let shifted = |by: f64| {
                            let mut wide = wide.clone();
                            wide[c] += by;
                            reference(loss, &wide, label)
                        };
                        let slope = (shifted(1e-5) - shifted(-1e-5)) / 2e-5;
                        assert!((slope - f64::from(g[c])).abs() < 2e-6 * (1.0 + slope.abs()), "{loss:?} M={m} c={c}");
                        // Central differences with steps of 10⁻⁵ of losses up to 200: roundings of 2·10⁻¹⁴ / 10⁻⁵.
                        assert!((slope - exact[c]).abs() < 1e-8 * (1.0 + slope.abs()), "{loss:?} M={m} c={c} in f64");
                    }
                }
            }
        }
    }

    #[test]
    fn losses_ignore_a_shift_of_all_outputs() {
        for loss in Loss::ALL {
            let z = [0.5_f32, -1.25, 2.0, 0.75, -3.0];
            let (mut a, mut b) = (z, z.map(|z| z + 8.0));
            let (loss_a, loss_b) = (loss.differentiate(&mut a, 5, 2, 1.0), loss.differentiate(&mut b, 5, 2, 1.0));
            // Outputs near 10 carry roundings of 10 ε ≈ 1e-6.
            assert!((loss_a - loss_b).abs() < 1e-5);
            assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 4e-6), "{a:?} {b:?}");
        }
    }

    /// arXiv:2501.04697: a softmax that rounds 1 − p to 0 stops learning. Ours keeps e⁻⁵⁰ in the loss and in every gradient.
    #[test]
    fn cross_entropy_does_not_collapse() {
        let mut z = [50.0_f32, 0.0];
        let loss = Loss::CrossEntropy.differentiate(&mut z, 2, 0, 1.0);
        let exact = (-50.0_f64).exp();
        for value in [loss, -f64::from(z[0]), f64::from(z[1])] {
            assert!((value / exact - 1.0).abs() < 1e-6, "{value:e} against {exact:e}");
        }
    }

    /// Shaped without a change is the plain loss, down to losses that are tiny.
    #[test]
    fn without_changes_a_shaped_loss_is_plain_cross_entropy() {
        for gap in [-30.0_f32, 0.0, 3.0, 20.0, 60.0] {
            let z = [0.5 + gap, -1.25, 0.75];
            let (mut plain, mut shaped) = (z, z);
            let expected = Loss::CrossEntropy.differentiate(&mut plain, 3, 0, 1.0);
            let value = Loss::Shaped(CrossEntropySpec::PLAIN).differentiate(&mut shaped, 3, 0, 1.0);
            assert!((value / expected - 1.0).abs() < 1e-6, "{value} for {expected}");
            for (g, expected) in shaped.iter().zip(plain) {
                assert!((g / expected - 1.0).abs() < 1e-5, "{shaped:?} for {plain:?}");
            }
        }
        assert_eq!(Loss::cross_entropy(CrossEntropySpec::PLAIN), Loss::CrossEntropy);
    }

    /// With b bits a sample whose 1 − p is less than half a step sends nothing back, and `StableMax` gets there far later.
    #[test]
    fn coarse_probabilities_collapse_where_the_rest_is_less_than_half_a_step() {
        for bits in [4, 10, 20] {
            for (probabilities, falls) in [(Probabilities::Softmax, true), (Probabilities::StableMax, false)] {
                let spec = CrossEntropySpec { probabilities, probability_bits: bits, ..CrossEntropySpec::PLAIN };
                // 1 − p of two labels is e⁻ᵍ/(1 + e⁻ᵍ): at g = (b + 1) ln 2 it is just below half a step.
                let edge = f64::from(bits + 1) * 2.0_f64.ln();
                for (gap, is_silent) in [(edge - 0.2, false), (edge + 0.2, true)] {
                    let mut z = [gap as f32, 0.0];
                    let loss = Loss::Shaped(spec).differentiate(&mut z, 2, 0, 1.0);
                    let mut exact = [gap, 0.0];
                    let expected = Loss::Shaped(spec).differentiate_f64(&mut exact, 0);
                    // Rounding of p may move it over an edge between two steps, and no further.
                    let step = 0.5_f64.powi(bits as i32);
                    assert!((loss - expected).abs() <= 2.0 * step, "{loss} for {expected}");
                    assert!(exact.iter().zip(z).all(|(g, z)| (g - f64::from(z)).abs() <= step), "{z:?} for {exact:?}");
                    assert_eq!(loss == 0.0 && z == [0.0, 0.0], is_silent && falls, "{spec:?} at {gap}: {loss} {z:?}");
                }
            }
            // The wrong label never costs more than b bits.
            let spec = CrossEntropySpec { probability_bits: bits, ..CrossEntropySpec::PLAIN };
            let loss = Loss::Shaped(spec).differentiate(&mut [50.0, 0.0], 2, 1, 1.0);
            assert!((loss - f64::from(bits) * 2.0_f64.ln()).abs() < 1e-12, "{loss}");
        }
    }

    #[test]
    fn ties_go_to_the_lowest_label() {
        assert_eq!(predicted_label(&[0.0, 3.0, 3.0]), 1);
        assert_eq!(predicted_label(&[0.0; 40]), 0);
    }
}

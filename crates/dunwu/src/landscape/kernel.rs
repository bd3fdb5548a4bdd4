//! The kernel of infinitely many random units, `K(x, x′) = E σ(w·x) σ(w·x′)` with w ~ N(0, I/d).
//!
//! Its entries follow from the Hermite expansion of σ (Mehler's formula; Tian 2025, Lemma 1):
//!
//! ```text
//! K(x, x′) = Σ_l a_l(r) a_l(r′) ρˡ      a_l(r) = E σ(rz) h_l(z)      r² = ‖x‖²/d,  ρ = x·x′ / (‖x‖ ‖x′‖)
//! ```
//!
//! with `h_l` the normalised Hermite polynomials. Where σ is homogeneous with a kink, and numbers may lie at any angle, the entry is
//! the arc-cosine kernel in closed form, since the series falls only as l^−5/2 or l^−9/2 at ρ = ±1. On the diagonal, ρ = 1, it is
//! `E σ(rz)²` itself. The expected squared norm of w is that of the sphere; for a homogeneous σ the scale is without effect.

use super::energy::Inputs;
use dunwu_engine::Problem;
use dunwu_engine::model::Activation;
use faer::Mat;

/// Terms of the expansion. Two or three operands have ρ ≤ 2/3 off the diagonal, where the rest is below 10⁻¹¹ of it.
const N_TERMS: usize = 64;
/// The normal distribution has 10⁻³² of its mass beyond.
const FARTHEST: f64 = 12.0;
/// Intervals of Simpson's rule on each half line: 10⁻¹² of the diagonal, 10⁻⁹ of the twentieth coefficient.
const N_INTERVALS: usize = 6000;
/// Most samples for which the n × n system is solved: a few seconds on one core.
pub const KERNEL_LIMIT: usize = 4096;

/// Why an energy could not be whitened.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum KernelError {
    /// The system is of the size of the sample.
    #[error(
        "the whitened energy of {n_samples} samples that are no pairs of tokens needs an n × n system, and the limit is \
         {KERNEL_LIMIT}: take fewer samples, or the raw energy"
    )]
    TooLarge {
        /// Samples.
        n_samples: usize,
    },
    /// Two inputs that random units cannot tell apart.
    #[error("the kernel of this sample is singular at ridge {ridge}: take a larger ridge, or the raw energy")]
    Singular {
        /// As asked for.
        ridge: f64,
    },
}

/// The kernel over the inputs of one problem.
#[derive(Clone, Debug, PartialEq)]
pub enum Kernel {
    /// Inputs are tuples of tokens: the entry depends on how many tokens two samples share.
    Shared {
        /// By the number of shared tokens, from none to all operands.
        of_shared: Vec<f64>,
    },
    /// Inputs are rows of numbers.
    Numbers {
        /// σ.
        activation: Activation,
        /// `a_l(r)` of each sample, `[n][N_TERMS]`.
        coefficients: Vec<f64>,
        /// E σ(rz)² of each sample.
        diagonal: Vec<f64>,
    },
}

impl Kernel {
    /// The kernel of these inputs.
    pub fn of(problem: &Problem, inputs: &Inputs, activation: Activation) -> Result<Self, KernelError> {
        let d = super::dimension(problem);
        let n_samples = inputs.n_samples(d);
        let is_paired = matches!(inputs, Inputs::Tokens { n_operands: 2, .. });
        if n_samples > KERNEL_LIMIT && !is_paired {
            return Err(KernelError::TooLarge { n_samples });
        }
        Ok(match inputs {
            Inputs::Tokens { n_operands, .. } => {
                let (a, diagonal) = expansion(activation, (*n_operands as f64 / d as f64).sqrt());
                let entry = |shared: usize| series(&a, &a, shared as f64 / *n_operands as f64);
                let of_shared = (0..*n_operands).map(entry).chain([diagonal]).collect();
                Self::Shared { of_shared }
            }
            Inputs::Numbers { values } => {
                let radii = values.chunks_exact(d).map(|x| (x.iter().map(|x| x * x).sum::<f64>() / d as f64).sqrt());
                let (mut coefficients, mut diagonal) = (Vec::new(), Vec::new());
                let unit = expansion(activation, 1.0);
                for radius in radii {
                    let (a, square) = match degree(activation) {
                        Some(degree) => {
                            let scale = radius.powi(degree);
                            (unit.0.iter().map(|a| scale * a).collect(), scale * scale * unit.1)
                        }
                        None => expansion(activation, radius),
                    };
                    coefficients.extend::<Vec<f64>>(a);
                    diagonal.push(square);
                }
                Self::Numbers { activation, coefficients, diagonal }
            }
        })
    }

    /// All entries over n samples.
    pub(super) fn matrix(&self, inputs: &Inputs, n: usize, dimension: usize) -> Result<Mat<f64>, KernelError> {
        if n > KERNEL_LIMIT {
            return Err(KernelError::TooLarge { n_samples: n });
        }
        Ok(match (self, inputs) {
            (Self::Shared { of_shared }, Inputs::Tokens { rows, n_operands }) => {
                let row = |i: usize| &rows[i * n_operands..][..*n_operands];
                let n_shared = |i: usize, j: usize| row(i).iter().zip(row(j)).filter(|(a, b)| a == b).count();
                Mat::from_fn(n, n, |i, j| of_shared[n_shared(i, j)])
            }
            (Self::Numbers { activation, coefficients, diagonal }, Inputs::Numbers { values }) => {
                let x = |i: usize| &values[i * dimension..][..dimension];
                let a = |i: usize| &coefficients[i * N_TERMS..][..N_TERMS];
                let norms: Vec<f64> = (0..n).map(|i| dot(x(i), x(i)).sqrt()).collect();
                let entry = |i: usize, j: usize| {
                    if i == j {
                        return diagonal[i];
                    }
                    let scale = norms[i] * norms[j];
                    let cosine = if scale > 0.0 { (dot(x(i), x(j)) / scale).clamp(-1.0, 1.0) } else { 0.0 };
                    match arc_cosine(*activation, cosine) {
                        Some(share) => share * (diagonal[i] * diagonal[j]).sqrt(),
                        None => series(a(i), a(j), cosine),
                    }
                };
                Mat::from_fn(n, n, |i, j| if i >= j { entry(i, j) } else { entry(j, i) })
            }
            _ => unreachable!("a kernel is of the inputs that it was made for"),
        })
    }
}

/// `P₁ K P₁` in place.
pub(super) fn centre(matrix: &mut Mat<f64>) {
    let n = matrix.nrows();
    let means: Vec<f64> = (0..n).map(|j| matrix.col(j).iter().sum::<f64>() / n as f64).collect();
    let mean = means.iter().sum::<f64>() / n as f64;
    for j in 0..n {
        for i in 0..n {
            matrix[(i, j)] += mean - means[i] - means[j];
        }
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// `Σ_l a_l b_l ρˡ`, from the highest term down.
fn series(a: &[f64], b: &[f64], cosine: f64) -> f64 {
    a.iter().zip(b).rev().fold(0.0, |sum, (a, b)| sum * cosine + a * b)
}

/// The entry at ρ as a share of that at ρ = 1, where σ is homogeneous and has a kink (Cho & Saul 2009).
fn arc_cosine(activation: Activation, cosine: f64) -> Option<f64> {
    let sine = (1.0 - cosine * cosine).sqrt();
    let rest = std::f64::consts::PI - libm::acos(cosine);
    let relu = (sine + cosine * rest) / std::f64::consts::PI;
    match activation {
        Activation::Relu => Some(relu),
        // 2 (k(ρ) + k(−ρ)) of ReLU's, and k(ρ) − k(−ρ) = ρ/2.
        Activation::Abs => Some(2.0 * relu - cosine),
        Activation::ReluSquared => {
            Some((3.0 * sine * cosine + (1.0 + 2.0 * cosine * cosine) * rest) / (3.0 * std::f64::consts::PI))
        }
        Activation::Square | Activation::Cube | Activation::Silu | Activation::Gelu => None,
    }
}

/// k where σ(cx) = cᵏ σ(x) for every c > 0.
fn degree(activation: Activation) -> Option<i32> {
    match activation {
        Activation::Relu | Activation::Abs => Some(1),
        Activation::Square | Activation::ReluSquared => Some(2),
        Activation::Cube => Some(3),
        Activation::Silu | Activation::Gelu => None,
    }
}

/// `a_l(r)` for l < [`N_TERMS`], and `E σ(rz)²`. Each half line by Simpson's rule, since σ may have its kink at 0.
fn expansion(activation: Activation, radius: f64) -> (Vec<f64>, f64) {
    let mut coefficients = vec![0.0; N_TERMS];
    let mut square = 0.0;
    let step = FARTHEST / N_INTERVALS as f64;
    for side in [-1.0, 1.0] {
        for node in 0..=N_INTERVALS {
            let z = side * step * node as f64;
            let simpson = match node {
                0 | N_INTERVALS => 1.0,
                _ if node % 2 == 1 => 4.0,
                _ => 2.0,
            };
            let density = libm::exp(-0.5 * z * z) / std::f64::consts::TAU.sqrt();
            let weight = simpson * step / 3.0 * density;
            let value = activation.value_f64(radius * z);
            square += weight * value * value;
            let (mut before, mut here) = (0.0, 1.0);
            for (l, coefficient) in coefficients.iter_mut().enumerate() {
                *coefficient += weight * value * here;
                let next = (z * here - (l as f64).sqrt() * before) / ((l + 1) as f64).sqrt();
                (before, here) = (here, next);
            }
        }
    }
    (coefficients, square)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dunwu_engine::task::Task;

    fn shared(task: &str, activation: Activation) -> Vec<f64> {
        let problem = Task::parse(task).unwrap().resolve(None).unwrap();
        let inputs = Inputs::of(&problem, &problem.population());
        match Kernel::of(&problem, &inputs, activation).unwrap() {
            Kernel::Shared { of_shared } => of_shared,
            Kernel::Numbers { .. } => panic!("tokens"),
        }
    }

    /// x² of N(0, I): E z²z′² = s²·(1 + 2ρ²) with variance 2 gives 4, 6, 12, scaled by 1/d². ReLU and |x| are the arc-cosine
    /// kernels of Cho & Saul 2009, `(√(1 − ρ²) + ρ(π − arccos ρ)) / 2π` and four times its even part.
    #[test]
    fn entries_have_their_closed_forms() {
        for (entry, expected) in shared("cyclic:7", Activation::Square).iter().zip([4.0, 6.0, 12.0]) {
            assert!((entry * 196.0 - expected).abs() < 1e-9, "{entry}");
        }
        let arc =
            |rho: f64| ((1.0 - rho * rho).sqrt() + rho * (std::f64::consts::PI - rho.acos())) / std::f64::consts::TAU;
        for (task, n_operands) in [("cyclic:5", 2), ("operands:3:cyclic:4", 3)] {
            let relu = shared(task, Activation::Relu);
            let abs = shared(task, Activation::Abs);
            let d = (n_operands * if n_operands == 2 { 5 } else { 4 }) as f64;
            for same in 0..=n_operands {
                let rho = same as f64 / n_operands as f64;
                let scale = n_operands as f64 / d;
                // Simpson's rule and the cut of the series.
                assert!((relu[same] - scale * arc(rho)).abs() < 1e-8, "{task} {same}");
                assert!((abs[same] - scale * 2.0 * (arc(rho) + arc(-rho))).abs() < 1e-8, "{task} {same}");
            }
        }
    }

    #[test]
    fn numbers_have_the_kernel_of_their_angle_and_length() {
        let problem = Task::parse("parity:6:2:20").unwrap().resolve(None).unwrap();
        let inputs = Inputs::of(&problem, &problem.population());
        let kernel = Kernel::of(&problem, &inputs, Activation::Square).unwrap();
        let matrix = kernel.matrix(&inputs, 20, 6).unwrap();
        let Inputs::Numbers { values } = &inputs else { panic!("numbers") };
        for (i, j) in (0..20).flat_map(|i| (0..20).map(move |j| (i, j))) {
            let product = dot(&values[i * 6..][..6], &values[j * 6..][..6]);
            let expected = (36.0 + 2.0 * product * product) / 36.0;
            assert!((matrix[(i, j)] - expected).abs() < 1e-8);
        }
    }
}

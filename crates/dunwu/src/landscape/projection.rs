//! What a unit's activations are held against: the output projection A of `E(w) = ½ ‖A σ(Xw)‖²`.
//!
//! | | A | what it is |
//! |---|---|---|
//! | raw | Ỹᵀ | Tian 2025, Theorem 1: what the first gradient that reaches the hidden layer climbs |
//! | whitened | Ỹᵀ K̃⁻¹ | the same gradient once the top layer has fitted what random features can fit |
//!
//! with Ỹ = (I − 11ᵀ/n) Y and K̃ the centred kernel of infinitely many random units ([`super::kernel`]). Where a sample is a pair of
//! tokens, K̃ is `a P₁ + b X̃X̃ᵀ`, and so
//!
//! ```text
//! Ỹᵀ K̃⁻¹ = (Ỹ − X̃ (X̃ᵀX̃ + (a/b) I)⁻¹ X̃ᵀỸ)ᵀ / a
//! ```
//!
//! The whitened energy is the raw one with each label replaced by what is left of it when single tokens have been asked: the
//! residual of a ridge regression of the labels on the tokens. That is why it lowers the memory peaks, which are single
//! tokens, and hardly touches the others. A factor of K̃ changes no peak; it is measured in units of a, so that on a complete
//! table of a group, where tokens alone say nothing of the label, both energies are the same. For any other input it is measured
//! in units of its mean diagonal.

use super::energy::{Evaluation, Inputs, Wide, added, added_times, n_parts, wide, wide_mut, zero};
use super::kernel::{self, Kernel, KernelError};
use crate::measure::dense::{cholesky, solve};
use dunwu_engine::model::Activation;
use dunwu_engine::{Problem, Samples};
use faer::Mat;
use pulp::Simd;

/// Which energy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EnergyKind {
    /// `½ ‖Ỹᵀ σ(Xw)‖²`.
    Raw,
    /// `½ ‖Ỹᵀ K̃⁻¹ σ(Xw)‖²`.
    Whitened,
}

impl EnergyKind {
    /// Every kind; help and errors walk this list.
    pub const ALL: [Self; 2] = [Self::Raw, Self::Whitened];

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Whitened => "whitened",
        }
    }
}

/// The output projection A, `[M][n]`, over the samples of one [`Inputs`].
#[derive(Clone, Debug)]
pub enum Projection {
    /// Column i is `scale · (e_{yᵢ} + constant + Σ_o of_token[·, tokenₒ(i)])`.
    Tables {
        /// Label yᵢ of each sample.
        labels: Vec<u32>,
        /// `[M]`.
        constant: Vec<f64>,
        /// `[d][M]`; empty for none.
        of_token: Vec<f64>,
        /// Scale.
        scale: f64,
    },
    /// Any matrix, one row a SAMPLE, `[n][M]`.
    Dense {
        /// Aᵀ.
        columns: Vec<f64>,
        /// M.
        n_labels: usize,
    },
}

impl Projection {
    /// Ỹᵀ: how each label stands out from the mean.
    pub fn raw(labels: &[u32], n_labels: usize) -> Self {
        let constant = shares(labels, n_labels).into_iter().map(|share| -share).collect();
        Self::Tables { labels: labels.to_vec(), constant, of_token: Vec::new(), scale: 1.0 }
    }

    /// Ỹᵀ (K̃ + ρ t I)⁻¹ on the complement of the constant, with t the mean diagonal of K̃ and ρ = `ridge`.
    pub fn whitened(
        problem: &Problem,
        samples: &Samples,
        activation: Activation,
        ridge: f64,
    ) -> Result<Self, KernelError> {
        let inputs = Inputs::of(problem, samples);
        let kernel = Kernel::of(problem, &inputs, activation)?;
        match kernel {
            Kernel::Shared { of_shared } if of_shared.len() == 3 => {
                let [none, one, both] = [of_shared[0], of_shared[1], of_shared[2]];
                let own = both - 2.0 * one + none;
                Ok(Self::without_tokens(problem, samples, &inputs, (one - none) / own, ridge))
            }
            kernel => Self::solved(problem, samples, &kernel, &inputs, ridge),
        }
    }

    /// Of the given kind; `ridge` matters to the whitened one alone.
    pub fn of(
        kind: EnergyKind,
        problem: &Problem,
        samples: &Samples,
        activation: Activation,
        ridge: f64,
    ) -> Result<Self, KernelError> {
        match kind {
            EnergyKind::Raw => Ok(Self::raw(&samples.labels, problem.n_labels)),
            EnergyKind::Whitened => Self::whitened(problem, samples, activation, ridge),
        }
    }

    /// The closed form of `K̃ = P₁ + b X̃X̃ᵀ`.
    fn without_tokens(problem: &Problem, samples: &Samples, inputs: &Inputs, b: f64, ridge: f64) -> Self {
        let (n, d, m) = (samples.len(), problem.n_inputs(), problem.n_labels);
        let shares = shares(&samples.labels, m);
        let mut token_counts = vec![0.0; d];
        let mut gram = Mat::<f64>::zeros(d, d);
        let mut cross = Mat::<f64>::zeros(d, m);
        for i in 0..n {
            let entries = inputs.entries(i, d);
            for &(k, _) in &entries {
                token_counts[k] += 1.0;
                cross[(k, samples.labels[i] as usize)] += 1.0;
                entries.iter().for_each(|&(l, _)| gram[(k, l)] += 1.0);
            }
        }
        // Centred: X̃ᵀX̃ = XᵀX − n x̄x̄ᵀ, X̃ᵀỸ = XᵀY − n x̄p̄ᵀ.
        let mean_diagonal =
            (0..d).map(|k| token_counts[k] * (1.0 - token_counts[k] / n as f64)).sum::<f64>() / n as f64;
        let a = 1.0 + ridge * (1.0 - 1.0 / n as f64 + b * mean_diagonal);
        for k in 0..d {
            for l in 0..d {
                gram[(k, l)] -= token_counts[k] * token_counts[l] / n as f64;
            }
            gram[(k, k)] += a / b;
            (0..m).for_each(|h| cross[(k, h)] -= token_counts[k] * shares[h]);
        }
        let factor = cholesky(gram).expect("a sum of squares and a positive diagonal is positive");
        solve(factor.as_ref(), cross.as_mut());
        let of_token: Vec<f64> = (0..d).flat_map(|k| (0..m).map(|h| -cross[(k, h)]).collect::<Vec<_>>()).collect();
        // The mean over samples of what tokens say is taken out, as P₁ does.
        let mut constant: Vec<f64> = shares.iter().map(|share| -share).collect();
        for (count, row) in token_counts.iter().zip(of_token.chunks_exact(m)) {
            constant.iter_mut().zip(row).for_each(|(c, t)| *c -= count / n as f64 * t);
        }
        Self::Tables { labels: samples.labels.clone(), constant, of_token, scale: a.recip() }
    }

    /// By solving the n × n system.
    fn solved(
        problem: &Problem,
        samples: &Samples,
        kernel: &Kernel,
        inputs: &Inputs,
        ridge: f64,
    ) -> Result<Self, KernelError> {
        let (n, d, m) = (samples.len(), super::dimension(problem), problem.n_labels);
        let mut matrix = kernel.matrix(inputs, n, d)?;
        kernel::centre(&mut matrix);
        let diagonal = (0..n).map(|i| matrix[(i, i)]).sum::<f64>() / n as f64;
        for cell in matrix.col_iter_mut().flat_map(faer::ColMut::iter_mut) {
            *cell /= diagonal;
        }
        // P₁KP₁ has the constant for its kernel; adding it there changes nothing in the complement, where Ỹ lives.
        for i in 0..n {
            for j in 0..n {
                matrix[(i, j)] += 1.0 / n as f64;
            }
            matrix[(i, i)] += ridge;
        }
        let shares = shares(&samples.labels, m);
        let label = |i: usize, h: usize| f64::from(u8::from(samples.labels[i] as usize == h)) - shares[h];
        let mut solution = Mat::from_fn(n, m, label);
        let factor = cholesky(matrix).ok_or(KernelError::Singular { ridge })?;
        solve(factor.as_ref(), solution.as_mut());
        let columns = (0..n).flat_map(|i| (0..m).map(|h| solution[(i, h)]).collect::<Vec<_>>()).collect();
        Ok(Self::Dense { columns, n_labels: m })
    }

    /// Labels M.
    pub fn n_labels(&self) -> usize {
        match self {
            Self::Tables { constant, .. } => constant.len(),
            Self::Dense { n_labels, .. } => *n_labels,
        }
    }

    /// Samples n.
    pub fn n_samples(&self) -> usize {
        match self {
            Self::Tables { labels, .. } => labels.len(),
            Self::Dense { columns, n_labels } => columns.len() / n_labels.max(&1),
        }
    }

    /// Column i of A, `[M]`.
    pub fn column(&self, i: usize, inputs: &Inputs) -> Vec<f64> {
        match self {
            Self::Tables { labels, constant, of_token, scale } => {
                let m = constant.len();
                let mut column = constant.clone();
                column[labels[i] as usize] += 1.0;
                if let (Inputs::Tokens { rows, n_operands }, false) = (inputs, of_token.is_empty()) {
                    for &row in &rows[i * n_operands..][..*n_operands] {
                        let of_token = &of_token[row as usize * m..][..m];
                        column.iter_mut().zip(of_token).for_each(|(c, t)| *c += t);
                    }
                }
                column.iter_mut().for_each(|c| *c *= scale);
                column
            }
            Self::Dense { columns, n_labels } => columns[i * n_labels..][..*n_labels].to_vec(),
        }
    }

    /// Takes part `part` of the activations of sample `i` into the sums.
    #[inline(always)]
    pub(super) fn gather<S: Simd>(
        &self,
        simd: S,
        i: usize,
        inputs: &Inputs,
        f: &Wide<S>,
        into: &mut Evaluation,
        part: usize,
    ) {
        match self {
            Self::Tables { labels, of_token, .. } => {
                let sum = wide_mut::<S>(&mut into.label_sums[labels[i] as usize], part);
                *sum = added(simd, *sum, f);
                if !of_token.is_empty() {
                    inputs.scatter(simd, i, f, &mut into.token_sums, part);
                }
            }
            Self::Dense { columns, n_labels } => {
                for (sum, &a) in into.label_sums.iter_mut().zip(&columns[i * n_labels..][..*n_labels]) {
                    let sum = wide_mut::<S>(sum, part);
                    *sum = added_times(simd, *sum, a, f);
                }
            }
        }
    }

    /// From the sums to `z = A f`, and to what [`Self::slope`] needs: `scale (z_h + constant·z)` of each label, and
    /// `scale Σ_h of_token[·, h] z_h` of each token, in the place of their sums.
    #[inline(always)]
    pub(super) fn project<S: Simd>(&self, simd: S, into: &mut Evaluation) {
        let Self::Tables { constant, of_token, scale, .. } = self else {
            into.signal.copy_from_slice(&into.label_sums);
            return;
        };
        let m = constant.len();
        let Evaluation { signal, label_sums, token_sums, .. } = into;
        let scaled = |mut vectors: Wide<S>| {
            vectors.iter_mut().for_each(|v| *v = simd.mul_f64s(simd.splat_f64s(*scale), *v));
            vectors
        };
        for part in 0..n_parts::<S>() {
            let total = label_sums.iter().fold(zero(simd), |total, sum| added(simd, total, wide::<S>(sum, part)));
            for (h, (z, sum)) in signal.iter_mut().zip(label_sums.iter()).enumerate() {
                let own = added_times(simd, *wide::<S>(sum, part), constant[h], &total);
                let tokens = of_token.iter().skip(h).step_by(m).zip(token_sums.iter());
                let told = tokens.fold(own, |z, (&t, sum)| added_times(simd, z, t, wide::<S>(sum, part)));
                *wide_mut::<S>(z, part) = scaled(told);
            }
            let against = |row: &[f64]| {
                row.iter()
                    .zip(signal.iter())
                    .fold(zero(simd), |sum, (&c, z)| added_times(simd, sum, c, wide::<S>(z, part)))
            };
            let of_all = against(constant);
            for (slope, z) in label_sums.iter_mut().zip(signal.iter()) {
                *wide_mut::<S>(slope, part) = scaled(added(simd, *wide::<S>(z, part), &of_all));
            }
            for (row, slope) in of_token.chunks_exact(m).zip(token_sums.iter_mut()) {
                *wide_mut::<S>(slope, part) = scaled(against(row));
            }
        }
    }

    /// Part `part` of the lanes of `(AᵀA f)ᵢ`.
    #[inline(always)]
    pub(super) fn slope<S: Simd>(&self, simd: S, i: usize, inputs: &Inputs, from: &Evaluation, part: usize) -> Wide<S> {
        match self {
            Self::Tables { labels, of_token, .. } => {
                let slope = *wide::<S>(&from.label_sums[labels[i] as usize], part);
                if of_token.is_empty() {
                    return slope;
                }
                added(simd, slope, &inputs.read(simd, i, &from.token_sums, part))
            }
            Self::Dense { columns, n_labels } => {
                let column = from.signal.iter().zip(&columns[i * n_labels..][..*n_labels]);
                column.fold(zero(simd), |slope, (z, &a)| added_times(simd, slope, a, wide::<S>(z, part)))
            }
        }
    }
}

/// Share of the samples with each label, `[M]`.
fn shares(labels: &[u32], n_labels: usize) -> Vec<f64> {
    let mut shares = vec![0.0; n_labels];
    labels.iter().for_each(|&label| shares[label as usize] += 1.0);
    shares.iter_mut().for_each(|share| *share /= labels.len().max(1) as f64);
    shares
}

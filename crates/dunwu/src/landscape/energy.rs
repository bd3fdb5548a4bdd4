//! The height of the landscape: an energy of one hidden unit, its slope, and its curvature.
//!
//! ```text
//! E(w) = ½ ‖A σ(Xw)‖²      ∇E = Xᵀ (σ′(Xw) ∘ AᵀAσ(Xw))
//! ```
//!
//! X is the sample, one row an input; A, `[M][n]`, is the output projection, of which [`super::projection`] builds several. The
//! unit lives on the sphere ‖w‖ = 1. Many units are evaluated together, [`LANES`] at a time: each row of W, of sums and of
//! slopes is one small array, so that every loop over units is vector code of a length known to the compiler, and nothing of
//! the size samples × units is ever stored. No product is contracted and every sum has one order, so from one projection a height has the same bits
//! on every machine, alone or among others.

use super::curve::Curve;
use super::projection::Projection;
use crate::measure::dense::{accumulate, rows};
use dunwu_engine::model::Activation;
use dunwu_engine::{Problem, Samples};
use faer::Mat;
use pulp::{Arch, Simd, WithSimd, bytemuck};

/// Units that are evaluated together: four vectors of AVX-512, whose sums go on side by side.
pub const LANES: usize = 32;

/// One number for each of the units that are evaluated together.
pub type Lanes = [f64; LANES];

/// Zero for each unit.
pub(super) const ZERO: Lanes = [0.0; LANES];

/// Inputs as a unit reads them.
#[derive(Clone, Debug, PartialEq)]
pub enum Inputs {
    /// One weight a token: sample i reads rows `rows[i * n_operands ..]` of W.
    Tokens {
        /// Rows of W, `[n][n_operands]`.
        rows: Vec<u32>,
        /// Operands of a sample.
        n_operands: usize,
    },
    /// One weight a number.
    Numbers {
        /// `[n][d]`.
        values: Vec<f64>,
    },
}

/// The energy of one unit over one sample.
#[derive(Clone, Debug)]
pub struct Energy {
    inputs: Inputs,
    /// Input weights d of a unit.
    dimension: usize,
    n_samples: usize,
    curve: Curve,
    projection: Projection,
}

/// What [`Energy::evaluate`] fills, and the room that it needs.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// E of each unit.
    pub energy: Lanes,
    /// ∇E, `[d]`.
    pub gradient: Vec<Lanes>,
    /// A σ(Xw), `[M]`: what the unit tells of each label, and the output weights that it would be given.
    pub signal: Vec<Lanes>,
    /// Sums of activations by label, `[M]`.
    pub(super) label_sums: Vec<Lanes>,
    /// Sums of activations by token, and on the way back the slopes of tokens, `[d]`.
    pub(super) token_sums: Vec<Lanes>,
}

/// Activations of units over some samples.
#[derive(Clone, Debug)]
pub struct Activity {
    /// Σ f over the samples of each label, `[M]`.
    pub label_sums: Vec<Lanes>,
    /// Σ f².
    pub squares: Lanes,
}

impl Evaluation {
    /// Room for units of `energy`.
    pub fn new(energy: &Energy) -> Self {
        let (d, m) = (energy.dimension, energy.n_labels());
        Self {
            energy: ZERO,
            gradient: vec![ZERO; d],
            signal: vec![ZERO; m],
            label_sums: vec![ZERO; m],
            token_sums: vec![ZERO; d],
        }
    }
}

impl Inputs {
    /// The samples of `problem` as a unit of a two-layer network reads them.
    pub fn of(problem: &Problem, samples: &Samples) -> Self {
        if problem.n_features > 0 {
            return Self::Numbers { values: samples.values.iter().map(|&x| f64::from(x)).collect() };
        }
        let offsets: Vec<u32> = (0..problem.n_operands()).map(|operand| problem.input_offset(operand) as u32).collect();
        let row = |i: usize| samples.operands.iter().zip(&offsets).map(move |(tokens, offset)| offset + tokens[i]);
        Self::Tokens { rows: (0..samples.len()).flat_map(row).collect(), n_operands: problem.n_operands() }
    }

    /// Part `part` of the lanes of Xw of sample `i`.
    #[inline(always)]
    pub(super) fn read<S: Simd>(&self, simd: S, i: usize, w: &[Lanes], part: usize) -> Wide<S> {
        match self {
            Self::Tokens { rows, n_operands } => {
                let mut rows = rows[i * n_operands..][..*n_operands].iter();
                let first = rows.next().map_or(zero(simd), |&row| *wide::<S>(&w[row as usize], part));
                rows.fold(first, |h, &row| added(simd, h, wide::<S>(&w[row as usize], part)))
            }
            Self::Numbers { values } => {
                let row = w.iter().zip(&values[i * w.len()..]);
                row.fold(zero(simd), |h, (row, &x)| added_times(simd, h, x, wide::<S>(row, part)))
            }
        }
    }

    /// Adds `slope · xᵢ` to part `part` of the rows of `into`.
    #[inline(always)]
    pub(super) fn scatter<S: Simd>(&self, simd: S, i: usize, slope: &Wide<S>, into: &mut [Lanes], part: usize) {
        match self {
            Self::Tokens { rows, n_operands } => {
                for &row in &rows[i * n_operands..][..*n_operands] {
                    let sum = wide_mut::<S>(&mut into[row as usize], part);
                    *sum = added(simd, *sum, slope);
                }
            }
            Self::Numbers { values } => {
                let d = into.len();
                for (row, &x) in into.iter_mut().zip(&values[i * d..]) {
                    let sum = wide_mut::<S>(row, part);
                    *sum = added_times(simd, *sum, x, slope);
                }
            }
        }
    }

    /// The entries of xᵢ that are not zero, with their places.
    pub(super) fn entries(&self, i: usize, dimension: usize) -> Vec<(usize, f64)> {
        match self {
            Self::Tokens { rows, n_operands } => {
                rows[i * n_operands..][..*n_operands].iter().map(|&row| (row as usize, 1.0)).collect()
            }
            Self::Numbers { values } => {
                let row = values[i * dimension..][..dimension].iter().copied().enumerate();
                row.filter(|&(_, x)| x != 0.0).collect()
            }
        }
    }

    /// Number of samples, each of `dimension` input weights.
    pub(super) fn n_samples(&self, dimension: usize) -> usize {
        match self {
            Self::Tokens { rows, n_operands } => rows.len() / n_operands,
            Self::Numbers { values } => values.len() / dimension,
        }
    }
}

impl Energy {
    /// The energy of a unit with `dimension` input weights that reads `inputs`.
    pub fn new(inputs: Inputs, dimension: usize, activation: Activation, projection: Projection) -> Self {
        assert!(dimension > 0, "a unit has input weights");
        let n_samples = inputs.n_samples(dimension);
        assert_eq!(projection.n_samples(), n_samples, "the projection has one column a sample");
        Self { inputs, dimension, n_samples, curve: Curve::of(activation), projection }
    }

    /// Input weights d of a unit.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// Labels M, the rows of A.
    pub fn n_labels(&self) -> usize {
        self.projection.n_labels()
    }

    /// Samples n.
    pub fn n_samples(&self) -> usize {
        self.n_samples
    }

    /// σ as it is climbed.
    pub fn curve(&self) -> Curve {
        self.curve
    }

    /// The same energy under another rounding of σ's kink.
    #[must_use]
    pub fn rounded(&self, rounding: f64) -> Self {
        Self { curve: Curve { rounding, ..self.curve }, ..self.clone() }
    }

    /// A.
    pub fn projection(&self) -> &Projection {
        &self.projection
    }

    /// E, ∇E and A σ(Xw) of the units in the columns of `w`, `[d]`.
    ///
    /// Two passes over the samples; where A is made of tables, O(n + M d) a unit.
    pub fn evaluate(&self, w: &[Lanes], into: &mut Evaluation) {
        assert_eq!(w.len(), self.dimension, "one row an input weight");
        Arch::new().dispatch(Evaluate { energy: self, w, into });
    }

    /// E of each of these units.
    pub fn heights<'w>(&self, units: impl Iterator<Item = &'w [f64]>) -> Vec<f64> {
        let units: Vec<&[f64]> = units.collect();
        let mut into = Evaluation::new(self);
        let mut heights = Vec::with_capacity(units.len());
        for chunk in units.chunks(LANES) {
            self.evaluate(&lanes(chunk, self.dimension), &mut into);
            heights.extend_from_slice(&into.energy[..chunk.len()]);
        }
        heights
    }

    /// E, ∇E and A σ(Xw) of one unit.
    pub fn of_unit(&self, w: &[f64]) -> (f64, Vec<f64>, Vec<f64>) {
        let mut into = Evaluation::new(self);
        self.evaluate(&lanes(&[w], self.dimension), &mut into);
        let column = |rows: &[Lanes]| rows.iter().map(|row| row[0]).collect();
        (into.energy[0], column(&into.gradient), column(&into.signal))
    }

    /// What the units in the columns of `w` do on samples of these `labels`.
    pub fn activity(&self, w: &[Lanes], labels: &[u32], n_labels: usize) -> Activity {
        assert_eq!(labels.len(), self.n_samples, "a label a sample");
        let mut activity = Activity { label_sums: vec![ZERO; n_labels], squares: ZERO };
        Arch::new().dispatch(Watch { energy: self, w, labels, into: &mut activity });
        activity
    }

    /// `∇²E`, `[d][d]`, where σ is smooth at every Xw.
    ///
    /// ```text
    /// ∇²E = JᵀJ + Xᵀ diag(σ″(Xw) ∘ AᵀAσ(Xw)) X      J = A diag(σ′(Xw)) X
    /// ```
    pub fn hessian(&self, w: &[f64]) -> Mat<f64> {
        let (d, m) = (self.dimension, self.n_labels());
        let (_, _, signal) = self.of_unit(w);
        let mut hessian = Mat::<f64>::zeros(d, d);
        let mut jacobian = vec![0.0; d * m]; // [weight][label]
        for i in 0..self.n_samples {
            let x = self.inputs.entries(i, d);
            let h: f64 = x.iter().map(|&(k, x)| x * w[k]).sum();
            let column = self.projection.column(i, &self.inputs);
            let pull: f64 = column.iter().zip(&signal).map(|(a, z)| a * z).sum();
            let (slope, bend) = (self.curve.derivative(h), pull * self.curve.second_derivative(h));
            for &(k, x_k) in &x {
                let row = &mut jacobian[k * m..][..m];
                row.iter_mut().zip(&column).for_each(|(cell, a)| *cell += slope * x_k * a);
                x.iter().for_each(|&(l, x_l)| hessian[(k, l)] += bend * x_k * x_l);
            }
        }
        let jacobian = rows(&jacobian, d, m);
        accumulate(&mut hessian, jacobian, jacobian.transpose());
        hessian
    }
}

struct Evaluate<'a> {
    energy: &'a Energy,
    w: &'a [Lanes],
    into: &'a mut Evaluation,
}

impl WithSimd for Evaluate<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { energy: Energy { inputs, n_samples, curve, projection, .. }, w, into } = self;
        let n_parts = n_parts::<S>();
        into.label_sums.fill(ZERO);
        into.token_sums.fill(ZERO);
        for i in 0..*n_samples {
            for part in 0..n_parts {
                let f = map(simd, inputs.read(simd, i, w, part), |h| curve.value(h));
                projection.gather(simd, i, inputs, &f, into, part);
            }
        }
        projection.project(simd, into);
        into.energy = ZERO;
        for z in &into.signal {
            for (energy, &z) in into.energy.iter_mut().zip(z) {
                *energy += 0.5 * (z * z);
            }
        }
        into.gradient.fill(ZERO);
        for i in 0..*n_samples {
            for part in 0..n_parts {
                let mut pull = projection.slope(simd, i, inputs, into, part);
                let bend = map(simd, inputs.read(simd, i, w, part), |h| curve.derivative(h));
                for (pull, &bend) in pull.iter_mut().zip(&bend) {
                    *pull = simd.mul_f64s(*pull, bend);
                }
                inputs.scatter(simd, i, &pull, &mut into.gradient, part);
            }
        }
    }
}

struct Watch<'a> {
    energy: &'a Energy,
    w: &'a [Lanes],
    labels: &'a [u32],
    into: &'a mut Activity,
}

impl WithSimd for Watch<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Energy { inputs, curve, .. } = self.energy;
        for (i, &label) in self.labels.iter().enumerate() {
            for part in 0..n_parts::<S>() {
                let f = map(simd, inputs.read(simd, i, self.w, part), |h| curve.value(h));
                let sum = wide_mut::<S>(&mut self.into.label_sums[label as usize], part);
                *sum = added(simd, *sum, &f);
                let square = wide_mut::<S>(&mut self.into.squares, part);
                for (square, &f) in square.iter_mut().zip(&f) {
                    *square = simd.add_f64s(*square, simd.mul_f64s(f, f));
                }
            }
        }
    }
}

/// Vectors of the machine that are worked on together: so many sums go on side by side, which hides how long each addition takes.
/// They are a part of the lanes, on AVX-512 all of them.
pub(super) const VECTORS: usize = 4;
pub(super) type Wide<S> = [<S as Simd>::f64s; VECTORS];

/// Parts that the lanes consist of.
#[inline(always)]
pub(super) fn n_parts<S: Simd>() -> usize {
    LANES / (VECTORS * S::F64_LANES)
}

/// One part of the lanes.
#[inline(always)]
pub(super) fn wide<S: Simd>(row: &Lanes, part: usize) -> &Wide<S> {
    &S::as_simd_f64s(row).0.as_chunks().0[part]
}

#[inline(always)]
pub(super) fn wide_mut<S: Simd>(row: &mut Lanes, part: usize) -> &mut Wide<S> {
    &mut S::as_mut_simd_f64s(row).0.as_chunks_mut().0[part]
}

#[inline(always)]
pub(super) fn zero<S: Simd>(simd: S) -> Wide<S> {
    [simd.splat_f64s(0.0); VECTORS]
}

/// `a + b`.
#[inline(always)]
pub(super) fn added<S: Simd>(simd: S, a: Wide<S>, b: &Wide<S>) -> Wide<S> {
    let mut sum = a;
    for (sum, &b) in sum.iter_mut().zip(b) {
        *sum = simd.add_f64s(*sum, b);
    }
    sum
}

/// `a + x b`, the product rounded before it is added.
#[inline(always)]
pub(super) fn added_times<S: Simd>(simd: S, a: Wide<S>, x: f64, b: &Wide<S>) -> Wide<S> {
    let (mut sum, x) = (a, simd.splat_f64s(x));
    for (sum, &b) in sum.iter_mut().zip(b) {
        *sum = simd.add_f64s(*sum, simd.mul_f64s(x, b));
    }
    sum
}

/// A scalar function, lane by lane.
#[inline(always)]
fn map<S: Simd>(_: S, mut vectors: Wide<S>, f: impl Fn(f64) -> f64) -> Wide<S> {
    for lane in bytemuck::cast_slice_mut::<S::f64s, f64>(&mut vectors) {
        *lane = f(*lane);
    }
    vectors
}

/// At most [`LANES`] units side by side, `[d]`; the others have no weights.
pub(super) fn lanes(units: &[&[f64]], dimension: usize) -> Vec<Lanes> {
    let mut rows = vec![ZERO; dimension];
    for (lane, unit) in units.iter().enumerate() {
        rows.iter_mut().zip(*unit).for_each(|(row, x)| row[lane] = *x);
    }
    rows
}

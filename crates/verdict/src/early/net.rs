//! A small network beside the trees: smooth and slanted boundaries, which trees draw in steps.
//!
//! ```text
//! f(x) = w₃ᵀ relu(W₂ relu(W₁ z + b₁) + b₂) + b₃      z: inputs in standard units, kinds as one of each, and a flag where one is missing
//! ```
//!
//! - Trained on log loss by Adam with decoupled decay, the rate falling to zero along a cosine; 64 units in each of two layers
//! - Source: Kingma and Ba 2015, arXiv:1412.6980; Loshchilov and Hutter 2019, arXiv:1711.05101; initial weights: He et al. 2015, arXiv:1502.01852

use super::coordinates::COORDINATES;
use super::trees::{Rows, probability};
use crate::draw::Draw;
use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};

/// Units of each hidden layer.
const UNITS: usize = 64;
/// Samples of an update.
const BATCH: usize = 256;
/// Learning rate at the start, and decay as a share of it.
const RATE: f32 = 3e-3;
const DECAY: f32 = 0.3;
/// Standard units beyond which an input is cut off.
const CUT: f32 = 4.0;
/// A value at or below this says that something is not there.
const ABSENT: f32 = -29.0;
/// Coordinates that name kinds, and how many kinds there are of each at most.
const KINDS: [&str; 4] = ["architecture", "tables", "optimizer", "normalization"];
const MOST_KINDS: usize = 4;

/// How one input of a row becomes features of the network.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Reading {
    /// One feature a kind.
    Kind,
    /// (x − mean)/deviation, the median where it is absent, and a flag for that where it ever was.
    Number { mean: f32, deviation: f32, median: f32, flag: Option<(f32, f32)> },
}

/// A network that was fitted.
#[derive(Clone, Debug, PartialEq)]
pub struct Net {
    readings: Vec<Reading>,
    /// W₁ (features × 64), b₁, W₂ (64 × 64), b₂, w₃, b₃, one behind the other.
    weights: Vec<f32>,
}

/// The places of the layers' weights among all of them.
struct Layout {
    features: usize,
}

impl Layout {
    fn ends(&self) -> [usize; 6] {
        let sizes = [self.features * UNITS, UNITS, UNITS * UNITS, UNITS, UNITS, 1];
        let mut end = 0;
        sizes.map(|size| {
            end += size;
            end
        })
    }
}

impl Reading {
    fn of(input: usize, values: &[f32]) -> Self {
        if COORDINATES.get(input).is_some_and(|coordinate| KINDS.contains(&coordinate.name)) {
            return Self::Kind;
        }
        let mut there: Vec<f32> = values.iter().copied().filter(|value| *value > ABSENT).collect();
        there.sort_by(f32::total_cmp);
        let median = there.get(there.len() / 2).copied().unwrap_or(0.0);
        let filled = values.iter().map(|&value| if value > ABSENT { value } else { median });
        let (mean, deviation) = moments(filled);
        let absent = values.len() - there.len();
        let flags = values.iter().map(|&value| f32::from(u8::from(value <= ABSENT)));
        let flag = (absent * 1_000 > values.len()).then(|| moments(flags));
        Self::Number { mean, deviation, median, flag }
    }

    const fn n_features(&self) -> usize {
        match self {
            Self::Kind => MOST_KINDS,
            Self::Number { flag, .. } => 1 + flag.is_some() as usize,
        }
    }

    fn read(&self, value: f32, features: &mut Vec<f32>) {
        let standard = |value: f32, (mean, deviation): (f32, f32)| ((value - mean) / deviation).clamp(-CUT, CUT);
        match *self {
            Self::Kind => features.extend((0..MOST_KINDS).map(|kind| f32::from(u8::from(value == kind as f32)))),
            Self::Number { mean, deviation, median, flag } => {
                let is_absent = value <= ABSENT;
                features.push(standard(if is_absent { median } else { value }, (mean, deviation)));
                features.extend(flag.map(|flag| standard(f32::from(u8::from(is_absent)), flag)));
            }
        }
    }
}

/// Mean and standard deviation.
fn moments(values: impl Iterator<Item = f32> + Clone) -> (f32, f32) {
    let n = values.clone().count().max(1) as f64;
    let mean = values.clone().map(f64::from).sum::<f64>() / n;
    let variance = values.map(|value| (f64::from(value) - mean).powi(2)).sum::<f64>() / n;
    (mean as f32, (variance.sqrt() as f32).max(1e-6))
}

/// A matrix of rows, one behind the other.
fn rows_of(values: &[f32], width: usize) -> MatRef<'_, f32> {
    MatRef::from_row_major_slice(values, values.len() / width, width)
}

/// C = A B.
fn product(c: &mut [f32], width: usize, a: MatRef<'_, f32>, b: MatRef<'_, f32>) {
    let height = c.len() / width;
    matmul(MatMut::from_row_major_slice_mut(c, height, width), Accum::Replace, a, b, 1.0, Par::Seq);
}

impl Net {
    /// Fits a network to the rows; a target is 1 or 0. One epoch is a pass through all rows in random order.
    pub fn fit(rows: &Rows, targets: &[f32], epochs: usize) -> Self {
        assert_eq!(rows.len(), targets.len(), "a target a row");
        let n = rows.len();
        let column = |input: usize| (0..n).map(|row| rows.row(row)[input]).collect::<Vec<f32>>();
        let readings: Vec<Reading> = (0..rows.width).map(|input| Reading::of(input, &column(input))).collect();
        let features: usize = readings.iter().map(Reading::n_features).sum();
        let layout = Layout { features };
        let mut net = Self { readings, weights: Vec::new() };
        let mut inputs = Vec::with_capacity(n * features);
        (0..n).for_each(|row| net.features(rows.row(row), &mut inputs));
        net.weights = initial(&layout);
        let updates = epochs * n.div_ceil(BATCH);
        let mut adam = Adam::new(net.weights.len(), &layout);
        let mut work = Work::default();
        let mut made = 0;
        for epoch in 0..epochs {
            let order = Draw::of(0x0e7, epoch as u64 + 1).order(n);
            for batch in order.chunks(BATCH) {
                work.gradient(&layout, &net.weights, batch, &inputs, targets);
                made += 1;
                let rate = RATE * 0.5 * (1.0 + libm::cosf(std::f32::consts::PI * made as f32 / updates as f32));
                adam.update(&mut net.weights, &work.gradient, rate);
            }
        }
        net
    }

    /// f of a row.
    pub fn score(&self, row: &[f32]) -> f64 {
        let mut features = Vec::new();
        self.features(row, &mut features);
        let layout = Layout { features: features.len() };
        let [w1, b1, w2, b2, w3, _] = layout.ends();
        let weights = &self.weights;
        let first = layer(&features, &weights[..w1], &weights[w1..b1]);
        let second = layer(&first, &weights[b1..w2], &weights[w2..b2]);
        let top = second.iter().zip(&weights[b2..w3]).map(|(h, w)| f64::from(*h) * f64::from(*w)).sum::<f64>();
        top + f64::from(weights[w3])
    }

    fn features(&self, row: &[f32], features: &mut Vec<f32>) {
        self.readings.iter().zip(row).for_each(|(reading, &value)| reading.read(value, features));
    }

    /// The network as bytes, little-endian.
    pub fn encode(&self, bytes: &mut Vec<u8>) {
        let mut put = |number: f32| bytes.extend(number.to_le_bytes());
        put(self.readings.len() as f32);
        for reading in &self.readings {
            match *reading {
                Reading::Kind => put(0.0),
                Reading::Number { mean, deviation, median, flag } => {
                    put(if flag.is_some() { 2.0 } else { 1.0 });
                    [mean, deviation, median].into_iter().for_each(&mut put);
                    flag.iter().flat_map(|(mean, deviation)| [*mean, *deviation]).for_each(&mut put);
                }
            }
        }
        self.weights.iter().copied().for_each(put);
    }

    /// A network that was encoded, taken from the front of `bytes`; `None` where they are too few.
    pub fn decode(bytes: &mut &[u8]) -> Option<Self> {
        let mut next = || -> Option<f32> {
            let (first, rest) = bytes.split_first_chunk()?;
            *bytes = rest;
            Some(f32::from_le_bytes(*first))
        };
        let n = next()? as usize;
        let mut readings = Vec::new();
        for _ in 0..n {
            let form = next()? as u8;
            readings.push(if form == 0 {
                Reading::Kind
            } else {
                let (mean, deviation, median) = (next()?, next()?, next()?);
                let flag = if form == 2 { Some((next()?, next()?)) } else { None };
                Reading::Number { mean, deviation, median, flag }
            });
        }
        let layout = Layout { features: readings.iter().map(Reading::n_features).sum() };
        let weights = (0..layout.ends()[5]).map(|_| next()).collect::<Option<Vec<f32>>>()?;
        Some(Self { readings, weights })
    }
}

/// relu(xᵀ W + b), W by rows.
fn layer(x: &[f32], weights: &[f32], biases: &[f32]) -> Vec<f32> {
    let mut sums: Vec<f64> = biases.iter().map(|&bias| f64::from(bias)).collect();
    for (&x, row) in x.iter().zip(weights.chunks_exact(UNITS)) {
        sums.iter_mut().zip(row).for_each(|(sum, &weight)| *sum += f64::from(x) * f64::from(weight));
    }
    sums.into_iter().map(|sum| sum.max(0.0) as f32).collect()
}

/// He's normal weights of the hidden layers, 1/64 of variance above, no biases.
fn initial(layout: &Layout) -> Vec<f32> {
    let [w1, b1, w2, b2, w3, all] = layout.ends();
    let mut draw = Draw::of(0x0e7, 0);
    let deviation = |place: usize| {
        if place < w1 {
            (2.0 / layout.features as f64).sqrt()
        } else if (b1..w2).contains(&place) {
            (2.0 / UNITS as f64).sqrt()
        } else if (b2..w3).contains(&place) {
            (1.0 / UNITS as f64).sqrt()
        } else {
            0.0
        }
    };
    (0..all).map(|place| (deviation(place) * draw.normal()) as f32).collect()
}

/// Room for one update.
#[derive(Default)]
struct Work {
    inputs: Vec<f32>,
    first: Vec<f32>,
    second: Vec<f32>,
    back: Vec<f32>,
    below: Vec<f32>,
    gradient: Vec<f32>,
}

impl Work {
    /// The gradient of the mean log loss over a batch.
    fn gradient(&mut self, layout: &Layout, weights: &[f32], batch: &[usize], inputs: &[f32], targets: &[f32]) {
        let (n, width) = (batch.len(), layout.features);
        let [w1, b1, w2, b2, w3, all] = layout.ends();
        self.inputs.clear();
        batch.iter().for_each(|&row| self.inputs.extend(&inputs[row * width..][..width]));
        for values in [&mut self.first, &mut self.second, &mut self.back, &mut self.below] {
            values.resize(n * UNITS, 0.0);
        }
        self.gradient.resize(all, 0.0);
        let x = rows_of(&self.inputs, width);
        product(&mut self.first, UNITS, x, rows_of(&weights[..w1], UNITS));
        bend(&mut self.first, &weights[w1..b1]);
        product(&mut self.second, UNITS, rows_of(&self.first, UNITS), rows_of(&weights[b1..w2], UNITS));
        bend(&mut self.second, &weights[w2..b2]);
        let top = &weights[b2..w3];
        self.gradient[b2..].fill(0.0);
        for (row, &place) in batch.iter().enumerate() {
            let h = &self.second[row * UNITS..][..UNITS];
            let f = h.iter().zip(top).map(|(h, w)| h * w).sum::<f32>() + weights[w3];
            let slope = (probability(f64::from(f)) as f32 - targets[place]) / n as f32;
            self.gradient[w3] += slope;
            let back = &mut self.back[row * UNITS..][..UNITS];
            for unit in 0..UNITS {
                self.gradient[b2 + unit] += slope * h[unit];
                back[unit] = if h[unit] > 0.0 { slope * top[unit] } else { 0.0 };
            }
        }
        product(&mut self.gradient[b1..w2], UNITS, rows_of(&self.first, UNITS).transpose(), rows_of(&self.back, UNITS));
        sum_rows(&mut self.gradient[w2..b2], &self.back);
        product(&mut self.below, UNITS, rows_of(&self.back, UNITS), rows_of(&weights[b1..w2], UNITS).transpose());
        self.below.iter_mut().zip(&self.first).for_each(|(slope, h)| *slope = if *h > 0.0 { *slope } else { 0.0 });
        product(&mut self.gradient[..w1], UNITS, x.transpose(), rows_of(&self.below, UNITS));
        sum_rows(&mut self.gradient[w1..b1], &self.below);
    }
}

/// relu(x + b) by rows.
fn bend(values: &mut [f32], biases: &[f32]) {
    for row in values.chunks_exact_mut(UNITS) {
        row.iter_mut().zip(biases).for_each(|(value, bias)| *value = (*value + bias).max(0.0));
    }
}

fn sum_rows(sums: &mut [f32], values: &[f32]) {
    sums.fill(0.0);
    for row in values.chunks_exact(UNITS) {
        sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
    }
}

/// Adam at β₁ = 0.9, β₂ = 0.999; matrices decay, biases do not.
struct Adam {
    moment1: Vec<f32>,
    moment2: Vec<f32>,
    decays: Vec<bool>,
    made: i32,
}

impl Adam {
    fn new(n: usize, layout: &Layout) -> Self {
        let [w1, b1, w2, b2, w3, _] = layout.ends();
        let decays = |place: usize| place < w1 || (b1..w2).contains(&place) || (b2..w3).contains(&place);
        Self { moment1: vec![0.0; n], moment2: vec![0.0; n], decays: (0..n).map(decays).collect(), made: 0 }
    }

    fn update(&mut self, weights: &mut [f32], gradient: &[f32], rate: f32) {
        self.made += 1;
        let correction = (1.0 - libm::powf(0.999, self.made as f32)).sqrt() / (1.0 - libm::powf(0.9, self.made as f32));
        for place in 0..weights.len() {
            let slope = gradient[place];
            let (m, v) = (&mut self.moment1[place], &mut self.moment2[place]);
            *m += 0.1 * (slope - *m);
            *v += 0.001 * (slope * slope - *v);
            let step = rate * correction * *m / (v.sqrt() + 1e-8);
            let decay = if self.decays[place] { rate * DECAY * weights[place] } else { 0.0 };
            weights[place] -= step + decay;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(n: usize, stream: u64) -> (Rows, Vec<f64>) {
        let mut draw = Draw::of(6, stream);
        let (mut rows, mut truth) = (Rows::new(4), Vec::new());
        for _ in 0..n {
            let row: [f64; 4] = std::array::from_fn(|_| draw.between(-2.0, 2.0));
            let is_absent = draw.is(0.1);
            truth.push(3.0 * (row[0] + row[1]) + if is_absent { -4.0 } else { row[2] });
            let third = if is_absent { -99.0 } else { row[2] as f32 };
            rows.push([row[0] as f32, row[1] as f32, third, row[3] as f32]);
        }
        (rows, truth)
    }

    /// A slanted boundary and a flag for what is absent are learned; on rows never seen the score is near the truth.
    #[test]
    fn a_slanted_boundary_is_found() {
        let (train, truth) = rows(6_000, 0);
        let mut draw = Draw::of(7, 0);
        let targets: Vec<f32> = truth.iter().map(|&score| f32::from(u8::from(draw.is(probability(score))))).collect();
        let net = Net::fit(&train, &targets, 12);
        let (fresh, truth) = rows(2_000, 1);
        let errors: f64 = (0..fresh.len())
            .map(|row| (probability(net.score(fresh.row(row))) - probability(truth[row])).abs())
            .sum::<f64>()
            / 2_000.0;
        assert!(errors < 0.05, "{errors}");
        let mut bytes = Vec::new();
        net.encode(&mut bytes);
        assert_eq!(Net::decode(&mut bytes.as_slice()).as_ref(), Some(&net));
        assert_eq!(Net::decode(&mut &bytes[..bytes.len() - 1]), None);
        assert_eq!(Net::fit(&train, &targets, 1), Net::fit(&train, &targets, 1), "the same bits again");
    }

    /// Each part of the gradient against a central difference of the loss.
    #[test]
    fn the_gradient_is_that_of_the_loss() {
        let (train, truth) = rows(40, 2);
        let targets: Vec<f32> = truth.iter().map(|&score| f32::from(u8::from(score > 0.0))).collect();
        let mut net = Net::fit(&train, &targets, 1);
        let mut inputs = Vec::new();
        (0..40).for_each(|row| net.features(train.row(row), &mut inputs));
        let layout = Layout { features: inputs.len() / 40 };
        let mut work = Work::default();
        let batch: Vec<usize> = (0..40).collect();
        work.gradient(&layout, &net.weights, &batch, &inputs, &targets);
        let loss = |net: &Net| {
            (0..40)
                .map(|row| {
                    let p = probability(net.score(train.row(row)));
                    let t = f64::from(targets[row]);
                    -(t * p.ln() + (1.0 - t) * (1.0 - p).ln()) / 40.0
                })
                .sum::<f64>()
        };
        let [w1, b1, w2, b2, w3, _] = layout.ends();
        for place in [0, 77, w1 - 1, w1 + 3, b1 + 70, w2 - 5, w2 + 9, b2 + 11, w3] {
            let at = net.weights[place];
            let mut at_step = |step: f32| {
                net.weights[place] = at + step;
                let loss = loss(&net);
                net.weights[place] = at;
                loss
            };
            let slope = (at_step(1e-3) - at_step(-1e-3)) / 2e-3;
            assert!(
                (slope - f64::from(work.gradient[place])).abs() < 2e-4,
                "{place}: {slope} {}",
                work.gradient[place]
            );
        }
    }
}

//! A small cyclic problem with a network, and the same network written out in f64 for the tests.

use super::{MEASURES, Network, Quantity, Scene, Setup};
use crate::group::{Decomposition, Irrep, IrrepKind};
use dunwu_engine::loss::{Loss, Objective};
use dunwu_engine::model::{Activation, Array, Parameters, Prediction, Predictor, Weights};
use dunwu_engine::random::{Stream, rng};
use dunwu_engine::task::{CayleyTable, Structure};
use dunwu_engine::{Problem, RunSpec, Samples, Snapshot, Split};
use rand::Rng;
use rand::seq::SliceRandom;
use std::f64::consts::TAU;
use std::ops::Range;

pub(super) struct Fixture {
    pub(super) problem: Problem,
    pub(super) split: Split,
    pub(super) decomposition: Option<Decomposition>,
    pub(super) activation: Activation,
    pub(super) objective: Objective,
    /// Seen through this network instead of the tables.
    pub(super) network: Option<Box<dyn Network>>,
    pub(super) eta: f64,
    pub(super) initial: Weights,
    pub(super) snapshot: Snapshot,
}

impl Fixture {
    /// Addition modulo `order`, `n_train` samples drawn at random, uniform weights, σ = x², squared error, η = 0.
    pub(super) fn random(order: usize, n_units: usize, n_train: usize, seed: u64) -> Self {
        let mut rng = rng(seed, Stream::Probe);
        let labels: Vec<u32> = (0..order * order).map(|i| ((i / order + i % order) % order) as u32).collect();
        let mut population: Vec<usize> = (0..order * order).collect();
        population.shuffle(&mut rng);
        population[..n_train].sort_unstable();
        population[n_train..].sort_unstable();
        let samples = |chosen: &[usize]| Samples {
            operands: vec![
                chosen.iter().map(|i| (i / order) as u32).collect(),
                chosen.iter().map(|i| (i % order) as u32).collect(),
            ],
            values: vec![],
            labels: chosen.iter().map(|&i| labels[i]).collect(),
        };
        let (train, test) = (samples(&population[..n_train]), samples(&population[n_train..]));
        let mut weights = Weights::zeros(2 * order, n_units, order);
        let mut initial = weights.clone();
        for w in weights.hidden.iter_mut().chain(&mut weights.top).chain(&mut initial.hidden) {
            *w = rng.random_range(-1.0..1.0);
        }
        Self {
            problem: Problem {
                name: format!("cyclic:{order}"),
                n_labels: order,
                operand_sizes: vec![order; 2],
                operand_firsts: vec![0; 2],
                structure: Structure::Group(CayleyTable { order, product: labels.clone() }),
                several: vec![],
                labels,
                n_features: 0,
                values: vec![],
            },
            split: Split { train_true_labels: train.labels.clone(), train, corrupted: vec![], test },
            decomposition: Some(cyclic(order)),
            activation: Activation::Square,
            objective: Objective::Outputs(Loss::Mse),
            network: None,
            eta: 0.0,
            initial,
            snapshot: Snapshot { step: 0, weights, parameters: Parameters::default(), update_gram: vec![] },
        }
    }

    pub(super) fn scene(&self) -> Scene<'_> {
        let setup = Setup {
            problem: &self.problem,
            split: &self.split,
            decomposition: self.decomposition.as_ref(),
            activation: self.activation,
            objective: self.objective,
            eta: self.eta,
            initial: &self.initial,
        };
        match &self.network {
            None => Scene::new(setup, &self.snapshot),
            Some(network) => Scene::of_network(network.as_ref(), setup, &self.snapshot),
        }
    }

    /// Lets the same two-layer network be seen as one hidden layer made of blocks.
    pub(super) fn made_of_blocks(&mut self) {
        let weights = &self.snapshot.weights;
        let array = |name: &str, shape: [usize; 2], values: &Vec<f32>| Array {
            name: name.to_owned(),
            shape: shape.to_vec(),
            values: values.clone(),
        };
        let parameters = Parameters {
            arrays: vec![
                array("hidden.0.weight", [weights.n_inputs, weights.n_units], &weights.hidden),
                array("top.weight", [weights.n_units, weights.n_labels], &weights.top),
            ],
        };
        let mut spec = RunSpec::default();
        (spec.model.width, spec.model.activation) = (weights.n_units, self.activation);
        self.network = Some(Box::new(Predictor::new(&spec, &self.problem, &parameters).expect("its own parameters")));
        self.snapshot.parameters = parameters;
    }

    /// Sets the input weights of one unit from (operand, token).
    pub(super) fn set_unit(&mut self, unit: usize, weight: impl Fn(usize, usize) -> f64) {
        let weights = &mut self.snapshot.weights;
        for row in 0..weights.n_inputs {
            weights.hidden[row * weights.n_units + unit] =
                weight(row / self.problem.n_labels, row % self.problem.n_labels) as f32;
        }
    }

    /// Gives training samples a label that is counted as corrupted.
    pub(super) fn corrupt(&mut self, samples: &[u32], label: u32) {
        for &i in samples {
            self.split.train.labels[i as usize] = label;
        }
        self.split.corrupted = samples.to_vec();
    }

    /// Deals the training labels anew.
    pub(super) fn shuffle_labels(&mut self, seed: u64) {
        self.split.train.labels.shuffle(&mut rng(seed, Stream::Corruption));
    }

    /// σ(XW) in f64, `[sample][unit]`.
    pub(super) fn features(&self, samples: &Samples) -> Vec<f64> {
        let (weights, order) = (&self.snapshot.weights, self.problem.n_labels);
        let mut features = Vec::new();
        for (&a, &b) in samples.operands[0].iter().zip(&samples.operands[1]) {
            for unit in 0..weights.n_units {
                let w = |row: usize| f64::from(weights.hidden[row * weights.n_units + unit]);
                let x = w(a as usize) + w(order + b as usize);
                features.push(match self.activation {
                    Activation::Square => x * x,
                    Activation::Cube => x * x * x,
                    Activation::Relu => x.max(0.0),
                    Activation::ReluSquared => x.max(0.0).powi(2),
                    Activation::Silu => x / (1.0 + (-x).exp()),
                    Activation::Abs => x.abs(),
                    Activation::Gelu => unimplemented!("no erf in std; GELU is tested in the engine"),
                });
            }
        }
        features
    }

    /// F̃ of the training sample in f64, `[sample][unit]`.
    pub(super) fn centred_features(&self) -> Vec<f64> {
        let k = self.snapshot.weights.n_units;
        let f = self.features(&self.split.train);
        let n = (f.len() / k) as f64;
        let means: Vec<f64> = (0..k).map(|j| f.iter().skip(j).step_by(k).sum::<f64>() / n).collect();
        f.iter().enumerate().map(|(e, x)| x - means[e % k]).collect()
    }

    /// F V in f64, `[sample][label]`.
    pub(super) fn outputs(&self, samples: &Samples) -> Vec<f64> {
        let weights = &self.snapshot.weights;
        let (k, m) = (weights.n_units, weights.n_labels);
        let f = self.features(samples);
        (0..samples.labels.len() * m)
            .map(|e| (0..k).map(|j| f[e / m * k + j] * f64::from(weights.top[j * m + e % m])).sum())
            .collect()
    }
}

/// A network whose outputs are given, sample by sample.
pub(super) struct Outputs {
    order: usize,
    n_units: usize,
    /// `[a][b][label]`
    logits: Vec<f32>,
}

impl Outputs {
    /// With output `output(a, b, label)`.
    pub(super) fn of(order: usize, n_units: usize, output: impl Fn(usize, usize, usize) -> f32) -> Self {
        let logits =
            (0..order * order * order).map(|e| output(e / order / order, e / order % order, e % order)).collect();
        Self { order, n_units, logits }
    }
}

impl Network for Outputs {
    /// Its features, which have no part in the outputs, are products of the operands.
    fn run(&self, samples: &Samples, range: Range<usize>) -> Prediction {
        let mut prediction = Prediction { features: Vec::new(), outputs: Vec::new() };
        for i in range {
            let [a, b] = [0, 1].map(|operand| samples.operands[operand][i] as usize);
            prediction.features.extend((1..=self.n_units).map(|unit| (a * b % (unit + 2)) as f32));
            prediction.outputs.extend_from_slice(&self.logits[(a * self.order + b) * self.order..][..self.order]);
        }
        prediction
    }
}

/// The cyclic group's irreps from cosines and sines: frequency k at position k.
pub(super) fn cyclic(order: usize) -> Decomposition {
    let mut irreps = Vec::new();
    let mut basis = Vec::new();
    for k in 0..=order / 2 {
        let real = k == 0 || 2 * k == order;
        let size = (if real { 1.0 } else { 2.0 } / order as f64).sqrt();
        let angle = |g: usize| TAU * (k * g % order) as f64 / order as f64;
        basis.extend((0..order).map(|g| size * angle(g).cos()));
        if !real {
            basis.extend((0..order).map(|g| size * angle(g).sin()));
        }
        irreps.push(Irrep {
            name: format!("frequency {k}"),
            degree: 1,
            kind: if real { IrrepKind::Real } else { IrrepKind::Complex },
            dimension: if real { 1 } else { 2 },
        });
    }
    Decomposition { order, irreps, basis, residual: 0.0 }
}

pub(super) fn value(scene: &Scene<'_>, name: &str) -> Option<Quantity> {
    let measure = MEASURES.iter().find(|measure| measure.name == name).expect("a listed measure");
    (measure.compute)(scene)
}

pub(super) fn scalar(scene: &Scene<'_>, name: &str) -> Option<f64> {
    value(scene, name).map(|value| match value {
        Quantity::Scalar(value) => value,
        other => panic!("{name} is {other:?}"),
    })
}

pub(super) fn per_unit(scene: &Scene<'_>, name: &str) -> Vec<Option<f64>> {
    match value(scene, name) {
        Some(Quantity::PerUnit(values)) => values,
        other => panic!("{name} is {other:?}"),
    }
}

pub(super) fn per_irrep(scene: &Scene<'_>, name: &str) -> Vec<Option<f64>> {
    match value(scene, name) {
        Some(Quantity::PerIrrep(values)) => values,
        other => panic!("{name} is {other:?}"),
    }
}

/// `|a − b| ≤ relative · |b|`.
pub(super) fn assert_close(a: f64, b: f64, relative: f64) {
    assert!((a - b).abs() <= relative * b.abs(), "{a} is not {b} to {relative:e}");
}

//! The two-layer network in the fused kernel.

use super::arrays::{Arrays, Kept};
use super::batches::Batches;
use super::interventions::Conditions;
use super::learner::{Evaluation, Learner};
use super::{Setting, TrainError};
use crate::kernel::Workers;
use crate::model::fused::{Batch, Network, Part, Slab, TwoLayer};
use crate::model::layered::Layout;
use crate::model::{Parameters, Weights, solve_top};
use crate::optim::{GradientState, Optimizer};
use crate::spec::TopLayer;
use crate::task::Samples;

pub(super) struct Fused {
    rules: TwoLayer,
    top_frozen: bool,
    offsets: Vec<usize>,
    /// Every sample that a batch could hold.
    samples: Samples,
    /// Those that are trained on.
    trained_on: Samples,
    train: Batch,
    test: Batch,
    /// The mini-batch of the present step, and where it comes from.
    mini: Option<(Batches, Batch)>,
    network: Network,
    workers: Workers,
    loss: f64,
    gradient_state: GradientState<f32>,
}

impl Fused {
    pub(super) fn new(setting: &Setting<'_>, workers: Workers, weights: &Weights) -> Self {
        let Setting { spec, problem, split } = *setting;
        let offsets: Vec<usize> = (0..problem.n_operands()).map(|operand| problem.input_offset(operand)).collect();
        let train = Batch::new(&split.train, &offsets, problem.n_labels);
        let batches = Batches::new(spec.seed, split.train.len(), spec.data.batch_size);
        Self {
            rules: TwoLayer {
                activation: spec.model.activation,
                loss: spec.loss.of_outputs(),
                numerics: spec.numerics,
            },
            top_frozen: spec.model.top_layer != TopLayer::Trained,
            samples: split.train.clone(),
            trained_on: split.train.clone(),
            mini: batches.map(|batches| (batches, train.clone())),
            train,
            test: Batch::new(&split.test, &offsets, problem.n_labels),
            network: Network::new(weights),
            workers,
            loss: 0.0,
            gradient_state: GradientState::default(),
            offsets,
        }
    }
}

impl Fused {
    /// Applies the rules that need the whole gradient, which lies in slabs, in the layout that people read.
    fn change_gradient(&mut self, optimizer: &Optimizer) {
        let flat = |Weights { hidden, top, .. }: &Weights| [hidden.as_slice(), top].concat();
        let mut gradient = self.network.read(Part::Gradient);
        let layout = Layout::of_two_layers(gradient.n_inputs, gradient.n_units, gradient.n_labels);
        let frozen = if self.top_frozen { layout.top() } else { 0..0 };
        let (weights, mut changed) = (flat(&self.network.read(Part::Weights)), flat(&gradient));
        let state = &mut self.gradient_state;
        optimizer.change_gradient(self.rules.numerics, &layout, &frozen, state, (&weights, &mut changed));
        gradient.top = changed.split_off(gradient.hidden.len());
        gradient.hidden = changed;
        self.network.fill(Part::Gradient, &gradient);
    }

    /// Numbers in W and V.
    fn n_parameters(&self) -> usize {
        let layout = self.network.layout;
        layout.n_units * (layout.n_inputs + layout.n_labels)
    }
}

/// What a checkpoint holds of the network; the gradient is made anew.
const PARTS: [(Part, &str); 3] = [(Part::Weights, "weights"), (Part::Moment1, "moment1"), (Part::Moment2, "moment2")];

impl Learner for Fused {
    fn arrange(&mut self, Conditions { spec, arrangement, distinct }: &Conditions<'_>) {
        let n_labels = self.network.layout.n_labels;
        self.rules.loss = spec.loss.of_outputs();
        self.trained_on = arrangement.samples.select(&arrangement.trained_on());
        self.train = Batch::new(&self.trained_on, &self.offsets, n_labels);
        self.test = Batch::new(&arrangement.test, &self.offsets, n_labels);
        self.mini = Batches::arranged(spec.seed, spec.data.batch_size, &arrangement.alive, *distinct)
            .map(|batches| (batches, self.train.clone()));
        self.samples = arrangement.samples.clone();
    }

    fn solve_top(&mut self, eta: f64) -> bool {
        let mut weights = self.network.read(Part::Weights);
        let TwoLayer { activation, numerics, .. } = self.rules;
        let solved = solve_top(numerics, &mut weights, &self.trained_on, &self.offsets, activation, eta);
        self.network.fill(Part::Weights, &weights);
        solved
    }

    fn forward(&mut self, step: u64) -> f64 {
        let batch = match &mut self.mini {
            None => &mut self.train,
            Some((batches, batch)) => {
                *batch =
                    Batch::new(&self.samples.select(&batches.at(step)), &self.offsets, self.network.layout.n_labels);
                batch
            }
        };
        self.loss = self.rules.forward(&self.network, batch, &self.workers).unwrap_or(0.0);
        self.loss
    }

    fn evaluate_train(&mut self) -> Evaluation {
        if self.mini.is_some() {
            self.loss = self.rules.forward(&self.network, &mut self.train, &self.workers).unwrap_or(0.0);
        }
        evaluation(&self.train, self.loss)
    }

    fn evaluate_test(&mut self) -> Option<Evaluation> {
        let loss = self.rules.forward(&self.network, &mut self.test, &self.workers)?;
        Some(evaluation(&self.test, loss))
    }

    fn update(&mut self, optimizer: &Optimizer) {
        let (layout, top_frozen) = (self.network.layout, self.top_frozen);
        let batch = self.mini.as_ref().map_or(&self.train, |(_, batch)| batch);
        let update = |slab: &mut Slab| {
            optimizer.update_slab(slab, layout.hidden_len(), top_frozen);
            slab.refresh_top(layout);
        };
        if optimizer.changes_gradient() {
            self.rules.backward(&mut self.network, batch, &self.workers, |_| ());
            self.change_gradient(optimizer);
            self.workers.each(&mut self.network.slabs, |_, slab| update(slab));
        } else {
            self.rules.backward(&mut self.network, batch, &self.workers, update);
        }
        optimizer.update_whole(&mut self.network, self.rules.numerics);
    }

    fn weights(&self) -> (Weights, Parameters) {
        (self.network.read(Part::Weights), Parameters::default())
    }

    fn copy_hidden(&self, into: &mut Vec<f32>) {
        self.network.copy_hidden(into);
    }

    fn unit_norms(&self) -> Vec<f64> {
        self.network.unit_norms()
    }

    fn gradients(&self) -> Arrays {
        let Weights { hidden, top, .. } = self.network.read(Part::Gradient);
        Arrays::Single(vec![("gradient.hidden".to_owned(), hidden), ("gradient.top".to_owned(), top)])
    }

    fn batch(&mut self, step: u64) -> Option<Vec<u32>> {
        self.mini.as_mut().map(|(batches, _)| batches.at(step))
    }

    fn n_threads(&self) -> usize {
        self.workers.n_threads()
    }

    fn arrays(&self) -> Arrays {
        let arrays = PARTS.iter().flat_map(|part| self.named(part));
        Arrays::Single(arrays.chain(self.gradient_state.arrays()).collect())
    }

    fn watched_arrays(&self) -> Arrays {
        Arrays::Single([&PARTS[0], &PARTS[2]].into_iter().flat_map(|part| self.named(part)).collect())
    }

    fn restore(&mut self, kept: Kept<'_>) -> Result<(), TrainError> {
        for (part, name) in PARTS {
            let mut weights = self.network.read(part);
            weights.hidden = kept.array(format!("{name}.hidden"), weights.hidden.len())?;
            weights.top = kept.array(format!("{name}.top"), weights.top.len())?;
            self.network.fill(part, &weights);
        }
        let n_parameters = self.n_parameters();
        self.gradient_state.restore(|name| kept.array(name, n_parameters).ok());
        Ok(())
    }
}

impl Fused {
    /// The arrays of a part, under its name.
    fn named(&self, (part, name): &(Part, &str)) -> [(String, Vec<f32>); 2] {
        let Weights { hidden, top, .. } = self.network.read(*part);
        [(format!("{name}.hidden"), hidden), (format!("{name}.top"), top)]
    }
}

fn evaluation(batch: &Batch, loss: f64) -> Evaluation {
    Evaluation { loss, accuracy: batch.accuracy().unwrap_or(0.0), predictions: batch.predictions().collect() }
}

//! A transformer of one block without layer norm, whose attention is tables.

use super::arrays::{Arrays, Kept};
use super::batches::Batches;
use super::interventions::Conditions;
use super::learner::{Evaluation, Learner};
use super::trainable::Trainable;
use super::{Setting, TrainError};
use crate::kernel::Workers;
use crate::model::fused::{AttendedBatch, AttendedMlp, AttentionTables};
use crate::model::layered::{Layers, TableForm};
use crate::model::{Parameters, Weights};
use crate::optim::Optimizer;
use crate::task::Samples;

pub(super) struct Tabled {
    rules: AttendedMlp,
    form: TableForm,
    offsets: Vec<usize>,
    samples: Samples,
    train: AttendedBatch,
    test: AttendedBatch,
    /// The mini-batch of the present step, and where it comes from.
    mini: Option<(Batches, AttendedBatch)>,
    trainable: Trainable<f32>,
    tables: AttentionTables,
    state: State,
    workers: Workers,
    loss: f64,
}

/// Of the tables.
#[derive(Clone, Copy, PartialEq)]
enum State {
    /// They are those of the parameters.
    Fresh,
    /// The parameters have changed.
    Stale,
}

impl Tabled {
    pub(super) fn new(setting: &Setting<'_>, workers: Workers, form: TableForm) -> Self {
        let Setting { spec, problem, split } = *setting;
        let offsets: Vec<usize> = (0..problem.n_operands()).map(|operand| problem.input_offset(operand)).collect();
        let batch = |samples: &Samples| AttendedBatch::new(samples, &offsets, form.shape());
        Self {
            rules: AttendedMlp {
                activation: spec.model.activation,
                loss: spec.loss.of_outputs(),
                numerics: spec.numerics,
            },
            train: batch(&split.train),
            test: batch(&split.test),
            mini: Batches::new(spec.seed, split.train.len(), spec.data.batch_size)
                .map(|batches| (batches, batch(&Samples::default()))),
            samples: split.train.clone(),
            trainable: Trainable::draw(form.network().layout(), spec.seed),
            tables: AttentionTables::new(form.shape()),
            state: State::Stale,
            form,
            offsets,
            workers,
            loss: 0.0,
        }
    }

    fn tabulate(&mut self) {
        if self.state == State::Stale {
            self.form.tabulate(self.rules.numerics, &self.trainable.parameters, &mut self.tables, &self.workers);
            self.state = State::Fresh;
        }
    }
}

impl Learner for Tabled {
    fn arrange(&mut self, Conditions { spec, arrangement, distinct }: &Conditions<'_>) {
        let batch = |samples: &Samples| AttendedBatch::new(samples, &self.offsets, self.form.shape());
        self.rules.loss = spec.loss.of_outputs();
        self.train = batch(&arrangement.samples.select(&arrangement.trained_on()));
        self.test = batch(&arrangement.test);
        self.mini = Batches::arranged(spec.seed, spec.data.batch_size, &arrangement.alive, *distinct)
            .map(|batches| (batches, batch(&Samples::default())));
        self.samples = arrangement.samples.clone();
    }

    fn solve_top(&mut self, _eta: f64) -> bool {
        unreachable!("`spec::check` keeps ridge regression from transformers")
    }

    fn forward(&mut self, step: u64) -> f64 {
        self.tabulate();
        let batch = match &mut self.mini {
            None => &mut self.train,
            Some((batches, batch)) => {
                let samples = self.samples.select(&batches.at(step));
                *batch = AttendedBatch::new(&samples, &self.offsets, self.form.shape());
                batch
            }
        };
        self.loss = self.rules.forward(&self.tables, batch, &self.workers).unwrap_or(0.0);
        self.loss
    }

    fn evaluate_train(&mut self) -> Evaluation {
        self.tabulate();
        if self.mini.is_some() {
            self.loss = self.rules.forward(&self.tables, &mut self.train, &self.workers).unwrap_or(0.0);
        }
        evaluation(&self.train, self.loss)
    }

    fn evaluate_test(&mut self) -> Option<Evaluation> {
        self.tabulate();
        let loss = self.rules.forward(&self.tables, &mut self.test, &self.workers)?;
        Some(evaluation(&self.test, loss))
    }

    fn update(&mut self, optimizer: &Optimizer) {
        let numerics = self.rules.numerics;
        let batch = self.mini.as_ref().map_or(&self.train, |(_, batch)| batch);
        self.rules.backward(&mut self.tables, batch, &self.workers);
        let Trainable { parameters, gradient, .. } = &mut self.trainable;
        self.form.pull_back(numerics, parameters, &self.tables, &self.workers, gradient);
        self.trainable.update(numerics, optimizer, 0..0);
        self.state = State::Stale;
    }

    fn weights(&self) -> (Weights, Parameters) {
        let (network, parameters) = (self.form.network(), &self.trainable.parameters);
        (network.readout(parameters), network.layout().named(parameters))
    }

    fn copy_hidden(&self, into: &mut Vec<f32>) {
        self.trainable.copy_hidden(into);
    }

    fn unit_norms(&self) -> Vec<f64> {
        self.trainable.unit_norms()
    }

    fn gradients(&self) -> Arrays {
        self.trainable.gradients()
    }

    fn batch(&mut self, step: u64) -> Option<Vec<u32>> {
        self.mini.as_mut().map(|(batches, _)| batches.at(step))
    }

    fn n_threads(&self) -> usize {
        self.workers.n_threads()
    }

    fn arrays(&self) -> Arrays {
        self.trainable.arrays()
    }

    fn watched_arrays(&self) -> Arrays {
        self.trainable.watched_arrays()
    }

    fn restore(&mut self, kept: Kept<'_>) -> Result<(), TrainError> {
        self.state = State::Stale;
        self.trainable.restore(kept)
    }
}

fn evaluation(batch: &AttendedBatch, loss: f64) -> Evaluation {
    Evaluation { loss, accuracy: batch.accuracy().unwrap_or(0.0), predictions: batch.predictions().collect() }
}

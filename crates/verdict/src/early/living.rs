//! What is expected of a run while it trains, one sentence a look.

use super::looks::{LOOKS, step_of};
use super::model::{Inputs, Model};
use super::verdict::{Asked, EarlyVerdict, verdict};
use dunwu::operation::Operation;
use dunwu::run::{Past, RunRequest};
use dunwu_engine::Scalars;

/// A run that is listened to, evaluation by evaluation.
pub struct Expectation<'a> {
    model: &'a Model,
    request: &'a RunRequest,
    operation: Operation,
    scalars: Vec<Scalars>,
    n_looks: usize,
}

impl<'a> Expectation<'a> {
    /// Nothing heard yet.
    pub fn new(model: &'a Model, request: &'a RunRequest) -> Self {
        Self { model, request, operation: Operation::of(&request.problem), scalars: Vec::new(), n_looks: 0 }
    }

    /// Hears an evaluation. At the first one beyond a look the verdict of that look comes back, from losses and accuracies alone.
    pub fn hear(&mut self, row: &Scalars) -> Option<EarlyVerdict> {
        let steps = self.request.spec.steps;
        let mut look = None;
        while self.n_looks < LOOKS.len() && step_of(self.n_looks, steps) < row.step {
            look = Some(step_of(self.n_looks, steps));
            self.n_looks += 1;
        }
        let found = look.map(|look| {
            let RunRequest { spec, problem, split, .. } = self.request;
            let known = (spec, problem, split.train.labels.len());
            let past = Past::so_far(known, self.operation, None, &self.scalars, &[]).at(look);
            verdict(self.model, &past, Asked { inputs: Some(Inputs::HeldOut), uncertified: false })
        });
        self.scalars.push(*row);
        found
    }
}

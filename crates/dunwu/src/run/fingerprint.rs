//! What a run comes to, in one number: whether two machines, threads or builds made the same bits.

use super::RunRequest;
use crate::scalars::SCALARS;
use dunwu_engine::{Checkpoint, Scalars, Training};

/// Makes the run in memory, and hashes the bits of every evaluation and of the state after the last step: weights, the optimizer's
/// moments, the rules of events. BLAKE3, in hexadecimal digits.
///
/// A number that is no number counts as one: which of its bits are set is left to the machine by IEEE 754 and by WebAssembly, and nothing
/// that is computed from it depends on them.
pub fn fingerprint(request: &RunRequest) -> Result<String, dunwu_engine::TrainError> {
    let mut training = Training::new(&request.spec, &request.problem, &request.split, request.threads())?;
    let mut hasher = Hasher(blake3::Hasher::new());
    loop {
        let advanced = training.advance();
        if let Some(row) = &advanced.scalars {
            hasher.add_scalars(row);
        }
        if advanced.outcome.is_some() {
            hasher.add_state(&training.checkpoint());
            return Ok(hasher.0.finalize().to_hex().to_string());
        }
    }
}

/// Numbers as little-endian bytes, each list with its length before it.
struct Hasher(blake3::Hasher);

impl Hasher {
    fn add_scalars(&mut self, row: &Scalars) {
        self.0.update(&row.step.to_le_bytes());
        for scalar in SCALARS {
            self.add_doubles((scalar.get)(row).as_slice());
        }
    }

    fn add_state(&mut self, state: &Checkpoint) {
        self.0.update(&state.step.to_le_bytes());
        for (name, values) in &state.arrays {
            self.add_name(name, values.len());
            for &value in values {
                self.0.update(&if value.is_nan() { f32::NAN } else { value }.to_le_bytes());
            }
        }
        for (name, values) in &state.numbers {
            self.add_name(name, values.len());
            self.add_doubles(values);
        }
    }

    fn add_name(&mut self, name: &str, n_values: usize) {
        self.0.update(name.as_bytes()).update(&[0]).update(&(n_values as u64).to_le_bytes());
    }

    fn add_doubles(&mut self, values: &[f64]) {
        self.0.update(&(values.len() as u64).to_le_bytes());
        for &value in values {
            self.0.update(&if value.is_nan() { f64::NAN } else { value }.to_le_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[&str]) -> String {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        fingerprint(&RunRequest::from_words(&words).unwrap()).unwrap()
    }

    const RUN: [&str; 5] = ["small", "task=cyclic:7", "model.width=16", "steps=20", "numerics=exact"];

    /// The words of [`RUN`] with one setting given another value.
    fn with(word: &'static str) -> Vec<&'static str> {
        let key = |word: &str| word.split('=').next().map(str::to_owned);
        RUN.into_iter().filter(|other| key(other) != key(word)).chain([word]).collect()
    }

    #[test]
    fn the_same_run_has_one_fingerprint_and_another_run_has_another() {
        let one = of(&RUN);
        assert_eq!(one.len(), 64);
        assert_eq!(of(&RUN), one);
        assert_eq!(of(&with("threads=3")), one);
        for other in ["seed=8", "steps=21", "optimizer.learning_rate=0.010000001", "numerics=double"] {
            assert_ne!(of(&with(other)), one, "{other}");
        }
    }

    /// Ten million times the rate: weights and losses are NaN at the end.
    #[test]
    fn a_run_that_diverges_has_one_too() {
        let words =
            ["small", "task=cyclic:7", "model.width=16", "steps=60", "optimizer=sgd", "optimizer.learning_rate=100000"];
        assert_eq!(of(&words), of(&words));
    }
}

//! A run trained again, with the same bits, and seen from inside.

use dunwu_engine::spec::Value;
use dunwu_engine::{Outcome, Problem, Progress, RunSpec, Samples, Split, TrainError, Training, Vitals};

/// Training samples on which every run is probed.
const PROBED: usize = 128;
/// Steps between two probes.
const PROBE_EVERY: u64 = 10;

/// What a run did.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// Step and mean loss of the batch before each update.
    pub losses: Vec<f64>,
    /// Step and mean loss, in f64 and in the loss that the run began with, over fixed training samples with the labels that the run
    /// began with.
    pub probes: Vec<(u64, f64)>,
    /// What was seen of each update; empty where nobody looked.
    pub vitals: Vec<Vitals>,
    /// How it ended.
    pub outcome: Outcome,
    /// The step at which it ended.
    pub end: u64,
}

impl Replayed {
    /// The loss at the last probe; infinite where the run did not stay finite.
    pub fn final_loss(&self) -> f64 {
        match self.outcome {
            Outcome::Diverged { .. } => f64::INFINITY,
            _ => self.probes.last().map_or(f64::INFINITY, |probe| probe.1),
        }
    }
}

/// Takes down what a training does, step by step.
pub(super) struct Recorder {
    probed: Samples,
    is_squared: bool,
    is_watched: bool,
    n_labels: usize,
    steps: u64,
    /// What was taken down so far.
    pub(super) run: Replayed,
}

impl Recorder {
    /// Begins; `is_watched` says whether updates are looked at, which changes no bit of them.
    pub(super) fn begin(
        (spec, problem, split): (&RunSpec, &Problem, &Split),
        is_watched: bool,
        training: &mut Training,
    ) -> Self {
        training.watch(problem, split, if is_watched { 1 } else { u64::MAX });
        let outcome = Outcome::Censored { step: 0 };
        Self {
            probed: probed(&split.train),
            is_squared: is_squared(spec),
            is_watched,
            n_labels: problem.n_labels,
            steps: spec.steps,
            run: Replayed { losses: Vec::new(), probes: Vec::new(), vitals: Vec::new(), outcome, end: 0 },
        }
    }

    /// Before a step.
    pub(super) fn before(&mut self, training: &mut Training) {
        let step = training.step();
        if step.is_multiple_of(PROBE_EVERY) || step >= self.steps {
            let outputs = training.outputs(&self.probed).unwrap_or_default();
            let loss = mean_loss(&outputs, self.n_labels, &self.probed.labels, self.is_squared);
            self.run.probes.push((step, loss));
        }
    }

    /// After it.
    pub(super) fn after(&mut self, training: &mut Training, progress: &Progress) {
        self.run.losses.push(progress.train_loss);
        self.run.vitals.extend(training.vitals().filter(|_| self.is_watched));
        if let Some(outcome) = progress.outcome {
            (self.run.outcome, self.run.end) = (outcome, progress.step);
        }
    }
}

/// Trains `spec` to its end; `watched` says whether its updates are looked at. `heard` hears each step, and says whether to go on.
pub fn replay(
    (spec, problem, split): (&RunSpec, &Problem, &Split),
    watched: bool,
    mut heard: impl FnMut(u64) -> bool,
) -> Result<Option<Replayed>, TrainError> {
    let mut training = Training::new(spec, problem, split, 1)?;
    let mut recorder = Recorder::begin((spec, problem, split), watched, &mut training);
    loop {
        recorder.before(&mut training);
        let progress = training.advance();
        recorder.after(&mut training, &progress);
        if progress.outcome.is_some() {
            return Ok(Some(recorder.run));
        }
        if !heard(progress.step) {
            return Ok(None);
        }
    }
}

/// Training samples at equal distances.
fn probed(train: &Samples) -> Samples {
    let n = train.len().min(PROBED);
    let places: Vec<u32> = (0..n).map(|i| (i * train.len() / n.max(1)) as u32).collect();
    train.select(&places)
}

fn is_squared(spec: &RunSpec) -> bool {
    let loss = dunwu_engine::spec::values(spec).find(|(setting, _)| setting.key == "loss");
    loss.is_some_and(|(_, value)| !matches!(value, Value::Text(name) if name == "cross_entropy"))
}

/// Cross-entropy in nats, or the squared error of outputs centred over labels, by their definitions.
fn mean_loss(outputs: &[f32], n_labels: usize, labels: &[u32], is_squared: bool) -> f64 {
    let rows = outputs.chunks_exact(n_labels).zip(labels);
    let loss = |(z, &label): (&[f32], &u32)| -> f64 {
        let z: Vec<f64> = z.iter().map(|&z| f64::from(z)).collect();
        if is_squared {
            let mean = z.iter().sum::<f64>() / n_labels as f64;
            let target = |c: usize| f64::from(u8::from(c == label as usize)) - 1.0 / n_labels as f64;
            return z.iter().enumerate().map(|(c, z)| (z - mean - target(c)).powi(2)).sum();
        }
        let largest = z.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        largest + z.iter().map(|z| (z - largest).exp()).sum::<f64>().ln() - z[label as usize]
    };
    rows.map(loss).sum::<f64>() / labels.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use dunwu::run::RunRequest;

    fn request(words: &[&str]) -> RunRequest {
        RunRequest::from_words(&words.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap()
    }

    /// Whoever looks changes nothing, and the probe is the engine's own loss where all samples are probed.
    #[test]
    fn a_watched_run_is_the_run() {
        for kind in [
            "model.width=16",
            "loss=cross_entropy",
            "model.architecture=mlp",
            "model.architecture=transformer model.dimension=8 model.heads=2 model.width=16",
        ] {
            let words: Vec<&str> =
                ["small", "task=cyclic:11", "steps=40", "record.evaluate_every=10", "data.fraction=0.9"]
                    .into_iter()
                    .chain(kind.split(' '))
                    .collect();
            let RunRequest { spec, problem, split, .. } = request(&words);
            let run = replay((&spec, &problem, &split), true, |_| true).unwrap().unwrap();
            let mut plain = Training::new(&spec, &problem, &split, 1).unwrap();
            let mut losses = Vec::new();
            let mut evaluated = Vec::new();
            loop {
                let progress = plain.advance();
                losses.push(progress.train_loss);
                evaluated.extend(progress.scalars.map(|row| (row.step, row.train_loss)));
                if progress.outcome.is_some() {
                    break;
                }
            }
            assert_eq!(run.losses, losses, "{kind}");
            assert!(split.train.len() <= PROBED);
            for ((step, probe), (other, loss)) in run.probes.iter().zip(&evaluated) {
                assert!(step == other && (probe - loss).abs() < 1e-4 * (1.0 + loss), "{kind}: {probe} against {loss}");
            }
            assert_eq!(run.vitals.len(), 40);
            let vitals = &run.vitals[7];
            let mean = vitals.rows.iter().map(|row| row.1).sum::<f64>() / vitals.rows.len() as f64;
            assert!((mean - losses[7]).abs() < 1e-4 * (1.0 + mean), "{kind}: the rows' losses are those of the batch");
            assert!(vitals.parts.iter().all(|part| part.gradient > 0.0 && part.update > 0.0), "{kind}: {vitals:?}");
            assert!(!vitals.layers.is_empty());
            // Adam's first update of every weight is its rate, up to ε.
            assert!((run.vitals[0].largest_update - 1.0).abs() < 0.01, "{}", run.vitals[0].largest_update);
        }
    }
}

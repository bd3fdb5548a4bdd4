//! Gradients against central differences of the losses' definitions, and whole comparisons of runs that were trained for it.

use super::*;
use crate::store::{NewRun, RunDir, RunWriter};
use dunwu_engine::Training;
use dunwu_engine::loss::{FeatureLoss, Loss, Objective};
use dunwu_engine::spec::{DataSpec, ModelSpec, RecordSpec, Sampling, TopLayer};
use dunwu_engine::task::Task;
use std::path::Path;

const OUTPUT_LOSSES: [Loss; 2] = [Loss::Mse, Loss::CrossEntropy];

fn spec(loss: Objective, top_layer: TopLayer, seed: u64) -> RunSpec {
    let base = RunSpec::default();
    RunSpec {
        task: Task::cyclic(5),
        data: DataSpec { sampling: Sampling::Count(14), ..base.data.clone() },
        model: ModelSpec { width: 8, top_layer, ..base.model.clone() },
        loss,
        steps: 40,
        seed,
        record: RecordSpec {
            evaluate_every: 10,
            snapshots_per_decade: 3,
            snapshot_every: 0,
            snapshot_at_events: false,
        },
        ..base
    }
}

struct Network {
    spec: RunSpec,
    problem: Problem,
    split: Split,
    snapshot: Snapshot,
    seen: Seen,
}

impl Network {
    /// A network of a few steps.
    fn trained(loss: Loss, top_layer: TopLayer) -> Self {
        let mut spec = spec(Objective::Outputs(Loss::Mse), top_layer, 3);
        spec.steps = 5;
        let problem = spec.task.resolve(None).unwrap();
        let split = Split::draw(&problem, &spec.data, spec.seed, None).unwrap();
        let mut training = Training::new(&spec, &problem, &split, 1).unwrap();
        let snapshot = loop {
            let progress = training.advance();
            if progress.outcome.is_some() {
                break progress.snapshot.unwrap();
            }
        };
        spec.loss = Objective::Outputs(loss);
        let seen = Seen::of(&spec, &problem, &snapshot, &split.train).unwrap();
        Self { spec, problem, split, snapshot, seen }
    }

    fn sent(&self) -> Sent<'_> {
        Sent::new(&self.spec, &self.split.train, &self.snapshot, &self.seen)
    }

    fn features(&self) -> Vec<f64> {
        self.seen.features.iter().map(|&f| f64::from(f)).collect()
    }

    /// Mean loss of features `[n][K]` under a top layer `[K][M]`, by definition.
    fn loss(&self, loss: Loss, features: &[f64], top: &[f64]) -> f64 {
        let m = self.problem.n_labels;
        let k = top.len() / m;
        let of_sample = |(f, &label): (&[f64], &u32)| {
            let z: Vec<f64> = (0..m).map(|c| (0..k).map(|j| f[j] * top[j * m + c]).sum()).collect();
            let label = label as usize;
            match loss {
                Loss::Mse => {
                    let mean = z.iter().sum::<f64>() / m as f64;
                    let target = |c| f64::from(u8::from(c == label)) - 1.0 / m as f64;
                    z.iter().enumerate().map(|(c, z)| (z - mean - target(c)).powi(2)).sum::<f64>()
                }
                Loss::Shaped(_) => unreachable!("no case has it"),
                Loss::CrossEntropy => z.iter().map(|z| z.exp()).sum::<f64>().ln() - z[label],
            }
        };
        features.chunks(k).zip(&self.split.train.labels).map(of_sample).sum::<f64>() / self.seen.n as f64
    }

    /// `−P₁ ∂L/∂F` by central differences, of norm 1.
    fn slope(&self, loss: Loss, top: &[f64]) -> Vec<f64> {
        let features = self.features();
        let at = |e: usize, by: f64| {
            let mut features = features.clone();
            features[e] += by;
            self.loss(loss, &features, top)
        };
        let slope = (0..features.len()).map(|e| (at(e, -1e-5) - at(e, 1e-5)) / 2e-5).collect();
        centred_to_one(slope, self.seen.n_features)
    }
}

fn centred_to_one(mut x: Vec<f64>, k: usize) -> Vec<f64> {
    let n = x.len() / k;
    let means: Vec<f64> = (0..k).map(|c| x.iter().skip(c).step_by(k).sum::<f64>() / n as f64).collect();
    x.iter_mut().enumerate().for_each(|(e, x)| *x -= means[e % k]);
    let norm = x.iter().map(|x| x * x).sum::<f64>().sqrt();
    x.iter().map(|x| x / norm).collect()
}

fn assert_alike(direction: &Direction, expected: &[f64], what: &str) {
    let cosine: f64 = direction.rows().flatten().zip(expected).map(|(&a, b)| f64::from(a) * b).sum();
    // Differences of a mean loss: h² = 1e-10 and ε/h = 1e-11, against slopes of about 1e-3; f32 outputs of eight terms.
    assert!((cosine - 1.0).abs() < 1e-5, "{what}: cosine {cosine}");
}

#[test]
fn a_trained_top_layer_sends_what_central_differences_say() {
    for loss in OUTPUT_LOSSES {
        let network = Network::trained(loss, TopLayer::Trained);
        let top: Vec<f64> = network.snapshot.weights.top.iter().map(|&v| f64::from(v)).collect();
        for asked in OUTPUT_LOSSES {
            let gradient = network.sent().gradient(Objective::Outputs(asked)).unwrap();
            assert_alike(&gradient, &network.slope(asked, &top), &format!("{asked:?} at {loss:?}"));
        }
    }
}

/// V from the normal equations `(FᵀF + ηI) V = Fᵀ(Y − 1/M)`, which the code never forms, by descent on the ridge's own
/// objective: its gradient has to vanish.
#[test]
fn a_solved_top_layer_sends_what_central_differences_say() {
    let eta = 0.3;
    for loss in OUTPUT_LOSSES {
        let network = Network::trained(loss, TopLayer::Ridge { eta });
        let (n, k, m) = (network.seen.n, network.seen.n_features, network.problem.n_labels);
        let f = network.features();
        let gram = faer::Mat::from_fn(k, k, |a, b| {
            (0..n).map(|i| f[i * k + a] * f[i * k + b]).sum::<f64>() + if a == b { eta } else { 0.0 }
        });
        let labels = &network.split.train.labels;
        let target = |i: usize, c: usize| f64::from(u8::from(labels[i] as usize == c)) - 1.0 / m as f64;
        let mut top = faer::Mat::from_fn(k, m, |j, c| (0..n).map(|i| f[i * k + j] * target(i, c)).sum());
        let lower = crate::measure::dense::cholesky(gram).unwrap();
        crate::measure::dense::solve(lower.as_ref(), top.as_mut());
        let top: Vec<f64> = (0..k * m).map(|e| top[(e / m, e % m)]).collect();
        let gradient = network.sent().gradient(Objective::Outputs(loss)).unwrap();
        assert_alike(&gradient, &network.slope(loss, &top), &format!("{loss:?}"));
    }
}

#[test]
fn the_stage_one_form_is_its_dense_product() {
    let network = Network::trained(Loss::Mse, TopLayer::Trained);
    let (n, k) = (network.seen.n, network.seen.n_features);
    let labels = &network.split.train.labels;
    let f = network.features();
    let means: Vec<f64> = (0..k).map(|j| f.iter().skip(j).step_by(k).sum::<f64>() / n as f64).collect();
    let form = (0..n * k).map(|e| {
        let (i, j) = (e / k, e % k);
        (0..n).filter(|&l| labels[l] == labels[i]).map(|l| f[l * k + j] - means[j]).sum()
    });
    assert_alike(&network.sent().stage_one().unwrap(), &centred_to_one(form.collect(), k), "Stage I");
}

/// The pull is the slope of Σᵢ gᵢ·fᵢ along every weight.
#[test]
fn the_pull_on_the_weights_is_the_gradient_through_the_activation() {
    let network = Network::trained(Loss::Mse, TopLayer::Trained);
    let sent = network.sent();
    let gradient = sent.gradient(Objective::Features(FeatureLoss::NonContrastive)).unwrap();
    let pull = sent.pull(&gradient, &[0, 5]).unwrap();
    let along = |snapshot: &Snapshot| -> f64 {
        let seen = Seen::of(&network.spec, &network.problem, snapshot, &network.split.train).unwrap();
        gradient.rows().flatten().zip(&seen.features).map(|(&g, &f)| f64::from(g) * f64::from(f)).sum()
    };
    for (e, &expected) in pull.iter().enumerate() {
        let moved = |by: f32| {
            let mut snapshot = network.snapshot.clone();
            snapshot.weights.hidden[e] += by;
            along(&snapshot)
        };
        // x² has no third derivative; f32 features of size 1 over a step of 1/64.
        let slope = (moved(1.0 / 64.0) - moved(-1.0 / 64.0)) * 32.0;
        assert!((slope - f64::from(expected)).abs() < 2e-5, "{e}: {slope} against {expected}");
    }
}

/// A run trained and recorded under `root`.
fn recorded(root: &Path, spec: &RunSpec, name: &str) -> (Problem, Split, Record) {
    let problem = spec.task.resolve(None).unwrap();
    let split = Split::draw(&problem, &spec.data, spec.seed, None).unwrap();
    let new = NewRun { name, spec, inputs: &[], kernel: "test" };
    let mut writer = RunWriter::create(root, &new).unwrap();
    let mut training = Training::new(spec, &problem, &split, 1).unwrap();
    let dir: RunDir = loop {
        let progress = training.advance();
        if let Some(scalars) = &progress.scalars {
            writer.append_scalars(scalars).unwrap();
        }
        if let Some(snapshot) = &progress.snapshot {
            writer.append_snapshot(snapshot).unwrap();
        }
        if let Some(outcome) = progress.outcome {
            break writer.finish(outcome, progress.step, 1.0).unwrap();
        }
    };
    (problem, split, Record::read(&dir).unwrap())
}

fn compared(a: &RunSpec, b: &RunSpec) -> Result<Comparison, CompareError> {
    let root = tempfile::tempdir().unwrap();
    let runs = [a, b].map(|spec| {
        let dir = tempfile::tempdir_in(root.path()).unwrap().keep();
        recorded(&dir, spec, "run")
    });
    let specs = [a, b];
    compare([0, 1].map(|i| {
        let (problem, split, record) = &runs[i];
        Side { name: ["a", "b"][i], spec: specs[i], problem, split, record }
    }))
}

const MSE: Objective = Objective::Outputs(Loss::Mse);
const CROSS_ENTROPY: Objective = Objective::Outputs(Loss::CrossEntropy);

#[test]
fn a_run_is_like_itself_in_everything() {
    let spec = spec(MSE, TopLayer::Trained, 1);
    let comparison = compared(&spec, &spec).unwrap();
    assert!(comparison.same_sample && comparison.same_start);
    assert_eq!(comparison.pairing, Pairing::Step);
    assert_eq!(comparison.moments.last().unwrap().steps, [40, 40]);
    let is_one = |value: Option<f64>| assert!((value.unwrap() - 1.0).abs() < 1e-5, "{comparison:#?}");
    for moment in &comparison.moments {
        for value in [moment.feature_cka, moment.gradient_cka, moment.gradient_by_unit] {
            is_one(value);
        }
        for asked in moment.asked {
            is_one(asked.cosine);
            is_one(asked.weight_cosine);
            assert!(asked.chance.unwrap().abs() < 0.9);
        }
    }
    assert_eq!(
        comparison.ends.iter().map(|end| (end.samples, end.n)).collect::<Vec<_>>(),
        [(SampleSet::Trained, 14), (SampleSet::HeldOut, 11)]
    );
    for end in &comparison.ends {
        is_one(end.cka);
        assert!(end.reference().unwrap() < 1.0 && end.to_labels[0] == end.to_labels[1]);
    }
    let units = comparison.units.unwrap();
    assert_eq!((units.matching.n_pairs, units.matching.n_matched), (8, 8));
    assert!(units.shuffled.unwrap().mean < units.matching.mean);
}

#[test]
fn what_cannot_be_compared_is_absent_or_refused() {
    let (one, other) = (spec(MSE, TopLayer::Trained, 1), spec(CROSS_ENTROPY, TopLayer::Trained, 2));
    let comparison = compared(&one, &other).unwrap();
    assert_eq!(comparison.losses, ["mse", "cross_entropy"]);
    assert!(!comparison.same_sample && !comparison.same_start);
    for moment in &comparison.moments {
        assert!(moment.gradient_cka.is_none() && moment.gradient_by_unit.is_none());
        assert!(moment.feature_cka.is_some(), "on the samples that both are trained on");
        assert!(moment.asked.iter().all(|asked| asked.cosine.is_some()), "both losses see one network's features");
    }
    let wider = RunSpec { model: ModelSpec { width: 11, ..one.model.clone() }, ..one.clone() };
    let comparison = compared(&one, &wider).unwrap();
    assert!(comparison.same_sample && !comparison.same_start);
    assert!(comparison.moments[0].gradient_cka.is_some() && comparison.moments[0].gradient_by_unit.is_none());
    assert_eq!(comparison.units.unwrap().matching.n_pairs, 8);
    let task = RunSpec { task: Task::cyclic(7), ..one.clone() };
    assert!(matches!(compared(&one, &task), Err(CompareError::OtherTask { .. })));
}

/// From one start the two losses of the outputs differ in nothing but R; at a silent top layer R is the same but for a scale.
#[test]
fn at_a_silent_top_layer_both_losses_of_the_outputs_send_the_same() {
    let quiet = |loss| {
        let spec = spec(loss, TopLayer::Trained, 1);
        RunSpec { model: ModelSpec { top_scale: 1e-4, ..spec.model.clone() }, ..spec }
    };
    let comparison = compared(&quiet(MSE), &quiet(CROSS_ENTROPY)).unwrap();
    let first = comparison.moments[0];
    assert!(comparison.same_sample && comparison.same_start);
    for value in [first.gradient_cka, first.gradient_by_unit, first.asked[0].cosine, first.asked[1].weight_cosine] {
        // Outputs of 1e-4 move a softmax by 1e-4, and a cosine by its square.
        assert!((value.unwrap() - 1.0).abs() < 1e-5, "{first:?}");
    }
}

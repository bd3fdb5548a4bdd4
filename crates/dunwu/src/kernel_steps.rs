//! At which snapshots the products and factors of F̃ᵀF̃ are formed.
//!
//! One such product is n K² multiply-adds where a step of training takes 3 n K M: in the paper's setting the five measures that are
//! read off it (`top_ridge_distance`, `kernel_alignment`, `kernel_distance`, `gram_off_diagonal_ratio`, `repulsion`) cost as much as
//! fifteen steps, at 39 snapshots twice the training. They are therefore measured at as many snapshots as a share of the training
//! pays for, evenly spaced in the list of scheduled snapshots; where all are affordable, as in most settings, at all of them. The
//! steps follow from the spec alone, so that a run has the same values however often it is opened.

use dunwu_engine::spec::RecordSpec;
use dunwu_engine::{Problem, RunSpec};

/// Share of the multiply-adds of training that is spent on them.
const SHARE: f64 = 0.25;
/// What is spent in any case, in multiply-adds of f32: a tenth of a second on one core.
const ALWAYS: f64 = 5e9;
/// The first and the last snapshot at least.
const FEWEST: usize = 2;

/// Steps of snapshots that have everything measured.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum KernelSteps {
    /// Every snapshot, those at events included.
    All,
    /// Only these, ascending.
    These(Vec<u64>),
}

impl KernelSteps {
    /// For a run of `spec` on `n_train` samples.
    pub(crate) fn of(spec: &RunSpec, problem: &Problem, n_train: usize) -> Self {
        let scheduled = scheduled(&spec.record, spec.steps);
        let (n, k, m) = (n_train as f64, spec.model.width as f64, problem.n_labels as f64);
        // A product in f64 costs what two in f32 do, and half of it is formed; a third for the factor.
        let once = n.max(k) * n.min(k).powi(2) + n.min(k).powi(3) / 3.0 + 0.5 * n * k * k;
        let training = spec.steps as f64 * 3.0 * n * k * m;
        let affordable = ((SHARE * training).max(ALWAYS) / once.max(1.0)) as usize;
        if affordable > scheduled.len() {
            return Self::All;
        }
        let n_steps = affordable.max(FEWEST);
        let last = scheduled.len() - 1;
        Self::These((0..n_steps).map(|i| scheduled[(i * last + (n_steps - 1) / 2) / (n_steps - 1)]).collect())
    }

    /// Whether the snapshot at `step` has everything measured.
    pub(crate) fn contains(&self, step: u64) -> bool {
        match self {
            Self::All => true,
            Self::These(steps) => steps.binary_search(&step).is_ok(),
        }
    }
}

/// Steps that have a snapshot whatever happens, ascending; the first and the last among them.
fn scheduled(record: &RecordSpec, last: u64) -> Vec<u64> {
    let mut steps = vec![0, last];
    if record.snapshots_per_decade > 0 {
        let per_decade = f64::from(record.snapshots_per_decade);
        let spaced = (0..).map(|k| libm::round(libm::exp10(f64::from(k) / per_decade)) as u64);
        steps.extend(spaced.take_while(|&step| step <= last));
    }
    if record.snapshot_every > 0 {
        steps.extend((0..=last).step_by(record.snapshot_every as usize));
    }
    steps.sort_unstable();
    steps.dedup();
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use dunwu_engine::spec::presets;
    use dunwu_engine::{Split, Training};

    fn steps_of(spec: &RunSpec) -> KernelSteps {
        let problem = spec.task.resolve(None).unwrap();
        let split = Split::draw(&problem, &spec.data, spec.seed, None).unwrap();
        KernelSteps::of(spec, &problem, split.train.len())
    }

    /// The engine itself says when snapshots come.
    #[test]
    fn scheduled_snapshots_are_those_of_training() {
        let mut spec = (presets::find("small").unwrap().spec)();
        (spec.model.width, spec.steps, spec.record.snapshot_at_events) = (4, 260, false);
        for (per_decade, every) in [(12, 0), (5, 40), (0, 0), (0, 100)] {
            (spec.record.snapshots_per_decade, spec.record.snapshot_every) = (per_decade, every);
            let problem = spec.task.resolve(None).unwrap();
            let split = Split::draw(&problem, &spec.data, spec.seed, None).unwrap();
            let mut training = Training::new(&spec, &problem, &split, 1).unwrap();
            let mut seen = Vec::new();
            loop {
                let advanced = training.advance();
                seen.extend(advanced.snapshot.map(|snapshot| snapshot.step));
                if advanced.outcome.is_some() {
                    break;
                }
            }
            assert_eq!(scheduled(&spec.record, spec.steps), seen, "{per_decade} {every}");
        }
    }

    #[test]
    fn the_first_and_the_last_are_among_them_and_small_runs_have_all() {
        let KernelSteps::These(steps) = steps_of(&RunSpec::default()) else { panic!("not all are affordable") };
        assert!(steps.len() >= 4 && steps[0] == 0 && *steps.last().unwrap() == 300, "{steps:?}");
        assert!(steps.is_sorted_by(|a, b| a < b), "{steps:?}");
        for name in ["small", "nanda-2023"] {
            assert_eq!(steps_of(&(presets::find(name).unwrap().spec)()), KernelSteps::All, "{name}");
        }
        let short = RunSpec { steps: 1, ..RunSpec::default() };
        assert_eq!(steps_of(&short), KernelSteps::These(vec![0, 1]));
    }
}

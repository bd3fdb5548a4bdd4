//! What a run needs of memory, so that it is refused before the system kills it.

use dunwu_engine::{Problem, RunSpec, Split, Training};

/// A run that does not fit.
#[derive(Debug, thiserror::Error)]
#[error(
    "this run needs at least {:.1} GB of memory and {:.1} GB are free; lower model.width, model.depth or the order of the task",
    *needed as f64 / 1e9,
    *available as f64 / 1e9
)]
pub struct TooLarge {
    /// Bytes that it needs at the least.
    pub needed: u128,
    /// Bytes that the system can give.
    pub available: u128,
}

/// Refuses a run that the system would kill for its memory. Where the system does not say what is free, nothing is refused.
pub fn fits(spec: &RunSpec, problem: &Problem, split: &Split) -> Result<(), TooLarge> {
    let needed = bytes_needed(spec, problem, split);
    match bytes_available() {
        Some(available) if needed > available => Err(TooLarge { needed, available }),
        _ => Ok(()),
    }
}

/// Bytes that a run needs at the least: parameters as often as training holds them; outputs of the whole population; one
/// snapshot's features on the training sample, which measures look at.
fn bytes_needed(spec: &RunSpec, problem: &Problem, split: &Split) -> u128 {
    let (parameters, copies) = Training::n_parameters(spec, problem);
    let [parameters, copies, labels, units, population, train] =
        [parameters, copies, problem.n_labels, spec.model.width, problem.n_population(), split.train.len()]
            .map(|n| n as u128);
    4 * (copies * parameters + population * labels + train * units)
}

/// Bytes that the system can give without swapping; `None` where it does not say.
fn bytes_available() -> Option<u128> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u128>().ok()? * 1024)
}

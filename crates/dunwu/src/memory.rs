//! What a run needs of memory, so that it is refused before the system kills it.

use dunwu_engine::{Problem, RunSpec, Split, Training};

/// A run that does not fit.
#[derive(Debug, thiserror::Error)]
#[error(
    "this run needs at least {:.1} GB of memory and {:.1} GB are to be had; lower model.width, model.depth or the order of the task",
    *needed as f64 / 1e9,
    *available as f64 / 1e9
)]
pub struct TooLarge {
    /// Bytes that it needs at the least.
    pub needed: u128,
    /// Bytes that the system can give.
    pub available: u128,
}

/// Refuses a run that could not be made here even if nothing else ran. Where the system does not say, nothing is refused.
pub fn fits_at_all(spec: &RunSpec, problem: &Problem, split: &Split) -> Result<(), TooLarge> {
    let needed = bytes_needed(spec, problem, split);
    match largest() {
        Some(available) if needed > available => Err(TooLarge { needed, available }),
        _ => Ok(()),
    }
}

/// Bytes that a process can have here if nothing else runs; `None` where the system does not say.
pub fn largest() -> Option<u128> {
    [bytes_of("MemTotal:"), bytes_of_group(), bytes_of_addresses()].into_iter().flatten().min()
}

/// Refuses a run that the system would kill for its memory. Where the system does not say what is free, nothing is refused.
pub fn fits(spec: &RunSpec, problem: &Problem, split: &Split) -> Result<(), TooLarge> {
    let needed = bytes_needed(spec, problem, split);
    match [bytes_of("MemAvailable:"), bytes_of_addresses()].into_iter().flatten().min() {
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

/// What the system says of its memory, in bytes; `None` where it does not.
fn bytes_of(what: &str) -> Option<u128> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(what))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u128>().ok()? * 1024)
}

/// What addresses of 32 bits reach, as in a page; `None` where they are longer.
fn bytes_of_addresses() -> Option<u128> {
    (usize::BITS == 32).then_some(1 << 32)
}

/// What a container or a job of a cluster may use; `None` without a limit.
fn bytes_of_group() -> Option<u128> {
    let group = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    let path = group.lines().find_map(|line| line.strip_prefix("0::"))?.trim_start_matches('/').to_owned();
    let limit = std::path::Path::new("/sys/fs/cgroup").join(path).join("memory.max");
    std::fs::read_to_string(limit).ok()?.trim().parse().ok()
}

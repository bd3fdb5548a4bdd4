//! How many tasks a sweep becomes, and how long one may take.

use thiserror::Error;

/// What tasks should be like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sizing {
    /// How long a task should last, in minutes. Positive.
    pub minutes: f64,
    /// Processors of a task, each of which trains one run at a time. At least one.
    pub cpus: usize,
    /// Slurm's `MaxArraySize`: the indices of an array lie below it.
    pub max_array_size: usize,
    /// No more tasks than this.
    pub max_tasks: Option<usize>,
}

/// What a sweep becomes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Size {
    /// Tasks, with indices from 1 to this. None if no run remains.
    pub tasks: usize,
    /// Training time of all runs, on one processor.
    pub estimated_seconds: f64,
    /// How long a task lasts if all run at once and share the work evenly.
    pub minutes_per_task: f64,
    /// When a task is to be ended, whatever it is doing.
    pub time_limit_minutes: u64,
}

/// Why there is no array of tasks.
#[derive(Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum SizingError {
    /// `MaxArraySize` is 0 or 1.
    #[error("this cluster takes no job arrays: its MaxArraySize is {max_array_size}")]
    NoArrays {
        /// As the cluster says.
        max_array_size: usize,
    },
}

/// A task may take this many times as long as estimated: a node may be half as fast as the machine that measured, and a task
/// that starts before the others helps with their runs. What is not done by then is requeued, so this is not delicate.
const LENIENCY: f64 = 2.0;
/// For starting up, and for the warning: it is sent 60 s before the end, and Slurm may send it 60 s too early (`man sbatch`).
const MINUTES_BESIDE: f64 = 3.0;
/// Below this a task's time would be little but start and warning.
const TIME_LIMIT_MIN: u64 = 5;

impl Sizing {
    /// The size of a sweep whose remaining runs take so many seconds each.
    pub fn size(&self, seconds: &[f64]) -> Result<Size, SizingError> {
        assert!(self.minutes > 0.0 && self.cpus > 0, "tasks last for some time and have processors: {self:?}");
        assert!(seconds.iter().all(|run| run.is_finite() && *run >= 0.0), "estimates are times: {seconds:?}");
        if self.max_array_size < 2 {
            return Err(SizingError::NoArrays { max_array_size: self.max_array_size });
        }
        let estimated_seconds: f64 = seconds.iter().sum();
        let longest = seconds.iter().copied().fold(0.0, f64::max);
        // As a float it may exceed every integer; the cast saturates.
        let wanted = (estimated_seconds / (60.0 * self.minutes * self.cpus as f64)).ceil().max(1.0) as usize;
        // Every processor of every task has a run to begin with.
        let most = seconds.len().div_ceil(self.cpus).min(self.max_array_size - 1);
        let tasks = wanted.min(most).min(self.max_tasks.unwrap_or(usize::MAX));
        let share = if tasks == 0 { 0.0 } else { estimated_seconds / (tasks * self.cpus) as f64 };
        // A run is made by one processor, however many there are.
        let seconds_per_task = share.max(longest);
        Ok(Size {
            tasks,
            estimated_seconds,
            minutes_per_task: seconds_per_task / 60.0,
            time_limit_minutes: ((LENIENCY * seconds_per_task / 60.0 + MINUTES_BESIDE).ceil() as u64)
                .max(TIME_LIMIT_MIN),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEN_MINUTES: Sizing = Sizing { minutes: 10.0, cpus: 1, max_array_size: 1001, max_tasks: None };

    /// Tasks and time limit of `runs` runs of `seconds` each.
    fn check(sizing: Sizing, runs: usize, seconds: f64, wanted: (usize, u64)) {
        let size = sizing.size(&vec![seconds; runs]).unwrap();
        assert_eq!((size.tasks, size.time_limit_minutes), wanted, "{sizing:?}: {runs} runs of {seconds} s");
    }

    #[test]
    fn tasks_last_as_long_as_asked() {
        check(TEN_MINUTES, 200, 0.3, (1, 5)); // one minute of work is one task
        check(TEN_MINUTES, 600, 60.0, (60, 23)); // 10 h in tasks of 10 min
        check(Sizing { minutes: 20.0, ..TEN_MINUTES }, 600, 60.0, (30, 43));
        check(Sizing { cpus: 4, ..TEN_MINUTES }, 600, 60.0, (15, 23));
        check(TEN_MINUTES, 601, 60.0, (61, 23)); // 9.85 min each
    }

    #[test]
    fn no_task_is_without_a_run_and_no_processor_without_one() {
        check(TEN_MINUTES, 0, 0.0, (0, 5));
        check(TEN_MINUTES, 3, 3600.0, (3, 123));
        check(Sizing { cpus: 4, ..TEN_MINUTES }, 4, 3600.0, (1, 123));
    }

    #[test]
    fn indices_lie_below_the_largest_array_and_the_users_cap() {
        check(Sizing { max_array_size: 11, ..TEN_MINUTES }, 600, 60.0, (10, 123));
        check(Sizing { max_tasks: Some(7), ..TEN_MINUTES }, 700, 60.0, (7, 203));
        check(Sizing { max_tasks: Some(7), max_array_size: 3, ..TEN_MINUTES }, 600, 60.0, (2, 603));
        let none = Sizing { max_array_size: 1, ..TEN_MINUTES }.size(&[1.0]);
        assert_eq!(none, Err(SizingError::NoArrays { max_array_size: 1 }));
    }

    proptest! {
        #[test]
        fn every_bound_holds_and_the_time_suffices(
            seconds in proptest::collection::vec(0.0..1e5f64, 0..300),
            minutes in 0.01..1e4f64,
            cpus in 1usize..70,
            max_array_size in 2usize..400,
            max_tasks in proptest::option::of(1usize..300),
        ) {
            let size = Sizing { minutes, cpus, max_array_size, max_tasks }.size(&seconds).unwrap();
            prop_assert!(size.tasks <= seconds.len() && size.tasks < max_array_size);
            prop_assert!(size.tasks <= max_tasks.unwrap_or(usize::MAX));
            prop_assert_eq!(size.tasks == 0, seconds.is_empty());
            // With one task fewer they would last longer than asked; this many do not, unless a bound forbids more.
            let minutes_with = |tasks: usize| size.estimated_seconds / 60.0 / (tasks * cpus) as f64;
            prop_assert!(size.tasks < 2 || minutes_with(size.tasks - 1) > minutes * (1.0 - 1e-12));
            let bounds = [Some(seconds.len().div_ceil(cpus)), Some(max_array_size - 1), max_tasks];
            let is_bound = bounds.contains(&Some(size.tasks));
            prop_assert!(is_bound || minutes_with(size.tasks) <= minutes * (1.0 + 1e-12));
            // Whoever takes the next run as soon as it is free: all is done within the limit, in any order of the runs.
            let mut free_at = vec![0.0f64; size.tasks * cpus];
            for run in &seconds {
                let next = free_at.iter_mut().min_by(|a, b| a.total_cmp(b)).unwrap();
                *next += run;
            }
            let done_at = free_at.into_iter().fold(0.0, f64::max);
            prop_assert!(done_at <= 60.0 * (size.time_limit_minutes as f64 - 2.0), "{done_at}: {size:?}");
        }
    }
}

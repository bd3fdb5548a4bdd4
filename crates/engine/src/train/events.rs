//! When something has happened, and stays so.

/// A condition that has to hold from some step on.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Arrival {
    /// First step of the present stay.
    first: Option<u64>,
    /// First step of the stay that lasted long enough; never forgotten.
    settled: Option<u64>,
    /// Whether there has been a stay at all.
    seen: bool,
}

impl Arrival {
    /// Notes whether the condition holds at `step`; true where it holds for the first time.
    pub fn observe(&mut self, step: u64, holds: bool) -> bool {
        let new = holds && !self.seen;
        self.seen |= holds;
        self.first = if holds { self.first.or(Some(step)) } else { None };
        new
    }

    /// First step of a stay that has lasted `sustained` steps by `step`.
    pub fn since(&mut self, step: u64, sustained: u64) -> Option<u64> {
        if self.settled.is_none() {
            self.settled = self.first.filter(|first| step >= first + sustained);
        }
        self.settled
    }

    pub(super) fn to_numbers(self) -> Vec<f64> {
        let step = |step: Option<u64>| step.map_or(-1.0, |step| step as f64);
        vec![step(self.first), step(self.settled), f64::from(u8::from(self.seen))]
    }

    pub(super) fn from_numbers(numbers: &[f64]) -> Self {
        let step = |i: usize| numbers.get(i).filter(|&&step| step >= 0.0).map(|&step| step as u64);
        Self { first: step(0), settled: step(1), seen: numbers.get(2).is_some_and(|&seen| seen > 0.0) }
    }
}

/// Tenths of accuracy passed so far: each deserves one snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Levels {
    passed: u8,
}

impl Levels {
    /// True if `accuracy` passes a multiple of 0.1 for the first time.
    pub(super) fn passes(&mut self, accuracy: f64) -> bool {
        let level = (accuracy * 10.0).floor().clamp(0.0, 10.0) as u8;
        let higher = level > self.passed;
        self.passed = self.passed.max(level);
        higher
    }

    pub(super) fn to_numbers(self) -> Vec<f64> {
        vec![f64::from(self.passed)]
    }

    pub(super) fn from_numbers(numbers: &[f64]) -> Self {
        Self { passed: numbers.first().map_or(0, |&level| level as u8) }
    }
}

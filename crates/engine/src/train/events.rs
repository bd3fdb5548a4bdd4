//! When something has happened, and stays so.

/// When an accuracy was at its level: from when on, and until when.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stay {
    /// First step of the stay that lasted long enough.
    pub arrived: u64,
    /// First evaluation since which it is below its level again; `None` where it holds.
    pub left: Option<u64>,
    /// How often it fell below its level after that first stay, the last time counted in.
    pub lapses: u64,
    /// The highest accuracy at any evaluation.
    pub best: f64,
    /// The accuracy at the last evaluation.
    pub last: f64,
}

impl Stay {
    /// How far it fell: the highest accuracy less the last one.
    pub fn fall(&self) -> f64 {
        self.best - self.last
    }
}

/// A quantity that has to reach a level and to stay there.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Arrival {
    /// First step of the present stay.
    first: Option<u64>,
    /// First step of the stay that lasted long enough; never forgotten.
    settled: Option<u64>,
    /// First step of the present absence.
    left: Option<u64>,
    /// Whether there has been a stay at all.
    seen: bool,
    /// Stays that ended after one had lasted long enough.
    lapses: u64,
    best: f64,
    last: f64,
}

impl Arrival {
    /// Notes the quantity at `step`; a stay counts once it has lasted `sustained` steps. True where `level` is reached for the first
    /// time. What is not there, or not a number, is below every level.
    pub fn observe(&mut self, step: u64, value: Option<f64>, level: f64, sustained: u64) -> bool {
        let value = value.filter(|value| !value.is_nan());
        let holds = value.is_some_and(|value| value >= level);
        let new = holds && !self.seen;
        self.seen |= holds;
        self.last = value.unwrap_or(0.0);
        self.best = self.best.max(self.last);
        if holds {
            self.first = self.first.or(Some(step));
            self.left = None;
            self.settled = self.settled.or(self.first.filter(|first| step >= first + sustained));
        } else {
            self.lapses += u64::from(self.first.is_some() && self.settled.is_some());
            self.first = None;
            self.left = self.left.or(Some(step));
        }
        new
    }

    /// First step of the stay that lasted long enough.
    pub fn since(&self) -> Option<u64> {
        self.settled
    }

    /// The stay, if the run ended at `step`: one that lasts until then counts however short it is.
    pub fn stay(&self) -> Option<Stay> {
        let arrived = self.settled.or(self.first)?;
        Some(Stay { arrived, left: self.left, lapses: self.lapses, best: self.best, last: self.last })
    }

    pub(super) fn to_numbers(self) -> Vec<f64> {
        let step = |step: Option<u64>| step.map_or(-1.0, |step| step as f64);
        let seen = f64::from(u8::from(self.seen));
        vec![step(self.first), step(self.settled), step(self.left), seen, self.lapses as f64, self.best, self.last]
    }

    pub(super) fn from_numbers(numbers: &[f64]) -> Self {
        let number = |i: usize| numbers.get(i).copied().unwrap_or(-1.0);
        let step = |i: usize| Some(number(i)).filter(|&step| step >= 0.0).map(|step| step as u64);
        Self {
            first: step(0),
            settled: step(1),
            left: step(2),
            seen: number(3) > 0.0,
            lapses: step(4).unwrap_or(0),
            best: number(5).max(0.0),
            last: number(6).max(0.0),
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition, read off the whole series at once.
    fn by_definition(values: &[Option<f64>], level: f64, sustained: u64) -> Option<Stay> {
        let holds = |at: usize| values[at].is_some_and(|value| value >= level);
        let runs = |from: usize| (from..values.len()).take_while(|&at| holds(at)).count();
        let begins = |&at: &usize| holds(at) && (at == 0 || !holds(at - 1));
        let lasts = |&at: &usize| runs(at) as u64 > sustained || at + runs(at) == values.len();
        let arrived = (0..values.len()).filter(begins).find(lasts)?;
        let lapses = (arrived + 1..values.len()).filter(|&at| holds(at - 1) && !holds(at)).count() as u64;
        let absent = values.iter().rev().take_while(|value| !value.is_some_and(|value| value >= level)).count();
        let left = (absent > 0).then(|| (values.len() - absent) as u64);
        let numbers = || values.iter().map(|value| value.unwrap_or(0.0));
        let (best, last) = (numbers().fold(0.0, f64::max), numbers().next_back()?);
        Some(Stay { arrived: arrived as u64, left, lapses, best, last })
    }

    proptest! {
        #[test]
        fn a_stay_is_that_of_its_definition_and_survives_a_checkpoint(
            values in prop::collection::vec(prop::option::weighted(0.9, prop::sample::select(vec![0.0, 0.3, 0.5, 0.7, 1.0])), 1..40),
            sustained in 0_u64..4,
            checkpoint in 0_usize..40,
        ) {
            let mut arrival = Arrival::default();
            for (step, value) in values.iter().enumerate() {
                if step == checkpoint {
                    arrival = Arrival::from_numbers(&arrival.to_numbers());
                }
                arrival.observe(step as u64, *value, 0.5, sustained);
            }
            prop_assert_eq!(arrival.stay(), by_definition(&values, 0.5, sustained));
        }
    }
}

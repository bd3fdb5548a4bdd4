//! Recalling what stands at a place.

use super::family::{Family, integer};
use super::problem::{Problem, Structure};
use super::spelling::{POPULATION_LIMIT, TaskError};
use std::fmt;

/// N tokens, of which those at some places are one of V values, the last one names a place, and the others are always the same:
/// the label is the value at the place that is named.
///
/// The simplest form of associative recall (Arora et al. 2023, arXiv:2312.04927, ask for keys that may stand anywhere; here the place
/// is the key), so that a pair of positions that exchanges nothing is seen in a run: at the place that is named nothing better than
/// 1/V can be learned.
pub(super) const RECALL: Family = Family {
    name: "recall",
    spelling: "recall:N:V:PLACE,PLACE,...",
    tells: "N tokens, one of V values at each PLACE, counted from 0; the last token names one of the places, and the label is its value",
    example: "recall:8:3:1,4",
};

/// Most tokens of an input.
const TOKENS_LIMIT: u64 = 4096;

/// Which tokens hold values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recall {
    /// N, tokens of an input.
    pub n_tokens: u64,
    /// V, values.
    pub n_values: u64,
    /// Where values stand, ascending, each before the last token.
    pub places: Vec<u64>,
}

impl Recall {
    /// Reads `N:V:PLACE,…`, if these are numbers and places ascend.
    pub(super) fn read(text: &str) -> Option<Self> {
        let [n_tokens, n_values, places] = text.split(':').collect::<Vec<_>>()[..] else { return None };
        let places: Vec<u64> = places.split(',').map(integer).collect::<Option<_>>()?;
        let ascend = places.windows(2).all(|pair| pair[0] < pair[1]);
        ascend.then_some(Self { n_tokens: integer(n_tokens)?, n_values: integer(n_values)?, places })
    }

    /// Refuses what makes no problem, or more inputs than are held.
    pub(super) fn check(&self) -> Result<(), TaskError> {
        let outside = |what, value, least, most| {
            if (least..=most).contains(&value) {
                return Ok(());
            }
            Err(TaskError::Outside { task: self.to_string(), what, value, least, most })
        };
        outside("tokens", self.n_tokens, 2, TOKENS_LIMIT)?;
        outside("values", self.n_values, 2, TOKENS_LIMIT)?;
        outside("as a place", self.places.last().copied().unwrap_or(0), 0, self.n_tokens - 2)?;
        let n_places = self.places.len() as u64;
        let inputs = u32::try_from(n_places).ok().and_then(|n| self.n_values.checked_pow(n)?.checked_mul(n_places));
        let most = POPULATION_LIMIT / self.n_tokens;
        outside("inputs", inputs.unwrap_or(u64::MAX), 2, most)
    }

    /// Every label. The numbers must be within the limits.
    pub(super) fn problem(&self) -> Problem {
        let (n_values, n_places) = (self.n_values as usize, self.places.len());
        let size = |token: u64| match self.places.binary_search(&token) {
            Ok(_) => n_values,
            Err(_) if token + 1 == self.n_tokens => n_places,
            Err(_) => 1,
        };
        let operand_sizes: Vec<usize> = (0..self.n_tokens).map(size).collect();
        // The last token is the fastest; the places' values are the digits before it, the first place most significant.
        let label = |index: usize| {
            let (values, asked) = (index / n_places, index % n_places);
            (values / n_values.pow((n_places - 1 - asked) as u32) % n_values) as u32
        };
        let labels = (0..n_values.pow(n_places as u32) * n_places).map(label).collect();
        Problem {
            name: self.to_string(),
            n_labels: n_values,
            operand_firsts: vec![0; operand_sizes.len()],
            operand_sizes,
            structure: Structure::Function,
            several: Vec::new(),
            labels,
            n_features: 0,
            values: Vec::new(),
        }
    }
}

impl fmt::Display for Recall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places: Vec<String> = self.places.iter().map(u64::to_string).collect();
        write!(f, "{}:{}:{}:{}", RECALL.name, self.n_tokens, self.n_values, places.join(","))
    }
}

#[cfg(test)]
mod tests {
    use crate::task::Task;

    #[test]
    fn the_label_is_the_value_at_the_place_that_is_named() {
        let problem = Task::parse("recall:8:3:1,4,5").unwrap().resolve(None).unwrap();
        assert_eq!(problem.operand_sizes, [1, 3, 1, 1, 3, 3, 1, 3]);
        let samples = problem.population();
        assert_eq!((samples.len(), problem.n_labels), (81, 3));
        for i in 0..samples.len() {
            let asked = [1, 4, 5][samples.operands[7][i] as usize];
            assert_eq!(samples.labels[i], samples.operands[asked][i]);
        }
    }

    #[test]
    fn mistakes_are_told_with_their_remedy() {
        for (text, words) in [
            ("recall:8:3", "is not of the form `recall:N:V:PLACE,PLACE,...`"),
            ("recall:8:3:4,1", "is not of the form"),
            ("recall:8:3:1,1", "is not of the form"),
            ("recall:8:3:7", "has 7 as a place; they may be from 0 to 6"),
            ("recall:8:1:2", "has 1 values; they may be from 2"),
            ("recall:1:3:0", "has 1 tokens; they may be from 2"),
            ("recall:64:64:1,2,3,4,5", "inputs; they may be from 2 to 262144"),
            ("operands:3:recall:8:3:1", "does not take a number of operands"),
            ("base:3:recall:8:3:1", "has no operands to write as digits"),
            ("several:recall:8:3:1,cyclic:3", "cannot be one of several"),
        ] {
            let told = Task::parse(text).unwrap_err().to_string();
            assert!(told.contains(words), "{text}: {told}");
        }
    }
}

//! Parity of a few bits among many.

use super::family::{Family, integer};
use super::problem::{Problem, Structure};
use super::spelling::{POPULATION_LIMIT, TaskError};
use crate::random::{Stream, rng};
use rand_chacha::rand_core::RngCore;
use std::collections::BTreeSet;
use std::fmt;

/// Sparse parity: x ∈ {−1, +1}ᴺ, and the label says whether the product of the first K is negative.
///
/// Barak et al. 2022 (arXiv:2207.08799) and Merrill, Tsilivis & Shukla 2023 (arXiv:2303.11873) hide the K bits among the N; they
/// are the first here, which is the same problem for any network that draws its weights alike for every input.
pub(super) const PARITY: Family = Family {
    name: "parity",
    spelling: "parity:N:K[:POOL]",
    tells: "parity of the first K of N bits, each -1 or 1; POOL inputs, all 2^N or 8192 unless said otherwise",
    example: "parity:40:3",
};

/// Most bits of an input.
const BITS_LIMIT: u64 = 256;

/// Words that hold the bits of an input.
const N_WORDS: usize = BITS_LIMIT as usize / 64;

/// Inputs in a pool whose size was not said, where there are as many: thirteen bits have so many in all.
const DEFAULT_POOL: u64 = 1 << 13;

/// Which parity, of how many inputs.
///
/// With 2ᴺ inputs the pool is all of them, counted up, the first bit slowest. Else its inputs are drawn uniformly and are
/// distinct. The draw belongs to N, not to a run: every seed of a run and every K have the same inputs, and a larger pool begins
/// with the smaller one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parity {
    /// Bits N of an input.
    pub n_bits: u64,
    /// Bits K that the label depends on.
    pub n_relevant: u64,
    /// Inputs in the pool.
    pub n_inputs: u64,
}

impl Parity {
    /// N, K and perhaps the size of the pool.
    pub(super) fn new(n_bits: u64, n_relevant: u64, n_inputs: Option<u64>) -> Self {
        Self { n_bits, n_relevant, n_inputs: n_inputs.unwrap_or(default_pool(n_bits)) }
    }

    /// Reads `N:K` or `N:K:POOL`, if these are numbers.
    pub(super) fn read(text: &str) -> Option<Self> {
        let numbers: Option<Vec<u64>> = text.split(':').map(integer).collect();
        match numbers?[..] {
            [n_bits, n_relevant] => Some(Self::new(n_bits, n_relevant, None)),
            [n_bits, n_relevant, n_inputs] => Some(Self::new(n_bits, n_relevant, Some(n_inputs))),
            _ => None,
        }
    }

    /// Refuses what makes no problem, or more numbers than are held.
    pub(super) fn check(&self) -> Result<(), TaskError> {
        let outside = |what, value, least, most| {
            if (least..=most).contains(&value) {
                return Ok(());
            }
            Err(TaskError::Outside { task: self.to_string(), what, value, least, most })
        };
        outside("bits", self.n_bits, 1, BITS_LIMIT)?;
        outside("relevant bits", self.n_relevant, 1, self.n_bits)?;
        let most = (POPULATION_LIMIT / self.n_bits).min(n_distinct(self.n_bits));
        outside("inputs", self.n_inputs, 2, most)
    }

    /// Every label. The numbers must be within the limits.
    pub(super) fn problem(&self) -> Problem {
        let (n_bits, n_relevant) = (self.n_bits as usize, self.n_relevant as usize);
        let mut values = Vec::with_capacity(self.n_inputs as usize * n_bits);
        for bits in self.pool() {
            let is_set = |bit: usize| bits[bit / 64] >> (bit % 64) & 1 == 1;
            values.extend((0..n_bits).map(|bit| if is_set(bit) { -1.0 } else { 1.0 }));
        }
        let is_negative = |input: &[f32]| input[..n_relevant].iter().filter(|x| **x < 0.0).count() % 2;
        let labels = values.chunks_exact(n_bits).map(|input| is_negative(input) as u32).collect();
        Problem::from_pool(self.to_string(), 2, Structure::Function, n_bits, values, labels)
    }

    /// The inputs, bit by bit.
    fn pool(&self) -> Vec<[u64; N_WORDS]> {
        if self.n_inputs == n_distinct(self.n_bits) {
            // Fewer than 64 bits, since there are so few inputs: counting up with the first bit slowest.
            let counted = |index: u64| index.reverse_bits() >> (64 - self.n_bits);
            return (0..self.n_inputs).map(|index| [counted(index), 0, 0, 0]).collect();
        }
        let mut rng = rng(self.n_bits, Stream::Pool);
        let mut is_drawn = BTreeSet::new();
        let mut pool = Vec::with_capacity(self.n_inputs as usize);
        while pool.len() < self.n_inputs as usize {
            let mut bits = [0; N_WORDS];
            for (word, n_below) in bits.iter_mut().zip((0..self.n_bits).step_by(64)) {
                let n_unused = 64 - (self.n_bits - n_below).min(64);
                *word = rng.next_u64() >> n_unused;
            }
            if is_drawn.insert(bits) {
                pool.push(bits);
            }
        }
        pool
    }
}

/// Inputs of `n_bits` bits; 2⁶⁴ − 1 where there are more.
fn n_distinct(n_bits: u64) -> u64 {
    1_u64.checked_shl(n_bits as u32).unwrap_or(u64::MAX)
}

fn default_pool(n_bits: u64) -> u64 {
    n_distinct(n_bits.min(64)).min(DEFAULT_POOL)
}

impl fmt::Display for Parity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", PARITY.name, self.n_bits, self.n_relevant)?;
        if self.n_inputs == default_pool(self.n_bits) { Ok(()) } else { write!(f, ":{}", self.n_inputs) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(n_bits: u64, n_relevant: u64, n_inputs: Option<u64>) -> Problem {
        let parity = Parity::new(n_bits, n_relevant, n_inputs);
        parity.check().unwrap();
        parity.problem()
    }

    /// The product of the first K numbers, which is what the papers call parity.
    #[test]
    fn the_label_is_the_sign_of_the_product() {
        for (n_bits, n_relevant, n_inputs) in
            [(1, 1, None), (6, 2, None), (6, 6, None), (13, 5, None), (40, 3, Some(500))]
        {
            let problem = problem(n_bits, n_relevant, n_inputs);
            assert_eq!((problem.n_labels, problem.n_features as u64), (2, n_bits));
            for (input, &label) in problem.values.chunks_exact(n_bits as usize).zip(&problem.labels) {
                assert!(input.iter().all(|x| x.abs() == 1.0));
                let product: f32 = input[..n_relevant as usize].iter().product();
                assert_eq!(label, u32::from(product < 0.0));
            }
        }
    }

    #[test]
    fn few_bits_have_all_their_inputs_in_order() {
        for n_bits in 1..=13 {
            let problem = problem(n_bits, 1, None);
            assert_eq!(problem.n_population(), 1 << n_bits);
            let read = |input: &[f32]| input.iter().fold(0, |index, &x| index * 2 + usize::from(x < 0.0));
            let indices = problem.values.chunks_exact(n_bits as usize).map(read);
            assert!(indices.eq(0..1 << n_bits));
        }
        let full = problem(14, 3, Some(1 << 14));
        assert_eq!(full.labels.iter().sum::<u32>(), 1 << 13);
    }

    #[test]
    fn a_drawn_pool_is_distinct_and_begins_with_the_smaller_one() {
        for (n_bits, n_inputs) in [(5, 31), (14, 8192), (64, 300), (65, 300), (256, 100)] {
            let large = problem(n_bits, 1, Some(n_inputs));
            let rows = large.values.chunks_exact(n_bits as usize);
            let distinct: BTreeSet<Vec<bool>> = rows.map(|row| row.iter().map(|x| *x < 0.0).collect()).collect();
            assert_eq!((large.n_population() as u64, distinct.len() as u64), (n_inputs, n_inputs));
            let small = problem(n_bits, 1, Some(n_inputs / 2));
            assert_eq!(small.values, large.values[..small.values.len()]);
        }
        assert_eq!(problem(40, 1, None).values, problem(40, 7, None).values);
    }

    /// A bit of 8192 inputs is −1 in 4096 ± 45.3 of them, and so is the product of two: five deviations leave 130 bits, which take
    /// three words, and their 8385 pairs a chance of 5·10⁻³ to fail, once, since the draw is fixed.
    #[test]
    fn a_drawn_pool_is_uniform() {
        let problem = problem(130, 3, None);
        let inputs = || problem.values.chunks_exact(130);
        let mean = |a: usize, b: Option<usize>| inputs().map(|x| x[a] * b.map_or(1.0, |b| x[b])).sum::<f32>() / 8192.0;
        let limit = 5.0 / 8192.0_f32.sqrt();
        for a in 0..130 {
            assert!(mean(a, None).abs() < limit, "{a}: {}", mean(a, None));
            for b in 0..a {
                assert!(mean(a, Some(b)).abs() < limit, "{a} {b}: {}", mean(a, Some(b)));
            }
        }
    }

    /// The pool behind every recorded run: these inputs may never change.
    #[test]
    fn a_pool_stays_what_it_is() {
        let problem = problem(40, 3, None);
        let signs: Vec<u8> = problem.values.iter().map(|x| u8::from(*x < 0.0)).collect();
        assert_eq!(
            blake3::hash(&signs).to_hex().as_str(),
            "1f1b333c64770262101609140a830a996e1b7b9bc45b384aa8f9e6dbcf8c57ca"
        );
    }
}

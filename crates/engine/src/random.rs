//! Every random draw of a run comes from here: one seed, one numbered stream for each purpose.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// What a stream of random numbers is for. The numbers are part of every run's identity: never renumber, only append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Stream {
    /// Which samples are trained on.
    Split = 1,
    /// Which labels are corrupted, and to what.
    Corruption = 2,
    /// Initial weights of the hidden layer.
    HiddenWeights = 3,
    /// Initial weights of the top layer.
    TopWeights = 4,
    /// The random combination that separates irreps in a numerical decomposition.
    Decomposition = 5,
    /// Choices that tests and measures make (probes, pairs).
    Probe = 6,
    /// Initial embeddings, of tokens and of positions.
    Embedding = 7,
    /// Initial weights of the layers between the first and the top one.
    DeepWeights = 8,
    /// Initial biases.
    Biases = 9,
    /// The order in which batches go through the sample; one stream an epoch.
    Batches = 10,
    /// The inputs of a task that are too many to have all of them; the task gives the seed, not the run.
    Pool = 11,
    /// Random points on a sphere from which an energy is climbed; one stream a start.
    Starts = 12,
    /// What interventions draw: weights anew, rows and wrong labels; one stream a step or a row.
    Interventions = 13,
}

/// The generator of `stream` under `seed`: ChaCha with 8 rounds, key from the seed, nonce from the stream.
pub fn rng(seed: u64, stream: Stream) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream as u64);
    rng
}

/// The generator of the `nth` part of `stream`, such as one epoch.
pub fn nth_rng(seed: u64, stream: Stream, nth: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    // Streams are numbered below 256; the part is counted above them.
    rng.set_stream(stream as u64 + ((nth + 1) << 8));
    rng
}

/// Uniform on (0, 1), 53 bits, never 0.
pub(crate) fn open_unit(rng: &mut dyn RngCore) -> f64 {
    ((rng.next_u64() >> 11) as f64 + 0.5) * 2.0_f64.powi(-53)
}

/// Uniform on (−1, 1).
pub(crate) fn uniform(rng: &mut dyn RngCore) -> f64 {
    2.0 * open_unit(rng) - 1.0
}

/// Standard normal by Box and Muller, through `libm` so that every machine draws the same.
pub fn normal(rng: &mut dyn RngCore) -> f64 {
    let (radius, angle) = (open_unit(rng), open_unit(rng));
    (-2.0 * libm::log(radius)).sqrt() * libm::cos(2.0 * std::f64::consts::PI * angle)
}

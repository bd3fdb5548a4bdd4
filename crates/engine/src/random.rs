//! Every random draw of a run comes from here: one seed, one numbered stream for each purpose.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

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
}

/// The generator of `stream` under `seed`: ChaCha with 8 rounds, key from the seed, nonce from the stream.
pub fn rng(seed: u64, stream: Stream) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream as u64);
    rng
}

//! Random numbers that depend on the seed, the draw and the name of what is drawn, and on nothing else: one name more does not
//! move the others.

use crate::tensor::Tensor;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The random numbers of one name in one draw.
pub(crate) struct Stream(ChaCha8Rng);

impl Stream {
    pub(crate) fn new(seed: u64, draw: u64, name: &str) -> Self {
        let mut key = [0_u8; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&draw.to_le_bytes());
        key[16..24].copy_from_slice(&fingerprint(name).to_le_bytes());
        Self(ChaCha8Rng::from_seed(key))
    }

    /// A number between 0 and 1.
    pub(crate) fn uniform(&mut self) -> f64 {
        self.0.random::<f64>()
    }

    /// A whole number in `least..=most`.
    pub(crate) fn whole(&mut self, least: usize, most: usize) -> usize {
        self.0.random_range(least as u64..=most as u64) as usize
    }

    /// A normal number, by Box and Muller.
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (2.0 * std::f64::consts::PI * self.uniform()).cos()
    }

    pub(crate) fn gaussian(&mut self, rows: usize, cols: usize) -> Tensor {
        Tensor::real(rows, cols, (0..rows * cols).map(|_| self.normal()).collect())
    }

    pub(crate) fn complex_gaussian(&mut self, rows: usize, cols: usize) -> Tensor {
        let re = self.gaussian(rows, cols);
        let im = self.gaussian(rows, cols);
        Tensor::complex(rows, cols, re.re().to_vec(), im.re().to_vec())
    }
}

/// FNV-1a of a name.
fn fingerprint(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

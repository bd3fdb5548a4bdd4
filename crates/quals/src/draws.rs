//! Random numbers of the examination: a stream for every purpose, each a function of the caller's seed alone.

use std::f64::consts::TAU;

/// Random numbers of one purpose.
pub(crate) struct Draws {
    reader: blake3::OutputReader,
}

impl Draws {
    /// Those of a purpose, such as `planted held-out 7`.
    pub(crate) fn of(seed: u64, purpose: &str) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&seed.to_le_bytes()).update(purpose.as_bytes());
        Self { reader: hasher.finalize_xof() }
    }

    /// 64 bits.
    pub(crate) fn bits(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.reader.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    /// Evenly between 0 and 1, neither of them.
    pub(crate) fn share(&mut self) -> f64 {
        ((self.bits() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    /// Evenly between two numbers.
    pub(crate) fn between(&mut self, least: f64, most: f64) -> f64 {
        least + self.share() * (most - least)
    }

    /// Below `n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        ((self.share() * n as f64) as usize).min(n - 1)
    }

    /// One of a list.
    pub(crate) fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    /// Normally around 0 with deviation 1 (Box and Muller).
    pub(crate) fn normal(&mut self) -> f64 {
        (-2.0 * libm::log(self.share())).sqrt() * libm::cos(TAU * self.share())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purposes_have_streams_of_their_own_and_normals_have_deviation_one() {
        let mut a = Draws::of(1, "a");
        assert_eq!(a.bits(), Draws::of(1, "a").bits());
        assert_ne!(Draws::of(1, "a").bits(), Draws::of(1, "b").bits());
        assert_ne!(Draws::of(1, "a").bits(), Draws::of(2, "a").bits());
        let normals: Vec<f64> = (0..10_000).map(|_| a.normal()).collect();
        let mean = normals.iter().sum::<f64>() / 1e4;
        let variance = normals.iter().map(|x| x * x).sum::<f64>() / 1e4;
        // Standard errors are 0.01 and 0.014.
        assert!(mean.abs() < 0.05 && (variance - 1.0).abs() < 0.07, "{mean} {variance}");
    }
}

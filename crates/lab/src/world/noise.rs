//! Errors of planted worlds. Every family has the median 0, so that a law is the median of what comes out whatever its noise.

use dunwu_engine::random::normal;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::RngCore;

/// How errors are distributed, at size 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoiseFamily {
    /// Standard normal: mean 0, variance 1.
    Normal,
    /// Student's t with so many degrees of freedom ν: mean 0, variance ν/(ν − 2) from 3 on.
    Student(u32),
    /// Density ½ e^−|x|: mean 0, variance 2.
    Laplace,
    /// e^z − 1 for a standard normal z: mean √e − 1, variance (e − 1) e.
    Lognormal,
    /// An exponential less its median ln 2: mean 1 − ln 2, variance 1.
    Skewed,
}

/// How families are spelled.
pub(super) const SPELLINGS: &str = "normal, student:3 (1 to 30 degrees of freedom), laplace, lognormal, skewed";

impl NoiseFamily {
    /// The family of this spelling.
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once(':') {
            Some(("student", freedom)) => {
                freedom.parse().ok().filter(|freedom| (1..=30).contains(freedom)).map(Self::Student)
            }
            Some(_) => None,
            None => match text {
                "normal" => Some(Self::Normal),
                "laplace" => Some(Self::Laplace),
                "lognormal" => Some(Self::Lognormal),
                "skewed" => Some(Self::Skewed),
                _ => None,
            },
        }
    }

    /// One error of size 1; the same on every machine.
    pub(super) fn draw(self, rng: &mut ChaCha8Rng) -> f64 {
        match self {
            Self::Normal => normal(rng),
            Self::Student(freedom) => {
                let numerator = normal(rng);
                let squares: f64 = (0..freedom).map(|_| normal(rng).powi(2)).sum();
                numerator / (squares / f64::from(freedom)).sqrt()
            }
            Self::Laplace => {
                let size = -libm::log(open_unit(rng));
                if rng.next_u64() & 1 == 0 { size } else { -size }
            }
            Self::Lognormal => libm::exp(normal(rng)) - 1.0,
            Self::Skewed => -libm::log(open_unit(rng)) - std::f64::consts::LN_2,
        }
    }
}

/// Uniform on (0, 1), 53 bits, never 0.
pub(super) fn open_unit(rng: &mut ChaCha8Rng) -> f64 {
    ((rng.next_u64() >> 11) as f64 + 0.5) * 2.0_f64.powi(-53)
}

//! The verbs of landscapes: the peaks of one, the race between two kinds of peaks, and a run on its own.

pub mod climbing;
pub mod peaks;
mod peaks_chart;
pub mod race;
mod race_chart;
pub mod race_data;
#[cfg(test)]
mod tests;

use dunwu_engine::model::Activation;

/// What the verbs of landscapes rest on.
const THEORY: &str =
    "Theory: Y. Tian, Provable Scaling Laws of Feature Emergence from Learning Dynamics of Grokking, arXiv:2509.21519.";

/// σ as people write it.
pub fn sigma(activation: Activation) -> &'static str {
    match activation {
        Activation::Square => "x²",
        Activation::Cube => "x³",
        Activation::Relu => "ReLU",
        Activation::ReluSquared => "ReLU²",
        Activation::Silu => "SiLU",
        Activation::Gelu => "GELU",
        Activation::Abs => "|x|",
    }
}

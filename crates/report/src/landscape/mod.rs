//! The landscape in words, tables and drawings: its peaks, the race between them, and the mountains themselves.

mod climbing;
mod peaks;
mod race;
mod range;
pub(super) mod table;
#[cfg(test)]
mod tests;

pub use climbing::{climbing_page, climbing_sentences, climbing_table, columns, labels_at_end, run_figures};
pub use peaks::{PeaksView, peaks_page, peaks_table};
pub use race::{RaceCourse, RaceView, race_page, race_sentences, race_table};
pub use range::mountains;

use super::figures::Figure;
use dunwu_engine::model::Activation;

/// A page, and the drawings in it as `(name, SVG)`.
pub struct Page {
    /// The whole page.
    pub html: String,
    /// Its drawings.
    pub drawings: Vec<(String, String)>,
}

/// The drawings of these figures by name.
fn drawings(figures: impl IntoIterator<Item = Figure>) -> Vec<(String, String)> {
    figures.into_iter().filter_map(|figure| Some((figure.name.to_owned(), figure.svg?))).collect()
}

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

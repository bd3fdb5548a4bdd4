//! Colours: Okabe & Ito 2008, which readers with any colour vision tell apart. One meaning, one colour, in every figure.

use crate::landscape::PeakKind;
use crate::opened::{Stage, UnitLabel};

/// A colour with a darker shade for small text, which needs a contrast of 4.5 on white.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Color {
    /// Of lines and areas.
    pub line: &'static str,
    /// Of text that names them.
    pub text: &'static str,
}

/// The training sample, and memorizing.
pub const TRAIN: Color = Color { line: "#D55E00", text: "#B34700" };
/// Samples that were not trained on, and generalizing.
pub const TEST: Color = Color { line: "#0072B2", text: "#00639B" };
/// Corrupted training samples, scored on their wrong labels.
pub const CORRUPTED: Color = Color { line: "#CC79A7", text: "#9E4679" };
/// Corrupted training samples, scored on their true labels; also a second quantity of no side.
pub const RESTORED: Color = Color { line: "#009E73", text: "#00775A" };
/// A quantity that belongs to neither side.
pub const NEUTRAL: Color = Color { line: "#333333", text: "#333333" };
/// What is past, in the background or not yet decided.
pub const FAINT: Color = Color { line: "#A6A6A6", text: "#666666" };
/// Units that have decayed to nothing.
const DEAD: Color = Color { line: "#6E6E6E", text: "#555555" };

/// Every label in the order in which figures and tables list them.
pub const LABELS: [UnitLabel; 4] =
    [UnitLabel::Generalizing, UnitLabel::Memorizing, UnitLabel::Undecided, UnitLabel::Dead];

/// The colour of a unit's label.
pub fn label_color(label: UnitLabel) -> Color {
    match label {
        UnitLabel::Generalizing => TEST,
        UnitLabel::Memorizing => TRAIN,
        UnitLabel::Undecided => FAINT,
        UnitLabel::Dead => DEAD,
    }
}

/// The colour of a peak's kind.
pub fn peak_color(kind: PeakKind) -> Color {
    match kind {
        PeakKind::Feature => TEST,
        PeakKind::Mixed => RESTORED,
        PeakKind::Memory => TRAIN,
    }
}

/// The colour of a label as an area, where what is not decided must not outweigh what is.
pub fn label_area(label: UnitLabel) -> Color {
    match label {
        UnitLabel::Undecided => Color { line: "#DFDFDF", ..FAINT },
        UnitLabel::Dead => Color { line: "#9C9C9C", ..DEAD },
        other => label_color(other),
    }
}

/// The tint of a stage's band.
pub fn stage_tint(stage: Stage) -> &'static str {
    match stage {
        Stage::Lazy => "#F6F3EA",
        Stage::Independent => "#EAF2F8",
        Stage::Interactive => "#EBF5EF",
    }
}

/// A sequential scale from almost white to dark blue, readable in grey: `share` in [0, 1].
pub fn sequential(share: f64) -> String {
    const STOPS: [[f64; 3]; 5] =
        [[240.0, 245.0, 249.0], [189.0, 215.0, 234.0], [86.0, 160.0, 211.0], [0.0, 114.0, 178.0], [3.0, 48.0, 92.0]];
    hex(ramp(&STOPS, share))
}

/// The tint of a height, as on a map of mountains: `share` in [0, 1] from a dark valley to a bright summit.
///
/// Lightness only rises (CIE L* 59 to 98), so that the order survives grey and any colour vision; green to ivory, because
/// orange and blue mean memorizing and generalizing and have to stand out on it.
pub fn hypsometric(share: f64) -> [f64; 3] {
    const STOPS: [[f64; 3]; 6] = [
        [117.0, 150.0, 134.0],
        [147.0, 174.0, 145.0],
        [180.0, 196.0, 157.0],
        [212.0, 214.0, 173.0],
        [236.0, 229.0, 199.0],
        [253.0, 248.0, 235.0],
    ];
    ramp(&STOPS, share)
}

/// A colour of three channels from 0 to 255 as SVG writes it.
pub fn hex(channels: [f64; 3]) -> String {
    let [r, g, b] = channels.map(|c| c.clamp(0.0, 255.0).round() as u8);
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// The colour at `share` of the way through evenly spaced stops.
fn ramp<const N: usize>(stops: &[[f64; 3]; N], share: f64) -> [f64; 3] {
    let place = share.clamp(0.0, 1.0) * (N - 1) as f64;
    let lower = (place as usize).min(N - 2);
    let weight = place - lower as f64;
    std::array::from_fn(|c| stops[lower][c] * (1.0 - weight) + stops[lower + 1][c] * weight)
}

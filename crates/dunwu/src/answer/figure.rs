//! Figures as data.

use super::{Color, Plots};
use crate::landscape::PeakKind;
use schemars::JsonSchema;
use serde::Serialize;

/// A drawing with its caption.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Figure {
    /// Name in file names and anchors: `irrep_map`.
    pub name: String,
    /// What is shown.
    pub title: String,
    /// What it shows in this case, in one sentence with its numbers; or `not defined here: why`.
    pub caption: String,
    /// The drawing; `None` where it is not defined.
    pub drawing: Option<Drawing>,
}

/// What is drawn.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Drawing {
    /// Curves, dots, bars and maps on axes.
    Plots(Plots),
    /// What things were and became, as blocks with ribbons between them.
    Flows(Flows),
    /// Energy landscapes side by side, on one scale of heights.
    Terrains(Vec<Terrain>),
}

/// What units were and became: blocks at a few snapshots, and a ribbon for each change between them.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Flows {
    /// Steps of the snapshots, ascending; they stand at even distances, whatever the steps between them.
    pub steps: Vec<u64>,
    /// What a unit can be, from the uppermost to the lowest.
    pub strata: Vec<Stratum>,
    /// The stratum of each unit, `[snapshot][unit]`. Units of an unknown stratum are left out.
    pub of_unit: Vec<Vec<usize>>,
    /// Steps at which something happened to the run, and what.
    pub events: Vec<(u64, String)>,
    /// Step from which more units turn from memorizing to generalizing than back, or however the caller defines the switch.
    pub switch: Option<u64>,
}

/// One thing that a unit can be.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Stratum {
    /// As it follows a count: `generalizing`.
    pub name: String,
    /// Of its blocks and of the ribbons that leave it.
    pub color: Color,
}

/// Landscapes to be looked at one at a time, on one scale of heights and from one point of view.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Slides {
    /// Name in file names; a frame's is this one and its label: `mountains-n-128`.
    pub name: String,
    /// What this set is called beside others, of which a page shows one at a time: `raw energy`.
    pub title: String,
    /// The frame that is shown first.
    pub start: usize,
    /// One a frame.
    pub terrains: Vec<Terrain>,
    /// What each frame is called: `n = 128`.
    pub labels: Vec<String>,
    /// One sentence a frame, with its numbers.
    pub captions: Vec<String>,
}

/// Energies around two directions of the sphere at one amount of data.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Terrain {
    /// Training samples.
    pub n_train: usize,
    /// Degrees along the great circle from the first named peak, at 0°, to the second; ascending. As a rule the first is a memory peak
    /// and the second a feature peak.
    pub theta: Vec<f64>,
    /// Degrees of tilt out of that circle; ascending.
    pub phi: Vec<f64>,
    /// Energies, `[phi][theta]` row by row; what is not finite is left blank, what is negative is held at zero.
    pub heights: Vec<f64>,
    /// Directions with a name; those beyond the grid are left out.
    pub marks: Vec<TerrainMark>,
}

/// A named direction.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct TerrainMark {
    /// Where, as in [`Terrain::theta`].
    pub theta: f64,
    /// Where, as in [`Terrain::phi`].
    pub phi: f64,
    /// The energy there.
    pub height: f64,
    /// What a unit does that has climbed here.
    pub kind: PeakKind,
    /// Whether it is a maximum; otherwise only the direction of an ideal feature, which is none at this amount of data.
    pub is_peak: bool,
    /// What stands beside it.
    pub name: String,
}

impl Figure {
    /// A figure that is defined.
    pub fn drawn(name: &str, title: &str, caption: impl Into<String>, drawing: Drawing) -> Self {
        Self { name: name.to_owned(), title: title.to_owned(), caption: caption.into(), drawing: Some(drawing) }
    }

    /// A figure of plots.
    pub fn of_plots(name: &str, title: &str, caption: impl Into<String>, plots: Plots) -> Self {
        Self::drawn(name, title, caption, Drawing::Plots(plots))
    }

    /// A figure that is not defined, with the reason.
    pub fn undefined(name: &str, title: &str, why: &str) -> Self {
        Self {
            name: name.to_owned(),
            title: title.to_owned(),
            caption: format!("not defined here: {why}."),
            drawing: None,
        }
    }
}

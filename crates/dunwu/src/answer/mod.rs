//! What a verb returns: one [`Answer`], from which every skin (terminal, page, JSON, and whatever comes) renders what it shows.
//!
//! ```text
//! request ─▶ verb ─▶ Answer { headline, sentences, sections { figures, tables }, data } ─▶ terminal | HTML | JSON
//! ```
//!
//! An answer holds everything that is shown: no skin computes a number. Figures are data as well, series and axes and marks, and
//! say nothing about how they are drawn beyond where their parts stand. The sentences are made by `dunwu-report`, where the drawing
//! is done, too; here are the types alone, so that whoever answers needs neither.

mod figure;
mod palette;
mod parts;
mod plot;
mod scale;
mod table;
pub mod wording;

pub use figure::{Drawing, Figure, Flows, Slides, Stratum, Terrain, TerrainMark};
pub use palette::{
    CORRUPTED, Color, FAINT, LABELS, NEUTRAL, RESTORED, TEST, TRAIN, hex, hypsometric, label_area, label_color,
    peak_color, sequential, stage_tint,
};
pub use parts::{Answer, Block, Fact, Section, Shown, object};
pub use plot::{
    Anchor, Area, Axis, Band, Cell, Fill, Frame, Item, Layer, Line, Lines, Mark, Place, Plot, Plots, Point, Points,
    Segments, Text, Ticks, WIDTH,
};
pub use scale::{Scale, Tick, range};
pub use table::{Column, Table, TableCell};

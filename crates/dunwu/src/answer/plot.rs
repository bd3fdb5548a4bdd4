//! Plots as data: a frame, two axes, what lies behind, and layers of what is shown.
//!
//! Places are data coordinates: what the axes measure. A place may be moved by a few user units of the drawing where marks stand side
//! by side or a text stands beside its point. A drawing is [`WIDTH`] user units wide unless it says otherwise.

use super::{Color, Scale, Tick};
use schemars::JsonSchema;
use serde::Serialize;

/// Width of a drawing in user units, unless it says otherwise.
pub const WIDTH: f64 = 600.0;

/// Plots that make one drawing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Plots {
    /// Width and height of the drawing in user units.
    pub size: (f64, f64),
    /// The plots, painted in this order.
    pub plots: Vec<Plot>,
    /// Keys and remarks beside the plots, placed in user units from the upper left corner.
    pub items: Vec<Item>,
}

/// A piece of a key: a sign or a text at a place of the drawing.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Item {
    /// A text; its place is in user units.
    Text(Text),
    /// A bold name with a remark behind it.
    Heading {
        /// Where it begins, in user units.
        at: (f64, f64),
        /// The name.
        name: String,
        /// The remark.
        remark: String,
    },
    /// A rectangle: corner, size, colour, opacity.
    Rectangle {
        /// Upper left corner in user units.
        at: (f64, f64),
        /// Width and height.
        size: (f64, f64),
        /// Of its inside.
        fill: Fill,
    },
    /// A dot.
    Dot {
        /// Its centre in user units.
        at: (f64, f64),
        /// Its radius.
        radius: f64,
        /// Its colour.
        color: Color,
        /// Whether only its rim is painted.
        hollow: bool,
    },
    /// A straight line.
    Line {
        /// From here, in user units.
        from: (f64, f64),
        /// To here.
        to: (f64, f64),
        /// Its colour.
        color: Color,
        /// Its width.
        width: f64,
        /// Whether it is dashed.
        dashed: bool,
    },
    /// The shades of the sequential scale with the values at their ends.
    Shades {
        /// Upper left corner in user units.
        at: (f64, f64),
        /// What stands at the light and at the dark end.
        ends: (String, String),
    },
}

/// One plot.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Plot {
    /// Where it stands in the drawing.
    pub frame: Frame,
    /// The quantity, and in brackets its unit or a remark: `Accuracy (share of samples)`; it stands above the plot.
    pub title: String,
    /// From left to right.
    pub x: Axis,
    /// From bottom to top.
    pub y: Axis,
    /// Tinted bands behind everything, over the whole height.
    pub bands: Vec<Band>,
    /// Named vertical lines.
    pub marks: Vec<Mark>,
    /// Whether the bands and marks are named above this plot; among stacked plots only above the first.
    pub names_bands: bool,
    /// What is shown, painted in this order.
    pub layers: Vec<Layer>,
    /// Whether a line is drawn around the plot.
    pub outlined: bool,
}

/// A rectangle of the drawing in user units.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Frame {
    /// From the drawing's left edge.
    pub left: f64,
    /// From its upper edge.
    pub top: f64,
    /// From left to right.
    pub width: f64,
    /// From top to bottom.
    pub height: f64,
}

/// An axis.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Axis {
    /// What it measures, with its unit; none where another plot of the stack says it.
    pub title: Option<String>,
    /// How values are placed.
    pub scale: Scale,
    /// Which values are marked.
    pub ticks: Ticks,
}

/// Which values of an axis are marked.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ticks {
    /// Round numbers that suit the scale.
    Round,
    /// Round numbers, marked and not labelled.
    Unlabelled,
    /// These.
    At(Vec<Tick>),
    /// None, and no line of the axis either.
    None,
}

/// A tinted band.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Band {
    /// From this value of x.
    pub from: f64,
    /// To this one.
    pub to: f64,
    /// Its names from the longest to the shortest; the first that fits is shown.
    pub names: Vec<String>,
    /// Its colour.
    pub tint: &'static str,
}

/// A vertical line with a name.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Mark {
    /// The value of x.
    pub at: f64,
    /// What happened there; empty for a line alone.
    pub name: String,
}

/// Something shown in a plot.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// One curve.
    Line(Line),
    /// Many thin curves of one look.
    Lines(Lines),
    /// Dots.
    Points(Points),
    /// The area between two curves.
    Area(Area),
    /// Straight pieces: intervals, whiskers, arrows, rules.
    Segments(Segments),
    /// Rectangles: bars, and the cells of a map.
    Cells(Vec<Cell>),
    /// Texts.
    Texts(Vec<Text>),
    /// The named vertical lines of the plot, where they are not to be painted before all layers.
    Marks,
}

/// One curve, interrupted where a value is not finite or has no place on the axis.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Line {
    /// What stands beside its end; nothing where it is not named.
    pub name: Option<String>,
    /// Its points, `(x, y)`.
    pub points: Vec<(f64, f64)>,
    /// Its colour.
    pub color: Color,
    /// Its width in user units.
    pub width: f64,
    /// Whether it is dashed.
    pub dashed: bool,
    /// Whether a white rim parts it from what lies behind.
    pub halo: bool,
}

/// Many thin curves of one look.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Lines {
    /// The points of each, `(x, y)`.
    pub lines: Vec<Vec<(f64, f64)>>,
    /// Their colour.
    pub color: Color,
    /// Their width in user units.
    pub width: f64,
    /// From 0, invisible, to 1.
    pub opacity: f64,
}

/// Dots of one look.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Points {
    /// What stands beside the last one; nothing where they are not named.
    pub name: Option<String>,
    /// The dots.
    pub points: Vec<Point>,
    /// Their radius in user units.
    pub radius: f64,
    /// Their colour.
    pub color: Color,
    /// Whether only their rims are painted.
    pub hollow: bool,
    /// From 0, invisible, to 1.
    pub opacity: f64,
}

/// A dot.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Point {
    /// Where.
    pub at: Place,
    /// What it tells where a pointer rests on it.
    pub tells: Option<String>,
}

/// A place in a plot: data coordinates, moved by a few user units (right and down).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Place {
    /// Along the axis from left to right.
    pub x: f64,
    /// Along the axis from bottom to top.
    pub y: f64,
    /// Moved to the right by so many user units.
    pub dx: f64,
    /// Moved downwards by so many user units.
    pub dy: f64,
}

/// The area between two curves over the same abscissae.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Area {
    /// What stands beside its right end; nothing where it is not named.
    pub name: Option<String>,
    /// Its lower edge.
    pub lower: Vec<(f64, f64)>,
    /// Its upper edge.
    pub upper: Vec<(f64, f64)>,
    /// Its colour.
    pub color: Color,
    /// From 0, invisible, to 1.
    pub opacity: f64,
    /// Whether a thin white line parts it from its neighbours.
    pub parted: bool,
}

/// Straight pieces of one look.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Segments {
    /// Both ends of each.
    pub segments: Vec<(Place, Place)>,
    /// Their colour.
    pub color: Color,
    /// Their width in user units.
    pub width: f64,
    /// Whether they are dashed.
    pub dashed: bool,
}

/// A rectangle in data coordinates: a bar, or a cell of a map.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Cell {
    /// From and to, along x.
    pub x: (f64, f64),
    /// From and to, along y.
    pub y: (f64, f64),
    /// Its inside.
    pub fill: Fill,
    /// A letter in its middle.
    pub letter: Option<String>,
    /// What it tells where a pointer rests on it.
    pub tells: Option<String>,
}

/// The inside of a rectangle.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fill {
    /// A shade of the sequential scale, from 0, almost white, to 1, dark blue.
    Shade(f64),
    /// A colour.
    Color(String),
    /// A stroke across the cell: there is no value.
    Undefined,
}

/// A text.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Text {
    /// Where its base line begins, is centred or ends. Inside a plot in data coordinates, else in user units.
    pub at: Place,
    /// What it says.
    pub text: String,
    /// Which point of it stands there.
    pub anchor: Anchor,
    /// Its size in user units.
    pub size: f64,
    /// Its colour, as SVG writes it.
    pub color: &'static str,
    /// Whether a white rim keeps it legible where something passes behind it.
    pub halo: bool,
    /// Turned about its place by so many degrees, clockwise.
    pub turned: i32,
}

/// Which point of a text stands at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Anchor {
    /// The text begins there.
    Start,
    /// The text is centred there.
    Middle,
    /// The text ends there.
    End,
}

impl Place {
    /// Data coordinates as they are.
    pub fn at(x: f64, y: f64) -> Self {
        Self { x, y, dx: 0.0, dy: 0.0 }
    }

    /// The same, moved by so many user units to the right and down.
    #[must_use]
    pub fn moved(self, dx: f64, dy: f64) -> Self {
        Self { dx: self.dx + dx, dy: self.dy + dy, ..self }
    }
}

impl Axis {
    /// Round numbers on this scale.
    pub fn of(scale: Scale, title: Option<&str>) -> Self {
        Self { title: title.map(str::to_owned), scale, ticks: Ticks::Round }
    }
}

impl Text {
    /// A small remark.
    pub fn small(at: Place, anchor: Anchor, text: impl Into<String>) -> Self {
        Self { at, text: text.into(), anchor, size: 11.0, color: "#666", halo: false, turned: 0 }
    }
}

impl Line {
    /// A solid curve.
    pub fn solid(name: Option<&str>, points: Vec<(f64, f64)>, color: Color, width: f64) -> Self {
        Self { name: name.map(str::to_owned), points, color, width, dashed: false, halo: false }
    }
}

impl Points {
    /// Filled dots.
    pub fn filled(points: impl IntoIterator<Item = (f64, f64)>, radius: f64, color: Color) -> Self {
        let points = points.into_iter().map(|(x, y)| Point { at: Place::at(x, y), tells: None }).collect();
        Self { name: None, points, radius, color, hollow: false, opacity: 1.0 }
    }
}

impl Plot {
    /// An empty plot.
    pub fn new(frame: Frame, title: impl Into<String>, x: Axis, y: Axis) -> Self {
        Self {
            frame,
            title: title.into(),
            x,
            y,
            bands: Vec::new(),
            marks: Vec::new(),
            names_bands: false,
            layers: Vec::new(),
            outlined: false,
        }
    }
}

//! A map of shares over layers, a row a head or a size, whose cells say their values where a pointer rests on them.

use crate::svg::text_width;
use dunwu::answer::{Anchor, Axis, Cell, Fill, Frame, Item, Layer, Place, Plot, Scale, Text, Tick, Ticks};

/// Size of the texts beside a map.
const SIZE: f64 = 11.0;
/// A map is at most so high.
const HEIGHT: f64 = 240.0;
/// A layer is at most so wide.
const WIDEST: f64 = 40.0;

/// One map; cells are asked for by layer and row, rows from the top.
pub(super) struct Heat<'a> {
    pub(super) title: &'a str,
    pub(super) remark: &'a str,
    pub(super) n_layers: usize,
    /// What stands beside each row.
    pub(super) rows: &'a [String],
    /// What the rows are.
    pub(super) row_name: &'a str,
    /// A share.
    pub(super) value: &'a dyn Fn(usize, usize) -> f64,
    /// What a cell says.
    pub(super) says: &'a dyn Fn(usize, usize) -> String,
}

/// A map with its title and what its axes are, and the height at which what follows may begin.
pub(super) struct PlacedHeat {
    pub(super) plot: Plot,
    pub(super) items: Vec<Item>,
    pub(super) bottom: f64,
}

impl Heat<'_> {
    /// The map between `left` and `right` below `top`, with rows of at most `tallest`.
    pub(super) fn place(&self, (left, right): (f64, f64), top: f64, tallest: f64) -> PlacedHeat {
        let n_rows = self.rows.len();
        let beside = self.rows.iter().map(|label| text_width(label, SIZE)).fold(0.0, f64::max) + 12.0;
        let inner = left + beside;
        let layer_width = ((right - inner) / self.n_layers as f64).min(WIDEST);
        let row_height = (HEIGHT / n_rows as f64).clamp(4.0, tallest);
        let (width, height) = (layer_width * self.n_layers as f64, row_height * n_rows as f64);
        let x = Axis { title: None, scale: span(self.n_layers), ticks: Ticks::At(self.layer_ticks(layer_width)) };
        let y = Axis { title: None, scale: span(n_rows), ticks: Ticks::At(self.row_ticks(row_height)) };
        let mut plot = Plot::new(Frame { left: inner, top, width, height }, "", x, y);
        plot.outlined = true;
        plot.layers = vec![Layer::Cells(self.cells())];
        let bottom = top + height;
        let name = format!("layer; rows: {}", self.row_name);
        let middle = (inner + width / 2.0).max(left + text_width(&name, SIZE) / 2.0);
        let heading =
            Item::Heading { at: (left, top - 9.0), name: self.title.to_owned(), remark: self.remark.to_owned() };
        let name = Item::Text(Text::small(Place::at(middle, bottom + 31.0), Anchor::Middle, name));
        PlacedHeat { plot, items: vec![heading, name], bottom: bottom + 42.0 }
    }

    fn cells(&self) -> Vec<Cell> {
        let n_rows = self.rows.len();
        let cell = |row: usize, layer: usize| Cell {
            x: (layer as f64, layer as f64 + 1.0),
            y: ((n_rows - row - 1) as f64, (n_rows - row) as f64),
            fill: Fill::Shade((self.value)(layer, row)),
            letter: None,
            tells: Some((self.says)(layer, row)),
        };
        (0..n_rows).flat_map(|row| (0..self.n_layers).map(move |layer| cell(row, layer))).collect()
    }

    fn layer_ticks(&self, width: f64) -> Vec<Tick> {
        let named = (0..self.n_layers).step_by(layer_stride(self.n_layers, width));
        named.map(|layer| Tick { value: layer as f64 + 0.5, label: Some(layer.to_string()) }).collect()
    }

    fn row_ticks(&self, height: f64) -> Vec<Tick> {
        let n_rows = self.rows.len() as f64;
        let named = self.rows.iter().enumerate().step_by((13.0 / height).ceil() as usize);
        named.map(|(row, label)| Tick { value: n_rows - row as f64 - 0.5, label: Some(label.clone()) }).collect()
    }
}

/// An axis on which each of `n` cells is one wide.
pub(super) fn span(n: usize) -> Scale {
    Scale::Linear { low: 0.0, high: n.max(1) as f64 }
}

/// The key of the shades, which go from no share to all of it.
pub(super) fn shades(top: f64) -> Item {
    Item::Shades { at: (0.0, top), ends: ("0".to_owned(), "1".to_owned()) }
}

/// Every how many layers one is named, where a layer has this width.
pub(super) fn layer_stride(n_layers: usize, width: f64) -> usize {
    let least = (text_width(&n_layers.to_string(), SIZE) + 4.0) / width;
    [1, 2, 5, 10, 20, 50].into_iter().find(|stride| *stride as f64 >= least).unwrap_or(100)
}

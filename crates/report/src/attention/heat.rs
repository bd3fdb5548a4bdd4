//! A heat map of shares over layers, a row a head or a size, whose cells tell their values to a pointer.

use crate::plot::SMALL;
use crate::svg::{Anchor, Svg, text_width};
use dunwu::answer::sequential;

/// Shades that are told apart.
const SHADES: f64 = 48.0;
/// Size of the texts beside a map.
const SIZE: f64 = 11.0;

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
    /// What a cell tells.
    pub(super) says: &'a dyn Fn(usize, usize) -> String,
}

/// The colour of a share.
pub(super) fn shade(share: f64) -> String {
    sequential((share * SHADES).round() / SHADES)
}

impl Heat<'_> {
    /// Draws it between `left` and `right` below `top`, rows of at most `tallest`; returns where what follows may begin.
    pub(super) fn draw(&self, svg: &mut Svg, (left, right): (f64, f64), top: f64, tallest: f64) -> f64 {
        svg.heading((left, top - 9.0), self.title, self.remark);
        let beside = self.rows.iter().map(|label| text_width(label, SIZE)).fold(0.0, f64::max) + 12.0;
        let inner = left + beside;
        let width = ((right - inner) / self.n_layers as f64).min(40.0);
        let height = (240.0 / self.rows.len() as f64).clamp(4.0, tallest);
        let bottom = top + height * self.rows.len() as f64;
        let right = inner + width * self.n_layers as f64;
        for row in 0..self.rows.len() {
            for layer in 0..self.n_layers {
                let corner = (inner + layer as f64 * width, top + row as f64 * height);
                // Cells overlap a little, or the paper would shine through between them.
                let style = format!("fill=\"{}\"", shade((self.value)(layer, row)));
                svg.titled(&(self.says)(layer, row), |svg| svg.rect(corner, (width + 0.3, height + 0.3), &style));
            }
        }
        svg.rect((inner, top), (right - inner, bottom - top), "fill=\"none\" stroke=\"#888\" stroke-width=\"0.8\"");
        self.labels(svg, (inner, top), (width, height));
        bottom + 42.0
    }

    fn labels(&self, svg: &mut Svg, (left, top): (f64, f64), (width, height): (f64, f64)) {
        let bottom = top + height * self.rows.len() as f64;
        let stride = (13.0 / height).ceil() as usize;
        for (row, label) in self.rows.iter().enumerate().step_by(stride) {
            let middle = top + (row as f64 + 0.5) * height;
            svg.text((left - 5.0, middle + 4.0), Anchor::End, SMALL, label);
        }
        for layer in (0..self.n_layers).step_by(layer_stride(self.n_layers, width)) {
            let middle = left + (layer as f64 + 0.5) * width;
            svg.text((middle, bottom + 14.0), Anchor::Middle, SMALL, &layer.to_string());
        }
        let middle = left + width * self.n_layers as f64 / 2.0;
        let name = format!("layer; rows: {}", self.row_name);
        svg.text((middle.max(text_width(&name, SIZE) / 2.0), bottom + 29.0), Anchor::Middle, SMALL, &name);
    }
}

/// Every how many layers one is named, where a layer has this width.
pub(super) fn layer_stride(n_layers: usize, width: f64) -> usize {
    let least = (text_width(&n_layers.to_string(), SIZE) + 4.0) / width;
    [1, 2, 5, 10, 20, 50].into_iter().find(|stride| *stride as f64 >= least).unwrap_or(100)
}

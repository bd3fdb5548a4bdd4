//! Symbols of summits, and names that keep clear of each other.

use super::contour::Point;
use super::grid::Mark;
use crate::svg::{PathData, Svg};
use crate::words::number;
use dunwu::answer::peak_color;
use dunwu::landscape::PeakKind;

/// Text with a bright edge, so that it reads on any tint.
pub(super) const ON_TINT: &str =
    "paint-order=\"stroke\" stroke=\"#fbf8ee\" stroke-width=\"3\" stroke-linejoin=\"round\"";

/// A triangle, as maps mark a summit; memory peaks point down, so that the kinds differ without colour. What is no peak
/// is hollow.
pub(super) fn symbol(svg: &mut Svg, (x, y): Point, mark: &Mark, size: f64) {
    let up = if mark.kind == PeakKind::Feature { -1.0 } else { 1.0 };
    let corners = [(-1.0, -0.75), (1.0, -0.75), (0.0, 1.0)].map(|(dx, dy)| (x + size * dx, y + up * size * dy));
    let mut data = PathData::default();
    data.polyline(&corners).close();
    let color = peak_color(mark.kind).line;
    let style = if mark.is_peak {
        format!("fill=\"{color}\" stroke=\"#fff\" stroke-width=\"1.2\" stroke-linejoin=\"round\"")
    } else {
        format!("fill=\"#fff\" stroke=\"{color}\" stroke-width=\"1.4\" stroke-linejoin=\"round\"")
    };
    svg.path(&data, &style);
}

/// `memory peak`; where the direction is none here, that.
pub(super) fn kind_text(mark: &Mark) -> String {
    let kind = mark.kind.name();
    if mark.is_peak { format!("{kind} peak") } else { format!("no {kind} peak") }
}

/// What stands there, and its height.
pub(super) fn detail_text(mark: &Mark) -> String {
    format!("{}, E = {}", short_name(&mark.name), number(mark.height))
}

/// As many whole parts of a list of tokens as a label has room for, `tokens 8 (2nd), 7 (1st), …`; any other name as it is.
pub(super) fn short_name(name: &str) -> String {
    const ROOM: usize = 26;
    if name.chars().count() <= ROOM {
        return name.to_owned();
    }
    let mut shown = String::new();
    for part in name.split(", ") {
        let gap = if shown.is_empty() { "" } else { ", " };
        if !shown.is_empty() && (shown.chars().count() + gap.len() + part.chars().count() + 3) > ROOM {
            return format!("{shown}, …");
        }
        shown = format!("{shown}{gap}{part}");
    }
    shown
}

/// A rectangle that a text fills: left, top, right, bottom.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Space(pub(super) [f64; 4]);

impl Space {
    pub(super) fn meets(&self, other: &Self) -> bool {
        let ([a, b, c, d], [e, f, g, h]) = (self.0, other.0);
        a < g && e < c && b < h && f < d
    }

    pub(super) fn lies_in(&self, other: &Self) -> bool {
        let ([a, b, c, d], [e, f, g, h]) = (self.0, other.0);
        a >= e && b >= f && c <= g && d <= h
    }

    /// Whether it is free of all that is taken.
    pub(super) fn is_free(&self, taken: &[Self]) -> bool {
        taken.iter().all(|other| !self.meets(other))
    }
}

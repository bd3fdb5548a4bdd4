//! The key of a heat map that is drawn and not data yet; who draws it turns to `Item::Shades`.

use super::plot::SMALL;
use super::svg::{Anchor, Svg, text_width};
use super::words::{count, number};
use dunwu::answer::sequential;

/// Shades of a heat map.
const SHADES: f64 = 24.0;

/// The shades with the values at their ends, and the sign for none.
pub(super) fn key(svg: &mut Svg, (left, top): (f64, f64), ends: Option<(f64, f64, bool)>, has_undefined: bool) {
    const BAR: f64 = 72.0;
    let mut x = left;
    if let Some((low, high, is_share)) = ends {
        let written = |value: f64| if is_share || value.fract() != 0.0 { number(value) } else { count(value as u64) };
        let (low, high) = (written(low), written(high));
        svg.text((x, top + 9.0), Anchor::Start, SMALL, &low);
        x += text_width(&low, 11.0) + 4.0;
        for i in 0..SHADES as usize {
            let color = sequential(i as f64 / (SHADES - 1.0));
            let width = BAR / SHADES;
            svg.rect((x + i as f64 * width, top), (width + 0.3, 10.0), &format!("fill=\"{color}\""));
        }
        x += BAR + 5.0;
        svg.text((x, top + 9.0), Anchor::Start, SMALL, &high);
        x += text_width(&high, 11.0) + 12.0;
    }
    if has_undefined {
        svg.line((x, top + 9.0), (x + 7.0, top + 1.0), "stroke=\"#999\" stroke-width=\"0.9\"");
        svg.text((x + 11.0, top + 9.0), Anchor::Start, SMALL, "no value");
    }
}

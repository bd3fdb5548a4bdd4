//! Vector graphics as text: a few shapes, numbers to a tenth of a unit, everything escaped.
//!
//! Attributes instead of style sheets, so that an exported figure looks like the one in the page and two figures in one
//! page cannot disturb each other.

use std::fmt::Write;

pub(super) use dunwu::answer::{Anchor, WIDTH};

/// `text` for an XML or HTML text or attribute; characters that XML forbids become U+FFFD.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\t' | '\n' => escaped.push(' '),
            '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Width of `text` at `size`, estimated for the widest of the usual sans-serif fonts, so that what is placed by it fits.
pub(super) fn text_width(text: &str, size: f64) -> f64 {
    text.chars().count() as f64 * size * 0.58
}

/// Writes a coordinate to a tenth; by construction never `NaN` or `inf`, which would silence a whole path.
fn push_coordinate(out: &mut String, x: f64) {
    push_tenths(out, to_tenths(x));
}

fn to_tenths(x: f64) -> i64 {
    (x * 10.0).round() as i64
}

/// What has to stand between a number and the one before it.
fn gap_before(tenths: i64) -> &'static str {
    if tenths < 0 { "" } else { " " }
}

fn push_tenths(out: &mut String, tenths: i64) {
    let sign = if tenths < 0 { "-" } else { "" };
    let (whole, tenth) = (tenths.unsigned_abs() / 10, tenths.unsigned_abs() % 10);
    let written = if tenth == 0 { write!(out, "{sign}{whole}") } else { write!(out, "{sign}{whole}.{tenth}") };
    written.expect("writing to a String cannot fail");
}

/// The `d` of a path, under construction.
#[derive(Default)]
pub(super) struct PathData(String);

impl PathData {
    pub(super) fn move_to(&mut self, (x, y): (f64, f64)) -> &mut Self {
        self.command('M', x, y)
    }

    pub(super) fn line_to(&mut self, (x, y): (f64, f64)) -> &mut Self {
        self.command('L', x, y)
    }

    /// A cubic Bézier curve to `end`, steered by two control points.
    pub(super) fn curve_to(&mut self, control: [(f64, f64); 2], end: (f64, f64)) -> &mut Self {
        self.command('C', control[0].0, control[0].1);
        for (x, y) in [control[1], end] {
            self.command(' ', x, y);
        }
        self
    }

    /// Straight lines through the points in order. Written as steps from point to point, which takes two thirds of the
    /// space; points that would not move the pen are left out.
    pub(super) fn polyline(&mut self, points: &[(f64, f64)]) -> &mut Self {
        let mut places: Vec<(i64, i64)> = points.iter().map(|&(x, y)| (to_tenths(x), to_tenths(y))).collect();
        places.dedup();
        if let Some(&first) = points.first() {
            self.move_to(first);
        }
        for (i, step) in places.windows(2).enumerate() {
            let (dx, dy) = (step[1].0 - step[0].0, step[1].1 - step[0].1);
            // A sign parts two numbers as well as a space does.
            self.0.push_str(if i == 0 { "l" } else { gap_before(dx) });
            push_tenths(&mut self.0, dx);
            self.0.push_str(gap_before(dy));
            push_tenths(&mut self.0, dy);
        }
        self
    }

    pub(super) fn close(&mut self) -> &mut Self {
        self.0.push('Z');
        self
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn command(&mut self, letter: char, x: f64, y: f64) -> &mut Self {
        self.0.push(letter);
        push_coordinate(&mut self.0, x);
        self.0.push(' ');
        push_coordinate(&mut self.0, y);
        self
    }
}

/// A drawing under construction.
#[derive(Default)]
pub(super) struct Svg {
    body: String,
}

impl Svg {
    /// A straight line; `style` is attributes, for all shapes.
    pub(super) fn line(&mut self, (x1, y1): (f64, f64), (x2, y2): (f64, f64), style: &str) {
        self.shape("line", &[("x1", x1), ("y1", y1), ("x2", x2), ("y2", y2)], style);
    }

    pub(super) fn rect(&mut self, (x, y): (f64, f64), (width, height): (f64, f64), style: &str) {
        self.shape("rect", &[("x", x), ("y", y), ("width", width.max(0.0)), ("height", height.max(0.0))], style);
    }

    pub(super) fn circle(&mut self, (cx, cy): (f64, f64), r: f64, style: &str) {
        self.shape("circle", &[("cx", cx), ("cy", cy), ("r", r)], style);
    }

    /// A path; nothing if it is empty.
    pub(super) fn path(&mut self, data: &PathData, style: &str) {
        if data.is_empty() {
            return;
        }
        self.body.push_str("<path d=\"");
        self.body.push_str(&data.0);
        self.body.push('"');
        self.end_tag(style);
    }

    pub(super) fn text(&mut self, (x, y): (f64, f64), anchor: Anchor, style: &str, content: &str) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        self.body.push_str("<text");
        self.coordinates(&[("x", x), ("y", y)]);
        let gap = if style.is_empty() { "" } else { " " };
        self.push(format_args!("{anchor}{gap}{style}>{}</text>", escape(content)));
    }

    /// A bold name followed by a remark, as one text, so that the remark begins where the name ends in any font.
    pub(super) fn heading(&mut self, (x, y): (f64, f64), name: &str, remark: &str) {
        self.body.push_str("<text");
        self.coordinates(&[("x", x), ("y", y)]);
        let (name, remark) = (escape(name), escape(remark));
        self.push(format_args!("><tspan font-weight=\"600\">{name}</tspan>"));
        if !remark.is_empty() {
            self.push(format_args!("<tspan dx=\"5\" font-size=\"11\" fill=\"#666\">{remark}</tspan>"));
        }
        self.body.push_str("</text>\n");
    }

    /// A text turned about its end by `degrees`.
    pub(super) fn turned_text(&mut self, (x, y): (f64, f64), degrees: i32, style: &str, content: &str) {
        self.body.push_str("<text text-anchor=\"end\" transform=\"translate(");
        push_coordinate(&mut self.body, x);
        self.body.push(' ');
        push_coordinate(&mut self.body, y);
        self.push(format_args!(") rotate({degrees})\" {style}>{}</text>", escape(content)));
    }

    /// Draws `content` inside a group with shared attributes.
    pub(super) fn group(&mut self, style: &str, content: impl FnOnce(&mut Self)) {
        self.push(format_args!("<g {style}>"));
        content(self);
        self.body.push_str("</g>\n");
    }

    /// Draws `content` with a `title`, which browsers show where a pointer rests on it.
    pub(super) fn titled(&mut self, title: &str, content: impl FnOnce(&mut Self)) {
        self.push(format_args!("<g><title>{}</title>", escape(title)));
        content(self);
        self.body.push_str("</g>\n");
    }

    /// The whole document; `name` makes its ids unique within a page.
    pub(super) fn finish(self, name: &str, title: &str, description: &str, height: f64) -> String {
        self.finish_sized(name, title, description, (WIDTH, height))
    }

    /// As [`Self::finish`], for a drawing that is not as wide as the column of text.
    pub(super) fn finish_sized(
        self,
        name: &str,
        title: &str,
        description: &str,
        (width, height): (f64, f64),
    ) -> String {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height:.0}\" role=\"img\" \
             aria-labelledby=\"{name}-title {name}-desc\" font-family=\"system-ui, -apple-system, 'Segoe UI', Roboto, \
             'Helvetica Neue', 'Liberation Sans', Arial, 'Noto Sans', sans-serif\" font-size=\"12\" fill=\"#333\">\n\
             <title id=\"{name}-title\">{}</title>\n<desc id=\"{name}-desc\">{}</desc>\n{}</svg>\n",
            escape(title),
            escape(description),
            self.body,
        )
    }

    fn shape(&mut self, tag: &str, coordinates: &[(&str, f64)], style: &str) {
        self.push(format_args!("<{tag}"));
        self.coordinates(coordinates);
        self.end_tag(style);
    }

    fn coordinates(&mut self, coordinates: &[(&str, f64)]) {
        for (name, value) in coordinates {
            self.push(format_args!(" {name}=\""));
            push_coordinate(&mut self.body, *value);
            self.body.push('"');
        }
    }

    fn end_tag(&mut self, style: &str) {
        let gap = if style.is_empty() { "" } else { " " };
        self.push(format_args!("{gap}{style}/>\n"));
    }

    fn push(&mut self, text: std::fmt::Arguments<'_>) {
        self.body.write_fmt(text).expect("writing to a String cannot fail");
    }
}

//! From a figure as data to an SVG document: the one renderer of all figures.

use super::alluvial::alluvial;
use super::plot::{EndLabel, Panel, SMALL, STAGE_STRIP, Stroke};
use super::svg::{Anchor, PathData, Svg};
use super::terrain;
use dunwu::answer::{
    Answer, Area, Cell, Color, Drawing, Figure, Fill, Item, Layer, Line, Lines, Place, Plot, Plots, Points, Segments,
    Slides, Text, Ticks, sequential,
};

/// A white line between what lies in front and what lies behind.
const WHITE: Color = Color { line: "#fff", text: "#fff" };
/// Shades of the key of the sequential scale.
const KEY_SHADES: usize = 24;

/// The drawing of `figure` as a whole SVG document; `None` where the figure is not defined.
pub fn svg(figure: &Figure) -> Option<String> {
    let Figure { name, title, caption, drawing } = figure;
    Some(match drawing.as_ref()? {
        Drawing::Plots(plots) => draw_plots(plots).finish_sized(name, title, caption, plots.size),
        Drawing::Flows(flows) => alluvial(flows),
        Drawing::Terrains(terrains) => terrain::strip(terrains, &[]),
    })
}

/// Every drawing of an answer as `(name, SVG document)`, frames of landscapes included; names are fit for files: `law-ratio`.
pub fn documents(answer: &Answer) -> Vec<(String, String)> {
    let figures = answer.figures().filter_map(|figure| Some((figure.name.replace('_', "-"), svg(figure)?)));
    let frame = |slides: &Slides, i: usize| {
        let name = frame_name(slides, i);
        let svg = terrain::frame(&name, &slides.terrains, i);
        (name, svg)
    };
    let frames = answer.slides().flat_map(|slides| (0..slides.terrains.len()).map(move |i| frame(slides, i)));
    figures.chain(frames).collect()
}

/// The name of a frame in file names and anchors: that of its set and its label, `mountains-n-128`; that of the set where it is alone.
pub(super) fn frame_name(slides: &Slides, i: usize) -> String {
    let label = slides.labels.get(i).filter(|_| slides.terrains.len() > 1).map_or("", String::as_str);
    let words = format!("{} {label}", slides.name);
    let parts = words.split(|c: char| !c.is_alphanumeric() && c != '.').filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("-")
}

pub(super) fn draw_plots(plots: &Plots) -> Svg {
    let mut svg = Svg::default();
    for plot in &plots.plots {
        draw_plot(&mut svg, plot);
    }
    for item in &plots.items {
        draw_item(&mut svg, item);
    }
    svg
}

/// The panel of a plot: its frame with its scales.
fn panel_of(plot: &Plot) -> Panel {
    let frame = plot.frame;
    let panel = Panel {
        left: frame.left,
        top: frame.top,
        width: frame.width,
        height: frame.height,
        strip: if plot.names_bands && !plot.bands.is_empty() { STAGE_STRIP } else { 0.0 },
        names: 0.0,
        x: plot.x.scale,
        y: plot.y.scale,
    };
    // Marks without names are lines alone and need no room above.
    let is_named = plot.marks.iter().any(|mark| !mark.name.is_empty());
    if plot.names_bands && is_named { panel.named_above(&marks_of(plot)) } else { panel }
}

fn marks_of(plot: &Plot) -> Vec<(f64, String)> {
    plot.marks.iter().map(|mark| (mark.at, mark.name.clone())).collect()
}

fn draw_plot(svg: &mut Svg, plot: &Plot) {
    let panel = panel_of(plot);
    panel.bands(svg, &plot.bands);
    if plot.outlined {
        let size = (panel.width, panel.height);
        svg.rect((panel.left, panel.top), size, "fill=\"none\" stroke=\"#888\" stroke-width=\"0.8\"");
    }
    match &plot.y.ticks {
        Ticks::Round => panel.y_ticks(svg, panel.y.ticks(), true),
        Ticks::Unlabelled => panel.y_ticks(svg, panel.y.ticks(), false),
        Ticks::At(ticks) => panel.y_ticks(svg, ticks.clone(), true),
        Ticks::None => {}
    }
    if !plot.title.is_empty() {
        panel.title(svg, &plot.title);
    }
    if !plot.layers.contains(&Layer::Marks) {
        panel.mark_lines(svg, &marks_of(plot));
    }
    let mut names = Vec::new();
    for layer in &plot.layers {
        match layer {
            Layer::Line(line) => draw_line(svg, &panel, line, &mut names),
            Layer::Lines(lines) => draw_lines(svg, &panel, lines),
            Layer::Points(points) => draw_points(svg, &panel, points, &mut names),
            Layer::Area(area) => draw_area(svg, &panel, area, &mut names),
            Layer::Segments(segments) => draw_segments(svg, &panel, segments),
            Layer::Cells(cells) => draw_cells(svg, &panel, cells),
            Layer::Texts(texts) => {
                for text in texts {
                    if let Some(at) = place(&panel, text.at) {
                        draw_text(svg, at, text);
                    }
                }
            }
            Layer::Marks => panel.mark_lines(svg, &marks_of(plot)),
        }
    }
    let title = plot.x.title.as_deref();
    match &plot.x.ticks {
        Ticks::Round => panel.x_axis(svg, Some(title.unwrap_or(""))),
        Ticks::Unlabelled => panel.x_axis(svg, None),
        Ticks::At(ticks) => panel.x_axis_at(svg, ticks.clone(), Some(title.unwrap_or(""))),
        Ticks::None => {}
    }
    panel.end_labels(svg, names);
}

/// A place of a plot in the drawing; `None` where an axis has no place for it.
fn place(panel: &Panel, at: Place) -> Option<(f64, f64)> {
    let (x, y) = panel.at((at.x, at.y))?;
    Some((x + at.dx, y + at.dy))
}

fn draw_line(svg: &mut Svg, panel: &Panel, line: &Line, names: &mut Vec<EndLabel>) {
    let &Line { color, width, dashed, halo, .. } = line;
    if halo {
        panel.curve(svg, &line.points, Stroke { color: WHITE, width: width + 2.2, dashed: false });
    }
    panel.curve(svg, &line.points, Stroke { color, width, dashed });
    let end = line.points.iter().rev().find_map(|&point| panel.at(point));
    if let (Some(name), Some((_, y))) = (&line.name, end) {
        names.push(EndLabel { y, text: name.clone(), color });
    }
}

fn draw_lines(svg: &mut Svg, panel: &Panel, lines: &Lines) {
    let Lines { lines, color, width, opacity } = lines;
    let style = format!(
        "fill=\"none\" stroke=\"{}\" stroke-width=\"{width}\" stroke-opacity=\"{opacity}\" stroke-linejoin=\"round\"",
        color.line
    );
    svg.group(&style, |svg| lines.iter().for_each(|points| svg.path(&panel.curve_data(points), "")));
}

fn draw_points(svg: &mut Svg, panel: &Panel, points: &Points, names: &mut Vec<EndLabel>) {
    let color = points.color.line;
    let style = match (points.hollow, points.opacity) {
        (true, _) => format!("fill=\"#fff\" stroke=\"{color}\" stroke-width=\"1.2\""),
        (false, 1.0) => format!("fill=\"{color}\""),
        (false, opacity) => format!("fill=\"{color}\" fill-opacity=\"{opacity}\""),
    };
    let mut last = None;
    svg.group(&style, |svg| {
        for point in &points.points {
            let Some(at) = place(panel, point.at) else { continue };
            last = Some(at);
            match &point.tells {
                Some(tells) => svg.titled(tells, |svg| svg.circle(at, points.radius, "")),
                None => svg.circle(at, points.radius, ""),
            }
        }
    });
    if let (Some(name), Some((_, y))) = (&points.name, last) {
        names.push(EndLabel { y, text: name.clone(), color: points.color });
    }
}

fn draw_area(svg: &mut Svg, panel: &Panel, area: &Area, names: &mut Vec<EndLabel>) {
    let edge = if area.parted { " stroke=\"#fff\" stroke-width=\"0.7\"" } else { "" };
    let style = format!("fill=\"{}\" fill-opacity=\"{}\"{edge}", area.color.line, area.opacity);
    svg.path(&panel.area_data(&area.lower, &area.upper), &style);
    if let (Some(name), Some(&(_, low)), Some(&(_, high))) = (&area.name, area.lower.last(), area.upper.last())
        && let Some(y) = panel.at_y(f64::midpoint(low, high))
    {
        names.push(EndLabel { y, text: name.clone(), color: area.color });
    }
}

fn draw_segments(svg: &mut Svg, panel: &Panel, segments: &Segments) {
    let mut data = PathData::default();
    for &(from, to) in &segments.segments {
        if let (Some(from), Some(to)) = (place(panel, from), place(panel, to)) {
            data.move_to(from).line_to(to);
        }
    }
    svg.path(&data, &stroke(segments.color, segments.width, segments.dashed));
}

fn stroke(color: Color, width: f64, dashed: bool) -> String {
    let dash = if dashed { " stroke-dasharray=\"4 3\"" } else { "" };
    format!("fill=\"none\" stroke=\"{}\" stroke-width=\"{width}\"{dash}", color.line)
}

fn draw_cells(svg: &mut Svg, panel: &Panel, cells: &[Cell]) {
    for cell in cells {
        let corners = (panel.at((cell.x.0, cell.y.0)), panel.at((cell.x.1, cell.y.1)));
        let (Some(from), Some(to)) = corners else { continue };
        let (left, top) = (from.0.min(to.0), from.1.min(to.1));
        let size = ((from.0 - to.0).abs(), (from.1 - to.1).abs());
        let draw = |svg: &mut Svg| {
            fill_rectangle(svg, (left, top), size, &cell.fill);
            if let Some(letter) = &cell.letter {
                let letter_size = (size.0.min(size.1) - 3.0).clamp(6.0, 13.0);
                let middle = (left + size.0 / 2.0, top + size.1 / 2.0 + letter_size * 0.36);
                let ink = if is_dark(&cell.fill) { "#fff" } else { "#111" };
                let style = format!("font-size=\"{letter_size:.0}\" font-weight=\"600\" fill=\"{ink}\"");
                svg.text(middle, Anchor::Middle, &style, letter);
            }
        };
        match &cell.tells {
            Some(tells) => svg.titled(tells, draw),
            None => draw(svg),
        }
    }
}

/// Whether a letter on this fill has to be white: whether its relative luminance is below the one at which white and black contrast alike
/// (WCAG 2.1).
fn is_dark(fill: &Fill) -> bool {
    let hex = match fill {
        Fill::Shade(share) => sequential(*share),
        Fill::Color(color) => color.clone(),
        Fill::Undefined => return false,
    };
    let channel = |at: usize| hex.get(at..at + 2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
    let [Some(red), Some(green), Some(blue)] = [1, 3, 5].map(channel) else { return false };
    let linear = |value: u8| (f64::from(value) / 255.0).powf(2.2);
    0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue) < 0.25
}

fn fill_rectangle(svg: &mut Svg, (left, top): (f64, f64), (width, height): (f64, f64), fill: &Fill) {
    // Cells overlap a little, or the paper would shine through between them.
    let size = (width + 0.3, height + 0.3);
    match fill {
        Fill::Shade(share) => svg.rect((left, top), size, &format!("fill=\"{}\"", sequential(*share))),
        Fill::Color(color) => svg.rect((left, top), size, &format!("fill=\"{color}\"")),
        Fill::Undefined => svg.line(
            (left + 0.25 * width, top + 0.75 * height),
            (left + 0.75 * width, top + 0.25 * height),
            "stroke=\"#999\" stroke-width=\"0.9\"",
        ),
    }
}

fn draw_text(svg: &mut Svg, at: (f64, f64), text: &Text) {
    let Text { size, color, anchor, turned, .. } = text;
    let halo = if text.halo {
        " paint-order=\"stroke\" stroke=\"#fff\" stroke-opacity=\"0.8\" stroke-width=\"2.5\""
    } else {
        ""
    };
    let style = format!("font-size=\"{size}\" fill=\"{color}\"{halo}");
    match turned {
        0 => svg.text(at, *anchor, &style, &text.text),
        degrees => svg.turned_text(at, *degrees, &style, &text.text),
    }
}

fn draw_item(svg: &mut Svg, item: &Item) {
    match item {
        Item::Text(text) => draw_text(svg, (text.at.x + text.at.dx, text.at.y + text.at.dy), text),
        Item::Heading { at, name, remark } => svg.heading(*at, name, remark),
        Item::Rectangle { at, size, fill } => fill_rectangle(svg, *at, *size, fill),
        Item::Dot { at, radius, color, hollow: true } => {
            svg.circle(*at, *radius, &format!("fill=\"#fff\" stroke=\"{}\" stroke-width=\"1.2\"", color.line));
        }
        Item::Dot { at, radius, color, hollow: false } => {
            svg.circle(*at, *radius, &format!("fill=\"{}\"", color.line));
        }
        Item::Line { from, to, color, width, dashed } => svg.line(*from, *to, &stroke(*color, *width, *dashed)),
        Item::Shades { at, ends } => draw_shades(svg, *at, ends),
    }
}

/// The key of the sequential scale: its value at the light end, the shades, its value at the dark end.
fn draw_shades(svg: &mut Svg, (left, top): (f64, f64), (low, high): &(String, String)) {
    const BAR: f64 = 72.0;
    let shades = left + super::svg::text_width(low, 11.0) + 4.0;
    svg.text((left, top + 9.0), Anchor::Start, SMALL, low);
    for i in 0..KEY_SHADES {
        let color = sequential(i as f64 / (KEY_SHADES - 1) as f64);
        let width = BAR / KEY_SHADES as f64;
        svg.rect((shades + i as f64 * width, top), (width + 0.3, 10.0), &format!("fill=\"{color}\""));
    }
    svg.text((shades + BAR + 5.0, top + 9.0), Anchor::Start, SMALL, high);
}

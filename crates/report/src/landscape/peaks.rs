//! The peaks of one landscape: a table, a drawing of what each looks like, a page.

use super::range::{Mountains, terrain};
use super::table::Table;
use super::{Page, drawings, sigma};
use crate::figures::Figure;
use crate::page::{self, Head};
use crate::svg::{Anchor, PathData, Svg, WIDTH, escape};
use crate::terrain::frame;
use crate::words::{count, counted, number, percent};
use dunwu::answer::{Color, FAINT, peak_color};
use dunwu::landscape::peaks::{Peak, Peaks};
use dunwu::landscape::race::Best;
use dunwu::landscape::{Landscape, Maximum, PeakKind};
use dunwu_engine::RunSpec;
use dunwu_engine::kernel::Workers;

/// What the page is about.
#[derive(Clone, Copy)]
pub struct PeaksView<'a> {
    /// The landscape.
    pub landscape: &'a Landscape<'a>,
    /// What was found on it.
    pub peaks: &'a Peaks,
    /// What was asked.
    pub spec: &'a RunSpec,
    /// Training samples.
    pub n_train: usize,
    /// For the heights that are drawn.
    pub workers: &'a Workers,
    /// Sentences that follow the drawings.
    pub remarks: &'a [String],
}

/// Classes that a table or a drawing lists before it only counts them.
const SHOWN: usize = 24;

fn table(landscape: &Landscape<'_>, peaks: &Peaks) -> Table {
    let row = |class: &Peak| {
        let (best, certificate) = (&peaks.maxima[class.members[0]], &peaks.certificates[class.members[0]]);
        let interval = format!(
            "{:.1} ({:.1}–{:.1})",
            100.0 * class.basin.share,
            100.0 * class.basin.low,
            100.0 * class.basin.high
        );
        vec![
            class.kind.name().to_owned(),
            class.form.words(landscape.decomposition()),
            number(best.height),
            interval,
            class.members.len().to_string(),
            best.irrep.map_or("–".to_owned(), |(_, purity)| format!("{purity:.3}")),
            format!("{:.1}", best.participation),
            best.population_share().map_or("–".to_owned(), |share| format!("{share:.2}")),
            best.carry_over.map_or("–".to_owned(), |carry_over| format!("{carry_over:.2}")),
            format!("{:.1e}", certificate.hessian_max),
            certificate.flat_directions.to_string(),
        ]
    };
    Table {
        head: vec![
            "kind",
            "stands for",
            "height",
            "basin %",
            "maxima",
            "purity",
            "weights",
            "on all",
            "carries",
            "curvature",
            "flat",
        ],
        n_text: 2,
        rows: peaks.classes.iter().take(SHOWN).map(row).collect(),
    }
}

/// The table for a terminal.
pub fn peaks_table(landscape: &Landscape<'_>, peaks: &Peaks) -> String {
    if peaks.classes.is_empty() {
        return "  there is nothing to climb: every height is 0, or no peak could be certified".to_owned();
    }
    let left_out = peaks.classes.len().saturating_sub(SHOWN);
    let more = if left_out > 0 { format!("\n  and {}", counted(left_out, "further peak")) } else { String::new() };
    format!("{}{more}", table(landscape, peaks).text())
}

/// The page: the mountains, what each peak looks like, the table.
pub fn peaks_page(view: &PeaksView<'_>) -> Page {
    let PeaksView { landscape, peaks, spec, n_train, remarks, .. } = view;
    let chart = Figure {
        name: "peaks",
        title: "What stands on each peak".to_owned(),
        caption: format!(
            "Weights of the unit on the highest peak of each kind, one bar an input weight, operands one after another; its height; \
             the share of {} random starts that end there, with its 95 % interval.",
            count(peaks.restarts as u64)
        ),
        svg: Some(chart(landscape, peaks)),
    };
    let mountains = mountains(view).map(|svg| Figure {
        name: "mountains",
        title: "The mountains".to_owned(),
        caption:
            "A section through the highest memory and the highest feature peak. Every height is the energy, evaluated."
                .to_owned(),
        svg: Some(svg),
    });
    let figures: Vec<Figure> = mountains.into_iter().chain([chart]).collect();
    let mut body: String = figures.iter().map(page::shown).collect();
    body += "<h2>The same in numbers</h2>\n";
    body += &table(landscape, peaks).html();
    if !remarks.is_empty() {
        body += "<ul class=\"story\">\n";
        body += &page::items(remarks);
        body += "</ul>\n";
    }
    body += &words();
    let html = page::document(&Head {
        kicker: "Dunwu · the peaks of one unit",
        title: &spec.task.to_string(),
        setup: &escape(&format!(
            "{} samples · σ = {} · {} energy",
            count(*n_train as u64),
            sigma(spec.model.activation),
            landscape.kind.name()
        )),
        lede: &lede(peaks),
        body: &body,
        footer: ". Theory: Y. Tian, arXiv:2509.21519. Colours: Okabe &amp; Ito.",
    });
    Page { html, drawings: drawings(figures) }
}

fn lede(peaks: &Peaks) -> String {
    let share = |kind| percent(peaks.basin(kind).share);
    let height = |kind| peaks.best(kind).map_or("none".to_owned(), |best| number(best.height));
    format!(
        "From {} random starts {} climb to feature peaks (highest {}), {} to memory peaks (highest {}), {} to peaks that \
         carry over in part.",
        count(peaks.restarts as u64),
        share(PeakKind::Feature),
        height(PeakKind::Feature),
        share(PeakKind::Memory),
        height(PeakKind::Memory),
        share(PeakKind::Mixed),
    )
}

/// What the table's columns mean.
fn words() -> String {
    const WORDS: &[(&str, &str)] = &[
        ("height", "E = ½‖A σ(Xw)‖² of the unit vector on the highest peak."),
        ("basin %", "Share of random starts from which a unit that climbs this energy ends there."),
        ("maxima", "Distinct maxima that are one up to translations, signs and phases."),
        ("purity", "Largest share of the unit's non-trivial power in one irrep."),
        ("weights", "Participation, 1 / Σ w⁴: how many input weights it spreads over."),
        (
            "on all",
            "How far up a peak of the whole population it stands; a peak of the sample generalizes from a half on, and memorizes \
             below a quarter.",
        ),
        (
            "carries",
            "Share of the activation's variance that the label decides on held-out samples, over that on training samples. Where \
             the task is no group, it decides: a quarter generalizes, less than a tenth memorizes.",
        ),
        ("curvature", "Largest eigenvalue of the Hessian along the sphere: a peak has none above zero."),
        ("flat", "Directions in which its height stays the same: phases and other continuous families."),
    ];
    page::words(WORDS)
}

/// The section through the two highest peaks, where there are two.
fn mountains(view: &PeaksView<'_>) -> Option<String> {
    let PeaksView { landscape, peaks, n_train, workers, .. } = view;
    let memory = peaks.best(PeakKind::Memory)?;
    let feature = Best::of(landscape, peaks.best(PeakKind::Feature)?);
    let third = peaks.runner_up(PeakKind::Memory, memory).map(|maximum| Best::of(landscape, maximum));
    let mountains =
        Mountains { memory: (&Best::of(landscape, memory), true), feature: (&feature, true), third: third.as_ref() };
    Some(frame(&[terrain(&landscape.energy, &mountains, *n_train, workers)?], 0))
}

const ROW: f64 = 46.0;
const WEIGHTS: (f64, f64) = (150.0, 210.0);
const HEIGHT_BAR: (f64, f64) = (376.0, 90.0);
const BASIN_BAR: (f64, f64) = (482.0, 90.0);

/// One row a class: its name, the weights of its highest member, its height, its basin.
fn chart(landscape: &Landscape<'_>, peaks: &Peaks) -> String {
    let shown = &peaks.classes[..peaks.classes.len().min(SHOWN)];
    let tallest = shown.iter().map(|class| peaks.maxima[class.members[0]].height).fold(0.0, f64::max);
    let mut svg = Svg::default();
    let small = "font-size=\"11\" fill=\"#666\"";
    for (x, title) in [(0.0, "peak"), (WEIGHTS.0, "weights"), (HEIGHT_BAR.0, "height"), (BASIN_BAR.0, "basin")] {
        svg.text((x, 12.0), Anchor::Start, small, title);
    }
    for (i, class) in shown.iter().enumerate() {
        let top = 22.0 + ROW * i as f64;
        let best = &peaks.maxima[class.members[0]];
        let color = peak_color(class.kind);
        let name = class.form.words(landscape.decomposition());
        svg.text(
            (0.0, top + 15.0),
            Anchor::Start,
            &format!("font-size=\"12\" fill=\"{}\"", color.text),
            class.kind.name(),
        );
        svg.text((0.0, top + 30.0), Anchor::Start, small, &shortened(&name, 26));
        weights(&mut svg, best, landscape, (WEIGHTS.0, top + 2.0), (WEIGHTS.1, ROW - 10.0), color);
        bar(&mut svg, (HEIGHT_BAR.0, top + 8.0), HEIGHT_BAR.1 * best.height / tallest.max(f64::MIN_POSITIVE), color);
        svg.text((HEIGHT_BAR.0, top + 32.0), Anchor::Start, small, &number(best.height));
        bar(&mut svg, (BASIN_BAR.0, top + 8.0), BASIN_BAR.1 * class.basin.share, color);
        let whisker = |share: f64| BASIN_BAR.0 + BASIN_BAR.1 * share;
        svg.line(
            (whisker(class.basin.low), top + 13.0),
            (whisker(class.basin.high), top + 13.0),
            "stroke=\"#222\" stroke-width=\"1\"",
        );
        svg.text((BASIN_BAR.0, top + 32.0), Anchor::Start, small, &percent(class.basin.share));
    }
    svg.finish("peaks", "The peaks of one unit", "what stands on each peak", 26.0 + ROW * shown.len() as f64)
}

fn bar(svg: &mut Svg, (x, y): (f64, f64), width: f64, color: Color) {
    svg.rect((x, y), (width.clamp(0.5, WIDTH - x), 10.0), &format!("fill=\"{}\"", color.line));
}

/// The weights: bars around a base line, or, where the inputs are a square of numbers, that square in two colours.
fn weights(
    svg: &mut Svg,
    best: &Maximum,
    landscape: &Landscape<'_>,
    (x, y): (f64, f64),
    (width, height): (f64, f64),
    color: Color,
) {
    let largest = best.w.iter().fold(f64::MIN_POSITIVE, |largest, w| largest.max(w.abs()));
    let side = best.w.len().isqrt();
    if landscape.has_numbers() && side * side == best.w.len() {
        let cell = height / side as f64;
        for (k, w) in best.w.iter().enumerate() {
            let (row, column) = (k / side, k % side);
            let fill = if *w > 0.0 { color.line } else { FAINT.line };
            let style = format!("fill=\"{fill}\" fill-opacity=\"{:.2}\"", w.abs() / largest);
            svg.rect((x + cell * column as f64, y + cell * row as f64), (cell, cell), &style);
        }
        return;
    }
    let (step, middle) = (width / best.w.len() as f64, y + height / 2.0);
    svg.line((x, middle), (x + width, middle), "stroke=\"#bbb\" stroke-width=\"0.6\"");
    let mut data = PathData::default();
    for (k, w) in best.w.iter().enumerate() {
        let across = x + step * (k as f64 + 0.5);
        data.move_to((across, middle)).line_to((across, middle - w / largest * height / 2.0));
    }
    let style =
        format!("fill=\"none\" stroke=\"{}\" stroke-width=\"{:.2}\"", color.line, (0.72 * step).clamp(0.6, 4.0));
    svg.path(&data, &style);
    for operand in landscape.operand_ends() {
        let across = x + step * operand as f64;
        svg.line((across, y), (across, y + height), "stroke=\"#bbb\" stroke-width=\"0.6\" stroke-dasharray=\"2 2\"");
    }
}

fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most { text.to_owned() } else { text.chars().take(most - 1).chain(['…']).collect() }
}

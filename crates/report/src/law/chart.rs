//! Thresholds and laws against the size of the problem, twice: as they are, where a power is a straight line and all laws look alike,
//! and in units of M ln M, where M ln M is level and its rivals bend away.

use crate::plot::LEFT;
use crate::svg::WIDTH;
use crate::words::number;
use dunwu::answer::{
    Anchor, Axis, CORRUPTED, Color, FAINT, Figure, Frame, Layer, Line, NEUTRAL, Place, Plot, Plots, Point, Points,
    RESTORED, Scale, Segments, TEST, TRAIN, Text, Tick, Ticks, range,
};
use dunwu_studies::law::{Form, LawFit, Size, Study, Threshold};

const RIGHT: f64 = 92.0;
const HEIGHT: f64 = 270.0;
const FRAME: Frame = Frame { left: LEFT, top: 24.0, width: WIDTH - LEFT - RIGHT, height: HEIGHT };
/// Points of a fitted curve.
const POINTS: usize = 60;
/// Of n = c M²: the yellow of Okabe and Ito is too light for a line, their orange is not.
const ORANGE: Color = Color { line: "#E69F00", text: "#8A5F00" };

/// The laws that have a curve, with their colours.
const CURVES: [(Form, Color, bool); 5] = [
    (Form::Author, FAINT, true),
    (Form::Square, ORANGE, false),
    (Form::FiveThirds, CORRUPTED, false),
    (Form::Power, NEUTRAL, true),
    (Form::LogLinear, RESTORED, false),
];

/// What is drawn over M: n itself, or n over something.
struct Drawing<'a> {
    study: &'a Study,
    x: Scale,
    y: Scale,
    unit: fn(f64) -> f64,
}

/// n against M, both by logarithm.
pub(super) fn thresholds(study: &Study) -> Figure {
    let values: Vec<f64> = heights(study, |_| 1.0);
    let (low, high) = range(values.iter().copied()).unwrap_or((1.0, 10.0));
    let y = Scale::Log { low: low / 1.15, high: high * 1.15 };
    let drawing = Drawing { study, x: sizes(study), y, unit: |_| 1.0 };
    let caption = "Large dots: thresholds, where half of the runs of a task generalize, with 95 % intervals; an open end is a bound. \
                   Small dots: single runs, blue where they generalized and orange where they did not, side by side by seed. \
                   Lines: each law as fitted to the single runs.";
    let plots = drawing.plots("Training samples n (by logarithm)");
    Figure::of_plots("law", "Critical sample size against the size of the problem", caption, plots)
}

/// n / (M ln M) against M.
pub(super) fn ratios(study: &Study) -> Figure {
    let unit: fn(f64) -> f64 = |m| m * m.ln();
    let y = Scale::linear(heights(study, unit), &[]);
    let drawing = Drawing { study, x: sizes(study), y, unit };
    let caption = "Critical sample size (large dots, with 95 % intervals) in units of M ln M, so that M ln M is level, whatever its \
                   constant, and what grows faster rises. Small dots: single runs, blue where they generalized and orange where they did \
                   not. Lines: each law as fitted to them; the dashed grey one has no constant to fit.";
    Figure::of_plots("law_ratio", "Critical sample size in units of M ln M", caption, drawing.plots("n / M ln M"))
}

/// A little wider than the sizes.
fn sizes(study: &Study) -> Scale {
    let m = study.thresholds.iter().map(|threshold| threshold.m as f64);
    let (low, high) = range(m).unwrap_or((1.0, 10.0));
    Scale::Log { low: low / 1.12, high: high * 1.12 }
}

/// All that has to have a place on the axis of n.
fn heights(study: &Study, unit: impl Fn(f64) -> f64) -> Vec<f64> {
    let runs = study.runs.sizes.iter().flat_map(|size| size.runs.iter().map(|run| (size.m as f64, run.n as f64)));
    let ends =
        study.thresholds.iter().flat_map(|t| [t.low, t.high].into_iter().flatten().map(|value| (t.m as f64, value)));
    let curves = CURVES.iter().flat_map(|&(form, ..)| curve(study.law(form), sizes(study)));
    runs.chain(ends).chain(curves).map(|(m, n)| n / unit(m)).collect()
}

fn curve(law: &LawFit, x: Scale) -> Vec<(f64, f64)> {
    let at = |i: usize| x.low() * (x.high() / x.low()).powf(i as f64 / (POINTS - 1) as f64);
    (0..POINTS).filter_map(|i| Some((at(i), law.n_critical(at(i))?))).collect()
}

impl Drawing<'_> {
    fn plots(&self, y_name: &str) -> Plots {
        // The sizes that were run, instead of powers of ten.
        let tick = |size: &Size| Tick { value: size.m as f64, label: Some(size.m.to_string()) };
        let ticks = Ticks::At(self.study.runs.sizes.iter().map(tick).collect());
        let x = Axis { title: Some("size M (labels, by logarithm)".to_owned()), scale: self.x, ticks };
        let mut plot = Plot::new(FRAME, y_name, x, Axis::of(self.y, None));
        plot.layers.extend(self.study.runs.sizes.iter().flat_map(|size| self.runs(size)));
        plot.layers.extend(CURVES.map(|(form, color, dashed)| self.law(form, color, dashed)));
        plot.layers.extend(self.thresholds());
        Plots { size: (WIDTH, FRAME.top + FRAME.height + 44.0), plots: vec![plot], items: Vec::new() }
    }

    fn at(&self, m: usize, n: f64) -> Place {
        Place::at(m as f64, n / (self.unit)(m as f64))
    }

    /// Single runs, those of one seed in a column.
    fn runs(&self, size: &Size) -> Vec<Layer> {
        let mut seeds: Vec<u64> = size.runs.iter().map(|run| run.seed).collect();
        seeds.sort_unstable();
        seeds.dedup();
        // All columns of a size together are as wide as a large dot.
        let shift = |seed: u64| {
            let rank = seeds.binary_search(&seed).unwrap_or(0) as f64;
            if seeds.len() > 1 { 12.0 * (rank / (seeds.len() - 1) as f64 - 0.5) } else { 0.0 }
        };
        let layer = |(generalized, color)| {
            let runs = size.runs.iter().filter(|run| run.generalized == generalized);
            let at = |run: &dunwu_studies::law::Run| self.at(size.m, run.n as f64).moved(shift(run.seed), 0.0);
            let points = runs.map(|run| Point { at: at(run), tells: None }).collect();
            Layer::Points(Points { name: None, points, radius: 1.5, color, hollow: false, opacity: 0.4 })
        };
        [(false, TRAIN), (true, TEST)].map(layer).into()
    }

    fn law(&self, form: Form, color: Color, dashed: bool) -> Layer {
        let law = self.study.law(form);
        let points: Vec<(f64, f64)> = curve(law, self.x).into_iter().map(|(m, n)| (m, n / (self.unit)(m))).collect();
        let name = match (form, law.exponent) {
            (Form::Power, Some(exponent)) => format!("M^{}", number(exponent.value)),
            (Form::Author, _) => "author's".to_owned(),
            _ => form.name().to_owned(),
        };
        Layer::Line(Line { dashed, ..Line::solid(Some(&name), points, color, 1.6) })
    }

    /// Dots with their intervals; a bound as a line that ends in an arrow.
    fn thresholds(&self) -> Vec<Layer> {
        const ARROW: f64 = 13.0;
        let (mut lines, mut dots, mut texts) = (Vec::new(), Vec::new(), Vec::new());
        for threshold in &self.study.thresholds {
            let Threshold { m, n_critical, low, high, .. } = *threshold;
            let at = |n: f64| self.at(m, n);
            let whisker = |n: f64| (at(n).moved(-4.0, 0.0), at(n).moved(4.0, 0.0));
            match (n_critical, low, high) {
                (Some(n), Some(low), Some(high)) => {
                    lines.extend([(at(low), at(high)), whisker(low), whisker(high)]);
                    dots.push(Point { at: at(n), tells: None });
                }
                (None, Some(end), None) | (None, None, Some(end)) => {
                    let is_lower = low.is_some();
                    // An arrow ends at the edge of the plot.
                    let share = self.y.place(at(end).y).unwrap_or(0.5);
                    let room = HEIGHT * if is_lower { 1.0 - share } else { share };
                    let length = if is_lower { -ARROW.min(room) } else { ARROW.min(room) };
                    let (tip, back) = (at(end).moved(0.0, length), if is_lower { 4.0 } else { -4.0 });
                    lines.extend([whisker(end), (at(end), tip)]);
                    lines.extend([-3.0, 3.0].map(|side| (tip.moved(side, back), tip)));
                }
                _ => {
                    let place = Place::at(m as f64, self.y.high()).moved(0.0, 10.0);
                    texts.push(Text::small(place, Anchor::Middle, "?"));
                }
            }
        }
        let dots = Points { name: None, points: dots, radius: 3.4, color: NEUTRAL, hollow: false, opacity: 1.0 };
        let lines = Segments { segments: lines, color: NEUTRAL, width: 1.4, dashed: false };
        vec![Layer::Segments(lines), Layer::Points(dots), Layer::Texts(texts)]
    }
}

#[cfg(test)]
mod tests {
    use super::super::answer::tests::study;
    use super::*;

    #[test]
    fn m_ln_m_is_level_in_its_own_units_and_its_rivals_are_not() {
        let study = study(|_| {});
        let spread = |form: Form| {
            let ratios = curve(study.law(form), sizes(&study)).into_iter().map(|(m, n)| n / (m * m.ln()));
            let (low, high) = range(ratios).unwrap();
            high / low
        };
        assert!((spread(Form::LogLinear) - 1.0).abs() < 1e-9 && (spread(Form::Author) - 1.0).abs() < 1e-9);
        assert!(spread(Form::FiveThirds) > 1.3 && spread(Form::Square) > spread(Form::FiveThirds));
    }
}

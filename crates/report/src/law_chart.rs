//! Thresholds and laws against the size of the problem, twice: as they are, where a power is a straight line and all laws look alike,
//! and in units of M ln M, where M ln M is level and its rivals bend away.

use super::figures::Figure;
use super::plot::{EndLabel, LEFT, Panel, SMALL, Stroke};
use super::svg::{Svg, WIDTH};
use super::words::number;
use dunwu::answer::{CORRUPTED, Color, FAINT, NEUTRAL, RESTORED, TEST, TRAIN};
use dunwu::answer::{Scale, Tick, range};
use dunwu::law::{Form, LawFit, Size, Study, Threshold};

const RIGHT: f64 = 92.0;
const HEIGHT: f64 = 270.0;
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
    panel: Panel,
    unit: fn(f64) -> f64,
}

/// n against M, both by logarithm.
pub(super) fn thresholds(study: &Study) -> Figure {
    const TITLE: &str = "Critical sample size against the size of the problem";
    let x = sizes(study);
    let values: Vec<f64> = heights(study, |_| 1.0);
    let (low, high) = range(values.iter().copied()).unwrap_or((1.0, 10.0));
    let y = Scale::Log { low: low / 1.15, high: high * 1.15 };
    let drawing = Drawing { study, panel: panel(x, y), unit: |_| 1.0 };
    let caption = "Large dots: thresholds, where half of the runs of a task generalize, with 95 % intervals; an open end is a bound. \
                   Small dots: single runs, blue where they generalized and orange where they did not, side by side by seed. \
                   Lines: each law as fitted to the single runs.";
    drawing.figure("law", TITLE, "Training samples n (by logarithm)", caption)
}

/// n / (M ln M) against M.
pub(super) fn ratios(study: &Study) -> Figure {
    const TITLE: &str = "The same in units of M ln M";
    let unit: fn(f64) -> f64 = |m| m * m.ln();
    let y = Scale::linear(heights(study, unit), &[]);
    let drawing = Drawing { study, panel: panel(sizes(study), y), unit };
    let caption = "M ln M is level here, whatever its constant, and what grows faster rises. What is dashed grey has no constant to fit.";
    drawing.figure("law_ratio", TITLE, "n / M ln M", caption)
}

/// A little wider than the sizes.
fn sizes(study: &Study) -> Scale {
    let m = study.thresholds.iter().map(|threshold| threshold.m as f64);
    let (low, high) = range(m).unwrap_or((1.0, 10.0));
    Scale::Log { low: low / 1.12, high: high * 1.12 }
}

fn panel(x: Scale, y: Scale) -> Panel {
    Panel { left: LEFT, top: 24.0, width: WIDTH - LEFT - RIGHT, height: HEIGHT, strip: 0.0, names: 0.0, x, y }
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
    fn figure(&self, name: &'static str, title: &'static str, y_name: &str, caption: &str) -> Figure {
        let mut svg = Svg::default();
        self.panel.y_axis(&mut svg, y_name);
        self.study.runs.sizes.iter().for_each(|size| self.runs(&mut svg, size));
        self.laws(&mut svg);
        self.study.thresholds.iter().for_each(|threshold| self.threshold(&mut svg, threshold));
        // The sizes that were run, instead of powers of ten.
        let tick = |size: &Size| Tick { value: size.m as f64, label: Some(size.m.to_string()) };
        let ticks = self.study.runs.sizes.iter().map(tick).collect();
        self.panel.x_axis_at(&mut svg, ticks, Some("size M (labels, by logarithm)"));
        Figure::drawn(name, title, caption.to_owned(), svg, self.panel.bottom() + 44.0)
    }

    /// Single runs, those of one seed in a column.
    fn runs(&self, svg: &mut Svg, size: &Size) {
        let mut seeds: Vec<u64> = size.runs.iter().map(|run| run.seed).collect();
        seeds.sort_unstable();
        seeds.dedup();
        // All columns of a size together are as wide as a large dot.
        let shift = |seed: u64| {
            let rank = seeds.binary_search(&seed).unwrap_or(0) as f64;
            if seeds.len() > 1 { 12.0 * (rank / (seeds.len() - 1) as f64 - 0.5) } else { 0.0 }
        };
        for (generalized, color) in [(false, TRAIN), (true, TEST)] {
            svg.group(&format!("fill=\"{}\" fill-opacity=\"0.4\"", color.line), |svg| {
                for run in size.runs.iter().filter(|run| run.generalized == generalized) {
                    if let Some((x, y)) = self.at(size.m, run.n as f64) {
                        svg.circle((x + shift(run.seed), y), 1.5, "");
                    }
                }
            });
        }
    }

    fn at(&self, m: usize, n: f64) -> Option<(f64, f64)> {
        self.panel.at((m as f64, n / (self.unit)(m as f64)))
    }

    fn laws(&self, svg: &mut Svg) {
        let mut labels = Vec::new();
        for (form, color, dashed) in CURVES {
            let law = self.study.law(form);
            let points: Vec<(f64, f64)> =
                curve(law, self.panel.x).into_iter().map(|(m, n)| (m, n / (self.unit)(m))).collect();
            self.panel.curve(svg, &points, Stroke { color, width: 1.6, dashed });
            let text = match (form, law.exponent) {
                (Form::Power, Some(exponent)) => format!("M^{}", number(exponent.value)),
                (Form::Author, _) => "author's".to_owned(),
                _ => form.name().to_owned(),
            };
            if let Some(y) = points.last().and_then(|&(_, n)| self.panel.at_y(n)) {
                labels.push(EndLabel { y, text, color });
            }
        }
        self.panel.end_labels(svg, labels);
    }

    /// A dot with its interval; a bound as a line that ends in an arrow.
    fn threshold(&self, svg: &mut Svg, threshold: &Threshold) {
        const LINE: &str = "stroke=\"#333\" stroke-width=\"1.4\"";
        const ARROW: f64 = 13.0;
        let at = |n: Option<f64>| self.at(threshold.m, n?);
        match (at(threshold.n_critical), at(threshold.low), at(threshold.high)) {
            (Some(dot), Some(low), Some(high)) => {
                svg.line(low, high, LINE);
                [low, high].into_iter().for_each(|(x, y)| svg.line((x - 4.0, y), (x + 4.0, y), LINE));
                svg.circle(dot, 3.4, "fill=\"#333\" stroke=\"#fff\" stroke-width=\"0.8\"");
            }
            (None, Some((x, y)), None) => Self::arrow(svg, (x, y), (y - ARROW).max(self.panel.top), LINE),
            (None, None, Some((x, y))) => Self::arrow(svg, (x, y), (y + ARROW).min(self.panel.bottom()), LINE),
            _ => {
                let place = (self.panel.at_x(threshold.m as f64).unwrap_or(self.panel.left), self.panel.top + 10.0);
                svg.text(place, super::svg::Anchor::Middle, SMALL, "?");
            }
        }
    }

    fn arrow(svg: &mut Svg, (x, y): (f64, f64), tip: f64, style: &str) {
        let back = if tip < y { 4.0 } else { -4.0 };
        svg.line((x - 4.0, y), (x + 4.0, y), style);
        svg.line((x, y), (x, tip), style);
        [-3.0, 3.0].into_iter().for_each(|side| svg.line((x + side, tip + back), (x, tip), style));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing_checks::{assert_sound, assert_texts_apart};
    use dunwu::law::synthetic::Recipe;

    fn study(edit: impl Fn(&mut dunwu::law::Runs)) -> Study {
        let critical = |m: f64| 2.6 * m * m.ln();
        let recipe = Recipe {
            sizes: &[23, 41, 71],
            critical: &critical,
            slope: 25.0,
            scatter: 0.0,
            seeds: 3,
            amounts: 7,
            by_seed: false,
            seed: 1,
        };
        let mut runs = recipe.runs();
        edit(&mut runs);
        Study::of_runs(runs)
    }

    #[test]
    fn every_law_is_sound() {
        let cases: [(&str, Study); 4] = [
            ("the sample", study(|_| {})),
            (
                "bounds",
                study(|runs| {
                    runs.sizes[0].runs.iter_mut().for_each(|run| run.generalized = true);
                    runs.sizes[2].runs.iter_mut().for_each(|run| run.generalized = false);
                }),
            ),
            ("falling", study(|runs| runs.sizes[1].runs.iter_mut().for_each(|run| run.generalized = run.n < 300))),
            ("one amount", study(|runs| runs.sizes[1].runs.truncate(1))),
        ];
        for (name, study) in cases {
            for figure in [thresholds(&study), ratios(&study)] {
                assert_sound(&figure.svg.unwrap(), name);
            }
        }
        assert_texts_apart(&thresholds(&study(|_| {})).svg.unwrap(), "the sample");
        assert_texts_apart(&ratios(&study(|_| {})).svg.unwrap(), "the sample");
    }

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

//! The race between memory and feature peaks as the amount of data grows: how high they are, how much of the
//! sphere climbs onto them, and how many real training runs generalized.

use super::plot::{EndLabel, LEFT, Panel, SMALL, Stroke};
use super::svg::{Anchor, Svg, WIDTH};
use super::words::{count, counted, number};
use dunwu::answer::{Color, NEUTRAL, RESTORED, TEST, TRAIN};
use dunwu::answer::{Scale, range};
use dunwu::stats::median;

/// Heights and basins at several values of one quantity.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RaceChart {
    /// What is varied: `training samples n`.
    pub(crate) x_name: String,
    /// In any order.
    pub(crate) points: Vec<RacePoint>,
    /// Where the feature peak becomes the higher one, with an interval.
    pub(crate) crossing: Option<(f64, f64, f64)>,
    /// Where theory expects that, and what the theory is called: `M ln M`.
    pub(crate) theory: Option<(f64, String)>,
    /// Where half of the training runs generalize, with an interval.
    pub(crate) training: Option<(f64, f64, f64)>,
    /// The value of M ln M, for a second row of ticks in its units; only where it is positive.
    pub(crate) m_log_m: Option<f64>,
}

/// What was measured at one value.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct RacePoint {
    /// The value.
    pub(crate) x: f64,
    /// Height of the highest memory peak, one a sample; `None` where a sample has none.
    pub(crate) memory: Vec<Option<f64>>,
    /// The same of feature peaks.
    pub(crate) feature: Vec<Option<f64>>,
    /// Share of random starts that climb onto memory peaks, one a sample.
    pub(crate) basin_memory: Vec<f64>,
    /// The same of feature peaks.
    pub(crate) basin_feature: Vec<f64>,
    /// Training runs that generalized, of how many.
    pub(crate) trained: Option<(usize, usize)>,
}

/// Values of one kind: all of them, by their place on the axis.
struct Cloud {
    name: &'static str,
    color: Color,
    columns: Vec<(f64, Vec<f64>)>,
}

const RIGHT: f64 = 112.0;
const HEIGHTS: f64 = 190.0;
const BASINS: f64 = 140.0;
/// Between the panels: the title of the lower one.
const BETWEEN: f64 = 44.0;

/// The drawing as a whole SVG document.
pub(crate) fn race_chart(chart: &RaceChart) -> String {
    const TITLE: &str = "Memory and feature peaks, racing";
    let mut svg = Svg::default();
    let xs: Vec<f64> = chart.points.iter().map(|p| p.x).filter(|x| x.is_finite()).collect();
    let Some((low, high)) = range(xs.iter().copied()) else {
        svg.text((8.0, 24.0), Anchor::Start, SMALL, "not defined here: no point was measured");
        return svg.finish("race", TITLE, "not defined here", 40.0);
    };
    let x = axis(low, high);
    let heights = [
        cloud(chart, "memory", TRAIN, |p| p.memory.iter().flatten().copied().collect()),
        cloud(chart, "feature", TEST, |p| p.feature.iter().flatten().copied().collect()),
    ];
    let basins = [
        cloud(chart, "memory", TRAIN, |p| p.basin_memory.clone()),
        cloud(chart, "feature", TEST, |p| p.basin_feature.clone()),
    ];
    let trained = cloud(chart, "training runs", RESTORED, |p| {
        p.trained.filter(|&(_, n)| n > 0).map(|(k, n)| k as f64 / n as f64).into_iter().collect()
    });
    let all: Vec<f64> = heights.iter().flat_map(|c| c.columns.iter().flat_map(|(_, v)| v.iter().copied())).collect();
    let marks = marks(chart, x);
    let upper = Panel {
        left: LEFT,
        top: 0.0,
        width: WIDTH - LEFT - RIGHT,
        height: HEIGHTS,
        strip: 0.0,
        names: 0.0,
        x,
        y: Scale::fitting(&all),
    }
    .below_marks(&named(&marks));
    let lower = Panel {
        top: upper.bottom() + BETWEEN,
        height: BASINS,
        names: 0.0,
        y: Scale::Linear { low: 0.0, high: 1.0 },
        ..upper
    };
    for panel in [&upper, &lower] {
        intervals(&mut svg, panel, &marks);
    }
    upper.y_axis(&mut svg, "Height of the peaks (energy E; dots: samples, line: median, band: range)");
    draw(&mut svg, &upper, &heights);
    upper.x_axis(&mut svg, None);
    upper.mark_lines(&mut svg, &named(&marks));
    let remark = if trained.columns.is_empty() { "" } else { "; green: of training runs, those that generalize" };
    lower.y_axis(&mut svg, &format!("Where it ends (share of random starts{remark})"));
    let [memory, feature] = basins;
    draw(&mut svg, &lower, &[memory, feature, trained]);
    lower.mark_lines(&mut svg, &named(&marks));
    lower.x_axis(&mut svg, Some(&chart.x_name));
    let bottom = second_axis(&mut svg, &lower, chart);
    let description = format!("{} at {}", counted(chart.points.len(), "point"), chart.x_name);
    svg.finish("race", TITLE, &description, bottom)
}

/// By logarithm where the values are positive and span more than a factor of four; a little wider than the values, so that no
/// dot lies on the edge.
fn axis(low: f64, high: f64) -> Scale {
    if low > 0.0 && high > 4.0 * low {
        let margin = (high / low).powf(0.04);
        return Scale::Log { low: low / margin, high: high * margin };
    }
    let margin = if low < high { (high - low) * 0.05 } else { low.abs().max(1.0) * 0.5 };
    Scale::Linear { low: low - margin, high: high + margin }
}

fn cloud(chart: &RaceChart, name: &'static str, color: Color, values: impl Fn(&RacePoint) -> Vec<f64>) -> Cloud {
    let mut columns: Vec<(f64, Vec<f64>)> = chart
        .points
        .iter()
        .map(|p| (p.x, values(p).into_iter().filter(|v| v.is_finite()).collect::<Vec<_>>()))
        .filter(|(x, values)| x.is_finite() && !values.is_empty())
        .collect();
    columns.sort_by(|a, b| a.0.total_cmp(&b.0));
    Cloud { name, color, columns }
}

/// Range, dots and median of each kind, and its name at the right end.
fn draw(svg: &mut Svg, panel: &Panel, clouds: &[Cloud]) {
    let mut labels = Vec::new();
    let edge = |pick: fn(f64, f64) -> f64, cloud: &Cloud| -> Vec<(f64, f64)> {
        let of = |values: &Vec<f64>| values.iter().copied().reduce(pick).unwrap_or(f64::NAN);
        cloud.columns.iter().map(|(x, values)| (*x, of(values))).collect()
    };
    for cloud in clouds {
        let band = panel.area_data(&edge(f64::min, cloud), &edge(f64::max, cloud));
        svg.path(&band, &format!("fill=\"{}\" fill-opacity=\"0.13\"", cloud.color.line));
    }
    for cloud in clouds {
        let middle: Vec<(f64, f64)> =
            cloud.columns.iter().filter_map(|(x, values)| Some((*x, median(values.iter().copied())?))).collect();
        panel.curve(svg, &middle, Stroke { color: cloud.color, width: 2.0, dashed: false });
        let dots: Vec<(f64, f64)> = cloud.columns.iter().flat_map(|(x, v)| v.iter().map(move |&v| (*x, v))).collect();
        svg.group("fill-opacity=\"0.75\"", |svg| panel.dots(svg, &dots, 1.9, cloud.color));
        if let Some(y) = middle.last().and_then(|&(_, v)| panel.at_y(v)) {
            labels.push(EndLabel { y, text: cloud.name.into(), color: cloud.color });
        }
    }
    panel.end_labels(svg, labels);
}

/// A place on the axis of x with what is known of it.
struct Place {
    x: f64,
    interval: Option<(f64, f64)>,
    name: String,
    color: Color,
}

/// Crossing, theory and training, from left to right; what lies beyond the axis is named without a line.
fn marks(chart: &RaceChart, x: Scale) -> Vec<Place> {
    let shown = |(at, low, high): (f64, f64, f64)| {
        let interval = if low < high { format!(" ({}–{})", value(low), value(high)) } else { String::new() };
        format!("{}{interval}", value(at))
    };
    let estimate = |name: &str, color: Color, estimate: Option<(f64, f64, f64)>| {
        estimate.map(|(at, low, high)| Place {
            x: at,
            interval: (low < high).then_some((low, high)),
            name: format!("{name} {}", shown((at, low, high))),
            color,
        })
    };
    let theory = chart.theory.as_ref().map(|(at, label)| Place {
        x: *at,
        interval: None,
        name: format!("{label} = {}", value(*at)),
        color: NEUTRAL,
    });
    let crossing = estimate("peaks cross at", NEUTRAL, chart.crossing);
    let training = estimate("real runs at", RESTORED, chart.training);
    let mut places: Vec<Place> = [crossing, theory, training].into_iter().flatten().collect();
    places.retain(|place| place.x.is_finite() && (x.low()..=x.high()).contains(&place.x));
    places.sort_by(|a, b| a.x.total_cmp(&b.x));
    places
}

/// As counts are written, where it is one.
fn value(x: f64) -> String {
    if (1.0..1e15).contains(&x) && x.fract() == 0.0 { count(x as u64) } else { number(x) }
}

fn named(places: &[Place]) -> Vec<(f64, String)> {
    places.iter().map(|place| (place.x, place.name.clone())).collect()
}

/// The intervals as tinted bands behind everything.
fn intervals(svg: &mut Svg, panel: &Panel, places: &[Place]) {
    for place in places {
        let Some((from, to)) = place.interval else { continue };
        // An end without a place on the axis, such as zero on a logarithmic one, is its low end.
        let (from, to) = (panel.at_x(from).unwrap_or(panel.left), panel.at_x(to).unwrap_or(panel.right()));
        let style = format!("fill=\"{}\" fill-opacity=\"0.1\"", place.color.line);
        svg.rect((from, panel.top), (to - from, panel.height), &style);
    }
}

/// The axis once more in units of M ln M; returns the height of the drawing.
fn second_axis(svg: &mut Svg, lower: &Panel, chart: &RaceChart) -> f64 {
    let Some(unit) = chart.m_log_m.filter(|u| u.is_finite() && *u > 0.0) else { return lower.bottom() + 44.0 };
    let x = match lower.x {
        Scale::Log { low, high } => Scale::Log { low: low / unit, high: high / unit },
        other => Scale::Linear { low: other.low() / unit, high: other.high() / unit },
    };
    let panel = Panel { top: lower.bottom() + 48.0, height: 0.0, x, ..*lower };
    panel.x_axis(svg, Some(&format!("the same in units of M ln M = {}", number(unit))));
    panel.bottom() + 44.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing_checks::{assert_sound, assert_texts_apart, texts};

    #[test]
    fn every_race_is_sound() {
        let edited = |edit: fn(&mut RaceChart)| {
            let mut chart = sample();
            edit(&mut chart);
            chart
        };
        let each = |edit: fn(&mut RacePoint)| {
            let mut chart = sample();
            chart.points.iter_mut().for_each(edit);
            chart
        };
        let cases = [
            ("the sample", sample()),
            ("no point", edited(|c| c.points.clear())),
            ("one point", edited(|c| c.points.truncate(1))),
            ("two points", edited(|c| c.points.truncate(2))),
            ("reversed", edited(|c| c.points.reverse())),
            ("no marks", edited(|c| (c.crossing, c.theory, c.training, c.m_log_m) = (None, None, None, None))),
            ("marks in one place", edited(|c| (c.crossing, c.training) = (c.training, Some((270.0, 270.0, 270.0))))),
            (
                "marks beyond",
                edited(|c| (c.crossing, c.theory) = (Some((1e9, 0.0, 1e10)), Some((0.0, "M ln M".into())))),
            ),
            ("an interval from zero", edited(|c| c.crossing = Some((160.0, 0.0, f64::INFINITY)))),
            ("marks that are no numbers", edited(|c| c.crossing = Some((f64::NAN, f64::NAN, f64::NAN)))),
            ("M ln M of nothing", edited(|c| c.m_log_m = Some(0.0))),
            ("no memory peaks", each(|p| (p.memory, p.basin_memory) = (vec![None; 5], vec![]))),
            ("no peaks", each(|p| *p = RacePoint { x: p.x, ..RacePoint::default() })),
            ("no runs", each(|p| p.trained = Some((0, 0)))),
            ("not a number", each(|p| p.memory = vec![Some(f64::NAN), Some(f64::INFINITY)])),
            ("x is no number", each(|p| p.x = f64::NAN)),
            ("x from zero", edited(|c| c.points[0].x = 0.0)),
            ("heights over decades", each(|p| p.feature = vec![Some(p.x.powi(3))])),
            ("a hostile name", edited(|c| c.x_name = "n < 5 & \"m\"".into())),
        ];
        for (name, chart) in cases {
            assert_sound(&race_chart(&chart), name);
        }
        assert_texts_apart(&race_chart(&sample()), "the sample");
    }

    #[test]
    fn one_in_units_of_m_log_m_stands_below_m_log_m() {
        let svg = race_chart(&sample());
        let document = roxmltree::Document::parse(&svg).unwrap();
        let middle = |t: &crate::drawing_checks::Text| f64::midpoint(t.space[0], t.space[2]);
        let one = texts(&document).iter().filter(|t| t.words == "1").map(middle).fold(f64::NAN, f64::max);
        let lines = document.descendants().filter(|n| n.attribute("stroke-dasharray") == Some("2 2.5"));
        let near = lines.map(|n| n.attribute("x1").unwrap().parse::<f64>().unwrap()).map(|x| (x - one).abs());
        assert!(near.fold(f64::INFINITY, f64::min) < 0.2, "the line of M ln M stands above the 1");
    }

    #[test]
    fn x_is_logarithmic_where_values_span_more_than_a_factor_of_four() {
        let is_log = |low, high| matches!(axis(low, high), Scale::Log { .. });
        assert!(is_log(10.0, 41.0) && !is_log(10.0, 40.0) && !is_log(0.0, 1000.0) && !is_log(-1.0, 5.0));
        assert_eq!(axis(7.0, 7.0), Scale::Linear { low: 3.5, high: 10.5 });
    }

    fn sample() -> RaceChart {
        let point = |n: f64| {
            let noise = |seed: i32| 1.0 + 0.06 * f64::from((seed * 37 + n as i32 * 11) % 17 - 8) / 8.0;
            let share = 1.0 / (1.0 + (230.0 / n).powi(4));
            RacePoint {
                x: n,
                memory: (0..5).map(|s| Some((1.1 + 0.0006 * n) * noise(s))).collect(),
                feature: (0..5).map(|s| (n > 70.0 || s > 3).then_some(0.0078 * n * noise(s + 9))).collect(),
                basin_memory: (0..5).map(|s| ((1.0 - share) * 0.9 * noise(s)).clamp(0.0, 1.0)).collect(),
                basin_feature: (0..5).map(|s| (share * 0.92 * noise(s)).clamp(0.0, 1.0)).collect(),
                trained: Some(((share * share * 8.0).round() as usize, 8)),
            }
        };
        RaceChart {
            x_name: "training samples n".into(),
            points: [40.0, 60.0, 90.0, 130.0, 180.0, 250.0, 350.0, 500.0, 700.0].map(point).into(),
            crossing: Some((160.0, 150.0, 172.0)),
            theory: Some((201.0, "M ln M".into())),
            training: Some((270.0, 240.0, 310.0)),
            m_log_m: Some(201.0),
        }
    }

    /// Writes the sample to the folder named in `DUNWU_REPORT_DIR`, to be looked at.
    #[test]
    #[ignore = "writes files for the eye, checks nothing that others do not"]
    fn write_the_race() {
        let folder = std::path::PathBuf::from(std::env::var("DUNWU_REPORT_DIR").expect("set DUNWU_REPORT_DIR"));
        std::fs::write(folder.join("race.svg"), race_chart(&sample())).unwrap();
    }
}

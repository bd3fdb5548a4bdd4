//! The race between memory and feature peaks as the amount of data grows: how high they are, how much of the
//! sphere climbs onto them, and how many real training runs generalized.

use super::race::axis_name;
use crate::plot::{LEFT, Panel};
use crate::words::{count, number};
use dunwu::answer::{
    Area, Axis, Color, Layer, Line, Mark, NEUTRAL, Plot, Plots, Points, RESTORED, Scale, TEST, TRAIN, Tick, Ticks,
    WIDTH, range,
};
use dunwu::landscape::race::Estimate;
use dunwu::landscape::{PeakKind, Race, RaceCourse};
use dunwu::stats::median;

/// Heights and basins at several values of one quantity.
#[derive(Clone, Debug, PartialEq)]
struct RaceChart {
    /// What is varied: `training samples n`.
    x_name: String,
    /// In any order.
    points: Vec<ChartPoint>,
    /// Where the feature peak becomes the higher one, with an interval.
    crossing: Option<(f64, f64, f64)>,
    /// Where theory expects that, and what the theory is called: `M ln M`.
    theory: Option<(f64, String)>,
    /// Where half of the training runs generalize, with an interval.
    training: Option<(f64, f64, f64)>,
    /// The value of M ln M, for a second row of ticks in its units; only where it is positive.
    m_log_m: Option<f64>,
}

/// What was measured at one value.
#[derive(Clone, Debug, Default, PartialEq)]
struct ChartPoint {
    /// The value.
    x: f64,
    /// Height of the highest memory peak, one a sample; `None` where a sample has none.
    memory: Vec<Option<f64>>,
    /// The same of feature peaks.
    feature: Vec<Option<f64>>,
    /// Share of random starts that climb onto memory peaks, one a sample.
    basin_memory: Vec<f64>,
    /// The same of feature peaks.
    basin_feature: Vec<f64>,
    /// Training runs that generalized, of how many.
    trained: Option<(usize, usize)>,
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
/// Room for the axis of the lower panel, and for its values in units of M ln M.
const AXIS: f64 = 44.0;
const SECOND_AXIS: f64 = 48.0;

/// The chart of one energy; `None` where nothing was measured.
pub(super) fn chart(race: &Race<'_>, course: &RaceCourse) -> Option<Plots> {
    let interval = |estimate: &Estimate| {
        let at = estimate.at?;
        Some((at, estimate.low.unwrap_or(at), estimate.high.unwrap_or(at)))
    };
    let points = course.points.iter().enumerate().map(|(i, point)| {
        let heights =
            |kind| point.standings.iter().map(|standing| standing.best(kind).map(|best| best.height)).collect();
        let basins = |kind| point.standings.iter().map(|standing| standing.basin(kind).share).collect();
        ChartPoint {
            x: point.x,
            memory: heights(PeakKind::Memory),
            feature: heights(PeakKind::Feature),
            basin_memory: basins(PeakKind::Memory),
            basin_feature: basins(PeakKind::Feature),
            trained: race.training.of_value.get(i).copied().flatten(),
        }
    });
    let mut plots = plots(&RaceChart {
        x_name: axis_name(race).to_owned(),
        points: points.collect(),
        crossing: course.crossing.as_ref().and_then(interval),
        theory: race.critical.filter(|_| race.m_log_m.is_some()).map(|critical| (critical, "theory".to_owned())),
        training: race.training.estimate.as_ref().and_then(interval),
        m_log_m: race.m_log_m,
    })?;
    if !race.request.axis.has_numbers {
        name_values(&mut plots, &race.request.axis.labels);
    }
    Some(plots)
}

/// Puts names in the place of the positions of values that are no numbers.
fn name_values(plots: &mut Plots, labels: &[String]) {
    for plot in &mut plots.plots {
        if matches!(plot.x.ticks, Ticks::Round) {
            let tick = |(i, label): (usize, &String)| Tick { value: (i + 1) as f64, label: Some(label.clone()) };
            plot.x.ticks = Ticks::At(labels.iter().enumerate().map(tick).collect());
        }
    }
}

fn plots(chart: &RaceChart) -> Option<Plots> {
    let (low, high) = range(chart.points.iter().map(|p| p.x).filter(|x| x.is_finite()))?;
    let x = axis(low, high);
    let heights = [
        cloud(chart, "memory peaks", TRAIN, |p| p.memory.iter().flatten().copied().collect()),
        cloud(chart, "feature peaks", TEST, |p| p.feature.iter().flatten().copied().collect()),
    ];
    let basins = [
        cloud(chart, "memory peaks", TRAIN, |p| p.basin_memory.clone()),
        cloud(chart, "feature peaks", TEST, |p| p.basin_feature.clone()),
        cloud(chart, "training runs", RESTORED, |p| {
            p.trained.filter(|&(_, n)| n > 0).map(|(k, n)| k as f64 / n as f64).into_iter().collect()
        }),
    ];
    let all: Vec<f64> = heights.iter().flat_map(|c| c.columns.iter().flat_map(|(_, v)| v.iter().copied())).collect();
    let marks = marks(chart, x);
    let names: Vec<(f64, String)> = marks.iter().map(|mark| (mark.x, mark.name.clone())).collect();
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
    .below_marks(&names);
    let y = Scale::Linear { low: 0.0, high: 1.0 };
    let lower = Panel { top: upper.bottom() + BETWEEN, height: BASINS, names: 0.0, y, ..upper };
    let remark = if basins[2].columns.is_empty() { "" } else { "; green: of training runs, those that generalize" };
    let titles = [
        "Height of the peaks (energy E; dots: samples, line: median, band: range)".to_owned(),
        format!("Where it ends (share of random starts{remark})"),
    ];
    let [heights_title, basins_title] = titles;
    let mut top = Plot::new(upper.frame(), heights_title, Axis::of(x, None), Axis::of(upper.y, None));
    top.x.ticks = Ticks::Unlabelled;
    top.names_bands = true;
    let mut bottom = Plot::new(lower.frame(), basins_title, Axis::of(x, Some(&chart.x_name)), Axis::of(y, None));
    for (plot, clouds) in [(&mut top, &heights[..]), (&mut bottom, &basins[..])] {
        plot.marks = names.iter().map(|(at, name)| Mark { at: *at, name: name.clone() }).collect();
        plot.layers = intervals(&marks, x, plot.y.scale).chain(layers(clouds)).collect();
    }
    let second = second_axis(&lower, chart);
    let height = second.as_ref().map_or(lower.bottom(), |plot| plot.frame.top) + AXIS;
    let plots = [top, bottom].into_iter().chain(second).collect();
    Some(Plots { size: (WIDTH, height), plots, items: Vec::new() })
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

fn cloud(chart: &RaceChart, name: &'static str, color: Color, values: impl Fn(&ChartPoint) -> Vec<f64>) -> Cloud {
    let mut columns: Vec<(f64, Vec<f64>)> = chart
        .points
        .iter()
        .map(|p| (p.x, values(p).into_iter().filter(|v| v.is_finite()).collect::<Vec<_>>()))
        .filter(|(x, values)| x.is_finite() && !values.is_empty())
        .collect();
    columns.sort_by(|a, b| a.0.total_cmp(&b.0));
    Cloud { name, color, columns }
}

/// Ranges, then medians with their names and dots.
fn layers(clouds: &[Cloud]) -> impl Iterator<Item = Layer> {
    let edge = |pick: fn(f64, f64) -> f64, cloud: &Cloud| -> Vec<(f64, f64)> {
        let of = |values: &Vec<f64>| values.iter().copied().reduce(pick).unwrap_or(f64::NAN);
        cloud.columns.iter().map(|(x, values)| (*x, of(values))).collect()
    };
    let areas = clouds.iter().map(move |cloud| {
        let (lower, upper) = (edge(f64::min, cloud), edge(f64::max, cloud));
        Layer::Area(Area { name: None, lower, upper, color: cloud.color, opacity: 0.13, parted: false })
    });
    let curves = clouds.iter().flat_map(|cloud| {
        let middle: Vec<(f64, f64)> =
            cloud.columns.iter().filter_map(|(x, values)| Some((*x, median(values.iter().copied())?))).collect();
        let dots = cloud.columns.iter().flat_map(|(x, values)| values.iter().map(move |&value| (*x, value)));
        let dots = Points { opacity: 0.75, ..Points::filled(dots, 1.9, cloud.color) };
        [Layer::Line(Line::solid(Some(cloud.name), middle, cloud.color, 2.0)), Layer::Points(dots)]
    });
    areas.chain(curves)
}

/// A place on the axis of x with what is known of it.
struct AxisMark {
    x: f64,
    interval: Option<(f64, f64)>,
    name: String,
    color: Color,
}

/// Crossing, theory and training, from left to right; what lies beyond the axis is left out.
fn marks(chart: &RaceChart, x: Scale) -> Vec<AxisMark> {
    let shown = |(at, low, high): (f64, f64, f64)| {
        let interval = if low < high { format!(" ({}–{})", value(low), value(high)) } else { String::new() };
        format!("{}{interval}", value(at))
    };
    let estimate = |name: &str, color: Color, estimate: Option<(f64, f64, f64)>| {
        estimate.map(|(at, low, high)| AxisMark {
            x: at,
            interval: (low < high).then_some((low, high)),
            name: format!("{name} {}", shown((at, low, high))),
            color,
        })
    };
    let theory = chart.theory.as_ref().map(|(at, label)| AxisMark {
        x: *at,
        interval: None,
        name: format!("{label} = {}", value(*at)),
        color: NEUTRAL,
    });
    let crossing = estimate("peaks cross at", NEUTRAL, chart.crossing);
    let training = estimate("real runs at", RESTORED, chart.training);
    let mut marks: Vec<AxisMark> = [crossing, theory, training].into_iter().flatten().collect();
    marks.retain(|mark| mark.x.is_finite() && (x.low()..=x.high()).contains(&mark.x));
    marks.sort_by(|a, b| a.x.total_cmp(&b.x));
    marks
}

/// As counts are written, where it is one.
fn value(x: f64) -> String {
    if (1.0..1e15).contains(&x) && x.fract() == 0.0 { count(x as u64) } else { number(x) }
}

/// The intervals as tinted areas over the whole height, behind everything.
fn intervals(marks: &[AxisMark], x: Scale, y: Scale) -> impl Iterator<Item = Layer> {
    marks.iter().filter_map(move |mark| {
        let (from, to) = mark.interval?;
        // An end without a place on the axis, such as zero on a logarithmic one, is the axis' own end.
        let ends = [from.max(x.low()), to.min(x.high())];
        let edge = |y: f64| ends.map(|x| (x, y)).to_vec();
        let (lower, upper) = (edge(y.low()), edge(y.high()));
        Some(Layer::Area(Area { name: None, lower, upper, color: mark.color, opacity: 0.1, parted: false }))
    })
}

/// The axis once more in units of M ln M.
fn second_axis(lower: &Panel, chart: &RaceChart) -> Option<Plot> {
    let unit = chart.m_log_m.filter(|unit| unit.is_finite() && *unit > 0.0)?;
    let x = match lower.x {
        Scale::Log { low, high } => Scale::Log { low: low / unit, high: high / unit },
        other => Scale::Linear { low: other.low() / unit, high: other.high() / unit },
    };
    let frame = Panel { top: lower.bottom() + SECOND_AXIS, height: 0.0, ..*lower }.frame();
    let title = format!("the same in units of M ln M = {}", number(unit));
    let hidden = Axis { title: None, scale: Scale::Linear { low: 0.0, high: 1.0 }, ticks: Ticks::None };
    Some(Plot::new(frame, "", Axis::of(x, Some(&title)), hidden))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing_checks::{assert_sound, assert_texts_apart, texts};
    use dunwu::answer::Figure;

    fn race_chart(chart: &RaceChart) -> Option<String> {
        crate::draw::svg(&Figure::of_plots("race", "The race", "peaks race", plots(chart)?))
    }

    fn drawn(chart: &RaceChart) -> String {
        race_chart(chart).expect("a point was measured")
    }

    #[test]
    fn every_race_is_sound() {
        let edited = |edit: fn(&mut RaceChart)| {
            let mut chart = sample();
            edit(&mut chart);
            chart
        };
        let each = |edit: fn(&mut ChartPoint)| {
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
            ("no peaks", each(|p| *p = ChartPoint { x: p.x, ..ChartPoint::default() })),
            ("no runs", each(|p| p.trained = Some((0, 0)))),
            ("not a number", each(|p| p.memory = vec![Some(f64::NAN), Some(f64::INFINITY)])),
            ("x is no number", each(|p| p.x = f64::NAN)),
            ("x from zero", edited(|c| c.points[0].x = 0.0)),
            ("heights over decades", each(|p| p.feature = vec![Some(p.x.powi(3))])),
            ("a hostile name", edited(|c| c.x_name = "n < 5 & \"m\"".into())),
        ];
        for (name, chart) in cases {
            match race_chart(&chart) {
                Some(svg) => assert_sound(&svg, name),
                None => assert!(["no point", "x is no number"].contains(&name), "{name}"),
            }
        }
        assert_texts_apart(&drawn(&sample()), "the sample");
    }

    #[test]
    fn one_in_units_of_m_log_m_stands_below_m_log_m() {
        let svg = drawn(&sample());
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
            ChartPoint {
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
        std::fs::write(folder.join("race.svg"), drawn(&sample())).unwrap();
    }
}

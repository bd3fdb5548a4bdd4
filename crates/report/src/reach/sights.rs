//! How far back each position hears without a gap: a saw where there are borders.

use super::answer::focus;
use crate::plot::{LEFT, Panel};
use crate::words::count;
use dunwu::answer::{Axis, Figure, Layer, Line, Plot, Plots, Points, Scale, TEST, TRAIN, WIDTH};
use dunwu::reach::Reach;

/// A figure where some position hears less than the one before it.
pub(super) fn figure(reach: &Reach) -> Option<Figure> {
    let exchange = focus(reach);
    let worst = exchange.worst?;
    let extent = exchange.map.extent;
    let points: Vec<(f64, f64)> = exchange
        .sights
        .iter()
        .filter(|(query, _)| *query < extent)
        .map(|&(query, sight)| (query as f64, sight as f64))
        .collect();
    let panel = Panel {
        left: LEFT + 8.0,
        top: 24.0,
        width: WIDTH - LEFT - 28.0,
        height: 130.0,
        strip: 0.0,
        names: 0.0,
        x: Scale::Linear { low: 0.0, high: extent as f64 },
        y: Scale::linear(points.iter().map(|point| point.1), &[0.0]),
    };
    let lowest = points.iter().copied().filter(|point| point.1 == worst.sight as f64 && point.0 > 0.0);
    let lowest: Vec<(f64, f64)> = lowest.collect();
    let x = Axis::of(panel.x, Some("position"));
    let mut plot = Plot::new(panel.frame(), "Hears back without a gap (positions)", x, Axis::of(panel.y, None));
    plot.layers =
        vec![Layer::Line(Line::solid(None, points, TEST, 1.6)), Layer::Points(Points::filled(lowest, 3.4, TRAIN))];
    let caption = format!(
        "How many positions before it each position hears of. Orange: those that hear least, the first at {}.",
        count(worst.query as u64)
    );
    let plots = Plots { size: (WIDTH, panel.bottom() + 44.0), plots: vec![plot], items: Vec::new() };
    Some(Figure::of_plots("reach-sight", "How far back each position hears", caption, plots))
}

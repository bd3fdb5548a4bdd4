//! How many hops pairs need, by their distance.

use super::answer::focus;
use super::map::hop_color;
use crate::plot::{LEFT, Panel};
use crate::words::{count, counted};
use dunwu::answer::{Area, Axis, Color, Figure, Layer, Plot, Plots, Scale, TEST, TRAIN, Tick, Ticks, WIDTH};
use dunwu::reach::{DistanceReach, Reach};

const NAME: &str = "reach-hops";
const TITLE: &str = "Hops by distance";
/// Room for the names of areas.
const RIGHT: f64 = 92.0;
/// An area that is lower than this at its right end has no name.
const LOWEST: f64 = 0.12;

pub(super) fn figure(reach: &Reach) -> Figure {
    let exchange = focus(reach);
    let distances = &exchange.distances;
    let (Some(first), Some(last)) = (distances.first(), distances.last().filter(|last| last.distance > 1)) else {
        return Figure::undefined(NAME, TITLE, "the text has fewer than three positions");
    };
    let is_long = distances.len() < reach.length - 1;
    let (low, high) = (first.distance as f64, last.distance as f64);
    let x = if is_long { Scale::Log { low, high } } else { Scale::Linear { low, high } };
    let panel = Panel {
        left: LEFT,
        top: 24.0,
        width: WIDTH - LEFT - RIGHT,
        height: 190.0,
        strip: 0.0,
        names: 0.0,
        x,
        y: Scale::Linear { low: 0.0, high: 1.0 },
    };
    let axis = Axis {
        title: Some(format!("distance{}", if is_long { " (by logarithm)" } else { "" })),
        scale: x,
        ticks: ticks(x),
    };
    let mut plot = Plot::new(panel.frame(), "Pairs (share)", axis, Axis::of(panel.y, None));
    let most = exchange.by_hops.len();
    let edge = |hops: usize| -> Vec<(f64, f64)> {
        let share = |reach: &DistanceReach| reach.by_hops.iter().take(hops).sum::<usize>() as f64 / reach.pairs as f64;
        distances.iter().map(|reach| (reach.distance as f64, share(reach))).collect()
    };
    let one: Vec<(f64, f64)> = distances.iter().map(|reach| (reach.distance as f64, 1.0)).collect();
    let end = |edge: &[(f64, f64)]| edge.last().map_or(0.0, |point| point.1);
    let area = |name: String, lower: Vec<(f64, f64)>, upper: Vec<(f64, f64)>, color: Color| {
        let name = Some(name).filter(|_| end(&upper) - end(&lower) > LOWEST);
        Layer::Area(Area { name, lower, upper, color, opacity: 1.0, parted: false })
    };
    for hops in 1..=most {
        plot.layers.push(area(
            counted(hops, "hop"),
            edge(hops - 1),
            edge(hops),
            Color { line: hop_color(hops, most), text: TEST.text },
        ));
    }
    if exchange.blind() > 0 {
        plot.layers.push(area("blind".to_owned(), edge(most), one, TRAIN));
    }
    let through = match &reach.local {
        Some(local) => format!("the {} that do not see all", counted(local.n_layers, "layer")),
        None => format!("all {}", counted(reach.n_layers, "layer")),
    };
    let caption = format!(
        "Of the pairs at each distance the share that needs one hop, two hops and so on, and in orange the share that exchanges nothing \
         through {through}."
    );
    let plots = Plots { size: (WIDTH, panel.bottom() + 44.0), plots: vec![plot], items: Vec::new() };
    Figure::of_plots(NAME, TITLE, caption, plots)
}

/// Whole distances.
fn ticks(scale: Scale) -> Ticks {
    let whole = scale.ticks().into_iter().filter(|tick| tick.value.fract() == 0.0 && tick.label.is_some());
    let tick = |tick: Tick| Tick { label: Some(count(tick.value as u64)), ..tick };
    Ticks::At(whole.map(tick).collect())
}

//! Where over the layers the sink switches on.

use super::heat::layer_stride;
use crate::plot::{LEFT, Panel};
use crate::words::percent;
use dunwu::answer::{
    Axis, FAINT, Figure, Layer, Line, Mark, NEUTRAL, Place, Plot, Plots, Point, Points, Scale, TEST, Tick, Ticks, WIDTH,
};
use dunwu_attention::sparsity::{SINK_HEAD, Sparsity};

/// Room for names beside the curves.
const RIGHT: f64 = 128.0;

/// Mass on the first token by layer.
pub(super) fn figure(sparsity: &Sparsity) -> Figure {
    const TITLE: &str = "Where the sink switches on";
    let n = sparsity.n_layers();
    let onset = sparsity.sink_onset();
    let marks: Vec<(f64, String)> =
        onset.map(|layer| (layer as f64 - 0.5, format!("the sink switches on at layer {layer}"))).into_iter().collect();
    let panel = Panel {
        left: LEFT,
        top: 24.0,
        width: WIDTH - LEFT - RIGHT,
        height: 190.0,
        strip: 0.0,
        names: 0.0,
        x: Scale::Linear { low: -0.5, high: n as f64 - 0.5 },
        y: Scale::Linear { low: 0.0, high: 1.0 },
    }
    .below_marks(&marks);
    let ticks = (0..n).step_by(layer_stride(n, panel.width / n as f64));
    let ticks = ticks.map(|layer| Tick { value: layer as f64, label: Some(layer.to_string()) }).collect();
    let x = Axis { title: Some("layer".to_owned()), scale: panel.x, ticks: Ticks::At(ticks) };
    let mut plot = Plot::new(panel.frame(), "Share (of the attention; of heads)", x, Axis::of(panel.y, None));
    plot.marks = marks.into_iter().map(|(at, name)| Mark { at, name }).collect();
    plot.names_bands = true;
    plot.layers = vec![Layer::Points(heads(sparsity))];
    plot.layers.extend(curves(sparsity).map(Layer::Line));
    let onset = match onset {
        Some(0) => "It is on from the first layer.".to_owned(),
        Some(layer) => {
            format!("It switches on at layer {layer}, the first with more than half of the strongest layer's mean.")
        }
        None => "No head puts that much on it: there is no sink.".to_owned(),
    };
    let caption = format!(
        "Dots: mean mass of each head on the first token; line: their mean; dashed: the share of heads above {SINK_HEAD}, which \
         Gu et al. (arXiv:2410.10781) count as sinks. {onset}"
    );
    let plots = Plots { size: (WIDTH, panel.bottom() + 40.0), plots: vec![plot], items: Vec::new() };
    Figure::of_plots("attention-onset", TITLE, caption, plots)
}

/// A dot for each head.
fn heads(sparsity: &Sparsity) -> Points {
    let dot = |head: &dunwu_attention::sparsity::Head| {
        let mass = head.mean("mass_first");
        let tells = format!("layer {}, head {}: {}", head.layer, head.head, percent(mass));
        Point { at: Place::at(head.layer as f64, mass), tells: Some(tells) }
    };
    let points = sparsity.heads.iter().map(dot).collect();
    Points { name: None, points, radius: 2.6, color: TEST, hollow: false, opacity: 0.5 }
}

/// The mean of the heads of each layer, and how many of them have a sink.
fn curves(sparsity: &Sparsity) -> impl Iterator<Item = Line> {
    let layers = sparsity.layers();
    let points = |values: Vec<f64>| values.into_iter().enumerate().map(|(layer, y)| (layer as f64, y)).collect();
    let means = points(layers.iter().map(|layer| layer.mean("mass_first")).collect());
    let sinks = points(layers.iter().map(|layer| layer.sink_heads).collect());
    let above = format!("heads above {SINK_HEAD}");
    [
        Line::solid(Some("mean of the heads"), means, NEUTRAL, 1.8),
        Line { dashed: true, ..Line::solid(Some(&above), sinks, FAINT, 1.8) },
    ]
    .into_iter()
}

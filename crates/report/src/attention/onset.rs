//! Where over the layers the sink switches on.

use super::heat::layer_stride;
use crate::figures::Figure;
use crate::plot::{EndLabel, LEFT, Panel, Stroke};
use crate::svg::{Svg, WIDTH};
use crate::words::percent;
use dunwu::answer::{FAINT, NEUTRAL, TEST};
use dunwu::answer::{Scale, Tick};
use dunwu_attention::sparsity::{SINK_HEAD, Sparsity};

/// Room for names beside the curves.
const RIGHT: f64 = 128.0;

/// Mass on the first token by layer.
pub(super) fn figure(sparsity: &Sparsity) -> Figure {
    const TITLE: &str = "Where the sink switches on";
    let n = sparsity.n_layers();
    let panel = Panel {
        left: LEFT,
        top: 24.0,
        width: WIDTH - LEFT - RIGHT,
        height: 190.0,
        strip: 0.0,
        names: 0.0,
        x: Scale::Linear { low: -0.5, high: n as f64 - 0.5 },
        y: Scale::Linear { low: 0.0, high: 1.0 },
    };
    let onset = sparsity.sink_onset();
    let marks: Vec<(f64, String)> =
        onset.map(|layer| (layer as f64 - 0.5, format!("the sink switches on at layer {layer}"))).into_iter().collect();
    let panel = panel.below_marks(&marks);
    let mut svg = Svg::default();
    panel.y_axis(&mut svg, "Share (of the attention; of heads)");
    panel.mark_lines(&mut svg, &marks);
    for head in &sparsity.heads {
        let mass = head.mean("mass_first");
        let Some(place) = panel.at((head.layer as f64, mass)) else { continue };
        let told = format!("layer {}, head {}: {}", head.layer, head.head, percent(mass));
        svg.titled(&told, |svg| svg.circle(place, 2.6, &format!("fill=\"{}\" fill-opacity=\"0.5\"", TEST.line)));
    }
    let layers = sparsity.layers();
    let mut labels = Vec::new();
    let curves = [
        (
            "mean of the heads",
            NEUTRAL,
            false,
            layers.iter().map(|layer| layer.mean("mass_first")).collect::<Vec<f64>>(),
        ),
        ("heads above 0.3", FAINT, true, layers.iter().map(|layer| layer.sink_heads).collect()),
    ];
    for (text, color, dashed, values) in curves {
        let points: Vec<(f64, f64)> = values.into_iter().enumerate().map(|(layer, y)| (layer as f64, y)).collect();
        panel.curve(&mut svg, &points, Stroke { color, width: 1.8, dashed });
        let y = points.last().and_then(|(_, y)| panel.at_y(*y)).unwrap_or(panel.top);
        labels.push(EndLabel { y, text: text.to_owned(), color });
    }
    panel.end_labels(&mut svg, labels);
    let ticks = (0..n).step_by(layer_stride(n, panel.width / n as f64));
    let ticks = ticks.map(|layer| Tick { value: layer as f64, label: Some(layer.to_string()) }).collect();
    panel.x_axis_at(&mut svg, ticks, Some("layer"));
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
    Figure::drawn("attention_onset", TITLE, caption, svg, panel.bottom() + 40.0)
}

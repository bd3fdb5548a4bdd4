//! Every unit of a layer by what it memorizes and what it generalizes.

use crate::plot::{LEFT, Panel};
use dunwu::answer::{
    Anchor, Axis, Color, FAINT, Figure, Item, Layer, NEUTRAL, Place, Plot, Plots, Point, Points, RESTORED, Scale, TEST,
    TRAIN, Text, WIDTH,
};
use dunwu_verdict::units::{JudgedUnit, LayerVerdict, UnitRole};

const NAME: &str = "units";
const TITLE: &str = "Memory against generalization, unit by unit";

/// A dot a unit, its colour its role.
pub(super) fn figure(verdict: &LayerVerdict) -> Figure {
    let places: Vec<(usize, f64, f64)> = verdict
        .units
        .iter()
        .enumerate()
        .filter_map(|(unit, judged)| Some((unit, judged.evidence.held_out?.mean, judged.evidence.memory?.mean)))
        .collect();
    if places.is_empty() {
        return Figure::undefined(NAME, TITLE, "it takes flagged training samples and held-out samples");
    }
    let panel = Panel {
        left: LEFT,
        top: 42.0,
        width: WIDTH - LEFT - 24.0,
        height: 300.0,
        strip: 0.0,
        names: 0.0,
        x: Scale::linear(places.iter().map(|place| place.1), &[0.0]),
        y: Scale::linear(places.iter().map(|place| place.2), &[0.0]),
    };
    let mut plot = Plot::new(
        panel.frame(),
        "E (mean contribution to flagged samples beyond that to their twins)",
        Axis::of(panel.x, Some("H: mean contribution to held-out margins")),
        Axis::of(panel.y, None),
    );
    for role in UnitRole::ALL.into_iter().rev() {
        let points = places.iter().filter(|place| verdict.units[place.0].label.role == role);
        let points =
            points.map(|&(unit, h, e)| Point { at: Place::at(h, e), tells: Some(tells(unit, &verdict.units[unit])) });
        plot.layers.push(Layer::Points(Points {
            name: None,
            points: points.collect(),
            radius: 3.0,
            color: color(role),
            hollow: role == UnitRole::Neither,
            opacity: 0.85,
        }));
    }
    let plots = Plots { size: (WIDTH, panel.bottom() + 44.0), plots: vec![plot], items: key() };
    let caption = "Right: what carries over to samples that were not trained on. Up: what only memory explains.";
    Figure::of_plots(NAME, TITLE, caption, plots)
}

fn color(role: UnitRole) -> Color {
    match role {
        UnitRole::Memorizing => TRAIN,
        UnitRole::Generalizing => TEST,
        UnitRole::Both => RESTORED,
        UnitRole::Neither => NEUTRAL,
        UnitRole::CannotTell => FAINT,
    }
}

fn tells(unit: usize, judged: &JudgedUnit) -> String {
    format!("{unit}: {}", judged.label.role.name())
}

/// The roles with their colours, in a row above the plot.
fn key() -> Vec<Item> {
    let mut left = LEFT;
    let mut items = Vec::new();
    for role in UnitRole::ALL {
        let color = color(role);
        items.push(Item::Dot { at: (left, 8.0), radius: 3.0, color, hollow: role == UnitRole::Neither });
        items.push(Item::Text(Text {
            color: color.text,
            ..Text::small(Place::at(left + 8.0, 12.0), Anchor::Start, role.name())
        }));
        left += 104.0;
    }
    items
}

//! Attention maps of a few heads that show what there is: queries down, keys across.

use super::heat::{shades, span};
use crate::words::percent;
use dunwu::answer::{Axis, Cell, Figure, Fill, Frame, Item, Layer, Plot, Plots, Ticks, WIDTH};
use dunwu_attention::sparsity::{Head, Sparsity};

/// Weights below are not drawn: most are, and none of them could be seen.
pub(super) const LEAST: f32 = 0.01;

/// A head and what it does most.
struct ShownHead<'a> {
    head: &'a Head,
    name: &'static str,
}

/// What a head may do most, and how much of it it does.
type Kind<'k> = (&'static str, &'k dyn Fn(&Head) -> f64);

/// The maps, two beside two.
pub(super) fn figure(sparsity: &Sparsity, tokens: &[String]) -> Figure {
    const TITLE: &str = "What some heads look at";
    const SIDE: f64 = WIDTH / 2.0 - 12.0;
    let shown = shown_heads(sparsity);
    let mut plots = Plots::default();
    let mut top = 24.0;
    for pair in shown.chunks(2) {
        for (i, of) in pair.iter().enumerate() {
            let left = i as f64 * (SIDE + 24.0);
            let remark = format!("(layer {}, head {})", of.head.layer, of.head.head);
            plots.items.push(Item::Heading { at: (left, top - 9.0), name: of.name.to_owned(), remark });
            plots.plots.push(map(of.head, tokens, Frame { left, top, width: SIDE, height: SIDE }));
        }
        top += SIDE + 34.0;
    }
    plots.items.push(shades(top - 22.0));
    plots.size = (WIDTH, top - 6.0);
    let n = shown.first().map_or(0, |of| of.head.map.len());
    let caption = format!(
        "The first {n} tokens: each row is a query, each column a key, from the left the first token. Rest the pointer on a cell for \
         the two tokens and the weight, on a row for its token. Shades go by the square root of the weight; weights below \
         {} are left white.",
        percent(f64::from(LEAST))
    );
    Figure::of_plots("attention-patterns", TITLE, caption, plots)
}

/// The heads that do one thing most, each once.
fn shown_heads(sparsity: &Sparsity) -> Vec<ShownHead<'_>> {
    let far = |head: &Head| 1.0 - head.mean("mass_first") - head.mean("mass_next") - head.mean("mass_recent");
    let kinds: [Kind<'_>; 4] = [
        ("Most on the first token", &|head| head.mean("mass_first")),
        ("Most on recent tokens", &|head| head.mean("mass_recent")),
        ("Most spread", &|head| head.mean("evenness")),
        ("Most on neither", &far),
    ];
    let mut shown: Vec<ShownHead<'_>> = Vec::new();
    for (name, much) in kinds {
        let is_free = |head: &&Head| shown.iter().all(|of| (of.head.layer, of.head.head) != (head.layer, head.head));
        let most = sparsity.heads.iter().filter(is_free).max_by(|a, b| much(a).total_cmp(&much(b)));
        shown.extend(most.map(|head| ShownHead { head, name }));
    }
    shown
}

/// The map of one head.
pub(super) fn map(head: &Head, tokens: &[String], frame: Frame) -> Plot {
    let n = head.map.len().max(1);
    let token = |position: usize| tokens.get(position).map_or("?", String::as_str);
    let mut cells = Vec::new();
    for (query, weights) in head.map.iter().enumerate() {
        let y = ((n - query - 1) as f64, (n - query) as f64);
        let tells = Some(format!("query {query}: ‘{}’", token(query)));
        cells.push(Cell { x: (0.0, query as f64 + 1.0), y, fill: Fill::Color("#fff".to_owned()), letter: None, tells });
        for (position, weight) in weights.iter().enumerate().filter(|(_, weight)| **weight >= LEAST) {
            let weight = f64::from(*weight);
            let (from, to) = (token(query), token(position));
            let tells = Some(format!("‘{from}’ ({query}) looks at ‘{to}’ ({position}): {}", percent(weight)));
            let x = (position as f64, position as f64 + 1.0);
            cells.push(Cell { x, y, fill: Fill::Shade(weight.sqrt()), letter: None, tells });
        }
    }
    let axis = || Axis { title: None, scale: span(n), ticks: Ticks::None };
    let mut plot = Plot::new(frame, "", axis(), axis());
    plot.outlined = true;
    plot.layers = vec![Layer::Cells(cells)];
    plot
}

//! Maps over layers: four measures of every head, and what a cache of each size would lose.

use super::heat::{Heat, shades};
use crate::words::{count, percent};
use dunwu::answer::{Figure, Plots, WIDTH};
use dunwu_attention::sparsity::{Head, MEASURES, SINKS, Sparsity, measure};

/// What is drawn, all of them shares, so that one key serves all.
const DRAWN: [&str; 4] = ["mass_first", "mass_recent", "share_for_95", "evenness"];

/// A map a measure, layers across, heads down.
pub(super) fn measures(sparsity: &Sparsity) -> Figure {
    const TITLE: &str = "What every head does";
    const HALF: f64 = WIDTH / 2.0;
    let rows: Vec<String> = (0..sparsity.n_heads).map(|head| head.to_string()).collect();
    let head = |layer: usize, row: usize| &sparsity.of_layer(layer)[row];
    let mut plots = Plots::default();
    let mut top = 24.0;
    for pair in DRAWN.chunks(2) {
        let mut bottom: f64 = top;
        for (i, name) in pair.iter().enumerate() {
            let left = i as f64 * (HALF + 6.0);
            let map = Heat {
                title: MEASURES[measure(name)].title,
                remark: "",
                n_layers: sparsity.n_layers(),
                rows: &rows,
                row_name: "query heads",
                value: &|layer, row| head(layer, row).mean(name),
                says: &|layer, row| cell_text(head(layer, row), name),
            };
            let map = map.place((left, left + HALF - 8.0), top, 14.0);
            bottom = bottom.max(map.bottom);
            plots.plots.push(map.plot);
            plots.items.extend(map.items);
        }
        top = bottom + 24.0;
    }
    plots.items.push(shades(top - 20.0));
    plots.size = (WIDTH, top - 4.0);
    let caption = "Each cell is a head, its shade the mean over queries, from 0 to 1 in all four maps. Rest the pointer on a cell for \
                   the number and for how it varies between queries. Share of keys and evenness are small where attention is sparse.";
    Figure::of_plots("attention-heads", TITLE, caption, plots)
}

/// `layer 3, head 5: 43 % (four fifths of the queries: 30 % to 60 %)`.
fn cell_text(head: &Head, name: &str) -> String {
    let spread = head.measures[measure(name)];
    let [mean, low, high] = [spread.mean, spread.low, spread.high].map(percent);
    format!("layer {}, head {}: {mean} (four fifths of the queries: {low} to {high})", head.layer, head.head)
}

/// What sinks and a window would lose, layers across, sizes down.
pub(super) fn losses(sparsity: &Sparsity) -> Figure {
    const TITLE: &str = "What a cache of first and last keys would lose";
    let sizes = sparsity.plan.sizes();
    if sizes.is_empty() {
        return Figure::undefined("attention-lost", TITLE, "too few tokens were read for the smallest cache");
    }
    let rows: Vec<String> = sizes.iter().map(|size| format!("{SINKS}+{}", count((size - SINKS) as u64))).collect();
    let layers = sparsity.layers();
    let map = Heat {
        title: "Mass lost",
        remark: "(share of the attention, mean over heads)",
        n_layers: layers.len(),
        rows: &rows,
        row_name: "sinks + window of the cache",
        value: &|layer, row| layers[layer].lost[row],
        says: &|layer, row| format!("layer {layer}, {}: {} lost", rows[row], percent(layers[layer].lost[row])),
    };
    let map = map.place((0.0, WIDTH - 6.0), 24.0, 24.0);
    let mut items = map.items;
    items.push(shades(map.bottom + 2.0));
    let most = |row: usize| {
        let (layer, lost) = worst(&layers.iter().map(|layer| layer.lost[row]).collect::<Vec<f64>>());
        format!("{} with {} (layer {layer})", percent(lost), rows[row])
    };
    let last = sizes.len() - 1;
    let caption = format!(
        "Share of the attention that goes to keys which a cache of this size would have dropped, over queries with at least twice as \
         many keys. The largest loss of a layer is {}{}.",
        most(0),
        if last > 0 { format!(" and {}", most(last)) } else { String::new() },
    );
    let plots = Plots { size: (WIDTH, map.bottom + 18.0), plots: vec![map.plot], items };
    Figure::of_plots("attention-lost", TITLE, caption, plots)
}

/// The largest and where it is.
fn worst(values: &[f64]) -> (usize, f64) {
    values.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1)).expect("a model has layers")
}

//! Layers with their costs, and pairs by distance.

use super::answer::focus;
use dunwu::answer::{Table, TableCell};
use dunwu::reach::{DistanceReach, LayerKind, Reach};

/// Rows of the terminal's table of distances.
const FEW: usize = 10;

/// A row a kind of layer.
pub(super) fn layers(reach: &Reach) -> Table {
    let row = |kind: &LayerKind| {
        vec![
            kind.written.clone().into(),
            if kind.has_positions { "yes" } else { "no" }.into(),
            TableCell::Count(kind.n_layers as u64),
            TableCell::Count(kind.longest as u64),
            TableCell::Share(kind.cost.scores / LayerKind::full_scores(reach.length, reach.is_causal)),
            kind.cost.cached.map_or("none".into(), |keys| TableCell::Count(keys.round() as u64)),
        ]
    };
    let heads = ["attention", "positions", "layers", "longest distance", "scores of full", "keys held"];
    Table::new("layers", 2, &heads, reach.kinds.iter().map(row).collect())
}

fn row(reach: &DistanceReach) -> Vec<TableCell> {
    let hops = |hops: Option<usize>| TableCell::of(hops, |hops| TableCell::Count(hops as u64));
    vec![
        TableCell::Count(reach.distance as u64),
        hops(reach.fewest()),
        hops(reach.most()),
        TableCell::Share(reach.blind() as f64 / reach.pairs as f64),
    ]
}

fn table(rows: Vec<Vec<TableCell>>) -> Table {
    Table::new("distances", 0, &["distance", "fewest hops", "most hops", "blind"], rows)
}

/// Every distance that was looked at.
pub(super) fn distances(reach: &Reach) -> Table {
    table(focus(reach).distances.iter().map(row).collect())
}

/// Some of them, evenly, the first and the last among them.
pub(super) fn few_distances(reach: &Reach) -> Table {
    let all = &focus(reach).distances;
    let n = all.len().min(FEW);
    let place = |index: usize| index * (all.len() - 1) / (n - 1).max(1);
    table((0..n).map(|index| row(&all[place(index)])).collect())
}

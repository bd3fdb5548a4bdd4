//! Who hears of whom: a map of queries and keys, in which what is blind stands out.

use super::answer::focus;
use crate::plot::LEFT;
use crate::words::{count, counted, percent};
use dunwu::answer::{
    Anchor, Axis, Cell, Figure, Fill, Frame, Item, Layer, NEUTRAL, Place, Plot, Plots, Scale, TRAIN, Text, Tick, Ticks,
    WIDTH,
};
use dunwu::reach::{Exchange, MapCell, Reach, ReachMap};

/// Side of a map that stands alone.
const LARGE: f64 = 330.0;
/// Side of one of two maps.
const SMALL: f64 = 222.0;
const TOP: f64 = 42.0;

/// From one hop to the most.
const BLUES: [&str; 5] = ["#0A4A84", "#2B7FBD", "#5BA3D2", "#93C2E1", "#C6DCEC"];

/// The colour of what needs so many hops, of at most so many: the more, the paler.
pub(super) fn hop_color(hops: usize, most: usize) -> &'static str {
    match hops.checked_sub(1) {
        None => NEUTRAL.line,
        Some(more) => BLUES[(more * (BLUES.len() - 1)).checked_div(most - 1).unwrap_or(0)],
    }
}

pub(super) fn figure(reach: &Reach) -> Figure {
    let most = reach.all.by_hops.len().max(focus(reach).by_hops.len()).max(1);
    let maps: Vec<(&Exchange, String)> = match &reach.local {
        None => vec![(&reach.all, counted(reach.n_layers, "layer"))],
        Some(local) => vec![
            (local, format!("{} that do not see all", counted(local.n_layers, "layer"))),
            (&reach.all, format!("all {} layers", reach.n_layers)),
        ],
    };
    let side = if maps.len() == 1 { LARGE } else { SMALL };
    let (mut plots, mut items) = (Vec::new(), Vec::new());
    for (index, (exchange, name)) in maps.iter().enumerate() {
        let left = LEFT + index as f64 * (side + 76.0);
        let blind = exchange.blind_share();
        let remark = if exchange.is_exact { percent(blind) } else { format!("about {}", percent(blind)) };
        items.push(Item::Heading { at: (left, TOP - 25.0), name: name.clone(), remark: String::new() });
        let remark =
            if exchange.blind() == 0 { "no pair is blind".to_owned() } else { format!("{remark} of pairs are blind") };
        items.push(Item::Text(Text::small(Place::at(left, TOP - 9.0), Anchor::Start, remark)));
        plots.push(plot(&exchange.map, most, Frame { left, top: TOP, width: side, height: side }));
    }
    items.extend(key(most, TOP + side + 46.0));
    let shown = reach.all.map.extent;
    let part = if shown < reach.length {
        format!("the first {} of {}", count(shown as u64), counted(reach.length, "position"))
    } else {
        format!("all {}", counted(reach.length, "position"))
    };
    let block = match reach.all.map.block {
        1 => String::new(),
        block => format!(" A row is one position, a column {} of those that are heard of.", counted(block, "position")),
    };
    let caption = format!(
        "Orange: the later position can learn nothing of the earlier one, however the network is trained. Blue: it can, the paler the \
         more hops are needed. Shown are {part}.{block}"
    );
    let size = (WIDTH, TOP + side + 64.0);
    Figure::of_plots("reach-map", "Who hears of whom", caption, Plots { size, plots, items })
}

fn plot(map: &ReachMap, most: usize, frame: Frame) -> Plot {
    let n = map.queries.len();
    let scale = Scale::Linear { low: 0.0, high: n as f64 };
    let step = n.div_ceil(4);
    let ticks = |is_upward: bool| {
        let tick = |row: usize| Tick {
            value: if is_upward { row as f64 + 0.5 } else { (n - row) as f64 - 0.5 },
            label: Some(count(map.queries[row] as u64)),
        };
        Ticks::At((0..n).step_by(step).map(tick).collect())
    };
    let x = Axis { title: Some("position heard of; rows: position that hears".to_owned()), scale, ticks: ticks(true) };
    let y = Axis { title: None, scale, ticks: ticks(false) };
    let mut plot = Plot::new(frame, "", x, y);
    plot.outlined = true;
    let mut cells = Vec::new();
    for (row, line) in map.cells.iter().enumerate() {
        let mut from = 0;
        for run in line.chunk_by(|a, b| a == b) {
            let to = from + run.len();
            let fill = match run[0] {
                MapCell::Later => None,
                MapCell::Blind => Some(TRAIN.line),
                MapCell::Hops(hops) => Some(hop_color(hops, most)),
            };
            if let Some(fill) = fill {
                cells.push(Cell {
                    x: (from as f64, to as f64),
                    y: ((n - row - 1) as f64, (n - row) as f64),
                    fill: Fill::Color(fill.to_owned()),
                    letter: None,
                    tells: None,
                });
            }
            from = to;
        }
    }
    plot.layers = vec![Layer::Cells(cells)];
    plot
}

/// Which colour is which.
fn key(most: usize, y: f64) -> Vec<Item> {
    let mut shown = vec![1, 2.min(most), most.div_ceil(2), most];
    shown.sort_unstable();
    shown.dedup();
    let hops = shown.into_iter().map(|hops| (hop_color(hops, most), counted(hops, "hop")));
    let all = hops.chain([(TRAIN.line, "blind: nothing passes".to_owned())]);
    let mut left = LEFT;
    let mut items = Vec::new();
    for (color, name) in all {
        items.push(Item::Rectangle { at: (left, y), size: (12.0, 10.0), fill: Fill::Color(color.to_owned()) });
        items.push(Item::Text(Text::small(Place::at(left + 17.0, y + 9.0), Anchor::Start, &*name)));
        left += 17.0 + crate::svg::text_width(&name, 11.0) + 18.0;
    }
    items
}

//! What a judge saved of a sweep: run by run the steps that were made, and those that would have been made without it.

use crate::plot::{LEFT, Panel};
use crate::words::{count, percent};
use dunwu::answer::{
    Anchor, Axis, Cell, FAINT, Figure, Fill, Item, Layer, Place, Plot, Plots, Scale, TEST, TRAIN, Text, Ticks, WIDTH,
};
use dunwu_studies::sweep::{Results, SweepEnd};

/// Room on the right.
const RIGHT: f64 = 24.0;
/// Height of all bars together, at most, and of one.
const HEIGHT: f64 = 420.0;
const ROW: f64 = 7.0;

/// One run as a bar.
struct Bar {
    made: f64,
    asked: f64,
    color: &'static str,
    tells: String,
}

/// A bar a run, the longest at the bottom; `None` where the table has no such runs.
pub(super) fn figure(end: &SweepEnd) -> Option<Figure> {
    const NAME: &str = "judged";
    const TITLE: &str = "Steps with and without the judge";
    let results = Results::of(end.collected.table.clone()).ok()?;
    let mut bars: Vec<Bar> = (0..results.len()).filter_map(|run| bar(&results, run)).collect();
    bars.sort_by(|a, b| a.made.total_cmp(&b.made).then(a.asked.total_cmp(&b.asked)));
    let most = bars.iter().map(|bar| bar.asked).fold(1.0, f64::max);
    let n = bars.len();
    if n == 0 {
        return None;
    }
    let panel = Panel {
        left: LEFT,
        top: 46.0,
        width: WIDTH - LEFT - RIGHT,
        height: (ROW * n as f64).min(HEIGHT),
        strip: 0.0,
        names: 0.0,
        x: Scale::Linear { low: 0.0, high: most },
        y: Scale::Linear { low: n as f64, high: 0.0 },
    };
    let y = Axis { ticks: Ticks::None, ..Axis::of(panel.y, None) };
    let mut plot = Plot::new(panel.frame(), "Runs (sorted by steps made)", Axis::of(panel.x, Some("steps")), y);
    let cell = |row: usize, from: f64, to: f64, color: &str, tells: Option<String>| Cell {
        x: (from, to),
        y: (row as f64 + 0.1, row as f64 + 0.9),
        fill: Fill::Color(color.to_owned()),
        letter: None,
        tells,
    };
    let rows = || bars.iter().enumerate();
    let spared = rows().filter(|(_, bar)| bar.made < bar.asked);
    plot.layers.push(Layer::Cells(spared.map(|(row, bar)| cell(row, bar.made, bar.asked, SPARED, None)).collect()));
    plot.layers.push(Layer::Cells(
        rows().map(|(row, bar)| cell(row, 0.0, bar.made, bar.color, Some(bar.tells.clone()))).collect(),
    ));
    let (made, asked): (f64, f64) = bars.iter().fold((0.0, 0.0), |sums, bar| (sums.0 + bar.made, sums.1 + bar.asked));
    let caption = format!(
        "Without the judge these runs make {} steps, with it {} ({}).",
        count(asked as u64),
        count(made as u64),
        percent(made / asked.max(1.0))
    );
    let plots = Plots { size: (WIDTH, panel.bottom() + 44.0), plots: vec![plot], items: key() };
    Some(Figure::of_plots(NAME, TITLE, caption, plots))
}

/// Steps that were not made.
const SPARED: &str = "#E4E4E4";

/// Of a run that generalized no step after that is wasted, so that its bar ends there where it was told to stop.
fn bar(results: &Results, run: usize) -> Option<Bar> {
    let made = results.count(run, "step")? as f64;
    let is_parked = results.outcome(run) == "parked";
    let asked = if is_parked { results.count(run, "steps")? as f64 } else { made };
    let generalized = results.count(run, "step_generalized");
    let color = if generalized.is_some() {
        TEST.line
    } else if is_parked {
        FAINT.line
    } else {
        TRAIN.line
    };
    let tells = format!("{}: {} steps", results.outcome(run), count(made as u64));
    Some(Bar { made, asked, color, tells })
}

/// What the colours stand for.
fn key() -> Vec<Item> {
    let entries = [
        (TEST.line, "generalized"),
        (TRAIN.line, "ran to its end without"),
        (FAINT.line, "parked"),
        (SPARED, "steps that parking saved"),
    ];
    let mut left = LEFT;
    let mut items = Vec::new();
    for (color, name) in entries {
        items.push(Item::Rectangle { at: (left, 8.0), size: (12.0, 9.0), fill: Fill::Color(color.to_owned()) });
        items.push(Item::Text(Text {
            at: Place::at(left + 17.0, 16.5),
            text: name.to_owned(),
            anchor: Anchor::Start,
            size: 11.0,
            color: "#444",
            halo: false,
            turned: 0,
        }));
        left += 30.0 + crate::svg::text_width(name, 11.0);
    }
    items
}

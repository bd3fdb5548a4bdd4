//! Accuracy against the distance between key and question, a line a policy.

use crate::plot::{LEFT, Panel};
use crate::words::{count, percent};
use dunwu::answer::{
    Axis, CORRUPTED, Color, FAINT, Figure, Layer, NEUTRAL, Place, Plot, Plots, Point, Points, RESTORED, Scale,
    Segments, TEST, TRAIN, Tick, Ticks, WIDTH,
};
use dunwu::stats::Share;
use dunwu_attention::passkey::{CHANCE, Cell, Tally};
use dunwu_streams::PasskeyRun;

/// Room for the names of policies.
const RIGHT: f64 = 150.0;
/// Letters of a name beside a curve, at most.
const LONGEST: usize = 19;
/// Policies stand so far beside each other, so that their intervals can be distinguished.
const APART: f64 = 3.0;
/// One for each policy, from the first again where there are more.
const COLORS: [Color; 6] = [NEUTRAL, TEST, TRAIN, RESTORED, CORRUPTED, FAINT];

pub(super) fn figure(run: &PasskeyRun) -> Figure {
    const TITLE: &str = "Keys that are still known";
    let distances: Vec<usize> =
        run.tallies.first().map_or(Vec::new(), |tally| tally.cells.iter().map(|cell| cell.distance).collect());
    let (Some(&first), Some(&last)) = (distances.first(), distances.last()) else {
        return Figure::undefined("passkey", TITLE, "no key was asked for");
    };
    let (low, high) = (first.max(1) as f64 / 1.25, last.max(1) as f64 * 1.25);
    let panel = Panel {
        left: LEFT,
        top: 24.0,
        width: WIDTH - LEFT - RIGHT,
        height: 220.0,
        strip: 0.0,
        names: 0.0,
        x: Scale::Log { low, high },
        y: Scale::Linear { low: 0.0, high: 1.0 },
    };
    let tick = |distance: &usize| Tick { value: *distance as f64, label: Some(count(*distance as u64)) };
    let x = Axis {
        title: Some("tokens between key and question".to_owned()),
        scale: panel.x,
        ticks: Ticks::At(distances.iter().map(tick).collect()),
    };
    let title = "Keys known (share, with 95 % intervals)";
    let mut plot = Plot::new(panel.frame(), title, x, Axis::of(panel.y, None));
    let n = run.tallies.len();
    for (i, tally) in run.tallies.iter().enumerate() {
        let shift = (APART * (i as f64 - (n - 1) as f64 / 2.0)).clamp(-12.0, 12.0);
        plot.layers.extend(layers(tally, COLORS[i % COLORS.len()], shift, (low, high)));
    }
    let caption = format!(
        "Each line is a cache policy, all with the same prompts. Up to the dashed line of its colour a policy holds every key until the \
         answer is whole. Guessing would be right once in {}.",
        count((1.0 / CHANCE).round() as u64)
    );
    let plots = Plots { size: (WIDTH, panel.bottom() + 44.0), plots: vec![plot], items: Vec::new() };
    Figure::of_plots("passkey", TITLE, caption, plots)
}

/// A policy: up to where it holds the key, its line, its intervals, its dots, all moved to the right by `shift`.
fn layers(tally: &Tally, color: Color, shift: f64, (low, high): (f64, f64)) -> impl Iterator<Item = Layer> {
    let at = |x: f64, y: f64| Place::at(x, y).moved(shift, 0.0);
    let of = |cell: &Cell| at(cell.distance.max(1) as f64, cell.accuracy());
    let reach = tally.reach.map(|reach| reach as f64).filter(|reach| (low..high).contains(reach));
    let edge = reach.map(|reach| (at(reach, 0.0), at(reach, 1.0))).into_iter().collect();
    let line = tally.cells.windows(2).map(|pair| (of(&pair[0]), of(&pair[1]))).collect();
    let interval = |cell: &Cell| {
        let (share, x) = (Share::of(cell.right, cell.trials), cell.distance.max(1) as f64);
        (at(x, share.low), at(x, share.high))
    };
    let intervals = tally.cells.iter().map(interval).collect();
    let dot = |cell: &Cell| {
        let known = format!("{} of {} ({})", cell.right, cell.trials, percent(cell.accuracy()));
        let tells = format!("{}, {} tokens: {known}", tally.policy, count(cell.distance as u64));
        Point { at: of(cell), tells: Some(tells) }
    };
    let dots = tally.cells.iter().map(dot).collect();
    let name = Some(shortened(&tally.policy));
    [
        Layer::Segments(Segments { segments: edge, color, width: 1.4, dashed: true }),
        Layer::Segments(Segments { segments: line, color, width: 1.6, dashed: false }),
        Layer::Segments(Segments { segments: intervals, color, width: 1.0, dashed: false }),
        Layer::Points(Points { name, points: dots, radius: 3.2, color, hollow: false, opacity: 1.0 }),
    ]
    .into_iter()
}

fn shortened(name: &str) -> String {
    if name.chars().count() <= LONGEST {
        return name.to_owned();
    }
    name.chars().take(LONGEST - 1).chain(['…']).collect()
}

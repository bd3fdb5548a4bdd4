//! Accuracy against the distance between key and question, a line a policy.

use super::passkey::PasskeyRun;
use crate::figures::Figure;
use crate::plot::{EndLabel, LEFT, Panel, Stroke};
use crate::svg::{Svg, WIDTH};
use crate::words::{count, percent};
use dunwu::answer::{CORRUPTED, Color, FAINT, NEUTRAL, RESTORED, TEST, TRAIN};
use dunwu::answer::{Scale, Tick};
use dunwu::stats::Share;
use dunwu_attention::passkey::Tally;

/// Room for the names of policies.
const RIGHT: f64 = 150.0;
/// Letters of a name beside a curve, at most.
const LONGEST: usize = 19;
/// One for each policy, from the first again where there are more.
const COLORS: [Color; 6] = [NEUTRAL, TEST, TRAIN, RESTORED, CORRUPTED, FAINT];

pub(super) fn figure(run: &PasskeyRun) -> Figure {
    const TITLE: &str = "Keys that are still known";
    let distances: Vec<usize> = run.tallies[0].cells.iter().map(|cell| cell.distance).collect();
    let (first, last) = (distances[0].max(1) as f64, distances[distances.len() - 1].max(1) as f64);
    let panel = Panel {
        left: LEFT,
        top: 24.0,
        width: WIDTH - LEFT - RIGHT,
        height: 220.0,
        strip: 0.0,
        names: 0.0,
        x: Scale::Log { low: first / 1.25, high: last * 1.25 },
        y: Scale::Linear { low: 0.0, high: 1.0 },
    };
    let mut svg = Svg::default();
    panel.y_axis(&mut svg, "Keys known (share, with 95 % intervals)");
    let tick = |distance: &usize| Tick { value: *distance as f64, label: Some(count(*distance as u64)) };
    panel.x_axis_at(&mut svg, distances.iter().map(tick).collect(), Some("tokens between key and question"));
    let mut labels = Vec::new();
    for (i, tally) in run.tallies.iter().enumerate() {
        let color = COLORS[i % COLORS.len()];
        // Policies stand a little beside each other, so that their intervals can be told apart.
        let shift = 3.0 * (i as f64 - (run.tallies.len() - 1) as f64 / 2.0);
        let panel = Panel { left: panel.left + shift.clamp(-12.0, 12.0), ..panel };
        edge(&mut svg, &panel, tally, color);
        curve(&mut svg, &panel, tally, color);
        let y = tally.cells.last().and_then(|cell| panel.at_y(cell.accuracy())).unwrap_or(panel.top);
        labels.push(EndLabel { y, text: shortened(&tally.policy), color });
    }
    Panel { left: panel.left + 10.0, ..panel }.end_labels(&mut svg, labels);
    let caption = "Each line is a cache policy, all with the same prompts; up to the dotted line of its colour it holds every key \
                   until the answer is whole. Each key is five digits, and guessing would be right once in 100,000.";
    Figure::drawn("passkey", TITLE, caption.to_owned(), svg, panel.bottom() + 44.0)
}

/// Where a policy drops the key.
fn edge(svg: &mut Svg, panel: &Panel, tally: &Tally, color: Color) {
    let Some(reach) = tally.reach.filter(|reach| (panel.x.low()..panel.x.high()).contains(&(*reach as f64))) else {
        return;
    };
    let x = panel.at_x(reach as f64).expect("it is within the axis");
    let told = format!("{} holds every key up to a distance of {}", tally.policy, count(reach));
    let style = format!("stroke=\"{}\" stroke-width=\"1.4\" stroke-dasharray=\"1.5 3\"", color.line);
    svg.titled(&told, |svg| svg.line((x, panel.top), (x, panel.bottom()), &style));
}

fn curve(svg: &mut Svg, panel: &Panel, tally: &Tally, color: Color) {
    let points: Vec<(f64, f64)> =
        tally.cells.iter().map(|cell| (cell.distance.max(1) as f64, cell.accuracy())).collect();
    panel.curve(svg, &points, Stroke { color, width: 1.6, dashed: false });
    for cell in &tally.cells {
        let share = Share::of(cell.right, cell.trials);
        let x = cell.distance.max(1) as f64;
        let places = [share.share, share.low, share.high].map(|y| panel.at((x, y)));
        let [Some(dot), Some(low), Some(high)] = places else { continue };
        let told = format!(
            "{}, {} tokens: {} of {} ({})",
            tally.policy,
            count(cell.distance as u64),
            cell.right,
            cell.trials,
            percent(share.share)
        );
        svg.titled(&told, |svg| {
            svg.line(low, high, &format!("stroke=\"{}\" stroke-width=\"1\" stroke-opacity=\"0.6\"", color.line));
            svg.circle(dot, 3.2, &format!("fill=\"{}\"", color.line));
        });
    }
}

fn shortened(name: &str) -> String {
    if name.chars().count() <= LONGEST {
        return name.to_owned();
    }
    name.chars().take(LONGEST - 1).chain(['…']).collect()
}

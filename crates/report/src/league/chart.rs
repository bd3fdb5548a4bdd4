//! What predictors know as runs go on, and what stopping by each costs and saves.

use crate::plot::{LEFT, Panel};
use crate::words::percent;
use dunwu::answer::{
    Anchor, Axis, CORRUPTED, Color, FAINT, Figure, Layer, Line, NEUTRAL, Place, Plot, Plots, Point, Points, RESTORED,
    Scale, TEST, TRAIN, Text, WIDTH,
};
use dunwu_verdict::early::league::{League, LeagueRow};

/// Room for names on the right.
const RIGHT: f64 = 150.0;
/// Predictors whose areas are drawn, each with its colour; ours last, so that they are in front.
const DRAWN: [(&str, Color, bool); 8] = [
    ("hjorth", FAINT, false),
    ("spectral_entropy", FAINT, true),
    ("learning_coefficient", CORRUPTED, false),
    ("power_law", NEUTRAL, false),
    ("last_accuracy", NEUTRAL, true),
    ("sample_ratio", RESTORED, false),
    ("ours_spec", TRAIN, true),
    ("ours_held_out", TEST, false),
];

pub(super) fn figure(league: &League) -> Figure {
    const NAME: &str = "league";
    const TITLE: &str = "What each predictor knows, and what stopping by it costs";
    let panel = |top: f64, height: f64, x: Scale, y: Scale| Panel {
        left: LEFT,
        top,
        width: WIDTH - LEFT - RIGHT,
        height,
        strip: 0.0,
        names: 0.0,
        x,
        y,
    };
    let drawn = DRAWN.iter().filter_map(|(name, ..)| league.predictors.iter().find(|row| row.predictor == *name));
    let least = drawn.flat_map(|row| &row.auc).flatten().copied().fold(0.5, f64::min);
    let least = (least * 10.0).floor() / 10.0;
    let areas = panel(24.0, 210.0, Scale::Log { low: 1.0, high: 100.0 }, Scale::Linear { low: least, high: 1.0 });
    let mut above = Plot::new(
        areas.frame(),
        "Area under the ROC curve (among runs still undecided)",
        Axis::of(areas.x, Some("steps made (%)")),
        Axis::of(areas.y, None),
    );
    let row = |name: &str| league.predictors.iter().find(|row| row.predictor == name);
    for (name, color, dashed) in DRAWN {
        let Some(row) = row(name) else { continue };
        let points = league.looks.iter().zip(&row.auc).filter_map(|(look, area)| Some((100.0 * look, (*area)?)));
        let line = Line {
            name: Some(name.to_owned()),
            points: points.collect(),
            color,
            width: if name.starts_with("ours") { 2.4 } else { 1.5 },
            dashed,
            halo: false,
        };
        above.layers.push(Layer::Line(line));
    }
    let most = league.predictors.iter().map(|row| row.high).fold(0.05, f64::max);
    let costs = panel(
        areas.bottom() + 84.0,
        260.0,
        Scale::Linear { low: 0.0, high: 1.0 },
        Scale::Linear { low: 0.0, high: (most * 10.0).ceil() / 10.0 },
    );
    let mut below = Plot::new(
        costs.frame(),
        "Runs stopped that would have generalized (share)",
        Axis::of(costs.x, Some("wasted steps saved (share)")),
        Axis::of(costs.y, None),
    );
    let is_ours = |row: &LeagueRow| row.predictor.starts_with("ours");
    for ours in [false, true] {
        let rows: Vec<&LeagueRow> = league.predictors.iter().filter(|row| is_ours(row) == ours).collect();
        let color = if ours { TEST } else { NEUTRAL };
        let dot = |row: &&LeagueRow| {
            let share = row.false_kill_share.unwrap_or(0.0);
            let tells = format!(
                "{}: {} stopped falsely, {} of the waste saved",
                row.predictor,
                percent(share),
                percent(row.wasted_steps_saved)
            );
            Point { at: Place::at(row.wasted_steps_saved, share), tells: Some(tells) }
        };
        let points = rows.iter().map(dot).collect();
        below.layers.push(Layer::Points(Points {
            name: None,
            points,
            radius: 3.4,
            color,
            hollow: false,
            opacity: 1.0,
        }));
    }
    below.layers.push(Layer::Texts(names(league, &costs)));
    let caption = "Above: the chance that a run which generalizes scores above one that does not. Below: right and low is good. A rule \
                   that stops nobody stands at the lower left."
        .to_owned();
    let plots = Plots { size: (WIDTH, costs.bottom() + 44.0), plots: vec![above, below], items: Vec::new() };
    Figure::of_plots(NAME, TITLE, caption, plots)
}

/// Names beside their dots, those left out that would lie on another.
fn names(league: &League, panel: &Panel) -> Vec<Text> {
    let mut placed: Vec<(f64, f64)> = Vec::new();
    let mut rows: Vec<&LeagueRow> = league.predictors.iter().filter(|row| row.kills > 0).collect();
    // Ours first, so that theirs give way.
    rows.sort_by_key(|row| !row.predictor.starts_with("ours"));
    let name = |row: &&LeagueRow| {
        let (x, y) = (row.wasted_steps_saved, row.false_kill_share.unwrap_or(0.0));
        let (across, up) = panel.at((x, y))?;
        let is_free = placed.iter().all(|(a, b)| (a - across).abs() > 110.0 || (b - up).abs() > 10.0);
        is_free.then(|| {
            placed.push((across, up));
            Text {
                at: Place::at(x, y).moved(6.0, -4.0),
                text: row.predictor.clone(),
                anchor: Anchor::Start,
                size: 10.0,
                color: "#444",
                halo: true,
                turned: 0,
            }
        })
    };
    rows.iter().filter_map(name).collect()
}

//! What the units are doing, over time.

use crate::timeline::{self, Content, Series, Track};
use crate::view::View;
use crate::words::{self, count, counted, percent};
use dunwu::answer::{Figure, Scale};
use dunwu::answer::{LABELS, label_area};
use dunwu::opened::UnitLabel;

const NAME: &str = "labels";
const TITLE: &str = "What the hidden units are doing";

/// Shares of the four labels, stacked.
pub(super) fn figure(view: &View<'_>) -> Figure {
    let frames: Vec<_> = view.opened.frames.iter().filter(|f| !f.labels.is_empty()).collect();
    let Some(last) = frames.last() else {
        return Figure::undefined(NAME, TITLE, "the record holds no snapshot");
    };
    let share = |label: UnitLabel| {
        frames.iter().map(|f| (f.step as f64, View::labelled(f, label) as f64 / f.labels.len() as f64)).collect()
    };
    let areas = LABELS
        .iter()
        .filter(|&&label| frames.iter().any(|f| View::labelled(f, label) > 0))
        .map(|&label| {
            let name = format!("{} {}", count(View::labelled(last, label) as u64), words::label(label));
            Series::of_frames(&name, label_area(label), share(label))
        })
        .collect();
    let track = Track {
        title: "Labels (share of units)".into(),
        scale: Scale::Linear { low: 0.0, high: 1.0 },
        height: 170.0,
        content: Content::Shares(areas),
    };
    let plots = timeline::stack(view, &[track]);
    Figure::of_plots(NAME, TITLE, caption(view, last), plots)
}

fn caption(view: &View<'_>, last: &dunwu::opened::Frame) -> String {
    let n = |label| View::labelled(last, label);
    let majority = view
        .opened
        .frames
        .iter()
        .find(|f| View::labelled(f, UnitLabel::Generalizing) * 2 > f.labels.len())
        .map_or("generalizing units are never the majority".into(), |f| {
            format!("generalizing units are first the majority at step {}", count(f.step))
        });
    format!(
        "At step {}, {} of {} ({}) generalize, {} memorize, {} are undecided and {} are dead; {majority}.",
        count(last.step),
        count(n(UnitLabel::Generalizing) as u64),
        counted(last.labels.len(), "unit"),
        percent(n(UnitLabel::Generalizing) as f64 / last.labels.len() as f64),
        count(n(UnitLabel::Memorizing) as u64),
        count(n(UnitLabel::Undecided) as u64),
        count(n(UnitLabel::Dead) as u64),
    )
}

//! The learning curves of two runs in one figure: of `compare` and of `fork`.

use crate::timeline::{self, Content, Series, Track};
use crate::words;
use dunwu::Opened;
use dunwu::answer::{Figure, Scale, TEST, TRAIN};
use dunwu::compare::loss_name;

/// Accuracy and loss of both runs over their steps.
pub(crate) fn learning_curves(names: [&str; 2], runs: [&Opened; 2]) -> Figure {
    const NAME: &str = "learning_curves";
    const TITLE: &str = "Learning curves of both runs";
    type Read = fn(&dunwu_engine::Scalars) -> Option<f64>;
    let Some(last) = runs.iter().filter_map(|run| Some(run.scalars.last()?.step)).max() else {
        return Figure::undefined(NAME, TITLE, "neither record holds an evaluation");
    };
    let curves = |test: Read, train: Read| -> Vec<Series> {
        let curve = |name: &str, run: usize, read: Read, dashed| {
            let points = runs[run].scalars.iter().filter_map(|row| Some((row.step as f64, read(row)?))).collect();
            let (color, which) = [(TEST, "first"), (TRAIN, "second")][run];
            Series { dashed, ..Series::evaluated(&format!("{name}, {which}"), color, points) }
        };
        let mut curves =
            vec![curve("test", 0, test, false), curve("test", 1, test, false), curve("train", 0, train, true)];
        curves.push(curve("train", 1, train, true));
        curves.retain(|series| !series.points.is_empty());
        curves
    };
    let losses = curves(|row| row.test_loss, |row| Some(row.train_loss));
    let values: Vec<f64> = losses.iter().flat_map(|series| &series.points).map(|point| point.1).collect();
    let minimised = runs.map(|run| loss_name(&run.spec));
    let own = if minimised[0] == minimised[1] { "a sample" } else { "each run its own" };
    let tracks = [
        Track {
            title: "Accuracy (share of samples)".into(),
            scale: Scale::Linear { low: 0.0, high: 1.0 },
            height: 150.0,
            content: Content::Curves(curves(|row| row.test_accuracy, |row| Some(row.train_accuracy))),
        },
        Track {
            title: format!("Loss ({own})"),
            scale: Scale::log(values, 12),
            height: 130.0,
            content: Content::Curves(losses),
        },
    ];
    let caption = |run: usize| {
        let which = ["first", "second"][run];
        let (name, loss) = (names[run], &minimised[run]);
        let generalized = words::generalizes(runs[run]);
        format!("The {which} run, {name} ({loss}), {generalized}.")
    };
    let caption = format!("{} {}", caption(0), caption(1));
    Figure::of_plots(NAME, TITLE, caption, timeline::stack_over(last.max(1), &[], &[], &tracks))
}

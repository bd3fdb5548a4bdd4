//! Loss and accuracy over time.

use crate::timeline::{self, Content, Series, Track};
use crate::view::View;
use crate::words::{count, counted, number, percent};
use dunwu::answer::{CORRUPTED, RESTORED, TEST, TRAIN};
use dunwu::answer::{Figure, Scale};
use dunwu_engine::loss::{Loss, Objective};
use dunwu_engine::train::Stay;

const NAME: &str = "curves";
const TITLE: &str = "Learning curves";

/// Accuracy above, loss below, with the stages as bands and the events as lines.
pub(super) fn figure(view: &View<'_>) -> Figure {
    if view.opened.scalars.is_empty() {
        return Figure::undefined(NAME, TITLE, "the record holds no evaluation");
    }
    let accuracies = vec![
        Series::evaluated("test", TEST, view.evaluated(|s| s.test_accuracy)),
        Series::evaluated("train", TRAIN, view.evaluated(|s| Some(s.train_accuracy))),
        Series {
            dashed: true,
            ..Series::evaluated("corrupted, given", CORRUPTED, view.evaluated(|s| s.corrupted_accuracy))
        },
        Series {
            dashed: true,
            ..Series::evaluated("corrupted, true", RESTORED, view.evaluated(|s| s.restored_accuracy))
        },
    ];
    let losses = vec![
        Series::evaluated("test", TEST, view.evaluated(|s| s.test_loss)),
        Series::evaluated("train", TRAIN, view.evaluated(|s| Some(s.train_loss))),
    ];
    let loss_values = losses.iter().flat_map(|s| &s.points).map(|&(_, v)| v);
    let unit = match view.opened.spec.loss {
        Objective::Outputs(Loss::Mse) => "mean squared error a sample",
        Objective::Outputs(Loss::CrossEntropy | Loss::Shaped(_)) => "nats a sample",
        Objective::Features(_) => "loss of the features",
    };
    let tracks = [
        Track {
            title: "Accuracy (share of samples)".into(),
            scale: Scale::Linear { low: 0.0, high: 1.0 },
            height: 150.0,
            content: Content::Curves(accuracies),
        },
        Track {
            title: format!("Loss ({unit})"),
            scale: Scale::log(loss_values, 12),
            height: 150.0,
            content: Content::Curves(losses),
        },
    ];
    let plots = timeline::stack(view, &tracks);
    Figure::of_plots(NAME, TITLE, caption(view), plots)
}

fn caption(view: &View<'_>) -> String {
    let opened = view.opened;
    let last = opened.scalars.last().expect("checked by the caller");
    // From when to when, with the times in between at which it was below: a stay may lapse before it ends.
    let while_there = |stay: Stay, times: &str, ends: f64| {
        let lapses = stay.lapses - u64::from(stay.left.is_some());
        let until = stay.left.map_or(" on".to_owned(), |left| format!(" to step {}", count(left)));
        let but = match lapses {
            0 => String::new(),
            lapses => format!(" but for {}", counted(lapses as usize, "lapse")),
        };
        let end = stay.left.map_or(String::new(), |_| format!(", and ends at {}", percent(ends)));
        format!("step {}{times}{until}{but}{end}", count(stay.arrived))
    };
    let train = match opened.knowledge.memorized {
        Some(stay) => format!(
            "Training accuracy is at {} or more from {}",
            percent(opened.spec.events.memorized),
            while_there(stay, "", last.train_accuracy)
        ),
        None if last.train_accuracy.is_finite() => {
            format!("Training accuracy ends at {}", percent(last.train_accuracy))
        }
        None => "Training accuracy is not defined at the end".into(),
    };
    let test = match (opened.knowledge.generalized, last.test_accuracy) {
        (Some(stay), ends) => {
            let step = stay.arrived;
            let times = opened
                .memorized()
                .filter(|&m| m > 0 && m < step)
                .map_or(String::new(), |m| format!(" ({} times as late)", number(step as f64 / m as f64)));
            format!(
                "test accuracy at {} or more from {}",
                percent(opened.spec.events.generalized),
                while_there(stay, &times, ends.unwrap_or_default())
            )
        }
        (None, Some(accuracy)) => format!("test accuracy ends at {}", percent(accuracy)),
        (None, None) => {
            format!("all {} samples are trained on, so there is no test curve", count(opened.n_train as u64))
        }
    };
    let ends = |loss: f64| {
        if loss.is_finite() { format!("ends at {}", number(loss)) } else { "is not finite at the end".into() }
    };
    let loss = format!("training loss {}", ends(last.train_loss));
    let test_loss = last.test_loss.map_or(String::new(), |l| format!(" and test loss {}", ends(l)));
    let corrupted = match (last.corrupted_accuracy, last.restored_accuracy) {
        (Some(given), Some(restored)) => format!(
            "; of the corrupted training samples {} get their wrong label in the end and {} their true one",
            percent(given),
            percent(restored)
        ),
        _ => String::new(),
    };
    format!("{train}, {test}; {loss}{test_loss}{corrupted}.")
}

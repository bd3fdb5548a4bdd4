//! Modular addition by waves: what the network knows with its key frequencies alone, and without them.

use crate::timeline::{self, Content, Series, Track};
use crate::view::{Course, View};
use crate::words::{count, number, percent};
use dunwu::answer::{Figure, Scale};
use dunwu::answer::{NEUTRAL, RESTORED, TEST, TRAIN};
use dunwu::measure;

const NAME: &str = "circuit";
const TITLE: &str = "With the key frequencies alone, and without them";

/// Restricted and excluded loss (Nanda et al. 2023) beside the losses of the same outputs; below, the share of the logits that the key
/// frequencies hold and how sparse the spectra are.
pub(super) fn figure(view: &View<'_>) -> Figure {
    let [restricted, excluded] = [measure::RESTRICTED_LOSS, measure::EXCLUDED_LOSS].map(|handle| view.course(handle));
    if restricted.is_empty() {
        return Figure::undefined(
            NAME,
            TITLE,
            "the task is not addition modulo M of two operands, or no output is finite",
        );
    }
    let losses = vec![
        Series::of_frames("key alone", NEUTRAL, restricted.clone()),
        Series { dashed: true, ..Series::of_frames("without key", RESTORED, excluded.clone()) },
        Series::of_frames("test", TEST, view.course(measure::TEST_LOSS)),
        Series::of_frames("train", TRAIN, view.course(measure::TRAIN_LOSS)),
    ];
    let values = losses.iter().flat_map(|s| &s.points).map(|&(_, v)| v);
    let held = key_share(view);
    let shares = vec![
        Series::of_frames("key, of logits", NEUTRAL, held.clone()),
        Series { dashed: true, ..Series::of_frames("Gini, embedding", TEST, view.course(measure::EMBEDDING_GINI)) },
        Series {
            dashed: true,
            ..Series::of_frames("Gini, readout", RESTORED, view.course(measure::NEURON_LOGIT_GINI))
        },
    ];
    let tracks = [
        Track {
            title: "Loss (a sample; key alone: all data; without key: training sample)".into(),
            scale: Scale::log(values, 12),
            height: 150.0,
            content: Content::Curves(losses),
        },
        Track {
            title: "Share of the logits' variance, and sparsity of spectra (0 flat, 1 one frequency)".into(),
            scale: Scale::Linear { low: 0.0, high: 1.0 },
            height: 104.0,
            content: Content::Curves(shares),
        },
    ];
    let plots = timeline::stack(view, &tracks);
    Figure::of_plots(NAME, TITLE, caption(view, &restricted, &excluded, &held), plots)
}

/// Σ of the `key_frequencies` largest `logit_frequency_share`, by snapshot.
fn key_share(view: &View<'_>) -> Vec<(f64, f64)> {
    let share = |frame| {
        let mut shares: Vec<f64> =
            view.per_irrep(frame, measure::LOGIT_FREQUENCY_SHARE)?.iter().filter_map(|share| *share).collect();
        shares.sort_by(|a, b| b.total_cmp(a));
        Some(shares.iter().take(view.scalar(frame, measure::KEY_FREQUENCIES)? as usize).sum())
    };
    view.opened.frames.iter().filter_map(|frame| Some((frame.step as f64, share(frame)?))).collect()
}

fn caption(view: &View<'_>, restricted: &[(f64, f64)], excluded: &[(f64, f64)], held: &[(f64, f64)]) -> String {
    let alone = Course::of(restricted).map_or(String::new(), |course| {
        format!("With the key frequencies alone the loss on all data {}", course.phrase())
    });
    let without = Course::of(excluded)
        .map_or(String::new(), |course| format!("; without them the loss on the training sample {}", course.phrase()));
    let held = held.last().map_or(String::new(), |&(step, share)| {
        format!("; at step {} they hold {} of the logits", count(step as u64), percent(share.clamp(0.0, 1.0)))
    });
    format!("{alone}{without}{held}.{}", lead(view, restricted).map_or(String::new(), |lead| format!(" {lead}")))
}

/// Which of the two falls to half of its start first and stays there: what the network could do, or what it does.
fn lead(view: &View<'_>, restricted: &[(f64, f64)]) -> Option<String> {
    let halved = |points: &[(f64, f64)]| {
        let half = points.first()?.1 / 2.0;
        let above = points.iter().rposition(|&(_, loss)| loss > half)?;
        points.get(above + 1).map(|&(step, _)| step)
    };
    let (alone, test) = (halved(restricted)?, halved(&view.course(measure::TEST_LOSS))?);
    let step = |step: f64| count(step as u64);
    Some(match alone.total_cmp(&test) {
        std::cmp::Ordering::Less => format!(
            "It is below half of its first value from step {} on, the test loss from step {} on: the circuit was there {} times \
             as early as it showed.",
            step(alone),
            step(test),
            number((test + 1.0) / (alone + 1.0))
        ),
        _ => format!(
            "It is below half of its first value from step {} on, the test loss from step {} on: no snapshot has \
             the circuit before it showed.",
            step(alone),
            step(test)
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use dunwu::measure::Quantity;

    #[test]
    fn the_key_frequencies_are_the_largest_shares() {
        let mut opened = sample::run(4, 3);
        for frame in &mut opened.frames {
            let shares = [0.0, 0.5, 0.125, 0.25].map(Some).to_vec();
            frame.values[measure::LOGIT_FREQUENCY_SHARE.index()] = Some(Quantity::PerIrrep(shares));
            frame.values[measure::KEY_FREQUENCIES.index()] = Some(Quantity::Scalar(2.0));
        }
        assert!(key_share(&View::of(&opened)).iter().all(|&(_, share)| share == 0.75));
    }

    #[test]
    fn the_caption_says_which_came_first() {
        let opened = sample::run(4, 40);
        let view = View::of(&opened);
        let test = view.course(measure::TEST_LOSS);
        let early: Vec<(f64, f64)> =
            test.iter().map(|&(step, _)| (step, if step < 10.0 { 1.0 } else { 0.1 })).collect();
        assert!(lead(&view, &early).unwrap().contains("times as early"), "{:?}", lead(&view, &early));
        let late: Vec<(f64, f64)> =
            test.iter().map(|&(step, _)| (step, if step < 399.0 { 1.0 } else { 0.1 })).collect();
        assert!(lead(&view, &late).unwrap().contains("no snapshot has"), "{:?}", lead(&view, &late));
        // What never falls, or never was above, says nothing.
        assert_eq!(lead(&view, &[(0.0, 1.0), (9.0, 1.0)]), None);
    }
}

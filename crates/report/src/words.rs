//! The sentences and words that several places share.

pub(super) use dunwu::answer::wording::{count, counted, list, number, percent};

use dunwu::Opened;
use dunwu::answer::{Band, Mark, stage_tint};
use dunwu::opened::{Stage, StageSpan, UnitLabel};
use dunwu_engine::Outcome;
use dunwu_engine::train::Stay;

/// The label as a word.
pub(super) fn label(label: UnitLabel) -> &'static str {
    match label {
        UnitLabel::Generalizing => "generalizing",
        UnitLabel::Memorizing => "memorizing",
        UnitLabel::Undecided => "undecided",
        UnitLabel::Dead => "dead",
    }
}

/// The stage as a word with the paper's numeral.
pub(super) fn stage(stage: Stage) -> (&'static str, &'static str) {
    match stage {
        Stage::Lazy => ("I", "lazy"),
        Stage::Independent => ("II", "independent"),
        Stage::Interactive => ("III", "interactive"),
    }
}

/// `5 steps after it had memorized …`, as far as there is something to say.
fn delay(opened: &Opened, generalized: u64) -> String {
    match opened.memorized() {
        Some(memorized) if memorized < generalized => format!(
            ", {} after it had memorized its {} (step {})",
            counted((generalized - memorized) as usize, "step"),
            counted(opened.n_train, "training sample"),
            count(memorized),
        ),
        Some(memorized) if memorized == generalized => {
            ", at the moment at which it memorized its training sample".into()
        }
        Some(memorized) => format!(", before it had memorized its training sample (step {})", count(memorized)),
        None => ", and it never memorized its whole training sample".into(),
    }
}

/// How the run ended, as one plain sentence; another says so where it was still learning.
pub(super) fn outcome(opened: &Opened) -> String {
    if opened.origin.is_some() {
        return imported(opened);
    }
    let rising = match opened.outcome {
        Outcome::Censored { .. } | Outcome::Lost { .. } | Outcome::Forgot { .. } if opened.improving => {
            " It was still improving when the steps ran out."
        }
        _ => "",
    };
    format!("{}{rising}", ending(opened))
}

/// What imported weights answer; when they came to do so is not known between their steps.
fn imported(opened: &Opened) -> String {
    let Some(last) = opened.scalars.last() else { return "No imported weights were evaluated yet.".to_owned() };
    if !last.train_loss.is_finite() {
        return format!("The imported weights of step {} have no finite loss.", count(last.step));
    }
    let train = percent(last.train_accuracy);
    let held_out = match last.test_accuracy {
        Some(test) => {
            format!("{} of the questions that the spec holds out and {train} of its training sample", percent(test))
        }
        None => format!("{train} of the samples, all of which the spec trains on"),
    };
    let course = match opened.scalars.as_slice() {
        [first, .., _] => format!(
            "; those of step {} answered {}",
            count(first.step),
            match first.test_accuracy {
                Some(test) => format!("{} and {}", percent(test), percent(first.train_accuracy)),
                None => percent(first.train_accuracy),
            }
        ),
        _ => String::new(),
    };
    format!("The imported weights of step {} answer {held_out}{course}.", count(last.step))
}

fn ending(opened: &Opened) -> String {
    let last_test = opened.scalars.iter().rev().find_map(|s| s.test_accuracy);
    let level = percent(opened.spec.events.generalized);
    let generalized = |at: u64| format!(", although it had generalized at step {}", count(at));
    match opened.outcome {
        Outcome::Grokked { step } => {
            let lapses = opened.knowledge.generalized.map_or(0, |stay| stay.lapses);
            let (held, delay) = (delay(opened, step), "of the questions that it was never shown");
            if lapses == 0 {
                format!("The network grokked: from step {} on it answers at least {level} {delay}{held}.", count(step))
            } else {
                format!(
                    "The network grokked: at step {} it came to answer at least {level} {delay}{held}; it fell below that {} \
                     since, and ends at {}.",
                    count(step),
                    counted(lapses as usize, "time"),
                    last_test.map_or("no accuracy".to_owned(), percent),
                )
            }
        }
        Outcome::Lost { arrived, left, last, .. } => format!(
            "The network generalized and lost it: at step {} it came to answer at least {level} of the questions that it was never \
             shown{}; from step {} on it answers fewer, and ends at {}{}.",
            count(arrived),
            delay(opened, arrived),
            count(left),
            percent(last),
            survivors(opened),
        ),
        Outcome::Forgot { arrived, left, last, .. } => format!(
            "The network memorized and forgot: at step {} it knew at least {} of its training sample; from step {} on it knows \
             less, and ends at {}{}{}.",
            count(arrived),
            percent(opened.spec.events.memorized),
            count(left),
            percent(last),
            last_test.map_or(String::new(), |test| {
                format!(" and at {} of the questions that it was never shown", percent(test))
            }),
            survivors(opened),
        ),
        Outcome::Censored { step } => match (last_test, opened.memorized()) {
            (Some(test), Some(memorized)) => format!(
                "The network memorized (step {}) but did not generalize within {}: it answers {} of the questions that it \
                 was never shown.",
                count(memorized),
                counted(step as usize, "step"),
                percent(test),
            ),
            (Some(test), None) => format!(
                "The network neither memorized nor generalized within {}: it answers {} of the questions that it was \
                 never shown.",
                counted(step as usize, "step"),
                percent(test),
            ),
            (None, _) => format!(
                "The network was trained on every one of the {} for {}, so there was nothing left to generalize to.",
                counted(opened.n_population, "sample"),
                counted(step as usize, "step"),
            ),
        },
        Outcome::Diverged { step } => format!(
            "Training diverged: at step {} a loss or a weight was no longer a finite number{}.",
            count(step),
            opened.generalized().map_or(String::new(), generalized),
        ),
        Outcome::Collapsed { step } => {
            let left = living(opened).filter(|&(alive, _)| alive > 0);
            let units = left.map_or("every hidden unit had decayed to nothing".to_owned(), |(alive, all)| {
                format!("all but {} of its {} had decayed to nothing", count(alive as u64), counted(all, "hidden unit"))
            });
            let before = opened.generalized().map_or(String::new(), generalized);
            format!("The network collapsed: by step {} {units}{before}.", count(step))
        }
    }
}

/// Units that are alive at the last snapshot, of all.
fn living(opened: &Opened) -> Option<(usize, usize)> {
    let frame = opened.frames.last().filter(|frame| !frame.labels.is_empty())?;
    Some((frame.labels.len() - frame.count(UnitLabel::Dead), frame.labels.len()))
}

/// `; 251 of its 256 hidden units are dead`, where most are.
fn survivors(opened: &Opened) -> String {
    let dead = living(opened).filter(|(alive, all)| 2 * alive < *all);
    dead.map_or(String::new(), |(alive, all)| {
        format!("; {} of its {} are dead", count((all - alive) as u64), counted(all, "hidden unit"))
    })
}

/// `generalizes at step 135`, and whether it stays so.
pub(super) fn generalizes(opened: &Opened) -> String {
    match opened.knowledge.generalized {
        Some(Stay { arrived, left: None, .. }) => format!("generalizes at step {}", count(arrived)),
        Some(Stay { arrived, left: Some(left), .. }) => {
            format!("generalizes at step {} and loses it from step {} on", count(arrived), count(left))
        }
        None => format!("does not generalize within {}", counted(opened.spec.steps as usize, "step")),
    }
}

/// When test accuracy passes a half, when it arrives, and whether it stays.
pub(super) fn jump(opened: &Opened) -> String {
    let half = opened.scalars.iter().find(|row| row.test_accuracy.is_some_and(|accuracy| accuracy >= 0.5));
    let Some(half) = half.map(|row| count(row.step)) else { return "test accuracy never passes a half".to_owned() };
    let arrives = match opened.knowledge.generalized {
        None => "does not arrive".to_owned(),
        Some(Stay { arrived, left: None, .. }) => format!("arrives at step {}", count(arrived)),
        Some(Stay { arrived, left: Some(left), .. }) => {
            format!("arrives at step {}, below its level again from step {} on", count(arrived), count(left))
        }
    };
    format!("test accuracy passes a half at step {half} and {arrives}")
}

/// Stages as bands of a plot, named by numeral and word where there is room.
pub(super) fn stage_bands(stages: &[StageSpan]) -> Vec<Band> {
    let band = |span: &StageSpan| {
        let (numeral, word) = stage(span.name);
        Band {
            from: span.from as f64,
            to: span.to as f64,
            names: vec![format!("{numeral} {word}"), word.to_owned(), numeral.to_owned()],
            tint: stage_tint(span.name),
        }
    };
    stages.iter().map(band).collect()
}

/// Events of a run as marks of a plot.
pub(super) fn event_marks(events: &[(u64, &str)]) -> Vec<Mark> {
    events.iter().map(|&(step, name)| Mark { at: step as f64, name: format!("{name} at {}", count(step)) }).collect()
}

/// Events of a run as lines without names, where there is no room for names.
pub(super) fn unnamed_marks(events: &[(u64, &str)]) -> Vec<Mark> {
    events.iter().map(|&(step, _)| Mark { at: step as f64, name: String::new() }).collect()
}

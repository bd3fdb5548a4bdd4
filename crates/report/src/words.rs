//! The sentences and words that several places share.

pub(super) use dunwu::answer::wording::{count, counted, list, number, percent};

use dunwu::Opened;
use dunwu::answer::{Band, Mark, stage_tint};
use dunwu::opened::{Stage, StageSpan, UnitLabel};
use dunwu_engine::Outcome;

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
    match opened.memorized {
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

/// How the run ended, as one plain sentence.
pub(super) fn outcome(opened: &Opened) -> String {
    let last_test = opened.scalars.iter().rev().find_map(|s| s.test_accuracy);
    match opened.outcome {
        Outcome::Grokked { step } => format!(
            "The network grokked: from step {} on it answers at least {} of the questions that it was never shown{}.",
            count(step),
            percent(opened.spec.events.generalized),
            delay(opened, step),
        ),
        Outcome::Censored { step } => match (last_test, opened.memorized) {
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
        Outcome::Diverged { step } => {
            format!("Training diverged: at step {} a loss or a weight was no longer a finite number.", count(step))
        }
        Outcome::Collapsed { step } => {
            let before = opened
                .generalized
                .map_or(String::new(), |at| format!(", although it had generalized at step {}", count(at)));
            format!("The network collapsed: by step {} every hidden unit had decayed to nothing{before}.", count(step))
        }
    }
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

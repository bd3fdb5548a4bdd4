//! What happened in a run, in a few plain sentences, each with the number that it rests on. How it ended is not told here but
//! in the headline above, [`crate::report::outcome_sentence`].

use crate::Opened;
use crate::measure::label::{UnitLabel, fit_share};
use crate::opened::{Frame, sampling_words};
use dunwu_engine::Outcome;

/// Loss above which a test loss is called high although accuracy has arrived, as a share of the loss at step 0.
const STILL_HIGH: f64 = 0.1;
/// Irreps that a sentence lists by name before it only counts them.
const NAMED: usize = 8;

/// The sentences, in reading order. Where something is not defined for this run, its sentence is left out.
pub(crate) fn tell(opened: &Opened) -> Vec<String> {
    let sentences = [
        Some(sample(opened)),
        units(opened),
        irreps(opened),
        stage(opened),
        gradient(opened),
        aftermath(opened),
        Some(opened.expectation.sentence(opened.n_train, opened.outcome, opened.memorized.is_some())),
    ];
    sentences.into_iter().flatten().collect()
}

fn sample(opened: &Opened) -> String {
    let corrupted = match opened.spec.data.corrupted {
        0.0 => String::new(),
        share => format!(", {:.0} % of them with corrupted labels", 100.0 * share),
    };
    format!(
        "It saw {} of the {} entries of {} ({}{corrupted}).",
        opened.n_train,
        opened.n_population,
        opened.task,
        sampling_words(&opened.spec.data.sampling)
    )
}

fn units(opened: &Opened) -> Option<String> {
    let last = opened.frames.last()?;
    let [generalizing, memorizing, undecided, dead] = UnitLabel::ALL.map(|label| last.count(label));
    let share = last
        .entries("unit_fit_train")
        .and_then(|fit| fit_share(fit, &last.labels, UnitLabel::Generalizing))
        .filter(|_| generalizing > 0)
        .map_or(String::new(), |share| format!(" and carry {:.0} % of the fit", 100.0 * share.clamp(0.0, 1.0)));
    Some(format!(
        "Of {} units {generalizing} hold a generalizing feature{share}; {memorizing} memorize, {undecided} are undecided, {dead} \
         are dead.",
        last.labels.len()
    ))
}

fn irreps(opened: &Opened) -> Option<String> {
    let (covered, missing) = opened.coverage()?;
    let total = covered.len() + missing.len();
    let names =
        |irreps: &[&crate::group::Irrep]| irreps.iter().map(|irrep| irrep.name.as_str()).collect::<Vec<_>>().join(", ");
    let missing_names = match missing.len() {
        0 => String::new(),
        1..=NAMED => format!("; missing: {}", names(&missing)),
        more => format!("; missing: {} and {} more", names(&missing[..NAMED]), more - NAMED),
    };
    Some(format!("Pure units (purity above 0.9) cover {} of {total} non-trivial irreps{missing_names}.", covered.len()))
}

/// Left out, as the gradient is, where training diverged: there units turn because they are thrown, not because they learn.
fn stage(opened: &Opened) -> Option<String> {
    if matches!(opened.outcome, Outcome::Diverged { .. }) {
        return None;
    }
    let last = opened.stages.last()?;
    Some(format!(
        "It stopped in the {} stage, in which it was from step {}: {}.",
        last.name.name(),
        last.from,
        last.evidence
    ))
}

fn gradient(opened: &Opened) -> Option<String> {
    if matches!(opened.outcome, Outcome::Diverged { .. }) {
        return None;
    }
    let norms: Vec<(u64, f64)> =
        opened.frames.iter().filter_map(|frame| Some((frame.step, frame.scalar("gradient_norm")?))).collect();
    let (first, last) = (norms.first()?, norms.last()?);
    let peak = norms.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let aligned = opened.frames.iter().filter_map(|frame| Some((frame.step, frame.scalar("gradient_alignment")?)));
    let best = aligned.max_by(|a, b| a.1.total_cmp(&b.1));
    let aligned = best.map_or(String::new(), |(step, cosine)| {
        format!("; it came closest to the theory's Stage I form at step {step} (cosine {cosine:.2})")
    });
    Some(format!(
        "The gradient that reaches the hidden layer, ‖G_F‖, went from {:.1} to {:.1} at step {} and ended at {:.2}{aligned}.",
        first.1, peak.1, peak.0, last.1
    ))
}

/// What happens after the jump: the test loss lags behind, units drift to single tokens and die.
fn aftermath(opened: &Opened) -> Option<String> {
    let jump = opened.generalized?;
    let loss_at = |wanted: u64| opened.scalars.iter().find(|row| row.step >= wanted).and_then(|row| row.test_loss);
    let (first, then, last) = (loss_at(0)?, loss_at(jump)?, opened.scalars.last()?.test_loss?);
    let lag = if then > STILL_HIGH * first {
        format!(
            "When test accuracy arrived, test loss was still {then:.3} ({:.0} % of its start); it ended at {last:.4}",
            100.0 * then / first
        )
    } else {
        format!("When test accuracy arrived, test loss had already fallen to {then:.4}; it ended at {last:.4}")
    };
    let at_jump = opened.frames.iter().find(|frame| frame.step >= jump)?;
    let end = opened.frames.last()?;
    let on_tokens = |frame: &Frame| {
        frame.entries("unit_top2").unwrap_or_default().iter().flatten().filter(|&&mass| mass > 0.5).count()
    };
    let tokens = match (on_tokens(at_jump), on_tokens(end)) {
        (0, 0) => "no unit came to stand on one or two tokens".to_owned(),
        (then, now) => format!("units standing on one or two tokens went from {then} to {now}"),
    };
    let deaths = match (at_jump.count(UnitLabel::Dead), end.count(UnitLabel::Dead)) {
        (0, 0) => "no unit died".to_owned(),
        (then, now) => format!("dead units went from {then} to {now}"),
    };
    Some(format!("{lag}. From then to the end {tokens}, and {deaths}."))
}

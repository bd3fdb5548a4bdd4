//! What happened in a run, in a few plain sentences, each with the number that it rests on. How it ended is not told here but
//! in the headline above, `outcome_sentence` of `dunwu-report`.

use crate::Opened;
use crate::answer::wording::{count, number};
use crate::measure::{
    self,
    label::{UnitLabel, fit_share},
};
use crate::opened::Frame;
use crate::origin::Origin;
use dunwu_engine::Outcome;
use dunwu_engine::spec::{Architecture, Sampling};
use dunwu_engine::task::SharedProblem;

/// Loss above which a test loss is called high although accuracy has arrived, as a share of the loss at step 0.
const STILL_HIGH: f64 = 0.1;
/// Irreps that a sentence lists by name before it only counts them.
const NAMED: usize = 8;

/// The sentences, in reading order. Where something is not defined for this run, its sentence is left out.
pub(crate) fn tell(opened: &Opened) -> Vec<String> {
    let sentences = [
        opened.origin.as_ref().map(|origin| imported(origin, opened)),
        Some(sample(opened)),
        problems(opened),
        units(opened),
        irreps(opened),
        circuit(opened),
        tokens(opened),
        stage(opened),
        gradient(opened),
        aftermath(opened),
        Some(opened.expectation.sentence(opened.n_train, opened.outcome)),
    ];
    sentences.into_iter().flatten().collect()
}

/// What is known of weights that were trained elsewhere, and what is not.
fn imported(origin: &Origin, opened: &Opened) -> String {
    let steps: Vec<String> = origin.snapshots.iter().map(|snapshot| count(snapshot.step)).collect();
    let at = match steps.as_slice() {
        [step] => format!("step {step}"),
        [first, .., last] => format!("{} steps from {first} to {last}", count(steps.len() as u64)),
        [] => "no step".to_owned(),
    };
    let start = match origin.snapshots.first() {
        Some(first) if first.step > 0 => {
            "; their first step is not there, so how far units turned and which stages they passed is not known"
        }
        _ => "",
    };
    format!(
        "Its weights were trained elsewhere and imported from {} at {at}: losses and accuracies were computed from them here on the \
         samples of {}, and what the spec says of optimizer and seed is not known of them{start}.",
        origin.files(),
        opened.task,
    )
}

fn sample(opened: &Opened) -> String {
    let corrupted = match opened.spec.data.corrupted {
        0.0 => String::new(),
        share => format!(", {:.0} % of them with corrupted labels", 100.0 * share),
    };
    let noun = if opened.has_tokens() { "entries" } else { "inputs" };
    format!(
        "It saw {} of the {} {noun} of {} ({}{corrupted}).",
        count(opened.n_train as u64),
        count(opened.n_population as u64),
        opened.task,
        sampling_words(&opened.spec.data.sampling)
    )
}

/// What each of several problems came to, at the last snapshot.
fn problems(opened: &Opened) -> Option<String> {
    let problems = opened.spec.task.several();
    let last = opened.frames.last()?;
    let train = last.entries(measure::PROBLEM_TRAIN_ACCURACY)?;
    let test = last.entries(measure::PROBLEM_TEST_ACCURACY);
    let of = |(i, problem): (usize, &SharedProblem)| {
        let share = 100.0 * problem.share.0 as f64 / problem.share.1 as f64;
        let percent = |accuracy: f64| format!("{:.0} %", 100.0 * accuracy);
        let known = train.get(i).copied().flatten().map_or("none".to_owned(), percent);
        let held_out = test.and_then(|test| test.get(i).copied().flatten());
        let held_out =
            held_out.map_or(String::new(), |accuracy| format!(" and {} of what was held out", percent(accuracy)));
        format!(
            "of {} ({} % of the sample) it answers {known} of its training samples{held_out}",
            problem.name,
            number(share)
        )
    };
    let each: Vec<String> = problems.iter().enumerate().map(of).collect();
    Some(format!("It learned {} problems at once: {}.", problems.len(), each.join("; ")))
}

fn units(opened: &Opened) -> Option<String> {
    let last = opened.frames.last()?;
    let [generalizing, memorizing, undecided, dead] = UnitLabel::ALL.map(|label| last.count(label));
    let (are, carry) = if generalizing == 1 { ("is", "carries") } else { ("are", "carry") };
    let share = last
        .entries(measure::UNIT_FIT_TRAIN)
        .and_then(|fit| fit_share(fit, &last.labels, UnitLabel::Generalizing))
        .filter(|_| generalizing > 0)
        .map_or(String::new(), |share| {
            format!(" and {carry} {:.0} % of the fit on the training sample", 100.0 * share)
        });
    Some(format!(
        "At step {}, {} of {} {} {are} labelled generalizing{share}, {} memorizing, {} undecided and {} dead.",
        count(last.step),
        count(generalizing as u64),
        count(last.labels.len() as u64),
        opened.feature_noun(),
        count(memorizing as u64),
        count(undecided as u64),
        count(dead as u64),
    ))
}

/// The frequencies that modular addition is done with, and what the network knows with and without them.
fn circuit(opened: &Opened) -> Option<String> {
    let last = opened.frames.last()?;
    let n_key = last.scalar(measure::KEY_FREQUENCIES)? as usize;
    if n_key == 0 {
        return Some("No frequency holds its logits: what they know of the answer a + b is no wave.".to_owned());
    }
    let irreps = opened.irreps.as_ref()?;
    let shares = last.entries(measure::LOGIT_FREQUENCY_SHARE)?.iter().zip(irreps);
    let mut shares: Vec<(f64, &str)> =
        shares.filter_map(|(share, irrep)| Some(((*share)?, irrep.name.as_str()))).collect();
    shares.sort_by(|a, b| b.0.total_cmp(&a.0));
    shares.truncate(n_key);
    let held: f64 = shares.iter().map(|(share, _)| share).sum();
    let names = match n_key {
        1..=NAMED => format!(" ({})", shares.iter().map(|(_, name)| *name).collect::<Vec<_>>().join(", ")),
        _ => String::new(),
    };
    let (plural, hold, them) = if n_key == 1 { ("frequency", "holds", "it") } else { ("frequencies", "hold", "them") };
    // Half of the logits is where the key frequencies say more of the answer than everything else.
    let verb = if held > 0.5 { "It adds with" } else { "It does not add mainly by waves: its" };
    let (restricted, excluded) = (last.scalar(measure::RESTRICTED_LOSS)?, last.scalar(measure::EXCLUDED_LOSS)?);
    Some(format!(
        "{verb} {n_key} key {plural}{names}{} {:.0} % of its logits; with {them} alone its loss on all data is {}, without \
         {them} its loss on the training sample is {}.",
        if held > 0.5 { format!(", which {hold}") } else { format!(" {hold}") },
        100.0 * held.clamp(0.0, 1.0),
        loss_words(restricted),
        loss_words(excluded),
    ))
}

/// A loss to three decimals that never rounds to none.
fn loss_words(loss: f64) -> String {
    if loss < 0.001 { "below 0.001".to_owned() } else { format!("{loss:.3}") }
}

/// Why what is read off a unit's weights is missing, where it is.
fn tokens(opened: &Opened) -> Option<String> {
    let why = opened.why_no_token_weights()?;
    Some(format!(
        "Not defined here, because {why}: rotation and with it the stages, energies, localization, purity and irreps of units."
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
    let (name, from, evidence) = (last.name.name(), count(last.from), &last.evidence);
    Some(match opened.outcome {
        Outcome::Lost { .. } | Outcome::Forgot { .. } | Outcome::Collapsed { .. } => {
            format!("The last stage that it entered was the {name} one, at step {from}: {evidence}.")
        }
        _ => format!("It stopped in the {name} stage, which begins at step {from}: {evidence}."),
    })
}

fn gradient(opened: &Opened) -> Option<String> {
    // One snapshot has no course.
    if matches!(opened.outcome, Outcome::Diverged { .. }) || (opened.origin.is_some() && opened.frames.len() < 2) {
        return None;
    }
    let norms: Vec<(u64, f64)> =
        opened.frames.iter().filter_map(|frame| Some((frame.step, frame.scalar(measure::GRADIENT_NORM)?))).collect();
    let (first, last) = (norms.first()?, norms.last()?);
    let peak = norms.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let aligned =
        opened.frames.iter().filter_map(|frame| Some((frame.step, frame.scalar(measure::GRADIENT_ALIGNMENT)?)));
    let best = aligned.max_by(|a, b| a.1.total_cmp(&b.1));
    let aligned = best.map_or(String::new(), |(step, cosine)| {
        format!("; it came closest to the theory's Stage I form at step {} (cosine {})", count(step), number(cosine))
    });
    let rise = match peak.0 {
        step if step == first.0 || step == last.0 => String::new(),
        step => format!(" over {} at step {}", number(peak.1), count(step)),
    };
    Some(format!(
        "The gradient that reaches the {}, ‖G_F‖, went from {}{rise} to {} at the end{aligned}.",
        if opened.spec.model.architecture == Architecture::TwoLayer { "hidden layer" } else { "features" },
        number(first.1),
        number(last.1)
    ))
}

/// What happens after the jump: the test loss lags behind, units drift to single tokens and die.
fn aftermath(opened: &Opened) -> Option<String> {
    // Between imported steps nothing is known, so neither is when the jump was.
    let jump = opened.generalized().filter(|_| opened.origin.is_none())?;
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
    let on_tokens = |frame: &Frame| -> Option<usize> {
        Some(frame.entries(measure::UNIT_TOP2)?.iter().flatten().filter(|&&mass| mass > 0.5).count())
    };
    let tokens = on_tokens(at_jump).zip(on_tokens(end)).map_or(String::new(), |counts| match counts {
        (0, 0) => "no unit came to stand on one or two tokens, and ".to_owned(),
        (then, now) => format!("units standing on one or two tokens went from {then} to {now}, and "),
    });
    let deaths = match (at_jump.count(UnitLabel::Dead), end.count(UnitLabel::Dead)) {
        (0, 0) => "no unit died".to_owned(),
        (then, now) => format!("dead units went from {then} to {now}"),
    };
    Some(format!("{lag}. From then to the end {tokens}{deaths}."))
}

/// How the training sample was asked for, in words.
fn sampling_words(sampling: &Sampling) -> String {
    match sampling {
        Sampling::Fraction(fraction) => format!("{:.1} % of all", 100.0 * fraction),
        Sampling::Count(count) => format!("{count} samples"),
        Sampling::MultipleOfMLogM(multiple) => format!("{multiple} M ln M samples"),
        Sampling::Part(part, share) => format!("{:.1} % of {}", 100.0 * share, part.words()),
        Sampling::SplitFile(file) => format!("the samples named in {file}"),
    }
}

//! Thresholds and laws in sentences. No law is named without its rivals.

use crate::words::{count, counted, list, number, percent};
use dunwu_studies::law::{Decision, ENOUGH_BITS, Form, Further, SCATTERS, Study};

/// What it rests on, in one line.
pub(super) fn setup(study: &Study) -> String {
    let runs = &study.runs;
    let (first, last) = (&runs.sizes[0], &runs.sizes[runs.sizes.len() - 1]);
    let generalized: usize = study.thresholds.iter().map(|threshold| threshold.generalized).sum();
    format!(
        "{}: {}, of which {} generalized, at {} from M = {} to M = {}",
        runs.family,
        counted(runs.len(), "run"),
        count(generalized as u64),
        counted(runs.sizes.len(), "size"),
        first.m,
        last.m
    )
}

/// The one sentence that was asked for: which law, or that the runs cannot tell.
pub(super) fn verdict(study: &Study) -> String {
    let verdict = study.verdict;
    let (best, next) = (fitted(study, verdict.best), fitted(study, verdict.next));
    let apart = bits(verdict.bits);
    let preference = if verdict.tells() {
        format!("These runs prefer {best} to {next} by {apart} (odds of {} to 1)", odds(verdict.bits))
    } else {
        format!("These runs cannot tell {best} from {next}: {apart} apart, where {ENOUGH_BITS} would decide")
    };
    if verdict.no_law_ahead > 0.0 {
        let by = bits(verdict.no_law_ahead);
        return format!(
            "None of these laws fits: that every size has a threshold of its own is ahead of the best of them by {by}. \
             As far as laws go: {}{}.",
            preference[..1].to_lowercase(),
            &preference[1..]
        );
    }
    format!("{preference}.")
}

/// What would decide; `None` where it is decided.
pub(super) fn decide(study: &Study) -> Option<String> {
    let pair = format!("{} from {}", study.verdict.best.name(), study.verdict.next.name());
    match &study.decision {
        Decision::Made | Decision::NoneFits => None,
        Decision::By(further) => Some(format!(
            "These further runs would tell {pair}: {}, expected to say {} whichever of the two is true, for {} of what \
             the runs so far took (about {}).{}",
            design(further),
            bits(further.expected_bits),
            times(further.cost),
            hours(further.seconds),
            followed(study)
        )),
        Decision::OutOfReach(best) => Some(format!(
            "No further runs at one size up to three times the largest, for at most ten times what these took, are \
             expected to tell {pair}; the most telling are {}, with {} expected.",
            design(best),
            bits(best.expected_bits)
        )),
        Decision::NoFurtherSize => Some(format!(
            "Which further runs would tell {pair} cannot be said: tasks of {} have no size that could be chosen.",
            study.runs.family
        )),
    }
}

/// The command of the further runs.
pub(super) fn command(study: &Study) -> Option<&str> {
    match &study.decision {
        Decision::By(further) => Some(&further.command),
        _ => None,
    }
}

fn design(further: &Further) -> String {
    let amounts: Vec<String> = further.amounts.iter().map(|&n| count(n as u64)).collect();
    format!("M = {} with n = {}, {} seeds each", further.m, amounts.join(" and "), further.seeds)
}

/// What the command leaves open.
fn followed(study: &Study) -> String {
    if study.runs.following.is_empty() {
        return String::new();
    }
    format!(" Here {} went with the size; add what that size asks for.", list(&quoted(&study.runs.following), 4))
}

fn quoted(names: &[String]) -> Vec<String> {
    names.iter().map(|name| format!("`{name}`")).collect()
}

/// All that there is to say, the verdict first.
pub(super) fn sentences(study: &Study) -> Vec<String> {
    let mut sentences = vec![verdict(study)];
    sentences.extend(decide(study));
    sentences.extend(others(study));
    sentences.extend(exponent(study));
    sentences.extend(author(study));
    sentences.extend(limits(study));
    sentences
}

/// The laws that are neither the best nor the one after it.
fn others(study: &Study) -> Option<String> {
    let best = study.law(study.verdict.best).bits;
    let rest = Form::RIVALS.into_iter().filter(|&form| form != study.verdict.best && form != study.verdict.next);
    let behind: Vec<String> =
        rest.map(|form| format!("n ∝ {} by {}", form.name(), bits(study.law(form).bits - best))).collect();
    let law = study.verdict.best.name();
    let no_law = study.verdict.no_law_ahead;
    let no_law = if no_law <= 0.0 { format!("; no law at all by {}", bits(-no_law)) } else { String::new() };
    (!behind.is_empty()).then(|| format!("Behind n ∝ {law} are {}{no_law}.", behind.join(" and ")))
}

fn exponent(study: &Study) -> Option<String> {
    let a = study.law(Form::Power).exponent?;
    let mean = study.runs.sizes.iter().map(|size| (size.m as f64).ln()).sum::<f64>() / study.runs.sizes.len() as f64;
    Some(format!(
        "With a free, n grows as M^{:.2} (95 %: {:.2} to {:.2}); at these sizes M ln M looks like M^{:.2}.",
        a.value,
        a.low,
        a.high,
        1.0 + 1.0 / mean
    ))
}

fn author(study: &Study) -> Option<String> {
    let (author, same) = (study.law(Form::Author), study.law(Form::LogLinear));
    let c = same.scale?;
    let ahead = same.bits - author.bits;
    let standing = if ahead >= 0.0 {
        format!("{} ahead of M ln M with a constant of its own", bits(ahead))
    } else {
        format!("{} behind M ln M with a constant of its own", bits(-ahead))
    };
    Some(format!(
        "The author's line n = 2.7482 M ln M, with nothing fitted, is {standing}, which is {} ({} to {}).",
        number(c.value),
        number(c.low),
        number(c.high)
    ))
}

/// What the comparison cannot rest on.
fn limits(study: &Study) -> Vec<String> {
    let runs = &study.runs;
    let mut limits = Vec::new();
    let mut say = |n: usize, what: &str| {
        if n > 0 {
            limits.push(format!("{}{}", counted(n, "run"), what));
        }
    };
    say(runs.failed, " failed and count nowhere.");
    say(runs.diverged, " diverged and count as not generalized.");
    say(runs.lost, " generalized and lost it again, and count as not generalized.");
    say(runs.collapsed, " collapsed and count as not generalized.");
    if !runs.following.is_empty() {
        let names = list(&quoted(&runs.following), 4);
        let differ = if runs.following.len() == 1 { "differs" } else { "differ" };
        limits.push(format!("Beside the size, {names} {differ} between tasks: the law is of both together."));
    }
    let scatter = study.law(study.verdict.best).scatter.unwrap_or(0.0);
    if scatter > SCATTERS[3] {
        let law = study.verdict.best.name();
        limits.push(format!(
            "Even about {law} thresholds scatter by {}, about the most that was thought possible.",
            percent(scatter)
        ));
    }
    for threshold in &study.thresholds {
        if let Some(note) = threshold.note() {
            limits.push(format!("{}: {note}.", threshold.task));
        }
    }
    limits
}

/// A law with its constants: `n = 2.63 M ln M`.
fn fitted(study: &Study, form: Form) -> String {
    let law = study.law(form);
    match (form, law.exponent) {
        (Form::Power, Some(a)) => format!("n ∝ M^a (a = {:.2})", a.value),
        _ => format!("n ∝ {}", form.name()),
    }
}

fn bits(bits: f64) -> String {
    let text = format!("{bits:.1}");
    if text == "1.0" { "1 bit".to_owned() } else { format!("{} bits", text.strip_suffix(".0").unwrap_or(&text)) }
}

fn odds(bits: f64) -> String {
    if bits > 20.0 { "more than a million".to_owned() } else { number(bits.exp2()) }
}

fn times(share: f64) -> String {
    if share < 1.0 { percent(share) } else { format!("{} times", number(share)) }
}

fn hours(seconds: f64) -> String {
    match seconds {
        s if s < 120.0 => format!("{} s on one core", number(s)),
        s if s < 7200.0 => format!("{} min on one core", number(s / 60.0)),
        s => format!("{} h on one core", number(s / 3600.0)),
    }
}

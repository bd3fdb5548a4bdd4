//! One run judged: its split is known exactly, its numbers are measured again from its snapshots.

use super::judgement::{Audit, Form, Judgement};
use super::kind::Kind;
use super::table::Reported;
use crate::stats::fisher_greater;
use dunwu::Opened;
use dunwu::answer::wording::{count, number, percent};
use dunwu::measure;
use dunwu::scalars::SCALARS;
use dunwu_engine::{Outcome, Problem, Scalars, Split};
use std::collections::BTreeMap;

const ONE_RUN: &str = "One run compares nothing: audit the table of a sweep, with what is claimed of it.";
/// Mirrored samples are answered better than unseen ones beyond chance from this p on.
const LEVEL: f64 = 1e-3;
/// Accuracies that were recorded and measured again agree up to this; both are counts over the same samples.
const AGREE: f64 = 1e-6;
/// The number that a report of a run quotes.
const MEASURE: &str = "test_accuracy";

/// Judges a run that was opened, with the problem and the split that its spec draws; `reported` is the test accuracy that was reported.
pub fn of_run(opened: &Opened, problem: &Problem, split: &Split, reported: Option<Reported>) -> Audit {
    let judgements = vec![
        duplicates(problem, split),
        mirror_images(opened),
        label_in_input(problem),
        Judgement::nothing(
            Kind::SharedNormaliser,
            "Inputs are tokens or numbers as they are: no statistic of samples scales them.",
        ),
        wrong_split(opened, reported),
        wrong_step(opened, reported),
        censored(opened),
    ];
    let reading = format!(
        "{}: {} training and {} held-out samples.",
        opened.task,
        count(opened.n_train as u64),
        count((opened.n_population - opened.n_train) as u64)
    );
    Audit::of(Form::Run, judgements, vec![reading], ONE_RUN)
}

fn duplicates(problem: &Problem, split: &Split) -> Judgement {
    let kind = Kind::Duplicates;
    if problem.n_features == 0 {
        return Judgement::nothing(kind, "Every tuple of operands is one sample, in the training sample or held out.");
    }
    let key = |row: &[f32]| row.iter().map(|x| x.to_bits()).collect::<Vec<u32>>();
    let rows = |values: &'_ [f32]| values.chunks_exact(problem.n_features).map(key).collect::<Vec<_>>();
    let mut places: BTreeMap<Vec<u32>, usize> = BTreeMap::new();
    for (row, sample) in rows(&split.train.values).into_iter().enumerate() {
        places.entry(sample).or_insert(row);
    }
    let held_out = rows(&split.test.values);
    let twins: Vec<(usize, usize)> =
        held_out.iter().enumerate().filter_map(|(row, sample)| Some((row, *places.get(sample)?))).collect();
    let n = held_out.len();
    match twins.len() {
        0 => Judgement::nothing(kind, format!("None of {n} held-out samples is among the training samples.")),
        same => Judgement::misleads(kind, format!("{same} of {n} held-out samples are training samples."))
            .with("held-out samples that are training samples", same as f64)
            .with_rows(twins.iter().map(|(row, twin)| format!("test row {} = train row {}", row + 1, twin + 1))),
    }
}

/// Mirrored pairs mislead where they are answered better than those of which neither order was trained on: the accuracy over both
/// is then no accuracy on what was never seen.
fn mirror_images(opened: &Opened) -> Judgement {
    let kind = Kind::MirrorImages;
    let Some(frame) = opened.frames.last() else {
        return Judgement::cannot_tell(kind, "The run has no snapshot, from which accuracies could be measured.");
    };
    let part = |accuracy, samples| {
        let (share, n): (f64, f64) = (frame.scalar(accuracy)?, frame.scalar(samples)?);
        Some(((share * n).round() as usize, n as usize))
    };
    let mirrored = part(measure::MIRRORED_ACCURACY, measure::MIRRORED_SAMPLES);
    let Some((right, n)) = mirrored else {
        let why = "No held-out sample has the same answer as a training sample with its operands exchanged.";
        return Judgement::nothing(kind, why);
    };
    let share = n as f64 / (opened.n_population - opened.n_train).max(1) as f64;
    let Some((right_unseen, n_unseen)) = part(measure::UNSEEN_ACCURACY, measure::UNSEEN_SAMPLES) else {
        let sentence =
            format!("All {n} held-out samples are training samples with their operands exchanged: none is unseen.");
        return Judgement::misleads(kind, sentence).with("held-out samples that mirror a training sample", n as f64);
    };
    let p = fisher_greater((right, n), (right_unseen, n_unseen));
    let accuracies = [(right, n), (right_unseen, n_unseen)].map(|(right, n)| right as f64 / n as f64);
    let found = format!(
        "{} of the held-out samples are training samples with their operands exchanged: {} of them are right, and {} of the others",
        percent(share),
        percent(accuracies[0]),
        percent(accuracies[1])
    );
    let judgement = if p <= LEVEL {
        Judgement::misleads(kind, format!("{found}; the accuracy on what was never seen is {}.", number(accuracies[1])))
    } else {
        Judgement::nothing(kind, format!("{found}, so that the accuracy does not rest on them."))
    };
    judgement
        .with("share of held-out samples that mirror a training sample", share)
        .with("accuracy on them", accuracies[0])
        .with("accuracy on held-out samples of which neither order was trained on", accuracies[1])
        .with("p of so large a difference by chance", p)
}

fn label_in_input(problem: &Problem) -> Judgement {
    let kind = Kind::LabelInInput;
    let n = problem.n_population();
    let population = problem.population();
    // One label a value of this input, over every sample that there is.
    let decides = |value: &dyn Fn(usize) -> u32| {
        let mut labels: BTreeMap<u32, u32> = BTreeMap::new();
        let is_function =
            (0..n).all(|row| *labels.entry(value(row)).or_insert(problem.labels[row]) == problem.labels[row]);
        is_function && 2 * labels.len() <= n
    };
    let operands = (0..problem.n_operands()).filter(|&operand| decides(&|row| population.operands[operand][row]));
    let features = (0..problem.n_features)
        .filter(|&feature| decides(&|row| problem.values[row * problem.n_features + feature].to_bits()));
    let found: Vec<String> = operands
        .map(|operand| format!("operand {}", operand + 1))
        .chain(features.map(|feature| format!("input {}", feature + 1)))
        .collect();
    if found.is_empty() {
        return Judgement::nothing(kind, "No single input decides the label.");
    }
    Judgement::misleads(
        kind,
        format!("{} alone decides the label of every sample: the others need not be read.", found.join(" and ")),
    )
    .with("inputs that decide the label alone", found.len() as f64)
}

fn wrong_split(opened: &Opened, reported: Option<Reported>) -> Judgement {
    let kind = Kind::WrongSplit;
    let Some(last) = opened.scalars.last() else {
        return Judgement::cannot_tell(kind, "The run was never evaluated.");
    };
    let Some(test) = last.test_accuracy else {
        return Judgement::cannot_tell(
            kind,
            "No sample is held out: there is no test accuracy; draw less with data.fraction.",
        );
    };
    if let Some(reported) = reported.filter(|reported| !reported.fits(test)) {
        let other = SCALARS.iter().filter(|scalar| scalar.name != MEASURE && scalar.name.ends_with("accuracy"));
        let found = other
            .filter_map(|scalar| Some((scalar.name, (scalar.get)(last)?)))
            .find(|(_, value)| reported.fits(*value));
        if let Some((name, value)) = found {
            let sentence =
                format!("The reported {} is {name}; {MEASURE} is {} at the same step.", reported.value, number(test));
            return Judgement::misleads(kind, sentence).with(name, value).with(MEASURE, test);
        }
    }
    // Every snapshot's accuracies are measured again on the split that the spec draws.
    let at = |step: u64| opened.scalars.iter().find(|row| row.step == step);
    let mut n = 0;
    for frame in &opened.frames {
        let Some(row) = at(frame.step) else { continue };
        let pairs = [
            ("train_accuracy", frame.scalar(measure::TRAIN_ACCURACY), Some(row.train_accuracy)),
            (MEASURE, frame.scalar(measure::TEST_ACCURACY), row.test_accuracy),
        ];
        for (name, measured, recorded) in pairs {
            let Some((measured, recorded)) = measured.zip(recorded) else { continue };
            n += 1;
            if (measured - recorded).abs() > AGREE {
                let sentence = format!(
                    "At step {} the record's {name} is {} and the snapshot's is {} on the split of the spec.",
                    frame.step,
                    number(recorded),
                    number(measured)
                );
                return Judgement::misleads(kind, sentence).with("recorded", recorded).with("measured", measured);
            }
        }
    }
    match n {
        0 => Judgement::cannot_tell(kind, "No snapshot lies at an evaluation, so that nothing can be measured again."),
        n => Judgement::nothing(kind, format!("{n} recorded accuracies were measured again from snapshots and agree.")),
    }
}

fn wrong_step(opened: &Opened, reported: Option<Reported>) -> Judgement {
    let kind = Kind::WrongStep;
    let value = |row: &Scalars| Some((row.step, row.test_accuracy?));
    let evaluations: Vec<(u64, f64)> = opened.scalars.iter().filter_map(value).collect();
    let Some(&(step, last)) = evaluations.last() else {
        return Judgement::cannot_tell(kind, "No sample is held out: there is no test accuracy.");
    };
    let best = evaluations.iter().copied().fold((step, last), |best, row| if row.1 > best.1 { row } else { best });
    let found = format!(
        "{MEASURE} is {} at the last step, {step}, and was {} at its best, at step {}",
        number(last),
        number(best.1),
        best.0
    );
    let Some(reported) = reported else {
        return Judgement::nothing(
            kind,
            format!("{found}; whether a reported number is the one or the other tells --reported."),
        )
        .with("test accuracy at the last step", last)
        .with("best test accuracy", best.1);
    };
    let judgement = if reported.fits(last) {
        Judgement::nothing(kind, format!("{found}; {} was reported.", reported.value))
    } else if let Some((step, _)) = evaluations.iter().find(|(_, value)| reported.fits(*value)) {
        Judgement::misleads(kind, format!("The reported {} is that of step {step}; {found}.", reported.value))
    } else {
        Judgement::cannot_tell(kind, format!("No evaluation of the run gives {}; {found}.", reported.value))
    };
    judgement
        .with("reported", reported.value)
        .with("test accuracy at the last step", last)
        .with("best test accuracy", best.1)
}

fn censored(opened: &Opened) -> Judgement {
    let kind = Kind::CensoredRead;
    let Outcome::Censored { step } = opened.outcome else {
        return Judgement::nothing(kind, "The run was not cut off before it generalized.");
    };
    if opened.improving {
        return Judgement::misleads(
            kind,
            format!("The run was cut off at step {step} while its accuracy was rising: that it does not generalize is not shown."),
        )
        .with("step at which it was cut off", step as f64);
    }
    Judgement::nothing(
        kind,
        format!(
            "The run was cut off at step {step}, and its accuracy had stopped rising: it takes longer than that, if it ever does."
        ),
    )
}

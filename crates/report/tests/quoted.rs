//! Every number in a figure's caption and in a run's story is one of the table's: a second definition of a measure shows here.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

#[path = "support/training.rs"]
mod training;

use dunwu::Opened;
use dunwu::answer::Figure;
use dunwu::measure::label::UnitLabel;
use dunwu::measure::{self, Handle, shape};
use dunwu::opened::Frame;
use dunwu::scalars::SCALARS;
use dunwu_report::run::{KeptRun, of_opened};
use std::collections::BTreeSet;
use std::path::PathBuf;

fn run() -> Opened {
    let words =
        "task=cyclic:11 data.fraction=0.7 model.width=64 steps=400 numerics=exact record.snapshots_per_decade=6";
    training::opened(&training::spec(words, &[]), |_| {}).0
}

/// A number as a text has it: its value, and half of its last digit's unit.
#[derive(Clone, Copy, Debug)]
struct Quoted {
    value: f64,
    half_unit: f64,
}

/// The numbers of a text, without those that begin in a word, count how many times something is, or are bounds (`> 99.9 %`).
fn quoted(text: &str) -> Vec<Quoted> {
    let text = text.replace(" %", "%").replace("×10", "e").replace('−', "-");
    let words: Vec<&str> = text.split([' ', '(', ')', ';']).collect();
    let mut found = Vec::new();
    for (i, word) in words.iter().enumerate() {
        let is_bound = i > 0 && (words[i - 1] == ">" || words[i - 1] == "<");
        let is_factor = words.get(i + 1) == Some(&"times");
        let number = word.trim_end_matches(['.', ',', ':', '°', '%']);
        if is_bound || is_factor || !number.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
            continue;
        }
        let superscript = |c: char| "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().position(|other| other == c).map(|digit| digit.to_string());
        let plain: String = number
            .chars()
            .filter(|c| *c != ',')
            .map(|c| if c == '⁻' { "-".to_owned() } else { superscript(c).unwrap_or_else(|| c.to_string()) })
            .collect();
        let Ok(value) = plain.parse::<f64>() else { continue };
        let (mantissa, exponent) = plain.split_once('e').unwrap_or((&plain, "0"));
        let digits = mantissa.split_once('.').map_or(0, |(_, digits)| digits.len() as i32);
        let unit = 10f64.powi(exponent.parse::<i32>().unwrap() - digits);
        let scale = if word.trim_end_matches(['.', ',', ':']).ends_with('%') { 0.01 } else { 1.0 };
        // Three significant digits of a whole number above a thousand.
        let unit =
            if digits == 0 && value.abs() >= 1000.0 { 10f64.powf(value.abs().log10().floor() - 2.0) } else { unit };
        found.push(Quoted { value: value * scale, half_unit: 0.5 * unit * scale });
    }
    found
}

/// What a text may quote.
#[derive(Clone, Default)]
struct Allowed(Vec<f64>);

impl Allowed {
    /// What any text of the run may quote: its steps and sizes, and counts of units by label and of irreps.
    fn counts(opened: &Opened) -> Self {
        let steps = opened.scalars.iter().map(|row| row.step as f64).chain(opened.frames.iter().map(|f| f.step as f64));
        let labels = opened.frames.iter().flat_map(|frame| UnitLabel::ALL.map(|label| frame.count(label) as f64));
        let n_units = opened.frames[0].labels.len() as f64;
        let irreps = (0..=opened.irreps.as_ref().unwrap().len()).map(|n| n as f64);
        let sizes =
            [opened.n_train, opened.n_population, opened.frames.len(), opened.scalars.len(), 2 * opened.n_labels];
        let sizes = sizes.map(|n| n as f64);
        let shares = opened.frames.iter().map(|frame| frame.count(UnitLabel::Generalizing) as f64 / n_units);
        // Levels of events, and the purity from which on a unit counts as pure.
        let levels = [opened.spec.events.memorized, opened.spec.events.generalized, 0.9, n_units];
        Self(steps.chain(labels).chain(irreps).chain(sizes).chain(shares).chain(levels).collect())
    }

    fn with(mut self, values: impl IntoIterator<Item = f64>) -> Self {
        self.0.extend(values);
        self
    }

    fn measures(self, opened: &Opened, handles: &[Handle<shape::Scalar>]) -> Self {
        let values = handles.iter().flat_map(|&handle| opened.frames.iter().filter_map(move |f| f.scalar(handle)));
        self.with(values)
    }

    fn check(&self, text: &str, place: &str) -> usize {
        let quoted = quoted(text);
        for number in &quoted {
            let is_near = |value: &&f64| (**value - number.value).abs() <= number.half_unit * (1.0 + 1e-9);
            assert!(self.0.iter().any(|value| is_near(&value)), "{place}: {number:?} is not in the tables: {text}");
        }
        quoted.len()
    }
}

/// The median of the finite values of units with this label.
fn median_of(frame: &Frame, handle: Handle<shape::PerUnit>, label: UnitLabel) -> Option<f64> {
    let units = frame.entries(handle)?.iter().zip(&frame.labels).filter(|(_, other)| **other == label);
    let mut values: Vec<f64> = units.filter_map(|(value, _)| *value).collect();
    values.sort_by(f64::total_cmp);
    let (below, above) = (values.get(values.len().checked_sub(1)? / 2)?, values.get(values.len() / 2)?);
    Some(f64::midpoint(*below, *above))
}

#[test]
fn every_number_of_a_caption_is_in_the_tables() {
    let opened = run();
    let last = opened.frames.last().unwrap();
    let counts = Allowed::counts(&opened);
    let medians = |handles: [Handle<shape::PerUnit>; 2]| {
        let of = |handle| UnitLabel::ALL.into_iter().filter_map(move |label| median_of(last, handle, label));
        handles.into_iter().flat_map(of).collect::<Vec<_>>()
    };
    let evaluated = SCALARS.iter().filter_map(|scalar| (scalar.get)(opened.scalars.last().unwrap()));
    let held = opened.frames.iter().filter_map(|frame| {
        let mut shares: Vec<f64> = frame.entries(measure::LOGIT_FREQUENCY_SHARE)?.iter().copied().flatten().collect();
        shares.sort_by(|a, b| b.total_cmp(a));
        Some(shares.iter().take(frame.scalar(measure::KEY_FREQUENCIES)? as usize).sum::<f64>())
    });
    let purities: Vec<f64> = last.entries(measure::UNIT_PURITY).unwrap().iter().copied().flatten().collect();
    let n_pure = purities.iter().filter(|&&purity| purity > 0.9).count() as f64;
    let purity = {
        let mut sorted = purities.clone();
        sorted.sort_by(f64::total_cmp);
        f64::midpoint(sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2])
    };
    let n_units = last.labels.len() as f64;
    let of = |handles: &[Handle<shape::Scalar>]| counts.clone().measures(&opened, handles);
    let allowed = [
        ("curves", counts.clone().with(evaluated)),
        ("labels", counts.clone()),
        ("evidence", counts.clone().with(medians([measure::UNIT_FIT_TRAIN, measure::UNIT_FIT_HELD_OUT]))),
        ("energies", counts.clone().with(medians([measure::UNIT_ENERGY_TRAIN, measure::UNIT_ENERGY_POPULATION]))),
        ("irrep_map", counts.clone().with([purity, n_pure, n_pure / n_units])),
        ("coverage", counts.clone()),
        ("circuit", of(&[measure::RESTRICTED_LOSS, measure::EXCLUDED_LOSS]).with(held)),
        ("gradient", of(&[measure::GRADIENT_NORM, measure::GRADIENT_ALIGNMENT])),
        ("repulsion", of(&[measure::REPULSION, measure::KERNEL_DISTANCE])),
        ("norms", of(&[measure::HIDDEN_NORM, measure::TOP_NORM])),
        ("spectra", of(&[measure::EFFECTIVE_RANK, measure::UPDATE_LEADING_SHARE])),
    ];
    let answer =
        of_opened(&opened, &KeptRun { dir: PathBuf::from("runs/a"), end: None, reused: false, writer: None }, None);
    // The figures of the landscape are drawn on request and undefined here.
    let figures: Vec<&Figure> = answer.figures().filter(|figure| figure.drawing.is_some()).collect();
    let names = |names: &mut dyn Iterator<Item = &str>| names.map(str::to_owned).collect::<BTreeSet<_>>();
    assert_eq!(names(&mut figures.iter().map(|f| f.name.as_str())), names(&mut allowed.iter().map(|a| a.0)));
    for figure in figures {
        let (_, allowed) = allowed.iter().find(|(name, _)| *name == figure.name).unwrap();
        assert!(allowed.check(&figure.caption, &figure.name) > 0, "{}: {}", figure.name, figure.caption);
    }
}

#[test]
fn every_number_of_a_story_is_in_the_tables() {
    let opened = run();
    let allowed = Allowed::counts(&opened);
    let rows = opened.scalars.iter().flat_map(|row| SCALARS.iter().filter_map(|scalar| (scalar.get)(row)));
    let fits = opened.frames.iter().filter_map(|frame| {
        let fit = frame.entries(measure::UNIT_FIT_TRAIN)?;
        measure::label::fit_share(fit, &frame.labels, UnitLabel::Generalizing)
    });
    let starts = opened.scalars[0].test_loss.unwrap();
    let of_start = opened.scalars.iter().filter_map(|row| Some(row.test_loss? / starts));
    let turned = opened.frames.iter().filter_map(|frame| {
        let mut rotations: Vec<f64> = frame
            .entries(measure::UNIT_ROTATION)?
            .iter()
            .zip(&frame.labels)
            .filter(|(_, label)| **label != UnitLabel::Dead)
            .filter_map(|(rotation, _)| *rotation)
            .collect();
        rotations.sort_by(f64::total_cmp);
        Some((1.0 - rotations[rotations.len() / 2]).acos().to_degrees())
    });
    let held = opened.frames.iter().filter_map(|frame| {
        let mut shares: Vec<f64> = frame.entries(measure::LOGIT_FREQUENCY_SHARE)?.iter().copied().flatten().collect();
        shares.sort_by(|a, b| b.total_cmp(a));
        Some(shares.iter().take(frame.scalar(measure::KEY_FREQUENCIES)? as usize).sum::<f64>())
    });
    // Thresholds of stages, the fitted constant of the theory, its critical size, and the share that was asked for.
    let critical = 2.7482 * 11.0 * 11.0_f64.ln();
    let constants = [0.1, 0.9_f64.acos().to_degrees(), 2.7482, critical, 0.7];
    let handles = [
        measure::GRADIENT_NORM,
        measure::GRADIENT_ALIGNMENT,
        measure::RESTRICTED_LOSS,
        measure::EXCLUDED_LOSS,
        measure::KEY_FREQUENCIES,
    ];
    let allowed = allowed.measures(&opened, &handles);
    let allowed = allowed.with(rows).with(fits).with(of_start).with(turned).with(held).with(constants);
    let n: usize = opened.story.iter().map(|sentence| allowed.check(sentence, "story")).sum();
    assert!(n >= 20, "{n} numbers in {:?}", opened.story);
}

#[test]
fn numbers_are_read_as_they_are_written() {
    let read = |text: &str| quoted(text).iter().map(|q| (q.value, q.half_unit)).collect::<Vec<_>>();
    let near = |found: Vec<(f64, f64)>, wanted: &[(f64, f64)]| {
        assert_eq!(found.len(), wanted.len(), "{found:?}");
        for (a, b) in found.iter().zip(wanted) {
            assert!((a.0 - b.0).abs() < 1e-12 && (a.1 - b.1).abs() < 1e-12, "{found:?}");
        }
    };
    near(read("goes from 7.25 at step 1,200 to −1.5×10⁻³"), &[(7.25, 0.005), (1200.0, 5.0), (-1.5e-3, 5e-5)]);
    near(read("33.5 % of them (cosine 0.87), > 99.9 % and 3 times as much"), &[(0.335, 5e-4), (0.87, 0.005)]);
}

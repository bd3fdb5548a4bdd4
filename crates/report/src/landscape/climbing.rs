//! A run on its landscape: a table, sentences, the alluvial picture, a page.

use super::table::Table;
use super::{Page, drawings};
use crate::alluvial::{Alluvial, Stratum, alluvial};
use crate::figures::Figure;
use crate::page::{self, Head};
use crate::svg::escape;
use crate::terrain::{Terrain, strip};
use crate::words::{count, counted, list, number, percent};
use dunwu::Opened;
use dunwu::answer::{Color, FAINT, RESTORED, TEST, TRAIN};
use dunwu::landscape::PeakKind;
use dunwu::landscape::climbing::{Climbing, ClimbingError, ClimbingStep, Place, WatchedPeak, labels_by_peak};
use dunwu::measure::{self, label::UnitLabel};

/// Name and title of the figure of the flow of units.
const FLOW: (&str, &str) = ("climbing", "Which peak the hidden units stand below");
/// Columns of the alluvial picture.
const COLUMNS: usize = 8;

/// A table by snapshot, and one of the feature peaks, for a terminal.
pub fn climbing_table(opened: &Opened, climbing: &Climbing) -> String {
    let mut text = format!("{}\n\n{}", steps(opened, climbing).text(), peaks(climbing).text());
    if let Some(labels) = label_table(opened, climbing) {
        text = format!("{text}\n\n{}", labels.text());
    }
    text
}

fn steps(opened: &Opened, climbing: &Climbing) -> Table {
    let optional = |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{value:.2}"));
    let row = |step: &ClimbingStep| {
        let frame = opened.frames.iter().find(|frame| frame.step == step.step);
        let test = opened.scalars.iter().find(|row| row.step >= step.step).and_then(|row| row.test_accuracy);
        let mut cells = vec![step.step.to_string(), optional(test)];
        cells.push(step.now[PeakKind::Feature as usize].to_string());
        cells.extend(step.at.iter().map(usize::to_string));
        cells.push(optional(step.climbed_median));
        cells.push(format!("{} ({})", step.peaks, step.fullest));
        cells.push(step.unclimbed.to_string());
        cells.push(format!("{} / {}", optional(step.pull_climbed), optional(step.pull_unclimbed)));
        cells.push(optional(frame.and_then(|frame| frame.scalar(measure::REPULSION))));
        cells
    };
    Table {
        head: vec![
            "step",
            "test",
            "feat now",
            "high feat",
            "low feat",
            "mixed",
            "low mem",
            "high mem",
            "dead",
            "climbed",
            "peaks",
            "unclimbed",
            "pull left",
            "repel",
        ],
        n_text: 0,
        rows: climbing.steps.iter().map(row).collect(),
    }
}

fn peaks(climbing: &Climbing) -> Table {
    let row = |peak: &WatchedPeak| {
        vec![
            peak.name.clone(),
            number(peak.height),
            peak.units.to_string(),
            peak.pull_left.map_or("–".to_owned(), |pull| format!("{pull:.2}")),
        ]
    };
    Table {
        head: vec!["feature peak", "height", "units on it", "pull left"],
        n_text: 1,
        rows: climbing.peaks.iter().map(row).collect(),
    }
}

/// What happened, in sentences.
pub fn climbing_sentences(opened: &Opened, climbing: &Climbing) -> Vec<String> {
    let (Some(first), Some(last)) = (climbing.steps.first(), climbing.steps.last()) else { return Vec::new() };
    let below = |step: &ClimbingStep| step.at[Place::OnFeature as usize] + step.at[Place::BelowFeature as usize];
    let living = |step: &ClimbingStep| step.now.iter().sum::<usize>();
    let mut sentences = vec![format!(
        "On the {} landscape {} of {} living units stand below a feature peak at step {} and {} of {} at step {}; half-way \
         up are {} and {}.",
        climbing.energy.name(),
        count(below(first) as u64),
        count(living(first) as u64),
        count(first.step),
        count(below(last) as u64),
        count(living(last) as u64),
        count(last.step),
        count(first.at[Place::OnFeature as usize] as u64),
        count(last.at[Place::OnFeature as usize] as u64),
    )];
    sentences.push(switch(opened, climbing));
    let unclimbed: Vec<String> =
        climbing.peaks.iter().filter(|peak| peak.units == 0).map(|peak| peak.name.clone()).collect();
    if climbing.peaks.is_empty() {
        sentences.push(
            "This landscape has no feature peak that random starts or the population's peaks lead to.".to_owned(),
        );
    } else if unclimbed.is_empty() {
        sentences.push(format!("Each of its {} has been climbed.", counted(climbing.peaks.len(), "feature peak")));
    } else {
        sentences.push(format!(
            "Of {} nobody has climbed {}: {}.",
            counted(climbing.peaks.len(), "feature peak"),
            unclimbed.len(),
            list(&unclimbed, 8)
        ));
    }
    sentences.extend(label_and_peak(opened, climbing));
    sentences.extend(top_down(climbing));
    sentences
}

/// Units of the last snapshot by label and peak; `None` where that snapshot's labels are not known.
pub fn labels_at_end(opened: &Opened, climbing: &Climbing) -> Option<[[usize; 3]; 4]> {
    let last = climbing.steps.last()?;
    let frame = opened.frames.iter().find(|frame| frame.step == last.step)?;
    Some(labels_by_peak(&frame.labels, &last.of_unit))
}

/// How what units contribute relates to the peaks that they stand below.
fn label_and_peak(opened: &Opened, climbing: &Climbing) -> Option<String> {
    let (counts, last) = (labels_at_end(opened, climbing)?, climbing.steps.last()?);
    let generalizing = counts[UnitLabel::Generalizing as usize];
    let below_feature: usize = counts.iter().map(|row| row[PeakKind::Feature as usize]).sum();
    Some(format!(
        "A unit's label says what it contributes to the fit, its peak where climbing the energy would take it: at step {}, of {} labelled \
         generalizing {} stand below a feature peak, and of {} below a feature peak {} are labelled generalizing.",
        count(last.step),
        counted(generalizing.iter().sum(), "unit"),
        generalizing[PeakKind::Feature as usize],
        counted(below_feature, "unit"),
        generalizing[PeakKind::Feature as usize],
    ))
}

/// Labels against peaks at the last snapshot.
fn label_table(opened: &Opened, climbing: &Climbing) -> Option<Table> {
    let counts = labels_at_end(opened, climbing)?;
    let row = |(label, counts): (UnitLabel, [usize; 3])| {
        [label.name().to_owned()].into_iter().chain(counts.map(|n| n.to_string())).collect()
    };
    Some(Table {
        head: vec!["label", "feature peak", "mixed peak", "memory peak"],
        n_text: 1,
        rows: UnitLabel::ALL.into_iter().zip(counts).map(row).collect(),
    })
}

/// The moment from which on most units are high on the population's landscape, against the jump of test accuracy.
fn switch(opened: &Opened, climbing: &Climbing) -> String {
    let half = opened.scalars.iter().find(|row| row.test_accuracy.is_some_and(|accuracy| accuracy >= 0.5));
    let jump = match (half, opened.generalized) {
        (Some(half), Some(arrived)) => {
            format!("test accuracy passes a half at step {} and arrives at step {}", count(half.step), count(arrived))
        }
        (Some(half), None) => format!("test accuracy passes a half at step {} and does not arrive", count(half.step)),
        (None, _) => "test accuracy never passes a half".to_owned(),
    };
    let most = climbing
        .steps
        .iter()
        .map(|step| (step.now[0] as f64 / step.now.iter().sum::<usize>().max(1) as f64, step.step));
    let (share, at) = most.max_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or((0.0, 0));
    match climbing.switch() {
        Some(step) => format!(
            "The switch: from the snapshot at step {} on most living units stand at least half-way up a peak of the whole population's \
             landscape; {jump}.",
            count(step)
        ),
        None => format!(
            "There is no switch of the majority: at most {} of the living units stand at least half-way up a peak of the whole \
             population's landscape (step {}); {jump}.",
            percent(share),
            count(at)
        ),
    }
}

/// Factor from which on one pull is told from another. In the default run the two differ by less than a fifth at every snapshot.
const CLEAR: f64 = 1.25;

/// Whether what the gradient still asks for lies where nobody is.
fn top_down(climbing: &Climbing) -> Option<String> {
    let told = climbing.steps.iter().rev().find(|step| step.pull_climbed.is_some() && step.pull_unclimbed.is_some())?;
    let (climbed, unclimbed) = (told.pull_climbed?, told.pull_unclimbed?);
    let verdict = match unclimbed / climbed {
        ratio if ratio >= CLEAR => "points at what is missing",
        ratio if ratio <= CLEAR.recip() => "points at what is there already",
        _ => "tells the two apart by less than a quarter",
    };
    Some(format!(
        "At step {} the labels' pull is still {} towards the feature peaks that nobody has climbed and {} towards those that \
         are climbed (1 is all of it): the gradient {verdict}.",
        count(told.step),
        number(unclimbed),
        number(climbed)
    ))
}

/// The two figures that a run's report has of its landscape: the mountains with less and with more data, and the flow of its
/// units.
pub fn run_figures(opened: &Opened, climbing: Result<&Climbing, &ClimbingError>, mountains: &[Terrain]) -> [Figure; 2] {
    const MOUNTAINS: (&str, &str) = ("mountains", "The two mountains with less and with more data");
    match climbing {
        Err(why) => [
            Figure::undefined(MOUNTAINS.0, MOUNTAINS.1, &why.to_string()),
            Figure::undefined(FLOW.0, FLOW.1, &why.to_string()),
        ],
        Ok(climbing) if mountains.is_empty() => {
            let why = "with no amount of data is there both a memory and a feature peak";
            [Figure::undefined(MOUNTAINS.0, MOUNTAINS.1, why), flow(opened, climbing)]
        }
        Ok(climbing) => {
            let (title, caption) = (MOUNTAINS.1.to_owned(), mountains_caption(climbing, mountains));
            let mountains = Figure { name: MOUNTAINS.0, title, caption, svg: Some(strip(mountains, &[])) };
            [mountains, flow(opened, climbing)]
        }
    }
}

fn mountains_caption(climbing: &Climbing, mountains: &[Terrain]) -> String {
    let told = mountains.iter().map(|terrain| {
        let height = |kind: PeakKind| {
            let mark = terrain.marks.iter().find(|mark| mark.kind == kind);
            mark.map_or("none".to_owned(), |mark| {
                format!("{}{}", number(mark.height), if mark.is_peak { "" } else { " (no peak)" })
            })
        };
        format!(
            "with {} samples the memory mountain is {} high and the feature mountain {}",
            count(terrain.n_train as u64),
            height(PeakKind::Memory),
            height(PeakKind::Feature)
        )
    });
    format!(
        "On the {} landscape {}; every height is the energy of a unit, evaluated.",
        climbing.energy.name(),
        told.collect::<Vec<_>>().join(", ")
    )
}

/// Columns for [`Climbing`] steps that a picture has room for, the first and the last among them.
pub fn columns(steps: &[u64]) -> Vec<u64> {
    let n = steps.len();
    if n <= COLUMNS {
        return steps.to_vec();
    }
    (0..COLUMNS).map(|i| steps[i * (n - 1) / (COLUMNS - 1)]).collect()
}

fn color(place: Place) -> Color {
    match place {
        Place::OnFeature => TEST,
        Place::BelowFeature => Color { line: "#8FC1E0", text: "#00639B" },
        Place::Mixed => RESTORED,
        Place::BelowMemory => Color { line: "#EFB58A", text: "#B34700" },
        Place::OnMemory => TRAIN,
        Place::Dead => Color { line: "#BDBDBD", ..FAINT },
    }
}

/// The flow of units between places.
fn flow(opened: &Opened, climbing: &Climbing) -> Figure {
    let every: Vec<u64> = climbing.steps.iter().map(|step| step.step).collect();
    let shown = columns(&every);
    let picked: Vec<&ClimbingStep> = climbing.steps.iter().filter(|step| shown.contains(&step.step)).collect();
    let events = [(opened.memorized, "memorized"), (opened.generalized, "generalized")];
    let svg = alluvial(&Alluvial {
        steps: picked.iter().map(|step| step.step).collect(),
        strata: Place::ALL.map(|place| Stratum { name: place.words().to_owned(), color: color(place) }).to_vec(),
        of_unit: picked.iter().map(|step| step.of_unit.iter().map(|&place| place as usize).collect()).collect(),
        events: events.into_iter().filter_map(|(step, name)| Some((step?, name.to_owned()))).collect(),
        switch: climbing.switch(),
    });
    Figure {
        name: FLOW.0,
        title: FLOW.1.to_owned(),
        caption: climbing_sentences(opened, climbing)
            .into_iter()
            .take(2)
            .chain(label_and_peak(opened, climbing))
            .collect::<Vec<_>>()
            .join(" "),
        svg: Some(svg),
    }
}

/// What the columns of the tables mean.
const WORDS: &[(&str, &str)] = &[
    ("feat now", "Units that stand at least half-way up a peak of the whole population's landscape, as they are."),
    (
        "label and peak",
        "A label says what a unit contributes: generalizing where its share in the fit carries over to held-out samples. A peak says where \
         climbing the energy would take the unit: a feature peak is high on the landscape of the whole population too, a memory peak on that \
         of the sample alone. A unit below a feature peak need not contribute to the fit yet.",
    ),
    (
        "high, low",
        "Units whose own ascent ends on a feature, mixed or memory peak, at least half-way up that peak's height, or lower.",
    ),
    ("climbed", "Median over living units of their energy over that of the peak above."),
    ("peaks", "Distinct peaks that units stand below, and the units below the fullest."),
    ("unclimbed", "Feature peaks of the landscape that no unit is half-way up."),
    (
        "pull left",
        "Share of the labels' pull that the network has left, towards climbed and towards unclimbed feature peaks; 1 is all.",
    ),
    ("repel", "Of the 200 most similar pairs of units, the share that repel each other (Theorem 6)."),
];

/// The page.
pub fn climbing_page(opened: &Opened, climbing: &Climbing) -> Page {
    let figure = flow(opened, climbing);
    let mut body = page::shown(&figure);
    body += "<h2>The feature peaks</h2>\n";
    body += &peaks(climbing).html();
    if let Some(labels) = label_table(opened, climbing) {
        body += "<h2>What units contribute, and the peaks that they stand below</h2>\n";
        body += &labels.html();
    }
    body += "<h2>Snapshot by snapshot</h2>\n";
    body += &steps(opened, climbing).html();
    body += "<ul class=\"story\">\n";
    let sentences = climbing_sentences(opened, climbing);
    body += &page::items(&sentences);
    body += "</ul>\n";
    body += &page::words(WORDS);
    let html = page::document(&Head {
        kicker: "Dunwu · one run on its landscape",
        title: &opened.task,
        setup: &escape(&format!(
            "{} samples · {} units · {} energy",
            count(opened.n_train as u64),
            count(opened.spec.model.width as u64),
            climbing.energy.name()
        )),
        lede: sentences.get(1).map_or("", String::as_str),
        body: &body,
        footer: ". Theory: Y. Tian, arXiv:2509.21519. Colours: Okabe &amp; Ito.",
    });
    Page { html, drawings: drawings([figure]) }
}

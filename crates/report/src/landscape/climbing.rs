//! A run on its landscape: a table, sentences, the alluvial picture, a page.

use super::table::Table;
use super::{Page, drawings};
use crate::draw;
use crate::figures::Figure;
use crate::page::{self, Head};
use crate::svg::escape;
use crate::terrain::Terrain;
use crate::words::{count, counted, list, number, percent};
use dunwu::Opened;
use dunwu::answer::{self, Color, Drawing, FAINT, Flows, RESTORED, Stratum, TEST, TRAIN};
use dunwu::landscape::PeakKind;
use dunwu::landscape::climbing::{Climbing, ClimbingError, ClimbingStep, Place, WatchedPeak};

/// Name and title of the figure of the flow of units.
const FLOW: (&str, &str) = ("climbing", "Which peak the hidden units stand below");
/// Columns of the alluvial picture.
const COLUMNS: usize = 8;

/// A table by snapshot, and one of the generalizing peaks, for a terminal.
pub fn climbing_table(opened: &Opened, climbing: &Climbing) -> String {
    format!("{}\n\n{}", steps(opened, climbing).text(), peaks(climbing).text())
}

fn steps(opened: &Opened, climbing: &Climbing) -> Table {
    let optional = |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{value:.2}"));
    let row = |step: &ClimbingStep| {
        let frame = opened.frames.iter().find(|frame| frame.step == step.step);
        let test = opened.scalars.iter().find(|row| row.step >= step.step).and_then(|row| row.test_accuracy);
        let mut cells = vec![step.step.to_string(), optional(test)];
        cells.push(step.now[PeakKind::Generalizing as usize].to_string());
        cells.extend(step.at.iter().map(usize::to_string));
        cells.push(optional(step.climbed_median));
        cells.push(format!("{} ({})", step.peaks, step.fullest));
        cells.push(step.unclimbed.to_string());
        cells.push(format!("{} / {}", optional(step.pull_climbed), optional(step.pull_unclimbed)));
        cells.push(optional(frame.and_then(|frame| frame.scalar("repulsion"))));
        cells
    };
    Table {
        head: vec![
            "step",
            "test",
            "gen now",
            "high gen",
            "low gen",
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
        head: vec!["generalizing peak", "height", "units on it", "pull left"],
        n_text: 1,
        rows: climbing.peaks.iter().map(row).collect(),
    }
}

/// What happened, in sentences.
pub fn climbing_sentences(opened: &Opened, climbing: &Climbing) -> Vec<String> {
    let (Some(first), Some(last)) = (climbing.steps.first(), climbing.steps.last()) else { return Vec::new() };
    let below =
        |step: &ClimbingStep| step.at[Place::OnGeneralizing as usize] + step.at[Place::BelowGeneralizing as usize];
    let living = |step: &ClimbingStep| step.now.iter().sum::<usize>();
    let mut sentences = vec![format!(
        "On the {} landscape {} of {} living units stand below a generalizing peak at step {} and {} of {} at step {}; half-way \
         up are {} and {}.",
        climbing.energy.name(),
        count(below(first) as u64),
        count(living(first) as u64),
        count(first.step),
        count(below(last) as u64),
        count(living(last) as u64),
        count(last.step),
        count(first.at[Place::OnGeneralizing as usize] as u64),
        count(last.at[Place::OnGeneralizing as usize] as u64),
    )];
    sentences.push(switch(opened, climbing));
    let unclimbed: Vec<String> =
        climbing.peaks.iter().filter(|peak| peak.units == 0).map(|peak| peak.name.clone()).collect();
    if climbing.peaks.is_empty() {
        sentences.push(
            "This landscape has no generalizing peak that random starts or the population's peaks lead to.".to_owned(),
        );
    } else if unclimbed.is_empty() {
        sentences.push(format!("Each of its {} has been climbed.", counted(climbing.peaks.len(), "generalizing peak")));
    } else {
        sentences.push(format!(
            "Of {} nobody has climbed {}: {}.",
            counted(climbing.peaks.len(), "generalizing peak"),
            unclimbed.len(),
            list(&unclimbed, 8)
        ));
    }
    sentences.extend(top_down(climbing));
    sentences
}

/// The moment at which most units generalize, against the jump of test accuracy.
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
            "The switch: from the snapshot at step {} on most living units generalize as they are; {jump}.",
            count(step)
        ),
        None => format!(
            "There is no switch of the majority: at most {} of the living units generalize as they are (step {}); {jump}.",
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
        "At step {} the labels' pull is still {} towards the generalizing peaks that nobody has climbed and {} towards those that \
         are climbed (1 is all of it): the gradient {verdict}.",
        count(told.step),
        number(unclimbed),
        number(climbed)
    ))
}

/// The two figures that a run's report has of its landscape: the mountains with less and with more data, and the flow of its
/// units.
pub fn run_figures(
    opened: &Opened,
    climbing: Result<&Climbing, &ClimbingError>,
    mountains: &[Terrain],
) -> [answer::Figure; 2] {
    use answer::Figure;
    const MOUNTAINS: (&str, &str) = ("mountains", "The two mountains with less and with more data");
    match climbing {
        Err(why) => [
            Figure::undefined(MOUNTAINS.0, MOUNTAINS.1, &why.to_string()),
            Figure::undefined(FLOW.0, FLOW.1, &why.to_string()),
        ],
        Ok(climbing) if mountains.is_empty() => {
            let why = "with no amount of data is there both a memorizing and a generalizing peak";
            [Figure::undefined(MOUNTAINS.0, MOUNTAINS.1, why), flow(opened, climbing)]
        }
        Ok(climbing) => {
            let caption = mountains_caption(climbing, mountains);
            let drawing = Drawing::Terrains(mountains.to_vec());
            [Figure::drawn(MOUNTAINS.0, MOUNTAINS.1, caption, drawing), flow(opened, climbing)]
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
            "with {} samples the memorizing mountain is {} high and the generalizing one {}",
            count(terrain.n_train as u64),
            height(PeakKind::Memorizing),
            height(PeakKind::Generalizing)
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
        Place::OnGeneralizing => TEST,
        Place::BelowGeneralizing => Color { line: "#8FC1E0", text: "#00639B" },
        Place::Mixed => RESTORED,
        Place::BelowMemorizing => Color { line: "#EFB58A", text: "#B34700" },
        Place::OnMemorizing => TRAIN,
        Place::Dead => Color { line: "#BDBDBD", ..FAINT },
    }
}

/// The flow of units between places.
fn flow(opened: &Opened, climbing: &Climbing) -> answer::Figure {
    let every: Vec<u64> = climbing.steps.iter().map(|step| step.step).collect();
    let shown = columns(&every);
    let picked: Vec<&ClimbingStep> = climbing.steps.iter().filter(|step| shown.contains(&step.step)).collect();
    let events = [(opened.memorized, "memorized"), (opened.generalized, "generalized")];
    let flows = Flows {
        steps: picked.iter().map(|step| step.step).collect(),
        strata: Place::ALL.map(|place| Stratum { name: place.words().to_owned(), color: color(place) }).to_vec(),
        of_unit: picked.iter().map(|step| step.of_unit.iter().map(|&place| place as usize).collect()).collect(),
        events: events.into_iter().filter_map(|(step, name)| Some((step?, name.to_owned()))).collect(),
        switch: climbing.switch(),
    };
    let caption = climbing_sentences(opened, climbing).into_iter().take(2).collect::<Vec<_>>().join(" ");
    answer::Figure::drawn(FLOW.0, FLOW.1, caption, Drawing::Flows(flows))
}

/// What the columns of the tables mean.
const WORDS: &[(&str, &str)] = &[
    ("gen now", "Units that stand at least half-way up a peak of the whole population's landscape, as they are."),
    (
        "high, low",
        "Units whose own ascent ends on a generalizing, mixed or memorizing peak, at least half-way up that peak's height, or lower.",
    ),
    ("climbed", "Median over living units of their energy over that of the peak above."),
    ("peaks", "Distinct peaks that units stand below, and the units below the fullest."),
    ("unclimbed", "Generalizing peaks of the landscape that no unit is half-way up."),
    (
        "pull left",
        "Share of the labels' pull that the network has left, towards climbed and towards unclimbed generalizing peaks; 1 is all.",
    ),
    ("repel", "Of the 200 most similar pairs of units, the share that repel each other (Theorem 6)."),
];

/// The page.
pub fn climbing_page(opened: &Opened, climbing: &Climbing) -> Page {
    let figure = flow(opened, climbing);
    let svg = draw::svg(&figure);
    let figure = Figure { name: FLOW.0, title: figure.title, caption: figure.caption, svg };
    let mut body = page::shown(&figure);
    body += "<h2>The generalizing peaks</h2>\n";
    body += &peaks(climbing).html();
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

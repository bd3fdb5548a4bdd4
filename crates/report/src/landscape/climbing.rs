//! The verb `peaks --run`: a run on its landscape, in sentences, tables, and the flow of its units.

use super::THEORY;
use crate::figures::Figure as DrawnFigure;
use crate::words::{count, counted, list, number, percent};
use dunwu::Opened;
use dunwu::answer::{
    Answer, Block, Color, Drawing, FAINT, Fact, Figure, Flows, RESTORED, Section, Stratum, TEST, TRAIN, Table,
    TableCell, Terrain, object,
};
use dunwu::landscape::climbing::{Climbing, ClimbingStep, Place, WatchedPeak};
use dunwu::landscape::of_run::columns;
use dunwu::landscape::{ClimbingRequest, EnergyKind, PeakKind, RunLandscape};
use dunwu::verb::{VerbError, Watcher};
use schemars::JsonSchema;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Name and title of the figure of the flow of units.
const FLOW: (&str, &str) = ("climbing", "Which peak the hidden units stand below");
/// Name and title of the figure of the mountains.
const MOUNTAINS: (&str, &str) = ("mountains", "The two mountains with less and with more data");

/// What programs read of a run on its landscape.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ClimbingData {
    /// Directory of the run.
    run: PathBuf,
    /// The energy that its units climb.
    energy: EnergyKind,
    /// Its snapshots and the generalizing peaks of its landscape.
    climbing: Climbing,
}

/// Puts the units of a run on its landscape; `dir` is the run's directory.
pub fn answer(
    request: &ClimbingRequest<'_>,
    opened: &Opened,
    dir: &Path,
    watcher: &mut Watcher<'_>,
) -> Result<Answer, VerbError> {
    Ok(answer_of(opened, dir, request.climb(watcher)?))
}

fn answer_of(opened: &Opened, dir: &Path, climbing: Climbing) -> Answer {
    let (tops, course) = (Block::Table(peaks(&climbing)), Block::Table(steps(opened, &climbing)));
    let setup = format!(
        "{} · {} · {} energy",
        counted(opened.n_train, "training sample"),
        counted(opened.spec.model.width, "unit"),
        climbing.energy.name()
    );
    Answer {
        verb: "climbing",
        title: opened.task.clone(),
        setup,
        headline: switch(opened, &climbing),
        sentences: sentences(&climbing),
        sections: vec![
            Section::untitled(vec![Block::Figure(flow(opened, &climbing))]),
            Section::everywhere("The generalizing peaks", vec![tops]),
            Section::everywhere("Snapshot by snapshot", vec![course]),
            Section::of_page("Words used here", vec![Block::Words(words())]),
        ],
        sources: vec![THEORY.to_owned()],
        data: object(&ClimbingData { run: dir.to_owned(), energy: climbing.energy, climbing }),
    }
}

fn steps(opened: &Opened, climbing: &Climbing) -> Table {
    let share = |value: Option<f64>| TableCell::of(value, TableCell::Share);
    let units = |n: usize| TableCell::Count(n as u64);
    let row = |step: &ClimbingStep| {
        let frame = opened.frames.iter().find(|frame| frame.step == step.step);
        let test = opened.scalars.iter().find(|row| row.step >= step.step).and_then(|row| row.test_accuracy);
        let mut cells = vec![TableCell::Count(step.step), share(test)];
        cells.push(units(step.now[PeakKind::Generalizing as usize]));
        cells.extend(step.at.iter().map(|&n| units(n)));
        cells.push(share(step.climbed_median));
        cells.extend([step.peaks, step.fullest, step.unclimbed].map(units));
        cells.extend([share(step.pull_climbed), share(step.pull_unclimbed)]);
        cells.push(share(frame.and_then(|frame| frame.scalar("repulsion"))));
        cells
    };
    let heads = [
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
        "fullest",
        "unclimbed",
        "pull climbed",
        "pull unclimbed",
        "repel",
    ];
    Table::new("snapshots", 1, &heads, climbing.steps.iter().map(row).collect())
}

fn peaks(climbing: &Climbing) -> Table {
    let row = |peak: &WatchedPeak| {
        vec![
            peak.name.clone().into(),
            TableCell::Number(peak.height),
            TableCell::Count(peak.units as u64),
            TableCell::of(peak.pull_left, TableCell::Share),
        ]
    };
    let heads = ["generalizing peak", "height", "units on it", "pull left"];
    Table::new("generalizing-peaks", 1, &heads, climbing.peaks.iter().map(row).collect())
}

/// What happened beside the switch, one claim a sentence.
fn sentences(climbing: &Climbing) -> Vec<String> {
    let (Some(first), Some(last)) = (climbing.steps.first(), climbing.steps.last()) else { return Vec::new() };
    let below =
        |step: &ClimbingStep| step.at[Place::OnGeneralizing as usize] + step.at[Place::BelowGeneralizing as usize];
    let living = |step: &ClimbingStep| step.now.iter().sum::<usize>();
    let on = |step: &ClimbingStep| count(step.at[Place::OnGeneralizing as usize] as u64);
    let of_living = |step: &ClimbingStep| format!("{} of {}", count(below(step) as u64), count(living(step) as u64));
    let mut sentences = vec![
        format!(
            "On the {} landscape {} living units stand below a generalizing peak at step {}, and {} at step {}.",
            climbing.energy.name(),
            of_living(first),
            count(first.step),
            of_living(last),
            count(last.step),
        ),
        format!(
            "At least half-way up a generalizing peak are {} units at step {} and {} at step {}.",
            on(first),
            count(first.step),
            on(last),
            count(last.step),
        ),
    ];
    let unclimbed: Vec<String> =
        climbing.peaks.iter().filter(|peak| peak.units == 0).map(|peak| peak.name.clone()).collect();
    if climbing.peaks.is_empty() {
        sentences.push(
            "This landscape has no generalizing peak that random starts or the population's peaks lead to.".to_owned(),
        );
    } else if unclimbed.is_empty() {
        sentences
            .push(format!("Units have climbed each of its {}.", counted(climbing.peaks.len(), "generalizing peak")));
    } else {
        sentences.push(format!(
            "Of its {} no unit has climbed {}: {}.",
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
        Some(step) => {
            format!("From the snapshot at step {} on most living units generalize as they are; {jump}.", count(step))
        }
        None => format!(
            "At no snapshot do most living units generalize as they are, at most {} at step {}; {jump}.",
            percent(share),
            count(at)
        ),
    }
}

/// Factor from which on one pull counts as larger than another. In the default run the two differ by less than a fifth at every snapshot.
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
pub fn run_figures(opened: &Opened, landscape: &RunLandscape) -> [Figure; 2] {
    let RunLandscape { climbing, mountains } = landscape;
    let undefined = |(name, title): (&str, &str), why: &str| Figure::undefined(name, title, why);
    match climbing {
        Err(why) => [MOUNTAINS, FLOW].map(|figure| undefined(figure, &why.to_string())),
        Ok(climbing) if mountains.is_empty() => {
            let why = "with no amount of data is there both a memorizing and a generalizing peak";
            [undefined(MOUNTAINS, why), flow(opened, climbing)]
        }
        Ok(climbing) => {
            let caption = mountains_caption(climbing, mountains);
            let drawing = Drawing::Terrains(mountains.clone());
            [Figure::drawn(MOUNTAINS.0, MOUNTAINS.1, caption, drawing), flow(opened, climbing)]
        }
    }
}

/// The same, drawn, for the report whose other figures are drawings still.
pub fn drawn_run_figures(opened: &Opened, landscape: &RunLandscape) -> [DrawnFigure; 2] {
    let [mountains, flow] = run_figures(opened, landscape);
    let drawn = |name: &'static str, figure: Figure| {
        let svg = crate::draw::svg(&figure);
        DrawnFigure { name, title: figure.title, caption: figure.caption, svg }
    };
    [drawn(MOUNTAINS.0, mountains), drawn(FLOW.0, flow)]
}

fn mountains_caption(climbing: &Climbing, mountains: &[Terrain]) -> String {
    let of_terrain = |terrain: &Terrain| {
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
    };
    let heights: Vec<String> = mountains.iter().map(of_terrain).collect();
    let energy = climbing.energy.name();
    format!("On the {energy} landscape {}; every height is the energy of a unit, evaluated.", heights.join(", "))
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
fn flow(opened: &Opened, climbing: &Climbing) -> Figure {
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
    let mut caption = vec![switch(opened, climbing)];
    caption.extend(sentences(climbing).into_iter().take(1));
    Figure::drawn(FLOW.0, FLOW.1, caption.join(" "), Drawing::Flows(flows))
}

/// What the columns of the tables mean.
fn words() -> Vec<Fact> {
    [
        ("gen now", "Units that stand at least half-way up a peak of the whole population's landscape, as they are."),
        (
            "high, low",
            "Units whose own ascent ends on a generalizing, mixed or memorizing peak, at least half-way up that peak's height, or lower.",
        ),
        ("climbed", "Median over living units of their energy over that of the peak above."),
        ("peaks, fullest", "Distinct peaks that units stand below, and the units below the fullest."),
        ("unclimbed", "Generalizing peaks of the landscape that no unit is half-way up."),
        (
            "pull",
            "Share of the labels' pull that the network has left, towards climbed and towards unclimbed generalizing peaks; 100 % is all.",
        ),
        ("repel", "Of the 200 most similar pairs of units, the share that repel each other (Theorem 6)."),
    ]
    .map(|(name, value)| Fact::new(name, value))
    .into()
}

//! The verb `peaks --run`: a run on its landscape, in sentences, tables, and the flow of its units.

use super::THEORY;
use crate::words::{self, count, counted, list, number, percent};
use dunwu::Opened;
use dunwu::answer::{
    Answer, Block, Color, Drawing, FAINT, Fact, Figure, Flows, RESTORED, Section, Stratum, TEST, TRAIN, Table,
    TableCell, Terrain, object,
};
use dunwu::landscape::climbing::{Climbing, ClimbingError, ClimbingStep, Place, WatchedPeak, labels_by_peak};
use dunwu::landscape::of_run::columns;
use dunwu::landscape::{ClimbingRequest, EnergyKind, PeakKind, RunLandscape};
use dunwu::measure::{self, label::UnitLabel};
use dunwu::run::{RunRequest, open};
use dunwu::store::{Record, RunDir};
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
    /// Its snapshots and the feature peaks of its landscape.
    climbing: Climbing,
    /// Units of the last snapshot by label and by the kind of the peak that they stand below; `null` where the labels are not known.
    labels_by_peak: Option<LabelsByPeak>,
}

/// Units of the last snapshot, by their label.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LabelsByPeak {
    /// Units that are labelled generalizing.
    generalizing: UnitsBelow,
    /// Units that are labelled memorizing.
    memorizing: UnitsBelow,
    /// Units that are labelled undecided.
    undecided: UnitsBelow,
    /// Units that are labelled dead.
    dead: UnitsBelow,
}

/// Units of one label, by the kind of the peak that they stand below.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct UnitsBelow {
    /// Below a feature peak.
    feature: usize,
    /// Below a mixed peak.
    mixed: usize,
    /// Below a memory peak.
    memory: usize,
}

/// Puts the units of the run in `dir` on its landscape.
pub fn answer(dir: &RunDir, energy: EnergyKind, watcher: &mut Watcher<'_>) -> Result<Answer, VerbError> {
    let opened = open(dir, watcher)?;
    if let Some(why) = opened.why_no_token_weights() {
        return Err(VerbError::usage(ClimbingError::NoTokenWeights { why }));
    }
    let (request, record) = (RunRequest::from_run(dir)?, Record::read(dir)?);
    let climbing = ClimbingRequest::of_run(&request, &record, energy).climb(watcher)?;
    Ok(answer_of(&opened, dir.path(), climbing))
}

pub(super) fn answer_of(opened: &Opened, dir: &Path, climbing: Climbing) -> Answer {
    let (tops, course) = (Block::Table(peaks(&climbing)), Block::Table(steps(opened, &climbing)));
    let setup = format!(
        "{} · {} · {} energy",
        counted(opened.n_train, "training sample"),
        counted(opened.spec.model.width, "unit"),
        climbing.energy.name()
    );
    let labels = label_table(opened, &climbing)
        .map(|table| Section::everywhere("Labels against peaks at the last snapshot", vec![Block::Table(table)]));
    let labels_by_peak = label_data(opened, &climbing);
    Answer {
        verb: "climbing",
        title: opened.task.clone(),
        setup,
        headline: switch(opened, &climbing),
        sentences: sentences(opened, &climbing),
        sections: [
            Section::untitled(vec![Block::Figure(flow(opened, &climbing))]),
            Section::everywhere("The feature peaks", vec![tops]),
        ]
        .into_iter()
        .chain(labels)
        .chain([
            Section::of_page("Snapshot by snapshot", vec![course]),
            Section::of_page("Words used here", vec![Block::Words(words())]),
        ])
        .collect(),
        sources: vec![THEORY.to_owned()],
        data: object(&ClimbingData { run: dir.to_owned(), energy: climbing.energy, climbing, labels_by_peak }),
    }
}

fn steps(opened: &Opened, climbing: &Climbing) -> Table {
    let share = |value: Option<f64>| TableCell::of(value, TableCell::Share);
    let units = |n: usize| TableCell::Count(n as u64);
    let row = |step: &ClimbingStep| {
        let frame = opened.frames.iter().find(|frame| frame.step == step.step);
        let test = opened.scalars.iter().find(|row| row.step >= step.step).and_then(|row| row.test_accuracy);
        let mut cells = vec![TableCell::Count(step.step), share(test)];
        cells.push(units(step.now[PeakKind::Feature as usize]));
        cells.extend(step.at.iter().map(|&n| units(n)));
        cells.push(share(step.climbed_median));
        cells.extend([step.peaks, step.fullest, step.unclimbed].map(units));
        cells.extend([share(step.pull_climbed), share(step.pull_unclimbed)]);
        cells.push(share(frame.and_then(|frame| frame.scalar(measure::REPULSION))));
        cells
    };
    let heads = [
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
    let heads = ["feature peak", "height", "units on it", "pull left"];
    Table::new("feature-peaks", 1, &heads, climbing.peaks.iter().map(row).collect())
}

/// What happened beside the switch, one claim a sentence.
fn sentences(opened: &Opened, climbing: &Climbing) -> Vec<String> {
    let (Some(first), Some(last)) = (climbing.steps.first(), climbing.steps.last()) else { return Vec::new() };
    let below = |step: &ClimbingStep| step.at[Place::OnFeature as usize] + step.at[Place::BelowFeature as usize];
    let living = |step: &ClimbingStep| step.now.iter().sum::<usize>();
    let on = |step: &ClimbingStep| count(step.at[Place::OnFeature as usize] as u64);
    let of_living = |step: &ClimbingStep| format!("{} of {}", count(below(step) as u64), count(living(step) as u64));
    let mut sentences = vec![
        format!(
            "On the {} landscape {} living units stand below a feature peak at step {}, and {} at step {}.",
            climbing.energy.name(),
            of_living(first),
            count(first.step),
            of_living(last),
            count(last.step),
        ),
        format!(
            "At least half-way up a feature peak are {} units at step {} and {} at step {}.",
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
            "This landscape has no feature peak that random starts or the population's peaks lead to.".to_owned(),
        );
    } else if unclimbed.is_empty() {
        sentences.push(format!("Units have climbed each of its {}.", counted(climbing.peaks.len(), "feature peak")));
    } else {
        sentences.push(format!(
            "Of its {} no unit has climbed {}: {}.",
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
fn labels_at_end(opened: &Opened, climbing: &Climbing) -> Option<[[usize; 3]; 4]> {
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
        let units = counts.map(|n| TableCell::Count(n as u64));
        [TableCell::from(label.name())].into_iter().chain(units).collect()
    };
    let heads = ["label", "feature peak", "mixed peak", "memory peak"];
    Some(Table::new("labels-by-peak", 1, &heads, UnitLabel::ALL.into_iter().zip(counts).map(row).collect()))
}

/// The same for programs.
fn label_data(opened: &Opened, climbing: &Climbing) -> Option<LabelsByPeak> {
    let counts = labels_at_end(opened, climbing)?;
    let below = |label: UnitLabel| {
        let of_kind = counts[label as usize];
        UnitsBelow {
            feature: of_kind[PeakKind::Feature as usize],
            mixed: of_kind[PeakKind::Mixed as usize],
            memory: of_kind[PeakKind::Memory as usize],
        }
    };
    Some(LabelsByPeak {
        generalizing: below(UnitLabel::Generalizing),
        memorizing: below(UnitLabel::Memorizing),
        undecided: below(UnitLabel::Undecided),
        dead: below(UnitLabel::Dead),
    })
}

/// The moment from which on most units are high on the population's landscape, against the jump of test accuracy.
fn switch(opened: &Opened, climbing: &Climbing) -> String {
    let jump = words::jump(opened);
    let most = climbing
        .steps
        .iter()
        .map(|step| (step.now[0] as f64 / step.now.iter().sum::<usize>().max(1) as f64, step.step));
    let (share, at) = most.max_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or((0.0, 0));
    match climbing.switch() {
        Some(step) => {
            format!(
                "From the snapshot at step {} on most living units stand at least half-way up a peak of the whole population's landscape; {jump}.",
                count(step)
            )
        }
        None => format!(
            "At no snapshot do most living units stand at least half-way up a peak of the whole population's landscape, at most {} at step {}; \
             {jump}.",
            percent(share),
            count(at)
        ),
    }
}

/// Factor from which on one pull counts as larger than another. In the default run the two differ by less than a fifth at every snapshot.
const CLEAR: f64 = 1.25;

/// Whether what the gradient still asks for lies where nobody is.
fn top_down(climbing: &Climbing) -> Option<String> {
    let last = climbing.steps.iter().rev().find(|step| step.pull_climbed.is_some() && step.pull_unclimbed.is_some())?;
    let (climbed, unclimbed) = (last.pull_climbed?, last.pull_unclimbed?);
    let verdict = match unclimbed / climbed {
        ratio if ratio >= CLEAR => "points at what is missing",
        ratio if ratio <= CLEAR.recip() => "points at what is there already",
        _ => "tells the two apart by less than a quarter",
    };
    Some(format!(
        "At step {} the labels' pull is still {} towards the feature peaks that no unit has climbed and {} towards those that \
         are climbed (1 is all of it): the gradient {verdict}.",
        count(last.step),
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
            let why = "with no amount of data is there both a memory and a feature peak";
            [undefined(MOUNTAINS, why), flow(opened, climbing)]
        }
        Ok(climbing) => {
            let caption = mountains_caption(climbing, mountains);
            let drawing = Drawing::Terrains(mountains.clone());
            [Figure::drawn(MOUNTAINS.0, MOUNTAINS.1, caption, drawing), flow(opened, climbing)]
        }
    }
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
            "with {} samples the memory mountain is {} high and the feature mountain {}",
            count(terrain.n_train as u64),
            height(PeakKind::Memory),
            height(PeakKind::Feature)
        )
    };
    let heights: Vec<String> = mountains.iter().map(of_terrain).collect();
    let energy = climbing.energy.name();
    format!("On the {energy} landscape {}; every height is the energy of a unit, evaluated.", heights.join(", "))
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
    let events =
        [(opened.memorized(), "memorized"), (opened.generalized(), "generalized"), (opened.knowledge.lost(), "lost")];
    let flows = Flows {
        steps: picked.iter().map(|step| step.step).collect(),
        strata: Place::ALL.map(|place| Stratum { name: place.words().to_owned(), color: color(place) }).to_vec(),
        of_unit: picked.iter().map(|step| step.of_unit.iter().map(|&place| place as usize).collect()).collect(),
        events: events.into_iter().filter_map(|(step, name)| Some((step?, name.to_owned()))).collect(),
        switch: climbing.switch(),
    };
    let mut caption = vec![switch(opened, climbing)];
    caption.extend(sentences(opened, climbing).into_iter().take(1).chain(label_and_peak(opened, climbing)));
    Figure::drawn(FLOW.0, FLOW.1, caption.join(" "), Drawing::Flows(flows))
}

/// What the columns of the tables mean.
fn words() -> Vec<Fact> {
    [
        ("feat now", "Units that stand at least half-way up a peak of the whole population's landscape, as they are."),
        (
            "label and peak",
            "A label says what a unit contributes: generalizing where its share in the fit carries over to held-out samples. A peak says where \
             climbing the energy would take the unit: a feature peak is high on the landscape of the whole population too, a memory peak on \
             that of the sample alone. A unit below a feature peak need not contribute to the fit yet.",
        ),
        (
            "high, low",
            "Units whose own ascent ends on a feature, mixed or memory peak, at least half-way up that peak's height, or lower.",
        ),
        ("climbed", "Median over living units of their energy over that of the peak above."),
        ("peaks, fullest", "Distinct peaks that units stand below, and the units below the fullest."),
        ("unclimbed", "Feature peaks of the landscape that no unit is half-way up."),
        (
            "pull",
            "Share of the labels' pull that the network has left, towards climbed and towards unclimbed feature peaks; 100 % is all.",
        ),
        ("repel", "Of the 200 most similar pairs of units, the share that repel each other (Theorem 6)."),
    ]
    .map(|(name, value)| Fact::new(name, value))
    .into()
}

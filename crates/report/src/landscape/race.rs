//! The race in sentences, a table, a chart and a page with a slider.

use super::Page;
use super::range::terrains;
use super::table::Table;
use crate::figures::Figure;
use crate::page;
use crate::race_chart::{self, RaceChart, race_chart};
use crate::terrain::{Terrain, frame, strip};
use crate::terrain_page::{PageFrame, terrain_page};
use crate::words::{count, counted, number, percent};
use dunwu::landscape::race::{Crossing, Estimate, RacePoint, Standing};
use dunwu::landscape::trial::Trial;
use dunwu::landscape::{Energy, EnergyKind, PeakKind};
use dunwu::stats::median;
use dunwu_engine::kernel::Workers;

/// A race as it is told.
pub struct RaceView<'a> {
    /// The task.
    pub task: &'a str,
    /// σ, corruption and the like, in words.
    pub setup: &'a str,
    /// What is varied: `training samples n`.
    pub x_name: &'a str,
    /// Names of the values, where they are no numbers.
    pub x_labels: Option<&'a [String]>,
    /// Both energies, the one that was asked for first.
    pub courses: &'a [RaceCourse; 2],
    /// From where on short runs generalize; `None` where none were made or what is varied is not n.
    pub training: Option<&'a Estimate>,
    /// The short runs.
    pub trials: &'a [Trial],
    /// Of each value, how many short runs generalized and how many there were.
    pub trained: &'a [Option<(usize, usize)>],
    /// The theory's sample size.
    pub critical: Option<f64>,
    /// M ln M, where n is what is varied.
    pub m_log_m: Option<f64>,
    /// What the theory does not speak of.
    pub silent: &'a [String],
}

/// One energy's race.
pub struct RaceCourse {
    /// Which.
    pub energy: EnergyKind,
    /// Its landscapes.
    pub points: Vec<RacePoint>,
    /// Where the best feature peak overtakes in height; `None` where nothing can.
    pub crossing: Option<Estimate>,
    /// Where feature peaks overtake in the share of random starts that reach them; `None` where nothing can.
    pub basin_crossing: Option<Estimate>,
}

/// `from n = 198 = 2.75 M ln M on (95 % interval 181 to 214, 4 samples)`.
fn estimate_words(x_name: &str, estimate: &Estimate, m_log_m: Option<f64>) -> String {
    let x_name = if x_name.ends_with(" n") { "n" } else { x_name };
    let samples = counted(estimate.of_seed.len(), "sample");
    let (from, on) = if estimate.falls { ("up to", "") } else { ("from", " on") };
    let in_units = |x: f64| m_log_m.map_or(String::new(), |unit| format!(" = {:.2} M ln M", x / unit));
    let is_all = |below: bool| {
        estimate.of_seed.iter().all(|crossing| match crossing {
            Crossing::Below(_) => below,
            Crossing::Beyond(_) => !below,
            Crossing::At(_) => false,
        })
    };
    match (estimate.at, estimate.low, estimate.high) {
        (Some(at), Some(low), Some(high)) => format!(
            "{from} {x_name} = {}{}{on} (95 % interval {} to {}, {samples})",
            number(at),
            in_units(at),
            number(low),
            number(high)
        ),
        (Some(at), ..) => format!("{from} {x_name} = {}{}{on} ({samples})", number(at), in_units(at)),
        (None, ..) if is_all(!estimate.falls) => format!("at every value that was looked at ({samples})"),
        (None, ..) if is_all(estimate.falls) => format!("at no value that was looked at ({samples})"),
        (None, ..) => format!("outside of the values that were looked at for most of {samples}"),
    }
}

/// What came out, in sentences.
pub fn race_sentences(view: &RaceView<'_>) -> Vec<String> {
    let mut sentences = Vec::new();
    for course in view.courses.iter().filter(|course| course.crossing.is_some() || course.basin_crossing.is_some()) {
        let energy = course.energy.name();
        let told = |estimate: Option<&Estimate>| {
            estimate.map_or("nowhere".to_owned(), |estimate| estimate_words(view.x_name, estimate, view.m_log_m))
        };
        sentences.push(format!(
            "On the {energy} landscape the best feature peak is higher than the best memory peak {}; more random starts end \
             on feature than on memory peaks {}.",
            told(course.crossing.as_ref()),
            told(course.basin_crossing.as_ref())
        ));
    }
    if let Some(training) = view.training {
        sentences.push(format!(
            "Short real runs generalize {} ({}).",
            estimate_words(view.x_name, training, view.m_log_m),
            counted(view.trials.len(), "run")
        ));
        sentences.extend(judgement(view, training));
    }
    if let (Some(critical), Some(unit)) = (view.critical, view.m_log_m) {
        sentences.push(format!(
            "The theory's order with its author's constant: n = {} = {:.2} M ln M.",
            number(critical),
            critical / unit
        ));
    }
    sentences.extend(view.silent.iter().cloned());
    sentences
}

/// Which of the crossings is nearest to the real threshold.
fn judgement(view: &RaceView<'_>, training: &Estimate) -> Option<String> {
    let real = training.at?;
    let crossings = view.courses.iter().flat_map(|course| {
        let name = course.energy.name();
        [
            (course.crossing.as_ref(), format!("heights of the {name} landscape")),
            (course.basin_crossing.as_ref(), format!("basins of the {name} landscape")),
        ]
    });
    let mut off: Vec<(f64, String)> =
        crossings.filter_map(|(crossing, name)| Some((crossing?.at? / real, name))).collect();
    off.sort_by(|a, b| a.0.ln().abs().total_cmp(&b.0.ln().abs()));
    let (near, rest) = off.split_first()?;
    let rest: Vec<String> = rest.iter().map(|(ratio, name)| format!("the {name} at {ratio:.2}")).collect();
    let others = if rest.is_empty() { String::new() } else { format!(" ({})", rest.join(", ")) };
    Some(format!("Real training sides with the {}, which cross at {:.2} times its threshold{others}.", near.1, near.0))
}

fn table(view: &RaceView<'_>, course: &RaceCourse) -> Table {
    let middle =
        |point: &RacePoint, read: &dyn Fn(&Standing) -> Option<f64>| median(point.standings.iter().filter_map(read));
    let height = |point: &RacePoint, kind| {
        middle(point, &|standing| standing.best(kind).map(|best| best.height)).map_or("–".to_owned(), number)
    };
    let share = |value: Option<f64>| value.map_or("–".to_owned(), |share| format!("{:.1}", 100.0 * share));
    let row = |(i, point): (usize, &RacePoint)| {
        let label = view.x_labels.map_or_else(|| number(point.x), |labels| labels[i].clone());
        let basin = |kind| share(middle(point, &|standing| Some(standing.basin(kind).share)));
        let trained = view.trained.get(i).copied().flatten();
        let mut cells = vec![label];
        cells.extend(view.m_log_m.map(|unit| format!("{:.2}", point.x / unit)));
        cells.extend([
            height(point, PeakKind::Memory),
            height(point, PeakKind::Feature),
            basin(PeakKind::Memory),
            basin(PeakKind::Mixed),
            basin(PeakKind::Feature),
            share(middle(point, &|standing| Some(standing.kept))),
            trained.map_or("–".to_owned(), |(successes, runs)| format!("{successes}/{runs}")),
        ]);
        cells
    };
    let units = view.m_log_m.map(|_| "/ M ln M");
    let columns = ["memory", "feature", "memory %", "mixed %", "feature %", "kept %", "trained"];
    Table {
        head: ["value"].into_iter().chain(units).chain(columns).collect(),
        n_text: 0,
        rows: course.points.iter().enumerate().map(row).collect(),
    }
}

/// Both tables for a terminal: heights of the best peaks, basins, and short runs; medians over samples.
pub fn race_table(view: &RaceView<'_>) -> String {
    let tables = view.courses.iter().map(|course| {
        format!(
            "{} energy: heights of the best peaks, shares of random starts\n{}",
            course.energy.name(),
            table(view, course).text()
        )
    });
    tables.collect::<Vec<_>>().join("\n\n")
}

fn chart(view: &RaceView<'_>, course: &RaceCourse) -> String {
    let interval = |estimate: &Estimate| {
        let at = estimate.at?;
        Some((at, estimate.low.unwrap_or(at), estimate.high.unwrap_or(at)))
    };
    let points = course.points.iter().enumerate().map(|(i, point)| {
        let heights =
            |kind| point.standings.iter().map(|standing| standing.best(kind).map(|best| best.height)).collect();
        let basins = |kind| point.standings.iter().map(|standing| standing.basin(kind).share).collect();
        race_chart::RacePoint {
            x: point.x,
            memory: heights(PeakKind::Memory),
            feature: heights(PeakKind::Feature),
            basin_memory: basins(PeakKind::Memory),
            basin_feature: basins(PeakKind::Feature),
            trained: view.trained.get(i).copied().flatten(),
        }
    });
    race_chart(&RaceChart {
        x_name: view.x_name.to_owned(),
        points: points.collect(),
        crossing: course.crossing.as_ref().and_then(interval),
        theory: view.critical.filter(|_| view.m_log_m.is_some()).map(|critical| (critical, "theory".to_owned())),
        training: view.training.and_then(interval),
        m_log_m: view.m_log_m,
    })
}

/// The page: the mountains with a slider, the race on both landscapes, the tables. `energies` are those of the first sample seed
/// at each value, for the mountains of the course that was asked for.
pub fn race_page(view: &RaceView<'_>, energies: &[Energy], workers: &Workers) -> Page {
    let asked = &view.courses[0];
    let terrains = terrains(&asked.points, energies, workers);
    let drawn: Vec<Terrain> = terrains.iter().flatten().cloned().collect();
    let mut frames = Vec::new();
    for (i, _) in terrains.iter().enumerate().filter(|(_, terrain)| terrain.is_some()) {
        let label = view.x_labels.map_or_else(|| number(asked.points[i].x), |labels| labels[i].clone());
        frames.push(PageFrame {
            label: format!("{} = {label}", if view.x_name.ends_with(" n") { "n" } else { view.x_name }),
            svg: frame(&drawn, frames.len()),
            caption: caption(&asked.points[i]),
        });
    }
    let mut drawings: Vec<(String, String)> =
        frames.iter().map(|frame| (format!("mountains {}", frame.label), frame.svg.clone())).collect();
    drawings.push(("mountains side by side".to_owned(), strip(&around(&drawn, asked.crossing.as_ref()), &[])));
    let mut after = String::new();
    for course in view.courses {
        let name = course.energy.name();
        let svg = chart(view, course);
        drawings.push((format!("race {name}"), svg.clone()));
        after += &page::shown(&Figure {
            name: if course.energy == EnergyKind::Raw { "race-raw" } else { "race-whitened" },
            title: format!("The race on the {name} landscape"),
            caption: "Above, heights of the highest peak of each kind, one dot a sample, lines through the medians. Below, the share of \
                      random starts that end on each kind, and the share of short real runs that generalize."
                .to_owned(),
            svg: Some(svg),
        });
        after += &table(view, course).html();
    }
    let sentences = race_sentences(view);
    after += "<h2>What came out</h2>\n<ul class=\"story\">\n";
    after += &page::items(&sentences);
    after += "</ul>\n";
    let lede = sentences.first().map_or("", String::as_str);
    Page { html: terrain_page(&format!("{} {}", view.task, view.setup), lede, &frames, &after), drawings }
}

/// Four of the mountains, spread over both sides of the crossing.
fn around(drawn: &[Terrain], crossing: Option<&Estimate>) -> Vec<Terrain> {
    const SHOWN: usize = 4;
    let after =
        crossing.and_then(|crossing| crossing.at).and_then(|at| drawn.iter().position(|t| t.n_train as f64 >= at));
    let middle = after.unwrap_or(drawn.len() / 2) as isize;
    let mut shown: Vec<usize> =
        (-2..2).map(|k| (middle + 2 * k).clamp(0, drawn.len().saturating_sub(1) as isize) as usize).collect();
    shown.dedup();
    shown.truncate(SHOWN);
    shown.into_iter().filter_map(|i| drawn.get(i).cloned()).collect()
}

fn caption(point: &RacePoint) -> String {
    let Some(standing) = point.standings.first() else { return String::new() };
    let told = |kind: PeakKind| match standing.best(kind) {
        Some(best) => format!("the highest {} peak ({}) has {}", kind.name(), best.name, number(best.height)),
        None => format!("there is no {} peak", kind.name()),
    };
    format!(
        "With {} samples {}, {}; {} of random starts end on feature peaks.",
        count(standing.n_train as u64),
        told(PeakKind::Memory),
        told(PeakKind::Feature),
        percent(standing.basin(PeakKind::Feature).share),
    )
}

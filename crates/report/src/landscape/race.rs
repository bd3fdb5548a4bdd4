//! The verb `race`: sentences, the mountains that one moves through, a chart and a table of each energy.

use super::race_chart::chart;
use super::race_data::data;
use super::{THEORY, sigma};
use crate::words::{count, counted, number, percent};
use dunwu::answer::{Answer, Block, Drawing, Fact, Figure, Section, Shown, Slides, Table, TableCell, Terrain, object};
use dunwu::landscape::race::{Crossing, Estimate, RacePoint, Standing};
use dunwu::landscape::{EnergyKind, PeakKind, Race, RaceCourse, RaceRequest, theory};
use dunwu::stats::median;
use dunwu::verb::{VerbError, Watcher};

pub use super::race_data::RaceData;

/// Why a race has no mountains.
const NO_MOUNTAINS: &str = "the mountains are a section through a memory and a feature peak, and the first sample has not both at the \
                            values that were looked at";

/// Runs the race and says who overtakes whom, and where.
pub fn answer(request: &RaceRequest, watcher: &mut Watcher<'_>) -> Result<Answer, VerbError> {
    Ok(answer_of(&request.race(watcher)?))
}

fn answer_of(race: &Race<'_>) -> Answer {
    let [asked, other] = &race.courses;
    let mut sentences = sentences(race);
    let headline = if sentences.is_empty() { nothing_overtakes(race) } else { sentences.remove(0) };
    sentences.extend(theory::silent(&race.request.landscape.problem, &race.request.landscape.spec, asked.energy));
    let mut first = slides(race, asked, "mountains");
    first.extend(slides(race, other, &format!("mountains {}", other.energy.name())));
    // Without mountains the chart of the energy that was asked for is the first picture.
    let has_mountains = !first.is_empty();
    if !has_mountains {
        first.push(Block::Figure(figure(race, asked)));
        first.push(Block::Figure(Figure::undefined("mountains", "The mountains", NO_MOUNTAINS)));
    }
    let shown = if has_mountains { Shown::Page } else { Shown::Everywhere };
    let mut sections = vec![Section { shown, ..Section::untitled(first) }];
    for course in &race.courses {
        let title = format!("The race on the {} landscape", course.energy.name());
        let is_first = !has_mountains && course.energy == asked.energy;
        let chart = (!is_first).then(|| Block::Figure(figure(race, course)));
        let blocks = chart.into_iter().chain([Block::Table(table(race, course))]).collect();
        sections.push(Section::everywhere(&title, blocks));
    }
    sections.push(Section::of_page("Side by side", vec![Block::Figure(side_by_side(race, asked))]));
    sections.push(Section::of_page("Words used here", vec![Block::Words(words())]));
    Answer {
        verb: "race",
        title: race.request.landscape.problem.name.clone(),
        setup: setup(race),
        headline,
        sentences,
        sections,
        sources: vec![THEORY.to_owned()],
        data: object(&data(race)),
    }
}

/// σ, what the labels and the sample have been through, what is varied, and with how much work.
fn setup(race: &Race<'_>) -> String {
    let spec = &race.request.landscape.spec;
    let mut parts = Vec::new();
    if race.request.axis.key != "model.activation" {
        parts.push(format!("σ = {}", sigma(spec.model.activation)));
    }
    if spec.data.corrupted > 0.0 {
        parts.push(format!("{} of the labels wrong", percent(spec.data.corrupted)));
    }
    if spec.data.skew > 0.0 {
        parts.push(format!("drawn by Zipf's law with exponent {}", spec.data.skew));
    }
    if !race.request.axis.is_of_samples() {
        parts.push(format!("against {}", race.request.axis.key));
    }
    parts.push(counted(race.request.seeds.len(), "sample seed"));
    parts.push(format!("{} a landscape", counted(race.request.landscape.restarts, "random start")));
    parts.join(" · ")
}

/// What is varied, in words.
pub(super) fn axis_name<'a>(race: &'a Race<'_>) -> &'a str {
    if race.request.axis.is_of_samples() { "training samples n" } else { &race.request.axis.key }
}

/// What is varied, as it stands before a value.
fn axis_sign<'a>(race: &'a Race<'_>) -> &'a str {
    if race.request.axis.is_of_samples() { "n" } else { &race.request.axis.key }
}

/// The value number `i` of the axis, as people write it.
fn value_label(race: &Race<'_>, i: usize) -> String {
    let axis = &race.request.axis;
    if axis.has_numbers { number(axis.values[i]) } else { axis.labels[i].clone() }
}

/// `from n = 198 on (2.75 M ln M, 95 % interval 181 to 214, 4 samples)`.
fn estimate_words(race: &Race<'_>, estimate: &Estimate) -> String {
    let sign = axis_sign(race);
    let samples = counted(estimate.of_seed.len(), "sample");
    let is_all = |below: bool| {
        estimate.of_seed.iter().all(|crossing| match crossing {
            Crossing::Below(_) => below,
            Crossing::Beyond(_) => !below,
            Crossing::At(_) => false,
        })
    };
    let Some(at) = estimate.at else {
        return if is_all(!estimate.falls) {
            format!("at every value that was looked at ({samples})")
        } else if is_all(estimate.falls) {
            format!("at no value that was looked at ({samples})")
        } else {
            format!("outside of the values that were looked at for most of {samples}")
        };
    };
    let mut known: Vec<String> = race.m_log_m.map(|unit| format!("{:.2} M ln M", at / unit)).into_iter().collect();
    if let (Some(low), Some(high)) = (estimate.low, estimate.high) {
        known.push(format!("95 % interval {} to {}", number(low), number(high)));
    }
    known.push(samples);
    let (from, on) = if estimate.falls { ("up to", "") } else { ("from", " on") };
    format!("{from} {sign} = {}{on} ({})", number(at), known.join(", "))
}

/// What came out, one claim a sentence: the energy that was asked for first.
fn sentences(race: &Race<'_>) -> Vec<String> {
    let mut sentences = Vec::new();
    for RaceCourse { energy, crossing, basin_crossing, .. } in &race.courses {
        let energy = energy.name();
        sentences.extend(crossing.as_ref().map(|crossing| {
            let words = estimate_words(race, crossing);
            format!("On the {energy} landscape the highest feature peak is above the highest memory peak {words}.")
        }));
        sentences.extend(basin_crossing.as_ref().map(|crossing| {
            let words = estimate_words(race, crossing);
            format!("On the {energy} landscape more random starts end on feature than on memory peaks {words}.")
        }));
    }
    if let Some(training) = &race.training.estimate {
        let words = estimate_words(race, training);
        let runs = counted(race.training.trials.len(), "run");
        sentences.push(format!("Short real runs generalize {words}; it took {runs} to tell."));
        sentences.extend(nearest_crossing(race, training));
    }
    if let (Some(critical), Some(unit)) = (race.critical, race.m_log_m) {
        sentences.push(format!(
            "Theorem 4's order with its author's constant puts this at n = {}, {:.2} M ln M.",
            number(critical),
            critical / unit
        ));
    }
    sentences
}

/// The headline where nothing is to be overtaken.
fn nothing_overtakes(race: &Race<'_>) -> String {
    if race.request.axis.has_numbers {
        return "No landscape that was looked at has a memory or a feature peak.".to_owned();
    }
    let asked = &race.courses[0];
    let share = |point: &RacePoint| {
        median(point.standings.iter().map(|standing| standing.basin(PeakKind::Feature).share)).unwrap_or(0.0)
    };
    let best = (0..asked.points.len()).max_by(|&a, &b| share(&asked.points[a]).total_cmp(&share(&asked.points[b])));
    best.map_or_else(String::new, |best| {
        format!(
            "With {} = {} most random starts end on feature peaks of the {} landscape: {} of them, the median over {}.",
            axis_sign(race),
            value_label(race, best),
            asked.energy.name(),
            percent(share(&asked.points[best])),
            counted(race.request.seeds.len(), "sample")
        )
    })
}

/// Which of the crossings is nearest to where real runs begin to generalize.
fn nearest_crossing(race: &Race<'_>, training: &Estimate) -> Option<String> {
    let real = training.at?;
    let crossings = race.courses.iter().flat_map(|course| {
        let name = course.energy.name();
        [
            (course.crossing.as_ref(), format!("the heights of the {name} landscape")),
            (course.basin_crossing.as_ref(), format!("the basins of the {name} landscape")),
        ]
    });
    let mut off: Vec<(f64, String)> =
        crossings.filter_map(|(crossing, name)| Some((crossing?.at? / real, name))).collect();
    off.sort_by(|a, b| a.0.ln().abs().total_cmp(&b.0.ln().abs()));
    let (near, rest) = off.split_first()?;
    let rest: Vec<String> = rest.iter().map(|(ratio, name)| format!("{name} at {ratio:.2}")).collect();
    let others = if rest.is_empty() { String::new() } else { format!(" ({})", rest.join(", ")) };
    Some(format!(
        "The crossing nearest to the threshold of real runs is that of {}, at {:.2} times it{others}.",
        near.1, near.0
    ))
}

/// The mountains of one energy, opened at the crossing; nothing where no value has any.
fn slides(race: &Race<'_>, course: &RaceCourse, name: &str) -> Vec<Block> {
    let drawn: Vec<(usize, &Terrain)> =
        course.terrains.iter().enumerate().filter_map(|(i, terrain)| Some((i, terrain.as_ref()?))).collect();
    if drawn.is_empty() {
        return Vec::new();
    }
    let places: Vec<f64> = drawn.iter().map(|&(i, _)| course.points[i].x).collect();
    vec![Block::Slides(Slides {
        name: name.to_owned(),
        title: format!("{} energy", course.energy.name()),
        start: nearest(&places, course.crossing.as_ref()),
        terrains: drawn.iter().map(|&(_, terrain)| terrain.clone()).collect(),
        labels: drawn.iter().map(|&(i, _)| format!("{} = {}", axis_sign(race), value_label(race, i))).collect(),
        captions: drawn.iter().map(|&(i, _)| caption(course.energy, &course.points[i])).collect(),
    })]
}

/// The position in `places` that is nearest to the crossing by their ratio; an end where most seeds cross beyond it.
fn nearest(places: &[f64], crossing: Option<&Estimate>) -> usize {
    let Some(crossing) = crossing else { return 0 };
    let Some(at) = crossing.at else {
        let beyond = crossing.of_seed.iter().filter(|crossing| matches!(crossing, Crossing::Beyond(_))).count();
        return if 2 * beyond > crossing.of_seed.len() { places.len().saturating_sub(1) } else { 0 };
    };
    let distance = |x: f64| if x > 0.0 && at > 0.0 { (x / at).ln().abs() } else { (x - at).abs() };
    (0..places.len()).min_by(|&a, &b| distance(places[a]).total_cmp(&distance(places[b]))).unwrap_or(0)
}

fn caption(energy: EnergyKind, point: &RacePoint) -> String {
    let Some(standing) = point.standings.first() else { return String::new() };
    let described = |kind: PeakKind| match standing.best(kind) {
        Some(best) => format!("the highest {} peak ({}) has height {}", kind.name(), best.name, number(best.height)),
        None => format!("there is no {} peak", kind.name()),
    };
    format!(
        "On the {} landscape of {} {} and {}; {} of random starts end on feature peaks.",
        energy.name(),
        counted(standing.n_train, "training sample"),
        described(PeakKind::Memory),
        described(PeakKind::Feature),
        percent(standing.basin(PeakKind::Feature).share),
    )
}

fn figure(race: &Race<'_>, course: &RaceCourse) -> Figure {
    let energy = course.energy.name();
    let (name, title) = (format!("race-{energy}"), format!("Heights and basins on the {energy} landscape"));
    match chart(race, course) {
        None => Figure::undefined(&name, &title, "no landscape was looked at"),
        Some(plots) => Figure::of_plots(
            &name,
            &title,
            "Above, heights of the highest peak of each kind, one dot a sample, lines through the medians. Below, the share of random \
             starts that end on each kind, and the share of short real runs that generalize.",
            plots,
        ),
    }
}

/// Four of the mountains, spread over both sides of the crossing.
fn side_by_side(race: &Race<'_>, course: &RaceCourse) -> Figure {
    const NAME: &str = "mountains-side-by-side";
    let title = format!("The mountains around the crossing, {} energy", course.energy.name());
    let drawn: Vec<&Terrain> = course.terrains.iter().flatten().collect();
    let shown: Vec<Terrain> = around(&drawn, course.crossing.as_ref());
    let (Some(first), Some(last)) = (shown.first(), shown.last()) else {
        return Figure::undefined(NAME, &title, NO_MOUNTAINS);
    };
    let caption = format!(
        "Sections through the memory and the feature peak of {}, from {} to {} training samples, on one scale of heights.",
        race.request.landscape.problem.name,
        count(first.n_train as u64),
        count(last.n_train as u64)
    );
    Figure::drawn(NAME, &title, caption, Drawing::Terrains(shown))
}

fn around(drawn: &[&Terrain], crossing: Option<&Estimate>) -> Vec<Terrain> {
    const SHOWN: usize = 4;
    let after =
        crossing.and_then(|crossing| crossing.at).and_then(|at| drawn.iter().position(|t| t.n_train as f64 >= at));
    let middle = after.unwrap_or(drawn.len() / 2) as isize;
    let mut shown: Vec<usize> =
        (-2..2).map(|k| (middle + 2 * k).clamp(0, drawn.len().saturating_sub(1) as isize) as usize).collect();
    shown.dedup();
    shown.truncate(SHOWN);
    shown.into_iter().filter_map(|i| drawn.get(i).map(|&terrain| terrain.clone())).collect()
}

/// Heights of the best peaks, basins, and short runs; medians over samples.
fn table(race: &Race<'_>, course: &RaceCourse) -> Table {
    let middle =
        |point: &RacePoint, read: &dyn Fn(&Standing) -> Option<f64>| median(point.standings.iter().filter_map(read));
    let height = |point: &RacePoint, kind| {
        let height = middle(point, &|standing| standing.best(kind).map(|best| best.height));
        TableCell::of(height, TableCell::Number)
    };
    let row = |(i, point): (usize, &RacePoint)| {
        let basin = |kind| TableCell::of(middle(point, &|standing| Some(standing.basin(kind).share)), TableCell::Share);
        let trained = race.training.of_value.get(i).copied().flatten();
        let mut cells = vec![value_label(race, i).into()];
        cells.extend(race.m_log_m.map(|unit| TableCell::Number(point.x / unit)));
        cells.extend([
            height(point, PeakKind::Memory),
            height(point, PeakKind::Feature),
            basin(PeakKind::Memory),
            basin(PeakKind::Mixed),
            basin(PeakKind::Feature),
            TableCell::of(middle(point, &|standing| Some(standing.kept)), TableCell::Share),
            TableCell::of(trained, |(successes, runs)| format!("{successes} of {runs}").into()),
        ]);
        cells
    };
    let units = race.m_log_m.map(|_| "/ M ln M");
    let columns = ["memory", "feature", "memory basin", "mixed basin", "feature basin", "kept", "trained"];
    let heads: Vec<&str> = [axis_sign(race)].into_iter().chain(units).chain(columns).collect();
    let rows = course.points.iter().enumerate().map(row).collect();
    Table::new(&format!("race-{}-table", course.energy.name()), 1, &heads, rows)
}

/// What the columns of the tables mean.
fn words() -> Vec<Fact> {
    [
        ("memory, feature", "Energy of a unit on the highest memory and on the highest feature peak."),
        ("basin", "Share of random starts from which a unit that climbs the energy ends on a peak of this kind."),
        ("kept", "Share of the whole population's peaks from which an ascent on the sample ends on a feature peak."),
        ("trained", "Short real runs that generalize, of those that were made."),
        (
            "raw, whitened",
            "The raw energy is what the first gradient climbs. The whitened one is what the gradient climbs once the top layer has \
             fitted what random features can fit.",
        ),
        (
            "M ln M",
            "With M labels, about as many random draws as it takes to see each of them once, and the unit of the theory's sample sizes.",
        ),
    ]
    .map(|(name, value)| Fact::new(name, value))
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slides_open_at_the_crossing() {
        let places = [10.0, 20.0, 40.0, 80.0];
        let at = |crossings: &[Crossing]| nearest(&places, Estimate::of(crossings.to_vec()).as_ref());
        assert_eq!(at(&[Crossing::At(27.0)]), 1, "27 is nearer to 20 than to 40 by their ratio");
        assert_eq!(at(&[Crossing::At(29.0)]), 2);
        assert_eq!((at(&[Crossing::Below(10.0)]), at(&[Crossing::Beyond(80.0)])), (0, 3));
        assert_eq!(nearest(&places, None), 0);
    }
}

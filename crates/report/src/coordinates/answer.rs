//! The answer to how sizes scale with the width.

use super::chart;
use crate::words::{count, counted, list, number};
use dunwu::answer::{Answer, Block, Fact, Section, Table, TableCell, object};
use dunwu::verb::{VerbError, Watcher};
use dunwu_verdict::coordinates::{
    Coordinates, CoordinatesRequest, PartScaling, Quantity, QuantityScaling, Scaling, check,
};
use schemars::JsonSchema;
use serde::Serialize;

/// How sizes scale with the width, as programs read it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct CoordinatesData {
    /// The words of the spec.
    pub subject: String,
    /// What was found.
    #[serde(flatten)]
    pub found: Coordinates,
}

/// Trains the spec at every width and fits how sizes scale.
pub fn answer(
    subject: &str,
    request: &CoordinatesRequest,
    threads: usize,
    watcher: &mut Watcher<'_>,
) -> Result<(Answer, Scaling), VerbError> {
    request.base.notes.iter().for_each(|note| watcher.note(note));
    let found = check(request, threads, watcher)?;
    let verdict = found.verdict;
    Ok((of_coordinates(subject, found), verdict))
}

pub(super) fn of_coordinates(subject: &str, found: Coordinates) -> Answer {
    let setup = format!(
        "{subject}: {} {}, {}, {}",
        found.setting,
        list(&found.widths.iter().map(|&width| count(width)).collect::<Vec<_>>(), found.widths.len()),
        counted(found.seeds.len(), "seed"),
        counted(found.steps as usize, "update")
    );
    let figures = [chart::slopes(&found), chart::sizes(&found)];
    Answer {
        verb: "coordinates",
        title: "Sizes against width".to_owned(),
        setup,
        headline: headline(&found),
        sentences: sentences(&found),
        sections: vec![
            Section::untitled(figures.into_iter().map(Block::Figure).collect()),
            Section::everywhere("Slopes", vec![Block::Table(slopes_table(&found))]),
            Section::of_page("Words", vec![Block::Words(terms())]),
        ],
        sources: vec![
            "Coordinate check: Yang and Hu 2021, arXiv:2011.14522; Yang et al. 2022, arXiv:2203.03466.".to_owned(),
            "Least squares with an intercept a seed, intervals by Student's t.".to_owned(),
        ],
        data: object(&CoordinatesData { subject: subject.to_owned(), found }),
    }
}

fn terms() -> Vec<Fact> {
    vec![
        Fact::new("size", "the root mean square over units and training samples, or over the entries of an array"),
        Fact::new("slope", "the power b of the width with which a size goes: size ∝ widthᵇ"),
        Fact::new(
            "last, change",
            "a layer's activations after the last update, and how far they moved since the first",
        ),
        Fact::new("effect", "how far the outputs move where one array has its last weights and all others their first"),
    ]
}

/// What a quantity is, in words.
pub(super) fn quantity_words(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::Initial => "size before the first update",
        Quantity::Last => "size after the last update",
        Quantity::Change => "change",
        Quantity::Update => "update of an entry",
        Quantity::Effect => "effect on the outputs",
    }
}

/// What a verdict says of a size.
pub(super) fn scaling_words(scaling: Option<Scaling>) -> &'static str {
    match scaling {
        Some(Scaling::Stable) => "stable",
        Some(Scaling::Grows) => "grows with width",
        Some(Scaling::Shrinks) => "shrinks with width",
        Some(Scaling::CannotTell) => "cannot tell",
        None => "not judged",
    }
}

/// Judged quantities of a verdict, the steepest first.
fn steepest(found: &Coordinates, scaling: Scaling) -> Vec<(&PartScaling, &QuantityScaling)> {
    let mut all: Vec<_> = found.judged().filter(|(_, quantity)| quantity.verdict == Some(scaling)).collect();
    let slope = |one: &(&PartScaling, &QuantityScaling)| one.1.slope.map_or(0.0, f64::abs);
    all.sort_by(|a, b| slope(b).total_cmp(&slope(a)));
    all
}

/// `the effect on the outputs of top.weight`.
fn named((part, quantity): &(&PartScaling, &QuantityScaling)) -> String {
    format!("the {} of {}", quantity_words(quantity.quantity), part.name)
}

/// `as width^1.02 (0.97 to 1.07)`.
fn power(quantity: &QuantityScaling) -> String {
    let slope = quantity.slope.map_or_else(|| "?".to_owned(), number);
    match quantity.low.zip(quantity.high) {
        Some((low, high)) => format!("as width^{slope} ({} to {})", number(low), number(high)),
        None => format!("as width^{slope}, without an interval"),
    }
}

fn headline(found: &Coordinates) -> String {
    let [narrowest, widest] =
        [found.widths.first(), found.widths.last()].map(|width| count(width.copied().unwrap_or(0)));
    let n = found.judged().count();
    match found.verdict {
        Scaling::Stable => format!(
            "Stable: all {n} sizes that are judged stay what they are from width {narrowest} to {widest}, within width^±{}.",
            number(found.band)
        ),
        Scaling::Grows if found.diverges_with_width() => {
            format!("Not stable: networks of width {widest} diverge, and networks of width {narrowest} do not.")
        }
        Scaling::Grows | Scaling::Shrinks => {
            let verb = if found.verdict == Scaling::Grows { "grows" } else { "shrinks" };
            let first = steepest(found, found.verdict);
            let said = first.first().map_or_else(String::new, |one| format!("{} {verb} {}", named(one), power(one.1)));
            format!("Not stable: {said}.")
        }
        Scaling::CannotTell => {
            let first = steepest(found, Scaling::CannotTell);
            let said = first.first().map_or_else(
                || "no size can be fitted".to_owned(),
                |one| match one.1.slope {
                    Some(_) => format!("{} goes {}, which leaves open whether it scales", named(one), power(one.1)),
                    None => format!("{} is not finite, or lost in rounding, in too many networks", named(one)),
                },
            );
            format!("It cannot be told: {said}. Take more --widths, wider ones, or more --seeds.")
        }
    }
}

fn sentences(found: &Coordinates) -> Vec<String> {
    let of = |scaling| found.judged().filter(|(_, quantity)| quantity.verdict == Some(scaling)).count();
    let counts = format!(
        "Of {} that are judged {} stable, {} with width, {} with width, and {} cannot be told.",
        counted(found.judged().count(), "size"),
        is_are(of(Scaling::Stable)),
        format_args!("{} {}", of(Scaling::Grows), plural(of(Scaling::Grows), "grow")),
        format_args!("{} {}", of(Scaling::Shrinks), plural(of(Scaling::Shrinks), "shrink")),
        of(Scaling::CannotTell)
    );
    let effects: Vec<String> = steepest(found, Scaling::Grows)
        .into_iter()
        .filter(|(_, quantity)| quantity.quantity == Quantity::Effect)
        .filter_map(|(part, quantity)| Some(format!("{} width^{}", part.name, number(-quantity.slope?))))
        .collect();
    let rates = (!effects.is_empty()).then(|| {
        format!(
            "A first update is proportional to its learning rate, so that these factors on the rates of single arrays would level their effects: {}.",
            list(&effects, 4)
        )
    });
    let diverged = (!found.diverged.is_empty()).then(|| {
        let networks: Vec<String> = found
            .diverged
            .iter()
            .map(|network| {
                format!("width {} seed {} at step {}", count(network.width), network.seed, count(network.step))
            })
            .collect();
        format!(
            "{} did not stay finite and are left out of the fits: {}.",
            counted(networks.len(), "network"),
            list(&networks, 4)
        )
    });
    let scaled = (!found.scaled.is_empty()).then(|| {
        let settings: Vec<String> =
            found.scaled.iter().map(|one| format!("{} by width^{}", one.key, number(one.power))).collect();
        format!("With the width went {}.", list(&settings, 8))
    });
    [Some(counts), rates, diverged, scaled].into_iter().flatten().collect()
}

fn is_are(n: usize) -> String {
    format!("{n} {}", if n == 1 { "is" } else { "are" })
}

fn plural(n: usize, verb: &str) -> String {
    if n == 1 { format!("{verb}s") } else { verb.to_owned() }
}

fn slopes_table(found: &Coordinates) -> Table {
    let row = |part: &PartScaling, one: &QuantityScaling| {
        vec![
            TableCell::Text(part.name.clone()),
            TableCell::Text(one.quantity.name().to_owned()),
            TableCell::Text(scaling_words(one.verdict).to_owned()),
            TableCell::of(one.slope, TableCell::Number),
            TableCell::Range(one.low, one.high),
        ]
    };
    let rows = found.parts.iter().flat_map(|part| part.quantities.iter().map(move |one| row(part, one)));
    Table::new("slopes", 3, &["part", "size", "verdict", "slope", "95 %"], rows.collect())
}

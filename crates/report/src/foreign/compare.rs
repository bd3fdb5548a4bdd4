//! `dunwu compare` where one of the two runs was made by another program: their curves, and what differs in what is known.

use super::curves::fitting;
use super::side::Side;
use super::thinned::thinned;
use crate::compare::DifferingSetting;
use crate::timeline::{self, Content, Series as Curve, Track};
use crate::words::{count, list, number};
use dunwu::answer::{Answer, Block, Figure, Scale, Section, Shown, TEST, TRAIN, Table, TableCell, object};
use dunwu::verb::VerbError;
use dunwu_foreign::recorded::RecordedRun;
use dunwu_foreign::series::{Role, Series, role_of};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;

/// Two runs, at least one of which another program made; in every pair the first run comes first.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct CompareForeignData {
    /// Names of their directories.
    pub runs: [String; 2],
    /// Whether dunwu trained them.
    pub own: [bool; 2],
    /// What is known of both or of one of them, and is not the same.
    pub differing: Vec<DifferingSetting>,
    /// Series that both have, by name or by what they are.
    pub shared: Vec<SharedSeries>,
    /// Series that only one of them has.
    pub only: [Vec<String>; 2],
    /// What is not defined for them.
    pub not_defined: Vec<String>,
}

/// A series that both runs have.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct SharedSeries {
    /// Its name in each run.
    pub names: [String; 2],
    /// What it is read as; null where its name does not say it.
    pub role: Option<Role>,
    /// The last step in each run.
    pub last_steps: [u64; 2],
    /// The last value in each run; null where that is not finite.
    pub last: [Option<f64>; 2],
    /// Steps at which both recorded it.
    pub common_steps: usize,
    /// The last of those until which all their values are the same bits; null where the first ones differ or there are none.
    pub same_until: Option<u64>,
    /// The first of those at which they differ; null where none does.
    pub parts_at: Option<u64>,
    /// The values of both at the last step that both recorded; null where there is none, or where one is not finite.
    pub at_last_common: Option<(u64, f64, f64)>,
}

/// What is not defined for two runs of which one is foreign.
const NOT_DEFINED: &str = "likeness of features (CKA), gradients at the features and matched units: they need the task and the split of both runs";

/// Plots of the figure.
const MOST_PLOTS: usize = 8;

/// Compares two recorded runs, at least one of which another program made.
pub fn compare(runs: [&RecordedRun; 2]) -> Result<Answer, VerbError> {
    let sides = [Side::of(runs[0])?, Side::of(runs[1])?];
    let pairs = pairs(&sides);
    let shared: Vec<SharedSeries> = pairs.iter().map(shared).collect();
    let only = [0, 1].map(|side| {
        let is_shared = |one: &&Series| shared.iter().any(|pair| pair.names[side] == one.name);
        sides[side].series.iter().filter(|one| !is_shared(one)).map(|one| one.name.clone()).collect::<Vec<_>>()
    });
    let differing = differing(&sides);
    let names = sides.each_ref().map(|side| side.name.clone());
    let blocks = vec![Block::Figure(figure(&names, &pairs)), series_block(&shared), known_block(&differing)];
    Ok(Answer {
        verb: "compare-foreign",
        title: "Two runs".to_owned(),
        setup: names.join(" · "),
        headline: headline(&shared),
        sentences: sentences(&shared, &only, &differing),
        sections: vec![Section { title: None, shown: Shown::Everywhere, blocks }],
        sources: Vec::new(),
        data: object(&CompareForeignData {
            runs: names,
            own: sides.each_ref().map(|side| side.is_own),
            differing,
            shared,
            only,
            not_defined: vec![NOT_DEFINED.to_owned()],
        }),
    })
}

/// Series of the same name, then those that are the same by what they are; losses and accuracies first.
fn pairs(sides: &[Side; 2]) -> Vec<[&Series; 2]> {
    let [first, second] = sides.each_ref().map(|side| &side.series);
    let mut pairs: Vec<[&Series; 2]> =
        first.iter().filter_map(|one| Some([one, second.iter().find(|other| other.name == one.name)?])).collect();
    for one in first {
        let is_taken = |side: usize, series: &Series, pairs: &[[&Series; 2]]| {
            pairs.iter().any(|pair| pair[side].name == series.name)
        };
        let Some(role) = role_of(&one.name).filter(|_| !is_taken(0, one, &pairs)) else { continue };
        let other = second.iter().find(|other| role_of(&other.name) == Some(role) && !is_taken(1, other, &pairs));
        pairs.extend(other.map(|other| [one, other]));
    }
    pairs.sort_by_key(|pair| rank(role_of(&pair[0].name)));
    pairs
}

/// What is looked at first.
fn rank(role: Option<Role>) -> usize {
    match role {
        Some(Role::HeldOutLoss) => 0,
        Some(Role::HeldOutAccuracy | Role::HeldOutError) => 1,
        Some(Role::TrainingLoss) => 2,
        Some(Role::TrainingAccuracy | Role::TrainingError) => 3,
        None => 4,
    }
}

fn shared([one, other]: &[&Series; 2]) -> SharedSeries {
    let same = |a: f64, b: f64| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan();
    let of_other: std::collections::BTreeMap<u64, f64> =
        other.steps.iter().copied().zip(other.values.iter().copied()).collect();
    let common: Vec<(u64, f64, f64)> = one
        .steps
        .iter()
        .zip(&one.values)
        .filter_map(|(step, value)| Some((*step, *value, *of_other.get(step)?)))
        .collect();
    let n_same = common.iter().take_while(|point| same(point.1, point.2)).count();
    let pair = [one, other];
    SharedSeries {
        names: pair.map(|series| series.name.clone()),
        role: role_of(&one.name),
        last_steps: pair.map(|series| series.steps.last().copied().unwrap_or(0)),
        last: pair.map(|series| series.values.last().copied().filter(|value| value.is_finite())),
        common_steps: common.len(),
        same_until: n_same.checked_sub(1).map(|index| common[index].0),
        parts_at: common.get(n_same).map(|point| point.0),
        at_last_common: common.last().copied().filter(|point| point.1.is_finite() && point.2.is_finite()),
    }
}

/// What is known of both and not the same, and what is known of one alone, by key.
fn differing(sides: &[Side; 2]) -> Vec<DifferingSetting> {
    let keys: BTreeSet<&String> = sides.iter().flat_map(|side| side.known.keys()).collect();
    let values = |key: &String| sides.each_ref().map(|side| side.known.get(key).cloned());
    let all = keys.into_iter().map(|key| DifferingSetting { key: key.clone(), values: values(key) });
    all.filter(|setting| setting.values[0] != setting.values[1]).collect()
}

/// One name, or both where they differ.
fn pair_name(names: &[String; 2]) -> String {
    if names[0] == names[1] { names[0].clone() } else { format!("{} and {}", names[0], names[1]) }
}

fn headline(shared: &[SharedSeries]) -> String {
    let Some(chief) = shared.first() else {
        return "The two runs have no series in common, neither by name nor by what they are.".to_owned();
    };
    let name = pair_name(&chief.names);
    match chief.at_last_common {
        _ if chief.common_steps > 0 && chief.parts_at.is_none() => {
            format!("The two runs recorded the same {name} at every step that both have.")
        }
        Some((step, a, b)) => {
            let order = if a < b {
                "below"
            } else if a > b {
                "above"
            } else {
                "at the same value as"
            };
            format!(
                "At step {}, the last that both recorded, the first run's {name} is {}, {order} the second's {}.",
                count(step),
                number(a),
                number(b)
            )
        }
        None => {
            let end = |value: Option<f64>| value.map_or("not finite".to_owned(), number);
            format!(
                "{name} ends at {} in the first run (step {}) and at {} in the second (step {}); no step with a finite value of both is common.",
                end(chief.last[0]),
                count(chief.last_steps[0]),
                end(chief.last[1]),
                count(chief.last_steps[1])
            )
        }
    }
}

fn sentences(shared: &[SharedSeries], only: &[Vec<String>; 2], differing: &[DifferingSetting]) -> Vec<String> {
    let mut sentences = Vec::new();
    let parting = shared.iter().filter_map(|one| Some((one.same_until?, one.parts_at?, pair_name(&one.names))));
    if let Some((same_until, parts_at, name)) = parting.min() {
        sentences.push(format!(
            "Up to step {} their {name} has the same bits; it differs from step {} on.",
            count(same_until),
            count(parts_at)
        ));
    }
    sentences.push(match differing.len() {
        0 => "Nothing that is known of them differs.".to_owned(),
        n => format!(
            "{} of what is known of them differ or {} known of one alone.",
            count(n as u64),
            if n == 1 { "is" } else { "are" }
        ),
    });
    for (side, which) in [(0, "first"), (1, "second")] {
        if !only[side].is_empty() {
            sentences.push(format!("Only the {which} run has {}.", list(&only[side], 6)));
        }
    }
    sentences.push(format!("Not defined here: {NOT_DEFINED}."));
    sentences
}

fn series_block(shared: &[SharedSeries]) -> Block {
    let row = |one: &SharedSeries| {
        vec![
            TableCell::Text(one.names[0].clone()),
            TableCell::Text(one.names[1].clone()),
            TableCell::of(one.last[0], TableCell::Number),
            TableCell::of(one.last[1], TableCell::Number),
            TableCell::Count(one.common_steps as u64),
            TableCell::of(one.parts_at, TableCell::Count),
        ]
    };
    let heads =
        ["first run", "second run", "first, last value", "second, last value", "common steps", "differ from step"];
    Block::Table(Table::new("shared", 2, &heads, shared.iter().map(row).collect()))
}

fn known_block(differing: &[DifferingSetting]) -> Block {
    if differing.is_empty() {
        return Block::Paragraphs(vec!["Nothing that is known of the two runs differs.".to_owned()]);
    }
    let cell = |value: &Option<String>| TableCell::of(value.clone(), TableCell::Text);
    let row =
        |one: &DifferingSetting| vec![TableCell::Text(one.key.clone()), cell(&one.values[0]), cell(&one.values[1])];
    let heads = ["known", "first run", "second run"];
    Block::Table(Table::new("differing", 3, &heads, differing.iter().map(row).collect()))
}

fn figure(names: &[String; 2], pairs: &[[&Series; 2]]) -> Figure {
    const NAME: &str = "curves_of_both";
    const TITLE: &str = "Series of both runs";
    let last = pairs.iter().flatten().filter_map(|series| series.steps.last().copied()).max();
    let Some(last) = last else {
        return Figure::undefined(NAME, TITLE, "the two runs have no series in common");
    };
    let track = |pair: &[&Series; 2]| {
        let curve = |side: usize| {
            let points: Vec<(u64, f64)> =
                pair[side].steps.iter().copied().zip(pair[side].values.iter().copied()).collect();
            let (name, color) = [("first", TEST), ("second", TRAIN)][side];
            Curve::evaluated(name, color, thinned(&points, last))
        };
        let curves = vec![curve(0), curve(1)];
        let values: Vec<f64> = curves.iter().flat_map(|curve| &curve.points).map(|point| point.1).collect();
        let role = role_of(&pair[0].name);
        let is_share = role.is_some_and(|role| !role.is_loss()) && values.iter().all(|value| *value <= 1.0);
        let scale = if is_share { Scale::Linear { low: 0.0, high: 1.0 } } else { fitting(&values) };
        let title = pair_name(&pair.map(|series| series.name.clone()));
        Track { title, scale, height: 110.0, content: Content::Curves(curves) }
    };
    let tracks: Vec<Track> = pairs.iter().take(MOST_PLOTS).map(track).collect();
    let caption = format!("The first run is {}, the second {}.", names[0], names[1]);
    Figure::of_plots(NAME, TITLE, caption, timeline::stack_over(last.max(1), &[], &[], &tracks))
}

//! The verb `curvature`: how sharply the loss is curved along a run, beside the edge of stability.

use crate::timeline::{self, Content, Series, Track};
use crate::words::{count, counted, number};
use dunwu::answer::{Answer, Block, Figure, NEUTRAL, Scale, Section, Shown, TEST, TRAIN, Table, TableCell, object};
use dunwu::run::RunRequest;
use dunwu::stats::median;
use dunwu::verb::{VerbError, Watcher};
use dunwu_verdict::curvature::{Curvature, CurvaturePoint, curvature};
use schemars::JsonSchema;
use serde::Serialize;

/// A run's curvature, as programs read it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct CurvatureData {
    /// The run's directory, or the words of its spec.
    pub subject: String,
    /// What was measured.
    #[serde(flatten)]
    pub curvature: Curvature,
}

/// Rows of the table: the points are thinned to so many.
const ROWS: usize = 12;

/// The run with this spec is trained again and measured before every `every`-th update.
pub fn answer(
    subject: &str,
    request: &RunRequest,
    every: Option<u64>,
    watcher: &mut Watcher<'_>,
) -> Result<Answer, VerbError> {
    request.refuse_imported("its curvature along the way")?;
    request.notes.iter().for_each(|note| watcher.note(note));
    let curve = curvature(request, every, watcher)?;
    let blocks = vec![Block::Figure(figure(&curve, request.spec.steps)), Block::Table(table(&curve))];
    Ok(Answer {
        verb: "curvature",
        title: request.spec.task.to_string(),
        setup: subject.to_owned(),
        headline: headline(&curve),
        sentences: sentences(&curve),
        sections: vec![Section { title: None, shown: Shown::Everywhere, blocks }],
        sources: vec![
            "The edge of stability: Cohen et al. 2021, arXiv:2103.00065; of adaptive methods: Cohen et al. 2022, arXiv:2207.14484. \
             Products with the Hessian: Pearlmutter 1994."
                .to_owned(),
        ],
        data: object(&CurvatureData { subject: subject.to_owned(), curvature: curve }),
    })
}

/// What is held against the edge.
fn name(curve: &Curvature) -> &'static str {
    if curve.preconditioned { "preconditioned sharpness" } else { "sharpness" }
}

fn edge(curve: &Curvature) -> String {
    format!("{}/η", number(curve.edge_times_rate))
}

fn headline(curve: &Curvature) -> String {
    let (name, edge) = (name(curve), edge(curve));
    let Some(settled) = curve.settled else {
        return format!("There is no {name} to hold against {edge}.");
    };
    let where_it_is = if curve.n_near * 2 > curve.n_late {
        "stands at the edge of stability"
    } else if settled > 1.0 {
        "stands above the edge of stability"
    } else {
        "stands below the edge of stability"
    };
    format!("In the second half of the run {name} {where_it_is}, at {} of {edge} (median).", number(settled))
}

fn sentences(curve: &Curvature) -> Vec<String> {
    let near = format!(
        "Of {} in that half, {} within 5 % of the edge.",
        counted(curve.n_late, "point"),
        match curve.n_near {
            1 => "1 is".to_owned(),
            n => format!("{} are", count(n as u64)),
        }
    );
    let ratios = || curve.points.iter().filter_map(|point| Some((point.ratio()?, point.step)));
    let crossing = match (curve.first_crossing, ratios().max_by(|a, b| a.0.total_cmp(&b.0))) {
        (Some(step), _) => Some(format!("It is at the edge or above for the first time at step {}.", count(step))),
        (None, Some((most, step))) => {
            Some(format!("It never reaches the edge: at most {} of it, at step {}.", number(most), count(step)))
        }
        (None, None) => None,
    };
    let late = &curve.points[curve.points.len() / 2..];
    let along = median(late.iter().filter_map(CurvaturePoint::ratio_along));
    let along = along
        .map(|along| format!("Along the update itself curvature is {} of the edge (median there).", number(along)));
    let law = if curve.outside_the_law.is_empty() {
        "The law, that it rises to the edge and stays there, is of the whole sample in every update and of a squared error, as here."
            .to_owned()
    } else {
        format!(
            "The law, that it rises to the edge and stays there, is not of such a run: {}.",
            curve.outside_the_law.join("; ")
        )
    };
    [Some(near), crossing, along, Some(law)].into_iter().flatten().collect()
}

fn figure(curve: &Curvature, steps: u64) -> Figure {
    const NAME: &str = "curvature";
    const TITLE: &str = "Curvature over the edge of stability";
    let points = |read: fn(&CurvaturePoint) -> Option<f64>| -> Vec<(f64, f64)> {
        curve.points.iter().filter_map(|point| Some((point.step as f64, read(point)?))).collect()
    };
    let (top, along) = (points(CurvaturePoint::ratio), points(CurvaturePoint::ratio_along));
    if top.is_empty() {
        return Figure::undefined(NAME, TITLE, "no point of the run has a learning rate above 0");
    }
    let values: Vec<f64> = top.iter().chain(&along).map(|point| point.1).collect();
    let at_one = Series { dashed: true, ..Series::evaluated("edge", NEUTRAL, vec![(0.0, 1.0), (steps as f64, 1.0)]) };
    let mut curves =
        vec![Series::of_frames(name(curve), TEST, top), Series::of_frames("along the update", TRAIN, along), at_one];
    curves.retain(|series| !series.points.is_empty());
    let losses = points(|point| Some(point.loss));
    let tracks = [
        Track {
            title: format!("Curvature (in units of the edge, {})", edge(curve)),
            scale: Scale::linear(values, &[0.0, 1.1]),
            height: 170.0,
            content: Content::Curves(curves),
        },
        Track {
            title: "Loss (mean over the training sample)".into(),
            scale: Scale::log(losses.iter().map(|point| point.1), 12),
            height: 110.0,
            content: Content::Curves(vec![Series::of_frames("loss", TRAIN, losses)]),
        },
    ];
    let caption = format!("{} The dashed line is the edge.", headline(curve));
    Figure::of_plots(NAME, TITLE, caption, timeline::stack_over(steps.max(1), &[], &[], &tracks))
}

fn table(curve: &Curvature) -> Table {
    let number = |value: Option<f64>| TableCell::of(value, TableCell::Number);
    let row = |point: &CurvaturePoint| {
        vec![
            TableCell::Count(point.step),
            TableCell::Number(point.loss),
            TableCell::Number(point.sharpness),
            TableCell::Number(point.preconditioned),
            number(point.ratio()),
            number(point.ratio_along()),
        ]
    };
    let n = curve.points.len();
    let mut places: Vec<usize> = (0..ROWS).map(|i| i * n.saturating_sub(1) / (ROWS - 1)).collect();
    places.dedup();
    let rows = places.into_iter().filter_map(|place| Some(row(curve.points.get(place)?))).collect();
    let heads = ["step", "loss", "sharpness", "preconditioned", "of the edge", "along the update, of the edge"];
    Table::new("points", 0, &heads, rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verbs::mistakes;
    use std::sync::atomic::AtomicBool;

    fn answered(words: &str) -> Answer {
        let words: Vec<String> = format!("small task=cyclic:5 data.fraction=0.8 model.width=6 {words}")
            .split_whitespace()
            .map(str::to_owned)
            .collect();
        let request = RunRequest::from_words(&words).unwrap_or_else(|error| panic!("{}", error.sentence()));
        let stop = AtomicBool::new(false);
        let answer = answer("words", &request, Some(5), &mut Watcher::new(&mut |_| (), &stop));
        answer.unwrap_or_else(|error| panic!("{}", error.sentence()))
    }

    #[test]
    fn an_answer_fits_its_schema_and_names_the_law_and_its_limits() {
        let inside = answered("optimizer=sgd optimizer.learning_rate=0.1 optimizer.weight_decay=0 steps=20");
        let outside = answered("optimizer=adam loss=cross_entropy data.batch_size=8 steps=20");
        for answer in [&inside, &outside] {
            let mut value = answer.data.clone();
            value.insert("verb".into(), answer.verb.into());
            value.insert("headline".into(), answer.headline.clone().into());
            value.insert("story".into(), Vec::<String>::new().into());
            assert_eq!(mistakes("curvature", &value.into()), [""; 0]);
        }
        assert!(inside.headline.contains("of 2/η") && inside.sentences.last().unwrap().ends_with("as here."));
        assert!(outside.headline.contains("preconditioned sharpness") && outside.headline.contains("of 38/η"));
        let limits = outside.sentences.last().unwrap();
        assert!(limits.contains("see 8 of 20 samples") && limits.contains("cross-entropy"), "{limits}");
    }
}

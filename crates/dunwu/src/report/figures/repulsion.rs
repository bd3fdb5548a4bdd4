//! Units that push each other apart, and the features they make together.

use super::Figure;
use crate::report::svg::Svg;
use crate::report::timeline::{self, Track};
use crate::report::view::{Course, View};
use crate::report::words::{count, number};

const NAME: &str = "repulsion";
const TITLE: &str = "How units act on each other";

/// Repulsion of similar units above, distance of the feature kernel from its ideal form below.
pub(super) fn figure(view: &View<'_>) -> Figure {
    let repulsion = timeline::measured(view, "repulsion", "Repulsion of similar units", "repulsion");
    let kernel = timeline::measured(view, "kernel_distance", "Distance of the kernel FFᵀ from its ideal", "distance");
    let tracks: Vec<Track> = [repulsion, kernel].into_iter().flatten().collect();
    if tracks.is_empty() {
        return Figure::undefined(NAME, TITLE, "repulsion and kernel distance were not measured in this run");
    }
    let mut svg = Svg::default();
    let height = timeline::draw(&mut svg, view, &tracks);
    let parts: Vec<String> =
        [("repulsion", "repulsion"), ("kernel_distance", "the distance of FFᵀ from its ideal form")]
            .into_iter()
            .filter_map(|(name, words)| sentence(words, Course::of(&view.course(name))?).into())
            .collect();
    let mut caption = parts.join("; ");
    // The first letter of a sentence that begins with a quantity.
    if let Some(first) = caption.get(..1) {
        caption.replace_range(..1, &first.to_uppercase());
    }
    Figure::drawn(NAME, TITLE, caption + ".", svg, height)
}

fn sentence(name: &str, course: Course) -> String {
    format!(
        "{name} goes from {} at step {} to {} at step {}, between {} (step {}) and {} (step {})",
        number(course.first.1),
        count(course.first.0 as u64),
        number(course.last.1),
        count(course.last.0 as u64),
        number(course.lowest.1),
        count(course.lowest.0 as u64),
        number(course.highest.1),
        count(course.highest.0 as u64),
    )
}

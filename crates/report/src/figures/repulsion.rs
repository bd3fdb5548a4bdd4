//! Units that push each other apart, and the features they make together.

use super::Figure;
use crate::svg::Svg;
use crate::timeline::{self, Track};
use crate::view::{Course, View};
use dunwu::answer::Scale;
use dunwu::measure;

const NAME: &str = "repulsion";
const TITLE: &str = "How units act on each other";

/// Repulsion of similar units above, distance of the feature kernel from its ideal form below.
pub(super) fn figure(view: &View<'_>) -> Figure {
    let from_zero = |values: &[f64]| Scale::linear(values.iter().copied(), &[0.0]);
    let repulsion = timeline::measured(view, measure::REPULSION, "Repulsion of similar units", from_zero);
    let kernel =
        timeline::measured(view, measure::KERNEL_DISTANCE, "Distance of the kernel FFᵀ from its ideal", from_zero);
    let tracks: Vec<Track> = [repulsion, kernel].into_iter().flatten().collect();
    if tracks.is_empty() {
        return Figure::undefined(NAME, TITLE, "repulsion and kernel distance were not measured in this run");
    }
    let mut svg = Svg::default();
    let height = timeline::draw(&mut svg, view, &tracks);
    let course = |handle| Course::of(&view.course(handle)).map(|course| course.phrase());
    let caption = match (course(measure::REPULSION), course(measure::KERNEL_DISTANCE)) {
        (Some(repulsion), Some(kernel)) => {
            format!("Repulsion {repulsion}; the distance of FFᵀ from its ideal form {kernel}.")
        }
        (Some(repulsion), None) => {
            format!("Repulsion {repulsion}; the distance of FFᵀ from its ideal is not defined here.")
        }
        (None, Some(kernel)) => {
            format!("The distance of FFᵀ from its ideal form {kernel}; repulsion is not defined here.")
        }
        (None, None) => String::new(),
    };
    Figure::drawn(NAME, TITLE, caption, svg, height)
}

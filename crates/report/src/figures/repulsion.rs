//! Units that push each other apart, and the features they make together.

use crate::timeline::{self, Track};
use crate::view::{Course, View};
use dunwu::answer::{Figure, Scale};
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
    let plots = timeline::stack(view, &tracks);
    let course = |name| Course::of(&view.course(name)).map(|course| course.phrase());
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
    Figure::of_plots(NAME, TITLE, caption, plots)
}

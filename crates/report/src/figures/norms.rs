//! How large the weights are.

use crate::timeline::{self, Content, Series, Track};
use crate::view::{Course, View};
use dunwu::answer::{Figure, Scale};
use dunwu::answer::{RESTORED, TEST};
use dunwu::measure;

const NAME: &str = "norms";
const TITLE: &str = "How large the weights are";

/// Norms of both layers over time.
pub(super) fn figure(view: &View<'_>) -> Figure {
    let layers: Vec<_> =
        [(measure::HIDDEN_NORM, "W, hidden", "‖W‖", TEST), (measure::TOP_NORM, "V, top", "‖V‖", RESTORED)]
            .into_iter()
            .filter_map(|(measure, curve, symbol, color)| {
                let points = view.course(measure);
                let course = Course::of(&points)?;
                Some((Series::of_frames(curve, color, points), format!("{symbol} {}", course.phrase())))
            })
            .collect();
    if layers.is_empty() {
        return Figure::undefined(NAME, TITLE, "the norms of the layers were not measured in this run");
    }
    let (series, phrases): (Vec<Series>, Vec<String>) = layers.into_iter().unzip();
    let values: Vec<f64> = series.iter().flat_map(|s| s.points.iter().map(|p| p.1)).collect();
    let content = Content::Curves(series);
    let track = Track { title: "Norm (Frobenius)".into(), scale: Scale::fitting(&values), height: 120.0, content };
    let plots = timeline::stack(view, &[track]);
    Figure::of_plots(NAME, TITLE, format!("The norm {}.", phrases.join("; ")), plots)
}

//! The figures, one a file, in reading order. Each is a drawing and one sentence with the numbers of this run.

mod circuit;
mod coverage;
mod curves;
mod energies;
mod evidence;
mod gradient;
mod irrep_axis;
mod irrep_map;
mod labels;
mod norms;
mod repulsion;
mod spectra;

use super::svg::Svg;
use super::view::View;

/// A drawing of a verb whose figures are not data yet.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Figure {
    /// Name in file names and anchors: `irrep_map`.
    pub name: &'static str,
    /// What is shown.
    pub title: String,
    /// What it shows in this run, in one sentence with its numbers; or `not defined here: why`.
    pub caption: String,
    /// The drawing, a whole SVG document; `None` where it is not defined.
    pub svg: Option<String>,
}

impl Figure {
    pub(super) fn drawn(name: &'static str, title: &str, caption: String, svg: Svg, height: f64) -> Self {
        let svg = Some(svg.finish(name, title, &caption, height));
        Self { name, title: title.into(), caption, svg }
    }

    pub(super) fn undefined(name: &'static str, title: &str, why: &str) -> Self {
        Self { name, title: title.into(), caption: format!("not defined here: {why}."), svg: None }
    }
}

/// Every figure of a run but those of its landscape, in reading order.
pub(super) fn all(view: &View<'_>) -> Vec<dunwu::answer::Figure> {
    [
        curves::figure,
        labels::figure,
        evidence::figure,
        energies::figure,
        irrep_map::figure,
        coverage::figure,
        circuit::figure,
        gradient::figure,
        repulsion::figure,
        spectra::figure,
        norms::figure,
    ]
    .map(|figure| figure(view))
    .into()
}

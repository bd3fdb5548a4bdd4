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

use super::view::View;
use dunwu::answer::Figure;

/// Every figure of a run but those of its landscape, in reading order.
pub(super) fn all(view: &View<'_>) -> Vec<Figure> {
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

//! From a landscape to a drawing of its mountains.

use crate::landscape::race::Best;
use crate::landscape::{Energy, PeakKind, Section};
use crate::report::terrain::{Mark, Terrain};
use dunwu_engine::kernel::Workers;

/// The two mountains of a landscape, and a third direction that opens the plane between them.
pub(super) struct Mountains<'a> {
    /// The memorizing one, and whether it is a peak here.
    pub(super) memorizing: (&'a Best, bool),
    /// The generalizing one, and whether it is a peak here.
    pub(super) generalizing: (&'a Best, bool),
    /// Another memorizing one; without it, any direction.
    pub(super) third: Option<&'a Best>,
}

/// The section through both; `None` where they do not span one.
pub(super) fn terrain(energy: &Energy, mountains: &Mountains<'_>, n_train: usize, workers: &Workers) -> Option<Terrain> {
    let (memorizing, generalizing) = (mountains.memorizing.0, mountains.generalizing.0);
    // Any fixed direction will do; one that no symmetry of a task prefers.
    let any: Vec<f64> = (0..energy.dimension()).map(|k| ((k * k + 1) as f64).sin()).collect();
    let third = mountains.third.map_or(&any, |best| &best.w);
    let section = Section::of(energy, &memorizing.w, &generalizing.w, third, workers)?;
    let height = |w: &[f64]| energy.of_unit(w).0;
    let mut marks = vec![
        Mark {
            theta: 0.0,
            phi: 0.0,
            height: height(&memorizing.w),
            kind: PeakKind::Memorizing,
            is_peak: mountains.memorizing.1,
            name: memorizing.name.clone(),
        },
        Mark {
            theta: section.apart,
            phi: 0.0,
            height: height(&generalizing.w),
            kind: PeakKind::Generalizing,
            is_peak: mountains.generalizing.1,
            name: generalizing.name.clone(),
        },
    ];
    if let Some(third) = mountains.third {
        marks.push(Mark {
            theta: section.third.0,
            phi: section.third.1,
            height: height(&third.w),
            kind: PeakKind::Memorizing,
            is_peak: true,
            name: third.name.clone(),
        });
    }
    Some(Terrain { n_train, theta: section.theta, phi: section.phi, heights: section.heights, marks })
}

//! Sections through a memory and a feature peak, as the terrains that figures draw.

use super::race::{Best, Course, RaceError, RacePoint, Standing};
use super::{Energy, PeakKind, Section};
use crate::answer::{Terrain, TerrainMark as Mark};
use dunwu_engine::kernel::Workers;
use dunwu_engine::spec::Sampling;
use dunwu_engine::{Problem, RunSpec};

/// Two peaks of a landscape, and a third direction that opens the plane between them.
pub(super) struct Mountains<'a> {
    /// The peak on the left, as a rule the memory peak, and whether it is a peak here.
    pub(super) left: (&'a Best, PeakKind, bool),
    /// The peak on the right, as a rule the feature peak, and whether it is a peak here.
    pub(super) right: (&'a Best, PeakKind, bool),
    /// Another peak of the left one's kind; without it, any direction.
    pub(super) third: Option<&'a Best>,
}

/// Random starts of a landscape that is drawn and not measured.
const RESTARTS: usize = 96;

/// The mountains of a run's problem with half, all and one and a half times its training samples, of the same seed; none where one of
/// the two kinds of peak is never found, or where
/// the samples are named by a file or not drawn one by one.
pub(super) fn mountains(
    spec: &RunSpec,
    problem: &Problem,
    n_train: usize,
    course: &Course<'_>,
    workers: &Workers,
) -> Result<Vec<Terrain>, RaceError> {
    if matches!(spec.data.sampling, Sampling::SplitFile(_) | Sampling::Part(..)) {
        return Ok(Vec::new());
    }
    // Something has to be held out for a peak to carry over to.
    let most = problem.n_population() * 19 / 20;
    let mut counts = vec![n_train.div_ceil(2), n_train, n_train * 3 / 2];
    counts.retain(|&count| count <= most);
    let course = Course { restarts: RESTARTS, ..*course };
    let (mut points, mut energies) = (Vec::new(), Vec::new());
    for &count in &counts {
        let mut spec = spec.clone();
        spec.data.sampling = Sampling::Count(count as u64);
        let standing = Standing::of(&course, &spec, spec.seed, workers)?;
        energies.push(course.energy_of(&spec, spec.seed)?);
        points.push(RacePoint { x: count as f64, standings: vec![standing] });
    }
    Ok(terrains(&points, &energies, workers).into_iter().flatten().collect())
}

/// The mountains of the first sample at each value. Where one of the two is no peak there, the direction that it has at the nearest
/// value with one is drawn, and marked as no peak.
pub(super) fn terrains(points: &[RacePoint], energies: &[Energy], workers: &Workers) -> Vec<Option<Terrain>> {
    let best = |i: usize, kind: PeakKind| points[i].standings.first()?.best(kind);
    let nearest = |i: usize, kind: PeakKind| -> Option<(&Best, bool)> {
        let order = (0..points.len()).flat_map(|away| [i.checked_sub(away), Some(i + away)]).flatten();
        let mut there = order.filter(|&j| j < points.len()).filter_map(|j| Some((best(j, kind)?, j == i)));
        there.next()
    };
    let at = |(i, energy): (usize, &Energy)| {
        let side = |kind| nearest(i, kind).map(|(best, is_peak)| (best, kind, is_peak));
        let mountains = Mountains {
            left: side(PeakKind::Memory)?,
            right: side(PeakKind::Feature)?,
            third: points[i].standings.first()?.runner_up.as_ref(),
        };
        terrain(energy, &mountains, points[i].standings.first()?.n_train, workers)
    };
    energies.iter().enumerate().map(at).collect()
}

/// The section through both peaks; `None` where they do not span one.
pub(super) fn terrain(
    energy: &Energy,
    mountains: &Mountains<'_>,
    n_train: usize,
    workers: &Workers,
) -> Option<Terrain> {
    let ((left, left_kind, left_is_peak), (right, right_kind, right_is_peak)) = (mountains.left, mountains.right);
    // Any fixed direction will do; one that no symmetry of a task prefers.
    let any: Vec<f64> = (0..energy.dimension()).map(|k| ((k * k + 1) as f64).sin()).collect();
    let third = mountains.third.map_or(&any, |best| &best.w);
    let section = Section::of(energy, &left.w, &right.w, third, workers)?;
    let height = |w: &[f64]| energy.of_unit(w).0;
    let mut marks = vec![
        Mark {
            theta: 0.0,
            phi: 0.0,
            height: height(&left.w),
            kind: left_kind,
            is_peak: left_is_peak,
            name: left.name.clone(),
        },
        Mark {
            theta: section.apart,
            phi: 0.0,
            height: height(&right.w),
            kind: right_kind,
            is_peak: right_is_peak,
            name: right.name.clone(),
        },
    ];
    if let Some(third) = mountains.third {
        marks.push(Mark {
            theta: section.third.0,
            phi: section.third.1,
            height: height(&third.w),
            kind: left_kind,
            is_peak: true,
            name: third.name.clone(),
        });
    }
    Some(Terrain { n_train, theta: section.theta, phi: section.phi, heights: section.heights, marks })
}

//! The peaks of a landscape: found from many starts, certified, and put together where the problem's symmetries make them one.

use super::ascent::{Arrival, Climb, Stop, climb};
use super::certificate::{Certificate, certify};
use super::maximum::{Form, Landscape, Maximum, PeakKind};
use crate::stats::Share;
use dunwu_engine::kernel::Workers;
use dunwu_engine::random::{Stream, normal, nth_rng};

/// |cos| of the directions from which two ends of ascents are one: 0.08 degrees.
const SAME: f64 = 1.0 - 1e-6;
/// Peaks of a complete table whose heights differ by less belong to one family.
const SAME_HEIGHT: f64 = 1e-6;
/// Rounds in which what settled on a saddle is sent up again.
const ROUNDS: usize = 4;
/// How far a unit on a saddle is moved along the way up.
const NUDGE: f64 = 0.05;

/// Where the starts ended, and what is there.
#[derive(Clone, Debug)]
pub struct Peaks {
    /// Random starts.
    pub restarts: usize,
    /// Certified maxima, no two the same.
    pub maxima: Vec<Maximum>,
    /// Their certificates.
    pub certificates: Vec<Certificate>,
    /// For each random start the maximum that it reached; `None` where it reached none.
    pub of_start: Vec<Option<usize>>,
    /// Maxima put together, feature peaks first, each kind from the highest down.
    pub classes: Vec<Peak>,
    /// Random starts without anything to climb.
    pub n_flat: usize,
    /// Random starts whose end could not be certified as a peak.
    pub n_uncertified: usize,
    /// Share of the hints from which an ascent ends on a feature peak; 0 without hints.
    pub kept: f64,
}

/// All maxima that stand for the same thing.
#[derive(Clone, Debug)]
pub struct Peak {
    /// What they are good for.
    pub kind: PeakKind,
    /// What they stand for.
    pub form: Form,
    /// Positions in [`Peaks::maxima`], the highest first.
    pub members: Vec<usize>,
    /// Random starts that reached one of them.
    pub n_starts: usize,
    /// Share of random starts that reached one of them.
    pub basin: Share,
}

/// Random start number `i` under `seed`: uniform on the sphere once it is scaled.
pub fn random_start(seed: u64, i: u64, dimension: usize) -> Vec<f64> {
    let mut rng = nth_rng(seed, Stream::Starts, i);
    (0..dimension).map(|_| normal(&mut rng)).collect()
}

/// Climbs from `restarts` random points, and from the directions `hints` beside, which find peaks but count in no basin.
pub fn find(landscape: &Landscape<'_>, restarts: usize, seed: u64, hints: &[Vec<f64>], workers: &Workers) -> Peaks {
    let d = landscape.energy.dimension();
    let start = |i: usize| if i < restarts { random_start(seed, i as u64, d) } else { hints[i - restarts].clone() };
    let climbs = climb(&landscape.energy, restarts + hints.len(), start, Stop::PEAK, workers);
    let (places, of_climb) = certified(landscape, climbs, workers);
    let n_flat = of_climb[..restarts].iter().filter(|end| matches!(end, End::Flat)).count();
    let place = |end: &End| if let End::Place(place) = end { Some(*place) } else { None };
    let peaks: Vec<usize> = (0..places.len()).filter(|&place| places[place].1.is_peak).collect();
    let mut position = vec![None; places.len()];
    peaks.iter().enumerate().for_each(|(new, &old)| position[old] = Some(new));
    let of_start: Vec<Option<usize>> =
        of_climb[..restarts].iter().map(|end| place(end).and_then(|place| position[place])).collect();
    let (climbs, certificates): (Vec<_>, Vec<_>) =
        places.into_iter().filter(|(_, certificate)| certificate.is_peak).unzip();
    let maxima = landscape.describe(&climbs, workers);
    let classes = classes(landscape, &maxima, &of_start);
    let is_kept = |end: &&End| {
        let reached = place(end).and_then(|place| position[place]);
        reached.is_some_and(|maximum| maxima[maximum].kind == PeakKind::Feature)
    };
    let kept = of_climb[restarts..].iter().filter(is_kept).count() as f64 / hints.len().max(1) as f64;
    let n_uncertified = of_start.iter().filter(|end| end.is_none()).count() - n_flat;
    Peaks { restarts, maxima, certificates, of_start, classes, n_flat, n_uncertified, kept }
}

/// Where a climb ended.
#[derive(Clone, Copy, Debug)]
enum End {
    Flat,
    Place(usize),
}

/// The distinct places at which climbs ended, each judged; what ended on a saddle is sent up again.
fn certified(
    landscape: &Landscape<'_>,
    mut climbs: Vec<Climb>,
    workers: &Workers,
) -> (Vec<(Climb, Certificate)>, Vec<End>) {
    let is_even = landscape.energy.curve().activation.is_even();
    let mut places: Vec<(Climb, Certificate)> = Vec::new();
    let mut ends: Vec<Option<End>> = vec![None; climbs.len()];
    let mut open: Vec<usize> = (0..climbs.len()).collect();
    for round in 0..ROUNDS {
        let known = places.len();
        let mut fresh: Vec<Climb> = Vec::new();
        for &i in &open {
            let end = &climbs[i];
            if end.arrival == Arrival::Flat {
                ends[i] = Some(End::Flat);
                continue;
            }
            let old = places.iter().map(|(climb, _)| climb).position(|other| is_same(other, end, is_even));
            let found = old.or_else(|| fresh.iter().position(|other| is_same(other, end, is_even)).map(|p| known + p));
            ends[i] = Some(End::Place(found.unwrap_or_else(|| {
                fresh.push(end.clone());
                known + fresh.len() - 1
            })));
        }
        let mut judged: Vec<(Climb, Option<Certificate>)> = fresh.into_iter().map(|climb| (climb, None)).collect();
        workers.each(&mut judged, |_, (climb, certificate)| *certificate = Some(certify(&landscape.energy, climb)));
        places.extend(judged.into_iter().map(|(climb, judged)| (climb, judged.expect("each was judged"))));
        // Both sides of a saddle are tried, and the higher one is kept.
        open.retain(|&i| matches!(ends[i], Some(End::Place(place)) if !places[place].1.is_peak));
        if open.is_empty() || round + 1 == ROUNDS {
            break;
        }
        let nudged = |k: usize| {
            let Some(End::Place(place)) = ends[open[k / 2]] else { unreachable!("only places are left open") };
            let (climb, certificate) = &places[place];
            let side = if k.is_multiple_of(2) { NUDGE } else { -NUDGE };
            climb.w.iter().zip(&certificate.way_up).map(|(w, up)| w + side * up).collect()
        };
        let again = climb(&landscape.energy, 2 * open.len(), nudged, Stop::PEAK, workers);
        for (pair, &i) in again.chunks_exact(2).zip(&open) {
            let higher = usize::from(pair[1].height > pair[0].height);
            climbs[i] = pair[higher].clone();
        }
    }
    (places, ends.into_iter().map(|end| end.expect("every climb has an end")).collect())
}

fn is_same(a: &Climb, b: &Climb, is_even: bool) -> bool {
    if (a.height - b.height).abs() > SAME_HEIGHT * a.height.abs().max(b.height.abs()) {
        return false;
    }
    let cosine: f64 = a.w.iter().zip(&b.w).map(|(a, b)| a * b).sum();
    (if is_even { cosine.abs() } else { cosine }) >= SAME
}

/// Maxima put together by kind and form; where the landscape has the problem's symmetries, by height as well.
fn classes(landscape: &Landscape<'_>, maxima: &[Maximum], of_start: &[Option<usize>]) -> Vec<Peak> {
    let mut n_starts = vec![0; maxima.len()];
    of_start.iter().flatten().for_each(|&maximum| n_starts[maximum] += 1);
    let mut keyed: Vec<(PeakKind, Form, usize)> =
        maxima.iter().enumerate().map(|(i, maximum)| (maximum.kind, landscape.form(maximum, i), i)).collect();
    keyed.sort_by(|a, b| {
        (a.0, &a.1).cmp(&(b.0, &b.1)).then(maxima[b.2].height.total_cmp(&maxima[a.2].height)).then(a.2.cmp(&b.2))
    });
    let mut classes: Vec<Peak> = Vec::new();
    for (kind, form, i) in keyed {
        let height = maxima[i].height;
        let belongs = classes.last().is_some_and(|class| {
            let last = maxima[*class.members.last().expect("a class has members")].height;
            (class.kind, &class.form) == (kind, &form)
                && !(landscape.is_complete() && last - height > SAME_HEIGHT * last)
        });
        match classes.last_mut().filter(|_| belongs) {
            Some(class) => {
                class.members.push(i);
                class.n_starts += n_starts[i];
            }
            None => {
                let basin = Share::of(0, of_start.len());
                classes.push(Peak { kind, form, members: vec![i], n_starts: n_starts[i], basin });
            }
        }
    }
    for class in &mut classes {
        class.basin = Share::of(class.n_starts, of_start.len());
    }
    classes
        .sort_by(|a, b| a.kind.cmp(&b.kind).then(maxima[b.members[0]].height.total_cmp(&maxima[a.members[0]].height)));
    classes
}

impl Peaks {
    /// The highest maximum of this kind.
    pub fn best(&self, kind: PeakKind) -> Option<&Maximum> {
        self.maxima.iter().filter(|maximum| maximum.kind == kind).max_by(|a, b| a.height.total_cmp(&b.height))
    }

    /// The highest maximum of a kind that points elsewhere than `other`: at least 60° away from it.
    pub fn runner_up(&self, kind: PeakKind, other: &Maximum) -> Option<&Maximum> {
        let apart = |maximum: &&Maximum| maximum.w.iter().zip(&other.w).map(|(a, b)| a * b).sum::<f64>().abs() < 0.5;
        let of_kind = self.maxima.iter().filter(|maximum| maximum.kind == kind);
        of_kind.filter(apart).max_by(|a, b| a.height.total_cmp(&b.height))
    }

    /// Share of random starts that reached a maximum of this kind.
    pub fn basin(&self, kind: PeakKind) -> Share {
        let reached = self.of_start.iter().flatten().filter(|&&maximum| self.maxima[maximum].kind == kind).count();
        Share::of(reached, self.restarts)
    }
}

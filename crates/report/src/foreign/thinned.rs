//! Curves of any length as a drawing can hold them.

/// Places along the axis of steps at which a curve is drawn; each keeps its lowest and its highest value.
const PLACES: f64 = 300.0;

/// The points of a curve whose axis is the logarithm of the step + 1, without those that lie between their neighbours' extremes.
pub(super) fn thinned(points: &[(u64, f64)], last_step: u64) -> Vec<(f64, f64)> {
    let place = |step: u64| ((step as f64).ln_1p() / (last_step.max(1) as f64).ln_1p() * PLACES) as u64;
    let mut kept = Vec::new();
    for chunk in points.chunk_by(|a, b| place(a.0) == place(b.0)) {
        let mut chosen: Vec<usize> = vec![0, chunk.len() - 1];
        let finite = || chunk.iter().enumerate().filter(|(_, point)| point.1.is_finite());
        chosen.extend(finite().min_by(|a, b| a.1.1.total_cmp(&b.1.1)).map(|found| found.0));
        chosen.extend(finite().max_by(|a, b| a.1.1.total_cmp(&b.1.1)).map(|found| found.0));
        chosen.sort_unstable();
        chosen.dedup();
        kept.extend(chosen.into_iter().map(|index| (chunk[index].0 as f64, chunk[index].1)));
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extremes_stay_and_a_drawing_stays_small() {
        let points: Vec<(u64, f64)> =
            (0..100_000).map(|step| (step, if step == 54_321 { 1e6 } else { (step % 7) as f64 })).collect();
        let kept = thinned(&points, 99_999);
        assert!(kept.len() <= 1204, "{}", kept.len());
        assert!(kept.contains(&(54_321.0, 1e6)) && kept.is_sorted_by(|a, b| a.0 < b.0));
        assert_eq!((kept[0], *kept.last().unwrap()), ((0.0, 0.0), (99_999.0, 4.0)));
        assert_eq!(thinned(&points[..5], 4).len(), 5, "a short one stays as it is");
    }
}

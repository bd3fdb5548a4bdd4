//! The points of a series in the order of their steps.

use super::read::Series;

/// Steps and values with ascending steps.
///
/// Where a step is not above the one before, the run went on from an earlier state: what it had recorded from that step on is
/// forgotten. A file that begins with its end is read backwards, and one in no order is sorted; there too the later of two values of
/// one step counts.
pub fn in_order(series: &Series) -> Vec<(u64, f64)> {
    let mut all: Vec<(u64, f64)> = series.steps.iter().copied().zip(series.values.iter().copied()).collect();
    if all.is_sorted_by(|a, b| a.0 > b.0) {
        all.reverse();
    }
    // A run that is resumed goes back now and then; a file whose steps go back at every fourth line is one in no order at all.
    let n_back = all.windows(2).filter(|pair| pair[0].0 >= pair[1].0).count();
    if 4 * n_back > all.len() && n_back > 3 {
        all.sort_by_key(|point| point.0);
    }
    let mut kept: Vec<(u64, f64)> = Vec::with_capacity(all.len());
    for point in all {
        while kept.last().is_some_and(|last| last.0 >= point.0) {
            kept.pop();
        }
        kept.push(point);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(points: &[(u64, f64)]) -> Vec<(u64, f64)> {
        let (steps, values) = points.iter().copied().unzip();
        in_order(&Series { name: "loss".to_owned(), steps, values })
    }

    #[test]
    fn points_come_in_the_order_of_their_steps_and_the_later_of_two_counts() {
        assert_eq!(
            of(&[(3, 0.3), (2, 0.2), (1, 0.1)]),
            [(1, 0.1), (2, 0.2), (3, 0.3)],
            "a file that begins with its end"
        );
        assert_eq!(of(&[(5, 1.0), (5, 2.0)]), [(5, 2.0)], "one step twice");
        assert_eq!(of(&[(1, 0.1), (2, 0.2), (3, 0.3), (2, 0.9)]), [(1, 0.1), (2, 0.9)], "a run that went back");
        let shuffled = [(4, 0.4), (1, 0.1), (3, 0.3), (2, 0.2), (5, 0.5), (0, 0.0), (4, 4.0), (2, 2.0)];
        assert_eq!(of(&shuffled), [(0, 0.0), (1, 0.1), (2, 2.0), (3, 0.3), (4, 4.0), (5, 0.5)], "no order at all");
        assert!(of(&[]).is_empty());
    }
}

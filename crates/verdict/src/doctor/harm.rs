//! When a run is harmed: its loss lies far above that of a reference, which is the same run without what is thought to harm it.

use super::replay::Replayed;
use dunwu_engine::Outcome;

/// Steps around a probe within which the reference's largest loss is taken.
const AROUND: u64 = 30;
/// Times the reference's loss, plus this much, is the limit.
const TIMES: f64 = 2.0;
const PLUS: f64 = 0.1;
/// A reference above this many nats at its end has learned little; there the limit is so much above it instead.
const LEARNED_LITTLE: f64 = 1.8;
const PLUS_LITTLE: f64 = 0.3;

/// The first step from which on the run is harmed against a reference: two probes in a row above
///
/// ```text
/// 2 · max(reference within ±30 steps) + 0.1      or max + 0.3 where the reference ends above 1.8
/// ```
///
/// or where it stops being finite or collapses and the reference does not. `None` where it is not harmed.
pub fn harmed_at(run: &Replayed, reference: &Replayed) -> Option<u64> {
    let ends_badly = |run: &Replayed| match run.outcome {
        Outcome::Diverged { step } | Outcome::Collapsed { step } => Some(step),
        _ => None,
    };
    let by_end = ends_badly(run).filter(|_| ends_badly(reference).is_none());
    let has_learned_little = reference.final_loss() > LEARNED_LITTLE;
    let limit = |step: u64| {
        let around = reference.probes.iter().filter(|(other, _)| other.abs_diff(step) <= AROUND);
        let largest = around.map(|(_, loss)| *loss).fold(f64::NEG_INFINITY, f64::max);
        if has_learned_little { largest + PLUS_LITTLE } else { TIMES * largest + PLUS }
    };
    let above = |(step, loss): &(u64, f64)| !loss.is_finite() || *loss > limit(*step);
    let pairs = run.probes.windows(2);
    let by_loss = pairs.filter(|pair| pair.iter().all(above)).map(|pair| pair[0].0).next();
    [by_loss, by_end].into_iter().flatten().min()
}

/// Steps before its end since which a run that fell back has to lie there: one that ends within a spike may yet come back.
const LASTING: u64 = 50;

/// Whether the run fell back behind itself: it diverged, it collapsed, or its last 50 steps lie above twice its best loss plus 0.1.
pub fn fell_back(run: &Replayed) -> Option<u64> {
    if let Outcome::Diverged { step } | Outcome::Collapsed { step } = run.outcome {
        return Some(step);
    }
    let mut best = f64::INFINITY;
    let mut since = None;
    for (step, loss) in &run.probes {
        if *loss > TIMES * best + PLUS || !loss.is_finite() {
            since = since.or(Some(*step));
        } else {
            since = None;
        }
        best = best.min(*loss);
    }
    since.filter(|since| run.end.saturating_sub(*since) >= LASTING)
}

/// Share of its first loss above which a run has learned nothing at its end.
const NOTHING: f64 = 0.8;

/// Whether the run, seen alone, went wrong: it fell back, or it learned next to nothing. The step from which on.
pub fn went_wrong(run: &Replayed) -> Option<u64> {
    let learned_nothing = run.probes.first().is_some_and(|first| run.final_loss() > NOTHING * first.1);
    fell_back(run).or(learned_nothing.then_some(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(losses: &[f64], outcome: Outcome) -> Replayed {
        let probes: Vec<(u64, f64)> = (0..).step_by(10).zip(losses.iter().copied()).collect();
        let end = probes.last().map_or(0, |probe| probe.0);
        Replayed { losses: Vec::new(), probes, vitals: Vec::new(), outcome, end }
    }

    #[test]
    fn harm_is_two_probes_in_a_row_above_the_limit_or_a_bad_end() {
        let fine = Outcome::Censored { step: 0 };
        let reference = run(&[1.0, 0.5, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1], fine);
        for (losses, expected) in [
            ([1.0, 0.5, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1], None),
            // One probe is a spike, not harm.
            ([1.0, 0.5, 0.2, 0.1, 0.1, 0.1, 0.9, 0.1], None),
            // The largest loss of the reference within 30 steps counts: 0.5 at step 40, 0.2 at 50.
            ([1.0, 0.5, 0.2, 0.1, 1.0, 1.0, 1.2, 0.9], Some(50)),
            ([1.0, 0.5, 0.2, 0.1, 0.1, 0.1, 0.31, 0.31], Some(60)),
        ] {
            assert_eq!(harmed_at(&run(&losses, fine), &reference), expected, "{losses:?}");
        }
        assert_eq!(harmed_at(&run(&[1.0, 0.5], Outcome::Diverged { step: 13 }), &reference), Some(13));
        let both = run(&[1.0, 0.5], Outcome::Diverged { step: 13 });
        assert_eq!(harmed_at(&both, &both), None);
        let little = run(&[3.0, 2.9, 2.5, 2.5, 2.5], fine);
        assert_eq!(harmed_at(&run(&[3.0, 3.0, 3.0, 3.4, 3.4], fine), &little), Some(30));
    }

    #[test]
    fn a_run_that_comes_back_has_not_fallen_back() {
        let fine = Outcome::Censored { step: 0 };
        assert_eq!(fell_back(&run(&[1.0, 0.1, 2.0, 2.0, 2.0, 2.0, 2.0, 0.1], fine)), None);
        assert_eq!(fell_back(&run(&[1.0, 0.1, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0], fine)), Some(20));
        assert_eq!(fell_back(&run(&[1.0, 0.5, 0.2, 0.1, 0.1, 0.1, 2.0, 2.0], fine)), None, "it ends within a spike");
        assert_eq!(fell_back(&run(&[1.0, 0.1], Outcome::Collapsed { step: 7 })), Some(7));
    }
}

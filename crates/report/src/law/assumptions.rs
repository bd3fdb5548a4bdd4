//! What the comparison of laws assumes.

use crate::words::{count, percent};
use dunwu_studies::law::{ENOUGH_BITS, LARGEST_SLOPE, LEAST_SLOPE, REPLICATES, SCATTERS, Standing, Study};

/// What was assumed, in plain words.
pub(super) fn all(study: &Study) -> Vec<String> {
    let [_, least, .., largest] = SCATTERS;
    let separated = study.thresholds.iter().any(|threshold| threshold.standing == Standing::Separated);
    let mut all = vec![
        format!(
            "A run generalized if its test accuracy arrived at its level within its steps, at most {} here, and is there at the end. A threshold is one of runs that long.",
            count(study.runs.steps)
        ),
        format!(
            "At each size the chance to generalize is a logistic curve in ln n, 1 / (1 + (n_c / n)^b), with one slope b for all sizes, \
             anything from {LEAST_SLOPE} to {LARGEST_SLOPE}, evenly by its logarithm."
        ),
        format!(
            "No law holds exactly at sizes that can be trained, so ln n_c may scatter about it with a standard deviation of 0, or {} \
             to {}, all equally likely beforehand. Without that, systematic deviations of a percent would decide everything; with more \
             of it, every law would fit.",
            percent(least),
            percent(largest)
        ),
        "Beforehand all laws expect the same at the geometric mean of the sizes: any threshold between M and the whole population, \
         evenly by its logarithm. So units of the constant favour no law. a lies anywhere from 0.5 to 3. No law means such a \
         prior for every size by itself."
            .to_owned(),
        "Evidence is the chance of exactly these runs under a law, averaged over all that it leaves open; a bit is a factor of 2. It is \
         summed on grids, from the single runs and not from the thresholds. A law with more freedom pays for what it does not need."
            .to_owned(),
        "Runs are independent given the threshold. Runs of one seed share more than that; sweeps made up so that a seed has one \
         threshold for all amounts show that the bits are not overconfident for it (test of the code)."
            .to_owned(),
        format!(
            "Thresholds are fitted one size at a time by Firth's penalised likelihood, with {} resamplings of the seeds and \
             percentiles widened for few seeds; five seeds give intervals that cover about nine times out of ten.",
            count(REPLICATES as u64)
        ),
        format!(
            "Further runs are judged by what they are expected to say (Kullback–Leibler divergence of how many generalize, the smaller of \
             both directions), at one further size with one or two amounts; {ENOUGH_BITS} bits are odds of 16 to 1. Cost goes with steps × n × M."
        ),
    ];
    if separated {
        all.push(
            "Where nothing lies between the largest amount at which none and the smallest at which all generalize, the interval is \
             at least that gap."
                .to_owned(),
        );
    }
    all
}

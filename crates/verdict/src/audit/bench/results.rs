//! Planted mistakes in tables of results, with their clean twins.

use super::rates::Planted;
use crate::audit::table::{Claim, Reported};
use crate::draw::Draw;
use dunwu::store::{Column, Table};

const STEPS: i64 = 1000;

/// One run of a made-up study.
#[derive(Clone)]
struct Run {
    method: usize,
    rate: f64,
    batch: i64,
    seed: usize,
    step: i64,
    accuracy: f64,
    train_accuracy: f64,
    /// Step at which it got there; `None` where it was cut off before.
    time: Option<f64>,
    outcome: &'static str,
    /// Where it was made, and how long that took: oddities that are no mistakes.
    host: usize,
    seconds: f64,
}

/// A study without a mistake: two methods or more, one to four rates, seeds in common, the last method ahead.
#[derive(Clone)]
struct Study {
    runs: Vec<Run>,
    n_train: usize,
    n_test: usize,
    /// Columns in an order of their own.
    order: Vec<usize>,
    n_seeds: usize,
}

/// What a study is drawn with.
#[derive(Clone, Copy)]
struct Design {
    n_methods: usize,
    n_rates: usize,
    n_seeds: usize,
    /// How far the last method is ahead, in deviations between seeds.
    lead: f64,
}

impl Study {
    fn drawn(draw: &mut Draw, design: Design) -> Self {
        let (n_train, n_test) = loop {
            let sizes = (draw.whole(300, 3000), draw.whole(300, 3000));
            if sizes.0 != sizes.1 {
                break sizes;
            }
        };
        let (middle, spread) = (draw.between(0.6, 0.85), draw.between(0.005, 0.02));
        let mut runs = Vec::new();
        let first_seed = draw.whole(0, 50);
        for seed in 0..design.n_seeds {
            // What a seed does to every method.
            let of_seed = draw.normal();
            for method in 0..design.n_methods {
                for rate in 0..design.n_rates {
                    let lead = if method + 1 == design.n_methods { design.lead } else { 0.0 };
                    // The best rate lies inside; both methods like it.
                    let of_rate = -2.0 * (rate as f64 - (design.n_rates as f64 - 1.0) / 2.0).powi(2);
                    let z = 0.5 * of_seed + draw.normal() * 0.85 + lead + of_rate;
                    let at = |x: f64, n: usize| (x.clamp(0.01, 0.99) * n as f64).round() / n as f64;
                    runs.push(Run {
                        method,
                        rate: 1e-3 * 3.0_f64.powi(rate as i32),
                        batch: 32,
                        seed: first_seed + seed,
                        step: STEPS,
                        accuracy: at(middle + spread * z, n_test),
                        train_accuracy: at(middle + 0.1 + spread * (z + draw.normal()), n_train),
                        time: Some((400.0 * libm::exp(-0.08 * z)).round()),
                        outcome: "finished",
                        host: draw.whole(0, 2),
                        seconds: 20.0 + 3.0 * draw.normal(),
                    });
                }
            }
        }
        Self { runs, n_train, n_test, order: draw.order(14), n_seeds: design.n_seeds }
    }

    fn any(draw: &mut Draw) -> Self {
        let design = Design {
            n_methods: 2,
            n_rates: draw.whole(1, 4),
            n_seeds: draw.whole(6, 12),
            lead: draw.between(5.0, 9.0),
        };
        Self::drawn(draw, design)
    }

    fn table(&self) -> Table {
        let floats = |get: &dyn Fn(&Run) -> f64| Column::Float64(self.runs.iter().map(get).collect());
        let counts = |get: &dyn Fn(&Run) -> i64| Column::Int64(self.runs.iter().map(get).collect());
        let texts = |get: &dyn Fn(&Run) -> String| Column::Utf8(self.runs.iter().map(get).collect());
        let columns = [
            ("method", texts(&|run| format!("m{}", run.method))),
            ("learning_rate", floats(&|run| run.rate)),
            ("batch_size", counts(&|run| run.batch)),
            ("seed", counts(&|run| run.seed as i64)),
            ("steps", counts(&|_| STEPS)),
            ("step", counts(&|run| run.step)),
            ("test_accuracy", floats(&|run| run.accuracy)),
            ("train_accuracy", floats(&|run| run.train_accuracy)),
            ("time_to_solve", Column::OptFloat64(self.runs.iter().map(|run| run.time).collect())),
            ("outcome", texts(&|run| run.outcome.to_owned())),
            ("host", texts(&|run| format!("node{}", run.host))),
            ("seconds", floats(&|run| run.seconds)),
            ("n_train", counts(&|_| self.n_train as i64)),
            ("n_test", counts(&|_| self.n_test as i64)),
        ];
        Table { columns: self.order.iter().map(|&at| (columns[at].0.to_owned(), columns[at].1.clone())).collect() }
    }

    /// That the last method is ahead of the first one.
    fn claim(&self, measure: &str) -> Claim {
        let last = self.runs.iter().map(|run| run.method).max().unwrap_or(1);
        Claim {
            setting: "method".to_owned(),
            arms: ["m0".to_owned(), format!("m{last}")],
            measure: measure.to_owned(),
            ..Claim::default()
        }
    }

    fn of(&self, method: usize) -> impl Iterator<Item = &Run> {
        self.runs.iter().filter(move |run| run.method == method)
    }

    fn mean(&self, get: impl Fn(&Run) -> f64) -> f64 {
        let values: Vec<f64> = self.of(1).map(get).collect();
        values.iter().sum::<f64>() / values.len() as f64
    }
}

/// A number as papers write it, with four decimals.
fn reported(value: f64) -> Reported {
    Reported { value: (value * 1e4).round() / 1e4, tolerance: 0.5e-4 }
}

const MEASURE: &str = "test_accuracy";

/// A planted study and its twin with one claim on the accuracy.
fn pair(recipe: &str, strength: f64, planted: &Study, clean: &Study) -> Planted {
    Planted::tables(recipe, strength, (planted.table(), planted.claim(MEASURE)), (clean.table(), clean.claim(MEASURE)))
}

/// The held-out accuracy is that of training samples: in the table, in part of it, or in the reported number.
pub(super) fn wrong_split(draw: &mut Draw) -> Planted {
    let clean = Study::any(draw);
    let mut planted = clean.clone();
    let own = Claim { reported: Some(reported(clean.mean(|run| run.accuracy))), ..clean.claim(MEASURE) };
    match draw.whole(0, 2) {
        0 => {
            // The same column twice.
            planted.runs.iter_mut().for_each(|run| run.accuracy = run.train_accuracy);
            Planted::tables("the same numbers", 1.0, (planted.table(), planted.claim(MEASURE)), (clean.table(), own))
        }
        1 => {
            // A count of other samples: another subset of as many as are trained on, written with six decimals.
            let share = draw.between(0.6, 1.0);
            for run in &mut planted.runs {
                if draw.is(share) {
                    run.accuracy =
                        ((run.accuracy * planted.n_train as f64).round() / planted.n_train as f64 * 1e6).round() / 1e6;
                }
            }
            Planted::tables(
                "counts of the training samples",
                share,
                (planted.table(), planted.claim(MEASURE)),
                (clean.table(), own),
            )
        }
        _ => {
            let claim =
                Claim { reported: Some(reported(clean.mean(|run| run.train_accuracy))), ..clean.claim(MEASURE) };
            Planted::tables("the reported number", 1.0, (clean.table(), claim), (clean.table(), own))
        }
    }
}

/// Accuracies of the best step of each run, or of other steps in the two arms, or a reported number from the best of curves.
pub(super) fn wrong_step(draw: &mut Draw) -> Planted {
    let clean = Study::any(draw);
    let mut planted = clean.clone();
    match draw.whole(0, 2) {
        0 => {
            let share = draw.between(0.2, 1.0);
            for run in &mut planted.runs {
                if draw.is(share) {
                    run.step = 10 * draw.whole(20, 99) as i64;
                    run.accuracy = (run.accuracy + 0.01).min(1.0);
                }
            }
            // Two rows at least.
            (planted.runs[0].step, planted.runs[1].step) = (510, 730);
            pair("the best step of each run", share, &planted, &clean)
        }
        1 => {
            let arm = draw.whole(0, 1);
            let step = 10 * draw.whole(10, 95) as i64;
            planted.runs.iter_mut().filter(|run| run.method == arm).for_each(|run| run.step = step);
            pair("one arm at another step", 1.0 - step as f64 / STEPS as f64, &planted, &clean)
        }
        _ => {
            // Curves that wander: the best of each is above its end.
            let wander = draw.between(0.005, 0.03);
            let n_points = draw.whole(5, 20);
            let mut curves = clean.clone();
            curves.runs.clear();
            let mut best = Vec::new();
            for run in &clean.runs {
                let mut most = run.accuracy;
                for point in 1..n_points {
                    let accuracy = (run.accuracy + wander * draw.normal() - 0.3 * wander).clamp(0.0, 1.0);
                    let accuracy = (accuracy * clean.n_test as f64).round() / clean.n_test as f64;
                    most = most.max(accuracy);
                    let step = STEPS * point as i64 / n_points as i64;
                    curves.runs.push(Run { step, accuracy, ..run.clone() });
                }
                curves.runs.push(run.clone());
                if run.method == 1 {
                    best.push((run.seed, most));
                }
            }
            let best = best.iter().map(|(_, most)| most).sum::<f64>() / best.len() as f64;
            let last = clean.mean(|run| run.accuracy);
            let of = |value| (curves.table(), Claim { reported: Some(reported(value)), ..curves.claim(MEASURE) });
            Planted::tables("the best of curves", best - last, of(best), of(last))
        }
    }
}

/// The best of equal methods, or the best seed reported as the mean.
pub(super) fn best_of_many(draw: &mut Draw) -> Planted {
    let n_seeds = draw.whole(6, 10);
    if draw.is(0.5) {
        let clean = Study::any(draw);
        let n_rates = clean.of(1).map(|run| run.rate.to_bits()).collect::<std::collections::BTreeSet<_>>().len() as f64;
        let mut by_seed = std::collections::BTreeMap::new();
        clean.of(1).for_each(|run| *by_seed.entry(run.seed).or_insert(0.0) += run.accuracy / n_rates);
        let best = by_seed.values().copied().fold(0.0, f64::max);
        let mean = clean.mean(|run| run.accuracy);
        let of = |value| (clean.table(), Claim { reported: Some(reported(value)), ..clean.claim(MEASURE) });
        return Planted::tables("the best seed", best - mean, of(best), of(mean));
    }
    let n_methods = draw.whole(6, 24);
    let design = Design { n_methods, n_rates: 1, n_seeds, lead: draw.between(5.0, 9.0) };
    let clean = Study::drawn(draw, design);
    let planted = Study::drawn(draw, Design { lead: 0.0, ..design });
    // The claim is about the best one.
    let sum = |method: usize| planted.of(method).map(|run| run.accuracy).sum::<f64>();
    let best = (1..n_methods).max_by(|&a, &b| sum(a).total_cmp(&sum(b))).unwrap_or(1);
    let claim = Claim { arms: ["m0".to_owned(), format!("m{best}")], ..planted.claim(MEASURE) };
    Planted::tables(
        "the best of equal methods",
        n_methods as f64,
        (planted.table(), claim),
        (clean.table(), clean.claim(MEASURE)),
    )
}

/// Two to five seeds with whatever lead, or more without any.
pub(super) fn too_few_seeds(draw: &mut Draw) -> Planted {
    let clean = Study::any(draw);
    let n_rates = draw.whole(1, 3);
    let is_few = draw.is(0.6);
    let design = if is_few {
        Design { n_methods: 2, n_rates, n_seeds: draw.whole(1, 5), lead: draw.between(0.0, 4.0) }
    } else {
        Design { n_methods: 2, n_rates, n_seeds: draw.whole(6, 12), lead: 0.0 }
    };
    let planted = Study::drawn(draw, design);
    pair(if is_few { "five seeds or fewer" } else { "no lead" }, planted.n_seeds as f64, &planted, &clean)
}

/// The first method with one rate and the other with several, or with a best rate at the edge of what was tried.
pub(super) fn untuned_baseline(draw: &mut Draw) -> Planted {
    let n_rates = draw.whole(3, 4);
    let design = Design { n_methods: 2, n_rates, n_seeds: draw.whole(6, 12), lead: draw.between(5.0, 9.0) };
    let clean = Study::drawn(draw, design);
    let mut planted = clean.clone();
    if n_rates == 3 && draw.is(0.5) {
        // The best of three rates and the last one change places.
        let rate = |place: i32| 1e-3 * 3.0_f64.powi(place);
        for run in planted.runs.iter_mut().filter(|run| run.method == 0) {
            let place = (run.rate / 1e-3).log(3.0).round() as i32;
            run.rate = rate([0, 2, 1][place as usize]);
        }
        return pair("the best rate at the edge", 1.0, &planted, &clean);
    }
    let kept = draw.whole(1, n_rates - 1);
    let rates: Vec<usize> = draw.order(n_rates).into_iter().take(kept).collect();
    let is_kept = |run: &Run| rates.iter().any(|&rate| (run.rate - 1e-3 * 3.0_f64.powi(rate as i32)).abs() < 1e-9);
    planted.runs.retain(|run| run.method == 1 || is_kept(run));
    pair("fewer rates", kept as f64 / n_rates as f64, &planted, &clean)
}

/// One arm with another batch size or another rate, in all of its runs or in some of its seeds.
pub(super) fn confounded_arms(draw: &mut Draw) -> Planted {
    let mut clean = Study::any(draw);
    let mut planted = clean.clone();
    let arm = draw.whole(0, 1);
    if draw.is(0.5) {
        let batch = draw.of_list(&[16, 64, 128]);
        planted.runs.iter_mut().filter(|run| run.method == arm).for_each(|run| run.batch = batch);
        // The twin changes it in both.
        clean.runs.iter_mut().for_each(|run| run.batch = batch);
        return pair("another batch size", 1.0, &planted, &clean);
    }
    let factor = draw.of_list(&[0.5, 2.0, 10.0]);
    planted.runs.iter_mut().filter(|run| run.method == arm).for_each(|run| run.rate *= factor);
    pair("other rates", 1.0, &planted, &clean)
}

/// Times of runs of which some were cut off: absent, or with the budget for a time.
pub(super) fn censored_read(draw: &mut Draw) -> Planted {
    let clean = Study::any(draw);
    let mut planted = clean.clone();
    let share = draw.between(0.05, 0.5);
    let n = ((share * planted.runs.len() as f64).ceil() as usize).max(1);
    let is_absent = draw.is(0.5);
    let says_so = is_absent || draw.is(0.5);
    for place in draw.order(planted.runs.len()).into_iter().take(n) {
        let run = &mut planted.runs[place];
        run.time = (!is_absent).then_some(STEPS as f64);
        if says_so {
            run.outcome = "censored";
        }
    }
    let claim = |study: &Study| study.claim("time_to_solve");
    let recipe = match (is_absent, says_so) {
        (true, _) => "left out",
        (false, true) => "the budget as a time, said",
        (false, false) => "the budget as a time, not said",
    };
    Planted::tables(recipe, share, (planted.table(), claim(&planted)), (clean.table(), claim(&clean)))
}

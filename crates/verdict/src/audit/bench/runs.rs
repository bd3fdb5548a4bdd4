//! Planted runs with their clean twins: networks of a moment, trained here. All but those that are cut off on purpose are long enough to
//! come to rest, most of them.

use super::rates::Planted;
use crate::audit::judgement::Audit;
use crate::audit::of_run::of_run;
use crate::audit::table::Reported;
use crate::draw::Draw;
use dunwu::Opened;
use dunwu::opened::Opening;
use dunwu::run::RunRequest;
use dunwu_engine::Training;

/// Redraws of a run in which what is to be planted cannot be seen by anybody, such as a training accuracy that equals the test accuracy.
const REDRAWS: usize = 40;

/// A run that was made, and the test accuracy that is reported of it.
pub(super) struct Made {
    request: RunRequest,
    opened: Opened,
    reported: Option<Reported>,
}

impl Made {
    /// Trains it; `change` may change its samples before.
    fn of(words: &str, change: impl FnOnce(&mut RunRequest)) -> Self {
        let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        let mut request =
            RunRequest::from_words(&words).unwrap_or_else(|error| panic!("{words:?}: {}", error.sentence()));
        change(&mut request);
        let RunRequest { spec, problem, split, .. } = &request;
        let mut training = Training::new(spec, problem, split, 1).expect("one thread");
        let mut opening = Opening::new(spec, problem, split, None);
        let mut scalars = Vec::new();
        let outcome = loop {
            let progress = training.advance();
            scalars.extend(progress.scalars);
            if let Some(snapshot) = &progress.snapshot {
                opening.add(snapshot).expect("a snapshot of this network");
            }
            if let Some(outcome) = progress.outcome {
                break outcome;
            }
        };
        let opened = opening.finish(scalars, outcome);
        Self { request, opened, reported: None }
    }

    /// The same run with a number that is reported of it, as it is written.
    fn with(self, reported: f64, decimals: usize) -> Self {
        let text = format!("{reported:.decimals$}");
        Self { reported: Some(Reported::parse(&text).expect("a number as written")), ..self }
    }

    pub(super) fn audit(&self) -> Audit {
        of_run(&self.opened, &self.request.problem, &self.request.split, self.reported)
    }

    /// Test accuracies by step.
    fn test_accuracies(&self) -> Vec<f64> {
        self.opened.scalars.iter().filter_map(|row| row.test_accuracy).collect()
    }
}

/// A small network; only its task and its split are left open. Its bits are the same on every machine, so that a case is.
fn network(draw: &mut Draw, steps: usize) -> String {
    format!(
        "small numerics=exact model.width={} loss={} optimizer.learning_rate={:.4} steps={steps} seed={} events.stop_after=never record.evaluate_every=5 \
         record.snapshots_per_decade=0",
        8 * draw.whole(2, 6),
        draw.of_list(&["mse", "cross_entropy"]),
        draw.between(0.003, 0.02),
        draw.whole(0, 999_999)
    )
}

/// Addition with whole pairs of mirror images held out, so that none of them leaks.
fn addition(draw: &mut Draw, share: (f64, f64), steps: usize) -> String {
    let order = draw.of_list(&[7, 11, 13]);
    let share = draw.between(share.0, share.1);
    format!("{} task=cyclic:{order} data.mirror_pairs={share:.3}", network(draw, steps))
}

/// Held-out images of digits that are training images, too.
pub(super) fn duplicates(draw: &mut Draw) -> Planted {
    let share = draw.between(0.002, 0.2);
    let fraction = draw.between(0.1, 0.3);
    let words = format!("{} task=digits data.fraction={fraction:.3} model.architecture=mlp", network(draw, 10));
    let first = draw.unit();
    let copy = |request: &mut RunRequest| {
        let (n_train, n_test) = (request.split.train.len(), request.split.test.len());
        let n_features = request.problem.n_features;
        for nth in 0..((share * n_test as f64) as usize).max(1) {
            let from = ((first * n_train as f64) as usize + nth) % n_train;
            let row = request.split.train.values[from * n_features..][..n_features].to_vec();
            request.split.test.values[nth * n_features..][..n_features].copy_from_slice(&row);
            request.split.test.labels[nth] = request.split.train.labels[from];
        }
    };
    Planted::runs("run: images copied", share, Made::of(&words, copy), Made::of(&words, |_| ()))
}

/// Operands in one summed table, which knows no order, with pairs split by chance; the twin holds whole pairs out.
pub(super) fn mirror_images(draw: &mut Draw) -> Planted {
    let order = draw.of_list(&[7, 11, 13]);
    let (share, steps) = (draw.between(0.15, 0.5), draw.whole(200, 400));
    let words = format!("{} task=cyclic:{order} model.tables=summed", network(draw, steps));
    let of = |split: &str| Made::of(&format!("{words} data.{split}={share:.3}"), |_| ());
    Planted::runs("run: pairs split by chance", share, of("fraction"), of("mirror_pairs"))
}

/// A formula of one operand; the twin's formula has both.
pub(super) fn label_in_input(draw: &mut Draw) -> Planted {
    let order = draw.of_list(&[5, 7, 11]);
    let (read, other) = draw.of_list(&[("x", "y"), ("y", "x")]);
    // A factor of 1 and a power of 1 would make the twin commutative, and its mirror images leak.
    let (factor, power, shift) = (draw.whole(2, 4), draw.whole(1, 3), draw.whole(0, 4));
    let words = format!("{} data.fraction={:.3}", network(draw, 300), draw.between(0.4, 0.8));
    let of = |rest: &str| {
        Made::of(&format!("{words} task=expression:{factor}*{read}^{power}+{shift}+{rest}:{order}"), |_| ())
    };
    let planted = of(&format!("0*{other}"));
    Planted::runs("run: one operand decides", power as f64, planted, of(other))
}

/// The training accuracy reported for the test accuracy.
pub(super) fn wrong_split(draw: &mut Draw) -> Planted {
    let decimals = draw.whole(2, 4);
    for _ in 0..REDRAWS {
        let steps = draw.whole(200, 400);
        let words = addition(draw, (0.2, 0.7), steps);
        let made = Made::of(&words, |_| ());
        let Some(last) = made.opened.scalars.last().copied() else { continue };
        let Some(test) = last.test_accuracy else { continue };
        let planted = Made::of(&words, |_| ()).with(last.train_accuracy, decimals);
        if planted.reported.is_some_and(|reported| !reported.fits(test)) {
            let gap = last.train_accuracy - test;
            return Planted::runs("run: training accuracy reported", gap, planted, made.with(test, decimals));
        }
    }
    panic!("no run of {REDRAWS} has a training accuracy that differs from its test accuracy")
}

/// The best test accuracy of all steps reported for that of the last, or that of any other step.
pub(super) fn wrong_step(draw: &mut Draw) -> Planted {
    let (decimals, is_best) = (draw.whole(2, 4), draw.is(0.5));
    for _ in 0..REDRAWS {
        let steps = draw.whole(200, 400);
        let words = addition(draw, (0.3, 0.8), steps);
        let made = Made::of(&words, |_| ());
        let all = made.test_accuracies();
        let Some(&last) = all.last() else { continue };
        let best = all.iter().copied().fold(last, f64::max);
        let value = if is_best { best } else { all[draw.whole(0, all.len() - 1)] };
        let planted = Made::of(&words, |_| ()).with(value, decimals);
        if planted.reported.is_some_and(|reported| !reported.fits(last)) {
            let recipe = if is_best { "run: best step reported" } else { "run: any step reported" };
            return Planted::runs(recipe, value - last, planted, made.with(last, decimals));
        }
    }
    panic!("no run of {REDRAWS} has another test accuracy at another step")
}

/// A run that generalizes, cut off before; the twin is the whole run.
pub(super) fn censored_read(draw: &mut Draw) -> Planted {
    for _ in 0..REDRAWS {
        let words = addition(draw, (0.7, 0.9), 600);
        let made = Made::of(&words, |_| ());
        let Some(generalized) = made.opened.generalized() else { continue };
        let share = draw.between(0.3, 0.95);
        let steps = ((share * generalized as f64) as u64).max(1);
        let cut = words.replace("steps=600", &format!("steps={steps}"));
        return Planted::runs("run: cut off", share, Made::of(&cut, |_| ()), made);
    }
    panic!("no run of {REDRAWS} generalizes")
}

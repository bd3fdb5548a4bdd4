//! What pairs say: ratios of times, shares that generalized, differences of accuracy, each the second arm against the first.

use dunwu::stats::{Share, student_t95};

/// With fewer pairs an interval is a guess about a guess, and the answer says so.
pub const ENOUGH_PAIRS: usize = 5;

/// What became of one run of a pair, at equal compute.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Seen {
    /// Step at which it generalized, if within the compute that both arms have.
    pub(super) step: Option<f64>,
    /// The same in seconds of training, at its arm's median cost of a step.
    pub(super) seconds: Option<f64>,
    /// Test accuracy at its last step.
    pub(super) test_accuracy: Option<f64>,
}

/// A mean over pairs with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effect {
    /// Geometric mean of a ratio, or mean of a difference.
    pub estimate: f64,
    /// Lower end (Student's t); `None` with a single pair.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// Pairs that it is of.
    pub pairs: usize,
}

/// What an effect's interval says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EffectVerdict {
    /// The interval excludes that there is no effect.
    Shown,
    /// It does not, or there is no interval.
    NotShown,
    /// There are fewer than [`ENOUGH_PAIRS`] pairs, whatever the interval says.
    TooFewPairs,
}

impl EffectVerdict {
    /// Whether an effect is shown.
    pub fn is_shown(self) -> bool {
        self == Self::Shown
    }
}

/// In how many pairs which arm generalized.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Discordance {
    /// Pairs.
    pub pairs: usize,
    /// In which the first arm did.
    pub a: usize,
    /// In which the second did.
    pub b: usize,
    /// In which the first alone did.
    pub only_a: usize,
    /// In which the second alone did.
    pub only_b: usize,
    /// The second's share less the first's.
    pub difference: f64,
    /// Lower end of its 95 % interval (Newcombe 1998, method 10).
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Two-sided p-value of the exact test of `McNemar`: that the pairs in which one alone did fall on either side alike.
    pub p: f64,
}

/// Everything that one list of pairs says.
#[derive(Clone, Debug, PartialEq)]
pub struct Effects {
    /// Pairs.
    pub pairs: usize,
    /// Steps to generalize, the second over the first, among pairs in which both did; `None` without any.
    pub steps_ratio: Option<Effect>,
    /// The same in seconds of training; `None` where no time was recorded.
    pub seconds_ratio: Option<Effect>,
    /// Which generalized; `None` without pairs.
    pub generalized: Option<Discordance>,
    /// Final test accuracy, the second less the first; `None` where it is not known in any pair.
    pub test_accuracy_difference: Option<Effect>,
}

impl Effects {
    pub(super) fn of(pairs: &[[Seen; 2]]) -> Self {
        let both = |value: fn(&Seen) -> Option<f64>| pairs.iter().filter_map(move |[a, b]| value(a).zip(value(b)));
        let logs = |value: fn(&Seen) -> Option<f64>| {
            let positive = both(value).filter(|(a, b)| *a > 0.0 && *b > 0.0);
            positive.map(|(a, b)| b.ln() - a.ln()).collect::<Vec<f64>>()
        };
        let differences: Vec<f64> = both(|seen| seen.test_accuracy).map(|(a, b)| b - a).collect();
        let did: Vec<[bool; 2]> = pairs.iter().map(|pair| pair.map(|seen| seen.step.is_some())).collect();
        Self {
            pairs: pairs.len(),
            steps_ratio: Effect::of(&logs(|seen| seen.step)).map(Effect::exponential),
            seconds_ratio: Effect::of(&logs(|seen| seen.seconds)).map(Effect::exponential),
            generalized: Discordance::of(&did),
            test_accuracy_difference: Effect::of(&differences),
        }
    }
}

impl Effect {
    /// Mean and Student's interval of these; `None` without any.
    pub(super) fn of(values: &[f64]) -> Option<Self> {
        let n = values.len() as f64;
        if values.is_empty() {
            return None;
        }
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
        let half = student_t95(values.len() - 1).map(|t| t * (variance / n).sqrt());
        let (low, high) = (half.map(|half| mean - half), half.map(|half| mean + half));
        Some(Self { estimate: mean, low, high, pairs: values.len() })
    }

    /// From logarithms to ratios.
    fn exponential(self) -> Self {
        Self { estimate: self.estimate.exp(), low: self.low.map(f64::exp), high: self.high.map(f64::exp), ..self }
    }

    /// What is to be said of it, where `nothing` is its value without an effect: 1 of a ratio, 0 of a difference. Every sentence
    /// about an effect is decided here.
    pub fn verdict(&self, nothing: f64) -> EffectVerdict {
        match self.excludes(nothing) {
            _ if self.pairs < ENOUGH_PAIRS => EffectVerdict::TooFewPairs,
            Some(true) => EffectVerdict::Shown,
            Some(false) | None => EffectVerdict::NotShown,
        }
    }

    /// Whether the interval leaves out `value`; `None` without one.
    pub fn excludes(&self, value: f64) -> Option<bool> {
        Some(value < self.low? || self.high? < value)
    }
}

impl Discordance {
    pub(super) fn of(did: &[[bool; 2]]) -> Option<Self> {
        if did.is_empty() {
            return None;
        }
        let count = |a: bool, b: bool| did.iter().filter(|pair| **pair == [a, b]).count();
        let (both, only_a, only_b, neither) =
            (count(true, true), count(true, false), count(false, true), count(false, false));
        let (low, high) = newcombe([both, only_b, only_a, neither]);
        Some(Self {
            pairs: did.len(),
            a: both + only_a,
            b: both + only_b,
            only_a,
            only_b,
            difference: (only_b as f64 - only_a as f64) / did.len() as f64,
            low,
            high,
            p: mcnemar(only_a, only_b),
        })
    }
}

/// Two-sided exact p-value: twice the binomial tail, at most 1.
///
/// ```text
/// p = min(1, 2 Σ_{i ≤ min(k, l)} C(k + l, i) / 2^(k + l))
/// ```
pub(super) fn mcnemar(k: usize, l: usize) -> f64 {
    let n = (k + l) as f64;
    // By logarithms: 2^−n has no place in an f64 from n = 1,075 on.
    let mut ln_term = -n * std::f64::consts::LN_2;
    let mut tail = ln_term.exp();
    for i in 1..=k.min(l) {
        ln_term += ((n - i as f64 + 1.0) / i as f64).ln();
        tail += ln_term.exp();
    }
    (2.0 * tail).min(1.0)
}

/// Interval of the difference of two paired shares, (both + first alone) − (both + second alone), from Wilson's intervals of each.
///
/// - Source: Newcombe 1998, Statistics in Medicine 17, 2635, method 10
/// - Both ends lie within [−1, 1], also where no pair differs
fn newcombe([both, first, second, neither]: [usize; 4]) -> (f64, f64) {
    let n = both + first + second + neither;
    let [one, two] = [both + first, both + second].map(|count| Share::of(count, n));
    let [e, f, g, h] = [both, first, second, neither].map(|count| count as f64);
    let margins = ((e + f) * (g + h) * (e + g) * (f + h)).sqrt();
    let product = e * h - f * g;
    // A positive correlation is corrected for continuity.
    let product = if product > 0.0 { (product - n as f64 / 2.0).max(0.0) } else { product };
    let correlation = if margins > 0.0 { product / margins } else { 0.0 };
    let reach = |a: f64, b: f64| (a * a - 2.0 * correlation * a * b + b * b).max(0.0).sqrt();
    let difference = one.share - two.share;
    let low = difference - reach(one.share - one.low, two.high - two.share);
    let high = difference + reach(two.share - two.low, one.high - one.share);
    (low.max(-1.0), high.min(1.0))
}

//! Why nothing can be told of a whole layer: each reason with the numbers behind it, as a sentence.

use super::evidence::LayerEvidence;
use super::flags::Flags;
use super::label::FEWEST_FLAGGED;
use super::layer::{Contributions, Measured};
use super::layer_samples::LayerSamples;
use super::shift::{shift_auc, shift_auc_of_inputs};
use super::stability::Stability;
use schemars::JsonSchema;
use serde::Serialize;

/// A reason for which labels of a whole layer are not to be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefusalKind {
    /// There are no held-out samples.
    NoHeldOut,
    /// There are too few held-out samples.
    FewHeldOut,
    /// Held-out samples come from somewhere else.
    Shift,
    /// The network does not know the held-out samples' labels.
    Chance,
    /// Contributions do not add up to what the layer does.
    Incomplete,
    /// Classes differ too much in size.
    Imbalance,
    /// Halves of the samples give other labels.
    Unstable,
    /// Hardly any training sample is flagged: only units that stand out can be called memorizing.
    FewFlagged,
}

/// A reason, with what was measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// Which.
    pub kind: RefusalKind,
    /// What was measured; `None` where there was nothing to measure.
    pub value: Option<f64>,
    /// The bound that it passes.
    pub bound: f64,
    /// Both in a sentence, with what to do.
    pub sentence: String,
}

/// Held-out samples below which two halves disagree: at 100 the flags' precision is 0.75, at 50 it is 0.55.
const FEWEST_HELD_OUT: usize = 200;
/// Area under the ROC curve above which held-out samples come from somewhere else.
const MOST_SHIFT: f64 = 0.6;
/// Share of the way from chance to a perfect score that the held-out accuracy has to have gone, its lower end.
const LEAST_ABOVE_CHANCE: f64 = 0.1;
/// Share of the layer's effect by which the contributions' sum may miss it.
const MOST_MISSING: f64 = 0.2;
/// Share of the classes that the effective number of classes has to reach; eight of ten classes at a tenth of the others come to 0.38.
const LEAST_BALANCE: f64 = 0.5;

/// Share of labels that may differ between halves of the samples, the lower end of its exact interval.
const MOST_FLIPPED: f64 = 0.05;

/// What was measured of the whole layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Soundness {
    /// Held-out samples.
    pub n_held_out: usize,
    /// The network's accuracy on the training sample.
    pub train_accuracy: f64,
    /// Its accuracy on held-out samples.
    pub held_out_accuracy: Option<f64>,
    /// What the commonest label alone would reach on them.
    pub chance: Option<f64>,
    /// How well a linear readout tells training from held-out samples: area under the ROC curve.
    pub shift_auc: Option<f64>,
    /// Sum of all units' H.
    pub contributions: Option<f64>,
    /// What the whole layer at its mean activation takes from held-out margins; `None` where it was not measured.
    pub layer_effect: Option<f64>,
    /// Effective number of classes of the training sample over the number of classes: 1 where all are of one size.
    pub balance: f64,
    /// Reasons to say nothing of the whole layer.
    pub refusals: Vec<Refusal>,
}

/// Looks for every reason.
pub(super) fn soundness(
    samples: &LayerSamples,
    contributions: &Contributions,
    flags: Option<&Flags>,
    evidence: &LayerEvidence,
) -> Soundness {
    let train = &samples.train;
    let mut sound = Soundness {
        n_held_out: 0,
        train_accuracy: train.accuracy().0,
        held_out_accuracy: None,
        chance: None,
        shift_auc: None,
        contributions: None,
        layer_effect: None,
        balance: balance(&train.labels, samples.n_classes),
        refusals: Vec::new(),
    };
    let (Some(held_out), Some(flags)) = (&samples.held_out, flags) else {
        sound.refusals.push(Refusal {
            kind: RefusalKind::NoHeldOut,
            value: None,
            bound: FEWEST_HELD_OUT as f64,
            sentence: "There are no held-out samples, and the training sample alone does not tell memory from generalization; give \
                       samples of the same kind that the network was not trained on."
                .to_owned(),
        });
        return sound;
    };
    sound.n_held_out = held_out.labels.len();
    let (held_out_accuracy, low) = held_out.accuracy();
    let (chance, guess) = match samples.sequence_chance {
        Some(chance) => (chance, "a guess"),
        None => {
            let commonest = commonest(&held_out.labels, samples.n_classes);
            (commonest.max(1.0 / samples.n_classes as f64), "the commonest label alone")
        }
    };
    let shift = match (&train.input, &held_out.input, &train.activation, &held_out.activation) {
        (Some(train), Some(held_out), ..) => shift_auc_of_inputs(train, held_out, &flags.mask()),
        (_, _, Some(train), Some(held_out)) => shift_auc(train, held_out, &flags.mask()),
        _ => shift_auc(&train.readout, &held_out.readout, &flags.mask()),
    };
    let contributed: f64 = evidence.units.iter().filter_map(|unit| unit.held_out).map(|h| h.mean).sum();
    let effect = contributions.ablated_margins.as_ref().map(|ablated| {
        let mean = |margins: &[f64]| margins.iter().sum::<f64>() / margins.len() as f64;
        mean(&held_out.margins()) - mean(ablated)
    });
    sound.held_out_accuracy = Some(held_out_accuracy);
    sound.chance = Some(chance);
    sound.shift_auc = shift;
    sound.contributions = Some(contributed);
    sound.layer_effect = effect;
    let found = [
        few_held_out(sound.n_held_out),
        shifted(sound.shift_auc),
        at_chance((held_out_accuracy, low), (chance, guess)),
        incomplete(contributed, effect, contributions.measured),
        imbalanced(sound.balance, samples.n_classes),
        few_flagged(flags, evidence.beyond_twins.len()),
    ];
    sound.refusals.extend(found.into_iter().flatten());
    sound
}

impl Soundness {
    /// Whether no unit can be labelled at all; with few flagged samples some still can.
    pub fn is_refused(&self) -> bool {
        self.refusals.iter().any(|refusal| refusal.kind != RefusalKind::FewFlagged)
    }
}

fn few_held_out(m: usize) -> Option<Refusal> {
    (m < FEWEST_HELD_OUT).then(|| Refusal {
        kind: RefusalKind::FewHeldOut,
        value: Some(m as f64),
        bound: FEWEST_HELD_OUT as f64,
        sentence: format!(
            "There are {m} held-out samples, and with fewer than {FEWEST_HELD_OUT} other ones would give other labels; give more."
        ),
    })
}

fn shifted(auc: Option<f64>) -> Option<Refusal> {
    let auc = auc.filter(|auc| *auc > MOST_SHIFT)?;
    Some(Refusal {
        kind: RefusalKind::Shift,
        value: Some(auc),
        bound: MOST_SHIFT,
        sentence: format!(
            "A linear readout tells training samples from held-out ones (area under the ROC curve {auc:.2}, allowed {MOST_SHIFT}), so that a \
             difference between them may be one of their source; hold out samples at random."
        ),
    })
}

fn at_chance((accuracy, low): (f64, f64), (chance, guess): (f64, &str)) -> Option<Refusal> {
    let bound = chance + LEAST_ABOVE_CHANCE * (1.0 - chance);
    (low <= bound).then(|| Refusal {
        kind: RefusalKind::Chance,
        value: Some(accuracy),
        bound,
        sentence: format!(
            "The network is right on {:.1} % of the held-out samples (at least {:.1} %, by the 95 % interval), and {guess} \
             on {:.1} %: where it generalizes to nothing, similar inputs of one class still look like features.",
            100.0 * accuracy,
            100.0 * low,
            100.0 * chance
        ),
    })
}

fn incomplete(contributed: f64, effect: Option<f64>, measured: Measured) -> Option<Refusal> {
    let effect = effect.filter(|_| measured != Measured::Exactly)?;
    let missing = (contributed - effect).abs() / effect.abs().max(f64::MIN_POSITIVE);
    let remedy = match measured {
        Measured::FirstOrder => "integrate the gradient from the mean activation to the sample (`integrated`)",
        Measured::Integrated | Measured::Exactly => "judge another layer",
    };
    (missing > MOST_MISSING).then(|| Refusal {
        kind: RefusalKind::Incomplete,
        value: Some(missing),
        bound: MOST_MISSING,
        sentence: format!(
            "The contributions to held-out margins add up to {contributed:.3}, and the whole layer at its mean activation takes {effect:.3}: \
             they miss it by {:.0} %, and {:.0} % are allowed; {remedy}.",
            100.0 * missing,
            100.0 * MOST_MISSING
        ),
    })
}

fn imbalanced(balance: f64, n_classes: usize) -> Option<Refusal> {
    (balance < LEAST_BALANCE).then(|| Refusal {
        kind: RefusalKind::Imbalance,
        value: Some(balance),
        bound: LEAST_BALANCE,
        sentence: format!(
            "The classes differ so much in size that {n_classes} of them count as {:.1}: held-out samples in this mix and in equal shares give \
             different labels; judge the classes of similar size alone.",
            balance * n_classes as f64
        ),
    })
}

/// Whether labels depend on which samples there happen to be.
pub(super) fn unstable(stability: &Stability) -> Option<Refusal> {
    let worst = stability.measured().filter(|halved| halved.low() > MOST_FLIPPED);
    let worst = worst.max_by(|a, b| a.share.unwrap_or(0.0).total_cmp(&b.share.unwrap_or(0.0)))?;
    Some(Refusal {
        kind: RefusalKind::Unstable,
        value: worst.share,
        bound: MOST_FLIPPED,
        sentence: format!(
            "Of {:.0} units that two halves of the samples both tell, {:.0} get another label, and {:.0} % are allowed: their labels are luck; \
             give more held-out samples, or name more samples that only memory explains.",
            worst.told,
            worst.flipped,
            100.0 * MOST_FLIPPED
        ),
    })
}

fn few_flagged(flags: &Flags, n: usize) -> Option<Refusal> {
    let which = if flags.are_given {
        "named as flagged and have twins"
    } else {
        "flagged: learned, though a readout of held-out samples contradicts them"
    };
    (n < FEWEST_FLAGGED).then(|| Refusal {
        kind: RefusalKind::FewFlagged,
        value: Some(n as f64),
        bound: FEWEST_FLAGGED as f64,
        sentence: format!(
            "Only {n} training samples are {which}, and it takes {FEWEST_FLAGGED} to say of a unit that it memorizes nothing; name samples that \
             only memory explains (`train.flagged`), such as wrong labels or secrets."
        ),
    })
}

/// The share of the commonest label.
fn commonest(labels: &[usize], n_classes: usize) -> f64 {
    counts(labels, n_classes).into_iter().max().unwrap_or(0) as f64 / labels.len().max(1) as f64
}

fn counts(labels: &[usize], n_classes: usize) -> Vec<usize> {
    let mut counts = vec![0; n_classes];
    labels.iter().for_each(|&label| counts[label] += 1);
    counts
}

/// 1/Σ p² over the number of classes.
fn balance(labels: &[usize], n_classes: usize) -> f64 {
    let n = labels.len() as f64;
    let concentration: f64 = counts(labels, n_classes).into_iter().map(|count| (count as f64 / n).powi(2)).sum();
    1.0 / (concentration * n_classes as f64)
}

//! What is minimised.

use crate::spec::setting::{Access, Setting};
use crate::spec::value::Allowed;
use crate::spec::{CrossEntropySpec, FeatureLoss, Loss, Objective, Probabilities, RunSpec};

/// Khosla et al. 2020, the temperature that they found best for images at large batches.
const TEMPERATURE: f64 = 0.1;

pub(super) const SETTINGS: &[Setting] = &[
    Setting::new(
        "loss",
        "what is minimised: of the outputs, centred squared error, cross-entropy in nats, or that of StableMax; of the features, alike where labels are",
        Access::Name {
            allowed: &["mse", "cross_entropy", "stablemax", "contrastive", "non_contrastive"],
            get: |s| {
                Some(match s.loss {
                    Objective::Outputs(Loss::Mse) => "mse",
                    Objective::Outputs(loss) if is_stable_max(loss) => "stablemax",
                    Objective::Outputs(_) => "cross_entropy",
                    Objective::Features(FeatureLoss::Contrastive { .. }) => "contrastive",
                    Objective::Features(FeatureLoss::NonContrastive) => "non_contrastive",
                })
            },
            set: |s, name| {
                s.loss = match (name, s.loss) {
                    ("mse", _) => Objective::Outputs(Loss::Mse),
                    ("cross_entropy", Objective::Outputs(Loss::Shaped(spec))) if spec.probabilities == Probabilities::Softmax => s.loss,
                    ("cross_entropy", _) => Objective::Outputs(Loss::CrossEntropy),
                    ("stablemax", Objective::Outputs(loss)) if is_stable_max(loss) => s.loss,
                    ("stablemax", _) => Objective::Outputs(Loss::Shaped(CrossEntropySpec::STABLE_MAX)),
                    ("contrastive", contrastive @ Objective::Features(FeatureLoss::Contrastive { .. })) => contrastive,
                    ("contrastive", _) => {
                        Objective::Features(FeatureLoss::Contrastive { temperature: TEMPERATURE })
                    }
                    ("non_contrastive", _) => Objective::Features(FeatureLoss::NonContrastive),
                    _ => return false,
                };
                true
            },
        },
    )
    .changing()
    .selecting(),
    Setting::new(
        "temperature",
        "τ of the contrastive loss: cosines are divided by it; T of a cross-entropy: outputs are divided by it",
        Access::Number {
            allowed: Allowed::POSITIVE,
            get: |s| match s.loss {
                Objective::Features(FeatureLoss::Contrastive { temperature }) => Some(temperature),
                _ => changes(s).map(|spec| spec.temperature),
            },
            set: |s, value| {
                if let Objective::Features(FeatureLoss::Contrastive { temperature }) = &mut s.loss {
                    *temperature = value;
                } else {
                    change(s, |spec| spec.temperature = value);
                }
            },
        },
    )
    .changing()
    .only("loss", &["cross_entropy", "stablemax", "contrastive"])
    .unsaid_where(|s| changes(s).is_some_and(|spec| spec.temperature == 1.0))
    .also_called(&["tau"]),
    Setting::new(
        "label_smoothing",
        "ε: the share of the target that is spread evenly over all labels",
        Access::Number {
            allowed: Allowed::SHARE_OR_NONE,
            get: |s| changes(s).map(|spec| spec.label_smoothing),
            set: |s, value| change(s, |spec| spec.label_smoothing = value),
        },
    )
    .changing()
    .only("loss", CROSS_ENTROPIES)
    .unsaid_where(|s| changes(s).is_some_and(|spec| spec.label_smoothing == 0.0))
    .also_called(&["smoothing"]),
    Setting::new(
        "z_loss",
        "λ: weight of the squared logarithm of the softmax's denominator, which is added to the loss",
        Access::Number {
            allowed: Allowed::NOT_NEGATIVE,
            get: |s| changes(s).filter(is_softmax).map(|spec| spec.z_loss),
            set: |s, value| change(s, |spec| spec.z_loss = value),
        },
    )
    .changing()
    .only("loss", &["cross_entropy"])
    .unsaid_where(|s| changes(s).is_some_and(|spec| spec.z_loss == 0.0))
    .also_called(&["zloss", "z_loss_weight"]),
    Setting::new(
        "logit_cap",
        "κ: outputs are bent to κ tanh(z/κ) before the loss; 0 for none",
        Access::Number {
            allowed: Allowed::NOT_NEGATIVE,
            get: |s| changes(s).map(|spec| spec.soft_cap),
            set: |s, value| change(s, |spec| spec.soft_cap = value),
        },
    )
    .changing()
    .only("loss", CROSS_ENTROPIES)
    .unsaid_where(|s| changes(s).is_some_and(|spec| spec.soft_cap == 0.0))
    .also_called(&["softcap", "soft_cap", "final_logit_softcapping"]),
];

const CROSS_ENTROPIES: &[&str] = &["cross_entropy", "stablemax"];

/// A planted fault of the loss; it stands in the section of faults.
pub(super) const SOFTMAX_BITS: Setting = Setting::new(
    "fault.softmax_bits",
    "a planted fault: probabilities are multiples of 2 to the power of minus this, so that those near 1 round to 1; 0 for none",
    Access::Count {
        min: 0,
        max: 24,
        get: |s| changes(s).map(|spec| u64::from(spec.probability_bits)),
        set: |s, bits| change(s, |spec| spec.probability_bits = bits as u32),
    },
)
.changing()
.only("loss", CROSS_ENTROPIES)
.unsaid_where(|s| changes(s).is_some_and(|spec| spec.probability_bits == 0));

fn is_stable_max(loss: Loss) -> bool {
    matches!(loss, Loss::Shaped(CrossEntropySpec { probabilities: Probabilities::StableMax, .. }))
}

fn is_softmax(spec: &CrossEntropySpec) -> bool {
    spec.probabilities == Probabilities::Softmax
}

/// The changes of a loss that is a cross-entropy.
fn changes(spec: &RunSpec) -> Option<CrossEntropySpec> {
    match spec.loss {
        Objective::Outputs(loss) => loss.changes(),
        Objective::Features(_) => None,
    }
}

fn change(spec: &mut RunSpec, change: impl FnOnce(&mut CrossEntropySpec)) {
    if let Some(mut changed) = changes(spec) {
        change(&mut changed);
        spec.loss = Objective::Outputs(Loss::cross_entropy(changed));
    }
}

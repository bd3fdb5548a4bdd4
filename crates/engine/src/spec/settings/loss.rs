//! What is minimised.

use crate::spec::setting::{Access, Setting};
use crate::spec::value::Allowed;
use crate::spec::{FeatureLoss, Loss, Objective};

/// Khosla et al. 2020, the temperature that they found best for images at large batches.
const TEMPERATURE: f64 = 0.1;

pub(super) const SETTINGS: &[Setting] = &[
    Setting::new(
        "loss",
        "what is minimised: of the outputs, centred squared error or cross-entropy in nats; of the features, alike where labels are",
        Access::Name {
            allowed: &["mse", "cross_entropy", "contrastive", "non_contrastive"],
            get: |s| {
                Some(match s.loss {
                    Objective::Outputs(Loss::Mse) => "mse",
                    Objective::Outputs(Loss::CrossEntropy) => "cross_entropy",
                    Objective::Features(FeatureLoss::Contrastive { .. }) => "contrastive",
                    Objective::Features(FeatureLoss::NonContrastive) => "non_contrastive",
                })
            },
            set: |s, name| {
                s.loss = match (name, s.loss) {
                    ("mse", _) => Objective::Outputs(Loss::Mse),
                    ("cross_entropy", _) => Objective::Outputs(Loss::CrossEntropy),
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
        "τ of the contrastive loss: cosines are divided by it",
        Access::Number {
            allowed: Allowed::POSITIVE,
            get: |s| match s.loss {
                Objective::Features(FeatureLoss::Contrastive { temperature }) => Some(temperature),
                _ => None,
            },
            set: |s, value| {
                if let Objective::Features(FeatureLoss::Contrastive { temperature }) = &mut s.loss {
                    *temperature = value;
                }
            },
        },
    )
    .changing()
    .only("loss", &["contrastive"])
    .also_called(&["tau"]),
];

//! The data of the answers of `dunwu units`, which `--json` prints.

use crate::data::Interval;
use dunwu_verdict::units::{
    Confirmed, Estimate, Flags, Halved, JudgedUnit, LayerVerdict, Measured, Refusal, RefusalKind, RoleShare, Standing,
    UnitRole,
};
use schemars::JsonSchema;
use serde::Serialize;

/// What the units of a layer do.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct UnitsData {
    /// The layer's name; empty where the file gives none.
    pub layer: String,
    /// What its columns are: units, channels, heads or directions.
    pub basis: String,
    /// Training samples.
    pub n_train: usize,
    /// Held-out samples.
    pub n_held_out: usize,
    /// Classes; of sequences, those of a position.
    pub n_classes: usize,
    /// Whether nothing can be told of the layer as a whole; the exit code is then 4.
    pub is_refused: bool,
    /// Why.
    pub refusals: Vec<RefusalData>,
    /// The share of the layer's memory that sits in units which only memorize: all that can be located.
    pub located: Interval,
    /// One a role, in a fixed order: how many units have it, and how much of the layer's memory they hold.
    pub roles: Vec<RoleData>,
    /// Indices of flagged training samples: learned, though a readout of held-out samples contradicts them.
    pub flagged: Vec<usize>,
    /// Whether the user named the flagged samples.
    pub are_flags_given: bool,
    /// What was measured of the layer as a whole.
    pub soundness: SoundnessData,
    /// How often a label is luck: labels of two halves of the samples against each other.
    pub stability: StabilityData,
    /// One a unit, in the layer's order.
    pub units: Vec<UnitData>,
}

/// How often a label is luck.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct StabilityData {
    /// With halves of the held-out samples; `null` where the layer is refused or it is not known which held-out samples the twins are.
    pub held_out: Option<HalvedData>,
    /// With halves of the flagged samples; `null` where the layer is refused or fewer than sixteen are flagged.
    pub flagged: Option<HalvedData>,
}

/// Labels of two halves that have no sample in common.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct HalvedData {
    /// Units that both halves tell, dead ones left out; mean over the halvings.
    pub told: f64,
    /// Those of them that get another label, mean over the halvings.
    pub flipped: f64,
    /// Their share over all halvings, with the smallest and the largest of one; `null` where the halves tell nothing.
    pub share: Interval,
}

/// A reason to say nothing of a layer.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RefusalData {
    /// Which.
    pub kind: RefusalKind,
    /// What was measured; `null` where there was nothing to measure.
    pub value: Option<f64>,
    /// The bound that it passes.
    pub bound: f64,
    /// Both in a sentence, with what to do.
    pub sentence: String,
}

/// The units of one role.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RoleData {
    /// The role.
    pub role: UnitRole,
    /// Units that have it.
    pub units: usize,
    /// The memory that they hold, in units of the margin; `null` where memory was not measured.
    pub memory: Option<f64>,
    /// Its share of the layer's memory with its 95 % interval.
    pub share: Interval,
}

/// What was measured of a layer as a whole.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct SoundnessData {
    /// The network's accuracy on the training sample.
    pub train_accuracy: f64,
    /// Its accuracy on held-out samples.
    pub held_out_accuracy: Option<f64>,
    /// What the commonest label alone would reach on them; of sequences, what a guess does.
    pub chance: Option<f64>,
    /// The accuracy of a ridge readout on held-out samples, each left out.
    pub readout_accuracy: Option<f64>,
    /// How well a linear readout tells training from held-out samples: area under the ROC curve.
    pub shift_auc: Option<f64>,
    /// Sum of all units' contributions to held-out margins.
    pub contributions: Option<f64>,
    /// What the whole layer at its mean activation takes from held-out margins; `null` where it was not measured.
    pub layer_effect: Option<f64>,
    /// Effective number of classes over their number.
    pub balance: f64,
    /// How contributions were measured.
    pub measured: MeasuredData,
    /// How often a held-out sample leans on a unit by luck: the share of pairs of both.
    pub lucky_leaning: f64,
}

/// How contributions were measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MeasuredData {
    /// Outputs are linear in the layer.
    Exactly,
    /// By the gradient averaged on the way from the mean activation.
    Integrated,
    /// The gradient at the sample itself, times how far its activation lies from the mean.
    FirstOrder,
}

/// A mean with its standard error.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct EstimateData {
    /// The mean.
    pub mean: f64,
    /// Its standard error; `null` where one value stands alone.
    pub error: Option<f64>,
}

/// One unit.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct UnitData {
    /// Its index in the layer.
    pub unit: usize,
    /// What it does.
    pub role: UnitRole,
    /// The smaller probability of its two claims; 0 where the layer is refused.
    pub confidence: f64,
    /// Whether it contributes nothing to speak of.
    pub is_dead: bool,
    /// Whether it memorizes.
    pub memory_claim: Standing,
    /// Whether it generalizes.
    pub generalization_claim: Standing,
    /// a: the mean size of its contributions to margins of the training sample.
    pub scale: f64,
    /// E: its mean contribution to flagged samples beyond that to their twins.
    pub memory: Option<EstimateData>,
    /// E/a, shrunk towards the layer's median.
    pub memory_ratio: Option<EstimateData>,
    /// H: its mean contribution to held-out samples.
    pub held_out: Option<EstimateData>,
    /// U: its mean contribution to training samples that are not flagged.
    pub unflagged: EstimateData,
    /// X: U less the mean over held-out samples in the same mix of classes.
    pub excess: Option<EstimateData>,
    /// Training samples that lean on it.
    pub leaning: Vec<usize>,
    /// What ablating it does; `null` where it was not ablated.
    pub ablation: Option<AblationData>,
}

/// What ablating a unit does.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct AblationData {
    /// Taken from the margin of flagged samples beyond what is taken from their twins.
    pub memory: EstimateData,
    /// Taken from the margin of held-out samples.
    pub held_out: EstimateData,
    /// How that stands to the label.
    pub confirmed: Confirmed,
}

/// Training samples that a readout contradicts, and their twins.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct FlagsData {
    /// The layer's name; empty where the file gives none.
    pub layer: String,
    /// Flagged samples.
    pub flagged: Vec<FlaggedData>,
    /// Whether the user named them.
    pub are_flags_given: bool,
    /// One a twin: the index of the flagged training sample that it stands for.
    pub twin_of: Vec<usize>,
    /// One a twin: its index among the held-out samples.
    pub twin_sample: Vec<usize>,
    /// The accuracy of the readout on held-out samples, each left out.
    pub readout_accuracy: Option<f64>,
    /// One a training sample: the readout's score of its best other class less that of its label.
    pub contradictions: Vec<f64>,
}

/// A flagged training sample.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct FlaggedData {
    /// Its index in the training sample.
    pub sample: usize,
    /// Its label.
    pub label: usize,
    /// What the readout says of it.
    pub readout: usize,
    /// The readout's score of its best other class less that of its label.
    pub contradiction: f64,
}

impl EstimateData {
    fn of(estimate: Estimate) -> Self {
        Self { mean: estimate.mean, error: Some(estimate.error).filter(|error| error.is_finite()) }
    }
}

impl UnitsData {
    pub(super) fn of(verdict: &LayerVerdict) -> Self {
        let sound = &verdict.soundness;
        let role = |&role: &UnitRole| {
            let share = verdict.located.as_ref().and_then(|located| located.of_role(role));
            RoleData {
                role,
                units: verdict.count(role),
                memory: share.map(|share| share.memory),
                share: interval(share),
            }
        };
        Self {
            layer: verdict.name.clone(),
            basis: verdict.basis.clone(),
            n_train: verdict.n_train,
            n_held_out: sound.n_held_out,
            n_classes: verdict.n_classes,
            is_refused: verdict.is_refused(),
            refusals: sound.refusals.iter().map(RefusalData::of).collect(),
            located: interval(verdict.located.as_ref().and_then(|located| located.of_role(UnitRole::Memorizing))),
            roles: UnitRole::ALL.iter().map(role).collect(),
            flagged: verdict.flagged.clone(),
            are_flags_given: verdict.are_flags_given,
            soundness: SoundnessData {
                train_accuracy: sound.train_accuracy,
                held_out_accuracy: sound.held_out_accuracy,
                chance: sound.chance,
                readout_accuracy: verdict.readout_accuracy,
                shift_auc: sound.shift_auc,
                contributions: sound.contributions,
                layer_effect: sound.layer_effect,
                balance: sound.balance,
                measured: match verdict.measured {
                    Measured::Exactly => MeasuredData::Exactly,
                    Measured::Integrated => MeasuredData::Integrated,
                    Measured::FirstOrder => MeasuredData::FirstOrder,
                },
                lucky_leaning: verdict.lucky_leaning,
            },
            stability: StabilityData {
                held_out: verdict.stability.held_out.map(HalvedData::of),
                flagged: verdict.stability.flagged.map(HalvedData::of),
            },
            units: verdict.units.iter().enumerate().map(|(unit, judged)| UnitData::of(unit, judged)).collect(),
        }
    }
}

fn interval(share: Option<&RoleShare>) -> Interval {
    let ends = share.and_then(|share| share.interval);
    Interval { value: share.and_then(|share| share.share), low: ends.map(|ends| ends.0), high: ends.map(|ends| ends.1) }
}

impl HalvedData {
    fn of(halved: Halved) -> Self {
        let share =
            Interval { value: halved.share, low: halved.ends.map(|ends| ends.0), high: halved.ends.map(|ends| ends.1) };
        Self { told: halved.told, flipped: halved.flipped, share }
    }
}

impl RefusalData {
    fn of(refusal: &Refusal) -> Self {
        let Refusal { kind, value, bound, sentence } = refusal.clone();
        Self { kind, value, bound, sentence }
    }
}

impl UnitData {
    fn of(unit: usize, judged: &JudgedUnit) -> Self {
        let (evidence, label) = (&judged.evidence, judged.label);
        Self {
            unit,
            role: label.role,
            confidence: label.confidence,
            is_dead: label.is_dead,
            memory_claim: label.memory.standing,
            generalization_claim: label.generalization.standing,
            scale: evidence.scale,
            memory: evidence.memory.map(EstimateData::of),
            memory_ratio: label.memory_ratio.map(EstimateData::of),
            held_out: evidence.held_out.map(EstimateData::of),
            unflagged: EstimateData::of(evidence.unflagged),
            excess: evidence.excess.map(EstimateData::of),
            leaning: evidence.leaning.clone(),
            ablation: judged.confirmation.map(|confirmation| AblationData {
                memory: EstimateData::of(confirmation.memory),
                held_out: EstimateData::of(confirmation.held_out),
                confirmed: confirmation.confirmed,
            }),
        }
    }
}

impl FlagsData {
    pub(super) fn of(layer: &str, flags: &Flags) -> Self {
        let twins =
            || flags.flagged.iter().flat_map(|flagged| flagged.twins.iter().map(|&twin| (flagged.sample, twin)));
        Self {
            layer: layer.to_owned(),
            flagged: flags
                .flagged
                .iter()
                .map(|flagged| FlaggedData {
                    sample: flagged.sample,
                    label: flagged.label,
                    readout: flagged.readout,
                    contradiction: flagged.contradiction,
                })
                .collect(),
            are_flags_given: flags.are_given,
            twin_of: twins().map(|twin| twin.0).collect(),
            twin_sample: twins().map(|twin| twin.1).collect(),
            readout_accuracy: flags.readout_accuracy,
            contradictions: flags.contradictions.clone(),
        }
    }
}
